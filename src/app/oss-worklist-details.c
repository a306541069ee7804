/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-worklist-details.h"

#include "app/oss-badge.h"
#include "app/oss-format.h"
#include "app/oss-step-text.h"
#include "app/oss-worklist-text.h"
#include "base/oss-i18n.h"

struct _OssWorklistDetails
{
  AdwBin parent_instance;

  GtkStack *stack;
  GtkLabel *name, *person, *facts, *hint;
  GtkButton *main_button, *other_button;
  GtkBox *series, *results;
  GtkWidget *results_line;
};

G_DEFINE_FINAL_TYPE (OssWorklistDetails, oss_worklist_details, ADW_TYPE_BIN)

static void
clear_box (GtkBox *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (box))) != NULL)
    gtk_box_remove (box, child);
}

static GtkWidget *
make_label (const char *text, const char *first_class, const char *second_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 30); /* or a long text widens the column */
  gtk_widget_add_css_class (label, first_class);
  if (second_class != NULL)
    gtk_widget_add_css_class (label, second_class);
  return label;
}

static void
add_series (OssWorklistDetails *self, const OssWorklistSeries *series)
{
  g_autofree char *number = g_strdup_printf (_ ("Series %d"), series->number);
  g_autofree char *facts = oss_worklist_series_facts (series);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *first = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  gtk_box_append (GTK_BOX (first), make_label (number, "heading", NULL));
  if (*series->kernel != '\0')
    gtk_box_append (GTK_BOX (first), oss_badge_new (series->kernel));
  gtk_box_append (GTK_BOX (first), oss_badge_new_verdict (series->verdict));
  gtk_box_append (GTK_BOX (box), first);
  if (*series->description != '\0')
    gtk_box_append (GTK_BOX (box), make_label (series->description, "small", NULL));
  gtk_box_append (GTK_BOX (box), make_label (facts, "dim", "small"));
  gtk_box_append (self->series, box);
}

/* Why nothing can be done with it, in the words of its largest series. */
static const char *
first_reason (const GPtrArray *series)
{
  const OssWorklistSeries *largest = NULL;

  for (guint i = 0; i < series->len; i++)
    {
      const OssWorklistSeries *one = g_ptr_array_index (series, i);

      if (one->reasons->len > 0 && (largest == NULL || one->n_files > largest->n_files))
        largest = one;
    }
  return largest != NULL ? ((const OssReason *) g_ptr_array_index (largest->reasons, 0))->text : "";
}

static GtkWidget *
make_result (const char *title, const char *icon_name, const char *css, const OssWorklistAnalysis *analysis)
{
  g_autofree char *line = oss_worklist_result (analysis);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *icon = gtk_image_new_from_icon_name (icon_name);
  GtkWidget *heading = make_label (title, "heading", css);

  if (css != NULL)
    gtk_widget_add_css_class (icon, css);
  gtk_widget_set_valign (icon, GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (text), heading);
  gtk_box_append (GTK_BOX (text), make_label (line, "dim", "small"));
  gtk_box_append (GTK_BOX (row), icon);
  gtk_box_append (GTK_BOX (row), text);
  return row;
}

