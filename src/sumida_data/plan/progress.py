"""Verdicts: an indicator's value against its target, by every method of the plan.

Where the target itself does not decide, each method says which value it expects by now, and how
much of what was to be done has been done. That ratio is given only where it means something: not
once the target or its day is reached, not where the way planned so far is small beside the whole
and beside the unit, and not where the value has gone back. The difference is told there instead.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import chain
from math import log10
from typing import Literal, NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_last_day, fiscal_year_of
from sumida_data.plan.models import CutPoints, Indicator, IndicatorTarget, Plan
from sumida_data.plan.values import round_half_up

Verdict = Literal[
    "achieved", "kept", "on_track", "slightly_behind", "behind", "cannot_say", "not_applicable"
]

_PLACES = 4
_DAYS_IN_YEAR = Decimal("365.25")
# A yearly pace is not drawn from fewer days than a quarter has.
_SHORTEST_DAYS = 90
# Growth of more than ten times a year, in powers of ten, is no rate that could go on.
_MOST_GROWTH = 1
# Verdicts that rest on the path, and so on what was assumed to draw it.
_VERDICTS_BY_PATH = ("on_track", "slightly_behind", "behind")
_COPIED = (
    *("municipality_code", "municipality_name", "plan_id", "indicator_id", "indicator_title"),
    *("period", "revision", "as_of", "sample", "value", "unit"),
)
_TARGET_PARTS = {
    **{name: name for name in ("target_min", "target_max", "target_date")},
    "target_value": "value",
    "target_decided_on": "decided_on",
}
_PARTS = (
    "expected_value",
    "gap",
    "progress_ratio",
    "pace_so_far",
    "pace_needed",
    "projected_value",
)


class Start(NamedTuple):
    """Where the path to the target starts, and what had to be assumed of it; '' if nothing."""

    value: Decimal
    day: date
    assumption: str


@dataclass(frozen=True, slots=True)
class Situation:
    """The path from start to target, and a value on it.

    Attributes:
        actual: The value; that of the start where there is none.
        as_of: The day of the value.
        yearly_shares: Shares of the way, from 0 to 1, due in each year of the plan; empty where
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
    def share_of_time(self) -> Decimal:
        """Share of the time from start to target that has passed, from 0 to 1."""
        whole = (self.target_day - self.start_day).days
        if whole <= 0:
            return Decimal(1)
        passed = min(max((self.as_of - self.start_day).days, 0), whole)
        return Decimal(passed) / whole

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


class MethodResult(NamedTuple):
    """What a method finds: the value expected by now, and progress made divided by that expected.

    Where one of them is missing, the reason says why.
    """

    expected: Decimal | None = None
    ratio: Decimal | None = None
    reason: str = ""


def compare_with_line(situation: Situation) -> MethodResult:
    """Compare with the straight line from start to target on the day of the value."""
    expected = situation.start_value + situation.way * situation.share_of_time
    return _compare(situation, expected, "計画線がまだ伸びていないため比べられない。")


def compare_with_yearly_shares(situation: Situation) -> MethodResult:
    """Compare with the share of the way due in each fiscal year up to the target.

    What is due in a fiscal year is due for the whole of it, as cities judge their plans year by
    year: a plan of four years expects a quarter of the way in its first year.
    """
    first = fiscal_year_of(situation.plan_first_day)
    years = fiscal_year_of(situation.target_day) - first + 1
    begun = min(fiscal_year_of(situation.as_of) - first + 1, years)
    if begun < 1:
        return MethodResult(reason="計画の初年度より前の値のため比べられない。")
    own = len(situation.yearly_shares) == years
    share = situation.yearly_shares[begun - 1] if own else Decimal(begun) / years
    expected = situation.start_value + situation.way * share
    return _compare(situation, expected, "起点と目標値が同じため比べられない。")


