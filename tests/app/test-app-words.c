/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-format.h"
#include "app/oss-scene.h"
#include "app/oss-series-text.h"

#include <math.h>

static void
assert_text (char *text, const char *expected)
{
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
}

/* Reference: the design's rules for numbers: true minus U+2212, narrow no-break space U+202F, no minus on zero. */
static void
test_numbers (void)
{
  assert_text (oss_format_fixed (-12.35, 1), "\u221212.3");
  assert_text (oss_format_fixed (0.04, 1), "0.0");
  assert_text (oss_format_fixed (-0.04, 1), "0.0");
  assert_text (oss_format_fixed (-0.06, 1), "\u22120.1");
  assert_text (oss_format_fixed (NAN, 1), "–");
  assert_text (oss_format_rounded (4623.0, 10.0), "4\u202f620");
  assert_text (oss_format_rounded (-1234567.0, 1.0), "\u22121\u202f234\u202f567");
  assert_text (oss_format_rounded (999.6, 1.0), "1\u202f000");
  assert_text (oss_format_rounded (-3.0, 10.0), "0");
}

static void
test_dicom_texts (void)
{
  assert_text (oss_format_dicom_name ("Brandt^Helga^^Dr"), "Brandt, Helga");
  assert_text (oss_format_dicom_name ("PHANTOM"), "PHANTOM");
  assert_text (oss_format_dicom_name (""), "No name");
  assert_text (oss_format_dicom_age ("071Y"), "71 y");
  assert_text (oss_format_dicom_age ("009M"), "9 mo");
  assert_text (oss_format_dicom_age (""), "");
  assert_text (oss_format_dicom_date ("20260314"), "14 Mar 2026");
  assert_text (oss_format_dicom_date ("2026"), "2026");
  assert_text (oss_format_dicom_date ("20269999"), "20269999");
  assert_text (oss_format_patient ("071Y", "F", "", "CT lumbar spine", ""), "71 y · F · CT lumbar spine");
}

static void
test_time_left (void)
{
  assert_text (oss_format_time_left (10.0, 0.5), "10 s left");
  assert_text (oss_format_time_left (60.0, 0.25), "about 3 min left");
  g_assert_null (oss_format_time_left (0.5, 0.5)); /* too early to tell */
  g_assert_null (oss_format_time_left (10.0, 0.01));
}

