from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.by_department import divide_values
from sumida_data.plan.models import Plans
from sumida_data.survey.departments import Department

DEPARTMENTS = [
    Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "公表資料"),
    Department("1204", "区民部", "窓口課", date(2020, 4, 1), None, "公表資料"),
    Department("1903", "都市整備部", "道路公園課", date(2020, 4, 1), date(2022, 3, 31), "公表資料"),
]


def part(
    code: str, numerator: int, denominator: int | None, indicator: str = "security_training_rate"
) -> dict[str, Any]:
    return {
        "indicator_id": indicator,
        "municipality_code": "131075",
        "period": "FY2022Q3",
        "department_code": code,
        "numerator": Decimal(numerator),
        "denominator": None if denominator is None else Decimal(denominator),
    }


@pytest.fixture
def by_owner(plans: Plans, dictionary: DataDictionary) -> Any:
    def divide(*parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
        rows = divide_values(plans, parts, DEPARTMENTS)
        build_frame(dictionary["indicator_value_by_department"], rows)
        return {row["section"] or row["department_code"] or row["division"]: row for row in rows}

    return divide


def test_a_division_s_rate_comes_from_its_sums_not_from_its_departments_rates(
    by_owner: Any,
) -> None:
    rows = by_owner(part("1203", 1, 1), part("1204", 50, 99))
    assert (rows["税務課"]["value"], rows["窓口課"]["value"]) == (100, 51)
    assert rows["区民部"]["value"] == 51
    assert (rows["区民部"]["numerator"], rows["区民部"]["denominator"]) == (51, 100)
    assert (rows["区民部"]["level"], rows["税務課"]["level"]) == ("部", "課")


def test_counts_add_up(by_owner: Any) -> None:
    rows = by_owner(
        part("1203", 7, None, "cashless_procedures"), part("1204", 5, None, "cashless_procedures")
    )
    assert rows["区民部"]["value"] == 12
    assert rows["区民部"]["denominator"] is None


def test_nothing_is_dropped_where_the_department_is_unknown_or_the_denominator_zero(
    by_owner: Any,
) -> None:
    rows = by_owner(part("1903", 0, 0))
    assert rows["所属不明"]["value"] is None
    assert rows["所属不明"]["value_status"] == "cannot_say"
    assert rows["1903"]["department_code"] == "1903"
