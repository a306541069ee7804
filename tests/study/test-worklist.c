/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worklist against rows written by hand: what goes in comes out, in the order and under the filter it should. */
#include "worklist-rows.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *folder, *path;
  OssWorklist *worklist;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = make_folder ();
  fixture->path = g_build_filename (fixture->folder, "deep", "worklist.db", NULL);
  fixture->worklist = oss_worklist_open (fixture->path, NULL, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  oss_worklist_close (fixture->worklist);
  remove_folder (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

/* Imports @list (taken) and gives the id of its first study. */
static gint64
import (OssWorklist *worklist, OssSeriesList *list)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) taken = list;
  g_autoptr (GArray) ids = oss_worklist_import (worklist, taken, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (ids->len, >, 0);
  return g_array_index (ids, gint64, 0);
}

static OssSeries *
brandt (const char *study_uid, const char *date, const char *series_uid, int number)
{
  return row_series ("VP-0017", "Brandt^Helga", "19540802", study_uid, date, series_uid, number);
}

/* The names found, one letter each, in order. */
static char *
found (OssWorklist *worklist, const OssWorklistQuery *query)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) ids = oss_worklist_find (worklist, query, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  g_autoptr (GPtrArray) rows =
      oss_worklist_get_studies (worklist, (const gint64 *) (void *) ids->data, ids->len, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    g_string_append_c (text, ((OssWorklistStudy *) g_ptr_array_index (rows, i))->patient_name[0]);
  return g_string_free (text, FALSE);
}

#define assert_found(worklist, expected, ...)                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const OssWorklistQuery query_ = { __VA_ARGS__ };                                                                   \
    g_autofree char *found_ = found (worklist, &query_);                                                               \
    g_assert_cmpstr (found_, ==, expected);                                                                            \
  }                                                                                                                    \
  G_STMT_END

