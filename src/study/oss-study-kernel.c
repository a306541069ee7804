/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Correction for the reconstruction kernel: which kernels, by the headers; the new image, and a series of it. */
#include "study/oss-study-kernel.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-writer.h"

#include <math.h>
#include <string.h>

/* Modulation left at the pixels' highest frequency, above which aliasing is told of: B70f at pixels of 0.78 mm has 0.39
 * and 15 % of its difference to B40f stays, at 1.2 mm 0.70 and 41 % (in silico). */
#define COARSE_ABOVE 0.5

void
oss_kernel_sight_clear (OssKernelSight *self)
{
  g_clear_pointer (&self->why_not, g_free);
  self->measured = FALSE;
}

void
oss_kernel_corrected_free (OssKernelCorrected *self)
{
  if (self == NULL)
    return;
  oss_kernel_sight_clear (&self->sights[0]);
  oss_kernel_sight_clear (&self->sights[1]);
  g_free (self->words);
  g_free (self);
}

/* ---- which kernels ---- */

const char *
oss_kernel_mtf_key (const char *mtf)
{
  return mtf == NULL || g_str_equal (mtf, "auto") ? "auto"
         : g_str_equal (mtf, "measured")          ? "measured"
         : g_str_equal (mtf, "table")             ? "table"
                                                  : "file";
}

gboolean
oss_kernel_mtf_is_file (const char *mtf)
{
  return g_str_equal (oss_kernel_mtf_key (mtf), "file");
}

static gboolean
is_measured_only (const OssKernelWish *wish)
{
  return g_str_equal (oss_kernel_mtf_key (wish->mtf), "measured");
}

/* The scan may be looked at: neither the tables alone nor a file are wanted. */
static gboolean
is_open (const OssKernelWish *wish)
{
  return is_measured_only (wish) || g_str_equal (oss_kernel_mtf_key (wish->mtf), "auto");
}

static gboolean
find_source (const OssSeries *series, const OssKernelWish *wish, OssKernel *kernel, GError **error)
{
  const char *header = series != NULL ? series->kernel : "";
  const char *name = wish->from != NULL ? wish->from : header;

  if (oss_kernel_mtf_is_file (wish->mtf))
    {
      OssKernel named;
      if (!oss_kernel_read_mtf (wish->mtf, kernel, error))
        return FALSE;
      oss_kernel_find (series != NULL ? series->manufacturer : NULL, series != NULL ? series->model : NULL, name,
                       &named);
      if (named.name[0] != '\0')
        g_strlcpy (kernel->name, named.name, sizeof kernel->name);
      return TRUE;
    }
  return oss_kernel_need (series != NULL ? series->manufacturer : NULL, series != NULL ? series->model : NULL, name,
                          kernel, error);
}

/* @unknown: (out) (nullable): what was to be said about a source without a transfer function, which is no error then */
static gboolean
plan_by_table (const OssSeries *series, const OssKernelWish *wish, OssKernelCorrection *plan, GError **unknown,
               GError **error)
{
  g_autoptr (GError) failure = NULL;

  memset (plan, 0, sizeof *plan);
  if (series != NULL && series->reformatted)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                           _ ("The slices were computed from others, in a plane that no CT acquires: a kernel acts in "
                              "the plane of the acquired slices. Correct those."));
      return FALSE;
    }
  if (series != NULL)
    plan->from_thickness_mm = series->slice_thickness_mm;
  plan->to_thickness_mm = wish->thickness_mm;
  if (!find_source (series, wish, &plan->from, &failure))
    {
      gboolean named = g_error_matches (failure, OSS_ERROR, OSS_ERROR_REFUSED) && plan->from.name[0] != '\0';
      g_propagate_error (named && unknown != NULL ? unknown : error, g_steal_pointer (&failure));
      if (!named || unknown == NULL)
        return FALSE;
      plan->from.status = OSS_KERNEL_NO_MTF;
    }
  const char *maker = series != NULL ? series->manufacturer : plan->from.maker;
  return oss_kernel_need (maker, series != NULL ? series->model : plan->from.model, wish->to, &plan->to, error);
}

