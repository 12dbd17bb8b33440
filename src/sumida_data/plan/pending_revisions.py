"""Rows of ``pending_revision``: where published values and today's data or reasons differ."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sumida_data.base.metadata import Row

# Indicator, quarter and number of a revision.
Address = tuple[str, str, int]

# What makes a value another one. Titles and notes may be put better without a revision.
_PARTS = {
    "value": "値",
    "numerator": "分子",
    "denominator": "分母",
    "value_status": "値の状態",
    "as_of": "時点",
    "unit": "単位",
    "definition_version": "定義の版",
    "departments_asked": "照会した課数",
    "departments_answered": "回答した課数",
}
_WITHHELD = ("value", "numerator", "denominator", "value_status")


def list_differences(published: Row, row: Row) -> list[str]:
    """Return the parts in which a row differs from a published one.

    A part that was not published, or withheld (秘匿), is no difference.
    """
    withheld = _WITHHELD if published.get("value_status") == "suppressed" else ()
    known = (name for name in _PARTS if name in published and name not in withheld)
    return [name for name in known if published[name] != row[name]]


def describe_difference(last: Row, revised: Row) -> dict[str, Any]:
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


def describe_missing(last: Row, periods: Collection[str]) -> dict[str, Any]:
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


def add_unused(
    pending: Sequence[dict[str, Any]], unused: Sequence[Address], values: Sequence[Row]
) -> Iterator[dict[str, Any]]:
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


def _describe_unused(address: Address, values: Sequence[Row]) -> dict[str, Any]:
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


def _pending_row(last: Row, number: int, differences: str) -> dict[str, Any]:
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
