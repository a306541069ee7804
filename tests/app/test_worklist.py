# SPDX-License-Identifier: GPL-3.0-or-later
"""test_worklist.py PROGRAM CLI: the worklist as a person uses it, over several starts of the program.

Three virtual patients are read, found, filtered, sorted, opened, removed and brought back; a folder that is gone is
flagged.  Pictures of every stage go to $SCREENSHOTS.
"""
import os, re, shutil, sqlite3, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App, Atspi
from windowtest import button, end, find, gone, labels, ok, press, shot, shown

PROGRAM, CLI = sys.argv[1:3]


def names_in_order(app):
    """The patients' names from top to bottom."""
    rows = []
    for o in app.walk():
        if o.get_role_name() == "label" and re.match(r"^Virtual, \d{4}$", o.get_name() or "") and shown(o):
            e = o.get_extents(Atspi.CoordType.WINDOW)
            rows.append((e.y, e.x, o.get_name()))
    left = min((x for _, x, _ in rows), default=0)
    return [name for _, x, name in sorted(rows) if x == left]


def wait_for_names(app, numbers):
    """Until the list shows these patients in this order."""
    wanted, seen = ["Virtual, " + n for n in numbers], []

    def look():
        seen[:] = names_in_order(app)
        return seen == wanted
    try:
        app.wait(look)
    except AssertionError:
        raise AssertionError(f"{wanted} wanted, {seen} shown")


def start(*args, **env):
    return App([PROGRAM, *args], G_DEBUG="fatal-warnings", **env)


def read_folder(folder):
    a = start(folder)
    try:
        find(a, r"^3 studies · newest first$", 60)
        button(a, "^Filter: All, 3$")
        button(a, "^Filter: Ready, 3$")
        button(a, "^Filter: Refused, 0$")
        find(a, r"^VP-0001 · ")
        find(a, "^B70f$")
        button(a, "^Review Virtual, ")
        shot(a, "20-worklist")
        assert a.close() == 0
    finally:
        a.proc.kill()
    ok("a folder of three studies is listed with counts and details")


def find_and_filter():
    a = start()
    try:
        find(a, r"^3 studies · newest first$")
        ok("the worklist is there at the next start")
        a.key("ctrl+f")
        a.type("virtual 0002")
        find(a, r"^1 study · newest first$")
        wait_for_names(a, ["0002"])
        a.key("ctrl+a")
        a.type("nobody")
        find(a, "^No studies match$")
        button(a, "^Filter: All, 0$")
        shot(a, "21-no-match")
        press(a, "^Clear Filters$")
        find(a, r"^3 studies")
        press(a, "^Filter: Refused, 0$")
        find(a, "^No studies match$")
        press(a, "^Clear Filters$")
        find(a, r"^3 studies")
        ok("search and filters")
        for order in (["0001", "0002", "0003"], ["0003", "0002", "0001"]):
            a.click(find(a, "^Patient$"))
            find(a, "· by patient$")
            wait_for_names(a, order)
        ok("a header sorts, and turns the order round")
        assert a.close() == 0
    finally:
        a.proc.kill()


def remove_and_undo():
    a = start()
    try:
        find(a, r"^3 studies")
        a.click(find(a, "^Virtual, 0002$"))
        button(a, "^Review Virtual, 0002$")
        a.key("Delete")
        undo = button(a, "^Undo")
        find(a, "^Removed from the worklist; its files stay$")
        find(a, r"^2 studies")
        shot(a, "22-removed")
        a.act(undo)
        find(a, r"^3 studies")
        button(a, "^Review Virtual, 0002$")
        ok("a study is removed, and brought back")
        assert a.close() == 0
    finally:
        a.proc.kill()


def open_study():
    a = start()
    try:
        find(a, r"^3 studies")
        a.click(find(a, "^Virtual, 0002$"))
        button(a, "^Review Virtual, 0002$")
        press(a, "^Series$")
        find(a, r"^Series \d+ can be analysed$", 60)
        find(a, r"VP-0002")
        find(a, "^Series 2$")
        shot(a, "23-series-of-study")
        a.window_action("win.back")
        find(a, r"^3 studies")
        a.click(find(a, "^Virtual, 0002$"))
        press(a, "^Review Virtual, 0002$")
        find(a, r"\d+ × \d+ × \d+", 60)
        ok("a row opens its series, and the review")
        assert a.close() == 0
    finally:
        a.proc.kill()


