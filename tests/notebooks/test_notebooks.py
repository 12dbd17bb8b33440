"""Every notebook runs from beginning to end on the sample quarter."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from tests.project import PROJECT

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(quarter, tmp_path_factory):
    project = quarter.copy_to(tmp_path_factory.mktemp("notebooks") / "project")
    shutil.copytree(PROJECT / "notebooks", project.path / "notebooks")
    return project.path / "notebooks"


def test_the_worked_examples_are_there():
    assert len(NOTEBOOKS) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, folder):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert sum(map(bool, outputs)) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_results(path):
    notebook = nbformat.read(path, as_version=4)
    assert [c.outputs for c in notebook.cells if c.cell_type == "code" and c.outputs] == []
    assert {c.execution_count for c in notebook.cells if c.cell_type == "code"} == {None}
