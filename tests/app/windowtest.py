# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of windows share: finding what is shown, pressing it, counting what passed."""
import contextlib, os, re, shutil, subprocess, tempfile, time
from uidrive import Atspi

SHOTS = os.environ.get("SCREENSHOTS", "screenshots")
os.makedirs(SHOTS, exist_ok=True)
passed = 0


def ok(what):
    global passed
    passed += 1
    print(f"ok {passed} {what}", flush=True)


def end():
    print(f"{passed} passed, 0 failed")


def shot(app, name):
    time.sleep(0.4)
    app.screenshot(os.path.join(SHOTS, name + ".png"))


def shown(o):
    """Whether the object has a place on the window: GTK 4.8 calls what lies on a hidden page visible too."""
    return o.get_extents(Atspi.CoordType.WINDOW).width > 0


def labels(app):
    return [o.get_name() or "" for o in app.walk() if o.get_role_name() in ("label", "status bar") and shown(o)]


def find(app, pattern, timeout=10):
    def look():
        for o in app.walk():
            if o.get_role_name() in ("label", "status bar") and re.search(pattern, o.get_name() or "") and shown(o):
                return o
    return app.wait(look, timeout)


def gone(app, pattern):
    app.wait(lambda: not any(re.search(pattern, text) for text in labels(app)))


def button(app, name, roles=("push button", "toggle button")):
    def look():
        for o in app.walk():
            if o.get_role_name() in roles and re.search(name, o.get_name() or "") and shown(o) \
                    and app.has(o, "SENSITIVE"):
                return o
    return app.wait(look)


def usable(app, role, name, timeout=10):
    """Like get(), among what can be used now."""
    def look():
        for o in app.walk():
            if o.get_role_name() == role and (o.get_name() or "").endswith(name) and shown(o) \
                    and app.has(o, "SENSITIVE"):
                return o
    return app.wait(look, timeout)


def press(app, name):
    app.act(button(app, name))


def review_calibrate(app):
    """From the verdict on the folder that the program was started with to the open Calibrate card."""
    find(app, r"^Series \d+ can be analysed", 60)
    press(app, "^Review$")
    find(app, r"\d+ × \d+ × \d+", 60)
    app.click(find(app, r"^1  Calibrate$"))
    time.sleep(0.5)


def choose_method(app, steps):
    """The method STEPS entries further on the Calibrate card: drop-downs have no value, keys choose."""
    app.click(usable(app, "combo box", "Calibration method"))
    time.sleep(1.0)
    app.key(*["Down"] * steps, "Return")
    time.sleep(0.5)


def cancel_run(app):
    """Presses Cancel All in the thick of the work; seconds until the window offers Run All again."""
    cancel = usable(app, "push button", "Cancel All", 60)
    run = app.get("push button", "Run All")
    time.sleep(0.5)
    start = time.monotonic()
    app.act(cancel)
    while not app.has(run, "SENSITIVE"):
        run.clear_cache()
        assert time.monotonic() - start < 10
    return time.monotonic() - start


@contextlib.contextmanager
def work_folder():
    work = tempfile.mkdtemp(prefix="ossature-")
    try:
        yield work
    finally:
        shutil.rmtree(work)


def command(cli, *arguments):
    """Runs the command line without its progress."""
    subprocess.run([cli, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)


def scroll_to(app, o):
    """Turns the wheel beside the cards until the object is in the column's view."""
    view = app.get("list", "Steps").get_parent()
    for _ in range(40):
        v = view.get_extents(Atspi.CoordType.WINDOW)
        e = o.get_extents(Atspi.CoordType.WINDOW)
        top, bottom = e.y - v.y, v.y + v.height - e.y - e.height
        if top >= 0 and bottom >= 0:
            return
        x, y = app.centre(view)
        subprocess.run(["xdotool", "mousemove", str(round(x - v.width / 2 + 4)), str(round(y)), "click",
                        "4" if top < 0 else "5"], check=True)
        time.sleep(0.2)
        o.clear_cache()
