from datetime import date

import pytest

from sumida_data.base.periods import (
    Period,
    era_year,
    fiscal_year_label,
    fiscal_year_of,
    fiscal_year_title,
    format_era_date,
)


@pytest.mark.parametrize(
    ("text", "first", "last", "title"),
    [
        ("FY2022Q1", date(2022, 4, 1), date(2022, 6, 30), "令和4年度第1四半期"),
        ("FY2022Q3", date(2022, 10, 1), date(2022, 12, 31), "令和4年度第3四半期"),
        ("FY2022Q4", date(2023, 1, 1), date(2023, 3, 31), "令和4年度第4四半期"),
        ("FY2019Q1", date(2019, 4, 1), date(2019, 6, 30), "令和元年度第1四半期"),
        ("FY2023Q4", date(2024, 1, 1), date(2024, 3, 31), "令和5年度第4四半期"),
    ],
)
def test_period_knows_its_days_and_title(text: str, first: date, last: date, title: str) -> None:
    period = Period.parse(text)
    assert (period.first_day, period.last_day, period.title) == (first, last, title)
    assert str(period) == text


def test_neighbours_cross_the_fiscal_year() -> None:
    assert str(Period.parse("FY2022Q4").next) == "FY2023Q1"
    assert str(Period.parse("FY2022Q1").previous) == "FY2021Q4"
    assert str(Period.parse("FY2022Q3").previous) == "FY2022Q2"


@pytest.mark.parametrize("text", ["2022Q3", "FY2022Q5", "FY22Q1", "FY2022Q3 ", ""])
def test_other_forms_are_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match="FY2022Q3"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("day", "era"),
    [
        (date(2019, 5, 1), ("令和", 1)),
        (date(2019, 4, 30), ("平成", 31)),
        (date(1989, 1, 7), ("昭和", 64)),
        (date(1926, 12, 24), ("大正", 15)),
        (date(1912, 7, 29), ("明治", 45)),
        (date(1873, 1, 1), ("明治", 6)),
    ],
)
def test_eras_change_on_their_day(day: date, era: tuple[str, int]) -> None:
    assert era_year(day) == era


def test_days_before_the_gregorian_calendar_are_refused() -> None:
    with pytest.raises(ValueError, match="明治6年より前"):
        era_year(date(1872, 12, 31))


def test_fiscal_year_words() -> None:
    assert fiscal_year_of(date(2023, 3, 31)) == 2022
    assert fiscal_year_of(date(2023, 4, 1)) == 2023
    assert fiscal_year_label(2021) == "R3"
    assert fiscal_year_label(2018) == "H30"
    assert fiscal_year_title(2018) == "平成30年度"
    assert format_era_date(date(2019, 5, 1)) == "令和元年5月1日"
    assert format_era_date(date(2023, 1, 31)) == "令和5年1月31日"
