/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibration by the patient's own tissues, as a report shows it (private to report). */
#pragma once

#include "calibrate/oss-internal.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A copy that outlives the study: no regions, no notes. */
typedef struct
{
  OssInternalFit fit; /* its tissues and notes are NULL */
  OssOwnRegion regions[OSS_OWN_N];
  double aorta_hu;
  gboolean contrast;
} OssReportInternal;

void oss_report_internal_take (OssReportInternal *self, const OssInternalFit *fit);
/* Members "model", "effective_energy_kev", ... and "tissues". */
void oss_json_internal (JsonBuilder *builder, const OssReportInternal *self);

G_END_DECLS
