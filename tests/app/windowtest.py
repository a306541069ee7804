# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of windows share: finding what is shown, pressing it, counting what passed."""
import os, re, time
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


def press(app, name):
    app.act(button(app, name))
