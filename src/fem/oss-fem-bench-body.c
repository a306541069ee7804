/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "base/oss-vector.h"
#include "fem/oss-fem-bench.h"
#include "mesh/oss-mesher.h"

#include <math.h>
#include <string.h>

#define VOXEL_MM 0.5
/* What is further from the middle than this is held or moved, where it belongs to the body. */
#define END_MM 13.2
#define BODY_UNTIL_MM 14.0

static gboolean
in_oval (const double mm[3], double y, double a, double b)
{
  double u = mm[0] / a, v = (mm[1] - y) / b;
  return u * u + v * v < 1.0;
}

/* Within @radius of the segment from @a to @b. */
static gboolean
in_capsule (const double mm[3], const double a[3], const double b[3], double radius)
{
  double ab[3], ap[3];

  oss_sub (b, a, ab);
  oss_sub (mm, a, ap);
  double t = CLAMP (oss_dot (ap, ab) / oss_dot (ab, ab), 0.0, 1.0);
  for (int i = 0; i < 3; i++)
    ap[i] -= t * ab[i];
  return oss_dot (ap, ap) < radius * radius;
}

/* Front is -y. */
static gboolean
in_vertebra (const double mm[3])
{
  double height = fabs (mm[2]) / 13.5, waist = 1.0 - 0.12 * (1.0 - MIN (height * height, 1.0));
  const double p[3] = { fabs (mm[0]), mm[1], mm[2] };

  if (in_oval (mm, 24.0, 11.0, 9.0))
    return FALSE; /* canal */
  if (height < 1.0 && in_oval (mm, 0.0, 22.5 * waist, 16.0 * waist))
    return TRUE;
  return in_capsule (p, (double[3]){ 14.0, 12.0, 4.0 }, (double[3]){ 15.0, 28.0, 3.0 }, 4.5)     /* pedicle */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 2.0 }, (double[3]){ 0.0, 36.0, -4.0 }, 3.6)  /* lamina */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 2.0 }, (double[3]){ 34.0, 33.0, 4.0 }, 3.2)  /* transverse */
         || in_capsule (p, (double[3]){ 0.0, 36.0, -4.0 }, (double[3]){ 0.0, 58.0, -10.0 }, 3.6) /* spinous */
         || in_capsule (p, (double[3]){ 15.0, 28.0, 0.0 }, (double[3]){ 15.0, 30.0, 17.0 }, 4.2)
         || in_capsule (p, (double[3]){ 14.0, 29.0, 0.0 }, (double[3]){ 13.0, 32.0, -19.0 }, 4.2); /* articular */
}

static OssLabels *
label_vertebra (GError **error)
{
  OssGrid grid = { .size = { 152, 168, 98 },
                   .spacing = { VOXEL_MM, VOXEL_MM, VOXEL_MM },
                   .origin = { -37.75, -19.75, -24.75 },
                   .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssLabels *labels = oss_labels_new (&grid, error);

  for (int k = 0; k < grid.size[2] && labels != NULL; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          const double index[3] = { i, j, k };
          double mm[3];
          oss_grid_to_patient (&grid, index, mm);
          labels->data[oss_grid_offset (&grid, i, j, k)] = in_vertebra (mm);
        }
  return labels;
}

static double *
make_modulus (const OssMesh *mesh, GError **error)
{
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, error);
  gsize nn = (gsize) oss_element_nodes (mesh->kind), corners = mesh->kind == OSS_ELEMENT_HEX8 ? 8 : 4;
  OssRandom random;

  if (surface == NULL)
    return NULL;
  g_autofree guint8 *outside = g_new0 (guint8, mesh->n_nodes);
  double *modulus = g_new (double, mesh->n_elements);
  oss_random_init (&random, 1, 0);
  for (gsize i = 0; i < 3 * surface->n; i++)
    outside[surface->triangles[i]] = 1;
  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      gboolean shell = FALSE;
      for (gsize a = 0; a < corners; a++)
        shell |= outside[mesh->elements[e * nn + a]];
      modulus[e] = shell ? 8900.0 : 700.0 * exp (0.5 * oss_random_normal (&random));
      if (oss_random_uniform (&random) < 0.02)
        modulus[e] = 0.1;
    }
  return modulus;
}

static GArray *
make_loads (const OssMesh *mesh)
{
  GArray *prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));

  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      for (gint8 axis = 0; axis < 3 && fabs (x[2]) > END_MM && x[1] < BODY_UNTIL_MM; axis++)
        {
          OssNodal load = { (gint32) i, axis, x[2] > 0.0 && axis == 2 ? -0.1 : 0.0 };
          g_array_append_val (prescribed, load);
        }
    }
  return prescribed;
}

OssBenchBody *
oss_bench_body_new (OssElementKind kind, double size_mm, const OssTick *tick, GError **error)
{
  g_autoptr (OssLabels) labels = label_vertebra (error);
  OssMeshOptions options = { .kind = kind, .size_mm = size_mm };
  g_autoptr (OssBenchBody) self = g_new0 (OssBenchBody, 1);
  OssMeshQuality quality;

  if (labels == NULL || (self->mesh = oss_mesher_run (labels, &options, &quality, tick, error)) == NULL
      || (self->modulus_mpa = make_modulus (self->mesh, error)) == NULL)
    return NULL;
  self->prescribed = make_loads (self->mesh);
  return g_steal_pointer (&self);
}

