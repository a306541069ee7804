/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Isosurface stuffing on a uniform body-centred cubic lattice: Labelle and Shewchuk, Isosurface stuffing: fast
 * tetrahedral meshes with good dihedral angles, ACM Trans. Graph. 26 (3), 2007, article 57.  Here the lattice, its
 * cut edges, the warp and the repairs; in oss-stencil.c the tetrahedra. */
#include "mesh/oss-stuffing-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "mesh/oss-lattice-private.h"
#include "mesh/oss-quality-private.h"
#include "mesh/oss-surface-private.h"

#include <string.h>

#define MARGIN 3            /* lattice cells around the label */
#define MAX_POINTS 60000000 /* both sublattices; a vertebra at 1 mm has 0.7 million; about 4 GB with the elements */
#define N_BISECTIONS 12
#define MAX_REPAIRS 12
#define MAX_BRIDGES 4
#define CUTS_PER_CHUNK 4096

static gboolean
out_of_memory (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                       _ ("Not enough memory for the mesh: choose a larger element size."));
  return FALSE;
}

static void
set_offsets (OssStuffing *self)
{
  gssize row = self->n[0], slice = row * self->n[1], half = (gssize) self->half;
  const gssize step[3] = { 1, row, slice };

  for (int dir = 0; dir < 6; dir++)
    self->offset[0][dir] = self->offset[1][dir] = (dir & 1) != 0 ? -step[dir / 2] : step[dir / 2];
  for (int s = 0; s < 8; s++)
    {
      gssize towards = (s & 1) + (s >> 1 & 1) * row + (s >> 2 & 1) * slice;
      self->offset[0][6 + s] = half + towards - 1 - row - slice;
      self->offset[1][6 + s] = towards - half;
    }
}

static gboolean
set_box (OssStuffing *self, GError **error)
{
  const OssField *field = self->field;
  double points = 2.0;

  for (int a = 0; a < 3; a++)
    {
      double low = floor (field->low_mm[a] / self->a), high = ceil (field->high_mm[a] / self->a);
      points *= high - low + 1 + 2 * MARGIN;
      if (!(points < MAX_POINTS) || !(fabs (low) < 1e8))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                       _ ("Elements of %g mm are too small for a label of %.0f × %.0f × %.0f mm."), self->a,
                       field->high_mm[0] - field->low_mm[0], field->high_mm[1] - field->low_mm[1],
                       field->high_mm[2] - field->low_mm[2]);
          return FALSE;
        }
      self->base[a] = (int) low - MARGIN;
      self->n[a] = (int) (high - low) + 1 + 2 * MARGIN;
    }
  self->half = (gsize) self->n[0] * (gsize) self->n[1] * (gsize) self->n[2];
  return TRUE;
}

/* Slabs of constant k: first those of A, then of B. */
static void
sample_slabs (gsize begin, gsize end, guint thread, void *data)
{
  OssStuffing *self = data;
  gsize slab = (gsize) self->n[0] * (gsize) self->n[1];

  for (gsize id = begin * slab; id < end * slab && !oss_tick_stopped (self->tick); id++)
    {
      double mm[3];
      oss_lattice_position (self, id, mm);
      self->value[id] = (float) oss_field_sample (self->field, mm);
    }
}

