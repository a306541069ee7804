/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The element kernels for one number of lanes, one precision and one kind of processor: included by oss-voxel-kernel.c
 * with REAL, IN, INT, LANES, BLOCKS and NAME defined.
 *
 * Vectors are read a node (x, y, z and what follows) at a time, transposed to vectors of x, of y and of z, and given
 * back to sums of four numbers a node, so that no store is read again in other pieces than it was written.
 *
 * On the finest level lanes are nodes along x, those of several runs side by side; a lane holds the element that begins
 * at its node, and at the end of a run none (modulus 0).  Butterflies over y and z are additions of whole vectors from
 * four rows, and serve both elements at a node; the one over x is the difference with the vector moved by one lane.
 * Then the 24 x 24 matrix falls into 3 x 3 blocks (OssVoxelBlocks), of which those entries are left out that are zero
 * in any box: rigid translations, and homogeneous shear against warping. */

#define CAT_(a, b) a##_##b
#define CAT(a, b) CAT_ (a, b)
#define FN(name) CAT (name, NAME)

typedef REAL FN (Vector) __attribute__ ((vector_size (LANES * sizeof (REAL))));
typedef INT FN (Mask) __attribute__ ((vector_size (LANES * sizeof (REAL))));
typedef IN FN (InputNode) __attribute__ ((vector_size (4 * sizeof (IN))));
typedef REAL FN (Node) __attribute__ ((vector_size (4 * sizeof (REAL))));
typedef float FN (Moduli) __attribute__ ((vector_size (LANES * sizeof (float))));
typedef gint32 FN (Indices) __attribute__ ((vector_size (LANES * sizeof (gint32))));
typedef guint32 FN (Pairs) __attribute__ ((vector_size (LANES / 2 * sizeof (guint32))));
typedef IN FN (InputPair) __attribute__ ((vector_size (8 * sizeof (IN))));
typedef REAL FN (Pair) __attribute__ ((vector_size (8 * sizeof (REAL))));
#define V FN (Vector)
#define M FN (Mask)

/* clang-format off */
/* A shuffle within each node: entries LANES + i are those of the second vector. */
#define NODE(g, a, b, c, d) g + a, g + b, g + c, g + d
/* Pairs of nodes are eight numbers, of which six count: x, then y, then z of those in two vectors. */
#if LANES == 16
#define NUMBERS { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }
#define NEXT { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15 }
#define PREVIOUS { 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 }
#define EVEN { 0, 2, 4, 6, 8, 10, 12, 14 }
#define NODES(a, b, c, d) \
  (M) { NODE (0, a, b, c, d), NODE (4, a, b, c, d), NODE (8, a, b, c, d), NODE (12, a, b, c, d) }
#define PAIRS_XY (M) { 0, 3, 8, 11, 16, 19, 24, 27, 1, 4, 9, 12, 17, 20, 25, 28 }
#define PAIRS_Z (M) { 2, 5, 10, 13, 18, 21, 26, 29, 2, 5, 10, 13, 18, 21, 26, 29 }
#define LOW_HALVES (M) { 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23 }
#define HIGH_HALVES (M) { 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31 }
#elif LANES == 8
#define NUMBERS { 0, 1, 2, 3, 4, 5, 6, 7 }
#define NEXT { 1, 2, 3, 4, 5, 6, 7, 7 }
#define PREVIOUS { 8, 0, 1, 2, 3, 4, 5, 6 }
#define EVEN { 0, 2, 4, 6 }
#define NODES(a, b, c, d) (M) { NODE (0, a, b, c, d), NODE (4, a, b, c, d) }
#define PAIRS_XY (M) { 0, 3, 8, 11, 1, 4, 9, 12 }
#define PAIRS_Z (M) { 2, 5, 10, 13, 2, 5, 10, 13 }
#define LOW_HALVES (M) { 0, 1, 2, 3, 8, 9, 10, 11 }
#define HIGH_HALVES (M) { 4, 5, 6, 7, 12, 13, 14, 15 }
#else
#define NUMBERS { 0, 1, 2, 3 }
#define NEXT { 1, 2, 3, 3 }
#define PREVIOUS { 4, 0, 1, 2 }
#define EVEN { 0, 2 }
#define NODES(a, b, c, d) (M) { NODE (0, a, b, c, d) }
#endif
/* clang-format on */
#define LANE_NUMBERS ((M) NUMBERS)
#define LOW_SINGLES NODES (0, LANES, 1, LANES + 1)
#define HIGH_SINGLES NODES (2, LANES + 2, 3, LANES + 3)
#define LOW_PAIRS NODES (0, 1, LANES, LANES + 1)
#define HIGH_PAIRS NODES (2, 3, LANES + 2, LANES + 3)

