/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-pacs-link.hpp"

#include "base/oss-i18n.h"

#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/dcmtls/tlslayer.h>
#include <dcmtk/oflog/oflog.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace pacs
{

void
Link::attach (int socket)
{
  const int on = 1;
  std::lock_guard<std::mutex> guard (lock);

  setsockopt (socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt (socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  fd = socket;
  taken = true;
  active = g_get_monotonic_time ();
  if (over)
    shutdown (fd, SHUT_RDWR);
}

void
Link::detach ()
{
  std::lock_guard<std::mutex> guard (lock);
  fd = -1;
}

void
Link::end ()
{
  std::lock_guard<std::mutex> guard (lock);
  over = true;
  if (fd >= 0)
    shutdown (fd, SHUT_RDWR);
}

bool
Link::ended () const
{
  std::lock_guard<std::mutex> guard (lock);
  return over;
}

bool
Link::received (gsize n)
{
  guint64 left = allowed;

  active = g_get_monotonic_time ();
  total += n;
  if (left == G_MAXUINT64)
    return true;
  allowed = left > n ? left - n : 0;
  return left > n;
}

void
Link::sent (gsize)
{
  active = g_get_monotonic_time ();
}

void
Link::allow (guint64 n)
{
  allowed = n;
}

gint64
Link::last_activity () const
{
  return active;
}

bool
Link::attached () const
{
  std::lock_guard<std::mutex> guard (lock);
  return fd >= 0;
}

bool
Link::was_attached () const
{
  std::lock_guard<std::mutex> guard (lock);
  return taken;
}

guint64
Link::bytes_received () const
{
  return total;
}

void
Link::note_handshake ()
{
  std::lock_guard<std::mutex> guard (lock);
  shaken = true;
}

bool
Link::handshaken () const
{
  std::lock_guard<std::mutex> guard (lock);
  return shaken;
}

void
Link::note_tls (const std::string &reason)
{
  std::lock_guard<std::mutex> guard (lock);
  if (tls.empty ())
    tls = reason;
}

std::string
Link::tls_reason () const
{
  std::lock_guard<std::mutex> guard (lock);
  return tls;
}

namespace
{

/* A connection of DCMTK's that tells its link what it does. */
class WatchedConnection : public DcmTransportConnection
{
public:
  WatchedConnection (DcmNativeSocketType socket_, DcmTransportConnection *inner_, std::shared_ptr<Link> link_)
      : DcmTransportConnection (socket_), inner (inner_), link (std::move (link_))
  {
    link->attach (socket_);
  }

  ~WatchedConnection () override
  {
    link->detach (); /* before the socket's number can go to another */
  }

  OFCondition
  serverSideHandshake () override
  {
    return inner->serverSideHandshake ();
  }

  OFCondition
  clientSideHandshake () override
  {
    OFCondition shaken = inner->clientSideHandshake ();
    if (shaken.good () && !inner->isTransparentConnection ())
      link->note_handshake ();
    return shaken;
  }

  OFCondition
  renegotiate (const char *suite) override
  {
    return inner->renegotiate (suite);
  }

  ssize_t
  read (void *buffer, size_t n) override
  {
    ssize_t got = inner->read (buffer, n);
    if (got > 0)
      {
        acknowledge ();
        return link->received ((gsize) got) ? got : -1;
      }
    note_alert ();
    return got;
  }

  ssize_t
  write (void *buffer, size_t n) override
  {
    ssize_t put = inner->write (buffer, n);
    if (put > 0)
      link->sent ((gsize) put);
    else
      note_alert ();
    return put;
  }

  void
  close () override
  {
    link->detach ();
    setSocket (-1);
    inner->close ();
  }

  void
  closeTransportConnection () override
  {
    link->detach ();
    setSocket (-1);
    inner->closeTransportConnection ();
  }

  unsigned long
  getPeerCertificateLength () override
  {
    return inner->getPeerCertificateLength ();
  }

  unsigned long
  getPeerCertificate (void *buffer, unsigned long n) override
  {
    return inner->getPeerCertificate (buffer, n);
  }

  OFBool
  networkDataAvailable (int timeout) override
  {
    return inner->networkDataAvailable (timeout);
  }

  OFBool
  isTransparentConnection () override
  {
    return inner->isTransparentConnection ();
  }

  OFString &
  dumpConnectionParameters (OFString &text) override
  {
    return inner->dumpConnectionParameters (text);
  }

private:
  /* A peer that has Nagle's algorithm on waits for our acknowledgement before it sends the rest of
   * an object: do not delay it. */
  void
  acknowledge ()
  {
#ifdef TCP_QUICKACK
    const int on = 1;
    setsockopt (getSocket (), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
  }

  /* With TLS 1.3 the other side's refusal of our certificate arrives after the handshake. */
  void
  note_alert ()
  {
    if (inner->isTransparentConnection ())
      return;
    for (unsigned long code; (code = ERR_get_error ()) != 0;)
      if (ERR_GET_LIB (code) == ERR_LIB_SSL && ERR_reason_error_string (code) != nullptr)
        link->note_tls (ERR_reason_error_string (code));
  }

  std::unique_ptr<DcmTransportConnection> inner;
  std::shared_ptr<Link> link;
};

class PlainLayer : public DcmTransportLayer
{
public:
  PlainLayer (std::shared_ptr<Link> link_, std::function<void ()> taken_)
      : link (std::move (link_)), taken (std::move (taken_))
  {
  }

  DcmTransportConnection *
  createConnection (DcmNativeSocketType socket, OFBool secure) override
  {
    DcmTransportConnection *inner = DcmTransportLayer::createConnection (socket, secure);
    if (taken)
      taken ();
    return inner != nullptr ? new WatchedConnection (socket, inner, link) : nullptr;
  }

private:
  std::shared_ptr<Link> link;
  std::function<void ()> taken;
};

class TlsLayer : public DcmTLSTransportLayer
{
public:
  TlsLayer (bool server, std::shared_ptr<Link> link_, std::function<void ()> taken_)
      : DcmTLSTransportLayer (server ? NET_ACCEPTOR : NET_REQUESTOR, nullptr, OFFalse), link (std::move (link_)),
        taken (std::move (taken_))
  {
  }

  DcmTransportConnection *
  createConnection (DcmNativeSocketType socket, OFBool) override
  {
    DcmTransportConnection *inner = DcmTLSTransportLayer::createConnection (socket, OFTrue);
    if (taken)
      taken ();
    return inner != nullptr ? new WatchedConnection (socket, inner, link) : nullptr;
  }

  std::shared_ptr<Link> link;

private:
  std::function<void ()> taken;
};

std::string
certificate_words (X509 *certificate)
{
  char issuer[128] = "";
  g_autofree char *until = nullptr;
  struct tm day = {};

  X509_NAME_get_text_by_NID (X509_get_issuer_name (certificate), NID_commonName, issuer, sizeof issuer);
  g_autofree char *clean = g_utf8_make_valid (issuer, -1);
  if (ASN1_TIME_to_tm (X509_get0_notAfter (certificate), &day) == 1)
    until = g_strdup_printf ("%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
  g_autofree char *text = g_strdup_printf (_ ("issued by “%s”, valid until %s"), clean, until != nullptr ? until : "?");
  return text;
}

/* OpenSSL asks after each certificate of the chain; what it found wrong is kept in words. */
int
verify_cb (int good, X509_STORE_CTX *store)
{
  auto *ssl = static_cast<SSL *> (X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ()));
  auto *layer = ssl != nullptr ? static_cast<TlsLayer *> (SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl))) : nullptr;
  X509 *certificate = X509_STORE_CTX_get_current_cert (store);

  if (good == 1 || layer == nullptr)
    return good;
  std::string words = X509_verify_cert_error_string (X509_STORE_CTX_get_error (store));
  if (certificate != nullptr)
    words += " (" + certificate_words (certificate) + ")";
  layer->link->note_tls (words);
  return good;
}

bool
unusable (GError **error, const std::string &file, const char *why)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("“%s” cannot be used for TLS: %s."), file.c_str (), why);
  return false;
}

bool
load_files (TlsLayer &layer, const Security &security, GError **error)
{
  OFCondition loaded;

  if (!security.certificate_file.empty ())
    {
      loaded = layer.setPrivateKeyFile (security.key_file.c_str (), DCF_Filetype_PEM);
      if (loaded.bad ())
        return unusable (error, security.key_file, loaded.text ());
      loaded = layer.setCertificateFile (security.certificate_file.c_str (), DCF_Filetype_PEM);
      if (loaded.bad ())
        return unusable (error, security.certificate_file, loaded.text ());
      if (!layer.checkPrivateKeyMatchesCertificate ())
        return unusable (error, security.key_file, _ ("it is not the key of the certificate"));
    }
  if (security.ca_file.empty ())
    return SSL_CTX_set_default_verify_paths (layer.getNativeHandle ()) == 1;
  loaded = layer.addTrustedCertificateFile (security.ca_file.c_str (), DCF_Filetype_PEM);
  return loaded.good () || unusable (error, security.ca_file, loaded.text ());
}

bool
is_ipv4 (const std::string &host)
{
  return g_hostname_is_ip_address (host.c_str ());
}

void
set_checks (TlsLayer &layer, const Security &security)
{
  SSL_CTX *context = layer.getNativeHandle ();
  X509_VERIFY_PARAM *checks = SSL_CTX_get0_param (context);

  SSL_CTX_set_app_data (context, &layer);
  layer.setCertificateVerification (DCV_requireCertificate);
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_cb);
  SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  if (security.host.empty ())
    return;
  X509_VERIFY_PARAM_set_hostflags (checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ipv4 (security.host))
    X509_VERIFY_PARAM_set1_ip_asc (checks, security.host.c_str ());
  else
    X509_VERIFY_PARAM_set1_host (checks, security.host.c_str (), 0);
}

