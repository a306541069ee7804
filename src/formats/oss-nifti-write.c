/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-nifti.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "formats/oss-nifti-private.h"

#include <errno.h>
#include <nifti1_io.h>
#include <string.h>
#include <zlib.h>

#define PIECE_BYTES ((gsize) 512 * 1024)   /* compressed at a time by a thread: about 10 ms */
#define PACKED_BYTES (PIECE_BYTES + 16384) /* zlib adds at most 0.03 % and a few bytes to what it cannot shrink */

/* Readers take the quaternion's scalar part from 1 - b^2 - c^2 - d^2.  For a half turn that is 0, but
 * float32 leaves up to 1e-7, whose root turns the image by 3e-4: a tenth of a millimetre across a CT.
 * One step up in the largest part makes them see 0. */
static void
settle_half_turn (struct nifti_1_header *h)
{
  float *parts[3] = { &h->quatern_b, &h->quatern_c, &h->quatern_d }, *largest = parts[0];
  double rest = 1.0;

  for (int n = 0; n < 3; n++)
    {
      rest -= (double) *parts[n] * (double) *parts[n];
      if (fabsf (*parts[n]) > fabsf (*largest))
        largest = parts[n];
    }
  if (rest > 0.0 && rest < 1e-7)
    *largest = nextafterf (*largest, copysignf (2.0f, *largest));
}

static void
fill_geometry (struct nifti_1_header *h, const OssGrid *grid)
{
  mat44 ras;
  float spacing[3];

  memset (&ras, 0, sizeof ras);
  ras.m[3][3] = 1.0f;
  for (int r = 0; r < 3; r++)
    {
      double sign = r < 2 ? -1.0 : 1.0; /* LPS to RAS */

      for (int c = 0; c < 3; c++)
        ras.m[r][c] = (float) (sign * grid->direction[3 * r + c] * grid->spacing[c]) + 0.0f;
      ras.m[r][3] = (float) (sign * grid->origin[r]) + 0.0f;
    }
  memcpy (h->srow_x, ras.m[0], sizeof h->srow_x);
  memcpy (h->srow_y, ras.m[1], sizeof h->srow_y);
  memcpy (h->srow_z, ras.m[2], sizeof h->srow_z);
  nifti_mat44_to_quatern (ras, &h->quatern_b, &h->quatern_c, &h->quatern_d, &h->qoffset_x, &h->qoffset_y, &h->qoffset_z,
                          &spacing[0], &spacing[1], &spacing[2], &h->pixdim[0]);
  settle_half_turn (h);
  h->sform_code = h->qform_code = NIFTI_XFORM_SCANNER_ANAT;
  h->xyzt_units = NIFTI_UNITS_MM;
  h->dim[0] = 3;
  for (int a = 0; a < 7; a++)
    {
      h->dim[a + 1] = a < 3 ? (short) grid->size[a] : 1;
      h->pixdim[a + 1] = a < 3 ? (float) grid->spacing[a] : 1.0f;
    }
}

static void
fill_header (struct nifti_1_header *h, const OssGrid *grid, int datatype, const char *description)
{
  int voxel_bytes, swap_size;
  const char *end;

  memset (h, 0, sizeof *h);
  h->sizeof_hdr = OSS_NIFTI_HEADER_BYTES;
  h->regular = 'r';
  memcpy (h->magic, "n+1", 4);
  nifti_datatype_sizes (datatype, &voxel_bytes, &swap_size);
  h->datatype = (short) datatype;
  h->bitpix = (short) (8 * voxel_bytes);
  h->vox_offset = OSS_NIFTI_FIRST_VOXEL;
  h->scl_slope = 1.0f;
  fill_geometry (h, grid);
  if (description == NULL)
    return;
  end = description + MIN (strlen (description), sizeof h->descrip - 1);
  if (*end != '\0') /* cut between characters */
    end = g_utf8_find_prev_char (description, end + 1);
  memcpy (h->descrip, description, end != NULL ? (gsize) (end - description) : 0);
}

/* Writes voxels @first .. @first + @count - 1 to @out as they go to the file. */
typedef void (*EncodeFunc) (const void *data, gsize first, gsize count, void *out);

typedef struct
{
  const OssGrid *grid;
  const void *data;
  EncodeFunc encode;
  int datatype;
  int intent;
  int strategy; /* of zlib: Z_RLE is faster and no larger for float32 noise and for labels */
  const char *description;
} Image;

