/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Storage SCP: who connects, who may, and a thread for each. */
#include "dicom/oss-pacs-listener.hpp"

#include "base/oss-file.h"
#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dul.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pacs
{

namespace
{

constexpr int longest_wait_seconds = 7 * 86400; /* look_after() ends what is silent for too long */
constexpr guint crowd = 4; /* times the associations allowed, connections are told that there are too many */
constexpr guint64 longest_command = 1024 * 1024;

/* DCMTK takes an accepted socket over through a global variable only: one at a time. */
std::mutex handoff;

void
block_signals ()
{
  sigset_t all;
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, nullptr);
}

std::string
trimmed (const char *title)
{
  g_autofree char *text = g_strstrip (g_strdup (title));
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  return valid;
}

const char *
choose_syntax (const T_ASC_PresentationContext &context)
{
  for (const std::string &syntax : stored_syntaxes ())
    for (int i = 0; i < context.transferSyntaxCount; i++)
      if (syntax == context.proposedTransferSyntaxes[i])
        return syntax.c_str ();
  return nullptr;
}

/* Echo, all classes of objects, and reports of storage commitment, for which the requestor is the provider. */
void
negotiate (T_ASC_Parameters *parameters, bool storage, bool commitment)
{
  for (int i = 0; i < ASC_countPresentationContexts (parameters); i++)
    {
      T_ASC_PresentationContext context;
      if (ASC_getPresentationContext (parameters, i, &context).bad ())
        continue;
      bool report = commitment && strcmp (context.abstractSyntax, UID_StorageCommitmentPushModelSOPClass) == 0;
      bool known = report || strcmp (context.abstractSyntax, UID_VerificationSOPClass) == 0
                   || (storage && dcmIsaStorageSOPClassUID (context.abstractSyntax, ESSC_All));
      const char *syntax = known ? choose_syntax (context) : nullptr;
      if (syntax != nullptr)
        ASC_acceptPresentationContext (parameters, context.presentationContextID, syntax,
                                       report ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT, OFTrue);
      else
        ASC_refusePresentationContext (parameters, context.presentationContextID,
                                       known ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
    }
}

} // namespace

OFCondition
answer_report (T_ASC_Association *assoc, T_ASC_PresentationContextID id, const T_DIMSE_N_EventReportRQ &request,
               const Commitment &commitment)
{
  T_DIMSE_Message response = {};
  T_DIMSE_N_EventReportRSP &words = response.msg.NEventReportRSP;
  DcmDataset *data = nullptr;
  T_ASC_PresentationContextID data_id = id;

  if (request.DataSetType != DIMSE_DATASET_NULL)
    {
      OFCondition got = DIMSE_receiveDataSetInMemory (assoc, DIMSE_BLOCKING, 0, &data_id, &data, nullptr, nullptr);
      if (got.bad ())
        return got;
    }
  std::unique_ptr<DcmDataset> owned (data);
  response.CommandField = DIMSE_N_EVENT_REPORT_RSP;
  words.MessageIDBeingRespondedTo = request.MessageID;
  words.DataSetType = DIMSE_DATASET_NULL;
  words.EventTypeID = request.EventTypeID;
  g_strlcpy (words.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof words.AffectedSOPClassUID);
  g_strlcpy (words.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID, sizeof words.AffectedSOPInstanceUID);
  words.opts = O_NEVENTREPORT_AFFECTEDSOPCLASSUID | O_NEVENTREPORT_AFFECTEDSOPINSTANCEUID | O_NEVENTREPORT_EVENTTYPEID;
  words.DimseStatus =
      data != nullptr && commitment != nullptr ? commitment (request.EventTypeID, *data) : STATUS_N_ProcessingFailure;
  return DIMSE_sendMessageUsingMemoryData (assoc, id, &response, nullptr, nullptr, nullptr, nullptr);
}

bool
parse_allowed (const char *text, Allowed &allowed, GError **error)
{
  const char *at = strrchr (text, '@');
  std::string title = at != nullptr ? std::string (text, at) : text;
  struct addrinfo hints = {}, *found = nullptr;
  char address[INET_ADDRSTRLEN] = "";

  if (title != "*" && !oss_pacs_is_ae_title (title.c_str ()))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("“%s” does not say who may send: give TITLE, TITLE@HOST, *@HOST or *."), text);
      return false;
    }
  allowed.title = title == "*" ? "" : title;
  if (at == nullptr)
    return true;
  hints.ai_family = AF_INET;
  int code = getaddrinfo (at + 1, nullptr, &hints, &found);
  if (code != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The host “%s” is not known: %s."), at + 1,
                   gai_strerror (code));
      return false;
    }
  auto *ip = reinterpret_cast<const struct sockaddr_in *> (found->ai_addr);
  inet_ntop (AF_INET, &ip->sin_addr, address, sizeof address);
  freeaddrinfo (found);
  allowed.address = address;
  return true;
}

