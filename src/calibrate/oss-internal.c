/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the patient's own tissues to a calibration line.
 *
 * What the tissues can tell is limited by how far one person's tissue lies from the table: fat and blood 1 keV apart
 * differ by 1.2 HU, persons by 8 to 15.  So the effective energy rests mostly on the tube voltage, the shift of the
 * scale on blood and muscle, and each enters with its own uncertainty, which the line carries on.
 */
#include "calibrate/oss-internal.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-text.h"
#include "material/oss-attenuation.h"

#include <math.h>
#include <string.h>

#define LOW_KEV 40.0
#define HIGH_KEV 120.0
#define STEP_KEV 0.05
#define GIVEN_SD_KEV 0.5
#define UNCERTAIN_AT 100.0        /* mg/cm3 */
#define MINDWAYS_SLOPE 0.2174     /* HU per mg/cm3: see oss-phantom.c */
#define MINDWAYS_INTERCEPT (-0.4) /* 999.6 - 1000 */
#define KVP_NEAR 6.0
#define CHORD_LOW 50.0 /* mg/cm3 where the two-component model's chord meets it */
#define CHORD_HIGH 250.0

static const char *const model_names[] = { "k2hpo4-water", "michalski2020" };

const char *
oss_internal_model_name (OssInternalModel model)
{
  return model_names[model];
}

gboolean
oss_internal_model_find (const char *name, OssInternalModel *model, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (model_names); i++)
    if (name == NULL || strcmp (name, model_names[i]) == 0)
      {
        *model = (OssInternalModel) i;
        return TRUE;
      }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No internal model is called “%s”; there are: %s, %s."), name,
               model_names[0], model_names[1]);
  return FALSE;
}

void
oss_internal_fit_free (OssInternalFit *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->tissues, oss_own_tissues_free);
  g_clear_pointer (&self->notes, g_ptr_array_unref);
  g_free (self);
}

static void note (OssInternalFit *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (OssInternalFit *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

/* ---- what is known beforehand ---- */

/* Everything that the fit needs. */
typedef struct
{
  OssInternalFit *fit;
  OssAttenuation *attenuation;
  GKeyFile *limits;
  int substance[OSS_OWN_N], k2hpo4, water;
  double shift_sd_hu;
} Fit;

static void
fit_clear (Fit *self)
{
  g_clear_pointer (&self->attenuation, oss_attenuation_free);
  g_clear_pointer (&self->limits, g_key_file_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fit, fit_clear)

static double
limit_of (const Fit *self, const char *group, const char *key)
{
  return g_key_file_get_double (self->limits, group, key, NULL);
}

static gboolean
fit_init (Fit *self, OssInternalFit *fit, GError **error)
{
  g_autofree char *path = oss_file_find_data ("own_tissues.ini", error);

  self->fit = fit;
  self->limits = g_key_file_new ();
  if (path == NULL || !g_key_file_load_from_file (self->limits, path, G_KEY_FILE_NONE, error)
      || (self->attenuation = oss_attenuation_load (error)) == NULL
      || (self->k2hpo4 = oss_attenuation_find (self->attenuation, "k2hpo4", error)) < 0
      || (self->water = oss_attenuation_find (self->attenuation, "water", error)) < 0)
    return FALSE;
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const char *key = oss_own_tissue_key ((OssOwnTissue) t);
      g_autofree char *name = g_key_file_get_string (self->limits, key, "substance", error);

      if (name == NULL || (self->substance[t] = oss_attenuation_find (self->attenuation, name, error)) < 0)
        return FALSE;
    }
  self->shift_sd_hu = limit_of (self, "scanner", "shift_sd_hu");
  if (self->shift_sd_hu > 0.0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("%s: [scanner] shift_sd_hu must be above 0"), path);
  return FALSE;
}

/* The energy that the tube voltage leads to expect. */
static gboolean
expect_energy (OssInternalFit *fit, const OssInternalOptions *options, GError **error)
{
  g_autoptr (OssTable) table = oss_table_load ("physics/effective_energy.csv", error);
  double kvp = options->kvp > 0.0 ? options->kvp : 0.0;
  gboolean known = FALSE;

  if (table == NULL)
    return FALSE;
  for (gsize r = 0; r < table->n_rows; r++)
    known = known || (kvp > 0.0 && table->key[r] > 0.0 && fabs (table->key[r] - kvp) <= KVP_NEAR);
  if (!known)
    {
      if (kvp > 0.0)
        note (fit, _ ("The tube voltage %.0f kVp is in no table: the effective energy is known less well."), kvp);
      else
        note (fit, _ ("The tube voltage is not known: the effective energy, and with it the density, is known less "
                      "well."));
      kvp = 0.0;
    }
  fit->expected_kev = oss_table_linear (table, oss_table_column (table, "kev"), kvp);
  fit->expected_sd_kev = oss_table_linear (table, oss_table_column (table, "sd_kev"), kvp);
  return TRUE;
}

static gboolean
choose_energy (OssInternalFit *fit, const OssInternalOptions *options, GError **error)
{
  fit->energy_low_kev = LOW_KEV, fit->energy_high_kev = HIGH_KEV;
  fit->expected_kev = fit->expected_sd_kev = NAN;
  if (options->energy_kev != 0.0)
    {
      if (!(options->energy_kev >= LOW_KEV && options->energy_kev <= HIGH_KEV))
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("An effective energy is %.0f to %.0f keV, not %g."),
                       LOW_KEV, HIGH_KEV, options->energy_kev);
          return FALSE;
        }
      fit->expected_kev = options->energy_kev;
      fit->expected_sd_kev = GIVEN_SD_KEV;
      return TRUE;
    }
  return options->free_energy || expect_energy (fit, options, error);
}

