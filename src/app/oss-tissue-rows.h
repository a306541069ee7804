/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssTissueRows: the patient's own tissues that a calibration rests on, one a row, each with what it reads; a tissue
 * can be left out, or read at the cursor instead.
 *
 * Signal "changed" (): the user chose something else; "place" (guint tissue): the user wants it read at the cursor.
 */
#define OSS_TYPE_TISSUE_ROWS (oss_tissue_rows_get_type ())
G_DECLARE_FINAL_TYPE (OssTissueRows, oss_tissue_rows, OSS, TISSUE_ROWS, AdwBin)

GtkWidget *oss_tissue_rows_new (void);
/* As in OssStudyOptions.tissues; NULL when all are found by themselves. (transfer full) (nullable) */
char *oss_tissue_rows_get (OssTissueRows *self);
/* Reads @tissue around a patient point; emits "changed". */
void oss_tissue_rows_set_place (OssTissueRows *self, OssOwnTissue tissue, const double centre_mm[3]);
/* Without "changed"; NULL: all are found by themselves. */
void oss_tissue_rows_set (OssTissueRows *self, const char *tissues);
/* What they read; NULL: not measured. */
void oss_tissue_rows_show (OssTissueRows *self, const OssInternalFit *fit);

G_END_DECLS
