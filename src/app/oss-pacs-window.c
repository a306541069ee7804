/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-pacs-window.h"

#include "app/oss-day-entry.h"
#include "app/oss-format.h"
#include "app/oss-work.h"
#include "app/oss-worklist-text.h"
#include "base/oss-i18n.h"
#include "dicom/oss-pacs.h"

struct _OssPacsWindow
{
  AdwWindow parent_instance;

  OssPacsPeers *peers;
  OssJob *job; /* the search that runs; NULL: none */

  GtkStack *stack;
  GtkDropDown *peer;
  GtkEntry *name, *patient_id, *modality, *date_from, *date_to;
  GtkButton *search_button, *cancel_button, *import_button;
  GtkListBox *list;
  GtkSpinner *spinner;
  GtkLabel *status;
};

enum
{
  IMPORT,
  CONNECTIONS,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OssPacsWindow, oss_pacs_window, ADW_TYPE_WINDOW)

/* --- Searching --- */

typedef struct
{
  OssPacsWindow *window; /* main thread only */
  OssPacsPeer *peer;
  char *name, *patient_id, *modality, *date;
  gboolean truncated;
} Search;

static void
search_free (Search *self)
{
  g_object_unref (self->window);
  oss_pacs_peer_free (self->peer);
  g_free (self->name);
  g_free (self->patient_id);
  g_free (self->modality);
  g_free (self->date);
  g_free (self);
}

static gpointer
find (gpointer data, const OssTick *tick, GError **error)
{
  Search *search = data;
  const OssPacsQuery query = { .level = OSS_PACS_STUDY,
                               .patient_name = search->name,
                               .patient_id = search->patient_id,
                               .modality = search->modality,
                               .study_date = search->date,
                               .limit = 500 };

  return oss_pacs_find (search->peer, &query, &search->truncated, tick, error);
}

static const OssPacsPeer *
chosen_peer (OssPacsWindow *self)
{
  guint index = gtk_drop_down_get_selected (self->peer);

  return self->peers != NULL && index < self->peers->peers->len ? g_ptr_array_index (self->peers->peers, index) : NULL;
}

static void
show_busy (OssPacsWindow *self, gboolean busy)
{
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->search_button), !busy);
}

static GtkWidget *
make_label (const char *text, const char *css, gboolean expand)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (label, expand);
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  return label;
}

/* "CT · 3 series, 428 images" */
static char *
match_contents (const OssPacsMatch *match)
{
  GString *text = g_string_new (match->modalities);

  if (match->n_series >= 0)
    g_string_append_printf (text, OSS_NGETTEXT (" · %d series", " · %d series", match->n_series), match->n_series);
  if (match->n_objects >= 0)
    g_string_append_printf (text, OSS_NGETTEXT (", %d image", ", %d images", match->n_objects), match->n_objects);
  return g_string_free (text, FALSE);
}

static GtkWidget *
make_row (const OssPacsMatch *match)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 16);
  GtkWidget *left = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *right = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  g_autofree char *name = oss_format_dicom_name (match->patient_name), *day = oss_worklist_day (match->study_date);
  g_autofree char *born = oss_worklist_day (match->patient_birth_date), *contents = match_contents (match);
  g_autofree char *person = g_strjoin (" · ", match->patient_id, *match->patient_sex != '\0' ? match->patient_sex : "–",
                                       *born != '\0' ? born : "–", NULL);
  g_autofree char *study = g_strdup_printf ("%s · %s", day, contents);
  const char *description = *match->study_description != '\0' ? match->study_description : "–";
  /* Translators: what a screen reader says of a study found: name, description, date and contents. */
  g_autofree char *spoken = g_strdup_printf (_ ("%s, %s, %s"), name, description, study);

  gtk_box_append (GTK_BOX (left), make_label (name, "heading", FALSE));
  gtk_box_append (GTK_BOX (left), make_label (person, "dim", FALSE));
  gtk_box_append (GTK_BOX (right), make_label (description, NULL, TRUE));
  gtk_box_append (GTK_BOX (right), make_label (study, "dim", TRUE));
  gtk_widget_set_size_request (left, 300, -1);
  gtk_widget_add_css_class (box, "numeric");
  gtk_box_append (GTK_BOX (box), left);
  gtk_box_append (GTK_BOX (box), right);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data_full (G_OBJECT (row), "oss-study", g_strdup (match->study_uid), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return row;
}

static void
clear_list (OssPacsWindow *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
}

static void
show_matches (OssPacsWindow *self, const Search *search, const GPtrArray *matches)
{
  g_autofree char *text = NULL;

  for (guint i = 0; i < matches->len; i++)
    gtk_list_box_append (self->list, make_row (g_ptr_array_index (matches, i)));
  if (search->truncated)
    text = g_strdup_printf (_ ("The first %u studies; search for less."), matches->len);
  else if (matches->len == 0)
    text = g_strdup (_ ("No studies match."));
  else
    text = g_strdup_printf (OSS_NGETTEXT ("%u study", "%u studies", matches->len), matches->len);
  gtk_label_set_label (self->status, text);
  if (matches->len > 0)
    {
      gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, 0));
      gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (self->list, 0)));
    }
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Search *search = data;
  OssPacsWindow *self = search->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) matches = oss_work_finish (result, &error);

  g_clear_object (&self->job);
  if (self->stack != NULL) /* not closed meanwhile */
    {
      show_busy (self, FALSE);
      if (matches != NULL)
        show_matches (self, search, matches);
      else
        gtk_label_set_label (self->status, error->message);
    }
  search_free (search);
}

