/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops over a plane of nodes for one kind of processor: included by oss-voxel-kernel.c with NAME defined. */

#define CAT_(a, b) a##_##b
#define CAT(a, b) CAT_ (a, b)
#define FN(name) CAT (name, NAME)

static void
FN (step) (const OssVoxelLevel *level, gsize plane, const float *ax, const OssVoxelStep *step)
{
  gsize base = oss_voxel_plane_start (level, plane);

  for (gsize row = plane * level->rows; row < (plane + 1) * level->rows; row++)
    {
      gsize n = oss_voxel_row_nodes (level, row);
      for (gsize c = 0; c < 3; c++)
        {
          gsize at = 3 * level->row_start[row] + c * n;
          const float *restrict a = ax + (at - base), *restrict x = step->x + at, *restrict b = step->b + at;
          float *restrict out = step->out + at;
          float across = step->across, along = step->along;
          const float *restrict weight = oss_voxel_weight (level, row, c, &along);
          if (step->old == 1)
            for (gsize i = 0; i < n; i++)
              out[i] = x[i] + across * (x[i] - out[i]) + along * weight[i] * (b[i] - a[i]);
          else
            for (gsize i = 0; i < n; i++)
              out[i] = (1.0f + across) * x[i] + along * weight[i] * (b[i] - a[i]);
        }
    }
}

#undef FN
#undef CAT
#undef CAT_
#undef NAME
