/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the stiffness of a vertebra depends on the size and the kind of the elements: prints a table, asserts nothing.
 *
 *   study-mesh-size CASE [CAPS ...] [KIND:SIZE ...]
 *
 * CASE: analytic, analytic-body, virtual:SEED, spinefe (needs OSSATURE_SHARED_DATA)
 * CAPS: none (the default), pmma, disc: of the meshes that follow */
#include "fem-vertebra.h"
#include "fem/oss-fem-caps.h"
#include "formats/oss-nifti.h"
#include "mesh/oss-mesher.h"
#include "segment/oss-segment.h"
#include "virtual/oss-virtual.h"

#include <stdlib.h>
#include <string.h>

static void
crop_case (ModelVertebra *self)
{
  int low[3], high[3];
  OssLabels *labels;

  g_assert_true (oss_labels_box (self->labels, 0, low, high));
  for (int k = 0; k < 3; k++)
    {
      int margin = (int) ceil (8.0 / self->labels->grid.spacing[k]);
      low[k] = MAX (low[k] - margin, 0);
      high[k] = MIN (high[k] + margin, self->labels->grid.size[k] - 1);
    }
  labels = oss_labels_crop (self->labels, low, high, NULL);
  OssVolume *density = oss_volume_crop (self->density, low, high, NULL);
  oss_labels_unref (self->labels);
  oss_volume_unref (self->density);
  self->labels = labels;
  self->density = density;
}

/* L1 of a virtual patient: true labels, and density from the scan by the true line. */
static void
make_virtual (ModelVertebra *self, guint64 seed)
{
  OssVirtualOptions options;
  OssVirtualTruth truth;
  g_autoptr (OssVolume) hu = NULL;
  g_autoptr (OssLabels) all = NULL;
  g_autoptr (GError) error = NULL;

  oss_virtual_options_default (&options);
  options.seed = seed;
  options.level_low = options.level_high = 20;
  g_assert_true (oss_virtual_make (&options, NULL, &hu, &all, NULL, NULL, &truth, NULL, &error));
  self->labels = oss_labels_select (all, 20, NULL);
  self->density = oss_volume_linear (hu, truth.true_slope, truth.true_intercept, OSS_QUANTITY_DENSITY, NULL);
  crop_case (self);
  g_assert_true (oss_segment_frame (self->labels, &self->frame, NULL, &error));
  g_assert_true (oss_law_chain_init (&self->chain, oss_law_find (NULL, NULL), OSS_BASIS_K2HPO4, NULL, NULL));
}

/* The third-party L2: bone only, without its caps. */
static void
make_spinefe (ModelVertebra *self)
{
  const char *folder = g_getenv ("OSSATURE_SHARED_DATA");
  g_autoptr (GError) error = NULL;
  g_autofree char *labels =
      g_build_filename (folder, "fe_spinefe_verse004_L2", "sub-verse004_0000_vertebra_21_seg.nii.gz", NULL);
  g_autofree char *density =
      g_build_filename (folder, "fe_spinefe_verse004_L2", "sub-verse004_0000_vertebra_21_im.nii.gz", NULL);

  self->labels = oss_nifti_read_labels (labels, NULL, &error);
  g_assert_no_error (error);
  self->density = oss_nifti_read_volume (density, OSS_QUANTITY_DENSITY, NULL, &error);
  g_assert_no_error (error);
  for (gsize v = 0; v < oss_grid_count (&self->labels->grid); v++)
    self->labels->data[v] = self->labels->data[v] >= 1 && self->labels->data[v] <= 4;
  g_assert_true (oss_segment_frame (self->labels, &self->frame, NULL, &error));
  g_assert_true (oss_law_chain_init (&self->chain, oss_law_find (NULL, NULL), OSS_BASIS_K2HPO4, NULL, NULL));
}

