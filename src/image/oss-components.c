/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-labels.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"

#include <string.h>

/* Two passes with union-find (Rosenfeld and Pfaltz 1966); a root is the smallest label of its set. */
static guint32
find_root (guint32 *parent, guint32 label)
{
  while (parent[label] != label)
    {
      parent[label] = parent[parent[label]]; /* path halving */
      label = parent[label];
    }
  return label;
}

static guint32
unite (guint32 *parent, guint32 a, guint32 b)
{
  a = find_root (parent, a);
  b = find_root (parent, b);
  parent[MAX (a, b)] = MIN (a, b);
  return MIN (a, b);
}

typedef struct
{
  int step[13][3]; /* the neighbours that come earlier in memory */
  int n;
} Neighbours;

static Neighbours
earlier_neighbours (int connectivity)
{
  Neighbours result = { .n = 0 };
  int reach = connectivity == 6 ? 1 : connectivity == 18 ? 2 : 3;

  for (int k = -1; k <= 0; k++)
    for (int j = -1; j <= 1; j++)
      for (int i = -1; i <= 1; i++)
        {
          gboolean earlier = k < 0 || (k == 0 && (j < 0 || (j == 0 && i < 0)));

          if (earlier && abs (i) + abs (j) + abs (k) <= reach)
            memcpy (result.step[result.n++], (const int[3]){ i, j, k }, sizeof (int[3]));
        }
  return result;
}

/* First pass: provisional labels into @part; parent[] of guint32, entry 0 the background. */
static void
provisional_labels (const OssLabels *self, const Neighbours *neighbours, guint32 *part, GArray *parents)
{
  const int *size = self->grid.size;
  gsize at = 0;

  for (int k = 0; k < size[2]; k++)
    for (int j = 0; j < size[1]; j++)
      for (int i = 0; i < size[0]; i++, at++)
        {
          guint32 label = 0;

          part[at] = 0;
          if (self->data[at] == 0)
            continue;
          for (int m = 0; m < neighbours->n; m++)
            {
              int x = i + neighbours->step[m][0], y = j + neighbours->step[m][1], z = k + neighbours->step[m][2];
              guint32 other;

              if (x < 0 || y < 0 || z < 0 || x >= size[0] || y >= size[1])
                continue;
              other = part[oss_grid_offset (&self->grid, x, y, z)];
              if (other != 0 && other != label)
                label = label == 0 ? other : unite ((guint32 *) parents->data, label, other);
            }
          if (label == 0)
            {
              label = parents->len;
              g_array_append_val (parents, label);
            }
          part[at] = label;
        }
}

typedef struct
{
  gsize count;
  guint32 root;
} Part;

static int
compare_parts (const void *a, const void *b)
{
  const Part *x = a, *y = b;

  if (x->count != y->count)
    return x->count > y->count ? -1 : 1;
  return x->root < y->root ? -1 : x->root > y->root; /* equal sizes: in order of appearance */
}

/* Second pass: final numbers, the largest first. */
static GArray *
final_labels (guint32 *part, gsize count, guint32 *parent, guint32 n_labels)
{
  g_autofree gsize *counts = g_new0 (gsize, n_labels);
  g_autofree guint32 *number = g_new0 (guint32, n_labels);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (Part));
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize at = 0; at < count; at++)
    counts[part[at]]++;
  for (guint32 label = n_labels - 1; label > 0; label--)
    if (parent[label] != label)
      counts[find_root (parent, label)] += counts[label];
  for (guint32 label = 1; label < n_labels; label++)
    if (parent[label] == label)
      g_array_append_val (parts, ((Part){ counts[label], label }));
  if (parts->len > 1)
    qsort (parts->data, parts->len, sizeof (Part), compare_parts);
  for (guint m = 0; m < parts->len; m++)
    {
      const Part *p = &g_array_index (parts, Part, m);

      number[p->root] = m + 1;
      g_array_append_val (sizes, p->count);
    }
  for (guint32 label = 1; label < n_labels; label++)
    number[label] = number[find_root (parent, label)];
  for (gsize at = 0; at < count; at++)
    part[at] = number[part[at]];
  return sizes;
}

