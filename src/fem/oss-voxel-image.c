/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

/* From the caller's image to a bitmap of bone and the moduli of its voxels. */

typedef struct
{
  const OssVoxelModel *model;
  OssVoxelBits *bits;
  const OssTick *tick;
  gsize wrong; /* atomic: voxel with a wrong modulus + 1, the lowest number wins */
} Image;

static double
modulus_at (const OssVoxelModel *model, gsize x, gsize row)
{
  gsize voxel = row * model->size[0] + x;
  if (model->labels != NULL)
    return model->label_modulus_mpa[model->labels[voxel]];
  if (model->modulus_mpa != NULL)
    return model->modulus_mpa[voxel];
  return (model->bits[row * ((model->size[0] + 7) / 8) + x / 8] >> x % 8 & 1) != 0 ? model->bit_modulus_mpa : 0.0;
}

static void
note_wrong (Image *self, gsize voxel)
{
  gsize seen = (gsize) g_atomic_pointer_get (&self->wrong);
  while ((seen == 0 || voxel + 1 < seen) && !g_atomic_pointer_compare_and_exchange (&self->wrong, seen, voxel + 1))
    seen = (gsize) g_atomic_pointer_get (&self->wrong);
}

static void
read_rows (gsize begin, gsize end, guint thread, void *data)
{
  Image *self = data;
  const OssVoxelModel *model = self->model;

  for (gsize row = begin; row < end && !oss_tick_stopped (self->tick); row++)
    {
      guint64 *bits = self->bits->bits + row * self->bits->words;
      for (gsize x = 0; x < model->size[0]; x++)
        {
          double modulus = modulus_at (model, x, row);
          if (modulus > 0.0 && modulus <= G_MAXFLOAT)
            bits[x / 64] |= (guint64) 1 << x % 64;
          else if (!(modulus == 0.0))
            note_wrong (self, row * model->size[0] + x);
        }
    }
}

static gboolean
check_shape (const OssVoxelModel *model, GError **error)
{
  static const char axes[] = "xyz";
  int images = (model->labels != NULL && model->label_modulus_mpa != NULL) + (model->bits != NULL)
               + (model->modulus_mpa != NULL);

  for (int k = 0; k < 3; k++)
    if (model->size[k] < 1 || model->size[k] > 65000 || !(model->spacing_mm[k] > 0.0 && model->spacing_mm[k] < 1e6))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("A voxel image of %zu voxels of %g mm along %c cannot be solved."), model->size[k],
                     model->spacing_mm[k], axes[k]);
        return FALSE;
      }
  if (images != 1)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("A voxel model needs one image: labels, bits or moduli."));
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_freedoms (const OssVoxelModel *model, const OssVoxelFreedom *freedoms, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    {
      const gint32 *at = freedoms[i].at;
      gboolean inside = freedoms[i].axis >= 0 && freedoms[i].axis < 3;
      for (int k = 0; k < 3; k++)
        inside = inside && at[k] >= 0 && (gsize) at[k] <= model->size[k];
      if (!inside)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("The lattice point (%d, %d, %d), axis %d, lies outside the image."), at[0], at[1], at[2],
                       freedoms[i].axis);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
oss_voxel_image_read (const OssVoxelModel *model, OssVoxelBits *bits, const OssTick *tick, GError **error)
{
  Image image = { .model = model, .bits = bits, .tick = tick };

  if (!check_shape (model, error) || !check_freedoms (model, model->held, model->n_held, error)
      || !check_freedoms (model, model->loaded, model->n_loaded, error)
      || !oss_voxel_bits_init (bits, model->size, error))
    return FALSE;
  oss_parallel_for (model->size[1] * model->size[2], 64, read_rows, &image);
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  if (image.wrong > 0)
    {
      gsize voxel = image.wrong - 1, x = voxel % model->size[0], row = voxel / model->size[0];
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("The modulus of voxel (%zu, %zu, %zu) is %g MPa; it has to be above zero, or zero where there is "
                      "no bone."),
                   x, row % model->size[1], row / model->size[1], modulus_at (model, x, row));
      return FALSE;
    }
  return TRUE;
}

void
oss_voxel_image_fill (gsize y, gsize z, float *modulus, void *data)
{
  const OssVoxelImageRow *self = data;
  const guint64 *bits = oss_voxel_bits_row (self->bits, y, z);
  gsize first, end = 0;

  while (oss_voxel_next_run (bits, self->bits->size[0], end, &first, &end))
    for (gsize x = first; x < end; x++)
      *modulus++ = (float) modulus_at (self->model, x, z * self->model->size[1] + y);
}
