/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-text.h"
#include "calibrate/oss-tissue-private.h"

#include <math.h>
#include <string.h>

#define LEAST_AREA_MM2 10.0 /* Michalski 2020 */
#define LEAST_VOXELS 12
#define MOST_RADIUS_MM 60.0

static const char *const keys[OSS_OWN_N] = { "air", "fat", "blood", "muscle", "bone" };
static const char *const titles[OSS_OWN_N] = { N_ ("air"), N_ ("fat"), N_ ("blood"), N_ ("muscle"),
                                               N_ ("cortical bone") };
static const guint8 colours[OSS_OWN_N][3] = {
  { 90, 200, 250 }, { 250, 210, 60 }, { 240, 70, 70 }, { 110, 220, 110 }, { 200, 140, 255 },
};

const char *
oss_own_tissue_key (OssOwnTissue tissue)
{
  return keys[tissue];
}

const char *
oss_own_tissue_title (OssOwnTissue tissue)
{
  return _ (titles[tissue]);
}

void
oss_own_tissue_colour (OssOwnTissue tissue, guint8 rgb[3])
{
  memcpy (rgb, colours[tissue], sizeof colours[tissue]);
}

/* ---- what the user says ---- */

static gboolean
parse_place (const char *text, OssOwnPlace *place)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  double number[4];

  place->given = TRUE;
  if (g_ascii_strcasecmp (text, "none") == 0)
    {
      place->none = TRUE;
      return TRUE;
    }
  if (g_strv_length (parts) != 4)
    return FALSE;
  for (int i = 0; i < 4; i++)
    {
      char *end = NULL;
      number[i] = g_ascii_strtod (parts[i], &end);
      if (end == parts[i] || *end != '\0' || !isfinite (number[i]))
        return FALSE;
    }
  memcpy (place->centre_mm, number, sizeof place->centre_mm);
  place->radius_mm = number[3];
  return place->radius_mm > 0.0 && place->radius_mm <= MOST_RADIUS_MM;
}

static gboolean
parse_one (const char *text, OssOwnPlace *places)
{
  const char *equals = strchr (text, '=');

  for (int t = 0; equals != NULL && t < OSS_OWN_N; t++)
    if (strlen (keys[t]) == (gsize) (equals - text) && strncmp (text, keys[t], (gsize) (equals - text)) == 0)
      return !places[t].given && parse_place (equals + 1, &places[t]);
  return FALSE;
}

gboolean
oss_own_places_parse (const char *text, OssOwnPlace places[OSS_OWN_N], GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "", ";", -1);

  memset (places, 0, OSS_OWN_N * sizeof *places);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      const char *part = g_strstrip (parts[i]);
      if (*part == '\0' || parse_one (part, places))
        continue;
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("“%s”: a tissue is air, fat, blood, muscle or bone, once each, as TISSUE=X,Y,Z,RADIUS in patient "
                      "mm (radius up to %.0f), or TISSUE=none."),
                   part, MOST_RADIUS_MM);
      return FALSE;
    }
  return TRUE;
}

/* ---- what the image says ---- */

void
oss_own_tissues_free (OssOwnTissues *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->regions, oss_labels_unref);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_free (self);
}

static GKeyFile *
load_limits (GError **error)
{
  g_autofree char *path = oss_file_find_data ("own_tissues.ini", error);
  g_autoptr (GKeyFile) file = g_key_file_new ();

  return path != NULL && g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error) ? g_steal_pointer (&file)
                                                                                        : NULL;
}

