/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-step-column.h"

#include "app/oss-calibrate-choice.h"
#include "app/oss-caps-choice.h"
#include "app/oss-curve-view.h"
#include "app/oss-estimates-button.h"
#include "app/oss-format.h"
#include "app/oss-post-yield-choice.h"
#include "app/oss-step-card.h"
#include "app/oss-step-text.h"
#include "base/oss-i18n.h"

/* Levels a name can be given to, from above; one more entry comes first: not named. */
#define LEVEL_LOW "T9"
#define LEVEL_HIGH "L5"

/* What a study takes where its options say nothing. */
#define FINAL_STRAIN_PERCENT 2.0
#define INCREMENTS 20

struct _OssStepColumn
{
  AdwBin parent_instance;

  OssDocument *document;
  OssJob *job;
  const OssSimulateResult *shown; /* compared, never read: whose strengths are on show */
  gboolean updating;              /* the widgets follow the options, not the other way round */

  GtkDropDown *level;
  GtkStack *run_stack;
  GtkListBox *list;
  OssStepCard *calibrate, *segment, *mesh, *simulate, *report;

  GtkDropDown *numbering, *kind, *law, *yield_law, *paper;
  GtkRevealer *beyond;
  GtkEntry *comment;
  GtkLabel *place, *law_source, *yield_source;
  GtkSpinButton *size, *final_strain, *increments;
  OssCalibrateChoice *calibration;
  OssCapsChoice *caps;
  OssPostYieldChoice *post_yield;
  GtkSwitch *name_patient, *nonlinear;

  GtkWidget *result, *class_box;
  GtkLabel *result_note, *strength, *density, *stiffness, *class_label, *result_reason;
  GtkImage *class_icon;
  OssCurveView *curve;
  OssEstimatesButton *estimates;
};

G_DEFINE_FINAL_TYPE (OssStepColumn, oss_step_column, ADW_TYPE_BIN)

static OssStepCard *
card_of (OssStepColumn *self, int step)
{
  OssStepCard *cards[] = { NULL, self->calibrate, self->segment, self->mesh, self->simulate, self->report };

  return cards[step];
}

/* What the study says, shown */

static void
update_card (OssStepColumn *self, OssStep step)
{
  OssStudy *study = oss_document_get_study (self->document);
  g_autofree char *sentence = oss_step_sentence (study, step);
  g_auto (GStrv) facts = oss_step_facts (study, step);
  OssStepCard *card = card_of (self, step);

  oss_step_card_set_state (card, oss_study_get_state (study, step), sentence);
  oss_step_card_set_facts (card, (const char *const *) facts);
  oss_step_card_set_editable (card, oss_document_get_job (self->document) == NULL);
}

static void
update_report_card (OssStepColumn *self)
{
  OssStudy *study = oss_document_get_study (self->document);
  OssState simulated = oss_study_get_state (study, OSS_STEP_SIMULATE);
  const char *path = oss_document_get_report_path (self->document);
  gboolean current = simulated == OSS_STATE_DONE || simulated == OSS_STATE_NOTES;
  const char *none[] = { NULL };
  g_autofree char *name = NULL, *sentence = NULL;

  if (path != NULL && (current || simulated == OSS_STATE_OUT_OF_DATE))
    {
      name = g_path_get_basename (path);
      /* Translators: %s is a file's name. */
      sentence = g_strdup_printf (_ ("Saved as %s."), name);
    }
  else
    sentence = g_strdup (current ? _ ("Ready to be saved.") : _ ("Can be made when Simulate is done."));
  oss_step_card_set_state (self->report,
                           path == NULL ? OSS_STATE_NOT_RUN
                           : current    ? OSS_STATE_DONE
                                        : OSS_STATE_OUT_OF_DATE,
                           sentence);
  oss_step_card_set_facts (self->report, none);
}

static void
show_strengths (OssStepColumn *self, const OssSimulateResult *simulate)
{
  if (simulate == self->shown)
    return;
  self->shown = simulate;
  oss_curve_view_set_curve (self->curve, simulate->curve, simulate->strength.height_mm);
  oss_estimates_button_set_result (self->estimates, simulate);
}

