/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/oss-cli.h"
#include "fem/oss-deck.h"
#include "report/oss-report-record.h"

G_BEGIN_DECLS

/**
 * OssCliLoads: loads that the command line adds to those of a deck.
 * @platens: OssFemPlaten; their nodes are the deck's sets
 * @platen_names: char *: the set of each
 * @lines: char *: every load as it was given, with the area it acts on
 */
typedef struct
{
  char **force, **traction, **pressure, **moment, **platen; /* as given, (nullable) */
  GArray *platens;
  GPtrArray *platen_names;
  GPtrArray *lines;
} OssCliLoads;

/* Appends forces to @deck, and platens; FALSE with an error that tells the option. */
gboolean oss_cli_loads_apply (OssCliLoads *self, OssDeck *deck, GError **error);
void oss_cli_loads_clear (OssCliLoads *self);

/* What a result.json of a deck is made of. */
typedef struct
{
  const char *path;
  const OssDeck *deck;
  const OssFemModel *model;
  const OssCliLoads *loads;
  const OssFemResult *result; /* NULL: not converged */
  const GArray *history;      /* double */
  const char *fault;          /* why there is no result */
  const OssYielding *yielding;
  const OssFemCurve *curve; /* NULL: linear solution only */
  OssStrength strength;     /* with the curve */
  double curve_seconds;
  double read_seconds, read_mib;
} OssCliSolved;

/* (transfer full) */
char *oss_cli_solved_record (const OssCliSolved *self);
gboolean oss_cli_solved_write_vtu (const OssCliSolved *self, const char *path, GError **error);
gboolean oss_cli_solved_print (const OssCliSolved *self, GError **error);

/* Beyond yield; @curve: (nullable): linear estimates only.  Members of the record, lines of a summary, curve.csv. */
void oss_cli_curve_record (OssReportRecord *record, const OssStrength *strength, const OssYielding *yielding,
                           const OssFemCurve *curve);
void
oss_cli_curve_print (GString *text, const OssStrength *strength, const OssYielding *yielding, const OssFemCurve *curve);
gboolean oss_cli_curve_write (OssCliOutput *output, const OssFemCurve *curve, double height_mm, GError **error);

/* Leads a deck that was solved linearly on beyond yield: fills curve (transfer full) and the rest of it in @self.
 * @height_mm: what strains refer to; 0: by what is moved and held */
OssFemCurve *oss_cli_solved_load (OssCliSolved *self, const OssYielding *yielding, double height_mm,
                                  const OssTick *tick, GError **error);

/* The two kinds of "solve". */
gboolean oss_cli_solve_deck (OssCli *cli, int argc, char **argv, GError **error);
gboolean oss_cli_solve_voxel (OssCli *cli, int argc, char **argv, GError **error);

G_END_DECLS
