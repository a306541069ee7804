/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A report about nobody: figures of the size a real vertebra has, pictures made of ellipsoids. */
#pragma once

#include "report/oss-report-data.h"

/* (transfer full); the stress picture lives as long as @picture, which the caller frees. */
OssReportData *report_sample (OssPicture **picture);
/* Gives it a curve of @n points, 4 000 N tanh (K u / 4 000 N) to 0.534 mm. */
void report_sample_curve (OssReportData *self, gsize n, gboolean converged);
