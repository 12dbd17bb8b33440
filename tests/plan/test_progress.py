import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import fiscal_year_of
from sumida_data.plan.models import (
    Baseline,
    Goal,
    Indicator,
    IndicatorTarget,
    LaterMethod,
    LaterVersion,
    Plan,
    find_start,
)
from sumida_data.plan.progress import METHODS, Path, assess, compare_with_growth
from sumida_data.present.words import Language

EVE = date(2022, 3, 31)
END = date(2026, 3, 31)
Q3 = date(2022, 12, 31)


@pytest.fixture(scope="module")
def english(raw_parameters: dict[str, Any]) -> Language:
    return Language("en", DataDictionary(tables=()), raw_parameters["site"]["english"])


def indicator_like(plan: Plan, **changes: Any) -> Indicator:
    """The open dataset indicator, 130 at the end of R3 and 200 at the end of R7, changed."""
    one = next(i for i in plan.indicators if i.indicator_id == "open_datasets")
    return one.model_copy(update=changes)


def path(plan: Plan, base: str, target: str, *, goal: str = "at_least", **bounds: Any) -> Indicator:
    """An indicator on its way from the eve of the plan to its end."""
    falls = Decimal(target) < Decimal(base)
    bound = bounds or {"target_max" if falls else "target_min": Decimal(target)}
    return indicator_like(
        plan,
        goal=goal,
        baseline=Baseline(value=Decimal(base), as_of=EVE),
        targets=(IndicatorTarget(target_date=END, **bound),),
    )


def named(plan: Plan, indicator_id: str) -> Indicator:
    return next(i for i in plan.indicators if i.indicator_id == indicator_id)


def judge(
    plan: Plan,
    indicator: Indicator,
    value: str | None,
    as_of: date = Q3,
    method: str = "linear",
    period: str = "FY2022Q3",
) -> dict[str, Any]:
    row = {
        "row_id": "x",
        "municipality_code": "131075",
        "municipality_name": "墨田区",
        "plan_id": "p",
        "indicator_id": indicator.indicator_id,
        "indicator_title": indicator.title,
        "period": period,
        "revision": 1,
        "as_of": as_of,
        "unit": indicator.unit,
        "sample": False,
        "value": None if value is None else Decimal(value),
    }
    rows = assess(plan, indicator, row)
    assert [one["method"] for one in rows] == ["linear", "yearly_share", "compound_growth"]
    return next(one for one in rows if one["method"] == method)


