"""Verdicts: an indicator's value against its target, by every method of the plan."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sumida_data.plan.methods import METHODS, Comparison, Situation
from sumida_data.plan.models import CutPoints, Indicator, Plan, Target
from sumida_data.plan.values import round_half_up

Verdict = Literal[
    "achieved", "on_track", "slightly_behind", "behind", "cannot_say", "not_applicable"
]

_PLACES = 4
_WHAT_IS_DUE = {
    "linear": "計画線の伸び",
    "yearly_share": "年ごとに等分した伸び",
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
    """Compare a value with the target in force, by every method of the plan.

    Args:
        plan: The plan.
        indicator: The indicator.
        value: A row of table ``indicator_value``.

    Returns:
        Rows of table ``indicator_progress``, the plan's primary method first, each with every
        part of the comparison.
    """
    start = find_start(plan, indicator)
    rows = [_assess_by(cuts, plan, indicator, start, value) for cuts in plan.methods]
    for row in rows:
        row["agrees"] = row["verdict"] in (rows[0]["verdict"], "not_applicable")
    return rows


def _assess_by(
    cuts: CutPoints, plan: Plan, indicator: Indicator, start: Start | None, value: dict[str, Any]
) -> dict[str, Any]:
    situation = _situate(plan, indicator, start, value)
    compared = METHODS[cuts.method](situation) if situation else Comparison(None, None)
    verdict, reason = _judge(indicator, value, start, compared, cuts)
    assumption = start.assumption if start and verdict in _VERDICTS_BY_PATH else ""
    return {
        "row_id": f"{value['row_id']}/{cuts.method}",
        **{name: value[name] for name in _COPIED},
        "method": cuts.method,
        "target_value": indicator.target.value,
        "target_date": indicator.target.target_date,
        "start_value": start.value if start else None,
        "start_date": start.day if start else None,
        **_describe_path(situation, compared, actual=value["value"]),
        "on_track_from": cuts.on_track,
        "slightly_behind_from": cuts.slightly_behind,
        "cut_points_reason": cuts.reason,
        "verdict": verdict,
        "reason": reason + assumption,
    }


def _situate(
    plan: Plan, indicator: Indicator, start: Start | None, value: dict[str, Any]
) -> Situation | None:
    if start is None:
        return None
    return Situation(
        start_value=start.value,
        start_day=start.day,
        target_value=indicator.target.value,
        target_day=indicator.target.target_date,
        # Without a value the path still says what is expected by now.
        actual=start.value if value["value"] is None else value["value"],
        as_of=value["as_of"],
        plan_first_day=plan.first_day,
    )


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


def _is_reached(indicator: Indicator, actual: Decimal) -> bool:
    target = indicator.target
    above = target.target_min is None or actual >= target.target_min
    below = target.target_max is None or actual <= target.target_max
    return above and below


def _judge(
    indicator: Indicator,
    value: dict[str, Any],
    start: Start | None,
    compared: Comparison,
    cuts: CutPoints,
) -> tuple[Verdict, str]:
    actual, target = value["value"], indicator.target
    if actual is None:
        return "cannot_say", "値がないため判定できない。"
    if _is_reached(indicator, actual):
        return "achieved", "目標値に達している。"
    if value["as_of"] > target.target_date:
        return "behind", "期日を過ぎたが目標値に達していない。"
    if indicator.goal in ("keep_at_least", "keep_at_most", "yes_no"):
        return "behind", "目標値から外れている。"
    return _judge_on_the_way(target, actual, start, compared, cuts)


def _judge_on_the_way(
    target: Target, actual: Decimal, start: Start | None, compared: Comparison, cuts: CutPoints
) -> tuple[Verdict, str]:
    if start is None:
        return "cannot_say", "基準値がないため計画線を引けない。"
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
