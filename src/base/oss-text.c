/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-text.h"

char *
oss_text_print (char *text, gsize size, const char *format, ...)
{
  va_list arguments;
  const char *end;

  va_start (arguments, format);
  g_vsnprintf (text, size, format, arguments);
  va_end (arguments);
  if (!g_utf8_validate (text, -1, &end))
    text[end - text] = '\0';
  return text;
}
