"""Published values are frozen: they change only with a reason, and then the old one stays.

A value that was published keeps its revision. Where the data give another value now, the
published one is kept until the office writes the reason into ``revisions.csv``; then the new value
follows it as the next revision.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import pyarrow as pa

from sumida_data.base.database import select
from sumida_data.base.metadata import Row, group_by
from sumida_data.plan.hints import list_remarks
from sumida_data.plan.models import Plans
from sumida_data.plan.values import OPEN_RANGE
from sumida_data.survey.reading.registers import ReferenceTableError, TextRow

# Indicator, quarter and number of a revision.
Address = tuple[str, str, int]

_KEY = ("municipality_code", "indicator_id", "period")
_key: Callable[[Row], tuple[str, ...]] = itemgetter(*_KEY)
_address_of: Callable[[Row], Address] = itemgetter("indicator_id", "period", "revision")
_verdict_of = itemgetter(*_KEY, "revision", "method", "sample")
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
# Of what was published before there was such a range, none is said.
_NOT_SAID = dict.fromkeys(OPEN_RANGE)
# The same of a verdict, with what the plan says and it rests on.
_GROUNDS = {
    "verdict": "判定",
    "target_value": "目標値",
    "start_value": "起点の値",
    "start_date": "起点の日",
    "expected_value": "計画線の値",
    "on_track_from": "順調の境目",
    "slightly_behind_from": "やや遅れの境目",
}
# What is said of what is pending. Where nothing of a quarter is left, each value has the same
# sentence: it is reported once.
_MESSAGES = {
    "differs": "{title} {period}：公表した値と違います({differences})。改めるときは、"
    "revisions.csv に {name} の改訂番号{number}の理由を書いてください。",
    "accepted": "{title} {period}：値の変わらない違い({differences})は、そのままにすると決めました"
    "({reason}　{decided_by}、{decided_on})。",
    "not_computed": "{title} {period}：公表した値が、今のデータからは計算されません。"
    "公表した値を残しました。この期間の調査票と、計画の指標を確かめてください。",
    "quarter_gone": "{period}：使える調査票も読み取りの控えもないため、公表した値だけを残しました。"
    "data/01_raw/survey/{period}/ に調査票があれば指摘を確かめ、なければ戻してください。"
    "廃棄する前には kedro run --pipelines=keep で控えを作ります。",
    "no_difference": "{title} {period}：revisions.csv に改訂{number}の理由がありますが、"
    "公表した値との違いがありません。期間と改訂番号を確かめ、要らなければ行を消してください。",
    "verdict_differs": "{title} {period}：公表した判定と違います({differences})。"
    "境目、基準値、目標値か規則が変わりました。これからだけ変えるときは、plans.yml の前のものを"
    "残し、決めた日を付けて加えてください。公表した判定も改めるときは、verdict_changes.csv に "
    "{name} の改訂番号{published}の理由を書いてください。",
}
_MAY_STAY = (
    "値は同じなので、そのままにするときは、accepted_differences.csv の differences に"
    "「{differences}」を、理由などとともに書いてください。"
)
_RENUMBER = """
    SELECT l.* REPLACE (k.revision AS revision)
    FROM computed AS l
    JOIN kept AS k USING (municipality_code, indicator_id, period)
    WHERE k.is_new
    UNION ALL BY NAME
    SELECT p.*
    FROM published AS p
    JOIN kept AS k USING (municipality_code, indicator_id, period, revision)
    WHERE NOT k.is_new
    ORDER BY ALL
