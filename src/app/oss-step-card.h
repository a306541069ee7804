/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/oss-study.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssStepCard: one step of the way: number and name, state in a shape and a word, one sentence, a few
 * facts; while it runs a bar and Cancel; opened, its parameters and buttons.
 *
 * Property "parameters" (GtkWidget, from the template that holds the card).
 */
#define OSS_TYPE_STEP_CARD (oss_step_card_get_type ())
G_DECLARE_FINAL_TYPE (OssStepCard, oss_step_card, OSS, STEP_CARD, GtkListBoxRow)

void oss_step_card_set_title (OssStepCard *self, int number, const char *name);
void oss_step_card_set_state (OssStepCard *self, OssState state, const char *sentence);
/* Replaces the facts; ends with NULL. */
void oss_step_card_set_facts (OssStepCard *self, const char *const *facts);
void oss_step_card_set_progress (OssStepCard *self, double fraction, const char *detail);
/* A button of the opened card. (transfer none) */
GtkWidget *oss_step_card_add_action (OssStepCard *self, const char *label, const char *action, gboolean suggested);
/* Buttons one below the other, as wide as the card: where several long words must fit. */
void oss_step_card_stack_actions (OssStepCard *self);
gboolean oss_step_card_get_open (OssStepCard *self);
void oss_step_card_set_open (OssStepCard *self, gboolean open);
/* FALSE: what is set in the card cannot be changed now. */
void oss_step_card_set_editable (OssStepCard *self, gboolean editable);

G_END_DECLS
