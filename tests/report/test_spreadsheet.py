from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sumida_data.plan.models import Plan
from sumida_data.report.content import ProgressReport
from sumida_data.report.papers import render_spreadsheet

Row = dict[str, Any]


@pytest.fixture
def sheet(report: ProgressReport) -> Worksheet:
    return read(render_spreadsheet(report))


def read(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(BytesIO(content))["進捗表"]


def column_a(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet["A"] if cell.value]


class TestTable:
    def test_heads_are_those_of_the_ward(self, sheet: Worksheet) -> None:
        heads = [cell.value for cell in sheet[4]]
        assert heads == ["指標", "基準値\nR3", "R4", "R5", "R6", "目標値\nR7"]

    def test_cells_hold_numbers_that_look_as_printed(self, sheet: Worksheet) -> None:
        rows = [[cell.value for cell in sheet[row]] for row in (5, 9, 12, 13, 15)]
        assert rows == [
            ["オンライン化手続数①※1", 6, 23, None, None, 25],
            ["マイナンバーカード普及率", 40, 59.3, None, None, 70],
            ["標準化・共通化対応業務", "-", "-", None, None, 18],
            ["職員研修の実施", "-", 3, None, None, 12],
            ["重大セキュリティインシデント発生件数", 0, 0, None, None, 0],
        ]
        looks = [sheet[cell].number_format for cell in ("F5", "C9", "C12", "C13", "C15")]
        assert looks == [
            '#,##0"手続 (R4) ※3"',
            '#,##0.0"% ※4"',
            "General",
            '"延べ"#,##0"回"',
            '#,##0"件"',
        ]

    def test_notes_stand_below(self, plan: Plan, sheet: Worksheet) -> None:
        notes = column_a(sheet)[-8:]
        assert notes[0] == f"(※1) {plan.footnotes['dx_procedures']}"
        assert notes[3:] == [
            "(※4) 令和5年1月末の実績",
            "(※5) 令和3年度末の実績",
            "R4：未測定(「-」。0ではない)：標準化・共通化対応業務",
            f"判定：{plan.methods[0].reason}",
            "回収率：75.0%（照会4課のうち3課が回答、うち前回から変更なし1課）",
        ]

    def test_prints_on_one_landscape_a4(self, sheet: Worksheet) -> None:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_real_figures_are_not_stamped(sheet: Worksheet) -> None:
    assert not [text for text in column_a(sheet) if "見本データ" in text]


def test_sample_is_stamped(
    make_report: Callable[..., ProgressReport],
    make_frames: Callable[..., dict[str, pd.DataFrame]],
    value_rows: list[Row],
) -> None:
    report = make_report(make_frames([row | {"sample": True} for row in value_rows]))
    sheet = read(render_spreadsheet(report))
    assert str(sheet["A2"].value).startswith("【見本データ】")
    assert sheet.oddFooter.right.text == "見本データ"


def test_text_never_becomes_a_formula_or_link(report: ProgressReport) -> None:
    titles = ("=1+1", "https://example.jp/")
    hostile = [
        replace(one, title=one.title._replace(text=title))
        for one, title in zip(report.indicators, titles, strict=False)
    ]
    report.indicators = hostile
    sheet = read(render_spreadsheet(report))
    assert [sheet[cell].data_type for cell in ("A5", "A6")] == ["s", "s"]
    assert sheet["A5"].value == "=1+1※1"
    assert not sheet["A6"].hyperlink


def test_same_report_gives_the_same_bytes(report: ProgressReport) -> None:
    assert render_spreadsheet(report) == render_spreadsheet(report)
