/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli.h"

#include "base/oss-i18n.h"
#include "calibrate/oss-kernel-measure.h"
#include "report/oss-report-kernel.h"

#include <math.h>
#include <string.h>

static struct
{
  char *at, *name, *maker, *model;
  double height;
  gboolean no_keep;
} given;

static const GOptionEntry measure_entries[] = {
  { "at", 0, 0, G_OPTION_ARG_STRING, &given.at, N_ ("a place inside the rod or cylinder, patient mm"), "X,Y,Z" },
  { "height", 0, 0, G_OPTION_ARG_DOUBLE, &given.height, N_ ("length along the rod that is used (default 30)"), "MM" },
  { "name", 0, 0, G_OPTION_ARG_STRING, &given.name, N_ ("the kernel’s name (default: by the header)"), "NAME" },
  { "manufacturer", 0, 0, G_OPTION_ARG_STRING, &given.maker, N_ ("the scanner’s maker (default: by the header)"),
    "NAME" },
  { "model", 0, 0, G_OPTION_ARG_STRING, &given.model, N_ ("the scanner’s model (default: by the header)"), "NAME" },
  { "no-keep", 0, 0, G_OPTION_ARG_NONE, &given.no_keep, N_ ("only tell; keep nothing"), NULL },
  { NULL },
};

static const GOptionEntry no_entries[] = { { NULL } };

static gboolean
list (OssCli *cli, int argc, char **argv, GError **error)
{
  if (!oss_cli_parse (&argc, &argv, no_entries, "", _ ("Lists the known reconstruction kernels, your own first."), 0, 0,
                      error))
    return FALSE;
  g_autoptr (GArray) all = oss_kernel_all ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path = oss_kernel_own_path ();

  oss_cli_progress_end (cli);
  if (cli->json)
    {
      g_autofree char *json = oss_report_kernels_json (all);
      return oss_cli_print (json, error);
    }
  g_string_append_printf (text, "%-34s %-11s %6s %6s  %-11s %s\n", _ ("kernel"), _ ("class"), "f50", "f10", _ ("MTF"),
                          _ ("source"));
  for (guint i = 0; i < all->len; i++)
    {
      const OssKernel *kernel = &g_array_index (all, OssKernel, i);
      g_autofree char *name =
          kernel->own ? g_strdup_printf ("%s %s %s", kernel->maker, kernel->model, kernel->name) : NULL;
      g_string_append_printf (text, "%-34s %-11s ", name != NULL ? name : kernel->name,
                              oss_kernel_class_word (kernel->sharpness));
      if (kernel->status == OSS_KERNEL_NO_MTF)
        g_string_append_printf (text, "%6s %6s  %-11s %s\n", "–", "–", "–", kernel->source);
      else
        g_string_append_printf (text, "%6.2f %6.2f  %-11s %s\n", kernel->f50, oss_kernel_f10 (kernel),
                                oss_kernel_status_word (kernel->status), kernel->source);
    }
  g_string_append_printf (text,
                          _ ("f50, f10: lp/cm at which a half and a tenth of the modulation is left. Your own "
                             "table: %s\n"),
                          path);
  return oss_cli_print (text->str, error);
}

/* Name, maker and model by the header where they were not given; when and on what it was measured. */
static gboolean
name_kernel (const OssSeries *series, const char *path, OssKernelMeasurement *measured, GError **error)
{
  OssKernel *kernel = &measured->kernel;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d"), *base = g_path_get_basename (path);
  const char *name = given.name != NULL ? given.name : series != NULL ? series->kernel : "";
  const char *maker = given.maker != NULL ? given.maker : series != NULL ? series->manufacturer : "";
  const char *model = given.model != NULL ? given.model : series != NULL ? series->model : "";

  if (name[0] == '\0' && !given.no_keep)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("The image does not name its kernel: give --name NAME, or --no-keep to look only."));
      return FALSE;
    }
  OssKernel known;
  if (oss_kernel_find (maker, model, name, &known))
    kernel->sharpness = known.sharpness;
  g_strlcpy (kernel->name, name, sizeof kernel->name);
  g_strlcpy (kernel->maker, maker, sizeof kernel->maker);
  g_strlcpy (kernel->model, model, sizeof kernel->model);
  g_snprintf (kernel->source, sizeof kernel->source, "edge of radius %.1f mm in %.60s, %s; f50 +- %.2f lp/cm",
              measured->radius_mm, base, date, measured->f50_error);
  return TRUE;
}

