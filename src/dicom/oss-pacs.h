/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-tick.h"

G_BEGIN_DECLS

/* Talking to picture archives (PACS) as a DICOM node: who they are, and the services asked of them.
 *
 * Every function that goes to the network is synchronous, runs the association on a thread of its own and
 * answers its tick within 200 ms: the socket is shut then, and nothing half-written is left.  Any thread may
 * call; several associations may run at once.  Errors: OSS_ERROR_USAGE (an address that cannot be one),
 * OSS_ERROR_NOT_FOUND (unknown host, nobody listens there, no answer in time), OSS_ERROR_REFUSED (the peer
 * says no: titles, services, certificate), OSS_ERROR_FAILED (connection lost, disk), OSS_ERROR_CANCELLED.
 * Messages name the peer, never a patient. */

/**
 * OssPacsPeer: one archive, as the user knows it.
 * @name: how it is called here; may be empty, never NULL
 * @host: name or IPv4 address
 * @port: its DICOM port (104, 11112; 2762 for TLS is customary)
 * @called_ae: its AE title, 1 to 16 characters
 * @calling_ae: what this program calls itself there
 * @tls: speak TLS 1.2 or newer: the BCP 195 profile that does not step down (with DCMTK 3.6.8 or newer the
 *   one of RFC 8996)
 * @ca_file: (nullable): PEM of who may have signed its certificate; NULL: the system's authorities
 * @certificate_file: (nullable): PEM of this program's own certificate
 * @key_file: (nullable): PEM of its private key, without a password
 * @any_host_name: accept a certificate of a trusted authority that was issued to another host name
 * @may_send: a listener of this program takes objects from it
 * @connect_seconds: for the connection, the TLS handshake and the association together
 * @answer_seconds: how long it may stay silent after that
 * @retries: how often what is missing is tried again when the connection breaks
 */
typedef struct
{
  char *name;
  char *host;
  guint16 port;
  char *called_ae;
  char *calling_ae;
  gboolean tls;
  char *ca_file, *certificate_file, *key_file;
  gboolean any_host_name;
  gboolean may_send;
  guint connect_seconds, answer_seconds, retries;
} OssPacsPeer;

/* A peer without address: port 11112, calling title OSSATURE, 10 s to connect, 60 s of silence, 2 retries. */
OSS_API OssPacsPeer *oss_pacs_peer_new (void);
OSS_API OssPacsPeer *oss_pacs_peer_copy (const OssPacsPeer *self);
OSS_API void oss_pacs_peer_free (OssPacsPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPacsPeer, oss_pacs_peer_free)

/* "AE@HOST:PORT" (port optional) to a peer; OSS_ERROR_USAGE.  (transfer full) */
OSS_API OssPacsPeer *oss_pacs_peer_parse (const char *text, GError **error);
/* Whether @self can be asked at all: host, port, titles, certificate with key; OSS_ERROR_USAGE says what not. */
OSS_API gboolean oss_pacs_peer_check (const OssPacsPeer *self, GError **error);
/* "North (ARCHIVE@pacs.example:104)": for messages.  (transfer full) */
OSS_API char *oss_pacs_peer_describe (const OssPacsPeer *self);

/**
 * OssPacsNode: this program as a node that others send to.
 * @ae_title: its own title
 * @port: where it listens; 0: any free port
 * @certificate_file, @key_file, @ca_file: (nullable): PEM files; with a certificate it speaks TLS only and
 *   asks every sender for one that @ca_file vouches for
 */
typedef struct
{
  char *ae_title;
  guint16 port;
  char *certificate_file, *key_file, *ca_file;
} OssPacsNode;

/**
 * OssPacsPeers: what the configuration file holds, ~/.config/ossature/peers.ini (mode 0600).
 * @peers: (element-type OssPacsPeer): in the file's order; names differ
 */
typedef struct
{
  OssPacsNode node;
  GPtrArray *peers;
} OssPacsPeers;

OSS_API OssPacsPeers *oss_pacs_peers_new (void);
OSS_API void oss_pacs_peers_free (OssPacsPeers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPacsPeers, oss_pacs_peers_free)
/* The file's usual place.  (transfer full) */
OSS_API char *oss_pacs_peers_path (void);
/* @path NULL: the usual place.  A file that is not there gives an empty list; one that cannot be read or says
 * nonsense is an error (OSS_ERROR_INVALID_DATA names the entry). */
OSS_API OssPacsPeers *oss_pacs_peers_load (const char *path, GError **error);
/* Writes the whole file, mode 0600, in one step. */
OSS_API gboolean oss_pacs_peers_save (const OssPacsPeers *self, const char *path, GError **error);
/* By name (case counts).  (nullable): borrowed */
OSS_API const OssPacsPeer *oss_pacs_peers_find (const OssPacsPeers *self, const char *name);

