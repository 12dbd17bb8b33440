"""What goes to the departments once their files are read, and what the office follows them up by.

Before the figures go out, a department is shown which of its cells counted where, what was left out
and why, what will be public in its name, and where it sent a file again, how that differs from the
one before, cell by cell.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import PurePosixPath

import pandas as pd

from sumida_data.base.database import connect, select
from sumida_data.base.frames import read_rows, to_arrow
from sumida_data.base.metadata import HomeMunicipality, Row
from sumida_data.base.xlsx import Book, Cell
from sumida_data.present.words import load_templates
from sumida_data.report.content import ANSWERED, SurveyState
from sumida_data.survey import feedback
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import Return, read_returns
from sumida_data.survey.feedback import Feedback
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import SEVERITY_LABELS, Finding
from sumida_data.survey.form import Form, SurveySheet

_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FINDINGS_SHOWN = 5
# Of several files of one department the first of these says how it answered.
_FIRST = ("received", "no_change", "set_aside", "not_received", "superseded")
# A record has another id in every quarter; its key is what stays.
_COMPARISON = """
    WITH answered AS (
        SELECT department_code, item.sheet, part_number, field, value, period = $period AS is_now,
            string_agg(value, '|' ORDER BY field) FILTER (is_key) OVER (PARTITION BY record_id)
                AS key
        FROM answer JOIN item USING (table_name, field)
        WHERE department_code IS NOT NULL AND period <= $period
        QUALIFY is_now
            OR period = max(period) FILTER (period < $period) OVER (PARTITION BY department_code)
    ), pair AS (
        SELECT department_code, sheet, part_number,
            max(value) FILTER (is_now) AS value, max(value) FILTER (NOT is_now) AS earlier
        FROM answered
        GROUP BY department_code, sheet, part_number, key, field
    ), diff AS (
        SELECT department_code, min(part_number) AS part_number, concat_ws(' ',
            '増' || nullif(count(*) FILTER (earlier IS NULL AND value IS NOT NULL), 0),
            '減' || nullif(count(*) FILTER (earlier IS NOT NULL AND value IS NULL), 0),
            '変更' || nullif(count(*) FILTER (earlier != value), 0)) AS words,
            if(words = '', '', concat(sheet, '(', words, ')')) AS difference
        FROM pair
        WHERE department_code IN (
            SELECT department_code FROM answered GROUP BY ALL HAVING count(DISTINCT is_now) = 2)
        GROUP BY department_code, sheet
    )
    SELECT department_code, list(difference ORDER BY part_number) AS differences
    FROM diff GROUP BY department_code
"""
# The cells of carried answers are in the file of an earlier quarter.
_COUNTED = """
    WITH ours AS (
        SELECT DISTINCT record_id, department_code
        FROM answer WHERE period = $period AND department_code IS NOT NULL
    ), newest AS (
        SELECT * FROM lineage WHERE period = $period
        QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id)
    )
    SELECT department_code, {
        indicator: indicator_title, role: role, records: count(DISTINCT row_id),
        cells: list(DISTINCT concat(sheet, '!', cell, if(carried_from IS NULL, '', '(前回から)')))
    }
    FROM newest
    JOIN ours ON row_id = record_id
    JOIN (SELECT DISTINCT indicator_id, indicator_title FROM indicator_value) USING (indicator_id)
    WHERE cell IS NOT NULL
    GROUP BY department_code, indicator_title, role
    ORDER BY department_code, indicator_title, role
"""
_RESTS_ON = """
    SELECT table_name, field, list(DISTINCT indicator_title ORDER BY indicator_title)
    FROM lineage
    JOIN (SELECT DISTINCT indicator_id, indicator_title FROM indicator_value) USING (indicator_id)
    GROUP BY table_name, field
