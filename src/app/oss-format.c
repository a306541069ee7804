/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-format.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\u2212"
#define THIN_SPACE "\u202f"

/* Puts the typographic minus and, in @group, the thousands' spaces into "1234.5". */
static char *
typeset (const char *digits, gboolean negative, gboolean group)
{
  gsize whole = strspn (digits, "0123456789");
  GString *text = g_string_new (negative ? MINUS : "");

  for (gsize i = 0; i < whole; i++)
    {
      if (group && i > 0 && (whole - i) % 3 == 0)
        g_string_append (text, THIN_SPACE);
      g_string_append_c (text, digits[i]);
    }
  g_string_append (text, digits + whole);
  return g_string_free (text, FALSE);
}

char *
oss_format_fixed (double value, int decimals)
{
  g_autofree char *digits = NULL;
  double unit = pow (10.0, -decimals);

  if (!isfinite (value))
    return g_strdup ("–");
  digits = g_strdup_printf ("%.*f", decimals, fabs (value));
  return typeset (digits, value <= -0.5 * unit, FALSE);
}

char *
oss_format_rounded (double value, double step)
{
  g_autofree char *digits = NULL;
  double rounded;

  if (!isfinite (value))
    return g_strdup ("–");
  rounded = step * round (value / step);
  digits = g_strdup_printf ("%.0f", fabs (rounded));
  return typeset (digits, rounded < 0.0, TRUE);
}

char *
oss_format_place (const double lps_mm[3])
{
  g_autofree char *x = oss_format_fixed (lps_mm[0], 1);
  g_autofree char *y = oss_format_fixed (lps_mm[1], 1);
  g_autofree char *z = oss_format_fixed (lps_mm[2], 1);

  return g_strdup_printf ("x %s  y %s  z %s mm", x, y, z);
}

const char *
oss_format_basis (OssBasis basis)
{
  switch (basis)
    {
    case OSS_BASIS_K2HPO4:
      return "K₂HPO₄";
    case OSS_BASIS_CHA:
      return "CHA";
    case OSS_BASIS_ASH:
      return _ ("ash");
    case OSS_BASIS_APPARENT:
      return _ ("apparent");
    case OSS_BASIS_UNKNOWN:
    default:
      return _ ("unknown basis");
    }
}

char *
oss_format_dicom_date (const char *date)
{
  g_autoptr (GDateTime) time = NULL;
  int year, month, day;

  if (strlen (date) != 8 || sscanf (date, "%4d%2d%2d", &year, &month, &day) != 3)
    return g_strdup (date);
  time = g_date_time_new_local (year, month, day, 0, 0, 0);
  /* Translators: a date in a window's title, as in "14 Mar 2026" (see strftime). */
  return time != NULL ? g_date_time_format (time, _ ("%-d %b %Y")) : g_strdup (date);
}

char *
oss_format_dicom_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "^", 3);

  if (*name == '\0' || parts[0] == NULL)
    return g_strdup (_ ("No name"));
  if (parts[1] == NULL || *parts[1] == '\0')
    return g_strdup (parts[0]);
  return g_strdup_printf ("%s, %s", parts[0], parts[1]);
}

char *
oss_format_dicom_age (const char *age)
{
  guint n = (guint) MIN (g_ascii_strtoull (age, NULL, 10), 999);

  if (*age == '\0')
    return g_strdup ("");
  switch (age[strlen (age) - 1])
    {
    case 'Y':
      /* Translators: age in years, as short as the language allows. */
      return g_strdup_printf (_ ("%u y"), n);
    case 'M':
      /* Translators: age in months, as short as the language allows. */
      return g_strdup_printf (_ ("%u mo"), n);
    default:
      return g_strdup (age);
    }
}

char *
oss_format_patient (const char *age, const char *sex, const char *identifier, const char *description, const char *date)
{
  g_autofree char *years = oss_format_dicom_age (age), *day = oss_format_dicom_date (date);
  const char *parts[] = { years, sex, identifier, description, day };
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    if (*parts[i] != '\0')
      g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", parts[i]);
  return g_string_free (text, FALSE);
}

char *
oss_format_time_left (double elapsed_s, double fraction)
{
  double left;

  /* Before this the rate of the first, cheap parts would mislead. */
  if (elapsed_s < 1.5 || fraction < 0.1 || fraction >= 1.0)
    return NULL;
  left = ceil (elapsed_s * (1.0 - fraction) / fraction);
  if (left < 90.0)
    return g_strdup_printf (_ ("%.0f s left"), left);
  return g_strdup_printf (_ ("about %.0f min left"), ceil (left / 60.0));
}
