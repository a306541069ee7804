/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-plane-private.h"

#include <string.h>

/* Plane stress: no stress across the plane. */
static double
von_mises (const double s[3])
{
  return sqrt (s[0] * s[0] - s[0] * s[1] + s[1] * s[1] + 3.0 * s[2] * s[2]);
}

static void
recover_element (const OssPlaneElements *elements, gsize element, OssPlaneResult *result,
                 double stress[OSS_PLANE_POINTS][3])
{
  const double *d = oss_plane_elements_stiffness (elements, element);
  const double *volume = oss_plane_elements_volume (elements, element);
  double strain[OSS_PLANE_POINTS][3], *mean = result->element_stress + 3 * element, energy = 0.0, whole = 0.0;

  oss_plane_elements_strain (elements, element, result->displacement, strain);
  for (int q = 0; q < OSS_PLANE_POINTS; q++)
    {
      oss_plane_apply (d, strain[q], stress[q]);
      for (int i = 0; i < 3; i++)
        {
          mean[i] += volume[q] * stress[q][i];
          energy += 0.5 * volume[q] * stress[q][i] * strain[q][i];
        }
      whole += volume[q];
    }
  for (int i = 0; i < 3; i++)
    mean[i] /= whole;
  result->element_von_mises[element] = von_mises (mean);
  result->element_sed[element] = energy / whole;
  result->element_volume[element] = whole;
  result->energy_n_mm += energy;
}

static void
finish_nodes (OssPlaneResult *result, const guint32 *count)
{
  for (gsize i = 0; i < result->n_nodes; i++)
    {
      double *s = result->stress + 3 * i;
      for (int k = 0; k < 3 && count[i] > 0; k++)
        s[k] /= count[i];
      double middle = 0.5 * (s[0] + s[1]), radius = hypot (0.5 * (s[0] - s[1]), s[2]);
      result->von_mises[i] = von_mises (s);
      result->principal[2 * i] = middle + radius;
      result->principal[2 * i + 1] = middle - radius;
    }
}

void
oss_plane_recover (const OssPlaneElements *elements, OssPlaneResult *result)
{
  const OssPlaneModel *model = elements->model;
  const double (*corner)[OSS_PLANE_POINTS] = oss_plane_corner_from_point ();
  g_autofree guint32 *count = g_new0 (guint32, result->n_nodes);
  double stress[OSS_PLANE_POINTS][3];

  for (gsize e = 0; e < model->n_elements; e++)
    {
      recover_element (elements, e, result, stress);
      for (int a = 0; a < 4; a++)
        {
          gsize node = (gsize) model->elements[4 * e + (gsize) a];
          count[node]++;
          for (int q = 0; q < OSS_PLANE_POINTS; q++)
            for (int k = 0; k < 3; k++)
              result->stress[3 * node + (gsize) k] += corner[a][q] * stress[q][k];
        }
    }
  finish_nodes (result, count);
}
