/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "fem/oss-fem-constraint.h"
#include "fem/oss-fem-material.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"
#include "material/oss-law.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/**
 * oss_fem_density_inside:
 * @labels: above 0 = the bone; on the grid of @density
 * @reach_mm: how far beyond the label
 *
 * The density that elements are given: that of the image in the label, and up to @reach_mm beyond it the mean density
 * of the nearest voxels of the label.  The label says what belongs to the bone; a mesh of its volume stands out over
 * its border here and falls short of it there, by a part of an element.  Where it stands out it would read soft tissue,
 * and nothing would stand for what it falls short of: the shell would grow thinner with the size of the elements.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_INVALID_DATA when the grids differ,
 *   %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OSS_API OssVolume *oss_fem_density_inside (const OssVolume *density, const OssLabels *labels, double reach_mm,
                                           const OssTick *tick, GError **error);

typedef struct
{
  double minimum_mpa, maximum_mpa, mean_mpa; /* over elements; the mean is weighted by volume */
  double outside_range_percent;              /* share of elements with their mean density outside the law's range */
  gsize at_floor;                            /* elements with the least modulus at every sample point */
} OssModulusSummary;

/**
 * oss_fem_modulus:
 * @density: mg/cm3; beyond its border the nearest voxels count
 * @basis: of @density: an image of density does not carry it
 * @summary: (out): filled on success, and for %OSS_ERROR_REFUSED
 *
 * Young's modulus of each element: the law's E averaged over points in the element (E of each point,
 * then the mean; not E of the mean density).  Density is trilinear between voxels.  Tetrahedra take 20 points or
 * more, no further apart than 0.7 of a voxel; hexahedra the midpoints of cells no larger than a voxel,
 * so that an element that is a voxel has that voxel's modulus.  Points read @density
 * as it is: see oss_fem_density_inside() for those that lie in soft tissue.
 *
 * Thread safety: any thread; the arguments are only read.
 *
 * Returns: (transfer full) (array length=n_elements) (nullable): MPa; g_free().  %NULL with
 *   %OSS_ERROR_REFUSED when every element has the least modulus; gives the density range;
 *   %OSS_ERROR_USAGE when the chain was made for densities of another basis;
 *   %OSS_ERROR_INVALID_DATA for an empty mesh or a density that is not a number;
 *   %OSS_ERROR_CANCELLED
 */
OSS_API double *
oss_fem_modulus (const OssMesh *mesh, const OssVolume *density, OssBasis basis, const OssLawChain *chain,
                 OssModulusSummary *summary, const OssTick *tick, GError **error);

/**
 * oss_fem_bin_modulus:
 * @modulus_mpa: [n] MPa, each above 0
 * @bins: number of bins; 0 leaves the moduli as they are
 * @binned_mpa: (out): [n] MPa; may be @modulus_mpa
 *
 * The moduli of a deck written with that many bins: bins of equal width in log E between the least and
 * the largest modulus, each modulus set to the mean of its bin's members.  To solve the very model a deck holds.
 */
OSS_API void oss_fem_bin_modulus (const double *modulus_mpa, gsize n, guint bins, double *binned_mpa);

/* A face of the vertebra that carries load. */
typedef struct
{
  GArray *nodes;    /* gint32, sorted, corner and midside nodes */
  GArray *faces;    /* gint32, sorted: triangles of oss_mesh_surface() of which half is on the endplate */
  double area_mm2;  /* projected on the axis */
  double height_mm; /* area-weighted mean position along the superior axis, from the body's centre */
} OssEndplate;

OSS_API void oss_endplate_clear (OssEndplate *self);

/**
 * oss_fem_endplates:
 * @superior: (out caller-allocates): oss_endplate_clear()
 * @inferior: (out caller-allocates): oss_endplate_clear()
 * @tick: (nullable): stop only
 *
 * Superior and inferior endplates from the geometry: the part of the surface over the body (not over the posterior
 * elements) whose direction, its mean over a ball of 2 mm, lies within 60 degrees of the axis, about the level where
 * most of what looks along the axis is, and that hangs together.  Its border cuts through triangles; a node belongs to
 * it when half of the surface it stands for does, so that the area, and what is held, hardly depend on the elements.
 * Caps (cement, disc) that belong to the mesh carry the load instead.
 *
 * Returns: %FALSE with %OSS_ERROR_REFUSED when an endplate's area does not suit the body's width and depth
 *   (both areas are told); then neither endplate is set
 */
OSS_API gboolean oss_fem_endplates (const OssMesh *mesh, const OssVertebraFrame *frame, OssEndplate *superior,
                                    OssEndplate *inferior, const OssTick *tick, GError **error);

typedef struct
{
  gint32 node;
  gint8 axis;   /* 0, 1, 2: patient x, y, z */
  double value; /* mm for prescribed, N for forces */
} OssNodal;

