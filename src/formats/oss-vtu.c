/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/oss-vtu.h"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"

#include <zlib.h>

#define BLOCK_BYTES ((gsize) 1 << 18)
#define LEVEL 3 /* zlib: coordinates hardly get smaller with more effort */

/* Data as it follows the "_" of the appended section: per array the header (number of blocks, bytes of a full
 * block, bytes of the last one or 0 when it is full, compressed bytes of each) and the compressed blocks; all
 * numbers UInt64.  VTK File Formats, XML, "Data compression". */
typedef struct
{
  GString *header;   /* XML */
  GByteArray *bytes; /* appended so far */
} Writer;

typedef struct
{
  const guint8 *data;
  gsize size;
  guint8 **blocks;
  guint64 *sizes; /* 0: failed */
} Deflate;

static void
deflate_blocks (gsize begin, gsize end, guint thread, void *data)
{
  const Deflate *job = data;

  for (gsize i = begin; i < end; i++)
    {
      gsize size = MIN (BLOCK_BYTES, job->size - i * BLOCK_BYTES);
      uLongf packed = compressBound (size);
      job->blocks[i] = g_try_malloc (packed);
      if (job->blocks[i] != NULL
          && compress2 (job->blocks[i], &packed, job->data + i * BLOCK_BYTES, size, LEVEL) == Z_OK)
        job->sizes[i] = packed;
    }
}

static void
append_number (GByteArray *bytes, guint64 number)
{
  g_byte_array_append (bytes, (const guint8 *) &number, sizeof number);
}

static gboolean
append_data (Writer *writer, const void *data, gsize size, GError **error)
{
  gsize n_blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES;
  g_autofree guint64 *sizes = g_new0 (guint64, n_blocks + 1);
  g_autofree guint8 **blocks = g_new0 (guint8 *, n_blocks + 1);
  Deflate job = { data, size, blocks, sizes };
  gboolean done = TRUE;

  oss_parallel_for (n_blocks, 1, deflate_blocks, &job);
  append_number (writer->bytes, n_blocks);
  append_number (writer->bytes, BLOCK_BYTES);
  append_number (writer->bytes, size % BLOCK_BYTES);
  g_byte_array_append (writer->bytes, (const guint8 *) sizes, (guint) (n_blocks * sizeof *sizes));
  for (gsize i = 0; i < n_blocks; i++)
    {
      /* GByteArray counts in 32 bits. */
      done = done && sizes[i] > 0 && writer->bytes->len + sizes[i] < G_MAXUINT32 / 2;
      if (done)
        g_byte_array_append (writer->bytes, blocks[i], (guint) sizes[i]);
      g_free (blocks[i]);
    }
  if (!done)
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY, _ ("Not enough memory to pack the mesh for VTU."));
  return done;
}

static gboolean
add_array (Writer *writer, const char *type, const char *name, int components, const void *data, gsize size,
           GError **error)
{
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  g_string_append_printf (writer->header,
                          "        <DataArray type=\"%s\" Name=\"%s\" NumberOfComponents=\"%d\" format=\"appended\" "
                          "offset=\"%u\"/>\n",
                          type, escaped, components, writer->bytes->len);
  return append_data (writer, data, size, error);
}

static gboolean
add_values (Writer *writer, const char *section, const OssVtuArray *arrays, gsize n_arrays, gsize n, GError **error)
{
  g_string_append_printf (writer->header, "      <%s>\n", section);
  for (gsize i = 0; i < n_arrays; i++)
    {
      if (arrays[i].name == NULL || arrays[i].values == NULL || arrays[i].components < 1)
        {
          g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("%s array %zu of a VTU file has no name or no values."),
                       section, i);
          return FALSE;
        }
      if (!add_array (writer, "Float64", arrays[i].name, arrays[i].components, arrays[i].values,
                      n * (gsize) arrays[i].components * sizeof (double), error))
        return FALSE;
    }
  g_string_append_printf (writer->header, "      </%s>\n", section);
  return TRUE;
}

