/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"
#include "image/oss-volume.h"

G_BEGIN_DECLS

/* An RGBA picture, 8 bit, straight alpha, top row first, no row padding. */
typedef struct
{
  int width, height;
  guint8 *rgba;
} OssPicture;

OSS_API OssPicture *oss_picture_new (int width, int height);
OSS_API void oss_picture_free (OssPicture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPicture, oss_picture_free)

/* 256 RGB colours of data/colormaps/NAME.csv ("plasma", "viridis", "gray", ...). */
typedef struct
{
  char name[16];
  guint8 rgb[256][3];
} OssColormap;

OSS_API gboolean oss_colormap_load (const char *name, OssColormap *map, GError **error);

typedef enum
{
  OSS_PLANE_AXIAL,    /* picture right = patient Left, down = Posterior */
  OSS_PLANE_SAGITTAL, /* right = Posterior (anterior is on the left), down = Inferior */
  OSS_PLANE_CORONAL,  /* right = patient Left, down = Inferior */
} OssPlane;

/**
 * OssSliceView: how a plane through a patient point is shown.
 * @centre_mm: patient point in the middle of the picture; the plane passes through it
 * @mm_per_pixel: the same both ways
 * @level, @window: grey range [level - window / 2, level + window / 2]
 * @slab_mm: 0: one plane; else mean over that thickness
 *
 * The patient's right is on the left of axial and coronal views.
 */
typedef struct
{
  OssPlane plane;
  double centre_mm[3];
  double mm_per_pixel;
  int width, height;
  double level, window;
  double slab_mm;
} OssSliceView;

/* Outward letters of the four edges: "R", "L", "A", ... for left, right, top, bottom. */
OSS_API void oss_slice_letters (OssPlane plane, const char *letters[4]);
OSS_API void oss_slice_to_patient (const OssSliceView *view, double x, double y, double lps_mm[3]);
OSS_API void oss_slice_from_patient (const OssSliceView *view, const double lps_mm[3], double *x, double *y);

/* Grey picture, trilinear; outside the volume black. */
OSS_API OssPicture *oss_slice_picture (const OssVolume *volume, const OssSliceView *view);
/* Paints the outline (and @fill of 0 to 1 inside) of label @value (0: any) over the picture. */
OSS_API void oss_slice_outline (OssPicture *picture, const OssSliceView *view, const OssLabels *labels, guint8 value,
                                const guint8 rgb[3], double line_px, double fill);
/* Fits the whole volume into width x height: sets centre and mm_per_pixel. */
OSS_API void oss_slice_fit (OssSliceView *view, const OssGrid *grid);

G_END_DECLS
