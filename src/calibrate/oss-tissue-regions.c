/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in the coarse image each tissue is. */
#include "base/oss-i18n.h"
#include "base/oss-text.h"
#include "calibrate/oss-tissue-private.h"

#include <math.h>
#include <string.h>

#define LEAST_CELLS 60 /* of a region after its rim went */
#define FAT_REACH 22.0
#define MUSCLE_REACH 20.0
#define LUMEN 0.55           /* share of the aorta's radius that is read */
#define AORTA_LENGTH_MM 15.0 /* of good layers, at least, or half the image */
#define BINS 400

static void
explain (OssOwnRegion *region, const char *why)
{
  oss_text_print (region->note, sizeof region->note, "%s", why);
}

/* Marks cells of @tissue: those that @accept says yes to in sound layers. */
typedef gboolean (*Accept) (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data);

static gsize
mark (const OssCoarse *coarse, OssLabels *regions, guint8 value, Accept accept, void *data)
{
  const OssGrid *grid = &coarse->grid;
  gsize n = 0;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1] && !coarse->ruined[k]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          gsize at = oss_grid_offset (grid, i, j, k);
          if (regions->data[at] == 0 && !isnan (coarse->hu[at]) && accept (coarse, at, i, j, k, data))
            regions->data[at] = value, n++;
        }
  return n;
}

static gsize
unmark (OssLabels *regions, guint8 value)
{
  gsize n = oss_grid_count (&regions->grid), gone = 0;

  for (gsize i = 0; i < n; i++)
    if (regions->data[i] == value)
      regions->data[i] = 0, gone++;
  return gone;
}

/* The peak of the marked cells' HU between @low and @high: a histogram smoothed over a few HU. */
static double
peak_of (const OssCoarse *coarse, const OssLabels *regions, guint8 value, double low, double high)
{
  double bins[BINS] = { 0 }, step = (high - low) / BINS, best = -1.0, peak = 0.5 * (low + high);
  gsize n = oss_grid_count (&coarse->grid);
  int reach = MAX (1, (int) (7.0 / step));

  for (gsize i = 0; i < n; i++)
    if (regions->data[i] == value)
      {
        int b = (int) ((coarse->even[i] - low) / step);
        if (b >= 0 && b < BINS)
          bins[b] += 1.0;
      }
  for (int b = 0; b < BINS; b++)
    {
      double sum = 0.0;
      for (int r = -reach; r <= reach; r++)
        if (b + r >= 0 && b + r < BINS)
          sum += bins[b + r] * (1.0 - (double) (r * r) / ((reach + 1.0) * (reach + 1.0)));
      if (sum > best)
        best = sum, peak = low + (b + 0.5) * step;
    }
  return peak;
}

/* Keeps the marked cells within @reach of @centre. */
static void
keep_near (const OssCoarse *coarse, OssLabels *regions, guint8 value, double centre, double reach)
{
  gsize n = oss_grid_count (&coarse->grid);

  for (gsize i = 0; i < n; i++)
    if (regions->data[i] == value && !(fabs (coarse->even[i] - centre) <= reach))
      regions->data[i] = 0;
}

/* Rim off; a region that is too small goes altogether. */
static gboolean
clean (OssLabels *regions, guint8 value, int times, GError **error)
{
  if (!oss_regions_erode (regions, value, times, LEAST_CELLS, error))
    return FALSE;
  if (oss_labels_count (regions, value) < LEAST_CELLS / 3)
    unmark (regions, value);
  return TRUE;
}

/* ---- air ---- */

static gboolean
is_air_outside (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data)
{
  return coarse->hu[at] < -930.0f && !coarse->body->data[at];
}

static gboolean
is_gas_inside (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data)
{
  return coarse->hu[at] < -950.0f && coarse->body->data[at];
}

