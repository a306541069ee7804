/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/oss-cli-bench.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "report/oss-report-record.h"

#include <math.h>
#include <string.h>

void
oss_cli_bench_init (OssCliBench *self)
{
  *self = (OssCliBench){ .kernels = g_array_new (FALSE, FALSE, sizeof (OssBenchKernel)),
                         .solutions = g_array_new (FALSE, FALSE, sizeof (OssCliSolution)),
                         .peers = g_array_new (FALSE, FALSE, sizeof (OssCliPeer)),
                         .gamg = g_array_new (FALSE, FALSE, sizeof (OssCliGamg)),
                         .petsc = oss_cli_bench_has_petsc (),
                         .ccx = oss_cli_bench_has_ccx () };
}

void
oss_cli_bench_clear (OssCliBench *self)
{
  g_clear_pointer (&self->kernels, g_array_unref);
  g_clear_pointer (&self->solutions, g_array_unref);
  g_clear_pointer (&self->peers, g_array_unref);
  g_clear_pointer (&self->gamg, g_array_unref);
}

/* What a kernel may reach at most. */
static double
peak_of (const OssCliBench *self, const OssBenchKernel *kernel)
{
  return kernel->single ? self->machine.single_gflop_s : self->machine.double_gflop_s;
}

static void
append_share (GString *text, double value, double limit)
{
  if (isnan (value))
    g_string_append_printf (text, " %8s %5s", "-", "");
  else
    g_string_append_printf (text, " %8.2f %4.0f%%", value, 100.0 * value / limit);
}

/* Pads by characters, not bytes. */
static void
append_words (GString *text, const char *words, int width)
{
  glong length = g_utf8_strlen (words, -1);
  g_string_append (text, words);
  for (; length < width; length++)
    g_string_append_c (text, ' ');
}

static void
append_kernels (const OssCliBench *self, GString *text)
{
  g_string_append_c (text, '\n');
  append_words (text, _ ("Operation"), 27);
  g_string_append_printf (text, " %9s %-8s %9s %8s %5s %8s %5s\n", _ ("count"), _ ("of"), _ ("ns each"), "GFLOP/s",
                          _ ("peak"), "GB/s", _ ("triad"));
  for (guint i = 0; i < self->kernels->len; i++)
    {
      const OssBenchKernel *kernel = &g_array_index (self->kernels, OssBenchKernel, i);
      g_string_append_printf (text, "%-6s", kernel->kind);
      append_words (text, _ (kernel->name), 21);
      g_string_append_printf (text, " %9zu ", kernel->items);
      append_words (text, _ (kernel->item), 8);
      g_string_append_printf (text, " %9.2f", kernel->ns_per_item);
      append_share (text, kernel->gflop_s, peak_of (self, kernel));
      append_share (text, kernel->gb_s, self->machine.triad_gb_s);
      g_string_append_c (text, '\n');
    }
}

static void
append_solutions (const OssCliBench *self, GString *text)
{
  if (self->solutions->len == 0)
    return;
  g_string_append_c (text, '\n');
  append_words (text, _ ("Solution"), 24);
  g_string_append_printf (text, " %10s %9s %9s %10s %9s %10s %12s\n", _ ("unknowns"), _ ("seconds"), _ ("CPU s"),
                          _ ("iterations"), _ ("residual"), _ ("bytes each"), _ ("reaction N"));
  for (guint i = 0; i < self->solutions->len; i++)
    {
      const OssCliSolution *one = &g_array_index (self->solutions, OssCliSolution, i);
      const OssBenchSolution *s = &one->solution;
      append_words (text, one->name, 24);
      g_string_append_printf (text, " %10zu %9.2f %9.2f %10d %9.1e %10.0f %12.3f\n", s->n_unknowns, s->seconds,
                              s->cpu_seconds, s->iterations, s->relative_residual, s->bytes / (double) s->n_unknowns,
                              s->reaction_n);
    }
}

static void
append_peers (const OssCliBench *self, GString *text)
{
  if (self->peers->len == 0)
    return;
  g_string_append_printf (text, "\n%s\n",
                          _ ("The same deck as a whole process: read, solved, displacements, reactions and stresses "
                             "written."));
  for (guint i = 0; i < self->peers->len; i++)
    {
      const OssCliPeer *peer = &g_array_index (self->peers, OssCliPeer, i);
      g_string_append_printf (text, _ ("%s: %.2f s (%.2f CPU), %.0f MiB"), peer->name, peer->own.seconds,
                              peer->own.cpu_seconds, peer->own.peak_mib);
      if (peer->trouble[0] != '\0')
        g_string_append_printf (text, "; %s", peer->trouble);
      else if (self->ccx)
        g_string_append_printf (text,
                                _ ("; CalculiX %.2f s (%.2f CPU), %.0f MiB: %.1f times the time (%.1f CPU), %.1f "
                                   "times the memory; reactions %.3f N and %.3f N"),
                                peer->ccx.seconds, peer->ccx.cpu_seconds, peer->ccx.peak_mib,
                                peer->ccx.seconds / peer->own.seconds, peer->ccx.cpu_seconds / peer->own.cpu_seconds,
                                peer->ccx.peak_mib / peer->own.peak_mib, peer->own_reaction_n, peer->ccx_reaction_n);
      g_string_append_c (text, '\n');
    }
}

