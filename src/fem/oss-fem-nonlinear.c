/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-nonlinear-private.h"

#include <string.h>

/* A perfectly plastic body may have no stiffness left in some direction: this share of the elastic tangent keeps
 * the matrix positive.  Steps change by it, the equilibrium that they lead to does not. */
#define ELASTIC_SHARE 1e-3

#define LINEAR_ITERATIONS 300

/* Place in xx yy zz yz xz xy of a tensor's (i, k). */
static const int voigt[3][3] = { { 0, 5, 4 }, { 5, 1, 3 }, { 4, 3, 2 } };

static inline double *
state_of (const OssMeshBody *self, double *state, gsize element)
{
  return state + element * (gsize) self->elements->rule->n_points * OSS_PLASTIC_STATE;
}

static void
strain_at (const OssMeshBody *self, gsize element, int point, const double *u, double strain[6])
{
  int nn = self->elements->rule->n_nodes;
  const gint32 *nodes = self->model->mesh->elements + element * (gsize) nn;
  const double *g = oss_elements_gradient (self->elements, element) + 3 * point * nn;

  memset (strain, 0, 6 * sizeof *strain);
  for (int a = 0; a < nn; a++, g += 3)
    {
      const double *at = u + 3 * (gsize) nodes[a];
      for (int k = 0; k < 3; k++)
        strain[k] += at[k] * g[k];
      strain[3] += at[1] * g[2] + at[2] * g[1];
      strain[4] += at[0] * g[2] + at[2] * g[0];
      strain[5] += at[0] * g[1] + at[1] * g[0];
    }
}

static OssPlastic
plastic_of (const OssMeshBody *self, gsize element, double volume_mm3, gsize *bounded)
{
  const OssFemModel *model = self->model;
  double modulus_mpa = model->modulus_mpa[element], poisson = model->poisson;

  if (model->material != NULL && model->material[element] >= 0)
    {
      const OssFemMaterial *own = &model->materials[model->material[element]];
      modulus_mpa = own->constants[0];
      poisson = own->constants[1];
    }
  return oss_fem_plastic (self->plasticity, element, modulus_mpa, poisson, volume_mm3, bounded);
}

static OssPlastic
material_of (const OssMeshBody *self, gsize element)
{
  const double *volume = oss_elements_volume (self->elements, element);
  double whole = 0.0;
  gsize bounded = 0;

  for (int q = 0; q < self->elements->rule->n_points; q++)
    whole += volume[q];
  return plastic_of (self, element, whole, &bounded);
}

static void
keep_tangent (const OssPlastic *material, const double tangent[36], double *kept)
{
  double elastic[36];

  oss_plastic_elastic (material, elastic);
  for (int i = 0; i < 6; i++)
    for (int k = 0; k <= i; k++)
      *kept++ = (1.0 - ELASTIC_SHARE) * tangent[6 * i + k] + ELASTIC_SHARE * elastic[6 * i + k];
}

typedef struct
{
  OssMeshBody *body;
  const double *u, *before;
  double *internal;
  double *stored, *dissipated, *yielded; /* [n_elements] */
  const OssTick *tick;
} Evaluation;

static void
evaluate_elements (gsize begin, gsize end, guint thread, void *data)
{
  const Evaluation *self = data;
  OssMeshBody *body = self->body;
  const OssElementRule *rule = body->elements->rule;

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize e = begin; e < end; e++)
    {
      const double *volume = oss_elements_volume (body->elements, e);
      const double *g = oss_elements_gradient (body->elements, e);
      const double *before = state_of (body, body->committed, e);
      double *after = state_of (body, body->trial, e), *force = body->force + e * (gsize) (3 * rule->n_nodes);
      double *kept = body->tangent + e * (gsize) rule->n_points * 21;
      OssPlastic material = material_of (body, e);
      guint8 plastic = 0;

      memset (force, 0, (gsize) (3 * rule->n_nodes) * sizeof *force);
      for (int q = 0; q < rule->n_points; q++, before += OSS_PLASTIC_STATE, after += OSS_PLASTIC_STATE, kept += 21)
        {
          double strain[6], stress[6], tangent[36];
          strain_at (body, e, q, self->u, strain);
          plastic |= (guint8) oss_plastic_return (&material, strain, before, after, stress, tangent);
          keep_tangent (&material, tangent, kept);
          for (int a = 0; a < rule->n_nodes; a++, g += 3)
            for (int i = 0; i < 3; i++)
              for (int k = 0; k < 3; k++)
                force[3 * a + i] += volume[q] * g[k] * stress[voigt[i][k]];
        }
      body->plastic[e] = plastic;
    }
}

