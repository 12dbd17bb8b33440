"""Where the marks of an indicator's chart stand.

The horizontal axis is time, from the first day of the path to the target date or the last value;
the vertical axis begins at zero, so that a height always means an amount. Places are pixels of
the chart's own view box, from its upper left corner.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    """The chart's size, and where its axes lie in it, in pixels from its upper left corner."""

    width: int = 440
    height: int = 236
    left: int = 44
    right: int = 418
    top: int = 30
    bottom: int = 190


LARGE = Frame()
SMALL = Frame(width=320, height=150, left=40, right=300, top=14, bottom=110)


class Point(NamedTuple):
    """An amount on a day."""

    day: date
    amount: Decimal


class Mark(NamedTuple):
    """A point and where it stands in the chart."""

    day: date
    amount: Decimal
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The places of everything that a chart shows.

    Attributes:
        start: Where the path to the target begins; None where there is no path.
        target: The target.
        values: The values by their as-of dates.
        days: Labels of the time axis, with their places.
        amounts: Labels of the amount axis, with their places.
        breaks: Days from which values count something else than before, with their places.
        frame: Where the axes lie.
    """

    start: Mark | None
    target: Mark
    values: tuple[Mark, ...]
    days: tuple[tuple[date, float], ...]
    amounts: tuple[tuple[Decimal, float], ...]
    breaks: tuple[tuple[date, float], ...]
    frame: Frame

    @property
    def runs(self) -> list[list[Mark]]:
        """The values that a line joins: those between two breaks."""
        return [
            list(group)
            for _, group in groupby(
                self.values, lambda one: sum(day <= one.day for day, _ in self.breaks)
            )
        ]

    @property
    def target_label_y(self) -> float:
        """Where the target's label stands: above it, and above that of a value beside it."""
        beside = [
            one.y
            for one in self.values[-1:]
            if abs(one.x - self.target.x) < _WIDE_LABEL and abs(one.y - self.target.y) < _HIGH_LABEL
        ]
        return min([self.target.y - 11, *(y - 11 - _HIGH_LABEL for y in beside)])

    def anchor(self, place: Mark) -> str:
        """How a label at the place is aligned so that it stays within the chart."""
        third = (self.frame.right - self.frame.left) / 3
        if place.x < self.frame.left + third / 2:
            return "start"
        return "end" if place.x > self.frame.right - third else "middle"


def lay_out_chart(
    start: Point | None,
    target: Point,
    values: Sequence[Point],
    first_day: date,
    frame: Frame = LARGE,
    breaks: Iterable[date] = (),
) -> Chart:
    """Find the place of every mark.

    Args:
        start: Where the path to the target begins; None where there is no path.
        target: The target and its date.
        values: Values by as-of date, oldest first.
        first_day: Where the time axis begins if there is no path.
        frame: Size of the chart.
        breaks: Days from which values count something else than before.
    """
    points = [target, *values, start or Point(first_day, Decimal(0))]
    first, *_, last = sorted(point.day for point in points)
    amounts = _round_amounts(max(point.amount for point in points))
    _, _, left, right, top, bottom = frame

    def x(day: date) -> float:
        return round(left + (right - left) * (day - first) / max(last - first, timedelta(1)), 1)

    def y(amount: Decimal) -> float:
        return round(float(bottom - (bottom - top) * amount / amounts[-1]), 1)

    def place(point: Point) -> Mark:
        return Mark(*point, x(point.day), y(point.amount))

    return Chart(
        start=place(start) if start else None,
        target=place(target),
        values=tuple(map(place, values)),
        days=tuple(_choose_days([(day, x(day)) for day in _candidate_days(first, last)])),
        amounts=tuple((amount, y(amount)) for amount in amounts),
        breaks=tuple((day, x(day)) for day in breaks if first < day <= last),
        frame=frame,
    )


def lay_out_progress(
    plan: Plan,
    indicator: Indicator,
    progress: Row | None,
    series: Iterable[Row],
    frame: Frame = LARGE,
) -> Chart:
    """Lay out an indicator's chart.

    Args:
        plan: The plan, which begins the time axis where there is no path.
        indicator: The indicator, for its target.
        progress: Its row of ``indicator_progress``, for the start of the path.
        series: Its rows of ``indicator_value``, oldest first.
        frame: Size of the chart.
    """
    start = None
    if progress and progress["start_date"] and progress["start_value"] is not None:
        start = Point(progress["start_date"], progress["start_value"])
    target = Point(indicator.target.target_date, indicator.target.value)
    measured = [row for row in series if row["value"] is not None]
    points = [Point(row["as_of"], row["value"]) for row in measured]
    breaks = dict.fromkeys(day for row in measured if (day := row["series_break"]))
    return lay_out_chart(start, target, points, plan.first_day, frame, breaks)


def _round_amounts(top: Decimal) -> list[Decimal]:
    """Return round amounts from zero to the first that is not below the top."""
    steps = (Decimal(digit).scaleb(power) for power in count() for digit in (1, 2, 5))
    step = next(step for step in steps if step * _MOST_STEPS >= top)
    return [step * number for number in range(max(ceil(top / step), 1) + 1)]


def _candidate_days(first: date, last: date) -> Iterator[date]:
    yield first
    for year in range(fiscal_year_of(first), fiscal_year_of(last) + 1):
        if first < fiscal_year_last_day(year) < last:
            yield fiscal_year_last_day(year)
    yield last


def _choose_days(candidates: list[tuple[date, float]]) -> list[tuple[date, float]]:
    first, *between, last = candidates
    chosen = [first]
    for day, x in between:
        if min(x - chosen[-1][1], last[1] - x) >= _LABEL_WIDTH:
            chosen.append((day, x))
    return [*chosen, last]
