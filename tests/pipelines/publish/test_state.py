"""What is derived can be deleted at any time; what is remembered lies elsewhere."""

import shutil
from pathlib import Path

import pytest

from tests.pipelines.publish.office import ask
from tests.pipelines.publish.test_pipeline import put_online
from tests.project import Project

pytestmark = pytest.mark.long

REMEMBERED = {"01_raw", "state", "06_catalog/record", "06_catalog/public"}
APPROVALS = "data/01_raw/external/document_approval/FY2022Q3"
ASKED = (
    "finding",
    "source_file",
    "indicator_value",
    "pending_revision",
    "lineage",
    "schema_change",
)


def delete_what_is_derived(data: Path) -> None:
    for path in [*data.iterdir(), *(data / "06_catalog").iterdir()]:
        name = path.relative_to(data).as_posix()
        if name in REMEMBERED or name == "06_catalog":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace_a_central_file(project: Project) -> None:
    [path] = (project.path / APPROVALS).iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))


def test_deleting_all_that_is_derived_changes_no_finding_and_no_revision(
    published: Project, tmp_path: Path
) -> None:
    changed = published.copy_to(tmp_path / "changed")
    put_online(changed)
    replace_a_central_file(changed)
    deleted = changed.copy_to(tmp_path / "deleted")
    delete_what_is_derived(deleted.path / "data")
    codes = [project.kedro("run").code for project in (changed, deleted)]
    assert codes == [2, 2]
    for table in ASKED:
        rows = [ask(project, f"FROM {table} ORDER BY ALL") for project in (changed, deleted)]
        assert rows[0] == rows[1], table
    assert ask(deleted, "SELECT count(*) FROM finding WHERE rule_id = 'F609'") == [(1,)]
    assert ask(deleted, "SELECT count(*) FROM pending_revision") != [(0,)]


def test_forms_are_filled_in_after_all_that_is_derived_is_gone(
    published: Project, tmp_path: Path
) -> None:
    project = published.copy_to(tmp_path / "project")
    forms = project.path / "data/08_reporting/forms/FY2022Q3"
    made = []
    for _ in range(2):
        assert project.kedro("run", "--pipelines=forms", "--params=period=FY2022Q3").code == 0
        made.append({path.name: path.read_bytes() for path in sorted(forms.iterdir())})
        delete_what_is_derived(project.path / "data")
    assert made[0] == made[1]
