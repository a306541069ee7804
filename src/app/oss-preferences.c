/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-preferences.h"

#include "app/oss-format.h"
#include "app/oss-quality-page.h"
#include "app/oss-receiver.h"
#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "dicom/oss-pacs.h"

#include <stdlib.h>
#include <string.h>

/* Time for a word to be typed to its end before it is saved. */
#define SAVE_AFTER_MS 400

struct _OssPreferences
{
  AdwPreferencesWindow parent_instance;

  OssPacsPeers *peers;
  guint save_id;
  gboolean unreadable; /* the file could not be read: it is not written over */
  GtkFileChooserNative *chooser;

  AdwPreferencesGroup *archives;
  GtkSwitch *receive;
  AdwActionRow *receive_row;
};

G_DEFINE_FINAL_TYPE (OssPreferences, oss_preferences, ADW_TYPE_PREFERENCES_WINDOW)

/* --- Fields of a node or a peer as rows --- */

typedef enum
{
  FIELD_TEXT,
  FIELD_PORT,
  FIELD_SWITCH,
  FIELD_FILE,
} FieldKind;

typedef struct
{
  const char *name;
  FieldKind kind;
  gsize offset;
} Field;

static const Field node_fields[] = {
  { N_ ("AE title"), FIELD_TEXT, G_STRUCT_OFFSET (OssPacsNode, ae_title) },
  { N_ ("Port"), FIELD_PORT, G_STRUCT_OFFSET (OssPacsNode, port) },
  { N_ ("Own certificate (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsNode, certificate_file) },
  { N_ ("Own private key (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsNode, key_file) },
  { N_ ("Authority’s certificate (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsNode, ca_file) },
};

static const Field peer_fields[] = {
  { N_ ("Name"), FIELD_TEXT, G_STRUCT_OFFSET (OssPacsPeer, name) },
  { N_ ("Address"), FIELD_TEXT, G_STRUCT_OFFSET (OssPacsPeer, host) },
  { N_ ("Port"), FIELD_PORT, G_STRUCT_OFFSET (OssPacsPeer, port) },
  { N_ ("Its AE title"), FIELD_TEXT, G_STRUCT_OFFSET (OssPacsPeer, called_ae) },
  { N_ ("This computer’s AE title there"), FIELD_TEXT, G_STRUCT_OFFSET (OssPacsPeer, calling_ae) },
  { N_ ("May send images to this computer"), FIELD_SWITCH, G_STRUCT_OFFSET (OssPacsPeer, may_send) },
  { N_ ("TLS"), FIELD_SWITCH, G_STRUCT_OFFSET (OssPacsPeer, tls) },
  { N_ ("Authority’s certificate (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsPeer, ca_file) },
  { N_ ("Own certificate (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsPeer, certificate_file) },
  { N_ ("Own private key (PEM)"), FIELD_FILE, G_STRUCT_OFFSET (OssPacsPeer, key_file) },
  { N_ ("Accept a certificate of another host name"), FIELD_SWITCH, G_STRUCT_OFFSET (OssPacsPeer, any_host_name) },
};

/* A row and what it changes; freed with the row. */
typedef struct
{
  OssPreferences *self;
  gpointer object; /* OssPacsNode or OssPacsPeer */
  const Field *field;
  AdwExpanderRow *peer_row; /* NULL: of the node */
  GtkWidget *row;
} Bound;

static gpointer
field_at (const Bound *bound)
{
  return G_STRUCT_MEMBER_P (bound->object, bound->field->offset);
}

static void show_peer (AdwExpanderRow *row, const OssPacsPeer *peer);

/* Only what makes sense goes to the file: a peer that is still being typed stays here. */
static OssPacsPeers *
valid_peers (OssPreferences *self)
{
  OssPacsPeers *valid = oss_pacs_peers_new ();
  const OssPacsNode *node = &self->peers->node;

  g_free (valid->node.ae_title);
  valid->node.ae_title = g_strdup (*node->ae_title != '\0' ? node->ae_title : "OSSATURE");
  valid->node.port = node->port;
  valid->node.certificate_file = g_strdup (node->certificate_file);
  valid->node.key_file = g_strdup (node->key_file);
  valid->node.ca_file = g_strdup (node->ca_file);
  for (guint i = 0; i < self->peers->peers->len; i++)
    {
      const OssPacsPeer *peer = g_ptr_array_index (self->peers->peers, i);

      if (*peer->name != '\0' && oss_pacs_peer_check (peer, NULL) && oss_pacs_peers_find (valid, peer->name) == NULL)
        g_ptr_array_add (valid->peers, oss_pacs_peer_copy (peer));
    }
  return valid;
}

static gboolean
save (gpointer data)
{
  OssPreferences *self = data;
  g_autoptr (OssPacsPeers) valid = valid_peers (self);
  g_autoptr (GError) error = NULL;

  self->save_id = 0;
  if (self->unreadable)
    return G_SOURCE_REMOVE;
  if (!oss_pacs_peers_save (valid, NULL, &error))
    {
      g_autofree char *text = g_markup_escape_text (error->message, -1);

      adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (text));
    }
  return G_SOURCE_REMOVE;
}

static void
changed (const Bound *bound)
{
  OssPreferences *self = bound->self;

  if (bound->peer_row != NULL)
    show_peer (bound->peer_row, bound->object);
  if (self->save_id != 0)
    g_source_remove (self->save_id);
  self->save_id = g_timeout_add (SAVE_AFTER_MS, save, self);
}

static void
text_changed_cb (GtkEditable *row, Bound *bound)
{
  const char *text = gtk_editable_get_text (row);

  if (bound->field->kind == FIELD_PORT)
    {
      long port = strtol (text, NULL, 10);

      *(guint16 *) field_at (bound) = port >= 0 && port <= G_MAXUINT16 ? (guint16) port : 0;
      if (port < 1 || port > G_MAXUINT16)
        gtk_widget_add_css_class (GTK_WIDGET (row), "error");
      else
        gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
    }
  else
    {
      char **place = field_at (bound);

      g_free (*place);
      *place = g_strstrip (g_strdup (text));
    }
  changed (bound);
}

static void
switched_cb (GtkSwitch *widget, GParamSpec *pspec, Bound *bound)
{
  *(gboolean *) field_at (bound) = gtk_switch_get_active (widget);
  changed (bound);
}

static void
show_file (const Bound *bound)
{
  const char *path = *(char **) field_at (bound);
  g_autofree char *shown = path != NULL && *path != '\0' ? g_filename_display_name (path) : g_strdup (_ ("None"));

  adw_action_row_set_subtitle (ADW_ACTION_ROW (bound->row), shown);
}

static void
set_file (const Bound *bound, char *path)
{
  char **place = field_at (bound);

  g_free (*place);
  *place = path;
  show_file (bound);
  changed (bound);
}

static void
file_chosen_cb (GtkNativeDialog *dialog, int response, Bound *bound)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      set_file (bound, file != NULL ? g_file_get_path (file) : NULL);
    }
  gtk_native_dialog_destroy (dialog);
  g_clear_object (&bound->self->chooser);
}

static void
choose_file_cb (GtkButton *button, Bound *bound)
{
  OssPreferences *self = bound->self;

  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (_ (bound->field->name), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN,
                                               _ ("_Choose"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect (self->chooser, "response", G_CALLBACK (file_chosen_cb), bound);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
forget_file_cb (GtkButton *button, Bound *bound)
{
  set_file (bound, NULL);
}

static void
add_file_button (const Bound *bound, const char *icon, const char *name, GCallback callback)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);
  /* Translators: what a button does, and to which file: "Choose: Own certificate (PEM)". */
  g_autofree char *spoken = g_strdup_printf (_ ("%s: %s"), name, _ (bound->field->name));

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  g_signal_connect (button, "clicked", callback, (gpointer) bound);
  adw_action_row_add_suffix (ADW_ACTION_ROW (bound->row), button);
}

static void
fill_entry (Bound *bound)
{
  g_autofree char *text = bound->field->kind == FIELD_PORT
                              ? g_strdup_printf ("%u", *(guint16 *) field_at (bound))
                              : g_strdup (*(char **) field_at (bound) != NULL ? *(char **) field_at (bound) : "");

  bound->row = adw_entry_row_new ();
  gtk_editable_set_text (GTK_EDITABLE (bound->row), text);
  if (bound->field->kind == FIELD_PORT)
    adw_entry_row_set_input_purpose (ADW_ENTRY_ROW (bound->row), GTK_INPUT_PURPOSE_DIGITS);
  g_signal_connect (bound->row, "changed", G_CALLBACK (text_changed_cb), bound);
}

static void
fill_switch (Bound *bound)
{
  GtkWidget *widget = gtk_switch_new ();

  bound->row = adw_action_row_new ();
  gtk_widget_set_valign (widget, GTK_ALIGN_CENTER);
  gtk_switch_set_active (GTK_SWITCH (widget), *(gboolean *) field_at (bound));
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, _ (bound->field->name), -1);
  adw_action_row_add_suffix (ADW_ACTION_ROW (bound->row), widget);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (bound->row), widget);
  g_signal_connect (widget, "notify::active", G_CALLBACK (switched_cb), bound);
}

static GtkWidget *
make_field (OssPreferences *self, gpointer object, const Field *field, AdwExpanderRow *peer_row)
{
  Bound *bound = g_new0 (Bound, 1);

  bound->self = self;
  bound->object = object;
  bound->field = field;
  bound->peer_row = peer_row;
  if (field->kind == FIELD_SWITCH)
    fill_switch (bound);
  else if (field->kind == FIELD_FILE)
    {
      bound->row = adw_action_row_new ();
      show_file (bound);
      add_file_button (bound, "document-open-symbolic", _ ("Choose"), G_CALLBACK (choose_file_cb));
      add_file_button (bound, "edit-clear-symbolic", _ ("Forget"), G_CALLBACK (forget_file_cb));
    }
  else
    fill_entry (bound);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (bound->row), _ (field->name));
  g_object_set_data_full (G_OBJECT (bound->row), "oss-bound", bound, g_free);
  return bound->row;
}

/* --- Echo --- */

typedef struct
{
  OssPacsPeer *peer;
  AdwExpanderRow *row; /* main thread only */
  GtkWidget *button;
  double milliseconds;
} Echo;

static gpointer
echo (gpointer data, const OssTick *tick, GError **error)
{
  Echo *self = data;

  return oss_pacs_echo (self->peer, &self->milliseconds, tick, error) ? self : NULL;
}

static void
set_outcome (AdwExpanderRow *row, const char *text, const char *icon)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_expander_row_set_subtitle (row, escaped);
  adw_expander_row_set_icon_name (row, icon);
}

static void
echoed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Echo *self = data;
  g_autoptr (GError) error = NULL;

  if (oss_work_finish (result, &error) != NULL)
    {
      g_autofree char *number = oss_format_rounded (self->milliseconds, 1.0);
      g_autofree char *text = g_strdup_printf (_ ("Answered in %s ms"), number);

      set_outcome (self->row, text, "emblem-ok-symbolic");
    }
  else
    set_outcome (self->row, error->message, "dialog-error-symbolic");
  gtk_widget_set_sensitive (self->button, TRUE);
  oss_pacs_peer_free (self->peer);
  g_object_unref (self->row);
  g_object_unref (self->button);
  g_free (self);
}

static void
echo_cb (GtkButton *button, AdwExpanderRow *row)
{
  const OssPacsPeer *peer = g_object_get_data (G_OBJECT (row), "oss-peer");
  g_autoptr (OssJob) job = NULL;
  Echo *self = g_new0 (Echo, 1);

  self->peer = oss_pacs_peer_copy (peer);
  /* An answer is expected at once here, or there is none. */
  self->peer->answer_seconds = MIN (self->peer->answer_seconds, 10);
  self->row = g_object_ref (row);
  self->button = GTK_WIDGET (g_object_ref (button));
  gtk_widget_set_sensitive (self->button, FALSE);
  set_outcome (row, _ ("Waiting for an answer"), "content-loading-symbolic");
  job = oss_job_new ("echo");
  oss_work_run (job, echo, self, NULL, echoed_cb, self);
}

/* --- Archives --- */

static void
show_peer (AdwExpanderRow *row, const OssPacsPeer *peer)
{
  g_autofree char *address =
      g_strdup_printf ("%s@%s:%u%s", peer->called_ae, peer->host, peer->port, peer->tls ? " · TLS" : "");
  g_autofree char *name = g_markup_escape_text (*peer->name != '\0' ? peer->name : _ ("New archive"), -1);
  g_autoptr (GError) error = NULL;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  if (*peer->name != '\0' && oss_pacs_peer_check (peer, &error))
    set_outcome (row, address, "network-server-symbolic");
  else
    set_outcome (row, error != NULL ? error->message : _ ("It needs a name to be kept."), "dialog-warning-symbolic");
}

static void
remove_cb (GtkButton *button, AdwExpanderRow *row)
{
  OssPreferences *self = OSS_PREFERENCES (gtk_widget_get_root (GTK_WIDGET (row)));
  OssPacsPeer *peer = g_object_get_data (G_OBJECT (row), "oss-peer");

  adw_preferences_group_remove (self->archives, GTK_WIDGET (row));
  g_ptr_array_remove (self->peers->peers, peer);
  save (self);
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (_ ("Archive removed")));
}

static GtkWidget *
make_button (const char *label, const char *name, GCallback callback, gpointer data)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_signal_connect (button, "clicked", callback, data);
  return button;
}

static void
add_peer (OssPreferences *self, OssPacsPeer *peer, gboolean expanded)
{
  GtkWidget *row = adw_expander_row_new (), *last = adw_action_row_new ();
  /* Translators: Echo is DICOM's word for asking whether an archive answers; its name follows. */
  g_autofree char *echo_name = g_strdup_printf (_ ("Echo %s"), peer->name);
  g_autofree char *remove_name = g_strdup_printf (_ ("Remove %s"), peer->name);
  GtkWidget *remove;

  g_object_set_data (G_OBJECT (row), "oss-peer", peer);
  adw_expander_row_add_action (ADW_EXPANDER_ROW (row), make_button (_ ("Echo"), echo_name, G_CALLBACK (echo_cb), row));
  for (gsize i = 0; i < G_N_ELEMENTS (peer_fields); i++)
    adw_expander_row_add_row (ADW_EXPANDER_ROW (row), make_field (self, peer, &peer_fields[i], ADW_EXPANDER_ROW (row)));
  remove = make_button (_ ("Remove"), remove_name, G_CALLBACK (remove_cb), row);
  gtk_widget_add_css_class (remove, "destructive-action");
  adw_action_row_add_suffix (ADW_ACTION_ROW (last), remove);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), last);
  show_peer (ADW_EXPANDER_ROW (row), peer);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), expanded);
  adw_preferences_group_add (self->archives, row);
}

