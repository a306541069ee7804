/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series-private.h"

#include "base/oss-i18n.h"
#include "base/oss-vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two slices closer than this are at one place: a micrometre of rounding, no scanner's step. */
#define SAME_PLACE_MM 0.001
/* Spacings may differ by 1 %, or by what rounding positions to 0.01 mm makes of them (at most 5 %,
 * so that the rule holds for voxels of 60 µm as well). */
#define SPACING_TOLERANCE 0.01
#define ROUNDING_MM 0.01
#define MOST_ROUNDING 0.05
/* How near a gap must be to a multiple of the spacing to be called missing slices. */
#define MULTIPLE_TOLERANCE 0.05
/* A stack leaning by 0.5° is off by 0.3 mm at the ends of a vertebra 30 mm high. */
#define LARGEST_TILT_DEG 0.5
/* A gantry tilts by 30° at most; what leans further was not tilted but mixed up. */
#define STEEPEST_GANTRY_DEG 35.0
/* Cosines of one series are printed with three digits at least. */
#define COSINE_TOLERANCE 2e-3

#define DEG_PER_RAD (180.0 / G_PI)

static OssSlice *
slice_at (const GPtrArray *slices, guint i)
{
  return g_ptr_array_index (slices, i);
}

/* Row and column directions and the normal as columns of @direction; FALSE when the two are not
 * perpendicular unit vectors. */
static gboolean
make_direction (const double cosines[6], double direction[9])
{
  double row[3] = { cosines[0], cosines[1], cosines[2] }, column[3] = { cosines[3], cosines[4], cosines[5] };
  double normal[3], overlap = oss_dot (row, column);

  if (fabs (oss_normalize (row) - 1.0) > COSINE_TOLERANCE || fabs (oss_norm (column) - 1.0) > COSINE_TOLERANCE
      || fabs (overlap) > COSINE_TOLERANCE)
    return FALSE;
  overlap = oss_dot (row, column);
  for (int i = 0; i < 3; i++)
    column[i] -= overlap * row[i];
  oss_normalize (column);
  oss_cross (row, column, normal);
  for (int i = 0; i < 3; i++)
    {
      direction[3 * i] = row[i];
      direction[3 * i + 1] = column[i];
      direction[3 * i + 2] = normal[i];
    }
  return TRUE;
}

static gboolean
judge_planes (OssSeries *self, const GPtrArray *slices)
{
  for (guint i = 0; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      g_autofree char *name = g_filename_display_basename (slice_at (slices, i)->path);
      double direction[9];

      if (!header->has_spacing || header->spacing[0] <= 0.0 || header->spacing[1] <= 0.0)
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "zero-spacing",
                               _ ("%s gives no pixel size (Pixel Spacing %g × %g mm), so nothing can be measured. "
                                  "Export the series from the scanner again."),
                               name, header->spacing[0], header->spacing[1]);
      else if (!header->has_position || !header->has_orientation || !make_direction (header->orientation, direction))
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "no-position",
                               _ ("%s does not say where it lies in the patient (Image Position or Orientation is "
                                  "missing or impossible). Export the series from the scanner again."),
                               name);
      else
        continue;
      return FALSE;
    }
  return TRUE;
}

/* The angle of the turn that takes one image's axes to the other's. */
static double
turn_deg (const OssDicomHeader *one, const OssDicomHeader *other)
{
  double a[9], b[9], trace = 0.0;

  make_direction (one->orientation, a);
  make_direction (other->orientation, b);
  for (int i = 0; i < 9; i++)
    trace += a[i] * b[i];
  return acos (CLAMP (0.5 * (trace - 1.0), -1.0, 1.0)) * DEG_PER_RAD;
}

static void
add_mixed_orientation (OssSeries *self, const GPtrArray *slices)
{
  const OssDicomHeader *first = slice_at (slices, 0)->header;
  double largest = 0.0;
  guint n = 0;

  for (guint i = 1; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      double turned = 0.0;
      for (int j = 0; j < 6; j++)
        turned = MAX (turned, fabs (header->orientation[j] - first->orientation[j]));
      n += turned > COSINE_TOLERANCE;
      largest = MAX (largest, turn_deg (first, header));
    }
  g_autofree char *angle = oss_series_number_text (largest, 1);
  oss_series_add_reason (self, OSS_REASON_REFUSAL, "mixed-orientation",
                         _ ("Images of different directions are mixed in this series: %u of %u are turned against the "
                            "first, by up to %s°. Choose a series of axial slices only."),
                         n, slices->len, angle);
}

