/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-pacs-session.hpp"

namespace pacs
{

/* What is received, and where it goes.  Any number of associations may share one. */
class Store
{
public:
  /* Called on the thread that received an object, once it lies under its name. */
  using Received = std::function<void (const std::string &path, const std::string &sop_instance, bool was_there)>;

  Store (const char *folder, guint64 largest_object, Received received);
  ~Store ();
  Store (const Store &) = delete;
  Store &operator= (const Store &) = delete;

  /* Takes the data set of @request off the association and answers it.  @status is what was answered; @why
   * (translated) says what was wrong.  A bad condition ends the association. */
  OFCondition receive (T_ASC_Association *assoc, Link &link, T_ASC_PresentationContextID id,
                       const T_DIMSE_C_StoreRQ &request, DIC_US &status, std::string &why);

  /* folder/STUDY/SERIES/SOP.dcm */
  std::string path (const std::string &study_uid, const std::string &series_uid, const std::string &sop) const;

  guint64
  bytes () const
  {
    return total;
  }

private:
  bool check_file (const std::string &temporary, const T_DIMSE_C_StoreRQ &request, std::string &final_path,
                   DIC_US &status, std::string &why);
  bool put_in_place (const std::string &temporary, const std::string &final_path, bool &was_there, std::string &why);

  std::string folder;
  guint64 largest;
  Received received;
  OssDicomReaders *readers;
  std::atomic<guint64> total{ 0 };
};

/* The transfer syntaxes that are taken, the ones liked best first. */
const std::vector<std::string> &stored_syntaxes ();

} // namespace pacs
