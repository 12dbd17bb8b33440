from collections.abc import Callable
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.form import Form
from sumida_data.survey.reading.stamp import STAMP_SHEET, Stamp
from tests.survey.conftest import cover, procedures

Collect = Callable[[dict[str, Any]], Collected]


def found(collected: Collected) -> list[tuple[str | None, str]]:
    return [(f.value_found, f.message) for f in collected.findings if f.rule_id == "F210"]


@pytest.mark.parametrize(
    ("period", "code", "expected"),
    [
        ("FY2022Q3", "1203", []),
        (
            "FY2022Q2",
            "1203",
            [
                (
                    "令和4年度第2四半期",
                    "このファイルの様式の調査期は「令和4年度第2四半期」で、今回この課に配付した調査票の"
                    "「令和4年度第3四半期」と違います。"
                    "書かれた回答は、表紙の課の今回の回答として読み取りました。",
                )
            ],
        ),
        (
            "FY2022Q3",
            "1204",
            [
                (
                    "1204",
                    "このファイルの様式の課コードは「1204」で、今回この課に配付した調査票の「1203」と"
                    "違います。書かれた回答は、表紙の課の今回の回答として読み取りました。",
                )
            ],
        ),
    ],
)
def test_a_form_of_another_quarter_or_department_is_told(
    collect: Collect, form: Form, period: str, code: str, expected: list[tuple[str, str]]
) -> None:
    stamp = Stamp(form.version, period, code)
    sheets = {"表紙": cover(), "手続": procedures(), STAMP_SHEET: list(stamp.labels.items())}
    collected = collect({"FY2022Q3/a.xlsx": sheets})
    assert found(collected) == expected
    # The stamp is never taken for the cover sheet.
    assert collected.responses[0]["department_code"] == "1203"


def test_an_old_form_is_told(collect: Collect) -> None:
    stamp = Stamp("2021-1", "FY2022Q3", "1203")
    collected = collect(
        {"FY2022Q3/a.xlsx": {"表紙": cover(), STAMP_SHEET: list(stamp.labels.items())}}
    )
    assert [value for value, _ in found(collected)] == ["2021-1"]


def test_a_form_without_a_stamp_is_read_all_the_same(collect: Collect) -> None:
    assert found(collect({"FY2022Q3/a.xlsx": {"表紙": cover()}})) == []


def test_a_stamp_alone_is_no_cover(collect: Collect) -> None:
    stamp = Stamp("2022-1", "FY2022Q3", "1203")
    collected = collect({"FY2022Q3/a.xlsx": {STAMP_SHEET: list(stamp.labels.items())}})
    assert "F201" in [finding.rule_id for finding in collected.findings]
