/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-calibrate-choice.h"

#include "app/oss-kernel-choice.h"
#include "app/oss-kernel-window.h"
#include "app/oss-phantom-choice.h"
#include "app/oss-tissue-rows.h"
#include "base/oss-i18n.h"

/* Places in the list of methods. */
enum
{
  METHOD_PHANTOM,
  METHOD_ASYNC,
  METHOD_B40F,
  METHOD_B70F,
  METHOD_LINE,
  METHOD_TISSUES,
  N_METHODS,
};

/* What the study calls them; an own line is written out. */
static const char *const methods[N_METHODS] = { "phantom", "async",   "line:jiang2023-b40f", "line:jiang2023-b70f",
                                                NULL,      "internal" };

struct _OssCalibrateChoice
{
  AdwBin parent_instance;

  OssDocument *document;
  gboolean updating; /* the widgets follow the options, not the other way round */

  GtkDropDown *method, *basis;
  GtkWidget *own_line;
  GtkEntry *slope, *intercept;
  OssTissueRows *tissues;
  OssPhantomChoice *phantom;
  OssKernelChoice *kernel;
};

G_DEFINE_FINAL_TYPE (OssCalibrateChoice, oss_calibrate_choice, ADW_TYPE_BIN)

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
  return g_strdup_printf (
      _ ("Kernel “%s” is not in the table. Nothing is corrected on a guess: unless the phantom in this "
         "scan shows what it leaves, name one that is equal under “Made with”, or measure it on "
         "a phantom’s scan (“Measure…”)."),
      name);
}

/* What the correction did, or will do, or why it cannot be. */
static void
update_kernel (OssCalibrateChoice *self)
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
update_tissues (OssCalibrateChoice *self)
{
  const OssCalibrateResult *calibrate = oss_study_get_calibrate (oss_document_get_study (self->document));

  oss_tissue_rows_show (self->tissues, calibrate != NULL ? calibrate->internal : NULL);
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
tissues_cb (OssCalibrateChoice *self)
{
  g_autofree char *tissues = oss_tissue_rows_get (self->tissues);

  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_tissues, tissues);
}

static void
tissue_place_cb (OssCalibrateChoice *self, guint tissue)
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

/* Only what the method uses. */
static void
show_rows (OssCalibrateChoice *self)
{
  guint selected = gtk_drop_down_get_selected (self->method);

  gtk_widget_set_visible (self->own_line, selected == METHOD_LINE);
  gtk_widget_set_visible (GTK_WIDGET (self->tissues), selected == METHOD_TISSUES);
  gtk_widget_set_visible (GTK_WIDGET (self->phantom), selected == METHOD_PHANTOM);
}

