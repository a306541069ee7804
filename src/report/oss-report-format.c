/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/oss-report-format.h"

#include <locale.h>
#include <math.h>
#include <string.h>

char *
oss_format_number (double value, int decimals)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE + 64], format[8];
  g_autoptr (GString) out = g_string_new (NULL);

  if (!isfinite (value) || fabs (value) > 1e15)
    return g_strdup (OSS_DASH);
  g_snprintf (format, sizeof format, "%%.%df", CLAMP (decimals, 0, 9));
  g_ascii_formatd (digits, sizeof digits, format, fabs (value));

  const gsize whole = strcspn (digits, ".");
  if (value < 0.0 && strspn (digits, "0.") < strlen (digits))
    g_string_append (out, OSS_MINUS);
  for (gsize i = 0; i < whole; i++)
    {
      if (i > 0 && (whole - i) % 3 == 0)
        g_string_append (out, OSS_NNBSP);
      g_string_append_c (out, digits[i]);
    }
  if (digits[whole] == '.')
    {
      g_string_append (out, localeconv ()->decimal_point);
      g_string_append (out, digits + whole + 1);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
oss_format_quantity (double value, int decimals, const char *unit)
{
  g_autofree char *number = oss_format_number (value, decimals);

  return isfinite (value) ? g_strconcat (number, OSS_NBSP, unit, NULL) : g_steal_pointer (&number);
}

char *
oss_format_tens (double value)
{
  return oss_format_number (isfinite (value) ? 10.0 * round (value / 10.0) : value, 0);
}

char *
oss_format_spread (double value)
{
  return oss_format_number (isfinite (value) ? fmax (1.0, value) : value, 0);
}

char *
oss_format_power (double value)
{
  static const char *const superscripts[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };

  if (!isfinite (value) || value == 0.0)
    return oss_format_number (value, 0);
  int exponent = (int) floor (log10 (fabs (value)));
  double mantissa = value / pow (10.0, exponent);
  if (fabs (mantissa) >= 9.95)
    mantissa /= 10.0, exponent++;

  g_autofree char *number = oss_format_number (mantissa, 1);
  g_autofree char *digits = g_strdup_printf ("%d", ABS (exponent));
  g_autoptr (GString) out = g_string_new (number);
  g_string_append (out, exponent < 0 ? "·10⁻" : "·10");
  for (const char *d = digits; *d; d++)
    g_string_append (out, superscripts[*d - '0']);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
all_digits (const char *text, gsize n)
{
  return text != NULL && strnlen (text, n) == n && strspn (text, "0123456789") >= n;
}

char *
oss_format_date (const char *dicom)
{
  if (all_digits (dicom, 8) && dicom[8] == '\0')
    return g_strdup_printf ("%.4s-%.2s-%.2s", dicom, dicom + 4, dicom + 6);
  return g_strdup (dicom ? dicom : "");
}

char *
oss_format_time (const char *dicom)
{
  if (all_digits (dicom, 4))
    return g_strdup_printf ("%.2s:%.2s", dicom, dicom + 2);
  return g_strdup (dicom ? dicom : "");
}

char *
oss_format_person (const char *dicom)
{
  /* Only the alphabetic group; family, given and middle name. */
  g_autofree char *group = g_strndup (dicom ? dicom : "", strcspn (dicom ? dicom : "", "="));
  g_auto (GStrv) parts = g_strsplit (group, "^", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; parts[i] != NULL && i < 3; i++)
    {
      if (*g_strstrip (parts[i]) == '\0')
        continue;
      if (out->len > 0)
        g_string_append (out, i == 1 ? ", " : " ");
      g_string_append (out, parts[i]);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
