/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-kernel-group.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"
#include "image/oss-kernel.h"

struct _OssKernelGroup
{
  AdwPreferencesGroup parent_instance;

  GPtrArray *rows;   /* borrowed */
  GArray *kernels;   /* OssKernel, the user's own first */
  OssKernel removed; /* what Undo brings back */
};

G_DEFINE_FINAL_TYPE (OssKernelGroup, oss_kernel_group, ADW_TYPE_PREFERENCES_GROUP)

static void show (OssKernelGroup *self);

static void
toast (OssKernelGroup *self, AdwToast *what)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (ADW_IS_PREFERENCES_WINDOW (root))
    adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (root), what);
  else
    g_object_unref (g_object_ref_sink (what));
}

static void
say (OssKernelGroup *self, const GError *error)
{
  g_autofree char *text = g_markup_escape_text (error->message, -1);

  toast (self, adw_toast_new (text));
}

static void
undo_cb (OssKernelGroup *self)
{
  g_autoptr (GError) error = NULL;

  if (self->removed.name[0] == '\0')
    return;
  if (!oss_kernel_keep (&self->removed, &error))
    say (self, error);
  self->removed.name[0] = '\0';
  show (self);
}

static void
remove_cb (GtkButton *button, OssKernelGroup *self)
{
  guint index = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), "oss-index"));
  OssKernel kernel = g_array_index (self->kernels, OssKernel, index);
  g_autoptr (GError) error = NULL;
  AdwToast *said;

  if (!oss_kernel_forget (&kernel, &error))
    {
      say (self, error);
      return;
    }
  self->removed = kernel;
  said = adw_toast_new (_ ("Kernel removed"));
  adw_toast_set_button_label (said, _ ("Undo"));
  adw_toast_set_timeout (said, 15);
  g_signal_connect_object (said, "button-clicked", G_CALLBACK (undo_cb), self, G_CONNECT_SWAPPED);
  toast (self, said);
  show (self);
}

static char *
describe (const OssKernel *kernel)
{
  g_autofree char *f50 = oss_format_fixed (oss_kernel_half (kernel), 2), *f10 = NULL;

  if (kernel->status == OSS_KERNEL_NO_MTF)
    /* Translators: how sharp a kernel is, and that its transfer function is not known. */
    return g_strdup_printf (_ ("%s · no transfer function: cannot be corrected"),
                            oss_kernel_class_word (kernel->sharpness));
  f10 = oss_format_fixed (oss_kernel_f10 (kernel), 2);
  /* Translators: how sharp a kernel is, two frequencies, and where they come from ("measured"). */
  return g_strdup_printf (_ ("%s · half at %s, a tenth at %s lp/cm · %s"), oss_kernel_class_word (kernel->sharpness),
                          f50, f10, oss_kernel_status_word (kernel->status));
}

static void
add_remove (OssKernelGroup *self, GtkWidget *row, guint index, const char *title)
{
  GtkWidget *remove = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *spoken = g_strdup_printf (_ ("Remove %s"), title);

  gtk_widget_set_valign (remove, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (remove, "flat");
  gtk_widget_set_tooltip_text (remove, _ ("Remove"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (remove), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  g_object_set_data (G_OBJECT (remove), "oss-index", GUINT_TO_POINTER (index));
  g_signal_connect (remove, "clicked", G_CALLBACK (remove_cb), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), remove);
}

static GtkWidget *
make_row (OssKernelGroup *self, guint index)
{
  const OssKernel *kernel = &g_array_index (self->kernels, OssKernel, index);
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *name =
      kernel->own ? g_strdup_printf ("%s %s %s", kernel->maker, kernel->model, kernel->name) : g_strdup (kernel->name);
  g_autofree char *about = describe (kernel), *title = g_markup_escape_text (g_strstrip (name), -1);
  g_autofree char *subtitle = g_markup_escape_text (about, -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_widget_set_tooltip_text (row, kernel->source[0] != '\0' ? kernel->source : NULL);
  if (kernel->own)
    add_remove (self, row, index, name);
  return row;
}

static void
add (OssKernelGroup *self, GtkWidget *row)
{
  g_ptr_array_add (self->rows, row);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
}

static void
add_none (OssKernelGroup *self)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("No kernel of your own yet"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row),
                               _ ("Open a phantom’s scan, and choose “Measure…” on the Calibrate card."));
  add (self, row);
}

/* The table's kernels of one maker behind one row. */
static GtkWidget *
expander_of (OssKernelGroup *self, GHashTable *makers, const char *maker)
{
  GtkWidget *expander = g_hash_table_lookup (makers, maker);
  g_autofree char *title = g_markup_escape_text (*maker != '\0' ? maker : _ ("Any maker"), -1);

  if (expander != NULL)
    return expander;
  expander = adw_expander_row_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (expander), title);
  g_hash_table_insert (makers, g_strdup (maker), expander);
  add (self, expander);
  return expander;
}

static void
count (gpointer maker, gpointer expander, gpointer data)
{
  guint n = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (expander), "oss-n"));
  g_autofree char *text = g_strdup_printf (OSS_NGETTEXT ("%u kernel of the table", "%u kernels of the table", n), n);

  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (expander), text);
}

/* Everything anew from the tables. */
static void
show (OssKernelGroup *self)
{
  g_autoptr (GHashTable) makers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint own = 0;

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  g_clear_pointer (&self->kernels, g_array_unref);
  self->kernels = oss_kernel_all ();
  for (guint i = 0; i < self->kernels->len; i++)
    own += g_array_index (self->kernels, OssKernel, i).own ? 1 : 0;
  if (own == 0)
    add_none (self);
  for (guint i = 0; i < self->kernels->len; i++)
    {
      const OssKernel *kernel = &g_array_index (self->kernels, OssKernel, i);
      GtkWidget *row = make_row (self, i), *expander;

      if (kernel->own)
        {
          add (self, row);
          continue;
        }
      expander = expander_of (self, makers, kernel->maker);
      adw_expander_row_add_row (ADW_EXPANDER_ROW (expander), row);
      g_object_set_data (G_OBJECT (expander), "oss-n",
                         GUINT_TO_POINTER (GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (expander), "oss-n")) + 1));
    }
  g_hash_table_foreach (makers, count, NULL);
}

static void
oss_kernel_group_finalize (GObject *object)
{
  OssKernelGroup *self = OSS_KERNEL_GROUP (object);

  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->kernels, g_array_unref);
  G_OBJECT_CLASS (oss_kernel_group_parent_class)->finalize (object);
}

static void
oss_kernel_group_class_init (OssKernelGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_kernel_group_finalize;
}

static void
oss_kernel_group_init (OssKernelGroup *self)
{
  self->rows = g_ptr_array_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _ ("Kernels"));
  adw_preferences_group_set_description (
      ADW_PREFERENCES_GROUP (self),
      _ ("How much of each frequency a reconstruction kernel leaves. Your own measured ones go before the table."));
  show (self);
}
