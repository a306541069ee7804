/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-deck.h"

/* Decks that are wrong, for the reader's tests and for the command's. */

typedef enum
{
  WRONG_TO_READ,  /* oss_deck_read() refuses it */
  WRONG_TO_SOLVE, /* it is read; the solution is refused */
  WRONG_TO_RUN,   /* the command refuses it */
} DeckStage;

typedef struct
{
  const char *name;
  const char *find, *replace; /* one change of the cube; find NULL: replace is the whole deck */
  const char *words;          /* what the message has to tell */
  DeckStage stage;
} WrongDeck;

extern const WrongDeck wrong_decks[];
extern const gsize n_wrong_decks;

/* A cube of one brick, 2 mm wide, E = 1000 MPa, nu = 0.3, pressed by 0.1 mm. */
extern const char cube_deck[];

/* The cube with one change. (transfer full) */
char *deck_changed (const char *find, const char *replace);
char *wrong_deck_text (const WrongDeck *self);

/* "... *STEP" of @deck with @cards before the step's own. (transfer full) */
char *deck_with_cards (const char *deck, const char *cards);
