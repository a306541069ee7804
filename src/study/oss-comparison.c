/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-comparison.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "study/oss-result-json.h"

#include <math.h>

/* ---- one side ---- */

static OssComparisonSide *
side_from (JsonObject *result)
{
  OssComparisonSide *self = g_new0 (OssComparisonSide, 1);
  JsonObject *input = oss_result_child (result, "input"), *line = oss_result_child (result, "calibration");
  JsonObject *strengths = oss_result_child (result, "strength_estimators");
  JsonObject *error = oss_result_child (result, "uncertainty");
  JsonObject *errors = oss_result_child (error, "strength_estimators");

  self->vertebra = g_strdup (oss_result_text (result, "vertebra"));
  self->study_uid = g_strdup (oss_result_text (input, "study_uid"));
  self->series_uid = g_strdup (oss_result_text (input, "series_uid"));
  self->kernel = g_strdup (oss_result_text (result, "kernel"));
  self->engine = g_strdup (oss_result_text (result, "engine"));
  self->law = g_strdup (oss_result_text (oss_result_child (result, "material"), "law"));
  self->density_class = g_strdup (oss_result_text (oss_result_child (result, "classification"), "class"));
  self->method = g_strdup (oss_result_text (line, "method"));
  self->basis = g_strdup (oss_result_text (line, "basis"));
  self->slope = oss_result_number (line, "slope");
  self->intercept = oss_result_number (line, "intercept");
  self->vbmd_mg_cm3 = oss_result_number (result, "vbmd_mg_cm3");
  self->vbmd_uncertainty_mg_cm3 = oss_result_number (oss_result_child (result, "vbmd"), "uncertainty_mg_cm3");
  self->stiffness_n_per_mm = oss_result_number (result, "stiffness_n_per_mm");
  self->stiffness_uncertainty_n_per_mm = oss_result_number (error, "stiffness_n_per_mm");
  self->linear_2_percent_n = oss_result_number (strengths, "linear_2_percent");
  self->pistoia_n = oss_result_number (strengths, "pistoia");
  self->plateau_n = oss_result_number (strengths, "nonlinear_plateau");
  self->linear_2_percent_uncertainty_n = oss_result_number (errors, "linear_2_percent");
  self->pistoia_uncertainty_n = oss_result_number (errors, "pistoia");
  self->plateau_uncertainty_n = oss_result_number (errors, "nonlinear_plateau");
  return self;
}

static OssComparisonSide *
checked (OssComparisonSide *self, const char *what, GError **error)
{
  if (!isnan (self->stiffness_n_per_mm))
    return self;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” tells no stiffness: the analysis is not finished."),
               what);
  oss_comparison_side_free (self);
  return NULL;
}

OssComparisonSide *
oss_comparison_side_parse (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) reason = NULL;

  if (json_parser_load_from_data (parser, json, -1, &reason) && json_parser_get_root (parser) != NULL
      && JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return checked (side_from (json_node_get_object (json_parser_get_root (parser))), "result.json", error);
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("This is not the result of an analysis: %s"),
               reason != NULL ? reason->message : _ ("not a JSON object"));
  return NULL;
}

OssComparisonSide *
oss_comparison_side_read (const char *folder, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *result = oss_result_read (parser, folder, "result.json", error);

  return result != NULL ? checked (side_from (result), folder, error) : NULL;
}

void
oss_comparison_side_free (OssComparisonSide *self)
{
  if (self == NULL)
    return;
  g_free (self->vertebra);
  g_free (self->study_uid);
  g_free (self->series_uid);
  g_free (self->kernel);
  g_free (self->engine);
  g_free (self->law);
  g_free (self->density_class);
  g_free (self->method);
  g_free (self->basis);
  g_free (self);
}

