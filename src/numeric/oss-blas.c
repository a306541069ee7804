/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/oss-blas.h"

#include "base/oss-parallel.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

/* Exported by builds of OpenBLAS that choose at run time; absent from others, then nothing is done. */
void gotoblas_dynamic_init (void) __attribute__ ((weak));
void gotoblas_dynamic_quit (void) __attribute__ ((weak));

/* The kernels for what this processor can do; NULL when the oldest are right. */
static const char *
kernels_by_features (void)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512cd"))
    return "SkylakeX";
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return "Haswell";
#endif
  return NULL;
}

/* When the program or library is loaded: OpenBLAS has been by then, and no other thread reads the
 * environment yet. */
__attribute__ ((constructor)) static void
choose_kernels (void)
{
  const char *better = kernels_by_features ();

  if (better == NULL || strcmp (openblas_get_corename (), "Prescott") != 0 || getenv ("OPENBLAS_CORETYPE") != NULL
      || gotoblas_dynamic_init == NULL || gotoblas_dynamic_quit == NULL)
    return;
  setenv ("OPENBLAS_CORETYPE", better, 1);
  gotoblas_dynamic_quit ();
  gotoblas_dynamic_init ();
  unsetenv ("OPENBLAS_CORETYPE");
}

void
oss_blas_prepare (guint n_threads)
{
  int threads = (int) (n_threads > 0 ? n_threads : oss_parallel_threads ());

  if (openblas_get_num_threads () != threads)
    openblas_set_num_threads (threads);
}

const char *
oss_blas_kernels (void)
{
  return openblas_get_corename ();
}
