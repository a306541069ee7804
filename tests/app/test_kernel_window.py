# SPDX-License-Identifier: GPL-3.0-or-later
"""test_kernel_window.py PROGRAM CLI: a sharp series corrected to a smooth kernel on the Calibrate card; the original shown
again; a kernel that nobody knows is refused in words.  Pictures go to $SCREENSHOTS."""
import os, shutil, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App, Atspi
from windowtest import button, end, find, ok, press, shot, shown

PROGRAM, CLI = sys.argv[1:3]


def usable(app, role, name):
    def look():
        for o in app.walk():
            if o.get_role_name() == role and (o.get_name() or "") == name and shown(o) and app.has(o, "SENSITIVE"):
                return o
    return app.wait(look)


def kernel(folder):
    a = App([PROGRAM, folder], G_DEBUG="fatal-warnings")
    try:
        find(a, r"^Series \d+ can be analysed", 60)
        press(a, "^Review$")
        find(a, r"\d+ × \d+ × \d+", 60)
        a.click(find(a, r"^1  Calibrate$"))
        time.sleep(0.5)
        shot(a, "kernel-card")
        a.click(usable(a, "check box", "Correct kernel"))
        find(a, r"^B70f becomes B40f with the next run\.$")
        ok("the correction is announced")

        a.act(button(a, "^Run Calibrate$"))
        find(a, r"^Corrected from kernel B70f \(virtual.*to B40f", 90)
        shot(a, "kernel-corrected")
        ok("the image is corrected, and said where the transfer functions come from")

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


work = tempfile.mkdtemp(prefix="ossature-")
try:
    patient = os.path.join(work, "patient")
    subprocess.run([CLI, "--quiet", "virtual", patient, "--seed", "503", "--kernels", "B70f", "--spacing", "1.2,1.2,2",
                    "--levels", "L1-L1"], check=True)
    kernel(os.path.join(patient, "B70f"))
finally:
    shutil.rmtree(work)
end()
