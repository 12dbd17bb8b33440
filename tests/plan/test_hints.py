from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import Period
from sumida_data.plan.hints import find_hints, gather_progress_notes
from sumida_data.plan.models import Plans
from sumida_data.survey.reading.registers import ReferenceTableError

PERIODS = ("FY2022Q1", "FY2022Q2", "FY2022Q3")


def series(indicator_id: str, *values: int | None, as_of: str = "") -> list[dict[str, Any]]:
    return [
        {
            "indicator_id": indicator_id,
            "indicator_title": "指標",
            "period": period,
            "as_of": date.fromisoformat(as_of) if as_of else Period.parse(period).last_day,
            "value": None if value is None else Decimal(value),
        }
        for period, value in zip(PERIODS, values, strict=False)
    ]


def by_department(indicator_id: str, period: str, **values: int) -> list[dict[str, Any]]:
    return [
        {
            "indicator_id": indicator_id,
            "period": period,
            "department_code": code,
            "section": code,
            "value": value,
        }
        for code, value in values.items()
    ]


@pytest.fixture
def find(plans: Plans, dictionary: DataDictionary) -> Any:
    def run(
        *rows: dict[str, Any], divided: Any = (), notes: Any = ()
    ) -> list[tuple[str, str, str]]:
        found = find_hints(plans, list(rows), list(divided), notes)
        build_frame(dictionary["review_hint"], found)
        return [(row["indicator_id"], row["period"], row["hint"]) for row in found]

    return run


def test_ordinary_growth_is_no_hint(find: Any) -> None:
    assert (
        find(*series("open_datasets", 131, 140, 154), *series("serious_incidents", 0, 0, 0)) == []
    )


def test_a_jump_over_the_baseline_or_the_value_before(find: Any, plans: Plans) -> None:
    rows = series("cashless_procedures", 39, 40, 209)
    assert find(*rows) == [
        ("cashless_procedures", "FY2022Q2", "jump"),
        ("cashless_procedures", "FY2022Q3", "jump"),
    ]
    messages = [row["message"] for row in find_hints(plans, rows, [], [])]
    assert messages == ["基準値13の3倍を超えた。", "基準値13の3倍を超えた。"]
    [row] = find_hints(plans, series("standardized_systems", 2, 7), [], [])
    assert row["message"] == "前の値2の3倍を超えた。"


def test_a_stock_that_falls_but_not_a_rate(find: Any) -> None:
    assert find(*series("open_datasets", 140, 139), *series("mynumber_card_rate", 50, 49)) == [
        ("open_datasets", "FY2022Q2", "fall")
    ]


def test_more_than_the_whole_and_than_the_list(find: Any) -> None:
    rows = [
        *series("online_procedures_dx", 16, 17, 26),
        *series("online_procedures_priority", 16, 16, 26),
    ]
    # 26 is also more than three times the baseline of 6.
    assert find(*rows) == [
        ("online_procedures_dx", "FY2022Q3", "jump"),
        ("online_procedures_dx", "FY2022Q3", "beyond_limit"),
        ("online_procedures_dx", "FY2022Q2", "beyond_whole"),
    ]


def test_no_change_in_any_department(find: Any) -> None:
    rows = series("cashless_procedures", 3, 3, 4)
    divided = [
        *by_department("cashless_procedures", "FY2022Q1", a=1, b=2),
        *by_department("cashless_procedures", "FY2022Q2", a=1, b=2),
        *by_department("cashless_procedures", "FY2022Q3", a=2, b=2),
    ]
    assert find(*rows, divided=divided) == [
        ("cashless_procedures", "FY2022Q2", "unchanged_everywhere")
    ]


def test_a_figure_of_one_day_reported_twice_is_no_standstill(find: Any) -> None:
    divided = [
        *by_department("cashless_procedures", "FY2022Q1", a=1, b=2),
        *by_department("cashless_procedures", "FY2022Q2", a=1, b=2),
    ]
    found = find(*series("cashless_procedures", 3, 3, as_of="2022-06-30"), divided=divided)
    assert found == [("cashless_procedures", "FY2022Q2", "as_of_outside")]


