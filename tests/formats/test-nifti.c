/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-parallel.h"
#include "base/oss-random.h"
#include "formats/oss-nifti.h"

#include <glib/gstdio.h>
#include <string.h>

/* The parts of a NIfTI-1 header (nifti1.h) that the tests set, by byte offset: independent of libnifti. */
enum
{
  SIZEOF_HDR = 0,
  DIM = 40,
  DATATYPE = 70,
  BITPIX = 72,
  PIXDIM = 76,
  VOX_OFFSET = 108,
  SCL_SLOPE = 112,
  SCL_INTER = 116,
  XYZT_UNITS = 123,
  QFORM_CODE = 252,
  SFORM_CODE = 254,
  QUATERN_B = 256,
  QOFFSET_X = 268,
  SROW_X = 280,
  MAGIC = 344,
  FIRST_VOXEL = 352,
};

static char *folder;

static char *
file_in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Not synced: thousands of files are written here. */
static void
put_file (const char *path, gconstpointer bytes, gsize length)
{
  FILE *stream = g_fopen (path, "wb");

  g_assert_nonnull (stream);
  g_assert_cmpuint (fwrite (bytes, 1, length, stream), ==, length);
  g_assert_cmpint (fclose (stream), ==, 0);
}

static void
put16 (GByteArray *file, int at, int value)
{
  gint16 v = (gint16) value;

  memcpy (file->data + at, &v, 2);
}

static void
put_float (GByteArray *file, int at, double value)
{
  float v = (float) value;

  memcpy (file->data + at, &v, 4);
}

/* 3 x 2 x 2 voxels of 1.5 x 2 x 4 mm in RAS order from RAS (-10, 20, 30); voxels int16 0, 1, ... 11. */
static GByteArray *
small_file (void)
{
  GByteArray *file = g_byte_array_new ();
  const int dim[8] = { 3, 3, 2, 2, 1, 1, 1, 1 };
  const double spacing[3] = { 1.5, 2.0, 4.0 }, origin[3] = { -10.0, 20.0, 30.0 };
  gint32 header_bytes = 348;

  g_byte_array_set_size (file, FIRST_VOXEL + 24);
  memset (file->data, 0, file->len);
  memcpy (file->data + SIZEOF_HDR, &header_bytes, 4);
  memcpy (file->data + MAGIC, "n+1", 4);
  for (int a = 0; a < 8; a++)
    put16 (file, DIM + 2 * a, dim[a]);
  put16 (file, DATATYPE, 4);
  put16 (file, BITPIX, 16);
  put_float (file, VOX_OFFSET, FIRST_VOXEL);
  put16 (file, SFORM_CODE, 1);
  put_float (file, PIXDIM, 1.0);
  for (int a = 0; a < 3; a++)
    {
      put_float (file, PIXDIM + 4 * (a + 1), spacing[a]);
      put_float (file, SROW_X + 16 * a + 4 * a, spacing[a]);
      put_float (file, SROW_X + 16 * a + 12, origin[a]);
      put_float (file, QOFFSET_X + 4 * a, origin[a]);
    }
  for (int n = 0; n < 12; n++)
    put16 (file, FIRST_VOXEL + 2 * n, n);
  return file;
}

static OssVolume *
read_bytes (const GByteArray *file, GError **error)
{
  g_autofree char *path = file_in_folder ("bytes.nii");

  put_file (path, file->data, file->len);
  return oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, error);
}

static void
assert_refused (const GByteArray *file, OssError code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OssVolume) volume = read_bytes (file, &error);

  g_assert_null (volume);
  g_assert_error (error, OSS_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, "bytes.nii"));
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” is not in “%s”", words, error->message);
}

static void
assert_point (const OssVolume *volume, double i, double j, double k, double x, double y, double z)
{
  const double wanted[3] = { x, y, z };
  double lps[3];

  oss_grid_to_patient (&volume->grid, (const double[3]){ i, j, k }, lps);
  for (int a = 0; a < 3; a++)
    g_assert_cmpfloat_with_epsilon (lps[a], wanted[a], 1e-4); /* float32 header */
}

static void
test_ras_becomes_lps (void)
{
  g_autoptr (GByteArray) file = small_file ();
  g_autoptr (OssVolume) volume = read_bytes (file, NULL);

  /* By hand: RAS (-10, 20, 30) is 10 mm to the left and 20 mm anterior, LPS (10, -20, 30); index i runs to
   * the right, toward smaller LPS x. */
  g_assert_nonnull (volume);
  assert_point (volume, 0, 0, 0, 10.0, -20.0, 30.0);
  assert_point (volume, 2, 1, 1, 7.0, -22.0, 34.0);
  for (int n = 0; n < 12; n++)
    g_assert_cmpfloat (volume->data[n], ==, n);
}

