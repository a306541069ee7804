/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scanner: slice profile, reconstruction kernel, cupping, noise, whole HU.
 *
 * Thin slices of the object are averaged with a Gaussian profile, blurred by each kernel's point spread and sampled on
 * the pixels.  Slices are made in chunks of fixed size, each by one thread from the same seeds: the same bits for any
 * number of threads.
 */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "virtual/oss-virtual-private.h"

#define CHUNK 16               /* slices; even, since noise comes in pairs */
#define FINE_MM 0.4            /* raster; a third of a pixel when those are above 1.2 mm */
#define THIN_MM 0.5            /* thin slices; a quarter of a CT slice when those are above 2 mm */
#define PROFILE_FWHM_MM 1.0    /* slice profile, at least [choice] */
#define NOISE_SD_HU 15.0       /* middle of a medium trunk, f50 3.5 lp/cm, 1 mm, 250 mAs [choice] */
#define NOISE_NEIGHBOUR 0.30   /* share of the next slice's noise: slices correlate by 0.28 [choice] */
#define MU_WATER_PER_MM 0.0196 /* at 68 keV */

typedef struct
{
  const OssVirtualPatient *patient;
  OssVirtualStudy *study;
  const OssTick *tick;
  OssVirtualRaster raster;
  OssVirtualFilter filters[OSS_VIRTUAL_MAX_KERNELS];
  OssVirtualNoise noises[OSS_VIRTUAL_MAX_KERNELS];
  int thin_per_slice, n_profile;
  float *profile;   /* weights of thin slices, from the first of a slice's span on */
  float *noise_map; /* SD in HU for SD-1 noise, per pixel */
  float *cupping_map;
  int noise_n;
  int slices_done;   /* atomic */
  int out_of_memory; /* atomic */
} Scan;

/* Everything one thread needs while it works on a chunk. */
typedef struct
{
  float *ring; /* [n_profile][fine] */
  float *mean; /* [fine] */
  float *filter_scratch;
  float *noise[OSS_VIRTUAL_MAX_KERNELS]; /* [2 slots][even, odd][n n] */
  gint64 pair[OSS_VIRTUAL_MAX_KERNELS][2];
  float *fft_scratch;
  OssVirtualSums sums;
  float *coverage;
  guint8 *level;
} Workspace;

/* ---- noise level ---- */

/* Mean over all directions of the attenuation along the chord of the trunk through (x, y): to that the variance of a
 * filtered back-projection is proportional. */
static double
mean_attenuation (const double centre[2], const double radius[2], double x, double y)
{
  const int n = 24;
  double sum = 0.0;
  for (int i = 0; i < n; i++)
    {
      double angle = G_PI * (i + 0.5) / n, nx = cos (angle), ny = sin (angle);
      double s = nx * (x - centre[0]) + ny * (y - centre[1]);
      double h2 = radius[0] * radius[0] * nx * nx + radius[1] * radius[1] * ny * ny;
      double chord = 2.0 * radius[0] * radius[1] * sqrt (fmax (h2 - s * s, 0.0)) / h2;
      sum += exp (MU_WATER_PER_MM * chord) / n;
    }
  return sum;
}

double
oss_virtual_noise_sd (const OssVirtualPatient *patient, double x, double y)
{
  static const double centre[2] = { 0.0, 0.0 }, medium[2] = { 168.0, 117.0 };
  double reference = mean_attenuation (centre, medium, 0.0, 0.0);
  const OssVirtualAnatomy *a = &patient->anatomy;
  double thickness = fmax (patient->grid.spacing[2], PROFILE_FWHM_MM);
  return NOISE_SD_HU * sqrt (mean_attenuation (a->torso_centre, a->torso_radius, x, y) / reference / thickness);
}

/* What is left of beam hardening after the water correction: lower in the middle of the trunk. */
static double
cupping (const OssVirtualPatient *patient, double x, double y)
{
  const OssVirtualAnatomy *a = &patient->anatomy;
  double u = (x - a->torso_centre[0]) / a->torso_radius[0], v = (y - a->torso_centre[1]) / a->torso_radius[1];
  return -patient->cupping_hu * fmax (1.0 - u * u - v * v, 0.0);
}

