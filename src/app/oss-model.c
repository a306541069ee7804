/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-scene.h"

#include <stdlib.h>

OssModel *
oss_model_new (OssMesh *mesh, const OssVertebraFrame *frame)
{
  OssModel *self = g_new0 (OssModel, 1);

  g_atomic_ref_count_init (&self->references);
  self->mesh = oss_mesh_ref (mesh);
  self->frame = *frame;
  return self;
}

OssModel *
oss_model_ref (OssModel *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
oss_model_unref (OssModel *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  oss_mesh_unref (self->mesh);
  g_free (self->von_mises_mpa);
  g_free (self->displacement);
  g_free (self->caption);
  g_free (self->load);
  g_free (self);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

void
oss_model_set_stress (OssModel *self, const double *von_mises_mpa, const double *displacement)
{
  gsize n = self->mesh->n_nodes;
  g_autofree double *sorted = g_memdup2 (von_mises_mpa, n * sizeof *sorted);

  qsort (sorted, n, sizeof *sorted, compare_doubles);
  self->low_mpa = 0.0;
  self->high_mpa = sorted[(gsize) (0.995 * (double) (n - 1))];
  self->mark_mpa = sorted[(gsize) (0.95 * (double) (n - 1))];
  self->von_mises_mpa = g_memdup2 (von_mises_mpa, n * sizeof *von_mises_mpa);
  self->displacement = g_memdup2 (displacement, 3 * n * sizeof *displacement);
}