def test_missing_values_are_passed_over(find: Any) -> None:
    assert find(*series("open_datasets", 140, None, 139)) == [("open_datasets", "FY2022Q3", "fall")]


NOTE = {
    "indicator_id": "open_datasets",
    "period": "FY2022Q2",
    "hint": "fall",
    "note": "統合のため",
    "noted_by": "ICT推進担当",
    "noted_on": "2023/1/20",
}


def test_a_note_stays_beside_its_hint(plans: Plans) -> None:
    [row] = find_hints(plans, series("open_datasets", 140, 139), [], [NOTE])
    assert (row["note"], row["noted_by"]) == ("統合のため", "ICT推進担当")
    assert row["noted_on"] == "2023-01-20"


@pytest.mark.parametrize(
    "change", [{"period": "FY2022Q1"}, {"period": "FY2019Q4"}, {"hint": "jump"}]
)
def test_a_note_on_what_is_found_no_more_is_no_mistake(
    plans: Plans, change: dict[str, str]
) -> None:
    [row] = find_hints(plans, series("open_datasets", 140, 139), [], [NOTE | change])
    assert (row["note"], row["noted_by"], row["noted_on"]) == (None, None, None)


def test_a_note_on_a_published_value_outlives_the_indicator(plans: Plans) -> None:
    gone = [row | {"indicator_id": "gone"} for row in series("open_datasets", 140, 139)]
    assert find_hints(plans, gone, [], [NOTE | {"indicator_id": "gone"}]) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"indicator_id": "open_dataset"}, "の indicator_id: 'open_dataset' .*、open_datasets、"),
        ({"period": "2022Q2"}, "の period: 期間 '2022Q2' は読めません"),
        ({"period": "FY2032Q2"}, "の period: FY2032Q2 の値はまだ.*FY2022Q2 まで"),
        ({"hint": "減った"}, "の hint: '減った' は使えません。書けるのは jump、fall、"),
        ({"note": ""}, "の note が空です"),
        ({"noted_by": " "}, "の noted_by が空です"),
        ({"noted_on": "昨日"}, "の noted_on: '昨日' は日付ではありません"),
    ],
)
def test_a_mistake_in_the_notes_is_told_with_its_row(
    plans: Plans, change: dict[str, str], told: str
) -> None:
    with pytest.raises(ReferenceTableError, match=rf"^hint_notes\.csv の2行目{told}") as caught:
        find_hints(plans, series("open_datasets", 140, 139), [], [NOTE | change])
    assert "\n" not in str(caught.value)


def test_a_hint_is_noted_once(plans: Plans) -> None:
    with pytest.raises(ReferenceTableError, match=r"3行目: .*2回"):
        find_hints(plans, series("open_datasets", 140, 139), [], [NOTE, NOTE])


def test_a_day_outside_the_period_is_a_hint_unless_the_definition_says_so(find: Any) -> None:
    card = series("mynumber_card_rate", 44, as_of="2022-07-31")
    assert find(*card) == [("mynumber_card_rate", "FY2022Q1", "as_of_outside")]
    assert find(*series("mynumber_card_rate", 44, as_of="2022-04-01")) == []
    assert find(*series("electronic_approval_rate", 60, as_of="2021-03-31")) == []


def test_the_message_names_day_and_period(plans: Plans) -> None:
    [row] = find_hints(plans, series("mynumber_card_rate", 44, as_of="2023-01-31"), [], [])
    assert row["message"] == "時点が2023-01-31で、期間(令和4年度第1四半期)の外にある。"


SAID = {
    "indicator_id": "open_datasets",
    "period": "FY2022Q2",
    "cause": " 新しい表を公開した。 ",
    "next_step": "毎月増やす。",
    "said_by": "ICT推進担当",
    "said_on": "R4.11.1",
}