/* A piece of the file.  Pieces are compressed side by side and joined into one gzip stream, each
 * ending on a whole byte; where they begin does not depend on the number of threads. */
typedef struct
{
  guint8 *plain, *packed;
  gsize n_plain, n_packed;
  uLong crc;
} Piece;

typedef struct
{
  const Image *image;
  struct nifti_1_header header;
  gboolean compressed;
  gsize voxel_bytes, piece_voxels, n_pieces;
  gsize first; /* piece of this batch */
  Piece *pieces;
} Packing;

static gboolean
deflate_piece (Piece *piece, int strategy, gboolean is_last)
{
  z_stream z = { 0 };
  int status;

  if (deflateInit2 (&z, 1, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, strategy) != Z_OK)
    return FALSE;
  z.next_in = piece->plain;
  z.avail_in = (uInt) piece->n_plain;
  z.next_out = piece->packed;
  z.avail_out = PACKED_BYTES;
  status = deflate (&z, is_last ? Z_FINISH : Z_SYNC_FLUSH);
  piece->n_packed = PACKED_BYTES - z.avail_out;
  deflateEnd (&z);
  return status == (is_last ? Z_STREAM_END : Z_OK) && z.avail_in == 0 && z.avail_out > 0;
}

static void
pack_pieces (gsize begin, gsize end, guint thread, void *data)
{
  const Packing *packing = data;
  gsize count = oss_grid_count (packing->image->grid);

  for (gsize n = begin; n < end; n++)
    {
      Piece *piece = &packing->pieces[n];
      gsize index = packing->first + n, first = index * packing->piece_voxels;
      gsize n_voxels = MIN (packing->piece_voxels, count - first), ahead = index == 0 ? OSS_NIFTI_FIRST_VOXEL : 0;

      if (ahead > 0)
        {
          memset (piece->plain, 0, ahead); /* four bytes of 0 after the header: no extension */
          memcpy (piece->plain, &packing->header, OSS_NIFTI_HEADER_BYTES);
        }
      packing->image->encode (packing->image->data, first, n_voxels, piece->plain + ahead);
      piece->n_plain = ahead + n_voxels * packing->voxel_bytes;
      if (!packing->compressed)
        continue;
      piece->crc = crc32_z (crc32_z (0, NULL, 0), piece->plain, piece->n_plain);
      if (!deflate_piece (piece, packing->image->strategy, index == packing->n_pieces - 1))
        piece->n_packed = 0;
    }
}

static gboolean
write_packed (const Piece *piece, FILE *stream)
{
  if (piece->n_packed == 0)
    {
      errno = ENOMEM; /* all that zlib can lack here */
      return FALSE;
    }
  return fwrite (piece->packed, 1, piece->n_packed, stream) == piece->n_packed;
}

/* Batch after batch; FALSE without @error when the stream refused the bytes (see errno). */
static gboolean
write_pieces (Packing *packing, FILE *stream, gsize batch, const OssTick *tick, GError **error)
{
  static const guint8 gzip_header[10] = { 0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 4, 255 }; /* RFC 1952 */
  guint32 trailer[2] = { 0, 0 };

  if (packing->compressed && fwrite (gzip_header, 1, sizeof gzip_header, stream) != sizeof gzip_header)
    return FALSE;
  for (packing->first = 0; packing->first < packing->n_pieces; packing->first += batch)
    {
      gsize n_now = MIN (batch, packing->n_pieces - packing->first);

      if (!oss_tick_report (tick, (double) packing->first / (double) packing->n_pieces, NULL, error))
        return FALSE;
      oss_parallel_for (n_now, 1, pack_pieces, packing);
      for (gsize n = 0; n < n_now; n++)
        {
          const Piece *piece = &packing->pieces[n];

          if (packing->compressed ? !write_packed (piece, stream)
                                  : fwrite (piece->plain, 1, piece->n_plain, stream) != piece->n_plain)
            return FALSE;
          trailer[0] = (guint32) crc32_combine (trailer[0], piece->crc, (z_off_t) piece->n_plain);
          trailer[1] += (guint32) piece->n_plain;
        }
    }
  trailer[0] = GUINT32_TO_LE (trailer[0]);
  trailer[1] = GUINT32_TO_LE (trailer[1]);
  return !packing->compressed || fwrite (trailer, 1, sizeof trailer, stream) == sizeof trailer;
}

