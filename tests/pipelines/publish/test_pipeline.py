"""From a run to the public folder and back, as the office does it."""

import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

from sumida_data.catalogue.history import read_histories
from sumida_data.catalogue.record import TargetRecord
from sumida_data.packages.versions import DAY_TO_COME
from tests.pipelines.publish.office import APPROVED, ask, show, sumida_data
from tests.project import Project

REASON = "{},FY2022Q3,2,回答漏れ,令和4年度第3四半期,見落とし,判定は変わらない,点検表に加えた,ICT推進担当,2023-03-01\n"


def put_online(project: Project) -> None:
    """Change a return as its department would: one procedure of the plan is online after all."""
    [(record,)] = ask(
        project,
        "SELECT row_id FROM procedure WHERE period = 'FY2022Q3' AND dx_plan_target = '該当' "
        "AND online_status = '予定' ORDER BY row_id LIMIT 1",
    )
    cells = {
        str(field): (str(file), str(sheet), str(cell))
        for field, file, sheet, cell in ask(
            project,
            f"SELECT field, source_file, sheet, cell FROM answer WHERE record_id = '{record}'",
        )
    }
    file, sheet, status = cells["online_status"]
    path = project.path / "data/01_raw/survey" / file
    book = openpyxl.load_workbook(path)
    book[sheet][status] = "済"
    book[sheet][cells["online_started_on"][2]] = "2022/10/01"
    book.save(path)


def test_what_is_public_is_what_was_approved(published: Project, tmp_path: Path) -> None:
    """Only the day of publication is put in; a run after it gives the same bytes."""
    verified = sumida_data(published, "verify")
    assert verified.code == 0, verified.output
    assert "P0001 のとおりです" in verified.output
    project = published.copy_to(tmp_path / "project")
    catalogue = project.path / "data/06_catalog"
    before, public = show(catalogue / "preview"), show(catalogue / "public")
    for_the_office = {"changes.html", "decision_sheet.html"}
    assert before.keys() - public.keys() == for_the_office
    assert [path for path in public if DAY_TO_COME.encode() in public[path]] == []
    assert project.kedro("run").code == 2
    preview = show(catalogue / "preview")
    assert all(preview.pop(name) for name in for_the_office)
    assert {path: public[path] for path in preview} == preview
    assert show(project.path / "data/05_package") == {
        path.removeprefix("dataset/").replace("/latest/", "/"): content
        for path, content in public.items()
        if "/latest/" in path and not path.endswith("/latest/index.html")
    }
    versions = [p for p in public if re.match(r"dataset/[^/]+/(\d|latest/index\.html)", p)]
    assert public.keys() - preview.keys() == set(versions)
    dcat = json.loads(public["dataset/dx-indicators/latest/dcat.jsonld"])
    assert dcat["dct:issued"]["@value"] == dcat["dct:modified"]["@value"] == str(date.today())


@pytest.mark.long
def test_what_is_withdrawn_is_nowhere_and_its_numbers_are_not_used_again(
    published: Project, tmp_path: Path
) -> None:
    project = published.copy_to(tmp_path / "project")
    decided = ["--name", "部長", "--decision-number", "1", "--reason", "誤り", "--yes"]
    unknown = sumida_data(project, "withdraw", "--row", "どこにもない文字", *decided)
    assert unknown.code == 1
    assert "当てはまる版は、公開したものの中にありません" in unknown.output
    done = sumida_data(project, "withdraw", "staff-training", *decided)
    assert done.code == 0, done.output
    assert "取り下げるもの：staff-training 版 1.0.0" in done.output
    public = show(project.path / "data/06_catalog/public")
    left = {path for path in public if path.startswith("dataset/staff-training/")}
    assert left == {f"dataset/staff-training/{one}index.html" for one in ("", "1.0.0/")}
    assert sumida_data(project, "verify").code == 0
    assert project.kedro("run").code == 2
    proposal = json.loads((project.path / "data/06_catalog/changes.json").read_bytes())
    assert proposal["versions"]["staff-training"] == "2.0.0"
    assert proposal["versions"]["dx-indicators"] == "1.0.0"


def test_the_record_says_what_was_published(published: Project) -> None:
    [history] = read_histories(published.path / "data/06_catalog/record")
    [line] = history.publications
    assert (line.kind, line.approval_id, line.target) == ("publish", "A0001", "folder")
    assert {one.version for one in line.datasets} == {"1.0.0"}
    assert line.second_opinion
    assert line.second_opinion.objections == ()
    assert (line.second_opinion.tables, line.second_opinion.files) == (25, 43)
    values = {(row["indicator_id"], row["period"]): row for row in history.public_values}
    assert values["online_procedures_dx", "FY2022Q3"]["value"] == 23
    record = TargetRecord(published.path / "data/06_catalog/record/folder")
    kept = {path: record.read_content(one) for path, one in record.read_public_hashes().items()}
    public = published.path / "data/06_catalog/public/dataset"
    for path, content in kept.items():
        assert (public / path.replace("/", "/latest/", 1)).read_bytes() == content


