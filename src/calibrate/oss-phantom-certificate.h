/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-phantom.h"

G_BEGIN_DECLS

/* Whether certificates of this model name water-equivalent densities too (Mindways); FALSE for unknown models. */
OSS_API gboolean oss_certificate_has_water (const char *name);

/* Whether the user's own file (oss_phantom_certificates_path()) has this serial number of this model. */
OSS_API gboolean oss_certificate_is_own (const char *name, const char *serial);

/**
 * oss_certificate_check:
 * @phantom: name, serial, n_rods, rod_density in mg/cm3 and, for Mindways, rod_water in water-equivalent mg/cm3
 * @rod: (out) (optional): which rod is wrong, from 0; -1: none of them, e.g. the serial number
 *
 * Whether these values may be kept.  Errors: USAGE, naming the rod, its value and what is allowed.
 */
OSS_API gboolean oss_certificate_check (const OssPhantom *phantom, int *rod, GError **error);

/**
 * oss_certificate_keep:
 *
 * Writes the densities of @phantom as the group "[NAME SERIAL]" of the user's own file, in the place of what stood
 * there; all else in the file stays, and so do the group's other keys.  Not from two threads at once.
 *
 * Errors: as oss_certificate_check(); INVALID_DATA when the file that is there cannot be understood (it is not written
 * over); FAILED when it cannot be written.
 */
OSS_API gboolean oss_certificate_keep (const OssPhantom *phantom, GError **error);

/* Takes a group out of the user's own file; NOT_FOUND when it is not there, else as oss_certificate_keep(). */
OSS_API gboolean oss_certificate_forget (const char *name, const char *serial, GError **error);

G_END_DECLS
