"""Another municipality's project: made by the command, changed by configuration, run to the end."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from sumida_data.commands.new import new
from tests.catalogue.ckan.conftest import ckan
from tests.catalogue.ckan.stack.start import Ckan
from tests.commands.city import answer, make_different
from tests.pipelines.publish.office import sumida_data
from tests.project import Project, Run

__all__ = ["ckan"]
YEAR = 2026
CITY = (
    "--code",
    "142069",
    "--name",
    "小田原市",
    "--name-en",
    "Odawara City",
    "--office",
    "情報政策課",
)
FIRST = re.compile("墨田|Sumida|131075|すみだ")


def call(folder: Path, *options: str) -> Run:
    done = CliRunner().invoke(new, [str(folder), *options, "--first-year", str(YEAR)])
    return Run(done.exit_code, done.output)


def make(folder: Path) -> Project:
    made = call(folder, *CITY)
    assert made.code == 0, made.output
    return Project(folder)


def read_all(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield all files as texts, parts of workbooks and slides unzipped, and cells of Parquet."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content, name = path.read_bytes(), path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            yield name, str(duckdb.read_parquet(str(path)).fetchall())
        elif path.suffix in {".xlsx", ".pptx"}:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for part in archive.namelist():
                    yield f"{name}!{part}", archive.read(part).decode(errors="ignore")
        else:
            yield name, content.decode(errors="ignore")


def find_first(folder: Path) -> list[str]:
    """Return the files in which the first project shows, but for the register of all of Japan."""
    found = [name for name, text in read_all(folder) if FIRST.search(text)]
    return [name for name in found if not name.endswith("municipalities.csv")]


def test_a_new_project_runs_at_once_and_names_the_city(tmp_path: Path) -> None:
    project = make(tmp_path / "odawara")
    assert project.kedro("run", "--pipelines=sample").code == 0
    run = project.kedro("run")
    assert run.code == 0, run.output
    assert "キャッシュレス決済手続" in run.output
    assert not FIRST.search(run.output)
    assert find_first(project.path) == []
    for guide in ("README.ja.md", "docs/office.ja.md", "docs/reference/indicators.ja.md"):
        assert "小田原市" in (project.path / guide).read_text("utf-8"), guide
    overview = (project.path / "data/06_catalog/preview/index.html").read_text("utf-8")
    assert "市の計画が掲げる" in overview


@pytest.mark.long
def test_a_city_of_its_own_goes_from_forms_to_publication(
    tmp_path: Path, ckan: Ckan, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(tmp_path / "odawara")
    make_different(project.path, YEAR)
    outputs = [project.kedro("run", "--pipelines=forms", f"--params=period=FY{YEAR}Q1")]
    for form in (project.path / "data/08_reporting/forms").rglob("*.xlsx"):
        returned = project.path / f"data/01_raw/survey/FY{YEAR}Q1" / form.name
        answer(form, returned, form.name[:6], f"{YEAR}-07-10")
    outputs.append(project.kedro("run"))
    assert outputs[-1].code == 0, outputs[-1].output
    with duckdb.connect(project.path / "data/figures.duckdb", read_only=True) as database:
        values = database.execute(
            "SELECT indicator_id, CAST(value AS INTEGER) FROM indicator_value ORDER BY ALL"
        ).fetchall()
        codes = database.execute("SELECT DISTINCT department_code FROM counter").fetchall()
    assert values == [
        ("bookable_0", 2),
        ("bookable_1", 2),
        ("bookable_share_0", 71),
        ("bookable_share_1", 71),
    ]
    assert sorted(codes) == [("110010",), ("110020",), ("220010",)]
    outputs.append(
        sumida_data(project, "approve", "--name", "見本 部長", "--decision-number", "1", "--yes")
    )
    outputs.append(project.kedro("run", "--pipelines=publish"))
    outputs.append(sumida_data(project, "verify"))
    outputs += _publish_to(ckan, project, monkeypatch)
    assert [run.code for run in outputs] == [0] * 8, [run.output for run in outputs]
    assert not any(FIRST.search(run.output) for run in outputs)
    assert find_first(project.path) == []
    _expect_both_plans(project.path / "data", f"FY{YEAR}Q1")


def _publish_to(ckan: Ckan, project: Project, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Publish to a CKAN too, on which nothing then tells of the first project."""
    monkeypatch.setenv("CKAN_URL", ckan.url)
    monkeypatch.setenv("CKAN_API_TOKEN", ckan.tokens["publisher"])
    editors = [{"name": "publisher", "capacity": "editor"}]
    city = {"name": "t142069", "title": "小田原市", "users": editors}
    ckan.action("organization_create", caller="admin", **city)
    office = ("--env=ckan", "--name", "見本 部長", "--decision-number", "2", "--yes")
    runs = [
        project.kedro("run", "--env=ckan"),
        sumida_data(project, "approve", *office),
        project.kedro("run", "--pipelines=publish", "--env=ckan"),
    ]
    assert runs[-1].code == 0, runs[-1].output
    found = ckan.action("package_search", rows=100)["results"]
    titles = {one["title"] for one in found}
    assert {"窓口と講座"} <= titles, (titles, [run.output for run in runs])
    assert not FIRST.search(json.dumps(found, ensure_ascii=False))
    return runs


def _expect_both_plans(data: Path, period: str) -> None:
    """Site and papers show both plans, each with its own indicators and targets."""
    first, second = (
        (data / "06_catalog/public" / page).read_text("utf-8")
        for page in ("plans/plan-0.html", "index.html")
    )
    assert "予約窓口0" in first
    assert "予約窓口1" not in first
    assert "予約窓口1" in second
    assert 'href="plans/plan-0.html"' in second
    page = data / "06_catalog/public/indicators/bookable_1.html"
    assert 'bookable_0.html"' in page.read_text("utf-8")
    for folder, title in ((".", "第2次計画"), ("plan-0", "第1次計画")):
        paper = data / "08_reporting" / period / folder / "council_paper.html"
        assert title in paper.read_text("utf-8")


def test_an_unknown_municipality_is_refused(tmp_path: Path) -> None:
    made = call(tmp_path / "new", *CITY[:3], "墨田区", *CITY[4:])
    assert made.code == 1
    assert (
        "この組の自治体は municipalities.csv にありません。このコードは小田原市のものです。"
        in made.output
    )
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    made = call(tmp_path)
    assert made.code == 1
    assert "空でないフォルダには作れません" in made.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