static void
test_qform (void)
{
  g_autoptr (GByteArray) file = small_file ();
  g_autoptr (OssVolume) plain = NULL, flipped = NULL, both = NULL;

  /* A quarter turn about z: quaternion (cos 45, 0, 0, sin 45); i runs to RAS +y, j to RAS -x. */
  put16 (file, SFORM_CODE, 0);
  put16 (file, QFORM_CODE, 1);
  put_float (file, QUATERN_B + 8, sqrt (0.5));
  plain = read_bytes (file, NULL);
  assert_point (plain, 1, 0, 0, 10.0, -21.5, 30.0);
  assert_point (plain, 0, 1, 0, 12.0, -20.0, 30.0);
  assert_point (plain, 0, 0, 1, 10.0, -20.0, 34.0);
  put_float (file, PIXDIM, -1.0); /* qfac: k runs the other way */
  flipped = read_bytes (file, NULL);
  assert_point (flipped, 0, 0, 1, 10.0, -20.0, 26.0);
  put16 (file, SFORM_CODE, 2); /* preferred */
  both = read_bytes (file, NULL);
  assert_point (both, 1, 0, 0, 8.5, -20.0, 30.0);
}

static void
test_scaling_and_units (void)
{
  g_autoptr (GByteArray) file = small_file ();
  g_autoptr (OssVolume) scaled = NULL, metres = NULL, unscaled = NULL;

  put_float (file, SCL_SLOPE, 2.0);
  put_float (file, SCL_INTER, -1024.0);
  scaled = read_bytes (file, NULL);
  g_assert_cmpfloat (scaled->data[11], ==, 22.0f - 1024.0f);
  put_float (file, SCL_SLOPE, 0.0); /* the standard: no scaling at all */
  unscaled = read_bytes (file, NULL);
  g_assert_cmpfloat (unscaled->data[11], ==, 11.0f);
  file->data[XYZT_UNITS] = 1;
  metres = read_bytes (file, NULL);
  g_assert_cmpfloat_with_epsilon (metres->grid.spacing[2], 4000.0, 1e-6);
  assert_point (metres, 0, 0, 0, 10000.0, -20000.0, 30000.0);
}

/* Reverses @count numbers of @width bytes from byte @at on. */
static void
reverse (GByteArray *file, int at, int count, int width)
{
  for (int n = 0; n < count; n++, at += width)
    for (int b = 0; b < width / 2; b++)
      {
        guint8 keep = file->data[at + b];

        file->data[at + b] = file->data[at + width - 1 - b];
        file->data[at + width - 1 - b] = keep;
      }
}

/* The other byte order: the fields that the tests set, and twelve voxels. */
static void
swap_file (GByteArray *file)
{
  reverse (file, FIRST_VOXEL, 12, ((int) file->len - FIRST_VOXEL) / 12);
  reverse (file, SIZEOF_HDR, 1, 4);
  reverse (file, DIM, 8, 2);
  reverse (file, DATATYPE, 2, 2);
  reverse (file, PIXDIM, 11, 4); /* and vox_offset, scl_slope, scl_inter */
  reverse (file, QFORM_CODE, 2, 2);
  reverse (file, QUATERN_B, 18, 4); /* and the offsets and the three rows */
}

#define APPEND(Type, code)                                                                                             \
  for (int n = 0; n < 12; n++)                                                                                         \
    {                                                                                                                  \
      Type v = (Type) n;                                                                                               \
      g_byte_array_append (file, (const guint8 *) &v, sizeof v);                                                       \
    }                                                                                                                  \
  put16 (file, DATATYPE, code);                                                                                        \
  put16 (file, BITPIX, 8 * sizeof (Type));                                                                             \
  break

static void
test_data_types (void)
{
  for (int type = 0; type < 10; type++)
    for (int swapped = 0; swapped < 2; swapped++)
      {
        g_autoptr (GByteArray) file = small_file ();
        g_autoptr (OssVolume) volume = NULL;
        g_autoptr (OssLabels) labels = NULL;
        g_autofree char *path = file_in_folder ("bytes.nii");

        g_byte_array_set_size (file, FIRST_VOXEL);
        switch (type)
          {
          case 0:
            APPEND (guint8, 2);
          case 1:
            APPEND (gint16, 4);
          case 2:
            APPEND (gint32, 8);
          case 3:
            APPEND (float, 16);
          case 4:
            APPEND (double, 64);
          case 5:
            APPEND (gint8, 256);
          case 6:
            APPEND (guint16, 512);
          case 7:
            APPEND (guint32, 768);
          case 8:
            APPEND (gint64, 1024);
          default:
            APPEND (guint64, 1280);
          }
        if (swapped)
          swap_file (file);
        volume = read_bytes (file, NULL);
        g_assert_nonnull (volume);
        assert_point (volume, 2, 1, 1, 7.0, -22.0, 34.0);
        labels = oss_nifti_read_labels (path, NULL, NULL);
        g_assert_nonnull (labels);
        for (int n = 0; n < 12; n++)
          {
            g_assert_cmpfloat (volume->data[n], ==, n);
            g_assert_cmpint (labels->data[n], ==, n);
          }
      }
}

