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
oss_kernel_corrected_free (OssKernelCorrected *self)
{
  if (self == NULL)
    return;
  g_free (self->words);
  g_free (self);
}

static gboolean
find_source (const OssSeries *series, const OssKernelWish *wish, OssKernel *kernel, GError **error)
{
  const char *header = series != NULL ? series->kernel : "";

  if (wish->mtf != NULL)
    {
      OssKernel named;
      if (!oss_kernel_read_mtf (wish->mtf, kernel, error))
        return FALSE;
      oss_kernel_find (series != NULL ? series->manufacturer : NULL, series != NULL ? series->model : NULL,
                       wish->from != NULL ? wish->from : header, &named);
      if (named.name[0] != '\0')
        g_strlcpy (kernel->name, named.name, sizeof kernel->name);
      return TRUE;
    }
  return oss_kernel_need (series != NULL ? series->manufacturer : NULL, series != NULL ? series->model : NULL,
                          wish->from != NULL ? wish->from : header, kernel, error);
}

gboolean
oss_kernel_plan (const OssSeries *series, const OssKernelWish *wish, OssKernelCorrection *plan, GError **error)
{
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
  if (!find_source (series, wish, &plan->from, error))
    return FALSE;
  const char *maker = series != NULL ? series->manufacturer : plan->from.maker;
  return oss_kernel_need (maker, series != NULL ? series->model : plan->from.model, wish->to, &plan->to, error);
}

/* "measured (a rod ...)": where a transfer function comes from. */
static char *
origin (const OssKernel *kernel)
{
  return g_strdup_printf ("%s: %s", oss_kernel_status_word (kernel->status),
                          kernel->source[0] != '\0' ? kernel->source : "–");
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

OssVolume *
oss_kernel_apply (OssVolume *volume, const OssSeries *series, const OssKernelWish *wish, OssKernelCorrected **corrected,
                  const OssTick *tick, GError **error)
{
  g_autoptr (OssKernelCorrected) self = g_new0 (OssKernelCorrected, 1);
  OssVolume *result;

  *corrected = NULL;
  if (!oss_kernel_plan (series, wish, &self->plan, error))
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
