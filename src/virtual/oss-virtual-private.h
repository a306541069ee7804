/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-random.h"
#include "base/oss-vector.h"
#include "material/oss-attenuation.h"
#include "virtual/oss-virtual.h"

G_BEGIN_DECLS

/* A unit normal, no further out than 2. */
static inline double
oss_virtual_draw (OssRandom *random)
{
  double z = oss_random_normal (random);
  return CLAMP (z, -2.0, 2.0);
}

/* ---- tissue and beam (oss-virtual-tissue.c) ---- */

typedef enum
{
  OSS_TISSUE_WATER,
  OSS_TISSUE_ADIPOSE,
  OSS_TISSUE_TRIGLYCERIDE,
  OSS_TISSUE_MUSCLE,
  OSS_TISSUE_BLOOD,
  OSS_TISSUE_SKIN,
  OSS_TISSUE_CORTICAL_BONE,
  OSS_TISSUE_K2HPO4,
  OSS_TISSUE_HYDROXYAPATITE,
  OSS_TISSUE_PMMA,
  OSS_TISSUE_DISC,
  OSS_TISSUE_ORGAN,
  OSS_TISSUE_LIVER,
  OSS_TISSUE_CORD,
  OSS_TISSUE_CARBON_FIBRE,
  OSS_TISSUE_FOAM,
  OSS_TISSUE_PHANTOM_RESIN,
  OSS_TISSUE_BOLUS,
  OSS_N_TISSUES,
} OssTissue;

/* The tables of attenuation and where each tissue stands in them. */
typedef struct
{
  OssAttenuation *attenuation;
  int substance[OSS_N_TISSUES];
} OssVirtualPhysics;

/* The scanner at one effective energy. */
typedef struct
{
  double kev;
  double hu[OSS_N_TISSUES];
  double sigma_ref;   /* HU per mg/cm3 of K2HPO4 added to water at constant volume */
  double sigma, beta; /* HU = sigma K + beta: what a Mindways calibration of this beam finds */
} OssVirtualBeam;

gboolean oss_virtual_physics_load (OssVirtualPhysics *self, GError **error);
void oss_virtual_physics_clear (OssVirtualPhysics *self);
/* g/cm3 */
double oss_virtual_density (const OssVirtualPhysics *self, OssTissue tissue);
/* cm2/g */
double oss_virtual_mass_attenuation (const OssVirtualPhysics *self, OssTissue tissue, double kev);
void oss_virtual_beam_init (OssVirtualBeam *self, const OssVirtualPhysics *physics, double kev);
double oss_virtual_beam_rod_hu (const OssVirtualBeam *self, double k2hpo4_mg_cm3, double water_mg_cm3);
double oss_virtual_beam_marrow_hu (const OssVirtualBeam *self, double fat_fraction);
/* HU of trabecular bone: @bvtv of bone tissue in marrow of HU @marrow_hu. */
double oss_virtual_beam_bone_hu (const OssVirtualBeam *self, double bvtv, double marrow_hu);
/* K2HPO4-equivalent, mg/cm3, that the true line reads from @hu. */
double oss_virtual_beam_k2hpo4 (const OssVirtualBeam *self, double hu);
/* Mineral (stoichiometric hydroxyapatite by its calcium) of one cm3 of bone tissue, mg. */
double oss_virtual_bone_mineral (const OssVirtualPhysics *self);

/* ---- shape (oss-virtual-shape.c) ---- */

#define OSS_VIRTUAL_MAX_VERTEBRAE 8

/*
 * One vertebra as an implicit surface.  Local coordinates in mm: x to the patient's left,
 * a anterior, s superior; origin in the middle of the body.
 */
