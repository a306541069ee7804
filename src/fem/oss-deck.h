/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem.h"

G_BEGIN_DECLS

/* A named set of nodes: indices into the mesh, ascending. */
typedef struct
{
  char *name; /* upper case */
  gint32 *nodes;
  gsize n_nodes;
} OssDeckSet;

/**
 * OssDeck: a model read from an Abaqus/CalculiX input deck; owns everything.
 * @mesh: nodes and elements in the order of their numbers in the deck
 * @node_number: [n_nodes] number of each node in the deck
 * @element_number: [n_elements]
 * @modulus_mpa, @poisson, @material, @materials: as in #OssFemModel
 * @prescribed, @forces: #OssNodal; distributed loads are nodal forces already
 * @equations: #OssFemEquation; their terms are in @terms, their names in @text
 * @sets: #OssDeckSet
 * @notes: char *: what was read but does nothing here, such as output cards; translated
 */
typedef struct
{
  OssMesh *mesh;
  gint32 *node_number;
  gint32 *element_number;
  double *modulus_mpa;
  double poisson;
  gint32 *material; /* (nullable) */
  GArray *materials;
  GArray *prescribed;
  GArray *forces;
  GArray *terms;
  GArray *equations;
  GPtrArray *sets;
  GPtrArray *notes;
  GStringChunk *text;
} OssDeck;

/**
 * oss_deck_read:
 * @path: the deck; files it includes are sought in its folder, and nowhere else
 *
 * Reads *INCLUDE, *HEADING, *NODE, *ELEMENT (C3D4, C3D10, C3D8), *NSET, *ELSET, *MATERIAL, *ELASTIC (isotropic, ORTHO,
 * ENGINEERING CONSTANTS), *DENSITY, *ORIENTATION (rectangular), *SOLID SECTION, *EQUATION, *BOUNDARY, *CLOAD, *DLOAD
 * (P1 to P6, GRAV), *STEP, *STATIC, *END STEP; one linear static step.  Print and output cards are noted.  Any other
 * card, any parameter that would change what a card means, and everything that contradicts itself is an error with file
 * and line.  Lengths in mm, forces in N, so moduli in MPa and masses in t.
 *
 * Forces on one freedom add up, and a later *BOUNDARY of the step takes the place of one before the step, as CalculiX
 * has it.  The deck is taken for hostile: names are not followed out of the folder, depth and number of included files,
 * lengths and counts are limited.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (nullable): %NULL with
 *   %OSS_ERROR_NOT_FOUND: no such file;
 *   %OSS_ERROR_INVALID_DATA: the deck is wrong;
 *   %OSS_ERROR_UNSUPPORTED: a card, a parameter, or an element that is not read;
 *   %OSS_ERROR_OUT_OF_MEMORY, %OSS_ERROR_CANCELLED
 */
OSS_API OssDeck *oss_deck_read (const char *path, const OssTick *tick, GError **error);
OSS_API void oss_deck_free (OssDeck *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssDeck, oss_deck_free)

/* The model, borrowed from the deck. */
OSS_API OssFemModel oss_deck_model (const OssDeck *self);

G_END_DECLS
