/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-welcome-page.h"

#include "app/oss-menus.h"

struct _OssWelcomePage
{
  AdwBin parent_instance;

  GtkMenuButton *menu_button;
  GtkPicture *picture;
};

G_DEFINE_FINAL_TYPE (OssWelcomePage, oss_welcome_page, ADW_TYPE_BIN)

static void
oss_welcome_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), OSS_TYPE_WELCOME_PAGE);
  G_OBJECT_CLASS (oss_welcome_page_parent_class)->dispose (object);
}

static void
oss_welcome_page_class_init (OssWelcomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_welcome_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/welcome-page.ui");
  gtk_widget_class_bind_template_child (widget_class, OssWelcomePage, menu_button);
  gtk_widget_class_bind_template_child (widget_class, OssWelcomePage, picture);
}

static void
oss_welcome_page_init (OssWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->menu_button, oss_primary_menu ());
  gtk_picture_set_resource (self->picture, "/org/ossature/Ossature/welcome.png");
}
