/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one reconstruction kernel to another: the ratio of transfer functions in each slice's cosine transform. */
#include "calibrate/oss-kernel-correct.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"

#include <fftw3.h>
#include <math.h>
#include <string.h>

#define BINS 128          /* of the power spectrum, from 0 to the corner of the frequencies */
#define POWER_SLICES 9    /* the spectrum is the mean of these, evenly spread */
#define FLOOR (2.0 / 12)  /* HU2: twice the power of rounding to whole HU, since a bin's mean is uncertain itself */
#define MOST_GAIN 10.0    /* beyond it whatever did not pass the first kernel would rule the image */
#define AIR_HU -1000.0f   /* outside the reconstruction circle nothing is above this */
#define LEAST_HU -1024.0f /* what a scanner stores at least; outside the circle some write less */
#define FWHM 2.3548200450309493

/* Relative standard deviation of what a transfer function's exponent is known to: 2.3 times that of f50, which is 2 %
 * when measured and otherwise that of an even spread over +-15 %. */
#define EXPONENT_MEASURED 0.05
#define EXPONENT_TABLE 0.20

/* Planning is the one thing in FFTW that only one thread may do at a time. */
static GMutex planner;

typedef struct
{
  const OssVolume *source;
  OssVolume *target;
  const OssTick *tick;
  int axis[3];     /* index axes: within a row, between rows, between slices */
  gsize stride[3]; /* of these, floats */
  int nx, ny, nz;
  double step[2]; /* lp/cm between frequencies */
  fftwf_plan forward, backward;
  float *gain;  /* [ny][nx], with the transform's norm */
  float **work; /* per thread: [ny][nx] */
  guint n_threads;
  double *power; /* [POWER_SLICES][BINS] sums */
  int *count;    /* [BINS] */
  int done;      /* atomic */
} Filter;

gboolean
oss_kernel_correction_is_none (const OssKernelCorrection *self)
{
  return self->from.f50 == self->to.f50 && self->from.exponent == self->to.exponent
         && self->from.overshoot == self->to.overshoot
         && (self->from.overshoot == 0.0 || self->from.peak == self->to.peak)
         && (self->to_thickness_mm == 0.0 || self->to_thickness_mm == self->from_thickness_mm);
}

gsize
oss_kernel_correct_bytes (const OssGrid *grid)
{
  gsize count = oss_grid_count (grid), plane = 0;

  for (int a = 0; a < 3; a++)
    plane = MAX (plane, count / (gsize) MAX (grid->size[a], 1));
  return sizeof (float) * (2 * count + plane * (oss_parallel_threads () + 1));
}

/* ---- padding ---- */

static gboolean
is_padding (float value, float corner)
{
  return !(value >= LEAST_HU) || value == corner;
}

/* How many pixels from @line on, in steps of @step, are padding. */
static int
run_of_padding (const float *line, int n, int step, float corner)
{
  int run = 0;
  while (run < n && is_padding (line[run * step], corner))
    run++;
  return run;
}

/* Fills what lies outside the reconstruction circle: along rows with the nearest pixel inside, whole rows with the
 * nearest such row.  Anything else that is no CT number becomes air. */
static void
fill_padding (float *slice, int nx, int ny)
{
  float corner = slice[0];
  gboolean round = !(corner > AIR_HU) && slice[nx - 1] == corner && slice[(gsize) nx * (ny - 1)] == corner
                   && slice[(gsize) nx * ny - 1] == corner;
  int first = -1, last = -1;

  if (round || isnan (corner))
    for (int j = 0; j < ny; j++)
      {
        float *row = slice + (gsize) nx * j;
        int left = run_of_padding (row, nx, 1, corner);
        if (left == nx)
          continue;
        int right = run_of_padding (row + nx - 1, nx, -1, corner);
        for (int i = 0; i < left; i++)
          row[i] = row[left];
        for (int i = nx - right; i < nx; i++)
          row[i] = row[nx - right - 1];
        first = first < 0 ? j : first;
        last = j;
      }
  for (int j = 0; first >= 0 && j < ny; j++)
    if (j < first || j > last)
      memcpy (slice + (gsize) nx * j, slice + (gsize) nx * (j < first ? first : last), nx * sizeof (float));
  for (gsize i = 0; i < (gsize) nx * ny; i++)
    if (!(slice[i] >= LEAST_HU))
      slice[i] = LEAST_HU;
}

