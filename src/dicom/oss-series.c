/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series.h"

#include "base/oss-i18n.h"
#include "dicom/oss-series-private.h"

#include <string.h>

/* What resampling a tilted stack changes at most: measured, and held, by tests/study/test-tilt.c. */
#define OSS_TILT_DENSITY_ERROR "1"
#define OSS_TILT_STIFFNESS_ERROR "1"

/* Offsets of the texts of OssSeries, for copying and freeing them all. */
static const gsize texts[] = {
  G_STRUCT_OFFSET (OssSeries, study_uid),
  G_STRUCT_OFFSET (OssSeries, series_uid),
  G_STRUCT_OFFSET (OssSeries, frame_uid),
  G_STRUCT_OFFSET (OssSeries, patient_name),
  G_STRUCT_OFFSET (OssSeries, patient_id),
  G_STRUCT_OFFSET (OssSeries, patient_birth_date),
  G_STRUCT_OFFSET (OssSeries, patient_sex),
  G_STRUCT_OFFSET (OssSeries, patient_age),
  G_STRUCT_OFFSET (OssSeries, study_date),
  G_STRUCT_OFFSET (OssSeries, study_time),
  G_STRUCT_OFFSET (OssSeries, study_description),
  G_STRUCT_OFFSET (OssSeries, series_description),
  G_STRUCT_OFFSET (OssSeries, accession_number),
  G_STRUCT_OFFSET (OssSeries, study_id),
  G_STRUCT_OFFSET (OssSeries, referring_physician),
  G_STRUCT_OFFSET (OssSeries, patient_position),
  G_STRUCT_OFFSET (OssSeries, sop_class_uid),
  G_STRUCT_OFFSET (OssSeries, modality),
  G_STRUCT_OFFSET (OssSeries, manufacturer),
  G_STRUCT_OFFSET (OssSeries, model),
  G_STRUCT_OFFSET (OssSeries, station),
  G_STRUCT_OFFSET (OssSeries, kernel),
  G_STRUCT_OFFSET (OssSeries, part),
  G_STRUCT_OFFSET (OssSeries, contrast),
  G_STRUCT_OFFSET (OssSeries, transfer_syntax),
  G_STRUCT_OFFSET (OssSeries, folder),
};

static char **
text_at (const OssSeries *self, gsize i)
{
  return G_STRUCT_MEMBER_P (self, texts[i]);
}

const char *
oss_verdict_name (OssVerdict verdict)
{
  static const char *const names[] = { "usable", "notes", "refused" };

  return names[CLAMP ((int) verdict, 0, 2)];
}

const char *
oss_reason_severity_name (OssReasonSeverity severity)
{
  static const char *const names[] = { "note", "refusal", "fact" };

  return names[CLAMP ((int) severity, 0, 2)];
}

static void
reason_free (OssReason *self)
{
  g_free (self->text);
  g_free (self);
}

OssSeries *
oss_series_new (void)
{
  OssSeries *self = g_new0 (OssSeries, 1);

  self->table_height_mm = NAN;
  self->files = g_ptr_array_new_with_free_func (g_free);
  self->sop_uids = g_ptr_array_new_with_free_func (g_free);
  self->frames = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->along_mm = g_array_new (FALSE, FALSE, sizeof (double));
  self->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) reason_free);
  return self;
}

void
oss_series_add_reason (OssSeries *self, OssReasonSeverity severity, const char *code, const char *format, ...)
{
  OssReason *reason = g_new0 (OssReason, 1);
  va_list arguments;

  reason->severity = severity;
  reason->code = code;
  va_start (arguments, format);
  reason->text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (self->reasons, reason);
  if (severity != OSS_REASON_FACT)
    self->verdict = MAX (self->verdict, severity == OSS_REASON_REFUSAL ? OSS_VERDICT_REFUSED : OSS_VERDICT_NOTES);
}

void
oss_series_add_fact (OssSeries *self, const char *code, const char *text)
{
  oss_series_add_reason (self, OSS_REASON_FACT, code, "%s", text);
}

void
oss_series_add_note (OssSeries *self, const char *code, const char *text)
{
  oss_series_add_reason (self, OSS_REASON_NOTE, code, "%s", text);
}

char *
oss_series_number_text (double value, int decimals)
{
  g_autofree char *digits = g_strdup_printf ("%.*f", decimals, ABS (value));
  gboolean zero = strpbrk (digits, "123456789") == NULL;

  return g_strconcat (value < 0.0 && !zero ? "−" : "", digits, NULL);
}

OssSeries *
oss_series_copy (const OssSeries *self)
{
  OssSeries *copy = g_memdup2 (self, sizeof *self);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    *text_at (copy, i) = g_strdup (*text_at (self, i));
  copy->files = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->files->len; i++)
    g_ptr_array_add (copy->files, g_strdup (g_ptr_array_index (self->files, i)));
  copy->sop_uids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->sop_uids->len; i++)
    g_ptr_array_add (copy->sop_uids, g_strdup (g_ptr_array_index (self->sop_uids, i)));
  copy->frames = g_array_copy (self->frames);
  copy->along_mm = g_array_copy (self->along_mm);
  copy->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) reason_free);
  for (guint i = 0; i < self->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (self->reasons, i);
      oss_series_add_reason (copy, reason->severity, reason->code, "%s", reason->text);
    }
  return copy;
}

void
oss_series_free (OssSeries *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*text_at (self, i));
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->sop_uids, g_ptr_array_unref);
  g_clear_pointer (&self->frames, g_array_unref);
  g_clear_pointer (&self->along_mm, g_array_unref);
  g_clear_pointer (&self->reasons, g_ptr_array_unref);
  g_free (self);
}

