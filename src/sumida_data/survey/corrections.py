"""Agreed corrections of answers, each with a guard.

The office records what it has agreed with a department in ``corrections.csv``. A correction names
the value that it expects to find: if it finds something else, the source has changed since,
and nothing is corrected but the run says so.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading import registers
from sumida_data.survey.reading.registers import ReferenceTableError, TextRow
from sumida_data.survey.reading.text import reader_of


class Correction(NamedTuple):
    """An agreed correction, which holds to its last quarter where answers are carried forward.

    Its row of table ``correction`` does not say yet in which quarter, and what became of it. The
    values in it are as read from a return; the key is the record's key answers joined by ``|``,
    empty for labels.
    """

    row: Row
    periods: tuple[Period, Period]
    part: SurveySheet
    item: FormField


class Corrected(NamedTuple):
    """The corrected ``answer``, rows of ``correction`` by quarter, and what is left to say."""

    answer: pd.DataFrame
    rows: list[Row]
    findings: list[Finding]


def parse_corrections(rows: Iterable[TextRow], form: Form) -> list[Correction]:
    """Read the rows of corrections.csv; a mistake raises a ReferenceTableError."""
    corrections: dict[str, Correction] = {}
    for place, row in registers.list_rows(rows, "corrections"):
        registers.require(row, ("correction_id", "reason", "agreed_by"), place)
        part, item = _find_item(row, place, form)
        same = ("correction_id", "department_code", "reason", "agreed_by")
        values = ("expected_value", "new_value")
        read: Row = {name: row[name] for name in same}
        read |= {"table_name": part.table, "record_key": row["row"], "field": item.name}
        periods = registers.parse_periods(row, place)
        read |= {one: _read_value(row, one, place, item) for one in values}
        read["agreed_on"] = registers.parse_day(row, "agreed_on", place)
        if (name := row["correction_id"]) in corrections:
            raise ReferenceTableError(f"{place}: correction_id {name!r} が2回あります。")
        corrections[name] = Correction(read, periods, part, item)
    return [*corrections.values()]


def _read_value(row: TextRow, column: str, place: str, item: FormField) -> str | None:
    value = registers.read_exactly(row[column], reader_of(item)) if row[column] else None
    if row[column] and value is None:
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は「{item.title}」の値として読めません。"
            f"{'、'.join(item.enum or (item.example,))} のように書くか、"
            "値がないときは空にしてください。"
        )
    return value


def _find_item(row: TextRow, place: str, form: Form) -> tuple[SurveySheet, FormField]:
    items = [
        (part, item)
        for part in form.answer_sheets
        for item in part.fields
        if part.sheet == row["sheet"] and not item.personal
    ]
    for part, item in items:
        if item.title == row["field"]:
            return part, item
    if not items:
        names = "、".join(dict.fromkeys(part.sheet for part in form.answer_sheets))
        raise ReferenceTableError(
            f"{place}の sheet: {row['sheet']!r} は調査票にありません。使えるのは {names} です。"
        )
    raise ReferenceTableError(
        f"{place}の field: {row['field']!r} は「{row['sheet']}」にありません。"
        f"使えるのは {'、'.join(item.title for _, item in items)} です。"
    )


def apply_corrections(
    answer: pd.DataFrame,
    corrections: Iterable[Correction],
    rules: FindingRules,
    findings: Iterable[Finding] = (),
) -> Corrected:
    """Apply each correction in every quarter in which it holds, to a copy of table ``answer``.

    Findings about cells whose value a correction has replaced are left out.
    """
    corrected = Corrected(answer.copy(), [], [])
    periods = sorted(answer["period"].unique())
    for one in corrections:
        first, last = map(str, one.periods)
        for period in (period for period in periods if first <= period <= last):
            corrected.rows.append(_apply(one, period, corrected, rules))
    columns = ["source_file", "sheet", "cell"]
    changed = corrected.answer.loc[corrected.answer["change"] == "corrected", columns]
    cells, where = set(changed.itertuples(index=False, name=None)), attrgetter(*columns)
    corrected.findings[:0] = [one for one in findings if where(one.place) not in cells]
    return corrected


def _apply(one: Correction, period: str, corrected: Corrected, rules: FindingRules) -> Row:
    """Apply a correction in a quarter, and return what became of it there."""
    answer, new = corrected.answer, one.row["new_value"]
    label = _find_answer(answer, one, period)
    found = {} if label is None else read_rows(answer.loc[[label]])[0]
    state = "expected_differs" if found else "not_found"
    if found and found["value"] == one.row["expected_value"]:
        state = "applied"
        changes = {"value": new, "answer_status": "answered" if new else "not_answered"}
        changes |= {"change": "corrected", "correction_id": one.row["correction_id"]}
        for column, change in changes.items():
            answer.at[label, column] = change
    elif found and found["value"] == new:
        state = "no_longer_needed"
    else:
        corrected.findings.append(_report(one, period, found, rules))
    row_id = f"{one.row['correction_id']}@{period}"
    return one.row | {"row_id": row_id, "period": period, "state": state}


def _find_answer(answer: pd.DataFrame, correction: Correction, period: str) -> Any:
    """Return the label of the answer's row, or None."""
    ours = answer[
        (answer["period"] == period)
        & (answer["department_code"] == correction.row["department_code"])
        & (answer["table_name"] == correction.part.table)
    ]
    found = ours[ours["field"] == correction.item.name]
    if names := [item.name for item in correction.part.key_fields]:
        keys = ours[ours["field"].isin(names)].pivot(
            index="record_id", columns="field", values="value"
        )
        # A department without any such row has not even the columns.
        texts = keys.reindex(columns=names).fillna("").itertuples(index=False)
        named = keys.index[["|".join(one) == correction.row["record_key"] for one in texts]]
        found = found[found["record_id"].isin(named)]
    return found.index[0] if len(found) else None


def _report(one: Correction, period: str, found: Row, rules: FindingRules) -> Finding:
    raw, value = found.get("raw_text"), found.get("value")
    # What is written, and what was read from it where that is something else.
    shown = f"{raw}（{value}と読み取り）" if value and value != raw else raw
    words = {"correction": one.row["correction_id"], "sheet": one.part.sheet}
    words |= {"code": one.row["department_code"], "row": one.row["record_key"]}
    words |= {"expected": one.row["expected_value"] or "空欄", "heading": one.item.title}
    file, sheet, cell = (found.get(name) for name in ("source_file", "sheet", "cell"))
    place = Place(period, one.row["department_code"], file, sheet, cell, one.row["record_key"])
    rule = rules[Kind.CORRECTION_PREMISE if found else Kind.CORRECTION_TARGET]
    return make_finding(rule, place, shown, **words)
