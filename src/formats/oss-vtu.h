/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* One data array of a VTU file, float64, @components per node or element. */
typedef struct
{
  const char *name;
  int components;
  const double *values;
} OssVtuArray;

/* VTK XML unstructured grid, appended raw, zlib-compressed, coordinates in patient LPS mm;
 * opens in ParaView.  Quadratic tetrahedra as VTK_QUADRATIC_TETRA. */
OSS_API gboolean oss_vtu_write (const char *path, const OssMesh *mesh, const OssVtuArray *node_arrays,
                                gsize n_node_arrays, const OssVtuArray *element_arrays, gsize n_element_arrays,
                                GError **error);

G_END_DECLS
