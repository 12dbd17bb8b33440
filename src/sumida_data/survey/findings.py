"""Findings: what is wrong in which cell, why, and how to mend it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cached_property
from string import Formatter
from typing import Any, ClassVar, Literal, Self

from pydantic import Field as Described
from pydantic import model_validator

from sumida_data.base.characters import hash_parts
from sumida_data.base.metadata import Listed, Model, Title

Severity = Literal["error", "warning"]

# What a department does about them.
SEVERITY_LABELS: dict[Severity, str] = {"error": "要修正", "warning": "要確認"}


def _number(first: int, last: int) -> Iterator[str]:
    return (f"F{number}" for number in range(first, last + 1))


class Kind(StrEnum):
    """The kinds of findings that code makes; their words are in ``finding_rules.yml``."""

    EMPTY_FILE, ENCRYPTED, WEB_PAGE, NOT_READABLE, TOO_LARGE, UNKNOWN_ENCODING = _number(101, 106)
    NOT_IN_A_PERIOD, PERIOD_WITHOUT_WAVE, SAMPLE_AMONG_REAL, REAL_AMONG_SAMPLE = _number(107, 110)
    NOT_CHECKABLE, EXTERNAL_LINKS, EPOCH_1904, NOT_ACCESSIBLE = _number(111, 114)
    PART_OF_KEPT_RETURNS, UNCLOSED_QUOTE, LEDGER_LOST = _number(115, 117)

    NO_COVER, NO_DEPARTMENT_CODE, UNKNOWN_DEPARTMENT_CODE, MISSING_TABLE = _number(201, 204)
    MISSING_HEADING, UNKNOWN_HEADING, OTHER_PERIOD, NOT_ASKED, OLDER_RETURN = _number(205, 209)
    OTHER_FORM, SECOND_COLUMN, UNREAD_TABLE, CHANGED_EXAMPLE, HEADING_UNIT = _number(210, 214)
    TABLE_ON_OTHER_SHEET, AS_SENT_OUT, BLANK_RETURN, GUESSED_HEADING = _number(215, 218)
    EXAMPLE_WITHOUT_MARK, UNIT_ABOVE_TABLE, ANSWERED_ANOTHER_DAY = _number(219, 221)
    OTHER_SECTION, UNKNOWN_SECTION, OTHER_RETURN, NO_TABLE_READ = _number(222, 225)
    OTHER_DOCUMENT, ONLY_A_COPY, NAMED_FOR_ANOTHER = _number(226, 228)
    TITLE_OF_ANOTHER_TABLE, TABLES_ON_ONE_SHEET = _number(229, 230)

    NOT_A_NUMBER, NOT_A_DATE, NOT_A_CHOICE, OUT_OF_RANGE, NO_ROW_NAME = _number(301, 305)
    DUPLICATE_ROW, PATTERN, ERROR_CELL, NOT_CALCULATED, NOT_UNDERSTOOD = _number(306, 310)
    AMBIGUOUS_NUMBER, SEVERAL_VALUES, OTHER_UNIT, UNUSUAL_CHARACTERS = _number(311, 314)
    MERGED_CELL, ONLY_A_NAME, SHIFTED_ROW, REQUIRED_EMPTY, NO_HEADING_ABOVE = _number(315, 319)
    HIDDEN_ROW, ONLY_A_COMMENT, NOTE_LIKE_AN_ANSWER, UNANSWERED, STRUCK_CELL = _number(320, 324)
    STRUCK_ROW, PARTLY_STRUCK, RAISED_CHARACTERS, UNSEEN_VALUE, SHOWN_ROUNDED = _number(325, 329)
    MANUAL_CALCULATION, COMMENTED_ANSWER, HIDDEN_COLUMN, HIDDEN_SHEET = _number(330, 333)
    COVERED_TABLE, UNSEEN_CHARACTERS, IMPLAUSIBLE_DAY, YEAR_LIKE_AN_ERA = _number(334, 337)
    OTHER_WEEKDAY, DAY_OF_OTHER_YEAR = _number(338, 339)
    EXPECTED_NUMBER, UNLIKE_THE_EXAMPLE, HARDLY_A_NAME, ROUGH_DAY = _number(340, 343)
    NUMBER_OF_OTHER_DEPARTMENT, SHEET_OF_OTHER_DEPARTMENT, COPIED_ROW = _number(344, 346)

    CHANGED_THOUGH_UNCHANGED, NOTHING_TO_CARRY, KEY_OF_OTHER_DEPARTMENT = _number(401, 403)
    CONTRADICTION, NEW_FIELD_OPEN = _number(404, 405)

    CORRECTION_PREMISE, CORRECTION_TARGET = _number(501, 502)
    ROW_GONE, OTHER_MAGNITUDE, ROW_WITHOUT_SUCCESSOR, EVENT_GONE, TABLE_EMPTIED = _number(511, 515)

    NO_CENTRAL_FILE, OTHER_LAYOUT, HEADING_WITHOUT_DATE, UNKNOWN_MUNICIPALITY = _number(601, 604)
    HOME_ROW_MISSING, SECOND_CENTRAL_FILE, ROW_COUNT, HOME_ROW_TWICE = _number(605, 608)
    CHANGED_FILE, REVISED_VALUE, PARTIAL_ANSWER, ROW_WITHOUT_VALUE = _number(609, 612)
    MISSING_MONTHS, UNKNOWN_WORD, BLANK_WORD, SEVERAL_TABLES, SAME_FILE_AGAIN = _number(613, 617)
    LOOK_ALIKE_NAMES, ROWS_OF_OTHERS, LATER_ROWS, TOTAL_ROW, MISPLACED_FILE = _number(618, 622)


# What messages may name in braces.
_WORDS = """
    allowed as_of before cells characters choices code contradiction correction count earlier era
    example expected file first found heading headings hint kept label last line more municipality
    name names newer other period predecessor present range row section sheet sheets source title
    treated unit value
