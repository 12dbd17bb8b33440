"""Which return counts follows from when it was first seen, not from time stamps or typed dates."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import Return
from tests.survey.conftest import cover, procedures

Collect = Callable[..., Collected]
MONDAY, TUESDAY = date(2023, 1, 16), date(2023, 1, 17)
DONE = ["T1203-01", "納税証明書", "非該当", "該当", "済", "R4.10.1"]
NOT_YET = ["T1203-01", "納税証明書", "非該当", "該当", "未定"]
FIRST, SECOND = "FY2022Q3/a.xlsx", "FY2022Q3/b.xlsx"


def send(row: list[Any], day: str = "R5.1.10") -> dict[str, Any]:
    return {"表紙": cover(回答日=day), "手続": procedures(row)}


def counting(collected: Collected) -> set[str | None]:
    return {answer.source_file for answer in collected.answers}


def ids(collected: Collected, name: str) -> set[str]:
    found = [one for one in collected.findings if one.place.source_file == name]
    return {one.rule_id for one in found} & {"F209", "F224"}


def test_a_touched_file_counts_no_more_than_before(collect: Collect, tmp_path: Path) -> None:
    files = {FIRST: send(DONE), SECOND: send(NOT_YET)}
    ledger = Ledger(today=MONDAY)
    assert counting(collect(files, ledger=ledger)) == {SECOND}
    contents = {name: (tmp_path / name).read_bytes() for name in files}
    os.utime(tmp_path / SECOND, (0, 0))
    # Written again in the other order, as a copy of the folder may do.
    again = collect(dict(reversed(contents.items())), ledger=Ledger(ledger.rows, TUESDAY))
    assert counting(again) == {SECOND}
    assert [row["received_on"] for row in again.responses if row.get("source_file")] == [MONDAY] * 2


def test_a_ledger_that_was_lost_is_told_of_its_quarters_as_long_as_it_is_not_restored(
    collect: Collect,
) -> None:
    ledger = Ledger(today=MONDAY, is_lost=True)
    for today in (MONDAY, TUESDAY):
        ledger = Ledger(ledger.rows, today, is_lost=not ledger.rows)
        found = collect({FIRST: send(DONE)}, ledger=ledger).findings
        assert [one.place.period for one in found if one.rule_id == "F117"] == ["FY2022Q3"]
    whole = Ledger(today=MONDAY)
    assert "F117" not in {
        one.rule_id for one in collect({FIRST: send(DONE)}, ledger=whole).findings
    }


def test_what_arrived_later_counts_whatever_day_is_typed_and_both_are_told(
    collect: Collect, make_workbook: Callable[..., bytes]
) -> None:
    first = make_workbook(send(DONE, "R5.12.20"))
    ledger = Ledger(today=MONDAY)
    collect({FIRST: first}, ledger=ledger)
    later = Ledger(ledger.rows, TUESDAY)
    collected = collect({FIRST: first, SECOND: send(NOT_YET)}, ledger=later)
    assert counting(collected) == {SECOND}
    assert (ids(collected, FIRST), ids(collected, SECOND)) == ({"F209"}, {"F224"})


def test_of_three_only_the_one_that_counts_is_said_to_be_used(collect: Collect) -> None:
    third = "FY2022Q3/c.xlsx"
    files = {FIRST: send(DONE, "R5.1.10"), SECOND: send(NOT_YET, "R5.1.11")}
    collected = collect(files | {third: send(DONE, "R5.1.12")})
    told = [ids(collected, name) for name in (FIRST, SECOND, third)]
    assert (counting(collected), told) == ({third}, [{"F209"}, {"F209"}, {"F224"}])


def test_first_seen_together_the_day_of_the_answer_decides(collect: Collect) -> None:
    files = {FIRST: send(DONE, "R5.1.12"), SECOND: send(NOT_YET, "R5.1.11")}
    assert counting(collect(files)) == {FIRST}


def test_lines_are_only_added_and_say_how_a_file_came(
    collect: Collect, make_workbook: Callable[..., bytes], dictionary: DataDictionary
) -> None:
    workbook = make_workbook(send(DONE))
    ledger = Ledger(today=MONDAY)
    collect({FIRST: workbook}, ledger=ledger)
    stored: list[Row] = read_rows(build_frame(dictionary["receipt"], ledger.rows))
    later = Ledger(stored, TUESDAY)
    # The same contents under another name are nothing new.
    collect({"FY2022Q3/返送.eml/a.xlsx": workbook}, ledger=later)
    assert later.rows == stored
    other = {"FY2022Q3/返送.eml/a.xlsx": make_workbook(send(NOT_YET))}
    other |= {"FY2022Q4/返送.zip/a.xlsx": workbook}
    collect(other, ledger=later)
    assert later.rows[0] == stored[0]
    names = ("receipt_number", "delivery_number", "way", "received_on")
    assert [tuple(row[name] for name in names) for row in later.rows] == [
        (1, 1, "folder", MONDAY),
        (2, 2, "mail", TUESDAY),
        (3, 2, "archive", TUESDAY),
    ]


def test_a_file_that_cannot_be_read_is_not_in_the_ledger_and_comes_last() -> None:
    ledger = Ledger(today=MONDAY)
    locked, read = (Return(FIRST, digest, 0, "FY2022Q3") for digest in ("", "ab" * 32))
    ledger.add([locked, read])
    assert [row["file_sha256"] for row in ledger.rows] == ["ab" * 32]
    assert ledger.find(read) < ledger.find(locked)
