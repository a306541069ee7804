/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-series.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The middle slice of a series as a small square picture, read on a worker.  Series without a
 * geometry of their own give NULL with an error: they keep their icon. */
void oss_thumbnail_load_async (const OssSeries *series, int pixels, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
GdkTexture *oss_thumbnail_load_finish (GAsyncResult *result, GError **error);

G_END_DECLS
