"""The ward's departments over time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


class ReferenceTableError(ValueError):
    """A mistake in a reference table, told in one line with file, row, column and value."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department for as long as it had one name and one division.

    Attributes:
        code: Its code.
        division: Its division (部).
        section: Its name (課).
        valid_from: First day.
        valid_to: Last day, or None while it exists.
    """

    code: str
    division: str
    section: str
    valid_from: date
    valid_to: date | None

    def exists_on(self, day: date) -> bool:
        """Tell whether it existed under this name on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def parse_departments(rows: Iterable[Mapping[str, str]], file: str) -> list[Department]:
    """Read the rows of departments.csv.

    Args:
        rows: The rows, all values as text, an empty text where there is none.
        file: The file's name, for errors.

    Raises:
        ReferenceTableError: If a column is missing, a day is none, or a code stands twice on
            one day.
    """
    departments: list[Department] = []
    for number, row in enumerate(rows, start=2):
        department = _parse_department(row, f"{file} の{number}行目")
        for earlier in departments:
            if earlier.code == department.code and earlier.exists_on(department.valid_from):
                raise ReferenceTableError(
                    f"{file} の{number}行目: 課コード {department.code!r} の期間が"
                    f"「{earlier.section}」の行と重なっています。"
                    "valid_from と valid_to を直してください。"
                )
        departments.append(department)
    return departments


def _parse_department(row: Mapping[str, str], place: str) -> Department:
    try:
        return Department(
            code=row["department_code"],
            division=row["division"],
            section=row["section"],
            valid_from=_parse_day(row["valid_from"], f"{place}の valid_from"),
            valid_to=_parse_day(row["valid_to"], f"{place}の valid_to")
            if row["valid_to"]
            else None,
        )
    except KeyError as error:
        raise ReferenceTableError(f"{place}: 列 {error.args[0]!r} がありません。") from error


def _parse_day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ReferenceTableError(
            f"{place}: {text!r} は日付ではありません。2022-04-01 の形で書いてください。"
        ) from error