/* ---- whether there is enough ---- */

static gboolean
refuse_tissues (const OssInternalFit *fit, GError **error)
{
  g_autofree char *have = oss_own_tissues_describe (fit->tissues);
  g_autoptr (GString) why = g_string_new (NULL);

  for (int t = 0; t < OSS_OWN_BONE; t++)
    if (!fit->tissues->of[t].used)
      g_string_append_printf (why, " %s: %s.", oss_own_tissue_title ((OssOwnTissue) t), fit->tissues->of[t].note);
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_REFUSED,
      _ ("The patient’s own tissues do not carry a calibration: it needs air or fat, and blood or muscle; found: "
         "%s.%s Give regions (--tissue fat=X,Y,Z,RADIUS), or a calibration line."),
      have, why->str);
  return FALSE;
}

/* A far point and one near the vertebra's own density. */
static gboolean
is_enough (const OssOwnTissues *tissues)
{
  return (tissues->of[OSS_OWN_AIR].used || tissues->of[OSS_OWN_FAT].used)
         && (tissues->of[OSS_OWN_BLOOD].used || tissues->of[OSS_OWN_MUSCLE].used);
}

static void
take_points (const Fit *self)
{
  OssInternalFit *fit = self->fit;

  for (int t = 0; t < OSS_OWN_N; t++)
    {
      const OssOwnRegion *region = &fit->tissues->of[t];
      OssInternalPoint *point = &fit->points[t];
      double person = limit_of (self, oss_own_tissue_key ((OssOwnTissue) t), "person_sd_hu");

      if (t == OSS_OWN_MUSCLE && fit->tissues->contrast)
        person = limit_of (self, "contrast", "muscle_sd_hu");
      point->used = region->used;
      point->hu = region->found ? region->mean_hu : NAN;
      point->sd_hu = region->found ? hypot (person, region->standard_error_hu) : NAN;
      point->expected_hu = point->density_g_cm3 = NAN;
    }
}

/* ---- K2HPO4 in water at the effective energy ---- */

/* The sum of squares at @kev with the best shift. */
static double
misfit_at (const Fit *self, double kev, double *shift)
{
  const OssInternalFit *fit = self->fit;
  double up = 0.0, down = 1.0 / (self->shift_sd_hu * self->shift_sd_hu), sum = 0.0, h[OSS_OWN_N] = { 0 };

  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      {
        double w = 1.0 / (fit->points[t].sd_hu * fit->points[t].sd_hu), j;
        h[t] = oss_attenuation_hu (self->attenuation, self->substance[t], kev);
        j = 1.0 + h[t] / 1000.0;
        up += w * j * (fit->points[t].hu - h[t]);
        down += w * j * j;
      }
  *shift = up / down;
  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      {
        double d = (fit->points[t].hu - h[t] - *shift * (1.0 + h[t] / 1000.0)) / fit->points[t].sd_hu;
        sum += d * d;
      }
  sum += *shift / self->shift_sd_hu * (*shift / self->shift_sd_hu);
  if (isfinite (fit->expected_kev))
    sum += pow ((kev - fit->expected_kev) / fit->expected_sd_kev, 2.0);
  return sum;
}

