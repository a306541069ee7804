/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C-STORE: files to a peer. */
#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-dicom-reader.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-pacs-files.hpp"
#include "dicom/oss-pacs-session.hpp"

#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unistd.h>

using namespace pacs;

namespace
{

/* What a sending leaves behind; shared with a job that may be left behind itself. */
struct Sending
{
  std::vector<std::string> paths;
  std::vector<Object> objects;
  guint64 bytes = 0;
  OssDicomReaders *readers = oss_dicom_readers_new (); /* for what must be converted */

  Sending () = default;
  Sending (const Sending &) = delete;
  Sending &operator= (const Sending &) = delete;
  ~Sending ()
  {
    oss_dicom_readers_free (readers);
  }
};

/* All contexts that @object may need: its own transfer syntax and what it can be converted to, each alone, so that
 * what is accepted is known. */
void
add_contexts (std::set<std::pair<std::string, std::string>> &wanted, const Object &object)
{
  wanted.emplace (object.sop_class, object.transfer_syntax);
  for (const std::string &syntax : uncompressed_syntaxes ())
    wanted.emplace (object.sop_class, syntax);
}

/* As many of the objects left as fit into one negotiation. */
std::vector<Object *>
take_batch (std::vector<Object> &objects, std::vector<Context> &contexts)
{
  std::set<std::pair<std::string, std::string>> wanted;
  std::vector<Object *> batch;

  for (Object &object : objects)
    {
      if (object.state != Object::State::waiting)
        continue;
      auto more = wanted;
      add_contexts (more, object);
      if (more.size () > most_contexts)
        continue;
      wanted.swap (more);
      batch.push_back (&object);
    }
  for (const auto &[sop_class, syntax] : wanted)
    contexts.push_back ({ sop_class, { syntax }, false });
  return batch;
}

OFCondition
send_request (Association &association, T_ASC_PresentationContextID id, const Object &object, DIC_US message)
{
  DcmDataset command;

  command.putAndInsertString (DCM_AffectedSOPClassUID, object.sop_class.c_str ());
  command.putAndInsertUint16 (DCM_CommandField, DIMSE_C_STORE_RQ);
  command.putAndInsertUint16 (DCM_MessageID, message);
  command.putAndInsertUint16 (DCM_Priority, DIMSE_PRIORITY_MEDIUM);
  command.putAndInsertUint16 (DCM_CommandDataSetType, DIMSE_DATASET_PRESENT);
  command.putAndInsertString (DCM_AffectedSOPInstanceUID, object.sop_instance.c_str ());
  return association.send_command (id, command);
}

/* The data set as it lies in the file.  FALSE without @error: the file changed under our hands. */
bool
send_data (Association &association, T_ASC_PresentationContextID id, DataSource &source, guint64 &sent, GError **error)
{
  gsize size = MIN (association.get ()->sendPDVLength, (gsize) ASC_MAXIMUMPDUSIZE) & ~(gsize) 1;
  std::vector<guint8> buffer (size);
  guint64 left = source.length ();

  while (left > 0)
    {
      gsize n = (gsize) MIN (left, (guint64) size);
      if (!source.read (buffer.data (), n))
        {
          association.give_up ();
          return false;
        }
      left -= n;
      if (!association.check (association.send_fragment (id, buffer.data (), n, left == 0), error))
        return false;
      sent += n;
    }
  return true;
}

T_ASC_PresentationContextID
find_context (Association &association, const Object &object, const char *syntax)
{
  T_ASC_PresentationContext context;
  T_ASC_PresentationContextID id =
      ASC_findAcceptedPresentationContextID (association.get (), object.sop_class.c_str (), syntax);

  /* DCMTK answers with the next best: not asked for here. */
  bool exact = id != 0 && ASC_findAcceptedPresentationContext (association.get ()->params, id, &context).good ()
               && strcmp (context.acceptedTransferSyntax, syntax) == 0;
  return exact ? id : 0;
}

/* The file as it is, or converted to what the peer takes.  NULL when the object has failed. */
std::unique_ptr<DataSource>
open_source (Job &job, Sending &sending, Association &association, Object &object, T_ASC_PresentationContextID &id)
{
  id = find_context (association, object, object.transfer_syntax.c_str ());
  if (id != 0)
    {
      auto source = std::make_unique<DataSource> (object);
      if (source->good ())
        return source;
      object.fail (source->why ());
      return nullptr;
    }
  for (const std::string &syntax : uncompressed_syntaxes ())
    if ((id = find_context (association, object, syntax.c_str ())) != 0)
      {
        g_autoptr (GError) reason = nullptr;
        OssTick tick = job.tick ();
        GBytes *set = oss_dicom_read_converted (sending.readers, object.path.c_str (),
                                                syntax == UID_LittleEndianImplicitTransferSyntax, &tick, &reason);
        if (set != nullptr)
          return std::make_unique<DataSource> (set);
        object.fail (reason->message);
        return nullptr;
      }
  g_autofree char *why = g_strdup_printf (_ ("the peer does not take objects of class %s in transfer syntax %s"),
                                          object.sop_class.c_str (), object.transfer_syntax.c_str ());
  object.fail (why);
  return nullptr;
}

/* FALSE with @error when the association is of no more use. */
bool
send_object (Job &job, Sending &sending, Association &association, Object &object, GError **error)
{
  T_ASC_PresentationContextID id = 0;
  T_DIMSE_Message answer = {};
  guint64 sent = 0;
  std::unique_ptr<DataSource> source = open_source (job, sending, association, object, id);

  if (source == nullptr)
    return true;
  DIC_US message = association.next_message ();
  if (!association.check (send_request (association, id, object, message), error))
    return false;
  if (!send_data (association, id, *source, sent, error))
    {
      if (error != nullptr && *error == nullptr)
        {
          object.fail (_ ("the file changed while it was sent"));
          g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("A file changed while it was sent: %s."),
                       object.path.c_str ());
        }
      return false;
    }
  if (!association.check (DIMSE_receiveCommand (association.get (), DIMSE_BLOCKING, 0, &id, &answer, nullptr), error))
    return false;
  if (answer.CommandField != DIMSE_C_STORE_RSP || answer.msg.CStoreRSP.MessageIDBeingRespondedTo != message)
    return association.check (DIMSE_BADCOMMANDTYPE, error);
  DIC_US status = answer.msg.CStoreRSP.DimseStatus;
  if (!DICOM_SUCCESS_STATUS (status) && !DICOM_WARNING_STATUS (status))
    object.fail (status_words (status).c_str ());
  else
    {
      object.state = Object::State::done;
      sending.bytes += sent;
    }
  return true;
}

