/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trunk around the thoracolumbar spine: where the vertebrae lie, soft tissues, table, phantom. */
#include "virtual/oss-virtual-private.h"

#define GAS_HU -900.0

/* Backward lean of T10 .. L4 in degrees, lying on the back [choice]: largest at the thoracolumbar junction, none at
 * the top of the lordosis. */
static const double lean_deg[] = { 8.0, 9.5, 9.5, 7.0, 4.0, 0.0, -5.0 };

static void
set_axes (OssVirtualVertebra *v, double lean, double bend, double turn)
{
  /* Rows left, anterior, superior: R_turn (about z) of R_bend (about y) of R_lean (about x). */
  double superior[3] = { sin (bend), cos (bend) * sin (lean), cos (bend) * cos (lean) };
  double anterior[3] = { sin (turn) * cos (lean), -cos (turn) * cos (lean), sin (lean) };
  double left[3], d = oss_dot (anterior, superior);

  for (int i = 0; i < 3; i++)
    anterior[i] -= d * superior[i];
  oss_normalize (anterior);
  oss_cross (superior, anterior, left);
  memcpy (v->axes, left, sizeof left);
  memcpy (v->axes + 3, anterior, sizeof anterior);
  memcpy (v->axes + 6, superior, sizeof superior);
}

/* From the middle of one body down to the middle of the next: half a body, the disc, half a body. */
static void
place_below (const OssVirtualVertebra *above, OssVirtualVertebra *below)
{
  for (int i = 0; i < 3; i++)
    {
      double up = above->axes[6 + i], low = below->axes[6 + i];
      below->centre[i] =
          above->centre[i] - above->half_height * up - above->disc_below * 0.5 * (up + low) - below->half_height * low;
    }
}

static void
make_spine (OssVirtualPatient *patient, double size, OssRandom *random)
{
  OssVirtualAnatomy *self = &patient->anatomy;
  double bend = oss_random_range (random, -1.5, 1.5), turn = oss_random_range (random, -2.0, 2.0);
  const double deg = G_PI / 180.0;
  int l1 = 20 - 17;

  self->n_vertebrae = 7;
  for (int i = 0; i < self->n_vertebrae; i++)
    {
      OssVirtualVertebra *v = &self->vertebrae[i];
      oss_virtual_vertebra_init (v, (guint8) (17 + i), patient->options.sex, size, random);
      set_axes (v, deg * (lean_deg[i] + oss_random_range (random, -0.7, 0.7)),
                deg * (bend * (i - l1) / 3.0 + oss_random_range (random, -0.5, 0.5)),
                deg * (turn + oss_random_range (random, -0.7, 0.7)));
      if (i > 0)
        place_below (&self->vertebrae[i - 1], v);
    }
  /* L1 goes where the torso wants it; z of L1's centre is -200 mm give or take. */
  double shift[3], l1_to_back = 72.0 * self->vertebrae[l1].scale + self->vertebrae[l1].half_depth;
  double want[3] = { oss_random_range (random, -3.0, 3.0), self->back_y - l1_to_back,
                     -200.0 + oss_random_range (random, -30.0, 30.0) };
  oss_sub (want, self->vertebrae[l1].centre, shift);
  for (int i = 0; i < self->n_vertebrae; i++)
    for (int c = 0; c < 3; c++)
      self->vertebrae[i].centre[c] += shift[c];
}

static OssVirtualOrgan *
add_organ (OssVirtualAnatomy *self, double hu)
{
  g_assert (self->n_organs < OSS_VIRTUAL_MAX_ORGANS);
  OssVirtualOrgan *organ = &self->organs[self->n_organs++];
  memset (organ, 0, sizeof *organ);
  organ->hu = (float) hu;
  return organ;
}

/* A tube beside the spine from z0 up to z1; x and y relative to the column at that height, at either end. */
static void
add_tube (OssVirtualAnatomy *self, double hu, const double z[2], const double xy[2][2], const double radius[2][2])
{
  OssVirtualOrgan *organ = add_organ (self, hu);
  organ->follows_spine = 1.0;
  for (int e = 0; e < 2; e++)
    for (int c = 0; c < 2; c++)
      {
        organ->centre[e][c] = xy[e][c];
        organ->radius[e][c] = radius[e][c];
      }
  organ->centre[0][2] = z[0];
  organ->centre[1][2] = z[1];
}

