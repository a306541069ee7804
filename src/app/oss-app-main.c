/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/oss-application.h"
#include "base/oss-i18n.h"

#include <locale.h>

int
main (int argc, char **argv)
{
  g_autoptr (OssApplication) application = NULL;
  const char *locale_dir = g_getenv ("OSSATURE_LOCALE_DIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : OSS_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  application = oss_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