static char *
describe (const OssKernelMeasurement *self, const char *kept)
{
  const OssKernel *kernel = &self->kernel;
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Half of the modulation is left at %.2f ± %.2f lp/cm, a tenth at %.2f.\n"),
                          kernel->f50, self->f50_error, oss_kernel_f10 (kernel));
  if (kernel->overshoot > 0.0)
    g_string_append_printf (text, _ ("Edges are enhanced: %.2f more at %.2f lp/cm.\n"), kernel->overshoot,
                            kernel->peak);
  g_string_append_printf (
      text,
      _ ("Edge: radius %.2f mm about %.1f, %.1f, %.1f mm, %.0f HU inside, %.0f outside; %d slices, %zu pixels, %.0f %% "
         "of the circle; the fit leaves %.1f HU.\n"),
      self->radius_mm, self->centre_mm[0], self->centre_mm[1], self->centre_mm[2], self->inside_hu, self->outside_hu,
      self->slices, self->pixels, 100.0 * self->sectors_used, self->rms_hu);
  if (kept != NULL)
    g_string_append_printf (text, _ ("Kept as %s %s %s in %s; it comes before the shipped table from now on.\n"),
                            kernel->maker, kernel->model, kernel->name, kept);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
measure (OssCli *cli, int argc, char **argv, GError **error)
{
  g_autofree GOptionEntry *entries =
      oss_cli_join ((const GOptionEntry *const[]){ measure_entries, oss_cli_input_series, NULL });
  g_autoptr (OssStudy) study = oss_study_new ();
  OssTick load_tick = oss_tick_part (&cli->tick, 0.0, 0.8), rest = oss_tick_part (&cli->tick, 0.8, 1.0);
  OssKernelMeasurement measured;
  double at[3];

  if (!oss_cli_parse (&argc, &argv, entries, "PATH --at X,Y,Z",
                      _ ("Measures how much a reconstruction kernel leaves of each frequency, on the round edge of a "
                         "phantom’s rod or of a cylinder of water, and keeps it for this scanner and kernel."),
                      1, 1, error))
    return FALSE;
  if (given.at == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Where is the rod? Give a place inside it (--at X,Y,Z in patient mm)."));
      return FALSE;
    }
  if (!oss_cli_parse_numbers ("--at", given.at, 3, at, error) || !oss_cli_input_apply (study, argv[1], error)
      || !oss_study_run (study, OSS_STEP_LOAD, &load_tick, error))
    return FALSE;
  const OssLoadResult *load = oss_study_get_load (study);
  if (!oss_kernel_measure (load->volume, at, given.height, &measured, &rest, error)
      || !name_kernel (load->series, argv[1], &measured, error)
      || (!given.no_keep && !oss_kernel_keep (&measured.kernel, error)))
    return FALSE;
  g_autofree char *kept = given.no_keep ? NULL : oss_kernel_own_path ();
  g_autofree char *json = oss_report_kernel_measurement_json (&measured, kept);
  g_autofree char *text = describe (&measured, kept);
  oss_cli_progress_end (cli);
  return oss_cli_print (cli->json ? json : text, error);
}

gboolean
oss_cli_kernel (OssCli *cli, int argc, char **argv, GError **error)
{
  if (argc > 1 && g_str_equal (argv[1], "list"))
    return list (cli, argc - 1, argv + 1, error);
  if (argc > 1 && g_str_equal (argv[1], "measure"))
    return measure (cli, argc - 1, argv + 1, error);
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("Say what to do: “ossature kernel list” or “ossature kernel measure PATH --at X,Y,Z”."));
  return FALSE;
}
