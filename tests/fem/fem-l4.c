/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-l4.h"

#include "fem/oss-voxel.h"
#include "formats/oss-nifti.h"

#include <math.h>

enum
{
  LABEL_BONE = 1,
  LABEL_LOWER = 5,
  LABEL_UPPER = 6,
};

/* The outermost planes of the caps along z. */
static void
find_faces (const OssLabels *labels, int *low, int *high)
{
  const int *size = labels->grid.size;

  *low = size[2];
  *high = -1;
  for (int v = 0; v < size[0] * size[1] * size[2]; v++)
    {
      int z = v / (size[0] * size[1]);
      *low = labels->data[v] == LABEL_LOWER ? MIN (*low, z) : *low;
      *high = labels->data[v] == LABEL_UPPER ? MAX (*high, z) : *high;
    }
}

/* Lower face: held in all directions; upper face: moved along z, free sideways. */
static void
hold_faces (const OssLabels *labels, GArray *held, GArray *values)
{
  const int *size = labels->grid.size;
  int low, high;

  find_faces (labels, &low, &high);
  g_assert_cmpint (high + 1 - low, ==, (int) L4_HEIGHT_MM);
  for (int v = 0; v < size[0] * size[1] * size[2]; v++)
    {
      int x = v % size[0], y = v / size[0] % size[1], z = v / (size[0] * size[1]);
      gboolean lower = labels->data[v] == LABEL_LOWER && z == low;
      double value = lower ? 0.0 : -L4_STRAIN * L4_HEIGHT_MM;

      if (!lower && !(labels->data[v] == LABEL_UPPER && z == high))
        continue;
      for (int c = 0; c < 4; c++)
        for (gint8 axis = lower ? 0 : 2; axis < 3; axis++)
          {
            OssVoxelFreedom f = { { x + (c & 1), y + (c >> 1), lower ? z : z + 1 }, axis };
            g_array_append_val (held, f);
            g_array_append_val (values, value);
          }
    }
}

static OssFemCurve *
load (OssVoxelSystem *system, const OssLabels *labels, const double *values, int increments, OssCriterion criterion,
      GError **error)
{
  const OssFemPath path = { .displacement_mm = L4_STRAIN * L4_HEIGHT_MM,
                            .height_mm = L4_HEIGHT_MM,
                            .increments = increments };
  OssVoxelInfo info;
  oss_voxel_system_info (system, &info);
  g_autofree guint64 *voxel = g_new (guint64, info.n_elements);
  g_autofree float *modulus = g_new (float, info.n_elements);
  g_autofree double *compression = g_new (double, info.n_elements), *tension = g_new (double, info.n_elements);

  oss_voxel_system_element_voxels (system, voxel);
  oss_voxel_system_element_moduli (system, modulus);
  for (gsize e = 0; e < info.n_elements; e++)
    {
      gboolean bone = labels->data[voxel[e]] == LABEL_BONE;
      compression[e] = bone ? 0.0084 * modulus[e] : INFINITY;
      tension[e] = bone ? 0.0078 * modulus[e] : INFINITY;
    }
  const OssFemPlasticity plasticity = { .criterion = criterion,
                                        .compression_mpa = compression,
                                        .tension_mpa = tension };
  return oss_voxel_solve_nonlinear (system, values, &plasticity, &path, NULL, error);
}

OssFemCurve *
l4_curve (int increments, OssCriterion criterion, GError **error)
{
  g_autofree char *folder =
      g_build_filename (g_getenv ("OSSATURE_SHARED_DATA"), "fe_voxel_reference", "vertebra_l4_mini", NULL);
  g_autofree char *modulus_path = g_build_filename (folder, "modulus_mpa.nii.gz", NULL);
  g_autofree char *labels_path = g_build_filename (folder, "labels.nii.gz", NULL);
  g_autoptr (OssVolume) image = oss_nifti_read_volume (modulus_path, OSS_QUANTITY_MODULUS, NULL, error);
  g_autoptr (OssLabels) labels = image != NULL ? oss_nifti_read_labels (labels_path, NULL, error) : NULL;
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom));
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));

  if (labels == NULL)
    return NULL;
  hold_faces (labels, held, values);
  const OssVoxelModel model = {
    .size = { (gsize) image->grid.size[0], (gsize) image->grid.size[1], (gsize) image->grid.size[2] },
    .spacing_mm = { 1.0, 1.0, 1.0 },
    .modulus_mpa = image->data,
    .poisson = 0.3,
    .held = (const OssVoxelFreedom *) (const void *) held->data,
    .n_held = held->len,
    .remove_islands = TRUE,
  };
  g_autoptr (OssVoxelSystem) system = oss_voxel_system_new (&model, NULL, error);
  return system != NULL
             ? load (system, labels, (const double *) (const void *) values->data, increments, criterion, error)
             : NULL;
}
