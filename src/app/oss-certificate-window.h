/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssCertificateWindow: the densities of a phantom's rods by its certificate: seen, entered, kept for its serial number
 * in the user's own file.
 *
 * Signal "saved" (char *serial): this certificate's values changed.
 */
#define OSS_TYPE_CERTIFICATE_WINDOW (oss_certificate_window_get_type ())
G_DECLARE_FINAL_TYPE (OssCertificateWindow, oss_certificate_window, OSS, CERTIFICATE_WINDOW, AdwWindow)

/* @model: of the table; @serial: (nullable): whose values are shown first */
OssCertificateWindow *oss_certificate_window_new (GtkWindow *parent, const char *model, const char *serial);

G_END_DECLS
