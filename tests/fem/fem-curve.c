/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-curve.h"

void
curve_check (const OssFemCurve *curve)
{
  g_assert_true (curve->converged);
  for (gsize i = 1; i < curve->n_points; i++)
    {
      const OssLoadPoint *p = &curve->points[i];
      g_assert_cmpfloat (p->residual, <=, 1e-5);
      g_assert_cmpfloat_with_epsilon (p->work_nmm, p->stored_nmm + p->dissipated_nmm, 1e-4 * p->work_nmm);
      g_assert_cmpfloat (p->dissipated_nmm, >=, curve->points[i - 1].dissipated_nmm * (1.0 - 1e-12));
    }
}

void
curve_check_same (const OssFemCurve *a, const OssFemCurve *b)
{
  g_assert_cmpmem (a->displacement, 3 * a->n_nodes * sizeof (double), b->displacement,
                   3 * b->n_nodes * sizeof (double));
  g_assert_cmpmem (a->points, a->n_points * sizeof (OssLoadPoint), b->points, b->n_points * sizeof (OssLoadPoint));
}

CurveBar
curve_bar (double area_mm2, double height_mm, double modulus_mpa, double compression_mpa, double tension_mpa,
           OssCriterion criterion, double sign, double hardening)
{
  double ratio = criterion == OSS_CRITERION_VON_MISES || sign < 0.0 ? 1.0 : compression_mpa / tension_mpa;
  double slope = hardening * modulus_mpa / (ratio * ratio);

  return (CurveBar){ area_mm2, height_mm, modulus_mpa, compression_mpa / ratio,
                     modulus_mpa * slope / (modulus_mpa + slope) };
}

void
curve_check_bar (const OssFemCurve *curve, const CurveBar *bar)
{
  for (gsize k = 1; k < curve->n_points; k++)
    {
      double strain = curve->points[k].displacement_mm / bar->height_mm;
      double beyond = fmax (strain - bar->yield_mpa / bar->modulus_mpa, 0.0);
      double load = bar->area_mm2 * (fmin (bar->modulus_mpa * strain, bar->yield_mpa) + bar->tangent_mpa * beyond);
      g_assert_cmpfloat_with_epsilon (curve->points[k].reaction_n, load, 1e-4 * load);
    }
  g_assert_cmpfloat_with_epsilon (curve->yielded_share, 1.0, 1e-9);
}
