/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-vtu.h"

#include "base/oss-error.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const char *
reader_path (void)
{
  static char *path;

  if (path == NULL)
    path = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "formats", "read_vtu.py", NULL);
  return path;
}

/* Runs the Python reader; what it found is in @folder. */
static void
read_back (const char *file, const char *folder)
{
  const char *command[] = { "/usr/bin/python3", reader_path (), file, folder, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
}

static void
assert_array (const char *folder, const char *name, const void *expected, gsize size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *content = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  g_assert_cmpmem (content, length, expected, size);
  g_unlink (path);
}

static OssMesh *
cube_mesh (OssElementKind kind)
{
  static const int steps[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                   { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  static const gint32 tets[5][4] = { { 0, 1, 3, 4 }, { 1, 2, 3, 6 }, { 1, 4, 5, 6 }, { 3, 4, 6, 7 }, { 1, 3, 4, 6 } };
  gboolean hex = kind == OSS_ELEMENT_HEX8;
  OssMesh *mesh = oss_mesh_new (hex ? OSS_ELEMENT_HEX8 : OSS_ELEMENT_TET4, 8, hex ? 1 : 5, NULL);

  for (int n = 0; n < 8; n++)
    for (int a = 0; a < 3; a++)
      mesh->nodes[3 * n + a] = -17.25 + 3.5 * steps[n][a] * (a + 1);
  for (int i = 0; i < (hex ? 8 : 20); i++)
    mesh->elements[i] = hex ? i : tets[i / 4][i % 4];
  if (kind == OSS_ELEMENT_TET10)
    {
      OssMesh *linear = mesh;
      mesh = oss_mesh_to_quadratic (linear, NULL);
      oss_mesh_unref (linear);
    }
  return mesh;
}

/* Every kind of element: an independent reader (Python's standard library after VTK's own text) gets back the
 * bytes that were given, and VTK's cell types 10, 24, 12 (vtkCellType.h). */
static void
test_round_trip (void)
{
  static const guint8 types[] = { 10, 24, 12 };
  g_autofree char *folder = g_dir_make_tmp ("ossature-vtu-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "mesh.vtu", NULL);
  g_autofree char *header = g_build_filename (folder, "header.txt", NULL);

  for (int kind = OSS_ELEMENT_TET4; kind <= OSS_ELEMENT_HEX8; kind++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssMesh) mesh = cube_mesh (kind);
      gsize nodes = mesh->n_nodes, elements = mesh->n_elements, per_element = (gsize) oss_element_nodes (kind);
      g_autofree double *displacement = g_new (double, 3 * nodes), *modulus = g_new (double, elements);
      g_autofree gint64 *ends = g_new (gint64, elements);
      g_autofree guint8 *cells = g_new (guint8, elements);
      g_autofree char *text = NULL, *expected = NULL;

      for (gsize i = 0; i < 3 * nodes; i++)
        displacement[i] = 0.001 * (double) i - 0.3;
      for (gsize i = 0; i < elements; i++)
        {
          modulus[i] = i == 1 ? NAN : 100.0 + (double) i;
          ends[i] = (gint64) ((i + 1) * per_element);
          cells[i] = types[kind];
        }
      const OssVtuArray node_arrays[] = { { "displacement_mm", 3, displacement } };
      const OssVtuArray element_arrays[] = { { "E < \"MPa\" & more", 1, modulus } };
      g_assert_true (oss_vtu_write (file, mesh, node_arrays, 1, element_arrays, 1, &error));
      g_assert_no_error (error);
      read_back (file, folder);
      assert_array (folder, "displacement_mm", displacement, 3 * nodes * sizeof (double));
      assert_array (folder, "E < \"MPa\" & more", modulus, elements * sizeof (double));
      assert_array (folder, "Points", mesh->nodes, 3 * nodes * sizeof (double));
      assert_array (folder, "connectivity", mesh->elements, elements * per_element * sizeof (gint32));
      assert_array (folder, "offsets", ends, elements * sizeof (gint64));
      assert_array (folder, "types", cells, elements);
      g_assert_true (g_file_get_contents (header, &text, NULL, NULL));
      expected =
          g_strdup_printf ("%zu %zu\nPointData Float64 3 displacement_mm\nCellData Float64 1 E < \"MPa\" & more\n"
                           "Points Float64 3 Points\nCells Int32 1 connectivity\nCells Int64 1 offsets\n"
                           "Cells UInt8 1 types\n",
                           nodes, elements);
      g_assert_cmpstr (text, ==, expected);
      g_unlink (file);
      g_unlink (header);
    }
  g_rmdir (folder);
}

/* Arrays of several blocks (a block holds 262144 bytes), the last one full or not. */
static void
test_blocks (void)
{
  g_autofree char *folder = g_dir_make_tmp ("ossature-vtu-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "mesh.vtu", NULL);
  g_autofree char *header = g_build_filename (folder, "header.txt", NULL);
  const gsize n = 65536; /* 8 n is two full blocks, 24 n six */
  g_autoptr (OssMesh) mesh = oss_mesh_new (OSS_ELEMENT_TET4, n, n - 3, NULL);
  g_autofree double *values = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    {
      values[i] = sin ((double) i);
      for (gsize a = 0; a < 3; a++)
        mesh->nodes[3 * i + a] = cos ((double) (3 * i + a));
      for (gsize c = 0; c < 4 && i < n - 3; c++)
        mesh->elements[4 * i + c] = (gint32) (i + c);
    }
  const OssVtuArray element_arrays[] = { { "value", 1, values } }, node_arrays[] = { { "at_nodes", 1, values } };
  g_assert_true (oss_vtu_write (file, mesh, node_arrays, 1, element_arrays, 1, NULL));
  read_back (file, folder);
  assert_array (folder, "value", values, (n - 3) * sizeof (double));
  assert_array (folder, "at_nodes", values, n * sizeof (double));
  assert_array (folder, "Points", mesh->nodes, 3 * n * sizeof (double));
  assert_array (folder, "connectivity", mesh->elements, 4 * (n - 3) * sizeof (gint32));
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *path = g_build_filename (folder, i == 0 ? "offsets" : "types", NULL);
      g_unlink (path);
    }
  g_unlink (file);
  g_unlink (header);
  g_rmdir (folder);
}

/* A folder that is not there, an array without a name: a message, and no file. */
static void
test_failures (void)
{
  g_autoptr (OssMesh) mesh = cube_mesh (OSS_ELEMENT_TET4);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("ossature-vtu-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "mesh.vtu", NULL);
  g_autofree char *beyond = g_build_filename (folder, "none", "mesh.vtu", NULL);
  const OssVtuArray nameless = { NULL, 1, mesh->nodes };

  g_assert_false (oss_vtu_write (beyond, mesh, NULL, 0, NULL, 0, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, beyond));
  g_clear_error (&error);
  g_assert_false (oss_vtu_write (file, mesh, &nameless, 1, NULL, 0, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* nothing left behind */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/formats/vtu/round-trip", test_round_trip);
  g_test_add_func ("/formats/vtu/blocks", test_blocks);
  g_test_add_func ("/formats/vtu/failures", test_failures);
  return g_test_run ();
}
