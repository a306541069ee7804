/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One level out of other programs' labels.  Numbers: VerSe (Sekuboyina 2021: T12 19, L1 20) and TotalSegmentator v2's
 * class map (L1 31, T12 32). */
#include "segment/oss-segment.h"

#include <string.h>

/* A column of slices along z, bottom first: one value each. */
static OssLabels *
column (const guint8 *values, int n, gboolean feet_up)
{
  const OssGrid grid = { .size = { 2, 2, n },
                         .spacing = { 1, 1, 20 },
                         .direction = { 1, 0, 0, 0, 1, 0, 0, 0, feet_up ? -1 : 1 } };
  OssLabels *labels = oss_labels_new (&grid, NULL);

  for (int k = 0; k < n; k++)
    memset (labels->data + 4 * k, values[k], 4);
  return labels;
}

typedef struct
{
  const char *name;
  guint8 values[6]; /* from the bottom up */
  int n;
  OssNumbering numbering;
  guint8 wanted; /* VerSe */
  guint8 found;  /* value, or 0 */
  int code;      /* of the error */
} Case;

static const Case cases[] = {
  { "verse", { 21, 20, 19 }, 3, OSS_NUMBERING_UNKNOWN, 20, 20, 0 },
  { "totalsegmentator", { 29, 30, 31, 32 }, 4, OSS_NUMBERING_UNKNOWN, 20, 31, 0 },
  { "totalsegmentator with organs", { 5, 29, 30, 31, 90 }, 5, OSS_NUMBERING_UNKNOWN, 21, 30, 0 },
  { "sacrum as S1", { 26, 27, 28 }, 3, OSS_NUMBERING_UNKNOWN, 23, 28, 0 },
  { "T13 between T12 and L1", { 20, 28, 19 }, 3, OSS_NUMBERING_UNKNOWN, 28, 28, 0 },
  { "named", { 31 }, 1, OSS_NUMBERING_TOTALSEGMENTATOR, 20, 31, 0 },
  { "only one", { 1 }, 1, OSS_NUMBERING_UNKNOWN, 20, 1, 0 },
  { "only one, any level", { 20 }, 1, OSS_NUMBERING_UNKNOWN, 0, 20, 0 },
  { "single number", { 31 }, 1, OSS_NUMBERING_UNKNOWN, 20, 31, 0 },
  { "single number, other level", { 20 }, 1, OSS_NUMBERING_UNKNOWN, 21, 0, OSS_ERROR_NOT_FOUND },
  { "not there", { 21, 20, 19 }, 3, OSS_NUMBERING_UNKNOWN, 24, 0, OSS_ERROR_NOT_FOUND },
  { "several", { 21, 20, 19 }, 3, OSS_NUMBERING_UNKNOWN, 0, 0, OSS_ERROR_USAGE },
  { "no order", { 20, 19, 21 }, 3, OSS_NUMBERING_UNKNOWN, 20, 0, OSS_ERROR_INVALID_DATA },
  { "regions, not levels", { 5, 1, 6 }, 3, OSS_NUMBERING_UNKNOWN, 21, 0, OSS_ERROR_INVALID_DATA },
  { "mask of two values", { 1, 2 }, 2, OSS_NUMBERING_BINARY, 20, 0, OSS_ERROR_INVALID_DATA },
  { "empty", { 0, 0 }, 2, OSS_NUMBERING_UNKNOWN, 20, 0, OSS_ERROR_NOT_FOUND },
};

static void
check (const Case *c, gboolean feet_up)
{
  guint8 values[6];
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (OssLabels) one = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;

  for (int k = 0; k < c->n; k++)
    values[k] = c->values[feet_up ? c->n - 1 - k : k];
  labels = column (values, c->n, feet_up);
  one = oss_segment_pick (labels, c->numbering, c->wanted, &note, &error);
  if (c->found == 0)
    {
      g_assert_null (one);
      g_assert_error (error, OSS_ERROR, c->code);
      g_assert_null (note);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (oss_labels_count (one, 1), ==, 4);
  for (gsize v = 0; v < oss_grid_count (&labels->grid); v++)
    g_assert_cmpuint (one->data[v], ==, labels->data[v] == c->found);
  g_assert_true ((note != NULL) == (c->numbering == OSS_NUMBERING_UNKNOWN));
}

static void
test_case (gconstpointer data)
{
  check (data, FALSE);
  check (data, TRUE);
}

static void
test_names_levels (void)
{
  const guint8 values[] = { 21, 20, 19 };
  g_autoptr (OssLabels) labels = column (values, 3, FALSE);
  g_autoptr (GError) error = NULL;

  g_assert_null (oss_segment_pick (labels, OSS_NUMBERING_UNKNOWN, oss_vertebra_from_name ("L5"), NULL, &error));
  for (int i = 0; i < 4; i++)
    g_assert_nonnull (strstr (error->message, ((const char *[]){ "L5", "T12", "L1", "L2" })[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/segment/pick/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/segment/pick/names-levels", test_names_levels);
  return g_test_run ();
}
