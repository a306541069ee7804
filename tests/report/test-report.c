/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every output of a report about nobody: figures against the numbers that went in, the PDF through independent
 * readers (qpdf and poppler) where they are installed. */
#include "base/oss-random.h"
#include "report-sample.h"
#include "report/oss-report-format.h"
#include "report/oss-report-picture.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>

typedef struct
{
  OssReportData *data;
  OssPicture *picture;
  char *folder;
} Fixture;

static void
set_up (Fixture *self, gconstpointer unused)
{
  self->data = report_sample (&self->picture);
  self->folder = g_dir_make_tmp ("oss-report-XXXXXX", NULL);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (folder);
}

static void
tear_down (Fixture *self, gconstpointer unused)
{
  oss_report_data_free (self->data);
  oss_picture_free (self->picture);
  remove_folder (self->folder);
  g_free (self->folder);
}

static char *
write_pdf (Fixture *self, const char *name, const char *paper)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (oss_report_data_pdf (self->data, paper, path, &error));
  g_assert_no_error (error);
  return path;
}

/* What a program prints, or NULL (and a word about it) when it is not installed.  It must succeed. */
static char *
output_of (const char *program, const char *option, const char *path, const char *last)
{
  g_autofree char *found = g_find_program_in_path (program);
  const char *argv[] = { program, option, path, last, NULL };
  g_autoptr (GError) error = NULL;
  char *out = NULL;
  int status = 0;

  if (found == NULL)
    {
      g_test_message ("%s is not installed", program);
      return NULL;
    }
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                               &out, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return out;
}

/* Lines and turned text are broken anywhere: everything is compared without spaces of any kind. */
static char *
without_spaces (const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)))
      g_string_append_unichar (out, g_utf8_get_char (p));
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
assert_says (const char *text, const char *expected)
{
  g_autofree char *closed = without_spaces (text), *key = without_spaces (expected);

  if (strstr (closed, key) == NULL)
    g_error ("the report does not say “%s”", expected);
}

static void
test_pdf_valid (Fixture *self, gconstpointer paper)
{
  g_autofree char *path = write_pdf (self, "report.pdf", paper);
  g_autofree char *check = output_of ("qpdf", "--check", path, NULL);
  g_autofree char *info = output_of ("pdfinfo", "-isodates", path, NULL);

  if (check == NULL && info == NULL)
    {
      g_test_skip ("neither qpdf nor pdfinfo is installed");
      return;
    }
  if (info == NULL)
    return;
  g_assert_nonnull (strstr (info, "Pages:           2"));
  g_assert_nonnull (strstr (info, "Tagged:          yes"));
  g_assert_nonnull (strstr (info, paper ? "612 x 792" : "595.276 x 841.89"));
  g_assert_nonnull (strstr (info, "Ossature"));
  g_assert_null (strstr (info, "Nobody")); /* no name in what listings show */
}

