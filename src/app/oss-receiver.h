/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What others send to this computer while the program runs: taken from the peers that may send, kept in the folder
 * of received images, and put into the worklist.  Main thread only. */

gboolean oss_receiver_is_on (void);
/* With the connections file as it is now. */
gboolean oss_receiver_start (GError **error);
void oss_receiver_stop (void);

G_END_DECLS
