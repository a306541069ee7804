/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-labels.h"

G_BEGIN_DECLS

/* Label numbering of other programs, known by name. */
typedef enum
{
  OSS_NUMBERING_UNKNOWN,
  OSS_NUMBERING_VERSE,            /* C1 1 ... C7 7, T1 8 ... T12 19, L1 20 ... L5 24 (L6 25), S 26, T13 28 */
  OSS_NUMBERING_TOTALSEGMENTATOR, /* v2: sacrum 25, S1 26, L5 27 ... L1 31, T12 32 ... T1 43, C7 44 ... C1 50 */
  OSS_NUMBERING_BINARY,           /* one value only */
} OssNumbering;

/* "L1" -> VerSe number 20; 0 when not a level's name.  Case does not matter; "S" and "S1" are the sacrum. */
OSS_API guint8 oss_vertebra_from_name (const char *name);
/* VerSe number -> "L1", "Sacrum", "Coccyx"; NULL when it is none. */
OSS_API const char *oss_vertebra_name (guint8 verse);
/* @value in @numbering -> VerSe number and back, 0 when it is no vertebra there (always so for a
 * binary mask or an unknown numbering).  TotalSegmentator's S1 is part of the sacrum. */
OSS_API guint8 oss_vertebra_to_verse (OssNumbering numbering, guint8 value);
OSS_API guint8 oss_vertebra_from_verse (OssNumbering numbering, guint8 verse);
OSS_API const char *oss_numbering_name (OssNumbering numbering);
OSS_API OssNumbering oss_numbering_from_name (const char *name);
/* The numbering that fits the values of a label image: a lone 1 or 255 is a binary mask, values up to
 * 28 are VerSe's, anything with 27 to 50 and beyond 28 is TotalSegmentator's.  A guess: the sacrum
 * and L4, L5 alone (25 to 28) look the same in both; say the numbering where it is known. */
OSS_API OssNumbering oss_numbering_guess (const gsize histogram[256]);

/**
 * OssVertebraFrame:
 * @centre: centre of the vertebral body, patient LPS, mm
 * @right: unit vector to the patient's right (toward LPS -x)
 * @anterior: unit vector, perpendicular
 * @superior: unit vector along the body's axis, mean of the endplate normals; right-handed:
 *   right x anterior = superior
 * @width_mm: of the body, right-left at mid height
 * @depth_mm: of the body, anterior-posterior at mid height
 * @height_mm: between the endplates at the body's centre
 *
 * Anatomical axes of one vertebra.
 */
typedef struct
{
  double centre[3];
  double right[3];
  double anterior[3];
  double superior[3];
  double width_mm;
  double depth_mm;
  double height_mm;
} OssVertebraFrame;

/* Patient point -> (right, anterior, superior) mm relative to the centre, and back. */
OSS_API void oss_vertebra_frame_local (const OssVertebraFrame *self, const double lps_mm[3], double local[3]);
OSS_API void oss_vertebra_frame_patient (const OssVertebraFrame *self, const double local[3], double lps_mm[3]);

G_END_DECLS
