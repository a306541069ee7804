/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"

OssCliInput oss_cli_input;

#define STRING(name, field, text, arg)                                                                                 \
  {                                                                                                                    \
    name, 0, 0, G_OPTION_ARG_STRING, &oss_cli_input.field, text, arg                                                   \
  }
#define DOUBLE(name, field, text, arg)                                                                                 \
  {                                                                                                                    \
    name, 0, 0, G_OPTION_ARG_DOUBLE, &oss_cli_input.field, text, arg                                                   \
  }

#define SERIES                                                                                                         \
  STRING ("series", series, N_ ("the series with this UID"), "UID"),                                                   \
      STRING ("kernel", kernel, N_ ("the series with this reconstruction kernel"), "NAME"),                            \
  {                                                                                                                    \
    "resample-tilt", 0, 0, G_OPTION_ARG_NONE, &oss_cli_input.resample_tilt,                                            \
        N_ ("straighten a series of a tilted gantry, which is refused otherwise"), NULL                                \
  }
#define CORRECTION                                                                                                       \
  STRING ("from-kernel", correct_from,                                                                                   \
          N_ ("the kernel that the image was made with, or one that is equal (default: by the header)"), "NAME"),        \
      { "mtf",                                                                                                           \
        0,                                                                                                               \
        0,                                                                                                               \
        G_OPTION_ARG_FILENAME,                                                                                           \
        &oss_cli_input.correct_mtf,                                                                                      \
        N_ ("the kernels’ transfer functions: auto (the default: the phantom in the scan and the table), table, "      \
            "measured (on the phantom or not at all), or a file of the image’s: a group with f50 and f10, or columns " \
            "lp/cm and modulation"),                                                                                     \
        "auto|table|measured|FILE" },                                                                                    \
      DOUBLE ("to-thickness", correct_to_mm, N_ ("average the slices to this thickness"), "MM")

const GOptionEntry oss_cli_input_series[] = { SERIES, { NULL } };

const GOptionEntry oss_cli_input_correct[] = {
  STRING ("to", correct_to, N_ ("the kernel that the image shall look as if made with"), "NAME"), CORRECTION, { NULL }
};

const GOptionEntry oss_cli_input_load[] = {
  SERIES,
  STRING ("correct-to", correct_to, N_ ("first correct the image to this reconstruction kernel: B40f"), "NAME"),
  CORRECTION,
  STRING ("density", density, N_ ("the NIfTI image holds density in mg/cm³ on this basis (K2HPO4, CHA, ash, apparent)"),
          "BASIS"),
  STRING ("calibration", calibration,
          N_ ("phantom (the default), async (the nearest quality scan), internal (the patient’s own tissues), "
              "line:SLOPE,INTERCEPT,BASIS in mg/cm³, "
              "line:jiang2023-b40f or line:jiang2023-b70f"),
          "METHOD"),
  STRING ("method", calibration, N_ ("the same as --calibration"), "METHOD"),
  { "quality-age", 0, 0, G_OPTION_ARG_INT, &oss_cli_input.quality_age,
    N_ ("how many days a quality scan may lie from the scan (default 180)"), "DAYS" },
  { "worklist", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_input.worklist,
    N_ ("database with the quality scans (default: your worklist)"), "FILE" },
  { "tissue", 0, 0, G_OPTION_ARG_STRING_ARRAY, &oss_cli_input.tissues,
    N_ ("of internal: read air, fat, blood, muscle or bone in this ball, or leave it out (blood=none); repeatable"),
    "TISSUE=X,Y,Z,RADIUS" },
  STRING ("internal-model", internal_model, N_ ("of internal: k2hpo4-water (the default) or michalski2020"), "NAME"),
  STRING ("effective-energy", effective_energy,
          N_ ("of internal: the beam’s effective energy, or free: by the tissues alone (default: by tube voltage and "
              "tissues)"),
          "KEV"),
  STRING ("phantom", phantom, N_ ("the phantom’s model: auto (the default), mindways3, qrm-bdc3, …"), "NAME"),
  STRING ("serial", serial, N_ ("the phantom’s serial number: its certificate’s densities"), "NUMBER"),
  { "certificate", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_input.certificate,
    N_ ("file of certificates (default: certificates.ini among the user’s settings)"), "FILE" },
  { NULL },
};

const GOptionEntry oss_cli_input_segment[] = {
  STRING ("vertebra", vertebra, N_ ("which vertebra: T12, L1, …"), "LEVEL"),
  STRING ("at", at, N_ ("a place inside the vertebral body, patient mm (left, posterior, superior positive)"), "X,Y,Z"),
  { "labels", 0, 0, G_OPTION_ARG_FILENAME, &oss_cli_input.labels,
    N_ ("labels of another program: NIfTI on the image's grid, or DICOM SEG"), "FILE" },
  STRING ("numbering", numbering, N_ ("numbering of these labels: verse, totalsegmentator or binary"), "NAME"),
  STRING ("label-values", label_values, N_ ("these label values together are the vertebra: 1-4"), "LIST"),
  { NULL },
};