typedef struct
{
  guint8 level;                                 /* VerSe */
  double centre[3], axes[9];                    /* rows: left, anterior, superior in patient LPS */
  double half_width, half_depth, half_height;   /* mean of rim and waist; height at the axis between the endplates */
  double waist;                                 /* relative difference of rim and waist */
  double dish_superior, dish_inferior;          /* mm below and above the rim */
  double wedge;                                 /* rad between the endplates, open to the back */
  double scale;                                 /* of the posterior elements; 1: a man's L1 */
  double pedicle_half_width, transverse_length; /* mm */
  double facet_superior, facet_inferior;        /* rad, joint normal: 0 lateral (sagittal joint), pi/2 anterior */
  double disc_below;                            /* mm */
  double warp_phase[6];
  double low[3], high[3];                 /* local box that holds it */
  double marker_centre[3], marker_radius; /* a ball of solid bone on its side, local; radius 0: none */
  double cortex_phase[3];

  double bvtv;        /* bone volume fraction that pattern and texture vary about */
  double centre_bvtv; /* mean over the trabecular centre */
  int texture_size[3];
  float *texture; /* unit Gaussian field on a lattice over the local box */
} OssVirtualVertebra;

/* @body: distance to the surface of the vertebral body alone, mm. */
double oss_virtual_vertebra_distance (const OssVirtualVertebra *self, const double q[3], double *body);
void oss_virtual_vertebra_local (const OssVirtualVertebra *self, const double p[3], double q[3]);
void oss_virtual_vertebra_patient (const OssVirtualVertebra *self, const double q[3], double p[3]);
/* Distance to the ribs that leave from this level (T10..T12), else a large number. */
double oss_virtual_rib_distance (const OssVirtualVertebra *self, const double q[3]);
/* Distance to the disc under @self, in its own local coordinates. */
double oss_virtual_disc_distance (const OssVirtualVertebra *self, const OssVirtualVertebra *below, const double p[3]);
void oss_virtual_vertebra_init (OssVirtualVertebra *self, guint8 level, char sex, double size, OssRandom *random);
/* Puts the marker of orientation tests on the left of the body, in front and low, clear of the transverse process. */
void oss_virtual_vertebra_mark_left (OssVirtualVertebra *self);
/* Distance to the marker's surface, mm; a large number without one. */
double oss_virtual_marker_distance (const OssVirtualVertebra *self, const double q[3]);
/* Width and depth at mid height, depth from front to back in the midline, mm. */
void oss_virtual_vertebra_waist (const OssVirtualVertebra *self, double *width, double *depth);

/* ---- anatomy (oss-virtual-anatomy.c) ---- */

/* A soft tissue whose cross-section is an ellipse: a tube between two heights, or an ellipsoid. */
typedef struct
{
  gboolean ellipsoid;
  double centre[2][3];  /* tube: at the lower and upper end; ellipsoid: the first */
  double radius[2][2];  /* tube: in x and y at either end; ellipsoid: [0] x, y and [1][0] z */
  double follows_spine; /* 1: x and y are relative to the vertebral column at this height */
  float hu;
} OssVirtualOrgan;

#define OSS_VIRTUAL_MAX_ORGANS 64
#define OSS_VIRTUAL_RODS 5 /* of the Mindways phantom */
#define OSS_VIRTUAL_MAX_RODS 8

typedef struct
{
  int n_vertebrae; /* from the top */
  OssVirtualVertebra vertebrae[OSS_VIRTUAL_MAX_VERTEBRAE];
  int n_organs;
  OssVirtualOrgan organs[OSS_VIRTUAL_MAX_ORGANS];
  double torso_centre[2], torso_radius[2]; /* outline, mm */
  double back_y;
  double table_y;
  gboolean phantom;
  int n_rods;
  gboolean rods_cha;                   /* hydroxyapatite in resin; else K2HPO4 beside water */
  double rod[OSS_VIRTUAL_MAX_RODS][2]; /* x, y of the rods' axes */
  double rod_density[OSS_VIRTUAL_MAX_RODS], rod_water[OSS_VIRTUAL_MAX_RODS], rod_hu[OSS_VIRTUAL_MAX_RODS];
  double rod_radius, rod_spacing;
  double phantom_y, phantom_half_width, phantom_half_depth;
} OssVirtualAnatomy;

#define OSS_VIRTUAL_JOINT_GAP_MM 1.8 /* between neighbours at the facets [choice] */

