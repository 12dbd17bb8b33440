"""The registers that the office keeps as CSV files, in the forms in which Excel leaves them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sumida_data.base.periods import Period
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.form import Form, SurveySheet
from sumida_data.survey.reading.text import Reader, read_date
from sumida_data.survey.reading.workbook import decode_csv, split_csv

# The columns of each register; others may be beside them.
REGISTERS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "accepted_differences": "indicator_id period differences reason decided_by decided_on",
        "cleared_texts": "text decided_by decided_on reason",
        "corrections": "correction_id period until department_code sheet row field"
        " expected_value new_value reason agreed_by agreed_on",
        "department_succession": "predecessor_code successor_code changed_on note",
        "departments": "department_code division section valid_from valid_to verified",
        "hint_notes": "indicator_id period hint note noted_by noted_on",
        "layout_map": "period file table field heading note",
        "municipalities": "municipality_code prefecture_name municipality_name",
        "progress_notes": "indicator_id period cause next_step said_by said_on",
        "released_texts": "period until department_code sheet row field text released_by"
        " released_on reason",
        "revisions": "indicator_id period revision reason scope cause impact response"
        " decided_by decided_on",
        "verdict_changes": "indicator_id period revision reason decided_by decided_on",
    }.items()
}
# Words beside a day or a number that make it no exact one.
_INEXACT = frozenset({"about", "expected", "since"})

# No office has decided anything before; a day outside is a slip of the hand.
_FIRST_DAY, _LAST_DAY = "1900-01-01", "2099-12-31"

TextRow = Mapping[str, str]
# Under this a row gives the number of its line, where only some rows of a register are given.
LINE = "\n"


class ReferenceTableError(ValueError):
    """A mistake in a reference table, described in one line with file, row, column and value."""


def read_register(path: Path) -> list[dict[str, str]]:
    """Read a register in UTF-8, or in the CP932 in which Japanese Excel saves a CSV file.

    Blank rows are returned too, so that they can be counted; a missing value is an empty text.

    Raises a ReferenceTableError if the file, a column or its heading is not as it must be.
    """
    headings, *rows = _split(path)
    columns = REGISTERS.get(path.stem, headings)
    if missing := [column for column in columns if column not in headings]:
        raise ReferenceTableError(
            f"{path.name} に列 {'、'.join(missing)} がありません。"
            f"いまある列は {'、'.join(headings) or 'なし'} です。1行目の見出しを直してください。"
        )
    if twice := Counter(filter(None, headings)) - Counter(set(headings)):
        raise ReferenceTableError(
            f"{path.name} に見出し {'、'.join(sorted(twice))} が2つあります。1つにしてください。"
        )
    width = len(headings)
    for number, row in enumerate(rows, 2):
        if any(beyond := row[width:]):
            raise ReferenceTableError(
                f"{path.name} の{number}行目: 見出しのない列に {'、'.join(beyond)!r} があります。"
                "値の中のコンマで列がずれていないか確かめ、余分な値を消してください。"
            )
    return [dict(zip_longest(headings, row[:width], fillvalue="")) for row in rows]


def _split(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise ReferenceTableError(
            f"{path.as_posix()} がありません。消したときは控えから戻し、"
            "名前や場所を変えたときは元に戻してください。"
        )
    try:
        text = decode_csv(path.read_bytes())
    except OSError as error:
        raise ReferenceTableError(
            f"{path.as_posix()} を開けません。Excelで開いていれば閉じてから、やり直してください。"
        ) from error
    if text is None:
        raise ReferenceTableError(
            f"{path.name} の文字を読めません。Excelの「名前を付けて保存」で"
            "「CSV UTF-8(コンマ区切り)」を選んで保存し直してください。"
        )
    try:
        return split_csv(text) or [[]]
    except UnusableFileError as error:
        raise ReferenceTableError(
            f'{path.name} の{error.words["line"]}行目の「"」が閉じられていません。'
            "閉じるか消してください。"
        ) from error


def list_rows(rows: Iterable[TextRow], register: str) -> Iterator[tuple[str, TextRow]]:
    """Yield the rows that are not empty, each after the words for its place."""
    for number, row in enumerate(rows, start=2):
        if any(row.values()):
            yield f"{register}.csv の{row.get(LINE, number)}行目", row


def require(row: TextRow, columns: Iterable[str], place: str) -> None:
    """Refuse a row that leaves out what must be written, with a ReferenceTableError."""
    for column in columns:
        if not row[column].strip():
            raise ReferenceTableError(f"{place}の {column} が空です。必ず書いてください。")


def read_exactly(text: str, reader: Reader) -> str | None:
    """Return the value that a text gives, or None if it has none or no exact one."""
    reading = reader(text)
    return reading.value if _INEXACT.isdisjoint(reading.rules.split()) else None


def parse_code(row: TextRow, column: str, place: str, digits: int) -> str:
    """Read a code of so many digits, or raise a ReferenceTableError."""
    code = row[column].strip()
    if not re.fullmatch(rf"[0-9]{{{digits}}}", code):
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は{digits}桁の番号ではありません。"
        )
    return code


def parse_day(row: TextRow, column: str, place: str) -> date:
    """Read a day in any notation that has one reading, or raise a ReferenceTableError."""
    day = read_exactly(row[column], read_date)
    if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
        raise ReferenceTableError(
            f"{place}の {column}: {row[column]!r} は日付ではありません。"
            "2023-02-10、2023/2/10、令和5年2月10日、R5.2.10 のどれかの形で書いてください。"
        )
    return date.fromisoformat(day)


def parse_period(row: TextRow, column: str, place: str) -> Period:
    """Read a quarter, or raise a ReferenceTableError."""
    try:
        return Period.parse(row[column])
    except ValueError as error:
        raise ReferenceTableError(f"{place}の {column}: {error}") from error


def parse_periods(row: TextRow, place: str) -> tuple[Period, Period]:
    """Read the quarters from ``period`` to ``until``, or raise a ReferenceTableError."""
    first = parse_period(row, "period", place)
    last = parse_period(row, "until", place) if row["until"] else first
    if str(last) < str(first):
        raise ReferenceTableError(
            f"{place}の until: {row['until']!r} が period の {row['period']!r} より前です。"
            "period と同じか、それより後の四半期を書いてください。"
        )
    return first, last


class MappedHeading(NamedTuple):
    """A heading in files of a name such as ``1203_*``, and the field that it means there."""

    period: str
    file: str
    table: str
    field: str
    heading: str

    def concerns(self, period: str, source_file: str) -> bool:
        """Tell whether the file is one of those that have the heading."""
        return self.period == period and fnmatch(PurePosixPath(source_file).name, self.file)


def parse_layout_map(rows: Iterable[TextRow], form: Form) -> list[MappedHeading]:
    """Read the rows of layout_map.csv; a ReferenceTableError if the form has no such field."""
    mapped = []
    for place, row in list_rows(rows, "layout_map"):
        require(row, MappedHeading._fields, place)
        period = str(parse_period(row, "period", place))
        part = form.sheet_of(row["table"])
        if part is None or row["field"] not in {field.name for field in part.fields}:
            raise ReferenceTableError(
                f"{place}: 調査票に {row['table']}.{row['field']} はありません。"
                "form.yml の table と name を書いてください。"
            )
        mapped.append(MappedHeading(period, *(row[name] for name in MappedHeading._fields[1:])))
    return mapped


def add_headings(part: SurveySheet, mapped: Iterable[MappedHeading]) -> SurveySheet:
    """Return the part of the form with the mapped headings as aliases of its fields."""
    headings = defaultdict(list)
    for one in mapped:
        headings[one.table, one.field].append(one.heading)
    fields = [
        field.model_copy(update={"aliases": (*field.aliases, *headings[part.table, field.name])})
        for field in part.fields
    ]
    return part.model_copy(update={"fields": tuple(fields)})
