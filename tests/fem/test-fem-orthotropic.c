/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-random.h"
#include "fem-models.h"
#include "fem/oss-fem-loads.h"
#include "fem/oss-fem-private.h"

#include <string.h>

/* Orthotropic elasticity with turned axes, against closed forms worked out here by another way: the stiffness as a
 * fourth-order tensor, turned index by index. */

static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };
/* Human vertebral trabecular bone has E3 (superior) two to three times E1; here with nothing alike. */
static const double bone[9] = { 300.0, 420.0, 900.0, 0.23, 0.12, 0.15, 110.0, 170.0, 210.0 };

static void
turned_axes (double axes[9])
{
  const double a[3] = { 0.6, -0.3, 0.7 }, b[3] = { 0.1, 0.9, 0.2 };
  g_assert_true (oss_fem_axes_from_points (a, b, axes, NULL));
}

/* Closed form of the inverse compliance (Jones, Mechanics of Composite Materials, 2.3). */
static void
local_tensor (const double e[9], double c[3][3][3][3])
{
  double n12 = e[3], n13 = e[4], n23 = e[5], n21 = n12 * e[1] / e[0], n31 = n13 * e[2] / e[0], n32 = n23 * e[2] / e[1];
  double delta = 1.0 - n12 * n21 - n23 * n32 - n13 * n31 - 2.0 * n21 * n32 * n13;
  const double normal[3][3] = {
    { e[0] * (1.0 - n23 * n32), e[0] * (n21 + n31 * n23), e[0] * (n31 + n21 * n32) },
    { e[0] * (n21 + n31 * n23), e[1] * (1.0 - n13 * n31), e[1] * (n32 + n12 * n31) },
    { e[0] * (n31 + n21 * n32), e[1] * (n32 + n12 * n31), e[2] * (1.0 - n12 * n21) },
  };
  const double shear[3][3] = { { 0, e[6], e[7] }, { e[6], 0, e[8] }, { e[7], e[8], 0 } };

  memset (c, 0, sizeof (double[3][3][3][3]));
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      {
        c[i][i][k][k] = normal[i][k] / delta;
        if (i != k)
          c[i][k][i][k] = c[i][k][k][i] = shear[i][k];
      }
}

static void
turn_tensor (double c[3][3][3][3], const double axes[9], double out[3][3][3][3])
{
  for (int n = 0; n < 81; n++)
    {
      int i = n / 27, j = n / 9 % 3, k = n / 3 % 3, l = n % 3;
      out[i][j][k][l] = 0.0;
      for (int m = 0; m < 81; m++)
        out[i][j][k][l] += axes[3 * (m / 27) + i] * axes[3 * (m / 9 % 3) + j] * axes[3 * (m / 3 % 3) + k]
                           * axes[3 * (m % 3) + l] * c[m / 27][m / 9 % 3][m / 3 % 3][m % 3];
    }
}

static const int pair_of[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };

static void
test_rotation (void)
{
  OssFemMaterial material, again;
  double axes[9], local[3][3][3][3], turned[3][3][3][3], axial;

  turned_axes (axes);
  local_tensor (bone, local);
  turn_tensor (local, axes, turned);
  g_assert_true (oss_fem_material_orthotropic (&material, OSS_ELASTICITY_ENGINEERING, bone, axes, NULL));
  for (int p = 0; p < 6; p++)
    for (int q = 0; q < 6; q++)
      g_assert_cmpfloat_with_epsilon (material.stiffness[6 * p + q],
                                      turned[pair_of[p][0]][pair_of[p][1]][pair_of[q][0]][pair_of[q][1]], 1e-10);
  /* The same material from its stiffness. */
  const double d[9] = { local[0][0][0][0], local[0][0][1][1], local[1][1][1][1],
                        local[0][0][2][2], local[1][1][2][2], local[2][2][2][2],
                        bone[6],           bone[7],           bone[8] };
  g_assert_true (oss_fem_material_orthotropic (&again, OSS_ELASTICITY_STIFFNESS, d, axes, NULL));
  for (int i = 0; i < 36; i++)
    g_assert_cmpfloat_with_epsilon (again.stiffness[i], material.stiffness[i], 1e-10);
  /* The Voigt mean lies between the least and the largest modulus. */
  axial = material.modulus_mpa;
  g_assert_cmpfloat (axial, >, 300.0);
  g_assert_cmpfloat (axial, <, 900.0);
}

