#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that pydicom writes, read by the library: what the public data has no example of.

    made-pydicom.py PROBE

Multi-frame CT with several stacks and times in every transfer syntax, character sets, numbers as
people have written them, and the index of a disc.  The values are made here, so they are known;
pydicom and GDCM (gdcmconv) write the files.
"""
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

try:
    import numpy
    import pydicom
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.fileset import FileSet
    from pydicom.sequence import Sequence
    from pydicom.uid import generate_uid
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

import probe as ours

warnings.simplefilter("ignore")
ROWS, COLUMNS = 20, 24
SYNTAXES = {"implicit": "1.2.840.10008.1.2", "explicit": "1.2.840.10008.1.2.1", "big": "1.2.840.10008.1.2.2",
            "deflated": "1.2.840.10008.1.2.1.99"}
bad = []


def check(fine, words):
    if not fine:
        bad.append(words)
        print("WRONG:", words)


def new_image(path, sop_class, syntax):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    image.is_little_endian = syntax != SYNTAXES["big"]
    image.is_implicit_VR = syntax == SYNTAXES["implicit"]
    image.SOPClassUID, image.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    image.PatientName, image.PatientID, image.PatientBirthDate, image.PatientSex = "A^B", "1", "", "O"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.5"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20260314", "101112", "1", ""
    image.Modality, image.SeriesNumber, image.InstanceNumber, image.Manufacturer = "CT", 7, 1, "SIEMENS"
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = ROWS, COLUMNS
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    return image


def item(**values):
    data = Dataset()
    for key, value in values.items():
        setattr(data, key, value)
    return data


def stored_of(frames):
    """Values that no other frame, row or column repeats."""
    f, j, i = numpy.meshgrid(numpy.arange(frames), numpy.arange(ROWS), numpy.arange(COLUMNS), indexing="ij")
    return ((i * 37 + j * 101 + f * 263) % 4096).astype(numpy.uint16)


def volumes_of_file():
    """(stack, time, slices along z, intercept): what the multi-frame file holds."""
    return [("A", 1, 6, -1024), ("A", 2, 6, -1024), ("B", 1, 4, -1000)]


def enhanced(path, syntax):
    """The frames of three volumes, mixed; and what must come out: part -> HU [k][j][i]."""
    image = new_image(path, "1.2.840.10008.5.1.4.1.1.2.1", syntax)
    frames = [(stack, time, k, intercept) for stack, time, n, intercept in volumes_of_file() for k in range(n)]
    order = [(5 * at + 3) % len(frames) for at in range(len(frames))]  # 16 and 5 share no factor
    image.NumberOfFrames = len(frames)
    image.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    image.SharedFunctionalGroupsSequence = Sequence([item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.7, 0.5], SliceThickness=1.25)]),
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]),
        CTReconstructionSequence=Sequence([item(ConvolutionKernel="B40f", ReconstructionAlgorithm="FILTER_BACK_PROJ")]),
        CTXRayDetailsSequence=Sequence([item(KVP=120)]),
        CTImageFrameTypeSequence=Sequence([item(FrameType=["ORIGINAL", "PRIMARY", "AXIAL", "NONE"])]))])
    stored, groups, expected = stored_of(len(frames)), [], {}
    for at, which in enumerate(order):
        stack, time, k, intercept = frames[which]
        groups.append(item(
            FrameContentSequence=Sequence([item(StackID=stack, TemporalPositionIndex=time, InStackPositionNumber=k + 1)]),
            PlanePositionSequence=Sequence([item(ImagePositionPatient=[-10, 20 if stack == "A" else 30, -30 + 1.25 * k])]),
            PixelValueTransformationSequence=Sequence(
                [item(RescaleIntercept=intercept + 10 * k, RescaleSlope=1, RescaleType="HU")])))
        expected.setdefault(f"stack {stack}, time {time}", {})[k] = stored[at].astype(float) + intercept + 10 * k
    image.PerFrameFunctionalGroupsSequence = Sequence(groups)
    image.PixelData = stored.astype(">u2" if syntax == SYNTAXES["big"] else "<u2").tobytes()
    image["PixelData"].VR = "OW"
    image.save_as(path)
    return {part: numpy.array([slices[k] for k in sorted(slices)]) for part, slices in expected.items()}


def compare_enhanced(probe, name, path, expected):
    found = ours.run(probe, path, "--slices")
    check(sorted(series.part for series in found) == sorted(expected), f"{name}: {[s.part for s in found]}")
    for series in found:
        hu = expected.get(series.part)
        if hu is None or any(values is None for _, _, values in series.slices):
            check(False, f"{name} {series.part}: {series.slices[0]}")
            continue
        check(series.verdict == "usable", f"{name} {series.part}: {series.verdict} {series.reasons}")
        check(series.grid is not None and series.grid["size"] == [COLUMNS, ROWS, len(hu)]
              and abs(series.grid["spacing"] - (0.5, 0.7, 1.25)).max() < 1e-9
              and abs(series.grid["origin"] - (-10, 20 if "A" in series.part else 30, -30)).max() < 1e-9,
              f"{name} {series.part}: {series.grid}")
        check(series.kernel == "B40f" and series.kvp == 120, f"{name} {series.part}: {series.kernel} {series.kvp}")
        worst = max(float(abs(values - hu[k]).max()) for k, (_, _, values) in enumerate(series.slices))
        check(worst == 0.0, f"{name} {series.part}: HU differ by {worst}")
    print(f"{name}: {len(found)} volumes of {sum(len(s.slices) for s in found)} frames")


def test_enhanced(probe, folder):
    for name, syntax in SYNTAXES.items():
        path = folder / f"enhanced-{name}.dcm"
        compare_enhanced(probe, f"enhanced {name}", path, enhanced(path, syntax))
    plain = folder / "enhanced-explicit.dcm"
    expected = enhanced(plain, SYNTAXES["explicit"])
    for option in ("rle", "jpeg", "jpegls", "j2k"):
        path = folder / f"enhanced-{option}.dcm"
        subprocess.run(["gdcmconv", f"--{option}", plain, path], check=True, capture_output=True)
        compare_enhanced(probe, f"enhanced {option}", path, expected)
    grid, hu = ours.volume(probe, plain)  # the largest of the three
    check(hu.shape == (6, ROWS, COLUMNS) and float(abs(hu - expected["stack A, time 1"]).max()) == 0.0,
          "the volume loaded of a multi-frame file differs")
    # A Legacy Converted image keeps kernel and voltage among the attributes that have no macro.
    legacy = pydicom.dcmread(plain)
    legacy.SOPClassUID = legacy.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.2"
    shared = legacy.SharedFunctionalGroupsSequence[0]
    del shared.CTReconstructionSequence, shared.CTXRayDetailsSequence
    shared.UnassignedSharedConvertedAttributesSequence = Sequence([item(ConvolutionKernel="B40f", KVP=120)])
    legacy.save_as(folder / "legacy.dcm")
    compare_enhanced(probe, "legacy converted", folder / "legacy.dcm", expected)
    # Frames without places are refused, not stacked.
    image = pydicom.dcmread(plain)
    del image.PerFrameFunctionalGroupsSequence, image.SharedFunctionalGroupsSequence
    image.save_as(folder / "bare.dcm")
    series = ours.run(probe, folder / "bare.dcm")[0]
    check(series.reasons[0][1] == "multiframe" and "16 frames" in series.reasons[0][2], f"bare frames: {series.reasons}")


def write_slices(folder, n=4, change=None, **fields):
    folder.mkdir(parents=True)
    stored = stored_of(n)
    for k in range(n):
        path = folder / f"IM{k}"
        image = new_image(path, "1.2.840.10008.5.1.4.1.1.2", SYNTAXES["explicit"])
        image.ImageType, image.ConvolutionKernel, image.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], "B40f", 120
        image.SliceThickness, image.PixelSpacing = 1.25, [0.7, 0.5]
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-10, 20, -30 + 1.25 * k]
        image.RescaleSlope, image.RescaleIntercept, image.InstanceNumber = 1, -1024, k + 1
        image.PixelData = stored[k].tobytes()
        image["PixelData"].VR = "OW"
        for key, value in fields.items():
            setattr(image, key, value)
        if change is not None:
            change(image)
        image.save_as(path)
    return folder


def test_character_sets(probe, folder):
    names = {"ISO_IR 100": "Müller^Jörg", "ISO_IR 101": "Wałęsa^Lech", "ISO_IR 144": "Люкceмбypг^Роза",
             "ISO_IR 126": "Διονυσιος^Α", "ISO_IR 127": "قباني^لنزار", "ISO_IR 138": "שרון^דבורה",
             "ISO_IR 166": "นามสกุล^ชื่อ", "ISO_IR 148": "Çavuşoğlu^Ş", "ISO_IR 192": "王^小東", "GB18030": "王^小东",
             "GBK": "王^小东", "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ",
             "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう", "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
             "": "Smith^John"}
    for number, (charset, name) in enumerate(names.items()):
        path = write_slices(folder / f"charset{number}", SpecificCharacterSet=charset.split("\\"), PatientName=name)
        found = ours.run(probe, path)[0].name
        check(found == name, f"character set “{charset}”: {found!r} is not {name!r}")
    # A name that does not keep to its set is still shown, as Latin-1.
    def spoil(image):
        image["PatientName"] = pydicom.DataElement(0x00100010, "UN", "Müller".encode("latin-1"))
    found = ours.run(probe, write_slices(folder / "wrong", change=spoil, SpecificCharacterSet=""))[0].name
    check(found == "Müller", f"bytes without a character set: {found!r}")
    print(f"{len(names)} character sets")


def raw_text(tag, vr, text):
    return pydicom.DataElement(tag, "UN", text.encode() + b" " * (len(text) % 2)) if vr == "UN" else \
        pydicom.dataelem.RawDataElement(pydicom.tag.Tag(tag), vr, len(text) + len(text) % 2,
                                        text.encode() + b" " * (len(text) % 2), 0, False, True)


def test_numbers(probe, folder):
    """Pixel Spacing, Slice Thickness, kVp and Rescale Intercept as they have been seen."""
    good = [(" 0.7\\0.5", "1.25 ", "+120", "-1024"), ("0,7\\0,5", "1,25", "120.000", "-1.024E+03"),
            ("7e-1\\5e-1", "+1.25000000000000", " 120 ", " -1024.0 "), (".7\\.5", "1.25", "1.2e2", "-01024")]
    wrong = [("0.7mm\\0.5mm", "1.25", "120", "-1024", "zero-spacing"), ("0.7", "1.25", "120", "-1024", "zero-spacing"),
             ("0.7\\0.5", "1.25", "120", "0x400", "no-rescale"), ("0.7\\0.5", "1.25", "120", "nan", "no-rescale"),
             ("0.7\\0.5", "1.25", "120", "", "no-rescale"), ("inf\\inf", "1.25", "120", "-1024", "zero-spacing")]
    for number, texts in enumerate(good + wrong):
        def change(image):
            for (tag, vr), text in zip(((0x00280030, "DS"), (0x00180050, "DS"), (0x00180060, "DS"), (0x00281052, "DS")),
                                       texts):
                image._dict[pydicom.tag.Tag(tag)] = raw_text(tag, vr, text)
        series = ours.run(probe, write_slices(folder / f"numbers{number}", change=change), "--slices")[0]
        if len(texts) == 5:
            check(series.verdict == "refused" and series.reasons[0][1] == texts[4], f"{texts}: {series.reasons}")
            continue
        check(series.verdict == "usable" and series.kvp == 120
              and abs(series.grid["spacing"] - (0.5, 0.7, 1.25)).max() < 1e-12, f"{texts}: {series.verdict} {series.grid}")
        check(float(abs(series.slices[1][2] - (stored_of(4)[1].astype(float) - 1024)).max()) == 0.0, f"{texts}: HU")
    print(f"{len(good)} ways to write numbers, {len(wrong)} that are none")


def test_index(probe, folder):
    """A disc with a DICOMDIR: whole, named by its index, copied in lower case, and with files missing."""
    source = write_slices(folder / "source", n=6)
    files = FileSet()
    for path in sorted(source.iterdir()):
        files.add(path)
    disc = folder / "disc"
    files.write(disc)
    for name, path in (("folder", disc), ("index", disc / "DICOMDIR")):
        series = ours.run(probe, path)
        check(len(series) == 1 and series[0].verdict == "usable" and len(series[0].grid["size"]) == 3
              and series[0].grid["size"][2] == 6, f"disc by its {name}: {[s.reasons for s in series]}")
    lower = folder / "lower"
    for path in disc.rglob("*"):
        if path.is_file():
            copy = lower / str(path.relative_to(disc)).lower()
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    series = ours.run(probe, lower / "dicomdir")
    check(len(series) == 1 and series[0].verdict == "usable", f"disc in lower case: {[s.reasons for s in series]}")
    listed = sorted(path for path in disc.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    listed[-1].unlink()
    series = ours.run(probe, disc)[0]
    check(series.verdict == "notes" and series.reasons[0][1] == "index-incomplete"
          and "lists 6 images" in series.reasons[0][2] and "1 of them is" in series.reasons[0][2],
          f"disc without its last slice: {series.reasons}")
    # An index leads nowhere outside its own folder.
    trick = pydicom.dcmread(disc / "DICOMDIR")
    for record in trick.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "source", "IM0"]
    (folder / "trick").mkdir()
    trick.save_as(folder / "trick" / "DICOMDIR")
    check(ours.run(probe, folder / "trick" / "DICOMDIR") == [], "an index led out of its folder")
    print("index of a disc: whole, by itself, in lower case, with a file missing, with names that lead outside")


def deflated_file(path, data):
    """A file whose data set is DATA, deflated."""
    meta = b"\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    path.write_bytes(b"\0" * 128 + b"DICM\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(meta)) + meta
                     + packer.compress(data) + packer.flush())
    return path


def test_deflated(probe, folder):
    """What a small file inflates to is bounded, and how deep it nests: told, not the end of a process."""
    level = b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    value = b"\x09\x00\x10\x10OB\x00\x00" + struct.pack("<I", 200 << 20) + bytes(200 << 20)
    for name, data, words in (("deep", level * 200000, "more than 128 deep"), ("bomb", value, "inflates to more than")):
        path = deflated_file(folder / f"{name}.dcm", data)
        said = subprocess.run([probe, path], capture_output=True, text=True).stderr
        check(words in said, f"{name}, {path.stat().st_size} bytes: {said}")
        print(f"deflated {name}: {path.stat().st_size} bytes for {len(data)}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        test_enhanced(sys.argv[1], folder)
        test_character_sets(sys.argv[1], folder)
        test_numbers(sys.argv[1], folder)
        test_index(sys.argv[1], folder)
        test_deflated(sys.argv[1], folder)
    return 1 if bad else 0


sys.exit(main())
