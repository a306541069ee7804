/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-certificate-window.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"
#include "calibrate/oss-phantom-certificate.h"

#include <math.h>

#define USUAL_RODS 5 /* of a model whose certificates alone have values */

/* What is typed: texts as they stand, so that half a number is undone to half a number. */
typedef struct
{
  int n;
  char *serial;
  char *density[OSS_PHANTOM_MAX_RODS], *water[OSS_PHANTOM_MAX_RODS];
} Sheet;

struct _OssCertificateWindow
{
  AdwWindow parent_instance;

  gboolean updating, warned; /* filled by the program; said that closing loses what was typed */
  OssPhantom model;          /* name, title, basis */
  gboolean water;
  char **serials;      /* known ones */
  Sheet *now, *saved;  /* @saved: what the file or the table has */
  GQueue undone, done; /* Sheet* */
  gpointer typed_in;   /* the entry of the last change: a run of letters is one step */

  AdwWindowTitle *heading;
  GtkButton *undo, *redo, *save, *add, *remove, *revert, *forget;
  GtkDropDown *known;
  GtkEntry *serial;
  GtkGrid *rods;
  GtkEntry *density[OSS_PHANTOM_MAX_RODS], *column[OSS_PHANTOM_MAX_RODS];
  GtkLabel *state, *source;
};

G_DEFINE_FINAL_TYPE (OssCertificateWindow, oss_certificate_window, ADW_TYPE_WINDOW)

static guint saved_signal;

/* --- Sheets --- */

static void
sheet_free (gpointer data)
{
  Sheet *self = data;

  if (self == NULL)
    return;
  g_free (self->serial);
  for (int i = 0; i < OSS_PHANTOM_MAX_RODS; i++)
    {
      g_free (self->density[i]);
      g_free (self->water[i]);
    }
  g_free (self);
}

static Sheet *
sheet_copy (const Sheet *self)
{
  Sheet *copy = g_new0 (Sheet, 1);

  copy->n = self->n;
  copy->serial = g_strdup (self->serial);
  for (int i = 0; i < self->n; i++)
    {
      copy->density[i] = g_strdup (self->density[i]);
      copy->water[i] = g_strdup (self->water[i]);
    }
  return copy;
}

static gboolean
sheet_equal (const Sheet *a, const Sheet *b)
{
  if (a->n != b->n || !g_str_equal (a->serial, b->serial))
    return FALSE;
  for (int i = 0; i < a->n; i++)
    if (!g_str_equal (a->density[i], b->density[i]) || !g_str_equal (a->water[i], b->water[i]))
      return FALSE;
  return TRUE;
}

static char *
number_text (double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (digits, sizeof digits, "%.10g", value));
}

/* The values of a phantom; empty fields for one without. */
static Sheet *
sheet_of (const OssPhantom *phantom, int n, const char *serial)
{
  Sheet *self = g_new0 (Sheet, 1);

  self->n = n;
  self->serial = g_strdup (serial != NULL ? serial : "");
  for (int i = 0; i < n; i++)
    {
      self->density[i] = phantom != NULL ? number_text (phantom->rod_density[i]) : g_strdup ("");
      self->water[i] =
          phantom != NULL && phantom->rod_water[i] > 0.0 ? number_text (phantom->rod_water[i]) : g_strdup ("");
    }
  return self;
}

/* A number with point or comma, hyphen or minus; NaN when it is none. */
static double
read_number (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "−", -1);
  g_autofree char *plain = g_strdelimit (g_strstrip (g_strjoinv ("-", parts)), ",", '.');
  char *end = NULL;
  double value = g_ascii_strtod (plain, &end);

  return end != plain && *end == '\0' && isfinite (value) ? value : NAN;
}

/* --- What the fields say --- */

