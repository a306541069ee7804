/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-pacs-session.hpp"

#include "base/oss-i18n.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include <arpa/inet.h>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>

namespace pacs
{

/* The job ends what takes too long; DCMTK's own limit must not come first. */
static constexpr int longest_wait_seconds = 7 * 86400;

Association::Association (Job &job_) : job (job_), its_link (job_.new_link ())
{
  g_autofree char *described = oss_pacs_peer_describe (&job.peer ());
  name = described;
}

Association::~Association ()
{
  if (assoc != nullptr)
    {
      if (is_open && !broken && !its_link->ended ())
        ASC_releaseAssociation (assoc);
      else if (is_open && !its_link->ended ())
        ASC_abortAssociation (assoc);
      ASC_destroyAssociation (&assoc);
    }
  else if (parameters != nullptr)
    ASC_destroyAssociationParameters (&parameters);
  if (network != nullptr)
    ASC_dropNetwork (&network);
}

bool
Association::look_up (std::string &address, GError **error)
{
  const OssPacsPeer &peer = job.peer ();
  struct addrinfo hints = {}, *found = nullptr;
  char text[INET_ADDRSTRLEN] = "";

  hints.ai_family = AF_INET; /* DCMTK 3.6.7 knows no other */
  hints.ai_socktype = SOCK_STREAM;
  int code = getaddrinfo (peer.host, nullptr, &hints, &found);
  if (code != 0)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("The host “%s” is not known: %s."), peer.host,
                   gai_strerror (code));
      return false;
    }
  auto *ip = reinterpret_cast<const struct sockaddr_in *> (found->ai_addr);
  inet_ntop (AF_INET, &ip->sin_addr, text, sizeof text);
  freeaddrinfo (found);
  address = std::string (text) + ":" + std::to_string (peer.port);
  return true;
}

bool
Association::fill (const std::vector<Context> &contexts, const std::string &address, GError **error)
{
  const OssPacsPeer &peer = job.peer ();
  T_ASC_PresentationContextID id = 1;

  if (!check (ASC_initializeNetwork (NET_REQUESTOR, 0, longest_wait_seconds, &network), error)
      || !check (ASC_createAssociationParameters (&parameters, ASC_MAXIMUMPDUSIZE), error))
    return false;
  ASC_setTransportLayer (network, layer.get (), 0);
  ASC_setTransportLayerType (parameters, peer.tls);
  ASC_setAPTitles (parameters, peer.calling_ae, peer.called_ae, nullptr);
  ASC_setPresentationAddresses (parameters, g_get_host_name (), address.c_str ());
  for (const Context &context : contexts)
    {
      std::vector<const char *> syntaxes;
      for (const std::string &syntax : context.transfer_syntaxes)
        syntaxes.push_back (syntax.c_str ());
      if (!check (ASC_addPresentationContext (parameters, id, context.abstract_syntax.c_str (), syntaxes.data (),
                                              (int) syntaxes.size (),
                                              context.as_provider ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT),
                  error))
        return false;
      id = (T_ASC_PresentationContextID) (id + 2);
    }
  return true;
}

bool
Association::open (const std::vector<Context> &contexts, GError **error)
{
  const OssPacsPeer &peer = job.peer ();
  Security security;
  std::string address;

  security.on = peer.tls;
  security.ca_file = peer.ca_file != nullptr ? peer.ca_file : "";
  security.certificate_file = peer.certificate_file != nullptr ? peer.certificate_file : "";
  security.key_file = peer.key_file != nullptr ? peer.key_file : "";
  security.host = peer.any_host_name ? "" : peer.host;
  if (!oss_pacs_peer_check (&peer, error) || !start (error) || !look_up (address, error))
    return false;
  layer = make_layer (security, its_link, nullptr, error);
  if (layer == nullptr || !fill (contexts, address, error))
    return false;
  OFCondition asked = ASC_requestAssociation (network, parameters, &assoc);
  if (assoc != nullptr)
    parameters = nullptr; /* they are the association's now */
  if (!check (asked, error))
    return false;
  is_open = true;
  job.talking ();
  if (ASC_countAcceptedPresentationContexts (assoc->params) > 0)
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s offers none of the services that were asked for."),
               name.c_str ());
  broken = true;
  return false;
}

DIC_US
Association::next_message ()
{
  return assoc->nextMsgID++;
}

OFCondition
Association::write_fragment (T_ASC_PresentationContextID id, DUL_DATAPDV type, void *data, gsize n, bool last)
{
  DUL_PDV fragment = {};
  DUL_PDVLIST list = {};

  fragment.fragmentLength = (unsigned long) n;
  fragment.presentationContextID = id;
  fragment.pdvType = type;
  fragment.lastPDV = last;
  fragment.data = data;
  list.count = 1;
  list.pdv = &fragment;
  return DUL_WritePDVs (&assoc->DULassociation, &list);
}

