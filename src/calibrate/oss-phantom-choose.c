/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which phantom is in an image: the only one that fits, or none. */
#include "calibrate/oss-phantom-private.h"

#include "base/oss-i18n.h"

#include <math.h>
#include <string.h>

#define SECOND_SHARE 0.3 /* of the best score: enough to be another phantom */
#define CLEARLY 3.0      /* times less misfit: enough to be the better model of the same rods */
#define MISFIT_FLOOR 2e-4

static const OssRowRules usual_rules = { OSS_R2_LEAST, 0.97, 25.0, FALSE, FALSE };
static const OssRowRules alone_rules = { OSS_R2_LEAST, 0.97, 25.0, FALSE, TRUE };
/* All rods stand out clearly, but not by these densities: so that a wrong certificate is told from no phantom. */
static const OssRowRules loose_rules = { 0.60, 0.60, 40.0, TRUE, FALSE };

typedef struct
{
  OssRodChain chain;
  OssPhantomFit *fit;
  GError *error; /* why it is no line */
  int n_used;
} Candidate;

static void
candidate_free (gpointer data)
{
  Candidate *self = data;

  g_free (self->fit);
  g_clear_error (&self->error);
  g_free (self);
}

void
oss_phantom_not_found (const OssPhantom *phantom, GError **error)
{
  if (phantom->reference_rod)
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                 /* Translators: %s is the title of a phantom; keep it in quotation marks. */
                 _ ("“%s” was not found in the image: there is no even round rod, %.0f mm wide, in an even material "
                    "darker than it."),
                 phantom->title, phantom->rod_diameter_mm);
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                 /* Translators: %s is the title of a phantom; keep it in quotation marks. */
                 _ ("“%s” was not found in the image: there is no row of %d even rods, about %.0f mm apart, whose HU "
                    "follow its densities."),
                 phantom->title, phantom->n_rods, phantom->rod_spacing_mm);
}

/* "Mindways Model 3 CT", with the serial number when there is one. */
static char *
name_of (const OssPhantom *phantom)
{
  return *phantom->serial != '\0' ? g_strdup_printf (_ ("%s (serial %s)"), phantom->title, phantom->serial)
                                  : g_strdup (phantom->title);
}

/* Reads and fits one chain; FALSE when stopped. */
static gboolean
try_chain (const OssVolume *volume, const OssSlabs *slabs, const OssRodChain *chain, GPtrArray *candidates,
           const OssTick *tick, GError **error)
{
  Candidate *self = g_new0 (Candidate, 1);

  g_ptr_array_add (candidates, self);
  self->chain = *chain;
  self->fit = g_new0 (OssPhantomFit, 1);
  self->fit->phantom = *chain->phantom;
  self->fit->n_rods = chain->phantom->n_rods;
  if (!oss_phantom_read (volume, chain, slabs->depth_mm, self->fit, tick, error))
    return FALSE;
  for (int r = 0; r < self->fit->n_rods; r++)
    self->n_used += self->fit->rods[r].used;
  /* Pictures that showed too few rods, where as many as needed read well: things of other kinds in a row. */
  if (chain->partial && (self->n_used < 2 || self->n_used >= oss_phantom_least_rods (chain->phantom)))
    g_ptr_array_remove_index (candidates, candidates->len - 1);
  else
    oss_phantom_fit_line (self->fit, &self->error);
  return TRUE;
}

static gboolean
collect (const OssVolume *volume, const OssSlabs *slabs, const GPtrArray *phantoms, const OssRowRules *rules,
         GPtrArray *candidates, const OssTick *tick, GError **error)
{
  for (guint i = 0; i < phantoms->len; i++)
    {
      g_autoptr (GArray) chains = NULL;

      if (!oss_tick_report (tick, (double) i / phantoms->len, NULL, error))
        return FALSE;
      chains = oss_rod_chains (slabs, phantoms->pdata[i], rules, tick);
      for (guint c = 0; c < chains->len; c++)
        if (!try_chain (volume, slabs, &g_array_index (chains, OssRodChain, c), candidates, tick, error))
          return FALSE;
    }
  return oss_tick_report (tick, 1.0, NULL, error);
}

