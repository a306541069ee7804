/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "formats/oss-nifti.h"
#include "formats/oss-vtu.h"
#include "report/oss-report.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

struct _OssCliOutput
{
  char *folder;
  char *staging; /* beside the final files, so that renaming cannot fail half-way for want of space */
  GPtrArray *names;
  gboolean made_folder;
  gboolean committed;
};

OssCliOutput *
oss_cli_output_new (const char *folder, GError **error)
{
  gboolean made = !g_file_test (folder, G_FILE_TEST_EXISTS);
  if (!oss_file_prepare_folder (folder, error))
    return NULL;
  OssCliOutput *self = g_new0 (OssCliOutput, 1);
  self->folder = g_strdup (folder);
  self->made_folder = made;
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->staging = g_build_filename (folder, ".ossature-XXXXXX", NULL);
  if (g_mkdtemp (self->staging) == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Nothing can be written into “%s”: %s."), folder,
                   g_strerror (errno));
      g_clear_pointer (&self->staging, g_free);
      g_clear_pointer (&self, oss_cli_output_free);
    }
  return self;
}

char *
oss_cli_output_path (OssCliOutput *self, const char *name)
{
  g_ptr_array_add (self->names, g_strdup (name));
  return g_build_filename (self->staging, name, NULL);
}

void
oss_cli_output_forget (OssCliOutput *self, const char *name)
{
  guint index;
  if (g_ptr_array_find_with_equal_func (self->names, name, g_str_equal, &index))
    g_ptr_array_remove_index (self->names, index);
}

gboolean
oss_cli_output_commit (OssCliOutput *self, GError **error)
{
  for (guint i = 0; i < self->names->len; i++)
    {
      g_autofree char *from = g_build_filename (self->staging, self->names->pdata[i], NULL);
      g_autofree char *to = g_build_filename (self->folder, self->names->pdata[i], NULL);
      if (g_rename (from, to) != 0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” was not written: %s."), to, g_strerror (errno));
          return FALSE;
        }
    }
  g_ptr_array_set_size (self->names, 0);
  self->committed = TRUE;
  return TRUE;
}

/* Everything in the staging folder, also what a writer that was left behind has not named yet. */
static void
remove_staging (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_unlink (file);
    }
}

void
oss_cli_output_free (OssCliOutput *self)
{
  if (self->staging != NULL)
    {
      remove_staging (self->staging);
      if (g_rmdir (self->staging) != 0)
        {
          remove_staging (self->staging); /* a file appeared just now */
          g_rmdir (self->staging);
        }
    }
  if (self->made_folder && !self->committed)
    g_rmdir (self->folder); /* stays when somebody put something into it */
  g_ptr_array_unref (self->names);
  g_free (self->staging);
  g_free (self->folder);
  g_free (self);
}

gboolean
oss_cli_write_labels (OssStudy *study, const char *path, const OssTick *tick, GError **error)
{
  const OssGrid *grid = &oss_study_get_load (study)->volume->grid;
  guint8 vertebra = oss_study_get_options (study)->vertebra;
  g_autoptr (OssLabels) labels = oss_labels_resample (oss_study_get_segment (study)->labels, grid, tick, error);

  if (labels == NULL)
    return FALSE;
  gsize n = oss_grid_count (grid);
  for (gsize i = 0; vertebra != 0 && i < n; i++)
    labels->data[i] = labels->data[i] != 0 ? vertebra : 0;
  return oss_nifti_write_labels (labels, path, "Ossature labels, VerSe numbering", tick, error);
}

gboolean
oss_cli_write_density (OssStudy *study, const char *path, const OssTick *tick, GError **error)
{
  const OssCalibrationLine *line = &oss_study_get_calibrate (study)->line;
  g_autofree char *description = g_strdup_printf ("Ossature density mg/cm3 %s", oss_basis_name (line->basis));
  g_autoptr (OssVolume) density =
      oss_volume_linear (oss_study_get_load (study)->volume, line->slope, line->intercept, OSS_QUANTITY_DENSITY, error);

  return density != NULL && oss_nifti_write_volume (density, path, FALSE, description, tick, error);
}

gboolean
oss_cli_write_stress_vtu (OssStudy *study, const char *path, GError **error)
{
  const OssMesh *mesh = oss_study_get_mesh (study)->mesh;
  const OssSimulateResult *simulate = oss_study_get_simulate (study);
  const OssFemResult *fem = simulate->fem;
  const OssFemCurve *curve = simulate->curve;
  const OssVtuArray nodes[] = {
    { "displacement_mm", 3, fem->displacement },
    { "von_mises_mpa", 1, fem->von_mises },
    { "principal_stress_mpa", 3, fem->principal },
    { "stress_xx_yy_zz_yz_xz_xy_mpa", 6, fem->stress },
    { "reaction_n", 3, fem->reaction },
    { "displacement_end_of_curve_mm", 3, curve != NULL ? curve->displacement : NULL },
  };
  const OssVtuArray elements[] = {
    { "modulus_mpa", 1, simulate->modulus_mpa },
    { "element_von_mises_mpa", 1, fem->element_von_mises },
    { "strain_energy_density_mpa", 1, fem->element_sed },
    { "plastic_strain", 1, curve != NULL ? curve->plastic_strain : NULL },
    { "element_von_mises_end_of_curve_mpa", 1, curve != NULL ? curve->element_von_mises : NULL },
  };
  const gsize missing = curve != NULL ? 0 : 1; /* the last of the nodes', the last two of the elements' */

  return oss_vtu_write (path, mesh, nodes, G_N_ELEMENTS (nodes) - missing, elements,
                        G_N_ELEMENTS (elements) - 2 * missing, error);
}

gboolean
oss_cli_write_mesh_vtu (const OssMesh *mesh, const char *path, GError **error)
{
  return oss_vtu_write (path, mesh, NULL, 0, NULL, 0, error);
}

char *
oss_cli_finish (OssStudy *study, OssCliOutput *output, GError **error)
{
  g_autofree char *text = oss_report_json (study);
  g_autofree char *json = g_strconcat (text, "\n", NULL);

  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return NULL;
    }
  return g_steal_pointer (&json);
}
