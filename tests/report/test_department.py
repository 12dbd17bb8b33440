"""What a department says yes to: its cells, and how a file sent again differs from the first."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.survey.conftest import DEPARTMENTS, cover, procedures

from sumida_data.base.periods import Period
from sumida_data.report.returns import (
    ResponseTracking,
    compare_returns,
    render_department_pages,
    trace_figures,
)
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader, read_returns
from sumida_data.survey.feedback import Feedback
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves

PERIOD = "FY2022Q3"
ONLINE = ["T1", "届出", "該当", "非該当", "済", "R4.4.1", "LoGo", "120"]
RESTS_ON = {("procedure", "online_status"): ("オンライン化手続数①",)}


@pytest.fixture
def received(tmp_path: Path, make_workbook: Callable[..., bytes]) -> dict[str, SourceFile]:
    """Two files of one department; the second takes a procedure back, and adds another."""
    rows = {
        "first.xlsx": [ONLINE, ["T2", "証明", "", "", "予定"]],
        "second.xlsx": [[*ONLINE[:4], "予定", "", *ONLINE[6:]], ["T3", "申請", "", "", "未定"]],
    }
    files = {}
    for number, (name, each) in enumerate(rows.items()):
        path = tmp_path / name
        path.write_bytes(
            make_workbook({"表紙": cover(回答日=f"R5.1.1{number}"), "手続": procedures(*each)})
        )
        files[f"{PERIOD}/{name}"] = SourceFile(f"{PERIOD}/{name}", path)
    return files


@pytest.fixture
def collector(form: Form, waves: Waves, rules: FindingRules) -> Collector:
    return Collector(FormReader(form, rules), waves, DEPARTMENTS, "131075")


def test_a_file_sent_again_is_compared_cell_by_cell(
    received: dict[str, SourceFile], collector: Collector, form: Form
) -> None:
    before, after = read_returns(collector.reader, collector.waves, [*received.values()])
    changes = compare_returns(before, after, form, RESTS_ON)
    by_row = {(one["row"], one["heading"]): one for one in changes}
    moved = by_row["T1", "オンライン化"]
    assert (moved["before"], moved["after"], moved["indicators"]) == (
        "済",
        "予定",
        ("オンライン化手続数①",),
    )
    assert by_row["T1", "開始日"]["after"] == ""
    assert (by_row["T2", "手続名"]["before"], by_row["T2", "手続名"]["after"]) == ("証明", "")
    assert (by_row["T3", "手続名"]["before"], by_row["T3", "手続名"]["after"]) == ("", "申請")
    assert ("T1", "手続名") not in by_row
    assert compare_returns(after, after, form, RESTS_ON) == []


def make_tables() -> dict[str, pd.DataFrame]:
    answer = {"record_id": ["r1", "r2"], "department_code": ["1203", None], "period": [PERIOD] * 2}
    lineage = {
        "municipality_code": ["131075"] * 4,
        "indicator_id": ["online"] * 4,
        "period": [PERIOD] * 4,
        "revision": [1, 2, 2, 2],
        "role": ["numerator"] * 4,
        "table_name": ["procedure"] * 4,
        "row_id": ["r1", "r1", "r1", "r2"],
        "field": ["online_status"] * 4,
        "sheet": ["手続"] * 4,
        "cell": ["F9", "F20", "F3", "F4"],
        "carried_from": [None, None, "FY2022Q2", None],
    }
    value = {"indicator_id": ["online"], "indicator_title": ["オンライン化手続数①"]}
    tables = {"answer": answer, "lineage": lineage, "indicator_value": value}
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def test_of_a_department_the_cells_of_the_last_revision_are_named() -> None:
    by_department, rests_on = trace_figures(PERIOD, **make_tables())
    [counted] = by_department["1203"]
    assert counted == {
        "indicator": "オンライン化手続数①",
        "role": "numerator",
        "records": 1,
        "cells": ["手続!F3(前回から)", "手続!F20"],
    }
    assert [*by_department] == ["1203"]
    assert rests_on == {("procedure", "online_status"): ["オンライン化手続数①"]}


def test_each_department_that_answered_has_a_page(
    received: dict[str, SourceFile],
    collector: Collector,
    form: Form,
    rules: FindingRules,
    dictionary,
    municipality,
) -> None:
    columns = ["period", "department_code", "division", "section", "response_status", "source_file"]
    rows = [
        [PERIOD, "1203", "区民部", "税務課", "superseded", f"{PERIOD}/first.xlsx"],
        [PERIOD, "1203", "区民部", "税務課", "received", f"{PERIOD}/second.xlsx"],
        [PERIOD, "1204", "区民部", "窓口課", "not_received", None],
    ]
    response = pd.DataFrame(rows, columns=columns).assign(
        answered_on=None,
        received_on=date(2023, 1, 14),
        file_sha256="ab" * 32,
        due_on=date(2023, 1, 16),
        rows_set_aside=0,
        sample=False,
    )
    finding = pd.DataFrame(
        columns=["rule_id", "severity", "period", "department_code", "source_file", "message"]
    )
    answer = pd.DataFrame(
        columns=["department_code", "period", "table_name", "record_id", "field", "value"],
        dtype="object",
    )
    tables = {"response": response, "finding": finding, "answer": answer}
    period, owner = Period.parse(PERIOD), municipality.office
    given = Feedback(dictionary, form, rules, period, owner)
    tracking = ResponseTracking(given, municipality, tables)
    pages = render_department_pages(tracking, collector, received, **make_tables())
    [(name, page)] = pages.items()
    assert name == "1203_税務課_公開前の確認.html"
    text = page.decode()
    for words in (
        "オンライン化手続数①（分子）1件",
        "手続!F3(前回から)、手続!F20",
        "first.xlsx から",
        "<td>オンライン化</td>",
        "<code>sumida-data quarter --period FY2022Q3 --confirm 1203 --by 氏名</code>",
    ):
        assert words in text
