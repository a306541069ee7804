/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "micro/oss-homogenize-plane.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-plane.h"

#include <string.h>

/* The cell as a plane model. */
typedef struct
{
  OssPlaneModel model;
  double *nodes;
  gint32 *elements, *tied_to;
  OssPlaneMaterial *materials;
  guint32 *material;
  OssNodal held[2];
} Mesh;

static void
mesh_clear (Mesh *self)
{
  oss_free_aligned (self->nodes);
  oss_free_aligned (self->elements);
  oss_free_aligned (self->tied_to);
  oss_free_aligned (self->materials);
  oss_free_aligned (self->material);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mesh, mesh_clear)

static gboolean
refuse (GError **error, char *message)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, message);
  g_free (message);
  return FALSE;
}

static gboolean
poisson_suits (double poisson)
{
  return poisson > -1.0 && poisson < 0.5;
}

static gboolean
check_cell (const OssPlaneCell *cell, GError **error)
{
  gsize solid = 0, n;

  if (cell->size[0] < 1 || cell->size[1] < 1 || (gint64) cell->size[0] * cell->size[1] > G_MAXINT32 / 2)
    return refuse (error, g_strdup_printf (_ ("A picture of %d × %d pixels cannot be homogenised."), cell->size[0],
                                           cell->size[1]));
  if (!(cell->spacing_mm[0] > 0.0) || !(cell->spacing_mm[1] > 0.0) || !isfinite (cell->spacing_mm[0])
      || !isfinite (cell->spacing_mm[1]))
    return refuse (error, g_strdup_printf (_ ("A pixel of %g × %g mm: both must be above 0."), cell->spacing_mm[0],
                                           cell->spacing_mm[1]));
  if (!poisson_suits (cell->poisson) || !poisson_suits (cell->void_poisson))
    return refuse (error, g_strdup_printf (_ ("Poisson’s ratios %g and %g (void): each must be more than −1 and less "
                                              "than 0.5."),
                                           cell->poisson, cell->void_poisson));
  n = (gsize) cell->size[0] * (gsize) cell->size[1];
  for (gsize i = 0; i < n; i++)
    {
      if (!isfinite (cell->modulus_mpa[i]))
        return refuse (error, g_strdup_printf (_ ("The modulus of pixel (%zu, %zu) is not a number."),
                                               i % (gsize) cell->size[0], i / (gsize) cell->size[0]));
      solid += cell->modulus_mpa[i] > 0.0;
    }
  if (solid == 0)
    return refuse (error, g_strdup (_ ("The picture holds nothing but void.")));
  if (solid < n && (!(cell->void_modulus_mpa > 0.0) || !isfinite (cell->void_modulus_mpa)))
    return refuse (error, g_strdup_printf (_ ("What fills the void needs a modulus above 0, not %g MPa."),
                                           cell->void_modulus_mpa));
  return TRUE;
}

/* --- The mesh --- */

static gboolean
mesh_allocate (Mesh *self, gsize n_nodes, gsize n_elements, GError **error)
{
  const char *what = _ ("the pixels");
  return (self->nodes = oss_alloc_aligned (n_nodes, 2 * sizeof (double), what, error)) != NULL
         && (self->tied_to = oss_alloc_aligned (n_nodes, sizeof (gint32), what, error)) != NULL
         && (self->elements = oss_alloc_aligned (n_elements, 4 * sizeof (gint32), what, error)) != NULL
         && (self->material = oss_alloc_aligned (n_elements, sizeof (guint32), what, error)) != NULL
         && (self->materials = oss_alloc_aligned (n_elements, sizeof (OssPlaneMaterial), what, error)) != NULL;
}

static void
fill_nodes (const OssPlaneCell *cell, Mesh *self)
{
  int nx = cell->size[0], ny = cell->size[1];

  for (int j = 0; j <= ny; j++)
    for (int i = 0; i <= nx; i++)
      {
        gsize node = (gsize) j * (gsize) (nx + 1) + (gsize) i;
        self->nodes[2 * node] = i * cell->spacing_mm[0];
        self->nodes[2 * node + 1] = j * cell->spacing_mm[1];
        self->tied_to[node] = (j % ny) * (nx + 1) + i % nx;
      }
}

static void
fill_pixels (const OssPlaneCell *cell, Mesh *self)
{
  int nx = cell->size[0];
  gsize n = (gsize) nx * (gsize) cell->size[1];

  for (gsize p = 0; p < n; p++)
    {
      gint32 first = (gint32) (p / (gsize) nx) * (nx + 1) + (gint32) (p % (gsize) nx), *e = self->elements + 4 * p;
      double modulus = cell->modulus_mpa[p];
      e[0] = first, e[1] = first + 1, e[2] = first + nx + 2, e[3] = first + nx + 1;
      self->material[p] = (guint32) p;
      self->materials[p] = modulus > 0.0 ? oss_plane_isotropic (modulus, cell->poisson)
                                         : oss_plane_isotropic (cell->void_modulus_mpa, cell->void_poisson);
    }
}

