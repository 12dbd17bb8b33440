"""Methods that say how far an indicator has come on its way to a target.

Each takes the same situation and gives the progress ratio: how much of what was to be done by now
has been done. A method that does not apply says so instead of giving a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import log10

from sumida_data.base.periods import fiscal_year_of

_DAYS_IN_YEAR = Decimal("365.25")
# A growth of more than a million times a year, in powers of ten, is that of a few days.
_MOST_GROWTH = 6
_TOO_SHORT = "起点から日が浅く、年当たりの伸び率にできないため、この方法は当てはまらない。"


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an indicator stands between its start and its target.

    Attributes:
        start_value: Value at the start.
        start_day: Day of the start.
        target_value: Value to reach.
        target_day: Day by which to reach it.
        actual: The value now.
        as_of: The day of the value.
        plan_first_day: First day of the plan.
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
    def years_passed(self) -> Decimal:
        """Years from the start to the value."""
        return (self.as_of - self.start_day).days / _DAYS_IN_YEAR

    @property
    def years_left(self) -> Decimal:
        """Years from the value to the target; not negative."""
        return max((self.target_day - self.as_of).days, 0) / _DAYS_IN_YEAR


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a method finds.

    Attributes:
        expected: The value that the method expects by now, or None.
        ratio: Progress made divided by progress expected, or None where it does not apply.
        reason: Why it does not apply; empty if it does.
    """

    expected: Decimal | None
    ratio: Decimal | None
    reason: str = ""


def compare_with_line(situation: Situation) -> Comparison:
    """Compare with the straight line from start to target on the day of the value."""
    expected = situation.start_value + situation.way * situation.share_of_time
    return _compare(situation, expected, "計画線がまだ伸びていないため比べられない。")


def compare_with_yearly_shares(situation: Situation) -> Comparison:
    """Compare with the share of the way due in each fiscal year up to the target.

    What is due in a fiscal year is due for the whole of it, as cities judge their plans year by
    year: a plan of four years expects a quarter of the way in its first year.
    """
    first = fiscal_year_of(situation.plan_first_day)
    years = fiscal_year_of(situation.target_day) - first + 1
    begun = min(fiscal_year_of(situation.as_of) - first + 1, years)
    if begun < 1:
        return Comparison(None, None, "計画の初年度より前の値のため比べられない。")
    own = len(situation.yearly_shares) == years
    share = situation.yearly_shares[begun - 1] if own else Decimal(begun) / years
    expected = situation.start_value + situation.way * share
    return _compare(situation, expected, "起点と目標値が同じため比べられない。")


def compare_with_growth(situation: Situation) -> Comparison:
    """Compare the yearly growth so far with the yearly growth that the target requires.

    This is how Open SDG judges; the growth is compound, so that it means nothing from zero.
    """
    if situation.start_value <= 0 or situation.target_value <= 0 or situation.actual <= 0:
        return Comparison(None, None, "0からの伸び率は求められないため、この方法は当てはまらない。")
    whole = situation.years_passed + situation.years_left
    if situation.years_passed <= 0 or not situation.way:
        return Comparison(None, None, "伸びを比べる期間がないため、この方法は当てはまらない。")
    # Roots are never exact; floats give them many times faster, and far beyond the places kept.
    start, passed = float(situation.start_value), float(situation.years_passed)
    ways = ((situation.target_value, float(whole)), (situation.actual, passed))
    if any(log10(float(value) / start) > _MOST_GROWTH * years for value, years in ways):
        return Comparison(None, None, _TOO_SHORT)
    required, so_far = ((float(value) / start) ** (1 / years) for value, years in ways)
    expected, ratio = start * required**passed, (so_far - 1) / (required - 1)
    return Comparison(Decimal(repr(expected)), Decimal(repr(ratio)))


METHODS: dict[str, Callable[[Situation], Comparison]] = {
    "linear": compare_with_line,
    "yearly_share": compare_with_yearly_shares,
    "compound_growth": compare_with_growth,
}


def _compare(situation: Situation, expected: Decimal, reason: str) -> Comparison:
    due = expected - situation.start_value
    if not due:
        return Comparison(expected, None, reason)
    return Comparison(expected, (situation.actual - situation.start_value) / due)
