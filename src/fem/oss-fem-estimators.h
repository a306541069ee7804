/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"

G_BEGIN_DECLS

/* The estimators of strength, linear ones first. */
typedef enum
{
  OSS_ESTIMATOR_APPARENT_0_68,
  OSS_ESTIMATOR_LINEAR_2,
  OSS_ESTIMATOR_PISTOIA,
  OSS_ESTIMATOR_OFFSET,
  OSS_ESTIMATOR_PLATEAU,
  OSS_N_ESTIMATORS,
} OssEstimatorId;

/**
 * OssEstimator: one way to call a force a strength.
 * @key: stable: the member of "strength_estimators" in result.json
 * @name, @comparable: for people, marked for translation: _() them; @comparable is one sentence
 * @method: how it is made, in English, for tables that programs read
 * @source: of the definition
 * @nonlinear: needs a load-displacement curve beyond yield
 */
typedef struct
{
  const char *key, *name, *method, *comparable, *source;
  gboolean nonlinear;
} OssEstimator;

/* Static; any thread. */
OSS_API const OssEstimator *oss_estimator (OssEstimatorId id);
/* %FALSE when there is none of that key. */
OSS_API gboolean oss_estimator_from_key (const char *key, OssEstimatorId *id);

/**
 * oss_estimator_value:
 * @strength: of the linear analysis
 * @curve: (nullable): of the nonlinear one
 *
 * Returns: N; NaN when it was not computed or does not exist: no curve, no crossing of the offset line within the path,
 *   no strain at all.
 */
OSS_API double oss_estimator_value (OssEstimatorId id, const OssStrength *strength, const OssFemCurve *curve);

/* Whether the strength of the curve is only a lower bound: it still rises at its end, or ends before the path does. */
OSS_API gboolean oss_fem_curve_is_bound (const OssFemCurve *curve);

G_END_DECLS