gboolean
oss_kernel_plan (const OssSeries *series, const OssKernelWish *wish, OssKernelCorrection *plan, GError **error)
{
  return plan_by_table (series, wish, plan, NULL, error);
}

gboolean
oss_kernel_wants_sight (const OssSeries *series, const OssKernelWish *wish)
{
  OssKernelCorrection plan;
  g_autoptr (GError) unknown = NULL;

  return wish->to != NULL && is_open (wish) && plan_by_table (series, wish, &plan, &unknown, NULL)
         && (unknown != NULL || g_ascii_strcasecmp (plan.from.name, plan.to.name) != 0)
         && !oss_kernel_correction_is_none (&plan);
}

/* ---- in words ---- */

/* "measured (a rod ...)": where a transfer function comes from. */
static char *
origin (const OssKernel *kernel)
{
  return g_strdup_printf ("%s: %s", oss_kernel_status_word (kernel->status),
                          kernel->source[0] != '\0' ? kernel->source : "–");
}

/* What the scan itself showed, and how far the table is known. */
static void
describe_sight (const OssKernelCorrected *self, GString *text)
{
  const OssKernelSight *sight = &self->sights[0];
  const OssKernelRods *rods = &sight->rods;
  const OssKernel *table = &self->table[0];

  if (sight->measured && table->status == OSS_KERNEL_NO_MTF)
    g_string_append_printf (text,
                            OSS_NGETTEXT (" MTF measured on %d rod of the phantom in this scan: 50 %% at %.2f ± %.2f "
                                          "lp/cm; no table knows it.",
                                          " MTF measured on %d rods of the phantom in this scan: 50 %% at %.2f ± %.2f "
                                          "lp/cm; no table knows it.",
                                          rods->n_rods),
                            rods->n_rods, rods->half_lp_cm, rods->half_error_lp_cm);
  else if (sight->measured)
    g_string_append_printf (text,
                            OSS_NGETTEXT (" MTF measured on %d rod of the phantom in this scan: 50 %% at %.2f ± %.2f "
                                          "lp/cm; the table says %.2f and has a weight of %.0f %%.",
                                          " MTF measured on %d rods of the phantom in this scan: 50 %% at %.2f ± %.2f "
                                          "lp/cm; the table says %.2f and has a weight of %.0f %%.",
                                          rods->n_rods),
                            rods->n_rods, rods->half_lp_cm, rods->half_error_lp_cm, oss_kernel_half (table),
                            100.0 * (1.0 - self->belief.weight[0]));
  else if (sight->why_not != NULL)
    g_string_append_printf (text,
                            _ (" The MTF was not measured in this scan (%s): the table’s is known to ± %.0f %% only."),
                            sight->why_not, 100.0 * self->belief.error[0]);
}

static void
describe_target (const OssKernelCorrected *self, GString *text)
{
  const OssKernelRods *rods = &self->sights[1].rods;

  if (self->belief.conflict)
    g_string_append (text, _ (" That is further from the table than both allow: is the header’s kernel right?"));
  if (self->sights[1].measured)
    g_string_append_printf (text, _ (" Kernel %s, in its own images of this scan: 50 %% at %.2f ± %.2f lp/cm."),
                            self->plan.to.name, rods->half_lp_cm, rods->half_error_lp_cm);
  else if (fabs (self->belief.carried - 1.0) >= 0.002)
    g_string_append_printf (
        text,
        _ (" Part of what this scanner differs from the table was taken for kernel %s too: %.2f instead of %.2f lp/cm, "
           "known to ± %.0f %%."),
        self->plan.to.name, oss_kernel_half (&self->plan.to), oss_kernel_half (&self->table[1]),
        100.0 * self->belief.error[1]);
}

