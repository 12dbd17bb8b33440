"""Progress of an indicator against the straight line from where it started to its target."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sumida_data.plan.models import Baseline, CutPoints, Indicator, Plan
from sumida_data.plan.values import round_half_up

Verdict = Literal["achieved", "on_track", "slightly_behind", "behind", "cannot_say"]

# Verdicts that rest on the line, and so on what was assumed to draw it.
_VERDICTS_BY_LINE = ("on_track", "slightly_behind", "behind")
_PLACES = 4


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
    return Start(baseline.value, baseline.as_of, _assumption_of(baseline))


def assess(plan: Plan, indicator: Indicator, value: dict[str, Any]) -> dict[str, Any]:
    """Compare a value with the straight line to the target in force.

    Args:
        plan: The plan.
        indicator: The indicator.
        value: A row of table ``indicator_value``.

    Returns:
        The row of table ``indicator_progress`` for method ``linear``, with every part.
    """
    start, target, actual = find_start(plan, indicator), indicator.target, value["value"]
    parts: dict[str, Any] = {
        "value": actual,
        "target_value": target.value,
        "target_date": target.target_date,
        "on_track_from": plan.cut_points.on_track,
        "slightly_behind_from": plan.cut_points.slightly_behind,
    }
    if start is not None:
        expected = _expected(start, target.value, target.target_date, value["as_of"])
        parts |= {
            "start_value": start.value,
            "start_date": start.day,
            "expected_value": round_half_up(expected, _PLACES),
        }
        if actual is not None:
            parts["gap"] = round_half_up(actual - expected, _PLACES)
            parts["progress_ratio"] = _ratio(actual - start.value, expected - start.value)
    verdict, reason = _judge(indicator, actual, start, parts, plan.cut_points)
    same = ("municipality_code", "municipality_name", "plan_id", "indicator_id", "indicator_title")
    return {
        "row_id": f"{value['row_id']}/linear",
        **{name: value[name] for name in (*same, "period", "revision", "as_of", "sample")},
        "method": "linear",
        **parts,
        "verdict": verdict,
        "reason": reason + (start.assumption if start and verdict in _VERDICTS_BY_LINE else ""),
    }


def _assumption_of(baseline: Baseline) -> str:
    return baseline.reason if baseline.assumed else ""


def _expected(start: Start, target: Decimal, target_date: date, as_of: date) -> Decimal:
    """Return the value of the line on that day; it is level before its start and after its end."""
    whole = (target_date - start.day).days
    passed = min(max((as_of - start.day).days, 0), whole)
    return start.value + (target - start.value) * passed / whole


def _ratio(actual: Decimal, expected: Decimal) -> Decimal | None:
    return round_half_up(actual / expected, _PLACES) if expected else None


def _is_reached(indicator: Indicator, actual: Decimal) -> bool:
    target = indicator.target
    above = target.target_min is None or actual >= target.target_min
    below = target.target_max is None or actual <= target.target_max
    return above and below


def _judge(
    indicator: Indicator,
    actual: Decimal | None,
    start: Start | None,
    parts: dict[str, Any],
    cuts: CutPoints,
) -> tuple[Verdict, str]:
    if actual is None:
        return "cannot_say", "値がないため判定できない。"
    if _is_reached(indicator, actual):
        return "achieved", "目標値に達している。"
    if start is None:
        return "cannot_say", "基準値がないため計画線を引けない。"
    if indicator.goal.startswith("keep"):
        return "behind", "保つべき目標値から外れている。"
    return _judge_ratio(parts["progress_ratio"], cuts)


def _judge_ratio(ratio: Decimal | None, cuts: CutPoints) -> tuple[Verdict, str]:
    if ratio is None:
        return "cannot_say", "計画線がまだ伸びていないため比べられない。"
    if ratio >= cuts.on_track:
        return "on_track", "計画線に達している。"
    if ratio >= cuts.slightly_behind:
        return "slightly_behind", f"計画線の伸びの{_percent(ratio)}に達している。"
    return "behind", f"計画線の伸びの{_percent(ratio)}にとどまる。"


def _percent(ratio: Decimal) -> str:
    return f"{round_half_up(100 * ratio, 0)}%"
