# SPDX-License-Identifier: GPL-3.0-or-later
"""test_certificate_window.py PROGRAM CLI: a phantom's certificate entered from the Calibrate card: a wrong value is said,
undo and redo, kept for its serial number, removed.  Pictures go to $SCREENSHOTS."""
import os, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, command, end, find, gone, ok, press, review_calibrate, shot, usable, work_folder

PROGRAM, CLI = sys.argv[1:3]
OWN = os.path.expandvars("$XDG_CONFIG_HOME/ossature/certificates.ini")
DENSITY = ["-50.1", "-49.8", "60,2", "150.9", "371"]
WATER = ["1010.2", "1050.4", "1100.7", "1118", "925.1"]


def enter(a):
    a.set_text("text", "Serial number of the certificate", "4-0577")
    for i, (density, water) in enumerate(zip(DENSITY, WATER)):
        a.set_text("text", "Rod %s: density, mg/cm³" % "ABCDE"[i], density)
        a.set_text("text", "Rod %s: water-equivalent density, mg/cm³" % "ABCDE"[i], water)


def certificate(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        review_calibrate(a)
        a.click(usable(a, "combo box", "Calibration phantom"))
        time.sleep(1.0)
        a.key("Down", "Down", "Down", "Return")
        find(a, r"^“Mindways Model 4” has no densities without its certificate\.")
        press(a, "^Certificate…$")
        find(a, r"^A certificate needs the phantom’s serial number|^Rod A: a number in mg/cm³ is missing\.$")
        shot(a, "certificate-empty")
        ok("a model without densities shows empty fields and what is missing")

        enter(a)
        gone(a, r"missing\.$")
        a.set_text("text", "Rod C: density, mg/cm³", "6020")
        find(a, r"^Rod C: the density must lie between -300 and 2000 mg/cm³, not at 6020\.$")
        shot(a, "certificate-wrong")
        a.key("ctrl+z")
        gone(a, r"^Rod C: the density must")
        a.key("ctrl+shift+z")
        find(a, r"^Rod C: the density must")
        press(a, "^Undo$")
        gone(a, r"^Rod C: the density must")
        ok("a wrong value is said, undone, redone")

        a.key("Escape")
        find(a, r"^These values are not saved")
        a.key("ctrl+s")
        find(a, r"^Saved\.$")
        find(a, r"^Your own certificate, kept in .*certificates\.ini\.$")
        shot(a, "certificate-saved")
        kept = open(OWN).read()
        assert "[mindways4 4-0577]" in kept and "density=-50.1;-49.8;60.2;150.9;371\n" in kept, kept
        assert "water=1010.2;1050.4;1100.7;1118;925.1\n" in kept, kept
        ok("it is kept, as the command line reads it")

        press(a, "^Remove Certificate$")
        find(a, r"^Removed\. Save brings it back\.$")
        assert "4-0577" not in open(OWN).read()
        press(a, "^Save$")
        find(a, r"^Saved\.$")
        a.key("Escape")
        gone(a, r"^Saved\.$")
        gone(a, r"has no densities without its certificate")
        shot(a, "certificate-chosen")
        ok("removed and brought back; the card takes its serial number")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    command(CLI, "virtual", patient, "--seed", "505", "--kernels", "B40f", "--spacing", "1.2,1.2,2", "--levels", "L1-L1",
            "--phantom", "none")
    certificate(os.path.join(patient, "B40f"))
end()
