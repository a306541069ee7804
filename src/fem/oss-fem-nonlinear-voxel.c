/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Voxels beyond yield.  The plastic strain of a voxel is one tensor, driven by the stress at its centre, which is
 * its mean: seven floats of history a voxel, and one return mapping in place of eight.  What the strain does
 * within the voxel around its mean stays elastic, so that nothing hourglasses; it is energy-consistent (the forces are
 * the derivative of one potential), exact where the strain is even over the voxel, and too stiff where a voxel alone
 * has to bend plastically.  Forces: K u - sum of volume B' D plastic strain, with B at the centre and the fast elastic
 * operator for K. */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "fem/oss-fem-path-private.h"
#include "fem/oss-voxel-compression-private.h"
#include "numeric/oss-cg.h"

#include <string.h>

/* As for meshes: see oss-fem-nonlinear.c. */
#define ELASTIC_SHARE 1e-3
#define LINEAR_ITERATIONS 200

typedef float History[OSS_PLASTIC_STATE];

/**
 * @committed, @trial: [n_elements]
 * @change: [n_elements][21] lower triangle of tangent minus elastic matrix, MPa; of the elements that are @plastic
 * @gradient: [8][3] of the nodes at the centre, 1/mm
 */
typedef struct
{
  OssPathBody base;
  OssVoxelSystem *system;
  const OssFemPlasticity *plasticity;
  const float *modulus;
  double poisson, volume_mm3, gradient[8][3];
  gsize n_elements;
  History *committed, *trial;
  float (*change)[21];
  guint8 *plastic, *sought;
  double *full, *force;
  const OssTick *tick;
} VoxelBody;

static OssPlastic
material_of (const VoxelBody *self, gsize element)
{
  gsize bounded = 0;

  return oss_fem_plastic (self->plasticity, element, self->modulus[element], self->poisson, self->volume_mm3, &bounded);
}

static void
centre_strain (const VoxelBody *self, const gsize nodes[8], const double *u, double strain[6])
{
  memset (strain, 0, 6 * sizeof *strain);
  for (int a = 0; a < 8; a++)
    {
      const double *at = u + 3 * nodes[a], *g = self->gradient[a];
      for (int k = 0; k < 3; k++)
        strain[k] += at[k] * g[k];
      strain[3] += at[1] * g[2] + at[2] * g[1];
      strain[4] += at[0] * g[2] + at[2] * g[0];
      strain[5] += at[0] * g[1] + at[1] * g[0];
    }
}

/* force += volume B' stress */
static void
add_centre_force (const VoxelBody *self, const gsize nodes[8], const double stress[6], double *force)
{
  static const int voigt[3][3] = { { 0, 5, 4 }, { 5, 1, 3 }, { 4, 3, 2 } };

  for (int a = 0; a < 8; a++)
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < 3; k++)
        force[3 * nodes[a] + (gsize) i] += self->volume_mm3 * self->gradient[a][k] * stress[voigt[i][k]];
}

static void
read_history (const History from, double to[OSS_PLASTIC_STATE])
{
  for (int k = 0; k < OSS_PLASTIC_STATE; k++)
    to[k] = from[k];
}

static void
elastic_stress (const OssPlastic *material, const double strain[6], const double *plastic, double stress[6])
{
  double elastic[6];

  for (int k = 0; k < 6; k++)
    elastic[k] = strain[k] - (plastic != NULL ? plastic[k] : 0.0);
  double pressure = (material->bulk - 2.0 / 3.0 * material->shear) * (elastic[0] + elastic[1] + elastic[2]);
  for (int k = 0; k < 6; k++)
    stress[k] = k < 3 ? pressure + 2.0 * material->shear * elastic[k] : material->shear * elastic[k];
}

typedef struct
{
  VoxelBody *body;
  const double *u, *before;
  double *force;
  double *stored, *dissipated, *yielded, *von_mises; /* [n_elements] */
} Visit;

static void
keep_change (VoxelBody *self, gsize element, const OssPlastic *material, const double tangent[36])
{
  double elastic[36];
  float *kept = self->change[element];

  oss_plastic_elastic (material, elastic);
  for (int i = 0; i < 6; i++)
    for (int k = 0; k <= i; k++)
      *kept++ = (float) ((1.0 - ELASTIC_SHARE) * (tangent[6 * i + k] - elastic[6 * i + k]));
}

