/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-reader.h"

#include "base/oss-i18n.h"
#include "dicom/oss-deidentify-private.h"
#include "dicom/oss-dicom-protocol.h"
#include "dicom/oss-dicom-uid.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  GPid pid;
  int socket;           /* -1 once the process is gone */
  const guint8 *shared; /* memory that it writes pixels to; NULL: they come through the socket */
} Reader;

struct _OssDicomReaders
{
  GMutex lock;
  GPtrArray *idle; /* Reader* */
};

/* Where the program lies: beside the library (build folder), or where it was installed. */
static char *
find_program (void)
{
  static const char *const beside[] = {
    "dicom", "../dicom", "../../src/dicom", ".", "../libexec/ossature", "../../libexec/ossature"
  };
  const char *chosen = g_getenv ("OSSATURE_LIBEXEC_DIR");
  Dl_info here;

  if (chosen != NULL && *chosen != '\0')
    return g_build_filename (chosen, "ossature-decode", NULL);
  if (dladdr ((void *) find_program, &here) != 0 && here.dli_fname != NULL)
    {
      /* A program that was started by name alone has no folder in dli_fname. */
      g_autofree char *self =
          strchr (here.dli_fname, '/') != NULL ? g_strdup (here.dli_fname) : g_file_read_link ("/proc/self/exe", NULL);
      g_autofree char *folder = g_path_get_dirname (self != NULL ? self : "/");
      for (gsize i = 0; i < G_N_ELEMENTS (beside); i++)
        {
          g_autofree char *path = g_build_filename (folder, beside[i], "ossature-decode", NULL);
          if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer (&path);
        }
    }
  return g_build_filename (OSS_LIBEXEC_DIR, "ossature-decode", NULL);
}

static void
reader_stop (Reader *self)
{
  if (self->socket < 0)
    return;
  close (self->socket);
  self->socket = -1;
  kill (self->pid, SIGKILL); /* it writes nothing: nothing is half-written */
  while (waitpid (self->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  g_spawn_close_pid (self->pid);
}

static void
reader_free (Reader *self)
{
  reader_stop (self);
  if (self->shared != NULL)
    munmap ((void *) self->shared, OSS_DICOM_SHARED_BYTES);
  g_free (self);
}

/* Memory for both processes; sealed, so that the other one cannot take it away while it is read.  -1: there is none,
 * and it works without. */
static int
make_shared (const guint8 **mapped)
{
  int fd = memfd_create ("ossature-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  void *memory = MAP_FAILED;

  if (fd >= 0 && ftruncate (fd, OSS_DICOM_SHARED_BYTES) == 0
      && fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    memory = mmap (NULL, OSS_DICOM_SHARED_BYTES, PROT_READ, MAP_SHARED, fd, 0);
  *mapped = memory != MAP_FAILED ? memory : NULL;
  if (fd >= 0 && *mapped == NULL)
    {
      close (fd);
      fd = -1;
    }
  return fd;
}

static Reader *
reader_new (GError **error)
{
  g_autofree char *program = find_program ();
  char *argv[] = { program, NULL };
  GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL;
  g_autoptr (GError) reason = NULL;
  int sockets[2];
  Reader *self;

#ifndef __SANITIZE_ADDRESS__
  flags |= G_SPAWN_STDERR_TO_DEV_NULL;
#endif
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("No connection to the reading process: %s."),
                   g_strerror (errno));
      return NULL;
    }
  self = g_new0 (Reader, 1);
  self->socket = sockets[0];
  const int target = OSS_DICOM_SHARED_FD, source = make_shared (&self->shared);
  if (!g_spawn_async_with_pipes_and_fds (NULL, (const char *const *) argv, NULL, flags, NULL, NULL, sockets[1], -1, -1,
                                         &source, &target, source >= 0 ? 1 : 0, &self->pid, NULL, NULL, NULL, &reason))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
                   _ ("DICOM files cannot be read: %s does not start (%s). Install Ossature again, or say where it "
                      "lies with OSSATURE_LIBEXEC_DIR."),
                   program, reason->message);
      close (sockets[0]);
      self->socket = -1;
      g_clear_pointer (&self, reader_free);
    }
  if (source >= 0)
    close (source);
  close (sockets[1]);
  return self;
}