/* Whether a peer answers (C-ECHO).  @milliseconds (nullable): from the first packet to the answer. */
OSS_API gboolean oss_pacs_echo (const OssPacsPeer *peer, double *milliseconds, const OssTick *tick, GError **error);

/**
 * OssPacsReport: what became of the objects of one transfer.
 * @total: objects that were meant (0: the peer did not say how many)
 * @done: sent or received, stored and checked
 * @already: left out because they are there
 * @failures: (element-type char): one line an object that failed: its file or UID, and why; 100 at most
 * @failed: their number
 * @bytes: of data sets moved
 *
 * Functions add what they did, so that one report may serve several calls.
 */
typedef struct
{
  guint total, done, already, failed;
  GPtrArray *failures;
  guint64 bytes;
  double seconds;
} OssPacsReport;

OSS_API OssPacsReport *oss_pacs_report_new (void);
OSS_API void oss_pacs_report_free (OssPacsReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPacsReport, oss_pacs_report_free)

/**
 * oss_pacs_send:
 * @paths: (array zero-terminated=1): DICOM files and folders of them
 * @report: (nullable): what was done is added to it, also when the call fails
 *
 * Sends files (C-STORE).  What is negotiated follows from the SOP classes and transfer syntaxes of the files.
 * Data sets go out byte for byte as they lie in the file, unless the peer does not take their transfer syntax but an
 * uncompressed one: then the reading process writes them anew.  What cannot be converted fails, and the report says
 * why.  When the connection breaks, what was not confirmed is tried again
 * @peer->retries times.
 *
 * Returns: FALSE when an object was not sent, with the first reason; others may have been
 */
OSS_API gboolean oss_pacs_send (const OssPacsPeer *peer, const char *const *paths, OssPacsReport *report,
                                const OssTick *tick, GError **error);

typedef enum
{
  OSS_PACS_PATIENT, /* asked of the patient root model */
  OSS_PACS_STUDY,
  OSS_PACS_SERIES,
} OssPacsLevel;

/**
 * OssPacsQuery: what to look for.  Texts are UTF-8 and nullable; * and ? are wild cards, except in UIDs and dates.
 * @patient_name: as DICOM writes it, "Brandt^Helga"; "brandt*" usually does
 * @study_date: "20260314", or a range: "20260101-20261231", "20260101-", "-20261231"
 * @modality: one of the study's modalities, or the series' own
 * @study_uid: needed for series
 * @limit: no more matches than this; 0: 1000
 */
typedef struct
{
  OssPacsLevel level;
  const char *patient_name, *patient_id, *patient_birth_date;
  const char *study_date, *study_description, *accession_number, *modality;
  const char *study_uid, *series_uid, *series_description;
  guint limit;
} OssPacsQuery;

/**
 * OssPacsMatch: one answer.  UTF-8 whatever the peer's character set, empty when the peer does not say, never NULL.
 * @modalities: of a study, with commas; of a series its one
 * @n_series, @n_objects: as the peer counts them; -1 when it does not
 */
typedef struct
{
  char *patient_name, *patient_id, *patient_birth_date, *patient_sex;
  char *study_uid, *study_date, *study_time, *study_description, *accession_number, *referring_physician;
  char *series_uid, *series_date, *series_description, *body_part, *modalities;
  int series_number, n_series, n_objects;
} OssPacsMatch;

OSS_API void oss_pacs_match_free (OssPacsMatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPacsMatch, oss_pacs_match_free)

/**
 * oss_pacs_find:
 * @truncated: (out) (optional): more matched than the limit; the peer was asked to stop
 *
 * Asks a peer (C-FIND).  Text beyond ASCII is asked for in Latin 1 where that suffices, else in UTF-8.
 *
 * Returns: (transfer container) (element-type OssPacsMatch): in the peer's order; empty when nothing matches.
 *   USAGE for a key that cannot be one (a date, a UID)
 */
OSS_API GPtrArray *oss_pacs_find (const OssPacsPeer *peer, const OssPacsQuery *query, gboolean *truncated,
                                  const OssTick *tick, GError **error);

/**
 * oss_pacs_get:
 * @series_uid: (nullable): one series of the study; NULL: all of it
 * @folder: made when absent; objects become @folder/STUDY/SERIES/SOP.dcm
 * @report: (nullable): what was done is added to it, also when the call fails
 *
 * Fetches objects over the association that asks for them (C-GET).  The peer is first asked what there is: objects
 * that lie in @folder are not fetched again, so a transfer that broke off is finished by running it again.  Each
 * object goes straight to a temporary file of @folder, is looked at by the reading process, synced, and only then
 * gets its name; the data set stays as the peer sent it, byte for byte.  When the connection breaks, the rest is
 * tried again @peer->retries times.
 *
 * Returns: FALSE when an object is missing at the end; NOT_FOUND when the peer knows no such study or series
 */
