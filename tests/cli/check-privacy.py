#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a patient's name, identifier and dates may not turn up.

    check-privacy.py OSSATURE

A virtual patient gets a name that stands nowhere else; every command works on it with all messages switched on.  What is
looked at: standard error, every name of a file or folder that the kernel tells was made (inotify), every file left in the
temporary folder, results other than the DICOM objects and the report that are meant to name the patient, and all of what
is written nameless.
"""
import ctypes
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

try:
    import pydicom
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

warnings.simplefilter("ignore")
NAME, NUMBER, BIRTH, STUDY = "ZQXJKVOM", "QWVBN77413", "19330417", "20190823"
SECRETS = [NAME, NUMBER, BIRTH, "1933-04-17", "17.04.1933"]
STUDY_DATES = [STUDY, "2019-08-23", "23.08.2019"]
failures = []


def expect(condition, *words):
    if not condition:
        failures.append(" ".join(str(word) for word in words))


class Watch(threading.Thread):
    """Names of all files that are made, moved or deleted below a folder."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.handle = self.libc.inotify_init1(0)
        self.folders, self.names, self.root = {}, set(), folder
        self.add(folder)
        self.start()

    def add(self, folder):
        number = self.libc.inotify_add_watch(self.handle, os.fsencode(folder), 0x100 | 0x80 | 0x40)
        if number >= 0 and number not in self.folders:
            self.folders[number] = folder
            for path in pathlib.Path(folder).iterdir():
                self.names.add(str(path.relative_to(self.root)))
                if path.is_dir() and not path.is_symlink():
                    self.add(path)

    def run(self):
        while True:
            data = os.read(self.handle, 65536)
            while data:
                number, mask, _, length = struct.unpack("iIII", data[:16])
                name = data[16 : 16 + length].rstrip(b"\0").decode(errors="replace")
                data = data[16 + length :]
                path = pathlib.Path(self.folders.get(number, self.root)) / name
                self.names.add(str(path.relative_to(self.root)))
                if mask & 0x40000000 and path.is_dir():
                    try:
                        self.add(path)
                    except FileNotFoundError:
                        pass


def rename(folder):
    for path in folder.glob("*.dcm"):
        slice_ = pydicom.dcmread(path)
        slice_.PatientName, slice_.PatientID, slice_.PatientBirthDate = NAME + "^Anna", NUMBER, BIRTH
        slice_.StudyDate = slice_.SeriesDate = slice_.AcquisitionDate = slice_.ContentDate = STUDY
        slice_.save_as(path)


def find_centre(folder):
    truth = (folder / "truth" / "truth.json").read_text()
    part = truth[truth.index('"L1": {') :]
    return ",".join(re.search(r'"centre_mm": \[([^]]*)\]', part)[1].split(", "))


class Commands:
    def __init__(self, program, work):
        self.program, self.work = program, work
        (work / "tmp").mkdir()
        self.env = dict(os.environ, TMPDIR=str(work / "tmp"), G_MESSAGES_DEBUG="all", HOME=str(work / "home"),
                        XDG_DATA_HOME=str(work / "home"), XDG_CONFIG_HOME=str(work / "home"), XDG_CACHE_HOME=str(work / "home"))
        (work / "home").mkdir()
        self.known = subprocess.run([program, "--help"], capture_output=True, text=True).stdout

    def run(self, *words, status=0):
        if f"\n  {words[0]} " not in self.known:
            print("# SKIP", words[0], "is not a command")
            return ""
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, env=self.env)
        expect(done.returncode == status, words, "ended with", done.returncode, done.stderr)
        self.judge(done.stderr, f"standard error of {words[0]}", SECRETS + STUDY_DATES)
        return done.stdout

    def receive(self, folder, out):
        """Sends a series to a listener: what both say, and the names that files have while they arrive."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        n = len(list(folder.glob("*.dcm")))
        words = ["pacs", "listen", "--allow", "*", "--port", port, "--count", n, "--out", out]
        listener = subprocess.Popen([self.program, *map(str, words)], env=self.env, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", int(port)), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        self.judge(self.run("pacs", "send", "--peer", "OSSATURE@127.0.0.1:" + port, folder), "pacs send", SECRETS + STUDY_DATES)
        said = "".join(listener.communicate(timeout=60))
        self.judge(said, "the listener", SECRETS + STUDY_DATES)
        expect(len(list(out.rglob("*.dcm"))) == n, "objects received of", n, said)

    @staticmethod
    def judge(text, where, secrets):
        for secret in secrets:
            expect(secret not in text, secret, "in", where)


def judge_files(folder, secrets, named):
    """Contents of all files but those that are @named to hold the patient's name."""
    n = 0
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in named:
            n += 1
            if path.suffix == ".pdf" and shutil.which("pdftotext"):
                text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout
                expect("Ossature" in text, "the report can be read")
                Commands.judge(text, path.name, [NAME, BIRTH])  # the identifier is for whoever files it
            Commands.judge(path.read_bytes().decode("latin-1"), path.name, secrets)
    return n


def main():
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        commands = Commands(sys.argv[1], work)
        commands.run("virtual", work / "ct", "--seed", 3, "--kernels", "B40f", "--spacing", "1.0,1.0,1.5", "--levels", "L1-L1",
                     "--fov", 320)
        at = find_centre(work / "ct")
        shutil.rmtree(work / "ct" / "truth")
        rename(work / "ct" / "B40f")
        watch = Watch(work)
        commands.judge(commands.run("--json", "scan", work / "ct") or commands.run("scan", work / "ct"), "scan", SECRETS)
        commands.run("calibrate", work / "ct", "--out", work / "calibrated")
        commands.run("segment", work / "ct", "--vertebra", "L1", "--at", at, "--out", work / "segmented")
        commands.run("analyze", work / "ct", "--vertebra", "L1", "--at", at, "--size", 4, "--out", work / "result")
        commands.run("export", work / "result", "--dicom", "sr,seg,pm,pdf,sc", "--out", work / "objects")
        commands.run("deidentify", work / "ct", "--out", work / "nameless")
        if (work / "objects").is_dir():
            commands.run("deidentify", work / "objects", "--out", work / "nameless-objects")
        commands.receive(work / "ct" / "B40f", work / "received")
        commands.run("analyze", work / "ct", "--vertebra", "L1", "--at", "0,0,0", "--out", work / "refused", status=3)
        (work / "ct" / "B40f" / "CT000002.dcm").unlink()
        commands.run("calibrate", work / "ct", "--out", work / "refused", status=3)
        for name in watch.names:
            Commands.judge(name, f"the name of a file, {name}", SECRETS + STUDY_DATES)
        n = judge_files(work / "result", SECRETS, ()) + judge_files(work / "tmp", SECRETS + STUDY_DATES, ())
        n += judge_files(work / "calibrated", SECRETS, ()) + judge_files(work / "segmented", SECRETS, ("labels.dcm",))
        expect(judge_files(work / "nameless", SECRETS + STUDY_DATES, ()) > 20, "nameless files were written")
        if (work / "nameless-objects").is_dir():
            expect(judge_files(work / "nameless-objects", SECRETS + STUDY_DATES, ()) >= 3, "nameless objects were written")
        expect(len(watch.names) > 30, "names of files were seen")
        print(f"# {len(watch.names)} names of files and {n} results looked at")
    for failure in failures:
        print("FAIL:", failure[:300])
    sys.exit(1 if failures else 0)


main()
