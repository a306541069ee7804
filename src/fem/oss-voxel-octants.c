/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-private.h"

#include <math.h>
#include <string.h>

/* Rows so small are rounding: the freedom moves nothing. */
#define NOTHING 1e-10f
/* Moduli of octants, kept as sums in single precision, count as the same within this share. */
#define SAME 1e-5

void
oss_voxel_child_weights (const gsize factor[3], guint octant, double weight[8][8])
{
  for (guint corner = 0; corner < 8; corner++)
    for (guint coarse = 0; coarse < 8; coarse++)
      {
        double product = 1.0;
        for (guint k = 0; k < 3; k++)
          {
            guint upper = corner >> k & 1, halves = factor[k] == 2 ? (octant >> k & 1) + upper : 2 * upper;
            product *= 0.5 * (coarse >> k & 1 ? halves : 2 - halves);
          }
        weight[corner][coarse] = product;
      }
}

void
oss_voxel_add_projected (double weight[8][8], const double stiffness[24][24], double scale, guint32 held,
                         double to[24][24])
{
  double half[24][24] = { { 0.0 } };

  for (int row = 0; row < 24; row++)
    for (int a = 0; a < 24; a++)
      for (int b = 0; b < 8 && (held >> row & 1) == 0 && (held >> a & 1) == 0; b++)
        half[row][3 * b + a % 3] += stiffness[row][a] * weight[a / 3][b];
  for (int row = 0; row < 24; row++)
    for (int b = 0; b < 8; b++)
      {
        double share = scale * weight[row / 3][b];
        for (int column = 0; column < 24 && share > 0.0; column++)
          to[3 * b + row % 3][column] += share * half[row][column];
      }
}

/* H K H' / 64 of one modulus' part, of which the entries that reflections leave are kept. */
static void
fill_table (double part[24][24], guint m, float table[3][8][3])
{
  for (guint i = 0; i < 3; i++)
    for (guint s = 0; s < 8; s++)
      for (guint j = 0; j < 3; j++)
        {
          guint t = s ^ 1u << i ^ 1u << j ^ m;
          double sum = 0.0;
          for (guint a = 0; a < 8; a++)
            for (guint b = 0; b < 8; b++)
              sum += oss_voxel_mode_sign ((int) s, (int) a) * part[3 * a + i][3 * b + j]
                     * oss_voxel_mode_sign ((int) t, (int) b);
          table[i][s][j] = (float) (sum / 64.0);
        }
}

OssVoxelOctants *
oss_voxel_octants_new (const OssVoxelLevel *fine, const gsize factor[3])
{
  OssVoxelOctants *self = g_new0 (OssVoxelOctants, 1);

  for (guint octant = 0; octant < 8; octant++)
    {
      double weight[8][8], share = 1.0;
      /* An axis that is not halved has both octants in the same child. */
      for (int k = 0; k < 3; k++)
        share *= factor[k] == 2 ? 1.0 : 0.5;
      oss_voxel_child_weights (factor, octant, weight);
      oss_voxel_add_projected (weight, fine->stiffness, share, 0, self->octant[octant]);
    }
  for (guint m = 0; m < 8; m++)
    {
      double part[24][24] = { { 0.0 } };
      for (guint octant = 0; octant < 8; octant++)
        for (int i = 0; i < 24; i++)
          for (int j = 0; j < 24; j++)
            part[i][j] += 0.125 * oss_voxel_mode_sign ((int) m, (int) octant) * self->octant[octant][i][j];
      fill_table (part, m, self->table[m]);
    }
  return self;
}

void
oss_voxel_octants_free (OssVoxelOctants *self)
{
  if (self == NULL)
    return;
  oss_free_aligned (self->moduli);
  g_free (self->special);
  g_free (self->special_stiffness);
  g_free (self);
}

gboolean
oss_voxel_octants_fill (OssVoxelLevel *level, const float *moduli, GError **error)
{
  OssVoxelOctants *self = level->octants;

  self->room = level->n_elements + OSS_VOXEL_PAD;
  self->moduli = oss_voxel_level_room (level, 8 * self->room, sizeof *self->moduli, error);
  if (self->moduli == NULL)
    return FALSE;
  for (gsize e = 0; e < level->n_elements; e++)
    for (guint m = 0; m < 8; m++)
      {
        float sum = 0.0f;
        for (guint octant = 0; octant < 8; octant++)
          sum += (float) oss_voxel_mode_sign ((int) m, (int) octant) * moduli[8 * e + octant];
        self->moduli[m * self->room + e] = sum;
      }
  level->bytes += (double) self->n_special * (sizeof *self->special + sizeof *self->special_stiffness);
  return TRUE;
}

static int
compare_elements (gconstpointer a, gconstpointer b)
{
  guint32 p = *(const guint32 *) a, q = *(const guint32 *) b;
  return (p > q) - (p < q);
}

