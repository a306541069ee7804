/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-summary.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"

/* The one vector that everything is moved by, as far as it goes. */
typedef struct
{
  gboolean known[3], differs;
  double move[3];
} Common;

static void
common_add (Common *self, int axis, double value)
{
  self->differs = self->differs || (self->known[axis] && self->move[axis] != value);
  self->known[axis] = TRUE;
  self->move[axis] = value;
}

/* A force at @x, added to a sum of forces and to one of moments. */
static void
add_force (const double x[3], const double force[3], double sum[3], double moment[3])
{
  double turn[3];

  oss_cross (x, force, turn);
  for (int k = 0; k < 3; k++)
    {
      sum[k] += force[k];
      moment[k] += turn[k];
    }
}

/* [n_nodes] 1 held, 2 moved; what all are moved by. (transfer full) */
static guint8 *
find_moved (const OssFemModel *model, Common *common)
{
  guint8 *kind = g_new0 (guint8, MAX (model->mesh->n_nodes, 1));

  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      kind[p->node] = p->value != 0.0 ? 2 : MAX (kind[p->node], 1);
    }
  for (gsize i = 0; i < model->n_prescribed; i++)
    if (kind[model->prescribed[i].node] == 2)
      common_add (common, model->prescribed[i].axis, model->prescribed[i].value);
  return kind;
}

static void
sum_nodes (const OssFemModel *model, const OssFemResult *result, OssFemSummary *summary, Common *common)
{
  gsize n = model->mesh->n_nodes;
  g_autofree guint8 *kind = find_moved (model, common);

  for (gsize i = 0; i < n; i++)
    {
      summary->n_moved += kind[i] == 2;
      summary->n_held += kind[i] == 1;
      if (kind[i] != 0)
        add_force (model->mesh->nodes + 3 * i, result->reaction + 3 * i,
                   kind[i] == 2 ? summary->moved_n : summary->held_n,
                   kind[i] == 2 ? summary->moved_n_mm : summary->held_n_mm);
    }
}

static void
sum_platens (const OssFemModel *model, const OssFemResult *result, OssFemSummary *summary, Common *common)
{
  for (gsize p = 0; p < model->n_platens; p++)
    {
      const OssFemPlaten *platen = &model->platens[p];
      gboolean any = FALSE, moved = FALSE;
      for (int k = 0; k < 6; k++)
        {
          any = any || platen->prescribed[k];
          moved = moved || (platen->prescribed[k] && platen->motion[k] != 0.0);
        }
      summary->n_moved += moved;
      summary->n_held += any && !moved;
      double held[6];
      for (int k = 0; k < 6; k++)
        {
          held[k] = platen->prescribed[k] ? result->platen_force[6 * p + (gsize) k] : 0.0;
          if (moved && k < 3 && platen->prescribed[k])
            common_add (common, k, platen->motion[k]);
          common->differs = common->differs || (k > 2 && platen->prescribed[k] && platen->motion[k] != 0.0);
        }
      add_force (platen->reference_mm, platen->load, summary->applied_n, summary->applied_n_mm);
      add_force (platen->reference_mm, held, moved ? summary->moved_n : summary->held_n,
                 moved ? summary->moved_n_mm : summary->held_n_mm);
      for (int k = 0; k < 3; k++)
        {
          summary->applied_n_mm[k] += platen->load[3 + k];
          (moved ? summary->moved_n_mm : summary->held_n_mm)[k] += held[3 + k];
        }
    }
}

gboolean
oss_fem_is_loaded (const OssFemModel *model)
{
  for (gsize i = 0; i < model->n_prescribed; i++)
    if (model->prescribed[i].value != 0.0)
      return TRUE;
  for (gsize i = 0; i < model->n_forces; i++)
    if (model->forces[i].value != 0.0)
      return TRUE;
  for (gsize i = 0; i < model->n_equations; i++)
    if (model->equations[i].right != 0.0)
      return TRUE;
  for (gsize k = 0; k < 6 * model->n_platens; k++)
    if (model->platens[k / 6].load[k % 6] != 0.0
        || (model->platens[k / 6].prescribed[k % 6] && model->platens[k / 6].motion[k % 6] != 0.0))
      return TRUE;
  return FALSE;
}

