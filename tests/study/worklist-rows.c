/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "worklist-rows.h"

#include <glib/gstdio.h>

void
set_text (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

static void
reason_free (gpointer data)
{
  OssReason *reason = data;

  g_free (reason->text);
  g_free (reason);
}

void
add_reason (OssSeries *series, OssReasonSeverity severity, const char *code, const char *text)
{
  OssReason *reason = g_new0 (OssReason, 1);

  reason->severity = severity;
  reason->code = code;
  reason->text = g_strdup (text);
  g_ptr_array_add (series->reasons, reason);
  series->verdict = MAX (series->verdict, severity == OSS_REASON_REFUSAL ? OSS_VERDICT_REFUSED : OSS_VERDICT_NOTES);
}

OssSeries *
row_series (const char *patient_id, const char *name, const char *birth_date, const char *study_uid, const char *date,
            const char *series_uid, int number)
{
  OssSeries *series = g_new0 (OssSeries, 1);
  const OssGrid grid = { .size = { 512, 512, 100 },
                         .spacing = { 0.7, 0.7, 1.25 },
                         .origin = { -180, -180, -60 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };

  series->study_uid = g_strdup (study_uid);
  series->series_uid = g_strdup (series_uid);
  series->frame_uid = g_strdup ("1.2.3");
  series->patient_name = g_strdup (name);
  series->patient_id = g_strdup (patient_id);
  series->patient_birth_date = g_strdup (birth_date);
  series->patient_sex = g_strdup ("F");
  series->patient_age = g_strdup ("071Y");
  series->study_date = g_strdup (date);
  series->study_time = g_strdup ("091240");
  series->study_description = g_strdup ("CT lumbar spine");
  series->series_description = g_strdup ("Spine 1.25 B40f");
  series->modality = g_strdup ("CT");
  series->manufacturer = g_strdup ("SIEMENS");
  series->model = g_strdup ("Definition Flash");
  series->station = g_strdup ("CT1");
  series->kernel = g_strdup ("B40f");
  series->contrast = g_strdup ("");
  series->transfer_syntax = g_strdup ("1.2.840.10008.1.2.1");
  series->series_number = number;
  series->kvp = 120.0;
  series->slice_thickness_mm = 1.25;
  series->grid = grid;
  series->has_grid = TRUE;
  series->files = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < 100; i++)
    g_ptr_array_add (series->files, g_strdup_printf ("/data/%s/IM%04d", series_uid, i));
  series->folder = g_strdup_printf ("/data/%s", series_uid);
  series->reasons = g_ptr_array_new_with_free_func (reason_free);
  return series;
}

OssSeriesList *
row_list (OssSeries *first, ...)
{
  OssSeriesList *list = g_new0 (OssSeriesList, 1);
  va_list arguments;

  list->series = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_series_free);
  list->damaged = g_ptr_array_new_with_free_func (g_free);
  va_start (arguments, first);
  for (OssSeries *series = first; series != NULL; series = va_arg (arguments, OssSeries *))
    g_ptr_array_add (list->series, series);
  va_end (arguments);
  return list;
}

char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("oss-worklist-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}
