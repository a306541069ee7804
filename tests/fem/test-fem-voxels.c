/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-models.h"
#include "formats/oss-nifti.h"
#include "numeric/oss-cholesky.h"

#include <string.h>

/* Voxel finite elements against ParOSol (github wallematthias/parosol-py, commit c9bfc01, tests/fixtures): an L4
 * with caps, one brick per voxel above zero, E = the voxel's value, nu 0.3; the lower face of label 5 held, the upper
 * face of label 6 moved by -0.2924 mm along z with x and y free.  Reaction -6830.07 N by ParOSol to its tolerance of
 * 1e-6, -6829.27 N by an independent direct solution: 0.02 % apart. */
#define MOVE_MM (-0.2924)
#define REACTION_N (-6829.27)

typedef struct
{
  OssMesh *mesh;
  double *modulus;
  guint8 *label; /* of each element */
} Voxels;

static void
voxels_clear (Voxels *self)
{
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_free (self->modulus);
  g_free (self->label);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Voxels, voxels_clear)

/* Bricks in the order of the voxels; index axes are taken as x, y, z. */
static void
make_bricks (const OssVolume *modulus, const OssLabels *labels, Voxels *self)
{
  static const int corner[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                                    { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  const int *size = modulus->grid.size;
  gsize width = (gsize) size[0] + 1, depth = (gsize) size[1] + 1, n_points = width * depth * ((gsize) size[2] + 1);
  g_autofree gint32 *number = g_new (gint32, n_points);
  gsize n_elements = 0, count = oss_grid_count (&modulus->grid);
  gint32 n_nodes = 0;

  memset (number, -1, n_points * sizeof *number);
  for (gsize v = 0; v < count; v++)
    n_elements += modulus->data[v] > 0.0f;
  g_autofree gsize *points = g_new (gsize, 8 * n_elements);
  self->modulus = g_new (double, n_elements);
  self->label = g_new (guint8, n_elements);
  n_elements = 0;
  for (gsize v = 0; v < count; v++)
    {
      if (!(modulus->data[v] > 0.0f))
        continue;
      gsize i = v % (gsize) size[0], j = v / (gsize) size[0] % (gsize) size[1],
            k = v / ((gsize) size[0] * (gsize) size[1]);
      for (int c = 0; c < 8; c++)
        {
          gsize point =
              ((k + (gsize) corner[c][2]) * depth + j + (gsize) corner[c][1]) * width + i + (gsize) corner[c][0];
          points[8 * n_elements + (gsize) c] = point;
          if (number[point] < 0)
            number[point] = n_nodes++;
        }
      self->modulus[n_elements] = modulus->data[v];
      self->label[n_elements++] = labels->data[v];
    }
  self->mesh = oss_mesh_new (OSS_ELEMENT_HEX8, (gsize) n_nodes, n_elements, NULL);
  for (gsize c = 0; c < 8 * n_elements; c++)
    self->mesh->elements[c] = number[points[c]];
  for (gsize point = 0; point < n_points; point++)
    if (number[point] >= 0)
      {
        double *x = self->mesh->nodes + 3 * (gsize) number[point];
        x[0] = (double) (point % width) * modulus->grid.spacing[0];
        x[1] = (double) (point / width % depth) * modulus->grid.spacing[1];
        x[2] = (double) (point / (width * depth)) * modulus->grid.spacing[2];
      }
}

/* Nodes of the outermost plane, along z, of the elements with @label. */
static guint8 *
face_nodes (const Voxels *self, guint8 label, gboolean upper, gsize *n)
{
  const OssMesh *mesh = self->mesh;
  guint8 *face = g_new0 (guint8, mesh->n_nodes);
  double extreme = upper ? -G_MAXDOUBLE : G_MAXDOUBLE;

  for (int pass = 0; pass < 2; pass++)
    for (gsize c = 0; c < 8 * mesh->n_elements; c++)
      {
        double z = mesh->nodes[3 * (gsize) mesh->elements[c] + 2];
        if (self->label[c / 8] != label)
          continue;
        if (pass == 0)
          extreme = upper ? fmax (extreme, z) : fmin (extreme, z);
        else if (fabs (z - extreme) < 1e-6)
          face[mesh->elements[c]] = TRUE;
      }
  *n = 0;
  for (gsize i = 0; i < mesh->n_nodes; i++)
    *n += face[i];
  return face;
}

static GArray *
make_loads (const OssMesh *mesh, const guint8 *lower, const guint8 *upper)
{
  GArray *loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gint32 i = 0; i < (gint32) mesh->n_nodes; i++)
    for (gint8 axis = 0; axis < 3; axis++)
      if (lower[i] || (upper[i] && axis == 2))
        {
          OssNodal load = { i, axis, lower[i] ? 0.0 : MOVE_MM };
          g_array_append_val (loads, load);
        }
  return loads;
}

static void
test_vertebra (void)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;
  g_auto (Voxels) voxels = { NULL };
  gsize n_lower, n_upper;
  double reaction = 0.0, energy = 0.0;

  if (folder == NULL || folder[0] == '\0')
    {
      g_test_message ("the option shared_data is not set: the voxel reference was not read");
      g_test_skip ("no public data");
      return;
    }
  if (oss_memory_free_bytes () < 6e9)
    {
      g_test_message ("the direct solution needs 5 GB; %.1f GB are free", oss_memory_free_bytes () / 1e9);
      g_test_skip ("not enough memory");
      return;
    }
  g_autofree char *path = g_build_filename (folder, "fe_voxel_reference", "vertebra_l4_mini", NULL);
  g_autofree char *modulus_path = g_build_filename (path, "modulus_mpa.nii.gz", NULL);
  g_autofree char *labels_path = g_build_filename (path, "labels.nii.gz", NULL);
  g_autoptr (OssVolume) modulus = oss_nifti_read_volume (modulus_path, OSS_QUANTITY_MODULUS, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssLabels) labels = oss_nifti_read_labels (labels_path, NULL, &error);
  g_assert_no_error (error);
  make_bricks (modulus, labels, &voxels);
  g_assert_cmpuint (voxels.mesh->n_elements, ==, 87345);
  g_assert_cmpuint (voxels.mesh->n_nodes, ==, 99426);
  g_autofree guint8 *lower = face_nodes (&voxels, 5, FALSE, &n_lower);
  g_autofree guint8 *upper = face_nodes (&voxels, 6, TRUE, &n_upper);
  g_assert_cmpuint (n_lower, ==, 1711);
  g_assert_cmpuint (n_upper, ==, 1711);
  g_autoptr (GArray) loads = make_loads (voxels.mesh, lower, upper);
  OssFemModel model = model_make (voxels.mesh, voxels.modulus, 0.3, loads, NULL);
  g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < voxels.mesh->n_nodes; i++)
    reaction += upper[i] ? result->reaction[3 * i + 2] : 0.0;
  for (gsize e = 0; e < result->n_elements; e++)
    energy += result->element_sed[e] * result->element_volume[e];
  g_test_message ("reaction %.2f N; ParOSol -6830.07 N, an independent direct solution %.2f N; residual %.1e", reaction,
                  REACTION_N, result->relative_residual);
  g_assert_cmpfloat_with_epsilon (reaction, REACTION_N, 0.05);
  g_assert_cmpfloat_with_epsilon (energy, 0.5 * reaction * MOVE_MM, 1e-6 * energy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/voxels/vertebra-l4", test_vertebra);
  return g_test_run ();
}
