/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-worklist-page.h"

#include "app/oss-day-entry.h"
#include "app/oss-format.h"
#include "app/oss-jobs-button.h"
#include "app/oss-menus.h"
#include "app/oss-worklist-columns.h"
#include "app/oss-worklist-details.h"
#include "app/oss-worklist-model.h"
#include "app/oss-worklist-text.h"
#include "base/oss-i18n.h"

#include <string.h>

struct _OssWorklistPage
{
  AdwBin parent_instance;

  OssWorklist *worklist; /* the window's; NULL: there is none */
  OssWorklistModel *model;
  GtkSingleSelection *selection;
  gboolean updating; /* widgets follow the query, not the other way round */

  GtkMenuButton *menu_button;
  OssJobsButton *jobs_button;
  AdwSplitButton *open_button;
  GtkToggleButton *side_button;
  GtkRevealer *notice;
  GtkLabel *notice_text;
  GtkSearchEntry *search;
  GtkToggleButton *all_button, *ready_button, *to_review_button, *out_of_date_button, *refused_button;
  GtkMenuButton *more_button;
  GtkDropDown *kernel_choice, *scanner_choice;
  GtkEntry *date_from, *date_to;
  AdwFlap *flap;
  GtkStack *stack;
  GtkColumnView *list;
  OssWorklistDetails *details;
  GtkWidget *popover; /* the row's menu */
};

enum
{
  SELECTED,
  SUMMARY,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OssWorklistPage, oss_worklist_page, ADW_TYPE_BIN)

static GtkToggleButton *
filter_button (OssWorklistPage *self, int filter)
{
  GtkToggleButton *const buttons[OSS_WORKLIST_N_FILTERS] = {
    [OSS_WORKLIST_ALL] = self->all_button,
    [OSS_WORKLIST_READY] = self->ready_button,
    [OSS_WORKLIST_TO_REVIEW] = self->to_review_button,
    [OSS_WORKLIST_OUT_OF_DATE] = self->out_of_date_button,
    [OSS_WORKLIST_REFUSED] = self->refused_button,
  };

  return buttons[filter];
}

/* --- The selected study --- */

const OssWorklistStudy *
oss_worklist_page_get_selected (OssWorklistPage *self)
{
  OssWorklistRow *row = self->selection != NULL ? gtk_single_selection_get_selected_item (self->selection) : NULL;

  return row != NULL ? oss_worklist_row_get_study (row) : NULL;
}

static void
selected_cb (OssWorklistPage *self)
{
  oss_worklist_details_show (self->details, self->worklist, oss_worklist_page_get_selected (self));
  g_signal_emit (self, signals[SELECTED], 0);
}

/* GTK 4.8 has no scroll-to of its own: the view's inner list, the child after the header, has an action. */
static void
scroll_to (OssWorklistPage *self, guint position)
{
  GtkWidget *inner = gtk_widget_get_last_child (GTK_WIDGET (self->list));

  if (inner != NULL)
    gtk_widget_activate_action (inner, "list.scroll-to-item", "u", position);
}

void
oss_worklist_page_select (OssWorklistPage *self, gint64 study)
{
  guint position;

  if (self->model == NULL)
    return;
  position = oss_worklist_model_find (self->model, study);
  if (position == GTK_INVALID_LIST_POSITION)
    {
      gtk_widget_activate_action (GTK_WIDGET (self), "worklist.clear-filters", NULL);
      position = oss_worklist_model_find (self->model, study);
    }
  if (position == GTK_INVALID_LIST_POSITION)
    return;
  gtk_single_selection_set_selected (self->selection, position);
  scroll_to (self, position);
}

/* --- Query --- */

static void
set_count (GtkToggleButton *button, const char *name, guint n)
{
  g_autofree char *number = oss_format_rounded (n, 1.0);
  g_autofree char *label = g_strdup_printf ("%s  %s", name, number);
  /* Translators: what a screen reader says of a filter: "Filter: Refused, 48". */
  g_autofree char *spoken = g_strdup_printf (_ ("Filter: %s, %s"), name, number);

  gtk_button_set_label (GTK_BUTTON (button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
update_counts (OssWorklistPage *self)
{
  const char *const names[OSS_WORKLIST_N_FILTERS] = {
    [OSS_WORKLIST_ALL] = _ ("All"),
    [OSS_WORKLIST_READY] = _ ("Ready"),
    [OSS_WORKLIST_TO_REVIEW] = _ ("To review"),
    [OSS_WORKLIST_OUT_OF_DATE] = _ ("Out of date"),
    [OSS_WORKLIST_REFUSED] = _ ("Refused"),
  };
  guint counts[OSS_WORKLIST_N_FILTERS] = { 0 };
  g_autoptr (GError) error = NULL;

  if (self->worklist != NULL
      && !oss_worklist_count (self->worklist, oss_worklist_model_get_query (self->model), counts, &error))
    oss_worklist_page_set_notice (self, error->message);
  for (int i = 0; i < OSS_WORKLIST_N_FILTERS; i++)
    set_count (filter_button (self, i), names[i], counts[i]);
}

static void
show_result (OssWorklistPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->model));

  update_counts (self);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "nothing");
  g_signal_emit (self, signals[SUMMARY], 0);
}

