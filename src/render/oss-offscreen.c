/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures without a display: EGL on Mesa's surfaceless platform, else on the first EGL device. */
#include "base/oss-i18n.h"
#include "render/oss-render-private.h"

#include <dlfcn.h>
#include <epoxy/egl.h>

#define LARGEST_SIDE 8192

typedef struct
{
  EGLDisplay display;
  EGLContext context;
} Device;

typedef struct
{
  OssGLKind kind;
  int width, height;
  OssRenderFunc draw;
  void *data;
  OssPicture *picture;
  GError *error;
} Job;

/* epoxy ends the program when a library it wants is not there, so this is asked first. */
static gboolean
can_load (const char *library, const char *other)
{
  void *handle = dlopen (library, RTLD_LAZY | RTLD_LOCAL);

  if (handle == NULL && other != NULL)
    handle = dlopen (other, RTLD_LAZY | RTLD_LOCAL);
  if (handle == NULL)
    return FALSE;
  dlclose (handle);
  return TRUE;
}

static EGLDisplay
open_surfaceless (void)
{
  if (!epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_platform_base")
      || !epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_MESA_platform_surfaceless"))
    return EGL_NO_DISPLAY;
  return eglGetPlatformDisplayEXT (EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
}

static EGLDisplay
open_device (void)
{
  EGLDeviceEXT devices[16];
  EGLint n = 0;

  if (!epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_platform_device")
      || !epoxy_has_egl_extension (EGL_NO_DISPLAY, "EGL_EXT_device_enumeration")
      || !eglQueryDevicesEXT (G_N_ELEMENTS (devices), devices, &n) || n < 1)
    return EGL_NO_DISPLAY;
  return eglGetPlatformDisplayEXT (EGL_PLATFORM_DEVICE_EXT, devices[0], NULL);
}

static EGLContext
make_context (EGLDisplay display, OssGLKind kind)
{
  static const EGLint desktop[] = {
    EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
    EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE
  };
  static const EGLint embedded[] = { EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0, EGL_NONE };
  const gboolean es = kind == OSS_GL_ES;
  const EGLint wanted[] = { EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
                            es ? EGL_OPENGL_ES3_BIT : EGL_OPENGL_BIT, EGL_NONE };
  EGLConfig config;
  EGLint n = 0;

  if (es ? !can_load ("libGLESv2.so.2", NULL) : !can_load ("libOpenGL.so.0", "libGL.so.1"))
    return EGL_NO_CONTEXT;
  if (!eglBindAPI (es ? EGL_OPENGL_ES_API : EGL_OPENGL_API) || !eglChooseConfig (display, wanted, &config, 1, &n)
      || n < 1)
    return EGL_NO_CONTEXT;
  return eglCreateContext (display, config, EGL_NO_CONTEXT, es ? embedded : desktop);
}

/* Makes a context of @kind current on @display, without a surface. */
static gboolean
enter (Device *device, EGLDisplay display, OssGLKind kind)
{
  EGLContext context = make_context (display, kind);

  if (context == EGL_NO_CONTEXT)
    return FALSE;
  if (!eglMakeCurrent (display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
    {
      eglDestroyContext (display, context);
      return FALSE;
    }
  *device = (Device){ display, context };
  return TRUE;
}

static void
leave (Device *device)
{
  eglMakeCurrent (device->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
  eglDestroyContext (device->display, device->context);
  eglTerminate (device->display);
  eglReleaseThread ();
}

static gboolean
enter_any (Device *device, OssGLKind kind, GError **error)
{
  static EGLDisplay (*const platforms[]) (void) = { open_surfaceless, open_device };
  static const OssGLKind kinds[] = { OSS_GL_DESKTOP, OSS_GL_ES };

  if (!epoxy_has_egl ())
    {
      g_set_error_literal (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                           _ ("The stress picture was not drawn: EGL (libEGL.so.1) is not installed on this computer. "
                              "On Debian, install libegl1 and libgl1-mesa-dri."));
      return FALSE;
    }
  for (gsize p = 0; p < G_N_ELEMENTS (platforms); p++)
    {
      EGLDisplay display = platforms[p]();

      if (display == EGL_NO_DISPLAY || !eglInitialize (display, NULL, NULL))
        continue;
      for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
        if ((kind == OSS_GL_ANY || kind == kinds[k]) && enter (device, display, kinds[k]))
          return TRUE;
      eglTerminate (display);
    }
  g_set_error_literal (error, OSS_ERROR, OSS_ERROR_UNSUPPORTED,
                       _ ("The stress picture was not drawn: neither OpenGL 3.3 nor OpenGL ES 3.0 can be opened "
                          "without a display. On Debian, install libgl1-mesa-dri."));
  return FALSE;
}

/* Rows turned to top first, colours divided by alpha. */
static OssPicture *
read_back (int width, int height)
{
  OssPicture *picture = oss_picture_new (width, height);
  const gsize row = 4 * (gsize) width;

  glPixelStorei (GL_PACK_ALIGNMENT, 1);
  for (int y = 0; y < height; y++)
    glReadPixels (0, height - 1 - y, width, 1, GL_RGBA, GL_UNSIGNED_BYTE, picture->rgba + (gsize) y * row);
  for (gsize i = 0; i < (gsize) height * row; i += 4)
    {
      guint8 *pixel = picture->rgba + i;

      for (int c = 0; c < 3 && pixel[3] > 0 && pixel[3] < 255; c++)
        pixel[c] = (guint8) MIN (255, (pixel[c] * 255 + pixel[3] / 2) / pixel[3]);
    }
  return picture;
}

static void
draw_and_read (Job *job)
{
  OssRenderer *renderer = oss_renderer_new (&job->error);
  GLuint framebuffer = 0, buffer = 0;

  if (renderer == NULL)
    return;
  glGenFramebuffers (1, &framebuffer);
  glGenRenderbuffers (1, &buffer);
  glBindRenderbuffer (GL_RENDERBUFFER, buffer);
  glRenderbufferStorage (GL_RENDERBUFFER, GL_RGBA8, job->width, job->height);
  glBindFramebuffer (GL_FRAMEBUFFER, framebuffer);
  glFramebufferRenderbuffer (GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, buffer);
  if (glCheckFramebufferStatus (GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
    {
      job->draw (renderer, job->width, job->height, job->data);
      glBindFramebuffer (GL_FRAMEBUFFER, framebuffer);
      job->picture = read_back (job->width, job->height);
      if (glGetError () != GL_NO_ERROR)
        g_clear_pointer (&job->picture, oss_picture_free);
    }
  if (job->picture == NULL)
    g_set_error (&job->error, OSS_ERROR, OSS_ERROR_FAILED,
                 _ ("The graphics driver failed to draw a picture of %d × %d pixels."), job->width, job->height);
  glDeleteFramebuffers (1, &framebuffer);
  glDeleteRenderbuffers (1, &buffer);
  oss_renderer_free (renderer);
}

static gpointer
run (gpointer data)
{
  Job *job = data;
  Device device;

  if (!enter_any (&device, job->kind, &job->error))
    return NULL;
  draw_and_read (job);
  leave (&device);
  return NULL;
}

OssPicture *
oss_render_offscreen_on (OssGLKind kind, int width, int height, OssRenderFunc draw, void *data, GError **error)
{
  /* eglTerminate() ends the display for every user of it in the process. */
  static GMutex one_at_a_time;
  Job job = { .kind = kind, .width = width, .height = height, .draw = draw, .data = data };

  if (width < 1 || height < 1 || width > LARGEST_SIDE || height > LARGEST_SIDE)
    {
      g_set_error (error, OSS_ERROR, OSS_ERROR_USAGE, _ ("A picture of %d × %d pixels: both must be from 1 to %d."),
                   width, height, LARGEST_SIDE);
      return NULL;
    }
  g_mutex_lock (&one_at_a_time);
  /* A thread of its own: whatever context the caller has current stays so. */
  g_thread_join (g_thread_new ("oss-offscreen", run, &job));
  g_mutex_unlock (&one_at_a_time);
  if (job.error != NULL)
    g_propagate_error (error, job.error);
  return job.picture;
}

OssPicture *
oss_render_offscreen (int width, int height, OssRenderFunc draw, void *data, GError **error)
{
  return oss_render_offscreen_on (OSS_GL_ANY, width, height, draw, data, error);
}
