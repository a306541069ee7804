/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-constraints-private.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "numeric/oss-cholesky.h"

#include <string.h>

/* A model with fewer unknowns than this is factorised in no time, to the last digit. */
#define ITERATE_ABOVE 15000
/* So many iterative solutions take as long as a factorisation. */
#define DIRECT_FROM_LOAD_CASES 12

/* A residual above this gets one step of iterative refinement; the next is at rounding. */
#define REFINE_ABOVE 1e-12

/* The freedoms that are sought, and the groups of them that share a node. */
typedef struct
{
  gint32 *unknown; /* [3 n_nodes] number, or -1: prescribed, or of a node without elements */
  gint64 *group;   /* [n_groups + 1] */
  gsize n, n_groups;
} Unknowns;

static void
unknowns_clear (Unknowns *self)
{
  g_free (self->unknown);
  g_free (self->group);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Unknowns, unknowns_clear)

static void
number_unknowns (const OssFemModel *model, const OssIncidence *incidence, Unknowns *self)
{
  gsize n_nodes = model->mesh->n_nodes;

  self->unknown = g_new0 (gint32, 3 * n_nodes);
  self->group = g_new (gint64, n_nodes + 1);
  for (gsize i = 0; i < model->n_prescribed; i++)
    self->unknown[3 * model->prescribed[i].node + model->prescribed[i].axis] = -1;
  for (gsize i = 0; i < n_nodes; i++)
    {
      gsize first = self->n;
      for (gsize f = 3 * i; f < 3 * i + 3; f++)
        {
          gboolean sought = self->unknown[f] == 0 && incidence->start[i] < incidence->start[i + 1];
          self->unknown[f] = sought ? (gint32) self->n++ : -1;
        }
      if (self->n > first)
        self->group[self->n_groups++] = (gint64) first;
    }
  self->group[self->n_groups] = (gint64) self->n;
}

/* right = (f - K u) at the unknowns; its 2-norm.  @work: [3 n_nodes] */
static double
residual (const OssFemModel *model, const OssBlockMatrix *stiffness, const Unknowns *unknowns, const double *u,
          double *work, double *right)
{
  double sum = 0.0;

  oss_block_matrix_multiply (stiffness, u, work);
  for (gsize f = 0; f < 3 * stiffness->n; f++)
    work[f] = -work[f];
  for (gsize i = 0; i < model->n_forces; i++)
    work[3 * model->forces[i].node + model->forces[i].axis] += model->forces[i].value;
  for (gsize f = 0; f < 3 * stiffness->n; f++)
    if (unknowns->unknown[f] >= 0)
      {
        right[unknowns->unknown[f]] = work[f];
        sum += work[f] * work[f];
      }
  return sqrt (sum);
}

static void
add_unknowns (const Unknowns *unknowns, gsize n_freedoms, const double *x, double *u)
{
  for (gsize f = 0; f < n_freedoms; f++)
    if (unknowns->unknown[f] >= 0)
      u[f] += x[unknowns->unknown[f]];
}

gboolean
oss_fem_fail_not_held (const OssFemModel *model, gsize node, double pivot, GError **error)
{
  const double *x = model->mesh->nodes + 3 * node;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("The model is not held: near (%.1f, %.1f, %.1f) mm a part can move as a rigid body (relative pivot "
                  "%.0e). Look for parts that touch in a point or an edge only, or mesh again."),
               x[0], x[1], x[2], pivot);
  return FALSE;
}

/* Says where the model gives way, in the user's terms. */
static OssCholesky *
fail_singular (const OssFemModel *model, const Unknowns *unknowns, const OssCholeskyInfo *info, GError **error,
               GError *cause)
{
  gsize freedom = 0;

  if (!g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED))
    {
      g_propagate_error (error, cause);
      return NULL;
    }
  g_error_free (cause);
  while (unknowns->unknown[freedom] != (gint32) info->weakest_row)
    freedom++;
  oss_fem_fail_not_held (model, freedom / 3, info->weakest_pivot, error);
  return NULL;
}