static void
mark (GtkEntry *entry, gboolean wrong)
{
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_STATE_INVALID,
                               wrong ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

/* The values typed; what cannot be kept is marked, and said. */
static gboolean
read_sheet (OssCertificateWindow *self, OssPhantom *phantom, GError **error)
{
  g_autofree char *serial = g_strstrip (g_strdup (self->now->serial));
  int missing = -1, rod;

  *phantom = self->model;
  phantom->n_rods = self->now->n;
  g_strlcpy (phantom->serial, serial, sizeof phantom->serial);
  for (int i = 0; i < self->now->n; i++)
    {
      phantom->rod_density[i] = read_number (self->now->density[i]);
      phantom->rod_water[i] = self->water ? read_number (self->now->water[i]) : 0.0;
      mark (self->density[i], isnan (phantom->rod_density[i]));
      if (self->water)
        mark (self->column[i], isnan (phantom->rod_water[i]));
      if (missing < 0 && (isnan (phantom->rod_density[i]) || isnan (phantom->rod_water[i])))
        missing = i;
    }
  mark (self->serial, FALSE);
  if (missing >= 0)
    {
      const char name[2] = { (char) ('A' + missing), '\0' };

      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Rod %s: a number in mg/cm³ is missing."), name);
      return FALSE;
    }
  if (oss_certificate_check (phantom, &rod, error))
    return TRUE;
  if (rod >= 0)
    mark (self->density[rod], TRUE);
  else
    mark (self->serial, *serial == '\0');
  return FALSE;
}

static void
show_source (OssCertificateWindow *self)
{
  g_autofree char *path = oss_phantom_certificates_path (), *text = NULL;
  gboolean own = oss_certificate_is_own (self->model.name, self->now->serial);

  if (own)
    /* Translators: %s is a file. */
    text = g_strdup_printf (_ ("Your own certificate, kept in %s."), path);
  else if (*self->model.source != '\0')
    /* Translators: %s is a citation. */
    text = g_strdup_printf (_ ("Values of the table: %s. Your own go before them."), self->model.source);
  gtk_label_set_label (self->source, text != NULL ? text : "");
  gtk_widget_set_sensitive (GTK_WIDGET (self->forget), own);
}

static void
validate (OssCertificateWindow *self)
{
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  gboolean good = read_sheet (self, &phantom, &error), changed = !sheet_equal (self->now, self->saved);

  self->warned = FALSE;
  gtk_label_set_label (self->state, good ? "" : error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->state), !good);
  if (good)
    gtk_widget_remove_css_class (GTK_WIDGET (self->state), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->state), "error");
  gtk_widget_set_sensitive (GTK_WIDGET (self->save),
                            good && (changed || !oss_certificate_is_own (phantom.name, phantom.serial)));
  gtk_widget_set_sensitive (GTK_WIDGET (self->undo), !g_queue_is_empty (&self->done));
  gtk_widget_set_sensitive (GTK_WIDGET (self->redo), !g_queue_is_empty (&self->undone));
  gtk_widget_set_sensitive (GTK_WIDGET (self->revert), changed);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add), self->now->n < OSS_PHANTOM_MAX_RODS && !self->model.reference_rod);
  gtk_widget_set_sensitive (GTK_WIDGET (self->remove), self->now->n > 2);
  show_source (self);
}

/* --- The table of rods --- */

static void entry_cb (OssCertificateWindow *self, gpointer entry);

static GtkEntry *
add_number (OssCertificateWindow *self, int column, int rod, const char *text, const char *spoken)
{
  GtkEntry *entry = GTK_ENTRY (gtk_entry_new ());

  gtk_editable_set_text (GTK_EDITABLE (entry), text);
  gtk_editable_set_enable_undo (GTK_EDITABLE (entry), FALSE);
  gtk_editable_set_width_chars (GTK_EDITABLE (entry), 10);
  gtk_entry_set_alignment (entry, 1.0f);
  gtk_entry_set_input_purpose (entry, GTK_INPUT_PURPOSE_NUMBER);
  gtk_widget_set_hexpand (GTK_WIDGET (entry), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (entry), "numeric");
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_grid_attach (self->rods, GTK_WIDGET (entry), column, rod + 1, 1, 1);
  g_signal_connect_swapped (entry, "changed", G_CALLBACK (entry_cb), self);
  return entry;
}

