/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-kernel.h"
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
  OSS_REASON_FACT, /* worth telling; the verdict does not rest on it */
} OssReasonSeverity;

OSS_API const char *oss_reason_severity_name (OssReasonSeverity severity); /* "note", "refusal", "fact" */

/**
 * OssReason: why a verdict is what it is.
 * @code: stable; refusals of the kind: "localizer", "dose-report", "secondary-capture", "screenshot", "multiframe",
 *   "not-ct"; of the files: "damaged", "transfer-syntax", "lossy", "pixel-format", "no-rescale", "not-hu"; of the
 *   geometry: "zero-spacing", "no-position", "mixed-orientation", "mixed-size", "single-slice",
 *   "too-few-slices", "duplicate-positions", "missing-slices", "mixed-spacing", "tilt",
 *   "shifted-slices"; of mixtures: "mixed-kernel", "mixed-kvp".  Notes: "thick-slices", "overlap",
 *   "slice-gap", "copies", "unknown-kernel", "sharp-kernel", "iterative", "contrast", "kvp", "unknown-kvp", "derived",
 *   "reformat", "lossy", "tilt-resampled", "no-sop-class", "no-series-uid", "unreadable-files", "index-incomplete".
 *   Measured in the pixels, only where somebody asked (oss_series_measure() in study): notes "enhanced-aorta",
 *   "metal", facts "aorta", "no-aorta", "own-tissues", "not-measured".
 *   Facts: "phantom", "no-phantom" (only where somebody looked for one: oss_series_add_fact())
 * @text: translated; carries the number and says what to do
 */
typedef struct
{
  OssReasonSeverity severity;
  const char *code;
  char *text;
} OssReason;

/* How the slices of a tilted gantry lie against a straight stack. */
typedef struct
{
  gboolean possible; /* the tilt is the only thing wrong with the geometry */
  gboolean resample; /* oss_series_load() straightens it */
  int columns, rows; /* of one slice */
  int before[2];     /* voxels of the straight grid before the first slice's own, along i and j */
  double step_px[2]; /* by how much each slice lies further along i and j than the one before it */
  double largest_mm; /* the last slice's shift against the first */
} OssTilt;

/**
 * OssSeries: what the headers of one series say; no pixels.
 *
 * Strings are UTF-8 and may be empty, never NULL.  Freed with its list.  A series whose files have
 * lost their Series Instance UID gets a stable one under 2.25, and a note.  Images of another kind
 * (a scout, a screen) that share a series' UID are a series of their own here, and refused.  So are the stacks, times
 * and phases that a multi-frame image holds, each told by @part.
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
  OssKernelClass kernel_class;
  char *part; /* "stack 1, phase 30": which of several volumes of one multi-frame image; "" when there is one */
  char *contrast, *transfer_syntax;
  int series_number;
  double kvp;             /* 0 when absent */
  double exposure_mas;    /* 0 when absent */
  double table_height_mm; /* of the couch below the centre of rotation; NaN when absent */
  double slice_thickness_mm;
  double tilt_deg; /* angle between the slice normal and the stacking direction; 0 = straight */
  OssGrid grid;    /* meaningful unless refused for its geometry */
  gboolean has_grid;
  gboolean reformatted; /* slices in a plane that no CT acquires: computed from other slices */
  OssTilt tilt;
  GPtrArray *files;    /* char*, one for each slice, in slice order when has_grid, else as found */
  GPtrArray *sop_uids; /* char*, SOP Instance UID of each of @files: the same one for all frames of a file */
  GArray *frames;      /* gint32: which frame of each of @files is the slice, from 0; as many as @files */
  GArray *along_mm;    /* double: where each slice lies along @normal, ascending; empty when nothing tells */
  double normal[3];    /* of the slices, unit, patient LPS; meaningful with @along_mm */
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
 * damaged file cannot harm the caller.  A DICOMDIR that is named itself stands for the files that it lists; one that
 * lies in a folder is compared with the files that are there: series that lack some get a note.  @tick is told how many
 * of how many files were read.
 *
 * Returns: a list (maybe with refused series only); NULL with OSS_ERROR_NOT_FOUND when there is
 *   no DICOM file at all (saying how many files were looked at) or a path cannot be read,
 *   OSS_ERROR_FAILED when ossature-decode is not installed, OSS_ERROR_CANCELLED
 */
