/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reconstruction kernels: transfer function, point spread, and noise of the same raw data. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "virtual/oss-virtual-private.h"

#define MTF_EXPONENT 2.3
#define REFERENCE_F50 3.5

/* exp (-ln 2 u^2.3) as a sum of two Gaussians weight exp (-rate u^2), u = f / f50: least largest error, 0.0034, found
 * by weighted least squares over u in 0 .. 3.2.  A negative weight: the point spread has a faint negative ring. */
static const struct
{
  double weight, rate;
} terms[2] = { { 1.35896342, 0.9143173 }, { -0.35896342, 2.09151018 } };

/* Edge enhancement: the difference of these two Gaussians of f / peak, 0 at 0 and largest, 1, near the peak. */
#define WIDE_RATE 0.5
#define NARROW_RATE 2.0
#define DIFFERENCE_PEAK 0.472470 /* of exp (-0.5 v^2) - exp (-2 v^2), at v^2 = ln 4 / 1.5 */

double
oss_virtual_kernel_mtf (const OssVirtualKernel *self, double lp_cm)
{
  double left = exp (-G_LN2 * pow (lp_cm / self->f50, MTF_EXPONENT));

  if (self->overshoot != 0.0)
    {
      double v2 = (lp_cm / self->peak) * (lp_cm / self->peak);
      left += self->overshoot / DIFFERENCE_PEAK * (exp (-WIDE_RATE * v2) - exp (-NARROW_RATE * v2));
    }
  return left;
}

/* Term @i of the transfer function: weight exp (-rate (f / scale)^2). */
static void
term_of (const OssVirtualKernel *kernel, int i, double *weight, double *rate, double *scale)
{
  *weight = i < 2 ? terms[i].weight : (i == 2 ? 1.0 : -1.0) * kernel->overshoot / DIFFERENCE_PEAK;
  *rate = i < 2 ? terms[i].rate : i == 2 ? WIDE_RATE : NARROW_RATE;
  *scale = i < 2 ? kernel->f50 : kernel->peak;
}

gboolean
oss_virtual_kernel_find (const char *name, OssVirtualKernel *kernel, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = oss_file_find_data ("kernels.ini", error);
  g_autoptr (GError) why = NULL;

  if (path == NULL || !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  if (!g_key_file_has_group (file, name))
    {
      g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
      g_autofree char *list = g_strjoinv (", ", groups);
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no kernel “%s”. Known: %s"), name, list);
      return FALSE;
    }
  g_autofree char *header = g_key_file_get_string (file, name, "header", NULL);
  kernel->f50 = g_key_file_get_double (file, name, "f50", &why);
  kernel->overshoot = g_key_file_get_double (file, name, "overshoot", NULL);
  kernel->peak = g_key_file_get_double (file, name, "peak", NULL);
  if (why != NULL || header == NULL || !(kernel->f50 >= 1.0 && kernel->f50 <= 25.0)
      || (kernel->overshoot != 0.0 && !(kernel->peak >= 0.5 && kernel->peak <= 25.0)))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("%s: kernel [%s] needs header and f50 between 1 and 25 line pairs per cm"), path, name);
      return FALSE;
    }
  g_strlcpy (kernel->name, name, sizeof kernel->name);
  g_strlcpy (kernel->header, header, sizeof kernel->header);
  return TRUE;
}

/* ---- point spread ---- */

/* Taps of a Gaussian of @sigma about the middle of a pixel of @over fine ones: as many as @over is odd or even, so that
 * the middle lies on or between fine pixels.  They add up to @sum. */
static float *
make_taps (double sigma, double fine, int over, double sum, int *n)
{
  int reach = MAX (1, (int) ceil (4.0 * sigma / fine));
  double total = 0.0;

  *n = over % 2 == 0 ? 2 * reach : 2 * reach + 1;
  g_autofree double *value = g_new (double, *n);
  float *taps = g_new (float, *n);
  for (int k = 0; k < *n; k++)
    {
      double x = (k - 0.5 * (*n - 1)) * fine / sigma;
      total += value[k] = exp (-0.5 * x * x);
    }
  for (int k = 0; k < *n; k++)
    taps[k] = (float) (sum * value[k] / total);
  return taps;
}

/* The raster's own pixel is a box whose variance, fine^2 / 12, is taken off the Gaussian's. */
void
oss_virtual_filter_init (OssVirtualFilter *self, const OssVirtualKernel *kernel, const double fine_mm[2], int over)
{
  self->over = over;
  self->n_terms = kernel->overshoot != 0.0 ? 4 : 2;
  for (int term = 0; term < OSS_VIRTUAL_MAX_TERMS; term++)
    self->taps[term][0] = self->taps[term][1] = NULL;
  for (int term = 0; term < self->n_terms; term++)
    for (int axis = 0; axis < 2; axis++)
      {
        double weight, rate, scale;
        term_of (kernel, term, &weight, &rate, &scale);
        double f50 = scale / 10.0, fine = fine_mm[axis];
        double variance = rate / (2.0 * G_PI * G_PI * f50 * f50) - fine * fine / 12.0;
        double sigma = sqrt (fmax (variance, fine * fine / 24.0));
        /* The weight goes with one axis only. */
        self->taps[term][axis] = make_taps (sigma, fine, over, axis == 1 ? weight : 1.0, &self->n_taps[term][axis]);
      }
}

