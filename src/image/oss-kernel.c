/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Known reconstruction kernels: data/known-kernels.ini says what stands in it and where it comes from. */
#include "image/oss-kernel.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define MOST_ANCHORS 8
#define USUAL_EXPONENT 2.3 /* of Siemens B30 and D45: f10 / f50 = 1.68 */
#define LEAST_LP_CM 0.5
#define MOST_LP_CM 40.0

/* One group of the table. */
typedef struct
{
  char *title;
  char **makers, **names, **begins;
  GRegex *match;
  gboolean others;
  int n_anchors;
  double number[MOST_ANCHORS], f50[MOST_ANCHORS], f10[MOST_ANCHORS];
  OssKernelStatus status[MOST_ANCHORS];
  double percent, smooth_to, sharp_from;
  OssKernelClass sharpness;
  char *source, *rule;
} Row;

static const char *const class_names[] = { N_ ("unknown"), N_ ("smooth"), N_ ("standard"), N_ ("sharp") };

const char *
oss_kernel_class_name (OssKernelClass sharpness)
{
  return class_names[CLAMP ((int) sharpness, 0, 3)];
}

const char *
oss_kernel_class_word (OssKernelClass sharpness)
{
  return _ (oss_kernel_class_name (sharpness));
}

static const char *const status_names[] = { N_ ("measured"), N_ ("virtual"), N_ ("derived"), N_ ("recalled"),
                                            N_ ("none") };

const char *
oss_kernel_status_name (OssKernelStatus status)
{
  return status_names[CLAMP ((int) status, 0, (int) OSS_KERNEL_NO_MTF)];
}

const char *
oss_kernel_status_word (OssKernelStatus status)
{
  return _ (oss_kernel_status_name (status));
}

static OssKernelStatus
status_from_name (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (status_names); i++)
    if (g_str_equal (name, status_names[i]))
      return (OssKernelStatus) i;
  return OSS_KERNEL_RECALLED;
}

static OssKernelClass
class_from_name (const char *name)
{
  for (int i = OSS_KERNEL_SMOOTH; name != NULL && i <= (int) OSS_KERNEL_SHARP; i++)
    if (g_str_equal (name, oss_kernel_class_name ((OssKernelClass) i)))
      return (OssKernelClass) i;
  return OSS_KERNEL_UNKNOWN;
}

/* ---- transfer function ---- */

double
oss_kernel_mtf (const OssKernel *self, double lp_cm)
{
  double left = exp (-G_LN2 * pow (lp_cm / self->f50, self->exponent));

  if (self->overshoot != 0.0)
    {
      double x = lp_cm / self->peak;
      left += self->overshoot * x * x * exp (1.0 - x * x);
    }
  return left;
}

double
oss_kernel_exponent (double f50, double f10)
{
  return f50 > 0.0 && f10 > f50 ? log (G_LN10 / G_LN2) / log (f10 / f50) : NAN;
}

double
oss_kernel_f10 (const OssKernel *self)
{
  return self->f50 * pow (G_LN10 / G_LN2, 1.0 / self->exponent);
}

/* By halving: below f50 the shape alone leaves more than a half, and by four peaks the overshoot is gone. */
double
oss_kernel_half (const OssKernel *self)
{
  double low = self->f50, high = self->f50 + 4.0 * self->peak;

  if (!(self->overshoot > 0.0))
    return self->f50;
  for (int i = 0; i < 60; i++)
    {
      double middle = 0.5 * (low + high);
      if (oss_kernel_mtf (self, middle) > 0.5)
        low = middle;
      else
        high = middle;
    }
  return low;
}

static gboolean
has_sensible_mtf (const OssKernel *self)
{
  return self->f50 >= LEAST_LP_CM && self->f50 <= MOST_LP_CM && self->exponent >= 0.8 && self->exponent <= 8.0
         && self->overshoot >= 0.0 && self->overshoot <= 2.0 && (self->overshoot == 0.0 || self->peak > 0.0);
}

/* ---- reading the shipped table ---- */

static void
read_anchors (GKeyFile *file, const char *group, Row *row)
{
  gsize n50 = 0, n10 = 0, n = 0, n_status = 0;
  g_autofree double *f50 = g_key_file_get_double_list (file, group, "f50", &n50, NULL);
  g_autofree double *f10 = g_key_file_get_double_list (file, group, "f10", &n10, NULL);
  g_autofree double *number = g_key_file_get_double_list (file, group, "numbers", &n, NULL);
  g_auto (GStrv) status = g_key_file_get_string_list (file, group, "status", &n_status, NULL);

  row->n_anchors = (int) MIN (MIN (n50, n10), MOST_ANCHORS);
  for (int i = 0; i < row->n_anchors; i++)
    {
      row->f50[i] = f50[i];
      row->f10[i] = f10[i];
      row->number[i] = i < (int) n ? number[i] : 0.0;
      row->status[i] = status_from_name (i < (int) n_status ? status[i] : NULL);
    }
}