"""


class FindingRule(Model):
    """The words of one kind of finding.

    Attributes:
        rule_id: Its id. The hundreds order the kinds: 1 the file cannot be used, 2 the form is
            not the form, 3 the value is not possible, 4 values contradict each other, 5 this
            quarter contradicts the last, 6 central files.
        severity: ``error`` where something was left out of the figures, ``warning`` otherwise.
        title: What it is called in overviews.
        for_office: Whether the office that asks has to act on it, and no department.
        message: What is wrong; may hold names in braces.
        message_to_department: The message to the department instead where that names
            another department; may hold ``{value}``.
        how_to_fix: What the officer does about it.
        example: How it looks when right.
    """

    named_by: ClassVar[str] = "rule_id"

    rule_id: str = Described(pattern="^F[1-6][0-9]{2}$")
    severity: Severity
    title: Title
    for_office: bool = False
    message: str
    message_to_department: str = ""
    how_to_fix: str
    example: str = ""

    @model_validator(mode="after")
    def _refuse_unknown_words(self) -> Self:
        for text in (self.message, self.message_to_department, self.how_to_fix, self.example):
            try:
                parts = list(Formatter().parse(text))
            except ValueError as error:
                raise ValueError(f"{text!r} の {{ と }} が対になっていません") from error
            allowed = _WORDS.split()
            for _, name, form, conversion in parts:
                if name is not None and (name not in allowed or form or conversion):
                    listed = "、".join(allowed)
                    raise ValueError(f"{{{name}}} は使えません。使えるのは {listed} です")
        return self


class FindingRules(Listed[tuple[FindingRule, ...]]):
    """All kinds of findings."""

    @model_validator(mode="after")
    def _require_each_once(self) -> Self:
        given = [rule.rule_id for rule in self.root]
        if missing := sorted(set(Kind) - set(given)):
            raise ValueError(f"規則 {'、'.join(missing)} がありません。消さずに残してください")
        return self

    @cached_property
    def _by_id(self) -> dict[str, FindingRule]:
        return {rule.rule_id: rule for rule in self.root}

    def __getitem__(self, rule_id: str) -> FindingRule:
        return self._by_id[rule_id]

    def describe_for_department(self, finding: "Finding") -> str:
        """Return what is wrong in words that name no other department."""
        message = self[finding.rule_id].message_to_department
        return message.format_map(Words(value=finding.value_found or "")) or finding.message


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding is, down to the cell (A1) and what its row is about; or None."""

    period: str | None = None
    department_code: str | None = None
    source_file: str | None = None
    sheet: str | None = None
    cell: str | None = None
    row_label: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, in words. Its message names no personal data."""

    rule_id: str
    severity: Severity
    place: Place
    value_found: str | None
    message: str
    how_to_fix: str
    example: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Make the finding of a row of table ``finding``."""
        place = Place(*(row[field.name] for field in fields(Place)))
        rest = (field.name for field in fields(cls) if field.name != "place")
        return cls(place=place, **{name: row[name] for name in rest})

    def as_row(self) -> dict[str, Any]:
        """Return the finding as a row of table ``finding``."""
        row = asdict(self)
        row |= row.pop("place")
        parts = (self.rule_id, *asdict(self.place).values(), self.message)
        return row | {"row_id": hash_parts(*parts)}


class Words(dict[str, str]):
    """The words of one message; what there is nothing for is shown as …."""

    def __missing__(self, _: str) -> str:
        return "…"


def make_finding(
    rule: FindingRule, place: Place, value_found: str | None = None, **words: str
) -> Finding:
    """Make a finding from its rule; the text that was found is the word ``value``."""
    given = Words(words, value=value_found or "")
    return Finding(
        rule_id=rule.rule_id,
        severity=rule.severity,
        place=place,
        value_found=value_found,
        message=rule.message.format_map(given),
        how_to_fix=rule.how_to_fix.format_map(given),
        example=rule.example.format_map(given),
    )