/* ---- the patient ---- */

typedef struct
{
  OssVirtualOptions options; /* nothing left to draw */
  OssVirtualTruth truth;
  OssVirtualPhysics physics;
  OssVirtualBeam spine, phantom; /* the beam is a little softer near the skin */
  OssVirtualAnatomy anatomy;
  OssGrid grid;
  double cupping_hu;
  double marrow_hu, mineral_mg_cm3; /* of marrow, of one cm3 of bone tissue */
} OssVirtualPatient;

extern const double oss_virtual_rod_k2hpo4[OSS_VIRTUAL_RODS], oss_virtual_rod_water[OSS_VIRTUAL_RODS];

/* HU per mg/cm3 of hydroxyapatite that takes the place of resin. */
double oss_virtual_beam_cha (const OssVirtualPhysics *physics, const OssVirtualBeam *beam);
/* The rods of the phantom model that the options name (oss-virtual-phantom.c).  USAGE lists the models. */
gboolean oss_virtual_rods_init (OssVirtualPatient *patient, GError **error);
gboolean oss_virtual_patient_init (OssVirtualPatient *self, const OssVirtualOptions *options, GError **error);
void oss_virtual_patient_clear (OssVirtualPatient *self);
/* After oss_virtual_rods_init(). */
void oss_virtual_anatomy_init (OssVirtualPatient *patient, double size, OssRandom *random);

/* ---- the phantom alone (oss-virtual-quality.c) ---- */

#define OSS_VIRTUAL_EFFECTIVE_KEV 68.0 /* of the beam at the spine [choice] */
/* Takes the patient off the couch: beam, field and noise of the phantom alone, with the scanner's drift of that day. */
void oss_virtual_quality_init (OssVirtualPatient *self);
/* truth/truth.json: the line that this scan's rods follow. */
gboolean oss_virtual_quality_truth_write (const char *folder, const OssVirtualPatient *patient, GError **error);

/* ---- density (oss-virtual-density.c) ---- */

/* Textures, and the body's mean bone volume fraction so that the wanted vBMD is met. */
gboolean oss_virtual_density_init (OssVirtualPatient *patient, const OssTick *tick, GError **error);
#define OSS_VIRTUAL_COMPACT_TISSUE 0.95 /* bone volume fraction of shell and marker: the rest is pores [choice] */
/* Bone volume fraction of the cancellous bone at a local point; @body_weight 1 in the body, 0 behind it. */
double oss_virtual_bvtv (const OssVirtualVertebra *self, const double q[3], double body_weight);
/* Thickness of the cortical shell, mm. */
double oss_virtual_cortex_mm (const OssVirtualVertebra *self, const double q[3], double body_weight);
/* TRUE in the elliptic cylinder that defines a level's vBMD. */
gboolean oss_virtual_in_trabecular_centre (const OssVirtualVertebra *self, const double q[3]);

/* ---- kernel and noise (oss-virtual-kernel.c) ---- */

typedef struct
{
  char name[32], header[16];
  double f50;             /* line pairs per cm */
  double overshoot, peak; /* edge enhancement: how much more is left, at most, at peak lp/cm; 0: none */
} OssVirtualKernel;

#define OSS_VIRTUAL_MAX_TERMS 4 /* Gaussians that a transfer function is the sum of */

gboolean oss_virtual_kernel_find (const char *name, OssVirtualKernel *kernel, GError **error);
double oss_virtual_kernel_mtf (const OssVirtualKernel *self, double lp_cm);

/* Turns a fine raster of raw HU into pixels of one kernel: point spread and sampling in one step. */
typedef struct
{
  int over; /* fine pixels per pixel, along x and y */
  int n_terms;
  int n_taps[OSS_VIRTUAL_MAX_TERMS][2]; /* of each Gaussian term along x and y */
  float *taps[OSS_VIRTUAL_MAX_TERMS][2];
} OssVirtualFilter;

