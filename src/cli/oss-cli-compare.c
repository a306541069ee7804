/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two analyses, of one scan by two kernels or of two dates: what differs, by how much, and why. */
#include "cli/oss-cli-compare.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <string.h>

static struct
{
  char *kernels, *lines, *limits, *database, *out;
} given;

static const GOptionEntry entries[] = {
  { "kernels", 0, 0, G_OPTION_ARG_STRING, &given.kernels,
    N_ ("analyse these two series of one scan first: B40f,B70f; the path is then the scan"), "A,B" },
  { "lines", 0, 0, G_OPTION_ARG_STRING, &given.lines,
    N_ ("with --kernels: each its own calibration (own, the default), the first's for both (common), or the published "
        "line of each kernel (published)"),
    "WHICH" },
  { "limits", 0, 0, G_OPTION_ARG_STRING, &given.limits,
    N_ ("classes by the cut-offs that a study gave for each kernel: jiang2023"), "STUDY" },
  { "database", 0, 0, G_OPTION_ARG_FILENAME, &given.database,
    N_ ("worklist whose own pairs are compared with (default: the user’s)"), "FILE" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results (needed with --kernels)"), "DIR" },
  { NULL },
};

void
oss_cli_comparison_clear (OssCliComparison *self)
{
  g_clear_pointer (&self->a, oss_comparison_side_free);
  g_clear_pointer (&self->b, oss_comparison_side_free);
  g_clear_pointer (&self->texture, oss_comparison_side_free);
  g_clear_pointer (&self->names[0], g_free);
  g_clear_pointer (&self->names[1], g_free);
  g_clear_pointer (&self->pairs, g_array_unref);
}

static gboolean
usage (GError **error, const char *text)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, text);
  return FALSE;
}

static gboolean
check_given (int paths, char *const *kernels, GError **error)
{
  static const char *const lines[] = { "own", "common", "published", NULL };

  if (kernels == NULL && paths != 2)
    return usage (error, _ ("Give two folders of analyses, or one scan with --kernels A,B."));
  if (kernels == NULL)
    return given.lines == NULL || usage (error, _ ("“--lines” belongs to “--kernels”; give that too."));
  if (paths != 1 || g_strv_length ((char **) kernels) != 2 || g_str_equal (kernels[0], kernels[1]))
    return usage (error, _ ("--kernels A,B compares two different kernels of one scan."));
  if (given.out == NULL)
    return usage (error, _ ("Say where the results go: --out DIR."));
  if (given.lines != NULL && !g_strv_contains (lines, given.lines))
    return usage (error, _ ("--lines is own, common or published."));
  if (oss_cli_input.at == NULL && oss_cli_input.labels == NULL)
    return usage (error, _ ("Which vertebra? Give a place inside its body (--at X,Y,Z in patient mm) or labels "
                            "(--labels FILE)."));
  return TRUE;
}

/* Kernels name the columns where they tell them apart, else the folders do. */
static void
name_sides (OssCliComparison *self, char *const *folders)
{
  const OssComparisonSide *const sides[2] = { self->a, self->b };
  gboolean tell =
      self->a->kernel[0] != '\0' && self->b->kernel[0] != '\0' && !g_str_equal (self->a->kernel, self->b->kernel);

  for (int i = 0; i < 2; i++)
    self->names[i] = tell ? g_strdup (sides[i]->kernel) : g_path_get_basename (folders[i]);
}

static gboolean
compare_folders (char *const *folders, OssCliComparison *self, GError **error)
{
  self->a = oss_comparison_side_read (folders[0], error);
  self->b = self->a != NULL ? oss_comparison_side_read (folders[1], error) : NULL;
  if (self->b == NULL)
    return FALSE;
  name_sides (self, folders);
  return TRUE;
}

static gboolean
add_cut_offs (OssCliComparison *self, GError **error)
{
  const OssComparisonSide *const sides[2] = { self->a, self->b };

  for (int i = 0; i < 2 && given.limits != NULL; i++)
    {
      g_autoptr (GError) reason = NULL;
      self->has_cut_offs[i] = oss_cut_offs_find (given.limits, sides[i]->kernel, &self->cut_offs[i], &reason);
      if (self->has_cut_offs[i] || g_error_matches (reason, OSS_ERROR, OSS_ERROR_NOT_FOUND))
        continue;
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  return TRUE;
}

/* What this computer has of the same two kernels; nothing where there is no worklist yet. */
static gboolean
add_pairs (OssCliComparison *self, GError **error)
{
  g_autofree char *usual = oss_worklist_default_path ();
  const char *path = given.database != NULL ? given.database : usual;

  if (g_str_equal (self->a->kernel, self->b->kernel) || !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  OssWorklist *worklist = oss_worklist_open (path, NULL, error);
  if (worklist == NULL)
    return FALSE;
  self->pairs = oss_worklist_get_kernel_pairs (worklist, self->a->kernel, self->b->kernel, error);
  oss_worklist_close (worklist);
  return self->pairs != NULL;
}

static gboolean
finish (OssCli *cli, const OssCliComparison *self, OssCliOutput *output, GError **error)
{
  g_autofree char *json = oss_cli_comparison_record (self), *text = oss_cli_comparison_text (self);

  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "compare.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : text, error);
}

gboolean
oss_cli_compare (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *all = oss_cli_join (
      (const GOptionEntry *const[]){ entries, oss_cli_input_segment, oss_cli_input_load, oss_cli_input_mesh,
                                     oss_cli_input_simulate, oss_cli_input_nonlinear, NULL });
  g_auto (OssCliComparison) comparison = { 0 };
  g_autoptr (OssCliOutput) output = NULL;

  if (!oss_cli_parse (&argc, &argv, all, "DIR DIR | PATH --kernels A,B --out DIR",
                      _ ("Compares two analyses of one vertebra: differences and whether they lie within their errors. "
                         "With --kernels both series of a scan are analysed first, by one outline; then also which "
                         "part of the difference is the calibration line's and which the image's, and a picture."),
                      1, 2, error))
    return FALSE;
  g_auto (GStrv) kernels = given.kernels != NULL ? g_strsplit (given.kernels, ",", -1) : NULL;
  if (!check_given (argc - 1, kernels, error)
      || (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL))
    return FALSE;
  if (!(kernels != NULL ? oss_cli_compare_scan (cli, argv[1], kernels, given.lines, output, &comparison, error)
                        : compare_folders (argv + 1, &comparison, error))
      || !oss_comparison_check (comparison.a, comparison.b, error) || !add_cut_offs (&comparison, error)
      || !add_pairs (&comparison, error))
    return FALSE;
  return finish (cli, &comparison, output, error);
}
