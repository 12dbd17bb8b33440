"""Agreed corrections of answers, each with a guard.

The office records what it has agreed with a department in ``corrections.csv``. A correction names
the value that it expects to find: if something else stands there, the source has changed since,
and nothing is corrected but the run says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    TextRow,
    list_rows,
    parse_day,
    parse_periods,
    read_exactly,
    require,
)
from sumida_data.survey.reading.text import reader_of

State = Literal["applied", "no_longer_needed", "expected_differs", "not_found"]


@dataclass(frozen=True, slots=True)
class Correction:
    """An agreed correction, which holds to its last quarter where answers are carried forward.

    The key is the record's key answers joined by ``|``, empty for labels. The value that must be
    there and the new one are as read from a return; empty for none.
    """

    correction_id: str
    first_period: Period
    last_period: Period
    department_code: str
    part: SurveySheet
    key: str
    item: FormField
    expected: str
    new: str
    reason: str
    agreed_by: str
    agreed_on: date


class Corrected(NamedTuple):
    """The corrected table ``answer``, rows of table ``correction``, and what was not applied.

    One row of ``correction`` is one correction in one quarter.
    """

    answer: pd.DataFrame
    rows: list[Row]
    findings: list[Finding]


def parse_corrections(rows: Iterable[TextRow], form: Form) -> list[Correction]:
    """Read the rows of corrections.csv.

    Raises:
        ReferenceTableError: If a row names an unknown sheet or field, a value that the field
            does not allow, or leaves out its reason or who agreed.
    """
    corrections: dict[str, Correction] = {}
    for place, row in list_rows(rows, "corrections"):
        correction = _parse_correction(row, place, form)
        if corrections.setdefault(correction.correction_id, correction) is not correction:
            raise ReferenceTableError(
                f"{place}: correction_id {correction.correction_id!r} が2回あります。"
            )
    return [*corrections.values()]


def apply_corrections(
    answer: pd.DataFrame, corrections: Iterable[Correction], rules: FindingRules
) -> Corrected:
    """Apply each correction in every quarter in which it holds, to a copy of table ``answer``."""
    corrected = Corrected(answer.copy(), [], [])
    periods = sorted(answer["period"].unique())
    for correction in corrections:
        first, last = str(correction.first_period), str(correction.last_period)
        for period in (period for period in periods if first <= period <= last):
            _apply(correction, period, corrected, rules)
    return corrected


def leave_out_settled(findings: Iterable[Finding], answer: pd.DataFrame) -> Iterator[Finding]:
    """Yield the findings but for those about cells whose value a correction has replaced."""
    columns = ["source_file", "sheet", "cell"]
    cells = set(
        answer.loc[answer["change"] == "corrected", columns].itertuples(index=False, name=None)
    )
    for one in findings:
        if (one.place.source_file, one.place.sheet, one.place.cell) not in cells:
            yield one


def _parse_correction(row: TextRow, place: str, form: Form) -> Correction:
    require(row, ("correction_id", "reason", "agreed_by"), place)
    part, item = _find_item(row, place, form)
    first, last = parse_periods(row, place)
    return Correction(
        correction_id=row["correction_id"],
        first_period=first,
        last_period=last,
        department_code=row["department_code"],
        part=part,
        key=row["row"],
        item=item,
        expected=_read_value(row, "expected_value", place, item),
        new=_read_value(row, "new_value", place, item),
        reason=row["reason"],
        agreed_by=row["agreed_by"],
        agreed_on=parse_day(row, "agreed_on", place),
    )


def _read_value(row: TextRow, column: str, place: str, item: FormField) -> str:
    if not row[column]:
        return ""
    value = read_exactly(row[column], reader_of(item))
    if value is None:
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は「{item.title}」の値として読めません。"
            f"{'、'.join(item.enum or (item.example,))} のように書くか、"
            "値がないときは空にしてください。"
        )
    return value


def _find_item(row: TextRow, place: str, form: Form) -> tuple[SurveySheet, FormField]:
    parts = [part for part in form.answer_sheets if part.sheet == row["sheet"]]
    for part in parts:
        for item in part.fields:
            if item.title == row["field"] and not item.personal:
                return part, item
    if not parts:
        names = "、".join(dict.fromkeys(part.sheet for part in form.answer_sheets))
        raise ReferenceTableError(
            f"{place}の sheet: {row['sheet']!r} は調査票にありません。使えるのは {names} です。"
        )
    titles = "、".join(item.title for part in parts for item in part.fields if not item.personal)
    raise ReferenceTableError(
        f"{place}の field: {row['field']!r} は「{row['sheet']}」にありません。"
        f"使えるのは {titles} です。"
    )


def _apply(correction: Correction, period: str, corrected: Corrected, rules: FindingRules) -> None:
    answer = corrected.answer
    found = _find_answer(answer, correction, period)
    cell = None if found is None else read_rows(answer.loc[[found]])[0]
    state = _state_of(cell, correction)
    if state == "applied":
        answer.at[found, "value"] = correction.new or None
        answer.at[found, "answer_status"] = "answered" if correction.new else "not_answered"
        answer.at[found, "change"] = "corrected"
        answer.at[found, "correction_id"] = correction.correction_id
    elif state in ("expected_differs", "not_found"):
        corrected.findings.append(_report(correction, period, cell, rules))
    corrected.rows.append(_describe(correction, period, state))


def _find_answer(answer: pd.DataFrame, correction: Correction, period: str) -> Any:
    """Return the label of the answer's row, or None."""
    ours = answer[
        (answer["period"] == period)
        & (answer["department_code"] == correction.department_code)
        & (answer["table_name"] == correction.part.table)
    ]
    found = ours[ours["field"] == correction.item.name]
    if names := [item.name for item in correction.part.key_fields]:
        keys = ours[ours["field"].isin(names)].pivot(
            index="record_id", columns="field", values="value"
        )
        # A department without any such row has not even the columns.
        texts = keys.reindex(columns=names).fillna("").itertuples(index=False)
        named = keys.index[["|".join(one) == correction.key for one in texts]]
        found = found[found["record_id"].isin(named)]
    return found.index[0] if len(found) else None


