/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

G_BEGIN_DECLS

/* The sentence of a card: result, reason, or what the step waits for. (transfer full) */
char *oss_step_sentence (OssStudy *study, OssStep step);
/* Two or three facts of the step's result. (transfer full) (array zero-terminated=1) */
char **oss_step_facts (OssStudy *study, OssStep step);

/* The lines below the cards; all (transfer full), NULL where there is nothing to say. */
typedef struct
{
  char *strength;  /* "4 620 N" */
  char *stiffness; /* "6 310 N/mm · 0.68 % apparent strain" */
  char *density;   /* "78 mg/cm³ ± 3" */
  char *class_word, *reason;
  const char *class_icon, *class_css;
} OssResultText;

/* "normal" -> "Normal density" (translated, static) with its icon's name and its style class; NULL for what is no
 * class. */
const char *oss_density_class_word (const char *density_class, const char **icon, const char **css);

gboolean oss_result_text (OssStudy *study, OssResultText *text); /* FALSE before the first result */
void oss_result_text_clear (OssResultText *text);

G_END_DECLS
