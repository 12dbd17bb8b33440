"""Discarding the returns of a quarter changes no figure, page or package."""

import shutil
from pathlib import Path

import pytest

from tests.project import Project, Quarter, read_products

PERIOD = "FY2022Q1"


@pytest.fixture(scope="module")
def kept(quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has kept what was read of a quarter and discarded its returns."""
    project = quarter.copy_to(tmp_path_factory.mktemp("kept") / "project")
    run = project.kedro("run", "--pipelines=keep", f"--params=period={PERIOD}")
    assert run.code == 0, run.output
    assert f"{PERIOD} の調査票73件から読み取った内容を、data/01_raw/kept_readings/" in run.output
    shutil.rmtree(project.path / f"data/01_raw/survey/{PERIOD}")
    return project


def test_every_product_stays_the_same(kept: Project, quarter: Quarter, tmp_path: Path) -> None:
    project = kept.copy_to(tmp_path / "project")
    run = project.kedro("run")
    assert run.code == 2, run.output
    before, after = (dict(read_products(path / "data")) for path in (quarter.path, project.path))
    differing = {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert differing == {"sumida.duckdb"}


def test_its_own_report_can_still_be_made(kept: Project, tmp_path: Path) -> None:
    project = kept.copy_to(tmp_path / "project")
    run = project.kedro("run", f"--params=period={PERIOD}")
    assert run.code == 2, run.output
    assert (project.path / f"data/08_reporting/returns/{PERIOD}").is_dir()


def test_a_quarter_must_be_named(kept: Project) -> None:
    run = kept.kedro("run", "--pipelines=keep")
    assert run.code == 1
    assert (
        "--params=period=latest: この期間の調査票がありません。書けるのは FY2021Q4、" in run.output
    )
