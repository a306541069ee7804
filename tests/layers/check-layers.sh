#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# check-layers.sh ROOT: every #include in src/ against the room table in src/README.md.
# A room's own headers are always allowed; rooms and outside libraries only as the table says.
set -eu
cd "$1/src"
awk -F'|' '
  function wrongly(message) { print message; wrong++ }
  # The table: | `room` | what | may include | outside |
  FNR == NR {
    if ($2 !~ /^ *`[a-z]+` *$/) next
    room = $2; gsub (/[ `]/, "", room)
    may = $4; gsub (/[^a-z]+/, " ", may)
    n = split (may, list, " ")
    for (i = 1; i <= n; i++) allowed[room, list[i]] = 1
    outside[room] = $5
    rooms[room] = 1
    if (index (may, "public") || index (may, "study"))
      { split ("base image material dicom calibrate segment mesh fem study", types, " ")
        for (i in types) allowed[room, types[i]] = 1 }
    if (index (may, "public"))
      { split ("numeric formats virtual micro surrogate remodel learn", types, " ")
        for (i in types) allowed[room, types[i]] = 1 }
    next
  }
  FNR == 1 { split (FILENAME, path, "/"); room = path[1]
             if (!(room in rooms)) wrongly(FILENAME ": the room “" room "” is not in src/README.md") }
  /^[ \t]*#[ \t]*include[ \t]+"/ {
    header = $0; sub (/^[^"]*"/, "", header); sub (/".*/, "", header); checked++
    split (header, to, "/")
    if (index (header, "/") == 0)
      wrongly(FILENAME ":" FNR ": include \"" header "\" does not name its room")
    else if (to[1] != room && !((room, to[1]) in allowed))
      wrongly(FILENAME ":" FNR ": " room " may not include " to[1] " (" header ")")
  }
  /^[ \t]*#[ \t]*include[ \t]+</ {
    header = $0; sub (/^[^<]*</, "", header); sub (/>.*/, "", header); checked++
    library = ""
    if (header ~ /^(dcmtk|openjpeg|openssl)/) library = "DCMTK, OpenJPEG"
    else if (header ~ /^(gtk|gdk|gsk)\//) library = "GTK"
    else if (header ~ /^adwaita/) library = "libadwaita"
    else if (header ~ /^(epoxy|EGL|GL|GLES)/) library = "Epoxy"
    else if (header ~ /^(cairo|pango)/) library = "cairo"
    else if (header ~ /^json-glib/) library = "json-glib"
    else if (header ~ /^(cholmod|suitesparse|amd|metis)/) library = "SuiteSparse"
    else if (header ~ /^(cblas|openblas|lapack)/) library = "OpenBLAS"
    else if (header ~ /^(nifti|znz)/) library = "libnifti"
    else if (header ~ /^zlib/) library = "zlib"
    else if (header ~ /^(gsl)/) library = "GSL"
    else if (header ~ /^fftw/) library = "FFTW"
    else if (header ~ /^sqlite/) library = "SQLite"
    split (library, first, ",")
    if (library != "" && index (outside[room], first[1]) == 0)
      wrongly(FILENAME ":" FNR ": " room " may not use " library " (" header ")")
  }
  END {
    if (checked < 50) wrongly("only " checked + 0 " includes were seen: the check itself is broken")
    print checked " includes checked, " wrong + 0 " wrong"
    exit wrong > 0
  }
' README.md $(find . -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' | sed 's|^\./||' | sort)
# C++ lives in the DICOM shim alone.
stray=$(find . \( -name '*.cpp' -o -name '*.hpp' -o -name '*.cc' \) ! -path './dicom/*')
[ -z "$stray" ] || { echo "C++ outside dicom: $stray"; exit 1; }
