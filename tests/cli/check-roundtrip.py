#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A study's whole way: found in a PACS, fetched, analysed, and its results sent back and read again.

    check-roundtrip.py OSSATURE

Orthanc is the PACS, plain and with TLS in both directions; pydicom and dciodvfy judge what came back.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings

try:
    import pydicom
except ImportError as reason:
    print("SKIP:", reason)
    sys.exit(77)

warnings.simplefilter("ignore")
failures = []


def expect(condition, *words):
    if not condition:
        failures.append(" ".join(str(word) for word in words))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificates(folder):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test CA", "-keyout", "ca.key",
            "-out", "ca.crt")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", name + ".key", "-out", name + ".csr")
        (folder / (name + ".ext")).write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", name + ".ext", "-out", name + ".crt")


class Pacs:
    """An Orthanc of its own on loopback."""

    def __init__(self, folder, tls):
        folder.mkdir()
        self.port, self.http = free_port(), free_port()
        settings = {
            "Name": "TEST", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "Plugins": [],
            "HttpPort": self.http, "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAet": "ORTHANC",
            "DicomPort": self.port, "DicomCheckCalledAet": False, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        }
        self.words = ["--peer", f"ORTHANC@localhost:{self.port}"]
        if tls:
            make_certificates(folder)
            settings.update({
                "DicomTlsEnabled": True, "DicomTlsRemoteCertificateRequired": True,
                "DicomTlsCertificate": str(folder / "server.crt"), "DicomTlsPrivateKey": str(folder / "server.key"),
                "DicomTlsTrustedCertificates": str(folder / "ca.crt"),
            })
            self.words += ["--tls", "--ca", folder / "ca.crt", "--cert", folder / "client.crt", "--key", folder / "client.key"]
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.process = subprocess.Popen(["Orthanc", folder / "orthanc.json"], env=dict(os.environ, TCP_NODELAY="1"),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(200):
            try:
                opener.open(f"http://127.0.0.1:{self.http}/system", timeout=5).read()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("Orthanc did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def data_set(path):
    """The bytes behind the file's head, and their transfer syntax."""
    data = path.read_bytes()
    length = int.from_bytes(data[140:144], "little")
    return pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID, data[144 + length :]


def by_instance(folder):
    return {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID: path for path in folder.rglob("*.dcm")}


class Way:
    def __init__(self, program, work, pacs):
        self.program, self.work, self.pacs = program, work, pacs

    def run(self, *words, status=0):
        words = [str(word) for word in words]
        if words[0] == "pacs":
            words[2:2] = [str(word) for word in self.pacs.words]
        done = subprocess.run([self.program, "--quiet", "--json", *words], capture_output=True, text=True)
        expect(done.returncode == status, words, "ended with", done.returncode, done.stderr)
        return done.stdout

    def compare(self, sent, fetched, what):
        """Every object that was sent came back with the same bytes behind its head."""
        sent, fetched = by_instance(sent), by_instance(fetched)
        for uid, path in sent.items():
            expect(uid in fetched and data_set(path) == data_set(fetched[uid]), what, path.name, "did not come back as it was")
        return len(sent)

    def go(self, name, patient, at):
        study = pydicom.dcmread(patient / "B40f" / "CT000001.dcm").StudyInstanceUID
        home = self.work / name
        self.run("pacs", "echo")
        self.run("pacs", "send", patient / "B40f")
        found = self.run("pacs", "find", "--modality", "CT")
        expect(study in found, "the study is found", found[:300])
        self.run("pacs", "get", "--study", study, "--out", home / "in")
        slices = self.compare(patient / "B40f", home / "in", "slice")
        self.run("analyze", home / "in", "--vertebra", "L1", "--at", at, "--size", 4, "--out", home / "result")
        self.run("export", home / "result", "--dicom", "sr,seg,pm,pdf,sc", "--out", home / "objects")
        objects = len(by_instance(home / "objects"))
        expect(objects == 6, objects, "objects of 6")
        self.run("pacs", "send", home / "objects")
        self.run("pacs", "get", "--study", study, "--out", home / "back")
        self.compare(home / "objects", home / "back", "object")
        kinds = {pydicom.dcmread(path, stop_before_pixels=True).Modality for path in (home / "back").rglob("*.dcm")}
        expect(kinds >= {"CT", "SEG", "SR"} and len(kinds) >= 4, kinds)
        for uid, path in by_instance(home / "objects").items():
            if shutil.which("dciodvfy"):
                done = subprocess.run(["dciodvfy", by_instance(home / "back")[uid]], capture_output=True, text=True)
                errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
                expect(not errors, path.name, errors)
        print(f"# {name}: {slices} slices and {objects} objects went and came back with the same bytes")
        return study


def main():
    if shutil.which("Orthanc") is None:
        print("SKIP: Orthanc is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        program, patient = sys.argv[1], work / "patient"
        subprocess.run([program, "--quiet", "virtual", patient, "--seed", "3", "--kernels", "B40f", "--spacing", "1.0,1.0,1.5",
                        "--levels", "L1-L1", "--fov", "320"], check=True, capture_output=True)
        truth = (patient / "truth" / "truth.json").read_text()
        centre = re.search(r'"centre_mm": \[([^]]*)\]', truth[truth.index('"L1": {') :])[1].replace(" ", "")
        for name in ("plain", "tls"):
            pacs = Pacs(work / ("orthanc-" + name), name == "tls")
            try:
                way = Way(program, work, pacs)
                study = way.go(name, patient, centre)
                if name == "tls":
                    keep, pacs.words = pacs.words, pacs.words[:2]
                    way.run("pacs", "get", "--study", study, "--out", work / "refused", status=3)
                    expect(not list((work / "refused").rglob("*.dcm")), "nothing without TLS")
                    pacs.words = keep
            finally:
                pacs.stop()
        way.run("pacs", "echo", status=3)
    for failure in failures:
        print("FAIL:", failure[:400])
    sys.exit(1 if failures else 0)


main()
