"""What becomes of stocks when departments are split, merged or renamed on 1 October 2022."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department, Succession
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.survey.conftest import cover, procedures

CHANGE, LATER = date(2022, 10, 1), date(2022, 11, 1)
OLD = Department("1903", "都市整備部", "道路公園課", date(2020, 4, 1), date(2022, 9, 30), "")
NEW = [
    Department(code, "都市整備部", section, CHANGE, None, "")
    for code, section in (("1906", "道路課"), ("1907", "公園課"))
]
TAX = Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "")
ROAD, PARK = ["T1", "占用", *[""] * 5, 120], ["T2", "利用", *[""] * 5, 150]
UNCHANGED: dict[str, Any] = {"前回から変更なし": "該当"}

Collect = Callable[..., Collected]


@pytest.fixture
def collect(
    tmp_path: Path,
    form: Form,
    waves: Waves,
    rules: FindingRules,
    make_workbook: Callable[..., bytes],
) -> Collect:
    """Return a function that collects 1903's return of Q2 and those of its successors of Q3."""

    def run(
        successors: list[str],
        after: dict[str, list[list[Any]]],
        before: dict[str, list[list[Any]]] | None = None,
        later: Succession | None = None,
        **answers: Any,
    ) -> Collected:
        files = {}
        returns = {f"FY2022Q2/{code}.xlsx": rows for code, rows in (before or {}).items()}
        returns |= {"FY2022Q2/1903.xlsx": [ROAD, PARK]}
        returns |= {f"FY2022Q3/{code}.xlsx": rows for code, rows in after.items()}
        for name, rows in returns.items():
            said = answers if "Q3" in name else {}
            sheets = {"表紙": cover(name[9:13], **said), "手続": procedures(*rows)}
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(make_workbook(sheets))
            files[name] = SourceFile(name, path)
        successions = [Succession("1903", code, CHANGE, "") for code in successors]
        successions += [later] if later else []
        reader = FormReader(form, rules)
        collector = Collector(reader, waves, [OLD, *NEW, TAX], "131075", successions)
        return collector.collect(files)

    return run


def changes(collected: Collected) -> list[tuple[str, str | None, str | None]]:
    """The findings about what has changed: rule, department and value."""
    return [
        (one.rule_id, one.place.department_code, one.value_found)
        for one in collected.findings
        if one.rule_id in {"F402", "F511", "F512", "F513"}
    ]


def carried(collected: Collected) -> set[tuple[str | None, str | None]]:
    """Department and procedure number of what was carried forward."""
    return {
        (row.department_code, row.value)
        for row in collected.answers
        if row.carried_from and row.field == "procedure_number"
    }


def test_a_department_with_another_name_misses_what_is_gone(collect: Collect) -> None:
    collected = collect(["1906"], {"1906": [[*ROAD[:7], 1200]]})
    assert changes(collected) == [("F512", "1906", "1200"), ("F511", "1906", "T2")]


def test_without_a_succession_a_department_has_no_past(collect: Collect) -> None:
    assert changes(collect([], {"1906": [ROAD]})) == []


def test_another_name_carries_forward(collect: Collect) -> None:
    collected = collect(["1906"], {"1906": []}, **UNCHANGED)
    assert carried(collected) == {("1906", "T1"), ("1906", "T2")}
    assert {row.carried_from for row in collected.answers if row.carried_from} == {"FY2022Q2"}
    assert len({row.row_id for row in collected.answers}) == len(collected.answers)


def test_a_merged_department_has_both_pasts(collect: Collect) -> None:
    tax = ["T3", "納税"]
    before = {"1203": [tax]}
    assert changes(collect(["1203"], {"1203": [tax, ROAD]}, before)) == [("F511", "1203", "T2")]
    unchanged = collect(["1203"], {"1203": []}, before, **UNCHANGED)
    assert carried(unchanged) == {("1203", "T1"), ("1203", "T2"), ("1203", "T3")}


def test_after_a_split_all_is_well_where_each_row_has_an_heir(collect: Collect) -> None:
    assert changes(collect(["1906", "1907"], {"1906": [ROAD], "1907": [PARK]})) == []


def test_after_a_split_a_row_without_an_heir_is_told_of_once(collect: Collect) -> None:
    collected = collect(["1906", "1907"], {"1906": [ROAD], "1907": [["T3", "新しい手続"]]})
    assert changes(collected) == [("F513", "1907", "T2")]
    (finding,) = [one for one in collected.findings if one.rule_id == "F513"]
    assert "1903" in finding.message


def test_after_a_split_jumps_are_seen(collect: Collect) -> None:
    collected = collect(["1906", "1907"], {"1906": [[*ROAD[:7], 1200]], "1907": [PARK]})
    assert changes(collected) == [("F512", "1906", "1200")]


def test_nothing_is_missed_before_all_heirs_have_answered(collect: Collect) -> None:
    assert changes(collect(["1906", "1907"], {"1906": [ROAD]})) == []


def test_what_was_divided_is_carried_forward_to_none(collect: Collect) -> None:
    collected = collect(["1906", "1907"], {"1906": [], "1907": []}, **UNCHANGED)
    assert carried(collected) == set()
    assert changes(collected) == [
        ("F402", "1906", None),
        ("F402", "1907", None),
        ("F513", "1907", "T1"),
        ("F513", "1907", "T2"),
    ]


def test_a_department_that_never_answered_hands_on_what_it_had_taken_over(
    collect: Collect,
) -> None:
    collected = collect(["1906"], {"1907": [ROAD]}, later=Succession("1906", "1907", LATER, ""))
    assert changes(collected) == [("F511", "1907", "T2")]
