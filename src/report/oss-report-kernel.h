/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-kernel-measure.h"
#include "study/oss-study.h"

G_BEGIN_DECLS

/* What "correct --json" prints: input, kernel_correction, output. (transfer full) */
OSS_API char *oss_report_correction_json (const OssLoadResult *load, const char *output);
/* What "kernel list --json" prints: kernels[]. (transfer full) */
OSS_API char *oss_report_kernels_json (const GArray *kernels);
/* What "kernel measure --json" prints; @kept: path of the table it was kept in, NULL: not kept. (transfer full) */
OSS_API char *oss_report_kernel_measurement_json (const OssKernelMeasurement *measured, const char *kept);

G_END_DECLS
