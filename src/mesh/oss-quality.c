/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mesh/oss-quality-private.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "mesh/oss-surface-private.h"

#define ELEMENTS_PER_CHUNK 16384
#define BINS_PER_DEGREE 100

static void
corner_vectors (const double *nodes, const gint32 corner[4], double ab[3], double ac[3], double ad[3])
{
  const double *a = nodes + 3 * (gsize) corner[0];

  oss_sub (nodes + 3 * (gsize) corner[1], a, ab);
  oss_sub (nodes + 3 * (gsize) corner[2], a, ac);
  oss_sub (nodes + 3 * (gsize) corner[3], a, ad);
}

/* Outward area vectors (twice the area) of the faces opposite the corners 0 to 3. */
static void
face_normals (const double *nodes, const gint32 corner[4], double normal[4][3])
{
  double ab[3], ac[3], ad[3];

  corner_vectors (nodes, corner, ab, ac, ad);
  oss_cross (ad, ac, normal[1]);
  oss_cross (ab, ad, normal[2]);
  oss_cross (ac, ab, normal[3]);
  for (int i = 0; i < 3; i++)
    normal[0][i] = -(normal[1][i] + normal[2][i] + normal[3][i]);
}

void
oss_tetrahedron_dihedrals (const double *nodes, const gint32 corner[4], double angles_deg[6])
{
  double normal[4][3];
  int n = 0;

  face_normals (nodes, corner, normal);
  for (int i = 0; i < 4; i++)
    for (int j = i + 1; j < 4; j++)
      {
        double sizes = sqrt (oss_dot (normal[i], normal[i]) * oss_dot (normal[j], normal[j]));
        double cosine = sizes > 0.0 ? -oss_dot (normal[i], normal[j]) / sizes : 1.0;
        angles_deg[n++] = acos (CLAMP (cosine, -1.0, 1.0)) * (180.0 / G_PI);
      }
}

/* Inradius 3 V / sum of areas; circumradius |a2 (b x c) + b2 (c x a) + c2 (a x b)| / 12 V, with the edges a, b, c
 * from one corner and their squared lengths a2, b2, c2. */
double
oss_tetrahedron_radius_ratio (const double *nodes, const gint32 corner[4])
{
  double a[3], b[3], c[3], normal[4][3], bc[3], ca[3], ab[3], sum[3], areas = 0.0;

  corner_vectors (nodes, corner, a, b, c);
  face_normals (nodes, corner, normal);
  for (int i = 0; i < 4; i++)
    areas += 0.5 * oss_norm (normal[i]);
  oss_cross (b, c, bc);
  oss_cross (c, a, ca);
  oss_cross (a, b, ab);
  double volume = oss_dot (a, bc) / 6.0;
  for (int i = 0; i < 3; i++)
    sum[i] = oss_dot (a, a) * bc[i] + oss_dot (b, b) * ca[i] + oss_dot (c, c) * ab[i];
  double circle = oss_norm (sum) * areas;
  return circle > 0.0 ? 108.0 * volume * fabs (volume) / circle : 0.0;
}

/* Sums of one chunk of elements; added up in the order of the chunks. */
typedef struct
{
  double volume, ratio_sum, minimum_ratio, minimum_angle, maximum_angle;
  gsize inverted;
  guint32 histogram[180 * BINS_PER_DEGREE + 1];
} Sums;

typedef struct
{
  const OssMesh *mesh;
  Sums *chunks;
  const OssTick *tick;
} Job;

static void
measure_range (gsize begin, gsize end, guint thread, void *data)
{
  const Job *job = data;
  const OssMesh *mesh = job->mesh;
  gsize per_element = (gsize) oss_element_nodes (mesh->kind);
  Sums *sums = &job->chunks[begin / ELEMENTS_PER_CHUNK];

  sums->minimum_ratio = sums->minimum_angle = INFINITY;
  for (gsize e = begin; e < end && !oss_tick_stopped (job->tick); e++)
    {
      const gint32 *corner = mesh->elements + e * per_element;
      double volume = oss_mesh_element_volume (mesh, e), angles[6];
      sums->volume += volume;
      sums->inverted += !(volume > 0.0);
      if (mesh->kind == OSS_ELEMENT_HEX8)
        continue;
      double ratio = oss_tetrahedron_radius_ratio (mesh->nodes, corner);
      sums->ratio_sum += ratio;
      sums->minimum_ratio = MIN (sums->minimum_ratio, ratio);
      oss_tetrahedron_dihedrals (mesh->nodes, corner, angles);
      for (int i = 0; i < 6; i++)
        {
          sums->minimum_angle = MIN (sums->minimum_angle, angles[i]);
          sums->maximum_angle = MAX (sums->maximum_angle, angles[i]);
          sums->histogram[(int) (angles[i] * BINS_PER_DEGREE)]++;
        }
    }
}

