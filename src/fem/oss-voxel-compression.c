/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-voxel-compression-private.h"

#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-voxel-petsc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PISTOIA_VOLUME 0.02
#define PISTOIA_STRAIN 0.007

static const char *const lateral_names[] = { "none", "top", "bottom", "both" };

const char *
oss_lateral_name (OssLateral lateral)
{
  return lateral_names[lateral];
}

gboolean
oss_lateral_from_name (const char *name, OssLateral *lateral)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lateral_names); i++)
    if (g_str_equal (name, lateral_names[i]))
      {
        *lateral = (OssLateral) i;
        return TRUE;
      }
  return FALSE;
}

/* One of the two faces: a plane of voxels. */
typedef struct
{
  guint8 label; /* 0: any bone */
  int voxel;    /* its place along the axis */
  int plane;    /* of lattice points: @voxel, or one more when the face looks up */
  guint first;  /* of its freedoms in the list */
  guint end;
  gsize n_nodes;
} Face;

typedef struct
{
  const OssVoxelCompression *given;
  Face top, bottom;
  double outward; /* 1 when the top looks up the axis, else -1 */
  double displacement_mm, distance_mm;
  GArray *freedoms;
  GArray *values;
  OssVoxelSystem *system; /* NULL over processes */
  OssVoxelInfo info;
  OssVoxelResult *solved;
} Job;

