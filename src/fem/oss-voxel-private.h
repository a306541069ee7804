/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fem/oss-voxel.h"
#include "numeric/oss-cholesky.h"

G_BEGIN_DECLS

/* Kernels read whole vectors: this many elements of any array may be read beyond its end. */
#define OSS_VOXEL_PAD 64
/* Nodes that are worked on together where weights are spread over them. */
#define OSS_VOXEL_CHUNK 64
#define OSS_VOXEL_MAX_LEVELS 16
/* A level this small is the last: it is solved directly, many times a cycle. */
#define OSS_VOXEL_SMALL_NODES 900

/* Consecutive elements of one row along x, and where their nodes start in the four rows of nodes around them:
 * (y, z), (y + 1, z), (y, z + 1), (y + 1, z + 1).  16 bits hold a row of 65,000. */
typedef struct
{
  guint16 first, length;
  guint16 node[4];
} OssVoxelRun;

/* The stiffness matrix for E = 1 in Walsh-Hadamard modes: eight 3 x 3 blocks.  Block s couples the modes s ^ 1 of x,
 * s ^ 2 of y and s ^ 4 of z: a reflection of the box turns the sign of its own component. */
typedef struct
{
  double block[8][3][3];
  float single[8][3][3];
} OssVoxelBlocks;

/**
 * OssVoxelOctants: the operator of a coarse level by elements, each with a modulus for each of its octants.  On the
 * first coarse level that is just P' K P of the finest; below, an octant has the mean modulus of its bone.
 * @room: between the parts of @moduli
 * @moduli: [8][room] Walsh-Hadamard transform of the moduli of the octants of each element
 * @table: [8][3][8][3] in modes for each of them: what component i of mode s takes from component j; the mode is
 *   s ^ 1 << i ^ 1 << j ^ the modulus' number: everything is symmetric to reflections
 * @octant: [8] the matrix of an octant for E = 1
 * @special, @special_stiffness: [n_special] elements with held freedoms, ascending, with moduli 0; their P' K P,
 *   [24][24]
 */
typedef struct
{
  gsize room;
  float *moduli;
  float table[8][3][8][3];
  double octant[8][24][24];
  gsize n_special;
  guint32 *special;
  float (*special_stiffness)[24][24];
} OssVoxelOctants;

/**
 * OssVoxelLevel: the voxels of one grid, compactly.
 * @points: corners of the lattice: size + 1, on the finest level also on periodic axes, where the last is a copy of the
 *   first
 * @factor: voxels of the next finer level in one of this along each axis, 1 or 2
 * @n_nodes: nodes, copies included
 * @planes, @rows: planes of nodes along z, rows of nodes in each: the lattice's, but one row on coarser levels
 * @row_start: [planes rows + 1] nodes before each row
 * @element_start: [size_y size_z + 1]
 * @parent: (nullable): [n_nodes] where a node lies in the next coarser level: element << 5 | place, see
 *   OssVoxelPlace
 *
 * The finest level: @words and @node_bits are a bitmap of the lattice points that are nodes, @run the elements by runs,
 * @run_start [size_y size_z + 1]; @modulus [n_elements] MPa; @inverse_modulus [n_nodes] 1 / sum of the moduli around;
 * @diagonal of the element stiffness for E = 1; @fixed the held freedoms, ascending, @fixed_plane [planes + 1] the
 * first of each plane.
 *
 * Coarser levels: a voxel has as many elements as its bone has parts that do not hang together by faces within it, and
 * a lattice point as many nodes as there are elements around it that no bone connects there: struts that pass
 * each other closely stay apart (Dick, Georgii and Westermann, IEEE TVCG 17 (2011) 1663-1675, did so for cuts). @corner
 * [n_elements][8] holds the nodes, @element_x [n_elements] the place of each element in its row.  Nothing is held:
 * freedoms that move only held ones have zeros for their rows and for @inverse_sum [3 n_nodes], 1 / sum of the absolute
 * values of a row.
 *
 * A vector has three components per node: freedom 3 node + c.
 */