class TestLine:
    def test_every_part_of_a_hand_worked_case(self, plan: Plan) -> None:
        # 275 of the 1,461 days have passed: 130 + 70 × 275/1461 = 143.1759.
        progress = judge(plan, indicator_like(plan), "154")
        assert (progress["start_value"], progress["start_date"]) == (130, EVE)
        assert (progress["target_value"], progress["target_date"]) == (200, END)
        assert progress["expected_value"] == Decimal("143.1759")
        assert progress["gap"] == Decimal("10.8241")
        assert progress["progress_ratio"] == Decimal("1.8215")
        # 24 in 275 days are 31.8764 in 365.25; 46 in the 1,186 days left are 14.1665.
        assert progress["pace_so_far"] == Decimal("31.8764")
        assert progress["pace_needed"] == Decimal("14.1665")
        # 154 + 24 × 1186/275
        assert progress["projected_value"] == Decimal("257.5055")
        assert progress["verdict"] == "on_track"
        assert "仮定" in progress["reason"]
        assert progress["cut_points_reason"]

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
    def test_a_goal_that_grows(self, plan: Plan, value: str | None, verdict: str) -> None:
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
    def test_a_goal_that_falls_to_zero(self, plan: Plan, value: str, verdict: str) -> None:
        progress = judge(plan, path(plan, "50", "0", goal="reach_zero"), value)
        # 50 − 50 × 275/1461
        assert progress["expected_value"] == Decimal("40.5886")
        assert progress["verdict"] == verdict

    @pytest.mark.parametrize(
        ("value", "verdict"), [("10", "on_track"), ("1", "behind"), ("50", "achieved")]
    )
    def test_a_goal_that_starts_from_zero(self, plan: Plan, value: str, verdict: str) -> None:
        assert judge(plan, path(plan, "0", "50"), value)["verdict"] == verdict

    @pytest.mark.parametrize(
        ("value", "verdict"),
        [("50", "achieved"), ("60", "achieved"), ("61", "behind"), ("40", "slightly_behind")],
    )
    def test_a_range_is_reached_within_and_missed_beyond(
        self, plan: Plan, value: str, verdict: str
    ) -> None:
        wanted = path(
            plan, "37", "55", goal="range", target_min=Decimal(50), target_max=Decimal(60)
        )
        # Towards the middle: 37 + 18 × 275/1461 = 40.39; 3 of 3.39 is 0.89.
        assert judge(plan, wanted, value)["verdict"] == verdict

    def test_yes_or_no(self, plan: Plan) -> None:
        wanted = path(plan, "0", "1", goal="yes_no")
        assert judge(plan, wanted, "1")["verdict"] == "achieved"
        # Before its day nothing can be said of something that is or is not.
        assert judge(plan, wanted, "0")["verdict"] == "cannot_say"
        assert "期日の前には判定しない" in judge(plan, wanted, "0")["reason"]
        assert judge(plan, wanted, "0", date(2026, 4, 1))["verdict"] == "behind"

    def test_a_level_to_keep_is_kept_or_lost(self, plan: Plan) -> None:
        keep = named(plan, "serious_incidents")
        kept = judge(plan, keep, "0")
        assert (kept["verdict"], kept["reason"]) == ("kept", "期日の前だが、今は目標どおりである。")
        assert judge(plan, keep, "0", END)["verdict"] == "achieved"
        # One that has happened in the year stays in its count.
        assert judge(plan, keep, "1")["verdict"] == "behind"
        assert judge(plan, keep, "0")["progress_ratio"] is None

    @pytest.mark.parametrize("method", METHODS)
    def test_a_target_passed_by_far_is_achieved_but_doubted(self, plan: Plan, method: str) -> None:
        cashless = named(plan, "cashless_procedures")
        passed = judge(plan, cashless, "209", method=method)
        assert passed["verdict"] == "achieved"
        # 209 ÷ 40 = 5.225
        assert "目標値の5.2倍" in passed["reason"]
        assert judge(plan, cashless, "120", method=method)["reason"] == "目標値に達している。"

    @pytest.mark.parametrize(
        ("base", "target", "value"), [("120", "100", "90"), ("100", "100", "98"), ("5", "10", "12")]
    )
    def test_what_was_reached_at_the_start_and_lost_is_behind(
        self, plan: Plan, base: str, target: str, value: str
    ) -> None:
        falls = Decimal(value) > Decimal(target)
        bound = {"target_max" if falls else "target_min": Decimal(target)}
        lost = path(plan, base, target, goal="at_most" if falls else "at_least", **bound)
        progress = judge(plan, lost, value)
        assert progress["verdict"] == "behind"
        assert progress["reason"].startswith("起点では目標値に達していた")

    @pytest.mark.parametrize(
        ("value", "verdict"),
        [("30", "achieved"), ("46.2", "on_track"), ("46.9", "slightly_behind"), ("47", "behind")],
    )
    def test_a_goal_not_to_exceed(self, plan: Plan, value: str, verdict: str) -> None:
        # 50 − 20 × 275/1461 = 46.2355, that is 3.7645 less; 46.9 is 0.82 of it, 47 is 0.797.
        at_most = path(plan, "50", "30", goal="at_most")
        progress = judge(plan, at_most, value)
        assert progress["expected_value"] == Decimal("46.2355")
        assert progress["verdict"] == verdict

    def test_a_level_not_to_fall_below(self, plan: Plan) -> None:
        keep = path(plan, "95", "90", goal="keep_at_least", target_min=Decimal(90))
        assert judge(plan, keep, "90")["verdict"] == "kept"
        assert judge(plan, keep, "90", END)["verdict"] == "achieved"
        lost = judge(plan, keep, "89.9")
        assert (lost["verdict"], lost["reason"]) == ("behind", "保つべき目標値から外れている。")

    def test_a_baseline_after_the_day_of_the_target(self, plan: Plan) -> None:
        late = indicator_like(
            plan,
            baseline=Baseline(value=Decimal(10), as_of=END),
            targets=(IndicatorTarget(target_date=Q3, target_min=Decimal(20)),),
        )
        assert judge(plan, late, "15")["expected_value"] == 20
        assert judge(plan, late, "15", END)["verdict"] == "behind"

    def test_a_target_before_the_end_of_the_plan_and_after_its_day(self, plan: Plan) -> None:
        procedures = named(plan, "online_procedures_dx")
        # 6 + 19 × 275/365 = 20.3151
        assert judge(plan, procedures, "23")["expected_value"] == Decimal("20.3151")
        late = judge(plan, procedures, "24", date(2023, 6, 30))
        assert (late["verdict"], late["pace_needed"]) == ("behind", None)
        assert late["reason"].startswith("期日になった")
        assert judge(plan, procedures, "25", date(2023, 6, 30))["verdict"] == "achieved"

    def test_before_the_path_starts(self, plan: Plan) -> None:
        early = judge(plan, indicator_like(plan), "131", EVE)
        assert (early["expected_value"], early["verdict"]) == (130, "cannot_say")
        assert early["pace_so_far"] is None


