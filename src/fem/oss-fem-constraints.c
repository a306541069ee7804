/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-constraints-private.h"

#include <string.h>

/* A coefficient this far below the largest that went into it is what rounding left of zero. */
#define ZERO 1e-9
/* Nodes are solved for before platens unless their coefficient is this much smaller than the largest. */
#define PREFER_NODES 1e-3
/* More terms than this in all are not a model but a mistake. */
#define MAX_TERMS ((gsize) 400000000)

typedef struct
{
  OssConstraints *out;
  GArray *start; /* gsize */
  GArray *index; /* gint32 */
  GArray *value; /* double */
  GArray *pivot; /* gint32, of each row */
  GArray *constant;
  double *sum;     /* [n] coefficients of the equation at hand */
  guint8 *touched; /* [n] */
  GArray *list;    /* gint32, the touched freedoms */
  GArray *heap;    /* gint32, rows to be put in, as a binary heap: the lowest first */
  double right, largest;
  gsize work; /* terms added so far */
} Elimination;

static void
heap_push (GArray *heap, gint32 row)
{
  gsize i = heap->len;
  g_array_append_val (heap, row);
  gint32 *item = (gint32 *) (void *) heap->data;
  for (; i > 0 && item[(i - 1) / 2] > row; i = (i - 1) / 2)
    item[i] = item[(i - 1) / 2];
  item[i] = row;
}

static gint32
heap_pop (GArray *heap)
{
  gint32 *item = (gint32 *) (void *) heap->data, first = item[0], last = item[heap->len - 1];
  gsize n = heap->len - 1, i = 0;
  while (2 * i + 1 < n)
    {
      gsize child = 2 * i + 1;
      if (child + 1 < n && item[child + 1] < item[child])
        child++;
      if (item[child] >= last)
        break;
      item[i] = item[child];
      i = child;
    }
  item[i] = last;
  g_array_set_size (heap, (guint) n);
  return first;
}

static void
add_term (Elimination *self, gsize freedom, double coefficient)
{
  if (!self->touched[freedom])
    {
      gint32 f = (gint32) freedom;
      self->touched[freedom] = TRUE;
      self->sum[freedom] = 0.0;
      g_array_append_val (self->list, f);
      if (self->out->row[freedom] >= 0)
        heap_push (self->heap, self->out->row[freedom]);
    }
  self->sum[freedom] += coefficient;
  self->largest = fmax (self->largest, fabs (self->sum[freedom]));
  self->work++;
}

static void
clear_terms (Elimination *self)
{
  for (guint i = 0; i < self->list->len; i++)
    self->touched[g_array_index (self->list, gint32, i)] = FALSE;
  g_array_set_size (self->list, 0);
  g_array_set_size (self->heap, 0);
  self->right = self->largest = 0.0;
}

/* Puts in every row that is known, the earliest first: a row follows only freedoms that later rows may solve for, so
 * that each is put in once. */
static void
put_in (Elimination *self)
{
  while (self->heap->len > 0)
    {
      gint32 row = heap_pop (self->heap), pivot = g_array_index (self->pivot, gint32, row);
      double factor = self->sum[pivot];
      gsize end = g_array_index (self->start, gsize, row + 1);

      self->sum[pivot] = 0.0;
      if (factor == 0.0)
        continue;
      self->right -= factor * g_array_index (self->constant, double, row);
      for (gsize k = g_array_index (self->start, gsize, row); k < end; k++)
        add_term (self, (gsize) g_array_index (self->index, gint32, k),
                  factor * g_array_index (self->value, double, k));
    }
}

/* The freedom to solve for, or -1. */
static gint32
choose_pivot (const Elimination *self)
{
  gint32 node = -1, any = -1;
  double node_size = 0.0, any_size = ZERO * self->largest;

  for (guint i = 0; i < self->list->len; i++)
    {
      gint32 f = g_array_index (self->list, gint32, i);
      double size = fabs (self->sum[f]);
      if (self->out->prescribed[f] || self->out->row[f] >= 0)
        continue;
      if ((gsize) f < self->out->n_nodal && size > node_size)
        node = f, node_size = size;
      if (size > any_size)
        any = f, any_size = size;
    }
  return any >= 0 && node >= 0 && node_size > PREFER_NODES * any_size ? node : any;
}