const GOptionEntry oss_cli_input_mesh[] = {
  STRING ("kind", mesh_kind, N_ ("tet10 (the default, 2 mm), tet4 (1 mm) or hex8 (voxels)"), "KIND"),
  STRING ("engine", mesh_kind, N_ ("the same as --kind; voxel is hex8"), "KIND"),
  DOUBLE ("size", mesh_size, N_ ("element size"), "MM"),
  { NULL },
};

const GOptionEntry oss_cli_input_simulate[] = {
  STRING ("law", law, N_ ("modulus law: morgan2003-vertebra (the default), kopperdahl2002, …"), "NAME"),
  STRING ("conversion", conversion, N_ ("first step between density bases: equal (the default), keyak1994, …"), "NAME"),
  DOUBLE ("displacement", displacement,
          /* xgettext:no-c-format */
          N_ ("how far the superior endplate is pressed down (default: 0.68 % of the height)"), "MM"),
  STRING ("caps", caps,
          N_ ("what stands between endplates and platens: none (the default), pmma (bone cement) or disc"), "KIND"),
  DOUBLE ("cap-thickness", cap_thickness,
          N_ ("from an endplate’s mean height to its platen (default: pmma 10, disc 8)"), "MM"),
  DOUBLE ("cap-modulus", cap_modulus, N_ ("Young's modulus of the caps (default: pmma 2500, disc 8)"), "MPA"),
  { NULL },
};

const GOptionEntry oss_cli_input_nonlinear[] = {
  { "nonlinear", 0, 0, G_OPTION_ARG_NONE, &oss_cli_input.nonlinear,
    N_ ("also follow the load beyond yield: load-displacement curve, offset yield, plateau"), NULL },
  STRING ("yield-law", yield_law,
          N_ ("yield law of --nonlinear: vertebra-yield-strain, kopperdahl2002, … (default: by --law)"), "NAME"),
  STRING ("criterion", criterion,
          N_ ("von-mises, paraboloid, drucker-prager or mohr-coulomb (default: the yield law's own)"), "NAME"),
  STRING (
      "post-yield", post_yield,
      N_ ("what follows yielding: perfect (the default), hardening:SHARE (of Young’s modulus, per plastic strain) or "
          "softening:MM,SHARE (over so many mm of an element’s plastic shortening, down to that share)"),
      "FORM"),
  DOUBLE ("final-strain", final_strain, N_ ("apparent strain at the end of the curve (default 0.02)"), "S"),
  { "increments", 0, 0, G_OPTION_ARG_INT, &oss_cli_input.increments, N_ ("increments of the curve (default 20)"), "N" },
  { "newton-iterations", 0, 0, G_OPTION_ARG_INT, &oss_cli_input.newton_iterations,
    N_ ("iterations after which an increment is cut in halves, six times at most (default 25)"), "N" },
  { NULL },
};

static void
set_string (char **to, const char *from)
{
  if (from == NULL)
    return;
  g_free (*to);
  *to = g_strdup (from);
}

static gboolean
apply_mesh (OssMeshOptions *mesh, GError **error)
{
  const char *kind = oss_cli_input.mesh_kind;

  if (kind != NULL && g_str_equal (kind, "voxel"))
    kind = "hex8";
  if (kind != NULL && (g_str_equal (kind, "ucfe") || g_str_equal (kind, "surrogate")))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                   _ ("The engine “%s” is not part of this version. Use tet10, tet4 or voxel."), kind);
      return FALSE;
    }
  if (kind != NULL && !oss_element_from_name (kind, &mesh->kind))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is not a kind of element: tet10, tet4 or hex8."), kind);
      return FALSE;
    }
  if (oss_cli_input.mesh_size != 0.0)
    mesh->size_mm = oss_cli_input.mesh_size;
  else if (mesh->kind == OSS_ELEMENT_TET4)
    mesh->size_mm = 1.0;
  else if (mesh->kind == OSS_ELEMENT_HEX8)
    mesh->size_mm = 0.0;
  return TRUE;
}

