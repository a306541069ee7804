/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs-private.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace pacs
{

/* The socket of one association, as seen by the thread that works on it and by whoever may end it.
 *
 * DCMTK waits in read() for as long as it takes.  Shutting the socket from outside ends every such
 * wait at once, in plain TCP, in TLS and in its handshake: time limits and cancelling are built on that. */
class Link
{
public:
  /* Takes note of an open socket and sets TCP_NODELAY: with Nagle's algorithm every small message
   * waits for an acknowledgement that the other side delays by 40 ms. */
  void attach (int socket);
  void detach ();
  /* Ends all reading and writing now; any thread. */
  void end ();
  bool ended () const;

  /* @n bytes came in; false when more came than allow() allows. */
  bool received (gsize n);
  void sent (gsize n);
  /* How many more bytes may come in from now on: nobody fills our memory or disk. */
  void allow (guint64 n);
  gint64 last_activity () const; /* monotonic, µs */
  bool attached () const;
  bool was_attached () const; /* the other side took the connection */
  guint64 bytes_received () const;

  void note_handshake ();
  bool handshaken () const; /* TLS stood, on this side at least */
  /* Why TLS failed, in words; empty when it did not. */
  void note_tls (const std::string &reason);
  std::string tls_reason () const;

private:
  mutable std::mutex lock;
  int fd = -1;
  bool over = false, taken = false, shaken = false;
  std::string tls;
  std::atomic<gint64> active{ g_get_monotonic_time () };
  std::atomic<guint64> allowed{ G_MAXUINT64 }, total{ 0 };
};

/* What a secure connection needs; file names may be NULL. */
struct Security
{
  bool on = false;
  bool server = false;
  std::string ca_file, certificate_file, key_file;
  std::string host; /* the name the certificate must bear; empty: any */
};

/* The factory of watched connections: plain ones, or TLS.  NULL with @error when a certificate cannot be used.
 * @taken (nullable) is called when DCMTK has taken the socket over. */
std::unique_ptr<DcmTransportLayer>
make_layer (const Security &security, std::shared_ptr<Link> link, std::function<void ()> taken, GError **error);

/* Once per process: no log (it would name patients), data dictionary, no reverse look-ups. */
bool start (GError **error);

} // namespace pacs
