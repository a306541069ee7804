/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-picture.h"

#include "base/oss-parallel.h"
#include "image/oss-loop-private.h"

#include <string.h>

#define ROWS_PER_CHUNK 8

/* Patient axes of a plane: sign and LPS axis of the picture's right and down, and of the normal. */
static const struct
{
  int right_axis, right_sign, down_axis, down_sign, normal_axis;
  const char *letters[4]; /* left, right, top, bottom */
} planes[] = {
  [OSS_PLANE_AXIAL] = { 0, 1, 1, 1, 2, { "R", "L", "A", "P" } },
  [OSS_PLANE_SAGITTAL] = { 1, 1, 2, -1, 0, { "A", "P", "H", "F" } },
  [OSS_PLANE_CORONAL] = { 0, 1, 2, -1, 1, { "R", "L", "H", "F" } },
};

void
oss_slice_letters (OssPlane plane, const char *letters[4])
{
  for (int edge = 0; edge < 4; edge++)
    letters[edge] = planes[plane].letters[edge];
}

void
oss_slice_to_patient (const OssSliceView *view, double x, double y, double lps_mm[3])
{
  memcpy (lps_mm, view->centre_mm, 3 * sizeof (double));
  lps_mm[planes[view->plane].right_axis] +=
      planes[view->plane].right_sign * (x - 0.5 * view->width) * view->mm_per_pixel;
  lps_mm[planes[view->plane].down_axis] +=
      planes[view->plane].down_sign * (y - 0.5 * view->height) * view->mm_per_pixel;
}

void
oss_slice_from_patient (const OssSliceView *view, const double lps_mm[3], double *x, double *y)
{
  double offset[3];

  oss_sub (lps_mm, view->centre_mm, offset);
  *x = 0.5 * view->width + planes[view->plane].right_sign * offset[planes[view->plane].right_axis] / view->mm_per_pixel;
  *y = 0.5 * view->height + planes[view->plane].down_sign * offset[planes[view->plane].down_axis] / view->mm_per_pixel;
}

void
oss_slice_fit (OssSliceView *view, const OssGrid *grid)
{
  double low[3] = { INFINITY, INFINITY, INFINITY }, high[3] = { -INFINITY, -INFINITY, -INFINITY };
  int right = planes[view->plane].right_axis, down = planes[view->plane].down_axis;

  for (int corner = 0; corner < 8; corner++)
    {
      double index[3], lps[3];

      for (int a = 0; a < 3; a++)
        index[a] = (corner >> a & 1) ? grid->size[a] - 0.5 : -0.5;
      oss_grid_to_patient (grid, index, lps);
      for (int a = 0; a < 3; a++)
        {
          low[a] = MIN (low[a], lps[a]);
          high[a] = MAX (high[a], lps[a]);
        }
    }
  for (int a = 0; a < 3; a++)
    view->centre_mm[a] = 0.5 * (low[a] + high[a]);
  view->mm_per_pixel =
      MAX ((high[right] - low[right]) / MAX (view->width, 1), (high[down] - low[down]) / MAX (view->height, 1));
}

/* A field seen in the plane: a volume, or the 0/1 field of one label.  Index space of pixel centre
 * (x, y) of layer l: base + x right + y down + l normal. */
typedef struct
{
  const OssGrid *grid;
  const float *values;  /* either this */
  const guint8 *labels; /* or this */
  guint8 label;         /* 0: any above 0 */
  double base[3], right[3], down[3], normal[3];
  int n_layers;
  int axis[3]; /* index axes along right, down, normal; -1: oblique */
} Field;

static gboolean
lone_axis (const double step[3], int *axis)
{
  int n = 0;

  for (int a = 0; a < 3; a++)
    if (fabs (step[a]) > 1e-9)
      {
        *axis = a;
        n++;
      }
  return n == 1;
}

