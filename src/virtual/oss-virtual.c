/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual patients: from options and a seed to a study in memory or on disk. */
#include "virtual/oss-virtual.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "dicom/oss-dicom-writer.h"
#include "image/oss-vertebra.h"
#include "virtual/oss-virtual-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#define T11 18
#define L3 22
#define PIXELS 512

enum
{
  STREAM_PATIENT = 1,
  STREAM_ANATOMY = 2,
};

void
oss_virtual_options_default (OssVirtualOptions *options)
{
  memset (options, 0, sizeof *options);
  options->seed = 1;
  options->phantom = TRUE;
  options->level_low = T11;
  options->level_high = L3;
}

/* ---- drawing a patient ---- */

static gboolean usage (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
usage (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (OSS_ERROR, OSS_ERROR_USAGE, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
check_options (const OssVirtualOptions *o, GError **error)
{
  if (o->sex != 0 && o->sex != 'F' && o->sex != 'M')
    return usage (error, _ ("Sex of a virtual patient must be F or M, not “%c”"), o->sex);
  if (o->size != 0 && o->size != 'S' && o->size != 'M' && o->size != 'L')
    return usage (error, _ ("Size of a virtual patient must be S, M or L, not “%c”"), o->size);
  if (!(o->age_years == 0.0 || (o->age_years >= 20.0 && o->age_years <= 100.0)))
    return usage (error, _ ("Age of a virtual patient must be 20 to 100 years, not %g"), o->age_years);
  if (!(o->vbmd_mg_cm3 == 0.0 || (o->vbmd_mg_cm3 >= 5.0 && o->vbmd_mg_cm3 <= 300.0)))
    return usage (error, _ ("vBMD of a virtual patient must be 5 to 300 mg/cm³, not %g"), o->vbmd_mg_cm3);
  if (!(o->fov_mm == 0.0 || (o->fov_mm >= 80.0 && o->fov_mm <= 600.0)))
    return usage (error, _ ("Field of view must be 80 to 600 mm, not %g"), o->fov_mm);
  for (int c = 0; c < 3; c++)
    if (!(o->spacing_mm[c] == 0.0 || (o->spacing_mm[c] >= 0.2 && o->spacing_mm[c] <= 10.0)))
      return usage (error, _ ("Spacing must be 0.2 to 10 mm, not %g"), o->spacing_mm[c]);
  if (!(o->contrast_hu >= 0.0 && o->contrast_hu <= 600.0))
    return usage (error, _ ("Contrast must be 0 to 600 HU, not %g"), o->contrast_hu);
  if (o->quality_scan && !o->phantom)
    return usage (error, _ ("A quality scan needs a phantom"));
  if (o->study_date != NULL && (strlen (o->study_date) != 8 || strspn (o->study_date, "0123456789") != 8))
    return usage (error, _ ("The day of a virtual scan must be as in DICOM (20240115), not “%s”"), o->study_date);
  if (o->level_low < T11 || o->level_high > L3 || o->level_low > o->level_high)
    return usage (error, _ ("Levels of a virtual patient must lie between T11 and L3, the upper one first"));
  return TRUE;
}

/* K2HPO4, mg/cm3: the population line and SD of FACTS, a calculation from published points, no clinical reference. */
static double
draw_vbmd (char sex, double age, OssRandom *random)
{
  double mean = sex == 'F' ? 181.0 - 1.42 * (age - 25.0) : 170.0 - 1.12 * (age - 25.0);
  double vbmd = mean + 25.0 * oss_random_normal (random);
  return CLAMP (vbmd, 25.0, 230.0);
}

/* Vertebral marrow fat by volume.  Men and young women by proton density fat fraction (Baum 2018), the rise in women
 * around the menopause by water fraction (AJR 167:355) and Griffith 2012; linear between, SD 6 points [choice]. */
static double
draw_marrow_fat (char sex, double age, OssRandom *random)
{
  static const double years[] = { 20.0, 25.0, 35.0, 50.0, 60.0, 70.0, 100.0 };
  static const double men[] = { 0.31, 0.32, 0.353, 0.41, 0.45, 0.48, 0.55 };
  static const double women[] = { 0.27, 0.272, 0.275, 0.39, 0.50, 0.58, 0.65 };
  const double *table = sex == 'F' ? women : men;
  int i = 0;

  while (i < (int) G_N_ELEMENTS (years) - 2 && age > years[i + 1])
    i++;
  double fat = table[i] + (table[i + 1] - table[i]) * (age - years[i]) / (years[i + 1] - years[i]);
  fat += 0.06 * oss_random_normal (random);
  return CLAMP (fat, 0.20, 0.80);
}

/* Every number is drawn whether or not it is used, so that one option does not change another. */
static double
draw_patient (OssVirtualPatient *self)
{
  OssVirtualOptions *o = &self->options;
  OssVirtualTruth *truth = &self->truth;
  OssRandom random;

  oss_random_init (&random, o->seed, STREAM_PATIENT);
  char sex = oss_random_uniform (&random) < 0.5 ? 'F' : 'M';
  double age = floor (oss_random_range (&random, 45.0, 85.0)), size = oss_virtual_draw (&random);
  size = CLAMP (size, -1.5, 1.5); /* further out the sizes leave the adult ranges */
  o->sex = o->sex != 0 ? o->sex : sex;
  o->age_years = o->age_years > 0.0 ? o->age_years : age;
  if (o->size != 0) /* the third of the population that the letter means */
    size = (o->size == 'S' ? -1.0 : o->size == 'L' ? 1.0 : 0.0) + 0.25 * size;
  else
    o->size = size < -0.6 ? 'S' : size > 0.6 ? 'L' : 'M';

  double vbmd = draw_vbmd (o->sex, o->age_years, &random);
  o->vbmd_mg_cm3 = o->vbmd_mg_cm3 > 0.0 ? o->vbmd_mg_cm3 : vbmd;
  truth->sex = o->sex;
  truth->age_years = o->age_years;
  truth->vbmd_mg_cm3 = o->vbmd_mg_cm3;
  truth->marrow_fat_fraction = draw_marrow_fat (o->sex, o->age_years, &random);
  truth->kernel_deviation = oss_random_range (&random, -0.15, 0.15);
  /* Larger trunks harden the beam more than the water correction takes back: 68 +- 1.5 keV [choice]. */
  truth->effective_energy_kev = OSS_VIRTUAL_EFFECTIVE_KEV + 0.4 * size + oss_random_range (&random, -0.7, 0.7);
  self->cupping_hu = 1.2 + 0.3 * size;
  return size;
}

/* The image: levels asked for are whole in it, its upper and lower end cut the neighbours. */
static void
make_grid (OssVirtualPatient *self)
{
  const OssVirtualOptions *o = &self->options;
  const OssVirtualVertebra *top = NULL, *bottom = NULL;
  OssGrid *grid = &self->grid;

  for (int i = 0; i < self->anatomy.n_vertebrae; i++)
    {
      const OssVirtualVertebra *v = &self->anatomy.vertebrae[i];
      top = v->level == o->level_low ? v : top;
      bottom = v->level == o->level_high ? v : bottom;
    }
  double u = bottom->scale, lean = bottom->axes[5];
  double process = fmax (bottom->half_height + bottom->disc_below + 11.0 * u + (bottom->half_depth + 18.0 * u) * lean,
                         23.0 * u + (bottom->half_depth + 38.0 * u) * lean);
  double z1 = top->centre[2] + top->half_height + fmax (5.0, 0.5 * top->half_depth * top->axes[5] + 5.0);
  double z0 = bottom->centre[2] - process - 4.0;

  memset (grid, 0, sizeof *grid);
  for (int c = 0; c < 2; c++)
    {
      grid->spacing[c] = o->spacing_mm[c];
      grid->size[c] = (int) lround (o->fov_mm / o->spacing_mm[c]);
      grid->origin[c] = -0.5 * (grid->size[c] - 1) * grid->spacing[c];
    }
  grid->origin[1] += 8.0; /* trunk, phantom and couch in the field */
  grid->spacing[2] = o->spacing_mm[2];
  grid->size[2] = (int) ceil ((z1 - z0) / o->spacing_mm[2]) + 1;
  grid->origin[2] = z0;
  for (int c = 0; c < 3; c++)
    grid->direction[4 * c] = 1.0;
}

static void
fill_truth (OssVirtualPatient *self)
{
  OssVirtualTruth *truth = &self->truth;
  truth->true_slope = 1.0 / self->spine.sigma;
  truth->true_intercept = -self->spine.beta / self->spine.sigma;
  truth->true_cha_slope = 1.0 / oss_virtual_beam_cha (&self->physics, &self->spine);
  truth->true_cha_intercept = -truth->true_cha_slope * self->spine.hu[OSS_TISSUE_PHANTOM_RESIN];
  for (int i = 0; i < self->anatomy.n_vertebrae; i++)
    {
      const OssVirtualVertebra *v = &self->anatomy.vertebrae[i];
      if (v->level != 20)
        continue;
      memcpy (truth->l1_centre_mm, v->centre, sizeof v->centre);
      oss_virtual_vertebra_waist (v, &truth->l1_width_mm, &truth->l1_depth_mm);
      truth->l1_height_mm = 2.0 * v->half_height;
    }
}

gboolean
oss_virtual_patient_init (OssVirtualPatient *self, const OssVirtualOptions *options, GError **error)
{
  OssVirtualOptions *o = &self->options;
  OssRandom random;

  memset (self, 0, sizeof *self);
  *o = *options;
  if (!check_options (o, error) || !oss_virtual_physics_load (&self->physics, error))
    return FALSE;
  o->fov_mm = o->fov_mm > 0.0 ? o->fov_mm : 400.0;
  for (int c = 0; c < 3; c++)
    o->spacing_mm[c] = o->spacing_mm[c] > 0.0 ? o->spacing_mm[c] : c < 2 ? o->fov_mm / PIXELS : 1.0;
  for (int c = 0; c < 2; c++)
    if (o->fov_mm / o->spacing_mm[c] < 16.0 || o->fov_mm / o->spacing_mm[c] > 1024.0)
      return usage (error, _ ("A field of view of %g mm at %g mm gives %.0f pixels; 16 to 1024 are possible"),
                    o->fov_mm, o->spacing_mm[c], o->fov_mm / o->spacing_mm[c]);
  double size = draw_patient (self);

  oss_virtual_beam_init (&self->spine, &self->physics, self->truth.effective_energy_kev);
  /* Nearer to the skin the beam is less hardened: the rods' slope comes out 0.3 % steeper [choice]. */
  oss_virtual_beam_init (&self->phantom, &self->physics, self->truth.effective_energy_kev - 0.15);
  self->marrow_hu = oss_virtual_beam_marrow_hu (&self->spine, self->truth.marrow_fat_fraction);
  self->mineral_mg_cm3 = oss_virtual_bone_mineral (&self->physics);
  oss_random_init (&random, o->seed, STREAM_ANATOMY);
  if (!oss_virtual_rods_init (self, error))
    return FALSE;
  oss_virtual_anatomy_init (self, size, &random);
  make_grid (self);
  if (o->quality_scan)
    oss_virtual_quality_init (self);
  fill_truth (self);
  return oss_grid_check (&self->grid, error);
}

void
oss_virtual_patient_clear (OssVirtualPatient *self)
{
  oss_virtual_physics_clear (&self->physics);
  for (int i = 0; i < self->anatomy.n_vertebrae; i++)
    oss_free_aligned (self->anatomy.vertebrae[i].texture);
}

/* ---- in memory ---- */

static gboolean
study_kernels (OssVirtualStudy *study, const OssVirtualPatient *patient, const char *const *names, GError **error)
{
  for (int k = 0; names[k] != NULL; k++)
    {
      if (k == OSS_VIRTUAL_MAX_KERNELS)
        return usage (error, _ ("At most %d kernels at once"), OSS_VIRTUAL_MAX_KERNELS);
      for (int i = 0; i < k; i++)
        if (strcmp (names[i], names[k]) == 0)
          return usage (error, _ ("Kernel “%s” is named twice"), names[k]);
      if (!oss_virtual_kernel_find (names[k], &study->kernels[k], error))
        return FALSE;
      study->kernels[k].f50 *= 1.0 + patient->truth.kernel_deviation;
      study->kernels[k].peak *= 1.0 + patient->truth.kernel_deviation;
      study->hu[k] = oss_volume_new (&patient->grid, OSS_QUANTITY_HU, error);
      if (study->hu[k] == NULL)
        return FALSE;
      study->n_kernels = k + 1;
    }
  return TRUE;
}

static void
study_clear (OssVirtualStudy *study)
{
  for (int k = 0; k < OSS_VIRTUAL_MAX_KERNELS; k++)
    g_clear_pointer (&study->hu[k], oss_volume_unref);
  g_clear_pointer (&study->labels, oss_labels_unref);
  g_clear_pointer (&study->ash, oss_volume_unref);
  g_clear_pointer (&study->k2hpo4, oss_volume_unref);
}

/* Renders into @study what it has volumes for. */
static gboolean
render (OssVirtualPatient *patient, OssVirtualStudy *study, const OssTick *tick, GError **error)
{
  OssTick scan = oss_tick_part (tick, 0.05, 1.0);
  return oss_tick_report (tick, 0.0, _ ("Scanning a virtual patient"), error)
         && (patient->options.quality_scan || oss_virtual_density_init (patient, NULL, error))
         && oss_virtual_acquire (patient, study, &scan, error);
}

static gboolean
new_density (const OssVirtualPatient *patient, OssVolume **volume, GError **error)
{
  *volume = oss_volume_new (&patient->grid, OSS_QUANTITY_DENSITY, error);
  return *volume != NULL;
}

static gboolean
new_labels (const OssVirtualPatient *patient, OssLabels **labels, GError **error)
{
  *labels = oss_labels_new (&patient->grid, error);
  return *labels != NULL;
}

gboolean
oss_virtual_make (const OssVirtualOptions *options, const char *kernel, OssVolume **hu, OssLabels **labels,
                  OssVolume **ash_mg_cm3, OssVolume **k2hpo4_mg_cm3, OssVirtualTruth *truth, const OssTick *tick,
                  GError **error)
{
  const char *const names[] = { hu != NULL ? (kernel != NULL ? kernel : "B40f") : NULL, NULL };
  gboolean wanted = hu != NULL || labels != NULL || ash_mg_cm3 != NULL || k2hpo4_mg_cm3 != NULL;
  OssVirtualPatient patient;
  OssVirtualStudy study = { 0 };
  gboolean ok = oss_virtual_patient_init (&patient, options, error) && study_kernels (&study, &patient, names, error)
                && (labels == NULL || new_labels (&patient, &study.labels, error))
                && (ash_mg_cm3 == NULL || new_density (&patient, &study.ash, error))
                && (k2hpo4_mg_cm3 == NULL || new_density (&patient, &study.k2hpo4, error))
                && (!wanted || render (&patient, &study, tick, error));

  if (ok && hu != NULL)
    *hu = g_steal_pointer (&study.hu[0]);
  if (ok && labels != NULL)
    *labels = g_steal_pointer (&study.labels);
  if (ok && ash_mg_cm3 != NULL)
    *ash_mg_cm3 = g_steal_pointer (&study.ash);
  if (ok && k2hpo4_mg_cm3 != NULL)
    *k2hpo4_mg_cm3 = g_steal_pointer (&study.k2hpo4);
  if (ok && truth != NULL)
    *truth = patient.truth;
  study_clear (&study);
  oss_virtual_patient_clear (&patient);
  return ok;
}

/* ---- on disk ---- */

/* Removes a folder of ours; only used on the temporary one. */
static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

static gboolean
folder_is_free (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  if (dir != NULL ? g_dir_read_name (dir) == NULL : !g_file_test (folder, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("“%s” is there already and not an empty folder. Name a new folder for the virtual patient."), folder);
  return FALSE;
}

/* One number for all that was asked for and drawn: patients that differ in anything get other UIDs. */
static guint64
fingerprint (const OssVirtualOptions *o)
{
  const double number[] = { o->age_years, o->vbmd_mg_cm3, o->spacing_mm[0], o->spacing_mm[1], o->spacing_mm[2],
                            o->fov_mm,    o->contrast_hu, o->sex,           o->size,          o->phantom,
                            o->marker,    o->level_low,   o->level_high };
  guint64 hash = oss_random_hash (o->seed, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (number); i++)
    {
      guint64 bits;
      memcpy (&bits, &number[i], sizeof bits);
      hash = oss_random_hash (hash ^ bits, i + 1);
    }
  if (o->quality_scan)
    hash = oss_random_hash (hash, 1001);
  if (o->study_date != NULL)
    hash = oss_random_hash (hash ^ g_ascii_strtoull (o->study_date, NULL, 10), 1002);
  if (o->phantom && o->phantom_model != NULL && strcmp (o->phantom_model, "mindways3") != 0)
    hash = oss_random_hash (hash ^ g_str_hash (o->phantom_model), 100);
  return hash;
}

static gboolean
write_series (const char *folder, const OssVirtualPatient *patient, const OssVirtualStudy *study, int k,
              const OssTick *tick, GError **error)
{
  const OssVirtualOptions *o = &patient->options;
  g_autofree char *path = g_build_filename (folder, study->kernels[k].name, NULL);
  guint64 mark = fingerprint (o);
  g_autofree char *study_uid = oss_dicom_uid (mark, 1), *frame_uid = oss_dicom_uid (mark, 2);
  g_autofree char *series_uid = oss_dicom_uid (mark, 100u + g_str_hash (study->kernels[k].name));
  g_autofree char *name = g_strdup_printf ("Virtual^%04" G_GUINT64_FORMAT, o->seed);
  g_autofree char *id = g_strdup_printf ("VP-%04" G_GUINT64_FORMAT, o->seed);
  g_autofree char *age = g_strdup_printf ("%03.0fY", o->age_years);
  g_autofree char *birth = g_strdup_printf ("%04.0f0101", 2024.0 - o->age_years);
  g_autofree char *about = g_strdup_printf ("Spine %s 1.0", study->kernels[k].header);
  const char sex[2] = { o->sex, '\0' };
  OssCtHeader header = {
    .patient_name = o->quality_scan ? "Virtual^Phantom" : name,
    .patient_id = o->quality_scan ? "VIRTUAL-QA" : id,
    .patient_birth_date = birth,
    .patient_sex = sex,
    .patient_age = age,
    .study_uid = study_uid,
    .series_uid = series_uid,
    .frame_uid = frame_uid,
    .study_date = o->study_date != NULL ? o->study_date : "20240115",
    .study_time = "101500",
    .study_id = "1",
    .study_description = "Virtual patient, thoracolumbar QCT",
    .series_description = about,
    .accession_number = "",
    .series_number = 2 + k,
    .manufacturer = "Ossature",
    .model = "Virtual CT",
    .station = "VIRTUAL1",
    .software = OSS_VERSION,
    .kernel = study->kernels[k].header,
    .contrast_agent = o->contrast_hu > 0.0 ? "Virtual iodine" : NULL,
    .patient_position = "HFS",
    .kvp = 120.0,
    .tube_current_ma = 500.0,
    .exposure_mas = 250.0,
    .slice_thickness_mm = patient->grid.spacing[2],
    .reconstruction_diameter_mm = o->fov_mm,
    .table_height_mm = patient->anatomy.table_y,
  };
  return oss_dicom_write_ct (path, study->hu[k], &header, tick, error);
}

static gboolean
write_all (const char *folder, const OssVirtualPatient *patient, OssVirtualStudy *study, const OssTick *tick,
           GError **error)
{
  for (int k = 0; k < study->n_kernels; k++)
    {
      OssTick part = oss_tick_part (tick, 0.7 * k / study->n_kernels, 0.7 * (k + 1) / study->n_kernels);
      if (!write_series (folder, patient, study, k, &part, error))
        return FALSE;
      g_clear_pointer (&study->hu[k], oss_volume_unref); /* 200 MB no longer needed */
    }
  OssTick part = oss_tick_part (tick, 0.7, 1.0);
  if (patient->options.quality_scan)
    return oss_virtual_quality_truth_write (folder, patient, error);
  return oss_virtual_truth_write (folder, patient, study, &part, error);
}

static gboolean
make_study (OssVirtualPatient *patient, OssVirtualStudy *study, const OssTick *tick, GError **error)
{
  static const char *const both[] = { "B40f", "B70f", NULL };
  const char *const *kernels = patient->options.kernels != NULL ? patient->options.kernels : both;

  if (kernels[0] == NULL)
    return usage (error, _ ("A virtual patient needs one kernel at least"));
  if (patient->options.quality_scan)
    return study_kernels (study, patient, kernels, error) && render (patient, study, tick, error);
  return study_kernels (study, patient, kernels, error) && new_labels (patient, &study->labels, error)
         && new_density (patient, &study->ash, error) && new_density (patient, &study->k2hpo4, error)
         && render (patient, study, tick, error);
}

gboolean
oss_virtual_write (const char *folder, const OssVirtualOptions *options, OssVirtualTruth *truth, const OssTick *tick,
                   GError **error)
{
  OssVirtualPatient patient;
  OssVirtualStudy study = { 0 };
  OssTick scan = oss_tick_part (tick, 0.0, 0.5), write = oss_tick_part (tick, 0.5, 1.0);

  if (!folder_is_free (folder, error))
    return FALSE;
  g_autofree char *parent = g_path_get_dirname (folder), *base = g_path_get_basename (folder);
  if (!oss_file_prepare_folder (parent, error))
    return FALSE;
  g_autofree char *temporary = g_strdup_printf ("%s/.%s-XXXXXX", parent, base);
  if (g_mkdtemp_full (temporary, 0777) == NULL)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Cannot make a folder in “%s”: %s"), parent,
                   g_strerror (errno));
      return FALSE;
    }
  gboolean ok = oss_virtual_patient_init (&patient, options, error);
  if (ok)
    {
      ok = make_study (&patient, &study, &scan, error)
           && oss_tick_report (tick, 0.5, _ ("Writing a virtual patient"), error)
           && write_all (temporary, &patient, &study, &write, error);
      if (ok && g_rename (temporary, folder) != 0)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Cannot write “%s”: %s"), folder, g_strerror (errno));
          ok = FALSE;
        }
      if (ok && truth != NULL)
        *truth = patient.truth;
    }
  oss_virtual_patient_clear (&patient);
  study_clear (&study);
  if (!ok)
    remove_tree (temporary);
  return ok;
}
