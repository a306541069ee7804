/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

char *
fixture_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("oss-dicom-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

void
fixture_remove (char *folder)
{
  remove_tree (folder);
  g_free (folder);
}

OssGrid
fixture_grid (int width, int height, int depth)
{
  return (OssGrid){ .size = { width, height, depth },
                    .spacing = { 0.5, 0.7, 1.25 },
                    .origin = { -10.0, 20.0, -30.0 },
                    .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
}

double
fixture_hu (int i, int j, int k)
{
  return (i * 37 + j * 101 + k * 263) % 4096 - 1024;
}

OssVolume *
fixture_volume (const OssGrid *grid)
{
  g_autoptr (GError) error = NULL;
  OssVolume *volume = oss_volume_new (grid, OSS_QUANTITY_HU, &error);

  g_assert_no_error (error);
  for (int k = 0; k < grid->size[2]; k++)
    for (int j = 0; j < grid->size[1]; j++)
      for (int i = 0; i < grid->size[0]; i++)
        volume->data[oss_grid_offset (grid, i, j, k)] = (float) fixture_hu (i, j, k);
  return volume;
}

OssCtHeader
fixture_header (guint series)
{
  return (OssCtHeader){ .patient_name = "Müller^Jörg",
                        .patient_id = "P1",
                        .patient_birth_date = "19500102",
                        .patient_sex = "F",
                        .patient_age = "071Y",
                        .study_uid = oss_dicom_uid (7, 1),
                        .series_uid = oss_dicom_uid (7, 100 + series),
                        .frame_uid = oss_dicom_uid (7, 2),
                        .study_date = "20260314",
                        .study_time = "101112",
                        .study_id = "S1",
                        .study_description = "Lumbar spine",
                        .series_description = "Axial",
                        .series_number = (int) series,
                        .manufacturer = "Ossature",
                        .model = "Virtual",
                        .station = "V1",
                        .software = "0.1",
                        .kernel = "B40f",
                        .kvp = 120.0,
                        .tube_current_ma = 200.0,
                        .exposure_mas = 150.0,
                        .slice_thickness_mm = 1.25,
                        .reconstruction_diameter_mm = 180.0,
                        .table_height_mm = 150.0 };
}

void
fixture_header_clear (OssCtHeader *header)
{
  g_free ((char *) header->study_uid);
  g_free ((char *) header->series_uid);
  g_free ((char *) header->frame_uid);
}

void
fixture_write (const char *folder, const char *name, const OssGrid *grid, const OssCtHeader *header)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (OssVolume) volume = fixture_volume (grid);
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_dicom_write_ct (path, volume, header, NULL, &error));
  g_assert_no_error (error);
}

static void
patch_file (const char *path, const void *from, const void *to, gsize n)
{
  g_autofree char *bytes = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  char *found = memmem (bytes, size, from, n);
  g_assert_nonnull (found);
  memcpy (found, to, n);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
}

void
fixture_patch (const char *path, const void *from, const void *to, gsize n)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    patch_file (path, from, to, n);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      patch_file (child, from, to, n);
    }
}

OssSeriesList *
fixture_scan (const char *path)
{
  const char *paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  OssSeriesList *list = oss_series_scan (paths, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (list);
  return list;
}

const char *
fixture_refusal (const OssSeries *series, guint i)
{
  for (guint j = 0; j < series->reasons->len; j++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, j);
      if (reason->severity == OSS_REASON_REFUSAL && i-- == 0)
        return reason->code;
    }
  return NULL;
}

const char *
fixture_reason_text (const OssSeries *series, const char *code)
{
  for (guint j = 0; j < series->reasons->len; j++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, j);
      if (strcmp (reason->code, code) == 0)
        return reason->text;
    }
  return NULL;
}

gboolean
fixture_has_reason (const OssSeries *series, const char *code)
{
  return fixture_reason_text (series, code) != NULL;
}
