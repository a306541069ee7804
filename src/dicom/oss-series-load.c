/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series.h"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "base/oss-vector.h"
#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-series-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Pixels outside the reconstruction circle get the HU of nothing. */
#define OUTSIDE_HU -1024.0f
/* A padding value between these is also a tissue's value: some scanners name 0, which is water.
 * It marks nothing then. */
#define LOWEST_TISSUE_HU -900.0
#define HIGHEST_TISSUE_HU 4000.0

/* The range of stored values that mean "nothing here"; FALSE when there is none. */
static gboolean
padding_range (const OssDicomHeader *header, gint32 *low, gint32 *high)
{
  gint32 ends[2] = { header->padding, header->padding_limit };

  if (!header->has_padding)
    return FALSE;
  for (int i = 0; i < 2; i++)
    {
      if (header->is_signed && ends[i] > G_MAXINT16)
        ends[i] -= 65536; /* written as unsigned */
      double hu = header->slope * ends[i] + header->intercept;
      if (hu > LOWEST_TISSUE_HU && hu < HIGHEST_TISSUE_HU)
        return FALSE;
    }
  *low = MIN (ends[0], ends[1]);
  *high = MAX (ends[0], ends[1]);
  return TRUE;
}

typedef struct
{
  int shift;          /* bits below the value */
  guint32 mask, sign; /* of the value; 0: unsigned */
  gint32 low, high;   /* values that mean "nothing here" */
  double slope, intercept;
  gboolean whole_signed; /* the word with all its bits, which padding may be compared with */
} Stored;

static inline float
hu_of (const Stored *self, guint32 raw)
{
  gint32 whole = self->whole_signed ? (gint16) raw : (gint32) raw;
  gint32 value = (gint32) (((raw >> self->shift) & self->mask) ^ self->sign) - (gint32) self->sign;
  /* Padding may lie outside the bits that hold values. */
  gboolean outside = (value >= self->low && value <= self->high) || (whole >= self->low && whole <= self->high);

  return outside ? OUTSIDE_HU : (float) (self->slope * value + self->intercept);
}

gboolean
oss_series_to_hu (const OssDicomHeader *header, const guint8 *stored, float *hu, GError **error)
{
  gsize n = (gsize) header->rows * (gsize) header->columns;
  int bits = header->bits_stored;
  const guint16 *words = (const guint16 *) (const void *) stored;

  if (bits < 1 || bits > header->high_bit + 1 || header->high_bit >= header->bits_allocated)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("Bits Stored %d and High Bit %d do not fit %d bits"),
                   bits, header->high_bit, header->bits_allocated);
      return FALSE;
    }
  Stored form = { .shift = header->high_bit + 1 - bits,
                  .mask = (1u << bits) - 1,
                  .sign = header->is_signed ? 1u << (bits - 1) : 0,
                  .low = 1,
                  .high = 0,
                  .slope = header->slope,
                  .intercept = header->intercept,
                  .whole_signed = header->is_signed };
  padding_range (header, &form.low, &form.high);
  if (header->bits_allocated == 16)
    for (gsize i = 0; i < n; i++)
      hu[i] = hu_of (&form, words[i]);
  else
    for (gsize i = 0; i < n; i++)
      hu[i] = hu_of (&form, stored[i]);
  return TRUE;
}

typedef struct
{
  const OssSeries *series;
  OssVolume *volume;
  OssDicomReaders *readers;
  const OssTick *tick;
  gsize first;     /* of this batch */
  GError **errors; /* per slice: the first one in slice order is told, whoever came first */
} Load;

/* The file is still the one that was judged. */
static gboolean
is_same_slice (const Load *self, const OssDicomHeader *header, gsize k)
{
  const OssSeries *series = self->series;
  const OssGrid *grid = &series->grid;
  const int columns = series->tilt.resample ? series->tilt.columns : grid->size[0];
  const int rows = series->tilt.resample ? series->tilt.rows : grid->size[1];
  double place[3], off[3];

  oss_series_slice_place (series, k, place);
  oss_sub (header->position, place, off);
  return header->columns == columns && header->rows == rows && header->has_rescale
         && (header->series_uid[0] == '\0' || strcmp (header->series_uid, series->series_uid) == 0)
         && oss_norm (off) < 0.5 * grid->spacing[2];
}

/* Stored values to HU on slice @k of the volume, straightened where that was asked for. */
static gboolean
take_slice (Load *self, const OssDicomHeader *header, const guint8 *stored, gsize k, GError **error)
{
  gsize n = (gsize) self->volume->grid.size[0] * (gsize) self->volume->grid.size[1];
  float *out = self->volume->data + k * n;

  if (!self->series->tilt.resample)
    return oss_series_to_hu (header, stored, out, error);
  g_autofree float *slice = g_new (float, (gsize) header->rows *(gsize) header->columns);
  if (!oss_series_to_hu (header, stored, slice, error))
    return FALSE;
  oss_series_shear_slice (self->series, k, slice, out);
  return TRUE;
}