OssDicomReaders *
oss_dicom_readers_new (void)
{
  OssDicomReaders *self = g_new0 (OssDicomReaders, 1);

  g_mutex_init (&self->lock);
  self->idle = g_ptr_array_new_with_free_func ((GDestroyNotify) reader_free);
  return self;
}

void
oss_dicom_readers_free (OssDicomReaders *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->idle);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Reader *
take_idle (OssDicomReaders *self)
{
  Reader *reader = NULL;

  g_mutex_lock (&self->lock);
  if (self->idle->len > 0)
    reader = g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  g_mutex_unlock (&self->lock);
  return reader;
}

static void
give_back (OssDicomReaders *self, Reader *reader)
{
  if (reader->socket < 0)
    {
      reader_free (reader);
      return;
    }
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->idle, reader);
  g_mutex_unlock (&self->lock);
}

/* What is asked of a process; @rules for OSS_DICOM_READ_NAMELESS. */
typedef struct
{
  OssDicomRequestKind kind;
  gint32 frame;
  const char *path;
  const OssDeidentifyRules *rules;
} Question;

static gboolean
send_request (Reader *self, const Question *question)
{
  OssDicomRequest request = { OSS_DICOM_MAGIC, question->kind, question->frame, (guint32) strlen (question->path) };
  gsize more = question->rules != NULL ? sizeof *question->rules : 0;
  struct iovec parts[3] = { { &request, sizeof request },
                            { (void *) question->path, request.path_bytes },
                            { (void *) question->rules, more } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = more > 0 ? 3 : 2 };

  /* Well below the socket's buffer: sent at once or not at all. */
  return sendmsg (self->socket, &message, MSG_NOSIGNAL) == (ssize_t) (sizeof request + request.path_bytes + more);
}

/* Exactly @n bytes before @deadline (monotonic, µs), asking for a stop all along. */
static gboolean
receive (Reader *self, void *out, gsize n, gint64 deadline, const OssTick *tick, GError **error)
{
  for (char *at = out; n > 0;)
    {
      struct pollfd poll_fd = { .fd = self->socket, .events = POLLIN };
      int ready = poll (&poll_fd, 1, 50);
      ssize_t got = ready > 0 ? recv (self->socket, at, n, 0) : -1;

      if (oss_tick_stopped (tick))
        return oss_tick_cancelled (error);
      if (got > 0)
        {
          at += got;
          n -= (gsize) got;
          continue;
        }
      if (got == 0 || (ready > 0 && errno != EINTR && errno != EAGAIN))
        {
          g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                               _ ("reading it ended the reading process; the file is damaged"));
          return FALSE;
        }
      if (g_get_monotonic_time () > deadline)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("reading it took longer than %d s"),
                       OSS_DICOM_SECONDS_PER_FILE);
          return FALSE;
        }
    }
  return TRUE;
}

/* Takes nothing on trust from a process that a damaged file may have upset. */
static void
clean_header (OssDicomHeader *header)
{
  char *bytes = (char *) header;

  for (gsize at = 0; at < G_STRUCT_OFFSET (OssDicomHeader, patient_name); at += OSS_DICOM_UID_SIZE)
    oss_dicom_copy_text (bytes + at, OSS_DICOM_UID_SIZE, NULL);
  for (gsize at = G_STRUCT_OFFSET (OssDicomHeader, patient_name); at < G_STRUCT_OFFSET (OssDicomHeader, series_number);
       at += OSS_DICOM_TEXT_SIZE)
    oss_dicom_copy_text (bytes + at, OSS_DICOM_TEXT_SIZE, NULL);
  for (gsize at = G_STRUCT_OFFSET (OssDicomHeader, slope); at < G_STRUCT_OFFSET (OssDicomHeader, file_bytes);
       at += sizeof (double))
    if (!isfinite (*(double *) (void *) (bytes + at)))
      *(double *) (void *) (bytes + at) = 0.0;
}

