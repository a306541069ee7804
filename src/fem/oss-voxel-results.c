/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "base/oss-vector.h"
#include "fem/oss-fem-private.h"
#include "fem/oss-voxel-private.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const OssVoxelSystem *system;
  const OssVoxelLevel *level;
  const double *displacement;
  const double *strain;
  const OssVoxelFields *fields;
  double lambda, mu; /* for E = 1 */
  double affine[24]; /* the homogeneous displacement at the corners of a voxel */
} Recovery;

/* Strain at the centre: differences of the means of opposite faces. */
static void
centre_strain (const OssVoxelLevel *level, const double u[24], double strain[6])
{
  double h[3][3] = { { 0.0 } };

  for (int node = 0; node < 8; node++)
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < 3; k++)
        h[i][k] += (node >> k & 1 ? 0.25 : -0.25) * u[3 * node + i] / level->spacing_mm[k];
  for (int k = 0; k < 3; k++)
    {
      strain[k] = h[k][k];
      strain[3 + k] = h[(k + 1) % 3][(k + 2) % 3] + h[(k + 2) % 3][(k + 1) % 3];
    }
}

static void
stress_of (const Recovery *self, double modulus, const double strain[6], double stress[6])
{
  double pressure = self->lambda * (strain[0] + strain[1] + strain[2]);
  for (int i = 0; i < 3; i++)
    {
      stress[i] = modulus * (pressure + 2.0 * self->mu * strain[i]);
      stress[3 + i] = modulus * self->mu * strain[3 + i];
    }
}

/* Mean strain energy density: 1/2 u K u / V. */
static double
mean_energy (const OssVoxelLevel *level, double modulus, const double u[24])
{
  double energy = 0.0;
  for (int f = 0; f < 24; f++)
    {
      double force = 0.0;
      for (int g = 0; g < 24; g++)
        force += level->stiffness[f][g] * u[g];
      energy += u[f] * force;
    }
  return 0.5 * modulus * energy / (level->spacing_mm[0] * level->spacing_mm[1] * level->spacing_mm[2]);
}

static void
recover_element (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Recovery *self = data;
  const OssVoxelFields *fields = self->fields;
  double u[24], strain[6], stress[6], modulus = self->level->modulus[element];

  for (int node = 0; node < 8; node++)
    for (int c = 0; c < 3; c++)
      u[3 * node + c] = self->displacement[3 * nodes[node] + (gsize) c] + self->affine[3 * node + c];
  centre_strain (self->level, u, strain);
  stress_of (self, modulus, strain, stress);
  if (fields->strain != NULL)
    memcpy (fields->strain + 6 * element, strain, sizeof strain);
  if (fields->stress_mpa != NULL)
    memcpy (fields->stress_mpa + 6 * element, stress, sizeof stress);
  if (fields->von_mises_mpa != NULL)
    fields->von_mises_mpa[element] = oss_von_mises (stress);
  if (fields->sed_centre_mpa != NULL)
    {
      double twice = 0.0;
      for (int i = 0; i < 6; i++)
        twice += strain[i] * stress[i];
      fields->sed_centre_mpa[element] = 0.5 * twice;
    }
  if (fields->sed_mean_mpa != NULL)
    fields->sed_mean_mpa[element] = mean_energy (self->level, modulus, u);
}

gboolean
oss_voxel_fields (const OssVoxelSystem *self, const double *displacement_mm, const double strain[6],
                  const OssVoxelFields *fields, const OssTick *tick, GError **error)
{
  const OssVoxelLevel *level = self->level[0];
  Recovery recovery = { .system = self, .level = level, .displacement = displacement_mm, .fields = fields };

  oss_lame_unit (self->poisson, &recovery.lambda, &recovery.mu);
  for (int node = 0; strain != NULL && node < 8; node++)
    {
      double at[3];
      for (int k = 0; k < 3; k++)
        at[k] = node >> k & 1 ? level->spacing_mm[k] : 0.0;
      for (int k = 0; k < 3; k++)
        {
          int i = (k + 1) % 3, j = (k + 2) % 3;
          recovery.affine[3 * node + k] += strain[k] * at[k];
          recovery.affine[3 * node + i] += 0.5 * strain[3 + k] * at[j];
          recovery.affine[3 * node + j] += 0.5 * strain[3 + k] * at[i];
        }
    }
  return oss_voxel_system_visit (self, recover_element, &recovery, tick, error);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double p = *(const double *) a, q = *(const double *) b;
  return (p > q) - (p < q);
}