class TestTargetInForce:
    @pytest.fixture
    def raised(self, plan: Plan) -> Indicator:
        """Raised from 160 to 200 on 1 October 2022."""
        return indicator_like(
            plan,
            targets=(
                IndicatorTarget(
                    target_date=END, target_min=Decimal(160), decided_on=date(2022, 4, 1)
                ),
                IndicatorTarget(
                    target_date=END, target_min=Decimal(200), decided_on=date(2022, 10, 1)
                ),
            ),
        )

    def test_an_indicator_of_a_day_shows_the_target_of_that_day(self, raised: Indicator) -> None:
        shown = [
            raised.on(day).target.value
            for day in (date(2022, 3, 31), date(2022, 9, 30), date(2022, 10, 1))
        ]
        assert shown == [160, 160, 200]
        assert len(raised.targets) == 2

    def test_a_value_is_judged_by_the_target_of_its_day(
        self, plan: Plan, raised: Indicator
    ) -> None:
        before = judge(plan, raised, "162", date(2022, 9, 30))
        assert (before["target_value"], before["verdict"]) == (160, "achieved")
        assert before["target_decided_on"] == date(2022, 4, 1)
        after = judge(plan, raised, "162", date(2022, 10, 1))
        assert (after["target_min"], after["verdict"]) == (200, "on_track")

    def test_a_value_is_judged_by_the_baseline_of_its_day(self, plan: Plan) -> None:
        later = Baseline(value=Decimal(140), decided_on=date(2022, 10, 1), reason="数え直した。")
        changed = indicator_like(plan, later_baselines=(later,))
        before, after = (
            judge(plan, changed, "150", day) for day in (date(2022, 9, 30), date(2022, 10, 1))
        )
        assert (before["start_value"], after["start_value"]) == (130, 140)
        days = date(2022, 9, 30), date(2022, 10, 1)
        assert [changed.on(day).baseline.value for day in days] == [130, 140]
        assert changed.on(days[1]).later_baselines == ()

    def test_a_value_is_judged_by_the_methods_of_its_day(self, plan: Plan) -> None:
        given = {"decided_on": date(2022, 10, 1), "slightly_behind": Decimal("0.1")}
        later = LaterMethod(**plan.methods[0].model_dump() | given)
        changed = plan.model_copy(update={"later_methods": (later,)})
        days = date(2022, 9, 30), date(2022, 10, 1)
        found = [judge(changed, indicator_like(plan), "132", day) for day in days]
        assert [row["slightly_behind_from"] for row in found] == [Decimal("0.8"), Decimal("0.1")]
        assert [row["verdict"] for row in found] == ["behind", "slightly_behind"]
        assert [one.method for one in changed.on(days[1]).methods] == [
            one.method for one in plan.methods
        ]

    def test_before_any_target_nothing_can_be_said(self, plan: Plan, raised: Indicator) -> None:
        early = judge(plan, raised, "162", date(2022, 3, 31))
        assert early["verdict"] == "cannot_say"
        assert early["reason"] == "この時点で定められていた目標値がないため判定できない。"
        assert early["target_value"] is None


