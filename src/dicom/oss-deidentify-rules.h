/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dicom/oss-deidentify.h"

G_BEGIN_DECLS

/* What happens to an element; whatever has no rule goes. */
typedef enum
{
  OSS_RULE_REMOVE,
  OSS_RULE_KEEP,
  OSS_RULE_KEEP_UID,   /* names no instance: a coding scheme */
  OSS_RULE_EMPTY,      /* the standard wants it present */
  OSS_RULE_DATE,       /* by the choice of dates; otherwise removed, */
  OSS_RULE_DATE_EMPTY, /* or empty, */
  OSS_RULE_DATE_MUST,  /* or a date that means nothing, as the standard wants one */
  OSS_RULE_SUBJECT,    /* the new name and identifier */
  OSS_RULE_CONTRAST,   /* that there was an agent, not which words say so */
  OSS_RULE_LABEL,      /* of a segment: its number in place of free text */
  OSS_RULE_WORDS,      /* of a report's item: others in their place */
  OSS_RULE_PATIENT,    /* kept when patient characteristics are; empty otherwise */
  OSS_RULE_DEVICE,     /* kept when the device is */
  OSS_RULE_INSTITUTION,
} OssRule;

/* @tag: group << 16 | element. */
OssRule oss_deidentify_rule (guint32 tag);

/* Storage classes whose pixels and content follow rules that can be kept to. */
gboolean oss_deidentify_class_is_known (const char *sop_class_uid);

G_END_DECLS
