/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is true about a virtual patient, beside its images. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "formats/oss-nifti.h"
#include "image/oss-vertebra.h"
#include "virtual/oss-virtual-private.h"

/* JSON without a locale, indented by one space a level. */
typedef struct
{
  GString *text;
  int depth;
} Json;

/* Starts a member of an object, or of an array when @key is NULL. */
static void
add_key (Json *json, const char *key)
{
  char last = json->text->str[json->text->len - 1];
  if (last != '{' && last != '[')
    g_string_append_c (json->text, ',');
  g_string_append_printf (json->text, "\n%*s", json->depth, "");
  if (key != NULL)
    g_string_append_printf (json->text, "\"%s\": ", key);
}

static void
open_group (Json *json, const char *key, char bracket)
{
  add_key (json, key);
  g_string_append_c (json->text, bracket);
  json->depth++;
}

static void
close_group (Json *json, char bracket)
{
  json->depth--;
  g_string_append_printf (json->text, "\n%*s%c", json->depth, "", bracket);
}

static void
add_number (Json *json, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  add_key (json, key);
  g_string_append (json->text, g_ascii_formatd (text, sizeof text, "%.7g", value));
}

static void
add_string (Json *json, const char *key, const char *value)
{
  add_key (json, key);
  g_string_append_c (json->text, '"');
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (json->text, "\\%c", *c);
    else if ((guchar) *c < 0x20)
      g_string_append_printf (json->text, "\\u%04x", *c);
    else
      g_string_append_c (json->text, *c);
  g_string_append_c (json->text, '"');
}

static void
add_vector (Json *json, const char *key, const double *value, int n)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  add_key (json, key);
  for (int i = 0; i < n; i++)
    g_string_append_printf (json->text, "%s%s", i == 0 ? "[" : ", ",
                            g_ascii_formatd (text, sizeof text, "%.7g", value[i]));
  g_string_append_c (json->text, ']');
}

static void
add_options (Json *json, const OssVirtualOptions *o)
{
  const char sex[2] = { o->sex, '\0' }, size[2] = { o->size, '\0' };
  open_group (json, "options", '{');
  add_key (json, "seed");
  g_string_append_printf (json->text, "%" G_GUINT64_FORMAT, o->seed);
  add_string (json, "sex", sex);
  add_number (json, "age_years", o->age_years);
  add_number (json, "vbmd_mg_cm3", o->vbmd_mg_cm3);
  add_string (json, "size", size);
  add_vector (json, "spacing_mm", o->spacing_mm, 3);
  add_number (json, "fov_mm", o->fov_mm);
  add_number (json, "contrast_hu", o->contrast_hu);
  add_string (json, "phantom", !o->phantom ? "none" : o->phantom_model != NULL ? o->phantom_model : "mindways3");
  add_string (json, "marker", o->marker ? "left" : "none");
  add_string (json, "level_low", oss_vertebra_name (o->level_low));
  add_string (json, "level_high", oss_vertebra_name (o->level_high));
  close_group (json, '}');
}

static void
add_acquisition (Json *json, const OssVirtualPatient *patient, const OssVirtualStudy *study)
{
  open_group (json, "acquisition", '{');
  add_number (json, "effective_energy_kev", patient->spine.kev);
  add_number (json, "phantom_effective_energy_kev", patient->phantom.kev);
  add_number (json, "cupping_hu", patient->cupping_hu);
  add_number (json, "kernel_deviation", patient->truth.kernel_deviation);
  open_group (json, "kernels", '[');
  for (int k = 0; k < study->n_kernels; k++)
    {
      const OssVirtualKernel *kernel = &study->kernels[k];
      const double *l1 = patient->truth.l1_centre_mm;
      open_group (json, NULL, '{');
      add_string (json, "name", kernel->name);
      add_string (json, "header", kernel->header);
      add_number (json, "f50_lp_cm", kernel->f50);
      add_number (json, "noise_sd_l1_hu", oss_virtual_noise_sd (patient, l1[0], l1[1]) * pow (kernel->f50 / 3.5, 1.5));
      close_group (json, '}');
    }
  close_group (json, ']');
  close_group (json, '}');
}

