/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibrate/oss-vbmd.h"

#include "base/oss-i18n.h"

/* Share of the body's width and depth; the centre lies this share of the depth in front of the body's, so that the rear
 * end stays clear of the basivertebral vein, which enters in the posterior middle. */
#define SEMI_RIGHT 0.30
#define SEMI_ANTERIOR 0.24
#define FORWARD 0.12
#define HEIGHT_MM 9.0     /* QCT practice: 9-10 mm */
#define HEIGHT_SHARE 0.5  /* of the body's height, in a low body */
#define CANCELLOUS_MM 3.0 /* from the label's surface: shell, its blur, and the subcortical bone */
#define SHRINK 0.95
#define LEAST_SHARE 0.35 /* of the ellipse's nominal axes */
#define LEAST_HEIGHT_MM 3.0
#define LEAST_VOXELS 30

/* How deep inside the labels a patient point lies, mm; the labels' own voxels around the body only. */
typedef struct
{
  OssLabels *part;
  float *depth;
} Depth;

static void
depth_clear (Depth *self)
{
  g_clear_pointer (&self->part, oss_labels_unref);
  g_clear_pointer (&self->depth, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Depth, depth_clear)

static gboolean
depth_init (Depth *self, const OssLabels *labels, GError **error)
{
  int low[3], high[3];
  g_autoptr (OssLabels) crop = NULL;

  if (!oss_labels_box (labels, 0, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The label image is empty: every voxel is 0."));
      return FALSE;
    }
  for (int a = 0; a < 3; a++)
    {
      low[a] = MAX (0, low[a] - 1);
      high[a] = MIN (labels->grid.size[a] - 1, high[a] + 1);
    }
  crop = oss_labels_crop (labels, low, high, error);
  self->part = crop != NULL ? oss_labels_fill_holes (crop, error) : NULL;
  self->depth = self->part != NULL ? oss_labels_distance (self->part, FALSE, NULL, error) : NULL;
  return self->depth != NULL;
}

static double
depth_at (const Depth *self, const double mm[3])
{
  const OssGrid *grid = &self->part->grid;
  double index[3];
  int at[3];

  oss_grid_to_index (grid, mm, index);
  for (int a = 0; a < 3; a++)
    {
      at[a] = (int) floor (index[a] + 0.5);
      if (at[a] < 0 || at[a] >= grid->size[a])
        return 0.0;
    }
  return self->depth[oss_grid_offset (grid, at[0], at[1], at[2])];
}

/* Whether the rim of the cylinder, top, middle and bottom, stays in cancellous bone. */
static gboolean
fits (const Depth *depth, const OssVertebraFrame *frame, const OssVbmd *vbmd, double forward)
{
  for (int layer = -1; layer <= 1; layer++)
    for (int a = 0; a < 36; a++)
      {
        double t = 2.0 * G_PI * a / 36.0, mm[3];
        const double local[3] = { vbmd->semi_axis_right_mm * cos (t), forward + vbmd->semi_axis_anterior_mm * sin (t),
                                  0.5 * layer * vbmd->height_mm };

        oss_vertebra_frame_patient (frame, local, mm);
        if (depth_at (depth, mm) < CANCELLOUS_MM)
          return FALSE;
      }
  return TRUE;
}

static gboolean
shrink_to_fit (const OssLabels *labels, const OssVertebraFrame *frame, OssVbmd *vbmd, double forward, GError **error)
{
  g_auto (Depth) depth = { 0 };
  double least = LEAST_SHARE * vbmd->semi_axis_right_mm;

  if (!depth_init (&depth, labels, error))
    return FALSE;
  while (!fits (&depth, frame, vbmd, forward))
    {
      vbmd->semi_axis_right_mm *= SHRINK;
      vbmd->semi_axis_anterior_mm *= SHRINK;
      vbmd->height_mm *= SHRINK;
      if (vbmd->semi_axis_right_mm < least || vbmd->height_mm < LEAST_HEIGHT_MM)
        {
          g_set_error (
              error, OSS_ERROR, OSS_ERROR_REFUSED,
              _ ("No room for a trabecular measurement: the ellipse would leave cancellous bone even at %.1f × "
                 "%.1f mm; check labels and axes."),
              2.0 * vbmd->semi_axis_right_mm, 2.0 * vbmd->semi_axis_anterior_mm);
          return FALSE;
        }
    }
  return TRUE;
}

/* Mean and standard deviation of HU over the voxels whose centres lie in the cylinder. */
static void
read_cylinder (const OssVolume *volume, const OssVertebraFrame *frame, double forward, OssVbmd *vbmd, double *sd_hu)
{
  const OssGrid *grid = &volume->grid;
  double radius = hypot (MAX (vbmd->semi_axis_right_mm, vbmd->semi_axis_anterior_mm), 0.5 * vbmd->height_mm);
  double sum = 0.0, squares = 0.0;
  int low[3], high[3];

  if (!oss_grid_box_around (grid, vbmd->centre_mm, radius, low, high))
    return;
  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      for (int i = low[0]; i <= high[0]; i++)
        {
          double mm[3], local[3], hu;

          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_vertebra_frame_local (frame, mm, local);
          if (fabs (local[2]) > 0.5 * vbmd->height_mm
              || hypot (local[0] / vbmd->semi_axis_right_mm, (local[1] - forward) / vbmd->semi_axis_anterior_mm) > 1.0)
            continue;
          hu = volume->data[oss_grid_offset (grid, i, j, k)];
          sum += hu;
          squares += hu * hu;
          vbmd->voxels++;
        }
  if (vbmd->voxels == 0)
    return;
  vbmd->mean_hu = sum / (double) vbmd->voxels;
  *sd_hu = sqrt (MAX (0.0, squares / (double) vbmd->voxels - vbmd->mean_hu * vbmd->mean_hu));
}

gboolean
oss_vbmd_measure (const OssVolume *volume, const OssLabels *labels, const OssVertebraFrame *frame,
                  const OssCalibrationLine *line, OssVbmd *vbmd, GError **error)
{
  double forward = FORWARD * frame->depth_mm, sd_hu = 0.0;
  const double centre[3] = { 0.0, forward, 0.0 };
  OssVbmd found = {
    .semi_axis_right_mm = SEMI_RIGHT * frame->width_mm,
    .semi_axis_anterior_mm = SEMI_ANTERIOR * frame->depth_mm,
    .height_mm = MIN (HEIGHT_MM, HEIGHT_SHARE * frame->height_mm),
  };

  if (!(found.semi_axis_right_mm > 0.0 && found.semi_axis_anterior_mm > 0.0 && found.height_mm > 0.0))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("The vertebral body's sizes are %.1f × %.1f × %.1f mm: nothing to measure in."), frame->width_mm,
                   frame->depth_mm, frame->height_mm);
      return FALSE;
    }
  oss_vertebra_frame_patient (frame, centre, found.centre_mm);
  if (labels != NULL && !shrink_to_fit (labels, frame, &found, forward, error))
    return FALSE;
  read_cylinder (volume, frame, forward, &found, &sd_hu);
  if (found.voxels < LEAST_VOXELS)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("Only %zu voxels of the image lie in the trabecular ellipse (at least %d): the vertebra is outside "
             "the image, or the voxels are too large."),
          found.voxels, LEAST_VOXELS);
      return FALSE;
    }
  found.mean_mg_cm3 = line->slope * found.mean_hu + line->intercept;
  found.sd_mg_cm3 = fabs (line->slope) * sd_hu;
  *vbmd = found;
  return TRUE;
}
