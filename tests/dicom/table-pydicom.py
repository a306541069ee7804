#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every public folder of DICOM files: the verdict, and geometry and HU against pydicom, as a table.

    table-pydicom.py PROBE DATA

PROBE is series-probe, DATA the folder of public data or "".  pydicom reads each file on its own;
the grid is worked out here from positions and cosines (DICOM PS3.3, C.7.6.2.1.1).  Where pydicom
has no decoder, GDCM decompresses the file first (gdcmconv --raw): a third program.
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

import probe as ours

# What must come out: series by series (by number), the verdict and the codes of the reasons.
# Each was read from the headers by hand; the folders' own descriptions say the same.
EXPECTED = {
    "dicom_density_phantom_qrm": ["notes derived"],
    "dicom_enhanced_multiframe": [
        "refused not-hu too-few-slices thick-slices unknown-kernel unknown-kvp contrast derived"],
    "dicom_lidc_thoracic_T12_T11": ["notes sharp-kernel"],
    "dicom_malformed": ["refused not-ct"] * 5 + ["refused secondary-capture", "refused single-slice"],
    "dicom_reformats_toshiba": ["refused single-slice", "refused single-slice contrast"]
        + ["refused single-slice contrast reformat"] * 4,
    "dicom_seg_liver_spine": ["refused not-ct", "notes overlap"],
    "dicom_siemens_mct_j2k": ["notes overlap iterative contrast no-sop-class no-series-uid"],
    "dicom_tilt_philips": ["refused localizer", "refused tilt", "refused dose-report"],
    "dicom_transfer_syntaxes": None,  # sixteen forms of one slice: each file on its own, below
}

# Largest difference to the uncompressed slice, HU; None: refused as a form that holds no HU, or is
# not decoded.  Lossless forms: none.  JPEG 2000 and JPEG-LS as GDCM measured them when the data were
# chosen; the three forms of 12-bit JPEG hold one picture in three orders, 35.6 HU off at most.
SYNTAXES = {
    "1.2.840.10008.1.2": 0, "1.2.840.10008.1.2.1": 0, "1.2.840.10008.1.2.2": 0, "1.2.840.10008.1.2.1.99": 0,
    "1.2.840.10008.1.2.5": 0, "1.2.840.10008.1.2.4.57": 0, "1.2.840.10008.1.2.4.70": 0,
    "1.2.840.10008.1.2.4.80": 0, "1.2.840.10008.1.2.4.90": 0,
    "1.2.840.10008.1.2.4.91": 5, "1.2.840.10008.1.2.4.81": 1,
    "1.2.840.10008.1.2.4.51": 36, "1.2.840.10008.1.2.4.53": 36, "1.2.840.10008.1.2.4.55": 36,
    "1.2.840.10008.1.2.4.50": None,
}
rows = []
bad = []


def check(fine, words):
    if not fine:
        bad.append(words)


def pydicom_hu(path, frame):
    image = pydicom.dcmread(path, force=True)
    try:
        stored = image.pixel_array
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        with tempfile.TemporaryDirectory() as folder:
            whole, raw = pathlib.Path(folder) / "whole.dcm", pathlib.Path(folder) / "raw.dcm"
            # GDCM asks for a SOP class, which one series has lost.
            image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
            image.save_as(whole)
            subprocess.run(["gdcmconv", "--raw", whole, raw], check=True, capture_output=True)
            stored = pydicom.dcmread(raw).pixel_array
    if stored.ndim == 3:
        stored = stored[frame]
    groups = image
    if "SharedFunctionalGroupsSequence" in image:
        groups = image.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0]
    return stored.astype(float) * float(groups.RescaleSlope) + float(groups.RescaleIntercept)


