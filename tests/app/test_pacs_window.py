# SPDX-License-Identifier: GPL-3.0-or-later
"""test_pacs_window.py PROGRAM CLI: a study comes from an Orthanc on loopback, through the window.

The archive is entered and asked in the preferences, searched, and a study fetched; then the program receives what the
command sends to it.  Pictures of every stage go to $SCREENSHOTS.
"""
import json, os, shutil, socket, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from uidrive import App, Atspi
from windowtest import end, find, ok, press, shot, shown

PROGRAM, CLI = sys.argv[1:3]
ORTHANC = "/usr/sbin/Orthanc"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_orthanc(folder, port):
    configuration = os.path.join(folder, "orthanc.json")
    with open(configuration, "w") as f:
        json.dump({"Name": "TEST", "StorageDirectory": folder + "/db", "IndexDirectory": folder + "/db",
                   "SyncStorageArea": False, "HttpServerEnabled": False, "DicomAet": "ORTHANC", "DicomPort": port,
                   "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True, "DicomAlwaysAllowFind": True,
                   "DicomAlwaysAllowGet": True, "Plugins": []}, f)
    process = subprocess.Popen([ORTHANC, configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TCP_NODELAY": "1"})
    for _ in range(300):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise AssertionError("Orthanc does not listen")


def entry(app, name):
    """A field of the search: what is typed into."""
    def look():
        for o in app.walk():
            if o.get_role_name() in ("text", "entry") and (o.get_name() or "") == name and shown(o):
                return o
    return app.wait(look)


def write_row(app, name, text, last=False):
    """Types into a row of the preferences: the first, or the lowest, with that title."""
    def look():
        rows = [o for o in app.walk() if o.get_role_name() == "label" and o.get_name() == name and shown(o)]
        rows.sort(key=lambda o: o.get_extents(Atspi.CoordType.WINDOW).y)
        return rows and rows[-1 if last else 0]
    app.click(app.wait(look))
    time.sleep(0.3)
    app.key("ctrl+a")
    app.type(text)


def closing():
    """GTK 4.8 answers questions about a closing window with a criticism of itself: leave it alone for a moment."""
    time.sleep(1.5)


def connections(app):
    app.window_action("win.preferences")
    app.click(find(app, "^Connections$"))


def enter_archive(app, port):
    connections(app)
    find(app, r"^Picture archives \(PACS\)$")
    press(app, "^Add archive")
    find(app, "^It needs a name to be kept")
    for name, text in (("Name", "North"), ("Address", "127.0.0.1"), ("Its AE title", "ORTHANC")):
        write_row(app, name, text)
    write_row(app, "Port", str(port))
    find(app, f"^ORTHANC@127.0.0.1:{port}$")
    shot(app, "30-connections")


def echo(app, process, folder, port):
    press(app, "^Echo")
    find(app, r"^Answered in [\d\u202f]+ ms$")
    shot(app, "31-echo")
    ok("an archive is entered, and answers")
    process.terminate()
    process.wait()
    press(app, "^Echo")
    told = find(app, r"North.*127\.0\.0\.1", 20).get_name()
    shot(app, "32-silent")
    ok("a silent archive is named: " + told)
    return start_orthanc(folder, port)


def import_study(app):
    app.window_action("win.open-pacs")
    find(app, "^Search for studies")
    press(app, "^Search$")
    find(app, "^2 studies$", 20)
    find(app, "^Virtual, 0001$")
    shot(app, "33-search")
    app.click(entry(app, "Patient ID"))
    app.type("VP-0002")
    app.key("Return")
    find(app, "^1 study$", 20)
    find(app, r"CT · 1 series, \d+ images$")
    ok("studies are found")
    press(app, "^Import$")
    closing()
    find(app, r"^Series \d+ can be analysed$", 60)
    shot(app, "34-imported")
    app.window_action("win.back")
    find(app, "^1 study · newest first$")
    find(app, r"^VP-0002 · ")
    ok("a study is fetched, judged, and in the worklist")


def receive(app, folder, port):
    """The command sends to the window, under the archive's title."""
    connections(app)
    find(app, "^Receive images$")
    write_row(app, "Port", str(port), last=True)
    time.sleep(1)
    app.act(app.get("check box", "Receive images"), "toggle")
    find(app, "^Listening, until Ossature is closed$")
    shot(app, "35-listening")
    files = os.path.join(folder, "p1", "B40f")
    stranger = subprocess.run([CLI, "--quiet", "pacs", "send", "--peer", f"OSSATURE@127.0.0.1:{port}", "--aet", "STRANGER",
                               files], capture_output=True, text=True)
    assert stranger.returncode != 0, "a stranger could send"
    subprocess.run([CLI, "--quiet", "pacs", "send", "--peer", f"OSSATURE@127.0.0.1:{port}", "--aet", "ORTHANC", files],
                   check=True, stdout=subprocess.DEVNULL)
    app.key("Escape")
    closing()
    find(app, "^2 studies · newest first$", 20)
    find(app, r"^VP-0001 · ")
    shot(app, "36-received")
    ok("what an archive sends comes into the worklist; a stranger is refused")


if not os.path.exists(ORTHANC):
    print("ok 1 # SKIP Orthanc is not installed")
    sys.exit(0)
work = tempfile.mkdtemp(prefix="ossature-")
process = None
try:
    archive, port = os.path.join(work, "archive"), free_port()
    os.mkdir(archive)
    process = start_orthanc(archive, port)
    for i in (1, 2):
        patient = os.path.join(work, f"p{i}")
        subprocess.run([CLI, "--quiet", "virtual", patient, "--seed", str(i), "--kernels", "B40f", "--spacing", "2,2,3",
                        "--levels", "L1-L1"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([CLI, "--quiet", "pacs", "send", "--peer", f"ORTHANC@127.0.0.1:{port}", os.path.join(patient, "B40f")],
                       check=True, stdout=subprocess.DEVNULL)
    a = App([PROGRAM], G_DEBUG="fatal-warnings")
    try:
        find(a, "^Import from a PACS$")
        enter_archive(a, port)
        process = echo(a, process, archive, port)
        a.key("Escape")
        closing()
        import_study(a)
        receive(a, work, free_port())
        assert a.close() == 0
    finally:
        a.proc.kill()
finally:
    if process is not None:
        process.kill()
    shutil.rmtree(work)
end()