/* Figures as UI.md section 12 rounds them. */
static void
test_pdf_text (Fixture *self, gconstpointer unused)
{
  static const char *const expected[] = {
    "Nobody, Nora",
    "VP-0017",
    "1954-08-02 (71), female",
    "2026-03-14, 09:12",
    "L1",
    "Osteoporosis range",
    "Borderline",
    "2 mg/cm³ from a limit, known to ± 3",
    "Not for diagnosis",
    "1 150",
    "78",
    "± 3",
    "6 310 N/mm",
    "4.12 MPa",
    "At 0.18 mm (0.68 % of the height)",
    "B40f",
    "0.9991",
    "Mindways Model 3",
    "0.7012 × HU − 3.41 mg/cm³",
    "60 123 quadratic tetrahedra",
    "3 370 N",
    "2 210 N",
    "6.88 MPa",
    "1.20, 1.44 MPa",
    "12.4 %",
    "Morgan, Bayraktar and Keaveny 2003",
    "4.2·10⁻¹³",
    "Research software, not a medical device",
    "Dr. A. Reader",
    "Department of Radiology",
    "2 parts of the label",
    "1 / 2",
    "2 / 2",
  };
  g_autofree char *path = write_pdf (self, "report.pdf", NULL);
  g_autofree char *text = output_of ("pdftotext", "-raw", path, "-");

  if (text == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    assert_says (text, expected[i]);
}

static void
test_pdf_deidentified (Fixture *self, gconstpointer unused)
{
  g_clear_pointer (&self->data->patient_name, g_free);
  g_clear_pointer (&self->data->born, g_free);
  g_autofree char *path = write_pdf (self, "report.pdf", NULL);
  g_autofree char *text = output_of ("pdftotext", "-raw", path, "-");

  if (text == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return;
    }
  g_assert_nonnull (strstr (text, "VP-0017"));
  assert_says (text, "71 years, female");
  g_assert_null (strstr (text, "Nobody"));
  g_assert_null (strstr (text, "1954"));
}

static void
test_pdf_same_bytes (Fixture *self, gconstpointer unused)
{
  g_autofree char *first = NULL, *second = NULL, *a = NULL, *b = NULL;
  gsize na, nb;

  g_setenv ("SOURCE_DATE_EPOCH", "1773479520", TRUE);
  first = write_pdf (self, "first.pdf", NULL);
  second = write_pdf (self, "second.pdf", NULL);
  g_unsetenv ("SOURCE_DATE_EPOCH");
  g_assert_true (g_file_get_contents (first, &a, &na, NULL));
  g_assert_true (g_file_get_contents (second, &b, &nb, NULL));
  g_assert_cmpmem (a, na, b, nb);
  g_assert_cmpuint (na, >, 20000);
}

/* A comment of any length is printed whole: on a page of its own when it must. */
static void
test_pdf_long_comment (Fixture *self, gconstpointer unused)
{
  g_autoptr (GString) comment = g_string_new (NULL);

  for (int i = 0; i < 60; i++)
    g_string_append_printf (comment, "Sentence number %d of a reader who has much to say about this vertebra. ", i);
  g_string_append (comment, "Lastword.");
  g_free (self->data->comment);
  self->data->comment = g_strdup (comment->str);
  g_autofree char *path = write_pdf (self, "report.pdf", NULL);
  g_autofree char *info = output_of ("pdfinfo", "-isodates", path, NULL);
  g_autofree char *text = output_of ("pdftotext", "-raw", path, "-");

  if (info == NULL || text == NULL)
    {
      g_test_skip ("poppler's tools are not installed");
      return;
    }
  g_assert_nonnull (strstr (info, "Pages:           3"));
  assert_says (text, "The comment is on page 3.");
  assert_says (text, "Lastword.");
}

/* So are many notes, and an old result says so on every page. */
static void
test_pdf_many_notes (Fixture *self, gconstpointer unused)
{
  for (int i = 0; i < 25; i++)
    g_ptr_array_add (self->data->warnings, g_strdup_printf ("Note number %d of a long list.", i));
  self->data->out_of_date = TRUE;
  g_autofree char *path = write_pdf (self, "report.pdf", NULL);
  g_autofree char *text = output_of ("pdftotext", "-raw", path, "-");
  int stamps = 0;

  if (text == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return;
    }
  assert_says (text, "27 notes and warnings are on page 3.");
  assert_says (text, "Note number 24 of a long list.");
  g_autofree char *closed = without_spaces (text);
  for (const char *at = strstr (closed, "Outofdate"); at != NULL; at = strstr (at + 1, "Outofdate"))
    stamps++;
  g_assert_cmpint (stamps, ==, 3);
}

/* A report of almost nothing must not invent figures. */
static void
test_pdf_unknown (Fixture *self, gconstpointer unused)
{
  g_autoptr (OssReportData) empty = oss_report_data_new ();
  g_autofree char *path = g_build_filename (self->folder, "empty.pdf", NULL);
  g_autoptr (GError) error = NULL;

  oss_report_data_finish (empty);
  g_assert_true (oss_report_data_pdf (empty, NULL, path, &error));
  g_assert_no_error (error);
  g_autofree char *text = output_of ("pdftotext", "-raw", path, "-");
  if (text == NULL)
    {
      g_test_skip ("pdftotext is not installed");
      return;
    }
  g_assert_nonnull (strstr (text, "No class"));
  g_assert_null (strstr (text, "nan"));
  g_assert_null (strstr (text, "(null)"));
}

/* RFC 4180 read by its own rules: fields of each record. */
static GPtrArray *
parse_csv (const char *text)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  GPtrArray *record = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) field = g_string_new (NULL);
  gboolean quoted = FALSE;

  for (const char *p = text; *p != '\0'; p++)
    if (quoted && p[0] == '"' && p[1] == '"')
      g_string_append_c (field, *p++);
    else if (*p == '"')
      quoted = !quoted;
    else if (!quoted && (*p == ',' || (p[0] == '\r' && p[1] == '\n')))
      {
        g_ptr_array_add (record, g_strdup (field->str));
        g_string_truncate (field, 0);
        if (*p == ',')
          continue;
        p++;
        g_ptr_array_add (records, record);
        record = g_ptr_array_new_with_free_func (g_free);
      }
    else
      g_string_append_c (field, *p);
  g_assert_false (quoted);
  g_assert_cmpuint (record->len, ==, 0);
  g_ptr_array_unref (record);
  return records;
}

