"""What queries may name beside the tables."""

from datetime import date
from decimal import Decimal

from sumida_data.quality.relations import (
    list_asked_departments,
    list_limits,
    read_published_values,
)
from sumida_data.survey.form import Waves


def test_asked_are_departments_of_the_wave_that_exist_at_its_end():
    wave = {"due_on": "2023-01-13", "sheets": {}}
    waves = Waves.model_validate(
        {
            "FY2022Q2": wave | {"departments": "all"},
            "FY2022Q3": wave | {"departments": ["1203", "9999"]},
        }
    )
    departments = [
        {"department_code": "1203", "valid_from": date(2019, 4, 1), "valid_to": None},
        {"department_code": "1204", "valid_from": date(2022, 10, 1), "valid_to": None},
        {"department_code": "1205", "valid_from": date(2019, 4, 1), "valid_to": date(2022, 9, 30)},
        {"department_code": "1206", "valid_from": date(2019, 4, 1), "valid_to": date(2022, 9, 29)},
    ]
    asked = list_asked_departments(waves, departments).to_pylist()
    assert [(row["period"], row["department_code"]) for row in asked] == [
        ("FY2022Q2", "1203"),
        ("FY2022Q2", "1205"),
        ("FY2022Q3", "1203"),
    ]


def test_limits_are_those_of_the_plan(plan):
    limits = {row["indicator_id"]: row for row in list_limits(plan.indicators).to_pylist()}
    assert limits["online_procedures_dx"]["list_size"] == 25
    assert limits["online_procedures_dx"]["whole_id"] == "online_procedures_priority"
    assert limits["open_datasets"]["list_size"] is None


def test_published_values_keep_types_and_gaps():
    content = (
        "\ufeffmunicipality_code,indicator_id,period,revision,value,note\n"
        '131075,x,FY2022Q3,1,59.3,"a, b"\n131075,y,FY2022Q3,2,,\n'
    )
    rows = read_published_values(content.encode()).to_pylist()
    assert rows == [
        {"indicator_id": "x", "period": "FY2022Q3", "revision": 1, "value": Decimal("59.3000")},
        {"indicator_id": "y", "period": "FY2022Q3", "revision": 2, "value": None},
    ]


def test_before_the_first_publication_there_are_none():
    assert read_published_values(None).num_rows == 0
