/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page 2: how the numbers were made, for who has to check them. */
#include "base/oss-i18n.h"
#include "report/oss-report-draw.h"
#include "report/oss-report-format.h"

#include <math.h>

static const OssTextStyle heading = {
  .size = 9.2, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1, .tag = "H2"
};
static const OssTextStyle key = { .size = 7.5, .color = OSS_DIM };
static const OssTextStyle value = { .size = 7.5, .color = OSS_INK };
static const OssTextStyle note = { .size = 7.5, .color = OSS_DIM };
static const OssTextStyle caption = { .size = 7.5, .color = OSS_DIM, .lines = 1, .tag = "Caption" };

/* A column that fills from the top. */
typedef struct
{
  OssPage *page;
  double x, y, width;
} Column;

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static void
put_heading (Column *self, const char *text)
{
  oss_page_text (self->page, self->x, self->y, self->width, &heading, text);
  oss_page_rule (self->page, self->y + 13.0, self->x, self->x + self->width);
  self->y += 16.0;
}

static void
end_section (Column *self)
{
  self->y += 6.0;
}

/* A row of a table of two columns; nothing when there is no text. */
static void
put_row (Column *self, const char *name, const char *text)
{
  const double name_width = 0.36 * self->width, gap = 6.0;
  double left, right;

  if (!has_text (text))
    return;
  cairo_tag_begin (self->page->cr, "TR", NULL);
  OssTextStyle name_style = key, text_style = value;
  name_style.tag = "TH";
  text_style.tag = "TD";
  left = oss_page_text (self->page, self->x, self->y, name_width, &name_style, name);
  right = oss_page_text (self->page, self->x + name_width + gap, self->y, self->width - name_width - gap, &text_style,
                         text);
  cairo_tag_end (self->page->cr, "TR");
  self->y += MAX (left, right) + 0.6;
}

G_GNUC_PRINTF (3, 4)
static void
put_rowf (Column *self, const char *name, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  put_row (self, name, text);
}

/* @text is freed. */
static void
put_taken (Column *self, const char *name, char *text)
{
  put_row (self, name, text);
  g_free (text);
}

static void
begin_table (Column *self)
{
  cairo_tag_begin (self->page->cr, "Table", NULL);
}

static void
end_table (Column *self)
{
  cairo_tag_end (self->page->cr, "Table");
  end_section (self);
}

static char *
describe_exposure (const OssReportData *data)
{
  g_autofree char *volts = oss_format_quantity (data->kvp, 0, "kVp");
  g_autofree char *charge = oss_format_quantity (data->exposure_mas, 0, "mAs");

  if (data->kvp > 0.0 && data->exposure_mas > 0.0)
    return g_strdup_printf ("%s, %s", volts, charge);
  if (data->kvp > 0.0)
    return g_steal_pointer (&volts);
  return data->exposure_mas > 0.0 ? g_steal_pointer (&charge) : NULL;
}

/* "from B70f to B40f; transfer functions: derived, measured" */
static char *
describe_correction (const OssReportData *data)
{
  const OssKernelCorrected *correction = data->correction;

  if (!correction->done)
    return g_strdup_printf (_ ("none needed: it is %s"), correction->plan.to.name);
  const char *from = oss_kernel_status_word (correction->plan.from.status);
  const char *to = oss_kernel_status_word (correction->plan.to.status);
  const OssKernelSight *sight = &correction->sights[0];
  if (correction->believed && sight->measured && correction->table[0].f50 > 0.0)
    return g_strdup_printf (
        OSS_NGETTEXT ("from %s to %s; transfer functions: %s (on %d rod in this scan: 50 %% at %.2f ± "
                      "%.2f lp/cm; table %.2f), %s",
                      "from %s to %s; transfer functions: %s (on %d rods in this scan: 50 %% at %.2f "
                      "± %.2f lp/cm; table %.2f), %s",
                      sight->rods.n_rods),
        correction->plan.from.name, correction->plan.to.name, from, sight->rods.n_rods, sight->rods.half_lp_cm,
        sight->rods.half_error_lp_cm, oss_kernel_half (&correction->table[0]), to);
  if (correction->believed && !sight->measured)
    return g_strdup_printf (_ ("from %s to %s; transfer functions: %s (± %.0f %%, not measured in this scan), %s"),
                            correction->plan.from.name, correction->plan.to.name, from,
                            100.0 * correction->belief.error[0], to);
  return g_strdup_printf (_ ("from %s to %s; transfer functions: %s, %s"), correction->plan.from.name,
                          correction->plan.to.name, from, to);
}

