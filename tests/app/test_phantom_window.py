# SPDX-License-Identifier: GPL-3.0-or-later
"""test_phantom_window.py PROGRAM CLI: the phantom is found by itself and its rods are drawn over the slices.
Pictures go to $SCREENSHOTS."""
import os, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, command, end, find, ok, review_calibrate, shot, work_folder

PROGRAM, CLI = sys.argv[1:3]


def phantom(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        review_calibrate(a)
        find(a, r"^Phantom$")
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"QRM-BDC, 3 rods", 90)
        time.sleep(1.0)
        shot(a, "phantom-rods")
        ok("the phantom is found by itself, its rods are on the slices")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    command(CLI, "virtual", patient, "--seed", "504", "--kernels", "B40f", "--spacing", "1.2,1.2,2", "--levels", "L1-L1",
            "--phantom", "qrm-bdc3")
    phantom(os.path.join(patient, "B40f"))
end()