static void
add_cb (OssPreferences *self)
{
  OssPacsPeer *peer = oss_pacs_peer_new ();

  g_ptr_array_add (self->peers->peers, peer);
  add_peer (self, peer, TRUE);
}

/* --- This computer --- */

static void
receive_cb (OssPreferences *self)
{
  gboolean wanted = gtk_switch_get_active (self->receive);
  g_autoptr (GError) error = NULL;

  if (wanted == oss_receiver_is_on ())
    return;
  save (self);
  if (!wanted)
    oss_receiver_stop ();
  else if (!oss_receiver_start (&error))
    {
      g_autofree char *text = g_markup_escape_text (error->message, -1);

      adw_action_row_set_subtitle (self->receive_row, text);
      gtk_switch_set_active (self->receive, FALSE);
      return;
    }
  adw_action_row_set_subtitle (self->receive_row, wanted ? _ ("Listening, until Ossature is closed")
                                                         : _ ("From the archives that may send, while Ossature runs"));
}

static GtkWidget *
make_node_group (OssPreferences *self)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _ ("This computer"));
  adw_preferences_group_set_description (
      ADW_PREFERENCES_GROUP (group), _ ("How archives know it. Ask their keepers to allow this title and address."));
  self->receive = GTK_SWITCH (gtk_switch_new ());
  self->receive_row = ADW_ACTION_ROW (adw_action_row_new ());
  gtk_widget_set_valign (GTK_WIDGET (self->receive), GTK_ALIGN_CENTER);
  gtk_switch_set_active (self->receive, oss_receiver_is_on ());
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->receive), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Receive images"),
                                  -1);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->receive_row), _ ("Receive images"));
  adw_action_row_set_subtitle (self->receive_row, oss_receiver_is_on ()
                                                      ? _ ("Listening, until Ossature is closed")
                                                      : _ ("From the archives that may send, while Ossature runs"));
  adw_action_row_add_suffix (self->receive_row, GTK_WIDGET (self->receive));
  adw_action_row_set_activatable_widget (self->receive_row, GTK_WIDGET (self->receive));
  g_signal_connect_swapped (self->receive, "notify::active", G_CALLBACK (receive_cb), self);
  for (gsize i = 0; i < G_N_ELEMENTS (node_fields); i++)
    {
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group),
                                 make_field (self, &self->peers->node, &node_fields[i], NULL));
      if (i == 1)
        adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), GTK_WIDGET (self->receive_row));
    }
  return group;
}

