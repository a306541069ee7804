/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-deidentify-file.hpp"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-uid.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace
{

constexpr Uint32 longest_kept_value = 4096;
/* A year and its leap days, a few times over: nobody guesses a date from a shift, and seasons do not show. */
constexpr unsigned most_days = 3650;
constexpr gsize chunk = 1 << 20;
/* Beyond this a file is no study of a spine. */
constexpr gsize largest_file = 1u << 30;

struct LeftOut : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

guint32
tag_number (const DcmTagKey &key)
{
  return (guint32) key.getGroup () << 16 | key.getElement ();
}

std::string
first_value (DcmItem &item, const DcmTagKey &key)
{
  OFString value;
  DcmElement *element = nullptr;
  if (item.findAndGetElement (key, element).bad () || element->getLengthField () > longest_kept_value
      || element->getOFStringArray (value).bad ())
    return "";
  return { value.c_str (), value.size () };
}

/* An element whose type is not the one the dictionary gives may hold anything. */
bool
is_what_it_says (DcmElement &element)
{
  const DcmTag known (element.getTag ().getXTag ());
  DcmEVR meant = known.getEVR (), is = element.ident ();

  switch (meant)
    {
    case EVR_xs:
      return is == EVR_US || is == EVR_SS;
    case EVR_lt:
      return is == EVR_US || is == EVR_SS || is == EVR_OW;
    case EVR_ox:
    case EVR_px:
      return is == EVR_OB || is == EVR_OW || is == EVR_PixelData;
    default:
      return is == meant;
    }
}

/* Digits in a text are numbers, and nothing else. */
bool
is_numeric (DcmElement &element)
{
  OFString text;
  if (element.ident () != EVR_DS && element.ident () != EVR_IS)
    return true;
  return element.getLengthField () <= largest_file && element.getOFStringArray (text).good ()
         && text.find_first_not_of ("0123456789+-.eE \\") == OFString_npos;
}

void
put (DcmItem &item, const DcmTagKey &key, const std::string &value)
{
  if (item.putAndInsertString (key, value.c_str ()).bad ())
    throw std::runtime_error (_ ("an attribute could not be written"));
}

void
add_code (DcmItem &item, const DcmTagKey &sequence, unsigned at, const char *value, const char *meaning)
{
  DcmItem *code = nullptr;
  if (item.findOrCreateSequenceItem (sequence, code, (long) at).bad ())
    throw std::bad_alloc ();
  put (*code, DCM_CodeValue, value);
  put (*code, DCM_CodingSchemeDesignator, "DCM");
  put (*code, DCM_CodeMeaning, meaning);
}

} // namespace

Deidentifier::Deidentifier (const OssDeidentifyRules &rules_, DcmDataset &data_) : rules (rules_), data (data_)
{
}

/* HMAC-SHA-256 of @text for one purpose, 32 bytes. */
std::string
Deidentifier::digest (const char *purpose, const std::string &text) const
{
  guint8 bytes[32];
  gsize n = sizeof bytes;
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, rules.key, sizeof rules.key);

  g_hmac_update (hmac, (const guchar *) purpose, (gssize) strlen (purpose) + 1);
  g_hmac_update (hmac, (const guchar *) text.data (), (gssize) text.size ());
  g_hmac_get_digest (hmac, bytes, &n);
  g_hmac_unref (hmac);
  return { (const char *) bytes, n };
}

/* From a UUID of version 8, "made by its own rule".  What the standard has named stays. */
std::string
Deidentifier::new_uid (const std::string &uid) const
{
  if (uid.empty () || uid.compare (0, 14, "1.2.840.10008.") == 0)
    return uid;
  std::string bytes = digest ("uid", uid);
  guint8 uuid[16];
  memcpy (uuid, bytes.data (), sizeof uuid);
  uuid[6] = (uuid[6] & 0x0f) | 0x80;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
  g_autofree char *replaced = oss_dicom_uid_of_uuid (uuid);
  return replaced;
}

