/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C-FIND: what a peer holds. */
#include "dicom/oss-pacs-find.hpp"

#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/dcmdata/dctk.h>

#include <cstring>

using namespace pacs;

void
oss_pacs_match_free (OssPacsMatch *self)
{
  if (self == nullptr)
    return;
  char **texts[] = { &self->patient_name,        &self->patient_id,        &self->patient_birth_date,
                     &self->patient_sex,         &self->study_uid,         &self->study_date,
                     &self->study_time,          &self->study_description, &self->accession_number,
                     &self->referring_physician, &self->series_uid,        &self->series_date,
                     &self->series_description,  &self->body_part,         &self->modalities };
  for (char **text : texts)
    g_free (*text);
  g_free (self);
}

namespace
{

constexpr guint usual_limit = 1000;
constexpr guint64 slack_bytes = 1024 * 1024; /* no answer, with all its sequences, is longer */

/* A value in UTF-8 (the data set has been converted), without control characters. */
char *
text_of (DcmDataset &data, const DcmTagKey &key)
{
  OFString value;
  data.findAndGetOFStringArray (key, value);
  char *text = g_utf8_make_valid (value.c_str (), -1);
  for (char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return g_strstrip (text);
}

std::string
uid_of (DcmDataset &data, const DcmTagKey &key)
{
  g_autofree char *text = text_of (data, key);
  return oss_dicom_is_uid (text) ? text : "";
}

int
count_of (DcmDataset &data, const DcmTagKey &key)
{
  g_autofree char *text = text_of (data, key);
  gint64 value = -1;
  return g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &value, nullptr) ? (int) value : -1;
}

OssPacsMatch *
read_match (DcmDataset &data, OssPacsLevel level)
{
  auto *match = g_new0 (OssPacsMatch, 1);
  bool series = level == OSS_PACS_SERIES;

  match->patient_name = text_of (data, DCM_PatientName);
  match->patient_id = text_of (data, DCM_PatientID);
  match->patient_birth_date = text_of (data, DCM_PatientBirthDate);
  match->patient_sex = text_of (data, DCM_PatientSex);
  match->study_uid = text_of (data, DCM_StudyInstanceUID);
  match->study_date = text_of (data, DCM_StudyDate);
  match->study_time = text_of (data, DCM_StudyTime);
  match->study_description = text_of (data, DCM_StudyDescription);
  match->accession_number = text_of (data, DCM_AccessionNumber);
  match->referring_physician = text_of (data, DCM_ReferringPhysicianName);
  match->series_uid = text_of (data, DCM_SeriesInstanceUID);
  match->series_date = text_of (data, DCM_SeriesDate);
  match->series_description = text_of (data, DCM_SeriesDescription);
  match->body_part = text_of (data, DCM_BodyPartExamined);
  match->modalities = text_of (data, series ? DCM_Modality : DCM_ModalitiesInStudy);
  g_strdelimit (match->modalities, "\\", ',');
  match->series_number = MAX (count_of (data, DCM_SeriesNumber), 0);
  match->n_series =
      count_of (data, level == OSS_PACS_PATIENT ? DCM_NumberOfPatientRelatedSeries : DCM_NumberOfStudyRelatedSeries);
  match->n_objects = count_of (data, series                      ? DCM_NumberOfSeriesRelatedInstances
                                     : level == OSS_PACS_PATIENT ? DCM_NumberOfPatientRelatedInstances
                                                                 : DCM_NumberOfStudyRelatedInstances);
  return match;
}

/* --- The question --- */

/* The value itself is not quoted: it may name a patient. */
bool
bad_key (GError **error, const char *what)
{
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE, what);
  return false;
}

bool
is_date (const char *text)
{
  gsize digits = strspn (text, "0123456789");
  return digits == 8 && text[8] == '\0';
}

bool
is_date_range (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", -1);
  guint n = g_strv_length (parts);
  if (n == 1)
    return is_date (parts[0]);
  return n == 2 && (is_date (parts[0]) || is_date (parts[1])) && (parts[0][0] == '\0' || is_date (parts[0]))
         && (parts[1][0] == '\0' || is_date (parts[1]));
}

bool
is_text (const char *text)
{
  if (!g_utf8_validate (text, -1, nullptr) || g_utf8_strlen (text, -1) > 64 || strchr (text, '\\') != nullptr)
    return false;
  for (const char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return false;
  return true;
}

bool
check_query (const OssPacsQuery *query, GError **error)
{
  const char *texts[] = { query->patient_name,     query->patient_id, query->study_description,
                          query->accession_number, query->modality,   query->series_description };

  for (const char *text : texts)
    if (text != nullptr && !is_text (text))
      return bad_key (error, _ ("A text to search for has at most 64 characters, and no backslash."));
  for (const char *date : { query->study_date, query->patient_birth_date })
    if (date != nullptr && *date != '\0' && !is_date_range (date))
      return bad_key (error, _ ("A date to search for is YYYYMMDD, or a range YYYYMMDD-YYYYMMDD."));
  for (const char *uid : { query->study_uid, query->series_uid })
    if (uid != nullptr && *uid != '\0' && !oss_dicom_is_uid (uid))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is no UID."), uid);
        return false;
      }
  if (query->level == OSS_PACS_SERIES && (query->study_uid == nullptr || *query->study_uid == '\0'))
    return bad_key (error, _ ("Series are looked for in one study: give its UID."));
  return true;
}