static OssFemResult *
solve (const ModelVertebra *self, const OssFemModel *bone, OssEndplate *superior, OssEndplate *inferior,
       OssCapsKind kind, double *with_caps, GArray *loads, GError **error)
{
  OssCaps caps;

  oss_caps_init (&caps, kind);
  if (kind == OSS_CAPS_NONE)
    {
      g_autoptr (GArray) held = oss_fem_compression (&self->frame, superior, inferior, 0.1);
      OssFemModel model = *bone;
      model.prescribed = (const OssNodal *) (void *) held->data;
      model.n_prescribed = held->len;
      return oss_fem_solve (&model, NULL, error);
    }
  g_autoptr (OssCapped) capped =
      oss_fem_capped_new (bone->mesh, bone->modulus_mpa, &self->frame, superior, inferior, &caps, NULL, error);
  if (capped == NULL)
    return NULL;
  OssFemResult *result = oss_fem_capped_solve (capped, bone, 0.1, loads, NULL, error);
  *with_caps = capped->stiffness_with_caps_n_per_mm;
  return result;
}

static void
run_mesh (const ModelVertebra *self, OssCapsKind caps, OssElementKind kind, double size)
{
  OssMeshOptions options = { .kind = kind, .size_mm = size };
  OssMeshQuality quality;
  OssModulusSummary summary;
  OssEndplate superior, inferior;
  OssStrength strength;
  double with_caps = NAN;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (OssMesh) mesh = oss_mesher_run (self->labels, &options, &quality, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssVolume) inside = oss_fem_density_inside (self->density, self->labels, 4.0, NULL, &error);
  g_assert_no_error (error);
  g_autofree double *modulus = oss_fem_modulus (mesh, inside, self->chain.from, &self->chain, &summary, NULL, &error);
  g_assert_no_error (error);
  oss_fem_endplates (mesh, &self->frame, &superior, &inferior, NULL, &error);
  g_assert_no_error (error);
  OssFemModel model = model_make (mesh, modulus, 0.3, loads, NULL);
  g_autoptr (OssFemResult) result = solve (self, &model, &superior, &inferior, caps, &with_caps, loads, &error);
  if (result == NULL)
    g_print ("%-4s %-5s %4.2f  %s\n", oss_caps_name (caps), oss_element_name (kind), size, error->message);
  else
    {
      oss_fem_strength (&model, result, &self->frame, &superior, &inferior, 0.1, &strength);
      g_print ("%-4s %-5s %4.2f  %7zu dof  %8.0f mm3 (%+.2f %%)  areas %6.1f %6.1f mm2  height %5.2f mm  "
               "EV %.5g N mm  K %8.1f N/mm  with caps %8.1f N/mm  %.0f s\n",
               oss_caps_name (caps), oss_element_name (kind), size, result->dof, quality.volume_mm3,
               quality.volume_error_percent, superior.area_mm2, inferior.area_mm2, strength.height_mm,
               summary.mean_mpa * oss_mesh_volume (mesh), strength.stiffness_n_per_mm, with_caps,
               (g_get_monotonic_time () - begin) / 1e6);
    }
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
}

int
main (int argc, char **argv)
{
  ModelVertebra self = { NULL };
  OssCapsKind caps = OSS_CAPS_NONE;

  if (argc < 2)
    return 2;
  if (g_str_has_prefix (argv[1], "virtual:"))
    make_virtual (&self, g_ascii_strtoull (argv[1] + 8, NULL, 10));
  else if (g_str_equal (argv[1], "spinefe"))
    make_spinefe (&self);
  else
    model_vertebra_init (&self, g_str_equal (argv[1], "analytic-body"));
  double e_v = 0.0;
  for (gsize v = 0; v < oss_grid_count (&self.labels->grid); v++)
    if (self.labels->data[v])
      e_v += oss_law_chain_modulus (&self.chain, self.density->data[v], NULL);
  g_print ("%s: %.1f x %.1f x %.1f mm, %.0f mm3, EV of the voxels %.5g N mm\n", argv[1], self.frame.width_mm,
           self.frame.depth_mm, self.frame.height_mm,
           oss_labels_count (self.labels, 1) * oss_grid_voxel_mm3 (&self.labels->grid),
           e_v * oss_grid_voxel_mm3 (&self.labels->grid));
  for (int i = 2; i < argc; i++)
    {
      g_auto (GStrv) parts = g_strsplit (argv[i], ":", 2);
      OssElementKind kind;
      if (parts[1] == NULL)
        {
          g_assert_true (oss_caps_from_name (parts[0], &caps, NULL));
          continue;
        }
      g_assert_true (oss_element_from_name (parts[0], &kind));
      run_mesh (&self, caps, kind, g_ascii_strtod (parts[1], NULL));
    }
  return 0;
}