static void
update_result (OssStepColumn *self)
{
  static const char *const classes[] = { "usable", "notes", "refused", "none", NULL };
  OssStudy *study = oss_document_get_study (self->document);
  OssState state = oss_study_get_state (study, OSS_STEP_SIMULATE);
  OssResultText text = { 0 };
  gboolean some = oss_result_text (study, &text);

  gtk_widget_set_visible (self->result, some);
  if (!some)
    return;
  gtk_label_set_label (self->strength, text.strength);
  gtk_label_set_label (self->density, text.density);
  gtk_label_set_label (self->stiffness, text.stiffness);
  gtk_label_set_label (self->class_label, text.class_word);
  gtk_label_set_label (self->result_reason, text.reason);
  gtk_image_set_from_icon_name (self->class_icon, text.class_icon);
  for (int i = 0; classes[i] != NULL; i++)
    gtk_widget_remove_css_class (self->class_box, classes[i]);
  gtk_widget_add_css_class (self->class_box, text.class_css);
  gtk_label_set_label (self->result_note,
                       state == OSS_STATE_DONE || state == OSS_STATE_NOTES ? "" : _ ("before the change"));
  oss_result_text_clear (&text);
  show_strengths (self, oss_study_get_simulate (study));
}

static void
update_place (OssStepColumn *self)
{
  OssScene *scene = oss_document_get_scene (self->document);
  const OssStudyOptions *options = oss_study_get_options (oss_document_get_study (self->document));
  g_autofree char *place = oss_format_place (oss_scene_get_cursor (scene)), *text = NULL, *name = NULL;

  if (options->labels_path != NULL)
    {
      name = g_path_get_basename (options->labels_path);
      text = g_strdup_printf (_ ("Labels from %s"), name);
    }
  else
    text = g_strdup_printf (_ ("Cursor at %s"), place);
  gtk_label_set_label (self->place, text);
}

static void
job_progress_cb (OssStepColumn *self)
{
  OssStudy *study = oss_document_get_study (self->document);

  for (int step = OSS_STEP_CALIBRATE; step < OSS_N_STEPS; step++)
    if (oss_study_get_state (study, step) == OSS_STATE_RUNNING)
      oss_step_card_set_progress (card_of (self, step), oss_job_get_fraction (self->job),
                                  oss_job_get_detail (self->job));
}

static void
follow_job (OssStepColumn *self)
{
  OssJob *job = self->document != NULL ? oss_document_get_job (self->document) : NULL;

  if (job == self->job)
    return;
  if (self->job != NULL)
    g_signal_handlers_disconnect_by_data (self->job, self);
  g_set_object (&self->job, job);
  if (job != NULL)
    g_signal_connect_swapped (job, "notify", G_CALLBACK (job_progress_cb), self);
}

static void
document_changed_cb (OssStepColumn *self)
{
  follow_job (self);
  for (int step = OSS_STEP_CALIBRATE; step < OSS_N_STEPS; step++)
    update_card (self, step);
  update_report_card (self);
  oss_calibrate_choice_update (self->calibration);
  update_result (self);
  update_place (self);
  gtk_widget_set_sensitive (GTK_WIDGET (self->level), self->job == NULL);
  gtk_stack_set_visible_child_name (self->run_stack, self->job != NULL ? "cancel" : "run");
  if (self->job != NULL)
    job_progress_cb (self);
}

static void
scene_changed_cb (OssStepColumn *self, guint what)
{
  if (what & OSS_SCENE_CURSOR)
    update_place (self);
}

/* What is chosen, told to the study */

static void
edit_level (OssStudyOptions *options, gconstpointer data)
{
  options->vertebra = *(const guint8 *) data;
}

static void
level_cb (OssStepColumn *self)
{
  guint selected = gtk_drop_down_get_selected (self->level);
  guint8 verse = selected == 0 || selected == GTK_INVALID_LIST_POSITION
                     ? 0
                     : (guint8) (oss_vertebra_from_name (LEVEL_LOW) + selected - 1);

  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_level, &verse);
}

static void
edit_numbering (OssStudyOptions *options, gconstpointer data)
{
  options->numbering = *(const OssNumbering *) data;
}

static void
numbering_cb (OssStepColumn *self)
{
  static const OssNumbering numberings[] = { OSS_NUMBERING_UNKNOWN, OSS_NUMBERING_VERSE, OSS_NUMBERING_TOTALSEGMENTATOR,
                                             OSS_NUMBERING_BINARY };
  guint selected = gtk_drop_down_get_selected (self->numbering);

  if (!self->updating && self->document != NULL && selected < G_N_ELEMENTS (numberings))
    oss_document_edit (self->document, edit_numbering, &numberings[selected]);
}

