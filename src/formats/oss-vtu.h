/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mesh/oss-mesh.h"

G_BEGIN_DECLS

/* One data array of a VTU file, float64, [nodes or elements][components]. */
typedef struct
{
  const char *name;
  int components;
  const double *values;
} OssVtuArray;

/**
 * oss_vtu_write:
 * @path: the file, replaced whole or not at all
 * @node_arrays: (nullable) (array length=n_node_arrays): values per node
 * @element_arrays: (nullable) (array length=n_element_arrays): values per element
 *
 * VTK XML unstructured grid, data appended raw in zlib blocks with 64-bit headers; opens in ParaView.
 * Coordinates in patient LPS, mm.  Cell types: VTK_TETRA 10, VTK_QUADRATIC_TETRA 24, VTK_HEXAHEDRON 12;
 * their node orders are ours.  Nothing about the patient is written.
 *
 * Returns: %FALSE with %OSS_ERROR_FAILED when the file cannot be written, %OSS_ERROR_USAGE for an array
 *   without a name or components
 */
OSS_API gboolean oss_vtu_write (const char *path, const OssMesh *mesh, const OssVtuArray *node_arrays,
                                gsize n_node_arrays, const OssVtuArray *element_arrays, gsize n_element_arrays,
                                GError **error);

G_END_DECLS