def test_after_a_break_the_verdict_says_that_it_compares_different_things(plan: Plan) -> None:
    broken = indicator_like(
        plan,
        later_versions=(
            LaterVersion(
                definition_version="2",
                valid_from=date(2022, 10, 1),
                version_reason="数える対象が変わった。",
                series_break=True,
            ),
        ),
    )
    progress = judge(plan, broken, "154")
    assert progress["series_break"] == date(2022, 10, 1)
    assert "違うものを比べている。数える対象が変わった。" in progress["reason"]
    assert judge(plan, broken, "154", period="FY2022Q2")["series_break"] is None
    assert "違うもの" not in judge(plan, broken, None)["reason"]


class TestYearlyShares:
    def test_the_shares_are_those_of_the_plan(self, plan: Plan) -> None:
        cuts = plan.methods[1].model_copy(
            update={"yearly_shares": tuple(map(Decimal, (10, 30, 60, 100)))}
        )
        slow = plan.model_copy(update={"methods": (plan.methods[0], cuts, plan.methods[2])})
        # 130 + 70 × 10 %; a target that is due earlier has equal shares of its own time.
        assert (
            judge(slow, indicator_like(plan), "137", method="yearly_share")["expected_value"] == 137
        )
        early = named(plan, "online_procedures_dx")
        assert judge(slow, early, "23", method="yearly_share")["expected_value"] == 25

    @pytest.mark.parametrize(
        ("as_of", "expected"),
        [
            (date(2022, 6, 30), "147.5"),
            (Q3, "147.5"),
            (date(2023, 3, 31), "147.5"),
            (date(2023, 4, 1), "165"),
            (date(2025, 12, 31), "200"),
            (date(2027, 1, 1), "200"),
        ],
    )
    def test_each_fiscal_year_has_its_quarter_of_the_way(
        self, plan: Plan, as_of: date, expected: str
    ) -> None:
        assert judge(plan, indicator_like(plan), "131", as_of, "yearly_share")[
            "expected_value"
        ] == Decimal(expected)

    @pytest.mark.parametrize(
        ("value", "verdict"), [("148", "on_track"), ("141", "slightly_behind"), ("140", "behind")]
    )
    def test_verdicts(self, plan: Plan, value: str, verdict: str) -> None:
        assert judge(plan, indicator_like(plan), value, method="yearly_share")["verdict"] == verdict

    def test_a_target_in_the_first_year_is_due_in_full_in_that_year(self, plan: Plan) -> None:
        progress = judge(plan, named(plan, "online_procedures_dx"), "23", method="yearly_share")
        assert (progress["expected_value"], progress["verdict"]) == (25, "slightly_behind")
        assert "計画した進みの89%に達している。" in progress["reason"]

    def test_a_value_from_before_the_plan_cannot_be_judged(self, plan: Plan) -> None:
        assert (
            judge(plan, indicator_like(plan), "131", EVE, "yearly_share")["verdict"] == "cannot_say"
        )