/* Forces of the elements around a node, in ascending order. */
static void
gather_forces (gsize begin, gsize end, guint thread, void *data)
{
  const Evaluation *self = data;
  const OssIncidence *incidence = self->body->incidence;

  for (gsize i = begin; i < end; i++)
    {
      double sum[3] = { 0.0 };
      for (gsize c = incidence->start[i]; c < incidence->start[i + 1]; c++)
        for (gsize k = 0; k < 3; k++)
          sum[k] += self->body->force[3 * incidence->corner[c] + k];
      memcpy (self->internal + 3 * i, sum, sizeof sum);
    }
}

static gboolean
evaluate (OssPathBody *base, const double *u, double *internal, const OssTick *tick, GError **error)
{
  OssMeshBody *self = (OssMeshBody *) base;
  Evaluation evaluation = { .body = self, .u = u, .internal = internal, .tick = tick };

  oss_parallel_for (self->model->mesh->n_elements, 128, evaluate_elements, &evaluation);
  oss_parallel_for (self->model->mesh->n_nodes, 512, gather_forces, &evaluation);
  self->assembled = FALSE;
  return oss_tick_stopped (tick) ? oss_tick_cancelled (error) : TRUE;
}

/* row[i] = sum over k of g[k] D[voigt i k]: a node's share of the tangent, before the other node's. */
static void
start_blocks (const double *kept, const double g[3], double volume, double row[3][6])
{
  memset (row, 0, 18 * sizeof (double));
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      for (int m = 0; m < 6; m++)
        {
          int r = MAX (voigt[i][k], m), c = MIN (voigt[i][k], m);
          row[i][m] += volume * g[k] * kept[r * (r + 1) / 2 + c];
        }
}

static void
add_blocks (OssMeshBody *self, gsize row, gsize element, int a)
{
  const OssElementRule *rule = self->elements->rule;
  const gint32 *nodes = self->model->mesh->elements + element * (gsize) rule->n_nodes;
  const double *g = oss_elements_gradient (self->elements, element);
  const double *volume = oss_elements_volume (self->elements, element);
  const double *kept = self->tangent + element * (gsize) rule->n_points * 21;
  double start[OSS_MAX_ELEMENT_POINTS][3][6];

  for (int q = 0; q < rule->n_points; q++)
    start_blocks (kept + 21 * q, g + 3 * (q * rule->n_nodes + a), volume[q], start[q]);
  for (int b = 0; b < rule->n_nodes; b++)
    {
      if (nodes[b] > (gint32) row)
        continue;
      double *block = oss_block_matrix_at (self->matrix, row, nodes[b]);
      for (int q = 0; q < rule->n_points; q++)
        {
          const double *gb = g + 3 * (q * rule->n_nodes + b);
          for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
              block[3 * i + j] += start[q][i][voigt[j][0]] * gb[0] + start[q][i][voigt[j][1]] * gb[1]
                                  + start[q][i][voigt[j][2]] * gb[2];
        }
    }
}

/* Rows about elements that are not plastic, and were not when the matrix was filled, stay as they are. */
static void
fill_rows (gsize begin, gsize end, guint thread, void *data)
{
  OssMeshBody *self = data;
  const OssIncidence *incidence = self->incidence;
  gsize nn = (gsize) self->elements->rule->n_nodes;

  for (gsize row = begin; row < end; row++)
    {
      guint8 changed = FALSE;
      for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
        changed |= self->plastic[incidence->corner[c] / nn] | self->filled[incidence->corner[c] / nn];
      if (!changed)
        continue;
      gsize first = self->matrix->start[row], blocks = self->matrix->start[row + 1] - first;
      memset (self->matrix->value + 9 * first, 0, 9 * blocks * sizeof (double));
      for (gsize c = incidence->start[row]; c < incidence->start[row + 1]; c++)
        add_blocks (self, row, incidence->corner[c] / nn, (int) (incidence->corner[c] % nn));
    }
}

