from datetime import date

import pytest

from sumida_data.survey.form import Wave, Waves


@pytest.fixture
def wave() -> Wave:
    return Wave(
        due_on=date(2023, 4, 14),
        departments=("1203", "1204"),
        sheets={"手続": "all", "標準化": ("1203",)},
    )


def test_a_wave_asks_only_the_departments_listed(wave: Wave) -> None:
    assert wave.asks("1203")
    assert not wave.asks("1205")
    assert wave.model_copy(update={"departments": "all"}).asks("1205")


def test_a_sheet_may_be_for_some_departments_only(wave: Wave) -> None:
    assert wave.sheets_for("1203") == ("手続", "標準化")
    assert wave.sheets_for("1204") == ("手続",)
    assert wave.sheets_for(None) == ("手続",)


def test_for_a_year_a_quarter_that_is_not_listed_follows_the_one_before(wave: Wave) -> None:
    waves = Waves.model_validate(
        {
            "FY2022Q4": wave.model_dump(),
            "FY2022Q2": wave.model_dump()
            | {"due_on": date(2022, 10, 14), "departments": ("1203",)},
        }
    )
    assert [*waves.root] == [
        *("FY2022Q4", "FY2022Q2", "FY2023Q1", "FY2023Q2", "FY2023Q3", "FY2023Q4", "FY2022Q3")
    ]
    assert waves.root["FY2022Q3"].follows == "FY2022Q2"
    assert [*waves.listed] == ["FY2022Q4", "FY2022Q2"]
    # The days are a Friday, a Saturday, a Sunday and again a Sunday without the rule of weekends.
    assert [waves.root[f"FY2023Q{number}"].due_on for number in (1, 2, 3, 4)] == [
        *(date(2023, 7, 14), date(2023, 10, 16), date(2024, 1, 15), date(2024, 4, 15))
    ]
    assert waves.root["FY2023Q1"].sheets == wave.sheets
    assert waves.explain("FY2022Q4") == waves.explain("FY2024Q1") == ""
    assert waves.explain("FY2023Q2") == (
        "FY2023Q2 は waves.yml にないので、FY2022Q4 と同じ課とシートに、締切日 2023-10-16 で照会する"
        "ものとします。違うときは waves.yml に書いてください。"
    )


def test_what_is_listed_goes_before_what_would_follow(wave: Wave) -> None:
    later = wave.model_dump() | {"due_on": date(2023, 7, 31)}
    waves = Waves.model_validate({"FY2022Q4": wave.model_dump(), "FY2023Q1": later})
    assert waves.root["FY2023Q1"].due_on == date(2023, 7, 31)
    assert waves.root["FY2023Q2"].follows == "FY2023Q1"
    assert Waves.model_validate({}).root == {}
