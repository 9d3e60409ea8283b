"""Stand-ins for Python, pip and JupyterLab, quick and without a network.

The fake `python3` makes environments whose `python` is a fake in turn, whose
pip installs a fake `jupyter-lab`: a server that knows its token and ends when
its standard input does. All of them note in a journal that they were called.
`FAKE_PIP` tells pip how to behave: `ok`, `offline`, `broken`, `hang`.
"""

import sys
from pathlib import Path

PYTHON = r'''#!{python}
import os, pathlib, shutil, sys, time

arguments = [a for a in sys.argv[1:] if a != "-I"]
me = pathlib.Path(sys.argv[0])
journal = open(os.environ["FAKE_JOURNAL"], "a")


def note(line):
    print(line, file=journal, flush=True)


if arguments[0] == "-c":
    code = arguments[1]
    if "version_info" in code:
        print(os.environ.get("FAKE_VERSION", "3.11"))
    elif os.environ.get("FAKE_MISSING", "nothing") in code:
        sys.exit("ModuleNotFoundError")
elif arguments[:2] == ["-m", "venv"]:
    note("venv")
    root = pathlib.Path(arguments[2])
    (root / "bin").mkdir(parents=True)
    shutil.copy(me, root / "bin" / "python")
elif arguments[:2] == ["-m", "pip"]:
    behaviour = os.environ.get("FAKE_PIP", "ok")
    note(f"pip {behaviour} {os.getpid()}")
    print("Collecting jupyterlab")
    if behaviour == "offline":
        sys.exit("WARNING: Retrying after NewConnectionError: [Errno 111] Connection refused")
    if behaviour == "broken":
        sys.exit("ERROR: No space left on device")
    if behaviour == "hang":
        while True:
            time.sleep(1)
    lab = me.parent / "jupyter-lab"
    shutil.copy(os.environ["FAKE_LAB"], lab)
    lab.chmod(0o755)
else:
    sys.exit(f"the fake python does not understand {arguments}")
'''

LAB = r'''#!{python}
import http.server, os, sys, threading

if "--version" in sys.argv:
    print(os.environ.get("FAKE_LAB_VERSION", "4.6.6"))
    sys.exit()
if os.environ.get("FAKE_LAB_FAILS"):
    print("starting")
    sys.exit("OSError: this server will not start")
port = int(next(a for a in sys.argv if a.startswith("--ServerApp.port=")).split("=")[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("Authorization") == "token " + os.environ["JUPYTER_TOKEN"]
        self.send_response(200 if known else 403)
        self.end_headers()
        if self.path == "/end":
            self.wfile.flush()
            os._exit(7)


with open(os.environ["FAKE_JOURNAL"], "a") as journal:
    print("lab", os.getpid(), *sys.argv[1:], file=journal)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
while sys.stdin.read(1):
    pass
'''


def write(path: Path, text: str) -> Path:
    """Makes the program `path`, which this test's own Python runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("{python}", sys.executable))
    path.chmod(0o755)
    return path