class TestGrowth:
    def test_a_hand_worked_case(self, plan: Plan) -> None:
        # From 100 to 400 in four years of 365.25 days is the fourth root of 4, 1.4142, a year; after
        # 365 days 141.39 is due, and 130 is growth of 30.02 % a year of the 41.42 % required.
        one = path(plan, "100", "400")
        progress = judge(plan, one, "130", date(2023, 3, 31), "compound_growth")
        assert progress["expected_value"] == Decimal("141.3878")
        assert progress["progress_ratio"] == Decimal("0.7248")
        assert progress["verdict"] == "slightly_behind"

    @pytest.mark.parametrize(
        ("base", "target", "value"), [("0", "50", "1"), ("50", "0", "20"), ("10", "60", "0")]
    )
    def test_it_does_not_apply_to_zeros(
        self, plan: Plan, base: str, target: str, value: str
    ) -> None:
        progress = judge(plan, path(plan, base, target), value, method="compound_growth")
        assert (progress["verdict"], progress["progress_ratio"]) == ("not_applicable", None)
        assert "0からの伸び率" in progress["reason"]

    def test_it_does_not_apply_without_time_or_way(self, plan: Plan) -> None:
        early = judge(plan, path(plan, "10", "60"), "20", EVE, "compound_growth")
        assert early["verdict"] == "not_applicable"
        level = compare_with_growth(
            Path(Decimal(10), Decimal(10), Decimal(9), 1461, 275, 4, 1, ""), plan.methods[2]
        )
        assert (level[1], level[2][:5]) == (None, "伸びを比べ")

    @pytest.mark.parametrize("value", ["20", "59", "5"])
    @pytest.mark.parametrize("days", [1, 2, 20])
    def test_days_after_the_start_never_break_it(self, plan: Plan, value: str, days: int) -> None:
        one = path(plan, "10", "60")
        progress = judge(plan, one, value, EVE + timedelta(days=days), "compound_growth")
        # A rate of growth is not drawn from days; a loss can be told as a difference.
        assert progress["progress_ratio"] is None
        assert progress["verdict"] == ("behind" if value == "5" else "not_applicable")
        assert ("計画した値との差" if value == "5" else "10倍を超える") in progress["reason"]


class TestWhatBeginsEachYear:
    """The security training rate: 99 at the end of R3, 100 at the end of R7, anew each year."""

    JUNE = date(2022, 6, 30)

    def test_within_the_year_it_is_not_judged(self, plan: Plan) -> None:
        training = named(plan, "security_training_rate")
        for method in METHODS:
            progress = judge(plan, training, "31", self.JUNE, method, "FY2022Q1")
            assert progress["verdict"] == "cannot_say"
            assert "年度の途中のため判定しない" in progress["reason"]
            names = ("expected_value", "gap", "progress_ratio", "pace_so_far", "projected_value")
            assert [progress[name] for name in names] == [None] * 5

    def test_at_the_end_of_the_year_it_is(self, plan: Plan) -> None:
        training = named(plan, "security_training_rate")
        last = date(2023, 3, 31)
        assert judge(plan, training, "100", last)["verdict"] == "kept"
        low = judge(plan, training, "31", last)
        assert low["verdict"] == "behind"
        assert low["reason"].startswith("計画した値との差は-68.2ポイント。")
        assert low["progress_ratio"] is None
        assert (low["projected_value"], low["pace_needed"]) == (0, Decimal("22.9948"))
        assert judge(plan, training, "99", last)["verdict"] == "slightly_behind"

    def test_a_year_that_begins_after_the_day_is_not_judged_by_it(self, plan: Plan) -> None:
        training = named(plan, "security_training_rate")
        assert judge(plan, training, "31", date(2026, 6, 30))["verdict"] == "cannot_say"
        assert judge(plan, training, "31", END)["verdict"] == "behind"

    def test_reached_early_it_may_be_lost_again(self, plan: Plan) -> None:
        training = named(plan, "security_training_rate")
        assert judge(plan, training, "100", self.JUNE)["verdict"] == "kept"
        assert judge(plan, training, "100", END)["verdict"] == "achieved"


