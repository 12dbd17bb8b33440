"""Verdicts: an indicator's value against its target, by every method of the plan.

Where the target itself does not decide, each method says which value it expects by now, and how
much of what was to be done has been done. That ratio is given only where it means something: not
once the target or its day is reached, not where the way planned so far is small beside the whole
and beside the unit, and not where the value has gone back. The difference is given there instead.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from math import log10
from typing import Literal, NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_last_day, fiscal_year_of
from sumida_data.plan.models import (
    CutPoints,
    Indicator,
    IndicatorTarget,
    Plan,
    Plans,
    decided_by,
    find_start,
)
from sumida_data.plan.values import round_half_up

Verdict = Literal[
    "achieved", "kept", "on_track", "slightly_behind", "behind", "cannot_say", "not_applicable"
]
# The value expected by now, progress made divided by that expected, and why one is missing.
Comparison = tuple[Decimal | None, Decimal | None, str]

_PLACES = 4
_DAYS_IN_YEAR = Decimal("365.25")
# A yearly pace is not drawn from fewer days than a quarter has.
_SHORTEST_DAYS = 90
# Growth of more than ten times a year, in powers of ten, is no rate that could go on.
_MOST_GROWTH = 1
_KEPT_GOALS = ("keep_at_least", "keep_at_most")


class _Judgement(NamedTuple):
    """A verdict, why, and the ratio where it rests on one."""

    verdict: Verdict
    reason: str
    ratio: Decimal | None = None


class Path(NamedTuple):
    """The path from start to target, and a value on it."""

    start: Decimal
    target: Decimal
    actual: Decimal  # that of the start where there is no value
    days: int  # from start to target
    days_passed: int  # from the start to the value; negative before it
    years: int  # fiscal years from the start of the plan to the target
    years_begun: int
    assumption: str  # made of the start

    @property
    def days_left(self) -> int:
        """Days from the value to the target; not negative."""
        return max(self.days - self.days_passed, 0)

    @property
    def allowance(self) -> Decimal:
        """What is small: a twentieth of the way, or the unit, or half of a way of that size."""
        way = abs(self.target - self.start)
        return max(way / 20, min(Decimal(1), way / 2))


def compare_with_line(path: Path, _: CutPoints) -> Comparison:
    """Compare with the straight line from start to target on the day of the value."""
    passed = Decimal(min(max(path.days_passed, 0), path.days))
    share = passed / path.days if path.days > 0 else 1
    return _compare(path, share, "計画線がまだ伸びていないため比べられない。")


def compare_with_yearly_shares(path: Path, cuts: CutPoints) -> Comparison:
    """Compare with the share of the way due in each fiscal year up to the target.

    What is due in a fiscal year is due for the whole of it, as cities judge their plans year by
    year: a plan of four years expects a quarter of the way in its first year.
    """
    begun = min(path.years_begun, path.years)
    if begun < 1:
        return None, None, "計画の初年度より前の値のため比べられない。"
    own = len(cuts.yearly_shares) == path.years
    share = cuts.yearly_shares[begun - 1] / 100 if own else Decimal(begun) / path.years
    return _compare(path, share, "起点と目標値が同じため比べられない。")


def _compare(path: Path, share: Decimal | int, reason: str) -> Comparison:
    due = (path.target - path.start) * share
    done = path.actual - path.start
    return path.start + due, done / due if due else None, "" if due else reason


def compare_with_growth(path: Path, _: CutPoints) -> Comparison:
    """Compare the yearly growth so far with the yearly growth that the target requires.

    This is how Open SDG judges; the growth is compound, so that it means nothing from zero.
    """
    if min(path.start, path.target, path.actual) <= 0:
        return None, None, "0からの伸び率は求められないため、この方法は当てはまらない。"
    if path.days_passed <= 0 or path.target == path.start:
        return None, None, "伸びを比べる期間がないため、この方法は当てはまらない。"
    # Roots are never exact; floats give them many times faster, and far beyond the places kept.
    start, passed = float(path.start), path.days_passed / float(_DAYS_IN_YEAR)
    whole = passed + path.days_left / float(_DAYS_IN_YEAR)
    ways = ((path.target, whole), (path.actual, passed))
    if any(log10(float(value) / start) > _MOST_GROWTH * years for value, years in ways):
        reason = "1年に10倍を超える伸びは伸び率で比べられないため、この方法は当てはまらない。"
        return None, None, reason
    required, so_far = ((float(value) / start) ** (1 / years) for value, years in ways)
    expected = Decimal(repr(start * required**passed))
    if required == 1:  # by less than a float can tell
        return expected, None, "伸びが小さく、この方法は当てはまらない。"
    return expected, Decimal(repr((so_far - 1) / (required - 1))), ""


METHODS: dict[str, Callable[[Path, CutPoints], Comparison]] = {
    "linear": compare_with_line,
    "yearly_share": compare_with_yearly_shares,
    "compound_growth": compare_with_growth,
}


def assess_values(plans: Plans, values: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of table ``indicator_progress``, from those of ``indicator_value``."""
    owners = plans.owners
    for value in values:
        # A published value of an indicator that is in no plan any more has no target.
        if owner := owners.get(value["indicator_id"]):
            yield from assess(*owner, value)


