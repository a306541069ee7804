/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cancellous bone: how much bone tissue is where, and the cortical shell's thickness. */
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "virtual/oss-virtual-private.h"

/* Lattice of the texture: smoothed by 1-2-1 it correlates over about 1.2 mm across and 1.9 mm along the axis, coarser
 * than real trabeculae (1 mm apart) but seen alike through a clinical scanner; anisotropy 1.5 (FACTS: DA 1.2 - 1.9). */
static const double lattice_mm[3] = { 0.7, 0.7, 1.1 };
#define TEXTURE_CV 0.35 /* of BV/TV at that scale [choice] */
#define PATCH_MM 3.2

static inline double
smooth_step (double low, double high, double x)
{
  double t = CLAMP ((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

/* In place 1-2-1 along one axis with @stride; the ends keep their value. */
static void
smooth_line (float *line, int n, gsize stride)
{
  float before = line[0];
  for (int i = 1; i < n - 1; i++)
    {
      float here = line[i * stride];
      line[i * stride] = 0.25f * before + 0.5f * here + 0.25f * line[(i + 1) * stride];
      before = here;
    }
}

/* In place mean over 2 @reach + 1 neighbours along one axis, ends clamped; @copy holds @n floats. */
static void
box_line (float *line, int n, gsize stride, int reach, float *copy)
{
  double sum = 0.0;
  for (int i = 0; i < n; i++)
    copy[i] = line[i * stride];
  for (int i = -reach; i <= reach; i++)
    sum += copy[CLAMP (i, 0, n - 1)];
  for (int i = 0; i < n; i++)
    {
      line[i * stride] = (float) (sum / (2 * reach + 1));
      sum += copy[MIN (i + reach + 1, n - 1)] - copy[MAX (i - reach, 0)];
    }
}

typedef void (*LineFunc) (float *line, int n, gsize stride, int axis, float *copy);

static void
smooth_axis (float *line, int n, gsize stride, int axis, float *copy)
{
  smooth_line (line, n, stride);
}

static void
box_axis (float *line, int n, gsize stride, int axis, float *copy)
{
  box_line (line, n, stride, (int) lround (0.5 * PATCH_MM / lattice_mm[axis]), copy);
}

static void
every_line (float *field, const int n[3], LineFunc func)
{
  gsize plane = (gsize) n[0] * (gsize) n[1];
  g_autofree float *copy = g_new (float, MAX (MAX (n[0], n[1]), n[2]));

  for (int k = 0; k < n[2]; k++)
    {
      for (int j = 0; j < n[1]; j++)
        func (field + plane * k + (gsize) n[0] * j, n[0], 1, 0, copy);
      for (int i = 0; i < n[0]; i++)
        func (field + plane * k + i, n[1], (gsize) n[0], 1, copy);
    }
  for (gsize i = 0; i < plane; i++)
    func (field + i, n[2], plane, 2, copy);
}

/* Smoothed white noise less its own mean over patches: regions of a centimetre, wherever a reader puts them, then
 * agree to 1 %, as neighbouring regions of one vertebra do. */
static void
make_texture (OssVirtualVertebra *self, guint64 seed)
{
  OssRandom random;
  const int *n = self->texture_size;
  gsize count = (gsize) n[0] * (gsize) n[1] * (gsize) n[2];
  float gain = (float) pow (8.0 / 3.0, 1.5); /* 1-2-1 leaves (3/8)^3 of the variance of white noise */

  oss_random_init (&random, seed, 100u + self->level);
  for (gsize i = 0; i < count; i++)
    self->texture[i] = gain * (float) oss_random_normal (&random);
  every_line (self->texture, n, smooth_axis);
  g_autofree float *patches = g_memdup2 (self->texture, count * sizeof (float));
  every_line (patches, n, box_axis);
  for (gsize i = 0; i < count; i++)
    self->texture[i] -= patches[i];
}

static double
texture_at (const OssVirtualVertebra *self, const double q[3])
{
  const int *n = self->texture_size;
  int index[3];
  double t[3];

  for (int c = 0; c < 3; c++)
    {
      double x = CLAMP ((q[c] - self->low[c]) / lattice_mm[c], 0.0, n[c] - 1.001);
      index[c] = (int) x;
      t[c] = x - index[c];
    }
  gsize nx = (gsize) n[0], plane = nx * (gsize) n[1];
  const float *p = self->texture + plane * index[2] + nx * index[1] + index[0];
  double x00 = p[0] + t[0] * (p[1] - p[0]), x10 = p[nx] + t[0] * (p[nx + 1] - p[nx]);
  p += plane;
  double x01 = p[0] + t[0] * (p[1] - p[0]), x11 = p[nx] + t[0] * (p[nx + 1] - p[nx]);
  double y0 = x00 + t[1] * (x10 - x00), y1 = x01 + t[1] * (x11 - x01);
  return y0 + t[2] * (y1 - y0);
}

/* The basivertebral vein: from the middle of the posterior wall forwards to the centre, forking there; 0 outside, 1 in
 * the middle. */
static double
vein (const OssVirtualVertebra *self, const double q[3])
{
  double along = (q[1] + self->half_depth) / self->half_depth; /* 0 at the wall, 1 at the axis */
  if (along > 0.7)
    return 0.0;
  double radius = 3.4 - 2.2 * along, fork = along > 0.4 ? 9.0 * (along - 0.4) : 0.0;
  double r = hypot (fabs (q[0]) - fork, 1.5 * q[2]);
  return 1.0 - smooth_step (0.6 * radius, 1.3 * radius, r);
}

/* Relative to the middle of the body: denser to the endplates and in the hind half, loose at the vein. */
static double
body_pattern (const OssVirtualVertebra *self, const double q[3])
{
  double t = q[2] / self->half_height, t2 = t * t, hind = fmin (q[1] / self->half_depth, 0.0);
  double pattern = 1.0 + 0.30 * t2 * t2 + 0.12 * hind * hind;
  return pattern * (1.0 - 0.85 * vein (self, q));
}

double
oss_virtual_bvtv (const OssVirtualVertebra *self, const double q[3], double body_weight)
{
  if (oss_virtual_marker_distance (self, q) < 0.0)
    return OSS_VIRTUAL_COMPACT_TISSUE;
  double grain = 1.0 + TEXTURE_CV * texture_at (self, q);
  double behind = 1.5 * self->bvtv + 0.05; /* pedicles and processes are denser [choice] */
  double mean = self->bvtv * body_pattern (self, q);
  return CLAMP ((behind + body_weight * (mean - behind)) * fmax (grain, 0.15), 0.0, 0.9);
}

/* 0.3 - 0.5 mm around the body, 0.6 - 1.0 mm behind it [choice within Silva 1994's range]. */
double
oss_virtual_cortex_mm (const OssVirtualVertebra *self, const double q[3], double body_weight)
{
  double wave = 0.0;
  for (int c = 0; c < 3; c++)
    wave += sin (q[c] * (2.0 * G_PI / 17.0) + self->cortex_phase[c]) / 3.0;
  double body = 0.4 + 0.1 * wave, behind = 0.8 + 0.2 * wave;
  return behind + body_weight * (body - behind);
}

/* Semi-axes 0.5 and 0.4 of the body's, shifted forwards, 9 mm high: the usual place of a QCT ellipse. */
gboolean
oss_virtual_in_trabecular_centre (const OssVirtualVertebra *self, const double q[3])
{
  double x = q[0] / (0.5 * self->half_width), a = (q[1] - 0.2 * self->half_depth) / (0.4 * self->half_depth);
  return x * x + a * a < 1.0 && fabs (q[2]) < 4.5;
}

/* Mean of bvtv / self->bvtv over the trabecular centre, with the texture as it is. */
static double
centre_mean (OssVirtualVertebra *self)
{
  double sum = 0.0;
  gsize n = 0;
  const double step = 0.5;

  self->bvtv = 0.1;
  for (double s = -4.25; s < 4.5; s += step)
    for (double a = -self->half_depth; a < self->half_depth; a += step)
      for (double x = -self->half_width; x < self->half_width; x += step)
        {
          double q[3] = { x, a, s };
          if (!oss_virtual_in_trabecular_centre (self, q))
            continue;
          sum += oss_virtual_bvtv (self, q, 1.0);
          n++;
        }
  return sum / (double) n / self->bvtv;
}

typedef struct
{
  OssVirtualAnatomy *anatomy;
  guint64 seed;
  double mean_bvtv;
} DensityJob;

static void
density_range (gsize begin, gsize end, guint thread, void *data)
{
  DensityJob *job = data;
  for (gsize i = begin; i < end; i++)
    {
      OssVirtualVertebra *v = &job->anatomy->vertebrae[i];
      OssRandom random;
      make_texture (v, job->seed);
      /* T11 a little denser than L3; each level a little off [choice]. */
      oss_random_init (&random, job->seed, 200u + v->level);
      double level = v->level == 20 ? 1.0 : 1.0 - 0.02 * (v->level - 20) + 0.03 * oss_virtual_draw (&random);
      v->centre_bvtv = job->mean_bvtv * level;
      v->bvtv = v->centre_bvtv / centre_mean (v);
    }
}

gboolean
oss_virtual_density_init (OssVirtualPatient *patient, const OssTick *tick, GError **error)
{
  OssVirtualAnatomy *anatomy = &patient->anatomy;
  const OssVirtualBeam *beam = &patient->spine;
  /* The K2HPO4 reading is linear in BV/TV, so the mean over the centre needs no search. */
  double hu = patient->truth.vbmd_mg_cm3 * beam->sigma + beam->beta;
  double bone = beam->hu[OSS_TISSUE_CORTICAL_BONE];
  DensityJob job = { anatomy, patient->options.seed, (hu - patient->marrow_hu) / (bone - patient->marrow_hu) };

  for (int i = 0; i < anatomy->n_vertebrae; i++)
    {
      OssVirtualVertebra *v = &anatomy->vertebrae[i];
      gsize n = 1;
      for (int c = 0; c < 3; c++)
        {
          v->texture_size[c] = (int) ceil ((v->high[c] - v->low[c]) / lattice_mm[c]) + 2;
          n *= (gsize) v->texture_size[c];
        }
      v->texture = oss_alloc_aligned (n, sizeof (float), "texture", error);
      if (v->texture == NULL)
        return FALSE;
    }
  oss_parallel_for ((gsize) anatomy->n_vertebrae, 1, density_range, &job);
  return oss_tick_report (tick, 1.0, NULL, error);
}
