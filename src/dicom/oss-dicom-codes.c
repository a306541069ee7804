/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-codes.h"

#include "image/oss-vertebra.h"

#include <math.h>
#include <string.h>

#define OWN OSS_DICOM_PRIVATE_SCHEME

/* DICOM PS3.16, CID 7604 and SNOMED CT; index is the VerSe number. */
static const struct
{
  const char *value, *meaning;
} levels[] = {
  { NULL, NULL },
  { "14806007", "C1 vertebra" },
  { "39976000", "C2 vertebra" },
  { "113205007", "C3 vertebra" },
  { "5329002", "C4 vertebra" },
  { "36978003", "C5 vertebra" },
  { "36054005", "C6 vertebra" },
  { "87391001", "C7 vertebra" },
  { "64864005", "T1 vertebra" },
  { "53733008", "T2 vertebra" },
  { "1626008", "T3 vertebra" },
  { "73071006", "T4 vertebra" },
  { "56401006", "T5 vertebra" },
  { "45296009", "T6 vertebra" },
  { "62487009", "T7 vertebra" },
  { "11068009", "T8 vertebra" },
  { "82687006", "T9 vertebra" },
  { "7610001", "T10 vertebra" },
  { "12989004", "T11 vertebra" },
  { "23215003", "T12 vertebra" },
  { "66794005", "L1 vertebra" },
  { "14293000", "L2 vertebra" },
  { "36470004", "L3 vertebra" },
  { "11994002", "L4 vertebra" },
  { "49668003", "L5 vertebra" },
  { NULL, NULL }, /* L6 */
  { "54735007", "Sacrum" },
  { "64688005", "Coccyx" },
};

/* Mean, standard deviation and median: SNOMED CT, DICOM PS3.16, CID 7464. */
#define MEAN                                                                                                           \
  {                                                                                                                    \
    "373098007", "SCT", "Mean"                                                                                         \
  }
#define DEVIATION                                                                                                      \
  {                                                                                                                    \
    "386136009", "SCT", "Standard Deviation"                                                                           \
  }
#define MEDIAN                                                                                                         \
  {                                                                                                                    \
    "373099004", "SCT", "Median"                                                                                       \
  }
#define NO_CODE                                                                                                        \
  {                                                                                                                    \
    NULL, NULL, NULL                                                                                                   \
  }
#define UNIT(value, meaning)                                                                                           \
  {                                                                                                                    \
    value, "UCUM", meaning                                                                                             \
  }

static const struct
{
  OssDicomCode concept, unit, derivation;
} quantities[OSS_N_MEASURED] = {
  [OSS_MEASURED_VBMD] = { { "vbmd", OWN, "Trabecular volumetric bone mineral density" },
                          UNIT ("mg/cm3", "mg/cm3"),
                          MEAN },
  [OSS_MEASURED_VBMD_SD] = { { "vbmd", OWN, "Trabecular volumetric bone mineral density" },
                             UNIT ("mg/cm3", "mg/cm3"),
                             DEVIATION },
  [OSS_MEASURED_VBMD_UNCERTAINTY] = { { "vbmd-uncertainty", OWN, "Uncertainty of the density, half width" },
                                      UNIT ("mg/cm3", "mg/cm3"),
                                      NO_CODE },
  [OSS_MEASURED_HU] = { { "112031", "DCM", "Attenuation Coefficient" }, UNIT ("[hnsf'U]", "Hounsfield unit"), MEAN },
  [OSS_MEASURED_VOLUME] = { { "118565006", "SCT", "Volume" }, UNIT ("mm3", "cubic millimeter"), NO_CODE },
  [OSS_MEASURED_HEIGHT] = { { "121207", "DCM", "Height" }, UNIT ("mm", "millimeter"), NO_CODE },
  [OSS_MEASURED_STIFFNESS] = { { "stiffness", OWN, "Axial compressive stiffness" },
                               UNIT ("N/mm", "newton per millimeter"),
                               NO_CODE },
  [OSS_MEASURED_STRENGTH] = { { "strength", OWN, "Compressive strength" }, UNIT ("N", "newton"), NO_CODE },
  [OSS_MEASURED_LOAD_TO_STRENGTH] = { { "load-to-strength", OWN, "Ratio of load to strength" },
                                      UNIT ("1", "no units"),
                                      NO_CODE },
  [OSS_MEASURED_VON_MISES_MEDIAN] = { { "von-mises", OWN, "Von Mises stress" }, UNIT ("MPa", "megapascal"), MEDIAN },
};

/* How a number was found. */
static const OssDicomCode methods[] = {
  { "apparent-0.68", OWN, "Force at 0.68 % apparent strain of the linear model" },
  { "linear-2", OWN, "Force at 2 % apparent strain of the linear model" },
  { "pistoia", OWN, "Pistoia criterion on the linear model" },
  { "offset-0.2", OWN, "Offset yield at 0.2 % strain of the nonlinear model" },
  { "plateau", OWN, "Highest force of the nonlinear model" },
  { "phantom", OWN, "Calibrated by a phantom in the scan" },
  { "line", OWN, "Calibrated by a given line" },
  { "density", OWN, "The image held density" },
};

