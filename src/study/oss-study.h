/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-internal.h"
#include "calibrate/oss-phantom.h"
#include "calibrate/oss-vbmd.h"
#include "dicom/oss-series.h"
#include "fem/oss-fem-caps.h"
#include "fem/oss-fem-estimators.h"
#include "fem/oss-fem-yielding.h"
#include "fem/oss-fem.h"
#include "mesh/oss-mesher.h"
#include "segment/oss-segment.h"
#include "study/oss-quality.h"
#include "study/oss-study-kernel.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The steps from a CT to a stress map.  A change of one marks every later one out of date. */
typedef enum
{
  OSS_STEP_LOAD,
  OSS_STEP_CALIBRATE,
  OSS_STEP_SEGMENT,
  OSS_STEP_MESH,
  OSS_STEP_SIMULATE,
  OSS_N_STEPS,
} OssStep;

typedef enum
{
  OSS_STATE_NOT_RUN,
  OSS_STATE_RUNNING,
  OSS_STATE_DONE,
  OSS_STATE_NOTES,       /* done, with notes */
  OSS_STATE_OUT_OF_DATE, /* the last result is kept and marked */
  OSS_STATE_FAILED,
  OSS_STATE_REFUSED,
  OSS_STATE_CANCELLED,
} OssState;

OSS_API const char *oss_step_key (OssStep step);     /* "load", "calibrate", ... stable */
OSS_API const char *oss_step_name (OssStep step);    /* translated */
OSS_API const char *oss_state_name (OssState state); /* translated: "Out of date" */

/**
 * OssStudyOptions: everything that decides a result.  Strings are owned by the options.
 */
typedef struct
{
  char *path;                /* DICOM folder or file, or NIfTI of HU or density */
  char *series_uid;          /* NULL: choose */
  char *kernel;              /* NULL: any */
  gboolean resample_tilt;    /* a series that only a tilted gantry refuses is straightened: a note says so */
  char *correct_to;          /* reconstruction kernel that the image is corrected to, once loaded; NULL: none */
  char *correct_from;        /* kernel that it was made with; NULL: by the header */
  char *correct_mtf;         /* NULL or "auto": by the phantom in the scan and the tables; "measured", "table", or a
                                file with that kernel's transfer function */
  double correct_to_mm;      /* thickness that slices are averaged to; 0: as they are */
  gboolean input_is_density; /* NIfTI holds density already */
  OssBasis density_basis;    /* its basis, K2HPO4 by default */

  char *calibration; /* "phantom", "async" (the nearest quality scan), "internal" (own tissues),
                        "line:SLOPE,INTERCEPT,BASIS" (mg/cm3), "line:NAME", "density", "none" (outlines only); NULL:
                        phantom when found, else refused with what to give */
  char *worklist;    /* database with the quality scans of "async"; NULL: oss_worklist_default_path() */
  int quality_days;  /* how far a quality scan may lie from the scan; 0: OSS_QUALITY_MOST_DAYS */
  /* Of calibration "internal": */
  char *tissues;             /* "fat=X,Y,Z,RADIUS;blood=none": oss_own_places_parse(); NULL: all found by themselves */
  char *internal_model;      /* NULL: "k2hpo4-water"; or "michalski2020" */
  char *effective_energy;    /* "68.5" keV, "free" (by the tissues alone); NULL: by tube voltage and tissues */
  char *phantom;             /* "mindways3"; NULL or "auto": whichever of the table is in the image */
  char *phantom_serial;      /* whose certificate; NULL: the table's own densities */
  char *phantom_certificate; /* file of certificates; NULL: the user's own */

  guint8 vertebra; /* VerSe number; 0: unknown level */
  gboolean has_at;
  double at_mm[3];
  char *labels_path; /* NIfTI labels; NULL: click */
  OssNumbering numbering;
  char *label_values; /* "1-4,7": these values together are the vertebra, whatever the numbering; NULL: by level */

  OssMeshOptions mesh;

  char *law;        /* "morgan2003-vertebra" */
  char *conversion; /* NULL: "equal" */
  OssCaps caps;     /* between endplates and plates; none by default */
  double
      displacement_mm; /* by how much the endplates come nearer; 0: 0.68 % of the distance of the endplates, the
                          apparent strain of the headline strength estimate, so that the stress map shows that load */

  gboolean nonlinear;    /* also a load-displacement curve beyond yield */
  char *yield_law;       /* NULL: the one that belongs to the law */
  char *criterion;       /* "paraboloid"; NULL: the yield law's own */
  char *post_yield;      /* "perfect", "hardening:0.05", "softening:0.5,0.2": oss_post_yield_parse(); NULL: perfect */
  double final_strain;   /* apparent, at the end of the curve; 0: 0.02 */
  int increments;        /* of the curve; 0: 20 */
  int newton_iterations; /* in an increment, before it is cut; 0: 25 */
} OssStudyOptions;

