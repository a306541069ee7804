/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reading process tells about segmentations and reports, taken apart with care. */
#include "dicom/oss-dicom-segmentation.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-codes.h"
#include "dicom/oss-dicom-reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* @kind of @path, as bytes; errors name the file. */
static guint8 *
read_block (const char *path, OssDicomRequestKind kind, gsize *n, const OssTick *tick, GError **error)
{
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  guint8 *bytes = oss_dicom_read_block (readers, kind, path, tick, n, error);

  if (bytes == NULL && error != NULL && !g_error_matches (*error, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_autofree char *name = g_filename_display_name (path);
      g_prefix_error (error, "“%s”: ", name);
    }
  return bytes;
}

/* Always NULL, with INVALID_DATA. */
static void *
broken (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s”: it contradicts itself."), name);
  return NULL;
}

static void
clean_code (OssCodeBlock *code)
{
  oss_dicom_copy_text (code->value, sizeof code->value, NULL);
  oss_dicom_copy_text (code->scheme, sizeof code->scheme, NULL);
  oss_dicom_copy_text (code->meaning, sizeof code->meaning, NULL);
}

static void
info_clear (OssSegmentInfo *info)
{
  g_free (info->label);
  g_free (info->type);
}

void
oss_dicom_segmentation_free (OssDicomSegmentation *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->infos);
  g_free (self->frames);
  g_free (self->stored_at);
  g_free (self->pixels);
  g_free (self);
}

guint
oss_dicom_segmentation_count (const OssDicomSegmentation *self)
{
  return self->infos->len;
}

const OssSegmentInfo *
oss_dicom_segmentation_get (const OssDicomSegmentation *self, guint i)
{
  return &g_array_index (self->infos, OssSegmentInfo, i);
}

gboolean
oss_dicom_segmentation_has_levels (const OssDicomSegmentation *self)
{
  for (guint i = 0; i < self->infos->len; i++)
    if (oss_dicom_segmentation_get (self, i)->vertebra != 0)
      return TRUE;
  return FALSE;
}

static void
add_info (OssDicomSegmentation *self, OssSegmentBlock *block)
{
  OssSegmentInfo info = { .number = block->number };

  oss_dicom_copy_text (block->label, sizeof block->label, NULL);
  clean_code (&block->type);
  info.vertebra = oss_dicom_vertebra_from_code (block->type.value, block->type.scheme);
  if (info.vertebra == 0)
    info.vertebra = oss_dicom_vertebra_from_label (block->label);
  info.label = g_strdup (block->label);
  info.type = g_strdup (block->type.meaning);
  g_array_append_val (self->infos, info);
}

/* Pixels of all frames, and what is known of the frames, have the lengths that the head tells. */
static gboolean
head_fits (const OssSegmentationBlock *head, gsize n)
{
  guint64 pixels = (guint64) head->rows * (guint64) head->columns * head->n_frames;
  gboolean sizes = head->rows >= 1 && head->rows <= 65535 && head->columns >= 1 && head->columns <= 65535;
  gboolean bits = head->bits_allocated == (head->kind == OSS_SEGMENTATION_BINARY ? 1 : 8)
                  || (head->kind == OSS_SEGMENTATION_LABELMAP && head->bits_allocated == 16);

  return sizes && bits && head->kind >= 0 && head->kind <= OSS_SEGMENTATION_LABELMAP && head->n_segments >= 1
         && head->n_segments <= OSS_DICOM_MOST_SEGMENTS && head->n_frames >= 1
         && head->n_frames <= OSS_DICOM_MOST_OBJECT_FRAMES
         && head->n_bytes
                == (head->bits_allocated == 1 ? (pixels + 7) / 8 : pixels * (guint64) head->bits_allocated / 8)
         && n
                == sizeof *head + head->n_segments * sizeof (OssSegmentBlock)
                       + head->n_frames * sizeof (OssSegmentFrameBlock) + head->n_bytes;
}

static gboolean
frame_is_good (const OssSegmentFrameBlock *frame)
{
  const double *numbers = frame->position;

  for (int i = 0; i < 11; i++)
    if (!isfinite (i < 3 ? numbers[i] : i < 9 ? frame->orientation[i - 3] : frame->spacing[i - 9]))
      return FALSE;
  return frame->has_place && frame->spacing[0] > 0.0 && frame->spacing[1] > 0.0 && isfinite (frame->between_mm)
         && isfinite (frame->thickness_mm);
}

typedef struct
{
  gint32 segment;
  guint32 stored_at;
} Order;

static int
compare_order (const void *a, const void *b)
{
  const Order *one = a, *two = b;

  if (one->segment != two->segment)
    return one->segment < two->segment ? -1 : 1;
  return one->stored_at < two->stored_at ? -1 : 1;
}

static gboolean
take_frames (OssDicomSegmentation *self, const guint8 *from)
{
  const guint32 n = self->head.n_frames;
  g_autofree OssSegmentFrameBlock *stored = g_memdup2 (from, n * sizeof *stored);
  g_autofree Order *order = g_new (Order, n);

  self->frames = g_new (OssSegmentFrameBlock, n);
  self->stored_at = g_new (guint32, n);
  for (guint32 f = 0; f < n; f++)
    {
      if (!frame_is_good (&stored[f]))
        return FALSE;
      order[f] = (Order){ stored[f].segment, f };
    }
  qsort (order, n, sizeof *order, compare_order);
  for (guint32 f = 0; f < n; f++)
    {
      self->frames[f] = stored[order[f].stored_at];
      self->stored_at[f] = order[f].stored_at;
    }
  return TRUE;
}

