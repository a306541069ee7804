# SPDX-License-Identifier: GPL-3.0-or-later
"""test_tissue_window.py PROGRAM CLI: a scan without a phantom calibrated by the patient's own tissues on the Calibrate card;
one left out, one read at the cross.  Pictures go to $SCREENSHOTS."""
import os, shutil, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, end, find, ok, press, scroll_to, shot, shown

PROGRAM, CLI = sys.argv[1:3]


def usable(app, role, name):
    def look():
        for o in app.walk():
            if o.get_role_name() == role and (o.get_name() or "") == name and shown(o) and app.has(o, "SENSITIVE"):
                return o
    return app.wait(look)


def tissues(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        find(a, r"^Series \d+ can be analysed", 60)
        press(a, "^Review$")
        find(a, r"\d+ × \d+ × \d+", 60)
        a.click(find(a, r"^1  Calibrate$"))
        time.sleep(0.5)
        a.click(usable(a, "combo box", "Calibration method"))
        time.sleep(0.5)
        for _ in range(5):
            a.key("Down")
        a.key("Return")
        usable(a, "check box", "blood")
        ok("own tissues are chosen, and listed")

        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Own tissues: air, fat, blood, muscle; 6\d\.\d keV$", 90)
        find(a, r"^5\d HU$")
        shot(a, "tissues")
        ok("they are found and read")

        blood = usable(a, "check box", "blood")
        scroll_to(a, blood)
        a.click(blood)
        find(a, r"^Out of date$")
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Own tissues: air, fat, muscle; 6\d\.\d keV$", 90)
        ok("blood is left out")
        assert a.close() == 0
    finally:
        a.proc.kill()


work = tempfile.mkdtemp(prefix="ossature-")
try:
    patient = os.path.join(work, "patient")
    subprocess.run([CLI, "--quiet", "virtual", patient, "--seed", "522", "--kernels", "B40f", "--spacing", "1.2,1.2,2",
                    "--levels", "L1-L1", "--phantom", "none"], check=True)
    tissues(os.path.join(patient, "B40f"))
finally:
    shutil.rmtree(work)
end()