static void
evaluate_element (gsize element, const gsize nodes[8], guint thread, void *data)
{
  Visit *self = data;
  VoxelBody *body = self->body;
  OssPlastic material = material_of (body, element);
  double strain[6], stress[6], tangent[36], state[OSS_PLASTIC_STATE];

  centre_strain (body, nodes, self->u, strain);
  read_history (body->committed[element], state);
  body->plastic[element] = (guint8) oss_plastic_return (&material, strain, state, state, stress, tangent);
  if (body->plastic[element])
    keep_change (body, element, &material, tangent);
  for (int k = 0; k < OSS_PLASTIC_STATE; k++)
    body->trial[element][k] = (float) state[k];
  if (state[6] == 0.0)
    return;
  read_history (body->trial[element], state);
  for (int k = 0; k < 6; k++)
    state[k] = -state[k];
  elastic_stress (&material, state, NULL, stress);
  add_centre_force (body, nodes, stress, self->force);
}

static gboolean
evaluate (OssPathBody *base, const double *u, double *internal, const OssTick *tick, GError **error)
{
  VoxelBody *self = (VoxelBody *) base;
  Visit visit = { .body = self, .u = u, .force = internal };

  return oss_voxel_system_apply (self->system, u, NULL, internal, error)
         && oss_voxel_system_visit (self->system, evaluate_element, &visit, tick, error);
}

static gboolean
make_elastic (OssPathBody *base, const OssTick *tick, GError **error)
{
  VoxelBody *self = (VoxelBody *) base;

  memset (self->plastic, 0, self->n_elements);
  return TRUE;
}

static void
apply_change (gsize element, const gsize nodes[8], guint thread, void *data)
{
  Visit *self = data;
  const float *kept = self->body->change[element];
  double strain[6], stress[6] = { 0.0 };

  if (!self->body->plastic[element])
    return;
  centre_strain (self->body, nodes, self->u, strain);
  for (int i = 0; i < 6; i++)
    for (int k = 0; k <= i; k++, kept++)
      {
        stress[i] += *kept * strain[k];
        stress[k] += k < i ? *kept * strain[i] : 0.0;
      }
  add_centre_force (self->body, nodes, stress, self->force);
}

static void
apply (void *data, const double *x, double *y)
{
  VoxelBody *self = data;
  Visit visit = { .body = self, .u = x, .force = y };

  /* Memory was taken before; a stop ends the visit early, and the iteration answers it. */
  oss_voxel_system_apply (self->system, x, NULL, y, NULL);
  oss_voxel_system_visit (self->system, apply_change, &visit, self->tick, NULL);
  for (gsize f = 0; f < self->base.n; f++)
    y[f] = self->sought[f] ? y[f] : 0.0;
}

static gboolean
precondition (void *data, const double *r, double *z, GError **error)
{
  VoxelBody *self = data;
  return oss_voxel_system_precondition (self->system, r, z, error);
}