static gboolean
judge_sameness (OssSeries *self, const GPtrArray *slices)
{
  const OssDicomHeader *first = slice_at (slices, 0)->header;

  for (guint i = 1; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      double turned = 0.0, resized = 0.0;

      for (int j = 0; j < 6; j++)
        turned = MAX (turned, fabs (header->orientation[j] - first->orientation[j]));
      for (int j = 0; j < 2; j++)
        resized = MAX (resized, fabs (header->spacing[j] / first->spacing[j] - 1.0));
      if (turned > COSINE_TOLERANCE)
        add_mixed_orientation (self, slices);
      else if (header->rows != first->rows || header->columns != first->columns)
        oss_series_add_reason (
            self, OSS_REASON_REFUSAL, "mixed-size",
            _ ("Images of %d × %d and of %d × %d pixels are mixed in this series. Export them as two "
               "series."),
            first->columns, first->rows, header->columns, header->rows);
      else if (resized > 1e-3)
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "mixed-size",
                               _ ("Pixels of %.4f mm and of %.4f mm are mixed in this series. Export them as two "
                                  "series."),
                               first->spacing[1], header->spacing[1]);
      else
        continue;
      return FALSE;
    }
  return TRUE;
}

static int
compare_along (gconstpointer a, gconstpointer b)
{
  const OssSlice *one = *(const OssSlice *const *) a, *two = *(const OssSlice *const *) b;

  if (one->along_mm != two->along_mm)
    return one->along_mm < two->along_mm ? -1 : 1;
  return strcmp (one->path, two->path);
}

static int
compare_doubles (const void *a, const void *b)
{
  double one = *(const double *) a, two = *(const double *) b;

  return (one > two) - (one < two);
}

/* Lower median of the steps between different places, so that one gap among three slices is still
 * seen as a gap; 0 when all are at one place. */
static double
median_step (const double *steps, guint n)
{
  g_autofree double *sorted = g_new (double, n);
  guint kept = 0;

  for (guint i = 0; i < n; i++)
    if (steps[i] > SAME_PLACE_MM)
      sorted[kept++] = steps[i];
  if (kept == 0)
    return 0.0;
  qsort (sorted, kept, sizeof (double), compare_doubles);
  return sorted[(kept - 1) / 2];
}

/* Where slice @i (and half a step further, @half) lies, for people: z of axial slices. */
static char *
place_text (const GPtrArray *slices, guint i, double half)
{
  const OssDicomHeader *header = slice_at (slices, i)->header;
  double direction[9];
  make_direction (header->orientation, direction);
  gboolean axial = fabs (direction[8]) > 0.7;
  double at = axial ? header->position[2] + half * direction[8] : slice_at (slices, i)->along_mm + half;
  g_autofree char *number = oss_series_number_text (at, 1);

  return axial ? g_strdup_printf (_ ("z %s mm"), number) : g_strdup_printf (_ ("%s mm along the stack"), number);
}

static gboolean
judge_duplicates (OssSeries *self, const GPtrArray *slices, const double *steps)
{
  guint n = 0, first = 0;

  for (guint i = 0; i + 1 < slices->len; i++)
    if (steps[i] <= SAME_PLACE_MM && n++ == 0)
      first = i;
  if (n == 0)
    return TRUE;
  g_autofree char *place = place_text (slices, first, 0.0);
  g_autofree char *one = g_filename_display_basename (slice_at (slices, first)->path);
  g_autofree char *two = g_filename_display_basename (slice_at (slices, first + 1)->path);
  oss_series_add_reason (self, OSS_REASON_REFUSAL, "duplicate-positions",
                         OSS_NGETTEXT ("%u slice lies at the place of another one (%s: %s and %s). Remove the copy, or "
                                       "export the two reconstructions as two series.",
                                       "%u slices lie at the places of others (first %s: %s and %s). Remove the "
                                       "copies, or export the two reconstructions as two series.",
                                       n),
                         n, place, one, two);
  return FALSE;
}