static void
add_results (OssWorklistDetails *self, OssWorklist *worklist, const OssWorklistStudy *study)
{
  g_autoptr (GPtrArray) analyses = oss_worklist_get_analyses (worklist, study->id, NULL);
  g_autoptr (GPtrArray) priors = oss_worklist_get_priors (worklist, study->id, NULL);

  for (guint i = 0; analyses != NULL && i < MIN (analyses->len, 3); i++)
    {
      const OssWorklistAnalysis *analysis = g_ptr_array_index (analyses, i);
      const char *icon = "view-refresh-symbolic", *css = "notes", *word = NULL;

      if (analysis->state == OSS_ANALYSIS_FAILED)
        word = _ ("Failed"), icon = "dialog-error-symbolic", css = "refused";
      else if (analysis->state == OSS_ANALYSIS_OUT_OF_DATE)
        word = _ ("Out of date");
      else
        word =
            oss_density_class_word (*analysis->density_class != '\0' ? analysis->density_class : "none", &icon, &css);
      gtk_box_append (self->results, make_result (word != NULL ? word : _ ("Result"), icon, css, analysis));
    }
  for (guint i = 0; priors != NULL && i < MIN (priors->len, 3); i++)
    {
      const OssWorklistAnalysis *prior = g_ptr_array_index (priors, i);
      g_autofree char *day = oss_format_dicom_date (prior->study_date);
      /* Translators: an earlier result of the same patient; its date follows. */
      g_autofree char *title = g_strdup_printf (_ ("Prior: %s"), day);
      GtkWidget *row = make_result (title, "document-open-recent-symbolic", NULL, prior);
      GtkWidget *compare = gtk_button_new_with_label (_ ("Compare"));

      gtk_widget_set_valign (compare, GTK_ALIGN_CENTER);
      gtk_widget_add_css_class (compare, "flat");
      gtk_actionable_set_action_target (GTK_ACTIONABLE (compare), "x", prior->id);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (compare), "win.compare-prior");
      gtk_box_append (GTK_BOX (row), compare);
      gtk_box_append (self->results, row);
    }
  gtk_widget_set_visible (self->results_line, gtk_widget_get_first_child (GTK_WIDGET (self->results)) != NULL);
}

static void
set_buttons (OssWorklistDetails *self, const OssWorklistStudy *study, const GPtrArray *series)
{
  gboolean refused = study->verdict == OSS_VERDICT_REFUSED;
  g_autofree char *name = oss_format_dicom_name (study->patient_name), *spoken = NULL;
  const char *main_word = refused ? _ ("Explain") : _ ("Review");

  gtk_button_set_label (self->main_button, main_word);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->main_button), refused ? "win.explain-study" : "win.open-study");
  /* Translators: what a screen reader says of a button: what it does and to whom. */
  spoken = g_strdup_printf (_ ("%s %s"), main_word, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->main_button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_button_set_label (self->other_button, _ ("Series"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->other_button), "win.explain-study");
  gtk_widget_set_visible (GTK_WIDGET (self->other_button), !refused);
  if (!study->is_reachable)
    gtk_label_set_label (self->hint, _ ("Its folder is not there. Connect the drive, or open the folder again."));
  else
    gtk_label_set_label (self->hint, refused && series != NULL ? first_reason (series) : "");
  gtk_widget_set_visible (GTK_WIDGET (self->hint), *gtk_label_get_label (self->hint) != '\0');
}

void
oss_worklist_details_show (OssWorklistDetails *self, OssWorklist *worklist, const OssWorklistStudy *study)
{
  g_autoptr (GPtrArray) series = NULL;
  g_autofree char *name = NULL, *person = NULL, *day = NULL, *facts = NULL;

  gtk_stack_set_visible_child_name (self->stack, study != NULL ? "study" : "none");
  if (study == NULL)
    return;
  name = oss_format_dicom_name (study->patient_name);
  person = oss_worklist_person_long (study);
  day = oss_format_dicom_date (study->study_date);
  facts = *study->study_description != '\0' ? g_strdup_printf ("%s · %s", study->study_description, day)
                                            : g_strconcat (study->study_description, day, NULL);
  gtk_label_set_label (self->name, name);
  gtk_label_set_label (self->person, person);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_set_visible (GTK_WIDGET (self->person), *person != '\0');
  gtk_widget_set_visible (GTK_WIDGET (self->facts), *facts != '\0');
  clear_box (self->series);
  clear_box (self->results);
  series = oss_worklist_get_series (worklist, study->id, NULL);
  for (guint i = 0; series != NULL && i < series->len; i++)
    add_series (self, g_ptr_array_index (series, i));
  set_buttons (self, study, series);
  add_results (self, worklist, study);
}

static void
oss_worklist_details_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_WORKLIST_DETAILS);
  G_OBJECT_CLASS (oss_worklist_details_parent_class)->dispose (object);
}

static void
oss_worklist_details_class_init (OssWorklistDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_worklist_details_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/worklist-details.ui");
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, stack);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, name);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, person);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, facts);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, hint);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, main_button);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, other_button);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, series);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, results);
  gtk_widget_class_bind_template_child (widget_class, OssWorklistDetails, results_line);
}

static void
oss_worklist_details_init (OssWorklistDetails *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
