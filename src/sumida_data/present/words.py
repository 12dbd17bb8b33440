"""How figures, days and states are written for people."""

from calendar import monthrange
from datetime import date
from decimal import Decimal

from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import (
    era_year,
    fiscal_year_label,
    fiscal_year_last_day,
    fiscal_year_of,
    fiscal_year_title,
    format_era_date,
)
from sumida_data.plan.models import Indicator, IndicatorTarget, Plan
from sumida_data.plan.progress import Verdict
from sumida_data.plan.values import round_half_up

NOT_MEASURED = "-"
_ERA_LETTERS = {"令和": "R", "平成": "H", "昭和": "S", "大正": "T", "明治": "M"}

VERDICT_SYMBOLS: dict[Verdict, str] = {
    "achieved": "◎",
    "kept": "◎",
    "on_track": "○",
    "slightly_behind": "△",
    "behind": "×",
    "cannot_say": "－",
    "not_applicable": "・",
}


def format_verdict(dictionary: DataDictionary, verdict: Verdict) -> str:
    """Write a verdict with its symbol, such as ◎ 達成."""
    return f"{VERDICT_SYMBOLS[verdict]} {dictionary.word('indicator_progress.verdict', verdict)}"


def format_amount(indicator: Indicator, amount: Decimal | None, decimals: int | None = None) -> str:
    """Write an amount with its prefix and unit, such as 延べ3回.

    Args:
        indicator: The indicator whose amount it is.
        amount: The amount; None is written as ``-``, never as 0.
        decimals: Places to round half up to; None writes the amount without trailing zeros, as
            baselines and targets are given.
    """
    if amount is None:
        return NOT_MEASURED
    shown = amount.normalize() if decimals is None else round_half_up(amount, decimals)
    return f"{indicator.value_prefix}{shown:,f}{indicator.unit}"


def format_difference(indicator: Indicator, amount: Decimal, decimals: int) -> str:
    """Write a difference with its sign, such as +2.3手続; percentages differ in ポイント."""
    return f"{round_half_up(amount, decimals):+,f}{indicator.difference_unit}"


def format_number(amount: Decimal | int | None) -> str:
    """Write a number without unit and without trailing zeros; ``-`` where there is none."""
    return NOT_MEASURED if amount is None else f"{Decimal(amount).normalize():,f}"


def format_target(plan: Plan, indicator: Indicator, target: IndicatorTarget) -> str:
    """Write a target, with its fiscal year as 25手続 (R4) where that is not the plan's last."""
    amount = format_amount(indicator, target.value)
    year = fiscal_year_of(target.target_date)
    return (
        amount if year == fiscal_year_of(plan.last_day) else f"{amount} ({fiscal_year_label(year)})"
    )


def format_percentage(numerator: int | Decimal, denominator: int) -> str:
    """Write a ratio of counts as 97.3%; without a denominator it is 判定不能, not 0."""
    if denominator == 0:
        return "判定不能"
    return f"{round_half_up(Decimal(100 * numerator) / denominator, 1)}%"


def describe_as_of(day: date) -> str:
    """Say what day a value stands for, as shortly as the day allows.

    A fiscal year's last day becomes 令和3年度末の実績, a month's last day 令和5年1月末の実績.
    """
    if day == fiscal_year_last_day(fiscal_year_of(day)):
        return f"{fiscal_year_title(fiscal_year_of(day))}末の実績"
    if day.day == monthrange(day.year, day.month)[1]:
        return f"{format_month(day)}末の実績"
    return f"{format_era_date(day)}の実績"


def format_month(day: date) -> str:
    """Write the month of a day as 令和5年1月."""
    return format_era_date(day).rpartition("月")[0] + "月"


def format_short_day(day: date) -> str:
    """Write a day as R4.12.31."""
    era, year = era_year(day)
    return f"{_ERA_LETTERS[era]}{year}.{day.month}.{day.day}"
