/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coarse image that tissues are looked for in, and the body in it. */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "calibrate/oss-tissue-private.h"

#include <math.h>
#include <string.h>

#define CELL_MM 2.0
#define LAYER_MM 3.0
#define MOST_LAYERS 170
#define MOST_SAMPLES 3     /* along each side of a cell */
#define PADDING_HU -1100.0 /* below: no CT number */
#define EVEN_HU -1010.0    /* an even patch of the image's least value below this is padding too */
#define LEAST_EVEN 8       /* readings in a cell that agree by no chance */
#define COMMON 0.03        /* share of the image's voxels at its least value */
#define BODY_HU -300.0
#define METAL_HU 2600.0
#define SATURATED_HU 3060.0 /* 12-bit images end at 3071 */
#define METAL_REACH 2       /* layers */
#define SKIN_MM 30.0
#define LEAST_BODY_CM2 40.0
#define LEAST_TRUNK_CM2 130.0 /* a trunk in air; a five-year-old's waist is about 200 */

typedef struct
{
  const OssVolume *volume;
  OssCoarse *coarse;
  const OssTick *tick;
  double matrix[9], shift[3]; /* cell index -> voxel index */
  int samples[3];
  float least;
  gboolean least_is_common;          /* too often for the clipped end of noise */
  gsize *padded, *saturated, *metal; /* per layer */
} Job;

/* Mean over the voxels nearest to a lattice of points in the cell; NaN when there is none. */
static float
read_cell (const Job *job, int i, int j, int k, gboolean *padded)
{
  const OssGrid *grid = &job->volume->grid;
  double sum = 0.0;
  int n = 0, even = 0;

  for (int c = 0; c < job->samples[2]; c++)
    for (int b = 0; b < job->samples[1]; b++)
      for (int a = 0; a < job->samples[0]; a++)
        {
          double p[3] = { i - 0.5 + (a + 0.5) / job->samples[0], j - 0.5 + (b + 0.5) / job->samples[1],
                          k - 0.5 + (c + 0.5) / job->samples[2] };
          int v[3];
          gboolean inside = TRUE;

          for (int r = 0; r < 3; r++)
            {
              const double *m = job->matrix + 3 * r;
              v[r] = (int) floor (m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + job->shift[r] + 0.5);
              inside = inside && v[r] >= 0 && v[r] < grid->size[r];
            }
          if (!inside)
            continue;
          float hu = job->volume->data[oss_grid_offset (grid, v[0], v[1], v[2])];
          if (!(hu > PADDING_HU))
            {
              *padded = TRUE;
              continue;
            }
          even += hu == job->least;
          sum += hu;
          n++;
        }
  *padded = *padded || (even == n && job->least < EVEN_HU && (n >= LEAST_EVEN || (n > 0 && job->least_is_common)));
  return n > 0 && !*padded ? (float) (sum / n) : NAN;
}

static void
read_layers (gsize begin, gsize end, guint thread, void *data)
{
  Job *job = data;
  const int *size = job->coarse->grid.size;

  for (gsize k = begin; k < end && !oss_tick_stopped (job->tick); k++)
    for (int j = 0; j < size[1]; j++)
      for (int i = 0; i < size[0]; i++)
        {
          gboolean padded = FALSE;
          float hu = read_cell (job, i, j, (int) k, &padded);

          job->coarse->hu[oss_grid_offset (&job->coarse->grid, i, j, (int) k)] = hu;
          job->padded[k] += padded;
          job->metal[k] += hu > METAL_HU;
          job->saturated[k] += hu > SATURATED_HU;
        }
}

