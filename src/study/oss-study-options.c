/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

void
oss_study_options_default (OssStudyOptions *options)
{
  memset (options, 0, sizeof *options);
  options->density_basis = OSS_BASIS_K2HPO4;
  options->phantom = g_strdup ("auto");
  options->law = g_strdup ("morgan2003-vertebra");
  oss_mesh_options_default (&options->mesh);
}

void
oss_study_options_copy (OssStudyOptions *to, const OssStudyOptions *from)
{
  *to = *from;
  to->path = g_strdup (from->path);
  to->series_uid = g_strdup (from->series_uid);
  to->kernel = g_strdup (from->kernel);
  to->correct_to = g_strdup (from->correct_to);
  to->correct_from = g_strdup (from->correct_from);
  to->correct_mtf = g_strdup (from->correct_mtf);
  to->calibration = g_strdup (from->calibration);
  to->phantom = g_strdup (from->phantom);
  to->worklist = g_strdup (from->worklist);
  to->tissues = g_strdup (from->tissues);
  to->internal_model = g_strdup (from->internal_model);
  to->effective_energy = g_strdup (from->effective_energy);
  to->phantom_serial = g_strdup (from->phantom_serial);
  to->phantom_certificate = g_strdup (from->phantom_certificate);
  to->labels_path = g_strdup (from->labels_path);
  to->label_values = g_strdup (from->label_values);
  to->law = g_strdup (from->law);
  to->conversion = g_strdup (from->conversion);
  to->yield_law = g_strdup (from->yield_law);
  to->criterion = g_strdup (from->criterion);
  to->post_yield = g_strdup (from->post_yield);
}

void
oss_study_options_clear (OssStudyOptions *options)
{
  g_free (options->path);
  g_free (options->series_uid);
  g_free (options->kernel);
  g_free (options->correct_to);
  g_free (options->correct_from);
  g_free (options->correct_mtf);
  g_free (options->calibration);
  g_free (options->phantom);
  g_free (options->worklist);
  g_free (options->tissues);
  g_free (options->internal_model);
  g_free (options->effective_energy);
  g_free (options->phantom_serial);
  g_free (options->phantom_certificate);
  g_free (options->labels_path);
  g_free (options->label_values);
  g_free (options->law);
  g_free (options->conversion);
  g_free (options->yield_law);
  g_free (options->criterion);
  g_free (options->post_yield);
  memset (options, 0, sizeof *options);
}

OssStep
oss_study_options_first_change (const OssStudyOptions *a, const OssStudyOptions *b)
{
  if (g_strcmp0 (a->path, b->path) != 0 || g_strcmp0 (a->series_uid, b->series_uid) != 0
      || g_strcmp0 (a->kernel, b->kernel) != 0 || !a->resample_tilt != !b->resample_tilt
      || a->input_is_density != b->input_is_density || g_strcmp0 (a->correct_to, b->correct_to) != 0
      || g_strcmp0 (a->correct_from, b->correct_from) != 0 || g_strcmp0 (a->correct_mtf, b->correct_mtf) != 0
      || a->correct_to_mm != b->correct_to_mm)
    return OSS_STEP_LOAD;
  if (g_strcmp0 (a->calibration, b->calibration) != 0 || g_strcmp0 (a->phantom, b->phantom) != 0
      || g_strcmp0 (a->phantom_serial, b->phantom_serial) != 0
      || g_strcmp0 (a->phantom_certificate, b->phantom_certificate) != 0 || a->density_basis != b->density_basis
      || g_strcmp0 (a->worklist, b->worklist) != 0 || a->quality_days != b->quality_days
      || !oss_study_same_internal (a, b))
    return OSS_STEP_CALIBRATE;
  /* After a click the level is only a name; among labels it chooses. */
  if ((a->vertebra != b->vertebra && b->labels_path != NULL && b->label_values == NULL) || a->has_at != b->has_at
      || (a->has_at && memcmp (a->at_mm, b->at_mm, sizeof a->at_mm) != 0)
      || g_strcmp0 (a->labels_path, b->labels_path) != 0 || a->numbering != b->numbering
      || g_strcmp0 (a->label_values, b->label_values) != 0)
    return OSS_STEP_SEGMENT;
  if (a->mesh.kind != b->mesh.kind || a->mesh.size_mm != b->mesh.size_mm || a->mesh.smooth_mm != b->mesh.smooth_mm)
    return OSS_STEP_MESH;
  if (g_strcmp0 (a->law, b->law) != 0 || g_strcmp0 (a->conversion, b->conversion) != 0
      || a->displacement_mm != b->displacement_mm || !oss_study_same_caps (a, b) || !oss_study_same_nonlinear (a, b))
    return OSS_STEP_SIMULATE;
  return OSS_N_STEPS;
}

