/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ossature-decode: reads DICOM files for the program, in a process of its own with limits on
 * memory and time, because decoders have read out of bounds on damaged files.  It answers
 * requests on its standard input (a socket) until that is closed.  Not for people. */
#include "base/oss-i18n.h"
#include "dicom/oss-deidentify-private.h"
#include "dicom/oss-dicom-depth.h"
#include "dicom/oss-dicom-protocol.h"
#include "dicom/oss-dicom-shim-objects.h"
#include "dicom/oss-dicom-shim.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer's own account stands in for the limit on address space: what would be refused there ends the process
 * here, loudly; single allocations beyond what any file may have are refused by the sanitizer as by the limit. */
size_t __sanitizer_get_current_allocated_bytes (void); /* <sanitizer/allocator_interface.h>, which GCC comes without */
int __sanitizer_install_malloc_and_free_hooks (void (*allocated) (const volatile void *, size_t),
                                               void (*freed) (const volatile void *));
const char *__asan_default_options (void);
static size_t allowed_bytes = G_MAXSIZE;

const char *
__asan_default_options (void)
{
  return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

static void
allocated_cb (const volatile void *block, size_t size)
{
  static const char message[] = "ossature-decode: memory out of proportion to the file\n";

  if (__sanitizer_get_current_allocated_bytes () <= allowed_bytes)
    return;
  allowed_bytes = G_MAXSIZE;
  if (write (STDERR_FILENO, message, sizeof message - 1) > 0)
    abort ();
}

static void
freed_cb (const volatile void *block)
{
}

static void
oss_decode_watch_memory (guint64 bytes)
{
  static gboolean installed;

  if (!installed)
    __sanitizer_install_malloc_and_free_hooks (allocated_cb, freed_cb);
  installed = TRUE;
  allowed_bytes = __sanitizer_get_current_allocated_bytes () + bytes;
}
#endif

/* What the program reads without being sent it; NULL when there is none. */
static guint8 *shared_memory;

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

static rlim_t address_space_at_start;

static rlim_t
address_space (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  unsigned long pages = 0;

  if (file == NULL || fscanf (file, "%lu", &pages) != 1)
    pages = (256ul << 20) / (unsigned long) sysconf (_SC_PAGESIZE);
  if (file != NULL)
    fclose (file);
  return (rlim_t) pages * (rlim_t) sysconf (_SC_PAGESIZE);
}

/* Memory in proportion to the file.  Processor time is counted from the process's start: the limit moves along. */
static void
allow_one_file (const char *path)
{
  struct rusage used;
  struct stat info;
  guint64 bytes = stat (path, &info) == 0 ? MIN ((guint64) info.st_size, OSS_DICOM_MEMORY_LIMIT) : 0;
  guint64 memory = MIN (OSS_DICOM_MEMORY_BASE + OSS_DICOM_MEMORY_PER_BYTE * bytes, OSS_DICOM_MEMORY_LIMIT);

  getrusage (RUSAGE_SELF, &used);
  lower_limit (RLIMIT_CPU, (rlim_t) (used.ru_utime.tv_sec + used.ru_stime.tv_sec + OSS_DICOM_SECONDS_PER_FILE));
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory takes terabytes of address space */
  lower_limit (RLIMIT_AS, address_space_at_start + memory);
#else
  oss_decode_watch_memory (memory);
#endif
}

static void
limit_process (void)
{
  lower_limit (RLIMIT_CORE, 0);  /* a core file would hold patient data */
  lower_limit (RLIMIT_FSIZE, 0); /* it writes no files */
  address_space_at_start = address_space ();
}

/* What a request gave. */
typedef struct
{
  OssDicomHeader *headers;
  guint n_headers;
  gpointer bytes;
  gsize n_bytes;
} Answer;

static gboolean
work (const OssDicomRequest *request, const char *path, const OssDeidentifyRules *rules, Answer *answer, GError **error)
{
  gboolean deflated;
  guint64 file_bytes;

  /* DCMTK calls itself for every level. */
  if (!oss_dicom_check_depth (path, &deflated, &file_bytes, error)
      || (deflated && !oss_dicom_shim_check_deflated (path, file_bytes, error)))
    return FALSE;
  switch (request->kind)
    {
    case OSS_DICOM_READ_HEADERS:
      answer->headers = oss_dicom_shim_headers (path, &answer->n_headers, error);
      return answer->headers != NULL;
    case OSS_DICOM_READ_PIXELS:
      answer->headers = g_new0 (OssDicomHeader, 1);
      answer->n_headers = 1;
      answer->bytes = oss_dicom_shim_pixels (path, request->frame, shared_memory,
                                             shared_memory != NULL ? OSS_DICOM_SHARED_BYTES : 0, answer->headers,
                                             &answer->n_bytes, error);
      return answer->bytes != NULL;
    case OSS_DICOM_READ_INDEX:
      answer->bytes = oss_dicom_shim_index (path, &answer->n_bytes, error);
      return answer->bytes != NULL;
    case OSS_DICOM_READ_SEGMENTATION:
      answer->bytes = oss_dicom_shim_segmentation (path, &answer->n_bytes, error);
      return answer->bytes != NULL;
    case OSS_DICOM_READ_REPORT:
      answer->bytes = oss_dicom_shim_report (path, &answer->n_bytes, error);
      return answer->bytes != NULL;
    case OSS_DICOM_READ_CONVERTED:
      answer->bytes = oss_dicom_shim_convert (path, request->frame == 1, &answer->n_bytes, error);
      return answer->bytes != NULL;
    case OSS_DICOM_READ_NAMELESS:
      answer->bytes = oss_deidentify_shim_file (path, rules, &answer->n_bytes, error);
      return answer->bytes != NULL;
    default:
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, "unknown request %u", request->kind);
      return FALSE;
    }
}