static OssCholesky *
factorize (const OssFemModel *model, const OssBlockMatrix *stiffness, const Unknowns *unknowns, OssFemResult *result,
           const OssTick *tick, GError **error)
{
  OssCholeskyInfo info = { 0 };
  GError *cause = NULL;
  OssSymmetric *reduced = oss_block_matrix_reduce (stiffness, unknowns->unknown, unknowns->n, tick, error);
  if (reduced == NULL)
    return NULL;
  OssCholesky *cholesky = oss_cholesky_new (reduced, unknowns->group, unknowns->n_groups, &info, tick, &cause);
  if (cholesky == NULL)
    return fail_singular (model, unknowns, &info, error, cause);
  g_snprintf (result->solver, sizeof result->solver, "CHOLMOD supernodal, %s", info.ordering);
  g_debug ("%zu unknowns: order %.2f s, factor %.2f s, %.3g entries, %.3g flops, %.2f GB estimated", unknowns->n,
           info.seconds_order, info.seconds_factor, info.factor_entries, info.flops, info.memory_bytes / 1e9);
  return cholesky;
}

/* Solves for the displacement and leaves K u in @work. */
static gboolean
solve_unknowns (const OssFemModel *model, const OssBlockMatrix *stiffness, const Unknowns *unknowns,
                OssFemResult *result, double *work, const OssTick *tick, GError **error)
{
  g_autofree double *right = g_new (double, MAX (unknowns->n, 1));
  gsize n_freedoms = 3 * model->mesh->n_nodes;
  g_autoptr (OssCholesky) cholesky = NULL;

  double load = residual (model, stiffness, unknowns, result->displacement, work, right), left = load;
  if (load > 0.0)
    {
      cholesky = factorize (model, stiffness, unknowns, result, tick, error);
      if (cholesky == NULL)
        return FALSE;
    }
  for (int pass = 0; pass < 2 && left > REFINE_ABOVE * load; pass++)
    {
      if (!oss_cholesky_solve (cholesky, right, tick, error))
        return FALSE;
      add_unknowns (unknowns, n_freedoms, right, result->displacement);
      left = residual (model, stiffness, unknowns, result->displacement, work, right);
    }
  result->relative_residual = load > 0.0 ? left / load : 0.0;
  if (!(result->relative_residual < 1e-6))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
                   _ ("The equations are too badly conditioned: a relative residual of %.1e is left. Mesh again, or "
                      "raise the least modulus."),
                   result->relative_residual);
      return FALSE;
    }
  return TRUE;
}

static void
take_reactions (const OssFemModel *model, const double *minus_residual, OssFemResult *result)
{
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      gsize f = 3 * (gsize) model->prescribed[i].node + (gsize) model->prescribed[i].axis;
      result->reaction[f] = -minus_residual[f];
    }
}

static double *
take_array (gsize n, GError **error)
{
  return oss_alloc_aligned (n, sizeof (double), _ ("the results"), error);
}