static gboolean
has_force (const OssFemModel *model)
{
  for (gsize i = 0; i < model->n_forces; i++)
    if (model->forces[i].value != 0.0)
      return TRUE;
  for (gsize k = 0; k < 6 * model->n_platens; k++)
    if (model->platens[k / 6].load[k % 6] != 0.0)
      return TRUE;
  return FALSE;
}

static void
find_largest (const OssFemResult *result, OssFemSummary *summary)
{
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      double size = oss_norm (result->displacement + 3 * i);
      if (size > summary->largest_mm)
        {
          summary->largest_mm = size;
          summary->largest_node = i;
        }
    }
}

void
oss_fem_summarize (const OssFemModel *model, const OssFemResult *result, OssFemSummary *summary)
{
  Common common = { .differs = FALSE };

  *summary = (OssFemSummary){ .stiffness_n_per_mm = NAN };
  for (gsize i = 0; i < model->n_forces; i++)
    {
      double force[3] = { 0.0 };
      force[model->forces[i].axis] = model->forces[i].value;
      add_force (model->mesh->nodes + 3 * (gsize) model->forces[i].node, force, summary->applied_n,
                 summary->applied_n_mm);
    }
  sum_nodes (model, result, summary, &common);
  sum_platens (model, result, summary, &common);
  find_largest (result, summary);
  summary->reaction_n = oss_norm (summary->n_moved > 0 ? summary->moved_n : summary->held_n);
  double square = oss_dot (common.move, common.move);
  /* Without forces, F u is twice the work. */
  if (!common.differs && square > 0.0 && !has_force (model))
    summary->stiffness_n_per_mm = 2.0 * result->work / square;
  summary->energy_error = result->work != 0.0 ? fabs (result->strain_energy - result->work) / fabs (result->work) : 0.0;
}

/* Mean place, along @move, of the nodes of one kind that are prescribed along its largest component. */
static double
mean_place (const OssFemModel *model, const guint8 *kind, guint8 which, const double move[3], gsize *count)
{
  int axis = 0;
  double sum = 0.0;

  for (int k = 1; k < 3; k++)
    axis = fabs (move[k]) > fabs (move[axis]) ? k : axis;
  *count = 0;
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      if (p->axis != axis || kind[p->node] != which)
        continue;
      sum += oss_dot (model->mesh->nodes + 3 * (gsize) p->node, move) / oss_norm (move);
      (*count)++;
    }
  return *count > 0 ? sum / (double) *count : 0.0;
}

gboolean
oss_fem_approach (const OssFemModel *model, double move_mm[3], double *height_mm, GError **error)
{
  Common common = { .differs = FALSE };
  g_autofree guint8 *kind = find_moved (model, &common);
  gsize n_moved, n_held;

  if (has_force (model) || model->n_equations > 0 || model->n_platens > 0 || common.differs
      || oss_dot (common.move, common.move) == 0.0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                           _ ("A load beyond yield is followed by displacement: all nodes that are moved have to be "
                              "moved alike, without forces, equations or platens."));
      return FALSE;
    }
  double top = mean_place (model, kind, 2, common.move, &n_moved);
  double bottom = mean_place (model, kind, 1, common.move, &n_held);
  *height_mm = fabs (top - bottom);
  for (int k = 0; k < 3; k++)
    move_mm[k] = common.move[k];
  if (n_moved > 0 && n_held > 0 && *height_mm > 0.0)
    return TRUE;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
      _ ("What is moved (%zu nodes) and what is held against it (%zu) have no distance along the displacement: "
         "there is no strain to tell."),
      n_moved, n_held);
  return FALSE;
}

void
oss_fem_sum_nodes (const OssFemResult *result, const gint32 *nodes, gsize n_nodes, double reaction_n[3],
                   double displacement_mm[3])
{
  for (gsize k = 0; k < 3; k++)
    {
      reaction_n[k] = displacement_mm[k] = 0.0;
      for (gsize i = 0; i < n_nodes; i++)
        {
          reaction_n[k] += result->reaction[3 * (gsize) nodes[i] + k];
          displacement_mm[k] += result->displacement[3 * (gsize) nodes[i] + k] / (double) n_nodes;
        }
    }
}