/* A date, or what begins with one, so many days earlier; empty when it is none. */
std::string
Deidentifier::shifted (const std::string &value) const
{
  int year = 0, month = 0, day = 0;
  if (value.size () < 8 || value.find_first_not_of ("0123456789") < 8
      || sscanf (value.c_str (), "%4d%2d%2d", &year, &month, &day) != 3
      || !g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year))
    return "";
  GDate date;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
  if (g_date_get_julian (&date) <= (guint) shift_days)
    return "";
  g_date_subtract_days (&date, (guint) shift_days);
  char text[16];
  g_snprintf (text, sizeof text, "%04d%02d%02d", g_date_get_year (&date), g_date_get_month (&date),
              g_date_get_day (&date));
  return text + value.substr (8);
}

void
Deidentifier::refuse_pictures ()
{
  std::string type = first_value (data, DCM_ImageType);

  if (!oss_deidentify_class_is_known (first_value (data, DCM_SOPClassUID).c_str ()))
    throw LeftOut (_ ("objects of this kind may show or tell names (secondary captures, documents and others)"));
  if (first_value (data, DCM_BurnedInAnnotation) == "YES")
    throw LeftOut (_ ("words are burnt into its pixels (Burned In Annotation)"));
  for (const char *word : { "SCREEN", "DOSE", "CAPTURE", "REPORT" })
    if (type.find (word) != std::string::npos)
      throw LeftOut (_ ("it is a picture of a screen or of a page, which may show names (Image Type)"));
}

void
Deidentifier::choose_subject ()
{
  std::string who = first_value (data, DCM_PatientID);

  if (who.empty ())
    who = first_value (data, DCM_PatientName) + '\\' + first_value (data, DCM_PatientBirthDate);
  if (who == "\\")
    who = first_value (data, DCM_StudyInstanceUID);
  std::string days = digest ("days", who), letters = digest ("subject", who);
  shift_days = 1 + (((guint8) days[0] << 16 | (guint8) days[1] << 8 | (guint8) days[2]) % (int) most_days);
  subject = rules.subject;
  if (!subject.empty ())
    return;
  subject = "OSS-";
  for (size_t i = 0; i < 6; i++)
    {
      char hex[3];
      g_snprintf (hex, sizeof hex, "%02X", (guint8) letters[i]);
      subject += hex;
    }
}

void
Deidentifier::replace_uids (DcmElement &element)
{
  std::string all;
  if (element.getLengthField () > largest_file)
    throw std::bad_alloc ();
  for (unsigned long i = 0; i < element.getVM (); i++)
    {
      OFString value;
      if (element.getOFString (value, i).bad ())
        value.clear ();
      all += (i > 0 ? "\\" : "") + new_uid ({ value.c_str (), value.size () });
    }
  element.putString (all.c_str ());
}

void
Deidentifier::treat_date (DcmItem &item, DcmElement *element, OssRule rule)
{
  DcmEVR kind = element->ident ();
  OFString value;

  if (rules.dates == OSS_DATES_KEEP)
    return;
  if (rules.dates == OSS_DATES_SHIFT && kind != EVR_SH) /* a time zone tells a place */
    {
      element->getOFString (value, 0);
      std::string moved = kind == EVR_TM ? std::string (value.c_str ()) : shifted (value.c_str ());
      if (moved.find_first_not_of ("0123456789.+-: ") == std::string::npos && !moved.empty ())
        {
          element->putString (moved.c_str ());
          return;
        }
    }
  if (rule == OSS_RULE_DATE)
    delete item.remove (element);
  else if (rule == OSS_RULE_DATE_EMPTY || element->getLengthField () == 0)
    element->clear ();
  else
    element->putString (kind == EVR_DA ? "19000101" : kind == EVR_TM ? "000000" : "19000101000000");
}

void
Deidentifier::clean_sequence (DcmElement &element, const DcmTagKey &key)
{
  auto &sequence = dynamic_cast<DcmSequenceOfItems &> (element);

  for (unsigned long i = sequence.card (); i-- > 0;)
    {
      DcmItem *item = sequence.getItem (i);
      std::string type = key == DCM_ContentSequence ? first_value (*item, DCM_ValueType) : "";
      if (type == "PNAME" || type == "DATE" || type == "TIME" || type == "DATETIME")
        delete sequence.remove (i);
      else
        clean_item (*item);
    }
}

