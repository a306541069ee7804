/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Marks what the shared library shows to the outside. */
#define OSS_API __attribute__ ((visibility ("default")))

/**
 * OssError:
 * @OSS_ERROR_FAILED: a computation or a write failed and no better code fits
 * @OSS_ERROR_INVALID_DATA: a file or argument breaks its own contract
 * @OSS_ERROR_UNSUPPORTED: valid, but not read or solved by this build
 * @OSS_ERROR_REFUSED: readable, but not fit for analysis; the message says why
 * @OSS_ERROR_NOT_FOUND: nothing there: no file, no CT series, no bone at the place
 * @OSS_ERROR_OUT_OF_MEMORY: the problem does not fit
 * @OSS_ERROR_CANCELLED: the user stopped it; nothing half-written is left
 * @OSS_ERROR_USAGE: arguments that contradict one another
 *
 * The one error domain of the project.  A message names the file, the tag or
 * quantity, and the value.  Not converging is a result with a reason, not an error.
 */
typedef enum
{
  OSS_ERROR_FAILED,
  OSS_ERROR_INVALID_DATA,
  OSS_ERROR_UNSUPPORTED,
  OSS_ERROR_REFUSED,
  OSS_ERROR_NOT_FOUND,
  OSS_ERROR_OUT_OF_MEMORY,
  OSS_ERROR_CANCELLED,
  OSS_ERROR_USAGE,
} OssError;

#define OSS_ERROR (oss_error_quark ())
OSS_API GQuark oss_error_quark (void);

/**
 * oss_error_exit_status:
 * @error: (nullable): an error
 *
 * The command line's contract: 0 without an error, 2 usage, 3 input refused,
 * 4 computation or writing failed, 130 cancelled.
 */
OSS_API int oss_error_exit_status (const GError *error);

G_END_DECLS