OssStuffing *
oss_stuffing_new (const OssField *field, double size_mm, const OssTick *tick, GError **error)
{
  g_autoptr (OssStuffing) self = g_new0 (OssStuffing, 1);

  self->field = field;
  self->a = size_mm;
  self->tick = tick;
  self->forced = g_array_new (FALSE, FALSE, sizeof (OssForced));
  if (!set_box (self, error))
    return NULL;
  set_offsets (self);
  self->value = g_try_new (float, 2 * self->half);
  self->sign = g_try_new (gint8, 2 * self->half);
  self->slot = g_try_new (gint32, 2 * self->half);
  if (self->value == NULL || self->sign == NULL || self->slot == NULL)
    {
      out_of_memory (error);
      return NULL;
    }
  oss_parallel_for (2 * (gsize) self->n[2], 1, sample_slabs, self);
  if (oss_tick_stopped (tick))
    {
      oss_tick_cancelled (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

static void
clear_level (OssStuffing *self)
{
  g_clear_pointer (&self->active, g_free);
  g_clear_pointer (&self->cut_of, g_free);
  g_clear_pointer (&self->warp, g_free);
  g_clear_pointer (&self->fixed, g_free);
  g_clear_pointer (&self->cuts, g_free);
  self->n_active = self->n_cuts = 0;
}

void
oss_stuffing_free (OssStuffing *self)
{
  clear_level (self);
  g_free (self->value);
  g_free (self->sign);
  g_free (self->slot);
  g_array_unref (self->forced);
  oss_tets_clear (&self->tets);
  g_free (self);
}

/* Signs of the points; the outermost two layers are background whatever the level, so that no point beside the
 * surface lacks a neighbour. */
static void
sign_slabs (gsize begin, gsize end, guint thread, void *data)
{
  OssStuffing *self = data;

  for (gsize slab = begin; slab < end; slab++)
    {
      gsize id = slab * (gsize) self->n[0] * (gsize) self->n[1];
      int k = (int) (slab % (gsize) self->n[2]);
      gboolean edge_k = k < 2 || k >= self->n[2] - 2;
      for (int j = 0; j < self->n[1]; j++)
        {
          gboolean edge_j = edge_k || j < 2 || j >= self->n[1] - 2;
          for (int i = 0; i < self->n[0]; i++, id++)
            {
              gboolean edge = edge_j || i < 2 || i >= self->n[0] - 2;
              self->sign[id] = !edge && self->value[id] >= self->level ? 1 : -1;
            }
        }
    }
}

/* Marks in @slot the points with a neighbour of the other sign. */
static void
mark_slabs (gsize begin, gsize end, guint thread, void *data)
{
  OssStuffing *self = data;
  gsize row = (gsize) self->n[0], slab_size = row * (gsize) self->n[1];

  for (gsize slab = begin; slab < end && !oss_tick_stopped (self->tick); slab++)
    {
      gsize k = slab % (gsize) self->n[2];
      const gssize *offset = self->offset[slab >= (gsize) self->n[2]];
      memset (self->slot + slab * slab_size, 0xff, slab_size * sizeof (gint32));
      if (k == 0 || k + 1 == (gsize) self->n[2])
        continue;
      for (gsize id = slab * slab_size + row; id < (slab + 1) * slab_size - row; id++)
        {
          /* Rows run on into each other: the outer layers have one sign, so that adds no edge. */
          const gint8 *at = self->sign + id;
          for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS; dir++)
            if (at[offset[dir]] != *at)
              {
                self->slot[id] = 0;
                break;
              }
        }
    }
}

static gboolean
number_active (OssStuffing *self, GError **error)
{
  gsize n = 0;

  for (gsize id = 0; id < 2 * self->half; id++)
    if (self->slot[id] == 0)
      self->slot[id] = (gint32) n++;
  self->n_active = n;
  self->active = g_try_new (gint32, n + 1);
  self->cut_of = g_try_malloc_n (n + 1, sizeof *self->cut_of);
  self->warp = g_try_new (gint32, n + 1);
  self->fixed = g_try_new0 (guint8, n + 1);
  if (self->active == NULL || self->cut_of == NULL || self->warp == NULL || self->fixed == NULL)
    return out_of_memory (error);
  memset (self->cut_of, 0xff, n * sizeof *self->cut_of);
  for (gsize id = 0, at = 0; id < 2 * self->half; id++)
    if (self->slot[id] >= 0)
      self->active[at++] = (gint32) id;
  for (guint i = 0; i < self->forced->len; i++)
    {
      gint32 slot = self->slot[g_array_index (self->forced, OssForced, i).point];
      if (slot >= 0)
        self->fixed[slot] = 1;
    }
  return TRUE;
}

/* Each edge once: long ones from the lower end, short ones from A. */
static gboolean
is_forward (const OssStuffing *self, gsize point, int dir)
{
  return oss_lattice_is_long (dir) ? (dir & 1) == 0 : point < self->half;
}

static gsize
list_cuts (OssStuffing *self, gboolean store)
{
  gsize n = 0;

  for (gsize row = 0; row < self->n_active; row++)
    {
      gsize point = (gsize) self->active[row];
      const gssize *offset = self->offset[point >= self->half];
      for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS; dir++)
        {
          gsize other = point + (gsize) offset[dir];
          if (!is_forward (self, point, dir) || self->sign[point] == self->sign[other])
            continue;
          if (store)
            {
              self->cuts[n] = (OssCut){ .from = (gint32) point, .to = (gint32) other, .direction = (gint8) dir };
              self->cut_of[row][dir] = self->cut_of[self->slot[other]][oss_lattice_opposite (dir)] = (gint32) n;
            }
          n++;
        }
    }
  return n;
}

/* Where the field crosses the level on each cut edge: bisection, then one secant step within the bracket. */
static void
place_cuts (gsize begin, gsize end, guint thread, void *data)
{
  OssStuffing *self = data;

  for (gsize i = begin; i < end && !oss_tick_stopped (self->tick); i++)
    {
      OssCut *cut = &self->cuts[i];
      double from[3], to[3], mm[3], low = 0.0, high = 1.0;
      double at_low = self->value[cut->from] - self->level, at_high = self->value[cut->to] - self->level;
      oss_lattice_position (self, (gsize) cut->from, from);
      oss_lattice_position (self, (gsize) cut->to, to);
      for (int step = 0; step < N_BISECTIONS; step++)
        {
          double middle = 0.5 * (low + high);
          for (int a = 0; a < 3; a++)
            mm[a] = from[a] + middle * (to[a] - from[a]);
          double value = oss_field_sample (self->field, mm) - self->level;
          if ((value >= 0.0) == (at_low >= 0.0))
            low = middle, at_low = value;
          else
            high = middle, at_high = value;
        }
      cut->raw_t = low + (high - low) * (at_low != at_high ? CLAMP (at_low / (at_low - at_high), 0.0, 1.0) : 0.5);
    }
}

static gboolean
cut_edges (OssStuffing *self, double level, GError **error)
{
  gsize slabs = 2 * (gsize) self->n[2];

  clear_level (self);
  self->level = level;
  oss_parallel_for (slabs, 1, sign_slabs, self);
  oss_parallel_for (slabs, 1, mark_slabs, self);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  if (!number_active (self, error))
    return FALSE;
  self->n_cuts = list_cuts (self, FALSE);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  self->cuts = g_try_new (OssCut, self->n_cuts + 1);
  if (self->cuts == NULL)
    return out_of_memory (error);
  list_cuts (self, TRUE);
  oss_parallel_for (self->n_cuts, CUTS_PER_CHUNK, place_cuts, self);
  return oss_tick_stopped (self->tick) ? oss_tick_cancelled (error) : TRUE;
}

/* Cuts keep the safe distance from ends that may not warp: that bounds the angles as an unviolated cut does. */
static void
reset_cuts (OssStuffing *self)
{
  for (gsize i = 0; i < self->n_cuts; i++)
    {
      OssCut *cut = &self->cuts[i];
      double alpha = oss_lattice_alpha (cut->direction);
      gboolean from_fixed = self->fixed[self->slot[cut->from]], to_fixed = self->fixed[self->slot[cut->to]];
      cut->dead = FALSE;
      cut->t = CLAMP (cut->raw_t, from_fixed ? alpha : 0.0, to_fixed ? 1.0 - alpha : 1.0);
    }
}

/* Point after point in the order of their numbers: a point with a cut too near moves to the nearest one and
 * becomes a point of the surface; the cuts on its edges are gone, also for the points that come later. */
static void
warp (OssStuffing *self)
{
  const double length[2] = { sqrt (0.75), 1.0 };

  for (gsize row = 0; row < self->n_active; row++)
    {
      gsize point = (gsize) self->active[row];
      double nearest = INFINITY;
      self->sign[point] = self->value[point] >= self->level ? 1 : -1;
      self->warp[row] = -1;
      for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS && !self->fixed[row]; dir++)
        {
          gint32 index = self->cut_of[row][dir];
          const OssCut *cut = index >= 0 ? &self->cuts[index] : NULL;
          if (cut == NULL || cut->dead)
            continue;
          double part = cut->from == (gint32) point ? cut->t : 1.0 - cut->t;
          double distance = part * length[oss_lattice_is_long (dir)];
          if (part < oss_lattice_alpha (dir) && distance < nearest)
            {
              nearest = distance;
              self->warp[row] = index;
            }
        }
      if (self->warp[row] < 0)
        continue;
      self->sign[point] = 0;
      for (int dir = 0; dir < OSS_LATTICE_DIRECTIONS; dir++)
        if (self->cut_of[row][dir] >= 0)
          self->cuts[self->cut_of[row][dir]].dead = TRUE;
    }
}