static void
test_refusals (void)
{
  g_autoptr (GByteArray) good = small_file ();
  static const struct
  {
    int at, width; /* bytes: 2 an int16, 4 a float32 */
    double value;
    OssError code;
    const char *words;
  } changes[] = {
    { SFORM_CODE, 2, 0, OSS_ERROR_REFUSED, "left and right" },
    { SROW_X + 4, 4, 0.3, OSS_ERROR_INVALID_DATA, "right angles" },
    { SROW_X, 4, 0.0, OSS_ERROR_INVALID_DATA, "spacing 0" },
    { SROW_X, 4, NAN, OSS_ERROR_INVALID_DATA, "spacing nan" },
    { SROW_X + 12, 4, INFINITY, OSS_ERROR_INVALID_DATA, "origin" },
    { DIM, 2, 0, OSS_ERROR_INVALID_DATA, "0 dimensions" },
    { DIM, 2, 8, OSS_ERROR_INVALID_DATA, "8 dimensions" },
    { DIM + 2, 2, -3, OSS_ERROR_INVALID_DATA, "Size -3" },
    { DIM + 2, 2, 0, OSS_ERROR_INVALID_DATA, "Size 0" },
    { DIM + 2, 2, 32767, OSS_ERROR_INVALID_DATA, "too short" },
    { DATATYPE, 2, 32, OSS_ERROR_UNSUPPORTED, "type 32" },
    { DATATYPE, 2, 128, OSS_ERROR_UNSUPPORTED, "type 128" },
    { DATATYPE, 2, 7, OSS_ERROR_UNSUPPORTED, "type 7" },
    { BITPIX, 2, 32, OSS_ERROR_INVALID_DATA, "32 bits" },
    { VOX_OFFSET, 4, 100, OSS_ERROR_INVALID_DATA, "byte 100" },
    { VOX_OFFSET, 4, -5, OSS_ERROR_INVALID_DATA, "byte -5" },
    { VOX_OFFSET, 4, 1e30, OSS_ERROR_INVALID_DATA, "byte 1e+30" },
    { VOX_OFFSET, 4, NAN, OSS_ERROR_INVALID_DATA, "byte nan" },
    { VOX_OFFSET, 4, 400, OSS_ERROR_INVALID_DATA, "too short" },
    { SIZEOF_HDR, 2, 540, OSS_ERROR_UNSUPPORTED, "NIfTI-2" },
    { SIZEOF_HDR, 2, 347, OSS_ERROR_INVALID_DATA, "not a NIfTI" },
  };

  for (guint n = 0; n < G_N_ELEMENTS (changes); n++)
    {
      g_autoptr (GByteArray) file = g_byte_array_new ();

      g_byte_array_append (file, good->data, good->len);
      if (changes[n].width == 2)
        put16 (file, changes[n].at, (int) changes[n].value);
      else
        put_float (file, changes[n].at, changes[n].value);
      assert_refused (file, changes[n].code, changes[n].words);
    }
  memcpy (good->data + MAGIC, "ni1", 4);
  assert_refused (good, OSS_ERROR_UNSUPPORTED, ".hdr and .img");
  memcpy (good->data + MAGIC, "\0\0\0", 4);
  assert_refused (good, OSS_ERROR_INVALID_DATA, "not a NIfTI");
}

static void
test_frames_and_values (void)
{
  g_autoptr (GByteArray) frames = small_file (), huge = small_file (), gap = small_file ();
  g_autofree char *path = file_in_folder ("bytes.nii");
  g_autoptr (OssVolume) one_frame = NULL;
  g_autoptr (GError) error = NULL;

  put16 (frames, DIM, 4);
  one_frame = read_bytes (frames, NULL);
  g_assert_nonnull (one_frame);
  put16 (frames, DIM + 6, 1), put16 (frames, DIM + 8, 2);
  assert_refused (frames, OSS_ERROR_UNSUPPORTED, "2 frames");
  for (int a = 1; a <= 3; a++)
    put16 (huge, DIM + 2 * a, 32767);
  assert_refused (huge, OSS_ERROR_INVALID_DATA, "2^31");

  /* Six float voxels, one of them no number. */
  put16 (gap, DIM + 2, 3), put16 (gap, DIM + 4, 2), put16 (gap, DIM + 6, 1);
  put16 (gap, DATATYPE, 16), put16 (gap, BITPIX, 32);
  for (int n = 0; n < 6; n++)
    put_float (gap, FIRST_VOXEL + 4 * n, n == 4 ? (double) NAN : 1.25 * n);
  assert_refused (gap, OSS_ERROR_INVALID_DATA, "(1, 1, 0)");
  g_assert_null (oss_nifti_read_labels (path, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "Voxel (1, 0, 0) is 1.25"));
}

