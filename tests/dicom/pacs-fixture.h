/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs.h"

G_BEGIN_DECLS

/* An archive on loopback: Orthanc (Debian package "orthanc"), an independent implementation. */
typedef struct
{
  char *folder;
  guint16 port, peer_port; /* DICOM; where it sends what this program asks it to */
  GPid pid;
} Archive;

/* Skips the test, with words, where Orthanc (and for TLS openssl) is not installed: then NULL.
 * @certificates: (nullable): folder of certificates_new(): the port speaks TLS and asks for a certificate. */
Archive *archive_start (const char *certificates);
void archive_kill (Archive *self); /* at once, as when its machine fails */
void archive_restart (Archive *self);
void archive_free (Archive *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_free)
OssPacsPeer *archive_peer (const Archive *self);

/* ca.crt, server.crt/.key, client.crt/.key signed by it for localhost and 127.0.0.1; other-ca.crt and
 * other.crt/.key of somebody else; elsewhere.crt/.key signed by ca for another host.  NULL: no openssl. */
char *certificates_new (void);

/* A port of the loopback interface that nobody uses just now. */
guint16 free_port (void);

/* A CT series of @n small slices below @folder / @name; UIDs follow from @series. */
void pacs_write_series (const char *folder, const char *name, guint series, int size, int n);
/* The study UID of all of them. */
char *pacs_study_uid (void);
char *pacs_series_uid (guint series);

/* Regular files below @folder; names that begin with a dot count too. */
guint count_files (const char *folder);
/* The data set behind the file's header, byte for byte. (transfer full) */
GBytes *data_set (const char *path);
/* Every file below @sent lies, with the same data set, in @got as STUDY/SERIES/SOP.dcm. */
void assert_same_objects (const char *sent, const char *got);

/* Patient's name, number and date of these fixtures must not be in @text. */
void assert_no_patient (const char *text);

G_END_DECLS