static GtkWidget *
make_archives_group (OssPreferences *self)
{
  GtkWidget *add = gtk_button_new (), *content = adw_button_content_new ();

  self->archives = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->archives, _ ("Picture archives (PACS)"));
  adw_preferences_group_set_description (self->archives, _ ("Echo asks whether an archive answers."));
  adw_button_content_set_icon_name (ADW_BUTTON_CONTENT (content), "list-add-symbolic");
  adw_button_content_set_label (ADW_BUTTON_CONTENT (content), _ ("Add"));
  gtk_button_set_child (GTK_BUTTON (add), content);
  gtk_widget_add_css_class (add, "flat");
  gtk_widget_set_valign (add, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (add), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Add archive"), -1);
  g_signal_connect_swapped (add, "clicked", G_CALLBACK (add_cb), self);
  adw_preferences_group_set_header_suffix (self->archives, add);
  for (guint i = 0; i < self->peers->peers->len; i++)
    add_peer (self, g_ptr_array_index (self->peers->peers, i), FALSE);
  return GTK_WIDGET (self->archives);
}

static void
oss_preferences_dispose (GObject *object)
{
  OssPreferences *self = OSS_PREFERENCES (object);

  if (self->save_id != 0)
    {
      g_source_remove (self->save_id);
      save (self);
    }
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (oss_preferences_parent_class)->dispose (object);
}

