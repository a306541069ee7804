/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/oss-i18n.h"
#include "render/oss-render-private.h"

#include <gio/gio.h>

#define SHADER_PREFIX "/org/ossature/Ossature/shaders/"

/* Made by glib-compile-resources; taken by name so that a static library keeps it. */
GResource *oss_render_get_resource (void);

static void
fail_with_log (const char *name, char *log, GError **error)
{
  g_set_error (error, OSS_ERROR, OSS_ERROR_FAILED, _ ("The graphics driver does not accept the shader %s: %s"), name,
               *g_strstrip (log) ? log : _ ("no reason given"));
}

static GLuint
compile (GLenum kind, const char *name, const char *source, GError **error)
{
  /* "#line 1": the log counts the lines of the file, not of the prefix. */
  const char *prefix = epoxy_is_desktop_gl ()
                           ? "#version 330 core\n#line 1\n"
                           : "#version 300 es\nprecision highp float;\nprecision highp int;\n#line 1\n";
  const char *texts[] = { prefix, source };
  GLuint shader = glCreateShader (kind);
  GLint good = GL_FALSE, length = 0;

  glShaderSource (shader, G_N_ELEMENTS (texts), texts, NULL);
  glCompileShader (shader);
  glGetShaderiv (shader, GL_COMPILE_STATUS, &good);
  if (good)
    return shader;

  glGetShaderiv (shader, GL_INFO_LOG_LENGTH, &length);
  g_autofree char *log = g_malloc0 (length + 1);
  glGetShaderInfoLog (shader, length, NULL, log);
  fail_with_log (name, log, error);
  glDeleteShader (shader);
  return 0;
}

GLuint
oss_gl_program_build (const char *const names[2], const char *const sources[2], GError **error)
{
  GLuint vertex = compile (GL_VERTEX_SHADER, names[0], sources[0], error);
  GLuint fragment = vertex ? compile (GL_FRAGMENT_SHADER, names[1], sources[1], error) : 0;
  GLuint program = 0;
  GLint good = GL_FALSE, length = 0;

  if (fragment)
    {
      program = glCreateProgram ();
      glAttachShader (program, vertex);
      glAttachShader (program, fragment);
      glLinkProgram (program);
      glGetProgramiv (program, GL_LINK_STATUS, &good);
      if (!good)
        {
          glGetProgramiv (program, GL_INFO_LOG_LENGTH, &length);
          g_autofree char *log = g_malloc0 (length + 1);
          glGetProgramInfoLog (program, length, NULL, log);
          fail_with_log (names[1], log, error);
          glDeleteProgram (program);
          program = 0;
        }
    }
  /* The program keeps what it needs; 0 is ignored. */
  glDeleteShader (vertex);
  glDeleteShader (fragment);
  return program;
}

GLuint
oss_gl_program_new (const char *vertex, const char *fragment, GError **error)
{
  g_autofree char *vertex_path = g_strconcat (SHADER_PREFIX, vertex, NULL);
  g_autofree char *fragment_path = g_strconcat (SHADER_PREFIX, fragment, NULL);
  GResource *resource = oss_render_get_resource ();
  g_autoptr (GBytes) vertex_text = g_resource_lookup_data (resource, vertex_path, 0, error);
  g_autoptr (GBytes) fragment_text = vertex_text ? g_resource_lookup_data (resource, fragment_path, 0, error) : NULL;

  if (fragment_text == NULL)
    return 0;
  /* Resource data ends with a zero byte. */
  const char *const names[] = { vertex, fragment };
  const char *const sources[] = { g_bytes_get_data (vertex_text, NULL), g_bytes_get_data (fragment_text, NULL) };
  return oss_gl_program_build (names, sources, error);
}
