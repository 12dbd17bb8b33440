"""Verdicts: an indicator's value against its target, by every method of the plan."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from sumida_data.base.periods import Period
from sumida_data.plan.methods import METHODS, Comparison, Situation
from sumida_data.plan.models import CutPoints, Indicator, Plan, Target
from sumida_data.plan.values import round_half_up

Verdict = Literal[
    "achieved", "on_track", "slightly_behind", "behind", "cannot_say", "not_applicable"
]

_PLACES = 4
_WHAT_IS_DUE = {
    "linear": "計画線の伸び",
    "yearly_share": "年ごとの割合による伸び",
    "compound_growth": "目標に必要な伸び率",
}
# Verdicts that rest on the path, and so on what was assumed to draw it.
_VERDICTS_BY_PATH = ("on_track", "slightly_behind", "behind")
_COPIED = (
    "municipality_code",
    "municipality_name",
    "plan_id",
    "indicator_id",
    "indicator_title",
    "period",
    "revision",
    "as_of",
    "sample",
    "value",
    "unit",
)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the path to the target starts.

    Attributes:
        value: The value there.
        day: The day.
        assumption: What had to be assumed; empty if nothing.
    """

    value: Decimal
    day: date
    assumption: str


def find_start(plan: Plan, indicator: Indicator) -> Start | None:
    """Return where the indicator's path starts, or None if there is nothing to start from.

    A cumulative count starts from zero on the eve of the plan, whether or not anything was
    measured before.
    """
    baseline = indicator.baseline
    if indicator.kind == "cumulative":
        eve = plan.first_day - timedelta(days=1)
        return Start(Decimal(0), eve, "延べ数は計画の初日の前日を0として数える。")
    if baseline.value is None:
        return None
    if baseline.as_of is None:
        return Start(baseline.value, plan.assumed_baseline_day, plan.assumed_baseline_reason)
    return Start(baseline.value, baseline.as_of, baseline.reason if baseline.assumed else "")


