/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"

#define LATTICE_MM 1.0   /* working lattice for the body's core */
#define MARGIN_MM 3.0    /* of background around the label on it */
#define LARGEST_MM 200.0 /* a label longer than this is not one vertebra */
#define OPENING_MM 8.0   /* pedicles are 7-17 mm wide (half: under 8): opening by this ball keeps the body */
#define REACH_MM 45.0    /* no body surface is further from the body's centre */
#define STEP_MM 0.5      /* of a walk to the label's surface */
#define FOOTPRINT 0.6    /* share of the footprint's half axes used for the endplates: clear of the rims */
#define COLUMN_MM 1.0    /* between columns of the endplate fit */
#define AXIS_ROUNDS 6
#define MIRROR_REACH_DEG 24 /* around the first guess of the anterior direction */

typedef struct
{
  OssLabels *label;   /* the label's box, 1 inside, cavities filled */
  OssLabels *lattice; /* the same on a LATTICE_MM grid along the patient's axes */
} Shape;

static void
shape_clear (Shape *shape)
{
  g_clear_pointer (&shape->label, oss_labels_unref);
  g_clear_pointer (&shape->lattice, oss_labels_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shape, shape_clear)

/* Share of label around a patient point, trilinear between voxel centres; 0 outside the image. */
static double
occupancy (const OssLabels *label, const double lps_mm[3])
{
  const OssGrid *grid = &label->grid;
  double index[3], f[3], sum = 0.0;
  int low[3];

  oss_grid_to_index (grid, lps_mm, index);
  for (int a = 0; a < 3; a++)
    {
      if (!(index[a] > -1.0 && index[a] < grid->size[a]))
        return 0.0;
      low[a] = (int) floor (index[a]);
      f[a] = index[a] - low[a];
    }
  for (int c = 0; c < 8; c++)
    {
      double w = 1.0;
      int at[3];

      for (int a = 0; a < 3; a++)
        {
          int bit = c >> a & 1;
          at[a] = low[a] + bit;
          w *= bit ? f[a] : 1.0 - f[a];
        }
      if (w > 0.0 && at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[0] < grid->size[0] && at[1] < grid->size[1]
          && at[2] < grid->size[2] && label->data[oss_grid_offset (grid, at[0], at[1], at[2])] > 0)
        sum += w;
    }
  return sum;
}

static void
along (const double from[3], const double direction[3], double mm, double out[3])
{
  for (int a = 0; a < 3; a++)
    out[a] = from[a] + mm * direction[a];
}

/* Millimetres from a point inside to where the label ends along a unit direction; -1 when the point is outside,
 * REACH_MM when it never ends. */
static double
walk_out (const Shape *shape, const double from[3], const double direction[3])
{
  double last = occupancy (shape->label, from);

  if (last < 0.5)
    return -1.0;
  for (double mm = STEP_MM; mm <= REACH_MM; mm += STEP_MM)
    {
      double p[3], now;

      along (from, direction, mm, p);
      now = occupancy (shape->label, p);
      if (now < 0.5)
        return mm - STEP_MM * (0.5 - now) / (last - now);
      last = now;
    }
  return REACH_MM;
}

/* A LATTICE_MM grid along the patient's axes that holds the whole of @grid. */
static gboolean
lattice_around (const OssGrid *grid, OssGrid *lattice, GError **error)
{
  double low[3] = { G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE }, high[3] = { -G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE };

  for (int c = 0; c < 8; c++)
    {
      double index[3], p[3];

      for (int a = 0; a < 3; a++)
        index[a] = c >> a & 1 ? grid->size[a] - 0.5 : -0.5;
      oss_grid_to_patient (grid, index, p);
      for (int a = 0; a < 3; a++)
        low[a] = MIN (low[a], p[a]), high[a] = MAX (high[a], p[a]);
    }
  *lattice = (OssGrid){ .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  for (int a = 0; a < 3; a++)
    {
      if (!(high[a] - low[a] <= LARGEST_MM))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                       _ ("The label is %.0f mm long along one axis: not a single vertebra."), high[a] - low[a]);
          return FALSE;
        }
      lattice->spacing[a] = LATTICE_MM;
      lattice->origin[a] = low[a] - MARGIN_MM;
      lattice->size[a] = (int) ceil ((high[a] - low[a] + 2.0 * MARGIN_MM) / LATTICE_MM) + 1;
    }
  return TRUE;
}

