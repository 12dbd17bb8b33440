"""Days are plausible, or somebody is asked."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from tests.survey.conftest import cover, procedures

Collect = Callable[[dict[str, Any]], Collected]
TRAININGS = ["研修名", "実施日", "対象", "受講者数", "備考"]


def find(collect: Collect, **sheets: Any) -> tuple[dict[str, Any], list[Any]]:
    collected = collect({"FY2022Q3/1203.xlsx": {"表紙": cover()} | sheets})
    answers = {(one.sheet, one.cell): one.value for one in collected.answers}
    ignored = {"F204", "F323"}
    found = [(f.rule_id, f.place.cell) for f in collected.findings if f.rule_id not in ignored]
    return answers, found


def procedure(status: str, started_on: Any) -> list[list[Any]]:
    row = [
        "T1203-02",
        "届出",
        "非該当",
        "該当",
        status,
        started_on,
        "窓口",
        120,
        30,
        "無",
        "対象外",
    ]
    return procedures([*row, "", "", ""])


@pytest.mark.parametrize(
    ("status", "day", "value", "kind"),
    [
        ("済", "1900/1/18", None, "F336"),
        ("済", "1922/2/1", None, "F336"),
        ("済", "2202/10/1", None, "F336"),
        ("済", date(2004, 10, 1), "2004-10-01", "F337"),
        ("済", "平成4年10月1日", "1992-10-01", "F337"),
        ("済", "2022年10月1日(月)", None, "F338"),
        ("済", "2022年10月1日(土)", "2022-10-01", None),
        ("済", date(2023, 2, 1), "2023-02-01", "F404"),
        ("済", "R4.10.1予定", "2022-10-01", "F404"),
        ("予定", date(2023, 2, 1), "2023-02-01", None),
        ("済", date(2019, 10, 1), "2019-10-01", None),
    ],
)
def test_a_start_is_plausible(
    collect: Collect, status: str, day: Any, value: str | None, kind: str | None
) -> None:
    answers, found = find(collect, 手続=procedure(status, day))
    assert answers["手続", "F2"] == value
    assert [one for one, _ in found] == ([kind] if kind else [])


@pytest.mark.parametrize("day", ["2021/12/20", "2004/10/20", "2023/1/20", "2202/10/20"])
def test_an_event_of_another_year_is_none_of_this_one(collect: Collect, day: str) -> None:
    rows = [
        TRAININGS,
        ["情報研修", "2022/10/20", "全職員", 20, ""],
        ["DX研修", day, "全職員", 20, ""],
    ]
    answers, found = find(collect, 研修=rows)
    assert ("研修", "A2") in answers
    assert ("研修", "A3") not in answers
    assert {"F339", "F336"} & {kind for kind, _ in found}


@pytest.mark.parametrize(
    ("day", "is_odd"),
    [("R4.1.10", True), ("R15.1.10", True), ("2022/12/20", True), ("R5.1.10", False)],
)
def test_the_day_of_answering_follows_the_quarter(collect: Collect, day: str, is_odd: bool) -> None:  # noqa: FBT001
    collected = collect({"FY2022Q3/1203.xlsx": {"表紙": cover(回答日=day)}})
    assert ("F221" in [one.rule_id for one in collected.findings]) == is_odd


@pytest.mark.parametrize(("word", "is_told"), [("はい", False), ("いいえ", True), ("", True)])
def test_about_is_not_lost(collect: Collect, word: str, is_told: bool) -> None:  # noqa: FBT001
    headings = [
        "事例名", "効果", "値", "単位", "実績/見込み", "概数", "条件", "年間件数", "1件当たり分", "箇所数",
    ]  # fmt: skip
    row = ["電子申請", "件数", "約300件", "件", "実績", word, "", "", "", ""]
    answers, found = find(collect, 取組効果=[headings, row])
    assert answers["取組効果", "C2"] == "300"
    assert ("F404" in [kind for kind, _ in found]) == is_told


def test_two_incidents_of_one_day_are_two(collect: Collect) -> None:
    rows = [
        ["発生日", "概要", "重大"],
        ["2022/12/5", "FAXの誤送信", "非該当"],
        ["2022/12/5", "USBメモリの紛失", "該当"],
        ["2022/12/5", "FAXの誤送信", "非該当"],
    ]
    answers, found = find(collect, セキュリティ=rows)
    assert [answers["セキュリティ", f"C{row}"] for row in (2, 3)] == ["非該当", "該当"]
    assert ("セキュリティ", "C4") not in answers
    assert ("F306", "A4") in found


def test_an_event_that_is_read_alike_is_the_same_in_the_next_quarter(collect: Collect) -> None:
    def training(name: str) -> list[list[Any]]:
        return [TRAININGS, [name, "2022/8/20", "全職員", 20, ""]]

    files = {
        "FY2022Q2/1203.xlsx": {"表紙": cover(), "研修": training("研修(第1回)")},
        "FY2022Q3/1203.xlsx": {"表紙": cover(), "研修": training("研修（第１回）")},
    }
    collected = collect(files)
    names = {(a.value, a.change) for a in collected.answers if a.field == "training_name"}
    assert {value for value, _ in names} == {"研修(第1回)"}
    assert "F514" not in [one.rule_id for one in collected.findings]