/* The angle that one in a hundred of all dihedral angles stays below, to 0.01 degrees. */
static double
first_percentile (const Sums *chunks, gsize n_chunks, gsize n_angles)
{
  gsize seen = 0;

  for (int bin = 0; bin <= 180 * BINS_PER_DEGREE; bin++)
    {
      for (gsize i = 0; i < n_chunks; i++)
        seen += chunks[i].histogram[bin];
      if (100 * seen >= n_angles)
        return (bin + 0.5) / BINS_PER_DEGREE;
    }
  return 180.0;
}

static void
sum_up (const OssMesh *mesh, const Sums *chunks, gsize n_chunks, OssMeshQuality *quality)
{
  double ratio_sum = 0.0;

  quality->minimum_dihedral_deg = quality->minimum_radius_ratio = INFINITY;
  for (gsize i = 0; i < n_chunks; i++)
    {
      quality->volume_mm3 += chunks[i].volume;
      quality->inverted += chunks[i].inverted;
      ratio_sum += chunks[i].ratio_sum;
      quality->minimum_radius_ratio = MIN (quality->minimum_radius_ratio, chunks[i].minimum_ratio);
      quality->minimum_dihedral_deg = MIN (quality->minimum_dihedral_deg, chunks[i].minimum_angle);
      quality->maximum_dihedral_deg = MAX (quality->maximum_dihedral_deg, chunks[i].maximum_angle);
    }
  quality->mean_radius_ratio = ratio_sum / (double) mesh->n_elements;
  if (mesh->kind != OSS_ELEMENT_HEX8)
    {
      quality->p1_dihedral_deg = first_percentile (chunks, n_chunks, 6 * mesh->n_elements);
      return;
    }
  quality->minimum_dihedral_deg = quality->maximum_dihedral_deg = quality->p1_dihedral_deg = 90.0;
  quality->minimum_radius_ratio = quality->mean_radius_ratio = 1.0;
}

gboolean
oss_mesh_measure (const OssMesh *mesh, OssMeshQuality *quality, const OssTick *tick, GError **error)
{
  gsize n_chunks = (mesh->n_elements + ELEMENTS_PER_CHUNK - 1) / ELEMENTS_PER_CHUNK;
  g_autofree gint64 *neighbours = NULL;
  g_autoptr (OssSurface) surface = NULL;
  g_autofree Sums *chunks = g_try_new0 (Sums, n_chunks + 1);
  Job job = { mesh, chunks, tick };

  *quality = (OssMeshQuality){ .elements = mesh->n_elements, .nodes = mesh->n_nodes, .dof = 3 * mesh->n_nodes };
  if (mesh->n_elements == 0)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("The mesh has no elements."));
      return FALSE;
    }
  if (chunks == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("Not enough memory for the mesh quality."));
      return FALSE;
    }
  neighbours = oss_mesh_match_faces (mesh, tick, error);
  surface = neighbours != NULL ? oss_mesh_surface_from_faces (mesh, neighbours, tick, error) : NULL;
  if (surface == NULL
      || !oss_surface_check (surface, mesh->n_nodes, &quality->closed, &quality->manifold, NULL, tick, error))
    return FALSE;
  oss_parallel_for (mesh->n_elements, ELEMENTS_PER_CHUNK, measure_range, &job);
  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  sum_up (mesh, chunks, n_chunks, quality);
  return TRUE;
}

gboolean
oss_mesh_quality (const OssMesh *mesh, OssMeshQuality *quality, GError **error)
{
  return oss_mesh_measure (mesh, quality, NULL, error);
}
