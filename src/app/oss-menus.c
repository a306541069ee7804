/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-menus.h"

#include <gtk/gtk.h>

static GMenuModel *
get_menu (const char *name)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/ossature/Ossature/ui/menus.ui");

  return g_object_ref (G_MENU_MODEL (gtk_builder_get_object (builder, name)));
}

GMenuModel *
oss_primary_menu (void)
{
  static GMenuModel *menu;

  if (menu == NULL)
    menu = get_menu ("primary");
  return menu;
}

GMenuModel *
oss_study_row_menu (void)
{
  static GMenuModel *menu;

  if (menu == NULL)
    menu = get_menu ("study_row");
  return menu;
}
