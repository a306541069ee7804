/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-deidentify-rules.h"
#include "dicom/oss-dicom-reader.h"

G_BEGIN_DECLS

#define OSS_DEIDENTIFY_SUBJECT_SIZE 68
#define OSS_DEIDENTIFY_SUBJECT_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* What is asked of the reading process: a plain block of bytes. */
typedef struct
{
  guint8 key[OSS_DEIDENTIFY_KEY_BYTES];
  gint32 dates;
  guint32 keep;
  char subject[OSS_DEIDENTIFY_SUBJECT_SIZE]; /* empty: made from the patient's identifier */
} OssDeidentifyRules;

/* What a file is called now; stands before its bytes in the answer. */
typedef struct
{
  char subject[OSS_DEIDENTIFY_SUBJECT_SIZE];
  char series_uid[OSS_DEIDENTIFY_SUBJECT_SIZE];
  char sop_instance[OSS_DEIDENTIFY_SUBJECT_SIZE];
} OssDeidentifyName;

/**
 * oss_deidentify_shim_file:
 * @n_bytes: (out): of an OssDeidentifyName and the new file behind it
 *
 * In the reading process.  OSS_ERROR_REFUSED: left out, with why; others as oss_dicom_shim_header().
 */
guint8 *oss_deidentify_shim_file (const char *path, const OssDeidentifyRules *rules, gsize *n_bytes, GError **error);

/**
 * oss_dicom_read_nameless:
 * @name: (out): its texts are fit for file names
 *
 * The file without names, made by a reading process; errors as above and as oss_dicom_read_headers().
 *
 * Returns: (transfer full): g_free()
 */
guint8 *oss_dicom_read_nameless (OssDicomReaders *self, const char *path, const OssDeidentifyRules *rules,
                                 const OssTick *tick, OssDeidentifyName *name, gsize *n_bytes, GError **error);

G_END_DECLS
