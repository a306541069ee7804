/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem-models.h"

/* A vertebra before it is meshed. */
typedef struct
{
  OssLabels *labels;
  OssVolume *density; /* mg/cm3, on the grid of the labels */
  OssVertebraFrame frame;
  OssLawChain chain;
} ModelVertebra;

/* The analytic L1: an oval body of 45 x 32 x 27 mm with a waist and dished endplates, and posterior elements unless
 * @body_only.  Ash density 0.90 g/cm3 in a shell of 0.8 mm and 0.15 to 0.20 g/cm3 within; 0.5 mm voxels, no blur,
 * nothing outside. */
void model_vertebra_init (ModelVertebra *self, gboolean body_only);
void model_vertebra_clear (ModelVertebra *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ModelVertebra, model_vertebra_clear)