static void
add_label (OssCertificateWindow *self, int column, int row, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0.0f : 1.0f);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  if (row == 0)
    gtk_widget_add_css_class (label, "dim");
  gtk_grid_attach (self->rods, label, column, row, 1, 1);
}

static char *
rod_title (OssCertificateWindow *self, int rod)
{
  const char name[2] = { (char) ('A' + rod), '\0' };

  /* Translators: of a phantom with one rod: the rod's density, and that of what it lies in. */
  if (self->model.reference_rod)
    return g_strdup (rod == 0 ? _ ("Rod") : _ ("Around the rod"));
  return g_strdup_printf (_ ("Rod %s"), name);
}

static void
fill_rods (OssCertificateWindow *self)
{
  GtkWidget *child;
  g_autofree char *density = g_strdup_printf (_ ("%s, mg/cm³"), oss_format_basis (self->model.basis));

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->rods))) != NULL)
    gtk_grid_remove (self->rods, child);
  add_label (self, 1, 0, density);
  if (self->water)
    add_label (self, 2, 0, _ ("Water equivalent, mg/cm³"));
  for (int i = 0; i < self->now->n; i++)
    {
      g_autofree char *title = rod_title (self, i);
      /* Translators: spoken names of two columns of numbers; %s is "Rod A". */
      g_autofree char *spoken = g_strdup_printf (_ ("%s: density, mg/cm³"), title);
      g_autofree char *spoken_water = g_strdup_printf (_ ("%s: water-equivalent density, mg/cm³"), title);

      add_label (self, 0, i + 1, title);
      self->density[i] = add_number (self, 1, i, self->now->density[i], spoken);
      if (self->water)
        self->column[i] = add_number (self, 2, i, self->now->water[i], spoken_water);
    }
}

static void
show_sheet (OssCertificateWindow *self)
{
  self->updating = TRUE;
  gtk_editable_set_text (GTK_EDITABLE (self->serial), self->now->serial);
  fill_rods (self);
  self->updating = FALSE;
  self->typed_in = NULL;
  validate (self);
}

/* --- Changes --- */

static void
remember (OssCertificateWindow *self)
{
  g_queue_push_tail (&self->done, sheet_copy (self->now));
  g_queue_clear_full (&self->undone, sheet_free);
}

/* (transfer full) @sheet */
static void
change (OssCertificateWindow *self, Sheet *sheet)
{
  remember (self);
  sheet_free (self->now);
  self->now = sheet;
  show_sheet (self);
}

static void
entry_cb (OssCertificateWindow *self, gpointer entry)
{
  if (self->updating || self->now == NULL)
    return;
  if (self->typed_in != entry)
    remember (self);
  self->typed_in = entry;
  g_free (self->now->serial);
  self->now->serial = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->serial)));
  for (int i = 0; i < self->now->n; i++)
    {
      g_free (self->now->density[i]);
      self->now->density[i] = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->density[i])));
      if (!self->water)
        continue;
      g_free (self->now->water[i]);
      self->now->water[i] = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->column[i])));
    }
  validate (self);
}

static void
step (OssCertificateWindow *self, GQueue *from, GQueue *to)
{
  if (g_queue_is_empty (from))
    return;
  g_queue_push_tail (to, self->now);
  self->now = g_queue_pop_tail (from);
  show_sheet (self);
}

static void
undo_cb (OssCertificateWindow *self)
{
  step (self, &self->done, &self->undone);
}

static void
redo_cb (OssCertificateWindow *self)
{
  step (self, &self->undone, &self->done);
}

static void
revert_cb (OssCertificateWindow *self)
{
  change (self, sheet_copy (self->saved));
}