def _state_of(cell: Row | None, correction: Correction) -> State:
    if cell is None:
        return "not_found"
    value = cell["value"] or ""
    if value == correction.expected:
        return "applied"
    return "no_longer_needed" if value == correction.new else "expected_differs"


def _report(correction: Correction, period: str, found: Row | None, rules: FindingRules) -> Finding:
    where = found or {}
    file, sheet, cell = (where.get(name) for name in ("source_file", "sheet", "cell"))
    place = Place(period, correction.department_code, file, sheet, cell, correction.key)
    return make_finding(
        rules[Kind.CORRECTION_PREMISE if found else Kind.CORRECTION_TARGET],
        place,
        _show(where),
        correction=correction.correction_id,
        expected=correction.expected or "空欄",
        sheet=correction.part.sheet,
        heading=correction.item.title,
    )


def _show(found: Row) -> str | None:
    """Return what is written, and what was read from it where that is something else."""
    raw, value = found.get("raw_text"), found.get("value")
    return f"{raw}（{value}と読み取り）" if value and value != raw else raw


def _describe(correction: Correction, period: str, state: State) -> Row:
    return {
        "row_id": f"{correction.correction_id}@{period}",
        "correction_id": correction.correction_id,
        "period": period,
        "department_code": correction.department_code,
        "table_name": correction.part.table,
        "record_key": correction.key,
        "field": correction.item.name,
        "expected_value": correction.expected or None,
        "new_value": correction.new or None,
        "reason": correction.reason,
        "agreed_by": correction.agreed_by,
        "agreed_on": correction.agreed_on,
        "state": state,
    }
