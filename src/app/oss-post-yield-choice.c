/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-post-yield-choice.h"

#include "base/oss-i18n.h"

struct _OssPostYieldChoice
{
  AdwBin parent_instance;

  OssPostYield post_yield;
  gboolean updating; /* the widgets follow the choice, not the other way round */
  GtkDropDown *kind;
  GtkLabel *explanation;
  GtkRevealer *hardening_line, *softening_lines;
  GtkSpinButton *hardening, *softening, *residual;
};

G_DEFINE_FINAL_TYPE (OssPostYieldChoice, oss_post_yield_choice, ADW_TYPE_BIN)

static guint changed_signal;

static const char *
explanation_of (OssPostYieldKind kind)
{
  switch (kind)
    {
    case OSS_POST_YIELD_HARDENING:
      return _ ("The yield stress grows with plastic strain, by this share of Young’s modulus.");
    case OSS_POST_YIELD_SOFTENING:
      return _ ("The yield stress falls to a share of itself while an element is shortened plastically by this much. "
                "The load can fall beyond its peak.");
    default:
      return _ ("The yield stress stays as it is: the load levels off.");
    }
}

static void
show_kind (OssPostYieldChoice *self)
{
  const OssPostYieldKind kind = self->post_yield.kind;
  const char *explanation = explanation_of (kind);

  gtk_label_set_label (self->explanation, explanation);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->kind), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, explanation, -1);
  gtk_revealer_set_reveal_child (self->hardening_line, kind == OSS_POST_YIELD_HARDENING);
  gtk_revealer_set_reveal_child (self->softening_lines, kind == OSS_POST_YIELD_SOFTENING);
}

/* What the widgets say. */
static void
take_numbers (OssPostYieldChoice *self)
{
  OssPostYield read = { .kind = (OssPostYieldKind) gtk_drop_down_get_selected (self->kind) };

  if (read.kind == OSS_POST_YIELD_HARDENING)
    read.hardening = gtk_spin_button_get_value (self->hardening) / 100.0;
  if (read.kind == OSS_POST_YIELD_SOFTENING)
    {
      read.softening_mm = gtk_spin_button_get_value (self->softening);
      read.residual_share = gtk_spin_button_get_value (self->residual) / 100.0;
    }
  self->post_yield = read;
}

void
oss_post_yield_choice_get (OssPostYieldChoice *self, OssPostYield *post_yield)
{
  *post_yield = self->post_yield;
}

void
oss_post_yield_choice_set (OssPostYieldChoice *self, const OssPostYield *post_yield)
{
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->kind, (guint) post_yield->kind);
  if (post_yield->kind == OSS_POST_YIELD_HARDENING)
    gtk_spin_button_set_value (self->hardening, 100.0 * post_yield->hardening);
  if (post_yield->kind == OSS_POST_YIELD_SOFTENING)
    {
      gtk_spin_button_set_value (self->softening, post_yield->softening_mm);
      gtk_spin_button_set_value (self->residual, 100.0 * post_yield->residual_share);
    }
  self->updating = FALSE;
  self->post_yield = *post_yield;
  show_kind (self);
}

static void
number_cb (OssPostYieldChoice *self)
{
  if (self->updating)
    return;
  take_numbers (self);
  g_signal_emit (self, changed_signal, 0);
}

static void
kind_cb (OssPostYieldChoice *self)
{
  if (self->updating || gtk_drop_down_get_selected (self->kind) > OSS_POST_YIELD_SOFTENING)
    return;
  take_numbers (self);
  show_kind (self);
  g_signal_emit (self, changed_signal, 0);
}

static void
oss_post_yield_choice_dispose (GObject *object)
{
  OSS_POST_YIELD_CHOICE (object)->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_POST_YIELD_CHOICE);
  G_OBJECT_CLASS (oss_post_yield_choice_parent_class)->dispose (object);
}

static void
oss_post_yield_choice_class_init (OssPostYieldChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_post_yield_choice_dispose;
  changed_signal =
      g_signal_new ("changed", OSS_TYPE_POST_YIELD_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/post-yield-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, kind);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, explanation);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, hardening_line);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, softening_lines);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, hardening);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, softening);
  gtk_widget_class_bind_template_child (widget_class, OssPostYieldChoice, residual);
  gtk_widget_class_bind_template_callback (widget_class, kind_cb);
  gtk_widget_class_bind_template_callback (widget_class, number_cb);
}

static void
oss_post_yield_choice_init (OssPostYieldChoice *self)
{
  const OssPostYield perfect = { .kind = OSS_POST_YIELD_PERFECT };

  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  oss_post_yield_choice_set (self, &perfect);
}
