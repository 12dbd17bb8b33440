"""A second plan beside the first."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sumida_data.base.periods import Period
from sumida_data.plan.models import Plan, Plans, Predecessor, describe_indicators, describe_targets
from sumida_data.plan.progress import assess
from tests.plan.conftest import Answers


def names(plans: tuple[Plan, ...]) -> list[str]:
    return [plan.plan_id for plan in plans]


@pytest.mark.parametrize(
    ("period", "measured", "reported"),
    [
        ("FY2020Q4", ["sumida-fy2022"], "sumida-fy2022"),
        ("FY2022Q3", ["sumida-fy2022"], "sumida-fy2022"),
        ("FY2025Q4", ["sumida-fy2022", "sumida-fy2026"], "sumida-fy2022"),
        ("FY2026Q1", ["sumida-fy2022", "sumida-fy2026"], "sumida-fy2026"),
    ],
)
def test_plans_follow_each_other(
    two_plans: Plans, period: str, measured: list[str], reported: str
) -> None:
    assert names(two_plans.measured_in(Period.parse(period))) == measured
    assert two_plans.reported_in(Period.parse(period)).plan_id == reported


def test_both_plans_have_values_in_the_year_between(
    two_plans: Plans, answers: Answers, compute: Callable[..., Any]
) -> None:
    for period, held in [("FY2025Q4", "2026-03-01"), ("FY2026Q1", "2026-05-01")]:
        answers.add("training", held, period=period, training_name="DX", held_on=held)
    values, lineage = compute("FY2022Q3", "FY2026Q1", plans=two_plans)
    assert ("staff_trainings_2026", "FY2022Q3") not in values
    # The first plan counts from 2022, the second from its own first day.
    first, second = (values[one, "FY2026Q1"] for one in ("staff_trainings", "staff_trainings_2026"))
    assert (first["plan_id"], first["value"]) == ("sumida-fy2022", 2)
    assert (second["plan_id"], second["value"]) == ("sumida-fy2026", 1)
    cells = lineage[lineage["indicator_id"] == "staff_trainings_2026"]
    assert set(cells["value"]) == {"DX", "2026-05-01"}


def test_a_value_is_judged_by_its_own_plan(two_plans: Plans) -> None:
    later, indicator = two_plans.owners["open_datasets_2026"]
    value = {
        **dict.fromkeys(("row_id", "municipality_code", "municipality_name", "plan_id"), "x"),
        **dict.fromkeys(("indicator_id", "indicator_title", "unit"), "x"),
        "period": "FY2027Q4",
        "revision": 1,
        "sample": False,
        "as_of": date(2028, 3, 31),
        "value": Decimal(255),
    }
    linear, *_ = assess(later, indicator, value)
    # Two of four years: 210 + 90 × 731/1461 = 255.0308.
    assert (linear["expected_value"], linear["target_value"]) == (Decimal("255.0308"), 300)
    assert linear["verdict"] == "slightly_behind"


def test_the_registers_say_what_goes_on(two_plans: Plans) -> None:
    rows = {row["indicator_id"]: row for row in describe_indicators(two_plans)}
    later = rows["open_datasets_2026"]
    assert (later["continues_plan_id"], later["continues_indicator_id"]) == (
        "sumida-fy2022",
        "open_datasets",
    )
    assert rows["open_datasets"]["continues_plan_id"] is None
    targets = [row for row in describe_targets(two_plans) if row["plan_id"] == "sumida-fy2026"]
    assert [row["target_min"] for row in targets] == [300, 20]


def test_one_name_in_two_plans_is_refused(two_plans: Plans) -> None:
    first, second = two_plans.root
    targets = second.indicators[0].targets
    again = first.indicators[2].model_copy(update={"targets": targets})
    same = second.model_copy(update={"indicators": (again,)})
    with pytest.raises(ValidationError, match=r"cashless_procedures.*が2つの計画にあります"):
        Plans((first, same))
    with pytest.raises(ValidationError, match=r"plan_id .*が2回書かれています"):
        Plans((first, first.model_copy(update={"indicators": second.indicators})))
    with pytest.raises(ValidationError, match="1つ以上"):
        Plans(())


def test_what_continues_must_be_known(two_plans: Plans) -> None:
    first, second = two_plans.root
    lost = Predecessor(plan_id=first.plan_id, indicator_id="nowhere")
    changed = second.indicators[0].model_copy(update={"continues": lost})
    with pytest.raises(ValidationError, match="sumida-fy2022 の nowhere は"):
        Plans((first, second.model_copy(update={"indicators": (changed,)})))
    with pytest.raises(ValidationError, match="それより前に書かれた計画にありません"):
        Plans((second, first))
