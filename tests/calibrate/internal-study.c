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

/* What is compared: the default, energy by the tissues alone, and Michalski's model. */
#define VARIANTS 3
static const char *const variant_names[VARIANTS] = { "k2hpo4-water", "free energy", "michalski2020" };

static OssInternalOptions
variant (int v)
{
  return (OssInternalOptions){ .model = v == 2 ? OSS_INTERNAL_MICHALSKI : OSS_INTERNAL_OWN,
                               .kvp = 120.0,
                               .free_energy = v == 1 };
}

static OssVirtualOptions
patient_options (guint64 seed, int nth, int of, double dz)
{
  OssVirtualOptions options;

  oss_virtual_options_default (&options);
  options.seed = seed;
  options.phantom = FALSE;
  options.level_low = options.level_high = L1;
  options.size = "SML"[nth % 3];
  options.vbmd_mg_cm3 = 40.0 + 160.0 * nth / MAX (1, of - 1);
  options.spacing_mm[2] = dz;
  return options;
}

static gboolean
study_one (const OssVirtualOptions *options, const char *kernel, Errors errors[VARIANTS], GError **error)
{
  OssVirtualTruth truth;
  g_autoptr (OssVolume) hu = NULL;
  g_autoptr (OssLabels) labels = NULL;
  OssVbmd vbmd;

  if (!oss_virtual_make (options, kernel, &hu, &labels, NULL, NULL, &truth, NULL, error))
    return FALSE;
  for (int v = 0; v < VARIANTS; v++)
    {
      OssInternalOptions how = variant (v);
      gint64 start = g_get_monotonic_time ();
      g_autoptr (OssInternalFit) fit = oss_internal_calibrate (hu, &how, NULL, error);
      double seconds = 1e-6 * (double) (g_get_monotonic_time () - start);
      if (fit == NULL || (v == 0 && !read_vbmd (hu, labels, &fit->line, &vbmd, error)))
        return FALSE;
      double read = fit->quadratic[0] + vbmd.mean_hu * (fit->quadratic[1] + vbmd.mean_hu * fit->quadratic[2]);
      double ideal = truth.true_slope * vbmd.mean_hu + truth.true_intercept;
      double e = 100.0 * (read / truth.vbmd_mg_cm3 - 1.0), l = 100.0 * (read - ideal) / truth.vbmd_mg_cm3;
      printf ("%3" G_GUINT64_FORMAT
              " %c %s %-13s true %6.1f read %6.1f (%+6.2f %%), of the line %+6.2f %%, E %.2f for %.2f, "
              "%.2f s\n",
              options->seed, options->size, kernel, variant_names[v], truth.vbmd_mg_cm3, read, e, l, fit->energy_kev,
              truth.effective_energy_kev, seconds);
      if (v == 0)
        print_fit (fit);
      errors[v].n++, errors[v].sum += e, errors[v].squares += e * e, errors[v].line_sum += l;
      errors[v].line_squares += l * l;
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  guint64 first = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : 501;
  guint64 last = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 540;
  Errors errors[VARIANTS] = { 0 };

  for (guint64 seed = first; seed <= last; seed++)
    {
      g_autoptr (GError) error = NULL;
      OssVirtualOptions options =
          patient_options (seed, (int) (seed - first), (int) (last - first + 1), argc > 4 ? atof (argv[4]) : 1.0);
      if (!study_one (&options, argc > 3 ? argv[3] : "B40f", errors, &error))
        printf ("%3" G_GUINT64_FORMAT " failed: %s\n", seed, error->message);
      fflush (stdout);
    }
  for (int v = 0; v < VARIANTS && errors[v].n > 0; v++)
    printf ("%s, n %d: bias %+.2f %%, RMS %.2f %%; of the line alone %+.2f %%, %.2f %%\n", variant_names[v],
            errors[v].n, errors[v].sum / errors[v].n, sqrt (errors[v].squares / errors[v].n),
            errors[v].line_sum / errors[v].n, sqrt (errors[v].line_squares / errors[v].n));
  return errors[0].n == 0;
}
