/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-estimators.h"

#include "base/oss-i18n.h"

#include <math.h>

/* A curve that grew by more than this share in its last tenth still rises. */
#define LEVEL_SHARE 0.01
#define LAST_PART 0.1

static const OssEstimator estimators[OSS_N_ESTIMATORS] = {
  [OSS_ESTIMATOR_APPARENT_0_68] = {
    .key = "apparent_0_68_percent",
    /* xgettext:no-c-format */
    .name = N_ ("0.68 % apparent strain, linear"),
    .method = "0.0068 x stiffness x height",
    .comparable = N_ ("Compare with estimates of this form from like models; it knows nothing of yielding."),
    .source = "Crawford and Kopperdahl's form of the stiffness-height estimate",
  },
  [OSS_ESTIMATOR_LINEAR_2] = {
    .key = "linear_2_percent",
    /* xgettext:no-c-format */
    .name = N_ ("2 % apparent strain, linear"),
    .method = "0.02 x stiffness x height",
    /* xgettext:no-c-format */
    .comparable = N_ ("Compare with linear reactions at 2 % strain only; no vertebra carries this force."),
    .source = "linear reaction at a fixed strain",
  },
  [OSS_ESTIMATOR_PISTOIA] = {
    .key = "pistoia",
    /* xgettext:no-c-format */
    .name = N_ ("Pistoia: 2 % of the volume above 0.7 % strain"),
    .method = "reaction scaled until 2 % of the volume exceeds an effective strain of 0.7 %",
    /* xgettext:no-c-format */
    .comparable = N_ ("Compare with the same limits at the same element size; others take 7 % of the volume."),
    .source = "Pistoia et al. 2002, Bone 30:842-848",
  },
  [OSS_ESTIMATOR_OFFSET] = {
    .key = "offset_0_2_percent",
    /* xgettext:no-c-format */
    .name = N_ ("0.2 % offset yield"),
    .method = "where the nonlinear curve meets the line of its initial stiffness moved by 0.2 % apparent strain",
    .comparable = N_ ("Compare with yield loads of tests or nonlinear models, read off with the same offset."),
    .source = "offset method of compression tests",
    .nonlinear = TRUE,
  },
  [OSS_ESTIMATOR_PLATEAU] = {
    .key = "nonlinear_plateau",
    .name = N_ ("Peak or plateau, nonlinear"),
    .method = "largest reaction of the nonlinear curve",
    .comparable = N_ ("Compare with ultimate loads of tests, and nonlinear models of like yield law and faces."),
    .source = "largest force of the load-displacement curve",
    .nonlinear = TRUE,
  },
};

const OssEstimator *
oss_estimator (OssEstimatorId id)
{
  g_return_val_if_fail (id < OSS_N_ESTIMATORS, NULL);
  return &estimators[id];
}

gboolean
oss_estimator_from_key (const char *key, OssEstimatorId *id)
{
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    if (g_strcmp0 (estimators[i].key, key) == 0)
      {
        *id = (OssEstimatorId) i;
        return TRUE;
      }
  return FALSE;
}

static double
curve_value (OssEstimatorId id, const OssFemCurve *curve)
{
  if (curve == NULL || curve->n_points < 2)
    return NAN;
  return id == OSS_ESTIMATOR_OFFSET ? curve->offset_n : curve->plateau_n;
}

double
oss_estimator_value (OssEstimatorId id, const OssStrength *strength, const OssFemCurve *curve)
{
  switch (id)
    {
    case OSS_ESTIMATOR_APPARENT_0_68:
      return strength->apparent_0_68_percent_n;
    case OSS_ESTIMATOR_LINEAR_2:
      return strength->linear_2_percent_n;
    case OSS_ESTIMATOR_PISTOIA:
      return strength->pistoia_n > 0.0 ? strength->pistoia_n : NAN;
    case OSS_ESTIMATOR_OFFSET:
    case OSS_ESTIMATOR_PLATEAU:
      return curve_value (id, curve);
    case OSS_N_ESTIMATORS:
      break;
    }
  g_return_val_if_reached (NAN);
}

gboolean
oss_fem_curve_is_bound (const OssFemCurve *curve)
{
  const OssLoadPoint *end = &curve->points[curve->n_points - 1];
  double before = 0.0;

  if (!curve->converged)
    return !curve->falling;
  for (gsize i = 0; i < curve->n_points; i++)
    if (curve->points[i].displacement_mm <= (1.0 - LAST_PART) * end->displacement_mm * (1.0 + 1e-9))
      before = curve->points[i].reaction_n;
  return end->reaction_n >= curve->peak_n && end->reaction_n > (1.0 + LEVEL_SHARE) * before;
}
