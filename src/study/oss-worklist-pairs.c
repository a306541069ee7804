/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vertebrae of one scan that were analysed by two kernels. */
#include "study/oss-comparison.h"
#include "study/oss-worklist-private.h"

static OssKernelPair
read_pair (sqlite3_stmt *statement)
{
  OssKernelPair pair;
  double *const to[] = { &pair.stiffness_n_per_mm[0], &pair.stiffness_n_per_mm[1], &pair.strength_n[0],
                         &pair.strength_n[1],         &pair.vbmd_mg_cm3[0],        &pair.vbmd_mg_cm3[1] };

  for (int c = 0; c < (int) G_N_ELEMENTS (to); c++)
    *to[c] = oss_worklist_column_number (statement, c);
  return pair;
}

GArray *
oss_worklist_get_kernel_pairs (OssWorklist *self, const char *a, const char *b, GError **error)
{
  /* SQLite takes the bare columns of a group from the row that max() names: the latest. */
  static const char sql[] =
      "WITH latest AS (SELECT *, max(date || printf('%020d', id)) FROM analyses"
      "  WHERE state IN (1, 2, 3) AND kernel IN (?1, ?2) GROUP BY study, vertebra, kernel, engine, basis)"
      "SELECT a.stiffness, b.stiffness, a.strength, b.strength, a.vbmd, b.vbmd FROM latest a JOIN latest b"
      "  ON a.study = b.study AND a.vertebra = b.vertebra AND a.engine = b.engine AND a.basis = b.basis"
      " JOIN studies s ON s.id = a.study WHERE a.kernel = ?1 AND b.kernel = ?2 AND s.removed = 0"
      " ORDER BY a.study, a.vertebra";
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (OssKernelPair));
  sqlite3_stmt *statement = oss_worklist_prepare (self, sql, error);
  GError *failure = NULL;

  if (statement == NULL)
    return NULL;
  oss_worklist_bind (statement, "ss", a, b);
  while (oss_worklist_step (self, statement, &failure))
    {
      OssKernelPair pair = read_pair (statement);
      g_array_append_val (pairs, pair);
    }
  oss_worklist_end (statement);
  if (failure == NULL)
    return g_steal_pointer (&pairs);
  g_propagate_error (error, failure);
  return NULL;
}
