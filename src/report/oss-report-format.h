/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and dates for people (private to report): narrow no-break spaces between thousands, true minus,
 * the locale's decimal sign.  All results (transfer full). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define OSS_NBSP "\302\240"      /* no-break space, before units */
#define OSS_NNBSP "\342\200\257" /* narrow no-break space, between thousands */
#define OSS_MINUS "\342\210\222" /* true minus */
#define OSS_DASH "\342\200\223"  /* en dash: nothing known */

/* "−1 234.50"; a dash when @value is not finite.  A value that rounds to 0 has no sign. */
char *oss_format_number (double value, int decimals);
/* With a no-break space and @unit. */
char *oss_format_quantity (double value, int decimals, const char *unit);
/* Rounded to tens: "6 310". */
char *oss_format_tens (double value);
/* A ± beside a whole number: never "0", which nothing is known to. */
char *oss_format_spread (double value);
/* "4.2·10⁻⁹" */
char *oss_format_power (double value);
/* DICOM DA "20260314" -> "2026-03-14"; TM "0912.." -> "09:12"; else as it is. */
char *oss_format_date (const char *dicom);
char *oss_format_time (const char *dicom);
/* DICOM PN "Brandt^Helga" -> "Brandt, Helga". */
char *oss_format_person (const char *dicom);

G_END_DECLS