static gboolean
answer_request (const OssDicomRequest *request, const char *path, const OssDeidentifyRules *rules,
                const GError *start_error)
{
  OssDicomResponse response = { .magic = OSS_DICOM_MAGIC, .code = -1 };
  Answer answer = { 0 };
  GError *error = NULL;
  gboolean sent;

  if (start_error != NULL)
    error = g_error_copy (start_error);
  else
    work (request, path, rules, &answer, &error);
  if (error != NULL)
    {
      /* Whatever a library threw was thrown by this file; others can be read. */
      response.code = error->code == OSS_ERROR_FAILED && start_error == NULL ? OSS_ERROR_INVALID_DATA : error->code;
      oss_dicom_copy_text (response.message, sizeof response.message, error->message);
      sent = write_all (&response, sizeof response);
    }
  else
    {
      response.n_headers = answer.n_headers;
      response.n_bytes = answer.n_bytes;
      response.shared = answer.bytes != NULL && answer.bytes == shared_memory;
      sent = write_all (&response, sizeof response)
             && write_all (answer.headers, answer.n_headers * sizeof *answer.headers)
             && (response.shared || write_all (answer.bytes, answer.n_bytes));
    }
  g_clear_error (&error);
  g_free (answer.headers);
  if (answer.bytes != shared_memory)
    g_free (answer.bytes);
  return sent;
}

static void
map_shared_memory (void)
{
  void *mapped = mmap (NULL, OSS_DICOM_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, OSS_DICOM_SHARED_FD, 0);

  shared_memory = mapped != MAP_FAILED ? mapped : NULL;
}

int
main (void)
{
  g_autoptr (GError) start_error = NULL;
  OssDicomRequest request;
  OssDeidentifyRules rules;
  char path[PATH_MAX + 1];

  /* Messages in the user's language; numbers in files keep their point. */
  setlocale (LC_CTYPE, "");
  setlocale (LC_MESSAGES, "");
  bindtextdomain (OSS_GETTEXT_DOMAIN, OSS_LOCALE_DIR);
  bind_textdomain_codeset (OSS_GETTEXT_DOMAIN, "UTF-8");
  signal (SIGINT, SIG_IGN); /* Ctrl-C is for the program, which ends this process */
  map_shared_memory ();
  limit_process ();
  oss_dicom_shim_start (&start_error);
  while (read_all (&request, sizeof request))
    {
      if (request.magic != OSS_DICOM_MAGIC || request.path_bytes == 0 || request.path_bytes > PATH_MAX
          || !read_all (path, request.path_bytes)
          || (request.kind == OSS_DICOM_READ_NAMELESS && !read_all (&rules, sizeof rules)))
        return EXIT_FAILURE;
      path[request.path_bytes] = '\0';
      allow_one_file (path);
      if (!answer_request (&request, path, &rules, start_error))
        return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
