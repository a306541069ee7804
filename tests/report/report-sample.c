/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report-sample.h"

#include <math.h>

static double
ellipsoid (const double p[3], double x, double y, double z, double a, double b, double c)
{
  return hypot (hypot ((p[0] - x) / a, (p[1] - y) / b), (p[2] - z) / c);
}

/* A body and a spinous process in soft tissue; 1 mm voxels, the patient's left at +x. */
static void
make_volume (OssVolume **volume, OssLabels **labels)
{
  const OssGrid grid = { { 120, 140, 130 }, { 1, 1, 1 }, { -60, -60, -65 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };

  *volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  *labels = oss_labels_new (&grid, NULL);
  for (int k = 0; k < grid.size[2]; k++)
    for (int j = 0; j < grid.size[1]; j++)
      for (int i = 0; i < grid.size[0]; i++)
        {
          const double index[3] = { i, j, k };
          const gsize at = oss_grid_offset (&grid, i, j, k);
          double p[3];

          oss_grid_to_patient (&grid, index, p);
          const double body = ellipsoid (p, 0, 0, 0, 23, 17, 14), process = ellipsoid (p, 0, 40, -8, 6, 18, 8);
          (*labels)->data[at] = body < 1.0 || process < 1.0;
          (*volume)->data[at] = body < 0.93 ? 160.0f : body < 1.0 || process < 1.0 ? 700.0f : 45.0f;
        }
}

static void
fill_slices (OssReportData *self)
{
  static const guint8 green[3] = { 0x33, 0xd1, 0x7a };
  g_autoptr (OssVolume) volume = NULL;
  g_autoptr (OssLabels) labels = NULL;

  make_volume (&volume, &labels);
  for (int i = 0; i < 3; i++)
    {
      self->slices[i].view = (OssSliceView){ .plane = (OssPlane) i,
                                             .centre_mm = { 0, 12, 0 },
                                             .mm_per_pixel = 0.25,
                                             .width = 400,
                                             .height = i == 2 ? 300 : 500,
                                             .level = 350,
                                             .window = 1400 };
      self->slices[i].picture = oss_slice_picture (volume, &self->slices[i].view);
      oss_slice_outline (self->slices[i].picture, &self->slices[i].view, labels, 1, green, 2.0, 0.0);
    }
}

static void
fill_calibration (OssReportData *self)
{
  static const double density[5] = { -51.83, -53.40, 58.88, 157.05, 375.83 };
  static const double water[5] = { 1012.25, 1056.95, 1103.57, 1119.52, 923.20 };
  static const double residual[5] = { 0.9, -1.2, 0.6, -0.5, 0.2 };

  self->has_calibration = self->has_fit = TRUE;
  self->line = (OssCalibrationLine){ .slope = 0.7012,
                                     .intercept = -3.41,
                                     .basis = OSS_BASIS_K2HPO4,
                                     .r2 = 0.99914,
                                     .uncertainty_mg_cm3 = 2.6,
                                     .variance_slope = 1.6e-4,
                                     .variance_intercept = 6.76,
                                     .covariance = -0.0118,
                                     .method = "phantom",
                                     .source = "Mindways Model 3" };
  self->fit.phantom.n_rods = self->fit.n_rods = 5;
  self->fit.phantom.basis = OSS_BASIS_K2HPO4;
  g_strlcpy (self->fit.phantom.name, "mindways3", sizeof self->fit.phantom.name);
  g_strlcpy (self->fit.phantom.title, "Mindways Model 3 CT", sizeof self->fit.phantom.title);
  self->fit.slices_used = 24;
  for (int i = 0; i < 5; i++)
    {
      self->fit.phantom.rod_density[i] = density[i];
      self->fit.phantom.rod_water[i] = water[i];
      self->fit.rods[i].residual_hu = residual[i];
      self->fit.rods[i].mean_hu = 1.21 * density[i] + water[i] - 995.0 + residual[i];
      self->fit.rods[i].used = i != 1;
    }
  g_strlcpy (self->fit.rods[1].note, "air bubble", sizeof self->fit.rods[1].note);
}

static void
fill_people (OssReportData *self)
{
  self->institution = g_strdup ("Department of Radiology · Test Hospital");
  self->reader = g_strdup ("Dr. A. Reader, radiologist");
  self->comment = g_strdup ("No fracture of T12 to L3. Mild change of the upper endplate of L2. Calcified plaque of "
                            "the aorta. Density agrees with the fall since 2024; suggest DXA and referral.");
  self->patient_name = g_strdup ("Nobody, Nora");
  self->patient_id = g_strdup ("VP-0017");
  self->born = g_strdup ("1954-08-02");
  self->age = g_strdup ("71");
  self->sex = g_strdup ("F");
  self->scan_date = g_strdup ("2026-03-14");
  self->scan_time = g_strdup ("09:12");
  self->vertebra = g_strdup ("L1");
}

static void
fill_input (OssReportData *self)
{
  self->has_series = TRUE;
  self->study_uid = g_strdup ("2.25.1");
  self->series_uid = g_strdup ("2.25.329800735698586629295641978511506172918");
  self->kernel = g_strdup ("B40f");
  self->scanner = g_strdup ("SIEMENS SOMATOM Definition Flash");
  self->series_description = g_strdup ("Spine 1.0 B40f");
  self->contrast = g_strdup ("");
  self->input_hash = g_strdup ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
  self->kvp = 120;
  self->exposure_mas = 250;
  self->grid =
      (OssGrid){ { 512, 512, 183 }, { 0.78125, 0.78125, 1 }, { -200, -200, -90 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
}

static void
fill_segment (OssReportData *self)
{
  self->has_segment = self->has_vbmd = TRUE;
  self->segment_how = g_strdup ("One click at (0.0, −5.0, −1.0) mm");
  self->label_volume_mm3 = 57912.4;
  self->threshold_hu = 182.0;
  self->frame = (OssVertebraFrame){ .right = { -1, 0, 0 },
                                    .anterior = { 0, -1, 0 },
                                    .superior = { 0, 0, 1 },
                                    .width_mm = 44.8,
                                    .depth_mm = 32.1,
                                    .height_mm = 26.7 };
  self->vbmd = (OssVbmd){ 78.3421, 12.5, 116.6, { 0, -2, 0 }, 14.0, 8.5, 10.0, 9345 };
  self->vbmd_uncertainty_mg_cm3 = 2.6;
  self->class = (OssClassification){
    "osteoporosis", "Rests on the trabecular density of one vertebra; the limits were set for the mean of two.",
    "ACR trabecular vBMD bands: below 80, 80 to 120, above 120 mg/cm³ (K₂HPO₄, mean of two lumbar bodies)", 1.6579, TRUE
  };
}

static void
fill_simulation (OssReportData *self)
{
  const OssLaw *law = oss_law_find ("morgan2003-vertebra", NULL);

  self->has_mesh = self->simulated = TRUE;
  self->element = "tet10";
  self->element_size_mm = 2.0;
  self->quality = (OssMeshQuality){ .elements = 60123,
                                    .nodes = 92345,
                                    .dof = 277035,
                                    .minimum_dihedral_deg = 14.9,
                                    .maximum_dihedral_deg = 157.6,
                                    .p1_dihedral_deg = 23.1,
                                    .minimum_radius_ratio = 0.31,
                                    .mean_radius_ratio = 0.84,
                                    .volume_mm3 = 57880,
                                    .mask_volume_mm3 = 57912,
                                    .volume_error_percent = -0.06,
                                    .closed = TRUE,
                                    .manifold = TRUE,
                                    .islands = 2,
                                    .island_voxels = 17 };
  self->law_name = law->name;
  self->law_title = law->title;
  self->law_source = law->source;
  self->law_chain = g_strdup ("K₂HPO₄ taken as ash; ash / 0.6 = apparent; E = 4730 ρ^1.56");
  self->law_basis = law->basis;
  self->law_low_mg_cm3 = law->range_low_mg_cm3;
  self->law_high_mg_cm3 = law->range_high_mg_cm3;
  self->poisson = law->poisson;
  self->modulus_floor_mpa = 0.1;
  self->modulus = (OssModulusSummary){ 0.1, 9876.5, 402.7, 12.4, 31 };
  self->displacement_mm = 0.18156;
  self->superior_area_mm2 = 1012.3;
  self->inferior_area_mm2 = 1055.8;
  self->strength = (OssStrength){ .reaction_n = 1145.6,
                                  .displacement_mm = 0.18156,
                                  .stiffness_n_per_mm = 6309.77,
                                  .apparent_0_68_percent_n = 1145.6,
                                  .linear_2_percent_n = 3369.4,
                                  .pistoia_n = 2210.9,
                                  .height_mm = 26.7 };
  self->stress = (OssStressSummary){ 14.231, 1.1984, 4.1237, 6.8802, 1.4402 };
  self->solver = g_strdup ("CHOLMOD supernodal, METIS");
  self->solver_reason = g_strdup ("solved");
  self->relative_residual = 4.2e-13;
}

/* A curve of closed form: a straight start, then a load that closes in on 4 000 N; 27 mm is near the sample's height.
 */
void
report_sample_curve (OssReportData *self, gsize n, gboolean converged)
{
  const OssYieldLaw *law = oss_yield_find (NULL, NULL, NULL);
  OssFemCurve *curve = g_new0 (OssFemCurve, 1);
  const double stiffness = self->strength.stiffness_n_per_mm, most = 4000.0;

  curve->n_points = n;
  curve->points = g_new0 (OssLoadPoint, n);
  curve->volume_mm3 = 57880.0;
  for (gsize i = 0; i < n; i++)
    {
      OssLoadPoint *point = &curve->points[i];
      const double moved = 0.534 * (double) i / (double) (n - 1);

      *point = (OssLoadPoint){ .displacement_mm = moved,
                               .reaction_n = most * tanh (stiffness * moved / most),
                               .residual = i > 0 ? 2.5e-6 : 0.0,
                               .iterations = i > 0 ? 3 : 0,
                               .linear_iterations = i > 0 ? 21 : 0,
                               .yielded_mm3 = 57880.0 * 0.5 * moved / 0.534 };
    }
  curve->converged = converged;
  g_strlcpy (curve->reason, converged ? "solved" : "not converged at 0.5 mm", sizeof curve->reason);
  g_strlcpy (curve->solver, "CG, p-multigrid", sizeof curve->solver);
  curve->stiffness_n_per_mm = stiffness;
  curve->peak_n = curve->plateau_n = curve->points[n - 1].reaction_n;
  curve->peak_mm = 0.534;
  curve->offset_n = 2712.3;
  curve->offset_mm = 0.4833;
  curve->yielded_share = 0.5;
  self->curve = curve;
  self->yield_name = law->name;
  self->yield_title = law->title;
  self->yield_source = law->power.source;
  self->yield_formula = oss_yield_describe (law);
  self->criterion = oss_criterion_name (law->criterion);
  self->post_yield = g_strdup ("perfect");
  self->post_yield_words = g_strdup ("perfectly plastic");
  self->final_strain = 0.02;
  oss_report_data_finish (self);
}

static OssPicture *
stress_picture (void)
{
  static const double axes[3][2] = { { 0.86, 0.1 }, { -0.5, 0.2 }, { 0.0, 0.95 } };
  OssPicture *picture = oss_picture_new (640, 560);
  OssColormap map;

  g_assert_true (oss_colormap_load ("plasma", &map, NULL));
  for (int y = 0; y < 560; y++)
    for (int x = 0; x < 640; x++)
      {
        guint8 *p = picture->rgba + 4 * (y * 640 + x);
        const double r = hypot ((x - 280) / 180.0, (y - 290) / 150.0);

        p[3] = 255;
        if (r < 1.0)
          memcpy (p, map.rgb[(int) (255 * (1.0 - r))], 3);
      }
  const OssColorbar bar = { &map, 0.0, 7.3, "von Mises, MPa", "0.18 mm, 1 150 N", 4.12, axes, 0.0 };
  oss_report_colorbar (picture, &bar);
  return picture;
}

OssReportData *
report_sample (OssPicture **picture)
{
  OssReportData *self = oss_report_data_new ();

  fill_people (self);
  fill_input (self);
  fill_calibration (self);
  fill_segment (self);
  fill_slices (self);
  fill_simulation (self);
  *picture = stress_picture ();
  self->stress_picture = *picture;
  self->stress_caption = g_strdup ("Von Mises stress at 1 150 N, cut open in the middle");
  for (int i = 0; i < OSS_N_STEPS; i++)
    self->seconds[i] = 0.5 + 1.25 * i, self->peak_mib[i] = 300.0 + 100.0 * i;
  g_ptr_array_add (self->warnings, g_strdup ("2 parts of the label (17 voxels) hang apart and were left out."));
  g_ptr_array_add (self->warnings, g_strdup ("Series 2: one slice is doubled; the first of the two was taken."));
  oss_report_data_finish (self);
  return self;
}