static void
put_scan (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autofree char *geometry = oss_grid_describe (&data->grid);

  put_heading (self, _ ("Scan"));
  begin_table (self);
  if (data->has_series)
    {
      put_row (self, _ ("Image series"), data->series_description);
      put_row (self, _ ("Scanner"), data->scanner);
      put_row (self, _ ("Kernel"), has_text (data->kernel) ? data->kernel : _ ("not given in the image"));
      put_taken (self, _ ("Voltage, exposure"), describe_exposure (data));
      put_row (self, _ ("Contrast agent"), has_text (data->contrast) ? data->contrast : _ ("none named"));
    }
  else
    put_row (self, _ ("Image series"), _ ("an image without DICOM headers: scanner and kernel are not known"));
  if (data->correction != NULL)
    put_taken (self, _ ("Kernel correction"), describe_correction (data));
  put_row (self, _ ("Voxels"), geometry);
  end_table (self);
}

static char *
describe_line (const OssReportData *data)
{
  g_autofree char *slope = oss_format_number (data->line.slope, 4);
  g_autofree char *intercept = oss_format_number (fabs (data->line.intercept), 2);

  return g_strdup_printf ("%s × HU %s %s mg/cm³", slope, data->line.intercept < 0.0 ? OSS_MINUS : "+", intercept);
}

static void
put_fit (Column *self)
{
  const OssPhantomFit *fit = &self->page->data->fit;
  g_autoptr (GString) residuals = g_string_new (NULL);
  int used = 0;

  if (self->page->data->phantom_slice.picture != NULL)
    {
      oss_page_phantom (self->page, self->x, self->y, self->width, 58.0);
      self->y += 62.0;
    }
  self->y += oss_page_calibration_plot (self->page, self->x, self->y, self->width, 78.0) + 3.0;
  for (int i = 0; i < fit->n_rods; i++)
    {
      g_autofree char *residual = oss_format_number (fit->rods[i].residual_hu, 1);

      used += fit->rods[i].used;
      g_string_append_printf (residuals, i > 0 ? ", %s" : "%s", residual);
      if (!fit->rods[i].used)
        g_string_append_printf (residuals, " (%s)", has_text (fit->rods[i].note) ? fit->rods[i].note : _ ("left out"));
    }
  begin_table (self);
  put_row (self, _ ("Phantom"), fit->phantom.title);
  put_rowf (self, _ ("Rods"), _ ("%d of %d used, %d slices"), used, fit->n_rods, fit->slices_used);
  put_rowf (self, _ ("Residuals"), "%s" OSS_NBSP "HU", residuals->str);
}

/* What each of the patient's own tissues read, and what it was expected to. */
static void
put_internal (Column *self)
{
  const OssReportInternal *internal = &self->page->data->internal;
  const OssInternalFit *fit = &internal->fit;
  g_autofree char *kev = oss_format_number (fit->energy_kev, 1);
  g_autofree char *spread = oss_format_number (fit->energy_sd_kev, 1);
  g_autofree char *shift = oss_format_number (fit->shift_hu, 1);

  begin_table (self);
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const OssOwnRegion *region = &internal->regions[t];
      g_autofree char *read = oss_format_number (region->mean_hu, 1);
      g_autofree char *expected = oss_format_number (fit->points[t].expected_hu, 1);

      if (region->used && isfinite (fit->points[t].expected_hu))
        put_rowf (self, oss_own_tissue_title ((OssOwnTissue) t),
                  region->given ? _ ("%s HU, %s expected; place given") : _ ("%s HU, %s expected"), read, expected);
      else if (region->used)
        put_rowf (self, oss_own_tissue_title ((OssOwnTissue) t), "%s" OSS_NBSP "HU", read);
      else if (t != OSS_OWN_BONE)
        put_rowf (self, oss_own_tissue_title ((OssOwnTissue) t), _ ("not used: %s"), region->note);
    }
  if (isfinite (fit->energy_sd_kev))
    put_rowf (self, _ ("Effective energy"), _ ("%s ± %s keV; scale off by %s HU at water"), kev, spread, shift);
  else
    put_rowf (self, _ ("Effective energy"), "%s" OSS_NBSP "keV", kev);
}

