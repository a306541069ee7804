/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of a segmentation onto the voxels of an image. */
#include "dicom/oss-dicom-segmentation.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* By how much, in voxels, a frame may lie beside the image's own voxels at any of its corners and still be taken as
 * it is: files keep places with a hundredth of a millimetre. */
#define ON_VOXELS 0.1
/* Frames closer than this lie in one plane. */
#define SAME_PLANE_MM 1e-3
/* Cosines of one segmentation are printed with three digits at least. */
#define COSINE_TOLERANCE 2e-3
/* Planes without a frame are empty; a segmentation of more than so many for each frame is damaged. */
#define MOST_PLANES_PER_FRAME 64
/* How near a multiple of the step between planes has to be. */
#define MULTIPLE_TOLERANCE 0.05

/* What is mapped to what. */
typedef struct
{
  const OssDicomSegmentation *self;
  guint8 *value; /* [65536] of each segment's number; 0: left out */
  double threshold;
  OssLabels *labels;
  gsize overlaps;
} Mapping;

/* A frame's pixels in index space: where (0, 0) lies, and the steps along a row and along a column. */
typedef struct
{
  double origin[3], along_row[3], along_column[3];
} Place;

static void
place_frame (const OssSegmentFrameBlock *frame, const OssGrid *grid, Place *place)
{
  double next[3];

  oss_grid_to_index (grid, frame->position, place->origin);
  for (int i = 0; i < 3; i++)
    next[i] = frame->position[i] + frame->spacing[1] * frame->orientation[i];
  oss_grid_to_index (grid, next, place->along_row);
  for (int i = 0; i < 3; i++)
    next[i] = frame->position[i] + frame->spacing[0] * frame->orientation[3 + i];
  oss_grid_to_index (grid, next, place->along_column);
  oss_sub (place->along_row, place->origin, place->along_row);
  oss_sub (place->along_column, place->origin, place->along_column);
}

/* Whether the pixels of all frames are voxels of @grid; rounds @place to them. */
static gboolean
snap (const OssSegmentationBlock *head, Place *place)
{
  for (int a = 0; a < 3; a++)
    {
      double off = fabs (place->origin[a] - round (place->origin[a]));
      off += fabs (place->along_row[a] - round (place->along_row[a])) * (head->columns - 1);
      off += fabs (place->along_column[a] - round (place->along_column[a])) * (head->rows - 1);
      if (off > ON_VOXELS)
        return FALSE;
      place->origin[a] = round (place->origin[a]);
      place->along_row[a] = round (place->along_row[a]);
      place->along_column[a] = round (place->along_column[a]);
    }
  return oss_dot (place->along_row, place->along_row) == 1.0
         && oss_dot (place->along_column, place->along_column) == 1.0
         && oss_dot (place->along_row, place->along_column) == 0.0;
}

/* The value of pixel @p of the stored frame @stored of segment @segment; 0: outside. */
static guint8
value_at (const Mapping *mapping, guint32 stored, gint32 segment, gsize p)
{
  const OssSegmentationBlock *head = &mapping->self->head;
  const gsize at = (gsize) stored * (gsize) head->rows * (gsize) head->columns + p;
  const guint8 *pixels = mapping->self->pixels;
  guint16 word;

  switch (head->kind)
    {
    case OSS_SEGMENTATION_BINARY:
      return (pixels[at / 8] >> (at % 8)) & 1 ? mapping->value[segment] : 0;
    case OSS_SEGMENTATION_FRACTIONAL:
      return pixels[at] > 0 && pixels[at] >= mapping->threshold * MAX (head->maximum_fractional, 1)
                 ? mapping->value[segment]
                 : 0;
    default:
      if (head->bits_allocated == 8)
        return mapping->value[pixels[at]];
      memcpy (&word, pixels + 2 * at, sizeof word);
      return mapping->value[word];
    }
}

