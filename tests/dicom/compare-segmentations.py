#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Segmentations and reports that the library reads: its own, altered ones as other programs write them, and a real one.

    compare-segmentations.py PROBE WRITER FIXTURE DATA

What has to be found is worked out from the files by pydicom and numpy alone.
"""
import copy
import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy
    import pydicom
    from pydicom.sequence import Sequence
    from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

problems = []


def expect(true, what):
    print("ok" if true else "wrong:", what)
    if not true:
        problems.append(what)


class Probe:
    def __init__(self, program, out):
        self.program, self.out = program, out

    def __call__(self, *words):
        """Voxels [k][j][i], and the lines that were printed; or None and the error."""
        run = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        if run.returncode != 0:
            return None, run.stderr
        lines = [line.split() for line in run.stdout.splitlines()]
        size = next(([int(word) for word in line[1:4]] for line in lines if line[0] == "grid"), None)
        voxels = numpy.fromfile(self.out, numpy.uint8).reshape(size[::-1]) if size else None
        return voxels, lines

    def levels(self, path, series, *more):
        return self(path, series, self.out, *more)


def bits(frames):
    packed = numpy.packbits(numpy.concatenate([frame.ravel() for frame in frames]), bitorder="little").tobytes()
    return packed + b"\0" * (len(packed) % 2)


def fractional(seg):
    """Each pixel of a segment 200 of 255, its left neighbour 90."""
    pixels = seg.pixel_array.astype(numpy.uint8)
    shares = numpy.where(pixels == 1, 200, numpy.where(numpy.roll(pixels, -1, axis=2) == 1, 90, 0)).astype(numpy.uint8)
    seg.SegmentationType, seg.SegmentationFractionalType, seg.MaximumFractionalValue = "FRACTIONAL", "OCCUPANCY", 255
    seg.BitsAllocated, seg.BitsStored, seg.HighBit = 8, 8, 7
    seg.PixelData = shares.tobytes() + b"\0" * (shares.size % 2)


def label_map(seg, words):
    """One frame for each plane; the numbers of the segments are its values."""
    pixels, planes = seg.pixel_array, {}
    for frame, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
        place = tuple(group.PlanePositionSequence[0].ImagePositionPatient)
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        plane, _ = planes.setdefault(place, (numpy.zeros((seg.Rows, seg.Columns), words), group))
        plane[(pixels[frame] == 1) & (plane == 0)] = number
    groups = []
    for _, group in planes.values():
        del group.SegmentIdentificationSequence
        groups.append(group)
    seg.PerFrameFunctionalGroupsSequence = Sequence(groups)
    seg.NumberOfFrames = len(groups)
    seg.SOPClassUID = seg.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    seg.SegmentationType = "LABELMAP"
    seg.BitsAllocated = seg.BitsStored = 8 * numpy.dtype(words).itemsize
    seg.HighBit = seg.BitsStored - 1
    data = numpy.stack([plane for plane, _ in planes.values()]).tobytes()
    seg.PixelData = data + b"\0" * (len(data) % 2)


def text_only(seg):
    """No code of a level: a bone, named by its label alone."""
    for segment, label in zip(seg.SegmentSequence, ("vertebrae_L1", "L2 vertebra")):
        code = segment.SegmentedPropertyTypeCodeSequence[0]
        code.CodeValue, code.CodeMeaning = "272673000", "Bone"
        segment.SegmentLabel = label


def backwards(seg):
    """Frames in the other order, all groups in each frame."""
    pixels = seg.pixel_array
    shared = seg.SharedFunctionalGroupsSequence[0]
    for group in seg.PerFrameFunctionalGroupsSequence:
        group.PixelMeasuresSequence = shared.PixelMeasuresSequence
        group.PlaneOrientationSequence = shared.PlaneOrientationSequence
    del shared.PixelMeasuresSequence, shared.PlaneOrientationSequence
    seg.PerFrameFunctionalGroupsSequence = Sequence(reversed(list(seg.PerFrameFunctionalGroupsSequence)))
    seg.PixelData = bits(pixels[::-1])


def mirrored(seg):
    """Rows from the other end, along the other direction: the same places."""
    pixels = seg.pixel_array
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    step = float(shared.PixelMeasuresSequence[0].PixelSpacing[1])
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [f"{v:.10f}" for v in (*-cosines[:3], *cosines[3:])]
    for group in seg.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        far = numpy.array(place.ImagePositionPatient, float) + (seg.Columns - 1) * step * cosines[:3]
        place.ImagePositionPatient = [f"{v:.9f}" for v in far]
    seg.PixelData = bits(pixels[:, :, ::-1])


def cropped(seg):
    """Frames of a part of the image."""
    pixels = seg.pixel_array[:, 3:28, 5:37]
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    down, along = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    for group in seg.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        corner = numpy.array(place.ImagePositionPatient, float) + 5 * along * cosines[:3] + 3 * down * cosines[3:]
        place.ImagePositionPatient = [f"{v:.9f}" for v in corner]
    seg.Rows, seg.Columns = pixels.shape[1:]
    seg.PixelData = bits(pixels)


def finer(seg):
    """Pixels of a third of the size: each voxel's centre lies in the middle of nine."""
    pixels = seg.pixel_array.repeat(3, axis=1).repeat(3, axis=2)
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    down, along = (float(v) / 3 for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    shared.PixelMeasuresSequence[0].PixelSpacing = [f"{down:.12f}", f"{along:.12f}"]
    for group in seg.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        corner = numpy.array(place.ImagePositionPatient, float) - along * cosines[:3] - down * cosines[3:]
        place.ImagePositionPatient = [f"{v:.9f}" for v in corner]
    seg.Rows, seg.Columns = pixels.shape[1:]
    seg.PixelData = bits(pixels)


def deflated(seg):
    seg.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian


def run_lengths(seg):
    fractional(seg)
    seg.compress(RLELossless)


def elsewhere(seg):
    for group in seg.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        place.ImagePositionPatient = [place.ImagePositionPatient[0], place.ImagePositionPatient[1], 900.0]


def unplaced(seg):
    del seg.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence


def short(seg):
    seg.PixelData = seg.PixelData[:100]


def no_bits(seg):
    seg.BitsAllocated = 4


def expected(seg, series):
    """Voxels [k][j][i] of the series: frames are matched to its slices by the images that they name."""
    slices = sorted((pydicom.dcmread(path) for path in series.rglob("*.dcm")),
                    key=lambda image: float(image.ImagePositionPatient[2]))
    order = {image.SOPInstanceUID: k for k, image in enumerate(slices)}
    voxels = numpy.zeros((len(slices), seg.Rows, seg.Columns), numpy.uint8)
    for frame, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
        source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        voxels[order[source]][seg.pixel_array[frame] == 1] = 19 + number
    return voxels


def check_variants(probe, folder):
    series, original = folder / "in", pydicom.dcmread(folder / "objects" / "seg.dcm")
    wanted = expected(original, series)
    expect(len(set(wanted.ravel())) == 3, "the segmentation holds two levels")
    found, lines = probe.levels(folder / "objects" / "seg.dcm", series)
    expect(found is not None and numpy.array_equal(found, wanted), "its own, bit for bit")
    expect(["segment", "1", "20", "L1"] in lines and ["segment", "2", "21", "L2"] in lines, "levels by code")
    for name, alter in (("fractional", fractional), ("label map", lambda seg: label_map(seg, numpy.uint8)),
                        ("label map of 16 bits", lambda seg: label_map(seg, numpy.uint16)), ("by label", text_only),
                        ("backwards", backwards), ("mirrored", mirrored), ("cropped", cropped), ("finer", finer),
                        ("deflated", deflated), ("compressed", run_lengths)):
        seg = copy.deepcopy(original)
        alter(seg)
        path = folder / "altered.dcm"
        seg.save_as(path)
        found, lines = probe.levels(path, series)
        expect(found is not None and numpy.array_equal(found, wanted), f"{name}: {lines if found is None else ''}")
    if shutil.which("gdcmconv"):
        seg = copy.deepcopy(original)
        fractional(seg)
        seg.save_as(folder / "plain.dcm")
        subprocess.run(["gdcmconv", "--j2k", folder / "plain.dcm", folder / "altered.dcm"], check=True, capture_output=True)
        found, lines = probe.levels(folder / "altered.dcm", series)
        expect(found is not None and numpy.array_equal(found, wanted), f"JPEG 2000: {lines if found is None else ''}")
    seg = copy.deepcopy(original)
    fractional(seg)
    seg.save_as(folder / "altered.dcm")
    found, _ = probe.levels(folder / "altered.dcm", series, 0.3)
    wider = (wanted != 0) | (numpy.roll(wanted, -1, axis=2) != 0)
    expect(numpy.array_equal(found != 0, wider), "a lower threshold takes the pixels beside, too")
    found, _ = probe("--number", folder / "objects" / "seg.dcm", series, probe.out)
    expect(numpy.array_equal(found, numpy.where(wanted == 0, 0, wanted - 19)), "by segment number")
    found, lines = probe("--own", folder / "objects" / "seg.dcm", probe.out)
    planes = numpy.flatnonzero(wanted.any(axis=(1, 2)))
    expect(numpy.array_equal(found, wanted[planes[0]:planes[-1] + 1]), "on its own grid")
    for name, alter, words in (("elsewhere", elsewhere, "lies in the image"), ("unplaced", unplaced, "where it lies"),
                               ("short", short, "break off"), ("of four bits", no_bits, "unknown form")):
        seg = copy.deepcopy(original)
        alter(seg)
        seg.save_as(folder / "altered.dcm")
        found, error = probe.levels(folder / "altered.dcm", series)
        expect(found is None and words in error, f"{name} is refused: {error}")
    found, error = probe.levels(folder / "objects" / "sr.dcm", series)
    expect(found is None and "no DICOM Segmentation" in error, "a report is no segmentation")


def check_report(probe, folder):
    _, lines = probe("--report", folder / "objects" / "sr.dcm")
    sr = pydicom.dcmread(folder / "objects" / "sr.dcm")
    expect(lines[0][1] == sr.StudyInstanceUID and lines[0][3:6] == ["20260314", "101112", "Ossature"], "report's head")
    wanted = []
    for b in range(2):
        wanted += [["group", str(20 + b), str(b + 1), "B40f", "phantom", "K2HPO4", 0.7123456789, -4.25],
                   ["number", "0", "phantom", 101.125 + b], ["number", "1", "phantom", 31.5], ["number", "3", "-", 147.75],
                   ["number", "4", "-", 43210.5], ["number", "6", "-", 12345.678901234567 + b],
                   ["number", "7", "apparent-0.68", 2345.5], ["number", "7", "pistoia", 3456.5], ["number", "8", "-", 0.75]]
    found = [[*line[:6], float(line[6]), float(line[7])] if line[0] == "group" else [*line[:3], float(line[3])]
             for line in lines[1:]]
    expect(found == wanted, f"report's numbers, to the last digit {found if found != wanted else ''}")
    _, error = probe("--report", folder / "objects" / "seg.dcm")
    expect("no DICOM measurement report" in error, "a segmentation is no report")


def check_real(probe, data):
    """The liver of a real object, against the NRRD file that it was made from (liver 1)."""
    text, packed = (data / "liver_spine_seg.nrrd").read_bytes().split(b"\n\n", 1)
    expect(b"encoding: gzip" in text and b"sizes: 512 512 3" in text, "NRRD header")
    mask = numpy.frombuffer(gzip.decompress(packed), "<i2").reshape(3, 512, 512)
    found, lines = probe("--number", data / "liver.dcm", data / "ct-3slice", probe.out)
    expect(found is not None, f"liver.dcm is read {lines if found is None else ''}")
    values = [value for value in numpy.unique(mask) if value != 0 and numpy.array_equal(found == 1, mask == value)]
    expect(len(values) == 1 and found.any(), f"{int((found == 1).sum())} voxels of liver, equal to the NRRD's")
    found, error = probe.levels(data / "liver.dcm", data / "ct-3slice")
    expect(found is None and "lies in the image" in error, "a liver is no vertebra")


def main():
    program, writer, fixture, data = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "in").mkdir()
        subprocess.run([fixture, folder / "in"], check=True)
        subprocess.run([writer, folder / "in", folder / "objects"], check=True, capture_output=True)
        probe = Probe(program, folder / "voxels")
        check_variants(probe, folder)
        check_report(probe, folder)
        real = pathlib.Path(data) / "dicom_seg_liver_spine"
        if data and real.is_dir():
            check_real(probe, real)
        else:
            print("the public data set dicom_seg_liver_spine is not there (meson option shared_data)")
    return 1 if problems else 0


sys.exit(main())