/* The equation at hand holds without a freedom to solve for. */
static gboolean
holds (const Elimination *self, double *gap_mm)
{
  double gap = -self->right, size = fabs (self->right);

  for (guint i = 0; i < self->list->len; i++)
    {
      gint32 f = g_array_index (self->list, gint32, i);
      if (self->out->prescribed[f])
        {
          gap += self->sum[f] * self->out->motion[f];
          size = fmax (size, fabs (self->sum[f] * self->out->motion[f]));
        }
    }
  *gap_mm = self->largest > 0.0 ? gap / self->largest : gap;
  return fabs (gap) <= 1e-9 * size;
}

static void
store_row (Elimination *self, gint32 pivot)
{
  double scale = -1.0 / self->sum[pivot], constant = -self->right * scale;

  for (guint i = 0; i < self->list->len; i++)
    {
      gint32 f = g_array_index (self->list, gint32, i);
      if (f == pivot || self->out->row[f] >= 0 || fabs (self->sum[f]) <= ZERO * self->largest)
        continue;
      double value = self->sum[f] * scale;
      g_array_append_val (self->index, f);
      g_array_append_val (self->value, value);
    }
  gsize end = self->index->len;
  self->out->row[pivot] = (gint32) self->pivot->len;
  g_array_append_val (self->pivot, pivot);
  g_array_append_val (self->constant, constant);
  g_array_append_val (self->start, end);
}

/* Solves what add_term() gathered for one freedom; FALSE and the gap in mm when it contradicts what is known. */
static gboolean
eliminate (Elimination *self, double *gap_mm)
{
  gboolean good = TRUE;

  put_in (self);
  gint32 pivot = choose_pivot (self);
  if (pivot >= 0)
    store_row (self, pivot);
  else
    good = holds (self, gap_mm);
  clear_terms (self);
  return good;
}

static gboolean
contradicts (char *what, double gap_mm, GError **error)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("%s contradicts what is prescribed, or other equations: %g mm are left over. Take one of them out."),
               what, gap_mm);
  g_free (what);
  return FALSE;
}

static char *
equation_name (const OssFemModel *model, gsize number)
{
  const char *name = model->equations[number].name;
  return name != NULL ? g_strdup_printf (_ ("Equation %zu (%s)"), number, name)
                      : g_strdup_printf (_ ("Equation %zu"), number);
}

static gboolean
add_equation (Elimination *self, const OssFemModel *model, gsize number, GError **error)
{
  const OssFemEquation *equation = &model->equations[number];
  double gap;
  gboolean good = isfinite (equation->right), any = FALSE;

  for (gsize i = 0; good && i < equation->n_terms; i++)
    {
      const OssFemTerm *term = &equation->terms[i];
      good = term->node >= 0 && (gsize) term->node < model->mesh->n_nodes && term->axis >= 0 && term->axis < 3
             && isfinite (term->coefficient);
      any = any || term->coefficient != 0.0;
      if (good)
        add_term (self, 3 * (gsize) term->node + (gsize) term->axis, term->coefficient);
    }
  if (!good || !any)
    {
      g_autofree char *name = equation_name (model, number);
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("%s has no coefficient other than 0, one that is not a number, or a node that the mesh does not "
                      "have."),
                   name);
      return FALSE;
    }
  self->right = equation->right;
  return eliminate (self, &gap) || contradicts (equation_name (model, number), gap, error);
}

