"""The ward's departments over time."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sumida_data.base.periods import Period
from sumida_data.survey.form import Wave
from sumida_data.survey.reading import registers
from sumida_data.survey.reading.registers import ReferenceTableError, TextRow
from sumida_data.survey.reading.text import fold

_FEWEST_DIGITS = 4


class Department(NamedTuple):
    """A department (課 of a 部) for as long as it had one name and one division.

    It has no last day while it exists, and is verified as ``公表資料`` where the ward has published
    the name, else ``未確認``.
    """

    code: str
    division: str
    section: str
    valid_from: date
    valid_to: date | None
    verified: str

    def exists_on(self, day: date) -> bool:
        """Tell whether it existed under this name on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Department") -> bool:
        """Tell whether both have one code on one day."""
        latest = max(self.valid_from, other.valid_from)
        return self.code == other.code and self.exists_on(latest) and other.exists_on(latest)


class Succession(NamedTuple):
    """The passing of one department's work to another, each given by its code."""

    predecessor: str
    successor: str
    changed_on: date
    note: str


class Takeover(NamedTuple):
    """Work that came to a department on a day, among all successors between which it was divided.

    The predecessor had it to the day before.
    """

    predecessor: str
    changed_on: date
    successors: set[str]


def list_existing(departments: Iterable[Department], day: date) -> dict[str, Department]:
    """Return the departments that exist on a day, by code, in the order of the register."""
    return {one.code: one for one in departments if one.exists_on(day)}


def parse_departments(rows: Iterable[TextRow]) -> list[Department]:
    """Read the rows of departments.csv; a mistake raises a ReferenceTableError."""
    departments: list[Department] = []
    listed = list(registers.list_rows(rows, "departments"))
    # All codes are as long as the longest; Excel takes zeros away from their front.
    codes = filter(str.isdigit, (row["department_code"].strip() for _, row in listed))
    digits = max([_FEWEST_DIGITS, *map(len, codes)])
    for place, row in listed:
        registers.require(row, ("division", "section"), place)
        first = registers.parse_day(row, "valid_from", place)
        last = registers.parse_day(row, "valid_to", place) if row["valid_to"] else None
        if last is not None and last < first:
            raise ReferenceTableError(
                f"{place}: valid_to {last} が valid_from {first} より前です。直してください。"
            )
        code = registers.parse_code(row, "department_code", place, digits)
        division, section = row["division"].strip(), row["section"].strip()
        department = Department(code, division, section, first, last, row["verified"])
        for earlier in departments:
            if department.overlaps(earlier):
                raise ReferenceTableError(
                    f"{place}: 課コード {code!r} の期間が「{earlier.section}」の行と"
                    "重なっています。valid_from と valid_to を直してください。"
                )
        departments.append(department)
    return departments


def parse_successions(
    rows: Iterable[TextRow], departments: Iterable[Department]
) -> list[Succession]:
    """Read the rows of department_succession.csv; a mistake raises a ReferenceTableError."""
    known = {department.code for department in departments}
    successions = []
    for place, row in registers.list_rows(rows, "department_succession"):
        before, after = row["predecessor_code"], row["successor_code"]
        for name, code in (("predecessor_code", before), ("successor_code", after)):
            if code not in known:
                raise ReferenceTableError(
                    f"{place}の {name}: 課コード {code!r} は departments.csv にありません。"
                )
        changed_on = registers.parse_day(row, "changed_on", place)
        successions.append(Succession(before, after, changed_on, row["note"]))
    return successions


def refuse_unknown_codes(waves: Mapping[str, Wave], departments: Sequence[Department]) -> None:
    """Raise a ReferenceTableError if an inquiry asks a department that is not there at its end."""
    for period, wave in waves.items():
        known = list_existing(departments, Period.parse(period).last_day)
        asked = {f"{period}.departments": wave.departments}
        asked |= {f"{period}.sheets.{sheet}": codes for sheet, codes in wave.sheets.items()}
        for place, codes in asked.items():
            unknown = [] if codes == "all" else [code for code in codes if code not in known]
            if unknown:
                todo = f"{period} の照会を書く" if wave.follows else "番号を直す"
                raise ReferenceTableError(
                    f"waves.yml の {place}: 課コード {'、'.join(unknown)} は、"
                    "この期間の終わりの日に departments.csv にありません。"
                    f"{todo}か、課を加えてください。"
                )


def find_series(
    departments: Iterable[Department], successions: Iterable[Succession]
) -> dict[str, str]:
    """Return for each department the code of its series.

    Departments between which work has passed, by a new name, a split or a merger, belong to one
    series, so that figures by series go on over the change. Its code is the smallest of theirs.
    """
    series = {department.code: department.code for department in departments}
    for succession in successions:
        joined = {series[succession.predecessor], series[succession.successor]}
        series |= {one: min(joined) for one, of in series.items() if of in joined}
    return series


def find_takeovers(
    code: str, successions: Iterable[Succession], after: date, until: date
) -> list[Takeover]:
    """Return what came to a department ``after`` a day and ``until`` one, the oldest first."""
    passed: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for one in successions:
        passed[one.changed_on, one.predecessor].add(one.successor)
    return [
        Takeover(predecessor, day, successors)
        for (day, predecessor), successors in sorted(passed.items())
        if code in successors and after < day <= until
    ]


def find_owner(texts: Iterable[str], departments: Mapping[str, Department]) -> str | None:
    """Return the code of the one department that texts name by code or name, or None."""
    texts = list(texts)
    plain = unicodedata.normalize("NFKC", "\n".join(texts))
    codes = set(re.findall(r"\d+", plain)) & departments.keys()
    folded = "\n".join(map(fold, texts))
    sections = {code: fold(one.section) for code, one in departments.items()}
    named = {code: section for code, section in sections.items() if section in folded}
    # Of 国保税務課 and 税務課, which it holds, the longer name is meant.
    whole = {
        code
        for code, section in named.items()
        if not any(section in other != section for other in named.values())
    }
    found = codes & whole if codes and whole else codes | whole
    return next(iter(found)) if len(found) == 1 else None