static gboolean
judge_steps (OssSeries *self, const GPtrArray *slices, const double *steps, double median)
{
  double tolerance = MAX (SPACING_TOLERANCE * median, MIN (ROUNDING_MM, MOST_ROUNDING * median));
  double least = G_MAXDOUBLE, most = 0.0;
  guint n_gaps = 0, n_missing = 0, n_odd = 0, first = 0, first_odd = 0;

  for (guint i = 0; i + 1 < slices->len; i++)
    {
      double multiple = round (steps[i] / median);
      least = MIN (least, steps[i]);
      most = MAX (most, steps[i]);
      if (fabs (steps[i] - median) <= tolerance)
        continue;
      if (multiple < 2.0 || multiple > 1e6 || fabs (steps[i] / median - multiple) > MULTIPLE_TOLERANCE)
        first_odd = n_odd++ == 0 ? i : first_odd;
      else if (n_missing += (guint) multiple - 1, n_gaps++ == 0)
        first = i;
    }
  g_autofree char *low = oss_series_number_text (least, 2), *high = oss_series_number_text (most, 2);
  g_autofree char *usual = oss_series_number_text (median, 2);
  if (n_odd > 0)
    {
      g_autofree char *odd = oss_series_number_text (steps[first_odd], 2);
      g_autofree char *place = place_text (slices, first_odd, 0.5 * steps[first_odd]);
      oss_series_add_reason (
          self, OSS_REASON_REFUSAL, "mixed-spacing",
          _ ("Slices are %s to %s mm apart; they have to be equally far apart within 1 %%. The first "
             "that are not lie at %s (%s mm, most others %s mm). Choose a series with one spacing."),
          low, high, place, odd, usual);
    }
  else if (n_gaps > 0)
    {
      g_autofree char *gap = oss_series_number_text (steps[first], 2);
      g_autofree char *place = place_text (slices, first, 0.5 * steps[first]);
      oss_series_add_reason (
          self, OSS_REASON_REFUSAL, "missing-slices",
          OSS_NGETTEXT ("%u slice is missing at %s (gap %s mm, spacing %s mm). Filling the gap would "
                        "invent bone, so Ossature does not. Retrieve the series again.",
                        "%u slices are missing, the first at %s (gap %s mm, spacing %s mm). Filling "
                        "gaps would invent bone, so Ossature does not. Retrieve the series again.",
                        n_missing),
          n_missing, place, gap, usual);
    }
  return n_odd == 0 && n_gaps == 0;
}

/* What straightening a stack that leans along its rows and columns takes: each slice keeps its plane, the grid is
 * widened by the way the last one has to go. */
static void
plan_shear (OssSeries *self, const GPtrArray *slices, const double direction[9])
{
  const OssDicomHeader *first = slice_at (slices, 0)->header, *last = slice_at (slices, slices->len - 1)->header;
  const double spacing[2] = { first->spacing[1], first->spacing[0] };
  const int raw[2] = { first->columns, first->rows };
  double way[3], shift[2], n_steps = slices->len - 1.0;

  oss_sub (last->position, first->position, way);
  self->tilt.columns = raw[0];
  self->tilt.rows = raw[1];
  for (int a = 0; a < 2; a++)
    {
      const double axis[3] = { direction[a], direction[3 + a], direction[6 + a] };
      shift[a] = oss_dot (axis, way);
      /* Rounding of the cosines, not a lean: less than a tenth of a pixel over the whole stack. */
      double pixels = fabs (shift[a]) < 0.1 * spacing[a] ? 0.0 : shift[a] / spacing[a];
      int before = (int) floor (MIN (pixels, 0.0)), after = (int) ceil (MAX (pixels, 0.0));
      self->tilt.step_px[a] = pixels / n_steps;
      self->tilt.before[a] = -before;
      self->grid.size[a] = raw[a] - before + after;
      for (int i = 0; i < 3; i++)
        self->grid.origin[i] += before * spacing[a] * axis[i];
    }
  self->tilt.largest_mm = hypot (shift[0], shift[1]);
  self->tilt.possible = TRUE;
}

static void
add_tilt (OssSeries *self)
{
  g_autofree char *angle = oss_series_number_text (self->tilt_deg, 1);
  g_autofree char *shift = oss_series_number_text (self->tilt.largest_mm, 1);

  if (self->tilt.possible)
    oss_series_add_reason (self, OSS_REASON_REFUSAL, "tilt",
                           _ ("The gantry was tilted by %s°: the slices make a sheared stack, not a box. Choose a "
                              "series without tilt, or let Ossature resample this one (--resample-tilt): slices are "
                              "shifted back within their planes by up to %s mm."),
                           angle, shift);
  else
    oss_series_add_reason (self, OSS_REASON_REFUSAL, "tilt",
                           _ ("The gantry was tilted by %s°: the slices make a sheared stack, not a box. Choose a "
                              "series without tilt, or have it reformatted."),
                           angle);
}

/* Angle between the slice normal and the way from the first slice to the last. */
static double
measure_tilt (const GPtrArray *slices, const double direction[9])
{
  const OssDicomHeader *first = slice_at (slices, 0)->header, *last = slice_at (slices, slices->len - 1)->header;
  double normal[3] = { direction[2], direction[5], direction[8] }, way[3], across[3];

  oss_sub (last->position, first->position, way);
  oss_cross (normal, way, across);
  return atan2 (oss_norm (across), oss_dot (normal, way)) * DEG_PER_RAD;
}