static void
test_rows (Fixture *fixture, gconstpointer data)
{
  OssSeries *soft = brandt ("1.2.10", "20260314", "1.2.10.3", 3), *sharp = brandt ("1.2.10", "20260314", "1.2.10.4", 4);
  OssSeries *scout = brandt ("1.2.10", "20260314", "1.2.10.1", 1);

  set_text (&sharp->kernel, "B70f");
  add_reason (sharp, OSS_REASON_NOTE, "unknown-kernel", "The kernel is sharp.");
  set_text (&scout->kernel, "T20s");
  scout->has_grid = FALSE;
  g_ptr_array_set_size (scout->files, 2);
  add_reason (scout, OSS_REASON_REFUSAL, "localizer", "This is a scout view.");
  gint64 id = import (fixture->worklist, row_list (scout, soft, sharp, NULL));

  g_autoptr (GError) error = NULL;
  g_autoptr (OssWorklistStudy) study = oss_worklist_get_study (fixture->worklist, id, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (study->patient_name, ==, "Brandt^Helga");
  g_assert_cmpstr (study->patient_id, ==, "VP-0017");
  g_assert_cmpstr (study->patient_birth_date, ==, "19540802");
  g_assert_cmpstr (study->patient_sex, ==, "F");
  g_assert_cmpstr (study->patient_age, ==, "071Y");
  g_assert_cmpstr (study->study_uid, ==, "1.2.10");
  g_assert_cmpstr (study->study_date, ==, "20260314");
  g_assert_cmpstr (study->study_time, ==, "091240");
  g_assert_cmpstr (study->study_description, ==, "CT lumbar spine");
  g_assert_cmpstr (study->scanner, ==, "SIEMENS Definition Flash");
  g_assert_cmpuint (study->n_series, ==, 3);
  g_assert_cmpuint (study->n_usable, ==, 2);
  g_assert_cmpint (study->verdict, ==, OSS_VERDICT_USABLE);
  g_assert_true (study->is_reachable);
  g_assert_cmpint (study->analysis, ==, OSS_ANALYSIS_NONE);
  /* The scout's kernel is nobody's choice. */
  g_assert_cmpuint (g_strv_length (study->kernels), ==, 2);
  g_assert_cmpstr (study->kernels[0], ==, "B40f");
  g_assert_cmpstr (study->kernels[1], ==, "B70f");

  g_autoptr (GPtrArray) series = oss_worklist_get_series (fixture->worklist, id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (series->len, ==, 3);
  const OssWorklistSeries *first = g_ptr_array_index (series, 0), *last = g_ptr_array_index (series, 2);
  g_assert_cmpint (first->number, ==, 1);
  g_assert_false (first->has_grid);
  g_assert_cmpuint (first->n_files, ==, 2);
  g_assert_cmpint (first->verdict, ==, OSS_VERDICT_REFUSED);
  g_assert_cmpuint (first->reasons->len, ==, 1);
  const OssReason *reason = g_ptr_array_index (first->reasons, 0);
  g_assert_cmpint (reason->severity, ==, OSS_REASON_REFUSAL);
  g_assert_cmpstr (reason->code, ==, "localizer");
  g_assert_cmpstr (reason->text, ==, "This is a scout view.");
  g_assert_cmpstr (last->kernel, ==, "B70f");
  g_assert_cmpstr (last->folder, ==, "/data/1.2.10.4");
  g_assert_true (last->has_grid);
  g_assert_cmpint (last->size[2], ==, 100);
  g_assert_cmpfloat (last->spacing_mm[2], ==, 1.25);
  g_assert_cmpfloat (last->kvp, ==, 120.0);
  g_assert_cmpint (last->verdict, ==, OSS_VERDICT_NOTES);
  g_auto (GStrv) folders = oss_worklist_get_folders (fixture->worklist, id, &error);
  g_assert_cmpuint (g_strv_length (folders), ==, 3);
  g_assert_cmpint (oss_worklist_find_study (fixture->worklist, "1.2.10", &error), ==, id);
  g_assert_cmpint (oss_worklist_find_study (fixture->worklist, "1.2.11", &error), ==, 0);
  g_assert_null (oss_worklist_get_study (fixture->worklist, id + 1, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
}

/* Three studies: Brandt usable, Silva with notes and an accent, Petit refused. */
static void
import_three (OssWorklist *worklist)
{
  OssSeries *one = brandt ("1.2.10", "20260314", "1.2.10.1", 1);
  OssSeries *two = row_series ("VP-0060", "Silva^Inês", "19701120", "1.2.20", "20260311", "1.2.20.1", 1);
  OssSeries *three = row_series ("VP-0049", "Petit^Claude", "19570101", "1.2.30", "20260312", "1.2.30.1", 1);

  add_reason (two, OSS_REASON_NOTE, "contrast", "Contrast agent was given.");
  set_text (&two->kernel, "FC08");
  set_text (&two->manufacturer, "TOSHIBA");
  set_text (&two->study_description, "CT abdomen");
  add_reason (three, OSS_REASON_REFUSAL, "missing-slices", "Three slices are missing.");
  set_text (&three->kernel, "STANDARD");
  import (worklist, row_list (one, two, three, NULL));
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  guint counts[OSS_WORKLIST_N_FILTERS];

  import_three (worklist);
  assert_found (worklist, "BPS", .descending = TRUE);
  assert_found (worklist, "SPB", .descending = FALSE);
  assert_found (worklist, "BPS", .sort = OSS_WORKLIST_BY_PATIENT);
  assert_found (worklist, "SPB", .sort = OSS_WORKLIST_BY_PATIENT, .descending = TRUE);
  assert_found (worklist, "SBP", .sort = OSS_WORKLIST_BY_STUDY);
  assert_found (worklist, "BSP", .sort = OSS_WORKLIST_BY_KERNEL);
  assert_found (worklist, "BSP", .sort = OSS_WORKLIST_BY_VERDICT);
  assert_found (worklist, "BS", .filter = OSS_WORKLIST_READY, .descending = TRUE);
  assert_found (worklist, "P", .filter = OSS_WORKLIST_REFUSED);
  assert_found (worklist, "", .filter = OSS_WORKLIST_TO_REVIEW);
  /* Words in any order, case and accents aside; every one has to be there. */
  assert_found (worklist, "S", .text = "ines SILVA");
  assert_found (worklist, "S", .text = "Silva, Inês");
  assert_found (worklist, "S", .text = "abdomen 2026-03");
  assert_found (worklist, "B", .text = "vp-0017");
  assert_found (worklist, "B", .text = "2026-03-14");
  assert_found (worklist, "B", .text = "20260314");
  assert_found (worklist, "", .text = "Silva Petit");
  assert_found (worklist, "", .text = "%");
  assert_found (worklist, "", .text = "' OR 1 --");
  assert_found (worklist, "S", .kernel = "FC08");
  assert_found (worklist, "", .kernel = "FC0");
  assert_found (worklist, "S", .scanner = "TOSHIBA Definition Flash");
  assert_found (worklist, "PS", .date_to = "20260312", .descending = TRUE);
  assert_found (worklist, "P", .date_from = "20260312", .date_to = "20260312");
  const OssWorklistQuery silva = { .text = "silva", .filter = OSS_WORKLIST_REFUSED }, all = { 0 };
  g_assert_true (oss_worklist_count (worklist, &all, counts, &error));
  const guint expected[] = { 3, 2, 0, 0, 1 };
  g_assert_cmpmem (counts, sizeof counts, expected, sizeof expected);
  g_assert_true (oss_worklist_count (worklist, &silva, counts, &error));
  g_assert_cmpuint (counts[OSS_WORKLIST_ALL], ==, 1);
  g_assert_cmpuint (counts[OSS_WORKLIST_REFUSED], ==, 0);
  g_auto (GStrv) kernels = oss_worklist_get_kernels (worklist, &error),
                 scanners = oss_worklist_get_scanners (worklist, &error);
  g_autofree char *kernel_text = g_strjoinv (" ", kernels), *scanner_text = g_strjoinv (";", scanners);
  g_assert_cmpstr (kernel_text, ==, "B40f FC08 STANDARD");
  g_assert_cmpstr (scanner_text, ==, "SIEMENS Definition Flash;TOSHIBA Definition Flash");
}

/* Imported twice: replaced, not doubled; series not named stay. */
static void
test_again (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  gint64 id = import (worklist, row_list (brandt ("1.2.10", "20260314", "1.2.10.1", 1),
                                          brandt ("1.2.10", "20260314", "1.2.10.2", 2), NULL));
  OssSeries *changed = brandt ("1.2.10", "20260314", "1.2.10.2", 2),
            *scout = brandt ("1.2.10", "20260314", "1.2.10.2", 2);

  add_reason (changed, OSS_REASON_REFUSAL, "missing-slices", "One slice is missing.");
  scout->has_grid = FALSE; /* images of another kind under the same UID */
  add_reason (scout, OSS_REASON_REFUSAL, "localizer", "A scout view.");
  g_assert_cmpint (import (worklist, row_list (changed, scout, NULL)), ==, id);
  g_autoptr (GPtrArray) series = oss_worklist_get_series (worklist, id, &error);
  g_assert_cmpuint (series->len, ==, 3);
  g_assert_cmpint (((OssWorklistSeries *) g_ptr_array_index (series, 0))->verdict, ==, OSS_VERDICT_USABLE);
  g_assert_cmpint (((OssWorklistSeries *) g_ptr_array_index (series, 1))->verdict, ==, OSS_VERDICT_REFUSED);
  assert_found (worklist, "B", .text = "");
}

static void
test_stopped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssSeriesList) list = row_list (brandt ("1.2.10", "20260314", "1.2.10.1", 1), NULL);
  const int stop = 1;
  const OssTick tick = oss_tick_make (NULL, NULL, &stop);

  g_assert_null (oss_worklist_import (fixture->worklist, list, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  assert_found (fixture->worklist, "", .text = NULL);
  /* And the connection goes on. */
  import_three (fixture->worklist);
}

/* Who is whose: ID and birth date join, nothing less does. */
static void
test_patients (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *id, *name, *birth;
    gboolean same; /* as the first study's patient: VP-1, Brandt, 19540802, on 20260314 */
  } others[] = {
    { "VP-1", "Brandt^H", "19540802", TRUE },
    { " VP-1 ", "Meier^Helga", "19540802", TRUE }, /* married */
    { "VP-1", "Brandt^Helga", "19540803", FALSE },
    { "VP-2", "Brandt^Helga", "19540802", FALSE },
    { "VP-1", "Brandt^Helga", "", FALSE },
    { "", "Brandt^Helga", "19540802", FALSE },
    { "ANONYMOUS", "Brandt^Helga", "19540802", FALSE },
    { "0", "Brandt^Helga", "19540802", FALSE },
  };
  g_autoptr (GError) error = NULL;
  gint64 now =
      import (fixture->worklist,
              row_list (row_series ("VP-1", "Brandt^Helga", "19540802", "1.2.1", "20260314", "1.2.1.1", 1), NULL));

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *uid = g_strdup_printf ("1.3.%zu", i);
      gint64 before =
          import (fixture->worklist,
                  row_list (row_series (others[i].id, others[i].name, others[i].birth, uid, "20240211", uid, 1), NULL));
      const OssWorklistAnalysis analysis = {
        .study = before, .vertebra = (char *) "L1", .strength_n = 5040, .vbmd_mg_cm3 = NAN, .state = OSS_ANALYSIS_DONE
      };
      g_assert_cmpint (oss_worklist_add_analysis (fixture->worklist, &analysis, &error), >, 0);
      g_autoptr (GPtrArray) priors = oss_worklist_get_priors (fixture->worklist, now, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (priors->len, ==, others[i].same ? 1 : 0);
      g_assert_true (oss_worklist_remove (fixture->worklist, before, &error));
    }
  /* The same identifier and birthday, another sex: somebody else. */
  OssSeries *man = row_series ("VP-1", "Brandt^Helge", "19540802", "1.5.1", "20260401", "1.5.1.1", 1);
  set_text (&man->patient_sex, "M");
  gint64 his = import (fixture->worklist, row_list (man, NULL));
  const OssWorklistAnalysis hers = { .study = now, .state = OSS_ANALYSIS_DONE };
  g_assert_cmpint (oss_worklist_add_analysis (fixture->worklist, &hers, &error), >, 0);
  g_autoptr (GPtrArray) not_his = oss_worklist_get_priors (fixture->worklist, his, &error);
  g_assert_cmpuint (not_his->len, ==, 0);
  /* Two studies of people without an ID are two people, also in one import. */
  import (fixture->worklist, row_list (row_series ("", "A^A", "", "1.4.1", "20200101", "1.4.1.1", 1),
                                       row_series ("", "A^A", "", "1.4.2", "20210101", "1.4.2.1", 1), NULL));
  gint64 second = oss_worklist_find_study (fixture->worklist, "1.4.2", &error);
  gint64 first = oss_worklist_find_study (fixture->worklist, "1.4.1", &error);
  const OssWorklistAnalysis analysis = { .study = first, .state = OSS_ANALYSIS_DONE };
  g_assert_cmpint (oss_worklist_add_analysis (fixture->worklist, &analysis, &error), >, 0);
  g_autoptr (GPtrArray) priors = oss_worklist_get_priors (fixture->worklist, second, &error);
  g_assert_cmpuint (priors->len, ==, 0);
}

static gint64
analyse (OssWorklist *worklist, gint64 study, const char *vertebra, const char *date, double strength_n,
         const char *density_class, OssAnalysisState state)
{
  g_autoptr (GError) error = NULL;
  const OssWorklistAnalysis analysis = { .study = study,
                                         .series_uid = (char *) "1.2.10.1",
                                         .vertebra = (char *) vertebra,
                                         .engine = (char *) "tet10",
                                         .kernel = (char *) "B40f",
                                         .folder = (char *) "/results/one",
                                         .date = (char *) date,
                                         .density_class = (char *) density_class,
                                         .basis = (char *) "K2HPO4",
                                         .strength_n = strength_n,
                                         .strength_uncertainty_n = NAN,
                                         .stiffness_n_per_mm = 17000,
                                         .vbmd_mg_cm3 = 78,
                                         .vbmd_uncertainty_mg_cm3 = 3,
                                         .state = state };
  gint64 id = oss_worklist_add_analysis (worklist, &analysis, &error);

  g_assert_no_error (error);
  return id;
}

static void
assert_state (OssWorklist *worklist, gint64 study, OssAnalysisState state, const char *density_class)
{
  g_autoptr (OssWorklistStudy) row = oss_worklist_get_study (worklist, study, NULL);

  g_assert_cmpint (row->analysis, ==, state);
  g_assert_cmpstr (row->analysis_class, ==, density_class);
}

static void
test_analyses (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  gint64 id = import (worklist, row_list (brandt ("1.2.10", "20260314", "1.2.10.1", 1), NULL));
  gint64 first = analyse (worklist, id, "L1", "2026-03-14T10:00:00Z", 4620, "low", OSS_ANALYSIS_DONE);
  g_autoptr (GPtrArray) list = oss_worklist_get_analyses (worklist, id, &error);
  const OssWorklistAnalysis *one = g_ptr_array_index (list, 0);

  g_assert_cmpstr (one->vertebra, ==, "L1");
  g_assert_cmpstr (one->engine, ==, "tet10");
  g_assert_cmpstr (one->folder, ==, "/results/one");
  g_assert_cmpstr (one->study_date, ==, "20260314");
  g_assert_cmpfloat (one->strength_n, ==, 4620);
  g_assert_true (isnan (one->strength_uncertainty_n));
  g_assert_cmpfloat (one->vbmd_uncertainty_mg_cm3, ==, 3);
  assert_state (worklist, id, OSS_ANALYSIS_DONE, "low");
  assert_found (worklist, "B", .filter = OSS_WORKLIST_TO_REVIEW);
  g_assert_true (oss_worklist_set_analysis_state (worklist, first, OSS_ANALYSIS_REVIEWED, &error));
  assert_state (worklist, id, OSS_ANALYSIS_REVIEWED, "low");
  assert_found (worklist, "", .filter = OSS_WORKLIST_TO_REVIEW);
  assert_found (worklist, "", .filter = OSS_WORKLIST_READY);
  /* The same series again changes nothing; one with a slice less does. */
  import (worklist, row_list (brandt ("1.2.10", "20260314", "1.2.10.1", 1), NULL));
  assert_state (worklist, id, OSS_ANALYSIS_REVIEWED, "low");
  OssSeries *shorter = brandt ("1.2.10", "20260314", "1.2.10.1", 1);
  g_ptr_array_set_size (shorter->files, 99);
  shorter->grid.size[2] = 99;
  import (worklist, row_list (shorter, NULL));
  assert_state (worklist, id, OSS_ANALYSIS_OUT_OF_DATE, "low");
  assert_found (worklist, "B", .filter = OSS_WORKLIST_OUT_OF_DATE);
  /* The latest counts. */
  analyse (worklist, id, "L1", "2026-03-15T10:00:00Z", NAN, "none", OSS_ANALYSIS_FAILED);
  assert_state (worklist, id, OSS_ANALYSIS_FAILED, "");
  /* An analysis of nothing is refused, and leaves nothing. */
  const OssWorklistAnalysis stray = { .study = id + 77, .state = OSS_ANALYSIS_DONE };
  g_assert_cmpint (oss_worklist_add_analysis (worklist, &stray, &error), ==, 0);
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  assert_state (worklist, id, OSS_ANALYSIS_FAILED, "");
}

static void
test_priors (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  gint64 old = import (worklist, row_list (brandt ("1.1", "20220101", "1.1.1", 1), NULL));
  gint64 middle = import (worklist, row_list (brandt ("1.2", "20240211", "1.2.1", 1), NULL));
  gint64 now = import (worklist, row_list (brandt ("1.3", "20260314", "1.3.1", 1), NULL));

  analyse (worklist, old, "L1", "2022-01-02T00:00:00Z", 5200, "normal", OSS_ANALYSIS_DONE);
  analyse (worklist, middle, "L1", "2024-02-12T00:00:00Z", 1, "normal", OSS_ANALYSIS_DONE);
  analyse (worklist, middle, "L1", "2024-02-13T00:00:00Z", 5040, "low", OSS_ANALYSIS_REVIEWED);
  analyse (worklist, middle, "L2", "2024-02-13T00:00:00Z", 5100, "low", OSS_ANALYSIS_DONE);
  analyse (worklist, middle, "L3", "2024-02-14T00:00:00Z", NAN, "", OSS_ANALYSIS_FAILED);
  analyse (worklist, now, "L1", "2026-03-14T00:00:00Z", 4620, "low", OSS_ANALYSIS_DONE);
  g_autoptr (GPtrArray) priors = oss_worklist_get_priors (worklist, now, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (priors->len, ==, 3);
  const OssWorklistAnalysis *a = priors->pdata[0], *b = priors->pdata[1], *c = priors->pdata[2];
  g_assert_cmpstr (a->study_date, ==, "20240211");
  g_assert_cmpfloat (a->strength_n, ==, 5040); /* the later of two */
  g_assert_cmpstr (a->vertebra, ==, "L1");
  g_assert_cmpstr (b->vertebra, ==, "L2");
  g_assert_cmpfloat (c->strength_n, ==, 5200);
  g_autoptr (GPtrArray) none = oss_worklist_get_priors (worklist, old, &error);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_quality_scans (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  OssQualityScan scan = { .model = (char *) "Definition Flash",
                          .kernel = (char *) "B40f",
                          .kvp = 120,
                          .phantom = (char *) "mindways3",
                          .method = (char *) "phantom",
                          .basis = (char *) "K2HPO4",
                          .date = (char *) "2026-03-09",
                          .slope = 0.702,
                          .intercept = -3.1,
                          .r2 = 0.9991,
                          .uncertainty_mg_cm3 = NAN };
  gint64 first = oss_worklist_add_quality_scan (fixture->worklist, &scan, &error);

  scan.date = (char *) "2026-03-10";
  scan.slope = 0.7;
  g_assert_cmpint (oss_worklist_add_quality_scan (fixture->worklist, &scan, &error), >, first);
  g_autoptr (GPtrArray) list = oss_worklist_get_quality_scans (fixture->worklist, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 2);
  const OssQualityScan *newest = list->pdata[0], *oldest = list->pdata[1];
  g_assert_cmpstr (newest->date, ==, "2026-03-10");
  g_assert_cmpfloat (oldest->slope, ==, 0.702);
  g_assert_cmpfloat (oldest->intercept, ==, -3.1);
  g_assert_cmpfloat (oldest->r2, ==, 0.9991);
  g_assert_true (isnan (oldest->uncertainty_mg_cm3));
  g_assert_cmpstr (oldest->manufacturer, ==, "");
  g_assert_cmpstr (oldest->phantom, ==, "mindways3");
  g_assert_true (oss_worklist_remove_quality_scan (fixture->worklist, first, &error));
  g_autoptr (GPtrArray) rest = oss_worklist_get_quality_scans (fixture->worklist, &error);
  g_assert_cmpuint (rest->len, ==, 1);
}

/* TRUE when any file of the worklist holds the bytes of @text. */
static gboolean
file_holds (Fixture *fixture, const char *text)
{
  static const char *const sides[] = { "", "-wal" };

  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autofree char *path = g_strconcat (fixture->path, sides[i], NULL), *bytes = NULL;
      gsize n = 0;

      if (g_file_get_contents (path, &bytes, &n, NULL) && memmem (bytes, n, text, strlen (text)) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
test_remove (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) header = g_bytes_new_static ("header of Petit^Claude", 22), recalled = NULL,
                     other = g_bytes_new_static ("of another", 10);

  import_three (worklist);
  gint64 petit = oss_worklist_find_study (worklist, "1.2.30", &error);
  g_assert_true (oss_worklist_remember_file (worklist, "/data/1.2.30.1/IM1", 100, 200, header, &error));
  g_assert_true (oss_worklist_remember_file (worklist, "/data/1.2.30.10/IM1", 100, 200, other, &error));
  g_assert_true (oss_worklist_remove (worklist, petit, &error));
  assert_found (worklist, "BS", .descending = TRUE);
  g_assert_true (oss_worklist_restore (worklist, petit, &error));
  assert_found (worklist, "BPS", .descending = TRUE);
  /* Imported again while removed: back. */
  g_assert_true (oss_worklist_remove (worklist, petit, &error));
  import_three (worklist);
  assert_found (worklist, "BPS", .descending = TRUE);
  g_assert_true (file_holds (fixture, "Petit"));
  g_assert_true (oss_worklist_remove (worklist, petit, &error));
  g_assert_true (oss_worklist_purge (worklist, &error));
  g_assert_no_error (error);
  g_assert_true (oss_worklist_restore (worklist, petit, &error));
  assert_found (worklist, "BS", .descending = TRUE);
  recalled = oss_worklist_recall_file (worklist, "/data/1.2.30.1/IM1", 100, 200);
  g_assert_null (recalled);
  recalled = oss_worklist_recall_file (worklist, "/data/1.2.30.10/IM1", 100, 200);
  g_assert_true (g_bytes_equal (recalled, other));
  /* Forgotten for good: no page of the file keeps the name. */
  g_assert_false (file_holds (fixture, "Petit"));
  g_assert_true (file_holds (fixture, "Brandt"));
}

static void
test_folders (Fixture *fixture, gconstpointer data)
{
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  OssSeries *here = brandt ("1.2.10", "20260314", "1.2.10.1", 1);
  guint changed = 99;

  set_text (&here->folder, fixture->folder);
  gint64 brandt_id = import (worklist, row_list (here, NULL));
  gint64 gone_id =
      import (worklist, row_list (row_series ("VP-2", "Gone^Far", "19400101", "1.9", "20200101", "1.9.1", 1), NULL));
  g_assert_true (oss_worklist_check_folders (worklist, NULL, &changed, &error));
  g_assert_cmpuint (changed, ==, 1);
  g_autoptr (OssWorklistStudy) there = oss_worklist_get_study (worklist, brandt_id, &error);
  g_autoptr (OssWorklistStudy) gone = oss_worklist_get_study (worklist, gone_id, &error);
  g_assert_true (there->is_reachable);
  g_assert_false (gone->is_reachable); /* flagged, not removed */
  g_assert_true (oss_worklist_check_folders (worklist, NULL, &changed, &error));
  g_assert_cmpuint (changed, ==, 0);
}

static void
test_thumbnails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) picture = g_bytes_new_static ("\x89PNG\0\1", 6), back = NULL;
  gint64 id = import (fixture->worklist, row_list (brandt ("1.2.10", "20260314", "1.2.10.1", 1), NULL));

  g_assert_null (oss_worklist_get_thumbnail (fixture->worklist, id));
  g_assert_true (oss_worklist_set_thumbnail (fixture->worklist, id, picture, &error));
  back = oss_worklist_get_thumbnail (fixture->worklist, id);
  g_assert_true (g_bytes_equal (picture, back));
}

/* Headers that differ in a few bytes come back as they were; a changed file is not recalled. */
static void
test_files (Fixture *fixture, gconstpointer data)
{
  enum
  {
    SIZE = 3000,
    N = 300
  };
  OssWorklist *worklist = fixture->worklist;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint8 bytes[SIZE] = { 0 };

  for (int i = 0; i < SIZE; i++)
    bytes[i] = (guint8) g_rand_int_range (random, 0, 256);
  g_assert_true (oss_worklist_begin_files (worklist, &error));
  for (int i = 0; i < N; i++)
    {
      g_autofree char *path = g_strdup_printf ("/data/\xff%d/%d", i / 150, i); /* no UTF-8 */
      int scattered = i % 100 == 99 ? SIZE : 30;                               /* now and then another series */
      gsize size = (gsize) (SIZE - i % 7 / 6);                                 /* and another length */

      for (int j = 0; j < scattered; j++)
        bytes[g_rand_int_range (random, 0, SIZE)] ^= (guint8) (i + j);
      g_ptr_array_add (headers, g_bytes_new (bytes, size));
      g_assert_true (oss_worklist_remember_file (worklist, path, 1000, i, g_ptr_array_index (headers, i), &error));
    }
  g_assert_true (oss_worklist_end_files (worklist, TRUE, &error));
  g_assert_no_error (error);
  g_autoptr (OssWorklist) other = oss_worklist_open (fixture->path, NULL, &error);
  for (int i = 0; i < N; i++)
    {
      g_autofree char *path = g_strdup_printf ("/data/\xff%d/%d", i / 150, i);
      g_autoptr (GBytes) back = oss_worklist_recall_file (other, path, 1000, i);

      g_assert_true (g_bytes_equal (back, g_ptr_array_index (headers, i)));
      g_assert_null (oss_worklist_recall_file (other, path, 1001, i));
      g_assert_null (oss_worklist_recall_file (other, path, 1000, i + 1));
    }
  g_assert_null (oss_worklist_recall_file (other, "/data/unknown", 1, 1));
  /* Rolled back: not there. */
  g_assert_true (oss_worklist_begin_files (worklist, &error));
  g_assert_true (oss_worklist_remember_file (worklist, "/data/x", 1, 1, headers->pdata[0], &error));
  g_assert_true (oss_worklist_end_files (worklist, FALSE, &error));
  g_assert_null (oss_worklist_recall_file (worklist, "/data/x", 1, 1));
}

static void
test_rights (Fixture *fixture, gconstpointer data)
{
  static const char *const sides[] = { "", "-wal", "-shm" };

  import_three (fixture->worklist);
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autofree char *path = g_strconcat (fixture->path, sides[i], NULL);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
}

/* Two connections: a reader sees the old state while a writer writes, and learns of the change. */
static void
test_two (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssWorklist) reader = oss_worklist_open (fixture->path, NULL, &error);
  guint version = oss_worklist_get_data_version (reader);

  g_assert_true (oss_worklist_begin_files (fixture->worklist, &error)); /* holds the write lock */
  assert_found (reader, "", .text = NULL);
  g_assert_cmpuint (oss_worklist_get_data_version (reader), ==, version);
  g_assert_true (oss_worklist_end_files (fixture->worklist, TRUE, &error));
  import_three (fixture->worklist);
  g_assert_cmpuint (oss_worklist_get_data_version (reader), !=, version);
  assert_found (reader, "BPS", .descending = TRUE);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/worklist/rows", test_rows },
    { "/worklist/find", test_find },
    { "/worklist/again", test_again },
    { "/worklist/stopped", test_stopped },
    { "/worklist/patients", test_patients },
    { "/worklist/analyses", test_analyses },
    { "/worklist/priors", test_priors },
    { "/worklist/quality-scans", test_quality_scans },
    { "/worklist/remove", test_remove },
    { "/worklist/folders", test_folders },
    { "/worklist/thumbnails", test_thumbnails },
    { "/worklist/files", test_files },
    { "/worklist/rights", test_rights },
    { "/worklist/two-connections", test_two },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
