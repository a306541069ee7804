/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internal calibration on virtual patients without a phantom: internal-study FIRST LAST [KERNEL [SPACING_Z]].
 *
 * Prints tissues, line and vBMD error of each seed, sizes S, M, L in turn and vBMD from 40 to 200 mg/cm3, then bias and
 * root mean square relative to the truth. */
#include "calibrate/oss-internal.h"
#include "calibrate/oss-vbmd.h"
#include "segment/oss-segment.h"
#include "virtual/oss-virtual.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define L1 20

typedef struct
{
  int n;
  double sum, squares, line_sum, line_squares;
} Errors;

static gboolean
read_vbmd (const OssVolume *hu, const OssLabels *labels, const OssCalibrationLine *line, OssVbmd *vbmd, GError **error)
{
  g_autoptr (OssLabels) one = oss_labels_select (labels, L1, error);
  OssVertebraFrame frame;

  return one != NULL && oss_segment_frame (one, &frame, NULL, error)
         && oss_vbmd_measure (hu, one, &frame, line, vbmd, error);
}

static void
print_fit (const OssInternalFit *fit)
{
  printf ("  E %.2f +- %.2f keV, shift %+.2f +- %.2f HU, chi2 %.2f, line %.5f %+.3f +- %.2f, metal %.2f\n",
          fit->energy_kev, fit->energy_sd_kev, fit->shift_hu, fit->shift_sd_hu, fit->chi2, fit->line.slope,
          fit->line.intercept, fit->line.uncertainty_mg_cm3, fit->tissues->metal_cm3);
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const OssOwnRegion *r = &fit->tissues->of[t];
      printf ("  %-7s %s n %8zu %8.1f cm3 mean %8.2f sd %6.1f se %5.2f expected %8.2f at %.0f %.0f %.0f %s\n",
              oss_own_tissue_key ((OssOwnTissue) t), r->used ? "+" : "-", r->voxels, r->volume_mm3 / 1000.0, r->mean_hu,
              r->sd_hu, r->standard_error_hu, fit->points[t].expected_hu, r->centre_mm[0], r->centre_mm[1],
              r->centre_mm[2], r->note);
    }
}

static gboolean
study_one (guint64 seed, int nth, int of, const char *kernel, double dz, OssInternalModel model, Errors *errors,
           GError **error)
{
  OssVirtualOptions options;
  OssVirtualTruth truth;
  g_autoptr (OssVolume) hu = NULL;
  g_autoptr (OssLabels) labels = NULL;
  OssVbmd vbmd;
  OssInternalOptions how = { .model = model, .kvp = 120.0, .free_energy = g_getenv ("FREE_ENERGY") != NULL };

  oss_virtual_options_default (&options);
  options.seed = seed;
  options.phantom = FALSE;
  options.level_low = options.level_high = L1;
  options.size = "SML"[nth % 3];
  options.vbmd_mg_cm3 = 40.0 + 160.0 * nth / MAX (1, of - 1);
  options.spacing_mm[2] = dz;
  if (!oss_virtual_make (&options, kernel, &hu, &labels, NULL, NULL, &truth, NULL, error))
    return FALSE;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (OssInternalFit) fit = oss_internal_calibrate (hu, &how, NULL, error);
  double seconds = 1e-6 * (double) (g_get_monotonic_time () - start);
  if (fit == NULL || !read_vbmd (hu, labels, &fit->line, &vbmd, error))
    return FALSE;
  double read = fit->line.slope * vbmd.mean_hu + fit->line.intercept;
  double ideal = truth.true_slope * vbmd.mean_hu + truth.true_intercept;
  double e = 100.0 * (read / truth.vbmd_mg_cm3 - 1.0), l = 100.0 * (read - ideal) / truth.vbmd_mg_cm3;
  printf ("%3" G_GUINT64_FORMAT
          " %c %s true %6.1f read %6.1f (%+5.2f %%), by the true line %6.1f (%+5.2f %%), E %.2f, %.2f s\n",
          seed, options.size, kernel, truth.vbmd_mg_cm3, read, e, ideal, l, truth.effective_energy_kev, seconds);
  print_fit (fit);
  errors->n++, errors->sum += e, errors->squares += e * e, errors->line_sum += l, errors->line_squares += l * l;
  if (g_getenv ("PICTURES") != NULL)
    {
      g_autofree char *path = g_strdup_printf ("%s/%d-%s.ppm", g_getenv ("PICTURES"), (int) seed, kernel);
      g_autoptr (OssPicture) picture = oss_own_tissues_picture (fit->tissues, hu);
      FILE *file = fopen (path, "wb");
      fprintf (file, "P6 %d %d 255\n", picture->width, picture->height);
      for (int i = 0; i < picture->width * picture->height; i++)
        fwrite (picture->rgba + 4 * i, 1, 3, file);
      fclose (file);
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  guint64 first = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : 501;
  guint64 last = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 540;
  OssInternalModel model = g_getenv ("MICHALSKI") != NULL ? OSS_INTERNAL_MICHALSKI : OSS_INTERNAL_OWN;
  Errors errors = { 0 };

  for (guint64 seed = first; seed <= last; seed++)
    {
      g_autoptr (GError) error = NULL;
      if (!study_one (seed, (int) (seed - first), (int) (last - first + 1), argc > 3 ? argv[3] : "B40f",
                      argc > 4 ? atof (argv[4]) : 1.0, model, &errors, &error))
        printf ("%3" G_GUINT64_FORMAT " failed: %s\n", seed, error->message);
      fflush (stdout);
    }
  if (errors.n > 0)
    printf ("n %d: bias %+.2f %%, RMS %.2f %%; of the line alone %+.2f %%, %.2f %%\n", errors.n, errors.sum / errors.n,
            sqrt (errors.squares / errors.n), errors.line_sum / errors.n, sqrt (errors.line_squares / errors.n));
  return errors.n == 0;
}
