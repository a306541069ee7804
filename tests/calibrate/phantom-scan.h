/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trunk on a phantom, made by the phantom's own relation: HU = sigma_ref K2HPO4 + water + beta_ref (Mindways), or
 * HU = sigma density + beta. */
#pragma once

#include "calibrate/oss-phantom.h"

G_BEGIN_DECLS

/* sigma_CT 1.40 HU per mg/cm3 and beta_CT 3 HU: rods by rho_K2HPO4 = (HU - beta_CT) / sigma_CT after the two constants.
 */
#define PHANTOM_SIGMA_CT 1.40
#define PHANTOM_BETA_CT 3.0

typedef struct
{
  const char *name;
  const char *phantom;
  gboolean reversed; /* rod A on the other side */
  double tilt_deg;   /* of the row */
  double lean;       /* of the rods: mm sideways per mm along z */
  double shift_mm;   /* of the row to the right */
  double length_mm;  /* of the phantom, from the lowest slice */
  double noise_hu;
  gboolean flip; /* stored right to left */
  int used;

  /* Beyond the plain ones. */
  double raise_mm;       /* of the row, forwards */
  const char *second;    /* another phantom in front of the trunk */
  gboolean circle;       /* only the inscribed circle was reconstructed */
  double ceiling_hu;     /* CT numbers end here; 0: nowhere */
  int metal_rod;         /* from 1: this rod has a pin in it; 0: none */
  double casing_hu;      /* 0: 110 */
  gboolean distractions; /* ribs, a cable under the phantom, enhanced vessels */
} PhantomCase;

double phantom_rod_hu (const OssPhantom *phantom, int rod);
/* Patient point of a rod's axis at height z. */
void phantom_rod_axis (const OssPhantom *phantom, const PhantomCase *c, int rod, double z, double p[2]);
/* A trunk over the phantom: 1.5 mm pixels, 2 mm slices. */
OssVolume *phantom_scan (const OssPhantom *phantom, const PhantomCase *c);

G_END_DECLS
