/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A compressed voxel solid beyond yield: the load path in the direction of the linear solution, and its images. */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-compression-private.h"

#include <math.h>

/* Yield stresses and results besides what oss_voxel_solve_nonlinear() takes, per element. */
#define BYTES_OF_FIELDS (6.0 * sizeof (double))

/* How the elements of a system yield; oss_fem_yield() by their moduli. */
typedef struct
{
  double *compression_mpa, *tension_mpa;
} Stresses;

static void
stresses_clear (Stresses *self)
{
  oss_free_aligned (self->compression_mpa);
  oss_free_aligned (self->tension_mpa);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stresses, stresses_clear)

/* Voxels of labels that never yield. */
static gboolean
leave_elastic (Stresses *self, const OssVoxelSystem *system, const OssVoxelCompression *given, gsize n, GError **error)
{
  guint64 *voxel;

  if (given->elastic == NULL || given->labels == NULL)
    return TRUE;
  if ((voxel = oss_alloc_aligned (n, sizeof *voxel, _ ("the yield stresses"), error)) == NULL)
    return FALSE;
  oss_voxel_system_element_voxels (system, voxel);
  for (gsize e = 0; e < n; e++)
    if (given->elastic[given->labels->data[voxel[e]]])
      self->compression_mpa[e] = self->tension_mpa[e] = INFINITY;
  oss_free_aligned (voxel);
  return TRUE;
}

static gboolean
stresses_init (Stresses *self, const OssVoxelSystem *system, const OssVoxelCompression *given, gsize n, GError **error)
{
  const char *what = _ ("the yield stresses");

  *self = (Stresses){ .compression_mpa = NULL };
  float *modulus = oss_alloc_aligned (n, sizeof *modulus, what, error);
  if (modulus == NULL)
    return FALSE;
  if ((self->compression_mpa = oss_alloc_aligned (n, sizeof (double), what, error)) != NULL
      && (self->tension_mpa = oss_alloc_aligned (n, sizeof (double), what, error)) != NULL)
    {
      oss_voxel_system_element_moduli (system, modulus);
      for (gsize e = 0; e < n; e++)
        oss_yield_rule_stress (&given->yielding->rule, modulus[e], &self->compression_mpa[e], &self->tension_mpa[e]);
    }
  oss_free_aligned (modulus);
  return self->tension_mpa != NULL && leave_elastic (self, system, given, n, error);
}

gboolean
oss_voxel_beyond_room (const OssVoxelSystem *system, GError **error)
{
  OssVoxelInfo info;

  oss_voxel_system_info (system, &info);
  return oss_voxel_nonlinear_room (system, BYTES_OF_FIELDS * (double) info.n_elements, error);
}

static OssVolume *
spread (const OssGrid *grid, const guint64 *voxel, const double *value, gsize n, GError **error)
{
  OssVolume *volume = oss_volume_new (grid, OSS_QUANTITY_OTHER, error);

  for (gsize e = 0; volume != NULL && e < n; e++)
    volume->data[voxel[e]] = (float) value[e];
  return volume;
}

static gboolean
take_images (const OssVoxelSystem *system, const OssGrid *grid, OssVoxelCompressed *result, GError **error)
{
  const OssFemCurve *curve = result->curve;
  gsize n = curve->n_elements;
  guint64 *voxel = oss_alloc_aligned (n, sizeof *voxel, _ ("the results"), error);

  if (voxel == NULL)
    return FALSE;
  oss_voxel_system_element_voxels (system, voxel);
  result->plastic_strain = spread (grid, voxel, curve->plastic_strain, n, error);
  if (result->plastic_strain != NULL)
    result->von_mises_end_mpa = spread (grid, voxel, curve->element_von_mises, n, error);
  oss_free_aligned (voxel);
  return result->von_mises_end_mpa != NULL;
}

gboolean
oss_voxel_beyond (OssVoxelSystem *system, const OssVoxelCompression *given, const double *held_mm, gsize n_held,
                  OssVoxelCompressed *result, const OssTick *tick, GError **error)
{
  const OssFemPath path = oss_yielding_path (given->yielding, result->distance_mm);
  double scale = path.displacement_mm / fabs (result->displacement_mm);
  gint64 begin = g_get_monotonic_time ();
  g_auto (Stresses) stresses = { .compression_mpa = NULL };

  if (!stresses_init (&stresses, system, given, result->n_elements, error))
    return FALSE;
  g_autofree double *at_end = g_new (double, MAX (n_held, 1));
  for (gsize i = 0; i < n_held; i++)
    at_end[i] = scale * held_mm[i];
  const OssFemPlasticity plasticity =
      oss_yielding_plasticity (given->yielding, stresses.compression_mpa, stresses.tension_mpa);
  result->curve = oss_voxel_solve_nonlinear (system, at_end, &plasticity, &path, tick, error);
  if (result->curve == NULL || !take_images (system, &given->modulus_mpa->grid, result, error))
    return FALSE;
  result->curve_seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  return TRUE;
}

void
oss_voxel_compressed_strength (const OssVoxelCompressed *self, OssStrength *strength)
{
  double stiffness = fabs (self->stiffness_n_per_mm);

  *strength = (OssStrength){ .reaction_n = fabs (self->reaction_n),
                             .displacement_mm = fabs (self->displacement_mm),
                             .height_mm = self->distance_mm,
                             .stiffness_n_per_mm = stiffness,
                             .apparent_0_68_percent_n = OSS_APPARENT_STRAIN * stiffness * self->distance_mm,
                             .linear_2_percent_n = OSS_LINEAR_STRAIN * stiffness * self->distance_mm,
                             .pistoia_n = fabs (self->pistoia_failure_load_n) };
}
