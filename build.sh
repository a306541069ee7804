#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# build.sh demo: sets up, builds, writes a virtual patient, analyses it, shows it.
# build.sh test: sets up, builds, runs every test.
# build.sh build: sets up and builds.
# Made for Debian 12, as root or with sudo.  Safe to repeat; the second time is quick.
set -eu
cd "$(dirname "$0")"

build_packages="gcc g++ meson ninja-build pkgconf gettext blueprint-compiler libglib2.0-dev libglib2.0-dev-bin gir1.2-gtk-4.0
 gir1.2-adw-1 libgtk-4-dev libgtk-4-bin libadwaita-1-dev libepoxy-dev libegl-dev libdcmtk-dev libssl-dev libsndfile1-dev
 libopenjp2-7-dev libjson-glib-dev libsqlite3-dev libcairo2-dev libpango1.0-dev libsuitesparse-dev libopenblas-dev libfftw3-dev libnifti-dev
 zlib1g-dev desktop-file-utils appstream libgl1-mesa-dri libegl1 libegl-mesa0 libglx-mesa0 fonts-cantarell
 fonts-dejavu-core adwaita-icon-theme"
test_packages="xvfb openbox dbus at-spi2-core xdotool imagemagick python3 python3-gi gir1.2-atspi-2.0 python3-numpy
 python3-nibabel python3-pydicom dcmtk orthanc openssl dicom3tools libgdcm-tools calculix-ccx poppler-utils qpdf clang-format libpetsc-real-dev libopenmpi-dev openmpi-bin"

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || {
    echo "This script installs packages with apt-get (Debian 12). On other systems install these and run meson by hand:"
    echo "$missing"
    exit 1
  }
  say "Installing packages:$missing"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >install.log 2>&1 || {
    tail -20 install.log
    echo "The packages were not installed; install.log has the whole story."
    exit 1
  }
  rm -f install.log
}

build() {
  say "Building"
  [ -f build/build.ninja ] || meson setup build -Dwerror=true -Dshared_data="$shared_data" >build-setup.log || {
    tail -20 build-setup.log
    exit 1
  }
  rm -f build-setup.log
  meson configure build -Dshared_data="$shared_data"
  ninja -C build
}

# Public CT and FE data for tests: named in the environment, or in a folder beside the checkout.
shared_data=${OSSATURE_SHARED_DATA:-}
for folder in ../data ../*/data; do
  [ -n "$shared_data" ] || [ ! -d "$folder/dicom_lidc_thoracic_T12_T11" ] || shared_data=$(cd "$folder" && pwd)
done

demo() {
  install_packages $build_packages
  build
  export OSSATURE_DATA_DIR="$PWD/data"
  ossature=build/src/cli/ossature
  if [ ! -f demo/patient/truth/truth.json ]; then
    say "Writing a virtual patient (in silico): demo/patient"
    rm -rf demo/patient
    mkdir -p demo
    "$ossature" virtual demo/patient --sex F --age 71 --vbmd 78
  fi
  at=$(sed -n '/"L1": {/,/}/s/.*"centre_mm": *\[\(.*\)\].*/\1/p' demo/patient/truth/truth.json | tr -d ' ')
  say "From CT to stress map: L1 at $at"
  "$ossature" analyze demo/patient --kernel B40f --vertebra L1 --at "$at" --out demo/result
  say "Report:   $PWD/demo/result/report.pdf"
  echo "   Pictures: $PWD/demo/result/stress.png, and stress.vtu for ParaView"
  if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "Opening the window on it"
    exec build/src/app/ossature-app demo/patient --vertebra L1 --at "$at" --run
  fi
}

# Sums meson's logs, one line of JSON a test: "passed failed skipped".
count() {
  cat "$@" | awk '
    /"result": "(OK|EXPECTEDFAIL)"/ { passed++; next }
    /"result": "SKIP"/ { skipped++; next }
    /"result": / { failed++ }
    END { print passed + 0, failed + 0, skipped + 0 }'
}

# sanitized SUITE...: builds what these tests need, with the line numbers that a report names, and runs them.
sanitized() {
  suites=
  for suite in "$@"; do suites="$suites --suite $suite"; done
  meson test -C build-sanitize --print-errorlogs --num-processes 2 --timeout-multiplier 5 --no-suite slow $suites
}

run_tests() {
  install_packages $build_packages $test_packages
  build
  failed=0
  say "Tests"
  # Three on two processors: windows mostly wait.
  meson test -C build --no-rebuild --print-errorlogs --num-processes 3 || failed=1
  say "Tests of the library and of reports under the address and undefined-behaviour sanitizers (not segment, virtual, the slow suite and a few large cases)"
  [ -f build-sanitize/build.ninja ] ||
    meson setup build-sanitize -Dpetsc=disabled -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 \
      -Ddebug=false -Dc_args=-g1 -Dcpp_args=-g1 -Dwerror=true -Dshared_data="$shared_data" >/dev/null
  export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export LSAN_OPTIONS=suppressions="$PWD/tests/lsan.supp":print_suppressions=0
  sanitized numeric base image material dicom broken calibrate mesh formats study fem micro || failed=1
  cp build-sanitize/meson-logs/testlog.json build-sanitize/meson-logs/first.json
  # cairo and Pango keep what they allocate: no leak check where they draw.
  ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 sanitized report || failed=1
  logs="build/meson-logs/testlog.json build-sanitize/meson-logs/first.json build-sanitize/meson-logs/testlog.json"
  set -- $(count $logs)
  if grep -qh '# SKIP' build/meson-logs/testlog.txt; then
    say "Skipped, and why:"
    grep -h '# SKIP' build/meson-logs/testlog.txt | sort -u | sed 's/^ok [0-9]* /   /'
  fi
  [ -n "$shared_data" ] || say "Tests on public data did not run: set OSSATURE_SHARED_DATA to its folder to run them"
  [ "$failed" = 0 ] || [ "$2" != 0 ] || set -- "$1" 1 "$3"
  echo "$1 passed, $2 failed"
  [ "$failed" = 0 ]
}

case "${1:-}" in
  demo) demo ;;
  test) run_tests ;;
  build) install_packages $build_packages && build ;;
  *)
    sed -n '3,6s/^# //p' "$0"
    exit 2
    ;;
esac
