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

/* f = sum over the moduli of e times their part of the matrix, in modes.  Unrolled for the zeros to go. */
static inline __attribute__ ((always_inline)) void
FN (multiply_octants) (const OssVoxelOctants *octants, const V e[8], const V u[24], V f[24])
{
#pragma GCC unroll 3
  for (unsigned i = 0; i < 3; i++)
#pragma GCC unroll 8
    for (unsigned s = 0; s < 8; s++)
      {
        V sum = { 0 };
#pragma GCC unroll 8
        for (unsigned m = 0; m < 8; m++)
          if (coupled[m][i][s] != 0)
            {
              V part = { 0 };
#pragma GCC unroll 3
              for (unsigned j = 0; j < 3; j++)
                if ((coupled[m][i][s] >> j & 1) != 0)
                  part += octants->table[m][i][s][j] * u[8 * j + (s ^ 1u << i ^ 1u << j ^ m)];
              sum += e[m] * part;
            }
        f[8 * i + s] = sum;
      }
}

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
      float u[24], f[24] = { 0.0f };
      for (gsize i = 0; i < 24; i++)
        u[i] = planes->from[3 * (gsize) corner[i / 3] + i % 3];
      for (gsize i = 0; i < 24; i++)
        for (gsize j = 0; j < 24; j++)
          f[j] += octants->special_stiffness[low][i][j] * u[i];
      for (gsize i = 0; i < 24; i++)
        planes->to[i / 12][3 * (gsize) corner[i / 3] + i % 3] += f[i];
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
  union
  {
    float at[24][LANES];
    V mode[24];
  } u = { .at = { { 0.0f } } }, f;
  V e[8];

  for (gsize first = begin; first < end; first += LANES)
    {
      gsize lanes = MIN (end - first, LANES);
      M inside = numbers < (INT) lanes;
      for (gsize lane = 0; lane < lanes; lane++)
        FN (gather) (&planes, level->corner + 8 * (first + lane), lane, u.at);
      for (gsize m = 0; m < 8; m++)
        {
          memcpy (&e[m], octants->moduli + m * octants->room + first, sizeof e[m]);
          e[m] = (V) ((M) e[m] & inside);
        }
      for (int c = 0; c < 3; c++)
        FN (butterflies) (u.mode + 8 * c, 0);
      FN (multiply_octants) (octants, e, u.mode, f.mode);
      for (int c = 0; c < 3; c++)
        FN (butterflies) (f.mode + 8 * c, 1);
      for (gsize lane = 0; lane < lanes; lane++)
        FN (give) (&planes, level->corner + 8 * (first + lane), lane, f.at);
    }
  FN (special) (level, begin, end, &planes);
}
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