OssFemResult *
oss_fem_result_new (gsize n_nodes, gsize n_elements, gsize n_platens, GError **error)
{
  g_autoptr (OssFemResult) self = g_new0 (OssFemResult, 1);

  self->n_nodes = n_nodes;
  self->n_elements = n_elements;
  self->n_platens = n_platens;
  if ((self->displacement = take_array (3 * n_nodes, error)) == NULL
      || (self->stress = take_array (6 * n_nodes, error)) == NULL
      || (self->von_mises = take_array (n_nodes, error)) == NULL
      || (self->principal = take_array (3 * n_nodes, error)) == NULL
      || (self->principal_direction = take_array (9 * n_nodes, error)) == NULL
      || (self->sed = take_array (n_nodes, error)) == NULL
      || (self->platen_motion = take_array (6 * n_platens, error)) == NULL
      || (self->platen_force = take_array (6 * n_platens, error)) == NULL
      || (self->element_stress = take_array (6 * n_elements, error)) == NULL
      || (self->element_von_mises = take_array (n_elements, error)) == NULL
      || (self->element_sed = take_array (n_elements, error)) == NULL
      || (self->element_volume = take_array (n_elements, error)) == NULL
      || (self->reaction = take_array (3 * n_nodes, error)) == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
oss_fem_result_free (OssFemResult *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->displacement);
  oss_free_aligned (self->stress);
  oss_free_aligned (self->von_mises);
  oss_free_aligned (self->principal);
  oss_free_aligned (self->principal_direction);
  oss_free_aligned (self->sed);
  oss_free_aligned (self->platen_motion);
  oss_free_aligned (self->platen_force);
  oss_free_aligned (self->element_stress);
  oss_free_aligned (self->element_von_mises);
  oss_free_aligned (self->element_sed);
  oss_free_aligned (self->element_volume);
  oss_free_aligned (self->reaction);
  g_free (self);
}

static void
prescribe (const OssFemModel *model, OssFemResult *result)
{
  memset (result->displacement, 0, 3 * result->n_nodes * sizeof *result->displacement);
  for (gsize i = 0; i < model->n_prescribed; i++)
    result->displacement[3 * model->prescribed[i].node + model->prescribed[i].axis] = model->prescribed[i].value;
}

/* Whether to iterate, and why. */
static gboolean
choose_solver (const OssFemSolveOptions *options, gsize n, OssFemResult *result)
{
  char *choice = result->choice;

  if (options->solver != OSS_FEM_SOLVER_AUTO)
    g_strlcpy (choice, "asked for", sizeof result->choice);
  else if (n < ITERATE_ABOVE)
    g_snprintf (choice, sizeof result->choice, "automatic: only %zu unknowns", n);
  else if (options->load_cases >= DIRECT_FROM_LOAD_CASES)
    g_snprintf (choice, sizeof result->choice, "automatic: one factorisation for %u load cases", options->load_cases);
  else
    {
      g_snprintf (choice, sizeof result->choice, "automatic: %zu unknowns, %s", n,
                  options->load_cases > 1 ? "few load cases" : "one load case");
      return TRUE;
    }
  return options->solver == OSS_FEM_SOLVER_ITERATIVE;
}

/* With the solver of choice; where it was chosen automatically and does not converge, with the other. */
static gboolean
solve_chosen (const OssFemModel *model, const OssBlockMatrix *stiffness, const OssIncidence *incidence,
              const Unknowns *unknowns, const OssFemSolveOptions *options, OssFemResult *result, double *work,
              const OssTick *tick, GError **error)
{
  GError *cause = NULL;

  prescribe (model, result);
  if (!choose_solver (options, unknowns->n, result))
    return solve_unknowns (model, stiffness, unknowns, result, work, tick, error);
  if (oss_fem_solve_iterative (model, stiffness, incidence, unknowns->unknown, options, result, work, tick, &cause))
    return TRUE;
  /* What a coarse level takes for a rigid motion, the factorisation judges. */
  gboolean other =
      g_error_matches (cause, OSS_ERROR, OSS_ERROR_FAILED) || g_error_matches (cause, OSS_ERROR, OSS_ERROR_REFUSED);
  if (options->solver != OSS_FEM_SOLVER_AUTO || !other)
    {
      g_propagate_error (error, cause);
      return FALSE;
    }
  g_debug ("%s", cause->message);
  g_clear_error (&cause);
  prescribe (model, result);
  result->iterations = 0;
  g_strlcpy (result->choice, "automatic: the iteration did not converge", sizeof result->choice);
  return solve_unknowns (model, stiffness, unknowns, result, work, tick, error);
}

/* When a step began, and what it took in the end. */
static void
step_end (gint64 *begin, OssFemStep *step)
{
  gint64 now = g_get_monotonic_time ();
  step->seconds = (double) (now - *begin) / 1e6;
  step->peak_mib = oss_memory_peak_mib ();
  *begin = now;
}

/* Equations and platens make rows that the multigrid does not know. */
static gboolean
check_choice (const OssFemModel *model, const OssFemSolveOptions *options, GError **error)
{
  if (options->solver != OSS_FEM_SOLVER_ITERATIVE || model->n_equations + model->n_platens == 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
               _ ("A model with %zu equations and %zu platens is factorised; the iterative solver does not take them."),
               model->n_equations, model->n_platens);
  return FALSE;
}

/* The least a solution needs: derivatives of the shape functions, the stiffness matrix once and once more for the
 * solver, and the results.  Blocks a row in the lower triangle are those of regular meshes. */
static double
least_bytes (const OssMesh *mesh)
{
  const OssElementRule *rule = oss_element_rule (mesh->kind);
  double blocks = mesh->kind == OSS_ELEMENT_TET4 ? 8.0 : mesh->kind == OSS_ELEMENT_TET10 ? 15.0 : 14.0;
  double element = 8.0 * (rule->n_points * (3 * rule->n_nodes + 1) + 6 * rule->n_corners + 9);
  double node = 2.0 * blocks * (9 * 8 + 4) + 8.0 * 50;

  return element * (double) mesh->n_elements + node * (double) mesh->n_nodes;
}

static gboolean
check_memory (const OssMesh *mesh, GError **error)
{
  double needed = least_bytes (mesh), available = oss_memory_free_bytes ();

  if (available <= 0.0 || needed <= available)
    return TRUE;
  g_autofree char *asked = oss_memory_text (needed), *there = oss_memory_text (available);
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("Not enough memory for %zu elements and up to %zu unknowns: at least %s are needed, %s are free. "
                  "Use larger elements; twice the size needs an eighth."),
               mesh->n_elements, 3 * mesh->n_nodes, asked, there);
  return FALSE;
}