/* The keys of a question under construction, with its character set. */
class Keys
{
public:
  explicit Keys (const OssPacsQuery *query)
  {
    for (const char *text : { query->patient_name, query->patient_id, query->study_description, query->accession_number,
                              query->series_description })
      for (const char *c = text; c != nullptr && *c != '\0'; c = g_utf8_next_char (c))
        highest = MAX (highest, g_utf8_get_char (c));
  }

  void
  text (const DcmTagKey &key, const char *value)
  {
    g_autofree char *local = nullptr;
    if (value == nullptr)
      value = "";
    if (highest > 0x7f && highest <= 0xff)
      local = g_convert (value, -1, "ISO-8859-1", "UTF-8", nullptr, nullptr, nullptr);
    data.putAndInsertString (key, local != nullptr ? local : value);
  }

  void
  empty (std::initializer_list<DcmTagKey> keys)
  {
    for (const DcmTagKey &key : keys)
      data.insertEmptyElement (key);
  }

  /* Latin 1 is what most archives understand; anything else goes out as UTF-8. */
  void
  finish ()
  {
    if (highest > 0x7f)
      data.putAndInsertString (DCM_SpecificCharacterSet, highest <= 0xff ? "ISO_IR 100" : "ISO_IR 192");
  }

  DcmDataset data;

private:
  gunichar highest = 0;
};

void
fill_patient (Keys &keys, const OssPacsQuery *query)
{
  keys.text (DCM_PatientName, query->patient_name);
  keys.text (DCM_PatientID, query->patient_id);
  keys.text (DCM_PatientBirthDate, query->patient_birth_date);
  keys.empty ({ DCM_PatientSex });
}

void
fill_study (Keys &keys, const OssPacsQuery *query)
{
  fill_patient (keys, query);
  keys.text (DCM_StudyInstanceUID, query->study_uid);
  keys.text (DCM_StudyDate, query->study_date);
  keys.text (DCM_StudyDescription, query->study_description);
  keys.text (DCM_AccessionNumber, query->accession_number);
  keys.text (DCM_ModalitiesInStudy, query->modality);
  keys.empty (
      { DCM_StudyTime, DCM_ReferringPhysicianName, DCM_NumberOfStudyRelatedSeries, DCM_NumberOfStudyRelatedInstances });
}

void
fill_series (Keys &keys, const OssPacsQuery *query)
{
  keys.text (DCM_StudyInstanceUID, query->study_uid);
  keys.text (DCM_SeriesInstanceUID, query->series_uid);
  keys.text (DCM_Modality, query->modality);
  keys.text (DCM_SeriesDescription, query->series_description);
  keys.empty ({ DCM_SeriesNumber, DCM_SeriesDate, DCM_BodyPartExamined, DCM_NumberOfSeriesRelatedInstances });
}

void
fill_keys (Keys &keys, const OssPacsQuery *query)
{
  static const char *const names[] = { "PATIENT", "STUDY", "SERIES" };

  keys.text (DCM_QueryRetrieveLevel, names[query->level]);
  if (query->level == OSS_PACS_PATIENT)
    {
      fill_patient (keys, query);
      keys.empty ({ DCM_NumberOfPatientRelatedSeries, DCM_NumberOfPatientRelatedInstances });
    }
  else if (query->level == OSS_PACS_STUDY)
    fill_study (keys, query);
  else
    fill_series (keys, query);
  keys.finish ();
}

/* --- The answers --- */

struct Answers
{
  Association *association;
  T_ASC_PresentationContextID id;
  const std::function<bool (DcmDataset &)> *take;
  bool enough = false;
  guint late = 0; /* answers after the peer was asked to stop */
};

void
answer_cb (void *data, T_DIMSE_C_FindRQ *request, int, T_DIMSE_C_FindRSP *, DcmDataset *found)
{
  auto *self = static_cast<Answers *> (data);

  if (self->enough && ++self->late > usual_limit)
    self->association->link ().end (); /* it does not stop: hang up */
  if (self->enough || found == nullptr)
    return;
  found->convertToUTF8 (); /* where its character set is not known, values stay and are made valid later */
  self->association->link ().allow (slack_bytes);
  self->enough = !(*self->take) (*found);
  if (self->enough)
    DIMSE_sendCancelRequest (self->association->get (), self->id, request->MessageID);
}

} // namespace