class TestWhatACarefulPersonWouldSign:
    """Whatever the goal, the baseline, the days and the value."""

    DAYS = st.dates(EVE - timedelta(days=400), END + timedelta(days=400))
    GOALS = st.sampled_from(get_args(Goal))
    KINDS = st.sampled_from(["stock", "ratio", "cumulative", "flow"])
    AMOUNTS = st.one_of(
        st.decimals(0, 100, places=1), st.integers(0, 100_000).map(Decimal), st.just(Decimal(0))
    )

    @staticmethod
    def bounds(goal: str, target: Decimal, width: Decimal) -> dict[str, Decimal]:
        if goal == "range":
            return {"target_min": target, "target_max": target + width}
        if goal in {"at_most", "keep_at_most", "reach_zero"}:
            return {"target_max": Decimal(0) if goal == "reach_zero" else target}
        return {"target_min": Decimal(1) if goal == "yes_no" else target}

    @settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_no_number_and_no_sentence_is_absurd(
        self, plan: Plan, english: Language, data: st.DataObject
    ) -> None:
        goal, kind = data.draw(self.GOALS), data.draw(self.KINDS)
        share = kind == "ratio"
        amounts = st.decimals(0, 100, places=1) if share else self.AMOUNTS
        base, target, width, value = (data.draw(amounts) for _ in range(4))
        width = min(width, 100 - target) if share else width
        start_day, target_day, as_of = (data.draw(self.DAYS) for _ in range(3))
        indicator = indicator_like(
            plan,
            goal=goal,
            kind=kind,
            unit="%" if share else "件",
            year_to_date=share and data.draw(st.booleans()),
            baseline=Baseline(value=base, as_of=start_day),
            targets=(IndicatorTarget(target_date=target_day, **self.bounds(goal, target, width)),),
        )
        for method in METHODS:
            progress = judge(plan, indicator, str(value), as_of, method)
            self.check(indicator, progress, value, as_of)
            assert english.find(progress["reason"]), progress["reason"]

    def check(self, indicator: Indicator, row: dict[str, Any], value: Decimal, day: date) -> None:
        target, verdict, reason = indicator.target, row["verdict"], row["reason"]
        reached, due = target.is_reached_by(value), day >= target.target_date
        anew = indicator.kind == "flow" or indicator.year_to_date
        within = anew and (day.month, day.day) != (3, 31)
        later = within and fiscal_year_of(day) > fiscal_year_of(target.target_date)
        assert reason
        assert all(0 <= int(found) < 100 for found in re.findall(r"(-?\d+)%", reason))
        assert not re.search(r"[+-]0(\.0)?[^.\d]", reason)
        assert (verdict in {"achieved", "kept"}) == reached
        if reached or (due and not later):
            assert verdict in {"achieved", "kept"} if reached else verdict == "behind"
            names = ("progress_ratio", "pace_needed", "projected_value")
            assert [row[name] for name in names] == [None] * 3
        if verdict == "achieved" and (anew or indicator.goal.startswith("keep")):
            assert due
        if within and (later or not due) and not reached:
            lost = (indicator.kind, indicator.goal) == ("flow", "keep_at_most")
            assert verdict == ("behind" if lost else "cannot_say")
        if (ratio := row["progress_ratio"]) is not None:
            assert 0 <= ratio <= 100
        if indicator.kind == "ratio":
            known = (row["expected_value"], row["projected_value"])
            assert all(0 <= one <= 100 for one in known if one is not None)
        if "今は外れている" in reason:
            assert row["start_date"] <= day
        if row["gap"] is not None and verdict == "on_track" and row["on_track_from"] == 1:
            # Rounded to four places.
            toward = 1 if target.value > row["start_value"] else -1
            assert toward * row["gap"] >= 0

    @pytest.mark.parametrize(
        ("goal", "bounds", "verdict"),
        [
            ("at_most", {"target_max": Decimal("0.1")}, "cannot_say"),
            ("range", {"target_min": Decimal("0.1"), "target_max": Decimal("0.2")}, "behind"),
        ],
    )
    def test_a_value_from_before_the_start_beyond_the_target_is_no_progress(
        self, plan: Plan, goal: Goal, bounds: dict[str, Decimal], verdict: str
    ) -> None:
        indicator = indicator_like(
            plan,
            goal=goal,
            baseline=Baseline(value=Decimal(0), as_of=EVE),
            targets=(IndicatorTarget(target_date=END, **bounds),),
        )
        row = judge(plan, indicator, "10.1", EVE - timedelta(days=300))
        assert (row["verdict"], row["progress_ratio"]) == (verdict, None)

    @settings(max_examples=300, deadline=None)
    @given(base=AMOUNTS, target=AMOUNTS, low=AMOUNTS, more=st.decimals(0, 50, places=1), day=DAYS)
    def test_a_better_value_never_has_a_worse_verdict(
        self, plan: Plan, base: Decimal, target: Decimal, low: Decimal, more: Decimal, day: date
    ) -> None:
        indicator = indicator_like(
            plan,
            baseline=Baseline(value=base, as_of=EVE),
            targets=(IndicatorTarget(target_date=END, target_min=target),),
        )
        order = ("behind", "slightly_behind", "on_track", "achieved")
        worse, better = (
            judge(plan, indicator, str(value), day)["verdict"] for value in (low, low + more)
        )
        if worse != "cannot_say" and better != "cannot_say":
            assert order.index(worse) <= order.index(better)


