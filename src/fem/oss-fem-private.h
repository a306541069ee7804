/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"
#include "numeric/oss-block-matrix.h"

#include <stdio.h>

G_BEGIN_DECLS

#define OSS_MAX_ELEMENT_NODES 10
#define OSS_MAX_ELEMENT_POINTS 8
#define OSS_MAX_ELEMENT_CORNERS 8

/**
 * OssElementRule: shape functions of one kind of element at its integration points.
 * @n_nodes, @n_points, @n_corners: 4, 1, 4 (tet4); 10, 4, 4 (tet10); 8, 8, 8 (hex8)
 * @weight: of each point; they add up to the volume of the reference element
 * @shape: [point][node]
 * @derivative: [point][node][3], by the reference coordinates
 * @corner_from_point: [corner][point] extrapolation from the points to the corners: exact for fields linear
 *   (tetrahedra) or trilinear (hexahedra) in the reference coordinates
 * @edge: [n_nodes - n_corners][2] corners at the ends of the edge of each midside node
 *
 * Four points integrate the stiffness of a straight-sided quadratic tetrahedron exactly: the strain
 * is linear, its square quadratic (Zienkiewicz and Taylor, The Finite Element Method, table of
 * tetrahedral rules, degree 2).  CalculiX's C3D4, C3D10 and C3D8 use the same points.
 */
typedef struct
{
  OssElementKind kind;
  int n_nodes, n_points, n_corners;
  double weight[OSS_MAX_ELEMENT_POINTS];
  double shape[OSS_MAX_ELEMENT_POINTS][OSS_MAX_ELEMENT_NODES];
  double derivative[OSS_MAX_ELEMENT_POINTS][OSS_MAX_ELEMENT_NODES][3];
  double corner_from_point[OSS_MAX_ELEMENT_CORNERS][OSS_MAX_ELEMENT_POINTS];
  int edge[6][2];
} OssElementRule;

/* (transfer none); any thread. */
const OssElementRule *oss_element_rule (OssElementKind kind);

/**
 * OssElements: the geometry of every element, worked out once.
 * @gradient: [n_elements][n_points][n_nodes][3] derivatives of the shape functions by x, y, z, 1/mm
 * @volume: [n_elements][n_points] weight times Jacobian determinant, mm3
 */
typedef struct
{
  const OssMesh *mesh; /* borrowed */
  const OssElementRule *rule;
  double *gradient;
  double *volume;
} OssElements;

/* NULL with OSS_ERROR_INVALID_DATA that names an inverted element, OUT_OF_MEMORY or CANCELLED. */
OssElements *oss_elements_new (const OssMesh *mesh, const OssTick *tick, GError **error);
void oss_elements_free (OssElements *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssElements, oss_elements_free)

static inline const double *
oss_elements_gradient (const OssElements *self, gsize element)
{
  return self->gradient + element * (gsize) (self->rule->n_points * self->rule->n_nodes * 3);
}

static inline const double *
oss_elements_volume (const OssElements *self, gsize element)
{
  return self->volume + element * (gsize) self->rule->n_points;
}

/* Lame's constants for E = 1; FALSE when nu is not in (-1, 0.5). */
gboolean oss_lame_unit (double poisson, double *lambda, double *mu);

/* Stress (xx yy zz yz xz xy, MPa) and engineering strain at each point of an element.
 * strain may be NULL.  u: [n_nodes of the mesh][3] mm. */
void oss_elements_stress (const OssElements *self, gsize element, double modulus_mpa, double poisson, const double *u,
                          double stress[OSS_MAX_ELEMENT_POINTS][6], double strain[OSS_MAX_ELEMENT_POINTS][6]);

/* The elasticity of an element: Lame's constants in MPa when isotropic (then NULL), else its stiffness [6][6].
 * unit: oss_lame_unit() of the model's Poisson's ratio. */
const double *
oss_fem_elasticity (const OssFemModel *model, const double unit[2], gsize element, double *lambda, double *mu);

/* block += the stiffness between nodes a and b, g[3 j + l] being the integral of dNa/dx_j dNb/dx_l over the element. */
void oss_fem_add_anisotropic (const double stiffness[36], const double g[9], double block[9]);

/* oss_elements_stress() with the element's own material; strain is not NULL. */
void oss_fem_element_stress (const OssFemModel *model, const OssElements *elements, gsize element, const double *u,
                             double stress[OSS_MAX_ELEMENT_POINTS][6], double strain[OSS_MAX_ELEMENT_POINTS][6]);

