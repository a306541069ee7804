/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/oss-study-private.h"

#include "base/oss-i18n.h"
#include "formats/oss-nifti.h"
#include "study/oss-labels-file.h"

#include <math.h>
#include <string.h>

/* Bone starts far above this: an image that never reaches it holds none. */
#define NO_BONE_BELOW_HU 100.0

/* The apparent strain of the headline strength estimate, FACTS section 3: F = 0.0068 K H. */
#define HEADLINE_STRAIN 0.0068

/* Room around a vertebra's labels, so that smoothing and sampling near its surface see the image. */
#define CROP_MARGIN_MM 8.0

static gboolean
is_nifti (const char *path)
{
  return g_str_has_suffix (path, ".nii") || g_str_has_suffix (path, ".nii.gz");
}

static char *
hash_file (const char *path, const OssTick *tick, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, &failure);
  g_autofree guint8 *buffer = g_malloc (1 << 20);
  gssize got = 0;

  while (stream != NULL && (got = g_input_stream_read (G_INPUT_STREAM (stream), buffer, 1 << 20, NULL, &failure)) > 0)
    {
      if (oss_tick_stopped (tick))
        {
          oss_tick_cancelled (error);
          return NULL;
        }
      g_checksum_update (checksum, buffer, got);
    }
  if (stream != NULL && got == 0)
    return g_strdup (g_checksum_get_string (checksum));
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” cannot be read: %s."), path, failure->message);
  return NULL;
}

static gboolean
check_has_bone (const OssVolume *volume, GError **error)
{
  double low, high;

  oss_volume_range (volume, &low, &high);
  if (volume->quantity != OSS_QUANTITY_HU || high >= NO_BONE_BELOW_HU)
    return TRUE;
  g_set_error (
      error, OSS_ERROR, OSS_ERROR_REFUSED,
      _ ("There is no bone in this image: CT numbers span %.0f to %.0f HU. Is it another part of the body, or air "
         "only?"),
      low, high);
  return FALSE;
}

/* Several usable series and nothing said which: of one patient the one taken is named, of several none is. */
static gboolean
note_choice (const OssStudyOptions *options, const OssSeriesList *list, const OssSeries *taken, OssLoadResult *load,
             GError **error)
{
  guint fitting = 0;

  for (guint i = 0; i < list->series->len; i++)
    {
      const OssSeries *other = list->series->pdata[i];
      if (other->verdict == OSS_VERDICT_REFUSED || options->series_uid != NULL
          || (options->kernel != NULL && g_ascii_strcasecmp (options->kernel, other->kernel) != 0))
        continue;
      fitting++;
      if (!g_str_equal (other->patient_id, taken->patient_id) || !g_str_equal (other->study_uid, taken->study_uid))
        {
          g_set_error (
              error, OSS_ERROR, OSS_ERROR_REFUSED,
              _ ("“%s” holds usable series of several patients or studies. Name one with --series (ossature scan "
                 "lists them), or open its own folder."),
              options->path);
          return FALSE;
        }
    }
  if (fitting > 1)
    load->choice =
        g_strdup_printf (_ ("Series %d (kernel %s) was taken of %u usable ones; name another by its kernel or UID."),
                         taken->series_number, taken->kernel[0] != '\0' ? taken->kernel : "–", fitting);
  return TRUE;
}

static gboolean
load_dicom (const OssStudyOptions *options, OssLoadResult *load, OssSeriesList **all, const OssTick *tick,
            GError **error)
{
  const char *paths[2] = { options->path, NULL };
  OssTick scan = oss_tick_part (tick, 0.0, 0.3), pixels = oss_tick_part (tick, 0.3, 0.8);
  OssTick hash = oss_tick_part (tick, 0.8, 1.0);
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &scan, error);

  if (list != NULL && options->resample_tilt)
    oss_series_list_resample_tilt (list);
  const OssSeries *series = list != NULL ? oss_series_pick (list, options->series_uid, options->kernel, error) : NULL;
  if (series == NULL || !note_choice (options, list, series, load, error))
    return FALSE;
  load->series = oss_series_copy (series);
  load->volume = oss_series_load (load->series, &pixels, error);
  load->hash = load->volume != NULL ? oss_series_hash (load->series, &hash, error) : NULL;
  *all = g_steal_pointer (&list);
  return load->hash != NULL;
}