static void
fill_maps (Scan *scan)
{
  const OssGrid *grid = &scan->patient->grid;
  for (int j = 0; j < grid->size[1]; j++)
    for (int i = 0; i < grid->size[0]; i++)
      {
        double x = grid->origin[0] + i * grid->spacing[0], y = grid->origin[1] + j * grid->spacing[1];
        gsize at = (gsize) grid->size[0] * (gsize) j + i;
        scan->noise_map[at] = (float) oss_virtual_noise_sd (scan->patient, x, y);
        scan->cupping_map[at] = (float) cupping (scan->patient, x, y);
      }
}

/* ---- one chunk ---- */

static void
workspace_clear (Workspace *w)
{
  oss_free_aligned (w->ring);
  oss_free_aligned (w->mean);
  oss_free_aligned (w->filter_scratch);
  for (int k = 0; k < OSS_VIRTUAL_MAX_KERNELS; k++)
    oss_free_aligned (w->noise[k]);
  oss_free_aligned (w->fft_scratch);
  oss_free_aligned (w->coverage);
  oss_free_aligned (w->level);
}

static gboolean
workspace_init (Workspace *w, const Scan *scan)
{
  const OssGrid *grid = &scan->patient->grid;
  gsize fine = (gsize) scan->raster.size[0] * (gsize) scan->raster.size[1];
  gsize plane = (gsize) grid->size[0] * (gsize) grid->size[1], n2 = (gsize) scan->noise_n * (gsize) scan->noise_n;
  gsize scratch = 0;
  gboolean ok = TRUE;

  memset (w, 0, sizeof *w);
  for (int k = 0; k < scan->study->n_kernels; k++)
    scratch = MAX (scratch, oss_virtual_filter_scratch (&scan->filters[k], grid->size[0]));
  ok = ok && (w->ring = oss_alloc_aligned (fine * (gsize) scan->n_profile, sizeof (float), "", NULL)) != NULL;
  ok = ok && (w->mean = oss_alloc_aligned (fine, sizeof (float), "", NULL)) != NULL;
  ok = ok && (w->filter_scratch = oss_alloc_aligned (scratch + 1, sizeof (float), "", NULL)) != NULL;
  ok = ok && (w->fft_scratch = oss_alloc_aligned (2 * n2, sizeof (float), "", NULL)) != NULL;
  ok = ok && (w->coverage = oss_alloc_aligned (2 * plane, sizeof (float), "", NULL)) != NULL;
  ok = ok && (w->level = oss_alloc_aligned (2 * plane, 1, "", NULL)) != NULL;
  for (int k = 0; k < scan->study->n_kernels; k++)
    {
      ok = ok && (w->noise[k] = oss_alloc_aligned (4 * n2, sizeof (float), "", NULL)) != NULL;
      w->pair[k][0] = w->pair[k][1] = -1;
    }
  for (int parity = 0; ok && parity < 2; parity++)
    {
      w->sums.coverage[parity] = w->coverage + plane * (gsize) parity;
      w->sums.level[parity] = w->level + plane * (gsize) parity;
    }
  return ok;
}

/* Slice @k of the shaped noise, neighbouring slices independent. */
static const float *
noise_slice (const Scan *scan, Workspace *w, int kernel, int k)
{
  gsize n2 = (gsize) scan->noise_n * (gsize) scan->noise_n;
  gint64 pair = k / 2;
  float *slot = w->noise[kernel] + 2 * n2 * (gsize) (pair % 2);

  if (w->pair[kernel][pair % 2] != pair)
    {
      oss_virtual_noise_pair (&scan->noises[kernel], scan->patient->options.seed, (guint64) pair, slot, slot + n2,
                              w->fft_scratch);
      w->pair[kernel][pair % 2] = pair;
    }
  return slot + n2 * (gsize) (k % 2);
}

static void
reconstruct (const Scan *scan, Workspace *w, int kernel, int k)
{
  OssVolume *volume = scan->study->hu[kernel];
  const int *size = volume->grid.size;
  float *out = volume->data + oss_grid_offset (&volume->grid, 0, 0, k);
  const float *here = noise_slice (scan, w, kernel, k), *next = noise_slice (scan, w, kernel, k + 1);
  const float b = NOISE_NEIGHBOUR, a = sqrtf (1.0f - b * b);

  oss_virtual_filter_apply (&scan->filters[kernel], w->mean, size[0], size[1], w->filter_scratch, out);
  for (int j = 0; j < size[1]; j++)
    {
      gsize row = (gsize) size[0] * (gsize) j, from = (gsize) scan->noise_n * (gsize) j;
      for (int i = 0; i < size[0]; i++)
        {
          float noise = scan->noise_map[row + i] * (a * here[from + i] + b * next[from + i]);
          float hu = out[row + i] + scan->cupping_map[row + i] + noise;
          out[row + i] = CLAMP (rintf (hu), -1024.0f, 3071.0f) + 0.0f; /* no -0 */
        }
    }
}

