/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file's data set in a transfer syntax that every node takes; in the reading process. */
#include "dicom/oss-dicom-shim.h"

#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include <glib/gstdio.h>
#include <memory>

static bool
failed (GError **error, const OFCondition &condition)
{
  if (condition.bad ())
    g_set_error (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED, _ ("it cannot be written without compression (%s)"),
                 condition.text ());
  return condition.bad ();
}

guint8 *
oss_dicom_shim_convert (const char *path, gboolean implicit, gsize *n_bytes, GError **error)
{
  return guarded<guint8 *> (error, nullptr, [&] () -> guint8 * {
    constexpr gsize slack = 65536; /* beside the elements: ends of items */
    E_TransferSyntax syntax = implicit ? EXS_LittleEndianImplicit : EXS_LittleEndianExplicit;
    auto file = std::make_unique<DcmFileFormat> ();
    DcmDataset &data = *file->getDataset ();
    DcmWriteCache cache;
    GStatBuf info;
    void *begin = nullptr;
    offile_off_t length = 0;

    if (g_stat (path, &info) != 0 || !S_ISREG (info.st_mode))
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("not a file"));
        return nullptr;
      }
    if (failed (error, file->loadFile (path)) || failed (error, data.chooseRepresentation (syntax, nullptr)))
      return nullptr;
    gsize size = data.calcElementLength (syntax, EET_ExplicitLength) + slack;
    std::unique_ptr<guint8, decltype (&g_free)> bytes ((guint8 *) g_malloc (size), g_free);
    DcmOutputBufferStream stream (bytes.get (), (offile_off_t) size);
    data.transferInit ();
    OFCondition written = data.write (stream, syntax, EET_ExplicitLength, &cache, EGL_recalcGL, EPD_withoutPadding);
    data.transferEnd ();
    if (failed (error, written))
      return nullptr;
    stream.flushBuffer (begin, length);
    *n_bytes = (gsize) length;
    return bytes.release ();
  });
}
