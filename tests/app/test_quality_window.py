# SPDX-License-Identifier: GPL-3.0-or-later
"""test_quality_window.py PROGRAM CLI: quality scans in the preferences: listed with their ages, drawn, removed and brought
back; and the Calibrate card of a patient without a phantom.  Pictures go to $SCREENSHOTS."""
import os, shutil, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, end, find, ok, press, shot, shown

PROGRAM, CLI = sys.argv[1:3]
SMALL = ["--spacing", "1.2,1.2,2", "--kernels", "B40f"]


def usable(app, role, name):
    def look():
        for o in app.walk():
            if o.get_role_name() == role and (o.get_name() or "") == name and shown(o) and app.has(o, "SENSITIVE"):
                return o
    return app.wait(look)


def cli(*arguments):
    subprocess.run([CLI, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


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
        press(a, "^Review$")
        find(a, r"\d+ × \d+ × \d+", 60)
        a.click(find(a, r"^1  Calibrate$"))
        time.sleep(0.5)
        a.click(usable(a, "combo box", "Calibration method"))
        time.sleep(1.0)
        a.key("Down", "Return")
        time.sleep(0.5)
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Quality scan of 2024-01-10, .*: 5 days apart", 90)
        shot(a, "calibrate-asynchronous")
        ok("the card tells which quality scan was taken and how old it is")
        assert a.close() == 0
    finally:
        a.proc.kill()


work = tempfile.mkdtemp(prefix="ossature-")
try:
    patient = os.path.join(work, "patient")
    for i, day in enumerate(("2023-12-05", "2023-12-20", "2024-01-10")):
        scan = os.path.join(work, "quality%d" % i)
        cli("virtual", scan, "--quality-scan", "--seed", str(520 + i), "--date", day, *SMALL)
        cli("quality", "add", scan)
    cli("virtual", patient, "--seed", "503", "--phantom", "none", "--levels", "L1-L1", *SMALL)
    quality(os.path.join(patient, "B40f"))
finally:
    shutil.rmtree(work)
end()