static void
distort (double x[3], void *data)
{
  const double *size = data;
  for (int k = 0; k < 3; k++)
    if (x[k] < 1e-9 || x[k] > size[k] - 1e-9)
      return;
  for (int k = 0; k < 3; k++)
    x[k] += 0.12 * sin (7.0 * x[0] + 3.0 * x[1] * (k + 1) + 5.0 * x[2]);
}

static OssMesh *
distorted_box (OssElementKind kind)
{
  const int n[3] = { 3, 3, 4 };
  double size[3] = { 3.0, 3.5, 4.0 };
  return model_box (kind, n, size, distort, size);
}

typedef struct
{
  OssMesh *mesh;
  double *modulus;
  gint32 *material;
  OssFemMaterial table[2];
  OssFemModel model;
} Ortho;

static void
ortho_clear (Ortho *self)
{
  oss_mesh_unref (self->mesh);
  g_free (self->modulus);
  g_free (self->material);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ortho, ortho_clear)

static void
ortho_init (Ortho *self, OssMesh *mesh, const double constants[9])
{
  double axes[9];

  turned_axes (axes);
  self->mesh = mesh;
  self->modulus = g_new (double, mesh->n_elements);
  self->material = g_new0 (gint32, mesh->n_elements);
  g_assert_true (oss_fem_material_orthotropic (self->table, OSS_ELASTICITY_ENGINEERING, constants, axes, NULL));
  for (gsize e = 0; e < mesh->n_elements; e++)
    self->modulus[e] = self->table[0].modulus_mpa;
  self->model = model_make (mesh, self->modulus, 0.3, NULL, NULL);
  self->model.material = self->material;
  self->model.materials = self->table;
  self->model.n_materials = 1;
}

static OssFemResult *
solve (OssFemModel *model, const GArray *prescribed, const GArray *forces)
{
  g_autoptr (GError) error = NULL;

  if (prescribed != NULL)
    {
      model->prescribed = (const OssNodal *) (const void *) prescribed->data;
      model->n_prescribed = prescribed->len;
    }
  if (forces != NULL)
    {
      model->forces = (const OssNodal *) (const void *) forces->data;
      model->n_forces = forces->len;
    }
  OssFemResult *result = oss_fem_solve (model, NULL, &error);
  g_assert_no_error (error);
  return result;
}

/* A linear displacement of the border is met inside distorted elements, with the stress of the tensor above. */
static void
test_patch (void)
{
  const double gradient[9] = { 1e-3, 4e-4, -2e-4, 3e-4, -2e-3, 5e-4, -6e-4, 1e-4, 1.5e-3 };
  double axes[9], local[3][3][3][3], c[3][3][3][3], stress[6] = { 0.0 }, energy = 0.0;

  turned_axes (axes);
  local_tensor (bone, local);
  turn_tensor (local, axes, c);
  for (int p = 0; p < 6; p++)
    for (int n = 0; n < 9; n++)
      stress[p] += c[pair_of[p][0]][pair_of[p][1]][n / 3][n % 3] * gradient[n];
  for (int p = 0; p < 6; p++)
    energy += 0.5 * stress[p]
              * (p < 3 ? gradient[4 * p]
                       : gradient[3 * pair_of[p][0] + pair_of[p][1]] + gradient[3 * pair_of[p][1] + pair_of[p][0]]);
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Ortho) ortho = { NULL };
      g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      double u[3];

      ortho_init (&ortho, distorted_box (kinds[k]), bone);
      for (gsize i = 0; i < ortho.mesh->n_nodes; i++)
        {
          const double *x = ortho.mesh->nodes + 3 * i;
          oss_mat3_apply (gradient, x, u);
          for (int axis = 0; axis < 3; axis++)
            {
              OssNodal load = { (gint32) i, (gint8) axis, u[axis] };
              if (x[0] < 1e-9 || x[0] > 3.0 - 1e-9 || x[1] < 1e-9 || x[1] > 3.5 - 1e-9 || x[2] < 1e-9
                  || x[2] > 4.0 - 1e-9)
                g_array_append_val (prescribed, load);
            }
        }
      g_autoptr (OssFemResult) result = solve (&ortho.model, prescribed, NULL);
      g_assert_cmpuint (result->dof, >, 30);
      for (gsize i = 0; i < ortho.mesh->n_nodes; i++)
        {
          oss_mat3_apply (gradient, ortho.mesh->nodes + 3 * i, u);
          for (gsize axis = 0; axis < 3; axis++)
            g_assert_cmpfloat_with_epsilon (result->displacement[3 * i + axis], u[axis], 1e-12);
          for (gsize p = 0; p < 6; p++)
            g_assert_cmpfloat_with_epsilon (result->stress[6 * i + p], stress[p], 1e-10);
          g_assert_cmpfloat_with_epsilon (result->sed[i], energy, 1e-12);
        }
      g_assert_cmpfloat_with_epsilon (result->strain_energy, energy * 42.0, 1e-10);
      g_assert_cmpfloat_with_epsilon (result->work, energy * 42.0, 1e-10);
    }
}

