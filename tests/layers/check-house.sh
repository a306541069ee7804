#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# check-house.sh ROOT: licence lines, layout by the formatter, size of files, translators' file list.
set -eu
cd "$1"
wrong=0
bad() { echo "$*"; wrong=1; }

for f in $(find src tests shaders ui \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.sh' -o -name '*.py' \
           -o -name '*.glsl' -o -name '*.blp' \) | sort) build.sh .ci/run; do
  head -3 "$f" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || bad "$f: no SPDX line"
done
for f in $(find src \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \)); do
  lines=$(wc -l <"$f")
  [ "$lines" -le 900 ] || bad "$f: $lines lines; two files would be easier to live in"
done
if command -v clang-format >/dev/null; then
  find src tests \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 clang-format --dry-run --Werror 2>&1 | grep -E 'error|warning' | sort | uniq | head -20 >"${TMPDIR:-/tmp}/oss-format.$$" || :
  [ ! -s "${TMPDIR:-/tmp}/oss-format.$$" ] || { cat "${TMPDIR:-/tmp}/oss-format.$$"; bad "not formatted: run clang-format -i on these files"; }
  rm -f "${TMPDIR:-/tmp}/oss-format.$$"
else
  bad "clang-format is not installed"
fi
for f in $(grep -rlE '\b_ ?\("|N_ ?\("|C_ ?\("|OSS_NGETTEXT|translatable="yes"|_\("' src ui --include='*.c' --include='*.cpp' --include='*.blp' | sort); do
  grep -qx "$f" po/POTFILES || bad "$f has words but is not in po/POTFILES"
done
for f in $(grep -v '^#' po/POTFILES); do
  [ -e "$f" ] || bad "po/POTFILES names $f, which is not there"
done
[ "$wrong" = 0 ] && echo "the house is in order"
exit "$wrong"