/* What fill_padding() replaced comes back. */
static void
restore_padding (const float *original, gsize step_x, gsize step_y, float *slice, int nx, int ny)
{
  float corner = original[0];
  gboolean round = !(corner > AIR_HU) && original[step_x * (nx - 1)] == corner && original[step_y * (ny - 1)] == corner
                   && original[step_x * (nx - 1) + step_y * (ny - 1)] == corner;

  for (int j = 0; j < ny; j++)
    {
      const float *from = original + step_y * j;
      float *row = slice + (gsize) nx * j;
      if (round || isnan (corner))
        {
          int left = run_of_padding (from, nx, (int) step_x, corner);
          int right = left < nx ? run_of_padding (from + step_x * (nx - 1), nx, -(int) step_x, corner) : 0;
          for (int i = 0; i < left; i++)
            row[i] = from[step_x * i];
          for (int i = nx - right; i < nx; i++)
            row[i] = from[step_x * i];
        }
      for (int i = 0; i < nx; i++)
        if (!(from[step_x * i] >= LEAST_HU))
          row[i] = from[step_x * i];
    }
}

static void
gather (const Filter *self, int k, float *slice)
{
  const float *from = self->source->data + self->stride[2] * k;

  for (int j = 0; j < self->ny; j++)
    for (int i = 0; i < self->nx; i++)
      slice[(gsize) self->nx * j + i] = from[self->stride[1] * j + self->stride[0] * i];
  fill_padding (slice, self->nx, self->ny);
}

/* ---- the image's power ---- */

static int
bin_of (const Filter *self, int i, int j)
{
  double corner = hypot (self->step[0] * self->nx, self->step[1] * self->ny);
  return MIN ((int) (BINS * hypot (self->step[0] * i, self->step[1] * j) / corner), BINS - 1);
}

static void
measure_power (gsize begin, gsize end, guint thread, void *data)
{
  Filter *self = data;
  float *slice = self->work[thread];

  for (gsize s = begin; s < end && !oss_tick_stopped (self->tick); s++)
    {
      double *power = self->power + s * BINS;
      gather (self, (int) (((2 * s + 1) * (gsize) self->nz) / (2 * POWER_SLICES)), slice);
      fftwf_execute_r2r (self->forward, slice, slice);
      for (int j = 0; j < self->ny; j++)
        for (int i = 0; i < self->nx; i++)
          {
            double value = slice[(gsize) self->nx * j + i];
            power[bin_of (self, i, j)] += value * value;
          }
    }
}

/* Share of the power in each bin that is not rounding, never rising with frequency: (P - Q) / P with P the mean power
 * per pixel, HU2 (white noise has its variance in every bin). */
static void
measure_share (Filter *self, double *share)
{
  double before = 1.0;

  memset (self->count, 0, BINS * sizeof (int));
  for (int j = 0; j < self->ny; j++)
    for (int i = 0; i < self->nx; i++)
      self->count[bin_of (self, i, j)]++;
  for (int b = 0; b < BINS; b++)
    {
      double sum = 0.0;
      for (int s = 0; s < POWER_SLICES; s++)
        sum += self->power[s * BINS + b];
      double power = self->count[b] > 0 ? sum / (4.0 * self->nx * self->ny * POWER_SLICES * self->count[b]) : INFINITY;
      before = share[b] = fmin (before, power > FLOOR ? 1.0 - FLOOR / power : 0.0);
    }
}

/* ---- the gain ---- */

static double
exponent_error (const OssKernelCorrection *correction)
{
  gboolean measured = correction->from.status == OSS_KERNEL_MEASURED && correction->to.status == OSS_KERNEL_MEASURED;
  return measured ? EXPONENT_MEASURED : EXPONENT_TABLE;
}

static double
gain_at (const OssKernelCorrection *correction, double lp_cm, double share)
{
  double from = oss_kernel_mtf (&correction->from, lp_cm), to = oss_kernel_mtf (&correction->to, lp_cm);
  double ratio = to / fmax (from, 1e-12);

  if (ratio <= 1.0)
    return ratio;
  double unsure = exponent_error (correction) * log (ratio);
  /* Never below what is there: a kernel that cannot be sharpened stays as it is. */
  return CLAMP (ratio * share / (1.0 + unsure * unsure), 1.0, MOST_GAIN);
}

