"""How figures, days and states are written for people."""

from calendar import monthrange
from datetime import date
from decimal import Decimal

from sumida_data.base.periods import (
    fiscal_year_label,
    fiscal_year_last_day,
    fiscal_year_of,
    fiscal_year_title,
    format_era_date,
)
from sumida_data.plan.models import Indicator, Plan, Target
from sumida_data.plan.progress import Verdict
from sumida_data.plan.values import round_half_up

NOT_MEASURED = "-"

VERDICTS: dict[Verdict, str] = {
    "achieved": "達成",
    "on_track": "順調",
    "slightly_behind": "やや遅れ",
    "behind": "遅れ",
    "cannot_say": "判定不能",
    "not_applicable": "当てはまらない",
}
METHODS = {
    "linear": "直線の計画線",
    "yearly_share": "年ごとの等分",
    "compound_growth": "年平均の伸び率",
}
VERDICT_SYMBOLS: dict[Verdict, str] = {
    "achieved": "◎",
    "on_track": "○",
    "slightly_behind": "△",
    "behind": "×",
    "cannot_say": "－",
    "not_applicable": "・",
}
CORRECTION_STATES = {
    "applied": "訂正した",
    "no_longer_needed": "すでに直っている",
    "expected_differs": "前提が違うため訂正していない",
    "not_found": "対象がないため訂正していない",
}
VALUE_STATUSES = {
    "measured": "実測",
    "carried_forward_in_part": "一部引継ぎ",
    "not_measured": "未測定",
    "not_applicable": "該当なし",
    "cannot_say": "判定不能",
    "suppressed": "秘匿",
}
SEVERITIES = {"error": "集計から除いたもの", "warning": "確かめてほしいもの"}


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
    unit = "ポイント" if indicator.unit == "%" else indicator.unit
    return f"{round_half_up(amount, decimals):+,f}{unit}"


def format_number(amount: Decimal | int | None) -> str:
    """Write a number without unit and without trailing zeros; ``-`` where there is none."""
    return NOT_MEASURED if amount is None else f"{Decimal(amount).normalize():,f}"


def format_target(plan: Plan, indicator: Indicator, target: Target) -> str:
    """Write a target, with its fiscal year as 25手続 (R4) where that is not the plan's last."""
    amount = format_amount(indicator, target.value)
    year = fiscal_year_of(target.target_date)
    return (
        amount if year == fiscal_year_of(plan.last_day) else f"{amount} ({fiscal_year_label(year)})"
    )


def format_percentage(numerator: int | Decimal, denominator: int) -> str:
    """Write a ratio of counts as 97.3%; without a denominator it is 判定不能, not 0."""
    if denominator == 0:
        return VALUE_STATUSES["cannot_say"]
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