/* coefficient of each of the platen's six motions in the motion of a point at @d along @axis: U + theta x d. */
static void
platen_motion (const double d[3], int axis, double coefficient[6])
{
  memset (coefficient, 0, 6 * sizeof *coefficient);
  coefficient[axis] = 1.0;
  coefficient[3 + (axis + 1) % 3] = d[(axis + 2) % 3];
  coefficient[3 + (axis + 2) % 3] = -d[(axis + 1) % 3];
}

static gboolean
check_platen (const OssFemModel *model, gsize number, GError **error)
{
  const OssFemPlaten *platen = &model->platens[number];
  const char *fault = NULL;

  if (platen->n_nodes == 0)
    fault = _ ("it has no nodes");
  for (gsize i = 0; i < platen->n_nodes; i++)
    if (platen->nodes[i] < 0 || (gsize) platen->nodes[i] >= model->mesh->n_nodes)
      fault = _ ("it names a node that the mesh does not have");
  if (platen->planar && !(fabs (oss_norm (platen->normal) - 1.0) < 1e-9))
    fault = _ ("its normal is not a unit vector");
  for (int k = 0; k < 6; k++)
    if (!isfinite (platen->motion[k]) || !isfinite (platen->load[k]) || !isfinite (platen->reference_mm[k % 3]))
      fault = _ ("its motion, load or reference is not a number");
    else if (platen->prescribed[k] && platen->load[k] != 0.0)
      fault = _ ("one of its motions is both prescribed and loaded");
  if (fault == NULL)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Platen %zu is of no use: %s."), number, fault);
  return FALSE;
}

static gboolean
add_platen (Elimination *self, const OssFemModel *model, gsize number, GError **error)
{
  const OssFemPlaten *platen = &model->platens[number];
  gsize first = self->out->n_nodal + 6 * number;

  for (gsize i = 0; i < platen->n_nodes; i++)
    {
      gsize node = (gsize) platen->nodes[i];
      double d[3], motion[6], gap;
      oss_sub (model->mesh->nodes + 3 * node, platen->reference_mm, d);
      for (int axis = 0; axis < 3; axis++)
        {
          double along = platen->planar ? platen->normal[axis] : 1.0;
          platen_motion (d, axis, motion);
          for (int k = 0; k < 6; k++)
            if (along * motion[k] != 0.0)
              add_term (self, first + (gsize) k, -along * motion[k]);
          if (along != 0.0)
            add_term (self, 3 * node + (gsize) axis, along);
          if ((axis == 2 || !platen->planar) && !eliminate (self, &gap))
            return contradicts (g_strdup_printf (_ ("Platen %zu"), number), gap, error);
        }
    }
  return TRUE;
}

static gboolean
take_arrays (OssConstraints *self, const OssFemModel *model, GError **error)
{
  self->n_nodal = 3 * model->mesh->n_nodes;
  self->n = self->n_nodal + 6 * model->n_platens;
  if (model->n_platens > 1000 || self->n > G_MAXINT32)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%zu platens are too many."), model->n_platens);
      return FALSE;
    }
  self->row = oss_alloc_aligned (self->n, sizeof *self->row, _ ("the equations"), error);
  self->prescribed = self->row != NULL ? oss_alloc_aligned (self->n, 1, _ ("the equations"), error) : NULL;
  self->used = self->prescribed != NULL ? oss_alloc_aligned (self->n, 1, _ ("the equations"), error) : NULL;
  self->motion = self->used != NULL ? oss_alloc_aligned (self->n, sizeof (double), _ ("the equations"), error) : NULL;
  if (self->motion == NULL)
    return FALSE;
  memset (self->row, -1, self->n * sizeof *self->row);
  return TRUE;
}

static void
prescribe (OssConstraints *self, const OssFemModel *model)
{
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      gsize f = 3 * (gsize) model->prescribed[i].node + (gsize) model->prescribed[i].axis;
      self->prescribed[f] = TRUE;
      self->motion[f] = model->prescribed[i].value;
    }
  for (gsize k = 0; k < 6 * model->n_platens; k++)
    if (model->platens[k / 6].prescribed[k % 6])
      {
        self->prescribed[self->n_nodal + k] = TRUE;
        self->motion[self->n_nodal + k] = model->platens[k / 6].motion[k % 6];
      }
}

