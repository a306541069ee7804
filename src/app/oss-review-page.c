/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-review-page.h"

#include "app/oss-colour-bar.h"
#include "app/oss-format.h"
#include "app/oss-jobs-button.h"
#include "app/oss-menus.h"
#include "app/oss-model-pane.h"
#include "base/oss-i18n.h"

#define N_PANES 4

struct _OssReviewPage
{
  AdwBin parent_instance;

  OssDocument *document;
  AdwWindowTitle *title;
  GtkMenuButton *menu_button;
  OssJobsButton *jobs_button;
  GtkProgressBar *loading;
  AdwFlap *flap;
  GtkWidget *rail;
  GtkGrid *grid;
  OssSlicePane *axial, *sagittal, *coronal;
  OssModelPane *model;
  GtkOverlay *model_overlay;
  GtkDropDown *field; /* of the 3D view; over its colour bar */
  OssStepColumn *column;
  GtkWidget *last_pane; /* had the focus last */
  OssTool tool;
};

G_DEFINE_FINAL_TYPE (OssReviewPage, oss_review_page, ADW_TYPE_BIN)

static guint status_signal;

static void
get_panes (OssReviewPage *self, GtkWidget *panes[N_PANES])
{
  panes[0] = GTK_WIDGET (self->axial);
  panes[1] = GTK_WIDGET (self->sagittal);
  panes[2] = GTK_WIDGET (self->coronal);
  panes[3] = GTK_WIDGET (self->model);
}

/* Status */

/* The pointer's place or the linked cursor's, whichever moved last. */
static void
tell_status (OssReviewPage *self, const double *place)
{
  OssScene *scene = oss_document_get_scene (self->document);
  g_autofree char *value = NULL, *where = NULL, *text = NULL, *view = NULL;

  if (oss_scene_get_volume (scene) == NULL)
    return;
  if (place == NULL)
    place = oss_scene_get_cursor (scene);
  where = oss_format_place (place);
  value = oss_scene_describe_value (scene, place);
  if (self->last_pane == GTK_WIDGET (self->model))
    view = oss_model_pane_describe (self->model);
  else
    view = g_strdup (oss_plane_title (oss_slice_pane_get_plane (OSS_SLICE_PANE (self->last_pane))));
  text = g_strdup_printf ("%s  %s    %s", view, where, value);
  g_signal_emit (self, status_signal, 0, text);
}

/* There is a choice of colours once bone was loaded beyond yield. */
static void
update_field_choice (OssReviewPage *self)
{
  const OssModel *model = self->document != NULL ? oss_scene_get_model (oss_document_get_scene (self->document)) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->field), model != NULL
                                                        && model->fields[OSS_MODEL_PLASTIC_STRAIN].values != NULL
                                                        && gtk_gl_area_get_error (GTK_GL_AREA (self->model)) == NULL);
}

static void
field_cb (OssReviewPage *self)
{
  guint selected = gtk_drop_down_get_selected (self->field);

  if (self->model == NULL || selected >= OSS_N_MODEL_FIELDS)
    return;
  oss_model_pane_set_field (self->model, (OssModelField) selected);
  if (self->document != NULL)
    tell_status (self, NULL);
}

/* The choice takes the place of the colour bar's title. */
static gboolean
place_field_cb (GtkOverlay *overlay, GtkWidget *child, GdkRectangle *place, OssReviewPage *self)
{
  const int margin = 10, gap = 13;
  GtkRequisition size;

  gtk_widget_get_preferred_size (child, NULL, &size);
  place->width = MIN (size.width, gtk_widget_get_width (GTK_WIDGET (overlay)));
  place->height = size.height;
  place->x = MAX (gtk_widget_get_width (GTK_WIDGET (overlay)) - margin - place->width, 0);
  place->y = MAX ((int) oss_colour_bar_top (gtk_widget_get_height (GTK_WIDGET (overlay))) - gap - place->height, 0);
  return TRUE;
}

static void
scene_changed_cb (OssReviewPage *self, guint what)
{
  if (what & OSS_SCENE_MODEL)
    update_field_choice (self);
  if (what & OSS_SCENE_POINTER)
    tell_status (self, oss_scene_get_pointer (oss_document_get_scene (self->document)));
  else if (what & (OSS_SCENE_CURSOR | OSS_SCENE_VOLUME | OSS_SCENE_MODEL))
    tell_status (self, NULL);
}

static void
document_changed_cb (OssReviewPage *self)
{
  OssJob *job = oss_document_get_job (self->document);
  gboolean loading = job != NULL && oss_document_get_target (self->document) == OSS_STEP_LOAD;
  g_autofree char *title = oss_document_title (self->document), *subtitle = oss_document_subtitle (self->document);

  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, subtitle);
  gtk_widget_set_visible (GTK_WIDGET (self->loading), loading);
}

static void
progress_cb (OssReviewPage *self, double fraction)
{
  gtk_progress_bar_set_fraction (self->loading, fraction);
}

/* Views */

void
oss_review_page_set_single (OssReviewPage *self, gboolean single)
{
  GtkWidget *panes[N_PANES], *kept = self->last_pane;

  get_panes (self, panes);
  for (int i = 0; i < N_PANES; i++)
    gtk_widget_set_visible (panes[i], !single || panes[i] == kept);
  gtk_widget_grab_focus (kept);
}

