/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C-GET and C-MOVE: objects of a peer into a folder. */
#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-pacs-files.hpp"
#include "dicom/oss-pacs-find.hpp"
#include "dicom/oss-pacs-listener.hpp"

#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <map>
#include <set>

using namespace pacs;

namespace
{

constexpr guint64 largest_object = 4ull << 30;
constexpr gsize most_uids_asked = 500; /* 32 kB of UIDs: an element of explicit VR holds 64 kB */

/* One retrieval, shared with a job that may be left behind. */
struct Retrieval
{
  std::string study_uid, series_uid;
  std::shared_ptr<Store> store;
  std::vector<Instance> listed; /* what the peer says there is; empty when it does not say */
  guint already = 0;
  std::mutex lock; /* of what follows: a C-MOVE arrives on other threads */
  guint stored = 0, told_total = 0;
  std::map<std::string, std::string> refused; /* SOP instance UID: why */
  ListenerSettings listening;                 /* of a C-MOVE */

  bool
  is_there (const Instance &one) const
  {
    return g_file_test (store->path (one.study_uid, one.series_uid, one.sop_instance).c_str (), G_FILE_TEST_EXISTS);
  }

  std::vector<Instance>
  missing () const
  {
    std::vector<Instance> left;
    std::copy_if (listed.begin (), listed.end (), std::back_inserter (left),
                  [this] (const Instance &one) { return !is_there (one); });
    return left;
  }

  void
  note (const std::string &sop, const Stored &one)
  {
    std::lock_guard<std::mutex> guard (lock);
    if (one.status != STATUS_STORE_Success)
      refused[sop] = one.why;
    else if (!one.was_there)
      stored++;
  }
};

/* --- What is asked for --- */

/* One identifier a question: the whole when nothing of it is there, else the missing objects by name. */
std::vector<std::unique_ptr<DcmDataset>>
identifiers (const Retrieval &retrieval, const std::vector<Instance> &missing)
{
  std::vector<std::unique_ptr<DcmDataset>> all;
  auto begin = [&] (const char *level, const std::string &series) -> DcmDataset & {
    all.push_back (std::make_unique<DcmDataset> ());
    all.back ()->putAndInsertString (DCM_QueryRetrieveLevel, level);
    all.back ()->putAndInsertString (DCM_StudyInstanceUID, retrieval.study_uid.c_str ());
    if (!series.empty ())
      all.back ()->putAndInsertString (DCM_SeriesInstanceUID, series.c_str ());
    return *all.back ();
  };

  if (retrieval.listed.empty () || missing.size () == retrieval.listed.size ())
    {
      begin (retrieval.series_uid.empty () ? "STUDY" : "SERIES", retrieval.series_uid);
      return all;
    }
  for (gsize i = 0; i < missing.size ();)
    {
      const std::string &series = missing[i].series_uid;
      std::string uids;
      for (gsize n = 0; i < missing.size () && n < most_uids_asked && missing[i].series_uid == series; i++, n++)
        uids += (uids.empty () ? "" : "\\") + missing[i].sop_instance;
      begin ("IMAGE", series).putAndInsertString (DCM_SOPInstanceUID, uids.c_str ());
    }
  return all;
}

/* The classes that may come, each with every transfer syntax: in contexts of their own while there is room, so
 * that compressed objects can come as they are. */
std::vector<Context>
storage_contexts (const std::vector<Instance> &missing)
{
  std::set<std::string> classes;
  std::vector<Context> contexts = { { UID_GETStudyRootQueryRetrieveInformationModel, uncompressed_syntaxes (),
                                      false } };
  const auto &syntaxes = stored_syntaxes ();

  for (const Instance &one : missing)
    if (!one.sop_class.empty ())
      classes.insert (one.sop_class);
  for (int i = 0; classes.empty () && i < MIN (numberOfDcmLongSCUStorageSOPClassUIDs, (int) most_contexts - 1); i++)
    contexts.push_back ({ dcmLongSCUStorageSOPClassUIDs[i], syntaxes, true });
  bool room = classes.size () * syntaxes.size () < most_contexts;
  for (const std::string &sop_class : classes)
    {
      if (!room && contexts.size () < most_contexts)
        contexts.push_back ({ sop_class, syntaxes, true });
      for (gsize i = 0; room && i < syntaxes.size (); i++)
        contexts.push_back ({ sop_class, { syntaxes[i] }, true });
    }
  return contexts;
}

/* FALSE with an error for a final status that says that nothing was done at all. */
bool
check_status (DIC_US status, guint completed, GError **error)
{
  if (DICOM_SUCCESS_STATUS (status) || DICOM_WARNING_STATUS (status) || completed > 0)
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("The peer does not send: %s."), status_words (status).c_str ());
  return false;
}