static Row *
read_row (GKeyFile *file, const char *group)
{
  Row *row = g_new0 (Row, 1);
  g_autofree char *pattern = g_key_file_get_string (file, group, "match", NULL);
  g_autofree char *class = g_key_file_get_string (file, group, "class", NULL);

  row->title = g_strdup (group);
  row->makers = g_key_file_get_string_list (file, group, "maker", NULL, NULL);
  row->names = g_key_file_get_string_list (file, group, "names", NULL, NULL);
  row->begins = g_key_file_get_string_list (file, group, "begins", NULL, NULL);
  row->match = pattern != NULL ? g_regex_new (pattern, 0, 0, NULL) : NULL;
  row->others = g_key_file_get_boolean (file, group, "others", NULL);
  row->percent = g_key_file_get_double (file, group, "percent", NULL);
  row->smooth_to = g_key_file_get_double (file, group, "smooth_to", NULL);
  row->sharp_from = g_key_file_get_double (file, group, "sharp_from", NULL);
  row->sharpness = class_from_name (class);
  row->source = g_key_file_get_string (file, group, "source", NULL);
  row->rule = g_key_file_get_string (file, group, "rule", NULL);
  read_anchors (file, group, row);
  return row;
}

/* Read once, kept for the life of the program. */
static const GPtrArray *
shipped (void)
{
  static GPtrArray *rows;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      g_autoptr (GKeyFile) file = g_key_file_new ();
      g_autofree char *path = oss_file_find_data ("known-kernels.ini", NULL);

      rows = g_ptr_array_new ();
      if (path != NULL && g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
        {
          g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
          for (int i = 0; groups[i] != NULL; i++)
            g_ptr_array_add (rows, read_row (file, groups[i]));
        }
      g_once_init_leave (&once, 1);
    }
  return rows;
}

/* ---- finding ---- */

static gboolean
begins_with (const char *text, const char *beginning)
{
  return g_ascii_strncasecmp (text, beginning, strlen (beginning)) == 0;
}

static gboolean
is_maker (const Row *row, const char *maker)
{
  for (int i = 0; row->makers != NULL && row->makers[i] != NULL; i++)
    if (begins_with (maker, row->makers[i]))
      return TRUE;
  return FALSE;
}

/* TRUE when @name is of this row; @number: what the family counts with, 0 without. */
static gboolean
is_name (const Row *row, const char *name, double *number)
{
  *number = 0.0;
  for (int i = 0; row->names != NULL && row->names[i] != NULL; i++)
    if (g_ascii_strcasecmp (name, row->names[i]) == 0)
      return TRUE;
  for (int i = 0; row->begins != NULL && row->begins[i] != NULL; i++)
    if (begins_with (name, row->begins[i]))
      return TRUE;
  g_autoptr (GMatchInfo) info = NULL;
  if (row->match == NULL || !g_utf8_validate (name, -1, NULL) || !g_regex_match (row->match, name, 0, &info))
    return FALSE;
  g_autofree char *digits = g_match_info_fetch (info, 1);
  *number = digits != NULL ? g_ascii_strtod (digits, NULL) : 0.0;
  return TRUE;
}

/* f50 and f10 at @number: logarithmic between anchors, so many percent a number beyond them. */
static void
interpolate (const Row *row, double number, OssKernel *kernel)
{
  int last = row->n_anchors - 1, i = 0;
  double f50, f10, step = 1.0 + 0.01 * row->percent;

  while (i < last && number > row->number[i + 1])
    i++;
  if (last == 0 || number <= row->number[0] || number >= row->number[last])
    {
      int end = last > 0 && number >= row->number[last] ? last : 0;
      double factor = row->number[end] > 0.0 ? pow (step, number - row->number[end]) : 1.0;
      f50 = row->f50[end] * factor, f10 = row->f10[end] * factor;
      kernel->status = factor == 1.0 ? row->status[end] : OSS_KERNEL_DERIVED;
    }
  else
    {
      double t = (number - row->number[i]) / (row->number[i + 1] - row->number[i]);
      f50 = row->f50[i] * pow (row->f50[i + 1] / row->f50[i], t);
      f10 = row->f10[i] * pow (row->f10[i + 1] / row->f10[i], t);
      kernel->status = t == 1.0 ? row->status[i + 1] : OSS_KERNEL_DERIVED;
    }
  kernel->f50 = f50;
  kernel->exponent = oss_kernel_exponent (f50, f10);
}

