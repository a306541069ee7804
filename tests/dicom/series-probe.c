/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what the library makes of DICOM files, for comparison with independent programs:
 *   series-probe PATH...              every series, its verdict and reasons
 *   series-probe --tilt PATH...       the same after straightening what a tilted gantry refuses
 *   series-probe --slices OUT PATH... every series, and its slices as they are in the files: their HU go to OUT one
 *                                     behind the other, as 32-bit floats
 *   series-probe --volume OUT PATH... of the usable series: grid, and its HU to OUT; tilted stacks straightened
 *   series-probe --values PATH        of the usable series: grid, and HU of 1000 voxels with
 *                                     their patient positions (i j k x y z hu) */
#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-series-private.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_grid (const OssGrid *grid)
{
  printf ("  grid %d %d %d spacing %.9g %.9g %.9g origin %.9g %.9g %.9g direction", grid->size[0], grid->size[1],
          grid->size[2], grid->spacing[0], grid->spacing[1], grid->spacing[2], grid->origin[0], grid->origin[1],
          grid->origin[2]);
  for (int i = 0; i < 9; i++)
    printf (" %.9g", grid->direction[i]);
  printf ("\n");
}

static void
print_series (const OssSeries *series)
{
  printf ("series %s number %d verdict %s slices %u kernel %s kvp %g tilt %.2f modality %s part %s name %s\n",
          series->series_uid, series->series_number, oss_verdict_name (series->verdict), series->files->len,
          series->kernel, series->kvp, series->tilt_deg, series->modality, series->part, series->patient_name);
  if (series->has_grid)
    print_grid (&series->grid);
  for (guint i = 0; i < series->reasons->len; i++)
    {
      const OssReason *reason = g_ptr_array_index (series->reasons, i);
      printf ("  %s %s: %s\n", oss_reason_severity_name (reason->severity), reason->code, reason->text);
    }
}

/* One line a slice: frame, rows, columns and the file, or why it cannot be decoded. */
static void
print_slices (const OssSeries *series, FILE *out)
{
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();

  for (guint k = 0; k < series->files->len; k++)
    {
      const char *path = g_ptr_array_index (series->files, k);
      gint32 frame = g_array_index (series->frames, gint32, k);
      OssDicomHeader header;
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *stored = oss_dicom_read_frame (readers, path, frame, NULL, &header, &error);
      gsize n = stored != NULL ? (gsize) header.rows * (gsize) header.columns : 0;
      g_autofree float *hu = g_new0 (float, n + 1);
      if (stored != NULL && oss_series_to_hu (&header, stored, hu, &error) && fwrite (hu, sizeof (float), n, out) == n)
        printf ("  slice %d %d %d %s\n", frame, header.rows, header.columns, path);
      else
        printf ("  closed %d %s %s\n", frame, path, error != NULL ? error->message : "");
    }
}

static gboolean
write_volume (const OssSeriesList *list, FILE *out, GError **error)
{
  const OssSeries *series = oss_series_pick (list, NULL, NULL, error);
  g_autoptr (OssVolume) volume = series != NULL ? oss_series_load (series, NULL, error) : NULL;

  if (volume == NULL)
    return FALSE;
  print_grid (&volume->grid);
  fwrite (volume->data, sizeof (float), oss_grid_count (&volume->grid), out);
  return TRUE;
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
  const char *mode = argc > 2 && argv[1][0] == '-' ? argv[1] : "";
  gboolean values = strcmp (mode, "--values") == 0, slices = strcmp (mode, "--slices") == 0;
  gboolean tilt = strcmp (mode, "--tilt") == 0, volume = strcmp (mode, "--volume") == 0;
  int first = 1 + (*mode != '\0') + (slices || volume);
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan ((const char *const *) argv + first, NULL, &error);
  FILE *out = slices || volume ? fopen (argv[2], "wbe") : NULL;

  setlocale (LC_ALL, "C.UTF-8");
  if (list != NULL && (tilt || volume))
    oss_series_list_resample_tilt (list);
  if (list != NULL && values)
    print_values (list, &error);
  if (list != NULL && volume)
    write_volume (list, out, &error);
  for (guint i = 0; list != NULL && !values && !volume && i < list->series->len; i++)
    {
      print_series (g_ptr_array_index (list->series, i));
      if (slices)
        print_slices (g_ptr_array_index (list->series, i), out);
    }
  for (guint i = 0; list != NULL && !values && !volume && i < list->damaged->len; i++)
    printf ("damaged %s\n", (const char *) g_ptr_array_index (list->damaged, i));
  if (out != NULL)
    fclose (out);
  if (error != NULL)
    fprintf (stderr, "%s\n", error->message);
  return error != NULL ? EXIT_FAILURE : EXIT_SUCCESS;
}
