"""Hints for the reviewer: values that are possible, but worth a second look.

A hint is no error. Someone looks, finds the reason, and notes it in ``hint_notes.csv``; the note
then stands beside the hint for good.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Literal

from sumida_data.periods import Period
from sumida_data.plan.models import Indicator, Plan, Plans

Hint = Literal[
    "jump", "fall", "beyond_whole", "beyond_limit", "as_of_outside", "unchanged_everywhere"
]
Row = Mapping[str, Any]
_Found = tuple[Hint, Row, str]


def find_hints(
    plans: Plans, values: Sequence[Row], divided: Sequence[Row], notes: Iterable[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Find what is worth a second look.

    Args:
        plans: The plans.
        values: Rows of ``indicator_value``.
        divided: Rows of ``indicator_value_by_department``.
        notes: Rows of hint_notes.csv: indicator_id, period, hint, note, noted_by, noted_on.

    Returns:
        Rows of table ``review_hint``, those with a note already among them.
    """
    noted = {(row["indicator_id"], row["period"], row["hint"]): row for row in notes}
    rows = []
    found = (one for plan in plans.root for one in _find(plan, values, divided))
    for hint, value, message in found:
        note = noted.get((value["indicator_id"], value["period"], hint), {})
        rows.append(
            {
                "row_id": f"{value['indicator_id']}/{value['period']}/{hint}",
                "indicator_id": value["indicator_id"],
                "indicator_title": value["indicator_title"],
                "period": value["period"],
                "hint": hint,
                "value": value["value"],
                "message": message,
                "note": note.get("note") or None,
                "noted_by": note.get("noted_by") or None,
                "noted_on": note.get("noted_on") or None,
            }
        )
    return rows


def _find(plan: Plan, values: Sequence[Row], divided: Sequence[Row]) -> Iterator[_Found]:
    measured = sorted(
        (row for row in values if row["value"] is not None), key=lambda row: row["period"]
    )
    for indicator in plan.indicators:
        series = [row for row in measured if row["indicator_id"] == indicator.indicator_id]
        for find in (_find_jumps, _find_falls, _find_beyond_limit, _find_other_days):
            yield from find(plan, indicator, series)
        yield from _find_beyond_whole(plan, indicator, series, measured)
        yield from _find_unchanged(indicator, series, divided)


def _find_jumps(plan: Plan, indicator: Indicator, series: Sequence[Row]) -> Iterator[_Found]:
    baseline = indicator.baseline.value
    if indicator.kind == "cumulative":
        return
    before = None
    for row in series:
        for name, other in (("基準値", baseline), ("前の値", before)):
            if other and row["value"] > plan.hints.jump * other:
                yield "jump", row, f"{name}{_plain(other)}の{_plain(plan.hints.jump)}倍を超えた。"
                break
        before = row["value"]


def _find_falls(_: Plan, indicator: Indicator, series: Sequence[Row]) -> Iterator[_Found]:
    if indicator.kind not in ("stock", "cumulative"):
        return
    for before, row in pairwise(series):
        if row["value"] < before["value"]:
            yield "fall", row, f"減らないはずの数が、前の値{_plain(before['value'])}より減った。"


def _find_beyond_limit(_: Plan, indicator: Indicator, series: Sequence[Row]) -> Iterator[_Found]:
    for row in series:
        if indicator.limit is not None and row["value"] > indicator.limit:
            yield "beyond_limit", row, f"対象の数{_plain(indicator.limit)}より多い。"


def _find_other_days(_: Plan, indicator: Indicator, series: Sequence[Row]) -> Iterator[_Found]:
    if indicator.as_of == "rows_of_other_periods":
        return
    for row in series:
        period = Period.parse(row["period"])
        if not period.first_day <= row["as_of"] <= period.last_day:
            words = f"時点が{row['as_of']}で、期間({period.title})の外にある。"
            yield "as_of_outside", row, words


def _find_beyond_whole(
    plan: Plan, indicator: Indicator, series: Sequence[Row], measured: Sequence[Row]
) -> Iterator[_Found]:
    if indicator.part_of is None:
        return
    wholes = {r["period"]: r["value"] for r in measured if r["indicator_id"] == indicator.part_of}
    title = next(i.title for i in plan.indicators if i.indicator_id == indicator.part_of)
    for row in series:
        whole = wholes.get(row["period"])
        if whole is not None and row["value"] > whole:
            yield "beyond_whole", row, f"これを含むはずの「{title}」{_plain(whole)}より多い。"


def _find_unchanged(
    indicator: Indicator, series: Sequence[Row], divided: Sequence[Row]
) -> Iterator[_Found]:
    ours = [r for r in divided if r["indicator_id"] == indicator.indicator_id and r["section"]]
    by_period = {
        period: {row["department_code"]: row["value"] for row in rows}
        for period, rows in groupby(
            sorted(ours, key=itemgetter("period")), key=itemgetter("period")
        )
    }
    for before, row in pairwise(series):
        same = by_period.get(row["period"])
        if row["as_of"] == before["as_of"]:
            continue  # the same figure, reported in two quarters
        if same and len(same) > 1 and same == by_period.get(before["period"]):
            yield "unchanged_everywhere", row, f"{len(same)}課すべてで前の期間と同じ値。"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"
