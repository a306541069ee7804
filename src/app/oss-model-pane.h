/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/oss-scene.h"
#include "render/oss-renderer.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * OssModelPane: the vertebra in three dimensions: bone after Mesh, stress after Simulate.
 *
 * OpenGL 3.3 core is tried first, OpenGL ES 3.0 second; without either the pane says so and the
 * rest of the window works as usual.  Signal "toggle-large" as in #OssSlicePane.
 */
#define OSS_TYPE_MODEL_PANE (oss_model_pane_get_type ())
G_DECLARE_FINAL_TYPE (OssModelPane, oss_model_pane, OSS, MODEL_PANE, GtkGLArea)

/* @scene: (nullable): an empty view */
void oss_model_pane_set_scene (OssModelPane *self, OssScene *scene);
/* Turns the sagittal cut through the body's centre on or off. */
void oss_model_pane_toggle_cut (OssModelPane *self);
/* What colours the vertebra, where the model has it. */
void oss_model_pane_set_field (OssModelPane *self, OssModelField field);
/* "3D, von Mises stress, cut 2.5 mm right of centre" (transfer full) */
char *oss_model_pane_describe (OssModelPane *self);

G_END_DECLS
