/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-random.h"

/**
 * mutate:
 * @seed: a DICOM file
 * @other: (nullable): another one, to take pieces from
 *
 * The file damaged in one to four ways: flipped bits, values at the ends of their range, pieces cut off, taken out,
 * doubled or exchanged, lengths that claim too much or too little, sequences within sequences, sizes and frame
 * counts that the pixels do not have, another transfer syntax.  The same random numbers give the same bytes.
 * (transfer full)
 */
GByteArray *mutate (OssRandom *random, const GByteArray *seed, const GByteArray *other);
