/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dicom/oss-series-private.h"

#include <stdlib.h>
#include <string.h>

/* How sharp kernels are by their names.  Measured: Siemens B30 has half its contrast at 3.5 line pairs per cm, D45 at
 * 5.6 (FDA DIDSR, pediatricIQphantoms); Canon FC30 a tenth at 11 (Precision, PMID 33608927), FC68 and FC81 enhance
 * edges (Pakdel 2014).  GE STANDARD, Soft, Chest and Lung have noise like Siemens B43f, B35f, B41f and B80f (Solomon
 * 2012, doi 10.1118/1.4752209).  Siemens numbers rise with sharpness; other names are the makers' own words (bone,
 * lung, edge) or, for Philips' letters, their order. */

const char *
oss_kernel_class_name (OssKernelClass sharpness)
{
  static const char *const names[] = { "unknown", "smooth", "standard", "sharp" };

  return names[CLAMP ((int) sharpness, 0, 3)];
}

/* B40f, Br38f, Hr60, I70f: letters, two digits, letters. */
static OssKernelClass
siemens_class (const char *name)
{
  gsize letters = strcspn (name, "0123456789");

  if (letters < 1 || letters > 2 || !g_ascii_isdigit (name[letters]) || !g_ascii_isdigit (name[letters + 1])
      || g_ascii_isdigit (name[letters + 2]) || !g_ascii_isupper (name[0]))
    return OSS_KERNEL_UNKNOWN;
  int number = atoi (name + letters);
  if (number < 10)
    return OSS_KERNEL_UNKNOWN;
  return number <= 36 ? OSS_KERNEL_SMOOTH : number < 50 ? OSS_KERNEL_STANDARD : OSS_KERNEL_SHARP;
}

/* FC12, FC30, FC52 */
static OssKernelClass
canon_class (const char *name)
{
  if (g_ascii_strncasecmp (name, "FC", 2) != 0 || !g_ascii_isdigit (name[2]) || !g_ascii_isdigit (name[3]))
    return OSS_KERNEL_UNKNOWN;
  int number = atoi (name + 2);
  gboolean sharp = (number >= 30 && number < 40) || (number >= 48 && number < 60) || number == 68 || number >= 80;
  return sharp ? OSS_KERNEL_SHARP : OSS_KERNEL_STANDARD;
}

static OssKernelClass
word_class (const char *name)
{
  static const struct
  {
    const char *begin;
    OssKernelClass class;
  } words[] = {
    { "SOFT", OSS_KERNEL_SMOOTH },   { "STANDARD", OSS_KERNEL_STANDARD }, { "STND", OSS_KERNEL_STANDARD },
    { "CHST", OSS_KERNEL_STANDARD }, { "CHEST", OSS_KERNEL_STANDARD },    { "DETAIL", OSS_KERNEL_STANDARD },
    { "LUNG", OSS_KERNEL_SHARP },    { "BONE", OSS_KERNEL_SHARP },        { "EDGE", OSS_KERNEL_SHARP },
    { "ULTRA", OSS_KERNEL_SHARP },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strncasecmp (name, words[i].begin, strlen (words[i].begin)) == 0)
      return words[i].class;
  return OSS_KERNEL_UNKNOWN;
}

/* A to F and L, alone or behind U (head), Y or E (high resolution): A is the smoothest. */
static OssKernelClass
philips_class (const char *name)
{
  gsize n = strlen (name);
  char letter = n > 0 ? name[n - 1] : '\0';

  if (n < 1 || n > 2 || (n == 2 && strchr ("UYE", name[0]) == NULL))
    return OSS_KERNEL_UNKNOWN;
  if (letter == 'A')
    return OSS_KERNEL_SMOOTH;
  if (letter == 'B' || letter == 'C')
    return OSS_KERNEL_STANDARD;
  return strchr ("DEFL", letter) != NULL ? OSS_KERNEL_SHARP : OSS_KERNEL_UNKNOWN;
}

OssKernelClass
oss_kernel_classify (const char *manufacturer, const char *name)
{
  OssKernelClass class = word_class (name);

  if (class == OSS_KERNEL_UNKNOWN)
    class = canon_class (name);
  if (class == OSS_KERNEL_UNKNOWN)
    class = siemens_class (name);
  /* One letter means something with Philips only. */
  if (class == OSS_KERNEL_UNKNOWN && g_ascii_strncasecmp (manufacturer, "philips", 7) == 0)
    class = philips_class (name);
  return class;
}
