/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-pacs-files.hpp"

#include "base/oss-i18n.h"
#include "base/oss-parallel.h"
#include "dicom/oss-dicom-reader.h"

#include <dcmtk/dcmdata/dcuid.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pacs
{

void
Object::fail (const char *reason)
{
  state = State::failed;
  why = reason;
}

/* DICOM PS3.10: 128 bytes, "DICM", then (0002,0000) UL with the length of the rest of group 2. */
DataSource::DataSource (const Object &object)
    : fd (open (object.path.c_str (), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK))
{
  constexpr gsize fixed = 128 + 4 + 12;
  static const guint8 group_length[] = { 2, 0, 0, 0, 'U', 'L', 4, 0 };
  guint8 head[fixed];
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      reason = fd < 0 ? g_strerror (errno) : _ ("not a file");
      return;
    }
  if (!read_all (head, fixed) || memcmp (head + 128, "DICM", 4) != 0
      || memcmp (head + 132, group_length, sizeof group_length) != 0)
    {
      reason = _ ("it has no DICOM file header (PS3.10); write it anew with one");
      return;
    }
  guint64 begin = fixed + (head[140] | head[141] << 8 | head[142] << 16 | (guint64) head[143] << 24);
  if (begin >= (guint64) info.st_size || lseek (fd, (off_t) begin, SEEK_SET) < 0)
    reason = _ ("the file breaks off in its header");
  else
    size = in_file = (guint64) info.st_size - begin;
  if (size % 2 == 0)
    return;
  /* A deflated data set may end anywhere; on the network it is padded (PS3.5, A.5). */
  if (object.transfer_syntax == UID_DeflatedExplicitVRLittleEndianTransferSyntax)
    size++;
  else
    reason = _ ("its data set has an odd number of bytes");
}

DataSource::DataSource (GBytes *set) : memory (set), size (g_bytes_get_size (set))
{
  in_file = size;
}

DataSource::~DataSource ()
{
  if (memory != nullptr)
    g_bytes_unref (memory);
  if (fd >= 0)
    close (fd);
}

bool
DataSource::read (guint8 *out, gsize n)
{
  gsize real = (gsize) MIN ((guint64) n, in_file);

  if (memory != nullptr)
    {
      memcpy (out, (const guint8 *) g_bytes_get_data (memory, nullptr) + (size - in_file), real);
      in_file -= real;
      return real == n;
    }
  in_file -= real;
  if (real < n)
    memset (out + real, 0, n - real);
  return read_all (out, real);
}

bool
DataSource::read_all (guint8 *out, gsize n)
{
  while (n > 0)
    {
      ssize_t got = ::read (fd, out, n);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return false;
      out += got;
      n -= (gsize) got;
    }
  return true;
}

bool
has_dicom_header (const std::string &path)
{
  Object object;
  object.path = path;
  return DataSource (object).good ();
}

static void
walk (const char *path, guint depth, std::vector<std::string> &files)
{
  constexpr guint deepest = 32;
  g_autoptr (GDir) folder = depth < deepest ? g_dir_open (path, 0, nullptr) : nullptr;

  for (const char *name; folder != nullptr && (name = g_dir_read_name (folder)) != nullptr;)
    {
      g_autofree char *inside = g_build_filename (path, name, nullptr);
      if (g_file_test (inside, G_FILE_TEST_IS_DIR))
        {
          if (!g_file_test (inside, G_FILE_TEST_IS_SYMLINK))
            walk (inside, depth + 1, files);
        }
      else if (name[0] != '.')
        files.emplace_back (inside);
    }
}

bool
list_files (const char *const *paths, std::vector<std::string> &files, GError **error)
{
  for (; *paths != nullptr; paths++)
    if (g_file_test (*paths, G_FILE_TEST_IS_DIR))
      walk (*paths, 0, files);
    else if (g_file_test (*paths, G_FILE_TEST_EXISTS))
      files.emplace_back (*paths);
    else
      {
        g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND, _ ("“%s” is not there."), *paths);
        return false;
      }
  std::sort (files.begin (), files.end ());
  files.erase (std::unique (files.begin (), files.end ()), files.end ());
  return true;
}

