"""What a cell says, and the text of cells in a form that can be compared.

How things are written is data: ``spellings.csv``. A row gives one meaning and the spellings of it,
separated by blanks. The kinds are told apart because the same spelling means another thing in
another place: 一 is a digit in 二十一, but alone in a cell it may as well be a dash.
"""

import csv
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from sumida_data.base.characters import DASHES, drop_unseen
from sumida_data.survey.reading.workbook import CellValue


@cache
def spellings(kind: str) -> dict[str, str]:
    """Return the meaning of each spelling of a kind, in the order of the table.

    Raises:
        KeyError: If there is no such kind.
    """
    return _table()[kind]


@cache
def translation(kind: str) -> dict[int, str]:
    """Return the spellings of a kind, all of one character, for ``str.translate``."""
    return str.maketrans(spellings(kind))


def normalise_width(text: str) -> str:
    """Return the text with plain digits, letters and marks, and kana of full width."""
    return unicodedata.normalize("NFKC", text)


@cache
def _table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    text = files(__package__).joinpath("spellings.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        kind = table.setdefault(row["kind"], {})
        kind |= dict.fromkeys(row["written"].split(), row["means"])
    return table


AnswerStatus = Literal["answered", "not_answered", "not_applicable", "undetermined", "unreadable"]


class Reading(NamedTuple):
    """What a cell says: a value as text (numbers plain, days ISO 8601), None unless answered.

    The rules are names of the text rules applied, separated by blanks. Where the cell cannot be
    read, the one that says why: ``several_values``, ``two_readings``, ``other_unit``,
    ``other_weekday`` or ``ditto``, or empty.
    """

    value: str | None
    status: AnswerStatus
    rules: str = ""


Reader = Callable[[CellValue], Reading]

BLANK = Reading(None, "not_answered")
UNREADABLE = Reading(None, "unreadable")
SEVERAL_VALUES = Reading(None, "unreadable", "several_values")
TWO_READINGS = Reading(None, "unreadable", "two_readings")
OTHER_UNIT = Reading(None, "unreadable", "other_unit")
OTHER_WEEKDAY = Reading(None, "unreadable", "other_weekday")
DITTO = Reading(None, "unreadable", "ditto")

# Between two digits white space parts two numbers, or is a slip that nobody can judge.
DIGITS_APART = re.compile(r"[0-9０-９]\s+[0-9０-９]")
_DIGIT = re.compile(r"[0-9]")


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the text without differences of width, white space and case, for comparison only."""
    return "".join(drop_unseen(normalise_width(text)).split()).casefold()


def raw_text_of(cell: CellValue) -> str:
    """Return what stands in the cell, as text; a day as ISO 8601 and a whole number without .0."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def name_changes(text: str) -> list[str]:
    """Return the names of the rules that `fold` applies to the text, other than case."""
    if text.isascii() and text.isprintable() and " " not in text:
        return []
    rules = []
    visible = drop_unseen(text)
    if visible != text:
        rules.append("invisible")
    packed = "".join(visible.split())
    if packed != visible:
        rules.append("white_space")
    if normalise_width(packed) != packed:
        rules.append("full_width")
    return rules


def has_enclosed_digit(text: str) -> bool:
    """Tell whether the text has a digit that marks something, such as ①, ² or ㋀, and counts none.

    Without width it would be a plain digit: ① is not 1.
    """
    return not text.isascii() and any(map(_is_enclosed_digit, text))


@lru_cache(maxsize=8192)
def _is_enclosed_digit(character: str) -> bool:
    is_plain = character.isascii() or "０" <= character <= "９"
    return not is_plain and _DIGIT.search(normalise_width(character)) is not None


@lru_cache(maxsize=8192)
def read_mark(folded: str) -> Reading | None:
    """Read a folded text that stands for no value: －, 該当なし, 調整中, 同上; else None."""
    meaning = spellings("mark").get(folded.translate(DASHES))
    if meaning == "not_applicable":
        return Reading(None, "not_applicable", "mark")
    if meaning == "undetermined":
        return Reading(None, "undetermined", "mark")
    return DITTO if folded in spellings("ditto") else None
