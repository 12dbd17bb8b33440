"""What a department is shown before the figures go out, and says yes to.

Which of its cells counted where, what was left out and why, what will be public in its name, and
where it sent a file again, how that differs from the one before, cell by cell.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

import pandas as pd

from sumida_data.base.database import connect
from sumida_data.base.frames import to_arrow
from sumida_data.present.templates import load_templates
from sumida_data.report.survey import DepartmentState, ResponseTracking
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import Return, read_returns
from sumida_data.survey.feedback import name_place
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import Form

_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The cells of carried answers lie in the file of an earlier quarter.
_COUNTED = """
    WITH ours AS (
        SELECT DISTINCT record_id, department_code
        FROM answer WHERE period = $period AND department_code IS NOT NULL
    ), standing AS (
        SELECT * FROM lineage WHERE period = $period
        QUALIFY revision = max(revision) OVER (PARTITION BY municipality_code, indicator_id)
    )
    SELECT department_code, indicator_title, role, count(DISTINCT row_id),
        list(DISTINCT concat(sheet, '!', cell, if(carried_from IS NULL, '', '(前回から)')))
    FROM standing
    JOIN ours ON row_id = record_id
    JOIN (SELECT DISTINCT indicator_id, indicator_title FROM indicator_value) USING (indicator_id)
    WHERE cell IS NOT NULL
    GROUP BY ALL
    ORDER BY ALL
"""
_RESTS_ON = """
    SELECT DISTINCT table_name, field, indicator_title
    FROM lineage
    JOIN (SELECT DISTINCT indicator_id, indicator_title FROM indicator_value) USING (indicator_id)
    ORDER BY ALL
"""


class CountedCells(NamedTuple):
    """The records of a department that counted in an indicator, and their cells."""

    indicator: str
    role: str
    records: int
    cells: Sequence[str]


class PublicSheet(NamedTuple):
    """A sheet: the headings that will be public, and those that are not."""

    sheet: str
    public: Sequence[str]
    kept: Sequence[str]


class CellChange(NamedTuple):
    """An answer that is another one in the file that was sent again.

    Attributes:
        cell: Where it is in the later file, or was in the earlier one.
        row: What names the record.
        indicators: The indicators that rest on such answers.
    """

    cell: str
    row: str
    heading: str
    before: str
    after: str
    indicators: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the figures of a quarter rest on.

    Attributes:
        counted: By department code, what counted.
        rests_on: By table and field, the titles of the indicators that rest on it.
    """

    counted: Mapping[str, Sequence[CountedCells]]
    rests_on: Mapping[tuple[str, str], Sequence[str]]


def trace_figures(period: str, **tables: pd.DataFrame) -> Figures:
    """Say what the figures rest on, from tables answer, lineage and indicator_value."""
    counted: dict[str, list[CountedCells]] = defaultdict(list)
    rests_on: dict[tuple[str, str], list[str]] = defaultdict(list)
    with connect() as connection:
        for name, table in tables.items():
            connection.register(name, to_arrow(table))
        rows = connection.execute(_COUNTED, {"period": period}).fetchall()
        for code, title, role, records, cells in rows:
            counted[code].append(CountedCells(title, role, records, sorted(cells, key=_by_place)))
        for table, field, title in connection.execute(_RESTS_ON).fetchall():
            rests_on[table, field].append(title)
    return Figures(counted, rests_on)


def compare_returns(
    before: Return, after: Return, form: Form, rests_on: Mapping[tuple[str, str], Sequence[str]]
) -> list[CellChange]:
    """Compare two files of one department cell by cell, in the order of the form."""
    old, new = (_list_answers(one) for one in (before, after))
    titles = {(part.table, item.name): item.title for part in form.sheets for item in part.fields}
    places = [*new, *(place for place in old if place not in new)]
    changes = []
    for place in places:
        table, row, field = place
        (_, was), (cell, becomes) = old.get(place, ("", "")), new.get(place, ("", ""))
        if was != becomes:
            where = cell or old[place][0]
            title = titles.get((table, field), field)
            moved = rests_on.get((table, field), ())
            changes.append(CellChange(where, row, title, was, becomes, moved))
    order = {part.sheet: number for number, part in enumerate(form.sheets)}
    return sorted(changes, key=lambda one: (order.get(one.cell.partition("!")[0], 0), one.row))


