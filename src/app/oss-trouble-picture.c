/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-trouble-picture.h"

#include "app/oss-format.h"
#include "base/oss-i18n.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN 32.0
#define RULER_TOP 34.0
#define RULER_HEIGHT 30.0
/* What the geometry's verdict calls one place, and equal steps. */
#define SAME_PLACE_MM 0.001
#define EQUAL_STEPS 0.01

typedef enum
{
  PICTURE_NONE,
  PICTURE_RULER,
  PICTURE_TILT,
  PICTURE_KERNEL,
} PictureKind;

struct _OssTroublePicture
{
  AdwBin parent_instance;

  PictureKind kind;
  GArray *along_mm;           /* double, ascending */
  double usual_mm;            /* the median step */
  gboolean axial, head_first; /* rising positions lead to the head */
  double tilt_deg;
  OssKernelClass kernel_class;
  char *kernel;

  GtkWidget *area;
  GtkLabel *caption;
};

G_DEFINE_FINAL_TYPE (OssTroublePicture, oss_trouble_picture, ADW_TYPE_BIN)

/* --- What to draw --- */

static const struct
{
  const char *code;
  PictureKind kind;
} pictures[] = {
  { "missing-slices", PICTURE_RULER },
  { "mixed-spacing", PICTURE_RULER },
  { "duplicate-positions", PICTURE_RULER },
  { "too-few-slices", PICTURE_RULER },
  { "tilt", PICTURE_TILT },
  { "tilt-resampled", PICTURE_TILT },
  { "sharp-kernel", PICTURE_KERNEL },
  { "unknown-kernel", PICTURE_KERNEL },
};

/* Of the worst reason that can be drawn. */
static PictureKind
kind_of (const OssSeries *series)
{
  static const OssReasonSeverity order[] = { OSS_REASON_REFUSAL, OSS_REASON_NOTE };

  for (gsize s = 0; s < G_N_ELEMENTS (order); s++)
    for (guint r = 0; r < series->reasons->len; r++)
      {
        const OssReason *reason = g_ptr_array_index (series->reasons, r);

        for (gsize i = 0; i < G_N_ELEMENTS (pictures) && reason->severity == order[s]; i++)
          if (g_str_equal (reason->code, pictures[i].code))
            return pictures[i].kind == PICTURE_RULER && series->along_mm->len < 2 ? PICTURE_NONE : pictures[i].kind;
      }
  return PICTURE_NONE;
}

static double
along (OssTroublePicture *self, guint i)
{
  return g_array_index (self->along_mm, double, i);
}

static int
compare_doubles (const void *a, const void *b)
{
  double one = *(const double *) a, two = *(const double *) b;

  return (one > two) - (one < two);
}

/* The lower median of the steps between different places. */
static double
usual_step (OssTroublePicture *self)
{
  guint n = self->along_mm->len, kept = 0;
  g_autofree double *steps = g_new (double, n);

  for (guint i = 0; i + 1 < n; i++)
    if (along (self, i + 1) - along (self, i) > SAME_PLACE_MM)
      steps[kept++] = along (self, i + 1) - along (self, i);
  if (kept == 0)
    return 0.0;
  qsort (steps, kept, sizeof (double), compare_doubles);
  return steps[(kept - 1) / 2];
}

/* --- Colours --- */

static void
set_colour (cairo_t *cairo, GtkWidget *widget, const char *name, double alpha)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);
  GdkRGBA colour;

  if (!gtk_style_context_lookup_color (context, name, &colour))
    gtk_style_context_get_color (context, &colour);
  colour.alpha *= (float) alpha;
  gdk_cairo_set_source_rgba (cairo, &colour);
}

static void
draw_text (OssTroublePicture *self, cairo_t *cairo, const char *text, double x, double y, double align)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (self->area, text);
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  cairo_move_to (cairo, x - align * width, y);
  pango_cairo_show_layout (cairo, layout);
}

/* --- The slices on a ruler --- */

/* From head to feet, as a patient is read. */
static double
ruler_x (OssTroublePicture *self, double at, double width)
{
  double first = along (self, 0), last = along (self, self->along_mm->len - 1);
  double t = last > first ? (at - first) / (last - first) : 0.5;

  return MARGIN + (self->axial && self->head_first ? 1.0 - t : t) * (width - 2.0 * MARGIN);
}

static void
mark_step (OssTroublePicture *self, cairo_t *cairo, double from, double to, double width)
{
  double a = ruler_x (self, from, width), b = ruler_x (self, to, width);
  double left = MIN (a, b), wide = MAX (fabs (b - a), 5.0);

  left -= 0.5 * (wide - fabs (b - a));
  cairo_rectangle (cairo, left, RULER_TOP - 5.0, wide, RULER_HEIGHT + 10.0);
  set_colour (cairo, self->area, "oss_refused", 0.25);
  cairo_fill_preserve (cairo);
  set_colour (cairo, self->area, "oss_refused", 1.0);
  cairo_set_line_width (cairo, 1.5);
  cairo_stroke (cairo);
  cairo_move_to (cairo, left + 0.5 * wide, RULER_TOP + RULER_HEIGHT + 5.0);
  cairo_rel_line_to (cairo, 0.0, 10.0);
  cairo_stroke (cairo);
}

