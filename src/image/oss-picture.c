/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/oss-picture.h"

OssPicture *
oss_picture_new (int width, int height)
{
  OssPicture *self = g_new0 (OssPicture, 1);

  self->width = MAX (width, 1);
  self->height = MAX (height, 1);
  self->rgba = g_malloc0_n ((gsize) self->width * (gsize) self->height, 4);
  return self;
}

void
oss_picture_free (OssPicture *self)
{
  if (self == NULL)
    return;
  g_free (self->rgba);
  g_free (self);
}
