/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Units of the whole program: mm, N, MPa (N/mm2), s, HU, mg/cm3 unless a name says otherwise. */
#define OSS_MG_CM3_PER_G_CM3 1000.0
