/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "dicom/oss-guarded.hpp"
#include "dicom/oss-pacs-session.hpp"

#include <dcmtk/dcmdata/dcuid.h>

using namespace pacs;

namespace
{

bool
echo (Job &job, double &milliseconds, GError **error)
{
  if (!start (error))
    return false;
  Association association (job);
  gint64 begin = g_get_monotonic_time ();
  DIC_US status = 0;

  job.report (0.0, _ ("Asking for an answer"));
  if (!association.open ({ { UID_VerificationSOPClass, uncompressed_syntaxes () } }, error)
      || association.accepted (UID_VerificationSOPClass, "C-ECHO", error) == 0
      || !association.check (
          DIMSE_echoUser (association.get (), association.next_message (), DIMSE_BLOCKING, 0, &status, nullptr), error))
    return false;
  milliseconds = (double) (g_get_monotonic_time () - begin) / 1000.0;
  if (DICOM_SUCCESS_STATUS (status))
    return true;
  g_set_error (error, OSS_ERROR, OSS_ERROR_REFUSED, _ ("The peer answers an echo with “%s”."),
               status_words (status).c_str ());
  return false;
}

} // namespace

gboolean
oss_pacs_echo (const OssPacsPeer *peer, double *milliseconds, const OssTick *tick, GError **error)
{
  return guarded<gboolean> (error, FALSE, [&] () -> gboolean {
    if (!oss_pacs_peer_check (peer, error))
      return FALSE;
    auto job = std::make_shared<Job> (peer);
    auto took = std::make_shared<double> (0.0);
    bool ok = Job::run (
        job, [took] (Job &self, GError **failure) { return echo (self, *took, failure); }, tick, error);
    if (ok && milliseconds != nullptr)
      *milliseconds = *took;
    return ok;
  });
}