static void
edit_mesh (OssStudyOptions *options, gconstpointer data)
{
  options->mesh = *(const OssMeshOptions *) data;
}

static void
mesh_cb (OssStepColumn *self)
{
  static const OssElementKind kinds[] = { OSS_ELEMENT_TET4, OSS_ELEMENT_TET10, OSS_ELEMENT_HEX8 };
  guint selected = gtk_drop_down_get_selected (self->kind);
  OssMeshOptions mesh;

  if (self->updating || self->document == NULL || selected >= G_N_ELEMENTS (kinds))
    return;
  mesh = oss_study_get_options (oss_document_get_study (self->document))->mesh;
  mesh.kind = kinds[selected];
  mesh.size_mm = gtk_spin_button_get_value (self->size);
  oss_document_edit (self->document, edit_mesh, &mesh);
}

/* The first entry is the yield law that belongs to the law of modulus. */
static const OssYieldLaw *
chosen_yield_law (OssStepColumn *self)
{
  guint selected = gtk_drop_down_get_selected (self->yield_law);
  gsize n;
  const OssYieldLaw *laws = oss_yield_all (&n);

  return selected >= 1 && selected <= n ? &laws[selected - 1] : NULL;
}

static void
show_yield_source (OssStepColumn *self)
{
  const OssYieldLaw *law = chosen_yield_law (self);
  gsize n;
  const OssLaw *laws = oss_law_all (&n);
  guint modulus = gtk_drop_down_get_selected (self->law);

  if (law == NULL)
    law = oss_yield_find (NULL, modulus < n ? &laws[modulus] : NULL, NULL);
  gtk_label_set_label (self->yield_source, law->power.source);
}

static void
edit_law (OssStudyOptions *options, gconstpointer data)
{
  g_free (options->law);
  options->law = g_strdup (((const OssLaw *) data)->name);
}

static void
law_cb (OssStepColumn *self)
{
  guint selected = gtk_drop_down_get_selected (self->law);
  gsize n;
  const OssLaw *laws = oss_law_all (&n);

  if (selected >= n)
    return;
  gtk_label_set_label (self->law_source, laws[selected].source);
  show_yield_source (self);
  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_law, &laws[selected]);
}

static void
edit_nonlinear (OssStudyOptions *options, gconstpointer data)
{
  const OssStudyOptions *wanted = data;

  options->nonlinear = wanted->nonlinear;
  g_free (options->yield_law);
  options->yield_law = g_strdup (wanted->yield_law);
  g_free (options->post_yield);
  options->post_yield = g_strdup (wanted->post_yield);
  options->final_strain = wanted->final_strain;
  options->increments = wanted->increments;
}

static void
nonlinear_cb (OssStepColumn *self)
{
  const OssYieldLaw *law = chosen_yield_law (self);
  OssPostYield post_yield;
  oss_post_yield_choice_get (self->post_yield, &post_yield);
  g_autofree char *follows = oss_post_yield_text (&post_yield);
  const OssStudyOptions wanted = { .nonlinear = gtk_switch_get_active (self->nonlinear),
                                   .yield_law = law != NULL ? (char *) law->name : NULL,
                                   .post_yield = follows,
                                   .final_strain = gtk_spin_button_get_value (self->final_strain) / 100.0,
                                   .increments = gtk_spin_button_get_value_as_int (self->increments) };

  gtk_revealer_set_reveal_child (self->beyond, wanted.nonlinear);
  show_yield_source (self);
  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_nonlinear, &wanted);
}

static void
edit_caps (OssStudyOptions *options, gconstpointer data)
{
  options->caps = *(const OssCaps *) data;
}

static void
caps_cb (OssStepColumn *self)
{
  OssCaps caps;

  if (self->updating || self->document == NULL)
    return;
  oss_caps_choice_get (self->caps, &caps);
  oss_document_edit (self->document, edit_caps, &caps);
}

/* Cards */

static void
row_activated_cb (OssStepColumn *self, GtkListBoxRow *row)
{
  OssStepCard *card = OSS_STEP_CARD (row);
  gboolean open = !oss_step_card_get_open (card);

  for (int step = OSS_STEP_CALIBRATE; step <= OSS_N_STEPS; step++)
    oss_step_card_set_open (card_of (self, step), FALSE);
  oss_step_card_set_open (card, open);
}

