/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-nifti.h"

#include "base/oss-i18n.h"
#include "formats/oss-nifti-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <nifti1_io.h>
#include <string.h>
#include <zlib.h>

/* Headers, quaternions and byte order are libnifti's; voxels are streamed through zlib, so that
 * reading can be stopped, needs no second copy of the image, and a damaged file is an error. */

#define CHUNK_VOXELS 65536
#define GZIP_BUFFER (256 * 1024)
#define DEFLATE_MAX_RATIO 1032 /* bytes out of one byte in, at most (zlib technical details) */
#define LABEL_TOLERANCE 1e-4   /* labels stored with a scale factor are whole only to float32 rounding */

typedef struct
{
  const char *path;
  gzFile file;
  guint64 file_bytes;
  struct nifti_1_header header; /* in this machine's byte order */
  gboolean swapped;
  int voxel_bytes;
  OssGrid grid;
} Source;

static gboolean
refuse (const Source *source, GError **error, OssError code, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
refuse (const Source *source, GError **error, OssError code, const char *format, ...)
{
  va_list arguments;
  g_autofree char *reason = NULL;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, OSS_ERROR, code, _ ("“%s”: %s"), source->path, reason);
  return FALSE;
}

static gboolean
read_bytes (Source *source, void *buffer, gsize n)
{
  return gzread (source->file, buffer, (unsigned) n) == (int) n;
}

static gboolean
read_header (Source *source, GError **error)
{
  struct nifti_1_header *h = &source->header;

  if (!read_bytes (source, h, OSS_NIFTI_HEADER_BYTES))
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("Too short for a NIfTI header of 348 bytes."));
  if (h->sizeof_hdr == (int) GUINT32_SWAP_LE_BE (OSS_NIFTI_HEADER_BYTES))
    {
      source->swapped = TRUE;
      swap_nifti_header (h, 1);
    }
  if (h->sizeof_hdr == 540 || h->sizeof_hdr == (int) GUINT32_SWAP_LE_BE (540))
    return refuse (source, error, OSS_ERROR_UNSUPPORTED, _ ("NIfTI-2 is not read; save the image as NIfTI-1."));
  if (h->sizeof_hdr == OSS_NIFTI_HEADER_BYTES && memcmp (h->magic, "ni1", 4) == 0)
    return refuse (source, error, OSS_ERROR_UNSUPPORTED,
                   _ ("Pairs of .hdr and .img files are not read; save the image as one .nii file."));
  if (h->sizeof_hdr != OSS_NIFTI_HEADER_BYTES || memcmp (h->magic, "n+1", 4) != 0)
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("This is not a NIfTI-1 file."));
  return TRUE;
}

static gboolean
check_size (Source *source, GError **error)
{
  const struct nifti_1_header *h = &source->header;
  guint64 count = 1;

  if (h->dim[0] < 1 || h->dim[0] > 7)
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("%d dimensions in the header: must be 1 to 7."),
                   h->dim[0]);
  for (int a = 0; a < 7; a++)
    {
      int n = a < h->dim[0] ? h->dim[a + 1] : 1;

      if (n < 1)
        return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("Size %d along axis %d: must be 1 or more."), n,
                       a + 1);
      if (a < 3)
        source->grid.size[a] = n;
      else if (n > 1)
        return refuse (source, error, OSS_ERROR_UNSUPPORTED,
                       _ ("%d frames along axis %d: only single 3-D images are read."), n, a + 1);
      count *= (guint64) n;
    }
  if (count >= G_GUINT64_CONSTANT (1) << 31)
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("%d × %d × %d voxels: must be fewer than 2^31."),
                   source->grid.size[0], source->grid.size[1], source->grid.size[2]);
  return TRUE;
}

static gboolean
check_voxels (Source *source, GError **error)
{
  const struct nifti_1_header *h = &source->header;
  guint64 needed, available = source->file_bytes;
  int swap_size;

  nifti_datatype_sizes (h->datatype, &source->voxel_bytes, &swap_size);
  switch (h->datatype)
    {
    case DT_UINT8:
    case DT_INT8:
    case DT_INT16:
    case DT_UINT16:
    case DT_INT32:
    case DT_UINT32:
    case DT_INT64:
    case DT_UINT64:
    case DT_FLOAT32:
    case DT_FLOAT64:
      break;
    default:
      return refuse (source, error, OSS_ERROR_UNSUPPORTED,
                     _ ("Voxels of NIfTI data type %d are not read: only numbers."), h->datatype);
    }
  if (h->bitpix != 8 * source->voxel_bytes)
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("%d bits a voxel do not go with data type %d."), h->bitpix,
                   h->datatype);
  if (!(h->vox_offset == 0.0f || (h->vox_offset >= OSS_NIFTI_FIRST_VOXEL && h->vox_offset < 2147483648.0f)))
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("Voxels at byte %g: must start at 352 or later."),
                   (double) h->vox_offset);
  needed = (guint64) MAX (h->vox_offset, OSS_NIFTI_FIRST_VOXEL)
           + oss_grid_count (&source->grid) * (guint64) source->voxel_bytes;
  if (!gzdirect (source->file))
    available *= DEFLATE_MAX_RATIO;
  if (available < needed)
    return refuse (source, error, OSS_ERROR_INVALID_DATA,
                   _ ("The file is too short for %d × %d × %d voxels: it was cut off or its header is damaged."),
                   source->grid.size[0], source->grid.size[1], source->grid.size[2]);
  return TRUE;
}

