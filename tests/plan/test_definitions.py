"""Versions of a definition, and what plans.yml may not say."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sumida_data.plan.models import (
    Baseline,
    CutPoints,
    Indicator,
    IndicatorTarget,
    LaterMethod,
    LaterVersion,
    Plan,
    Plans,
    describe_baselines,
    describe_indicators,
    describe_methods,
    describe_targets,
)
from tests.plan.conftest import Answers

COUNT_ALL = (
    "SELECT p.row_id, 1 AS numerator FROM procedure AS p JOIN reporting_period AS r USING (period)"
)
LATER = LaterVersion(
    definition_version="2",
    valid_from=date(2022, 10, 1),
    version_reason="対象を広げた。",
    series_break=True,
    definition="すべての手続の数。",
    query=COUNT_ALL,
    numerator_fields=("cashless_status",),
)
LATEST = LaterVersion(
    definition_version="3", valid_from=date(2023, 1, 1), version_reason="確認した。", confirmed=True
)


@pytest.fixture
def changed(plan: Plan) -> Indicator:
    """Cashless procedures by three versions of the definition."""
    return plan.indicator("cashless_procedures").model_copy(
        update={"later_versions": (LATER, LATEST)}
    )


@pytest.fixture
def changed_plans(plan: Plan, changed: Indicator) -> Plans:
    return Plans((plan.model_copy(update={"indicators": (changed,)}),))


def check(indicator: Indicator, **changes: Any) -> Indicator:
    return Indicator.model_validate(indicator.model_dump() | changes)


@pytest.mark.parametrize(
    ("day", "version", "series_break", "confirmed"),
    [
        (date(2020, 1, 1), "1", False, False),
        (date(2022, 9, 30), "1", False, False),
        (date(2022, 10, 1), "2", True, False),
        (date(2023, 1, 1), "3", False, True),
    ],
)
def test_a_day_has_the_version_in_force(
    changed: Indicator, day: date, version: str, *, series_break: bool, confirmed: bool
) -> None:
    found = changed.version_on(day)
    assert (found.definition_version, found.series_break, found.confirmed) == (
        version,
        series_break,
        confirmed,
    )
    # What a version does not change stays as it was.
    assert found.title == changed.title
    assert (found.query == COUNT_ALL) == (version != "1")


def test_a_report_shows_the_definition_of_its_period(changed_plans: Plans) -> None:
    [plan] = changed_plans.root
    titles = [
        plan.on(day).indicators[0].definition for day in (date(2022, 9, 30), date(2023, 1, 1))
    ]
    assert titles == [plan.indicators[0].definition, "すべての手続の数。"]


def test_a_value_is_counted_and_led_back_by_the_version_of_its_period(
    changed_plans: Plans, answers: Answers, compute: Callable[..., Any]
) -> None:
    for period in ("FY2022Q2", "FY2022Q3", "FY2022Q4"):
        answers.add(
            "procedure",
            "T1",
            period=period,
            cashless_status="未定",
            cashless_started_on=None,
        )
    values, lineage = compute("FY2022Q2", "FY2022Q3", "FY2022Q4", plans=changed_plans)
    rows = [values["cashless_procedures", f"FY2022Q{quarter}"] for quarter in (2, 3, 4)]
    assert [row["value"] for row in rows] == [0, 1, 1]
    assert [row["definition_version"] for row in rows] == ["1", "2", "3"]
    assert [row["series_break"] for row in rows] == [None, date(2022, 10, 1), date(2022, 10, 1)]
    assert set(lineage["field"]) == {"cashless_status"}


def test_the_register_has_a_row_for_each_version(changed_plans: Plans) -> None:
    rows = describe_indicators(changed_plans)
    assert [(row["definition_version"], row["valid_from"]) for row in rows] == [
        ("1", None),
        ("2", date(2022, 10, 1)),
        ("3", date(2023, 1, 1)),
    ]
    assert [row["version_reason"] for row in rows] == [None, "対象を広げた。", "確認した。"]
    assert [row["definition"] == "すべての手続の数。" for row in rows] == [False, True, True]
    assert len({row["row_id"] for row in rows}) == 3


def test_targets_that_are_not_known_are_said_to_be_unknown(plans: Plans) -> None:
    rows = [
        row
        for row in describe_targets(plans)
        if row["indicator_id"] in {"online_procedures_dx", "staff_trainings"}
    ]
    assert [(row["target_state"], row.get("target_min")) for row in rows] == [
        ("unknown", None),
        ("known", 25),
        ("known", 12),
    ]
    assert "見当たらない" in rows[0]["note"]
    assert all(row.get("decided_on") is None for row in rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"later_versions": (LATEST, LATER)}, "valid_from の古い順"),
        ({"later_versions": (LATER, LATER)}, "definition_version"),
        (
            {"later_versions": (LATER.model_copy(update={"denominator_fields": ("fee",)}),)},
            "denominator_fields が要り",
        ),
    ],
)
def test_versions_out_of_order_are_refused(
    changed: Indicator, changes: dict[str, Any], message: str
) -> None:
    later = [one.model_dump(exclude_unset=True) for one in changes["later_versions"]]
    with pytest.raises(ValidationError, match=message):
        check(changed.model_copy(update={"later_versions": ()}), later_versions=later)


END = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("goal", "bounds", "message"),
    [
        ("at_least", {"target_max": 1}, "target_min だけ"),
        ("keep_at_most", {"target_min": 1}, "target_max だけ"),
        ("range", {"target_min": 1}, "target_min と target_max"),
        ("reach_zero", {"target_max": 1}, "target_max: 0"),
        ("yes_no", {"target_min": 2}, "target_min: 1"),
    ],
)
def test_a_goal_has_its_own_bounds(
    plan: Plan, goal: str, bounds: dict[str, int], message: str
) -> None:
    indicator = plan.indicator("open_datasets")
    with pytest.raises(ValidationError, match=message):
        check(indicator, goal=goal, targets=[{"target_date": END, **bounds}])


def test_targets_stand_in_the_order_of_their_decision(plan: Plan) -> None:
    indicator = plan.indicator("open_datasets")
    older, newer, undated = (
        IndicatorTarget(target_date=END, target_min=Decimal(1), decided_on=day).model_dump()
        for day in (date(2022, 1, 1), date(2022, 2, 1), None)
    )
    assert check(indicator, targets=[undated, older, newer]).target.decided_on == date(2022, 2, 1)
    for targets in ([newer, older], [older, undated]):
        with pytest.raises(ValidationError, match="decided_on の古い順"):
            check(indicator, targets=targets)


def test_later_baselines_have_a_day_and_a_reason(plan: Plan) -> None:
    indicator = plan.indicator("open_datasets")
    later = {"value": 140, "decided_on": date(2022, 10, 1), "reason": "数え直した。"}
    checked = check(indicator, later_baselines=[later])
    assert [one.value for one in checked.baselines] == [130, 140]
    with pytest.raises(ValidationError, match="later_baselines は decided_on の古い順"):
        check(indicator, later_baselines=[later | {"decided_on": None}])
    with pytest.raises(ValidationError, match="later_baselines には reason"):
        check(indicator, later_baselines=[later | {"reason": ""}])


def test_later_methods_have_a_day_and_are_methods_of_the_plan(plan: Plan) -> None:
    described = plan.model_dump()
    later = described["methods"][0] | {"decided_on": date(2022, 10, 1)}
    again = later | {"decided_on": date(2023, 10, 1), "slightly_behind": "0.7"}
    changed = Plan.model_validate(described | {"later_methods": [later, again]})
    assert changed.methods_on(date(2024, 1, 1))[0].slightly_behind == Decimal("0.7")
    assert changed.methods_on(date(2023, 1, 1))[0].slightly_behind == Decimal("0.8")
    with pytest.raises(ValidationError, match="later_methods は decided_on の古い順"):
        Plan.model_validate(described | {"later_methods": [later | {"decided_on": None}]})
    only = described | {"methods": described["methods"][1:], "later_methods": [later]}
    with pytest.raises(ValidationError, match="methods にある method だけ"):
        Plan.model_validate(only)


def test_the_registers_keep_every_baseline_and_method_as_decided(plan: Plan) -> None:
    day = date(2022, 10, 1)
    baseline = Baseline(value=Decimal(140), decided_on=day, reason="数え直した。")
    indicator = plan.indicator("open_datasets").model_copy(update={"later_baselines": (baseline,)})
    given = {"decided_on": day, "on_track": Decimal("0.9")}
    method = LaterMethod(**plan.methods[1].model_dump() | given)
    changed = {"indicators": (indicator,), "later_methods": (method,)}
    plans = Plans((plan.model_copy(update=changed),))
    baselines = [(one["baseline_number"], one["baseline"]) for one in describe_baselines(plans)]
    assert baselines == [(1, 130), (2, 140)]
    assert describe_indicators(plans)[0]["baseline"] == 140
    methods = describe_methods(plans)
    assert [(one["method"], one["method_number"]) for one in methods] == [
        ("linear", 1),
        ("yearly_share", 1),
        ("compound_growth", 1),
        ("yearly_share", 2),
    ]
    assert methods[3]["on_track_from"] == Decimal("0.9")
    assert methods[1]["yearly_shares"] == "25、50、75、100"


@pytest.mark.parametrize(
    ("method", "shares", "message"),
    [
        ("yearly_share", (25, 50, 75), "最後を100"),
        ("linear", (25, 100), "yearly_share のとき"),
        ("yearly_share", (50, 25, 100), "小さい順"),
    ],
)
def test_yearly_shares_rise_to_the_whole(
    method: str, shares: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        CutPoints.model_validate(
            {
                "method": method,
                "on_track": 1,
                "slightly_behind": 1,
                "reason": "",
                "yearly_shares": shares,
            }
        )


def test_there_is_a_yearly_share_for_each_year_of_the_plan(plan: Plan) -> None:
    raw = plan.model_dump()
    raw["methods"][1]["yearly_shares"] = (50, 100)
    with pytest.raises(ValidationError, match=r"計画の年数\(4\)と同じ数"):
        Plan.model_validate(raw)