typedef struct
{
  gsize size[3], points[3];
  gboolean periodic[3];
  gsize factor[3];
  double spacing_mm[3];
  gsize n_nodes, n_elements, n_runs, n_fixed;
  gsize planes, rows;
  gsize words;
  guint64 *node_bits;
  gsize *row_start, *run_start, *element_start;
  OssVoxelRun *run;
  gint32 *corner;
  guint16 *element_x;
  guint32 *parent;
  float *modulus, *inverse_modulus;
  OssVoxelOctants *octants;
  float *inverse_sum;
  gsize *fixed;
  gsize *fixed_plane;
  double stiffness[24][24]; /* for E = 1 */
  double diagonal[3];
  double largest; /* bound of the eigenvalues of D^-1 K; that of one element on the finest level, whatever the moduli */
  OssVoxelBlocks blocks;
  gsize largest_plane; /* nodes */
  float *x, *y, *b;    /* vectors of the cycle */
  double bytes;
} OssVoxelLevel;

static inline gsize
oss_voxel_row_nodes (const OssVoxelLevel *level, gsize row)
{
  return level->row_start[row + 1] - level->row_start[row];
}

/* First freedom of a plane of nodes; of the plane after the last: the number of freedoms. */
static inline gsize
oss_voxel_plane_start (const OssVoxelLevel *level, gsize plane)
{
  return 3 * level->row_start[plane * level->rows];
}

/* Weights of the smoother for the freedoms of @n nodes from @node on, at most OSS_VOXEL_CHUNK; @buffer: room. */
static inline const float *
oss_voxel_weights (const OssVoxelLevel *level, gsize node, gsize n, float buffer[3 * OSS_VOXEL_CHUNK])
{
  float x = (float) (1.0 / level->diagonal[0]), y = (float) (1.0 / level->diagonal[1]),
        z = (float) (1.0 / level->diagonal[2]);

  if (level->inverse_sum != NULL)
    return level->inverse_sum + 3 * node;
  for (gsize i = 0; i < n; i++)
    {
      float inverse = level->inverse_modulus[node + i];
      buffer[3 * i] = x * inverse;
      buffer[3 * i + 1] = y * inverse;
      buffer[3 * i + 2] = z * inverse;
    }
  return buffer;
}

/* Fills @modulus with the moduli of the elements of row (y, z) that are set in the bitmap, in order. */
typedef void (*OssVoxelFill) (gsize y, gsize z, float *modulus, void *data);

/* Elements as bitmap of @words words a row, [z][y][words]. */
typedef struct
{
  gsize size[3];
  gsize words;
  guint64 *bits;
} OssVoxelBits;

gboolean oss_voxel_bits_init (OssVoxelBits *self, const gsize size[3], GError **error);
void oss_voxel_bits_clear (OssVoxelBits *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OssVoxelBits, oss_voxel_bits_clear)

static inline guint64 *
oss_voxel_bits_row (const OssVoxelBits *self, gsize y, gsize z)
{
  return self->bits + (z * self->size[1] + y) * self->words;
}

/* The next run of set bits at or after @from in a row of @n bits; FALSE when there is none. */
gboolean oss_voxel_next_run (const guint64 *row, gsize n, gsize from, gsize *first, gsize *end);
/* Set bits before place @i. */
gsize oss_voxel_rank (const guint64 *row, gsize i);

/* Checks the model and marks its bone; oss_voxel_bits_clear() in any case. */
gboolean oss_voxel_image_read (const OssVoxelModel *model, OssVoxelBits *bits, const OssTick *tick, GError **error);

typedef struct
{
  const OssVoxelModel *model;
  const OssVoxelBits *bits;
} OssVoxelImageRow;

/* An OssVoxelFill of the model's moduli; @data: OssVoxelImageRow. */
void oss_voxel_image_fill (gsize y, gsize z, float *modulus, void *data);

