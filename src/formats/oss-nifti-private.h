/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#define OSS_NIFTI_HEADER_BYTES 348
#define OSS_NIFTI_FIRST_VOXEL 352 /* header and the four bytes that announce extensions */