OSS_API void oss_study_options_default (OssStudyOptions *options);
OSS_API void oss_study_options_copy (OssStudyOptions *to, const OssStudyOptions *from);
OSS_API void oss_study_options_clear (OssStudyOptions *options);

#define OSS_TYPE_STUDY (oss_study_get_type ())
OSS_API GType oss_study_get_type (void);
G_DECLARE_FINAL_TYPE (OssStudy, oss_study, OSS, STUDY, GObject)

/* The document.  Owned by one thread (the main loop's, or the command's); results are immutable and
 * may be read from any thread once taken.  Signal "step-changed" (OssStep) after every change of state. */
OSS_API OssStudy *oss_study_new (void);

OSS_API const OssStudyOptions *oss_study_get_options (OssStudy *self);
/* The vertebra that the options name in @all (by level, or by label values), as 1.
 * @name: of the file, for words; @how: (out) (transfer full): how it was chosen, translated. */
OSS_API OssLabels *oss_study_select_labels (const OssStudyOptions *options, const OssLabels *all, const char *name,
                                            char **how, GError **error);

/* Compares with what was there and marks what is downstream of the change out of date.  USAGE on nonsense. */
OSS_API gboolean oss_study_set_options (OssStudy *self, const OssStudyOptions *options, GError **error);

/* Runs what is needed up to @last; blocks. */
OSS_API gboolean oss_study_run (OssStudy *self, OssStep last, const OssTick *tick, GError **error);
/* The same on a worker; progress through "progress" (double fraction, char *what) on the main context.
 * Cancelling @cancellable is answered within 200 ms and leaves the study usable. */
