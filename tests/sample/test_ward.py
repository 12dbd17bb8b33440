from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sumida_data.sample.ward import (
    Facts,
    list_records,
    seeded_random,
    share_out,
    train_staff,
)
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Form, SurveySheet
from tests.sample.conftest import load_facts


@pytest.fixture
def procedures(form: Form) -> SurveySheet:
    part = form.sheet_of("procedure")
    assert part is not None
    return part


class TestFacts:
    def test_every_fact_belongs_to_a_field_of_the_form(self, form: Form) -> None:
        for part in form.answer_sheets:
            # The last is asked for after the quarters of the sample.
            if part.layout == "rows" and part.table != "indicator_explanation":
                columns = set(load_facts(part.table)[0])
                names = {field.name for field in part.asked_in("FY2022Q3").fields}
                assert columns - {"department_code", "since"} == names, part.table

    def test_every_fact_belongs_to_a_department(
        self, facts: Facts, form: Form, departments: list[Department]
    ) -> None:
        asked = {one.code for one in departments if one.exists_on(date(2022, 12, 31))}
        for part in form.answer_sheets:
            assert {row["department_code"] for row in facts.get(part.table, ())} <= asked

    def test_size_and_lists_of_procedures(self) -> None:
        facts = load_facts("procedure")
        assert 400 <= len(facts) <= 440
        assert len({row["procedure_number"] for row in facts}) == len(facts)
        assert sum(row["dx_plan_target"] == "該当" for row in facts) == 25
        either = [row for row in facts if "該当" in (row["dx_plan_target"], row["priority_target"])]
        assert len(either) == 44

    def test_eighteen_systems_are_to_be_standardized(self) -> None:
        assert len({row["system_name"] for row in load_facts("standardization")}) == 18

    def test_a_sheet_without_facts_has_no_records(self, procedures: SurveySheet) -> None:
        assert list_records({}, procedures, "1203", date(2022, 12, 31)) == []


class TestInitiatives:
    @pytest.fixture
    def effects(self) -> dict[tuple[str, str], dict[str, str]]:
        facts = load_facts("initiative_effect")
        return {(row["initiative_name"], row["effect"]): row for row in facts}

    def test_all_case_studies_have_a_department(self) -> None:
        facts = load_facts("initiative")
        assert len(facts) == 14
        # Two departments tell of one of the thirteen.
        assert sum("RPA" in row["initiative_name"] for row in facts) == 2

    def test_effects_carry_their_qualifiers(
        self, effects: dict[tuple[str, str], dict[str, str]]
    ) -> None:
        shown = {
            name: (row["effect_value"], row["effect_unit"], row["certainty"], row["approximate"])
            for name, row in effects.items()
        }
        assert shown["税務課のRPA", "業務数"] == ("27", "業務", "実績", "いいえ")
        assert shown["税務課のRPA", "時間削減"] == ("2704", "時間", "実績", "はい")
        assert shown["国保年金課のRPA", "業務数"] == ("9", "業務", "実績", "いいえ")
        assert shown["国保年金課のRPA", "時間削減"] == ("59", "時間", "実績", "いいえ")
        assert shown["国保年金課のRPA", "割合"] == ("22.3", "%", "実績", "いいえ")
        assert shown["学童クラブのDX", "割合"] == ("99.65", "%", "見込み", "いいえ")
        assert shown["DX人材育成研修", "人数"] == ("60", "人", "実績", "はい")
        assert shown["生成系AIの利用検討", "人数"] == ("100", "人", "実績", "はい")
        assert shown["生成系AIの利用検討", "割合"] == ("8", "割", "実績", "はい")
        assert effects["学童クラブのDX", "割合"]["condition"] == "全ての申請がオンラインだった場合"

    def test_hours_saved_at_schools_follow_from_their_parts(
        self, effects: dict[tuple[str, str], dict[str, str]]
    ) -> None:
        row = effects["学校連絡・情報共有サービス", "時間削減"]
        parts = (row["annual_cases"], row["minutes_per_case"], row["sites"])
        assert parts == ("2900", "3", "35")
        assert int(row["effect_value"]) == 2900 * 3 * 35 // 60


class TestRecords:
    def test_a_procedure_is_planned_until_it_begins(
        self, facts: Facts, procedures: SurveySheet
    ) -> None:
        states = [
            next(
                record
                for record in list_records(facts, procedures, "1902", day)
                if record["procedure_name"] == "自転車用ヘルメットの購入助成の申請"
            )
            for day in (date(2022, 9, 30), date(2022, 12, 31))
        ]
        assert [state["online_status"] for state in states] == ["予定", "済"]
        assert [state["online_started_on"] for state in states] == [date(2022, 10, 3)] * 2
        before, after = (state["online_cases"] for state in states)
        assert before is None
        assert isinstance(after, int)

    def test_stocks_never_fall(self, facts: Facts, procedures: SurveySheet) -> None:
        days = (date(2022, 3, 31), date(2022, 6, 30), date(2022, 9, 30), date(2022, 12, 31))
        codes = sorted({row["department_code"] for row in load_facts("procedure")})
        for code in codes:
            counts = [
                sum(
                    row["cashless_status"] == "済"
                    for row in list_records(facts, procedures, code, day)
                )
                for day in days
            ]
            assert counts == sorted(counts)

    def test_initiatives_appear_when_they_begin(self, facts: Facts, form: Form) -> None:
        part = form.sheet_of("initiative")
        assert part is not None
        names = [
            {record["initiative_name"] for record in list_records(facts, part, "1004", day)}
            for day in (date(2022, 3, 31), date(2022, 12, 31))
        ]
        assert names[1] - names[0] == {
            "生成系AIの利用検討",
            "オンラインRoomの設置",
            "執務室のリニューアル",
        }


class TestStaff:
    def test_trainees_have_the_rate_and_are_never_more_than_the_staff(self) -> None:
        codes = [f"{code:04}" for code in range(1000, 1075)]
        trained = train_staff(1, Decimal("0.99"), codes)
        staff = sum(of for of, _ in trained)
        assert sum(one for _, one in trained) == round(Decimal("0.99") * staff)
        assert all(one <= of for of, one in trained)
        assert all(one == of for of, one in train_staff(1, Decimal(1), codes))

    def test_the_ward_has_about_1800(self, departments: list[Department]) -> None:
        codes = [one.code for one in departments if one.exists_on(date(2022, 12, 31))]
        assert 1_700 <= sum(of for of, _ in train_staff(131075, Decimal(1), codes)) <= 1_900


class TestRandomness:
    def test_the_same_words_give_the_same_numbers(self) -> None:
        # The value itself is held, because it must not differ between machines and processes.
        assert seeded_random(1, "cards", "131075").randint(0, 10**6) == 387820
        assert seeded_random(1, "cards").random() != seeded_random(2, "cards").random()

    @given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1))
    def test_shares_add_up_to_the_total(self, total: int, weights: list[int]) -> None:
        shares = share_out(total, weights)
        assert sum(shares) == total
        exact = [total * weight / sum(weights) for weight in weights]
        assert all(abs(share - one) < 1 for share, one in zip(shares, exact, strict=True))

    @given(st.lists(st.integers(1, 500), min_size=1))
    def test_the_whole_gives_everyone_his_weight(self, weights: list[int]) -> None:
        assert share_out(sum(weights), weights) == weights
