/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

G_BEGIN_DECLS

/* The results of all steps; each is a reference counted box (g_rc_box), immutable once made. */
typedef struct
{
  gpointer of[OSS_N_STEPS];
} OssStudyResults;

gpointer oss_study_result_ref (gpointer result);
void oss_study_result_unref (OssStep step, gpointer result);

/* What one step gave, on its way from the worker to the document. */
typedef struct
{
  OssStep step;
  gpointer result; /* NULL when it failed */
  OssState state;
  char *message;
  double seconds;
  double peak_mib;
  guint generation; /* of the options it was made with */
} OssStudyOutcome;

void oss_study_outcome_free (OssStudyOutcome *self);

/* Told of each step as it ends, on the thread that works. (transfer full) */
typedef void (*OssStudyOutcomeFunc) (OssStudyOutcome *outcome, void *data);

/* A run: a copy of everything it needs, so that the document may change meanwhile. */
typedef struct
{
  OssStudyOptions options;
  OssStudyResults results; /* references; filled as steps end */
  gboolean needed[OSS_N_STEPS];
  guint generation[OSS_N_STEPS];
  OssStudyOutcomeFunc outcome;
  OssStudyOutcomeFunc started; /* state RUNNING, no result */
  void *outcome_data;
} OssStudyRun;

void oss_study_run_clear (OssStudyRun *self);
gboolean oss_study_run_execute (OssStudyRun *self, const OssTick *tick, GError **error);

/* Notes, or with @refuse refuses, a vertebra that the image cuts: its body, a part of it, by edges or by padding.
 * @labels: on the volume's grid, whole; @info: frame and notes are there. */
gboolean oss_study_check_cut (const OssVolume *volume, const OssLabels *labels, gboolean refuse, OssSegmentation *info,
                              GError **error);

/* Corrects @load's image to the kernel that the options name, by the scan's own phantom where it shows the transfer
 * functions (oss-study-mtf.c); what was read stays as the original.  @list: (nullable): the series it was chosen of. */
gboolean oss_study_correct_kernel (const OssStudyOptions *options, const OssSeriesList *list, OssLoadResult *load,
                                   const OssTick *tick, GError **error);

/* Calibration by the patient's own tissues (oss-study-internal.c). */
gboolean oss_study_check_internal (const OssStudyOptions *options, GError **error);
gboolean oss_study_same_internal (const OssStudyOptions *a, const OssStudyOptions *b);
gboolean oss_study_calibrate_internal (const OssStudyOptions *options, const OssLoadResult *load,
                                       OssCalibrateResult *calibrate, const OssTick *tick, GError **error);
gboolean
oss_study_measure_aorta (const OssLoadResult *load, OssCalibrateResult *calibrate, const OssTick *tick, GError **error);
void oss_study_warn_aorta (const OssCalibrateResult *calibrate, GPtrArray *warnings);
char *oss_study_describe_internal (const OssInternalFit *fit);
gboolean oss_study_internal_has_notes (const OssInternalFit *fit);
void oss_study_warn_internal (const OssInternalFit *fit, GPtrArray *warnings);

/* One step from options and the results before it; the new box, or NULL.  @message: one sentence. */
gpointer oss_study_step_load (const OssStudyOptions *options, char **message, gboolean *notes, const OssTick *tick,
                              GError **error);
gpointer oss_study_step_calibrate (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                                   gboolean *notes, const OssTick *tick, GError **error);
gpointer oss_study_step_segment (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                                 gboolean *notes, const OssTick *tick, GError **error);
gpointer oss_study_step_mesh (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                              gboolean *notes, const OssTick *tick, GError **error);
gpointer oss_study_step_simulate (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                                  gboolean *notes, const OssTick *tick, GError **error);

/* How well the density that was read is known. */
void oss_study_density_error (const OssLoadResult *load, const OssCalibrateResult *calibrate, const OssVbmd *vbmd,
                              OssDensityError *error);
/* Fills the errors of @simulate, which is solved. */
void oss_study_strength_error (const OssStudyResults *results, OssSimulateResult *simulate);

/* Fills the moduli of @simulate, whose law chain is set. */
gboolean oss_study_give_modulus (const OssStudyOptions *options, const OssStudyResults *results,
                                 OssSimulateResult *simulate, const OssTick *tick, GError **error);

/* Leads the model of @simulate, solved linearly, on beyond yield: fills its curve, with the yield rule it follows. */
gboolean oss_study_load_beyond_yield (const OssStudyOptions *options, const OssFemModel *model,
                                      OssSimulateResult *simulate, const OssTick *tick, GError **error);
/* USAGE when the options of the curve make no sense. */
gboolean oss_study_check_nonlinear (const OssStudyOptions *options, GError **error);
gboolean oss_study_same_nonlinear (const OssStudyOptions *a, const OssStudyOptions *b);
/* What a reader of the curve has to know, translated, added to @warnings. */
void oss_study_warn_nonlinear (const OssSimulateResult *simulate, const OssMesh *mesh, GPtrArray *warnings);

/* Caps: whether options agree in them, whether they can be simulated, and the compression itself: fills prescribed,
 * fem, and with caps capped. */
gboolean oss_study_same_caps (const OssStudyOptions *a, const OssStudyOptions *b);
gboolean oss_study_check_caps (const OssStudyOptions *options, GError **error);
gboolean oss_study_check_phantom (const OssStudyOptions *options, GError **error);
/* The phantom in an image of HU.  NOT_FOUND or REFUSED with words. */
gboolean oss_study_find_phantom (const OssStudyOptions *options, const OssVolume *volume, OssPhantomFit *fit,
                                 const OssTick *tick, GError **error);
/* What is to be said about a fit. (element-type utf8) */
void oss_study_add_phantom_warnings (GPtrArray *warnings, const OssPhantomFit *fit);
gboolean oss_study_compress (const OssStudyOptions *options, const OssFemModel *bone, const OssVertebraFrame *frame,
                             OssSimulateResult *simulate, const OssTick *tick, GError **error);

/* The first step whose result depends on what differs; OSS_N_STEPS when nothing does. */
OssStep oss_study_options_first_change (const OssStudyOptions *a, const OssStudyOptions *b);
/* USAGE when the options contradict themselves or a name is unknown. */
gboolean oss_study_options_check (const OssStudyOptions *options, GError **error);
/* "line:0.7,-4.2,K2HPO4" or "line:jiang2023-b40f" */
gboolean oss_study_parse_line (const char *text, OssCalibrationLine *line, GError **error);
/* "1-4,7" -> wanted[1] = ... = TRUE */
gboolean oss_study_parse_values (const char *text, gboolean wanted[256], GError **error);

G_END_DECLS
