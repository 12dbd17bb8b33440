"""What people say of values: of those worth a second look, and why one is where it is.

A hint is no error. Someone looks, finds the reason, and notes it in ``hint_notes.csv``; the note
then stands beside the hint for good. Why an indicator is where it is, and what comes next, the
office or the owner writes into ``progress_notes.csv``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Literal, get_args

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_period,
    require,
)

Hint = Literal[
    "jump", "fall", "beyond_whole", "beyond_limit", "as_of_outside", "unchanged_everywhere"
]
_Found = tuple[Hint, Row, str]
_Key = tuple[str, str, str]

_NOT_NOTED: Row = dict.fromkeys(("note", "noted_by", "noted_on"))


def find_hints(
    plans: Plans, values: Sequence[Row], divided: Sequence[Row], notes: Iterable[Mapping[str, str]]
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
    noted = _parse_notes(notes, plans, values)
    return [
        {
            "row_id": f"{value['indicator_id']}/{value['period']}/{hint}",
            **{name: value[name] for name in ("indicator_id", "indicator_title", "period")},
            "hint": hint,
            "value": value["value"],
            "message": message,
            **noted.get((value["indicator_id"], value["period"], hint), _NOT_NOTED),
        }
        for plan in plans.root
        for hint, value, message in _find(plan, values, divided)
    ]


def _parse_notes(
    notes: Iterable[Mapping[str, str]], plans: Plans, values: Sequence[Row]
) -> dict[_Key, dict[str, str]]:
    noted: dict[_Key, dict[str, str]] = {}
    for place, row, period in _list_notes(notes, "hint_notes", plans, values):
        require(row, ("note", "noted_by"), place)
        _refuse_unknown(row, "hint", get_args(Hint), place)
        key = (row["indicator_id"], period, row["hint"])
        if key in noted:
            raise ReferenceTableError(f"{place}: 同じ指標・期間・手がかりの行が2回あります。")
        day = parse_day(row, "noted_on", place).isoformat()
        noted[key] = {"note": row["note"], "noted_by": row["noted_by"], "noted_on": day}
    return noted


def parse_progress_notes(
    notes: Iterable[Mapping[str, str]], plans: Plans, values: Sequence[Row]
) -> list[Row]:
    """Read the rows of progress_notes.csv, as rows of table ``progress_note``.

    Raises:
        ReferenceTableError: If progress_notes.csv has a mistake.
    """
    told: dict[str, Row] = {}
    titles = {row["indicator_id"]: row["indicator_title"] for row in values}
    for place, row, period in _list_notes(notes, "progress_notes", plans, values):
        require(row, ("cause", "next_step", "said_by"), place)
        row_id = f"{row['indicator_id']}/{period}"
        if row_id in told:
            raise ReferenceTableError(f"{place}: 同じ指標・期間の行が2回あります。")
        told[row_id] = {
            "row_id": row_id,
            "indicator_id": row["indicator_id"],
            "indicator_title": titles.get(row["indicator_id"]),
            "period": period,
            **{name: row[name].strip() for name in ("cause", "next_step", "said_by")},
            "said_on": parse_day(row, "said_on", place),
        }
    return list(told.values())


def _list_notes(
    notes: Iterable[Mapping[str, str]], register: str, plans: Plans, values: Sequence[Row]
) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Yield the rows that speak of a value, each with its place and its quarter."""
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
        yield place, row, period


def _refuse_unknown(
    row: Mapping[str, str], column: str, allowed: Iterable[str], place: str
) -> None:
    if row[column] not in allowed:
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は使えません。"
            f"書けるのは {'、'.join(allowed)} です。"
        )


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
    title = plan.indicator(indicator.part_of).title
    for row in series:
        whole = wholes.get(row["period"])
        if whole is not None and row["value"] > whole:
            yield "beyond_whole", row, f"これを含むはずの「{title}」{_plain(whole)}より多い。"


def _find_unchanged(
    indicator: Indicator, series: Sequence[Row], divided: Sequence[Row]
) -> Iterator[_Found]:
    by_period: dict[str, Row] = defaultdict(dict)
    for row in divided:
        if row["indicator_id"] == indicator.indicator_id and row["section"]:
            by_period[row["period"]][row["department_code"]] = row["value"]
    for before, row in pairwise(series):
        same = by_period.get(row["period"])
        if row["as_of"] == before["as_of"]:
            continue  # the same figure, reported in two quarters
        if same and len(same) > 1 and same == by_period.get(before["period"]):
            yield "unchanged_everywhere", row, f"{len(same)}課すべてで前の期間と同じ値。"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"
