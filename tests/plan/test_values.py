from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.models import Plan, Plans
from sumida_data.plan.progress import assess
from sumida_data.plan.values import (
    Coverage,
    QueryError,
    Reply,
    measure_coverage,
    round_half_up,
)
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Form, Wave, Waves
from tests.plan.conftest import Answers

Compute = Callable[..., Any]
DONE = {"dx_plan_target": "該当", "priority_target": "非該当", "online_status": "済"}


def test_a_stock_counts_what_is_done_by_the_last_day(answers: Answers, compute: Compute) -> None:
    answers.add("procedure", "T1", **DONE, online_started_on="2022-12-31")
    answers.add("procedure", "T2", **DONE, online_started_on="2023-01-01")
    answers.add(
        "procedure", "T3", **(DONE | {"online_status": "予定"}), online_started_on="2022-04-01"
    )
    answers.add("procedure", "T4", **DONE, online_started_on=None)
    answers.add(
        "procedure",
        "T5",
        dx_plan_target="非該当",
        priority_target="該当",
        online_status="済",
        online_started_on="2022-04-01",
    )
    answers.add("procedure", "T6", municipality="131083", **DONE, online_started_on="2022-04-01")
    values, lineage = compute("FY2022Q3")
    assert values["online_procedures_dx", "FY2022Q3"]["value"] == 1
    assert values["online_procedures_priority", "FY2022Q3"]["value"] == 2
    ours = lineage[lineage["indicator_id"] == "online_procedures_dx"]
    assert sorted(ours["field"]) == ["dx_plan_target", "online_started_on", "online_status"]
    assert set(ours["cell"]) == {"A1", "C1", "D1"}
    assert set(ours["role"]) == {"numerator"}


def test_a_real_zero_is_not_a_missing_value(answers: Answers, compute: Compute) -> None:
    answers.add("procedure", "T1", **(DONE | {"online_status": "未定"}), online_started_on=None)
    values, _ = compute("FY2022Q3")
    zero = values["online_procedures_dx", "FY2022Q3"]
    assert (zero["value"], zero["value_status"], zero["numerator"]) == (0, "measured", 0)
    missing = values["mynumber_card_rate", "FY2022Q3"]
    assert (missing["value"], missing["value_status"]) == (None, "not_measured")
    not_asked = values["standardized_systems", "FY2022Q3"]
    assert (not_asked["value"], not_asked["value_status"]) == (None, "not_measured")
    assert not_asked["note"] == "この期間は照会していない。"


def test_nobody_answering_is_not_zero(answers: Answers, compute: Compute) -> None:
    values, _ = compute("FY2022Q3", answered=0)
    incidents = values["serious_incidents", "FY2022Q3"]
    assert (incidents["value"], incidents["value_status"]) == (None, "not_measured")
    assert (incidents["departments_asked"], incidents["departments_answered"]) == (75, 0)


def test_a_ratio_comes_from_sums_and_leaves_incomplete_rows_out(
    answers: Answers, compute: Compute
) -> None:
    answers.add("security_training", "", department="1", trainees="1", trainees_expected="1")
    answers.add("security_training", "", department="2", trainees="50", trainees_expected="100")
    answers.add("security_training", "", department="3", trainees=None, trainees_expected="1000")
    values, lineage = compute("FY2022Q3")
    rate = values["security_training_rate", "FY2022Q3"]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (50, 51, 101)
    assert rate["note"] == "受講者数か研修対象者数が空の1行は数に入れていない。"
    assert len(lineage[lineage["indicator_id"] == "security_training_rate"]) == 4


def test_a_zero_denominator_cannot_be_said(answers: Answers, compute: Compute) -> None:
    answers.add("security_training", "", trainees="0", trainees_expected="0")
    values, _ = compute("FY2022Q3")
    rate = values["security_training_rate", "FY2022Q3"]
    assert (rate["value"], rate["value_status"]) == (None, "cannot_say")
    assert rate["note"] == "分母が0のため、求められない。"


@pytest.mark.parametrize(("trainees", "value"), [("40", 100), ("41", None), ("5923950", None)])
def test_what_no_part_of_a_whole_can_be_is_not_said(
    answers: Answers, compute: Compute, trainees: str, value: int | None
) -> None:
    answers.add("security_training", "", trainees=trainees, trainees_expected="40")
    values, _ = compute("FY2022Q3")
    rate = values["security_training_rate", "FY2022Q3"]
    assert rate["value"] == value
    if value is None:
        assert rate["value_status"] == "cannot_say"
        assert rate["note"] == "分子が分母より大きいか、0より小さいため、求められない。"


