/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bone surface and section.  The first lines (#version, precision) are put in front at run time:
 * the same text compiles as GLSL 3.30 and as GLSL ES 3.00. */
layout (location = 0) in vec3 a_position; /* mm, relative to the mesh's centre */
layout (location = 1) in vec3 a_normal;   /* unit, outward; unused by the section */
layout (location = 2) in vec2 a_field;    /* value, and 1 where there is one */

uniform mat4 u_clip_from_model;

out vec3 v_position;
out vec3 v_normal;
out vec2 v_field;

void
main ()
{
  v_position = a_position;
  v_normal = a_normal;
  v_field = a_field;
  gl_Position = u_clip_from_model * vec4 (a_position, 1.0);
}
