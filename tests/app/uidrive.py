# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a GTK 4 program over AT-SPI, with xdotool for pointer and keys."""
import os, subprocess, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

Atspi.init()
TIMEOUT = float(os.environ.get("UI_TIMEOUT", "10"))
Atspi.set_timeout(int(TIMEOUT * 1000), int(TIMEOUT * 3000))


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


class App:
    def __init__(self, argv, **env):
        self.proc = subprocess.Popen(argv, env={**os.environ, **env})
        self.app = self.wait(self._app, 6 * TIMEOUT)

    def _app(self):
        if self.proc.poll() is not None:
            raise SystemExit(f"the program ended with {self.proc.returncode}")
        desk = Atspi.get_desktop(0)
        for i in range(desk.get_child_count()):
            a = desk.get_child_at_index(i)
            if a and a.get_process_id() == self.proc.pid and a.get_child_count():
                return a

    def wait(self, what, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while True:
            try:
                found = what()
                if found:
                    return found
            except (GLib.Error, subprocess.CalledProcessError) as e:    # the widget or its window went away meanwhile
                found = e
            if time.monotonic() > end:
                raise AssertionError(f"not seen in {timeout} s: {found!r}")
            time.sleep(0.05)

    def walk(self, top=None):
        top = top or self.app
        for i in range(top.get_child_count()):
            o = top.get_child_at_index(i)
            if o is not None:
                yield o
                yield from self.walk(o)

    def get(self, role, name, top=None):
        """First object of that role whose accessible name ends with NAME."""
        def look():
            for o in self.walk(top):
                if (role is None or o.get_role_name() == role) and \
                        (o.get_name() or "").endswith(name):
                    return o
        return self.wait(look)

    def act(self, o, name="click"):
        """Runs one of the object's actions: 'click', 'toggle', 'win.about'."""
        for i in range(Atspi.Action.get_n_actions(o)):
            if Atspi.Action.get_action_name(o, i) == name:
                return Atspi.Action.do_action(o, i)
        raise AssertionError(f"{o.get_name()!r} has no action {name!r}")

    def press(self, name):
        self.act(self.get("push button", name))

    def set_text(self, role, name, text):
        Atspi.EditableText.set_text_contents(self.get(role, name), text)

    def set_value(self, role, name, value):
        Atspi.Value.set_current_value(self.get(role, name), value)

    def window_action(self, name):
        self.act(self.wait(lambda: self.app.get_child_at_index(0)), name)

    def geometry(self, top):
        """X, Y, WIDTH and HEIGHT of TOP’s window; a search fails when any other window goes meanwhile."""
        def look():
            for w in run("xdotool", "search", "--onlyvisible", "--pid", str(self.proc.pid)).split():
                if run("xdotool", "getwindowname", w).strip() == top.get_name():
                    return dict(l.split("=") for l in run("xdotool", "getwindowgeometry", "--shell", w).split())
        return self.wait(look)

    def centre(self, o):
        """Screen position of the middle of O (AT-SPI gives window positions)."""
        top = o
        while top.get_parent().get_role_name() != "application":
            top = top.get_parent()
        g = self.geometry(top)
        f, e = (x.get_extents(Atspi.CoordType.WINDOW) for x in (top, o))
        # the frame around a window without a compositor is the same on all sides
        return (int(g["X"]) + (int(g["WIDTH"]) - f.width) // 2 + e.x + e.width // 2,
                int(g["Y"]) + (int(g["HEIGHT"]) - f.height) // 2 + e.y + e.height // 2)

    def click(self, o, button=1):
        x, y = self.centre(o)
        run("xdotool", "mousemove", str(x), str(y), "sleep", "0.05", "click", str(button))

    def drag(self, o, dx, dy):
        x, y = self.centre(o)
        a = ["xdotool", "mousemove", str(x), str(y), "mousedown", "1", "sleep", "0.1"]
        for i in range(1, 6):
            a += ["mousemove", str(x + dx * i // 5), str(y + dy * i // 5), "sleep", "0.03"]
        run(*a, "mouseup", "1")

    def key(self, *keys):
        run("xdotool", "key", "--delay", "30", *keys)

    def type(self, text):
        run("xdotool", "type", "--delay", "15", text)

    def has(self, o, state):
        return o.get_state_set().contains(getattr(Atspi.StateType, state))

    def screenshot(self, path):
        run("import", "-window", "root", path)

    def close(self, timeout=TIMEOUT):
        try:
            self.window_action("window.close")
        except GLib.Error:                  # it ended before it could answer
            pass
        return self.proc.wait(timeout)
