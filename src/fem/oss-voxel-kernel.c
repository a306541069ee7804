/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-private.h"

#include <string.h>

/* Loops over components and rows have to be unrolled for the vectors to stay in registers: the optimiser does, or is
 * told to.  Not under the address sanitizer: its checks would be unrolled with them, minutes of compiling for no other
 * check than before. */
#ifdef __SANITIZE_ADDRESS__
enum
{
  UNROLLED = 0
};
#else
enum
{
  UNROLLED = 1
};
#endif

#define ROWS "fem/oss-voxel-rows.h"
#define STEPS "fem/oss-voxel-steps.h"

/* [modulus][i][mode]: bits of the components j for which OssVoxelOctants.table is not zero in any box. */
static const guint8 coupled[8][3][8] = {
  { { 0, 7, 3, 5, 5, 3, 7, 1 }, { 0, 3, 7, 6, 6, 7, 3, 2 }, { 0, 5, 6, 7, 7, 6, 5, 4 } },
  { { 0, 6, 1, 7, 1, 7, 1, 7 }, { 0, 1, 6, 7, 6, 7, 2, 3 }, { 0, 1, 6, 7, 6, 7, 4, 5 } },
  { { 0, 5, 2, 7, 5, 1, 7, 3 }, { 0, 2, 5, 7, 2, 2, 7, 7 }, { 0, 5, 2, 7, 5, 4, 7, 6 } },
  { { 0, 4, 0, 6, 1, 5, 1, 7 }, { 0, 0, 4, 5, 2, 2, 6, 7 }, { 0, 1, 2, 3, 4, 5, 6, 7 } },
  { { 0, 3, 3, 1, 4, 7, 7, 5 }, { 0, 3, 3, 2, 4, 7, 7, 6 }, { 0, 4, 4, 4, 3, 7, 7, 7 } },
  { { 0, 2, 1, 3, 0, 6, 1, 7 }, { 0, 1, 2, 3, 4, 5, 6, 7 }, { 0, 0, 4, 4, 2, 3, 6, 7 } },
  { { 0, 1, 2, 3, 4, 5, 6, 7 }, { 0, 2, 1, 3, 0, 2, 5, 7 }, { 0, 4, 0, 4, 1, 5, 3, 7 } },
  { { 0, 0, 0, 2, 0, 4, 0, 6 }, { 0, 0, 0, 1, 0, 0, 4, 5 }, { 0, 0, 0, 0, 0, 1, 2, 3 } },
};

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC optimize("no-tree-slp-vectorize")
#pragma GCC target("arch=x86-64-v4")
#define REAL float
#define BLOCKS single
#define IN float
#define INT gint32
#define LANES 16
#define NAME v4_float
#define OCTANTS
#include ROWS
#define REAL double
#define BLOCKS block
#define IN float
#define INT gint64
#define LANES 8
#define NAME v4_mixed
#include ROWS
#define REAL double
#define BLOCKS block
#define IN double
#define INT gint64
#define LANES 8
#define NAME v4_double
#include ROWS
#define NAME v4
#include STEPS
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC optimize("no-tree-slp-vectorize")
#pragma GCC target("arch=x86-64-v3")
#define REAL float
#define BLOCKS single
#define IN float
#define INT gint32
#define LANES 8
#define NAME v3_float
#define OCTANTS
#include ROWS
#define REAL double
#define BLOCKS block
#define IN float
#define INT gint64
#define LANES 4
#define NAME v3_mixed
#include ROWS
#define REAL double
#define BLOCKS block
#define IN double
#define INT gint64
#define LANES 4
#define NAME v3_double
#include ROWS
#define NAME v3
#include STEPS
#pragma GCC pop_options
#endif

#define REAL float
#define BLOCKS single
#define IN float
#define INT gint32
#define LANES 4
#define NAME any_float
#define OCTANTS
#include ROWS
#define REAL double
#define BLOCKS block
#define IN float
#define INT gint64
#define LANES 4
#define NAME any_mixed
#include ROWS
#define REAL double
#define BLOCKS block
#define IN double
#define INT gint64
#define LANES 4
#define NAME any_double
#include ROWS
#define NAME any
#include STEPS

static const OssVoxelKernels kernels[] = {
#if defined(__x86_64__)
  { "AVX-512", { row_v4_float, row_v4_mixed, row_v4_double }, octants_v4_float, step_v4 },
  { "AVX2", { row_v3_float, row_v3_mixed, row_v3_double }, octants_v3_float, step_v3 },
#endif
  { "any processor", { row_any_float, row_any_mixed, row_any_double }, octants_any_float, step_any },
};

static const OssVoxelKernels *chosen;

static gboolean
can_run (gsize i)
{
#if defined(__x86_64__)
  __builtin_cpu_init ();
  if (i == 0)
    return __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
           && __builtin_cpu_supports ("avx512cd") && __builtin_cpu_supports ("avx512dq")
           && __builtin_cpu_supports ("avx512vl") && can_run (1);
  if (i == 1)
    return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && __builtin_cpu_supports ("bmi2");
#endif
  return TRUE;
}

const OssVoxelKernels *
oss_voxel_kernels_nth (guint n)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++)
    if (can_run (i) && n-- == 0)
      return &kernels[i];
  return NULL;
}

const OssVoxelKernels *
oss_voxel_kernels (void)
{
  const OssVoxelKernels *now = g_atomic_pointer_get (&chosen);
  if (now == NULL)
    {
      now = oss_voxel_kernels_nth (0);
      g_atomic_pointer_set (&chosen, now);
    }
  return now;
}

void
oss_voxel_kernels_choose (const OssVoxelKernels *self)
{
  g_atomic_pointer_set (&chosen, self);
}
