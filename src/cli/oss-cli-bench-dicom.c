/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast DICOM is read, beside how fast this machine reads the bare bytes. */
#include "cli/oss-cli-bench.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-dicom-writer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SLICES 300
#define PIXELS 512

static struct
{
  int repeat;
  char *series, *out;
} given = { .repeat = 3 };

static const GOptionEntry entries[] = {
  { "repeat", 0, 0, G_OPTION_ARG_INT, &given.repeat, N_ ("read so often; the fastest counts (default 3)"), "N" },
  { "series", 0, 0, G_OPTION_ARG_STRING, &given.series, N_ ("the series with this UID"), "UID" },
  { "out", 0, 0, G_OPTION_ARG_FILENAME, &given.out, N_ ("folder for the results"), "DIR" },
  { NULL },
};

/* The fastest of all repeats, in seconds. */
typedef struct
{
  double bytes, headers, pixels; /* bare bytes of the files; scan; load */
  double megabytes;              /* of the files */
  guint slices;
  OssGrid grid;
  char transfer_syntax[80];
} Times;

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

/* Noise of a CT's range: what no compression of the file system makes small. */
static OssVolume *
make_volume (GError **error)
{
  OssGrid grid = { .size = { PIXELS, PIXELS, SLICES },
                   .spacing = { 0.7, 0.7, 1.0 },
                   .direction = { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  OssVolume *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, error);
  guint32 state = 1;

  for (gsize i = 0; volume != NULL && i < oss_grid_count (&grid); i++)
    {
      state = state * 1664525u + 1013904223u;
      volume->data[i] = (float) (state >> 20) - 1024.0f;
    }
  return volume;
}

static char *
make_series (const OssTick *tick, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("ossature-bench-XXXXXX", error);
  g_autoptr (OssVolume) volume = folder != NULL ? make_volume (error) : NULL;
  g_autofree char *series_uid = oss_dicom_uid (300, 1);
  OssCtHeader header = { .patient_id = "bench",
                         .study_uid = "1.2.3",
                         .series_uid = series_uid,
                         .frame_uid = "1.2.4",
                         .manufacturer = "SIEMENS",
                         .kernel = "B40f",
                         .kvp = 120.0 };

  if (volume != NULL && oss_dicom_write_ct (folder, volume, &header, tick, error))
    return g_steal_pointer (&folder);
  if (folder != NULL)
    oss_cli_bench_remove_folder (folder);
  return NULL;
}

typedef struct
{
  const GPtrArray *files;
  double *bytes; /* per file */
} Bare;

static void
read_bare (gsize begin, gsize end, guint thread, void *data)
{
  Bare *self = data;

  for (gsize i = begin; i < end; i++)
    {
      g_autofree char *all = NULL;
      gsize n = 0;
      if (g_file_get_contents (g_ptr_array_index (self->files, i), &all, &n, NULL))
        self->bytes[i] = (double) n;
    }
}

/* The files' bytes and nothing else, by as many threads. */
static void
time_bare (const OssSeries *series, Times *times)
{
  g_autofree double *bytes = g_new0 (double, series->files->len);
  Bare bare = { series->files, bytes };
  gint64 start = g_get_monotonic_time ();

  oss_parallel_for (series->files->len, 1, read_bare, &bare);
  times->bytes = MIN (times->bytes, seconds_since (start));
  times->megabytes = 0.0;
  for (guint i = 0; i < series->files->len; i++)
    times->megabytes += 1e-6 * bytes[i];
}

static gboolean
time_once (const char *path, Times *times, const OssTick *tick, GError **error)
{
  const char *paths[] = { path, NULL };
  OssTick first = oss_tick_part (tick, 0.0, 0.3), second = oss_tick_part (tick, 0.3, 1.0);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &first, error);
  const OssSeries *series = list != NULL ? oss_series_pick (list, given.series, NULL, error) : NULL;

  if (series == NULL)
    return FALSE;
  times->headers = MIN (times->headers, seconds_since (start));
  start = g_get_monotonic_time ();
  g_autoptr (OssVolume) volume = oss_series_load (series, &second, error);
  if (volume == NULL)
    return FALSE;
  times->pixels = MIN (times->pixels, seconds_since (start));
  times->grid = volume->grid;
  times->slices = series->files->len;
  g_strlcpy (times->transfer_syntax, series->transfer_syntax, sizeof times->transfer_syntax);
  time_bare (series, times);
  return TRUE;
}

static char *
record_of (const Times *times)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("dicom");

  oss_report_record_string (record, "transfer_syntax", times->transfer_syntax);
  oss_report_record_int (record, "slices", times->slices);
  oss_report_record_ints (record, "size", times->grid.size, 3);
  oss_report_record_int (record, "threads", oss_parallel_threads ());
  oss_report_record_double (record, "megabytes", times->megabytes);
  oss_report_record_double (record, "bare_bytes_seconds", times->bytes);
  oss_report_record_double (record, "headers_seconds", times->headers);
  oss_report_record_double (record, "pixels_seconds", times->pixels);
  oss_report_record_double (record, "total_seconds", times->headers + times->pixels);
  return oss_report_record_text (record);
}

static gboolean
finish (OssCli *cli, const Times *times, OssCliOutput *output, GError **error)
{
  g_autofree char *json = record_of (times);
  double n = times->slices, total = times->headers + times->pixels;
  g_autofree char *table = g_strdup_printf (
      _ ("%u slices of %d × %d, transfer syntax %s, %u threads\n"
         "headers   %7.3f s   %6.2f ms a slice\n"
         "pixels    %7.3f s   %6.2f ms a slice   %.0f MB/s of file\n"
         "together  %7.3f s\n"
         "The files’ bare bytes (%.0f MB, from memory where they fit) take %.3f s: %.0f times less.\n"),
      times->slices, times->grid.size[0], times->grid.size[1], times->transfer_syntax, oss_parallel_threads (),
      times->headers, 1e3 * times->headers / n, times->pixels, 1e3 * times->pixels / n,
      times->megabytes / times->pixels, total, times->megabytes, times->bytes, total / times->bytes);

  if (output != NULL)
    {
      g_autofree char *path = oss_cli_output_path (output, "result.json");
      if (!oss_file_write (path, json, strlen (json), error) || !oss_cli_output_commit (output, error))
        return FALSE;
    }
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : table, error);
}

gboolean
oss_cli_bench_dicom (OssCli *cli, int argc, char **argv, GError **error)
{
  OssTick making = oss_tick_part (&cli->tick, 0.0, 0.2), reading = oss_tick_part (&cli->tick, 0.2, 1.0);
  Times times = { .bytes = INFINITY, .headers = INFINITY, .pixels = INFINITY };
  g_autoptr (OssCliOutput) output = NULL;
  g_autofree char *made = NULL;
  gboolean ok = TRUE;

  if (!oss_cli_parse (&argc, &argv, entries, "[PATH]",
                      _ ("Times reading a series: headers, then pixels to HU, beside the bare bytes of its files. "
                         "Without PATH, 300 uncompressed slices of 512 × 512 are made and removed again."),
                      0, 1, error))
    return FALSE;
  if (given.out != NULL && (output = oss_cli_output_new (given.out, error)) == NULL)
    return FALSE;
  if (argc < 2 && (made = make_series (&making, error)) == NULL)
    return FALSE;
  for (int i = 0; i < CLAMP (given.repeat, 1, 100) && ok; i++)
    ok = time_once (made != NULL ? made : argv[1], &times, &reading, error);
  if (made != NULL)
    oss_cli_bench_remove_folder (made);
  return ok && finish (cli, &times, output, error);
}
