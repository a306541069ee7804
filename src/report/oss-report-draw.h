/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drawing kit of the PDF (private to report).  Lengths in points, y down. */
#pragma once

#include "report/oss-report-data.h"

#include <pango/pangocairo.h>

G_BEGIN_DECLS

/* 0xRRGGBB; texts are 4.5:1 or better on their grounds. */
#define OSS_INK 0x1b1b20u
#define OSS_DIM 0x5e5c64u
#define OSS_RULE 0xc8c8cdu
#define OSS_CARD 0xf6f7f8u
#define OSS_HIGH 0xb3121fu
#define OSS_INCREASED 0x8a5600u
#define OSS_NOT_INCREASED 0x1a5fb4u

typedef struct
{
  double size; /* points */
  PangoWeight weight;
  guint32 color;
  PangoAlignment align;
  int lines;       /* more are cut with an ellipsis; 0: as many as it takes */
  const char *tag; /* PDF structure type; NULL: "P" */
} OssTextStyle;

typedef struct
{
  cairo_t *cr;
  PangoContext *context;
  const OssReportData *data;
  double width, height; /* of the paper */
  double left, right;   /* of the text */
  double bottom;        /* of the body, above the foot */
  int page, pages;
  /* Set while measuring: the comment or the notes need a page of their own. */
  gboolean comment_apart, notes_apart;
} OssPage;

/* Draws @text (plain) in the box of @width from (x, y) down and returns its height. */
double oss_page_text (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *text);
/* The same with Pango markup. */
double oss_page_markup (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *markup);
/* Height without drawing. */
double oss_page_measure (OssPage *page, double width, const OssTextStyle *style, const char *markup);
/* One line: made smaller, down to 72 %, before it is cut.  Returns the width used. */
double oss_page_fit (OssPage *page, double x, double y, double width, const OssTextStyle *style, const char *text);

/* Across the page over everything, see-through. */
void oss_page_stamp (OssPage *page, const char *text);

void oss_page_color (OssPage *page, guint32 color);
void oss_page_rule (OssPage *page, double y, double from, double to);
void oss_page_box (OssPage *page, double x, double y, double width, double height, double radius);
void oss_page_card (OssPage *page, double x, double y, double width, double height);
/* The shape that goes with a density class, so that colour never stands alone. */
void oss_page_class_shape (OssPage *page, const char *density_class, double x, double y, double size);
guint32 oss_class_color (const char *density_class);
guint32 oss_class_ground (const char *density_class);
/* "Osteoporosis range", "Low", "Normal", "No class". */
const char *oss_class_word (const char *density_class);

/* "K₂HPO₄" for people. */
const char *oss_report_basis_title (OssBasis basis);

/* "quadratic tetrahedra" for "tet10". */
const char *oss_report_element_title (const char *element);

/* Bands of trabecular density with limits, marker and whisker. */
void oss_page_density_scale (OssPage *page, double x, double y, double width);
/* Text centred on (@x, @y) over a picture. */
void oss_page_label (OssPage *page, double x, double y, double size, guint32 color, const char *text);
/* How text is laid out in points. (transfer full) */
PangoContext *oss_page_context (cairo_t *cr);
/* The phantom's rods on the image, ringed; the picture's top is cut where @height is less than 0.42 @width. */
void oss_page_phantom (OssPage *page, double x, double y, double width, double height);
/* Rods against the fitted line, with the line's figures. */
double oss_page_calibration_plot (OssPage *page, double x, double y, double width, double height);

/* @picture filling the box (cut at its longer side), corners rounded. */
void oss_page_picture (OssPage *page, const OssPicture *picture, double x, double y, double width, double height);
/* @picture whole in the box on black. */
void oss_page_picture_whole (OssPage *page, const OssPicture *picture, double x, double y, double width, double height);
/* A slice with orientation letters and scale bar; with the ellipse the density was read in when asked. */
void oss_page_slice (OssPage *page, const OssReportSlice *slice, double x, double y, double width, double height,
                     gboolean ellipse);

void oss_page_first (OssPage *page);
void oss_page_second (OssPage *page);
/* Estimates of strength, each with what it may be compared with, from @y down; returns where they ended. */
double oss_page_estimators (OssPage *page, double y);
/* Beyond yield; needs a curve. */
void oss_page_strength (OssPage *page);
/* What the first two had no room for. */
void oss_page_third (OssPage *page);
/* Parts of it: both draw from @y down and return where they ended. */
double oss_page_comment (OssPage *page, double y);
double oss_page_notes (OssPage *page, double y);

G_END_DECLS