static gint32
find_root (gint32 *parent, gint32 e)
{
  while (parent[e] != e)
    e = parent[e] = parent[parent[e]];
  return e;
}

/* The face-connected group of each tetrahedron, named by its first one; NULL: out of memory. */
static gint32 *
find_groups (const OssMesh *mesh, const gint64 *neighbours)
{
  gint32 *parent = g_try_new (gint32, mesh->n_elements + 1);

  if (parent == NULL)
    return NULL;
  for (gsize e = 0; e < mesh->n_elements; e++)
    parent[e] = (gint32) e;
  for (gsize f = 0; f < 4 * mesh->n_elements; f++)
    if (neighbours[f] > (gint64) f)
      {
        gint32 a = find_root (parent, (gint32) (f / 4)), b = find_root (parent, (gint32) (neighbours[f] / 4));
        parent[MAX (a, b)] = MIN (a, b);
      }
  for (gsize e = 0; e < mesh->n_elements; e++)
    parent[e] = find_root (parent, (gint32) e);
  return parent;
}

/* The largest group by volume, and how many others there are. */
static gint32
largest_group (const OssMesh *mesh, const gint32 *group, double *volume, guint *dropped)
{
  gint32 largest = -1;

  for (gsize e = 0; e < mesh->n_elements; e++)
    volume[group[e]] += oss_mesh_element_volume (mesh, e);
  *dropped = 0;
  for (gsize e = 0; e < mesh->n_elements; e++)
    if (group[e] == (gint32) e)
      {
        *dropped += largest >= 0;
        if (largest < 0 || volume[e] > volume[largest])
          largest = (gint32) e;
      }
  return largest;
}