def compare_with_growth(situation: Situation) -> MethodResult:
    """Compare the yearly growth so far with the yearly growth that the target requires.

    This is how Open SDG judges; the growth is compound, so that it means nothing from zero.
    """
    if situation.start_value <= 0 or situation.target_value <= 0 or situation.actual <= 0:
        return MethodResult(reason="0からの伸び率は求められないため、この方法は当てはまらない。")
    if situation.days_passed <= 0 or not situation.way:
        return MethodResult(reason="伸びを比べる期間がないため、この方法は当てはまらない。")
    # Roots are never exact; floats give them many times faster, and far beyond the places kept.
    start, passed = float(situation.start_value), situation.days_passed / float(_DAYS_IN_YEAR)
    whole = passed + situation.days_left / float(_DAYS_IN_YEAR)
    ways = ((situation.target_value, whole), (situation.actual, passed))
    if any(log10(float(value) / start) > _MOST_GROWTH * years for value, years in ways):
        return MethodResult(
            reason="1年に10倍を超える伸びは伸び率で比べられないため、この方法は当てはまらない。"
        )
    required, so_far = ((float(value) / start) ** (1 / years) for value, years in ways)
    expected = Decimal(repr(start * required**passed))
    if required == 1:  # by less than a float can tell
        return MethodResult(expected, None, "伸びが小さく、この方法は当てはまらない。")
    return MethodResult(expected, Decimal(repr((so_far - 1) / (required - 1))))


METHODS: dict[str, Callable[[Situation], MethodResult]] = {
    "linear": compare_with_line,
    "yearly_share": compare_with_yearly_shares,
    "compound_growth": compare_with_growth,
}


def _compare(situation: Situation, expected: Decimal, reason: str) -> MethodResult:
    due = expected - situation.start_value
    if not due:
        return MethodResult(expected, None, reason)
    return MethodResult(expected, (situation.actual - situation.start_value) / due)


class _Judgement(NamedTuple):
    """A verdict, why, and the ratio where it rests on one."""

    verdict: Verdict
    reason: str
    ratio: Decimal | None = None


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


def assess(plan: Plan, indicator: Indicator, value: Row) -> list[Row]:
    """Compare a row of ``indicator_value`` with the target in force on its day.

    Returns:
        Rows of table ``indicator_progress``, one for each method of the plan, the primary one
        first, each with every part of the comparison.
    """
    case = _Case(plan, indicator, value, find_start(plan, indicator))
    rows = [_assess_by(cuts, case) for cuts in plan.methods]
    for row in rows:
        row["agrees"] = row["verdict"] in (rows[0]["verdict"], "not_applicable")
    return rows


@dataclass(frozen=True)
class _Case:
    """A value, a row of table ``indicator_value``, and all that it is judged by."""

    plan: Plan
    indicator: Indicator
    value: Row
    start: Start | None

    @property
    def actual(self) -> Decimal | None:
        actual: Decimal | None = self.value["value"]
        return actual

    @property
    def as_of(self) -> date:
        day: date = self.value["as_of"]
        return day

    @cached_property
    def target(self) -> IndicatorTarget | None:
        """The target in force on the day of the value."""
        return self.indicator.target_on(self.as_of)

    @property
    def begins_each_year(self) -> bool:
        """Whether the value counts from the start of the fiscal year."""
        return self.indicator.kind == "flow" or self.indicator.year_to_date

    @property
    def is_within_year(self) -> bool:
        """Whether the value counts a fiscal year of which a part is still to come."""
        last_day = fiscal_year_last_day(fiscal_year_of(self.as_of))
        return self.begins_each_year and self.as_of < last_day

    @property
    def is_settled(self) -> bool:
        """Whether the target itself decides: it is reached, or its day has come."""
        if self.target is None or self.actual is None:
            return False
        return self.target.is_reached_by(self.actual) or self.as_of >= self.target.target_date

    @cached_property
    def broken_by(self) -> Indicator | None:
        """The definition by which the value counts something else than baseline and target do."""
        since = self.start.day if self.start else self.plan.first_day
        return self.indicator.break_between(since, Period.parse(self.value["period"]).last_day)

    def situate(self, cuts: CutPoints) -> Situation | None:
        """Return the situation that methods compare, or None without a path to compare with."""
        if self.start is None or self.target is None or self.is_within_year:
            return None
        return Situation(
            start_value=self.start.value,
            start_day=self.start.day,
            target_value=self.target.value,
            target_day=self.target.target_date,
            # Without a value the path still says what is expected by now.
            actual=self.start.value if self.actual is None else self.actual,
            as_of=self.as_of,
            plan_first_day=self.plan.first_day,
            yearly_shares=[share / 100 for share in cuts.yearly_shares],
        )