bool
send_batch (Job &job, Sending &sending, bool &lost, GError **error)
{
  std::vector<Context> contexts;
  std::vector<Object *> batch = take_batch (sending.objects, contexts);
  Association association (job);
  bool ok = association.open (contexts, error);

  for (gsize i = 0; ok && i < batch.size (); i++)
    {
      job.report ((double) count (sending.objects, Object::State::done) / (double) sending.objects.size (),
                  _ ("Sending objects"));
      ok = send_object (job, sending, association, *batch[i], error) && !job.stopped ();
    }
  lost = association.lost ();
  return ok;
}

/* Sends until nothing waits; a connection that breaks is made again, as often as the peer's settings say. */
bool
send_all (Job &job, Sending &sending, GError **error)
{
  guint tries = 0;

  if (!read_objects (job, sending.paths, sending.objects, error))
    return false;
  while (count (sending.objects, Object::State::waiting) > 0)
    {
      gsize before = count (sending.objects, Object::State::waiting);
      bool lost = false;
      GError *reason = nullptr;
      if (send_batch (job, sending, lost, &reason))
        continue;
      tries = count (sending.objects, Object::State::waiting) < before ? 1 : tries + 1;
      lost = lost || sending.bytes > 0; /* it served before: it may do so again */
      if (!lost || tries > job.peer ().retries || !job.pause (300 * tries))
        {
          if (reason != nullptr)
            g_propagate_error (error, reason);
          return false;
        }
      g_clear_error (&reason);
    }
  return true;
}

} // namespace

gboolean
oss_pacs_send (const OssPacsPeer *peer, const char *const *paths, OssPacsReport *report, const OssTick *tick,
               GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    gint64 begin = g_get_monotonic_time ();
    auto job = std::make_shared<Job> (peer);
    auto sending = std::make_shared<Sending> ();

    if (!oss_pacs_peer_check (peer, error) || !list_files (paths, sending->paths, error))
      return FALSE;
    bool ok = Job::run (
        job, [sending] (Job &self, GError **failure) { return send_all (self, *sending, failure); }, tick, error);
    if (!job->finished ())
      return FALSE; /* it is still at work on its objects */
    g_autoptr (OssPacsReport) mine = oss_pacs_report_new ();
    fill_report (mine, sending->objects, sending->bytes, begin);
    if (ok && mine->failed > 0)
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("%u of %u objects were not sent. The first: %s."),
                     mine->failed, mine->total, (char *) mine->failures->pdata[0]);
        ok = false;
      }
    merge_report (report, g_steal_pointer (&mine));
    return ok;
  });
}
