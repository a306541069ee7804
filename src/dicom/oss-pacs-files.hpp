/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-pacs-session.hpp"

namespace pacs
{

/* One file that is to be sent. */
struct Object
{
  enum class State
  {
    waiting,
    done,
    failed,
  };

  std::string path;
  std::string sop_class, sop_instance, transfer_syntax;
  State state = State::waiting;
  std::string why; /* it failed */

  void fail (const char *reason);
};

/* The data set of a DICOM file, behind its preamble and file meta information; or one in memory. */
class DataSource
{
public:
  explicit DataSource (const Object &object);
  explicit DataSource (GBytes *set); /* (transfer full) */
  DataSource (const DataSource &) = delete;
  DataSource &operator= (const DataSource &) = delete;
  ~DataSource ();

  bool
  good () const
  {
    return reason.empty ();
  }
  const char *
  why () const
  {
    return reason.c_str ();
  }
  guint64
  length () const
  {
    return size;
  }
  bool read (guint8 *out, gsize n);

private:
  bool read_all (guint8 *out, gsize n);

  int fd = -1;
  GBytes *memory = nullptr;
  guint64 size = 0, in_file = 0; /* to send; left of the file */
  std::string reason;
};

/* Whether the file begins as DICOM PS3.10 wants it. */
bool has_dicom_header (const std::string &path);

/* Regular files in and below @paths, sorted; OSS_ERROR_NOT_FOUND for a path that is not there. */
bool list_files (const char *const *paths, std::vector<std::string> &files, GError **error);

/* What the reading process says of each file.  Files that are no DICOM objects are left out where a folder
 * holds them among others; damaged ones become failed objects.  OSS_ERROR_NOT_FOUND when none is left. */
bool read_objects (Job &job, const std::vector<std::string> &files, std::vector<Object> &objects, GError **error);

guint count (const std::vector<Object> &objects, Object::State state);
void fill_report (OssPacsReport *report, const std::vector<Object> &objects, guint64 bytes, gint64 begin);
/* @part is added to @whole (nullable), and freed. */
void merge_report (OssPacsReport *whole, OssPacsReport *part);

constexpr guint most_failures_told = 100;
void add_failure (OssPacsReport *report, const std::string &what, const std::string &why);

} // namespace pacs
