/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading what an analysis left (private to study). */
#pragma once

#include "base/oss-error.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The document @name of the folder of an analysis; it belongs to @parser.  NOT_FOUND when it cannot be read. */
JsonObject *oss_result_read (JsonParser *parser, const char *folder, const char *name, GError **error);

/* Members that are missing, null or of another type are NaN, "" and NULL; so is what is asked of NULL. */
double oss_result_number (JsonObject *object, const char *name);
const char *oss_result_text (JsonObject *object, const char *name);
JsonObject *oss_result_child (JsonObject *object, const char *name);

G_END_DECLS