/* Whether a region may be used; says why not. */
static void
judge (OssOwnRegion *region, OssOwnTissue tissue, GKeyFile *limits)
{
  double low = g_key_file_get_double (limits, keys[tissue], "low_hu", NULL);
  double high = g_key_file_get_double (limits, keys[tissue], "high_hu", NULL);

  region->used = FALSE;
  if (region->note[0] != '\0')
    return;
  if (!region->found)
    oss_text_print (region->note, sizeof region->note, "%s", _ ("outside the image"));
  else if (region->area_mm2 < LEAST_AREA_MM2 || region->voxels < LEAST_VOXELS)
    oss_text_print (region->note, sizeof region->note, _ ("too small: %zu voxels, %.0f mm² (at least %d and %.0f)"),
                    region->voxels, region->area_mm2, LEAST_VOXELS, LEAST_AREA_MM2);
  else if (!(region->mean_hu >= low && region->mean_hu <= high))
    oss_text_print (region->note, sizeof region->note, _ ("reads %.0f HU; this tissue reads %.0f to %.0f"),
                    region->mean_hu, low, high);
  else
    region->used = TRUE;
}

/* Contrast agent by the aorta, or by the header; its blood is no reference any more. */
static void
judge_contrast (OssOwnTissues *self, gboolean named, GKeyFile *limits)
{
  OssOwnRegion *blood = &self->of[OSS_OWN_BLOOD];
  double limit = g_key_file_get_double (limits, "contrast", "aorta_hu", NULL);
  gboolean bright = blood->found && blood->mean_hu > limit;

  self->aorta_hu = blood->found ? blood->mean_hu : NAN;
  self->enhanced = bright;
  self->contrast = bright || named;
  if (bright)
    oss_text_print (blood->note, sizeof blood->note, _ ("holds contrast agent: the aorta reads %.0f HU (limit %.0f)"),
                    blood->mean_hu, limit);
  else if (named && blood->note[0] == '\0')
    oss_text_print (blood->note, sizeof blood->note, "%s", _ ("left out: the header names a contrast agent"));
  if (self->contrast)
    g_ptr_array_add (self->notes,
                     g_strdup (_ ("Contrast agent: marrow takes it up too (13 to 18 HU in L1, Pompe 2015), so density "
                                  "reads too high by an amount that is not known.")));
}

static void
measure (OssOwnTissues *self, const OssVolume *volume, const OssOwnPlace *places)
{
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      OssOwnRegion *region = &self->of[t];
      const OssOwnPlace *place = &places[t];

      region->given = place->given;
      if (place->given && !place->none)
        {
          region->note[0] = '\0';
          oss_region_measure_ball (volume, place, self->regions, (OssOwnTissue) t, region);
          continue;
        }
      oss_region_measure (volume, self->regions, (OssOwnTissue) t, region);
      if (place->none)
        oss_text_print (region->note, sizeof region->note, "%s", _ ("left out by the user"));
    }
}

static void
note_metal (OssOwnTissues *self, const OssCoarse *coarse)
{
  self->metal_cm3 = coarse->metal_cm3;
  self->saturated_share = coarse->saturated_share;
  if (coarse->metal_cm3 > 0.0)
    g_ptr_array_add (
        self->notes,
        g_strdup_printf (_ ("Metal or dense contrast agent (%.1f cm³ above 2600 HU): layers beside it were not read."),
                         MAX (0.1, coarse->metal_cm3)));
}

