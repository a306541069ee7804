/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-caps-choice.h"

struct _OssCapsChoice
{
  AdwBin parent_instance;

  OssCaps caps;
  gboolean updating; /* the widgets follow the caps, not the other way round */
  GtkDropDown *kind;
  GtkRevealer *layer;
  GtkSpinButton *thickness, *modulus;
};

G_DEFINE_FINAL_TYPE (OssCapsChoice, oss_caps_choice, ADW_TYPE_BIN)

static guint changed_signal;

void
oss_caps_choice_get (OssCapsChoice *self, OssCaps *caps)
{
  *caps = self->caps;
}

void
oss_caps_choice_set (OssCapsChoice *self, const OssCaps *caps)
{
  gboolean some = caps->kind != OSS_CAPS_NONE;

  self->caps = *caps;
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->kind, (guint) caps->kind);
  gtk_revealer_set_reveal_child (self->layer, some);
  if (some)
    {
      gtk_spin_button_set_value (self->thickness, caps->thickness_mm);
      gtk_spin_button_set_value (self->modulus, caps->modulus_mpa);
    }
  self->updating = FALSE;
}

/* Another kind comes with its own thickness and modulus. */
static void
kind_cb (OssCapsChoice *self)
{
  guint selected = gtk_drop_down_get_selected (self->kind);
  OssCaps caps;

  if (self->updating || selected >= OSS_N_CAPS)
    return;
  oss_caps_init (&caps, (OssCapsKind) selected);
  oss_caps_choice_set (self, &caps);
  g_signal_emit (self, changed_signal, 0);
}

static void
layer_cb (OssCapsChoice *self)
{
  if (self->updating)
    return;
  self->caps.thickness_mm = gtk_spin_button_get_value (self->thickness);
  self->caps.modulus_mpa = gtk_spin_button_get_value (self->modulus);
  g_signal_emit (self, changed_signal, 0);
}

static void
oss_caps_choice_dispose (GObject *object)
{
  OSS_CAPS_CHOICE (object)->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_CAPS_CHOICE);
  G_OBJECT_CLASS (oss_caps_choice_parent_class)->dispose (object);
}

static void
oss_caps_choice_class_init (OssCapsChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_caps_choice_dispose;
  changed_signal =
      g_signal_new ("changed", OSS_TYPE_CAPS_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/caps-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, OssCapsChoice, kind);
  gtk_widget_class_bind_template_child (widget_class, OssCapsChoice, layer);
  gtk_widget_class_bind_template_child (widget_class, OssCapsChoice, thickness);
  gtk_widget_class_bind_template_child (widget_class, OssCapsChoice, modulus);
  gtk_widget_class_bind_template_callback (widget_class, kind_cb);
  gtk_widget_class_bind_template_callback (widget_class, layer_cb);
}

static void
oss_caps_choice_init (OssCapsChoice *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->updating = FALSE;
}
