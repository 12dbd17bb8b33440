"""Published values are frozen: they change only with a reason, and then the old one stays.

A value that was published keeps its revision. Where the data give another value now, the
published one stands until the office writes the reason into ``revisions.csv``; then the new value
stands beside it as the next revision.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.metadata import Row
from sumida_data.plan.models import Plans
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_period,
    require,
)

ValueKey = tuple[str, str, str]
# Indicator, quarter and number of a revision.
Address = tuple[str, str, int]

# What makes a value another one. Titles and notes may be put better without a revision, and where
# one more department has answered but the figure stays, nothing is revised.
_PARTS = {
    "value": "値",
    "numerator": "分子",
    "denominator": "分母",
    "value_status": "値の状態",
    "as_of": "時点",
    "unit": "単位",
    "definition_version": "定義の版",
}
_WITHHELD = ("value", "numerator", "denominator", "value_status")
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
class PublishedValues:
    """What has been published, over all targets.

    Attributes:
        standing: Rows of ``indicator_value`` that are public now somewhere, each revision once.
        ever: All that were ever public, those taken back among them.
        lineage: Rows of ``lineage`` of all that were ever public, or None.
        verdicts: Rows of ``indicator_progress`` that are public now somewhere.
    """

    standing: Sequence[Row]
    ever: Sequence[Row]
    lineage: pa.Table | None
    verdicts: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """Values after published ones were frozen.

    Attributes:
        values: Rows of ``indicator_value``, each revision.
        pending: Rows of ``pending_revision``.
        notices: Rows of ``correction_notice``.
        lineage: Table ``lineage`` of all these revisions.
    """

    values: list[Row]
    pending: list[Row]
    notices: list[Row]
    lineage: pa.Table


@dataclass(slots=True)
class _Outcome:
    values: list[Row] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)
    # For each value whether its cells are those of this run.
    computed_now: list[bool] = field(default_factory=list)

    def keep(self, row: Row, *, computed: bool) -> None:
        self.values.append(row)
        self.computed_now.append(computed)


def parse_revisions(
    rows: Iterable[Mapping[str, str]], plans: Plans, published: PublishedValues
) -> list[Row]:
    """Read the rows of revisions.csv, each the reason of a revision.

    Args:
        rows: The rows.
        plans: The plans.
        published: What has been published; a value may outlive its indicator in the plans.

    Raises:
        ReferenceTableError: If a row names an unknown indicator or leaves something out.
    """
    known = {indicator.indicator_id for indicator in plans.indicators}
    known |= {row["indicator_id"] for row in published.ever}
    reasons: list[Row] = []
    for place, row in list_rows(rows, "revisions"):
        reason = _parse_reason(row, place, known)
        if any(_address_of(reason) == _address_of(one) for one in reasons):
            raise ReferenceTableError(f"{place}: 同じ指標・期間・改訂番号の行が2回あります。")
        reasons.append(reason)
    return reasons


def parse_verdict_changes(
    rows: Iterable[Mapping[str, str]], published: PublishedValues
) -> dict[tuple[str, str, int], str]:
    """Read the rows of verdict_changes.csv: why a published verdict is another one now.

    Returns:
        The reasons by indicator, quarter and revision.

    Raises:
        ReferenceTableError: If a row names no published verdict, or leaves something out.
    """
    known = {(row["indicator_id"], row["period"], row["revision"]) for row in published.verdicts}
    reasons: dict[tuple[str, str, int], str] = {}
    for place, row in list_rows(rows, "verdict_changes"):
        require(row, ("revision", "reason", "decided_by"), place)
        parse_day(row, "decided_on", place)
        revision = int(row["revision"]) if row["revision"].isdecimal() else 0
        key = row["indicator_id"], str(parse_period(row, "period", place)), revision
        if key not in known:
            raise ReferenceTableError(
                f"{place}: {' '.join(map(str, key))} の判定は公表されていません。"
                "指標・期間・改訂番号を確かめてください。"
            )
        reasons[key] = row["reason"].strip()
    return reasons


def freeze_verdicts(
    computed: Iterable[Row],
    published: PublishedValues,
    reasons: Mapping[tuple[str, str, int], str],
) -> tuple[list[Row], list[Row]]:
    """Keep what was said of a value, whatever cut point, baseline, target or rule was changed.

    Returns:
        Rows of ``indicator_progress``, and those of ``pending_revision`` for verdicts that would be
        other ones and have no reason.
    """
    known = {(_key(row), row["revision"], row["method"]): row for row in published.verdicts}
    kept, pending = [], []
    for row in computed:
        before = known.get((_key(row), row["revision"], row["method"]))
        address = row["indicator_id"], row["period"], row["revision"]
        if before is None or before["sample"] != row["sample"]:
            kept.append(row)
        elif address in reasons:
            why = f"公表した判定を改めた理由：{reasons[address]}"
            kept.append(row | {"reason": f"{row['reason']}{why}"})
        elif before["verdict"] == row["verdict"]:
            kept.append(row)
        else:
            same = {name: value for name, value in before.items() if name in row}
            kept.append(row | same | {"indicator_title": row["indicator_title"]})
            pending.append(_describe_verdict(before, row))
    return kept, pending


def _describe_verdict(before: Row, row: Row) -> Row:
    change = f"判定({row['method']}) {before['verdict']}→{row['verdict']}"
    return {
        "row_id": f"{row['row_id']}/verdict",
        **{name: row[name] for name in ("indicator_id", "indicator_title", "period")},
        "pending_state": "verdict_differs",
        "published_revision": row["revision"],
        "next_revision": row["revision"] + 1,
        "published_value": before["value"],
        "computed_value": row["value"],
        "differences": change,
        "message": f"{row['indicator_title']} {row['period']}：公表した判定と違います({change})。"
        "境目、基準値、目標値か規則が変わりました。改めるときは、verdict_changes.csv に改訂番号"
        f"{row['revision']}の理由を書いてください。",
    }


def freeze_values(
    computed: Sequence[Row],
    lineage: pa.Table,
    published: PublishedValues,
    reasons: Sequence[Row],
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
    standing, ever = (_group(rows, sample=sample) for rows in (published.standing, published.ever))
    by_address = dict(zip(map(_address_of, reasons), reasons, strict=True))
    outcome = _Outcome()
    for row in computed:
        _freeze(dict(row), standing.pop(_key(row), []), ever[_key(row)], by_address, outcome)
    periods = {row["period"] for row in computed}
    for rows in standing.values():
        for row in rows:
            outcome.keep(_number(dict(row), row["revision"]), computed=False)
        outcome.pending.append(_describe_missing(rows[-1], periods))
    unused = sorted(by_address.keys() - set(map(_address_of, outcome.values)))
    return Frozen(
        values=outcome.values,
        pending=list(_add_unused(outcome.pending, unused, outcome.values)),
        notices=list(_write_notices(outcome.values, by_address)),
        lineage=_lead_back(outcome, lineage, published.lineage),
    )


def _parse_reason(row: Mapping[str, str], place: str, known: set[str]) -> Row:
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
    return {
        "indicator_id": row["indicator_id"],
        "period": str(parse_period(row, "period", place)),
        "revision": int(row["revision"]),
        "decided_on": parse_day(row, "decided_on", place),
        **{column: row[column].strip() for column in _WORDS},
    }


def _freeze(
    row: Row,
    standing: Sequence[Row],
    ever: Sequence[Row],
    reasons: Mapping[Address, Row],
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
        outcome.pending.append(_describe_difference(last, revised))


def _find_number(row: Row, standing: Sequence[Row], ever: Sequence[Row]) -> int:
    """Return the number of the next revision; one that was taken back keeps its own."""
    last: int = standing[-1]["revision"] if standing else 0
    taken_back = [one for one in ever if one["revision"] > last]
    same: list[int] = [one["revision"] for one in taken_back if not list_differences(one, row)]
    return same[-1] if same else max((one["revision"] for one in ever), default=last) + 1


def _number(row: Row, revision: int) -> Row:
    code, indicator, period = _key(row)
    return row | {"revision": revision, "row_id": f"{code}/{indicator}/{period}/{revision}"}


def _write_notices(values: Sequence[Row], reasons: Mapping[Address, Row]) -> Iterator[Row]:
    before: Row = {}
    for row in values:
        revises = bool(before) and _key(before) == _key(row)
        if revises:
            yield _write_notice(before, row, reasons)
        before = row


def _write_notice(before: Row, row: Row, reasons: Mapping[Address, Row]) -> Row:
    if _address_of(row) not in reasons:
        raise ReferenceTableError(
            f"{_FILE}: 公表した {row['indicator_id']} {row['period']} の改訂{row['revision']}の行が"
            "ありません。公表した改訂の理由は消さないでください。"
        )
    return reasons[_address_of(row)] | {
        "row_id": row["row_id"],
        "indicator_title": row["indicator_title"],
        "old_value": before["value"],
        "new_value": row["value"],
        "unit": row["unit"],
    }


def _lead_back(outcome: _Outcome, computed: pa.Table, published: pa.Table | None) -> pa.Table:
    names = ("municipality_code", "indicator_id", "period")
    kept = [
        {name: row[name] for name in names}
        | {"new_revision": row["revision"], "from_computed": now}
        for row, now in zip(outcome.values, outcome.computed_now, strict=True)
    ]
    with connect() as connection:
        connection.register("kept", pa.Table.from_pylist(kept))
        connection.register("computed", computed)
        connection.register("published", computed.slice(0, 0) if published is None else published)
        return connection.sql(_RENUMBER).to_arrow_table().cast(computed.schema)


def _group(rows: Iterable[Row], *, sample: bool) -> defaultdict[ValueKey, list[Row]]:
    """Return the rows that are sample data, or not, by value in the order of their revisions."""
    groups: defaultdict[ValueKey, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row["revision"])):
        if row["sample"] == sample:
            groups[_key(row)].append(row)
    return groups


def _key(row: Row) -> ValueKey:
    return (row["municipality_code"], row["indicator_id"], row["period"])


def _address_of(row: Row) -> Address:
    return (row["indicator_id"], row["period"], row["revision"])


def list_differences(published: Row, row: Row) -> list[str]:
    """Return the parts in which a row differs from a published one.

    A part that was not published, or withheld (秘匿), is no difference.
    """
    withheld = _WITHHELD if published.get("value_status") == "suppressed" else ()
    known = (name for name in _PARTS if name in published and name not in withheld)
    return [name for name in known if published[name] != row[name]]


def _describe_difference(last: Row, revised: Row) -> Row:
    """Describe a published value that the data give otherwise now.

    Args:
        last: The published row of ``indicator_value``.
        revised: The row as it would be, with the number of its revision.
    """
    differences = "、".join(
        f"{_PARTS[name]} {_show(last[name])}→{_show(revised[name])}"
        for name in list_differences(last, revised)
    )
    title, period, number = revised["indicator_title"], revised["period"], revised["revision"]
    return _pending_row(last, number, differences) | {
        "pending_state": "differs",
        "computed_value": revised["value"],
        "message": f"{title} {period}：公表した値と違います({differences})。改めるときは、"
        f"revisions.csv に改訂番号{number}の理由を書いてください。",
    }


def _describe_missing(last: Row, periods: Collection[str]) -> Row:
    """Describe a published value that the data give no longer.

    Args:
        last: The published row of ``indicator_value``.
        periods: The quarters of which anything is left.
    """
    title, period = last["indicator_title"], last["period"]
    difference = f"値 {_show(last['value'])}→計算されていない"
    # Where nothing of a quarter is left, each value has the same sentence: it is told once.
    message = (
        f"{title} {period}：公表した値が、今のデータからは計算されません。"
        "公表した値を残しました。この期間の調査票と、計画の指標を確かめてください。"
        if period in periods
        else f"{period}：調査票も読み取りの控えもないため、公表した値だけを残しました。"
        f"フォルダを data/01_raw/survey/{period}/ に戻してください。"
        "廃棄する前には kedro run --pipelines=keep で控えを作ります。"
    )
    return _pending_row(last, last["revision"] + 1, difference) | {
        "pending_state": "not_computed",
        "message": message,
    }


def _add_unused(
    pending: Sequence[Row], unused: Sequence[Address], values: Sequence[Row]
) -> Iterator[Row]:
    """Tell of reasons that no revision has: a wrong number, or a value that is right again.

    Args:
        pending: The rows so far.
        unused: The addresses of those reasons.
        values: Rows of ``indicator_value``, for their titles.

    Yields:
        The rows, and one for each reason whose value does not differ.
    """
    differing = set()
    for row in pending:
        key = (row["indicator_id"], row["period"])
        wrong = [str(one[2]) for one in unused if one[:2] == key]
        if row["pending_state"] != "differs" or not wrong:
            yield row
            continue
        differing.add(key)
        remark = f"(改訂番号{'、'.join(wrong)}の行は、番号が違うため使いません。)"
        yield row | {"message": row["message"] + remark}
    yield from (_describe_unused(one, values) for one in unused if one[:2] not in differing)


def _describe_unused(address: Address, values: Sequence[Row]) -> Row:
    indicator_id, period, revision = address
    titles = {row["indicator_id"]: row["indicator_title"] for row in values}
    title = titles.get(indicator_id, indicator_id)
    return {
        "row_id": f"{indicator_id}/{period}/{revision}/unused",
        "indicator_id": indicator_id,
        "indicator_title": title,
        "period": period,
        "pending_state": "no_difference",
        "published_revision": revision - 1,
        "next_revision": revision,
        "differences": "当てはまる違いがない",
        "message": f"{title} {period}：revisions.csv に改訂{revision}の理由がありますが、"
        "公表した値との違いがありません。期間と改訂番号を確かめ、要らなければ行を消してください。",
    }


def _pending_row(last: Row, number: int, differences: str) -> Row:
    return {
        "row_id": f"{last['municipality_code']}/{last['indicator_id']}/{last['period']}/{number}",
        "indicator_id": last["indicator_id"],
        "indicator_title": last["indicator_title"],
        "period": last["period"],
        "published_revision": last["revision"],
        "next_revision": number,
        "published_value": last["value"],
        "differences": differences,
    }


def _show(value: Any) -> str:
    if value is None:
        return "なし"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
