#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# check-headers.sh ROOT CC HEADER...: each public header compiles alone, as C11 and as C++17, without a warning.
set -eu
root=$1 cc=$2
shift 2
flags="-I$root/src $(pkg-config --cflags glib-2.0 gio-2.0) -Wall -Wextra -Werror -fsyntax-only"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
for header in "$@"; do
  name=${header#"$root"/src/}
  name=$(echo "$name" | sed 's|^.*src/||')
  echo "#include \"$name\"" >"$work/alone.c"
  cp "$work/alone.c" "$work/alone.cpp"
  # shellcheck disable=SC2086
  "$cc" -std=gnu11 $flags "$work/alone.c" || { echo "not alone as C: $name"; exit 1; }
  # shellcheck disable=SC2086
  g++ -std=c++17 $flags "$work/alone.cpp" || { echo "not alone as C++: $name"; exit 1; }
  n=$((n + 1))
done
[ "$n" -ge 15 ] || { echo "only $n public headers: the list is broken"; exit 1; }
echo "$n public headers compile alone"
