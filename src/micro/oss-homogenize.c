/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel.h"
#include "micro/oss-homogenize-private.h"

#include <math.h>
#include <string.h>

/* A stiffness this small beside the Voigt bound is rounding: nothing carries. */
#define CARRIES_ABOVE 1e-9

static const char *const names[] = { "kubc", "subc", "pbc", "mixed" };

const char *
oss_boundary_name (OssBoundary boundary)
{
  return names[boundary];
}

gboolean
oss_boundary_from_name (const char *name, OssBoundary *boundary)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      {
        *boundary = (OssBoundary) i;
        return TRUE;
      }
  return FALSE;
}

void
oss_homogenized_clear (OssHomogenized *self)
{
  g_clear_pointer (&self->history, g_free);
}

/* One system of equations and what goes with it. */
typedef struct
{
  const OssMicroVolume *volume;
  float *filled;    /* the moduli with the void filled; NULL when it stays empty */
  GArray *freedoms; /* of the border: held, or loaded (SUBC) */
  OssVoxelSystem *system;
  double *stress, *strain, *sed; /* [n_elements][6], [n_elements][6], [n_elements]: room for the fields */
  gsize n_elements;
} Box;

static void
box_drop_system (Box *self)
{
  g_clear_pointer (&self->system, oss_voxel_system_free);
  g_clear_pointer (&self->freedoms, g_array_unref);
  g_clear_pointer (&self->stress, oss_free_aligned);
  g_clear_pointer (&self->strain, oss_free_aligned);
  g_clear_pointer (&self->sed, oss_free_aligned);
}

static void
box_clear (Box *self)
{
  box_drop_system (self);
  oss_free_aligned (self->filled);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Box, box_clear)

/* --- Input --- */

static gboolean
refuse (GError **error, char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, message);
  g_free (message);
  return FALSE;
}

static gboolean
check_volume (const OssMicroVolume *volume, GError **error)
{
  gsize bone = 0, n = oss_micro_volume_count (volume), bad = 0;
  double filler = volume->void_modulus_mpa;

  if (n == 0)
    return refuse (error, g_strdup_printf (_ ("A volume of %zu × %zu × %zu voxels cannot be homogenised."),
                                           volume->size[0], volume->size[1], volume->size[2]));
  if (!(volume->poisson > -1.0 && volume->poisson < 0.5))
    return refuse (error, g_strdup_printf (_ ("Poisson’s ratio is %g: it must be more than −1 and less than 0.5."),
                                           volume->poisson));
  for (gsize v = 0; v < n; v++)
    {
      bad += !(volume->modulus_mpa[v] >= 0.0f) || !isfinite (volume->modulus_mpa[v]);
      bone += volume->modulus_mpa[v] > 0.0f;
    }
  if (bad > 0)
    return refuse (error, g_strdup_printf (_ ("The modulus of %zu voxels is negative or not a number."), bad));
  if (bone == 0)
    return refuse (error, g_strdup (_ ("There is no bone in the volume: every voxel is void.")));
  if (!(filler >= 0.0) || !isfinite (filler))
    return refuse (error,
                   g_strdup_printf (_ ("What fills the void has a modulus of %g MPa: 0 or more is needed."), filler));
  if (volume->boundary == OSS_BOUNDARY_SUBC && bone < n && !(filler > 0.0))
    return refuse (error, g_strdup (_ ("Uniform tractions act on void as well: give what fills the void a modulus "
                                       "above 0, or choose other boundary conditions.")));
  return TRUE;
}

static gboolean
fill_void (Box *self, GError **error)
{
  const OssMicroVolume *volume = self->volume;
  gsize n = oss_micro_volume_count (volume);

  if (!(volume->void_modulus_mpa > 0.0))
    return TRUE;
  self->filled = oss_alloc_aligned (n, sizeof (float), _ ("the filled volume"), error);
  for (gsize v = 0; self->filled != NULL && v < n; v++)
    self->filled[v] = volume->modulus_mpa[v] > 0.0f ? volume->modulus_mpa[v] : (float) volume->void_modulus_mpa;
  return self->filled != NULL;
}

/* --- The border --- */

