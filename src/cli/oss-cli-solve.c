/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solve: what kind of model it is decides who solves it. */
#include "cli/oss-cli-solve.h"

gboolean
oss_cli_solve (OssCli *cli, int argc, char **argv, GError **error)
{
  for (int i = 1; i < argc; i++)
    if (g_str_equal (argv[i], "--modulus") || g_str_has_prefix (argv[i], "--modulus="))
      return oss_cli_solve_voxel (cli, argc, argv, error);
  return oss_cli_solve_deck (cli, argc, argv, error);
}