static void
assemble (OssMeshBody *self)
{
  oss_parallel_for (self->matrix->n, 256, fill_rows, self);
  memcpy (self->filled, self->plastic, self->model->mesh->n_elements);
  self->assembled = TRUE;
}

static gboolean
make_elastic (OssPathBody *base, const OssTick *tick, GError **error)
{
  OssMeshBody *self = (OssMeshBody *) base;

  memset (self->plastic, 0, self->model->mesh->n_elements);
  self->assembled = TRUE; /* the matrix was made elastic, and nothing has yielded yet */
  return TRUE;
}

static gboolean
solve (OssPathBody *base, const double *right, double *x, double tolerance, int *iterations, const OssTick *tick,
       GError **error)
{
  OssMeshBody *self = (OssMeshBody *) base;
  OssCgInfo info = { 0 };
  g_autoptr (GError) cause = NULL;

  if (!self->assembled)
    assemble (self);
  memset (x, 0, base->n * sizeof *x);
  gboolean solved =
      oss_tet_solver_solve (self->solver, self->matrix, right, x, tolerance, LINEAR_ITERATIONS, &info, tick, &cause);
  *iterations = info.iterations;
  if (solved || g_error_matches (cause, OSS_ERROR, OSS_ERROR_FAILED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static void
commit_elements (gsize begin, gsize end, guint thread, void *data)
{
  const Evaluation *self = data;
  OssMeshBody *body = self->body;

  for (gsize e = begin; e < end; e++)
    {
      const double *volume = oss_elements_volume (body->elements, e);
      const double *old = state_of (body, body->committed, e), *new = state_of (body, body->trial, e);
      OssPlastic material = material_of (body, e);
      double stored = 0.0, dissipated = 0.0, yielded = 0.0;

      for (int q = 0; q < body->elements->rule->n_points; q++, old += OSS_PLASTIC_STATE, new += OSS_PLASTIC_STATE)
        {
          double before[6], after[6], stress_before[6], stress_after[6], same[OSS_PLASTIC_STATE];
          OssPlastic elastic = material;
          elastic.yield = INFINITY;
          strain_at (body, e, q, self->before, before);
          strain_at (body, e, q, self->u, after);
          oss_plastic_return (&elastic, before, old, same, stress_before, NULL);
          oss_plastic_return (&elastic, after, new, same, stress_after, NULL);
          for (int k = 0; k < 6; k++)
            {
              stored += 0.5 * volume[q] * stress_after[k] * (after[k] - new[k]);
              dissipated += 0.5 * volume[q] * (stress_before[k] + stress_after[k]) * (new[k] - old[k]);
            }
          yielded += new[6] > 0.0 ? volume[q] : 0.0;
        }
      self->stored[e] = stored;
      self->dissipated[e] = dissipated;
      self->yielded[e] = yielded;
    }
}

static gboolean
commit (OssPathBody *base, const double *before, const double *after, OssPathSums *sums, const OssTick *tick,
        GError **error)
{
  OssMeshBody *self = (OssMeshBody *) base;
  gsize n = self->model->mesh->n_elements;
  Evaluation evaluation = { .body = self,
                            .u = after,
                            .before = before,
                            .stored = self->sums,
                            .dissipated = self->sums + n,
                            .yielded = self->sums + 2 * n };

  oss_parallel_for (n, 128, commit_elements, &evaluation);
  for (gsize e = 0; e < n; e++)
    {
      sums->stored_nmm += evaluation.stored[e];
      sums->dissipated_nmm += evaluation.dissipated[e];
      sums->yielded_mm3 += evaluation.yielded[e];
    }
  double *free = self->committed;
  self->committed = self->trial;
  self->trial = free;
  return TRUE;
}

/* Element means at the end of the path. */
static void
take_element (OssMeshBody *self, OssFemCurve *curve, gsize e)
{
  const double *volume = oss_elements_volume (self->elements, e), *state = state_of (self, self->committed, e);
  OssPlastic material = material_of (self, e);
  double mean[6] = { 0.0 }, equivalent = 0.0, whole = 0.0;

  material.yield = INFINITY;
  for (int q = 0; q < self->elements->rule->n_points; q++, state += OSS_PLASTIC_STATE)
    {
      double strain[6], stress[6], same[OSS_PLASTIC_STATE];
      strain_at (self, e, q, curve->displacement, strain);
      oss_plastic_return (&material, strain, state, same, stress, NULL);
      for (int k = 0; k < 6; k++)
        mean[k] += volume[q] * stress[k];
      equivalent += volume[q] * state[6];
      whole += volume[q];
    }
  for (int k = 0; k < 6; k++)
    mean[k] /= whole;
  curve->plastic_strain[e] = equivalent / whole;
  curve->element_von_mises[e] = oss_von_mises (mean);
}

static void
measure_volume (OssMeshBody *self, OssFemCurve *curve)
{
  for (gsize e = 0; e < self->model->mesh->n_elements; e++)
    {
      const double *volume = oss_elements_volume (self->elements, e);
      double whole = 0.0;
      for (int q = 0; q < self->elements->rule->n_points; q++)
        whole += volume[q];
      plastic_of (self, e, whole, &curve->n_bounded);
      curve->volume_mm3 += isfinite (self->plasticity->compression_mpa[e]) ? whole : 0.0;
    }
}

static void
mesh_body_clear (OssMeshBody *self)
{
  oss_free_aligned (self->committed);
  oss_free_aligned (self->trial);
  oss_free_aligned (self->tangent);
  oss_free_aligned (self->force);
  oss_free_aligned (self->sums);
  oss_free_aligned (self->loads);
  oss_free_aligned (self->plastic);
  oss_free_aligned (self->sought);
  oss_tet_solver_free (self->solver);
  oss_block_matrix_free (self->matrix);
  oss_elements_free (self->elements);
  oss_incidence_free (self->incidence);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssMeshBody, mesh_body_clear)

static gboolean
take_memory (OssMeshBody *self, GError **error)
{
  gsize n = self->model->mesh->n_elements, points = n * (gsize) self->elements->rule->n_points;
  gsize freedoms = 3 * self->model->mesh->n_nodes, nn = (gsize) self->elements->rule->n_nodes;
  const char *what = _ ("the history of the material");

  self->committed = oss_alloc_aligned (points, OSS_PLASTIC_STATE * sizeof (double), what, error);
  if (self->committed == NULL)
    return FALSE;
  self->trial = oss_alloc_aligned (points, OSS_PLASTIC_STATE * sizeof (double), what, error);
  if (self->trial == NULL)
    return FALSE;
  self->tangent = oss_alloc_aligned (points, 21 * sizeof (double), what, error);
  if (self->tangent == NULL)
    return FALSE;
  self->force = oss_alloc_aligned (n, 3 * nn * sizeof (double), what, error);
  if (self->force == NULL)
    return FALSE;
  self->sums = oss_alloc_aligned (3 * n, sizeof (double), what, error);
  if (self->sums == NULL)
    return FALSE;
  self->loads = oss_alloc_aligned (2 * freedoms, sizeof (double), what, error);
  if (self->loads == NULL)
    return FALSE;
  self->plastic = oss_alloc_aligned (2 * n, 1, what, error);
  if (self->plastic == NULL)
    return FALSE;
  self->filled = self->plastic + n;
  self->sought = oss_alloc_aligned (freedoms, 1, what, error);
  return self->sought != NULL;
}

/* History, tangents and path, and what is free; refused before anything is allocated.  The equations tell their own. */
static gboolean
check_memory (const OssFemModel *model, const OssElementRule *rule, GError **error)
{
  double n = (double) model->mesh->n_elements, points = n * rule->n_points;
  double need = (points * (2.0 * OSS_PLASTIC_STATE + 21.0) + n * (3.0 * rule->n_nodes + 5.0)
                 + 3.0 * (double) model->mesh->n_nodes * 14.0)
                * sizeof (double);
  double available = oss_memory_free_bytes ();

  if (!(available > 0.0) || need <= available)
    return TRUE;
  g_autofree char *asked = oss_memory_text (need), *there = oss_memory_text (available);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("The nonlinear solution of %zu elements needs at least %s; %s are free."), model->mesh->n_elements,
               asked, there);
  return FALSE;
}

/* Which freedoms are sought, and what acts at the end of the path. */
static gsize
take_loads (OssMeshBody *self, gint32 *unknown)
{
  const OssFemModel *model = self->model;
  gsize freedoms = 3 * model->mesh->n_nodes, dof = 0;
  double *full = self->loads, *force = self->loads + freedoms;

  for (gsize f = 0; f < freedoms; f++)
    self->sought[f] = self->incidence->start[f / 3] < self->incidence->start[f / 3 + 1];
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      gsize f = 3 * (gsize) model->prescribed[i].node + (gsize) model->prescribed[i].axis;
      self->sought[f] = FALSE;
      full[f] = model->prescribed[i].value;
    }
  for (gsize i = 0; i < model->n_forces; i++)
    force[3 * (gsize) model->forces[i].node + (gsize) model->forces[i].axis] += model->forces[i].value;
  for (gsize f = 0; f < freedoms; f++)
    {
      unknown[f] = self->sought[f] ? (gint32) dof : -1;
      dof += self->sought[f];
    }
  self->base = (OssPathBody){ .n = freedoms,
                              .sought = self->sought,
                              .full = full,
                              .force = force,
                              .evaluate = evaluate,
                              .elastic = make_elastic,
                              .solve = solve,
                              .commit = commit };
  return dof;
}

static gboolean
mesh_body_init (OssMeshBody *self, const OssFemModel *model, const OssFemPlasticity *plasticity, OssFemCurve *curve,
                const OssTick *tick, GError **error)
{
  const OssMesh *mesh = model->mesh;
  g_autofree gint32 *unknown = g_new (gint32, 3 * MAX (mesh->n_nodes, 1));

  self->model = model;
  self->plasticity = plasticity;
  self->incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, error);
  if (self->incidence == NULL || !oss_fem_check_support (model, error)
      || (self->elements = oss_elements_new (mesh, tick, error)) == NULL
      || !check_memory (model, self->elements->rule, error) || !take_memory (self, error)
      || (self->matrix = oss_fem_assemble (model, self->elements, self->incidence, tick, error)) == NULL)
    return FALSE;
  curve->dof = take_loads (self, unknown);
  self->solver = oss_tet_solver_new (mesh, self->incidence, self->matrix, unknown, NULL, tick, error);
  if (self->solver == NULL)
    return FALSE;
  g_strlcpy (curve->solver, oss_tet_solver_name (self->solver), sizeof curve->solver);
  measure_volume (self, curve);
  return TRUE;
}