/* Whether component @axis is held at a point of the border in load case @strain: faces[a] tells whether the point lies
 * on a face across axis a. */
static gboolean
is_held (OssBoundary boundary, int strain, const gboolean faces[3], int axis)
{
  static const int sheared[3][2] = { { 1, 2 }, { 0, 2 }, { 0, 1 } };
  gboolean held = FALSE;

  if (boundary == OSS_BOUNDARY_KUBC || boundary == OSS_BOUNDARY_SUBC)
    return TRUE;
  for (int face = 0; face < 3; face++)
    {
      /* Across a face that the shear turns, its own component is free and the others are held; across all
       * others, and under normal strain, its own is held and the others are free. */
      gboolean turned = strain >= 3 && (sheared[strain - 3][0] == face || sheared[strain - 3][1] == face);
      held = held || (faces[face] && (turned ? axis != face : axis == face));
    }
  return held;
}

static void
add_point (Box *self, int strain, const gint32 at[3])
{
  const gsize *size = self->volume->size;
  gboolean faces[3];

  for (int a = 0; a < 3; a++)
    faces[a] = at[a] == 0 || at[a] == (gint32) size[a];
  for (gint8 axis = 0; axis < 3; axis++)
    if (is_held (self->volume->boundary, strain, faces, axis))
      {
        OssVoxelFreedom freedom = { { at[0], at[1], at[2] }, axis };
        g_array_append_val (self->freedoms, freedom);
      }
}

/* Points of the border, x fastest. */
static void
add_border (Box *self, int strain)
{
  const gsize *size = self->volume->size;
  gint32 nx = (gint32) size[0], ny = (gint32) size[1], nz = (gint32) size[2];

  for (gint32 z = 0; z <= nz; z++)
    for (gint32 y = 0; y <= ny; y++)
      {
        gboolean whole = z == 0 || z == nz || y == 0 || y == ny;
        for (gint32 x = 0; x <= nx; x += whole ? 1 : nx)
          add_point (self, strain, (const gint32[3]){ x, y, z });
      }
}

/* Forces of a uniform unit stress: a quarter of each face of a voxel at each of its corners. */
static void
border_forces (const Box *self, int stress, double *force)
{
  static const int pair[6][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 2 }, { 0, 2 }, { 0, 1 } };
  const gsize *size = self->volume->size;
  const double *h = self->volume->spacing_mm;

  for (guint i = 0; i < self->freedoms->len; i++)
    {
      const OssVoxelFreedom *freedom = &g_array_index (self->freedoms, OssVoxelFreedom, i);
      force[i] = 0.0;
      for (int face = 0; face < 3; face++)
        {
          int b = (face + 1) % 3, c = (face + 2) % 3;
          gboolean low = freedom->at[face] == 0, high = freedom->at[face] == (gint32) size[face];
          gboolean matches = (pair[stress][0] == face && pair[stress][1] == freedom->axis)
                             || (pair[stress][1] == face && pair[stress][0] == freedom->axis);
          if (!matches || (!low && !high))
            continue;
          double share = 0.25 * h[b] * h[c];
          share *= freedom->at[b] > 0 && freedom->at[b] < (gint32) size[b] ? 2.0 : 1.0;
          share *= freedom->at[c] > 0 && freedom->at[c] < (gint32) size[c] ? 2.0 : 1.0;
          force[i] += high ? share : -share;
        }
    }
}

/* Whether any of the border's points is one of bone. */
static gboolean
reaches_border (const Box *self)
{
  for (guint i = 0; i < self->freedoms->len; i++)
    if (oss_voxel_system_node (self->system, g_array_index (self->freedoms, OssVoxelFreedom, i).at) >= 0)
      return TRUE;
  return FALSE;
}

/* --- The load cases --- */

