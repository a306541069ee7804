/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quality scans: measured on a phantom, chosen for a patient's series, followed over time. */
#include "study/oss-quality.h"

#include "base/oss-i18n.h"
#include "calibrate/oss-phantom.h"
#include "study/oss-study-private.h"
#include "study/oss-study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAME_KVP 0.5
#define MOST_NAMED 4 /* scans that a refusal lists */

/* --- Measuring --- */

/* "20260309" or "2026-03-09" as a date; FALSE when it is none. */
static gboolean
read_day (const char *text, GDate *day)
{
  int y = 0, m = 0, d = 0;

  if (text == NULL || (sscanf (text, "%4d-%2d-%2d", &y, &m, &d) != 3 && sscanf (text, "%4d%2d%2d", &y, &m, &d) != 3))
    return FALSE;
  g_date_clear (day, 1);
  if (m < 1 || d < 1 || y < 1900 || !g_date_valid_dmy ((GDateDay) d, (GDateMonth) m, (GDateYear) y))
    return FALSE;
  g_date_set_dmy (day, (GDateDay) d, (GDateMonth) m, (GDateYear) y);
  return TRUE;
}

static char *
write_day (const GDate *day)
{
  return g_strdup_printf ("%04d-%02d-%02d", g_date_get_year (day), (int) g_date_get_month (day), g_date_get_day (day));
}

/* What a quality scan cannot do without. */
static gboolean
check_series (const OssSeries *series, const char *date, GDate *day, GError **error)
{
  const char *missing = NULL;

  if (*series->manufacturer == '\0' && *series->model == '\0')
    missing = _ ("scanner");
  else if (!(series->kvp > 0.0))
    missing = _ ("tube voltage");
  else if (*series->kernel == '\0')
    missing = _ ("reconstruction kernel");
  else if (!read_day (date != NULL ? date : series->study_date, day))
    missing = _ ("day of the scan");
  if (missing == NULL)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("Series %d lacks what a quality scan needs (%s): no patient’s scan could be matched with it."),
               series->series_number, missing);
  return FALSE;
}

static OssQualityScan *
make_scan (const OssSeries *series, const GDate *day, const OssPhantom *phantom, const OssCalibrationLine *line)
{
  OssQualityScan *scan = g_new0 (OssQualityScan, 1);

  scan->manufacturer = g_strdup (series->manufacturer);
  scan->model = g_strdup (series->model);
  scan->station = g_strdup (series->station);
  scan->kernel = g_strdup (series->kernel);
  scan->phantom = g_strdup (phantom->name);
  scan->method = g_strdup ("phantom");
  scan->basis = g_strdup (oss_basis_name (line->basis));
  scan->date = write_day (day);
  scan->series_uid = g_strdup (series->series_uid);
  scan->folder = g_strdup (series->folder);
  scan->kvp = series->kvp;
  scan->slope = line->slope;
  scan->intercept = line->intercept;
  scan->r2 = line->r2;
  scan->uncertainty_mg_cm3 = line->uncertainty_mg_cm3;
  scan->variance_slope = line->variance_slope;
  scan->variance_intercept = line->variance_intercept;
  scan->covariance = line->covariance;
  scan->table_height_mm = series->table_height_mm;
  return scan;
}

static OssQualityScan *
measure_series (const OssSeries *series, const OssStudyOptions *options, const char *date, const OssTick *tick,
                GError **error)
{
  OssTick load = oss_tick_part (tick, 0.0, 0.5), find = oss_tick_part (tick, 0.5, 1.0);
  g_autoptr (GError) failure = NULL;
  g_autoptr (OssVolume) volume = NULL;
  OssPhantomFit fit;
  GDate day;

  if (!check_series (series, date, &day, error) || (volume = oss_series_load (series, &load, error)) == NULL)
    return NULL;
  if (oss_study_find_phantom (options, volume, &fit, &find, &failure))
    return make_scan (series, &day, &fit.phantom, &fit.line);
  if (g_error_matches (failure, OSS_ERROR, OSS_ERROR_NOT_FOUND))
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("Series %d (kernel %s): %s"), series->series_number,
                 series->kernel, failure->message);
  else
    g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

