/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-series-text.h"

#include "app/oss-badge.h"
#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>

enum
{
  CHECK_SPACING,
  CHECK_THICKNESS,
  CHECK_KIND,
  CHECK_VOLTAGE,
  CHECK_ORIENTATION,
  CHECK_FILES,
  CHECK_CONTRAST,
  CHECK_KERNEL,
};

/* Which check a reason belongs to, in two or three words. */
static const struct
{
  const char *code;
  int check;
  const char *words;
} reason_words[] = {
  { "missing-slices", CHECK_SPACING, N_ ("slices missing") },
  { "mixed-spacing", CHECK_SPACING, N_ ("unequal distances") },
  { "duplicate-positions", CHECK_SPACING, N_ ("several slices at one place") },
  { "overlap", CHECK_SPACING, N_ ("slices overlap") },
  { "zero-spacing", CHECK_SPACING, N_ ("no distance") },
  { "too-few-slices", CHECK_SPACING, N_ ("too few slices") },
  { "slice-gap", CHECK_SPACING, N_ ("gaps between slices") },
  { "shifted-slices", CHECK_SPACING, N_ ("slices shifted") },
  { "no-position", CHECK_SPACING, N_ ("positions not stated") },
  { "thick-slices", CHECK_THICKNESS, N_ ("too thick") },
  { "not-ct", CHECK_KIND, N_ ("not a CT") },
  { "localizer", CHECK_KIND, N_ ("localiser") },
  { "screenshot", CHECK_KIND, N_ ("screenshot") },
  { "dose-report", CHECK_KIND, N_ ("dose report") },
  { "secondary-capture", CHECK_KIND, N_ ("secondary capture") },
  { "reformat", CHECK_KIND, N_ ("reformat") },
  { "multiframe", CHECK_KIND, N_ ("several frames in a file") },
  { "derived", CHECK_KIND, N_ ("derived image") },
  { "not-hu", CHECK_KIND, N_ ("not in CT numbers") },
  { "no-rescale", CHECK_KIND, N_ ("no CT number scale") },
  { "no-sop-class", CHECK_KIND, N_ ("not stated") },
  { "lossy", CHECK_KIND, N_ ("lossy compression") },
  { "mixed-kvp", CHECK_VOLTAGE, N_ ("several voltages") },
  { "kvp", CHECK_VOLTAGE, N_ ("not 120 kVp") },
  { "unknown-kvp", CHECK_VOLTAGE, N_ ("not stated") },
  { "tilt", CHECK_ORIENTATION, N_ ("tilted") },
  { "tilt-resampled", CHECK_ORIENTATION, N_ ("tilt resampled") },
  { "mixed-orientation", CHECK_ORIENTATION, N_ ("several orientations") },
  { "damaged", CHECK_FILES, N_ ("damaged files") },
  { "unreadable-files", CHECK_FILES, N_ ("not all readable") },
  { "copies", CHECK_FILES, N_ ("images twice") },
  { "index-incomplete", CHECK_FILES, N_ ("fewer than the disc lists") },
  { "pixel-format", CHECK_FILES, N_ ("pixel format") },
  { "transfer-syntax", CHECK_FILES, N_ ("compression") },
  { "mixed-size", CHECK_FILES, N_ ("several sizes") },
  { "contrast", CHECK_CONTRAST, N_ ("contrast agent given") },
  { "unknown-kernel", CHECK_KERNEL, N_ ("not in the table") },
  { "mixed-kernel", CHECK_KERNEL, N_ ("several kernels") },
  { "sharp-kernel", CHECK_KERNEL, N_ ("sharp") },
  { "iterative", CHECK_KERNEL, N_ ("iterative") },
};

static const char *
plane_of (const OssSeries *series)
{
  const double *d = series->grid.direction, *n = series->normal;
  const double normal[3] = { series->has_grid ? d[2] : n[0], series->has_grid ? d[5] : n[1],
                             series->has_grid ? d[8] : n[2] };

  if (!series->has_grid && (series->along_mm == NULL || series->along_mm->len == 0))
    return NULL;
  if (fabs (normal[2]) > 0.8)
    return _ ("axial");
  if (fabs (normal[0]) > 0.8)
    return _ ("sagittal");
  if (fabs (normal[1]) > 0.8)
    return _ ("coronal");
  return _ ("oblique");
}

static char *
mm_text (double mm, int decimals)
{
  g_autofree char *number = oss_format_fixed (mm, decimals);

  return g_strdup_printf ("%s mm", number);
}

static char *
orientation_text (const OssSeries *series)
{
  const char *plane = plane_of (series);
  g_autofree char *tilt = oss_format_fixed (series->tilt_deg, 1);

  if (plane == NULL)
    return g_strdup (_ ("unknown"));
  if (!series->has_grid)
    return g_strdup (plane);
  if (fabs (series->tilt_deg) < 0.05)
    return g_strdup_printf (_ ("%s, no gantry tilt"), plane);
  return g_strdup_printf (_ ("%s, tilted by %s°"), plane, tilt);
}