static OssSeries *
make_series (void)
{
  OssSeries *series = g_new0 (OssSeries, 1);

  series->series_number = 2;
  series->patient_name = (char *) "Secret^Name";
  series->patient_id = (char *) "ID-1";
  series->modality = (char *) "CT";
  series->manufacturer = (char *) "Maker";
  series->model = (char *) "Model";
  series->kernel = (char *) "B40f";
  series->contrast = (char *) "";
  series->series_uid = (char *) "1.2.3";
  series->kvp = 120;
  series->slice_thickness_mm = 1.25;
  series->has_grid = TRUE;
  series->grid =
      (OssGrid){ .size = { 512, 512, 211 }, .spacing = { 0.4, 0.4, 1.25 }, .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  series->files = g_ptr_array_new ();
  series->reasons = g_ptr_array_new ();
  return series;
}

static void
free_series (OssSeries *series)
{
  g_ptr_array_unref (series->files);
  g_ptr_array_unref (series->reasons);
  g_free (series);
}

static void
test_refused_series (void)
{
  OssSeries *series = make_series ();
  OssReason reason = { OSS_REASON_REFUSAL, "missing-slices", (char *) "Three slices are missing." };
  OssSeriesCheck checks[OSS_SERIES_N_CHECKS];
  g_autofree char *explanation = NULL;
  int refused = 0;

  g_ptr_array_add (series->reasons, &reason);
  series->verdict = OSS_VERDICT_REFUSED;
  assert_text (oss_series_headline (series), "Series 2 cannot be analysed");
  assert_text (oss_series_reasons (series), "Three slices are missing.");
  assert_text (oss_series_facts (series), "211 × 1.25 mm · axial");
  oss_series_checks (series, checks);
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    refused += checks[i].state == OSS_VERDICT_REFUSED;
  g_assert_cmpint (refused, ==, 1);
  g_assert_cmpstr (checks[0].value, ==, "slices missing");
  oss_series_checks_clear (checks);

  /* For a mail to the scanner room: reasons, but nobody's name. */
  explanation = oss_series_explanation (series);
  g_assert_nonnull (g_strstr_len (explanation, -1, "Three slices are missing."));
  g_assert_null (g_strstr_len (explanation, -1, "Secret"));
  g_assert_null (g_strstr_len (explanation, -1, "ID-1"));
  free_series (series);
}

static void
test_unstated_is_no_tick (void)
{
  OssSeries *series = make_series ();
  OssSeriesCheck checks[OSS_SERIES_N_CHECKS];
  int notes = 0;

  series->kernel = (char *) "";
  series->kvp = 0;
  series->has_grid = FALSE;
  oss_series_checks (series, checks);
  for (int i = 0; i < OSS_SERIES_N_CHECKS; i++)
    notes += checks[i].state == OSS_VERDICT_NOTES;
  g_assert_cmpint (notes, ==, 4); /* spacing, orientation, voltage, kernel */
  oss_series_checks_clear (checks);
  free_series (series);
}

static void
count_cb (OssScene *scene, guint what, guint *seen)
{
  *seen |= what;
}

static void
test_scene (void)
{
  const OssGrid grid = { .size = { 11, 21, 31 },
                         .spacing = { 1, 1, 2 },
                         .origin = { -5, -10, -30 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  g_autoptr (OssScene) scene = oss_scene_new ();
  const double far[3] = { 1000, 3, -1000 }, inside[3] = { 2, 3, 4 };
  const OssCalibrationLine line = { .slope = 0.7, .intercept = -4.2, .basis = OSS_BASIS_K2HPO4 };
  guint seen = 0;

  for (gsize i = 0; i < oss_grid_count (&grid); i++)
    volume->data[i] = 118.0f;
  g_signal_connect (scene, "changed", G_CALLBACK (count_cb), &seen);
  oss_scene_set_volume (scene, volume);
  g_assert_true (seen & OSS_SCENE_VOLUME);
  g_assert_cmpfloat_with_epsilon (oss_scene_get_cursor (scene)[2], 0.0, 1e-9);

  /* The cursor stays in the image: centres of the outer voxels. */
  oss_scene_set_cursor (scene, far);
  g_assert_cmpfloat_with_epsilon (oss_scene_get_cursor (scene)[0], 5.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (oss_scene_get_cursor (scene)[1], 3.0, 1e-9);
  g_assert_cmpfloat_with_epsilon (oss_scene_get_cursor (scene)[2], -30.0, 1e-9);

  assert_text (oss_scene_describe_value (scene, inside), "118 HU");
  oss_scene_set_line (scene, &line);
  assert_text (oss_scene_describe_value (scene, inside), "118 HU  78 mg/cm³ K₂HPO₄"); /* 0.7 * 118 - 4.2 = 78.4 */
  assert_text (oss_scene_describe_value (scene, far), "");

  oss_scene_set_preset (scene, 2);
  g_assert_cmpfloat (oss_scene_get_level (scene), ==, 50.0);
  g_assert_cmpfloat (oss_scene_get_window (scene), ==, 400.0);
}

static void
test_model_range (void)
{
  g_autoptr (OssMesh) mesh = oss_mesh_new (OSS_ELEMENT_TET4, 1001, 1, NULL);
  const OssVertebraFrame frame = { .width_mm = 40 };
  g_autofree double *stress = g_new (double, 1001), *moved = g_new0 (double, 3003);
  g_autoptr (OssModel) model = oss_model_new (mesh, &frame);
  const OssFieldView *stress_view = &model->fields[OSS_MODEL_STRESS];

  for (int i = 0; i < 1001; i++)
    stress[i] = 1000 - i;
  oss_model_set_stress (model, stress, moved);
  /* Percentiles of 0, 1, ..., 1000, exactly. */
  g_assert_cmpfloat (stress_view->low, ==, 0.0);
  g_assert_cmpfloat (stress_view->high, ==, 995.0);
  g_assert_cmpfloat (stress_view->mark, ==, 950.0);
  g_assert_cmpfloat (stress_view->values[0], ==, 1000.0); /* order kept */
}

/* Two tetrahedra of 1 and 3 mm3 on one face: its nodes get the mean by volume, the tips their own; in percent. */
static void
test_model_plastic_strain (void)
{
  static const gint32 elements[8] = { 0, 1, 2, 3, 0, 2, 1, 4 };
  const OssVertebraFrame frame = { .width_mm = 40 };
  const double volume[2] = { 1.0, 3.0 }, strain[2] = { 0.0, 0.02 }, none[2] = { 0.0, 0.0 };
  g_autoptr (OssMesh) mesh = oss_mesh_new (OSS_ELEMENT_TET4, 5, 2, NULL);
  const OssFieldView *view;

  memcpy (mesh->elements, elements, sizeof elements);
  g_autoptr (OssModel) model = oss_model_new (mesh, &frame), elastic = oss_model_new (mesh, &frame);
  oss_model_set_plastic_strain (model, strain, volume);
  view = &model->fields[OSS_MODEL_PLASTIC_STRAIN];
  for (int n = 0; n < 3; n++)
    g_assert_cmpfloat_with_epsilon (view->values[n], 1.5, 1e-12);
  g_assert_cmpfloat (view->values[3], ==, 0.0);
  g_assert_cmpfloat_with_epsilon (view->values[4], 2.0, 1e-12);
  g_assert_cmpfloat (view->high, >, 0.0);
  /* Where nothing yields there is no range. */
  oss_model_set_plastic_strain (elastic, none, volume);
  view = &elastic->fields[OSS_MODEL_PLASTIC_STRAIN];
  g_assert_nonnull (view->values);
  g_assert_cmpfloat (view->high, ==, 0.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/format/numbers", test_numbers);
  g_test_add_func ("/app/format/dicom", test_dicom_texts);
  g_test_add_func ("/app/format/time-left", test_time_left);
  g_test_add_func ("/app/series/refused", test_refused_series);
  g_test_add_func ("/app/series/unstated", test_unstated_is_no_tick);
  g_test_add_func ("/app/scene", test_scene);
  g_test_add_func ("/app/model/range", test_model_range);
  g_test_add_func ("/app/model/plastic-strain", test_model_plastic_strain);
  return g_test_run ();
}