static void
put_calibration (Column *self)
{
  const OssReportData *data = self->page->data;

  put_heading (self, _ ("Calibration"));
  if (data->has_fit)
    put_fit (self);
  else if (data->has_internal)
    put_internal (self);
  else
    begin_table (self);
  if (g_strcmp0 (data->line.method, "density") == 0)
    put_row (self, _ ("Line"), _ ("none: the image held density"));
  else
    {
      put_taken (self,
                 data->has_fit || data->has_internal || data->quality_date != NULL ? _ ("Fitted line")
                                                                                   : _ ("Given line"),
                 describe_line (data));
      put_taken (self, "R²",
                 isfinite (data->line.r2) ? oss_format_number (data->line.r2, 4)
                                          : g_strdup (_ ("none: the line was given, not fitted")));
    }
  put_taken (self, _ ("Known to ±"),
             isfinite (data->line.uncertainty_mg_cm3) ? oss_format_quantity (
                 data->line.uncertainty_mg_cm3, data->line.uncertainty_mg_cm3 < 1.0 ? 2 : 1, "mg/cm³")
                                                      : g_strdup (_ ("not known")));
  put_row (self, _ ("Basis"), oss_report_basis_title (data->line.basis));
  if (data->quality_date != NULL)
    put_rowf (self, _ ("Quality scan"),
              OSS_NGETTEXT ("%s, %d day apart; %s", "%s, %d days apart; %s", (gulong) ABS (data->quality_days)),
              data->quality_date, ABS (data->quality_days), data->quality_phantom);
  if (!data->has_fit)
    put_row (self, _ ("Source"), data->line.source);
  end_table (self);
}

static void
put_mesh (Column *self)
{
  const OssReportData *data = self->page->data;
  const OssMeshQuality *quality = &data->quality;
  g_autofree char *elements = oss_format_number ((double) quality->elements, 0);
  g_autofree char *nodes = oss_format_number ((double) quality->nodes, 0);
  g_autofree char *dof = oss_format_number ((double) quality->dof, 0);
  g_autofree char *size = oss_format_quantity (data->element_size_mm, 1, "mm");
  g_autofree char *least = oss_format_number (quality->minimum_dihedral_deg, 1);
  g_autofree char *first = oss_format_number (quality->p1_dihedral_deg, 1);
  g_autofree char *ratio = oss_format_number (quality->minimum_radius_ratio, 2);
  g_autofree char *mean = oss_format_number (quality->mean_radius_ratio, 2);
  g_autofree char *volume = oss_format_quantity (quality->volume_mm3 / 1000.0, 2, "cm³");
  g_autofree char *error = oss_format_number (quality->volume_error_percent, 2);

  put_heading (self, _ ("Element mesh"));
  begin_table (self);
  put_rowf (self, _ ("Elements"), "%s %s, %s", elements, oss_report_element_title (data->element), size);
  put_rowf (self, _ ("Nodes, freedoms"), "%s, %s", nodes, dof);
  put_rowf (self, _ ("Sharpest angle"), _ ("%s° (first percentile %s°)"), least, first);
  put_rowf (self, _ ("Radius ratio"), _ ("least %s, mean %s"), ratio, mean);
  put_rowf (self, _ ("Volume"), _ ("%s, %s %% from the label"), volume, error);
  put_row (self, _ ("Surface"),
           quality->closed && quality->manifold ? _ ("closed, manifold") : _ ("not closed or not manifold"));
  if (quality->islands > 0)
    put_rowf (self, _ ("Left out"), OSS_NGETTEXT ("%u part of %zu voxels", "%u parts of %zu voxels", quality->islands),
              quality->islands, quality->island_voxels);
  end_table (self);
}

