#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that the library writes, checked by dciodvfy and read by pydicom.

    compare-objects.py WRITER FIXTURE DATA

WRITER is write-objects, FIXTURE writes a small series into a folder, DATA the folder of public data or "".
What has to be found is told by formulas in the patient's coordinates; places of pixels are computed here, by DICOM
PS3.3, C.7.6.2.1.1.  Nothing of the library's geometry is used.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy
    import pydicom
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

CT = "1.2.840.10008.5.1.4.1.1.2"
LEVELS = {20: ("66794005", "L1"), 21: ("14293000", "L2")}
problems = []


def expect(true, what):
    if not true:
        problems.append(what)
        print("wrong:", what)


def conforms(path):
    run = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
    lines = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")]
    warnings = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Warning")]
    print(f"{path.name}: dciodvfy {len(lines)} errors, {len(warnings)} warnings, {path.stat().st_size} bytes")
    for line in sorted(set(warnings)):
        print("   ", warnings.count(line), "x", line)
    expect(not lines and run.returncode == 0, f"{path.name}: dciodvfy {lines}")


def places(image, frame):
    """Patient coordinates of all pixels of a frame: [rows][columns][3]."""
    shared = image.SharedFunctionalGroupsSequence[0]
    own = image.PerFrameFunctionalGroupsSequence[frame]
    corner = numpy.array(own.PlanePositionSequence[0].ImagePositionPatient, float)
    cosines = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    row_step, column_step = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    columns = numpy.arange(image.Columns)[None, :, None] * column_step * cosines[:3]
    rows = numpy.arange(image.Rows)[:, None, None] * row_step * cosines[3:]
    return corner + columns + rows


def code(item):
    return item.CodeValue, item.CodingSchemeDesignator


def check_source(image, frame, sources, what):
    """The image that a frame names lies in the frame's plane."""
    own = image.PerFrameFunctionalGroupsSequence[frame]
    derived = own.DerivationImageSequence[0]
    source = derived.SourceImageSequence[0]
    expect(code(source.PurposeOfReferenceCodeSequence[0]) == ("121322", "DCM"), what + ": purpose")
    expect(source.ReferencedSOPInstanceUID in sources, what + ": unknown source")
    ct = sources[source.ReferencedSOPInstanceUID]
    cosines = numpy.array(ct.ImageOrientationPatient, float)
    normal = numpy.cross(cosines[:3], cosines[3:])
    off = numpy.array(own.PlanePositionSequence[0].ImagePositionPatient, float) - numpy.array(ct.ImagePositionPatient, float)
    expect(abs(normal @ off) < 0.02, f"{what}: frame {frame} is {normal @ off} mm off its image")


def check_segmentation(image, balls, counts, sources):
    pixels = image.pixel_array
    expect(image.SegmentationType == "BINARY" and image.BitsAllocated == 1, "seg: binary")
    for number, (level, count) in enumerate(zip(balls, counts), 1):
        segment = image.SegmentSequence[number - 1]
        expect(code(segment.SegmentedPropertyTypeCodeSequence[0]) == (LEVELS[level][0], "SCT"), "seg: level's code")
        expect(segment.SegmentLabel == LEVELS[level][1], "seg: label")
        centre, radius = balls[level]
        found, wrong = 0, 0
        for frame, own in enumerate(image.PerFrameFunctionalGroupsSequence):
            if own.SegmentIdentificationSequence[0].ReferencedSegmentNumber != number:
                continue
            distance = numpy.linalg.norm(places(image, frame) - centre, axis=2)
            inside = pixels[frame] == 1
            # The other ball wins where both are; a micrometre of rounding at the rim.
            other_centre, other_radius = balls[41 - level]
            other = numpy.linalg.norm(places(image, frame) - other_centre, axis=2) <= other_radius
            wrong += int(numpy.sum((inside != (distance <= radius)) & (abs(distance - radius) > 1e-3) & ~other))
            found += int(inside.sum())
            check_source(image, frame, sources, "seg")
        print(f"segment {number}: {found} of {count} voxels, {wrong} in the wrong place")
        expect(found == count and wrong == 0, f"seg: segment {number}")