static void
fill (const Row *row, double number, OssKernel *kernel)
{
  kernel->sharpness = row->sharpness;
  if (row->sharp_from > 0.0)
    kernel->sharpness = number <= row->smooth_to   ? OSS_KERNEL_SMOOTH
                        : number < row->sharp_from ? OSS_KERNEL_STANDARD
                                                   : OSS_KERNEL_SHARP;
  kernel->status = OSS_KERNEL_NO_MTF;
  kernel->f50 = kernel->exponent = NAN;
  if (row->n_anchors > 0)
    interpolate (row, number, kernel);
  const char *source = kernel->status == OSS_KERNEL_DERIVED && row->rule != NULL ? row->rule : row->source;
  g_strlcpy (kernel->source, source != NULL ? source : "", sizeof kernel->source);
}

static gboolean
find_shipped (const char *maker, const char *name, OssKernel *kernel)
{
  const GPtrArray *rows = shipped ();

  for (int pass = 0; pass < 2; pass++)
    for (guint i = 0; i < rows->len; i++)
      {
        const Row *row = rows->pdata[i];
        double number;
        if ((pass == 0 ? is_maker (row, maker) : row->others) && is_name (row, name, &number))
          {
            fill (row, number, kernel);
            return TRUE;
          }
      }
  return FALSE;
}

/* ---- the user's own table ---- */

char *
oss_kernel_own_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "ossature", "kernels.ini", NULL);
}

static gboolean
read_own (GKeyFile *file, const char *group, OssKernel *kernel)
{
  const struct
  {
    const char *key;
    char *to;
    gsize size;
  } texts[] = { { "name", kernel->name, sizeof kernel->name },
                { "maker", kernel->maker, sizeof kernel->maker },
                { "model", kernel->model, sizeof kernel->model },
                { "source", kernel->source, sizeof kernel->source } };

  memset (kernel, 0, sizeof *kernel);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = g_key_file_get_string (file, group, texts[i].key, NULL);
      g_strlcpy (texts[i].to, text != NULL ? text : "", texts[i].size);
    }
  g_autofree char *class = g_key_file_get_string (file, group, "class", NULL);
  kernel->own = TRUE;
  kernel->status = OSS_KERNEL_MEASURED;
  kernel->sharpness = class_from_name (class);
  kernel->f50 = g_key_file_get_double (file, group, "f50", NULL);
  double f10 = g_key_file_get_double (file, group, "f10", NULL);
  kernel->exponent = g_key_file_get_double (file, group, "exponent", NULL);
  if (kernel->exponent == 0.0)
    kernel->exponent = f10 > 0.0 ? oss_kernel_exponent (kernel->f50, f10) : USUAL_EXPONENT;
  kernel->overshoot = g_key_file_get_double (file, group, "overshoot", NULL);
  kernel->peak = g_key_file_get_double (file, group, "peak", NULL);
  return has_sensible_mtf (kernel);
}

/* Every sensible row of the user's table, (element-type OssKernel). */
static GArray *
own_rows (void)
{
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (OssKernel));
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = oss_kernel_own_path ();

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return rows;
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  for (int i = 0; groups[i] != NULL; i++)
    {
      OssKernel kernel;
      if (read_own (file, groups[i], &kernel) && kernel.name[0] != '\0')
        g_array_append_val (rows, kernel);
    }
  return rows;
}

static gboolean
find_own (const char *maker, const char *model, const char *name, OssKernel *kernel)
{
  g_autoptr (GArray) rows = own_rows ();
  int best = -1;

  for (guint i = 0; i < rows->len; i++)
    {
      const OssKernel *row = &g_array_index (rows, OssKernel, i);
      int fit = (row->model[0] != '\0') + (row->maker[0] != '\0');
      if (g_ascii_strcasecmp (row->name, name) != 0 || (row->maker[0] != '\0' && !begins_with (maker, row->maker))
          || (row->model[0] != '\0' && g_ascii_strcasecmp (row->model, model) != 0) || fit <= best)
        continue;
      best = fit;
      *kernel = *row;
    }
  return best >= 0;
}