/* "K2HPO4" as people write it. */
static char *
with_subscripts (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text ? text : "", "K2HPO4", -1);

  return g_strjoinv ("K₂HPO₄", parts);
}

static void
put_material (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autofree char *low = oss_format_number (data->law_low_mg_cm3, 0);
  g_autofree char *high = oss_format_number (data->law_high_mg_cm3, 0);
  g_autofree char *share = oss_format_number (data->modulus.outside_range_percent, 1);
  g_autofree char *least = oss_format_number (data->modulus.minimum_mpa, data->modulus.minimum_mpa < 10.0 ? 2 : 0);
  g_autofree char *most = oss_format_number (data->modulus.maximum_mpa, 0);
  g_autofree char *mean = oss_format_number (data->modulus.mean_mpa, 0);
  g_autofree char *poisson = oss_format_number (data->poisson, 2);

  put_heading (self, _ ("Material"));
  begin_table (self);
  put_row (self, _ ("Law"), has_text (data->law_title) ? _ (data->law_title) : NULL);
  put_taken (self, _ ("Formula"), with_subscripts (data->law_chain));
  put_row (self, _ ("Source"), data->law_source);
  put_rowf (self, _ ("Range"), _ ("%s to %s mg/cm³ %s; %s %% of the elements lie outside"), low, high,
            oss_report_basis_title (data->law_basis), share);
  put_rowf (self, _ ("Modulus"), _ ("%s to %s MPa, mean %s; Poisson’s ratio %s"), least, most, mean, poisson);
  end_table (self);
}

/* How the plates hold the vertebra. */
static void
put_loading (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autofree char *moved = oss_format_quantity (data->displacement_mm, 3, "mm");
  g_autofree char *platens = oss_format_quantity (data->caps_displacement_mm, 3, "mm");
  g_autofree char *thick = oss_format_quantity (data->caps.thickness_mm, 1, "mm");
  g_autofree char *modulus = oss_format_quantity (data->caps.modulus_mpa, data->caps.modulus_mpa < 10.0 ? 1 : 0, "MPa");
  g_autofree char *poisson = oss_format_number (data->caps.poisson, 2);
  g_autofree char *whole = oss_format_tens (data->caps_stiffness_n_per_mm);

  if (data->caps.kind == OSS_CAPS_NONE)
    {
      put_rowf (self, _ ("Loading"), _ ("upper endplate moved %s down along the body’s axis, held sideways"), moved);
      put_row (self, _ ("Support"), _ ("lower endplate held in all directions"));
      return;
    }
  put_rowf (self, _ ("Loading"), _ ("rigid platens %s nearer, bonded to the caps; so endplates %s nearer on the mean"),
            platens, moved);
  put_rowf (self, _ ("Caps"), _ ("%s, %s, %s; Poisson’s ratio %s"), oss_caps_title (data->caps.kind), thick, modulus,
            poisson);
  put_rowf (self, _ ("Stiffness"), _ ("between the endplates; %s N/mm with the caps"), whole);
}

static void
put_simulation (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autofree char *upper = oss_format_number (data->superior_area_mm2, 0);
  g_autofree char *lower = oss_format_number (data->inferior_area_mm2, 0);
  g_autofree char *residual = oss_format_power (data->relative_residual);

  put_heading (self, _ ("Load and solution"));
  begin_table (self);
  put_loading (self);
  put_rowf (self, _ ("Endplates"), _ ("upper %s, lower %s mm²"), upper, lower);
  put_row (self, _ ("Model"),
           data->curve != NULL ? _ ("linear elastic, small displacements; beyond yield: page 3")
                               : _ ("linear elastic, small displacements"));
  if (data->solver_iterations > 0)
    put_rowf (self, _ ("Solver"), _ ("%s, %d iterations"), data->solver, data->solver_iterations);
  else
    put_row (self, _ ("Solver"), data->solver);
  put_rowf (self, _ ("Residual"), _ ("%s relative (%s)"), residual,
            g_strcmp0 (data->solver_reason, "solved") == 0 ? _ ("solved") : data->solver_reason);
  end_table (self);
}

