/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-volume.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_VERDICT_USABLE,
  OSS_VERDICT_NOTES,   /* usable, with notes */
  OSS_VERDICT_REFUSED, /* never loaded silently */
} OssVerdict;

OSS_API const char *oss_verdict_name (OssVerdict verdict); /* "usable", "notes", "refused" */

typedef enum
{
  OSS_REASON_NOTE,
  OSS_REASON_REFUSAL,
} OssReasonSeverity;

/* Why a verdict is what it is; @code is stable ("missing-slices", "tilt", "mixed-spacing",
 * "localizer", "screenshot", "not-ct", "damaged", "duplicate-positions", "overlap", "lossy",
 * "thick-slices", "zero-spacing", "mixed-orientation", "mixed-size", "single-slice",
 * "unknown-kernel", "contrast", "multiframe", ...);
 * @text is translated and carries the number. */
typedef struct
{
  OssReasonSeverity severity;
  const char *code;
  char *text;
} OssReason;

/**
 * OssSeries: what the headers of one series say; no pixels.
 *
 * Strings are UTF-8 and may be empty, never NULL.  Freed with its list.
 */
typedef struct
{
  char *study_uid, *series_uid, *frame_uid;
  char *patient_name, *patient_id, *patient_birth_date, *patient_sex, *patient_age;
  char *study_date, *study_time, *study_description, *series_description;
  char *modality, *manufacturer, *model, *station, *kernel, *contrast, *transfer_syntax;
  int series_number;
  double kvp;          /* 0 when absent */
  double exposure_mas; /* 0 when absent */
  double slice_thickness_mm;
  double tilt_deg; /* angle between the slice normal and the stacking direction; 0 = straight */
  OssGrid grid;    /* meaningful unless refused for its geometry */
  gboolean has_grid;
  GPtrArray *files; /* char*, in slice order when has_grid, else as found */
  char *folder;
  OssVerdict verdict;
  GPtrArray *reasons; /* OssReason* */
} OssSeries;

typedef struct
{
  GPtrArray *series; /* OssSeries*, by study, then number */
  guint files_seen;
  guint files_not_dicom;
  GPtrArray *damaged; /* char*: "path: why" of DICOM files that could not be read */
} OssSeriesList;

/**
 * oss_series_scan:
 * @paths: (array zero-terminated=1): files or folders (recursive, links not followed into loops)
 *
 * Reads headers only.  Returns a list (maybe with refused series only);
 * NULL with OSS_ERROR_NOT_FOUND when there is no DICOM file at all (saying how many files
 * were looked at), or when a path cannot be read.
 */
OSS_API OssSeriesList *oss_series_scan (const char *const *paths, const OssTick *tick, GError **error);
OSS_API void oss_series_list_free (OssSeriesList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSeriesList, oss_series_list_free)

OSS_API OssSeries *oss_series_copy (const OssSeries *self);
OSS_API void oss_series_free (OssSeries *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSeries, oss_series_free)

/**
 * oss_series_pick:
 * @uid: (nullable): series instance UID
 * @kernel: (nullable): convolution kernel
 *
 * The one usable series that fits; among several the one with most slices.  NULL with
 * OSS_ERROR_REFUSED and the first refusal's text when none is usable, NOT_FOUND when none fits.
 */
OSS_API const OssSeries *
oss_series_pick (const OssSeriesList *list, const char *uid, const char *kernel, GError **error);

/**
 * oss_series_load:
 *
 * Pixels to HU: rescale applied slice by slice, geometry from positions and orientation.
 * Compressed pixel data is decoded in a child process with memory and time limits.
 * OSS_ERROR_REFUSED for a refused series.
 */
OSS_API OssVolume *oss_series_load (const OssSeries *self, const OssTick *tick, GError **error);

/* SHA-256 over the pixel files' contents in slice order, hex. (transfer full) */
OSS_API char *oss_series_hash (const OssSeries *self, const OssTick *tick, GError **error);

G_END_DECLS
