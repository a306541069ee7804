/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-attenuation.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define ELEMENTS 12
#define CALCIUM 10

static const char *const element_names[ELEMENTS] = { "H", "C", "N", "O", "Na", "Mg", "P", "S", "Cl", "K", "Ca", "Fe" };

typedef struct
{
  char name[32];
  double density_g_cm3;
  double fraction[ELEMENTS];
} Substance;

struct _OssAttenuation
{
  OssTable *elements;
  int element_column[ELEMENTS];
  GArray *substances; /* Substance */
  int water;
};

static gboolean
parse_number (const char *text, double *value)
{
  char *end = NULL;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value);
}

static gboolean
wrong_line (GError **error, const char *path, guint line)
{
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
      _ ("%s, line %u: a number in every column was expected, and a first column that rises from line to line"), path,
      line);
  return FALSE;
}

static gboolean
wrong_substance (GError **error, const char *path, guint line)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("%s, line %u: a name, a density and the fractions of the elements H C N O Na Mg P S Cl K Ca Fe that "
                  "add up to 1 were expected"),
               path, line);
  return FALSE;
}

static gboolean
is_comment (const char *line)
{
  return line[0] == '\0' || line[0] == '#';
}

/* ---- tables ---- */

void
oss_table_free (OssTable *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->names);
  g_free (self->key);
  g_free (self->value);
  g_free (self);
}

static gboolean
add_row (OssTable *self, char **cells, GArray *keys, GArray *values)
{
  double number;

  if (g_strv_length (cells) != self->n_columns + 1 || !parse_number (cells[0], &number)
      || (keys->len > 0 && number <= g_array_index (keys, double, keys->len - 1)))
    return FALSE;
  g_array_append_val (keys, number);
  for (gsize c = 0; c < self->n_columns; c++)
    {
      if (!parse_number (cells[1 + c], &number))
        return FALSE;
      g_array_append_val (values, number);
    }
  return TRUE;
}

static gboolean
read_rows (OssTable *self, const char *path, char **lines, GError **error)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (is_comment (g_strchomp (lines[i])))
        continue;
      g_auto (GStrv) cells = g_strsplit (lines[i], ",", -1);
      if (self->names == NULL)
        {
          self->names = g_strdupv (cells + 1);
          self->n_columns = g_strv_length (self->names);
        }
      else if (!add_row (self, cells, keys, values))
        return wrong_line (error, path, i + 1);
    }
  if (keys->len == 0)
    return wrong_line (error, path, 1);
  self->n_rows = keys->len;
  self->key = g_memdup2 (keys->data, keys->len * sizeof (double));
  self->value = g_memdup2 (values->data, values->len * sizeof (double));
  return TRUE;
}

OssTable *
oss_table_load (const char *name, GError **error)
{
  g_autofree char *path = oss_file_find_data (name, error);
  g_autofree char *text = NULL;
  g_autoptr (OssTable) self = g_new0 (OssTable, 1);

  if (path == NULL || !g_file_get_contents (path, &text, NULL, error))
    return NULL;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  return read_rows (self, path, lines, error) ? g_steal_pointer (&self) : NULL;
}

int
oss_table_column (const OssTable *self, const char *name)
{
  for (gsize c = 0; c < self->n_columns; c++)
    if (strcmp (self->names[c], name) == 0)
      return (int) c;
  return -1;
}

/* The rows around @key. */
static gsize
row_below (const OssTable *self, double key)
{
  gsize r = 0;

  while (r + 2 < self->n_rows && key > self->key[r + 1])
    r++;
  return r;
}

static double
cell (const OssTable *self, gsize row, int column)
{
  return self->value[row * self->n_columns + (gsize) column];
}

double
oss_table_linear (const OssTable *self, int column, double key)
{
  gsize r = row_below (self, key);
  double a = cell (self, r, column);

  if (self->n_rows < 2)
    return a;
  double t = CLAMP ((key - self->key[r]) / (self->key[r + 1] - self->key[r]), 0.0, 1.0);
  return a + t * (cell (self, r + 1, column) - a);
}

double
oss_table_log (const OssTable *self, int column, double key)
{
  gsize r = row_below (self, key);
  double a = cell (self, r, column);

  if (self->n_rows < 2)
    return a;
  double t = CLAMP (log (key / self->key[r]) / log (self->key[r + 1] / self->key[r]), 0.0, 1.0);
  return a * pow (cell (self, r + 1, column) / a, t);
}

/* ---- substances ---- */

void
oss_attenuation_free (OssAttenuation *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->elements, oss_table_free);
  g_clear_pointer (&self->substances, g_array_unref);
  g_free (self);
}

