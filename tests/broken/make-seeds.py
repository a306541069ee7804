#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the seeds beside this file: make-seeds.py FOLDER

Small files of every kind that is read: one slice and a multi-frame image in each transfer syntax, and
the index of a disc.  pydicom writes them, GDCM (gdcmconv) compresses them.  They hold no patient.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.fileset import FileSet
from pydicom.sequence import Sequence

ROWS, COLUMNS = 12, 16
UNCOMPRESSED = {"implicit": "1.2.840.10008.1.2", "explicit": "1.2.840.10008.1.2.1", "big": "1.2.840.10008.1.2.2",
                "deflated": "1.2.840.10008.1.2.1.99"}


def item(**values):
    data = Dataset()
    for key, value in values.items():
        setattr(data, key, value)
    return Sequence([data])


def new_image(path, sop_class, syntax, frames):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, "2.25.1"
    meta.TransferSyntaxUID, meta.ImplementationClassUID = syntax, "2.25.2"
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    image.is_little_endian, image.is_implicit_VR = syntax != UNCOMPRESSED["big"], syntax == UNCOMPRESSED["implicit"]
    image.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    image.SOPClassUID, image.SOPInstanceUID, image.Modality = sop_class, "2.25.1", "CT"
    image.PatientName, image.PatientID = "Yamada^Tarou=山田^太郎", "0"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "2.25.3", "2.25.4", "2.25.5"
    image.StudyDate, image.StudyTime, image.StudyID = "20260314", "101112", "1"
    image.SeriesNumber, image.InstanceNumber = 1, 1
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns, image.BitsAllocated, image.BitsStored, image.HighBit = ROWS, COLUMNS, 16, 12, 11
    image.PixelRepresentation = 0
    values = (numpy.arange(frames * ROWS * COLUMNS) * 37 % 4096).astype(">u2" if syntax == UNCOMPRESSED["big"] else "<u2")
    image.PixelData = values.tobytes()
    image["PixelData"].VR = "OW"
    return image


def write_slice(path, syntax):
    image = new_image(path, "1.2.840.10008.5.1.4.1.1.2", syntax, 1)
    image.ImageType, image.ConvolutionKernel, image.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], ["Br38f", "3"], 120
    image.SliceThickness, image.PixelSpacing = 1.25, [0.7, 0.5]
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-10, 20, -30]
    image.RescaleSlope, image.RescaleIntercept = 1, -1024
    image.save_as(path)


def write_frames(path, syntax):
    image = new_image(path, "1.2.840.10008.5.1.4.1.1.2.1", syntax, 3)
    image.NumberOfFrames = "03"
    image.SharedFunctionalGroupsSequence = item(
        PixelMeasuresSequence=item(PixelSpacing=[0.7, 0.5], SliceThickness=1.25),
        PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelValueTransformationSequence=item(RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU"))
    image.PerFrameFunctionalGroupsSequence = Sequence([item(
        FrameContentSequence=item(StackID="A", TemporalPositionIndex=1),
        PlanePositionSequence=item(ImagePositionPatient=[-10, 20, -30 + k]))[0] for k in range(3)])
    image.save_as(path)


def main():
    folder = pathlib.Path(sys.argv[1])
    for kind, write in (("slice", write_slice), ("frames", write_frames)):
        for name, syntax in UNCOMPRESSED.items():
            write(folder / f"{kind}-{name}.dcm", syntax)
        for option in ("rle", "jpeg", "jpegls", "j2k"):
            subprocess.run(["gdcmconv", f"--{option}", folder / f"{kind}-explicit.dcm", folder / f"{kind}-{option}.dcm"],
                           check=True)
    with tempfile.TemporaryDirectory() as name:
        files = FileSet()
        files.add(folder / "slice-explicit.dcm")
        files.write(pathlib.Path(name) / "disc")
        (folder / "index.dcm").write_bytes((pathlib.Path(name) / "disc" / "DICOMDIR").read_bytes())


main()
