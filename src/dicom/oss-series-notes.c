/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notes about how images were made: what lets a series be analysed, but not like any other. */
#include "base/oss-i18n.h"
#include "base/oss-vector.h"
#include "dicom/oss-series-private.h"

#include <math.h>
#include <string.h>

/* The voltage that published calibration lines were measured at. */
#define USUAL_KVP 120.0

/* A gantry tilts by 30° at most: slices that lean further were not acquired but computed. */
#define COSINE_OF_STEEPEST 0.77 /* of 40° */

/* TRUE when @words holds @name as a word of its own, whatever the case; @prefix: or as a word's beginning. */
static gboolean
has_word (const char *words, const char *name, gboolean prefix)
{
  gsize n = strlen (name);

  for (const char *at = words; *at != '\0'; at++)
    if (g_ascii_strncasecmp (at, name, n) == 0 && (at == words || !g_ascii_isalnum (at[-1]))
        && (prefix || !g_ascii_isalnum (at[n])))
      return TRUE;
  return FALSE;
}

/* Siemens: the kernels of its iterative reconstruction are I30f ... I70f and J30s ... J70s. */
static gboolean
is_iterative_kernel (const OssDicomHeader *header)
{
  const char *kernel = header->kernel;

  return has_word (header->manufacturer, "siemens", FALSE) && (kernel[0] == 'I' || kernel[0] == 'J')
         && g_ascii_isdigit (kernel[1]) && g_ascii_isdigit (kernel[2]);
}

const char *
oss_dicom_find_iterative (const OssDicomHeader *header, gboolean *learned)
{
  /* The makers' names, as they stand in descriptions: of Siemens, GE, Philips and Canon. */
  static const struct
  {
    const char *name;
    gboolean prefix, learned;
  } names[] = {
    { "SAFIRE", FALSE, FALSE },      { "ADMIRE", FALSE, FALSE },    { "ASIR", TRUE, FALSE },
    { "MBIR", FALSE, FALSE },        { "iDose", TRUE, FALSE },      { "IMR", FALSE, FALSE },
    { "AIDR", TRUE, FALSE },         { "ITERATIVE", FALSE, FALSE }, { "AiCE", FALSE, TRUE },
    { "TrueFidelity", FALSE, TRUE }, { "DLIR", TRUE, TRUE },        { "Precise Image", FALSE, TRUE },
  };
  const char *places[] = { header->algorithm, header->series_description, header->protocol, header->kernel };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (places); j++)
      if (has_word (places[j], names[i].name, names[i].prefix))
        {
          *learned = names[i].learned;
          return names[i].name;
        }
  *learned = FALSE;
  return is_iterative_kernel (header) ? header->kernel : NULL;
}

static void
note_iterative (OssSeries *self, const OssDicomHeader *header)
{
  gboolean learned;
  const char *name = oss_dicom_find_iterative (header, &learned);

  if (header->kernel_strength[0] != '\0')
    oss_series_add_reason (self, OSS_REASON_NOTE, "iterative",
                           _ ("Kernel “%s” was used with iterative reconstruction, strength %s. Noise and sharpness "
                              "differ from filtered back projection."),
                           header->kernel, header->kernel_strength);
  else if (name != NULL)
    oss_series_add_reason (
        self, OSS_REASON_NOTE, "iterative",
        learned ? _ ("“%s” tells of reconstruction by a trained network. Noise and sharpness differ from "
                     "filtered back projection, and from place to place.")
                : _ ("“%s” tells of iterative reconstruction. Noise and sharpness differ from filtered "
                     "back projection."),
        name);
}

static void
note_kernel (OssSeries *self, const OssDicomHeader *header)
{
  if (header->kernel[0] == '\0')
    oss_series_add_reason (self, OSS_REASON_NOTE, "unknown-kernel", "%s",
                           _ ("The reconstruction kernel is not given. Density is read without correction for it."));
  else if (self->kernel_class == OSS_KERNEL_UNKNOWN)
    oss_series_add_reason (self, OSS_REASON_NOTE, "unknown-kernel",
                           _ ("How sharp the reconstruction kernel “%s” is, is not known. Density is read without "
                              "correction for it."),
                           header->kernel);
  else if (self->kernel_class == OSS_KERNEL_SHARP)
    oss_series_add_reason (self, OSS_REASON_NOTE, "sharp-kernel",
                           _ ("“%s” is a sharp kernel, made for bone edges or lung: noise is two to four times that "
                              "of a standard kernel, and stiffness and strength come out differently. Take a standard "
                              "kernel where there is one, and compare only within one kernel."),
                           header->kernel);
}