@pytest.mark.parametrize(
    ("cards", "population", "rate"),
    [
        ("163501", "275724", "59.3"),
        ("110589", "275647", "40.1"),
        ("15", "80", "18.8"),
        ("1", "2000", "0.1"),
    ],
)
def test_rounding_is_half_up(
    answers: Answers, compute: Compute, cards: str, population: str, rate: str
) -> None:
    answers.add(
        "mynumber_card",
        "墨田区",
        department=None,
        cards=cards,
        population=population,
        as_of="2023-01-31",
        population_as_of="2022-01-01",
        prefecture_name="東京都",
        municipality_name="墨田区",
    )
    values, _ = compute("FY2022Q3")
    value = values["mynumber_card_rate", "FY2022Q3"]
    assert value["value"] == Decimal(rate)
    assert value["as_of"] == date(2023, 1, 31)


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=4), st.integers(0, 3))
def test_half_up_is_never_further_than_half_a_step(number: Decimal, decimals: int) -> None:
    step = Decimal(1).scaleb(-decimals)
    rounded = round_half_up(number, decimals)
    assert abs(rounded - number) <= step / 2
    if abs(rounded - number) == step / 2:
        assert abs(rounded) > abs(number)


def test_events_listed_again_count_once(answers: Answers, compute: Compute) -> None:
    for period in ("FY2022Q1", "FY2022Q2", "FY2022Q3"):
        answers.add("training", "a", period=period, training_name="DX", held_on="2022-05-01")
    answers.add("training", "b", training_name="DX", held_on="2022-11-01")
    answers.add("training", "c", department="1204", training_name="DX", held_on="2022-05-01")
    answers.add("training", "d", training_name="前年", held_on="2022-03-31")
    answers.add("training", "e", training_name="これから", held_on="2023-01-01")
    values, lineage = compute("FY2022Q1", "FY2022Q3")
    assert values["staff_trainings", "FY2022Q1"]["value"] == 1
    assert values["staff_trainings", "FY2022Q3"]["value"] == 3
    assert set(
        lineage.query("indicator_id == 'staff_trainings' and period == 'FY2022Q3'")["source_file"]
    ) == {"FY2022Q3/x.xlsx"}


def test_a_cumulative_count_is_not_measured_before_the_plan(
    answers: Answers, compute: Compute
) -> None:
    values, _ = compute("FY2021Q4")
    before = values["staff_trainings", "FY2021Q4"]
    assert (before["value"], before["value_status"]) == (None, "not_measured")


def test_the_newest_word_on_an_incident_counts(answers: Answers, compute: Compute) -> None:
    answers.add(
        "security_incident", "a", period="FY2022Q2", occurred_on="2022-08-01", serious="非該当"
    )
    answers.add(
        "security_incident", "a", period="FY2022Q3", occurred_on="2022-08-01", serious="該当"
    )
    answers.add(
        "security_incident", "b", period="FY2022Q2", occurred_on="2022-03-01", serious="該当"
    )
    values, _ = compute("FY2022Q2", "FY2022Q3")
    assert values["serious_incidents", "FY2022Q2"]["value"] == 0
    assert values["serious_incidents", "FY2022Q3"]["value"] == 1


def test_datasets_are_counted_not_files(answers: Answers, compute: Compute) -> None:
    for number, (dataset, status) in enumerate(
        [("a", "配信中"), ("a", "配信中"), ("b", "配信停止中"), ("c", "配信中")]
    ):
        answers.add(
            "open_dataset",
            str(number),
            department=None,
            dataset_id=dataset,
            dataset_title="x",
            file_id=str(number),
            file_status=status,
        )
    values, lineage = compute("FY2022Q3")
    assert values["open_datasets", "FY2022Q3"]["value"] == 2
    assert len(lineage[lineage["indicator_id"] == "open_datasets"]) == 4


def test_what_is_published_after_the_as_of_date_does_not_change_the_count(
    answers: Answers, compute: Compute
) -> None:
    # Publishing this very figure adds a dataset; the list may be saved after that.
    days = {"old": "2022-04-01", "last": "2022-12-31", "packages": "2023-01-20", "undated": None}
    for name, day in days.items():
        answers.add(
            "open_dataset",
            name,
            department=None,
            dataset_id=name,
            dataset_title="x",
            published_on=day,
            file_id=name,
            file_status="配信中",
        )
    values, lineage = compute("FY2022Q3")
    assert values["open_datasets", "FY2022Q3"]["value"] == 3
    ours = lineage[lineage["indicator_id"] == "open_datasets"]
    assert "packages" not in set(ours["value"])