/* The usable series that were asked for. */
static GPtrArray *
wanted_series (const OssSeriesList *list, const OssQualityMeasure *what, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();

  for (guint i = 0; i < list->series->len; i++)
    {
      OssSeries *series = list->series->pdata[i];

      if (series->verdict != OSS_VERDICT_REFUSED
          && (what->series_uid == NULL || g_strcmp0 (what->series_uid, series->series_uid) == 0)
          && (what->kernel == NULL || g_ascii_strcasecmp (what->kernel, series->kernel) == 0))
        g_ptr_array_add (wanted, series);
    }
  if (wanted->len > 0)
    return g_steal_pointer (&wanted);
  /* Tells why: the first refusal, or that nothing has that kernel. */
  const OssSeries *one = oss_series_pick (list, what->series_uid, what->kernel, error);
  g_assert (one == NULL);
  return NULL;
}

GPtrArray *
oss_quality_measure (const OssQualityMeasure *what, const OssTick *tick, GError **error)
{
  const char *const paths[2] = { what->path, NULL };
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_quality_scan_free);
  OssTick scan = oss_tick_part (tick, 0.0, 0.1);
  const OssStudyOptions options = { .phantom = (char *) what->phantom }; /* NULL: whichever is there */

  if (!oss_study_check_phantom (&options, error))
    return NULL;
  g_autoptr (OssSeriesList) list = oss_series_scan (paths, &scan, error);
  g_autoptr (GPtrArray) wanted = list != NULL ? wanted_series (list, what, error) : NULL;
  for (guint i = 0; wanted != NULL && i < wanted->len; i++)
    {
      OssTick part = oss_tick_part (tick, 0.1 + 0.9 * i / wanted->len, 0.1 + 0.9 * (i + 1) / wanted->len);
      OssQualityScan *one = measure_series (wanted->pdata[i], &options, what->date, &part, error);

      if (one == NULL)
        return NULL;
      g_ptr_array_add (found, one);
    }
  return wanted != NULL ? g_steal_pointer (&found) : NULL;
}

gint64
oss_quality_keep (OssWorklist *worklist, const OssQualityScan *scan, GError **error)
{
  g_autoptr (GPtrArray) kept = oss_worklist_get_quality_scans (worklist, error);
  gint64 id = kept != NULL ? oss_worklist_add_quality_scan (worklist, scan, error) : 0;

  for (guint i = 0; id != 0 && i < kept->len; i++)
    {
      const OssQualityScan *old = kept->pdata[i];

      if (*old->series_uid != '\0' && g_strcmp0 (old->series_uid, scan->series_uid) == 0
          && !oss_worklist_remove_quality_scan (worklist, old->id, error))
        return 0;
    }
  return id;
}

OssCalibrationLine
oss_quality_scan_line (const OssQualityScan *scan)
{
  g_autofree char *title = oss_quality_phantom_title (scan);
  g_autofree char *source = g_strdup_printf (_ ("quality scan of %s, %s"), scan->date, title);
  OssCalibrationLine line =
      oss_calibration_line_make (scan->slope, scan->intercept, oss_basis_from_name (scan->basis), "async", source);

  line.r2 = scan->r2;
  line.uncertainty_mg_cm3 = scan->uncertainty_mg_cm3;
  line.variance_slope = scan->variance_slope;
  line.variance_intercept = scan->variance_intercept;
  line.covariance = scan->covariance;
  return line;
}

char *
oss_quality_scan_name (const OssQualityScan *scan)
{
  g_autoptr (GString) name = g_string_new (scan->manufacturer);

  if (*scan->model != '\0')
    g_string_append_printf (name, name->len > 0 ? " %s" : "%s", scan->model);
  if (*scan->station != '\0')
    g_string_append_printf (name, ", %s", scan->station);
  g_string_append_printf (name, ", %g kVp, %s", scan->kvp, scan->kernel);
  return g_steal_pointer (&name->str);
}

char *
oss_quality_phantom_title (const OssQualityScan *scan)
{
  OssPhantom phantom;

  return g_strdup (oss_phantom_find (scan->phantom, &phantom, NULL) ? phantom.title : scan->phantom);
}

/* --- Choosing --- */

