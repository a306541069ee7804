/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-private.h"

static gboolean
check_material (const OssFemModel *model, GError **error)
{
  double lambda, mu;

  if (!oss_lame_unit (model->poisson, &lambda, &mu))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("Poisson’s ratio is %g; it has to be above −1 and below 0.5."), model->poisson);
      return FALSE;
    }
  for (gsize e = 0; model->material != NULL && e < model->mesh->n_elements; e++)
    if (model->material[e] >= 0
        && ((gsize) model->material[e] >= model->n_materials
            || !(model->materials[model->material[e]].modulus_mpa > 0.0)))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Element %zu has no valid material."), e);
        return FALSE;
      }
  for (gsize e = 0; e < model->mesh->n_elements; e++)
    if (!(model->modulus_mpa[e] > 0.0 && isfinite (model->modulus_mpa[e])))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("Element %zu has a modulus of %g MPa; it has to be above 0."), e, model->modulus_mpa[e]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_nodal (const OssFemModel *model, const OssNodal *nodal, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (nodal[i].node < 0 || (gsize) nodal[i].node >= model->mesh->n_nodes || nodal[i].axis < 0 || nodal[i].axis > 2
        || !isfinite (nodal[i].value))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("Load %zu (node %d, axis %d, value %g) does not belong to a mesh of "
                        "%zu nodes."),
                     i, nodal[i].node, nodal[i].axis, nodal[i].value, model->mesh->n_nodes);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_prescribed_once (const OssFemModel *model, GError **error)
{
  g_autofree double *value = g_new (double, 3 * model->mesh->n_nodes);
  g_autofree guint8 *seen = g_new0 (guint8, 3 * model->mesh->n_nodes);

  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      gsize freedom = 3 * (gsize) p->node + (gsize) p->axis;
      if (seen[freedom] && value[freedom] != p->value)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("Node %d is moved along axis %d by %g mm and by %g mm at once."), p->node, p->axis,
                       value[freedom], p->value);
          return FALSE;
        }
      seen[freedom] = TRUE;
      value[freedom] = p->value;
    }
  return TRUE;
}

gboolean
oss_fem_model_check (const OssFemModel *model, GError **error)
{
  if (model->mesh->n_elements == 0 || model->mesh->n_nodes == 0 || model->mesh->n_nodes > G_MAXINT32 / 3)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("A mesh of %zu nodes and %zu elements cannot be solved."), model->mesh->n_nodes,
                   model->mesh->n_elements);
      return FALSE;
    }
  return check_material (model, error) && check_nodal (model, model->prescribed, model->n_prescribed, error)
         && check_nodal (model, model->forces, model->n_forces, error) && check_prescribed_once (model, error);
}

gboolean
oss_fem_check_plain (const OssFemModel *model, GError **error)
{
  gboolean isotropic = TRUE;

  for (gsize i = 0; model->material != NULL && i < model->n_materials; i++)
    isotropic = isotropic && model->materials[i].kind == OSS_ELASTICITY_ISOTROPIC;
  if (isotropic && model->n_equations == 0 && model->n_platens == 0)
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                       _ ("Orthotropic materials, equations and platens are solved in linear elasticity only."));
  return FALSE;
}

gboolean
oss_fem_loads_nothing (const OssFemModel *model, gsize force, GError **error)
{
  const OssNodal *f = &model->forces[force];
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("Force %zu (%g N along axis %d) acts on node %d, which belongs to no element: it loads nothing."),
               force, f->value, f->axis, f->node);
  return FALSE;
}

gboolean
oss_fem_check_forces (const OssFemModel *model, const OssIncidence *incidence, GError **error)
{
  for (gsize i = 0; i < model->n_forces; i++)
    if (model->forces[i].value != 0.0
        && incidence->start[model->forces[i].node] == incidence->start[model->forces[i].node + 1])
      return oss_fem_loads_nothing (model, i, error);
  return TRUE;
}

static gint32
find_root (gint32 *parent, gint32 i)
{
  while (parent[i] != i)
    i = parent[i] = parent[parent[i]];
  return i;
}

/* The connected part of each node, by union-find with the lowest node of a part as its root; parts count from 0 in the
 * order of their roots. */
static gint32 *
find_parts (const OssMesh *mesh, gsize *n_parts)
{
  gsize nn = (gsize) oss_element_nodes (mesh->kind);
  g_autofree gint32 *parent = g_new (gint32, mesh->n_nodes);
  gint32 *part = g_new (gint32, mesh->n_nodes);

  for (gsize i = 0; i < mesh->n_nodes; i++)
    parent[i] = (gint32) i;
  for (gsize e = 0; e < mesh->n_elements; e++)
    for (gsize a = 1; a < nn; a++)
      {
        gint32 p = find_root (parent, mesh->elements[e * nn]), q = find_root (parent, mesh->elements[e * nn + a]);
        parent[MAX (p, q)] = MIN (p, q);
      }
  *n_parts = 0;
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      gint32 root = find_root (parent, (gint32) i);
      part[i] = root == (gint32) i ? (gint32) (*n_parts)++ : part[root];
    }
  return part;
}