static void
put_frame (Mapping *mapping, guint32 f, const Place *place)
{
  const OssSegmentationBlock *head = &mapping->self->head;
  const OssGrid *grid = &mapping->labels->grid;
  const gint32 segment = CLAMP (mapping->self->frames[f].segment, 0, 65535);

  for (int r = 0; r < head->rows; r++)
    for (int c = 0; c < head->columns; c++)
      {
        guint8 value =
            value_at (mapping, mapping->self->stored_at[f], segment, (gsize) r * (gsize) head->columns + (gsize) c);
        int at[3];
        gboolean inside = value != 0;
        for (int a = 0; inside && a < 3; a++)
          {
            double index = place->origin[a] + c * place->along_row[a] + r * place->along_column[a];
            inside = index >= 0.0 && index < grid->size[a];
            at[a] = inside ? (int) index : 0;
          }
        if (!inside)
          continue;
        guint8 *voxel = &mapping->labels->data[oss_grid_offset (grid, at[0], at[1], at[2])];
        if (*voxel == 0)
          *voxel = value;
        else if (*voxel != value)
          mapping->overlaps++;
      }
}

/* All frames into mapping->labels; FALSE without an error when they are not on its voxels. */
static gboolean
put_frames (Mapping *mapping, const OssTick *tick, GError **error)
{
  const guint32 n = mapping->self->head.n_frames;
  g_autofree Place *places = g_new (Place, n);

  for (guint32 f = 0; f < n; f++)
    {
      place_frame (&mapping->self->frames[f], &mapping->labels->grid, &places[f]);
      if (!snap (&mapping->self->head, &places[f]))
        return FALSE;
    }
  for (guint32 f = 0; f < n; f++)
    {
      if (!oss_tick_report (tick, (double) f / n, NULL, error))
        return FALSE;
      put_frame (mapping, f, &places[f]);
    }
  return TRUE;
}

static int
compare_doubles (const void *a, const void *b)
{
  double one = *(const double *) a, two = *(const double *) b;

  return (one > two) - (one < two);
}

/* The step between planes at places @along (sorted): the one that the file tells when it fits them all, else the least
 * between two of them; 0: they are at no even steps. */
static double
plane_step (const OssSegmentFrameBlock *frame, const double *along, guint32 n)
{
  double least = 0.0;

  for (guint32 i = 1; i < n; i++)
    if (along[i] - along[i - 1] > SAME_PLANE_MM && (least == 0.0 || along[i] - along[i - 1] < least))
      least = along[i] - along[i - 1];
  const double candidates[2] = { frame->between_mm, least };
  for (int c = 0; c < 2; c++)
    {
      gboolean fits = candidates[c] > 0.0;
      for (guint32 i = 1; fits && i < n; i++)
        {
          double steps = (along[i] - along[0]) / candidates[c];
          fits = fabs (steps - round (steps)) < MULTIPLE_TOLERANCE;
        }
      if (fits)
        return candidates[c];
    }
  return least > 0.0 ? 0.0 : MAX (frame->thickness_mm, 0.0);
}

static gboolean
refuse (GError **error, OssError code, const char *words)
{
  g_set_error_literal (error, OSS_ERROR, (gint) code, words);
  return FALSE;
}

/* Planes along the normal of the first frame, whose pixels lie straight behind one another. */
static gboolean
check_stack (const OssDicomSegmentation *self, const double normal[3], double *along, GError **error)
{
  const OssSegmentFrameBlock *first = &self->frames[0];

  for (guint32 f = 0; f < self->head.n_frames; f++)
    {
      const OssSegmentFrameBlock *frame = &self->frames[f];
      double off[3];
      for (int i = 0; i < 6; i++)
        if (fabs (frame->orientation[i] - first->orientation[i]) > COSINE_TOLERANCE)
          return refuse (error, OSS_ERROR_REFUSED, _ ("The frames of the segmentation lie in different directions."));
      oss_sub (frame->position, first->position, off);
      along[f] = oss_dot (off, normal);
      for (int i = 0; i < 3; i++)
        off[i] -= along[f] * normal[i];
      if (fabs (frame->spacing[0] / first->spacing[0] - 1.0) > 1e-3
          || fabs (frame->spacing[1] / first->spacing[1] - 1.0) > 1e-3
          || oss_norm (off) > ON_VOXELS * MIN (first->spacing[0], first->spacing[1]))
        return refuse (error, OSS_ERROR_REFUSED,
                       _ ("The frames of the segmentation are not one behind the other, on one grid."));
    }
  return TRUE;
}

