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

/**
 * OssReason: why a verdict is what it is.
 * @code: stable; refusals of the kind: "localizer", "screenshot", "multiframe", "not-ct"; of the
 *   files: "damaged", "transfer-syntax", "lossy", "pixel-format", "no-rescale", "not-hu"; of the
 *   geometry: "zero-spacing", "no-position", "mixed-orientation", "mixed-size", "single-slice",
 *   "too-few-slices", "duplicate-positions", "missing-slices", "mixed-spacing", "tilt",
 *   "shifted-slices"; of mixtures: "mixed-kernel", "mixed-kvp".  Notes: "thick-slices", "overlap",
 *   "slice-gap", "unknown-kernel", "iterative", "contrast", "derived", "lossy", "no-sop-class",
 *   "no-series-uid", "unreadable-files"
 * @text: translated; carries the number and says what to do
 */
typedef struct
{
  OssReasonSeverity severity;
  const char *code;
  char *text;
} OssReason;

/**
 * OssSeries: what the headers of one series say; no pixels.
 *
 * Strings are UTF-8 and may be empty, never NULL.  Freed with its list.  A series whose files have
 * lost their Series Instance UID gets a stable one under 2.25, and a note.  Images of another kind
 * (a scout, a screen) that share a series' UID are a series of their own here, and refused.
 * Never changes once made: any thread may read it.
 */
typedef struct
{
  char *study_uid, *series_uid, *frame_uid;
  char *patient_name, *patient_id, *patient_birth_date, *patient_sex, *patient_age;
  char *study_date, *study_time, *study_description, *series_description;
  char *accession_number, *study_id, *referring_physician;
  char *patient_position; /* "HFS", "FFS", ... */
  char *sop_class_uid;    /* of the first file */
  char *modality, *manufacturer, *model, *station;
  char *kernel; /* first value of Convolution Kernel */
  char *contrast, *transfer_syntax;
  int series_number;
  double kvp;          /* 0 when absent */
  double exposure_mas; /* 0 when absent */
  double slice_thickness_mm;
  double tilt_deg; /* angle between the slice normal and the stacking direction; 0 = straight */
  OssGrid grid;    /* meaningful unless refused for its geometry */
  gboolean has_grid;
  GPtrArray *files;    /* char*, in slice order when has_grid, else as found */
  GPtrArray *sop_uids; /* char*, SOP Instance UID of each of the files, in the same order */
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
 * Reads headers only, in processes of their own (ossature-decode) with memory and time limits: a
 * damaged file cannot harm the caller.  A DICOMDIR is passed over: the files themselves count.
 *
 * Returns: a list (maybe with refused series only); NULL with OSS_ERROR_NOT_FOUND when there is
 *   no DICOM file at all (saying how many files were looked at) or a path cannot be read,
 *   OSS_ERROR_FAILED when ossature-decode is not installed, OSS_ERROR_CANCELLED
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
 * Pixels to HU: rescale applied slice by slice, geometry from positions and orientation, voxels in
 * the order of the files (i along a row, j along a column, k along the normal, ascending).  Pixels
 * of the padding value become -1024 HU.  Files are decoded in processes of their own.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_REFUSED for a refused series, INVALID_DATA naming
 *   the file that cannot be read or has changed since the scan, OUT_OF_MEMORY, CANCELLED
 */
OSS_API OssVolume *oss_series_load (const OssSeries *self, const OssTick *tick, GError **error);

/* SHA-256 over the pixel files' contents in slice order, hex. (transfer full) */
OSS_API char *oss_series_hash (const OssSeries *self, const OssTick *tick, GError **error);

G_END_DECLS