/**
 * OssFemModel: a linear elastic problem with small displacements; pointers are borrowed.
 *
 * Elements with a material of their own (@material at 0 or above) take their stiffness from it; @modulus_mpa is then
 * what the strength estimators divide by.  Without materials every element is isotropic.
 */
typedef struct
{
  const OssMesh *mesh;
  const double *modulus_mpa; /* [n_elements], each above 0 */
  double poisson;            /* above -1, below 0.5; of the elements without a material of their own */
  const gint32 *material;    /* (nullable) [n_elements] index into materials, or -1 */
  const OssFemMaterial *materials;
  gsize n_materials;
  const OssNodal *prescribed;
  gsize n_prescribed;
  const OssNodal *forces; /* forces on one freedom add up */
  gsize n_forces;
  const OssFemEquation *equations;
  gsize n_equations;
  const OssFemPlaten *platens;
  gsize n_platens;
} OssFemModel;

/* What a step of a solution took: its time, and the most memory the process had needed by its end. */
typedef struct
{
  double seconds, peak_mib;
} OssFemStep;

typedef struct
{
  double *displacement;        /* [n_nodes][3] mm, patient axes */
  double *stress;              /* [n_nodes][6] MPa: xx yy zz yz xz xy, plain means over the elements at a node of their
                                  stresses extrapolated from the integration points */
  double *von_mises;           /* [n_nodes] MPa, of @stress */
  double *principal;           /* [n_nodes][3] MPa, of @stress, largest first */
  double *principal_direction; /* [n_nodes][3][3] unit vectors of the principal stresses, in the same order */
  double *sed;                 /* [n_nodes] MPa, strain energy density: plain means over the elements at a node */
  double *element_stress;      /* [n_elements][6] MPa: xx yy zz yz xz xy, the element's volume mean */
  double *element_von_mises;   /* [n_elements] MPa, of the element's volume mean stress */
  double *element_sed;         /* [n_elements] MPa, mean strain energy density */
  double *element_volume;      /* [n_elements] mm3 */
  double *reaction;      /* [n_nodes][3] N: what holds the prescribed freedoms, 0 elsewhere; the forces of equations
                            and platens are not in it */
  double *platen_motion; /* [n_platens][6] mm and radians */
  double *platen_force;  /* [n_platens][6] N and N mm about the reference: loads and reactions upon the plate */
  double strain_energy;  /* N mm: sum of element_sed times element_volume */
  double work;           /* N mm: half of loads and reactions times their displacements */
  gsize n_nodes, n_elements, n_platens;
  gsize dof;                /* unknowns: freedoms that are not prescribed */
  double relative_residual; /* |f - K u| / |right-hand side| over the unknowns, with the whole matrix */
  int iterations;           /* 0 for a direct solution */
  OssFemStep assembly, solution, recovery;
  char solver[64];
  char choice[96]; /* why this solver */
  char reason[96]; /* "solved", or why not */
} OssFemResult;

typedef enum
{
  OSS_FEM_SOLVER_AUTO,
  OSS_FEM_SOLVER_DIRECT,    /* supernodal Cholesky factorisation */
  OSS_FEM_SOLVER_ITERATIVE, /* conjugate gradients with multigrid */
} OssFemSolver;

/**
 * OssFemSolveOptions:
 * @solver: %OSS_FEM_SOLVER_AUTO iterates for a few load cases, factorises small models and many load cases, and
 *   factorises where the iteration does not converge
 * @tolerance: of the relative residual of an iteration, 1e-10 by default; the result has the true one
 * @maximum_iterations: 1000 by default
 * @load_cases: how many loads are going to be solved for on this model, 1 by default: a hint to the choice
 * @history: (nullable): gets the relative residuals (double) of an iteration, also when it does not converge
 */
typedef struct
{
  OssFemSolver solver;
  double tolerance;
  int maximum_iterations;
  guint load_cases;
  GArray *history;
} OssFemSolveOptions;

OSS_API void oss_fem_solve_options_default (OssFemSolveOptions *options);

/**
 * oss_fem_solve:
 *
 * Linear elasticity, isotropic or orthotropic; full integration (tet4 1 point, tet10 4, hex8 2 x 2 x 2); the solver is
 * chosen by the size of the model: conjugate gradients with multigrid, or supernodal Cholesky factorisation with one
 * step of refinement where the residual asks for it; the result says which.  Prescribed freedoms are eliminated,
 * equations and platens with them (u = T y + g, the matrix T' K T, factorised).  Nodes that belong to no element and
 * stand in no equation stay where they are.
 *
 * A stop is answered within 200 ms; a factorisation then ends on a thread of its own and is dropped.
 * Thread safety: any thread; the model is only read, and no longer than the call lasts.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_INVALID_DATA: the model contradicts itself, or an element is inside out;
 *   %OSS_ERROR_REFUSED: a part can move as a rigid body (tells where);
 *   %OSS_ERROR_UNSUPPORTED: equations or platens, and the iterative solver is asked for;
 *   %OSS_ERROR_OUT_OF_MEMORY: tells what is needed and what is free, before it is taken;
 *   %OSS_ERROR_CANCELLED
 */
