/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both series of one scan, analysed alike. */
#include "cli/oss-cli-compare.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "cli/oss-cli-bench.h"
#include "formats/oss-nifti.h"
#include "report/oss-report-comparison.h"
#include "report/oss-report.h"

#include <math.h>
#include <string.h>

static void
set (char **to, const char *from)
{
  char *copy = g_strdup (from);
  g_free (*to);
  *to = copy;
}

/* One series by the options of the command line; @calibration: (nullable): in place of theirs. */
static OssStudy *
analyse (const char *path, const char *kernel, const char *calibration, const OssTick *tick, GError **error)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autofree char *usual = g_strdup (oss_cli_input.calibration);

  set (&oss_cli_input.kernel, kernel);
  if (calibration != NULL)
    set (&oss_cli_input.calibration, calibration);
  gboolean done = oss_cli_input_apply (study, path, error) && oss_study_run (study, OSS_STEP_SIMULATE, tick, error);
  set (&oss_cli_input.calibration, usual);
  return done ? g_steal_pointer (&study) : NULL;
}

static OssComparisonSide *
side_of (OssStudy *study, GError **error)
{
  g_autofree char *json = oss_report_json (study);
  return oss_comparison_side_parse (json, error);
}

/* The line that both series, or each by its kernel, are to be read with; NULL: what the command line says. */
static char *
line_for (const char *lines, const char *kernel, OssStudy *first)
{
  if (g_strcmp0 (lines, "published") == 0)
    {
      g_autofree char *lower = g_ascii_strdown (kernel, -1);
      return g_strconcat ("line:jiang2023-", lower, NULL);
    }
  if (g_strcmp0 (lines, "common") != 0 || first == NULL)
    return NULL;
  const OssCalibrationLine *line = &oss_study_get_calibrate (first)->line;
  return g_strdup_printf ("line:%.17g,%.17g,%s", line->slope, line->intercept, oss_basis_name (line->basis));
}

/* The second series gets the outline of the first: a difference is then not one of outlines. */
static gboolean
share_outline (OssStudy *first, const char *folder, const OssTick *tick, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "labels.nii.gz", NULL);

  if (oss_cli_input.labels != NULL)
    return TRUE;
  if (!oss_cli_write_labels (first, path, tick, error))
    return FALSE;
  set (&oss_cli_input.labels, path);
  set (&oss_cli_input.at, NULL);
  set (&oss_cli_input.numbering, oss_study_get_options (first)->vertebra != 0 ? "verse" : "binary");
  return TRUE;
}

static gboolean
write_side (OssStudy *study, const char *kernel, OssCliOutput *output, GError **error)
{
  g_autofree char *name = g_strdup_printf ("result-%s.json", kernel);
  g_strcanon (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", '_');
  g_autofree char *path = oss_cli_output_path (output, name), *json = oss_report_json (study);

  return oss_file_write (path, json, strlen (json), error);
}

static gboolean
write_images (OssStudy *a, OssStudy *b, const OssCliComparison *self, OssCliOutput *output, const OssTick *tick,
              GError **error)
{
  const OssVolume *one = oss_study_get_load (a)->volume, *other = oss_study_get_load (b)->volume;
  const OssSegmentResult *segment = oss_study_get_segment (a);
  const char *const names[2] = { self->names[0], self->names[1] };
  g_autoptr (OssPicture) picture =
      oss_report_comparison (one, other, segment->labels, &segment->info.frame, names, error);
  g_autoptr (OssVolume) difference = picture != NULL ? oss_volume_new (&one->grid, OSS_QUANTITY_HU, error) : NULL;

  if (difference == NULL)
    return FALSE;
  for (gsize i = 0; i < oss_grid_count (&one->grid); i++)
    difference->data[i] = one->data[i] - other->data[i];
  g_autofree char *png = oss_cli_output_path (output, "compare.png");
  g_autofree char *nifti = oss_cli_output_path (output, "difference.nii.gz");
  return oss_report_png (picture, png, error)
         && oss_nifti_write_volume (difference, nifti, FALSE, "Ossature difference, HU", tick, error);
}

static gboolean
check_one_scan (const OssComparisonSide *a, const OssComparisonSide *b, GError **error)
{
  if (g_str_equal (a->study_uid, b->study_uid))
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED,
                       _ ("The two series belong to two studies. Analyse each and compare the folders instead."));
  return FALSE;
}

static gboolean
compare_in (const char *folder, const char *path, char *const kernels[2], const char *lines, OssCliOutput *output,
            OssCliComparison *self, const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.35), second = oss_tick_part (tick, 0.35, 0.65);
  OssTick third = oss_tick_part (tick, 0.65, 0.95), last = oss_tick_part (tick, 0.95, 1.0);
  g_autofree char *line_a = line_for (lines, kernels[0], NULL);
  g_autoptr (OssStudy) a = analyse (path, kernels[0], line_a, &first, error);

  if (a == NULL || !share_outline (a, folder, &last, error))
    return FALSE;
  g_autofree char *line_b = line_for (lines, kernels[1], a), *common = line_for ("common", NULL, a);
  g_autoptr (OssStudy) b = analyse (path, kernels[1], line_b, &second, error);
  g_autoptr (OssStudy) texture = b != NULL ? analyse (path, kernels[1], common, &third, error) : NULL;

  if (texture == NULL || (self->a = side_of (a, error)) == NULL || (self->b = side_of (b, error)) == NULL
      || (self->texture = side_of (texture, error)) == NULL)
    return FALSE;
  for (int i = 0; i < 2; i++)
    self->names[i] = g_strdup (kernels[i]);
  return check_one_scan (self->a, self->b, error) && write_side (a, kernels[0], output, error)
         && write_side (b, kernels[1], output, error) && write_images (a, b, self, output, &last, error);
}

gboolean
oss_cli_compare_scan (OssCli *cli, const char *path, char *const kernels[2], const char *lines, OssCliOutput *output,
                      OssCliComparison *comparison, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("ossature-compare-XXXXXX", error);

  if (folder == NULL)
    return FALSE;
  gboolean done = compare_in (folder, path, kernels, lines, output, comparison, &cli->tick, error);
  oss_cli_bench_remove_folder (folder);
  return done;
}
