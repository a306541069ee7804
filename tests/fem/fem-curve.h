/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"

/* What every load path beyond yield has to keep, of tetrahedra and of voxels. */

/* Reached the end; forces in balance; work is what is stored and what is dissipated, and that only grows. */
void curve_check (const OssFemCurve *curve);

/* The same points and displacements, bit by bit. */
void curve_check_same (const OssFemCurve *a, const OssFemCurve *b);

/* A bar under even stress along its axis. */
typedef struct
{
  double area_mm2, height_mm, modulus_mpa;
  double yield_mpa;   /* in the direction it is loaded */
  double tangent_mpa; /* beyond it: E H / (E + H) */
} CurveBar;

/* The criteria's closed form in one direction, @sign -1 compresses: von Mises and the others yield at the compressive
 * strength in compression; at the tensile one in tension but for von Mises, which knows one strength.  @hardening is H
 * over E in compression; in tension it goes with the square of the strengths' ratio. */
CurveBar curve_bar (double area_mm2, double height_mm, double modulus_mpa, double compression_mpa, double tension_mpa,
                    OssCriterion criterion, double sign, double hardening);

/* E A / L, then the tangent, at every point. */
void curve_check_bar (const OssFemCurve *curve, const CurveBar *bar);
