"""Japanese text to values.

Officers write ２３手続, 約60, R4.10.1, 令和４年１２月末, － or 該当なし where a program would like
a number or a day. Each reader here says what it read, what kind of answer it was, and which
rules it applied; the raw text is kept by the caller. What may be written how is data:
``spellings.csv``; ``examples.csv`` says for every rule what comes of it, and the tests hold the
readers to that.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from sumida_data.base.characters import DASHES, combine, drop_unseen
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text.dates import find_date, read_date, read_month
from sumida_data.survey.reading.text.numbers import is_other_unit, number_reader
from sumida_data.survey.reading.text.readings import (
    BLANK,
    UNREADABLE,
    AnswerStatus,
    Reader,
    Reading,
    fold,
    has_enclosed_digit,
    name_changes,
    normalise_width,
    raw_text_of,
    read_mark,
    spellings,
)
from sumida_data.survey.reading.workbook import CellValue

__all__ = [
    "BLANK",
    "UNREADABLE",
    "AnswerStatus",
    "Reader",
    "Reading",
    "find_date",
    "find_unusual_characters",
    "fold",
    "is_other_unit",
    "raw_text_of",
    "read_code",
    "read_date",
    "read_month",
    "read_text",
    "reader_of",
]


# Beside a Japanese character a line break is no blank, as it is between two English words.
_WRAP = re.compile(r"(?<=[^\x00-\x7f])[ \t]*\r?\n[ \t]*|[ \t]*\r?\n[ \t]*(?=[^\x00-\x7f])")
_NO_USUAL_FORM = "外字"


def reader_of(field: FormField) -> Reader:
    """Return the function that reads a cell as this field."""
    if field.enum is not None:
        return choice_reader(field)
    readers: dict[str, Callable[[FormField], Reader]] = {
        "integer": number_reader,
        "number": number_reader,
        "date": lambda _: read_date,
        "yearmonth": lambda _: read_month,
    }
    return readers.get(field.type, _text_reader)(field)


def _text_reader(field: FormField) -> Reader:
    if field.pattern or field.unique:
        return read_code
    return read_name if field.required else read_text


def read_text(cell: CellValue) -> Reading:
    """Read free text: only white space around it, line breaks and what nobody sees are removed."""
    raw = raw_text_of(cell)
    visible = drop_unseen(raw)
    combined = combine(visible)
    value = " ".join(combined.split())
    if not value:
        return BLANK
    if mark := read_mark(fold(value)):
        return mark
    rules = ["invisible"] * (visible != raw) + ["combined"] * (combined != visible)
    rules += ["white_space"] * (value != combined)
    return Reading(value, "answered", " ".join(rules))


def read_name(cell: CellValue) -> Reading:
    """Read the name of a thing: text whose lines are one name, wrapped to fit the cell."""
    raw = raw_text_of(cell)
    unwrapped = _WRAP.sub("", raw) if "\n" in raw else raw
    reading = read_text(unwrapped)
    if unwrapped == raw or reading.value is None:
        return reading
    return reading._replace(rules=f"line_break {reading.rules}".strip())


def read_code(cell: CellValue) -> Reading:
    """Read a code or number of a thing: full-width letters and hyphens become plain ones."""
    raw = raw_text_of(cell)
    folded = fold(raw)
    if not folded:
        return BLANK
    if mark := read_mark(folded):
        return mark
    if has_enclosed_digit(raw):
        return UNREADABLE
    value = folded.translate(DASHES).upper()
    rules = [*name_changes(raw), *["hyphen"] * (value != folded.upper())]
    if not rules and value != raw:
        rules = ["letter_case"]
    return Reading(value, "answered", " ".join(rules))


def find_unusual_characters(text: str) -> dict[str, str]:
    """Find characters that look right in a name but are others to a computer, or old forms.

    Such are radicals (⻄ for 西), compatibility ideographs (U+F9D1 for 六), old forms (區 for 区)
    and private characters, for which there is no usual form.

    Returns:
        The usual form of each, in the order of the text.
    """
    if text.isascii():
        return {}
    usual = {character: _usual_form(character) for character in text}
    return {character: form for character, form in usual.items() if form != character}


@lru_cache(maxsize=8192)
def _usual_form(character: str) -> str:
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if name.startswith(("KANGXI RADICAL", "CJK COMPATIBILITY IDEOGRAPH")):
        character = normalise_width(character)
    form = spellings("usual_form").get(character, character)
    is_private = category == "Co" or name.startswith("CJK RADICAL")
    return _NO_USUAL_FORM if is_private and form == character else form


def choice_reader(field: FormField) -> Reader:
    """Return the function that reads a cell as one of the choices of this field."""
    written = _marks_of(field)
    written |= {word: choice for choice, words in field.synonyms.items() for word in words}
    written |= {choice: choice for choice in field.enum or ()}
    choices = {fold(word): choice for word, choice in written.items()}
    blank = BLANK if field.blank_is is None else Reading(field.blank_is, "answered", "blank_is")

    def read_choice(cell: CellValue) -> Reading:
        raw = raw_text_of(cell)
        folded = fold(raw)
        if not folded:
            return blank
        if choice := choices.get(folded):
            return Reading(choice, "answered", _name_change(choice, raw))
        return read_mark(folded) or UNREADABLE

    return read_choice


def _marks_of(field: FormField) -> dict[str, str]:
    """Return what ○ and × mean, where the field asks for yes or no and for nothing else."""
    meanings = spellings("yes_choice")
    named = {meanings.get(choice): choice for choice in field.enum or ()}
    if len(field.enum or ()) != 2 or set(named) != {"yes", "no"}:
        return {}
    return {mark: named[meaning] for mark, meaning in spellings("yes_mark").items()}


def _name_change(choice: str, raw: str) -> str:
    if choice == raw:
        return ""
    return "mark_is_choice" if raw.strip() in spellings("yes_mark") else "synonym"