static void
add_phantom (Json *json, const OssVirtualPatient *patient)
{
  const OssVirtualAnatomy *a = &patient->anatomy;
  open_group (json, "true_line", '{');
  add_string (json, "basis", "K2HPO4");
  add_number (json, "slope", patient->truth.true_slope);
  add_number (json, "intercept", patient->truth.true_intercept);
  close_group (json, '}');
  if (a->phantom && a->rods_cha)
    {
      open_group (json, "true_line_cha", '{');
      add_string (json, "basis", "CHA");
      add_number (json, "slope", patient->truth.true_cha_slope);
      add_number (json, "intercept", patient->truth.true_cha_intercept);
      close_group (json, '}');
    }
  open_group (json, "rods", '[');
  for (int i = 0; a->phantom && i < a->n_rods; i++)
    {
      open_group (json, NULL, '{');
      add_vector (json, "axis_xy_mm", a->rod[i], 2);
      add_number (json, "diameter_mm", 2.0 * a->rod_radius);
      add_number (json, a->rods_cha ? "cha_mg_cm3" : "k2hpo4_mg_cm3", a->rod_density[i]);
      if (!a->rods_cha)
        add_number (json, "water_mg_cm3", a->rod_water[i]);
      add_number (json, "hu", a->rod_hu[i]);
      close_group (json, '}');
    }
  close_group (json, ']');
}

static void
add_vertebra (Json *json, const OssVirtualPatient *patient, const OssVirtualVertebra *v)
{
  double width, depth;
  oss_virtual_vertebra_waist (v, &width, &depth);
  open_group (json, oss_vertebra_name (v->level), '{');
  add_number (json, "label", v->level);
  add_vector (json, "centre_mm", v->centre, 3);
  add_vector (json, "left", v->axes, 3);
  add_vector (json, "anterior", v->axes + 3, 3);
  add_vector (json, "superior", v->axes + 6, 3);
  if (v->marker_radius > 0.0)
    {
      double marker[3];
      oss_virtual_vertebra_patient (v, v->marker_centre, marker);
      add_vector (json, "marker_centre_mm", marker, 3);
    }
  add_number (json, "width_mid_mm", width);
  add_number (json, "depth_mid_mm", depth);
  add_number (json, "height_mm", 2.0 * v->half_height);
  add_number (json, "width_mean_mm", 2.0 * v->half_width);
  add_number (json, "depth_mean_mm", 2.0 * v->half_depth);
  add_number (json, "waist", v->waist);
  add_number (json, "wedge_deg", v->wedge * 180.0 / G_PI);
  add_number (json, "dish_superior_mm", v->dish_superior);
  add_number (json, "dish_inferior_mm", v->dish_inferior);
  add_number (json, "disc_below_mm", v->disc_below);
  add_number (json, "centre_bv_tv", v->centre_bvtv);
  add_number (json, "vbmd_mg_cm3",
              oss_virtual_beam_k2hpo4 (&patient->spine,
                                       oss_virtual_beam_bone_hu (&patient->spine, v->centre_bvtv, patient->marrow_hu)));
  close_group (json, '}');
}

static char *
truth_json (const OssVirtualPatient *patient, const OssVirtualStudy *study)
{
  Json json = { g_string_new ("{"), 1 };

  add_string (&json, "program", "Ossature " OSS_VERSION);
  add_options (&json, &patient->options);
  add_number (&json, "vbmd_mg_cm3", patient->truth.vbmd_mg_cm3);
  add_number (&json, "marrow_fat_fraction", patient->truth.marrow_fat_fraction);
  add_acquisition (&json, patient, study);
  add_phantom (&json, patient);
  open_group (&json, "vertebrae", '{');
  for (int i = 0; i < patient->anatomy.n_vertebrae; i++)
    add_vertebra (&json, patient, &patient->anatomy.vertebrae[i]);
  close_group (&json, '}');
  close_group (&json, '}');
  g_string_append_c (json.text, '\n');
  return g_string_free (json.text, FALSE);
}

gboolean
oss_virtual_truth_write (const char *folder, const OssVirtualPatient *patient, const OssVirtualStudy *study,
                         const OssTick *tick, GError **error)
{
  g_autofree char *truth = g_build_filename (folder, "truth", NULL);
  g_autofree char *labels = g_build_filename (truth, "labels.nii.gz", NULL);
  g_autofree char *ash = g_build_filename (truth, "ash_density.nii.gz", NULL);
  g_autofree char *k2hpo4 = g_build_filename (truth, "k2hpo4_density.nii.gz", NULL);
  g_autofree char *path = g_build_filename (truth, "truth.json", NULL);
  g_autofree char *json = truth_json (patient, study);
  OssTick first = oss_tick_part (tick, 0.0, 0.1), second = oss_tick_part (tick, 0.1, 0.4),
          third = oss_tick_part (tick, 0.4, 1.0);

  return oss_file_prepare_folder (truth, error)
         && oss_nifti_write_labels (study->labels, labels, "VerSe numbering", &first, error)
         && oss_nifti_write_volume (study->ash, ash, TRUE, "mineral ash, mg/cm3", &second, error)
         && oss_nifti_write_volume (study->k2hpo4, k2hpo4, TRUE, "K2HPO4-equivalent, mg/cm3", &third, error)
         && oss_file_write (path, json, strlen (json), error);
}
