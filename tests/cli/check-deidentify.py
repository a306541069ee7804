#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "ossature deidentify" leaves, read by pydicom and judged by the profile's own table.

    check-deidentify.py OSSATURE TABLE DATA

TABLE lists the attributes of DICOM PS3.15, table E.1-1: each is put into a file, at the top and nested, with a value
that must not be found again.  DATA is the folder of public data or "".
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

try:
    import pydicom
    from pydicom.datadict import dictionary_VR
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

warnings.simplefilter("ignore")
CT = "1.2.840.10008.5.1.4.1.1.2"
MARK = "ZQXJK"
DATE, TIME = "19871113", "112233.445566"
VALUES = {
    "DA": DATE, "TM": TIME, "DT": DATE + TIME, "AS": "093Y", "PN": MARK + "^" + MARK, "DS": "87.654321", "IS": "-876543210",
    "FD": 87.654321, "FL": 87.654321, "US": 54321, "SS": -12345, "UL": 87654321, "SL": -87654321, "AT": 0x00100010,
    "OB": MARK.encode() + b"\0", "OW": MARK.encode() + b"\0", "UN": MARK.encode() + b"\0", "CS": MARK, "UI": "1.2.3.4.87654321",
}
failures = []


def expect(condition, *words):
    if not condition:
        failures.append(" ".join(str(word) for word in words))


def read_table(path):
    kind, tags = "", {"U": [], "V": []}
    for line in path.read_text().splitlines():
        if line in tags:
            kind = line
        elif line and line[0] != "#":
            group, elements = line.split(":")
            tags[kind] += [int(group + element, 16) for element in elements.split()]
    return tags


def vr_of(tag):
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "LO"


def fill(dataset, tag, uid=None):
    vr = vr_of(tag).split(" ")[0]
    if vr == "SQ":
        item = Dataset()
        item.add_new(0x00102297, "PN", MARK)
        item.add_new(0x00081155, "UI", "1.2.3.4.87654321")
        dataset.add_new(tag, "SQ", Sequence([item]))
    elif vr == "UI":
        dataset.add_new(tag, vr, uid or VALUES["UI"])
    else:
        dataset.add_new(tag, vr, VALUES.get(vr, MARK))


def save(dataset, path):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.SourceApplicationEntityTitle = MARK
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    dataset.preamble = (MARK * 26)[:128].encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, write_like_original=False)


def slice_of(study, k, date=DATE):
    """A CT slice with nothing but what reading it needs, and a patient."""
    slice_ = Dataset()
    slice_.SOPClassUID, slice_.SOPInstanceUID = CT, f"1.2.3.4.{study}.1.{k}"
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID = f"1.2.3.4.{study}", f"1.2.3.4.{study}.1"
    slice_.FrameOfReferenceUID, slice_.Modality = f"1.2.3.4.{study}.9", "CT"
    slice_.ImageType, slice_.Manufacturer = ["ORIGINAL", "PRIMARY", "AXIAL"], "SIEMENS"
    slice_.PatientName, slice_.PatientID = MARK + "^" + MARK, MARK + "1"
    slice_.PatientBirthDate, slice_.PatientSex, slice_.PatientAge = DATE, "F", "093Y"
    slice_.StudyDate, slice_.SeriesDate, slice_.StudyTime = date, date, TIME
    slice_.ConvolutionKernel, slice_.KVP, slice_.ContrastBolusAgent = "B40f", "120", MARK
    slice_.SliceThickness, slice_.PixelSpacing = "1", ["0.5", "0.5"]
    slice_.ImagePositionPatient, slice_.ImageOrientationPatient = ["1", "2", str(k)], ["1", "0", "0", "0", "1", "0"]
    slice_.Rows = slice_.Columns = 8
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 12, 11, 0
    slice_.RescaleSlope, slice_.RescaleIntercept = "1", "-1024"
    slice_.PixelData = bytes(range(128))
    return slice_


