/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

/* Largest distance of neighbouring sample points in voxels, for tetrahedra. */
#define SPACING_VOXELS 0.7
/* Points along an edge: 4 gives 20 points in a tetrahedron; 24 bounds the work in huge elements. */
#define FEWEST_PARTS 4
#define MOST_PARTS 24

/*
 * Partial volume, and what is not done about it.  Density is sampled as the image has it.  Where elements straddle the
 * label's border, voxels mix bone and soft tissue, and a cortical shell thinner than a voxel is a blurred ridge: its
 * peak density is too low and its width too large, its mass about right.  E grows faster than density, so the blurred
 * shell is softer than the real one.  Taking the densest neighbour would count cortex twice by an amount that depends
 * on the kernel; it is not done.
 */
typedef struct
{
  const OssMesh *mesh;
  const OssVolume *density;
  const OssLawChain *chain;
  const OssTick *tick;
  double *modulus;
  double *mean_density; /* [n_elements] mg/cm3 */
} Sampling;

typedef struct
{
  double modulus, density;
  gsize n;
} Sum;

static void
sample (const Sampling *self, const double index[3], Sum *sum)
{
  double density = oss_volume_sample_index (self->density, index);
  sum->modulus += oss_law_chain_modulus (self->chain, density, NULL);
  sum->density += density;
  sum->n++;
}

/* Longest component of any edge among the first @n points, in voxels. */
static double
longest_edge (const double (*x)[3], int n)
{
  double longest = 0.0;
  for (int a = 0; a < n; a++)
    for (int b = 0; b < a; b++)
      for (int k = 0; k < 3; k++)
        longest = fmax (longest, fabs (x[a][k] - x[b][k]));
  return longest;
}

/* Equal weights at barycentric (i + c) / (m + 4 c), i + j + k + l = m = n - 1: a lattice of n points along each edge.
 * Its inset c makes the mean of a squared coordinate 1/10, so that the rule is exact for quadratic fields:
 * with the mean of i^2 over the lattice, m (2 m + 3) / 20, that asks for c^2 + c m / 2 - m / 4 = 0. */
static void
sample_tetrahedron (const Sampling *self, const double (*x)[3], Sum *sum)
{
  int n = (int) fmin (fmax (ceil (longest_edge (x, 4) / SPACING_VOXELS), FEWEST_PARTS), MOST_PARTS);
  double m = n - 1.0, c = 0.25 * (sqrt (m * m + 4.0 * m) - m), scale = 1.0 / (m + 4.0 * c);

  for (int i = 0; i < n; i++)
    for (int j = 0; i + j < n; j++)
      for (int k = 0; i + j + k < n; k++)
        {
          const double b[4] = { (i + c) * scale, (j + c) * scale, (k + c) * scale, (m - i - j - k + c) * scale };
          double index[3];
          for (int axis = 0; axis < 3; axis++)
            index[axis] = b[0] * x[0][axis] + b[1] * x[1][axis] + b[2] * x[2][axis] + b[3] * x[3][axis];
          sample (self, index, sum);
        }
}

/* The midpoints of n x n x n cells, a voxel apart or less: an element that is a voxel reads that voxel. */
static void
sample_hexahedron (const Sampling *self, const double (*x)[3], Sum *sum)
{
  const int corner[8][3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 1, 1, 0 }, { 0, 1, 0 },
                             { 0, 0, 1 }, { 1, 0, 1 }, { 1, 1, 1 }, { 0, 1, 1 } };
  int n = (int) fmin (fmax (ceil (longest_edge (x, 8) - 0.05), 1.0), MOST_PARTS);

  for (int cell = 0; cell < n * n * n; cell++)
    {
      const double t[3] = { (cell % n + 0.5) / n, (cell / n % n + 0.5) / n, (cell / (n * n) + 0.5) / n };
      double index[3] = { 0.0 };
      for (int a = 0; a < 8; a++)
        {
          double weight = 1.0;
          for (int k = 0; k < 3; k++)
            weight *= corner[a][k] ? t[k] : 1.0 - t[k];
          for (int k = 0; k < 3; k++)
            index[k] += weight * x[a][k];
        }
      sample (self, index, sum);
    }
}

static void
sample_elements (gsize begin, gsize end, guint thread, void *data)
{
  const Sampling *self = data;
  const OssMesh *mesh = self->mesh;
  int corners = mesh->kind == OSS_ELEMENT_HEX8 ? 8 : 4, nodes = oss_element_nodes (mesh->kind);
  double x[8][3];

  if (oss_tick_stopped (self->tick))
    return;
  for (gsize e = begin; e < end; e++)
    {
      Sum sum = { .n = 0 };
      for (int a = 0; a < corners; a++)
        oss_grid_to_index (&self->density->grid,
                           mesh->nodes + 3 * (gsize) mesh->elements[e * (gsize) nodes + (gsize) a], x[a]);
      if (corners == 8)
        sample_hexahedron (self, x, &sum);
      else
        sample_tetrahedron (self, x, &sum);
      self->modulus[e] = sum.modulus / (double) sum.n;
      self->mean_density[e] = sum.density / (double) sum.n;
    }
}

