/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "fem-models.h"
#include "fem/oss-voxel-private.h"

#include <math.h>
#include <string.h>

/* A random porous block: voxels by hash, with a solid frame so that it hangs together. */
typedef struct
{
  gsize size[3];
  float *modulus;
  GArray *held;
  GArray *held_mm;
  OssVoxelModel model;
} Block;

static void
block_init (Block *self, gsize nx, gsize ny, gsize nz, double share, guint64 seed)
{
  const gsize size[3] = { nx, ny, nz };

  memset (self, 0, sizeof *self);
  memcpy (self->size, size, sizeof size);
  self->modulus = g_new0 (float, nx *ny *nz);
  for (gsize v = 0; v < nx * ny * nz; v++)
    {
      guint64 h = oss_random_hash (seed, v);
      gsize x = v % nx, y = v / nx % ny, z = v / (nx * ny);
      gboolean frame = x % 4 == 0 && (y % 4 == 0 || z % 4 == 0) ? TRUE : y % 4 == 0 && z % 4 == 0;
      if (frame || (double) (h & 0xffff) / 65536.0 < share)
        self->modulus[v] = 100.0f * (float) (1 + (h >> 20 & 63));
    }
  self->held = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom));
  self->held_mm = g_array_new (FALSE, FALSE, sizeof (double));
  self->model = (OssVoxelModel){ .size = { nx, ny, nz },
                                 .spacing_mm = { 0.5, 0.4, 0.7 },
                                 .modulus_mpa = self->modulus,
                                 .poisson = 0.3,
                                 .remove_islands = TRUE };
}

static void
block_clear (Block *self)
{
  g_free (self->modulus);
  g_array_unref (self->held);
  g_array_unref (self->held_mm);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Block, block_clear)

static void
hold (Block *self, gint32 x, gint32 y, gint32 z, int axis, double value)
{
  OssVoxelFreedom freedom = { { x, y, z }, (gint8) axis };
  g_array_append_val (self->held, freedom);
  g_array_append_val (self->held_mm, value);
  self->model.held = (const OssVoxelFreedom *) (const void *) self->held->data;
  self->model.n_held = self->held->len;
}

/* The lower face held, the upper one moved. */
static void
hold_faces (Block *self, double move)
{
  for (gint32 y = 0; y <= (gint32) self->size[1]; y++)
    for (gint32 x = 0; x <= (gint32) self->size[0]; x++)
      for (int axis = 0; axis < 3; axis++)
        {
          hold (self, x, y, 0, axis, 0.0);
          hold (self, x, y, (gint32) self->size[2], axis, axis == 2 ? move : 0.3 * move);
        }
}

static OssVoxelSystem *
system_new (const Block *block)
{
  g_autoptr (GError) error = NULL;
  OssVoxelSystem *system = oss_voxel_system_new (&block->model, NULL, &error);
  g_assert_no_error (error);
  return system;
}

