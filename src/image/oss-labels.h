/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "image/oss-grid.h"

G_BEGIN_DECLS

/* A label image, one byte a voxel, 0 = background.  Same sharing rules as OssVolume. */
typedef struct
{
  OssGrid grid;
  guint8 *data; /* [k][j][i], i fastest */
  gatomicrefcount references;
} OssLabels;

OSS_API OssLabels *oss_labels_new (const OssGrid *grid, GError **error);
OSS_API OssLabels *oss_labels_ref (OssLabels *self);
OSS_API void oss_labels_unref (OssLabels *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssLabels, oss_labels_unref)

OSS_API OssLabels *oss_labels_copy (const OssLabels *self, GError **error);
OSS_API gsize oss_labels_count (const OssLabels *self, guint8 value);
/* histogram[256] of all values. */
OSS_API void oss_labels_histogram (const OssLabels *self, gsize histogram[256]);
/* The smallest value above 0; 0 when there is none. */
OSS_API guint8 oss_labels_smallest (const OssLabels *self);
/* Index box of @value (0: of anything above 0); FALSE when there is none. */
OSS_API gboolean oss_labels_box (const OssLabels *self, guint8 value, int low[3], int high[3]);
OSS_API OssLabels *oss_labels_crop (const OssLabels *self, const int low[3], const int high[3], GError **error);
/* 1 where the label is @value, else 0. */
OSS_API OssLabels *oss_labels_select (const OssLabels *self, guint8 value, GError **error);
/* Nearest neighbour onto @grid; beyond the outermost voxels' faces 0. */
OSS_API OssLabels *
oss_labels_resample (const OssLabels *self, const OssGrid *grid, const OssTick *tick, GError **error);

/**
 * oss_labels_components:
 * @self: anything above 0 is inside
 * @connectivity: 6, 18 or 26
 * @sizes: (out) (transfer full) (element-type gsize): voxel counts of parts 1, 2, ..., largest first
 *
 * Returns: (transfer full) (array): component of each voxel, 0 outside, 1 the largest; g_free()
 */
OSS_API guint32 *oss_labels_components (const OssLabels *self, int connectivity, GArray **sizes, GError **error);

/* Keeps the largest 6-connected part of what is above 0; tells how many others went and their voxels. */
OSS_API OssLabels *
oss_labels_keep_largest (const OssLabels *self, guint *islands, gsize *island_voxels, GError **error);
/* Fills holes not 6-connected to the image's border, with the smallest value above 0 (in a one-label
 * image: its own). */
OSS_API OssLabels *oss_labels_fill_holes (const OssLabels *self, GError **error);
/* Euclidean ball, radius in mm, spacing respected; radius below 0 erodes: what is outside the
 * image erodes nothing.  What is above 0 counts as one body; new voxels get its smallest value. */
OSS_API OssLabels *oss_labels_dilate (const OssLabels *self, double radius_mm, const OssTick *tick, GError **error);
/* 2 |A and B| / (|A| + |B|) over voxels above 0; grids must be equal.  Two empty images: 1. */
OSS_API double oss_labels_dice (const OssLabels *a, const OssLabels *b);

/* Exact Euclidean distance in mm from each voxel to the nearest voxel with (data > 0) == @inside
 * (Felzenszwalb and Huttenlocher 2012, separable); 0 on those voxels,
 * infinite everywhere when there are none.  float[count], g_free(). */
OSS_API float *oss_labels_distance (const OssLabels *self, gboolean inside, const OssTick *tick, GError **error);

G_END_DECLS