def run(program, *words, status=0):
    done = subprocess.run([program, "--quiet", "deidentify", *map(str, words)], capture_output=True, text=True)
    expect(done.returncode == status, "exit status", done.returncode, "of", words, done.stderr)
    expect(MARK not in done.stderr, "a name on standard error:", done.stderr)
    return done


def files_of(folder):
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def bytes_of(folder):
    return b"".join(path.read_bytes() + str(path).encode() for path in folder.rglob("*") if path.is_file())


def check_table(program, tags, folder):
    """Every attribute of the table, each alone beside what a slice needs, at the top and in a kept sequence."""
    n = 0
    for kind in tags:
        for tag in tags[kind]:
            if tag >> 16 in (0, 2, 4):
                continue
            for nested in (False, True):
                n += 1
                slice_ = slice_of(7, n)
                if nested:
                    item = Dataset()
                    fill(item, tag)
                    slice_.add_new(0x00082218, "SQ", Sequence([item]))
                elif tag not in (0x00080018, 0x0020000D, 0x0020000E):
                    fill(slice_, tag)
                slice_.add_new(0x00091010, "LO", MARK)
                slice_.add_new(0x00090010, "LO", MARK)
                save(slice_, folder / "table" / f"{n:05}.dcm")
    (folder / "table-key").write_text("5a" * 32)  # digits of new UIDs are no date by chance, in any run
    run(program, folder / "table", "--out", folder / "table-out", "--key", folder / "table-key")
    written = bytes_of(folder / "table-out")
    expect(len(list((folder / "table-out").rglob("*.dcm"))) == n, "files written of", n)
    for value in (MARK, DATE, TIME[2:], "093Y", "87.654321", "-876543210", "1.2.3.4."):
        expect(value.encode() not in written, "still there:", value)
    for number, packing in ((54321, "<H"), (87654321, "<I")):
        import struct

        expect(struct.pack(packing, number) not in written, "still there:", number)
    return n


