/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-step-column.h"

#include "app/oss-caps-choice.h"
#include "app/oss-curve-view.h"
#include "app/oss-estimates-button.h"
#include "app/oss-format.h"
#include "app/oss-kernel-choice.h"
#include "app/oss-phantom-choice.h"
#include "app/oss-post-yield-choice.h"
#include "app/oss-step-card.h"
#include "app/oss-step-text.h"
#include "app/oss-tissue-rows.h"
#include "base/oss-i18n.h"

/* Levels a name can be given to, from above; one more entry comes first: not named. */
#define LEVEL_LOW "T9"
#define LEVEL_HIGH "L5"

/* What a study takes where its options say nothing. */
#define FINAL_STRAIN_PERCENT 2.0
#define INCREMENTS 20

#define METHOD_TISSUES 5 /* in the list of calibration methods */

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

  GtkDropDown *method, *basis, *numbering, *kind, *law, *yield_law, *paper;
  GtkRevealer *own_line, *own_tissues, *beyond;
  OssTissueRows *tissues;
  GtkEntry *slope, *intercept, *comment;
  GtkLabel *place, *law_source, *yield_source;
  GtkSpinButton *size, *final_strain, *increments;
  OssCapsChoice *caps;
  OssKernelChoice *kernel;
  OssPhantomChoice *phantom;
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

/* Why a correction cannot be made, and what to do in this window. */
static char *
refusal_of (const OssKernelCorrection *plan, const GError *failure)
{
  gboolean from = plan->from.f50 > 0.0;
  const char *name = from ? plan->to.name : plan->from.name;

  if (!g_error_matches (failure, OSS_ERROR, OSS_ERROR_REFUSED) || (from && plan->to.f50 > 0.0) || *name == '\0')
    return g_strdup (failure->message);
  if (from)
    return g_strdup_printf (_ ("Kernel “%s” is not in the table. Correct to another one."), name);
  return g_strdup_printf (_ ("Kernel “%s” is not in the table. Nothing is corrected on a guess: name one that is equal "
                             "under “Made with”, or measure it from a phantom scan (ossature kernel measure)."),
                          name);
}

/* What the correction did, or will do, or why it cannot be. */
static void
update_kernel (OssStepColumn *self)
{
  OssStudy *study = oss_document_get_study (self->document);
  const OssStudyOptions *options = oss_study_get_options (study);
  const OssLoadResult *load = oss_study_get_load (study);
  const OssKernelWish wish = { options->correct_to, options->correct_from, options->correct_mtf,
                               options->correct_to_mm };
  gboolean current = load != NULL && oss_study_is_current (study, OSS_STEP_LOAD);
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  OssKernelCorrection plan;

  if (wish.to == NULL)
    ;
  else if (current && load->correction != NULL)
    text = g_strdup (load->correction->words);
  else if (!oss_kernel_plan (oss_document_get_series (self->document), &wish, &plan, &failure))
    text = refusal_of (&plan, failure);
  else if (oss_kernel_correction_is_none (&plan))
    /* Translators: %s is a reconstruction kernel. */
    text = g_strdup_printf (_ ("The kernel is %s already: nothing to correct."), plan.to.name);
  else
    /* Translators: from one reconstruction kernel to another, once the steps run again. */
    text = g_strdup_printf (_ ("%s becomes %s with the next run."), plan.from.name, plan.to.name);
  oss_kernel_choice_tell (self->kernel, text, failure == NULL, load != NULL && load->original != NULL);
}

static void
update_tissues (OssStepColumn *self)
{
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (oss_document_get_study (self->document));

  oss_tissue_rows_show (self->tissues, calibrate != NULL ? calibrate->internal : NULL);
}

static void
document_changed_cb (OssStepColumn *self)
{
  follow_job (self);
  update_kernel (self);
  for (int step = OSS_STEP_CALIBRATE; step < OSS_N_STEPS; step++)
    update_card (self, step);
  update_report_card (self);
  update_tissues (self);
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
edit_calibration (OssStudyOptions *options, gconstpointer data)
{
  g_free (options->calibration);
  options->calibration = g_strdup (data);
  if (g_strcmp0 (data, "internal") != 0)
    g_clear_pointer (&options->tissues, g_free);
}

static void
edit_tissues (OssStudyOptions *options, gconstpointer data)
{
  g_free (options->calibration);
  options->calibration = g_strdup ("internal");
  g_free (options->tissues);
  options->tissues = g_strdup (data);
}

static void
tissues_cb (OssStepColumn *self)
{
  g_autofree char *tissues = oss_tissue_rows_get (self->tissues);

  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_tissues, tissues);
}

static void
tissue_place_cb (OssStepColumn *self, guint tissue)
{
  if (self->document != NULL)
    oss_tissue_rows_set_place (self->tissues, (OssOwnTissue) tissue,
                               oss_scene_get_cursor (oss_document_get_scene (self->document)));
}

/* What was typed, with a decimal point whatever the language writes. (transfer full) */
static char *
number_of (GtkEntry *entry)
{
  char *text = g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry)));

  return g_strdelimit (g_strstrip (text), ",", '.');
}