/* Covariance of energy and shift by the inverse of the normal matrix at the minimum. */
static gboolean
errors_of (const Fit *self, double covariance[3])
{
  const OssInternalFit *fit = self->fit;
  double a = 0.0, b = 0.0, c = 1.0 / (self->shift_sd_hu * self->shift_sd_hu), d = 0.5;

  if (isfinite (fit->expected_kev))
    a = 1.0 / (fit->expected_sd_kev * fit->expected_sd_kev);
  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      {
        double w = 1.0 / (fit->points[t].sd_hu * fit->points[t].sd_hu);
        double h = oss_attenuation_hu (self->attenuation, self->substance[t], fit->energy_kev);
        double slope = (oss_attenuation_hu (self->attenuation, self->substance[t], fit->energy_kev + d)
                        - oss_attenuation_hu (self->attenuation, self->substance[t], fit->energy_kev - d))
                       / (2.0 * d) * (1.0 + fit->shift_hu / 1000.0);
        double j = 1.0 + h / 1000.0;
        a += w * slope * slope, b += w * slope * j, c += w * j * j;
      }
  double determinant = a * c - b * b;
  if (!(determinant > 1e-12))
    return FALSE;
  covariance[0] = c / determinant; /* energy */
  covariance[1] = a / determinant; /* shift */
  covariance[2] = -b / determinant;
  return TRUE;
}

/* HU per mg/cm3 of K2HPO4 in water, as a Mindways phantom of this beam would be read. */
static double
sigma_at (const Fit *self, double kev)
{
  return oss_attenuation_mass (self->attenuation, self->k2hpo4, kev)
             / oss_attenuation_mass (self->attenuation, self->water, kev)
         - MINDWAYS_SLOPE;
}

/* K = (HU - c - g beta) / (g sigma(E)), g = 1 + c/1000, and its errors to first order in E and c. */
static void
make_line (const Fit *self, const double covariance[3])
{
  OssInternalFit *fit = self->fit;
  double sigma = sigma_at (self, fit->energy_kev), gain = 1.0 + fit->shift_hu / 1000.0, d = 0.25;
  double steep = (sigma_at (self, fit->energy_kev + d) - sigma_at (self, fit->energy_kev - d)) / (2.0 * d);
  double marrow = fit->tissues->contrast ? limit_of (self, "contrast", "marrow_sd_hu") : 0.0;

  fit->slope_hu = gain * sigma;
  fit->quadratic[1] = 1.0 / fit->slope_hu;
  fit->quadratic[0] = -(fit->shift_hu + gain * MINDWAYS_INTERCEPT) / fit->slope_hu;
  double slope_e = -steep / sigma * fit->quadratic[1], slope_c = -fit->quadratic[1] / (1000.0 * gain);
  double intercept_e = -steep / sigma * fit->quadratic[0];
  double intercept_c = -(1.0 + MINDWAYS_INTERCEPT / 1000.0) / fit->slope_hu - fit->quadratic[0] / (1000.0 * gain);
  fit->variance_slope =
      slope_e * slope_e * covariance[0] + slope_c * slope_c * covariance[1] + 2.0 * slope_e * slope_c * covariance[2];
  fit->variance_intercept = intercept_e * intercept_e * covariance[0] + intercept_c * intercept_c * covariance[1]
                            + 2.0 * intercept_e * intercept_c * covariance[2] + pow (marrow / fit->slope_hu, 2.0);
  fit->covariance = slope_e * intercept_e * covariance[0] + slope_c * intercept_c * covariance[1]
                    + (slope_e * intercept_c + slope_c * intercept_e) * covariance[2];
}