OSS_API gboolean oss_pacs_get (const OssPacsPeer *peer, const char *study_uid, const char *series_uid,
                               const char *folder, OssPacsReport *report, const OssTick *tick, GError **error);

/**
 * oss_pacs_move:
 * @node: where the objects are to be sent: the peer must know this title, address and port
 *
 * As oss_pacs_get(), but the peer sends over associations of its own (C-MOVE), for which this function listens
 * meanwhile.  Only the peer's own address may send, under any title.
 */
OSS_API gboolean oss_pacs_move (const OssPacsPeer *peer, const OssPacsNode *node, const char *study_uid,
                                const char *series_uid, const char *folder, OssPacsReport *report, const OssTick *tick,
                                GError **error);

/**
 * oss_pacs_commit:
 * @node: (nullable): where this program listens for the answer: most archives answer over an association of their
 *   own, to the address they know for @peer's calling title.  NULL: only an answer over the same association counts
 * @paths: (array zero-terminated=1): files, and folders of them, that were sent before
 * @wait_seconds: how long the archive may take to look; 0: 60
 * @report: (nullable): done: objects that the archive has promised to keep; failed: those it has not
 *
 * Asks whether an archive keeps what was sent to it (storage commitment, push model).
 *
 * Returns: FALSE when an object was not committed, or no answer came in time (NOT_FOUND)
 */
OSS_API gboolean oss_pacs_commit (const OssPacsPeer *peer, const OssPacsNode *node, const char *const *paths,
                                  guint wait_seconds, OssPacsReport *report, const OssTick *tick, GError **error);

typedef enum
{
  OSS_PACS_EVENT_STORED,         /* an object lies under its name */
  OSS_PACS_EVENT_KNOWN,          /* it lay there before, and stayed as it was */
  OSS_PACS_EVENT_OBJECT_REFUSED, /* the sender was told why not */
  OSS_PACS_EVENT_SENDER_REFUSED, /* not on the list, a wrong title, no certificate, too many at once */
  OSS_PACS_EVENT_SENDER_LOST,    /* an association that broke off, or was ended because of what it sent */
} OssPacsEventKind;

/**
 * OssPacsEvent: what a listener tells; borrowed, for the time of the call.
 * @sender: "TITLE@ADDRESS", or the address alone before a title was told
 * @path: (nullable): of an object that is there
 * @why: (nullable): translated; names no patient
 */
typedef struct
{
  OssPacsEventKind kind;
  const char *sender, *path, *why;
} OssPacsEvent;

/* Called on the listener's threads, by one of them at a time. */
typedef void (*OssPacsEventFunc) (const OssPacsEvent *event, void *data);

/**
 * OssPacsListenerOptions:
 * @node: title, port and, for TLS, certificates
 * @folder: made when absent; objects become @folder/STUDY/SERIES/SOP.dcm
 * @allowed: (array zero-terminated=1): who may send: "TITLE", "TITLE@HOST", "*@HOST" or "*" (anybody)
 * @largest_object_bytes: of a data set; 0: 4 GiB
 * @most_associations: at once; 0: 16
 * @idle_seconds: how long a sender may stay silent; 0: 30
 */
typedef struct
{
  const OssPacsNode *node;
  const char *folder;
  const char *const *allowed;
  guint64 largest_object_bytes;
  guint most_associations, idle_seconds;
  OssPacsEventFunc event;
  void *data;
} OssPacsListenerOptions;

/**
 * OssPacsListener: a storage provider (Storage SCP) that also answers echoes.
 *
 * Each sender has a thread of its own.  UIDs are checked before they become names of files, the data set must
 * belong to the object that the command names, and an object appears under its name whole and synced, or not at
 * all; it is kept as it is when it comes again.  A full disk is answered with status A700.  Whatever a sender
 * does ends its own association at most.
 */
typedef struct _OssPacsListener OssPacsListener;

OSS_API OssPacsListener *oss_pacs_listener_new (const OssPacsListenerOptions *options, GError **error);
OSS_API guint16 oss_pacs_listener_port (const OssPacsListener *self);
/* Ends all associations at once and waits for their threads. */
OSS_API void oss_pacs_listener_free (OssPacsListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OssPacsListener, oss_pacs_listener_free)

G_END_DECLS
