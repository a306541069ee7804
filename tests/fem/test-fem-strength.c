/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"
#include "fem/oss-fem-private.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static const OssVertebraFrame upright = { .right = { -1.0, 0.0, 0.0 },
                                          .anterior = { 0.0, -1.0, 0.0 },
                                          .superior = { 0.0, 0.0, 1.0 },
                                          .centre = { 2.0, 1.5, 5.0 },
                                          .width_mm = 4.0,
                                          .depth_mm = 3.0,
                                          .height_mm = 10.0 };

static OssEndplate
plate_at (const OssMesh *mesh, double z, double height)
{
  OssEndplate plate = { .nodes = g_array_new (FALSE, FALSE, sizeof (gint32)), .area_mm2 = 12.0, .height_mm = height };
  for (gint32 i = 0; i < (gint32) mesh->n_nodes; i++)
    if (fabs (mesh->nodes[3 * i + 2] - z) < 1e-6)
      g_array_append_val (plate.nodes, i);
  return plate;
}

/* Closed forms of a 4 x 3 x 10 mm bar, E 1000 MPa, nu 0: K = E A / L = 1200 N/mm; 0.0068 K H = 81.6 N; 0.02 K H =
 * 240 N; the effective strain is u / L everywhere, so Pistoia's load is 0.007 E A = 84 N for any displacement, and for
 * pulling too.  One layer of ten that is ten times softer: K = 12 / (9 / 1000 + 1 / 100); its strain is that of 10 % of
 * the volume, so Pistoia's load is 0.007 * 100 * 12 = 8.4 N. */
static void
test_bar (void)
{
  const int n[3] = { 2, 2, 10 };
  const double size[3] = { 4.0, 3.0, 10.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  OssEndplate superior = plate_at (mesh, 10.0, 5.0), inferior = plate_at (mesh, 0.0, -5.0);

  for (int soft = 0; soft < 2; soft++)
    for (double u = -0.2; u < 0.3; u += 0.25)
      {
        g_autoptr (GArray) loads = oss_fem_compression (&upright, &superior, &inferior, u);
        OssStrength strength;
        double stiffness = soft ? 12.0 / (9.0 / 1000.0 + 1.0 / 100.0) : 1200.0;

        for (gsize e = 0; e < mesh->n_elements; e++)
          {
            double centre[3];
            model_centre (mesh, e, centre);
            modulus[e] = soft && centre[2] < 1.0 ? 100.0 : 1000.0;
          }
        g_assert_cmpuint (loads->len, ==, 3 * (superior.nodes->len + inferior.nodes->len));
        OssFemModel model = model_make (mesh, modulus, 0.0, loads, NULL);
        g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, NULL);
        oss_fem_strength (&model, result, &upright, &superior, &inferior, u, &strength);
        g_assert_cmpfloat_with_epsilon (strength.reaction_n, stiffness * u, 1e-8); /* positive in compression */
        g_assert_cmpfloat_with_epsilon (strength.stiffness_n_per_mm, stiffness, 1e-7);
        g_assert_cmpfloat_with_epsilon (strength.height_mm, 10.0, 1e-12);
        g_assert_cmpfloat_with_epsilon (strength.apparent_0_68_percent_n, 0.068 * stiffness, 1e-7);
        g_assert_cmpfloat_with_epsilon (strength.linear_2_percent_n, 0.2 * stiffness, 1e-7);
        g_assert_cmpfloat_with_epsilon (strength.pistoia_n, soft ? 8.4 : 84.0, 1e-7);
      }
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
}

/* A leaning axis: the moved nodes go along it, and the load is measured along it. */
static void
test_tilted (void)
{
  const int n[3] = { 2, 2, 4 };
  const double size[3] = { 4.0, 3.0, 10.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET4, n, size, NULL, NULL);
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  OssVertebraFrame frame = upright;
  OssEndplate superior = plate_at (mesh, 10.0, 5.0), inferior = plate_at (mesh, 0.0, -5.0);
  OssStrength strength;
  double along = 0.0;

  frame.superior[1] = -0.6, frame.superior[2] = 0.8;
  g_autoptr (GArray) loads = oss_fem_compression (&frame, &superior, &inferior, 0.5);
  for (guint i = 0; i < loads->len; i++)
    {
      const OssNodal *load = &g_array_index (loads, OssNodal, i);
      const double expected[3] = { 0.0, 0.3, -0.4 };
      gboolean top = mesh->nodes[3 * load->node + 2] > 5.0;
      g_assert_cmpfloat_with_epsilon (load->value, top ? expected[load->axis] : 0.0, 1e-15);
    }
  for (gsize e = 0; e < mesh->n_elements; e++)
    modulus[e] = 1000.0;
  OssFemModel model = model_make (mesh, modulus, 0.3, loads, NULL);
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, NULL);
  oss_fem_strength (&model, result, &frame, &superior, &inferior, 0.5, &strength);
  for (guint i = 0; i < loads->len; i++)
    {
      const OssNodal *load = &g_array_index (loads, OssNodal, i);
      along += load->value * result->reaction[3 * load->node + load->axis] / 0.5;
    }
  g_assert_cmpfloat (strength.reaction_n, >, 10.0);
  g_assert_cmpfloat_with_epsilon (strength.reaction_n, along, 1e-8); /* work over displacement */
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
}