static gboolean
box_prepare (Box *self, int strain, OssHomogenized *result, const OssTick *tick, GError **error)
{
  const OssMicroVolume *volume = self->volume;
  gboolean periodic = volume->boundary == OSS_BOUNDARY_PBC, loaded = volume->boundary == OSS_BOUNDARY_SUBC;
  OssVoxelModel model = { .modulus_mpa = self->filled != NULL ? self->filled : volume->modulus_mpa,
                          .poisson = volume->poisson,
                          .remove_islands = TRUE };
  OssVoxelInfo info;

  box_drop_system (self);
  memcpy (model.size, volume->size, sizeof model.size);
  memcpy (model.spacing_mm, volume->spacing_mm, sizeof model.spacing_mm);
  self->freedoms = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom));
  for (int a = 0; a < 3; a++)
    model.periodic[a] = periodic;
  if (!periodic)
    add_border (self, strain);
  const OssVoxelFreedom *freedoms = (const OssVoxelFreedom *) (void *) self->freedoms->data;
  model.held = loaded ? NULL : freedoms;
  model.n_held = loaded ? 0 : self->freedoms->len;
  model.loaded = loaded ? freedoms : NULL;
  model.n_loaded = loaded ? self->freedoms->len : 0;
  self->system = oss_voxel_system_new (&model, tick, error);
  if (self->system == NULL)
    return FALSE;
  if (!periodic && !reaches_border (self))
    return refuse (error, g_strdup (_ ("No bone reaches the border of the volume.")));
  oss_voxel_system_info (self->system, &info);
  result->n_elements = self->n_elements = info.n_elements;
  result->n_nodes = info.n_nodes;
  result->n_unknowns = info.n_unknowns;
  result->n_islands = info.n_islands;
  result->n_island_voxels = info.n_island_voxels;
  result->n_free_motions = MAX (result->n_free_motions, info.n_free_motions);
  const char *what = _ ("stresses and strains");
  return (self->stress = oss_alloc_aligned (info.n_elements, 6 * sizeof (double), what, error)) != NULL
         && (self->strain = oss_alloc_aligned (info.n_elements, 6 * sizeof (double), what, error)) != NULL
         && (self->sed = oss_alloc_aligned (info.n_elements, sizeof (double), what, error)) != NULL;
}

/* Means over the whole box: what is empty counts as 0. */
static void
box_means (const Box *self, double stress[6], double strain[6], double *twice_energy)
{
  double n = (double) oss_micro_volume_count (self->volume);

  memset (stress, 0, 6 * sizeof *stress);
  memset (strain, 0, 6 * sizeof *strain);
  *twice_energy = 0.0;
  for (gsize e = 0; e < self->n_elements; e++)
    {
      for (int i = 0; i < 6; i++)
        {
          stress[i] += self->stress[6 * e + (gsize) i] / n;
          strain[i] += self->strain[6 * e + (gsize) i] / n;
        }
      *twice_energy += 2.0 * self->sed[e] / n;
    }
}

static void
record (const OssVoxelResult *solved, int load_case, OssHomogenized *result)
{
  result->cases = load_case + 1;
  result->iterations[load_case] = solved->iterations;
  result->relative_residual[load_case] = solved->relative_residual;
  result->converged = solved->converged;
  if (load_case == 0 || !solved->converged)
    g_strlcpy (result->reason, solved->reason, sizeof result->reason);
  if (!solved->converged)
    {
      result->n_history = (gsize) solved->iterations + 1;
      result->history = g_memdup2 (solved->history, result->n_history * sizeof (double));
    }
}

/* Solves one case; @column: [6] mean stress of the unit strain, or mean strain of the unit stress.
 * @result->converged is FALSE when it did not converge. */
static gboolean
solve_case (Box *self, int load_case, double *column, OssHomogenized *result, const OssTick *tick, GError **error)
{
  gboolean loaded = self->volume->boundary == OSS_BOUNDARY_SUBC;
  g_autofree double *force = loaded ? g_new (double, self->freedoms->len) : NULL;
  OssVoxelOptions options = { .tolerance = self->volume->tolerance, .max_iterations = self->volume->max_iterations };
  OssVoxelLoad load = { .force_n = force };
  double stress[6], strain[6], energy;

  if (loaded)
    border_forces (self, load_case, force);
  else
    load.strain[load_case] = 1.0;
  g_autoptr (OssVoxelResult) solved = oss_voxel_solve (self->system, &load, &options, tick, error);
  if (solved == NULL)
    return FALSE;
  record (solved, load_case, result);
  if (!solved->converged)
    return TRUE;
  OssVoxelFields fields = { .stress_mpa = self->stress, .strain = self->strain, .sed_mean_mpa = self->sed };
  if (!oss_voxel_fields (self->system, solved->displacement_mm, load.strain, &fields, tick, error))
    return FALSE;
  box_means (self, stress, strain, &energy);
  memcpy (column, loaded ? strain : stress, 6 * sizeof *column);
  double work = column[load_case]; /* its partner is 1 */
  result->energy_error = fmax (result->energy_error, fabs (energy - work) / fabs (work));
  return TRUE;
}

