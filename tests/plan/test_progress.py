from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.plan.models import Baseline, Indicator, Plan, Target
from sumida_data.plan.progress import assess, find_start


def indicator_like(plan: Plan, **changes: Any) -> Indicator:
    """The open dataset indicator, 130 at the end of R3 and 200 at the end of R7, changed."""
    one = next(i for i in plan.indicators if i.indicator_id == "open_datasets")
    return one.model_copy(update=changes)


def judge(
    plan: Plan, indicator: Indicator, value: str | None, as_of: date = date(2022, 12, 31)
) -> dict[str, Any]:
    row = {
        "row_id": "x",
        "municipality_code": "131075",
        "municipality_name": "墨田区",
        "plan_id": "p",
        "indicator_id": indicator.indicator_id,
        "indicator_title": indicator.title,
        "period": "FY2022Q3",
        "revision": 1,
        "as_of": as_of,
        "sample": False,
        "value": None if value is None else Decimal(value),
    }
    return assess(plan, indicator, row)


def test_every_part_of_a_hand_worked_case(plan: Plan) -> None:
    # 275 of the 1,461 days from 31 March 2022 to 31 March 2026 have passed: 130 + 70 × 275/1461.
    progress = judge(plan, indicator_like(plan), "154")
    assert progress["start_value"] == 130
    assert progress["start_date"] == date(2022, 3, 31)
    assert progress["expected_value"] == Decimal("143.1759")
    assert progress["gap"] == Decimal("10.8241")
    assert progress["progress_ratio"] == Decimal("1.8215")
    assert progress["verdict"] == "on_track"
    assert "仮定" in progress["reason"]


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("200", "achieved"),
        ("250", "achieved"),
        ("144", "on_track"),
        ("142", "slightly_behind"),
        ("135", "behind"),
        ("120", "behind"),
        (None, "cannot_say"),
    ],
)
def test_verdicts_of_a_goal_that_grows(plan: Plan, value: str | None, verdict: str) -> None:
    assert judge(plan, indicator_like(plan), value)["verdict"] == verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("0", "achieved"),
        ("40", "on_track"),
        ("42", "slightly_behind"),
        ("45", "behind"),
        ("55", "behind"),
    ],
)
def test_a_goal_that_falls_to_zero(plan: Plan, value: str, verdict: str) -> None:
    falling = indicator_like(
        plan,
        goal="at_most",
        baseline=Baseline(value=Decimal(50), as_of=date(2022, 3, 31)),
        targets=(Target(target_date=date(2026, 3, 31), target_max=Decimal(0)),),
    )
    progress = judge(plan, falling, value)
    # 50 − 50 × 275/1461
    assert progress["expected_value"] == Decimal("40.5886")
    assert progress["verdict"] == verdict


def test_a_level_to_keep_is_kept_or_lost(plan: Plan) -> None:
    keep = next(i for i in plan.indicators if i.indicator_id == "serious_incidents")
    assert judge(plan, keep, "0")["verdict"] == "achieved"
    assert judge(plan, keep, "1")["verdict"] == "behind"
    assert judge(plan, keep, "0")["progress_ratio"] is None


def test_a_cumulative_count_starts_from_zero_on_the_eve_of_the_plan(plan: Plan) -> None:
    trainings = next(i for i in plan.indicators if i.indicator_id == "staff_trainings")
    start = find_start(plan, trainings)
    assert start is not None
    assert (start.value, start.day) == (0, date(2022, 3, 31))
    # 12 × 275/1461 = 2.2587 by the end of 2022.
    assert judge(plan, trainings, "3")["expected_value"] == Decimal("2.2587")
    assert judge(plan, trainings, "3")["verdict"] == "on_track"
    assert judge(plan, trainings, "1")["verdict"] == "behind"


def test_without_a_baseline_only_the_target_itself_decides(plan: Plan) -> None:
    systems = next(i for i in plan.indicators if i.indicator_id == "standardized_systems")
    assert find_start(plan, systems) is None
    assert judge(plan, systems, "17")["verdict"] == "cannot_say"
    assert judge(plan, systems, "18")["verdict"] == "achieved"


def test_a_known_and_an_assumed_day_of_the_baseline(plan: Plan) -> None:
    card = next(i for i in plan.indicators if i.indicator_id == "mynumber_card_rate")
    approval = next(i for i in plan.indicators if i.indicator_id == "electronic_approval_rate")
    assert judge(plan, card, "59.3", date(2023, 1, 31))["start_date"] == date(2021, 9, 1)
    progress = judge(plan, approval, "64.4", date(2022, 3, 31))
    # 58 + 42 × 365/1826 = 66.3954; 6.4 of 8.3954 is 0.76.
    assert (progress["expected_value"], progress["progress_ratio"]) == (
        Decimal("66.3954"),
        Decimal("0.7623"),
    )
    assert progress["verdict"] == "behind"
    assert "仮定" in progress["reason"]


def test_before_the_path_starts_and_after_it_ends(plan: Plan) -> None:
    one = indicator_like(plan)
    early = judge(plan, one, "131", date(2022, 3, 31))
    assert (early["expected_value"], early["verdict"]) == (130, "cannot_say")
    late = judge(plan, one, "190", date(2027, 3, 31))
    assert (late["expected_value"], late["verdict"]) == (200, "slightly_behind")