constexpr DcmTLSSecurityProfile profile =
#if PACKAGE_VERSION_NUMBER >= 368
    TSP_Profile_BCP_195_RFC_8996;
#else
    TSP_Profile_BCP195_ND;
#endif

} // namespace

std::unique_ptr<DcmTransportLayer>
make_layer (const Security &security, std::shared_ptr<Link> link, std::function<void ()> taken, GError **error)
{
  if (!security.on)
    return std::make_unique<PlainLayer> (std::move (link), std::move (taken));
  auto layer = std::make_unique<TlsLayer> (security.server, std::move (link), std::move (taken));
  if (!*layer || layer->setTLSProfile (profile).bad () || layer->activateCipherSuites ().bad ())
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("TLS cannot be started."));
      return nullptr;
    }
  if (!load_files (*layer, security, error))
    {
      if (error != nullptr && *error == nullptr)
        g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The system has no list of authorities."));
      return nullptr;
    }
  set_checks (*layer, security);
  return layer;
}

bool
start (GError **error)
{
  static std::once_flag once;

  std::call_once (once, [] {
    OFLog::configure (OFLogger::OFF_LOG_LEVEL);
    dcmDisableGethostbyaddr.set (OFTrue);
    dcmConnectionTimeout.set (60);    /* for a thread that nobody waits for any more */
    dcmSocketReceiveTimeout.set (-1); /* links know who is silent for how long */
    dcmSocketSendTimeout.set (-1);
    DcmTLSTransportLayer::initializeOpenSSL ();
  });
  if (dcmDataDict.isDictionaryLoaded ())
    return true;
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_FAILED,
                       _ ("DCMTK’s data dictionary is not installed (DCMDICTPATH)"));
  return false;
}

} // namespace pacs
