/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"
#include "image/oss-labels.h"
#include "image/oss-picture.h"

G_BEGIN_DECLS

/* The coding scheme of concepts that no standard scheme has; declared in every object that uses it. */
#define OSS_DICOM_PRIVATE_SCHEME "99OSSATURE"
#define OSS_DICOM_PRIVATE_SCHEME_UID "2.25.118900886657941636010143321891885449345"

/**
 * OssDicomExport: what the objects made of one analysis share.
 *
 * All of them lie in the study of the CT series they were made from, with its patient, study and frame of reference,
 * refer to its images, and name one another by UIDs that are given out once.  One thread at a time.
 */
typedef struct _OssDicomExport OssDicomExport;

/**
 * oss_dicom_export_new:
 * @series: the CT; copied
 * @seed: 0: fresh UIDs, random UUIDs under 2.25; else they follow from the seed and the series' UID, for tests
 * @when: (nullable): content date and time of the objects; NULL: now
 *
 * Returns: (transfer full): NULL with OSS_ERROR_REFUSED when the series cannot be referred to (no grid, or its files
 *   name no study, series, frame of reference or instance), OSS_ERROR_FAILED without DCMTK's dictionary
 */
OSS_API OssDicomExport *oss_dicom_export_new (const OssSeries *series, guint64 seed, GDateTime *when, GError **error);
OSS_API void oss_dicom_export_free (OssDicomExport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssDicomExport, oss_dicom_export_free)

/* Who drew an outline, in the standard's words. */
typedef enum
{
  OSS_DRAWN_MANUAL,
  OSS_DRAWN_SEMIAUTOMATIC, /* a program, led by a person's click */
  OSS_DRAWN_AUTOMATIC,
} OssDrawn;

/* One segment of a segmentation. */
typedef struct
{
  guint8 value;       /* in the labels */
  guint8 vertebra;    /* VerSe number; 0: level unknown */
  OssDrawn drawn;     /* how */
  const char *method; /* name of the program or method, 64 characters at most; not needed for MANUAL */
} OssDicomSegment;

/**
 * oss_dicom_write_segmentation:
 * @labels: on the series' voxels: all of them or a box
 * @segments: (array length=n_segments): 1 or more, numbered 1, 2, ... in this order
 * @path: appears whole or not at all
 *
 * Segmentation Storage, BINARY: a frame for each slice that a segment touches, of the size of the CT's slices, with a
 * reference to the image it lies on.  Levels are coded by SNOMED CT.
 *
 * Returns: %FALSE with OSS_ERROR_USAGE (not on the series' voxels, an empty segment), FAILED (disk full), CANCELLED
 */
OSS_API gboolean oss_dicom_write_segmentation (OssDicomExport *self, const OssLabels *labels,
                                               const OssDicomSegment *segments, guint n_segments, const char *path,
                                               const OssTick *tick, GError **error);

/* A field on voxels. */
typedef enum
{
  OSS_MAP_DENSITY,   /* mg/cm3 */
  OSS_MAP_VON_MISES, /* MPa; 0 where there is no bone */
} OssMapKind;

/**
 * oss_dicom_write_map:
 * @map: on the series' voxels: all of them or a box; finite
 * @note: (nullable): what it rests on, English, 64 characters at most ("K2HPO4, phantom")
 *
 * Parametric Map Storage: 32-bit floating point, frames of the box's size, a real world value mapping that says
 * quantity and unit, and a reference to the image that each frame lies on.
 */
OSS_API gboolean oss_dicom_write_map (OssDicomExport *self, const OssVolume *map, OssMapKind kind, const char *note,
                                      const char *path, const OssTick *tick, GError **error);

/* Quantities of a report. */
typedef enum
{
  OSS_MEASURED_VBMD,             /* mg/cm3, mean */
  OSS_MEASURED_VBMD_SD,          /* mg/cm3 */
  OSS_MEASURED_VBMD_UNCERTAINTY, /* mg/cm3, half width */
  OSS_MEASURED_HU,               /* mean */
  OSS_MEASURED_VOLUME,           /* mm3 */
  OSS_MEASURED_HEIGHT,           /* mm, of the body */
  OSS_MEASURED_STIFFNESS,        /* N/mm */
  OSS_MEASURED_STRENGTH,         /* N, by a method */
  OSS_MEASURED_LOAD_TO_STRENGTH, /* ratio */
  OSS_MEASURED_VON_MISES_MEDIAN, /* MPa */
  OSS_N_MEASURED,
} OssMeasured;

OSS_API const char *oss_measured_name (OssMeasured quantity); /* English: "Compressive strength" */
OSS_API const char *oss_measured_unit (OssMeasured quantity); /* UCUM: "N/mm" */

#define OSS_DICOM_METHOD_SIZE 17

/* One number. */
typedef struct
{
  OssMeasured quantity;
  double value;
  char method[OSS_DICOM_METHOD_SIZE]; /* code of the private scheme; "" when there is but one */
} OssMeasurement;

/* What was measured in one vertebra.  Texts are English, may be "" but never NULL; numbers NaN when not known. */
typedef struct
{
  guint8 vertebra;      /* VerSe number; 0: level unknown */
  guint16 segment;      /* number in the segmentation of the same export; 0: there is none */
  GArray *measurements; /* OssMeasurement */
  char *kernel;         /* of the reconstruction */
  char *calibration;    /* "phantom", "line", "density" */
  char *basis;          /* "K2HPO4" */
  double slope, intercept;
  char *model;         /* elements and material law */
  char *density_class; /* "low" */
} OssDicomGroup;

