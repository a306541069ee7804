/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"

#include <math.h>

/* American College of Radiology bands of spine trabecular vBMD (mean of two lumbar bodies, K2HPO4 phantom). */
#define OSTEOPOROSIS_BELOW_MG_CM3 80.0
#define NORMAL_ABOVE_MG_CM3 120.0

static const char *
no_class_reason (OssStudy *self)
{
  const OssSegmentResult *segment = oss_study_get_segment (self);
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (self);
  guint8 level = oss_study_get_options (self)->vertebra;

  if (segment == NULL || !segment->has_vbmd || calibrate == NULL)
    return _ ("Trabecular density could not be measured.");
  if (calibrate->line.basis != OSS_BASIS_K2HPO4)
    return _ ("The limits hold for K₂HPO₄-equivalent density; this study is on another basis.");
  if (level == 0)
    return _ ("The level of the vertebra was not given; the limits hold for lumbar vertebrae.");
  if (level < oss_vertebra_from_name ("L1") || level > oss_vertebra_from_name ("L5"))
    return _ ("The limits hold for lumbar vertebrae.");
  return NULL;
}

const char *
oss_study_density_class (double vbmd_mg_cm3)
{
  return vbmd_mg_cm3 < OSTEOPOROSIS_BELOW_MG_CM3 ? "osteoporosis"
         : vbmd_mg_cm3 <= NORMAL_ABOVE_MG_CM3    ? "low"
                                                 : "normal";
}

const char *
oss_study_density_class_source (void)
{
  return N_ ("ACR trabecular vBMD bands: below 80, 80 to 120, above 120 mg/cm³ (K₂HPO₄, mean of two lumbar bodies)");
}

void
oss_study_classify (OssStudy *self, OssClassification *classification)
{
  const char *reason = no_class_reason (self);

  *classification = (OssClassification){
    .density_class = "none",
    .reason = reason,
    .source = oss_study_density_class_source (),
    .margin_mg_cm3 = NAN,
  };
  if (reason != NULL)
    return;
  double vbmd = oss_study_get_segment (self)->vbmd.mean_mg_cm3;
  double uncertainty = oss_study_get_segment (self)->vbmd_uncertainty_mg_cm3;

  classification->density_class = oss_study_density_class (vbmd);
  classification->reason =
      _ ("Rests on the trabecular density of one vertebra; the limits were set for the mean of two.");
  classification->margin_mg_cm3 = fmin (fabs (vbmd - OSTEOPOROSIS_BELOW_MG_CM3), fabs (vbmd - NORMAL_ABOVE_MG_CM3));
  classification->borderline = isfinite (uncertainty) && classification->margin_mg_cm3 <= uncertainty;
}

static void
add_text (GPtrArray *warnings, const char *text)
{
  g_ptr_array_add (warnings, g_strdup (text));
}

static void
add_mesh_warnings (GPtrArray *warnings, const OssMeshQuality *quality)
{
  if (quality->islands > 0)
    g_ptr_array_add (warnings,
                     g_strdup_printf (OSS_NGETTEXT ("%u part of the label (%zu voxels) hangs apart and was left out.",
                                                    "%u parts of the label (%zu voxels) hang apart and were left out.",
                                                    quality->islands),
                                      quality->islands, quality->island_voxels));
  if (fabs (quality->volume_error_percent) > 1.0)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The mesh's volume differs from the label's by %.1f %%."),
                                                quality->volume_error_percent));
  if (quality->minimum_dihedral_deg < 10.0 && quality->inverted == 0)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The sharpest angle in the mesh is %.1f° (goal 10°)."),
                                                quality->minimum_dihedral_deg));
  if (!quality->closed || !quality->manifold)
    add_text (warnings, _ ("The mesh's surface is not a closed manifold everywhere."));
}

/* From where on stiffness is off by more than 2 %: the manual's study of element sizes. */
#define COARSE_LINEAR_MM 1.25
#define COARSE_QUADRATIC_MM 2.5