def test_where_methods_disagree_they_say_so(plan: Plan) -> None:
    # On the line (143.2) but short of the first year's quarter (147.5).
    one = indicator_like(plan)
    assert judge(plan, one, "144", method="linear")["agrees"]
    assert not judge(plan, one, "144", method="yearly_share")["agrees"]
    zero = path(plan, "0", "50")
    assert judge(plan, zero, "10", method="compound_growth")["agrees"]


def test_a_cumulative_count_starts_from_zero_on_the_eve_of_the_plan(plan: Plan) -> None:
    trainings = named(plan, "staff_trainings")
    start = find_start(plan, trainings)
    assert start is not None
    assert (start.value, start.day) == (0, EVE)
    # 12 × 275/1461
    assert judge(plan, trainings, "3")["expected_value"] == Decimal("2.2587")
    assert judge(plan, trainings, "3")["verdict"] == "on_track"
    assert judge(plan, trainings, "1")["verdict"] == "behind"


def test_without_a_baseline_only_the_target_itself_decides(plan: Plan) -> None:
    systems = named(plan, "standardized_systems")
    assert find_start(plan, systems) is None
    assert judge(plan, systems, "17")["verdict"] == "cannot_say"
    assert judge(plan, systems, "18")["verdict"] == "achieved"
    missing = judge(plan, systems, None)
    assert (missing["verdict"], missing["reason"]) == ("cannot_say", "値がないため判定できない。")


def test_a_known_and_an_assumed_day_of_the_baseline(plan: Plan) -> None:
    card, approval = named(plan, "mynumber_card_rate"), named(plan, "electronic_approval_rate")
    assert judge(plan, card, "59.3", date(2023, 1, 31))["start_date"] == date(2021, 9, 1)
    progress = judge(plan, approval, "64.4", EVE)
    # 58 + 42 × 365/1826 = 66.3954; 6.4 of 8.3954 is 0.7623.
    assert (progress["expected_value"], progress["progress_ratio"]) == (
        Decimal("66.3954"),
        Decimal("0.7623"),
    )
    assert progress["verdict"] == "behind"
    assert "仮定" in progress["reason"]
    # What does not follow from the day of the start says nothing of it.
    others = (("64.4", EVE, "yearly_share"), ("64.4", END, "linear"), ("100", EVE, "linear"))
    assert [one for one in others if "仮定" in judge(plan, approval, *one)["reason"]] == []
