/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/oss-segment-private.h"

#include "base/oss-i18n.h"

#define BONE_SHARE 0.33 /* of the shell's crest over soft tissue: bone of the processes */
#define BONE_LEAST_HU 70.0
#define BONE_MOST_HU 160.0
#define UNCLEAR_SHARE 0.7 /* of the body's surface with a clear edge: below, the reader is told */
#define AIR_HU -300.0
#define SHIFT_MM 7.0
#define WELL_BOUNDED 0.8
#define LOW_MM 15.0 /* lower bodies are fractured */
#define LOW_SHARE 0.7
#define AROUND_MM 2.0  /* a place this far outside the fitted body still means it */
#define BESIDE_MM 25.0 /* from the mid-line: further out than articular processes */

void
oss_segmentation_clear (OssSegmentation *self)
{
  g_clear_pointer (&self->notes, g_ptr_array_unref);
}

static void G_GNUC_PRINTF (2, 3) add_note (OssSegmentation *info, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (info->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

/* The place must be in the image, and not in air. */
static gboolean
check_place (const OssVolume *volume, const double at_mm[3], GError **error)
{
  const OssGrid *grid = &volume->grid;
  double index[3], hu;

  oss_grid_to_index (grid, at_mm, index);
  for (int a = 0; a < 3; a++)
    if (!(index[a] >= -OSS_GRID_REACH && index[a] <= grid->size[a] - 1 + OSS_GRID_REACH))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The place (%.1f, %.1f, %.1f) mm is outside the image."),
                     at_mm[0], at_mm[1], at_mm[2]);
        return FALSE;
      }
  hu = oss_volume_sample_index (volume, index);
  if (hu < AIR_HU)
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
          _ ("The place (%.1f, %.1f, %.1f) mm is in air (%.0f HU): click into the middle of a vertebral body."),
          at_mm[0], at_mm[1], at_mm[2], hu);
      return FALSE;
    }
  return TRUE;
}

/* Fits the body around the place.  A place near an endplate of a low body can lead astray: when the fit is not clearly
 * bounded, or does not hold the place, the same is tried from a little above and below. */
static gboolean
find_body (OssBodyFit *best, const OssWorkBox *box, const double at_mm[3], const OssTick *tick, GError **error)
{
  const double shifts[] = { 0.0, SHIFT_MM, -SHIFT_MM };
  g_autofree OssBodyFit *fit = g_new (OssBodyFit, 1);
  g_autoptr (GError) first = NULL;
  double score = 0.0;

  for (gsize i = 0; i < G_N_ELEMENTS (shifts) && score < WELL_BOUNDED; i++)
    {
      const double from[3] = { at_mm[0], at_mm[1], at_mm[2] + shifts[i] };
      double local[3], held;
      gboolean ok = oss_body_fit (fit, box, from, tick, i == 0 ? &first : NULL);

      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      oss_vertebra_frame_local (&fit->frame, at_mm, local);
      /* A low one may be the disc and two endplates. */
      held = fit->bounded * (fit->frame.height_mm < LOW_MM ? LOW_SHARE : 1.0);
      if (ok && oss_body_depth (fit, local) > -AROUND_MM && held > score)
        {
          *best = *fit;
          score = held;
        }
    }
  if (score > 0.0)
    return TRUE;
  if (first != NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  else
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
        _ ("The place (%.1f, %.1f, %.1f) mm lies beside the bone found there: click into the middle of a vertebral "
           "body."),
        at_mm[0], at_mm[1], at_mm[2]);
  return FALSE;
}

/* Whether the vertebra reaches the first or last plane along an axis. */
static gboolean
touches_border (const OssLabels *labels)
{
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    return FALSE;
  for (int a = 0; a < 3; a++)
    if (low[a] == 0 || high[a] == labels->grid.size[a] - 1)
      return TRUE;
  return FALSE;
}

/* What the work box's competition says about ribs beside this vertebra. */
static gboolean
rib_beside (const OssWorkBox *box, const OssBodyFit *body, const guint8 *owner, int side)
{
  const OssGrid *grid = &box->grid;
  gsize n = 0;

  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        {
          gsize v = oss_grid_offset (grid, i, j, k);
          double mm[3], local[3];

          if (owner[v] != OSS_OWNER_OTHER)
            continue;
          oss_grid_to_patient (grid, (double[3]){ i, j, k }, mm);
          oss_vertebra_frame_local (&body->frame, mm, local);
          n += local[0] * side > BESIDE_MM && fabs (local[2]) < 0.5 * body->frame.height_mm;
        }
  return (double) n * pow (grid->spacing[0], 3) > 300.0;
}

