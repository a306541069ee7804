/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-objects.h"

G_BEGIN_DECLS

/* A coded concept: value (16 characters at most), coding scheme, meaning. */
typedef struct
{
  const char *value, *scheme, *meaning;
} OssDicomCode;

/* SNOMED CT's code of a vertebral level (VerSe number), or of a vertebra in general for 0 and for levels that have no
 * code of their own (L6, T13). */
OssDicomCode oss_dicom_vertebra_code (guint8 verse);
/* The level of a code of SNOMED CT (scheme "SCT"), 0 for anything else. */
guint8 oss_dicom_vertebra_from_code (const char *value, const char *scheme);
/* The level that a segment's label names ("L1", "vertebrae_L1", "L1 vertebra"), 0 when it names none or says more. */
guint8 oss_dicom_vertebra_from_label (const char *label);

/* Of a quantity: its concept, its UCUM unit, and how the number was derived from many (value NULL: it was not). */
OssDicomCode oss_measured_code (OssMeasured quantity);
OssDicomCode oss_measured_unit_code (OssMeasured quantity);
OssDicomCode oss_measured_derivation (OssMeasured quantity);
/* OSS_N_MEASURED when there is no such quantity; @derivation may be "". */
OssMeasured oss_measured_from_code (const char *value, const char *scheme, const char *derivation);
/* A method of the private scheme by its code value; value NULL when it is unknown. */
OssDicomCode oss_measured_method (const char *value);

G_END_DECLS
