from datetime import date

import pytest

from sumida_data.survey.departments import (
    find_series,
    parse_departments,
    parse_successions,
    refuse_unknown_codes,
)
from sumida_data.survey.form import Waves
from sumida_data.survey.reading.registers import ReferenceTableError

ROAD = {
    "department_code": "1903",
    "division": "都市整備部",
    "section": "道路公園課",
    "valid_from": "2020-04-01",
    "valid_to": "2024-03-31",
    "verified": "公表資料",
}
BRIDGE = ROAD | {
    "department_code": "1906",
    "section": "道路・橋りょう課",
    "valid_from": "2024-04-01",
    "valid_to": "",
}
PARK = BRIDGE | {"department_code": "1907", "section": "公園課"}
TAX = BRIDGE | {"department_code": "1203", "section": "税務課"}
SPLIT = [
    {"predecessor_code": "1903", "successor_code": code, "changed_on": "2024-04-01", "note": ""}
    for code in ("1906", "1907")
]


def test_a_department_exists_from_its_first_to_its_last_day() -> None:
    road, bridge = parse_departments([ROAD, BRIDGE])
    assert road.exists_on(date(2024, 3, 31))
    assert not road.exists_on(date(2024, 4, 1))
    assert bridge.exists_on(date(2024, 4, 1))
    assert not bridge.exists_on(date(2024, 3, 31))


def test_a_blank_beside_a_code_is_no_part_of_it() -> None:
    [road] = parse_departments([ROAD | {"department_code": " 1903 "}])
    assert road.code == "1903"


def test_a_code_that_excel_took_for_a_number_is_told_in_its_line() -> None:
    with pytest.raises(ReferenceTableError, match=r"3行目の department_code: '1.904E\+03' は4桁"):
        parse_departments([ROAD, BRIDGE | {"department_code": "1.904E+03"}])


def test_a_series_goes_on_over_a_split_and_a_merger() -> None:
    departments = parse_departments([ROAD, BRIDGE, PARK, TAX])
    split = parse_successions(SPLIT, departments)
    assert find_series(departments, split) == {
        "1903": "1903",
        "1906": "1903",
        "1907": "1903",
        "1203": "1203",
    }
    merger = [
        {"predecessor_code": code, "successor_code": "1203", "changed_on": "2030-04-01", "note": ""}
        for code in ("1906", "1907")
    ]
    merged = parse_successions([*SPLIT, *merger], departments)
    assert set(find_series(departments, merged).values()) == {"1203"}


def test_one_code_has_one_name_at_a_time() -> None:
    renamed = ROAD | {"section": "道路課", "valid_from": "2024-04-01", "valid_to": ""}
    assert len(parse_departments([ROAD, renamed])) == 2
    with pytest.raises(
        ReferenceTableError, match="3行目: 課コード '1903' の期間が「道路公園課」の行と重なって"
    ):
        parse_departments([ROAD, renamed | {"valid_from": "2024-03-31"}])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ROAD | {"valid_to": "令和6年"}, "2行目の valid_to: '令和6年' は日付ではありません"),
        (ROAD | {"valid_from": ""}, "2行目の valid_from: '' は日付ではありません"),
        (
            ROAD | {"valid_to": "2019-03-31"},
            "2行目: valid_to 2019-03-31 が valid_from 2020-04-01 より前",
        ),
        (
            ROAD | {"department_code": "203"},
            "2行目の department_code: '203' は4桁の番号ではありません",
        ),
        (ROAD | {"department_code": ""}, "2行目の department_code: '' は4桁の番号ではありません"),
        (ROAD | {"section": ""}, "2行目の section が空です"),
    ],
)
def test_a_mistake_is_told_with_row_and_column(row: dict[str, str], told: str) -> None:
    with pytest.raises(ReferenceTableError, match=told):
        parse_departments([row])


def test_one_code_has_one_name_at_a_time_whichever_row_comes_first() -> None:
    later, open_ended = ROAD | {"valid_from": "2022-04-01"}, ROAD | {"section": "道路課 "}
    with pytest.raises(ReferenceTableError, match="3行目: 課コード '1903' の期間が"):
        parse_departments([later, open_ended])
    assert parse_departments([open_ended])[0].section == "道路課"


def test_an_inquiry_asks_known_departments_only() -> None:
    tax = TAX | {"valid_from": "2020-04-01"}
    departments = parse_departments([ROAD, tax])
    wave = {"due_on": "2023-01-16", "departments": ["1903", "1203"], "sheets": {"手続": "all"}}
    refuse_unknown_codes(Waves.model_validate({"FY2022Q3": wave}).listed, departments)
    for change, told in (
        ({"departments": ["1903", "1930", "1"]}, "FY2022Q3.departments: 課コード 1930、1 は"),
        ({"sheets": {"研修": ["1960"]}}, "FY2022Q3.sheets.研修: 課コード 1960 は"),
    ):
        with pytest.raises(
            ReferenceTableError, match=rf"waves\.yml の {told}、この期間の終わりの日に"
        ):
            refuse_unknown_codes(
                Waves.model_validate({"FY2022Q3": wave | change}).listed, departments
            )


def test_an_inquiry_asks_no_department_that_is_abolished() -> None:
    departments = parse_departments([ROAD | {"valid_to": "2022-11-30"}])
    wave = {"due_on": "2023-01-16", "departments": ["1903"], "sheets": {"手続": "all"}}
    refuse_unknown_codes(Waves.model_validate({"FY2022Q2": wave}).listed, departments)
    with pytest.raises(ReferenceTableError, match=r"FY2022Q3\.departments: 課コード 1903"):
        refuse_unknown_codes(Waves.model_validate({"FY2022Q3": wave}).listed, departments)
    following = Waves.model_validate({"FY2022Q2": wave}).root
    with pytest.raises(ReferenceTableError, match="FY2022Q3 の照会を書くか、課を加えて"):
        refuse_unknown_codes({"FY2022Q3": following["FY2022Q3"]}, departments)


def test_a_succession_names_known_departments() -> None:
    departments = parse_departments([ROAD, BRIDGE])
    with pytest.raises(ReferenceTableError, match="3行目の successor_code: 課コード '1907'"):
        parse_successions(SPLIT, departments)
