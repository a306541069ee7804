/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Storage commitment, push model (DICOM PS3.4, annex J). */
#include "base/oss-i18n.h"
#include "dicom/oss-dicom-writer.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-pacs-files.hpp"
#include "dicom/oss-pacs-listener.hpp"

#include <dcmtk/dcmdata/dctk.h>

#include <map>

using namespace pacs;

namespace
{

constexpr guint usual_wait_seconds = 60;
constexpr guint64 longest_answer = 64 * 1024 * 1024;

/* A question about objects, shared with a job that may be left behind. */
struct Asking
{
  std::vector<std::string> paths;
  std::vector<Object> objects;
  std::string transaction;
  guint wait_seconds = usual_wait_seconds;
  bool listens = false;
  ListenerSettings listening;
  std::mutex lock; /* of what the answer, on any thread, fills in */
  bool answered = false;
  std::map<std::string, std::string> verdicts; /* SOP instance UID: empty, or why not */
};

std::string
failure_words (Uint16 reason)
{
  const char *words = reason == 0x0112   ? _ ("the archive does not hold it")
                      : reason == 0x0119 ? _ ("it is of another class there")
                      : reason == 0x0122 ? _ ("its class is not kept")
                      : reason == 0x0213 ? _ ("the archive is out of room")
                                         : _ ("the archive does not keep it");
  g_autofree char *text = g_strdup_printf (_ ("%s (reason %04X)"), words, reason);
  return text;
}

void
read_sequence (DcmDataset &data, const DcmTagKey &key, bool failed, std::map<std::string, std::string> &verdicts)
{
  DcmItem *item = nullptr;

  for (long i = 0; data.findAndGetSequenceItem (key, item, i).good () && item != nullptr; i++)
    {
      OFString uid;
      Uint16 reason = 0;
      item->findAndGetOFString (DCM_ReferencedSOPInstanceUID, uid);
      item->findAndGetUint16 (DCM_FailureReason, reason);
      verdicts[uid.c_str ()] = failed ? failure_words (reason) : "";
    }
}

/* The archive's answer; one to another question is told so. */
DIC_US
take_answer (Asking &asking, DcmDataset &data)
{
  OFString transaction;
  std::lock_guard<std::mutex> guard (asking.lock);

  data.findAndGetOFString (DCM_TransactionUID, transaction);
  if (asking.transaction != transaction.c_str ())
    return STATUS_N_InvalidArgumentValue;
  read_sequence (data, DCM_ReferencedSOPSequence, false, asking.verdicts);
  read_sequence (data, DCM_FailedSOPSequence, true, asking.verdicts);
  asking.answered = true;
  return STATUS_N_Success;
}

bool
is_answered (Asking &asking)
{
  std::lock_guard<std::mutex> guard (asking.lock);
  return asking.answered;
}

void
fill_question (const Asking &asking, DcmDataset &data)
{
  data.putAndInsertString (DCM_TransactionUID, asking.transaction.c_str ());
  for (const Object &object : asking.objects)
    {
      DcmItem *item = nullptr;
      if (object.state != Object::State::waiting
          || data.findOrCreateSequenceItem (DCM_ReferencedSOPSequence, item, -2).bad ())
        continue;
      item->putAndInsertString (DCM_ReferencedSOPClassUID, object.sop_class.c_str ());
      item->putAndInsertString (DCM_ReferencedSOPInstanceUID, object.sop_instance.c_str ());
    }
}

bool
send_question (Association &association, T_ASC_PresentationContextID id, const Asking &asking, GError **error)
{
  T_DIMSE_Message request = {}, response = {};
  T_DIMSE_N_ActionRQ &words = request.msg.NActionRQ;
  DcmDataset data;

  fill_question (asking, data);
  request.CommandField = DIMSE_N_ACTION_RQ;
  words.MessageID = association.next_message ();
  words.ActionTypeID = 1;
  words.DataSetType = DIMSE_DATASET_PRESENT;
  g_strlcpy (words.RequestedSOPClassUID, UID_StorageCommitmentPushModelSOPClass, sizeof words.RequestedSOPClassUID);
  g_strlcpy (words.RequestedSOPInstanceUID, UID_StorageCommitmentPushModelSOPInstance,
             sizeof words.RequestedSOPInstanceUID);
  if (!association.check (
          DIMSE_sendMessageUsingMemoryData (association.get (), id, &request, nullptr, &data, nullptr, nullptr), error)
      || !association.check (DIMSE_receiveCommand (association.get (), DIMSE_BLOCKING, 0, &id, &response, nullptr),
                             error))
    return false;
  if (response.CommandField != DIMSE_N_ACTION_RSP)
    return association.check (DIMSE_BADCOMMANDTYPE, error);
  if (DICOM_SUCCESS_STATUS (response.msg.NActionRSP.DimseStatus))
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("The peer answers the question with “%s”."),
               status_words (response.msg.NActionRSP.DimseStatus).c_str ());
  return false;
}

