/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem-decks.h"

#include <string.h>

const char cube_deck[] = "*HEADING\n"                                  /* 1 */
                         "a cube\n"                                    /* 2 */
                         "*NODE, NSET=NALL\n"                          /* 3 */
                         "1,0,0,0\n"                                   /* 4 */
                         "2,2,0,0\n"                                   /* 5 */
                         "3,2,2,0\n"                                   /* 6 */
                         "4,0,2,0\n"                                   /* 7 */
                         "5,0,0,2\n"                                   /* 8 */
                         "6,2,0,2\n"                                   /* 9 */
                         "7,2,2,2\n"                                   /* 10 */
                         "8,0,2,2\n"                                   /* 11 */
                         "*ELEMENT, TYPE=C3D8, ELSET=EALL\n"           /* 12 */
                         "1,1,2,3,4,5,6,7,8\n"                         /* 13 */
                         "*NSET, NSET=BOTTOM\n"                        /* 14 */
                         "1,2,3,4\n"                                   /* 15 */
                         "*NSET, NSET=TOP\n"                           /* 16 */
                         "5,6,7,8\n"                                   /* 17 */
                         "*MATERIAL, NAME=BONE\n"                      /* 18 */
                         "*ELASTIC\n"                                  /* 19 */
                         "1000,0.3\n"                                  /* 20 */
                         "*SOLID SECTION, ELSET=EALL, MATERIAL=BONE\n" /* 21 */
                         "*STEP\n"                                     /* 22 */
                         "*STATIC\n"                                   /* 23 */
                         "*BOUNDARY\n"                                 /* 24 */
                         "BOTTOM,1,3\n"                                /* 25 */
                         "TOP,3,3,-0.1\n"                              /* 26 */
                         "*END STEP\n";                                /* 27 */

#define ISLAND                                                                                                         \
  "*NODE\n11,9,9,9\n12,10,9,9\n13,10,10,9\n14,9,10,9\n15,9,9,10\n16,10,9,10\n17,10,10,10\n18,9,10,10\n"                \
  "*ELEMENT, TYPE=C3D8, ELSET=EALL\n2,11,12,13,14,15,16,17,18\n*NSET, NSET=BOTTOM\n"