bool
Listener::open_socket (GError **error)
{
  struct sockaddr_in address = {};
  socklen_t size = sizeof address;
  const int on = 1;

  address.sin_family = AF_INET;
  address.sin_port = htons (settings.port);
  address.sin_addr.s_addr = htonl (INADDR_ANY);
  fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0)
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind (fd, reinterpret_cast<struct sockaddr *> (&address), size) != 0 || listen (fd, SOMAXCONN) != 0
      || getsockname (fd, reinterpret_cast<struct sockaddr *> (&address), &size) != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("Port %u cannot be listened at: %s."), settings.port,
                   g_strerror (errno));
      return false;
    }
  its_port = ntohs (address.sin_port);
  return true;
}

std::unique_ptr<Listener>
Listener::start (ListenerSettings settings_, std::shared_ptr<Store> store_, GError **error)
{
  std::unique_ptr<Listener> self (new Listener);

  self->settings = std::move (settings_);
  self->store = std::move (store_);
  if (!pacs::start (error))
    return nullptr;
  /* Certificates that cannot be used are an error now, not at the first sender. */
  if (make_layer (self->settings.security, std::make_shared<Link> (), nullptr, error) == nullptr
      || !self->open_socket (error))
    return nullptr;
  self->thread = g_thread_new ("oss-pacs-listen", accept_thread, self.get ());
  return self;
}

Listener::~Listener ()
{
  stopping = true;
  if (thread != nullptr)
    g_thread_join (thread);
  if (fd >= 0)
    close (fd);
  for (auto &connection : connections)
    connection->link->end ();
  for (auto &connection : connections)
    g_thread_join (connection->thread);
}

bool
Listener::quiet () const
{
  std::lock_guard<std::mutex> guard (lock);
  return std::all_of (connections.begin (), connections.end (), [] (const auto &one) { return one->done.load (); });
}

gint64
Listener::last_activity () const
{
  std::lock_guard<std::mutex> guard (lock);
  gint64 latest = active;
  for (const auto &connection : connections)
    latest = MAX (latest, connection->link->last_activity ());
  return latest;
}

void
Listener::tell (OssPacsEventKind kind, const Connection &connection, const std::string &path, const std::string &why)
{
  std::lock_guard<std::mutex> guard (telling);
  if (settings.event)
    settings.event (kind, connection.sender, path, why);
}

/* --- Accepting --- */

bool
Listener::allowed_address (const std::string &address) const
{
  return std::any_of (settings.allowed.begin (), settings.allowed.end (),
                      [&] (const Allowed &one) { return one.address.empty () || one.address == address; });
}

bool
Listener::allowed_title (const Connection &, const std::string &title, const std::string &address) const
{
  return std::any_of (settings.allowed.begin (), settings.allowed.end (), [&] (const Allowed &one) {
    return (one.address.empty () || one.address == address) && (one.title.empty () || one.title == title);
  });
}

void
Listener::accept_one ()
{
  struct sockaddr_in from = {};
  socklen_t size = sizeof from;
  char address[INET_ADDRSTRLEN] = "?";
  int socket = accept4 (fd, reinterpret_cast<struct sockaddr *> (&from), &size, SOCK_CLOEXEC);

  if (socket < 0)
    return;
  inet_ntop (AF_INET, &from.sin_addr, address, sizeof address);
  auto connection = std::make_unique<Connection> ();
  connection->listener = this;
  connection->fd = socket;
  connection->sender = address;
  std::unique_lock<std::mutex> guard (lock);
  connection->busy = connections.size () >= settings.most_associations;
  bool too_many = connections.size () >= (gsize) crowd * settings.most_associations;
  if (too_many || !allowed_address (address))
    {
      guard.unlock ();
      close (socket);
      tell (OSS_PACS_EVENT_SENDER_REFUSED, *connection, "",
            too_many ? _ ("too many connections") : _ ("its address is not on the list"));
      return;
    }
  connection->thread = g_thread_new ("oss-pacs-serve", serve_thread, connection.get ());
  connections.push_back (std::move (connection));
}

/* Forgets those that are done; ends those that are silent, or take too long to say who they are. */
void
Listener::look_after ()
{
  gint64 now = g_get_monotonic_time (), patience = (gint64) settings.idle_seconds * G_USEC_PER_SEC;
  std::lock_guard<std::mutex> guard (lock);

  for (auto &one : connections)
    if (one->done)
      {
        g_thread_join (one->thread);
        active = MAX (active.load (), one->link->last_activity ());
        one.reset ();
      }
    else if (now - one->link->last_activity () > patience || (!one->admitted && now - one->since > patience))
      one->link->end ();
  connections.erase (std::remove (connections.begin (), connections.end (), nullptr), connections.end ());
}

