/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "fem/oss-fem-caps-private.h"

#include <string.h>

/* The plane has to clear the highest place of the endplate by that share of the thickness. */
#define LEAST_CLEARANCE 0.1

static const struct
{
  const char *name, *title;
  double thickness_mm, modulus_mpa, poisson;
} kinds[OSS_N_CAPS] = {
  [OSS_CAPS_NONE] = { "none", N_ ("none"), 0.0, 0.0, 0.0 },
  [OSS_CAPS_PMMA] = { "pmma", N_ ("bone cement (PMMA)"), 10.0, 2500.0, 0.3 },
  [OSS_CAPS_DISC] = { "disc", N_ ("disc-like"), 8.0, 8.0, 0.45 },
};

const char *
oss_caps_name (OssCapsKind kind)
{
  return kinds[kind].name;
}

const char *
oss_caps_title (OssCapsKind kind)
{
  return _ (kinds[kind].title);
}

gboolean
oss_caps_from_name (const char *name, OssCapsKind *kind, GError **error)
{
  for (int k = 0; k < OSS_N_CAPS; k++)
    if (g_ascii_strcasecmp (name, kinds[k].name) == 0)
      {
        *kind = (OssCapsKind) k;
        return TRUE;
      }
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The caps “%s” are not known. There are: none, pmma, disc."),
               name);
  return FALSE;
}

void
oss_caps_init (OssCaps *self, OssCapsKind kind)
{
  *self = (OssCaps){ kind, kinds[kind].thickness_mm, kinds[kind].modulus_mpa, kinds[kind].poisson };
}

gboolean
oss_caps_check (const OssCaps *self, GError **error)
{
  if (self->kind == OSS_CAPS_NONE)
    return TRUE;
  if (!(self->thickness_mm >= 1.0 && self->thickness_mm <= 40.0))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The caps' thickness of %g mm is outside 1 to 40 mm."),
                 self->thickness_mm);
  else if (!(self->modulus_mpa >= 0.1 && self->modulus_mpa <= 1e6))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The caps' modulus of %g MPa is outside 0.1 to 1000000 MPa."),
                 self->modulus_mpa);
  else if (!(self->poisson >= 0.0 && self->poisson <= 0.495))
    g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("The caps’ Poisson’s ratio of %g is outside 0 to 0.495."),
                 self->poisson);
  else
    return TRUE;
  return FALSE;
}

void
oss_fem_capped_free (OssCapped *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->mesh, oss_mesh_unref);
  g_free (self->modulus_mpa);
  g_free (self->material);
  g_clear_pointer (&self->plates, g_array_unref);
  g_clear_pointer (&self->touching, g_array_unref);
  for (int i = 0; i < 2; i++)
    g_clear_pointer (&self->weights[i], g_array_unref);
  g_free (self);
}

/* The plane's height is told from the endplate's mean; it has to be above all of the endplate. */
static gboolean
place_plane (OssCapBuilder *cap, GError **error)
{
  double mean = cap->side * cap->endplate->height_mm, highest = mean;

  for (guint i = 0; i < 3 * cap->endplate->faces->len; i++)
    {
      gsize corner = 3 * (gsize) g_array_index (cap->endplate->faces, gint32, i / 3) + i % 3;
      highest = fmax (highest, oss_cap_height (cap, cap->mesh->nodes + 3 * (gsize) cap->surface->triangles[corner]));
    }
  cap->height_mm = mean + cap->thickness_mm;
  double needed = (highest - mean) / (1.0 - LEAST_CLEARANCE);
  if (needed <= cap->thickness_mm && cap->endplate->faces->len > 0)
    return TRUE;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
               cap->side > 0.0 ? _ ("Caps of %.1f mm do not cover the superior endplate, which stands out by %.1f mm "
                                    "over its mean height. Give a thickness of %.1f mm or more.")
                               : _ ("Caps of %.1f mm do not cover the inferior endplate, which stands out by %.1f mm "
                                    "over its mean height. Give a thickness of %.1f mm or more."),
               cap->thickness_mm, highest - mean, ceil (10.0 * needed) / 10.0);
  return FALSE;
}

static double
face_area (const OssCapBuilder *cap, gsize face)
{
  const gint32 *node = cap->surface->triangles + 3 * face;
  double ab[3], ac[3], normal[3];

  oss_sub (cap->mesh->nodes + 3 * (gsize) node[1], cap->mesh->nodes + 3 * (gsize) node[0], ab);
  oss_sub (cap->mesh->nodes + 3 * (gsize) node[2], cap->mesh->nodes + 3 * (gsize) node[0], ac);
  oss_cross (ab, ac, normal);
  return fmax (0.5 * cap->side * oss_dot (normal, cap->frame->superior), 0.0);
}

/* Integrals of the shape functions over the area seen along the axis: a third of it for each corner of a linear face,
 * and for each midside node of a quadratic one, whose corners get none. */
static GArray *
weigh_nodes (const OssCapBuilder *cap, double *area_mm2)
{
  const OssSurface *surface = cap->surface;
  const gint32 *nodes = surface->midside != NULL ? surface->midside : surface->triangles;
  GArray *weights = g_array_new (FALSE, FALSE, sizeof (OssNodeWeight));

  *area_mm2 = 0.0;
  for (guint i = 0; i < cap->endplate->faces->len; i++)
    {
      gsize face = (gsize) g_array_index (cap->endplate->faces, gint32, i);
      double area = face_area (cap, face);
      *area_mm2 += area;
      for (gsize c = 3 * face; c < 3 * face + 3; c++)
        {
          OssNodeWeight weight = { nodes[c], area / 3.0 };
          g_array_append_val (weights, weight);
        }
    }
  return weights;
}

