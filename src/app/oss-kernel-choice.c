/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-kernel-choice.h"

struct _OssKernelChoice
{
  AdwBin parent_instance;

  gboolean updating; /* the widgets follow the options, not the other way round */
  GtkSwitch *wanted;
  GtkRevealer *details;
  GtkEntry *to, *from;
  GtkDropDown *mtf;
  GtkCheckButton *original;
  GtkLabel *state;
};

G_DEFINE_FINAL_TYPE (OssKernelChoice, oss_kernel_choice, ADW_TYPE_BIN)

enum
{
  CHANGED,
  ORIGINAL,
  MEASURE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* As the list names them; the first is the default. */
static const char *const mtf_keys[] = { NULL, "table", "measured" };

static char *
text_of (GtkEntry *entry)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));

  if (*text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

char *
oss_kernel_choice_get_to (OssKernelChoice *self)
{
  return gtk_switch_get_active (self->wanted) ? text_of (self->to) : NULL;
}

char *
oss_kernel_choice_get_from (OssKernelChoice *self)
{
  return gtk_switch_get_active (self->wanted) ? text_of (self->from) : NULL;
}

const char *
oss_kernel_choice_get_mtf (OssKernelChoice *self)
{
  guint chosen = gtk_drop_down_get_selected (self->mtf);

  return gtk_switch_get_active (self->wanted) && chosen < G_N_ELEMENTS (mtf_keys) ? mtf_keys[chosen] : NULL;
}

void
oss_kernel_choice_set (OssKernelChoice *self, const char *to, const char *from, const char *mtf)
{
  guint chosen = 0;

  for (guint i = 1; i < G_N_ELEMENTS (mtf_keys); i++)
    if (g_strcmp0 (mtf, mtf_keys[i]) == 0)
      chosen = i;
  self->updating = TRUE;
  gtk_switch_set_active (self->wanted, to != NULL);
  gtk_revealer_set_reveal_child (self->details, to != NULL);
  if (to != NULL)
    gtk_editable_set_text (GTK_EDITABLE (self->to), to);
  gtk_editable_set_text (GTK_EDITABLE (self->from), from != NULL ? from : "");
  gtk_drop_down_set_selected (self->mtf, chosen);
  self->updating = FALSE;
}

void
oss_kernel_choice_tell (OssKernelChoice *self, const char *text, gboolean good, gboolean has_original)
{
  gtk_label_set_label (self->state, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state), text != NULL && *text != '\0');
  if (good)
    gtk_widget_remove_css_class (GTK_WIDGET (self->state), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->state), "error");
  gtk_widget_set_sensitive (GTK_WIDGET (self->original), has_original);
  if (!has_original && gtk_check_button_get_active (self->original))
    gtk_check_button_set_active (self->original, FALSE);
}

static void
changed_cb (OssKernelChoice *self)
{
  gtk_revealer_set_reveal_child (self->details, gtk_switch_get_active (self->wanted));
  if (!self->updating)
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
original_cb (OssKernelChoice *self)
{
  if (!self->updating)
    g_signal_emit (self, signals[ORIGINAL], 0, gtk_check_button_get_active (self->original));
}

static void
measure_cb (OssKernelChoice *self)
{
  g_signal_emit (self, signals[MEASURE], 0);
}

static void
oss_kernel_choice_dispose (GObject *object)
{
  OSS_KERNEL_CHOICE (object)->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_KERNEL_CHOICE);
  G_OBJECT_CLASS (oss_kernel_choice_parent_class)->dispose (object);
}

static void
oss_kernel_choice_class_init (OssKernelChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_kernel_choice_dispose;
  signals[CHANGED] =
      g_signal_new ("changed", OSS_TYPE_KERNEL_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ORIGINAL] = g_signal_new ("original", OSS_TYPE_KERNEL_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[MEASURE] =
      g_signal_new ("measure", OSS_TYPE_KERNEL_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/kernel-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, wanted);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, details);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, to);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, from);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, mtf);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, original);
  gtk_widget_class_bind_template_child (widget_class, OssKernelChoice, state);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, original_cb);
  gtk_widget_class_bind_template_callback (widget_class, measure_cb);
}

static void
oss_kernel_choice_init (OssKernelChoice *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_sensitive (GTK_WIDGET (self->original), FALSE);
  self->updating = FALSE;
}
