/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of oss-voxel-petsc.c where PETSc is not built in. */
#include "fem/oss-voxel-petsc.h"

#include "base/oss-i18n.h"

static gboolean
absent (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                       _ ("This build has no PETSc: it runs on one machine. Build it with -Dpetsc=enabled."));
  return FALSE;
}

gboolean
oss_voxel_petsc_available (void)
{
  return FALSE;
}

gboolean
oss_voxel_petsc_start (int *process, int *n_processes, GError **error)
{
  *process = 0;
  *n_processes = 1;
  return absent (error);
}

void
oss_voxel_petsc_stop (void)
{
}

gboolean
oss_voxel_petsc_serve (const OssTick *tick, GError **error)
{
  return absent (error);
}

OssVoxelResult *
oss_voxel_petsc_solve (const OssVoxelModel *model, const OssVoxelLoad *load, const OssVoxelOptions *options,
                       const OssVoxelImages *fields, OssVoxelInfo *info, const OssTick *tick, GError **error)
{
  absent (error);
  return NULL;
}
