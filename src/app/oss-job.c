/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-job.h"

#include "app/oss-format.h"
#include "base/oss-error.h"
#include "base/oss-i18n.h"

struct _OssJob
{
  GObject parent_instance;

  char *title;
  char *what;   /* what is being done */
  char *detail; /* the line shown */
  double fraction;
  OssJobState state;
  GCancellable *cancellable;
  gint64 started_us, cancelled_us;
};

G_DEFINE_FINAL_TYPE (OssJob, oss_job, G_TYPE_OBJECT)

enum
{
  PROP_TITLE = 1,
  PROP_DETAIL,
  PROP_FRACTION,
  PROP_STATE,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static void
oss_job_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  OssJob *self = OSS_JOB (object);

  switch (id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_DETAIL:
      g_value_set_string (value, self->detail);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_STATE:
      g_value_set_int (value, (int) self->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
oss_job_finalize (GObject *object)
{
  OssJob *self = OSS_JOB (object);

  g_free (self->title);
  g_free (self->what);
  g_free (self->detail);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (oss_job_parent_class)->finalize (object);
}

static void
oss_job_class_init (OssJobClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = oss_job_get_property;
  object_class->finalize = oss_job_finalize;
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_DETAIL] = g_param_spec_string ("detail", NULL, NULL, NULL, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0.0, 1.0, 0.0, flags);
  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, OSS_JOB_CANCELLED, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
oss_job_init (OssJob *self)
{
  self->cancellable = g_cancellable_new ();
  self->started_us = g_get_monotonic_time ();
  self->detail = g_strdup ("");
}

OssJob *
oss_job_new (const char *title)
{
  OssJob *self = g_object_new (OSS_TYPE_JOB, NULL);

  self->title = g_strdup (title);
  return self;
}

const char *
oss_job_get_title (OssJob *self)
{
  return self->title;
}

const char *
oss_job_get_detail (OssJob *self)
{
  return self->detail;
}

double
oss_job_get_fraction (OssJob *self)
{
  return self->fraction;
}

OssJobState
oss_job_get_state (OssJob *self)
{
  return self->state;
}

gboolean
oss_job_is_active (OssJob *self)
{
  return self->state == OSS_JOB_RUNNING || self->state == OSS_JOB_STOPPING;
}

GCancellable *
oss_job_get_cancellable (OssJob *self)
{
  return self->cancellable;
}

double
oss_job_get_elapsed (OssJob *self)
{
  return (double) (g_get_monotonic_time () - self->started_us) / G_USEC_PER_SEC;
}

static void
set_detail (OssJob *self, const char *detail)
{
  if (g_strcmp0 (self->detail, detail) == 0)
    return;
  g_free (self->detail);
  self->detail = g_strdup (detail);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DETAIL]);
}

static void
set_state (OssJob *self, OssJobState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
oss_job_set_progress (OssJob *self, double fraction, const char *what)
{
  g_autofree char *left = NULL, *line = NULL;

  if (self->state != OSS_JOB_RUNNING)
    return;
  if (what != NULL && g_strcmp0 (what, self->what) != 0)
    {
      g_free (self->what);
      self->what = g_strdup (what);
    }
  self->fraction = CLAMP (fraction, 0.0, 1.0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
  left = oss_format_time_left (oss_job_get_elapsed (self), self->fraction);
  if (left != NULL && self->what != NULL)
    line = g_strdup_printf ("%s · %s", self->what, left);
  set_detail (self, line != NULL ? line : self->what != NULL ? self->what : "");
}

void
oss_job_cancel (OssJob *self)
{
  if (self->state != OSS_JOB_RUNNING)
    return;
  self->cancelled_us = g_get_monotonic_time ();
  set_state (self, OSS_JOB_STOPPING);
  set_detail (self, _ ("Stopping"));
  g_cancellable_cancel (self->cancellable);
}

void
oss_job_finish (OssJob *self, const char *done, const GError *error)
{
  g_autofree char *line = NULL;

  if (error == NULL)
    {
      g_autofree char *seconds = oss_format_fixed (oss_job_get_elapsed (self), 1);

      self->fraction = 1.0;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
      /* Translators: what was finished, then how long it took: "Report saved, in 3.1 s". */
      line = g_strdup_printf (_ ("%s, in %s s"), done != NULL ? done : _ ("Done"), seconds);
      set_detail (self, line);
      set_state (self, OSS_JOB_DONE);
    }
  else if (self->state == OSS_JOB_STOPPING || g_error_matches (error, OSS_ERROR, OSS_ERROR_CANCELLED))
    {
      g_debug ("cancel was answered in %.0f ms", 1e-3 * (double) (g_get_monotonic_time () - self->cancelled_us));
      set_detail (self, _ ("Cancelled"));
      set_state (self, OSS_JOB_CANCELLED);
    }
  else
    {
      set_detail (self, error->message);
      set_state (self, OSS_JOB_FAILED);
    }
}
