/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

G_BEGIN_DECLS

/* What "scan --json" prints: series[] of the command line's contract. (transfer full) */
OSS_API char *oss_report_series_json (const OssSeriesList *list);
/* What "mesh --json" prints of a label image: mesh {elements, nodes, dof} and its quality. (transfer full) */
OSS_API char *oss_report_mesh_json (const OssMesh *mesh, const OssMeshQuality *quality, const char *source);

G_END_DECLS