const WrongDeck wrong_decks[] = {
  /* Cards */
  { "unknown card", "*STATIC\n", "*DYNAMIC\n", "line 23: the card *DYNAMIC", WRONG_TO_READ },
  { "unknown parameter", "*SOLID SECTION, ", "*SOLID SECTION, COMPOSITE, ", "line 21: the parameter COMPOSITE",
    WRONG_TO_READ },
  { "data of no card", "*HEADING\na cube\n", "a cube\n", "line 1: data that belongs to no card", WRONG_TO_READ },
  { "not text", NULL, "\001\002\377\000*NODE", "line 1: data that belongs to no card", WRONG_TO_READ },
  { "empty", NULL, "", "nothing to solve", WRONG_TO_READ },
  { "no elements", "*ELEMENT, TYPE=C3D8, ELSET=EALL\n1,1,2,3,4,5,6,7,8\n", "", "0 elements", WRONG_TO_READ },
  { "no step", "*STEP\n*STATIC\n*BOUNDARY\nBOTTOM,1,3\nTOP,3,3,-0.1\n*END STEP\n", "", "without a *STEP",
    WRONG_TO_READ },
  { "two steps", "*END STEP\n", "*END STEP\n*STEP\n", "line 28: a second *STEP", WRONG_TO_READ },
  { "large displacements", "*STEP\n", "*STEP, NLGEOM\n", "line 22: NLGEOM", WRONG_TO_READ },
  { "element type", "C3D8", "C3D20", "line 12: elements of type C3D20", WRONG_TO_READ },
  { "two element types", "*NSET, NSET=BOTTOM\n", "*ELEMENT, TYPE=C3D4\n2,1,2,3,5\n*NSET, NSET=BOTTOM\n",
    "hex8 and tet4", WRONG_TO_READ },
  { "force outside of a step", "*STEP\n", "*CLOAD\n5,3,1\n*STEP\n", "line 22: *CLOAD stands outside", WRONG_TO_READ },
  /* Files */
  { "file outside", "*STEP\n", "*INCLUDE, INPUT=../../../../../../../../etc/hostname\n*STEP\n", "line 22",
    WRONG_TO_READ },
  { "file by its whole name", "*STEP\n", "*INCLUDE, INPUT=/etc/hostname\n*STEP\n", "only such files are included",
    WRONG_TO_READ },
  { "file that is not there", "*STEP\n", "*INCLUDE, INPUT=absent.inp\n*STEP\n", "line 22: the file “absent.inp”",
    WRONG_TO_READ },
  { "file that includes itself", "*STEP\n", "*INCLUDE, INPUT=wrong.inp\n*STEP\n", "includes itself", WRONG_TO_READ },
  /* Elements and nodes */
  { "inverted", "1,1,2,3,4,5,6,7,8", "1,5,6,7,8,1,2,3,4", "line 13: element 1 is flat or inside out", WRONG_TO_READ },
  { "flat", "5,0,0,2\n6,2,0,2\n7,2,2,2\n8,0,2,2\n", "5,0,0,0\n6,2,0,0\n7,2,2,0\n8,0,2,0\n",
    "line 13: element 1 is flat", WRONG_TO_READ },
  { "node not there", "1,1,2,3,4,5,6,7,8", "1,1,2,3,4,5,6,7,9", "line 13: element 1 names node 9", WRONG_TO_READ },
  { "node twice", "8,0,2,2\n", "7,0,2,2\n", "line 11: Node 7 is there already (“wrong.inp”, line 10)", WRONG_TO_READ },
  { "element twice", "*NSET, NSET=BOTTOM\n", "*ELEMENT, TYPE=C3D8\n1,1,2,3,4,5,6,7,8\n*NSET, NSET=BOTTOM\n",
    "line 15: Element 1 is there already", WRONG_TO_READ },
  { "not a number", "2,2,0,0\n", "2,2,zero,0\n", "line 5: “zero” is not a number", WRONG_TO_READ },
  { "node at infinity", "2,2,0,0\n", "2,1e999,0,0\n", "line 5: “1e999” is not a number", WRONG_TO_READ },
  { "node at no number", "2,2,0,0\n", "2,nan,0,0\n", "line 5: “nan” is not a number", WRONG_TO_READ },
  { "four coordinates", "2,2,0,0\n", "2,2,0,0,0\n", "line 5: a node has more than three", WRONG_TO_READ },
  /* Sets */
  { "empty set", "*NSET, NSET=BOTTOM\n1,2,3,4\n", "*NSET, NSET=BOTTOM\n", "line 14: the set BOTTOM is empty",
    WRONG_TO_READ },
  { "no such set", "TOP,3,3,-0.1", "LID,3,3,-0.1", "line 26: there is no node set LID", WRONG_TO_READ },
  { "set with a node that is not there", "5,6,7,8\n*MATERIAL", "5,6,7,99\n*MATERIAL", "names node 99", WRONG_TO_READ },
  { "set of itself", "5,6,7,8\n*MATERIAL", "TOP\n*MATERIAL", "line 17: “TOP” is neither", WRONG_TO_READ },
  /* Materials */
  { "modulus zero", "1000,0.3", "0,0.3", "line 19", WRONG_TO_READ },
  { "modulus negative", "1000,0.3", "-1000,0.3", "line 19", WRONG_TO_READ },
  { "modulus not a number", "1000,0.3", "nan,0.3", "line 20: “nan” is not a number", WRONG_TO_READ },
  { "modulus infinite", "1000,0.3", "inf,0.3", "line 20: “inf” is not a number", WRONG_TO_READ },
  { "Poisson's ratio 0.5", "1000,0.3", "1000,0.5", "0.5", WRONG_TO_READ },
  { "Poisson's ratio 0.7", "1000,0.3", "1000,0.7", "below 0.5", WRONG_TO_READ },
  { "Poisson's ratio -1", "1000,0.3", "1000,-1", "above −1", WRONG_TO_READ },
  { "not positive definite", "*ELASTIC\n1000,0.3", "*ELASTIC, TYPE=ORTHO\n1,2,1,2,2,1,1,1\n1", "line 19",
    WRONG_TO_READ },
  { "one constant", "1000,0.3", "1000", "line 20: 1 constants are given; 2 are needed", WRONG_TO_READ },
  { "no constants", "1000,0.3\n", "", "line 19: *ELASTIC has no data", WRONG_TO_READ },
  { "by temperature", "1000,0.3\n", "1000,0.3,20\n900,0.3,37\n", "temperature", WRONG_TO_READ },
  { "no such material", "MATERIAL=BONE\n", "MATERIAL=TEETH\n", "line 21: there is no material TEETH", WRONG_TO_READ },
  { "no section", "*SOLID SECTION, ELSET=EALL, MATERIAL=BONE\n", "", "element 1 has no *SOLID SECTION", WRONG_TO_READ },
  { "no density", "*BOUNDARY\n", "*DLOAD\nEALL,GRAV,9810,0,0,-1\n*BOUNDARY\n", "no *DENSITY", WRONG_TO_READ },
  /* Cut off */
  { "cut off in an element", "1,1,2,3,4,5,6,7,8", "1,1,2,3,4,5", "line 13: element 1 has 5 nodes instead of 8",
    WRONG_TO_READ },
  { "cut off in the step", "TOP,3,3,-0.1\n*END STEP\n", "", "cut off", WRONG_TO_READ },
  { "cut off in a line", "TOP,3,3,-0.1\n*END STEP\n", "TOP,", "line 26: the direction is missing", WRONG_TO_READ },
  { "cut off in an equation", "*STEP\n", "*EQUATION\n3\n5,3,1\n*STEP\n",
    "line 23: the equation has 1 terms instead of 3", WRONG_TO_READ },
  /* Giants */
  { "giant node number", "8,0,2,2\n", "99999999999,0,2,2\n", "line 11: “99999999999” is not a node number",
    WRONG_TO_READ },
  { "giant range", "*NSET, NSET=BOTTOM\n1,2,3,4\n", "*NSET, NSET=BOTTOM, GENERATE\n1,2147483647\n", "too many members",
    WRONG_TO_READ },
  { "giant equation", "*STEP\n", "*EQUATION\n2000000000\n5,3,1\n*STEP\n", "instead of 2000000000", WRONG_TO_READ },
  /* Loads */
  { "direction 4", "TOP,3,3,-0.1\n", "TOP,4,4,-0.1\n", "line 26: directions 4 to 4", WRONG_TO_READ },
  { "two displacements", "TOP,3,3,-0.1\n", "TOP,3,3,-0.1\n5,3,3,-0.2\n", "line 27: node 5 is moved along 3",
    WRONG_TO_READ },
  { "force on nothing", "*STEP\n*STATIC\n", "*NODE\n9,9,9,9\n*STEP\n*STATIC\n*CLOAD\n9,3,-5\n",
    "line 27: this loads nothing: no element and no equation has node 9", WRONG_TO_READ },
  { "motion of nothing", "*STEP\n*STATIC\n", "*NODE\n9,9,9,9\n*STEP\n*STATIC\n*BOUNDARY\n9,3,3,-5\n",
    "line 27: this loads nothing", WRONG_TO_READ },
  { "pressure on a face that is not there", "*BOUNDARY\n", "*DLOAD\nEALL,P9,1\n*BOUNDARY\n", "“P9” is not read",
    WRONG_TO_READ },
  { "nothing is loaded", "-0.1", "0", "loads nothing", WRONG_TO_RUN },
  /* Held by nothing */
  { "free body", "BOTTOM,1,3\n", "", "A part of 8 nodes around (1.0, 1.0, 1.0) mm is not held", WRONG_TO_SOLVE },
  { "island", "*NSET, NSET=BOTTOM\n", ISLAND, "A part of 8 nodes around (9.5, 9.5, 9.5) mm is not held",
    WRONG_TO_SOLVE },
  { "equation that cannot hold", "*STEP\n", "*EQUATION\n2\n1,3,1,5,3,1\n*STEP\n", "line 23) contradicts",
    WRONG_TO_SOLVE },
};
const gsize n_wrong_decks = G_N_ELEMENTS (wrong_decks);

char *
deck_changed (const char *find, const char *replace)
{
  const char *at = strstr (cube_deck, find);

  g_assert_nonnull (at);
  return g_strdup_printf ("%.*s%s%s", (int) (at - cube_deck), cube_deck, replace, at + strlen (find));
}

char *
wrong_deck_text (const WrongDeck *self)
{
  return self->find != NULL ? deck_changed (self->find, self->replace) : g_strdup (self->replace);
}

char *
deck_with_cards (const char *deck, const char *cards)
{
  const char *at = strstr (deck, "*STEP");

  g_assert_nonnull (at);
  return g_strdup_printf ("%.*s%s%s", (int) (at - deck), deck, cards, at);
}
