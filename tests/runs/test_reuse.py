"""Each kind of input, changed one at a time: what a run makes then is what one from nothing makes.

One kind is tried every time; `pytest -m long tests/runs` tries them all.
"""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project, Quarter, read_products

RETURNS, EXTERNAL = "data/01_raw/survey/FY2022Q3", "data/01_raw/external"
PARAMETERS, REGISTERS = "conf/base/parameters", "data/01_raw/reference"

Change = Callable[[Path], object]


def say(path: str, old: str, new: str) -> Change:
    def change(project: Path) -> None:
        text = (project / path).read_text("utf-8")
        assert old in text
        (project / path).write_text(text.replace(old, new, 1), "utf-8")

    return change


def pick(project: Path, pattern: str) -> Path:
    return sorted(path for path in project.glob(pattern) if path.is_file())[3]


def edit_return(project: Path) -> None:
    path = pick(project, f"{RETURNS}/*.xlsx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace("予定".encode(), "済".encode()))


def remove(pattern: str) -> Change:
    def change(project: Path) -> None:
        path = next(iter(sorted(project.glob(pattern))))
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def damage(path: str) -> Change:
    def change(project: Path) -> None:
        content = bytearray((project / path).read_bytes())
        content[len(content) // 2] ^= 255
        (project / path).write_bytes(content)

    return change


def rename_return(project: Path) -> None:
    path = pick(project, f"{RETURNS}/*")
    path.rename(path.with_name(f"再送_{path.name}"))


def move_return(project: Path) -> None:
    path = pick(project, f"{RETURNS}/*")
    path.rename(path.parents[1] / "FY2022Q2" / f"再送_{path.name}")


def shorten(path: str, count: int) -> Change:
    """Take the last lines of a register away."""

    def change(project: Path) -> None:
        lines = (project / path).read_bytes().splitlines(keepends=True)
        (project / path).write_bytes(b"".join(lines[:-count]))

    return change


KINDS: dict[str, Change] = {
    "a word of the site": say(f"{PARAMETERS}/site.yml", "title: ", "title: 新"),
    "a return edited": edit_return,
    "a table damaged": damage("data/04_indicator/indicator_value.parquet"),
    "a return removed": lambda project: pick(project, f"{RETURNS}/*").unlink(),
    "a return renamed": rename_return,
    "a return in another quarter": move_return,
    "a return that came later": lambda project: os.utime(pick(project, f"{RETURNS}/*")),
    "a central file removed": remove(f"{EXTERNAL}/document_approval/FY2022Q3/*"),
    "a municipality taken out": shorten(f"{REGISTERS}/municipalities.csv", 1),
    "a package's title": say(f"{PARAMETERS}/packages.yml", "title: ", "title: 新"),
    "an indicator's title": say(f"{PARAMETERS}/plans.yml", "title: ", "title: 新"),
    "advice of a finding": say(f"{PARAMETERS}/finding_rules.yml", "how_to_fix: ", "how_to_fix: 新"),
    "the quarter": say(f"{PARAMETERS}/period.yml", "latest", "FY2022Q2"),
    "a table deleted": remove("data/03_primary/response.parquet"),
    "the dictionary deleted": remove("data/03_primary/data_dictionary.json"),
    "the database deleted": remove("data/sumida.duckdb"),
    "the preview deleted": remove("data/06_catalog/preview"),
    "a page deleted": remove("data/08_reporting/FY2022Q3/quality.html"),
    "a file of a package damaged": damage("data/05_package/dx-indicators/indicator_value.csv"),
    "what was looked at damaged": damage("data/03_primary/readability_check.parquet"),
    "what is remembered deleted": remove("data/state/source_file.parquet"),
    "what is kept of files damaged": lambda project: [
        path.write_bytes(b"damaged") for path in (project / "data/state/readings").glob("*/*")
    ],
}


@pytest.mark.long
@pytest.mark.parametrize("change", KINDS.values(), ids=KINDS)
def test_a_run_after_a_change_makes_what_one_from_nothing_makes(
    quarter: Quarter, tmp_path: Path, change: Change
) -> None:
    project = quarter.copy_to(tmp_path / "project")
    change(project.path)
    code = project.kedro("run").code
    made = dict(read_products(project.path / "data"))
    again = project.kedro("run", "--params=again=true")
    assert again.code == code == 2, again.output
    afresh = dict(read_products(project.path / "data"))
    assert made.keys() == afresh.keys()
    differing = [name for name in made if made[name] != afresh[name]]
    assert set(differing) <= {"sumida.duckdb"}


def test_where_nothing_has_changed_no_file_is_written(quarter: Quarter, tmp_path: Path) -> None:
    project = quarter.copy_to(tmp_path / "project")
    before = list_times(project)
    run = project.refuse("run")
    assert run.code == quarter.run.code
    assert "何も変わっていない" in run.output
    assert "取組状況" in run.output
    assert list_times(project) == before


def list_times(project: Project) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (project.path / "data").rglob("*")}