gboolean
oss_study_parse_line (const char *text, OssCalibrationLine *line, GError **error)
{
  const char *body = text + strlen ("line:");
  g_auto (GStrv) parts = g_strsplit (body, ",", -1);
  char *end[2] = { NULL, NULL };

  if (oss_calibration_line_find (body, line))
    return TRUE;
  if (g_strv_length (parts) != 3)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The calibration line “%s” is not understood. Give line:SLOPE,INTERCEPT,BASIS in mg/cm³ "
                      "(line:0.70,-4.2,K2HPO4), or a published line: line:jiang2023-b40f, line:jiang2023-b70f."),
                   text);
      return FALSE;
    }
  double slope = g_ascii_strtod (parts[0], &end[0]), intercept = g_ascii_strtod (parts[1], &end[1]);

  *line = oss_calibration_line_make (slope, intercept, oss_basis_from_name (g_strstrip (parts[2])), "line",
                                     _ ("given by the user"));
  if (*end[0] != '\0' || *end[1] != '\0' || line->basis == OSS_BASIS_UNKNOWN || !isfinite (line->intercept))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                 _ ("The calibration line “%s” is not understood. The basis is one of K2HPO4, CHA, ash, apparent."),
                 text);
  else if (!(line->slope >= 0.05 && line->slope <= 20.0))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                 _ ("The slope %g is not a plausible CT calibration in mg/cm³ per HU (0.05 to 20). "
                    "Published lines in g/cm³ are multiplied by 1000: 7.0e-4 is 0.70."),
                 line->slope);
  else
    return TRUE;
  return FALSE;
}

gboolean
oss_study_parse_values (const char *text, gboolean wanted[256], GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  memset (wanted, 0, 256 * sizeof *wanted);
  for (guint i = 0; i == 0 || parts[i] != NULL; i++)
    {
      char *end = NULL;
      char *part = parts[i] != NULL ? g_strstrip (parts[i]) : (char *) text; /* an empty list has no part */
      guint64 first = g_ascii_strtoull (part, &end, 10), last = first;

      if (end != part && *end == '-')
        {
          const char *second = end + 1;
          last = g_ascii_strtoull (second, &end, 10);
          if (end == second)
            end = part;
        }
      if (end == part || *end != '\0' || first < 1 || last > 255 || first > last)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("The label values “%s” are not understood. Give numbers from 1 to 255: 1-4 or 20,21."), text);
          return FALSE;
        }
      for (guint64 v = first; v <= last; v++)
        wanted[v] = TRUE;
    }
  return TRUE;
}

static gboolean
check_calibration (const OssStudyOptions *options, GError **error)
{
  const char *method = options->calibration;
  OssCalibrationLine line;

  if (options->quality_days < 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A quality scan cannot be %d days old."),
                   options->quality_days);
      return FALSE;
    }
  if (method == NULL || g_str_equal (method, "phantom") || g_str_equal (method, "async")
      || g_str_equal (method, "density") || g_str_equal (method, "none") || g_str_equal (method, "internal"))
    return TRUE;
  if (g_str_has_prefix (method, "line:"))
    return oss_study_parse_line (method, &line, error);
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("The calibration method “%s” is not known. Give phantom, async, internal, line:SLOPE,INTERCEPT,BASIS "
                  "or density."),
               method);
  return FALSE;
}

static gboolean
check_kernel (const OssStudyOptions *options, GError **error)
{
  if (options->correct_to == NULL
      && (options->correct_from != NULL || options->correct_mtf != NULL || options->correct_to_mm != 0.0))
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Which kernel shall the image be corrected to? Name it, such as B40f."));
  else if (options->correct_to != NULL && options->input_is_density)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Only an image of CT numbers can be corrected for its kernel."));
  else if (!(options->correct_to_mm >= 0.0 && options->correct_to_mm <= 20.0))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Slices of %g mm: give their thickness, up to 20 mm."),
                 options->correct_to_mm);
  else
    return TRUE;
  return FALSE;
}

static gboolean
conversion_exists (const char *name, GError **error)
{
  gsize n;
  const OssConversion *all = oss_conversion_all (&n);
  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      if (g_ascii_strcasecmp (all[i].name, name) == 0)
        return TRUE;
      if (i == 0 || !g_str_equal (all[i].name, all[i - 1].name))
        g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", all[i].name);
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The conversion “%s” is not known. There are: %s."), name,
               names->str);
  return FALSE;
}

gboolean
oss_study_options_check (const OssStudyOptions *options, GError **error)
{
  gboolean wanted[256];

  if (!check_calibration (options, error) || !oss_study_check_internal (options, error)
      || !check_kernel (options, error))
    return FALSE;
  if (!oss_study_check_phantom (options, error))
    return FALSE;
  if (options->law == NULL || oss_law_find (options->law, error) == NULL)
    return FALSE;
  if (options->has_at && options->labels_path != NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Give either a place or labels to say which vertebra, not both."));
      return FALSE;
    }
  if (options->conversion != NULL && !conversion_exists (options->conversion, error))
    return FALSE;
  if (options->label_values != NULL && !oss_study_parse_values (options->label_values, wanted, error))
    return FALSE;
  if (options->mesh.kind != OSS_ELEMENT_HEX8 && !(options->mesh.size_mm >= 0.3 && options->mesh.size_mm <= 10.0))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The mesh size %g mm is outside 0.3 to 10 mm."),
                   options->mesh.size_mm);
      return FALSE;
    }
  if (!(options->displacement_mm >= 0.0 && options->displacement_mm <= 20.0))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The displacement %g mm is not understood: give how far the superior endplate is pressed down, "
                      "above 0 and up to 20 mm."),
                   options->displacement_mm);
      return FALSE;
    }
  return oss_study_check_caps (options, error) && oss_study_check_nonlinear (options, error);
}
