/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fem/oss-fem-bench-petsc.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-memory.h"
#include "fem/oss-fem-bench-private.h"
#include "fem/oss-fem-iterative-private.h"
#include "fem/oss-fem-private.h"
#include "fem/oss-voxel-petsc-group.h"
#include "fem/oss-voxel-private.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOST_BYTES 4e9
/* What PETSc and its multigrid take for a block of half the matrix, bytes. */
#define BLOCK_BYTES 500.0
#define MAGIC "ossature equations 1\n"

/* The file: this, start [n + 1], column [blocks], value [blocks][9], coordinates [n][3], right [n][3]. @held_work: u K
 * u of what is held; with it and b x the reaction along @moved_mm is known. */
typedef struct
{
  char magic[24];
  guint64 n, blocks;
  double tolerance, moved_mm, held_work;
} Header;

/* @matrix, @coordinates, @u: over all nodes; u: what is held, 0 elsewhere; @node: nodes that are not held, in order */
typedef struct
{
  OssBlockMatrix *matrix;
  const double *coordinates;
  double *u, *right;
  gint32 *number;
  Header header;
} Equations;

static void
equations_clear (Equations *self)
{
  oss_block_matrix_free (self->matrix);
  g_free (self->u);
  g_free (self->right);
  g_free (self->number);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Equations, equations_clear)

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                       _ ("Only nodes that are held along all axes, or along none, can be left out of the equations."));
  return FALSE;
}

/* Right-hand side and numbers of the free nodes; @held: [3 nodes]. */
static gboolean
reduce (Equations *self, const guint8 *held, GError **error)
{
  gsize nodes = self->matrix->n;

  memcpy (self->header.magic, MAGIC, sizeof MAGIC);
  self->right = g_new (double, 3 * nodes + 1);
  self->number = g_new (gint32, nodes + 1);
  oss_block_matrix_multiply (self->matrix, self->u, self->right);
  for (gsize i = 0; i < nodes; i++)
    {
      int n_held = held[3 * i] + held[3 * i + 1] + held[3 * i + 2];
      gboolean empty = self->matrix->start[i] == self->matrix->start[i + 1];
      if (n_held != 0 && n_held != 3)
        return refuse (error);
      self->number[i] = n_held == 0 && !empty ? (gint32) self->header.n++ : -1;
      for (gsize f = 3 * i; f < 3 * i + 3; f++)
        {
          self->header.held_work += self->u[f] * self->right[f];
          if (self->u[f] != 0.0)
            self->header.moved_mm = self->u[f];
          self->right[f] = self->number[i] >= 0 ? -self->right[f] : 0.0;
        }
    }
  for (gsize i = 0; i < nodes; i++)
    for (gsize b = self->matrix->start[i]; b < self->matrix->start[i + 1]; b++)
      self->header.blocks += self->number[i] >= 0 && self->number[self->matrix->column[b]] >= 0;
  return TRUE;
}

static void
write_rows (const Equations *self, FILE *file)
{
  const OssBlockMatrix *matrix = self->matrix;
  guint64 start = 0;

  fwrite (&start, sizeof start, 1, file);
  for (gsize i = 0; i < matrix->n; i++)
    if (self->number[i] >= 0)
      {
        for (gsize b = matrix->start[i]; b < matrix->start[i + 1]; b++)
          start += self->number[matrix->column[b]] >= 0;
        fwrite (&start, sizeof start, 1, file);
      }
  for (gsize i = 0; i < matrix->n; i++)
    for (gsize b = matrix->start[i]; b < matrix->start[i + 1]; b++)
      if (self->number[i] >= 0 && self->number[matrix->column[b]] >= 0)
        fwrite (&self->number[matrix->column[b]], sizeof (gint32), 1, file);
  if (self->header.blocks % 2 == 1)
    fwrite (&(gint32){ 0 }, sizeof (gint32), 1, file); /* doubles stand at multiples of 8 */
  for (gsize i = 0; i < matrix->n; i++)
    for (gsize b = matrix->start[i]; b < matrix->start[i + 1]; b++)
      if (self->number[i] >= 0 && self->number[matrix->column[b]] >= 0)
        fwrite (matrix->value + 9 * b, sizeof (double), 9, file);
}

static gboolean
write_equations (const Equations *self, const char *path, GError **error)
{
  FILE *file = fopen (path, "wbe");

  if (file != NULL)
    {
      fwrite (&self->header, sizeof self->header, 1, file);
      write_rows (self, file);
      for (int part = 0; part < 2; part++)
        for (gsize i = 0; i < self->matrix->n; i++)
          if (self->number[i] >= 0)
            fwrite ((part == 0 ? self->coordinates : self->right) + 3 * i, sizeof (double), 3, file);
    }
  gboolean ok = file != NULL && !ferror (file);
  ok = file != NULL && fclose (file) == 0 && ok;
  if (!ok)
    g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("“%s” cannot be written: %s."), path, g_strerror (errno));
  return ok;
}

/* Of what is moved, along the way. */
static double
reaction_of (const Header *header, double product)
{
  return (header->held_work - product) / header->moved_mm;
}

