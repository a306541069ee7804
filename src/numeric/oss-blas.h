/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * oss_blas_prepare:
 * @n_threads: 0 for oss_parallel_threads()
 *
 * Gives OpenBLAS that many threads.  Call before every use of BLAS that matters.  On one thread it gives the same bits
 * every time; on several they depend on how many there are.
 *
 * Linking this file also gives OpenBLAS kernels that suit the processor, when the program is loaded.  OpenBLAS chooses
 * its kernels by a table of processor models.  One that is newer than the library gets SSE3 kernels ("Prescott"), five
 * to eight times slower than it could be: OpenBLAS 0.3.21 of Debian 12 does so on Intel processors from 2023 on.  Then
 * the choice is made again by what the processor can do; OPENBLAS_CORETYPE in the environment is left to decide when it
 * is set.
 */
void oss_blas_prepare (guint n_threads);

/* Name of the kernels in use, such as "SkylakeX". */
const char *oss_blas_kernels (void);

G_END_DECLS
