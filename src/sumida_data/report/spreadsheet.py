"""The progress table as a workbook in the ward's layout, ready to print on A4."""

from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from sumida_data.report.content import ProgressReport
from sumida_data.report.table import ProgressTable, TableRow

# A workbook names the time it was made; the plan's first year stands for it, so that the same
# figures give the same bytes.
_CREATED = datetime(2022, 4, 1)
# Whatever a text begins with, it stays a text.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_FONT = {"font_name": "Yu Gothic", "font_size": 11, "valign": "vcenter"}
_GRID = _FONT | {"border": 1, "border_color": "#8A94A3"}
_FORMATS: dict[str, dict[str, Any]] = {
    "heading": _FONT | {"font_size": 16, "bold": True},
    "stamp": _FONT | {"bold": True, "font_color": "#9C2B12"},
    "caption": _FONT | {"font_size": 10, "font_color": "#526071"},
    "head": _GRID | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EDF9"},
    "title": _GRID | {"indent": 1},
    "cell": _GRID | {"align": "center"},
    "note": _FONT | {"font_size": 9, "text_wrap": True, "valign": "top"},
}
_TITLE_WIDTH, _CELL_WIDTH = 42, 15
_HEAD_ROW = 3
_SAMPLE = "【見本データ】架空の調査票から作ったもので、実際の数ではありません。"


def render_spreadsheet(report: ProgressReport) -> bytes:
    """Return the progress table as an XLSX workbook; every cell holds a text as printed."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as workbook:
        workbook.set_properties({"title": _title(report), "created": _CREATED})
        formats = {name: workbook.add_format(look) for name, look in _FORMATS.items()}
        sheet = workbook.add_worksheet("進捗表")
        _set_up_page(sheet, report)
        _write_head(sheet, report, formats)
        _write_rows(sheet, report.table, formats)
        _write_notes(sheet, report, formats)
    return content.getvalue()


def _title(report: ProgressReport) -> str:
    return f"{report.plan.title} 取組状況（{report.period.title}）"


def _set_up_page(sheet: Any, report: ProgressReport) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer(f"&L{report.plan.owner}&R{'見本データ' if report.sample else ''}")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _TITLE_WIDTH)
    sheet.set_column(1, _last_column(report.table), _CELL_WIDTH)


def _last_column(table: ProgressTable) -> int:
    return len(table.year_labels) + 2


def _write_head(sheet: Any, report: ProgressReport, formats: dict[str, Any]) -> None:
    sheet.set_row(0, 28)
    sheet.write("A1", _title(report), formats["heading"])
    sheet.write("A2", _SAMPLE if report.sample else "", formats["stamp"])
    sheet.write("A3", report.caption, formats["caption"])
    table = report.table
    heads = (
        "指標",
        f"基準値\n{table.baseline_label}",
        *table.year_labels,
        f"目標値\n{table.target_label}",
    )
    sheet.set_row(_HEAD_ROW, 34)
    for column, text in enumerate(heads):
        sheet.write(_HEAD_ROW, column, text, formats["head"])


def _write_rows(sheet: Any, table: ProgressTable, formats: dict[str, Any]) -> None:
    for row, line in enumerate(table.rows, _HEAD_ROW + 1):
        sheet.set_row(row, 23)
        title, *cells = _texts(line)
        sheet.write(row, 0, title, formats["title"])
        for column, text in enumerate(cells, 1):
            sheet.write(row, column, text, formats["cell"])


def _texts(line: TableRow) -> list[str]:
    cells = (line.baseline, *line.years, line.target)
    return [line.title.text + line.title.mark, *(cell.printed for cell in cells)]


def _write_notes(sheet: Any, report: ProgressReport, formats: dict[str, Any]) -> None:
    total = report.survey.total
    answers = f"回収率：{total.rate}（照会{total.asked}課のうち{total.answered}課が回答）"
    first = _HEAD_ROW + 2 + len(report.table.rows)
    last_column = _last_column(report.table)
    # Widths count digits of the standard font; notes are smaller, a Japanese character is double.
    characters = (_TITLE_WIDTH + _CELL_WIDTH * last_column) * 2 // 3
    notes = [*report.table.printed_footnotes, *report.table.remarks, answers]
    for row, text in enumerate(notes, first):
        sheet.merge_range(row, 0, row, last_column, "", formats["note"])
        sheet.write(row, 0, text, formats["note"])
        # A merged cell does not grow with its text.
        sheet.set_row(row, 14 * (1 + len(text) // characters))
