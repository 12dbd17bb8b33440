from io import BytesIO

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sumida_data.base.xlsx import Book, Cell, Link

COLUMNS = {"課": None, "指摘": 20, "件数": None}


def write(*rows: list[Cell], sample: bool = False) -> bytes:
    book = Book("確認結果", sample=sample)
    sheet = book.begin("結果", "確認結果")
    sheet.write_line("見てください。")
    sheet.write_table(COLUMNS, rows)
    return book.close()


def read(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(BytesIO(content))["結果"]


def test_lines_stand_above_the_table() -> None:
    sheet = read(write(["税務課", "数でない", 2]))
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows == [
        ["確認結果", None, None],
        ["見てください。", None, None],
        ["課", "指摘", "件数"],
        ["税務課", "数でない", 2],
    ]


def test_headings_stay_on_screen_and_on_paper() -> None:
    sheet = read(write(["税務課", "数でない", 2]))
    assert sheet.freeze_panes == "A4"
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.auto_filter.ref == "A3:C4"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)


@pytest.mark.parametrize("text", ["=1+1", "0123", "https://example.jp/", "@SUM(A1)", "-1"])
def test_a_text_stays_a_text(text: str) -> None:
    cell = read(write([text, "", 0]))["A4"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_a_link_leads_to_its_cell() -> None:
    cell = read(write([Link("F301", "結果!A1"), "", 0]))["A4"]
    assert cell.value == "F301"
    assert cell.hyperlink.location == "結果!A1"


def test_a_column_is_as_wide_as_its_texts_and_no_wider_than_allowed() -> None:
    sheet = read(write(["人権同和課", "あ" * 30, 0]))
    widths = [sheet.column_dimensions[letter].width for letter in "AB"]
    assert widths[0] == pytest.approx(13, abs=1)
    assert widths[1] == pytest.approx(23, abs=1)


def test_a_long_text_makes_its_row_higher() -> None:
    sheet = read(
        write(["税務課", "短い", 0], ["税務課", "あ" * 30, 0], ["税務課", "a\nb\nc\nd", 0])
    )
    heights = [sheet.row_dimensions[row].height for row in (4, 5, 6)]
    assert heights[0] < heights[1] < heights[2]


def test_sample_is_stamped() -> None:
    assert read(write(sample=True))["A2"].value.startswith("【見本データ】")
    assert "見本" not in str(read(write())["A2"].value)


def test_same_contents_give_the_same_bytes() -> None:
    assert write(["税務課", "数でない", 2]) == write(["税務課", "数でない", 2])


def test_every_book_keeps_texts_and_bytes() -> None:
    def write_book() -> bytes:
        book = Book("表", {"head": {"bold": True}}, default_date_format="yyyy-mm-dd")
        book.add_sheet("表").write(0, 0, "=1+1", book.looks["head"])
        return book.close()

    cell = openpyxl.load_workbook(BytesIO(write_book()))["表"]["A1"]
    assert (cell.value, cell.data_type, cell.font.bold) == ("=1+1", "s", True)
    assert write_book() == write_book()
