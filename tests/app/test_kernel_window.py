# SPDX-License-Identifier: GPL-3.0-or-later
"""test_kernel_window.py PROGRAM CLI: a sharp series corrected to a smooth kernel on the Calibrate card; the original shown
again; a kernel that nobody knows is refused in words.  Pictures go to $SCREENSHOTS."""
import os, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App
from windowtest import button, command, end, find, ok, review_calibrate, shot, usable, work_folder

PROGRAM, CLI = sys.argv[1:3]


def kernel(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        review_calibrate(a)
        shot(a, "kernel-card")
        a.click(usable(a, "check box", "Correct kernel"))
        find(a, r"^B70f becomes B40f with the next run\.$")
        ok("the correction is announced")

        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Corrected from kernel B70f \(measured.*to B40f.*MTF measured on \d rods of the phantom", 90)
        shot(a, "kernel-corrected")
        ok("the image is corrected by what the phantom in the scan shows, and that is said")

        a.click(usable(a, "check box", "Show the original"))
        time.sleep(1.0)
        shot(a, "kernel-original")
        ok("the original is shown again")

        a.set_text("text", "Kernel that the image was made with", "Qx")
        find(a, r"Kernel “Qx” is not in the table\..*under “Made with”")
        shot(a, "kernel-unknown")
        ok("an unknown kernel is refused in words")
        assert a.close() == 0
    finally:
        a.proc.kill()


with work_folder() as work:
    patient = os.path.join(work, "patient")
    command(CLI, "virtual", patient, "--seed", "503", "--kernels", "B70f", "--spacing", "1.2,1.2,2", "--levels", "L1-L1")
    kernel(os.path.join(patient, "B70f"))
end()