OFCondition
Association::send_fragment (T_ASC_PresentationContextID id, void *data, gsize n, bool last)
{
  return write_fragment (id, DUL_DATASETPDV, data, n, last);
}

OFCondition
Association::send_command (T_ASC_PresentationContextID id, DcmDataset &command)
{
  constexpr gsize longest_command = 4096;
  std::vector<guint8> bytes (longest_command);
  DcmOutputBufferStream stream (bytes.data (), (offile_off_t) bytes.size ());
  DcmWriteCache cache;
  void *begin = nullptr;
  offile_off_t length = 0;

  command.transferInit ();
  OFCondition written =
      command.write (stream, EXS_LittleEndianImplicit, EET_ExplicitLength, &cache, EGL_withGL, EPD_withoutPadding);
  command.transferEnd ();
  if (written.bad ())
    return written;
  stream.flushBuffer (begin, length);
  return write_fragment (id, DUL_COMMANDPDV, begin, (gsize) length, true);
}

T_ASC_PresentationContextID
Association::accepted (const char *abstract_syntax, const char *service, GError **error)
{
  T_ASC_PresentationContextID id = ASC_findAcceptedPresentationContextID (assoc, abstract_syntax);
  if (id == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s does not offer the service %s."), name.c_str (), service);
  return id;
}

void
Association::explain_rejection (GError **error)
{
  const OssPacsPeer &peer = job.peer ();
  T_ASC_RejectParameters rejection = {};

  ASC_getRejectParameters (assoc != nullptr ? assoc->params : parameters, &rejection);
  was_lost = rejection.result == ASC_RESULT_REJECTEDTRANSIENT;
  if (rejection.reason == ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("%s does not know this program’s title “%s”. Enter it there, or use another."), name.c_str (),
                 peer.calling_ae);
  else if (rejection.reason == ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s does not call itself “%s”."), name.c_str (),
                 peer.called_ae);
  else if (was_lost)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s is busy and takes no association now."), name.c_str ());
  else
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("%s refuses the association without a reason."),
                 name.c_str ());
}

/* DCMTK says what it did before it says what happened. */
static const char *
without_prefix (const char *text)
{
  const char *colon = strrchr (text, ':');
  return colon != nullptr && colon[1] == ' ' ? colon + 2 : text;
}

bool
Association::explain (const OFCondition &condition, GError **error)
{
  std::string tls = its_link->tls_reason ();

  if (!tls.empty ())
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("No secure connection with %s: %s."), name.c_str (),
                 tls.c_str ());
  else if (condition == DUL_ASSOCIATIONREJECTED)
    explain_rejection (error);
  else if (!is_open && !its_link->was_attached ())
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("%s cannot be reached: %s."), name.c_str (),
                 without_prefix (condition.text ()));
  else if (!is_open && its_link->handshaken () && its_link->bytes_received () == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("No secure connection with %s: it hung up after the TLS handshake. Does it want a certificate, and "
                    "another one than was shown?"),
                 name.c_str ());
  else if (!is_open && job.peer ().tls && its_link->bytes_received () == 0)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("No secure connection with %s: it broke off during the TLS handshake. Does the port speak TLS?"),
                 name.c_str ());
  else if (!is_open)
    g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED,
                 _ ("%s broke the connection off before the association stood. Does the port speak DICOM, and with "
                    "or without TLS as set?"),
                 name.c_str ());
  else
    {
      was_lost = true;
      g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The connection with %s broke off (%s)."), name.c_str (),
                   condition.text ());
    }
  return false;
}

bool
Association::check (const OFCondition &condition, GError **error)
{
  if (condition.good ())
    return true;
  broken = true;
  was_lost = false;
  return explain (condition, error);
}

std::string
status_words (DIC_US status)
{
  const char *words = (status & 0xff00) == 0xa700   ? _ ("out of room")
                      : (status & 0xff00) == 0xa900 ? _ ("the data set does not fit its class")
                      : status == 0xa801            ? _ ("it does not know where to send")
                      : status == 0x0122            ? _ ("the class of object is not taken")
                      : status == 0x0124            ? _ ("not allowed")
                      : status == 0x0111            ? _ ("there already")
                      : (status & 0xf000) == 0xc000 ? _ ("it cannot process it")
                      : (status & 0xf000) == 0xb000 ? _ ("done with a warning")
                                                    : _ ("it failed");
  g_autofree char *text = g_strdup_printf (_ ("%s (status %04X)"), words, status);
  return text;
}

const std::vector<std::string> &
uncompressed_syntaxes ()
{
  static const std::vector<std::string> list = { UID_LittleEndianExplicitTransferSyntax,
                                                 UID_LittleEndianImplicitTransferSyntax };
  return list;
}

} // namespace pacs