static void
job_clear (Job *self)
{
  g_clear_pointer (&self->freedoms, g_array_unref);
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_pointer (&self->system, oss_voxel_system_free);
  g_clear_pointer (&self->solved, oss_voxel_result_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
refuse (GError **error, OssError code, char *message)
{
  g_set_error_literal (error, OSS_ERROR, (int) code, message);
  g_free (message);
  return FALSE;
}

/* --- Input --- */

static gboolean
check_moduli (Job *self, GError **error)
{
  const OssVolume *modulus = self->given->modulus_mpa;
  gsize n = oss_grid_count (&modulus->grid), negative = 0, wrong = 0, bone = 0;

  for (gsize v = 0; v < n; v++)
    {
      float e = modulus->data[v];
      negative += e < 0.0f;
      wrong += !isfinite (e);
      bone += e > 0.0f;
    }
  if (negative > 0)
    return refuse (
        error, OSS_ERROR_INVALID_DATA,
        g_strdup_printf (_ ("The modulus of %zu voxels is negative: it must be above 0 in bone and 0 outside."),
                         negative));
  if (wrong > 0)
    return refuse (error, OSS_ERROR_INVALID_DATA,
                   g_strdup_printf (_ ("The modulus of %zu voxels is not a number."), wrong));
  if (bone == 0)
    return refuse (error, OSS_ERROR_INVALID_DATA, g_strdup (_ ("There is no bone in the image: every modulus is 0.")));
  return TRUE;
}

static gboolean
check_given (Job *self, GError **error)
{
  const OssVoxelCompression *given = self->given;

  if (given->axis < 0 || given->axis > 2)
    return refuse (error, OSS_ERROR_INVALID_DATA, g_strdup_printf (_ ("There is no axis %d."), given->axis));
  if (!(given->poisson > -1.0 && given->poisson < 0.5))
    return refuse (
        error, OSS_ERROR_INVALID_DATA,
        g_strdup_printf (_ ("Poisson’s ratio is %g: it must be more than −1 and less than 0.5."), given->poisson));
  if (!isfinite (given->move) || given->move == 0.0)
    return refuse (error, OSS_ERROR_INVALID_DATA,
                   g_strdup_printf (_ ("A displacement or strain of %g loads nothing."), given->move));
  if (given->labels != NULL && !oss_grid_equal (&given->labels->grid, &given->modulus_mpa->grid, 1e-3))
    return refuse (error, OSS_ERROR_INVALID_DATA,
                   g_strdup (_ ("The labels are on another grid than the moduli. Resample them first.")));
  return check_moduli (self, error);
}

/* --- The faces --- */

static gboolean
belongs (const Job *self, const Face *face, gsize voxel)
{
  return self->given->modulus_mpa->data[voxel] > 0.0f
         && (face->label == 0 || self->given->labels->data[voxel] == face->label);
}

/* Place of a voxel along the axis. */
static int
place (const Job *self, gsize voxel)
{
  const int *size = self->given->modulus_mpa->grid.size;
  int axis = self->given->axis;
  gsize stride = axis == 0 ? 1 : axis == 1 ? (gsize) size[0] : (gsize) size[0] * (gsize) size[1];

  return (int) (voxel / stride % (gsize) size[axis]);
}

/* First and last plane of voxels of a face's label, and the mean place; FALSE when it has no bone. */
static gboolean
face_extent (const Job *self, const Face *face, int *low, int *high, double *mean)
{
  gsize n = oss_grid_count (&self->given->modulus_mpa->grid), count = 0;
  double sum = 0.0;

  *low = G_MAXINT, *high = -1;
  for (gsize v = 0; v < n; v++)
    {
      if (!belongs (self, face, v))
        continue;
      int at = place (self, v);
      *low = MIN (*low, at);
      *high = MAX (*high, at);
      sum += at;
      count++;
    }
  *mean = count > 0 ? sum / (double) count : 0.0;
  return count > 0;
}

static gboolean
find_faces (Job *self, GError **error)
{
  const OssVoxelCompression *given = self->given;
  int low[2], high[2];
  double mean[2];

  self->top.label = given->labels != NULL ? given->top : 0;
  self->bottom.label = given->labels != NULL ? given->bottom : 0;
  const Face *faces[2] = { &self->top, &self->bottom };
  for (int i = 0; i < 2; i++)
    {
      if (given->labels != NULL && faces[i]->label == 0)
        return refuse (error, OSS_ERROR_INVALID_DATA,
                       g_strdup (_ ("With labels, the labels of the top and the bottom are needed, each above 0.")));
      if (!face_extent (self, faces[i], &low[i], &high[i], &mean[i]))
        return refuse (error, OSS_ERROR_INVALID_DATA,
                       g_strdup_printf (_ ("No bone has the label %d: that face has no nodes."), faces[i]->label));
    }
  if (given->labels != NULL && mean[0] == mean[1])
    return refuse (
        error, OSS_ERROR_INVALID_DATA,
        g_strdup_printf (_ ("The labels %d and %d lie at the same place along the axis."), given->top, given->bottom));
  gboolean up = mean[0] >= mean[1];
  self->outward = up ? 1.0 : -1.0;
  self->top.voxel = up ? high[0] : low[0];
  self->bottom.voxel = up ? low[1] : high[1];
  self->top.plane = self->top.voxel + (up ? 1 : 0);
  self->bottom.plane = self->bottom.voxel + (up ? 0 : 1);
  self->distance_mm = abs (self->top.plane - self->bottom.plane) * given->modulus_mpa->grid.spacing[given->axis];
  self->displacement_mm = given->move * (given->move_is_strain ? self->distance_mm : 1.0);
  return TRUE;
}

/* Lists the freedoms of a face's nodes, each once. */
static void
add_face (Job *self, Face *face, gboolean sideways, double move_mm)
{
  const OssGrid *grid = &self->given->modulus_mpa->grid;
  int axis = self->given->axis, b = axis == 0 ? 1 : 0, c = axis == 2 ? 1 : 2;
  int width = grid->size[b] + 1, height = grid->size[c] + 1, at[3];
  g_autofree guint8 *touched = g_new0 (guint8, (gsize) width * (gsize) height);

  at[axis] = face->voxel;
  for (at[c] = 0; at[c] < grid->size[c]; at[c]++)
    for (at[b] = 0; at[b] < grid->size[b]; at[b]++)
      if (belongs (self, face, oss_grid_offset (grid, at[0], at[1], at[2])))
        for (int corner = 0; corner < 4; corner++)
          touched[(at[c] + corner / 2) * width + at[b] + corner % 2] = TRUE;
  face->first = self->freedoms->len;
  for (int i = 0; i < width * height; i++)
    {
      OssVoxelFreedom freedom = { .at = { 0 } };
      if (!touched[i])
        continue;
      face->n_nodes++;
      freedom.at[axis] = face->plane;
      freedom.at[b] = i % width;
      freedom.at[c] = i / width;
      for (int k = 0; k < 3; k++)
        {
          double value = k == axis ? move_mm : 0.0;
          freedom.axis = (gint8) k;
          if (k != axis && !sideways)
            continue;
          g_array_append_val (self->freedoms, freedom);
          g_array_append_val (self->values, value);
        }
    }
  face->end = self->freedoms->len;
}

/* --- What hangs together --- */

/* Voxels of bone that were reached through faces, and those whose neighbours are still to be looked at. */
typedef struct
{
  const OssVolume *modulus;
  guint8 *reached; /* a bit a voxel */
  GArray *open;
} Flood;

static void
reach (Flood *self, gsize voxel)
{
  if (!(self->modulus->data[voxel] > 0.0f) || (self->reached[voxel / 8] >> voxel % 8 & 1) != 0)
    return;
  self->reached[voxel / 8] |= (guint8) (1u << voxel % 8);
  g_array_append_val (self->open, voxel);
}

static void
reach_neighbours (Flood *self, gsize voxel)
{
  const int *size = self->modulus->grid.size;
  gsize stride = 1;

  for (int a = 0; a < 3; a++)
    {
      gsize at = voxel / stride % (gsize) size[a];
      if (at > 0)
        reach (self, voxel - stride);
      if (at + 1 < (gsize) size[a])
        reach (self, voxel + stride);
      stride *= (gsize) size[a];
    }
}

static gboolean
is_on (const Job *self, const Face *face, gsize voxel)
{
  return place (self, voxel) == face->voxel && belongs (self, face, voxel);
}

/* Whether bone leads, through faces of voxels, from the top to the bottom. */
static gboolean
check_connected (const Job *self, const OssTick *tick, GError **error)
{
  gsize n = oss_grid_count (&self->given->modulus_mpa->grid), visited = 0;
  Flood flood = { .modulus = self->given->modulus_mpa };
  gboolean connected = FALSE;

  flood.reached = oss_alloc_aligned (n / 8 + 1, 1, _ ("the search for parts"), error);
  if (flood.reached == NULL)
    return FALSE;
  flood.open = g_array_new (FALSE, FALSE, sizeof (gsize));
  for (gsize v = 0; v < n; v++)
    if (is_on (self, &self->top, v))
      reach (&flood, v);
  while (!connected && flood.open->len > 0 && !oss_tick_stopped (tick))
    for (int i = 0; i < 65536 && !connected && flood.open->len > 0; i++, visited++)
      {
        gsize voxel = g_array_index (flood.open, gsize, flood.open->len - 1);
        g_array_set_size (flood.open, flood.open->len - 1);
        connected = is_on (self, &self->bottom, voxel);
        reach_neighbours (&flood, voxel);
      }
  g_array_unref (flood.open);
  oss_free_aligned (flood.reached);
  if (!connected && oss_tick_stopped (tick))
    return oss_tick_cancelled (error);
  return connected
         || refuse (error, OSS_ERROR_REFUSED,
                    g_strdup_printf (_ ("No bone connects the top with the bottom: %zu voxels hang together with the "
                                        "top and move freely."),
                                     visited));
}

/* --- Solution --- */

static void
describe_model (Job *self, OssVoxelModel *model)
{
  const OssVoxelCompression *given = self->given;
  const OssGrid *grid = &given->modulus_mpa->grid;

  self->freedoms = g_array_new (FALSE, FALSE, sizeof (OssVoxelFreedom));
  self->values = g_array_new (FALSE, FALSE, sizeof (double));
  add_face (self, &self->bottom, (given->lateral & OSS_LATERAL_BOTTOM) != 0, 0.0);
  add_face (self, &self->top, (given->lateral & OSS_LATERAL_TOP) != 0, self->outward * self->displacement_mm);
  *model = (OssVoxelModel){ .modulus_mpa = given->modulus_mpa->data,
                            .poisson = given->poisson,
                            .held = (const OssVoxelFreedom *) (void *) self->freedoms->data,
                            .n_held = self->freedoms->len,
                            .remove_islands = TRUE };
  for (int a = 0; a < 3; a++)
    {
      model->size[a] = (gsize) grid->size[a];
      model->spacing_mm[a] = grid->spacing[a];
    }
}

static gboolean
solve_here (Job *self, const OssVoxelModel *model, const OssTick *tick, GError **error)
{
  OssVoxelLoad load = { .held_mm = (const double *) (void *) self->values->data };
  OssVoxelOptions options = { .tolerance = self->given->tolerance, .max_iterations = self->given->max_iterations };
  OssTick making = oss_tick_part (tick, 0.0, 0.1), solving = oss_tick_part (tick, 0.1, 1.0);
  GError *cause = NULL;

  self->system = oss_voxel_system_new (model, &making, &cause);
  if (self->system != NULL && (self->given->yielding == NULL || oss_voxel_beyond_room (self->system, &cause)))
    {
      oss_voxel_system_info (self->system, &self->info);
      self->solved = oss_voxel_solve (self->system, &load, &options, &solving, error);
      return self->solved != NULL;
    }
  /* Told before anything is allocated: the input is too large, not the computation broken. */
  if (g_error_matches (cause, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY))
    cause->code = OSS_ERROR_REFUSED;
  g_propagate_error (error, cause);
  return FALSE;
}

static void
take_numbers (const Job *self, OssVoxelCompressed *result)
{
  const OssVoxelResult *solved = self->solved;
  const OssVoxelInfo *info = &self->info;

  result->n_elements = info->n_elements;
  result->n_nodes = info->n_nodes;
  result->n_unknowns = info->n_unknowns;
  result->n_islands = info->n_islands;
  result->n_island_voxels = info->n_island_voxels;
  result->n_free_motions = info->n_free_motions;
  result->projected_motions = solved->projected_motions;
  result->iterations = solved->iterations;
  result->relative_residual = solved->relative_residual;
  result->history = g_memdup2 (solved->history, ((gsize) solved->iterations + 1) * sizeof (double));
  result->converged = solved->converged;
  g_strlcpy (result->reason, solved->reason, sizeof result->reason);
  result->bytes = solved->bytes;
  result->seconds = solved->seconds;
  result->energy_n_mm = solved->energy_n_mm;
  result->n_top_nodes = self->top.n_nodes;
  result->n_bottom_nodes = self->bottom.n_nodes;
  result->displacement_mm = self->displacement_mm;
  result->distance_mm = self->distance_mm;
  result->bone_mm3 = (double) info->n_elements * oss_grid_voxel_mm3 (&self->given->modulus_mpa->grid);
  for (guint i = self->top.first; i < self->top.end; i++)
    if (g_array_index (self->freedoms, OssVoxelFreedom, i).axis == self->given->axis)
      result->reaction_n += self->outward * solved->reaction_n[i];
  result->stiffness_n_per_mm = result->reaction_n / self->displacement_mm;
}

/* --- Fields --- */

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static gboolean
summarize (const double *sed, gsize n, OssSedSummary *summary, GError **error)
{
  double *sorted = oss_alloc_aligned (n, sizeof *sorted, _ ("sorted values"), error);

  if (sorted == NULL)
    return FALSE;
  memcpy (sorted, sed, n * sizeof *sorted);
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  summary->mean_mpa = 0.0;
  for (gsize i = 0; i < n; i++)
    summary->mean_mpa += sorted[i] / (double) n;
  double at = 0.95 * (double) (n - 1);
  gsize below = (gsize) at;
  summary->p95_mpa = sorted[below] + (at - (double) below) * (sorted[MIN (below + 1, n - 1)] - sorted[below]);
  summary->maximum_mpa = sorted[n - 1];
  oss_free_aligned (sorted);
  return TRUE;
}

static OssVolume *
spread (const Job *self, const guint64 *voxel, const double *value, gsize n, GError **error)
{
  OssVolume *volume = oss_volume_new (&self->given->modulus_mpa->grid, OSS_QUANTITY_OTHER, error);
  for (gsize e = 0; volume != NULL && e < n; e++)
    volume->data[voxel[e]] = (float) value[e];
  return volume;
}

typedef struct
{
  const double *displacement_mm;
  const guint64 *voxel;
  OssVolume **volume;
} Centres;

static void
visit_centre (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Centres *self = data;

  for (int k = 0; k < 3; k++)
    {
      double sum = 0.0;
      for (int a = 0; a < 8; a++)
        sum += self->displacement_mm[3 * nodes[a] + (gsize) k];
      self->volume[k]->data[self->voxel[element]] = (float) (sum / 8.0);
    }
}

static gboolean
take_displacement (const Job *self, const guint64 *voxel, OssVoxelCompressed *result, const OssTick *tick,
                   GError **error)
{
  Centres centres = { self->solved->displacement_mm, voxel, result->displacement_mm_xyz };

  for (int k = 0; k < 3; k++)
    if ((result->displacement_mm_xyz[k] = oss_volume_new (&self->given->modulus_mpa->grid, OSS_QUANTITY_OTHER, error))
        == NULL)
      return FALSE;
  return oss_voxel_system_visit (self->system, visit_centre, &centres, tick, error);
}

static gboolean
use_fields (const Job *self, const guint64 *voxel, const OssVoxelFields *fields, OssVoxelCompressed *result,
            const OssTick *tick, GError **error)
{
  gsize n = result->n_elements;

  if (!oss_voxel_fields (self->system, self->solved->displacement_mm, NULL, fields, tick, error)
      || !summarize (fields->sed_centre_mpa, n, &result->sed_centre, error)
      || !summarize (fields->sed_mean_mpa, n, &result->sed_mean, error))
    return FALSE;
  result->pistoia_factor = oss_voxel_pistoia (self->system, fields->sed_centre_mpa, PISTOIA_VOLUME, PISTOIA_STRAIN);
  result->pistoia_mean_factor = oss_voxel_pistoia (self->system, fields->sed_mean_mpa, PISTOIA_VOLUME, PISTOIA_STRAIN);
  result->pistoia_failure_load_n = result->pistoia_factor * result->reaction_n;
  return (result->sed_centre_mpa = spread (self, voxel, fields->sed_centre_mpa, n, error)) != NULL
         && (result->sed_mean_mpa = spread (self, voxel, fields->sed_mean_mpa, n, error)) != NULL
         && (result->von_mises_mpa = spread (self, voxel, fields->von_mises_mpa, n, error)) != NULL
         && take_displacement (self, voxel, result, tick, error);
}

static gboolean
take_fields (const Job *self, OssVoxelCompressed *result, const OssTick *tick, GError **error)
{
  gsize n = result->n_elements;
  double *values = oss_alloc_aligned (3 * n, sizeof *values, _ ("the results"), error);
  guint64 *voxel = values != NULL ? oss_alloc_aligned (n, sizeof *voxel, _ ("the results"), error) : NULL;
  gboolean ok = voxel != NULL;

  if (ok)
    {
      OssVoxelFields fields = { .sed_centre_mpa = values, .sed_mean_mpa = values + n, .von_mises_mpa = values + 2 * n };
      oss_voxel_system_element_voxels (self->system, voxel);
      ok = use_fields (self, voxel, &fields, result, tick, error);
    }
  oss_free_aligned (values);
  oss_free_aligned (voxel);
  return ok;
}

/* --- Over processes --- */

/* The images that the processes fill are those of the result. */
static gboolean
solve_over_processes (Job *self, const OssVoxelModel *model, OssVoxelCompressed *result, const OssTick *tick,
                      GError **error)
{
  OssVolume **volume[6] = { &result->sed_centre_mpa,         &result->sed_mean_mpa,
                            &result->von_mises_mpa,          &result->displacement_mm_xyz[0],
                            &result->displacement_mm_xyz[1], &result->displacement_mm_xyz[2] };
  OssVoxelLoad load = { .held_mm = (const double *) (void *) self->values->data };
  OssVoxelOptions options = { .tolerance = self->given->tolerance, .max_iterations = self->given->max_iterations };
  float *data[6];

  for (int i = 0; i < 6; i++)
    {
      *volume[i] = oss_volume_new (&self->given->modulus_mpa->grid, OSS_QUANTITY_OTHER, error);
      if (*volume[i] == NULL)
        return FALSE;
      data[i] = (*volume[i])->data;
    }
  OssVoxelImages images = { data[0], data[1], data[2], { data[3], data[4], data[5] } };
  self->solved = oss_voxel_petsc_solve (model, &load, &options, &images, &self->info, tick, error);
  return self->solved != NULL;
}

/* The values of the elements of an image, in order; outside it becomes 0. */
static void
take_elements (OssVolume *volume, double *value)
{
  gsize n = oss_grid_count (&volume->grid);

  for (gsize v = 0; v < n; v++)
    if (isnan (volume->data[v]))
      volume->data[v] = 0.0f;
    else if (value != NULL)
      *value++ = volume->data[v];
}

static double
find_factor (const double *sed_mpa, const float *modulus_mpa, gsize n, double *effective)
{
  for (gsize e = 0; e < n; e++)
    effective[e] = sqrt (2.0 * MAX (sed_mpa[e], 0.0) / modulus_mpa[e]);
  qsort (effective, n, sizeof *effective, compare_doubles);
  double limit = effective[n - 1 - MIN ((gsize) (PISTOIA_VOLUME * (double) n), n - 1)];
  return limit > 0.0 ? PISTOIA_STRAIN / limit : 0.0;
}

static gboolean
take_images (const Job *self, OssVoxelCompressed *result, GError **error)
{
  gsize n = result->n_elements, count = oss_grid_count (&self->given->modulus_mpa->grid), element = 0;
  double *sed = oss_alloc_aligned (2 * n, sizeof *sed, _ ("the results"), error);
  float *modulus = sed != NULL ? oss_alloc_aligned (n, sizeof *modulus, _ ("the results"), error) : NULL;
  gboolean done = modulus != NULL;

  for (gsize v = 0; done && v < count; v++)
    if (!isnan (result->sed_centre_mpa->data[v]))
      modulus[element++] = self->given->modulus_mpa->data[v];
  for (int k = 0; done && k < 3; k++)
    take_elements (result->displacement_mm_xyz[k], NULL);
  if (done)
    {
      take_elements (result->von_mises_mpa, NULL);
      take_elements (result->sed_centre_mpa, sed);
      done = summarize (sed, n, &result->sed_centre, error);
      result->pistoia_factor = find_factor (sed, modulus, n, sed + n);
      take_elements (result->sed_mean_mpa, sed);
      done = done && summarize (sed, n, &result->sed_mean, error);
      result->pistoia_mean_factor = find_factor (sed, modulus, n, sed + n);
      result->pistoia_failure_load_n = result->pistoia_factor * result->reaction_n;
    }
  oss_free_aligned (sed);
  oss_free_aligned (modulus);
  return done;
}

void
oss_voxel_compressed_free (OssVoxelCompressed *self)
{
  if (self == NULL)
    return;
  g_free (self->history);
  g_clear_pointer (&self->sed_centre_mpa, oss_volume_unref);
  g_clear_pointer (&self->sed_mean_mpa, oss_volume_unref);
  g_clear_pointer (&self->von_mises_mpa, oss_volume_unref);
  g_clear_pointer (&self->plastic_strain, oss_volume_unref);
  g_clear_pointer (&self->von_mises_end_mpa, oss_volume_unref);
  g_clear_pointer (&self->curve, oss_fem_curve_free);
  for (int k = 0; k < 3; k++)
    g_clear_pointer (&self->displacement_mm_xyz[k], oss_volume_unref);
  g_free (self);
}

OssVoxelCompressed *
oss_voxel_compress (const OssVoxelCompression *compression, const OssTick *tick, GError **error)
{
  g_auto (Job) job = { .given = compression };
  g_autoptr (OssVoxelCompressed) result = g_new0 (OssVoxelCompressed, 1);
  double linear_end = compression->yielding != NULL ? 0.2 : 1.0;
  OssTick solving = oss_tick_part (tick, 0.0, 0.9 * linear_end),
          recovering = oss_tick_part (tick, 0.9 * linear_end, linear_end),
          yielding = oss_tick_part (tick, linear_end, 1.0);
  OssVoxelModel model;

  if (!check_given (&job, error) || !find_faces (&job, error) || !check_connected (&job, tick, error))
    return NULL;
  describe_model (&job, &model);
  if (!(compression->over_processes ? solve_over_processes (&job, &model, result, &solving, error)
                                    : solve_here (&job, &model, &solving, error)))
    return NULL;
  take_numbers (&job, result);
  if (result->converged
      && !(compression->over_processes ? take_images (&job, result, error)
                                       : take_fields (&job, result, &recovering, error)))
    return NULL;
  g_clear_pointer (&job.solved, oss_voxel_result_free);
  if (result->converged && compression->yielding != NULL
      && !oss_voxel_beyond (job.system, compression, (const double *) (void *) job.values->data, job.values->len,
                            result, &yielding, error))
    return NULL;
  return g_steal_pointer (&result);
}
