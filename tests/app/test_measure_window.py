# SPDX-License-Identifier: GPL-3.0-or-later
"""test_measure_window.py PROGRAM CLI: a kernel measured on a rod that Calibrate found, kept, listed in the preferences, removed
and brought back.  Reference: the virtual scanner's B40f has half of the modulation at 3.5 lp/cm.  Pictures go to $SCREENSHOTS."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, command, end, find, gone, ok, press, review_calibrate, shot, work_folder

PROGRAM, CLI = sys.argv[1:3]
OWN = os.path.expandvars("$XDG_DATA_HOME/ossature/kernels.ini")


def measure(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        review_calibrate(a)
        a.act(button(a, "^Run Calibrate$"))
        find(a, r"QRM-BDC, 3 rods", 90)
        a.act(button(a, "^Measure the kernel$"))
        a.act(button(a, "^Measure$"))
        said = find(a, r"^Half of the modulation is left at .*Dots: without the fit\.$", 60).get_name()
        shot(a, "kernel-measured")
        f50 = float(re.match(r"Half of the modulation is left at ([\d.]+)", said).group(1))
        assert abs(f50 - 3.5) < 0.35, said      # ten percent: one rod, pixels of 0.9 mm
        find(a, r"^Radius \d.*the fit leaves")
        ok("the kernel is measured on the brightest rod")

        press(a, "^Keep$")
        find(a, r"^Kernel B40f is kept in ")
        assert "name=B40f" in open(OWN).read()
        a.key("Escape")
        gone(a, r"^Kernel B40f is kept in ")
        ok("it is kept")

        a.key("ctrl+comma")
        find(a, r"^Quality scans$", 30)
        a.act(button(a, r"^Remove Ossature .* B40f$"))
        find(a, r"^No kernel of your own yet$")
        assert "B40f" not in open(OWN).read()
        press(a, "^Undo")
        gone(a, r"^No kernel of your own yet$")
        assert "name=B40f" in open(OWN).read()
        find(a, r"^Siemens$")
        shot(a, "preferences-kernels")
        ok("it is listed in the preferences, removed and brought back")
        a.key("Escape")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    command(CLI, "virtual", patient, "--seed", "506", "--kernels", "B40f", "--spacing", "0.9,0.9,2", "--levels", "L1-L1",
            "--phantom", "qrm-bdc3")
    measure(os.path.join(patient, "B40f"))
end()
