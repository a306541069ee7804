/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve: what kind of model it is decides who solves it. */
#include "cli/oss-cli.h"

gboolean
oss_cli_solve (OssCli *cli, int argc, char **argv, GError **error)
{
  return oss_cli_solve_voxel (cli, argc, argv, error);
}