"""
_DIVISION_HEADINGS = (
    *("部", "照会した課", "回答した課", "うち前回から変更なし", "未回答の課", "回収率"),
)
_DEPARTMENT_HEADINGS = (
    *("課コード", "部", "課", "状態", "回答日", "締切日", "締切後の日数"),
    *(*SEVERITY_LABELS.values(), "集計した行", "除いた行", "前回の回答との違い", "届いたファイル"),
)
_UNASSIGNED_HEADINGS = ("ファイル", "重さ", "場所", "何が問題か", "どう直すか", "規則")
_WIDTHS = {
    "前回の回答との違い": 50,
    "届いたファイル": 36,
    "文面": 90,
    "ファイル": 50,
    "何が問題か": 60,
    "どう直すか": 60,
}

# By table and field, the titles of the indicators that rest on it.
RestsOn = Mapping[tuple[str, str], Sequence[str]]


class ResponseTracking:
    """The state of all departments' answers in a quarter, from tables of all quarters.

    Attributes:
        departments: By code the row of ``response`` that counts, and beside it the usable ``files``
            it sent, a receipt of each that came as ``receipts``, ``findings`` in the one that
            counts in the order of work with their ``counts`` by severity, whether it is ``silent``,
            having sent nothing that can be used, or a file that is ``unusable``, the ``days_late``,
            and in words its ``state``, the ``difference`` from its last answers, the ``mail`` that
            it gets, subject line first, and the same as ``reminder`` where it is asked for more.
        unassigned: Findings about files that belong to no known department, and about the
            central files.
        corrected: How many departments sent more than one usable file.
    """

    def __init__(
        self, given: Feedback, municipality: HomeMunicipality, tables: Mapping[str, pd.DataFrame]
    ) -> None:
        """Say which departments have answered; tables are response, finding and answer."""
        self.municipality, self.form, self.period = municipality, given.form, given.period
        response, finding, period = tables["response"], tables["finding"], str(given.period)
        self.survey = SurveyState(period, response, finding, given.rules)
        statuses = given.dictionary.words("response.response_status")
        ours = read_rows(response[response["period"].eq(period)])
        self.sample = any(row["sample"] for row in ours)
        findings = feedback.collect_findings(ours, read_rows(finding), given.period, given.rules)
        self.unassigned = sorted(findings[None], key=feedback.order_for_work)
        changes = describe_changes(given.form, period, tables["answer"])
        self.departments: list[Row] = []
        for code in self.survey.sections:
            rows = [row for row in ours if row["department_code"] == code]
            one = _describe_department(rows, statuses, findings[code], changes.get(code))
            mail = self._write_mail(one)
            wanting = one["silent"] or one["findings"]
            self.departments.append(one | {"mail": mail, "reminder": mail if wanting else ""})
        self.corrected = sum(len(one["files"]) > 1 for one in self.departments)
        self.late = sum(one["days_late"] > 0 for one in self.departments)
        self.to_correct = sum(one["counts"]["error"] > 0 for one in self.departments)

    def _write_mail(self, one: Row) -> str:
        name = feedback.name_return_sheet(one["department_code"], one["section"])
        context = {"labels": SEVERITY_LABELS, "shown": _FINDINGS_SHOWN, "return_sheet": name}
        return _fill_in("mail.txt", tracking=self, one=one, **context)


def _describe_department(
    rows: Sequence[Row],
    statuses: Mapping[str, str],
    findings: Iterable[Finding],
    changes: Sequence[str] | None,
) -> Row:
    # What can be used goes before what cannot, and before an older file.
    row = min(rows, key=lambda row: _FIRST.index(row["response_status"]))
    status = row["response_status"]
    usable = {*ANSWERED, "superseded"}
    files = [one["source_file"] for one in rows if one["response_status"] in usable]
    days = (row["answered_on"] - row["due_on"]).days if row["answered_on"] else 0
    # A day more than a year later is a slip of the pen, which a finding names.
    days_late = days if 0 < days <= 366 else 0
    marks = [statuses[status]] + ["訂正あり"] * (len(files) > 1)
    marks += [f"締切後{days_late}日"] * (days_late > 0)
    if changes is None:
        difference = "前回の回答なし" if status in ANSWERED else ""
    else:
        difference = "、".join(changes) or "違いなし"
    return row | {
        "files": files,
        "receipts": [*_list_receipts(rows, statuses)],
        "findings": sorted(findings, key=feedback.order_for_work),
        "counts": Counter(one.severity for one in findings),
        "silent": status not in ANSWERED,
        "unusable": status == "set_aside",
        "days_late": days_late,
        "state": "、".join(marks),
        "difference": difference,
    }


def _list_receipts(
    rows: Sequence[Row], statuses: Mapping[str, str]
) -> Iterator[tuple[str, Row, str]]:
    """Yield of each file that came its name, its row of ``response`` and what became of it."""
    for row in rows:
        if row["source_file"]:
            yield PurePosixPath(row["source_file"]).name, row, statuses[row["response_status"]]


def describe_changes(form: Form, period: str, answer: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Say of each department in which sheets its answers differ from those of the last quarter.

    Each is written as 手続(増1 減2 変更1): answers added, removed and changed. A department
    that has not answered both times is left out.
    """
    items = [
        (part.table, item.name, item.key, part.sheet, number)
        for number, part in enumerate(form.answer_sheets)
        for item in part.fields
    ]
    names = ["table_name", "field", "is_key", "sheet", "part_number"]
    tables = {"answer": to_arrow(answer), "item": to_arrow(pd.DataFrame(items, columns=names))}
    rows = select(_COMPARISON, {"period": period}, **tables).to_pylist()
    return {row["department_code"]: tuple(filter(None, row["differences"])) for row in rows}