/* Axes of the patient over the whole image. */
static void
make_grid (const OssGrid *fine, OssGrid *coarse, int samples[3])
{
  double low[3] = { G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE }, high[3] = { -G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE };

  for (int c = 0; c < 8; c++)
    {
      double index[3], p[3];

      for (int a = 0; a < 3; a++)
        index[a] = c >> a & 1 ? fine->size[a] - 0.5 : -0.5;
      oss_grid_to_patient (fine, index, p);
      for (int a = 0; a < 3; a++)
        low[a] = MIN (low[a], p[a]), high[a] = MAX (high[a], p[a]);
    }
  memset (coarse, 0, sizeof *coarse);
  for (int a = 0; a < 3; a++)
    {
      double native = 0.0, cell;

      for (int c = 0; c < 3; c++)
        native += fabs (fine->direction[3 * a + c]) * fine->spacing[c];
      cell = MAX (a < 2 ? CELL_MM : MAX (LAYER_MM, (high[a] - low[a]) / MOST_LAYERS), native);
      coarse->size[a] = MAX (1, (int) floor ((high[a] - low[a]) / cell + 0.01));
      coarse->spacing[a] = cell;
      coarse->origin[a] = 0.5 * (low[a] + high[a] - (coarse->size[a] - 1) * cell);
      coarse->direction[4 * a] = 1.0;
      samples[a] = CLAMP ((int) ceil (cell / native - 0.2), 1, MOST_SAMPLES);
    }
}

static void
find_least (const OssVolume *volume, Job *job)
{
  gsize n = oss_grid_count (&volume->grid), common = 0;

  job->least = G_MAXFLOAT;
  for (gsize i = 0; i < n; i++)
    if (volume->data[i] > PADDING_HU && volume->data[i] < job->least)
      job->least = volume->data[i];
  for (gsize i = 0; i < n; i++)
    common += volume->data[i] == job->least;
  job->least_is_common = (double) common > COMMON * (double) n;
}

static void
note_metal (OssCoarse *self, const Job *job)
{
  int n = self->grid.size[2];
  gsize metal = 0;

  for (int k = 0; k < n; k++)
    {
      metal += job->metal[k];
      self->padded += job->padded[k];
      for (int r = -METAL_REACH; job->metal[k] > 0 && r <= METAL_REACH; r++)
        if (k + r >= 0 && k + r < n)
          self->ruined[k + r] = TRUE;
    }
  self->metal_cm3 = (double) metal * oss_grid_voxel_mm3 (&self->grid) / 1000.0;
}