static void
draw_ruler (OssTroublePicture *self, cairo_t *cairo, double width)
{
  guint n = self->along_mm->len;
  /* Lines that touch would be a bar: thinner, and paler, the closer they are. */
  double room = (width - 2.0 * MARGIN) / n;

  set_colour (cairo, self->area, "oss_usable", room < 2.0 ? 0.45 : 1.0);
  cairo_set_line_width (cairo, CLAMP (0.5 * room, 0.6, 2.0));
  for (guint i = 0; i < n; i++)
    {
      cairo_move_to (cairo, ruler_x (self, along (self, i), width), RULER_TOP);
      cairo_rel_line_to (cairo, 0.0, RULER_HEIGHT);
    }
  cairo_stroke (cairo);
  for (guint i = 0; i + 1 < n; i++)
    {
      double step = along (self, i + 1) - along (self, i);

      if (step <= SAME_PLACE_MM || fabs (step - self->usual_mm) > MAX (EQUAL_STEPS * self->usual_mm, 0.0101))
        mark_step (self, cairo, along (self, i), along (self, i + 1), width);
    }
  set_colour (cairo, self->area, "card_fg_color", 0.9);
  if (self->axial)
    {
      draw_text (self, cairo, _ ("Head"), MARGIN, 6.0, 0.0);
      draw_text (self, cairo, _ ("Feet"), width - MARGIN, 6.0, 1.0);
    }
}

/* How many steps are not the usual one, and the worst, in words. (transfer full) */
static char *
describe_ruler (OssTroublePicture *self)
{
  guint n = self->along_mm->len, odd = 0, worst = 0;
  double furthest = 0.0;

  for (guint i = 0; i + 1 < n; i++)
    {
      double off = fabs (along (self, i + 1) - along (self, i) - self->usual_mm);

      if (off > MAX (EQUAL_STEPS * self->usual_mm, 0.0101))
        odd++;
      if (off > furthest)
        furthest = off, worst = i;
    }
  g_autofree char *step = oss_format_fixed (along (self, worst + 1) - along (self, worst), 2);
  g_autofree char *usual = oss_format_fixed (self->usual_mm, 2);
  double sign = self->axial && !self->head_first ? -1.0 : 1.0;
  g_autofree char *from = oss_format_fixed (sign * along (self, worst), 1);
  g_autofree char *to = oss_format_fixed (sign * along (self, worst + 1), 1);
  if (odd == 0)
    return g_strdup_printf (OSS_NGETTEXT ("%u slice", "%u slices", n), n);
  if (self->axial)
    return g_strdup_printf (OSS_NGETTEXT ("%u step is not %s mm: %s mm between z %s and %s mm",
                                          "%u steps are not %s mm; the furthest off is %s mm, between z %s and %s mm",
                                          odd),
                            odd, usual, step, from, to);
  return g_strdup_printf (
      OSS_NGETTEXT ("%u step is not %s mm: %s mm", "%u steps are not %s mm; the furthest off is %s mm", odd), odd,
      usual, step);
}

/* --- A leaning stack --- */

static void
draw_tilt (OssTroublePicture *self, cairo_t *cairo, double width, double height)
{
  const int n = 15;
  double tall = height - 28.0, wide = 2.6 * tall, top = 14.0, left = 0.5 * (width - wide);
  double lean = tall * tan (CLAMP (self->tilt_deg, 3.0, 40.0) * G_PI / 180.0);

  /* The box that a straight stack fills. */
  set_colour (cairo, self->area, "card_fg_color", 0.6);
  cairo_set_line_width (cairo, 1.0);
  cairo_set_dash (cairo, (const double[]){ 4.0, 3.0 }, 2, 0.0);
  cairo_rectangle (cairo, left + 0.5, top + 0.5, wide, tall);
  cairo_stroke (cairo);
  cairo_set_dash (cairo, NULL, 0, 0.0);
  set_colour (cairo, self->area, "oss_usable", 1.0);
  cairo_set_line_width (cairo, 1.6);
  for (int i = 0; i < n; i++)
    {
      double x = left + wide * i / (n - 1.0);

      cairo_move_to (cairo, x - 0.5 * lean, top + tall);
      cairo_line_to (cairo, x + 0.5 * lean, top);
    }
  cairo_stroke (cairo);
  /* The angle, at the first slice. */
  set_colour (cairo, self->area, "oss_refused", 1.0);
  cairo_set_line_width (cairo, 2.0);
  cairo_move_to (cairo, left - 0.5 * lean, top);
  cairo_line_to (cairo, left - 0.5 * lean, top + tall);
  cairo_line_to (cairo, left + 0.5 * lean, top);
  cairo_stroke (cairo);
  g_autofree char *angle = oss_format_fixed (self->tilt_deg, 1), *text = g_strdup_printf ("%s°", angle);
  draw_text (self, cairo, text, left - 0.5 * lean - 8.0, top, 1.0);
}

/* --- A kernel's place --- */

