/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/oss-error.h"

G_BEGIN_DECLS

/* How sharp a reconstruction kernel is, by its name. */
typedef enum
{
  OSS_KERNEL_UNKNOWN,
  OSS_KERNEL_SMOOTH,
  OSS_KERNEL_STANDARD,
  OSS_KERNEL_SHARP, /* bone, lung and edge kernels: bright rims at cortical bone, several times the noise */
} OssKernelClass;

OSS_API const char *oss_kernel_class_name (OssKernelClass sharpness); /* "smooth", "standard", ... "unknown" */
OSS_API const char *oss_kernel_class_word (OssKernelClass sharpness); /* the same for people, translated */

/* Where a transfer function comes from, best first. */
typedef enum
{
  OSS_KERNEL_MEASURED, /* of this very kernel, on an edge or a wire */
  OSS_KERNEL_VIRTUAL,  /* of the virtual scanner: what it was told to be */
  OSS_KERNEL_DERIVED,  /* by a rule that the source names, from a measured kernel of the family */
  OSS_KERNEL_RECALLED, /* no source at hand */
  OSS_KERNEL_NO_MTF,   /* only how sharp it is, is known */
} OssKernelStatus;

OSS_API const char *oss_kernel_status_name (OssKernelStatus status); /* "measured", ... stable */
OSS_API const char *oss_kernel_status_word (OssKernelStatus status); /* the same for people, translated */

/**
 * OssKernel: a reconstruction kernel and how much it leaves of each frequency in the plane of a slice.
 *
 * MTF (f) = exp (-ln 2 (f / f50)^exponent) + overshoot (f / peak)^2 exp (1 - (f / peak)^2),
 * f, f50 and peak in line pairs per cm.  The first part is the shape that measured standard kernels follow
 * (f10 = f50 3.3219^(1 / exponent)); the second, 0 for most, is largest at the peak: kernels that enhance edges.
 */
typedef struct
{
  char name[64];
  char maker[64]; /* "" in a row for any */
  char model[64]; /* of the scanner, in the user's own table; "" for any */
  OssKernelClass sharpness;
  OssKernelStatus status;
  double f50, exponent;
  double overshoot, peak;
  gboolean own; /* from the user's own table */
  char source[200];
} OssKernel;

/* Modulation left of @lp_cm line pairs per cm.  1 at 0. */
OSS_API double oss_kernel_mtf (const OssKernel *self, double lp_cm);
/* Where a tenth is left, lp/cm, without the overshoot. */
OSS_API double oss_kernel_f10 (const OssKernel *self);
/* Where a half is left of all, the overshoot too: f50 itself without one. */
OSS_API double oss_kernel_half (const OssKernel *self);
/* The exponent of a shape with these two points; NaN unless 0 < f50 < f10. */
OSS_API double oss_kernel_exponent (double f50, double f10);

/**
 * oss_kernel_find:
 * @maker: (nullable): Manufacturer of the header; @model: (nullable): of the scanner
 * @name: (nullable): Convolution Kernel of the header, or "MAKER:NAME"
 *
 * The user's own table first (rows of the same scanner before rows of any), then data/known-kernels.ini: the maker's
 * names, then names that mean the same with whoever uses them.  Never guesses: FALSE when the name is in neither, and
 * then @kernel has the name and nothing else.  A kernel of status %OSS_KERNEL_NO_MTF is known by its sharpness only.
 * Any thread may call.
 */
OSS_API gboolean oss_kernel_find (const char *maker, const char *model, const char *name, OssKernel *kernel);

/* oss_kernel_find() for whoever needs a transfer function: REFUSED, saying what to do. */
OSS_API gboolean oss_kernel_need (const char *maker, const char *model, const char *name, OssKernel *kernel,
                                  GError **error);

/* Every row: the user's own, then the shipped ones; a row of a family stands for each of its anchors.
 * (transfer full) (element-type OssKernel) */
OSS_API GArray *oss_kernel_all (void);

/* The user's own table; it need not exist. (transfer full) */
OSS_API char *oss_kernel_own_path (void);
/* Adds @kernel to the user's own table, in the place of what stood there for its maker, model and name. */
OSS_API gboolean oss_kernel_keep (const OssKernel *kernel, GError **error);
/* Takes the row of this maker, model and name out of it; NOT_FOUND when there is none. */
OSS_API gboolean oss_kernel_forget (const OssKernel *kernel, GError **error);

/**
 * oss_kernel_read_mtf:
 * @path: a key file with one group (f50, f10 or exponent, overshoot, peak), or two columns: lp/cm and modulation
 *
 * The transfer function of a file, e.g. measured elsewhere.  Of columns f50, f10 and the height of an overshoot are
 * read off between the points.  INVALID_DATA when the file does not hold that.
 */
OSS_API gboolean oss_kernel_read_mtf (const char *path, OssKernel *kernel, GError **error);

G_END_DECLS
