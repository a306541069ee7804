/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deflated files are looked through before they are parsed, as others are: what they inflate to is bounded by their
 * size, and so is how deep it nests. */
#include "dicom/oss-dicom-shim.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-depth.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dctk.h>

#include <vector>

namespace
{

/* A slice of 2048 x 2048 pixels that shows nothing deflates to a thousandth; with an image in it to a third. */
constexpr gsize most_bytes = 32u << 20, most_per_byte = 8;
constexpr offile_off_t preamble_bytes = 132;

/* Where the data set begins; 0 when the file is not deflated. */
offile_off_t
find_data_set (const char *path)
{
  DcmMetaInfo meta;
  OFString syntax;
  Uint32 length = 0;

  if (meta.loadFile (path, EXS_Unknown, EGL_noChange, 4096).bad ()
      || meta.findAndGetOFString (DCM_TransferSyntaxUID, syntax).bad ()
      || syntax != UID_DeflatedExplicitVRLittleEndianTransferSyntax
      || meta.findAndGetUint32 (DCM_FileMetaInformationGroupLength, length).bad ())
    return 0;
  return preamble_bytes + 12 + (offile_off_t) length;
}

/* FALSE when there is more than @limit. */
bool
inflate (const char *path, offile_off_t from, gsize limit, std::vector<guint8> &out)
{
  DcmInputFileStream stream (path, from);
  std::vector<guint8> block (64 * 1024);

  if (stream.status ().bad () || stream.installCompressionFilter (ESC_zlib).bad ())
    return true; /* whoever parses it says why */
  while (stream.good () && !stream.eos ())
    {
      offile_off_t n = stream.read (block.data (), (offile_off_t) block.size ());
      if (n <= 0)
        break;
      if (out.size () + (gsize) n > limit)
        return false;
      out.insert (out.end (), block.begin (), block.begin () + n);
    }
  return true;
}

} // namespace

gboolean
oss_dicom_shim_check_deflated (const char *path, guint64 file_bytes, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    offile_off_t from = find_data_set (path);
    gsize limit = most_bytes + most_per_byte * (gsize) MIN (file_bytes, (guint64) G_MAXUINT32);
    std::vector<guint8> bytes;
    if (from == 0)
      return TRUE;
    if (!inflate (path, from, limit, bytes))
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("it inflates to more than %zu bytes"), limit);
    else if (oss_dicom_depth (bytes.data (), bytes.size ()) > OSS_DICOM_DEEPEST)
      g_set_error (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("its sequences lie more than %d deep in one another"),
                   OSS_DICOM_DEEPEST);
    else
      return TRUE;
    return FALSE;
  });
}
