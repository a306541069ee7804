/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vertebra that the field of view cuts: its strength is not that of the whole. */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>

/* Of the body's cross-section, in one plane: a rim that merely touches the image's edge is less. */
#define CUT_SHARE 0.25
#define PADDING_HU -1100.0f
#define EVEN_HU -1010.0f /* a constant below this, with equal neighbours, is padding too */

enum
{
  BY_PADDING = 6,
  N_CUTS
}; /* 0 to 5: the image's faces, low and high along i, j, k */

static float
least_of (const OssVolume *volume)
{
  gsize n = oss_grid_count (&volume->grid);
  float least = G_MAXFLOAT;

  for (gsize i = 0; i < n; i++)
    least = MIN (least, volume->data[i]);
  return least;
}

/* Whether the reconstruction ends at a voxel: nothing was computed there. */
static gboolean
is_padding (const OssVolume *volume, float least, int i, int j, int k)
{
  const int *size = volume->grid.size;
  float hu = volume->data[oss_grid_offset (&volume->grid, i, j, k)];

  if (hu < PADDING_HU)
    return TRUE;
  if (hu != least || hu > EVEN_HU)
    return FALSE;
  for (int b = -1; b <= 1; b++)
    for (int a = -1; a <= 1; a++)
      if (i + a >= 0 && j + b >= 0 && i + a < size[0] && j + b < size[1]
          && volume->data[oss_grid_offset (&volume->grid, i + a, j + b, k)] != least)
        return FALSE;
  return TRUE;
}

static gboolean
beside_padding (const OssVolume *volume, float least, int i, int j, int k)
{
  const int *size = volume->grid.size;

  return (i > 0 && is_padding (volume, least, i - 1, j, k))
         || (i + 1 < size[0] && is_padding (volume, least, i + 1, j, k))
         || (j > 0 && is_padding (volume, least, i, j - 1, k))
         || (j + 1 < size[1] && is_padding (volume, least, i, j + 1, k));
}

/* Areas (mm2) by which the body itself and anything of the vertebra end at each face, and at padding. */
static void
measure_cuts (const OssVolume *volume, const OssLabels *labels, const OssVertebraFrame *frame, double body[N_CUTS],
              double any[N_CUTS])
{
  const OssGrid *grid = &labels->grid;
  float least = volume->quantity == OSS_QUANTITY_HU ? least_of (volume) : 0.0f;
  gboolean padded = volume->quantity == OSS_QUANTITY_HU && least <= EVEN_HU;
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    return;
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          const int index[3] = { i, j, k };
          double mm[3], local[3];

          if (labels->data[oss_grid_offset (grid, i, j, k)] == 0)
            continue;
          gboolean at_face[N_CUTS] = { FALSE }, cut = FALSE;
          for (int a = 0; a < 3; a++)
            {
              at_face[2 * a] = index[a] == 0, at_face[2 * a + 1] = index[a] == grid->size[a] - 1;
              cut = cut || at_face[2 * a] || at_face[2 * a + 1];
            }
          at_face[BY_PADDING] = padded && beside_padding (volume, least, i, j, k);
          if (!cut && !at_face[BY_PADDING])
            continue;
          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_vertebra_frame_local (frame, mm, local);
          gboolean in_body = fabs (local[0]) < 0.6 * frame->width_mm && fabs (local[1]) < 0.6 * frame->depth_mm;
          for (int f = 0; f < N_CUTS; f++)
            if (at_face[f])
              {
                int a = f / 2;
                double area = f == BY_PADDING ? grid->spacing[2] * grid->spacing[0]
                                              : oss_grid_voxel_mm3 (grid) / grid->spacing[a];
                any[f] += area, body[f] += in_body ? area : 0.0;
              }
        }
}

gboolean
oss_study_check_cut (const OssVolume *volume, const OssLabels *labels, gboolean refuse, OssSegmentation *info,
                     GError **error)
{
  double body[N_CUTS] = { 0 }, any[N_CUTS] = { 0 }, section, worst = 0.0;
  const OssVertebraFrame *frame = &info->frame;

  measure_cuts (volume, labels, frame, body, any);
  section = 0.25 * G_PI * frame->width_mm * frame->depth_mm;
  for (int f = 0; f < N_CUTS; f++)
    worst = MAX (worst, body[f]);
  if (any[BY_PADDING] > 0.0)
    g_ptr_array_add (info->notes, g_strdup (_ ("The vertebra reaches beyond the reconstructed field of view: a part of "
                                               "it was not imaged.")));
  if (!(worst > CUT_SHARE * section))
    return TRUE;
  if (refuse)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("The vertebral body is cut by the field of view over %.0f mm² (%.0f %% of its cross-section): its "
             "density and strength would be those of a part. Take a vertebra that is whole in the image."),
          worst, 100.0 * worst / section);
      return FALSE;
    }
  g_ptr_array_add (
      info->notes,
      g_strdup_printf (_ ("The vertebral body itself is cut by the field of view, over %.0f mm²: an analysis "
                          "of it is refused."),
                       worst));
  return TRUE;
}
