/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-vertebra.h"

#include "base/oss-random.h"

static guint8
anatomy (const double local[3], gboolean body_only)
{
  double right = local[0], anterior = local[1], superior = local[2];
  double rim = fmin (right * right / 506.25 + anterior * anterior / 256.0, 1.0);
  double half = 13.5 - 1.5 * (1.0 - rim);
  double waist = 0.88 + 0.12 * superior * superior / 182.25;

  if (fabs (superior) < half && right * right / 506.25 + anterior * anterior / 256.0 < waist * waist)
    return 1;
  if (body_only)
    return 0;
  gboolean side = fabs (fabs (right) - 12.0) < 4.0;
  if (side && anterior < -8.0 && anterior > -28.0 && superior > 0.0 && superior < 11.0) /* pedicle */
    return 1;
  if (side && anterior < -22.0 && anterior > -32.0 && fabs (superior) < 22.0) /* articular processes */
    return 1;
  return fabs (right) < 16.0 && anterior < -26.0 && anterior > -32.0 && fabs (superior) < 8.0; /* laminae */
}

/* White noise smoothed over 2 mm, sd 1. */
static OssVolume *
make_noise (const OssGrid *grid)
{
  OssRandom random;
  g_autoptr (OssVolume) white = oss_volume_new (grid, OSS_QUANTITY_OTHER, NULL);
  gsize n = oss_grid_count (grid);
  double sum = 0.0;

  oss_random_init (&random, 7, 1);
  for (gsize i = 0; i < n; i++)
    white->data[i] = (float) oss_random_normal (&random);
  OssVolume *smooth = oss_volume_gaussian (white, (const double[3]){ 2.0, 2.0, 2.0 }, NULL, NULL);
  for (gsize i = 0; i < n; i++)
    sum += smooth->data[i] * (double) smooth->data[i];
  for (gsize i = 0; i < n; i++)
    smooth->data[i] /= (float) sqrt (sum / (double) n);
  return smooth;
}

void
model_vertebra_init (ModelVertebra *self, gboolean body_only)
{
  OssGrid grid = { .size = { 104, 112, 100 },
                   .spacing = { 0.5, 0.5, 0.5 },
                   .origin = { -25.9, -19.3, -24.7 },
                   .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) noise = make_noise (&grid);

  self->frame = (OssVertebraFrame){ .right = { -1.0, 0.0, 0.0 },
                                    .anterior = { 0.0, -1.0, 0.0 },
                                    .superior = { 0.0, 0.0, 1.0 },
                                    .width_mm = 39.6,
                                    .depth_mm = 28.2,
                                    .height_mm = 24.0 };
  self->labels = oss_labels_new (&grid, NULL);
  self->density = oss_volume_new (&grid, OSS_QUANTITY_DENSITY, NULL);
  gsize n = oss_grid_count (&grid);
  for (gsize v = 0; v < n; v++)
    {
      const double index[3] = { (double) (v % 104), (double) (v / 104 % 112), (double) (v / (104 * 112)) };
      double x[3], local[3];
      oss_grid_to_patient (&grid, index, x);
      oss_vertebra_frame_local (&self->frame, x, local);
      self->labels->data[v] = anatomy (local, body_only);
    }
  g_autofree float *depth = oss_labels_distance (self->labels, FALSE, NULL, NULL);
  for (gsize v = 0; v < n; v++)
    if (self->labels->data[v])
      self->density->data[v] =
          depth[v] - 0.25f < 0.8f ? 900.0f : 175.0f + 25.0f * (float) CLAMP (noise->data[v], -1.0, 1.0);
  g_assert_true (oss_law_chain_init (&self->chain, oss_law_find (NULL, NULL), OSS_BASIS_ASH, NULL, NULL));
}

void
model_vertebra_clear (ModelVertebra *self)
{
  g_clear_pointer (&self->labels, oss_labels_unref);
  g_clear_pointer (&self->density, oss_volume_unref);
}
