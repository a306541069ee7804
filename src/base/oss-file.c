/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-file.h"

#include "base/oss-i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _OssFileWriter
{
  char *path;
  char *temporary;
  FILE *stream;
};

static gboolean
set_errno (GError **error, int code, const char *path)
{
  if (code == ENOSPC || code == EDQUOT)
    g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: the disk is full."), path);
  else if (code == EROFS || code == EACCES || code == EPERM)
    g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: the folder cannot be written to (%s)."),
                 path, g_strerror (code));
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: %s."), path, g_strerror (code));
  return FALSE;
}

OssFileWriter *
oss_file_writer_new (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  OssFileWriter *self = g_new0 (OssFileWriter, 1);

  self->path = g_strdup (path);
  /* The suffix stays last: some libraries choose the format by it. */
  for (guint try = 0; try < 100; try++)
    {
      g_free (self->temporary);
      self->temporary = g_strdup_printf ("%s/.ossature-%d-%08x-%s", folder, (int) getpid (), g_random_int (), name);
      int fd = open (self->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0)
        {
          self->stream = fdopen (fd, "w+b");
          return self;
        }
      if (errno != EEXIST)
        break;
    }
  set_errno (error, errno, path);
  g_clear_pointer (&self->temporary, g_free);
  oss_file_writer_free (self);
  return NULL;
}

FILE *
oss_file_writer_stream (OssFileWriter *self)
{
  return self->stream;
}

const char *
oss_file_writer_temporary_path (OssFileWriter *self)
{
  return self->temporary;
}

static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync (fd); /* best effort: some file systems refuse it on folders */
  close (fd);
}

gboolean
oss_file_writer_commit (OssFileWriter *self, GError **error)
{
  FILE *stream = g_steal_pointer (&self->stream);
  errno = 0;
  gboolean written = fflush (stream) == 0 && !ferror (stream) && fsync (fileno (stream)) == 0;
  int code = errno;

  if (fclose (stream) != 0 && written)
    {
      written = FALSE;
      code = errno;
    }
  if (!written)
    return set_errno (error, code != 0 ? code : EIO, self->path);
  if (g_rename (self->temporary, self->path) != 0)
    return set_errno (error, errno, self->path);
  g_clear_pointer (&self->temporary, g_free);
  sync_folder (self->path);
  return TRUE;
}

void
oss_file_writer_free (OssFileWriter *self)
{
  if (self == NULL)
    return;
  if (self->stream != NULL)
    fclose (self->stream);
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}

gboolean
oss_file_write (const char *path, gconstpointer data, gsize length, GError **error)
{
  g_autoptr (OssFileWriter) writer = oss_file_writer_new (path, error);
  if (writer == NULL)
    return FALSE;
  if (length > 0 && fwrite (data, 1, length, writer->stream) != length)
    return set_errno (error, errno, path);
  return oss_file_writer_commit (writer, error);
}

static gboolean
refuse_folder (GError **error, int code, const char *path)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Nothing can be written into the folder “%s”: %s."), path,
               g_strerror (code));
  return FALSE;
}

gboolean
oss_file_prepare_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) != 0)
    return refuse_folder (error, errno, path);
  g_autofree char *probe = g_build_filename (path, "probe", NULL);
  g_autoptr (OssFileWriter) writer = oss_file_writer_new (probe, NULL);
  if (writer != NULL)
    return TRUE; /* the probe's temporary file goes with the writer */
  return refuse_folder (error, errno, path);
}

char *
oss_file_find_data (const char *name, GError **error)
{
  const char *override = g_getenv ("OSSATURE_DATA_DIR");
  g_autofree char *path = g_build_filename (override != NULL ? override : OSS_DATA_DIR, name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
#ifdef OSS_SOURCE_DATA_DIR
  if (override == NULL)
    {
      /* Run from the build folder, before installation. */
      g_autofree char *source = g_build_filename (OSS_SOURCE_DATA_DIR, name, NULL);
      if (g_file_test (source, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&source);
    }
#endif
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("The program's data file “%s” is missing. Is Ossature installed completely?"), path);
  return NULL;
}
