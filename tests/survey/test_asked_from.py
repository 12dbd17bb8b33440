"""A field that is new in a quarter is asked for, read and told as missing from then on only."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sumida_data.base.frames import build_frame_of_tuples, read_rows
from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import Period
from sumida_data.survey.blank_form import Inquiry, write_blank_form
from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.workbook import open_workbook
from sumida_data.survey.tables import TableDescriptions, build_dictionary, build_typed_tables
from tests.survey.conftest import DEPARTMENTS, PROCEDURE_HEADINGS, cover

FIELD = {
    "name": "counter_minutes",
    "title": "窓口の所要分",
    "title_en": "Minutes at the counter",
    "type": "integer",
    "unit": "分",
    "published": True,
    "asked_from": "FY2022Q3",
}
MORE = {
    "message": "「窓口の所要分」が「年間件数」より多くなっています。",
    "when": {"counter_minutes": {"more_than": "annual_cases"}},
}
ROW = ["T1203-01", "証明", "非該当", "該当", "未定", "", "", 120, "", "無", "対象外"]


@pytest.fixture
def longer(form: Form) -> Form:
    """The form with one more field, asked from FY2022Q3 on."""
    raw = form.model_dump()
    [sheet] = [one for one in raw["sheets"] if one["table"] == "procedure"]
    sheet["fields"] = [*sheet["fields"], FIELD]
    sheet["contradictions"] = [*sheet["contradictions"], MORE]
    return Form.model_validate(raw)


@pytest.fixture
def collected(
    longer: Form,
    waves: Waves,
    rules: FindingRules,
    tmp_path: Path,
    make_workbook: Callable[..., bytes],
) -> Collected:
    """Two quarters: one from before the field, one that leaves it out."""
    files = {}
    for period in ("FY2022Q2", "FY2022Q3"):
        path = tmp_path / f"{period}.xlsx"
        sheets: dict[str, Any] = {"表紙": cover(), "手続": [PROCEDURE_HEADINGS, ROW]}
        path.write_bytes(make_workbook(sheets))
        files[f"{period}/a.xlsx"] = SourceFile(f"{period}/a.xlsx", path)
    return Collector(FormReader(longer, rules), waves, DEPARTMENTS, "131075").collect(files)


def test_its_heading_is_missed_from_then_on_only(collected: Collected) -> None:
    missed = {f.place.period for f in collected.findings if "窓口の所要分" in f.message}
    assert missed == {"FY2022Q3"}


def test_its_status_tells_not_asked_from_not_answered(
    longer: Form, raw_parameters: dict[str, Any], dictionary: DataDictionary, collected: Collected
) -> None:
    described = build_dictionary(
        TableDescriptions.model_validate(raw_parameters["tables"]), longer
    )["procedure"]
    assert described.field("counter_minutes").description.endswith(
        "令和4年度第3四半期から照会している。"
    )
    answer = build_frame_of_tuples(dictionary["answer"], collected.answers)
    rows = read_rows(build_typed_tables(answer, [described])["procedure"])
    assert {row["period"]: row["counter_minutes_status"] for row in rows} == {
        "FY2022Q2": "not_asked",
        "FY2022Q3": "not_answered",
    }
    assert {row["fee_status"] for row in rows if "fee_status" in row} <= {"answered"}


@pytest.mark.parametrize("period", ["FY2022Q3", "FY2022Q4"])
def test_who_says_no_change_is_asked_for_it_too(
    longer: Form,
    waves: Waves,
    rules: FindingRules,
    tmp_path: Path,
    make_workbook: Callable[..., bytes],
    period: str,
) -> None:
    unchanged = {"表紙": cover(前回から変更なし="該当")}
    sent = {"FY2022Q2": {"表紙": cover(), "手続": [PROCEDURE_HEADINGS, ROW]}}
    sent |= {one: unchanged for one in ("FY2022Q3", "FY2022Q4") if one <= period}
    files = {}
    for one, sheets in sent.items():
        path = tmp_path / f"{one}.xlsx"
        path.write_bytes(make_workbook(sheets))
        files[f"{one}/a.xlsx"] = SourceFile(f"{one}/a.xlsx", path)
    findings = (
        Collector(FormReader(longer, rules), waves, DEPARTMENTS, "131075").collect(files).findings
    )
    asked = [one for one in findings if one.rule_id == "F405"]
    assert [one.place.period for one in asked] == [*sent][1:]
    assert "「手続」の「窓口の所要分」は前回の後に加わった項目" in asked[0].message
    assert "答えのない行が1件" in asked[0].message


@pytest.mark.parametrize(("period", "asks"), [("FY2022Q2", False), ("FY2022Q3", True)])
def test_a_blank_form_asks_for_it_from_then_on(
    longer: Form, waves: Waves, period: str, *, asks: bool
) -> None:
    inquiry = Inquiry(longer, Period.parse(period), waves.root[period], sample=False)
    department = Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "")
    book = open_workbook(write_blank_form(inquiry, department, None), "a.xlsx")
    texts = {cell for sheet in book.sheets for row in sheet.rows for cell in row}
    assert any(str(text).startswith("窓口の所要分") for text in texts) == asks
    assert any("「窓口の所要分」が" in str(text) for text in texts) == asks


@pytest.mark.parametrize(
    ("sheet", "name", "told"),
    [
        (1, "procedure_number", "項目 procedure_number は行を表す"),
        (0, "answered_on", "項目 answered_on は行を表す"),
        (1, "online_status", "online_started_on は online_status による"),
    ],
)
def test_what_others_rest_on_is_asked_from_the_first_quarter(
    form: Form, sheet: int, name: str, told: str
) -> None:
    raw = form.model_dump()
    [field] = [one for one in raw["sheets"][sheet]["fields"] if one["name"] == name]
    field["asked_from"] = "FY2022Q4"
    with pytest.raises(ValidationError, match=told):
        Form.model_validate(raw)


def test_a_quarter_must_be_one(form: Form) -> None:
    raw = form.model_dump()
    raw["sheets"][1]["fields"] = [*raw["sheets"][1]["fields"], FIELD | {"asked_from": "2022"}]
    with pytest.raises(ValidationError, match="asked_from"):
        Form.model_validate(raw)