/* Keeps the tetrahedra of one group and their nodes, in place and in order. */
static void
keep_group (OssTets *tets, const gint32 *group, gint32 kept, gint32 *new_number)
{
  gsize n_tets = 0, n_nodes = 0;

  memset (new_number, 0xff, tets->n_nodes * sizeof (gint32));
  for (gsize e = 0; e < tets->n_tets; e++)
    if (group[e] == kept)
      {
        memmove (tets->tets + 4 * n_tets, tets->tets + 4 * e, 4 * sizeof (gint32));
        for (int i = 0; i < 4; i++)
          new_number[tets->tets[4 * n_tets + (gsize) i]] = 0;
        n_tets++;
      }
  for (gsize node = 0; node < tets->n_nodes; node++)
    if (new_number[node] == 0)
      {
        memmove (tets->nodes + 3 * n_nodes, tets->nodes + 3 * node, 3 * sizeof (double));
        tets->source[n_nodes] = tets->source[node];
        new_number[node] = (gint32) n_nodes++;
      }
  for (gsize i = 0; i < 4 * n_tets; i++)
    tets->tets[i] = new_number[tets->tets[i]];
  tets->n_tets = n_tets;
  tets->n_nodes = n_nodes;
}

/* The arrays of @tets seen as a mesh, without a copy. */
static OssMesh
view (const OssTets *tets)
{
  return (OssMesh){ OSS_ELEMENT_TET4, tets->n_nodes, tets->nodes, tets->n_tets, tets->tets, 1 };
}

/* Keeps the largest group; @neighbours, of the tetrahedra as they were, is matched anew when that changed them. */
static gboolean
drop_groups (OssTets *tets, gint64 **neighbours, guint *dropped, const OssTick *tick, GError **error)
{
  OssMesh mesh = view (tets);
  g_autofree gint32 *group = find_groups (&mesh, *neighbours);
  g_autofree gint32 *new_number = g_try_new (gint32, tets->n_nodes + 1);
  g_autofree double *volume = g_try_new0 (double, tets->n_tets + 1);

  if (group == NULL || new_number == NULL || volume == NULL)
    return out_of_memory (error);
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  gint32 largest = largest_group (&mesh, group, volume, dropped);
  if (*dropped == 0)
    return TRUE;
  keep_group (tets, group, largest, new_number);
  mesh = view (tets);
  g_free (*neighbours);
  *neighbours = oss_mesh_match_faces (&mesh, tick, error);
  return *neighbours != NULL;
}

/* Marks the nodes of tetrahedra with an angle below the limit; those of the plain lattice have 60 degrees and more. */
static void
mark_flat (const OssStuffing *self, guint8 *bad)
{
  const OssTets *tets = &self->tets;

  for (gsize e = 0; e < tets->n_tets && !oss_loop_stopped (self->tick, e); e++)
    {
      const gint32 *corner = tets->tets + 4 * e;
      gboolean plain = TRUE, flat = FALSE;
      double angles[6];
      for (int i = 0; i < 4; i++)
        plain = plain && tets->source[corner[i]] >= 0 && self->sign[tets->source[corner[i]]] > 0;
      if (plain)
        continue;
      oss_tetrahedron_dihedrals (tets->nodes, corner, angles);
      for (int i = 0; i < 6; i++)
        flat = flat || !(angles[i] >= OSS_STUFFING_MINIMUM_DIHEDRAL_DEG);
      for (int i = 0; i < 4 && flat; i++)
        bad[corner[i]] = 1;
    }
}