/* @columns: [case][6] */
static gboolean
solve_cases (Box *self, double columns[6][6], OssHomogenized *result, const OssTick *tick, GError **error)
{
  gboolean own_systems = self->volume->boundary == OSS_BOUNDARY_MIXED;

  for (int i = 0; i < 6; i++)
    {
      OssTick part = oss_tick_part (tick, i / 6.0, (i + 1) / 6.0);
      g_autofree char *what = g_strdup_printf (_ ("Load case %d of 6"), i + 1);
      if (!oss_tick_report (&part, 0.0, what, error))
        return FALSE;
      if ((i == 0 || (own_systems && i >= 3)) && !box_prepare (self, i, result, &part, error))
        return FALSE;
      if (!solve_case (self, i, columns[i], result, &part, error))
        return FALSE;
      if (!result->converged)
        break;
    }
  return TRUE;
}

/* --- The stiffness --- */

/* A cell that is mirrored in its faces couples neither normal with shear components nor one shear with another. */
static void
drop_coupling (double c[36], OssHomogenized *result)
{
  double largest = 0.0, left_out = 0.0;

  for (int i = 0; i < 36; i++)
    {
      gboolean kept = (i / 6 < 3 && i % 6 < 3) || i / 6 == i % 6;
      largest = fmax (largest, fabs (c[i]));
      left_out = kept ? left_out : fmax (left_out, fabs (c[i]));
      c[i] = kept ? c[i] : 0.0;
    }
  result->coupling_left_out = left_out / largest;
}

static gboolean
take_stiffness (const Box *self, double columns[6][6], OssHomogenized *result, GError **error)
{
  double c[36], largest = 0.0;
  gboolean ok = TRUE;

  for (int i = 0; i < 36; i++)
    c[i] = columns[i % 6][i / 6];
  if (self->volume->boundary == OSS_BOUNDARY_SUBC)
    ok = oss_stiffness_inverse (c, c);
  if (self->volume->boundary == OSS_BOUNDARY_MIXED)
    drop_coupling (c, result);
  for (int i = 0; i < 36; i++)
    largest = fmax (largest, fabs (c[i]));
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      {
        result->stiffness_mpa[6 * i + j] = 0.5 * (c[6 * i + j] + c[6 * j + i]);
        result->symmetry_error = fmax (result->symmetry_error, fabs (c[6 * i + j] - c[6 * j + i]) / largest);
      }
  for (int i = 0; i < 6; i++)
    ok = ok && result->stiffness_mpa[7 * i] > CARRIES_ABOVE * result->voigt.modulus_mpa;
  if (ok && oss_stiffness_engineering (result->stiffness_mpa, &result->engineering)
      && oss_orthotropic_fit (result->stiffness_mpa, &result->orthotropic))
    return TRUE;
  g_set_error_literal (
      error, OSS_ERROR, OSS_ERROR_FAILED,
      _ ("The effective stiffness cannot be inverted: in some direction the bone does not reach from one "
         "side of the volume to the other."));
  return FALSE;
}

gboolean
oss_homogenize (const OssMicroVolume *volume, OssHomogenized *result, const OssTick *tick, GError **error)
{
  g_auto (Box) box = { .volume = volume };
  double columns[6][6] = { { 0.0 } };

  memset (result, 0, sizeof *result);
  if (!check_volume (volume, error) || !fill_void (&box, error))
    return FALSE;
  oss_homogenize_bounds (volume, result);
  if (!solve_cases (&box, columns, result, tick, error))
    return FALSE;
  if (!result->converged)
    return TRUE;
  return take_stiffness (&box, columns, result, error) && oss_tick_report (tick, 1.0, NULL, error);
}
