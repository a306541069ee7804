/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-tissue-rows.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#define PLACE_RADIUS_MM 8.0
#define SHOWN 4 /* cortical bone is hardly ever thick enough; the command line takes it */

struct _OssTissueRows
{
  AdwBin parent_instance;

  gboolean updating;
  GtkCheckButton *use[SHOWN];
  GtkLabel *reading[SHOWN];
  GtkWidget *place[SHOWN];
  OssOwnPlace places[OSS_OWN_N];
};

G_DEFINE_FINAL_TYPE (OssTissueRows, oss_tissue_rows, ADW_TYPE_BIN)

static guint changed_signal, place_signal;

static int
row_of (OssTissueRows *self, gpointer widget)
{
  for (int t = 0; t < SHOWN; t++)
    if (widget == (gpointer) self->use[t] || widget == (gpointer) self->place[t])
      return t;
  return 0;
}

static void
use_cb (OssTissueRows *self, GParamSpec *spec, GtkCheckButton *button)
{
  OssOwnPlace *place = &self->places[row_of (self, button)];

  if (self->updating)
    return;
  place->none = !gtk_check_button_get_active (button);
  place->given = place->none; /* used again: found by itself */
  g_signal_emit (self, changed_signal, 0);
}

static void
place_cb (OssTissueRows *self, GtkButton *button)
{
  g_signal_emit (self, place_signal, 0, (guint) row_of (self, button));
}

static void
add_row (OssTissueRows *self, GtkGrid *grid, int t)
{
  guint8 rgb[3];
  GtkWidget *swatch = gtk_label_new (NULL), *button = gtk_button_new_with_label (_ ("At the cross"));
  const char *title = oss_own_tissue_title ((OssOwnTissue) t);

  oss_own_tissue_colour ((OssOwnTissue) t, rgb);
  g_autofree char *markup = g_strdup_printf ("<span foreground=\"#%02x%02x%02x\">■</span>", rgb[0], rgb[1], rgb[2]);
  gtk_label_set_markup (GTK_LABEL (swatch), markup);
  self->use[t] = GTK_CHECK_BUTTON (gtk_check_button_new_with_label (title));
  gtk_check_button_set_active (self->use[t], TRUE);
  self->reading[t] = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->reading[t], 1.0f);
  gtk_widget_add_css_class (GTK_WIDGET (self->reading[t]), "numeric");
  gtk_widget_set_hexpand (GTK_WIDGET (self->reading[t]), TRUE);
  self->place[t] = button;
  /* Translators: tooltip; the tissue is then read around the cross in the slices. */
  gtk_widget_set_tooltip_text (button, _ ("Read it in a ball of 8 mm around the cross"));
  gtk_widget_add_css_class (button, "flat");
  gtk_grid_attach (grid, swatch, 0, t, 1, 1);
  gtk_grid_attach (grid, GTK_WIDGET (self->use[t]), 1, t, 1, 1);
  gtk_grid_attach (grid, GTK_WIDGET (self->reading[t]), 2, t, 1, 1);
  gtk_grid_attach (grid, button, 3, t, 1, 1);
  g_signal_connect_swapped (self->use[t], "notify::active", G_CALLBACK (use_cb), self);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (place_cb), self);
}

static void
oss_tissue_rows_init (OssTissueRows *self)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 6);
  for (int t = 0; t < SHOWN; t++)
    add_row (self, GTK_GRID (grid), t);
  adw_bin_set_child (ADW_BIN (self), grid);
}

static void
oss_tissue_rows_class_init (OssTissueRowsClass *klass)
{
  changed_signal =
      g_signal_new ("changed", OSS_TYPE_TISSUE_ROWS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  place_signal =
      g_signal_new ("place", OSS_TYPE_TISSUE_ROWS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

GtkWidget *
oss_tissue_rows_new (void)
{
  return g_object_new (OSS_TYPE_TISSUE_ROWS, NULL);
}

char *
oss_tissue_rows_get (OssTissueRows *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const OssOwnPlace *place = &self->places[t];
      if (!place->given)
        continue;
      g_string_append_printf (text, "%s%s=", text->len > 0 ? ";" : "", oss_own_tissue_key ((OssOwnTissue) t));
      if (place->none)
        g_string_append (text, "none");
      for (int a = 0; a < 4 && !place->none; a++)
        {
          char digits[G_ASCII_DTOSTR_BUF_SIZE];
          g_ascii_formatd (digits, sizeof digits, "%.2f", a < 3 ? place->centre_mm[a] : place->radius_mm);
          g_string_append_printf (text, "%s%s", a > 0 ? "," : "", digits);
        }
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static void
show_use (OssTissueRows *self)
{
  self->updating = TRUE;
  for (int t = 0; t < SHOWN; t++)
    gtk_check_button_set_active (self->use[t], !self->places[t].none);
  self->updating = FALSE;
}

void
oss_tissue_rows_set_place (OssTissueRows *self, OssOwnTissue tissue, const double centre_mm[3])
{
  OssOwnPlace *place = &self->places[tissue];

  *place = (OssOwnPlace){ .given = TRUE, .radius_mm = PLACE_RADIUS_MM };
  memcpy (place->centre_mm, centre_mm, sizeof place->centre_mm);
  show_use (self);
  g_signal_emit (self, changed_signal, 0);
}

void
oss_tissue_rows_set (OssTissueRows *self, const char *tissues)
{
  if (!oss_own_places_parse (tissues, self->places, NULL))
    memset (self->places, 0, sizeof self->places);
  show_use (self);
}

void
oss_tissue_rows_show (OssTissueRows *self, const OssInternalFit *fit)
{
  for (int t = 0; t < SHOWN; t++)
    {
      const OssOwnRegion *region = fit != NULL ? &fit->tissues->of[t] : NULL;
      g_autofree char *number =
          region != NULL && region->found ? oss_format_fixed (region->mean_hu, 0) : g_strdup ("–");
      g_autofree char *text = g_strdup_printf ("%s HU", number);

      gtk_label_set_text (self->reading[t], region != NULL ? text : "");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->reading[t]),
                                   region != NULL && region->note[0] != '\0' ? region->note : NULL);
      if (region != NULL && !region->used)
        gtk_widget_add_css_class (GTK_WIDGET (self->reading[t]), "dim-label");
      else
        gtk_widget_remove_css_class (GTK_WIDGET (self->reading[t]), "dim-label");
    }
}