/* Air around the body; a crop without any may hold gas in bowel or windpipe.  Lung is neither. */
static gboolean
mark_air (const OssCoarse *coarse, OssOwnTissues *tissues, GError **error)
{
  OssLabels *regions = tissues->regions;
  const guint8 value = OSS_OWN_AIR + 1;
  gboolean outside = mark (coarse, regions, value, is_air_outside, NULL) >= LEAST_CELLS;

  if (!oss_regions_erode (regions, value, 3, LEAST_CELLS, error))
    return FALSE;
  if (!outside)
    {
      unmark (regions, value);
      mark (coarse, regions, value, is_gas_inside, NULL);
      if (!oss_regions_erode (regions, value, 2, 10, error))
        return FALSE;
    }
  keep_near (coarse, regions, value, peak_of (coarse, regions, value, -1080.0, -900.0), 20.0);
  if (oss_labels_count (regions, value) < 8)
    unmark (regions, value);
  if (oss_labels_count (regions, value) == 0)
    explain (&tissues->of[OSS_OWN_AIR], coarse->padded > 0 ? _ ("no air in the image: what is dark is padding, or lung")
                                                           : _ ("no air in the image"));
  else if (!outside)
    g_ptr_array_add (tissues->notes, g_strdup (_ ("Air is read in gas inside the body: none surrounds it.")));
  return TRUE;
}

/* ---- fat ---- */

static gboolean
is_fat (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data)
{
  const OssLabels *where = data;
  return coarse->even[at] > -145.0f && coarse->even[at] < -45.0f && where->data[at];
}

static gboolean
mark_fat (const OssCoarse *coarse, OssOwnTissues *tissues, GError **error)
{
  OssLabels *regions = tissues->regions;
  const guint8 value = OSS_OWN_FAT + 1;
  gboolean under_skin = FALSE;

  if (coarse->skin != NULL)
    {
      mark (coarse, regions, value, is_fat, coarse->skin);
      if (!oss_regions_erode (regions, value, 2, LEAST_CELLS, error))
        return FALSE;
      under_skin = oss_labels_count (regions, value) >= LEAST_CELLS;
    }
  if (!under_skin)
    {
      unmark (regions, value);
      mark (coarse, regions, value, is_fat, coarse->body);
      if (!clean (regions, value, 2, error))
        return FALSE;
    }
  keep_near (coarse, regions, value, peak_of (coarse, regions, value, -140.0, -50.0), FAT_REACH);
  if (!clean (regions, value, 0, error))
    return FALSE;
  if (oss_labels_count (regions, value) == 0)
    explain (&tissues->of[OSS_OWN_FAT], _ ("no fat wide enough to be read"));
  else if (!under_skin)
    g_ptr_array_add (tissues->notes, g_strdup (_ ("Fat is read inside the body: none is in view under the skin.")));
  return TRUE;
}

/* ---- blood ---- */

/* Cells in the middle of the lumen in the layers that fit. */
static double
mark_lumen (const OssCoarse *coarse, const OssPath *aorta, OssLabels *regions)
{
  const OssGrid *grid = &coarse->grid;
  int good = 0;

  for (int k = 0; k < aorta->n; k++)
    {
      double reach = LUMEN * aorta->radius_mm[k] / grid->spacing[0];
      int cells = (int) ceil (reach);

      if (aorta->score[k] < OSS_PATH_AORTA || coarse->ruined[k])
        continue;
      good++;
      for (int b = -cells; b <= cells; b++)
        for (int a = -cells; a <= cells; a++)
          {
            int i = (int) aorta->x[k] + a, j = (int) aorta->y[k] + b;
            if (a * a + b * b <= reach * reach && i >= 0 && j >= 0 && i < grid->size[0] && j < grid->size[1])
              regions->data[oss_grid_offset (grid, i, j, k)] = OSS_OWN_BLOOD + 1;
          }
    }
  return good * grid->spacing[2];
}

static gboolean
mark_blood (const OssCoarse *coarse, const OssPath *spine, OssOwnTissues *tissues, const OssTick *tick, GError **error)
{
  g_auto (OssPath) aorta = { 0 };
  double length, least = MIN (AORTA_LENGTH_MM, 0.5 * coarse->grid.size[2] * coarse->grid.spacing[2]);

  if (!oss_path_aorta (coarse, spine, &aorta, tick, error))
    return FALSE;
  length = mark_lumen (coarse, &aorta, tissues->regions);
  if (length >= least)
    return TRUE;
  unmark (tissues->regions, OSS_OWN_BLOOD + 1);
  explain (&tissues->of[OSS_OWN_BLOOD], _ ("no aorta in front of the spine"));
  return TRUE;
}

/* ---- muscle ---- */

