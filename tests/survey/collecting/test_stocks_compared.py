from collections.abc import Callable
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from tests.survey.conftest import cover, procedures

Collect = Callable[[dict[str, Any]], Collected]
ROW = ["T1", "届出", "非該当", "該当", "済", "R4.10.1", "", 120, 30, "有", "済", "QR", "R4.7.1", ""]
OTHER = ["T2", *ROW[1:]]


@pytest.fixture
def compare(collect: Collect) -> Callable[..., list[tuple[str, str | None, str]]]:
    """Return a function that collects two quarters and gives what the later one contradicts."""

    def run(
        before: list[list[Any]], after: list[list[Any]], **answers: Any
    ) -> list[tuple[str, str | None, str]]:
        collected = collect(
            {
                "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(*before)},
                "FY2022Q3/a.xlsx": {"表紙": cover(**answers), "手続": procedures(*after)},
            }
        )
        findings = [f for f in collected.findings if f.rule_id.startswith("F51")]
        assert {f.place.period for f in findings} <= {"FY2022Q3"}
        return [(f.rule_id, f.place.cell, f.message) for f in findings]

    return run


Compare = Callable[..., list[tuple[str, str | None, str]]]


def test_a_row_that_is_gone(compare: Compare) -> None:
    assert compare([ROW, OTHER], [OTHER]) == [
        ("F511", None, "前回の「手続」にあった「T1」の行がありません。")
    ]


@pytest.mark.parametrize(
    ("cases", "told"), [(1200, True), ("12", True), (1100, False), ("", False)]
)
def test_a_digit_too_many_or_too_few(compare: Compare, cases: object, told: bool) -> None:  # noqa: FBT001
    changed = [*ROW[:7], cases, *ROW[8:]]
    expected = [("F512", "H2", f"「年間件数」は前回120でしたが、今回は「{cases}」です。")]
    assert compare([ROW], [changed]) == (expected if told else [])


def test_small_numbers_may_grow(compare: Compare) -> None:
    small = [*ROW[:8], 2, *ROW[9:]]
    assert compare([small], [[*ROW[:8], 90, *ROW[9:]]]) == []


def test_what_is_carried_forward_contradicts_nothing(compare: Compare) -> None:
    assert compare([ROW, OTHER], [], 前回から変更なし="該当") == []


def test_a_table_that_is_empty_now_is_asked_about_by_name(compare: Compare) -> None:
    asked = "前回「手続」に2件(T1、T2)の回答がありましたが、今回は1件もありません。"
    assert compare([ROW, OTHER], []) == [("F515", None, asked)]
    assert compare([ROW, OTHER], [["該当なし"]]) == [("F515", None, asked)]
    assert compare([ROW, OTHER], [["別紙のとおり"]]) == [("F515", None, asked)]


@pytest.mark.parametrize(
    ("rate", "rule_ids"),
    [("0.223", ["F311"]), ("0.3", ["F311"]), ("22.3", []), ("0.223%", ["F512"])],
)
def test_a_rate_written_as_a_part_of_one(collect: Collect, rate: str, rule_ids: list[str]) -> None:
    def effects(value: str) -> dict[str, Any]:
        headings = ["事例名", "効果", "値", "単位", "実績/見込み", "概数", "条件"]
        return {"表紙": cover(), "取組効果": [headings, ["RPA", "割合", value, "%"]]}

    collected = collect({"FY2022Q2/a.xlsx": effects("22.3"), "FY2022Q3/a.xlsx": effects(rate)})
    told = [one for one in collected.findings if one.rule_id.startswith(("F51", "F311"))]
    assert [one.rule_id for one in told] == rule_ids
    assert all(one.place.cell == "C2" for one in told)
