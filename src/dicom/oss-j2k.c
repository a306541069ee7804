/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-j2k.h"

#include "base/oss-i18n.h"

#include <openjpeg.h>
#include <string.h>

typedef struct
{
  const guint8 *data;
  gsize size;
  gsize at;
} Memory;

static OPJ_SIZE_T
memory_read (void *buffer, OPJ_SIZE_T n, void *data)
{
  Memory *memory = data;
  gsize left = memory->size - memory->at;

  if (left == 0)
    return (OPJ_SIZE_T) -1;
  n = MIN (n, left);
  memcpy (buffer, memory->data + memory->at, n);
  memory->at += n;
  return n;
}

static OPJ_OFF_T
memory_skip (OPJ_OFF_T n, void *data)
{
  Memory *memory = data;

  if (n < 0)
    return -1;
  n = MIN (n, (OPJ_OFF_T) (memory->size - memory->at));
  memory->at += (gsize) n;
  return n;
}

static OPJ_BOOL
memory_seek (OPJ_OFF_T to, void *data)
{
  Memory *memory = data;

  if (to < 0 || (guint64) to > memory->size)
    return OPJ_FALSE;
  memory->at = (gsize) to;
  return OPJ_TRUE;
}

static opj_stream_t *
memory_stream (Memory *memory)
{
  opj_stream_t *stream = opj_stream_create (64 * 1024, OPJ_TRUE);

  if (stream == NULL)
    return NULL;
  opj_stream_set_user_data (stream, memory, NULL);
  opj_stream_set_user_data_length (stream, memory->size);
  opj_stream_set_read_function (stream, memory_read);
  opj_stream_set_skip_function (stream, memory_skip);
  opj_stream_set_seek_function (stream, memory_seek);
  return stream;
}

static gboolean
fits (const opj_image_t *image, const OssDicomHeader *header, GError **error)
{
  guint width = image->x1 - image->x0, height = image->y1 - image->y0;

  if (image->numcomps == 1 && width == (guint) header->columns && height == (guint) header->rows
      && image->comps[0].w == width && image->comps[0].h == height
      && image->comps[0].prec <= (guint) header->bits_allocated)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("the JPEG 2000 image has %u × %u pixels, %u components; the header says %d × %d, one component"),
               width, height, image->numcomps, header->columns, header->rows);
  return FALSE;
}

static void
store (const opj_image_t *image, const OssDicomHeader *header, guint8 *out)
{
  const OPJ_INT32 *from = image->comps[0].data;
  gsize n = (gsize) header->rows * (gsize) header->columns;
  guint16 *out16 = (guint16 *) (void *) out;

  if (header->bits_allocated == 8)
    for (gsize i = 0; i < n; i++)
      out[i] = (guint8) from[i];
  else
    for (gsize i = 0; i < n; i++)
      out16[i] = (guint16) from[i];
}

gboolean
oss_j2k_decode (const guint8 *code, gsize n_code, const OssDicomHeader *header, guint8 *out, GError **error)
{
  /* A bare code stream begins with SOC and SIZ markers. */
  gboolean bare = n_code > 4 && memcmp (code, "\xff\x4f\xff\x51", 4) == 0;
  Memory memory = { .data = code, .size = n_code };
  opj_codec_t *codec = opj_create_decompress (bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  opj_stream_t *stream = memory_stream (&memory);
  opj_image_t *image = NULL;
  opj_dparameters_t parameters;
  gboolean ok = FALSE;

  opj_set_default_decoder_parameters (&parameters);
  if (codec == NULL || stream == NULL || !opj_setup_decoder (codec, &parameters)
      || !opj_decoder_set_strict_mode (codec, OPJ_TRUE) || !opj_read_header (stream, codec, &image))
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("the JPEG 2000 data has no valid header"));
  else if (fits (image, header, error))
    {
      ok = opj_decode (codec, stream, image) && image->comps[0].data != NULL;
      if (ok)
        store (image, header, out);
      else
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("the JPEG 2000 data is damaged"));
    }
  g_clear_pointer (&image, opj_image_destroy);
  g_clear_pointer (&stream, opj_stream_destroy);
  g_clear_pointer (&codec, opj_destroy_codec);
  return ok;
}