/* What the ± of density and strength are made of. */
static void
put_errors (Column *self)
{
  const OssReportData *data = self->page->data;
  const OssDensityError *density = &data->vbmd_error;
  const OssStrengthError *strength = &data->linear_error;

  if (data->has_vbmd && isfinite (density->total))
    {
      g_autofree char *line = oss_format_number (density->line, 1), *noise = oss_format_number (density->noise, 1);
      g_autofree char *kernel = oss_format_number (density->kernel, 1), *way = oss_format_number (density->way, 1);

      put_rowf (self, _ ("± of density"), _ ("line %s, noise %s, kernel %s, rest %s mg/cm³"), line, noise, kernel, way);
    }
  if (data->simulated && isfinite (strength->total))
    {
      g_autofree char *line = oss_format_number (100.0 * strength->line, 1);
      g_autofree char *kernel = oss_format_number (100.0 * strength->kernel, 1);
      g_autofree char *way = oss_format_number (100.0 * strength->way, 1);
      g_autofree char *exponent = oss_format_number (strength->exponent, 2);

      put_rowf (self, _ ("± of strength"), _ ("line %s, kernel %s, rest %s %%; grows as density^%s"), line, kernel, way,
                exponent);
    }
}

static void
put_forms (Column *self)
{
  const OssReportData *data = self->page->data;
  const OssVbmdForms *forms = &data->forms;
  g_autofree char *eroded = oss_format_number (forms->eroded.mean_mg_cm3, 0);
  g_autofree char *peel = oss_format_number (forms->peel_mm, 1), *shell = oss_format_number (forms->shell_mm, 1);
  g_autofree char *whole = oss_format_number (forms->integral.mean_mg_cm3, 0);
  g_autofree char *outer = oss_format_number (forms->cortical.mean_mg_cm3, 0);

  if (data->has_forms)
    put_rowf (self, _ ("Other densities"), _ ("body peeled by %s mm %s, whole body %s, its outer %s mm %s mg/cm³"),
              peel, eroded, whole, shell, outer);
}

static void
put_label (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autofree char *volume = oss_format_quantity (data->label_volume_mm3 / 1000.0, 1, "cm³");
  g_autofree char *threshold = oss_format_quantity (data->threshold_hu, 0, "HU");
  g_autofree char *wide = oss_format_number (data->frame.width_mm, 1);
  g_autofree char *deep = oss_format_number (data->frame.depth_mm, 1);
  g_autofree char *high = oss_format_number (data->frame.height_mm, 1);

  begin_table (self);
  put_row (self, _ ("Label"), data->segment_how);
  put_row (self, _ ("Volume"), volume);
  put_rowf (self, _ ("Body"), _ ("%s × %s × %s mm wide, deep, high"), wide, deep, high);
  if (isfinite (data->threshold_hu) && data->threshold_hu != 0.0)
    put_row (self, _ ("Bone from"), threshold);
  if (data->has_vbmd)
    {
      g_autofree char *across = oss_format_number (2.0 * data->vbmd.semi_axis_right_mm, 1);
      g_autofree char *along = oss_format_number (2.0 * data->vbmd.semi_axis_anterior_mm, 1);
      g_autofree char *tall = oss_format_number (data->vbmd.height_mm, 1);
      g_autofree char *spread = oss_format_quantity (data->vbmd.sd_mg_cm3, 0, "mg/cm³");

      put_forms (self);
      put_errors (self);
      put_rowf (self, _ ("Density read in"), _ ("ellipse %s × %s mm, %s mm high; voxels’ SD %s"), across, along, tall,
                spread);
    }
  end_table (self);
}

