/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"

#include "fem-ccx.h"

#include <string.h>

/* Our solution against CalculiX: both solve the deck we write, with its binned moduli. */

#define BINS 200

static GArray *
compress (const OssMesh *mesh, double tilt)
{
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  for (gsize i = 0; i < mesh->n_nodes; i++)
    for (int axis = 0; axis < 3 && fabs (mesh->nodes[3 * i + 2]) > 12.3; axis++)
      {
        const double move[3] = { 0.02 * tilt, -0.03 * tilt, -0.1 };
        OssNodal load = { (gint32) i, (gint8) axis, mesh->nodes[3 * i + 2] > 0.0 ? move[axis] : 0.0 };
        g_array_append_val (loads, load);
      }
  return loads;
}

/* Sum over the nodes that are moved. */
static void
moved_force (const GArray *prescribed, const OssFemResult *result, double force[3])
{
  gint32 last = -1;

  force[0] = force[1] = force[2] = 0.0;
  for (guint i = 0; i < prescribed->len; i++)
    {
      const OssNodal *p = &g_array_index (prescribed, OssNodal, i);
      if (p->value != 0.0 && p->node != last)
        for (int k = 0; k < 3; k++)
          force[k] += result->reaction[3 * p->node + k];
      if (p->value != 0.0)
        last = p->node;
    }
}

static OssFemResult *
solve (const OssMesh *mesh, const double *modulus, const GArray *prescribed, const GArray *forces)
{
  g_autoptr (GError) error = NULL;
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  OssFemResult *result = oss_fem_solve (&model, NULL, &error);
  g_assert_no_error (error);
  return result;
}

static void
read_reference (const OssFemModel *model, CcxReference *reference)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("ossature-ccx-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "model.inp", NULL);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (oss_fem_write_deck (model, path, BINS, "test of the solver", &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_autofree char *asking = ccx_ask_for_stress (text, model->mesh->n_elements);
  g_assert_true (g_file_set_contents (path, asking, -1, NULL));
  ccx_run (folder, "model", model->mesh->n_nodes, model->mesh->n_elements, reference);
  remove_folder (folder);
}

static double
norm_difference (const double a[3], const double b[3])
{
  double d[3];
  oss_sub (a, b, d);
  return oss_norm (d) / oss_norm (b);
}

/* Volume-weighted percentiles of the elements' mean stress. */
static void
check_percentiles (const OssFemResult *ours, const CcxReference *reference)
{
  OssStressSummary summary;
  double theirs[3];

  oss_fem_stress_summary (ours, &summary);
  ccx_percentiles (reference, theirs);
  g_test_message ("von Mises p50 %.5f against %.5f, p95 %.5f against %.5f, p99 %.5f against %.5f MPa", summary.p50_mpa,
                  theirs[0], summary.p95_mpa, theirs[1], summary.p99_mpa, theirs[2]);
  g_assert_cmpfloat (theirs[0], >, 0.1);
  g_assert_cmpfloat_with_epsilon (summary.p50_mpa, theirs[0], 0.02 * theirs[0]);
  g_assert_cmpfloat_with_epsilon (summary.p95_mpa, theirs[1], 0.02 * theirs[1]);
  g_assert_cmpfloat_with_epsilon (summary.p99_mpa, theirs[2], 0.02 * theirs[2]);
}

static void
compare (const OssMesh *mesh, const double *modulus, const GArray *prescribed, const GArray *forces)
{
  g_autofree double *binned = g_new (double, mesh->n_elements);
  g_auto (CcxReference) reference = { 0 };
  double force[3], exact_force[3];

  oss_fem_bin_modulus (modulus, mesh->n_elements, BINS, binned);
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  read_reference (&model, &reference);
  g_autoptr (OssFemResult) ours = solve (mesh, binned, prescribed, forces);
  g_autoptr (OssFemResult) exact = solve (mesh, modulus, prescribed, forces);
  moved_force (prescribed, ours, force);
  moved_force (prescribed, exact, exact_force);

  double reaction = norm_difference (force, reference.force);
  double displacement = largest_difference (ours->displacement, reference.displacement, 3 * mesh->n_nodes);
  double stress = largest_difference (ours->stress, reference.stress, 6 * mesh->n_nodes);
  g_test_message ("%s, %" G_GSIZE_FORMAT " elements: reaction %.4f N against %.4f N (%.1e), displacement within %.1e, "
                  "nodal stress within %.1e of its maximum",
                  oss_element_name (mesh->kind), mesh->n_elements, oss_norm (force), oss_norm (reference.force),
                  reaction, displacement, stress);
  g_test_message ("moduli unbinned instead of in %d bins: reaction %+.4f %%, displacement within %.1e of its maximum",
                  BINS, 100.0 * (oss_norm (exact_force) / oss_norm (force) - 1.0),
                  largest_difference (exact->displacement, ours->displacement, 3 * mesh->n_nodes));
  g_assert_cmpfloat (oss_norm (reference.force), >, 100.0);
  g_assert_cmpfloat (reaction, <, 1e-4);     /* 0.01 %; the file has 7 digits */
  g_assert_cmpfloat (displacement, <, 1e-5); /* of the maximum; the file has 7 digits */
  g_assert_cmpfloat (stress, <, 1e-3);       /* the file has 6 digits */
  check_percentiles (ours, &reference);
  /* Half a bin of 1/200 of five decades is 2.7 %; a bin's mean leaves little of it. */
  g_assert_cmpfloat (fabs (oss_norm (exact_force) / oss_norm (force) - 1.0), <, 1e-3);
}

static void
compare_kind (OssElementKind kind, const int n[3])
{
  g_autoptr (OssMesh) mesh = model_body (kind, n);
  g_autofree double *modulus = model_body_modulus (mesh, 21);
  g_autoptr (GArray) prescribed = compress (mesh, 1.0);

  compare (mesh, modulus, prescribed, NULL);
}

static void
test_tet10 (void)
{
  const int n[3] = { 11, 9, 7 };
  compare_kind (OSS_ELEMENT_TET10, n);
}

static void
test_tet4 (void)
{
  const int n[3] = { 20, 14, 12 };
  compare_kind (OSS_ELEMENT_TET4, n);
}

static void
test_hex8 (void)
{
  const int n[3] = { 20, 14, 12 };
  compare_kind (OSS_ELEMENT_HEX8, n);
}

/* Forces instead of a displacement, on a small model; the moved node carries the reference reaction. */
static void
test_forces (void)
{
  const int n[3] = { 6, 5, 4 };
  g_autoptr (OssMesh) mesh = model_body (OSS_ELEMENT_TET10, n);
  g_autofree double *modulus = model_body_modulus (mesh, 22);
  g_autoptr (GArray) prescribed = compress (mesh, 0.0);
  g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gsize i = 0; i < mesh->n_nodes; i += 5)
    if (fabs (mesh->nodes[3 * i + 2]) < 5.0)
      {
        OssNodal force = { (gint32) i, 1, 2.5 };
        g_array_append_val (forces, force);
      }
  g_assert_cmpuint (forces->len, >, 10);
  compare (mesh, modulus, prescribed, forces);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/ccx/tet10", test_tet10);
  g_test_add_func ("/fem/ccx/tet4", test_tet4);
  g_test_add_func ("/fem/ccx/hex8", test_hex8);
  g_test_add_func ("/fem/ccx/forces", test_forces);
  return g_test_run ();
}
