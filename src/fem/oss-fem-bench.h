/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"
#include "fem/oss-voxel.h"

G_BEGIN_DECLS

/**
 * OssBenchBody: a vertebra of plain shapes to measure with; owns everything.
 *
 * An L1 with a waisted oval body of 45 x 32 x 27 mm, pedicles, laminae and processes, labelled in voxels of 0.5 mm and
 * meshed by oss_mesher_run().  8,900 MPa where an element touches the surface (ash density 0.9 g/cm3), scattered
 * about 700 MPa within, two in a hundred at 0.1 MPa.  The nodes near the lower end of the body are held, those near the
 * upper one moved down by 0.1 mm and held sideways.
 */
typedef struct
{
  OssMesh *mesh;
  double *modulus_mpa;
  GArray *prescribed;
} OssBenchBody;

/* NULL with the errors of oss_mesher_run(). */
OSS_API OssBenchBody *oss_bench_body_new (OssElementKind kind, double size_mm, const OssTick *tick, GError **error);
OSS_API void oss_bench_body_free (OssBenchBody *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssBenchBody, oss_bench_body_free)

/* The model, borrowed from the body. */
OSS_API OssFemModel oss_bench_body_model (const OssBenchBody *self);

/**
 * OssBenchKernel: one kernel, timed alone.
 * @kind: "tet4", "tet10", "hex8", "voxel"
 * @name: what it does, English; a message of the program's translations
 * @item: what is counted, "element", "block" or "freedom"; likewise
 * @items: of one call
 * @ns_per_item: best of several calls
 * @gflop_s: operations that the method needs, not those that were done; NaN where they are not counted
 * @gb_s: the least traffic: what has to be read and written once; NaN where it is not counted
 * @single: whether it computes in single precision
 */
typedef struct
{
  const char *kind, *name, *item;
  gsize items;
  double ns_per_item, gflop_s, gb_s;
  gboolean single;
} OssBenchKernel;

/**
 * oss_bench_kernels:
 * @seconds: about so long for each kernel
 * @factorizing: whether the factorisation is one of them: it takes long and much memory
 * @kernels: (element-type OssBenchKernel): appended to
 *
 * Geometry, stiffness matrix, stresses, matrix product, smoother, one multigrid cycle, factorisation.
 *
 * Returns: %FALSE with the errors of oss_fem_solve()
 */
OSS_API gboolean oss_bench_kernels (const OssFemModel *model, double seconds, gboolean factorizing, GArray *kernels,
                                    const OssTick *tick, GError **error);

/**
 * OssBenchSolution: one model solved from the mesh or image on.
 * @seconds, @cpu_seconds: from the model to displacements, reactions and stresses (voxels: displacements and reactions)
 * @bytes: most memory of the process during the solution, above what it held before
 * @reaction_n: along the load, on what is moved
 * @solver: lives as long as the solution
 */
typedef struct
{
  gsize n_elements, n_nodes, n_unknowns;
  double seconds, cpu_seconds, bytes, reaction_n, relative_residual;
  int iterations;
  char solver[96];
} OssBenchSolution;

/* FALSE with the errors of oss_fem_solve_with(). */
OSS_API gboolean oss_bench_solve (const OssFemModel *model, OssFemSolver solver, OssBenchSolution *solution,
                                  const OssTick *tick, GError **error);

/**
 * oss_bench_trabeculae:
 * @size: voxels along x, y, z
 * @centrum: only what lies in the ellipse over x and y, within a shell of 6 voxels; otherwise the whole box
 *
 * Plates and rods such as those of trabecular bone: where a sum of 48 plane waves of one length and of directions and
 * phases by chance is near zero (Cahn, J. Chem. Phys. 42 (1965) 93-99; two-sided cut); an eighth of the volume, about
 * 4 voxels thick at any size.
 *
 * Returns: (transfer full) (nullable): [z][y][(size + 7) / 8] bits as in #OssVoxelModel; oss_free_aligned().  %NULL
 *   with %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OSS_API guint8 *oss_bench_trabeculae (const gsize size[3], gboolean centrum, const OssTick *tick, GError **error);

/**
 * oss_bench_voxels:
 * @size: voxels along x, y, z
 * @bits: as in #OssVoxelModel
 * @spacing_mm: edges of a voxel
 * @tolerance: relative residual
 * @seconds: about so long for the kernel
 * @kernel: (out): the operator's product
 *
 * Bone of 10 GPa and 0.3 between bonded plates along z, the upper one moved down by 0.1 %.  Islands are left out.
 *
 * Returns: %FALSE with the errors of oss_voxel_solve(), and %OSS_ERROR_FAILED when it does not converge
 */
OSS_API gboolean oss_bench_voxels (const gsize size[3], const guint8 *bits, const double spacing_mm[3],
                                   double tolerance, double seconds, OssBenchKernel *kernel, OssBenchSolution *solution,
                                   const OssTick *tick, GError **error);

G_END_DECLS
