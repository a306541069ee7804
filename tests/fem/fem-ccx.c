/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-ccx.h"

#include "base/oss-vector.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ccx_reference_clear (CcxReference *self)
{
  g_free (self->displacement);
  g_free (self->stress);
  g_free (self->element_von_mises);
  g_free (self->element_volume);
}

char *
ccx_ask_for_stress (const char *deck, gsize n_elements)
{
  const char *step = strstr (deck, "*STEP"), *end = strstr (deck, "*END STEP");

  g_assert_true (step != NULL && end != NULL);
  return g_strdup_printf ("%.*s*ELSET, ELSET=EVERY, GENERATE\n1,%zu\n%.*s*EL PRINT, ELSET=EVERY\nS,EVOL\n%s",
                          (int) (step - deck), deck, n_elements, (int) (end - step), step, end);
}

static void
run (const char *folder, const char *name)
{
  const char *argv[] = { "ccx", "-i", name, NULL };
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "OMP_NUM_THREADS", "2", TRUE);
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!g_spawn_sync (folder, (char **) argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status,
                     &error))
    g_error ("CalculiX does not start (%s): install the package calculix-ccx", error->message);
  if (strstr (output, "*ERROR") != NULL || strstr (output, "Job finished") == NULL)
    g_error ("CalculiX failed:\n%s\n%s", output, errors);
}

/* Means of the stresses of each element, in ccx's order: xx yy zz xy xz yz. */
typedef struct
{
  double (*sum)[6];
  int *points;
  gsize n_nodes, n_volumes;
  gboolean force;
} Counts;

static void
take_line (CcxReference *self, Counts *counts, const char *section, const char *line)
{
  unsigned long number;
  double v[6];
  int point;

  if (strcmp (section, "displacements") == 0 && sscanf (line, "%lu %lf %lf %lf", &number, v, v + 1, v + 2) == 4)
    {
      if (number <= self->n_nodes)
        memcpy (self->displacement + 3 * (number - 1), v, 3 * sizeof *v);
      counts->n_nodes += number <= self->n_nodes;
    }
  else if (strcmp (section, "force") == 0 && sscanf (line, "%lf %lf %lf", v, v + 1, v + 2) == 3)
    {
      memcpy (self->force, v, sizeof self->force);
      counts->force = TRUE;
    }
  else if (strcmp (section, "stresses") == 0
           && sscanf (line, "%lu %d %lf %lf %lf %lf %lf %lf", &number, &point, v, v + 1, v + 2, v + 3, v + 4, v + 5)
                  == 8)
    {
      g_assert_cmpuint (number, <=, self->n_elements);
      for (int k = 0; k < 6; k++)
        counts->sum[number - 1][k] += v[k];
      counts->points[number - 1]++;
    }
  else if (strcmp (section, "volume") == 0 && sscanf (line, "%lu %lf", &number, v) == 2)
    {
      g_assert_cmpuint (number, <=, self->n_elements);
      self->element_volume[number - 1] = v[0];
      counts->n_volumes++;
    }
}

static const char *
section_of (const char *line, const char *before)
{
  if (strstr (line, "displacements") != NULL)
    return "displacements";
  if (strstr (line, "total force") != NULL)
    return strstr (line, "MOVED") != NULL ? "force" : "";
  if (strstr (line, "stresses") != NULL)
    return "stresses";
  return strstr (line, "volume") != NULL ? "volume" : before;
}