def check_map(image, field, quantity, unit, sources, what):
    frames, worst, filled = int(image.NumberOfFrames), 0.0, 0
    pixels = numpy.frombuffer(image[0x7FE00008].value, "<f4").reshape(frames, image.Rows, image.Columns)
    for frame in range(frames):
        check_source(image, frame, sources, what)
        wanted = field(places(image, frame))
        worst = max(worst, float(numpy.max(numpy.where(pixels[frame] == 0, 0, abs(pixels[frame] - wanted)))))
        filled += int(numpy.sum(pixels[frame] != 0))
    mapping = image.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    expect(mapping.RealWorldValueSlope == 1.0 and mapping.RealWorldValueIntercept == 0.0, what + ": mapping")
    expect(code(mapping.MeasurementUnitsCodeSequence[0]) == (unit, "UCUM"), what + ": unit")
    expect(code(mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]) == quantity, what + ": quantity")
    print(f"{what}: {frames} frames, {filled} values, within {worst:.2g}")
    # 32-bit floats of some hundreds, positions of 16 characters.
    expect(worst < 1e-3 and filled > 100, what + ": values")


def content(item, name):
    return [child for child in item.get("ContentSequence", [])
            if "ConceptNameCodeSequence" in child and child.ConceptNameCodeSequence[0].CodeValue == name]


def check_report(image, seg, sources):
    expect(image.ContentTemplateSequence[0].TemplateIdentifier == "1500", "sr: template")
    measurements = content(image, "126010")[0]
    groups = content(measurements, "125007")
    expect(len(groups) == 2, "sr: groups")
    named = {entry.ReferencedSOPInstanceUID for study in image.CurrentRequestedProcedureEvidenceSequence
             for series in study.ReferencedSeriesSequence for entry in series.ReferencedSOPSequence}
    expect(named == set(sources) | {seg.SOPInstanceUID}, "sr: evidence")
    for number, group in enumerate(groups, 1):
        level = 19 + number
        segment = content(group, "121191")[0].ReferencedSOPSequence[0]
        expect(segment.ReferencedSOPInstanceUID == seg.SOPInstanceUID, "sr: segmentation")
        expect(segment.ReferencedSegmentNumber == number, "sr: segment")
        expect(code(content(group, "363698007")[0].ConceptCodeSequence[0]) == (LEVELS[level][0], "SCT"), "sr: site")
        expect(content(group, "112040")[0].UID == seg.SegmentSequence[number - 1].TrackingUID, "sr: tracking")
        values = {}
        for item in group.ContentSequence:
            if item.ValueType == "NUM" and item.RelationshipType == "CONTAINS":
                value = item.MeasuredValueSequence[0]
                method = [code(m.ConceptCodeSequence[0])[0] for m in content(item, "370129005")]
                derived = [code(m.ConceptCodeSequence[0])[0] for m in content(item, "121401")]
                expect(content(item, "111001")[0].TextValue == "Ossature", "sr: algorithm")
                expect(content(item, "111003")[0].TextValue != "", "sr: version")
                expect(abs(float(value.NumericValue) - value.FloatingPointValue) <= 1e-9 * abs(value.FloatingPointValue),
                       "sr: decimal string")
                values[(item.ConceptNameCodeSequence[0].CodeValue, *method, *derived)] = (
                    value.FloatingPointValue, value.MeasurementUnitsCodeSequence[0].CodeValue)
        wanted = {("vbmd", "phantom", "373098007"): (100.125 + number, "mg/cm3"),
                  ("vbmd", "phantom", "386136009"): (31.5, "mg/cm3"),
                  ("112031", "373098007"): (147.75, "[hnsf'U]"),
                  ("118565006",): (43210.5, "mm3"),
                  ("stiffness",): (12344.678901234567 + number, "N/mm"),
                  ("strength", "apparent-0.68"): (2345.5, "N"),
                  ("strength", "pistoia"): (3456.5, "N"),
                  ("load-to-strength",): (0.75, "1")}
        expect({key: unit for key, (_, unit) in values.items()} == {key: unit for key, (_, unit) in wanted.items()},
               f"sr: numbers {values}")
        for key, (value, _) in wanted.items():
            expect(key in values and abs(values[key][0] - value) < 1e-9, f"sr: {key}")
        expect(content(group, "kernel")[0].TextValue == "B40f", "sr: kernel")
        expect(content(group, "calibration")[0].TextValue == "phantom", "sr: calibration")
        expect(content(group, "cal-slope")[0].MeasuredValueSequence[0].FloatingPointValue == 0.7123456789, "sr: slope")


