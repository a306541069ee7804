/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-application.h"

#include "app/oss-receiver.h"
#include "app/oss-window.h"
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "image/oss-vertebra.h"

#include <stdio.h>

struct _OssApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (OssApplication, oss_application, ADW_TYPE_APPLICATION)

static const GOptionEntry entries[] = {
  { "at", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("place of the cursor in patient mm (LPS)"), "X,Y,Z" },
  { "vertebra", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("level at that place"), "L1" },
  { "run", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("run all steps there"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("print the version and end"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[FOLDER|FILE]") },
  { NULL },
};

static OssWindow *
free_window (OssApplication *self)
{
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (active != NULL && OSS_IS_WINDOW (active) && oss_window_is_empty (OSS_WINDOW (active)))
    return OSS_WINDOW (active);
  return oss_window_new (GTK_APPLICATION (self));
}

static void
open_files (OssApplication *self, GFile **files, int n_files, const OssStart *start)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);
      OssWindow *window = free_window (self);

      gtk_window_present (GTK_WINDOW (window));
      if (path != NULL)
        oss_window_open_path (window, path, start);
    }
}

static void
oss_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  open_files (OSS_APPLICATION (application), files, n_files, NULL);
}

static void
oss_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (free_window (OSS_APPLICATION (application))));
}

static gboolean
read_start (GVariantDict *options, OssStart *start, GError **error)
{
  const char *at = NULL, *vertebra = NULL;
  char rest;

  g_variant_dict_lookup (options, "at", "&s", &at);
  g_variant_dict_lookup (options, "vertebra", "&s", &vertebra);
  start->run = g_variant_dict_contains (options, "run");
  start->has_at = at != NULL;
  if (at != NULL && sscanf (at, "%lf,%lf,%lf%c", &start->at_mm[0], &start->at_mm[1], &start->at_mm[2], &rest) != 3)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The place “%s” is not understood. Give --at X,Y,Z in mm."),
                   at);
      return FALSE;
    }
  start->verse = vertebra != NULL ? oss_vertebra_from_name (vertebra) : 0;
  if (vertebra != NULL && start->verse == 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is not a vertebra's name, such as L1 or T12."),
                   vertebra);
      return FALSE;
    }
  return TRUE;
}

static int
oss_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  const char **paths = NULL;
  g_autoptr (GError) error = NULL;
  OssStart start = { 0 };

  if (!read_start (options, &start, &error))
    {
      g_application_command_line_printerr (command_line, "ossature-app: %s\n", error->message);
      return oss_error_exit_status (error);
    }
  g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&ay", &paths);
  if (paths == NULL)
    g_application_activate (application);
  for (int i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (command_line, paths[i]);

      open_files (OSS_APPLICATION (application), &file, 1, start.has_at || start.run ? &start : NULL);
    }
  g_free (paths);
  return 0;
}

static int
oss_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (!g_variant_dict_contains (options, "version"))
    return -1;
  g_print ("ossature-app %s\n", OSS_VERSION);
  return 0;
}

/* Actions */

static void
new_window_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (oss_window_new (GTK_APPLICATION (data))));
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (GTK_APPLICATION (data)));

  /* Each window asks by itself when something runs in it. */
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (GTK_APPLICATION (data)), "application-name", "Ossature",
                         "application-icon", "org.ossature.Ossature", "developer-name", _ ("The Ossature project"),
                         "version", OSS_VERSION, "license-type", GTK_LICENSE_GPL_3_0, "comments",
                         _ ("From a clinical CT to a vertebra's stress map.\n\nResearch software, not a medical "
                            "device. Its numbers must not be used for diagnosis."),
                         /* Translators: put your name here, one a line. */
                         "translator-credits", _ ("translator-credits"), NULL);
}

static void
help_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autofree char *path = oss_file_find_data ("manual/index.html", NULL);
  g_autofree char *uri = path != NULL ? g_filename_to_uri (path, NULL, NULL) : NULL;

  if (uri != NULL)
    gtk_show_uri (gtk_application_get_active_window (GTK_APPLICATION (data)), uri, GDK_CURRENT_TIME);
}

static const GActionEntry actions[] = {
  { "new-window", new_window_action, NULL, NULL, NULL, { 0 } },
  { "quit", quit_action, NULL, NULL, NULL, { 0 } },
  { "about", about_action, NULL, NULL, NULL, { 0 } },
  { "help", help_action, NULL, NULL, NULL, { 0 } },
};

static void
set_accels (GtkApplication *application)
{
  static const char *const accels[][3] = {
    { "app.new-window", "<Control>n" },
    { "app.quit", "<Control>q" },
    { "app.help", "F1" },
    { "window.close", "<Control>w" },
    { "win.open", "<Control>o" },
    { "win.back", "<Alt>Left" },
    { "win.run-all", "<Control>r" },
    { "win.run-step", "F5" },
    { "win.cancel", "<Shift>F5" },
    { "win.side-column", "F9" },
    { "win.fullscreen", "F11" },
    { "win.layout::one", "<Control>1" },
    { "win.layout::four", "<Control>4" },
    { "win.jobs", "<Control>j" },
    { "win.report", "<Control>p" },
    { "win.save-pdf", "<Control>s" },
    { "win.next-region", "F6" },
    { "win.search", "<Control>f" },
    { "win.open-pacs", "<Control><Shift>o" },
    { "win.preferences", "<Control>comma" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (application, accels[i][0], &accels[i][1]);
}

static void
oss_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (oss_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  set_accels (GTK_APPLICATION (application));
}

static void
oss_application_shutdown (GApplication *application)
{
  oss_receiver_stop ();
  G_APPLICATION_CLASS (oss_application_parent_class)->shutdown (application);
}

static void
oss_application_class_init (OssApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = oss_application_startup;
  application_class->shutdown = oss_application_shutdown;
  application_class->activate = oss_application_activate;
  application_class->open = oss_application_open;
  application_class->command_line = oss_application_command_line;
  application_class->handle_local_options = oss_application_handle_local_options;
}

static void
oss_application_init (OssApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  g_application_add_main_option_entries (application, entries);
  g_application_set_option_context_summary (
      application, _ ("Research software, not a medical device. Its numbers must not be used for diagnosis."));
}

OssApplication *
oss_application_new (void)
{
  return g_object_new (OSS_TYPE_APPLICATION, "application-id", "org.ossature.Ossature", "flags",
                       G_APPLICATION_HANDLES_OPEN | G_APPLICATION_HANDLES_COMMAND_LINE, "resource-base-path",
                       "/org/ossature/Ossature", NULL);
}
