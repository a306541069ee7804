/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of phantoms and the certificates of their serial numbers. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-text.h"

#include <string.h>

/* Table and certificates together: a certificate's group is "[NAME SERIAL]". */
typedef struct
{
  GKeyFile *table, *certificates; /* the second is NULL when there is no such file */
  char *table_path, *certificates_path;
} Books;

static void
books_clear (Books *self)
{
  g_clear_pointer (&self->table, g_key_file_unref);
  g_clear_pointer (&self->certificates, g_key_file_unref);
  g_clear_pointer (&self->table_path, g_free);
  g_clear_pointer (&self->certificates_path, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Books, books_clear)

char *
oss_phantom_certificates_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "ossature", "certificates.ini", NULL);
}

static GKeyFile *
load_file (const char *path, OssError code, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) why = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &why))
    return g_steal_pointer (&file);
  g_set_error (error, OSS_ERROR, why->domain == G_KEY_FILE_ERROR ? OSS_ERROR_INVALID_DATA : code, "%s: %s", path,
               why->message);
  return NULL;
}

static gboolean
split_group (const char *group, char **name, char **serial)
{
  const char *gap = strchr (group, ' ');

  *name = gap != NULL ? g_strndup (group, (gsize) (gap - group)) : g_strdup (group);
  *serial = g_strstrip (g_strdup (gap != NULL ? gap + 1 : ""));
  return **serial != '\0';
}

