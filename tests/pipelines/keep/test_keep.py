"""Discarding the returns of a quarter changes no figure, page or package."""

import json
import shutil
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.project import Project, Quarter, read_products

PERIOD = "FY2022Q1"


@pytest.fixture(scope="module")
def kept(quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has kept what was read of a quarter and discarded its returns."""
    project = quarter.copy_to(tmp_path_factory.mktemp("kept") / "project")
    run = project.kedro("run", "--pipelines=keep", f"--params=period={PERIOD}", measured=True)
    assert run.code == 0, run.output
    assert f"{PERIOD} の調査票73件から読み取った内容を data/01_raw/kept_readings/" in run.output
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
    assert differing <= {"sumida.duckdb"}


@pytest.mark.long
def test_a_name_of_a_discarded_cover_is_still_known(
    sample_project: Project, tmp_path: Path
) -> None:
    project = sample_project.copy_to(tmp_path / "project")
    survey = project.path / "data/01_raw/survey"
    name_somebody(survey / PERIOD, "1203", "記入者", "墨田 次郎")
    corrections = project.path / "data/01_raw/reference/corrections.csv"
    with corrections.open("a", encoding="utf-8") as register:
        row = "講演会(講師 墨田次郎)|2022-05-10"
        register.write(f"C1,{PERIOD},,1203,研修,{row},受講者数,,5,記入漏れ,税務課,2022-08-01\n")
    # What stands in another quarter is known by this cover alone.
    for period in (PERIOD, "FY2022Q2"):
        name_somebody(survey / period, "1203", "手続名", "証明書の交付(担当 墨田次郎)")
    assert project.kedro("run", "--to-nodes=find_names").code == 0
    before = read_hits(project)
    assert [(table, field) for table, field, _ in before] == [
        ("correction", "record_key"),
        ("procedure", "procedure_name"),
        ("procedure", "procedure_name"),
    ]
    assert project.kedro("run", "--pipelines=keep", f"--params=period={PERIOD}").code == 0
    kept = project.path / f"data/01_raw/kept_readings/{PERIOD}"
    assert "墨田" not in (kept / "named_texts.txt").read_text("utf-8")
    shutil.rmtree(survey / PERIOD)
    assert project.kedro("run", "--to-nodes=find_names").code == 0
    assert read_hits(project) == before


def name_somebody(folder: Path, code: str, heading: str, text: str) -> None:
    """Write a text beside a label, or below a heading's first record, of a department's return."""
    [path] = folder.glob(f"{code}_*.xlsx")
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    label = next(cell for cell in cells if str(cell.value).startswith(heading))
    down, right = (0, 1) if heading == "記入者" else (2, 0)
    label.offset(down, right).value = text
    book.save(path)


def name_files(readings: Path) -> list[str]:
    return [json.loads(line)["source_file"] for line in readings.read_text("utf-8").splitlines()]


def read_hits(project: Project) -> list[tuple[str, str, str]]:
    hits = project.path / "data/03_primary/personal_hit.parquet"
    question = f"SELECT table_name, field, record_id FROM '{hits}' ORDER BY ALL"
    return duckdb.sql(question).fetchall()


@pytest.mark.long
def test_its_own_report_can_still_be_made(kept: Project, tmp_path: Path) -> None:
    project = kept.copy_to(tmp_path / "project")
    run = project.kedro("run", f"--params=period={PERIOD}")
    assert run.code == 2, run.output
    assert (project.path / f"data/08_reporting/returns/{PERIOD}").is_dir()


@pytest.mark.long
def test_what_was_kept_is_not_lost_by_keeping_again(
    kept: Project, quarter: Quarter, tmp_path: Path
) -> None:
    project = kept.copy_to(tmp_path / "project")
    folder = project.path / f"data/01_raw/survey/{PERIOD}"
    readings = project.path / f"data/01_raw/kept_readings/{PERIOD}/readings.jsonl"
    before = name_files(readings)
    shutil.copytree(quarter.data / f"01_raw/survey/{PERIOD}", folder)
    first, *others = sorted(folder.iterdir())
    first.unlink()
    run = project.kedro("run", "--pipelines=keep", f"--params=period={PERIOD}")
    assert run.code == 1
    assert "控えのある調査票73件のうち1件がフォルダにありません" in run.output
    for path in others[1:]:
        path.unlink()
    assert project.kedro("run", "--pipelines=keep", f"--params=period={PERIOD}").code == 0
    assert name_files(readings) == before
    assert len(before) == 73


def test_a_quarter_must_be_named(kept: Project) -> None:
    run = kept.kedro("run", "--pipelines=keep")
    assert run.code == 1
    assert (
        "--params=period=latest: この期間の調査票がありません。書けるのは FY2021Q4、" in run.output
    )