/**
 * oss_fem_model_check:
 *
 * Sizes, finite moduli above zero, Poisson's ratio, nodes and axes of loads in range, no freedom
 * prescribed twice with different values.  OSS_ERROR_INVALID_DATA names the first fault.
 */
gboolean oss_fem_model_check (const OssFemModel *model, GError **error);

/* FALSE with OSS_ERROR_UNSUPPORTED when the model has materials of its own, equations or platens. */
gboolean oss_fem_check_plain (const OssFemModel *model, GError **error);

/* FALSE with OSS_ERROR_INVALID_DATA: force number @force acts on a node of no element. */
gboolean oss_fem_loads_nothing (const OssFemModel *model, gsize force, GError **error);
/* Without equations and platens: every force acts on an element's node. */
gboolean oss_fem_check_forces (const OssFemModel *model, const OssIncidence *incidence, GError **error);

/* All zero. */
OssFemResult *oss_fem_result_new (gsize n_nodes, gsize n_elements, gsize n_platens, GError **error);

/* The stiffness matrix of all nodes, N/mm. */
OssBlockMatrix *oss_fem_assemble (const OssFemModel *model, const OssElements *elements, const OssIncidence *incidence,
                                  const OssTick *tick, GError **error);

/**
 * oss_fem_check_support:
 *
 * Every connected part has to be held against its six rigid motions by the prescribed freedoms.
 * OSS_ERROR_FAILED tells where the part is that is not.  Parts that hang together by a hinge (a
 * shared node or edge) are not told apart here: the factorisation meets those.
 */
gboolean oss_fem_check_support (const OssFemModel *model, GError **error);

/* FALSE with OSS_ERROR_FAILED: the model gives way near a node; @pivot: what is left of its stiffness. */
gboolean oss_fem_fail_not_held (const OssFemModel *model, gsize node, double pivot, GError **error);

/**
 * oss_fem_solve_iterative:
 * @unknown: [3 n_nodes] -1 where a freedom is not sought
 * @work: (out): [3 n_nodes] f - K u
 *
 * The displacement, relative residual, iterations and solver of @result, which holds the prescribed displacements, by
 * conjugate gradients.
 */
gboolean
oss_fem_solve_iterative (const OssFemModel *model, const OssBlockMatrix *stiffness, const OssIncidence *incidence,
                         const gint32 *unknown, const OssFemSolveOptions *options, OssFemResult *result, double *work,
                         const OssTick *tick, GError **error);

/* Fills the fields of @result that follow from its displacement. */
gboolean oss_fem_recover (const OssFemModel *model, const OssElements *elements, const OssIncidence *incidence,
                          OssFemResult *result, const OssTick *tick, GError **error);

/**
 * OssSlope: which way a surface looks at a place, as the area-weighted mean of its outward normals within a ball.
 * Hardly depends on how the surface is triangulated.
 */
typedef struct _OssSlope OssSlope;

/* @corners: [n][3][3] of triangles, outward (right hand), mm.  NULL with OSS_ERROR_OUT_OF_MEMORY. */
OssSlope *oss_slope_new (const double *corners, gsize n, double radius_mm, GError **error);
void oss_slope_free (OssSlope *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssSlope, oss_slope_free)
/* Cosine between the mean normal around @x and the third axis; 0 where there is no surface.  Any thread. */
double oss_slope_at (const OssSlope *self, const double x[3]);

/* How often the edges of a triangle are cut for pieces no longer than @longest_mm (64 times at most), and the
 * barycentric coordinates of the middle of one of the n * n equal pieces. */
int oss_triangle_parts (const double x[3][3], double longest_mm);
void oss_triangle_piece (int n, int piece, double weight[3]);

/* Writes @value into 20 characters or fewer, the width of a number in a deck (CalculiX reads no
 * further), with as many significant digits as fit, 17 at most. */
void oss_deck_number (double value, char text[32]);

/* Equations and platens in a deck: nodes of their own, *EQUATION, and lines of *BOUNDARY and *CLOAD. */
void oss_deck_write_tie_nodes (FILE *file, const OssFemModel *model);
void oss_deck_write_ties (FILE *file, const OssFemModel *model);
void oss_deck_write_tie_boundary (FILE *file, const OssFemModel *model);
void oss_deck_write_tie_forces (FILE *file, const OssFemModel *model);

G_END_DECLS
