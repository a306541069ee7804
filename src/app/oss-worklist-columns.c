/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-worklist-columns.h"

#include "app/oss-badge.h"
#include "app/oss-format.h"
#include "app/oss-step-text.h"
#include "app/oss-worklist-model.h"
#include "app/oss-worklist-text.h"
#include "base/oss-i18n.h"

#define THUMBNAIL_PX 40

typedef enum
{
  COLUMN_PATIENT,
  COLUMN_STUDY,
  COLUMN_KERNELS,
  COLUMN_VERDICT,
  COLUMN_ANALYSIS,
  COLUMN_CLASS,
  N_COLUMNS,
} Column;

static const struct
{
  const char *title;
  int width; /* -1: what is left */
  OssWorklistSort sort;
} columns[N_COLUMNS] = {
  [COLUMN_PATIENT] = { N_ ("Patient"), -1, OSS_WORKLIST_BY_PATIENT },
  [COLUMN_STUDY] = { N_ ("Study"), -1, OSS_WORKLIST_BY_DATE },
  [COLUMN_KERNELS] = { N_ ("Kernels"), 120, OSS_WORKLIST_BY_KERNEL },
  [COLUMN_VERDICT] = { N_ ("Verdict"), 150, OSS_WORKLIST_BY_VERDICT },
  [COLUMN_ANALYSIS] = { N_ ("Analysis"), 104, OSS_WORKLIST_BY_ANALYSIS },
  [COLUMN_CLASS] = { N_ ("Class"), 164, OSS_WORKLIST_BY_CLASS },
};

/* --- Cells --- */

static void
clear_box (GtkWidget *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (box)) != NULL)
    gtk_box_remove (GTK_BOX (box), child);
}

static GtkWidget *
add_line (GtkWidget *box, const char *css)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  if (css != NULL)
    gtk_widget_add_css_class (label, css);
  gtk_box_append (GTK_BOX (box), label);
  return label;
}

static GtkWidget *
make_two_lines (const char *first_css)
{
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1), *second;

  gtk_widget_set_valign (text, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (text, TRUE);
  add_line (text, first_css);
  second = add_line (text, "dim");
  gtk_widget_add_css_class (second, "small");
  gtk_widget_add_css_class (second, "numeric");
  return text;
}

static void
set_two_lines (GtkWidget *text, const char *first, const char *second)
{
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_first_child (text)), first);
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_last_child (text)), second);
}