OssVoxelLevel *oss_voxel_level_new (const OssVoxelBits *bits, const double spacing_mm[3], const gboolean periodic[3],
                                    double poisson, OssVoxelFill fill, void *data, const OssTick *tick, GError **error);
void oss_voxel_level_free (OssVoxelLevel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVoxelLevel, oss_voxel_level_free)

/* A level without nodes: sizes, element matrix, rows. */
OssVoxelLevel *oss_voxel_level_begin (const gsize size[3], const double spacing_mm[3], const gboolean periodic[3],
                                      double poisson, GError **error);
/* Memory that counts as the level's; NULL with OSS_ERROR_OUT_OF_MEMORY. */
void *oss_voxel_level_room (OssVoxelLevel *self, gsize n, gsize size, GError **error);

/* Freedom of a lattice point (copies are points of their own), or G_MAXSIZE. */
gsize oss_voxel_level_freedom (const OssVoxelLevel *self, const gsize at[3], int axis);
/* Sorts and takes (transfer full) the held freedoms, gsize; those that are listed twice once. */
gboolean oss_voxel_level_take_fixed (OssVoxelLevel *self, GArray *fixed, GError **error);
/* Copies of a canonical point: all points of the lattice that are the same one; how many (1, 2, 4 or 8). */
int oss_voxel_level_copies (const OssVoxelLevel *self, const gsize at[3], gsize copies[8][3]);

/* The bitmap of @image without islands; labels of parts by runs are not kept. */
typedef struct
{
  gsize n_islands, n_island_voxels, n_parts;
} OssVoxelParts;
gboolean oss_voxel_remove_islands (const OssVoxelModel *model, OssVoxelBits *bits, OssVoxelParts *parts,
                                   const OssTick *tick, GError **error);

void oss_voxel_blocks_init (OssVoxelBlocks *self, const double stiffness[24][24]);
/* +1 or -1: mode @mode at corner @node. */
double oss_voxel_mode_sign (int mode, int node);
/* Largest eigenvalue of D^-1 K of one element, @diagonal: its D. */
double oss_voxel_blocks_largest (const OssVoxelBlocks *self, const double diagonal[3]);

typedef enum
{
  OSS_VOXEL_FLOAT,        /* float in, float out */
  OSS_VOXEL_FLOAT_DOUBLE, /* float in, computed and given out in double */
  OSS_VOXEL_DOUBLE,
} OssVoxelPrecision;

/* Adds what the elements of row (y, z) do to their nodes: @lower is the plane of nodes z, @upper z + 1, four numbers
 * a node, of which the last stays 0. */
typedef void (*OssVoxelRowFunc) (const OssVoxelLevel *level, gsize y, gsize z, const void *u, void *lower, void *upper);

/* Adds what the elements of layer z of a coarser level do to their nodes, as above. */
typedef void (*OssVoxelLayerFunc) (const OssVoxelLevel *level, gsize z, const float *u, float *lower, float *upper);

/* x' = x + a (x - x_old) + c D^-1 (b - A x), written over x_old; @old FALSE: x_old counts as x (first step),
 * @zero: x_old counts as 0. */
typedef struct
{
  const float *x, *b;
  float *out;
  float across, along; /* a, c */
  int old;             /* 0: none, 1: in @out, 2: zero */
} OssVoxelStep;

/* Kernels for one kind of processor. */
typedef struct
{
  const char *name;
  OssVoxelRowFunc row[3]; /* by OssVoxelPrecision */
  OssVoxelLayerFunc octants;
  void (*step) (const OssVoxelLevel *level, gsize plane, const float *ax, const OssVoxelStep *step);
} OssVoxelKernels;

const OssVoxelKernels *oss_voxel_kernels (void);
/* The same by the dense matrix in double, one element after the other. */
void oss_voxel_row_plain (const OssVoxelLevel *level, gsize y, gsize z, const double *u, double *lower, double *upper);
/* Kernels by place, for tests and benchmarks: NULL past the last that this processor can run. */
const OssVoxelKernels *oss_voxel_kernels_nth (guint n);
void oss_voxel_kernels_choose (const OssVoxelKernels *kernels);

