/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The element kernel for one number of lanes, one precision and one kind of processor: included by oss-voxel-kernel.c
 * with REAL, IN, INT, LANES and NAME defined.
 *
 * Lanes are consecutive nodes along x.  A vector of LANES nodes holds LANES - 1 elements.  Butterflies over y and z
 * are additions of whole vectors from four rows, and serve both elements at a node; the one over x is the difference
 * with the vector moved by one lane.  Then the 24 x 24 matrix falls into 3 x 3 blocks (OssVoxelBlocks), of which those
 * entries are left out that are zero in any box: rigid translations, and homogeneous shear against warping. */

#define CAT_(a, b) a##_##b
#define CAT(a, b) CAT_ (a, b)
#define FN(name) CAT (name, NAME)

typedef REAL FN (Vector) __attribute__ ((vector_size (LANES * sizeof (REAL))));
typedef INT FN (Mask) __attribute__ ((vector_size (LANES * sizeof (REAL))));
typedef IN FN (Input) __attribute__ ((vector_size (LANES * sizeof (IN))));
typedef float FN (Moduli) __attribute__ ((vector_size (LANES * sizeof (float))));
#define V FN (Vector)
#define M FN (Mask)

#if LANES == 16
#define LANE_NUMBERS                                                                                                   \
  {                                                                                                                    \
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15                                                               \
  }
#define NEXT                                                                                                           \
  {                                                                                                                    \
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15                                                              \
  }
#define PREVIOUS                                                                                                       \
  {                                                                                                                    \
    16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14                                                               \
  }
#elif LANES == 8
#define LANE_NUMBERS                                                                                                   \
  {                                                                                                                    \
    0, 1, 2, 3, 4, 5, 6, 7                                                                                             \
  }
#define NEXT                                                                                                           \
  {                                                                                                                    \
    1, 2, 3, 4, 5, 6, 7, 7                                                                                             \
  }
#define PREVIOUS                                                                                                       \
  {                                                                                                                    \
    8, 0, 1, 2, 3, 4, 5, 6                                                                                             \
  }
#else
#define LANE_NUMBERS                                                                                                   \
  {                                                                                                                    \
    0, 1, 2, 3                                                                                                         \
  }
#define NEXT                                                                                                           \
  {                                                                                                                    \
    1, 2, 3, 3                                                                                                         \
  }
#define PREVIOUS                                                                                                       \
  {                                                                                                                    \
    4, 0, 1, 2                                                                                                         \
  }
#endif

static inline __attribute__ ((always_inline)) void
FN (modes) (const IN *u, const gsize at[4], V mode[8])
{
  const M next = NEXT;
  V v[4];

  for (int row = 0; row < 4; row++)
    {
      FN (Input) in;
      memcpy (&in, u + at[row], sizeof in);
      v[row] = __builtin_convertvector(in, V);
    }
  V s0 = v[1] + v[0], d0 = v[1] - v[0], s1 = v[3] + v[2], d1 = v[3] - v[2];
  V column[4] = { s1 + s0, d1 + d0, s1 - s0, d1 - d0 };
  for (int m = 0; m < 4; m++)
    {
      V other = __builtin_shuffle (column[m], next);
      mode[2 * m] = other + column[m];
      mode[2 * m + 1] = other - column[m];
    }
}

static inline __attribute__ ((always_inline)) void
FN (scatter) (const V force[8], const gsize at[4], REAL *lower, REAL *upper)
{
  const M previous = PREVIOUS;
  const V zero = { 0 };
  V column[4], out;

  for (int m = 0; m < 4; m++)
    column[m] = force[2 * m] - force[2 * m + 1] + __builtin_shuffle (force[2 * m] + force[2 * m + 1], zero, previous);
  V s0 = column[0] - column[2], d0 = column[1] - column[3], s1 = column[0] + column[2], d1 = column[1] + column[3];
  V v[4] = { s0 - d0, s0 + d0, s1 - d1, s1 + d1 };
  for (int row = 0; row < 4; row++)
    {
      REAL *to = (row < 2 ? lower : upper) + at[row];
      memcpy (&out, to, sizeof out);
      out += v[row];
      memcpy (to, &out, sizeof out);
    }
}

#define TERM(s, i, j, mode) ((REAL) b[s][i][j] * u[j][mode])