int
oss_step_column_get_current (OssStepColumn *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));

  for (int step = OSS_STEP_CALIBRATE; step <= OSS_N_STEPS; step++)
    if (focus != NULL
        && (focus == GTK_WIDGET (card_of (self, step))
            || gtk_widget_is_ancestor (focus, GTK_WIDGET (card_of (self, step)))))
      return step;
  for (int step = OSS_STEP_CALIBRATE; step <= OSS_N_STEPS; step++)
    if (oss_step_card_get_open (card_of (self, step)))
      return step;
  return OSS_STEP_SIMULATE;
}

void
oss_step_column_open_report (OssStepColumn *self)
{
  if (!oss_step_card_get_open (self->report))
    row_activated_cb (self, GTK_LIST_BOX_ROW (self->report));
  gtk_widget_grab_focus (GTK_WIDGET (self->report));
}

void
oss_step_column_get_report_choice (OssStepColumn *self, OssReportChoice *choice)
{
  const char *comment = gtk_editable_get_text (GTK_EDITABLE (self->comment));

  choice->comment = *comment != '\0' ? comment : NULL;
  choice->paper = gtk_drop_down_get_selected (self->paper) == 1 ? "Letter" : "A4";
  choice->name_patient = gtk_switch_get_active (self->name_patient);
}

/* Following the document */

static void
show_nonlinear (OssStepColumn *self, const OssStudyOptions *options)
{
  gsize n;
  const OssYieldLaw *laws = oss_yield_all (&n);
  OssPostYield post_yield;
  guint chosen = 0;

  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (laws[i].name, options->yield_law) == 0)
      chosen = i + 1;
  gtk_switch_set_active (self->nonlinear, options->nonlinear);
  gtk_revealer_set_reveal_child (self->beyond, options->nonlinear);
  gtk_drop_down_set_selected (self->yield_law, chosen);
  if (oss_post_yield_parse (options->post_yield, &post_yield, NULL))
    oss_post_yield_choice_set (self->post_yield, &post_yield);
  gtk_spin_button_set_value (self->final_strain,
                             options->final_strain > 0.0 ? 100.0 * options->final_strain : FINAL_STRAIN_PERCENT);
  gtk_spin_button_set_value (self->increments, options->increments > 0 ? options->increments : INCREMENTS);
}

/* The widgets show the options of the study they now belong to. */
static void
show_options (OssStepColumn *self)
{
  const OssStudyOptions *options = oss_study_get_options (oss_document_get_study (self->document));
  gsize n;
  const OssLaw *laws = oss_law_all (&n);

  self->updating = TRUE;
  gtk_drop_down_set_selected (self->numbering, 0);
  gtk_drop_down_set_selected (self->kind, (guint) options->mesh.kind);
  gtk_spin_button_set_value (self->size, options->mesh.size_mm);
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (laws[i].name, options->law) == 0)
      gtk_drop_down_set_selected (self->law, i);
  show_nonlinear (self, options);
  oss_caps_choice_set (self->caps, &options->caps);
  oss_step_column_set_level (self, options->vertebra);
  self->updating = FALSE;
}

void
oss_step_column_set_level (OssStepColumn *self, guint8 verse)
{
  guint8 low = oss_vertebra_from_name (LEVEL_LOW), high = oss_vertebra_from_name (LEVEL_HIGH);

  gtk_drop_down_set_selected (self->level, verse >= low && verse <= high ? (guint) (verse - low + 1) : 0);
}

void
oss_step_column_set_document (OssStepColumn *self, OssDocument *document)
{
  if (self->document != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->document, self);
      g_signal_handlers_disconnect_by_data (oss_document_get_scene (self->document), self);
    }
  g_set_object (&self->document, document);
  self->shown = NULL;
  follow_job (self);
  if (self->calibration != NULL)
    oss_calibrate_choice_set_document (self->calibration, document);
  if (document == NULL)
    return;
  g_signal_connect_swapped (document, "changed", G_CALLBACK (document_changed_cb), self);
  g_signal_connect_swapped (oss_document_get_scene (document), "changed", G_CALLBACK (scene_changed_cb), self);
  show_options (self);
  document_changed_cb (self);
}