def check_flat(pdf, capture):
    document = pdf.EncapsulatedDocument[:pdf.EncapsulatedDocumentLength]
    expect(document.startswith(b"%PDF-1.4") and document.endswith(b"%%EOF\n"), "pdf: document")
    expect(pdf.MIMETypeOfEncapsulatedDocument == "application/pdf", "pdf: type")
    pixels = capture.pixel_array.reshape(-1, 3)
    numbers = numpy.arange(37 * 23)
    wanted = numpy.stack([numbers * 7 % 256, numbers * 11 % 256, numbers * 13 % 256], axis=1)
    expect(capture.pixel_array.shape == (23, 37, 3) and numpy.array_equal(pixels, wanted), "sc: pixels")
    expect(capture.ConversionType == "WSD" and capture.BurnedInAnnotation == "NO", "sc: conversion, annotation")


def check_shared(images, ct):
    """All objects lie in the CT's study, are told apart, and name the program."""
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
                 "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        for key, image in images.items():
            wanted = str(ct[name].value) if name in ct and ct[name].value else ""
            expect(str(image[name].value or "") == wanted, f"{key}: {name}")
    for key in ("seg", "density", "stress"):
        expect(images[key].FrameOfReferenceUID == ct.FrameOfReferenceUID, key + ": frame of reference")
    for key, image in images.items():
        expect(image.Manufacturer == "Ossature" and image.SoftwareVersions != "", key + ": program")
        expect(image.ContentDate == "20260314" and image.ContentTime == "101112", key + ": content date")
        expect(image.SOPInstanceUID.startswith("2.25."), key + ": UID")
    for key in ("density", "stress", "sr"):
        scheme = images[key].CodingSchemeIdentificationSequence[0]
        expect(scheme.CodingSchemeDesignator == "99OSSATURE" and scheme.CodingSchemeUID.startswith("2.25."),
               key + ": private scheme")
    for name in ("SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber"):
        expect(len({image[name].value for image in images.values()}) == len(images), "fresh " + name)


def check(writer, folder, out):
    lines = subprocess.run([writer, folder, out], check=True, capture_output=True, text=True).stdout.splitlines()
    balls = {int(w[1]): (numpy.array(w[2:5], float), float(w[5])) for w in map(str.split, lines[:2])}
    words = lines[2].split()
    sources = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".md":
            ct = pydicom.dcmread(path, stop_before_pixels=True)
            if ct.SeriesInstanceUID == words[1]:
                sources[ct.SOPInstanceUID] = ct
    expect(len(sources) == int(words[3]), "sources")
    images = {}
    for name in ("seg", "density", "stress", "sr", "pdf", "sc"):
        conforms(out / f"{name}.dcm")
        images[name] = pydicom.dcmread(out / f"{name}.dcm")
    check_shared(images, next(iter(sources.values())))
    check_segmentation(images["seg"], balls, (int(words[5]), int(words[6])), sources)
    check_map(images["density"], lambda p: p @ numpy.array((3.0, -2.0, 0.5)), ("bmd", "99OSSATURE"), "mg/cm3", sources,
              "density")
    check_map(images["stress"], lambda p: 1.0 + 0.01 * abs(p[..., 0]), ("von-mises", "99OSSATURE"), "MPa", sources,
              "stress")
    check_report(images["sr"], images["seg"], sources)
    check_flat(images["pdf"], images["sc"])


