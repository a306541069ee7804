/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-vector.h"
#include "fem/oss-fem-private.h"
#include "fem/oss-voxel-private.h"

#include <string.h>

static const double gauss[2] = { -0.57735026918962576451, 0.57735026918962576451 };

/* Derivatives of the eight shape functions at @r (-1 .. 1), 1/mm. */
static void
shape_gradients (const double spacing_mm[3], const double r[3], double gradient[8][3])
{
  for (int node = 0; node < 8; node++)
    {
      double f[3], sign[3];
      for (int k = 0; k < 3; k++)
        {
          sign[k] = node >> k & 1 ? 1.0 : -1.0;
          f[k] = 0.5 * (1.0 + sign[k] * r[k]);
        }
      for (int k = 0; k < 3; k++)
        gradient[node][k] = sign[k] * f[(k + 1) % 3] * f[(k + 2) % 3] / spacing_mm[k];
    }
}

static void
add_point (double lambda, double mu, double weight, double gradient[8][3], double stiffness[24][24])
{
  for (int a = 0; a < 8; a++)
    for (int b = 0; b < 8; b++)
      {
        double dot = 0.0;
        for (int k = 0; k < 3; k++)
          dot += gradient[a][k] * gradient[b][k];
        for (int i = 0; i < 3; i++)
          for (int j = 0; j < 3; j++)
            stiffness[3 * a + i][3 * b + j] += weight
                                               * (lambda * gradient[a][i] * gradient[b][j]
                                                  + mu * gradient[a][j] * gradient[b][i] + (i == j ? mu * dot : 0.0));
      }
}

gboolean
oss_voxel_element_stiffness (const double spacing_mm[3], double poisson, double stiffness[24][24])
{
  double lambda, mu, weight = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 8.0;

  if (!oss_lame_unit (poisson, &lambda, &mu))
    return FALSE;
  memset (stiffness, 0, 24 * sizeof *stiffness);
  for (int q = 0; q < 8; q++)
    {
      const double r[3] = { gauss[q & 1], gauss[q >> 1 & 1], gauss[q >> 2 & 1] };
      double gradient[8][3];
      shape_gradients (spacing_mm, r, gradient);
      add_point (lambda, mu, weight, gradient, stiffness);
    }
  return TRUE;
}

/* Sign of Walsh-Hadamard mode @mode at @node: the product over the axes of the mode of the side the node is on. */
double
oss_voxel_mode_sign (int mode, int node)
{
  double sign = 1.0;
  for (int k = 0; k < 3; k++)
    if (mode >> k & 1)
      sign *= node >> k & 1 ? 1.0 : -1.0;
  return sign;
}

static double
mode_entry (const double stiffness[24][24], int i, int mode_i, int j, int mode_j)
{
  double sum = 0.0;
  for (int a = 0; a < 8; a++)
    for (int b = 0; b < 8; b++)
      sum += oss_voxel_mode_sign (mode_i, a) * stiffness[3 * a + i][3 * b + j] * oss_voxel_mode_sign (mode_j, b);
  return sum / 64.0;
}

/* K = H' B H, H unnormalised (H H' = 8), B = H K H' / 64. */
void
oss_voxel_blocks_init (OssVoxelBlocks *self, const double stiffness[24][24])
{
  for (int s = 0; s < 8; s++)
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        {
          self->block[s][i][j] = mode_entry (stiffness, i, s ^ 1 << i, j, s ^ 1 << j);
          self->single[s][i][j] = (float) self->block[s][i][j];
        }
}

/* K and D sum over elements, so the largest quotient x K x / x D x of one element bounds that of them all (Irons and
 * Treharne 1971).  H' H = 8 turns eigenvalues of blocks into those of K. */
double
oss_voxel_blocks_largest (const OssVoxelBlocks *self, const double diagonal[3])
{
  double largest = 0.0;

  for (int s = 0; s < 8; s++)
    {
      double values[3], d[3], tensor[6];
      for (int i = 0; i < 3; i++)
        d[i] = 1.0 / sqrt (diagonal[i]);
      for (int i = 0; i < 3; i++)
        {
          int j = (i + 1) % 3, k = (i + 2) % 3;
          tensor[i] = 8.0 * d[i] * d[i] * self->block[s][i][i];
          tensor[3 + i] = 8.0 * d[j] * d[k] * self->block[s][j][k];
        }
      oss_symmetric_eigen (tensor, values, NULL);
      largest = MAX (largest, values[0]);
    }
  return largest;
}

/* The eight nodes of element @i of a run. */
static void
element_nodes (const OssVoxelLevel *level, const OssVoxelRun *run, gsize y, gsize z, gsize i, gsize node[8])
{
  for (gsize row = 0; row < 4; row++)
    {
      node[2 * row] = level->row_start[(z + row / 2) * level->points[1] + y + row % 2] + run->node[row] + i;
      node[2 * row + 1] = node[2 * row] + 1;
    }
}

void
oss_voxel_row_plain (const OssVoxelLevel *level, gsize y, gsize z, const double *u, double *lower, double *upper)
{
  gsize row = z * level->size[1] + y, element = level->element_start[row];
  gsize start[2] = { level->row_start[z * level->rows], level->row_start[(z + 1) * level->rows] };

  for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
    for (gsize i = 0; i < level->run[r].length; i++, element++)
      {
        gsize node[8];
        element_nodes (level, &level->run[r], y, z, i, node);
        for (gsize f = 0; f < 24; f++)
          {
            double sum = 0.0;
            for (gsize g = 0; g < 24; g++)
              sum += level->stiffness[f][g] * u[3 * node[g / 3] + g % 3];
            double *to = f < 12 ? lower + 4 * (node[f / 3] - start[0]) : upper + 4 * (node[f / 3] - start[1]);
            to[f % 3] += level->modulus[element] * sum;
          }
      }
}
