/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the virtual scanner shows of a patient whose truth is known. */
#include "base/oss-parallel.h"
#include "virtual/oss-virtual-private.h"

#include <string.h>

/* One study for most tests: L1 alone, whole trunk and phantom, both kernels. */
static struct
{
  OssVirtualOptions options;
  OssVirtualPatient patient;
  OssVolume *smooth, *sharp;
} shared;

static OssVolume *
make_hu (const OssVirtualOptions *o, const char *kernel)
{
  OssVolume *hu = NULL;
  g_autoptr (GError) error = NULL;
  if (!oss_virtual_make (o, kernel, &hu, NULL, NULL, NULL, NULL, NULL, &error))
    g_error ("%s", error->message);
  return hu;
}

typedef struct
{
  double mean, sd;
  int n;
} Stat;

/* Mean and SD in an elliptic cylinder along z. */
static Stat
region (const OssVolume *volume, const double centre[3], double radius, double half_height)
{
  const OssGrid *g = &volume->grid;
  double sum = 0.0, sum2 = 0.0;
  Stat s = { 0 };
  for (int k = 0; k < g->size[2]; k++)
    for (int j = 0; j < g->size[1]; j++)
      for (int i = 0; i < g->size[0]; i++)
        {
          double x = g->origin[0] + i * g->spacing[0] - centre[0], y = g->origin[1] + j * g->spacing[1] - centre[1];
          double z = g->origin[2] + k * g->spacing[2] - centre[2], v = volume->data[oss_grid_offset (g, i, j, k)];
          if (x * x + y * y < radius * radius && fabs (z) < half_height)
            sum += v, sum2 += v * v, s.n++;
        }
  g_assert_cmpint (s.n, >, 0);
  s.mean = sum / s.n;
  s.sd = sqrt (fmax (sum2 / s.n - s.mean * s.mean, 0.0));
  return s;
}

/* Soft tissues read what their composition says: cupping of 1 - 2 HU, quantisation, noise of 15 HU over n / 20
 * independent pixels. */
static void
test_soft_tissue (void)
{
  const OssVirtualAnatomy *a = &shared.patient.anatomy;
  const OssVirtualVertebra *l1 = &a->vertebrae[3];
  const double *hu = shared.patient.spine.hu;
  double side_fat[3] = { a->torso_centre[0] - a->torso_radius[0] + 12.0, a->torso_centre[1], l1->centre[2] };
  double flank[3] = { a->torso_centre[0] - a->torso_radius[0] + 28.0, a->torso_centre[1], l1->centre[2] };
  double aorta[3] = { l1->centre[0] + 10.0, l1->centre[1] - l1->half_depth - 12.0, l1->centre[2] };
  double air[3] = { 0.0, a->torso_centre[1] - a->torso_radius[1] - 25.0, l1->centre[2] };

  g_assert_cmpfloat_with_epsilon (region (shared.smooth, side_fat, 5.0, 25.0).mean, hu[OSS_TISSUE_ADIPOSE], 3.0);
  g_assert_cmpfloat_with_epsilon (region (shared.smooth, flank, 3.0, 25.0).mean, hu[OSS_TISSUE_MUSCLE], 3.0);
  g_assert_cmpfloat_with_epsilon (region (shared.smooth, aorta, 5.0, 12.0).mean, hu[OSS_TISSUE_BLOOD], 3.0);
  g_assert_cmpfloat_with_epsilon (region (shared.smooth, air, 8.0, 25.0).mean, -1000.0, 3.0);
}

/* Mean HU over the elliptic cylinder that defines vBMD. */
static double
mean_in_centre (const OssVolume *volume)
{
  const OssVirtualVertebra *v = &shared.patient.anatomy.vertebrae[3];
  const OssGrid *g = &volume->grid;
  double sum = 0.0;
  int n = 0;
  for (int k = 0; k < g->size[2]; k++)
    for (int j = 0; j < g->size[1]; j++)
      for (int i = 0; i < g->size[0]; i++)
        {
          double index[3] = { i, j, k }, p[3], q[3];
          oss_grid_to_patient (g, index, p);
          oss_virtual_vertebra_local (v, p, q);
          if (oss_virtual_in_trabecular_centre (v, q))
            sum += volume->data[oss_grid_offset (g, i, j, k)], n++;
        }
  g_assert_cmpint (n, >, 500);
  return sum / n;
}