char *
oss_cli_bench_table (const OssCliBench *self)
{
  GString *text = g_string_new (NULL);
  const OssMachine *machine = &self->machine;

  g_string_append_printf (text,
                          _ ("Machine, %u threads: memory %.1f GB/s (triad), %.1f GFLOP/s in double and %.1f in "
                             "single precision (multiply-add)\n"),
                          machine->threads, machine->triad_gb_s, machine->double_gflop_s, machine->single_gflop_s);
  if (self->kernels->len > 0)
    append_kernels (self, text);
  append_solutions (self, text);
  append_peers (self, text);
  oss_cli_bench_append_gamg (self, text);
  if (!self->ccx && self->peers->len > 0)
    g_string_append_printf (text, "\n%s\n", _ ("CalculiX (ccx) is not installed: nothing to compare with."));
  return g_string_free (text, FALSE);
}

/* --- result.json --- */

/* "tet10 2 mm, CG" -> "tet10_2_mm_cg" */
char *
oss_cli_bench_key (const char *first, const char *second)
{
  g_autofree char *joined = g_strdup_printf ("%s%s%s", first, second != NULL ? " " : "", second != NULL ? second : "");
  GString *key = g_string_new (NULL);

  for (const char *c = joined; *c != '\0'; c++)
    if (g_ascii_isalnum (*c) || *c == '.')
      g_string_append_c (key, g_ascii_tolower (*c));
    else if (key->len > 0 && key->str[key->len - 1] != '_')
      g_string_append_c (key, '_');
  return g_string_free (key, FALSE);
}

static void
record_kernels (const OssCliBench *self, OssReportRecord *record)
{
  oss_report_record_begin (record, "kernels");
  for (guint i = 0; i < self->kernels->len; i++)
    {
      const OssBenchKernel *kernel = &g_array_index (self->kernels, OssBenchKernel, i);
      g_autofree char *key = oss_cli_bench_key (kernel->kind, kernel->name);
      oss_report_record_begin (record, key);
      oss_report_record_string (record, "per", kernel->item);
      oss_report_record_int (record, "count", (gint64) kernel->items);
      oss_report_record_double (record, "ns", kernel->ns_per_item);
      oss_report_record_double (record, "gflop_s", kernel->gflop_s);
      oss_report_record_double (record, "gb_s", kernel->gb_s);
      oss_report_record_string (record, "precision", kernel->single ? "single" : "double");
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

static void
record_solutions (const OssCliBench *self, OssReportRecord *record)
{
  oss_report_record_begin (record, "solutions");
  for (guint i = 0; i < self->solutions->len; i++)
    {
      const OssCliSolution *one = &g_array_index (self->solutions, OssCliSolution, i);
      const OssBenchSolution *s = &one->solution;
      g_autofree char *key = oss_cli_bench_key (one->name, NULL);
      oss_report_record_begin (record, key);
      oss_report_record_string (record, "solver", s->solver);
      oss_report_record_int (record, "elements", (gint64) s->n_elements);
      oss_report_record_int (record, "nodes", (gint64) s->n_nodes);
      oss_report_record_int (record, "unknowns", (gint64) s->n_unknowns);
      oss_report_record_double (record, "seconds", s->seconds);
      oss_report_record_double (record, "cpu_seconds", s->cpu_seconds);
      oss_report_record_int (record, "iterations", s->iterations);
      oss_report_record_double (record, "relative_residual", s->relative_residual);
      oss_report_record_double (record, "bytes_per_unknown", s->bytes / (double) s->n_unknowns);
      oss_report_record_double (record, "reaction_n", s->reaction_n);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

static void
record_run (OssReportRecord *record, const char *name, const OssCliRun *run, double reaction_n)
{
  oss_report_record_begin (record, name);
  oss_report_record_double (record, "seconds", run->seconds);
  oss_report_record_double (record, "cpu_seconds", run->cpu_seconds);
  oss_report_record_double (record, "peak_memory_mib", run->peak_mib);
  oss_report_record_double (record, "reaction_n", reaction_n);
  oss_report_record_end (record);
}

static void
record_peers (const OssCliBench *self, OssReportRecord *record)
{
  oss_report_record_flag (record, "calculix_installed", self->ccx);
  oss_report_record_begin (record, "decks");
  for (guint i = 0; i < self->peers->len; i++)
    {
      const OssCliPeer *peer = &g_array_index (self->peers, OssCliPeer, i);
      g_autofree char *key = oss_cli_bench_key (peer->name, NULL);
      oss_report_record_begin (record, key);
      oss_report_record_int (record, "unknowns", (gint64) peer->unknowns);
      oss_report_record_int (record, "iterations", peer->iterations);
      record_run (record, "ossature", &peer->own, peer->own_reaction_n);
      if (self->ccx)
        {
          record_run (record, "calculix", &peer->ccx, peer->ccx_reaction_n);
          oss_report_record_string (record, "trouble", peer->trouble);
          oss_report_record_double (record, "time_ratio", peer->ccx.seconds / peer->own.seconds);
          oss_report_record_double (record, "cpu_ratio", peer->ccx.cpu_seconds / peer->own.cpu_seconds);
          oss_report_record_double (record, "memory_ratio", peer->ccx.peak_mib / peer->own.peak_mib);
        }
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

char *
oss_cli_bench_record (const OssCliBench *self)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("bench fem");
  const OssMachine *machine = &self->machine;

  oss_report_record_begin (record, "machine");
  oss_report_record_int (record, "threads", machine->threads);
  oss_report_record_double (record, "triad_gb_s", machine->triad_gb_s);
  oss_report_record_double (record, "double_gflop_s", machine->double_gflop_s);
  oss_report_record_double (record, "single_gflop_s", machine->single_gflop_s);
  oss_report_record_end (record);
  record_kernels (self, record);
  record_solutions (self, record);
  record_peers (self, record);
  oss_cli_bench_record_gamg (self, record);
  oss_report_record_double (record, "peak_memory_mib", oss_memory_peak_mib ());
  return oss_report_record_text (record);
}