/* Every certificate must be of a known model. */
static gboolean
check_certificates (const Books *self, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->certificates, NULL);

  for (int i = 0; groups[i] != NULL; i++)
    {
      g_autofree char *name = NULL, *serial = NULL;

      if (split_group (groups[i], &name, &serial) && g_key_file_has_group (self->table, name))
        continue;
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
                   _ ("%s: [%s] is not a phantom’s name and serial number, as in [mindways3 4541A]"),
                   self->certificates_path, groups[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
books_open (Books *self, const char *certificates, GError **error)
{
  self->table_path = oss_file_find_data ("phantoms.ini", error);
  if (self->table_path == NULL || (self->table = load_file (self->table_path, OSS_ERROR_INVALID_DATA, error)) == NULL)
    return FALSE;
  self->certificates_path = certificates != NULL ? g_strdup (certificates) : oss_phantom_certificates_path ();
  if (*self->certificates_path == '\0'
      || (certificates == NULL && !g_file_test (self->certificates_path, G_FILE_TEST_EXISTS)))
    return TRUE;
  self->certificates = load_file (self->certificates_path, OSS_ERROR_FAILED, error);
  return self->certificates != NULL && check_certificates (self, error);
}

static double
read_number (const Books *self, const char *group, const char *name, const char *key)
{
  if (group != NULL && g_key_file_has_key (self->certificates, group, key, NULL))
    return g_key_file_get_double (self->certificates, group, key, NULL);
  return g_key_file_get_double (self->table, name, key, NULL);
}

static gboolean
is_reference (const Books *self, const char *name)
{
  g_autofree char *rods = g_key_file_get_string (self->table, name, "rods", NULL);

  return rods != NULL && g_str_equal (rods, "reference");
}

static gboolean
has_densities (const Books *self, const char *name)
{
  return g_key_file_has_key (self->table, name, "density", NULL);
}

/* Densities of one group: finite, and as many water values where the model has them. */
static gboolean
read_densities (const Books *self, const char *group, OssPhantom *phantom)
{
  GKeyFile *file = group != NULL ? self->certificates : self->table;
  const char *from = group != NULL ? group : phantom->name;
  gboolean water = g_key_file_has_key (self->table, phantom->name, "water", NULL);
  gsize n = 0, n_water = 0;
  g_autofree double *density = g_key_file_get_double_list (file, from, "density", &n, NULL);
  g_autofree double *column = g_key_file_get_double_list (file, from, "water", &n_water, NULL);

  if (density == NULL || n < 2 || n > OSS_PHANTOM_MAX_RODS || n_water != (water ? n : 0))
    return FALSE;
  phantom->n_rods = (int) n;
  for (gsize i = 0; i < n; i++)
    {
      phantom->rod_density[i] = density[i];
      phantom->rod_water[i] = water ? column[i] : 0.0;
      if (!(density[i] > -300.0 && density[i] < 2000.0) || (water && !(column[i] > 500.0 && column[i] < 1500.0)))
        return FALSE;
    }
  return TRUE;
}

static void
copy_text (GKeyFile *file, const char *group, const char *key, char *to, gsize size, const char *otherwise)
{
  g_autofree char *text = g_key_file_get_string (file, group, key, NULL);

  oss_text_print (to, size, "%s", text != NULL ? text : otherwise);
}

/* One phantom with the densities of @group, or of the table when NULL; FALSE when something is missing or cannot be. */
static gboolean
read_entry (const Books *self, const char *name, const char *group, OssPhantom *phantom, GError **error)
{
  g_autofree char *basis = g_key_file_get_string (self->table, name, "basis", NULL);
  g_auto (GStrv) serials = g_key_file_get_string_list (self->table, name, "serials", NULL, NULL);
  g_autofree char *list = serials != NULL ? g_strjoinv (", ", serials) : NULL;

  *phantom = (OssPhantom){ .basis = basis != NULL ? oss_basis_from_name (basis) : OSS_BASIS_UNKNOWN };
  g_strlcpy (phantom->name, name, sizeof phantom->name);
  copy_text (self->table, name, "title", phantom->title, sizeof phantom->title, name);
  copy_text (self->table, name, "source", phantom->source, sizeof phantom->source, "");
  phantom->reference_rod = is_reference (self, name);
  phantom->rod_diameter_mm = read_number (self, group, name, "diameter_mm");
  phantom->rod_spacing_mm =
      phantom->reference_rod ? phantom->rod_diameter_mm : read_number (self, group, name, "spacing_mm");
  if (read_densities (self, group, phantom) && phantom->basis != OSS_BASIS_UNKNOWN && phantom->rod_diameter_mm >= 6.0
      && phantom->rod_diameter_mm <= 60.0
      && (phantom->reference_rod ? phantom->n_rods == 2 : phantom->rod_spacing_mm > phantom->rod_diameter_mm))
    {
      if (group == NULL)
        g_strlcpy (phantom->serials, list != NULL ? list : "", sizeof phantom->serials);
      else
        oss_text_print (phantom->source, sizeof phantom->source, "%s [%s]", self->certificates_path, group);
      return TRUE;
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA,
               _ ("%s: [%s] needs 2 to %d densities in mg/cm³ (density=…;…), for Mindways as many water-equivalent "
                  "densities (water=…;…), and rods of 6 mm or more, further apart than wide"),
               group != NULL ? self->certificates_path : self->table_path, group != NULL ? group : name,
               OSS_PHANTOM_MAX_RODS);
  return FALSE;
}

/* Serial numbers of a model: of the certificates, then of the table. */
static GPtrArray *
collect_serials (const Books *self, const char *name)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) groups = self->certificates != NULL ? g_key_file_get_groups (self->certificates, NULL) : NULL;
  g_auto (GStrv) listed = g_key_file_get_string_list (self->table, name, "serials", NULL, NULL);

  for (int i = 0; groups != NULL && groups[i] != NULL; i++)
    {
      g_autofree char *model = NULL, *serial = NULL;

      split_group (groups[i], &model, &serial);
      if (g_str_equal (model, name))
        g_ptr_array_add (all, g_steal_pointer (&serial));
    }
  for (int i = 0; listed != NULL && listed[i] != NULL; i++)
    if (!g_ptr_array_find_with_equal_func (all, listed[i], g_str_equal, NULL))
      g_ptr_array_add (all, g_strdup (listed[i]));
  return all;
}

static char *
join (const GPtrArray *texts)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < texts->len; i++)
    g_string_append_printf (list, i > 0 ? ", %s" : "%s", (const char *) texts->pdata[i]);
  return g_string_free (list, FALSE);
}

static gboolean
check_name (const Books *self, const char *name, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->table, NULL);
  g_autofree char *list = g_strjoinv (", ", groups);

  if (name != NULL && g_key_file_has_group (self->table, name))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No phantom is called “%s”; there are: %s."),
               name != NULL ? name : "", list);
  return FALSE;
}