/* Asked now and then: a stop, and whether the terms get out of hand. */
static gboolean
may_go_on (const Elimination *self, const OssTick *tick, GError **error)
{
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  if (self->work < MAX_TERMS && self->index->len < MAX_TERMS / 4)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
               _ ("The equations hang together too much to be solved: more than %zu terms."), MAX_TERMS / 4);
  return FALSE;
}

/* A row whose freedoms later rows solved for: those, final already, put in. */
static void
finish_row (Elimination *self, gsize row, GArray **indices, GArray **values)
{
  double *constant = &g_array_index (self->constant, double, row);

  clear_terms (self);
  for (gsize k = g_array_index (self->start, gsize, row); k < g_array_index (self->start, gsize, row + 1); k++)
    {
      gint32 f = g_array_index (self->index, gint32, k), later = self->out->row[f];
      double value = g_array_index (self->value, double, k);
      if (later < 0)
        {
          add_term (self, (gsize) f, value);
          continue;
        }
      *constant += value * g_array_index (self->constant, double, later);
      for (guint m = 0; m < indices[later]->len; m++)
        add_term (self, (gsize) g_array_index (indices[later], gint32, m),
                  value * g_array_index (values[later], double, m));
    }
  indices[row] = g_array_new (FALSE, FALSE, sizeof (gint32));
  values[row] = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < self->list->len; i++)
    {
      gint32 f = g_array_index (self->list, gint32, i);
      if (fabs (self->sum[f]) <= ZERO * self->largest)
        continue;
      g_array_append_val (indices[row], f);
      g_array_append_val (values[row], self->sum[f]);
    }
}

static gboolean
join_rows (Elimination *self, gsize terms, GArray **indices, GArray **values, GError **error)
{
  OssConstraints *out = self->out;
  gsize n = self->pivot->len;

  out->n_rows = n;
  if ((out->start = oss_alloc_aligned (n + 1, sizeof *out->start, _ ("the equations"), error)) == NULL
      || (out->constant = oss_alloc_aligned (n + 1, sizeof *out->constant, _ ("the equations"), error)) == NULL
      || (out->index = oss_alloc_aligned (terms + 1, sizeof *out->index, _ ("the equations"), error)) == NULL
      || (out->value = oss_alloc_aligned (terms + 1, sizeof *out->value, _ ("the equations"), error)) == NULL)
    return FALSE;
  for (gsize r = 0; r < n; r++)
    {
      out->constant[r] = g_array_index (self->constant, double, r);
      if (indices[r]->len > 0)
        {
          memcpy (out->index + out->start[r], indices[r]->data, indices[r]->len * sizeof (gint32));
          memcpy (out->value + out->start[r], values[r]->data, values[r]->len * sizeof (double));
        }
      out->start[r + 1] = out->start[r] + indices[r]->len;
    }
  return TRUE;
}

/* The last row first, so that every row puts in final ones. */
static gboolean
finish_rows (Elimination *self, const OssTick *tick, GError **error)
{
  gsize n = self->pivot->len, terms = 0;
  g_autofree GArray **indices = g_new0 (GArray *, n + 1);
  g_autofree GArray **values = g_new0 (GArray *, n + 1);
  gboolean done = TRUE;

  for (gsize r = n; done && r-- > 0;)
    {
      done = r % 64 != 0 || may_go_on (self, tick, error);
      finish_row (self, r, indices, values);
      terms += indices[r]->len;
    }
  done = done && join_rows (self, terms, indices, values, error);
  for (gsize r = 0; r < n; r++)
    if (indices[r] != NULL)
      {
        g_array_unref (indices[r]);
        g_array_unref (values[r]);
      }
  return done;
}