/* The columns after name and density must be the elements in our order. */
static gboolean
check_substance_columns (char **cells)
{
  if (g_strv_length (cells) < 2 + ELEMENTS)
    return FALSE;
  for (int e = 0; e < ELEMENTS; e++)
    if (strcmp (cells[2 + e], element_names[e]) != 0)
      return FALSE;
  return TRUE;
}

/* "name,density,H,C,...,source": the source may hold commas of its own. */
static gboolean
parse_substance (char **cells, Substance *substance)
{
  double sum = 0.0;

  memset (substance, 0, sizeof *substance);
  if (g_strv_length (cells) < 2 + ELEMENTS || !parse_number (cells[1], &substance->density_g_cm3)
      || substance->density_g_cm3 <= 0.0)
    return FALSE;
  g_strlcpy (substance->name, cells[0], sizeof substance->name);
  for (int e = 0; e < ELEMENTS; e++)
    {
      if (!parse_number (cells[2 + e], &substance->fraction[e]) || substance->fraction[e] < 0.0)
        return FALSE;
      sum += substance->fraction[e];
    }
  return fabs (sum - 1.0) < 0.005;
}

static gboolean
load_substances (OssAttenuation *self, GError **error)
{
  g_autofree char *path = oss_file_find_data ("tissues.csv", error);
  g_autofree char *text = NULL;
  gboolean header = FALSE;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      Substance substance;

      if (is_comment (g_strchomp (lines[i])))
        continue;
      g_auto (GStrv) cells = g_strsplit (lines[i], ",", -1);
      if (header ? !parse_substance (cells, &substance) : !check_substance_columns (cells))
        return wrong_substance (error, path, i + 1);
      if (header)
        g_array_append_val (self->substances, substance);
      header = TRUE;
    }
  self->water = oss_attenuation_find (self, "water", error);
  return self->water >= 0;
}

/* Coefficients are interpolated in their logarithms, over the energies of clinical CT at least. */
static gboolean
find_elements (OssAttenuation *self, GError **error)
{
  const OssTable *table = self->elements;

  for (int e = 0; e < ELEMENTS; e++)
    {
      self->element_column[e] = oss_table_column (table, element_names[e]);
      if (self->element_column[e] < 0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("physics/mass_attenuation.csv has no column %s"),
                       element_names[e]);
          return FALSE;
        }
    }
  gboolean usable = table->n_rows >= 2 && table->key[0] <= 60.0 && table->key[table->n_rows - 1] >= 80.0;
  for (gsize i = 0; i < table->n_rows * table->n_columns; i++)
    usable &= table->value[i] > 0.0;
  if (!usable)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                         _ ("physics/mass_attenuation.csv must hold coefficients above 0 from 60 to 80 keV at least"));
  return usable;
}

OssAttenuation *
oss_attenuation_load (GError **error)
{
  g_autoptr (OssAttenuation) self = g_new0 (OssAttenuation, 1);

  self->substances = g_array_new (FALSE, FALSE, sizeof (Substance));
  self->elements = oss_table_load ("physics/mass_attenuation.csv", error);
  if (self->elements == NULL || !find_elements (self, error))
    return NULL;
  return load_substances (self, error) ? g_steal_pointer (&self) : NULL;
}

int
oss_attenuation_find (const OssAttenuation *self, const char *name, GError **error)
{
  for (guint i = 0; i < self->substances->len; i++)
    if (strcmp (g_array_index (self->substances, Substance, i).name, name) == 0)
      return (int) i;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("tissues.csv has no substance “%s”"), name);
  return -1;
}

double
oss_attenuation_mass (const OssAttenuation *self, int substance, double kev)
{
  const Substance *what = &g_array_index (self->substances, Substance, substance);
  double sum = 0.0;

  for (int e = 0; e < ELEMENTS; e++)
    if (what->fraction[e] > 0.0)
      sum += what->fraction[e] * oss_table_log (self->elements, self->element_column[e], kev);
  return sum;
}

double
oss_attenuation_density (const OssAttenuation *self, int substance)
{
  return g_array_index (self->substances, Substance, substance).density_g_cm3;
}

double
oss_attenuation_calcium (const OssAttenuation *self, int substance)
{
  return g_array_index (self->substances, Substance, substance).fraction[CALCIUM];
}

double
oss_attenuation_hu (const OssAttenuation *self, int substance, double kev)
{
  double water = oss_attenuation_mass (self, self->water, kev)
                 * g_array_index (self->substances, Substance, self->water).density_g_cm3;

  return 1000.0
         * (oss_attenuation_mass (self, substance, kev)
                * g_array_index (self->substances, Substance, substance).density_g_cm3 / water
            - 1.0);
}