def pydicom_grid(paths):
    """Size, spacing, origin and direction (columns: row, column, normal) of a stack of single slices."""
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    cosines = numpy.array(images[0].ImageOrientationPatient, float)
    row, column = cosines[:3] / numpy.linalg.norm(cosines[:3]), cosines[3:] / numpy.linalg.norm(cosines[3:])
    normal = numpy.cross(row, column)
    places = sorted((numpy.dot(normal, numpy.array(image.ImagePositionPatient, float)),
                     tuple(float(x) for x in image.ImagePositionPatient)) for image in images)
    between, across = (float(x) for x in images[0].PixelSpacing)
    step = (places[-1][0] - places[0][0]) / max(len(places) - 1, 1)
    return {"size": [images[0].Columns, images[0].Rows, len(images)],
            "spacing": numpy.array([across, between, step]), "origin": numpy.array(places[0][1]),
            "direction": numpy.array([row, column, normal]).T}


def compare_grids(name, grid, other):
    """The three largest differences, in words; fails beyond what six-digit decimals can hide."""
    check(grid["size"] == other["size"], f"{name}: size {grid['size']} is {other['size']} in pydicom")
    worst = [float(abs(grid[key] - other[key]).max()) for key in ("spacing", "origin", "direction")]
    check(worst[0] < 1e-5 and worst[1] < 1e-5 and worst[2] < 1e-6, f"{name}: grids differ by {worst}")
    return f"{worst[0]:.0e} / {worst[1]:.0e} / {worst[2]:.0e}"


def compare_values(name, series):
    """Largest difference in HU over every pixel of every slice that holds CT values."""
    worst, n = 0.0, 0
    for path, frame, hu in series.slices:
        if hu is None:
            continue
        other = pydicom_hu(path, frame)
        # What the file itself marks as outside the picture reads -1024 with us.
        inside = hu != -1024.0
        worst = max(worst, float(abs(hu - other)[inside].max()) if inside.any() else 0.0)
        n += 1
    check(worst < 1e-3, f"{name}: HU differ by {worst}")
    return f"{worst:g} ({n} slices)"


def describe(grid):
    size, spacing, origin = grid["size"], grid["spacing"], grid["origin"]
    normal = ", ".join(f"{x:.3f}" for x in grid["direction"][:, 2])
    return (f"{size[0]} × {size[1]} × {size[2]}, {spacing[0]:.4g} × {spacing[1]:.4g} × {spacing[2]:.4g} mm, "
            f"origin {origin[0]:.1f}, {origin[1]:.1f}, {origin[2]:.1f}, normal {normal}")


def add_series(name, series):
    codes = " ".join(code for _, code, _ in series.reasons)
    is_ct = not any(code in ("not-ct", "dose-report", "secondary-capture") for _, code, _ in series.reasons)
    geometry = differences = "–"
    if series.grid is not None:
        geometry = describe(series.grid)
        differences = compare_grids(name, series.grid, pydicom_grid([path for path, _, _ in series.slices]))
    values = compare_values(name, series) if is_ct else "–"
    rows.append((name, str(series.number), series.verdict, codes, geometry, differences, values))
    return f"{series.verdict} {codes}".strip()


def add_folder(probe, folder):
    name = folder.name
    found = [add_series(name, series) for series in ours.run(probe, folder, "--slices")]
    check(sorted(found) == sorted(EXPECTED[name]), f"{name}: {found} is not {EXPECTED[name]}")


