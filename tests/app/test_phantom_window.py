# SPDX-License-Identifier: GPL-3.0-or-later
"""test_phantom_window.py PROGRAM CLI: the phantom is found by itself and its rods are drawn over the slices.
Pictures go to $SCREENSHOTS."""
import os, shutil, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, end, find, ok, press, shot

PROGRAM, CLI = sys.argv[1:3]


def phantom(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        find(a, r"^Series \d+ can be analysed", 60)
        press(a, "^Review$")
        find(a, r"\d+ × \d+ × \d+", 60)
        a.click(find(a, r"^1  Calibrate$"))
        time.sleep(0.5)
        find(a, r"^Phantom$")
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"QRM-BDC, 3 rods", 90)
        time.sleep(1.0)
        shot(a, "phantom-rods")
        ok("the phantom is found by itself, its rods are on the slices")
        assert a.close() == 0
    finally:
        a.proc.kill()


work = tempfile.mkdtemp(prefix="ossature-")
try:
    patient = os.path.join(work, "patient")
    subprocess.run([CLI, "--quiet", "virtual", patient, "--seed", "504", "--kernels", "B40f", "--spacing", "1.2,1.2,2",
                    "--levels", "L1-L1", "--phantom", "qrm-bdc3"], check=True)
    phantom(os.path.join(patient, "B40f"))
finally:
    shutil.rmtree(work)
end()
