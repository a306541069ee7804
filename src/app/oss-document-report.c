/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the report on a worker, while the study is kept still. */
#include "app/oss-document-private.h"

#include "app/oss-work.h"
#include "base/oss-i18n.h"
#include "render/oss-stress-picture.h"
#include "report/oss-report-capture.h"
#include "report/oss-report.h"
#include "study/oss-export.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define PICTURE_WIDTH 800
#define PICTURE_HEIGHT 900

typedef struct
{
  OssReportKind kind;
  char *path, *comment, *paper;
  gboolean name_patient;
  OssDocument *document; /* main thread only */
  OssStudy *study;       /* idle while the job runs: only read */
  OssModel *model;
} Request;

static void
request_free (Request *request)
{
  g_free (request->path);
  g_free (request->comment);
  g_free (request->paper);
  g_object_unref (request->document);
  g_object_unref (request->study);
  oss_model_unref (request->model);
  g_free (request);
}

static OssPicture *
stress_picture (const Request *request, char **caption, GError **error)
{
  const OssModel *model = request->model;
  const OssFieldView *stress = &model->fields[OSS_MODEL_STRESS];
  OssColormap map;
  OssPicture *picture;
  double axes[3][2];

  if (!oss_colormap_load ("plasma", &map, error))
    return NULL;
  picture = oss_render_stress_picture (model->mesh, stress->values, &model->frame, &map, stress->low, stress->high,
                                       TRUE, PICTURE_WIDTH, PICTURE_HEIGHT, error);
  if (picture == NULL)
    return NULL;
  oss_render_stress_axes (&model->frame, axes);
  oss_report_colorbar (picture, &(OssColorbar){ .map = &map,
                                                .low = stress->low,
                                                .high = stress->high,
                                                .title = _ ("von Mises, MPa"),
                                                .load = stress->load,
                                                .mark = stress->mark,
                                                .axes = (const double (*)[2]) axes });
  /* Translators: %s is the load: "0.27 mm, 1 840 N". */
  *caption = g_strdup_printf (_ ("Von Mises stress at %s, cut open in the middle"), stress->load);
  return picture;
}

/* A machine without any GL still gets its numbers: the report says why the picture (nullable) is missing. */
static gboolean
write_pdf (const Request *request, const char *path, OssPicture **drawn, GError **error)
{
  g_autofree char *caption = NULL;
  g_autoptr (GError) no_picture = NULL;
  g_autoptr (OssPicture) picture = stress_picture (request, &caption, &no_picture);
  const OssReportOptions options = { .comment = request->comment,
                                     .paper = request->paper,
                                     .name_patient = request->name_patient,
                                     .stress = picture,
                                     .stress_caption = picture != NULL ? caption : no_picture->message };

  if (!oss_report_pdf (request->study, &options, path, error))
    return FALSE;
  if (drawn != NULL)
    *drawn = g_steal_pointer (&picture);
  return TRUE;
}

/* The report's bytes by way of a file that lies where the objects will. */
static GBytes *
make_pdf (const Request *request, OssPicture **picture, GError **error)
{
  g_autofree char *name = g_strdup_printf (".ossature-%d-report.pdf", (int) getpid ());
  g_autofree char *path = g_build_filename (request->path, name, NULL);
  g_autoptr (GError) reason = NULL;
  char *bytes = NULL;
  gsize n = 0;

  if (!write_pdf (request, path, picture, error))
    return NULL;
  if (!g_file_get_contents (path, &bytes, &n, &reason))
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, reason->message);
  g_unlink (path);
  return bytes != NULL ? g_bytes_new_take (bytes, n) : NULL;
}

static gboolean
write_objects (const Request *request, const OssTick *tick, GError **error)
{
  OssTick make = oss_tick_part (tick, 0.1, 0.4), write = oss_tick_part (tick, 0.4, 1.0);
  g_autoptr (OssPicture) picture = NULL;
  g_autoptr (OssExport) export = oss_export_from_study (request->study, &make, error);
  g_autoptr (GBytes) pdf = export != NULL ? make_pdf (request, &picture, error) : NULL;
  guint kinds = OSS_EXPORT_ALL;

  if (pdf == NULL)
    return FALSE;
  oss_export_set_pdf (export, pdf);
  if (picture != NULL)
    {
      guint8 vertebra = oss_study_get_options (request->study)->vertebra;
      g_autofree char *words = oss_report_capture_words (vertebra != 0 ? oss_vertebra_name (vertebra) : "");
      g_autoptr (OssPicture) captured = oss_report_capture (picture, words);
      oss_export_set_picture (export, captured);
    }
  else
    kinds &= ~(guint) OSS_EXPORT_SC;
  return oss_export_write (export, kinds, 0, request->path, NULL, &write, error);
}

static gpointer
write_report (gpointer data, const OssTick *tick, GError **error)
{
  const Request *request = data;
  gboolean written = FALSE;

  if (!oss_tick_report (tick, 0.1, _ ("Writing"), error))
    return NULL;
  switch (request->kind)
    {
    case OSS_REPORT_PDF:
      written = write_pdf (request, request->path, NULL, error);
      break;
    case OSS_REPORT_CSV:
      written = oss_report_csv (request->study, request->path, error);
      break;
    case OSS_REPORT_DICOM:
      written = write_objects (request, tick, error);
      break;
    }
  return written ? data : NULL;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Request *request = data;
  g_autoptr (GError) error = NULL;

  if (oss_work_finish (result, &error) != NULL)
    {
      oss_document_end_job (request->document, _ ("Saved"), NULL);
      oss_document_report_saved (request->document, request->path);
    }
  else
    oss_document_end_job (request->document, NULL, error);
  request_free (request);
}

void
oss_document_save_report (OssDocument *self, OssReportKind kind, const char *path, const OssReportChoice *choice)
{
  OssModel *model = oss_scene_get_model (oss_document_get_scene (self));
  g_autofree char *name = NULL, *title = NULL;
  Request *request;

  if (oss_document_get_job (self) != NULL || model == NULL || model->fields[OSS_MODEL_STRESS].values == NULL)
    return;
  request = g_new0 (Request, 1);
  request->kind = kind;
  request->path = g_strdup (path);
  request->comment = g_strdup (choice->comment);
  request->paper = g_strdup (choice->paper);
  request->name_patient = choice->name_patient;
  request->document = g_object_ref (self);
  request->study = g_object_ref (oss_document_get_study (self));
  request->model = oss_model_ref (model);

  name = oss_document_title (self);
  /* Translators: a job: whose report is written. */
  title = g_strdup_printf (_ ("%s · Report"), name);
  oss_document_begin_job (self, title);
  oss_work_run (oss_document_get_job (self), write_report, request, NULL, written_cb, request);
}