OssFemCurve *
oss_fem_solve_nonlinear (const OssFemModel *model, const OssFemPlasticity *plasticity, const OssFemPath *path,
                         const OssTick *tick, GError **error)
{
  const OssMesh *mesh = model->mesh;
  OssTick preparing = oss_tick_part (tick, 0.0, 0.05), following = oss_tick_part (tick, 0.05, 1.0);
  g_auto (OssMeshBody) body = { .model = model };
  g_autoptr (OssFemCurve) curve = g_new0 (OssFemCurve, 1);

  if (!oss_fem_model_check (model, error) || !oss_fem_path_check (plasticity, mesh->n_elements, path, error)
      || !oss_fem_check_plain (model, error) || !mesh_body_init (&body, model, plasticity, curve, &preparing, error))
    return NULL;
  curve->n_nodes = mesh->n_nodes;
  curve->n_elements = mesh->n_elements;
  curve->plastic_strain = oss_alloc_aligned (mesh->n_elements, sizeof (double), _ ("the results"), error);
  if (curve->plastic_strain == NULL)
    return NULL;
  curve->element_von_mises = oss_alloc_aligned (mesh->n_elements, sizeof (double), _ ("the results"), error);
  if (curve->element_von_mises == NULL || !oss_path_follow (&body.base, path, curve, &following, error))
    return NULL;
  for (gsize e = 0; e < mesh->n_elements; e++)
    take_element (&body, curve, e);
  return g_steal_pointer (&curve);
}