/* Square of the correlation of read and expected HU. */
static double
agreement (const OssInternalFit *fit)
{
  double n = 0.0, mx = 0.0, my = 0.0, sxx = 0.0, sxy = 0.0, syy = 0.0;

  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      n += 1.0, mx += fit->points[t].expected_hu, my += fit->points[t].hu;
  mx /= n, my /= n;
  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      {
        double x = fit->points[t].expected_hu - mx, y = fit->points[t].hu - my;
        sxx += x * x, sxy += x * y, syy += y * y;
      }
  return sxx > 0.0 && syy > 0.0 ? sxy * sxy / (sxx * syy) : NAN;
}

/* Tissues that contradict one another are no reference: wrong regions, or numbers that are no HU. */
static gboolean
check_agreement (const OssInternalFit *fit, GError **error)
{
  int n = 0;

  for (int t = 0; t < OSS_OWN_N; t++)
    n += fit->points[t].used;
  if (fit->chi2 <= 4.0 * (n + 1))
    return TRUE;
  g_autoptr (GString) list = g_string_new (NULL);
  for (int t = 0; t < OSS_OWN_N; t++)
    if (fit->points[t].used)
      g_string_append_printf (list, _ (" %s reads %.0f HU, %.0f expected."), oss_own_tissue_title ((OssOwnTissue) t),
                              fit->points[t].hu, fit->points[t].expected_hu);
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("The patient’s own tissues contradict one another:%s"),
               list->str);
  return FALSE;
}

static gboolean
fit_own (Fit *self, GError **error)
{
  OssInternalFit *fit = self->fit;
  double best = G_MAXDOUBLE, shift, covariance[3];

  for (int i = 0; i <= (int) lround ((HIGH_KEV - LOW_KEV) / STEP_KEV); i++)
    {
      double kev = LOW_KEV + i * STEP_KEV, misfit = misfit_at (self, kev, &shift);
      if (misfit < best)
        best = misfit, fit->energy_kev = kev, fit->shift_hu = shift;
    }
  fit->chi2 = best;
  for (int t = 0; t < OSS_OWN_N; t++)
    {
      double h = oss_attenuation_hu (self->attenuation, self->substance[t], fit->energy_kev);
      fit->points[t].expected_hu = h + fit->shift_hu * (1.0 + h / 1000.0);
      fit->points[t].density_g_cm3 = oss_attenuation_density (self->attenuation, self->substance[t]);
    }
  fit->r2 = agreement (fit);
  if (!check_agreement (fit, error))
    return FALSE;
  if (fit->energy_kev <= LOW_KEV || fit->energy_kev >= HIGH_KEV || !errors_of (self, covariance))
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("The tissues do not tell the effective energy: the best fit lies at the end of %.0f to %.0f keV."),
          LOW_KEV, HIGH_KEV);
      return FALSE;
    }
  fit->energy_sd_kev = sqrt (covariance[0]);
  fit->shift_sd_hu = sqrt (covariance[1]);
  make_line (self, covariance);
  return TRUE;
}

/* ---- mineral and triglyceride ---- */

/* HU at which the parabola reads @density; the rising branch. */
static double
hu_reading (const double quadratic[3], double density)
{
  double a = quadratic[2], b = quadratic[1], c = quadratic[0] - density;

  if (fabs (a) < 1e-12)
    return -c / b;
  return (-b + sqrt (MAX (0.0, b * b - 4.0 * a * c))) / (2.0 * a);
}