/* The model has no densities without a certificate, or none of this serial number: said with what to do. */
static gboolean
refuse_serial (const Books *self, const char *name, const char *serial, GError **error)
{
  g_autofree char *title = g_key_file_get_string (self->table, name, "title", NULL);
  g_autoptr (GPtrArray) serials = collect_serials (self, name);
  g_autofree char *known = serials->len > 0 ? join (serials) : g_strdup (_ ("none"));

  if (serial != NULL)
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                 _ ("No certificate of %s with the serial number “%s” is known; known are: %s. Enter its densities as "
                    "a group [%s %s] in %s, or give another file with --certificate."),
                 title, serial, known, name, serial, self->certificates_path);
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("%s has no densities without its certificate. Enter them as a group [%s SERIAL] with “density=…;…” "
                    "and “water=…;…” in %s and give the serial number (known are: %s)."),
                 title, name, self->certificates_path, known);
  return FALSE;
}

gboolean
oss_phantom_find_serial (const char *name, const char *serial, const char *certificates, OssPhantom *phantom,
                         GError **error)
{
  g_auto (Books) books = { 0 };

  if (!books_open (&books, certificates, error) || !check_name (&books, name, error))
    return FALSE;
  if (serial == NULL || *serial == '\0')
    return has_densities (&books, name) ? read_entry (&books, name, NULL, phantom, error)
                                        : refuse_serial (&books, name, NULL, error);
  g_autofree char *group = g_strdup_printf ("%s %s", name, serial);
  g_auto (GStrv) listed = g_key_file_get_string_list (books.table, name, "serials", NULL, NULL);
  gboolean own = books.certificates != NULL && g_key_file_has_group (books.certificates, group);

  if (!own && (listed == NULL || !g_strv_contains ((const char *const *) listed, serial)))
    return refuse_serial (&books, name, serial, error);
  if (!read_entry (&books, name, own ? group : NULL, phantom, error))
    return FALSE;
  g_strlcpy (phantom->serial, serial, sizeof phantom->serial);
  return TRUE;
}

gboolean
oss_phantom_find (const char *name, OssPhantom *phantom, GError **error)
{
  return oss_phantom_find_serial (name, NULL, NULL, phantom, error);
}

GPtrArray *
oss_phantom_all (const char *certificates, GError **error)
{
  g_auto (Books) books = { 0 };
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  if (!books_open (&books, certificates, error))
    return NULL;
  g_auto (GStrv) names = g_key_file_get_groups (books.table, NULL);
  g_auto (GStrv) groups = books.certificates != NULL ? g_key_file_get_groups (books.certificates, NULL) : NULL;
  for (int i = 0; names[i] != NULL; i++)
    {
      g_autofree OssPhantom *phantom = g_new0 (OssPhantom, 1);

      if (is_reference (&books, names[i]) || !has_densities (&books, names[i]))
        continue;
      if (!read_entry (&books, names[i], NULL, phantom, error))
        return NULL;
      g_ptr_array_add (all, g_steal_pointer (&phantom));
    }
  for (int i = 0; groups != NULL && groups[i] != NULL; i++)
    {
      g_autofree OssPhantom *phantom = g_new0 (OssPhantom, 1);
      g_autofree char *name = NULL, *serial = NULL;

      split_group (groups[i], &name, &serial);
      if (!read_entry (&books, name, groups[i], phantom, error))
        return NULL;
      g_strlcpy (phantom->serial, serial, sizeof phantom->serial);
      if (!phantom->reference_rod)
        g_ptr_array_add (all, g_steal_pointer (&phantom));
    }
  return g_steal_pointer (&all);
}

char **
oss_phantom_names (GError **error)
{
  g_auto (Books) books = { 0 };

  return books_open (&books, NULL, error) ? g_key_file_get_groups (books.table, NULL) : NULL;
}

char *
oss_phantom_title (const char *name)
{
  g_auto (Books) books = { 0 };

  return books_open (&books, NULL, NULL) ? g_key_file_get_string (books.table, name, "title", NULL) : NULL;
}

char **
oss_phantom_serials (const char *name, const char *certificates, GError **error)
{
  g_auto (Books) books = { 0 };

  if (!books_open (&books, certificates, error) || !check_name (&books, name, error))
    return NULL;
  GPtrArray *serials = collect_serials (&books, name);
  g_ptr_array_add (serials, NULL);
  return (char **) g_ptr_array_free (serials, FALSE);
}
