from datetime import date

import pytest

from sumida_data.survey.form import Wave


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
