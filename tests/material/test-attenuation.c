/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attenuation from elements against NIST's own tissue tables and published HU. */
#include "material/oss-attenuation.h"

#include <math.h>

/* From the elements, against NIST's table of the tissue itself: both round to 0.1 to 0.3 %. */
static void
test_nist (void)
{
  static const char *const tissues[] = { "adipose",        "air",          "blood", "cortical_bone", "muscle", "k2hpo4",
                                         "hydroxyapatite", "triglyceride", "water" };
  static const double energies[] = { 40.0, 50.0, 60.0, 80.0, 100.0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssAttenuation) attenuation = oss_attenuation_load (&error);
  g_autoptr (OssTable) nist = oss_table_load ("physics/nist_tissues.csv", &error);

  g_assert_no_error (error);
  for (gsize t = 0; t < G_N_ELEMENTS (tissues); t++)
    for (gsize e = 0; e < G_N_ELEMENTS (energies); e++)
      {
        int substance = oss_attenuation_find (attenuation, tissues[t], NULL),
            column = oss_table_column (nist, tissues[t]);
        g_assert_cmpint (substance, >=, 0);
        g_assert_cmpint (column, >=, 0);
        double mine = oss_attenuation_mass (attenuation, substance, energies[e]);
        double theirs = oss_table_linear (nist, column, energies[e]);
        if (fabs (mine / theirs - 1.0) > 0.006)
          g_error ("%s at %.0f keV: %.4f, NIST %.4f", tissues[t], energies[e], mine, theirs);
      }
}

/* HU by XCOM cross-sections of ICRU tissues, 60, 70 and 80 keV. */
static void
test_hu (void)
{
  static const struct
  {
    const char *name;
    double hu[3];
  } rows[] = { { "adipose", { -89, -77, -69 } },
               { "muscle", { 44, 43, 42 } },
               { "blood", { 59, 56, 54 } },
               { "cortical_bone", { 1938, 1560, 1331 } },
               { "water", { 0, 0, 0 } } };
  g_autoptr (OssAttenuation) attenuation = oss_attenuation_load (NULL);

  for (gsize r = 0; r < G_N_ELEMENTS (rows); r++)
    for (int e = 0; e < 3; e++)
      g_assert_cmpfloat_with_epsilon (
          oss_attenuation_hu (attenuation, oss_attenuation_find (attenuation, rows[r].name, NULL), 60.0 + 10.0 * e),
          rows[r].hu[e], 1.0);
}

static void
test_tables (void)
{
  g_autoptr (OssTable) nist = oss_table_load ("physics/nist_tissues.csv", NULL);
  g_autoptr (OssTable) energy = oss_table_load ("physics/effective_energy.csv", NULL);
  g_autoptr (OssAttenuation) attenuation = oss_attenuation_load (NULL);
  g_autoptr (GError) error = NULL;
  int water = oss_table_column (nist, "water");

  /* Half way between 0.2059 at 60 and 0.1837 at 80 keV; the geometric mean at the geometric middle. */
  g_assert_cmpfloat_with_epsilon (oss_table_linear (nist, water, 70.0), 0.1948, 1e-9);
  g_assert_cmpfloat_with_epsilon (oss_table_log (nist, water, sqrt (60.0 * 80.0)), sqrt (0.2059 * 0.1837), 1e-9);
  g_assert_cmpfloat_with_epsilon (oss_table_linear (nist, water, 500.0), 0.1370, 1e-12);
  g_assert_cmpint (oss_table_column (nist, "gold"), ==, -1);
  g_assert_cmpfloat_with_epsilon (oss_table_linear (energy, oss_table_column (energy, "kev"), 120.0), 68.0, 1e-9);
  g_assert_cmpint (oss_attenuation_find (attenuation, "gold", &error), ==, -1);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/material/attenuation/nist", test_nist);
  g_test_add_func ("/material/attenuation/hu", test_hu);
  g_test_add_func ("/material/attenuation/tables", test_tables);
  return g_test_run ();
}