def _assess_by(cuts: CutPoints, case: _Case) -> Row:
    situation, target, start = case.situate(cuts), case.target, case.start
    found = METHODS[cuts.method](situation) if situation else MethodResult()
    verdict, reason, ratio = _judge(case, situation, found, cuts)
    if start and verdict in _VERDICTS_BY_PATH:
        reason += start.assumption
    if case.broken_by and verdict != "cannot_say":
        reason += f"ただし基準値・目標値とは違うものを比べている。{case.broken_by.version_reason}"
    return {
        "row_id": f"{case.value['row_id']}/{cuts.method}",
        **{name: case.value[name] for name in _COPIED},
        "method": cuts.method,
        **{column: getattr(target, name, None) for column, name in _TARGET_PARTS.items()},
        "start_value": getattr(start, "value", None),
        "start_date": getattr(start, "day", None),
        **_describe_path(case, situation, found.expected, ratio),
        "on_track_from": cuts.on_track,
        "slightly_behind_from": cuts.slightly_behind,
        "cut_points_reason": cuts.reason,
        "verdict": verdict,
        "series_break": case.broken_by.valid_from if case.broken_by else None,
        "reason": reason,
    }


def _describe_path(
    case: _Case, situation: Situation | None, expected: Decimal | None, ratio: Decimal | None
) -> Row:
    parts: dict[str, Decimal | None] = dict.fromkeys(_PARTS)
    parts |= {"expected_value": expected, "progress_ratio": ratio}
    if situation is not None and case.actual is not None:
        parts["gap"] = None if expected is None else case.actual - expected
        parts |= _describe_pace(case, situation)
    return {
        name: None if part is None else round_half_up(part, _PLACES) for name, part in parts.items()
    }


def _describe_pace(case: _Case, situation: Situation) -> dict[str, Decimal | None]:
    """Return the pace so far and the pace needed, both a year, and where the pace leads."""
    passed, left = situation.days_passed, situation.days_left
    if passed < _SHORTEST_DAYS:
        return {}
    so_far = (situation.actual - situation.start_value) / passed
    pace: dict[str, Decimal | None] = {"pace_so_far": so_far * _DAYS_IN_YEAR}
    if not case.is_settled:
        # There is no less than nothing, and no more than all.
        projected = max(situation.actual + so_far * left, Decimal(0))
        most = Decimal(100) if case.indicator.kind == "ratio" else case.indicator.limit
        pace["projected_value"] = projected if most is None else min(projected, most)
        if left >= _SHORTEST_DAYS:
            needed = (situation.target_value - situation.actual) / left
            pace["pace_needed"] = needed * _DAYS_IN_YEAR
    return pace


def _judge(
    case: _Case, situation: Situation | None, found: MethodResult, cuts: CutPoints
) -> _Judgement:
    """Judge by the target itself where that is enough, and by the path otherwise."""
    actual, target = case.actual, case.target
    if actual is None or target is None:
        missing = "値が" if actual is None else "この時点で定められていた目標値が"
        return _Judgement("cannot_say", f"{missing}ないため判定できない。")
    if verdict := next(
        chain(_judge_reached(case, target, actual), _judge_without_path(case, target, actual)),
        None,
    ):
        return verdict
    if situation is None or found.expected is None or found.ratio is None:
        applies = cuts.method != "compound_growth"
        return _Judgement("cannot_say" if applies else "not_applicable", found.reason)
    if _has_ratio(situation, found):
        return _judge_ratio(found.ratio, cuts)
    return _judge_difference(case.indicator, situation, found.expected)


