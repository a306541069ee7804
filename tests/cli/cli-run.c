/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running the command as scripts do. */
#include "cli-run.h"

#include <string.h>
#include <sys/wait.h>

void
run_clear (Run *run)
{
  g_free (run->out);
  g_free (run->err);
}

Run
run_program (const char *folder, char *const *words)
{
  g_autoptr (GError) error = NULL;
  Run run = { 0 };

  g_spawn_sync (folder, (char **) words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &run.out, &run.err, &run.status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (run.status));
  run.status = WEXITSTATUS (run.status);
  return run;
}

Run
run_line (const char *folder, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("%s %s", g_getenv ("OSSATURE_CLI"), line);
  g_auto (GStrv) words = g_strsplit (whole, " ", -1);
  return run_program (folder, words);
}

JsonObject *
run_document (const Run *run, JsonParser *parser, int status, const char *line)
{
  g_autoptr (GError) error = NULL;

  if (run->status != status)
    g_error ("“%s” ended with %d: %s", line, run->status, run->err);
  json_parser_load_from_data (parser, run->out, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

void
run_expect (const Run *run, int status, const char *words, const char *line)
{
  if (run->status != status || strstr (status == 0 ? run->out : run->err, words) == NULL)
    g_error ("“%s” ended with %d, expected %d with “%s”; said: %s%s", line, run->status, status, words, run->out,
             run->err);
}

void
run_line_expect (const char *folder, int status, const char *words, const char *line)
{
  g_auto (Run) run = run_line (folder, line);
  run_expect (&run, status, words, line);
}

double
run_number (JsonObject *object, const char *name)
{
  return json_object_get_double_member (object, name);
}
