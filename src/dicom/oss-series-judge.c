/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series-private.h"

#include "base/oss-i18n.h"
#include "dicom/oss-dicom-uid.h"
#include "dicom/oss-dicom-writer.h"

#include <math.h>
#include <string.h>

#define CT_IMAGE_STORAGE "1.2.840.10008.5.1.4.1.1.2"
#define DOSE_REPORT_STORAGE "1.2.840.10008.5.1.4.1.1.88.67"   /* X-Ray Radiation Dose SR */
#define SECONDARY_CAPTURE_STORAGE "1.2.840.10008.5.1.4.1.1.7" /* and ....7.1 to 7.4 */

/* Thicker slices show a vertebra in too few layers to be meshed. */
#define THICKEST_FOR_SIMULATION_MM 3.0

typedef enum
{
  SYNTAX_EXACT,
  SYNTAX_LOSSY,     /* close enough to be read, with a note */
  SYNTAX_TOO_LOSSY, /* 8 bits: not HU any more */
  SYNTAX_UNSUPPORTED,
} SyntaxClass;

/* DICOM PS3.5, A.4; PS3.6, table A-1. */
static const struct
{
  const char *uid;
  SyntaxClass class;
  const char *name;
} syntaxes[] = {
  { "1.2.840.10008.1.2", SYNTAX_EXACT, "implicit little endian" },
  { "1.2.840.10008.1.2.1", SYNTAX_EXACT, "explicit little endian" },
  { "1.2.840.10008.1.2.2", SYNTAX_EXACT, "explicit big endian" },
  { "1.2.840.10008.1.2.1.99", SYNTAX_EXACT, "deflated" },
  { "1.2.840.10008.1.2.5", SYNTAX_EXACT, "RLE" },
  { "1.2.840.10008.1.2.4.57", SYNTAX_EXACT, "JPEG lossless" },
  { "1.2.840.10008.1.2.4.70", SYNTAX_EXACT, "JPEG lossless" },
  { "1.2.840.10008.1.2.4.80", SYNTAX_EXACT, "JPEG-LS" },
  { "1.2.840.10008.1.2.4.90", SYNTAX_EXACT, "JPEG 2000 lossless" },
  { "1.2.840.10008.1.2.4.201", SYNTAX_EXACT, "HTJ2K lossless" },
  { "1.2.840.10008.1.2.4.202", SYNTAX_EXACT, "HTJ2K lossless" },
  { "1.2.840.10008.1.2.4.203", SYNTAX_LOSSY, "HTJ2K" },
  { "1.2.840.10008.1.2.4.81", SYNTAX_LOSSY, "JPEG-LS near-lossless" },
  { "1.2.840.10008.1.2.4.91", SYNTAX_LOSSY, "JPEG 2000" },
  { "1.2.840.10008.1.2.4.51", SYNTAX_LOSSY, "JPEG extended" },
  { "1.2.840.10008.1.2.4.53", SYNTAX_LOSSY, "JPEG spectral selection" },
  { "1.2.840.10008.1.2.4.55", SYNTAX_LOSSY, "JPEG full progression" },
  { "1.2.840.10008.1.2.4.50", SYNTAX_TOO_LOSSY, "JPEG baseline, 8 bit" },
};

gboolean
oss_dicom_has_value (const char *values, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (values, "\\", -1);

  for (int i = 0; parts[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (parts[i]), value) == 0)
      return TRUE;
  return FALSE;
}

/* @uid is @family or one of those below it ("....7.1"). */
static gboolean
is_of_family (const char *uid, const char *family)
{
  gsize n = strlen (family);

  return strncmp (uid, family, n) == 0 && (uid[n] == '\0' || uid[n] == '.');
}

static gboolean
has_any_value (const char *values, const char *const *wanted)
{
  for (int i = 0; wanted[i] != NULL; i++)
    if (oss_dicom_has_value (values, wanted[i]))
      return TRUE;
  return FALSE;
}