/* Least squares through the rods as measured, as QCT PRO: within 1 % of the true line; vBMD through it within 3. */
static void
test_phantom_line (void)
{
  const OssVirtualAnatomy *a = &shared.patient.anatomy;
  const OssVirtualBeam *beam = &shared.patient.spine;
  OssVolume *const kernels[] = { shared.smooth, shared.sharp };
  for (int k = 0; k < 2; k++)
    {
      double sx = 0, sy = 0, sxx = 0, sxy = 0, n = OSS_VIRTUAL_RODS;
      for (int i = 0; i < OSS_VIRTUAL_RODS; i++)
        {
          double centre[3] = { a->rod[i][0], a->rod[i][1], a->vertebrae[3].centre[2] };
          double hu = region (kernels[k], centre, 6.0, 25.0).mean;
          double x = oss_virtual_rod_k2hpo4[i], y = hu - oss_virtual_rod_water[i];
          g_assert_cmpfloat_with_epsilon (
              hu, oss_virtual_beam_rod_hu (&shared.patient.phantom, x, oss_virtual_rod_water[i]), 3.0);
          sx += x, sy += y, sxx += x * x, sxy += x * y;
        }
      double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx), beta = (sy - slope * sx) / n + 999.6;
      double sigma = slope - 0.2174;
      g_test_message ("line 1 / %.4f (true 1 / %.4f), intercept %.2f", sigma, beam->sigma, -beta / sigma);
      g_assert_cmpfloat_with_epsilon (sigma / beam->sigma, 1.0, 0.01);

      double vbmd = (mean_in_centre (kernels[k]) - beta) / sigma;
      g_test_message ("vBMD %.1f (true %.1f)", vbmd, shared.patient.truth.vbmd_mg_cm3);
      g_assert_cmpfloat_with_epsilon (vbmd, shared.patient.truth.vbmd_mg_cm3, 3.0);
    }
}

/* SD as stated in the liver-sized muscle, sharp over smooth as f50^1.5: 2.02; sampling folds the sharp kernel's noise
 * above 6.4 lp/cm back without loss. */
static void
test_noise (void)
{
  const OssVirtualAnatomy *a = &shared.patient.anatomy;
  double place[3] = { a->rod[2][0], a->rod[2][1], a->vertebrae[3].centre[2] };
  double deviation = 1.0 + shared.patient.truth.kernel_deviation;
  double stated = oss_virtual_noise_sd (&shared.patient, place[0], place[1]) * pow (deviation, 1.5);
  Stat smooth = region (shared.smooth, place, 6.5, 25.0), sharp = region (shared.sharp, place, 6.5, 25.0);
  g_test_message ("SD %.2f (stated %.2f), sharp %.2f, ratio %.3f", smooth.sd, stated, sharp.sd, sharp.sd / smooth.sd);
  g_assert_cmpfloat_with_epsilon (smooth.sd / stated, 1.0, 0.08);
  g_assert_cmpfloat_with_epsilon (sharp.sd / smooth.sd, 2.02, 0.12);
  /* More noise in the middle of the trunk than at its skin. */
  g_assert_cmpfloat (oss_virtual_noise_sd (&shared.patient, 0.0, a->torso_centre[1]), >,
                     1.2 * stated / pow (deviation, 1.5));
}

/* The cortical wall is sharper in the sharp kernel: largest HU along the row through L1's middle. */
static void
test_sharpness (void)
{
  const OssVirtualVertebra *v = &shared.patient.anatomy.vertebrae[3];
  OssVolume *const kernels[] = { shared.smooth, shared.sharp };
  double peak[2] = { 0.0, 0.0 };
  for (int k = 0; k < 2; k++)
    for (double s = -5.0; s <= 5.0; s += 1.0)
      {
        double best = -1000.0;
        for (double x = 0.8 * v->half_width; x < 1.2 * v->half_width; x += 0.2)
          {
            double q[3] = { x, 0.3 * v->half_depth, s }, p[3];
            oss_virtual_vertebra_patient (v, q, p);
            best = fmax (best, oss_volume_sample (kernels[k], p));
          }
        peak[k] += best / 11.0;
      }
  g_test_message ("wall: %.0f HU smooth, %.0f HU sharp", peak[0], peak[1]);
  g_assert_cmpfloat (peak[1], >, peak[0] + 50.0);
}