static void
fill_random (OssVolume *volume, guint64 seed)
{
  OssRandom random;

  oss_random_init (&random, seed, 0);
  for (gsize n = 0; n < oss_grid_count (&volume->grid); n++)
    volume->data[n] = (float) floor (oss_random_range (&random, -1024.0, 3000.0));
}

/* All 48 ways to lay i, j, k along the patient's axes, and one oblique. */
static guint
directions (double out[49][9])
{
  static const int permutations[6][3] = {
    { 0, 1, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 0, 2, 1 }, { 2, 1, 0 }, { 1, 0, 2 }
  };
  guint n = 0;

  memset (out, 0, 49 * sizeof out[0]);
  for (int p = 0; p < 6; p++)
    for (int signs = 0; signs < 8; signs++, n++)
      for (int c = 0; c < 3; c++)
        out[n][3 * permutations[p][c] + c] = (signs >> c & 1) ? -1.0 : 1.0;
  memcpy (out[n++], ((const double[9]){ 0.8, -0.6, 0, 0.48, 0.64, -0.6, 0.36, 0.48, 0.8 }), sizeof out[0]);
  return n;
}

static void
test_round_trip (void)
{
  double direction[49][9];
  guint n = directions (direction);

  for (guint d = 0; d < n; d++)
    {
      OssGrid grid = { { 7, 5, 3 }, { 0.7, 0.8, 2.5 }, { -120.5, 33.25, 801.0 }, { 0 } };
      g_autoptr (OssVolume) volume = NULL, floats = NULL, shorts = NULL;
      g_autoptr (OssLabels) labels = NULL, back = NULL;
      g_autofree char *nii = file_in_folder ("a.nii"), *gz = file_in_folder ("a.nii.gz");
      gsize count = 7 * 5 * 3;

      memcpy (grid.direction, direction[d], sizeof grid.direction);
      volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
      labels = oss_labels_new (&grid, NULL);
      fill_random (volume, d);
      for (gsize v = 0; v < count; v++)
        labels->data[v] = (guint8) (v * 5);
      g_assert_true (oss_nifti_write_volume (volume, nii, FALSE, "floats", NULL, NULL));
      g_assert_true (oss_nifti_write_volume (volume, gz, TRUE, "shorts", NULL, NULL));
      floats = oss_nifti_read_volume (nii, OSS_QUANTITY_HU, NULL, NULL);
      shorts = oss_nifti_read_volume (gz, OSS_QUANTITY_HU, NULL, NULL);
      g_assert_true (oss_nifti_write_labels (labels, gz, NULL, NULL, NULL));
      back = oss_nifti_read_labels (gz, NULL, NULL);
      /* Voxels exactly; places to float32 of 800 mm. */
      g_assert_cmpmem (floats->data, count * 4, volume->data, count * 4);
      g_assert_cmpmem (shorts->data, count * 4, volume->data, count * 4);
      g_assert_cmpmem (back->data, count, labels->data, count);
      g_assert_true (oss_grid_equal (&floats->grid, &grid, 1e-4));
      g_assert_true (oss_grid_equal (&shorts->grid, &grid, 1e-4));
      g_assert_true (oss_grid_equal (&back->grid, &grid, 1e-4));
    }
}

static gboolean
run_python (const char *script, const char *argument, char **output)
{
  const char *arguments[] = { "/usr/bin/python3", "-c", script, argument, NULL };
  g_autofree char *errors = NULL;
  int status = 0;

  if (!g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, output, &errors, &status, NULL))
    return FALSE;
  if (status != 0)
    g_test_message ("python3: %s", errors);
  return status == 0;
}

static gboolean
have_nibabel (void)
{
  g_autofree char *output = NULL;

  if (run_python ("import nibabel, numpy", "", &output))
    return TRUE;
  g_test_skip ("python3-nibabel is not installed: no independent reader");
  return FALSE;
}

/* Large enough for many pieces of the compressed stream: the voxels come back, Python's gzip agrees
 * with ours, and the bytes do not depend on the number of threads. */