/* Buffers of the threads. */
typedef struct
{
  guint n;
  gsize bytes;
  void **buffer;
  const OssTick *tick; /* (nullable): a sweep ends early, with nothing of use, when asked to stop */
} OssVoxelWork;

/* @nodes: of the largest plane that will be worked on. */
gboolean oss_voxel_work_prepare (OssVoxelWork *self, gsize nodes, GError **error);
void oss_voxel_work_clear (OssVoxelWork *self);

typedef struct _OssVoxelSweep OssVoxelSweep;
/* @ax: K u of a whole plane of nodes, freedoms @begin .. @begin + @n - 1; may be changed. */
typedef void (*OssVoxelFinish) (const OssVoxelSweep *sweep, gsize plane, gsize begin, gsize n, void *ax);

/**
 * OssVoxelSweep: one pass of the operator over a level.
 * @u: the vector
 * @constrained: rows of held freedoms give 0
 * @plain: use the dense matrix (OSS_VOXEL_DOUBLE only)
 * @finish: told of each plane once it is complete, on the thread that made it; planes in no order
 *
 * Each plane of nodes sums the layer of elements below and then the one above, rows ascending: the same bits whatever
 * the threads.
 */
struct _OssVoxelSweep
{
  const OssVoxelLevel *level;
  OssVoxelPrecision precision;
  const void *u;
  gboolean constrained, plain;
  OssVoxelFinish finish;
  void *data;
  double *sum; /* (nullable): [points_z] for partial sums */
};

void oss_voxel_sweep (const OssVoxelSweep *self, OssVoxelWork *work);

/* Sums over planes, in order. */
double oss_voxel_sum_planes (const OssVoxelLevel *level, const double *sum);

/* The equations of the coarsest level, factorised: by rows within the envelope, or by CHOLMOD where that is too much.
 */
typedef struct _OssVoxelCoarsest OssVoxelCoarsest;
/* @shift: this share of the diagonal is added: where rigid motions are free */
OssVoxelCoarsest *
oss_voxel_coarsest_new (const OssVoxelLevel *level, double shift, const OssTick *tick, GError **error);
void oss_voxel_coarsest_free (OssVoxelCoarsest *self);
double oss_voxel_coarsest_bytes (const OssVoxelCoarsest *self);
/* x = A^-1 b on the coarsest level. */
void oss_voxel_coarsest_solve (OssVoxelCoarsest *self, const OssVoxelLevel *level, const float *b, float *x);

/**
 * OssVoxelPlace: how a node is interpolated from the corners of a coarse element; the place is 9 z + 3 y + x with 0, 1,
 * 2 for the lower side, the middle, the upper side.  Corners of two elements that meet at a node come in the same
 * order.
 */
typedef struct
{
  int n;
  guint8 corner[8];
  float weight[8];
} OssVoxelPlace;

void oss_voxel_places (OssVoxelPlace places[27]);

/* coarse = P' fine. */
void oss_voxel_restrict (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to,
                         OssVoxelWork *work);
/* fine += P coarse, zero at held freedoms. */
void oss_voxel_prolong (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to);
/* fine = P coarse, zero at held freedoms. */
void oss_voxel_interpolate (const OssVoxelLevel *fine, const OssVoxelLevel *coarse, const float *from, float *to);

/**
 * OssVoxelPart: what makes a system one process's part of a larger one.  All call these at once.
 * @n_levels: of the larger system
 * @ax: a vector of the largest level
 * @sum: what the processes have at nodes of several becomes the sum of all, with the same bits in each
 * @leave: 0 at the nodes that belong to another process: each belongs to one
 * @solve: x of the last level from b and, unless @from_zero, from x
 */
typedef struct
{
  void *data;
  int n_levels;
  float *ax;
  void (*sum) (void *data, int level, float *vector);
  void (*leave) (void *data, int level, float *vector);
  void (*solve) (void *data, gboolean from_zero);
} OssVoxelPart;

