/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-fem-nonlinear.h"

#include <pango/pangocairo.h>

G_BEGIN_DECLS

/**
 * OssCurveLook: where and how a load-displacement curve is drawn.
 * @x, @y, @width, @height: the box, axes and words included
 * @text_size: of the words, in the units of the box
 * @font: (nullable): family; %NULL: the context's
 * @ink, @dim, @grid, @accent: 0xRRGGBB: axes and words, lesser words and lines, grid, the curve itself
 * @selected: index of a point to ring, or -1
 */
typedef struct
{
  double x, y, width, height;
  double text_size;
  const char *font;
  guint32 ink, dim, grid, accent;
  int selected;
} OssCurveLook;

/**
 * oss_report_draw_curve:
 * @curve: needs its points only, two or more
 * @height_mm: of the body: what apparent strain refers to
 *
 * Load over displacement with a dot an increment, the line of the initial stiffness, the offset line, and marks at
 * offset yield and at the largest load; a curve that stopped early ends in a cross.  On the ground that is there.
 */
void oss_report_draw_curve (cairo_t *cr, PangoContext *context, const OssCurveLook *look, const OssFemCurve *curve,
                            double height_mm);

/* The displacement, mm, that stands at @x of the drawing. */
double oss_report_curve_displacement (const OssCurveLook *look, const OssFemCurve *curve, double x);

/* The curve in words: "20 increments to 2.00 % strain; offset yield 3 870 N at 0.24 mm; peak 4 210 N at 0.54 mm".
 * (transfer full) */
char *oss_report_describe_curve (const OssFemCurve *curve, double height_mm);
/* One increment: "0.24 mm (0.90 % strain): 3 860 N, 35.2 % of the volume yielded". (transfer full) */
char *oss_report_describe_point (const OssFemCurve *curve, double height_mm, gsize index);

G_END_DECLS
