/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Private to this room: the parts of oss_segment_click(). */

#include "segment/oss-segment.h"

#include "base/oss-vector.h"

G_BEGIN_DECLS

/**
 * OssWorkBox: the surroundings of a click on an isotropic lattice along the patient's axes.
 * @grid: patient axes (identity direction)
 * @fine: lightly smoothed HU; outside the source the nearest border value
 * @smooth: more smoothed, for the search of surfaces
 * @valid: 1 where the source image is
 * @soft_hu: level of the soft tissue
 * @noise_hu: standard deviation of white noise in the source
 * @blur_mm: standard deviation of scanner, voxel and smoothing together, of @fine
 */
typedef struct
{
  OssGrid grid;
  OssVolume *fine;
  OssVolume *smooth;
  guint8 *valid;
  double soft_hu, noise_hu, blur_mm;
} OssWorkBox;

gboolean oss_work_box_init (OssWorkBox *self, const OssVolume *volume, const double at_mm[3], const OssTick *tick,
                            GError **error);
void oss_work_box_clear (OssWorkBox *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssWorkBox, oss_work_box_clear)

/* Trilinear at a patient point; clamped to the lattice. */
double oss_work_box_sample (const OssWorkBox *self, const float *data, const double lps_mm[3]);

/* Whether the source image is there. */
gboolean oss_work_box_valid (const OssWorkBox *self, const double lps_mm[3]);

/* The HU at which the outer edge of a shell lies whose blurred crest is @crest_hu, between bone marrow or cancellous
 * bone of @inside_hu and what is around the vertebra (see the source). */
double oss_shell_edge_hu (const OssWorkBox *box, double crest_hu, double inside_hu, double outside_hu);

/**
 * oss_sheet_solve:
 * @cost: [nv][nu][nr]
 * @cyclic: u closes on itself
 * @bend: cost of one level of difference between neighbours; they differ by @reach levels at most, 16 or fewer
 * @level: (out): [nv][nu], real-valued
 * @tick: (nullable): stop only; @level is then of no use
 *
 * The sheet of least cost through a stack of columns (semi-global matching along eight directions, Hirschmueller
 * 2008).
 */
void oss_sheet_solve (const float *cost, int nu, int nv, int nr, gboolean cyclic, float bend, int reach, float *level,
                      const OssTick *tick);

/**
 * OssCutGraph: a graph on a lattice, for a minimum cut.
 * @neighbour: [n][6] node over each face, -1 for none; arcs d and d ^ 1 face each other
 * @capacity: [n][6] of the arc to it; used up by oss_min_cut()
 * @terminal: above 0 capacity from the source, below 0 to the sink; used up too
 */
typedef struct
{
  int n;
  gint32 (*neighbour)[6];
  gint32 (*capacity)[6];
  gint32 *terminal;
} OssCutGraph;

enum
{
  OSS_CUT_NEITHER, /* hangs on neither terminal */
  OSS_CUT_SOURCE,
  OSS_CUT_SINK,
};

/* Side of each node (guint8[n], g_free); NULL when stopped. */
guint8 *oss_min_cut (OssCutGraph *graph, const OssTick *tick, GError **error);

#define OSS_BODY_ANGLES 96
#define OSS_BODY_ROWS 72
#define OSS_BODY_ROW_MM 1.0
#define OSS_BODY_CELLS 41
#define OSS_BODY_CELL_MM 1.5

/**
 * OssBodyFit: a vertebral body as a wall around an axis between two endplates.
 * @frame: axes and centre
 * @wall: radius in mm at angle a (0: right, a quarter: anterior) and height row
 * @endplate: height in mm above the centre over a square of cells; 0 inferior, 1 superior
 */
typedef struct
{
  OssVertebraFrame frame;
  float wall[OSS_BODY_ROWS][OSS_BODY_ANGLES];
  float endplate[2][OSS_BODY_CELLS][OSS_BODY_CELLS];
  double back_mm;                /* the posterior wall at mid height, behind the centre */
  double canal_mm;               /* from there to the lamina, on the mid-line; 0: not found */
  double inside_hu;              /* mean of the cancellous middle */
  double dark_hu, dark_scale_hu; /* what is darker than the inside */
  double wall_edge_hu;           /* a clear edge of the wall */
  double crest_hu;               /* median HU of the cortical crest */
  double wall_crest_hu;          /* of the wall half way between the endplates: a disc has none */
  double bounded;                /* share of the wall and endplates with a clear edge */
} OssBodyFit;

/* Less than this is no edge of a bone. */
#define OSS_CLEAR_EDGE_HU 60.0

static inline double
oss_body_angle (int a)
{
  return 2.0 * G_PI * a / OSS_BODY_ANGLES;
}

static inline double
oss_body_cell_mm (int c)
{
  return (c - OSS_BODY_CELLS / 2) * OSS_BODY_CELL_MM;
}

/* The value below which a share @q of @values lies; sorts them. */
float oss_quantile (float *values, gsize n, double q);

gboolean
oss_body_fit (OssBodyFit *self, const OssWorkBox *box, const double at_mm[3], const OssTick *tick, GError **error);
/* Wall radius in direction of, and endplate heights at, a point in local coordinates. */
double oss_body_wall (const OssBodyFit *self, const double local[3]);
double oss_body_endplate (const OssBodyFit *self, int which, double x, double y);
/* Signed depth in mm, roughly: above 0 inside. */
double oss_body_depth (const OssBodyFit *self, const double local[3]);

#define OSS_SEED_DEPTH_MM 0.4  /* inside the fitted body: seeds reach into the cortex, whence bone is bright */
#define OSS_LAMINA_LEVEL -0.28 /* of the body's height, from its middle: the ring of bone is closed there */
/* TRUE where a voxel is this vertebra's and no other's: the body, and where it is @bone the roots of the pedicles and
 * the middle of the lamina. */
gboolean oss_body_core (const OssBodyFit *self, const double local[3], gboolean bone);

typedef enum
{
  OSS_OWNER_NONE,
  OSS_OWNER_THIS,
  OSS_OWNER_ABOVE,
  OSS_OWNER_BELOW,
  OSS_OWNER_RIB,
  OSS_OWNER_OTHER, /* one of those three */
} OssOwner;

/* Moves wall and endplates from the steepest fall to the outer edge of the shell; tells its crest and how much of it is
 * clear. */
void oss_body_refine (OssBodyFit *self, const OssWorkBox *box);

/* Looks for the next body (@above 1 or 0); FALSE when it is outside the image or nothing like a body. */
gboolean oss_body_fit_neighbour (OssBodyFit *self, const OssBodyFit *body, int above, const OssWorkBox *box,
                                 const OssTick *tick);

/* Who owns each bone voxel of the box, by competition from the bodies outward (guint8[count], g_free). @neighbours:
 * below, above; NULL when not known. */
guint8 *oss_bone_owners (const OssWorkBox *box, const OssBodyFit *body, const OssBodyFit *const neighbours[2],
                         double bone_hu, const OssTick *tick, GError **error);

/* This vertebra's bone made solid on part of the box: body filled, small gaps closed, marrow filled. */
OssLabels *oss_make_solid (const OssWorkBox *box, const OssBodyFit *body, const guint8 *owner, const OssTick *tick,
                           GError **error);

/* The solid on the volume's own grid, its surface at the outer edge of the shell instead of where blur carries it. */
OssLabels *oss_render_vertebra (const OssWorkBox *box, const OssBodyFit *body, const OssLabels *solid,
                                const OssGrid *grid, const OssTick *tick, GError **error);

G_END_DECLS
