"""The project runs wherever it lies, for whomever, and called from wherever."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sumida_data.commands.quarter import quarter as quarter_command
from tests.project import Project, Quarter, read_products


def test_the_quarter_of_the_tests_has_an_awkward_place(quarter: Quarter) -> None:
    assert " " in quarter.path.name
    assert not quarter.path.name.isascii()
    assert quarter.run.code == 2


@pytest.mark.long
def test_a_copy_on_a_stick_is_the_same_project(quarter: Quarter, tmp_path: Path) -> None:
    stick = quarter.copy_to(tmp_path / "USB メモリ" / "写し")
    run = stick.kedro("run")
    assert run.code == 2, run.output
    there, here = (dict(read_products(one / "data")) for one in (stick.path, quarter.path))
    assert [name for name in here if there.get(name) != here[name] and "state" not in name] == []


def test_a_command_finds_the_project_from_any_folder_in_it(
    empty_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = empty_project.copy_to(tmp_path / "墨田 区")
    monkeypatch.chdir(project.path / "data/01_raw")
    result = CliRunner().invoke(quarter_command, ["--period", "FY2022Q4", "--day", "2022-12-01"])
    assert result.exit_code == 0, result.output
    assert (project.path / "data/08_reporting/office_status.html").exists()


def test_what_is_installed_runs_where_there_are_settings_and_data_alone(
    empty_project: Project, tmp_path: Path
) -> None:
    for name in ("conf", "data"):
        shutil.copytree(empty_project.path / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "sumida_data"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "回答がありません" in done.stderr