def test_clean_leaves_what_was_published(published: Project) -> None:
    makefile = Path(__file__).parents[3] / "Makefile"
    before = show(published.path / "data/06_catalog/public")
    copy = published.copy_to(published.path.parent / "cleaned")
    make = shutil.which("make") or pytest.skip("make is not installed")
    subprocess.run([make, "-f", str(makefile), "clean"], cwd=copy.path, check=True)
    assert show(copy.path / "data/06_catalog/public") == before
    assert (copy.path / "data/06_catalog/record/folder/approvals.jsonl").exists()
    left = {path.name for path in (copy.path / "data").iterdir()} - {".running"}
    assert sorted(left) == [
        "01_raw",
        "06_catalog",
        "state",
    ]


@pytest.mark.long
def test_an_edit_by_hand_is_found_and_mended(published: Project, tmp_path: Path) -> None:
    project = published.copy_to(tmp_path / "project")
    index = project.path / "data/06_catalog/public/index.html"
    index.write_bytes(index.read_bytes() + b"<!-- by hand -->")
    found = sumida_data(project, "verify")
    assert found.code == 2
    assert "index.html: 中身が公開したものと違います" in found.output
    assert project.kedro("run", "--pipelines=publish").code == 0
    assert sumida_data(project, "verify").code == 0


@pytest.mark.long
def test_returns_discarded_without_keeping_them_are_told_of_in_one_sentence(
    published: Project, tmp_path: Path
) -> None:
    project = published.copy_to(tmp_path / "project")
    shutil.rmtree(project.path / "data/01_raw/survey/FY2022Q1")
    run = project.kedro("run")
    assert run.code == 2, run.output
    output = "".join(run.output.split())
    assert (
        output.count("FY2022Q1：使える調査票も読み取りの控えもないため、公表した値だけを残しました")
        == 1
    )
    assert "食い違いが1件あります" in output
    kept = "SELECT count(*) FROM indicator_value WHERE period = 'FY2022Q1'"
    assert ask(project, kept) == [(11,)]
    failed = "SELECT rule_id FROM check_result WHERE NOT passed AND severity = 'error'"
    assert ask(project, failed) == []


@pytest.mark.long
def test_a_published_figure_is_revised_only_with_a_reason(
    published: Project, tmp_path: Path
) -> None:
    project = published.copy_to(tmp_path / "project")
    put_online(project)
    run = project.kedro("run", "--to-nodes=assess_progress")
    assert run.code == 0, run.output
    figure = "indicator_id = 'online_procedures_dx' AND period = 'FY2022Q3'"
    tables = project.path / "data/04_indicator"
    frozen = f"SELECT revision, value FROM '{tables}/indicator_value.parquet' WHERE {figure}"
    assert duckdb.sql(frozen).fetchall() == [(1, 23)]
    question = f"SELECT indicator_id, differences FROM '{tables}/pending_revision.parquet'"
    waiting = dict(duckdb.sql(question).fetchall())
    assert waiting["online_procedures_dx"] == "値 23→24、分子 23→24"

    reasons = project.path / "data/01_raw/reference/revisions.csv"
    with reasons.open("a", encoding="utf-8") as file:
        file.writelines(map(REASON.format, waiting))
    assert project.kedro("run").code == 2
    revisions = ask(
        project, f"SELECT revision, value FROM indicator_value WHERE {figure} ORDER BY revision"
    )
    assert revisions == [(1, 23), (2, 24)]
    rows = ask(
        project,
        "SELECT revision, count(DISTINCT row_id) FROM lineage "
        f"WHERE {figure} GROUP BY revision ORDER BY revision",
    )
    assert rows == [(1, 23), (2, 24)]
    notices = ask(
        project, f"SELECT old_value, new_value, scope FROM correction_notice WHERE {figure}"
    )
    assert notices == [(23, 24, "令和4年度第3四半期")]
    compared = "SELECT rows_checked FROM check_result WHERE rule_id = 'Q501'"
    assert ask(project, compared)[0][0] > 0
    day = "SELECT max(value) FROM indicator_value_as_published('folder', current_date) WHERE"
    assert ask(project, f"{day} {figure}") == [(23,)]

    assert sumida_data(project, "approve", *APPROVED).code == 0
    assert project.kedro("run", "--pipelines=publish").code == 0
    public = project.path / "data/06_catalog/public/dataset/dx-indicators"
    assert (public / "latest/indicator_value.csv").read_bytes() != (
        public / "1.0.0/indicator_value.csv"
    ).read_bytes()
    undone = sumida_data(project, "undo", "--yes")
    assert undone.code == 0, undone.output
    assert "公開 P0001 の内容に戻しました" in undone.output
    assert show(project.path / "data/06_catalog/public") == show(
        published.path / "data/06_catalog/public"
    )
    assert sumida_data(project, "verify").code == 0
    assert sumida_data(project, "undo", "--yes").code == 0
    assert {path.name for path in public.iterdir() if path.suffix not in {".json", ".zip"}} == {
        "1.0.0",
        "1.1.0",
        "latest",
        "index.html",
    }
