/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-tissue-rows.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define PLACE_RADIUS_MM 8.0
#define READ_COLUMN 2
#define OFF_COLUMN 3
/* As rows are titled; sentences have words of their own. */
static const char *const titles[OSS_OWN_N] = { N_ ("Air"), N_ ("Fat"), N_ ("Blood"), N_ ("Muscle"),
                                               N_ ("Cortical bone") };

#define SHOWN 4 /* cortical bone is hardly ever thick enough; the command line takes it */

struct _OssTissueRows
{
  AdwBin parent_instance;

  gboolean updating;
  GtkCheckButton *use[SHOWN];
  GtkLabel *reading[SHOWN], *residual[SHOWN];
  GtkWidget *heads[2]; /* of the two columns of numbers */
  GtkLabel *energy;
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

static GtkLabel *
make_number (GtkGrid *grid, int column, int row)
{
  GtkLabel *label = GTK_LABEL (gtk_label_new (NULL));

  gtk_label_set_xalign (label, 1.0f);
  gtk_widget_add_css_class (GTK_WIDGET (label), "numeric");
  gtk_widget_set_hexpand (GTK_WIDGET (label), column == READ_COLUMN);
  gtk_grid_attach (grid, GTK_WIDGET (label), column, row, 1, 1);
  return label;
}

static GtkWidget *
make_place_button (const char *title)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("find-location-symbolic");
  /* Translators: a button's spoken name; %s is a tissue: "Read at the cursor: Fat". */
  g_autofree char *spoken = g_strdup_printf (_ ("Read at the cursor: %s"), title);

  /* Translators: tooltip; the tissue is then read around the linked cursor in the slices. */
  gtk_widget_set_tooltip_text (button, _ ("Read at the cursor, in a ball of 8 mm"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_widget_add_css_class (button, "flat");
  return button;
}

static void
add_row (OssTissueRows *self, GtkGrid *grid, int t)
{
  guint8 rgb[3];
  GtkWidget *swatch = gtk_label_new (NULL);
  const char *title = _ (titles[t]);

  oss_own_tissue_colour ((OssOwnTissue) t, rgb);
  g_autofree char *markup = g_strdup_printf ("<span foreground=\"#%02x%02x%02x\">■</span>", rgb[0], rgb[1], rgb[2]);
  gtk_label_set_markup (GTK_LABEL (swatch), markup);
  self->use[t] = GTK_CHECK_BUTTON (gtk_check_button_new_with_label (title));
  gtk_check_button_set_active (self->use[t], TRUE);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->use[t]), _ ("Use this tissue"));
  self->reading[t] = make_number (grid, READ_COLUMN, t + 1);
  self->residual[t] = make_number (grid, OFF_COLUMN, t + 1);
  self->place[t] = make_place_button (title);
  gtk_grid_attach (grid, swatch, 0, t + 1, 1, 1);
  gtk_grid_attach (grid, GTK_WIDGET (self->use[t]), 1, t + 1, 1, 1);
  gtk_grid_attach (grid, self->place[t], 4, t + 1, 1, 1);
  g_signal_connect_swapped (self->use[t], "notify::active", G_CALLBACK (use_cb), self);
  g_signal_connect_swapped (self->place[t], "clicked", G_CALLBACK (place_cb), self);
}

static void
add_head (OssTissueRows *self, GtkGrid *grid, int column, const char *text)
{
  GtkLabel *label = make_number (grid, column, 0);

  gtk_label_set_text (label, text);
  gtk_widget_add_css_class (GTK_WIDGET (label), "dim");
  gtk_widget_add_css_class (GTK_WIDGET (label), "small");
  gtk_widget_set_visible (GTK_WIDGET (label), FALSE);
  self->heads[column - READ_COLUMN] = GTK_WIDGET (label);
}

static void
oss_tissue_rows_init (OssTissueRows *self)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 6);
  /* Translators: heads of two columns: what a tissue reads, and how far that is from what it should. */
  add_head (self, GTK_GRID (grid), READ_COLUMN, _ ("reads"));
  add_head (self, GTK_GRID (grid), OFF_COLUMN, _ ("off by"));
  for (int t = 0; t < SHOWN; t++)
    add_row (self, GTK_GRID (grid), t);
  self->energy = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->energy, 0.0f);
  gtk_widget_add_css_class (GTK_WIDGET (self->energy), "dim");
  gtk_widget_add_css_class (GTK_WIDGET (self->energy), "small");
  gtk_widget_set_visible (GTK_WIDGET (self->energy), FALSE);
  gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (self->energy), 0, SHOWN + 1, 5, 1);
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

/* How far a tissue reads from what it should at the energy found, and how well that is known. */
static void
show_residual (OssTissueRows *self, const OssInternalFit *fit, int t)
{
  const OssInternalPoint *point = fit != NULL ? &fit->points[t] : NULL;
  g_autofree char *text = NULL, *tip = NULL;

  if (point != NULL && point->used)
    {
      double off = point->hu - point->expected_hu;
      g_autofree char *number = oss_format_fixed (off, 0), *spread = oss_format_fixed (point->sd_hu, 0);
      g_autofree char *expected = oss_format_fixed (point->expected_hu, 0);
      g_autofree char *energy = oss_format_fixed (fit->energy_kev, 1);

      text = g_strdup_printf ("%s%s ± %s", round (off) > 0.0 ? "+" : "", number, spread);
      tip =
          g_strdup_printf (_ ("%s HU is expected at %s keV; persons differ, and ± says by how much"), expected, energy);
    }
  gtk_label_set_text (self->residual[t], text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->residual[t]), tip);
}

static void
show_energy (OssTissueRows *self, const OssInternalFit *fit)
{
  g_autofree char *energy = fit != NULL ? oss_format_fixed (fit->energy_kev, 1) : NULL, *text = NULL;
  g_autofree char *spread = fit != NULL ? oss_format_fixed (fit->energy_sd_kev, 1) : NULL;

  if (fit != NULL)
    text = isfinite (fit->energy_sd_kev) && fit->energy_sd_kev > 0.0
               ? g_strdup_printf (_ ("Effective energy %s ± %s keV"), energy, spread)
               : g_strdup_printf (_ ("Effective energy %s keV"), energy);
  gtk_label_set_label (self->energy, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->energy), fit != NULL);
}

static void
show_reading (OssTissueRows *self, const OssOwnRegion *region, int t)
{
  g_autofree char *number = region != NULL && region->found ? oss_format_fixed (region->mean_hu, 0) : g_strdup ("–");
  g_autofree char *text = g_strdup_printf ("%s HU", number);

  gtk_label_set_text (self->reading[t], region != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->reading[t]),
                               region != NULL && region->note[0] != '\0' ? region->note : NULL);
  if (region != NULL && !region->used)
    gtk_widget_add_css_class (GTK_WIDGET (self->reading[t]), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->reading[t]), "dim-label");
}

void
oss_tissue_rows_show (OssTissueRows *self, const OssInternalFit *fit)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->heads); i++)
    gtk_widget_set_visible (self->heads[i], fit != NULL);
  show_energy (self, fit);
  for (int t = 0; t < SHOWN; t++)
    {
      show_reading (self, fit != NULL ? &fit->tissues->of[t] : NULL, t);
      show_residual (self, fit, t);
    }
}