static void
add_cb (OssCertificateWindow *self)
{
  Sheet *more = sheet_copy (self->now);

  more->density[more->n] = g_strdup ("");
  more->water[more->n++] = g_strdup ("");
  change (self, more);
  gtk_widget_grab_focus (GTK_WIDGET (self->density[self->now->n - 1]));
}

static void
remove_cb (OssCertificateWindow *self)
{
  Sheet *less = sheet_copy (self->now);

  less->n--;
  g_clear_pointer (&less->density[less->n], g_free);
  g_clear_pointer (&less->water[less->n], g_free);
  change (self, less);
}

/* --- The file --- */

/* What file and table say of a serial number; empty fields when nothing is known. */
static Sheet *
load (OssCertificateWindow *self, const char *serial)
{
  OssPhantom phantom;

  if (oss_phantom_find_serial (self->model.name, serial, NULL, &phantom, NULL))
    {
      g_strlcpy (self->model.source, phantom.source, sizeof self->model.source);
      return sheet_of (&phantom, phantom.n_rods, serial);
    }
  *self->model.source = '\0';
  return sheet_of (NULL, self->model.n_rods > 0 ? self->model.n_rods : USUAL_RODS, serial);
}

static void
fill_known (OssCertificateWindow *self, const char *serial)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  guint chosen = 0;

  g_strfreev (self->serials);
  self->serials = oss_phantom_serials (self->model.name, NULL, NULL);
  /* Translators: no serial number: the values of the table; or a new certificate for a model without such values. */
  gtk_string_list_append (list, self->model.n_rods > 0 ? _ ("Without a serial number") : _ ("New"));
  for (guint i = 0; self->serials != NULL && self->serials[i] != NULL; i++)
    {
      gtk_string_list_append (list, self->serials[i]);
      if (g_strcmp0 (self->serials[i], serial) == 0)
        chosen = i + 1;
    }
  self->updating = TRUE;
  gtk_drop_down_set_model (self->known, G_LIST_MODEL (list));
  gtk_drop_down_set_selected (self->known, chosen);
  self->updating = FALSE;
}

static void
known_cb (OssCertificateWindow *self)
{
  guint selected = gtk_drop_down_get_selected (self->known);
  gboolean named = self->serials != NULL && selected >= 1 && selected <= g_strv_length (self->serials);

  if (self->updating || self->now == NULL || selected == GTK_INVALID_LIST_POSITION)
    return;
  sheet_free (self->saved);
  self->saved = load (self, named ? self->serials[selected - 1] : NULL);
  change (self, sheet_copy (self->saved));
}

/* After the file changed. */
static void
kept (OssCertificateWindow *self, const char *said)
{
  g_autofree char *serial = g_strstrip (g_strdup (self->now->serial));

  sheet_free (self->saved);
  self->saved = sheet_copy (self->now);
  fill_known (self, serial);
  validate (self);
  gtk_label_set_label (self->state, said);
  gtk_widget_set_visible (GTK_WIDGET (self->state), TRUE);
  g_signal_emit (self, saved_signal, 0, serial);
}

static void
fail (OssCertificateWindow *self, const GError *error)
{
  gtk_label_set_label (self->state, error->message);
  gtk_widget_add_css_class (GTK_WIDGET (self->state), "error");
  gtk_widget_set_visible (GTK_WIDGET (self->state), TRUE);
}

static void
save_cb (OssCertificateWindow *self)
{
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;

  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->save)))
    return;
  if (read_sheet (self, &phantom, &error) && oss_certificate_keep (&phantom, &error))
    kept (self, _ ("Saved."));
  else
    fail (self, error);
}

static void
forget_cb (OssCertificateWindow *self)
{
  g_autofree char *serial = g_strstrip (g_strdup (self->now->serial));
  g_autoptr (GError) error = NULL;

  if (oss_certificate_forget (self->model.name, serial, &error))
    kept (self, _ ("Removed. Save brings it back."));
  else
    fail (self, error);
}