static gboolean
mesh_make (const OssPlaneCell *cell, Mesh *self, GError **error)
{
  gsize n_nodes = ((gsize) cell->size[0] + 1) * ((gsize) cell->size[1] + 1);
  gsize n_elements = (gsize) cell->size[0] * (gsize) cell->size[1];

  if (!mesh_allocate (self, n_nodes, n_elements, error))
    return FALSE;
  fill_nodes (cell, self);
  fill_pixels (cell, self);
  /* The corner at the origin stays where it is: the mean strain moves it nowhere. */
  self->held[0] = (OssNodal){ 0, 0, 0.0 };
  self->held[1] = (OssNodal){ 0, 1, 0.0 };
  self->model = (OssPlaneModel){ .n_nodes = n_nodes,
                                 .n_elements = n_elements,
                                 .n_materials = n_elements,
                                 .nodes = self->nodes,
                                 .elements = self->elements,
                                 .materials = self->materials,
                                 .material = self->material,
                                 .tied_to = self->tied_to,
                                 .prescribed = self->held,
                                 .n_prescribed = 2 };
  return TRUE;
}

/* --- From stresses to constants --- */

/* Column @strain of the stiffness, and how far the energy is from what the means say. */
static void
take_column (const OssPlaneResult *solved, int strain, OssPlaneHomogenized *result)
{
  double volume = 0.0, sum[3] = { 0.0 };

  for (gsize e = 0; e < solved->n_elements; e++)
    {
      volume += solved->element_volume[e];
      for (int i = 0; i < 3; i++)
        sum[i] += solved->element_volume[e] * solved->element_stress[3 * e + (gsize) i];
    }
  for (int i = 0; i < 3; i++)
    result->stiffness_mpa[3 * i + strain] = sum[i] / volume;
  double work = sum[strain] / volume, energy = 2.0 * solved->energy_n_mm / volume;
  result->energy_error = fmax (result->energy_error, fabs (energy - work) / work);
  result->relative_residual = fmax (result->relative_residual, solved->relative_residual);
  result->dof = solved->dof;
}

static void
mean_bounds (const Mesh *mesh, OssPlaneHomogenized *result)
{
  gsize n = mesh->model.n_elements;
  double compliance[9] = { 0.0 }, d[9], inverse[9];

  for (gsize e = 0; e < n; e++)
    {
      /* Checked when the system was made. */
      oss_plane_stiffness (&mesh->materials[e], d, NULL);
      oss_mat3_inverse (d, inverse);
      for (int i = 0; i < 9; i++)
        {
          result->voigt_mpa[i] += d[i] / (double) n;
          compliance[i] += inverse[i] / (double) n;
        }
    }
  oss_mat3_inverse (compliance, result->reuss_mpa);
}

static gboolean
take_constants (OssPlaneHomogenized *result, GError **error)
{
  const double *c = result->stiffness_mpa;
  double largest = 0.0, s[9];

  for (int i = 0; i < 9; i++)
    largest = fmax (largest, fabs (c[i]));
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < i; j++)
      result->symmetry_error = fmax (result->symmetry_error, fabs (c[3 * i + j] - c[3 * j + i]) / largest);
  if (!oss_mat3_inverse (c, s))
    {
      g_set_error_literal (
          error, OSS_ERROR, OSS_ERROR_FAILED,
          _ ("The effective stiffness cannot be inverted: in one direction nothing but void carries."));
      return FALSE;
    }
  result->modulus_1_mpa = 1.0 / s[0];
  result->modulus_2_mpa = 1.0 / s[4];
  result->poisson_12 = -s[3] / s[0];
  result->poisson_21 = -s[1] / s[4];
  result->shear_12_mpa = 1.0 / s[8];
  double nu = (c[1] + c[3]) / (c[0] + c[4]);
  result->planar_poisson = nu;
  result->planar_modulus_mpa = 0.5 * (c[0] + c[4]) * (1.0 - nu * nu);
  return TRUE;
}

static gboolean
solve_strains (const Mesh *mesh, OssPlaneHomogenized *result, const OssTick *tick, GError **error)
{
  OssTick factorizing = oss_tick_part (tick, 0.0, 0.7);
  g_autoptr (OssPlaneSystem) system = oss_plane_system_new (&mesh->model, &factorizing, error);

  for (int strain = 0; strain < 3; strain++)
    {
      double unit[3] = { 0.0 };
      unit[strain] = 1.0;
      if (system == NULL || !oss_tick_report (tick, 0.7 + 0.1 * strain, _ ("Straining the cell"), error))
        return FALSE;
      g_autoptr (OssPlaneResult) solved = oss_plane_system_solve (system, unit, tick, error);
      if (solved == NULL)
        return FALSE;
      take_column (solved, strain, result);
    }
  return TRUE;
}

gboolean
oss_homogenize_plane (const OssPlaneCell *cell, OssPlaneHomogenized *result, const OssTick *tick, GError **error)
{
  g_auto (Mesh) mesh = { .nodes = NULL };
  gsize n = (gsize) MAX (cell->size[0], 0) * (gsize) MAX (cell->size[1], 0), solid = 0;

  memset (result, 0, sizeof *result);
  if (!check_cell (cell, error) || !mesh_make (cell, &mesh, error) || !solve_strains (&mesh, result, tick, error))
    return FALSE;
  for (gsize p = 0; p < n; p++)
    solid += cell->modulus_mpa[p] > 0.0;
  result->solid_fraction = (double) solid / (double) n;
  mean_bounds (&mesh, result);
  return take_constants (result, error) && oss_tick_report (tick, 1.0, NULL, error);
}
