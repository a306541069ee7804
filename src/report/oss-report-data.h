/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to report and its tests: everything a report says, taken out of a study once. */
#pragma once

#include "fem/oss-fem-estimators.h"
#include "report/oss-report-internal.h"
#include "report/oss-report.h"

G_BEGIN_DECLS

/* One slice picture and how it was looked at. */
typedef struct
{
  OssSliceView view;
  OssPicture *picture; /* NULL: not there */
} OssReportSlice;

/* Worst first. */
typedef enum
{
  OSS_CHANGE_WARNING,
  OSS_CHANGE_NOTE,
} OssChangeKind;

/* A line of "What would change this reading": a bold statement and what it means. */
typedef struct
{
  OssChangeKind kind;
  char *statement, *meaning;
} OssReportChange;

/* Numbers that are not known are NaN, strings NULL or "".  Translated strings are for people and never
 * go into CSV or JSON, apart from warnings. */
typedef struct
{
  /* Head. */
  char *institution, *reader, *comment;
  char *patient_name; /* NULL when the report is de-identified */
  char *patient_id;
  char *born;                  /* "1954-08-02"; NULL when de-identified */
  char *age;                   /* "71" */
  char *sex;                   /* DICOM: "F", "M", "O", "" */
  char *scan_date, *scan_time; /* "2026-03-14", "09:12" */
  char *vertebra;              /* "L1"; "" when the level was not given */
  gboolean out_of_date;
  gboolean simulated;

  /* Input. */
  gboolean has_series;
  char *study_uid, *series_uid, *kernel, *scanner, *series_description, *contrast, *input_hash;
  OssKernelCorrected *correction; /* NULL: nothing was asked for */
  double kvp, exposure_mas, slice_thickness_mm, tilt_deg;
  OssGrid grid;

  /* Calibration. */
  gboolean has_calibration;
  OssCalibrationLine line;
  gboolean has_fit;
  OssPhantomFit fit;
  char *quality_date, *quality_series_uid, *quality_phantom; /* of the quality scan; NULL: not asynchronous */
  int quality_days;                                          /* from it to the scan */
  gboolean has_internal;
  OssReportInternal internal;

  /* Density and class. */
  gboolean has_vbmd;
  OssVbmd vbmd;
  double vbmd_uncertainty_mg_cm3;
  OssDensityError vbmd_error;
  gboolean has_forms;
  OssVbmdForms forms;
  OssClassification class;

  /* Segmentation. */
  gboolean has_segment;
  char *segment_how;
  double label_volume_mm3, threshold_hu;
  OssVertebraFrame frame;
  OssReportSlice slices[3];     /* OSS_PLANE_AXIAL, SAGITTAL, CORONAL */
  OssReportSlice phantom_slice; /* through the rods; no picture without a fit */

  /* Mesh. */
  gboolean has_mesh;
  const char *element; /* "tet10" */
  double element_size_mm;
  OssMeshQuality quality;

  /* Simulation. */
  const char *law_name, *law_title, *law_source, *law_range_note;
  char *law_chain;
  OssBasis law_basis;
  double law_low_mg_cm3, law_high_mg_cm3, poisson, modulus_floor_mpa;
  OssModulusSummary modulus;
  double displacement_mm, superior_area_mm2, inferior_area_mm2;
  OssStrength strength;
  OssStrengthError linear_error, nonlinear_error;
  OssStressSummary stress;
  OssCaps caps; /* none: the rest is NaN */
  double caps_stiffness_n_per_mm, caps_displacement_mm, caps_contact_mm2[2];
  gsize caps_elements;
  char *solver, *solver_reason;
  int solver_iterations;
  double relative_residual;
  /* Beyond yield; the curve has its points and figures, no fields. */
  OssFemCurve *curve; /* NULL: linear analysis only */
  const char *yield_name, *yield_title, *yield_source, *criterion;
  char *yield_formula, *post_yield, *post_yield_words;
  double final_strain;
  const OssPicture *stress_picture; /* borrowed */
  char *stress_caption;

  /* Run. */
  double seconds[OSS_N_STEPS], peak_mib[OSS_N_STEPS]; /* NaN: the step has not run */
  GPtrArray *warnings;                                /* char* */
  GArray *changes;                                    /* OssReportChange, four at most */
  char *result_hash;                                  /* SHA-256 of the result without times and memory, hex */
  OssStudyOptions options;
} OssReportData;

/* The slice that shows the rods of @fit best; the caller frees the picture. */
void oss_report_phantom_slice (const OssVolume *volume, const OssPhantomFit *fit, OssReportSlice *slice);

OssReportData *oss_report_data_new (void);
void oss_report_data_free (OssReportData *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssReportData, oss_report_data_free)

/* What @study knows by now; @options may be NULL (then de-identified).  With @pictures the slices are drawn. */
OssReportData *oss_report_data_from_study (OssStudy *study, const OssReportOptions *options, gboolean pictures);
/* Fills changes and result_hash from the rest. */
void oss_report_data_finish (OssReportData *self);

/* Limits of trabecular vBMD, mg/cm3: below the first osteoporosis range, above the second normal
 * (American College of Radiology; the class itself comes from oss_study_classify()). */
#define OSS_REPORT_OSTEOPOROSIS_MG_CM3 80.0
#define OSS_REPORT_NORMAL_MG_CM3 120.0

/* The strength the report leads with, N, and its standard error. */
double oss_report_data_strength (const OssReportData *self);
double oss_report_data_strength_error (const OssReportData *self);
double oss_report_data_estimator_error (const OssReportData *self, OssEstimatorId id);
#define OSS_REPORT_STRENGTH_ESTIMATOR "apparent_0_68_percent"

gboolean oss_report_data_pdf (const OssReportData *self, const char *paper, const char *path, GError **error);
gboolean oss_report_data_csv (const OssReportData *self, const char *path, GError **error);
gboolean oss_report_data_curve_csv (const OssReportData *self, const char *path, GError **error);
/* @whole: with times, memory and the hash of the rest. */
char *oss_report_data_json (const OssReportData *self, gboolean whole);

G_END_DECLS