static void
fill_gain (Filter *self, const OssKernelCorrection *correction, const double *share, OssKernelReport *report)
{
  double norm = 1.0 / (4.0 * self->nx * self->ny), before = 0.0, after = 0.0;

  *report = (OssKernelReport){ .largest_gain = 1.0, .least_gain = 1.0, .held_back_lp_cm = NAN };
  for (int j = 0; j < self->ny; j++)
    for (int i = 0; i < self->nx; i++)
      {
        double f = hypot (self->step[0] * i, self->step[1] * j);
        double gain = i + j == 0 ? 1.0 : gain_at (correction, f, share[bin_of (self, i, j)]);
        double from = oss_kernel_mtf (&correction->from, f), to = oss_kernel_mtf (&correction->to, f);
        self->gain[(gsize) self->nx * j + i] = (float) (gain * norm);
        before += f * from * from;
        after += f * from * from * gain * gain;
        report->largest_gain = fmax (report->largest_gain, gain);
        if (from >= 0.1)
          report->least_gain = fmin (report->least_gain, gain);
        if (to > from && gain - 1.0 < 0.5 * (to / from - 1.0) && !(f >= report->held_back_lp_cm))
          report->held_back_lp_cm = f;
      }
  report->noise_ratio = sqrt (after / before);
  report->nyquist_lp_cm = fmin (self->step[0] * self->nx, self->step[1] * self->ny);
  report->modulation_beyond = oss_kernel_mtf (&correction->from, report->nyquist_lp_cm);
}

/* ---- slices ---- */

static void
filter_slices (gsize begin, gsize end, guint thread, void *data)
{
  Filter *self = data;
  float *slice = self->work[thread];
  gsize plane = (gsize) self->nx * (gsize) self->ny;

  for (gsize k = begin; k < end && !oss_tick_stopped (self->tick); k++)
    {
      float *to = self->target->data + self->stride[2] * k;
      gather (self, (int) k, slice);
      fftwf_execute_r2r (self->forward, slice, slice);
      for (gsize i = 0; i < plane; i++)
        slice[i] *= self->gain[i];
      fftwf_execute_r2r (self->backward, slice, slice);
      restore_padding (self->source->data + self->stride[2] * k, self->stride[0], self->stride[1], slice, self->nx,
                       self->ny);
      for (int j = 0; j < self->ny; j++)
        for (int i = 0; i < self->nx; i++)
          to[self->stride[1] * j + self->stride[0] * i] = slice[(gsize) self->nx * j + i];
      int done = g_atomic_int_add (&self->done, 1) + 1;
      if (thread == 0)
        oss_tick_report (self->tick, (double) done / self->nz, NULL, NULL);
    }
}

static void
filter_clear (Filter *self)
{
  g_mutex_lock (&planner);
  g_clear_pointer (&self->forward, fftwf_destroy_plan);
  g_clear_pointer (&self->backward, fftwf_destroy_plan);
  g_mutex_unlock (&planner);
  for (guint t = 0; self->work != NULL && t < self->n_threads; t++)
    oss_free_aligned (self->work[t]);
  g_free (self->work);
  oss_free_aligned (self->gain);
  g_free (self->power);
  g_free (self->count);
}

/* Slices lie across the index axis nearest to the patient's long axis, about which the gantry turns. */
static void
choose_axes (Filter *self, const OssGrid *grid)
{
  const gsize stride[3] = { 1, (gsize) grid->size[0], (gsize) grid->size[0] * (gsize) grid->size[1] };
  int across = 2;

  for (int a = 0; a < 3; a++)
    if (fabs (grid->direction[6 + a]) > fabs (grid->direction[6 + across]) + 1e-6)
      across = a;
  self->axis[0] = across == 0 ? 1 : 0;
  self->axis[1] = across == 2 ? 1 : 2;
  self->axis[2] = across;
  for (int a = 0; a < 3; a++)
    self->stride[a] = stride[self->axis[a]];
  self->nx = grid->size[self->axis[0]];
  self->ny = grid->size[self->axis[1]];
  self->nz = grid->size[self->axis[2]];
  self->step[0] = 5.0 / (self->nx * grid->spacing[self->axis[0]]);
  self->step[1] = 5.0 / (self->ny * grid->spacing[self->axis[1]]);
}

