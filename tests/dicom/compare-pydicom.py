#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HU and places of voxels, read by pydicom and by the library, must agree.

    compare-pydicom.py PROBE WRITER DATA

PROBE is series-probe, WRITER writes a series into a folder, DATA the folder of public data or "".
pydicom reads each file on its own; the place of pixel (column, row) is by DICOM PS3.3,
C.7.6.2.1.1.  Nothing of the library's geometry or sorting is used.
"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import pydicom
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)


def read_slices(folder):
    slices = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".md":
            slices.append(pydicom.dcmread(path))
    return slices


def compare(probe, folder):
    lines = subprocess.run([probe, "--values", folder], check=True, capture_output=True, text=True).stdout.splitlines()
    slices = read_slices(pathlib.Path(folder))
    worst_place = 0.0
    wrong = 0
    for line in lines:
        column, row, _, x, y, z, hu = (float(word) for word in line.split())
        column, row = int(column), int(row)
        best = None
        for image in slices:
            corner = numpy.array(image.ImagePositionPatient, float)
            cosines = numpy.array(image.ImageOrientationPatient, float)
            place = (corner + cosines[:3] * float(image.PixelSpacing[1]) * column
                     + cosines[3:] * float(image.PixelSpacing[0]) * row)
            distance = numpy.linalg.norm(place - (x, y, z))
            if best is None or distance < best[0]:
                best = (distance, image)
        distance, image = best
        expected = float(image.pixel_array[row, column]) * float(image.RescaleSlope) + float(image.RescaleIntercept)
        worst_place = max(worst_place, distance)
        wrong += expected != hu
    print(f"{folder}: {len(lines)} voxels, {wrong} HU differ, places within {worst_place:.2g} mm")
    # Places are printed with five digits; 0.01 mm is the rounding of positions in files.
    return len(lines) == 1000 and wrong == 0 and worst_place < 0.01


def main():
    probe, writer, data = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([writer, folder], check=True)
        ok = compare(probe, folder)
    real = pathlib.Path(data) / "dicom_lidc_thoracic_T12_T11" / "series"
    if data and real.is_dir():
        ok = compare(probe, str(real)) and ok
    else:
        print("the public data set dicom_lidc_thoracic_T12_T11 is not there (meson option shared_data)")
    return 0 if ok else 1


sys.exit(main())
