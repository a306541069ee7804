/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-deidentify.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-deidentify-private.h"
#include "dicom/oss-dicom-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Files between two looks at the progress. */
#define BATCH 32

/* One file's way. */
typedef struct
{
  const char *path;
  OssDeidentifyName name;
  guint8 *bytes;
  gsize n_bytes;
  GError *error;
} Item;

typedef struct
{
  OssDeidentifyRules rules;
  OssDicomReaders *readers;
  const OssTick *tick;
  const char *folder;
  OssDeidentifyReport *report;
  GPtrArray *files;   /* const char* */
  GPtrArray *written; /* char* */
  GPtrArray *made;    /* char*, folders, outer ones first */
  GHashTable *subjects, *series, *paths;
  Item item[BATCH];
  gsize first, n;
} Run;

static void
clear_items (Run *self)
{
  for (gsize i = 0; i < BATCH; i++)
    {
      g_clear_pointer (&self->item[i].bytes, g_free);
      g_clear_error (&self->item[i].error);
    }
}

static void
run_clear (Run *self)
{
  clear_items (self);
  g_clear_pointer (&self->readers, oss_dicom_readers_free);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->written, g_ptr_array_unref);
  g_clear_pointer (&self->made, g_ptr_array_unref);
  g_clear_pointer (&self->subjects, g_hash_table_unref);
  g_clear_pointer (&self->series, g_hash_table_unref);
  g_clear_pointer (&self->paths, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

void
oss_deidentify_report_clear (OssDeidentifyReport *self)
{
  g_clear_pointer (&self->left_out, g_ptr_array_unref);
}

static gboolean
is_made_of (const char *text, const char *characters, gsize most)
{
  gsize n = strspn (text, characters);
  return n > 0 && n <= most && text[n] == '\0';
}

static gboolean
check_subject (const char *subject, GError **error)
{
  if (subject == NULL || is_made_of (subject, OSS_DEIDENTIFY_SUBJECT_CHARACTERS, 64))
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("The new name may have 1 to 64 capital letters, digits, “-” and “_”."));
  return FALSE;
}

/* A file of several series or frames once. */
static void
list_files (Run *self, const OssSeriesList *list, const char *study_uid)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint s = 0; s < list->series->len; s++)
    {
      const OssSeries *series = list->series->pdata[s];
      for (guint i = 0; (study_uid == NULL || g_str_equal (study_uid, series->study_uid)) && i < series->files->len;
           i++)
        if (g_hash_table_add (seen, series->files->pdata[i]))
          g_ptr_array_add (self->files, series->files->pdata[i]);
    }
  for (guint i = 0; i < list->damaged->len; i++)
    g_ptr_array_add (self->report->left_out, g_strdup (list->damaged->pdata[i]));
}

static void
read_range (gsize begin, gsize end, guint thread, void *data)
{
  Run *self = data;

  for (gsize i = begin; i < end && !oss_tick_stopped (self->tick); i++)
    {
      Item *item = &self->item[i];
      item->path = g_ptr_array_index (self->files, self->first + i);
      item->bytes = oss_dicom_read_nameless (self->readers, item->path, &self->rules, self->tick, &item->name,
                                             &item->n_bytes, &item->error);
    }
}

/* Makes @path and remembers it when it was not there. */
static gboolean
make_folder (Run *self, const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (g_mkdir_with_parents (path, 0755) != 0)
    {
      g_autofree char *shown = g_filename_display_name (path);
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The folder “%s” cannot be made: %s."), shown,
                   g_strerror (errno));
      return FALSE;
    }
  g_ptr_array_add (self->made, g_strdup (path));
  return TRUE;
}

static gboolean
write_item (Run *self, Item *item, GError **error)
{
  g_autofree char *subject = g_build_filename (self->folder, item->name.subject, NULL);
  g_autofree char *series = g_build_filename (subject, item->name.series_uid, NULL);
  g_autofree char *name = g_strconcat (item->name.sop_instance, ".dcm", NULL);
  g_autofree char *path = g_build_filename (series, name, NULL);

  if (!make_folder (self, self->folder, error) || !make_folder (self, subject, error)
      || !make_folder (self, series, error))
    return FALSE;
  if (g_hash_table_contains (self->paths, path))
    {
      g_ptr_array_add (self->report->left_out,
                       g_strdup_printf ("%s: %s", item->path, _ ("another file has the same instance UID")));
      return TRUE;
    }
  if (!oss_file_write (path, item->bytes, item->n_bytes, error))
    return FALSE;
  g_hash_table_add (self->paths, path);
  g_ptr_array_add (self->written, g_steal_pointer (&path));
  g_hash_table_add (self->subjects, g_strdup (item->name.subject));
  g_hash_table_add (self->series, g_strdup (item->name.series_uid));
  return TRUE;
}

