"""Verdicts: an indicator's value against its target, by every method of the plan.

Where the target itself does not decide, each method says which value it expects by now, and how
much of what was to be done has been done. That ratio is given only where it means something: not
once the target or its day is reached, not where the way planned so far is small beside the whole
and beside the unit, and not where the value has gone back. The difference is told there instead.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import log10
from typing import Literal

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_last_day, fiscal_year_of
from sumida_data.plan.models import CutPoints, Indicator, IndicatorTarget, Plan, Plans, find_start
from sumida_data.plan.values import round_half_up

Verdict = Literal[
    "achieved", "kept", "on_track", "slightly_behind", "behind", "cannot_say", "not_applicable"
]
# A verdict, why, and the ratio where it rests on one.
_Judgement = tuple[Verdict, str, Decimal | None]

_PLACES = 4
_DAYS_IN_YEAR = Decimal("365.25")
# A yearly pace is not drawn from fewer days than a quarter has.
_SHORTEST_DAYS = 90
# Growth of more than ten times a year, in powers of ten, is no rate that could go on.
_MOST_GROWTH = 1
# Verdicts that rest on the path, and so on what was assumed to draw it.
_VERDICTS_BY_PATH = ("on_track", "slightly_behind", "behind")
_TARGET_PARTS = {
    **{name: name for name in ("target_min", "target_max", "target_date")},
    "target_value": "value",
    "target_decided_on": "decided_on",
}
_PARTS = (
    *("expected_value", "gap", "progress_ratio", "pace_so_far", "pace_needed", "projected_value"),
)


@dataclass(frozen=True, slots=True)
class Path:
    """The path from start to target, and a value on it.

    Attributes:
        actual: The value; that of the start where there is none.
        as_of: The day of the value.
        yearly_shares: Shares of the way, in percent, due in each year of the plan; empty where
            its years have equal shares.
    """

    start_value: Decimal
    start_day: date
    target_value: Decimal
    target_day: date
    actual: Decimal
    as_of: date
    plan_first_day: date
    yearly_shares: Sequence[Decimal] = ()

    @property
    def way(self) -> Decimal:
        """The whole way from start to target; negative where the value is to fall."""
        return self.target_value - self.start_value

    @property
    def days_passed(self) -> int:
        """Days from the start to the value; negative before it."""
        return (self.as_of - self.start_day).days

    @property
    def days_left(self) -> int:
        """Days from the value to the target; not negative."""
        return max((self.target_day - self.as_of).days, 0)

    @property
    def allowance(self) -> Decimal:
        """What is small: a twentieth of the way, or the unit, or half of a way of that size."""
        way = abs(self.way)
        return max(way / 20, min(Decimal(1), way / 2))


# The value expected by now, progress made divided by that expected, and why one is missing.
Comparison = tuple[Decimal | None, Decimal | None, str]


def compare_with_line(path: Path) -> Comparison:
    """Compare with the straight line from start to target on the day of the value."""
    whole = (path.target_day - path.start_day).days
    passed = min(max(path.days_passed, 0), whole)
    expected = path.start_value + path.way * (Decimal(passed) / whole if whole > 0 else 1)
    return _compare(path, expected, "計画線がまだ伸びていないため比べられない。")


def compare_with_yearly_shares(path: Path) -> Comparison:
    """Compare with the share of the way due in each fiscal year up to the target.

    What is due in a fiscal year is due for the whole of it, as cities judge their plans year by
    year: a plan of four years expects a quarter of the way in its first year.
    """
    first = fiscal_year_of(path.plan_first_day)
    years = fiscal_year_of(path.target_day) - first + 1
    begun = min(fiscal_year_of(path.as_of) - first + 1, years)
    if begun < 1:
        return None, None, "計画の初年度より前の値のため比べられない。"
    own = len(path.yearly_shares) == years
    share = path.yearly_shares[begun - 1] / 100 if own else Decimal(begun) / years
    expected = path.start_value + path.way * share
    return _compare(path, expected, "起点と目標値が同じため比べられない。")


def _compare(path: Path, expected: Decimal, reason: str) -> Comparison:
    due = expected - path.start_value
    return (
        (expected, (path.actual - path.start_value) / due, "") if due else (expected, None, reason)
    )


def compare_with_growth(path: Path) -> Comparison:
    """Compare the yearly growth so far with the yearly growth that the target requires.

    This is how Open SDG judges; the growth is compound, so that it means nothing from zero.
    """
    if min(path.start_value, path.target_value, path.actual) <= 0:
        return None, None, "0からの伸び率は求められないため、この方法は当てはまらない。"
    if path.days_passed <= 0 or not path.way:
        return None, None, "伸びを比べる期間がないため、この方法は当てはまらない。"
    # Roots are never exact; floats give them many times faster, and far beyond the places kept.
    start, passed = float(path.start_value), path.days_passed / float(_DAYS_IN_YEAR)
    whole = passed + path.days_left / float(_DAYS_IN_YEAR)
    ways = ((path.target_value, whole), (path.actual, passed))
    if any(log10(float(value) / start) > _MOST_GROWTH * years for value, years in ways):
        return (
            *(None, None),
            "1年に10倍を超える伸びは伸び率で比べられないため、この方法は当てはまらない。",
        )
    required, so_far = ((float(value) / start) ** (1 / years) for value, years in ways)
    expected = Decimal(repr(start * required**passed))
    if required == 1:  # by less than a float can tell
        return expected, None, "伸びが小さく、この方法は当てはまらない。"
    return expected, Decimal(repr((so_far - 1) / (required - 1))), ""


METHODS: dict[str, Callable[[Path], Comparison]] = {
    "linear": compare_with_line,
    "yearly_share": compare_with_yearly_shares,
    "compound_growth": compare_with_growth,
}


def assess_values(plans: Plans, values: Iterable[Row]) -> Iterator[Row]:
    """Yield what is said of rows of ``indicator_value``, in the columns of ``indicator_progress``.

    A published value of an indicator that is in no plan any more has no target.
    """
    owners = {one.indicator_id: (plan, one) for plan in plans.root for one in plan.indicators}
    for value in values:
        if owner := owners.get(value["indicator_id"]):
            yield from assess(*owner, value)


def assess(plan: Plan, indicator: Indicator, value: Row) -> list[Row]:
    """Compare a row of ``indicator_value`` with the target in force on its day.

    Returns:
        Rows of table ``indicator_progress``, one for each method of the plan, the primary one
        first, each with every part of the comparison.
    """
    case = _Case(plan, indicator, value)
    rows = [_assess_by(cuts, case) for cuts in plan.methods]
    for row in rows:
        row["agrees"] = row["verdict"] in (rows[0]["verdict"], "not_applicable")
    return rows


class _Case:
    """A value, a row of table ``indicator_value``, and all that it is judged by."""

    def __init__(self, plan: Plan, indicator: Indicator, value: Row) -> None:
        self.plan, self.indicator, self.value = plan, indicator, value
        self.actual: Decimal | None = value["value"]
        self.as_of: date = value["as_of"]
        self.start = find_start(plan, indicator)
        decided = indicator.decided_by(self.as_of)
        self.target = decided[-1] if decided else None
        self.begins_each_year = indicator.kind == "flow" or indicator.year_to_date
        # Whether it counts a fiscal year of which a part is still to come.
        last_day = fiscal_year_last_day(fiscal_year_of(self.as_of))
        self.is_within_year = self.begins_each_year and self.as_of < last_day
        # The definition by which the value counts something else than baseline and target do.
        since = self.start.day if self.start else plan.first_day
        self.broken_by = indicator.break_between(since, Period.parse(value["period"]).last_day)

    def draw_path(self, cuts: CutPoints) -> Path | None:
        """Return the path that methods compare with, or None if there is none."""
        if self.start is None or self.target is None or self.is_within_year:
            return None
        # Without a value the path still says what is expected by now.
        actual = self.start.value if self.actual is None else self.actual
        goal = self.target.value, self.target.target_date
        own = self.plan.first_day, cuts.yearly_shares
        return Path(self.start.value, self.start.day, *goal, actual, self.as_of, *own)


def _assess_by(cuts: CutPoints, case: _Case) -> Row:
    path, target, start = case.draw_path(cuts), case.target, case.start
    found = METHODS[cuts.method](path) if path else (None, None, "")
    verdict, reason, ratio = _judge(case, path, found, cuts)
    if start and verdict in _VERDICTS_BY_PATH:
        reason += start.assumption
    if case.broken_by and verdict != "cannot_say":
        reason += f"ただし基準値・目標値とは違うものを比べている。{case.broken_by.version_reason}"
    return case.value | {
        "row_id": f"{case.value['row_id']}/{cuts.method}",
        "method": cuts.method,
        **{column: getattr(target, name, None) for column, name in _TARGET_PARTS.items()},
        "start_value": getattr(start, "value", None),
        "start_date": getattr(start, "day", None),
        **_describe_path(case, path, found[0], ratio),
        "on_track_from": cuts.on_track,
        "slightly_behind_from": cuts.slightly_behind,
        "cut_points_reason": cuts.reason,
        "verdict": verdict,
        "series_break": getattr(case.broken_by, "valid_from", None),
        "reason": reason,
    }


def _describe_path(
    case: _Case, path: Path | None, expected: Decimal | None, ratio: Decimal | None
) -> Row:
    parts = dict.fromkeys(_PARTS) | {"expected_value": expected, "progress_ratio": ratio}
    if path and case.actual is not None:
        parts["gap"] = None if expected is None else case.actual - expected
        parts |= _describe_pace(case, path)
    known = {name: part for name, part in parts.items() if part is not None}
    return parts | {name: round_half_up(part, _PLACES) for name, part in known.items()}


def _describe_pace(case: _Case, path: Path) -> dict[str, Decimal | None]:
    """Return the pace so far and the pace needed, both a year, and where the pace leads."""
    passed, left, target = path.days_passed, path.days_left, case.target
    if passed < _SHORTEST_DAYS:
        return {}
    so_far = (path.actual - path.start_value) / passed
    pace: dict[str, Decimal | None] = {"pace_so_far": so_far * _DAYS_IN_YEAR}
    # Once the target is reached, or its day has come, there is nowhere to go.
    if target and case.as_of < target.target_date and not target.is_reached_by(path.actual):
        # There is no less than nothing, and no more than all.
        projected = max(path.actual + so_far * left, Decimal(0))
        most = Decimal(100) if case.indicator.kind == "ratio" else case.indicator.limit
        pace["projected_value"] = projected if most is None else min(projected, most)
        if left >= _SHORTEST_DAYS:
            pace["pace_needed"] = (path.target_value - path.actual) / left * _DAYS_IN_YEAR
    return pace


def _judge(case: _Case, path: Path | None, found: Comparison, cuts: CutPoints) -> _Judgement:
    """Judge by the target itself where that is enough, and by the path otherwise."""
    actual, target = case.actual, case.target
    if actual is None or target is None:
        missing = "値が" if actual is None else "この時点で定められていた目標値が"
        return "cannot_say", f"{missing}ないため判定できない。", None
    if target.is_reached_by(actual):
        return (*_judge_reached(case, target, actual), None)
    if verdict := _judge_without_path(case, target, actual):
        return (*verdict, None)
    expected, ratio, reason = found
    if path is None or expected is None or ratio is None:
        applies = cuts.method != "compound_growth"
        return "cannot_say" if applies else "not_applicable", reason, None
    return _judge_by_path(case, path, cuts, expected, ratio)


def _judge_reached(case: _Case, target: IndicatorTarget, actual: Decimal) -> tuple[Verdict, str]:
    """Tell what is kept so far, and may be lost until its day, from what is achieved."""
    excess = ""
    if target.target_min and actual > case.plan.hints.jump * target.target_min:
        times = round_half_up(actual / target.target_min, 1)
        excess = f"目標値の{times}倍であり、数え方が目標値を定めた時と違う可能性がある。"
    to_keep = case.begins_each_year or case.indicator.goal in ("keep_at_least", "keep_at_most")
    if to_keep and case.as_of < target.target_date:
        return "kept", f"期日の前だが、今は目標どおりである。{excess}"
    return "achieved", f"目標値に達している。{excess}"


def _judge_without_path(
    case: _Case, target: IndicatorTarget, actual: Decimal
) -> tuple[Verdict, str] | None:
    """Return the first that can be said of a target not reached without looking at the path."""
    goal, start = case.indicator.goal, case.start
    # What is counted in a year only grows: what is not to be exceeded is lost at once.
    may_be_reached = (case.indicator.kind, goal) != ("flow", "keep_at_most")
    ends = sorted((actual, start.value)) if start else (actual, actual)
    within_year = "年度の初めから数える値で、年度の途中のため判定しない。"
    yes_no = "実現したかどうかの目標のため、期日の前には判定しない。"
    verdicts: tuple[tuple[bool, Verdict, str], ...] = (
        (case.as_of >= target.target_date, "behind", "期日になったが目標値に達していない。"),
        (case.is_within_year and may_be_reached, "cannot_say", within_year),
        (goal in ("keep_at_least", "keep_at_most"), "behind", "保つべき目標値から外れている。"),
        (goal == "yes_no", "cannot_say", yes_no),
        (start is None, "cannot_say", "基準値がないため計画線を引けない。"),
        (
            start is not None and target.is_reached_by(start.value),
            *("behind", "起点では目標値に達していたが、今は外れている。"),
        ),
        # From one side of a range to the other.
        (
            ends[0] < target.bounds[0] and ends[1] > target.bounds[-1],
            *("behind", "目標の範囲を越えている。"),
        ),
    )
    return next(((verdict, why) for holds, verdict, why in verdicts if holds), None)


def _judge_by_path(
    case: _Case, path: Path, cuts: CutPoints, expected: Decimal, ratio: Decimal
) -> _Judgement:
    if ratio < 0 or abs(expected - path.start_value) < path.allowance:
        return (*_judge_difference(case.indicator, path, expected), None)
    # Not rounded up: 79.9 % is not the 80 % that would be another verdict.
    done = f"計画した進みの{int(100 * ratio)}%" if ratio < 1 else "計画した進み"
    if ratio < cuts.slightly_behind:
        return "behind", f"{done}にとどまる。", ratio
    verdict: Verdict = "on_track" if ratio >= cuts.on_track else "slightly_behind"
    return verdict, f"{done}に達している。", ratio


def _judge_difference(indicator: Indicator, path: Path, expected: Decimal) -> tuple[Verdict, str]:
    """Judge where little is planned so far, or the value has gone back: no share can say that."""
    gap = path.actual - expected
    shortfall = -gap if path.way > 0 else gap
    if shortfall <= 0:
        return "on_track", "計画した値に達している。"
    shown = round_half_up(gap, max(indicator.decimals, 1))
    reason = f"計画した値との差は{shown:+,f}{indicator.difference_unit}。"
    verdict: Verdict = "slightly_behind" if shortfall < path.allowance else "behind"
    return verdict, reason if shown else "計画した値にごくわずかに届かない。"