gboolean
oss_comparison_check (const OssComparisonSide *a, const OssComparisonSide *b, GError **error)
{
  const struct
  {
    const char *what, *a, *b;
  } same[] = {
    { _ ("vertebra"), a->vertebra, b->vertebra },
    { _ ("density basis"), a->basis, b->basis },
    { _ ("engine"), a->engine, b->engine },
    { _ ("modulus law"), a->law, b->law },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
    if (!g_str_equal (same[i].a, same[i].b))
      {
        g_set_error (
            error, OSS_ERROR, OSS_ERROR_REFUSED,
            _ ("The two analyses differ (%s: %s and %s): a difference of their results would say nothing. Analyse "
               "again with the same."),
            same[i].what, same[i].a[0] != '\0' ? same[i].a : "–", same[i].b[0] != '\0' ? same[i].b : "–");
        return FALSE;
      }
  return TRUE;
}

/* ---- both ---- */

void
oss_comparison_quantities (const OssComparisonSide *a, const OssComparisonSide *b,
                           OssComparisonQuantity quantities[OSS_N_COMPARISON_QUANTITIES])
{
  const OssComparisonQuantity all[OSS_N_COMPARISON_QUANTITIES] = {
    { "vbmd", _ ("Density (vBMD)"), "mg/cm³", a->vbmd_mg_cm3, b->vbmd_mg_cm3, a->vbmd_uncertainty_mg_cm3,
      b->vbmd_uncertainty_mg_cm3 },
    { "stiffness", _ ("Stiffness"), "N/mm", a->stiffness_n_per_mm, b->stiffness_n_per_mm,
      a->stiffness_uncertainty_n_per_mm, b->stiffness_uncertainty_n_per_mm },
    { "linear_2_percent", _ ("Strength, linear at 2 %"), "N", a->linear_2_percent_n, b->linear_2_percent_n,
      a->linear_2_percent_uncertainty_n, b->linear_2_percent_uncertainty_n },
    { "pistoia", _ ("Strength, Pistoia"), "N", a->pistoia_n, b->pistoia_n, a->pistoia_uncertainty_n,
      b->pistoia_uncertainty_n },
    { "nonlinear_plateau", _ ("Strength, nonlinear"), "N", a->plateau_n, b->plateau_n, a->plateau_uncertainty_n,
      b->plateau_uncertainty_n },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    quantities[i] = all[i];
}

double
oss_comparison_percent (double a, double b)
{
  return 100.0 * (a / b - 1.0);
}

void
oss_agreement_compute (const double *a, const double *b, gsize n, OssAgreement *agreement)
{
  double sum = 0.0, size = 0.0, squares = 0.0;
  int known = 0;

  for (gsize i = 0; i < n; i++)
    {
      double d = oss_comparison_percent (a[i], b[i]);
      if (isfinite (d))
        sum += d, size += fabs (d), known++;
    }
  *agreement = (OssAgreement){ known, NAN, NAN, NAN, NAN, NAN };
  if (known == 0)
    return;
  agreement->mean = sum / known;
  agreement->mean_absolute = size / known;
  for (gsize i = 0; i < n; i++)
    {
      double d = oss_comparison_percent (a[i], b[i]) - agreement->mean;
      squares += isfinite (d) ? d * d : 0.0;
    }
  if (known < 2)
    return;
  agreement->sd = sqrt (squares / (known - 1));
  agreement->low = agreement->mean - 1.96 * agreement->sd;
  agreement->high = agreement->mean + 1.96 * agreement->sd;
}

/* ---- cut-offs ---- */

static gboolean
read_cut_offs (GKeyFile *file, const char *group, OssCutOffs *cut_offs)
{
  static const char *const keys[] = { "stiffness_osteoporosis", "stiffness_osteopenia", "strength_osteoporosis",
                                      "strength_osteopenia" };
  double *const values[] = { &cut_offs->stiffness_osteoporosis, &cut_offs->stiffness_osteopenia,
                             &cut_offs->strength_osteoporosis, &cut_offs->strength_osteopenia };
  g_autofree char *kernel = g_key_file_get_string (file, group, "kernel", NULL);
  g_autofree char *source = g_key_file_get_string (file, group, "source", NULL);

  if (kernel == NULL || source == NULL)
    return FALSE;
  g_strlcpy (cut_offs->name, group, sizeof cut_offs->name);
  g_strlcpy (cut_offs->kernel, kernel, sizeof cut_offs->kernel);
  g_strlcpy (cut_offs->source, source, sizeof cut_offs->source);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!((*values[i] = g_key_file_get_double (file, group, keys[i], NULL)) > 0.0))
      return FALSE;
  return cut_offs->stiffness_osteopenia > cut_offs->stiffness_osteoporosis
         && cut_offs->strength_osteopenia > cut_offs->strength_osteoporosis;
}

gboolean
oss_cut_offs_find (const char *study, const char *kernel, OssCutOffs *cut_offs, GError **error)
{
  g_autofree char *path = oss_file_find_data ("limits.ini", error), *prefix = g_strconcat (study, "-", NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gboolean known = FALSE;

  if (path == NULL || !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (gsize i = 0; groups[i] != NULL; i++)
    {
      if (!g_str_has_prefix (groups[i], prefix))
        continue;
      known = TRUE;
      if (!read_cut_offs (file, groups[i], cut_offs))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("%s: [%s] needs a kernel, a source and four limits that rise"), path, groups[i]);
          return FALSE;
        }
      if (g_ascii_strcasecmp (cut_offs->kernel, kernel) == 0)
        return TRUE;
    }
  if (known)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The study “%s” gave no limits for kernel “%s”."), study,
                 kernel);
  else
    {
      g_autofree char *list = g_strjoinv (", ", groups);
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No limits are called “%s”; there are: %s."), study, list);
    }
  return FALSE;
}

const char *
oss_cut_offs_class (double value, double osteoporosis, double osteopenia)
{
  return isnan (value)          ? ""
         : value < osteoporosis ? N_ ("osteoporosis")
         : value < osteopenia   ? N_ ("osteopenia")
                                : N_ ("normal");
}
