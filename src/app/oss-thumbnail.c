/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-thumbnail.h"

#include "image/oss-picture.h"

#include <string.h>

typedef struct
{
  OssSeries *series; /* one slice */
  int pixels;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  oss_series_free (request->series);
  g_free (request);
}

/* The plane the slices lie in, nearest to a patient plane. */
static OssPlane
plane_of (const OssGrid *grid)
{
  const OssPlane planes[3] = { OSS_PLANE_SAGITTAL, OSS_PLANE_CORONAL, OSS_PLANE_AXIAL };
  int axis = 0;

  for (int a = 1; a < 3; a++)
    if (ABS (grid->direction[3 * a + 2]) > ABS (grid->direction[3 * axis + 2]))
      axis = a;
  return planes[axis];
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  GError *error = NULL;
  g_autoptr (OssVolume) volume = NULL;
  OssSliceView view = { 0 };

  if (g_task_return_error_if_cancelled (task))
    return;
  volume = oss_series_load (request->series, NULL, &error);
  if (volume == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  view.plane = plane_of (&volume->grid);
  view.width = view.height = request->pixels;
  view.level = 50.0;
  view.window = 600.0;
  oss_slice_fit (&view, &volume->grid);
  /* The spine is in the middle of a spine CT; a little closer shows more of it. */
  view.mm_per_pixel *= 0.8;
  g_task_return_pointer (task, oss_slice_picture (volume, &view), (GDestroyNotify) oss_picture_free);
}

void
oss_thumbnail_load_async (const OssSeries *series, int pixels, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request;

  if (!series->has_grid || series->files->len == 0 || (int) series->files->len != series->grid.size[2])
    {
      g_task_return_new_error (task, OSS_ERROR, OSS_ERROR_NOT_FOUND, "no geometry");
      return;
    }
  request = g_new0 (Request, 1);
  request->series = oss_series_middle_slice (series);
  request->pixels = pixels;
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, load_in_thread);
}

GdkTexture *
oss_thumbnail_load_finish (GAsyncResult *result, GError **error)
{
  OssPicture *picture = g_task_propagate_pointer (G_TASK (result), error);
  g_autoptr (GBytes) bytes = NULL;

  if (picture == NULL)
    return NULL;
  bytes = g_bytes_new_with_free_func (picture->rgba, (gsize) picture->width * (gsize) picture->height * 4,
                                      (GDestroyNotify) oss_picture_free, picture);
  return gdk_memory_texture_new (picture->width, picture->height, GDK_MEMORY_R8G8B8A8, bytes,
                                 (gsize) picture->width * 4);
}
