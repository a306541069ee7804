/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* A program that has ended: its exit status and what it said. */
typedef struct
{
  int status;
  char *out, *err;
} Run;

void run_clear (Run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* Runs @words, the program first, in @folder (NULL: where the test runs); it must end by itself, not by a signal. */
Run run_program (const char *folder, char *const *words);

/* Runs the command of OSSATURE_CLI with the words of @line, which blanks part. */
Run run_line (const char *folder, const char *line);

/* The document that @run printed; fails when it did not end with @status.  @line is named then. */
JsonObject *run_document (const Run *run, JsonParser *parser, int status, const char *line);

/* Fails unless @run ended with @status and said @words: among its errors, or in its answer where the status is 0. */
void run_expect (const Run *run, int status, const char *words, const char *line);
/* The same of a run of @line in @folder. */
void run_line_expect (const char *folder, int status, const char *words, const char *line);

/* A number of the document. */
double run_number (JsonObject *object, const char *name);
