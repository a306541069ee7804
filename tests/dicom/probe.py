# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs series-probe and reads what it says: shared by the comparisons with pydicom."""
import pathlib
import subprocess
import tempfile

import numpy


class Series:
    def __init__(self, line):
        words = line.split(" ")
        self.uid, self.number, self.verdict = words[1], int(words[3]), words[5]
        self.kernel = line.partition(" kernel ")[2].partition(" kvp ")[0]
        self.kvp = float(line.partition(" kvp ")[2].split()[0])
        self.tilt = float(line.partition(" tilt ")[2].split()[0])
        self.part = line.partition(" part ")[2].partition(" name ")[0]
        self.name = line.partition(" name ")[2]
        self.grid = None
        self.reasons = []  # (severity, code, text)
        self.slices = []  # (path, frame, HU or None)


def read_grid(line):
    numbers = [float(word) for word in line.split() if word[0] in "-0123456789"]
    return {"size": [int(n) for n in numbers[:3]], "spacing": numpy.array(numbers[3:6]),
            "origin": numpy.array(numbers[6:9]), "direction": numpy.array(numbers[9:18]).reshape(3, 3)}


def run(probe, path, *mode):
    """The series of PATH; with "--slices" also the HU of their slices, as they are in the files."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "hu"
        options = [*mode, str(out)] if "--slices" in mode else list(mode)
        done = subprocess.run([probe, *options, str(path)], capture_output=True, text=True)
        values = numpy.fromfile(out, numpy.float32) if out.exists() else None
    found, at = [], 0
    for line in done.stdout.split("\n"):
        if line.startswith("series "):
            found.append(Series(line))
        elif line.startswith("  grid "):
            found[-1].grid = read_grid(line)
        elif line.startswith("  slice "):
            _, frame, rows, columns, name = line.strip().split(" ", 4)
            n = int(rows) * int(columns)
            found[-1].slices.append((name, int(frame), values[at:at + n].reshape(int(rows), int(columns))))
            at += n
        elif line.startswith("  closed "):
            _, frame, name = line.strip().split(" ", 2)
            found[-1].slices.append((name, int(frame), None))
        elif line.startswith("  "):
            severity, _, rest = line.strip().partition(" ")
            code, _, text = rest.partition(": ")
            found[-1].reasons.append((severity, code, text))
    return found


def volume(probe, path):
    """Grid and HU [k][j][i] of the series that would be analysed, straightened where it was tilted."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "hu"
        done = subprocess.run([probe, "--volume", str(out), str(path)], capture_output=True, text=True, check=True)
        grid = read_grid(done.stdout)
        return grid, numpy.fromfile(out, numpy.float32).reshape(grid["size"][::-1])
