/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-day-entry.h"

#include <stdio.h>

char *
oss_day_entry_read (GtkEntry *entry)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (entry));
  int year, month, day;
  char rest;
  gboolean valid = sscanf (text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 && year > 0
                   && g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year);

  if (valid || *text == '\0')
    gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
  if (!valid)
    return *text == '\0' ? g_strdup ("") : NULL;
  return g_strdup_printf ("%04d%02d%02d", year, month, day);
}
