/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-writer.h"
#include "dicom/oss-series.h"

G_BEGIN_DECLS

/* What the tests of the DICOM room share: small series of known values in temporary folders. */

/* A temporary folder; fixture_remove() deletes it with all in it and frees the name. */
char *fixture_folder (void);
void fixture_remove (char *folder);

/* @size voxels of 0.5 x 0.7 x 1.25 mm from (-10, 20, -30) mm, axial. */
OssGrid fixture_grid (int width, int height, int depth);
/* HU of a voxel of every fixture volume: no two neighbours are alike, and no axis is like another. */
double fixture_hu (int i, int j, int k);
OssVolume *fixture_volume (const OssGrid *grid);
/* A header whose UIDs follow from @series. */
OssCtHeader fixture_header (guint series);
void fixture_header_clear (OssCtHeader *header);
/* Writes a fixture volume on @grid below @folder / @name. */
void fixture_write (const char *folder, const char *name, const OssGrid *grid, const OssCtHeader *header);
/* Overwrites the first @n bytes that equal @from, in every regular file of @folder or in one file. */
void fixture_patch (const char *path, const void *from, const void *to, gsize n);

OssSeriesList *fixture_scan (const char *path);
/* The code of the @i th refusal, or NULL. */
const char *fixture_refusal (const OssSeries *series, guint i);
gboolean fixture_has_reason (const OssSeries *series, const char *code);
const char *fixture_reason_text (const OssSeries *series, const char *code);

G_END_DECLS
