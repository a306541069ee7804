/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-error.h"

G_DEFINE_QUARK (oss - error - quark, oss_error)

int
oss_error_exit_status (const GError *error)
{
  if (error == NULL)
    return 0;
  if (error->domain != OSS_ERROR)
    return 4;
  switch ((OssError) error->code)
    {
    case OSS_ERROR_USAGE:
      return 2;
    case OSS_ERROR_INVALID_DATA:
    case OSS_ERROR_UNSUPPORTED:
    case OSS_ERROR_REFUSED:
    case OSS_ERROR_NOT_FOUND:
      return 3;
    case OSS_ERROR_CANCELLED:
      return 130;
    case OSS_ERROR_FAILED:
    case OSS_ERROR_OUT_OF_MEMORY:
      break;
    }
  return 4;
}
