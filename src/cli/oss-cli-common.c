/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

GOptionEntry *
oss_cli_join (const GOptionEntry *const *tables)
{
  GArray *all = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));

  for (; *tables != NULL; tables++)
    for (const GOptionEntry *entry = *tables; entry->long_name != NULL; entry++)
      g_array_append_val (all, *entry);
  return (GOptionEntry *) (void *) g_array_free (all, FALSE);
}

gboolean
oss_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *usage, const char *summary, int min,
               int max, GError **error)
{
  g_autofree char *parameters = g_strdup_printf ("%s", usage);
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autofree char *name = g_strdup_printf ("ossature %s", (*argv)[0]);
  g_autoptr (GError) failure = NULL;

  g_set_prgname (name);
  g_option_context_set_summary (context, summary);
  g_option_context_set_translation_domain (context, OSS_GETTEXT_DOMAIN);
  g_option_context_add_main_entries (context, entries, OSS_GETTEXT_DOMAIN);
  if (!g_option_context_parse (context, argc, argv, &failure))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("%s. See “%s --help”."), failure->message, name);
      return FALSE;
    }
  if (*argc - 1 >= min && (max < 0 || *argc - 1 <= max))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("Usage: %s %s. See “%s --help”."), name, usage, name);
  return FALSE;
}

gboolean
oss_cli_parse_numbers (const char *option, const char *text, int n, double *numbers, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  gboolean good = (int) g_strv_length (parts) == n;

  for (int i = 0; good && i < n; i++)
    {
      char *end = NULL;
      numbers[i] = g_ascii_strtod (g_strstrip (parts[i]), &end);
      good = end != parts[i] && *end == '\0' && isfinite (numbers[i]);
    }
  if (!good)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s %s”: give %d numbers with commas between them."), option,
                 text, n);
  return good;
}

gboolean
oss_cli_parse_vertebra (const char *text, guint8 *vertebra, GError **error)
{
  *vertebra = oss_vertebra_from_name (text);
  if (*vertebra == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is not the name of a vertebra (C1 … T12, L1 … L5)."),
                 text);
  return *vertebra != 0;
}

gboolean
oss_cli_print (const char *text, GError **error)
{
  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The result could not be printed: %s."), g_strerror (errno));
  return FALSE;
}

/* --- Progress --- */

static struct
{
  gboolean terminal;
  char *what;
  gint64 shown;
  gboolean line_open;
} progress;

static void
progress_cb (double fraction, const char *what, void *data)
{
  static GMutex lock;
  gint64 now = g_get_monotonic_time ();

  if (!g_mutex_trylock (&lock))
    return; /* another worker is showing something just now */
  gboolean changed = what != NULL && g_strcmp0 (what, progress.what) != 0;
  if (changed)
    {
      g_free (progress.what);
      progress.what = g_strdup (what);
    }
  if (progress.terminal && (changed || now - progress.shown > 100 * G_TIME_SPAN_MILLISECOND))
    {
      char bar[31] = { 0 };
      memset (bar, '.', 30);
      memset (bar, '#', (gsize) lround (30.0 * CLAMP (fraction, 0.0, 1.0)));
      fprintf (stderr, "\r\033[K[%s] %3.0f %%  %s", bar, 100.0 * fraction, progress.what != NULL ? progress.what : "");
      fflush (stderr);
      progress.shown = now;
      progress.line_open = TRUE;
    }
  else if (!progress.terminal && changed)
    fprintf (stderr, "%3.0f %%  %s\n", 100.0 * fraction, progress.what);
  g_mutex_unlock (&lock);
}

void
oss_cli_progress_start (OssCli *cli, const int *stop)
{
  progress.terminal = isatty (STDERR_FILENO) == 1;
  cli->tick = oss_tick_make (cli->quiet ? NULL : progress_cb, NULL, stop);
}

void
oss_cli_progress_end (OssCli *cli)
{
  if (progress.line_open)
    fputs ("\r\033[K", stderr);
  progress.line_open = FALSE;
  g_clear_pointer (&progress.what, g_free);
}