def add_tilt(probe, folder):
    """Straightened, slice 0 is the file's own, and every slice lies in the plane of its file."""
    name = folder.name + " --resample-tilt"
    series = next(s for s in ours.run(probe, folder, "--tilt") if s.grid is not None)
    grid, hu = ours.volume(probe, folder)
    raw = pydicom_grid([path for path, _, _ in ours.run(probe, folder / "S3010_tilt", "--slices")[0].slices])
    images = sorted((pydicom.dcmread(path) for path in (folder / "S3010_tilt").iterdir()),
                    key=lambda image: numpy.dot(raw["direction"][:, 2], image.ImagePositionPatient))
    shift = (numpy.array(images[0].ImagePositionPatient, float) - grid["origin"]) @ grid["direction"] / grid["spacing"]
    check(abs(shift - shift.round()).max() < 1e-4, f"{name}: slice 0 is not on its own lattice: {shift}")
    i, j = int(round(shift[0])), int(round(shift[1]))
    first = images[0].pixel_array * float(images[0].RescaleSlope) + float(images[0].RescaleIntercept)
    worst = float(abs(hu[0, j:j + 512, i:i + 512] - first).max())
    check(worst < 1e-3, f"{name}: slice 0 differs by {worst} HU")
    # The other slices by Keys' cubic convolution (1981, a = -1/2) along the columns, worked out here once more.
    cubic = 0.0
    for k, image in enumerate(images):
        values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        off = (numpy.array(image.ImagePositionPatient, float) - grid["origin"]) @ grid["direction"] / grid["spacing"]
        check(abs(off[2] - k) < 1e-3 and abs(off[0] - i) < 1e-3, f"{name}: slice {k} is at {off}")
        out = numpy.arange(int(off[1]) + 4, int(off[1]) + 500)
        at = numpy.floor(out - off[1]).astype(int)
        f = (out - off[1] - at)[:, None]
        expected = 0.5 * (2 * values[at] + f * (values[at + 1] - values[at - 1])
                          + f ** 2 * (2 * values[at - 1] - 5 * values[at] + 4 * values[at + 1] - values[at + 2])
                          + f ** 3 * (3 * (values[at] - values[at + 1]) + values[at + 2] - values[at - 1]))
        cubic = max(cubic, float(abs(hu[k, out, i:i + 512] - numpy.maximum(expected, -1024.0)).max()))
    check(cubic < 0.05, f"{name}: interpolated values differ by {cubic} HU")
    rows.append((name, str(series.number), series.verdict, " ".join(code for _, code, _ in series.reasons),
                 describe(grid), f"slice 0 on its lattice to {abs(shift - shift.round()).max():.0e}",
                 f"{worst:g} (slice 0), {cubic:.1g} (12 slices)"))


def add_syntaxes(probe, folder):
    plain = pydicom_hu(folder / "CTImage.dcm", 0)
    for path in sorted(folder.glob("CTImage.dcm*")):
        syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
        series = ours.run(probe, path, "--slices")[0]
        hu = series.slices[0][2]
        bound = SYNTAXES[syntax]
        codes = [code for _, code, _ in series.reasons]
        off = abs(hu - plain) if hu is not None else None
        words = f"max {off.max():g}, mean {off.mean():.2g}" if off is not None else "not decoded"
        name = f"dicom_transfer_syntaxes {syntax}"
        if bound is None:
            check(codes[0] in ("lossy", "transfer-syntax"), f"{name}: {codes}")
        else:
            check(off is not None and off.max() <= bound and ("lossy" in codes) == (bound > 0), f"{name}: {words}")
        rows.append((name, str(series.number), series.verdict, " ".join(codes), "–", "–",
                     f"{words} (to the uncompressed slice)"))


def main():
    probe, data = sys.argv[1], sys.argv[2]
    if not data or not pathlib.Path(data, "dicom_tilt_philips").is_dir():
        print("SKIP: the public data is not there (meson option shared_data)")
        sys.exit(77)
    for name, expected in EXPECTED.items():
        if expected is not None:
            add_folder(probe, pathlib.Path(data, name))
    add_tilt(probe, pathlib.Path(data, "dicom_tilt_philips"))
    add_syntaxes(probe, pathlib.Path(data, "dicom_transfer_syntaxes"))
    print("| folder | series | verdict | reasons | geometry | against pydicom: spacing mm / origin mm / cosines | HU |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    for words in bad:
        print("WRONG:", words)
    return 1 if bad else 0


sys.exit(main())
