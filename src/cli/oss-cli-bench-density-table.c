/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the virtual patients of "bench density" say together. */
#include "cli/oss-cli-bench-density.h"

#include "base/oss-i18n.h"
#include "report/oss-report-record.h"
#include "study/oss-comparison.h"

#include <math.h>
#include <string.h>

/* Of the errors of one way's density, mg/cm3, and relative to the truth. */
typedef struct
{
  int n;
  double bias, sd, rms_percent, worst;
} Errors;

/* A smooth reading beside one of a sharper kernel. */
typedef struct
{
  const char *key, *title;
  OssDensityWay a, b;
} Pair;

static const Pair pairs[] = {
  { "common_line", N_ ("one common line (texture alone)"), OSS_DENSITY_PHANTOM_SMOOTH, OSS_DENSITY_COMMON_SHARP },
  { "own_lines", N_ ("each its own phantom line"), OSS_DENSITY_PHANTOM_SMOOTH, OSS_DENSITY_PHANTOM_SHARP },
  { "published_lines", N_ ("the published lines"), OSS_DENSITY_PUBLISHED_SMOOTH, OSS_DENSITY_PUBLISHED_SHARP },
  { "corrected", N_ ("B70f corrected to B40f"), OSS_DENSITY_PHANTOM_SMOOTH, OSS_DENSITY_CORRECTED_SHARP },
  { "edge", N_ ("B60s (enhances edges), own line"), OSS_DENSITY_PHANTOM_SMOOTH, OSS_DENSITY_PHANTOM_EDGE },
  { "edge_corrected", N_ ("B60s corrected to B40f"), OSS_DENSITY_PHANTOM_SMOOTH, OSS_DENSITY_CORRECTED_EDGE },
};

typedef double (*Quantity) (const OssDensityReading *reading);

static double
vbmd_of (const OssDensityReading *reading)
{
  return reading->vbmd_mg_cm3;
}

static double
stiffness_of (const OssDensityReading *reading)
{
  return reading->stiffness_n_per_mm;
}

static double
pistoia_of (const OssDensityReading *reading)
{
  return reading->pistoia_n;
}

static const struct
{
  const char *key, *title;
  Quantity of;
} quantities[] = {
  { "stiffness", N_ ("stiffness"), stiffness_of },
  { "strength", N_ ("strength (Pistoia)"), pistoia_of },
  { "vbmd", N_ ("vBMD"), vbmd_of },
};

/* Mean and standard deviation (n - 1) of the values that are known. */
static int
mean_and_sd (const double *values, guint count, double *mean, double *sd)
{
  double sum = 0.0, squares = 0.0;
  int n = 0;

  for (guint i = 0; i < count; i++)
    if (!isnan (values[i]))
      sum += values[i], n++;
  *mean = sum / n;
  for (guint i = 0; i < count; i++)
    if (!isnan (values[i]))
      squares += (values[i] - *mean) * (values[i] - *mean);
  *sd = n > 1 ? sqrt (squares / (n - 1)) : NAN;
  return n;
}

static Errors
errors_of (const GArray *patients, OssDensityWay way)
{
  g_autofree double *values = g_new (double, patients->len);
  Errors errors = { 0 };
  double squares = 0.0;

  for (guint i = 0; i < patients->len; i++)
    {
      const OssDensityPatient *p = &g_array_index (patients, OssDensityPatient, i);
      values[i] = p->readings[way].vbmd_mg_cm3 - p->vbmd_mg_cm3;
      if (isnan (values[i]))
        continue;
      squares += values[i] * values[i] / (p->vbmd_mg_cm3 * p->vbmd_mg_cm3);
      errors.worst = fabs (values[i]) > fabs (errors.worst) ? values[i] : errors.worst;
    }
  errors.n = mean_and_sd (values, patients->len, &errors.bias, &errors.sd);
  errors.rms_percent = 100.0 * sqrt (squares / errors.n);
  return errors;
}

static OssAgreement
agreement_of (const GArray *patients, const Pair *pair, Quantity of)
{
  g_autofree double *a = g_new (double, patients->len), *b = g_new (double, patients->len);
  OssAgreement agreement;

  for (guint i = 0; i < patients->len; i++)
    {
      const OssDensityPatient *p = &g_array_index (patients, OssDensityPatient, i);
      a[i] = of (&p->readings[pair->a]);
      b[i] = of (&p->readings[pair->b]);
    }
  oss_agreement_compute (a, b, patients->len, &agreement);
  return agreement;
}

/* In how many patients both readings give the same class of vBMD. */
static int
same_class (const GArray *patients, const Pair *pair)
{
  int same = 0;

  for (guint i = 0; i < patients->len; i++)
    {
      const OssDensityPatient *p = &g_array_index (patients, OssDensityPatient, i);
      double a = p->readings[pair->a].vbmd_mg_cm3, b = p->readings[pair->b].vbmd_mg_cm3;
      same += !isnan (a) && !isnan (b) && g_str_equal (oss_study_density_class (a), oss_study_density_class (b));
    }
  return same;
}

