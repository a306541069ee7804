/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs-link.hpp"

#include <dcmtk/dcmnet/dimse.h>

#include <condition_variable>
#include <vector>

namespace pacs
{

/* One piece of work with a peer, on a thread of its own.
 *
 * All that its body touches lives in the job or in what the body's closure owns: a caller that cannot wait
 * any longer (DCMTK cannot be woken while it looks a name up or connects) leaves the job behind. */
class Job
{
public:
  explicit Job (const OssPacsPeer *peer);
  Job (const Job &) = delete;
  Job &operator= (const Job &) = delete;
  ~Job ();

  const OssPacsPeer &
  peer () const
  {
    return *its_peer;
  }

  /* For the body: */
  std::shared_ptr<Link> new_link (); /* the association that is to come; its connect time starts */
  void talking ();                   /* the association stands */
  bool stopped () const;             /* cancelled, or out of time */
  void report (double fraction, const char *what);
  bool pause (guint milliseconds); /* FALSE when stopped meanwhile */
  OssTick tick ();                 /* for functions of the library: it stops with the job */

  /* After run(): nobody works on it any more. */
  bool finished () const;

  /* Runs @body on the job's thread and waits, asking @tick. */
  using Body = std::function<bool (Job &, GError **)>;
  static bool run (const std::shared_ptr<Job> &job, Body body, const OssTick *tick, GError **error);

private:
  enum class Phase
  {
    idle,
    connecting,
    talking,
  };

  static gpointer thread (gpointer data);
  bool wait (std::unique_lock<std::mutex> &guard, guint milliseconds);
  void end_link (std::unique_lock<std::mutex> &guard);
  bool out_of_time () const;
  void tell (std::unique_lock<std::mutex> &guard, const OssTick *tick);
  bool finish (const OssTick *tick, GError **error);

  OssPacsPeer *its_peer;
  mutable std::mutex lock;
  std::condition_variable changed;
  std::shared_ptr<Link> link;
  Phase phase = Phase::idle;
  gint64 phase_start = 0;
  bool done = false, good = false, cancelled = false, late = false;
  int stop = 0; /* atomic */
  GError *failure = nullptr;
  double fraction = 0.0;
  const char *what = nullptr;
  bool news = false;
  Body body;
};

/* What is asked for in a negotiation. */
struct Context
{
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
  bool as_provider = false; /* the requestor takes objects: C-GET */
};

constexpr gsize most_contexts = 128; /* odd numbers from 1 to 255 */

/* An association that this program asks for. */
class Association
{
public:
  explicit Association (Job &job);
  Association (const Association &) = delete;
  Association &operator= (const Association &) = delete;
  ~Association (); /* releases it, or aborts it when something went wrong */

  bool open (const std::vector<Context> &contexts, GError **error);
  T_ASC_Association *
  get ()
  {
    return assoc;
  }
  Link &
  link ()
  {
    return *its_link;
  }
  DIC_US next_message ();
  /* A command whose data set follows in fragments: DCMTK sends only data sets that it has parsed. */
  OFCondition send_command (T_ASC_PresentationContextID id, DcmDataset &command);
  /* One fragment of a data set. */
  OFCondition send_fragment (T_ASC_PresentationContextID id, void *data, gsize n, bool last);
  /* The context that was accepted for an abstract syntax; 0 and OSS_ERROR_REFUSED without one. */
  T_ASC_PresentationContextID accepted (const char *abstract_syntax, const char *service, GError **error);

  /* FALSE with an error in words when @condition is bad; the association is then aborted at its end. */
  bool check (const OFCondition &condition, GError **error);
  void
  give_up ()
  {
    broken = true;
  }
  /* The last failure of check() was a lost connection or a peer that is busy: worth another try. */
  bool
  lost () const
  {
    return was_lost;
  }

private:
  bool look_up (std::string &address, GError **error);
  bool fill (const std::vector<Context> &contexts, const std::string &address, GError **error);
  bool explain (const OFCondition &condition, GError **error);
  void explain_rejection (GError **error);
  OFCondition write_fragment (T_ASC_PresentationContextID id, DUL_DATAPDV type, void *data, gsize n, bool last);

  Job &job;
  std::shared_ptr<Link> its_link;
  std::unique_ptr<DcmTransportLayer> layer;
  T_ASC_Network *network = nullptr;
  T_ASC_Parameters *parameters = nullptr;
  T_ASC_Association *assoc = nullptr;
  bool is_open = false, broken = false, was_lost = false;
  std::string name; /* of the peer, for messages */
};

/* A DIMSE status in words; NULL for success. */
std::string status_words (DIC_US status);
const std::vector<std::string> &uncompressed_syntaxes ();

} // namespace pacs
