/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The studies of the manual's page on strength beyond yield: a lumbar-like body of smooth density, pressed between
 * bonded plates, in meshes and increments of several sizes.  Not a test: it prints tables.
 *
 * nonlinear-study mesh|step|softening|criterion|one KIND N INCREMENTS */
#include "fem-l4.h"
#include "fem-models.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEIGHT 27.0
#define STRAIN 0.02

typedef struct
{
  OssElementKind kind;
  int n; /* bricks across; 2 / 3 as many along z */
  int increments;
  OssCriterion criterion;
  double softening_mm;
} Case;

/* A soft core in a shell ten times as stiff, smoothly, so that every mesh has the same body. */
static double
modulus_at (const double x[3])
{
  double c = x[2] / 13.5, waist = 0.88 + 0.12 * c * c;
  double r2 = (x[0] * x[0] / 506.25 + x[1] * x[1] / 256.0) / (waist * waist);
  return 150.0 + 1350.0 * r2 * r2 * r2;
}

static void
print_case (const Case *it)
{
  const int n[3] = { it->n, it->n, MAX (2 * it->n / 3, 2) };
  g_autoptr (GError) error = NULL;
  g_autoptr (OssMesh) mesh = model_body (it->kind, n);
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  g_autofree double *modulus = g_new (double, mesh->n_elements);
  g_autofree double *compression = NULL, *tension = NULL;
  gint64 begun = g_get_monotonic_time ();
  OssYieldRule rule;

  for (gsize e = 0; e < mesh->n_elements; e++)
    {
      double x[3];
      model_centre (mesh, e, x);
      modulus[e] = modulus_at (x);
    }
  /* The end faces, dished: nodes of the outermost layer. */
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      const double *x = mesh->nodes + 3 * i;
      double waist = 1.0, u = x[0] / (22.5 * waist), v = x[1] / (16.0 * waist);
      double face = 13.5 * (1.0 - 0.08 * (1.0 - fmin (u * u + v * v, 1.0)));
      for (gint8 axis = 0; axis < 3 && fabs (x[2]) > face - 0.02; axis++)
        {
          OssNodal load = { (gint32) i, axis, x[2] > 0.0 && axis == 2 ? -STRAIN * HEIGHT : 0.0 };
          g_array_append_val (loads, load);
        }
    }
  oss_yield_rule_init (&rule, oss_yield_find (NULL, NULL, NULL), oss_law_find (NULL, NULL), NULL);
  oss_fem_yield (&rule, modulus, mesh->n_elements, &compression, &tension);
  OssFemModel model = model_make (mesh, modulus, 0.3, loads, NULL);
  OssFemPlasticity plasticity = { .criterion = it->criterion,
                                  .compression_mpa = compression,
                                  .tension_mpa = tension,
                                  .softening_mm = it->softening_mm,
                                  .residual_share = 0.5 };
  OssFemPath path = { .displacement_mm = STRAIN * HEIGHT, .height_mm = HEIGHT, .increments = it->increments };
  g_autoptr (OssFemCurve) curve = oss_fem_solve_nonlinear (&model, &plasticity, &path, NULL, &error);
  if (curve == NULL)
    g_error ("%s", error->message);
  int newton = 0, linear = 0;
  double residual = 0.0, energy = 0.0;
  for (gsize i = 0; i < curve->n_points; i++)
    {
      const OssLoadPoint *p = &curve->points[i];
      newton += p->iterations;
      linear += p->linear_iterations;
      residual = fmax (residual, p->residual);
      if (p->work_nmm > 0.0)
        energy = fmax (energy, fabs (p->work_nmm - p->stored_nmm - p->dissipated_nmm) / p->work_nmm);
    }
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  g_print ("%-14s kind %d n %2d dof %7zu inc %3zu cuts %d | K %8.1f offset %8.1f peak %8.1f at %.3f end %8.1f yielded "
           "%.3f | newton %3d cg %5d resid %.0e energy %.0e | %.1f s  %s\n",
           oss_criterion_name (it->criterion), it->kind, it->n, curve->dof, curve->n_points - 1, curve->cuts,
           curve->stiffness_n_per_mm, curve->offset_n, curve->peak_n, curve->peak_mm, end->reaction_n,
           curve->yielded_share, newton, linear, residual, energy, (double) (g_get_monotonic_time () - begun) / 1e6,
           curve->reason);
}

static void
print_curve (const OssFemCurve *curve)
{
  for (gsize i = 0; i < curve->n_points; i++)
    g_print ("  %7.4f mm %9.2f N residual %.1e newton %d cg %d yielded %.4f\n", curve->points[i].displacement_mm,
             curve->points[i].reaction_n, curve->points[i].residual, curve->points[i].iterations,
             curve->points[i].linear_iterations, curve->points[i].yielded_mm3 / curve->volume_mm3);
}

/* See fem-l4.h. */
static void
run_l4 (int increments, OssCriterion criterion)
{
  g_autoptr (GError) error = NULL;
  gint64 begun = g_get_monotonic_time ();
  clock_t used = clock ();
  g_autoptr (OssFemCurve) curve = l4_curve (increments, criterion, &error);

  if (curve == NULL)
    g_error ("%s", error->message);
  print_curve (curve);
  g_print ("K %.1f offset %.1f at %.3f peak %.1f yielded %.3f cuts %d %s: %.1f s, %.1f s of all processors\n",
           curve->stiffness_n_per_mm, curve->offset_n, curve->offset_mm, curve->peak_n, curve->yielded_share,
           curve->cuts, curve->reason, (double) (g_get_monotonic_time () - begun) / 1e6,
           (double) (clock () - used) / CLOCKS_PER_SEC);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  Case it = { .kind = OSS_ELEMENT_TET10, .n = 12, .increments = 20, .criterion = OSS_CRITERION_PARABOLOID };

  if (g_str_equal (what, "one") && argc > 4)
    {
      it.kind = (OssElementKind) atoi (argv[2]);
      it.n = atoi (argv[3]);
      it.increments = atoi (argv[4]);
      it.criterion = argc > 5 ? (OssCriterion) atoi (argv[5]) : it.criterion;
      it.softening_mm = argc > 6 ? atof (argv[6]) : 0.0;
      print_case (&it);
    }
  if (g_str_equal (what, "l4"))
    run_l4 (argc > 2 ? atoi (argv[2]) : 20, argc > 3 ? (OssCriterion) atoi (argv[3]) : OSS_CRITERION_PARABOLOID);
  return 0;
}