static const char *
csv_field (GPtrArray *records, const char *quantity, guint column)
{
  for (guint i = 0; i < records->len; i++)
    {
      GPtrArray *record = records->pdata[i];

      if (g_str_equal (record->pdata[0], quantity))
        return record->pdata[column];
    }
  g_error ("no row %s", quantity);
}

static void
test_csv (Fixture *self, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (self->folder, "report.csv", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_free (self->data->kernel);
  self->data->kernel = g_strdup ("Q\"40\", sharp");
  g_assert_true (oss_report_data_csv (self->data, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_autoptr (GPtrArray) records = parse_csv (text);

  g_assert_cmpuint (records->len, >, 30);
  for (guint i = 0; i < records->len; i++)
    g_assert_cmpuint (((GPtrArray *) records->pdata[i])->len, ==, 5);
  g_assert_true (g_str_has_prefix (text, "quantity,value,unit,method,source\r\n"));
  g_assert_cmpstr (csv_field (records, "kernel", 1), ==, "Q\"40\", sharp");
  g_assert_cmpstr (csv_field (records, "vbmd", 1), ==, "78.3421");
  g_assert_cmpstr (csv_field (records, "vbmd", 2), ==, "mg/cm3");
  g_assert_cmpstr (csv_field (records, "stiffness", 1), ==, "6309.77");
  g_assert_cmpstr (csv_field (records, "strength", 3), ==, "apparent_0_68_percent");
  g_assert_null (strstr (text, "Nobody"));
  g_assert_null (strstr (text, "VP-0017"));
}

static JsonObject *
member (JsonObject *object, const char *name)
{
  g_assert_true (json_object_has_member (object, name));
  return json_object_get_object_member (object, name);
}

/* The contract of the command line, key by key. */
static void
test_json_keys (Fixture *self, gconstpointer unused)
{
  static const char *const keys[] = {
    "program",
    "version",
    "input.series_uid",
    "input.sha256",
    "vertebra",
    "kernel",
    "calibration.method",
    "calibration.slope",
    "calibration.intercept",
    "calibration.basis",
    "calibration.r2",
    "calibration.uncertainty_mg_cm3",
    "vbmd_mg_cm3",
    "engine",
    "mesh.elements",
    "mesh.nodes",
    "mesh.dof",
    "material.law",
    "material.outside_range_percent",
    "stiffness_n_per_mm",
    "strength_n",
    "strength_estimators.apparent_0_68_percent",
    "strength_estimators.linear_2_percent",
    "strength_estimators.pistoia",
    "strength_estimators.offset_0_2_percent",
    "strength_estimators.nonlinear_plateau",
    "reaction_n",
    "stress.von_mises_max_mpa",
    "stress.von_mises_p50_mpa",
    "stress.von_mises_p95_mpa",
    "stress.von_mises_p99_mpa",
    "stress.von_mises_mean_mpa",
    "classification.class",
    "classification.basis",
    "classification.estimator",
    "classification.band",
    "classification.source",
    "solver.iterations",
    "solver.relative_residual",
    "solver.reason",
    "seconds.load",
    "seconds.simulate",
    "peak_memory_mib",
    "peak_memory_mib_per_step.mesh",
    "warnings",
  };
  g_autofree char *text = oss_report_data_json (self->data, TRUE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (json_parser_load_from_data (parser, text, -1, &error));
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_auto (GStrv) path = g_strsplit (keys[i], ".", 2);
      JsonObject *object = path[1] ? member (root, path[0]) : root;

      if (!json_object_has_member (object, path[1] ? path[1] : path[0]))
        g_error ("result.json has no %s", keys[i]);
    }
  g_assert_true (json_object_get_null_member (member (root, "strength_estimators"), "nonlinear_plateau"));
  /* Full precision: the very double that went in. */
  g_assert_true (json_object_get_double_member (root, "vbmd_mg_cm3") == 78.3421);
  g_assert_true (json_object_get_double_member (member (root, "solver"), "relative_residual") == 4.2e-13);
  g_assert_cmpstr (json_object_get_string_member (member (root, "calibration"), "basis"), ==, "K2HPO4");
  g_assert_cmpstr (json_object_get_string_member (member (root, "classification"), "class"), ==, "osteoporosis");
  g_assert_true (json_object_get_double_member (root, "peak_memory_mib") == 700.0);
  g_assert_null (strstr (text, "Nobody"));
}

/* The hash names the result, not the run. */
static void
test_result_hash (Fixture *self, gconstpointer unused)
{
  g_autofree char *before = g_strdup (self->data->result_hash);

  self->data->seconds[2] = 99.0;
  self->data->peak_mib[1] = 9999.0;
  oss_report_data_finish (self->data);
  g_assert_cmpstr (self->data->result_hash, ==, before);
  self->data->strength.stiffness_n_per_mm += 1e-9;
  oss_report_data_finish (self->data);
  g_assert_cmpstr (self->data->result_hash, !=, before);
}

static void
test_changes (Fixture *self, gconstpointer unused)
{
  const GArray *changes = self->data->changes;

  g_assert_cmpuint (changes->len, >=, 3);
  g_assert_cmpuint (changes->len, <=, 4);
  g_assert_nonnull (strstr (g_array_index (changes, OssReportChange, 0).statement, "2 mg/cm³ from the limit"));
  for (guint i = 1; i < changes->len; i++)
    g_assert_cmpint (g_array_index (changes, OssReportChange, i - 1).kind, <=,
                     g_array_index (changes, OssReportChange, i).kind);
}

static gboolean
write_nothing_here (Fixture *self, const char *path, int kind, GError **error)
{
  if (kind == 0)
    return oss_report_data_pdf (self->data, NULL, path, error);
  return kind == 1 ? oss_report_data_csv (self->data, path, error) : oss_report_png (self->picture, path, error);
}

/* No folder, and a folder that takes no files: an error that names the path, and nothing left. */
static void
test_bad_path (Fixture *self, gconstpointer unused)
{
  for (int kind = 0; kind < 3; kind++)
    {
      g_autofree char *missing = g_build_filename (self->folder, "missing", "file", NULL);
      g_autoptr (GError) no_folder = NULL;
      g_autoptr (GError) no_files = NULL;

      g_assert_false (write_nothing_here (self, missing, kind, &no_folder));
      g_assert_error (no_folder, OSS_ERROR, OSS_ERROR_FAILED);
      g_assert_nonnull (strstr (no_folder->message, missing));
      g_assert_false (write_nothing_here (self, "/proc/ossature-report", kind, &no_files));
      g_assert_error (no_files, OSS_ERROR, OSS_ERROR_FAILED);
    }
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
}

/* A rename onto a folder fails after all bytes are written: the temporary file must go too. */
static void
test_nothing_left (Fixture *self, gconstpointer unused)
{
  for (int kind = 0; kind < 3; kind++)
    {
      g_autofree char *path = g_build_filename (self->folder, "taken", NULL);
      g_autoptr (GError) error = NULL;
      int n = 0;

      g_mkdir (path, 0755);
      g_assert_false (write_nothing_here (self, path, kind, &error));
      g_assert_nonnull (error);
      g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
      while (g_dir_read_name (dir) != NULL)
        n++;
      g_assert_cmpint (n, ==, 1);
    }
}

static void
test_png (Fixture *self, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (self->folder, "picture.png", NULL);
  g_autoptr (OssPicture) picture = oss_picture_new (5, 3);
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;

  g_assert_true (oss_report_png (picture, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  /* PNG signature, then IHDR with width and height, big endian. */
  g_assert_cmpmem (bytes, 8, "\211PNG\r\n\032\n", 8);
  g_assert_cmpint (bytes[19], ==, 5);
  g_assert_cmpint (bytes[23], ==, 3);
}

/* A study that has done nothing: no report of it, and a result of nulls. */
static void
test_study_not_run (Fixture *self, gconstpointer unused)
{
  g_autoptr (OssStudy) study = oss_study_new ();
  g_autofree char *path = g_build_filename (self->folder, "report.pdf", NULL);
  g_autofree char *json = oss_report_json (study);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (oss_report_pdf (study, NULL, path, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  g_assert_true (json_object_get_null_member (root, "vbmd_mg_cm3"));
  g_assert_true (json_object_get_null_member (root, "strength_n"));
  g_assert_true (json_object_get_null_member (root, "peak_memory_mib"));
  g_assert_cmpstr (json_object_get_string_member (member (root, "classification"), "class"), ==, "none");
}

/* Ticks are 1, 2 or 5 times a power of ten apart, inside the range, and neither few nor crowded. */
static void
test_ticks (void)
{
  OssRandom random;

  oss_random_init (&random, 7, 0);
  for (int i = 0; i < 2000; i++)
    {
      const double low = oss_random_range (&random, -5, 5), size = pow (10.0, oss_random_range (&random, -4, 5));
      double ticks[OSS_MOST_TICKS];
      int decimals;
      const int n = oss_report_ticks (low, low + size, ticks, &decimals);

      g_assert_cmpint (n, >=, 2);
      g_assert_cmpint (n, <=, 8);
      const double step = ticks[1] - ticks[0], mantissa = step / pow (10.0, floor (log10 (step) + 1e-9));
      g_assert_true (fabs (mantissa - 1) < 1e-6 || fabs (mantissa - 2) < 1e-6 || fabs (mantissa - 5) < 1e-6);
      for (int k = 0; k < n; k++)
        {
          g_assert_cmpfloat (ticks[k], >=, low - 1e-8 * size);
          g_assert_cmpfloat (ticks[k], <=, low + size + 1e-8 * size);
          /* A label with these decimals says the tick's value. */
          g_assert_cmpfloat (fabs (ticks[k] * pow (10, decimals) - round (ticks[k] * pow (10, decimals))), <, 1e-4);
        }
    }
}

/* The bar's colour at a value's height is the map's colour for that value (to one of 256 steps of 2 or more rows),
 * and outside the right part of the picture nothing changes. */
static void
test_colorbar (void)
{
  g_autoptr (OssPicture) picture = oss_picture_new (640, 640);
  OssColorbarPlace place;
  OssColormap map;

  for (int i = 0; i < 256; i++)
    map.rgb[i][0] = (guint8) i, map.rgb[i][1] = (guint8) (255 - i), map.rgb[i][2] = 77;
  for (int i = 0; i < 640 * 640; i++)
    picture->rgba[4 * i + 3] = 255;
  const OssColorbar bar = { &map, -2.0, 6.0, "von Mises, MPa", "1 % compression, 6 310 N", 5.0, NULL, 0.0 };
  oss_report_colorbar (picture, &bar);
  oss_report_colorbar_place (picture, &place);
  g_assert_cmpfloat (place.height, >=, 240.0);
  for (double value = -1.9; value < 5.95; value += 0.1)
    {
      const int row = (int) (place.y + place.height * (1.0 - (value + 2.0) / 8.0));
      const int column = (int) (place.x + 0.5 * place.width);
      const guint8 *p = picture->rgba + 4 * (row * 640 + column);

      g_assert_cmpint (abs (p[0] - (int) lround (255 * (value + 2.0) / 8.0)), <=, 2);
      g_assert_cmpint (p[2], ==, 77);
    }
  for (int row = 0; row < 640; row++)
    for (int column = 0; column < 300; column++)
      g_assert_cmpint (picture->rgba[4 * (row * 640 + column)], ==, 0);
  /* Low is not zero: the lower end has its triangle, of the lowest colour. */
  const guint8 *below =
      picture->rgba + 4 * ((int) (place.y + place.height + 2) * 640 + (int) (place.x + 0.5 * place.width));
  g_assert_cmpint (below[1], >, 240);
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    int decimals;
    const char *text;
  } cases[] = {
    { 6310, 0, "6" OSS_NNBSP "310" },
    { -0.004, 2, "0.00" },
    { -1234567.891, 1, OSS_MINUS "1" OSS_NNBSP "234" OSS_NNBSP "567.9" },
    { 999.5, 0, "1" OSS_NNBSP "000" },
    { 0.68, 2, "0.68" },
    { NAN, 2, OSS_DASH },
    { INFINITY, 0, OSS_DASH },
    { 12, 1, "12.0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = oss_format_number (cases[i].value, cases[i].decimals);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
  g_autofree char *tens = oss_format_tens (6314.9), *power = oss_format_power (3.04e-3);
  g_autofree char *tiny = oss_format_spread (0.04), *spread = oss_format_spread (2.6);
  g_assert_cmpstr (tiny, ==, "1");
  g_assert_cmpstr (spread, ==, "3");
  g_autofree char *large = oss_format_power (9.96e5), *unit = oss_format_quantity (4.123, 2, "MPa");
  g_assert_cmpstr (tens, ==, "6" OSS_NNBSP "310");
  g_assert_cmpstr (power, ==, "3.0·10⁻³");
  g_assert_cmpstr (large, ==, "1.0·10⁶");
  g_assert_cmpstr (unit, ==, "4.12" OSS_NBSP "MPa");
}

static void
test_dicom_words (void)
{
  g_autofree char *date = oss_format_date ("20260314"), *odd = oss_format_date ("2026");
  g_autofree char *time = oss_format_time ("091233.5"), *name = oss_format_person ("Brandt^Helga^M^Dr=x");
  g_autofree char *family = oss_format_person ("Brandt"), *none = oss_format_person (NULL);

  g_assert_cmpstr (date, ==, "2026-03-14");
  g_assert_cmpstr (odd, ==, "2026");
  g_assert_cmpstr (time, ==, "09:12");
  g_assert_cmpstr (name, ==, "Brandt, Helga M");
  g_assert_cmpstr (family, ==, "Brandt");
  g_assert_cmpstr (none, ==, "");
}

#define ADD(path, data, func) g_test_add (path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/report/pdf/valid/a4", NULL, test_pdf_valid);
  ADD ("/report/pdf/valid/letter", "Letter", test_pdf_valid);
  ADD ("/report/pdf/text", NULL, test_pdf_text);
  ADD ("/report/pdf/de-identified", NULL, test_pdf_deidentified);
  ADD ("/report/pdf/same-bytes", NULL, test_pdf_same_bytes);
  ADD ("/report/pdf/long-comment", NULL, test_pdf_long_comment);
  ADD ("/report/pdf/many-notes", NULL, test_pdf_many_notes);
  ADD ("/report/pdf/unknown", NULL, test_pdf_unknown);
  ADD ("/report/csv", NULL, test_csv);
  ADD ("/report/json/keys", NULL, test_json_keys);
  ADD ("/report/result-hash", NULL, test_result_hash);
  ADD ("/report/changes", NULL, test_changes);
  ADD ("/report/bad-path", NULL, test_bad_path);
  ADD ("/report/nothing-left", NULL, test_nothing_left);
  ADD ("/report/png", NULL, test_png);
  ADD ("/report/study/not-run", NULL, test_study_not_run);
  g_test_add_func ("/report/ticks", test_ticks);
  g_test_add_func ("/report/colorbar", test_colorbar);
  g_test_add_func ("/report/numbers", test_numbers);
  g_test_add_func ("/report/dicom-words", test_dicom_words);
  return g_test_run ();
}
