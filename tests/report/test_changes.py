from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.report.returns import describe_changes
from sumida_data.survey.form import Form

# period, department, key, field, value
Cell = tuple[str, str, str, str, str | None]
Count = Callable[[Sequence[Cell]], dict[str, tuple[str, ...]]]


@pytest.fixture
def count(form: Form, dictionary: DataDictionary) -> Count:
    """Return a function that compares FY2022Q3 with what came before, from cells of 手続."""

    def run(cells: Sequence[Cell]) -> dict[str, tuple[str, ...]]:
        rows: list[dict[str, Any]] = []
        for period, code, key, field, value in cells:
            whose = {"period": period, "department_code": code, "table_name": "procedure"}
            whose["record_id"] = f"{period}{code}{key}"
            rows += [
                whose | {"field": "procedure_number", "value": key},
                whose | {"field": field, "value": value},
            ]
        return describe_changes(form, "FY2022Q3", build_frame(dictionary["answer"], rows))

    return run


def test_answers_are_compared_by_key_and_field(count: Count) -> None:
    changes = count(
        [
            ("FY2022Q2", "1203", "T1", "online_status", "予定"),
            ("FY2022Q2", "1203", "T2", "online_status", "済"),
            ("FY2022Q2", "1203", "T3", "online_status", "未定"),
            ("FY2022Q3", "1203", "T3", "online_status", "未定"),
            ("FY2022Q3", "1203", "T1", "online_status", "済"),
            ("FY2022Q3", "1203", "T4", "online_status", None),
        ]
    )
    assert changes == {"1203": ("手続(増1 減2 変更1)",)}


def test_no_difference_is_not_the_same_as_no_comparison(count: Count) -> None:
    same = [(period, "1203", "T1", "fee", "有") for period in ("FY2022Q2", "FY2022Q3")]
    only_now = ("FY2022Q3", "1204", "T9", "fee", "有")
    only_then = ("FY2022Q2", "1205", "T9", "fee", "有")
    assert count([*same, only_now, only_then]) == {"1203": ()}


def test_the_last_quarter_answered_counts_and_later_ones_do_not(count: Count) -> None:
    changes = count(
        [
            ("FY2021Q4", "1203", "T1", "fee", "無"),
            ("FY2022Q1", "1203", "T1", "fee", "有"),
            ("FY2022Q3", "1203", "T1", "fee", "有"),
            ("FY2022Q4", "1203", "T1", "fee", "無"),
        ]
    )
    assert changes == {"1203": ()}


def test_departments_are_not_mixed(count: Count) -> None:
    changes = count(
        [
            ("FY2022Q2", "1203", "T1", "fee", "有"),
            ("FY2022Q2", "1204", "T2", "fee", "有"),
            ("FY2022Q3", "1203", "T1", "fee", "無"),
            ("FY2022Q3", "1204", "T2", "fee", "有"),
        ]
    )
    assert changes == {"1203": ("手続(変更1)",), "1204": ()}
