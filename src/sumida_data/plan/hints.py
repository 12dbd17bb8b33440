"""What people say of values: of those worth a second look, and why one is where it is.

A hint is no error. Someone looks, finds the reason, and notes it in ``hint_notes.csv``; the note
then stands beside the hint for good. Why an indicator is where it is, and what comes next, the
office or the owner writes into ``progress_notes.csv``.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Literal, get_args

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    TextRow,
    list_rows,
    parse_day,
    parse_period,
    require,
)

Hint = Literal[
    "jump", "fall", "beyond_whole", "beyond_limit", "as_of_outside", "unchanged_everywhere"
]
_NOT_NOTED: Row = dict.fromkeys(("note", "noted_by", "noted_on"))


def find_hints(
    plans: Plans, values: Sequence[Row], divided: Sequence[Row], notes: Iterable[TextRow]
) -> list[Row]:
    """Find what is worth a second look.

    Args:
        plans: The plans.
        values: Rows of ``indicator_value``.
        divided: Rows of ``indicator_value_by_department``.
        notes: Rows of hint_notes.csv; what they note need not be found any more.

    Returns:
        Rows of table ``review_hint``, those with a note already among them.

    Raises:
        ReferenceTableError: If hint_notes.csv has a mistake.
    """
    noted: dict[str, Row] = {}
    for place, row, row_id in _list_notes(notes, "hint_notes", plans, values):
        require(row, ("note", "noted_by"), place)
        _refuse_unknown(row, "hint", get_args(Hint), place)
        if f"{row_id}/{row['hint']}" in noted:
            raise ReferenceTableError(f"{place}: 同じ指標・期間・手がかりの行が2回あります。")
        day = parse_day(row, "noted_on", place).isoformat()
        own = {"note": row["note"], "noted_by": row["noted_by"], "noted_on": day}
        noted[f"{row_id}/{row['hint']}"] = own
    measured = sorted(
        (row for row in values if row["value"] is not None), key=lambda row: str(row["period"])
    )
    hints = []
    for plan in plans.root:
        for indicator in plan.indicators:
            for hint, value, message in _find(plan, indicator, measured, divided):
                row_id = f"{value['indicator_id']}/{value['period']}/{hint}"
                copied = {
                    name: value[name] for name in ("indicator_id", "indicator_title", "period")
                }
                told = {"hint": hint, "value": value["value"], "message": message}
                hints.append({"row_id": row_id} | copied | told | noted.get(row_id, _NOT_NOTED))
    return hints


def parse_progress_notes(
    notes: Iterable[TextRow], plans: Plans, values: Sequence[Row]
) -> list[Row]:
    """Read the rows of progress_notes.csv, as rows of table ``progress_note``.

    Raises:
        ReferenceTableError: If progress_notes.csv has a mistake.
    """
    told: dict[str, Row] = {}
    titles = {row["indicator_id"]: row["indicator_title"] for row in values}
    for place, row, row_id in _list_notes(notes, "progress_notes", plans, values):
        require(row, ("cause", "next_step", "said_by"), place)
        if row_id in told:
            raise ReferenceTableError(f"{place}: 同じ指標・期間の行が2回あります。")
        told[row_id] = {
            "row_id": row_id,
            "indicator_id": row["indicator_id"],
            "indicator_title": titles.get(row["indicator_id"]),
            "period": row["period"],
            **{name: row[name].strip() for name in ("cause", "next_step", "said_by")},
            "said_on": parse_day(row, "said_on", place),
        }
    return list(told.values())


def _list_notes(
    notes: Iterable[TextRow], register: str, plans: Plans, values: Sequence[Row]
) -> Iterator[tuple[str, TextRow, str]]:
    """Yield the rows that speak of a value, each with its place and the value's name."""
    # A published value may outlive the indicator in the plan.
    known = {one.indicator_id for one in plans.indicators} | {row["indicator_id"] for row in values}
    latest = max((row["period"] for row in values), default="")
    for place, row in list_rows(notes, register):
        _refuse_unknown(row, "indicator_id", sorted(known), place)
        period = str(parse_period(row, "period", place))
        if period > latest:
            raise ReferenceTableError(
                f"{place}の period: {period} の値はまだありません。書けるのは {latest} までです。"
            )
        yield place, row, f"{row['indicator_id']}/{period}"


def _refuse_unknown(row: TextRow, column: str, allowed: Iterable[str], place: str) -> None:
    if row[column] not in allowed:
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は使えません。"
            f"書けるのは {'、'.join(allowed)} です。"
        )


def _find(
    plan: Plan, indicator: Indicator, measured: Sequence[Row], divided: Sequence[Row]
) -> Iterator[tuple[str, Row, str]]:
    """Yield the hints of an indicator with their values and what they say, kind by kind."""
    series = [row for row in measured if row["indicator_id"] == indicator.indicator_id]
    wholes = {r["period"]: r["value"] for r in measured if r["indicator_id"] == indicator.part_of}
    parts: dict[str, Row] = {}
    for row in divided:
        if row["indicator_id"] == indicator.indicator_id and row["section"]:
            parts.setdefault(row["period"], {})[row["department_code"]] = row["value"]
    told = [
        {
            "jump": _find_jump(plan, indicator, before, row),
            "fall": _find_fall(indicator, before, row),
            "beyond_limit": _find_excess(row, indicator.limit, "対象の数"),
            "as_of_outside": _find_other_day(indicator, row),
            "beyond_whole": indicator.part_of
            and _find_excess(
                row,
                wholes.get(row["period"]),
                f"これを含むはずの「{plan.indicator(indicator.part_of).title}」",
            ),
            "unchanged_everywhere": _find_standstill(before, row, parts),
        }
        for before, row in pairwise((None, *series))
        if row
    ]
    for hint in told[0] if told else ():
        for row, messages in zip(series, told, strict=True):
            if message := messages[hint]:
                yield hint, row, message


def _find_jump(plan: Plan, indicator: Indicator, before: Row | None, row: Row) -> str | None:
    others = {"基準値": indicator.baseline.value, "前の値": before and before["value"]}
    for name, other in others.items():
        if indicator.kind != "cumulative" and other and row["value"] > plan.hints.jump * other:
            return f"{name}{_plain(other)}の{_plain(plan.hints.jump)}倍を超えた。"
    return None


def _find_fall(indicator: Indicator, before: Row | None, row: Row) -> str | None:
    never_falls = indicator.kind in ("stock", "cumulative")
    if not never_falls or before is None or row["value"] >= before["value"]:
        return None
    return f"減らないはずの数が、前の値{_plain(before['value'])}より減った。"


def _find_excess(row: Row, most: Decimal | None, name: str) -> str | None:
    too_many = most is not None and row["value"] > most
    return f"{name}{_plain(most)}より多い。" if most is not None and too_many else None


def _find_other_day(indicator: Indicator, row: Row) -> str | None:
    period = Period.parse(row["period"])
    is_within = period.first_day <= row["as_of"] <= period.last_day
    if is_within or indicator.as_of == "rows_of_other_periods":
        return None
    return f"時点が{row['as_of']}で、期間({period.title})の外にある。"


def _find_standstill(before: Row | None, row: Row, parts: dict[str, Row]) -> str | None:
    if before is None:
        return None
    same = parts.get(row["period"], {})
    # Of one day it is the same figure, reported in two quarters.
    if row["as_of"] == before["as_of"] or len(same) < 2 or same != parts.get(before["period"]):
        return None
    return f"{len(same)}課すべてで前の期間と同じ値。"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"