def _judge_reached(case: _Case, target: IndicatorTarget, actual: Decimal) -> Iterator[_Judgement]:
    """Tell what is kept so far, and may be lost until its day, from what is achieved."""
    if not target.is_reached_by(actual):
        return
    excess = ""
    if target.target_min and actual > case.plan.hints.jump * target.target_min:
        times = round_half_up(actual / target.target_min, 1)
        excess = f"目標値の{times}倍であり、数え方が目標値を定めた時と違う可能性がある。"
    to_keep = case.begins_each_year or case.indicator.goal in ("keep_at_least", "keep_at_most")
    if to_keep and case.as_of < target.target_date:
        yield _Judgement("kept", f"期日の前だが、今は目標どおりである。{excess}")
    yield _Judgement("achieved", f"目標値に達している。{excess}")


def _judge_without_path(
    case: _Case, target: IndicatorTarget, actual: Decimal
) -> Iterator[_Judgement]:
    """Yield what can be said of a target that is not reached without looking at the path."""
    goal, start = case.indicator.goal, case.start
    # What is counted in a year only grows: what is not to be exceeded is lost at once.
    is_lost = (case.indicator.kind, goal) == ("flow", "keep_at_most")
    if case.as_of >= target.target_date:
        yield _Judgement("behind", "期日になったが目標値に達していない。")
    if case.is_within_year and not is_lost:
        yield _Judgement("cannot_say", "年度の初めから数える値で、年度の途中のため判定しない。")
    if goal in ("keep_at_least", "keep_at_most"):
        yield _Judgement("behind", "保つべき目標値から外れている。")
    if goal == "yes_no":
        yield _Judgement("cannot_say", "実現したかどうかの目標のため、期日の前には判定しない。")
    if start is None:
        yield _Judgement("cannot_say", "基準値がないため計画線を引けない。")
    elif target.is_reached_by(start.value):
        yield _Judgement("behind", "起点では目標値に達していたが、今は外れている。")
    elif _overshoots(target, start.value, actual):
        yield _Judgement("behind", "目標の範囲を越えている。")


def _overshoots(target: IndicatorTarget, start: Decimal, actual: Decimal) -> bool:
    """Tell whether the value has passed through a range and out at its other end."""
    if target.target_min is None or target.target_max is None:
        return False
    low, high = target.target_min, target.target_max
    return (start <= high < actual) or (start >= low > actual)


def _has_ratio(situation: Situation, found: MethodResult) -> bool:
    """Tell whether the ratio says more than the difference."""
    if found.ratio is None or found.expected is None or found.ratio < 0:
        return False
    return abs(found.expected - situation.start_value) >= situation.allowance


def _judge_ratio(ratio: Decimal, cuts: CutPoints) -> _Judgement:
    # Not rounded up: 79.9 % is not the 80 % that would be another verdict.
    done = f"計画した進みの{int(100 * ratio)}%" if ratio < 1 else "計画した進み"
    if ratio >= cuts.on_track:
        return _Judgement("on_track", f"{done}に達している。", ratio)
    if ratio >= cuts.slightly_behind:
        return _Judgement("slightly_behind", f"{done}に達している。", ratio)
    return _Judgement("behind", f"{done}にとどまる。", ratio)


def _judge_difference(indicator: Indicator, situation: Situation, expected: Decimal) -> _Judgement:
    """Judge where little is planned so far, or the value has gone back: no share can say that."""
    gap = situation.actual - expected
    shortfall = -gap if situation.way > 0 else gap
    if shortfall <= 0:
        return _Judgement("on_track", "計画した値に達している。")
    shown = round_half_up(gap, max(indicator.decimals, 1))
    reason = (
        f"計画した値との差は{shown:+,f}{indicator.difference_unit}。"
        if shown
        else "計画した値にごくわずかに届かない。"
    )
    return _Judgement("slightly_behind" if shortfall < situation.allowance else "behind", reason)
