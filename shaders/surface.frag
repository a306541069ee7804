/* SPDX-License-Identifier: GPL-3.0-or-later */
in vec3 v_position;
in vec3 v_normal;
in vec2 v_field;

uniform sampler2D u_colors;  /* 256 x 1 */
uniform vec2 u_range;        /* lowest value, 1 / (highest - lowest) */
uniform vec4 u_cut;          /* unit normal, offset: what has dot > offset is not drawn */
uniform vec3 u_light;        /* unit, toward the light */
uniform vec3 u_eye;          /* unit, toward the eye */
uniform float u_shading;     /* largest darkening: 0.45 on surfaces, 0 on the section */
uniform vec3 u_plain;        /* colour where there is no value */
uniform float u_has_field;   /* 0: no colours given, everything is plain */

out vec4 f_color;

void
main ()
{
  if (u_shading > 0.0 && dot (u_cut.xyz, v_position) > u_cut.w)
    discard;

  float t = clamp ((v_field.x - u_range.x) * u_range.y, 0.0, 1.0);
  vec3 color = texture (u_colors, vec2 ((t * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  /* Triangles with one corner without a value have none. */
  color = v_field.y * u_has_field > 0.999 ? color : u_plain;

  vec3 normal = v_normal;
  normal = dot (normal, normal) > 0.0 ? normalize (normal) : u_eye;
  if (!gl_FrontFacing)
    normal = -normal;
  float lit = max (dot (normal, u_light), 0.0);
  f_color = vec4 (color * (1.0 - u_shading * (1.0 - lit)), 1.0);
}