static gboolean
write_stream (const Image *image, gboolean compressed, FILE *stream, const OssTick *tick, GError **error)
{
  Packing packing = { .image = image, .compressed = compressed };
  gsize batch = 2 * oss_parallel_threads ();
  gboolean written;

  fill_header (&packing.header, image->grid, image->datatype, image->description);
  packing.header.intent_code = (short) image->intent;
  packing.voxel_bytes = (gsize) packing.header.bitpix / 8;
  packing.piece_voxels = PIECE_BYTES / packing.voxel_bytes;
  packing.n_pieces = (oss_grid_count (image->grid) + packing.piece_voxels - 1) / packing.piece_voxels;
  batch = MIN (batch, packing.n_pieces);
  packing.pieces = g_new0 (Piece, batch);
  for (gsize n = 0; n < batch; n++)
    {
      packing.pieces[n].plain = g_malloc (OSS_NIFTI_FIRST_VOXEL + PIECE_BYTES);
      packing.pieces[n].packed = compressed ? g_malloc (PACKED_BYTES) : NULL;
    }
  written = write_pieces (&packing, stream, batch, tick, error);
  for (gsize n = 0; n < batch; n++)
    {
      g_free (packing.pieces[n].plain);
      g_free (packing.pieces[n].packed);
    }
  g_free (packing.pieces);
  return written;
}

static gboolean
check_target (const Image *image, const char *path, gboolean *compressed, GError **error)
{
  *compressed = g_str_has_suffix (path, ".nii.gz");
  if (!*compressed && !g_str_has_suffix (path, ".nii"))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s”: the name of a NIfTI file ends in .nii or .nii.gz."),
                   path);
      return FALSE;
    }
  for (int a = 0; a < 3; a++)
    if (image->grid->size[a] > G_MAXINT16)
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                     _ ("“%s”: %d voxels along axis %d; NIfTI-1 holds at most 32767."), path, image->grid->size[a],
                     a + 1);
        return FALSE;
      }
  return TRUE;
}

static gboolean
write_image (const Image *image, const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (OssFileWriter) writer = NULL;
  g_autoptr (GError) stopped = NULL;
  gboolean compressed;

  if (!check_target (image, path, &compressed, error))
    return FALSE;
  writer = oss_file_writer_new (path, error);
  if (writer == NULL)
    return FALSE;
  errno = 0;
  if (!write_stream (image, compressed, oss_file_writer_stream (writer), tick, &stopped))
    {
      if (stopped != NULL)
        g_propagate_error (error, g_steal_pointer (&stopped));
      else
        g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: %s."), path,
                     g_strerror (errno != 0 ? errno : EIO));
      return FALSE;
    }
  return oss_tick_report (tick, 1.0, NULL, error) && oss_file_writer_commit (writer, error);
}

static void
encode_float (const void *data, gsize first, gsize count, void *out)
{
  memcpy (out, (const float *) data + first, count * sizeof (float));
}

static void
encode_byte (const void *data, gsize first, gsize count, void *out)
{
  memcpy (out, (const guint8 *) data + first, count);
}

static void
encode_int16 (const void *data, gsize first, gsize count, void *out)
{
  const float *values = (const float *) data + first;
  gint16 *rounded = out;

  for (gsize n = 0; n < count; n++)
    {
      float value = isnan (values[n]) ? 0.0f : CLAMP (values[n], -32768.0f, 32767.0f);

      rounded[n] = (gint16) lrintf (value);
    }
}

gboolean
oss_nifti_write_volume (const OssVolume *volume, const char *path, gboolean as_int16, const char *description,
                        const OssTick *tick, GError **error)
{
  const Image image = {
    .grid = &volume->grid,
    .data = volume->data,
    .encode = as_int16 ? encode_int16 : encode_float,
    .datatype = as_int16 ? DT_INT16 : DT_FLOAT32,
    .intent = NIFTI_INTENT_NONE,
    .strategy = as_int16 ? Z_DEFAULT_STRATEGY : Z_RLE,
    .description = description,
  };

  return write_image (&image, path, tick, error);
}

gboolean
oss_nifti_write_labels (const OssLabels *labels, const char *path, const char *description, const OssTick *tick,
                        GError **error)
{
  const Image image = {
    .grid = &labels->grid,
    .data = labels->data,
    .encode = encode_byte,
    .datatype = DT_UINT8,
    .intent = NIFTI_INTENT_LABEL,
    .strategy = Z_RLE,
    .description = description,
  };

  return write_image (&image, path, tick, error);
}