static guint8
cell_type (OssElementKind kind)
{
  return kind == OSS_ELEMENT_TET4 ? 10 : kind == OSS_ELEMENT_TET10 ? 24 : 12;
}

static gboolean
add_cells (Writer *writer, const OssMesh *mesh, GError **error)
{
  gsize per_element = (gsize) oss_element_nodes (mesh->kind), n = mesh->n_elements;
  g_autofree gint64 *ends = g_try_new (gint64, n + 1);
  g_autofree guint8 *types = g_try_new (guint8, n + 1);

  if (ends == NULL || types == NULL)
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_OUT_OF_MEMORY,
                           _ ("Not enough memory to pack the mesh for VTU."));
      return FALSE;
    }
  for (gsize e = 0; e < n; e++)
    {
      ends[e] = (gint64) ((e + 1) * per_element);
      types[e] = cell_type (mesh->kind);
    }
  g_string_append (writer->header, "      <Cells>\n");
  if (!add_array (writer, "Int32", "connectivity", 1, mesh->elements, n * per_element * sizeof (gint32), error)
      || !add_array (writer, "Int64", "offsets", 1, ends, n * sizeof (gint64), error)
      || !add_array (writer, "UInt8", "types", 1, types, n, error))
    return FALSE;
  g_string_append (writer->header, "      </Cells>\n");
  return TRUE;
}

static gboolean
write_file (const Writer *writer, const char *path, GError **error)
{
  g_autoptr (OssFileWriter) file = oss_file_writer_new (path, error);

  if (file == NULL)
    return FALSE;
  FILE *stream = oss_file_writer_stream (file);
  /* Write errors stay in the stream: the commit looks. */
  fwrite (writer->header->str, 1, writer->header->len, stream);
  fputc ('_', stream);
  fwrite (writer->bytes->data, 1, writer->bytes->len, stream);
  fputs ("\n  </AppendedData>\n</VTKFile>\n", stream);
  return oss_file_writer_commit (file, error);
}

gboolean
oss_vtu_write (const char *path, const OssMesh *mesh, const OssVtuArray *node_arrays, gsize n_node_arrays,
               const OssVtuArray *element_arrays, gsize n_element_arrays, GError **error)
{
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Writer writer = { header, bytes };

  g_string_printf (header,
                   "<?xml version=\"1.0\"?>\n"
                   "<VTKFile type=\"UnstructuredGrid\" version=\"1.0\" byte_order=\"%s\" header_type=\"UInt64\" "
                   "compressor=\"vtkZLibDataCompressor\">\n"
                   "  <!-- Ossature %s; patient coordinates LPS (x to the left, y to the back, z up), mm -->\n"
                   "  <UnstructuredGrid>\n"
                   "    <Piece NumberOfPoints=\"%" G_GSIZE_FORMAT "\" NumberOfCells=\"%" G_GSIZE_FORMAT "\">\n",
                   G_BYTE_ORDER == G_LITTLE_ENDIAN ? "LittleEndian" : "BigEndian", OSS_VERSION, mesh->n_nodes,
                   mesh->n_elements);
  if (!add_values (&writer, "PointData", node_arrays, n_node_arrays, mesh->n_nodes, error)
      || !add_values (&writer, "CellData", element_arrays, n_element_arrays, mesh->n_elements, error))
    return FALSE;
  g_string_append (header, "      <Points>\n");
  if (!add_array (&writer, "Float64", "Points", 3, mesh->nodes, 3 * mesh->n_nodes * sizeof (double), error))
    return FALSE;
  g_string_append (header, "      </Points>\n");
  if (!add_cells (&writer, mesh, error))
    return FALSE;
  g_string_append (header, "    </Piece>\n  </UnstructuredGrid>\n  <AppendedData encoding=\"raw\">\n");
  return write_file (&writer, path, error);
}