/* What came back: one block each for headers and other bytes. */
typedef struct
{
  OssDicomHeader *headers;
  guint n_headers;
  guint8 *bytes; /* NULL where they are shared */
  gsize n_bytes;
  const guint8 *shared; /* valid while the reader is ours */
} Answer;

static void
answer_clear (Answer *self)
{
  g_clear_pointer (&self->headers, g_free);
  g_clear_pointer (&self->bytes, g_free);
}

/* The lengths are those that this kind of request can have. */
static gboolean
lengths_fit (OssDicomRequestKind kind, const OssDicomResponse *response)
{
  switch (kind)
    {
    case OSS_DICOM_READ_HEADERS:
      return response->n_headers >= 1 && response->n_headers <= OSS_DICOM_MOST_FRAMES && response->n_bytes == 0;
    case OSS_DICOM_READ_PIXELS:
      return response->n_headers == 1 && response->n_bytes <= G_MAXINT32;
    case OSS_DICOM_READ_INDEX:
      return response->n_headers == 0 && response->n_bytes <= 2 * OSS_DICOM_LONGEST_INDEX;
    case OSS_DICOM_READ_SEGMENTATION:
    case OSS_DICOM_READ_REPORT:
    case OSS_DICOM_READ_CONVERTED:
      return response->n_headers == 0 && response->n_bytes <= G_MAXINT32;
    case OSS_DICOM_READ_NAMELESS:
      return response->n_headers == 0 && response->n_bytes > sizeof (OssDeidentifyName)
             && response->n_bytes <= G_MAXINT32;
    default:
      return FALSE;
    }
}

/* The answer after its head; FALSE when the process said what no answer to @kind is. */
static gboolean
receive_body (Reader *self, OssDicomRequestKind kind, const OssDicomResponse *response, gint64 deadline,
              const OssTick *tick, Answer *answer, GError **error)
{
  if (!lengths_fit (kind, response))
    return FALSE;
  answer->n_headers = response->n_headers;
  answer->headers = g_try_new (OssDicomHeader, MAX (response->n_headers, 1));
  if (answer->headers == NULL
      || !receive (self, answer->headers, response->n_headers * sizeof *answer->headers, deadline, tick, error))
    return FALSE;
  for (guint i = 0; i < answer->n_headers; i++)
    clean_header (&answer->headers[i]);
  if (kind == OSS_DICOM_READ_PIXELS && response->n_bytes != oss_dicom_header_frame_bytes (answer->headers))
    return FALSE;
  answer->n_bytes = response->n_bytes;
  if (response->shared)
    {
      answer->shared = self->shared;
      return kind == OSS_DICOM_READ_PIXELS && self->shared != NULL && response->n_bytes <= OSS_DICOM_SHARED_BYTES;
    }
  answer->bytes = g_try_malloc (response->n_bytes + 1);
  if (answer->bytes == NULL || !receive (self, answer->bytes, response->n_bytes, deadline, tick, error))
    return FALSE;
  answer->bytes[response->n_bytes] = '\0';
  return TRUE;
}

/* FALSE with @error, and then the reader is out of step; an error that it told itself leaves it in step. */
static gboolean
receive_answer (Reader *self, OssDicomRequestKind kind, const OssTick *tick, Answer *answer, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + OSS_DICOM_SECONDS_PER_FILE * G_USEC_PER_SEC;
  OssDicomResponse response;

  if (!receive (self, &response, sizeof response, deadline, tick, error))
    return FALSE;
  response.message[sizeof response.message - 1] = '\0';
  if (response.magic == OSS_DICOM_MAGIC && response.code >= 0)
    {
      g_autofree char *message = g_utf8_make_valid (response.message, -1);
      g_set_error_literal (error, OSS_ERROR, CLAMP (response.code, 0, OSS_ERROR_USAGE), message);
      return TRUE;
    }
  if (response.magic == OSS_DICOM_MAGIC && receive_body (self, kind, &response, deadline, tick, answer, error))
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("ossature-decode belongs to another version"));
  return FALSE;
}

