"""What every test here starts from: the program, its kernel installed for one run, sessions with it."""

import os
import queue
import subprocess
import tempfile
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

TIMEOUT = 20

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("KEYCHAI", ROOT / "target/release/keychai")).resolve()
PREFIX = tempfile.TemporaryDirectory(prefix="keychai-jupyter-")


def install_kernel() -> Path:
    """Installs the kernel under PREFIX, which every Jupyter client here sees; gives its folder."""
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: cargo build --release, or set KEYCHAI"
    command = [PROGRAM, "kernel", "install", "--prefix", PREFIX.name]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
    data = Path(PREFIX.name, "share", "jupyter")
    # History and settings of the person who runs the tests stay out of them.
    os.environ["JUPYTER_PATH"] = str(data)
    os.environ["KEYCHAI_DATA_DIR"] = str(Path(PREFIX.name, "data"))
    return data / "kernels" / "keychai"


# Before anything of Jupyter looks for kernels.
KERNELSPEC = install_kernel()


@pytest.fixture(scope="session")
def keychai() -> Path:
    """The program under test: `KEYCHAI`, or the release build."""
    return PROGRAM


@pytest.fixture(scope="session", autouse=True)
def kernelspec() -> Path:
    """The folder of the installed kernel specification."""
    assert (KERNELSPEC / "kernel.json").is_file()
    return KERNELSPEC


class Session:
    """One running kernel and one client of it."""

    def __init__(self, arguments=(), **options):
        self.manager = KernelManager(kernel_name="keychai", **options)
        self.manager.start_kernel(extra_arguments=list(arguments))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)

    def close(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)

    def reply_to(self, msg_id, timeout=TIMEOUT):
        """The shell reply with this parent; replies to others are passed over."""
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == msg_id:
                return reply

    def broadcasts(self, msg_id, timeout=TIMEOUT):
        """Every IOPub message with this parent, up to and with its `idle`."""
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            found.append(message)
            if message["content"].get("execution_state") == "idle":
                return found

    def run(self, code, **options):
        """Runs a cell; gives its reply and its broadcasts."""
        msg_id = self.client.execute(code, **options)
        return self.reply_to(msg_id)["content"], self.broadcasts(msg_id)

    def value(self, code):
        """The text of a cell's value."""
        reply, messages = self.run(code)
        assert reply["status"] == "ok", reply
        results = [m for m in messages if m["msg_type"] == "execute_result"]
        return results[-1]["content"]["data"]["text/plain"] if results else None

    def quiet(self):
        """Whether nothing more comes on the shell channel."""
        try:
            self.client.get_shell_msg(timeout=0.2)
        except queue.Empty:
            return True
        return False


def text_of(messages, name="stdout"):
    """All text written to one stream."""
    return "".join(
        m["content"]["text"]
        for m in messages
        if m["msg_type"] == "stream" and m["content"]["name"] == name
    )


@pytest.fixture
def kernel():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def two_kernels():
    sessions = [Session(), Session()]
    yield sessions
    for session in sessions:
        session.close()
