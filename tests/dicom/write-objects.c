/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write-objects FOLDER OUT: one object of every kind for the usable CT series in FOLDER, for compare-objects.py, and
 * what it has to find: two balls in the patient, fields that are linear in the patient's coordinates, numbers. */
#include "dicom/oss-dicom-objects.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum
{
  BOX = 10 /* voxels of the image left out at its borders, in the plane */
};

typedef struct
{
  double centre[2][3], radius_mm[2];
  OssGrid box;
} Plan;

static void
make_plan (const OssGrid *grid, Plan *plan)
{
  int low[3], high[3];
  double reach = G_MAXDOUBLE;

  for (int a = 0; a < 3; a++)
    {
      int margin = a < 2 ? MIN (BOX, grid->size[a] / 8) : MIN (1, grid->size[a] / 4);
      low[a] = margin;
      high[a] = grid->size[a] - 1 - 2 * margin;
      reach = MIN (reach, (high[a] - low[a] + 1) * grid->spacing[a]);
    }
  oss_grid_crop (grid, low, high, &plan->box, NULL);
  for (int b = 0; b < 2; b++)
    {
      const double index[3] = { (b == 0 ? 0.33 : 0.7) * high[0], (b == 0 ? 0.6 : 0.4) * high[1],
                                low[2] + (b == 0 ? 0.3 : 0.7) * (high[2] - low[2]) };
      oss_grid_to_patient (grid, index, plan->centre[b]);
      plan->radius_mm[b] = (b == 0 ? 0.3 : 0.4) * MIN (reach, 40.0);
    }
}

