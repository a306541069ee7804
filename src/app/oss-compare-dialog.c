/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-compare-dialog.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>

typedef struct
{
  const char *name, *unit;
  double before, now, step;
} Quantity;

static const OssWorklistAnalysis *
find_prior (const GPtrArray *priors, gint64 id)
{
  for (guint i = 0; priors != NULL && i < priors->len; i++)
    if (((const OssWorklistAnalysis *) g_ptr_array_index (priors, i))->id == id)
      return g_ptr_array_index (priors, i);
  return NULL;
}

/* The latest of the same vertebra that was finished; NULL: none. */
static const OssWorklistAnalysis *
find_now (const GPtrArray *analyses, const char *vertebra)
{
  for (guint i = 0; analyses != NULL && i < analyses->len; i++)
    {
      const OssWorklistAnalysis *analysis = g_ptr_array_index (analyses, i);

      if (analysis->state != OSS_ANALYSIS_FAILED && g_str_equal (analysis->vertebra, vertebra))
        return analysis;
    }
  return NULL;
}

static void
attach (GtkGrid *grid, const char *text, const char *css, int column, int row)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0.0f : 1.0f);
  gtk_widget_add_css_class (label, "numeric");
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  gtk_grid_attach (grid, label, column, row, 1, 1);
}

static void
add_quantity (GtkGrid *grid, const Quantity *quantity, int row)
{
  g_autofree char *name = g_strdup_printf ("%s, %s", quantity->name, quantity->unit);
  g_autofree char *before = oss_format_rounded (quantity->before, quantity->step);
  g_autofree char *now = oss_format_rounded (quantity->now, quantity->step);
  double change = quantity->now - quantity->before, percent = 100.0 * change / quantity->before;
  g_autofree char *difference = oss_format_rounded (change, quantity->step);
  g_autofree char *share = oss_format_fixed (percent, 1), *text = NULL;

  text = isfinite (change) && isfinite (percent)
             ? g_strdup_printf ("%s%s (%s\u00a0%%)", change > 0.0 ? "+" : "", difference, share)
             : g_strdup ("–");
  attach (grid, name, NULL, 0, row);
  attach (grid, before, NULL, 1, row);
  attach (grid, now, NULL, 2, row);
  attach (grid, text, "heading", 3, row);
}

static GtkWidget *
make_table (const OssWorklistAnalysis *prior, const OssWorklistAnalysis *now, const char *now_date)
{
  const Quantity quantities[] = {
    { _ ("Strength"), "N", prior->strength_n, now != NULL ? now->strength_n : NAN, 10.0 },
    { _ ("Stiffness"), "N/mm", prior->stiffness_n_per_mm, now != NULL ? now->stiffness_n_per_mm : NAN, 10.0 },
    { _ ("Density (vBMD)"), "mg/cm³", prior->vbmd_mg_cm3, now != NULL ? now->vbmd_mg_cm3 : NAN, 1.0 },
  };
  GtkWidget *grid = gtk_grid_new ();
  g_autofree char *before_day = oss_format_dicom_date (prior->study_date), *day = oss_format_dicom_date (now_date);

  gtk_grid_set_column_spacing (GTK_GRID (grid), 24);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 8);
  attach (GTK_GRID (grid), prior->vertebra, "heading", 0, 0);
  attach (GTK_GRID (grid), before_day, "heading", 1, 0);
  attach (GTK_GRID (grid), day, "heading", 2, 0);
  attach (GTK_GRID (grid), _ ("Change"), "heading", 3, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (quantities); i++)
    add_quantity (GTK_GRID (grid), &quantities[i], (int) i + 1);
  return grid;
}

/* What makes two numbers less comparable than they look. */
static char *
make_notes (const OssWorklistAnalysis *prior, const OssWorklistAnalysis *now)
{
  GString *text = g_string_new (NULL);

  if (now == NULL)
    {
      g_string_append_printf (text, _ ("%s of this study has no result yet. Review it, and compare again."),
                              prior->vertebra);
      return g_string_free (text, FALSE);
    }
  if (!g_str_equal (prior->kernel, now->kernel))
    g_string_append_printf (text, _ ("The kernels differ (%s, %s): part of the change may come from them. "),
                            prior->kernel, now->kernel);
  if (!g_str_equal (prior->basis, now->basis))
    g_string_append_printf (text, _ ("The density bases differ (%s, %s). "), prior->basis, now->basis);
  if (!g_str_equal (prior->engine, now->engine))
    g_string_append_printf (text, _ ("The elements differ (%s, %s). "), prior->engine, now->engine);
  if (isfinite (prior->vbmd_uncertainty_mg_cm3) && isfinite (now->vbmd_uncertainty_mg_cm3))
    {
      double both = hypot (prior->vbmd_uncertainty_mg_cm3, now->vbmd_uncertainty_mg_cm3);
      g_autofree char *limit = oss_format_rounded (both, 1.0);

      /* Translators: %s is a density in mg/cm³. */
      g_string_append_printf (text,
                              fabs (now->vbmd_mg_cm3 - prior->vbmd_mg_cm3) > both
                                  ? _ ("The density changed by more than the two uncertainties together "
                                       "(± %s mg/cm³).")
                                  : _ ("The density changed by less than the two uncertainties together "
                                       "(± %s mg/cm³): it may not have changed at all."),
                              limit);
    }
  return g_string_free (text, FALSE);
}

void
oss_compare_dialog_show (GtkWindow *parent, OssWorklist *worklist, const OssWorklistStudy *study, gint64 prior_id)
{
  g_autoptr (GPtrArray) priors = oss_worklist_get_priors (worklist, study->id, NULL);
  g_autoptr (GPtrArray) analyses = oss_worklist_get_analyses (worklist, study->id, NULL);
  const OssWorklistAnalysis *prior = find_prior (priors, prior_id);
  const OssWorklistAnalysis *now = prior != NULL ? find_now (analyses, prior->vertebra) : NULL;
  g_autofree char *name = oss_format_dicom_name (study->patient_name), *notes = NULL;
  GtkWidget *dialog;

  if (prior == NULL)
    return;
  notes = make_notes (prior, now);
  dialog = adw_message_dialog_new (parent, NULL, NULL);
  adw_message_dialog_format_heading (ADW_MESSAGE_DIALOG (dialog), "%s", name);
  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog), notes);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), make_table (prior, now, study->study_date));
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}
