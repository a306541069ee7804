/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops over a plane of nodes for one kind of processor: included by oss-voxel-kernel.c with NAME defined. */

#define CAT_(a, b) a##_##b
#define CAT(a, b) CAT_ (a, b)
#define FN(name) CAT (name, NAME)

static void
FN (step) (const OssVoxelLevel *level, gsize plane, const float *ax, const OssVoxelStep *step)
{
  gsize begin = level->row_start[plane * level->rows], end = level->row_start[(plane + 1) * level->rows];
  float across = step->across, along = step->along, buffer[3 * OSS_VOXEL_CHUNK];

  for (gsize node = begin; node < end; node += OSS_VOXEL_CHUNK)
    {
      gsize count = MIN (end - node, OSS_VOXEL_CHUNK), n = 3 * count;
      const float *restrict weight = oss_voxel_weights (level, node, count, buffer);
      const float *restrict a = ax + 3 * (node - begin), *restrict x = step->x + 3 * node,
                            *restrict b = step->b + 3 * node;
      float *restrict out = step->out + 3 * node;
      if (step->old == 1)
        for (gsize i = 0; i < n; i++)
          out[i] = x[i] + across * (x[i] - out[i]) + along * weight[i] * (b[i] - a[i]);
      else
        for (gsize i = 0; i < n; i++)
          out[i] = (1.0f + across) * x[i] + along * weight[i] * (b[i] - a[i]);
    }
}

#undef FN
#undef CAT
#undef CAT_
#undef NAME