static void
read_dat (const char *folder, const char *name, CcxReference *self)
{
  g_autofree char *base = g_strconcat (name, ".dat", NULL);
  g_autofree char *path = g_build_filename (folder, base, NULL);
  FILE *file = fopen (path, "re");
  Counts counts = { .sum = g_malloc0 (self->n_elements * sizeof *counts.sum),
                    .points = g_new0 (int, self->n_elements) };
  const char *section = "";
  char line[256];

  g_assert_nonnull (file);
  while (fgets (line, sizeof line, file) != NULL)
    {
      section = section_of (line, section);
      take_line (self, &counts, section, line);
    }
  fclose (file);
  g_assert_cmpuint (counts.n_nodes, ==, self->n_nodes);
  g_assert_cmpuint (counts.n_volumes, ==, self->n_elements);
  for (gsize e = 0; e < self->n_elements; e++)
    {
      const double *s = counts.sum[e], n = counts.points[e];
      const double mean[6] = { s[0] / n, s[1] / n, s[2] / n, s[5] / n, s[4] / n, s[3] / n };
      self->element_von_mises[e] = oss_von_mises (mean);
    }
  for (int k = 0; k < 3 && !counts.force; k++)
    self->force[k] = NAN;
  g_free (counts.sum);
  g_free (counts.points);
}

/* The result file: fixed columns of 12, stress as xx yy zz xy yz zx. */
static void
read_frd (const char *folder, const char *name, CcxReference *self)
{
  static const int place[6] = { 0, 1, 2, 5, 3, 4 };
  g_autofree char *base = g_strconcat (name, ".frd", NULL);
  g_autofree char *path = g_build_filename (folder, base, NULL);
  FILE *file = fopen (path, "re");
  char line[256];
  gboolean inside = FALSE;

  g_assert_nonnull (file);
  for (gsize i = 0; i < 6 * self->n_nodes; i++)
    self->stress[i] = NAN;
  while (fgets (line, sizeof line, file) != NULL)
    {
      if (strncmp (line, " -4", 3) == 0)
        inside = strstr (line, "STRESS") != NULL;
      else if (inside && strncmp (line, " -1", 3) == 0 && strlen (line) >= 13 + 72)
        {
          char number[16] = { 0 };
          memcpy (number, line + 3, 10);
          gsize node = (gsize) g_ascii_strtoull (number, NULL, 10) - 1;
          for (int k = 0; k < 6 && node < self->n_nodes; k++)
            {
              memcpy (number, line + 13 + 12 * k, 12);
              number[12] = '\0';
              self->stress[6 * node + (gsize) place[k]] = g_ascii_strtod (number, NULL);
            }
        }
    }
  fclose (file);
}

void
ccx_run (const char *folder, const char *name, gsize n_nodes, gsize n_elements, CcxReference *reference)
{
  run (folder, name);
  reference->n_nodes = n_nodes;
  reference->n_elements = n_elements;
  reference->displacement = g_new0 (double, 3 * n_nodes);
  reference->stress = g_new0 (double, 6 * n_nodes);
  reference->element_von_mises = g_new0 (double, n_elements);
  reference->element_volume = g_new0 (double, n_elements);
  read_dat (folder, name, reference);
  read_frd (folder, name, reference);
}

typedef struct
{
  double value, volume;
} Weighted;

static int
compare_weighted (const void *a, const void *b)
{
  double x = ((const Weighted *) a)->value, y = ((const Weighted *) b)->value;
  return (x > y) - (x < y);
}

void
ccx_percentiles (const CcxReference *self, double percentile[3])
{
  static const double share[3] = { 0.50, 0.95, 0.99 };
  g_autofree Weighted *sorted = g_new (Weighted, self->n_elements);
  double whole = 0.0;

  for (gsize e = 0; e < self->n_elements; e++)
    {
      sorted[e] = (Weighted){ self->element_von_mises[e], self->element_volume[e] };
      whole += self->element_volume[e];
    }
  qsort (sorted, self->n_elements, sizeof *sorted, compare_weighted);
  for (int p = 0; p < 3; p++)
    {
      double below = 0.0;
      for (gsize e = 0; e < self->n_elements && below < share[p] * whole; e++)
        {
          below += sorted[e].volume;
          percentile[p] = sorted[e].value;
        }
    }
}

double
largest_difference (const double *a, const double *b, gsize n)
{
  double difference = 0.0, size = 0.0;
  for (gsize i = 0; i < n; i++)
    {
      difference = fmax (difference, fabs (a[i] - b[i]));
      size = fmax (size, fabs (b[i]));
    }
  g_assert_cmpfloat (size, >, 0.0);
  return difference / size;
}

void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}
