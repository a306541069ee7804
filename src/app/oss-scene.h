/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "calibrate/oss-phantom.h"
#include "image/oss-picture.h"
#include "image/oss-vertebra.h"
#include "image/oss-volume.h"
#include "material/oss-density.h"
#include "mesh/oss-mesh.h"

#include <glib-object.h>

G_BEGIN_DECLS

/* What the 3D view can be coloured by. */
typedef enum
{
  OSS_MODEL_STRESS,         /* von Mises, MPa, of the linear solution */
  OSS_MODEL_PLASTIC_STRAIN, /* equivalent, %, at the end of the curve beyond yield */
  OSS_N_MODEL_FIELDS,
} OssModelField;

/* A field as it is shown. */
typedef struct
{
  double *values;         /* [n_nodes]; NULL: there is none */
  double low, high, mark; /* 0, 99.5th and 95th percentile of the nodes; high is 0 where all is 0 */
  char *load;             /* "0.27 mm, 1 840 N": what it belongs to */
} OssFieldView;

/* What the 3D view shows: a mesh and, once simulated, its fields.  Immutable after it is made. */
typedef struct
{
  gatomicrefcount references;
  OssMesh *mesh;
  OssFieldView fields[OSS_N_MODEL_FIELDS]; /* empty before Simulate */
  double *displacement;                    /* [n_nodes][3] mm; NULL before Simulate */
  OssVertebraFrame frame;
  char *caption; /* "38 412 elements · shown undeformed" */
} OssModel;

OssModel *oss_model_new (OssMesh *mesh, const OssVertebraFrame *frame);
OssModel *oss_model_ref (OssModel *self);
void oss_model_unref (OssModel *self);
/* Copies [n_nodes] stresses and [n_nodes][3] displacements and sets the percentiles. */
void oss_model_set_stress (OssModel *self, const double *von_mises_mpa, const double *displacement);
/* [n_elements] equivalent plastic strains (not in %) become those of the nodes: means of the elements around each, by
 * their volumes (mm3). */
void oss_model_set_plastic_strain (OssModel *self, const double *element_strain, const double *element_volume);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssModel, oss_model_unref)

/* The vertebra's label as the slices show it. */
typedef struct
{
  OssLabels *labels; /* (nullable) */
  guint8 verse;      /* 0: level not named */
  OssVertebraFrame frame;
  gboolean has_vbmd;
  double vbmd_mg_cm3, vbmd_hu;
  double vbmd_centre_mm[3], vbmd_right_mm, vbmd_anterior_mm, vbmd_height_mm;
} OssLabelView;

typedef enum
{
  OSS_SCENE_VOLUME = 1 << 0,   /* another image */
  OSS_SCENE_CURSOR = 1 << 1,   /* the linked cursor moved */
  OSS_SCENE_LEVEL = 1 << 2,    /* grey level and window */
  OSS_SCENE_LABELS = 1 << 3,   /* label, its name, or whether it is shown */
  OSS_SCENE_MODEL = 1 << 4,    /* mesh or stress */
  OSS_SCENE_OVERLAYS = 1 << 5, /* overlays hidden or shown */
  OSS_SCENE_POINTER = 1 << 6,  /* the place under the pointer */
  OSS_SCENE_FOCUS = 1 << 7,    /* asks every slice view to show the vertebra large */
} OssSceneChange;

/**
 * OssScene: what the views of one window share: image, linked cursor, grey window, label, model.
 *
 * Main thread only.  Signal "changed" (guint: #OssSceneChange bits).
 */
#define OSS_TYPE_SCENE (oss_scene_get_type ())
G_DECLARE_FINAL_TYPE (OssScene, oss_scene, OSS, SCENE, GObject)

OssScene *oss_scene_new (void);

const OssVolume *oss_scene_get_volume (OssScene *self);
/* The place in the image's middle becomes the cursor; the label and model are dropped. */
void oss_scene_set_volume (OssScene *self, OssVolume *volume);
/* Another image on the same grid: cursor, label and model stay. */
void oss_scene_swap_volume (OssScene *self, OssVolume *volume);

/* Short facts of the series for the views' corners: "B40f · 120 kVp · 1.0 mm" and "B40f". */
const char *oss_scene_get_facts (OssScene *self, gboolean brief);
void oss_scene_set_facts (OssScene *self, const char *facts, const char *brief);

const double *oss_scene_get_cursor (OssScene *self);
/* Clamped to the image. */
void oss_scene_set_cursor (OssScene *self, const double lps_mm[3]);

/* Where the pointer is; NULL: nowhere over a slice. */
const double *oss_scene_get_pointer (OssScene *self);
void oss_scene_set_pointer (OssScene *self, const double lps_mm[3]);

double oss_scene_get_level (OssScene *self);
double oss_scene_get_window (OssScene *self);
void oss_scene_set_level (OssScene *self, double level, double window);
/* 1 Bone, 2 Soft, 3 Spine, 4 Lung, 5 Full range, 0 the middle 96 % of this scan's values. */
void oss_scene_set_preset (OssScene *self, int preset);
const char *oss_scene_preset_name (int preset); /* translated */

const OssLabelView *oss_scene_get_labels (OssScene *self);
/* @view is copied, its labels referenced; NULL: none. */
void oss_scene_set_labels (OssScene *self, const OssLabelView *view);
gboolean oss_scene_get_show_labels (OssScene *self);
void oss_scene_set_show_labels (OssScene *self, gboolean show);
/* RGB of a level's outline (T12 blue, L1 green, L2 pink, L3 yellow, then again). */
void oss_scene_level_colour (guint8 verse, guint8 rgb[3]);

gboolean oss_scene_get_hide_overlays (OssScene *self);
void oss_scene_set_hide_overlays (OssScene *self, gboolean hide);

OssModel *oss_scene_get_model (OssScene *self);
void oss_scene_set_model (OssScene *self, OssModel *model);

/* TRUE when the shown stress is older than what it was made from. */
gboolean oss_scene_get_stale (OssScene *self);
void oss_scene_set_stale (OssScene *self, gboolean stale);

/* Shows the vertebra large in every slice view. */
void oss_scene_focus_vertebra (OssScene *self);

/* What density means here; %NULL before calibration. */
/* Regions of the patient's own tissues, drawn over the slices: OssOwnTissue + 1; %NULL: none.  Referenced. */
OssLabels *oss_scene_get_tissues (OssScene *self);
void oss_scene_set_tissues (OssScene *self, OssLabels *tissues);

const OssCalibrationLine *oss_scene_get_line (OssScene *self);
void oss_scene_set_line (OssScene *self, const OssCalibrationLine *line);
/* The phantom that the line was measured on; NULL: none, or its rods are not to be shown. */
const OssPhantomFit *oss_scene_get_phantom (OssScene *self);
void oss_scene_set_phantom (OssScene *self, const OssPhantomFit *fit);
/* "118 HU  82 mg/cm³ K₂HPO₄" at a place; "" outside the image.  (transfer full) */
char *oss_scene_describe_value (OssScene *self, const double lps_mm[3]);

G_END_DECLS