OssDicomSegmentation *
oss_dicom_read_segmentation (const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (OssDicomSegmentation) self = g_new0 (OssDicomSegmentation, 1);
  gsize n = 0;
  g_autofree guint8 *bytes = read_block (path, OSS_DICOM_READ_SEGMENTATION, &n, tick, error);
  const guint8 *at = bytes;

  self->infos = g_array_new (FALSE, TRUE, sizeof (OssSegmentInfo));
  g_array_set_clear_func (self->infos, (GDestroyNotify) info_clear);
  if (bytes == NULL)
    return NULL;
  if (n >= sizeof self->head)
    memcpy (&self->head, at, sizeof self->head);
  oss_dicom_copy_text (self->head.frame_uid, sizeof self->head.frame_uid, NULL);
  if (!head_fits (&self->head, n))
    return broken (path, error);
  at += sizeof self->head;
  for (guint32 s = 0; s < self->head.n_segments; s++, at += sizeof (OssSegmentBlock))
    {
      OssSegmentBlock block;
      memcpy (&block, at, sizeof block);
      add_info (self, &block);
    }
  if (!take_frames (self, at))
    {
      g_autofree char *name = g_filename_display_name (path);
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("“%s”: not every frame says where it lies in the patient."), name);
      return NULL;
    }
  at += self->head.n_frames * sizeof (OssSegmentFrameBlock);
  self->pixels = g_memdup2 (at, self->head.n_bytes);
  return g_steal_pointer (&self);
}

static char *
clean_text (char *text)
{
  oss_dicom_copy_text (text, OSS_DICOM_TEXT_SIZE, NULL);
  return g_strdup (text);
}

static void
replace (char **to, char *from)
{
  g_free (*to);
  *to = from;
}

/* A group with the numbers of it that have a known concept. */
static void
take_group (OssDicomReport *report, OssGroupBlock *block, OssNumberBlock *numbers)
{
  OssDicomGroup *group;

  clean_code (&block->site);
  group = oss_dicom_report_add (report, oss_dicom_vertebra_from_code (block->site.value, block->site.scheme));
  group->segment = (guint16) CLAMP (block->segment, 0, 65535);
  replace (&group->kernel, clean_text (block->kernel));
  replace (&group->calibration, clean_text (block->calibration));
  replace (&group->basis, clean_text (block->basis));
  replace (&group->model, clean_text (block->model));
  replace (&group->density_class, clean_text (block->density_class));
  group->slope = block->slope;
  group->intercept = block->intercept;
  for (guint32 i = 0; i < block->n; i++)
    {
      OssNumberBlock *number = &numbers[block->first + i];
      clean_code (&number->concept);
      clean_code (&number->derivation);
      clean_code (&number->method);
      OssMeasured quantity =
          oss_measured_from_code (number->concept.value, number->concept.scheme, number->derivation.value);
      if (quantity < OSS_N_MEASURED)
        oss_dicom_group_add (group, quantity, number->method.value, number->value);
    }
  if (report->groups->len > 1)
    return;
  oss_dicom_copy_text (block->series_uid, sizeof block->series_uid, NULL);
  replace (&report->series_uid, g_strdup (block->series_uid));
  replace (&report->program, clean_text (block->program));
  replace (&report->version, clean_text (block->version));
}

OssDicomReport *
oss_dicom_read_report (const char *path, const OssTick *tick, GError **error)
{
  gsize n = 0;
  g_autofree guint8 *bytes = read_block (path, OSS_DICOM_READ_REPORT, &n, tick, error);
  OssReportBlock head = { 0 };

  if (bytes == NULL)
    return NULL;
  if (n >= sizeof head)
    memcpy (&head, bytes, sizeof head);
  if (head.n_groups < 1 || head.n_groups > OSS_DICOM_MOST_SEGMENTS || head.n_numbers > OSS_DICOM_MOST_NUMBERS
      || n != sizeof head + head.n_groups * sizeof (OssGroupBlock) + head.n_numbers * sizeof (OssNumberBlock))
    return broken (path, error);
  g_autoptr (OssDicomReport) report = oss_dicom_report_new ();
  g_autofree OssGroupBlock *groups = g_memdup2 (bytes + sizeof head, head.n_groups * sizeof (OssGroupBlock));
  g_autofree OssNumberBlock *numbers = g_memdup2 (bytes + sizeof head + head.n_groups * sizeof (OssGroupBlock),
                                                  head.n_numbers * sizeof (OssNumberBlock));
  oss_dicom_copy_text (head.study_uid, sizeof head.study_uid, NULL);
  replace (&report->study_uid, g_strdup (head.study_uid));
  replace (&report->date, clean_text (head.date));
  replace (&report->time, clean_text (head.time));
  for (guint32 g = 0; g < head.n_groups; g++)
    {
      if (groups[g].first > head.n_numbers || groups[g].n > head.n_numbers - groups[g].first)
        return broken (path, error);
      take_group (report, &groups[g], numbers);
    }
  return g_steal_pointer (&report);
}