static gboolean
apply_segment (OssStudyOptions *options, GError **error)
{
  const OssCliInput *input = &oss_cli_input;

  if (input->vertebra != NULL && !oss_cli_parse_vertebra (input->vertebra, &options->vertebra, error))
    return FALSE;
  options->has_at = input->at != NULL;
  if (input->at != NULL && !oss_cli_parse_numbers ("--at", input->at, 3, options->at_mm, error))
    return FALSE;
  set_string (&options->labels_path, input->labels);
  set_string (&options->label_values, input->label_values);
  if (input->numbering == NULL)
    return TRUE;
  options->numbering = oss_numbering_from_name (input->numbering);
  if (options->numbering == OSS_NUMBERING_UNKNOWN)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                 _ ("“%s” is not a known numbering: verse, totalsegmentator or binary."), input->numbering);
  return options->numbering != OSS_NUMBERING_UNKNOWN;
}

gboolean
oss_cli_input_yielding (OssYieldingOptions *options, GError **error)
{
  const OssCliInput *input = &oss_cli_input;

  *options = (OssYieldingOptions){ .yield_law = input->yield_law,
                                   .criterion = input->criterion,
                                   .post_yield = input->post_yield,
                                   .final_strain = input->final_strain,
                                   .increments = input->increments,
                                   .newton_iterations = input->newton_iterations };
  if (input->nonlinear)
    return oss_yielding_options_check (options, error);
  if (input->yield_law == NULL && input->criterion == NULL && input->post_yield == NULL && input->final_strain == 0.0
      && input->increments == 0 && input->newton_iterations == 0)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("“--yield-law”, “--criterion”, “--post-yield”, “--final-strain”, “--increments” and "
                          "“--newton-iterations” belong to “--nonlinear”; give that too."));
  return FALSE;
}

static gboolean
apply_nonlinear (OssStudyOptions *options, GError **error)
{
  OssYieldingOptions given;

  if (!oss_cli_input_yielding (&given, error))
    return FALSE;
  options->nonlinear = oss_cli_input.nonlinear;
  set_string (&options->yield_law, given.yield_law);
  set_string (&options->criterion, given.criterion);
  set_string (&options->post_yield, given.post_yield);
  options->final_strain = given.final_strain;
  options->increments = given.increments;
  options->newton_iterations = given.newton_iterations;
  return TRUE;
}

static gboolean
apply_caps (OssCaps *caps, GError **error)
{
  const OssCliInput *input = &oss_cli_input;
  OssCapsKind kind = OSS_CAPS_NONE;

  if (input->caps != NULL && !oss_caps_from_name (input->caps, &kind, error))
    return FALSE;
  oss_caps_init (caps, kind);
  if (kind == OSS_CAPS_NONE && (input->cap_thickness != 0.0 || input->cap_modulus != 0.0))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("“--cap-thickness” and “--cap-modulus” belong to “--caps pmma” or “--caps disc”; give "
                              "that too."));
      return FALSE;
    }
  if (input->cap_thickness != 0.0)
    caps->thickness_mm = input->cap_thickness;
  if (input->cap_modulus != 0.0)
    caps->modulus_mpa = input->cap_modulus;
  return TRUE;
}

gboolean
oss_cli_input_apply (OssStudy *study, const char *path, GError **error)
{
  const OssCliInput *input = &oss_cli_input;
  OssStudyOptions options;
  gboolean good = TRUE;

  oss_study_options_copy (&options, oss_study_get_options (study));
  set_string (&options.path, path);
  set_string (&options.series_uid, input->series);
  set_string (&options.kernel, input->kernel);
  set_string (&options.correct_to, input->correct_to);
  set_string (&options.correct_from, input->correct_from);
  set_string (&options.correct_mtf, input->correct_mtf);
  options.correct_to_mm = input->correct_to_mm;
  set_string (&options.calibration, input->calibration);
  set_string (&options.phantom, input->phantom);
  set_string (&options.worklist, input->worklist);
  options.quality_days = input->quality_age;
  set_string (&options.internal_model, input->internal_model);
  set_string (&options.effective_energy, input->effective_energy);
  if (input->tissues != NULL)
    {
      g_free (options.tissues);
      options.tissues = g_strjoinv (";", input->tissues);
    }
  set_string (&options.phantom_serial, input->serial);
  set_string (&options.phantom_certificate, input->certificate);
  set_string (&options.law, input->law);
  set_string (&options.conversion, input->conversion);
  options.displacement_mm = input->displacement;
  options.resample_tilt = input->resample_tilt;
  options.input_is_density = input->density != NULL;
  if (input->density != NULL)
    {
      options.density_basis = oss_basis_from_name (input->density);
      good = options.density_basis != OSS_BASIS_UNKNOWN;
      if (!good)
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is not a density basis: K2HPO4, CHA, ash, apparent."),
                     input->density);
    }
  good = good && apply_segment (&options, error) && apply_mesh (&options.mesh, error)
         && apply_caps (&options.caps, error) && apply_nonlinear (&options, error)
         && oss_study_set_options (study, &options, error);
  oss_study_options_clear (&options);
  return good;
}
