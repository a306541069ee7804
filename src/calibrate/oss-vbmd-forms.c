/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Densities of a vertebral body that follow its outline: peeled, whole, and shell. */
#include "calibrate/oss-vbmd.h"

#include "base/oss-i18n.h"

/* The basivertebral vein and its fork: behind this share of the depth from the body's centre, within so many mm of the
 * midline and of mid height [choice, from anatomy: it enters in the middle of the hind wall]. */
#define VEIN_BEHIND -0.15
#define VEIN_SIDE_MM 8.0
#define VEIN_HEIGHT_MM 6.0

#define LEAST_VOXELS 30

typedef struct
{
  double sum, squares;
  gsize n;
} Sum;

static void
add (Sum *sum, double hu)
{
  sum->sum += hu;
  sum->squares += hu * hu;
  sum->n++;
}

static OssVbmdPart
finish (const Sum *sum, const OssGrid *grid, const OssCalibrationLine *line)
{
  OssVbmdPart part = { NAN, NAN, NAN, (double) sum->n * oss_grid_voxel_mm3 (grid), sum->n };

  if (sum->n < LEAST_VOXELS)
    return part;
  part.mean_hu = sum->sum / (double) sum->n;
  part.mean_mg_cm3 = line->slope * part.mean_hu + line->intercept;
  part.sd_mg_cm3 = fabs (line->slope) * sqrt (MAX (0.0, sum->squares / (double) sum->n - part.mean_hu * part.mean_hu));
  return part;
}

static gboolean
is_vein (const OssVertebraFrame *frame, const double local[3])
{
  return local[1] < VEIN_BEHIND * frame->depth_mm && fabs (local[0]) < VEIN_SIDE_MM && fabs (local[2]) < VEIN_HEIGHT_MM;
}

/* The label with its marrow, and how deep each voxel lies under its surface, mm. */
static OssLabels *
fill_label (const OssLabels *labels, float **depth, GError **error)
{
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The label image is empty: every voxel is 0."));
      return NULL;
    }
  for (int a = 0; a < 3; a++)
    {
      low[a] = MAX (0, low[a] - 1);
      high[a] = MIN (labels->grid.size[a] - 1, high[a] + 1);
    }
  g_autoptr (OssLabels) crop = oss_labels_crop (labels, low, high, error);
  g_autoptr (OssLabels) filled = crop != NULL ? oss_labels_fill_holes (crop, error) : NULL;
  *depth = filled != NULL ? oss_labels_distance (filled, FALSE, NULL, error) : NULL;
  return *depth != NULL ? g_steal_pointer (&filled) : NULL;
}

gboolean
oss_vbmd_measure_forms (const OssVolume *volume, const OssLabels *labels, const OssVertebraFrame *frame,
                        const OssCalibrationLine *line, OssVbmdForms *forms, GError **error)
{
  g_autofree float *depth = NULL;
  g_autoptr (OssLabels) filled = fill_label (labels, &depth, error);
  double peel = forms->peel_mm > 0.0 ? forms->peel_mm : OSS_VBMD_PEEL_MM;
  double shell = forms->shell_mm > 0.0 ? forms->shell_mm : OSS_VBMD_SHELL_MM;
  Sum eroded = { 0 }, integral = { 0 }, cortical = { 0 };

  if (filled == NULL)
    return FALSE;
  const OssGrid *grid = &filled->grid;
  /* Distances run from centre to centre of voxels: the surface lies half a voxel nearer. */
  double half = 0.5 * cbrt (oss_grid_voxel_mm3 (grid));
  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          gsize at = oss_grid_offset (grid, i, j, k);
          double mm[3], local[3], index[3], behind, hu;

          if (filled->data[at] == 0)
            continue;
          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_vertebra_frame_local (frame, mm, local);
          behind = local[1] + 0.5 * frame->depth_mm; /* from the hind wall forwards */
          if (behind < 0.0)
            continue; /* pedicles and what hangs on them */
          oss_grid_to_index (&volume->grid, mm, index);
          hu = oss_volume_sample_index (volume, index);
          add (&integral, hu);
          if (depth[at] - half < shell)
            add (&cortical, hu);
          if (depth[at] - half >= peel && behind >= peel && !is_vein (frame, local))
            add (&eroded, hu);
        }
  if (integral.n < LEAST_VOXELS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("Only %zu voxels of the label lie in the vertebral body (at least %d): check labels and axes."),
                   integral.n, LEAST_VOXELS);
      return FALSE;
    }
  *forms = (OssVbmdForms){ .peel_mm = peel,
                           .shell_mm = shell,
                           .eroded = finish (&eroded, grid, line),
                           .integral = finish (&integral, grid, line),
                           .cortical = finish (&cortical, grid, line) };
  return TRUE;
}