static void
oss_preferences_finalize (GObject *object)
{
  g_clear_pointer (&OSS_PREFERENCES (object)->peers, oss_pacs_peers_free);
  G_OBJECT_CLASS (oss_preferences_parent_class)->finalize (object);
}

static void
oss_preferences_class_init (OssPreferencesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = oss_preferences_dispose;
  G_OBJECT_CLASS (klass)->finalize = oss_preferences_finalize;
}

static void
oss_preferences_init (OssPreferences *self)
{
  GtkWidget *page = adw_preferences_page_new ();
  g_autoptr (GError) error = NULL;

  self->peers = oss_pacs_peers_load (NULL, &error);
  self->unreadable = self->peers == NULL;
  if (self->unreadable)
    self->peers = oss_pacs_peers_new ();
  adw_preferences_page_set_name (ADW_PREFERENCES_PAGE (page), "connections");
  adw_preferences_page_set_title (ADW_PREFERENCES_PAGE (page), _ ("Connections"));
  adw_preferences_page_set_icon_name (ADW_PREFERENCES_PAGE (page), "network-server-symbolic");
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (make_archives_group (self)));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (make_node_group (self)));
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), g_object_new (OSS_TYPE_QUALITY_PAGE, NULL));
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), ADW_PREFERENCES_PAGE (page));
  adw_preferences_window_set_search_enabled (ADW_PREFERENCES_WINDOW (self), FALSE);
  gtk_window_set_title (GTK_WINDOW (self), _ ("Preferences"));
  gtk_window_set_default_size (GTK_WINDOW (self), 760, 640);
  if (error != NULL)
    {
      g_autofree char *text = g_markup_escape_text (error->message, -1);

      adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (text));
    }
}

void
oss_preferences_show (GtkWindow *parent, const char *page)
{
  GtkWidget *self = g_object_new (OSS_TYPE_PREFERENCES, "transient-for", parent, "modal", TRUE, NULL);

  if (page != NULL)
    adw_preferences_window_set_visible_page_name (ADW_PREFERENCES_WINDOW (self), page);
  gtk_window_present (GTK_WINDOW (self));
}
