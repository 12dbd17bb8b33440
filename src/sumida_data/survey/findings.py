"""Findings: what is wrong in which cell, why, and how to mend it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from string import Formatter
from typing import Any, Literal, Self

from pydantic import Field as Described
from pydantic import model_validator

from sumida_data.base.metadata import Listed, Model

Severity = Literal["error", "warning"]

# What a department does about them.
SEVERITY_LABELS: dict[Severity, str] = {"error": "要修正", "warning": "要確認"}


# The kinds of findings that code makes; their words stand in ``finding_rules.yml``.
Kind = StrEnum("Kind", {
    "EMPTY_FILE": "F101", "ENCRYPTED": "F102", "WEB_PAGE": "F103", "NOT_READABLE": "F104",
    "TOO_LARGE": "F105", "UNKNOWN_ENCODING": "F106", "NOT_IN_A_PERIOD": "F107",
    "PERIOD_WITHOUT_WAVE": "F108", "SAMPLE_AMONG_REAL": "F109", "REAL_AMONG_SAMPLE": "F110",
    "NOT_CHECKABLE": "F111", "EXTERNAL_LINKS": "F112", "EPOCH_1904": "F113",
    "NOT_ACCESSIBLE": "F114", "PART_OF_KEPT_RETURNS": "F115", "UNCLOSED_QUOTE": "F116",
    "NO_COVER": "F201", "NO_DEPARTMENT_CODE": "F202", "UNKNOWN_DEPARTMENT_CODE": "F203",
    "MISSING_TABLE": "F204", "MISSING_HEADING": "F205", "UNKNOWN_HEADING": "F206",
    "OTHER_PERIOD": "F207", "NOT_ASKED": "F208", "OLDER_RETURN": "F209", "OTHER_FORM": "F210",
    "SECOND_COLUMN": "F211", "UNREAD_TABLE": "F212", "CHANGED_EXAMPLE": "F213",
    "HEADING_UNIT": "F214", "TABLE_ON_OTHER_SHEET": "F215", "AS_SENT_OUT": "F216",
    "BLANK_RETURN": "F217", "GUESSED_HEADING": "F218", "EXAMPLE_WITHOUT_MARK": "F219",
    "UNIT_ABOVE_TABLE": "F220", "ANSWERED_ANOTHER_DAY": "F221", "OTHER_SECTION": "F222",
    "UNKNOWN_SECTION": "F223", "OTHER_RETURN": "F224", "NO_TABLE_READ": "F225",
    "OTHER_DOCUMENT": "F226", "ONLY_A_COPY": "F227", "NAMED_FOR_ANOTHER": "F228",
    "NOT_A_NUMBER": "F301", "NOT_A_DATE": "F302", "NOT_A_CHOICE": "F303", "OUT_OF_RANGE": "F304",
    "NO_ROW_NAME": "F305", "DUPLICATE_ROW": "F306", "PATTERN": "F307", "ERROR_CELL": "F308",
    "NOT_CALCULATED": "F309", "NOT_UNDERSTOOD": "F310", "AMBIGUOUS_NUMBER": "F311",
    "SEVERAL_VALUES": "F312", "OTHER_UNIT": "F313", "UNUSUAL_CHARACTERS": "F314",
    "MERGED_CELL": "F315", "ONLY_A_NAME": "F316", "SHIFTED_ROW": "F317", "REQUIRED_EMPTY": "F318",
    "NO_HEADING_ABOVE": "F319", "HIDDEN_ROW": "F320", "ONLY_A_COMMENT": "F321",
    "NOTE_LIKE_AN_ANSWER": "F322", "UNANSWERED": "F323", "STRUCK_CELL": "F324",
    "STRUCK_ROW": "F325", "PARTLY_STRUCK": "F326", "RAISED_CHARACTERS": "F327",
    "UNSEEN_VALUE": "F328", "SHOWN_ROUNDED": "F329", "MANUAL_CALCULATION": "F330",
    "COMMENTED_ANSWER": "F331", "HIDDEN_COLUMN": "F332", "HIDDEN_SHEET": "F333",
    "COVERED_TABLE": "F334", "UNSEEN_CHARACTERS": "F335", "IMPLAUSIBLE_DAY": "F336",
    "YEAR_LIKE_AN_ERA": "F337", "OTHER_WEEKDAY": "F338", "DAY_OF_OTHER_YEAR": "F339",
    "CHANGED_THOUGH_UNCHANGED": "F401", "NOTHING_TO_CARRY": "F402",
    "KEY_OF_OTHER_DEPARTMENT": "F403", "CONTRADICTION": "F404", "NEW_FIELD_OPEN": "F405",
    "CORRECTION_PREMISE": "F501", "CORRECTION_TARGET": "F502", "ROW_GONE": "F511",
    "OTHER_MAGNITUDE": "F512", "ROW_WITHOUT_SUCCESSOR": "F513", "EVENT_GONE": "F514",
    "TABLE_EMPTIED": "F515",
    "NO_CENTRAL_FILE": "F601", "OTHER_LAYOUT": "F602", "HEADING_WITHOUT_DATE": "F603",
    "UNKNOWN_MUNICIPALITY": "F604", "HOME_ROW_MISSING": "F605", "SECOND_CENTRAL_FILE": "F606",
    "ROW_COUNT": "F607", "HOME_ROW_TWICE": "F608", "CHANGED_FILE": "F609", "REVISED_VALUE": "F610",
    "PARTIAL_ANSWER": "F611", "ROW_WITHOUT_VALUE": "F612", "MISSING_MONTHS": "F613",
    "UNKNOWN_WORD": "F614", "BLANK_WORD": "F615", "SEVERAL_TABLES": "F616",
    "SAME_FILE_AGAIN": "F617", "LOOK_ALIKE_NAMES": "F618", "ROWS_OF_OTHERS": "F619",
    "LATER_ROWS": "F620", "TOTAL_ROW": "F621",
})  # fmt: skip

# What messages may name in braces; what a finding has nothing for is shown as ….
_WORDS = frozenset(
    {
        "allowed", "as_of", "before", "cells", "characters", "choices", "code", "contradiction",
        "correction", "count", "earlier", "era", "example", "expected", "file", "first", "found",
        "heading", "headings", "hint", "kept", "label", "last", "line", "more", "municipality",
        "name", "names", "newer", "other", "period", "predecessor", "present", "range", "row",
        "section", "sheet", "sheets", "source", "title", "treated", "unit", "value",
    }
)  # fmt: skip


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
        message_to_department: What the department is told instead where the message names
            another department; may hold ``{value}``.
        how_to_fix: What the officer does about it.
        example: How it looks when right.
    """

    rule_id: str = Described(pattern=r"^F[1-6]\d\d$")
    severity: Severity
    title: str
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
            for _, name, form, conversion in parts:
                if name is not None and (name not in _WORDS or form or conversion):
                    allowed = "、".join(sorted(_WORDS))
                    raise ValueError(f"{{{name}}} は使えません。使えるのは {allowed} です")
        return self