static gboolean
solve (OssPathBody *base, const double *right, double *x, double tolerance, int *iterations, const OssTick *tick,
       GError **error)
{
  OssCgSystem system = { .n = base->n,
                         .apply = apply,
                         .precondition = precondition,
                         .data = base,
                         .tolerance = tolerance,
                         .maximum_iterations = LINEAR_ITERATIONS };
  OssCgInfo info = { .iterations = 0 };
  g_autoptr (GError) cause = NULL;

  ((VoxelBody *) base)->tick = tick;
  memset (x, 0, base->n * sizeof *x);
  gboolean solved = oss_cg_solve (&system, right, x, &info, tick, &cause);
  *iterations = info.iterations;
  if (solved || g_error_matches (cause, OSS_ERROR, OSS_ERROR_FAILED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static void
commit_element (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Visit *self = data;
  const VoxelBody *body = self->body;
  OssPlastic material = material_of (body, element);
  double before[6], after[6], old[OSS_PLASTIC_STATE], new[OSS_PLASTIC_STATE], first[6], last[6], whole[6],
      stored = 0.0, dissipated = 0.0;

  centre_strain (body, nodes, self->before, before);
  centre_strain (body, nodes, self->u, after);
  read_history (body->committed[element], old);
  read_history (body->trial[element], new);
  elastic_stress (&material, before, old, first);
  elastic_stress (&material, after, new, last);
  elastic_stress (&material, after, NULL, whole);
  /* What the plastic strain takes from the energy of all of the strain, which the operator knows. */
  for (int k = 0; k < 6; k++)
    {
      stored += 0.5 * body->volume_mm3 * (last[k] * (after[k] - new[k]) - whole[k] * after[k]);
      dissipated += 0.5 * body->volume_mm3 * (first[k] + last[k]) * (new[k] - old[k]);
    }
  self->stored[element] = stored;
  self->dissipated[element] = dissipated;
  self->yielded[element] = new[6] > 0.0 ? body->volume_mm3 : 0.0;
}

static gboolean
commit (OssPathBody *base, const double *before, const double *after, OssPathSums *sums, const OssTick *tick,
        GError **error)
{
  VoxelBody *self = (VoxelBody *) base;
  gsize n = self->n_elements;
  double *parts = oss_alloc_aligned (3 * n, sizeof *parts, _ ("the energies"), error);
  double *elastic = parts != NULL ? oss_alloc_aligned (base->n, sizeof *elastic, _ ("the energies"), error) : NULL;
  Visit visit = {
    .body = self, .u = after, .before = before, .stored = parts, .dissipated = parts + n, .yielded = parts + 2 * n
  };
  gboolean done = elastic != NULL && oss_voxel_system_apply (self->system, after, NULL, elastic, error)
                  && oss_voxel_system_visit (self->system, commit_element, &visit, tick, error);

  if (done)
    {
      sums->stored_nmm = 0.5 * oss_cg_dot (base->n, after, elastic);
      for (gsize e = 0; e < n; e++)
        {
          sums->stored_nmm += visit.stored[e];
          sums->dissipated_nmm += visit.dissipated[e];
          sums->yielded_mm3 += visit.yielded[e];
        }
      History *free = self->committed;
      self->committed = self->trial;
      self->trial = free;
    }
  oss_free_aligned (parts);
  oss_free_aligned (elastic);
  return done;
}

static void
take_element (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Visit *self = data;
  OssPlastic material = material_of (self->body, element);
  double strain[6], stress[6], state[OSS_PLASTIC_STATE];

  centre_strain (self->body, nodes, self->u, strain);
  read_history (self->body->committed[element], state);
  elastic_stress (&material, strain, state, stress);
  self->von_mises[element] = oss_von_mises (stress);
}

static void
voxel_body_clear (VoxelBody *self)
{
  oss_free_aligned (self->committed);
  oss_free_aligned (self->trial);
  oss_free_aligned (self->change);
  oss_free_aligned (self->plastic);
  oss_free_aligned (self->sought);
  oss_free_aligned (self->full);
  oss_free_aligned (self->force);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VoxelBody, voxel_body_clear)

static gboolean
take_memory (VoxelBody *self, GError **error)
{
  const char *what = _ ("the history of the material");

  return (self->committed = oss_alloc_aligned (self->n_elements, sizeof (History), what, error)) != NULL
         && (self->trial = oss_alloc_aligned (self->n_elements, sizeof (History), what, error)) != NULL
         && (self->change = oss_alloc_aligned (self->n_elements, sizeof *self->change, what, error)) != NULL
         && (self->plastic = oss_alloc_aligned (self->n_elements, 1, what, error)) != NULL
         && (self->sought = oss_alloc_aligned (self->base.n, 1, what, error)) != NULL
         && (self->full = oss_alloc_aligned (self->base.n, sizeof (double), what, error)) != NULL
         && (self->force = oss_alloc_aligned (self->base.n, sizeof (double), what, error)) != NULL;
}

/* History and path together, and what is free; refused before anything is allocated. */
gboolean
oss_voxel_nonlinear_room (const OssVoxelSystem *system, double more, GError **error)
{
  gsize n = system->level[0]->n_elements;
  double need = (double) n * (2.0 * sizeof (History) + 21.0 * sizeof (float) + 25.0)
                + 3.0 * (double) system->n_public_nodes * 14.0 * sizeof (double) + oss_voxel_cycle_bytes (system)
                + more;
  double free = oss_memory_free_bytes ();

  if (free <= 0.0 || need <= free)
    return TRUE;
  g_autofree char *asked = oss_memory_text (need), *there = oss_memory_text (free);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("The nonlinear solution of %zu voxels needs %s; %s are free."), n, asked, there);
  return FALSE;
}

static gboolean
voxel_body_init (VoxelBody *self, OssVoxelSystem *system, const double *held_mm, const OssFemPlasticity *plasticity,
                 GError **error)
{
  const OssVoxelLevel *level = system->level[0];

  self->system = system;
  self->plasticity = plasticity;
  self->modulus = level->modulus;
  self->poisson = system->poisson;
  self->n_elements = level->n_elements;
  self->volume_mm3 = level->spacing_mm[0] * level->spacing_mm[1] * level->spacing_mm[2];
  for (int a = 0; a < 8; a++)
    for (int k = 0; k < 3; k++)
      self->gradient[a][k] = (a >> k & 1 ? 0.25 : -0.25) / level->spacing_mm[k];
  self->base.n = 3 * system->n_public_nodes;
  if (!oss_voxel_nonlinear_room (system, 0.0, error) || !take_memory (self, error))
    return FALSE;
  oss_voxel_system_held (system, self->sought);
  for (gsize f = 0; f < self->base.n; f++)
    self->sought[f] = !self->sought[f];
  for (gsize i = 0; i < system->n_held; i++)
    {
      gint64 node = oss_voxel_system_node (system, system->held[i].at);
      if (node >= 0)
        self->full[3 * node + system->held[i].axis] = held_mm[i];
    }
  self->base = (OssPathBody){ .n = self->base.n,
                              .sought = self->sought,
                              .full = self->full,
                              .force = self->force,
                              .evaluate = evaluate,
                              .elastic = make_elastic,
                              .solve = solve,
                              .commit = commit };
  return TRUE;
}

static gboolean
take_results (VoxelBody *self, OssFemCurve *curve, const OssTick *tick, GError **error)
{
  Visit visit = { .body = self, .u = curve->displacement };

  curve->plastic_strain = oss_alloc_aligned (self->n_elements, sizeof (double), _ ("the results"), error);
  if (curve->plastic_strain == NULL)
    return FALSE;
  curve->element_von_mises = oss_alloc_aligned (self->n_elements, sizeof (double), _ ("the results"), error);
  if (curve->element_von_mises == NULL)
    return FALSE;
  for (gsize e = 0; e < self->n_elements; e++)
    curve->plastic_strain[e] = self->committed[e][6];
  visit.von_mises = curve->element_von_mises;
  return oss_voxel_system_visit (self->system, take_element, &visit, tick, error);
}

OssFemCurve *
oss_voxel_solve_nonlinear (OssVoxelSystem *system, const double *held_mm, const OssFemPlasticity *plasticity,
                           const OssFemPath *path, const OssTick *tick, GError **error)
{
  gsize n = system->level[0]->n_elements;
  g_auto (VoxelBody) body = { .system = system };
  g_autoptr (OssFemCurve) curve = g_new0 (OssFemCurve, 1);

  if (!oss_fem_path_check (plasticity, n, path, error) || !voxel_body_init (&body, system, held_mm, plasticity, error))
    return NULL;
  curve->n_nodes = system->n_public_nodes;
  curve->n_elements = n;
  curve->dof = system->n_unknowns;
  for (gsize e = 0; e < n; e++)
    {
      oss_fem_plastic (plasticity, e, body.modulus[e], body.poisson, body.volume_mm3, &curve->n_bounded);
      curve->volume_mm3 += isfinite (plasticity->compression_mpa[e]) ? body.volume_mm3 : 0.0;
    }
  g_strlcpy (curve->solver, "voxel multigrid", sizeof curve->solver);
  system->work.tick = tick; /* sweeps end early when asked to stop; whoever asked for one asks the tick too */
  gboolean done = oss_path_follow (&body.base, path, curve, tick, error) && take_results (&body, curve, tick, error);
  system->work.tick = NULL;
  return done ? g_steal_pointer (&curve) : NULL;
}