/* Adds a thin slice to the K2HPO4 sums: the mean HU of a pixel, read by the true line. */
static void
add_k2hpo4 (const Scan *scan, const float *fine, float *sum)
{
  const int *size = scan->patient->grid.size, over = scan->raster.over;
  const OssVirtualBeam *beam = &scan->patient->spine;
  gsize width = (gsize) scan->raster.size[0];
  float gain = (float) (1.0 / (beam->sigma * over * over * scan->thin_per_slice));
  float offset = (float) (-beam->beta / (beam->sigma * scan->thin_per_slice));

  for (int j = 0; j < size[1]; j++)
    for (int i = 0; i < size[0]; i++)
      {
        float total = 0.0f;
        for (int b = 0; b < over; b++)
          for (int a = 0; a < over; a++)
            total += fine[width * (gsize) (over * j + b) + over * i + a];
        sum[(gsize) size[0] * (gsize) j + i] += gain * total + offset;
      }
}

static void
finish_labels (const Scan *scan, Workspace *w, int k)
{
  OssLabels *labels = scan->study->labels;
  gsize plane = (gsize) labels->grid.size[0] * (gsize) labels->grid.size[1];
  guint8 *out = labels->data + plane * (gsize) k;

  for (gsize i = 0; i < plane; i++)
    {
      int parity = w->sums.coverage[1][i] > w->sums.coverage[0][i];
      out[i] = w->sums.coverage[parity][i] >= 0.5f ? w->sums.level[parity][i] : 0;
    }
  memset (w->coverage, 0, 2 * plane * sizeof (float));
}

/* Thin slice @t of the whole scan into its place in the ring; truths only when its CT slice belongs to the chunk. */
static void
render_thin (const Scan *scan, Workspace *w, int t, int begin, int end)
{
  const OssGrid *grid = &scan->patient->grid;
  OssVirtualStudy *study = scan->study;
  gsize fine = (gsize) scan->raster.size[0] * (gsize) scan->raster.size[1];
  int k = (int) floor ((double) t / scan->thin_per_slice);
  float *hu = w->ring + fine * (gsize) ((t + scan->n_profile * 8) % scan->n_profile);
  double z = grid->origin[2] + ((t + 0.5) / scan->thin_per_slice - 0.5) * grid->spacing[2];
  gboolean own = k >= begin && k < end;
  gsize offset = own ? oss_grid_offset (grid, 0, 0, k) : 0;

  w->sums.ash = own && study->ash != NULL ? study->ash->data + offset : NULL;
  oss_virtual_raster_slice (&scan->raster, z, hu, own ? &w->sums : NULL, 1.0f / (float) scan->thin_per_slice);
  if (own && study->k2hpo4 != NULL)
    add_k2hpo4 (scan, hu, study->k2hpo4->data + offset);
  if (own && study->labels != NULL && t % scan->thin_per_slice == scan->thin_per_slice - 1)
    finish_labels (scan, w, k);
}

static void
average_profile (const Scan *scan, Workspace *w, int first)
{
  gsize fine = (gsize) scan->raster.size[0] * (gsize) scan->raster.size[1];
  memset (w->mean, 0, fine * sizeof (float));
  for (int m = 0; m < scan->n_profile; m++)
    {
      const float *hu = w->ring + fine * (gsize) ((first + m + scan->n_profile * 8) % scan->n_profile);
      float weight = scan->profile[m];
      for (gsize i = 0; i < fine; i++)
        w->mean[i] += weight * hu[i];
    }
}

