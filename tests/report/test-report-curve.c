/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strength by estimator and the load beyond yield, in every output: against the closed form that went in; the PDF
 * through poppler where it is installed, the drawing by its own pixels. */
#include "report-sample.h"
#include "report/oss-report-curve.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define POINTS 21

typedef struct
{
  OssReportData *data;
  OssPicture *picture;
  char *folder;
} Fixture;

static void
set_up (Fixture *self, gconstpointer converged)
{
  self->data = report_sample (&self->picture);
  self->folder = g_dir_make_tmp ("oss-curve-XXXXXX", NULL);
  report_sample_curve (self->data, POINTS, converged != NULL);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);
      g_remove (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  oss_report_data_free (self->data);
  oss_picture_free (self->picture);
}

static double
load_at (const Fixture *self, double moved_mm)
{
  return 4000.0 * tanh (self->data->strength.stiffness_n_per_mm * moved_mm / 4000.0);
}

/* The PDF's words without spaces, or NULL when poppler is not there. */
static char *
words_of_pdf (Fixture *self, const char *paper)
{
  g_autofree char *path = g_build_filename (self->folder, "report.pdf", NULL), *out = NULL;
  g_autofree char *program = g_find_program_in_path ("pdftotext");
  const char *argv[] = { "pdftotext", "-raw", path, "-", NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (oss_report_data_pdf (self->data, paper, path, &error));
  g_assert_no_error (error);
  if (program == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return NULL;
    }
  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, &error));
  g_assert_cmpint (status, ==, 0);
  GString *closed = g_string_new (NULL);
  for (const char *p = out; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)))
      g_string_append_unichar (closed, g_utf8_get_char (p));
  return g_string_free (closed, FALSE);
}

static void
assert_says (const char *words, const char *expected)
{
  g_auto (GStrv) parts = g_strsplit (expected, " ", -1);
  g_autofree char *closed = g_strjoinv ("", parts);

  if (strstr (words, closed) == NULL)
    g_error ("the report does not say “%s”", expected);
}

static void
test_pdf (Fixture *self, gconstpointer unused)
{
  static const char *const papers[] = { NULL, "Letter" };
  static const char *const expected[] = {
    "Strength beyond yield",
    "0.2 % offset yield",
    "2 710 N",
    "3 370 N",
    "2 210 N",
    "1 150 N",
    "vertebral trabecular",
    "paraboloid",
    "2.5·10⁻⁶",
    "60 of Newton, 420 linear",
    "3 / 3",
    "50.0 %",
    "the whole path was followed",
  };

  for (gsize k = 0; k < G_N_ELEMENTS (papers); k++)
    {
      g_autofree char *words = words_of_pdf (self, papers[k]);

      if (words == NULL)
        return;
      for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
        assert_says (words, expected[i]);
      for (int i = 0; i < OSS_N_ESTIMATORS; i++)
        {
          assert_says (words, oss_estimator ((OssEstimatorId) i)->name);
          assert_says (words, oss_estimator ((OssEstimatorId) i)->comparable);
        }
    }
}

/* A linear report has the three linear estimates with their sentences, and says why there are no others. */
static void
test_pdf_linear (Fixture *self, gconstpointer unused)
{
  g_clear_pointer (&self->data->curve, oss_fem_curve_free);
  g_autofree char *words = words_of_pdf (self, NULL);

  if (words == NULL)
    return;
  assert_says (words, "2 / 2");
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    if (!oss_estimator ((OssEstimatorId) i)->nonlinear)
      assert_says (words, oss_estimator ((OssEstimatorId) i)->comparable);
  assert_says (words, "they need a nonlinear solution");
}

/* A curve that stopped early, with more increments than the page has lines. */
static void
test_pdf_stopped (Fixture *self, gconstpointer unused)
{
  oss_fem_curve_free (self->data->curve);
  g_free (self->data->yield_formula);
  g_free (self->data->post_yield);
  g_free (self->data->post_yield_words);
  report_sample_curve (self->data, 400, FALSE);
  g_autofree char *words = words_of_pdf (self, "Letter");

  if (words == NULL)
    return;
  assert_says (words, "not converged at 0.5 mm");
  assert_says (words, "all are in curve.csv");
  assert_says (words, "3 / 3");
}

static void
test_json (Fixture *self, gconstpointer converged)
{
  g_autofree char *text = oss_report_data_json (self->data, TRUE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonObject *nonlinear = json_object_get_object_member (root, "nonlinear");
  JsonObject *estimators = json_object_get_object_member (root, "strength_estimators");
  JsonObject *sentences = json_object_get_object_member (root, "strength_comparable_with");
  JsonArray *points = json_object_get_array_member (nonlinear, "curve");

  g_assert_true (json_object_get_double_member (estimators, "offset_0_2_percent") == 2712.3);
  g_assert_true (json_object_get_double_member (estimators, "nonlinear_plateau") == load_at (self, 0.534));
  g_assert_true (json_object_get_double_member (estimators, "pistoia") == 2210.9);
  for (int i = 0; i < OSS_N_ESTIMATORS; i++)
    g_assert_cmpuint (strlen (json_object_get_string_member (sentences, oss_estimator ((OssEstimatorId) i)->key)), >,
                      40);
  g_assert_cmpint (json_object_get_boolean_member (nonlinear, "converged"), ==, converged != NULL);
  g_assert_cmpstr (json_object_get_string_member (nonlinear, "yield_law"), ==, "vertebra-yield-strain");
  g_assert_cmpuint (json_array_get_length (points), ==, POINTS);
  for (guint i = 0; i < POINTS; i++)
    {
      JsonObject *point = json_array_get_object_element (points, i);
      double moved = json_object_get_double_member (point, "displacement_mm");

      g_assert_cmpfloat_with_epsilon (moved, 0.534 * i / (POINTS - 1), 1e-12);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (point, "apparent_strain"), moved / 26.7, 1e-12);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (point, "reaction_n"), load_at (self, moved), 1e-9);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (point, "yielded_volume_fraction"),
                                      0.5 * moved / 0.534, 1e-12);
    }
}

