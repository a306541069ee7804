/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-volume.h"

G_BEGIN_DECLS

/**
 * OssCtHeader: header fields of a CT series to write.
 *
 * The three UIDs are needed.  Other strings may be NULL: then they are empty, or left out where
 * the standard allows it.  A number that is 0 is not written, but a slice thickness of 0 becomes
 * the slice spacing.  Strings are UTF-8.
 */
typedef struct
{
  const char *patient_name, *patient_id, *patient_birth_date, *patient_sex, *patient_age;
  const char *study_uid, *series_uid, *frame_uid;
  const char *study_date, *study_time, *study_id, *study_description, *series_description, *accession_number;
  int series_number;
  const char *manufacturer, *model, *station, *software, *kernel, *contrast_agent, *patient_position; /* NULL: "HFS" */
  const char *derivation; /* what was done to other images to make these; NULL: they are original ones */
  double kvp, tube_current_ma, exposure_mas, slice_thickness_mm, reconstruction_diameter_mm, table_height_mm;
} OssCtHeader;

/* A UID under 2.25 made from (seed, index): the same arguments give the same UID. (transfer full) */
OSS_API char *oss_dicom_uid (guint64 seed, guint64 index);

/**
 * oss_dicom_write_ct:
 * @folder: made when absent; files CT000001.dcm ... (k = 0 first) appear whole or not at all, and
 *   replace files of the same name; on failure or cancelling the files written so far are
 *   removed, and the folder as well when it was made
 * @volume: HU, rounded and clamped to -1024 .. 3071: 12 bits unsigned, RescaleIntercept -1024
 *
 * Explicit little endian CT Image Storage; passes dciodvfy without errors.  The same arguments
 * give the same bytes.
 *
 * Returns: %FALSE with OSS_ERROR_USAGE (no UIDs), INVALID_DATA (geometry), FAILED (disk full,
 *   read-only folder: the message names the file), CANCELLED
 */
OSS_API gboolean oss_dicom_write_ct (const char *folder, const OssVolume *volume, const OssCtHeader *header,
                                     const OssTick *tick, GError **error);

G_END_DECLS
