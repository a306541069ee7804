/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-model-pane.h"

G_BEGIN_DECLS

struct _OssModelPane
{
  GtkGLArea parent_instance;

  OssScene *scene;
  OssModel *model;      /* what the camera was set up for */
  OssModelField wanted; /* shown where the model has it, else stress */
  OssColormap colours[OSS_N_MODEL_FIELDS];

  OssRenderer *renderer; /* lives between realize and unrealize */
  gboolean uploaded;     /* the renderer holds @model */

  OssCamera camera, drag_camera;
  gboolean cut;
  double cut_mm; /* to the patient's right of the body's centre */
};

void oss_model_pane_redraw (OssModelPane *self);
OssModelField oss_model_pane_shown_field (OssModelPane *self);
void oss_model_pane_reset (OssModelPane *self);
void oss_model_pane_move_cut (OssModelPane *self, double mm);
void oss_model_pane_draw_overlays (OssModelPane *self, GtkSnapshot *snapshot);
void oss_model_pane_init_input (OssModelPane *self);
void oss_model_pane_class_init_keys (GtkWidgetClass *widget_class);
/* Screen right and up of the camera, unit. */
void oss_model_pane_screen (const OssCamera *camera, double right[3], double up[3]);

G_END_DECLS