static void
toggle_large_cb (OssReviewPage *self)
{
  GtkWidget *panes[N_PANES];
  int shown = 0;

  get_panes (self, panes);
  for (int i = 0; i < N_PANES; i++)
    shown += gtk_widget_get_visible (panes[i]);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.layout", "s", shown > 1 ? "one" : "four");
}

static void
pane_focus_cb (GtkEventControllerFocus *controller, OssReviewPage *self)
{
  self->last_pane = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (controller));
  if (self->document != NULL)
    tell_status (self, NULL);
}

void
oss_review_page_set_tool (OssReviewPage *self, OssTool tool)
{
  self->tool = tool;
  oss_slice_pane_set_tool (self->axial, tool);
  oss_slice_pane_set_tool (self->sagittal, tool);
  oss_slice_pane_set_tool (self->coronal, tool);
}

void
oss_review_page_cut (OssReviewPage *self)
{
  oss_model_pane_toggle_cut (self->model);
}

void
oss_review_page_set_column_shown (OssReviewPage *self, gboolean shown)
{
  adw_flap_set_reveal_flap (self->flap, shown);
}

void
oss_review_page_focus_views (OssReviewPage *self)
{
  gtk_widget_grab_focus (self->last_pane);
}

void
oss_review_page_next_region (OssReviewPage *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *column = GTK_WIDGET (self->column);

  if (focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->grid)) && adw_flap_get_reveal_flap (self->flap))
    gtk_widget_child_focus (column, GTK_DIR_TAB_FORWARD);
  else if (focus != NULL && gtk_widget_is_ancestor (focus, column))
    gtk_widget_child_focus (self->rail, GTK_DIR_TAB_FORWARD);
  else
    oss_review_page_focus_views (self);
}

/* Set-up */

OssStepColumn *
oss_review_page_get_column (OssReviewPage *self)
{
  return self->column;
}

void
oss_review_page_set_jobs (OssReviewPage *self, GListStore *jobs)
{
  oss_jobs_button_set_jobs (self->jobs_button, jobs);
}

void
oss_review_page_show_jobs (OssReviewPage *self)
{
  oss_jobs_button_popup (self->jobs_button);
}

static void
forget_document (OssReviewPage *self)
{
  OssScene *scene;

  if (self->document == NULL)
    return;
  scene = oss_document_get_scene (self->document);
  g_signal_handlers_disconnect_by_data (self->document, self);
  g_signal_handlers_disconnect_by_data (oss_document_get_study (self->document), self);
  g_signal_handlers_disconnect_by_data (scene, self);
  g_clear_object (&self->document);
}

void
oss_review_page_set_document (OssReviewPage *self, OssDocument *document)
{
  OssScene *scene = document != NULL ? oss_document_get_scene (document) : NULL;

  forget_document (self);
  oss_step_column_set_document (self->column, document);
  oss_slice_pane_set_scene (self->axial, scene, OSS_PLANE_AXIAL);
  oss_slice_pane_set_scene (self->sagittal, scene, OSS_PLANE_SAGITTAL);
  oss_slice_pane_set_scene (self->coronal, scene, OSS_PLANE_CORONAL);
  oss_model_pane_set_scene (self->model, scene);
  if (document == NULL)
    {
      update_field_choice (self);
      return;
    }
  self->document = g_object_ref (document);
  g_signal_connect_swapped (document, "changed", G_CALLBACK (document_changed_cb), self);
  g_signal_connect_swapped (oss_document_get_study (document), "progress", G_CALLBACK (progress_cb), self);
  g_signal_connect_swapped (scene, "changed", G_CALLBACK (scene_changed_cb), self);
  update_field_choice (self);
  document_changed_cb (self);
}

static void
oss_review_page_dispose (GObject *object)
{
  OssReviewPage *self = OSS_REVIEW_PAGE (object);

  forget_document (self);
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_REVIEW_PAGE);
  G_OBJECT_CLASS (oss_review_page_parent_class)->dispose (object);
}

static void
oss_review_page_class_init (OssReviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_review_page_dispose;
  status_signal = g_signal_new ("status", OSS_TYPE_REVIEW_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_STRING);
  g_type_ensure (OSS_TYPE_JOBS_BUTTON);
  g_type_ensure (OSS_TYPE_SLICE_PANE);
  g_type_ensure (OSS_TYPE_MODEL_PANE);
  g_type_ensure (OSS_TYPE_STEP_COLUMN);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/review-page.ui");
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, title);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, menu_button);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, jobs_button);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, loading);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, flap);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, rail);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, grid);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, axial);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, sagittal);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, coronal);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, model);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, model_overlay);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, field);
  gtk_widget_class_bind_template_child (widget_class, OssReviewPage, column);
  gtk_widget_class_bind_template_callback (widget_class, field_cb);
}

static void
oss_review_page_init (OssReviewPage *self)
{
  GtkWidget *panes[N_PANES];

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_menu_model (self->menu_button, oss_primary_menu ());
  g_signal_connect (self->model_overlay, "get-child-position", G_CALLBACK (place_field_cb), self);
  self->last_pane = GTK_WIDGET (self->axial);
  get_panes (self, panes);
  for (int i = 0; i < N_PANES; i++)
    {
      GtkEventController *focus = gtk_event_controller_focus_new ();

      g_signal_connect (focus, "enter", G_CALLBACK (pane_focus_cb), self);
      gtk_widget_add_controller (panes[i], focus);
      g_signal_connect_swapped (panes[i], "toggle-large", G_CALLBACK (toggle_large_cb), self);
    }
  oss_review_page_set_tool (self, OSS_TOOL_LEVEL);
}