OSS_API void oss_study_run_async (OssStudy *self, OssStep last, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
OSS_API gboolean oss_study_run_finish (OssStudy *self, GAsyncResult *result, GError **error);

OSS_API OssState oss_study_get_state (OssStudy *self, OssStep step);
/* The step's result was made with today's options and of today's earlier results.  A run that was cancelled or failed
 * keeps the old result, but it is not current. */
OSS_API gboolean oss_study_is_current (OssStudy *self, OssStep step);
OSS_API const char *oss_study_get_message (OssStudy *self, OssStep step); /* error or one-sentence result, translated */
OSS_API double oss_study_get_seconds (OssStudy *self, OssStep step);
OSS_API double oss_study_get_peak_mib (OssStudy *self, OssStep step);

/* Results; NULL until the step is done.  Borrowed, valid until the step runs again. */
typedef struct
{
  OssSeries *series;   /* NULL for NIfTI input */
  OssVolume *volume;   /* HU (or density, when the input was); corrected for the kernel where that was asked for */
  OssVolume *original; /* before that correction; NULL: @volume is as it was read */
  OssKernelCorrected *correction; /* what was done about the kernel; NULL: nothing was asked for */
  char *hash;                     /* SHA-256 of the input */
  char *choice;                   /* translated: which series was taken of several; NULL: there was one */
} OssLoadResult;

typedef struct
{
  OssCalibrationLine line;
  OssPhantomFit *fit;       /* NULL unless method "phantom" */
  OssQualityUse *quality;   /* NULL unless method "async" */
  OssInternalFit *internal; /* NULL unless method "internal" */
  double aorta_hu;          /* NaN: none was found, or nobody looked (no density is wanted) */
  gboolean enhanced;        /* the aorta reads as with contrast agent */
} OssCalibrateResult;

/* How well a density is known, mg/cm3, standard errors; NaN where a part is not known, and then the whole.
 * total^2 = line^2 + noise^2 + kernel^2 + way^2. */
typedef struct
{
  double line;   /* of the calibration line at the region's HU, by its covariance */
  double noise;  /* of the mean over the region: the voxels' SD over the root of the independent readings in it */
  double kernel; /* of a sharp or unknown kernel that was not corrected */
  double way;    /* of what remains (place of the region, beam hardening; asynchronous: field without the patient), by
                    virtual patients, in silico */
  double total;
} OssDensityError;

/* How well a stiffness or strength S is known, as shares of it, from how well densities are:
 * total^2 = line^2 + kernel^2 + way^2. */
typedef struct
{
  double exponent;   /* d ln S / d ln density: percent of S per percent of all densities */
  double per_mg_cm3; /* d ln S / d density: share of S per mg/cm3 added everywhere */
  double line, kernel, way, total;
} OssStrengthError;

typedef struct
{
  OssLabels *labels; /* 1 = the vertebra; cropped to it with a margin, on the volume's voxel lattice */
  OssSegmentation info;
  OssVbmd vbmd;
  gboolean has_vbmd;
  double vbmd_uncertainty_mg_cm3; /* of vbmd.mean_mg_cm3: vbmd_error.total; NaN when the line's error is not known */
  OssDensityError vbmd_error;
  OssVbmdForms forms; /* of the body by its label */
  gboolean has_forms;
  char *how; /* translated: "One click at ...", "Labels from FILE (TotalSegmentator), L1" */
} OssSegmentResult;

typedef struct
{
  OssMesh *mesh;
  OssMeshQuality quality;
} OssMeshResult;

typedef struct
{
  OssLawChain chain;
  double *modulus_mpa;
  OssModulusSummary modulus;
  OssEndplate superior, inferior;
  double displacement_mm;
  GArray *prescribed; /* OssNodal, on the vertebra's mesh: with caps where they took its nodes to */
  OssCapped *capped;  /* NULL: without caps */
  OssFemResult *fem;
  OssStrength strength;
  OssStressSummary stress;
  OssYielding yielding;             /* of the curve */
  OssStrengthError linear_error;    /* of stiffness and the linear estimators */
  OssStrengthError nonlinear_error; /* of those of the curve; the linear one without a curve */
  OssFemCurve *curve;               /* NULL: linear analysis only.  Not converging is a result: its reason tells */
} OssSimulateResult;

OSS_API const OssLoadResult *oss_study_get_load (OssStudy *self);
OSS_API const OssCalibrateResult *oss_study_get_calibrate (OssStudy *self);
OSS_API const OssSegmentResult *oss_study_get_segment (OssStudy *self);
OSS_API const OssMeshResult *oss_study_get_mesh (OssStudy *self);
OSS_API const OssSimulateResult *oss_study_get_simulate (OssStudy *self);

/* Standard error of an estimator's force, N; NaN when not known. */
OSS_API double oss_simulate_error_n (const OssSimulateResult *simulate, OssEstimatorId id);

/* Class after FACTS 1.4: rests on trabecular vBMD (ACR bands). */
typedef struct
{
  const char *density_class; /* "normal", "low", "osteoporosis", or "none" */
  const char *reason;        /* translated: why there is none, or what it rests on */
  const char *source;
  double margin_mg_cm3; /* distance to the nearest limit */
  gboolean borderline;  /* margin within the uncertainty */
} OssClassification;

/* "osteoporosis", "low" or "normal": the American College of Radiology's bands of spine trabecular vBMD (K2HPO4). */
OSS_API const char *oss_study_density_class (double vbmd_mg_cm3);
/* Where these bands come from; static, marked for translation. */
OSS_API const char *oss_study_density_class_source (void);
OSS_API void oss_study_classify (OssStudy *self, OssClassification *classification);

/* Every note and warning of the series and the steps, translated. (transfer full) (element-type utf8) */
OSS_API GPtrArray *oss_study_get_warnings (OssStudy *self);

/* The simulated model as an Abaqus/CalculiX deck. */
OSS_API gboolean oss_study_write_deck (OssStudy *self, const char *path, guint bins, GError **error);

G_END_DECLS