def render_department_pages(
    tracking: ResponseTracking,
    collector: Collector,
    received: Mapping[str, SourceFile],
    figures: Figures,
) -> dict[str, bytes]:
    """Return the page of each department that has answered, by file name."""
    page = load_templates("report", place=name_place).get_template("department.html")
    sheets = list(_list_public(tracking.form))
    return {
        f"{one.code}_{one.row['section']}_公開前の確認.html": page.render(
            tracking=tracking,
            one=one,
            counted=figures.counted.get(one.code, ()),
            sheets=sheets,
            resent=_compare_files(tracking, one, collector, received, figures),
        ).encode()
        for one in tracking.departments
        if not one.silent
    }


def write_mails(
    tracking: ResponseTracking, reminders: Mapping[str, str], written: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the reminders as drafts that a mail program opens, with what goes along with them.

    Args:
        tracking: The departments.
        reminders: Mails by department code, subject line first.
        written: The files for departments by name; they begin with the code.
    """
    mails = {}
    for one in (one for one in tracking.departments if one.code in reminders):
        subject, _, text = reminders[one.code].strip().partition("\n")
        mail = EmailMessage(SMTP)
        mail["Subject"] = subject.removeprefix("件名：")
        # Outlook opens it as a draft.
        mail["X-Unsent"] = "1"
        mail.set_content(text.strip() + "\n")
        for name in sorted(name for name in written if name.startswith(f"{one.code}_")):
            kind = "html" if name.endswith(".html") else _XLSX
            mail.add_attachment(
                written[name], "text" if kind == "html" else "application", kind, filename=name
            )
        if mail.is_multipart():
            # The same bytes whenever it is written.
            mail.set_boundary(f"=={one.code}==")
        mails[f"メール/{one.code}_{one.row['section']}.eml"] = mail.as_bytes()
    return mails


def _compare_files(
    tracking: ResponseTracking,
    one: DepartmentState,
    collector: Collector,
    received: Mapping[str, SourceFile],
    figures: Figures,
) -> dict[str, list[CellChange]]:
    """Return by each file that was replaced how the one that counts differs from it."""
    names = [name for name in (*one.files, one.row["source_file"]) if name in received]
    if len({*names}) < 2:
        return {}
    # The one that counts stands last; it may stand among the others too.
    *replaced, _ = names
    files = [received[name] for name in names]
    *earlier, counts = read_returns(collector.reader, collector.waves, files)
    return {
        name: compare_returns(before, counts, tracking.form, figures.rests_on)
        for name, before in zip(replaced, earlier, strict=True)
        if name != counts.source_file
    }


def _list_answers(returned: Return) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return cell and value of each answer by table, record and field."""
    return {
        (record.table, record.key, answer.field): (
            f"{answer.sheet}!{answer.cell}",
            answer.reading.value or "",
        )
        for record in returned.records
        for answer in record.answers
    }


def _list_public(form: Form) -> Iterable[PublicSheet]:
    for part in form.answer_sheets:
        public = [item.title for item in part.fields if item.published and not item.personal]
        kept = [item.title for item in part.fields if not item.published and not item.personal]
        yield PublicSheet(part.sheet, public, kept)


def _by_place(place: str) -> tuple[str, int, str]:
    """Order cells as they are read: by sheet, row and column."""
    sheet, _, cell = place.partition("!")
    digits = "".join(filter(str.isdigit, cell))
    return sheet, int(digits or 0), cell