def item(**values):
    data = Dataset()
    for key, value in values.items():
        setattr(data, key, value)
    return data


def make_enhanced(folder, path):
    """The series in @folder as one multi-frame image, last slice first; the places of its frames."""
    slices = sorted((pydicom.dcmread(file) for file in folder.rglob("*.dcm")), key=lambda s: -s.SliceLocation)
    image = slices[0]
    groups = [item(FrameContentSequence=Sequence([item(StackID="1", InStackPositionNumber=len(slices) - at)]),
                   PlanePositionSequence=Sequence([item(ImagePositionPatient=one.ImagePositionPatient)]))
              for at, one in enumerate(slices)]
    image.SharedFunctionalGroupsSequence = Sequence([item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=image.PixelSpacing, SliceThickness=image.SliceThickness)]),
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=image.ImageOrientationPatient)]),
        PixelValueTransformationSequence=Sequence(
            [item(RescaleIntercept=image.RescaleIntercept, RescaleSlope=image.RescaleSlope, RescaleType="HU")]),
        CTImageFrameTypeSequence=Sequence([item(FrameType=["ORIGINAL", "PRIMARY", "AXIAL", "NONE"])]))])
    places = [numpy.array(one.ImagePositionPatient, float) for one in slices]
    cosines = numpy.array(image.ImageOrientationPatient, float)
    image.PixelData = b"".join(one.PixelData for one in slices)
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SliceLocation",
                 "RescaleIntercept", "RescaleSlope", "RescaleType"):
        del image[name]
    image.PerFrameFunctionalGroupsSequence, image.NumberOfFrames = Sequence(groups), len(slices)
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    image.save_as(path)
    return image.SOPInstanceUID, places, numpy.cross(cosines[:3], cosines[3:])


def check_multiframe(writer, folder, root):
    """Frames of the objects name the frame of the image that lies in their plane."""
    (root / "enhanced").mkdir()
    uid, places, normal = make_enhanced(folder, root / "enhanced" / "ct.dcm")
    subprocess.run([writer, root / "enhanced", root / "of-frames"], check=True, capture_output=True)
    for name in ("seg", "density", "stress", "sr", "pdf", "sc"):
        conforms(root / "of-frames" / f"{name}.dcm")
    for name in ("seg", "density"):
        image = pydicom.dcmread(root / "of-frames" / f"{name}.dcm")
        for own in image.PerFrameFunctionalGroupsSequence:
            source = own.DerivationImageSequence[0].SourceImageSequence[0]
            off = places[source.ReferencedFrameNumber - 1] - numpy.array(own.PlanePositionSequence[0].ImagePositionPatient, float)
            expect(source.ReferencedSOPInstanceUID == uid and abs(normal @ off) < 0.02, f"{name}: frame of the image")
    named = pydicom.dcmread(root / "of-frames" / "seg.dcm").ReferencedSeriesSequence[0].ReferencedInstanceSequence
    expect([entry.ReferencedSOPInstanceUID for entry in named] == [uid], "seg: the one image, once")


def main():
    writer, fixture, data = sys.argv[1:4]
    if shutil.which("dciodvfy") is None:
        print("SKIP: dciodvfy (dicom3tools) is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "in").mkdir()
        subprocess.run([fixture, root / "in"], check=True)
        check(writer, root / "in", root / "out")
        check_multiframe(writer, root / "in", root)
        real = pathlib.Path(data) / "dicom_lidc_thoracic_T12_T11" / "series"
        if data and real.is_dir():
            check(writer, real, root / "real")
        else:
            print("the public data set dicom_lidc_thoracic_T12_T11 is not there (meson option shared_data)")
    return 1 if problems else 0


sys.exit(main())