static gboolean
shape_init (Shape *shape, const OssLabels *labels, GError **error)
{
  int low[3], high[3];
  OssGrid grid;
  guint8 *out;
  g_autoptr (OssLabels) box = NULL;

  if (!oss_labels_box (labels, 0, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The label image is empty: every voxel is 0."));
      return FALSE;
    }
  box = oss_labels_crop (labels, low, high, error);
  if (box == NULL || !lattice_around (&box->grid, &grid, error))
    return FALSE;
  shape->label = oss_labels_fill_holes (box, error);
  shape->lattice = oss_labels_new (&grid, error);
  if (shape->label == NULL || shape->lattice == NULL)
    return FALSE;
  out = shape->lattice->data;
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          double p[3] = { grid.origin[0] + i * LATTICE_MM, grid.origin[1] + j * LATTICE_MM,
                          grid.origin[2] + k * LATTICE_MM };
          *out++ = occupancy (shape->label, p) >= 0.5;
        }
  return TRUE;
}

static void
lattice_point (const OssGrid *grid, gsize offset, double p[3])
{
  gsize nx = (gsize) grid->size[0], ny = (gsize) grid->size[1];

  p[0] = grid->origin[0] + (double) (offset % nx) * LATTICE_MM;
  p[1] = grid->origin[1] + (double) (offset / nx % ny) * LATTICE_MM;
  p[2] = grid->origin[2] + (double) (offset / nx / ny) * LATTICE_MM;
}

/* The body: the largest part left when everything thinner than a ball is taken away (a fractured body may be thinner
 * than its own laminae at one place, never smaller).  Returns the distance of every lattice voxel to it, in mm. */
static float *
distance_to_body (const Shape *shape, GError **error)
{
  gsize n = oss_grid_count (&shape->lattice->grid);
  g_autofree float *depth = oss_labels_distance (shape->lattice, FALSE, NULL, error);
  g_autofree guint32 *part = NULL;
  g_autoptr (OssLabels) core = NULL;
  float *away, deepest = 0.0f;
  double radius;

  if (depth == NULL || (core = oss_labels_new (&shape->lattice->grid, error)) == NULL)
    return NULL;
  for (gsize v = 0; v < n; v++)
    deepest = MAX (deepest, depth[v]);
  if (deepest < 4.0f)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("No vertebral body: the label is nowhere thicker than %.1f mm."), 2.0 * deepest);
      return NULL;
    }
  radius = MIN (OPENING_MM, 0.6 * deepest);
  for (gsize v = 0; v < n; v++)
    core->data[v] = depth[v] > radius;
  part = oss_labels_components (core, 26, NULL, error);
  if (part == NULL)
    return NULL;
  for (gsize v = 0; v < n; v++)
    core->data[v] = part[v] == 1;
  away = oss_labels_distance (core, TRUE, NULL, error);
  for (gsize v = 0; away != NULL && v < n; v++)
    away[v] = (float) MAX (0.0, away[v] - radius);
  return away;
}

static void
complete_axes (OssVertebraFrame *frame)
{
  double lean = oss_dot (frame->anterior, frame->superior);

  along (frame->anterior, frame->superior, -lean, frame->anterior);
  oss_normalize (frame->anterior);
  oss_cross (frame->anterior, frame->superior, frame->right);
}

/* First guess: upright, the body's centroid, and forward from the posterior elements to it (a bare body: patient's
 * anterior). */
