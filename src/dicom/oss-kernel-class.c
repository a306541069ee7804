/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sharp a series is by its kernel's name: the table of known kernels says it. */
#include "dicom/oss-series-private.h"
#include "image/oss-kernel.h"

OssKernelClass
oss_kernel_classify (const char *manufacturer, const char *name)
{
  OssKernel kernel;

  return oss_kernel_find (manufacturer, NULL, name, &kernel) ? kernel.sharpness : OSS_KERNEL_UNKNOWN;
}