/* @fine_mm: of the raster along x and y. */
void
oss_virtual_filter_init (OssVirtualFilter *self, const OssVirtualKernel *kernel, const double fine_mm[2], int over);
void oss_virtual_filter_clear (OssVirtualFilter *self);
/* Floats of scratch that oss_virtual_filter_apply() needs for rows of @nx pixels. */
gsize oss_virtual_filter_scratch (const OssVirtualFilter *self, int nx);
/* @fine: [over ny][over nx]; @out: [ny][nx]. */
void
oss_virtual_filter_apply (const OssVirtualFilter *self, const float *fine, int nx, int ny, float *scratch, float *out);

/* Noise of one kernel: amplitude per frequency on an n x n raster. */
typedef struct
{
  int n;            /* power of two */
  float *amplitude; /* [n][n]; SD 1 for MTF 0.5 at 3.5 lp/cm */
} OssVirtualNoise;

void oss_virtual_noise_init (OssVirtualNoise *self, const OssVirtualKernel *kernel, int n, const double pixel_mm[2]);
void oss_virtual_noise_clear (OssVirtualNoise *self);
/* Slices 2 @pair and 2 @pair + 1 of the noise, [n][n] each.  The raw noise depends on @seed and @pair alone: every
 * kernel shapes the same.  @scratch: 2 n n floats. */
void oss_virtual_noise_pair (const OssVirtualNoise *self, guint64 seed, guint64 pair, float *even, float *odd,
                             float *scratch);
/* Fourier transform (sign +, unnormalised) of re + i im over both axes, n x n; the result comes transposed back, so in
 * the order of the input.  @scratch: 2 n n floats. */
void oss_virtual_fft_2d (float *re, float *im, int n, float *scratch);

/* ---- raster of the object (oss-virtual-raster.c) ---- */

/* Thin slices of the object itself, before any blur: HU on a raster finer than the pixels. */
typedef struct
{
  const OssVirtualPatient *patient;
  int over, size[2]; /* fine pixels */
  double fine_mm[2], origin[2];
  double thickness_mm; /* of a thin slice */
  float *base;         /* what is the same at every height */
} OssVirtualRaster;

/* Sums of one CT slice, on its pixels; parity: neighbouring levels never share an accumulator. */
typedef struct
{
  float *ash; /* mg/cm3, nullable */
  float *coverage[2];
  guint8 *level[2];
} OssVirtualSums;

gboolean oss_virtual_raster_init (OssVirtualRaster *self, const OssVirtualPatient *patient, int over,
                                  double thickness_mm, GError **error);
void oss_virtual_raster_clear (OssVirtualRaster *self);
/* @hu: size[1] x size[0]; @sums (nullable): added to with @weight per whole pixel. */
void oss_virtual_raster_slice (const OssVirtualRaster *self, double z, float *hu, OssVirtualSums *sums, float weight);
/* First-order distance to a trunk-like oval: an ellipse in front, squarer behind. */
double oss_virtual_oval (double x, double anterior, double rx, double ry);
double oss_virtual_ellipse (double x, double y, double rx, double ry);

/* ---- acquisition (oss-virtual-acquire.c) ---- */

#define OSS_VIRTUAL_MAX_KERNELS 8

typedef struct
{
  int n_kernels;
  OssVirtualKernel kernels[OSS_VIRTUAL_MAX_KERNELS]; /* f50 with the patient's deviation */
  OssVolume *hu[OSS_VIRTUAL_MAX_KERNELS];
  OssLabels *labels;
  OssVolume *ash, *k2hpo4;
} OssVirtualStudy;

/* Renders what is not NULL in @study; the volumes lie on the patient's grid. */
gboolean
oss_virtual_acquire (const OssVirtualPatient *patient, OssVirtualStudy *study, const OssTick *tick, GError **error);
/* SD of the smooth cited kernel at a place in the axial plane, HU. */
double oss_virtual_noise_sd (const OssVirtualPatient *patient, double x, double y);

/* ---- truth (oss-virtual-truth.c) ---- */

gboolean oss_virtual_truth_write (const char *folder, const OssVirtualPatient *patient, const OssVirtualStudy *study,
                                  const OssTick *tick, GError **error);

G_END_DECLS