void
oss_bench_body_free (OssBenchBody *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_clear_pointer (&self->prescribed, g_array_unref);
  g_free (self->modulus_mpa);
  g_free (self);
}

OssFemModel
oss_bench_body_model (const OssBenchBody *self)
{
  return (OssFemModel){ .mesh = self->mesh,
                        .modulus_mpa = self->modulus_mpa,
                        .poisson = 0.3,
                        .prescribed = (const OssNodal *) (const void *) self->prescribed->data,
                        .n_prescribed = self->prescribed->len };
}

/* --- Trabeculae --- */

#define WAVES 48
/* Voxels between two plates, and the height at which a Gaussian field of unit variance is cut: one value in eight is
 * nearer to zero. */
#define WAVE_VOXELS 80.0
#define CUT 0.1573
/* Thickness of the shell around a centrum. */
#define SHELL_VOXELS 6.0

typedef struct
{
  gsize size[3];
  gboolean centrum;
  double wave[WAVES][3], phase[WAVES];
  guint8 *bits;
  const OssTick *tick;
} Trabeculae;

/* Along a row a wave turns by the same angle from voxel to voxel. */
static void
fill_row (const Trabeculae *self, gsize y, gsize z, gsize first, gsize end, double *field)
{
  memset (field, 0, self->size[0] * sizeof *field);
  for (int w = 0; w < WAVES; w++)
    {
      double at = self->phase[w] + self->wave[w][0] * (double) first + self->wave[w][1] * (double) y
                  + self->wave[w][2] * (double) z;
      double c = cos (at), s = sin (at), turn_c = cos (self->wave[w][0]), turn_s = sin (self->wave[w][0]);
      for (gsize x = first; x < end; x++)
        {
          double next = c * turn_c - s * turn_s;
          field[x] += c;
          s = s * turn_c + c * turn_s;
          c = next;
        }
    }
}

/* The part of a row that lies within the ellipse, @margin voxels from its border at least. */
static void
find_chord (const Trabeculae *self, gsize y, double margin, gsize *first, gsize *end)
{
  double a = 0.5 * (double) self->size[0] - margin, b = 0.5 * (double) self->size[1] - margin,
         at = ((double) y + 0.5 - 0.5 * (double) self->size[1]) / b;
  double half = fabs (at) < 1.0 ? a * sqrt (1.0 - at * at) : 0.0;

  *first = (gsize) (0.5 * (double) self->size[0] - half + 0.5);
  *end = MAX ((gsize) (0.5 * (double) self->size[0] + half + 0.5), *first);
}

static void
fill_planes (gsize begin, gsize end, guint thread, void *data)
{
  const Trabeculae *self = data;
  gsize row_bytes = (self->size[0] + 7) / 8;
  g_autofree double *field = g_new (double, self->size[0]);
  double cut = CUT * sqrt (WAVES / 2.0); /* the variance of a cosine is a half */

  for (gsize z = begin; z < end; z++)
    for (gsize y = 0; y < self->size[1] && !oss_tick_stopped (self->tick); y++)
      {
        guint8 *row = self->bits + (z * self->size[1] + y) * row_bytes;
        gsize outer[2] = { 0, self->size[0] }, inner[2] = { 0, self->size[0] };
        if (self->centrum)
          {
            find_chord (self, y, 0.0, &outer[0], &outer[1]);
            find_chord (self, y, SHELL_VOXELS, &inner[0], &inner[1]);
          }
        fill_row (self, y, z, inner[0], inner[1], field);
        for (gsize x = outer[0]; x < outer[1]; x++)
          if (x < inner[0] || x >= inner[1] || fabs (field[x]) < cut)
            row[x >> 3] |= (guint8) (1u << (x & 7));
      }
}

guint8 *
oss_bench_trabeculae (const gsize size[3], gboolean centrum, const OssTick *tick, GError **error)
{
  Trabeculae self = { .size = { size[0], size[1], size[2] }, .centrum = centrum, .tick = tick };
  OssRandom random;

  if ((self.bits = oss_alloc_aligned (size[1] * size[2], (size[0] + 7) / 8, _ ("the image"), error)) == NULL)
    return NULL;
  oss_random_init (&random, 1, 0);
  for (int w = 0; w < WAVES; w++)
    {
      double length = 0.0;
      for (int k = 0; k < 3; k++)
        {
          self.wave[w][k] = oss_random_normal (&random);
          length += self.wave[w][k] * self.wave[w][k];
        }
      for (int k = 0; k < 3; k++)
        self.wave[w][k] *= 2.0 * G_PI / WAVE_VOXELS / sqrt (length);
      self.phase[w] = 2.0 * G_PI * oss_random_uniform (&random);
    }
  oss_parallel_for (size[2], 1, fill_planes, &self);
  if (!oss_tick_stopped (tick))
    return self.bits;
  oss_free_aligned (self.bits);
  oss_tick_cancelled (error);
  return NULL;
}
