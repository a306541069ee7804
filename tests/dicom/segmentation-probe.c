/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the library makes of objects that other programs, or it itself, wrote; for compare-segmentations.py:
 *   segmentation-probe SEG SERIES OUT [THRESHOLD]   segments; VerSe numbers on the voxels of SERIES, as bytes, to OUT
 *   segmentation-probe --number SEG SERIES OUT      the same with segment numbers
 *   segmentation-probe --own SEG OUT                the same on the segmentation's own grid
 *   segmentation-probe --report SR                  its numbers */
#include "dicom/oss-dicom-objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gboolean
print_report (const char *path, GError **error)
{
  g_autoptr (OssDicomReport) report = oss_dicom_read_report (path, NULL, error);

  if (report == NULL)
    return FALSE;
  printf ("report %s %s %s %s %s %s\n", report->study_uid, report->series_uid, report->date, report->time,
          report->program, report->version);
  for (guint g = 0; g < report->groups->len; g++)
    {
      const OssDicomGroup *group = g_ptr_array_index (report->groups, g);
      printf ("group %d %d %s %s %s %.17g %.17g\n", group->vertebra, group->segment, group->kernel, group->calibration,
              group->basis, group->slope, group->intercept);
      for (guint i = 0; i < group->measurements->len; i++)
        {
          const OssMeasurement *one = &g_array_index (group->measurements, OssMeasurement, i);
          printf ("number %d %s %.17g\n", (int) one->quantity, one->method[0] != '\0' ? one->method : "-", one->value);
        }
    }
  return TRUE;
}

static gboolean
write_labels (const OssDicomSegmentation *segmentation, const OssGrid *grid, gboolean by_number, double threshold,
              const char *out, GError **error)
{
  gsize overlaps = 0;
  g_autoptr (OssLabels) labels =
      oss_dicom_segmentation_map (segmentation, grid, by_number, threshold, &overlaps, NULL, error);

  if (labels == NULL)
    return FALSE;
  const OssGrid *g = &labels->grid;
  for (guint i = 0; i < oss_dicom_segmentation_count (segmentation); i++)
    {
      const OssSegmentInfo *info = oss_dicom_segmentation_get (segmentation, i);
      printf ("segment %d %d %s\n", info->number, info->vertebra, info->label);
    }
  printf ("overlaps %zu\ngrid %d %d %d %.9g %.9g %.9g %.9g %.9g %.9g\n", overlaps, g->size[0], g->size[1], g->size[2],
          g->spacing[0], g->spacing[1], g->spacing[2], g->origin[0], g->origin[1], g->origin[2]);
  return g_file_set_contents (out, (const char *) labels->data, (gssize) oss_grid_count (g), error);
}

static gboolean
run (int argc, char **argv, GError **error)
{
  gboolean by_number = strcmp (argv[1], "--number") == 0, own = strcmp (argv[1], "--own") == 0;
  char **rest = argv + (by_number || own ? 2 : 1);
  const char *paths[] = { own ? NULL : rest[1], NULL };
  g_autoptr (OssDicomSegmentation) segmentation = oss_dicom_read_segmentation (rest[0], NULL, error);

  if (segmentation == NULL)
    return FALSE;
  if (own)
    return write_labels (segmentation, NULL, FALSE, 0.5, rest[1], error);
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, error);
  const OssSeries *series = list != NULL ? oss_series_pick (list, NULL, NULL, error) : NULL;
  double threshold = !by_number && argc > 4 ? g_ascii_strtod (argv[4], NULL) : 0.5;
  return series != NULL && write_labels (segmentation, &series->grid, by_number, threshold, rest[2], error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc < 3)
    return EXIT_FAILURE;
  gboolean done = strcmp (argv[1], "--report") == 0 ? print_report (argv[2], &error) : run (argc, argv, &error);
  if (!done)
    fprintf (stderr, "%s\n", error->message);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