/* f = E B u in modes. */
static inline __attribute__ ((always_inline)) void
FN (multiply) (const double (*b)[3][3], V e, V u[3][8], V f[3][8])
{
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

static void
FN (row) (const OssVoxelLevel *level, gsize y, gsize z, const void *vector, void *lower, void *upper)
{
  const double (*b)[3][3] = level->blocks.block;
  gsize row = z * level->size[1] + y, start[4], n[4];
  const float *modulus = level->modulus + level->element_start[row];
  const M lanes = LANE_NUMBERS;
  gsize plane[2] = { oss_voxel_plane_start (level, z), oss_voxel_plane_start (level, z + 1) };

  for (int r = 0; r < 4; r++)
    {
      gsize nodes = (z + (gsize) (r >> 1)) * level->points[1] + y + (gsize) (r & 1);
      start[r] = 3 * level->row_start[nodes];
      n[r] = oss_voxel_row_nodes (level, nodes);
    }
  for (gsize r = level->run_start[row]; r < level->run_start[row + 1]; r++)
    {
      const OssVoxelRun *run = &level->run[r];
      for (int first = 0; first < run->length; first += LANES - 1)
        {
          int left = MIN (run->length - first, LANES - 1);
          V u[3][8], f[3][8], e;
          FN (Moduli) moduli;

          memcpy (&moduli, modulus, sizeof moduli);
          modulus += left;
          M inside = lanes < (INT) left;
          e = __builtin_convertvector(moduli, V);
          e = (V) ((M) e & inside);
          for (int c = 0; c < 3; c++)
            {
              gsize at[4];
              for (int i = 0; i < 4; i++)
                at[i] = start[i] + (gsize) c * n[i] + run->node[i] + (gsize) first;
              FN (modes) (vector, at, u[c]);
            }
          FN (multiply) (b, e, u, f);
          for (int c = 0; c < 3; c++)
            {
              gsize at[4];
              for (int i = 0; i < 4; i++)
                at[i] = start[i] - plane[i >> 1] + (gsize) c * n[i] + run->node[i] + (gsize) first;
              FN (scatter) (f[c], at, lower, upper);
            }
        }
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

/* What a layer reads and adds to: vectors of which the first node of each plane is known. */
typedef struct
{
  const float *from;
  float *to[2];
} FN (Planes);

static FN (Planes) FN (planes) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  gsize next = (z + 1) % level->planes;
  return (FN (Planes)){ vector, { lower - 3 * level->row_start[z], upper - 3 * level->row_start[next] } };
}

static inline __attribute__ ((always_inline)) void
FN (gather) (const FN (Planes) * self, const gint32 *corner, gsize lane, float in[24][LANES])
{
  for (gsize node = 0; node < 8; node++)
    for (gsize c = 0; c < 3; c++)
      in[8 * c + node][lane] = self->from[3 * (gsize) corner[node] + c];
}

static inline __attribute__ ((always_inline)) void
FN (give) (const FN (Planes) * self, const gint32 *corner, gsize lane, float out[24][LANES])
{
  for (gsize node = 0; node < 8; node++)
    for (gsize c = 0; c < 3; c++)
      self->to[node >> 2][3 * (gsize) corner[node] + c] += out[8 * c + node][lane];
}

/* f = sum over the moduli of e times their part of the matrix, in modes. */
static inline __attribute__ ((always_inline)) void
FN (multiply_octants) (const OssVoxelOctants *octants, const V e[8], V u[24], V f[24])
{
  for (gsize i = 0; i < 3; i++)
    {
      f[8 * i] = (V){ 0 };
      for (gsize s = 1; s < 8; s++)
        {
          gsize j = s ^ (gsize) 1 << i;
          V sum = { 0 };
          for (gsize m = 0; m < 8; m++)
            {
              const float *t = octants->table[m][i][s];
              sum += e[m] * (t[0] * u[(j ^ 1 ^ m)] + t[1] * u[8 + (j ^ 2 ^ m)] + t[2] * u[16 + (j ^ 4 ^ m)]);
            }
          f[8 * i + s] = sum;
        }
    }
}

/* Elements with held freedoms, by their own matrices. */
static void
FN (special) (const OssVoxelLevel *level, gsize first, gsize end, const FN (Planes) * planes)
{
  const OssVoxelOctants *octants = level->octants;
  gsize low = 0, high = octants->n_special;
  float in[24][LANES], out[24][LANES];

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
      FN (gather) (planes, corner, 0, in);
      for (gsize a = 0; a < 24; a++)
        {
          const float *row = octants->special_stiffness[low][a];
          float sum = 0.0f;
          for (gsize b = 0; b < 24; b++)
            sum += row[b] * in[8 * (b % 3) + b / 3][0];
          out[8 * (a % 3) + a / 3][0] = sum;
        }
      FN (give) (planes, corner, 0, out);
    }
}

/* Elements of the first coarse level: lanes are elements. */
static void
FN (octants) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  const OssVoxelOctants *octants = level->octants;
  gsize begin = level->element_start[z * level->size[1]], end = level->element_start[(z + 1) * level->size[1]];
  const FN (Planes) planes = FN (planes) (level, z, vector, lower, upper);
  const M numbers = LANE_NUMBERS;
  float in[24][LANES] __attribute__ ((aligned (64))) = { { 0.0f } };
  V u[24], f[24], e[8];

  for (gsize first = begin; first < end; first += LANES)
    {
      gsize lanes = MIN (end - first, LANES);
      M inside = numbers < (INT) lanes;
      for (gsize lane = 0; lane < lanes; lane++)
        FN (gather) (&planes, level->corner + 8 * (first + lane), lane, in);
      for (gsize m = 0; m < 8; m++)
        {
          memcpy (&e[m], octants->moduli + m * octants->room + first, sizeof e[m]);
          e[m] = (V) ((M) e[m] & inside);
        }
      memcpy (u, in, sizeof u);
      for (int c = 0; c < 3; c++)
        FN (butterflies) (u + 8 * c, 0);
      FN (multiply_octants) (octants, e, u, f);
      for (int c = 0; c < 3; c++)
        FN (butterflies) (f + 8 * c, 1);
      memcpy (in, f, sizeof f);
      for (gsize lane = 0; lane < lanes; lane++)
        FN (give) (&planes, level->corner + 8 * (first + lane), lane, in);
    }
  FN (special) (level, begin, end, &planes);
}