/* A reader that has taken the request: an idle one, or a new one where that has died meanwhile. */
static Reader *
hand_out (OssDicomReaders *self, const Question *question, GError **error)
{
  Reader *reader = take_idle (self);

  if (reader != NULL && send_request (reader, question))
    return reader;
  g_clear_pointer (&reader, reader_free);
  reader = reader_new (error);
  if (reader == NULL || send_request (reader, question))
    return reader;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                       _ ("DICOM files cannot be read: ossature-decode ends at once."));
  reader_free (reader);
  return NULL;
}

/* Uses an answer while the reader that gave it is ours. */
typedef gboolean (*AnswerFunc) (Answer *answer, void *data, GError **error);

/* One request; what @func makes of the answer. */
static gboolean
ask (OssDicomReaders *self, const Question *question, const OssTick *tick, AnswerFunc func, void *data, GError **error)
{
  GError *reason = NULL;
  Answer answer = { 0 };
  Reader *reader;
  gboolean ok = FALSE;

  if (oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  if (strlen (question->path) > PATH_MAX)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its path is too long"));
      return FALSE;
    }
  reader = hand_out (self, question, error);
  if (reader == NULL)
    return FALSE;
  if (!receive_answer (reader, question->kind, tick, &answer, &reason))
    reader_stop (reader);
  if (reason != NULL)
    g_propagate_error (error, reason);
  else
    ok = func (&answer, data, error);
  give_back (self, reader);
  answer_clear (&answer);
  return ok;
}

static gboolean
take_headers (Answer *answer, void *data, GError **error)
{
  GPtrArray *headers = data;

  for (guint i = 0; i < answer->n_headers; i++)
    g_ptr_array_add (headers, g_memdup2 (&answer->headers[i], sizeof answer->headers[i]));
  return TRUE;
}

GPtrArray *
oss_dicom_read_headers (OssDicomReaders *self, const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
  const Question question = { OSS_DICOM_READ_HEADERS, 0, path, NULL };

  return ask (self, &question, tick, take_headers, headers, error) ? g_steal_pointer (&headers) : NULL;
}

gboolean
oss_dicom_read_header (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                       GError **error)
{
  g_autoptr (GPtrArray) headers = oss_dicom_read_headers (self, path, tick, error);

  if (headers != NULL)
    memcpy (header, g_ptr_array_index (headers, 0), sizeof *header);
  return headers != NULL;
}

typedef struct
{
  OssDicomFrameFunc func;
  void *data;
} FrameUse;

static gboolean
use_pixels (Answer *answer, void *data, GError **error)
{
  FrameUse *use = data;

  if (answer->n_bytes > 0)
    return use->func (answer->headers, answer->shared != NULL ? answer->shared : answer->bytes, use->data, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("it holds no image"));
  return FALSE;
}

gboolean
oss_dicom_use_frame (OssDicomReaders *self, const char *path, gint32 frame, const OssTick *tick, OssDicomFrameFunc func,
                     void *data, GError **error)
{
  const Question question = { OSS_DICOM_READ_PIXELS, frame, path, NULL };
  FrameUse use = { func, data };

  return ask (self, &question, tick, use_pixels, &use, error);
}

typedef struct
{
  OssDicomHeader *header;
  guint8 *pixels;
} FrameCopy;

static gboolean
copy_frame (const OssDicomHeader *header, const guint8 *stored, void *data, GError **error)
{
  FrameCopy *copy = data;

  memcpy (copy->header, header, sizeof *header);
  copy->pixels = g_memdup2 (stored, oss_dicom_header_frame_bytes (header));
  return TRUE;
}

guint8 *
oss_dicom_read_frame (OssDicomReaders *self, const char *path, gint32 frame, const OssTick *tick,
                      OssDicomHeader *header, GError **error)
{
  FrameCopy copy = { header, NULL };

  return oss_dicom_use_frame (self, path, frame, tick, copy_frame, &copy, error) ? copy.pixels : NULL;
}

