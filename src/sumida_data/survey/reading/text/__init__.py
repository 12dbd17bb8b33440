"""Japanese text to values.

Officers write ２３手続, 約60, R4.10.1, 令和４年１２月末, － or 該当なし where a program would like
a number or a day. Each reader here says what it read, what kind of answer it was, and which
rules it applied; the raw text is kept by the caller. What may be written how is data:
``spellings.csv``; ``examples.csv`` says for every rule what comes of it, and the tests hold the
readers to that.
"""

from collections.abc import Callable

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text.dates import find_date, read_date, read_month
from sumida_data.survey.reading.text.names import (
    choice_reader,
    find_unusual_characters,
    read_code,
    read_name,
    read_text,
)
from sumida_data.survey.reading.text.numbers import is_other_unit, number_reader
from sumida_data.survey.reading.text.readings import (
    BLANK,
    UNREADABLE,
    AnswerStatus,
    Reader,
    Reading,
    fold,
    raw_text_of,
)

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