static void
method_cb (OssCalibrateChoice *self)
{
  guint selected = gtk_drop_down_get_selected (self->method);
  g_autofree char *line = NULL;

  show_rows (self);
  if (self->updating || self->document == NULL || selected >= N_METHODS)
    return;
  if (selected == METHOD_TISSUES)
    {
      tissues_cb (self);
      return;
    }
  if (selected == METHOD_LINE)
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
own_line_cb (OssCalibrateChoice *self)
{
  if (is_number (self->slope) && is_number (self->intercept))
    method_cb (self);
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
phantom_cb (OssCalibrateChoice *self)
{
  g_autofree char *model = oss_phantom_choice_get_model (self->phantom);
  g_autofree char *serial = oss_phantom_choice_get_serial (self->phantom);
  const OssStudyOptions wanted = { .phantom = model, .phantom_serial = serial };

  if (!self->updating && self->document != NULL)
    oss_document_edit (self->document, edit_phantom, &wanted);
}

/* The same serial number with other densities is another choice: the study must not keep the old result as current. */
static void
certificate_cb (OssCalibrateChoice *self)
{
  const OssStudyOptions any = { .phantom = (char *) "auto" };

  if (self->document != NULL)
    oss_document_edit (self->document, edit_phantom, &any);
  phantom_cb (self);
}

static void
edit_kernel (OssStudyOptions *options, gconstpointer data)
{
  const OssStudyOptions *wanted = data;

  g_free (options->correct_to);
  options->correct_to = g_strdup (wanted->correct_to);
  g_free (options->correct_from);
  options->correct_from = g_strdup (wanted->correct_from);
  /* A file, which only the command line gives, stays until something else is chosen. */
  if (wanted->correct_mtf != NULL || !oss_kernel_mtf_is_file (options->correct_mtf))
    {
      g_free (options->correct_mtf);
      options->correct_mtf = g_strdup (wanted->correct_mtf);
    }
  if (wanted->correct_to == NULL)
    {
      g_clear_pointer (&options->correct_mtf, g_free);
      options->correct_to_mm = 0.0;
    }
}

static void
kernel_cb (OssCalibrateChoice *self)
{
  g_autofree char *to = oss_kernel_choice_get_to (self->kernel), *from = oss_kernel_choice_get_from (self->kernel);
  g_autofree char *mtf = g_strdup (oss_kernel_choice_get_mtf (self->kernel));
  const OssStudyOptions wanted = { .correct_to = to,
                                   .correct_from = to != NULL ? from : NULL,
                                   .correct_mtf = to != NULL ? mtf : NULL };

  if (self->updating || self->document == NULL)
    return;
  oss_document_edit (self->document, edit_kernel, &wanted);
  update_kernel (self);
}

/* The same names with another transfer function are another choice: the study must not keep the old result as current.
 */
static void
kernel_kept_cb (OssCalibrateChoice *self)
{
  const OssStudyOptions none = { .correct_to = NULL };

  if (self->document == NULL)
    return;
  if (oss_study_get_options (oss_document_get_study (self->document))->correct_to != NULL)
    oss_document_edit (self->document, edit_kernel, &none);
  kernel_cb (self);
}

static void
measure_cb (OssCalibrateChoice *self)
{
  GtkWindow *parent = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  OssKernelWindow *window;

  if (self->document == NULL)
    return;
  window = oss_kernel_window_new (parent, self->document);
  g_signal_connect_object (window, "kept", G_CALLBACK (kernel_kept_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (window));
}

static void
kernel_original_cb (OssCalibrateChoice *self, gboolean original)
{
  if (!self->updating && self->document != NULL)
    oss_document_show_original (self->document, original);
}

void
oss_calibrate_choice_update (OssCalibrateChoice *self)
{
  if (self->document == NULL)
    return;
  update_kernel (self);
  update_tissues (self);
}

/* The widgets show the options of the study they now belong to. */
static void
show_options (OssCalibrateChoice *self)
{
  const OssStudyOptions *options = oss_study_get_options (oss_document_get_study (self->document));
  gboolean own = g_strcmp0 (options->calibration, methods[METHOD_TISSUES]) == 0;

  self->updating = TRUE;
  gtk_drop_down_set_selected (self->method, own ? METHOD_TISSUES : METHOD_PHANTOM);
  show_rows (self);
  oss_tissue_rows_set (self->tissues, options->tissues);
  oss_phantom_choice_set (self->phantom, options->phantom, options->phantom_serial);
  oss_kernel_choice_set (self->kernel, options->correct_to, options->correct_from, options->correct_mtf);
  self->updating = FALSE;
}

void
oss_calibrate_choice_set_document (OssCalibrateChoice *self, OssDocument *document)
{
  g_set_object (&self->document, document);
  if (document != NULL)
    show_options (self);
}

static void
oss_calibrate_choice_dispose (GObject *object)
{
  OssCalibrateChoice *self = OSS_CALIBRATE_CHOICE (object);

  g_clear_object (&self->document);
  self->updating = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (self), OSS_TYPE_CALIBRATE_CHOICE);
  G_OBJECT_CLASS (oss_calibrate_choice_parent_class)->dispose (object);
}

static void
oss_calibrate_choice_class_init (OssCalibrateChoiceClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = oss_calibrate_choice_dispose;
  g_type_ensure (OSS_TYPE_KERNEL_CHOICE);
  g_type_ensure (OSS_TYPE_TISSUE_ROWS);
  g_type_ensure (OSS_TYPE_PHANTOM_CHOICE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ossature/Ossature/ui/calibrate-choice.ui");
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, method);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, basis);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, own_line);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, slope);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, intercept);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, tissues);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, phantom);
  gtk_widget_class_bind_template_child (widget_class, OssCalibrateChoice, kernel);
  gtk_widget_class_bind_template_callback (widget_class, method_cb);
  gtk_widget_class_bind_template_callback (widget_class, own_line_cb);
  gtk_widget_class_bind_template_callback (widget_class, tissues_cb);
  gtk_widget_class_bind_template_callback (widget_class, tissue_place_cb);
  gtk_widget_class_bind_template_callback (widget_class, phantom_cb);
  gtk_widget_class_bind_template_callback (widget_class, certificate_cb);
  gtk_widget_class_bind_template_callback (widget_class, kernel_cb);
  gtk_widget_class_bind_template_callback (widget_class, kernel_original_cb);
  gtk_widget_class_bind_template_callback (widget_class, measure_cb);
}

static void
oss_calibrate_choice_init (OssCalibrateChoice *self)
{
  self->updating = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  show_rows (self);
  self->updating = FALSE;
}
