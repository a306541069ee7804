/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* As g_snprintf(), but a text that does not fit is cut before a character, never within: translations may be long.
 * Returns: @text */
OSS_API char *oss_text_print (char *text, gsize size, const char *format, ...) G_GNUC_PRINTF (3, 4);

G_END_DECLS
