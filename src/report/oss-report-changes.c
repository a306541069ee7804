/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "What would change this reading": at most four lines, worst first. */
#include "base/oss-i18n.h"
#include "report/oss-report-data.h"
#include "report/oss-report-format.h"

#include <math.h>

#define MOST_CHANGES 4

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

/* Takes both strings. */
static void
add (OssReportData *self, OssChangeKind kind, char *statement, char *meaning)
{
  const OssReportChange change = { kind, statement, meaning };

  g_array_append_val (self->changes, change);
}

static const char *
class_word_beyond (const OssReportData *self)
{
  const double vbmd = self->vbmd.mean_mg_cm3;
  const gboolean near_low = fabs (vbmd - OSS_REPORT_OSTEOPOROSIS_MG_CM3) < fabs (vbmd - OSS_REPORT_NORMAL_MG_CM3);

  if (near_low)
    return vbmd < OSS_REPORT_OSTEOPOROSIS_MG_CM3 ? _ ("low range") : _ ("osteoporosis range");
  return vbmd > OSS_REPORT_NORMAL_MG_CM3 ? _ ("low range") : _ ("normal range");
}

static void
add_distance (OssReportData *self)
{
  const double vbmd = self->vbmd.mean_mg_cm3, spread = self->vbmd_uncertainty_mg_cm3;
  const double limit = fabs (vbmd - OSS_REPORT_OSTEOPOROSIS_MG_CM3) < fabs (vbmd - OSS_REPORT_NORMAL_MG_CM3)
                           ? OSS_REPORT_OSTEOPOROSIS_MG_CM3
                           : OSS_REPORT_NORMAL_MG_CM3;
  g_autofree char *distance = oss_format_number (self->class.margin_mg_cm3, 0);
  g_autofree char *known = oss_format_spread (spread);
  g_autofree char *at = oss_format_number (limit, 0);

  if (!isfinite (self->class.margin_mg_cm3))
    return;
  /* Translators: distance and ± in mg/cm³, e.g. "Density is 2 mg/cm³ from the limit and known to ± 3." */
  add (self, self->class.borderline ? OSS_CHANGE_WARNING : OSS_CHANGE_NOTE,
       isfinite (spread)
           ? g_strdup_printf (_ ("Density is %s mg/cm³ from the limit and known to ± %s."), distance, known)
           : g_strdup_printf (_ ("Density is %s mg/cm³ from the limit; its ± is not known."), distance),
       g_strdup_printf (_ ("Beyond %s mg/cm³ the class would be: %s."), at, class_word_beyond (self)));
}

static void
add_calibration (OssReportData *self)
{
  if (!self->has_calibration)
    return;
  if (self->has_fit)
    {
      g_autofree char *r2 = oss_format_number (self->line.r2, 4);
      int used = 0;

      for (int i = 0; i < self->fit.n_rods; i++)
        used += self->fit.rods[i].used;
      add (self, self->fit.warnings ? OSS_CHANGE_WARNING : OSS_CHANGE_NOTE, g_strdup (_ ("Phantom in the scan.")),
           g_strdup_printf (_ ("Fit R² %s, %d of %d rods."), r2, used, self->fit.n_rods));
    }
  else if (self->quality_date != NULL)
    add (self, OSS_CHANGE_NOTE,
         g_strdup_printf (_ ("Asynchronous calibration: quality scan of %s."), self->quality_date),
         g_strdup (_ ("The phantom lay there without the patient: a body may shift the line by a few percent.")));
  else if (self->has_internal)
    add (self, OSS_CHANGE_WARNING, g_strdup (_ ("Calibrated by the patient’s own tissues, without a phantom.")),
         self->internal.contrast ? g_strdup (_ ("Contrast agent is in the vessels: density reads too high."))
                                 : g_strdup (_ ("Persons differ: the density’s ± says by how much.")));
  else if (g_strcmp0 (self->line.method, "density") == 0)
    add (self, OSS_CHANGE_WARNING, g_strdup (_ ("The image held density already.")),
         g_strdup (_ ("Its calibration cannot be checked here.")));
  else
    add (self, OSS_CHANGE_WARNING, g_strdup (_ ("The calibration line was given, not measured in this scan.")),
         g_strdup_printf (_ ("Source: %s. Scanner drift and patient size are not corrected."), self->line.source));
}