void
oss_virtual_filter_clear (OssVirtualFilter *self)
{
  for (int i = 0; i < 2 * OSS_VIRTUAL_MAX_TERMS; i++)
    g_clear_pointer (&self->taps[i / 2][i % 2], g_free);
}

gsize
oss_virtual_filter_scratch (const OssVirtualFilter *self, int nx)
{
  int widest = 0;
  for (int term = 0; term < self->n_terms; term++)
    widest = MAX (widest, self->n_taps[term][0]);
  return (gsize) self->over * (gsize) nx + (gsize) self->over * (gsize) (nx + widest + 2);
}

/* column[x] = sum of taps * fine rows around pixel row j, edges clamped. */
static void
filter_columns (const float *fine, gsize width, int height, int first, const float *taps, int n_taps, float *column)
{
  memset (column, 0, width * sizeof (float));
  for (int k = 0; k < n_taps; k++)
    {
      const float *row = fine + width * (gsize) CLAMP (first + k, 0, height - 1);
      float tap = taps[k];
      for (gsize x = 0; x < width; x++)
        column[x] += tap * row[x];
    }
}

/* out[i] += sum of taps * row around pixel i; @phases splits the row by x modulo over, so that the loop is contiguous.
 */
static void
filter_row (const float *row, int nx, int over, const float *taps, int n_taps, float *phases, float *out)
{
  int pad = (n_taps - over) / 2, length = nx + n_taps / over + 2;

  for (int phase = 0; phase < over; phase++)
    for (int i = 0; i < length; i++)
      phases[phase * length + i] = row[CLAMP (over * i + phase - pad, 0, over * nx - 1)];
  for (int k = 0; k < n_taps; k++)
    {
      const float *from = phases + (k % over) * length + k / over;
      float tap = taps[k];
      for (int i = 0; i < nx; i++)
        out[i] += tap * from[i];
    }
}

void
oss_virtual_filter_apply (const OssVirtualFilter *self, const float *fine, int nx, int ny, float *scratch, float *out)
{
  gsize width = (gsize) self->over * (gsize) nx;
  float *column = scratch, *phases = scratch + width;

  for (int j = 0; j < ny; j++)
    {
      float *row = out + (gsize) nx * (gsize) j;
      memset (row, 0, (gsize) nx * sizeof (float));
      for (int term = 0; term < self->n_terms; term++)
        {
          int n = self->n_taps[term][1], first = self->over * j + (self->over - n) / 2;
          filter_columns (fine, width, self->over * ny, first, self->taps[term][1], n, column);
          filter_row (column, nx, self->over, self->taps[term][0], self->n_taps[term][0], phases, row);
        }
    }
}

/* ---- noise ---- */

/* Ramp-filtered white noise: NPS ~ f MTF^2 per area of the frequency plane (FACTS: standard deviation ~ f50^1.5). */
static double
noise_power (double f50, double f)
{
  return f * exp (-2.0 * G_LN2 * pow (f / f50, MTF_EXPONENT));
}

static double
kernel_noise_power (const OssVirtualKernel *kernel, double f)
{
  double left = kernel->overshoot != 0.0 ? oss_virtual_kernel_mtf (kernel, f) : 0.0;
  return kernel->overshoot != 0.0 ? f * left * left : noise_power (kernel->f50, f);
}

/* Integral of the reference kernel's power over the plane, so that its SD is 1. */
static double
reference_power (void)
{
  double sum = 0.0, step = REFERENCE_F50 / 500.0;
  for (int i = 0; i < 2000; i++)
    sum += 2.0 * G_PI * (i + 0.5) * step * noise_power (REFERENCE_F50, (i + 0.5) * step) * step;
  return sum;
}

