from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from sumida_data.base.frames import read_rows
from sumida_data.pipelines.forms import find_last_rows
from sumida_data.pipelines.wiring import UnableError
from sumida_data.plan.models import Plans, ReportedPeriod
from sumida_data.survey.blank_form import find_last_answers
from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department, parse_departments
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook
from tests.project import PROJECT, Project, Quarter

PERIOD = "FY2022Q4"
STOCKS = ("procedure", "consultation", "initiative", "initiative_effect")


@pytest.fixture(scope="module")
def departments() -> list[Department]:
    path = PROJECT / "data/01_raw/reference/departments.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return parse_departments(read_rows(rows))


@pytest.fixture(scope="module")
def project(quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the forms of the quarter after the sample's last have been written."""
    project = quarter.copy_to(tmp_path_factory.mktemp("forms") / "project")
    run = project.kedro("run", "--pipelines=forms", f"--params=period={PERIOD}", measured=True)
    assert run.code == 0, run.output
    assert "令和4年度第4四半期の調査票を75課分、data/08_reporting/forms/FY2022Q4/" in run.output
    assert "次にすること：各課に送り" in run.output
    return project


@pytest.fixture(scope="module")
def files(project: Project) -> dict[str, SourceFile]:
    folder = project.path / "data/08_reporting/forms"
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.xlsx"))}
    return {name: SourceFile(name, path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def collected(
    files: dict[str, SourceFile],
    departments: list[Department],
    form: Form,
    waves: Waves,
    rules: FindingRules,
) -> Collected:
    """What is read from the forms when all come back as they were sent out."""
    return Collector(FormReader(form, rules), waves, departments, "131075").collect(files)


@pytest.fixture(scope="module")
def known(project: Project) -> list[dict[str, Any]]:
    """The rows of table ``answer`` of the survey's stock sheets."""
    answer = pd.read_parquet(
        project.path / "data/03_primary/answer.parquet", dtype_backend="pyarrow"
    )
    return read_rows(answer[answer["table_name"].isin(STOCKS)])


def group(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the records by department and table, each with value and status by field."""
    records: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        key = (row["department_code"], row["table_name"], row["record_id"])
        # What could not be read is asked for anew.
        status = row["answer_status"].replace("unreadable", "not_answered")
        records[key][row["field"]] = (row["value"], status)
    grouped = defaultdict(list)
    for (code, table, _), record in records.items():
        grouped[code, table].append(record)
    return dict(grouped)


def test_each_department_asked_gets_a_form(
    files: dict[str, SourceFile], departments: list[Department]
) -> None:
    asked = {one for one in departments if one.exists_on(pd.Timestamp("2023-03-31").date())}
    assert set(files) == {f"{PERIOD}/{one.code}_{one.section}_調査票.xlsx" for one in asked}
    assert len(files) > 70


def test_every_answer_comes_back_the_same(
    collected: Collected, known: list[dict[str, Any]]
) -> None:
    last = find_last_answers(known, PERIOD)
    sent = group(row for row in known if row["period"] == last[row["department_code"]].period)
    back = group(row._asdict() for row in collected.answers if row.table_name in STOCKS)
    assert back == sent
    assert sum(map(len, back.values())) > 450


def test_a_department_that_was_silent_finds_its_answers_of_the_quarter_before(
    known: list[dict[str, Any]], collected: Collected
) -> None:
    silent = {row["department_code"] for row in known} - {
        row["department_code"] for row in known if row["period"] == "FY2022Q3"
    }
    assert silent >= {"1507", "1905"}
    assert silent <= {row.department_code for row in collected.answers}


def test_forms_as_sent_out_show_no_fault_but_what_is_still_to_be_answered(
    collected: Collected, files: dict[str, SourceFile], known: list[dict[str, Any]]
) -> None:
    found = Counter((one.rule_id, one.place.sheet) for one in collected.findings)
    unread, empty = found.pop(("F323", "手続")), found.pop(("F217", None))
    assert found == {
        ("F216", None): len(files) - empty,
        ("F318", "表紙"): len(files),
        ("F323", "セキュリティ"): len(files),
        ("F323", "指標の説明"): 3,
    }
    assert (unread, empty) == (1, len(files) - len({row["department_code"] for row in known}))
    states = Counter(row["response_status"] for row in collected.responses)
    assert states == {"received": len(files) - empty, "set_aside": empty}


def test_events_start_empty(collected: Collected) -> None:
    tables = {row.table_name for row in collected.answers if row.value is not None}
    # The indicators whose owners are asked about them.
    assert tables == {*STOCKS, "indicator_explanation"}


def test_only_departments_with_systems_get_the_sheet_for_them(
    files: dict[str, SourceFile], waves: Waves
) -> None:
    codes = waves.root[PERIOD].sheets["標準化"]
    for name, file in files.items():
        sheets = [sheet.name for sheet in open_workbook(file.read(), name).sheets]
        assert ("標準化" in sheets) == (name.split("/")[1][:4] in codes)


def test_owners_of_indicators_are_asked_why_and_what_comes_next(
    files: dict[str, SourceFile], plans: Plans
) -> None:
    owned, asked = plans.list_owned(PERIOD), {}
    for name, file in files.items():
        book = openpyxl.load_workbook(BytesIO(file.read()), read_only=True)
        if "指標の説明" in book.sheetnames:
            titles = [row[1] for row in book["指標の説明"].iter_rows(min_row=8, values_only=True)]
            asked[name.split("_")[1]] = [title for title in titles if title]
    assert asked == {owner: list(indicators) for owner, indicators in owned.items()}


def test_sample_answers_make_sample_forms(files: dict[str, SourceFile]) -> None:
    assert all(has_sample_stamp(open_workbook(file.read(), name)) for name, file in files.items())


@pytest.mark.long
def test_the_same_input_gives_the_same_bytes(
    project: Project, files: dict[str, SourceFile]
) -> None:
    before = {name: file.read() for name, file in files.items()}
    project.kedro("run", "--pipelines=forms", f"--params=period={PERIOD}")
    assert {name: file.read() for name, file in files.items()} == before


class TestBeforeTheFirstQuarter:
    def test_forms_are_empty_and_real(
        self, empty_project: Project, form: Form, tmp_path: Path
    ) -> None:
        project = empty_project.copy_to(tmp_path / "project")
        run = project.kedro("run", "--pipelines=forms", "--params=period=FY2021Q4")
        assert run.code == 0, run.output
        path = project.path / "data/08_reporting/forms/FY2021Q4/1203_税務課_調査票.xlsx"
        book = open_workbook(path.read_bytes(), path.name)
        assert not has_sample_stamp(book)
        assert form.cover.sheet in [sheet.name for sheet in book.sheets]

    @pytest.mark.long
    def test_a_quarter_that_is_not_listed_follows_the_last_and_says_so(
        self, empty_project: Project, tmp_path: Path
    ) -> None:
        project = empty_project.copy_to(tmp_path / "project")
        run = project.kedro("run", "--pipelines=forms", "--params=period=FY2023Q1")
        assert run.code == 0, run.output
        told = "FY2023Q1 は waves.yml にないので、FY2022Q4 と同じ課とシートに、締切日 2023-07-14"
        assert told in run.output
        forms = project.path / "data/08_reporting/forms"
        assert len([*(forms / "FY2023Q1").iterdir()]) == 75

    def test_a_quarter_without_an_inquiry_is_told(self, empty_project: Project) -> None:
        run = empty_project.kedro("run", "--pipelines=forms", "--params=period=FY2030Q1")
        assert run.code == 1
        assert "--params=period=FY2030Q1" in run.output
        assert "FY2022Q4" in run.output
        assert "Traceback" not in run.output


def test_invented_answers_are_forgotten_once_their_files_are_gone(waves: Waves) -> None:
    rows = [
        {"period": "FY2022Q3", "source_file": "FY2022Q3/a.xlsx", "sample": True},
        {"period": "FY2022Q3", "source_file": "FY2022Q3/b.xlsx", "sample": False},
    ]
    came = {"FY2022Q3/a.xlsx": SourceFile("FY2022Q3/a.xlsx", PROJECT)}
    latest = ReportedPeriod("latest")
    assert find_last_rows(pd.DataFrame(rows), came, waves, latest) == rows
    assert find_last_rows(pd.DataFrame(rows), {}, waves, latest) == rows[1:]
    assert find_last_rows(None, {}, waves, latest) == []


def test_returns_that_nobody_has_read_are_not_left_out_of_the_forms(waves: Waves) -> None:
    came = {f"{period}/a.xlsx": SourceFile("a", PROJECT) for period in ("FY2022Q3", "FY2022Q4")}
    for known in (None, pd.DataFrame([{"period": "FY2022Q2", "source_file": "", "sample": False}])):
        with pytest.raises(UnableError, match="令和4年度第3四半期の調査票をまだ読み取って"):
            find_last_rows(known, came, waves, ReportedPeriod("FY2022Q4"))
    assert find_last_rows(None, came, waves, ReportedPeriod("FY2021Q4")) == []