static void
field_place (Field *field, const OssSliceView *view)
{
  double origin[3], moved[3], *steps[3] = { field->right, field->down, field->normal };
  double pixel = view->mm_per_pixel,
         smallest = MIN (MIN (field->grid->spacing[0], field->grid->spacing[1]), field->grid->spacing[2]);

  /* Layers half a voxel apart or less miss nothing of a slab. */
  field->n_layers = view->slab_mm > 0.0 ? (int) MIN (ceil (view->slab_mm / smallest) + 1.0, 1024.0) : 1;
  oss_slice_to_patient (view, 0.5, 0.5, origin);
  if (field->n_layers > 1)
    origin[planes[view->plane].normal_axis] -= 0.5 * view->slab_mm * (1.0 - 1.0 / field->n_layers);
  oss_grid_to_index (field->grid, origin, field->base);
  for (int s = 0; s < 3; s++)
    {
      memcpy (moved, origin, sizeof moved);
      if (s == 0)
        moved[planes[view->plane].right_axis] += planes[view->plane].right_sign * pixel;
      else if (s == 1)
        moved[planes[view->plane].down_axis] += planes[view->plane].down_sign * pixel;
      else
        moved[planes[view->plane].normal_axis] += field->n_layers > 1 ? view->slab_mm / field->n_layers : 1.0;
      oss_grid_to_index (field->grid, moved, steps[s]);
      oss_sub (steps[s], field->base, steps[s]);
    }
  if (!lone_axis (field->right, &field->axis[0]) || !lone_axis (field->down, &field->axis[1])
      || !lone_axis (field->normal, &field->axis[2]) || field->axis[0] == field->axis[1])
    field->axis[0] = -1;
}

static inline float
field_voxel (const Field *field, gsize offset)
{
  if (field->values != NULL)
    return field->values[offset];
  return field->label == 0 ? field->labels[offset] > 0 : field->labels[offset] == field->label;
}

/* As oss_volume_sample_index(); FALSE beyond the outermost faces. */
static inline gboolean
locate (double x, int n, int *below, int *above, float *fraction)
{
  if (!(x >= -OSS_GRID_REACH && x <= n - 1 + OSS_GRID_REACH))
    return FALSE;
  x = CLAMP (x, 0.0, n - 1.0);
  *below = (int) x;
  *above = MIN (*below + 1, n - 1);
  *fraction = (float) (x - *below);
  return TRUE;
}

static inline float
lerp (float a, float b, float t)
{
  return a + t * (b - a);
}

/* The pixels first + x with 0 <= x < width that lie in the image, as the range [*begin, *end). */
static void
covered_range (const Field *field, const double start[3], int width, int *begin, int *end)
{
  double low = 0.0, high = width - 1;

  for (int a = 0; a < 3; a++)
    {
      double step = field->right[a], from = -OSS_GRID_REACH - start[a],
             to = field->grid->size[a] - 1 + OSS_GRID_REACH - start[a];

      if (fabs (step) < 1e-12 || !isfinite (step) || !isfinite (start[a]))
        {
          if (!(from <= 0.0 && to >= 0.0) || !isfinite (step))
            high = -1.0;
          continue;
        }
      low = MAX (low, MIN (from / step, to / step));
      high = MIN (high, MAX (from / step, to / step));
    }
  *begin = *end = 0;
  if (!(low <= high))
    return;
  *begin = (int) ceil (low);
  *end = (int) floor (high) + 1;
}

/* One layer of one row, any direction: sums into @sum and counts the covered pixels.  @label is a
 * compile-time choice between the two kinds of field. */
static inline void
add_oblique (const Field *field, gboolean label, double y, int layer, int first, int width, float *sum, float *covered)
{
  const int *size = field->grid->size;
  gsize row = (gsize) size[0], slice = row * (gsize) size[1];
  double start[3];
  int begin, end;

  for (int a = 0; a < 3; a++)
    start[a] = field->base[a] + first * field->right[a] + y * field->down[a] + layer * field->normal[a];
  covered_range (field, start, width, &begin, &end);
  for (int x = begin; x < end; x++)
    {
      gsize near[3], far[3];
      float t[3], edge[4];
      const gsize stride[3] = { 1, row, slice };

      for (int a = 0; a < 3; a++)
        {
          double at = CLAMP (start[a] + x * field->right[a], 0.0, size[a] - 1.0);
          int below = (int) at;

          t[a] = (float) (at - below);
          near[a] = (gsize) below * stride[a];
          far[a] = below + 1 < size[a] ? near[a] + stride[a] : near[a];
        }
      for (int e = 0; e < 4; e++)
        {
          gsize base = ((e & 1) ? far[1] : near[1]) + ((e >> 1) ? far[2] : near[2]);

          edge[e] = label ? lerp (field_voxel (field, base + near[0]), field_voxel (field, base + far[0]), t[0])
                          : lerp (field->values[base + near[0]], field->values[base + far[0]], t[0]);
        }
      sum[x] += lerp (lerp (edge[0], edge[1], t[1]), lerp (edge[2], edge[3], t[1]), t[2]);
      covered[x] += 1.0f;
    }
}