typedef struct
{
  double volume, weighted, low, high; /* mm3, MPa mm3, mg/cm3 */
  gsize outside;
} Tally;

static Tally
tally_elements (const Sampling *self, OssModulusSummary *summary)
{
  Tally tally = { .low = G_MAXDOUBLE, .high = -G_MAXDOUBLE };

  *summary = (OssModulusSummary){ .minimum_mpa = G_MAXDOUBLE };
  for (gsize e = 0; e < self->mesh->n_elements; e++)
    {
      double modulus = self->modulus[e], density = self->mean_density[e];
      double volume = oss_mesh_element_volume (self->mesh, e);
      gboolean outside;

      oss_law_chain_modulus (self->chain, density, &outside);
      tally.outside += outside;
      tally.volume += volume;
      tally.weighted += volume * modulus;
      tally.low = fmin (tally.low, density);
      tally.high = fmax (tally.high, density);
      summary->at_floor += modulus <= self->chain->floor_mpa * (1.0 + 1e-9);
      summary->minimum_mpa = fmin (summary->minimum_mpa, modulus);
      summary->maximum_mpa = fmax (summary->maximum_mpa, modulus);
    }
  summary->mean_mpa = tally.weighted / tally.volume;
  summary->outside_range_percent = 100.0 * (double) tally.outside / (double) self->mesh->n_elements;
  return tally;
}

static gboolean
judge (const Sampling *self, OssModulusSummary *summary, GError **error)
{
  gsize n = self->mesh->n_elements;

  for (gsize e = 0; e < n; e++)
    if (!isfinite (self->mean_density[e]))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                     _ ("The density in element %zu is not a number. Look for damaged voxels."), e);
        return FALSE;
      }
  Tally tally = tally_elements (self, summary);
  if (summary->at_floor == n)
    {
      /* Translators: density in mg/cm3; the two numbers are its range. */
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("No bone in the density image: all %zu elements have the least modulus, %g MPa. "
                      "Density spans %.0f to %.0f mg/cm³, which points to a wrong calibration line."),
                   n, self->chain->floor_mpa, tally.low, tally.high);
      return FALSE;
    }
  return TRUE;
}

double *
oss_fem_modulus (const OssMesh *mesh, const OssVolume *density, OssBasis basis, const OssLawChain *chain,
                 OssModulusSummary *summary, const OssTick *tick, GError **error)
{
  g_autofree double *modulus = g_try_new (double, mesh->n_elements);
  g_autofree double *mean_density = g_try_new (double, mesh->n_elements);
  Sampling sampling = {
    .mesh = mesh, .density = density, .chain = chain, .tick = tick, .modulus = modulus, .mean_density = mean_density
  };

  if (basis != chain->from && chain->law->basis != OSS_BASIS_UNKNOWN)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("The density is %s, and the law “%s” was set up for %s density: convert it first."),
                   oss_basis_name (basis), chain->law->name, oss_basis_name (chain->from));
      return NULL;
    }
  if (mesh->n_elements == 0 || modulus == NULL || mean_density == NULL)
    {
      g_set_error (error, OSS_ERROR, mesh->n_elements == 0 ? OSS_ERROR_INVALID_DATA : OSS_ERROR_OUT_OF_MEMORY,
                   _ ("A mesh of %zu elements cannot be given a modulus."), mesh->n_elements);
      return NULL;
    }
  if (!oss_tick_report (tick, 0.0, _ ("Reading the modulus from the density"), error))
    return NULL;
  oss_parallel_for (mesh->n_elements, 256, sample_elements, &sampling);
  if (!oss_tick_report (tick, 1.0, NULL, error) || !judge (&sampling, summary, error))
    return NULL;
  return g_steal_pointer (&modulus);
}

/* Geometric bins bound the relative error of a modulus, whatever its size; the mean of the members leaves
 * the sum of the moduli as it is, and a bin with one member exact. */
void
oss_fem_bin_modulus (const double *modulus_mpa, gsize n, guint bins, double *binned_mpa)
{
  g_autofree double *sum = g_new0 (double, MAX (bins, 1));
  g_autofree gsize *members = g_new0 (gsize, MAX (bins, 1));
  g_autofree guint *bin = g_new (guint, MAX (n, 1));
  double low = G_MAXDOUBLE, high = 0.0;

  for (gsize i = 0; i < n; i++)
    {
      low = fmin (low, modulus_mpa[i]);
      high = fmax (high, modulus_mpa[i]);
    }
  if (bins == 0 || !(high > low))
    {
      memmove (binned_mpa, modulus_mpa, n * sizeof *modulus_mpa);
      return;
    }
  for (gsize i = 0; i < n; i++)
    {
      bin[i] = (guint) fmin (floor (bins * log (modulus_mpa[i] / low) / log (high / low)), bins - 1.0);
      sum[bin[i]] += modulus_mpa[i];
      members[bin[i]]++;
    }
  for (gsize i = 0; i < n; i++)
    binned_mpa[i] = sum[bin[i]] / (double) members[bin[i]];
}