/* Weighted mean with the neighbours: 1 2 1 along the body, 1 4 1 in its cross-section. */
static void
even_layers (gsize begin, gsize end, guint thread, void *data)
{
  OssCoarse *self = data;
  const int *size = self->grid.size;

  for (gsize k = begin; k < end; k++)
    for (int j = 0; j < size[1]; j++)
      for (int i = 0; i < size[0]; i++)
        {
          double sum = 0.0, weights = 0.0;

          for (int c = -1; c <= 1; c++)
            for (int n = 0; n < 5; n++)
              {
                static const int step[5][2] = { { 0, 0 }, { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
                int x = i + step[n][0], y = j + step[n][1], z = (int) k + c;
                double w = (c == 0 ? 2.0 : 1.0) * (n == 0 ? 4.0 : 1.0);
                float hu = x >= 0 && y >= 0 && z >= 0 && x < size[0] && y < size[1] && z < size[2]
                               ? oss_coarse_at (self, x, y, z)
                               : NAN;
                if (!isnan (hu))
                  sum += w * hu, weights += w;
              }
          gsize at = oss_grid_offset (&self->grid, i, j, (int) k);
          self->even[at] = isnan (self->hu[at]) ? NAN : (float) (sum / weights);
        }
}

/* ---- the body ---- */

/* Cells of @labels that keep all their neighbours in the axial plane; borders of the image count as inside. */
static void
shrink_layers (OssLabels *labels, int times)
{
  const int *size = labels->grid.size;
  gsize plane = (gsize) size[0] * (gsize) size[1];
  g_autofree guint8 *old = g_malloc (plane);

  for (int k = 0; k < size[2]; k++)
    for (int t = 0; t < times; t++)
      {
        guint8 *layer = labels->data + plane * (gsize) k;

        memcpy (old, layer, plane);
        for (int j = 0; j < size[1]; j++)
          for (int i = 0; i < size[0]; i++)
            {
              gsize at = (gsize) size[0] * (gsize) j + i;
              if ((i > 0 && !old[at - 1]) || (i + 1 < size[0] && !old[at + 1]) || (j > 0 && !old[at - size[0]])
                  || (j + 1 < size[1] && !old[at + size[0]]))
                layer[at] = 0;
            }
      }
}

/* What lies within @times cells of @labels and is @allowed. */
static void
grow_layers (OssLabels *labels, const OssLabels *allowed, int times)
{
  const int *size = labels->grid.size;
  gsize plane = (gsize) size[0] * (gsize) size[1];
  g_autofree guint8 *old = g_malloc (plane);

  for (int k = 0; k < size[2]; k++)
    for (int t = 0; t < times; t++)
      {
        guint8 *layer = labels->data + plane * (gsize) k;
        const guint8 *may = allowed->data + plane * (gsize) k;

        memcpy (old, layer, plane);
        for (int j = 0; j < size[1]; j++)
          for (int i = 0; i < size[0]; i++)
            {
              gsize at = (gsize) size[0] * (gsize) j + i;
              if (may[at]
                  && ((i > 0 && old[at - 1]) || (i + 1 < size[0] && old[at + 1]) || (j > 0 && old[at - size[0]])
                      || (j + 1 < size[1] && old[at + size[0]])))
                layer[at] = 1;
            }
      }
}

/* Fills what a layer's outside does not reach from the layer's edge: lungs and bowel belong to the body. */
static void
fill_layer (guint8 *layer, int nx, int ny)
{
  g_autofree int *stack = g_new (int, (gsize) nx *(gsize) ny);
  int n = 0;

  for (int at = 0; at < nx * ny; at++)
    {
      int i = at % nx, j = at / nx;
      if ((i == 0 || j == 0 || i == nx - 1 || j == ny - 1) && layer[at] == 0)
        layer[at] = 2, stack[n++] = at;
    }
  while (n > 0)
    {
      int at = stack[--n], i = at % nx, j = at / nx;
      if (i > 0 && layer[at - 1] == 0)
        layer[at - 1] = 2, stack[n++] = at - 1;
      if (i + 1 < nx && layer[at + 1] == 0)
        layer[at + 1] = 2, stack[n++] = at + 1;
      if (j > 0 && layer[at - nx] == 0)
        layer[at - nx] = 2, stack[n++] = at - nx;
      if (j + 1 < ny && layer[at + nx] == 0)
        layer[at + nx] = 2, stack[n++] = at + nx;
    }
  for (int at = 0; at < nx * ny; at++)
    layer[at] = layer[at] != 2;
}

/* Area of the body in its largest layer, and whether air surrounds it there. */
static double
largest_section (const OssCoarse *self, gboolean *surrounded)
{
  const int *size = self->grid.size;
  double cell_cm2 = self->grid.spacing[0] * self->grid.spacing[1] / 100.0;
  gsize most = 0;

  *surrounded = FALSE;
  for (int k = 0; k < size[2]; k++)
    {
      gsize n = 0, edge = 0;

      for (int j = 0; j < size[1]; j++)
        for (int i = 0; i < size[0]; i++)
          if (self->body->data[oss_grid_offset (&self->grid, i, j, k)])
            {
              n++;
              edge += i == 0 || j == 0 || i == size[0] - 1 || j == size[1] - 1;
            }
      if (n > most)
        most = n, *surrounded = edge * 100 < n;
    }
  return (double) most * cell_cm2;
}

/* Within SKIN_MM of the air around the body. */
static gboolean
find_skin (OssCoarse *self, const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) outside = oss_labels_copy (self->body, error);
  gsize n = oss_grid_count (&self->grid), air = 0;

  if (outside == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      outside->data[i] = !self->body->data[i] && self->hu[i] < -700.0f;
      air += outside->data[i];
    }
  if (air < 200)
    return TRUE;
  g_autofree float *distance = oss_labels_distance (outside, TRUE, tick, error);
  if (distance == NULL || (self->skin = oss_labels_copy (self->body, error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    self->skin->data[i] = self->body->data[i] && distance[i] <= SKIN_MM;
  return TRUE;
}

static gboolean
check_body (OssCoarse *self, GError **error)
{
  gboolean surrounded;
  double cm2 = largest_section (self, &surrounded);

  if (cm2 >= LEAST_BODY_CM2 && (!surrounded || cm2 >= LEAST_TRUNK_CM2))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("There is no trunk of a patient in the image: what is there measures %.0f cm² across at most. The "
                  "patient’s own tissues cannot be read in it."),
               cm2);
  return FALSE;
}

static gboolean
find_body (OssCoarse *self, const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) dense = oss_labels_new (&self->grid, error);
  gsize plane = (gsize) self->grid.size[0] * (gsize) self->grid.size[1];
  gsize n = oss_grid_count (&self->grid), islands_voxels;
  guint islands;

  if (dense == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    dense->data[i] = self->hu[i] > BODY_HU;
  g_autoptr (OssLabels) core = oss_labels_copy (dense, error);
  if (core == NULL)
    return FALSE;
  shrink_layers (core, 2); /* the shell of a table goes */
  self->body = oss_labels_keep_largest (core, &islands, &islands_voxels, NULL);
  if (self->body == NULL) /* nothing at all */
    self->body = g_steal_pointer (&core);
  grow_layers (self->body, dense, 3);
  for (int k = 0; k < self->grid.size[2]; k++)
    {
      fill_layer (self->body->data + plane * (gsize) k, self->grid.size[0], self->grid.size[1]);
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
    }
  return check_body (self, error) && find_skin (self, tick, error);
}

/* Refuses an image most of whose bone, or more, is cut off at the end of the scale. */
static gboolean
check_saturated (OssCoarse *self, const Job *job, GError **error)
{
  gsize body = oss_labels_count (self->body, 1), saturated = 0;

  for (int k = 0; k < self->grid.size[2]; k++)
    saturated += job->saturated[k];
  self->saturated_share = body > 0 ? (double) saturated / (double) body : 0.0;
  if (self->saturated_share < 0.01)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("%.1f %% of the body reads more than %.0f HU, the end of the scale: the image is saturated, or full "
                  "of metal. Its own tissues are not read."),
               100.0 * self->saturated_share, SATURATED_HU);
  return FALSE;
}

gboolean
oss_coarse_init (OssCoarse *self, const OssVolume *volume, const OssTick *tick, GError **error)
{
  Job job = { .volume = volume, .coarse = self, .tick = tick };
  g_autofree gsize *counts = NULL;
  gboolean done;

  memset (self, 0, sizeof *self);
  make_grid (&volume->grid, &self->grid, job.samples);
  oss_grid_map (&self->grid, &volume->grid, job.matrix, job.shift);
  find_least (volume, &job);
  self->hu = oss_alloc_aligned (oss_grid_count (&self->grid), sizeof (float), "coarse image", error);
  if (self->hu == NULL
      || (self->even = oss_alloc_aligned (oss_grid_count (&self->grid), sizeof (float), "coarse image", error)) == NULL)
    return FALSE;
  self->ruined = g_new0 (gboolean, self->grid.size[2]);
  counts = g_new0 (gsize, 3 * (gsize) self->grid.size[2]);
  job.padded = counts, job.saturated = counts + self->grid.size[2], job.metal = counts + 2 * self->grid.size[2];
  oss_parallel_for ((gsize) self->grid.size[2], 1, read_layers, &job);
  oss_parallel_for ((gsize) self->grid.size[2], 1, even_layers, self);
  done = oss_tick_report (tick, 0.8, NULL, error) && find_body (self, tick, error);
  note_metal (self, &job);
  return done && check_saturated (self, &job, error);
}

void
oss_coarse_clear (OssCoarse *self)
{
  g_clear_pointer (&self->hu, oss_free_aligned);
  g_clear_pointer (&self->even, oss_free_aligned);
  g_clear_pointer (&self->body, oss_labels_unref);
  g_clear_pointer (&self->skin, oss_labels_unref);
  g_clear_pointer (&self->ruined, g_free);
}
