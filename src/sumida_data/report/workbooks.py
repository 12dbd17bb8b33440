"""The progress table and the response tracking as workbooks, ready to print."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from sumida_data.base.xlsx import SAMPLE_MARK, SAMPLE_WARNING, Book, Cell, TextWorkbook
from sumida_data.report.content import ProgressReport
from sumida_data.report.page import write_reminders
from sumida_data.report.survey import DepartmentState, ResponseTracking
from sumida_data.survey.feedback import name_place
from sumida_data.survey.findings import SEVERITY_LABELS

_FONT = {"font_name": "Yu Gothic", "font_size": 11, "valign": "vcenter"}
_GRID = _FONT | {"border": 1, "border_color": "#8A94A3"}
_LOOKS = {
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

_DIVISION_HEADINGS = (
    *("部", "照会した課", "回答した課", "うち前回から変更なし", "未回答の課", "回収率"),
)
_DEPARTMENT_HEADINGS = (
    *("課コード", "部", "課", "状態", "回答日", "締切日", "締切後の日数"),
    *SEVERITY_LABELS.values(),
    *("集計した行", "除いた行"),
)
_DEPARTMENT_COLUMNS = dict.fromkeys(_DEPARTMENT_HEADINGS) | {
    "前回の回答との違い": 50,
    "届いたファイル": 36,
}
_REMINDER_COLUMNS = {"課コード": None, "課": None, "文面": 90}
_UNASSIGNED_HEADINGS = ("ファイル", "重さ", "場所", "何が問題か", "どう直すか", "規則")
_UNASSIGNED_COLUMNS = dict.fromkeys(_UNASSIGNED_HEADINGS) | {
    "ファイル": 50,
    "何が問題か": 60,
    "どう直すか": 60,
}


def render_spreadsheet(report: ProgressReport) -> bytes:
    """Return the progress table in the ward's layout; every cell holds a text as printed."""
    title = f"{report.plan.title} 取組状況（{report.period.title}）"
    book = Book(title, _LOOKS)
    sheet = book.add_sheet("進捗表")
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer(f"&L{report.plan.owner}&R{SAMPLE_MARK if report.sample else ''}")
    sheet.hide_gridlines(2)
    sheet.set_row(0, 28)
    sheet.write("A1", title, book.looks["heading"])
    sheet.write("A2", SAMPLE_WARNING if report.sample else "", book.looks["stamp"])
    sheet.write("A3", report.caption, book.looks["caption"])
    _write_progress(sheet, report, book.looks)
    return book.close()


def _write_progress(sheet: Worksheet, report: ProgressReport, looks: Mapping[str, Any]) -> None:
    headings = report.table.list_headings("\n")
    last_column = len(headings) - 1
    sheet.set_column(0, 0, _TITLE_WIDTH)
    sheet.set_column(1, last_column, _CELL_WIDTH)
    sheet.set_row(_HEAD_ROW, 34)
    sheet.write_row(_HEAD_ROW, 0, headings, looks["head"])
    for row, line in enumerate(report.table.rows, _HEAD_ROW + 1):
        sheet.set_row(row, 23)
        title, *cells = line.texts
        sheet.write(row, 0, title, looks["title"])
        sheet.write_row(row, 1, cells, looks["cell"])
    # Widths count digits of the standard font; notes are smaller, a Japanese character is double.
    characters = (_TITLE_WIDTH + _CELL_WIDTH * last_column) * 2 // 3
    for row, text in enumerate(report.notes, _HEAD_ROW + 2 + len(report.table.rows)):
        sheet.merge_range(row, 0, row, last_column, text, looks["note"])
        # A merged cell does not grow with its text.
        sheet.set_row(row, 14 * (1 + len(text) // characters))


def render_tracking_workbook(tracking: ResponseTracking) -> bytes:
    """Return the response tracking: by division, by department, and the mails to send."""
    title = f"{tracking.form.title}（{tracking.period.title}）　回収状況"
    tables: dict[str, tuple[Mapping[str, int | None], Iterator[Sequence[Cell]]]] = {
        "部別": (dict.fromkeys(_DIVISION_HEADINGS), _list_divisions(tracking)),
        "課別": (_DEPARTMENT_COLUMNS, map(_list_department, tracking.departments)),
        "催促の文面": (_REMINDER_COLUMNS, _list_reminders(tracking)),
        "担当課で直すもの": (_UNASSIGNED_COLUMNS, _list_unassigned(tracking)),
    }
    book = TextWorkbook(title, sample=tracking.sample)
    for name, (columns, rows) in tables.items():
        book.add_sheet(name, title).write_table(columns, rows)
    return book.close()


def _list_divisions(tracking: ResponseTracking) -> Iterator[Sequence[Cell]]:
    for one in (*tracking.survey.divisions, tracking.survey.total):
        yield one.division, one.asked, one.answered, one.no_change, one.not_received, one.rate


def _list_department(one: DepartmentState) -> Sequence[Cell]:
    return (
        one.code,
        one.row["division"],
        one.row["section"],
        one.state,
        str(one.row["answered_on"] or ""),
        str(one.row["due_on"]),
        one.days_late or None,
        *(one.count(severity) if one.files else None for severity in SEVERITY_LABELS),
        one.row["rows"] if one.files else None,
        one.row["rows_set_aside"] if one.files else None,
        one.difference,
        "\n".join(name.rpartition("/")[2] for name in one.files),
    )


def _list_reminders(tracking: ResponseTracking) -> Iterator[Sequence[Cell]]:
    sections = {one.code: one.row["section"] for one in tracking.departments}
    for code, text in write_reminders(tracking).items():
        yield code, sections[code], text


def _list_unassigned(tracking: ResponseTracking) -> Iterator[Sequence[Cell]]:
    for finding in tracking.unassigned:
        yield (
            finding.place.source_file,
            SEVERITY_LABELS[finding.severity],
            name_place(finding),
            finding.message,
            finding.how_to_fix,
            finding.rule_id,
        )