/* A page of numbers about the examination.  A description alone proves nothing of slices ("low dose"). */
static gboolean
is_dose_report (const OssDicomHeader *header, gboolean picture)
{
  static const char *const types[] = { "DOSE_INFO", "DOSE_INFO_RT", "DOSE", "PATIENT PROTOCOL", NULL };
  static const char *const words[] = { "dose", "summary", "protocol", NULL };
  g_autofree char *description = g_ascii_strdown (header->series_description, -1);

  if (has_any_value (header->image_type, types))
    return TRUE;
  for (int i = 0; picture && words[i] != NULL; i++)
    if (strstr (description, words[i]) != NULL)
      return TRUE;
  return FALSE;
}

static OssImageKind
kind_of_picture (const OssDicomHeader *header)
{
  static const char *const screens[] = { "SCREEN SAVE", NULL };
  gboolean capture = is_of_family (header->sop_class, SECONDARY_CAPTURE_STORAGE);

  if (is_dose_report (header, TRUE))
    return OSS_IMAGE_DOSE_REPORT;
  return capture && !has_any_value (header->image_type, screens) ? OSS_IMAGE_SECONDARY_CAPTURE : OSS_IMAGE_SCREENSHOT;
}

OssImageKind
oss_image_kind (const OssDicomHeader *header)
{
  static const char *const screens[] = { "SCREEN SAVE", NULL };
  static const char *const scouts[] = { "LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM", NULL };
  gboolean ct = strcmp (header->modality, "CT") == 0;
  gboolean colour =
      header->photometric[0] != '\0' && (strcmp (header->photometric, "MONOCHROME2") != 0 || header->samples != 1);

  if (strcmp (header->sop_class, DOSE_REPORT_STORAGE) == 0)
    return OSS_IMAGE_DOSE_REPORT;
  if (is_of_family (header->sop_class, SECONDARY_CAPTURE_STORAGE))
    return ct || header->modality[0] == '\0' ? kind_of_picture (header) : OSS_IMAGE_NOT_CT;
  if (!ct || (header->sop_class[0] != '\0' && !is_of_family (header->sop_class, CT_IMAGE_STORAGE)))
    return OSS_IMAGE_NOT_CT;
  if (header->frames > 1 && (!header->has_groups || header->frames > OSS_DICOM_MOST_FRAMES))
    return OSS_IMAGE_MULTIFRAME;
  if (has_any_value (header->image_type, scouts))
    return OSS_IMAGE_LOCALIZER;
  if (is_dose_report (header, FALSE))
    return OSS_IMAGE_DOSE_REPORT;
  return colour || has_any_value (header->image_type, screens) ? kind_of_picture (header) : OSS_IMAGE_CT;
}

static const OssSlice *
slice_at (const GPtrArray *slices, guint i)
{
  return g_ptr_array_index (slices, i);
}

static void
judge_kind (OssSeries *self, const OssDicomHeader *header, OssImageKind kind)
{
  switch (kind)
    {
    case OSS_IMAGE_LOCALIZER:
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "localizer", "%s",
                             _ ("This is a scout view (localizer), a projection without depth. Choose the axial "
                                "series."));
      break;
    case OSS_IMAGE_DOSE_REPORT:
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "dose-report",
                             _ ("This is a dose report or a summary of the examination (“%s”): a page of numbers, not "
                                "measured slices. Choose the axial series."),
                             header->series_description);
      break;
    case OSS_IMAGE_SECONDARY_CAPTURE:
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "secondary-capture",
                             _ ("This is a secondary capture (conversion type “%s”): a picture of images, whose grey "
                                "values and places are not the scanner’s. Choose the axial series."),
                             header->conversion);
      break;
    case OSS_IMAGE_SCREENSHOT:
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "screenshot",
                             _ ("This is a picture of a screen (%d × %d pixels, %s), not measured slices. Choose the "
                                "axial series."),
                             header->columns, header->rows, header->photometric);
      break;
    case OSS_IMAGE_MULTIFRAME:
      oss_series_add_reason (
          self, OSS_REASON_REFUSAL, "multiframe",
          header->frames > OSS_DICOM_MOST_FRAMES
              ? _ ("This file holds %d frames; up to 10,000 are read. Export the series as single CT images.")
              : _ ("This file holds %d frames without saying where each of them lies. Export the series as single CT "
                   "images, or as Enhanced CT."),
          header->frames);
      break;
    case OSS_IMAGE_NOT_CT:
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "not-ct",
                             _ ("This is not a CT image series (modality “%s”). Choose a CT series."),
                             header->modality);
      break;
    case OSS_IMAGE_CT:
      break;
    }
}

