/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/oss-cli.h"

G_BEGIN_DECLS

/* Ways from one virtual patient's images to density, stiffness and strength; the vertebra's true labels in all. */
typedef enum
{
  OSS_DENSITY_PHANTOM_SMOOTH,   /* B40f by its own phantom line */
  OSS_DENSITY_PHANTOM_SHARP,    /* B70f by its own phantom line */
  OSS_DENSITY_COMMON_SHARP,     /* B70f by the phantom line of B40f */
  OSS_DENSITY_PUBLISHED_SMOOTH, /* both by the lines that a study published for its scanner */
  OSS_DENSITY_PUBLISHED_SHARP,
  OSS_DENSITY_CORRECTED_SHARP, /* B70f filtered to B40f, phantom line of the filtered image */
  OSS_DENSITY_PHANTOM_EDGE,    /* B60s enhances edges: a kernel that the filter was not made for */
  OSS_DENSITY_CORRECTED_EDGE,
  OSS_DENSITY_INTERNAL_SMOOTH, /* without a phantom: by the patient's own tissues */
  OSS_DENSITY_INTERNAL_SHARP,
  OSS_DENSITY_ASYNC_SMOOTH, /* without a phantom: by a quality scan of the same scanner */
  OSS_DENSITY_ASYNC_SHARP,
  OSS_N_DENSITY_WAYS,
} OssDensityWay;

/* NaN: not computed. */
typedef struct
{
  double vbmd_mg_cm3, stiffness_n_per_mm, pistoia_n;
} OssDensityReading;

typedef struct
{
  guint64 seed;
  char size;                                        /* 'S', 'M', 'L' */
  double vbmd_mg_cm3, kernel_deviation, energy_kev; /* the truth */
  OssDensityReading readings[OSS_N_DENSITY_WAYS];
} OssDensityPatient;

/* Short and stable: the keys of files and of the record. */
const char *oss_density_way_key (OssDensityWay way);

/* The tables of what @patients gave, and result.json with the settings of the run. (transfer full) */
char *oss_density_table (const GArray *patients);
char *oss_density_record (const GArray *patients, double mesh_mm, const char *mtf);

G_END_DECLS