/* What lies beyond the Nyquist frequency folds back, as it does when a real scanner samples on coarse pixels. */
void
oss_virtual_noise_init (OssVirtualNoise *self, const OssVirtualKernel *kernel, int n, const double pixel_mm[2])
{
  double step[2] = { 10.0 / (n * pixel_mm[0]), 10.0 / (n * pixel_mm[1]) }; /* lp/cm */
  double scale = step[0] * step[1] / reference_power ();
  int folds = (int) ceil (1.7 * kernel->f50 * MAX (pixel_mm[0], pixel_mm[1]) / 10.0);

  self->n = n;
  self->amplitude = g_new (float, (gsize) n *(gsize) n);
  for (int j = 0; j <= n / 2; j++)
    for (int i = 0; i <= n / 2; i++)
      {
        double power = 0.0;
        for (int b = -folds; b <= folds; b++)
          for (int a = -folds; a <= folds; a++)
            {
              double f = hypot ((i + a * n) * step[0], (j + b * n) * step[1]);
              if (f < 2.6 * kernel->f50)
                power += kernel_noise_power (kernel, f);
            }
        float amplitude = (float) sqrt (scale * power);
        int k = (n - i) % n, l = (n - j) % n; /* even in both frequencies */
        self->amplitude[(gsize) n * (gsize) j + i] = self->amplitude[(gsize) n * (gsize) j + k] = amplitude;
        self->amplitude[(gsize) n * (gsize) l + i] = self->amplitude[(gsize) n * (gsize) l + k] = amplitude;
      }
}

void
oss_virtual_noise_clear (OssVirtualNoise *self)
{
  g_clear_pointer (&self->amplitude, g_free);
}

#define STRIP 16

/* Radix-2 transform along the columns of a strip, rows already in bit-reversed order: [n][STRIP]. */
static void
fft_strip (float *re, float *im, int n, const float *cosine, const float *sine)
{
  for (int half = 1; half < n; half *= 2)
    for (int j = 0; j < half; j++)
      {
        float c = cosine[j * (n / (2 * half))], s = sine[j * (n / (2 * half))];
        for (int base = j; base < n; base += 2 * half)
          {
            float *restrict ar = re + base * STRIP, *restrict ai = im + base * STRIP;
            float *restrict br = ar + half * STRIP, *restrict bi = ai + half * STRIP;
            for (int x = 0; x < STRIP; x++)
              {
                float tr = c * br[x] - s * bi[x], ti = c * bi[x] + s * br[x];
                br[x] = ar[x] - tr, bi[x] = ai[x] - ti;
                ar[x] += tr, ai[x] += ti;
              }
          }
      }
}

static int
reverse_bits (int j, int n)
{
  int r = 0;
  for (int bit = 1; bit < n; bit *= 2, j /= 2)
    r = 2 * r + (j & 1);
  return r;
}

/* Transforms the columns of (re, im) and leaves them as rows of (out_re, out_im). */
static void
fft_columns (const float *re, const float *im, int n, float *out_re, float *out_im)
{
  g_autofree float *strip = g_new (float, (gsize) 2 * STRIP * (gsize) n + 2 * (gsize) n);
  float *sr = strip, *si = strip + STRIP * (gsize) n, *cosine = si + STRIP * (gsize) n, *sine = cosine + n;

  for (int k = 0; k < n; k++)
    {
      cosine[k] = (float) cos (2.0 * G_PI * k / n);
      sine[k] = (float) sin (2.0 * G_PI * k / n);
    }
  for (int x0 = 0; x0 < n; x0 += STRIP)
    {
      for (int j = 0; j < n; j++)
        {
          int r = reverse_bits (j, n);
          memcpy (sr + r * STRIP, re + (gsize) n * (gsize) j + x0, STRIP * sizeof (float));
          memcpy (si + r * STRIP, im + (gsize) n * (gsize) j + x0, STRIP * sizeof (float));
        }
      fft_strip (sr, si, n, cosine, sine);
      for (int x = 0; x < STRIP; x++)
        for (int j = 0; j < n; j++)
          {
            out_re[(gsize) n * (gsize) (x0 + x) + j] = sr[j * STRIP + x];
            out_im[(gsize) n * (gsize) (x0 + x) + j] = si[j * STRIP + x];
          }
    }
}

void
oss_virtual_fft_2d (float *re, float *im, int n, float *scratch)
{
  gsize count = (gsize) n * (gsize) n;
  fft_columns (re, im, n, scratch, scratch + count);
  fft_columns (scratch, scratch + count, n, re, im);
}

/* White noise is white in frequency too: it is drawn there, uniform of unit variance, and becomes Gaussian in the sum
 * of n^2 terms.  Without Hermitian symmetry the real and the imaginary part are two independent slices. */
void
oss_virtual_noise_pair (const OssVirtualNoise *self, guint64 seed, guint64 pair, float *even, float *odd,
                        float *scratch)
{
  gsize count = (gsize) self->n * (gsize) self->n;
  OssRandom random;
  const float unit = sqrtf (12.0f) * 0x1p-32f;

  oss_random_init (&random, seed, 0x6e6f697365u ^ (pair << 32)); /* "noise" */
  for (gsize i = 0; i < count; i++)
    {
      guint64 bits = oss_random_bits (&random);
      float gain = unit * self->amplitude[i];
      even[i] = gain * (float) (gint32) bits;
      odd[i] = gain * (float) (gint32) (bits >> 32);
    }
  oss_virtual_fft_2d (even, odd, self->n, scratch);
}