def assess(plan: Plan, indicator: Indicator, value: Row) -> list[Row]:
    """Compare a row of ``indicator_value`` with its target by every method, as decided by then."""
    case = _Case(plan, indicator, value)
    rows = [_assess_by(cuts, case) for cuts in plan.methods_on(case.as_of)]
    for row in rows:
        row["agrees"] = row["verdict"] in (rows[0]["verdict"], "not_applicable")
    return rows


class _Case:
    """A value, a row of table ``indicator_value``, and all that it is judged by."""

    def __init__(self, plan: Plan, indicator: Indicator, value: Row) -> None:
        self.plan, self.indicator, self.value = plan, indicator, value
        self.actual: Decimal | None = value["value"]
        self.as_of: date = value["as_of"]
        self.start = find_start(plan, indicator, self.as_of)
        target = self.target = (decided_by(indicator.targets, self.as_of) or (None,))[-1]
        reached = target and self.actual is not None and target.is_reached_by(self.actual)
        self.is_reached = bool(reached)
        self.begins_each_year = indicator.kind == "flow" or indicator.year_to_date
        # Whether it counts a fiscal year of which a part is still to come.
        year = fiscal_year_of(self.as_of)
        self.is_within_year = self.begins_each_year and self.as_of < fiscal_year_last_day(year)
        # The definition by which the value counts something else than baseline and target do.
        since = self.start.day if self.start else plan.first_day
        self.broken_by = indicator.break_between(since, Period.parse(value["period"]).last_day)

    def draw_path(self) -> Path | None:
        """Return the path that methods compare with, or None if there is none."""
        start, target = self.start, self.target
        if start is None or target is None or self.is_within_year:
            return None
        first = fiscal_year_of(self.plan.first_day) - 1
        return Path(
            start.value,
            target.value,
            # Without a value the path still says what is expected by now.
            start.value if self.actual is None else self.actual,
            (target.target_date - start.day).days,
            (self.as_of - start.day).days,
            fiscal_year_of(target.target_date) - first,
            fiscal_year_of(self.as_of) - first,
            start.assumption,
        )