static char *
describe (const OssKernelCorrected *self)
{
  const OssKernelCorrection *plan = &self->plan;
  g_autofree char *from = origin (&plan->from), *to = origin (&plan->to);
  g_autoptr (GString) text = g_string_new (NULL);

  if (!self->done)
    return g_strdup_printf (_ ("The kernel is %s as wanted: nothing was corrected."), plan->to.name);
  g_string_append_printf (text, _ ("Corrected from kernel %s (%s) to %s (%s)."), plan->from.name, from, plan->to.name,
                          to);
  if (self->believed)
    {
      describe_sight (self, text);
      describe_target (self, text);
    }
  if (plan->to_thickness_mm > plan->from_thickness_mm)
    g_string_append_printf (text, _ (" Slices averaged from %.2f to %.2f mm."), plan->from_thickness_mm,
                            plan->to_thickness_mm);
  if (isfinite (self->report.held_back_lp_cm))
    g_string_append_printf (text, _ (" Above %.1f lp/cm the image’s noise allows less than half of the sharpening."),
                            self->report.held_back_lp_cm);
  if (self->report.modulation_beyond > COARSE_ABOVE)
    g_string_append_printf (text,
                            _ (" The pixels are coarse for kernel %s (%.2f of the modulation is left at their limit of "
                               "%.1f lp/cm): details that fold back cannot be filtered out."),
                            plan->from.name, self->report.modulation_beyond, self->report.nyquist_lp_cm);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* ---- the new image ---- */

/* Where a measured transfer function comes from, in the record's plain English. */
static void
name_source (OssKernel *kernel, const OssKernelSight *sight)
{
  if (sight->measured && kernel->status == OSS_KERNEL_MEASURED)
    g_snprintf (kernel->source, sizeof kernel->source, "edges of %d rods of the %.50s phantom in the scan itself",
                sight->rods.n_rods, sight->rods.phantom);
}

/* Both transfer functions by all that is known.  REFUSED when that is not enough. */
static gboolean
believe (OssKernelCorrected *self, const OssKernelWish *wish, GError **unknown, GError **error)
{
  const OssKernelSight *sights = self->sights;

  if (oss_kernel_correction_is_none (&self->plan))
    return TRUE;
  self->table[0] = self->plan.from, self->table[1] = self->plan.to;
  if (*unknown != NULL && !sights[0].measured)
    {
      g_propagate_error (error, g_steal_pointer (unknown));
      if (sights[0].why_not != NULL)
        g_prefix_error (error, _ ("The image does not show its own MTF (%s). "), sights[0].why_not);
      return FALSE;
    }
  if (is_measured_only (wish) && !sights[0].measured)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The MTF cannot be measured in this scan (%s). Take the table’s (--mtf table), or --mtf auto."),
                   sights[0].why_not != NULL ? sights[0].why_not : "–");
      return FALSE;
    }
  self->believed = TRUE;
  oss_kernel_weigh (&self->plan, sights[0].measured ? &sights[0].rods : NULL,
                    sights[1].measured ? &sights[1].rods : NULL, is_measured_only (wish), &self->belief);
  name_source (&self->plan.from, &sights[0]);
  name_source (&self->plan.to, &sights[1]);
  return TRUE;
}