static void
judge_damage (OssSeries *self, const GPtrArray *slices)
{
  const OssSlice *first = NULL, *blank = NULL;
  guint n = 0;

  for (guint i = 0; i < slices->len; i++)
    {
      const OssSlice *slice = slice_at (slices, i);
      if (slice->header->damage[0] != '\0' && n++ == 0)
        first = slice;
      else if (slice->header->damage[0] == '\0' && !slice->header->has_pixels)
        blank = slice;
    }
  if (first != NULL)
    {
      g_autofree char *name = g_filename_display_basename (first->path);
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "damaged",
                             OSS_NGETTEXT ("%u of %u files is damaged: %s, “%s”. Retrieve the series again.",
                                           "%u of %u files are damaged. First: %s, “%s”. Retrieve the series again.",
                                           n),
                             n, slices->len, name, first->header->damage);
    }
  if (blank != NULL)
    {
      g_autofree char *name = g_filename_display_basename (blank->path);
      oss_series_add_reason (self, OSS_REASON_REFUSAL, "damaged",
                             _ ("%s holds no pixel data. Retrieve the series again."), name);
    }
}

static SyntaxClass
syntax_class (const char *uid, const char **name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (syntaxes); i++)
    if (strcmp (uid, syntaxes[i].uid) == 0)
      {
        *name = syntaxes[i].name;
        return syntaxes[i].class;
      }
  *name = uid;
  return SYNTAX_UNSUPPORTED;
}

static void
judge_syntax (OssSeries *self, const GPtrArray *slices)
{
  SyntaxClass worst = SYNTAX_EXACT;
  const char *name = "", *worst_name = "";

  for (guint i = 0; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      SyntaxClass class = syntax_class (header->transfer_syntax, &name);
      if (class == SYNTAX_EXACT && strcmp (header->lossy, "01") == 0)
        class = SYNTAX_LOSSY;
      if (class > worst)
        worst = class, worst_name = name;
    }
  if (worst == SYNTAX_UNSUPPORTED)
    oss_series_add_reason (self, OSS_REASON_REFUSAL, "transfer-syntax",
                           _ ("The pixels are stored in a form that Ossature does not read (%s). Export the series "
                              "uncompressed."),
                           worst_name);
  else if (worst == SYNTAX_TOO_LOSSY)
    oss_series_add_reason (self, OSS_REASON_REFUSAL, "lossy",
                           _ ("The images were compressed with loss (%s); their HU are gone. Retrieve the original "
                              "series."),
                           worst_name);
  else if (worst == SYNTAX_LOSSY)
    oss_series_add_reason (
        self, OSS_REASON_NOTE, "lossy",
        _ ("The images were compressed with loss (%s). Single pixels may be off by tens of HU, means by a few."),
        worst_name);
}

/* The unit that tells that values are not HU: UCUM's [hnsf'U] is the Hounsfield unit. */
static const char *
foreign_unit (const OssDicomHeader *header)
{
  static const char *const hounsfield[] = { "", "[hnsf'U]", "hnsf'U", "HU", "{HU}", NULL };
  gboolean hu = g_ascii_strcasecmp (header->rescale_type, "HU") == 0;

  if (header->rescale_type[0] != '\0' && !hu && g_ascii_strcasecmp (header->rescale_type, "US") != 0)
    return header->rescale_type;
  return hu || g_strv_contains (hounsfield, header->unit) ? NULL : header->unit;
}

