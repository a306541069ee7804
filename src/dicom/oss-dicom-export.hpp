/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to this room: the modules that every object of an export has.  Functions that give no gboolean throw. */
#pragma once

#include "dicom/oss-dicom-dataset.hpp"

#include <map>

struct _OssDicomExport
{
  OssSeries *series = nullptr;
  guint64 seed = 0;
  std::string date, time; /* of the content */
  std::map<std::string, std::string> uids;

  ~_OssDicomExport ()
  {
    oss_series_free (series);
  }

  /* The UID of @role ("segmentation", "tracking 20"): always the same in one export. */
  const std::string &uid (const std::string &role);
};

/* One object: what kind it is and what it is called. */
struct OssObjectKind
{
  const char *role; /* of its UIDs, and "ROLE series" of its series' */
  const char *sop_class, *modality;
  int series_number;
  const char *description; /* of the series, English */
};

/* A box of the series' voxels. */
struct OssObjectBox
{
  int low[3];
  int size[3];
};

/* FALSE with USAGE unless @grid is a box of the series' voxels. */
gboolean oss_object_box (const OssDicomExport *self, const OssGrid *grid, OssObjectBox &box, GError **error);

/* Patient, study, series, equipment (with serial number), SOP common; content date, time and instance number. */
void oss_object_start (OssDicomExport *self, OssDataset &data, const OssObjectKind &kind);
void oss_object_private_scheme (OssDataset &data);
void oss_object_frame_of_reference (const OssDicomExport *self, OssDataset &data);
/* Class and instance of the image that slice @k of the series is, into an item. @frame: of a multi-frame image also
 * which frame. */
void oss_object_reference (const OssDicomExport *self, OssDataset item, int k, bool frame);
/* The slices among @first to @last whose images are not those of slices before them: one for each image. */
std::vector<int> oss_object_images (const OssDicomExport *self, int first, int last);
/* The same of slices @first to @last by series, into ReferencedSeriesSequence. */
void oss_object_references (const OssDicomExport *self, OssDataset &data, int first, int last);
/* The image of slice @k as the source, with the purpose, into SourceImageSequence. */
void oss_object_source (const OssDicomExport *self, OssDataset &item, int k, bool frame);

/* Of images: burned-in annotation, compression, orientation ("L\\P") of rows and columns. */
void oss_object_image (const OssDicomExport *self, OssDataset &data, const char *image_type);
/* Dimensions: the one or two attributes by which frames are ordered; the last is the position. */
void oss_object_dimensions (OssDicomExport *self, OssDataset &data, const OssObjectKind &kind, bool segments);
/* Shared functional groups: pixel size and directions. */
void oss_object_shared (const OssDicomExport *self, OssDataset &shared);
/* Functional groups of a frame: its place, and what it was derived from. */
void oss_object_frame (const OssDicomExport *self, OssDataset &frame, const OssObjectBox &box, int k,
                       const std::vector<Uint32> &dimensions, const OssDicomCode &derivation);

gboolean oss_object_write (DcmFileFormat &file, const char *path, GError **error);