static void
note_voltage (OssSeries *self, const OssDicomHeader *header)
{
  if (header->kvp <= 0.0)
    oss_series_add_reason (self, OSS_REASON_NOTE, "unknown-kvp", "%s",
                           _ ("The tube voltage is not given. Calibration lines hold for one voltage; a phantom in the "
                              "scan does not need to know it."));
  else if (fabs (header->kvp - USUAL_KVP) > 0.5)
    oss_series_add_reason (
        self, OSS_REASON_NOTE, "kvp",
        header->kvp < USUAL_KVP
            ? _ ("Scanned at %.0f kVp, not at 120: bone reads brighter than in published calibration "
                 "lines. Calibrate with a phantom in the scan, or with a line of this voltage.")
            : _ ("Scanned at %.0f kVp, not at 120: bone reads darker than in published calibration "
                 "lines. Calibrate with a phantom in the scan, or with a line of this voltage."),
        header->kvp);
}

/* Some stations fill the field to say that there was none. */
static gboolean
is_agent (const char *contrast)
{
  static const char *const none[] = { "", "NONE", "NO", "N", "NO CONTRAST", "WITHOUT", "0", "-", NULL };

  for (int i = 0; none[i] != NULL; i++)
    if (g_ascii_strcasecmp (contrast, none[i]) == 0)
      return FALSE;
  return TRUE;
}

/* The plane of slices that no gantry can have acquired, for people; NULL for axial ones. */
static const char *
computed_plane (const OssDicomHeader *header)
{
  const double *o = header->orientation;
  double row[3] = { o[0], o[1], o[2] }, column[3] = { o[3], o[4], o[5] }, normal[3];

  oss_cross (row, column, normal);
  if (!header->has_orientation || fabs (normal[2]) >= COSINE_OF_STEEPEST)
    return NULL;
  if (fabs (normal[0]) >= COSINE_OF_STEEPEST)
    return _ ("sagittal");
  return fabs (normal[1]) >= COSINE_OF_STEEPEST ? _ ("coronal") : _ ("oblique");
}

static void
note_origin (OssSeries *self, const OssDicomHeader *header)
{
  const char *plane = computed_plane (header);
  g_autofree char *thick = oss_series_number_text (header->thickness_mm, 2);

  self->reformatted = plane != NULL;
  if (plane != NULL)
    oss_series_add_reason (self, OSS_REASON_NOTE, "reformat",
                           /* Translators: the plane's name, then mm. */
                           _ ("These are %s reformats: CT acquires axial slices, and these were computed from them, "
                              "each a mean over %s mm. Thin bone is blurred by that much. Take the axial series where "
                              "there is one; Ossature takes this one only when it is named or alone."),
                           plane, thick);
  else if (oss_dicom_has_value (header->image_type, "DERIVED") || oss_dicom_has_value (header->image_type, "SECONDARY"))
    oss_series_add_reason (self, OSS_REASON_NOTE, "derived",
                           _ ("These images were computed from other images (“%s”). Use the original series where "
                              "there is one."),
                           header->image_type);
}

void
oss_series_note_making (OssSeries *self, const OssDicomHeader *header)
{
  note_kernel (self, header);
  note_iterative (self, header);
  note_voltage (self, header);
  if (is_agent (header->contrast))
    oss_series_add_reason (self, OSS_REASON_NOTE, "contrast",
                           _ ("Contrast agent was given (“%s”). Marrow and vessels may read too dense."),
                           header->contrast);
  note_origin (self, header);
  if (header->sop_class[0] == '\0')
    oss_series_add_reason (
        self, OSS_REASON_NOTE, "no-sop-class", "%s",
        _ ("The files do not name their kind (SOP Class UID is empty). They were read as CT images."));
  if (header->series_uid[0] == '\0')
    oss_series_add_reason (self, OSS_REASON_NOTE, "no-series-uid", "%s",
                           _ ("The files name no series (Series Instance UID is empty). The files of one folder were "
                              "taken as one series."));
}
