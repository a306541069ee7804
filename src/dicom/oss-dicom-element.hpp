/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Values of one data set or sequence item, taken with care: what the reading side of the shim shares. */

#include "dicom/oss-dicom-header.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <cstring>
#include <exception>

namespace oss_dicom
{

/* The longest header value that is of use here: a person's name in three scripts. */
constexpr Uint32 longest_text = 4096;

/* Whatever a file claims: a value is fetched only when it is short. */
inline bool
is_short (DcmItem &item, const DcmTagKey &key)
{
  DcmElement *element = nullptr;
  return item.findAndGetElement (key, element).good () && element != nullptr
         && element->getLengthField () <= longest_text;
}

/* @text, of no known character set, in UTF-8.  With escape sequences it is Japanese: ISO 2022 IR 87 and 159, which
 * DCMTK leaves alone where its own library does not know them.  Otherwise UTF-8 or, failing that, Latin-1. */
inline char *
guess_utf8 (const char *text)
{
  char *utf8 = nullptr;

  if (strchr (text, '\x1b') != nullptr)
    utf8 = g_convert (text, -1, "UTF-8", "ISO-2022-JP-2", nullptr, nullptr, nullptr);
  if (utf8 != nullptr)
    return utf8;
  return g_utf8_validate (text, -1, nullptr) ? g_strdup (text)
                                             : g_convert (text, -1, "UTF-8", "ISO-8859-1", nullptr, nullptr, nullptr);
}

/* @text in UTF-8 without control characters, cut at a character's border. */
inline void
store_text (const OFString &text, char *out, gsize size)
{
  char *utf8 = guess_utf8 (text.c_str ());
  if (utf8 == nullptr)
    utf8 = g_utf8_make_valid (text.c_str (), -1);
  for (char *c = utf8; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  g_strstrip (utf8);
  oss_dicom_copy_text (out, size, utf8);
  g_free (utf8);
}

/* A decimal string as people have written them: blanks and rubbish of padding around it, a comma for the point.
 * What is no number ("1A", "0x10", "nan") stays none. */
inline bool
parse_number (const char *text, double &out)
{
  char buffer[64];
  gsize n = 0;
  char *end = nullptr;

  while (g_ascii_isspace (*text))
    text++;
  for (; *text != '\0' && strchr ("+-0123456789.,eE", *text) != nullptr && n + 1 < sizeof buffer; text++, n++)
    buffer[n] = *text == ',' && memchr (buffer, '.', n) == nullptr ? '.' : *text;
  buffer[n] = '\0';
  while (g_ascii_isspace (*text))
    text++;
  double parsed = g_ascii_strtod (buffer, &end);
  if (*text != '\0' || end == buffer || *end != '\0' || !std::isfinite (parsed))
    return false;
  out = parsed;
  return true;
}

class Reader
{
public:
  explicit Reader (DcmItem &item_) : item (item_)
  {
    if (is_short (item, DCM_SpecificCharacterSet))
      charset.selectCharacterSet (item);
  }

  template <gsize size>
  void
  text (const DcmTagKey &key, char (&out)[size], unsigned long which = 0)
  {
    OFString value, utf8;
    if (!is_short (item, key) || item.findAndGetOFString (key, value, which).bad ())
      return;
    bool converted = convert (value, utf8);
    store_text (converted ? utf8 : value, out, size);
  }

  template <gsize size>
  void
  whole_text (const DcmTagKey &key, char (&out)[size])
  {
    OFString value;
    if (is_short (item, key) && item.findAndGetOFStringArray (key, value).good ())
      store_text (value, out, size);
  }

  bool
  number (const DcmTagKey &key, double &out, unsigned long which = 0)
  {
    OFString value;
    return is_short (item, key) && item.findAndGetOFString (key, value, which).good ()
           && parse_number (value.c_str (), out);
  }

  /* All or none. */
  template <unsigned long n>
  bool
  numbers (const DcmTagKey &key, double (&out)[n])
  {
    double found[n];
    for (unsigned long i = 0; i < n; i++)
      if (!number (key, found[i], i))
        return false;
    memcpy (out, found, sizeof found);
    return true;
  }

  gint32
  whole (const DcmTagKey &key)
  {
    double value = 0.0;
    return number (key, value) && std::fabs (value) < 1e9 ? (gint32) value : 0;
  }

  /* US or SS. */
  bool
  stored (const DcmTagKey &key, gint32 &out)
  {
    Uint16 us = 0;
    Sint16 ss = 0;
    if (!is_short (item, key))
      return false;
    if (item.findAndGetUint16 (key, us).good ())
      out = us;
    else if (item.findAndGetSint16 (key, ss).good ())
      out = ss;
    else
      return false;
    return true;
  }

private:
  /* Escape sequences that are cut off make DCMTK take away more than there is. */
  bool
  convert (const OFString &value, OFString &utf8)
  {
    try
      {
        return charset && charset.convertString (value, utf8, "\\^=").good ();
      }
    catch (const std::exception &)
      {
        return false;
      }
  }

  DcmItem &item;
  DcmSpecificCharacterSet charset;
};

} // namespace oss_dicom
