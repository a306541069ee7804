/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rods of the calibration phantoms that a virtual patient may lie on. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "virtual/oss-virtual-private.h"

/* Mindways Model 3 CT, serials 4541A and 4560: mg/cm3 (restated from Ogo, Helper.py).  Rods 20 mm thick, 32 mm apart
 * in a row, A on the patient's right [choice]. */
const double oss_virtual_rod_k2hpo4[OSS_VIRTUAL_RODS] = { -51.83, -53.40, 58.88, 157.05, 375.83 };
const double oss_virtual_rod_water[OSS_VIRTUAL_RODS] = { 1012.25, 1056.95, 1103.57, 1119.52, 923.20 };
#define ROD_SPACING_MM 32.0
#define ROD_RADIUS_MM 10.0
#define MOST_RADIUS_MM 12.0 /* of rods in a casing 28 mm thick */

double
oss_virtual_beam_cha (const OssVirtualPhysics *physics, const OssVirtualBeam *beam)
{
  return (beam->hu[OSS_TISSUE_HYDROXYAPATITE] - beam->hu[OSS_TISSUE_PHANTOM_RESIN])
         / (1000.0 * oss_virtual_density (physics, OSS_TISSUE_HYDROXYAPATITE));
}

static void
mindways_rods (OssVirtualAnatomy *self)
{
  self->n_rods = OSS_VIRTUAL_RODS;
  self->rods_cha = FALSE;
  self->rod_radius = ROD_RADIUS_MM;
  self->rod_spacing = ROD_SPACING_MM;
  memcpy (self->rod_density, oss_virtual_rod_k2hpo4, sizeof oss_virtual_rod_k2hpo4);
  memcpy (self->rod_water, oss_virtual_rod_water, sizeof oss_virtual_rod_water);
}

/* A row of rods with densities of its own: not a single rod, not a model that only certificates know. */
static gboolean
is_row (GKeyFile *table, const char *model)
{
  return g_key_file_has_key (table, model, "density", NULL) && !g_key_file_has_key (table, model, "rods", NULL);
}

static gboolean
refuse_model (GKeyFile *table, const char *model, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_auto (GStrv) groups = g_key_file_get_groups (table, NULL);

  for (int i = 0; groups[i] != NULL; i++)
    if (is_row (table, groups[i]))
      g_string_append_printf (list, "%s, ", groups[i]);
  g_string_append (list, "none");
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“--phantom %s” is not known. Known: %s."), model, list->str);
  return FALSE;
}

static gboolean
read_rods (OssVirtualAnatomy *self, GKeyFile *table, const char *model)
{
  gsize n = 0, n_water = 0;
  g_autofree double *density = g_key_file_get_double_list (table, model, "density", &n, NULL);
  g_autofree double *water = g_key_file_get_double_list (table, model, "water", &n_water, NULL);

  self->rods_cha = n_water == 0;
  self->rod_radius = 0.5 * g_key_file_get_double (table, model, "diameter_mm", NULL);
  self->rod_spacing = g_key_file_get_double (table, model, "spacing_mm", NULL);
  if (n < 2 || n > OSS_VIRTUAL_MAX_RODS || (n_water != 0 && n_water != n)
      || !(self->rod_radius > 2.0 && self->rod_radius <= MOST_RADIUS_MM) || !(self->rod_spacing > self->rod_radius))
    return FALSE;
  self->n_rods = (int) n;
  for (gsize i = 0; i < n; i++)
    {
      self->rod_density[i] = density[i];
      self->rod_water[i] = n_water > 0 ? water[i] : 0.0;
    }
  return TRUE;
}

static gboolean
table_rods (OssVirtualAnatomy *self, const char *model, GError **error)
{
  g_autofree char *path = oss_file_find_data ("phantoms.ini", error);
  g_autoptr (GKeyFile) table = g_key_file_new ();
  g_autoptr (GError) why = NULL;

  if (path == NULL)
    return FALSE;
  if (!g_key_file_load_from_file (table, path, G_KEY_FILE_NONE, &why))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, "%s: %s", path, why->message);
      return FALSE;
    }
  if (!is_row (table, model))
    return refuse_model (table, model, error);
  if (read_rods (self, table, model))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%s: [%s] has rods that no virtual patient can lie on"),
               path, model);
  return FALSE;
}

gboolean
oss_virtual_rods_init (OssVirtualPatient *patient, GError **error)
{
  OssVirtualAnatomy *self = &patient->anatomy;
  const char *model = patient->options.phantom_model;
  double per_mg = oss_virtual_beam_cha (&patient->physics, &patient->phantom);

  if (model == NULL || strcmp (model, "mindways3") == 0)
    mindways_rods (self);
  else if (!table_rods (self, model, error))
    return FALSE;
  for (int i = 0; i < self->n_rods; i++)
    self->rod_hu[i] = self->rods_cha
                          ? patient->phantom.hu[OSS_TISSUE_PHANTOM_RESIN] + per_mg * self->rod_density[i]
                          : oss_virtual_beam_rod_hu (&patient->phantom, self->rod_density[i], self->rod_water[i]);
  return TRUE;
}