OSS_API OssSeriesList *oss_series_scan (const char *const *paths, const OssTick *tick, GError **error);

/**
 * OssSeriesCache: where headers are remembered between scans, so that thousands of files are read once.
 * @look_up: (nullable): what was remembered of the file @path when it had @size bytes and was changed at @changed_ns
 *   (st_mtim, ns since 1970); NULL when nothing was, or of another size or time. (transfer full)
 * @remember: (nullable): keep @record for that file, in the place of what was kept for @path before
 * @data: given to both
 *
 * A record is a block of bytes of about 1 kB an image, for oss_series_scan_cached() alone: one of another version of
 * the program is passed over and replaced.  It holds the patient's name: it belongs nowhere but in the user's own
 * folders.  Both functions are called on the thread that called oss_series_scan_cached(), never at once, in
 * groups of 256 files: first look_up of each, then remember of those that had to be read.
 * Files that could not be read are not remembered.
 */
typedef struct
{
  GBytes *(*look_up) (const char *path, guint64 size, gint64 changed_ns, void *data);
  void (*remember) (const char *path, guint64 size, gint64 changed_ns, GBytes *record, void *data);
  void *data;
} OssSeriesCache;

/* oss_series_scan() that asks @cache (nullable) before it reads a file. */
OSS_API OssSeriesList *
oss_series_scan_cached (const char *const *paths, const OssSeriesCache *cache, const OssTick *tick, GError **error);
OSS_API void oss_series_list_free (OssSeriesList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSeriesList, oss_series_list_free)

OSS_API OssSeries *oss_series_copy (const OssSeries *self);
OSS_API void oss_series_free (OssSeries *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSeries, oss_series_free)

/**
 * oss_series_pick:
 * @uid: (nullable): series instance UID, or with its part behind it: "1.2.3#stack 2"
 * @kernel: (nullable): convolution kernel
 *
 * The one usable series that fits; among several one that was neither reformatted nor tilted, then the one
 * with most slices.  NULL
 * with OSS_ERROR_REFUSED and the first refusal's text when none is usable, NOT_FOUND when none fits.
 */
OSS_API const OssSeries *
oss_series_pick (const OssSeriesList *list, const char *uid, const char *kernel, GError **error);

/* The middle slice alone, to be looked at: a refusal for anything but the files themselves is lifted. */
OSS_API OssSeries *oss_series_middle_slice (const OssSeries *self);

/**
 * oss_series_list_resample_tilt:
 *
 * Lifts the refusal of every series that a tilted gantry is the only reason for: such a series becomes usable with the
 * note "tilt-resampled", has the straight grid that it will be loaded on, and oss_series_load() then shifts
 * each slice back within its own plane (an exact shear; cubic interpolation, none across slices).  What the slices
 * never showed becomes -1024 HU.
 *
 * Returns: how many series that was
 */
OSS_API guint oss_series_list_resample_tilt (OssSeriesList *list);

/* Tells something of @self that the verdict does not rest on; @code as in OssReason, static; @text is copied. */
OSS_API void oss_series_add_fact (OssSeries *self, const char *code, const char *text);
/* The same for what the verdict rests on: a usable series becomes one with notes. */
OSS_API void oss_series_add_note (OssSeries *self, const char *code, const char *text);

/**
 * oss_series_load:
 *
 * Pixels to HU: rescale applied slice by slice, geometry from positions and orientation, voxels in
 * the order of the files (i along a row, j along a column, k along the normal, ascending).  Pixels
 * of the padding value become -1024 HU.  Files are decoded in processes of their own.  A tilted stack that is to be
 * resampled comes back straight.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_REFUSED for a refused series, INVALID_DATA naming
 *   the file that cannot be read or has changed since the scan, OUT_OF_MEMORY, CANCELLED
 */
OSS_API OssVolume *oss_series_load (const OssSeries *self, const OssTick *tick, GError **error);

/* SHA-256 over the pixel files' contents in slice order (each file once), hex. (transfer full) */
OSS_API char *oss_series_hash (const OssSeries *self, const OssTick *tick, GError **error);

G_END_DECLS