/* line[0 .. n - 1] += weight * voxels from @offset on, @stride apart. */
static void
add_line (const Field *field, gsize offset, gsize stride, int n, float weight, float *line)
{
  if (weight == 0.0f)
    return;
  if (field->values != NULL && stride == 1)
    for (int i = 0; i < n; i++)
      line[i] += weight * field->values[offset + (gsize) i];
  else if (field->values != NULL)
    for (int i = 0; i < n; i++)
      line[i] += weight * field->values[offset + (gsize) i * stride];
  else
    for (int i = 0; i < n; i++)
      line[i] += weight * field_voxel (field, offset + (gsize) i * stride);
}

/* One row when picture and image axes are parallel: the voxel lines around the row are blended into
 * one line, which is then read out pixel by pixel.  @line: as many floats as the longest axis. */
static void
add_aligned (const Field *field, double y, int first, int width, float *line, float *sum, float *covered)
{
  const OssGrid *grid = field->grid;
  const gsize strides[3] = { 1, (gsize) grid->size[0], (gsize) grid->size[0] * (gsize) grid->size[1] };
  int a = field->axis[0], b = field->axis[1], c = field->axis[2], n = grid->size[a];
  double start = field->base[a] + first * field->right[a], stop = start + (width - 1) * field->right[a];
  int low = (int) CLAMP (floor (MIN (start, stop)), 0.0, n - 1.0),
      high = (int) CLAMP (ceil (MAX (start, stop)), 0.0, n - 1.0), jb[2], kc[2], n_covered = 0;
  float v, w;

  if (!locate (field->base[b] + y * field->down[b], grid->size[b], &jb[0], &jb[1], &v))
    return;
  memset (line, 0, (gsize) n * sizeof (float));
  for (int layer = 0; layer < field->n_layers; layer++)
    {
      if (!locate (field->base[c] + layer * field->normal[c], grid->size[c], &kc[0], &kc[1], &w))
        continue;
      n_covered++;
      for (int e = 0; e < 4; e++)
        add_line (field, (gsize) low * strides[a] + (gsize) jb[e & 1] * strides[b] + (gsize) kc[e >> 1] * strides[c],
                  strides[a], high - low + 1, ((e & 1) ? v : 1.0f - v) * ((e >> 1) ? w : 1.0f - w), line + low);
    }
  for (int x = 0; x < width; x++)
    {
      int below, above;
      float u;

      if (!locate (start + x * field->right[a], n, &below, &above, &u))
        continue;
      sum[x] = lerp (line[below], line[above], u);
      covered[x] = (float) n_covered;
    }
}

typedef struct
{
  float *line, *sum, *covered;
} Scratch;

static Scratch
scratch_new (const Field *field, int width)
{
  const int *size = field->grid->size;

  return (Scratch){ g_new (float, MAX (MAX (size[0], size[1]), size[2])), g_new (float, width), g_new (float, width) };
}

static void
scratch_clear (Scratch *scratch)
{
  g_free (scratch->line);
  g_free (scratch->sum);
  g_free (scratch->covered);
}

/* Pixels first .. first + width - 1 of row @y into scratch->sum; @outside where there is no image. */
static void
field_row (const Field *field, int y, int first, int width, float outside, Scratch *scratch)
{
  memset (scratch->sum, 0, (gsize) width * sizeof (float));
  memset (scratch->covered, 0, (gsize) width * sizeof (float));
  if (field->axis[0] >= 0)
    add_aligned (field, y, first, width, scratch->line, scratch->sum, scratch->covered);
  else
    for (int layer = 0; layer < field->n_layers; layer++)
      {
        if (field->values != NULL)
          add_oblique (field, FALSE, y, layer, first, width, scratch->sum, scratch->covered);
        else
          add_oblique (field, TRUE, y, layer, first, width, scratch->sum, scratch->covered);
      }
  for (int x = 0; x < width; x++)
    scratch->sum[x] = scratch->covered[x] > 0.0f ? scratch->sum[x] / scratch->covered[x] : outside;
}

typedef struct
{
  Field field;
  const OssSliceView *view;
  OssPicture *picture;
} Grey;

static void
grey_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Grey *job = data;
  int width = job->picture->width;
  float range = (float) MAX (job->view->window, 1e-6), low = (float) job->view->level - 0.5f * range;
  Scratch scratch = scratch_new (&job->field, width);

  for (gsize y = begin; y < end; y++)
    {
      guint8 *out = job->picture->rgba + y * (gsize) width * 4;

      field_row (&job->field, (int) y, 0, width, -INFINITY, &scratch);
      for (int x = 0; x < width; x++)
        {
          float grey = (scratch.sum[x] - low) * (255.0f / range);

          grey = grey > 0.0f ? MIN (grey, 255.0f) : 0.0f; /* NaN is black as well */
          out[4 * x] = out[4 * x + 1] = out[4 * x + 2] = (guint8) (grey + 0.5f);
          out[4 * x + 3] = 255;
        }
    }
  scratch_clear (&scratch);
}

