"""`keychai lab`: what it installs, what it starts, what it says when it cannot."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import fakes

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/lab\?token=([0-9a-f]{32,})\n")
PATIENCE_SECONDS = 60


class House:
    """A home with nothing in it, a search path of fakes, and what they were asked to do."""

    def __init__(self, folder: Path, keychai: Path):
        self.keychai = keychai
        self.bin = folder / "bin"
        self.data = folder / "data"
        self.home = folder / "home"
        self.notebooks = folder / "books"
        self.journal = folder / "journal"
        for made in (self.bin, self.home, self.notebooks):
            made.mkdir()
        self.journal.touch()
        self.environment = {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "KEYCHAI_DATA_DIR": str(self.data),
            "FAKE_JOURNAL": str(self.journal),
            "FAKE_LAB": str(fakes.write(folder / "fake-lab", fakes.LAB)),
        }
        self.running: list[subprocess.Popen] = []

    def with_python(self) -> "House":
        fakes.write(self.bin / "python3", fakes.PYTHON)
        return self

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [self.keychai, "lab", "--no-browser", *arguments, self.notebooks],
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def refuses(self, **environment: str) -> str:
        """Runs a lab that must not start; what it says on standard error."""
        process = self.start(**environment)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode not in (0, None)
        assert out == "", "only an address belongs on standard output"
        return err

    def opens(self, *arguments: str, **environment: str) -> tuple[subprocess.Popen, int, str]:
        """Runs a lab that must start; the process, its port and its token."""
        process = self.start(*arguments, **environment)
        line = process.stdout.readline()
        match = ADDRESS.fullmatch(line)
        assert match, f"no address but {line!r}; it says {process.stderr.read()}"
        return process, int(match[1]), match[2]

    def ends(self, process: subprocess.Popen, with_signal: int = signal.SIGTERM) -> int:
        process.send_signal(with_signal)
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
        assert out == "", "the address is the only line on standard output"
        return process.returncode

    def calls(self, name: str) -> list[str]:
        return [line for line in self.journal.read_text().splitlines() if line.split()[0] == name]

    @property
    def stamp(self) -> Path:
        return self.data / "jupyterlab" / "keychai-stamp"


@pytest.fixture
def house(tmp_path: Path, keychai: Path):
    made = House(tmp_path, keychai)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(condition, what: str):
    """Waits for something that another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)


