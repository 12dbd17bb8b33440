"""The response tracking as a workbook for the office."""

from collections.abc import Iterator, Mapping, Sequence

from sumida_data.base.xlsx import Cell, TextWorkbook
from sumida_data.report.page import write_reminders
from sumida_data.report.tracking import DepartmentState, ResponseTracking
from sumida_data.survey.feedback.return_sheet import name_place
from sumida_data.survey.findings import SEVERITY_LABELS

_DIVISION_HEADINGS = (
    "部",
    "照会した課",
    "回答した課",
    "うち前回から変更なし",
    "未回答の課",
    "回収率",
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
_UNASSIGNED_COLUMNS = {
    "ファイル": 50,
    "重さ": None,
    "場所": None,
    "何が問題か": 60,
    "どう直すか": 60,
    "規則": None,
}


def render_tracking_workbook(tracking: ResponseTracking) -> bytes:
    """Return the response tracking as XLSX: by division, by department, and the mails to send."""
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
        one.division,
        one.section,
        one.state,
        str(one.answered_on or ""),
        str(one.due_on),
        one.days_late or None,
        *(one.count(severity) if one.files else None for severity in SEVERITY_LABELS),
        one.rows if one.files else None,
        one.rows_set_aside if one.files else None,
        one.difference,
        "\n".join(name.rpartition("/")[2] for name in one.files),
    )


def _list_reminders(tracking: ResponseTracking) -> Iterator[Sequence[Cell]]:
    sections = {one.code: one.section for one in tracking.departments}
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
