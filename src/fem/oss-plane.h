/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"

G_BEGIN_DECLS

/**
 * OssPlaneMaterial: linear elasticity in plane stress.
 * @modulus_1_mpa, @modulus_2_mpa: Young's moduli along the material's axes
 * @poisson_12: contraction along axis 2 over extension along axis 1 when stress acts along axis 1
 * @shear_12_mpa: shear modulus in the plane
 * @angle_rad: from x to axis 1, counter-clockwise
 */
typedef struct
{
  double modulus_1_mpa, modulus_2_mpa;
  double poisson_12;
  double shear_12_mpa;
  double angle_rad;
} OssPlaneMaterial;

/* The same in every direction: G = E / (2 (1 + nu)). */
OSS_API OssPlaneMaterial oss_plane_isotropic (double modulus_mpa, double poisson);

/**
 * oss_plane_stiffness:
 * @stiffness_mpa: (out): 3 x 3, row-major, in x and y: stress xx yy xy of strain xx yy xy (engineering shear)
 *
 * The inverse of the compliance [1/E1, -nu12/E1; -nu12/E1, 1/E2] and 1/G12, turned by @angle_rad (Jones, Mechanics of
 * Composite Materials, 2.5-2.6).
 *
 * Returns: %FALSE with %OSS_ERROR_INVALID_DATA when a modulus is not above 0 or nu12^2 E2 / E1 is not below 1
 *   (for isotropic material: nu above -1 and below 0.5, where G stays the one of a solid)
 */
OSS_API gboolean oss_plane_stiffness (const OssPlaneMaterial *material, double stiffness_mpa[9], GError **error);

/**
 * OssPlaneModel: bilinear quadrilaterals (quad4) in plane stress, small displacements; pointers are borrowed.
 * @nodes: [n_nodes][2] x, y in mm
 * @elements: [n_elements][4] nodes, counter-clockwise; any convex shape
 * @materials: [n_materials]
 * @material: [n_elements] (nullable): number of each element's material; %NULL: all of the first
 * @thickness_mm: [n_elements] (nullable): above 0; %NULL: 1 mm
 * @tied_to: [n_nodes] (nullable): periodic ties: node i moves as node t = tied_to[i] does, plus the mean strain times
 *   (x_i - x_t); a node that is not tied names itself, and a tied node names one that is not
 * @prescribed: mm, axis 0 or 1; of a tied node it holds both
 * @forces: N, axis 0 or 1; on one freedom they add up
 */
typedef struct
{
  gsize n_nodes, n_elements, n_materials;
  const double *nodes;
  const gint32 *elements;
  const OssPlaneMaterial *materials;
  const guint32 *material;
  const double *thickness_mm;
  const gint32 *tied_to;
  const OssNodal *prescribed;
  gsize n_prescribed;
  const OssNodal *forces;
  gsize n_forces;
} OssPlaneModel;

typedef struct
{
  gsize n_nodes, n_elements;
  double *displacement;      /* [n_nodes][2] mm */
  double *reaction;          /* [n_nodes][2] N: K u - f at prescribed freedoms, 0 elsewhere */
  double *stress;            /* [n_nodes][3] MPa: xx yy xy, plain means over the elements at a node of their stresses
                                extrapolated from the integration points */
  double *von_mises;         /* [n_nodes] MPa, of @stress, with no stress across the plane */
  double *principal;         /* [n_nodes][2] MPa, of @stress, larger first */
  double *element_stress;    /* [n_elements][3] MPa, mean over the element */
  double *element_von_mises; /* [n_elements] MPa, of @element_stress */
  double *element_sed;       /* [n_elements] MPa, mean strain energy density */
  double *element_volume;    /* [n_elements] mm3, area times thickness */
  double energy_n_mm;        /* strain energy: sum of @element_sed times @element_volume */
  gsize dof;                 /* unknowns: freedoms neither prescribed nor tied */
  double relative_residual;  /* |f - K u| / |right-hand side| over the unknowns */
  char solver[48];
} OssPlaneResult;

OSS_API void oss_plane_result_free (OssPlaneResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPlaneResult, oss_plane_result_free)

/**
 * OssPlaneSystem: a plane model with its equations factorised once.
 *
 * One thread at a time.
 */
typedef struct _OssPlaneSystem OssPlaneSystem;

/**
 * oss_plane_system_new:
 * @model: borrowed by the system
 *
 * 2 x 2 integration points, which is exact for parallelograms; supernodal Cholesky factorisation.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_INVALID_DATA: the model contradicts itself, or names an element that is inside out;
 *   %OSS_ERROR_FAILED: a part can move as a rigid body (tells where);
 *   %OSS_ERROR_OUT_OF_MEMORY: tells what is needed and what is free;
 *   %OSS_ERROR_CANCELLED
 */
OSS_API OssPlaneSystem *oss_plane_system_new (const OssPlaneModel *model, const OssTick *tick, GError **error);

/**
 * oss_plane_system_solve:
 * @mean_strain: [3] (nullable): xx yy xy (engineering shear) of the periodic ties; %NULL: none
 *
 * Solves for the model's prescribed displacements and forces.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_FAILED (badly conditioned), %OSS_ERROR_CANCELLED
 */
OSS_API OssPlaneResult *
oss_plane_system_solve (OssPlaneSystem *self, const double mean_strain[3], const OssTick *tick, GError **error);
OSS_API void oss_plane_system_free (OssPlaneSystem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPlaneSystem, oss_plane_system_free)

/* oss_plane_system_new() and oss_plane_system_solve() without a mean strain. */
OSS_API OssPlaneResult *oss_plane_solve (const OssPlaneModel *model, const OssTick *tick, GError **error);

G_END_DECLS
