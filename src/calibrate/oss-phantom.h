/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "image/oss-volume.h"
#include "material/oss-density.h"

G_BEGIN_DECLS

#define OSS_PHANTOM_MAX_RODS 8
#define OSS_PHANTOM_MAX_PROFILE 48

/* A reference phantom as its certificate describes it (data/phantoms.ini; certificates differ by serial). */
typedef struct
{
  char name[32]; /* "mindways3" */
  char title[64];
  char serial[32];  /* whose certificate the densities are; "" when it was not said */
  char serials[64]; /* what the table's own densities belong to: "4541A, 4560"; "": nominal */
  OssBasis basis;
  int n_rods;
  double rod_density[OSS_PHANTOM_MAX_RODS]; /* mg/cm3 in basis */
  double rod_water[OSS_PHANTOM_MAX_RODS];   /* water-equivalent mg/cm3; 0 for solid CHA phantoms */
  double rod_diameter_mm, rod_spacing_mm;
  gboolean reference_rod; /* one rod; the second density is of the material around it */
  char source[96];
} OssPhantom;

/* A phantom of data/phantoms.ini by name, with the table's own densities.  USAGE lists the names; INVALID_DATA when the
 * file's entry is wrong; REFUSED when the model has no densities without a certificate. */
OSS_API gboolean oss_phantom_find (const char *name, OssPhantom *phantom, GError **error);

/* $XDG_CONFIG_HOME/ossature/certificates.ini: the user's own certificates.  (transfer full) */
OSS_API char *oss_phantom_certificates_path (void);

/**
 * oss_phantom_find_serial:
 * @name: of the table
 * @serial: (nullable): %NULL or "" for the table's own densities
 * @certificates: (nullable): file of certificates; %NULL: oss_phantom_certificates_path(), which need not exist; "":
 * none
 *
 * The phantom with the densities of one serial number: of the table where it lists that serial, else of a group
 * "[NAME SERIAL]" of @certificates with its density and, for Mindways, water.  Such a group goes before the table.
 *
 * Errors: USAGE for an unknown name or serial (lists the known ones); REFUSED when @serial is not given and the model
 * has no densities without one; INVALID_DATA when a group is wrong; FAILED when @certificates cannot be read.
 */
OSS_API gboolean oss_phantom_find_serial (const char *name, const char *serial, const char *certificates,
                                          OssPhantom *phantom, GError **error);

/* Every set of densities that a search may try: the table's and all of @certificates (as above), reference rods apart.
 * (transfer full) (element-type OssPhantom) */
OSS_API GPtrArray *oss_phantom_all (const char *certificates, GError **error);

/* Names of the table, reference rods and models without densities too.  (transfer full) */
OSS_API char **oss_phantom_names (GError **error);
/* A model's title alone, also of one that has no densities; NULL: unknown.  (transfer full) */
OSS_API char *oss_phantom_title (const char *name);
/* Serial numbers known for a model, of table and @certificates.  (transfer full) */
OSS_API char **oss_phantom_serials (const char *name, const char *certificates, GError **error);

/* Why a rod is left out. */
typedef enum
{
  OSS_ROD_GOOD,
  OSS_ROD_OUTSIDE,
  OSS_ROD_CUT, /* by the edge of the image */
  OSS_ROD_CLIPPED,
  OSS_ROD_UNEVEN,   /* metal or a bubble */
  OSS_ROD_UNSTEADY, /* along its length */
} OssRodFault;

/* "good", "outside", "cut", "saturated", "uneven", "unsteady": stable. */
OSS_API const char *oss_rod_fault_key (OssRodFault fault);

/* One rod as measured. */
typedef struct
{
  double centre_mm[3]; /* at the middle slice used */
  double axis[3];
  double radius_mm;
  double mean_hu, sd_hu, residual_hu;
  double error_hu;        /* standard error of mean_hu by noise: from its slice means */
  double drift_hu_per_cm; /* of the slice means along the rod */
  gboolean used;
  OssRodFault fault;
  char note[96]; /* the same in words, translated */
} OssRod;

typedef struct
{
  OssPhantom phantom;
  int n_rods;
  OssRod rods[OSS_PHANTOM_MAX_RODS];
  OssCalibrationLine line;
  double effective_slope_hu;             /* HU per mg/cm3 of the line, before inversion */
  double fit_slope_hu, fit_intercept_hu; /* the straight line through the rods, residuals off it: Mindways' before its
                                            two constants */
  int slices_used;
  double low_mm, high_mm; /* heights between which rods were read, patient z */
  int n_profile;          /* means of rods over blocks of slices used, from below */
  double profile_mm[OSS_PHANTOM_MAX_PROFILE];
  double profile_hu[OSS_PHANTOM_MAX_PROFILE][OSS_PHANTOM_MAX_RODS];
  guint warnings; /* OSS_PHANTOM_* bits */
} OssPhantomFit;

#define OSS_PHANTOM_LOW_R2 1u        /* 0.90 <= R2 < 0.98 */
#define OSS_PHANTOM_TWO_POINTS 2u    /* a line through two rods: R2 means nothing and is NaN */
#define OSS_PHANTOM_RODS_LEFT_OUT 4u /* see the rods' notes */
#define OSS_PHANTOM_DRIFT 8u         /* a rod's reading changes along its length by more than 3 % or 10 HU */

/**
 * oss_phantom_calibrate:
 * @volume: HU
 *
 * Finds the phantom's rods and fits the line (Mindways: QCT PRO method, see the source file).
 * Errors: NOT_FOUND when there is no such phantom in the image; REFUSED when R2 < 0.90, when too few rods can be read,
 * or when there are two such phantoms.
 */
OSS_API gboolean oss_phantom_calibrate (const OssVolume *volume, const OssPhantom *phantom, OssPhantomFit *fit,
                                        const OssTick *tick, GError **error);

/**
 * oss_phantom_search:
 * @phantoms: (element-type OssPhantom): what may be in the image, as of oss_phantom_all()
 *
 * The same for the one phantom of several that is in the image.
 * Errors: NOT_FOUND when none is; REFUSED as above, and when several fit: nothing is guessed.
 */
OSS_API gboolean oss_phantom_search (const OssVolume *volume, const GPtrArray *phantoms, OssPhantomFit *fit,
                                     const OssTick *tick, GError **error);

/* One sentence about a rod: "Rod C, 58.9 mg/cm³: 153.2 HU, SD 12.1, residual +0.4".  (transfer full) */
OSS_API char *oss_phantom_describe_rod (const OssPhantomFit *fit, int rod);

G_END_DECLS
