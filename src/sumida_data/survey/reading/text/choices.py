"""Choices as officers make them: with synonyms, or with a mark where only two are left."""

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text.readings import (
    BLANK,
    UNREADABLE,
    Reader,
    Reading,
    fold,
    raw_text_of,
    read_mark,
)
from sumida_data.survey.reading.text.spellings import spellings
from sumida_data.survey.reading.workbook import CellValue


def choice_reader(field: FormField) -> Reader:
    """Return the function that reads a cell as one of the choices of this field."""
    choices = {fold(mark): choice for mark, choice in _marks_of(field).items()}
    choices |= {
        fold(synonym): choice for choice, synonyms in field.synonyms.items() for synonym in synonyms
    }
    choices |= {fold(choice): choice for choice in field.enum or ()}
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
