/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What solve DECK hands out: result.json, solution.vtu, a summary in words. */
#include "cli/oss-cli-solve.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-summary.h"
#include "formats/oss-vtu.h"

#include <math.h>

static void
add_model (OssReportRecord *record, const OssCliSolved *self)
{
  const OssMesh *mesh = self->deck->mesh;
  const OssFemModel *model = self->model;

  oss_report_record_begin (record, "input");
  oss_report_record_file (record, "deck", self->path);
  oss_report_record_end (record);
  oss_report_record_begin (record, "mesh");
  oss_report_record_string (record, "kind", oss_element_name (mesh->kind));
  oss_report_record_int (record, "elements", (gint64) mesh->n_elements);
  oss_report_record_int (record, "nodes", (gint64) mesh->n_nodes);
  if (self->result != NULL)
    oss_report_record_int (record, "dof", (gint64) self->result->dof);
  oss_report_record_double (record, "volume_mm3", oss_mesh_volume (mesh));
  oss_report_record_end (record);
  oss_report_record_begin (record, "model");
  oss_report_record_int (record, "materials_of_their_own", (gint64) model->n_materials);
  oss_report_record_int (record, "prescribed_freedoms", (gint64) model->n_prescribed);
  oss_report_record_int (record, "nodal_forces", (gint64) model->n_forces);
  oss_report_record_int (record, "equations", (gint64) model->n_equations);
  oss_report_record_int (record, "platens", (gint64) model->n_platens);
  oss_report_record_strings (record, "loads", (const char *const *) self->loads->lines->pdata,
                             (int) self->loads->lines->len);
  oss_report_record_end (record);
}

static void
add_forces (OssReportRecord *record, const OssCliSolved *self)
{
  OssFemSummary summary = { .reaction_n = NAN, .stiffness_n_per_mm = NAN };

  if (self->result != NULL)
    oss_fem_summarize (self->model, self->result, &summary);
  oss_report_record_double (record, "reaction_n", summary.reaction_n);
  oss_report_record_double (record, "stiffness_n_per_mm", summary.stiffness_n_per_mm);
  if (self->result == NULL)
    return;
  oss_report_record_begin (record, "forces");
  oss_report_record_doubles (record, "applied_n", summary.applied_n, 3);
  oss_report_record_doubles (record, "moved_n", summary.moved_n, 3);
  oss_report_record_doubles (record, "held_n", summary.held_n, 3);
  oss_report_record_doubles (record, "applied_n_mm", summary.applied_n_mm, 3);
  oss_report_record_doubles (record, "moved_n_mm", summary.moved_n_mm, 3);
  oss_report_record_doubles (record, "held_n_mm", summary.held_n_mm, 3);
  oss_report_record_int (record, "moved", (gint64) summary.n_moved);
  oss_report_record_int (record, "held", (gint64) summary.n_held);
  oss_report_record_end (record);
  oss_report_record_begin (record, "displacement");
  oss_report_record_double (record, "largest_mm", summary.largest_mm);
  oss_report_record_int (record, "at_node", self->deck->node_number[summary.largest_node]);
  oss_report_record_end (record);
  oss_report_record_begin (record, "energy");
  oss_report_record_double (record, "strain_energy_n_mm", self->result->strain_energy);
  oss_report_record_double (record, "work_n_mm", self->result->work);
  oss_report_record_double (record, "relative_error", summary.energy_error);
  oss_report_record_end (record);
}

static void
add_stress (OssReportRecord *record, const OssFemResult *result)
{
  OssStressSummary stress;

  oss_fem_stress_summary (result, &stress);
  oss_report_record_begin (record, "stress");
  oss_report_record_double (record, "von_mises_max_mpa", stress.maximum_mpa);
  oss_report_record_double (record, "von_mises_p50_mpa", stress.p50_mpa);
  oss_report_record_double (record, "von_mises_p95_mpa", stress.p95_mpa);
  oss_report_record_double (record, "von_mises_p99_mpa", stress.p99_mpa);
  oss_report_record_double (record, "von_mises_mean_mpa", stress.mean_mpa);
  oss_report_record_end (record);
}