static gboolean
solve_linear (const OssFemModel *model, const OssElements *elements, const OssIncidence *incidence,
              const OssFemSolveOptions *options, OssFemResult *result, const OssTick *tick, GError **error)
{
  OssTick assembling = oss_tick_part (tick, 0.0, 0.1), solving = oss_tick_part (tick, 0.1, 1.0);
  g_auto (Unknowns) unknowns = { NULL };
  g_autofree double *work = g_new0 (double, 3 * model->mesh->n_nodes);
  gint64 begin = g_get_monotonic_time ();
  gboolean done;

  if (!oss_tick_report (&assembling, 0.0, _ ("Assembling the equations"), error))
    return FALSE;
  g_autoptr (OssBlockMatrix) stiffness = oss_fem_assemble (model, elements, incidence, &assembling, error);
  if (stiffness == NULL)
    return FALSE;
  step_end (&begin, &result->assembly);
  if (model->n_equations > 0 || model->n_platens > 0)
    {
      done = oss_fem_solve_constrained (model, stiffness, incidence, result, &solving, error);
      step_end (&begin, &result->solution);
      return done;
    }
  if (!oss_fem_check_forces (model, incidence, error))
    return FALSE;
  number_unknowns (model, incidence, &unknowns);
  done = solve_chosen (model, stiffness, incidence, &unknowns, options, result, work, &solving, error);
  step_end (&begin, &result->solution);
  if (!done)
    return FALSE;
  result->dof = unknowns.n;
  take_reactions (model, work, result);
  return TRUE;
}

void
oss_fem_solve_options_default (OssFemSolveOptions *options)
{
  *options = (OssFemSolveOptions){ .solver = OSS_FEM_SOLVER_AUTO,
                                   .tolerance = OSS_TET_TOLERANCE,
                                   .maximum_iterations = OSS_TET_ITERATIONS,
                                   .load_cases = 1 };
}

static gboolean
check_options (const OssFemSolveOptions *options, GError **error)
{
  if (options->tolerance > 0.0 && options->tolerance < 1.0 && options->maximum_iterations > 0)
    return TRUE;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_USAGE,
      _ ("A tolerance of %g with %d iterations at most cannot be met; the tolerance has to be between 0 and 1."),
      options->tolerance, options->maximum_iterations);
  return FALSE;
}

OssFemResult *
oss_fem_solve (const OssFemModel *model, const OssTick *tick, GError **error)
{
  OssFemSolveOptions options;

  oss_fem_solve_options_default (&options);
  return oss_fem_solve_with (model, &options, tick, error);
}

OssFemResult *
oss_fem_solve_with (const OssFemModel *model, const OssFemSolveOptions *options, const OssTick *tick, GError **error)
{
  const OssMesh *mesh = model->mesh;
  OssTick solving = oss_tick_part (tick, 0.03, 0.97), recovering = oss_tick_part (tick, 0.97, 1.0);

  if (!check_options (options, error) || !oss_fem_model_check (model, error) || !check_choice (model, options, error)
      || !check_memory (mesh, error) || !oss_tick_report (tick, 0.0, _ ("Reading the mesh"), error))
    return NULL;
  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, error);
  if (incidence == NULL || !oss_fem_check_support (model, error))
    return NULL;
  g_autoptr (OssElements) elements = oss_elements_new (mesh, tick, error);
  if (elements == NULL)
    return NULL;
  g_autoptr (OssFemResult) result = oss_fem_result_new (mesh->n_nodes, mesh->n_elements, model->n_platens, error);
  if (result == NULL || !solve_linear (model, elements, incidence, options, result, &solving, error))
    return NULL;
  gint64 begin = g_get_monotonic_time ();
  if (!oss_tick_report (&recovering, 0.0, _ ("Working out the stresses"), error)
      || !oss_fem_recover (model, elements, incidence, result, &recovering, error)
      || !oss_tick_report (tick, 1.0, NULL, error))
    return NULL;
  step_end (&begin, &result->recovery);
  if (result->solver[0] == '\0')
    g_strlcpy (result->solver, "none: no load", sizeof result->solver);
  g_strlcpy (result->reason, "solved", sizeof result->reason);
  return g_steal_pointer (&result);
}
