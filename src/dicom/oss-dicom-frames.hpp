/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-dicom-element.hpp"

namespace oss_dicom
{

/* The functional groups of a multi-frame image: DICOM PS3.3, C.7.6.16, and the CT macros of C.8.15.3.
 * What stands for one frame comes before what all frames share. */
class FrameGroups
{
public:
  explicit FrameGroups (DcmItem &data);

  /* Frames that are described one by one; 0: not by functional groups. */
  gint32
  count () const
  {
    return n;
  }

  /* Overwrites in @out what the groups say about frame @frame (below count()). */
  void apply (gint32 frame, OssDicomHeader *out);

private:
  DcmItem *macro (gint32 frame, const DcmTagKey &key);
  void apply_geometry (gint32 frame, OssDicomHeader *out);
  void apply_values (gint32 frame, OssDicomHeader *out);
  void apply_acquisition (gint32 frame, OssDicomHeader *out);
  void apply_part (gint32 frame, OssDicomHeader *out);

  DcmItem *shared = nullptr;
  DcmSequenceOfItems *per_frame = nullptr;
  gint32 n = 0;
};

} // namespace oss_dicom