gboolean
oss_kernel_find (const char *maker, const char *model, const char *name, OssKernel *kernel)
{
  const char *colon = name != NULL ? strchr (name, ':') : NULL;
  g_autofree char *given = colon != NULL ? g_strndup (name, colon - name) : g_strdup (maker != NULL ? maker : "");
  g_autofree char *plain = g_strstrip (g_strdup (colon != NULL ? colon + 1 : name != NULL ? name : ""));
  gboolean found;

  memset (kernel, 0, sizeof *kernel);
  if (plain[0] != '\0' && find_own (given, model != NULL ? model : "", plain, kernel))
    {
      OssKernel known = { .sharpness = OSS_KERNEL_UNKNOWN };
      if (kernel->sharpness == OSS_KERNEL_UNKNOWN && find_shipped (given, plain, &known))
        kernel->sharpness = known.sharpness;
      return TRUE;
    }
  memset (kernel, 0, sizeof *kernel);
  kernel->status = OSS_KERNEL_NO_MTF;
  kernel->f50 = kernel->exponent = NAN;
  found = plain[0] != '\0' && find_shipped (given, plain, kernel);
  g_strlcpy (kernel->name, plain, sizeof kernel->name);
  g_strlcpy (kernel->maker, given, sizeof kernel->maker);
  g_strlcpy (kernel->model, model != NULL ? model : "", sizeof kernel->model);
  return found;
}

gboolean
oss_kernel_need (const char *maker, const char *model, const char *name, OssKernel *kernel, GError **error)
{
  gboolean found = oss_kernel_find (maker, model, name, kernel);

  if (found && kernel->status != OSS_KERNEL_NO_MTF)
    return TRUE;
  if (kernel->name[0] == '\0')
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                         _ ("The image does not name its kernel, so it is not corrected. Name the kernel, or one that "
                            "is equal (--from-kernel NAME), or measure it on a scan of a phantom (ossature kernel "
                            "measure)."));
  else if (found)
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("Kernel “%s” is known only as %s; how much it leaves of each frequency is not in the table. Measure "
           "it on a scan of a phantom (ossature kernel measure) or name one that is equal "
           "(--from-kernel NAME)."),
        kernel->name, oss_kernel_class_word (kernel->sharpness));
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("Kernel “%s” is not in the table. Measure it on a scan of a phantom (ossature kernel measure) or "
                    "name one that is equal (--from-kernel NAME)."),
                 kernel->name);
  return FALSE;
}

GArray *
oss_kernel_all (void)
{
  GArray *all = own_rows ();
  const GPtrArray *rows = shipped ();

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = rows->pdata[i];
      for (int a = 0; a < MAX (row->n_anchors, 1); a++)
        {
          OssKernel kernel = { .status = OSS_KERNEL_NO_MTF };
          double number = row->n_anchors > 0 ? row->number[a] : 0.0;

          fill (row, number, &kernel);
          if (row->n_anchors == 0 && row->sharp_from > 0.0)
            kernel.sharpness = OSS_KERNEL_UNKNOWN; /* depends on the number */
          if (number > 0.0)
            g_snprintf (kernel.name, sizeof kernel.name, "%s %.0f", row->title, number);
          else
            g_strlcpy (kernel.name, row->title, sizeof kernel.name);
          g_strlcpy (kernel.maker, row->makers != NULL && row->makers[0] != NULL ? row->makers[0] : "",
                     sizeof kernel.maker);
          g_array_append_val (all, kernel);
        }
    }
  return all;
}

gboolean
oss_kernel_keep (const OssKernel *kernel, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = oss_kernel_own_path (), *folder = g_path_get_dirname (path);
  g_autofree char *group = g_strdup_printf ("%s|%s|%s", kernel->maker, kernel->model, kernel->name);
  gsize length;

  if (!has_sensible_mtf (kernel) || kernel->name[0] == '\0')
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("A kernel is kept with its name and half of the modulation at %g to %g lp/cm, not at %g."),
                   LEAST_LP_CM, MOST_LP_CM, kernel->f50);
      return FALSE;
    }
  g_strdelimit (group, "[]\n\r", ' '); /* not in the name of a group */
  if (!oss_file_prepare_folder (folder, error))
    return FALSE;
  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  g_key_file_set_string (file, group, "name", kernel->name);
  g_key_file_set_string (file, group, "maker", kernel->maker);
  g_key_file_set_string (file, group, "model", kernel->model);
  g_key_file_set_double (file, group, "f50", kernel->f50);
  g_key_file_set_double (file, group, "exponent", kernel->exponent);
  g_key_file_set_double (file, group, "overshoot", kernel->overshoot);
  g_key_file_set_double (file, group, "peak", kernel->peak);
  if (kernel->sharpness != OSS_KERNEL_UNKNOWN)
    g_key_file_set_string (file, group, "class", oss_kernel_class_name (kernel->sharpness));
  g_key_file_set_string (file, group, "source", kernel->source);
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);
  return oss_file_write (path, text, length, error);
}