/* Off-axis bar under tension along x, nothing held but rigid motion: 1/Ex = S11 of the turned compliance, and the shear
 * that goes with it.  In the plane 12, at an angle t: 1/Ex = c^4/E1 + s^4/E2 + (1/G12 - 2 nu12/E1) s^2 c^2, and
 * shear_xy / stress = 2 c s (c^2/E1 - s^2/E2) - (1/G12 - 2 nu12/E1) c s (c^2 - s^2) (Jones, 2.6). */
static void
test_bar (void)
{
  const double t = 0.5, c = cos (t), s = sin (t), pull = 2.0, size[3] = { 9.0, 3.0, 2.0 };
  const double axes[9] = { c, s, 0.0, -s, c, 0.0, 0.0, 0.0, 1.0 };
  const double mixed = 1.0 / bone[6] - 2.0 * bone[3] / bone[0];
  const double compliance = c * c * c * c / bone[0] + s * s * s * s / bone[1] + mixed * s * s * c * c;
  const double shear = 2.0 * c * s * (c * c / bone[0] - s * s / bone[1]) - mixed * c * s * (c * c - s * s);
  const int n[3] = { 4, 2, 2 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Ortho) ortho = { NULL };
      g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));

      ortho_init (&ortho, model_box (kinds[k], n, size, NULL, NULL), bone);
      g_assert_true (oss_fem_material_orthotropic (ortho.table, OSS_ELASTICITY_ENGINEERING, bone, axes, NULL));
      g_autoptr (OssFaces) all = oss_faces_boundary (ortho.mesh, NULL, 0, NULL);
      for (int end = 0; end < 2; end++)
        {
          g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (gint32));
          const double traction[3] = { end ? pull : -pull, 0.0, 0.0 };
          for (gint32 i = 0; i < (gint32) ortho.mesh->n_nodes; i++)
            if (fabs (ortho.mesh->nodes[3 * i] - (end ? 9.0 : 0.0)) < 1e-9)
              g_array_append_val (nodes, i);
          g_autoptr (OssFaces) faces =
              oss_faces_boundary (ortho.mesh, (const gint32 *) (void *) nodes->data, nodes->len, NULL);
          g_assert_true (oss_load_traction (ortho.mesh, faces, traction, forces, NULL));
        }
      /* Against rigid motion alone: u_y = u_z = 0 at the end of the x axis, so that the shear shows in u_x over y. */
      for (gint32 i = 0; i < (gint32) ortho.mesh->n_nodes; i++)
        {
          const double *x = ortho.mesh->nodes + 3 * i;
          gboolean origin = oss_norm (x) < 1e-9, far = fabs (x[0] - 9.0) < 1e-9 && x[1] < 1e-9 && x[2] < 1e-9;
          gboolean side = x[0] < 1e-9 && fabs (x[1] - 3.0) < 1e-9 && x[2] < 1e-9;
          for (gint8 axis = 0; axis < 3; axis++)
            {
              OssNodal hold = { i, axis, 0.0 };
              if (origin || (far && axis > 0) || (side && axis == 2))
                g_array_append_val (prescribed, hold);
            }
        }
      g_assert_cmpuint (prescribed->len, ==, 6);
      g_autoptr (OssFemResult) result = solve (&ortho.model, prescribed, forces);
      for (gsize i = 0; i < ortho.mesh->n_nodes; i++)
        {
          const double *x = ortho.mesh->nodes + 3 * i, *first = result->principal_direction + 9 * i;
          g_assert_cmpfloat_with_epsilon (result->displacement[3 * i], pull * (compliance * x[0] + shear * x[1]),
                                          1e-11);
          g_assert_cmpfloat_with_epsilon (result->stress[6 * i], pull, 1e-9);
          g_assert_cmpfloat_with_epsilon (result->principal[3 * i], pull, 1e-9);
          g_assert_cmpfloat_with_epsilon (fabs (first[0]), 1.0, 1e-9);
          g_assert_cmpfloat_with_epsilon (first[1], 0.0, 1e-9);
          g_assert_cmpfloat_with_epsilon (result->reaction[3 * i], 0.0, 1e-9);
        }
      g_assert_cmpfloat_with_epsilon (result->strain_energy, 0.5 * pull * pull * compliance * 54.0, 1e-10);
      g_assert_cmpfloat_with_epsilon (result->work, result->strain_energy, 1e-10);
    }
}