static gboolean
file_affine (const Source *source, mat44 *ras, GError **error)
{
  const struct nifti_1_header *h = &source->header;

  if (h->sform_code > 0)
    {
      memcpy (ras->m[0], h->srow_x, sizeof h->srow_x);
      memcpy (ras->m[1], h->srow_y, sizeof h->srow_y);
      memcpy (ras->m[2], h->srow_z, sizeof h->srow_z);
      return TRUE;
    }
  if (h->qform_code <= 0)
    return refuse (source, error, OSS_ERROR_REFUSED,
                   _ ("The file says neither by sform nor by qform where the image lies in the patient: left and right "
                      "cannot be told apart."));
  for (int a = 1; a <= 3; a++)
    if (!(h->pixdim[a] > 0.0f))
      return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("Voxel spacing %g along axis %d: must be above 0."),
                     (double) h->pixdim[a], a);
  *ras = nifti_quatern_to_mat44 (h->quatern_b, h->quatern_c, h->quatern_d, h->qoffset_x, h->qoffset_y, h->qoffset_z,
                                 h->pixdim[1], h->pixdim[2], h->pixdim[3], h->pixdim[0]);
  return TRUE;
}

/* RAS to LPS: x and y change sign.  The order of the voxels stays; the direction matrix carries it. */
static gboolean
read_geometry (Source *source, GError **error)
{
  OssGrid *grid = &source->grid;
  double unit_mm = 1.0;
  mat44 ras;

  if (!file_affine (source, &ras, error))
    return FALSE;
  switch (XYZT_TO_SPACE (source->header.xyzt_units))
    {
    case NIFTI_UNITS_METER:
      unit_mm = 1000.0;
      break;
    case NIFTI_UNITS_MICRON:
      unit_mm = 0.001;
      break;
    default: /* mm, or unknown: mm by convention */
      break;
    }
  for (int r = 0; r < 3; r++)
    grid->origin[r] = (r < 2 ? -1.0 : 1.0) * (double) ras.m[r][3] * unit_mm + 0.0; /* no -0 */
  for (int c = 0; c < 3; c++)
    {
      double axis[3] = { -(double) ras.m[0][c], -(double) ras.m[1][c], (double) ras.m[2][c] };

      grid->spacing[c] = oss_normalize (axis) * unit_mm;
      for (int r = 0; r < 3; r++)
        grid->direction[3 * r + c] = axis[r] + 0.0;
    }
  if (oss_grid_check (grid, error))
    return TRUE;
  g_prefix_error (error, _ ("“%s”: "), source->path);
  return FALSE;
}

static gboolean
skip_to_voxels (Source *source, GError **error)
{
  gsize left = (gsize) MAX (source->header.vox_offset, OSS_NIFTI_FIRST_VOXEL) - OSS_NIFTI_HEADER_BYTES;
  guint8 scratch[4096];

  for (gsize n; left > 0; left -= n)
    {
      n = MIN (left, sizeof scratch);
      if (!read_bytes (source, scratch, n))
        return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("The file ends before its first voxel."));
    }
  return TRUE;
}

static void
source_close (Source *source)
{
  if (source->file != NULL)
    gzclose (source->file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_close)

static gboolean
source_open (Source *source, const char *path, GError **error)
{
  GStatBuf status;

  memset (source, 0, sizeof *source);
  source->path = path;
  if (g_stat (path, &status) != 0)
    return refuse (source, error, errno == ENOENT ? OSS_ERROR_NOT_FOUND : OSS_ERROR_FAILED,
                   _ ("The file cannot be opened: %s."), g_strerror (errno));
  if (!S_ISREG (status.st_mode)) /* a pipe would block, a folder reads as nothing */
    return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("This is not a regular file."));
  source->file_bytes = (guint64) status.st_size;
  source->file = gzopen (path, "rbe"); /* reads plain files as they are */
  if (source->file == NULL)
    return refuse (source, error, OSS_ERROR_FAILED, _ ("The file cannot be opened: %s."), g_strerror (errno));
  gzbuffer (source->file, GZIP_BUFFER);
  return read_header (source, error) && check_size (source, error) && check_voxels (source, error)
         && read_geometry (source, error) && skip_to_voxels (source, error);
}

#define DECODE(Type)                                                                                                   \
  for (gsize n = 0; n < count; n++)                                                                                    \
    {                                                                                                                  \
      Type value;                                                                                                      \
      memcpy (&value, raw + n * sizeof (Type), sizeof (Type));                                                         \
      values[n] = (double) value;                                                                                      \
    }                                                                                                                  \
  break

