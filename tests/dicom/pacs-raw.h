/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A sender that says what no library would let it say: DICOM PS3.8 and PS3.7 by hand, over a plain socket. */

#define RAW_CT "1.2.840.10008.5.1.4.1.1.2"
#define RAW_EXPLICIT "1.2.840.10008.1.2.1"

int raw_connect (guint16 port);
void raw_close (int fd);
void raw_write (int fd, const void *data, gsize n);

/* Asks for one context (number 1).  The type of the answer: 2 accepted, 3 rejected, 0 hung up. */
int raw_associate (int fd, const char *calling, const char *called, const char *sop_class, const char *syntax);

/* Sends a C-STORE-RQ that names @command_uid, then @n bytes of a data set, the last fragment marked so when
 * @finish.  The status answered; -1 when the other side hung up; with @finish FALSE 0 at once. */
int raw_store (int fd, const char *command_class, const char *command_uid, const void *data, gsize n, gboolean finish);

G_END_DECLS