void
Deidentifier::treat (DcmItem &item, DcmElement *element)
{
  const DcmTagKey key = element->getTag ().getXTag ();
  OssRule rule = key.getGroup () % 2 == 1 ? OSS_RULE_REMOVE : oss_deidentify_rule (tag_number (key));
  OssKeep option = rule == OSS_RULE_PATIENT  ? OSS_KEEP_PATIENT
                   : rule == OSS_RULE_DEVICE ? OSS_KEEP_DEVICE
                                             : OSS_KEEP_INSTITUTION;

  if (rule == OSS_RULE_REMOVE || !is_what_it_says (*element) || !is_numeric (*element))
    {
      delete item.remove (element);
      return;
    }
  switch (rule)
    {
    case OSS_RULE_EMPTY:
    case OSS_RULE_SUBJECT:
      element->clear ();
      if (rule == OSS_RULE_SUBJECT)
        element->putString (subject.c_str ());
      break;
    case OSS_RULE_DATE:
    case OSS_RULE_DATE_EMPTY:
    case OSS_RULE_DATE_MUST:
      treat_date (item, element, rule);
      break;
    case OSS_RULE_CONTRAST:
    case OSS_RULE_WORDS:
      if (element->getLengthField () > 0)
        element->putString (rule == OSS_RULE_WORDS ? "removed" : "CONTRAST");
      break;
    case OSS_RULE_LABEL:
      element->putString (("Segment " + first_value (item, DCM_SegmentNumber)).c_str ());
      break;
    case OSS_RULE_PATIENT:
    case OSS_RULE_DEVICE:
    case OSS_RULE_INSTITUTION:
      if ((rules.keep & option) == 0)
        {
          if (key == DCM_PatientSex)
            element->clear ();
          else if (key == DCM_DeviceSerialNumber)
            element->putString ("removed");
          else
            delete item.remove (element);
        }
      else if (key == DCM_PatientAge && first_value (item, key) > "089Y" && first_value (item, key).back () == 'Y')
        element->putString ("090Y");
      break;
    case OSS_RULE_KEEP:
      if (element->ident () == EVR_SQ)
        clean_sequence (*element, key);
      else if (element->ident () == EVR_UI)
        replace_uids (*element);
      break;
    default:
      break;
    }
}

void
Deidentifier::clean_item (DcmItem &item)
{
  std::vector<DcmElement *> elements;

  for (unsigned long i = 0; i < item.card (); i++)
    elements.push_back (item.getElement (i));
  for (DcmElement *element : elements)
    treat (item, element);
}

/* What the profile wants to be told (PS3.15, E.1.1 and E.3). */
void
Deidentifier::mark ()
{
  unsigned n = 0;

  put (data, DCM_PatientIdentityRemoved, "YES");
  put (data, DCM_DeidentificationMethod, "Ossature " OSS_VERSION);
  add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113100", "Basic Application Confidentiality Profile");
  if (rules.dates == OSS_DATES_KEEP)
    add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113106",
              "Retain Longitudinal Temporal Information Full Dates Option");
  if (rules.dates == OSS_DATES_SHIFT)
    add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113107",
              "Retain Longitudinal Temporal Information Modified Dates Option");
  if ((rules.keep & OSS_KEEP_PATIENT) != 0)
    add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113108", "Retain Patient Characteristics Option");
  if ((rules.keep & OSS_KEEP_DEVICE) != 0)
    add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113109", "Retain Device Identity Option");
  if ((rules.keep & OSS_KEEP_INSTITUTION) != 0)
    add_code (data, DCM_DeidentificationMethodCodeSequence, n++, "113112", "Retain Institution Identity Option");
  put (data, DCM_LongitudinalTemporalInformationModified,
       rules.dates == OSS_DATES_KEEP    ? "UNMODIFIED"
       : rules.dates == OSS_DATES_SHIFT ? "MODIFIED"
                                        : "REMOVED");
}

void
Deidentifier::run ()
{
  refuse_pictures ();
  choose_subject ();
  clean_item (data);
  /* Present whatever the file had. */
  put (data, DCM_PatientName, subject);
  put (data, DCM_PatientID, subject);
  mark ();
}

