/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-private.h"

#include <string.h>

/* Equations and platens as a deck has them: *EQUATION between nodes.  A platen becomes two nodes at its reference, one
 * for its motion and one for its turns, after the nodes of the mesh; the right side of an equation becomes the
 * displacement of a node of its own, as *EQUATION knows zero only. */

#define TERMS_PER_LINE 4

typedef struct
{
  gsize node; /* from 0 */
  int axis;
  double coefficient;
} Term;

static gsize
platen_node (const OssFemModel *model, gsize platen, gboolean turns)
{
  return model->mesh->n_nodes + 2 * platen + (turns ? 1 : 0);
}

static void
write_node (FILE *file, gsize node, const double x[3])
{
  char text[3][32];

  for (int k = 0; k < 3; k++)
    oss_deck_number (x[k], text[k]);
  fprintf (file, "%zu,%s,%s,%s\n", node + 1, text[0], text[1], text[2]);
}

void
oss_deck_write_tie_nodes (FILE *file, const OssFemModel *model)
{
  gsize next = model->mesh->n_nodes + 2 * model->n_platens;
  gboolean any = model->n_platens > 0;

  for (gsize i = 0; i < model->n_equations && !any; i++)
    any = model->equations[i].right != 0.0;
  if (any)
    fputs ("** Nodes of platens (motion, then turns) and of right sides of equations.\n*NODE, NSET=TIES\n", file);
  for (gsize i = 0; i < model->n_platens; i++)
    for (int turns = 0; turns < 2; turns++)
      write_node (file, platen_node (model, i, turns), model->platens[i].reference_mm);
  for (gsize i = 0; i < model->n_equations; i++)
    if (model->equations[i].right != 0.0)
      write_node (file, next++, model->mesh->nodes + 3 * (gsize) model->equations[i].terms[0].node);
}

static void
write_terms (FILE *file, const Term *terms, gsize n)
{
  fprintf (file, "%zu\n", n);
  for (gsize i = 0; i < n; i++)
    {
      char text[32];
      oss_deck_number (terms[i].coefficient, text);
      fprintf (file, "%zu,%d,%s%s", terms[i].node + 1, terms[i].axis + 1, text,
               i == n - 1 || i % TERMS_PER_LINE == TERMS_PER_LINE - 1 ? "\n" : ",");
    }
}

/* CalculiX solves for the first term, which must be nobody else's first, nor prescribed. */
static void
put_free_first (Term *terms, gsize n, guint8 *taken)
{
  gsize first = 0;

  while (first < n && (terms[first].coefficient == 0.0 || taken[3 * terms[first].node + (gsize) terms[first].axis]))
    first++;
  if (first == n)
    return;
  Term swap = terms[first];
  memmove (terms + 1, terms, first * sizeof *terms);
  terms[0] = swap;
  taken[3 * swap.node + (gsize) swap.axis] = TRUE;
}

static void
write_platen (FILE *file, const OssFemModel *model, gsize number)
{
  const OssFemPlaten *platen = &model->platens[number];

  for (gsize i = 0; i < platen->n_nodes; i++)
    {
      double d[3];
      GArray *terms = g_array_new (FALSE, FALSE, sizeof (Term));
      oss_sub (model->mesh->nodes + 3 * (gsize) platen->nodes[i], platen->reference_mm, d);
      for (int k = 0; k < 3; k++)
        {
          double along = platen->planar ? platen->normal[k] : 1.0;
          /* u_k - U_k - (theta x d)_k = 0, or the sum of the three times the normal. */
          const Term own[4] = { { (gsize) platen->nodes[i], k, along },
                                { platen_node (model, number, FALSE), k, -along },
                                { platen_node (model, number, TRUE), (k + 1) % 3, -along * d[(k + 2) % 3] },
                                { platen_node (model, number, TRUE), (k + 2) % 3, along * d[(k + 1) % 3] } };
          for (int t = 0; t < 4; t++)
            if (own[t].coefficient != 0.0)
              g_array_append_val (terms, own[t]);
          if (!platen->planar || k == 2)
            {
              write_terms (file, (const Term *) (const void *) terms->data, terms->len);
              g_array_set_size (terms, 0);
            }
        }
      g_array_unref (terms);
    }
}

void
oss_deck_write_ties (FILE *file, const OssFemModel *model)
{
  gsize next = model->mesh->n_nodes + 2 * model->n_platens;
  g_autofree guint8 *taken = g_new0 (guint8, 3 * model->mesh->n_nodes);

  if (model->n_equations == 0 && model->n_platens == 0)
    return;
  for (gsize i = 0; i < model->n_prescribed; i++)
    taken[3 * model->prescribed[i].node + model->prescribed[i].axis] = TRUE;
  fputs ("*EQUATION\n", file);
  for (gsize i = 0; i < model->n_equations; i++)
    {
      const OssFemEquation *equation = &model->equations[i];
      g_autofree Term *terms = g_new (Term, equation->n_terms + 1);
      gsize n = equation->n_terms;
      for (gsize k = 0; k < n; k++)
        terms[k] = (Term){ (gsize) equation->terms[k].node, equation->terms[k].axis, equation->terms[k].coefficient };
      put_free_first (terms, n, taken);
      if (equation->right != 0.0)
        terms[n++] = (Term){ next++, 0, -1.0 };
      write_terms (file, terms, n);
    }
  for (gsize i = 0; i < model->n_platens; i++)
    write_platen (file, model, i);
}

void
oss_deck_write_tie_boundary (FILE *file, const OssFemModel *model)
{
  gsize next = model->mesh->n_nodes + 2 * model->n_platens;
  char text[32];

  for (gsize i = 0; i < 6 * model->n_platens; i++)
    if (model->platens[i / 6].prescribed[i % 6])
      {
        oss_deck_number (model->platens[i / 6].motion[i % 6], text);
        fprintf (file, "%zu,%zu,%zu,%s\n", platen_node (model, i / 6, i % 6 > 2) + 1, i % 3 + 1, i % 3 + 1, text);
      }
  for (gsize i = 0; i < model->n_equations; i++)
    if (model->equations[i].right != 0.0)
      {
        oss_deck_number (model->equations[i].right, text);
        fprintf (file, "%zu,1,1,%s\n", ++next, text);
      }
}

void
oss_deck_write_tie_forces (FILE *file, const OssFemModel *model)
{
  char text[32];

  for (gsize i = 0; i < 6 * model->n_platens; i++)
    if (model->platens[i / 6].load[i % 6] != 0.0)
      {
        oss_deck_number (model->platens[i / 6].load[i % 6], text);
        fprintf (file, "%zu,%zu,%s\n", platen_node (model, i / 6, i % 6 > 2) + 1, i % 3 + 1, text);
      }
}
