/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../test-sanitized.h"
#include "fem-vertebra.h"
#include "fem/oss-fem-caps.h"
#include "mesh/oss-mesher.h"

#include <string.h>

#define BONE_MPA 400.0

/* A bar of 20 x 16 x 24 mm; its frame so wide that the whole end is within the footprint of an endplate. */
static const OssVertebraFrame upright = { .centre = { 10.0, 8.0, 12.0 },
                                          .right = { -1.0, 0.0, 0.0 },
                                          .anterior = { 0.0, -1.0, 0.0 },
                                          .superior = { 0.0, 0.0, 1.0 },
                                          .width_mm = 24.0,
                                          .depth_mm = 20.0,
                                          .height_mm = 24.0 };

typedef struct
{
  OssStrength strength;
  double with_caps, contact_mm2, work, energy;
  gsize cap_elements;
} Answer;

static Answer
compress (const OssMesh *mesh, const double *modulus, double poisson, const OssVertebraFrame *frame,
          const OssCaps *caps, double displacement_mm)
{
  OssEndplate superior, inferior;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) prescribed = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  OssFemModel bone = model_make (mesh, modulus, poisson, prescribed, NULL);

  oss_fem_endplates (mesh, frame, &superior, &inferior, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssCapped) capped = oss_fem_capped_new (mesh, modulus, frame, &superior, &inferior, caps, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OssFemResult) result = oss_fem_capped_solve (capped, &bone, displacement_mm, prescribed, NULL, &error);
  g_assert_no_error (error);
  Answer answer = { .with_caps = capped->stiffness_with_caps_n_per_mm,
                    .contact_mm2 = capped->contact_mm2[0],
                    .work = result->work,
                    .energy = result->strain_energy,
                    .cap_elements = capped->mesh->n_elements - mesh->n_elements };
  oss_fem_strength (&bone, result, frame, &superior, &inferior, displacement_mm, &answer.strength);
  for (gsize e = mesh->n_elements; e < capped->mesh->n_elements; e++)
    g_assert_cmpfloat (oss_mesh_element_volume (capped->mesh, e), >, 0.0);
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
  return answer;
}

static double *
fill (gsize n, double value)
{
  double *all = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    all[i] = value;
  return all;
}

/* Three bars in series without contraction: 1/k = sum of length / (E A), and the middle one's own k = E A / length; the
 * force is k times the shortening of the middle one. Exact for every element: rounding and the iteration's 1e-10. */
static void
test_series (void)
{
  const int n[3] = { 5, 4, 6 };
  const double size[3] = { 20.0, 16.0, 24.0 };

  for (int kind = 0; kind < 3; kind++)
    for (int soft = 0; soft < 2; soft++)
      {
        OssCaps caps = { soft ? OSS_CAPS_DISC : OSS_CAPS_PMMA, 8.0, soft ? 8.0 : 2500.0, 0.0 };
        g_autoptr (OssMesh) mesh = model_box ((OssElementKind) kind, n, size, NULL, NULL);
        g_autofree double *modulus = fill (mesh->n_elements, BONE_MPA);
        Answer answer = compress (mesh, modulus, 0.0, &upright, &caps, 0.1);
        double own = BONE_MPA * 320.0 / 24.0;
        double both = 1.0 / (1.0 / own + 2.0 * 8.0 / (caps.modulus_mpa * 320.0));

        g_test_message ("%s: %.6f (%.6f) and with caps %.6f (%.6f) N/mm", oss_element_name ((OssElementKind) kind),
                        answer.strength.stiffness_n_per_mm, own, answer.with_caps, both);
        g_assert_cmpfloat_with_epsilon (answer.contact_mm2, 320.0, 1e-9);
        g_assert_cmpfloat_with_epsilon (answer.strength.stiffness_n_per_mm, own, 1e-7 * own);
        g_assert_cmpfloat_with_epsilon (answer.strength.reaction_n, 0.1 * own, 1e-8 * own);
        g_assert_cmpfloat_with_epsilon (answer.with_caps, both, 1e-7 * both);
        g_assert_cmpfloat_with_epsilon (answer.work, 0.5 * 0.01 * own, 1e-8 * own);
        g_assert_cmpfloat_with_epsilon (answer.energy, answer.work, 1e-7 * answer.work);
        g_assert_cmpfloat_with_epsilon (answer.strength.height_mm, 24.0, 1e-6);
      }
}

