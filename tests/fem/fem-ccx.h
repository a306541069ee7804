/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesh.h"

/* CalculiX (package calculix-ccx, direct solver SPOOLES) as an independent program.  Without ccx these tests fail: an
 * unchecked solver is not a passing one. */

typedef struct
{
  gsize n_nodes, n_elements;
  double *displacement;      /* [n_nodes][3] mm */
  double *stress;            /* [n_nodes][6] MPa, xx yy zz yz xz xy; NaN where the file has none */
  double *element_von_mises; /* [n_elements] MPa, of the mean stress over the element's integration points */
  double *element_volume;    /* [n_elements] mm3 */
  double force[3];           /* N, total at MOVED; NaN without such a set */
} CcxReference;

void ccx_reference_clear (CcxReference *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CcxReference, ccx_reference_clear)

/* A deck as oss_fem_write_deck() leaves it that also asks for stresses at integration points and volumes. */
char *ccx_ask_for_stress (const char *deck, gsize n_elements);

/* Runs ccx on @folder/@name.inp, which prints the displacements of NALL (@n_nodes and perhaps more nodes) and what
 * ccx_ask_for_stress() asks for. */
void ccx_run (const char *folder, const char *name, gsize n_nodes, gsize n_elements, CcxReference *reference);

/* The values that 50, 95 and 99 % of the volume do not exceed. */
void ccx_percentiles (const CcxReference *self, double percentile[3]);

/* Largest difference over the largest value of b. */
double largest_difference (const double *a, const double *b, gsize n);

void remove_folder (const char *folder);
