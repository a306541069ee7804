# SPDX-License-Identifier: GPL-3.0-or-later
"""test_tissue_window.py PROGRAM CLI: a scan without a phantom calibrated by the patient's own tissues on the Calibrate card;
one left out, one read at the cursor.  Pictures go to $SCREENSHOTS."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import (button, choose_method, command, end, find, labels, ok, review_calibrate, scroll_to, shot, usable,
                        work_folder)

PROGRAM, CLI = sys.argv[1:3]


def tissues(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        review_calibrate(a)
        choose_method(a, 5)
        usable(a, "check box", "Blood")
        ok("own tissues are chosen, and listed")

        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Own tissues: air, fat, blood, muscle; 6\d\.\d keV$", 90)
        find(a, r"^5\d HU$")
        find(a, r"^[+−]?\d ± 8$")
        find(a, r"^Effective energy 6\d\.\d ± \d\.\d keV$")
        find(a, r"^within \d+ HU$")
        assert not any(re.search("R²|^Phantom$", text) for text in labels(a)), labels(a)
        shot(a, "tissues")
        ok("they are found and read")

        blood = usable(a, "check box", "Blood")
        scroll_to(a, blood)
        a.click(blood)
        find(a, r"^Out of date$")
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Own tissues: air, fat, muscle; 6\d\.\d keV$", 90)
        ok("blood is left out")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    command(CLI, "virtual", patient, "--seed", "522", "--kernels", "B40f", "--spacing", "1.2,1.2,2", "--levels", "L1-L1",
            "--phantom", "none")
    tissues(os.path.join(patient, "B40f"))
end()