/* In the order of the files, whichever was read first. */
static gboolean
write_batch (Run *self, GError **error)
{
  for (gsize i = 0; i < self->n; i++)
    {
      Item *item = &self->item[i];
      if (g_error_matches (item->error, OSS_ERROR, OSS_ERROR_CANCELLED)
          || g_error_matches (item->error, OSS_ERROR, OSS_ERROR_FAILED))
        {
          g_propagate_error (error, g_steal_pointer (&item->error));
          return FALSE;
        }
      if (item->error != NULL)
        g_ptr_array_add (self->report->left_out, g_strdup_printf ("%s: %s", item->path, item->error->message));
      else if (oss_tick_stopped (self->tick))
        return oss_tick_cancelled (error);
      else if (!write_item (self, item, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_all (Run *self, GError **error)
{
  for (self->first = 0; self->first < self->files->len; self->first += BATCH)
    {
      if (!oss_tick_report (self->tick, 0.2 + 0.8 * (double) self->first / self->files->len, _ ("Removing names"),
                            error))
        return FALSE;
      self->n = MIN (BATCH, self->files->len - self->first);
      oss_parallel_for (self->n, 4, read_range, self);
      if (!write_batch (self, error))
        return FALSE;
      clear_items (self);
    }
  return TRUE;
}

static void
take_back (Run *self)
{
  for (guint i = 0; i < self->written->len; i++)
    g_unlink (self->written->pdata[i]);
  for (guint i = self->made->len; i-- > 0;)
    g_rmdir (self->made->pdata[i]);
}

gboolean
oss_deidentify (const char *const *paths, const char *folder, const OssDeidentifyOptions *options,
                OssDeidentifyReport *report, const OssTick *tick, GError **error)
{
  OssTick scanning = oss_tick_part (tick, 0.0, 0.2);
  g_auto (Run) run = { .tick = tick, .folder = folder, .report = report };

  memset (report, 0, sizeof *report);
  report->left_out = g_ptr_array_new_with_free_func (g_free);
  if (!check_subject (options->subject, error))
    return FALSE;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &scanning, error);
  if (list == NULL)
    return FALSE;
  memcpy (run.rules.key, options->key, sizeof run.rules.key);
  run.rules.dates = (gint32) options->dates;
  run.rules.keep = options->keep;
  g_strlcpy (run.rules.subject, options->subject != NULL ? options->subject : "", sizeof run.rules.subject);
  run.readers = oss_dicom_readers_new ();
  run.files = g_ptr_array_new ();
  run.written = g_ptr_array_new_with_free_func (g_free);
  run.made = g_ptr_array_new_with_free_func (g_free);
  run.paths = g_hash_table_new (g_str_hash, g_str_equal);
  run.subjects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run.series = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  list_files (&run, list, options->study_uid);
  if (!run_all (&run, error))
    {
      take_back (&run);
      return FALSE;
    }
  report->n_files = run.written->len;
  report->n_patients = g_hash_table_size (run.subjects);
  report->n_series = g_hash_table_size (run.series);
  return TRUE;
}

gboolean
oss_deidentify_key_random (guint8 key[OSS_DEIDENTIFY_KEY_BYTES], GError **error)
{
  int file = open ("/dev/urandom", O_RDONLY | O_CLOEXEC);
  gboolean done = file >= 0 && read (file, key, OSS_DEIDENTIFY_KEY_BYTES) == OSS_DEIDENTIFY_KEY_BYTES;

  if (file >= 0)
    close (file);
  if (!done)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The system gives no random numbers (/dev/urandom)."));
  return done;
}

static gboolean
make_key (const char *path, guint8 key[OSS_DEIDENTIFY_KEY_BYTES], GError **error)
{
  char text[2 * OSS_DEIDENTIFY_KEY_BYTES + 2];
  g_autoptr (GError) reason = NULL;

  if (!oss_deidentify_key_random (key, error))
    return FALSE;
  for (gsize i = 0; i < OSS_DEIDENTIFY_KEY_BYTES; i++)
    g_snprintf (text + 2 * i, 4, "%02x\n", key[i]);
  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &reason))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The key cannot be written: %s"), reason->message);
  return FALSE;
}

gboolean
oss_deidentify_key_load (const char *path, guint8 key[OSS_DEIDENTIFY_KEY_BYTES], GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return make_key (path, key, error);
  if (!g_file_get_contents (path, &text, NULL, &reason))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The key cannot be read: %s"), reason->message);
      return FALSE;
    }
  g_strchomp (text);
  if (!is_made_of (text, "0123456789abcdefABCDEF", 2 * OSS_DEIDENTIFY_KEY_BYTES)
      || strlen (text) != 2 * OSS_DEIDENTIFY_KEY_BYTES)
    {
      g_autofree char *shown = g_filename_display_name (path);
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("%s holds no key: 64 hexadecimal digits. A file that is not there yet is made."), shown);
      return FALSE;
    }
  for (gsize i = 0; i < OSS_DEIDENTIFY_KEY_BYTES; i++)
    key[i] = (guint8) (g_ascii_xdigit_value (text[2 * i]) << 4 | g_ascii_xdigit_value (text[2 * i + 1]));
  return TRUE;
}