OssDeidentifyName
Deidentifier::name () const
{
  OssDeidentifyName out = {};
  g_strlcpy (out.subject, subject.c_str (), sizeof out.subject);
  g_strlcpy (out.series_uid, first_value (data, DCM_SeriesInstanceUID).c_str (), sizeof out.series_uid);
  g_strlcpy (out.sop_instance, first_value (data, DCM_SOPInstanceUID).c_str (), sizeof out.sop_instance);
  if (out.series_uid[0] == '\0' || out.sop_instance[0] == '\0')
    throw LeftOut (_ ("it has no identifier of its own"));
  return out;
}

namespace
{

/* Copies that have lost their class or identifier have them in the file's head.  What stands in for the UIDs of study
 * and series is replaced like any other. */
void
restore_identity (DcmFileFormat &file)
{
  DcmDataset &data = *file.getDataset ();
  DcmItem &head = *file.getMetaInfo ();

  if (first_value (data, DCM_SOPClassUID).empty ())
    put (data, DCM_SOPClassUID, first_value (head, DCM_MediaStorageSOPClassUID));
  if (first_value (data, DCM_SOPInstanceUID).empty ())
    put (data, DCM_SOPInstanceUID, first_value (head, DCM_MediaStorageSOPInstanceUID));
  std::string study = first_value (data, DCM_StudyInstanceUID),
              lost =
                  "lost " + study + " " + first_value (data, DCM_PatientID) + " " + first_value (data, DCM_StudyDate);
  if (study.empty ())
    put (data, DCM_StudyInstanceUID, "study " + lost);
  if (first_value (data, DCM_SeriesInstanceUID).empty ())
    put (data, DCM_SeriesInstanceUID, "series " + first_value (data, DCM_SeriesNumber) + " of " + lost);
}

/* The file as bytes behind its name.  With a new head: the old one tells who sent it, or whatever its preamble holds.
 */
void
write_bytes (DcmFileFormat &old, const OssDeidentifyName &name, std::vector<guint8> &out)
{
  std::vector<guint8> buffer (chunk);
  DcmOutputBufferStream stream (buffer.data (), (offile_off_t) buffer.size ());
  DcmFileFormat file (old.getAndRemoveDataset (), OFFalse);
  DcmWriteCache cache;
  OFCondition result = EC_StreamNotifyClient;

  out.assign ((const guint8 *) &name, (const guint8 *) (&name + 1));
  file.transferInit ();
  while (result == EC_StreamNotifyClient)
    {
      void *bytes = nullptr;
      offile_off_t n = 0;
      result = file.write (stream, file.getDataset ()->getOriginalXfer (), EET_ExplicitLength, &cache, EGL_recalcGL,
                           EPD_withoutPadding, 0, 0, 0, EWM_createNewMeta);
      stream.flushBuffer (bytes, n);
      out.insert (out.end (), (const guint8 *) bytes, (const guint8 *) bytes + n);
      if (out.size () > largest_file)
        throw LeftOut (_ ("it is larger than 1 GiB"));
    }
  file.transferEnd ();
  if (result.bad ())
    throw std::runtime_error (result.text ());
}

} // namespace

guint8 *
oss_deidentify_shim_file (const char *path, const OssDeidentifyRules *rules, gsize *n_bytes, GError **error)
{
  return guarded<guint8 *> (error, nullptr, [&] () -> guint8 * {
    DcmFileFormat file;
    std::vector<guint8> out;

    OFCondition loaded = file.loadFile (path, EXS_Unknown, EGL_noChange, longest_kept_value, ERM_autoDetect);
    if (loaded.bad ())
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, _ ("the file breaks off or is damaged"));
        return nullptr;
      }
    try
      {
        restore_identity (file);
        Deidentifier deidentifier (*rules, *file.getDataset ());
        deidentifier.run ();
        write_bytes (file, deidentifier.name (), out);
      }
    catch (const LeftOut &why)
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_REFUSED, why.what ());
        return nullptr;
      }
    catch (const std::runtime_error &why)
      {
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_INVALID_DATA, why.what ());
        return nullptr;
      }
    *n_bytes = out.size ();
    return (guint8 *) g_memdup2 (out.data (), out.size ());
  });
}