static double
distance (const double a[3], const double b[3])
{
  return sqrt ((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

static void
fill (const Plan *plan, OssLabels *labels, OssVolume *density, OssVolume *stress)
{
  const int *size = plan->box.size;

  for (int k = 0; k < size[2]; k++)
    for (int j = 0; j < size[1]; j++)
      for (int i = 0; i < size[0]; i++)
        {
          const double index[3] = { i, j, k };
          gsize v = oss_grid_offset (&plan->box, i, j, k);
          double p[3];
          oss_grid_to_patient (&plan->box, index, p);
          for (int b = 0; b < 2; b++)
            if (distance (p, plan->centre[b]) <= plan->radius_mm[b])
              labels->data[v] = (guint8) (20 + b);
          density->data[v] = (float) (3.0 * p[0] - 2.0 * p[1] + 0.5 * p[2]);
          stress->data[v] = labels->data[v] != 0 ? (float) (1.0 + 0.01 * fabs (p[0])) : 0.0f;
        }
}

static OssDicomReport *
make_report (void)
{
  OssDicomReport *report = oss_dicom_report_new ();

  for (guint8 b = 0; b < 2; b++)
    {
      OssDicomGroup *group = oss_dicom_report_add (report, 20 + b);
      group->segment = b + 1;
      g_free (group->kernel);
      group->kernel = g_strdup ("B40f");
      g_free (group->calibration);
      group->calibration = g_strdup ("phantom");
      g_free (group->basis);
      group->basis = g_strdup ("K2HPO4");
      group->slope = 0.7123456789;
      group->intercept = -4.25;
      oss_dicom_group_add (group, OSS_MEASURED_VBMD, "phantom", 101.125 + b);
      oss_dicom_group_add (group, OSS_MEASURED_VBMD_SD, "phantom", 31.5);
      oss_dicom_group_add (group, OSS_MEASURED_HU, NULL, 147.75);
      oss_dicom_group_add (group, OSS_MEASURED_VOLUME, NULL, 43210.5);
      oss_dicom_group_add (group, OSS_MEASURED_STIFFNESS, NULL, 12345.678901234567 + b);
      oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, "apparent-0.68", 2345.5);
      oss_dicom_group_add (group, OSS_MEASURED_STRENGTH, "pistoia", 3456.5);
      oss_dicom_group_add (group, OSS_MEASURED_LOAD_TO_STRENGTH, NULL, 0.75);
      oss_dicom_group_add (group, OSS_MEASURED_VBMD_UNCERTAINTY, NULL, NAN);
    }
  return report;
}

static gboolean
write_flat (OssDicomExport *export, const char *out, GError **error)
{
  static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
                            "trailer<</Root 1 0 R>>\n%%EOF\n";
  g_autofree char *pdf_path = g_build_filename (out, "pdf.dcm", NULL);
  g_autofree char *sc_path = g_build_filename (out, "sc.dcm", NULL);
  g_autoptr (OssPicture) picture = oss_picture_new (37, 23);

  for (int i = 0; i < 37 * 23; i++)
    {
      picture->rgba[4 * i] = (guint8) (i * 7);
      picture->rgba[4 * i + 1] = (guint8) (i * 11);
      picture->rgba[4 * i + 2] = (guint8) (i * 13);
      picture->rgba[4 * i + 3] = 255;
    }
  return oss_dicom_write_pdf (export, (const guint8 *) pdf, sizeof pdf - 1, "Report", pdf_path, error)
         && oss_dicom_write_capture (export, picture, "Stress", sc_path, error);
}

static gboolean
write_all (const OssSeries *series, const char *out, GError **error)
{
  static const OssDicomSegment segments[] = { { 20, 20, OSS_DRAWN_SEMIAUTOMATIC, "Ossature, one click" },
                                              { 21, 21, OSS_DRAWN_MANUAL, NULL } };
  g_autoptr (GDateTime) when = g_date_time_new_utc (2026, 3, 14, 10, 11, 12.0);
  g_autoptr (OssDicomExport) export = oss_dicom_export_new (series, 7, when, error);
  g_autoptr (OssDicomReport) report = make_report ();
  g_autofree char *seg = g_build_filename (out, "seg.dcm", NULL);
  g_autofree char *density_path = g_build_filename (out, "density.dcm", NULL);
  g_autofree char *stress_path = g_build_filename (out, "stress.dcm", NULL);
  g_autofree char *sr = g_build_filename (out, "sr.dcm", NULL);
  Plan plan;

  if (export == NULL)
    return FALSE;
  make_plan (&series->grid, &plan);
  g_autoptr (OssLabels) labels = oss_labels_new (&plan.box, error);
  g_autoptr (OssVolume) density = oss_volume_new (&plan.box, OSS_QUANTITY_DENSITY, error);
  g_autoptr (OssVolume) stress = oss_volume_new (&plan.box, OSS_QUANTITY_OTHER, error);
  if (stress == NULL)
    return FALSE;
  fill (&plan, labels, density, stress);
  for (int b = 0; b < 2; b++)
    printf ("ball %d %.9f %.9f %.9f %.9f\n", 20 + b, plan.centre[b][0], plan.centre[b][1], plan.centre[b][2],
            plan.radius_mm[b]);
  printf ("series %s slices %d voxels %zu %zu\n", series->series_uid, series->grid.size[2],
          oss_labels_count (labels, 20), oss_labels_count (labels, 21));
  return oss_dicom_write_segmentation (export, labels, segments, 2, seg, NULL, error)
         && oss_dicom_write_map (export, density, OSS_MAP_DENSITY, "K2HPO4, phantom", density_path, NULL, error)
         && oss_dicom_write_map (export, stress, OSS_MAP_VON_MISES, NULL, stress_path, NULL, error)
         && oss_dicom_write_report (export, report, sr, error) && write_flat (export, out, error);
}

int
main (int argc, char **argv)
{
  const char *paths[] = { argc == 3 ? argv[1] : NULL, NULL };
  g_autoptr (GError) error = NULL;

  if (argc != 3 || g_mkdir_with_parents (argv[2], 0755) != 0)
    return EXIT_FAILURE;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, NULL, &error);
  const OssSeries *series = list != NULL ? oss_series_pick (list, NULL, NULL, &error) : NULL;
  if (series == NULL || !write_all (series, argv[2], &error))
    {
      fprintf (stderr, "%s\n", error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
