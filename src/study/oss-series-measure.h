/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

G_BEGIN_DECLS

/**
 * oss_series_measure:
 * @series: of a list that nobody else reads yet
 *
 * What only the pixels of a series tell joins its verdict: the aorta's HU (note "enhanced-aorta" above 100 HU, else
 * fact "aorta" or "no-aorta"), metal (note "metal") and which of the patient's own tissues are in view (fact
 * "own-tissues").  Takes the time of loading the series.
 *
 * Errors: CANCELLED; a series that cannot be loaded gets a fact ("not-measured") that says why.
 */
OSS_API gboolean oss_series_measure (OssSeries *series, const OssTick *tick, GError **error);

G_END_DECLS