void
report_progress (Job &job, Retrieval &retrieval)
{
  std::lock_guard<std::mutex> guard (retrieval.lock);
  guint total = retrieval.listed.empty () ? retrieval.told_total : (guint) retrieval.listed.size ();
  guint have = retrieval.already + retrieval.stored;
  job.report (total > 0 ? MIN (1.0, (double) have / (double) total) : 0.0, _ ("Receiving objects"));
}

/* --- C-GET --- */

bool
send_get (Association &association, T_ASC_PresentationContextID id, DcmDataset &identifier, GError **error)
{
  T_DIMSE_Message request = {};
  T_DIMSE_C_GetRQ &words = request.msg.CGetRQ;

  request.CommandField = DIMSE_C_GET_RQ;
  words.MessageID = association.next_message ();
  g_strlcpy (words.AffectedSOPClassUID, UID_GETStudyRootQueryRetrieveInformationModel,
             sizeof words.AffectedSOPClassUID);
  words.Priority = DIMSE_PRIORITY_MEDIUM;
  words.DataSetType = DIMSE_DATASET_PRESENT;
  return association.check (
      DIMSE_sendMessageUsingMemoryData (association.get (), id, &request, nullptr, &identifier, nullptr, nullptr),
      error);
}

/* A response; the list of failed objects that may come with it is passed over: what is missing shows. */
bool
take_response (Association &association, Retrieval &retrieval, const T_DIMSE_C_GetRSP &response, bool &over,
               GError **error)
{
  guint done = response.NumberOfCompletedSubOperations + response.NumberOfWarningSubOperations;
  DIC_UL bytes = 0, fragments = 0;

  if (response.DataSetType != DIMSE_DATASET_NULL
      && !association.check (DIMSE_ignoreDataSet (association.get (), DIMSE_BLOCKING, 0, &bytes, &fragments), error))
    return false;
  {
    std::lock_guard<std::mutex> guard (retrieval.lock);
    guint total = done + response.NumberOfRemainingSubOperations + response.NumberOfFailedSubOperations;
    retrieval.told_total = MAX (retrieval.told_total, total);
  }
  over = !DICOM_PENDING_STATUS (response.DimseStatus);
  return !over || check_status (response.DimseStatus, done, error);
}

bool
get_once (Job &job, Association &association, Retrieval &retrieval, DcmDataset &identifier, GError **error)
{
  constexpr guint64 longest_command = 1024 * 1024;
  T_ASC_PresentationContextID id = association.accepted (UID_GETStudyRootQueryRetrieveInformationModel, "C-GET", error);
  bool over = false;

  if (id == 0 || !send_get (association, id, identifier, error))
    return false;
  while (!over)
    {
      T_DIMSE_Message message = {};
      association.link ().allow (longest_command);
      if (!association.check (DIMSE_receiveCommand (association.get (), DIMSE_BLOCKING, 0, &id, &message, nullptr),
                              error))
        return false;
      if (message.CommandField == DIMSE_C_STORE_RQ)
        {
          Stored stored;
          OFCondition took =
              retrieval.store->receive (association.get (), association.link (), id, message.msg.CStoreRQ, stored);
          if (stored.complete)
            retrieval.note (message.msg.CStoreRQ.AffectedSOPInstanceUID, stored);
          if (!association.check (took, error))
            return false;
        }
      else if (message.CommandField != DIMSE_C_GET_RSP)
        return association.check (DIMSE_BADCOMMANDTYPE, error);
      else if (!take_response (association, retrieval, message.msg.CGetRSP, over, error))
        return false;
      report_progress (job, retrieval);
    }
  return true;
}

/* --- C-MOVE --- */

struct Moving
{
  Job *job;
  Association *association;
  Retrieval *retrieval;
};

void
move_cb (void *data, T_DIMSE_C_MoveRQ *, int, T_DIMSE_C_MoveRSP *response)
{
  auto *self = static_cast<Moving *> (data);
  {
    std::lock_guard<std::mutex> guard (self->retrieval->lock);
    guint total = response->NumberOfRemainingSubOperations + response->NumberOfCompletedSubOperations
                  + response->NumberOfFailedSubOperations + response->NumberOfWarningSubOperations;
    self->retrieval->told_total = MAX (self->retrieval->told_total, total);
  }
  report_progress (*self->job, *self->retrieval);
}

/* The peer may let go of its sending associations only after it has said that all is sent. */
void
wait_until_quiet (Job &job, const Listener &listener)
{
  constexpr guint most_waits = 100;
  for (guint i = 0; i < most_waits && !listener.quiet () && job.pause (50); i++)
    ;
}

