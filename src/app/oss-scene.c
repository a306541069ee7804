/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-scene.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct _OssScene
{
  GObject parent_instance;

  OssVolume *volume;
  char *facts, *brief;
  double cursor_mm[3];
  double pointer_mm[3];
  gboolean has_pointer;
  double level, window;
  OssLabelView labels;
  OssLabels *tissues;
  gboolean show_labels, hide_overlays;
  OssModel *model;
  gboolean stale;
  OssCalibrationLine line;
  gboolean has_line;
  OssPhantomFit phantom;
  gboolean has_phantom;
};

G_DEFINE_FINAL_TYPE (OssScene, oss_scene, G_TYPE_OBJECT)

static guint changed_signal;

static void
emit_changed (OssScene *self, OssSceneChange what)
{
  g_signal_emit (self, changed_signal, 0, (guint) what);
}

static void
oss_scene_finalize (GObject *object)
{
  OssScene *self = OSS_SCENE (object);

  g_clear_pointer (&self->volume, oss_volume_unref);
  g_clear_pointer (&self->labels.labels, oss_labels_unref);
  g_clear_pointer (&self->tissues, oss_labels_unref);
  g_clear_pointer (&self->model, oss_model_unref);
  g_free (self->facts);
  g_free (self->brief);
  G_OBJECT_CLASS (oss_scene_parent_class)->finalize (object);
}