static void
draw_kernel (OssTroublePicture *self, cairo_t *cairo, double width)
{
  const char *const names[] = { _ ("Smooth"), _ ("Standard"), _ ("Sharp") };
  double left = MARGIN, each = (width - 2.0 * MARGIN) / 3.0, top = 44.0, tall = 18.0;

  for (int i = 0; i < 3; i++)
    {
      gboolean here = (int) self->kernel_class == (int) OSS_KERNEL_SMOOTH + i;

      set_colour (cairo, self->area, here && i == 2 ? "oss_notes" : "oss_usable", here ? 0.9 : 0.15 + 0.1 * i);
      cairo_rectangle (cairo, left + i * each + 1.0, top, each - 2.0, tall);
      cairo_fill (cairo);
      set_colour (cairo, self->area, "card_fg_color", 0.9);
      draw_text (self, cairo, names[i], left + (i + 0.5) * each, top + tall + 6.0, 0.5);
      if (here)
        {
          double x = left + (i + 0.5) * each;

          draw_text (self, cairo, self->kernel, x, 8.0, 0.5);
          cairo_move_to (cairo, x - 6.0, top - 10.0);
          cairo_rel_line_to (cairo, 12.0, 0.0);
          cairo_rel_line_to (cairo, -6.0, 8.0);
          cairo_fill (cairo);
        }
    }
  if (self->kernel_class == OSS_KERNEL_UNKNOWN)
    {
      g_autofree char *text = g_strdup_printf ("%s ?", *self->kernel != '\0' ? self->kernel : "–");

      set_colour (cairo, self->area, "oss_notes", 1.0);
      draw_text (self, cairo, text, 0.5 * width, 8.0, 0.5);
    }
}

static void
draw_cb (GtkDrawingArea *area, cairo_t *cairo, int width, int height, gpointer data)
{
  OssTroublePicture *self = data;

  if (self->kind == PICTURE_RULER)
    draw_ruler (self, cairo, width);
  else if (self->kind == PICTURE_TILT)
    draw_tilt (self, cairo, width, height);
  else if (self->kind == PICTURE_KERNEL)
    draw_kernel (self, cairo, width);
}

/* --- The widget --- */

static char *
describe (OssTroublePicture *self)
{
  g_autofree char *angle = oss_format_fixed (self->tilt_deg, 1);

  switch (self->kind)
    {
    case PICTURE_RULER:
      return describe_ruler (self);
    case PICTURE_TILT:
      return g_strdup_printf (_ ("The slices lean by %s° against the way the table moved; dashed: a straight stack."),
                              angle);
    case PICTURE_KERNEL:
      return self->kernel_class == OSS_KERNEL_UNKNOWN
                 ? g_strdup (_ ("Nothing is known of how sharp this kernel is."))
                 : g_strdup (_ ("Sharp kernels raise noise and the edges of bone; density is read best with a standard "
                                "one."));
    case PICTURE_NONE:
    default:
      return g_strdup ("");
    }
}

void
oss_trouble_picture_show (OssTroublePicture *self, const OssSeries *series)
{
  g_autofree char *words = NULL;

  self->kind = kind_of (series);
  gtk_widget_set_visible (GTK_WIDGET (self), self->kind != PICTURE_NONE);
  if (self->kind == PICTURE_NONE)
    return;
  g_clear_pointer (&self->along_mm, g_array_unref);
  self->along_mm = g_array_copy (series->along_mm);
  self->usual_mm = usual_step (self);
  self->axial = fabs (series->normal[2]) > 0.7;
  self->head_first = series->normal[2] > 0.0;
  self->tilt_deg = fabs (series->tilt_deg);
  self->kernel_class = series->kernel_class;
  g_free (self->kernel);
  self->kernel = g_strdup (series->kernel);
  words = describe (self);
  gtk_label_set_label (self->caption, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
  gtk_widget_queue_draw (self->area);
}

static void
oss_trouble_picture_finalize (GObject *object)
{
  OssTroublePicture *self = OSS_TROUBLE_PICTURE (object);

  g_clear_pointer (&self->along_mm, g_array_unref);
  g_free (self->kernel);
  G_OBJECT_CLASS (oss_trouble_picture_parent_class)->finalize (object);
}

static void
oss_trouble_picture_class_init (OssTroublePictureClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = oss_trouble_picture_finalize;
}

static void
oss_trouble_picture_init (OssTroublePicture *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);

  self->area = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->area), 92);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->area), draw_cb, self, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Picture of the trouble"), -1);
  /* Drawing areas tell readers nothing on this floor: what is drawn also stands in words. */
  self->caption = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->caption, TRUE);
  gtk_label_set_justify (self->caption, GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "small");
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "heading");
  gtk_widget_add_css_class (GTK_WIDGET (self->caption), "numeric");
  gtk_box_append (GTK_BOX (box), self->area);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->caption));
  gtk_widget_add_css_class (GTK_WIDGET (self), "card");
  gtk_widget_add_css_class (GTK_WIDGET (self), "trouble");
  adw_bin_set_child (ADW_BIN (self), box);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (gtk_widget_queue_draw),
                           self->area, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