static gboolean
first_guess (const Shape *shape, OssVertebraFrame *frame, GError **error)
{
  const OssGrid *grid = &shape->lattice->grid;
  gsize n = oss_grid_count (grid), n_body = 0, n_behind = 0;
  double behind[3] = { 0 };
  g_autofree float *away = distance_to_body (shape, error);

  if (away == NULL)
    return FALSE;
  *frame = (OssVertebraFrame){ .superior = { 0, 0, 1 }, .anterior = { 0, -1, 0 } };
  for (gsize v = 0; v < n; v++)
    if (shape->lattice->data[v] && (away[v] <= 0.0f || away[v] > 5.0f))
      {
        double p[3];

        lattice_point (grid, v, p);
        along (away[v] > 0.0f ? behind : frame->centre, p, 1.0, away[v] > 0.0f ? behind : frame->centre);
        *(away[v] > 0.0f ? &n_behind : &n_body) += 1;
      }
  for (int a = 0; a < 3; a++)
    frame->centre[a] /= (double) n_body;
  if (n_behind > n_body / 6)
    {
      double forward[3];

      for (int a = 0; a < 3; a++)
        forward[a] = frame->centre[a] - behind[a] / (double) n_behind;
      forward[2] = 0.0;
      if (oss_normalize (forward) > 5.0)
        memcpy (frame->anterior, forward, sizeof forward);
    }
  complete_axes (frame);
  return TRUE;
}

/* Moves the centre to the middle of the cross-section through it; half axes of the footprint in mm. */
static gboolean
centre_footprint (const Shape *shape, OssVertebraFrame *frame, double half[2], GError **error)
{
  const double *axes[2] = { frame->right, frame->anterior };

  for (int a = 0; a < 2; a++)
    {
      double back[3] = { -axes[a][0], -axes[a][1], -axes[a][2] };
      double plus = walk_out (shape, frame->centre, axes[a]), minus = walk_out (shape, frame->centre, back);

      if (plus < 0.0 || minus < 0.0 || plus + minus < 8.0)
        {
          g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                               _ ("No vertebral body found in the label: its middle is hollow."));
          return FALSE;
        }
      half[a] = 0.5 * (plus + minus);
      along (frame->centre, axes[a], 0.5 * (plus - minus), frame->centre);
    }
  return TRUE;
}

/* z = c[0] + c[1] x + c[2] y by least squares, twice more without the points further off than 2.5 standard
 * deviations. */
static gboolean
fit_plane (GArray *points, double c[3])
{
  double limit = G_MAXDOUBLE;

  for (int round = 0; round < 3; round++)
    {
      double m[9] = { 0 }, b[3] = { 0 }, inverse[9], squares = 0.0;
      gsize used = 0;

      for (guint i = 0; i < points->len; i++)
        {
          const double *p = &g_array_index (points, double, 3 * i);
          const double row[3] = { 1.0, p[0], p[1] };

          if (round > 0 && fabs (p[2] - oss_dot (c, row)) > limit)
            continue;
          for (int r = 0; r < 3; r++)
            {
              for (int q = 0; q < 3; q++)
                m[3 * r + q] += row[r] * row[q];
              b[r] += row[r] * p[2];
            }
          used++;
        }
      if (used < 12 || !oss_mat3_inverse (m, inverse))
        return FALSE;
      oss_mat3_apply (inverse, b, c);
      for (guint i = 0; i < points->len; i++)
        {
          const double *p = &g_array_index (points, double, 3 * i);
          const double row[3] = { 1.0, p[0], p[1] };
          squares += (p[2] - oss_dot (c, row)) * (p[2] - oss_dot (c, row));
        }
      limit = MAX (0.5, 2.5 * sqrt (squares / points->len));
    }
  return TRUE;
}