/* --- Our side --- */

static double
cpu_now (void)
{
  struct timespec t;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* Memory from now on: what is there, in bytes. */
static double
reset_peak (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
  oss_memory_reset_peak ();
  return oss_memory_peak_mib () * 1048576.0;
}

static gboolean
solve_ours (const Equations *self, const OssFemModel *model, const OssIncidence *incidence, const gint32 *unknown,
            double before, OssBenchSolution *solution, const OssTick *tick, GError **error)
{
  gsize n = 3 * self->matrix->n, weakest;
  OssCgInfo info = { 0 };
  double product = 0.0;

  reset_peak ();
  gint64 wall = g_get_monotonic_time ();
  double cpu = cpu_now ();
  g_autofree double *x = g_new0 (double, n + 1);
  g_autoptr (OssTetSolver) solver =
      oss_tet_solver_new (model->mesh, incidence, self->matrix, unknown, &weakest, tick, error);
  if (solver == NULL
      || !oss_tet_solver_solve (solver, self->matrix, self->right, x, self->header.tolerance, OSS_TET_ITERATIONS, &info,
                                tick, error))
    return FALSE;
  solution->seconds = (double) (g_get_monotonic_time () - wall) * 1e-6;
  solution->cpu_seconds = cpu_now () - cpu;
  solution->bytes = MAX (oss_memory_peak_mib () * 1048576.0 - before, 0.0);
  solution->iterations = info.iterations;
  solution->relative_residual = info.relative_residual;
  g_strlcpy (solution->solver, oss_tet_solver_name (solver), sizeof solution->solver);
  for (gsize f = 0; f < n; f++)
    product += self->right[f] * x[f];
  solution->reaction_n = reaction_of (&self->header, product);
  return TRUE;
}

gboolean
oss_bench_equations (const OssFemModel *model, double tolerance, const char *path, OssBenchSolution *solution,
                     const OssTick *tick, GError **error)
{
  const OssMesh *mesh = model->mesh;
  g_auto (Equations) self = { .coordinates = mesh->nodes, .header = { .tolerance = tolerance } };
  g_autofree guint8 *held = g_new0 (guint8, 3 * mesh->n_nodes + 1);
  g_autofree gint32 *unknown = g_new0 (gint32, 3 * mesh->n_nodes + 1);

  *solution = (OssBenchSolution){ .n_elements = mesh->n_elements, .n_nodes = mesh->n_nodes };
  self.u = g_new0 (double, 3 * mesh->n_nodes + 1);
  for (gsize i = 0; i < model->n_prescribed; i++)
    {
      const OssNodal *p = &model->prescribed[i];
      gsize f = 3 * (gsize) p->node + (gsize) p->axis;
      held[f] = 1;
      self.u[f] = p->value;
    }
  g_autoptr (OssIncidence) incidence =
      oss_incidence_new (mesh->n_nodes, mesh->n_elements, oss_element_nodes (mesh->kind), mesh->elements, error);
  OssElements *elements = incidence != NULL ? oss_elements_new (mesh, tick, error) : NULL;
  double before = reset_peak ();
  self.matrix = elements != NULL ? oss_fem_assemble (model, elements, incidence, tick, error) : NULL;
  oss_elements_free (elements);
  if (self.matrix == NULL || !reduce (&self, held, error))
    return FALSE;
  for (gsize f = 0; f < 3 * mesh->n_nodes; f++)
    unknown[f] = self.number[f / 3] >= 0 ? 0 : -1;
  solution->n_unknowns = 3 * self.header.n;
  return solve_ours (&self, model, incidence, unknown, before, solution, tick, error)
         && write_equations (&self, path, error);
}

/* --- Voxels --- */

typedef struct
{
  gint32 *elements;
  OssBlockMatrix *matrix;
  const OssVoxelLevel *level;
} Assembly;

static void
take_nodes (gsize element, const gsize nodes[8], guint thread, void *data)
{
  const Assembly *self = data;
  for (gsize a = 0; a < 8; a++)
    self->elements[8 * element + a] = (gint32) nodes[a];
}

/* One after the other: elements share blocks. */
static void
add_elements (const Assembly *self)
{
  for (gsize e = 0; e < self->level->n_elements; e++)
    for (gsize a = 0; a < 8; a++)
      for (gsize b = 0; b < 8; b++)
        {
          gint32 row = self->elements[8 * e + a], column = self->elements[8 * e + b];
          if (column > row)
            continue;
          double *block = oss_block_matrix_at (self->matrix, (gsize) row, column);
          for (gsize i = 0; i < 9; i++)
            block[i] += self->level->modulus[e] * self->level->stiffness[3 * a + i / 3][3 * b + i % 3];
        }
}

static gboolean
assemble_voxels (const OssVoxelSystem *system, Equations *equations, const OssTick *tick, GError **error)
{
  const OssVoxelLevel *level = system->level[0];
  Assembly self = { .level = level };

  if ((double) level->n_nodes * 14.0 * BLOCK_BYTES > MOST_BYTES)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                   _ ("PETSc would need about %.0f GB for the matrix; %.0f GB are the most that are spent on it."),
                   (double) level->n_nodes * 14.0 * BLOCK_BYTES / 1e9, MOST_BYTES / 1e9);
      return FALSE;
    }
  g_autofree gint32 *elements = g_new (gint32, 8 * level->n_elements + 1);
  self.elements = elements;
  if (!oss_voxel_system_visit (system, take_nodes, &self, tick, error))
    return FALSE;
  g_autoptr (OssIncidence) incidence = oss_incidence_new (level->n_nodes, level->n_elements, 8, elements, error);
  self.matrix = incidence != NULL ? oss_block_matrix_new (incidence, 8, elements, tick, error) : NULL;
  equations->matrix = self.matrix;
  if (self.matrix != NULL)
    add_elements (&self);
  return self.matrix != NULL;
}