def check_kept(program, folder):
    save(slice_of(1, 1), folder / "two" / "a.dcm")
    save(slice_of(1, 2), folder / "two" / "b.dcm")
    save(slice_of(2, 1, "19880112"), folder / "two" / "later.dcm")
    picture = slice_of(1, 3)
    picture.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    save(picture, folder / "two" / "picture.dcm")
    burnt = slice_of(1, 4)
    burnt.BurnedInAnnotation = "YES"
    save(burnt, folder / "two" / "burnt.dcm")
    refers = slice_of(1, 5)
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, "1.2.3.4.1.1.1"
    refers.ReferencedImageSequence = Sequence([item])
    save(refers, folder / "two" / "refers.dcm")
    (folder / "two" / "broken.dcm").write_bytes((folder / "two" / "a.dcm").read_bytes()[:700])

    done = run(program, folder / "two", "--out", folder / "plain")
    expect(done.stdout.count("picture.dcm") == 1 and "burnt.dcm" in done.stdout, "pictures are listed", done.stdout)
    files = files_of(folder / "plain")
    expect(len(files) == 4, len(files), "files of 4")
    for new in files:
        expect(new.ConvolutionKernel == "B40f" and new.KVP == 120 and new.Manufacturer == "SIEMENS", "physics are kept")
        expect(new.PixelData == bytes(range(128)) and new.PixelSpacing == [0.5, 0.5], "pixels and geometry are kept")
        expect(new.ContrastBolusAgent == "CONTRAST" and new.PatientSex == "" and "PatientAge" not in new, "patient")
        expect(new.StudyDate == "" and "SeriesDate" not in new and new.PatientIdentityRemoved == "YES", "dates")
        expect(new.LongitudinalTemporalInformationModified == "REMOVED", "time is marked")
        expect([code.CodeValue for code in new.DeidentificationMethodCodeSequence] == ["113100"], "method codes")
        expect(new.preamble == b"\0" * 128 and "SourceApplicationEntityTitle" not in new.file_meta, "file head")
        expect(new.PatientID == new.PatientName == files[0].PatientID and new.PatientID.startswith("OSS-"), "one patient")
    expect(len({new.StudyInstanceUID for new in files}) == 2, "two studies stay two")
    first = [new for new in files if new.ImagePositionPatient[2] == 1 and "ReferencedImageSequence" not in new]
    refers = [new for new in files if "ReferencedImageSequence" in new]
    expect(refers and refers[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID in [new.SOPInstanceUID for new in first],
           "references hold")

    key = folder / "key"
    run(program, folder / "two", "--out", folder / "with-key", "--key", key, "--dates", "shift", "--keep", "patient")
    expect(os.stat(key).st_mode & 0o777 == 0o600, "the key is its owner's")
    run(program, folder / "two", "--out", folder / "again", "--key", key, "--dates", "keep", "--subject", "VERTEBRA-7")
    shifted, kept = files_of(folder / "with-key"), files_of(folder / "again")
    expect({new.SOPInstanceUID for new in shifted} == {new.SOPInstanceUID for new in kept}, "a key gives the same UIDs")
    expect({new.SOPInstanceUID for new in shifted}.isdisjoint(new.SOPInstanceUID for new in files), "no key, other UIDs")
    dates = sorted({pydicom.valuerep.DA(new.StudyDate) for new in shifted})
    expect(len(dates) == 2 and (dates[1] - dates[0]).days == 60, "dates stay as far apart", dates)
    expect(str(dates[0]) != DATE and all(new.PatientSex == "F" and new.PatientAge == "090Y" for new in shifted), "options")
    codes = {code.CodeValue for code in shifted[0].DeidentificationMethodCodeSequence}
    expect(codes == {"113100", "113107", "113108"}, codes)
    expect({new.StudyDate for new in kept} == {DATE, "19880112"} and kept[0].PatientID == "VERTEBRA-7", "kept dates")
    expect({code.CodeValue for code in kept[0].DeidentificationMethodCodeSequence} == {"113100", "113106"}, "codes")


def check_refusals(program, folder):
    done = run(program, folder / "two", "--out", folder / "no", "--subject", "Anna", status=2)
    expect("capital" in done.stderr and not (folder / "no").exists(), "a bad name", done.stderr)
    run(program, folder / "two", "--out", folder / "no", "--keep", "everything", status=2)
    run(program, folder / "two", status=2)
    (folder / "bad-key").write_text("abc")
    run(program, folder / "two", "--out", folder / "no", "--key", folder / "bad-key", status=3)
    (folder / "pictures").mkdir()
    shutil.copy(folder / "two" / "picture.dcm", folder / "pictures")
    run(program, folder / "pictures", "--out", folder / "no", status=3)
    (folder / "file").write_text("")
    run(program, folder / "two", "--out", folder / "file" / "below", status=4)
    expect(not (folder / "no").exists(), "nothing is left behind")


def check_real(program, data, folder):
    if not data or not shutil.which("dciodvfy"):
        print("# SKIP real series: no public data or no dciodvfy")
        return
    for name in ("dicom_lidc_thoracic_T12_T11", "dicom_siemens_mct_j2k", "dicom_enhanced_multiframe", "dicom_tilt_philips"):
        run(program, pathlib.Path(data) / name, "--out", folder / name)
        for path in sorted((folder / name).rglob("*.dcm"))[:2]:
            done = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
            source = judge_sources(pathlib.Path(data) / name)
            unjudged = any("Information Object Not found" in line for line in source)
            expect(unjudged or all(line in source for line in said), name, [line for line in said if line not in source])


def judge_sources(folder):
    """What the checker says of the files as they came: their own errors are not ours."""
    said = set()
    for path in folder.rglob("*"):
        if path.is_file():
            done = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
            said |= {line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")}
    return said


def main():
    program, table, data = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        n = check_table(program, read_table(table), folder)
        print(f"# {n} files, each with one attribute of the profile's table")
        check_kept(program, folder)
        check_refusals(program, folder)
        check_real(program, data, folder)
    for failure in failures:
        print("FAIL:", failure)
    sys.exit(1 if failures else 0)


main()