/* @top: the first of the levels; those above are in another system
 * @one_sided: the cycle smooths only after visits: not symmetric, and not for a part */
struct _OssVoxelSystem
{
  int top, n_levels;
  gboolean one_sided;
  OssVoxelLevel *level[OSS_VOXEL_MAX_LEVELS];
  const OssVoxelPart *part; /* (nullable) */
  OssVoxelWork work;
  OssVoxelCoarsest *coarsest;
  double poisson;
  gsize *public_start; /* (nullable): [rows + 1] public number of the first node of each row; NULL without copies */
  gsize n_public_nodes, n_unknowns;
  OssVoxelFreedom *held, *loaded;
  gsize n_held, n_loaded;
  OssVoxelParts parts;
  int n_motions;
  double motion[6][6]; /* free rigid motions, orthonormal over all nodes, as combinations of oss_voxel_rigid() */
  double middle_mm[3], extent_mm;
};

/* The six rigid motions at a point: translations, then rotations over the extent. */
void oss_voxel_rigid (const OssVoxelSystem *self, const double at_mm[3], double motion[6][3]);
/* Finds the rigid motions that no held freedom resists. */
void oss_voxel_find_motions (OssVoxelSystem *self);
/* Products of a vector of the finest level with the free motions; then takes them out. */
void oss_voxel_motion_products (const OssVoxelSystem *self, const float *vector, double product[6]);
void oss_voxel_take_motions_out (const OssVoxelSystem *self, double *vector);
void oss_voxel_take_motions_out_float (const OssVoxelSystem *self, float *vector);
/* The motion in words, for messages. */
char *oss_voxel_motion_text (const OssVoxelSystem *self, int motion);

/* Sum over a plane of a b, both from its first freedom on, copies of periodic points once. */
double oss_voxel_plane_dot (const OssVoxelLevel *level, gsize plane, const double *a, const double *b);
double oss_voxel_plane_dot_mixed (const OssVoxelLevel *level, gsize plane, const float *a, const double *b);
double oss_voxel_plane_dot_float (const OssVoxelLevel *level, gsize plane, const float *a, const float *b);

/* Freedom in the vectors of the finest level, or G_MAXSIZE. */
gsize oss_voxel_system_freedom (const OssVoxelSystem *self, const OssVoxelFreedom *freedom);
/* Vectors of a solution, bytes. */
double oss_voxel_solve_bytes (const OssVoxelSystem *self);
/* FALSE with OSS_ERROR_OUT_OF_MEMORY, both numbers told, when there are less than @needed bytes. */
gboolean oss_voxel_check_room (const OssVoxelSystem *self, double needed, GError **error);

static inline gsize
oss_voxel_public_row (const OssVoxelSystem *self, gsize row)
{
  return self->public_start != NULL ? self->public_start[row] : self->level[0]->row_start[row];
}

/* Between vectors [n_nodes][3] and those of the finest level; the first works in place. */
void oss_voxel_to_public (const OssVoxelSystem *self, double *vector);
void oss_voxel_from_public (const OssVoxelSystem *self, const double *vector, double *internal);

/* Adds strain times position to a vector of the finest level. */
void oss_voxel_add_homogeneous (const OssVoxelSystem *self, const double strain[6], double factor, double *vector);

/* x = M b on the finest level: from level[0]->b to the vector given back, which is level[0]->x or ->y. */
float *oss_voxel_cycle (OssVoxelSystem *self, const OssTick *tick);
/* One visit to level @l and those below: its x from b, and from x unless @from_zero. */
void oss_voxel_visit_level (OssVoxelSystem *self, int l, gboolean from_zero);
/* Vectors of all levels; memory they take, bytes. */
gboolean oss_voxel_cycle_prepare (OssVoxelSystem *self, GError **error);
double oss_voxel_cycle_bytes (const OssVoxelSystem *self);
/* Octants of the finest level; the weights of P from coarse element to the child in octant @octant. */
void oss_voxel_child_weights (const gsize factor[3], guint octant, double weight[8][8]);
/* to += scale W' K W; @held: bit 3 corner + axis of the freedoms of K that are left out. */
void oss_voxel_add_projected (double weight[8][8], const double stiffness[24][24], double scale, guint32 held,
                              double to[24][24]);
