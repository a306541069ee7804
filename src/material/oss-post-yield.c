/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material/oss-post-yield.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

/* Numbers between commas; FALSE unless there are just @n. */
static gboolean
read_numbers (const char *text, double *numbers, int n)
{
  for (int i = 0; i < n; i++)
    {
      char *end;

      numbers[i] = g_ascii_strtod (text, &end);
      if (end == text || *end != (i + 1 < n ? ',' : '\0'))
        return FALSE;
      text = end + 1;
    }
  return TRUE;
}

static gboolean
read_kind (const char *text, OssPostYield *self)
{
  double numbers[2];

  if (text == NULL || g_ascii_strcasecmp (text, "perfect") == 0)
    return TRUE;
  if (g_ascii_strncasecmp (text, "hardening:", 10) == 0 && read_numbers (text + 10, numbers, 1))
    {
      self->kind = OSS_POST_YIELD_HARDENING;
      self->hardening = numbers[0];
      return self->hardening > 0.0 && self->hardening <= 1.0;
    }
  if (g_ascii_strncasecmp (text, "softening:", 10) == 0 && read_numbers (text + 10, numbers, 2))
    {
      self->kind = OSS_POST_YIELD_SOFTENING;
      self->softening_mm = numbers[0];
      self->residual_share = numbers[1];
      return self->softening_mm > 0.0 && isfinite (self->softening_mm) && self->residual_share > 0.0
             && self->residual_share < 1.0;
    }
  return FALSE;
}

gboolean
oss_post_yield_parse (const char *text, OssPostYield *self, GError **error)
{
  OssPostYield read = { .kind = OSS_POST_YIELD_PERFECT };

  if (read_kind (text, &read))
    {
      *self = read;
      return TRUE;
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
               _ ("“%s” does not say what follows yielding. Give perfect, hardening:SHARE (slope of the yield stress "
                  "over plastic strain, as a share of Young’s modulus: above 0, at most 1), or softening:MM,SHARE (mm "
                  "of plastic shortening of an element over which the yield stress falls: above 0; the share of "
                  "itself that is left: above 0, below 1)."),
               text);
  return FALSE;
}

char *
oss_post_yield_text (const OssPostYield *self)
{
  char first[G_ASCII_DTOSTR_BUF_SIZE], second[G_ASCII_DTOSTR_BUF_SIZE];

  if (self->kind == OSS_POST_YIELD_PERFECT)
    return g_strdup ("perfect");
  if (self->kind == OSS_POST_YIELD_HARDENING)
    return g_strconcat ("hardening:", g_ascii_formatd (first, sizeof first, "%.9g", self->hardening), NULL);
  return g_strconcat ("softening:", g_ascii_formatd (first, sizeof first, "%.9g", self->softening_mm), ",",
                      g_ascii_formatd (second, sizeof second, "%.9g", self->residual_share), NULL);
}

char *
oss_post_yield_describe (const OssPostYield *self)
{
  if (self->kind == OSS_POST_YIELD_PERFECT)
    return g_strdup (_ ("perfectly plastic"));
  if (self->kind == OSS_POST_YIELD_HARDENING)
    return g_strdup_printf (_ ("hardening by %.4g E per plastic strain"), self->hardening);
  return g_strdup_printf (_ ("softening to %.4g of the yield stress over %.4g mm of an element’s plastic shortening"),
                          self->residual_share, self->softening_mm);
}
