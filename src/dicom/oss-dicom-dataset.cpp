/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-dicom-dataset.hpp"

#include "base/oss-i18n.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/oflog/oflog.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

void
oss_dicom_check (const OFCondition &condition)
{
  if (condition.bad ())
    throw std::runtime_error (condition.text ());
}

std::string
oss_dicom_decimal (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char format[] = "%.15g";
  for (int digits = 15; digits >= 6; digits--)
    {
      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if (strlen (text) <= 16)
        break;
    }
  return text;
}

std::string
oss_dicom_decimals (std::initializer_list<double> values)
{
  std::string joined;
  for (double value : values)
    joined += (joined.empty () ? "" : "\\") + oss_dicom_decimal (value);
  return joined;
}

void
OssDataset::text (const DcmTagKey &key, const char *value)
{
  oss_dicom_check (item.putAndInsertString (key, value != nullptr ? value : ""));
}

void
OssDataset::text (const DcmTagKey &key, const std::string &value)
{
  text (key, value.c_str ());
}

void
OssDataset::optional_text (const DcmTagKey &key, const char *value)
{
  if (value != nullptr && *value != '\0')
    text (key, value);
}

void
OssDataset::optional_number (const DcmTagKey &key, double value)
{
  if (value != 0.0)
    text (key, oss_dicom_decimal (value));
}

void
OssDataset::optional_whole (const DcmTagKey &key, double value)
{
  if (value != 0.0)
    text (key, std::to_string (std::lround (value)));
}

void
OssDataset::stored (const DcmTagKey &key, int value)
{
  oss_dicom_check (item.putAndInsertUint16 (key, (Uint16) value));
}

void
OssDataset::real (const DcmTagKey &key, double value)
{
  oss_dicom_check (item.putAndInsertFloat64 (key, value));
}

OssDataset
OssDataset::add (const DcmTagKey &sequence)
{
  DcmItem *added = nullptr;

  oss_dicom_check (item.findOrCreateSequenceItem (sequence, added, -2));
  return OssDataset (*added);
}

void
OssDataset::empty (const DcmTagKey &sequence)
{
  oss_dicom_check (item.insertEmptyElement (sequence));
}

void
OssDataset::code (const DcmTagKey &sequence, const OssDicomCode &code)
{
  OssDataset coded = add (sequence);

  coded.text (DCM_CodeValue, code.value);
  coded.text (DCM_CodingSchemeDesignator, code.scheme);
  coded.text (DCM_CodeMeaning, code.meaning);
}

std::vector<guint8>
oss_dicom_serialise (DcmFileFormat &file)
{
  constexpr gsize longest_header = 65536;
  gsize size = file.calcElementLength (EXS_LittleEndianExplicit, EET_ExplicitLength) + longest_header;
  std::vector<guint8> bytes (size + size % 2);
  DcmOutputBufferStream stream (bytes.data (), (offile_off_t) bytes.size ());
  void *begin = nullptr;
  offile_off_t length = 0;

  file.transferInit ();
  oss_dicom_check (
      file.write (stream, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr, EGL_recalcGL, EPD_withoutPadding));
  file.transferEnd ();
  stream.flushBuffer (begin, length);
  bytes.resize ((gsize) length);
  return bytes;
}

gboolean
oss_dicom_start (GError **error)
{
  static gsize started = 0;

  if (g_once_init_enter (&started))
    {
      guarded<gboolean> (nullptr, FALSE, [] () -> gboolean {
        OFLog::configure (OFLogger::OFF_LOG_LEVEL);
        return TRUE;
      });
      g_once_init_leave (&started, 1);
    }
  if (dcmDataDict.isDictionaryLoaded ())
    return TRUE;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                       _ ("DCMTK’s data dictionary is not installed (DCMDICTPATH)."));
  return FALSE;
}
