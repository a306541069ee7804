/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiving side of C-STORE: from the network straight to a file, looked at by the reading process,
 * synced, and only then given its name. */
#include "dicom/oss-pacs-receive.hpp"

#include "base/oss-i18n.h"

#include <dcmtk/dcmdata/dcostrma.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/diutil.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pacs
{

namespace
{

constexpr guint64 slack_bytes = 1024 * 1024;

/* Takes bytes into a temporary file.  Once writing fails, or more came than allowed, the rest is passed over:
 * the association stays in step and the sender gets its answer. */
class Sink : public DcmConsumer
{
public:
  Sink (const std::string &folder, guint64 largest_) : largest (largest_)
  {
    for (guint tries = 0; tries < 100 && fd < 0; tries++)
      {
        g_autofree char *name =
            g_strdup_printf ("%s/.ossature-%d-%08x-incoming", folder.c_str (), (int) getpid (), g_random_int ());
        path = name;
        fd = open (name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
          break;
      }
    if (fd < 0)
      trouble = errno;
  }

  ~Sink () override
  {
    finish (false);
    if (!path.empty ())
      g_unlink (path.c_str ());
  }

  OFBool
  good () const override
  {
    return OFTrue;
  }

  OFCondition
  status () const override
  {
    return EC_Normal;
  }

  OFBool
  isFlushed () const override
  {
    return OFTrue;
  }

  offile_off_t
  avail () const override
  {
    return 1 << 30;
  }

  offile_off_t
  write (const void *data, offile_off_t n) override
  {
    put (data, (gsize) n);
    size += (guint64) n;
    if (size > largest)
      too_large = true;
    return n;
  }

  void
  flush () override
  {
  }

  /* Beside the data set: the file's header. */
  void
  put (const void *data, gsize n)
  {
    auto *at = static_cast<const char *> (data);
    while (n > 0 && trouble == 0 && !too_large)
      {
        ssize_t wrote = ::write (fd, at, n);
        if (wrote < 0 && errno == EINTR)
          continue;
        if (wrote <= 0)
          trouble = wrote < 0 ? errno : ENOSPC;
        else
          {
            at += wrote;
            n -= (gsize) wrote;
          }
      }
  }

  /* Closes, after a sync when all is well. */
  void
  finish (bool keep)
  {
    if (fd < 0)
      return;
    if (keep && trouble == 0 && fsync (fd) != 0)
      trouble = errno;
    if (close (fd) != 0 && trouble == 0)
      trouble = errno;
    fd = -1;
  }

  std::string path;
  guint64 size = 0; /* of the data set */
  int trouble = 0;  /* errno */
  bool too_large = false;

private:
  guint64 largest;
  int fd = -1;
};

class SinkStream : public DcmOutputStream
{
public:
  explicit SinkStream (Sink *sink) : DcmOutputStream (sink)
  {
  }
};

/* One element of the file meta information, explicit little endian, short form. */
void
add_element (std::string &out, guint16 element, const char *vr, const char *text)
{
  gsize n = strlen (text), even = n + n % 2;

  out +=
      { 2, 0, (char) (element & 0xff), (char) (element >> 8), vr[0], vr[1], (char) (even & 0xff), (char) (even >> 8) };
  out.append (text, n);
  if (even > n)
    out += vr[0] == 'U' ? '\0' : ' ';
}

/* DICOM PS3.10, 7.1.  The title of the sender is kept; it is no patient's. */
std::string
file_header (const T_DIMSE_C_StoreRQ &request, const char *syntax, const char *sender)
{
  std::string group, all (128, '\0');

  group += { 2, 0, 1, 0, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1 };
  add_element (group, 0x0002, "UI", request.AffectedSOPClassUID);
  add_element (group, 0x0003, "UI", request.AffectedSOPInstanceUID);
  add_element (group, 0x0010, "UI", syntax);
  add_element (group, 0x0012, "UI", OFFIS_IMPLEMENTATION_CLASS_UID);
  add_element (group, 0x0013, "SH", OFFIS_DTK_IMPLEMENTATION_VERSION_NAME);
  add_element (group, 0x0016, "AE", sender);
  all += { 'D', 'I', 'C', 'M', 2, 0, 0, 0, 'U', 'L', 4, 0 };
  for (int shift = 0; shift < 32; shift += 8)
    all += (char) (group.size () >> shift & 0xff);
  return all + group;
}

/* Before a byte of the data set is looked at. */
bool
check_request (T_ASC_Association *assoc, T_ASC_PresentationContextID id, const T_DIMSE_C_StoreRQ &request,
               T_ASC_PresentationContext &context, Stored &stored)
{
  if (!oss_dicom_is_uid (request.AffectedSOPInstanceUID) || !oss_dicom_is_uid (request.AffectedSOPClassUID))
    {
      stored.status = STATUS_STORE_InvalidSOPClass; /* 0117: invalid object instance */
      stored.why = _ ("a UID that is not valid");
      return false;
    }
  if (ASC_findAcceptedPresentationContext (assoc->params, id, &context).bad ()
      || strcmp (context.abstractSyntax, request.AffectedSOPClassUID) != 0)
    {
      stored.status = STATUS_STORE_Refused_SOPClassNotSupported;
      stored.why = _ ("a class that was not agreed on");
      return false;
    }
  return true;
}

std::string
disk_words (int code)
{
  return code == ENOSPC || code == EDQUOT || code == EFBIG ? _ ("the disk is full") : g_strerror (code);
}

bool
make_folder (const std::string &path, int &code)
{
  if (g_mkdir_with_parents (path.c_str (), 0777) == 0)
    return true;
  code = errno;
  return false;
}

void
sync_folder (const std::string &path)
{
  int fd = open (path.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync (fd); /* best effort: some file systems refuse it on folders */
  close (fd);
}

/* Renames without replacing.  FALSE with errno, EEXIST when the name is taken. */
bool
rename_new (const std::string &from, const std::string &to)
{
  if (renameat2 (AT_FDCWD, from.c_str (), AT_FDCWD, to.c_str (), RENAME_NOREPLACE) == 0)
    return true;
  if (errno != EINVAL && errno != ENOSYS)
    return false;
  if (g_file_test (to.c_str (), G_FILE_TEST_EXISTS)) /* a file system that cannot: next best */
    {
      errno = EEXIST;
      return false;
    }
  return rename (from.c_str (), to.c_str ()) == 0;
}

OFCondition
answer (T_ASC_Association *assoc, T_ASC_PresentationContextID id, const T_DIMSE_C_StoreRQ &request, DIC_US status)
{
  T_DIMSE_C_StoreRSP response = {};

  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DataSetType = DIMSE_DATASET_NULL;
  response.DimseStatus = status;
  g_strlcpy (response.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof response.AffectedSOPClassUID);
  g_strlcpy (response.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID, sizeof response.AffectedSOPInstanceUID);
  response.opts = O_STORE_AFFECTEDSOPCLASSUID | O_STORE_AFFECTEDSOPINSTANCEUID;
  return DIMSE_sendStoreResponse (assoc, id, &request, &response, nullptr);
}

} // namespace

const std::vector<std::string> &
stored_syntaxes ()
{
  static const std::vector<std::string> list = {
    UID_LittleEndianExplicitTransferSyntax,
    UID_LittleEndianImplicitTransferSyntax,
    UID_JPEGProcess14SV1TransferSyntax,
    UID_JPEGProcess14TransferSyntax,
    UID_JPEGLSLosslessTransferSyntax,
    UID_JPEG2000LosslessOnlyTransferSyntax,
    UID_RLELosslessTransferSyntax,
    "1.2.840.10008.1.2.4.201", /* High-Throughput JPEG 2000, lossless */
    "1.2.840.10008.1.2.4.202",
    UID_DeflatedExplicitVRLittleEndianTransferSyntax,
    UID_JPEG2000TransferSyntax,
    UID_JPEGLSLossyTransferSyntax,
    "1.2.840.10008.1.2.4.203",
    UID_JPEGProcess2_4TransferSyntax,
    UID_JPEGProcess1TransferSyntax,
    UID_BigEndianExplicitTransferSyntax,
  };
  return list;
}

Store::Store (const char *folder_, guint64 largest_object)
    : folder (folder_), largest (largest_object), readers (oss_dicom_readers_new ())
{
}

Store::~Store ()
{
  oss_dicom_readers_free (readers);
}

std::string
Store::path (const std::string &study_uid, const std::string &series_uid, const std::string &sop) const
{
  return folder + "/" + study_uid + "/" + series_uid + "/" + sop + ".dcm";
}

/* The data set must say the same as the command, and where it belongs. */
bool
Store::check_file (const std::string &temporary, const T_DIMSE_C_StoreRQ &request, Stored &stored)
{
  g_autofree OssDicomHeader *header = g_new0 (OssDicomHeader, 1);
  g_autoptr (GError) error = nullptr;

  stored.status = STATUS_STORE_Error_CannotUnderstand;
  if (!oss_dicom_read_header (readers, temporary.c_str (), nullptr, header, &error))
    {
      if (g_error_matches (error, OSS_ERROR, OSS_ERROR_FAILED))
        stored.status = STATUS_STORE_Refused_OutOfResources;
      stored.why = error->message;
      return false;
    }
  if (header->damage[0] != '\0')
    {
      stored.why = header->damage;
      return false;
    }
  stored.status = STATUS_STORE_Error_DataSetDoesNotMatchSOPClass;
  if (strcmp (header->sop_class, request.AffectedSOPClassUID) != 0
      || strcmp (header->sop_instance, request.AffectedSOPInstanceUID) != 0)
    {
      stored.why = _ ("the data set belongs to another object than the command says");
      return false;
    }
  if (!oss_dicom_is_uid (header->study_uid) || !oss_dicom_is_uid (header->series_uid))
    {
      stored.why = _ ("the data set has no valid study or series UID");
      return false;
    }
  stored.path = path (header->study_uid, header->series_uid, header->sop_instance);
  return true;
}

bool
Store::put_in_place (const std::string &temporary, Stored &stored)
{
  std::string inside = stored.path.substr (0, stored.path.rfind ('/'));
  int code = 0;

  if (make_folder (inside, code))
    {
      if (rename_new (temporary, stored.path))
        {
          sync_folder (inside);
          return true;
        }
      code = errno;
      stored.was_there = code == EEXIST; /* the same UID is the same object: what is there stays */
    }
  if (!stored.was_there)
    {
      stored.status = STATUS_STORE_Refused_OutOfResources;
      stored.why = disk_words (code);
      stored.path.clear ();
    }
  return stored.was_there;
}

/* All of it is in the temporary file: does it get its name? */
void
Store::judge (const std::string &temporary, const T_DIMSE_C_StoreRQ &request, Stored &stored)
{
  if (check_file (temporary, request, stored) && put_in_place (temporary, stored))
    stored.status = STATUS_STORE_Success;
}

OFCondition
Store::receive (T_ASC_Association *assoc, Link &link, T_ASC_PresentationContextID id, const T_DIMSE_C_StoreRQ &request,
                Stored &stored)
{
  Sink sink (folder, largest);
  SinkStream stream (&sink);
  T_ASC_PresentationContext context;
  T_ASC_PresentationContextID data_id = 0;
  bool wanted = check_request (assoc, id, request, context, stored);

  if (wanted)
    {
      std::string header =
          file_header (request, context.acceptedTransferSyntax, assoc->params->DULparams.callingAPTitle);
      sink.put (header.data (), header.size ());
    }
  else
    sink.trouble = EINVAL;                /* nothing of it is kept */
  link.allow (2 * largest + slack_bytes); /* whoever sends still more is hung up on */
  OFCondition got = DIMSE_receiveDataSetInFile (assoc, DIMSE_BLOCKING, 0, &data_id, &stream, nullptr, nullptr);
  link.allow (slack_bytes);
  if (got.bad ())
    {
      stored.status = STATUS_STORE_Error_CannotUnderstand;
      stored.why = sink.too_large ? _ ("it is larger than allowed") : _ ("the connection broke off");
      return got;
    }
  stored.complete = true;
  sink.finish (wanted && !sink.too_large);
  if (wanted && (sink.too_large || sink.trouble != 0))
    {
      stored.status = STATUS_STORE_Refused_OutOfResources;
      stored.why = sink.too_large ? _ ("it is larger than allowed") : disk_words (sink.trouble);
    }
  else if (wanted)
    judge (sink.path, request, stored);
  if (stored.status == STATUS_STORE_Success)
    total += sink.size;
  return answer (assoc, data_id, request, stored.status);
}

} // namespace pacs
