/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A report about nobody: figures of the size a real vertebra has, pictures made of ellipsoids. */
#pragma once

#include "report/oss-report-data.h"

/* (transfer full); the stress picture lives as long as @picture, which the caller frees. */
OssReportData *report_sample (OssPicture **picture);
