"""What people say of values: of those worth a second look, and why one is where it is.

A hint is no error. Someone looks, finds the reason, and notes it in ``hint_notes.csv``; the note
then stays with the hint for good. Why an indicator is where it is, and what comes next, the
survey asks its owner; what the office writes into ``progress_notes.csv`` counts before that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, get_args

from sumida_data.base.characters import comparable
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.plan.values import write_number
from sumida_data.survey.reading import registers
from sumida_data.survey.reading.registers import ReferenceTableError, TextRow

Hint = Literal[
    "jump", "fall", "beyond_whole", "beyond_limit", "as_of_outside", "unchanged_everywhere"
]
# What of a value a row of a register speaks of.
_ADDRESS = ("indicator_id", "period", "revision", "hint")
_NOT_NOTED: Row = dict.fromkeys(("note", "noted_by", "noted_on"))


def find_hints(
    plans: Plans, values: Sequence[Row], divided: Sequence[Row], notes: Iterable[TextRow]
) -> list[Row]:
    """Return table ``review_hint``: the values worth a second look, and what was noted of them.

    What the rows of hint_notes.csv note need not be found any more.
    """
    noted = _parse_hint_notes(notes, plans, values)
    measured = {
        (row["indicator_id"], row["period"]): row
        for row in sorted(values, key=lambda row: str(row["period"]))
        if row["value"] is not None
    }
    parts: defaultdict[tuple[str, str], Row] = defaultdict(dict)
    for row in divided:
        if row["section"]:
            parts[row["indicator_id"], row["period"]][row["department_code"]] = row["value"]
    hints = []
    for plan, indicator in plans.owners.values():
        for hint, value, message in _find(plan, indicator, measured, parts):
            row_id = f"{value['indicator_id']}/{value['period']}/{hint}"
            found = {"row_id": row_id, "hint": hint, "message": message}
            hints.append(value | found | noted.get(row_id, _NOT_NOTED))
    return hints


def _parse_hint_notes(
    notes: Iterable[TextRow], plans: Plans, values: Sequence[Row]
) -> dict[str, Row]:
    noted: dict[str, Row] = {}
    for place, note in list_remarks(notes, "hint_notes", plans, values, _find_latest(values)):
        if note["hint"] not in get_args(Hint):
            raise ReferenceTableError(
                f"{place}の hint: {note['hint']!r} は使えません。"
                f"書けるのは {'、'.join(get_args(Hint))} です。"
            )
        note["noted_on"] = note["noted_on"].isoformat()
        noted["/".join(note[name] for name in ("indicator_id", "period", "hint"))] = note
    return noted


def gather_progress_notes(
    notes: Iterable[TextRow],
    plans: Plans,
    values: Sequence[Row],
    explanations: Iterable[Row] = (),
    responses: Iterable[Row] = (),
) -> list[Row]:
    """Return table ``progress_note``: the rows of progress_notes.csv, and what owners answered.

    The others are rows of ``indicator_value``, ``indicator_explanation`` and ``response``. What is
    no full answer of the owner of an indicator is left to the checks.
    """
    titles = {row["indicator_id"]: row["indicator_title"] for row in values}
    remarks = {
        (note["indicator_id"], note["period"]): note
        | {"row_id": f"{note['indicator_id']}/{note['period']}"}
        | {"indicator_title": titles.get(note["indicator_id"])}
        for _, note in list_remarks(notes, "progress_notes", plans, values, _find_latest(values))
    }
    for key, note in _list_answered(plans, explanations, responses):
        remarks.setdefault(key, note)
    return list(remarks.values())


def _list_answered(
    plans: Plans, explanations: Iterable[Row], responses: Iterable[Row]
) -> Iterator[tuple[tuple[str, str], Row]]:
    came = {
        (row["period"], row["department_code"]): row
        for row in responses
        if row["response_status"] in ("received", "no_change")
    }
    for row in explanations:
        response, period = came[row["period"], row["department_code"]], row["period"]
        owner, title = response["section"], comparable(row["indicator_title"])
        owned = {comparable(t): n for t, n in plans.list_owned(period).get(owner, {}).items()}
        if title in owned and row["cause"] and row["next_step"]:
            said_on = response["answered_on"] or response["received_on"]
            said = {"indicator_id": owned[title], "said_by": owner, "said_on": said_on}
            yield (owned[title], period), row | said


def _find_latest(values: Iterable[Row]) -> str:
    return max((row["period"] for row in values), default="")


def list_remarks(
    rows: Iterable[TextRow],
    register: str,
    plans: Plans,
    values: Iterable[Row],
    latest: str = "FY9999Q4",
) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a register that speak of values, each after its place.

    The last column of such a register has a day. A value is one of an indicator of the plans, or
    of those given, because a published value may outlive its indicator; its quarter is not later
    than the latest. A mistake, or what is said twice, raises a ReferenceTableError.
    """
    known = {one.indicator_id for one in plans.indicators} | {row["indicator_id"] for row in values}
    *columns, day = registers.REGISTERS[register]
    addresses = set()
    for place, row in registers.list_rows(rows, register):
        registers.require(row, columns, place)
        if row["indicator_id"] not in known:
            raise ReferenceTableError(
                f"{place}の indicator_id: {row['indicator_id']!r} という指標はありません。"
                f"書けるのは {'、'.join(sorted(known))} です。"
            )
        period = str(registers.parse_period(row, "period", place))
        if period > latest:
            raise ReferenceTableError(
                f"{place}の period: {period} の値はまだありません。書けるのは {latest} までです。"
            )
        address = " ".join(row[name].strip() for name in columns if name in _ADDRESS)
        if address in addresses:
            raise ReferenceTableError(f"{place}: {address} の行が2回あります。")
        addresses.add(address)
        said_on = registers.parse_day(row, day, place)
        yield place, {**{name: row[name].strip() for name in columns}, day: said_on}