void
oss_quality_use_free (OssQualityUse *self)
{
  if (self == NULL)
    return;
  oss_quality_scan_free (self->scan);
  g_free (self);
}

static gboolean
same_text (const char *a, const char *b)
{
  g_autofree char *x = g_strstrip (g_utf8_casefold (a, -1)), *y = g_strstrip (g_utf8_casefold (b, -1));

  return g_str_equal (x, y);
}

/* In what they differ, for people; NULL: the scan fits. */
static char *
difference (const OssQualityScan *scan, const OssSeries *series)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  if (!same_text (scan->manufacturer, series->manufacturer) || !same_text (scan->model, series->model))
    g_ptr_array_add (words, (gpointer) _ ("another scanner"));
  else if (!same_text (scan->station, series->station))
    g_ptr_array_add (words, (gpointer) _ ("another station"));
  if (!(fabs (scan->kvp - series->kvp) <= SAME_KVP))
    g_ptr_array_add (words, (gpointer) _ ("another tube voltage"));
  if (!same_text (scan->kernel, series->kernel))
    g_ptr_array_add (words, (gpointer) _ ("another kernel"));
  if (words->len == 0)
    return NULL;
  g_ptr_array_add (words, NULL);
  return g_strjoinv (", ", (char **) words->pdata);
}

/* Nothing fits: what is there, newest first, and why not. */
static void
refuse_all (const GPtrArray *scans, const OssSeries *series, GError **error)
{
  g_autofree char *mine = g_strdup_printf ("%s %s, %s, %g kVp, %s", series->manufacturer, series->model,
                                           *series->station != '\0' ? series->station : "–", series->kvp,
                                           *series->kernel != '\0' ? series->kernel : "–");
  g_autoptr (GString) there = g_string_new (NULL);

  for (guint i = 0; i < MIN (scans->len, MOST_NAMED); i++)
    {
      const OssQualityScan *scan = scans->pdata[i];
      g_autofree char *name = oss_quality_scan_name (scan), *why = difference (scan, series);

      g_string_append_printf (there, "%s%s, %s (%s)", i > 0 ? "; " : "", name, scan->date, why);
    }
  if (scans->len > MOST_NAMED)
    g_string_append_printf (there, "; …");
  if (scans->len == 0)
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("No quality scan is kept on this computer. Scan the phantom with this series’ settings (%s) and add "
           "it: ossature quality add FOLDER."),
        mine);
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("No quality scan fits this series (%s). There are: %s."), mine,
                 there->str);
}

static gboolean
check_use (const OssQualityUse *use, int most_days, GError **error)
{
  g_autofree char *name = oss_quality_scan_name (use->scan);

  if (ABS (use->age_days) > most_days)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("The nearest quality scan (%s, %s) lies %d days from this scan; %d is the limit. Scan the phantom "
                    "anew, or allow it: --quality-age %d."),
                 name, use->scan->date, ABS (use->age_days), most_days, ABS (use->age_days));
  else if (fabs (use->table_difference_mm) > OSS_QUALITY_MOST_TABLE_MM)
    g_set_error (
        error, OSS_ERROR, OSS_ERROR_REFUSED,
        _ ("The couch stood %.0f mm from where it stood in the quality scan (%s, %s); %.0f mm is the limit. Scan "
           "the phantom at the patients’ height."),
        fabs (use->table_difference_mm), name, use->scan->date, OSS_QUALITY_MOST_TABLE_MM);
  else
    return TRUE;
  return FALSE;
}

static OssQualityScan *
copy_scan (const OssQualityScan *scan)
{
  OssQualityScan *copy = g_memdup2 (scan, sizeof *scan);
  char **const texts[] = { &copy->manufacturer, &copy->model, &copy->station, &copy->kernel,     &copy->phantom,
                           &copy->method,       &copy->basis, &copy->date,    &copy->series_uid, &copy->folder };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup (*texts[i]);
  return copy;
}