static gboolean
is_paraspinal (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data)
{
  const OssPath *spine = data;
  double x = fabs (i - spine->x[k]) * coarse->grid.spacing[0], y = (j - spine->tip[k]) * coarse->grid.spacing[1];

  return x >= 14.0 && x <= 60.0 && y >= -32.0 && y <= 8.0 && coarse->even[at] > 5.0f && coarse->even[at] < 110.0f
         && coarse->body->data[at];
}

static gboolean
mark_muscle (const OssCoarse *coarse, const OssPath *spine, OssOwnTissues *tissues, GError **error)
{
  OssLabels *regions = tissues->regions;
  const guint8 value = OSS_OWN_MUSCLE + 1;

  mark (coarse, regions, value, is_paraspinal, (void *) spine);
  if (!oss_regions_erode (regions, value, 1, LEAST_CELLS, error))
    return FALSE;
  keep_near (coarse, regions, value, peak_of (coarse, regions, value, 10.0, 100.0), MUSCLE_REACH);
  if (!clean (regions, value, 1, error))
    return FALSE;
  if (oss_labels_count (regions, value) == 0)
    explain (&tissues->of[OSS_OWN_MUSCLE], _ ("no muscle beside the spine"));
  return TRUE;
}

/* ---- cortical bone ---- */

static gboolean
is_compact (const OssCoarse *coarse, gsize at, int i, int j, int k, void *data)
{
  return coarse->hu[at] > 1000.0f && coarse->hu[at] < 2400.0f && coarse->body->data[at];
}

static gboolean
mark_bone (const OssCoarse *coarse, OssOwnTissues *tissues, GError **error)
{
  const guint8 value = OSS_OWN_BONE + 1;

  mark (coarse, tissues->regions, value, is_compact, NULL);
  if (!oss_regions_erode (tissues->regions, value, 1, 0, error))
    return FALSE;
  if (oss_labels_count (tissues->regions, value) < 8)
    unmark (tissues->regions, value);
  if (oss_labels_count (tissues->regions, value) == 0)
    explain (&tissues->of[OSS_OWN_BONE], _ ("nowhere thick enough to be read without its surroundings"));
  return TRUE;
}

/* The spine; FALSE with @found FALSE is no error. */
static gboolean
find_spine (const OssCoarse *coarse, OssPath *spine, gboolean *found, const OssTick *tick, GError **error)
{
  g_autoptr (GError) stopped = NULL;

  *found = oss_path_spine (coarse, spine, tick, &stopped);
  if (stopped == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&stopped));
  return FALSE;
}

gboolean
oss_regions_mark_aorta (const OssCoarse *coarse, OssOwnTissues *tissues, const OssTick *tick, GError **error)
{
  g_auto (OssPath) spine = { 0 };
  gboolean found;

  return find_spine (coarse, &spine, &found, tick, error)
         && (!found || mark_blood (coarse, &spine, tissues, tick, error));
}

gboolean
oss_regions_mark (const OssCoarse *coarse, const OssOwnPlace *places, OssOwnTissues *tissues, const OssTick *tick,
                  GError **error)
{
  g_auto (OssPath) spine = { 0 };
  gboolean has_spine;

  if (!find_spine (coarse, &spine, &has_spine, tick, error))
    return FALSE;
  if (!places[OSS_OWN_BONE].given && !mark_bone (coarse, tissues, error))
    return FALSE;
  if (!has_spine)
    {
      explain (&tissues->of[OSS_OWN_BLOOD], _ ("no spine was found to look for the aorta from"));
      explain (&tissues->of[OSS_OWN_MUSCLE], _ ("no spine was found to look for its muscles from"));
    }
  if (has_spine && !mark_blood (coarse, &spine, tissues, tick, error))
    return FALSE;
  if (places[OSS_OWN_BLOOD].given && !places[OSS_OWN_BLOOD].none) /* else it still tells of contrast agent */
    unmark (tissues->regions, OSS_OWN_BLOOD + 1);
  if (has_spine && !places[OSS_OWN_MUSCLE].given && !mark_muscle (coarse, &spine, tissues, error))
    return FALSE;
  return (places[OSS_OWN_FAT].given || mark_fat (coarse, tissues, error))
         && (places[OSS_OWN_AIR].given || mark_air (coarse, tissues, error));
}