OssVolume *
oss_kernel_apply (OssVolume *volume, const OssSeries *series, const OssKernelWish *wish, OssKernelSight *sights,
                  OssKernelCorrected **corrected, const OssTick *tick, GError **error)
{
  g_autoptr (OssKernelCorrected) self = g_new0 (OssKernelCorrected, 1);
  g_autoptr (GError) unknown = NULL;
  OssVolume *result;

  *corrected = NULL;
  for (int i = 0; i < 2 && sights != NULL; i++)
    {
      self->sights[i] = sights[i];
      sights[i] = (OssKernelSight){ 0 };
    }
  if (!plan_by_table (series, wish, &self->plan, is_open (wish) ? &unknown : NULL, error)
      || (is_open (wish) && !believe (self, wish, &unknown, error)))
    return NULL;
  self->done = !oss_kernel_correction_is_none (&self->plan);
  result = self->done ? oss_kernel_correct (volume, &self->plan, &self->report, tick, error) : oss_volume_ref (volume);
  if (result == NULL)
    return NULL;
  self->words = describe (self);
  *corrected = g_steal_pointer (&self);
  return result;
}

/* The same series corrected the same way is the same series. */
static guint64
fingerprint (const OssSeries *series, const OssKernelCorrection *plan)
{
  g_autofree char *text = g_strdup_printf (
      "%s#%s kernel %s %.9g %.9g %.9g %.9g to %s %.9g %.9g %.9g %.9g, %.9g mm", series->series_uid, series->part,
      plan->from.name, plan->from.f50, plan->from.exponent, plan->from.overshoot, plan->from.peak, plan->to.name,
      plan->to.f50, plan->to.exponent, plan->to.overshoot, plan->to.peak, plan->to_thickness_mm);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;
  guint64 mark;

  g_checksum_update (checksum, (const guchar *) text, -1);
  g_checksum_get_digest (checksum, digest, &length);
  memcpy (&mark, digest, sizeof mark);
  return GUINT64_FROM_LE (mark);
}

static const char *
or_null (const char *text)
{
  return text != NULL && text[0] != '\0' ? text : NULL;
}

gboolean
oss_kernel_write_series (const char *folder, const OssSeries *series, const OssVolume *volume,
                         const OssKernelCorrected *corrected, const OssTick *tick, GError **error)
{
  const OssKernelCorrection *plan = &corrected->plan;
  g_autofree char *uid = oss_dicom_uid (fingerprint (series, plan), 1);
  g_autofree char *frame = or_null (series->frame_uid) != NULL ? g_strdup (series->frame_uid)
                                                               : oss_dicom_uid (fingerprint (series, plan), 2);
  g_autofree char *about = g_strdup_printf ("%.40s corrected to %.14s", series->series_description, plan->to.name);
  g_autofree char *derivation =
      g_strdup_printf ("Ossature %s: reconstruction kernel corrected from %s to %s by the ratio of modulation transfer "
                       "functions; in plane f50 %.3g to %.3g lp/cm (%s; %s)",
                       OSS_VERSION, plan->from.name, plan->to.name, plan->from.f50, plan->to.f50,
                       oss_kernel_status_name (plan->from.status), oss_kernel_status_name (plan->to.status));
  const OssCtHeader header = {
    .patient_name = series->patient_name,
    .patient_id = series->patient_id,
    .patient_birth_date = series->patient_birth_date,
    .patient_sex = series->patient_sex,
    .patient_age = or_null (series->patient_age),
    .study_uid = series->study_uid,
    .series_uid = uid,
    .frame_uid = frame,
    .study_date = series->study_date,
    .study_time = series->study_time,
    .study_id = series->study_id,
    .study_description = or_null (series->study_description),
    .series_description = about,
    .accession_number = series->accession_number,
    .series_number = series->series_number + 7000,
    .manufacturer = series->manufacturer,
    .model = or_null (series->model),
    .station = or_null (series->station),
    .software = OSS_VERSION,
    .kernel = plan->to.name,
    .contrast_agent = or_null (series->contrast),
    .patient_position = or_null (series->patient_position),
    .kvp = series->kvp,
    .exposure_mas = series->exposure_mas,
    .slice_thickness_mm =
        plan->to_thickness_mm > plan->from_thickness_mm ? plan->to_thickness_mm : series->slice_thickness_mm,
    .derivation = derivation,
  };
  return oss_dicom_write_ct (folder, volume, &header, tick, error);
}
