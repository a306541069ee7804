/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to this room: table, slab pictures, search, reading and fit of phantoms apart from each other. */

#include "calibrate/oss-phantom.h"

#include "base/oss-tick.h"

G_BEGIN_DECLS

/* Share of a rod's radius that is read: clear of the wall and its blur. */
#define OSS_ROD_INNER 0.6

/* HU per mg/cm3 at any tube voltage in use (80 to 140 kVp: 1.2 to 2.2). */
#define OSS_ROD_SLOPE_LOW 0.8
#define OSS_ROD_SLOPE_HIGH 2.6

/* CT numbers from here on are the end of what 12 bits hold. */
#define OSS_CLIPPED_HU 3070.0

#define OSS_R2_USUAL 0.98
#define OSS_R2_LEAST 0.90

/* ---- the part of an image that was reconstructed (oss-phantom-slab.c) ---- */

typedef struct
{
  const OssVolume *volume;
  gboolean circle; /* the corners hold padding: only the inscribed circle was reconstructed */
} OssFieldOfView;

void oss_fov_init (OssFieldOfView *self, const OssVolume *volume);
gboolean oss_fov_contains (const OssFieldOfView *self, const double index[3]);

/* ---- slab pictures (oss-phantom-slab.c) ---- */

#define OSS_SLAB_PIXEL_MM 1.0
#define OSS_SLABS 7
#define OSS_SLAB_RADII 4

typedef enum
{
  OSS_DISC_GOOD,
  OSS_DISC_AIR,
  OSS_DISC_UNEVEN,
  OSS_DISC_CLIPPED,
  OSS_DISC_CUT, /* partly or wholly outside the image */
} OssDiscState;

/* What a rod of one radius around each pixel would be. */
typedef struct
{
  double radius_mm;
  guint8 *state;   /* OssDiscState */
  float *inner;    /* mean over a rod's inner disc */
  float *rough;    /* standard deviation there */
  float *ring;     /* mean of what lies to its left and right */
  GArray *anchors; /* int: pixels where a rod stands out most */
} OssDiscs;

/* Mean of the volume over some mm of height, in patient x and y. */
typedef struct
{
  int nx, ny;
  double x0, y0, z_mm; /* of pixel 0, 0; height of the slab's middle */
  float *mean;         /* HU; NaN outside the image */
  OssDiscs discs[OSS_SLAB_RADII];
} OssSlab;

typedef struct
{
  int n, n_radii;
  double low_mm, high_mm, depth_mm; /* of the image; of a slab */
  OssSlab slab[OSS_SLABS];
} OssSlabs;

/* Pictures for rods of the radii of @phantoms.  NOT_FOUND when the image is no scan of a patient by its size. */
gboolean oss_slabs_init (OssSlabs *self, const OssVolume *volume, const GPtrArray *phantoms, const OssTick *tick,
                         GError **error);
void oss_slabs_clear (OssSlabs *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssSlabs, oss_slabs_clear)
/* The discs of a radius, by phantom. */
const OssDiscs *oss_slab_discs (const OssSlab *self, const OssPhantom *phantom);
/* Standard deviation of what lies all around a rod at a pixel; G_MAXFLOAT where it leaves the image. */
double oss_slab_casing (const OssSlab *self, int x, int y, double radius_mm);
void oss_volume_heights (const OssGrid *grid, double *low, double *high);

/* ---- rows of rods (oss-phantom-search.c) ---- */

/* Rod i lies at @first + i * @step, in patient x and y at one height. */
typedef struct
{
  double first[2], step[2], z_mm;
  double score;          /* 0: not such a row */
  int good, cut, spoilt; /* rods that can be read; partly outside; uneven or clipped */
} OssRodRow;

/* One phantom as it runs through the slabs. */
typedef struct
{
  const OssPhantom *phantom;
  int n;
  OssRodRow rows[OSS_SLABS]; /* from below; those where it was seen */
  double score;
  gboolean partial;   /* too few of its rods can be read */
  gboolean ambiguous; /* its other rods would fit as well */
} OssRodChain;

typedef struct
{
  double least_r2, missing_r2; /* with all rods; with rods missing or few */
  double least_contrast;       /* HU */
  gboolean complete;           /* no rod may be missing */
  gboolean alone;              /* other phantoms are tried too: two rods need a casing all around */
} OssRowRules;

/* Every place where the phantom may be, best first: none overlaps a better one of the same phantom.
 * (element-type OssRodChain) (transfer full) */
GArray *
oss_rod_chains (const OssSlabs *slabs, const OssPhantom *phantom, const OssRowRules *rules, const OssTick *tick);
gboolean oss_rod_chains_overlap (const OssRodChain *a, const OssRodChain *b);
/* Rods that must be read before a line is drawn. */
int oss_phantom_least_rods (const OssPhantom *phantom);

/* ---- reading (oss-phantom-read.c) ---- */

/* Places the rods of @chain, seen in slabs of @depth_mm, on straight axes and reads them: means, deviations, which are
 * left out and why.  FALSE when stopped; fit->slices_used 0 when nothing could be read. */
gboolean oss_phantom_read (const OssVolume *volume, const OssRodChain *chain, double depth_mm, OssPhantomFit *fit,
                           const OssTick *tick, GError **error);
/* One rod and the material around it (oss-phantom-rod.c). */
gboolean oss_reference_rod_read (const OssVolume *volume, const OssSlabs *slabs, const OssPhantom *phantom,
                                 OssPhantomFit *fit, const OssTick *tick, GError **error);

/* ---- fit (oss-phantom.c) ---- */

void oss_phantom_not_found (const OssPhantom *phantom, GError **error);
/* Mindways rods state their water-equivalent density; solid phantoms do not. */
gboolean oss_phantom_has_water (const OssPhantom *phantom);

/* Least-squares line through HU (less the water column for Mindways phantoms) over density; rods with @used FALSE are
 * left out.  @r2 is NaN for two rods.  FALSE when fewer than two are left or all densities are equal. */
gboolean oss_phantom_regress (const OssPhantom *phantom, const double *hu, const gboolean *used, double *slope,
                              double *intercept, double *r2);
/* The line of the rods that were read, with its covariance.  REFUSED with words when it cannot be trusted. */
gboolean oss_phantom_fit_line (OssPhantomFit *fit, GError **error);

G_END_DECLS