static void
warn_coarse (GPtrArray *warnings, const OssMeshOptions *mesh)
{
  double limit_mm = mesh->kind == OSS_ELEMENT_TET4 ? COARSE_LINEAR_MM : COARSE_QUADRATIC_MM;

  if (mesh->kind != OSS_ELEMENT_HEX8 && mesh->size_mm > limit_mm)
    g_ptr_array_add (
        warnings, g_strdup_printf (_ ("Elements of %.1f mm make the vertebra a few percent too stiff; quadratic ones "
                                      "of 2 mm or linear ones of 1 mm do not."),
                                   mesh->size_mm));
}

static void
add_simulate_warnings (GPtrArray *warnings, const OssSimulateResult *simulate, const OssMeshResult *mesh)
{
  if (simulate->modulus.outside_range_percent > 20.0)
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("%.0f %% of the elements have a density outside the range “%s” was "
                                         "measured on."),
                                      simulate->modulus.outside_range_percent, _ (simulate->chain.law->title)));
  if (simulate->modulus.at_floor > mesh->mesh->n_elements / 20)
    g_ptr_array_add (
        warnings,
        g_strdup_printf (_ ("%.0f %% of the elements are too soft for the law and stand at its floor of %.1f MPa."),
                         100.0 * (double) simulate->modulus.at_floor / (double) mesh->mesh->n_elements,
                         simulate->chain.floor_mpa));
  if (simulate->curve != NULL)
    oss_study_warn_nonlinear (simulate, mesh->mesh, warnings);
}

/* Only labels that carry levels tell which vertebra it is. */
static gboolean
level_is_named (OssStudy *self)
{
  const OssStudyOptions *options = oss_study_get_options (self);
  return options->vertebra != 0 && (options->labels_path == NULL || options->label_values != NULL);
}

GPtrArray *
oss_study_get_warnings (OssStudy *self)
{
  GPtrArray *warnings = g_ptr_array_new_with_free_func (g_free);
  const OssLoadResult *load = oss_study_get_load (self);
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (self);
  const OssSegmentResult *segment = oss_study_get_segment (self);
  const OssMeshResult *mesh = oss_study_get_mesh (self);
  const OssSimulateResult *simulate = oss_study_get_simulate (self);

  if (load != NULL && load->choice != NULL)
    add_text (warnings, load->choice);
  if (load != NULL && load->series != NULL)
    for (guint i = 0; i < load->series->reasons->len; i++)
      add_text (warnings, ((OssReason *) load->series->reasons->pdata[i])->text);
  if (load != NULL && load->correction != NULL)
    add_text (warnings, load->correction->words);
  if (calibrate != NULL && calibrate->internal != NULL)
    oss_study_warn_internal (calibrate->internal, warnings);
  if (calibrate != NULL)
    oss_study_warn_aorta (calibrate, warnings);
  if (calibrate != NULL && calibrate->fit != NULL)
    oss_study_add_phantom_warnings (warnings, calibrate->fit);
  if (calibrate != NULL && g_strcmp0 (calibrate->line.method, "line") == 0)
    add_text (warnings, _ ("The calibration line was given, not measured in this scan; its error is not known."));
  if (calibrate != NULL && calibrate->quality != NULL)
    oss_quality_use_warn (calibrate->quality, warnings);
  if (segment != NULL && level_is_named (self))
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The level %s is as named by the user; it was not checked."),
                                                oss_vertebra_name (oss_study_get_options (self)->vertebra)));
  if (segment != NULL)
    for (guint i = 0; segment->info.notes != NULL && i < segment->info.notes->len; i++)
      add_text (warnings, segment->info.notes->pdata[i]);
  if (mesh != NULL)
    add_mesh_warnings (warnings, &mesh->quality);
  if (simulate != NULL && mesh != NULL)
    {
      warn_coarse (warnings, &oss_study_get_options (self)->mesh);
      add_simulate_warnings (warnings, simulate, mesh);
    }
  return warnings;
}