static OssBlockMatrix *
assemble (const OssFemModel *model)
{
  const OssMesh *mesh = model->mesh;
  g_autoptr (OssElements) elements = oss_elements_new (mesh, NULL, NULL);
  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, NULL);
  return oss_fem_assemble (model, elements, incidence, NULL, NULL);
}

/* Isotropic bone written as orthotropic with turned axes has the same matrix; written as a table of isotropic
 * materials, the same bits. */
static void
test_equivalence (void)
{
  const double e = 700.0, nu = 0.3, g = e / 2.6, same[9] = { e, e, e, nu, nu, nu, g, g, g };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Ortho) ortho = { NULL };
      ortho_init (&ortho, distorted_box (kinds[k]), same);
      g_assert_cmpfloat_with_epsilon (ortho.table[0].modulus_mpa, e, 1e-10);
      g_autofree double *modulus = g_new (double, ortho.mesh->n_elements);
      for (gsize i = 0; i < ortho.mesh->n_elements; i++)
        modulus[i] = e;
      OssFemModel plain = model_make (ortho.mesh, modulus, nu, NULL, NULL), table = ortho.model;
      OssFemMaterial isotropic;
      g_assert_true (oss_fem_material_isotropic (&isotropic, e, nu, NULL));
      table.materials = &isotropic;
      table.poisson = 0.0;
      g_autoptr (OssBlockMatrix) a = assemble (&plain);
      g_autoptr (OssBlockMatrix) b = assemble (&table);
      g_autoptr (OssBlockMatrix) c = assemble (&ortho.model);
      gsize n = 9 * a->start[a->n];
      g_assert_cmpmem (a->value, n * sizeof (double), b->value, n * sizeof (double));
      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon (c->value[i], a->value[i], 1e-10);
    }
}

/* Rigid motions give no force, other motions energy; the diagonal blocks are symmetric. */
static void
test_rigid (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Ortho) ortho = { NULL };
      ortho_init (&ortho, distorted_box (kinds[k]), bone);
      g_autoptr (OssBlockMatrix) matrix = assemble (&ortho.model);
      gsize n = ortho.mesh->n_nodes;
      g_autofree double *u = g_new (double, 3 * n);
      g_autofree double *f = g_new (double, 3 * n);
      OssRandom random;
      double energy = 0.0;

      for (int mode = 0; mode < 6; mode++)
        {
          double axis[3] = { mode % 3 == 0, mode % 3 == 1, mode % 3 == 2 };
          for (gsize i = 0; i < n; i++)
            if (mode < 3)
              memcpy (u + 3 * i, axis, sizeof axis);
            else
              oss_cross (axis, ortho.mesh->nodes + 3 * i, u + 3 * i);
          oss_block_matrix_multiply (matrix, u, f);
          for (gsize i = 0; i < 3 * n; i++)
            g_assert_cmpfloat_with_epsilon (f[i], 0.0, 1e-9);
        }
      oss_random_init (&random, 3, k);
      for (gsize i = 0; i < 3 * n; i++)
        u[i] = oss_random_normal (&random);
      oss_block_matrix_multiply (matrix, u, f);
      for (gsize i = 0; i < 3 * n; i++)
        energy += u[i] * f[i];
      g_assert_cmpfloat (energy, >, 1.0);
      for (gsize row = 0; row < matrix->n; row++)
        {
          const double *block = matrix->value + 9 * (matrix->start[row + 1] - 1);
          g_assert_cmpfloat_with_epsilon (block[1], block[3], 1e-10);
          g_assert_cmpfloat_with_epsilon (block[2], block[6], 1e-10);
          g_assert_cmpfloat_with_epsilon (block[5], block[7], 1e-10);
        }
    }
}

