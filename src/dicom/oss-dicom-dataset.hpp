/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to this room: what all writers of DICOM files share.  Functions that give no gboolean throw. */
#pragma once

#include "dicom/oss-dicom-codes.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include <initializer_list>
#include <string>
#include <vector>

void oss_dicom_check (const OFCondition &condition);

/* The most digits of @value that fit a decimal string of 16 characters. */
std::string oss_dicom_decimal (double value);
std::string oss_dicom_decimals (std::initializer_list<double> values);

/* A data set, or an item of one, under construction. */
class OssDataset
{
public:
  explicit OssDataset (DcmItem &item_) : item (item_)
  {
  }

  /* Empty when @value is NULL. */
  void text (const DcmTagKey &key, const char *value);
  void text (const DcmTagKey &key, const std::string &value);
  /* Left out when there is nothing to say. */
  void optional_text (const DcmTagKey &key, const char *value);
  void optional_number (const DcmTagKey &key, double value);
  void optional_whole (const DcmTagKey &key, double value);
  void stored (const DcmTagKey &key, int value);  /* US */
  void real (const DcmTagKey &key, double value); /* FD */
  /* A new item at the end of @sequence. */
  OssDataset add (const DcmTagKey &sequence);
  void empty (const DcmTagKey &sequence);
  void code (const DcmTagKey &sequence, const OssDicomCode &code);

  DcmItem &item;
};

/* The whole file.  DCMTK could write it as well, but does not tell when the last buffer of a file finds the disk
 * full. */
std::vector<guint8> oss_dicom_serialise (DcmFileFormat &file);

/* Once, before threads use DCMTK; FALSE without its dictionary. */
gboolean oss_dicom_start (GError **error);