static void
oss_step_column_dispose (GObject *object)
{
  OssStepColumn *self = OSS_STEP_COLUMN (object);

  oss_step_column_set_document (self, NULL);
  self->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_STEP_COLUMN);
  G_OBJECT_CLASS (oss_step_column_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *klass)
{
  gtk_widget_class_bind_template_child (klass, OssStepColumn, level);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, run_stack);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, list);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, calibrate);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, segment);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, mesh);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, simulate);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, report);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, calibration);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, place);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, numbering);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, kind);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, size);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, law);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, law_source);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, nonlinear);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, beyond);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, yield_law);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, final_strain);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, increments);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, yield_source);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, post_yield);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, caps);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, comment);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, paper);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, name_patient);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, result);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, result_note);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, strength);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, density);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, stiffness);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, curve);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, estimates);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, class_box);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, class_icon);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, class_label);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, result_reason);
}

static void
oss_step_column_class_init (OssStepColumnClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_step_column_dispose;
  g_type_ensure (OSS_TYPE_STEP_CARD);
  g_type_ensure (OSS_TYPE_CAPS_CHOICE);
  g_type_ensure (OSS_TYPE_CALIBRATE_CHOICE);
  g_type_ensure (OSS_TYPE_POST_YIELD_CHOICE);
  g_type_ensure (OSS_TYPE_CURVE_VIEW);
  g_type_ensure (OSS_TYPE_ESTIMATES_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/step-column.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, level_cb);
  gtk_widget_class_bind_template_callback (widget_class, numbering_cb);
  gtk_widget_class_bind_template_callback (widget_class, mesh_cb);
  gtk_widget_class_bind_template_callback (widget_class, law_cb);
  gtk_widget_class_bind_template_callback (widget_class, nonlinear_cb);
  gtk_widget_class_bind_template_callback (widget_class, caps_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
}

/* Run buttons of the cards, and the names no template can hold. */
static void
fill_cards (OssStepColumn *self)
{
  for (int step = OSS_STEP_CALIBRATE; step < OSS_N_STEPS; step++)
    {
      g_autofree char *action = g_strdup_printf ("win.run-to(%d)", step);
      g_autofree char *name = g_strdup_printf (_ ("Run %s"), oss_step_name (step));
      GtkWidget *button;

      oss_step_card_set_title (card_of (self, step), step, oss_step_name (step));
      button = oss_step_card_add_action (card_of (self, step), _ ("Run"), action, FALSE);
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
  /* Translators: the last step: the report. */
  oss_step_card_set_title (self->report, 5, _ ("Report"));
  oss_step_card_stack_actions (self->report);
  oss_step_card_add_action (self->report, _ ("Save PDF…"), "win.save-pdf", TRUE);
  oss_step_card_add_action (self->report, _ ("Save CSV…"), "win.save-csv", FALSE);
  oss_step_card_add_action (self->report, _ ("Export DICOM Objects…"), "win.export-dicom", FALSE);
  oss_step_card_add_action (self->report, _ ("Open"), "win.open-report", FALSE);
}

static void
fill_lists (OssStepColumn *self)
{
  guint8 low = oss_vertebra_from_name (LEVEL_LOW), high = oss_vertebra_from_name (LEVEL_HIGH);
  g_autoptr (GtkStringList) levels = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  g_autoptr (GtkStringList) yields = gtk_string_list_new (NULL);
  gsize n, n_yields;
  const OssYieldLaw *yield_laws = oss_yield_all (&n_yields);
  const OssLaw *laws = oss_law_all (&n);

  /* Translators: the level of the vertebra (L1, T12) has no name yet. */
  gtk_string_list_append (levels, _ ("Not named"));
  for (guint8 verse = low; verse <= high; verse++)
    gtk_string_list_append (levels, oss_vertebra_name (verse));
  for (gsize i = 0; i < n; i++)
    gtk_string_list_append (names, _ (laws[i].title));
  /* Translators: the yield law that was measured together with the law of modulus. */
  gtk_string_list_append (yields, _ ("By the law"));
  for (gsize i = 0; i < n_yields; i++)
    gtk_string_list_append (yields, _ (yield_laws[i].title));
  self->updating = TRUE;
  gtk_drop_down_set_model (self->yield_law, G_LIST_MODEL (yields));
  gtk_drop_down_set_model (self->level, G_LIST_MODEL (levels));
  gtk_drop_down_set_model (self->law, G_LIST_MODEL (names));
  self->updating = FALSE;
}

static void
oss_step_column_init (OssStepColumn *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->updating = FALSE;
  fill_lists (self);
  fill_cards (self);
  gtk_widget_set_visible (self->result, FALSE);
}
