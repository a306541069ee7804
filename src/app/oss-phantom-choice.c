/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-phantom-choice.h"

#include "app/oss-certificate-window.h"
#include "base/oss-i18n.h"
#include "calibrate/oss-phantom.h"

struct _OssPhantomChoice
{
  AdwBin parent_instance;

  gboolean updating; /* the widgets follow the options, not the other way round */
  char **names;      /* of the table; the drop-down has "auto" before them */
  GtkDropDown *model;
  GtkRevealer *details;
  GtkEntry *serial;
  GtkLabel *state;
};

G_DEFINE_FINAL_TYPE (OssPhantomChoice, oss_phantom_choice, ADW_TYPE_BIN)

enum
{
  CHANGED,
  CERTIFICATE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

char *
oss_phantom_choice_get_model (OssPhantomChoice *self)
{
  guint selected = gtk_drop_down_get_selected (self->model);
  gboolean named = self->names != NULL && selected >= 1 && selected <= g_strv_length (self->names);

  return g_strdup (named ? self->names[selected - 1] : "auto");
}

char *
oss_phantom_choice_get_serial (OssPhantomChoice *self)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->serial))));

  if (*text == '\0' || gtk_drop_down_get_selected (self->model) == 0)
    g_clear_pointer (&text, g_free);
  return text;
}

/* Why there are no densities, and what to do in this window. */
static char *
reason_of (const char *model, const char *serial, const GError *error)
{
  g_autofree char *title = oss_phantom_title (model);

  if (title != NULL && serial == NULL && g_error_matches (error, OSS_ERROR, OSS_ERROR_REFUSED))
    return g_strdup_printf (_ ("“%s” has no densities without its certificate. Enter it under “Certificate…”."), title);
  if (title != NULL && serial != NULL && g_error_matches (error, OSS_ERROR, OSS_ERROR_USAGE))
    return g_strdup_printf (_ ("No certificate of “%s” with the serial number “%s” is known. Enter it under "
                               "“Certificate…”."),
                            title, serial);
  return g_strdup (error->message);
}

/* Marks a serial number that no certificate is known of, and says which are known. */
static gboolean
show_state (OssPhantomChoice *self)
{
  g_autofree char *model = oss_phantom_choice_get_model (self), *serial = oss_phantom_choice_get_serial (self);
  g_autoptr (GError) error = NULL;
  gboolean automatic = g_str_equal (model, "auto"), good;
  OssPhantom phantom;

  gtk_revealer_set_reveal_child (self->details, !automatic);
  good = automatic || oss_phantom_find_serial (model, serial, NULL, &phantom, &error);
  g_autofree char *reason = good ? NULL : reason_of (model, serial, error);
  gtk_label_set_label (self->state, reason != NULL ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state), !good);
  if (good || serial == NULL)
    gtk_widget_remove_css_class (GTK_WIDGET (self->serial), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->serial), "error");
  return good;
}

void
oss_phantom_choice_set (OssPhantomChoice *self, const char *model, const char *serial)
{
  guint selected = 0;

  self->updating = TRUE;
  for (guint i = 0; self->names != NULL && self->names[i] != NULL; i++)
    if (g_strcmp0 (self->names[i], model) == 0)
      selected = i + 1;
  gtk_drop_down_set_selected (self->model, selected);
  gtk_editable_set_text (GTK_EDITABLE (self->serial), serial != NULL ? serial : "");
  show_state (self);
  self->updating = FALSE;
}

/* A serial number still being typed is marked and waits. */
static void
changed_cb (OssPhantomChoice *self)
{
  if (!self->updating && show_state (self))
    g_signal_emit (self, signals[CHANGED], 0);
}

/* The window's serial number is chosen, as that is the phantom at hand. */
static void
saved_cb (OssPhantomChoice *self, const char *serial)
{
  g_autoptr (GError) error = NULL;
  OssPhantom phantom;
  g_autofree char *model = oss_phantom_choice_get_model (self);
  gboolean there = oss_phantom_find_serial (model, serial, NULL, &phantom, NULL);

  self->updating = TRUE;
  gtk_editable_set_text (GTK_EDITABLE (self->serial), there ? serial : "");
  self->updating = FALSE;
  if (show_state (self))
    g_signal_emit (self, signals[CERTIFICATE], 0);
}

static void
certificate_cb (OssPhantomChoice *self)
{
  g_autofree char *model = oss_phantom_choice_get_model (self), *serial = oss_phantom_choice_get_serial (self);
  OssCertificateWindow *window =
      oss_certificate_window_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), model, serial);

  g_signal_connect_object (window, "saved", G_CALLBACK (saved_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (window));
}

static void
oss_phantom_choice_dispose (GObject *object)
{
  OSS_PHANTOM_CHOICE (object)->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_PHANTOM_CHOICE);
  G_OBJECT_CLASS (oss_phantom_choice_parent_class)->dispose (object);
}

static void
oss_phantom_choice_finalize (GObject *object)
{
  g_strfreev (OSS_PHANTOM_CHOICE (object)->names);
  G_OBJECT_CLASS (oss_phantom_choice_parent_class)->finalize (object);
}

static void
oss_phantom_choice_class_init (OssPhantomChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_phantom_choice_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_phantom_choice_finalize;
  signals[CHANGED] =
      g_signal_new ("changed", OSS_TYPE_PHANTOM_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CERTIFICATE] =
      g_signal_new ("certificate", OSS_TYPE_PHANTOM_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/phantom-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, OssPhantomChoice, model);
  gtk_widget_class_bind_template_child (widget_class, OssPhantomChoice, details);
  gtk_widget_class_bind_template_child (widget_class, OssPhantomChoice, serial);
  gtk_widget_class_bind_template_child (widget_class, OssPhantomChoice, state);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, certificate_cb);
}

static void
oss_phantom_choice_init (OssPhantomChoice *self)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->names = oss_phantom_names (NULL);
  gtk_string_list_append (titles, _ ("Found by itself"));
  for (int i = 0; self->names != NULL && self->names[i] != NULL; i++)
    {
      g_autofree char *title = oss_phantom_title (self->names[i]);

      gtk_string_list_append (titles, title != NULL ? title : self->names[i]);
    }
  gtk_drop_down_set_model (self->model, G_LIST_MODEL (titles));
  self->updating = FALSE;
}
