from datetime import date
from decimal import Decimal

import pytest

from sumida_data.base.metadata import Row
from sumida_data.plan.models import Indicator, IndicatorTarget, Plan
from sumida_data.present.chart import SMALL, Chart, Frame

FRAME = Frame()
Point = tuple[date, Decimal]
FIRST, LAST = date(2022, 3, 31), date(2026, 3, 31)
START, TARGET = (FIRST, Decimal(20)), (LAST, Decimal(50))


def draw(
    start: Point | None,
    target: Point,
    values: list[Point],
    first_day: date,
    breaks: tuple[date | None, ...] = (),
    frame: Frame = FRAME,
) -> Chart:
    """Lay out a chart of plain points."""
    plan = Plan.model_construct(first_day=first_day)
    due = IndicatorTarget(target_date=target[0], target_min=target[1])
    indicator = Indicator.model_construct(targets=(due,))
    progress: Row | None = start and {"start_date": start[0], "start_value": start[1]}
    series = [
        {"as_of": day, "value": amount, "series_break": found}
        for (day, amount), found in zip(values, breaks or [None] * len(values), strict=True)
    ]
    return Chart(plan, indicator, progress, series, frame)


class TestPlaces:
    def test_path_runs_from_side_to_side(self) -> None:
        drawn = draw(START, TARGET, [], FIRST)
        assert drawn.start is not None
        assert (drawn.start.x, drawn.target.x) == (FRAME.left, FRAME.right)

    def test_heights_are_in_proportion_from_zero(self) -> None:
        drawn = draw(START, TARGET, [(date(2022, 12, 31), Decimal(25))], FIRST)
        height = FRAME.bottom - drawn.target.y
        assert FRAME.bottom - drawn.values[0].y == pytest.approx(height / 2, abs=0.1)

    def test_value_on_the_path_lies_on_it(self) -> None:
        halfway = (date(2024, 3, 30), Decimal(35))
        drawn = draw(START, TARGET, [halfway], FIRST)
        assert drawn.start is not None
        assert drawn.values[0].x == pytest.approx((drawn.start.x + drawn.target.x) / 2, abs=0.3)
        assert drawn.values[0].y == pytest.approx((drawn.start.y + drawn.target.y) / 2, abs=0.1)

    @pytest.mark.parametrize(
        ("day", "amount"), [(date(2021, 12, 31), 10), (date(2026, 6, 30), 90), (FIRST, 0)]
    )
    def test_everything_lies_within_the_axes(self, day: date, amount: int) -> None:
        drawn = draw(START, TARGET, [(day, Decimal(amount))], FIRST)
        for place in (*drawn.values, drawn.target):
            assert FRAME.left <= place.x <= FRAME.right
            assert FRAME.top <= place.y <= FRAME.bottom

    def test_without_a_path_time_begins_with_the_plan(self) -> None:
        drawn = draw(None, TARGET, [], date(2022, 4, 1))
        assert drawn.start is None
        assert drawn.days[0] == (date(2022, 4, 1), FRAME.left)


class TestAxes:
    @pytest.mark.parametrize(
        ("top", "amounts"),
        [
            (0, [0, 1]),
            (1, [0, 1]),
            (18, [0, 5, 10, 15, 20]),
            (25, [0, 5, 10, 15, 20, 25]),
            (100, [0, 20, 40, 60, 80, 100]),
            (209, [0, 50, 100, 150, 200, 250]),
        ],
    )
    def test_amounts_are_round(self, top: int, amounts: list[int]) -> None:
        drawn = draw(None, (LAST, Decimal(top)), [], FIRST)
        assert [amount for amount, _ in drawn.amounts] == amounts

    def test_days_are_ends_of_fiscal_years(self) -> None:
        days = [day for day, _ in draw(START, TARGET, [], FIRST).days]
        assert days == [date(year, 3, 31) for year in range(2022, 2027)]

    def test_days_that_would_overlap_are_left_out(self) -> None:
        start = (date(2022, 2, 1), Decimal(20))
        days = [day for day, _ in draw(start, TARGET, [], FIRST).days]
        assert days == [date(2022, 2, 1), *(date(year, 3, 31) for year in range(2023, 2027))]

    def test_the_last_day_has_room_on_a_small_card(self) -> None:
        # R8.3.31 is 47 pixels wide in the font of the pages and stands under the end of the axis.
        assert SMALL.width - SMALL.right >= 47 / 2

    def test_label_near_a_side_stays_within(self) -> None:
        values = [(FIRST, Decimal(1)), (date(2024, 1, 1), Decimal(2))]
        drawn = draw(START, TARGET, values, FIRST)
        assert [drawn.anchor(place) for place in drawn.values] == ["start", "middle"]
        assert drawn.anchor(drawn.target) == "end"


class TestLines:
    def test_values_are_joined_between_breaks(self) -> None:
        values = [(date(2022 + year, 9, 30), Decimal(20 + year)) for year in range(3)]
        drawn = draw(
            START, TARGET, values, FIRST, breaks=(None, date(2024, 4, 1), date(2030, 1, 1))
        )
        assert [len(run) for run in drawn.runs] == [2, 1]
        assert [day for day, _ in drawn.breaks] == [date(2024, 4, 1)]

    def test_the_label_of_the_target_makes_way_for_that_of_a_value_beside_it(self) -> None:
        beside = (date(2026, 3, 1), Decimal(50))
        far = (date(2023, 3, 1), Decimal(50))
        crowded, free = (draw(START, TARGET, [one], FIRST) for one in (beside, far))
        assert crowded.target_label_y < free.target_label_y == free.target.y - 11

    @pytest.mark.parametrize(("frame", "letters"), [(FRAME, 15), (SMALL, 13)])
    def test_two_labels_at_the_top_stay_within(self, frame: Frame, letters: int) -> None:
        drawn = draw(START, TARGET, [(date(2026, 3, 1), Decimal(50))], FIRST, frame=frame)
        assert drawn.target.y == frame.top
        assert drawn.target_label_y >= letters