/* ---- which one ---- */

static double
misfit (const Candidate *self)
{
  return (isnan (self->fit->line.r2) ? 0.0 : 1.0 - self->fit->line.r2) + MISFIT_FLOOR;
}

static gboolean
fits_well (const Candidate *self)
{
  return !(self->fit->line.r2 < OSS_R2_USUAL);
}

/* What explains more rods explains the image; of as many, what fits clearly better. */
static gboolean
is_better (const Candidate *a, const Candidate *b)
{
  if (fits_well (a) != fits_well (b))
    return fits_well (a);
  if (a->n_used != b->n_used)
    return a->n_used > b->n_used;
  return CLEARLY * misfit (a) < misfit (b);
}

static int
by_merit (gconstpointer a, gconstpointer b)
{
  const Candidate *x = *(Candidate *const *) a, *y = *(Candidate *const *) b;

  if ((x->error == NULL) != (y->error == NULL))
    return x->error == NULL ? -1 : 1;
  if (x->chain.partial != y->chain.partial)
    return x->chain.partial ? 1 : -1;
  if (x->error == NULL && is_better (x, y) != is_better (y, x))
    return is_better (x, y) ? -1 : 1;
  return x->chain.score > y->chain.score ? -1 : x->chain.score < y->chain.score;
}

static gboolean
same_densities (const OssPhantom *a, const OssPhantom *b)
{
  return a->n_rods == b->n_rods && a->basis == b->basis
         && memcmp (a->rod_density, b->rod_density, sizeof a->rod_density) == 0
         && memcmp (a->rod_water, b->rod_water, sizeof a->rod_water) == 0;
}

/* Another model of the same rods that fits as well. */
static gboolean
refuse_equal (const Candidate *best, const Candidate *other, GError **error)
{
  g_autofree char *first = name_of (&best->fit->phantom), *second = name_of (&other->fit->phantom);

  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("Two phantoms fit the same rods: %s (R² %.4f) and %s (R² %.4f). Say which it is (--phantom, "
                  "--serial)."),
               first, best->fit->line.r2, second, other->fit->line.r2);
  return FALSE;
}

static gboolean
refuse_second (const Candidate *best, const Candidate *other, GError **error)
{
  const double *p = best->fit->rods[0].centre_mm, *q = other->fit->rods[0].centre_mm;

  g_set_error (
      error, OSS_ERROR, OSS_ERROR_REFUSED,
      _ ("There are two phantoms in the image: %s (first rod at %.0f, %.0f, %.0f) and %s (at %.0f, %.0f, %.0f). "
         "Say which is meant (--phantom), or take a scan with one."),
      best->fit->phantom.title, p[0], p[1], p[2], other->fit->phantom.title, q[0], q[1], q[2]);
  return FALSE;
}

/* A rod or two of a phantom, by which it cannot even be told which. */
static gboolean
refuse_part (const Candidate *best, GError **error)
{
  const double *p = best->fit->rods[0].centre_mm;

  for (int r = 1; r < best->fit->n_rods; r++)
    if (best->fit->rods[r].used && !(best->fit->rods[0].used))
      p = best->fit->rods[r].centre_mm;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               _ ("Only part of a phantom can be read: %d rods at about %.0f, %.0f, %.0f; the others are outside the "
                  "image or uneven. Nothing is calibrated on that."),
               best->n_used, p[0], p[1], p[2]);
  return FALSE;
}