static void
test_many_pieces (void)
{
  const OssGrid grid = { { 150, 120, 90 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  gsize count = oss_grid_count (&grid), length[2];
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  static const char script[] =
      "import sys, gzip, numpy as np\n"
      "for name in 'one.nii.gz', 'many.nii.gz':\n"
      "    plain = gzip.open(sys.argv[1] + '/' + name).read()\n"
      "    voxels = np.frombuffer(plain, sys.byteorder == 'little' and '<f4' or '>f4', -1, 352)\n"
      "    print(len(voxels), int(voxels.sum(dtype='f8')))\n";

  fill_random (volume, 77);
  for (int as_int16 = 1; as_int16 >= 0; as_int16--) /* the float files stay for Python */
    {
      char *bytes[2];

      for (int n = 0; n < 2; n++)
        {
          g_autofree char *path = file_in_folder (n == 0 ? "one.nii.gz" : "many.nii.gz");
          g_autoptr (OssVolume) back = NULL;

          oss_parallel_set_threads (n == 0 ? 1 : 3);
          g_assert_true (oss_nifti_write_volume (volume, path, as_int16, NULL, NULL, NULL));
          back = oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, NULL);
          g_assert_nonnull (back);
          g_assert_cmpmem (back->data, count * 4, volume->data, count * 4);
          g_assert_true (g_file_get_contents (path, &bytes[n], &length[n], NULL));
        }
      oss_parallel_set_threads (0);
      g_assert_cmpmem (bytes[0], length[0], bytes[1], length[1]);
      g_free (bytes[0]);
      g_free (bytes[1]);
    }
  if (have_nibabel ())
    {
      g_autofree char *output = NULL, *wanted = NULL;
      double sum = 0.0;

      for (gsize n = 0; n < count; n++)
        sum += (double) volume->data[n]; /* whole numbers: exact */
      wanted = g_strdup_printf ("%d %.0f\n%d %.0f\n", (int) count, sum, (int) count, sum);
      g_assert_true (run_python (script, folder, &output));
      g_assert_cmpstr (output, ==, wanted);
    }
}

static void
test_int16_rounds_and_clamps (void)
{
  const OssGrid grid = { { 5, 1, 1 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  const float stored[5] = { 1.6f, -1.6f, 1e6f, -1e6f, NAN }, wanted[5] = { 2.0f, -2.0f, 32767.0f, -32768.0f, 0.0f };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL), back = NULL;
  g_autofree char *path = file_in_folder ("clamp.nii.gz");

  memcpy (volume->data, stored, sizeof stored);
  g_assert_true (oss_nifti_write_volume (volume, path, TRUE, NULL, NULL, NULL));
  back = oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, NULL);
  g_assert_cmpmem (back->data, sizeof wanted, wanted, sizeof wanted);
}

/* nibabel finds the one bright voxel where we put it: left stays left. */
static void
test_nibabel_reads_ours (void)
{
  static const char script[] = "import sys, nibabel, numpy as np\n"
                               "for n in range(49):\n"
                               "    image = nibabel.load(sys.argv[1] + '/%d.nii.gz' % n)\n"
                               "    at = np.unravel_index(np.argmax(image.get_fdata()), image.shape)\n"
                               "    assert image.header['descrip'].item().decode() == 'one bright voxel'\n"
                               "    assert image.header.get_xyzt_units()[0] == 'mm'\n"
                               "    for affine in (image.get_sform(), image.get_qform()):\n"
                               "        print(*(affine @ [*at, 1])[:3], image.get_fdata().sum(), *at)\n";
  const double place[3] = { 31.0, -47.0, 58.0 }; /* left, anterior, superior of the centre */
  double direction[49][9];
  guint n = directions (direction), n_lines;
  g_autofree char *output = NULL;
  g_auto (GStrv) lines = NULL;
  int at[49][3];

  if (!have_nibabel ())
    return;
  for (guint d = 0; d < n; d++)
    {
      OssGrid grid = { { 9, 8, 7 }, { 0.5, 0.75, 1.25 }, { 0, 0, 0 }, { 0 } };
      g_autoptr (OssVolume) volume = NULL;
      g_autofree char *name = g_strdup_printf ("%u.nii.gz", d), *path = file_in_folder (name);
      double bright[3];

      memcpy (grid.direction, direction[d], sizeof grid.direction);
      at[d][0] = (int) d % 9, at[d][1] = (int) d % 8, at[d][2] = (int) d % 7;
      oss_grid_to_patient (&grid, (const double[3]){ at[d][0], at[d][1], at[d][2] }, bright);
      oss_sub (place, bright, grid.origin);
      volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
      volume->data[oss_grid_offset (&grid, at[d][0], at[d][1], at[d][2])] = 1234.0f;
      g_assert_true (oss_nifti_write_volume (volume, path, d % 2, "one bright voxel", NULL, NULL));
    }
  g_assert_true (run_python (script, folder, &output));
  lines = g_strsplit (g_strstrip (output), "\n", -1);
  n_lines = g_strv_length (lines);
  g_assert_cmpuint (n_lines, ==, 98);
  for (guint m = 0; m < n_lines; m++)
    {
      double x, y, z, sum;
      int i, j, k;

      g_assert_cmpint (sscanf (lines[m], "%lf %lf %lf %lf %d %d %d", &x, &y, &z, &sum, &i, &j, &k), ==, 7);
      /* RAS of LPS (31, -47, 58); float32 header, the quaternion less exact than the rows. */
      g_assert_cmpfloat_with_epsilon (x, -31.0, 1e-4);
      g_assert_cmpfloat_with_epsilon (y, 47.0, 1e-4);
      g_assert_cmpfloat_with_epsilon (z, 58.0, 1e-4);
      g_assert_cmpfloat (sum, ==, 1234.0);
      g_assert_cmpint (i, ==, at[m / 2][0]);
      g_assert_cmpint (j, ==, at[m / 2][1]);
      g_assert_cmpint (k, ==, at[m / 2][2]);
    }
}

/* And the other way: nibabel's files of several kinds, one bright voxel at RAS (-31, 47, 58). */
static void
test_we_read_nibabels (void)
{
  static const char script[] =
      "import sys, nibabel, numpy as np\n"
      "c, s = np.cos(0.4), np.sin(0.4)\n"
      "turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])\n"
      "for n, kind in enumerate(['<i2', '>i2', '<f4', '>f8', '<i8', 'u1', '<i4', '<u4']):\n"
      "    data = np.zeros((9, 8, 7), kind)\n"
      "    data[2, 6, 1] = 200\n"
      "    affine = np.eye(4)\n"
      "    affine[:3, :3] = (turn if n % 2 else np.eye(3)) @ np.diag([0.5, -0.75 if n > 3 else 0.75, 1.25])\n"
      "    affine[:3, 3] = np.array([-31, 47, 58]) - affine[:3, :3] @ [2, 6, 1]\n"
      "    header = nibabel.Nifti1Header(endianness=kind[0] if kind[0] in '<>' else '<')\n"
      "    image = nibabel.Nifti1Image(data, affine, header, dtype=np.dtype(kind))\n"
      "    image.header.extensions.append(nibabel.nifti1.Nifti1Extension('comment', b'x' * 100))\n"
      "    image.set_sform(affine, 0 if n % 3 == 0 else 1)\n"
      "    image.set_qform(affine, 0 if n % 3 == 1 else 1)\n"
      "    nibabel.save(image, sys.argv[1] + '/%d.nii%s' % (n, '.gz' if n % 2 else ''))\n";
  g_autofree char *output = NULL;

  if (!have_nibabel ())
    return;
  g_assert_true (run_python (script, folder, &output));
  for (int n = 0; n < 8; n++)
    {
      g_autofree char *name = g_strdup_printf ("%d.nii%s", n, n % 2 ? ".gz" : ""), *path = file_in_folder (name);
      g_autoptr (GError) error = NULL;
      g_autoptr (OssVolume) volume = oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, &error);
      g_autoptr (OssLabels) labels = oss_nifti_read_labels (path, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (volume->data[oss_grid_offset (&volume->grid, 2, 6, 1)], ==, 200.0);
      g_assert_cmpuint (oss_labels_count (labels, 200), ==, 1);
      g_assert_cmpint (labels->data[oss_grid_offset (&labels->grid, 2, 6, 1)], ==, 200);
      assert_point (volume, 2, 6, 1, 31.0, -47.0, 58.0);
      g_assert_cmpfloat_with_epsilon (volume->grid.spacing[1], 0.75, 1e-5);
    }
}

static const char *
shared_data (void)
{
  const char *path = g_getenv ("OSSATURE_SHARED_DATA");

  if (path != NULL && *path != '\0')
    return path;
  g_test_skip ("OSSATURE_SHARED_DATA is not set: no public CT data");
  return NULL;
}

/* Reference: voxel counts published beside the data; numpy counts the same. */
static void
test_totalsegmentator_labels (void)
{
  static const gsize counts[8] = { 1723, 2431, 2406, 2335, 2242, 2143, 1773, 76 }; /* S1 26, L5 27, ... T11 33 */
  const char *data = shared_data ();
  g_autofree char *path = NULL, *ct_path = NULL;
  g_autoptr (OssLabels) labels = NULL;
  g_autoptr (OssVolume) ct = NULL;
  double minimum, maximum;

  if (data == NULL)
    return;
  path = g_build_filename (data, "ct_totalsegmentator_lumbar", "totalseg_vertebrae.nii.gz", NULL);
  ct_path = g_build_filename (data, "ct_totalsegmentator_lumbar", "example_ct.nii.gz", NULL);
  labels = oss_nifti_read_labels (path, NULL, NULL);
  g_assert_nonnull (labels);
  for (int n = 0; n < 8; n++)
    g_assert_cmpuint (oss_labels_count (labels, (guint8) (26 + n)), ==, counts[n]);
  ct = oss_nifti_read_volume (ct_path, OSS_QUANTITY_HU, NULL, NULL);
  g_assert_nonnull (ct);
  g_assert_true (oss_grid_equal (&ct->grid, &labels->grid, 1e-3));
  oss_volume_range (ct, &minimum, &maximum);
  g_assert_cmpfloat (minimum, ==, -1207.0);
  g_assert_cmpfloat (maximum, ==, 3382.0);
  /* Stored in RAS order: i runs to the patient's right, LPS -x. */
  g_assert_cmpfloat (ct->grid.direction[0], ==, -1.0);
  assert_point (ct, 0, 0, 0, 177.956329, -11.319, 94.301758);
}

static void
test_scanco_volume (void)
{
  const char *data = shared_data ();
  g_autofree char *path = NULL;
  g_autoptr (OssVolume) volume = NULL;

  if (data == NULL)
    return;
  path = g_build_filename (data, "scanco_formats_one_volume", "test_nii.nii", NULL);
  volume = oss_nifti_read_volume (path, OSS_QUANTITY_OTHER, NULL, NULL);
  g_assert_nonnull (volume);
  for (int a = 0; a < 3; a++)
    g_assert_cmpint (volume->grid.size[a], ==, 25);
}

/* Whatever is read, it must end in a volume or in an error of the domain; the sanitizers watch. */
static void
read_hostile (const char *path)
{
  g_autoptr (GError) error = NULL, label_error = NULL;
  g_autoptr (OssVolume) volume = oss_nifti_read_volume (path, OSS_QUANTITY_HU, NULL, &error);
  g_autoptr (OssLabels) labels = oss_nifti_read_labels (path, NULL, &label_error);

  g_assert_true ((volume == NULL) == (error != NULL && error->domain == OSS_ERROR));
  g_assert_true ((labels == NULL) == (label_error != NULL && label_error->domain == OSS_ERROR));
}

static void
test_truncated (void)
{
  const OssGrid grid = { { 8, 8, 8 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  static const char *const names[2] = { "whole.nii", "whole.nii.gz" };

  fill_random (volume, 1);
  for (int n = 0; n < 2; n++)
    {
      g_autofree char *path = file_in_folder (names[n]), *cut = file_in_folder ("cut.nii"), *bytes = NULL;
      gsize length, step;

      g_assert_true (oss_nifti_write_volume (volume, path, TRUE, NULL, NULL, NULL));
      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      step = 16;
      for (gsize keep = 0; keep < length; keep += step)
        {
          g_autoptr (GError) error = NULL;

          put_file (cut, bytes, keep);
          g_assert_null (oss_nifti_read_volume (cut, OSS_QUANTITY_HU, NULL, &error));
          g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
        }
      /* One byte short, and a checksum that does not fit. */
      put_file (cut, bytes, length - 1);
      g_assert_null (oss_nifti_read_volume (cut, OSS_QUANTITY_HU, NULL, NULL));
      if (n == 1)
        {
          bytes[length - 6] ^= 1;
          put_file (cut, bytes, length);
          g_assert_null (oss_nifti_read_volume (cut, OSS_QUANTITY_HU, NULL, NULL));
        }
    }
}

/* 400 bytes of gzip that promise 2 GB of voxels: refused before anything is allocated. */
static void
test_promises_too_much (void)
{
  g_autoptr (GByteArray) plain = small_file (), gz = g_byte_array_new ();
  static const guint8 start[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
  guint16 length = (guint16) plain->len;
  const guint8 stored[5] = { 1, (guint8) length, (guint8) (length >> 8), (guint8) ~length, (guint8) (~length >> 8) };

  for (int a = 1; a <= 3; a++)
    put16 (plain, DIM + 2 * a, 1000);
  g_byte_array_append (gz, start, sizeof start);
  g_byte_array_append (gz, stored, sizeof stored);
  g_byte_array_append (gz, plain->data, plain->len);
  assert_refused (gz, OSS_ERROR_INVALID_DATA, "too short");
}

static void
test_random_damage (void)
{
  g_autoptr (GByteArray) good = small_file ();
  g_autofree char *path = file_in_folder ("bytes.nii"), *gz = file_in_folder ("good.nii.gz"), *bytes = NULL;
  const OssGrid grid = { { 4, 4, 4 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  OssRandom random;
  gsize length;

  oss_random_init (&random, 2026, 0);
  for (int n = 0; n < 1500; n++)
    {
      g_autoptr (GByteArray) file = g_byte_array_new ();

      g_byte_array_append (file, good->data, good->len);
      for (int flips = 0; flips <= n % 5; flips++)
        file->data[(int) oss_random_range (&random, 0, FIRST_VOXEL)] ^=
            (guint8) (1u << (oss_random_bits (&random) & 7));
      put_file (path, file->data, file->len);
      read_hostile (path);
    }
  fill_random (volume, 4);
  g_assert_true (oss_nifti_write_volume (volume, gz, TRUE, NULL, NULL, NULL));
  g_assert_true (g_file_get_contents (gz, &bytes, &length, NULL));
  for (int n = 0; n < 500; n++)
    {
      gsize at = (gsize) oss_random_range (&random, 0, (double) length);
      char keep = bytes[at];

      bytes[at] ^= (char) (1u << (oss_random_bits (&random) & 7));
      put_file (path, bytes, length);
      read_hostile (path);
      bytes[at] = keep;
    }
}

static void
test_paths_and_cancel (void)
{
  const OssGrid grid = { { 50, 50, 50 }, { 1, 1, 1 }, { 0, 0, 0 }, { 1, 0, 0, 0, 1, 0, 0, 0, 1 } };
  g_autoptr (OssVolume) volume = oss_volume_new (&grid, OSS_QUANTITY_HU, NULL);
  g_autofree char *missing = file_in_folder ("missing.nii"), *wrong = file_in_folder ("name.png"),
                  *path = file_in_folder ("cancelled.nii.gz"), *nowhere = file_in_folder ("no/such/a.nii");
  const int stop = 1;
  OssTick tick = oss_tick_make (NULL, NULL, &stop);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) listing = NULL;

  g_assert_null (oss_nifti_read_volume (missing, OSS_QUANTITY_HU, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (oss_nifti_read_volume (folder, OSS_QUANTITY_HU, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA);
  g_clear_error (&error);
  g_assert_false (oss_nifti_write_volume (volume, wrong, FALSE, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (oss_nifti_write_volume (volume, nowhere, FALSE, NULL, NULL, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (oss_nifti_write_volume (volume, path, FALSE, NULL, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
  g_clear_error (&error);
  listing = g_dir_open (folder, 0, NULL); /* nothing half-written */
  for (const char *name = g_dir_read_name (listing); name != NULL; name = g_dir_read_name (listing))
    g_assert_true (strstr (name, "cancelled") == NULL);
  g_assert_true (oss_nifti_write_volume (volume, path, FALSE, NULL, NULL, NULL));
  g_assert_null (oss_nifti_read_volume (path, OSS_QUANTITY_HU, &tick, &error));
  g_assert_error (error, OSS_ERROR, OSS_ERROR_CANCELLED);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) listing = g_dir_open (folder, 0, NULL);

  for (const char *name = g_dir_read_name (listing); name != NULL; name = g_dir_read_name (listing))
    {
      g_autofree char *path = file_in_folder (name);

      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("ossature-nifti-XXXXXX", NULL);
  g_test_add_func ("/formats/nifti/ras-becomes-lps", test_ras_becomes_lps);
  g_test_add_func ("/formats/nifti/qform", test_qform);
  g_test_add_func ("/formats/nifti/scaling-and-units", test_scaling_and_units);
  g_test_add_func ("/formats/nifti/data-types", test_data_types);
  g_test_add_func ("/formats/nifti/refusals", test_refusals);
  g_test_add_func ("/formats/nifti/frames-and-values", test_frames_and_values);
  g_test_add_func ("/formats/nifti/round-trip", test_round_trip);
  g_test_add_func ("/formats/nifti/many-pieces", test_many_pieces);
  g_test_add_func ("/formats/nifti/int16-rounds-and-clamps", test_int16_rounds_and_clamps);
  g_test_add_func ("/formats/nifti/nibabel-reads-ours", test_nibabel_reads_ours);
  g_test_add_func ("/formats/nifti/we-read-nibabels", test_we_read_nibabels);
  g_test_add_func ("/formats/nifti/totalsegmentator-labels", test_totalsegmentator_labels);
  g_test_add_func ("/formats/nifti/scanco-volume", test_scanco_volume);
  g_test_add_func ("/formats/nifti/truncated", test_truncated);
  g_test_add_func ("/formats/nifti/promises-too-much", test_promises_too_much);
  g_test_add_func ("/formats/nifti/random-damage", test_random_damage);
  g_test_add_func ("/formats/nifti/paths-and-cancel", test_paths_and_cancel);
  status = g_test_run ();
  remove_folder ();
  return status;
}