def test_cards_issued_and_cards_held_are_different_series(
    answers: Answers, compute: Compute, plan: Plan
) -> None:
    for period, as_of, field in [
        ("FY2023Q1", "2023-06-30", "cards"),
        ("FY2023Q2", "2023-09-30", "cards_held"),
    ]:
        answers.add(
            "mynumber_card",
            as_of,
            period=period,
            department=None,
            prefecture_name="東京都",
            municipality_name="墨田区",
            population="200",
            population_as_of="2023-01-01",
            as_of=as_of,
            **{field: "150" if field == "cards" else "140"},
        )
    values, lineage = compute("FY2023Q1", "FY2023Q2")
    issued, held = (values["mynumber_card_rate", f"FY2023Q{quarter}"] for quarter in (1, 2))
    assert (issued["value"], issued["definition_version"]) == (Decimal("75.0"), "1")
    assert (held["value"], held["definition_version"]) == (Decimal("70.0"), "2")
    assert (issued["series_break"], held["series_break"]) == (None, date(2023, 7, 1))
    fields = lineage[lineage["indicator_id"] == "mynumber_card_rate"]
    assert set(fields["field"]) == {"cards", "cards_held", "population"}
    before, after = (
        assess(plan, plan.indicator("mynumber_card_rate"), value)[0] for value in (issued, held)
    )
    # The target of 70 was set for cards issued, so that even a verdict of 達成 says so.
    assert (before["series_break"], before["reason"][:10]) == (None, "目標値に達している。")
    assert after["verdict"] == "achieved"
    assert "違うものを比べている" in after["reason"]


YEAR = [*(f"2021-{month:02}" for month in range(4, 13)), "2022-01", "2022-02", "2022-03"]


def add_approvals(answers: Answers, months: list[str]) -> None:
    approved = {"2021-03": "1", "2021-04": "60", "2022-03": "4", "2022-04": "1"}
    for month in months:
        answers.add(
            "document_approval",
            month,
            period="FY2021Q4",
            month=month,
            drafts="110" if month in approved else "10",
            electronic_approvals=approved.get(month, "0"),
            exempt="10",
            as_of=f"{month}-28",
        )


def test_electronic_approval_takes_the_last_full_fiscal_year(
    answers: Answers, compute: Compute
) -> None:
    add_approvals(answers, ["2021-03", *YEAR, "2022-04"])
    values, _ = compute("FY2022Q3")
    rate = values["electronic_approval_rate", "FY2022Q3"]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (Decimal("32.0"), 64, 200)
    assert rate["as_of"] == date(2022, 3, 28)


@pytest.mark.parametrize("missing", ["2021-04", "2021-10", "2022-03"])
def test_a_year_of_which_a_month_is_missing_is_not_measured(
    answers: Answers, compute: Compute, missing: str
) -> None:
    add_approvals(answers, [month for month in YEAR if month != missing])
    values, _ = compute("FY2021Q4", "FY2022Q3")
    rate = values["electronic_approval_rate", "FY2022Q3"]
    assert (rate["value"], rate["value_status"]) == (None, "not_measured")
    assert rate["note"] == "この期間のデータがない。"
    assert values["electronic_approval_rate", "FY2021Q4"]["note"] == "数える期間の行がそろわない。"


def test_what_was_carried_forward_shows_in_the_value(answers: Answers, compute: Compute) -> None:
    answers.add("procedure", "T1", period="FY2022Q2", **DONE, online_started_on="2022-04-01")
    answers.carry("FY2022Q3")
    values, lineage = compute("FY2022Q2", "FY2022Q3")
    assert values["online_procedures_dx", "FY2022Q2"]["value_status"] == "measured"
    carried = values["online_procedures_dx", "FY2022Q3"]
    assert (carried["value"], carried["value_status"]) == (1, "carried_forward_in_part")
    assert carried["note"] == "1課は前回から変更なしとして引き継いだ。"
    ours = lineage.query("indicator_id == 'online_procedures_dx' and period == 'FY2022Q3'")
    assert set(zip(ours["change"], ours["carried_from"], ours["source_file"], strict=True)) == {
        ("carried_forward", "FY2022Q2", "FY2022Q2/x.xlsx")
    }