/* Closing loses what was typed: said once, the second time it closes. */
static gboolean
close_request_cb (OssCertificateWindow *self)
{
  if (self->now == NULL || sheet_equal (self->now, self->saved) || self->warned)
    return FALSE;
  self->warned = TRUE;
  gtk_label_set_label (self->state, _ ("These values are not saved. Save them, or close again to lose them."));
  gtk_widget_set_visible (GTK_WIDGET (self->state), TRUE);
  return TRUE;
}

/* --- The window --- */

static gboolean
key_undo (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  undo_cb (OSS_CERTIFICATE_WINDOW (widget));
  return TRUE;
}

static gboolean
key_redo (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  redo_cb (OSS_CERTIFICATE_WINDOW (widget));
  return TRUE;
}

static gboolean
key_save (GtkWidget *widget, GVariant *arguments, gpointer data)
{
  save_cb (OSS_CERTIFICATE_WINDOW (widget));
  return TRUE;
}

static void
oss_certificate_window_dispose (GObject *object)
{
  OssCertificateWindow *self = OSS_CERTIFICATE_WINDOW (object);

  self->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_CERTIFICATE_WINDOW);
  G_OBJECT_CLASS (oss_certificate_window_parent_class)->dispose (object);
}

static void
oss_certificate_window_finalize (GObject *object)
{
  OssCertificateWindow *self = OSS_CERTIFICATE_WINDOW (object);

  g_strfreev (self->serials);
  sheet_free (self->now);
  sheet_free (self->saved);
  g_queue_clear_full (&self->done, sheet_free);
  g_queue_clear_full (&self->undone, sheet_free);
  G_OBJECT_CLASS (oss_certificate_window_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *klass)
{
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, heading);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, undo);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, redo);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, save);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, add);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, remove);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, revert);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, forget);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, known);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, serial);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, rods);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, state);
  gtk_widget_class_bind_template_child (klass, OssCertificateWindow, source);
}

static void
oss_certificate_window_class_init (OssCertificateWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_certificate_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_certificate_window_finalize;
  saved_signal = g_signal_new ("saved", OSS_TYPE_CERTIFICATE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/certificate-window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, close_request_cb);
  gtk_widget_class_bind_template_callback (widget_class, undo_cb);
  gtk_widget_class_bind_template_callback (widget_class, redo_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_cb);
  gtk_widget_class_bind_template_callback (widget_class, known_cb);
  gtk_widget_class_bind_template_callback (widget_class, entry_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_cb);
  gtk_widget_class_bind_template_callback (widget_class, remove_cb);
  gtk_widget_class_bind_template_callback (widget_class, revert_cb);
  gtk_widget_class_bind_template_callback (widget_class, forget_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_z, GDK_CONTROL_MASK, key_undo, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_z, GDK_CONTROL_MASK | GDK_SHIFT_MASK, key_redo, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_s, GDK_CONTROL_MASK, key_save, NULL);
}

static void
oss_certificate_window_init (OssCertificateWindow *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_editable_set_enable_undo (GTK_EDITABLE (self->serial), FALSE);
  self->updating = FALSE;
}

OssCertificateWindow *
oss_certificate_window_new (GtkWindow *parent, const char *model, const char *serial)
{
  OssCertificateWindow *self = g_object_new (OSS_TYPE_CERTIFICATE_WINDOW, "transient-for", parent, NULL);
  g_autofree char *title = oss_phantom_title (model);

  if (!oss_phantom_find (model, &self->model, NULL))
    {
      /* Only Mindways sells phantoms by certificate alone, and theirs are of K2HPO4. */
      self->model = (OssPhantom){ .basis = OSS_BASIS_K2HPO4 };
      g_strlcpy (self->model.name, model, sizeof self->model.name);
      g_strlcpy (self->model.title, title != NULL ? title : model, sizeof self->model.title);
    }
  self->water = oss_certificate_has_water (model);
  adw_window_title_set_subtitle (self->heading, self->model.title);
  self->saved = load (self, serial);
  self->now = sheet_copy (self->saved);
  fill_known (self, serial);
  show_sheet (self);
  return self;
}
