# SPDX-License-Identifier: GPL-3.0-or-later
"""test_quality_window.py PROGRAM CLI: quality scans in the preferences: listed with their ages, drawn, removed and brought
back; and the Calibrate card of a patient without a phantom.  Pictures go to $SCREENSHOTS."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, choose_method, command, end, find, ok, press, review_calibrate, shot, work_folder

PROGRAM, CLI = sys.argv[1:3]
SMALL = ["--spacing", "1.2,1.2,2", "--kernels", "B40f"]


def quality(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        find(a, r"^Series \d+ can be analysed", 60)
        a.key("ctrl+comma")
        find(a, r"^Quality scans$", 30)
        find(a, r"^Ossature Virtual CT, VIRTUAL1, 120 kVp, B40f$")
        find(a, r"^\d+ days old$")
        find(a, r"^3 scans from 2023-12-05 to 2024-01-10; now .* all within ± 2.5 mg/cm³$")
        shot(a, "preferences-calibration")
        ok("quality scans are listed with ages, and their drift is told in words")

        a.act(button(a, r"^Remove Ossature Virtual CT.*10 Jan 2024$"))
        find(a, r"^2 scans from 2023-12-05 to 2023-12-20;")
        press(a, "^Undo")
        find(a, r"^3 scans from 2023-12-05 to 2024-01-10;")
        shot(a, "preferences-calibration-undone")
        ok("a removed scan comes back")

        a.key("Escape")
        review_calibrate(a)
        choose_method(a, 1)
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Quality scan of 2024-01-10, .*: 5 days apart", 90)
        shot(a, "calibrate-asynchronous")
        ok("the card tells which quality scan was taken and how old it is")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    for i, day in enumerate(("2023-12-05", "2023-12-20", "2024-01-10")):
        scan = os.path.join(work, "quality%d" % i)
        command(CLI, "virtual", scan, "--quality-scan", "--seed", str(520 + i), "--date", day, *SMALL)
        command(CLI, "quality", "add", scan)
    command(CLI, "virtual", patient, "--seed", "503", "--phantom", "none", "--levels", "L1-L1", *SMALL)
    quality(os.path.join(patient, "B40f"))
end()