class FindingRules(Listed[tuple[FindingRule, ...]]):
    """All kinds of findings."""

    @model_validator(mode="after")
    def _require_each_once(self) -> Self:
        given = [rule.rule_id for rule in self.root]
        if missing := sorted(set(Kind) - set(given)):
            raise ValueError(f"規則 {'、'.join(missing)} がありません。消さずに残してください")
        if repeated := sorted({one for one in given if given.count(one) > 1}):
            raise ValueError(f"規則 {'、'.join(repeated)} が2回書かれています")
        return self

    @cached_property
    def _by_id(self) -> dict[str, FindingRule]:
        return {rule.rule_id: rule for rule in self.root}

    def __getitem__(self, rule_id: str) -> FindingRule:
        return self._by_id[rule_id]

    def tell_department(self, finding: "Finding") -> str:
        """Return what is wrong in words that name no other department."""
        message = self[finding.rule_id].message_to_department
        return message.format_map(_Words(value=finding.value_found or "")) or finding.message


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
        row["row_id"] = sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
        return row


class _Words(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return "…"


def make_finding(
    rule: FindingRule, place: Place, value_found: str | None = None, **words: str
) -> Finding:
    """Make a finding from its rule; the text that stands there is the word ``value``."""
    given = _Words(words, value=value_found or "")
    return Finding(
        rule_id=rule.rule_id,
        severity=rule.severity,
        place=place,
        value_found=value_found,
        message=rule.message.format_map(given),
        how_to_fix=rule.how_to_fix.format_map(given),
        example=rule.example.format_map(given),
    )
