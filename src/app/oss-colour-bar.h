/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-scene.h"
#include "render/oss-renderer.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The labelled colour bar at the right of a view: title with unit, round ticks, a triangle where values
 * go on above, the 95th percentile marked, the load below.
 * @title: (nullable): a widget stands there instead
 * @plain: (nullable): what the lowest colour means, which is then shown apart */
void oss_colour_bar_draw (GtkSnapshot *snapshot, GtkWidget *widget, const OssColormap *map, const OssFieldView *field,
                          const char *title, const char *plain);
/* Where the bar begins in a view of that height; its title ends 14 pixels above. */
double oss_colour_bar_top (double height);

/* The axes sign at the lower left: where the patient's anterior, left and head lie on the screen. */
void oss_axes_sign_draw (GtkSnapshot *snapshot, GtkWidget *widget, const OssCamera *camera);

G_END_DECLS