/* Bone of two orthotropic materials, moved and pushed at once: energy is work, reactions are the forces. */
static void
test_energy (void)
{
  const double other[9] = { 80.0, 60.0, 150.0, 0.2, 0.1, 0.25, 30.0, 40.0, 25.0 }, push[3] = { 0.0, 30.0, -12.0 };
  const int n[3] = { 5, 4, 4 };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_auto (Ortho) ortho = { NULL };
      g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      g_autoptr (GArray) forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      double sum[3] = { 0.0 };

      ortho_init (&ortho, model_body (kinds[k], n), bone);
      g_assert_true (oss_fem_material_orthotropic (&ortho.table[1], OSS_ELASTICITY_ENGINEERING, other, NULL, NULL));
      ortho.model.n_materials = 2;
      for (gsize e = 0; e < ortho.mesh->n_elements; e++)
        ortho.material[e] = e % 3 == 0;
      for (gint32 i = 0; i < (gint32) ortho.mesh->n_nodes; i++)
        for (gint8 axis = 0; axis < 3; axis++)
          {
            const double *x = ortho.mesh->nodes + 3 * i;
            OssNodal move = { i, axis, x[2] > 0.0 && axis == 2 ? -0.1 : 0.0 }, force = { i, axis, push[axis] / 10.0 };
            if (fabs (x[2]) > 12.3)
              g_array_append_val (prescribed, move);
            else if (i % 4 == 0)
              g_array_append_val (forces, force);
          }
      g_autoptr (OssFemResult) result = solve (&ortho.model, prescribed, forces);
      for (gsize i = 0; i < 3 * ortho.mesh->n_nodes; i++)
        sum[i % 3] += result->reaction[i];
      for (guint i = 0; i < forces->len; i++)
        sum[g_array_index (forces, OssNodal, i).axis] += g_array_index (forces, OssNodal, i).value;
      for (int axis = 0; axis < 3; axis++)
        g_assert_cmpfloat_with_epsilon (sum[axis], 0.0, 1e-8);
      g_assert_cmpfloat (result->work, >, 10.0);
      g_assert_cmpfloat_with_epsilon (result->strain_energy, result->work, 1e-6 * result->work);
    }
}

static void
expect_bad (const double constants[9], OssElasticity kind, const double *axes, const char *words)
{
  g_autoptr (GError) error = NULL;
  OssFemMaterial material;

  g_assert_false (oss_fem_material_orthotropic (&material, kind, constants, axes, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” is not in “%s”", words, error->message);
}

static void
test_bad (void)
{
  double c[9], skew[9] = { 1, 0, 0, 0.1, 1, 0, 0, 0, 1 }, left[9] = { 0, 1, 0, 1, 0, 0, 0, 0, 1 };
  const double one[3] = { 1, 2, 3 }, line[3] = { -2, -4, -6 };
  double axes[9];
  OssFemMaterial material;

  memcpy (c, bone, sizeof c);
  c[1] = -4.0;
  expect_bad (c, OSS_ELASTICITY_ENGINEERING, NULL, "E2");
  c[1] = NAN;
  expect_bad (c, OSS_ELASTICITY_ENGINEERING, NULL, "E2");
  c[1] = bone[1];
  c[8] = 0.0;
  expect_bad (c, OSS_ELASTICITY_ENGINEERING, NULL, "G23");
  c[8] = bone[8];
  c[3] = 0.9; /* above sqrt (300 / 420) = 0.845 */
  expect_bad (c, OSS_ELASTICITY_ENGINEERING, NULL, "nu12 0.9");
  const double flat[9] = { 100, 120, 100, 10, 10, 100, 5, 5, 5 };
  expect_bad (flat, OSS_ELASTICITY_STIFFNESS, NULL, "positive definite");
  expect_bad (bone, OSS_ELASTICITY_ENGINEERING, skew, "right angles");
  expect_bad (bone, OSS_ELASTICITY_ENGINEERING, left, "right-handed");
  g_assert_false (oss_fem_axes_from_points (one, line, axes, NULL));
  g_assert_false (oss_fem_material_isotropic (&material, 100.0, 0.5, NULL));
  g_assert_false (oss_fem_material_isotropic (&material, -1.0, 0.3, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/orthotropic/rotation", test_rotation);
  g_test_add_func ("/fem/orthotropic/patch", test_patch);
  g_test_add_func ("/fem/orthotropic/bar", test_bar);
  g_test_add_func ("/fem/orthotropic/equivalence", test_equivalence);
  g_test_add_func ("/fem/orthotropic/rigid", test_rigid);
  g_test_add_func ("/fem/orthotropic/energy", test_energy);
  g_test_add_func ("/fem/orthotropic/bad", test_bad);
  return g_test_run ();
}