static void
moduli_of_octants (const OssVoxelOctants *self, gsize element, double of[8])
{
  for (gsize m = 0; m < 8; m++)
    of[m] = 0.125 * self->moduli[m * self->room + element];
  for (guint k = 1; k < 8; k *= 2)
    for (guint i = 0; i < 8; i++)
      if ((i & k) == 0)
        {
          double mean = of[i], half = of[i | k];
          of[i] = mean - half;
          of[i | k] = mean + half;
        }
}

void
oss_voxel_octants_stiffness (const OssVoxelLevel *level, gsize element, double stiffness[24][24])
{
  const OssVoxelOctants *self = level->octants;
  double of[8];
  guint32 key = (guint32) element;
  const guint32 *special =
      self->n_special > 0 ? bsearch (&key, self->special, self->n_special, sizeof key, compare_elements) : NULL;

  memset (stiffness, 0, 24 * sizeof *stiffness);
  for (int i = 0; i < 24 && special != NULL; i++)
    for (int j = 0; j < 24; j++)
      stiffness[i][j] = self->special_stiffness[special - self->special][i][j];
  moduli_of_octants (self, element, of);
  for (guint octant = 0; octant < 8 && special == NULL; octant++)
    for (int i = 0; i < 24 && of[octant] > 0.0; i++)
      for (int j = 0; j < 24; j++)
        stiffness[i][j] += of[octant] * self->octant[octant][i][j];
}

static void
sum_rows (double stiffness[24][24], float row[24])
{
  for (gsize a = 0; a < 24; a++)
    {
      double sum = 0.0;
      for (gsize b = 0; b < 24; b++)
        sum += fabs (stiffness[a][b]);
      row[a] = (float) sum;
    }
}

/* Octants of an element that are bone when they all have one modulus, which is given back; 0 where they differ, or the
 * element has held freedoms. */
static guint
find_pattern (const OssVoxelOctants *self, gsize element, double *modulus)
{
  double of[8], largest = 0.0;
  guint pattern = 0;

  moduli_of_octants (self, element, of);
  for (guint octant = 0; octant < 8; octant++)
    largest = fmax (largest, of[octant]);
  for (guint octant = 0; octant < 8; octant++)
    {
      if (of[octant] > SAME * largest && of[octant] < (1.0 - SAME) * largest)
        return 0;
      pattern |= (of[octant] > SAME * largest ? 1u : 0u) << octant;
    }
  *modulus = largest;
  return pattern;
}

/* Row sums of the patterns for E = 1. */
static void
sum_patterns (const OssVoxelOctants *self, float pattern[256][24])
{
  for (guint p = 1; p < 256; p++)
    {
      double stiffness[24][24] = { { 0.0 } };
      for (guint octant = 0; octant < 8; octant++)
        for (int i = 0; i < 24 && (p >> octant & 1) != 0; i++)
          for (int j = 0; j < 24; j++)
            stiffness[i][j] += self->octant[octant][i][j];
      sum_rows (stiffness, pattern[p]);
    }
}

/* Sums of the absolute values of the rows.  Most elements of an image of one modulus are one of 255. */
static void
sum_octants (const OssVoxelLevel *level, float *sum)
{
  g_autofree float (*known)[24] = g_malloc (256 * sizeof *known);
  double stiffness[24][24], modulus = 0.0;
  float row[24];

  sum_patterns (level->octants, known);
  for (gsize e = 0; e < level->n_elements; e++)
    {
      guint pattern = find_pattern (level->octants, e, &modulus);
      if (pattern == 0)
        {
          oss_voxel_octants_stiffness (level, e, stiffness);
          sum_rows (stiffness, row);
        }
      else
        for (int i = 0; i < 24; i++)
          row[i] = (float) modulus * known[pattern][i];
      for (gsize a = 0; a < 24; a++)
        sum[3 * (gsize) level->corner[8 * e + a / 3] + a % 3] += row[a];
    }
}

gboolean
oss_voxel_sum_rows (OssVoxelLevel *level, GError **error)
{
  level->inverse_sum = oss_voxel_level_room (level, 3 * level->n_nodes, sizeof *level->inverse_sum, error);
  if (level->inverse_sum != NULL)
    sum_octants (level, level->inverse_sum);
  return level->inverse_sum != NULL;
}

float
oss_voxel_largest_row (const OssVoxelLevel *level)
{
  float largest = 0.0f;
  for (gsize i = 0; i < 3 * level->n_nodes; i++)
    largest = MAX (largest, level->inverse_sum[i]);
  return largest;
}

void
oss_voxel_invert_rows (OssVoxelLevel *level, float largest)
{
  float *sum = level->inverse_sum;

  for (gsize i = 0; i < 3 * level->n_nodes; i++)
    sum[i] = sum[i] > NOTHING * largest ? 1.0f / sum[i] : 0.0f;
  level->largest = 1.0;
}
