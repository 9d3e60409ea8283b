"""Every notebook runs, and gives the outputs that it is stored with."""

import copy
import difflib
from pathlib import Path

import nbformat
import pytest

import stored

PATHS = stored.paths()


def name_of(path: Path) -> str:
    return str(path.relative_to(stored.FOLDER))


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert PATHS, f"no notebook for the kernel keychai below {stored.FOLDER}"


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_it_is_stored_clean_and_executed(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1)), "not stored after one run from the top"
    clean = nbformat.writes(stored.cleaned(copy.deepcopy(notebook))) + "\n"
    assert path.read_text(encoding="utf-8") == clean, "store it with `tests/run --refresh`"


@pytest.mark.parametrize("path", PATHS, ids=name_of)
def test_it_gives_the_outputs_that_it_is_stored_with(path: Path):
    before = nbformat.read(path, as_version=4)
    after = stored.execute(copy.deepcopy(before), path.parent)
    differences = []
    for index, (old, new) in enumerate(zip(code_cells(before), code_cells(after)), 1):
        differences += difflib.unified_diff(
            stored.comparable(old),
            stored.comparable(new),
            f"code cell {index}, stored",
            f"code cell {index}, now",
            lineterm="",
        )
    assert not differences, "\n" + "\n".join(differences[:200])