static gboolean
fit_michalski (Fit *self, GError **error)
{
  OssInternalFit *fit = self->fit;
  double hu[OSS_OWN_N], gain;
  gboolean used[OSS_OWN_N];
  OssMichalski model;

  for (int t = 0; t < OSS_OWN_N; t++)
    hu[t] = fit->points[t].hu, used[t] = fit->points[t].used;
  if (!oss_internal_michalski (hu, used, &model, error))
    return FALSE;
  fit->energy_kev = model.energy_kev, fit->r2 = model.r2;
  fit->energy_sd_kev = fit->shift_hu = fit->shift_sd_hu = fit->chi2 = NAN;
  fit->energy_low_kev = 10.0, fit->energy_high_kev = 200.0;
  fit->expected_kev = fit->expected_sd_kev = NAN;
  gain = 1000.0 / (model.k2hpo4 - model.triglyceride);
  fit->quadratic[0] = gain * model.density_intercept * (model.mass_intercept - model.triglyceride);
  fit->quadratic[1] = gain
                      * (model.density_slope * (model.mass_intercept - model.triglyceride)
                         + model.density_intercept * model.mass_slope);
  fit->quadratic[2] = gain * model.density_slope * model.mass_slope;
  for (int t = 0; t < OSS_OWN_N; t++)
    fit->points[t].density_g_cm3 = model.density_slope * hu[t] + model.density_intercept;
  double low = hu_reading (fit->quadratic, CHORD_LOW), high = hu_reading (fit->quadratic, CHORD_HIGH);
  fit->slope_hu = (high - low) / (CHORD_HIGH - CHORD_LOW);
  fit->variance_slope = fit->variance_intercept = fit->covariance = NAN;
  if (!(fit->slope_hu > 0.2 && fit->slope_hu < 5.0))
    {
      g_set_error (
          error, OSS_ERROR, OSS_ERROR_REFUSED,
          _ ("The two-component calibration reads %.2f HU per mg/cm³ from these tissues: that is no bone mineral."),
          fit->slope_hu);
      return FALSE;
    }
  if (!used[OSS_OWN_BONE])
    note (fit,
          _ ("Without cortical bone the two-component model’s effective energy (%.1f keV) rests on soft tissue "
             "alone."),
          fit->energy_kev);
  note (fit,
        _ ("The two-component model’s density is not on the scale of a Mindways phantom, and its curve is replaced "
           "by the chord from %.0f to %.0f mg/cm³."),
        CHORD_LOW, CHORD_HIGH);
  return TRUE;
}

/* ---- the line ---- */

static void
finish_line (OssInternalFit *fit)
{
  g_autofree char *tissues = oss_own_tissues_describe (fit->tissues);
  OssCalibrationLine *line = &fit->line;

  *line = oss_calibration_line_make (1.0 / fit->slope_hu, fit->quadratic[0], OSS_BASIS_K2HPO4, "internal", "");
  if (fit->model == OSS_INTERNAL_MICHALSKI)
    line->intercept = CHORD_LOW - line->slope * hu_reading (fit->quadratic, CHORD_LOW);
  line->r2 = fit->r2;
  line->variance_slope = fit->variance_slope;
  line->variance_intercept = fit->variance_intercept;
  line->covariance = fit->covariance;
  if (isfinite (fit->variance_slope))
    line->uncertainty_mg_cm3 = oss_calibration_uncertainty (line, (UNCERTAIN_AT - line->intercept) / line->slope);
  oss_text_print (line->source, sizeof line->source, _ ("own tissues (%s), %.1f keV, %s"), tissues, fit->energy_kev,
                  oss_internal_model_name (fit->model));
}

static void
note_tissues (OssInternalFit *fit)
{
  const OssOwnTissues *tissues = fit->tissues;

  for (guint i = 0; i < tissues->notes->len; i++)
    note (fit, "%s", (const char *) tissues->notes->pdata[i]);
  for (int t = 0; t < OSS_OWN_BONE; t++)
    if (!tissues->of[t].used)
      note (fit, _ ("Not used: %s (%s)."), oss_own_tissue_title ((OssOwnTissue) t), tissues->of[t].note);
}

OssInternalFit *
oss_internal_fit (OssOwnTissues *tissues, const OssInternalOptions *options, GError **error)
{
  g_autoptr (OssInternalFit) fit = g_new0 (OssInternalFit, 1);
  g_auto (Fit) self = { 0 };
  gboolean done;

  fit->tissues = tissues;
  fit->model = options->model;
  fit->notes = g_ptr_array_new_with_free_func (g_free);
  if (!is_enough (tissues))
    {
      refuse_tissues (fit, error);
      return NULL;
    }
  note_tissues (fit);
  if (!fit_init (&self, fit, error))
    return NULL;
  take_points (&self);
  if (fit->model == OSS_INTERNAL_OWN)
    done = choose_energy (fit, options, error) && fit_own (&self, error);
  else
    done = fit_michalski (&self, error);
  if (!done)
    return NULL;
  finish_line (fit);
  return g_steal_pointer (&fit);
}

OssInternalFit *
oss_internal_calibrate (const OssVolume *volume, const OssInternalOptions *options, const OssTick *tick, GError **error)
{
  OssOwnTissues *tissues = oss_own_tissues_find (volume, options->places, options->contrast_named, tick, error);

  return tissues != NULL ? oss_internal_fit (tissues, options, error) : NULL;
}
