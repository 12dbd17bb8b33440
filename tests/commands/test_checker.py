from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sumida_data.commands.checker import Checker

Put = Callable[..., Path]


@pytest.mark.parametrize(
    ("folder", "stated", "period"),
    [
        ("FY2022Q1", "令和4年度第3四半期", "FY2022Q1"),
        ("drop", "令和４年度 第２四半期", "FY2022Q2"),
        ("drop", "今期", "FY2022Q4"),
        ("FY1999Q1", "令和4年度第3四半期", "FY2022Q3"),
    ],
)
def test_the_quarter_is_that_of_the_folder_then_of_the_cover_then_the_last(
    tmp_path: Path, put: Put, checker: Checker, folder: str, stated: str, period: str
) -> None:
    path = put(tmp_path / folder / "a.xlsx", 調査期=stated)
    assert str(checker.check(path).period) == period


def test_a_quarter_that_is_asked_for_counts_most(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / "FY2022Q1" / "a.xlsx")
    assert str(replace(checker, period="FY2022Q2").check(path).period) == "FY2022Q2"


def test_it_finds_what_the_run_would_find(tmp_path: Path, put: Put, checker: Checker) -> None:
    path = put(tmp_path / "a.xlsx", ["T1", "届出", "", "", "", "", "", "多数"], code="9999")
    checked = checker.check(path)
    assert [
        (one.rule_id, one.place.cell) for one in checked.findings if one.severity == "error"
    ] == [
        ("F301", "H2"),
        ("F203", None),
    ]
    assert checked.count("error") == 2
    assert checked.response["response_status"] == "set_aside"


def test_no_change_is_no_mistake_where_last_quarter_is_not_known(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / "a.xlsx", ["T1", "届出"], 前回から変更なし="該当")
    checked = checker.check(path)
    assert checked.response["response_status"] == "no_change"
    assert {one.rule_id for one in checked.findings} == {"F204"}