static void
judge_pixels (OssSeries *self, const GPtrArray *slices)
{
  for (guint i = 0; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      g_autofree char *name = g_filename_display_basename (slice_at (slices, i)->path);
      gboolean bits = header->bits_stored >= 1 && header->high_bit < header->bits_allocated
                      && header->high_bit + 1 >= header->bits_stored;

      if (header->has_pixels && (oss_dicom_header_frame_bytes (header) == 0 || !bits))
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "pixel-format",
                               _ ("%s stores pixels in a form that CT does not use (%d × %d, %d of %d bits, %d "
                                  "samples). Export the series again."),
                               name, header->columns, header->rows, header->bits_stored, header->bits_allocated,
                               header->samples);
      else if (!header->has_rescale || header->slope == 0.0)
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "no-rescale",
                               _ ("%s does not say how to get HU (Rescale Slope and Intercept are missing). Export "
                                  "the series from the scanner again."),
                               name);
      else if (foreign_unit (header) != NULL)
        oss_series_add_reason (self, OSS_REASON_REFUSAL, "not-hu",
                               _ ("The pixel values are in “%s”, not in HU. Choose a series of CT numbers."),
                               foreign_unit (header));
      else
        continue;
      return; /* one file tells enough */
    }
}

static void
judge_mixture (OssSeries *self, const GPtrArray *slices)
{
  const OssDicomHeader *first = slice_at (slices, 0)->header;
  gboolean kernels = FALSE, voltages = FALSE;

  for (guint i = 1; i < slices->len; i++)
    {
      const OssDicomHeader *header = slice_at (slices, i)->header;
      if (!kernels && strcmp (header->kernel, first->kernel) != 0)
        {
          kernels = TRUE;
          oss_series_add_reason (self, OSS_REASON_REFUSAL, "mixed-kernel",
                                 _ ("Two reconstructions are mixed in this series (kernels “%s” and “%s”). Export them "
                                    "as two series."),
                                 first->kernel, header->kernel);
        }
      if (!voltages && fabs (header->kvp - first->kvp) > 0.5)
        {
          voltages = TRUE;
          oss_series_add_reason (self, OSS_REASON_REFUSAL, "mixed-kvp",
                                 _ ("Slices of %.0f kVp and %.0f kVp are mixed in this series; their HU differ. Export "
                                    "them as two series."),
                                 first->kvp, header->kvp);
        }
    }
}

static void
note_thickness (OssSeries *self)
{
  double apart = self->has_grid ? self->grid.spacing[2] : 0.0, thick = self->slice_thickness_mm;
  double tolerance = 0.01 * apart + 0.01;
  g_autofree char *apart_text = oss_series_number_text (apart, 2);
  g_autofree char *thick_text = oss_series_number_text (thick, 2);
  g_autofree char *coarser = oss_series_number_text (MAX (apart, thick), 1);

  if (MAX (apart, thick) > THICKEST_FOR_SIMULATION_MM + tolerance)
    oss_series_add_reason (self, OSS_REASON_NOTE, "thick-slices",
                           _ ("This series has %s mm slices; up to 3.0 mm can be meshed. Density can still be read."),
                           coarser);
  if (apart > 0.0 && thick > apart + tolerance)
    oss_series_add_reason (self, OSS_REASON_NOTE, "overlap",
                           _ ("Slices overlap: %s mm thick, %s mm apart. Detail along the table is that of the "
                              "thickness."),
                           thick_text, apart_text);
  else if (thick > 0.0 && apart > thick + tolerance)
    oss_series_add_reason (self, OSS_REASON_NOTE, "slice-gap",
                           _ ("Slices are %s mm thick and %s mm apart: what lies between them was not measured."),
                           thick_text, apart_text);
}

/* A stable name for a series that lost its UID, from what tells it from others. */
static char *
substitute_uid (const OssDicomHeader *header)
{
  const char *parts[] = { header->frame_uid,          header->study_date, header->series_time,
                          header->series_description, header->kernel,     header->model };
  guint64 hash = OSS_DICOM_HASH_START;

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    hash = oss_dicom_hash_text (hash, parts[i]);
  return oss_dicom_uid (hash, (guint64) (guint32) header->series_number);
}

