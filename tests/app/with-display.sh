#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# with-display.sh CMD [ARG...]: runs CMD with an X server, a session bus, a
# window manager and home folders of its own, and hands back CMD's exit status.
set -eu
for tool in Xvfb openbox dbus-run-session xdotool import; do
  command -v "$tool" >/dev/null || { echo "with-display.sh: $tool is not installed" >&2; exit 1; }
done
T=$(mktemp -d)
mkdir -m 700 "$T/home" "$T/run"
mkfifo "$T/display"
Xvfb -displayfd 3 -screen 0 "${SCREEN:-1280x1024x24}" -nolisten tcp -noreset \
  3>"$T/display" 2>"$T/xvfb.log" &
X=$!
trap 'kill "$X" 2>/dev/null || :; wait "$X" 2>/dev/null || :; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
read -r N <"$T/display"
export DISPLAY=":$N" HOME="$T/home" XDG_RUNTIME_DIR="$T/run"
export XDG_CONFIG_HOME="$T/home/.config" XDG_DATA_HOME="$T/home/.local/share"
export XDG_STATE_HOME="$T/home/.local/state"
export XDG_CACHE_HOME="${TEST_CACHE_HOME:-$T/home/.cache}"
# No settings daemon runs here: the system font of the design, as a desktop would set it.
mkdir -p "$XDG_CONFIG_HOME/gtk-4.0"
printf '[Settings]\ngtk-font-name=Cantarell 11\ngtk-cursor-theme-name=Adwaita\n' >"$XDG_CONFIG_HOME/gtk-4.0/settings.ini"
export GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 GSETTINGS_BACKEND=memory
# Without a GPU the cairo renderer is the faster one; GL views still draw with GL.
export GSK_RENDERER="${GSK_RENDERER:-cairo}"
export ADW_DISABLE_PORTAL=1 LANG="${TEST_LANG:-C.UTF-8}" LC_ALL=
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
rc=0
# What bus services print on their standard output is not CMD's.
dbus-run-session -- sh -c '
  openbox --sm-disable >/dev/null 2>&1 & wm=$!
  sleep 0.2; rc=0; "$@" >&4 4>&- || rc=$?
  kill "$wm" 2>/dev/null || :
  exit "$rc"' sh "$@" 4>&1 >/dev/null 2>"$T/err" || rc=$?
[ "$rc" = 0 ] || cat "$T/err" >&2
exit "$rc"
