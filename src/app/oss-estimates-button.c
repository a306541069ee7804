/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-estimates-button.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"
#include "fem/oss-fem-estimators.h"

struct _OssEstimatesButton
{
  AdwBin parent_instance;
  GtkListBox *list;
  GtkLabel *missing;
};

G_DEFINE_FINAL_TYPE (OssEstimatesButton, oss_estimates_button, ADW_TYPE_BIN)

static GtkWidget *
make_label (const char *text, double xalign, const char *first_class, const char *second_class)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", xalign, "wrap", TRUE, NULL);

  if (first_class != NULL)
    gtk_widget_add_css_class (label, first_class);
  if (second_class != NULL)
    gtk_widget_add_css_class (label, second_class);
  return label;
}

/* Name and force, and below them what they may be compared with; rows are named by their labels. */
static void
add_row (OssEstimatesButton *self, const OssEstimator *estimator, double newton)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  g_autofree char *number = oss_format_rounded (newton, 10.0);
  g_autofree char *force = g_strdup_printf ("%s\302\240N", number);
  g_autofree char *spoken = g_strdup_printf ("%s: %s. %s", _ (estimator->name), force, _ (estimator->comparable));
  GtkWidget *name = make_label (_ (estimator->name), 0.0, NULL, NULL);

  gtk_widget_set_hexpand (name, TRUE);
  gtk_box_append (GTK_BOX (line), name);
  gtk_box_append (GTK_BOX (line), make_label (force, 1.0, "numeric", "heading"));
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), make_label (_ (estimator->comparable), 0.0, "dim", "small"));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_list_box_append (self->list, row);
}

void
oss_estimates_button_set_result (OssEstimatesButton *self, const OssSimulateResult *simulate)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  for (int i = 0; i < OSS_N_ESTIMATORS && simulate != NULL; i++)
    {
      const OssEstimator *estimator = oss_estimator ((OssEstimatorId) i);

      if (!estimator->nonlinear || simulate->curve != NULL)
        add_row (self, estimator, oss_estimator_value ((OssEstimatorId) i, &simulate->strength, simulate->curve));
    }
  gtk_widget_set_visible (GTK_WIDGET (self->missing), simulate != NULL && simulate->curve == NULL);
}

static void
oss_estimates_button_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_ESTIMATES_BUTTON);
  G_OBJECT_CLASS (oss_estimates_button_parent_class)->dispose (object);
}

static void
oss_estimates_button_class_init (OssEstimatesButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_estimates_button_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/estimates-button.ui");
  gtk_widget_class_bind_template_child (widget_class, OssEstimatesButton, list);
  gtk_widget_class_bind_template_child (widget_class, OssEstimatesButton, missing);
}

static void
oss_estimates_button_init (OssEstimatesButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