gpointer
oss_study_step_load (const OssStudyOptions *options, char **message, gboolean *notes, const OssTick *tick,
                     GError **error)
{
  OssLoadResult *load = g_atomic_rc_box_new0 (OssLoadResult);
  OssTick read = oss_tick_part (tick, 0.0, options->correct_to != NULL ? 0.7 : 1.0);
  OssTick rest = oss_tick_part (tick, 0.7, 1.0);
  g_autoptr (OssSeriesList) list = NULL;
  gboolean done = FALSE;

  if (options->path == NULL)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("No study was opened."));
  else if (!g_file_test (options->path, G_FILE_TEST_EXISTS))
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("“%s” does not exist."), options->path);
  else if (is_nifti (options->path))
    {
      OssQuantity quantity = options->input_is_density ? OSS_QUANTITY_DENSITY : OSS_QUANTITY_HU;
      load->volume = oss_nifti_read_volume (options->path, quantity, &read, error);
      load->hash = load->volume != NULL ? hash_file (options->path, &read, error) : NULL;
      done = load->hash != NULL;
    }
  else
    done = load_dicom (options, load, &list, &read, error);
  if (!done || !check_has_bone (load->volume, error) || !oss_study_correct_kernel (options, list, load, &rest, error))
    {
      oss_study_result_unref (OSS_STEP_LOAD, load);
      return NULL;
    }
  *notes = load->series != NULL && load->series->verdict == OSS_VERDICT_NOTES;
  *message = oss_grid_describe (&load->volume->grid);
  return load;
}

OssLabels *
oss_study_select_labels (const OssStudyOptions *options, const OssLabels *all, const char *name, char **how,
                         GError **error)
{
  gboolean wanted[256];

  if (options->label_values == NULL)
    {
      g_autofree char *note = NULL;
      OssLabels *one = oss_segment_pick (all, options->numbering, options->vertebra, &note, error);
      *how = note != NULL ? g_strdup_printf (_ ("Labels from %s: %s"), name, note)
                          : g_strdup_printf (_ ("Labels from %s"), name);
      return one;
    }
  if (!oss_study_parse_values (options->label_values, wanted, error))
    return NULL;
  OssLabels *merged = oss_labels_new (&all->grid, error);
  gsize count = oss_grid_count (&all->grid), kept = 0;
  for (gsize i = 0; merged != NULL && i < count; i++)
    kept += merged->data[i] = wanted[all->data[i]];
  *how = g_strdup_printf (_ ("Labels from %s, values %s"), name, options->label_values);
  if (merged != NULL && kept == 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The labels “%s” hold none of the values %s."), name,
                   options->label_values);
      g_clear_pointer (&merged, oss_labels_unref);
    }
  return merged;
}

/* Labels of another program, the wanted vertebra as 1. */
static OssLabels *
labels_from_file (const OssStudyOptions *options, const OssVolume *volume, char **how, const OssTick *tick,
                  GError **error)
{
  OssStudyOptions named = *options; /* borrows its texts */
  g_autofree char *note = NULL;
  g_autoptr (OssLabels) all = oss_labels_read_file (options->labels_path, &volume->grid, options->label_values != NULL,
                                                    &named.numbering, &note, tick, error);

  if (all == NULL)
    return NULL;
  if (!oss_grid_equal (&all->grid, &volume->grid, 0.1))
    {
      g_autofree char *a = oss_grid_describe (&all->grid), *b = oss_grid_describe (&volume->grid);
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("The labels “%s” are on another grid (%s) than the image (%s), or lie elsewhere in the patient. "
                      "Resample them onto the image first."),
                   options->labels_path, a, b);
      return NULL;
    }
  g_autofree char *name = g_path_get_basename (options->labels_path);
  OssLabels *one = oss_study_select_labels (&named, all, name, how, error);
  if (one != NULL && note != NULL)
    {
      g_autofree char *chosen = g_steal_pointer (how);
      *how = g_strdup_printf ("%s. %s", chosen, note);
    }
  return one;
}

