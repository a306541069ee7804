/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-file.h"
#include "fem/oss-fem-private.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_WIDTH 20

static const char *
deck_type (OssElementKind kind)
{
  return kind == OSS_ELEMENT_TET10 ? "C3D10" : kind == OSS_ELEMENT_TET4 ? "C3D4" : "C3D8";
}

void
oss_deck_number (double value, char text[32])
{
  for (int digits = 17; digits >= 1; digits--)
    {
      char format[8];
      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, 32, format, value);
      if (strlen (text) <= NUMBER_WIDTH)
        return;
    }
}

/* The elements in the order of their material (-1: the model's own isotropic one) and modulus; equal ones are one
 * material of the deck. */
typedef struct
{
  gint32 material;
  double modulus;
  gsize element;
} Entry;

static gboolean
same_material (const Entry *a, const Entry *b)
{
  return a->material == b->material && (a->material >= 0 || a->modulus == b->modulus);
}

static int
compare_entries (const void *a, const void *b)
{
  const Entry *x = a, *y = b;
  if (x->material != y->material)
    return x->material < y->material ? -1 : 1;
  if (x->material < 0 && x->modulus != y->modulus)
    return x->modulus < y->modulus ? -1 : 1;
  return (x->element > y->element) - (x->element < y->element);
}

static Entry *
sort_elements (const OssFemModel *model, guint bins)
{
  gsize n = model->mesh->n_elements;
  g_autofree double *modulus = g_new (double, n);
  Entry *entries = g_new (Entry, n);

  oss_fem_bin_modulus (model->modulus_mpa, n, bins, modulus);
  for (gsize e = 0; e < n; e++)
    entries[e] = (Entry){ model->material != NULL ? model->material[e] : -1, modulus[e], e };
  qsort (entries, n, sizeof *entries, compare_entries);
  return entries;
}

static void
write_nodes (FILE *file, const OssMesh *mesh)
{
  char x[3][32];

  fputs ("*NODE, NSET=NALL\n", file);
  for (gsize i = 0; i < mesh->n_nodes; i++)
    {
      for (int k = 0; k < 3; k++)
        oss_deck_number (mesh->nodes[3 * i + (gsize) k], x[k]);
      fprintf (file, "%zu,%s,%s,%s\n", i + 1, x[0], x[1], x[2]);
    }
}

/* Our node order is Abaqus's for all three kinds. */
static void
write_element (FILE *file, const OssMesh *mesh, gsize element)
{
  gsize nn = (gsize) oss_element_nodes (mesh->kind);

  fprintf (file, "%zu", element + 1);
  for (gsize a = 0; a < nn; a++)
    fprintf (file, ",%d", mesh->elements[element * nn + a] + 1);
  fputc ('\n', file);
}

static void
write_elements (FILE *file, const OssMesh *mesh, const Entry *entries)
{
  gsize material = 0;

  for (gsize i = 0; i < mesh->n_elements; i++)
    {
      if (i == 0 || !same_material (&entries[i], &entries[i - 1]))
        fprintf (file, "*ELEMENT, TYPE=%s, ELSET=E%zu\n", deck_type (mesh->kind), ++material);
      write_element (file, mesh, entries[i].element);
    }
}

static void
write_constants (FILE *file, const double *values, int n)
{
  char text[32];

  for (int i = 0; i < n; i++)
    {
      oss_deck_number (values[i], text);
      fprintf (file, "%s%s", text, i == n - 1 || i == 7 ? "\n" : ",");
    }
}

/* An orthotropic material and its axes: the first two as points. */
static void
write_orthotropic (FILE *file, const OssFemMaterial *material, gsize number)
{
  fprintf (file, "*ORIENTATION, NAME=O%zu, SYSTEM=RECTANGULAR\n", number);
  write_constants (file, material->axes, 6);
  fprintf (file, "*MATERIAL, NAME=M%zu\n*ELASTIC, TYPE=%s\n", number,
           material->kind == OSS_ELASTICITY_ENGINEERING ? "ENGINEERING CONSTANTS" : "ORTHO");
  write_constants (file, material->constants, 9);
  fprintf (file, "*SOLID SECTION, ELSET=E%zu, MATERIAL=M%zu, ORIENTATION=O%zu\n", number, number, number);
}

static void
write_materials (FILE *file, const OssFemModel *model, const Entry *entries)
{
  gsize number = 0;

  for (gsize i = 0; i < model->mesh->n_elements; i++)
    {
      if (i > 0 && same_material (&entries[i], &entries[i - 1]))
        continue;
      const OssFemMaterial *material = entries[i].material >= 0 ? &model->materials[entries[i].material] : NULL;
      const double own[2] = { entries[i].modulus, model->poisson };
      number++;
      if (material != NULL && material->kind != OSS_ELASTICITY_ISOTROPIC)
        {
          write_orthotropic (file, material, number);
          continue;
        }
      fprintf (file, "*MATERIAL, NAME=M%zu\n*ELASTIC\n", number);
      write_constants (file, material != NULL ? material->constants : own, 2);
      fprintf (file, "*SOLID SECTION, ELSET=E%zu, MATERIAL=M%zu\n", number, number);
    }
}