def export_nameless(folder):
    a = start()
    try:
        find(a, r"^3 studies")
        a.click(find(a, "^Virtual, 0002$"))
        button(a, "^Review Virtual, 0002$")
        a.window_action("win.export-nameless")
        find(a, "^Export without Names$")
        shot(a, "27-without-names")
        a.click(find(a, "^Keep dates, shifted$"))
        press(a, "Choose Folder…$")
        out = os.path.join(folder, "..", "nameless")
        os.mkdir(out)
        button(a, "Export$")
        time.sleep(0.5)
        a.key("ctrl+l")
        time.sleep(0.2)
        a.key("ctrl+a")
        a.type(out)
        time.sleep(0.3)
        press(a, "_Export Export$")      # as GTK 4.8 names a button with a mnemonic
        time.sleep(1.5)                  # it answers questions about a closing dialog with a criticism of itself
        find(a, r"^\d+ files without names$", 60)
        copies = [os.path.join(path, name) for path, _, names in os.walk(out) for name in names]
        assert len(copies) > 20, copies
        data = open(copies[0], "rb").read()
        assert b"VP-0002" not in data and b"Virtual^" not in data and b"113107" in data, "names are gone, dates shifted"
        ok("a study is exported without names")
        assert a.close() == 0
    finally:
        a.proc.kill()


def unreachable(folder):
    shutil.move(os.path.join(folder, "p3"), os.path.join(folder, "..", "elsewhere"))
    a = start()
    try:
        find(a, "^Not reachable$", 20)
        a.click(find(a, "^Virtual, 0003$"))
        find(a, "^Its folder is not there")
        shot(a, "24-not-reachable")
        assert a.close() == 0
    finally:
        a.proc.kill()
    shutil.move(os.path.join(folder, "..", "elsewhere"), os.path.join(folder, "p3"))
    a = start()
    try:
        find(a, r"^3 studies")
        gone(a, "^Not reachable$")
        assert a.close() == 0
    finally:
        a.proc.kill()
    ok("a folder that is gone is flagged, and not when it is back")


def compare_with_prior():
    """Two studies become one patient's, as they would with one ID, each with a result."""
    path = os.path.join(os.environ["XDG_DATA_HOME"], "ossature", "worklist.db")
    with sqlite3.connect(path) as db:
        study, other = (db.execute("SELECT id FROM studies WHERE search LIKE ?", (f"%vp-000{n}%",)).fetchone()[0]
                        for n in (1, 2))
        db.execute("UPDATE studies SET date = '20220211', patient = (SELECT patient FROM studies WHERE id = ?) "
                   "WHERE id = ?", (study, other))
        for s, strength, vbmd, density_class in ((study, 4620, 78, "low"), (other, 5040, 86, "low")):
            db.execute("INSERT INTO analyses (study, series_uid, vertebra, engine, kernel, folder, date, class, basis,"
                       " strength, stiffness, vbmd, vbmd_uncertainty, state) VALUES (?, '', 'L1', 'tet10', 'B40f', x'',"
                       " '2026-03-14T10:00:00Z', ?, 'K2HPO4', ?, 17000, ?, 3, 2)", (s, density_class, strength, vbmd))
        db.execute("UPDATE studies SET analysis = 2, class = 'low' WHERE id IN (?, ?)", (study, other))
    db.close()
    a = start()
    try:
        find(a, r"^3 studies")
        find(a, "^Reviewed$")
        a.click(find(a, "^2024-01-15$"))
        a.click([o for o in a.walk() if o.get_name() == "Low density" and shown(o)][0])
        find(a, r"^L1 · 4\u202f620 N · 78 mg/cm³ ± 3$")
        find(a, "^Prior: 11 Feb 2022$")
        find(a, r"^L1 · 5\u202f040 N · 86 mg/cm³ ± 3$")
        shot(a, "25-prior")
        press(a, "^Compare")
        find(a, "^Change$")
        find(a, "^\u2212420 \\(\u22128\\.3\u00a0%\\)$")         # 4 620 - 5 040 N; 100 * 420 / 5 040 = 8.3 %
        find(a, r"more than the two uncertainties together \(± 4 mg/cm³\)")   # 8 > sqrt(3² + 3²) = 4.2
        shot(a, "26-compare")
        a.key("Escape")
        time.sleep(1.5)                         # a closing dialog is left alone: GTK 4.8 criticises itself
        assert a.close() == 0
    finally:
        a.proc.kill()
    ok("an earlier result of the patient is offered, and compared")


def looks(name, **env):
    a = start(**env)
    try:
        time.sleep(1)
        shot(a, name)
        assert a.close() == 0
    finally:
        a.proc.kill()
    ok(name)


work = tempfile.mkdtemp(prefix="ossature-")
try:
    many = os.path.join(work, "many")
    for i in (1, 2, 3):
        subprocess.run([CLI, "--quiet", "virtual", os.path.join(many, f"p{i}"), "--seed", str(i), "--kernels",
                        "B40f,B70f", "--spacing", "2,2,3", "--levels", "L1-L1"], check=True, stdout=subprocess.DEVNULL)
    read_folder(many)
    find_and_filter()
    remove_and_undo()
    open_study()
    export_nameless(many)
    unreachable(many)
    compare_with_prior()
    looks("27-worklist-dark", ADW_DEBUG_COLOR_SCHEME="prefer-dark")
    looks("28-worklist-german", LANGUAGE="de")
finally:
    shutil.rmtree(work)
end()
