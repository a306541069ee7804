/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compression of a vertebra, with caps between its endplates and the plates or without. */
#include "study/oss-study-private.h"

gboolean
oss_study_same_caps (const OssStudyOptions *a, const OssStudyOptions *b)
{
  if (a->caps.kind != b->caps.kind)
    return FALSE;
  return a->caps.kind == OSS_CAPS_NONE
         || (a->caps.thickness_mm == b->caps.thickness_mm && a->caps.modulus_mpa == b->caps.modulus_mpa
             && a->caps.poisson == b->caps.poisson);
}

gboolean
oss_study_check_caps (const OssStudyOptions *options, GError **error)
{
  return oss_caps_check (&options->caps, error);
}

gboolean
oss_study_compress (const OssStudyOptions *options, const OssFemModel *bone, const OssVertebraFrame *frame,
                    OssSimulateResult *simulate, const OssTick *tick, GError **error)
{
  OssTick first = oss_tick_part (tick, 0.0, 0.1), rest = oss_tick_part (tick, 0.1, 1.0);

  if (options->caps.kind == OSS_CAPS_NONE)
    {
      g_autoptr (GArray) moved =
          oss_fem_compression (frame, &simulate->superior, &simulate->inferior, simulate->displacement_mm);
      OssFemModel model = *bone;
      g_array_append_vals (simulate->prescribed, moved->data, moved->len);
      model.prescribed = (const OssNodal *) (void *) simulate->prescribed->data;
      model.n_prescribed = simulate->prescribed->len;
      simulate->fem = oss_fem_solve (&model, tick, error);
      return simulate->fem != NULL;
    }
  simulate->capped = oss_fem_capped_new (bone->mesh, bone->modulus_mpa, frame, &simulate->superior, &simulate->inferior,
                                         &options->caps, &first, error);
  if (simulate->capped == NULL)
    return FALSE;
  simulate->fem =
      oss_fem_capped_solve (simulate->capped, bone, simulate->displacement_mm, simulate->prescribed, &rest, error);
  return simulate->fem != NULL;
}