/* Until the answer comes, here or on an association of the archive's own.  An archive may let go of this one. */
bool
wait_for_answer (Job &job, Association &association, Asking &asking, GError **error)
{
  gint64 end = g_get_monotonic_time () + (gint64) asking.wait_seconds * G_USEC_PER_SEC;
  bool here = true;

  while (!is_answered (asking) && g_get_monotonic_time () < end)
    {
      association.link ().sent (0); /* silence is what is expected now */
      if (here && ASC_dataWaiting (association.get (), 0))
        {
          T_DIMSE_Message message = {};
          T_ASC_PresentationContextID id = 0;
          association.link ().allow (longest_answer);
          OFCondition got = DIMSE_receiveCommand (association.get (), DIMSE_BLOCKING, 0, &id, &message, nullptr);
          if (got.good () && message.CommandField == DIMSE_N_EVENT_REPORT_RQ)
            got = answer_report (association.get (), id, message.msg.NEventReportRQ,
                                 [&asking] (DIC_US, DcmDataset &data) { return take_answer (asking, data); });
          here = got.good ();
          if (!here)
            association.give_up ();
          if (!here && !asking.listens)
            return association.check (got, error);
        }
      else if (!job.pause (30))
        return false;
    }
  if (is_answered (asking))
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
               _ ("The archive took the question, but gave no answer in %u s. Does it know where to send it?"),
               asking.wait_seconds);
  return false;
}

bool
commit (Job &job, Asking &asking, GError **error)
{
  std::unique_ptr<Listener> listener;

  if (!read_objects (job, asking.paths, asking.objects, error))
    return false;
  if (asking.listens)
    {
      ListenerSettings listening = asking.listening;
      listening.commitment = [&asking] (DIC_US, DcmDataset &data) { return take_answer (asking, data); };
      listener = Listener::start (std::move (listening), nullptr, error);
      if (listener == nullptr)
        return false;
    }
  Association association (job);
  job.report (0.1, _ ("Asking whether all is kept"));
  if (!association.open ({ { UID_StorageCommitmentPushModelSOPClass, uncompressed_syntaxes (), false } }, error))
    return false;
  T_ASC_PresentationContextID id =
      association.accepted (UID_StorageCommitmentPushModelSOPClass, _ ("storage commitment"), error);
  if (id == 0 || !send_question (association, id, asking, error) || !wait_for_answer (job, association, asking, error))
    return false;
  for (Object &object : asking.objects)
    {
      auto verdict = asking.verdicts.find (object.sop_instance);
      if (object.state != Object::State::waiting)
        continue;
      if (verdict == asking.verdicts.end ())
        object.fail (_ ("the archive says nothing of it"));
      else if (!verdict->second.empty ())
        object.fail (verdict->second.c_str ());
      else
        object.state = Object::State::done;
    }
  return true;
}

bool
prepare (const OssPacsPeer *peer, const OssPacsNode *node, Asking &asking, GError **error)
{
  std::string host = std::string ("*@") + peer->host;
  const char *allowed[] = { host.c_str (), nullptr };
  OssPacsListenerOptions options = {};
  g_autofree char *uid =
      oss_dicom_uid (((guint64) g_random_int () << 32) | g_random_int (), (guint64) g_get_real_time ());

  asking.transaction = uid;
  asking.listens = node != nullptr;
  options.node = node;
  options.allowed = allowed;
  return node == nullptr || fill_listener_settings (&options, asking.listening, error);
}

} // namespace

gboolean
oss_pacs_commit (const OssPacsPeer *peer, const OssPacsNode *node, const char *const *paths, guint wait_seconds,
                 OssPacsReport *report, const OssTick *tick, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    gint64 begin = g_get_monotonic_time ();
    auto job = std::make_shared<Job> (peer);
    auto asking = std::make_shared<Asking> ();

    if (!oss_pacs_peer_check (peer, error) || !prepare (peer, node, *asking, error)
        || !list_files (paths, asking->paths, error))
      return FALSE;
    if (wait_seconds > 0)
      asking->wait_seconds = wait_seconds;
    bool ok = Job::run (
        job, [asking] (Job &self, GError **failure) { return commit (self, *asking, failure); }, tick, error);
    if (!job->finished ())
      return FALSE;
    g_autoptr (OssPacsReport) mine = oss_pacs_report_new ();
    fill_report (mine, asking->objects, 0, begin);
    if (ok && mine->failed > 0)
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("%u of %u objects are not kept. The first: %s."),
                     mine->failed, mine->total, (char *) mine->failures->pdata[0]);
        ok = false;
      }
    merge_report (report, g_steal_pointer (&mine));
    return ok;
  });
}
