/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"
#include "fem/oss-voxel.h"
#include "material/oss-yield.h"

G_BEGIN_DECLS

/**
 * OssFemPlasticity: how the elements of a model yield.
 * @criterion: one for all elements
 * @compression_mpa, @tension_mpa: [n_elements] yield stresses, above 0; INFINITY: elastic for ever (cement caps)
 * @hardening: slope of the yield stress over plastic strain, as a share of the element's modulus; 0: perfectly plastic
 * @softening_mm: above 0: the yield stress falls linearly to @residual_share of itself while the element is
 *   shortened plastically by that much: over a plastic strain of softening_mm / l, l the cube root of the element's
 *   volume, so that the energy of a crushed band does not depend on the mesh (Bazant and Oh, Mater Struct 16 (1983)
 *   155-177).  Where l is so large that the fall would be steeper than half of the modulus it is that: see
 *   OssFemCurve::n_bounded.  Then @hardening is 0.
 * @residual_share: above 0, below 1; used with @softening_mm
 */
typedef struct
{
  OssCriterion criterion;
  const double *compression_mpa, *tension_mpa;
  double hardening;
  double softening_mm, residual_share;
} OssFemPlasticity;

/**
 * OssFemPath: the way the load takes.  Prescribed displacements (and forces) of the model are those of its end, in
 * proportion on the way.
 * @displacement_mm: at the end, above 0: what reactions are told along: the reaction is the work of all prescribed
 *   freedoms in a step over the step of it
 * @height_mm: apparent strain = displacement / height; above 0
 * @gauge: (nullable): [n_nodes][3] weights: what is told as the displacement, and what ends the path, is their sum
 *   over the displacements of the nodes, such as that of endplates under caps.  The prescribed displacements are those
 *   at which an elastic body would get there, and are driven as far as it takes; increments are then of nearly equal
 *   size
 * @driven_mm: with @gauge: of the prescribed displacements at the end of the elastic path: the reaction is along it
 * @increments: of equal size; 0: 20
 * @tolerance: of the 2-norm of the forces out of balance over that of the nodal reactions; 0: 1e-5; at most 1e-4
 * @maximum_iterations: of Newton in an increment, before it is cut; 0: 25
 * @maximum_cuts: halvings of the increment; 0: 6
 */
typedef struct
{
  double displacement_mm, height_mm;
  const double *gauge;
  double driven_mm;
  int increments;
  double tolerance;
  int maximum_iterations, maximum_cuts;
} OssFemPath;

/* One converged increment; the first of a curve is the unloaded state. */
typedef struct
{
  double displacement_mm, reaction_n;
  double driven_mm;      /* of what is prescribed; @displacement_mm without a gauge */
  double residual;       /* forces out of balance over reactions, 2-norms */
  int iterations;        /* of Newton */
  int linear_iterations; /* of all its linear systems */
  double yielded_mm3;    /* volume of the integration points that have yielded so far */
  double work_nmm;       /* of the load over @driven_mm, trapezoidal over the increments */
  double stored_nmm;     /* elastic energy */
  double dissipated_nmm; /* plastic work, with the mean stress of each increment: work = stored + dissipated up to the
                            forces out of balance */
} OssLoadPoint;

/**
 * OssFemCurve: a load-displacement curve and the state at its end.
 * @points: [n_points]
 * @converged: reached the end of the path; else @reason tells what stopped it, and the curve is what came before
 * @stiffness_n_per_mm: of the unloaded body
 * @peak_n, @peak_mm: largest reaction and where; @falling: the curve goes on below it by more than 0.1 %
 * @plateau_n: the strength: the peak, or where the curve still rises at its end, the reaction there
 * @offset_n, @offset_mm: 0.2 % offset yield: where the curve meets the line of the initial stiffness moved by 0.2 %
 *   apparent strain; NaN: it does not within the path, or the increments there are too coarse to tell it to 5 %
 * @volume_mm3: of the elements that may yield; @yielded_share: of it that has yielded at the end
 * @displacement: [n_nodes][3] mm
 * @plastic_strain: [n_elements] equivalent plastic strain, volume mean
 * @element_von_mises: [n_elements] MPa, of the volume mean stress
 * @n_bounded: elements whose softening was bounded by their size
 * @cuts: increments that were cut
 */
typedef struct
{
  OssLoadPoint *points;
  gsize n_points;
  gboolean converged;
  char reason[256];
  double stiffness_n_per_mm;
  double peak_n, peak_mm, plateau_n;
  gboolean falling;
  double offset_n, offset_mm;
  double volume_mm3, yielded_share;
  double *displacement, *plastic_strain, *element_von_mises;
  gsize n_nodes, n_elements, dof;
  gsize n_bounded;
  int cuts;
  char solver[64];
} OssFemCurve;

/**
 * oss_fem_solve_nonlinear:
 *
 * Small strains, elasto-plastic elements (return mapping at every integration point of the linear elements), Newton's
 * method with the consistent tangent, displacement control.  Linear systems by conjugate gradients with the multigrid
 * of the elastic stiffness, as exactly as the Newton step deserves.  An increment that does not converge is cut in
 * halves.
 *
 * Hexahedra are integrated in full, as in oss_fem_solve(); plastic flow that keeps the volume then makes them stiffer
 * than quadratic tetrahedra.
 *
 * Thread safety: any thread; arguments are only read.  The same bits for any number of threads.  A stop is answered
 * within 200 ms.
 *
 * Returns: (transfer full) (nullable): %NULL as oss_fem_solve(), and %OSS_ERROR_USAGE for a path or a plasticity that
 *   contradicts itself.  Not converging is a result: see OssFemCurve::converged.
 */
OSS_API OssFemCurve *oss_fem_solve_nonlinear (const OssFemModel *model, const OssFemPlasticity *plasticity,
                                              const OssFemPath *path, const OssTick *tick, GError **error);
OSS_API void oss_fem_curve_free (OssFemCurve *self);
/* Points and figures without the fields. (transfer full) */
OSS_API OssFemCurve *oss_fem_curve_copy_points (const OssFemCurve *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssFemCurve, oss_fem_curve_free)

/**
 * oss_voxel_solve_nonlinear:
 * @system: of the model, without forces; used by this call alone while it lasts
 * @held_mm: [n_held of the model] prescribed displacements at the end of the path
 * @plasticity: arrays by the system's elements, see oss_voxel_system_element_moduli()
 *
 * As oss_fem_solve_nonlinear(), without assembling anything: conjugate gradients on the elastic operator and the
 * change of the yielding voxels, with the elastic multigrid as preconditioner.  Each voxel has one plastic strain, of
 * the stress at its centre, kept in seven floats; strain within the voxel about its mean stays elastic.  That is exact
 * for even strain, a sixth of the work and an eighth of the history of eight Gauss points, free of hourglassing, and
 * too stiff where single voxels bend plastically.
 *
 * Returns: (transfer full) (nullable): displacement by the system's nodes; %NULL as oss_voxel_solve(), and with
 *   %OSS_ERROR_USAGE or %OSS_ERROR_INVALID_DATA for a path or a plasticity that contradicts itself
 */
OSS_API OssFemCurve *
oss_voxel_solve_nonlinear (OssVoxelSystem *system, const double *held_mm, const OssFemPlasticity *plasticity,
                           const OssFemPath *path, const OssTick *tick, GError **error);

/* The yield stresses of every element of a given modulus: [n] each, from g_malloc(). */
OSS_API void oss_fem_yield (const OssYieldRule *rule, const double *modulus_mpa, gsize n, double **compression_mpa,
                            double **tension_mpa);

G_END_DECLS