/* "20260101-20261231" in @range, NULL for any day.  FALSE: what stands in an entry is no day. */
static gboolean
read_dates (OssPacsWindow *self, char **range)
{
  g_autofree char *from = oss_day_entry_read (self->date_from), *to = oss_day_entry_read (self->date_to);

  if (from == NULL || to == NULL)
    {
      gtk_widget_grab_focus (GTK_WIDGET (from == NULL ? self->date_from : self->date_to));
      return FALSE;
    }
  *range = *from != '\0' || *to != '\0' ? g_strdup_printf ("%s-%s", from, to) : NULL;
  return TRUE;
}

static char *
entered (GtkEntry *entry)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));

  if (*text != '\0')
    return text;
  g_free (text);
  return NULL;
}

static void
search_cb (OssPacsWindow *self)
{
  const OssPacsPeer *peer = chosen_peer (self);
  g_autofree char *dates = NULL;
  Search *search;

  if (self->job != NULL || peer == NULL)
    return;
  if (!read_dates (self, &dates))
    {
      gtk_label_set_label (self->status, _ ("A date is written like 2026-03-14."));
      return;
    }
  clear_list (self);
  search = g_new0 (Search, 1);
  search->window = g_object_ref (self);
  search->peer = oss_pacs_peer_copy (peer);
  search->name = entered (self->name);
  search->patient_id = entered (self->patient_id);
  search->modality = entered (self->modality);
  search->date = g_steal_pointer (&dates);
  self->job = oss_job_new (_ ("Search in a PACS"));
  gtk_label_set_label (self->status, _ ("Searching"));
  show_busy (self, TRUE);
  oss_work_run (self->job, find, search, (GDestroyNotify) g_ptr_array_unref, found_cb, search);
}

static void
cancel_cb (OssPacsWindow *self)
{
  if (self->job != NULL)
    oss_job_cancel (self->job);
}

/* --- Importing --- */

static void
selection_changed_cb (OssPacsWindow *self)
{
  g_autoptr (GList) rows = self->list != NULL ? gtk_list_box_get_selected_rows (self->list) : NULL;
  guint n = g_list_length (rows);
  g_autofree char *label = NULL;

  if (self->list == NULL) /* closing */
    return;
  label =
      n > 1 ? g_strdup_printf (OSS_NGETTEXT ("Import %u Study", "Import %u Studies", n), n) : g_strdup (_ ("Import"));
  gtk_button_set_label (self->import_button, label);
  gtk_widget_set_sensitive (GTK_WIDGET (self->import_button), n > 0);
}

static void
import_cb (OssPacsWindow *self)
{
  g_autoptr (GList) rows = gtk_list_box_get_selected_rows (self->list);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const OssPacsPeer *peer = chosen_peer (self);
  g_auto (GStrv) uids = NULL;

  for (GList *l = rows; l != NULL; l = l->next)
    g_strv_builder_add (builder, g_object_get_data (l->data, "oss-study"));
  uids = g_strv_builder_end (builder);
  if (peer == NULL || uids[0] == NULL)
    return;
  g_signal_emit (self, signals[IMPORT], 0, peer->name, uids);
  gtk_window_close (GTK_WINDOW (self));
}

static void
connections_cb (OssPacsWindow *self)
{
  g_signal_emit (self, signals[CONNECTIONS], 0);
}

/* --- The window --- */

/* Again whenever it comes to the front: the preferences may have changed them. */
static void
load_peers (OssPacsWindow *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  OssPacsPeers *peers = oss_pacs_peers_load (NULL, &error);
  guint selected = gtk_drop_down_get_selected (self->peer);

  if (peers == NULL)
    {
      gtk_label_set_label (self->status, error->message);
      return;
    }
  g_clear_pointer (&self->peers, oss_pacs_peers_free);
  self->peers = peers;
  for (guint i = 0; i < peers->peers->len; i++)
    gtk_string_list_append (names, ((OssPacsPeer *) g_ptr_array_index (peers->peers, i))->name);
  gtk_drop_down_set_model (self->peer, G_LIST_MODEL (names));
  if (selected < peers->peers->len)
    gtk_drop_down_set_selected (self->peer, selected);
  gtk_stack_set_visible_child_name (self->stack, peers->peers->len > 0 ? "search" : "none");
}

static void
active_cb (OssPacsWindow *self)
{
  if (gtk_window_is_active (GTK_WINDOW (self)) && self->job == NULL)
    load_peers (self);
}

static void
oss_pacs_window_dispose (GObject *object)
{
  OssPacsWindow *self = OSS_PACS_WINDOW (object);

  if (self->job != NULL)
    oss_job_cancel (self->job);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_PACS_WINDOW);
  self->stack = NULL;
  g_clear_pointer (&self->peers, oss_pacs_peers_free);
  G_OBJECT_CLASS (oss_pacs_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *klass)
{
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, stack);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, peer);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, name);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, patient_id);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, modality);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, date_from);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, date_to);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, search_button);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, cancel_button);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, import_button);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, list);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, spinner);
  gtk_widget_class_bind_template_child (klass, OssPacsWindow, status);
}

static void
oss_pacs_window_class_init (OssPacsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_pacs_window_dispose;
  signals[IMPORT] = g_signal_new ("import", OSS_TYPE_PACS_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  2, G_TYPE_STRING, G_TYPE_STRV);
  signals[CONNECTIONS] =
      g_signal_new ("connections", OSS_TYPE_PACS_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/pacs-window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, search_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, import_cb);
  gtk_widget_class_bind_template_callback (widget_class, connections_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
oss_pacs_window_init (OssPacsWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drop_down_set_model (self->peer, NULL);
  load_peers (self);
  g_signal_connect (self, "notify::is-active", G_CALLBACK (active_cb), NULL);
}

OssPacsWindow *
oss_pacs_window_new (GtkWindow *parent)
{
  return g_object_new (OSS_TYPE_PACS_WINDOW, "transient-for", parent, NULL);
}
