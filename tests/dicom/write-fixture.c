/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write-fixture FOLDER: writes a small turned CT series for compare-pydicom.py. */
#include "dicom-fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int
main (int argc, char **argv)
{
  const double c = cos (0.2), s = sin (0.2), turned[9] = { c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0 };
  OssGrid grid = fixture_grid (41, 31, 7);
  OssCtHeader header = fixture_header (1);

  if (argc != 2)
    return EXIT_FAILURE;
  memcpy (grid.direction, turned, sizeof turned);
  fixture_write (argv[1], "ct", &grid, &header);
  fixture_header_clear (&header);
  return EXIT_SUCCESS;
}
