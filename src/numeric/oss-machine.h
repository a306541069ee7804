/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

/**
 * OssMachine: what this machine gives at best, to compare kernels with.
 * @threads: the figures are for so many, as oss_parallel_for() uses them
 * @triad_gb_s: 1e9 bytes a second that a = b + 3 c moves over arrays that no cache holds, counted as STREAM does
 *   (three arrays; J. D. McCalpin, https://www.cs.virginia.edu/stream/)
 * @double_gflop_s, @single_gflop_s: 1e9 operations a second of independent multiply-adds in registers, two operations
 *   each
 */
typedef struct
{
  guint threads;
  double triad_gb_s;
  double double_gflop_s, single_gflop_s;
} OssMachine;

/**
 * oss_machine_measure:
 * @triad_bytes: of one of the three arrays, for instance 1.3e8; several times the largest cache
 * @seconds: about so long for each figure
 *
 * The best of several runs: what else the machine does at the time only makes them worse.
 *
 * Returns: %FALSE with %OSS_ERROR_OUT_OF_MEMORY or %OSS_ERROR_CANCELLED
 */
OSS_API gboolean oss_machine_measure (OssMachine *self, double triad_bytes, double seconds, const OssTick *tick,
                                      GError **error);

G_END_DECLS