typedef struct
{
  Load *load;
  gsize k;
} SliceUse;

static gboolean
use_slice (const OssDicomHeader *header, const guint8 *stored, void *data, GError **error)
{
  SliceUse *use = data;

  if (is_same_slice (use->load, header, use->k))
    return take_slice (use->load, header, stored, use->k, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("it has changed since the folder was scanned; scan again"));
  return FALSE;
}

static void
load_slice (Load *self, gsize k)
{
  const char *path = g_ptr_array_index (self->series->files, k);
  gint32 frame = g_array_index (self->series->frames, gint32, k);
  GError **error = &self->errors[k];
  SliceUse use = { self, k };

  if (oss_dicom_use_frame (self->readers, path, frame, self->tick, use_slice, &use, error)
      || g_error_matches (*error, OSS_ERROR, OSS_ERROR_CANCELLED))
    return;
  g_autofree char *name = g_filename_display_name (path);
  g_prefix_error (error, _ ("%s could not be read: "), name);
}

static void
load_range (gsize begin, gsize end, guint thread, void *data)
{
  Load *self = data;

  for (gsize i = begin; i < end && !oss_tick_stopped (self->tick); i++)
    load_slice (self, self->first + i);
}

static gboolean
load_all (Load *self, GError **error)
{
  gsize n = self->series->files->len, batch = 4 * (gsize) oss_parallel_threads ();

  for (self->first = 0; self->first < n; self->first += batch)
    {
      gsize here = MIN (batch, n - self->first);
      if (!oss_tick_report (self->tick, (double) self->first / (double) n, _ ("Reading slices"), error))
        return FALSE;
      oss_parallel_for (here, 1, load_range, self);
      if (oss_tick_stopped (self->tick))
        return oss_tick_cancelled (error);
      for (gsize k = self->first; k < self->first + here; k++)
        if (self->errors[k] != NULL)
          {
            g_propagate_error (error, g_steal_pointer (&self->errors[k]));
            return FALSE;
          }
    }
  return oss_tick_report (self->tick, 1.0, NULL, error);
}

OssVolume *
oss_series_load (const OssSeries *self, const OssTick *tick, GError **error)
{
  gsize n = self->files->len;
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  g_autofree GError **errors = g_new0 (GError *, n + 1);

  if (self->verdict == OSS_VERDICT_REFUSED || !self->has_grid)
    {
      const OssReason *reason = self->reasons->len > 0 ? g_ptr_array_index (self->reasons, 0) : NULL;
      for (guint i = 0; i < self->reasons->len; i++)
        {
          reason = g_ptr_array_index (self->reasons, i);
          if (reason->severity == OSS_REASON_REFUSAL)
            break;
        }
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("Series %d cannot be analysed. %s"), self->series_number,
                   reason != NULL ? reason->text : "");
      return NULL;
    }
  volume = oss_volume_new (&self->grid, OSS_QUANTITY_HU, error);
  if (volume == NULL)
    return NULL;
  Load load = { .series = self, .volume = volume, .readers = readers, .tick = tick, .errors = errors };
  gboolean ok = load_all (&load, error);
  for (gsize i = 0; i < n; i++)
    g_clear_error (&errors[i]);
  return ok ? g_steal_pointer (&volume) : NULL;
}

static gboolean
hash_file (const char *path, GChecksum *checksum, guint8 *buffer, gsize size, const OssTick *tick, GError **error)
{
  FILE *file = g_fopen (path, "rbe");
  g_autofree char *name = g_filename_display_name (path);
  gsize n = 0;

  while (file != NULL && !oss_tick_stopped (tick) && (n = fread (buffer, 1, size, file)) > 0)
    g_checksum_update (checksum, buffer, (gssize) n);
  gboolean ok = file != NULL && !ferror (file);
  if (!ok)
    g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%s could not be read: %s"), name, g_strerror (errno));
  if (file != NULL)
    fclose (file);
  return ok;
}

char *
oss_series_hash (const OssSeries *self, const OssTick *tick, GError **error)
{
  enum
  {
    BUFFER = 1 << 20
  };
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (BUFFER);
  g_autoptr (GHashTable) hashed = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = self->files->len;

  for (guint i = 0; i < n; i++)
    if (!oss_tick_report (tick, (double) i / n, _ ("Fingerprint of the series"), error)
        || (g_hash_table_add (hashed, g_ptr_array_index (self->files, i)) /* frames share their file */
            && !hash_file (g_ptr_array_index (self->files, i), checksum, buffer, BUFFER, tick, error)))
      return NULL;
  if (!oss_tick_report (tick, 1.0, NULL, error))
    return NULL;
  return g_strdup (g_checksum_get_string (checksum));
}
