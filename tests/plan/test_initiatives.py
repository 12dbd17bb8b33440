"""Effects of the ward's case studies, and what is never added."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.initiatives import describe_effects, sum_effects
from sumida_data.plan.models import InitiativeRules
from sumida_data.survey.departments import Department
from tests.sample.conftest import load_facts

PERIOD = "FY2022Q3"
DEPARTMENTS = [
    Department(code, "部", code, date(2000, 1, 1), None, "未確認")
    for code in ("1004", "1202", "1203", "1701", "2201")
]


def owned(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "row_id": f"{row['initiative_name']}/{row.get('effect')}",
        "municipality_code": "131075",
        "period": PERIOD,
        "as_of": date(2022, 12, 31),
        "sample": False,
    }


def effect(**changes: Any) -> dict[str, Any]:
    return owned(
        {
            "department_code": "1203",
            "initiative_name": "取組",
            "effect": "時間削減",
            "effect_value": Decimal(100),
            "effect_unit": "時間",
            "certainty": "実績",
            "approximate": "いいえ",
            "condition": None,
            "annual_cases": None,
            "minutes_per_case": None,
            "sites": None,
        }
        | changes
    )


def initiative(**changes: Any) -> dict[str, Any]:
    told = {"initiative_name": "取組", "category": "業務改善", "may_publish": "可"}
    return owned(told | {"department_code": "1203"} | changes)


@pytest.fixture
def rules(raw_parameters: dict[str, Any]) -> InitiativeRules:
    return InitiativeRules.model_validate(raw_parameters["initiatives"])


@pytest.fixture
def deck(rules: InitiativeRules) -> dict[tuple[str, str], dict[str, Any]]:
    """The effects of the deck's case studies, as the sample ward reports them."""
    numbers = ("effect_value", "annual_cases", "minutes_per_case", "sites")
    effects = [
        owned({k: v or None for k, v in row.items()})
        | {name: Decimal(row[name]) if row[name] else None for name in numbers}
        for row in load_facts("initiative_effect")
    ]
    initiatives = [owned(dict(row)) for row in load_facts("initiative")]
    figures = describe_effects(rules, initiatives, effects, DEPARTMENTS)
    return {(row["initiative_name"], row["effect"]): row for row in figures}


def test_the_hours_of_the_schools_follow_from_their_parts(
    deck: dict[tuple[str, str], dict[str, Any]],
) -> None:
    schools = deck["学校連絡・情報共有サービス", "時間削減"]
    assert schools["recomputed_value"] == 5075
    assert schools["recomputation"] == "2,900件×3分×35箇所÷60＝5,075時間"
    assert schools["recomputation_state"] == "agrees"
    assert schools["category"] == "区民サービス"


@pytest.mark.parametrize(
    ("initiative", "kind", "printed"),
    [
        ("税務課のRPA", "業務数", "27業務(実績、昨年度)"),
        ("税務課のRPA", "時間削減", "約2,704時間(実績、1年間)"),
        ("国保年金課のRPA", "業務数", "9業務(実績)"),
        ("国保年金課のRPA", "時間削減", "59時間(実績、1年間)"),
        ("国保年金課のRPA", "割合", "22.3%(実績、業務削減率の平均)"),
        ("学童クラブのDX", "割合", "99.65%(見込み、全ての申請がオンラインだった場合)"),
        ("DX人材育成研修", "人数", "約60人(実績、これまでの累計)"),
        ("生成系AIの利用検討", "人数", "約100人(実績、試行に参加した職員)"),
        (
            "生成系AIの利用検討",
            "割合",
            "約8割(実績、約100名のうち、導入効果を実感したと回答した職員)",
        ),
    ],
)
def test_a_number_keeps_what_was_said_of_it(
    deck: dict[tuple[str, str], dict[str, Any]], initiative: str, kind: str, printed: str
) -> None:
    assert deck[initiative, kind]["printed"] == printed