static double *
place_nodes (const OssVoxelLevel *level)
{
  double *coordinates = g_new (double, 3 * level->n_nodes + 1), *to = coordinates;

  for (gsize row = 0; row < level->points[1] * level->points[2]; row++)
    {
      gsize first, stop = 0;
      while (oss_voxel_next_run (level->node_bits + row * level->words, level->points[0], stop, &first, &stop))
        for (gsize x = first; x < stop; x++)
          {
            *to++ = (double) x * level->spacing_mm[0];
            *to++ = (double) (row % level->points[1]) * level->spacing_mm[1];
            *to++ = (double) (row / level->points[1]) * level->spacing_mm[2];
          }
    }
  return coordinates;
}

gboolean
oss_bench_voxel_equations (const gsize size[3], const guint8 *bits, const double spacing_mm[3], double tolerance,
                           const char *path, const OssTick *tick, GError **error)
{
  g_auto (Equations) self = { .header = { .tolerance = tolerance } };
  g_autoptr (OssVoxelSystem) system = oss_bench_voxel_system (size, bits, spacing_mm, &self.u, tick, error);

  if (system == NULL || !assemble_voxels (system, &self, tick, error))
    return FALSE;
  g_autofree guint8 *held = g_new0 (guint8, 3 * self.matrix->n + 1);
  g_autofree double *coordinates = place_nodes (system->level[0]);
  self.coordinates = coordinates;
  oss_voxel_system_held (system, held);
  return reduce (&self, held, error) && write_equations (&self, path, error);
}

/* --- PETSc's side --- */

static void
forget_file (void *data)
{
  GMappedFile **file = data;

  g_clear_pointer (file, g_mapped_file_unref);
  reset_peak ();
}

static gboolean
check_file (const GMappedFile *file, const char *path, Header *header, GError **error)
{
  gsize length = g_mapped_file_get_length ((GMappedFile *) file);

  if (length >= sizeof *header)
    {
      memcpy (header, g_mapped_file_get_contents ((GMappedFile *) file), sizeof *header);
      gsize blocks = header->blocks, n = header->n;
      if (memcmp (header->magic, MAGIC, sizeof MAGIC) == 0 && n < G_MAXINT32 && blocks < G_MAXSIZE / 100
          && length == sizeof *header + 8 * (n + 1) + 4 * (blocks + blocks % 2) + 72 * blocks + 48 * n)
        return TRUE;
    }
  g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("“%s” does not hold a system of equations."), path);
  return FALSE;
}

gboolean
oss_bench_gamg (const char *path, OssBenchSolution *solution, GError **error)
{
  double before = reset_peak ();
  GMappedFile *file = g_mapped_file_new (path, FALSE, error);
  Header header;

  *solution = (OssBenchSolution){ .n_elements = 0 };
  if (file == NULL || !check_file (file, path, &header, error))
    {
      g_clear_pointer (&file, g_mapped_file_unref);
      return FALSE;
    }
  const char *at = g_mapped_file_get_contents (file) + sizeof header;
  OssPetscGamg gamg = { .n = header.n, .tolerance = header.tolerance, .built = forget_file, .data = &file };
  gamg.start = (const guint64 *) (const void *) at;
  gamg.column = (const gint32 *) (gamg.start + header.n + 1);
  gamg.value = (const double *) (const void *) (gamg.column + header.blocks + header.blocks % 2);
  gamg.coordinates = gamg.value + 9 * header.blocks;
  gamg.right = gamg.coordinates + 3 * header.n;
  oss_processes.served = TRUE; /* nobody waits to be told */
  oss_processes.module->gamg (&gamg);
  solution->n_nodes = header.n;
  solution->n_unknowns = 3 * header.n;
  solution->seconds = gamg.seconds;
  solution->cpu_seconds = oss_processes_reduce (gamg.cpu_seconds, OSS_PETSC_SUM);
  solution->bytes = oss_processes_reduce (oss_memory_peak_mib () * 1048576.0 - before, OSS_PETSC_SUM);
  solution->iterations = gamg.iterations;
  solution->relative_residual = gamg.relative_residual;
  solution->reaction_n = reaction_of (&header, gamg.product);
  g_strlcpy (solution->solver, "PETSc, CG, GAMG", sizeof solution->solver);
  return TRUE;
}