guint32 *
oss_labels_components (const OssLabels *self, int connectivity, GArray **sizes, GError **error)
{
  gsize count = oss_grid_count (&self->grid);
  Neighbours neighbours = earlier_neighbours (connectivity);
  g_autoptr (GArray) parents = NULL;
  GArray *found;
  guint32 *part;
  guint32 background = 0;

  if (connectivity != 6 && connectivity != 18 && connectivity != 26)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Connectivity %d: must be 6, 18 or 26."), connectivity);
      return NULL;
    }
  part = g_try_new (guint32, count);
  if (part == NULL)
    {
      g_autofree char *needed = oss_memory_text ((double) count * sizeof (guint32));
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("Not enough memory for connected parts: %s are needed."), needed);
      return NULL;
    }
  parents = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_append_val (parents, background);
  provisional_labels (self, &neighbours, part, parents);
  found = final_labels (part, count, (guint32 *) parents->data, parents->len);
  if (sizes != NULL)
    *sizes = found;
  else
    g_array_unref (found);
  return part;
}

OssLabels *
oss_labels_keep_largest (const OssLabels *self, guint *islands, gsize *island_voxels, GError **error)
{
  g_autoptr (OssLabels) result = oss_labels_copy (self, error), box = NULL;
  g_autoptr (GArray) sizes = NULL;
  g_autofree guint32 *part = NULL;
  gsize removed = 0;
  int low[3], high[3];

  if (islands != NULL)
    *islands = 0;
  if (island_voxels != NULL)
    *island_voxels = 0;
  if (result == NULL)
    return NULL;
  if (!oss_labels_box (self, 0, low, high))
    return g_steal_pointer (&result);
  box = oss_labels_crop (self, low, high, error);
  part = box != NULL ? oss_labels_components (box, 6, &sizes, error) : NULL;
  if (part == NULL)
    return NULL;

  const guint32 *p = part;

  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      {
        guint8 *row = result->data + oss_grid_offset (&self->grid, 0, j, k);

        for (int i = low[0]; i <= high[0]; i++)
          if (*p++ > 1)
            row[i] = 0;
      }
  for (guint m = 1; m < sizes->len; m++)
    removed += g_array_index (sizes, gsize, m);
  if (islands != NULL)
    *islands = sizes->len - 1;
  if (island_voxels != NULL)
    *island_voxels = removed;
  return g_steal_pointer (&result);
}

/* Which parts reach a face of the box: they are open to the outside. */
static gboolean *
open_parts (const OssGrid *grid, const guint32 *part, guint n_parts)
{
  gboolean *open = g_new0 (gboolean, n_parts + 1);
  const int *size = grid->size;

  for (int k = 0; k < size[2]; k++)
    for (int j = 0; j < size[1]; j++)
      {
        const guint32 *row = part + oss_grid_offset (grid, 0, j, k);
        gboolean on_face = j == 0 || j == size[1] - 1 || k == 0 || k == size[2] - 1;

        for (int i = 0; i < size[0]; i += on_face || size[0] == 1 ? 1 : size[0] - 1)
          open[row[i]] = TRUE;
      }
  return open;
}

OssLabels *
oss_labels_fill_holes (const OssLabels *self, GError **error)
{
  g_autoptr (OssLabels) result = oss_labels_copy (self, error), box = NULL, background = NULL;
  g_autoptr (GArray) sizes = NULL;
  g_autofree guint32 *part = NULL;
  g_autofree gboolean *open = NULL;
  int low[3], high[3];
  guint8 value;

  if (result == NULL)
    return NULL;
  if (!oss_labels_box (self, 0, low, high))
    return g_steal_pointer (&result);
  box = oss_labels_crop (self, low, high, error);
  background = box != NULL ? oss_labels_select (box, 0, error) : NULL;
  part = background != NULL ? oss_labels_components (background, 6, &sizes, error) : NULL;
  if (part == NULL)
    return NULL;
  open = open_parts (&box->grid, part, sizes->len);
  value = oss_labels_smallest (box);

  const guint32 *p = part;

  for (int k = low[2]; k <= high[2]; k++)
    for (int j = low[1]; j <= high[1]; j++)
      {
        guint8 *row = result->data + oss_grid_offset (&self->grid, 0, j, k);

        for (int i = low[0]; i <= high[0]; i++, p++)
          if (*p > 0 && !open[*p])
            row[i] = value;
      }
  return g_steal_pointer (&result);
}
