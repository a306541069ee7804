/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes every widget with a template once, shows it, and lets it go: with warnings fatal this finds a
 * missing child, a wrong property or an action that is not there. */
#include "app/oss-application.h"
#include "app/oss-badge.h"
#include "app/oss-caps-choice.h"
#include "app/oss-certificate-window.h"
#include "app/oss-curve-view.h"
#include "app/oss-estimates-button.h"
#include "app/oss-jobs-button.h"
#include "app/oss-kernel-group.h"
#include "app/oss-kernel-window.h"
#include "app/oss-model-pane.h"
#include "app/oss-pacs-window.h"
#include "app/oss-post-yield-choice.h"
#include "app/oss-preferences.h"
#include "app/oss-review-page.h"
#include "app/oss-series-page.h"
#include "app/oss-slice-pane.h"
#include "app/oss-step-card.h"
#include "app/oss-trouble-picture.h"
#include "app/oss-welcome-page.h"
#include "app/oss-window.h"
#include "app/oss-worklist-details.h"
#include "app/oss-worklist-page.h"

static void
turn (void)
{
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 5;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (2000);
}

/* A row lives in a list. */
static GtkWidget *
in_list (GtkWidget *row)
{
  GtkWidget *list = gtk_list_box_new ();

  gtk_list_box_append (GTK_LIST_BOX (list), row);
  return list;
}

static void
show_once (gconstpointer data)
{
  GType type = GPOINTER_TO_SIZE (data);
  GtkWidget *widget = g_object_new (type, NULL), *window;
  gpointer alive = widget;

  if (GTK_IS_WINDOW (widget))
    window = widget;
  else
    {
      window = gtk_window_new ();
      gtk_window_set_child (GTK_WINDOW (window), GTK_IS_LIST_BOX_ROW (widget) ? in_list (widget) : widget);
    }
  g_object_add_weak_pointer (alive, &alive);
  gtk_window_present (GTK_WINDOW (window));
  turn ();
  gtk_window_destroy (GTK_WINDOW (window));
  turn ();
  g_assert_null (alive);
}

static void
test_help_overlay (void)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/ossature/Ossature/gtk/help-overlay.ui");
  GtkWidget *overlay = GTK_WIDGET (gtk_builder_get_object (builder, "help_overlay"));

  g_assert_nonnull (overlay);
  gtk_window_present (GTK_WINDOW (overlay));
  turn ();
  gtk_window_destroy (GTK_WINDOW (overlay));
}

/* Every icon the program names is in the theme or among its resources. */
static void
test_icons (void)
{
  static const char *const names[] = { "oss-window-level-symbolic",
                                       "oss-pan-symbolic",
                                       "oss-linked-cursor-symbolic",
                                       "oss-one-view-symbolic",
                                       "oss-four-views-symbolic",
                                       "oss-vertebra-symbolic",
                                       "oss-cut-plane-symbolic",
                                       "oss-class-high-symbolic",
                                       "oss-note-symbolic",
                                       "org.ossature.Ossature",
                                       "go-previous-symbolic",
                                       "go-next-symbolic",
                                       "open-menu-symbolic",
                                       "sidebar-show-right-symbolic",
                                       "zoom-in-symbolic",
                                       "edit-copy-symbolic",
                                       "emblem-ok-symbolic",
                                       "emblem-default-symbolic",
                                       "dialog-warning-symbolic",
                                       "dialog-error-symbolic",
                                       "action-unavailable-symbolic",
                                       "content-loading-symbolic",
                                       "view-refresh-symbolic",
                                       "list-remove-symbolic",
                                       "media-playback-stop-symbolic",
                                       "folder-open-symbolic",
                                       "x-office-document-symbolic" };
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gdk_display_get_default ());

  gtk_icon_theme_add_resource_path (theme, "/org/ossature/Ossature/icons");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (!gtk_icon_theme_has_icon (theme, names[i]))
      g_test_message ("no icon %s", names[i]), g_test_fail ();
}

int
main (int argc, char **argv)
{
  const struct
  {
    const char *path;
    GType type;
  } widgets[] = { { "/app/template/welcome", OSS_TYPE_WELCOME_PAGE },
                  { "/app/template/worklist", OSS_TYPE_WORKLIST_PAGE },
                  { "/app/template/details", OSS_TYPE_WORKLIST_DETAILS },
                  { "/app/template/trouble", OSS_TYPE_TROUBLE_PICTURE },
                  { "/app/template/pacs", OSS_TYPE_PACS_WINDOW },
                  { "/app/template/certificate", OSS_TYPE_CERTIFICATE_WINDOW },
                  { "/app/template/kernel-window", OSS_TYPE_KERNEL_WINDOW },
                  { "/app/template/kernels", OSS_TYPE_KERNEL_GROUP },
                  { "/app/template/preferences", OSS_TYPE_PREFERENCES },
                  { "/app/template/series", OSS_TYPE_SERIES_PAGE },
                  { "/app/template/caps", OSS_TYPE_CAPS_CHOICE },
                  { "/app/template/post-yield", OSS_TYPE_POST_YIELD_CHOICE },
                  { "/app/template/review", OSS_TYPE_REVIEW_PAGE },
                  { "/app/template/card", OSS_TYPE_STEP_CARD },
                  { "/app/template/column", OSS_TYPE_STEP_COLUMN },
                  { "/app/template/jobs", OSS_TYPE_JOBS_BUTTON },
                  { "/app/template/badge", OSS_TYPE_BADGE },
                  { "/app/template/slice", OSS_TYPE_SLICE_PANE },
                  { "/app/template/model", OSS_TYPE_MODEL_PANE },
                  { "/app/template/window", OSS_TYPE_WINDOW },
                  { "/app/template/curve", OSS_TYPE_CURVE_VIEW },
                  { "/app/template/estimates", OSS_TYPE_ESTIMATES_BUTTON } };

  g_test_init (&argc, &argv, NULL);
  adw_init ();
  for (gsize i = 0; i < G_N_ELEMENTS (widgets); i++)
    g_test_add_data_func (widgets[i].path, GSIZE_TO_POINTER (widgets[i].type), show_once);
  g_test_add_func ("/app/template/help-overlay", test_help_overlay);
  g_test_add_func ("/app/icons", test_icons);
  return g_test_run ();
}