static void
fill_values (const OssSeries *series, OssSeriesCheck *checks)
{
  checks[CHECK_SPACING].name = _ ("Slices evenly spaced");
  checks[CHECK_SPACING].value = series->has_grid ? mm_text (series->grid.spacing[2], 2) : g_strdup (_ ("unknown"));
  checks[CHECK_THICKNESS].name = _ ("Slice thickness");
  checks[CHECK_THICKNESS].value =
      series->slice_thickness_mm > 0.0 ? mm_text (series->slice_thickness_mm, 2) : g_strdup (_ ("not stated"));
  checks[CHECK_KIND].name = _ ("Kind of image");
  checks[CHECK_KIND].value = g_strdup (*series->modality != '\0' ? series->modality : _ ("not stated"));
  checks[CHECK_VOLTAGE].name = _ ("Tube voltage");
  checks[CHECK_VOLTAGE].value =
      series->kvp > 0.0 ? g_strdup_printf ("%.0f kVp", series->kvp) : g_strdup (_ ("not stated"));
  checks[CHECK_ORIENTATION].name = _ ("Orientation");
  checks[CHECK_ORIENTATION].value = orientation_text (series);
  checks[CHECK_FILES].name = _ ("Files");
  checks[CHECK_FILES].value =
      g_strdup_printf (OSS_NGETTEXT ("%u, all read", "%u, all read", series->files->len), series->files->len);
  checks[CHECK_CONTRAST].name = _ ("Contrast agent");
  checks[CHECK_CONTRAST].value = g_strdup (*series->contrast != '\0' ? series->contrast : _ ("none stated"));
  checks[CHECK_KERNEL].name = _ ("Kernel");
  checks[CHECK_KERNEL].value = g_strdup (*series->kernel != '\0' ? series->kernel : _ ("not stated"));
}

void
oss_series_checks (const OssSeries *series, OssSeriesCheck checks[OSS_SERIES_N_CHECKS])
{
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    checks[i].state = OSS_VERDICT_USABLE;
  fill_values (series, checks);
  /* What the headers do not tell could not be checked. */
  if (!series->has_grid)
    checks[CHECK_SPACING].state = OSS_VERDICT_NOTES;
  if (plane_of (series) == NULL)
    checks[CHECK_ORIENTATION].state = OSS_VERDICT_NOTES;
  if (!(series->slice_thickness_mm > 0.0))
    checks[CHECK_THICKNESS].state = OSS_VERDICT_NOTES;
  if (!(series->kvp > 0.0))
    checks[CHECK_VOLTAGE].state = OSS_VERDICT_NOTES;
  if (*series->kernel == '\0')
    checks[CHECK_KERNEL].state = OSS_VERDICT_NOTES;
  for (guint r = 0; r < series->reasons->len; r++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, r);

      for (gsize i = 0; i < G_N_ELEMENTS (reason_words); i++)
        if (g_str_equal (reason->code, reason_words[i].code))
          {
            OssSeriesCheck *check = &checks[reason_words[i].check];

            check->state =
                MAX (check->state, reason->severity == OSS_REASON_REFUSAL ? OSS_VERDICT_REFUSED : OSS_VERDICT_NOTES);
            g_free (check->value);
            check->value = g_strdup (_ (reason_words[i].words));
          }
    }
}

void
oss_series_checks_clear (OssSeriesCheck checks[OSS_SERIES_N_CHECKS])
{
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    g_clear_pointer (&checks[i].value, g_free);
}

char *
oss_series_headline (const OssSeries *series)
{
  switch (series->verdict)
    {
    case OSS_VERDICT_USABLE:
      return g_strdup_printf (_ ("Series %d can be analysed"), series->series_number);
    case OSS_VERDICT_NOTES:
      return g_strdup_printf (_ ("Series %d can be analysed, with notes"), series->series_number);
    case OSS_VERDICT_REFUSED:
    default:
      return g_strdup_printf (_ ("Series %d cannot be analysed"), series->series_number);
    }
}

char *
oss_series_reasons (const OssSeries *series)
{
  GString *text = g_string_new (NULL);

  for (guint r = 0; r < series->reasons->len; r++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, r);

      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", reason->text);
    }
  if (text->len == 0)
    g_string_append (text, _ ("The slices are complete, evenly spaced and in CT numbers."));
  return g_string_free (text, FALSE);
}

char *
oss_series_facts (const OssSeries *series)
{
  const char *plane = plane_of (series);
  g_autofree char *spacing = NULL;

  if (!series->has_grid)
    return g_strdup_printf (OSS_NGETTEXT ("%u image", "%u images", series->files->len), series->files->len);
  spacing = oss_format_fixed (series->grid.spacing[2], 2);
  return g_strdup_printf ("%d × %s mm · %s", series->grid.size[2], spacing, plane);
}

char *
oss_series_explanation (const OssSeries *series)
{
  g_autofree char *headline = oss_series_headline (series), *facts = oss_series_facts (series);
  g_autofree char *reasons = oss_series_reasons (series);
  OssSeriesCheck checks[OSS_SERIES_N_CHECKS];
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s\n%s\n\n", headline, reasons);
  g_string_append_printf (text, "%s\n%s %s\n", facts, series->manufacturer, series->model);
  g_string_append_printf (text, "Series Instance UID %s\n\n", series->series_uid);
  oss_series_checks (series, checks);
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    g_string_append_printf (text, "%s: %s (%s)\n", checks[i].name, checks[i].value,
                            oss_verdict_title (checks[i].state));
  oss_series_checks_clear (checks);
  return g_string_free (text, FALSE);
}