static gboolean
filter_init (Filter *self, const OssVolume *volume, GError **error)
{
  choose_axes (self, &volume->grid);
  gsize plane = (gsize) self->nx * (gsize) self->ny;

  self->source = volume;
  self->n_threads = oss_parallel_threads ();
  self->work = g_new0 (float *, self->n_threads);
  self->power = g_new0 (double, POWER_SLICES *BINS);
  self->count = g_new0 (int, BINS);
  self->gain = oss_alloc_aligned (plane, sizeof (float), _ ("kernel correction"), error);
  for (guint t = 0; t < self->n_threads; t++)
    if (self->gain == NULL
        || (self->work[t] = oss_alloc_aligned (plane, sizeof (float), _ ("kernel correction"), error)) == NULL)
      return FALSE;
  /* ESTIMATE: the plan depends on the size alone, never on how fast this run was. */
  g_mutex_lock (&planner);
  self->forward =
      fftwf_plan_r2r_2d (self->ny, self->nx, self->work[0], self->work[0], FFTW_REDFT10, FFTW_REDFT10, FFTW_ESTIMATE);
  self->backward =
      fftwf_plan_r2r_2d (self->ny, self->nx, self->work[0], self->work[0], FFTW_REDFT01, FFTW_REDFT01, FFTW_ESTIMATE);
  g_mutex_unlock (&planner);
  if (self->forward != NULL && self->backward != NULL)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The Fourier transform could not be set up."));
  return FALSE;
}

static OssVolume *
correct_planes (const OssVolume *volume, const OssKernelCorrection *correction, OssKernelReport *report,
                const OssTick *tick, GError **error)
{
  Filter self = { .tick = tick };
  g_autoptr (OssVolume) result = oss_volume_new (&volume->grid, volume->quantity, error);
  double share[BINS];
  gboolean good = result != NULL && filter_init (&self, volume, error)
                  && oss_tick_report (tick, 0.0, _ ("Correcting the kernel"), error);

  self.target = result;
  if (good)
    {
      oss_parallel_for (POWER_SLICES, 1, measure_power, &self);
      measure_share (&self, share);
      fill_gain (&self, correction, share, report);
      oss_parallel_for ((gsize) self.nz, 1, filter_slices, &self);
      good = oss_tick_report (tick, 1.0, NULL, error);
    }
  filter_clear (&self);
  return good ? g_steal_pointer (&result) : NULL;
}

/* ---- all of it ---- */

static gboolean
check (const OssVolume *volume, const OssKernelCorrection *correction, GError **error)
{
  const OssKernel *kernels[2] = { &correction->from, &correction->to };

  for (int i = 0; i < 2; i++)
    if (!(kernels[i]->f50 > 0.0) || !(kernels[i]->exponent > 0.0))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Kernel “%s” has no transfer function."), kernels[i]->name);
        return FALSE;
      }
  if (volume->quantity != OSS_QUANTITY_HU)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Only an image of CT numbers can be corrected for its kernel."));
  else if (correction->to_thickness_mm > 0.0 && !(correction->from_thickness_mm > 0.0))
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                         _ ("The image does not say how thick its slices are, so they are not made thicker."));
  else if (correction->to_thickness_mm > 0.0 && correction->to_thickness_mm < correction->from_thickness_mm)
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("The slices are %.2f mm thick; what %.2f mm slices would show cannot be got back from them. Correct "
           "the thinner series to the thicker one."),
        correction->from_thickness_mm, correction->to_thickness_mm);
  else
    return TRUE;
  return FALSE;
}

OssVolume *
oss_kernel_correct (const OssVolume *volume, const OssKernelCorrection *correction, OssKernelReport *report,
                    const OssTick *tick, GError **error)
{
  double from = correction->from_thickness_mm, to = correction->to_thickness_mm;
  gboolean thicker = to > from && from > 0.0;
  OssTick first = oss_tick_part (tick, 0.0, thicker ? 0.7 : 1.0), second = oss_tick_part (tick, 0.7, 1.0);
  OssKernelReport ignored;

  if (!check (volume, correction, error))
    return NULL;
  g_autoptr (OssVolume) planes = correct_planes (volume, correction, report != NULL ? report : &ignored, &first, error);
  if (planes == NULL || !thicker)
    return g_steal_pointer (&planes);
  Filter along = { 0 };
  double sigma[3] = { 0.0, 0.0, 0.0 };
  choose_axes (&along, &volume->grid);
  sigma[along.axis[2]] = sqrt (to * to - from * from) / FWHM;
  return oss_volume_gaussian (planes, sigma, &second, error);
}