def trace_figures(
    period: str, **tables: pd.DataFrame
) -> tuple[Mapping[str, Sequence[Row]], RestsOn]:
    """Say by department code what counted in the figures of a quarter, and what these rest on.

    Counted are by indicator and role the number of records, with their cells. The tables are
    ``answer``, ``lineage`` and ``indicator_value``.
    """
    counted: dict[str, list[Row]] = defaultdict(list)
    with connect() as connection:
        for name, table in tables.items():
            connection.register(name, to_arrow(table))
        for code, found in connection.execute(_COUNTED, {"period": period}).fetchall():
            counted[code].append(found | {"cells": sorted(found["cells"], key=_by_place)})
        rests_on = connection.execute(_RESTS_ON).fetchall()
    return counted, {(table, field): titles for table, field, titles in rests_on}


def _by_place(place: str) -> tuple[str, int, str]:
    """Order cells as they are read: by sheet, row and column."""
    sheet, _, cell = place.partition("!")
    return sheet, int("".join(filter(str.isdigit, cell)) or 0), cell


def compare_returns(before: Return, after: Return, form: Form, rests_on: RestsOn) -> list[Row]:
    """Compare two files of one department cell by cell, in the order of the form.

    A change names its cell in the later file, or in the earlier one, the row of the record, and the
    indicators that rest on such answers.
    """
    old, new = map(_list_answers, (before, after))
    titles = {(part.table, item.name): item.title for part in form.sheets for item in part.fields}
    changes = []
    for table, row, field in dict.fromkeys((*new, *old)):
        cell, was = old.get((table, row, field), ("", ""))
        now_at, becomes = new.get((table, row, field), ("", ""))
        if was != becomes:
            change = {"cell": now_at or cell, "row": row, "before": was, "after": becomes}
            change["heading"] = titles.get((table, field), field)
            changes.append(change | {"indicators": rests_on.get((table, field), ())})
    order = {part.sheet: number for number, part in enumerate(form.sheets)}
    return sorted(
        changes, key=lambda one: (order.get(one["cell"].partition("!")[0], 0), one["row"])
    )


