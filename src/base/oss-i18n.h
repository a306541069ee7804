/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libintl.h>

/* The library translates its own messages: it never relies on textdomain() of the host program. */
#define OSS_GETTEXT_DOMAIN "ossature"
#define _(text) dgettext (OSS_GETTEXT_DOMAIN, text)
#define N_(text) (text)
#define OSS_NGETTEXT(one, many, n) dngettext (OSS_GETTEXT_DOMAIN, one, many, n)