/* A set of the nodes that are marked; FALSE when there are none. */
static gboolean
write_set (FILE *file, const char *name, const guint8 *marked, gsize n_nodes)
{
  gboolean any = FALSE;

  for (gsize i = 0; i < n_nodes; i++)
    if (marked[i])
      {
        if (!any)
          fprintf (file, "*NSET, NSET=%s\n", name);
        fprintf (file, "%zu\n", i + 1);
        any = TRUE;
      }
  return any;
}

/* MOVED: nodes with a prescribed displacement other than zero; HELD: the other prescribed nodes. */
static void
write_sets (FILE *file, const OssFemModel *model, gboolean *held_any, gboolean *moved_any)
{
  gsize n = model->mesh->n_nodes;
  g_autofree guint8 *held = g_new0 (guint8, n);
  g_autofree guint8 *moved = g_new0 (guint8, n);
  g_autofree guint8 *loaded = g_new0 (guint8, n);

  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      held[model->prescribed[i].node] = TRUE;
      moved[model->prescribed[i].node] |= model->prescribed[i].value != 0.0;
    }
  for (gsize i = 0; i < n; i++)
    held[i] = held[i] && !moved[i];
  for (gsize i = 0; i < model->n_forces; i++)
    loaded[model->forces[i].node] = TRUE;
  *held_any = write_set (file, "HELD", held, n);
  *moved_any = write_set (file, "MOVED", moved, n);
  write_set (file, "LOADED", loaded, n);
}

static void
write_loads (FILE *file, const OssFemModel *model)
{
  char value[32];

  gsize ties = model->n_platens + model->n_equations;

  if (model->n_prescribed + ties > 0)
    fputs ("*BOUNDARY\n", file);
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      oss_deck_number (p->value, value);
      fprintf (file, "%d,%d,%d,%s\n", p->node + 1, p->axis + 1, p->axis + 1, value);
    }
  oss_deck_write_tie_boundary (file, model);
  if (model->n_forces + model->n_platens > 0)
    fputs ("*CLOAD\n", file);
  for (gsize i = 0; i < model->n_forces; i++)
    {
      const OssNodal *f = &model->forces[i];
      oss_deck_number (f->value, value);
      fprintf (file, "%d,%d,%s\n", f->node + 1, f->axis + 1, value);
    }
  oss_deck_write_tie_forces (file, model);
}

static void
write_heading (FILE *file, const OssFemModel *model, const char *heading, guint bins)
{
  g_autofree char *line = g_strdup (heading != NULL ? heading : "");
  g_strdelimit (line, "\r\n*", ' ');
  fprintf (file, "*HEADING\n%s\n** Ossature %s.  Units: mm, N, MPa; axes: patient x Left, y Posterior, z Superior.\n",
           line[0] != '\0' ? line : "Ossature", OSS_VERSION);
  fprintf (file, "** %zu nodes, %zu elements.  ", model->mesh->n_nodes, model->mesh->n_elements);
  if (bins > 0)
    fprintf (file, "Modulus in %u geometric bins, each at the mean of its elements.\n", bins);
  else
    fputs ("Every modulus as it is.\n", file);
}

static void
write_step (FILE *file, const OssFemModel *model, gboolean held, gboolean moved)
{
  fputs ("*STEP\n*STATIC\n", file);
  write_loads (file, model);
  if (held)
    fputs ("*NODE PRINT, NSET=HELD, TOTALS=ONLY\nRF\n", file);
  if (moved)
    fputs ("*NODE PRINT, NSET=MOVED, TOTALS=ONLY\nRF\n", file);
  fputs ("*NODE PRINT, NSET=NALL\nU\n*NODE FILE\nU, RF\n*EL FILE\nS\n*END STEP\n", file);
}

gboolean
oss_fem_write_deck (const OssFemModel *model, const char *path, guint bins, const char *heading, GError **error)
{
  g_autoptr (OssFileWriter) writer = NULL;
  g_autofree Entry *entries = NULL;
  gboolean held, moved;

  if (!oss_fem_model_check (model, error) || (writer = oss_file_writer_new (path, error)) == NULL)
    return FALSE;
  FILE *file = oss_file_writer_stream (writer);
  entries = sort_elements (model, bins);
  write_heading (file, model, heading, bins);
  write_nodes (file, model->mesh);
  oss_deck_write_tie_nodes (file, model);
  write_elements (file, model->mesh, entries);
  write_sets (file, model, &held, &moved);
  write_materials (file, model, entries);
  oss_deck_write_ties (file, model);
  write_step (file, model, held, moved);
  return oss_file_writer_commit (writer, error);
}
