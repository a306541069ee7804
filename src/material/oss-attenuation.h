/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/**
 * OssTable: columns of numbers by a rising first column, as in data/physics.
 *
 * @key: the first column, rising
 * @value: [row][column], row-major
 */
typedef struct
{
  gsize n_rows, n_columns; /* without the first column */
  char **names;            /* of the columns after the first; zero-terminated */
  double *key;
  double *value;
} OssTable;

/* A data file such as "physics/nist_tissues.csv"; INVALID_DATA names the line that is wrong. */
OSS_API OssTable *oss_table_load (const char *name, GError **error);
OSS_API void oss_table_free (OssTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssTable, oss_table_free)
/* -1 when there is no such column. */
OSS_API int oss_table_column (const OssTable *self, const char *name);
/* Linear between rows; beyond the ends the end's value. */
OSS_API double oss_table_linear (const OssTable *self, int column, double key);
/* Linear in the logarithms between rows; beyond the ends the end's value.  Values above 0. */
OSS_API double oss_table_log (const OssTable *self, int column, double key);

/**
 * OssAttenuation: X-ray attenuation of substances from their elements.
 *
 * Elements: physics/mass_attenuation.csv (XCOM); compositions and densities: tissues.csv (ICRU 44 and formulas).
 * Immutable once loaded; any thread may read it.
 */
typedef struct _OssAttenuation OssAttenuation;

OSS_API OssAttenuation *oss_attenuation_load (GError **error);
OSS_API void oss_attenuation_free (OssAttenuation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssAttenuation, oss_attenuation_free)
/* Number of the substance called @name; -1 and INVALID_DATA when the table has none. */
OSS_API int oss_attenuation_find (const OssAttenuation *self, const char *name, GError **error);
/* Mass attenuation coefficient, cm2/g, log-log between the tabulated energies (40 to 120 keV). */
OSS_API double oss_attenuation_mass (const OssAttenuation *self, int substance, double kev);
/* g/cm3 */
OSS_API double oss_attenuation_density (const OssAttenuation *self, int substance);
/* Share of the mass that is calcium. */
OSS_API double oss_attenuation_calcium (const OssAttenuation *self, int substance);
/* HU = 1000 (mu / mu_water - 1) in a monochromatic beam. */
OSS_API double oss_attenuation_hu (const OssAttenuation *self, int substance, double kev);

G_END_DECLS
