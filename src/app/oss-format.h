/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "material/oss-density.h"

G_BEGIN_DECLS

/* Numbers as people read them: decimal sign of the locale, true minus (U+2212), thousands set
 * apart by a narrow no-break space (U+202F).  All (transfer full). */

/* With @decimals digits after the sign. */
char *oss_format_fixed (double value, int decimals);
/* Rounded to a multiple of @step (1, 10, ...), thousands set apart: "4 620". */
char *oss_format_rounded (double value, double step);
/* "x 4.2  y −3.1  z −12.4 mm" */
char *oss_format_place (const double lps_mm[3]);
/* "K₂HPO₄", "CHA", ... as a reader writes it; static. */
const char *oss_format_basis (OssBasis basis);
/* "20260314" -> "14 Mar 2026"; anything else comes back as it is. */
char *oss_format_dicom_date (const char *date);
/* "Brandt^Helga" -> "Brandt, Helga"; "No name" when there is none. */
char *oss_format_dicom_name (const char *name);
/* "071Y" -> "71 y"; "" when there is none. */
char *oss_format_dicom_age (const char *age);
/* "71 y · F · VP-0017 · CT lumbar spine · 14 Mar 2026", without what is empty. */
char *oss_format_patient (const char *age, const char *sex, const char *identifier, const char *description,
                          const char *date);
/* "6 s left", or NULL while it cannot be told. */
char *oss_format_time_left (double elapsed_s, double fraction);

G_END_DECLS