gboolean
oss_kernel_forget (const OssKernel *kernel, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = oss_kernel_own_path (), *text = NULL;
  g_auto (GStrv) groups = NULL;
  gboolean found = FALSE;
  gsize length;

  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  groups = g_key_file_get_groups (file, NULL);
  for (int i = 0; groups[i] != NULL; i++)
    {
      OssKernel row;

      read_own (file, groups[i], &row);
      if (g_str_equal (row.name, kernel->name) && g_str_equal (row.maker, kernel->maker)
          && g_str_equal (row.model, kernel->model))
        found = g_key_file_remove_group (file, groups[i], NULL) || found;
    }
  if (!found)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("Kernel “%s” is not in %s."), kernel->name, path);
      return FALSE;
    }
  text = g_key_file_to_data (file, &length, NULL);
  return oss_file_write (path, text, length, error);
}

/* ---- transfer functions in files ---- */

/* Where the modulation, followed from the start, last falls through @level; NaN when it does not. */
static double
falls_through (const GArray *f, const GArray *m, double level)
{
  double at = NAN;

  for (guint i = 1; i < f->len; i++)
    {
      double m0 = g_array_index (m, double, i - 1), m1 = g_array_index (m, double, i);
      double f0 = g_array_index (f, double, i - 1), f1 = g_array_index (f, double, i);
      if (m0 >= level && m1 < level)
        at = f0 + (f1 - f0) * (m0 - level) / (m0 - m1);
    }
  return at;
}

static gboolean
read_columns (const char *text, OssKernel *kernel)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GArray) f = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) m = g_array_new (FALSE, FALSE, sizeof (double));
  double highest = 0.0;

  for (int i = 0; lines[i] != NULL; i++)
    {
      char *end = NULL, *last = NULL;
      double x = g_ascii_strtod (g_strdelimit (lines[i], ",;\t", ' '), &end), y = g_ascii_strtod (end, &last);
      if (end == lines[i] || last == end)
        continue; /* a heading */
      if (!isfinite (x) || !isfinite (y) || (f->len > 0 && x <= g_array_index (f, double, f->len - 1)))
        return FALSE;
      g_array_append_val (f, x);
      g_array_append_val (m, y);
      if (y > highest)
        highest = y, kernel->peak = x;
    }
  double f50 = falls_through (f, m, 0.5), f10 = falls_through (f, m, 0.1);
  if (f->len < 3 || g_array_index (m, double, 0) < 0.9 || !(f50 > 0.0))
    return FALSE;
  kernel->f50 = f50;
  kernel->exponent = f10 > f50 ? oss_kernel_exponent (f50, f10) : USUAL_EXPONENT;
  if (highest > 1.02)
    kernel->overshoot = highest - exp (-G_LN2 * pow (kernel->peak / f50, kernel->exponent));
  return has_sensible_mtf (kernel);
}

gboolean
oss_kernel_read_mtf (const char *path, OssKernel *kernel, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) why = NULL;
  g_autofree char *text = NULL, *base = g_path_get_basename (path);
  gboolean good = FALSE;

  memset (kernel, 0, sizeof *kernel);
  if (!g_file_get_contents (path, &text, NULL, &why))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("“%s” cannot be read: %s."), path, why->message);
      return FALSE;
    }
  if (g_key_file_load_from_data (file, text, -1, G_KEY_FILE_NONE, NULL))
    {
      g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
      good = groups[0] != NULL && read_own (file, groups[0], kernel);
      if (good && kernel->name[0] == '\0')
        g_strlcpy (kernel->name, groups[0], sizeof kernel->name);
    }
  else
    good = read_columns (text, kernel);
  if (!good)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("“%s” is no transfer function: give a group with f50 and f10 in lp/cm, or two columns, lp/cm and "
                      "modulation, from 1 down to below a half."),
                   path);
      return FALSE;
    }
  kernel->own = TRUE;
  kernel->status = OSS_KERNEL_MEASURED;
  if (kernel->name[0] == '\0')
    g_strlcpy (kernel->name, base, sizeof kernel->name);
  if (kernel->source[0] == '\0')
    g_strlcpy (kernel->source, base, sizeof kernel->source);
  return TRUE;
}