double
oss_voxel_pistoia (const OssVoxelSystem *self, const double *sed_mpa, double fraction, double strain)
{
  const OssVoxelLevel *level = self->level[0];
  gsize n = level->n_elements, exceeding = (gsize) (fraction * (double) n);
  g_autofree double *effective = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    effective[i] = sqrt (2.0 * MAX (sed_mpa[i], 0.0) / level->modulus[i]);
  qsort (effective, n, sizeof *effective, compare_doubles);
  double limit = effective[n - 1 - MIN (exceeding, n - 1)];
  return limit > 0.0 ? strain / limit : 0.0;
}

static void
store_plane (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax)
{
  memcpy ((double *) sweep->data + begin, ax, n * sizeof (double));
}

gboolean
oss_voxel_system_apply (OssVoxelSystem *self, const double *displacement_mm, const double strain[6], double *force_n,
                        GError **error)
{
  const OssVoxelLevel *level = self->level[0];
  double *u = oss_alloc_aligned (3 * level->n_nodes + OSS_VOXEL_PAD, sizeof *u, _ ("the voxel solver"), error);
  double *f = oss_alloc_aligned (3 * level->n_nodes + OSS_VOXEL_PAD, sizeof *f, _ ("the voxel solver"), error);
  OssVoxelSweep sweep = { .level = level, .precision = OSS_VOXEL_DOUBLE, .u = u, .finish = store_plane, .data = f };
  gboolean done = u != NULL && f != NULL && oss_voxel_work_prepare (&self->work, level->largest_plane, error);

  if (done)
    {
      oss_voxel_from_public (self, displacement_mm, u);
      if (strain != NULL)
        oss_voxel_add_homogeneous (self, strain, 1.0, u);
      oss_voxel_sweep (&sweep, &self->work);
      oss_voxel_to_public (self, f);
      memcpy (force_n, f, 3 * self->n_public_nodes * sizeof *f);
    }
  oss_free_aligned (u);
  oss_free_aligned (f);
  return done;
}

gboolean
oss_voxel_system_precondition (OssVoxelSystem *self, const double *residual_n, double *correction_mm, GError **error)
{
  OssVoxelLevel *level = self->level[0];
  gsize n = 3 * level->n_nodes;

  if (!oss_voxel_cycle_prepare (self, error) || !oss_voxel_work_prepare (&self->work, level->largest_plane, error))
    return FALSE;
  double *vector = oss_alloc_aligned (n + OSS_VOXEL_PAD, sizeof *vector, _ ("the voxel solver"), error);
  if (vector == NULL)
    return FALSE;
  oss_voxel_from_public (self, residual_n, vector);
  for (gsize i = 0; i < n; i++)
    level->b[i] = (float) vector[i];
  for (gsize i = 0; i < level->n_fixed; i++)
    level->b[level->fixed[i]] = 0.0f;
  const float *z = oss_voxel_cycle (self, NULL);
  for (gsize i = 0; i < n; i++)
    vector[i] = z[i];
  for (gsize i = 0; i < level->n_fixed; i++)
    vector[level->fixed[i]] = 0.0;
  oss_voxel_take_motions_out (self, vector);
  oss_voxel_to_public (self, vector);
  memcpy (correction_mm, vector, 3 * self->n_public_nodes * sizeof *vector);
  oss_free_aligned (vector);
  return TRUE;
}