def _list_answers(returned: Return) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return cell and value of each answer by table, record and field."""
    answers = {}
    for one in returned.records:
        for answer in one.answers:
            located = (f"{answer.sheet}!{answer.cell}", answer.reading.value or "")
            answers[one.table, one.key, answer.field] = located
    return answers


def render_department_pages(
    tracking: ResponseTracking,
    collector: Collector,
    received: Mapping[str, SourceFile],
    **tables: pd.DataFrame,
) -> dict[str, bytes]:
    """Return the page of each department that has answered, by file name.

    The tables are those of ``trace_figures``.
    """
    counted, rests_on = trace_figures(str(tracking.period), **tables)
    pages, wave = {}, collector.waves.root[str(tracking.period)]
    for one in (one for one in tracking.departments if not one["silent"]):
        # The one that counts is last; it may be among the others too.
        names = [name for name in (*one["files"], one["source_file"]) if name in received]
        files = [received[name] for name in names] if len({*names}) > 1 else []
        read = list(read_returns(collector.reader, collector.waves, files))
        resent = {
            before.source_file: compare_returns(before, read[-1], tracking.form, rests_on)
            for before in read
            if before.source_file != read[-1].source_file
        }
        code, asked = one["department_code"], wave.sheets_for(one["department_code"])
        context = {"tracking": tracking, "sheets": _list_public(tracking.form, asked)}
        found = {"counted": counted.get(code, ()), "resent": resent}
        page = _fill_in("department.html", one=one, **context, **found)
        pages[f"{code}_{one['section']}_公開前の確認.html"] = page.encode()
    return pages


def _list_public(form: Form, asked: Collection[str]) -> list[Row]:
    """Return by sheet the headings that will be public, and those that are kept.

    What owners say of indicators will be public; other departments do not see its headings.
    """
    parts = form.answer_sheets
    return [_list_headings(one) for one in parts if one.kind != "indicators" or one.sheet in asked]


def _list_headings(part: SurveySheet) -> Row:
    titles: dict[bool, list[str]] = {True: [], False: []}
    for item in (item for item in part.fields if not item.personal):
        titles[item.published or part.kind == "indicators"].append(item.title)
    return {"sheet": part.sheet, "public": titles[True], "kept": titles[False]}


def write_mails(tracking: ResponseTracking, written: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the mails as drafts that a mail program opens, with what goes along with them.

    The files written for departments are by name, which begins with the code.
    """
    mails = {}
    for one in tracking.departments:
        code = one["department_code"]
        subject, _, text = one["mail"].strip().partition("\n")
        mail = EmailMessage(SMTP)
        mail["Subject"] = subject.removeprefix("件名：")
        # Outlook opens it as a draft.
        mail["X-Unsent"] = "1"
        mail.set_content(text.strip() + "\n")
        for name in sorted(name for name in written if name.startswith(f"{code}_")):
            kind = ("text", "html") if name.endswith(".html") else ("application", _XLSX)
            mail.add_attachment(written[name], *kind, filename=name)
        if mail.is_multipart():
            # The same bytes whenever it is written.
            mail.set_boundary(f"=={code}==")
        mails[f"メール/{code}_{one['section']}.eml"] = mail.as_bytes()
    return mails


def render_tracking_page(tracking: ResponseTracking) -> bytes:
    """Return the response tracking, with the mails to send."""
    context = {"tracking": tracking, "labels": SEVERITY_LABELS}
    return _fill_in("response_tracking.html", **context).encode()


def _fill_in(template: str, **values: object) -> str:
    return load_templates("report", place=feedback.name_place).get_template(template).render(values)


def render_tracking_workbook(tracking: ResponseTracking) -> bytes:
    """Return the response tracking: by division, by department, and the mails to send."""
    title = f"{tracking.form.title}（{tracking.period.title}）　回収状況"
    names = ("department_code", "section", "reminder")
    reminders = [[one[name] for name in names] for one in tracking.departments if one["reminder"]]
    unassigned = [
        (
            *(one.place.source_file, SEVERITY_LABELS[one.severity], feedback.name_place(one)),
            *(one.message, one.how_to_fix, one.rule_id),
        )
        for one in tracking.unassigned
    ]
    tables: dict[str, tuple[Sequence[str], Sequence[Sequence[Cell]]]] = {
        "部別": (_DIVISION_HEADINGS, [*tracking.survey.divisions, tracking.survey.total]),
        "課別": (_DEPARTMENT_HEADINGS, [*map(_list_department, tracking.departments)]),
        "催促の文面": (("課コード", "課", "文面"), reminders),
        "担当課で直すもの": (_UNASSIGNED_HEADINGS, unassigned),
    }
    book = Book(title, sample=tracking.sample)
    for name, (headings, rows) in tables.items():
        widths = {heading: _WIDTHS.get(heading) for heading in headings}
        book.begin(name, title).write_table(widths, rows)
    return book.close()


def _list_department(one: Row) -> Sequence[Cell]:
    counts = [one["counts"][severity] for severity in SEVERITY_LABELS]
    found = [*counts, one["rows"], one["rows_set_aside"]]
    return (
        *(one["department_code"], one["division"], one["section"], one["state"]),
        *(str(one["answered_on"] or ""), str(one["due_on"]), one["days_late"] or None),
        *(found if one["files"] else [None] * len(found)),
        *(one["difference"], "\n".join(name.rpartition("/")[2] for name in one["files"])),
    )
