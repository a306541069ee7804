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
  for (int f = 0; f < OSS_N_MODEL_FIELDS; f++)
    {
      g_free (self->fields[f].values);
      g_free (self->fields[f].load);
    }
  g_free (self->displacement);
  g_free (self->caption);
  g_free (self);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* @values: (transfer full) */
static void
take_field (OssModel *self, OssModelField which, double *values)
{
  gsize n = self->mesh->n_nodes;
  OssFieldView *field = &self->fields[which];
  g_autofree double *sorted = g_memdup2 (values, n * sizeof *sorted);

  qsort (sorted, n, sizeof *sorted, compare_doubles);
  field->values = values;
  field->low = 0.0;
  field->high = sorted[(gsize) (0.995 * (double) (n - 1))];
  field->mark = sorted[(gsize) (0.95 * (double) (n - 1))];
  /* Where hardly anything has yielded the percentile is 0, and the largest value still has a colour. */
  if (!(field->high > 0.0))
    field->high = sorted[n - 1];
}

void
oss_model_set_stress (OssModel *self, const double *von_mises_mpa, const double *displacement)
{
  gsize n = self->mesh->n_nodes;

  take_field (self, OSS_MODEL_STRESS, g_memdup2 (von_mises_mpa, n * sizeof *von_mises_mpa));
  self->displacement = g_memdup2 (displacement, 3 * n * sizeof *displacement);
}

void
oss_model_set_plastic_strain (OssModel *self, const double *element_strain, const double *element_volume)
{
  const OssMesh *mesh = self->mesh;
  const int n_corners = oss_element_nodes (mesh->kind);
  double *percent = g_new0 (double, mesh->n_nodes);
  g_autofree double *around = g_new0 (double, mesh->n_nodes);

  for (gsize e = 0; e < mesh->n_elements; e++)
    for (int c = 0; c < n_corners; c++)
      {
        gsize node = (gsize) mesh->elements[(gsize) n_corners * e + (gsize) c];

        percent[node] += 100.0 * element_volume[e] * element_strain[e];
        around[node] += element_volume[e];
      }
  for (gsize n = 0; n < mesh->n_nodes; n++)
    percent[n] = around[n] > 0.0 ? percent[n] / around[n] : 0.0;
  take_field (self, OSS_MODEL_PLASTIC_STRAIN, percent);
}