#if LANES == 16
/* An entry of the matrix fills nine lanes, row after row. */
#define COLUMNS                                                                                                        \
  {                                                                                                                    \
    0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3                                                                     \
  }
#define ROWS_OF                                                                                                        \
  {                                                                                                                    \
    0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3                                                                     \
  }
typedef float FN (Node) __attribute__ ((vector_size (16)));

static inline __attribute__ ((always_inline)) V
FN (node) (const float *at)
{
  V v = { at[0], at[1], at[2] };
  return v;
}

static void
FN (matrix) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  const OssVoxelMatrix *matrix = &level->matrix;
  const FN (Planes) planes = FN (planes) (level, z, vector, lower, upper);
  const M columns = COLUMNS, rows = ROWS_OF, second = { 3, 4, 5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 },
          third = { 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 };

  for (gsize i = level->row_start[z]; i < level->row_start[z + 1]; i++)
    {
      gsize entry = matrix->start[i], same = entry + matrix->n_same[i], end = matrix->start[i + 1];
      V x = __builtin_shuffle (FN (node) (vector + 3 * i), rows), y = { 0 }, a;
      float out[LANES];
      for (gsize e = entry; e < end; e++)
        {
          gsize j = 3 * (gsize) matrix->column[e];
          memcpy (&a, matrix->value[e], sizeof a);
          y += a * __builtin_shuffle (FN (node) (vector + j), columns);
          if (e == entry)
            continue;
          V t = a * x;
          t = t + __builtin_shuffle (t, second) + __builtin_shuffle (t, third);
          float *to = planes.to[e >= same] + j;
          FN (Node) sum, add = __builtin_shufflevector (t, t, 0, 1, 2, 9);
          memcpy (&sum, to, sizeof sum);
          sum += add;
          memcpy (to, &sum, sizeof sum);
        }
      memcpy (out, &y, sizeof out);
      for (int c = 0; c < 3; c++)
        planes.to[0][3 * i + (gsize) c] += out[3 * c] + out[3 * c + 1] + out[3 * c + 2];
    }
}
#undef COLUMNS
#undef ROWS_OF
#else
static void
FN (matrix) (const OssVoxelLevel *level, gsize z, const float *vector, float *lower, float *upper)
{
  const OssVoxelMatrix *matrix = &level->matrix;
  const FN (Planes) planes = FN (planes) (level, z, vector, lower, upper);

  for (gsize i = level->row_start[z]; i < level->row_start[z + 1]; i++)
    {
      gsize entry = matrix->start[i], same = entry + matrix->n_same[i], end = matrix->start[i + 1];
      const float *x = vector + 3 * i;
      float y[3] = { 0.0f };
      for (gsize e = entry; e < end; e++)
        {
          gsize j = 3 * (gsize) matrix->column[e];
          const float *a = matrix->value[e], *u = vector + j;
          float *to = planes.to[e >= same] + j;
          for (int c = 0; c < 3; c++)
            y[c] += a[3 * c] * u[0] + a[3 * c + 1] * u[1] + a[3 * c + 2] * u[2];
          for (int c = 0; c < 3 && e > entry; c++)
            to[c] += a[c] * x[0] + a[3 + c] * x[1] + a[6 + c] * x[2];
        }
      for (gsize c = 0; c < 3; c++)
        planes.to[0][3 * i + c] += y[c];
    }
}
#endif
#undef OCTANTS
#endif

#undef TERM
#undef LANE_NUMBERS
#undef NEXT
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
#undef NAME
