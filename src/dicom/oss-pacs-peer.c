/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-pacs-private.h"

#include "base/oss-i18n.h"

#include <string.h>

#define LONGEST_AE_TITLE 16 /* DICOM PS3.5, VR AE */
#define LONGEST_HOST 253

OssPacsPeer *
oss_pacs_peer_new (void)
{
  OssPacsPeer *self = g_new0 (OssPacsPeer, 1);

  self->name = g_strdup ("");
  self->host = g_strdup ("");
  self->port = 11112;
  self->called_ae = g_strdup ("");
  self->calling_ae = g_strdup ("OSSATURE");
  self->may_send = TRUE;
  self->connect_seconds = 10;
  self->answer_seconds = 60;
  self->retries = 2;
  return self;
}

OssPacsPeer *
oss_pacs_peer_copy (const OssPacsPeer *self)
{
  OssPacsPeer *copy = g_new0 (OssPacsPeer, 1);

  *copy = *self;
  copy->name = g_strdup (self->name);
  copy->host = g_strdup (self->host);
  copy->called_ae = g_strdup (self->called_ae);
  copy->calling_ae = g_strdup (self->calling_ae);
  copy->ca_file = g_strdup (self->ca_file);
  copy->certificate_file = g_strdup (self->certificate_file);
  copy->key_file = g_strdup (self->key_file);
  return copy;
}

void
oss_pacs_peer_free (OssPacsPeer *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->host);
  g_free (self->called_ae);
  g_free (self->calling_ae);
  g_free (self->ca_file);
  g_free (self->certificate_file);
  g_free (self->key_file);
  g_free (self);
}

static gboolean G_GNUC_PRINTF (2, 3) usage (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error, g_error_new_valist (OSS_ERROR, OSS_ERROR_USAGE, format, arguments));
  va_end (arguments);
  return FALSE;
}

/* Printable ASCII without a backslash, 1 to 16 characters, not blanks alone. */
gboolean
oss_pacs_is_ae_title (const char *text)
{
  gsize n = strlen (text);
  gboolean shows = FALSE;

  if (n < 1 || n > LONGEST_AE_TITLE)
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c < ' ' || *c > '~' || *c == '\\')
        return FALSE;
      shows = shows || *c != ' ';
    }
  return shows;
}

static gboolean
is_host (const char *text)
{
  gsize n = strlen (text);

  if (n < 1 || n > LONGEST_HOST)
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("-._", *c) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
parse_port (const char *text, guint16 *port)
{
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &value, NULL))
    return FALSE;
  *port = (guint16) value;
  return TRUE;
}

OssPacsPeer *
oss_pacs_peer_parse (const char *text, GError **error)
{
  g_autoptr (OssPacsPeer) self = oss_pacs_peer_new ();
  const char *at = strrchr (text, '@');
  const char *colon = at != NULL ? strrchr (at, ':') : NULL;

  if (at == NULL || (colon != NULL && !parse_port (colon + 1, &self->port)))
    {
      usage (error, _ ("“%s” is not the address of a DICOM node: give AE@HOST:PORT."), text);
      return NULL;
    }
  g_free (self->called_ae);
  g_free (self->host);
  self->called_ae = g_strndup (text, (gsize) (at - text));
  self->host = colon != NULL ? g_strndup (at + 1, (gsize) (colon - at - 1)) : g_strdup (at + 1);
  return oss_pacs_peer_check (self, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
oss_pacs_peer_check (const OssPacsPeer *self, GError **error)
{
  if (!is_host (self->host))
    return usage (error, _ ("“%s” cannot be the name or IPv4 address of a host."), self->host);
  if (self->port == 0)
    return usage (error, _ ("The port of “%s” must be from 1 to 65535."), self->host);
  if (!oss_pacs_is_ae_title (self->called_ae))
    return usage (error, _ ("“%s” cannot be an AE title: 1 to 16 letters, digits and signs."), self->called_ae);
  if (!oss_pacs_is_ae_title (self->calling_ae))
    return usage (error, _ ("“%s” cannot be an AE title: 1 to 16 letters, digits and signs."), self->calling_ae);
  if ((self->certificate_file == NULL) != (self->key_file == NULL))
    return usage (error, _ ("A certificate and its private key belong together: give both for “%s”, or none."),
                  self->host);
  if (!self->tls && (self->ca_file != NULL || self->certificate_file != NULL))
    return usage (error, _ ("Certificates are for TLS: switch it on for “%s”."), self->host);
  return TRUE;
}

char *
oss_pacs_peer_describe (const OssPacsPeer *self)
{
  if (self->name[0] != '\0')
    return g_strdup_printf ("%s (%s@%s:%u)", self->name, self->called_ae, self->host, self->port);
  return g_strdup_printf ("%s@%s:%u", self->called_ae, self->host, self->port);
}

OssPacsReport *
oss_pacs_report_new (void)
{
  OssPacsReport *self = g_new0 (OssPacsReport, 1);

  self->failures = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
oss_pacs_report_free (OssPacsReport *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->failures);
  g_free (self);
}
