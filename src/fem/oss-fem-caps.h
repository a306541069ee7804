/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"

G_BEGIN_DECLS

/* What stands between the endplates and the rigid plates that press them. */
typedef enum
{
  OSS_CAPS_NONE, /* nothing: the endplates themselves are held and moved */
  OSS_CAPS_PMMA, /* bone cement, as in the laboratory */
  OSS_CAPS_DISC, /* a soft layer that lets the endplates give way, as in the body */
} OssCapsKind;

#define OSS_N_CAPS 3

/**
 * OssCaps: a layer of one isotropic material upon each endplate, filled up to a flat plane across the axis.
 * @thickness_mm: from the mean height of the endplate to the plane
 */
typedef struct
{
  OssCapsKind kind;
  double thickness_mm, modulus_mpa, poisson;
} OssCaps;

OSS_API const char *oss_caps_name (OssCapsKind kind);  /* "none", "pmma", "disc"; stable */
OSS_API const char *oss_caps_title (OssCapsKind kind); /* translated */
/* OSS_ERROR_USAGE that lists the names. */
OSS_API gboolean oss_caps_from_name (const char *name, OssCapsKind *kind, GError **error);

/**
 * oss_caps_init:
 *
 * PMMA: 2500 MPa, nu 0.3 and 10 mm, as in Ogo and parosol-py.  Disc: 8 MPa (PMC3415303: T9, disc 8 MPa
 * against PMMA 2500 MPa), 8 mm, within the heights of the lumbar discs; nu 0.45 is our choice.
 */
OSS_API void oss_caps_init (OssCaps *self, OssCapsKind kind);
/* Thickness 1 to 40 mm, modulus 0.1 to 1e6 MPa, nu 0 to 0.495; else OSS_ERROR_USAGE. */
OSS_API gboolean oss_caps_check (const OssCaps *self, GError **error);

/**
 * OssCapped: a vertebra between two caps.
 * @mesh: nodes and elements of the vertebra first, with their numbers, then those of the caps
 * @modulus_mpa, @material: [mesh->n_elements]; the material of caps is @cap, of bone -1
 * @plates: #OssNodal: what the plates do to the caps' flat faces
 * @contact_mm2: faces that carry the caps, seen along the axis: superior, inferior
 * @plates_mm: by how much the plates come nearer; set by oss_fem_capped_solve()
 * @stiffness_with_caps_n_per_mm: force upon the plates over @plates_mm; the same
 */
typedef struct
{
  OssCaps caps;
  OssMesh *mesh;
  gsize n_bone_nodes, n_bone_elements;
  double *modulus_mpa;
  gint32 *material;
  OssFemMaterial cap;
  GArray *plates;
  guint n_superior_plates; /* the first of @plates */
  GArray *weights[2];      /* of nodes, for the mean displacement of an endplate */
  GArray *touching;        /* gint32: nodes that bone and caps share */
  double axis[3];
  double contact_mm2[2];
  double plates_mm, stiffness_with_caps_n_per_mm;
} OssCapped;

/**
 * oss_fem_capped_new:
 * @modulus_mpa: [n_elements] of the vertebra; copied
 * @superior: (inout): its nodes become those that the cap is bonded to
 * @inferior: (inout): the same
 * @caps: not %OSS_CAPS_NONE
 *
 * Builds the caps as elements of the vertebra's own kind, bonded to it node by node.  Upon tetrahedra stand columns of
 * them, from each face of the endplate along the axis to the plane; hexahedra go on in the lattice of the voxels, up
 * to the layer whose middle the plane passes.  The faces that carry the caps are those of which half is on the
 * endplate, so that their area is the endplate's.  No friction, gap or pressure is modelled.
 *
 * Returns: (transfer full) (nullable): %NULL with %OSS_ERROR_REFUSED when the cap does not cover the endplate (tells
 *   the thickness that would), %OSS_ERROR_USAGE, %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OSS_API OssCapped *oss_fem_capped_new (const OssMesh *mesh, const double *modulus_mpa, const OssVertebraFrame *frame,
                                       OssEndplate *superior, OssEndplate *inferior, const OssCaps *caps,
                                       const OssTick *tick, GError **error);
OSS_API void oss_fem_capped_free (OssCapped *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssCapped, oss_fem_capped_free)

/* A borrowed view: the plates move as @plates says; poisson: of the bone. */
OSS_API OssFemModel oss_fem_capped_model (const OssCapped *self, double poisson);

/**
 * oss_fem_capped_solve:
 * @self: of oss_fem_capped_new(), to be solved once
 * @bone: mesh, moduli and nu of the vertebra alone
 * @displacement_mm: by how much the endplates come nearer, each by the area-weighted mean over the faces that carry
 *   its cap; the plates are moved as far as that takes
 * @prescribed: (inout): #OssNodal: appended: the displacements of the nodes that bone and caps share
 *
 * The superior plate is moved along the axis, the inferior one held; both are bonded to their caps in all directions.
 * The result is that of the vertebra alone, under the displacements appended to @prescribed: stresses at the endplates
 * are means over bone only, reactions are what the caps exert, and the solver's words are about both together.
 *
 * Returns: (transfer full) (nullable): see oss_fem_solve()
 */
OSS_API OssFemResult *oss_fem_capped_solve (OssCapped *self, const OssFemModel *bone, double displacement_mm,
                                            GArray *prescribed, const OssTick *tick, GError **error);

/**
 * oss_fem_capped_solve_nonlinear:
 * @self: after oss_fem_capped_solve()
 * @displacement_mm: as given to that
 * @plasticity: [n_bone_elements] of the vertebra; the caps stay elastic
 * @path: displacement and height of the vertebra; the plates are driven as far as brings its endplates nearer by that
 *
 * The curve is the vertebra's own: reactions upon the plates over the approach of the endplates, each by the
 * area-weighted mean over the faces that carry its cap; its initial slope is that of the linear solution.  Volumes and
 * fields are the vertebra's; the energies hold the caps too.
 *
 * Returns: (transfer full) (nullable): as oss_fem_solve_nonlinear()
 */
OSS_API OssFemCurve *oss_fem_capped_solve_nonlinear (const OssCapped *self, const OssFemModel *bone,
                                                     double displacement_mm, const OssFemPlasticity *plasticity,
                                                     const OssFemPath *path, const OssTick *tick, GError **error);

G_END_DECLS