def status(port: int, path: str = "/api/status", token: str = "") -> int | None:
    """The HTTP status at `port`; none if nobody answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"token {token}"}
    )
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_python_it_says_what_to_install(house: House):
    err = house.refuses()
    assert "there is none on PATH" in err
    assert "apt install python3 python3-venv" in err


def test_an_old_python_is_named_with_its_version(house: House):
    err = house.with_python().refuses(FAKE_VERSION="3.8")
    assert "Python 3.10 or newer" in err
    assert f"`{house.bin}/python3` is 3.8" in err


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_that_cannot_make_environments(house: House, module: str):
    err = house.with_python().refuses(FAKE_MISSING=module)
    assert f"its `{module}` module is missing" in err
    assert "apt install python3-venv" in err


def test_the_first_start_installs_and_the_second_does_not(house: House):
    house.with_python()
    for _ in range(2):
        process, port, token = house.opens()
        assert status(port, token=token) == 200
        assert status(port, token="f" * len(token)) == 403
        assert house.ends(process) == 0
        assert status(port) is None, "the server outlived the lab"
    assert len(house.calls("venv")) == len(house.calls("pip")) == 1
    assert len(house.calls("lab")) == 2
    kernel = house.data / "jupyterlab/share/jupyter/kernels/keychai/kernel.json"
    assert kernel.is_file()


def test_the_server_gets_the_folder_and_this_machine_only(house: House):
    process, port, token = house.with_python().opens()
    (call,) = house.calls("lab")
    assert f"--ServerApp.root_dir={house.notebooks}" in call
    assert "--ServerApp.ip=127.0.0.1" in call
    assert "--no-browser" in call
    assert token not in call, "anyone can read the arguments of a process"
    assert house.ends(process) == 0


@pytest.mark.parametrize("damage", ["no stamp", "other stamp", "no program"])
def test_an_environment_that_is_not_whole_is_made_anew(house: House, damage: str):
    house.ends(house.with_python().opens()[0])
    left_over = house.data / "jupyterlab" / "left-over"
    left_over.touch()
    if damage == "no stamp":
        house.stamp.unlink()
    elif damage == "other stamp":
        house.stamp.write_text("jupyterlab==1.0.0\npython 3.11\n")
    else:
        (house.data / "jupyterlab/bin/jupyter-lab").unlink()
    house.ends(house.opens()[0])
    assert len(house.calls("pip")) == 2
    assert not left_over.exists()


def test_another_python_underneath_makes_the_environment_anew(house: House):
    house.ends(house.with_python().opens()[0])
    house.ends(house.opens(FAKE_VERSION="3.12")[0])
    assert len(house.calls("pip")) == 2


def test_without_a_network_it_says_so_and_leaves_no_stamp(house: House):
    err = house.with_python().refuses(FAKE_PIP="offline")
    assert "the first start needs a network" in err
    assert "Connection refused" in err
    assert not house.stamp.exists()
    process, _, _ = house.opens()
    assert house.ends(process) == 0


def test_what_pip_says_is_repeated_and_logged(house: House):
    err = house.with_python().refuses(FAKE_PIP="broken")
    assert "installing JupyterLab failed" in err
    assert "No space left on device" in err
    log = house.data / "install.log"
    assert str(log) in err
    assert "Collecting jupyterlab" in log.read_text()


def test_an_interrupted_installation_stops_pip_and_is_taken_up_again(house: House):
    process = house.with_python().start(FAKE_PIP="hang")
    until(lambda: house.calls("pip"), "the start of pip")
    pip = int(house.calls("pip")[0].split()[2])
    assert house.ends(process, signal.SIGINT) not in (0, None)
    assert not is_alive(pip)
    assert not house.stamp.exists()
    assert house.ends(house.opens()[0]) == 0


def test_two_first_starts_install_once(house: House):
    first, second = house.with_python().start(), house.start()
    addresses = {process.stdout.readline() for process in (first, second)}
    assert len(addresses) == 2 and all(ADDRESS.fullmatch(line) for line in addresses), addresses
    assert len(house.calls("pip")) == 1
    assert house.ends(first) == house.ends(second) == 0


def test_a_jupyterlab_on_the_path_is_used_and_sees_the_kernel(house: House):
    fakes.write(house.bin / "jupyter-lab", fakes.LAB)
    user = house.home / "jupyter"
    process, _, _ = house.opens(JUPYTER_DATA_DIR=str(user))
    assert house.ends(process) == 0
    assert not (house.data / "jupyterlab").exists()
    assert (user / "kernels/keychai/kernel.json").is_file()


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho 2.3.4\n", "no program"])
def test_a_jupyterlab_on_the_path_that_does_not_do_is_passed_over(house: House, text: str):
    fakes.write(house.bin / "jupyter-lab", text)
    assert house.ends(house.with_python().opens()[0]) == 0
    assert len(house.calls("pip")) == 1


def test_a_taken_port_gives_way_to_the_next(house: House):
    house.with_python()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, found, _ = house.opens("--port", str(port))
        assert port < found < port + 50
        assert house.ends(process) == 0


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_server_ends_with_the_lab_however_it_ends(house: House, signal_: signal.Signals):
    process, port, _ = house.with_python().opens()
    server = int(house.calls("lab")[0].split()[1])
    code = house.ends(process, signal_)
    assert code == (-signal.SIGKILL if signal_ == signal.SIGKILL else 0)
    until(lambda: not is_alive(server), "the end of the server")
    assert status(port) is None


def test_a_server_that_ends_by_itself_hands_on_its_code(house: House):
    process, port, _ = house.with_python().opens()
    status(port, "/end")
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 7


def test_a_server_that_does_not_start_is_quoted(house: House):
    err = house.with_python().refuses(FAKE_LAB_FAILS="1")
    assert "JupyterLab did not start" in err
    assert "OSError: this server will not start" in err


def test_a_folder_that_is_none_is_refused_before_anything_is_installed(house: House):
    house.with_python().notebooks = house.home / "nowhere"
    assert "nowhere` is not a folder" in house.refuses()
    assert not house.data.exists()
