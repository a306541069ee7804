/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-worklist-model.h"

enum
{
  PAGE_ROWS = 64,
  MOST_ROWS_KEPT = 1024,
};

/* --- A row --- */

struct _OssWorklistRow
{
  GObject parent_instance;

  OssWorklistStudy *study;
  GBytes *picture;
  GdkTexture *thumbnail;
};

enum
{
  PROP_STUDY = 1,
};

static GParamSpec *study_property;

G_DEFINE_FINAL_TYPE (OssWorklistRow, oss_worklist_row, G_TYPE_OBJECT)

static void
oss_worklist_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_pointer (value, OSS_WORKLIST_ROW (object)->study);
}

static void
oss_worklist_row_finalize (GObject *object)
{
  OssWorklistRow *self = OSS_WORKLIST_ROW (object);

  oss_worklist_study_free (self->study);
  g_clear_pointer (&self->picture, g_bytes_unref);
  g_clear_object (&self->thumbnail);
  G_OBJECT_CLASS (oss_worklist_row_parent_class)->finalize (object);
}

static void
oss_worklist_row_class_init (OssWorklistRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = oss_worklist_row_get_property;
  object_class->finalize = oss_worklist_row_finalize;
  study_property =
      g_param_spec_pointer ("study", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_property (object_class, PROP_STUDY, study_property);
}

static void
oss_worklist_row_init (OssWorklistRow *self)
{
}

/* @study, @picture: (transfer full) */
static void
row_set (OssWorklistRow *self, OssWorklistStudy *study, GBytes *picture)
{
  oss_worklist_study_free (self->study);
  self->study = study;
  g_clear_pointer (&self->picture, g_bytes_unref);
  g_clear_object (&self->thumbnail);
  self->picture = picture;
  g_object_notify_by_pspec (G_OBJECT (self), study_property);
}

const OssWorklistStudy *
oss_worklist_row_get_study (OssWorklistRow *self)
{
  return self->study;
}

GdkTexture *
oss_worklist_row_get_thumbnail (OssWorklistRow *self)
{
  if (self->thumbnail == NULL && self->picture != NULL)
    {
      self->thumbnail = gdk_texture_new_from_bytes (self->picture, NULL);
      g_clear_pointer (&self->picture, g_bytes_unref);
    }
  return self->thumbnail;
}

/* --- The list --- */

struct _OssWorklistModel
{
  GObject parent_instance;

  OssWorklist *worklist; /* not owned */
  OssWorklistQuery query;
  GArray *ids;      /* gint64, all of them in order */
  GHashTable *rows; /* id -> OssWorklistRow*: those that were read */
};

static GType
get_item_type (GListModel *model)
{
  return OSS_TYPE_WORKLIST_ROW;
}

static guint
get_n_items (GListModel *model)
{
  return OSS_WORKLIST_MODEL (model)->ids->len;
}

static gint64
id_at (OssWorklistModel *self, guint position)
{
  return g_array_index (self->ids, gint64, position);
}

static void
read_row (OssWorklistModel *self, gint64 id, OssWorklistRow *row)
{
  g_autoptr (GError) error = NULL;
  OssWorklistStudy *study = oss_worklist_get_study (self->worklist, id, &error);

  /* Another window may have forgotten it this moment: the next refresh takes the row away. */
  if (study == NULL)
    {
      study = g_new0 (OssWorklistStudy, 1);
      study->id = id;
      study->kernels = g_new0 (char *, 1);
      study->study_uid = g_strdup ("");
      study->patient_name = g_strdup ("");
      study->patient_id = g_strdup ("");
      study->patient_birth_date = g_strdup ("");
      study->patient_sex = g_strdup ("");
      study->patient_age = g_strdup ("");
      study->study_date = g_strdup ("");
      study->study_time = g_strdup ("");
      study->study_description = g_strdup ("");
      study->accession_number = g_strdup ("");
      study->scanner = g_strdup ("");
      study->analysis_class = g_strdup ("");
      study->verdict = OSS_VERDICT_REFUSED;
    }
  row_set (row, study, oss_worklist_get_thumbnail (self->worklist, id));
}

/* The page around @position: its neighbours are asked for next. */
static void
read_page (OssWorklistModel *self, guint position)
{
  guint first = position - position % PAGE_ROWS, end = MIN (first + PAGE_ROWS, self->ids->len);

  if (g_hash_table_size (self->rows) > MOST_ROWS_KEPT)
    g_hash_table_remove_all (self->rows);
  for (guint i = first; i < end; i++)
    {
      gint64 id = id_at (self, i);
      OssWorklistRow *row;

      if (g_hash_table_contains (self->rows, &id))
        continue;
      row = g_object_new (OSS_TYPE_WORKLIST_ROW, NULL);
      read_row (self, id, row);
      g_hash_table_insert (self->rows, g_memdup2 (&id, sizeof id), row);
    }
}

static gpointer
get_item (GListModel *model, guint position)
{
  OssWorklistModel *self = OSS_WORKLIST_MODEL (model);
  gint64 id;

  if (position >= self->ids->len)
    return NULL;
  id = id_at (self, position);
  if (!g_hash_table_contains (self->rows, &id))
    read_page (self, position);
  return g_object_ref (g_hash_table_lookup (self->rows, &id));
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (OssWorklistModel, oss_worklist_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
query_clear (OssWorklistQuery *query)
{
  g_free ((char *) query->text);
  g_free ((char *) query->kernel);
  g_free ((char *) query->scanner);
  g_free ((char *) query->date_from);
  g_free ((char *) query->date_to);
}

static void
query_copy (OssWorklistQuery *to, const OssWorklistQuery *from)
{
  *to = *from;
  to->text = g_strdup (from->text);
  to->kernel = g_strdup (from->kernel);
  to->scanner = g_strdup (from->scanner);
  to->date_from = g_strdup (from->date_from);
  to->date_to = g_strdup (from->date_to);
}

static void
oss_worklist_model_finalize (GObject *object)
{
  OssWorklistModel *self = OSS_WORKLIST_MODEL (object);

  query_clear (&self->query);
  g_array_unref (self->ids);
  g_hash_table_unref (self->rows);
  G_OBJECT_CLASS (oss_worklist_model_parent_class)->finalize (object);
}

static void
oss_worklist_model_class_init (OssWorklistModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_worklist_model_finalize;
}

static void
oss_worklist_model_init (OssWorklistModel *self)
{
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->rows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  self->query.descending = TRUE;
}

OssWorklistModel *
oss_worklist_model_new (OssWorklist *worklist)
{
  OssWorklistModel *self = g_object_new (OSS_TYPE_WORKLIST_MODEL, NULL);

  self->worklist = worklist;
  return self;
}

/* Takes @ids; only what differs is told, so that the view stays where it is. */
static void
replace_ids (OssWorklistModel *self, GArray *ids)
{
  guint before = self->ids->len, after = ids->len, head = 0, tail = 0;

  while (head < before && head < after && id_at (self, head) == g_array_index (ids, gint64, head))
    head++;
  while (tail < before - head && tail < after - head
         && id_at (self, before - 1 - tail) == g_array_index (ids, gint64, after - 1 - tail))
    tail++;
  g_array_unref (self->ids);
  self->ids = ids;
  if (before != head + tail || after != head + tail)
    g_list_model_items_changed (G_LIST_MODEL (self), head, before - head - tail, after - head - tail);
}

void
oss_worklist_model_refresh (OssWorklistModel *self)
{
  g_autoptr (GError) error = NULL;
  GArray *ids;
  GHashTableIter iter;
  gpointer id, row;

  if (self->worklist == NULL)
    return;
  ids = oss_worklist_find (self->worklist, &self->query, &error);
  if (ids == NULL)
    {
      g_debug ("the worklist is not shown anew: %s", error->message);
      return;
    }
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &id, &row))
    read_row (self, *(const gint64 *) id, row);
  replace_ids (self, ids);
}

void
oss_worklist_model_set_query (OssWorklistModel *self, const OssWorklistQuery *query)
{
  OssWorklistQuery copy;

  query_copy (&copy, query);
  query_clear (&self->query);
  self->query = copy;
  oss_worklist_model_refresh (self);
}

const OssWorklistQuery *
oss_worklist_model_get_query (OssWorklistModel *self)
{
  return &self->query;
}

guint
oss_worklist_model_find (OssWorklistModel *self, gint64 study)
{
  for (guint i = 0; i < self->ids->len; i++)
    if (id_at (self, i) == study)
      return i;
  return GTK_INVALID_LIST_POSITION;
}
