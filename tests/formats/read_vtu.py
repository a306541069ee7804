# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a VTU file with the standard library alone, after the text of "VTK File Formats": each array goes as raw
bytes into FOLDER/NAME, and what the header says about it into FOLDER/header.txt.

usage: read_vtu.py FILE.vtu FOLDER"""
import os
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zlib

path, folder = sys.argv[1:]
with open(path, "rb") as file:
    content = file.read()
mark = b'<AppendedData encoding="raw">'
start = content.index(mark) + len(mark)
end = content.rindex(b"</AppendedData>")
root = ElementTree.fromstring(content[:start] + content[end:])
start = content.index(b"_", start) + 1

assert root.attrib["type"] == "UnstructuredGrid" and root.attrib["header_type"] == "UInt64"
assert root.attrib["compressor"] == "vtkZLibDataCompressor" and root.attrib["byte_order"] == "LittleEndian"
piece = root.find("UnstructuredGrid/Piece")
with open(os.path.join(folder, "header.txt"), "w") as header:
    header.write("%s %s\n" % (piece.attrib["NumberOfPoints"], piece.attrib["NumberOfCells"]))
    for section in piece:
        for array in section:
            at = start + int(array.attrib["offset"])
            blocks, size, last = struct.unpack_from("<3Q", content, at)
            packed = struct.unpack_from("<%dQ" % blocks, content, at + 24)
            at += 24 + 8 * blocks
            data = b""
            for i, length in enumerate(packed):
                block = zlib.decompress(content[at:at + length])
                assert len(block) == (last if i == blocks - 1 and last > 0 else size)
                data += block
                at += length
            assert at <= end
            name = array.attrib["Name"]
            header.write("%s %s %s %s\n" % (section.tag, array.attrib["type"], array.attrib["NumberOfComponents"], name))
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
