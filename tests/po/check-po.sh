#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# check-po.sh ROOT XGETTEXT-OPTION…: every language of po/LINGUAS has every message of the sources as they are now,
# none fuzzy, none with a broken format.
set -eu
root=$1
shift
export LC_ALL=C.UTF-8 LANGUAGE=
for tool in xgettext msgmerge msgfmt msgattrib; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed (package gettext)"; exit 1; }
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
wrong=0
bad() { echo "$*"; wrong=1; }

# "Extension unknown" is said of the window templates; they read well as C.
xgettext --directory="$root" --files-from="$root/po/POTFILES" --output="$tmp/new.pot" --from-code=UTF-8 --add-comments \
  --keyword=_ --keyword=N_ --keyword=C_:1c,2 --keyword=NC_:1c,2 --flag=N_:1:pass-c-format \
  --flag=g_strdup_printf:1:c-format --flag=g_string_append_printf:2:c-format --flag=g_set_error:4:c-format \
  "$@" 2>"$tmp/xgettext" || { cat "$tmp/xgettext"; exit 1; }

# A macro that xgettext does not know (G_GSIZE_FORMAT) cuts the message: it is never found in a catalogue.
# Whole is a message whose quote the call's bracket follows in a source: "strain, %").
(cd "$root" && grep -v '^#' po/POTFILES | xargs cat) >"$tmp/sources"
msgattrib --no-wrap "$tmp/new.pot" | grep -E '[^%]%[-+0-9.]*"$' | grep -vE '[0-9].?%"$' >"$tmp/end-in-percent" || :
while IFS= read -r line; do
  grep -qF -- "\"${line#*\"})" "$tmp/sources" || printf '%s\n' "$line"
done <"$tmp/end-in-percent" >"$tmp/cut"
[ ! -s "$tmp/cut" ] || { cat "$tmp/cut"; bad "messages are cut at a macro: write %zu, or PRIu64 from inttypes.h"; }

for language in $(grep -v '^#' "$root/po/LINGUAS"); do
  po=$root/po/$language.po
  [ -r "$po" ] || { bad "po/LINGUAS names $language, but there is no $language.po"; continue; }
  msgmerge --quiet --no-fuzzy-matching --output-file="$tmp/$language.po" "$po" "$tmp/new.pot" || { bad "$language.po"; continue; }
  msgattrib --no-obsolete --untranslated "$tmp/$language.po" >"$tmp/without"
  [ ! -s "$tmp/without" ] || { cat "$tmp/without"; bad "$language.po: the messages above have no translation"; }
  msgattrib --no-obsolete --only-fuzzy "$tmp/$language.po" >"$tmp/fuzzy"
  [ ! -s "$tmp/fuzzy" ] || { cat "$tmp/fuzzy"; bad "$language.po: the messages above are fuzzy"; }
  msgfmt --check --output-file=/dev/null "$tmp/$language.po" || bad "$language.po: msgfmt does not accept it"
  echo "$language: $(msgfmt --statistics --output-file=/dev/null "$tmp/$language.po" 2>&1)"
done
exit "$wrong"
