/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stacks of a tilted gantry: parallel slices, each lying further sideways than the one before.  Moved back within their
 * planes they make a box: an exact shear, which needs no values between slices. */
#include "dicom/oss-series-private.h"

#include <math.h>
#include <string.h>

/* Where the scan did not reach. */
#define OUTSIDE_HU -1024.0f

void
oss_series_slice_place (const OssSeries *self, gsize k, double lps_mm[3])
{
  double index[3] = { 0.0, 0.0, (double) k };

  for (int a = 0; a < 2 && self->tilt.resample; a++)
    index[a] = self->tilt.before[a] + (double) k * self->tilt.step_px[a];
  oss_grid_to_patient (&self->grid, index, lps_mm);
}

/* Keys' cubic convolution, a = -1/2 (IEEE Trans. ASSP 29:1153, 1981): exact for parabolas.  Weights of the values at
 * -1, 0, 1, 2 for a place @f (0 to 1) behind 0. */
static void
cubic_weights (double f, double weights[4])
{
  weights[0] = ((-0.5 * f + 1.0) * f - 0.5) * f;
  weights[1] = (1.5 * f - 2.5) * f * f + 1.0;
  weights[2] = ((-1.5 * f + 2.0) * f + 0.5) * f;
  weights[3] = (0.5 * f - 0.5) * f * f;
}

/* One way of a slice: what lies at index i of the straight grid lies at i + first + f of the slice. */
typedef struct
{
  int n;     /* values of the slice that way */
  int first; /* whole part, may be negative */
  double f;  /* the rest, 0 to 1 */
  double weights[4];
} Way;

static Way
make_way (const OssTilt *tilt, int a, gsize k)
{
  double off = -tilt->before[a] - (double) k * tilt->step_px[a];
  Way way = { .n = a == 0 ? tilt->columns : tilt->rows, .first = (int) floor (off + 1e-9) };

  way.f = MAX (off - way.first, 0.0);
  cubic_weights (way.f, way.weights);
  return way;
}

/* TRUE when index @i of the straight grid shows something: at most half a pixel beyond the outermost centres. */
static inline gboolean
is_inside (const Way *way, int i)
{
  double at = i + way->first + way->f;

  return at >= -0.5 && at <= way->n - 0.5;
}

/* @n_out values from @way->n values @stride apart. */
static void
shift_line (const Way *way, const float *in, gsize stride, float *out, gsize out_stride, int n_out)
{
  for (int i = 0; i < n_out; i++)
    {
      double sum = 0.0;
      if (!is_inside (way, i))
        {
          out[(gsize) i * out_stride] = OUTSIDE_HU;
          continue;
        }
      for (int t = 0; t < 4; t++)
        sum += way->weights[t] * in[(gsize) CLAMP (i + way->first + t - 1, 0, way->n - 1) * stride];
      out[(gsize) i * out_stride] = (float) MAX (sum, (double) OUTSIDE_HU);
    }
}

void
oss_series_shear_slice (const OssSeries *self, gsize k, const float *slice, float *straight)
{
  const OssTilt *tilt = &self->tilt;
  const Way along_row = make_way (tilt, 0, k), along_column = make_way (tilt, 1, k);
  gsize width = (gsize) self->grid.size[0], columns = (gsize) tilt->columns;
  g_autofree float *between = g_new (float, width *(gsize) tilt->rows);

  for (int j = 0; j < tilt->rows; j++)
    shift_line (&along_row, slice + (gsize) j * columns, 1, between + (gsize) j * width, 1, self->grid.size[0]);
  for (int i = 0; i < self->grid.size[0]; i++)
    shift_line (&along_column, between + i, width, straight + i, width, self->grid.size[1]);
}