static void
scan_range (gsize begin, gsize end, guint thread, void *data)
{
  Scan *scan = data;
  Workspace w;
  int n_slices = scan->patient->grid.size[2], before = (scan->n_profile - scan->thin_per_slice) / 2;
  int t = (int) begin * scan->thin_per_slice - before;

  if (oss_tick_stopped (scan->tick))
    return;
  if (!workspace_init (&w, scan))
    g_atomic_int_set (&scan->out_of_memory, 1);
  else
    for (int k = (int) begin; k < (int) end; k++)
      {
        int first = k * scan->thin_per_slice - before;
        for (; t < first + scan->n_profile; t++)
          {
            if (oss_tick_stopped (scan->tick))
              goto stop;
            render_thin (scan, &w, t, (int) begin, (int) end);
          }
        if (scan->study->n_kernels > 0)
          average_profile (scan, &w, first);
        for (int i = 0; i < scan->study->n_kernels; i++)
          reconstruct (scan, &w, i, k);
        int done = g_atomic_int_add (&scan->slices_done, 1) + 1;
        if (thread == 0)
          oss_tick_report (scan->tick, (double) done / n_slices, NULL, NULL);
      }
stop:
  workspace_clear (&w);
}

/* ---- the whole scan ---- */

/* Gaussian weights of the thin slices around a slice. */
static void
make_profile (Scan *scan)
{
  double dz = scan->patient->grid.spacing[2], thin = dz / scan->thin_per_slice;
  double sigma = fmax (PROFILE_FWHM_MM, dz) / 2.3548, total = 0.0;
  int extra = (int) ceil (fmax (2.8 * sigma - 0.5 * dz, 0.0) / thin);

  scan->n_profile = scan->thin_per_slice + 2 * extra;
  scan->profile = g_new (float, scan->n_profile);
  for (int m = 0; m < scan->n_profile; m++)
    {
      double x = (m - 0.5 * (scan->n_profile - 1)) * thin / sigma;
      total += scan->profile[m] = (float) exp (-0.5 * x * x);
    }
  for (int m = 0; m < scan->n_profile; m++)
    scan->profile[m] /= (float) total;
}

static gboolean
scan_init (Scan *scan, GError **error)
{
  const OssGrid *grid = &scan->patient->grid;
  gsize plane = (gsize) grid->size[0] * (gsize) grid->size[1];
  double widest = fmax (grid->spacing[0], grid->spacing[1]);

  /* The same raster for every kernel: a study of one kernel has the very slices of a study of two. */
  int over = MAX (1, (int) ceil (widest / fmax (FINE_MM, widest / 3.0) - 0.01));
  scan->thin_per_slice = MAX (1, (int) ceil (grid->spacing[2] / fmax (THIN_MM, grid->spacing[2] / 4.0) - 0.01));
  make_profile (scan);
  for (scan->noise_n = 16; scan->noise_n < MAX (grid->size[0], grid->size[1]);)
    scan->noise_n *= 2;
  if (!oss_virtual_raster_init (&scan->raster, scan->patient, over, grid->spacing[2] / scan->thin_per_slice, error))
    return FALSE;
  for (int k = 0; k < scan->study->n_kernels; k++)
    {
      oss_virtual_filter_init (&scan->filters[k], &scan->study->kernels[k], scan->raster.fine_mm, over);
      oss_virtual_noise_init (&scan->noises[k], &scan->study->kernels[k], scan->noise_n, grid->spacing);
    }
  scan->noise_map = oss_alloc_aligned (plane, sizeof (float), "noise", error);
  scan->cupping_map = scan->noise_map != NULL ? oss_alloc_aligned (plane, sizeof (float), "noise", error) : NULL;
  if (scan->cupping_map == NULL)
    return FALSE;
  fill_maps (scan);
  return TRUE;
}

static void
scan_clear (Scan *scan)
{
  for (int k = 0; k < scan->study->n_kernels; k++)
    {
      oss_virtual_filter_clear (&scan->filters[k]);
      oss_virtual_noise_clear (&scan->noises[k]);
    }
  oss_virtual_raster_clear (&scan->raster);
  g_free (scan->profile);
  oss_free_aligned (scan->noise_map);
  oss_free_aligned (scan->cupping_map);
}

gboolean
oss_virtual_acquire (const OssVirtualPatient *patient, OssVirtualStudy *study, const OssTick *tick, GError **error)
{
  Scan scan = { .patient = patient, .study = study, .tick = tick };
  gboolean ok = scan_init (&scan, error);

  if (ok)
    oss_parallel_for ((gsize) patient->grid.size[2], CHUNK, scan_range, &scan);
  scan_clear (&scan);
  if (ok && scan.out_of_memory)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("Not enough memory to scan a virtual patient of %d × %d pixels"), patient->grid.size[0],
                   patient->grid.size[1]);
      return FALSE;
    }
  return ok && oss_tick_report (tick, 1.0, NULL, error);
}
