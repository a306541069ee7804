/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phantom-scan.h"

#include "../test-sanitized.h"

#include "base/oss-random.h"

#include <string.h>

#define AIR_HU (-1000.0)
#define ROW_Y 90.0

double
phantom_rod_hu (const OssPhantom *phantom, int rod)
{
  double density = phantom->rod_density[rod];

  if (phantom->rod_water[rod] == 0.0)
    return PHANTOM_SIGMA_CT * density + PHANTOM_BETA_CT;
  return (PHANTOM_SIGMA_CT + 0.2174) * density + phantom->rod_water[rod] + PHANTOM_BETA_CT - 999.6;
}

void
phantom_rod_axis (const OssPhantom *phantom, const PhantomCase *c, int rod, double z, double p[2])
{
  double along = (rod - 0.5 * (phantom->n_rods - 1)) * phantom->rod_spacing_mm * (c->reversed ? -1.0 : 1.0);
  double t = c->tilt_deg * G_PI / 180.0;

  p[0] = along * cos (t) + c->shift_mm + c->lean * z;
  p[1] = ROW_Y - c->raise_mm + along * sin (t);
}

static gboolean
within (double x, double y, double radius)
{
  return x * x + y * y < radius * radius;
}

/* HU of a phantom's rods or casing at a point; NaN outside it. */
static double
phantom_hu (const OssPhantom *phantom, const PhantomCase *c, const double p[3])
{
  double t = c->tilt_deg * G_PI / 180.0, x = p[0] - c->shift_mm - c->lean * p[2], y = p[1] - ROW_Y + c->raise_mm;

  if (fabs (y) > 60.0)
    return NAN;
  double u = x * cos (t) + y * sin (t), v = -x * sin (t) + y * cos (t);

  if (!(p[2] < c->length_mm) || fabs (v) > 15.0 || fabs (u) > 0.5 * phantom->n_rods * phantom->rod_spacing_mm + 4.0)
    return NAN;
  for (int r = 0; r < phantom->n_rods; r++)
    {
      double q[2];

      phantom_rod_axis (phantom, c, r, p[2], q);
      if (c->metal_rod == r + 1 && within (p[0] - q[0], p[1] - q[1], 1.5))
        return 8000.0;
      if (within (p[0] - q[0], p[1] - q[1], 0.5 * phantom->rod_diameter_mm))
        return phantom_rod_hu (phantom, r);
    }
  if (fabs (u) < 0.5 * phantom->n_rods * phantom->rod_spacing_mm + 4.0 && fabs (v) < 14.0)
    return c->casing_hu != 0.0 ? c->casing_hu : 110.0;
  return NAN;
}

/* Ribs that run across the slices, a cable along the table, an enhanced aorta. */
static double
distraction_hu (const double p[3])
{
  double swing = 0.4 * p[2];

  for (int side = -1; side <= 1; side += 2)
    for (int rib = 0; rib < 4; rib++)
      if (within (p[0] - side * (95.0 - 12.0 * rib), p[1] - 25.0 + 18.0 * rib + swing - 30.0, 7.0))
        return 350.0 + 60.0 * rib;
  if (within (p[0] - 60.0, p[1] - 118.0, 3.0))
    return 2500.0;
  if (within (p[0] + 12.0, p[1] + 4.0, 10.0))
    return 320.0;
  if (within (p[0] - 20.0, p[1] + 2.0, 10.0))
    return 10.0;
  return NAN;
}

typedef struct
{
  const OssPhantom *phantom, *second;
  const PhantomCase *c, *second_case;
} Scene;

static double
hu_at (const Scene *scene, const double p[3])
{
  double hu = phantom_hu (scene->phantom, scene->c, p);

  if (isnan (hu) && scene->second != NULL)
    hu = phantom_hu (scene->second, scene->second_case, p);
  if (isnan (hu) && scene->c->distractions)
    hu = distraction_hu (p);
  if (!isnan (hu))
    return hu;
  if (within (p[0] / 130.0, (p[1] + 20.0) / 95.0, 1.0))
    return within (p[0], p[1] - 30.0, 20.0) ? 180.0 : 50.0;
  return AIR_HU;
}

static float
pixel (const Scene *scene, const OssGrid *grid, int i, int j, int k, OssRandom *random)
{
  const PhantomCase *c = scene->c;
  double p[3], q[3], sum = 0.0, noise = c->noise_hu * oss_random_normal (random);

  /* Four points a pixel: partial volume at the rods' rims. */
  oss_grid_to_patient (grid, (double[3]){ i, j, k }, p);
  for (int n = 0; n < 4; n++)
    {
      memcpy (q, p, sizeof q);
      q[0] += n & 1 ? 0.375 : -0.375;
      q[1] += n & 2 ? 0.375 : -0.375;
      sum += 0.25 * hu_at (scene, q);
    }
  if (c->circle
      && !within (i - 0.5 * (grid->size[0] - 1), j - 0.5 * (grid->size[1] - 1),
                  0.5 * MIN (grid->size[0], grid->size[1])))
    return -2000.0f;
  return (float) (c->ceiling_hu > 0.0 ? MIN (sum + noise, c->ceiling_hu) : sum + noise);
}

/* Fewer walk the same code, unless the phantom ends among them; much noise wants them all. */
static int
n_slices (const PhantomCase *c)
{
  return TEST_SANITIZED && c->noise_hu < 20.0 && (c->length_mm == 0.0 || c->length_mm >= 200.0) ? 24 : 60;
}

OssVolume *
phantom_scan (const OssPhantom *phantom, const PhantomCase *c)
{
  double s = c->flip ? -1.0 : 1.0;
  const OssGrid grid = { .size = { 136, 170, n_slices (c) },
                         .spacing = { 1.5, 1.5, 2.0 },
                         .origin = { -101.0 * s, -125.0, 0.0 },
                         .direction = { s, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  PhantomCase front = { .length_mm = c->length_mm, .raise_mm = 195.0 };
  OssPhantom second;
  Scene scene = { phantom, NULL, c, &front };
  OssRandom random;

  if (c->second != NULL && oss_phantom_find (c->second, &second, NULL))
    scene.second = &second;
  oss_random_init (&random, 5, 0);
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        volume->data[oss_grid_offset (&grid, i, j, k)] = pixel (&scene, &grid, i, j, k, &random);
  return volume;
}