def test_the_case_studies_are_thirteen_with_one_told_by_two_departments() -> None:
    names = [row["initiative_name"] for row in load_facts("initiative")]
    assert len(names) - 1 == 13
    assert sum(name.endswith("のRPA") for name in names) == 2


def test_hours_are_added_by_category_and_department_and_nothing_else_is(
    deck: dict[tuple[str, str], dict[str, Any]], dictionary: DataDictionary
) -> None:
    rows = sum_effects(deck.values())
    build_frame(dictionary["initiative_effect_figure"], deck.values())
    build_frame(dictionary["initiative_effect_summary"], rows)
    assert {row["effect"] for row in rows} == {"時間削減"}
    totals = {
        (row["level"], row["category"] or row["department_code"] or row["division"]): row["printed"]
        for row in rows
    }
    # 5,075 + 2,704 + 59; what is about 2,704 makes every sum it goes into approximate.
    assert totals == {
        ("全体", None): "約7,838時間",
        ("区分", "区民サービス"): "5,075時間",
        ("区分", "業務改善"): "約2,763時間",
        ("部", "部"): "約7,838時間",
        ("課", "1202"): "59時間",
        ("課", "1203"): "約2,704時間",
        ("課", "2201"): "5,075時間",
    }


def total(rules: InitiativeRules, *effects: dict[str, Any]) -> Sequence[tuple[str, Decimal]]:
    rows = sum_effects(describe_effects(rules, [initiative()], effects, DEPARTMENTS))
    return [(row["certainty"], row["value"]) for row in rows if row["level"] == "全体"]


def test_actual_and_expected_hours_are_added_apart(rules: InitiativeRules) -> None:
    expected = effect(certainty="見込み", effect_value=Decimal(30))
    assert total(rules, effect(), effect(), expected) == [("実績", 200), ("見込み", 30)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"condition": "全員が使った場合"}, "条件の付いた値"),
        ({"effect_unit": "分"}, "単位が時間ではない"),
        ({"effect_value": None}, "値、または"),
        ({"certainty": None}, "値、または"),
        ({"effect": "人数", "effect_unit": "人"}, "この種類の効果"),
    ],
)
def test_what_cannot_be_added_says_why(
    rules: InitiativeRules, changes: dict[str, Any], reason: str
) -> None:
    odd = effect(**changes)
    [row] = describe_effects(rules, [], [odd], DEPARTMENTS)
    assert row["reason_not_added"].startswith(reason)
    assert total(rules, effect(), odd) == [("実績", 100)]


@pytest.mark.parametrize(
    "known", [[initiative(may_publish="否")], [initiative(may_publish=None)], []]
)
def test_a_sum_tells_nothing_of_what_may_not_be_published(
    rules: InitiativeRules, known: list[dict[str, Any]]
) -> None:
    figures = describe_effects(rules, known, [effect()], DEPARTMENTS)
    assert [row["reason_not_added"] for row in figures] == ["公開してよい取組だけを足し合わせる。"]
    assert sum_effects(figures) == []


def test_a_recomputation_that_differs_is_told(rules: InitiativeRules) -> None:
    parts = {"annual_cases": 1000, "minutes_per_case": Decimal("1.5"), "sites": 4}
    [same] = describe_effects(rules, [], [effect(**parts)], DEPARTMENTS)
    assert same["recomputation_state"] == "agrees"
    [other] = describe_effects(
        rules, [], [effect(**parts, effect_value=Decimal("100.1"))], DEPARTMENTS
    )
    assert (other["recomputation_state"], other["recomputed_value"]) == ("differs", 100)
    nobody = initiative(department_code="9999")
    [without] = describe_effects(rules, [nobody], [effect(department_code="9999")], DEPARTMENTS)
    assert (without["recomputation_state"], without["division"]) == ("no_parts", None)
    divisions = [row["division"] for row in sum_effects([without]) if row["level"] == "部"]
    assert divisions == ["所属不明"]