static void
add_scan (OssReportData *self)
{
  g_autofree char *volts = oss_format_quantity (self->kvp, 0, "kVp");

  if (!self->has_series)
    {
      add (self, OSS_CHANGE_WARNING, g_strdup (_ ("Scanner, kernel and contrast are not known.")),
           g_strdup (_ ("The image came without DICOM headers.")));
      return;
    }
  if (has_text (self->contrast))
    add (self, OSS_CHANGE_WARNING, g_strdup_printf (_ ("Contrast agent: %s."), self->contrast),
         g_strdup (_ ("It raises the density that is read.")));
  if (self->correction != NULL && self->correction->done)
    {
      const OssKernelCorrection *plan = &self->correction->plan;
      add (
          self, OSS_CHANGE_NOTE,
          g_strdup_printf (_ ("Kernel corrected from %s to %s."), plan->from.name, plan->to.name),
          plan->from.status == OSS_KERNEL_MEASURED && plan->to.status == OSS_KERNEL_MEASURED
              ? g_strdup (_ ("Both transfer functions were measured."))
              : g_strdup (_ ("The transfer functions come from a table; measure the kernel on a phantom to be sure.")));
    }
  else if (!has_text (self->kernel))
    add (self, OSS_CHANGE_WARNING, g_strdup (_ ("The image does not name its kernel.")),
         g_strdup (_ ("Sharp kernels read higher; no correction was made.")));
  else
    add (self, OSS_CHANGE_NOTE,
         self->kvp > 0.0 ? g_strdup_printf (_ ("Kernel %s, %s."), self->kernel, volts)
                         : g_strdup_printf (_ ("Kernel %s."), self->kernel),
         g_strdup (_ ("Another kernel or voltage reads differently; no correction was made.")));
}

static int
by_kind (gconstpointer a, gconstpointer b)
{
  return (int) ((const OssReportChange *) a)->kind - (int) ((const OssReportChange *) b)->kind;
}

/* The worst that can be wrong comes first. */
static void
add_orientation (OssReportData *self)
{
  if (self->has_segment && self->frame.anterior[1] > 0.0)
    add (self, OSS_CHANGE_WARNING, g_strdup (_ ("The vertebra faces backwards in this image.")),
         g_strdup (_ ("Its orientation is wrong, so left and right cannot be trusted.")));
}

void
oss_report_data_finish (OssReportData *self)
{
  g_array_set_size (self->changes, 0);
  add_orientation (self);
  add_distance (self);
  if (self->simulated && self->modulus.outside_range_percent > 20.0)
    {
      g_autofree char *share = oss_format_number (self->modulus.outside_range_percent, 0);

      add (self, OSS_CHANGE_WARNING,
           g_strdup_printf (_ ("%s %% of the elements lie outside the modulus law’s range."), share),
           g_strdup (_ ("Strength and stress there are extrapolated.")));
    }
  add_calibration (self);
  add_scan (self);
  if (g_strcmp0 (self->class.density_class, "none") != 0)
    add (self, OSS_CHANGE_NOTE, g_strdup (_ ("The limits were set with other programs.")),
         g_strdup (_ ("Density bands of the American College of Radiology for the mean of two lumbar bodies.")));
  g_array_sort (self->changes, by_kind);
  if (self->changes->len > MOST_CHANGES)
    g_array_set_size (self->changes, MOST_CHANGES);

  g_clear_pointer (&self->result_hash, g_free);
  g_autofree char *json = oss_report_data_json (self, FALSE);
  self->result_hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, json, -1);
}
