/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-labels-file.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-objects.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <string.h>

/* From here on a pixel of a FRACTIONAL segmentation is inside: where its surface lies when shares are volumes. */
#define HALF 0.5

static gboolean
is_dicom (const char *path)
{
  char head[132] = "";
  FILE *file = g_fopen (path, "rbe");
  gsize n = file != NULL ? fread (head, 1, sizeof head, file) : 0;

  if (file != NULL)
    fclose (file);
  return n == sizeof head && memcmp (head + 128, "DICM", 4) == 0;
}

/* "Liver (1), Spleen (2), …" */
static char *
list_segments (const OssDicomSegmentation *segmentation)
{
  GString *text = g_string_new (NULL);
  guint n = oss_dicom_segmentation_count (segmentation);

  for (guint i = 0; i < MIN (n, 12); i++)
    {
      const OssSegmentInfo *info = oss_dicom_segmentation_get (segmentation, i);
      g_string_append_printf (text, "%s%s (%d)", i > 0 ? ", " : "", info->label[0] != '\0' ? info->label : info->type,
                              info->number);
    }
  if (n > 12)
    g_string_append (text, ", …");
  return g_string_free (text, FALSE);
}

static OssLabels *
read_segmentation (const char *path, const OssGrid *grid, gboolean by_number, OssNumbering *numbering, char **note,
                   const OssTick *tick, GError **error)
{
  OssTick read = oss_tick_part (tick, 0.0, 0.5), map = oss_tick_part (tick, 0.5, 1.0);
  g_autoptr (OssDicomSegmentation) segmentation = oss_dicom_read_segmentation (path, &read, error);
  gsize overlaps = 0;

  if (segmentation == NULL)
    return NULL;
  gboolean levels = oss_dicom_segmentation_has_levels (segmentation);
  gboolean lone = oss_dicom_segmentation_count (segmentation) == 1;
  if (!by_number && !levels && !lone)
    {
      g_autofree char *segments = list_segments (segmentation);
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                   _ ("None of the segments in “%s” is named as a vertebra: %s. Say which of them together are the "
                      "vertebra by their numbers (--label-values)."),
                   path, segments);
      return NULL;
    }
  OssLabels *labels =
      oss_dicom_segmentation_map (segmentation, grid, by_number || !levels, HALF, &overlaps, &map, error);
  if (labels == NULL)
    {
      g_prefix_error (error, "“%s”: ", path);
      return NULL;
    }
  if (!by_number)
    *numbering = levels ? OSS_NUMBERING_VERSE : OSS_NUMBERING_BINARY;
  for (gsize i = 0; !by_number && !levels && i < oss_grid_count (&labels->grid); i++)
    labels->data[i] = labels->data[i] != 0;
  if (overlaps > 0 && note != NULL)
    *note =
        g_strdup_printf (OSS_NGETTEXT ("%zu voxel is claimed by two segments; the first one keeps it.",
                                       "%zu voxels are claimed by two segments; the first one keeps them.", overlaps),
                         overlaps);
  return labels;
}

OssLabels *
oss_labels_read_file (const char *path, const OssGrid *grid, gboolean by_number, OssNumbering *numbering, char **note,
                      const OssTick *tick, GError **error)
{
  if (note != NULL)
    *note = NULL;
  return is_dicom (path) ? read_segmentation (path, grid, by_number, numbering, note, tick, error)
                         : oss_nifti_read_labels (path, tick, error);
}
