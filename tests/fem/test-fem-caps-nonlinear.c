/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body between caps beyond yield.  References: the linear solution with the same caps, and limit analysis: with ends
 * that cannot move sideways a bar carries in the end no less than its area times its yield stress (even stress is in
 * equilibrium), and elastic caps change the way to the limit load of rigid plates and not the load itself. */
#include "fem-curve.h"
#include "fem-models.h"
#include "fem/oss-fem-caps.h"
#include "fem/oss-fem-estimators.h"

#define BONE_MPA 400.0
#define YIELD_MPA 3.0
#define AREA_MM2 320.0
#define HEIGHT_MM 24.0

static const OssVertebraFrame upright = { .centre = { 10.0, 8.0, 12.0 },
                                          .right = { -1.0, 0.0, 0.0 },
                                          .anterior = { 0.0, -1.0, 0.0 },
                                          .superior = { 0.0, 0.0, 1.0 },
                                          .width_mm = 24.0,
                                          .depth_mm = 20.0,
                                          .height_mm = 24.0 };

typedef struct
{
  OssMesh *mesh;
  double *modulus, *yield;
  OssFemModel model;
  OssFemPlasticity plasticity;
} Bar;

static void
bar_clear (Bar *self)
{
  oss_mesh_unref (self->mesh);
  g_free (self->modulus);
  g_free (self->yield);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bar, bar_clear)

static void
bar_init (Bar *self, OssElementKind kind, GArray *prescribed)
{
  const int n[3] = { 5, 4, 6 };
  const double size[3] = { 20.0, 16.0, HEIGHT_MM };

  *self = (Bar){ .mesh = model_box (kind, n, size, NULL, NULL) };
  self->modulus = g_new (double, self->mesh->n_elements);
  self->yield = g_new (double, self->mesh->n_elements);
  for (gsize e = 0; e < self->mesh->n_elements; e++)
    {
      self->modulus[e] = BONE_MPA;
      self->yield[e] = YIELD_MPA;
    }
  self->model = model_make (self->mesh, self->modulus, 0.3, prescribed, NULL);
  self->plasticity = (OssFemPlasticity){ .compression_mpa = self->yield, .tension_mpa = self->yield };
}

/* The largest load between rigid plates. */
static double
peak_between_plates (OssElementKind kind, const OssFemPath *path)
{
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_auto (Bar) bar;
  g_autoptr (GError) error = NULL;

  bar_init (&bar, kind, loads);
  model_press (loads, bar.mesh, HEIGHT_MM, path->displacement_mm);
  bar.model = model_make (bar.mesh, bar.modulus, 0.3, loads, NULL);
  g_autoptr (OssFemCurve) curve = oss_fem_solve_nonlinear (&bar.model, &bar.plasticity, path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (curve->converged);
  return curve->peak_n;
}

static void
check_points (const OssFemCurve *curve, double stiffness)
{
  curve_check (curve);
  for (gsize i = 1; i < curve->n_points; i++)
    {
      const OssLoadPoint *a = &curve->points[i - 1], *b = &curve->points[i];
      g_assert_cmpfloat (b->displacement_mm, >, a->displacement_mm);
      g_assert_cmpfloat (b->driven_mm, >, b->displacement_mm);
      g_assert_cmpfloat (b->reaction_n, <=, stiffness * b->displacement_mm * (1.0 + 1e-6));
    }
}

static void
check_caps (OssElementKind kind, OssCapsKind caps_kind, double between_plates)
{
  const double linear_mm = 0.0068 * HEIGHT_MM;
  const OssFemPath path = { .displacement_mm = 0.02 * HEIGHT_MM, .height_mm = HEIGHT_MM };
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autoptr (GError) error = NULL;
  OssEndplate superior, inferior;
  OssStrength strength;
  OssCaps caps;
  g_auto (Bar) bar;

  bar_init (&bar, kind, prescribed);
  oss_caps_init (&caps, caps_kind);
  oss_fem_endplates (bar.mesh, &upright, &superior, &inferior, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssCapped) capped =
      oss_fem_capped_new (bar.mesh, bar.modulus, &upright, &superior, &inferior, &caps, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssFemResult) linear = oss_fem_capped_solve (capped, &bar.model, linear_mm, prescribed, NULL, &error);
  g_assert_no_error (error);
  oss_fem_strength (&bar.model, linear, &upright, &superior, &inferior, linear_mm, &strength);
  g_autoptr (OssFemCurve) curve =
      oss_fem_capped_solve_nonlinear (capped, &bar.model, linear_mm, &bar.plasticity, &path, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (curve->converged);
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  g_test_message (
      "%s %s: slope %.4f, linear %.4f N/mm; peak %.2f N (area times yield %.2f, between plates %.2f), linear "
      "at the end %.2f N; %zu increments to %.4f of %.4f mm, plates %.4f mm, %d cut, yielded %.3f",
      oss_element_name (kind), oss_caps_name (caps_kind), curve->stiffness_n_per_mm, strength.stiffness_n_per_mm,
      curve->peak_n, AREA_MM2 * YIELD_MPA, between_plates, strength.linear_2_percent_n, curve->n_points - 1,
      end->displacement_mm, path.displacement_mm, end->driven_mm, curve->cuts, curve->yielded_share);
  g_assert_cmpfloat_with_epsilon (curve->stiffness_n_per_mm, strength.stiffness_n_per_mm,
                                  1e-6 * strength.stiffness_n_per_mm);
  g_assert_cmpfloat_with_epsilon (curve->points[1].reaction_n / curve->points[1].displacement_mm,
                                  strength.stiffness_n_per_mm, 1e-6 * strength.stiffness_n_per_mm);
  check_points (curve, strength.stiffness_n_per_mm);
  g_assert_cmpfloat_with_epsilon (end->displacement_mm, path.displacement_mm, 0.05 * path.displacement_mm);
  g_assert_cmpfloat (curve->plateau_n, <, 0.9 * strength.linear_2_percent_n);
  /* Soft discs, which bulge, pull the ends apart sideways: 2 % is not their end of the way. */
  if (caps_kind == OSS_CAPS_PMMA)
    g_assert_cmpfloat (curve->plateau_n, >=, 0.98 * AREA_MM2 * YIELD_MPA);
  else
    g_assert_true (oss_fem_curve_is_bound (curve));
  g_assert_cmpfloat (curve->plateau_n, <=, 1.001 * between_plates);
  g_assert_cmpuint (curve->n_elements, ==, bar.mesh->n_elements);
  for (gsize e = curve->n_elements; e < capped->mesh->n_elements; e++)
    g_assert_cmpfloat (curve->plastic_strain[e], ==, 0.0);
  g_assert_cmpfloat_with_epsilon (curve->volume_mm3, AREA_MM2 * HEIGHT_MM, 1e-6 * AREA_MM2 * HEIGHT_MM);
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
}

static void
test_caps (void)
{
  for (int kind = 0; kind < 3; kind++)
    {
      const OssFemPath path = { .displacement_mm = 0.02 * HEIGHT_MM, .height_mm = HEIGHT_MM };
      double between_plates = peak_between_plates ((OssElementKind) kind, &path);
      check_caps ((OssElementKind) kind, OSS_CAPS_PMMA, between_plates);
      check_caps ((OssElementKind) kind, OSS_CAPS_DISC, between_plates);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/caps/nonlinear", test_caps);
  return g_test_run ();
}
