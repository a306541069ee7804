/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to this room: the search for the patient's own tissues on a coarse image. */

#include "calibrate/oss-tissue.h"

G_BEGIN_DECLS

/* The image in cells of a few mm on the patient's own axes: i to the left, j backwards, k up.  So coarse that noise of
 * a sharp kernel is averaged away, so fine that the aorta is a dozen cells wide. */
typedef struct
{
  OssGrid grid;
  float *hu;        /* mean over the cell; NaN outside the image and where it is padded */
  float *even;      /* the same, averaged with the neighbours: less noise */
  OssLabels *body;  /* 1: the patient, insides filled */
  OssLabels *skin;  /* NULL unless air surrounds the body: 1 within reach of the skin */
  gboolean *ruined; /* per layer: metal is near */
  double metal_cm3, saturated_share;
  gsize padded; /* cells */
} OssCoarse;

gboolean oss_coarse_init (OssCoarse *self, const OssVolume *volume, const OssTick *tick, GError **error);
void oss_coarse_clear (OssCoarse *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssCoarse, oss_coarse_clear)

static inline float
oss_coarse_at (const OssCoarse *self, int i, int j, int k)
{
  return self->hu[oss_grid_offset (&self->grid, i, j, k)];
}

/* A way through the layers: cell coordinates and how well each layer fits; n = grid.size[2]. */
typedef struct
{
  int n;
  double *x, *y; /* cells */
  double *radius_mm, *score;
  double *tip; /* of the spine: row of the spinous process's end, cells */
} OssPath;

void oss_path_clear (OssPath *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssPath, oss_path_clear)

/* The dense bone of the vertebral arches, near the canal; FALSE (no error) when there is no spine. */
gboolean oss_path_spine (const OssCoarse *coarse, OssPath *path, const OssTick *tick, GError **error);
/* The aorta in front and to the left of @spine; layers without it score below OSS_PATH_AORTA. */
gboolean
oss_path_aorta (const OssCoarse *coarse, const OssPath *spine, OssPath *path, const OssTick *tick, GError **error);
#define OSS_PATH_AORTA 0.45

/* Layers of @regions' grid axis by 1 cell in every direction of the patient's axial plane and along it. */
gboolean oss_regions_erode (OssLabels *regions, guint8 value, int times, gsize least, GError **error);

/* HU statistics of @tissue's region over the voxels of the image itself. */
void oss_region_measure (const OssVolume *volume, const OssLabels *regions, OssOwnTissue tissue, OssOwnRegion *region);
/* The same over a ball the user gave; FALSE when it is outside the image or too small. */
void oss_region_measure_ball (const OssVolume *volume, const OssOwnPlace *place, OssLabels *regions,
                              OssOwnTissue tissue, OssOwnRegion *region);

/* The regions themselves: labels of the coarse image. */
gboolean oss_regions_mark (const OssCoarse *coarse, const OssOwnPlace *places, OssOwnTissues *tissues,
                           const OssTick *tick, GError **error);

/* The aorta alone, if there is one. */
gboolean oss_regions_mark_aorta (const OssCoarse *coarse, OssOwnTissues *tissues, const OssTick *tick, GError **error);

G_END_DECLS
