/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-worklist.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The columns of the worklist, each with a header to sort by.  @menu: called with the position of a row whose menu is
 * asked for by the pointer, the cell, and the place in it. */
typedef void (*OssWorklistMenuFunc) (guint position, GtkWidget *cell, double x, double y, gpointer data);
void oss_worklist_add_columns (GtkColumnView *view, OssWorklistMenuFunc menu, gpointer data);
/* What the headers that were clicked ask for. */
void oss_worklist_read_order (GtkColumnView *view, OssWorklistSort *sort, gboolean *descending);
/* Sorts by the study's date, newest first, as a fresh worklist is. */
void oss_worklist_reset_order (GtkColumnView *view);

G_END_DECLS