"""


class PublishedValues(NamedTuple):
    """What has been published, over all targets."""

    public: Sequence[Row]  # of indicator_value, public now somewhere, each revision once
    ever: Sequence[Row]  # of indicator_value, those taken back among them
    lineage: pa.Table | None  # of all that were ever public
    verdicts: Sequence[Row] = ()  # of indicator_progress, public now somewhere


def parse_revisions(
    rows: Iterable[TextRow], plans: Plans, published: PublishedValues
) -> dict[Address, Row]:
    """Read the rows of revisions.csv, each the reason of a revision, by what it revises."""
    reasons: dict[Address, Row] = {}
    for place, row in list_remarks(rows, "revisions", plans, published.ever):
        if not row["revision"].isdecimal() or int(row["revision"]) < 2:
            raise ReferenceTableError(
                f"{place}の revision: {row['revision']!r} は、2以上の整数で書いてください。"
            )
        row["revision"] = int(row["revision"])
        reasons[_address_of(row)] = row
    return reasons


def parse_verdict_changes(
    rows: Iterable[TextRow], plans: Plans, published: PublishedValues
) -> dict[Address, str]:
    """Read the rows of verdict_changes.csv: why a published verdict is another one now."""
    known = set(map(_address_of, published.verdicts))
    reasons: dict[Address, str] = {}
    for place, row in list_remarks(rows, "verdict_changes", plans, published.verdicts):
        revision = int(row["revision"]) if row["revision"].isdecimal() else 0
        address = row["indicator_id"], row["period"], revision
        if address not in known:
            raise ReferenceTableError(
                f"{place}: {' '.join(map(str, address))} の判定は公表されていません。"
                "指標・期間・改訂番号を確かめてください。"
            )
        reasons[address] = row["reason"]
    return reasons


def parse_accepted(
    rows: Iterable[TextRow], plans: Plans, published: PublishedValues
) -> dict[tuple[str, str], Row]:
    """Read the rows of accepted_differences.csv by indicator and quarter."""
    found = list_remarks(rows, "accepted_differences", plans, published.ever)
    return {(row["indicator_id"], row["period"]): row for _, row in found}


def freeze_verdicts(
    computed: Iterable[Row], published: PublishedValues, reasons: Mapping[Address, str]
) -> tuple[list[Row], list[Row]]:
    """Keep what was said of a value, and on what grounds, whatever was changed of these since.

    Returned are rows of ``indicator_progress``, and those of ``pending_revision`` for verdicts that
    would be other ones and have no reason.
    """
    known = {_verdict_of(row): row for row in published.verdicts}
    kept, pending = [], []
    for row in computed:
        before = known.get(_verdict_of(row))
        if before and (reason := reasons.get(_address_of(row))):
            kept.append(row | {"reason": f"{row['reason']}公表した判定を改めた理由：{reason}"})
        elif before is None or not (names := list_differences(before, row, _GROUNDS)):
            kept.append(row)
        else:
            title = {"indicator_title": row["indicator_title"]}
            same = {name: value for name, value in before.items() if name in row}
            kept.append(row | same | title)
            change = f"{row['method']}：{_compare(before, row, names, _GROUNDS)}"
            described = _describe("verdict_differs", before | title, row["revision"] + 1, change)
            own = {"row_id": f"{row['row_id']}/verdict", "computed_value": row["value"]}
            pending.append(described | own)
    return kept, pending


def freeze_values(
    computed: Sequence[Row],
    lineage: pa.Table,
    published: PublishedValues,
    reasons: Mapping[Address, Row],
    accepted: Mapping[tuple[str, str], Row],
) -> tuple[list[Row], pa.Table, list[Row], list[Row]]:
    """Keep what was published, and revise it where there is a reason.

    Invented data and real ones do not freeze each other. Accepted is by indicator and quarter what
    differs without changing the value and stays as it was published.

    Returns:
        Rows of ``indicator_value``, each revision; table ``lineage`` of all these; rows of
        ``pending_revision``, and of ``correction_notice``.

    Raises a ReferenceTableError if the reason of a published revision is missing.
    """
    sample = any(row["sample"] for row in computed)
    public, ever = (_group(rows, sample=sample) for rows in (published.public, published.ever))
    values: list[Row] = []
    pending: list[Row] = []
    new = set()
    for row in computed:
        before = public.pop(_key(row), [])
        revisions, waiting = _revise(row, before, ever[_key(row)], reasons)
        values += revisions
        pending += [_accept(one, accepted) for one in waiting]
        if not waiting:
            new.add(values[-1]["row_id"])
    periods = {row["period"] for row in computed}
    for rows in public.values():
        values += map(_number, rows)
        last, difference = rows[-1], f"値 {_show(rows[-1]['value'])}→計算されていない"
        state = "not_computed" if last["period"] in periods else "quarter_gone"
        described = _describe(state, last, last["revision"] + 1, difference)
        pending.append(described | {"pending_state": "not_computed"})
    cells = _lead_back(values, new, lineage, published.lineage)
    pending = list(_add_unused(pending, reasons, values))
    return values, cells, pending, list(_write_notices(values, reasons))


def _lead_back(
    values: Sequence[Row], new: Collection[str], computed: pa.Table, published: pa.Table | None
) -> pa.Table:
    names = (*_KEY, "revision")
    kept = [{n: row[n] for n in names} | {"is_new": row["row_id"] in new} for row in values]
    tables = {"kept": pa.Table.from_pylist(kept), "computed": computed}
    tables["published"] = computed.slice(0, 0) if published is None else published
    return select(_RENUMBER, **tables).cast(computed.schema)


def _group(rows: Iterable[Row], *, sample: bool) -> defaultdict[tuple[str, ...], list[Row]]:
    """Return the rows that are sample data, or not, by value in the order of their revisions."""
    ours = [row for row in rows if row["sample"] == sample]
    return group_by(sorted(ours, key=lambda row: int(row["revision"])), _key)


def _revise(
    row: Row, before: Sequence[Row], ever: Sequence[Row], reasons: Collection[Address]
) -> tuple[list[Row], list[Row]]:
    """Return the revisions of a value, the row among them if it may be one, and what is pending."""
    names = list_differences(before[-1], row) if before else []
    is_same = before and not names
    number = before[-1]["revision"] if is_same else _find_next(row, before, ever)
    # Packages spell ① as (1); here the indicator keeps the name that it has.
    title = {"indicator_title": row["indicator_title"]}
    kept = [_number(row | _NOT_SAID | one | title) for one in (before[:-1] if is_same else before)]
    revised = _number(row | {"revision": number})
    if not names or _address_of(revised) in reasons:
        return [*kept, revised], []
    described = _describe("differs", kept[-1], number, _compare(kept[-1], row, names, _PARTS))
    return kept, [described | {"computed_value": row["value"]}]


def _accept(row: Row, accepted: Mapping[tuple[str, str], Row]) -> Row:
    """Say of what is pending that it was accepted, or how that is done, where no value changes."""
    if row["computed_value"] != row["published_value"]:
        return row
    decided = accepted.get((row["indicator_id"], row["period"]), {})
    if decided.get("differences") != row["differences"]:
        return row | {"message": row["message"] + _MAY_STAY.format_map(row)}
    words = {"title": row["indicator_title"], **row, **decided}
    return row | {"pending_state": "accepted", "message": _MESSAGES["accepted"].format_map(words)}


def _find_next(row: Row, before: Sequence[Row], ever: Sequence[Row]) -> int:
    """Return the number of the next revision; one that was taken back keeps its own."""
    last = before[-1]["revision"] if before else 0
    later = [one for one in ever if one["revision"] > last]
    same: list[int] = [one["revision"] for one in later if not list_differences(one, row)]
    return same[-1] if same else max([last, *(one["revision"] for one in later)]) + 1


def _number(row: Row) -> Row:
    return row | {"row_id": "/".join((*_key(row), str(row["revision"])))}


def _write_notices(values: Sequence[Row], reasons: Mapping[Address, Row]) -> Iterator[Row]:
    for before, row in pairwise(values):
        if _key(before) != _key(row):
            continue
        if _address_of(row) not in reasons:
            raise ReferenceTableError(
                f"revisions.csv: 公表した {row['indicator_id']} {row['period']} の"
                f"改訂{row['revision']}の行がありません。公表した改訂の理由は消さないでください。"
            )
        changed = {"old_value": before["value"], "new_value": row["value"]}
        yield row | reasons[_address_of(row)] | changed


def list_differences(published: Row, row: Row, parts: Collection[str] = tuple(_PARTS)) -> list[str]:
    """Return the parts in which a row differs from a published one.

    A part that was not published, or withheld (秘匿), is no difference.
    """
    withheld = (*_WITHHELD, *_GROUNDS) if published.get("value_status") == "suppressed" else ()
    known = (name for name in parts if name in published and name in row and name not in withheld)
    return [name for name in known if published[name] != row[name]]


def _compare(before: Row, row: Row, names: Iterable[str], words: Mapping[str, str]) -> str:
    """Say in words how parts of a row differ from those of one before."""
    changes = ((words[name], _show(before[name]), _show(row[name])) for name in names)
    return "、".join(f"{part} {old}→{now}" for part, old, now in changes)


def _describe(state: str, last: Row, number: int, differences: str) -> Row:
    """Describe what is pending of a published value, under its next revision."""
    message = _MESSAGES[state].format(
        title=last["indicator_title"],
        name=last["indicator_id"],
        period=last["period"],
        differences=differences,
        number=number,
        published=last["revision"],
    )
    return {
        "row_id": "/".join((*_key(last), str(number))),
        **{name: last[name] for name in ("indicator_id", "indicator_title", "period")},
        "pending_state": state,
        "published_revision": last["revision"],
        "next_revision": number,
        "published_value": last["value"],
        "differences": differences,
        "message": message,
    }


def _add_unused(
    pending: Sequence[Row], reasons: Collection[Address], values: Sequence[Row]
) -> Iterator[Row]:
    """Yield what is pending, and reasons of no revision: a wrong number, a value right again."""
    unused = defaultdict(list)
    for name, period, number in sorted(set(reasons) - set(map(_address_of, values))):
        unused[name, period].append(number)
    titles = {row["indicator_id"]: row["indicator_title"] for row in values}
    for row in pending:
        key = (row["indicator_id"], row["period"])
        if row["pending_state"] == "differs" and key in unused:
            wrong = "、".join(map(str, unused.pop(key)))
            row["message"] += f"(改訂番号{wrong}の行は、番号が違うため使いません。)"
        yield row
    for (name, period), numbers in unused.items():
        last: Row = {"municipality_code": "", "indicator_id": name, "period": period, "value": None}
        last["indicator_title"] = titles.get(name, name)
        for number in numbers:
            last["revision"] = number - 1
            described = _describe("no_difference", last, number, "当てはまる違いがない")
            yield described | {"row_id": f"{name}/{period}/{number}/unused"}


def _show(value: Any) -> str:
    if value is None:
        return "なし"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