static double
put_segmentation (OssPage *page, double y)
{
  static const OssPlane planes[3] = { OSS_PLANE_AXIAL, OSS_PLANE_SAGITTAL, OSS_PLANE_CORONAL };
  const char *names[3] = { _ ("Axial"), _ ("Sagittal"), _ ("Coronal") };
  const double gap = 7.0, height = page->height > 800.0 ? 108.0 : 80.0;
  Column column = { page, page->left, y, page->right - page->left };
  double x = page->left;

  if (!page->data->has_segment)
    return y;
  put_heading (&column, _ ("Segmentation"));
  for (int i = 0; i < 3; i++)
    {
      const OssReportSlice *slice = &page->data->slices[planes[i]];

      if (slice->picture == NULL)
        continue;
      const double width = height * slice->view.width / slice->view.height;
      oss_page_slice (page, slice, x, column.y, width, height, FALSE);
      oss_page_text (page, x, column.y + height + 2.0, width, &caption, names[i]);
      x += width + gap;
    }
  Column text = { page, x + 6.0, column.y, page->right - x - 6.0 };
  put_label (&text);
  return MAX (column.y + height + 16.0, text.y);
}

static void
put_stress (Column *self)
{
  const OssStressSummary *stress = &self->page->data->stress;
  g_autofree char *median = oss_format_number (stress->p50_mpa, 2);
  g_autofree char *mean = oss_format_number (stress->mean_mpa, 2);
  g_autofree char *p95 = oss_format_number (stress->p95_mpa, 2);
  g_autofree char *p99 = oss_format_number (stress->p99_mpa, 2);
  g_autofree char *most = oss_format_number (stress->maximum_mpa, 2);

  put_heading (self, _ ("Von Mises stress by volume"));
  begin_table (self);
  put_rowf (self, _ ("Median, mean"), "%s, %s" OSS_NBSP "MPa", median, mean);
  put_rowf (self, _ ("95th, 99th percentile"), "%s, %s" OSS_NBSP "MPa", p95, p99);
  put_rowf (self, _ ("Largest element mean"), "%s" OSS_NBSP "MPa", most);
  end_table (self);
}

static void
put_times (Column *self)
{
  const OssReportData *data = self->page->data;
  g_autoptr (GString) times = g_string_new (NULL);
  double total = 0.0, most = NAN;

  for (int i = 0; i < OSS_N_STEPS; i++)
    if (isfinite (data->seconds[i]))
      {
        g_autofree char *seconds = oss_format_quantity (data->seconds[i], 2, "s");

        g_string_append_printf (times, times->len > 0 ? "; %s %s" : "%s %s", oss_step_name ((OssStep) i), seconds);
        total += data->seconds[i];
        most = fmax (most, data->peak_mib[i]);
      }
  put_heading (self, _ ("Time and memory"));
  begin_table (self);
  put_row (self, _ ("Steps"), times->str);
  g_autofree char *sum = oss_format_quantity (total, 1, "s");
  g_autofree char *memory = oss_format_quantity (most, 0, "MiB");
  put_rowf (self, _ ("Together"), _ ("%s, at most %s of memory"), sum, memory);
  end_table (self);
}

static void
put_origin (Column *self)
{
  const OssReportData *data = self->page->data;

  put_heading (self, _ ("To repeat this result"));
  begin_table (self);
  put_row (self, _ ("Program"), "Ossature " OSS_VERSION);
  put_row (self, _ ("Input SHA-256"), data->input_hash);
  put_row (self, _ ("Result SHA-256"), data->result_hash);
  put_row (self, _ ("Series UID"), data->series_uid);
  end_table (self);
}

static void
put_limits (Column *self)
{
  const OssReportData *data = self->page->data;

  put_heading (self, _ ("Limits"));
  if (has_text (data->class.source))
    self->y += oss_page_text (self->page, self->x, self->y, self->width, &note, _ (data->class.source)) + 1.5;
  if (has_text (data->class.reason))
    self->y += oss_page_text (self->page, self->x, self->y, self->width, &note, data->class.reason) + 1.5;
  self->y += oss_page_text (self->page, self->x, self->y, self->width, &note,
                            _ ("No limits are applied to strength: the published bands belong to another program’s "
                               "nonlinear estimate of the vertebral body."));
  end_section (self);
}