/* The grid that the frames themselves make. */
static gboolean
own_grid (const OssDicomSegmentation *self, OssGrid *grid, GError **error)
{
  const OssSegmentFrameBlock *first = &self->frames[0];
  const guint32 n = self->head.n_frames;
  g_autofree double *along = g_new (double, n);
  double normal[3];

  oss_cross (first->orientation, first->orientation + 3, normal);
  if (!check_stack (self, normal, along, error))
    return FALSE;
  qsort (along, n, sizeof *along, compare_doubles);
  double step = plane_step (first, along, n);
  double planes = step > 0.0 ? round ((along[n - 1] - along[0]) / step) + 1.0 : 0.0;
  if (planes < 1.0 || planes > (double) MOST_PLANES_PER_FRAME * n)
    return refuse (error, OSS_ERROR_INVALID_DATA, _ ("The frames of the segmentation are not equally far apart."));
  *grid = (OssGrid){ .size = { self->head.columns, self->head.rows, (int) planes },
                     .spacing = { first->spacing[1], first->spacing[0], step } };
  for (int i = 0; i < 3; i++)
    {
      grid->direction[3 * i] = first->orientation[i];
      grid->direction[3 * i + 1] = first->orientation[3 + i];
      grid->direction[3 * i + 2] = normal[i];
      grid->origin[i] = first->position[i] + along[0] * normal[i];
    }
  return oss_grid_check (grid, error);
}

static void
choose_values (Mapping *mapping, gboolean by_number)
{
  for (guint i = 0; i < mapping->self->infos->len; i++)
    {
      const OssSegmentInfo *info = &g_array_index (mapping->self->infos, OssSegmentInfo, i);
      if (info->number >= 1 && info->number <= 65535)
        mapping->value[info->number] = by_number ? (guint8) (info->number <= 255 ? info->number : 0) : info->vertebra;
    }
}

/* @error must not be NULL.  On a grid of its own, then each voxel of @grid (nullable: none) from the nearest. */
static gboolean
map_apart (Mapping *mapping, const OssGrid *grid, const OssTick *tick, GError **error)
{
  OssTick most = oss_tick_part (tick, 0.0, 0.7), rest = oss_tick_part (tick, 0.7, 1.0);
  OssGrid own;

  g_clear_pointer (&mapping->labels, oss_labels_unref);
  if (!own_grid (mapping->self, &own, error) || (mapping->labels = oss_labels_new (&own, error)) == NULL)
    return FALSE;
  if (!put_frames (mapping, &most, error))
    return *error != NULL ? FALSE
                          : refuse (error, OSS_ERROR_INVALID_DATA,
                                    _ ("The frames of the segmentation are not equally far apart."));
  if (grid == NULL)
    return TRUE;
  g_autoptr (OssLabels) apart = g_steal_pointer (&mapping->labels);
  mapping->labels = oss_labels_resample (apart, grid, &rest, error);
  return mapping->labels != NULL;
}

OssLabels *
oss_dicom_segmentation_map (const OssDicomSegmentation *self, const OssGrid *grid, gboolean by_number, double threshold,
                            gsize *overlaps, const OssTick *tick, GError **error)
{
  g_autofree guint8 *value = g_malloc0 (65536);
  Mapping mapping = { self, value, threshold, NULL, 0 };
  GError *reason = NULL;
  gboolean done = FALSE;

  choose_values (&mapping, by_number);
  if (grid != NULL && (mapping.labels = oss_labels_new (grid, error)) == NULL)
    return NULL;
  if (grid != NULL)
    done = put_frames (&mapping, tick, &reason);
  if (!done && reason == NULL)
    done = map_apart (&mapping, grid, tick, &reason);
  if (overlaps != NULL)
    *overlaps = mapping.overlaps;
  if (done && reason == NULL && oss_labels_smallest (mapping.labels) == 0)
    refuse (&reason, OSS_ERROR_NOT_FOUND, _ ("Nothing of the segmentation lies in the image."));
  if (reason == NULL)
    return mapping.labels;
  g_propagate_error (error, reason);
  g_clear_pointer (&mapping.labels, oss_labels_unref);
  return NULL;
}
