/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * OssKernelChoice: whether the image is corrected to another reconstruction kernel, to which, and from which.
 *
 * Signals: "changed": the user chose something else; "original" (gboolean): shall the slices show the original?;
 * "measure": the kernel is to be measured
 */
#define OSS_TYPE_KERNEL_CHOICE (oss_kernel_choice_get_type ())
G_DECLARE_FINAL_TYPE (OssKernelChoice, oss_kernel_choice, OSS, KERNEL_CHOICE, AdwBin)

/* What is chosen; NULL: no correction, or the kernel of the header. (transfer full) (nullable) */
char *oss_kernel_choice_get_to (OssKernelChoice *self);
char *oss_kernel_choice_get_from (OssKernelChoice *self);
/* "table" or "measured"; NULL: both, the default. */
const char *oss_kernel_choice_get_mtf (OssKernelChoice *self);
/* Without "changed".  @mtf: as of OssStudyOptions; a file is shown as the default. */
void oss_kernel_choice_set (OssKernelChoice *self, const char *to, const char *from, const char *mtf);
/* What there is to say; @good: FALSE marks it.  @has_original: the image on show was corrected. */
void oss_kernel_choice_tell (OssKernelChoice *self, const char *text, gboolean good, gboolean has_original);

G_END_DECLS
