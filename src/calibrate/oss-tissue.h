/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-picture.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* The patient's own tissues that a density calibration can rest on. */
typedef enum
{
  OSS_OWN_AIR,
  OSS_OWN_FAT,
  OSS_OWN_BLOOD,
  OSS_OWN_MUSCLE,
  OSS_OWN_BONE, /* cortical */
  OSS_OWN_N,
} OssOwnTissue;

OSS_API const char *oss_own_tissue_key (OssOwnTissue tissue);   /* "air", "fat", "blood", "muscle", "bone": stable */
OSS_API const char *oss_own_tissue_title (OssOwnTissue tissue); /* translated */
/* The colour it is drawn in. */
OSS_API void oss_own_tissue_colour (OssOwnTissue tissue, guint8 rgb[3]);

/* What the user said of one tissue: a ball to read it in, or to leave it out. */
typedef struct
{
  gboolean given, none;
  double centre_mm[3], radius_mm; /* patient LPS */
} OssOwnPlace;

/**
 * oss_own_places_parse:
 * @text: (nullable): "fat=X,Y,Z,RADIUS;blood=none" (patient mm); %NULL: nothing is said
 * @places: (out) (array fixed-size=5): by OssOwnTissue
 *
 * Errors: USAGE names the part that is not understood; a tissue may be named once.
 */
OSS_API gboolean oss_own_places_parse (const char *text, OssOwnPlace places[OSS_OWN_N], GError **error);

/* One tissue as read from the image. */
typedef struct
{
  gboolean given;           /* the place is the user's */
  gboolean found;           /* there are numbers below */
  gboolean used;            /* fit for a calibration; else @note says why not */
  gsize voxels;             /* in the region, after outliers went */
  double area_mm2;          /* largest in one axial layer */
  double volume_mm3;        /* of the region */
  double mean_hu, sd_hu;    /* after outliers beyond 2.5 standard deviations went */
  double standard_error_hu; /* of the mean, from the spread between layers of the region */
  double centre_mm[3];
  char note[192]; /* translated */
} OssOwnRegion;

/**
 * OssOwnTissues: what was found in an image.
 * @regions: coarse label image of the regions, OssOwnTissue + 1; on axes of the patient
 * @notes: (element-type utf8): translated
 */
typedef struct
{
  OssOwnRegion of[OSS_OWN_N];
  OssLabels *regions;
  double aorta_hu;   /* NaN when no aorta was found */
  gboolean enhanced; /* the aorta reads more than 100 HU */
  gboolean contrast; /* that, or the header names an agent */
  double metal_cm3, saturated_share;
  GPtrArray *notes;
} OssOwnTissues;

/**
 * oss_own_tissues_find:
 * @volume: HU
 * @places: (nullable) (array fixed-size=5): what the user said
 * @contrast_named: the header names a contrast agent
 *
 * Finds the tissues without labels: air outside the body (else gas inside it), fat under the skin (else inside the
 * body), the aorta in front of the spine, the muscles beside the spine, and cortical bone where it is thick.  Works on
 * whole trunks and crops; what is not there is not @found and says so.  Any thread; the same bits for any number of
 * threads.
 *
 * Returns: (transfer full): the tissues; %NULL with REFUSED when the image is no CT of a patient at all, or CANCELLED
 */
OSS_API OssOwnTissues *oss_own_tissues_find (const OssVolume *volume, const OssOwnPlace places[OSS_OWN_N],
                                             gboolean contrast_named, const OssTick *tick, GError **error);
/**
 * oss_own_aorta_measure:
 * @hu: (out): the aorta's HU; NaN when none was found, or the image is no trunk
 * @enhanced: (out): it reads more than 100 HU: contrast agent is in the vessels
 *
 * That part of oss_own_tissues_find() alone.  Errors: CANCELLED, OUT_OF_MEMORY.
 */
OSS_API gboolean oss_own_aorta_measure (const OssVolume *volume, double *hu, gboolean *enhanced, const OssTick *tick,
                                        GError **error);
OSS_API void oss_own_tissues_free (OssOwnTissues *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssOwnTissues, oss_own_tissues_free)

/* "air, fat, muscle": those in use, in words; "no tissue" when there is none.  (transfer full) */
OSS_API char *oss_own_tissues_describe (const OssOwnTissues *self);

/* An axial slice through the middle of the regions and a sagittal one through the aorta or the muscles, side by side,
 * with the regions outlined in their colours.  (transfer full) */
OSS_API OssPicture *oss_own_tissues_picture (const OssOwnTissues *self, const OssVolume *volume);

G_END_DECLS