gpointer
Listener::accept_thread (gpointer data)
{
  auto *self = static_cast<Listener *> (data);

  block_signals ();
  while (!self->stopping)
    {
      struct pollfd waiting = { self->fd, POLLIN, 0 };
      if (poll (&waiting, 1, 50) > 0)
        guarded<bool> (nullptr, false, [&] { return self->accept_one (), true; });
      self->look_after ();
    }
  return nullptr;
}

/* --- One sender --- */

OFCondition
Listener::receive (Connection &connection, T_ASC_Network **network, T_ASC_Association **assoc,
                   std::unique_ptr<DcmTransportLayer> &layer)
{
  std::unique_lock<std::mutex> mine (handoff);
  bool taken = false;
  auto release = [&] {
    taken = true;
    dcmExternalSocketHandle.set (-1);
    mine.unlock ();
  };

  layer = make_layer (settings.security, connection.link, release, nullptr);
  dcmExternalSocketHandle.set (connection.fd);
  OFCondition got = ASC_initializeNetwork (NET_ACCEPTOR, 0, longest_wait_seconds, network);
  if (got.good () && layer != nullptr)
    {
      ASC_setTransportLayer (*network, layer.get (), 0);
      got = ASC_receiveAssociation (*network, assoc, ASC_MAXIMUMPDUSIZE, nullptr, nullptr, settings.security.on);
    }
  if (!taken)
    {
      dcmExternalSocketHandle.set (-1);
      close (connection.fd);
      return got.bad () ? got : OFCondition (DUL_NETWORKCLOSED);
    }
  return got;
}

/* TRUE when the association stands. */
bool
Listener::admit (Connection &connection, T_ASC_Association *assoc)
{
  const DUL_ASSOCIATESERVICEPARAMETERS &asked = assoc->params->DULparams;
  std::string title = trimmed (asked.callingAPTitle), called = trimmed (asked.calledAPTitle), why;
  std::string address = connection.sender;
  T_ASC_RejectParameters reject = { ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER, ASC_REASON_SU_NOREASON };

  connection.sender = title + "@" + address;
  if (connection.busy)
    {
      reject = { ASC_RESULT_REJECTEDTRANSIENT, ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                 ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED };
      why = _ ("too many associations at once");
    }
  else if (called != settings.title)
    {
      reject.reason = ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED;
      why = _ ("it calls another title");
    }
  else if (!allowed_title (connection, title, address))
    {
      reject.reason = ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED;
      why = _ ("its title is not on the list");
    }
  if (!why.empty ())
    {
      ASC_rejectAssociation (assoc, &reject);
      tell (OSS_PACS_EVENT_SENDER_REFUSED, connection, "", why);
      return false;
    }
  negotiate (assoc->params, store != nullptr, settings.commitment != nullptr);
  connection.admitted = true;
  return ASC_acknowledgeAssociation (assoc).good ();
}

OFCondition
Listener::answer (Connection &connection, T_ASC_Association *assoc, T_ASC_PresentationContextID id,
                  T_DIMSE_Message &message)
{
  if (message.CommandField == DIMSE_C_ECHO_RQ)
    return DIMSE_sendEchoResponse (assoc, id, &message.msg.CEchoRQ, STATUS_ECHO_Success, nullptr);
  if (message.CommandField == DIMSE_N_EVENT_REPORT_RQ)
    return answer_report (assoc, id, message.msg.NEventReportRQ, settings.commitment);
  if (message.CommandField != DIMSE_C_STORE_RQ || store == nullptr)
    return DIMSE_BADCOMMANDTYPE;
  Stored stored;
  OFCondition took = store->receive (assoc, *connection.link, id, message.msg.CStoreRQ, stored);
  OssPacsEventKind kind = stored.status != STATUS_STORE_Success ? OSS_PACS_EVENT_OBJECT_REFUSED
                          : stored.was_there                    ? OSS_PACS_EVENT_KNOWN
                                                                : OSS_PACS_EVENT_STORED;
  if (stored.complete)
    tell (kind, connection, stored.path, stored.why);
  return took;
}

void
Listener::talk (Connection &connection, T_ASC_Association *assoc)
{
  OFCondition got;

  do
    {
      T_DIMSE_Message message = {};
      T_ASC_PresentationContextID id = 0;
      connection.link->allow (longest_command);
      got = DIMSE_receiveCommand (assoc, DIMSE_BLOCKING, 0, &id, &message, nullptr);
      if (got.good ())
        got = answer (connection, assoc, id, message);
    }
  while (got.good () && !stopping);
  if (got == DUL_PEERREQUESTEDRELEASE)
    {
      ASC_acknowledgeRelease (assoc);
      ASC_dropSCPAssociation (assoc, 1);
      return;
    }
  if (!connection.link->ended ())
    ASC_abortAssociation (assoc);
  if (!stopping)
    tell (OSS_PACS_EVENT_SENDER_LOST, connection, "",
          got == DUL_PEERABORTEDASSOCIATION ? _ ("the sender broke off")
                                            : _ ("the connection broke off, or what came is no DICOM"));
}