/* Four vectors of every fourth node to x, y and z. */
static inline __attribute__ ((always_inline)) void
FN (transpose) (const V fourth[4], V out[3])
{
  V low_ab = __builtin_shuffle (fourth[0], fourth[1], LOW_SINGLES),
    low_cd = __builtin_shuffle (fourth[2], fourth[3], LOW_SINGLES),
    high_ab = __builtin_shuffle (fourth[0], fourth[1], HIGH_SINGLES),
    high_cd = __builtin_shuffle (fourth[2], fourth[3], HIGH_SINGLES);
  out[0] = __builtin_shuffle (low_ab, low_cd, LOW_PAIRS);
  out[1] = __builtin_shuffle (low_ab, low_cd, HIGH_PAIRS);
  out[2] = __builtin_shuffle (high_ab, high_cd, LOW_PAIRS);
}

/* x, y and z of LANES nodes, that begin at from + at[], each and the one after it. */
static inline __attribute__ ((always_inline)) void
FN (gather_pairs) (const IN *from, const guint32 at[LANES / 2], V out[3])
{
#if LANES == 4
  V node[4];
  for (gsize i = 0; i < 4; i++)
    {
      FN (InputNode) in;
      memcpy (&in, from + at[i / 2] + 3 * (i % 2), sizeof in);
      node[i] = __builtin_convertvector(in, FN (Node));
    }
  FN (transpose) (node, out);
#else
  FN (Pair) pair[LANES / 2];
  V whole[4];
  for (gsize i = 0; i < LANES / 2; i++)
    {
      FN (InputPair) in;
      memcpy (&in, from + at[i], sizeof in);
      pair[i] = __builtin_convertvector(in, FN (Pair));
    }
  for (gsize i = 0; i < 4; i++)
#if LANES == 16
    whole[i] =
        __builtin_shufflevector (pair[2 * i], pair[2 * i + 1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    whole[i] = pair[i];
#endif
  V low_xy = __builtin_shuffle (whole[0], whole[1], PAIRS_XY), low_z = __builtin_shuffle (whole[0], whole[1], PAIRS_Z),
    high_xy = __builtin_shuffle (whole[2], whole[3], PAIRS_XY),
    high_z = __builtin_shuffle (whole[2], whole[3], PAIRS_Z);
  out[0] = __builtin_shuffle (low_xy, high_xy, LOW_HALVES);
  out[1] = __builtin_shuffle (low_xy, high_xy, HIGH_HALVES);
  out[2] = __builtin_shuffle (low_z, high_z, LOW_HALVES);
#endif
}

/* x, y and z by nodes: node i is [i % 4][i / 4]. */
typedef union
{
  V fourth[4];
  FN (Node) node[4][LANES / 4];
} FN (Nodes);

static inline __attribute__ ((always_inline)) void
FN (to_nodes) (const V *x, const V *y, const V *z, FN (Nodes) * out)
{
  const V zero = { 0 };
  V low_xy = __builtin_shuffle (*x, *y, LOW_SINGLES), low_z = __builtin_shuffle (*z, zero, LOW_SINGLES);
  V high_xy = __builtin_shuffle (*x, *y, HIGH_SINGLES), high_z = __builtin_shuffle (*z, zero, HIGH_SINGLES);
  out->fourth[0] = __builtin_shuffle (low_xy, low_z, LOW_PAIRS);
  out->fourth[1] = __builtin_shuffle (low_xy, low_z, HIGH_PAIRS);
  out->fourth[2] = __builtin_shuffle (high_xy, high_z, LOW_PAIRS);
  out->fourth[3] = __builtin_shuffle (high_xy, high_z, HIGH_PAIRS);
}

static inline __attribute__ ((always_inline)) void
FN (add_node) (REAL *to, const FN (Nodes) * nodes, gsize i)
{
  *(FN (Node) *) (void *) to += nodes->node[i % 4][i / 4];
}

static inline __attribute__ ((always_inline)) void
FN (modes) (const V v[4], V mode[8])
{
  V s0 = v[1] + v[0], d0 = v[1] - v[0], s1 = v[3] + v[2], d1 = v[3] - v[2];
  V column[4] = { s1 + s0, d1 + d0, s1 - s0, d1 - d0 };
  for (int m = 0; m < 4; m++)
    {
      V other = __builtin_shuffle (column[m], (M) NEXT);
      mode[2 * m] = other + column[m];
      mode[2 * m + 1] = other - column[m];
    }
}

/* What modes() takes apart, put on the four rows of nodes. */
static inline __attribute__ ((always_inline)) void
FN (rows_of) (const V force[8], V v[4])
{
  const V zero = { 0 };
  V column[4];

  for (int m = 0; m < 4; m++)
    column[m] =
        force[2 * m] - force[2 * m + 1] + __builtin_shuffle (force[2 * m] + force[2 * m + 1], zero, (M) PREVIOUS);
  V s0 = column[0] - column[2], d0 = column[1] - column[3], s1 = column[0] + column[2], d1 = column[1] + column[3];
  v[0] = s0 - d0, v[1] = s0 + d0, v[2] = s1 - d1, v[3] = s1 + d1;
}

#define TERM(s, i, j, mode) (b[s][i][j] * u[j][mode])

/* f = E B u in modes. */
static inline __attribute__ ((always_inline)) void
FN (multiply) (const REAL (*b)[3][3], const V *modulus, V u[3][8], V f[3][8])
{
  const V e = *modulus;

  f[0][1] = e * (TERM (0, 0, 0, 1) + TERM (0, 0, 1, 2) + TERM (0, 0, 2, 4));
  f[1][2] = e * (TERM (0, 1, 0, 1) + TERM (0, 1, 1, 2) + TERM (0, 1, 2, 4));
  f[2][4] = e * (TERM (0, 2, 0, 1) + TERM (0, 2, 1, 2) + TERM (0, 2, 2, 4));
  f[0][6] = e * (TERM (7, 0, 0, 6) + TERM (7, 0, 1, 5) + TERM (7, 0, 2, 3));
  f[1][5] = e * (TERM (7, 1, 0, 6) + TERM (7, 1, 1, 5) + TERM (7, 1, 2, 3));
  f[2][3] = e * (TERM (7, 2, 0, 6) + TERM (7, 2, 1, 5) + TERM (7, 2, 2, 3));
  f[1][3] = e * (TERM (1, 1, 1, 3) + TERM (1, 1, 2, 5));
  f[2][5] = e * (TERM (1, 2, 1, 3) + TERM (1, 2, 2, 5));
  f[0][3] = e * (TERM (2, 0, 0, 3) + TERM (2, 0, 2, 6));
  f[2][6] = e * (TERM (2, 2, 0, 3) + TERM (2, 2, 2, 6));
  f[0][5] = e * (TERM (4, 0, 0, 5) + TERM (4, 0, 1, 6));
  f[1][6] = e * (TERM (4, 1, 0, 5) + TERM (4, 1, 1, 6));
  f[0][2] = e * (TERM (3, 0, 0, 2) + TERM (3, 0, 1, 1));
  f[1][1] = e * (TERM (3, 1, 0, 2) + TERM (3, 1, 1, 1));
  f[0][4] = e * (TERM (5, 0, 0, 4) + TERM (5, 0, 2, 1));
  f[2][1] = e * (TERM (5, 2, 0, 4) + TERM (5, 2, 2, 1));
  f[1][4] = e * (TERM (6, 1, 1, 4) + TERM (6, 1, 2, 2));
  f[2][2] = e * (TERM (6, 2, 1, 4) + TERM (6, 2, 2, 2));
  f[2][7] = e * TERM (3, 2, 2, 7);
  f[1][7] = e * TERM (5, 1, 1, 7);
  f[0][7] = e * TERM (6, 0, 0, 7);
  f[0][0] = f[1][0] = f[2][0] = (V){ 0 };
}

/* Lanes being filled: where the even nodes of the four rows begin in vectors and in sums, and the moduli of the
 * elements that begin at each node. */
typedef struct
{
  const IN *from[4];
  REAL *to[4];
  guint32 read[4][LANES], add[4][LANES];
  FN (Moduli) modulus;
  gsize n;
} FN (Lanes);

/* The next elements of a run from @first on, and the node after them; how many there was room for.  Fills all lanes
 * from the first on: those after the last node are real nodes too, and get 0. */
static inline __attribute__ ((always_inline)) gsize
FN (take) (FN (Lanes) * self, const OssVoxelRun *run, gsize first, const float *modulus)
{
  gsize n = MIN (run->length - first, LANES - 1 - self->n);
  const FN (Indices) place = (FN (Indices)) NUMBERS - (gint32) self->n;
  const FN (Indices) taken = (place >= 0) & (place < (gint32) n);
  FN (Moduli) moduli;

  memcpy (&moduli, modulus, sizeof moduli);
  moduli = __builtin_shuffle (moduli, place);
  self->modulus = (FN (Moduli)) (((FN (Indices)) moduli & taken) | ((FN (Indices)) self->modulus & ~taken));
  for (int r = 0; r < 4; r++)
    {
      const FN (Pairs) node = (FN (Pairs)) EVEN + (guint32) (run->node[r] + first);
      const FN (Pairs) read = 3 * node, add = 4 * node;
      memcpy (self->read[r] + self->n / 2, &read, sizeof read);
      memcpy (self->add[r] + self->n / 2, &add, sizeof add);
    }
  self->n += (n + 2) / 2 * 2;
  return n;
}

static inline __attribute__ ((always_inline)) void
FN (flush) (FN (Lanes) * self, const REAL (*b)[3][3])
{
  V row[4][3], column[3][4], u[3][8], f[3][8], e = __builtin_convertvector(self->modulus, V);

  for (int r = 0; r < 4; r++)
    FN (gather_pairs) (self->from[r], self->read[r], row[r]);
  for (int c = 0; c < 3; c++)
    {
      const V v[4] = { row[0][c], row[1][c], row[2][c], row[3][c] };
      FN (modes) (v, u[c]);
    }
  FN (multiply) (b, &e, u, f);
  for (int c = 0; c < 3; c++)
    FN (rows_of) (f[c], column[c]);
  for (int r = 0; r < 4; r++)
    {
      FN (Nodes) nodes;
      FN (to_nodes) (&column[0][r], &column[1][r], &column[2][r], &nodes);
#pragma GCC unroll 16 * UNROLLED
      for (gsize i = 0; i < LANES; i++)
        FN (add_node) (self->to[r] + self->add[r][i / 2] + 4 * (i % 2), &nodes, i);
    }
  self->n = 0;
  self->modulus = (FN (Moduli)){ 0.0f };
}

static void
FN (row) (const OssVoxelLevel *level, gsize y, gsize z, const void *vector, void *lower, void *upper)
{
  gsize row = z * level->size[1] + y;
  const float *modulus = level->modulus + level->element_start[row];
  FN (Lanes) lanes;

  lanes.n = 0;
  lanes.modulus = (FN (Moduli)){ 0.0f };

  for (gsize r = 0; r < 4; r++)
    {
      gsize plane = z + r / 2, nodes = level->row_start[plane * level->points[1] + y + r % 2];
      lanes.from[r] = (const IN *) vector + 3 * nodes;
      lanes.to[r] = (REAL *) (r < 2 ? lower : upper) + 4 * (nodes - level->row_start[plane * level->points[1]]);
    }
  gsize r = level->run_start[row], end = level->run_start[row + 1], first = 0;
  while (r < end)
    {
      while (r < end && lanes.n + 1 < LANES)
        {
          gsize n = FN (take) (&lanes, &level->run[r], first, modulus);
          first += n;
          modulus += n;
          if (first == level->run[r].length)
            r++, first = 0;
        }
      FN (flush) (&lanes, level->blocks.BLOCKS);
    }
}

#ifdef OCTANTS
/* Butterflies over the three axes: nodes to modes, or, with the sides exchanged, modes to nodes. */
static inline __attribute__ ((always_inline)) void
FN (butterflies) (V v[8], int back)
{
  for (int k = 1; k < 8; k *= 2)
    for (int i = 0; i < 8; i++)
      if ((i & k) == 0)
        {
          V low = v[i], high = v[i | k];
          v[i] = back ? low - high : high + low;
          v[i | k] = back ? low + high : high - low;
        }
}

/* x, y and z of LANES nodes, that begin at from + at[8 i]. */
static inline __attribute__ ((always_inline)) void
FN (gather) (const IN *from, const guint32 *at, V out[3])
{
  V fourth[4];
  for (gsize k = 0; k < 4; k++)
    {
      FN (Node) node[LANES / 4];
      for (gsize i = 0; i < LANES / 4; i++)
        memcpy (&node[i], from + at[8 * (4 * i + k)], sizeof node[i]);
#if LANES == 16
      fourth[k] = __builtin_shufflevector (__builtin_shufflevector (node[0], node[1], 0, 1, 2, 3, 4, 5, 6, 7),
                                           __builtin_shufflevector (node[2], node[3], 0, 1, 2, 3, 4, 5, 6, 7), 0, 1, 2,
                                           3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif LANES == 8
      fourth[k] = __builtin_shufflevector (node[0], node[1], 0, 1, 2, 3, 4, 5, 6, 7);
#else
      fourth[k] = node[0];
#endif
    }
  FN (transpose) (fourth, out);
}

/* What a layer reads and adds to: vectors of which the first node of each plane is known. */
typedef struct
{
  const float *from;
  float *to[2];
} FN (Planes);

static FN (Planes) FN (planes) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  gsize next = (z + 1) % level->planes;
  return (FN (Planes)){ vector, { lower - 4 * level->row_start[z], upper - 4 * level->row_start[next] } };
}

/* f = sum over the moduli of e times their part of the matrix, in modes.  Unrolled for the zeros to go. */
static inline __attribute__ ((always_inline)) void
FN (multiply_octants) (const OssVoxelOctants *octants, const V e[8], const V u[24], V f[24])
{
#pragma GCC unroll 3 * UNROLLED
  for (unsigned i = 0; i < 3; i++)
#pragma GCC unroll 8 * UNROLLED
    for (unsigned s = 0; s < 8; s++)
      {
        V sum = { 0 };
#pragma GCC unroll 8 * UNROLLED
        for (unsigned m = 0; m < 8; m++)
          if (coupled[m][i][s] != 0)
            {
              V part = { 0 };
#pragma GCC unroll 3 * UNROLLED
              for (unsigned j = 0; j < 3; j++)
                if ((coupled[m][i][s] >> j & 1) != 0)
                  part += octants->table[m][i][s][j] * u[8 * j + (s ^ 1u << i ^ 1u << j ^ m)];
              sum += e[m] * part;
            }
        f[8 * i + s] = sum;
      }
}

typedef float FN (Eight) __attribute__ ((vector_size (32)));

/* Elements with held freedoms, by their own matrices. */
static void
FN (special) (const OssVoxelLevel *level, gsize first, gsize end, const FN (Planes) * planes)
{
  const OssVoxelOctants *octants = level->octants;
  gsize low = 0, high = octants->n_special;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (octants->special[middle] < first)
        low = middle + 1;
      else
        high = middle;
    }
  for (; low < octants->n_special && octants->special[low] < end; low++)
    {
      const gint32 *corner = level->corner + 8 * (gsize) octants->special[low];
      FN (Eight) f[3] = { { 0.0f } }, column[3];
      float out[24];
      for (gsize i = 0; i < 24; i++)
        {
          float u = planes->from[3 * (gsize) corner[i / 3] + i % 3];
          memcpy (column, octants->special_stiffness[low][i], sizeof column);
          for (int part = 0; part < 3; part++)
            f[part] += u * column[part];
        }
      memcpy (out, f, sizeof out);
      for (gsize i = 0; i < 24; i++)
        planes->to[i / 12][4 * (gsize) corner[i / 3] + i % 3] += out[i];
    }
}

/* Elements of a coarse level: lanes are elements. */
static void
FN (octants) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  const OssVoxelOctants *octants = level->octants;
  gsize begin = level->element_start[z * level->size[1]], end = level->element_start[(z + 1) * level->size[1]];
  const FN (Planes) planes = FN (planes) (level, z, vector, lower, upper);
  const M numbers = LANE_NUMBERS;
  guint32 read[8 * LANES], add[8 * LANES];
  V u[24], f[24], e[8];

  for (gsize first = begin; first < end; first += LANES)
    {
      gsize lanes = MIN (end - first, LANES);
      const gint32 *corner = level->corner + 8 * first;
      M inside = numbers < (INT) lanes;
      for (gsize i = 0; i < 8 * LANES; i++)
        {
          read[i] = 3 * (guint32) corner[i];
          add[i] = 4 * (guint32) corner[i];
        }
      for (gsize n = 0; n < 8; n++)
        {
          V node[3];
          FN (gather) (vector, read + n, node);
          for (gsize c = 0; c < 3; c++)
            u[8 * c + n] = node[c];
        }
      for (gsize m = 0; m < 8; m++)
        {
          memcpy (&e[m], octants->moduli + m * octants->room + first, sizeof e[m]);
          e[m] = (V) ((M) e[m] & inside);
        }
      for (int c = 0; c < 3; c++)
        FN (butterflies) (u + 8 * c, 0);
      FN (multiply_octants) (octants, e, u, f);
      for (int c = 0; c < 3; c++)
        FN (butterflies) (f + 8 * c, 1);
      for (gsize n = 0; n < 8; n++)
        {
          FN (Nodes) nodes;
          FN (to_nodes) (&f[n], &f[8 + n], &f[16 + n], &nodes);
          if (lanes == LANES)
#pragma GCC unroll 16 * UNROLLED
            for (gsize i = 0; i < LANES; i++)
              FN (add_node) (planes.to[n / 4] + add[8 * i + n], &nodes, i);
          else
            for (gsize i = 0; i < lanes; i++)
              FN (add_node) (planes.to[n / 4] + add[8 * i + n], &nodes, i);
        }
    }
  FN (special) (level, begin, end, &planes);
}
#undef OCTANTS
#endif

#undef TERM
#undef LANE_NUMBERS
#undef NUMBERS
#undef NODE
#undef NODES
#undef LOW_SINGLES
#undef HIGH_SINGLES
#undef LOW_PAIRS
#undef HIGH_PAIRS
#undef NEXT
#undef EVEN
#undef HIGH_HALVES
#undef LOW_HALVES
#undef PAIRS_Z
#undef PAIRS_XY
#undef PREVIOUS
#undef V
#undef M
#undef FN
#undef CAT
#undef CAT_
#undef REAL
#undef IN
#undef INT
#undef LANES
#undef BLOCKS
#undef NAME