def test_a_broken_query_names_its_indicator(answers: Answers, compute: Compute, plan: Plan) -> None:
    broken = plan.indicator("cashless_procedures").model_copy(
        update={"query": "SELECT nothing FROM procedure"}
    )
    with pytest.raises(QueryError, match="cashless_procedures"):
        compute("FY2022Q3", plans=Plans((plan.model_copy(update={"indicators": (broken,)}),)))


DEPARTMENTS = [
    Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "公表資料"),
    Department("1204", "区民部", "窓口課", date(2020, 4, 1), None, "公表資料"),
    Department("1903", "都市整備部", "道路公園課", date(2020, 4, 1), date(2022, 3, 31), "公表資料"),
]


@pytest.fixture
def by_owner(compute_all: Compute, dictionary: DataDictionary) -> Any:
    def divide(indicator: str) -> dict[str, dict[str, Any]]:
        *_, rows = compute_all("FY2022Q3", departments=DEPARTMENTS)
        build_frame(dictionary["indicator_value_by_department"], rows)
        ours = [row for row in rows if row["indicator_id"] == indicator]
        return {row["section"] or row["department_code"] or row["division"]: row for row in ours}

    return divide


def test_a_division_s_rate_comes_from_its_sums_not_from_its_departments_rates(
    answers: Answers, by_owner: Any
) -> None:
    answers.add("security_training", "", department="1203", trainees="1", trainees_expected="1")
    answers.add("security_training", "", department="1204", trainees="50", trainees_expected="99")
    rows = by_owner("security_training_rate")
    assert (rows["税務課"]["value"], rows["窓口課"]["value"]) == (100, 51)
    assert rows["区民部"]["value"] == 51
    assert (rows["区民部"]["numerator"], rows["区民部"]["denominator"]) == (51, 100)
    assert (rows["区民部"]["level"], rows["税務課"]["level"]) == ("部", "課")


def test_counts_add_up(answers: Answers, by_owner: Any) -> None:
    done = {"cashless_status": "済", "cashless_started_on": "2022-04-01"}
    for number in range(12):
        answers.add("procedure", f"T{number}", department="1203" if number < 7 else "1204", **done)
    rows = by_owner("cashless_procedures")
    assert [row["value"] for row in rows.values()] == [7, 5, 12]
    assert rows["区民部"]["denominator"] is None


def test_nothing_is_dropped_where_the_department_is_unknown_or_the_denominator_zero(
    answers: Answers, by_owner: Any
) -> None:
    answers.add("security_training", "", department="1903", trainees="0", trainees_expected="0")
    rows = by_owner("security_training_rate")
    assert rows["所属不明"]["value"] is None
    assert rows["所属不明"]["value_status"] == "cannot_say"
    assert rows["1903"]["department_code"] == "1903"


def test_a_sheet_counts_only_the_departments_that_it_is_for(
    form: Form, dictionary: DataDictionary
) -> None:
    wave = Wave(
        due_on=date(2023, 4, 14),
        departments="all",
        sheets={"手続": "all", "標準化": ("1203", "1204")},
    )
    statuses = {"1201": "received", "1202": "no_change", "1203": "received", "1204": "not_received"}
    response = build_frame(
        dictionary["response"],
        [
            {
                "municipality_code": "131075",
                "period": "FY2022Q4",
                "department_code": code,
                "response_status": status,
            }
            for code, status in [*statuses.items(), ("1203", "superseded"), (None, "set_aside")]
        ],
    )
    coverage = measure_coverage(form, Waves({"FY2022Q4": wave}), response)
    assert {
        ("131075", "FY2022Q4", "procedure", 4, 3),
        ("131075", "FY2022Q4", "standardization", 2, 1),
        ("131075", "FY2022Q4", "training", 0, 0),
    } <= {one[:5] for one in coverage}
    for one in coverage:
        assert (len(one.missing), len(one.read)) == (one.asked - one.answered, one.answered)


def answered(period: str, table: str, *codes: str, missing: tuple[str, ...] = ()) -> Coverage:
    """Say that departments answered on a sheet, each with a file, and others did not."""
    read = tuple(
        Reply(code, f"r-{period}-{code}", f"{period}/{code}.xlsx", "f" * 64) for code in codes
    )
    asked = len(codes) + len(missing)
    return Coverage("131075", period, table, asked, len(codes), "シート", missing, read)