/* Heights of the endplate (@up: superior) over the middle of the footprint, as a plane in (right, anterior). */
static gboolean
fit_endplate (const Shape *shape, const OssVertebraFrame *frame, const double half[2], gboolean up, double plane[3])
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, 3 * sizeof (double));
  double way[3], reach[2] = { FOOTPRINT * half[0], FOOTPRINT * half[1] };

  for (int a = 0; a < 3; a++)
    way[a] = up ? frame->superior[a] : -frame->superior[a];
  for (double y = -floor (reach[1]); y <= reach[1]; y += COLUMN_MM)
    for (double x = -floor (reach[0]); x <= reach[0]; x += COLUMN_MM)
      {
        double p[3], local[3] = { x, y, 0.0 }, far;

        if (x * x / (reach[0] * reach[0]) + y * y / (reach[1] * reach[1]) > 1.0)
          continue;
        oss_vertebra_frame_patient (frame, local, p);
        far = walk_out (shape, p, way);
        local[2] = up ? far : -far;
        if (far > 0.0 && far < REACH_MM)
          g_array_append_val (points, local);
      }
  return fit_plane (points, plane);
}

/* Turns the superior axis to the mean of the endplate normals and the centre to half way between them. */
static gboolean
align_to_endplates (const Shape *shape, OssVertebraFrame *frame, GError **error)
{
  double half[2], top[3], bottom[3], middle, superior[3] = { 0 };

  if (!centre_footprint (shape, frame, half, error))
    return FALSE;
  if (!fit_endplate (shape, frame, half, TRUE, top) || !fit_endplate (shape, frame, half, FALSE, bottom))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                           _ ("The endplates of the vertebral body could not be found in the label."));
      return FALSE;
    }
  frame->height_mm = top[0] - bottom[0];
  middle = 0.5 * (top[0] + bottom[0]);
  along (frame->centre, frame->superior, middle, frame->centre);
  for (int e = 0; e < 2; e++)
    {
      const double *c = e == 0 ? top : bottom;
      double normal[3];

      for (int a = 0; a < 3; a++)
        normal[a] = frame->superior[a] - c[1] * frame->right[a] - c[2] * frame->anterior[a];
      oss_normalize (normal);
      along (superior, normal, 1.0, superior);
    }
  oss_normalize (superior);
  if (superior[2] < 0.6)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
          _ ("The endplates lean %.0f degrees from the patient's axis: the vertebral body is not complete in the "
             "label, or the image's orientation is wrong."),
          acos (superior[2]) * 180.0 / G_PI);
      return FALSE;
    }
  memcpy (frame->superior, superior, sizeof superior);
  complete_axes (frame);
  frame->height_mm *= fabs (oss_dot (superior, frame->superior));
  return TRUE;
}

/* Share of @points (local coordinates) whose mirror image in the plane through the axis, turned by @turn and shifted
 * by @shift, lies in the label too. */
static double
mirror_score (const Shape *shape, const OssVertebraFrame *frame, const GArray *points, double turn, double shift)
{
  const OssGrid *grid = &shape->lattice->grid;
  double normal[2] = { cos (turn), sin (turn) };
  gsize hits = 0;

  for (guint i = 0; i < points->len; i++)
    {
      const double *q = &g_array_index (points, double, 3 * i);
      double off = 2.0 * (q[0] * normal[0] + q[1] * normal[1] - shift);
      double local[3] = { q[0] - off * normal[0], q[1] - off * normal[1], q[2] }, p[3];
      int at[3];
      gboolean in = TRUE;

      oss_vertebra_frame_patient (frame, local, p);
      for (int a = 0; a < 3; a++)
        {
          at[a] = (int) floor ((p[a] - grid->origin[a]) / LATTICE_MM + 0.5);
          in = in && at[a] >= 0 && at[a] < grid->size[a];
        }
      hits += in && shape->lattice->data[oss_grid_offset (grid, at[0], at[1], at[2])];
    }
  return (double) hits / MAX (1, points->len);
}

