"""The ministry's printed card rates, recomputed from its own counts.

The ward's 47 points from 2017 to 2022 are 総務省「マイナンバーカード交付状況」 as converted by Code for
Japan. The national files are not part of the project; the tests that read them skip without them.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from sumida_data.plan.values import round_half_up
from tests.project import PROJECT

SERIES = Path(__file__).parent / "ground_truth/sumida_cards.csv"
NATIONAL = PROJECT.parent / "shared/reference/mynumber"
FILES = ["all_localgovs_20210901.csv", "all_localgovs_20220630.csv"]


def rate(cards: str, population: str) -> Decimal:
    return round_half_up(100 * Decimal(cards) / Decimal(population), 1)


def test_all_points_of_the_ward() -> None:
    with SERIES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 47
    differing = [
        row for row in rows if rate(row["cards"], row["population"]) != Decimal(row["rate"])
    ]
    assert differing == []


@pytest.mark.parametrize("name", FILES)
def test_all_municipalities_of_a_month(name: str) -> None:
    if not (NATIONAL / name).exists():
        pytest.skip(f"{name} is not at hand; it is not part of the project.")
    with (NATIONAL / name).open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1741
    differing = [
        row["市区町村名"]
        for row in rows
        if rate(row["交付枚数"], row["総数（人口）"]) != Decimal(row["人口に対する交付枚数率"])
    ]
    assert differing == []


def test_the_baseline_fits_the_day_the_plan_gives_it() -> None:
    with SERIES.open(encoding="utf-8") as file:
        rates = {row["as_of"]: Decimal(row["rate"]) for row in csv.DictReader(file)}
    assert rates["2021-09-01"] == Decimal("40.1")
    assert rates["2022-03-01"] == Decimal("46.4")
