/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of JSON objects (private to report).  What is not known is null, never left out. */
#pragma once

#include "calibrate/oss-vbmd.h"
#include "report/oss-report-nonlinear.h"
#include "study/oss-study-kernel.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* NULL and "" become null. */
void oss_json_string (JsonBuilder *builder, const char *name, const char *value);
/* All digits that tell a double from its neighbours; not finite becomes null. */
void oss_json_double (JsonBuilder *builder, const char *name, double value);
void oss_json_int (JsonBuilder *builder, const char *name, gint64 value);
void oss_json_flag (JsonBuilder *builder, const char *name, gboolean value);
void oss_json_null (JsonBuilder *builder, const char *name);
void oss_json_doubles (JsonBuilder *builder, const char *name, const double *values, int n);
void oss_json_ints (JsonBuilder *builder, const char *name, const int *values, int n);
void oss_json_begin (JsonBuilder *builder, const char *name); /* an object; json_builder_end_object() ends it */

/* Members "strength_estimators" and "strength_comparable_with"; @curve: (nullable). */
void oss_json_estimators (JsonBuilder *builder, const OssStrength *strength, const OssFemCurve *curve);
/* Member "nonlinear": null without a curve. */
void oss_json_nonlinear (JsonBuilder *builder, const OssReportNonlinear *self);

/* Member "kernel_correction": null when none was asked for. */
void oss_json_correction (JsonBuilder *builder, const OssKernelCorrected *self);

/* Member @name: mean, spread, HU, volume and voxels of a part of the body. */
void oss_json_part (JsonBuilder *builder, const char *name, const OssVbmdPart *part);

/* The finished text with a final newline. (transfer full) */
char *oss_json_text (JsonBuilder *builder);

G_END_DECLS