def _find(
    plan: Plan,
    indicator: Indicator,
    measured: Mapping[tuple[str | None, str], Row],
    parts: Mapping[tuple[str, str], Row],
) -> Iterator[tuple[str, Row, str]]:
    """Yield the hints of an indicator with their values and what they say, kind by kind."""
    series = [row for (name, _), row in measured.items() if name == indicator.indicator_id]
    title = next((i.title for i in plan.indicators if i.indicator_id == indicator.part_of), "")
    messages_of = [
        {
            "jump": _find_jump(plan, indicator, before, row),
            "fall": _find_fall(indicator, before, row),
            "beyond_limit": _find_excess(row, indicator.limit, "対象の数"),
            "as_of_outside": _find_other_day(indicator, row),
            "beyond_whole": _find_excess(
                row,
                measured.get((indicator.part_of, row["period"]), {}).get("value"),
                f"これを含むはずの「{title}」",
            ),
            "unchanged_everywhere": _find_standstill(before, row, parts),
        }
        for before, row in zip((None, *series), series, strict=False)
    ]
    for hint in messages_of[0] if messages_of else ():
        for row, messages in zip(series, messages_of, strict=True):
            if message := messages[hint]:
                yield hint, row, message


def _find_jump(plan: Plan, indicator: Indicator, before: Row | None, row: Row) -> str | None:
    others = {
        "基準値": indicator.on(row["as_of"]).baseline.value,
        "前の値": before and before["value"],
    }
    for name, other in others.items():
        if indicator.kind != "cumulative" and other and row["value"] > plan.hints.jump * other:
            return f"{name}{write_number(other)}の{write_number(plan.hints.jump)}倍を超えた。"
    return None


def _find_fall(indicator: Indicator, before: Row | None, row: Row) -> str | None:
    never_falls = indicator.kind in ("stock", "cumulative")
    if not never_falls or before is None or row["value"] >= before["value"]:
        return None
    return f"減らないはずの数が、前の値{write_number(before['value'])}より減った。"


def _find_excess(row: Row, most: Decimal | None, name: str) -> str | None:
    is_excess = most is not None and row["value"] > most
    return f"{name}{write_number(most or 0)}より多い。" if is_excess else None


def _find_other_day(indicator: Indicator, row: Row) -> str | None:
    period = Period.parse(row["period"])
    is_within = period.first_day <= row["as_of"] <= period.last_day
    if is_within or indicator.as_of == "rows_of_other_periods":
        return None
    return f"時点が{row['as_of']}で、期間({period.title})の外にある。"


def _find_standstill(
    before: Row | None, row: Row, parts: Mapping[tuple[str, str], Row]
) -> str | None:
    # Of one day it is the same figure, reported in two quarters.
    if before is None or row["as_of"] == before["as_of"]:
        return None
    same, earlier = (parts.get((one["indicator_id"], one["period"]), {}) for one in (row, before))
    return f"{len(same)}課すべてで前の期間と同じ値。" if len(same) > 1 and same == earlier else None