static void
test_csv (Fixture *self, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (self->folder, "curve.csv", NULL), *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (oss_report_data_curve_csv (self->data, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, POINTS + 2);
  g_assert_true (g_str_has_prefix (lines[0], "displacement_mm,apparent_strain_percent,reaction_n,"));
  for (int i = 0; i < POINTS; i++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i + 1], ",", -1);
      double moved = g_ascii_strtod (cells[0], NULL), load = load_at (self, moved);

      g_assert_cmpuint (g_strv_length (cells), ==, 11);
      g_assert_cmpfloat_with_epsilon (moved, 0.534 * i / (POINTS - 1), 1e-8);
      g_assert_cmpfloat_with_epsilon (g_ascii_strtod (cells[2], NULL), load, 1e-5);
    }
  g_clear_pointer (&self->data->curve, oss_fem_curve_free);
  g_assert_false (oss_report_data_curve_csv (self->data, path, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
}

static gboolean
is_accent (const guint32 *pixels, int stride, int x, int y)
{
  const guint32 pixel = pixels[y * stride + x];
  const int red = (int) (pixel >> 16 & 255), green = (int) (pixel >> 8 & 255), blue = (int) (pixel & 255);

  return red > 180 && green < 90 && blue < 90;
}

/* The drawn line, read back: its ends are the origin and the last point, and in between it has the shape of the closed
 * form to two pixels of its 300. */
static void
test_drawing (Fixture *self, gconstpointer unused)
{
  const int width = 480, height = 360;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (surface);
  PangoContext *context = pango_cairo_create_context (cr);
  const OssCurveLook look = { .width = width,
                              .height = height,
                              .text_size = 11.0,
                              .ink = 0,
                              .dim = 0x606060,
                              .grid = 0xe0e0e0,
                              .accent = 0xff0000,
                              .selected = 5 };
  int left = width, right = -1, row[480];

  cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
  cairo_paint (cr);
  self->data->curve->offset_n = NAN; /* its mark stands on the line */
  oss_report_draw_curve (cr, context, &look, self->data->curve, 26.7);
  g_object_unref (context);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  const guint32 *pixels = (const guint32 *) (void *) cairo_image_surface_get_data (surface);
  const int stride = cairo_image_surface_get_stride (surface) / 4;
  for (int x = 0; x < width; x++)
    {
      int sum = 0, n = 0;
      for (int y = 0; y < height; y++)
        if (is_accent (pixels, stride, x, y))
          sum += y, n++;
      row[x] = n > 0 ? sum / n : -1;
      if (n > 0)
        {
          left = MIN (left, x);
          right = MAX (right, x);
        }
    }
  g_assert_cmpint (right - left, >, 380);
  /* The dots at the ends stand out by 2 px. */
  left += 2;
  right += 3; /* the diamond hides the last dot */
  double scale =
      (row[left + 60] - row[right - 20])
      / (load_at (self, 0.534 * (right - 20 - left) / (right - left)) - load_at (self, 0.534 * 60.0 / (right - left)));
  for (int x = left + 10; x < right - 10; x += 7)
    if (row[x] >= 0 && abs (x - left - (right - left) / 4) > 12) /* the ringed point */
      {
        double expected = row[left + 60]
                          - scale
                                * (load_at (self, 0.534 * (x - left) / (right - left))
                                   - load_at (self, 0.534 * 60.0 / (right - left)));
        g_assert_cmpfloat_with_epsilon (row[x], expected, 2.5);
      }
  cairo_surface_destroy (surface);
}

static void
test_words (Fixture *self, gconstpointer unused)
{
  g_autofree char *whole = oss_report_describe_curve (self->data->curve, 26.7);
  g_autofree char *point = oss_report_describe_point (self->data->curve, 26.7, 10);

  g_assert_nonnull (strstr (whole, "2.00 % strain"));
  g_assert_nonnull (strstr (whole, "50.0 %"));
  g_assert_nonnull (strstr (point, "0.267 mm (1.00 % strain)"));
  g_assert_nonnull (strstr (point, "25.0 %"));
}

#define ADD(path, converged, func) g_test_add (path, Fixture, converged, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/report/curve/pdf", "yes", test_pdf);
  ADD ("/report/curve/pdf-linear", "yes", test_pdf_linear);
  ADD ("/report/curve/pdf-stopped", NULL, test_pdf_stopped);
  ADD ("/report/curve/json", "yes", test_json);
  ADD ("/report/curve/json-stopped", NULL, test_json);
  ADD ("/report/curve/csv", "yes", test_csv);
  ADD ("/report/curve/drawing", "yes", test_drawing);
  ADD ("/report/curve/words", "yes", test_words);
  return g_test_run ();
}