static GtkWidget *
make_thumbnail (void)
{
  GtkWidget *frame = gtk_overlay_new (), *picture = gtk_picture_new ();

  gtk_widget_set_size_request (frame, THUMBNAIL_PX, THUMBNAIL_PX);
  gtk_widget_set_valign (frame, GTK_ALIGN_CENTER);
  gtk_widget_set_overflow (frame, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (frame, "thumbnail");
  gtk_overlay_add_overlay (GTK_OVERLAY (frame), picture);
  gtk_accessible_update_property (GTK_ACCESSIBLE (picture), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Middle slice"), -1);
  return frame;
}

static void
setup_cell (Column column, GtkWidget *cell)
{
  if (column == COLUMN_PATIENT)
    {
      gtk_box_append (GTK_BOX (cell), make_thumbnail ());
      gtk_box_append (GTK_BOX (cell), make_two_lines ("heading"));
    }
  else if (column == COLUMN_STUDY)
    gtk_box_append (GTK_BOX (cell), make_two_lines (NULL));
}

static void
fill_patient (GtkWidget *cell, OssWorklistRow *row)
{
  const OssWorklistStudy *study = oss_worklist_row_get_study (row);
  g_autofree char *name = oss_format_dicom_name (study->patient_name), *person = oss_worklist_person (study);
  GtkWidget *frame = gtk_widget_get_first_child (cell);
  GdkTexture *thumbnail = oss_worklist_row_get_thumbnail (row);

  gtk_picture_set_paintable (GTK_PICTURE (gtk_widget_get_last_child (frame)), GDK_PAINTABLE (thumbnail));
  set_two_lines (gtk_widget_get_last_child (cell), name, person);
}

static void
fill_kernels (GtkWidget *cell, const OssWorklistStudy *study)
{
  guint n = g_strv_length (study->kernels);

  for (guint i = 0; i < MIN (n, 2); i++)
    gtk_box_append (GTK_BOX (cell), oss_badge_new (study->kernels[i]));
  if (n > 2)
    {
      g_autofree char *more = g_strdup_printf ("+%u", n - 2);

      gtk_box_append (GTK_BOX (cell), oss_badge_new (more));
    }
}

static void
fill_verdict (GtkWidget *cell, const OssWorklistStudy *study)
{
  GtkWidget *badges = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *badge = oss_badge_new_verdict (study->verdict);
  /* Translators: what a screen reader says: "Verdict: usable with notes". */
  g_autofree char *name = g_strdup_printf (_ ("Verdict: %s"), oss_verdict_title (study->verdict));

  gtk_accessible_update_property (GTK_ACCESSIBLE (badge), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_valign (badges, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (badges), badge);
  if (!study->is_reachable)
    {
      GtkWidget *gone = oss_badge_new (_ ("Not reachable"));

      gtk_widget_set_tooltip_text (gone, _ ("Its folder is not there. Connect the drive, or open the folder again."));
      gtk_box_append (GTK_BOX (badges), gone);
    }
  gtk_box_append (GTK_BOX (cell), badges);
}

static void
fill_analysis (GtkWidget *cell, const OssWorklistStudy *study)
{
  GtkWidget *label = add_line (cell, study->analysis == OSS_ANALYSIS_OUT_OF_DATE ? "notes"
                                     : study->analysis == OSS_ANALYSIS_FAILED    ? "refused"
                                     : study->analysis == OSS_ANALYSIS_NONE      ? "dim"
                                                                                 : NULL);

  gtk_label_set_label (GTK_LABEL (label), oss_worklist_analysis_word (study));
}

static void
fill_class (GtkWidget *cell, const OssWorklistStudy *study)
{
  const char *icon_name, *css, *word = oss_density_class_word (study->analysis_class, &icon_name, &css);
  GtkWidget *icon, *label;
  g_autofree char *name = NULL;

  if (word == NULL)
    {
      gtk_label_set_label (GTK_LABEL (add_line (cell, "dim")), "–");
      return;
    }
  icon = gtk_image_new_from_icon_name (icon_name);
  gtk_widget_add_css_class (icon, css);
  gtk_box_append (GTK_BOX (cell), icon);
  label = add_line (cell, css);
  gtk_widget_add_css_class (label, "heading");
  gtk_label_set_label (GTK_LABEL (label), word);
  /* Translators: what a screen reader says of a class: "Class: low density". */
  name = g_strdup_printf (_ ("Class: %s"), word);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
fill_cell (Column column, GtkWidget *cell, OssWorklistRow *row)
{
  const OssWorklistStudy *study = oss_worklist_row_get_study (row);
  g_autofree char *day = NULL;

  if (column > COLUMN_STUDY)
    clear_box (cell);
  switch (column)
    {
    case COLUMN_PATIENT:
      fill_patient (cell, row);
      break;
    case COLUMN_STUDY:
      day = oss_worklist_day (study->study_date);
      set_two_lines (gtk_widget_get_first_child (cell),
                     *study->study_description != '\0' ? study->study_description : "–", day);
      break;
    case COLUMN_KERNELS:
      fill_kernels (cell, study);
      break;
    case COLUMN_VERDICT:
      fill_verdict (cell, study);
      break;
    case COLUMN_ANALYSIS:
      fill_analysis (cell, study);
      break;
    case COLUMN_CLASS:
    case N_COLUMNS:
    default:
      fill_class (cell, study);
      break;
    }
}

/* --- Factories --- */

typedef struct
{
  Column column;
  OssWorklistMenuFunc menu;
  gpointer data;
} Factory;

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, GtkListItem *item)
{
  const Factory *factory = g_object_get_data (G_OBJECT (gesture), "oss-factory");
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));

  factory->menu (gtk_list_item_get_position (item), cell, x, y, factory->data);
}

static void
setup_cb (GtkSignalListItemFactory *list_factory, GtkListItem *item, Factory *factory)
{
  GtkWidget *cell = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, factory->column == COLUMN_PATIENT ? 10 : 4);
  GtkGesture *gesture = gtk_gesture_click_new ();

  gtk_widget_add_css_class (cell, "worklist-cell");
  setup_cell (factory->column, cell);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (gesture), GDK_BUTTON_SECONDARY);
  g_object_set_data (G_OBJECT (gesture), "oss-factory", factory);
  g_signal_connect (gesture, "pressed", G_CALLBACK (pressed_cb), item);
  gtk_widget_add_controller (cell, GTK_EVENT_CONTROLLER (gesture));
  gtk_list_item_set_child (item, cell);
}

