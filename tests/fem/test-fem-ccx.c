/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* Our solution against CalculiX (package calculix-ccx, direct solver SPOOLES): both solve the deck we write, with its
 * binned moduli.  Without ccx these tests fail: an unchecked solver is not a passing one. */

#define BINS 200

typedef struct
{
  gsize n_nodes;
  double *displacement; /* [n_nodes][3] mm */
  double *stress;       /* [n_nodes][6] MPa, xx yy zz yz xz xy; NaN where the file has none */
  double force[3];      /* N, total at MOVED */
} Reference;

static void
reference_clear (Reference *self)
{
  g_free (self->displacement);
  g_free (self->stress);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reference, reference_clear)

static void
run_ccx (const char *folder)
{
  const char *argv[] = { "ccx", "-i", "model", NULL };
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "OMP_NUM_THREADS", "2", TRUE);
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!g_spawn_sync (folder, (char **) argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status,
                     &error))
    g_error ("CalculiX does not start (%s): install the package calculix-ccx", error->message);
  if (strstr (output, "*ERROR") != NULL || strstr (output, "Job finished") == NULL)
    g_error ("CalculiX failed:\n%s\n%s", output, errors);
}

static void
read_dat (const char *folder, Reference *reference)
{
  g_autofree char *path = g_build_filename (folder, "model.dat", NULL);
  FILE *file = fopen (path, "re");
  char line[256];
  enum
  {
    NOTHING,
    DISPLACEMENT,
    FORCE
  } section = NOTHING;
  gsize n = 0;
  gboolean force = FALSE;

  g_assert_nonnull (file);
  while (fgets (line, sizeof line, file) != NULL)
    {
      unsigned long node;
      double v[3];
      if (strstr (line, "displacements") != NULL)
        section = DISPLACEMENT;
      else if (strstr (line, "total force") != NULL)
        section = strstr (line, "MOVED") != NULL ? FORCE : NOTHING;
      else if (section == DISPLACEMENT && sscanf (line, "%lu %lf %lf %lf", &node, v, v + 1, v + 2) == 4)
        {
          memcpy (reference->displacement + 3 * (node - 1), v, sizeof v);
          n++;
        }
      else if (section == FORCE && sscanf (line, "%lf %lf %lf", v, v + 1, v + 2) == 3)
        {
          memcpy (reference->force, v, sizeof v);
          force = TRUE;
        }
    }
  fclose (file);
  g_assert_true (force);
  g_assert_cmpuint (n, ==, reference->n_nodes);
}

/* The result file: fixed columns of 12, stress as xx yy zz xy yz zx. */
static void
read_frd (const char *folder, Reference *reference)
{
  static const int place[6] = { 0, 1, 2, 5, 3, 4 };
  g_autofree char *path = g_build_filename (folder, "model.frd", NULL);
  FILE *file = fopen (path, "re");
  char line[256];
  gboolean inside = FALSE;

  g_assert_nonnull (file);
  for (gsize i = 0; i < 6 * reference->n_nodes; i++)
    reference->stress[i] = NAN;
  while (fgets (line, sizeof line, file) != NULL)
    {
      if (strncmp (line, " -4", 3) == 0)
        inside = strstr (line, "STRESS") != NULL;
      else if (inside && strncmp (line, " -1", 3) == 0 && strlen (line) >= 13 + 72)
        {
          char number[16] = { 0 };
          memcpy (number, line + 3, 10);
          gsize node = (gsize) g_ascii_strtoull (number, NULL, 10) - 1;
          for (int k = 0; k < 6; k++)
            {
              memcpy (number, line + 13 + 12 * k, 12);
              number[12] = '\0';
              reference->stress[6 * node + (gsize) place[k]] = g_ascii_strtod (number, NULL);
            }
        }
    }
  fclose (file);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
}

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
read_reference (const OssFemModel *model, Reference *reference)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("ossature-ccx-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "model.inp", NULL);

  g_assert_no_error (error);
  g_assert_true (oss_fem_write_deck (model, path, BINS, "test of the solver", &error));
  run_ccx (folder);
  reference->n_nodes = model->mesh->n_nodes;
  reference->displacement = g_new0 (double, 3 * reference->n_nodes);
  reference->stress = g_new0 (double, 6 * reference->n_nodes);
  read_dat (folder, reference);
  read_frd (folder, reference);
  remove_folder (folder);
}

/* Largest difference over the largest value. */
static double
largest_difference (const double *a, const double *b, gsize n)
{
  double difference = 0.0, size = 0.0;
  for (gsize i = 0; i < n; i++)
    {
      difference = fmax (difference, fabs (a[i] - b[i]));
      size = fmax (size, fabs (b[i]));
    }
  g_assert_cmpfloat (size, >, 0.0);
  return difference / size;
}

static double
norm_difference (const double a[3], const double b[3])
{
  double d[3];
  oss_sub (a, b, d);
  return oss_norm (d) / oss_norm (b);
}

static void
compare (const OssMesh *mesh, const double *modulus, const GArray *prescribed, const GArray *forces)
{
  g_autofree double *binned = g_new (double, mesh->n_elements);
  g_auto (Reference) reference = { 0 };
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
  g_assert_cmpfloat (displacement, <, 1e-3); /* 0.1 % of the maximum */
  g_assert_cmpfloat (stress, <, 1e-3);       /* the file has 6 digits */
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
