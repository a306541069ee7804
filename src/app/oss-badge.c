/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-badge.h"

#include "base/oss-i18n.h"

struct _OssBadge
{
  GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE (OssBadge, oss_badge, GTK_TYPE_BOX)

static void
oss_badge_class_init (OssBadgeClass *klass)
{
}

static void
oss_badge_init (OssBadge *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "badge");
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_START);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
  gtk_box_set_spacing (GTK_BOX (self), 4);
}

GtkWidget *
oss_badge_new (const char *text)
{
  GtkWidget *self = g_object_new (OSS_TYPE_BADGE, NULL);

  gtk_box_append (GTK_BOX (self), gtk_label_new (text));
  return self;
}

const char *
oss_verdict_icon (OssVerdict verdict)
{
  static const char *const icons[] = { "emblem-ok-symbolic", "oss-note-symbolic", "action-unavailable-symbolic" };

  return icons[verdict];
}

const char *
oss_verdict_title (OssVerdict verdict)
{
  switch (verdict)
    {
    case OSS_VERDICT_USABLE:
      return _ ("Usable");
    case OSS_VERDICT_NOTES:
      return _ ("Usable with notes");
    case OSS_VERDICT_REFUSED:
    default:
      return _ ("Refused");
    }
}

GtkWidget *
oss_badge_new_verdict (OssVerdict verdict)
{
  GtkWidget *self = g_object_new (OSS_TYPE_BADGE, NULL);
  GtkWidget *icon = gtk_image_new_from_icon_name (oss_verdict_icon (verdict));

  gtk_image_set_pixel_size (GTK_IMAGE (icon), 12);
  gtk_box_append (GTK_BOX (self), icon);
  gtk_box_append (GTK_BOX (self), gtk_label_new (oss_verdict_title (verdict)));
  gtk_widget_add_css_class (self, oss_verdict_name (verdict));
  return self;
}