static OssLabels *
crop_with_margin (const OssLabels *labels, GError **error)
{
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The label is empty."));
      return NULL;
    }
  for (int a = 0; a < 3; a++)
    {
      int margin = (int) ceil (CROP_MARGIN_MM / labels->grid.spacing[a]);
      low[a] = MAX (low[a] - margin, 0);
      high[a] = MIN (high[a] + margin, labels->grid.size[a] - 1);
    }
  return oss_labels_crop (labels, low, high, error);
}

static gboolean
touches_border (const OssLabels *labels)
{
  int low[3], high[3];

  if (!oss_labels_box (labels, 0, low, high))
    return FALSE;
  for (int a = 0; a < 3; a++)
    if (low[a] == 0 || high[a] == labels->grid.size[a] - 1)
      return TRUE;
  return FALSE;
}

/* What a click tells by itself, for labels that came from elsewhere. */
static gboolean
describe_labels (OssSegmentResult *segment, const OssLabels *full, const OssTick *tick, GError **error)
{
  OssSegmentation *info = &segment->info;

  info->voxels = oss_labels_count (full, 1);
  info->volume_mm3 = (double) info->voxels * oss_grid_voxel_mm3 (&full->grid);
  info->threshold_hu = NAN;
  info->cut_by_image = touches_border (full);
  info->notes = g_ptr_array_new_with_free_func (g_free);
  if (info->cut_by_image)
    g_ptr_array_add (info->notes, g_strdup (_ ("The vertebra is cut by the image's border.")));
  return oss_segment_frame (segment->labels, &info->frame, tick, error);
}

/* Posterior elements in front of the body: not the patient but the file's orientation is wrong, and with it
 * perhaps left and right. */
static void
note_facing (OssSegmentResult *segment)
{
  const OssVertebraFrame *frame = &segment->info.frame;

  if (frame->anterior[1] > 0.0) /* LPS: y grows backwards */
    g_ptr_array_add (
        segment->info.notes,
        g_strdup (_ ("By the image's orientation this vertebra faces backwards: its orientation is wrong, so "
                     "left and right cannot be trusted.")));
}

static void
measure_vbmd (OssSegmentResult *segment, const OssStudyResults *results)
{
  const OssLoadResult *load = results->of[OSS_STEP_LOAD];
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  g_autoptr (GError) failure = NULL;

  segment->vbmd_uncertainty_mg_cm3 = NAN;
  if (calibrate->line.basis == OSS_BASIS_UNKNOWN)
    return; /* an outline was asked for, no density */
  segment->has_vbmd = oss_vbmd_measure (load->volume, segment->labels, &segment->info.frame, &calibrate->line,
                                        &segment->vbmd, &failure);
  if (segment->has_vbmd)
    {
      oss_study_density_error (load, calibrate, &segment->vbmd, &segment->vbmd_error);
      segment->vbmd_uncertainty_mg_cm3 = segment->vbmd_error.total;
    }
  segment->has_forms = oss_vbmd_measure_forms (load->volume, segment->labels, &segment->info.frame, &calibrate->line,
                                               &segment->forms, NULL);
  if (!segment->has_vbmd)
    g_ptr_array_add (segment->info.notes,
                     g_strdup_printf (_ ("Trabecular density was not measured: %s"), failure->message));
}

