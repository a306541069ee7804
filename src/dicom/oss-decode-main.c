/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ossature-decode: reads DICOM files for the program, in a process of its own with limits on
 * memory and time, because decoders have read out of bounds on damaged files.  It answers
 * requests on its standard input (a socket) until that is closed.  Not for people. */
#include "base/oss-i18n.h"
#include "dicom/oss-dicom-protocol.h"
#include "dicom/oss-dicom-shim.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static gboolean
read_all (void *out, gsize n)
{
  for (char *at = out; n > 0;)
    {
      ssize_t got = read (STDIN_FILENO, at, n);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      at += got;
      n -= (gsize) got;
    }
  return TRUE;
}

static gboolean
write_all (const void *data, gsize n)
{
  for (const char *at = data; n > 0;)
    {
      ssize_t sent = send (STDIN_FILENO, at, n, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR)
        continue;
      if (sent <= 0)
        return FALSE;
      at += sent;
      n -= (gsize) sent;
    }
  return TRUE;
}

static void
lower_limit (int resource, rlim_t value)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? value : MIN (value, limit.rlim_max);
      setrlimit (resource, &limit);
    }
}

/* Processor time is counted from the process's start: the limit moves along with each file. */
static void
allow_one_file (void)
{
  struct rusage used;

  getrusage (RUSAGE_SELF, &used);
  lower_limit (RLIMIT_CPU, (rlim_t) (used.ru_utime.tv_sec + used.ru_stime.tv_sec + OSS_DICOM_SECONDS_PER_FILE));
}

static void
limit_process (void)
{
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory takes terabytes of address space */
  lower_limit (RLIMIT_AS, OSS_DICOM_MEMORY_LIMIT);
#endif
  lower_limit (RLIMIT_CORE, 0);  /* a core file would hold patient data */
  lower_limit (RLIMIT_FSIZE, 0); /* it writes no files */
}

static gboolean
answer (const OssDicomRequest *request, const char *path, const GError *start_error)
{
  OssDicomResponse response = { .magic = OSS_DICOM_MAGIC, .code = -1 };
  g_autofree OssDicomHeader *header = g_new0 (OssDicomHeader, 1);
  g_autofree guint8 *pixels = NULL;
  g_autoptr (GError) error = NULL;
  gsize n = 0;
  gboolean ok;

  if (start_error != NULL)
    {
      error = g_error_copy (start_error);
      ok = FALSE;
    }
  else if (request->kind == OSS_DICOM_READ_PIXELS)
    ok = (pixels = oss_dicom_shim_pixels (path, header, &n, &error)) != NULL;
  else
    ok = oss_dicom_shim_header (path, header, &error);
  if (!ok)
    {
      response.code = error->code;
      oss_dicom_copy_text (response.message, sizeof response.message, error->message);
      return write_all (&response, sizeof response);
    }
  response.pixel_bytes = n;
  return write_all (&response, sizeof response) && write_all (header, sizeof *header) && write_all (pixels, n);
}

int
main (void)
{
  g_autoptr (GError) start_error = NULL;
  OssDicomRequest request;
  char path[PATH_MAX + 1];

  /* Messages in the user's language; numbers in files keep their point. */
  setlocale (LC_CTYPE, "");
  setlocale (LC_MESSAGES, "");
  bindtextdomain (OSS_GETTEXT_DOMAIN, OSS_LOCALE_DIR);
  bind_textdomain_codeset (OSS_GETTEXT_DOMAIN, "UTF-8");
  signal (SIGINT, SIG_IGN); /* Ctrl-C is for the program, which ends this process */
  limit_process ();
  oss_dicom_shim_start (&start_error);
  while (read_all (&request, sizeof request))
    {
      if (request.magic != OSS_DICOM_MAGIC || request.path_bytes == 0 || request.path_bytes > PATH_MAX
          || !read_all (path, request.path_bytes))
        return EXIT_FAILURE;
      path[request.path_bytes] = '\0';
      allow_one_file ();
      if (!answer (&request, path, start_error))
        return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