static void
oss_scene_class_init (OssSceneClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_scene_finalize;
  changed_signal =
      g_signal_new ("changed", OSS_TYPE_SCENE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
oss_scene_init (OssScene *self)
{
  self->level = 350.0;
  self->window = 1400.0;
  self->show_labels = TRUE;
}

OssScene *
oss_scene_new (void)
{
  return g_object_new (OSS_TYPE_SCENE, NULL);
}

const OssVolume *
oss_scene_get_volume (OssScene *self)
{
  return self->volume;
}

void
oss_scene_set_volume (OssScene *self, OssVolume *volume)
{
  if (self->volume == volume)
    return;
  g_clear_pointer (&self->volume, oss_volume_unref);
  oss_scene_set_labels (self, NULL);
  oss_scene_set_model (self, NULL);
  self->has_pointer = FALSE;
  if (volume != NULL)
    {
      const int *size = volume->grid.size;
      double middle[3] = { 0.5 * (size[0] - 1), 0.5 * (size[1] - 1), 0.5 * (size[2] - 1) };

      self->volume = oss_volume_ref (volume);
      oss_grid_to_patient (&volume->grid, middle, self->cursor_mm);
    }
  emit_changed (self, OSS_SCENE_VOLUME | OSS_SCENE_CURSOR);
}

void
oss_scene_swap_volume (OssScene *self, OssVolume *volume)
{
  g_return_if_fail (self->volume != NULL && oss_grid_equal (&self->volume->grid, &volume->grid, 1e-3));
  if (self->volume == volume)
    return;
  oss_volume_unref (self->volume);
  self->volume = oss_volume_ref (volume);
  emit_changed (self, OSS_SCENE_LEVEL);
}

const char *
oss_scene_get_facts (OssScene *self, gboolean brief)
{
  const char *text = brief ? self->brief : self->facts;

  return text != NULL ? text : "";
}

void
oss_scene_set_facts (OssScene *self, const char *facts, const char *brief)
{
  g_free (self->facts);
  g_free (self->brief);
  self->facts = g_strdup (facts);
  self->brief = g_strdup (brief);
  emit_changed (self, OSS_SCENE_OVERLAYS);
}

const double *
oss_scene_get_cursor (OssScene *self)
{
  return self->cursor_mm;
}

void
oss_scene_set_cursor (OssScene *self, const double lps_mm[3])
{
  double index[3];

  if (self->volume == NULL)
    return;
  oss_grid_to_index (&self->volume->grid, lps_mm, index);
  for (int a = 0; a < 3; a++)
    index[a] = CLAMP (index[a], 0.0, self->volume->grid.size[a] - 1.0);
  oss_grid_to_patient (&self->volume->grid, index, self->cursor_mm);
  emit_changed (self, OSS_SCENE_CURSOR);
}

const double *
oss_scene_get_pointer (OssScene *self)
{
  return self->has_pointer ? self->pointer_mm : NULL;
}

void
oss_scene_set_pointer (OssScene *self, const double lps_mm[3])
{
  /* Redrawing under a resting pointer brings motion events without motion. */
  if (lps_mm == NULL ? !self->has_pointer
                     : self->has_pointer && memcmp (self->pointer_mm, lps_mm, sizeof self->pointer_mm) == 0)
    return;
  self->has_pointer = lps_mm != NULL;
  if (lps_mm != NULL)
    memcpy (self->pointer_mm, lps_mm, sizeof self->pointer_mm);
  emit_changed (self, OSS_SCENE_POINTER);
}

double
oss_scene_get_level (OssScene *self)
{
  return self->level;
}

double
oss_scene_get_window (OssScene *self)
{
  return self->window;
}

void
oss_scene_set_level (OssScene *self, double level, double window)
{
  self->level = CLAMP (level, -32768.0, 32767.0);
  self->window = CLAMP (window, 1.0, 65535.0);
  emit_changed (self, OSS_SCENE_LEVEL);
}

static int
compare_floats (const void *a, const void *b)
{
  float x = *(const float *) a, y = *(const float *) b;

  return (x > y) - (x < y);
}

/* The 2nd to the 98th percentile, from at most 100 000 voxels at even steps. */
static void
middle_range (const OssVolume *volume, double *low, double *high)
{
  gsize count = oss_grid_count (&volume->grid), step = MAX (count / 100000, 1), n = 0;
  g_autofree float *sample = g_new (float, count / step + 1);

  for (gsize i = 0; i < count; i += step)
    sample[n++] = volume->data[i];
  qsort (sample, n, sizeof *sample, compare_floats);
  *low = sample[(gsize) (0.02 * (double) (n - 1))];
  *high = sample[(gsize) (0.98 * (double) (n - 1))];
}

void
oss_scene_set_preset (OssScene *self, int preset)
{
  static const double presets[5][2] = { { 350, 1400 }, { 50, 400 }, { 80, 600 }, { -600, 1500 } };
  double low, high;

  if (preset >= 1 && preset <= 4)
    {
      oss_scene_set_level (self, presets[preset - 1][0], presets[preset - 1][1]);
      return;
    }
  if (self->volume == NULL)
    return;
  if (preset == 5)
    oss_volume_range (self->volume, &low, &high);
  else
    middle_range (self->volume, &low, &high);
  oss_scene_set_level (self, 0.5 * (low + high), MAX (high - low, 1.0));
}

const char *
oss_scene_preset_name (int preset)
{
  switch (preset)
    {
    case 1:
      /* Translators: a grey-level preset of CT images. */
      return _ ("Bone");
    case 2:
      /* Translators: a grey-level preset of CT images: soft tissue. */
      return _ ("Soft");
    case 3:
      /* Translators: a grey-level preset of CT images. */
      return _ ("Spine");
    case 4:
      /* Translators: a grey-level preset of CT images. */
      return _ ("Lung");
    case 5:
      return _ ("Full range");
    default:
      return _ ("Fitted to this scan");
    }
}

const OssLabelView *
oss_scene_get_labels (OssScene *self)
{
  return self->labels.labels != NULL ? &self->labels : NULL;
}

void
oss_scene_set_labels (OssScene *self, const OssLabelView *view)
{
  OssLabels *old = self->labels.labels;

  if (view != NULL)
    {
      self->labels = *view;
      oss_labels_ref (self->labels.labels);
    }
  else
    memset (&self->labels, 0, sizeof self->labels);
  g_clear_pointer (&old, oss_labels_unref);
  emit_changed (self, OSS_SCENE_LABELS);
}

gboolean
oss_scene_get_show_labels (OssScene *self)
{
  return self->show_labels;
}

void
oss_scene_set_show_labels (OssScene *self, gboolean show)
{
  self->show_labels = show;
  emit_changed (self, OSS_SCENE_LABELS);
}

void
oss_scene_level_colour (guint8 verse, guint8 rgb[3])
{
  static const guint8 colours[4][3] = {
    { 0x62, 0xa0, 0xea }, /* T12 */
    { 0x33, 0xd1, 0x7a }, /* L1, and a level without a name */
    { 0xdc, 0x8a, 0xdd }, /* L2 */
    { 0xf9, 0xc7, 0x4f }, /* L3 */
  };
  guint t12 = oss_vertebra_from_name ("T12");

  memcpy (rgb, colours[verse == 0 ? 1 : (verse + 4 * 32 - t12) % 4], 3);
}

gboolean
oss_scene_get_hide_overlays (OssScene *self)
{
  return self->hide_overlays;
}

void
oss_scene_set_hide_overlays (OssScene *self, gboolean hide)
{
  if (self->hide_overlays == hide)
    return;
  self->hide_overlays = hide;
  emit_changed (self, OSS_SCENE_OVERLAYS);
}

OssModel *
oss_scene_get_model (OssScene *self)
{
  return self->model;
}

void
oss_scene_set_model (OssScene *self, OssModel *model)
{
  if (self->model == model)
    return;
  g_clear_pointer (&self->model, oss_model_unref);
  self->model = model != NULL ? oss_model_ref (model) : NULL;
  emit_changed (self, OSS_SCENE_MODEL);
}

gboolean
oss_scene_get_stale (OssScene *self)
{
  return self->stale;
}

void
oss_scene_set_stale (OssScene *self, gboolean stale)
{
  if (self->stale == stale)
    return;
  self->stale = stale;
  emit_changed (self, OSS_SCENE_OVERLAYS);
}

void
oss_scene_focus_vertebra (OssScene *self)
{
  emit_changed (self, OSS_SCENE_FOCUS);
}

OssLabels *
oss_scene_get_tissues (OssScene *self)
{
  return self->tissues;
}

void
oss_scene_set_tissues (OssScene *self, OssLabels *tissues)
{
  if (tissues == self->tissues)
    return;
  g_clear_pointer (&self->tissues, oss_labels_unref);
  self->tissues = tissues != NULL ? oss_labels_ref (tissues) : NULL;
  emit_changed (self, OSS_SCENE_LABELS);
}

const OssCalibrationLine *
oss_scene_get_line (OssScene *self)
{
  return self->has_line ? &self->line : NULL;
}

void
oss_scene_set_line (OssScene *self, const OssCalibrationLine *line)
{
  self->has_line = line != NULL;
  if (line != NULL)
    self->line = *line;
  emit_changed (self, OSS_SCENE_OVERLAYS);
}

const OssPhantomFit *
oss_scene_get_phantom (OssScene *self)
{
  return self->has_phantom ? &self->phantom : NULL;
}

void
oss_scene_set_phantom (OssScene *self, const OssPhantomFit *fit)
{
  self->has_phantom = fit != NULL;
  if (fit != NULL)
    self->phantom = *fit;
  emit_changed (self, OSS_SCENE_OVERLAYS);
}

char *
oss_scene_describe_value (OssScene *self, const double lps_mm[3])
{
  g_autofree char *number = NULL, *density = NULL;
  double index[3], value;

  if (self->volume == NULL)
    return g_strdup ("");
  oss_grid_to_index (&self->volume->grid, lps_mm, index);
  for (int a = 0; a < 3; a++)
    if (!(index[a] >= -0.5 && index[a] <= self->volume->grid.size[a] - 0.5))
      return g_strdup ("");

  value = oss_volume_sample_index (self->volume, index);
  number = oss_format_fixed (value, 0);
  if (self->volume->quantity == OSS_QUANTITY_DENSITY)
    return g_strdup_printf ("%s mg/cm³ %s", number, self->has_line ? oss_format_basis (self->line.basis) : "");
  if (!self->has_line)
    return g_strdup_printf ("%s HU", number);
  density = oss_format_fixed (self->line.slope * value + self->line.intercept, 0);
  return g_strdup_printf ("%s HU  %s mg/cm³ %s", number, density, oss_format_basis (self->line.basis));
}
