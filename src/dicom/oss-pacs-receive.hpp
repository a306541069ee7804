/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-pacs-session.hpp"

namespace pacs
{

/* What became of one object. */
struct Stored
{
  DIC_US status = 0;
  bool complete = false; /* all of it came, and the sender was answered */
  bool was_there = false;
  std::string path; /* where it lies; empty when it was refused */
  std::string why;  /* it was refused (translated) */
};

/* Where what is received goes.  Any number of associations may share one. */
class Store
{
public:
  Store (const char *folder, guint64 largest_object);
  ~Store ();
  Store (const Store &) = delete;
  Store &operator= (const Store &) = delete;

  /* Takes the data set of @request off the association and answers it.  A bad condition ends the association. */
  OFCondition receive (T_ASC_Association *assoc, Link &link, T_ASC_PresentationContextID id,
                       const T_DIMSE_C_StoreRQ &request, Stored &stored);

  /* folder/STUDY/SERIES/SOP.dcm */
  std::string path (const std::string &study_uid, const std::string &series_uid, const std::string &sop) const;

  guint64
  bytes () const
  {
    return total;
  }

private:
  void judge (const std::string &temporary, const T_DIMSE_C_StoreRQ &request, Stored &stored);
  bool check_file (const std::string &temporary, const T_DIMSE_C_StoreRQ &request, Stored &stored);
  bool put_in_place (const std::string &temporary, Stored &stored);

  std::string folder;
  guint64 largest;
  OssDicomReaders *readers;
  std::atomic<guint64> total{ 0 };
};

/* The transfer syntaxes that are taken, the ones liked best first. */
const std::vector<std::string> &stored_syntaxes ();

} // namespace pacs