static void
mark_used (OssConstraints *self, const OssIncidence *incidence)
{
  for (gsize f = 0; f < self->n_nodal; f++)
    {
      gint32 own;
      double one;
      const gint32 *index;
      const double *value;
      if (incidence->start[f / 3] == incidence->start[f / 3 + 1])
        continue;
      gsize n = oss_constraints_terms (self, f, &own, &one, &index, &value);
      for (gsize k = 0; k < n; k++)
        self->used[index[k]] = TRUE;
    }
}

static gboolean
run_elimination (Elimination *self, const OssFemModel *model, const OssTick *tick, GError **error)
{
  for (gsize i = 0; i < model->n_equations; i++)
    if ((i % 64 == 0 && !may_go_on (self, tick, error)) || !add_equation (self, model, i, error))
      return FALSE;
  for (gsize i = 0; i < model->n_platens; i++)
    if (!may_go_on (self, tick, error) || !check_platen (model, i, error) || !add_platen (self, model, i, error))
      return FALSE;
  return finish_rows (self, tick, error);
}

OssConstraints *
oss_constraints_new (const OssFemModel *model, const OssIncidence *incidence, const OssTick *tick, GError **error)
{
  g_autoptr (OssConstraints) self = g_new0 (OssConstraints, 1);
  const gsize zero = 0;

  if (!take_arrays (self, model, error))
    return NULL;
  prescribe (self, model);
  Elimination work = { .out = self,
                       .start = g_array_new (FALSE, FALSE, sizeof (gsize)),
                       .index = g_array_new (FALSE, FALSE, sizeof (gint32)),
                       .value = g_array_new (FALSE, FALSE, sizeof (double)),
                       .pivot = g_array_new (FALSE, FALSE, sizeof (gint32)),
                       .constant = g_array_new (FALSE, FALSE, sizeof (double)),
                       .list = g_array_new (FALSE, FALSE, sizeof (gint32)),
                       .heap = g_array_new (FALSE, FALSE, sizeof (gint32)) };
  g_array_append_val (work.start, zero);
  work.sum = oss_alloc_aligned (self->n, sizeof (double), _ ("the equations"), error);
  work.touched = work.sum != NULL ? oss_alloc_aligned (self->n, 1, _ ("the equations"), error) : NULL;
  gboolean done = work.touched != NULL && run_elimination (&work, model, tick, error);
  if (done)
    mark_used (self, incidence);
  GArray *arrays[] = { work.start, work.index, work.value, work.pivot, work.constant, work.list, work.heap };
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_array_unref (arrays[i]);
  oss_free_aligned (work.sum);
  oss_free_aligned (work.touched);
  return done ? g_steal_pointer (&self) : NULL;
}

void
oss_constraints_free (OssConstraints *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->row);
  oss_free_aligned (self->start);
  oss_free_aligned (self->index);
  oss_free_aligned (self->value);
  oss_free_aligned (self->constant);
  oss_free_aligned (self->prescribed);
  oss_free_aligned (self->used);
  oss_free_aligned (self->motion);
  g_free (self);
}

void
oss_constraints_expand (const OssConstraints *self, const double *v, gboolean with_constants, double *u)
{
  for (gsize f = 0; f < self->n; f++)
    {
      gint32 own;
      double one;
      const gint32 *index;
      const double *value;
      gsize n = oss_constraints_terms (self, f, &own, &one, &index, &value);
      u[f] = with_constants && self->row[f] >= 0 ? self->constant[self->row[f]] : 0.0;
      for (gsize k = 0; k < n; k++)
        u[f] += value[k] * v[index[k]];
    }
}

void
oss_constraints_gather (const OssConstraints *self, const double *r, double *v)
{
  memset (v, 0, self->n * sizeof *v);
  for (gsize f = 0; f < self->n; f++)
    {
      gint32 own;
      double one;
      const gint32 *index;
      const double *value;
      gsize n = oss_constraints_terms (self, f, &own, &one, &index, &value);
      for (gsize k = 0; k < n; k++)
        v[index[k]] += value[k] * r[f];
    }
}