OssPicture *
oss_slice_picture (const OssVolume *volume, const OssSliceView *view)
{
  Grey job = { .field = { .grid = &volume->grid, .values = volume->data }, .view = view };

  job.picture = oss_picture_new (view->width, view->height);
  field_place (&job.field, view);
  oss_parallel_for ((gsize) job.picture->height, ROWS_PER_CHUNK, grey_rows, &job);
  return job.picture;
}

typedef struct
{
  Field field;
  OssPicture *picture;
  float *inside; /* the label's field with a border of one pixel: [height + 2][width + 2] */
  guint8 rgb[3];
  float line_px, fill;
} Outline;

static void
inside_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Outline *job = data;
  int width = job->picture->width + 2;
  Scratch scratch = scratch_new (&job->field, width);

  for (gsize y = begin; y < end; y++)
    {
      field_row (&job->field, (int) y - 1, -1, width, 0.0f, &scratch);
      memcpy (job->inside + y * (gsize) width, scratch.sum, (gsize) width * sizeof (float));
    }
  scratch_clear (&scratch);
}

/* How much of the outline covers a pixel: its distance to the 0.5 contour is |f - 0.5| / |grad f|.
 * The larger one-sided differences keep the line whole where a voxel is smaller than a pixel. */
static inline float
line_cover (const float *f, int stride, float line_px)
{
  float dx = MAX (fabsf (f[1] - f[0]), fabsf (f[0] - f[-1]));
  float dy = MAX (fabsf (f[stride] - f[0]), fabsf (f[0] - f[-stride]));
  float gradient = sqrtf (dx * dx + dy * dy);

  if (gradient < 1e-6f)
    return 0.0f;
  return CLAMP (0.5f * line_px + 0.5f - fabsf (f[0] - 0.5f) / gradient, 0.0f, 1.0f);
}

static void
blend (guint8 *pixel, const guint8 rgb[3], float alpha)
{
  for (int c = 0; c < 3; c++)
    pixel[c] = (guint8) ((float) pixel[c] + alpha * ((float) rgb[c] - (float) pixel[c]) + 0.5f);
  pixel[3] = (guint8) ((float) pixel[3] + alpha * (255.0f - (float) pixel[3]) + 0.5f);
}

static void
outline_rows (gsize begin, gsize end, guint thread, void *data)
{
  const Outline *job = data;
  int width = job->picture->width, stride = width + 2;

  for (gsize y = begin; y < end; y++)
    for (int x = 0; x < width; x++)
      {
        const float *f = job->inside + (y + 1) * (gsize) stride + (gsize) x + 1;
        float line = job->line_px > 0.0f ? line_cover (f, stride, job->line_px) : 0.0f;
        float alpha = MAX (line, job->fill * CLAMP (f[0] * 2.0f - 0.5f, 0.0f, 1.0f));

        if (alpha > 0.0f)
          blend (job->picture->rgba + (y * (gsize) width + (gsize) x) * 4, job->rgb, alpha);
      }
}

void
oss_slice_outline (OssPicture *picture, const OssSliceView *view, const OssLabels *labels, guint8 value,
                   const guint8 rgb[3], double line_px, double fill)
{
  OssSliceView seen = *view;
  Outline job = {
    .field = { .grid = &labels->grid, .labels = labels->data, .label = value },
    .picture = picture,
    .rgb = { rgb[0], rgb[1], rgb[2] },
    .line_px = (float) line_px,
    .fill = (float) CLAMP (fill, 0.0, 1.0),
  };

  g_return_if_fail (picture->width == MAX (view->width, 1) && picture->height == MAX (view->height, 1));
  seen.slab_mm = 0.0; /* the outline is the plane's own, however thick the slab */
  field_place (&job.field, &seen);
  job.inside = g_new (float, (gsize) (picture->width + 2) * (gsize) (picture->height + 2));
  oss_parallel_for ((gsize) picture->height + 2, ROWS_PER_CHUNK, inside_rows, &job);
  oss_parallel_for ((gsize) picture->height, ROWS_PER_CHUNK, outline_rows, &job);
  g_free (job.inside);
}
