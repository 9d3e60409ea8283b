"""Our kernel against ipykernel: start to kernel_info_reply, and a trivial cell.

Both are started in turn, in one run on one machine. Exits with 1 if a median of
ours is above the given share of ipykernel's.

    python benches/kernel/run.py [--kernel target/release/keychai] [-n 15]

Makes its own Python environment below target/ the first time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / "target" / "bench-venv"
CELLS_PER_START = 20
TIMEOUT = 60


def enter_environment():
    """Runs this script again with a Python that has jupyter_client and ipykernel."""
    python = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    if not python.exists():
        venv.create(VENV, with_pip=True)
    probe = [str(python), "-c", "import jupyter_client, ipykernel"]
    if subprocess.run(probe, capture_output=True).returncode:
        packages = ["jupyter_client", "ipykernel"]
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
    raise SystemExit(subprocess.run([str(python), *sys.argv]).returncode)


def write_spec(data, name, argv, language):
    folder = Path(data) / "kernels" / name
    folder.mkdir(parents=True)
    spec = {
        "argv": argv, "display_name": name, "language": language,
        "interrupt_mode": "message", "metadata": {},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


def resident_megabytes(pid):
    """Resident memory, where the system tells it."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return float("nan")


def answer_to(client, msg_id):
    while client.get_shell_msg(timeout=TIMEOUT)["parent_header"].get("msg_id") != msg_id:
        pass


def idle_after(client, msg_id):
    while True:
        message = client.get_iopub_msg(timeout=TIMEOUT)
        state = message["content"].get("execution_state")
        if message["parent_header"].get("msg_id") == msg_id and state == "idle":
            return


def cell(client, code="1+1"):
    """Seconds from sending a cell to having both its reply and its `idle`."""
    begun = time.perf_counter()
    msg_id = client.execute(code)
    answer_to(client, msg_id)
    idle_after(client, msg_id)
    return time.perf_counter() - begun


def measure(name):
    """One start: seconds to kernel_info, seconds of each cell, megabytes when idle."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name=name)
    begun = time.perf_counter()
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        answer_to(client, client.kernel_info())
        started = time.perf_counter() - begun
        client.wait_for_ready(timeout=TIMEOUT)
        cell(client)
        cells = [cell(client) for _ in range(CELLS_PER_START)]
        return started, cells, resident_megabytes(manager.provisioner.process.pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", type=Path, default=ROOT / "target/release/keychai")
    parser.add_argument("-n", type=int, default=15, help="starts of each kernel")
    parser.add_argument("--max-info", type=float, default=1 / 5, help="share of ipykernel's start")
    parser.add_argument("--max-cell", type=float, default=1 / 2, help="share of ipykernel's cell")
    arguments = parser.parse_args()
    if not arguments.kernel.exists():
        parser.error(f"{arguments.kernel} does not exist: build it with `cargo build --release`")
    enter_environment()
    with tempfile.TemporaryDirectory() as data:
        os.environ["JUPYTER_DATA_DIR"] = data
        ours = [str(arguments.kernel.absolute()), "kernel", "start", "-f", "{connection_file}"]
        python = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        write_spec(data, "keychai", ours, "rhai")
        write_spec(data, "bench-ipykernel", python, "python")
        raise SystemExit(compare(arguments))


def compare(arguments):
    names = ["bench-ipykernel", "keychai"]
    for name in names:
        measure(name)  # warms the disk cache
    runs = {name: [] for name in names}
    for _ in range(arguments.n):
        for name in names:
            runs[name].append(measure(name))
    rows = {
        "start to kernel_info, ms": (lambda r: [1000 * s for s, _, _ in r], arguments.max_info),
        "cell round trip, ms": (lambda r: [1000 * c for _, cs, _ in r for c in cs], arguments.max_cell),
        "idle memory, MB": (lambda r: [m for _, _, m in r], None),
    }
    failed = False
    print(f"{'median':<26}{'ipykernel':>11}{'keychai':>11}{'ratio':>8}{'at most':>9}")
    for title, (values, limit) in rows.items():
        theirs, ours = (statistics.median(values(runs[name])) for name in names)
        ratio = ours / theirs
        bound = f"{limit:.2f}" if limit else "-"
        print(f"{title:<26}{theirs:>11.2f}{ours:>11.2f}{ratio:>8.3f}{bound:>9}")
        failed |= limit is not None and ratio > limit
    return int(failed)


if __name__ == "__main__":
    main()