typedef struct
{
  gsize nodes;
  double centre[3];
  double reach; /* mm: root mean square distance from the centre */
  double gram[6][6];
  gboolean tied; /* an equation or a platen has a hand in it */
} Part;

/* Gauss elimination with diagonal pivots of a semidefinite matrix: its rank. */
static int
rank_of (double gram[6][6])
{
  int rank = 0;
  gboolean used[6] = { FALSE };

  for (int step = 0; step < 6; step++)
    {
      int best = -1;
      for (int i = 0; i < 6; i++)
        if (!used[i] && (best < 0 || gram[i][i] > gram[best][best]))
          best = i;
      if (!(gram[best][best] > 1e-9))
        break;
      used[best] = TRUE;
      rank++;
      for (int i = 0; i < 6; i++)
        if (!used[i])
          {
            double factor = gram[i][best] / gram[best][best];
            for (int k = 0; k < 6; k++)
              gram[i][k] -= factor * gram[best][k];
          }
    }
  return rank;
}

/* What the freedom (node, axis) does in the six rigid motions of its part, the turns scaled to mm. */
static void
add_freedom (Part *part, const double x[3], int axis)
{
  double mode[6] = { 0.0 };
  double d[3];

  oss_sub (x, part->centre, d);
  mode[axis] = 1.0;
  /* axis component of e_m x d */
  mode[3 + (axis + 1) % 3] = d[(axis + 2) % 3] / part->reach;
  mode[3 + (axis + 2) % 3] = -d[(axis + 1) % 3] / part->reach;
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 6; k++)
      part->gram[i][k] += mode[i] * mode[k];
}

static void
measure_parts (const OssMesh *mesh, const gint32 *part, Part *parts, gsize n_parts)
{
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      parts[part[i]].nodes++;
      for (int k = 0; k < 3; k++)
        parts[part[i]].centre[k] += mesh->nodes[3 * i + (gsize) k];
    }
  for (gsize p = 0; p < n_parts; p++)
    for (int k = 0; k < 3; k++)
      parts[p].centre[k] /= (double) parts[p].nodes;
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      double d[3];
      oss_sub (mesh->nodes + 3 * i, parts[part[i]].centre, d);
      parts[part[i]].reach += oss_dot (d, d);
    }
  for (gsize p = 0; p < n_parts; p++)
    parts[p].reach = parts[p].reach > 0.0 ? sqrt (parts[p].reach / (double) parts[p].nodes) : 1.0;
}

/* What equations and platens hold is for the factorisation to find out. */
static void
mark_tied (const OssFemModel *model, const gint32 *part, Part *parts)
{
  for (gsize i = 0; i < model->n_equations; i++)
    for (gsize k = 0; k < model->equations[i].n_terms; k++)
      {
        gint32 node = model->equations[i].terms[k].node;
        if (node >= 0 && (gsize) node < model->mesh->n_nodes)
          parts[part[node]].tied = TRUE;
      }
  for (gsize i = 0; i < model->n_platens; i++)
    for (gsize k = 0; k < model->platens[i].n_nodes; k++)
      {
        gint32 node = model->platens[i].nodes[k];
        if (node >= 0 && (gsize) node < model->mesh->n_nodes)
          parts[part[node]].tied = TRUE;
      }
}

gboolean
oss_fem_check_support (const OssFemModel *model, GError **error)
{
  const OssMesh *mesh = model->mesh;
  gsize n_parts;
  g_autofree gint32 *part = find_parts (mesh, &n_parts);
  g_autofree Part *parts = g_new0 (Part, n_parts);

  measure_parts (mesh, part, parts, n_parts);
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      add_freedom (&parts[part[p->node]], mesh->nodes + 3 * (gsize) p->node, p->axis);
    }
  mark_tied (model, part, parts);
  for (gsize i = 0; i < n_parts; i++)
    if (parts[i].nodes > 1 && !parts[i].tied && rank_of (parts[i].gram) < 6) /* one node alone belongs to no element */
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                     _ ("A part of %zu nodes around (%.1f, %.1f, %.1f) mm is not held: it can move as a "
                        "rigid body. Take it out of the model, or hold it."),
                     parts[i].nodes, parts[i].centre[0], parts[i].centre[1], parts[i].centre[2]);
        return FALSE;
      }
  return TRUE;
}