OssQualityUse *
oss_quality_choose (const GPtrArray *scans, const OssSeries *series, int most_days, GError **error)
{
  const OssQualityScan *nearest = NULL;
  int age = 0;
  guint n = 0;
  GDate here, there;

  if (!check_series (series, NULL, &here, error))
    return NULL;
  for (guint i = 0; i < scans->len; i++)
    {
      const OssQualityScan *scan = scans->pdata[i];
      g_autofree char *why = difference (scan, series);

      if (why != NULL || !read_day (scan->date, &there))
        continue;
      int days = g_date_days_between (&there, &here);
      if (n++ == 0 || ABS (days) < ABS (age))
        nearest = scan, age = days;
    }
  if (nearest == NULL)
    {
      refuse_all (scans, series, error);
      return NULL;
    }
  g_autoptr (OssQualityUse) use = g_new0 (OssQualityUse, 1);
  use->scan = copy_scan (nearest);
  use->age_days = age;
  use->table_difference_mm = series->table_height_mm - nearest->table_height_mm;
  use->n_fitting = n;
  return check_use (use, most_days > 0 ? most_days : OSS_QUALITY_MOST_DAYS, error) ? g_steal_pointer (&use) : NULL;
}

void
oss_quality_use_warn (const OssQualityUse *self, GPtrArray *warnings)
{
  int days = ABS (self->age_days);

  if (days > OSS_QUALITY_NOTE_DAYS)
    g_ptr_array_add (warnings,
                     g_strdup_printf (OSS_NGETTEXT ("The quality scan of %s lies %d day from this scan; 30 is usual.",
                                                    "The quality scan of %s lies %d days from this scan; 30 is usual.",
                                                    (gulong) days),
                                      self->scan->date, days));
  if (fabs (self->table_difference_mm) > OSS_QUALITY_NOTE_TABLE_MM)
    g_ptr_array_add (warnings, g_strdup_printf (_ ("The couch stood %.0f mm from where it stood in the quality scan."),
                                                fabs (self->table_difference_mm)));
  g_ptr_array_add (warnings,
                   g_strdup (_ ("The phantom was scanned without the patient: a body hardens the beam and may shift "
                                "the line by a few percent.")));
}

/* --- Drift --- */

static void
group_free (gpointer data)
{
  OssQualityGroup *self = data;

  g_free (self->name);
  g_array_unref (self->points);
  g_free (self);
}

static int
compare_days (gconstpointer a, gconstpointer b)
{
  const OssQualityScan *x = ((const OssQualityPoint *) a)->scan, *y = ((const OssQualityPoint *) b)->scan;
  int days = g_strcmp0 (x->date, y->date);

  return days != 0 ? days : x->id < y->id ? -1 : x->id > y->id;
}

static OssQualityGroup *
find_group (GPtrArray *groups, const char *name, OssBasis basis)
{
  OssQualityGroup *group;

  for (guint i = 0; i < groups->len; i++)
    {
      group = groups->pdata[i];
      if (group->basis == basis && same_text (group->name, name))
        return group;
    }
  group = g_new0 (OssQualityGroup, 1);
  group->name = g_strdup (name);
  group->basis = basis;
  group->points = g_array_new (FALSE, TRUE, sizeof (OssQualityPoint));
  g_ptr_array_add (groups, group);
  return group;
}

GPtrArray *
oss_quality_groups (const GPtrArray *scans)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (group_free);

  for (guint i = 0; i < scans->len; i++)
    {
      const OssQualityScan *scan = scans->pdata[i];
      g_autofree char *name = oss_quality_scan_name (scan);
      OssQualityGroup *group = find_group (groups, name, oss_basis_from_name (scan->basis));
      const OssQualityPoint point = { .scan = scan };

      g_array_append_val (group->points, point);
    }
  for (guint g = 0; g < groups->len; g++)
    {
      GArray *points = ((OssQualityGroup *) groups->pdata[g])->points;

      g_array_sort (points, compare_days);
      const OssQualityScan *first = g_array_index (points, OssQualityPoint, 0).scan;
      double hu = (100.0 - first->intercept) / first->slope;
      for (guint i = 0; i < points->len; i++)
        {
          OssQualityPoint *point = &g_array_index (points, OssQualityPoint, i);

          point->at_100_mg_cm3 = point->scan->slope * hu + point->scan->intercept;
          point->outside = fabs (point->at_100_mg_cm3 - 100.0) > OSS_QUALITY_DRIFT_MG_CM3;
        }
    }
  return groups;
}
