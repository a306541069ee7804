/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's own certificates, written. */
#include "calibrate/oss-phantom-certificate.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

/* What reading a certificate allows (oss-phantom-table.c). */
#define LEAST_DENSITY -300.0
#define MOST_DENSITY 2000.0
#define LEAST_WATER 500.0
#define MOST_WATER 1500.0

gboolean
oss_certificate_has_water (const char *name)
{
  g_autofree char *path = oss_file_find_data ("phantoms.ini", NULL);
  g_autoptr (GKeyFile) table = g_key_file_new ();

  return path != NULL && g_key_file_load_from_file (table, path, G_KEY_FILE_NONE, NULL)
         && g_key_file_has_key (table, name, "water", NULL);
}

static char *
group_of (const char *name, const char *serial)
{
  return g_strdup_printf ("%s %s", name, serial);
}

/* The user's file; empty when there is none yet. */
static GKeyFile *
open_own (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) why = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, &why)
      || g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&file);
  g_set_error (error, OSS_ERROR, why->domain == G_KEY_FILE_ERROR ? OSS_ERROR_INVALID_DATA : OSS_ERROR_FAILED, "%s: %s",
               path, why->message);
  return NULL;
}

gboolean
oss_certificate_is_own (const char *name, const char *serial)
{
  g_autofree char *path = oss_phantom_certificates_path (), *group = group_of (name, serial);
  g_autoptr (GKeyFile) file = open_own (path, NULL);

  return file != NULL && g_key_file_has_group (file, group);
}

static gboolean
check_serial (const OssPhantom *phantom, GError **error)
{
  if (*phantom->serial != '\0' && strpbrk (phantom->serial, "[]\n\r") == NULL && *phantom->serial != ' '
      && g_utf8_validate (phantom->serial, -1, NULL))
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("A certificate needs the phantom’s serial number, without brackets."));
  return FALSE;
}

/* Equal rods draw no line. */
static gboolean
check_spread (const OssPhantom *phantom, GError **error)
{
  for (int i = 1; i < phantom->n_rods; i++)
    if (phantom->rod_density[i] != phantom->rod_density[0])
      return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("All rods have the same density: no line goes through one point."));
  return FALSE;
}

gboolean
oss_certificate_check (const OssPhantom *phantom, int *rod, GError **error)
{
  gboolean water = oss_certificate_has_water (phantom->name);
  int none;

  rod = rod != NULL ? rod : &none;
  *rod = -1;
  if (!check_serial (phantom, error))
    return FALSE;
  if (phantom->n_rods < 2 || phantom->n_rods > OSS_PHANTOM_MAX_RODS)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A certificate names 2 to %d rods, not %d."),
                   OSS_PHANTOM_MAX_RODS, phantom->n_rods);
      return FALSE;
    }
  for (int i = 0; i < phantom->n_rods; i++)
    {
      double density = phantom->rod_density[i], column = phantom->rod_water[i];
      const char name[2] = { (char) ('A' + i), '\0' };

      *rod = i;
      if (!(density > LEAST_DENSITY && density < MOST_DENSITY))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Rod %s: the density must lie between %g and %g mg/cm³, not at %g."), name, LEAST_DENSITY,
                       MOST_DENSITY, density);
          return FALSE;
        }
      if (water && !(column > LEAST_WATER && column < MOST_WATER))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Rod %s: the water-equivalent density must lie between %g and %g mg/cm³, not at %g."), name,
                       LEAST_WATER, MOST_WATER, column);
          return FALSE;
        }
    }
  *rod = -1;
  return check_spread (phantom, error);
}

static void
set_numbers (GKeyFile *file, const char *group, const char *key, const double *numbers, int n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < n; i++)
    {
      char digits[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (digits, sizeof digits, "%.10g", numbers[i]);
      g_string_append_printf (text, i > 0 ? ";%s" : "%s", digits);
    }
  g_key_file_set_string (file, group, key, text->str);
}

static gboolean
write_own (const char *path, GKeyFile *file, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  gsize length;
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);

  return oss_file_prepare_folder (folder, error) && oss_file_write (path, text, length, error);
}

gboolean
oss_certificate_keep (const OssPhantom *phantom, GError **error)
{
  g_autofree char *path = oss_phantom_certificates_path (), *group = group_of (phantom->name, phantom->serial);
  g_autoptr (GKeyFile) file = NULL;

  if (!oss_certificate_check (phantom, NULL, error) || (file = open_own (path, error)) == NULL)
    return FALSE;
  set_numbers (file, group, "density", phantom->rod_density, phantom->n_rods);
  if (oss_certificate_has_water (phantom->name))
    set_numbers (file, group, "water", phantom->rod_water, phantom->n_rods);
  return write_own (path, file, error);
}

gboolean
oss_certificate_forget (const char *name, const char *serial, GError **error)
{
  g_autofree char *path = oss_phantom_certificates_path (), *group = group_of (name, serial);
  g_autoptr (GKeyFile) file = open_own (path, error);

  if (file == NULL)
    return FALSE;
  if (!g_key_file_remove_group (file, group, NULL))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("%s has no certificate [%s]."), path, group);
      return FALSE;
    }
  return write_own (path, file, error);
}
