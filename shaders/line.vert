/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a width in pixels: each segment is drawn as four corners of a rectangle. */
layout (location = 0) in vec3 a_from; /* mm, relative to the mesh's centre */
layout (location = 1) in vec3 a_to;

uniform mat4 u_clip_from_model;
uniform vec2 u_half_viewport; /* pixels */
uniform float u_half_width;   /* pixels */
uniform float u_toward_eye;   /* clip units: keeps the line in front of the section it borders */

void
main ()
{
  vec4 from = u_clip_from_model * vec4 (a_from, 1.0);
  vec4 to = u_clip_from_model * vec4 (a_to, 1.0);
  vec2 along = (to.xy - from.xy) * u_half_viewport;
  along = dot (along, along) > 1e-12 ? normalize (along) : vec2 (1.0, 0.0);
  vec2 across = vec2 (-along.y, along.x);
  float side = (gl_VertexID & 1) == 0 ? -1.0 : 1.0;
  bool last = gl_VertexID >= 2;
  /* Half a width longer at both ends, so that bends have no gap. */
  vec2 offset = (across * side + along * (last ? 1.0 : -1.0)) * u_half_width / u_half_viewport;
  vec4 end = last ? to : from;

  gl_Position = vec4 (end.xy + offset, end.z - u_toward_eye, 1.0);
}