namespace pacs
{

bool
ask (Job &, Association &association, const char *model, DcmDataset &keys,
     const std::function<bool (DcmDataset &)> &take, GError **error)
{
  T_DIMSE_C_FindRQ request = {};
  T_DIMSE_C_FindRSP response = {};
  DcmDataset *detail = nullptr;
  Answers answers = { &association, association.accepted (model, "C-FIND", error), &take };
  int n = 0;

  if (answers.id == 0)
    return false;
  request.MessageID = association.next_message ();
  g_strlcpy (request.AffectedSOPClassUID, model, sizeof request.AffectedSOPClassUID);
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
  association.link ().allow (slack_bytes);
  OFCondition asked = DIMSE_findUser (association.get (), answers.id, &request, &keys, n, answer_cb, &answers,
                                      DIMSE_BLOCKING, 0, &response, &detail);
  association.link ().allow (G_MAXUINT64);
  delete detail;
  if (answers.enough)
    {
      if (asked.bad ())
        association.give_up (); /* it hung up on being stopped: what was asked for is there */
      return true;
    }
  if (!association.check (asked, error))
    return false;
  if (DICOM_SUCCESS_STATUS (response.DimseStatus))
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("The peer answers the question with “%s”."),
               status_words (response.DimseStatus).c_str ());
  return false;
}

static bool
list_series (Job &job, Association &association, const std::string &study_uid, std::vector<std::string> &found,
             GError **error)
{
  DcmDataset keys;

  keys.putAndInsertString (DCM_QueryRetrieveLevel, "SERIES");
  keys.putAndInsertString (DCM_StudyInstanceUID, study_uid.c_str ());
  keys.insertEmptyElement (DCM_SeriesInstanceUID);
  return ask (
      job, association, UID_FINDStudyRootQueryRetrieveInformationModel, keys,
      [&found] (DcmDataset &data) {
        std::string uid = uid_of (data, DCM_SeriesInstanceUID);
        if (!uid.empty ())
          found.push_back (uid);
        return true;
      },
      error);
}

bool
list_instances (Job &job, Association &association, const std::string &study_uid, const std::string &series_uid,
                std::vector<Instance> &instances, GError **error)
{
  std::vector<std::string> series;

  if (!series_uid.empty ())
    series.push_back (series_uid);
  else if (!list_series (job, association, study_uid, series, error))
    return false;
  for (const std::string &uid : series)
    {
      DcmDataset keys;
      keys.putAndInsertString (DCM_QueryRetrieveLevel, "IMAGE");
      keys.putAndInsertString (DCM_StudyInstanceUID, study_uid.c_str ());
      keys.putAndInsertString (DCM_SeriesInstanceUID, uid.c_str ());
      keys.insertEmptyElement (DCM_SOPInstanceUID);
      keys.insertEmptyElement (DCM_SOPClassUID);
      bool ok = ask (
          job, association, UID_FINDStudyRootQueryRetrieveInformationModel, keys,
          [&] (DcmDataset &data) {
            std::string sop = uid_of (data, DCM_SOPInstanceUID);
            if (!sop.empty ())
              instances.push_back ({ study_uid, uid, sop, uid_of (data, DCM_SOPClassUID) });
            return true;
          },
          error);
      if (!ok)
        return false;
    }
  return true;
}

} // namespace pacs

namespace
{

struct Found
{
  GPtrArray *matches = g_ptr_array_new_with_free_func ((GDestroyNotify) oss_pacs_match_free);
  guint limit = usual_limit;
  bool truncated = false;

  ~Found ()
  {
    g_ptr_array_unref (matches);
  }
};

bool
find (Job &job, OssPacsLevel level, DcmDataset &keys, Found &found, GError **error)
{
  const char *model = level == OSS_PACS_PATIENT ? UID_FINDPatientRootQueryRetrieveInformationModel
                                                : UID_FINDStudyRootQueryRetrieveInformationModel;
  Association association (job);

  job.report (0.0, _ ("Searching"));
  if (!association.open ({ { model, uncompressed_syntaxes () } }, error))
    return false;
  return ask (
      job, association, model, keys,
      [&] (DcmDataset &data) {
        if (found.matches->len >= found.limit)
          found.truncated = true;
        else
          g_ptr_array_add (found.matches, read_match (data, level));
        return !found.truncated;
      },
      error);
}

} // namespace

GPtrArray *
oss_pacs_find (const OssPacsPeer *peer, const OssPacsQuery *query, gboolean *truncated, const OssTick *tick,
               GError **error)
{
  return guarded<GPtrArray *> (error, nullptr, [&] () -> GPtrArray * {
    if (!oss_pacs_peer_check (peer, error) || !check_query (query, error) || !start (error))
      return nullptr;
    auto job = std::make_shared<Job> (peer);
    auto found = std::make_shared<Found> ();
    auto keys = std::make_shared<Keys> (query);
    OssPacsLevel level = query->level;

    fill_keys (*keys, query);
    if (query->limit > 0)
      found->limit = query->limit;
    bool ok = Job::run (
        job,
        [found, keys, level] (Job &self, GError **failure) { return find (self, level, keys->data, *found, failure); },
        tick, error);
    if (!ok)
      return nullptr;
    if (truncated != nullptr)
      *truncated = found->truncated;
    return g_ptr_array_ref (found->matches);
  });
}
