/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-plane.h"

G_BEGIN_DECLS

#define OSS_PLANE_POINTS 4

/**
 * OssPlaneElements: what the elements of a model are made of, worked out once.
 * @gradient: [n_elements][4 points][4 nodes][2] derivatives of the shape functions by x and y, 1/mm
 * @volume: [n_elements][4 points] weight times Jacobian determinant times thickness, mm3
 * @stiffness: [n_materials][9] MPa
 */
typedef struct
{
  const OssPlaneModel *model; /* borrowed */
  double *gradient, *volume, *stiffness;
} OssPlaneElements;

/* NULL with OSS_ERROR_INVALID_DATA that names a bad element or material, or OUT_OF_MEMORY. */
OssPlaneElements *oss_plane_elements_new (const OssPlaneModel *model, GError **error);
void oss_plane_elements_free (OssPlaneElements *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPlaneElements, oss_plane_elements_free)

static inline const double *
oss_plane_elements_gradient (const OssPlaneElements *self, gsize element)
{
  return self->gradient + element * (OSS_PLANE_POINTS * 8);
}

static inline const double *
oss_plane_elements_volume (const OssPlaneElements *self, gsize element)
{
  return self->volume + element * OSS_PLANE_POINTS;
}

static inline const double *
oss_plane_elements_stiffness (const OssPlaneElements *self, gsize element)
{
  const OssPlaneModel *model = self->model;
  return self->stiffness + 9 * (gsize) (model->material != NULL ? model->material[element] : 0);
}

/* block (3 x 3, row-major, third row and column untouched) += stiffness between nodes @a and @b of @element, N/mm. */
void oss_plane_elements_add_block (const OssPlaneElements *self, gsize element, int a, int b, double block[9]);

/* Strain (xx yy xy, engineering shear) at each point of @element. @u: [n_nodes][2] mm. */
void oss_plane_elements_strain (const OssPlaneElements *self, gsize element, const double *u,
                                double strain[OSS_PLANE_POINTS][3]);

/* out = d strain */
static inline void
oss_plane_apply (const double d[9], const double strain[3], double stress[3])
{
  for (int i = 0; i < 3; i++)
    stress[i] = d[3 * i] * strain[0] + d[3 * i + 1] * strain[1] + d[3 * i + 2] * strain[2];
}

/* Bilinear extrapolation from the points to the corners: [corner][point]. */
const double (*oss_plane_corner_from_point (void))[OSS_PLANE_POINTS];

/* Fills the fields of @result that follow from its displacement. */
void oss_plane_recover (const OssPlaneElements *elements, OssPlaneResult *result);

G_END_DECLS