void
Listener::serve (Connection &connection)
{
  T_ASC_Network *network = nullptr;
  T_ASC_Association *assoc = nullptr;
  std::unique_ptr<DcmTransportLayer> layer;
  OFCondition got;

  connection.link->allow (longest_command);
  got = receive (connection, &network, &assoc, layer);
  if (got.good () && assoc != nullptr)
    {
      if (admit (connection, assoc))
        talk (connection, assoc);
    }
  else if (!stopping)
    {
      std::string tls = connection.link->tls_reason ();
      tell (OSS_PACS_EVENT_SENDER_REFUSED, connection, "",
            !tls.empty () ? tls : _ ("what came is no request for an association"));
    }
  if (assoc != nullptr)
    ASC_destroyAssociation (&assoc);
  if (network != nullptr)
    ASC_dropNetwork (&network);
}

gpointer
Listener::serve_thread (gpointer data)
{
  auto *connection = static_cast<Connection *> (data);

  block_signals ();
  guarded<bool> (nullptr, false, [&] { return connection->listener->serve (*connection), true; });
  connection->done = true;
  return nullptr;
}

bool
fill_listener_settings (const OssPacsListenerOptions *options, ListenerSettings &settings, GError **error)
{
  const OssPacsNode *node = options->node;

  if (!oss_pacs_is_ae_title (node->ae_title))
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE,
                   _ ("“%s” cannot be an AE title: 1 to 16 letters, digits and signs."), node->ae_title);
      return false;
    }
  if ((node->certificate_file == nullptr) != (node->key_file == nullptr)
      || (node->certificate_file == nullptr && node->ca_file != nullptr))
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                           _ ("To listen with TLS, give a certificate and its private key."));
      return false;
    }
  settings.title = node->ae_title;
  settings.port = node->port;
  settings.security.on = node->certificate_file != nullptr;
  settings.security.server = true;
  settings.security.certificate_file = node->certificate_file != nullptr ? node->certificate_file : "";
  settings.security.key_file = node->key_file != nullptr ? node->key_file : "";
  settings.security.ca_file = node->ca_file != nullptr ? node->ca_file : "";
  if (options->most_associations > 0)
    settings.most_associations = options->most_associations;
  if (options->idle_seconds > 0)
    settings.idle_seconds = options->idle_seconds;
  for (const char *const *text = options->allowed; text != nullptr && *text != nullptr; text++)
    {
      Allowed allowed;
      if (!parse_allowed (*text, allowed, error))
        return false;
      settings.allowed.push_back (allowed);
    }
  if (settings.allowed.empty ())
    g_set_error_literal (error, OSS_ERROR, OSS_ERROR_USAGE,
                         _ ("Nobody may send: say who with TITLE, TITLE@HOST, *@HOST or *."));
  return !settings.allowed.empty ();
}

} // namespace pacs

/* --- For C --- */

using namespace pacs;

struct _OssPacsListener
{
  std::unique_ptr<Listener> listener;
};

OssPacsListener *
oss_pacs_listener_new (const OssPacsListenerOptions *options, GError **error)
{
  return guarded<OssPacsListener *> (error, nullptr, [&] () -> OssPacsListener * {
    constexpr guint64 largest_object = 4ull << 30;
    ListenerSettings settings;
    OssPacsEventFunc event = options->event;
    void *data = options->data;

    if (!fill_listener_settings (options, settings, error) || !oss_file_prepare_folder (options->folder, error))
      return nullptr;
    if (event != nullptr)
      settings.event = [event, data] (OssPacsEventKind kind, const std::string &sender, const std::string &path,
                                      const std::string &why) {
        OssPacsEvent told = { kind, sender.c_str (), path.empty () ? nullptr : path.c_str (),
                              why.empty () ? nullptr : why.c_str () };
        event (&told, data);
      };
    auto store = std::make_shared<Store> (
        options->folder, options->largest_object_bytes > 0 ? options->largest_object_bytes : largest_object);
    auto listener = Listener::start (std::move (settings), std::move (store), error);
    return listener != nullptr ? new _OssPacsListener{ std::move (listener) } : nullptr;
  });
}

guint16
oss_pacs_listener_port (const OssPacsListener *self)
{
  return self->listener->port ();
}

void
oss_pacs_listener_free (OssPacsListener *self)
{
  delete self;
}
