/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-shim.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-element.hpp"
#include "dicom/oss-dicom-protocol.h"
#include "dicom/oss-guarded.hpp"

#include <string>

using namespace oss_dicom;

namespace
{

template <gsize size>
void
add_string (std::string &all, const char (&text)[size])
{
  all.append (text, strlen (text) + 1);
}

/* Records in the order of the file, in which every writer known to us lets an image follow its series. */
void
list_images (DcmSequenceOfItems &records, std::string &all)
{
  char series_uid[OSS_DICOM_UID_SIZE] = "";
  DcmObject *record = nullptr;

  while ((record = records.nextInContainer (record)) != nullptr && all.size () < OSS_DICOM_LONGEST_INDEX)
    {
      auto *item = dynamic_cast<DcmItem *> (record);
      char type[32] = "", image_uid[OSS_DICOM_UID_SIZE] = "", file[OSS_DICOM_TEXT_SIZE] = "";
      if (item == nullptr)
        continue;
      Reader reader (*item);
      reader.text (DCM_DirectoryRecordType, type);
      if (strcmp (type, "PATIENT") == 0 || strcmp (type, "STUDY") == 0)
        series_uid[0] = '\0';
      else if (strcmp (type, "SERIES") == 0)
        reader.text (DCM_SeriesInstanceUID, series_uid);
      else if (strcmp (type, "IMAGE") == 0)
        {
          reader.text (DCM_ReferencedSOPInstanceUIDInFile, image_uid);
          reader.whole_text (DCM_ReferencedFileID, file);
          add_string (all, series_uid);
          add_string (all, image_uid);
          add_string (all, file);
        }
    }
}

} // namespace

char *
oss_dicom_shim_index (const char *path, gsize *n_bytes, GError **error)
{
  return guarded<char *> (error, nullptr, [&] () -> char * {
    DcmFileFormat file;
    DcmSequenceOfItems *records = nullptr;
    std::string all;
    if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) /* opening a pipe would wait for ever */
        || file.loadFile (path, EXS_Unknown, EGL_noChange, longest_text, ERM_autoDetect).bad ()
        || file.getDataset ()->findAndGetSequence (DCM_DirectoryRecordSequence, records).bad () || records == nullptr)
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("no index of files that can be read"));
        return nullptr;
      }
    list_images (*records, all);
    *n_bytes = all.size ();
    return (char *) g_memdup2 (all.c_str (), all.size () + 1);
  });
}