/* The best of all is the one, unless something speaks against taking it. */
static gboolean
check_best (const GPtrArray *candidates, GError **error)
{
  const Candidate *best = candidates->pdata[0];

  if (best->chain.ambiguous)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                   _ ("Part of the phantom %s is in view, and it cannot be told which of its rods: they have even "
                      "steps."),
                   best->fit->phantom.title);
      return FALSE;
    }
  for (guint i = 1; i < candidates->len; i++)
    {
      const Candidate *other = candidates->pdata[i];
      gboolean here = oss_rod_chains_overlap (&best->chain, &other->chain);

      if (other->error != NULL || other->chain.partial)
        continue;
      if (here && !is_better (best, other) && !same_densities (best->chain.phantom, other->chain.phantom))
        return refuse_equal (best, other, error);
      if (!here && fits_well (other) && other->n_used > 2 && other->chain.score > SECOND_SHARE * best->chain.score)
        return refuse_second (best, other, error);
    }
  return TRUE;
}

/* Nothing was found by the phantoms' densities.  One that was named may be there with others. */
static gboolean
explain_absence (const OssVolume *volume, const OssSlabs *slabs, const GPtrArray *phantoms, const OssTick *tick,
                 GError **error)
{
  g_autoptr (GPtrArray) loose = g_ptr_array_new_with_free_func (candidate_free);

  if (phantoms->len > 1)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                           _ ("No calibration phantom in the image: no row of even rods whose HU follow the densities "
                              "of a phantom in the table."));
      return FALSE;
    }
  if (((const OssPhantom *) phantoms->pdata[0])->n_rods > 2
      && !collect (volume, slabs, phantoms, &loose_rules, loose, tick, error))
    return FALSE;
  g_ptr_array_sort (loose, by_merit);
  const Candidate *best = loose->len > 0 ? loose->pdata[0] : NULL;
  if (best != NULL && best->error != NULL && 2 * best->chain.n > slabs->n)
    g_propagate_error (error, g_error_copy (best->error));
  else
    oss_phantom_not_found (phantoms->pdata[0], error);
  return FALSE;
}

static gboolean
choose (const OssVolume *volume, const OssSlabs *slabs, const GPtrArray *phantoms, GPtrArray *candidates,
        OssPhantomFit *fit, const OssTick *tick, GError **error)
{
  if (candidates->len == 0)
    return explain_absence (volume, slabs, phantoms, tick, error);
  g_ptr_array_sort (candidates, by_merit);
  const Candidate *best = candidates->pdata[0];
  if (best->error != NULL && best->chain.partial && phantoms->len > 1)
    return refuse_part (best, error);
  if (best->error != NULL)
    {
      g_propagate_error (error, g_error_copy (best->error));
      return FALSE;
    }
  if (!check_best (candidates, error))
    return FALSE;
  *fit = *best->fit;
  return TRUE;
}

gboolean
oss_phantom_search (const OssVolume *volume, const GPtrArray *phantoms, OssPhantomFit *fit, const OssTick *tick,
                    GError **error)
{
  OssTick pictures = oss_tick_part (tick, 0.0, 0.4), rows = oss_tick_part (tick, 0.4, 0.9),
          rest = oss_tick_part (tick, 0.9, 1.0);
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func (candidate_free);
  const OssPhantom *first = phantoms->pdata[0];
  g_auto (OssSlabs) slabs = { 0 };
  OssPhantomFit found;

  if (!oss_grid_check (&volume->grid, error) || !oss_slabs_init (&slabs, volume, phantoms, &pictures, error))
    return FALSE;
  if (first->reference_rod)
    {
      if (!oss_reference_rod_read (volume, &slabs, first, &found, &rows, error)
          || !oss_phantom_fit_line (&found, error))
        return FALSE;
    }
  else if (!collect (volume, &slabs, phantoms, phantoms->len > 1 ? &alone_rules : &usual_rules, candidates, &rows,
                     error)
           || !choose (volume, &slabs, phantoms, candidates, &found, &rest, error))
    return FALSE;
  if (!oss_tick_report (tick, 1.0, NULL, error))
    return FALSE;
  *fit = found;
  return TRUE;
}

gboolean
oss_phantom_calibrate (const OssVolume *volume, const OssPhantom *phantom, OssPhantomFit *fit, const OssTick *tick,
                       GError **error)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_ptr_array_add (one, (gpointer) phantom);
  return oss_phantom_search (volume, one, fit, tick, error);
}
