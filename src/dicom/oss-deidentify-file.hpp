/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-deidentify-private.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include <string>
#include <vector>

/* One data set made nameless; throws std::runtime_error with words for people when it must be left out. */
class Deidentifier
{
public:
  Deidentifier (const OssDeidentifyRules &rules_, DcmDataset &data_);

  void run ();
  OssDeidentifyName name () const;

private:
  void refuse_pictures ();
  void choose_subject ();
  void clean_item (DcmItem &item);
  void clean_sequence (DcmElement &element, const DcmTagKey &key);
  void treat (DcmItem &item, DcmElement *element);
  void treat_date (DcmItem &item, DcmElement *element, OssRule rule);
  void replace_uids (DcmElement &element);
  void mark ();
  std::string digest (const char *purpose, const std::string &text) const;
  std::string new_uid (const std::string &uid) const;
  std::string shifted (const std::string &value) const;

  const OssDeidentifyRules &rules;
  DcmDataset &data;
  std::string subject;
  int shift_days = 0;
};