static void
describe (OssSegmentation *info, const OssWorkBox *box, const OssBodyFit *body, const OssBodyFit *const neighbours[2],
          const guint8 *owner, const OssLabels *labels, const OssTick *tick)
{
  info->voxels = oss_labels_count (labels, 1);
  info->volume_mm3 = (double) info->voxels * oss_grid_voxel_mm3 (&labels->grid);
  info->cut_by_image = touches_border (labels);
  info->notes = g_ptr_array_new_with_free_func (g_free);
  if (!oss_segment_frame (labels, &info->frame, tick, NULL))
    {
      info->frame = body->frame;
      add_note (info, "%s", _ ("Axes and sizes are those of the fitted body: the labels alone did not give them."));
    }
  if (info->cut_by_image)
    add_note (info, "%s", _ ("The vertebra reaches the border of the image: it is not complete."));
  for (int above = 0; above < 2; above++)
    if (neighbours[above] == NULL)
      add_note (info, "%s",
                above ? _ ("No vertebral body was found above: check the cut at the upper joints.")
                      : _ ("No vertebral body was found below: check the cut at the lower joints."));
  if (rib_beside (box, body, owner, 1))
    add_note (info, "%s", _ ("Bone on the right side, probably a rib, is cut off: check the joint."));
  if (rib_beside (box, body, owner, -1))
    add_note (info, "%s", _ ("Bone on the left side, probably a rib, is cut off: check the joint."));
  if (body->frame.height_mm < LOW_MM)
    add_note (info, _ ("The body is only %.1f mm high: fractured, or a disc was clicked."), body->frame.height_mm);
  if (body->bounded < UNCLEAR_SHARE)
    add_note (info, _ ("Only %.0f %% of the body's surface has a clear edge (bridges, fractures or noise): check it."),
              100.0 * body->bounded);
  if (info->islands > 0)
    add_note (info, OSS_NGETTEXT ("%u loose piece was left out.", "%u loose pieces were left out.", info->islands),
              info->islands);
}

OssLabels *
oss_segment_click (const OssVolume *volume, const double at_mm[3], OssSegmentation *info, const OssTick *tick,
                   GError **error)
{
  g_auto (OssWorkBox) box = { 0 };
  g_autofree OssBodyFit *fits = g_new0 (OssBodyFit, 3);
  const OssBodyFit *neighbours[2];
  g_autofree guint8 *owner = NULL;
  g_autoptr (OssLabels) solid = NULL;
  g_autoptr (OssLabels) loose = NULL;
  g_autoptr (OssLabels) out = NULL;
  OssSegmentation found = { 0 };

  if (!oss_grid_check (&volume->grid, error) || !check_place (volume, at_mm, error)
      || !oss_tick_report (tick, 0.0, _ ("Finding the vertebral body"), error)
      || !oss_work_box_init (&box, volume, at_mm, tick, error) || !find_body (&fits[2], &box, at_mm, tick, error)
      || !oss_tick_report (tick, 0.4, _ ("Finding its neighbours"), error))
    return NULL;
  for (int above = 0; above < 2; above++)
    neighbours[above] = oss_body_fit_neighbour (&fits[above], &fits[2], above, &box, tick) ? &fits[above] : NULL;
  found.threshold_hu = box.soft_hu + CLAMP (BONE_SHARE * (fits[2].crest_hu - box.soft_hu), BONE_LEAST_HU, BONE_MOST_HU);
  if (!oss_tick_report (tick, 0.7, _ ("Cutting the joints"), error)
      || (owner = oss_bone_owners (&box, &fits[2], neighbours, found.threshold_hu, tick, error)) == NULL
      || (solid = oss_make_solid (&box, &fits[2], owner, tick, error)) == NULL
      || !oss_tick_report (tick, 0.85, NULL, error)
      || (loose = oss_render_vertebra (&box, &fits[2], solid, &volume->grid, tick, error)) == NULL
      || (out = oss_labels_keep_largest (loose, &found.islands, NULL, error)) == NULL
      || !oss_tick_report (tick, 0.95, NULL, error))
    return NULL;
  if (info != NULL)
    {
      describe (&found, &box, &fits[2], neighbours, owner, out, tick);
      *info = found;
    }
  if (!oss_tick_report (tick, 1.0, NULL, error))
    {
      if (info != NULL)
        oss_segmentation_clear (info);
      return NULL;
    }
  return g_steal_pointer (&out);
}