def test_what_was_said_of_a_value_becomes_a_row(plans: Plans, dictionary: DataDictionary) -> None:
    [row] = gather_progress_notes([SAID], plans, series("open_datasets", 140, 139))
    build_frame(dictionary["progress_note"], [row])
    assert (row["cause"], row["said_on"]) == ("新しい表を公開した。", date(2022, 11, 1))
    assert row["row_id"] == "open_datasets/FY2022Q2"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"indicator_id": "x"}, "の indicator_id: 'x' という指標はありません"),
        ({"period": "FY2032Q2"}, "の period: FY2032Q2 の値はまだ"),
        ({"next_step": ""}, "の next_step が空です"),
        ({"said_on": "昨日"}, "の said_on: '昨日' は日付ではありません"),
    ],
)
def test_a_mistake_in_what_was_said_is_told_with_its_row(
    plans: Plans, change: dict[str, str], told: str
) -> None:
    with pytest.raises(ReferenceTableError, match=rf"^progress_notes\.csv の2行目{told}"):
        gather_progress_notes([SAID | change], plans, series("open_datasets", 140, 139))


def test_one_thing_is_said_of_a_value(plans: Plans) -> None:
    with pytest.raises(ReferenceTableError, match=r"3行目: .*2回"):
        gather_progress_notes([SAID, SAID], plans, series("open_datasets", 140, 139))


EXPLAINED = {
    "row_id": "abc",
    "period": "FY2022Q2",
    "department_code": "1004",
    "indicator_title": "オープンデータ 公開件数",
    "cause": "新しい表を公開した。",
    "next_step": "毎月増やす。",
}
RESPONSE = {
    "period": "FY2022Q2",
    "department_code": "1004",
    "section": "ICT推進担当",
    "response_status": "received",
    "answered_on": date(2022, 10, 11),
    "received_on": date(2022, 10, 12),
}


class TestWhatOwnersAnswered:
    """What the owner of an indicator answers in the survey, beside progress_notes.csv."""

    @staticmethod
    def gather(
        plans: Plans,
        explained: dict[str, Any] | None = None,
        response: dict[str, Any] | None = None,
        notes: Sequence[dict[str, str]] = (),
    ) -> list[dict[str, Any]]:
        rows = [EXPLAINED | (explained or {})], [RESPONSE | (response or {})]
        return gather_progress_notes(notes, plans, series("open_datasets", 140, 139), *rows)

    def test_it_is_said_by_the_owner_on_the_day_of_the_answer(
        self, plans: Plans, dictionary: DataDictionary
    ) -> None:
        [row] = self.gather(plans)
        build_frame(dictionary["progress_note"], [row])
        assert row["indicator_id"] == "open_datasets"
        assert (row["said_by"], row["said_on"]) == ("ICT推進担当", date(2022, 10, 11))
        # The gate and the approver find the cell by it.
        assert row["row_id"] == "abc"

    def test_without_a_day_it_is_that_of_the_receipt(self, plans: Plans) -> None:
        [row] = self.gather(plans, response={"answered_on": None})
        assert row["said_on"] == date(2022, 10, 12)

    def test_what_the_office_wrote_counts_first(self, plans: Plans) -> None:
        [row] = self.gather(plans, notes=[SAID])
        assert row["said_on"] == date(2022, 11, 1)

    @pytest.mark.parametrize(
        ("explained", "response"),
        [
            ({"indicator_title": "手続の数"}, {}),
            ({"next_step": None}, {}),
            ({"cause": None}, {}),
            ({}, {"section": "窓口課"}),
        ],
    )
    def test_no_full_answer_of_the_owner_is_none(
        self, plans: Plans, explained: dict[str, Any], response: dict[str, Any]
    ) -> None:
        assert self.gather(plans, explained, response) == []

    def test_owners_are_those_of_the_plan(self, plans: Plans) -> None:
        owned = plans.list_owned("FY2022Q3")
        assert owned["総務課"] == {"文書管理システム電子決裁率": "electronic_approval_rate"}
        assert sum(map(len, owned.values())) == 11