def assess(plan: Plan, indicator: Indicator, value: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare a value with the target in force on its day, by every method of the plan.

    Args:
        plan: The plan.
        indicator: The indicator.
        value: A row of table ``indicator_value``.

    Returns:
        Rows of table ``indicator_progress``, the plan's primary method first, each with every
        part of the comparison.
    """
    case = _Case(plan, indicator, value, find_start(plan, indicator))
    rows = [_assess_by(cuts, case) for cuts in plan.methods]
    for row in rows:
        row["agrees"] = row["verdict"] in (rows[0]["verdict"], "not_applicable")
    return rows


@dataclass(frozen=True)
class _Case:
    """A value and all that it is judged by.

    Attributes:
        plan: The plan.
        indicator: The indicator.
        value: A row of table ``indicator_value``.
        start: Where the path starts, or None.
    """

    plan: Plan
    indicator: Indicator
    value: dict[str, Any]
    start: Start | None

    @property
    def actual(self) -> Decimal | None:
        """The value to be judged."""
        actual: Decimal | None = self.value["value"]
        return actual

    @cached_property
    def target(self) -> Target | None:
        """The target in force on the day of the value."""
        return self.indicator.target_on(self.value["as_of"])

    @cached_property
    def broken_by(self) -> Indicator | None:
        """The definition by which the value counts something else than baseline and target do."""
        since = self.start.day if self.start else self.plan.first_day
        return self.indicator.break_between(since, Period.parse(self.value["period"]).last_day)

    def situate(self, cuts: CutPoints) -> Situation | None:
        """Return the situation that methods compare, or None without a path."""
        if self.start is None or self.target is None:
            return None
        return Situation(
            start_value=self.start.value,
            start_day=self.start.day,
            target_value=self.target.value,
            target_day=self.target.target_date,
            # Without a value the path still says what is expected by now.
            actual=self.start.value if self.actual is None else self.actual,
            as_of=self.value["as_of"],
            plan_first_day=self.plan.first_day,
            yearly_shares=[share / 100 for share in cuts.yearly_shares],
        )


def _assess_by(cuts: CutPoints, case: _Case) -> dict[str, Any]:
    situation, target, start = case.situate(cuts), case.target, case.start
    compared = METHODS[cuts.method](situation) if situation else Comparison(None, None)
    verdict, reason = _judge(case, compared, cuts)
    if start and verdict in _VERDICTS_BY_PATH:
        reason += start.assumption
    if case.broken_by and verdict != "cannot_say":
        reason += f"ただし基準値・目標値とは違うものを比べている。{case.broken_by.version_reason}"
    return {
        "row_id": f"{case.value['row_id']}/{cuts.method}",
        **{name: case.value[name] for name in _COPIED},
        "method": cuts.method,
        **_describe_target(target),
        "start_value": start.value if start else None,
        "start_date": start.day if start else None,
        **_describe_path(situation, compared, actual=case.actual),
        "on_track_from": cuts.on_track,
        "slightly_behind_from": cuts.slightly_behind,
        "cut_points_reason": cuts.reason,
        "verdict": verdict,
        "series_break": case.broken_by.valid_from if case.broken_by else None,
        "reason": reason,
    }


def _describe_target(target: Target | None) -> dict[str, Any]:
    if target is None:
        return {}
    return {
        "target_value": target.value,
        "target_min": target.target_min,
        "target_max": target.target_max,
        "target_date": target.target_date,
        "target_decided_on": target.decided_on,
    }


def _describe_path(
    situation: Situation | None, compared: Comparison, actual: Decimal | None
) -> dict[str, Decimal | None]:
    parts = {"expected_value": compared.expected}
    if situation is not None and actual is not None:
        parts |= {
            "progress_ratio": compared.ratio,
            "gap": None if compared.expected is None else actual - compared.expected,
            **_describe_pace(situation),
        }
    return {
        name: None if part is None else round_half_up(part, _PLACES) for name, part in parts.items()
    }


def _describe_pace(situation: Situation) -> dict[str, Decimal | None]:
    """Return the pace so far and the pace needed, both a year, and where the pace leads."""
    passed, left = situation.years_passed, situation.years_left
    so_far = (situation.actual - situation.start_value) / passed if passed > 0 else None
    return {
        "pace_so_far": so_far,
        "pace_needed": (situation.target_value - situation.actual) / left if left else None,
        "projected_value": None if so_far is None else situation.actual + so_far * left,
    }


def _is_reached(target: Target, actual: Decimal) -> bool:
    above = target.target_min is None or actual >= target.target_min
    below = target.target_max is None or actual <= target.target_max
    return above and below


def _judge(case: _Case, compared: Comparison, cuts: CutPoints) -> tuple[Verdict, str]:
    """Judge by the target itself where that is enough, and by the path otherwise."""
    actual, target = case.actual, case.target
    if actual is None or target is None:
        missing = "値が" if actual is None else "この時点で定められていた目標値が"
        return "cannot_say", f"{missing}ないため判定できない。"
    if _is_reached(target, actual):
        return "achieved", f"目標値に達している。{_doubt_excess(case.plan, target, actual)}"
    if case.value["as_of"] > target.target_date:
        return "behind", "期日を過ぎたが目標値に達していない。"
    if case.indicator.goal in ("keep_at_least", "keep_at_most"):
        return "behind", "保つべき目標値から外れている。"
    if case.indicator.goal == "yes_no":
        return (
            "cannot_say",
            "実現したかどうかの目標のため、期日までは途中の進み具合を判定できない。",
        )
    return _judge_on_the_way(target, actual, case.start, compared, cuts)


def _doubt_excess(plan: Plan, target: Target, actual: Decimal) -> str:
    """Say so where a target is passed so far that something else was probably counted."""
    if target.target_min and actual > plan.hints.jump * target.target_min:
        times = round_half_up(actual / target.target_min, 1)
        return f"目標値の{times}倍であり、数え方が目標値を定めた時と違う可能性がある。"
    return ""


def _judge_on_the_way(
    target: Target, actual: Decimal, start: Start | None, compared: Comparison, cuts: CutPoints
) -> tuple[Verdict, str]:
    if start is None:
        return "cannot_say", "基準値がないため計画線を引けない。"
    if _is_reached(target, start.value):
        return "behind", "起点では目標値に達していたが、今は外れている。"
    if _overshoots(target, start.value, actual):
        return "behind", "目標の範囲を越えている。"
    return _judge_ratio(compared, cuts)


def _overshoots(target: Target, start: Decimal, actual: Decimal) -> bool:
    """Tell whether the value has passed through a range and out at its other end."""
    if target.target_min is None or target.target_max is None:
        return False
    low, high = target.target_min, target.target_max
    return (start <= high < actual) or (start >= low > actual)


def _judge_ratio(compared: Comparison, cuts: CutPoints) -> tuple[Verdict, str]:
    if compared.ratio is None:
        applies = cuts.method != "compound_growth"
        return "cannot_say" if applies else "not_applicable", compared.reason
    due = _WHAT_IS_DUE[cuts.method]
    if compared.ratio >= cuts.on_track:
        return "on_track", f"{due}に達している。"
    percent = f"{round_half_up(100 * compared.ratio, 0)}%"
    if compared.ratio >= cuts.slightly_behind:
        return "slightly_behind", f"{due}の{percent}に達している。"
    return "behind", f"{due}の{percent}にとどまる。"