static OssVoxelResult *
solve (OssVoxelSystem *system, const OssVoxelLoad *load, double tolerance)
{
  g_autoptr (GError) error = NULL;
  const OssVoxelOptions options = { .tolerance = tolerance, .max_iterations = 20000 };
  OssVoxelResult *result = oss_voxel_solve (system, load, &options, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%d iterations, residual %.1e, %s", result->iterations, result->relative_residual, result->reason);
  g_assert_true (result->converged);
  return result;
}

static void
fill_random (double *x, gsize n, guint64 seed)
{
  for (gsize i = 0; i < n; i++)
    x[i] = (double) (oss_random_hash (seed, i) >> 11) * 0x1p-52 - 1.0;
}

typedef struct
{
  double *double_out;
  float *float_out;
} Stored;

static void
store (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  Stored *stored = sweep->data;
  if (sweep->precision == OSS_VOXEL_FLOAT)
    memcpy (stored->float_out + begin, ax, n * sizeof (float));
  else
    memcpy (stored->double_out + begin, ax, n * sizeof (double));
}

/* Every kernel this processor can run against the dense 24 x 24 matrix, for boxes and with periodic axes. */
static void
test_kernels (gconstpointer data)
{
  gboolean periodic = GPOINTER_TO_INT (data);
  g_auto (Block) block = { .model = { .poisson = 0.0 } };
  g_autoptr (GError) error = NULL;

  block_init (&block, 37, 6, 5, 0.4, 3);
  for (int k = 0; k < 3; k++)
    block.model.periodic[k] = periodic;
  g_autoptr (OssVoxelSystem) system = system_new (&block);
  const OssVoxelLevel *level = system->level[0];
  gsize n = 3 * level->n_nodes, room = n + OSS_VOXEL_PAD;
  g_autofree double *public = g_new0 (double, room), *u = g_new0 (double, room), *plain = g_new0 (double, room),
                    *fast = g_new0 (double, room);
  g_autofree float *u_float = g_new0 (float, room), *fast_float = g_new0 (float, room);

  fill_random (public, 3 * system->n_public_nodes, 5);
  for (gsize i = 0; i < 3 * system->n_public_nodes; i++)
  public[i] = (float) public[i];
  oss_voxel_from_public (system, public, u);
  for (gsize i = 0; i < n; i++)
    u_float[i] = (float) u[i];
  g_assert_true (oss_voxel_work_prepare (&system->work, level->largest_plane, &error));
  Stored stored = { plain, fast_float };
  OssVoxelSweep sweep = {
    .level = level, .precision = OSS_VOXEL_DOUBLE, .u = u, .plain = TRUE, .finish = store, .data = &stored
  };
  oss_voxel_sweep (&sweep, &system->work);
  double largest = 0.0;
  for (gsize i = 0; i < n; i++)
    largest = fmax (largest, fabs (plain[i]));
  g_assert_cmpfloat (largest, >, 1000.0);
  sweep.plain = FALSE;
  stored.double_out = fast;
  for (guint i = 0; oss_voxel_kernels_nth (i) != NULL; i++)
    {
      oss_voxel_kernels_choose (oss_voxel_kernels_nth (i));
      for (int precision = 0; precision < 3; precision++)
        {
          double worst = 0.0;
          sweep.precision = (OssVoxelPrecision) precision;
          sweep.u = precision == OSS_VOXEL_DOUBLE ? (void *) u : u_float;
          oss_voxel_sweep (&sweep, &system->work);
          for (gsize f = 0; f < n; f++)
            worst = fmax (worst, fabs ((precision == OSS_VOXEL_FLOAT ? (double) fast_float[f] : fast[f]) - plain[f]));
          g_test_message ("%s, precision %d: %.1e of the largest", oss_voxel_kernels_nth (i)->name, precision,
                          worst / largest);
          g_assert_cmpfloat (worst, <, (precision == OSS_VOXEL_FLOAT ? 2e-6 : 1e-12) * largest);
        }
    }
  oss_voxel_kernels_choose (NULL);
}

/* Homogeneous strain gives no force at inner nodes, rigid motions none anywhere; x' K y = y' K x, x' K x > 0. */
static void
test_operator (void)
{
  g_auto (Block) block = { .model = { .poisson = 0.0 } };
  g_autoptr (GError) error = NULL;

  block_init (&block, 9, 7, 8, 0.5, 11);
  g_autoptr (OssVoxelSystem) system = system_new (&block);
  gsize n = 3 * system->n_public_nodes;
  g_autofree double *x = g_new0 (double, n), *y = g_new0 (double, n), *kx = g_new0 (double, n),
                    *ky = g_new0 (double, n);
  double xky = 0.0, ykx = 0.0, xkx = 0.0, largest = 0.0;

  fill_random (x, n, 1);
  fill_random (y, n, 2);
  g_assert_true (oss_voxel_system_apply (system, x, NULL, kx, &error));
  g_assert_true (oss_voxel_system_apply (system, y, NULL, ky, &error));
  for (gsize i = 0; i < n; i++)
    {
      xky += x[i] * ky[i], ykx += y[i] * kx[i], xkx += x[i] * kx[i];
      largest = fmax (largest, fabs (kx[i]));
    }
  g_assert_cmpfloat (xkx, >, 1.0);
  g_assert_cmpfloat (fabs (xky - ykx), <, 1e-11 * xkx);
  for (int motion = 0; motion < 6; motion++)
    {
      double worst = 0.0;
      for (gint32 pz = 0; pz <= 8; pz++)
        for (gint32 py = 0; py <= 7; py++)
          for (gint32 px = 0; px <= 9; px++)
            {
              const gint32 at[3] = { px, py, pz };
              const double mm[3] = { px * 0.5, py * 0.4, pz * 0.7 };
              gint64 node = oss_voxel_system_node (system, at);
              double rigid[6][3];
              if (node < 0)
                continue;
              oss_voxel_rigid (system, mm, rigid);
              memcpy (x + 3 * node, rigid[motion], sizeof rigid[motion]);
            }
      g_assert_true (oss_voxel_system_apply (system, x, NULL, kx, &error));
      for (gsize i = 0; i < n; i++)
        worst = fmax (worst, fabs (kx[i]));
      g_assert_cmpfloat (worst, <, 1e-10 * largest);
    }
}

/* A solid box of equal voxels under homogeneous strain of its border: stress by Hooke's law in every voxel. */
static void
test_patch (void)
{
  g_auto (Block) block = { .model = { .poisson = 0.0 } };
  g_autoptr (GError) error = NULL;
  const double gradient[3][3] = { { 1e-3, 4e-4, -2e-4 }, { 3e-4, -2e-3, 5e-4 }, { 1e-4, 2e-4, 7e-4 } };
  const double strain[6] = { 1e-3, -2e-3, 7e-4, 7e-4, -1e-4, 7e-4 };
  const double e = 6400.0, nu = 0.3, factor = e / ((1 + nu) * (1 - 2 * nu)), trace = -3e-4;

  block_init (&block, 11, 7, 6, 1.0, 1);
  for (gsize v = 0; v < 11 * 7 * 6; v++)
    block.modulus[v] = 6400.0f;
  for (gint32 z = 0; z <= 6; z++)
    for (gint32 y = 0; y <= 7; y++)
      for (gint32 x = 0; x <= 11; x++)
        for (int i = 0; i < 3; i++)
          if (x % 11 == 0 || y % 7 == 0 || z % 6 == 0)
            hold (&block, x, y, z, i, gradient[i][0] * x * 0.5 + gradient[i][1] * y * 0.4 + gradient[i][2] * z * 0.7);
  g_autoptr (OssVoxelSystem) system = system_new (&block);
  OssVoxelLoad load = { .held_mm = (const double *) (const void *) block.held_mm->data };
  g_autoptr (OssVoxelResult) result = solve (system, &load, 1e-12);
  gsize n = system->level[0]->n_elements;
  g_autofree double *stress = g_new0 (double, 6 * n), *mean = g_new0 (double, n), *centre = g_new0 (double, n);
  OssVoxelFields fields = { .stress_mpa = stress, .sed_mean_mpa = mean, .sed_centre_mpa = centre };
  g_assert_true (oss_voxel_fields (system, result->displacement_mm, NULL, &fields, NULL, &error));
  for (gsize i = 0; i < n; i++)
    {
      double sed = 0.0;
      for (int c = 0; c < 6; c++)
        {
          double expected = c < 3 ? factor * ((1 - 2 * nu) * strain[c] + nu * trace) : e / (2 * (1 + nu)) * strain[c];
          g_assert_cmpfloat_with_epsilon (stress[6 * i + (gsize) c], expected, 1e-10 * e);
          sed += 0.5 * expected * strain[c];
        }
      g_assert_cmpfloat_with_epsilon (mean[i], sed, 1e-9 * sed);
      g_assert_cmpfloat_with_epsilon (centre[i], sed, 1e-9 * sed);
    }
}

/* The same bricks through the assembled matrix and CHOLMOD. */
static void
test_direct (void)
{
  static const int corner[8] = { 0, 1, 3, 2, 4, 5, 7, 6 };
  g_auto (Block) block = { .model = { .poisson = 0.0 } };
  g_autoptr (GError) error = NULL;

  block_init (&block, 13, 12, 11, 0.35, 7);
  hold_faces (&block, -0.02);
  OssVoxelFreedom loaded[2] = { { { 4, 4, 6 }, 0 }, { { 8, 8, 5 }, 2 } };
  const double force[2] = { 3.0, -2.0 };
  block.model.loaded = loaded;
  block.model.n_loaded = 2;
  g_autoptr (OssVoxelSystem) system = system_new (&block);
  OssVoxelLoad load = { .held_mm = (const double *) (const void *) block.held_mm->data, .force_n = force };
  g_autoptr (OssVoxelResult) result = solve (system, &load, 1e-11);
  gsize n = system->level[0]->n_elements;
  g_autofree guint64 *voxel = g_new (guint64, n);
  g_autofree double *modulus = g_new (double, n), *sed = g_new (double, n);
  oss_voxel_system_element_voxels (system, voxel);
  OssMesh *mesh = oss_mesh_new (OSS_ELEMENT_HEX8, system->n_public_nodes, n, &error);
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal)),
                     forces = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  for (gsize i = 0; i < n; i++)
    {
      const gint32 at[3] = { (gint32) (voxel[i] % 13), (gint32) (voxel[i] / 13 % 12), (gint32) (voxel[i] / 156) };
      modulus[i] = block.modulus[voxel[i]];
      for (int c = 0; c < 8; c++)
        {
          const gint32 point[3] = { at[0] + (corner[c] & 1), at[1] + (corner[c] >> 1 & 1), at[2] + (corner[c] >> 2) };
          gint32 node = (gint32) oss_voxel_system_node (system, point);
          mesh->elements[8 * i + (gsize) c] = node;
          for (int k = 0; k < 3; k++)
            mesh->nodes[3 * node + k] = point[k] * block.model.spacing_mm[k];
        }
    }
  for (guint i = 0; i < block.held->len; i++)
    {
      const OssVoxelFreedom *freedom = &block.model.held[i];
      OssNodal nodal = { (gint32) oss_voxel_system_node (system, freedom->at), freedom->axis, load.held_mm[i] };
      if (nodal.node >= 0)
        g_array_append_val (prescribed, nodal);
    }
  for (int i = 0; i < 2; i++)
    {
      OssNodal nodal = { (gint32) oss_voxel_system_node (system, loaded[i].at), loaded[i].axis, force[i] };
      g_array_append_val (forces, nodal);
    }
  OssFemModel model = model_make (mesh, modulus, 0.3, prescribed, forces);
  g_autoptr (OssFemResult) direct = oss_fem_solve (&model, NULL, &error);
  g_assert_no_error (error);
  double worst = 0.0, largest = 0.0, worst_sed = 0.0, largest_sed = 0.0, energy = 0.0, work = 0.0;
  for (gsize i = 0; i < 3 * system->n_public_nodes; i++)
    {
      worst = fmax (worst, fabs (direct->displacement[i] - result->displacement_mm[i]));
      largest = fmax (largest, fabs (direct->displacement[i]));
    }
  g_assert_cmpfloat (worst, <, 1e-8 * largest);
  OssVoxelFields fields = { .sed_mean_mpa = sed };
  g_assert_true (oss_voxel_fields (system, result->displacement_mm, NULL, &fields, NULL, &error));
  for (gsize i = 0; i < n; i++)
    {
      worst_sed = fmax (worst_sed, fabs (sed[i] - direct->element_sed[i]));
      largest_sed = fmax (largest_sed, sed[i]);
      energy += sed[i] * 0.5 * 0.4 * 0.7;
    }
  g_assert_cmpfloat (worst_sed, <, 1e-8 * largest_sed);
  for (guint i = 0; i < block.held->len; i++)
    {
      gint64 node = oss_voxel_system_node (system, block.model.held[i].at);
      work += 0.5 * result->reaction_n[i] * load.held_mm[i];
      if (node >= 0)
        g_assert_cmpfloat_with_epsilon (result->reaction_n[i], direct->reaction[3 * node + block.model.held[i].axis],
                                        1e-5);
    }
  for (int i = 0; i < 2; i++)
    work += 0.5 * force[i] * result->displacement_mm[3 * oss_voxel_system_node (system, loaded[i].at) + loaded[i].axis];
  g_assert_cmpfloat_with_epsilon (energy, work, 1e-6 * work);
  g_assert_cmpfloat_with_epsilon (energy, result->energy_n_mm, 1e-10 * work);
  oss_mesh_unref (mesh);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/fem/voxel/kernels", GINT_TO_POINTER (FALSE), test_kernels);
  g_test_add_data_func ("/fem/voxel/kernels-periodic", GINT_TO_POINTER (TRUE), test_kernels);
  g_test_add_func ("/fem/voxel/operator", test_operator);
  g_test_add_func ("/fem/voxel/patch", test_patch);
  g_test_add_func ("/fem/voxel/direct", test_direct);
  return g_test_run ();
}