static void
add_ellipsoid (OssVirtualAnatomy *self, double hu, double x, double y, double z, double rx, double ry, double rz)
{
  OssVirtualOrgan *organ = add_organ (self, hu);
  organ->ellipsoid = TRUE;
  organ->centre[0][0] = x, organ->centre[0][1] = y, organ->centre[0][2] = z;
  organ->radius[0][0] = rx, organ->radius[0][1] = ry, organ->radius[1][0] = rz;
}

/* Bowel: loops in front with some gas in them; liver on the right, kidneys either side. */
static void
add_viscera (OssVirtualPatient *patient, OssRandom *random)
{
  OssVirtualAnatomy *self = &patient->anatomy;
  const double *hu = patient->spine.hu, *l1 = self->vertebrae[3].centre;
  double w = self->torso_radius[0] / 170.0, d = self->torso_radius[1] / 115.0;

  add_ellipsoid (self, hu[OSS_TISSUE_LIVER], -68.0 * w, l1[1] - 50.0 * d, l1[2] + 60.0, 70.0 * w, 66.0 * d, 100.0);
  add_ellipsoid (self, hu[OSS_TISSUE_ORGAN] + 8.0, 98.0 * w, l1[1] - 10.0 * d, l1[2] + 80.0, 26.0 * w, 40.0 * d, 48.0);
  for (int side = -1; side <= 1; side += 2)
    {
      double x = side * 66.0 * w, y = l1[1] + 2.0, z = l1[2] - 30.0 + 6.0 * side;
      add_ellipsoid (self, hu[OSS_TISSUE_ORGAN], x, y, z, 27.0, 25.0, 56.0);
      add_ellipsoid (self, hu[OSS_TISSUE_ADIPOSE], x - side * 9.0, y - 5.0, z, 11.0, 9.0, 24.0);
    }
  /* Stomach with its bubble, colon on either side, then small bowel. */
  add_ellipsoid (self, hu[OSS_TISSUE_ORGAN], 48.0 * w, l1[1] - 88.0 * d, l1[2] + 70.0, 44.0 * w, 32.0 * d, 52.0);
  add_ellipsoid (self, GAS_HU, 52.0 * w, l1[1] - 103.0 * d, l1[2] + 74.0, 24.0 * w, 11.0 * d, 26.0);
  for (int side = -1; side <= 1; side += 2)
    {
      double x = side * 106.0 * w, y = l1[1] - 38.0 * d, z = l1[2] - 75.0 + 30.0 * side;
      add_ellipsoid (self, hu[OSS_TISSUE_ORGAN], x, y, z, 20.0, 24.0, 75.0);
      add_ellipsoid (self, GAS_HU, x, y - 7.0, z, 10.0, 9.0, 50.0);
    }
  for (int i = 0; i < 26; i++)
    {
      double x = oss_random_range (random, -80.0, 85.0) * w, y = l1[1] - oss_random_range (random, 42.0, 112.0) * d;
      double z = l1[2] + oss_random_range (random, -115.0, 45.0), r = oss_random_range (random, 12.0, 19.0);
      double rx = r * oss_random_range (random, 1.0, 1.6), rz = r * oss_random_range (random, 0.9, 1.8);
      if (x < -10.0 * w && z > l1[2] - 30.0)
        continue; /* the liver is there */
      add_ellipsoid (self, hu[OSS_TISSUE_ORGAN] - 6.0, x, y, z, rx, r, rz);
      if (i % 6 == 0)
        add_ellipsoid (self, GAS_HU, x, y - 0.35 * r, z, 0.55 * rx, 0.4 * r, 0.55 * rz);
    }
}

