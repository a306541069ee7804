/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual patients on every phantom of the table: the model is found among all, and its line and the density of L1 are
 * those the patient was made with (in silico: the rods and the spine follow the same tables of attenuation). */
#include "calibrate/oss-phantom.h"
#include "virtual/oss-virtual-private.h"

typedef struct
{
  const char *model;
  int rods;
} Model;

static const Model models[] = { { "mindways3", 5 }, { "mindways3-qa", 4 },   { "qrm-bdc3", 3 },     { "qrm-bdc6", 6 },
                                { "b-mas200", 5 },  { "image-analysis", 3 }, { "siemens-osteo", 2 } };

static OssVolume *
make_patient (const char *model, double fov_mm, OssVirtualTruth *truth)
{
  g_autoptr (GError) error = NULL;
  OssVirtualOptions options;
  OssVolume *hu = NULL;

  oss_virtual_options_default (&options);
  options.seed = 503;
  options.level_low = options.level_high = 20;
  options.phantom_model = model;
  options.fov_mm = fov_mm > 0.0 ? fov_mm : 400.0;
  options.spacing_mm[0] = options.spacing_mm[1] = 1.25;
  options.spacing_mm[2] = 2.0;
  g_assert_true (oss_virtual_make (&options, "B40f", &hu, NULL, NULL, NULL, truth, NULL, &error));
  g_assert_no_error (error);
  return hu;
}

static void
test_model (gconstpointer data)
{
  const Model *m = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = oss_phantom_all ("", &error);
  OssVirtualTruth truth;
  g_autoptr (OssVolume) hu = make_patient (m->model, 0.0, &truth);
  OssPhantomFit fit;

  g_assert_no_error (error);
  oss_phantom_search (hu, all, &fit, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fit.phantom.name, ==, m->model);
  g_assert_cmpint (fit.n_rods, ==, m->rods);
  gboolean cha = fit.line.basis == OSS_BASIS_CHA;
  double slope = cha ? truth.true_cha_slope : truth.true_slope;
  double intercept = cha ? truth.true_cha_intercept : truth.true_intercept;
  double at = (truth.vbmd_mg_cm3 - truth.true_intercept) / truth.true_slope;
  double bias = fit.line.slope * at + fit.line.intercept - slope * at - intercept;
  g_test_message ("%s: slope %+.2f %%, intercept %+.2f, density of L1 %+.2f mg/cm3 %s", m->model,
                  100.0 * (fit.line.slope / slope - 1.0), fit.line.intercept - intercept, bias,
                  oss_basis_name (fit.line.basis));
  g_assert_cmpfloat (fabs (fit.line.slope / slope - 1.0), <, 0.01);
  g_assert_cmpfloat (fabs (bias), <, 1.5);
  for (int r = 0; r < fit.n_rods; r++)
    g_assert_true (fit.rods[r].used);
}

/* A field of view that the phantom is not in. */
static void
test_narrow (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = oss_phantom_all ("", &error);
  OssVirtualTruth truth;
  OssPhantomFit fit;

  g_autoptr (OssVolume) narrow = make_patient (NULL, 120.0, &truth);
  g_assert_false (oss_phantom_search (narrow, all, &fit, NULL, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;
  OssVirtualOptions options;
  OssVirtualTruth truth;

  oss_virtual_options_default (&options);
  options.phantom_model = "mindways4";
  g_assert_false (oss_virtual_make (&options, NULL, NULL, NULL, NULL, NULL, &truth, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "siemens-osteo"));
}

/* Naming the model that is the default changes no bit. */
static void
test_default (void)
{
  OssVirtualTruth truth;
  g_autoptr (OssVolume) plain = make_patient (NULL, 0.0, &truth), named = make_patient ("mindways3", 0.0, &truth);

  g_assert_cmpmem (plain->data, oss_grid_count (&plain->grid) * sizeof (float), named->data,
                   oss_grid_count (&named->grid) * sizeof (float));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *path = g_strdup_printf ("/virtual/phantoms/%s", models[i].model);
      g_test_add_data_func (path, &models[i], test_model);
    }
  g_test_add_func ("/virtual/phantoms/narrow", test_narrow);
  g_test_add_func ("/virtual/phantoms/unknown", test_unknown);
  g_test_add_func ("/virtual/phantoms/default", test_default);
  return g_test_run ();
}