static void
study_changed_cb (OssWorklistRow *row, GParamSpec *pspec, GtkListItem *item)
{
  Column column = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (item), "oss-column"));

  fill_cell (column, gtk_list_item_get_child (item), row);
}

static void
bind_cb (GtkSignalListItemFactory *list_factory, GtkListItem *item, Factory *factory)
{
  OssWorklistRow *row = gtk_list_item_get_item (item);

  g_object_set_data (G_OBJECT (item), "oss-column", GINT_TO_POINTER (factory->column));
  g_signal_connect (row, "notify::study", G_CALLBACK (study_changed_cb), item);
  fill_cell (factory->column, gtk_list_item_get_child (item), row);
}

static void
unbind_cb (GtkSignalListItemFactory *list_factory, GtkListItem *item, Factory *factory)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (item), study_changed_cb, item);
}

/* --- Order --- */

/* The database sorts.  GTK 4.8 tells nobody which header was clicked; but its sorter, asked to compare two items,
 * asks the first column first, and turns the answer round when it sorts downwards. */
static int asked_column = -1;

static int
compare_as_asked (gconstpointer a, gconstpointer b, gpointer column)
{
  if (asked_column < 0)
    asked_column = GPOINTER_TO_INT (column);
  return -1;
}

void
oss_worklist_read_order (GtkColumnView *view, OssWorklistSort *sort, gboolean *descending)
{
  GtkSorter *sorter = gtk_column_view_get_sorter (view);
  g_autoptr (OssWorklistRow) a = g_object_new (OSS_TYPE_WORKLIST_ROW, NULL);
  g_autoptr (OssWorklistRow) b = g_object_new (OSS_TYPE_WORKLIST_ROW, NULL);
  GtkOrdering order;

  asked_column = -1;
  order = gtk_sorter_compare (sorter, a, b);
  *sort = asked_column >= 0 ? columns[asked_column].sort : OSS_WORKLIST_BY_DATE;
  *descending = asked_column < 0 || order == GTK_ORDERING_LARGER;
}

void
oss_worklist_reset_order (GtkColumnView *view)
{
  g_autoptr (GtkColumnViewColumn) study = g_list_model_get_item (gtk_column_view_get_columns (view), COLUMN_STUDY);

  gtk_column_view_sort_by_column (view, study, GTK_SORT_DESCENDING);
}

void
oss_worklist_add_columns (GtkColumnView *view, OssWorklistMenuFunc menu, gpointer data)
{
  for (int i = 0; i < N_COLUMNS; i++)
    {
      GtkListItemFactory *list_factory = gtk_signal_list_item_factory_new ();
      g_autoptr (GtkColumnViewColumn) column = gtk_column_view_column_new (_ (columns[i].title), list_factory);
      g_autoptr (GtkCustomSorter) sorter = gtk_custom_sorter_new (compare_as_asked, GINT_TO_POINTER (i), NULL);
      Factory *factory = g_new0 (Factory, 1);

      factory->column = (Column) i;
      factory->menu = menu;
      factory->data = data;
      g_object_set_data_full (G_OBJECT (list_factory), "oss-factory", factory, g_free);
      g_signal_connect (list_factory, "setup", G_CALLBACK (setup_cb), factory);
      g_signal_connect (list_factory, "bind", G_CALLBACK (bind_cb), factory);
      g_signal_connect (list_factory, "unbind", G_CALLBACK (unbind_cb), factory);
      gtk_column_view_column_set_sorter (column, GTK_SORTER (sorter));
      gtk_column_view_column_set_expand (column, columns[i].width < 0);
      if (columns[i].width > 0)
        gtk_column_view_column_set_fixed_width (column, columns[i].width);
      gtk_column_view_append_column (view, column);
    }
}
