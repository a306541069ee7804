/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

typedef enum
{
  OSS_POST_YIELD_PERFECT,   /* the yield stress stays as it is */
  OSS_POST_YIELD_HARDENING, /* it grows */
  OSS_POST_YIELD_SOFTENING, /* it falls */
} OssPostYieldKind;

/**
 * OssPostYield: what becomes of the yield stress once bone has yielded.  Plain data.
 * @hardening: of %OSS_POST_YIELD_HARDENING: slope of the yield stress over plastic strain, as a share of Young's
 *   modulus; above 0, at most 1
 * @softening_mm: of %OSS_POST_YIELD_SOFTENING: the yield stress falls in a straight line while an element is shortened
 *   plastically by that much; above 0.  A length, not a strain: whatever the size of the elements, a band one element
 *   thick takes the same energy (Bazant and Oh, Mater Struct 16 (1983) 155-177)
 * @residual_share: down to this share of itself; above 0, below 1
 */
typedef struct
{
  OssPostYieldKind kind;
  double hardening;
  double softening_mm, residual_share;
} OssPostYield;

/**
 * oss_post_yield_parse:
 * @text: (nullable): "perfect" (%NULL means the same), "hardening:SHARE" or "softening:MM,SHARE"; a point for the
 *   decimal sign, whatever the locale
 *
 * Any thread.  Returns: %FALSE with %OSS_ERROR_USAGE that tells the three forms
 */
OSS_API gboolean oss_post_yield_parse (const char *text, OssPostYield *self, GError **error);
/* The text that reads back as @self. (transfer full) */
OSS_API char *oss_post_yield_text (const OssPostYield *self);
/* In words, translated: "perfectly plastic", ... (transfer full) */
OSS_API char *oss_post_yield_describe (const OssPostYield *self);

G_END_DECLS