/* Slices whose images were moved sideways against the line from the first to the last. */
static gboolean
judge_line (OssSeries *self, const GPtrArray *slices)
{
  const OssSlice *first = slice_at (slices, 0), *last = slice_at (slices, slices->len - 1);
  double worst = 0.0, allowed = 0.1 * MIN (first->header->spacing[0], first->header->spacing[1]);

  for (guint i = 1; i + 1 < slices->len; i++)
    {
      const OssSlice *slice = slice_at (slices, i);
      double t = (slice->along_mm - first->along_mm) / (last->along_mm - first->along_mm), off[3];
      for (int j = 0; j < 3; j++)
        off[j] = slice->header->position[j] - first->header->position[j]
                 - t * (last->header->position[j] - first->header->position[j]);
      worst = MAX (worst, oss_norm (off));
    }
  if (worst <= allowed)
    return TRUE;
  g_autofree char *shift = oss_series_number_text (worst, 2);
  oss_series_add_reason (self, OSS_REASON_REFUSAL, "shifted-slices",
                         _ ("Slices are shifted sideways against one another by up to %s mm. Choose a series with one "
                            "field of view."),
                         shift);
  return FALSE;
}

typedef enum
{
  STACK_REFUSED,
  STACK_TILTED, /* even, but leaning */
  STACK_STRAIGHT,
} StackShape;

static StackShape
judge_stack (OssSeries *self, const GPtrArray *slices, const double direction[9])
{
  guint n = slices->len;
  g_autofree double *steps = g_new (double, n);

  if (n < 3)
    {
      oss_series_add_reason (self, OSS_REASON_REFUSAL, n == 1 ? "single-slice" : "too-few-slices",
                             OSS_NGETTEXT ("This series has %u slice only; a volume needs three at least. Choose a "
                                           "series that covers the vertebra.",
                                           "This series has %u slices only; a volume needs three at least. Choose a "
                                           "series that covers the vertebra.",
                                           n),
                             n);
      return STACK_REFUSED;
    }
  for (guint i = 0; i + 1 < n; i++)
    steps[i] = slice_at (slices, i + 1)->along_mm - slice_at (slices, i)->along_mm;
  double median = median_step (steps, n - 1);
  if (!judge_duplicates (self, slices, steps) || median <= 0.0)
    return STACK_REFUSED;
  gboolean even = judge_steps (self, slices, steps, median);
  self->tilt_deg = measure_tilt (slices, direction);
  gboolean leans = self->tilt_deg > LARGEST_TILT_DEG;
  if (leans && !even)
    add_tilt (self);
  if (!even || !judge_line (self, slices))
    return STACK_REFUSED;
  return leans ? STACK_TILTED : STACK_STRAIGHT;
}

void
oss_series_judge_geometry (OssSeries *self, GPtrArray *slices)
{
  guint n = slices->len;
  OssGrid grid = { 0 };

  if (!judge_planes (self, slices) || !judge_sameness (self, slices))
    return;
  const OssDicomHeader *header = slice_at (slices, 0)->header;
  make_direction (header->orientation, grid.direction);
  const double normal[3] = { grid.direction[2], grid.direction[5], grid.direction[8] };
  for (guint i = 0; i < n; i++)
    slice_at (slices, i)->along_mm = oss_dot (normal, slice_at (slices, i)->header->position);
  g_ptr_array_sort (slices, compare_along);
  memcpy (self->normal, normal, sizeof self->normal);
  g_array_set_size (self->along_mm, 0);
  for (guint i = 0; i < n; i++)
    g_array_append_val (self->along_mm, slice_at (slices, i)->along_mm);
  StackShape shape = judge_stack (self, slices, grid.direction);
  if (shape == STACK_REFUSED)
    return;
  header = slice_at (slices, 0)->header;
  grid.size[0] = header->columns;
  grid.size[1] = header->rows;
  grid.size[2] = (int) n;
  grid.spacing[0] = header->spacing[1]; /* Pixel Spacing: between rows first, then between columns */
  grid.spacing[1] = header->spacing[0];
  grid.spacing[2] = (slice_at (slices, n - 1)->along_mm - slice_at (slices, 0)->along_mm) / (n - 1);
  memcpy (grid.origin, header->position, sizeof grid.origin);
  self->grid = grid;
  if (shape == STACK_TILTED && self->tilt_deg <= STEEPEST_GANTRY_DEG)
    plan_shear (self, slices, grid.direction);
  self->has_grid = oss_grid_check (&self->grid, NULL);
  if (!self->has_grid)
    oss_series_add_reason (self, OSS_REASON_REFUSAL, "pixel-format",
                           _ ("A volume of %d × %d × %d voxels cannot be handled."), self->grid.size[0],
                           self->grid.size[1], self->grid.size[2]);
  if (shape == STACK_TILTED)
    {
      add_tilt (self);
      self->tilt.possible = self->tilt.possible && self->has_grid;
      self->has_grid = FALSE; /* unless resampling is asked for */
    }
}
