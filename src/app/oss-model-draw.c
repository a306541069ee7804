/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies over the 3D view: colour bar, axes, words. */
#include "app/oss-model-pane-private.h"

#include "app/oss-colour-bar.h"
#include "app/oss-format.h"
#include "app/oss-pane-text.h"
#include "base/oss-i18n.h"

#include <math.h>

/* The sentence instead of the picture when there is no GL. */
static void
draw_no_gl (OssModelPane *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (
      widget, _ ("3D needs OpenGL 3.3 or OpenGL ES 3.0. This computer offers neither. Slices, analysis and report "
                 "work as usual."));
  const GdkRGBA white = OSS_PANE_WHITE;
  int width = MIN (gtk_widget_get_width (widget) - 40, 320), height;

  pango_layout_set_width (layout, MAX (width, 60) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, NULL, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) (gtk_widget_get_width (widget) - width) / 2,
                                                          (float) (gtk_widget_get_height (widget) - height) / 2));
  gtk_snapshot_append_layout (snapshot, layout, &white);
  gtk_snapshot_restore (snapshot);
}

static char *
cut_words (double right_mm)
{
  g_autofree char *distance = oss_format_fixed (fabs (right_mm), 1);

  if (fabs (right_mm) < 0.05)
    return g_strdup (_ ("Cut plane, through the centre"));
  if (right_mm > 0.0)
    return g_strdup_printf (_ ("Cut plane, %s mm right of centre"), distance);
  return g_strdup_printf (_ ("Cut plane, %s mm left of centre"), distance);
}

static void
draw_words (OssModelPane *self, GtkSnapshot *snapshot, double w, double h)
{
  const OssPaneText title = { 11.5, TRUE, 0, 0, OSS_PANE_WHITE }, plain = { 11.5, FALSE, 0, 0, OSS_PANE_WHITE };
  const OssPaneText hint = { 11.5, FALSE, 0.5, 1.0, OSS_PANE_WHITE }, cut = { 11.5, TRUE, 0, 0, OSS_PANE_BLUE };
  const OssPaneText stale = { 11.5, TRUE, 0, 0, OSS_PANE_YELLOW };
  GtkWidget *widget = GTK_WIDGET (self);
  /* Translators: short for "three-dimensional view". */
  const char *name = _ ("3D");
  const OssLabelView *labels = oss_scene_get_labels (self->scene);
  const char *level = labels != NULL ? oss_vertebra_name (labels->verse) : NULL;
  g_autofree char *caption = NULL;
  double title_width, unused, y = 26; /* of the next line at the left */
  const OssFieldView *field;

  oss_pane_text (snapshot, widget, name, &title, 10, 7);
  oss_pane_text_size (widget, name, &title, &title_width, &unused);
  if (self->model == NULL)
    {
      oss_pane_text (snapshot, widget, _ ("The vertebra appears here after Mesh"), &hint, w / 2, h / 2);
      return;
    }
  field = &self->model->fields[oss_model_pane_shown_field (self)];
  caption = level != NULL ? g_strdup_printf ("%s · %s", level, self->model->caption) : g_strdup (self->model->caption);
  oss_pane_text (snapshot, widget, caption, &plain, 18 + title_width, 7);
  if (self->model->fields[OSS_MODEL_STRESS].values == NULL)
    oss_pane_text (snapshot, widget, _ ("Run Simulate to see stress"), &hint, w / 2, h - 8);
  else if (oss_scene_get_stale (self->scene))
    {
      oss_pane_text (snapshot, widget, _ ("Out of date"), &stale, 10, y);
      y += 19;
    }
  if (field == &self->model->fields[OSS_MODEL_PLASTIC_STRAIN] && !(field->high > field->low))
    oss_pane_text (snapshot, widget, _ ("Nothing has yielded"), &hint, w / 2, h - 8);
  if (self->cut)
    {
      g_autofree char *words = cut_words (self->cut_mm);

      oss_pane_text (snapshot, widget, words, &cut, 10, y);
    }
}

/* Where there is a choice of what is shown, it is the bar's title. */
static void
draw_bar (OssModelPane *self, GtkSnapshot *snapshot)
{
  const OssModelField shown = oss_model_pane_shown_field (self);
  const OssFieldView *fields = self->model->fields;
  gboolean choice = fields[OSS_MODEL_PLASTIC_STRAIN].values != NULL;

  if (fields[shown].values == NULL)
    return;
  oss_colour_bar_draw (snapshot, GTK_WIDGET (self), &self->colours[shown], &fields[shown],
                       /* Translators: the title of a colour bar, with its unit. */
                       choice ? NULL : _ ("von Mises, MPa"),
                       /* Translators: beside the colour of bone that has not yielded. */
                       shown == OSS_MODEL_PLASTIC_STRAIN ? _ ("not yielded") : NULL);
}

void
oss_model_pane_draw_overlays (OssModelPane *self, GtkSnapshot *snapshot)
{
  const int w = gtk_widget_get_width (GTK_WIDGET (self)), h = gtk_widget_get_height (GTK_WIDGET (self));

  if (gtk_gl_area_get_error (GTK_GL_AREA (self)) != NULL)
    {
      draw_no_gl (self, snapshot);
      return;
    }
  if (w < 60 || h < 60)
    return;
  if (self->model != NULL && !oss_scene_get_hide_overlays (self->scene))
    {
      GtkWidget *widget = GTK_WIDGET (self);

      draw_bar (self, snapshot);
      oss_axes_sign_draw (snapshot, widget, &self->camera);
      oss_pane_scale_bar (snapshot, widget, self->camera.height_mm / h, w - 10, h - 10);
    }
  draw_words (self, snapshot, w, h);
}