OssVoxelOctants *oss_voxel_octants_new (const OssVoxelLevel *fine, const gsize factor[3]);
/* Takes the moduli of the octants, [n_elements][8]. */
gboolean oss_voxel_octants_fill (OssVoxelLevel *level, const float *moduli, GError **error);
void oss_voxel_octants_free (OssVoxelOctants *self);
/* Stiffness of an element of the first coarse level. */
void oss_voxel_octants_stiffness (const OssVoxelLevel *level, gsize element, double stiffness[24][24]);
/* Inverse sums of the rows, by which smoothing is weighted: with them no eigenvalue is above 1, be the parts of bone in
 * an element as they may (Baker, Falgout, Kolev and Yang, SIAM J. Sci. Comput. 33 (2011) 2864-2887).  First the sums;
 * the largest of them; then their inverses, 0 where nothing moves. */
gboolean oss_voxel_sum_rows (OssVoxelLevel *level, GError **error);
float oss_voxel_largest_row (const OssVoxelLevel *level);
void oss_voxel_invert_rows (OssVoxelLevel *level, float largest);

/* --- Coarser levels --- */

/* Voxels of a level in one of the next along each axis; FALSE when it cannot be coarser. */
gboolean
oss_voxel_choose_factors (const gsize size[3], const double spacing_mm[3], const gboolean periodic[3], gsize factor[3]);

/**
 * OssVoxelCoarsening: a coarser level in the making: its elements are known, and which of their corners are one node
 * because a finer node lies between them.  There may be more that the level's neighbours in a larger one know.
 */
typedef struct _OssVoxelCoarsening OssVoxelCoarsening;
OssVoxelCoarsening *oss_voxel_coarsening_new (OssVoxelLevel *fine, const gsize factor[3], double poisson,
                                              const OssTick *tick, GError **error);
/* Corners that a finer node is interpolated from, 8 element + corner, each by the first of those that are one node; how
 * many.  The order is the same for every element that the finer node touches. */
int oss_voxel_coarsening_corners (OssVoxelCoarsening *self, gsize node, guint32 corner[8]);
/* Makes two corners one node. */
void oss_voxel_coarsening_join (OssVoxelCoarsening *self, guint32 a, guint32 b);
/* (transfer full): with oss_voxel_sum_rows() done, oss_voxel_invert_rows() not; once. */
OssVoxelLevel *oss_voxel_coarsening_finish (OssVoxelCoarsening *self, GError **error);
void oss_voxel_coarsening_free (OssVoxelCoarsening *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssVoxelCoarsening, oss_voxel_coarsening_free)

/* Elements of a coarser level, by rows. @x: [n]; @moduli: [n][8] of their octants; @class: [n][8], below @n_classes:
 * corners of the same class are one node; @special, @special_stiffness: (transfer full), as in OssVoxelOctants. */
typedef struct
{
  gsize n, n_classes, n_special;
  const guint16 *x;
  const float *moduli;
  const guint32 *class;
  guint32 *special;
  float (*special_stiffness)[24][24];
} OssVoxelCoarseElements;

/* A level without elements, of @size voxels; then takes them, where element_start is known. */
OssVoxelLevel *oss_voxel_level_begin_coarse (const OssVoxelLevel *fine, const gsize size[3], const gsize factor[3],
                                             double poisson, GError **error);
gboolean oss_voxel_level_fill_coarse (OssVoxelLevel *coarse, const OssVoxelCoarseElements *elements, GError **error);

/* The coarser levels. */
gboolean oss_voxel_build_coarse (OssVoxelSystem *self, const OssTick *tick, GError **error);

G_END_DECLS