bool
move_once (Job &job, Association &association, Retrieval &retrieval, DcmDataset &identifier, GError **error)
{
  T_DIMSE_C_MoveRQ request = {};
  T_DIMSE_C_MoveRSP response = {};
  DcmDataset *detail = nullptr, *failed = nullptr;
  Moving moving = { &job, &association, &retrieval };
  ListenerSettings listening = retrieval.listening;
  T_ASC_PresentationContextID id =
      association.accepted (UID_MOVEStudyRootQueryRetrieveInformationModel, "C-MOVE", error);

  if (id == 0)
    return false;
  Link *link = &association.link ();
  listening.event = [&job, &retrieval, link] (OssPacsEventKind kind, const std::string &, const std::string &path,
                                              const std::string &why) {
    Stored one;
    std::string sop = path.substr (path.rfind ('/') + 1);
    link->sent (0); /* the peer is busy with us, if on another association */
    if (kind > OSS_PACS_EVENT_OBJECT_REFUSED)
      return;
    one.status = kind == OSS_PACS_EVENT_OBJECT_REFUSED ? STATUS_STORE_Error_CannotUnderstand : STATUS_STORE_Success;
    one.was_there = kind == OSS_PACS_EVENT_KNOWN;
    one.why = why;
    retrieval.note (sop, one);
    report_progress (job, retrieval);
  };
  auto listener = Listener::start (std::move (listening), retrieval.store, error);
  if (listener == nullptr)
    return false;
  request.MessageID = association.next_message ();
  g_strlcpy (request.AffectedSOPClassUID, UID_MOVEStudyRootQueryRetrieveInformationModel,
             sizeof request.AffectedSOPClassUID);
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
  g_strlcpy (request.MoveDestination, retrieval.listening.title.c_str (), sizeof request.MoveDestination);
  OFCondition asked = DIMSE_moveUser (association.get (), id, &request, &identifier, move_cb, &moving, DIMSE_BLOCKING,
                                      0, nullptr, nullptr, nullptr, &response, &detail, &failed);
  delete detail;
  delete failed;
  if (!association.check (asked, error))
    return false;
  wait_until_quiet (job, *listener);
  return check_status (response.DimseStatus,
                       (guint) response.NumberOfCompletedSubOperations + response.NumberOfWarningSubOperations, error);
}

/* --- Both --- */

using Once = bool (*) (Job &, Association &, Retrieval &, DcmDataset &, GError **);

/* What the peer holds; a peer that does not tell is asked for all of it later. */
bool
list_wanted (Job &job, Retrieval &retrieval, GError **error)
{
  GError *reason = nullptr;
  bool listed;
  {
    Association association (job);
    job.report (0.0, _ ("Asking what there is"));
    listed =
        association.open ({ { UID_FINDStudyRootQueryRetrieveInformationModel, uncompressed_syntaxes (), false },
                            { UID_VerificationSOPClass, uncompressed_syntaxes (), false } },
                          &reason)
        && (association.accepted (UID_FINDStudyRootQueryRetrieveInformationModel, "C-FIND", nullptr) == 0
            || list_instances (job, association, retrieval.study_uid, retrieval.series_uid, retrieval.listed, &reason));
    if (listed && retrieval.listed.empty ()
        && association.accepted (UID_FINDStudyRootQueryRetrieveInformationModel, "C-FIND", nullptr) != 0)
      {
        g_set_error (&reason, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The peer knows no objects of study %s."),
                     retrieval.study_uid.c_str ());
        listed = false;
      }
  }
  if (reason != nullptr)
    g_propagate_error (error, reason);
  retrieval.already = (guint) (retrieval.listed.size () - retrieval.missing ().size ());
  return listed;
}

bool
retrieve_rest (Job &job, Retrieval &retrieval, bool move, bool &lost, GError **error)
{
  std::vector<Instance> missing = retrieval.missing ();
  std::vector<Context> contexts =
      move ? std::vector<Context>{ { UID_MOVEStudyRootQueryRetrieveInformationModel, uncompressed_syntaxes (), false } }
           : storage_contexts (missing);
  Association association (job);
  Once once = move ? move_once : get_once;
  bool ok = association.open (contexts, error);

  for (auto &identifier : identifiers (retrieval, missing))
    ok = ok && once (job, association, retrieval, *identifier, error);
  lost = association.lost ();
  return ok;
}

bool
retrieve (Job &job, Retrieval &retrieval, bool move, GError **error)
{
  if (!list_wanted (job, retrieval, error))
    return false;
  if (!retrieval.listed.empty () && retrieval.already == retrieval.listed.size ())
    return true;
  for (guint tries = 0, before = 0;;)
    {
      bool lost = false;
      GError *reason = nullptr;
      if (retrieve_rest (job, retrieval, move, lost, &reason))
        return true;
      tries = retrieval.stored > before ? 1 : tries + 1;
      before = retrieval.stored;
      lost = lost || before > 0; /* it served before: it may do so again */
      if (!lost || tries > job.peer ().retries || !job.pause (300 * tries))
        {
          if (reason != nullptr)
            g_propagate_error (error, reason);
          return false;
        }
      g_clear_error (&reason);
    }
}