/* A cap is the continuation of the body: caps of the body's own material make a longer bar of one material, whose
 * stiffness is that of a longer mesh between plates, with contraction and shear held at the ends. Reference: that mesh,
 * whose elements are others: 1 %, of which tet4 takes most. */
static void
test_longer (void)
{
  const int n[3] = { 10, 8, 12 }, longer[3] = { 10, 8, 20 };
  const double size[3] = { 20.0, 16.0, 24.0 }, whole[3] = { 20.0, 16.0, 40.0 };
  const OssCaps caps = { OSS_CAPS_PMMA, 8.0, BONE_MPA, 0.3 };

  for (int kind = 0; kind < 3; kind++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (OssMesh) mesh = model_box ((OssElementKind) kind, n, size, NULL, NULL);
      g_autoptr (OssMesh) reference = model_box ((OssElementKind) kind, longer, whole, NULL, NULL);
      g_autofree double *modulus = fill (reference->n_elements, BONE_MPA);
      g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (OssNodal));
      Answer answer = compress (mesh, modulus, 0.3, &upright, &caps, 0.1);
      double expected = 0.0;

      model_press (loads, reference, 40.0, 1.0);
      OssFemModel model = model_make (reference, modulus, 0.3, loads, NULL);
      g_autoptr (OssFemResult) result = oss_fem_solve (&model, NULL, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < reference->n_nodes; i++)
        if (reference->nodes[3 * i + 2] > 39.9)
          expected -= result->reaction[3 * i + 2];
      g_test_message ("%s: %.3f, expected %.3f N/mm", oss_element_name ((OssElementKind) kind), answer.with_caps,
                      expected);
      g_assert_cmpfloat_with_epsilon (answer.with_caps, expected, 0.01 * expected);
      /* Bonded to rigid plates the middle part cannot contract at its ends; between parts of its own kind it can. */
      g_assert_cmpfloat (answer.strength.stiffness_n_per_mm, <, 1.02 * expected * 40.0 / 24.0);
    }
}

/* The more the caps give way, the less they hold the endplates: none > PMMA > disc; and PMMA of 1e6 MPa is a rigid
 * plate, but for the border of the endplate: 2 %. Meshes of 1.5 mm linear and 3 mm quadratic elements agree with each
 * other with each cap: 2 %. Energy is work. */
