/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A day written "2026-03-14" in an entry, as DICOM has it ("20260314"); "" when the entry is empty.
 * NULL: what stands there is no day, and the entry is marked.  (transfer full) */
char *oss_day_entry_read (GtkEntry *entry);

G_END_DECLS