@pytest.fixture
def two_quarters(answers: Answers) -> Answers:
    """1203 has one procedure online in each quarter; 1204 had two, and answered in the first alone."""
    for period, department, number in [
        ("FY2022Q2", "1203", "A"),
        ("FY2022Q3", "1203", "A"),
        ("FY2022Q2", "1204", "B"),
        ("FY2022Q2", "1204", "C"),
    ]:
        day = {"online_started_on": "2022-04-01"}
        answers.add("procedure", number, period=period, department=department, **DONE, **day)
    return answers


@pytest.mark.parametrize(
    ("missing", "people", "bounds", "note"),
    [
        (("1204",), (), (1, 3), "未回答の1課の分は入っていない。前に答えた分を数えると1〜3。"),
        (
            ("1204", "1205"),
            (),
            (None, None),
            "未回答の2課の分は入っていない。うち1課の分は、前の回答がなく分からない。"
            "前に答えた分を数えると1〜3。",
        ),
        (("1204",), ("手続",), (None, None), "未回答の1課の分は入っていない。"),
    ],
)
def test_a_count_says_what_those_who_are_missing_leave_open(
    two_quarters: Answers,
    compute: Compute,
    missing: tuple[str, ...],
    people: tuple[str, ...],
    bounds: tuple[int | None, int | None],
    note: str,
) -> None:
    coverage = [
        answered("FY2022Q2", "procedure", "1203", "1204"),
        answered("FY2022Q3", "procedure", "1203", missing=missing),
    ]
    values, _ = compute("FY2022Q2", "FY2022Q3", coverage=coverage, people=people)
    assert values["online_procedures_dx", "FY2022Q2"]["note"] is None
    value = values["online_procedures_dx", "FY2022Q3"]
    assert (value["possible_min"], value["possible_max"], value["note"]) == (*bounds, note)


@pytest.mark.parametrize(
    ("many", "before", "note"),
    [
        # 980 of 1,000 are 98 %; with 100 more of whom nobody or everybody was trained, 89.1 or 98.2.
        (1000, "FY2022Q2", "前に答えた分を数えると89〜99。"),
        # Of so few, a percent would tell of single people.
        (500, "FY2022Q2", ""),
        # The year begins anew.
        (
            1000,
            "FY2021Q4",
            "うち1課の分は、前の回答がなく分からない。前に答えた分を数えても98のまま。",
        ),
    ],
)
def test_a_rate_says_what_those_who_are_missing_leave_open(
    answers: Answers, compute: Compute, many: int, before: str, note: str
) -> None:
    for period, department, asked in [("FY2022Q3", "1203", many), (before, "1204", 100)]:
        numbers = {"trainees": str(asked * 98 // 100), "trainees_expected": str(asked)}
        answers.add("security_training", "", period=period, department=department, **numbers)
    coverage = [
        answered(before, "security_training", "1204"),
        answered("FY2022Q3", "security_training", "1203", missing=("1204",)),
    ]
    values, _ = compute(before, "FY2022Q3", coverage=coverage)
    rate = values["security_training_rate", "FY2022Q3"]
    assert rate["value"] == 98
    assert rate["note"] == f"未回答の1課の分は入っていない。{note}"
    bounds = (89, 99) if (many, before) == (1000, "FY2022Q2") else (None, None)
    assert (rate["possible_min"], rate["possible_max"]) == bounds


def test_a_count_of_nothing_leads_back_to_the_sheets_that_hold_none(
    answers: Answers, compute: Compute
) -> None:
    answers.add("procedure", "T1", **(DONE | {"online_status": "未定"}), online_started_on=None)
    answers.add("open_dataset", "x", department=None, dataset_id="x", file_status="準備中")
    coverage = [answered("FY2022Q3", "procedure", "1203", "1204", missing=("1205",))]
    values, lineage = compute("FY2022Q3", coverage=coverage)
    for name in ("online_procedures_dx", "open_datasets"):
        assert values[name, "FY2022Q3"]["value"] == 0
    ours = lineage[lineage["indicator_id"] == "online_procedures_dx"]
    assert ours["row_id"].to_list() == ["r-FY2022Q3-1203", "r-FY2022Q3-1204"]
    assert set(zip(ours["role"], ours["sheet"], ours["field"], strict=True)) == {
        ("searched", "シート", "*")
    }
    assert ours["cell"].isna().all()
    [central] = lineage[lineage["indicator_id"] == "open_datasets"].to_dict("records")
    assert (central["role"], central["source_file"]) == ("searched", "FY2022Q3/x.xlsx")
    # What was not measured was searched nowhere.
    assert "staff_trainings" not in set(lineage["indicator_id"])