OSS_API OssFemResult *oss_fem_solve (const OssFemModel *model, const OssTick *tick, GError **error);

/* The same with a solver of choice; also %OSS_ERROR_USAGE for a tolerance that is not between 0 and 1, and
 * %OSS_ERROR_FAILED when the iteration does not converge (tells the iterations and the last residuals). */
OSS_API OssFemResult *
oss_fem_solve_with (const OssFemModel *model, const OssFemSolveOptions *options, const OssTick *tick, GError **error);
OSS_API void oss_fem_result_free (OssFemResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssFemResult, oss_fem_result_free)

/* Compression of a vertebra: inferior endplate held in all directions, superior endplate moved
 * by @displacement_mm along -superior (its other directions held).  (transfer full): OssNodal array. */
OSS_API GArray *oss_fem_compression (const OssVertebraFrame *frame, const OssEndplate *superior,
                                     const OssEndplate *inferior, double displacement_mm);

/* Apparent strains of the linear estimators. */
#define OSS_APPARENT_STRAIN 0.0068 /* Kopperdahl and Crawford's form: F = 0.0068 K H */
#define OSS_LINEAR_STRAIN 0.02     /* the linear reaction at 2 % */

typedef struct
{
  double reaction_n; /* along the axis, at the superior endplate, positive in compression */
  double displacement_mm;
  double stiffness_n_per_mm;
  double apparent_0_68_percent_n; /* 0.0068 K H */
  double linear_2_percent_n;      /* 0.02 K H */
  double pistoia_n;               /* 2 % of the volume above 0.7 % effective strain */
  double height_mm;               /* H: between the mean heights of the two endplates */
} OssStrength;

/**
 * oss_fem_strength:
 * @displacement_mm: as given to oss_fem_compression()
 *
 * Named estimators of a linear analysis, none of them a measured strength: 0.68 % and 2 % apparent strain, and
 * the reaction scaled until 2 % of the whole volume (every element, caps and marrow included) exceeds an effective
 * strain sqrt (2 U / E) of 0.7 % (Pistoia et al., Bone 30 (2002) 842-848), U being the element's mean
 * strain energy density.
 */
OSS_API void oss_fem_strength (const OssFemModel *model, const OssFemResult *result, const OssVertebraFrame *frame,
                               const OssEndplate *superior, const OssEndplate *inferior, double displacement_mm,
                               OssStrength *strength);

/* The same of any body: from the force and displacement of a linear solution, and the height that strains refer to. */
OSS_API void oss_fem_strength_of (const OssFemModel *model, const OssFemResult *result, double reaction_n,
                                  double displacement_mm, double height_mm, OssStrength *strength);

/* Volume-weighted over element means: p95 is the least value that 95 % of the volume does not exceed. */
typedef struct
{
  double maximum_mpa, p50_mpa, p95_mpa, p99_mpa, mean_mpa;
} OssStressSummary;

/* Principal values [n][3], largest first, and unit directions [n][3][3] of @stress [n][6], as in #OssFemResult; any
 * thread. */
OSS_API void oss_fem_principal (const double *stress, gsize n, double *principal, double *direction);

OSS_API void oss_fem_stress_summary (const OssFemResult *result, OssStressSummary *summary);

/**
 * oss_fem_write_deck:
 * @bins: of the elements without a material of their own; 0: one material per distinct modulus, written exactly
 * (CalculiX 2.20 takes 3 s more for 12,000 of them, and the square of that for more); else that many bins of modulus,
 * see oss_fem_bin_modulus()
 * @heading: (nullable): one line
 *
 * Abaqus/CalculiX input deck of the same model: one linear static step.  Node and element numbers are ours
 * plus one.  Orthotropic materials with their *ORIENTATION; equations and platens as *EQUATION with nodes of their own
 * (set TIES) after those of the mesh; oss_deck_read() reads it back.  Sets: NALL; MOVED, nodes with a prescribed
 * displacement other than zero; HELD, the other prescribed nodes; LOADED.  Prints the total reactions of HELD and MOVED
 * and all displacements; writes U, RF and S to the result file.  Numbers have up to 17 significant digits within the 20
 * columns that CalculiX reads.  The file appears whole or not at all.
 */
OSS_API gboolean oss_fem_write_deck (const OssFemModel *model, const char *path, guint bins, const char *heading,
                                     GError **error);

G_END_DECLS