/* Best turn of the mirror plane, @from to @to in steps; the shift is searched with it. */
static double
best_turn (const Shape *shape, const OssVertebraFrame *frame, const GArray *points, double from, double to, double step)
{
  double best = -1.0, turn = 0.0;

  for (double deg = from; deg <= to + 0.5 * step; deg += step)
    for (double shift = -3.0; shift <= 3.0; shift += 0.5)
      {
        double t = deg * G_PI / 180.0;
        /* A round body is symmetric about any plane: a hair of preference for the first guess. */
        double score = mirror_score (shape, frame, points, t, shift) - 1e-3 * t * t;

        if (score > best)
          best = score, turn = deg;
      }
  return turn;
}

/* Turns the anterior axis into the plane of best mirror symmetry. */
static void
align_to_symmetry (const Shape *shape, OssVertebraFrame *frame)
{
  const OssGrid *grid = &shape->lattice->grid;
  gsize n = oss_grid_count (grid), stride;
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, 3 * sizeof (double));
  gsize inside = oss_labels_count (shape->lattice, 1), seen = 0;
  double deg, turn, anterior[3];

  stride = MAX (1, inside / 6000);
  for (gsize v = 0; v < n; v++)
    if (shape->lattice->data[v] && seen++ % stride == 0)
      {
        double p[3], local[3];

        lattice_point (grid, v, p);
        oss_vertebra_frame_local (frame, p, local);
        g_array_append_val (points, local);
      }
  deg = best_turn (shape, frame, points, -MIRROR_REACH_DEG, MIRROR_REACH_DEG, 3.0);
  deg = best_turn (shape, frame, points, deg - 2.5, deg + 2.5, 0.5);
  turn = deg * G_PI / 180.0;
  /* The plane's normal turned from right by @turn about superior; anterior turns with it. */
  for (int a = 0; a < 3; a++)
    anterior[a] = cos (turn) * frame->anterior[a] - sin (turn) * frame->right[a];
  memcpy (frame->anterior, anterior, sizeof anterior);
  complete_axes (frame);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

/* Full extent through points moved along @across: the median for the depth (an odd process or the vein's mouth must
 * not count), the largest for the width (pedicles start behind the middle, and only the front half is asked). */
static double
extent (const Shape *shape, const OssVertebraFrame *frame, const double axis[3], const double across[3], double from,
        double to, gboolean largest)
{
  double values[16], back[3] = { -axis[0], -axis[1], -axis[2] };
  int n = 0;

  for (int s = 0; s < 9; s++)
    {
      double p[3], plus, minus;

      along (frame->centre, across, from + (to - from) * s / 8.0, p);
      plus = walk_out (shape, p, axis);
      minus = walk_out (shape, p, back);
      if (plus >= 0.0 && minus >= 0.0)
        values[n++] = plus + minus;
    }
  if (n == 0)
    return 0.0;
  qsort (values, (gsize) n, sizeof *values, compare_doubles);
  return largest ? values[n - 1] : values[n / 2];
}

gboolean
oss_segment_frame (const OssLabels *labels, OssVertebraFrame *frame, const OssTick *tick, GError **error)
{
  g_auto (Shape) shape = { 0 };
  double half[2];

  if (!shape_init (&shape, labels, error) || !first_guess (&shape, frame, error))
    return FALSE;
  for (int round = 0; round < AXIS_ROUNDS; round++)
    {
      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      if (!align_to_endplates (&shape, frame, error))
        return FALSE;
      if (round == 1 || round == 3)
        align_to_symmetry (&shape, frame);
    }
  if (!centre_footprint (&shape, frame, half, error))
    return FALSE;
  frame->width_mm = extent (&shape, frame, frame->right, frame->anterior, 0.0, 0.5 * half[1], TRUE);
  frame->depth_mm = extent (&shape, frame, frame->anterior, frame->right, -0.15 * half[0], 0.15 * half[0], FALSE);
  return TRUE;
}