/* Stored numbers to real ones: value = scl_slope * stored + scl_inter; a slope of 0 means none. */
static void
decode (const Source *source, guint8 *raw, gsize count, double *values)
{
  double slope = source->header.scl_slope, intercept = source->header.scl_inter;

  if (source->swapped && source->voxel_bytes > 1)
    nifti_swap_Nbytes (count, source->voxel_bytes, raw);
  switch (source->header.datatype)
    {
    case DT_UINT8:
      DECODE (guint8);
    case DT_INT8:
      DECODE (gint8);
    case DT_INT16:
      DECODE (gint16);
    case DT_UINT16:
      DECODE (guint16);
    case DT_INT32:
      DECODE (gint32);
    case DT_UINT32:
      DECODE (guint32);
    case DT_INT64:
      DECODE (gint64);
    case DT_UINT64:
      DECODE (guint64);
    case DT_FLOAT32:
      DECODE (float);
    default: /* check_voxels() let nothing else pass */
      DECODE (double);
    }
  if (isfinite (slope) && isfinite (intercept) && slope != 0.0 && (slope != 1.0 || intercept != 0.0))
    for (gsize n = 0; n < count; n++)
      values[n] = slope * values[n] + intercept;
}

/* Takes @count values from voxel @first on; returns the number taken before one that it cannot hold. */
typedef gsize (*StoreFunc) (void *data, gsize first, const double *values, gsize count);

static gboolean
refuse_value (const Source *source, gsize at, double value, const char *wanted, GError **error)
{
  gsize nx = (gsize) source->grid.size[0], ny = (gsize) source->grid.size[1];

  return refuse (source, error, OSS_ERROR_INVALID_DATA, _ ("Voxel (%d, %d, %d) is %g: %s"), (int) (at % nx),
                 (int) (at / nx % ny), (int) (at / nx / ny), value, wanted);
}

static gboolean
read_voxels (Source *source, StoreFunc store, void *data, const char *wanted, const OssTick *tick, GError **error)
{
  gsize count = oss_grid_count (&source->grid);
  g_autofree guint8 *raw = g_malloc (CHUNK_VOXELS * (gsize) source->voxel_bytes);
  g_autofree double *values = g_new (double, CHUNK_VOXELS);
  guint8 rest;
  int status;

  for (gsize first = 0, n; first < count; first += n)
    {
      gsize taken;

      n = MIN (count - first, CHUNK_VOXELS);
      if (!oss_tick_report (tick, (double) first / (double) count, NULL, error))
        return FALSE;
      if (!read_bytes (source, raw, n * (gsize) source->voxel_bytes))
        return refuse (source, error, OSS_ERROR_INVALID_DATA,
                       _ ("The file is cut off or damaged: not all of its %zu voxels can be read."), count);
      decode (source, raw, n, values);
      taken = store (data, first, values, n);
      if (taken < n)
        return refuse_value (source, first + taken, values[taken], wanted, error);
    }
  /* Reading to the end checks gzip's checksum; a cut trailer shows as Z_BUF_ERROR alone. */
  gzread (source->file, &rest, 1);
  gzerror (source->file, &status);
  if (status != Z_OK && status != Z_STREAM_END)
    return refuse (source, error, OSS_ERROR_INVALID_DATA,
                   _ ("The file is damaged: its end or its checksum does not fit its content."));
  return oss_tick_report (tick, 1.0, NULL, error);
}

static gsize
store_floats (void *data, gsize first, const double *values, gsize count)
{
  float *out = (float *) data + first;

  for (gsize n = 0; n < count; n++)
    {
      out[n] = (float) values[n];
      if (!isfinite (out[n]))
        return n;
    }
  return count;
}

static gsize
store_labels (void *data, gsize first, const double *values, gsize count)
{
  guint8 *out = (guint8 *) data + first;

  for (gsize n = 0; n < count; n++)
    {
      if (!(values[n] > -0.5 && values[n] < 255.5) || fabs (values[n] - rint (values[n])) > LABEL_TOLERANCE)
        return n;
      out[n] = (guint8) rint (values[n]);
    }
  return count;
}

OssVolume *
oss_nifti_read_volume (const char *path, OssQuantity quantity, const OssTick *tick, GError **error)
{
  g_auto (Source) source = { 0 };
  g_autoptr (OssVolume) volume = NULL;

  if (!source_open (&source, path, error))
    return NULL;
  volume = oss_volume_new (&source.grid, quantity, error);
  if (volume == NULL
      || !read_voxels (&source, store_floats, volume->data, _ ("must be a finite number within float32."), tick, error))
    return NULL;
  return g_steal_pointer (&volume);
}

OssLabels *
oss_nifti_read_labels (const char *path, const OssTick *tick, GError **error)
{
  g_auto (Source) source = { 0 };
  g_autoptr (OssLabels) labels = NULL;

  if (!source_open (&source, path, error))
    return NULL;
  labels = oss_labels_new (&source.grid, error);
  if (labels == NULL
      || !read_voxels (&source, store_labels, labels->data, _ ("labels are whole numbers from 0 to 255."), tick, error))
    return NULL;
  return g_steal_pointer (&labels);
}