/* A measurement report. */
typedef struct
{
  char *study_uid, *series_uid; /* of the images it was made from; only reading sets them */
  char *date, *time;            /* of the content, "20260314", "101112" */
  char *program, *version;      /* of the algorithm */
  GPtrArray *groups;            /* OssDicomGroup* */
} OssDicomReport;

OSS_API OssDicomReport *oss_dicom_report_new (void);
/* A group without numbers, owned by @self. (transfer none) */
OSS_API OssDicomGroup *oss_dicom_report_add (OssDicomReport *self, guint8 vertebra);
/* Not finite: nothing is added.  @method: (nullable): "apparent-0.68", "linear-2", "pistoia", "offset-0.2" or "plateau"
 * of a strength, "phantom", "line" or "density" of a density */
OSS_API void oss_dicom_group_add (OssDicomGroup *self, OssMeasured quantity, const char *method, double value);
/* NaN when the group has none.  @method: (nullable): any, the first */
OSS_API double oss_dicom_group_get (const OssDicomGroup *self, OssMeasured quantity, const char *method);
OSS_API void oss_dicom_report_free (OssDicomReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssDicomReport, oss_dicom_report_free)

/**
 * oss_dicom_write_report:
 *
 * Enhanced SR Storage by template TID 1500: a measurement group (TID 1411) for each vertebra, with its level, the
 * segment it was measured in, and numbers with unit, derivation, method, algorithm and its version; kernel and
 * calibration as acquisition context.  Concepts without a standard code are of the private scheme.
 */
OSS_API gboolean oss_dicom_write_report (OssDicomExport *self, const OssDicomReport *report, const char *path,
                                         GError **error);

/* Encapsulated PDF Storage.  @pdf begins with "%PDF-"; @title is English. */
OSS_API gboolean oss_dicom_write_pdf (OssDicomExport *self, const guint8 *pdf, gsize n_pdf, const char *title,
                                      const char *path, GError **error);

/* Secondary Capture Image Storage, RGB: what any viewer shows.  Opaque; what the picture's alpha hides is black.
 * @title is English, 64 characters at most.  The picture must not name the patient: the object says so. */
OSS_API gboolean oss_dicom_write_capture (OssDicomExport *self, const OssPicture *picture, const char *title,
                                          const char *path, GError **error);

/* --- Reading back; by ossature-decode, a process with limits. --- */

/* One segment of another program's segmentation. */
typedef struct
{
  int number;
  guint8 vertebra; /* VerSe number by code or label; 0: no vertebra */
  char *label;
  char *type; /* meaning of its type's code */
} OssSegmentInfo;

/* A DICOM Segmentation (BINARY, FRACTIONAL or LABELMAP), of any program. Never changes once read. */
typedef struct _OssDicomSegmentation OssDicomSegmentation;

/**
 * oss_dicom_read_segmentation:
 *
 * Returns: (transfer full): NULL with OSS_ERROR_NOT_FOUND (no segmentation), INVALID_DATA (damaged, frames without a
 *   place), CANCELLED; messages name the file
 */
OSS_API OssDicomSegmentation *oss_dicom_read_segmentation (const char *path, const OssTick *tick, GError **error);
OSS_API void oss_dicom_segmentation_free (OssDicomSegmentation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssDicomSegmentation, oss_dicom_segmentation_free)
OSS_API guint oss_dicom_segmentation_count (const OssDicomSegmentation *self);
OSS_API const OssSegmentInfo *oss_dicom_segmentation_get (const OssDicomSegmentation *self, guint i);
/* TRUE when a segment is a vertebra. */
OSS_API gboolean oss_dicom_segmentation_has_levels (const OssDicomSegmentation *self);

/**
 * oss_dicom_segmentation_map:
 * @grid: (nullable): of the image; NULL: of the segmentation's own frames
 * @by_number: values are segment numbers; else VerSe numbers of the vertebrae, and what is none is left out
 * @threshold: FRACTIONAL: inside from this share on, 0 to 1
 * @overlaps: (out) (nullable): voxels claimed by two segments; the one with the lower number keeps them
 *
 * Voxels of frames that lie on the grid's own are taken as they are, others go to the nearest voxel.
 *
 * Returns: (transfer full): NULL with OSS_ERROR_REFUSED (frames of several directions, another frame of reference's
 *   place), INVALID_DATA (unequal steps), NOT_FOUND (nothing of it lies in @grid), OUT_OF_MEMORY, CANCELLED
 */
OSS_API OssLabels *
oss_dicom_segmentation_map (const OssDicomSegmentation *self, const OssGrid *grid, gboolean by_number, double threshold,
                            gsize *overlaps, const OssTick *tick, GError **error);

/**
 * oss_dicom_read_report:
 *
 * The numbers of a measurement report by this program: every group whose concepts it knows.  NOT_FOUND when the file
 * is no such report.
 */
OSS_API OssDicomReport *oss_dicom_read_report (const char *path, const OssTick *tick, GError **error);

G_END_DECLS