/* What was chosen in a drop-down whose first entry means any. */
static const char *
chosen (GtkDropDown *choice)
{
  GObject *item = gtk_drop_down_get_selected_item (choice);

  return item != NULL && gtk_drop_down_get_selected (choice) > 0
             ? gtk_string_object_get_string (GTK_STRING_OBJECT (item))
             : NULL;
}

static void
query_changed (OssWorklistPage *self)
{
  g_autofree char *from = NULL, *to = NULL;
  OssWorklistQuery query = { 0 };

  if (self->updating || self->model == NULL)
    return;
  query.text = gtk_editable_get_text (GTK_EDITABLE (self->search));
  for (int i = 0; i < OSS_WORKLIST_N_FILTERS; i++)
    if (gtk_toggle_button_get_active (filter_button (self, i)))
      query.filter = (OssWorklistFilter) i;
  query.kernel = chosen (self->kernel_choice);
  query.scanner = chosen (self->scanner_choice);
  from = oss_day_entry_read (self->date_from);
  to = oss_day_entry_read (self->date_to);
  query.date_from = from != NULL && *from != '\0' ? from : NULL;
  query.date_to = to != NULL && *to != '\0' ? to : NULL;
  oss_worklist_read_order (self->list, &query.sort, &query.descending);
  oss_worklist_model_set_query (self->model, &query);
  if (query.kernel != NULL || query.scanner != NULL || query.date_from != NULL || query.date_to != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->more_button), "accent");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->more_button), "accent");
  show_result (self);
}

static void
search_changed_cb (OssWorklistPage *self)
{
  query_changed (self);
}

static void
stop_search_cb (OssWorklistPage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  oss_worklist_page_focus_list (self);
}

static void
filter_toggled_cb (OssWorklistPage *self, GtkToggleButton *button)
{
  if (gtk_toggle_button_get_active (button))
    query_changed (self);
}

static void
more_changed_cb (OssWorklistPage *self)
{
  query_changed (self);
}

static void
clear_filters_cb (OssWorklistPage *self)
{
  self->updating = TRUE;
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  gtk_toggle_button_set_active (self->all_button, TRUE);
  gtk_drop_down_set_selected (self->kernel_choice, 0);
  gtk_drop_down_set_selected (self->scanner_choice, 0);
  gtk_editable_set_text (GTK_EDITABLE (self->date_from), "");
  gtk_editable_set_text (GTK_EDITABLE (self->date_to), "");
  self->updating = FALSE;
  query_changed (self);
}

static void
clear_filters_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  clear_filters_cb (OSS_WORKLIST_PAGE (widget));
}

/* @names: (transfer full) (nullable) */
static void
set_choices (GtkDropDown *choice, const char *any, char **names)
{
  g_autofree char *before = g_strdup (chosen (choice));
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  guint selected = 0;

  gtk_string_list_append (list, any);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      gtk_string_list_append (list, names[i]);
      if (g_strcmp0 (names[i], before) == 0)
        selected = i + 1;
    }
  gtk_drop_down_set_model (choice, G_LIST_MODEL (list));
  gtk_drop_down_set_selected (choice, selected);
  g_strfreev (names);
}

void
oss_worklist_page_refresh (OssWorklistPage *self)
{
  if (self->model == NULL)
    return;
  self->updating = TRUE;
  set_choices (self->kernel_choice, _ ("Any kernel"),
               self->worklist != NULL ? oss_worklist_get_kernels (self->worklist, NULL) : NULL);
  set_choices (self->scanner_choice, _ ("Any scanner"),
               self->worklist != NULL ? oss_worklist_get_scanners (self->worklist, NULL) : NULL);
  self->updating = FALSE;
  oss_worklist_model_refresh (self->model);
  show_result (self);
  selected_cb (self);
}

char *
oss_worklist_page_summary (OssWorklistPage *self)
{
  if (self->model == NULL)
    return g_strdup ("");
  return oss_worklist_summary (g_list_model_get_n_items (G_LIST_MODEL (self->model)),
                               oss_worklist_model_get_query (self->model));
}

/* --- Rows --- */

static void
row_activated_cb (OssWorklistPage *self, guint position)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.open-study", NULL);
}

static void
show_row_menu (OssWorklistPage *self, const GdkRectangle *at)
{
  if (self->popover == NULL)
    {
      self->popover = gtk_popover_menu_new_from_model (oss_study_row_menu ());
      gtk_widget_set_parent (self->popover, GTK_WIDGET (self->list));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
      gtk_widget_set_halign (self->popover, GTK_ALIGN_START);
    }
  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), at);
  gtk_popover_popup (GTK_POPOVER (self->popover));
}

