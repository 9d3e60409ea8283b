"""Executes the notebooks of notebooks/ and stores them with their outputs.

    tests/run --refresh [NOTEBOOK…]

KEYCHAI names the program (target/release/keychai without it). A notebook of
which a cell fails is left as it was; the exit code is then 1.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError

import stored


def refresh(path: Path) -> bool:
    """Executes and stores one notebook; whether it went well."""
    notebook = stored.cleaned(nbformat.read(path, as_version=4))
    try:
        stored.execute(notebook, path.parent)
    except CellExecutionError as error:
        print(f"failed     {path}\n{error}", file=sys.stderr)
        return False
    stored.cleaned(notebook)
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    changed = path.read_text(encoding="utf-8") != text
    if changed:
        path.write_text(text, encoding="utf-8")
    print(f"{'stored' if changed else 'unchanged':<10} {path}")
    return True


def main(names: list[str]) -> int:
    keychai = Path(os.environ.get("KEYCHAI", stored.ROOT / "target/release/keychai")).resolve()
    with tempfile.TemporaryDirectory() as prefix:
        command = [keychai, "kernel", "install", "--prefix", prefix]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        os.environ["JUPYTER_PATH"] = str(Path(prefix, "share", "jupyter"))
        os.environ["KEYCHAI_DATA_DIR"] = str(Path(prefix, "data"))
        paths = [Path(name).resolve() for name in names] or stored.paths()
        results = [refresh(path) for path in paths]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