/* By hand: volumes 1, 1, 2, 6 with stresses 40, 10, 20, 30: half of the volume lies at or under 30, a tenth above. */
static void
test_summary (void)
{
  double stress[4] = { 40.0, 10.0, 20.0, 30.0 }, volume[4] = { 1.0, 1.0, 2.0, 6.0 };
  OssFemResult result = { .element_von_mises = stress, .element_volume = volume, .n_elements = 4 };
  OssStressSummary summary;

  oss_fem_stress_summary (&result, &summary);
  g_assert_cmpfloat_with_epsilon (summary.mean_mpa, 27.0, 1e-12);
  g_assert_cmpfloat (summary.maximum_mpa, ==, 40.0);
  g_assert_cmpfloat (summary.p50_mpa, ==, 30.0);
  g_assert_cmpfloat (summary.p95_mpa, ==, 40.0);
  volume[0] = 0.4; /* 4.3 % above 30 */
  oss_fem_stress_summary (&result, &summary);
  g_assert_cmpfloat (summary.p95_mpa, ==, 30.0);
  g_assert_cmpfloat (summary.p99_mpa, ==, 40.0);
}

/* A number keeps its value in the 20 columns that CalculiX reads. */
static void
test_numbers (void)
{
  const double values[] = { 0.0,
                            -0.1,
                            1.0 / 3.0,
                            -123.45678901234567,
                            1e-300,
                            -2.2250738585072014e-308,
                            4730.0,
                            -1.2345678901234567e-5,
                            98765432.123456789,
                            0.00012345678901234567 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      char text[32];
      oss_deck_number (values[i], text);
      g_assert_cmpuint (strlen (text), <=, 20);
      g_assert_cmpuint (strlen (text), >, 0);
      g_assert_cmpfloat_with_epsilon (g_ascii_strtod (text, NULL), values[i], 1e-12 * fabs (values[i]) + 5e-324);
    }
}

static guint
count (const char *text, const char *word)
{
  guint n = 0;
  for (const char *p = strstr (text, word); p != NULL; p = strstr (p + 1, word))
    n++;
  return n;
}

static void
test_deck (void)
{
  const int n[3] = { 3, 3, 3 };
  const double size[3] = { 4.0, 3.0, 10.0 };
  g_autoptr (OssMesh) mesh = model_box (OSS_ELEMENT_TET10, n, size, NULL, NULL);
  g_autofree double *modulus = model_body_modulus (mesh, 3);
  OssEndplate superior = plate_at (mesh, 10.0, 5.0), inferior = plate_at (mesh, 0.0, -5.0);
  g_autoptr (GArray) loads = oss_fem_compression (&upright, &superior, &inferior, 0.1);
  g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  const OssNodal force = { 30, 1, -2.5 };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("ossature-deck-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "model.inp", NULL);
  g_autofree char *text = NULL;

  g_array_append_val (forces, force);
  OssFemModel model = model_make (mesh, modulus, 0.3, loads, forces);
  g_assert_true (oss_fem_write_deck (&model, path, 12, "L1\n*STEP of a name", &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "*HEADING\nL1  STEP of a name\n"));
  g_assert_cmpuint (count (text, "*STEP"), ==, 1);
  g_assert_cmpuint (count (text, "*MATERIAL"), <=, 12);
  g_assert_cmpuint (count (text, "*MATERIAL"), >, 4);
  g_assert_cmpuint (count (text, "*MATERIAL"), ==, count (text, "*SOLID SECTION"));
  g_assert_cmpuint (count (text, "*MATERIAL"), ==, count (text, "*ELEMENT, TYPE=C3D10"));
  g_assert_nonnull (strstr (text, "*NSET, NSET=HELD\n1\n"));
  g_assert_nonnull (strstr (text, "*NSET, NSET=LOADED\n31\n"));
  g_assert_nonnull (strstr (text, "*CLOAD\n31,2,-2.5\n"));
  g_assert_nonnull (strstr (text, "*NODE PRINT, NSET=MOVED, TOTALS=ONLY\nRF\n"));
  g_assert_cmpuint (count (text, ",3,3,-0.1"), ==, superior.nodes->len);
  g_clear_pointer (&text, g_free);
  g_assert_true (oss_fem_write_deck (&model, path, 0, NULL, &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpuint (count (text, "*MATERIAL"), >, 100); /* every modulus its own */

  g_autofree char *nowhere = g_build_filename (folder, "missing", "model.inp", NULL);
  g_assert_false (oss_fem_write_deck (&model, nowhere, 0, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* nothing half-written is left */
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/strength/bar", test_bar);
  g_test_add_func ("/fem/strength/tilted", test_tilted);
  g_test_add_func ("/fem/strength/summary", test_summary);
  g_test_add_func ("/fem/deck/numbers", test_numbers);
  g_test_add_func ("/fem/deck/text", test_deck);
  return g_test_run ();
}
