/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"
#include "material/oss-law.h"
#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

typedef struct
{
  double minimum_mpa, maximum_mpa, mean_mpa; /* volume-weighted mean */
  double outside_range_percent;              /* share of elements with mean density outside the law's range */
  gsize at_floor;
} OssModulusSummary;

/**
 * oss_fem_modulus:
 * @density: mg/cm3 in the chain's input basis
 * @inside: (nullable): labels, above 0 = bone: sample points outside are moved to ... (see source)
 *
 * Young's modulus of each element: the law's E averaged over points in the element (E of each point,
 * then the mean; not E of the mean density).
 * An all-zero or all-floor field is OSS_ERROR_REFUSED that gives the density range.
 *
 * Returns: (transfer full) (array length=n_elements): MPa; g_free()
 */
OSS_API double *oss_fem_modulus (const OssMesh *mesh, const OssVolume *density, const OssLawChain *chain,
                                 OssModulusSummary *summary, const OssTick *tick, GError **error);

/* A face of the vertebra that carries load. */
typedef struct
{
  GArray *nodes;   /* gint32, sorted, corner and midside nodes */
  double area_mm2; /* projected on the axis */
  double height_mm; /* area-weighted mean position along the superior axis */
} OssEndplate;

OSS_API void oss_endplate_clear (OssEndplate *self);

/**
 * oss_fem_endplates:
 *
 * Superior and inferior endplates from the geometry: boundary triangles of the body (not of the posterior
 * elements) whose outward normal lies near +/- the superior axis and that are the outermost along it.
 */
OSS_API gboolean oss_fem_endplates (const OssMesh *mesh, const OssVertebraFrame *frame, OssEndplate *superior,
                                    OssEndplate *inferior, GError **error);

typedef struct
{
  gint32 node;
  gint8 axis; /* 0, 1, 2: patient x, y, z */
  double value; /* mm for prescribed, N for forces */
} OssNodal;

/**
 * OssFemModel: a linear elastic problem; pointers are borrowed.
 */
typedef struct
{
  const OssMesh *mesh;
  const double *modulus_mpa; /* [n_elements] */
  double poisson;
  const OssNodal *prescribed;
  gsize n_prescribed;
  const OssNodal *forces;
  gsize n_forces;
} OssFemModel;

typedef struct
{
  double *displacement; /* [n_nodes][3] mm, patient axes */
  double *stress;       /* [n_nodes][6] MPa: xx yy zz yz xz xy, nodal means */
  double *von_mises;    /* [n_nodes] MPa */
  double *principal;    /* [n_nodes][3] MPa, largest first */
  double *element_von_mises; /* [n_elements] of the element's mean stress */
  double *element_sed;  /* [n_elements] MPa, mean strain energy density */
  double *element_volume; /* [n_elements] mm3 */
  double *reaction;     /* [n_nodes][3] N: K u at prescribed freedoms, 0 elsewhere */
  gsize n_nodes, n_elements;
  gsize dof;
  double relative_residual;
  int iterations;       /* 0 for a direct solution */
  char solver[48];
  char reason[96];      /* "solved", or why not */
} OssFemResult;

OSS_API OssFemResult *oss_fem_solve (const OssFemModel *model, const OssTick *tick, GError **error);
OSS_API void oss_fem_result_free (OssFemResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssFemResult, oss_fem_result_free)

/* Compression of a vertebra: inferior endplate held in all directions, superior endplate moved
 * by @displacement_mm along -superior (its other directions held).  (transfer full): OssNodal array. */
OSS_API GArray *oss_fem_compression (const OssVertebraFrame *frame, const OssEndplate *superior,
                                     const OssEndplate *inferior, double displacement_mm);

typedef struct
{
  double reaction_n;         /* along the axis, at the superior endplate, positive in compression */
  double displacement_mm;
  double stiffness_n_per_mm;
  double apparent_0_68_percent_n; /* 0.0068 K H */
  double linear_2_percent_n;      /* 0.02 K H */
  double pistoia_n;               /* 2 % of the bone volume above 0.7 % effective strain */
  double height_mm;
} OssStrength;

OSS_API void oss_fem_strength (const OssFemModel *model, const OssFemResult *result, const OssVertebraFrame *frame,
                               const OssEndplate *superior, const OssEndplate *inferior, double displacement_mm,
                               OssStrength *strength);

/* Volume-weighted over element means. */
typedef struct
{
  double maximum_mpa, p50_mpa, p95_mpa, p99_mpa, mean_mpa;
} OssStressSummary;

OSS_API void oss_fem_stress_summary (const OssFemResult *result, OssStressSummary *summary);

/**
 * oss_fem_write_deck:
 * @bins: 0: one material per distinct modulus written exactly; else that many bins of modulus
 *
 * Abaqus/CalculiX input deck of the same model, with *NODE FILE U, RF and *EL FILE S, and printed reactions.
 */
OSS_API gboolean oss_fem_write_deck (const OssFemModel *model, const char *path, guint bins, const char *heading,
                                     GError **error);

G_END_DECLS