static char *
note_markup (const GPtrArray *warnings, guint i)
{
  return g_markup_printf_escaped ("• %s", (const char *) g_ptr_array_index (warnings, i));
}

static double
notes_height (OssPage *page, double width)
{
  const GPtrArray *warnings = page->data->warnings;
  double height = 16.0;

  for (guint i = 0; i < warnings->len; i++)
    {
      g_autofree char *markup = note_markup (warnings, i);

      height += oss_page_measure (page, width, &note, markup) + 1.2;
    }
  return height;
}

/* As many as there is room for; the rest is counted. */
static void
put_notes (Column *self)
{
  const GPtrArray *warnings = self->page->data->warnings;
  OssTextStyle item = note;

  item.tag = "LI";
  put_heading (self, _ ("Notes and warnings"));
  cairo_tag_begin (self->page->cr, "L", NULL);
  for (guint i = 0; i < warnings->len; i++)
    {
      g_autofree char *markup = note_markup (warnings, i);

      if (self->y + oss_page_measure (self->page, self->width, &note, markup) + 11.0 > self->page->bottom
          && i + 1 < warnings->len)
        {
          g_autofree char *more = g_strdup_printf (
              OSS_NGETTEXT ("%u more stands in result.json.", "%u more stand in result.json.", warnings->len - i),
              warnings->len - i);

          self->y += oss_page_text (self->page, self->x, self->y, self->width, &item, more);
          break;
        }
      self->y += oss_page_markup (self->page, self->x, self->y, self->width, &item, markup) + 1.2;
    }
  cairo_tag_end (self->page->cr, "L");
  end_section (self);
}

double
oss_page_notes (OssPage *page, double y)
{
  Column whole = { page, page->left, y, page->right - page->left };

  put_notes (&whole);
  return whole.y;
}

static void
put_notes_or_place (Column *self)
{
  OssPage *page = self->page;
  const guint n = page->data->warnings->len;

  if (n == 0)
    return;
  if (self->y + notes_height (page, self->width) > page->bottom)
    page->notes_apart = TRUE;
  if (!page->notes_apart)
    {
      put_notes (self);
      return;
    }
  g_autofree char *place = g_strdup_printf (
      OSS_NGETTEXT ("%u note or warning is on page %d.", "%u notes and warnings are on page %d.", n), n, page->pages);
  OssTextStyle bold = note;
  bold.weight = PANGO_WEIGHT_BOLD;
  self->y += oss_page_text (page, self->x, self->y, self->width, &bold, place);
}

void
oss_page_second (OssPage *page)
{
  const OssTextStyle title = { .size = 14.0, .weight = PANGO_WEIGHT_BOLD, .color = OSS_INK, .lines = 1, .tag = "H1" };
  const double gap = 20.0, width = 0.5 * (page->right - page->left - gap);
  Column left = { page, page->left, 50.0, width }, right = { page, page->left + width + gap, 50.0, width };

  oss_page_text (page, page->left, 26.0, page->right - page->left, &title, _ ("Method and quality"));
  const OssReportData *data = page->data;
  put_scan (&left);
  if (data->simulated)
    put_material (&left);
  if (data->has_calibration)
    put_calibration (&right);
  /* Without a plot the right column has room above the pictures. */
  if (data->simulated && !data->has_fit)
    put_simulation (&right);

  left.y = right.y = put_segmentation (page, MAX (left.y, right.y));
  if (data->has_mesh)
    put_mesh (&left);
  if (data->simulated)
    {
      put_stress (&left);
      if (data->has_fit)
        put_simulation (&right);
    }
  put_times (&left);
  put_origin (&right);

  Column whole = { page, page->left, MAX (left.y, right.y), page->right - page->left };
  if (data->simulated && data->curve == NULL)
    whole.y = oss_page_estimators (page, whole.y);
  put_limits (&whole);
  put_notes_or_place (&whole);
}

void
oss_page_third (OssPage *page)
{
  double y = 36.0;

  if (page->comment_apart)
    y = oss_page_comment (page, y);
  if (page->notes_apart)
    oss_page_notes (page, y);
}