static void
test_vertebra (void)
{
  g_auto (ModelVertebra) vertebra = { NULL };
  double stiffness[2][OSS_N_CAPS];

  model_vertebra_init (&vertebra, TRUE);
  g_autoptr (OssVolume) inside = oss_fem_density_inside (vertebra.density, vertebra.labels, 4.0, NULL, NULL);
  for (int k = 0; k < 2; k++)
    {
      OssMeshOptions options = { .kind = k ? OSS_ELEMENT_TET10 : OSS_ELEMENT_TET4, .size_mm = k ? 3.0 : 1.5 };
      OssMeshQuality quality;
      OssModulusSummary summary;
      g_autoptr (GError) error = NULL;
      g_autoptr (OssMesh) mesh = oss_mesher_run (vertebra.labels, &options, &quality, NULL, &error);
      g_assert_no_error (error);
      g_autofree double *modulus =
          oss_fem_modulus (mesh, inside, vertebra.chain.from, &vertebra.chain, &summary, NULL, &error);
      g_assert_no_error (error);
      for (int kind = OSS_CAPS_PMMA; kind < OSS_N_CAPS; kind++)
        {
          OssCaps caps;
          oss_caps_init (&caps, (OssCapsKind) kind);
          Answer answer = compress (mesh, modulus, 0.3, &vertebra.frame, &caps, 0.1);
          stiffness[k][kind] = answer.strength.stiffness_n_per_mm;
          g_test_message ("%s %s: %.1f N/mm, with caps %.1f, %zu elements", oss_element_name (options.kind),
                          oss_caps_name (caps.kind), answer.strength.stiffness_n_per_mm, answer.with_caps,
                          answer.cap_elements);
          g_assert_cmpfloat_with_epsilon (answer.energy, answer.work, 1e-6 * answer.work);
        }
      OssCaps rigid = { OSS_CAPS_PMMA, 10.0, 1e6, 0.3 };
      stiffness[k][OSS_CAPS_NONE] =
          compress (mesh, modulus, 0.3, &vertebra.frame, &rigid, 0.1).strength.stiffness_n_per_mm;
      g_test_message ("rigid: %.1f N/mm", stiffness[k][OSS_CAPS_NONE]);
      g_assert_cmpfloat (stiffness[k][OSS_CAPS_DISC], <, stiffness[k][OSS_CAPS_PMMA]);
      g_assert_cmpfloat (stiffness[k][OSS_CAPS_PMMA], <, stiffness[k][OSS_CAPS_NONE]);
    }
  for (int kind = 0; kind < OSS_N_CAPS; kind++)
    g_assert_cmpfloat_with_epsilon (stiffness[0][kind], stiffness[1][kind], 0.02 * stiffness[1][kind]);
}

/* A cap that the endplate sticks out of is refused with the thickness that would do; nonsense is told. */
static void
test_refused (void)
{
  const int n[3] = { 16, 16, 12 };
  OssVertebraFrame frame = upright;
  g_autoptr (OssMesh) mesh = model_body (OSS_ELEMENT_TET4, n);
  g_autofree double *modulus = fill (mesh->n_elements, BONE_MPA);
  g_autoptr (GError) error = NULL;
  OssEndplate superior, inferior;
  OssCapsKind kind;
  OssCaps caps = { OSS_CAPS_PMMA, 1.0, 8.0, 0.45 };
  double high = 0.0;

  memset (frame.centre, 0, sizeof frame.centre);
  frame.width_mm = 39.6, frame.depth_mm = 28.2, frame.height_mm = 24.8;
  g_assert_true (oss_fem_endplates (mesh, &frame, &superior, &inferior, NULL, &error));
  for (gsize i = 0; i < mesh->n_nodes; i++)
    high = fmax (high, mesh->nodes[3 * i + 2]);
  g_assert_cmpfloat (high - superior.height_mm, <, 1.0);
  caps.thickness_mm = 1.0;
  mesh->nodes[3 * (gsize) g_array_index (superior.nodes, gint32, superior.nodes->len / 2) + 2] = 16.0;
  g_assert_null (oss_fem_capped_new (mesh, modulus, &frame, &superior, &inferior, &caps, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_REFUSED);
  g_clear_error (&error);
  oss_endplate_clear (&superior);
  oss_endplate_clear (&inferior);
  caps.thickness_mm = NAN;
  g_assert_false (oss_caps_check (&caps, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (oss_caps_from_name ("jelly", &kind, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  for (int k = 0; k < OSS_N_CAPS; k++)
    {
      g_assert_true (oss_caps_from_name (oss_caps_name ((OssCapsKind) k), &kind, NULL));
      g_assert_cmpint (kind, ==, k);
      oss_caps_init (&caps, kind);
      g_assert_true (oss_caps_check (&caps, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fem/caps/series", test_series);
  g_test_add_func ("/fem/caps/longer", test_longer);
  if (!TEST_SANITIZED)
    g_test_add_func ("/fem/caps/vertebra", test_vertebra);
  g_test_add_func ("/fem/caps/refused", test_refused);
  return g_test_run ();
}
