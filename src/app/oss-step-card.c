/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-step-card.h"

#include "base/oss-i18n.h"

struct _OssStepCard
{
  GtkListBoxRow parent_instance;

  int number;
  char *name;
  OssState shown_state;
  GtkStack *icons;
  GtkImage *icon;
  GtkSpinner *spinner;
  GtkLabel *title, *state, *sentence, *detail;
  GtkBox *facts;
  GtkWidget *running;
  GtkProgressBar *bar;
  GtkRevealer *revealer;
  AdwBin *parameters;
  GtkBox *actions;
};

G_DEFINE_FINAL_TYPE (OssStepCard, oss_step_card, GTK_TYPE_LIST_BOX_ROW)

enum
{
  PROP_PARAMETERS = 1,
};

/* Shape and colour of each state. */
static const struct
{
  const char *icon, *css;
} looks[] = {
  [OSS_STATE_NOT_RUN] = { "content-loading-symbolic", "waiting" },
  [OSS_STATE_RUNNING] = { NULL, "waiting" },
  [OSS_STATE_DONE] = { "emblem-default-symbolic", "usable" },
  [OSS_STATE_NOTES] = { "oss-note-symbolic", "notes" },
  [OSS_STATE_OUT_OF_DATE] = { "view-refresh-symbolic", "notes" },
  [OSS_STATE_FAILED] = { "dialog-error-symbolic", "refused" },
  [OSS_STATE_REFUSED] = { "action-unavailable-symbolic", "refused" },
  [OSS_STATE_CANCELLED] = { "media-playback-stop-symbolic", "waiting" },
};

void
oss_step_card_set_title (OssStepCard *self, int number, const char *name)
{
  g_autofree char *text = g_strdup_printf ("%d  %s", number, name);

  self->number = number;
  g_free (self->name);
  self->name = g_strdup (name);
  gtk_label_set_label (self->title, text);
  oss_step_card_set_state (self, OSS_STATE_NOT_RUN, NULL);
}

void
oss_step_card_set_state (OssStepCard *self, OssState state, const char *sentence)
{
  gboolean running = state == OSS_STATE_RUNNING;
  g_autofree char *name = NULL;

  gtk_stack_set_visible_child_name (self->icons, running ? "spinner" : "icon");
  gtk_spinner_set_spinning (self->spinner, running);
  if (looks[state].icon != NULL)
    gtk_image_set_from_icon_name (self->icon, looks[state].icon);
  gtk_widget_remove_css_class (GTK_WIDGET (self), looks[self->shown_state].css);
  gtk_widget_add_css_class (GTK_WIDGET (self), looks[state].css);
  if (running)
    gtk_widget_add_css_class (GTK_WIDGET (self), "running");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "running");
  self->shown_state = state;

  gtk_label_set_label (self->state, oss_state_name (state));
  gtk_label_set_label (self->sentence, sentence != NULL ? sentence : "");
  gtk_widget_set_visible (GTK_WIDGET (self->sentence), !running && sentence != NULL);
  gtk_widget_set_visible (self->running, running);
  /* Translators: what a screen reader says of a step's card: number, name, state. */
  name = g_strdup_printf (_ ("Step %d, %s, %s"), self->number, self->name, oss_state_name (state));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
oss_step_card_set_facts (OssStepCard *self, const char *const *facts)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_box_remove (self->facts, child);
  for (int i = 0; facts[i] != NULL; i++)
    {
      GtkWidget *label = gtk_label_new (facts[i]);

      gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
      gtk_widget_add_css_class (label, "fact");
      gtk_widget_add_css_class (label, "numeric");
      gtk_box_append (self->facts, label);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->facts), facts[0] != NULL);
}

void
oss_step_card_set_progress (OssStepCard *self, double fraction, const char *detail)
{
  gtk_progress_bar_set_fraction (self->bar, fraction);
  gtk_label_set_label (self->detail, detail);
}

GtkWidget *
oss_step_card_add_action (OssStepCard *self, const char *label, const char *action, gboolean suggested)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (button), action);
  if (suggested)
    gtk_widget_add_css_class (button, "suggested-action");
  gtk_box_append (self->actions, button);
  return button;
}

void
oss_step_card_stack_actions (OssStepCard *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->actions), GTK_ORIENTATION_VERTICAL);
  gtk_widget_set_halign (GTK_WIDGET (self->actions), GTK_ALIGN_FILL);
}

gboolean
oss_step_card_get_open (OssStepCard *self)
{
  return gtk_revealer_get_reveal_child (self->revealer);
}

void
oss_step_card_set_open (OssStepCard *self, gboolean open)
{
  gtk_revealer_set_reveal_child (self->revealer, open);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_EXPANDED, open, -1);
}

void
oss_step_card_set_editable (OssStepCard *self, gboolean editable)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->parameters), editable);
}

static void
oss_step_card_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  OssStepCard *self = OSS_STEP_CARD (object);

  if (id == PROP_PARAMETERS)
    adw_bin_set_child (self->parameters, g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
oss_step_card_dispose (GObject *object)
{
  OssStepCard *self = OSS_STEP_CARD (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_STEP_CARD);
  g_clear_pointer (&self->name, g_free);
  G_OBJECT_CLASS (oss_step_card_parent_class)->dispose (object);
}

static void
oss_step_card_class_init (OssStepCardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->set_property = oss_step_card_set_property;
  object_class->dispose = oss_step_card_dispose;
  g_object_class_install_property (
      object_class, PROP_PARAMETERS,
      g_param_spec_object ("parameters", NULL, NULL, GTK_TYPE_WIDGET, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/step-card.ui");
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, icons);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, icon);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, spinner);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, title);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, state);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, sentence);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, detail);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, facts);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, running);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, bar);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, revealer);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, parameters);
  gtk_widget_class_bind_template_child (widget_class, OssStepCard, actions);
}

static void
oss_step_card_init (OssStepCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
