/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs-receive.hpp"

namespace pacs
{

using Commitment = std::function<DIC_US (DIC_US event_type, DcmDataset &data)>;

/* Takes the data set of an N-EVENT-REPORT off the association, hands it on and answers. */
OFCondition answer_report (T_ASC_Association *assoc, T_ASC_PresentationContextID id,
                           const T_DIMSE_N_EventReportRQ &request, const Commitment &commitment);

/* Who may send: an empty title or address stands for any. */
struct Allowed
{
  std::string title, address;
};

struct ListenerSettings
{
  std::string title;
  guint16 port = 0;
  Security security;
  std::vector<Allowed> allowed;
  guint most_associations = 16, idle_seconds = 30;
  std::function<void (OssPacsEventKind, const std::string &sender, const std::string &path, const std::string &why)>
      event;
  /* What an archive says of a storage commitment; the data set is borrowed.  Returns a DIMSE status. */
  Commitment commitment;
};

/* Accepts connections on a thread, and serves each on one of its own. */
class Listener
{
public:
  /* @store NULL: no objects are taken.  NULL with @error: the port is taken, or may not be listened at. */
  static std::unique_ptr<Listener> start (ListenerSettings settings, std::shared_ptr<Store> store, GError **error);
  ~Listener ();
  Listener (const Listener &) = delete;
  Listener &operator= (const Listener &) = delete;

  guint16
  port () const
  {
    return its_port;
  }
  /* No association is open just now. */
  bool quiet () const;
  /* The last byte of any sender. (monotonic, µs) */
  gint64 last_activity () const;

private:
  struct Connection
  {
    Listener *listener;
    int fd;
    std::string sender; /* address, later with title */
    bool busy;          /* too many already */
    std::shared_ptr<Link> link = std::make_shared<Link> ();
    gint64 since = g_get_monotonic_time ();
    std::atomic<bool> admitted{ false }, done{ false };
    GThread *thread = nullptr;
  };

  Listener () = default;
  bool open_socket (GError **error);
  static gpointer accept_thread (gpointer data);
  static gpointer serve_thread (gpointer data);
  void accept_one ();
  void look_after ();
  void serve (Connection &connection);
  OFCondition receive (Connection &connection, T_ASC_Network **network, T_ASC_Association **assoc,
                       std::unique_ptr<DcmTransportLayer> &layer);
  bool admit (Connection &connection, T_ASC_Association *assoc);
  bool allowed_title (const Connection &connection, const std::string &title, const std::string &address) const;
  bool allowed_address (const std::string &address) const;
  void talk (Connection &connection, T_ASC_Association *assoc);
  OFCondition
  answer (Connection &connection, T_ASC_Association *assoc, T_ASC_PresentationContextID id, T_DIMSE_Message &message);
  void tell (OssPacsEventKind kind, const Connection &connection, const std::string &path, const std::string &why);

  ListenerSettings settings;
  std::shared_ptr<Store> store;
  int fd = -1;
  guint16 its_port = 0;
  GThread *thread = nullptr;
  std::atomic<bool> stopping{ false };
  std::atomic<gint64> active{ 0 };
  mutable std::mutex lock; /* of the list */
  std::vector<std::unique_ptr<Connection>> connections;
  std::mutex telling;
};

/* "TITLE", "TITLE@HOST", "*@HOST", "*"; USAGE, or NOT_FOUND for an unknown host. */
bool parse_allowed (const char *text, Allowed &allowed, GError **error);

/* Titles, port, certificates, the list of senders, limits; hosts are looked up. */
bool fill_listener_settings (const OssPacsListenerOptions *options, ListenerSettings &settings, GError **error);

} // namespace pacs
