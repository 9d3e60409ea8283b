"""The stored notebooks: where they are, how they are executed, what of them must not change."""

import hashlib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
KERNEL = {"display_name": "keychai", "language": "rhai", "name": "keychai"}
# The members of language_info by which front ends highlight; versions would
# change every stored notebook with every release.
LANGUAGE = ("codemirror_mode", "file_extension", "mimetype", "name", "pygments_lexer")
CELL_TIMEOUT_SECONDS = 300
# A cell whose output differs from run to run by design (a measured time, real
# randomness) bears this tag: its kinds of output are compared, its text is not.
VOLATILE = "volatile"


def paths() -> list[Path]:
    """Every notebook for the keychai kernel, found by walking the folder."""
    found = sorted(FOLDER.rglob("*.ipynb"))
    return [p for p in found if ".ipynb_checkpoints" not in p.parts and is_ours(p)]


def is_ours(path: Path) -> bool:
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get("kernelspec", KERNEL).get("name") == KERNEL["name"]


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Runs every cell in a fresh kernel; a failing one raises CellExecutionError."""
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        timeout=CELL_TIMEOUT_SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute()


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """The form in which a notebook is stored: nothing in it that a second run would change."""
    language = notebook.metadata.get("language_info", {})
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(KERNEL),
        language_info=NotebookNode({k: language[k] for k in LANGUAGE if k in language}),
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        cell.id = cell_id(cell, taken)
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
    return notebook


def cell_id(cell: NotebookNode, taken: set[str]) -> str:
    """An id that follows from the cell's text, so it changes when the cell does."""
    occurrence = 0
    while True:
        text = f"{cell.cell_type}\n{cell.source}\n{occurrence}"
        identifier = hashlib.sha256(text.encode()).hexdigest()[:8]
        if identifier not in taken:
            taken.add(identifier)
            return identifier
        occurrence += 1


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Adjacent pieces of one stream as one: where a stream is cut is a matter of timing."""
    result: list[NotebookNode] = []
    for output in outputs:
        last = result[-1] if result else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            result.append(NotebookNode(output))
    return result


def comparable(cell: NotebookNode) -> list[str]:
    """The outputs of a code cell as lines, without what differs from run to run."""
    lines: list[str] = []
    volatile = VOLATILE in cell.metadata.get("tags", [])
    for output in merged(cell.outputs):
        if output.output_type == "stream":
            parts = {output.name: output.text}
        elif output.output_type == "error":
            parts = {f"error {output.ename}": output.evalue}
        else:
            parts = {f"{output.output_type} {kind}": data for kind, data in output.data.items()}
        for kind in sorted(parts):
            lines.append(f"[{kind}]")
            if not volatile:
                lines.extend(str(parts[kind]).splitlines())
    return lines