void
oss_series_list_free (OssSeriesList *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->series, g_ptr_array_unref);
  g_clear_pointer (&self->damaged, g_ptr_array_unref);
  g_free (self);
}

/* @uid: of the series, or the series' and the part's: "1.2.3#stack 2" */
static gboolean
uid_fits (const OssSeries *self, const char *uid)
{
  gsize n = strlen (self->series_uid);

  return strncmp (self->series_uid, uid, n) == 0
         && (uid[n] == '\0' || (uid[n] == '#' && strcmp (uid + n + 1, self->part) == 0));
}

static gboolean
series_fits (const OssSeries *self, const char *uid, const char *kernel)
{
  return (uid == NULL || uid_fits (self, uid)) && (kernel == NULL || g_ascii_strcasecmp (self->kernel, kernel) == 0);
}

static gboolean
is_better (const OssSeries *one, const OssSeries *other)
{
  if (one->reformatted != other->reformatted)
    return !one->reformatted;
  if (one->tilt.resample != other->tilt.resample)
    return !one->tilt.resample;
  return one->files->len > other->files->len;
}

/* The best series that fits and is (@usable) or is not. */
static const OssSeries *
best_fit (const OssSeriesList *list, const char *uid, const char *kernel, gboolean usable)
{
  const OssSeries *best = NULL;

  for (guint i = 0; i < list->series->len; i++)
    {
      const OssSeries *series = g_ptr_array_index (list->series, i);
      if ((series->verdict != OSS_VERDICT_REFUSED) == usable && series_fits (series, uid, kernel)
          && (best == NULL || is_better (series, best)))
        best = series;
    }
  return best;
}

static const char *
first_refusal (const OssSeries *self)
{
  for (guint i = 0; i < self->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (self->reasons, i);
      if (reason->severity == OSS_REASON_REFUSAL)
        return reason->text;
    }
  return "";
}

static void
set_none_fits (const OssSeriesList *list, const char *uid, const char *kernel, GError **error)
{
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < list->series->len && i < 8; i++)
    {
      const OssSeries *series = g_ptr_array_index (list->series, i);
      const char *shown = uid != NULL ? series->series_uid : series->kernel;
      g_string_append_printf (found, "%s%s", i > 0 ? ", " : "", *shown != '\0' ? shown : "–");
    }
  if (uid != NULL)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("There is no series with the UID %s. There are: %s."), uid,
                 found->str);
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("There is no series with the kernel “%s”. There are: %s."),
                 kernel != NULL ? kernel : "", found->str);
}

const OssSeries *
oss_series_pick (const OssSeriesList *list, const char *uid, const char *kernel, GError **error)
{
  const OssSeries *best = best_fit (list, uid, kernel, TRUE);
  const OssSeries *refused = best == NULL ? best_fit (list, uid, kernel, FALSE) : NULL;

  if (refused != NULL)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("Series %d cannot be analysed. %s"), refused->series_number,
                 first_refusal (refused));
  else if (best == NULL)
    set_none_fits (list, uid, kernel, error);
  return best;
}

/* --- One slice, and tilted stacks --- */

OssSeries *
oss_series_middle_slice (const OssSeries *self)
{
  OssSeries *one = oss_series_copy (self);
  guint middle = self->files->len / 2;

  oss_series_slice_place (self, middle, one->grid.origin);
  if (self->tilt.resample)
    {
      one->grid.size[0] = self->tilt.columns;
      one->grid.size[1] = self->tilt.rows;
    }
  memset (&one->tilt, 0, sizeof one->tilt);
  one->grid.size[2] = 1;
  one->verdict = OSS_VERDICT_NOTES;
  if (middle + 1 < one->files->len)
    g_ptr_array_remove_range (one->files, middle + 1, one->files->len - middle - 1);
  g_ptr_array_remove_range (one->files, 0, middle);
  g_clear_pointer (&one->sop_uids, g_ptr_array_unref);
  one->sop_uids = g_ptr_array_new_with_free_func (g_free);
  if (middle < self->sop_uids->len)
    g_ptr_array_add (one->sop_uids, g_strdup (g_ptr_array_index (self->sop_uids, middle)));
  g_array_index (one->frames, gint32, 0) = g_array_index (self->frames, gint32, middle);
  g_array_set_size (one->frames, 1);
  return one;
}

static gboolean
only_tilt_refuses (const OssSeries *self, guint *which)
{
  guint n = 0;

  for (guint i = 0; i < self->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (self->reasons, i);
      if (reason->severity == OSS_REASON_REFUSAL && strcmp (reason->code, "tilt") != 0)
        return FALSE;
      if (reason->severity == OSS_REASON_REFUSAL && n++ == 0)
        *which = i;
    }
  return n == 1 && self->tilt.possible;
}

guint
oss_series_list_resample_tilt (OssSeriesList *list)
{
  guint n = 0, which = 0;

  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = g_ptr_array_index (list->series, i);
      if (!only_tilt_refuses (series, &which))
        continue;
      g_autofree char *angle = oss_series_number_text (series->tilt_deg, 1);
      g_autofree char *shift = oss_series_number_text (series->tilt.largest_mm, 1);
      g_ptr_array_remove_index (series->reasons, which);
      series->verdict = OSS_VERDICT_NOTES;
      series->tilt.resample = series->has_grid = TRUE;
      oss_series_add_reason (series, OSS_REASON_NOTE, "tilt-resampled",
                             _ ("The gantry was tilted by %s°. As asked, each slice is shifted back within its plane "
                                "(up to %s mm, cubic interpolation): density changes by less than %s mg/cm³, stiffness "
                                "by less than %s %% (measured on a virtual patient)."),
                             angle, shift, OSS_TILT_DENSITY_ERROR, OSS_TILT_STIFFNESS_ERROR);
      n++;
    }
  return n;
}