/* Warped points that spoil the boundary or an angle may not warp any more; @all: none may, once one does.  Without
 * any warp the surface is that of marching tetrahedra, which is closed and manifold, so that this ends. */
static gboolean
fix_points (OssStuffing *self, const gint64 *neighbours, gboolean all, gsize *n_fixed, GError **error)
{
  const OssTets *tets = &self->tets;
  OssMesh mesh = view (tets);
  g_autoptr (OssSurface) surface = oss_mesh_surface_from_faces (&mesh, neighbours, self->tick, error);
  g_autofree guint8 *bad = g_try_new0 (guint8, tets->n_nodes + 1);
  gboolean closed, manifold;

  if (surface == NULL)
    return FALSE;
  if (bad == NULL)
    return out_of_memory (error);
  if (!oss_surface_check (surface, tets->n_nodes, &closed, &manifold, bad, self->tick, error))
    return FALSE;
  mark_flat (self, bad);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  gboolean any = memchr (bad, 1, tets->n_nodes) != NULL;
  *n_fixed = 0;
  for (gsize node = 0; any && node < tets->n_nodes; node++)
    if ((bad[node] || all) && tets->source[node] >= 0 && self->sign[tets->source[node]] == 0)
      {
        self->fixed[self->slot[tets->source[node]]] = 1;
        (*n_fixed)++;
      }
  return TRUE;
}

static gboolean
fill (OssStuffing *self, GError **error)
{
  reset_cuts (self);
  warp (self);
  if (oss_tick_stopped (self->tick))
    return oss_tick_cancelled (error);
  return oss_stencil_fill (self, error);
}

static OssMesh *
make_mesh (const OssTets *tets, GError **error)
{
  OssMesh *mesh = oss_mesh_new (OSS_ELEMENT_TET4, tets->n_nodes, tets->n_tets, error);

  if (mesh != NULL)
    {
      memcpy (mesh->nodes, tets->nodes, 3 * tets->n_nodes * sizeof (double));
      memcpy (mesh->elements, tets->tets, 4 * tets->n_tets * sizeof (gint32));
    }
  return mesh;
}

gboolean
oss_stuffing_set_level (OssStuffing *self, double level, double *volume_mm3, double *slope_mm2, const OssTick *tick,
                        GError **error)
{
  gsize near = 0;

  self->tick = tick;
  for (; self->forced->len > 0; g_array_set_size (self->forced, self->forced->len - 1))
    {
      const OssForced *forced = &g_array_index (self->forced, OssForced, self->forced->len - 1);
      self->value[forced->point] = forced->value;
    }
  if (!cut_edges (self, level, error) || !fill (self, error))
    return FALSE;
  if (!oss_tick_report (tick, 0.9, NULL, error))
    return FALSE;
  OssMesh mesh = view (&self->tets);
  *volume_mm3 = oss_mesh_volume (&mesh);
  for (gsize point = 0; point < 2 * self->half; point++)
    near += fabs (self->value[point] - level) < self->a;
  /* Each point stands for half a cell. */
  *slope_mm2 = -0.5 * pow (self->a, 3.0) * (double) MAX (near, 1) / (2.0 * self->a);
  return oss_tick_report (tick, 1.0, NULL, error);
}

OssMesh *
oss_stuffing_mesh (OssStuffing *self, guint *dropped, const OssTick *tick, GError **error)
{
  gsize n_fixed = 1, n_bridged = 1;

  self->tick = tick;
  for (int round = 0; round < MAX_BRIDGES && n_bridged > 0; round++)
    if (!oss_stuffing_bridge (self, &n_bridged, error)
        || (n_bridged > 0 && (!cut_edges (self, self->level, error) || !fill (self, error))))
      return NULL;
  for (int round = 0; round < MAX_REPAIRS && n_fixed > 0; round++)
    {
      if (!oss_tick_report (tick, (double) round / MAX_REPAIRS, NULL, error) || (round > 0 && !fill (self, error)))
        return NULL;
      if (self->tets.n_tets == 0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                       _ ("The label is thinner than the elements of %g mm everywhere: choose a smaller element size."),
                       self->a);
          return NULL;
        }
      OssMesh mesh = view (&self->tets);
      g_autofree gint64 *neighbours = oss_mesh_match_faces (&mesh, tick, error);
      if (neighbours == NULL || !drop_groups (&self->tets, &neighbours, dropped, tick, error)
          || !fix_points (self, neighbours, round + 2 == MAX_REPAIRS, &n_fixed, error))
        return NULL;
    }
  return make_mesh (&self->tets, error);
}