gpointer
oss_study_step_segment (const OssStudyOptions *options, const OssStudyResults *results, char **message, gboolean *notes,
                        const OssTick *tick, GError **error)
{
  const OssLoadResult *load = results->of[OSS_STEP_LOAD];
  OssSegmentResult *segment = g_atomic_rc_box_new0 (OssSegmentResult);
  OssTick most = oss_tick_part (tick, 0.0, 0.9);
  g_autoptr (OssLabels) full = NULL;
  gboolean done = FALSE;

  if (options->labels_path != NULL)
    full = labels_from_file (options, load->volume, &segment->how, &most, error);
  else if (options->has_at)
    {
      full = oss_segment_click (load->volume, options->at_mm, &segment->info, &most, error);
      segment->how = g_strdup_printf (_ ("One click at %.1f, %.1f, %.1f mm"), options->at_mm[0], options->at_mm[1],
                                      options->at_mm[2]);
    }
  else
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Which vertebra? Give a place inside its body (--at X,Y,Z in patient mm) or labels "
                            "(--labels FILE)."));
  if (full != NULL)
    segment->labels = crop_with_margin (full, error);
  if (segment->labels != NULL)
    done = options->labels_path == NULL || describe_labels (segment, full, tick, error);
  if (done && segment->info.notes == NULL)
    segment->info.notes = g_ptr_array_new_with_free_func (g_free);
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  if (!done || !oss_tick_report (tick, 0.95, NULL, error)
      || !oss_study_check_cut (load->volume, full, calibrate->line.basis != OSS_BASIS_UNKNOWN, &segment->info, error))
    {
      oss_study_result_unref (OSS_STEP_SEGMENT, segment);
      return NULL;
    }
  note_facing (segment);
  measure_vbmd (segment, results);
  *notes = segment->info.notes->len > 0;
  *message = g_strdup (segment->how);
  return segment;
}

gpointer
oss_study_step_mesh (const OssStudyOptions *options, const OssStudyResults *results, char **message, gboolean *notes,
                     const OssTick *tick, GError **error)
{
  const OssSegmentResult *segment = results->of[OSS_STEP_SEGMENT];
  OssMeshResult *result = g_atomic_rc_box_new0 (OssMeshResult);

  result->mesh = oss_mesher_run (segment->labels, &options->mesh, &result->quality, tick, error);
  if (result->mesh == NULL)
    {
      oss_study_result_unref (OSS_STEP_MESH, result);
      return NULL;
    }
  const OssMeshQuality *quality = &result->quality;
  *notes = quality->islands > 0 || fabs (quality->volume_error_percent) > 1.0 || !quality->closed || !quality->manifold
           || (options->mesh.kind != OSS_ELEMENT_HEX8 && quality->minimum_dihedral_deg < 10.0);
  switch (options->mesh.kind)
    {
    case OSS_ELEMENT_TET10:
      *message = g_strdup_printf (_ ("Quadratic tetrahedra, %.1f mm"), options->mesh.size_mm);
      break;
    case OSS_ELEMENT_TET4:
      *message = g_strdup_printf (_ ("Linear tetrahedra, %.1f mm"), options->mesh.size_mm);
      break;
    case OSS_ELEMENT_HEX8:
      *message = g_strdup (_ ("Voxel hexahedra"));
      break;
    }
  return result;
}

static OssFemModel
model_of (const OssMesh *mesh, const OssSimulateResult *simulate)
{
  return (OssFemModel){
    .mesh = mesh,
    .modulus_mpa = simulate->modulus_mpa,
    .poisson = simulate->chain.law->poisson,
    .prescribed = (const OssNodal *) simulate->prescribed->data,
    .n_prescribed = simulate->prescribed->len,
  };
}

static gboolean
prepare_simulation (const OssStudyOptions *options, const OssStudyResults *results, OssSimulateResult *simulate,
                    const OssTick *tick, GError **error)
{
  const OssMesh *mesh = ((OssMeshResult *) results->of[OSS_STEP_MESH])->mesh;
  const OssCalibrateResult *calibrate = results->of[OSS_STEP_CALIBRATE];
  const OssVertebraFrame *frame = &((OssSegmentResult *) results->of[OSS_STEP_SEGMENT])->info.frame;
  const OssLaw *law = oss_law_find (options->law, error);

  if (calibrate->line.basis == OSS_BASIS_UNKNOWN)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("Without a calibration there is no bone density to simulate."));
      return FALSE;
    }
  if (law == NULL || !oss_law_chain_init (&simulate->chain, law, calibrate->line.basis, options->conversion, error)
      || !oss_study_give_modulus (options, results, simulate, tick, error)
      || !oss_fem_endplates (mesh, frame, &simulate->superior, &simulate->inferior, tick, error))
    return FALSE;
  double height_mm = simulate->superior.height_mm - simulate->inferior.height_mm;
  simulate->displacement_mm = options->displacement_mm != 0.0 ? options->displacement_mm : HEADLINE_STRAIN * height_mm;
  simulate->prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  return TRUE;
}