static void
add_pair (GString *text, const GArray *patients, const Pair *pair)
{
  for (gsize q = 0; q < G_N_ELEMENTS (quantities); q++)
    {
      OssAgreement d = agreement_of (patients, pair, quantities[q].of);
      if (d.n == 0)
        continue;
      if (q == 0)
        g_string_append_printf (text, _ ("%s: same class of vBMD in %d of %d\n"), _ (pair->title),
                                same_class (patients, pair), d.n);
      g_string_append_printf (
          text, _ ("  %-20s mean %+6.2f %%, mean |difference| %5.2f %%, 95 %% limits %+6.2f to %+6.2f %%\n"),
          _ (quantities[q].title), d.mean, d.mean_absolute, d.low, d.high);
    }
}

char *
oss_density_table (const GArray *patients)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, _ ("%u virtual patients (in silico)\n\nvBMD of L1 against the truth\n"), patients->len);
  for (int way = 0; way < OSS_N_DENSITY_WAYS; way++)
    {
      Errors e = errors_of (patients, way);
      if (e.n > 0)
        g_string_append_printf (
            text, _ ("  %-16s n %2d  bias %+6.2f  SD %5.2f mg/cm³  RMS %5.2f %%  largest %+6.2f mg/cm³\n"),
            oss_density_way_key (way), e.n, e.bias, e.sd, e.rms_percent, e.worst);
    }
  g_string_append (text, _ ("\nStiffness, strength and vBMD: (B40f − other) / other\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    add_pair (text, patients, &pairs[i]);
  return g_string_free (text, FALSE);
}

static void
record_patient (OssReportRecord *record, const OssDensityPatient *patient)
{
  g_autofree char *name = g_strdup_printf ("seed_%" G_GUINT64_FORMAT, patient->seed);
  const char size[] = { patient->size, '\0' };

  oss_report_record_begin (record, name);
  oss_report_record_string (record, "size", size);
  oss_report_record_double (record, "vbmd_mg_cm3", patient->vbmd_mg_cm3);
  oss_report_record_double (record, "kernel_deviation", patient->kernel_deviation);
  oss_report_record_double (record, "effective_energy_kev", patient->energy_kev);
  for (int way = 0; way < OSS_N_DENSITY_WAYS; way++)
    {
      const OssDensityReading *r = &patient->readings[way];
      if (isnan (r->vbmd_mg_cm3))
        continue;
      oss_report_record_begin (record, oss_density_way_key (way));
      oss_report_record_double (record, "vbmd_mg_cm3", r->vbmd_mg_cm3);
      oss_report_record_double (record, "stiffness_n_per_mm", r->stiffness_n_per_mm);
      oss_report_record_double (record, "pistoia_n", r->pistoia_n);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

static void
record_pair (OssReportRecord *record, const GArray *patients, const Pair *pair)
{
  oss_report_record_begin (record, pair->key);
  oss_report_record_int (record, "same_class", same_class (patients, pair));
  for (gsize q = 0; q < G_N_ELEMENTS (quantities); q++)
    {
      OssAgreement d = agreement_of (patients, pair, quantities[q].of);
      oss_report_record_begin (record, quantities[q].key);
      oss_report_record_int (record, "n", d.n);
      oss_report_record_double (record, "mean_percent", d.mean);
      oss_report_record_double (record, "mean_absolute_percent", d.mean_absolute);
      oss_report_record_double (record, "low_percent", d.low);
      oss_report_record_double (record, "high_percent", d.high);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
}

char *
oss_density_record (const GArray *patients, double mesh_mm, const char *mtf)
{
  g_autoptr (OssReportRecord) record = oss_report_record_new ("density");

  oss_report_record_double (record, "mesh_mm", mesh_mm);
  oss_report_record_string (record, "mtf", mtf);
  oss_report_record_begin (record, "errors");
  for (int way = 0; way < OSS_N_DENSITY_WAYS; way++)
    {
      Errors e = errors_of (patients, way);
      if (e.n == 0)
        continue;
      oss_report_record_begin (record, oss_density_way_key (way));
      oss_report_record_int (record, "n", e.n);
      oss_report_record_double (record, "bias_mg_cm3", e.bias);
      oss_report_record_double (record, "sd_mg_cm3", e.sd);
      oss_report_record_double (record, "rms_percent", e.rms_percent);
      oss_report_record_double (record, "largest_mg_cm3", e.worst);
      oss_report_record_end (record);
    }
  oss_report_record_end (record);
  oss_report_record_begin (record, "kernels");
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    record_pair (record, patients, &pairs[i]);
  oss_report_record_end (record);
  oss_report_record_begin (record, "patients");
  for (guint i = 0; i < patients->len; i++)
    record_patient (record, &g_array_index (patients, OssDensityPatient, i));
  oss_report_record_end (record);
  return oss_report_record_text (record);
}