static void
add_soft_tissue (OssVirtualPatient *patient)
{
  OssVirtualAnatomy *self = &patient->anatomy;
  const OssVirtualVertebra *l1 = &self->vertebrae[3];
  const double *hu = patient->spine.hu;
  double u = l1->scale, front = l1->half_depth, back = l1->half_depth, z1 = l1->centre[2];
  double whole[2] = { z1 - 250.0, z1 + 250.0 }, below[2] = { z1 - 250.0, z1 + 18.0 };
  double blood = hu[OSS_TISSUE_BLOOD] + patient->options.contrast_hu;

  for (int side = -1; side <= 1; side += 2)
    {
      double erector[2][2] = { { side * 33.0 * u, back + 41.0 * u }, { side * 31.0 * u, back + 36.0 * u } };
      double erector_r[2][2] = { { 31.0 * u, 25.0 * u }, { 28.0 * u, 21.0 * u } };
      double multifidus[2][2] = { { side * 12.0 * u, back + 32.0 * u }, { side * 12.0 * u, back + 31.0 * u } };
      double multifidus_r[2][2] = { { 11.0 * u, 15.0 * u }, { 10.0 * u, 14.0 * u } };
      double psoas[2][2] = { { side * 54.0 * u, 10.0 * u }, { side * 27.0 * u, 6.0 * u } };
      double psoas_r[2][2] = { { 30.0 * u, 30.0 * u }, { 4.0 * u, 7.0 * u } };
      double quadratus[2][2] = { { side * 66.0 * u, back + 16.0 * u }, { side * 48.0 * u, back + 14.0 * u } };
      double quadratus_r[2][2] = { { 22.0 * u, 12.0 * u }, { 13.0 * u, 6.0 * u } };
      double crus[2][2] = { { side * 15.0 * u, -front - 3.0 }, { side * 17.0 * u, -front - 1.0 } };
      double crus_r[2][2] = { { 5.0, 4.0 }, { 9.0, 4.5 } };
      add_tube (self, hu[OSS_TISSUE_MUSCLE], whole, erector, erector_r);
      add_tube (self, hu[OSS_TISSUE_MUSCLE] - 6.0, whole, multifidus, multifidus_r);
      add_tube (self, hu[OSS_TISSUE_MUSCLE], below, quadratus, quadratus_r);
      add_tube (self, hu[OSS_TISSUE_MUSCLE], below, psoas, psoas_r);
      add_tube (self, hu[OSS_TISSUE_MUSCLE], whole, crus, crus_r);
    }
  double aorta[2][2] = { { 7.0, -front - 13.0 }, { 13.0, -front - 11.0 } };
  double aorta_r[2][2] = { { 8.5, 8.5 }, { 12.0, 12.0 } };
  double cava[2][2] = { { -17.0, -front - 11.0 }, { -19.0, -front - 16.0 } };
  double cava_r[2][2] = { { 11.0, 8.5 }, { 12.0, 9.5 } };
  double canal[2][2] = { { 0.0, back + 7.0 * u }, { 0.0, back + 7.0 * u } };
  double canal_r[2][2] = { { 12.0 * u, 9.0 * u }, { 12.0 * u, 9.0 * u } };
  double sac_r[2][2] = { { 7.6 * u, 6.3 * u }, { 7.6 * u, 6.3 * u } };
  add_tube (self, blood, whole, aorta, aorta_r);
  add_tube (self, blood - 2.0, whole, cava, cava_r);
  add_tube (self, hu[OSS_TISSUE_ADIPOSE], whole, canal, canal_r);
  add_tube (self, hu[OSS_TISSUE_CORD], whole, canal, sac_r);
}

/* Half-axes of the trunk, mm [choice]: waist circumference about 82, 93 and 106 cm. */
static void
make_torso (OssVirtualAnatomy *self, char size, OssRandom *random)
{
  int k = size == 'S' ? 0 : size == 'M' ? 1 : 2;
  static const double half[3][2] = { { 148.0, 103.0 }, { 168.0, 117.0 }, { 188.0, 134.0 } };

  self->torso_radius[0] = half[k][0] * oss_random_range (random, 0.97, 1.02);
  self->torso_radius[1] = half[k][1] * oss_random_range (random, 0.97, 1.03);
  self->torso_centre[0] = 0.0;
  self->torso_centre[1] = -25.0;
  self->back_y = self->torso_centre[1] + self->torso_radius[1];
}

static void
make_phantom (OssVirtualAnatomy *self)
{
  self->phantom_half_depth = 14.0;
  self->phantom_half_width = 0.5 * (self->n_rods - 1) * self->rod_spacing + self->rod_radius + 8.0;
  self->phantom_y = self->back_y + 5.0 + self->phantom_half_depth; /* 5 mm of gel pad between */
  for (int i = 0; i < self->n_rods; i++)
    {
      self->rod[i][0] = (i - 0.5 * (self->n_rods - 1)) * self->rod_spacing;
      self->rod[i][1] = self->phantom_y;
    }
  self->table_y = self->back_y + (self->phantom ? 5.0 + 2.0 * self->phantom_half_depth + 3.0 : 6.0);
}

void
oss_virtual_anatomy_init (OssVirtualPatient *patient, double size, OssRandom *random)
{
  OssVirtualAnatomy *self = &patient->anatomy;

  make_torso (self, patient->options.size, random);
  self->phantom = patient->options.phantom;
  make_phantom (self);
  make_spine (patient, size, random);
  add_viscera (patient, random);
  add_soft_tissue (patient);
  if (patient->options.marker)
    oss_virtual_vertebra_mark_left (&self->vertebrae[3]);
}