OssDicomCode
oss_dicom_vertebra_code (guint8 verse)
{
  if (verse < G_N_ELEMENTS (levels) && levels[verse].value != NULL)
    return (OssDicomCode){ levels[verse].value, "SCT", levels[verse].meaning };
  return (OssDicomCode){ "51282000", "SCT", "Vertebra" };
}

guint8
oss_dicom_vertebra_from_code (const char *value, const char *scheme)
{
  for (guint8 i = 1; strcmp (scheme, "SCT") == 0 && i < G_N_ELEMENTS (levels); i++)
    if (g_strcmp0 (value, levels[i].value) == 0)
      return i;
  return 0;
}

guint8
oss_dicom_vertebra_from_label (const char *label)
{
  static const char *const fillers[] = { "vertebra", "vertebrae", "vertebral", "body", "bone", "label", "level", NULL };
  g_autofree char *lower = g_ascii_strdown (label, -1);
  g_auto (GStrv) words = g_strsplit_set (lower, " _-.:,()", -1);
  guint8 level = 0;

  for (int i = 0; words[i] != NULL; i++)
    {
      guint8 named = oss_vertebra_from_name (words[i]);
      if (words[i][0] == '\0' || g_strv_contains (fillers, words[i]))
        continue;
      if (named == 0 || (level != 0 && level != named))
        return 0;
      level = named;
    }
  return level;
}

OssDicomCode
oss_measured_code (OssMeasured quantity)
{
  return quantities[quantity].concept;
}

OssDicomCode
oss_measured_unit_code (OssMeasured quantity)
{
  return quantities[quantity].unit;
}

OssDicomCode
oss_measured_derivation (OssMeasured quantity)
{
  return quantities[quantity].derivation;
}

const char *
oss_measured_name (OssMeasured quantity)
{
  return quantities[quantity].concept.meaning;
}

const char *
oss_measured_unit (OssMeasured quantity)
{
  return quantities[quantity].unit.value;
}

OssMeasured
oss_measured_from_code (const char *value, const char *scheme, const char *derivation)
{
  for (int i = 0; i < OSS_N_MEASURED; i++)
    if (g_str_equal (value, quantities[i].concept.value) && g_str_equal (scheme, quantities[i].concept.scheme)
        && g_str_equal (derivation, quantities[i].derivation.value != NULL ? quantities[i].derivation.value : ""))
      return (OssMeasured) i;
  return OSS_N_MEASURED;
}

OssDicomCode
oss_measured_method (const char *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (value, methods[i].value))
      return methods[i];
  return (OssDicomCode) NO_CODE;
}

static void
group_free (OssDicomGroup *self)
{
  g_array_unref (self->measurements);
  g_free (self->kernel);
  g_free (self->calibration);
  g_free (self->basis);
  g_free (self->model);
  g_free (self->density_class);
  g_free (self);
}

OssDicomReport *
oss_dicom_report_new (void)
{
  OssDicomReport *self = g_new0 (OssDicomReport, 1);

  self->study_uid = g_strdup ("");
  self->series_uid = g_strdup ("");
  self->date = g_strdup ("");
  self->time = g_strdup ("");
  self->program = g_strdup ("Ossature");
  self->version = g_strdup (OSS_VERSION);
  self->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  return self;
}

OssDicomGroup *
oss_dicom_report_add (OssDicomReport *self, guint8 vertebra)
{
  OssDicomGroup *group = g_new0 (OssDicomGroup, 1);

  group->vertebra = vertebra;
  group->measurements = g_array_new (FALSE, TRUE, sizeof (OssMeasurement));
  group->kernel = g_strdup ("");
  group->calibration = g_strdup ("");
  group->basis = g_strdup ("");
  group->model = g_strdup ("");
  group->density_class = g_strdup ("");
  group->slope = group->intercept = NAN;
  g_ptr_array_add (self->groups, group);
  return group;
}

void
oss_dicom_group_add (OssDicomGroup *self, OssMeasured quantity, const char *method, double value)
{
  OssMeasurement measurement = { quantity, value, "" };

  if (!isfinite (value) || quantity >= OSS_N_MEASURED)
    return;
  if (method != NULL)
    g_strlcpy (measurement.method, method, sizeof measurement.method);
  g_array_append_val (self->measurements, measurement);
}

double
oss_dicom_group_get (const OssDicomGroup *self, OssMeasured quantity, const char *method)
{
  for (guint i = 0; i < self->measurements->len; i++)
    {
      const OssMeasurement *measurement = &g_array_index (self->measurements, OssMeasurement, i);
      if (measurement->quantity == quantity && (method == NULL || g_str_equal (measurement->method, method)))
        return measurement->value;
    }
  return NAN;
}

void
oss_dicom_report_free (OssDicomReport *self)
{
  if (self == NULL)
    return;
  g_free (self->study_uid);
  g_free (self->series_uid);
  g_free (self->date);
  g_free (self->time);
  g_free (self->program);
  g_free (self->version);
  g_ptr_array_unref (self->groups);
  g_free (self);
}