static char *
describe_simulation (const OssSimulateResult *simulate)
{
  const OssFemCurve *curve = simulate->curve;

  if (curve == NULL)
    return g_strdup_printf (_ ("Compression by %.2f mm, %s"), simulate->displacement_mm, simulate->fem->solver);
  double end_mm = curve->points[curve->n_points - 1].displacement_mm;
  if (!curve->converged)
    return g_strdup_printf (_ ("Compression beyond yield stopped converging at %.2f mm"), end_mm);
  return g_strdup_printf (_ ("Compression by %.2f mm and beyond yield to %.2f mm, %s"), simulate->displacement_mm,
                          end_mm, simulate->fem->solver);
}

gpointer
oss_study_step_simulate (const OssStudyOptions *options, const OssStudyResults *results, char **message,
                         gboolean *notes, const OssTick *tick, GError **error)
{
  const OssMesh *mesh = ((OssMeshResult *) results->of[OSS_STEP_MESH])->mesh;
  const OssVertebraFrame *frame = &((OssSegmentResult *) results->of[OSS_STEP_SEGMENT])->info.frame;
  OssSimulateResult *simulate = g_atomic_rc_box_new0 (OssSimulateResult);
  double linear_end = options->nonlinear ? 0.25 : 1.0;
  OssTick first = oss_tick_part (tick, 0.0, 0.1), second = oss_tick_part (tick, 0.1, linear_end);
  OssTick rest = oss_tick_part (tick, linear_end, 1.0);
  gboolean done = FALSE;

  if (prepare_simulation (options, results, simulate, &first, error))
    {
      OssFemModel model = model_of (mesh, simulate);
      gboolean compressed = oss_study_compress (options, &model, frame, simulate, &second, error);
      model = model_of (mesh, simulate);
      if (compressed)
        oss_fem_strength (&model, simulate->fem, frame, &simulate->superior, &simulate->inferior,
                          simulate->displacement_mm, &simulate->strength);
      done =
          compressed && (!options->nonlinear || oss_study_load_beyond_yield (options, &model, simulate, &rest, error));
    }
  if (!done)
    {
      oss_study_result_unref (OSS_STEP_SIMULATE, simulate);
      return NULL;
    }
  oss_fem_stress_summary (simulate->fem, &simulate->stress);
  oss_study_strength_error (results, simulate);
  *notes = simulate->modulus.outside_range_percent > 20.0 || (simulate->curve != NULL && !simulate->curve->converged);
  *message = describe_simulation (simulate);
  return simulate;
}

gboolean
oss_study_write_deck (OssStudy *self, const char *path, guint bins, GError **error)
{
  const OssMeshResult *mesh = oss_study_get_mesh (self);
  const OssSimulateResult *simulate = oss_study_get_simulate (self);

  if (mesh == NULL || simulate == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("There is no simulated model to write yet."));
      return FALSE;
    }
  OssFemModel model = simulate->capped != NULL ? oss_fem_capped_model (simulate->capped, simulate->chain.law->poisson)
                                               : model_of (mesh->mesh, simulate);
  g_autofree char *law = oss_law_chain_describe (&simulate->chain);
  g_autofree char *heading = g_strdup_printf ("Ossature %s, vertebra in compression, mm N MPa; %s", OSS_VERSION, law);
  return oss_fem_write_deck (&model, path, bins, heading, error);
}