static void
method_cb (OssStepColumn *self)
{
  static const char *const methods[] = { "phantom", "async", "line:jiang2023-b40f", "line:jiang2023-b70f", NULL };
  const guint own = G_N_ELEMENTS (methods) - 1, tissues = METHOD_TISSUES;
  guint selected = gtk_drop_down_get_selected (self->method);
  g_autofree char *line = NULL;

  gtk_revealer_set_reveal_child (self->own_line, selected == own);
  gtk_revealer_set_reveal_child (self->own_tissues, selected == tissues);
  if (self->updating || self->document == NULL || selected > tissues)
    return;
  if (selected == tissues)
    {
      tissues_cb (self);
      return;
    }
  if (selected == own)
    {
      g_autofree char *slope = number_of (self->slope), *intercept = number_of (self->intercept);

      line = g_strdup_printf ("line:%s,%s,%s", slope, intercept,
                              gtk_drop_down_get_selected (self->basis) == 1 ? "CHA" : "K2HPO4");
    }
  oss_document_edit (self->document, edit_calibration, line != NULL ? line : methods[selected]);
}

static gboolean
is_number (GtkEntry *entry)
{
  g_autofree char *text = number_of (entry);
  char *end = NULL;
  gboolean number;

  g_ascii_strtod (text, &end);
  number = end != text && *end == '\0';
  if (number)
    gtk_widget_remove_css_class (GTK_WIDGET (entry), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
  return number;
}

/* Half-typed numbers are marked and wait; nonsense of size is answered by the study. */
static void
own_line_cb (OssStepColumn *self)
{
  if (is_number (self->slope) && is_number (self->intercept))
    method_cb (self);
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

static void
edit_phantom (OssStudyOptions *options, gconstpointer data)
{
  const OssStudyOptions *wanted = data;

  g_free (options->phantom);
  options->phantom = g_strdup (wanted->phantom);
  g_free (options->phantom_serial);
  options->phantom_serial = g_strdup (wanted->phantom_serial);
}

static void
phantom_cb (OssStepColumn *self)
{
  g_autofree char *model = oss_phantom_choice_get_model (self->phantom);
  g_autofree char *serial = oss_phantom_choice_get_serial (self->phantom);
  const OssStudyOptions wanted = { .phantom = model, .phantom_serial = serial };

  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_phantom, &wanted);
}

static void
edit_kernel (OssStudyOptions *options, gconstpointer data)
{
  const OssStudyOptions *wanted = data;

  g_free (options->correct_to);
  options->correct_to = g_strdup (wanted->correct_to);
  g_free (options->correct_from);
  options->correct_from = g_strdup (wanted->correct_from);
  if (wanted->correct_to == NULL)
    {
      g_clear_pointer (&options->correct_mtf, g_free);
      options->correct_to_mm = 0.0;
    }
}

static void
kernel_cb (OssStepColumn *self)
{
  g_autofree char *to = oss_kernel_choice_get_to (self->kernel), *from = oss_kernel_choice_get_from (self->kernel);
  const OssStudyOptions wanted = { .correct_to = to, .correct_from = to != NULL ? from : NULL };

  if (self->updating || self->document == NULL)
    return;
  oss_document_edit (self->document, edit_kernel, &wanted);
  update_kernel (self);
}

static void
kernel_original_cb (OssStepColumn *self, gboolean original)
{
  if (!self->updating && self->document != NULL)
    oss_document_show_original (self->document, original);
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
  gboolean own = g_strcmp0 (options->calibration, "internal") == 0;
  gtk_drop_down_set_selected (self->method, own ? METHOD_TISSUES : 0);
  gtk_revealer_set_reveal_child (self->own_tissues, own);
  oss_tissue_rows_set (self->tissues, options->tissues);
  gtk_drop_down_set_selected (self->numbering, 0);
  gtk_drop_down_set_selected (self->kind, (guint) options->mesh.kind);
  gtk_spin_button_set_value (self->size, options->mesh.size_mm);
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (laws[i].name, options->law) == 0)
      gtk_drop_down_set_selected (self->law, i);
  show_nonlinear (self, options);
  oss_caps_choice_set (self->caps, &options->caps);
  oss_phantom_choice_set (self->phantom, options->phantom, options->phantom_serial);
  oss_kernel_choice_set (self->kernel, options->correct_to, options->correct_from);
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
  gtk_widget_class_bind_template_child (klass, OssStepColumn, method);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, own_tissues);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, tissues);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, own_line);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, slope);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, intercept);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, basis);
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
  gtk_widget_class_bind_template_child (klass, OssStepColumn, kernel);
  gtk_widget_class_bind_template_child (klass, OssStepColumn, phantom);
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
  g_type_ensure (OSS_TYPE_KERNEL_CHOICE);
  g_type_ensure (OSS_TYPE_TISSUE_ROWS);
  g_type_ensure (OSS_TYPE_PHANTOM_CHOICE);
  g_type_ensure (OSS_TYPE_POST_YIELD_CHOICE);
  g_type_ensure (OSS_TYPE_CURVE_VIEW);
  g_type_ensure (OSS_TYPE_ESTIMATES_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/step-column.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, level_cb);
  gtk_widget_class_bind_template_callback (widget_class, method_cb);
  gtk_widget_class_bind_template_callback (widget_class, tissues_cb);
  gtk_widget_class_bind_template_callback (widget_class, tissue_place_cb);
  gtk_widget_class_bind_template_callback (widget_class, own_line_cb);
  gtk_widget_class_bind_template_callback (widget_class, numbering_cb);
  gtk_widget_class_bind_template_callback (widget_class, mesh_cb);
  gtk_widget_class_bind_template_callback (widget_class, law_cb);
  gtk_widget_class_bind_template_callback (widget_class, nonlinear_cb);
  gtk_widget_class_bind_template_callback (widget_class, caps_cb);
  gtk_widget_class_bind_template_callback (widget_class, phantom_cb);
  gtk_widget_class_bind_template_callback (widget_class, kernel_cb);
  gtk_widget_class_bind_template_callback (widget_class, kernel_original_cb);
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