void
fill_retrieval_report (const Retrieval &retrieval, OssPacsReport *report, gint64 begin)
{
  report->already = retrieval.already;
  report->done = retrieval.stored;
  report->bytes = retrieval.store->bytes ();
  report->seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  report->total = retrieval.listed.empty () ? retrieval.told_total : (guint) retrieval.listed.size ();
  for (const Instance &one : retrieval.missing ())
    {
      auto why = retrieval.refused.find (one.sop_instance);
      add_failure (report, one.sop_instance, why != retrieval.refused.end () ? why->second : _ ("it did not come"));
    }
  if (retrieval.listed.empty ())
    for (const auto &[sop, why] : retrieval.refused)
      add_failure (report, sop, why);
}

bool
check_complete (const OssPacsReport *report, GError **error)
{
  if (report->failed == 0 && report->done + report->already >= report->total)
    return true;
  guint missing = report->total - MIN (report->total, report->done + report->already);
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED,
               _ ("%u of %u objects are missing. The first: %s. Run it again to fetch them."), missing, report->total,
               report->failures->len > 0 ? (char *) report->failures->pdata[0] : _ ("the peer does not say which"));
  return false;
}

bool
check_wanted (const char *study_uid, const char *series_uid, GError **error)
{
  for (const char *uid : { study_uid, series_uid })
    if (uid != nullptr && !oss_dicom_is_uid (uid))
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” is no UID."), uid);
        return false;
      }
  return true;
}

/* A connection that broke half-way: what came, and what to do. */
void
add_progress (const OssPacsReport *report, GError **error)
{
  if (error != nullptr && *error != nullptr && report->total > 0)
    {
      g_autofree char *before = g_strdup ((*error)->message);
      g_free ((*error)->message);
      (*error)->message =
          g_strdup_printf (_ ("%s %u of %u objects are there and whole. Run it again to fetch the rest."), before,
                           report->done + report->already, report->total);
    }
}

gboolean
run (const OssPacsPeer *peer, const std::shared_ptr<Retrieval> &retrieval, bool move, const char *folder,
     OssPacsReport *report, const OssTick *tick, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  auto job = std::make_shared<Job> (peer);

  if (!oss_file_prepare_folder (folder, error))
    return FALSE;
  retrieval->store = std::make_shared<Store> (folder, largest_object);
  bool ok = Job::run (
      job, [retrieval, move] (Job &self, GError **failure) { return retrieve (self, *retrieval, move, failure); }, tick,
      error);
  if (!job->finished ())
    return FALSE; /* nothing can be said while it is still at work */
  g_autoptr (OssPacsReport) mine = oss_pacs_report_new ();
  fill_retrieval_report (*retrieval, mine, begin);
  if (!ok && !oss_tick_stopped (tick))
    add_progress (mine, error);
  ok = ok && check_complete (mine, error);
  merge_report (report, g_steal_pointer (&mine));
  return ok;
}

} // namespace

gboolean
oss_pacs_get (const OssPacsPeer *peer, const char *study_uid, const char *series_uid, const char *folder,
              OssPacsReport *report, const OssTick *tick, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto retrieval = std::make_shared<Retrieval> ();

    if (!oss_pacs_peer_check (peer, error) || !check_wanted (study_uid, series_uid, error))
      return FALSE;
    retrieval->study_uid = study_uid;
    retrieval->series_uid = series_uid != nullptr ? series_uid : "";
    return run (peer, retrieval, false, folder, report, tick, error);
  });
}

gboolean
oss_pacs_move (const OssPacsPeer *peer, const OssPacsNode *node, const char *study_uid, const char *series_uid,
               const char *folder, OssPacsReport *report, const OssTick *tick, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    auto retrieval = std::make_shared<Retrieval> ();
    std::string host = std::string ("*@") + peer->host;
    const char *allowed[] = { host.c_str (), nullptr };
    OssPacsListenerOptions options = {};

    options.node = node;
    options.allowed = allowed;
    if (!oss_pacs_peer_check (peer, error) || !check_wanted (study_uid, series_uid, error)
        || !fill_listener_settings (&options, retrieval->listening, error))
      return FALSE;
    retrieval->study_uid = study_uid;
    retrieval->series_uid = series_uid != nullptr ? series_uid : "";
    return run (peer, retrieval, true, folder, report, tick, error);
  });
}
