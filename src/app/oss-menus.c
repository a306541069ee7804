/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-menus.h"

#include <gtk/gtk.h>

GMenuModel *
oss_primary_menu (void)
{
  static GMenuModel *menu;

  if (menu == NULL)
    {
      g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/ossature/Ossature/ui/menus.ui");

      menu = g_object_ref (G_MENU_MODEL (gtk_builder_get_object (builder, "primary")));
    }
  return menu;
}
