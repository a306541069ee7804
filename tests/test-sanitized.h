/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* TRUE under the address sanitizer, where a few large cases would take minutes and walk no code that their small
 * neighbours do not; the plain run of the same suite has them all. */
#ifdef __SANITIZE_ADDRESS__
#define TEST_SANITIZED 1
#else
#define TEST_SANITIZED 0
#endif