/* The endplate's nodes become those of the vertebra that the cap's elements have. */
static void
take_touching (OssCapped *self, const OssCapBuilder *cap, guint first, OssEndplate *endplate)
{
  g_autofree gboolean *seen = g_new0 (gboolean, cap->mesh->n_nodes + 1);

  for (guint i = first; i < cap->elements->len; i++)
    {
      gsize node = (gsize) g_array_index (cap->elements, gint32, i);
      if (node < cap->mesh->n_nodes)
        seen[node] = TRUE;
    }
  g_array_set_size (endplate->nodes, 0);
  for (gint32 node = 0; node < (gint32) cap->mesh->n_nodes; node++)
    if (seen[node])
      {
        g_array_append_val (endplate->nodes, node);
        g_array_append_val (self->touching, node);
      }
}

static void
prescribe_plate (OssCapped *self, const OssCapBuilder *cap)
{
  for (guint i = 0; i < cap->outer->len; i++)
    for (int axis = 0; axis < 3; axis++)
      {
        /* 1 mm for now: the solution is scaled. */
        double move = cap->side > 0.0 ? -cap->frame->superior[axis] : 0.0;
        OssNodal plate = { g_array_index (cap->outer, gint32, i), (gint8) axis, move };
        g_array_append_val (self->plates, plate);
      }
}

/* One mesh of bone and caps. */
static gboolean
join_meshes (OssCapped *self, const OssMesh *mesh, const double *modulus_mpa, const OssCapBuilder *cap, GError **error)
{
  gsize per_element = (gsize) oss_element_nodes (mesh->kind), n_cap = cap->elements->len / per_element;

  self->n_bone_nodes = mesh->n_nodes;
  self->n_bone_elements = mesh->n_elements;
  self->mesh = oss_mesh_new (mesh->kind, mesh->n_nodes + cap->nodes->len / 3, mesh->n_elements + n_cap, error);
  if (self->mesh == NULL)
    return FALSE;
  memcpy (self->mesh->nodes, mesh->nodes, 3 * mesh->n_nodes * sizeof (double));
  memcpy (self->mesh->nodes + 3 * mesh->n_nodes, cap->nodes->data, cap->nodes->len * sizeof (double));
  memcpy (self->mesh->elements, mesh->elements, per_element * mesh->n_elements * sizeof (gint32));
  memcpy (self->mesh->elements + per_element * mesh->n_elements, cap->elements->data,
          cap->elements->len * sizeof (gint32));
  self->modulus_mpa = g_new (double, self->mesh->n_elements);
  self->material = g_new (gint32, self->mesh->n_elements);
  for (gsize e = 0; e < self->mesh->n_elements; e++)
    {
      self->modulus_mpa[e] = e < mesh->n_elements ? modulus_mpa[e] : self->caps.modulus_mpa;
      self->material[e] = e < mesh->n_elements ? -1 : 0;
    }
  return TRUE;
}

/* Appends one cap to those of the builder. */
static gboolean
add_cap (OssCapped *self, OssCapBuilder *cap, OssEndplate *endplate, GError **error)
{
  guint first = cap->elements->len;

  cap->endplate = endplate;
  g_array_set_size (cap->outer, 0);
  if (!place_plane (cap, error))
    return FALSE;
  if (cap->mesh->kind == OSS_ELEMENT_HEX8)
    oss_cap_build_voxels (cap);
  else
    oss_cap_build_columns (cap);
  if (oss_tick_stopped (cap->tick))
    return oss_tick_cancelled (error);
  int which = cap->side > 0.0 ? 0 : 1;
  self->weights[which] = weigh_nodes (cap, &self->contact_mm2[which]);
  take_touching (self, cap, first, endplate);
  prescribe_plate (self, cap);
  return TRUE;
}

OssCapped *
oss_fem_capped_new (const OssMesh *mesh, const double *modulus_mpa, const OssVertebraFrame *frame,
                    OssEndplate *superior, OssEndplate *inferior, const OssCaps *caps, const OssTick *tick,
                    GError **error)
{
  g_autoptr (OssCapped) self = g_new0 (OssCapped, 1);
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) elements = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) outer = g_array_new (FALSE, FALSE, sizeof (gint32));

  self->caps = *caps;
  self->plates = g_array_new (FALSE, FALSE, sizeof (OssNodal));
  self->touching = g_array_new (FALSE, FALSE, sizeof (gint32));
  memcpy (self->axis, frame->superior, sizeof self->axis);
  if (!oss_caps_check (caps, error) || !oss_fem_material_isotropic (&self->cap, caps->modulus_mpa, caps->poisson, error)
      || !oss_tick_report (tick, 0.0, _ ("Building the caps"), error))
    return NULL;
  g_autoptr (OssSurface) surface = oss_mesh_surface (mesh, error);
  if (surface == NULL)
    return NULL;
  OssCapBuilder cap = { .mesh = mesh,
                        .surface = surface,
                        .frame = frame,
                        .side = 1.0,
                        .thickness_mm = caps->thickness_mm,
                        .nodes = nodes,
                        .elements = elements,
                        .outer = outer,
                        .tick = tick };
  if (!add_cap (self, &cap, superior, error))
    return NULL;
  self->n_superior_plates = self->plates->len;
  cap.side = -1.0;
  if (!add_cap (self, &cap, inferior, error) || !join_meshes (self, mesh, modulus_mpa, &cap, error))
    return NULL;
  return g_steal_pointer (&self);
}
