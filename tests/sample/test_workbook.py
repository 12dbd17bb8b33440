"""The shape of a return, looked at with openpyxl."""

import io
from collections.abc import Iterator

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sumida_data.sample.workbook import CREATED
from sumida_data.survey.form import Form, Waves


@pytest.fixture(scope="module")
def book(returns: dict[str, bytes]) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(returns["FY2022Q3/1203_税務課_調査票.xlsx"]))


@pytest.fixture(scope="module")
def procedures(book: Workbook) -> Worksheet:
    return book["手続"]


def texts(sheet: Worksheet) -> Iterator[str]:
    return (str(cell.value) for row in sheet for cell in row if cell.value is not None)


def test_sheets_are_those_of_the_form(book: Workbook, form: Form, waves: Waves) -> None:
    asked = waves.root["FY2022Q3"].sheets_for("1203")
    assert book.sheetnames == ["回答マニュアル", "表紙", *asked, "選択項目"]
    assert {part.sheet for part in form.sheets} - set(book.sheetnames) == {"標準化"}


def test_every_field_of_the_form_has_its_heading(book: Workbook, form: Form) -> None:
    for part in form.sheets:
        if part.sheet in book.sheetnames:
            found = [
                text.split("※")[0].split("\n")[0].rstrip("：") for text in texts(book[part.sheet])
            ]
            for field in part.fields:
                assert set(field.headings) & set(found), (part.sheet, field.title)


def test_group_headings_are_merged_over_leaf_headings(procedures: Worksheet) -> None:
    merged = {
        procedures.cell(area.min_row, area.min_col).value: area
        for area in procedures.merged_cells.ranges
    }
    assert merged["オンライン化の状況"].size == {"columns": 5, "rows": 1}
    assert merged["備考"].size == {"columns": 1, "rows": 2}


def test_a_heading_breaks_before_its_unit(procedures: Worksheet) -> None:
    assert "年間件数\n（件）" in texts(procedures)


def test_choices_drop_down_from_the_hidden_sheet(book: Workbook, procedures: Worksheet) -> None:
    assert book["選択項目"].sheet_state == "hidden"
    sources = [one.formula1 for one in procedures.data_validations.dataValidation]
    choices = []
    for source in sources:
        sheet, area = source.split("!")
        choices.append([cell.value for (cell,) in book[sheet][area.replace("$", "")]])
    assert ["済", "予定", "未定", "対象外"] in choices
    assert ["有", "無"] in choices
    assert len(choices) == 5


def test_an_example_stands_above_the_answers(procedures: Worksheet) -> None:
    (example,) = (row for row in procedures if row[0].value == "記入例")
    assert "納税証明書の交付請求" in [cell.value for cell in example]


def test_rows_are_numbered_by_formulas_with_cached_values(
    procedures: Worksheet, returns: dict[str, bytes]
) -> None:
    formulas = [row[0] for row in procedures if str(row[0].value).startswith("=ROW()-")]
    numbers = [cell.row - int(cell.value.removeprefix("=ROW()-")) for cell in formulas]
    assert numbers == list(range(1, len(formulas) + 1))
    content = returns["FY2022Q3/1203_税務課_調査票.xlsx"]
    cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["手続"]
    assert [cached.cell(cell.row, 1).value for cell in formulas] == numbers


def test_empty_rows_and_notes_follow_the_answers(procedures: Worksheet) -> None:
    rows = list(procedures.iter_rows(values_only=True))
    notes = [number for number, row in enumerate(rows) if str(row[0]).startswith("※")]
    assert len(notes) == 2
    assert not any(cell for row in rows[notes[0] - 8 : notes[0]] for cell in row[1:])


def test_label_cells_stand_above_the_incidents(book: Workbook) -> None:
    found = list(texts(book["セキュリティ"]))
    assert found.index("研修対象者数：") < found.index("受講者数：") < found.index("発生日※")


def test_tables_do_not_all_begin_in_the_same_cell(returns: dict[str, bytes]) -> None:
    begins = set()
    for name in list(returns)[:40]:
        sheet = openpyxl.load_workbook(io.BytesIO(returns[name]))["手続"]
        begins |= {cell.coordinate for row in sheet for cell in row if cell.value == "#"}
    assert {"A7", "B7"} < begins
    assert len(begins) >= 4


def test_creation_day_is_fixed(book: Workbook) -> None:
    assert book.properties.created == CREATED
