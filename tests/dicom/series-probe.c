/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what the library makes of DICOM files, for comparison with independent programs:
 *   series-probe PATH...              every series, its verdict and reasons
 *   series-probe --values PATH        of the usable series: grid, and HU of 1000 voxels with
 *                                     their patient positions (i j k x y z hu) */
#include "dicom/oss-series.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_series (const OssSeries *series)
{
  const OssGrid *grid = &series->grid;

  printf ("series %s number %d verdict %s slices %u kernel %s kvp %g tilt %.2f modality %s name %s\n",
          series->series_uid, series->series_number, oss_verdict_name (series->verdict), series->files->len,
          series->kernel, series->kvp, series->tilt_deg, series->modality, series->patient_name);
  if (series->has_grid)
    printf ("  grid %d %d %d spacing %.6f %.6f %.6f origin %.4f %.4f %.4f\n", grid->size[0], grid->size[1],
            grid->size[2], grid->spacing[0], grid->spacing[1], grid->spacing[2], grid->origin[0], grid->origin[1],
            grid->origin[2]);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, i);
      printf ("  %s %s: %s\n", reason->severity == OSS_REASON_REFUSAL ? "refused" : "note", reason->code, reason->text);
    }
}

static gboolean
print_values (const OssSeriesList *list, GError **error)
{
  const OssSeries *series = oss_series_pick (list, NULL, NULL, error);
  g_autoptr (OssVolume) volume = series != NULL ? oss_series_load (series, NULL, error) : NULL;

  if (volume == NULL)
    return FALSE;
  const int *size = volume->grid.size;
  for (int n = 0; n < 1000; n++)
    {
      int i = (n * 7919) % size[0], j = (n * 104729) % size[1], k = n % size[2];
      double index[3] = { i, j, k }, place[3];
      oss_grid_to_patient (&volume->grid, index, place);
      printf ("%d %d %d %.5f %.5f %.5f %.6g\n", i, j, k, place[0], place[1], place[2],
              volume->data[oss_grid_offset (&volume->grid, i, j, k)]);
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  gboolean values = argc > 2 && strcmp (argv[1], "--values") == 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan ((const char *const *) argv + (values ? 2 : 1), NULL, &error);

  setlocale (LC_ALL, "C.UTF-8");
  if (list != NULL && values)
    print_values (list, &error);
  for (guint i = 0; list != NULL && !values && i < list->series->len; i++)
    print_series (g_ptr_array_index (list->series, i));
  for (guint i = 0; list != NULL && !values && i < list->damaged->len; i++)
    printf ("damaged %s\n", (const char *) g_ptr_array_index (list->damaged, i));
  if (error != NULL)
    fprintf (stderr, "%s\n", error->message);
  return error != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}
