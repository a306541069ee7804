/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-caps.h"
#include "fem/oss-fem-private.h"

G_BEGIN_DECLS

/* One cap on its way into a mesh. */
typedef struct
{
  const OssMesh *mesh; /* of the vertebra */
  const OssSurface *surface;
  const OssVertebraFrame *frame;
  const OssEndplate *endplate;
  double side;      /* 1 superior, -1 inferior: heights are counted outward */
  double height_mm; /* of the plane */
  double thickness_mm;
  GArray *nodes;    /* double[3]: further nodes, numbered after those of @mesh */
  GArray *elements; /* gint32 */
  GArray *outer;    /* gint32: nodes on the plane */
  const OssTick *tick;
} OssCapBuilder;

typedef struct
{
  gint32 node;
  double weight;
} OssNodeWeight;

static inline double
oss_cap_height (const OssCapBuilder *self, const double x[3])
{
  double local[3];
  oss_vertebra_frame_local (self->frame, x, local);
  return self->side * local[2];
}

static inline gint32
oss_cap_add_node (OssCapBuilder *self, const double x[3])
{
  g_array_append_vals (self->nodes, x, 3);
  return (gint32) (self->mesh->n_nodes + self->nodes->len / 3 - 1);
}

/* Stopped, they leave a cap that is not whole. */
void oss_cap_build_columns (OssCapBuilder *self); /* tet4, tet10 */
void oss_cap_build_voxels (OssCapBuilder *self);  /* hex8 */

G_END_DECLS