static void
row_menu_cb (guint position, GtkWidget *cell, double x, double y, gpointer data)
{
  OssWorklistPage *self = data;
  double list_x, list_y;

  gtk_single_selection_set_selected (self->selection, position);
  if (gtk_widget_translate_coordinates (cell, GTK_WIDGET (self->list), x, y, &list_x, &list_y))
    show_row_menu (self, &(GdkRectangle){ (int) list_x, (int) list_y, 1, 1 });
}

static void
menu_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OssWorklistPage *self = OSS_WORKLIST_PAGE (widget);

  if (oss_worklist_page_get_selected (self) != NULL)
    show_row_menu (self, &(GdkRectangle){ 60, 60, 1, 1 });
}

/* Typing in the list starts the search.  The entry's own way of capturing keys would take Delete as well. */
static gboolean
list_key_cb (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, OssWorklistPage *self)
{
  gunichar letter = gdk_keyval_to_unicode (key);

  if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0 || !g_unichar_isgraph (letter))
    return GDK_EVENT_PROPAGATE;
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
  gtk_editable_set_position (GTK_EDITABLE (self->search), -1);
  return gtk_event_controller_key_forward (controller,
                                           GTK_WIDGET (gtk_editable_get_delegate (GTK_EDITABLE (self->search))));
}

/* --- The rest --- */

static void
close_notice_cb (OssWorklistPage *self)
{
  gtk_revealer_set_reveal_child (self->notice, FALSE);
}

void
oss_worklist_page_set_notice (OssWorklistPage *self, const char *text)
{
  gtk_label_set_label (self->notice_text, text);
  gtk_revealer_set_reveal_child (self->notice, TRUE);
}

void
oss_worklist_page_search (OssWorklistPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

void
oss_worklist_page_focus_list (OssWorklistPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

void
oss_worklist_page_toggle_details (OssWorklistPage *self)
{
  adw_flap_set_reveal_flap (self->flap, !adw_flap_get_reveal_flap (self->flap));
}

void
oss_worklist_page_set_jobs (OssWorklistPage *self, GListStore *jobs)
{
  oss_jobs_button_set_jobs (self->jobs_button, jobs);
}

void
oss_worklist_page_show_jobs (OssWorklistPage *self)
{
  oss_jobs_button_popup (self->jobs_button);
}

void
oss_worklist_page_set_worklist (OssWorklistPage *self, OssWorklist *worklist)
{
  g_return_if_fail (self->model == NULL);

  self->worklist = worklist;
  self->model = oss_worklist_model_new (worklist);
  self->selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->model)));
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self, G_CONNECT_SWAPPED);
  gtk_column_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  oss_worklist_page_refresh (self);
}

static void
oss_worklist_page_dispose (GObject *object)
{
  OssWorklistPage *self = OSS_WORKLIST_PAGE (object);

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  if (self->list != NULL)
    gtk_column_view_set_model (self->list, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_WORKLIST_PAGE);
  self->list = NULL;
  g_clear_object (&self->selection);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (oss_worklist_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *klass)
{
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, menu_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, jobs_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, open_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, side_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, notice);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, notice_text);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, search);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, all_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, ready_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, to_review_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, out_of_date_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, refused_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, more_button);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, kernel_choice);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, scanner_choice);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, date_from);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, date_to);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, flap);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, stack);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, list);
  gtk_widget_class_bind_template_child (klass, OssWorklistPage, details);
}

static void
oss_worklist_page_class_init (OssWorklistPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_worklist_page_dispose;
  signals[SELECTED] =
      g_signal_new ("selected", OSS_TYPE_WORKLIST_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SUMMARY] =
      g_signal_new ("summary", OSS_TYPE_WORKLIST_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (OSS_TYPE_JOBS_BUTTON);
  g_type_ensure (OSS_TYPE_WORKLIST_DETAILS);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/worklist-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_search_cb);
  gtk_widget_class_bind_template_callback (widget_class, filter_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, more_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, clear_filters_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_notice_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_install_action (widget_class, "worklist.clear-filters", NULL, clear_filters_action);
  gtk_widget_class_install_action (widget_class, "worklist.menu", NULL, menu_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "win.remove-study", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Menu, 0, "worklist.menu", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, "worklist.menu", NULL);
}

static void
oss_worklist_page_init (OssWorklistPage *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->menu_button, oss_primary_menu ());
  g_signal_connect (keys, "key-pressed", G_CALLBACK (list_key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), keys);
  oss_worklist_add_columns (self->list, row_menu_cb, self);
  oss_worklist_reset_order (self->list);
  g_signal_connect_object (gtk_column_view_get_sorter (self->list), "changed", G_CALLBACK (query_changed), self,
                           G_CONNECT_SWAPPED);
}
