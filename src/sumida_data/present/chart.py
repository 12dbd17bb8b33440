"""Where the marks of an indicator's chart are placed.

The horizontal axis is time, from the first day of the path to the target date or the last value;
the vertical axis begins at zero, so that a height always means an amount. Places are pixels of
the chart's own view box, from its upper left corner.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count, groupby
from math import ceil
from typing import NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.base.periods import fiscal_year_last_day, fiscal_year_of
from sumida_data.plan.models import Indicator, Plan

_MOST_STEPS = 5
# Two dates closer than this cannot both be written under the axis.
_LABEL_WIDTH = 48
_WIDE_LABEL, _HIGH_LABEL = 130, 18


class Frame(NamedTuple):
    """The chart's size, and the places of its axes, in pixels from its upper left corner.

    Above the axes there is room for two labels, one above the other.
    """

    width: int = 440
    height: int = 254
    left: int = 44
    right: int = 418
    top: int = 48
    bottom: int = 208


LARGE = Frame()
SMALL = Frame(width=320, height=184, left=40, right=294, top=48, bottom=144)


class Mark(NamedTuple):
    """An amount on a day, and its place in the chart."""

    day: date
    amount: Decimal
    x: float
    y: float


class Chart:
    """The places of everything that an indicator's chart shows.

    ``start`` is where the path to the target begins; None where there is no path.
    """

    def __init__(
        self,
        plan: Plan,
        indicator: Indicator,
        progress: Row | None,
        series: Iterable[Row],
        frame: Frame = LARGE,
    ) -> None:
        """Find the place of every mark; the series is of ``indicator_value``, oldest first."""
        self.frame, self._measured = frame, [row for row in series if row["value"] is not None]
        points = [(row["as_of"], row["value"]) for row in self._measured]
        target = (indicator.target.target_date, indicator.target.value)
        start, has_path = (plan.first_day, Decimal(0)), False
        if progress and progress["start_date"]:
            start, has_path = (progress["start_date"], progress["start_value"]), True
        days, amounts = zip(target, start, *points, strict=True)
        self._first: date = min(days)
        self._last: date = max(days)
        self._steps = _round_amounts(max(amounts))
        self.start = self._place(*start) if has_path else None
        self.target = self._place(*target)
        self.values = [self._place(*point) for point in points]

    def _x(self, day: date) -> float:
        whole = max(self._last - self._first, timedelta(1))
        width = self.frame.right - self.frame.left
        return round(self.frame.left + width * (day - self._first) / whole, 1)

    def _y(self, amount: Decimal) -> float:
        height = self.frame.bottom - self.frame.top
        return round(float(self.frame.bottom - height * amount / self._steps[-1]), 1)

    def _place(self, day: date, amount: Decimal) -> Mark:
        return Mark(day, amount, self._x(day), self._y(amount))

    @property
    def amounts(self) -> list[tuple[Decimal, float]]:
        """Labels of the amount axis, with their places."""
        return [(amount, self._y(amount)) for amount in self._steps]

    @property
    def days(self) -> list[tuple[date, float]]:
        """Labels of the time axis with their places: its ends, and those of fiscal years."""
        written, last = [(self._first, self._x(self._first))], self._x(self._last)
        for year in range(fiscal_year_of(self._first), fiscal_year_of(self._last) + 1):
            day = fiscal_year_last_day(year)
            room = min(self._x(day) - written[-1][1], last - self._x(day))
            if self._first < day < self._last and room >= _LABEL_WIDTH:
                written.append((day, self._x(day)))
        return [*written, (self._last, last)]

    @property
    def breaks(self) -> list[tuple[date, float]]:
        """Days from which values count something else than before, with their places."""
        days = dict.fromkeys(row["series_break"] for row in self._measured)
        return [(day, self._x(day)) for day in days if day and self._first < day <= self._last]

    @property
    def runs(self) -> list[list[Mark]]:
        """The values that a line joins: those between two breaks."""
        runs = groupby(self.values, lambda one: sum(day <= one.day for day, _ in self.breaks))
        return [list(run) for _, run in runs]

    @property
    def target_label_y(self) -> float:
        """Where the target's label is placed: above it, and above that of a value beside it."""
        label = self.target.y - 11
        for one in self.values[-1:]:
            wide, high = abs(one.x - self.target.x), abs(one.y - self.target.y)
            if wide < _WIDE_LABEL and high < _HIGH_LABEL:
                label = min(label, one.y - 11 - _HIGH_LABEL)
        return label

    def anchor(self, place: Mark) -> str:
        """How a label at the place is aligned so that it stays within the chart."""
        third = (self.frame.right - self.frame.left) / 3
        if place.x < self.frame.left + third / 2:
            return "start"
        return "end" if place.x > self.frame.right - third else "middle"


def _round_amounts(top: Decimal) -> list[Decimal]:
    """Return round amounts from zero to the first that is not below the top."""
    steps = (Decimal(digit).scaleb(power) for power in count() for digit in (1, 2, 5))
    step = next(step for step in steps if step * _MOST_STEPS >= top)
    return [step * number for number in range(max(ceil(top / step), 1) + 1)]