/* Whole numbers within the range of 12 bits, and no plane without signal. */
static void
test_quantised (void)
{
  const OssVolume *v = shared.sharp;
  double low, high;
  for (gsize i = 0; i < oss_grid_count (&v->grid); i += 7)
    g_assert_cmpfloat (v->data[i], ==, rintf (v->data[i]));
  oss_volume_range (v, &low, &high);
  g_assert_cmpfloat (low, >=, -1024.0);
  g_assert_cmpfloat (high, <=, 3071.0);
}

static OssVirtualOptions
small_options (guint64 seed)
{
  OssVirtualOptions o;
  oss_virtual_options_default (&o);
  o.seed = seed;
  o.level_low = o.level_high = 20;
  o.spacing_mm[0] = o.spacing_mm[1] = 1.6;
  o.spacing_mm[2] = 3.0;
  return o;
}

/* LPS: +x is the patient's left.  The marker is the only thing that shows when it is switched on, and it lies at +x. */
static void
test_marker_is_left (void)
{
  OssVirtualOptions o = small_options (4);
  g_autoptr (OssVolume) without = make_hu (&o, "B40f");
  o.marker = TRUE;
  g_autoptr (OssVolume) with = make_hu (&o, "B40f");
  double sum[3] = { 0 }, weight = 0.0;
  for (int k = 0; k < with->grid.size[2]; k++)
    for (int j = 0; j < with->grid.size[1]; j++)
      for (int i = 0; i < with->grid.size[0]; i++)
        {
          gsize at = oss_grid_offset (&with->grid, i, j, k);
          double index[3] = { i, j, k }, p[3], d = with->data[at] - without->data[at];
          oss_grid_to_patient (&with->grid, index, p);
          for (int c = 0; c < 3; c++)
            sum[c] += d * p[c];
          weight += d;
        }
  g_assert_cmpfloat (weight, >, 1e4);
  OssVirtualPatient patient;
  g_assert_true (oss_virtual_patient_init (&patient, &o, NULL));
  const OssVirtualVertebra *l1 = &patient.anatomy.vertebrae[3];
  double marker[3];
  oss_virtual_vertebra_patient (l1, l1->marker_centre, marker);
  g_assert_cmpfloat (sum[0] / weight, >, l1->centre[0] + 15.0);
  for (int c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (sum[c] / weight, marker[c], 1.0); /* part of the ball replaces bone */
  /* Liver on the right, spleen and descending colon on the left; processes behind the body. */
  g_assert_cmpfloat (patient.anatomy.organs[0].centre[0][0], <, -30.0);
  double behind[3] = { 0.0, -30.0, 0.0 }, left[3] = { 10.0, 0.0, 0.0 }, p[3];
  oss_virtual_vertebra_patient (&patient.anatomy.vertebrae[3], behind, p);
  g_assert_cmpfloat (p[1], >, patient.anatomy.vertebrae[3].centre[1] + 25.0);
  oss_virtual_vertebra_patient (&patient.anatomy.vertebrae[3], left, p);
  g_assert_cmpfloat (p[0], >, patient.anatomy.vertebrae[3].centre[0] + 9.0);
  oss_virtual_patient_clear (&patient);
}

/* The same bits twice and with another number of threads; other bits from another seed. */
static void
test_deterministic (void)
{
  OssVirtualOptions o = small_options (9), other = small_options (10);
  o.fov_mm = other.fov_mm = 160.0; /* more slices than a chunk, two raw noise pairs and more */
  o.spacing_mm[2] = other.spacing_mm[2] = 2.0;
  g_autoptr (OssVolume) a = make_hu (&o, "B70f");
  oss_parallel_set_threads (1);
  g_autoptr (OssVolume) b = make_hu (&o, "B70f");
  oss_parallel_set_threads (3);
  g_autoptr (OssVolume) c = make_hu (&o, "B70f");
  oss_parallel_set_threads (0);
  g_autoptr (OssVolume) d = make_hu (&other, "B70f");
  gsize bytes = oss_grid_count (&a->grid) * sizeof (float);
  g_assert_cmpmem (a->data, bytes, b->data, bytes);
  g_assert_cmpmem (a->data, bytes, c->data, bytes);
  gsize same = MIN (bytes, oss_grid_count (&d->grid) * sizeof (float));
  g_assert_cmpint (memcmp (a->data, d->data, same), !=, 0);
}

static void
test_without_phantom (void)
{
  OssVirtualOptions o = small_options (4);
  OssVirtualPatient patient;
  o.phantom = FALSE;
  g_autoptr (OssVolume) hu = make_hu (&o, "B40f");
  g_assert_true (oss_virtual_patient_init (&patient, &o, NULL));
  for (int i = 0; i < OSS_VIRTUAL_RODS; i++)
    {
      double place[3] = { patient.anatomy.rod[i][0], patient.anatomy.rod[i][1],
                          patient.anatomy.vertebrae[3].centre[2] };
      g_assert_cmpfloat (region (hu, place, 8.0, 20.0).mean, <, -600.0);
    }
  oss_virtual_patient_clear (&patient);
}

/* Contrast in blood alone. */
static void
test_contrast (void)
{
  OssVirtualOptions o = small_options (4);
  g_autoptr (OssVolume) plain = make_hu (&o, "B40f");
  o.contrast_hu = 150.0;
  g_autoptr (OssVolume) enhanced = make_hu (&o, "B40f");
  OssVirtualPatient patient;
  g_assert_true (oss_virtual_patient_init (&patient, &o, NULL));
  const OssVirtualVertebra *l1 = &patient.anatomy.vertebrae[3];
  double aorta[3] = { l1->centre[0] + 10.0, l1->centre[1] - l1->half_depth - 12.0, l1->centre[2] };
  g_assert_cmpfloat_with_epsilon (region (enhanced, aorta, 4.0, 12.0).mean - region (plain, aorta, 4.0, 12.0).mean,
                                  150.0, 3.0);
  g_assert_cmpfloat_with_epsilon (region (enhanced, l1->centre, 6.0, 8.0).mean,
                                  region (plain, l1->centre, 6.0, 8.0).mean, 0.5);
  oss_virtual_patient_clear (&patient);
}

typedef struct
{
  int stop;
  gint64 asked;
} Stop;

static void
stop_soon (double fraction, const char *what, void *data)
{
  Stop *self = data;
  if (fraction > 0.2 && self->asked == 0)
    {
      self->asked = g_get_monotonic_time ();
      g_atomic_int_set (&self->stop, 1);
    }
}

/* Cancelling is answered within 200 ms. */
static void
test_cancel (void)
{
  OssVirtualOptions o;
  OssVolume *hu = NULL;
  Stop stop = { 0 };
  OssTick tick = oss_tick_make (stop_soon, &stop, &stop.stop);
  g_autoptr (GError) error = NULL;
  oss_virtual_options_default (&o); /* the largest slices there are */
  o.level_low = o.level_high = 20;
  g_assert_false (oss_virtual_make (&o, "B70f", &hu, NULL, NULL, NULL, NULL, &tick, &error));
  double took = (g_get_monotonic_time () - stop.asked) * 1e-6;
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_assert_null (hu);
  g_test_message ("cancelled in %.3f s", took);
  g_assert_cmpfloat (took, <, 0.2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  oss_virtual_options_default (&shared.options);
  shared.options.seed = 21;
  shared.options.level_low = shared.options.level_high = 20;
  shared.options.spacing_mm[2] = 1.5;
  if (!oss_virtual_patient_init (&shared.patient, &shared.options, NULL))
    g_error ("no patient");
  shared.smooth = make_hu (&shared.options, "B40f");
  shared.sharp = make_hu (&shared.options, "B70f");
  g_test_add_func ("/virtual/scan/soft-tissue", test_soft_tissue);
  g_test_add_func ("/virtual/scan/phantom-line", test_phantom_line);
  g_test_add_func ("/virtual/scan/noise", test_noise);
  g_test_add_func ("/virtual/scan/sharpness", test_sharpness);
  g_test_add_func ("/virtual/scan/quantised", test_quantised);
  g_test_add_func ("/virtual/scan/marker-is-left", test_marker_is_left);
  g_test_add_func ("/virtual/scan/deterministic", test_deterministic);
  g_test_add_func ("/virtual/scan/without-phantom", test_without_phantom);
  g_test_add_func ("/virtual/scan/contrast", test_contrast);
  g_test_add_func ("/virtual/scan/cancel", test_cancel);
  int status = g_test_run ();
  oss_volume_unref (shared.smooth), oss_volume_unref (shared.sharp);
  oss_virtual_patient_clear (&shared.patient);
  return status;
}