static void
take_texts (OssSeries *self, const OssDicomHeader *header)
{
  self->study_uid = g_strdup (header->study_uid);
  self->series_uid = header->series_uid[0] != '\0' ? g_strdup (header->series_uid) : substitute_uid (header);
  self->frame_uid = g_strdup (header->frame_uid);
  self->patient_name = g_strdup (header->patient_name);
  self->patient_id = g_strdup (header->patient_id);
  self->patient_birth_date = g_strdup (header->patient_birth_date);
  self->patient_sex = g_strdup (header->patient_sex);
  self->patient_age = g_strdup (header->patient_age);
  self->study_date = g_strdup (header->study_date);
  self->study_time = g_strdup (header->study_time);
  self->study_description = g_strdup (header->study_description);
  self->series_description = g_strdup (header->series_description);
  self->accession_number = g_strdup (header->accession_number);
  self->study_id = g_strdup (header->study_id);
  self->referring_physician = g_strdup (header->referring_physician);
  self->patient_position = g_strdup (header->patient_position);
  self->sop_class_uid = g_strdup (header->sop_class);
  self->modality = g_strdup (header->modality);
  self->manufacturer = g_strdup (header->manufacturer);
  self->model = g_strdup (header->model);
  self->station = g_strdup (header->station);
  self->kernel = g_strdup (header->kernel);
  self->kernel_class = oss_kernel_classify (header->manufacturer, header->kernel);
  self->part = g_strdup (header->part);
  self->contrast = g_strdup (header->contrast);
  self->transfer_syntax = g_strdup (header->transfer_syntax);
}

/* The same image, frame by frame, in another file: a disc and its copy lie side by side. */
static void
leave_out_copies (OssSeries *self, GPtrArray *slices)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n = 0;

  for (guint i = 0; i < slices->len;)
    {
      OssSlice *slice = g_ptr_array_index (slices, i);
      g_autofree char *image = g_strdup_printf ("%s %d", slice->header->sop_instance, slice->header->frame);
      const OssSlice *other = g_hash_table_lookup (first, image);
      gboolean copy = other != NULL && slice->header->sop_instance[0] != '\0'
                      && memcmp (slice->header, other->header, sizeof *slice->header) == 0
                      && strcmp (slice->path, other->path) != 0;
      n += copy;
      if (copy)
        g_ptr_array_remove_index (slices, i);
      else
        {
          if (other == NULL)
            g_hash_table_insert (first, g_steal_pointer (&image), slice);
          i++;
        }
    }
  if (n > 0)
    oss_series_add_reason (self, OSS_REASON_NOTE, "copies",
                           OSS_NGETTEXT ("%u image is there twice, with the same identifier and size. One is used.",
                                         "%u images are there twice or more often, with the same identifiers and "
                                         "sizes. One of each is used.",
                                         n),
                           n);
}

void
oss_series_judge (OssSeries *self, GPtrArray *slices, OssImageKind kind)
{
  leave_out_copies (self, slices);
  const OssDicomHeader *header = slice_at (slices, 0)->header;

  take_texts (self, header);
  self->series_number = header->series_number;
  self->kvp = header->kvp;
  self->exposure_mas = header->exposure_mas;
  self->table_height_mm = header->has_table_height ? header->table_height_mm : NAN;
  self->slice_thickness_mm = header->thickness_mm;
  self->tilt_deg = fabs (header->tilt_deg);
  judge_kind (self, header, kind);
  if (kind == OSS_IMAGE_CT)
    {
      judge_damage (self, slices);
      judge_syntax (self, slices);
      judge_pixels (self, slices);
      judge_mixture (self, slices);
      oss_series_judge_geometry (self, slices);
      note_thickness (self);
      oss_series_note_making (self, header);
    }
  for (guint i = 0; i < slices->len; i++)
    {
      g_ptr_array_add (self->files, g_strdup (slice_at (slices, i)->path));
      g_ptr_array_add (self->sop_uids, g_strdup (slice_at (slices, i)->header->sop_instance));
      g_array_append_val (self->frames, slice_at (slices, i)->header->frame);
    }
  self->folder = g_path_get_dirname (slice_at (slices, 0)->path);
}
