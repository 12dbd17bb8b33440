from datetime import date
from decimal import Decimal

import pytest

from sumida_data.plan.models import Plan
from sumida_data.present.words import (
    describe_as_of,
    format_amount,
    format_difference,
    format_number,
    format_percentage,
    format_short_day,
)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2022, 3, 31), "令和3年度末の実績"),
        (date(2023, 1, 31), "令和5年1月末の実績"),
        (date(2024, 2, 29), "令和6年2月末の実績"),
        (date(2023, 2, 27), "令和5年2月27日の実績"),
        (date(2019, 5, 31), "令和元年5月末の実績"),
    ],
)
def test_as_of_is_said_as_shortly_as_the_day_allows(day: date, words: str) -> None:
    assert describe_as_of(day) == words


def test_short_days_know_older_eras() -> None:
    assert format_short_day(date(2011, 1, 4)) == "H23.1.4"


class TestAmounts:
    @pytest.mark.parametrize(
        ("amount", "decimals", "words"),
        [
            (Decimal("40.0000"), None, "40%"),
            (Decimal("59.25"), 1, "59.3%"),
            (Decimal("100"), None, "100%"),
            (Decimal("0"), 1, "0.0%"),
            (None, 1, "-"),
        ],
    )
    def test_amount(
        self, plan: Plan, amount: Decimal | None, decimals: int | None, words: str
    ) -> None:
        assert format_amount(plan.indicators[4], amount, decimals) == words

    def test_thousands_are_set_apart(self, plan: Plan) -> None:
        assert format_amount(plan.indicators[0], Decimal(1234), 0) == "1,234手続"
        assert format_number(Decimal("163501.0000")) == "163,501"

    def test_percentages_differ_in_points(self, plan: Plan) -> None:
        assert format_difference(plan.indicators[4], Decimal("-2.04"), 1) == "-2.0ポイント"
        assert format_difference(plan.indicators[0], Decimal("2.65"), 1) == "+2.7手続"


def test_rate_of_nothing_cannot_be_said() -> None:
    assert format_percentage(0, 0) == "判定不能"
    assert format_percentage(0, 4) == "0.0%"
    assert format_percentage(1, 16) == "6.3%"