namespace
{

struct Reading
{
  const std::vector<std::string> *files;
  std::vector<Object> all;
  std::vector<char> foreign; /* no DICOM object */
  OssDicomReaders *readers;
  OssTick tick;
  std::mutex lock;
  GError *error; /* the first that is no file's fault */
};

void
read_one (Reading *self, gsize i)
{
  g_autofree OssDicomHeader *header = g_new0 (OssDicomHeader, 1);
  g_autoptr (GError) reason = nullptr;
  Object &object = self->all[i];

  object.path = (*self->files)[i];
  if (!oss_dicom_read_header (self->readers, object.path.c_str (), &self->tick, header, &reason))
    {
      bool damaged = g_error_matches (reason, OSS_ERROR, OSS_ERROR_INVALID_DATA);
      /* What only happens to parse as DICOM for a while is a text or a picture beside the objects. */
      self->foreign[i] =
          g_error_matches (reason, OSS_ERROR, OSS_ERROR_NOT_FOUND) || (damaged && !has_dicom_header (object.path));
      object.fail (reason->message);
      if (!self->foreign[i] && !damaged)
        {
          std::lock_guard<std::mutex> guard (self->lock);
          if (self->error == nullptr)
            self->error = g_error_copy (reason);
        }
      return;
    }
  object.sop_class = header->sop_class;
  object.sop_instance = header->sop_instance;
  object.transfer_syntax = header->transfer_syntax;
  if (header->damage[0] != '\0')
    object.fail (header->damage);
  else if (!oss_dicom_is_uid (header->sop_class) || !oss_dicom_is_uid (header->sop_instance)
           || !oss_dicom_is_uid (header->transfer_syntax))
    object.fail (_ ("it has no valid SOP class, SOP instance or transfer syntax UID"));
}

void
read_range (gsize begin, gsize end, guint, void *data)
{
  auto *self = static_cast<Reading *> (data);
  for (gsize i = begin; i < end && !oss_tick_stopped (&self->tick); i++)
    read_one (self, i);
}

} // namespace

bool
read_objects (Job &job, const std::vector<std::string> &files, std::vector<Object> &objects, GError **error)
{
  g_autoptr (OssDicomReaders) readers = oss_dicom_readers_new ();
  Reading reading = { &files, {}, {}, readers, job.tick (), {}, nullptr };

  job.report (0.0, _ ("Reading headers"));
  reading.all.resize (files.size ());
  reading.foreign.resize (files.size ());
  oss_parallel_for (files.size (), 4, read_range, &reading);
  if (job.stopped ())
    return oss_tick_cancelled (error);
  if (reading.error != nullptr)
    {
      g_propagate_error (error, reading.error);
      return false;
    }
  for (gsize i = 0; i < files.size (); i++)
    if (!reading.foreign[i])
      objects.push_back (std::move (reading.all[i]));
  if (objects.empty ())
    g_set_error (error, OSS_ERROR, OSS_ERROR_NOT_FOUND,
                 _ ("None of %u files is a DICOM object: there is nothing to send."), (guint) files.size ());
  return !objects.empty ();
}

guint
count (const std::vector<Object> &objects, Object::State state)
{
  return (guint) std::count_if (objects.begin (), objects.end (),
                                [state] (const Object &object) { return object.state == state; });
}

void
add_failure (OssPacsReport *report, const std::string &what, const std::string &why)
{
  report->failed++;
  if (report->failures->len < most_failures_told)
    g_ptr_array_add (report->failures, g_strdup_printf ("%s: %s", what.c_str (), why.c_str ()));
}

void
fill_report (OssPacsReport *report, const std::vector<Object> &objects, guint64 bytes, gint64 begin)
{
  report->total = (guint) objects.size ();
  report->done = count (objects, Object::State::done);
  report->bytes = bytes;
  report->seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  for (const Object &object : objects)
    if (object.state == Object::State::failed)
      add_failure (report, object.path, object.why);
}

void
merge_report (OssPacsReport *whole, OssPacsReport *part)
{
  if (whole != nullptr)
    {
      whole->total += part->total;
      whole->done += part->done;
      whole->already += part->already;
      whole->failed += part->failed;
      whole->bytes += part->bytes;
      whole->seconds += part->seconds;
      for (guint i = 0; i < part->failures->len && whole->failures->len < most_failures_told; i++)
        g_ptr_array_add (whole->failures, g_strdup ((char *) part->failures->pdata[i]));
    }
  oss_pacs_report_free (part);
}

} // namespace pacs
