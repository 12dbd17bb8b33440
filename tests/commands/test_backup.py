"""A machine that died is set up again from a backup, and nothing is lost."""

import json
import shutil
import zipfile
from datetime import date
from hashlib import sha256
from pathlib import Path
from unittest.mock import ANY

import pytest
from click.testing import CliRunner, Result

from sumida_data.base.disk import hold
from sumida_data.commands.backup import LAST_BACKUP, MANIFEST, backup, restore
from tests.catalogue.office import Office, make_catalogue, make_dataset
from tests.project import Project, make_project

REMEMBERED = (
    "conf/base/parameters/waves.yml",
    "data/01_raw/survey/FY2022Q3/1203_税務課 調査票.xlsx",
    "data/01_raw/external/document_approval/FY2022Q3/月次.csv",
    "data/01_raw/reference/corrections.csv",
    "data/01_raw/kept_readings/FY2022Q1/answers.parquet",
    "data/state/answer.parquet",
)
DERIVED = ("data/03_primary/answer.parquet", "data/sumida.duckdb", "data/06_catalog/preview/a.html")


def fill(project: Path) -> Office:
    """Put something at every place, and publish twice."""
    for name in (*REMEMBERED, *DERIVED, "conf/ckan/credentials.yml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(f"内容 {name}".encode())
    office = Office(project / "data/06_catalog")
    for version in ("1.0.0", "1.1.0"):
        office.approve_and_publish(make_catalogue(make_dataset("a", version, data__csv=version)))
    return office


def hashes(project: Path) -> dict[str, str]:
    found = (path for path in project.rglob("*") if path.is_file() and path.name != "lock")
    return {
        path.relative_to(project).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.name not in {"credentials.yml", ".running", ".last_backup.json"}
    }


def call(command: object, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))  # type: ignore[arg-type]


@pytest.fixture
def filled(
    empty_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """A project in use, and its backup; commands are called within a folder of it."""
    project = empty_project.copy_to(tmp_path / "使用 中").path
    fill(project)
    monkeypatch.chdir(project / "data")
    result = call(backup, tmp_path / "控え")
    assert result.exit_code == 0, result.output
    assert "読み返して確かめました" in result.output
    [archive] = (tmp_path / "控え").iterdir()
    return project, archive


def test_an_empty_machine_gets_everything_back(
    filled: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, archive = filled
    before = {name: one for name, one in hashes(project).items() if name not in DERIVED}
    arrived_at = (project / REMEMBERED[1]).stat().st_mtime_ns
    shutil.rmtree(project)
    machine = make_project(tmp_path / "新しい 端末").path
    monkeypatch.chdir(machine)
    result = call(restore, archive)
    assert result.exit_code == 0, result.output
    assert hashes(machine) == before
    # What was restored is itself a backup.
    note = json.loads((machine / LAST_BACKUP).read_text("utf-8"))
    assert note == {"path": str(archive), "made_at": ANY}
    assert note["made_at"].startswith(date.today().isoformat())
    assert (machine / REMEMBERED[1]).stat().st_mtime_ns == arrived_at
    # What was public is so again, from the record alone.
    assert (machine / "data/06_catalog/public/dataset/a/latest/data.csv").read_text() == "1.1.0"
    again = Office(machine / "data/06_catalog")
    record = again.record
    assert again.target.verify(record.load_catalogue(record.publications[-1].content_of)) == []


def test_where_no_links_can_be_made_what_is_public_is_copied(
    filled: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("A required privilege is not held by the client.")

    monkeypatch.chdir(make_project(tmp_path / "windows").path)
    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert call(restore, filled[1]).exit_code == 0
    public = Path("data/06_catalog/public")
    assert not public.is_symlink()
    assert (public / "dataset/a/1.0.0/data.csv").read_text() == "1.0.0"


def test_what_can_be_made_again_and_secrets_stay_out(filled: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(filled[1]) as archive:
        names = archive.namelist()
    assert {*REMEMBERED, MANIFEST} <= {*names}
    assert not {*DERIVED, "conf/ckan/credentials.yml", "data/.running"} & {*names}


def test_nothing_that_is_there_is_overwritten(
    filled: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, archive = filled
    assert call(restore, archive).exit_code == 0
    path = project / REMEMBERED[1]
    path.write_bytes(b"newer")
    result = call(restore, archive)
    assert result.exit_code == 1
    assert f"先に別の場所へ移してください。\n{REMEMBERED[1]}" in result.output
    assert path.read_bytes() == b"newer"


def test_a_damaged_backup_is_noticed(filled: tuple[Path, Path], tmp_path: Path) -> None:
    assert "は壊れていません" in call(restore, "--check", filled[1]).output
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(filled[1]) as good, zipfile.ZipFile(damaged, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, b"other" if name == REMEMBERED[1] else content)
    result = call(restore, "--check", damaged)
    assert result.exit_code == 1
    assert f"控えが壊れています。ほかの控えを使ってください。\n{REMEMBERED[1]}" in result.output
    damaged.write_bytes(filled[1].read_bytes()[:-100])
    assert "戻せません" in call(restore, damaged).output


def test_a_name_that_leads_out_is_refused(filled: tuple[Path, Path], tmp_path: Path) -> None:
    crafted = tmp_path / "crafted.zip"
    with zipfile.ZipFile(crafted, "w") as archive:
        described = '{"version": "1", "made_at": "", "files": {"../x": ["", 0]}}'
        archive.writestr(MANIFEST, described)
    assert "控えではありません" in call(restore, crafted).output


def test_while_something_runs_no_backup_is_made(filled: tuple[Path, Path], tmp_path: Path) -> None:
    with hold(filled[0] / "data/.running", AssertionError()):
        result = call(backup, tmp_path / "else")
    assert result.exit_code == 1
    assert "実行中か公開中です" in result.output
    assert "プロジェクトの外に" in call(backup, filled[0] / "data/backup").output