def _assess_by(cuts: CutPoints, case: _Case) -> Row:
    path, target, start = case.draw_path(), case.target, case.start
    found = METHODS[cuts.method](path, cuts) if path else (None, None, "")
    verdict, reason, ratio = _judge(case, path, found, cuts)
    if case.broken_by and verdict != "cannot_say":
        reason += f"ただし基準値・目標値とは違うものを比べている。{case.broken_by.version_reason}"
    return case.value | {
        "row_id": f"{case.value['row_id']}/{cuts.method}",
        "method": cuts.method,
        "target_min": getattr(target, "target_min", None),
        "target_max": getattr(target, "target_max", None),
        "target_value": getattr(target, "value", None),
        "target_date": getattr(target, "target_date", None),
        "target_decided_on": getattr(target, "decided_on", None),
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
    """Return the parts of a comparison, with the pace so far and the pace needed, both a year."""
    parts = dict.fromkeys(("gap", "pace_so_far", "pace_needed", "projected_value"))
    parts |= {"expected_value": expected, "progress_ratio": ratio}
    if path and case.actual is not None:
        parts["gap"] = None if expected is None else case.actual - expected
        if path.days_passed >= _SHORTEST_DAYS:
            pace = (path.actual - path.start) / path.days_passed
            parts["pace_so_far"] = pace * _DAYS_IN_YEAR
            # Once the target is reached, or its day has come, there is nowhere to go.
            if path.days_left and not case.is_reached:
                parts |= _project(case.indicator, path, pace)
    known = {name: part for name, part in parts.items() if part is not None}
    return parts | {name: round_half_up(part, _PLACES) for name, part in known.items()}


def _project(indicator: Indicator, path: Path, pace: Decimal) -> dict[str, Decimal | None]:
    """Return where a daily pace leads, and the yearly pace that the target needs."""
    # There is no less than nothing, and no more than all.
    projected = max(path.actual + pace * path.days_left, Decimal(0))
    most = indicator.most_possible or indicator.limit
    needed = (path.target - path.actual) / path.days_left * _DAYS_IN_YEAR
    return {
        "projected_value": projected if most is None else min(projected, most),
        "pace_needed": needed if path.days_left >= _SHORTEST_DAYS else None,
    }


def _judge(case: _Case, path: Path | None, found: Comparison, cuts: CutPoints) -> _Judgement:
    """Judge by the target itself where that is enough, and by the path otherwise."""
    actual, target = case.actual, case.target
    if actual is None or target is None:
        missing = "値が" if actual is None else "この時点で定められていた目標値が"
        return _Judgement("cannot_say", f"{missing}ないため判定できない。")
    if case.is_reached:
        return _judge_reached(case, target, actual)
    if judgement := _judge_without_path(case, target, actual):
        return judgement
    expected, ratio, reason = found
    if path and expected is not None and ratio is not None:
        return _judge_by_path(case.indicator, path, cuts, expected, ratio)
    applies = cuts.method != "compound_growth"
    return _Judgement("cannot_say" if applies else "not_applicable", reason)


def _judge_reached(case: _Case, target: IndicatorTarget, actual: Decimal) -> _Judgement:
    """Tell what is kept so far, and may be lost until its day, from what is achieved."""
    excess = ""
    if target.target_min and actual > case.plan.hints.jump * target.target_min:
        times = round_half_up(actual / target.target_min, 1)
        excess = f"目標値の{times}倍であり、数え方が目標値を定めた時と違う可能性がある。"
    to_keep = case.begins_each_year or case.indicator.goal in _KEPT_GOALS
    if to_keep and case.as_of < target.target_date:
        return _Judgement("kept", f"期日の前だが、今は目標どおりである。{excess}")
    return _Judgement("achieved", f"目標値に達している。{excess}")


def _judge_without_path(case: _Case, target: IndicatorTarget, actual: Decimal) -> _Judgement | None:
    """Return the first that can be said of a target not reached without looking at the path."""
    goal, start = case.indicator.goal, case.start
    # What is counted in a year only grows: what is not to be exceeded is lost at once.
    may_be_reached = (case.indicator.kind, goal) != ("flow", "keep_at_most")
    given = start.value if start else actual
    # What was before the start has lost nothing since.
    start_value = given if start and start.day <= case.as_of else actual
    within_year = "年度の初めから数える値で、年度の途中のため判定しない。"
    yes_no = "実現したかどうかの目標のため、期日の前には判定しない。"
    lost = "起点では目標値に達していたが、今は外れている。"
    earlier = "起点では目標値に達しており、その前の値は計画線と比べられない。"
    # A year that began after the day is judged at its own end.
    begun = case.is_within_year and fiscal_year_of(target.target_date) < fiscal_year_of(case.as_of)
    is_due = case.as_of >= target.target_date and not begun
    # From one side of a range to the other.
    beyond = min(actual, given) < target.bounds[0] and max(actual, given) > target.bounds[-1]
    judgements: tuple[tuple[bool, Verdict, str], ...] = (
        (is_due, "behind", "期日になったが目標値に達していない。"),
        (case.is_within_year and may_be_reached, "cannot_say", within_year),
        (goal in _KEPT_GOALS, "behind", "保つべき目標値から外れている。"),
        (goal == "yes_no", "cannot_say", yes_no),
        (start is None, "cannot_say", "基準値がないため計画線を引けない。"),
        (target.is_reached_by(start_value), "behind", lost),
        (target.is_reached_by(given), "cannot_say", earlier),
        (beyond, "behind", "目標の範囲を越えている。"),
    )
    return next((_Judgement(verdict, why) for holds, verdict, why in judgements if holds), None)


def _judge_by_path(
    indicator: Indicator, path: Path, cuts: CutPoints, expected: Decimal, ratio: Decimal
) -> _Judgement:
    if ratio < 0 or abs(expected - path.start) < path.allowance:
        judged = _judge_difference(indicator, path, expected)
    else:
        judged = _judge_share(cuts, ratio)
    # Shares of a year do not depend on the day of the start, which is what is assumed.
    assumed = "" if cuts.method == "yearly_share" else path.assumption
    return judged._replace(reason=f"{judged.reason}{assumed}")


def _judge_share(cuts: CutPoints, ratio: Decimal) -> _Judgement:
    # Not rounded up: 79.9 % is not the 80 % that would be another verdict.
    done = f"計画した進みの{int(100 * ratio)}%" if ratio < 1 else "計画した進み"
    if ratio < cuts.slightly_behind:
        return _Judgement("behind", f"{done}にとどまる。", ratio)
    verdict: Verdict = "on_track" if ratio >= cuts.on_track else "slightly_behind"
    return _Judgement(verdict, f"{done}に達している。", ratio)


def _judge_difference(indicator: Indicator, path: Path, expected: Decimal) -> _Judgement:
    """Judge where little is planned so far, or the value has gone back: no share can say that."""
    gap = path.actual - expected
    shortfall = -gap if path.target > path.start else gap
    if shortfall <= 0:
        return _Judgement("on_track", "計画した値に達している。")
    shown = round_half_up(gap, max(indicator.decimals, 1))
    reason = f"計画した値との差は{shown:+,f}{indicator.difference_unit}。"
    verdict: Verdict = "slightly_behind" if shortfall < path.allowance else "behind"
    return _Judgement(verdict, reason if shown else "計画した値にごくわずかに届かない。")
