"""A municipality among others of its kind, its prefecture and the country."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from sumida_data.base.metadata import Row
from sumida_data.plan.models import Plan
from sumida_data.site.content import gather_peers

DAY = date(2023, 1, 31)
CURRENT = {"municipality_code": "131075", "period": "FY2022Q3"}


def row(code: str, prefecture: str, name: str, cards: int | None, people: int) -> dict[str, Any]:
    return {
        "municipality_code": code,
        "prefecture_name": prefecture,
        "municipality_name": name,
        "period": "FY2022Q3",
        "as_of": DAY,
        "cards": cards,
        "population": people,
    }


ROWS = [
    row("131083", "東京都", "江東区", 60, 100),
    row("131075", "東京都", "墨田区", 593, 1000),
    row("131016", "東京都", "千代田区", None, 100),
    row("132012", "東京都", "八王子市", 400, 900),
    row("142069", "神奈川県", "小田原市", 47, 1000),
    row("131067", "東京都", "台東区", 9, 10) | {"as_of": date(2022, 12, 31)},
    row("131059", "東京都", "文京区", 9, 10) | {"period": "FY2022Q2"},
]


def gather(plan: Plan, rows: list[dict[str, Any]], indicator_id: str) -> Row | None:
    dataset = SimpleNamespace(descriptor={"sources": [{"sumida:credit": "総務省"}]})
    published: Any = SimpleNamespace(find=lambda _: dataset, rows=lambda _: rows)
    page: Any = SimpleNamespace(indicator=plan.indicator(indicator_id), current=CURRENT)
    return gather_peers(page, published)


def test_ratios_come_from_sums_of_what_is_of_one_day(plan: Plan) -> None:
    peers = gather(plan, ROWS, "mynumber_card_rate")
    assert peers is not None
    assert [(one["names"][0], one["value"], one["is_home"]) for one in peers["members"]] == [
        ("墨田区", Decimal("59.3"), True),
        ("江東区", Decimal("60.0"), False),
    ]
    assert [(one["names"][0], one["municipalities"], one["value"]) for one in peers["wholes"]] == [
        ("東京都の2区", 2, Decimal("59.4")),
        ("東京都", 3, Decimal("52.7")),
        ("全国", 4, Decimal("36.7")),
    ]
    assert (peers["as_of"], peers["credits"]) == (DAY, ["総務省"])


@pytest.mark.parametrize(
    ("rows", "indicator_id"),
    [
        (ROWS[:1], "mynumber_card_rate"),
        ([one | {"cards": None} for one in ROWS], "mynumber_card_rate"),
        (ROWS, "open_datasets"),
    ],
)
def test_where_there_are_no_peers_there_is_no_comparison(
    plan: Plan, rows: list[dict[str, Any]], indicator_id: str
) -> None:
    assert gather(plan, rows, indicator_id) is None
