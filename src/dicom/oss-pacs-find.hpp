/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs-session.hpp"

namespace pacs
{

/* One object of a series, as the peer lists it. */
struct Instance
{
  std::string study_uid, series_uid, sop_instance;
  std::string sop_class; /* empty when the peer does not say */
};

/* The matches of one question on an association that has a context for @model.  @take says FALSE when it has
 * enough: the peer is then asked to stop. */
bool ask (Job &job, Association &association, const char *model, DcmDataset &keys,
          const std::function<bool (DcmDataset &)> &take, GError **error);

/* All objects of a study, or of one of its series (@series_uid not empty).  UIDs are valid. */
bool list_instances (Job &job, Association &association, const std::string &study_uid, const std::string &series_uid,
                     std::vector<Instance> &instances, GError **error);

} // namespace pacs