/* Reactions and mean displacements of the deck's node sets, and what the platens did. */
static void
add_sets (OssReportRecord *record, const OssCliSolved *self)
{
  oss_report_record_begin (record, "sets");
  for (guint i = 0; i < self->deck->sets->len; i++)
    {
      const OssDeckSet *set = self->deck->sets->pdata[i];
      double reaction[3], displacement[3];
      oss_fem_sum_nodes (self->result, set->nodes, set->n_nodes, reaction, displacement);
      g_autofree char *name = g_utf8_make_valid (set->name, -1);
      oss_report_record_begin (record, name);
      oss_report_record_int (record, "nodes", (gint64) set->n_nodes);
      oss_report_record_doubles (record, "reaction_n", reaction, 3);
      oss_report_record_doubles (record, "mean_displacement_mm", displacement, 3);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
  oss_report_record_begin (record, "platens");
  for (guint i = 0; i < self->model->n_platens; i++)
    {
      g_autofree char *name = g_utf8_make_valid (self->loads->platen_names->pdata[i], -1);
      oss_report_record_begin (record, name);
      oss_report_record_doubles (record, "reference_mm", self->model->platens[i].reference_mm, 3);
      oss_report_record_doubles (record, "motion_mm_rad", self->result->platen_motion + 6 * i, 6);
      oss_report_record_doubles (record, "force_n_moment_n_mm", self->result->platen_force + 6 * i, 6);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

static void
add_solver (OssReportRecord *record, const OssCliSolved *self)
{
  const OssFemResult *result = self->result;
  const double *history = (const double *) (const void *) self->history->data;
  int n = (int) self->history->len;

  oss_report_record_begin (record, "solver");
  oss_report_record_string (record, "name", result != NULL ? result->solver : "conjugate gradients, multigrid");
  oss_report_record_string (record, "choice", result != NULL ? result->choice : NULL);
  oss_report_record_int (record, "iterations", result != NULL ? result->iterations : MAX (n - 1, 0));
  oss_report_record_double (record, "relative_residual",
                            result != NULL ? result->relative_residual
                            : n > 0        ? history[n - 1]
                                           : NAN);
  oss_report_record_flag (record, "converged", result != NULL);
  oss_report_record_string (record, "reason", result != NULL ? result->reason : self->fault);
  oss_report_record_doubles (record, "history", history, n);
  oss_report_record_end (record);
}

/* Memory is the most that the process had needed by the end of each step. */
static void
add_steps (OssReportRecord *record, const OssCliSolved *self)
{
  static const OssFemStep none = { NAN, NAN };
  const OssFemResult *result = self->result;
  const struct
  {
    const char *name;
    OssFemStep step;
  } steps[] = { { "read", { self->read_seconds, self->read_mib } },
                { "assemble", result != NULL ? result->assembly : none },
                { "solve", result != NULL ? result->solution : none },
                { "recover", result != NULL ? result->recovery : none } };

  for (int memory = 0; memory < 2; memory++)
    {
      oss_report_record_begin (record, memory ? "memory_mib" : "seconds");
      for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
        oss_report_record_double (record, steps[i].name, memory ? steps[i].step.peak_mib : steps[i].step.seconds);
      if (!memory)
        oss_report_record_double (record, "curve", self->curve != NULL ? self->curve_seconds : NAN);
      oss_report_record_end (record);
    }
  oss_report_record_double (record, "peak_memory_mib", oss_memory_peak_mib ());
}

/* Of the deck and of the curve. (transfer full) */
static GPtrArray *
notes_of (const OssCliSolved *self)
{
  GPtrArray *notes = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->deck->notes->len; i++)
    g_ptr_array_add (notes, g_strdup (self->deck->notes->pdata[i]));
  if (self->curve != NULL)
    oss_yielding_warn (self->yielding, self->curve, self->strength.height_mm,
                       self->deck->mesh->kind == OSS_ELEMENT_TET10, notes);
  return notes;
}

char *
oss_cli_solved_record (const OssCliSolved *self)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new (oss_element_name (self->deck->mesh->kind));

  add_model (record, self);
  add_forces (record, self);
  if (self->result != NULL)
    {
      add_stress (record, self->result);
      add_sets (record, self);
    }
  if (self->curve != NULL)
    {
      oss_report_record_double (record, "height_mm", self->strength.height_mm);
      oss_cli_curve_record (record, &self->strength, self->yielding, self->curve);
    }
  add_solver (record, self);
  add_steps (record, self);
  g_autoptr (GPtrArray) notes = notes_of (self);
  oss_report_record_strings (record, "warnings", (const char *const *) notes->pdata, (int) notes->len);
  return oss_report_record_text (record);
}

static double *
as_doubles (const gint32 *values, gsize n)
{
  double *copy = g_new (double, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    copy[i] = values[i];
  return copy;
}

gboolean
oss_cli_solved_write_vtu (const OssCliSolved *self, const char *path, GError **error)
{
  const OssMesh *mesh = self->deck->mesh;
  const OssFemResult *fem = self->result;
  gsize n = mesh->n_elements;
  g_autofree double *principal = g_new (double, 3 * n);
  g_autofree double *direction = g_new (double, 9 * n);
  g_autofree double *node = as_doubles (self->deck->node_number, mesh->n_nodes);
  g_autofree double *element = as_doubles (self->deck->element_number, n);
  const OssVtuArray nodes[] = {
    { "displacement_mm", 3, fem->displacement },
    { "von_mises_mpa", 1, fem->von_mises },
    { "principal_stress_mpa", 3, fem->principal },
    { "principal_direction", 9, fem->principal_direction },
    { "stress_xx_yy_zz_yz_xz_xy_mpa", 6, fem->stress },
    { "strain_energy_density_mpa", 1, fem->sed },
    { "reaction_n", 3, fem->reaction },
    { "node_number", 1, node },
    { "displacement_end_of_curve_mm", 3, self->curve != NULL ? self->curve->displacement : NULL },
  };
  const OssVtuArray elements[] = {
    { "modulus_mpa", 1, self->model->modulus_mpa },
    { "element_von_mises_mpa", 1, fem->element_von_mises },
    { "element_principal_stress_mpa", 3, principal },
    { "element_principal_direction", 9, direction },
    { "element_stress_xx_yy_zz_yz_xz_xy_mpa", 6, fem->element_stress },
    { "element_strain_energy_density_mpa", 1, fem->element_sed },
    { "element_number", 1, element },
    { "plastic_strain", 1, self->curve != NULL ? self->curve->plastic_strain : NULL },
    { "element_von_mises_end_of_curve_mpa", 1, self->curve != NULL ? self->curve->element_von_mises : NULL },
  };

  oss_fem_principal (fem->element_stress, n, principal, direction);
  gsize last = self->curve != NULL ? 0 : 1; /* without a curve the last arrays are left out */
  return oss_vtu_write (path, mesh, nodes, G_N_ELEMENTS (nodes) - last, elements, G_N_ELEMENTS (elements) - 2 * last,
                        error);
}

gboolean
oss_cli_solved_print (const OssCliSolved *self, GError **error)
{
  const OssFemResult *result = self->result;
  g_autoptr (GString) text = g_string_new (NULL);
  OssFemSummary summary;
  OssStressSummary stress;

  oss_fem_summarize (self->model, result, &summary);
  oss_fem_stress_summary (result, &stress);
  g_string_append_printf (text, _ ("%zu %s elements, %zu unknowns; %s (%s), %d iterations, residual %.1e, %.1f s\n"),
                          result->n_elements, oss_element_name (self->deck->mesh->kind), result->dof, result->solver,
                          result->choice, result->iterations, result->relative_residual,
                          result->assembly.seconds + result->solution.seconds + result->recovery.seconds);
  g_string_append_printf (text, _ ("reaction %.6g N (%.6g, %.6g, %.6g), largest displacement %.4g mm at node %d\n"),
                          summary.reaction_n, (summary.n_moved > 0 ? summary.moved_n : summary.held_n)[0],
                          (summary.n_moved > 0 ? summary.moved_n : summary.held_n)[1],
                          (summary.n_moved > 0 ? summary.moved_n : summary.held_n)[2], summary.largest_mm,
                          self->deck->node_number[summary.largest_node]);
  if (isfinite (summary.stiffness_n_per_mm))
    g_string_append_printf (text, _ ("stiffness %.6g N/mm\n"), summary.stiffness_n_per_mm);
  for (guint i = 0; i < self->model->n_platens; i++)
    {
      const double *m = result->platen_motion + 6 * i, *f = result->platen_force + 6 * i;
      g_string_append_printf (text,
                              _ ("platen %s: moved %.4g, %.4g, %.4g mm, turned %.4g, %.4g, %.4g rad; %.6g, %.6g, "
                                 "%.6g N, %.6g, %.6g, %.6g N mm\n"),
                              (const char *) self->loads->platen_names->pdata[i], m[0], m[1], m[2], m[3], m[4], m[5],
                              f[0], f[1], f[2], f[3], f[4], f[5]);
    }
  g_string_append_printf (text, _ ("von Mises stress: median %.4g, p95 %.4g, p99 %.4g, max %.4g MPa; work %.6g N mm\n"),
                          stress.p50_mpa, stress.p95_mpa, stress.p99_mpa, stress.maximum_mpa, result->work);
  if (self->curve != NULL)
    oss_cli_curve_print (text, &self->strength, self->yielding, self->curve);
  g_autoptr (GPtrArray) notes = notes_of (self);
  for (guint i = 0; i < notes->len; i++)
    g_string_append_printf (text, "· %s\n", (const char *) notes->pdata[i]);
  return oss_cli_print (text->str, error);
}
