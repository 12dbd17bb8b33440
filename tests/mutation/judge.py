"""Whether a damaged workbook is read right, or the damage is found where it is."""

import re
from dataclasses import dataclass
from typing import Literal

from openpyxl.utils import coordinate_to_tuple

from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.findings import Finding
from sumida_data.survey.form import Waves
from sumida_data.survey.reading.reader import Answer, Record
from tests.mutation.grid import Book, Origin

Outcome = Literal["right", "found", "silent"]
Place = tuple[str, int, int]

# Findings that speak of the whole row of their cell, of the column under it, of the sheet.
OF_ROW = {
    "F211",
    "F213",
    "F214",
    "F219",
    "F305",
    "F306",
    "F314",
    "F316",
    "F317",
    "F318",
    "F319",
    "F320",
    "F325",
    "F339",
    "F341",
    "F342",
    "F343",
    "F346",
}
OF_COLUMN = {"F206", "F211", "F214", "F218", "F319", "F331", "F332"}
OF_SHEET = {"F212", "F215", "F220", "F229", "F333"}
OF_FILE = {"F201", "F202", "F203", "F225"}


@dataclass(frozen=True)
class Expected:
    """An answer of the undamaged workbook."""

    table: str
    key: str
    field: str
    title: str
    value: str | None
    status: str


@dataclass(frozen=True)
class Judge:
    """Compares what is read with what was read before the damage."""

    reader: FormReader
    waves: Waves
    period: str

    def read(self, content: bytes) -> Return:
        returned = Return("FY2022Q3/damaged.xlsx", "0" * 64, 0, self.period)
        self.reader.read(content, returned, self.waves.root[self.period])
        return returned

    def expect(self, content: bytes) -> dict[Origin, Expected]:
        """Read an undamaged workbook; its answers by their cells."""
        returned = self.read(content)
        assert returned.findings == [], [finding.message for finding in returned.findings]
        return {
            _place(answer): self._expected(record, answer)
            for record in _records(returned)
            for answer in record.answers
        }

    def judge(self, book: Book, expected: dict[Origin, Expected]) -> tuple[Outcome, list[str]]:
        """Return the outcome of damage, and what has changed without a finding."""
        returned = self.read(book.write())
        positions = {
            origin: (page.name, row, column)
            for origin, (page, row, column) in book.positions().items()
        }
        answers = {
            _place(answer): self._expected(record, answer)
            for record in _records(returned)
            for answer in record.answers
        }
        # A blank cell may move among others as long as the answer is still blank.
        by_field = {_field(answer): answer.status for answer in answers.values()}
        findings = _Findings(returned.findings)
        # Without a code nobody's answers are used; the collection says so (F202).
        findings.file |= returned.department_code is None
        wrong, silent = False, []
        for origin, before in expected.items():
            now = positions.get(origin)
            after = answers.pop(now, None) if now else None
            says = by_field.get(_field(before), before.status), after.status if after else ""
            blank = before.value is None and before.status in says
            blank &= not (after and after.value)
            if after != before and not blank:
                wrong = True
                place = now or _place_left(origin, positions)
                if not findings.tell(place, origin, before):
                    silent.append(f"{before} → {after} at {now}")
        for place, extra in answers.items():
            # A copy may count for an original that is damaged.
            is_copy = extra in expected.values()
            if extra.value and not is_copy and not findings.tell(place, place, extra):
                silent.append(f"new: {extra} at {place}")
        return ("silent" if silent else "found" if wrong else "right"), silent

    def _expected(self, record: Record, answer: Answer) -> Expected:
        part = self.reader.form.sheet_of(record.table)
        assert part is not None
        title = next(item.title for item in part.fields if item.name == answer.field)
        status = answer.reading.status
        # A cell left blank and a cell that is gone are both unanswered.
        return Expected(record.table, record.key, answer.field, title, answer.reading.value, status)


class _Findings:
    """The findings by what they speak of."""

    def __init__(self, findings: list[Finding]) -> None:
        self.cells: set[Place] = set()
        self.rows: set[tuple[str, int]] = set()
        self.columns: set[tuple[str, int]] = set()
        self.headings: list[tuple[str, str]] = []
        self.missing_sheets: list[str] = []
        self.sheets: set[str] = set()
        self.file = False
        # Rows with blank cells beside labels, wherever their answers are now.
        self.blank_labels = {
            (finding.place.sheet, int(row) - 1)
            for finding in findings
            if finding.rule_id == "F323"
            for row in re.findall(r"[A-Z]+([0-9]+)", finding.message)
        }
        for finding in findings:
            self._add(finding)

    def _add(self, finding: Finding) -> None:
        rule_id, sheet = finding.rule_id, finding.place.sheet or ""
        self.file |= rule_id in OF_FILE
        if rule_id in OF_SHEET:
            self.sheets.add(sheet)
        if rule_id == "F204":
            self.missing_sheets.append(finding.message + finding.how_to_fix)
        if rule_id == "F205":
            self.headings.append((sheet, finding.message))
        if finding.place.cell is None:
            return
        number, column = coordinate_to_tuple(finding.place.cell)
        self.cells.add((sheet, number - 1, column - 1))
        if rule_id in OF_ROW:
            self.rows.add((sheet, number - 1))
        if rule_id in OF_COLUMN:
            self.columns.add((sheet, column - 1))

    def tell(self, place: Place | None, origin: Origin, answer: Expected) -> bool:
        """Tell whether a finding leads to the answer's cell, or to what took it away."""
        sheets = {origin[0], place[0] if place else ""}
        heading = f"見出し「{answer.title}」"
        if self.file or sheets & self.sheets:
            return True
        if place and not answer.key and place[:2] in self.blank_labels:
            return True
        if any(f"「{origin[0]}」" in message for message in self.missing_sheets):
            return True
        if any(sheet in sheets and heading in message for sheet, message in self.headings):
            return True
        return place is not None and (
            place in self.cells or place[:2] in self.rows or (place[0], place[2]) in self.columns
        )


def _records(returned: Return) -> list[Record]:
    return [*([returned.cover] if returned.cover else []), *returned.records]


def _place_left(origin: Origin, positions: dict[Origin, Place]) -> Place | None:
    """Return the place of a cell that is gone, by the others of its row and of its column."""
    row = next((p for o, p in positions.items() if o[:2] == origin[:2]), None)
    column = next((p for o, p in positions.items() if o[::2] == origin[::2]), None)
    return (row[0], row[1], column[2]) if row and column else None


def _field(answer: Expected) -> tuple[str, str, str]:
    return answer.table, answer.key, answer.field


def _place(answer: Answer) -> Place:
    row, column = coordinate_to_tuple(answer.cell)
    return answer.sheet, row - 1, column - 1
