/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-grid.h"

#include "base/oss-i18n.h"

#define ORTHONORMAL_TOLERANCE 1e-3

static gboolean
direction_is_orthonormal (const double direction[9])
{
  for (int a = 0; a < 3; a++)
    for (int b = a; b < 3; b++)
      {
        double dot = 0.0;

        for (int r = 0; r < 3; r++)
          dot += direction[3 * r + a] * direction[3 * r + b];
        if (!(fabs (dot - (a == b)) <= ORTHONORMAL_TOLERANCE)) /* NaN fails as well */
          return FALSE;
      }
  return TRUE;
}

gboolean
oss_grid_check (const OssGrid *self, GError **error)
{
  guint64 count = 1;

  for (int a = 0; a < 3; a++)
    {
      if (self->size[a] < 1)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Image size %d along axis %d: must be 1 or more."),
                       self->size[a], a + 1);
          return FALSE;
        }
      if (!isfinite (self->spacing[a]) || self->spacing[a] <= 0.0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Voxel spacing %g mm along axis %d: must be above 0."), self->spacing[a], a + 1);
          return FALSE;
        }
      if (!isfinite (self->origin[a]))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Image origin %g mm: must be a finite number."),
                       self->origin[a]);
          return FALSE;
        }
      count *= (guint64) self->size[a]; /* below 2^31 before, so no overflow */
      if (count >= G_GUINT64_CONSTANT (1) << 31)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Image of %d × %d × %d voxels: must be fewer than 2^31."), self->size[0], self->size[1],
                       self->size[2]);
          return FALSE;
        }
    }
  if (!direction_is_orthonormal (self->direction))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("The image axes are not at right angles (sheared or tilted image); resample it to a "
                              "rectangular grid first."));
      return FALSE;
    }
  return TRUE;
}

gsize
oss_grid_count (const OssGrid *self)
{
  return (gsize) self->size[0] * (gsize) self->size[1] * (gsize) self->size[2];
}

double
oss_grid_voxel_mm3 (const OssGrid *self)
{
  return self->spacing[0] * self->spacing[1] * self->spacing[2];
}

void
oss_grid_to_patient (const OssGrid *self, const double index[3], double lps_mm[3])
{
  const double step[3] = { index[0] * self->spacing[0], index[1] * self->spacing[1], index[2] * self->spacing[2] };

  oss_mat3_apply (self->direction, step, lps_mm);
  for (int r = 0; r < 3; r++)
    lps_mm[r] += self->origin[r];
}

/* The adjugate over the determinant, not the transpose: a direction that is orthonormal only to
 * 1e-3 would lose half a millimetre over the length of a spine. */
static void
inverse_direction (const double d[9], double out[9])
{
  const double column[3][3] = { { d[0], d[3], d[6] }, { d[1], d[4], d[7] }, { d[2], d[5], d[8] } };

  oss_cross (column[1], column[2], out);
  oss_cross (column[2], column[0], out + 3);
  oss_cross (column[0], column[1], out + 6);

  double determinant = oss_dot (column[0], out); /* +1 or -1 within the tolerance of oss_grid_check() */

  for (int i = 0; i < 9; i++)
    out[i] /= determinant;
}

void
oss_grid_to_index (const OssGrid *self, const double lps_mm[3], double index[3])
{
  double inverse[9], offset[3];

  inverse_direction (self->direction, inverse);
  oss_sub (lps_mm, self->origin, offset);
  oss_mat3_apply (inverse, offset, index);
  for (int a = 0; a < 3; a++)
    index[a] /= self->spacing[a];
}

void
oss_grid_map (const OssGrid *from, const OssGrid *to, double matrix[9], double shift[3])
{
  double inverse[9], offset[3];

  inverse_direction (to->direction, inverse);
  oss_sub (from->origin, to->origin, offset);
  oss_mat3_apply (inverse, offset, shift);
  for (int a = 0; a < 3; a++)
    {
      shift[a] /= to->spacing[a];
      for (int b = 0; b < 3; b++)
        {
          double sum = 0.0;

          for (int r = 0; r < 3; r++)
            sum += inverse[3 * a + r] * from->direction[3 * r + b];
          matrix[3 * a + b] = sum * from->spacing[b] / to->spacing[a];
        }
    }
}

gboolean
oss_grid_equal (const OssGrid *a, const OssGrid *b, double tolerance_mm)
{
  for (int axis = 0; axis < 3; axis++)
    if (a->size[axis] != b->size[axis])
      return FALSE;
  for (int corner = 0; corner < 8; corner++)
    {
      double index[3], in_a[3], in_b[3], difference[3];

      for (int axis = 0; axis < 3; axis++)
        index[axis] = (corner >> axis & 1) ? a->size[axis] - 1 : 0;
      oss_grid_to_patient (a, index, in_a);
      oss_grid_to_patient (b, index, in_b);
      oss_sub (in_a, in_b, difference);
      if (!(oss_norm (difference) <= tolerance_mm))
        return FALSE;
    }
  return TRUE;
}

char *
oss_grid_describe (const OssGrid *self)
{
  return g_strdup_printf ("%d × %d × %d, %.2f × %.2f × %.2f mm", self->size[0], self->size[1], self->size[2],
                          self->spacing[0], self->spacing[1], self->spacing[2]);
}

gboolean
oss_grid_box_around (const OssGrid *self, const double centre_mm[3], double radius_mm, int low[3], int high[3])
{
  double centre[3];

  oss_grid_to_index (self, centre_mm, centre);
  for (int a = 0; a < 3; a++)
    {
      double reach = radius_mm / self->spacing[a], last = self->size[a] - 1;
      double begin = centre[a] - reach, end = centre[a] + reach;

      if (!(begin <= last + 0.5 && end >= -0.5)) /* voxels end half a step beyond their centres */
        return FALSE;
      low[a] = (int) CLAMP (floor (begin), 0.0, last);
      high[a] = (int) CLAMP (ceil (end), 0.0, last);
    }
  return TRUE;
}

gboolean
oss_grid_crop (const OssGrid *self, const int low[3], const int high[3], OssGrid *crop, GError **error)
{
  OssGrid result = *self;
  const double corner[3] = { low[0], low[1], low[2] };

  for (int a = 0; a < 3; a++)
    {
      if (low[a] < 0 || low[a] > high[a] || high[a] >= self->size[a])
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Box from %d to %d along axis %d does not lie in an image of size %d."), low[a], high[a],
                       a + 1, self->size[a]);
          return FALSE;
        }
      result.size[a] = high[a] - low[a] + 1;
    }
  oss_grid_to_patient (self, corner, result.origin);
  *crop = result;
  return TRUE;
}
