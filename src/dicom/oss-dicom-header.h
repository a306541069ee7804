/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

#define OSS_DICOM_UID_SIZE 72
#define OSS_DICOM_TEXT_SIZE 128
/* Frames of one file that are read; a whole-body CT of 0.5 mm slices has 4000. */
#define OSS_DICOM_MOST_FRAMES 10000

/**
 * OssDicomHeader: what one file says about its image, or about one of its frames.
 *
 * A plain block of bytes without pointers: it travels from the reading process as it is.
 * Texts are UTF-8, without control characters, cut to fit, empty when absent.  Numbers are
 * finite; 0 when absent unless a has_ field says so.
 */
typedef struct
{
  char transfer_syntax[OSS_DICOM_UID_SIZE];
  char sop_class[OSS_DICOM_UID_SIZE];
  char sop_instance[OSS_DICOM_UID_SIZE];
  char study_uid[OSS_DICOM_UID_SIZE];
  char series_uid[OSS_DICOM_UID_SIZE];
  char frame_uid[OSS_DICOM_UID_SIZE];
  char patient_name[OSS_DICOM_TEXT_SIZE];
  char patient_id[OSS_DICOM_TEXT_SIZE];
  char patient_birth_date[OSS_DICOM_TEXT_SIZE];
  char patient_sex[OSS_DICOM_TEXT_SIZE];
  char patient_age[OSS_DICOM_TEXT_SIZE];
  char study_date[OSS_DICOM_TEXT_SIZE];
  char study_time[OSS_DICOM_TEXT_SIZE];
  char study_description[OSS_DICOM_TEXT_SIZE];
  char series_description[OSS_DICOM_TEXT_SIZE];
  char series_time[OSS_DICOM_TEXT_SIZE];
  char accession_number[OSS_DICOM_TEXT_SIZE];
  char study_id[OSS_DICOM_TEXT_SIZE];
  char referring_physician[OSS_DICOM_TEXT_SIZE];
  char patient_position[OSS_DICOM_TEXT_SIZE];
  char modality[OSS_DICOM_TEXT_SIZE];
  char manufacturer[OSS_DICOM_TEXT_SIZE];
  char model[OSS_DICOM_TEXT_SIZE];
  char station[OSS_DICOM_TEXT_SIZE];
  char kernel[OSS_DICOM_TEXT_SIZE];          /* first value of Convolution Kernel */
  char kernel_strength[OSS_DICOM_TEXT_SIZE]; /* second value: Siemens' iterative strength */
  char contrast[OSS_DICOM_TEXT_SIZE];
  char image_type[OSS_DICOM_TEXT_SIZE]; /* all values, separated by backslashes */
  char photometric[OSS_DICOM_TEXT_SIZE];
  char rescale_type[OSS_DICOM_TEXT_SIZE];
  char lossy[OSS_DICOM_TEXT_SIZE];     /* Lossy Image Compression: "01" once was */
  char algorithm[OSS_DICOM_TEXT_SIZE]; /* Reconstruction Algorithm, Iterative Reconstruction Method */
  char protocol[OSS_DICOM_TEXT_SIZE];
  char conversion[OSS_DICOM_TEXT_SIZE]; /* Conversion Type of a secondary capture */
  char unit[OSS_DICOM_TEXT_SIZE];       /* UCUM code of the real world values; empty: not told */
  char part[OSS_DICOM_TEXT_SIZE];       /* which stack, time and phase of its file a frame belongs to */
  char damage[OSS_DICOM_TEXT_SIZE];     /* what is missing of the file; empty when it is whole */

  gint32 series_number;
  gint32 frames;     /* in the file */
  gint32 frame;      /* which of them this is, from 0 */
  gint32 has_groups; /* the file describes every frame by functional groups (PS3.3, C.7.6.16) */
  gint32 rows, columns, samples;
  gint32 bits_allocated, bits_stored, high_bit, is_signed;
  gint32 has_pixels, has_rescale, has_position, has_orientation, has_spacing, has_padding, has_table_height;
  gint32 padding, padding_limit; /* stored values; pixels between the two show nothing */

  double slope, intercept;
  double position[3];    /* centre of the first pixel, patient LPS, mm */
  double orientation[6]; /* cosines along a row (rising column), then along a column */
  double spacing[2];     /* between rows, then between columns, mm */
  double thickness_mm, kvp, exposure_mas, tilt_deg;
  double table_height_mm;
  guint64 file_bytes;
} OssDicomHeader;

/* Cuts @utf8 (NULL: what is in @out) at a character's border where it is too long, and where it
 * stops being UTF-8. */
static inline void
oss_dicom_copy_text (char *out, gsize size, const char *utf8)
{
  const char *end = NULL;

  if (utf8 != NULL)
    g_strlcpy (out, utf8, size);
  out[size - 1] = '\0';
  if (!g_utf8_validate (out, -1, &end))
    out[end - out] = '\0';
}

/* Bytes of one frame of stored values; 0 when the header describes no image this program reads. */
static inline gsize
oss_dicom_header_frame_bytes (const OssDicomHeader *self)
{
  if (self->rows < 1 || self->rows > 65535 || self->columns < 1 || self->columns > 65535 || self->samples != 1
      || (self->bits_allocated != 8 && self->bits_allocated != 16))
    return 0;
  return (gsize) self->rows * (gsize) self->columns * (gsize) (self->bits_allocated / 8);
}

G_END_DECLS
