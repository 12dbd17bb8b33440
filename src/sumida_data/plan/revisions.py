"""Published values are frozen: they change only with a reason, and then the old one stays.

A value that was published keeps its revision. Where the data give another value now, the
published one stands until the office writes the reason into ``revisions.csv``; then the new value
stands beside it as the next revision.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.metadata import Row
from sumida_data.plan.models import Plans
from sumida_data.plan.pending_revisions import (
    Address,
    add_unused,
    describe_difference,
    describe_missing,
    list_differences,
)
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_period,
    require,
)

ValueKey = tuple[str, str, str]

_FILE = "revisions.csv"
_WORDS = ("reason", "scope", "cause", "impact", "response", "decided_by")
_RENUMBER = """
    SELECT l.* REPLACE (k.new_revision AS revision)
    FROM computed AS l
    JOIN kept AS k USING (municipality_code, indicator_id, period)
    WHERE k.from_computed
    UNION ALL BY NAME
    SELECT p.*
    FROM published AS p
    JOIN kept AS k USING (municipality_code, indicator_id, period)
    WHERE NOT k.from_computed AND p.revision = k.new_revision
    ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a published value is revised.

    Attributes:
        indicator_id: The indicator.
        period: The quarter.
        revision: The number of the new revision.
        reason: Why, in a sentence.
        scope: 範囲.
        cause: 原因.
        impact: 影響.
        response: 対応.
        decided_by: Who decided it: a department or a post.
        decided_on: When.
    """

    indicator_id: str
    period: str
    revision: int
    reason: str
    scope: str
    cause: str
    impact: str
    response: str
    decided_by: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class PublishedValues:
    """What has been published, over all targets.

    Attributes:
        standing: Rows of ``indicator_value`` that are public now somewhere, each revision once.
        ever: All that were ever public, those taken back among them.
        lineage: Rows of ``lineage`` of all that were ever public, or None.
    """

    standing: Sequence[Row]
    ever: Sequence[Row]
    lineage: pa.Table | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """Values after published ones were frozen.

    Attributes:
        values: Rows of ``indicator_value``, each revision.
        pending: Rows of ``pending_revision``.
        notices: Rows of ``correction_notice``.
        lineage: Table ``lineage`` of all these revisions.
    """

    values: list[dict[str, Any]]
    pending: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    lineage: pa.Table


@dataclass(slots=True)
class _Outcome:
    values: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    # For each value whether its cells are those of this run.
    computed_now: list[bool] = field(default_factory=list)

    def keep(self, row: dict[str, Any], *, computed: bool) -> None:
        self.values.append(row)
        self.computed_now.append(computed)


def parse_revisions(
    rows: Iterable[Mapping[str, str]], plans: Plans, published: PublishedValues
) -> list[Reason]:
    """Read the rows of revisions.csv.

    Args:
        rows: The rows.
        plans: The plans.
        published: What has been published; a value may outlive its indicator in the plans.

    Raises:
        ReferenceTableError: If a row names an unknown indicator or leaves something out.
    """
    known = {indicator.indicator_id for indicator in plans.indicators}
    known |= {row["indicator_id"] for row in published.ever}
    reasons: list[Reason] = []
    for place, row in list_rows(rows, "revisions"):
        reason = _parse_reason(row, place, known)
        if any(_address(reason) == _address(one) for one in reasons):
            raise ReferenceTableError(f"{place}: 同じ指標・期間・改訂番号の行が2回あります。")
        reasons.append(reason)
    return reasons


def freeze_values(
    computed: Sequence[Row],
    lineage: pa.Table,
    published: PublishedValues,
    reasons: Sequence[Reason],
) -> Frozen:
    """Keep what was published, and revise it where there is a reason.

    Args:
        computed: Rows of ``indicator_value`` as the data give them now.
        lineage: Their rows of ``lineage``.
        published: What has been published. Invented data and real ones do not freeze each other.
        reasons: The rows of revisions.csv.

    Raises:
        ReferenceTableError: If the reason of a published revision is missing.
    """
    sample = any(row["sample"] for row in computed)
    standing = _group(row for row in published.standing if row["sample"] == sample)
    ever = _group(row for row in published.ever if row["sample"] == sample)
    by_address = {_address(reason): reason for reason in reasons}
    outcome = _Outcome()
    for row in computed:
        _freeze(dict(row), standing.pop(_key(row), []), ever[_key(row)], by_address, outcome)
    periods = {row["period"] for row in computed}
    for rows in standing.values():
        for row in rows:
            outcome.keep(_number(dict(row), row["revision"]), computed=False)
        outcome.pending.append(describe_missing(rows[-1], periods))
    unused = sorted(by_address.keys() - {_address_of(row) for row in outcome.values})
    return Frozen(
        values=outcome.values,
        pending=list(add_unused(outcome.pending, unused, outcome.values)),
        notices=list(_write_notices(outcome.values, by_address)),
        lineage=_lead_back(outcome, lineage, published.lineage),
    )


def _parse_reason(row: Mapping[str, str], place: str, known: set[str]) -> Reason:
    require(row, _WORDS, place)
    if row["indicator_id"] not in known:
        raise ReferenceTableError(
            f"{place}の indicator_id: {row['indicator_id']!r} という指標はありません。"
            f"書けるのは {'、'.join(sorted(known))} です。"
        )
    if not row["revision"].isdecimal() or int(row["revision"]) < 2:
        raise ReferenceTableError(
            f"{place}の revision: {row['revision']!r} は、2以上の整数で書いてください。"
        )
    return Reason(
        indicator_id=row["indicator_id"],
        period=str(parse_period(row, "period", place)),
        revision=int(row["revision"]),
        decided_on=parse_day(row, "decided_on", place),
        **{column: row[column].strip() for column in _WORDS},
    )


def _freeze(
    row: dict[str, Any],
    standing: Sequence[Row],
    ever: Sequence[Row],
    reasons: Mapping[Address, Reason],
    outcome: _Outcome,
) -> None:
    number = _find_number(row, standing, ever)
    if not standing:
        outcome.keep(_number(row, number), computed=True)
        return
    last = standing[-1]
    unchanged = not list_differences(last, row)
    revised = _number(row, last["revision"] if unchanged else number)
    for one in standing[:-1] if unchanged else standing:
        # Packages spell ① as (1); here the indicator keeps the name that it has.
        kept = row | dict(one) | {"indicator_title": row["indicator_title"]}
        outcome.keep(_number(kept, one["revision"]), computed=False)
    if unchanged or _address_of(revised) in reasons:
        outcome.keep(revised, computed=True)
    else:
        outcome.pending.append(describe_difference(last, revised))


def _find_number(row: Row, standing: Sequence[Row], ever: Sequence[Row]) -> int:
    """Return the number of the next revision; one that was taken back keeps its own."""
    last: int = standing[-1]["revision"] if standing else 0
    taken_back = [one for one in ever if one["revision"] > last]
    same: list[int] = [one["revision"] for one in taken_back if not list_differences(one, row)]
    return same[-1] if same else max((one["revision"] for one in ever), default=last) + 1


def _number(row: dict[str, Any], revision: int) -> dict[str, Any]:
    code, indicator, period = _key(row)
    return row | {"revision": revision, "row_id": f"{code}/{indicator}/{period}/{revision}"}


def _write_notices(
    values: Sequence[Row], reasons: Mapping[Address, Reason]
) -> Iterator[dict[str, Any]]:
    before: Row = {}
    for row in values:
        revises = bool(before) and _key(before) == _key(row)
        if revises:
            yield _write_notice(before, row, reasons)
        before = row


def _write_notice(before: Row, row: Row, reasons: Mapping[Address, Reason]) -> dict[str, Any]:
    if _address_of(row) not in reasons:
        raise ReferenceTableError(
            f"{_FILE}: 公表した {row['indicator_id']} {row['period']} の改訂{row['revision']}の行が"
            "ありません。公表した改訂の理由は消さないでください。"
        )
    reason = reasons[_address_of(row)]
    return {
        "row_id": row["row_id"],
        "indicator_title": row["indicator_title"],
        "old_value": before["value"],
        "new_value": row["value"],
        "unit": row["unit"],
        "indicator_id": reason.indicator_id,
        "period": reason.period,
        "revision": reason.revision,
        "decided_on": reason.decided_on,
        **{name: getattr(reason, name) for name in _WORDS},
    }


def _lead_back(outcome: _Outcome, computed: pa.Table, published: pa.Table | None) -> pa.Table:
    kept = pa.Table.from_pylist(
        [
            {
                "municipality_code": row["municipality_code"],
                "indicator_id": row["indicator_id"],
                "period": row["period"],
                "new_revision": row["revision"],
                "from_computed": now,
            }
            for row, now in zip(outcome.values, outcome.computed_now, strict=True)
        ]
    )
    with connect() as connection:
        connection.register("kept", kept)
        connection.register("computed", computed)
        connection.register("published", computed.slice(0, 0) if published is None else published)
        return connection.sql(_RENUMBER).to_arrow_table().cast(computed.schema)


def _group(rows: Iterable[Row]) -> defaultdict[ValueKey, list[Row]]:
    """Return the rows by value, in the order of their revisions."""
    groups: defaultdict[ValueKey, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["revision"])):
        groups[_key(row)].append(row)
    return groups


def _key(row: Row) -> ValueKey:
    return (row["municipality_code"], row["indicator_id"], row["period"])


def _address(reason: Reason) -> Address:
    return (reason.indicator_id, reason.period, reason.revision)


def _address_of(row: Row) -> Address:
    return (row["indicator_id"], row["period"], row["revision"])