OssOwnTissues *
oss_own_tissues_find (const OssVolume *volume, const OssOwnPlace places[OSS_OWN_N], gboolean contrast_named,
                      const OssTick *tick, GError **error)
{
  static const OssOwnPlace nothing[OSS_OWN_N];
  g_autoptr (OssOwnTissues) self = g_new0 (OssOwnTissues, 1);
  g_autoptr (GKeyFile) limits = load_limits (error);
  g_auto (OssCoarse) coarse = { 0 };
  OssTick first = oss_tick_part (tick, 0.0, 0.4);

  places = places != NULL ? places : nothing;
  self->notes = g_ptr_array_new_with_free_func (g_free);
  if (limits == NULL || !oss_grid_check (&volume->grid, error) || !oss_coarse_init (&coarse, volume, &first, error))
    return NULL;
  self->regions = oss_labels_new (&coarse.grid, error);
  if (self->regions == NULL || !oss_regions_mark (&coarse, places, self, tick, error)
      || !oss_tick_report (tick, 0.8, NULL, error))
    return NULL;
  note_metal (self, &coarse);
  measure (self, volume, places);
  judge_contrast (self, contrast_named, limits);
  for (int t = 0; t < OSS_OWN_N; t++)
    judge (&self->of[t], (OssOwnTissue) t, limits);
  return oss_tick_report (tick, 1.0, NULL, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
oss_own_aorta_measure (const OssVolume *volume, double *hu, gboolean *enhanced, const OssTick *tick, GError **error)
{
  g_autoptr (OssOwnTissues) self = g_new0 (OssOwnTissues, 1);
  g_autoptr (GKeyFile) limits = load_limits (error);
  g_auto (OssCoarse) coarse = { 0 };
  g_autoptr (GError) failure = NULL;

  *hu = NAN;
  *enhanced = FALSE;
  if (limits == NULL || !oss_grid_check (&volume->grid, error))
    return FALSE;
  self->notes = g_ptr_array_new_with_free_func (g_free);
  if (!oss_coarse_init (&coarse, volume, tick, &failure)
      || (self->regions = oss_labels_new (&coarse.grid, &failure)) == NULL
      || !oss_regions_mark_aorta (&coarse, self, tick, &failure))
    {
      if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_REFUSED))
        return TRUE; /* no trunk: no aorta */
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  oss_region_measure (volume, self->regions, OSS_OWN_BLOOD, &self->of[OSS_OWN_BLOOD]);
  judge_contrast (self, FALSE, limits);
  *hu = self->aorta_hu;
  *enhanced = self->enhanced;
  return TRUE;
}

char *
oss_own_tissues_describe (const OssOwnTissues *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int t = 0; t < OSS_OWN_N; t++)
    if (self->of[t].used)
      g_string_append_printf (text, text->len > 0 ? ", %s" : "%s", oss_own_tissue_title ((OssOwnTissue) t));
  if (text->len == 0)
    g_string_append (text, _ ("no tissue"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* ---- picture ---- */

#define SIDE 460

static OssPicture *
draw_plane (const OssOwnTissues *self, const OssVolume *volume, OssPlane plane, const double centre[3])
{
  OssSliceView view = { .plane = plane, .width = SIDE, .height = SIDE, .level = 20.0, .window = 500.0 };

  oss_slice_fit (&view, &volume->grid);
  if (plane == OSS_PLANE_AXIAL)
    view.centre_mm[2] = centre[2];
  else
    view.centre_mm[0] = centre[0];
  OssPicture *picture = oss_slice_picture (volume, &view);
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      guint8 rgb[3];
      oss_own_tissue_colour ((OssOwnTissue) t, rgb);
      if (self->of[t].found)
        oss_slice_outline (picture, &view, self->regions, (guint8) (t + 1), rgb, 1.5, self->of[t].used ? 0.25 : 0.0);
    }
  return picture;
}

OssPicture *
oss_own_tissues_picture (const OssOwnTissues *self, const OssVolume *volume)
{
  const OssOwnRegion *near = &self->of[OSS_OWN_BLOOD];
  double centre[3];

  if (!near->found)
    near = self->of[OSS_OWN_MUSCLE].found ? &self->of[OSS_OWN_MUSCLE] : &self->of[OSS_OWN_FAT];
  memcpy (centre, near->centre_mm, sizeof centre);
  g_autoptr (OssPicture) axial = draw_plane (self, volume, OSS_PLANE_AXIAL, centre);
  g_autoptr (OssPicture) sagittal = draw_plane (self, volume, OSS_PLANE_SAGITTAL, centre);
  OssPicture *both = oss_picture_new (2 * SIDE, SIDE);
  for (int y = 0; y < SIDE; y++)
    {
      memcpy (both->rgba + (gsize) y * 8 * SIDE, axial->rgba + (gsize) y * 4 * SIDE, 4 * SIDE);
      memcpy (both->rgba + (gsize) y * 8 * SIDE + 4 * SIDE, sagittal->rgba + (gsize) y * 4 * SIDE, 4 * SIDE);
    }
  return both;
}