guint8 *
oss_dicom_read_pixels (OssDicomReaders *self, const char *path, const OssTick *tick, OssDicomHeader *header,
                       GError **error)
{
  return oss_dicom_read_frame (self, path, 0, tick, header, error);
}

static gboolean
take_strings (Answer *answer, void *data, GError **error)
{
  GPtrArray *strings = data;

  for (gsize at = 0; at < answer->n_bytes; at += strlen ((char *) answer->bytes + at) + 1)
    g_ptr_array_add (strings, g_utf8_make_valid ((char *) answer->bytes + at, -1));
  while (strings->len % 3 != 0)
    g_ptr_array_remove_index (strings, strings->len - 1);
  g_ptr_array_add (strings, NULL);
  return TRUE;
}

char **
oss_dicom_read_index (OssDicomReaders *self, const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  const Question question = { OSS_DICOM_READ_INDEX, 0, path, NULL };

  if (!ask (self, &question, tick, take_strings, strings, error))
    return NULL;
  return (char **) g_ptr_array_steal (strings, NULL);
}

static gboolean
take_block (Answer *answer, void *data, GError **error)
{
  GBytes **block = data;

  *block = g_bytes_new_take (g_steal_pointer (&answer->bytes), answer->n_bytes);
  return TRUE;
}

guint8 *
oss_dicom_read_block (OssDicomReaders *self, OssDicomRequestKind kind, const char *path, const OssTick *tick, gsize *n,
                      GError **error)
{
  const Question question = { kind, 0, path, NULL };
  GBytes *block = NULL;

  return ask (self, &question, tick, take_block, &block, error) ? g_bytes_unref_to_data (block, n) : NULL;
}

/* A process that a damaged file has upset may say anything, and this becomes a file's name. */
static gboolean
name_is_safe (OssDeidentifyName *name)
{
  const char *const uids[] = { name->series_uid, name->sop_instance };

  name->subject[sizeof name->subject - 1] = '\0';
  name->series_uid[sizeof name->series_uid - 1] = '\0';
  name->sop_instance[sizeof name->sop_instance - 1] = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (uids); i++)
    if (!oss_dicom_is_uid (uids[i]))
      return FALSE;
  return name->subject[0] != '\0' && name->subject[strspn (name->subject, OSS_DEIDENTIFY_SUBJECT_CHARACTERS)] == '\0';
}

typedef struct
{
  OssDeidentifyName *name;
  guint8 *bytes;
  gsize n_bytes;
} Nameless;

static gboolean
take_nameless (Answer *answer, void *data, GError **error)
{
  Nameless *file = data;

  memcpy (file->name, answer->bytes, sizeof *file->name);
  if (!name_is_safe (file->name))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("it has no identifier of its own"));
      return FALSE;
    }
  file->n_bytes = answer->n_bytes - sizeof *file->name;
  file->bytes = g_memdup2 (answer->bytes + sizeof *file->name, file->n_bytes);
  return TRUE;
}

guint8 *
oss_dicom_read_nameless (OssDicomReaders *self, const char *path, const OssDeidentifyRules *rules, const OssTick *tick,
                         OssDeidentifyName *name, gsize *n_bytes, GError **error)
{
  const Question question = { OSS_DICOM_READ_NAMELESS, 0, path, rules };
  Nameless file = { .name = name };

  if (!ask (self, &question, tick, take_nameless, &file, error))
    return NULL;
  *n_bytes = file.n_bytes;
  return file.bytes;
}

static gboolean
take_converted (Answer *answer, void *data, GError **error)
{
  GBytes **set = data;

  *set = g_bytes_new_take (answer->bytes, answer->n_bytes);
  answer->bytes = NULL;
  return TRUE;
}

GBytes *
oss_dicom_read_converted (OssDicomReaders *self, const char *path, gboolean implicit, const OssTick *tick,
                          GError **error)
{
  const Question question = { OSS_DICOM_READ_CONVERTED, implicit ? 1 : 0, path, NULL };
  GBytes *set = NULL;

  return ask (self, &question, tick, take_converted, &set, error) ? set : NULL;
}
