"""What the office sets of the gate: the smallest count, and what people decided about texts.

Free text is released cell by cell. The office lists each in ``released_texts.csv`` with the text
itself: if something else is in the cell, nobody has looked at it, and it stays in. What only looks
like personal data is listed in ``cleared_texts.csv``, and holds nothing back any more.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import Field as Described

from sumida_data.base.metadata import Model
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_periods,
    require,
)


class Privacy(Model):
    """What may be set of the gate; nothing here switches it off.

    Attributes:
        smallest_count: Counts of people below it are withheld; 0 is not.
        people: Words of units that count people, alone (人) or in another (延べ人).
        people_kinds: By field, the values that say that the row's figures count people, whatever
            their unit.
        analysts_see_texts: Whether the analysts' database holds free text and texts in which
            personal data seem to stand.
    """

    smallest_count: int = Described(ge=3)
    people: tuple[str, ...] = Described(min_length=1)
    people_kinds: dict[str, tuple[str, ...]]
    analysts_see_texts: bool = False


class Release(NamedTuple):
    """A text that may go out.

    Attributes:
        periods: The first and the last quarter for which it is released.
        key: What names the record there; its key answers joined by ``|``.
    """

    periods: tuple[str, str]
    department_code: str
    part: SurveySheet
    key: str
    item: FormField
    text: str

    @property
    def place(self) -> tuple[str, str]:
        """The typed table and its field."""
        return self.part.table, self.item.name

    def concerns(self, row: Mapping[str, Any]) -> bool:
        """Tell whether it names this row of the typed table."""
        first, last = self.periods
        key = "|".join(str(row[item.name]) for item in self.part.key_fields)
        ours = (row["department_code"], key) == (self.department_code, self.key)
        return ours and first <= row["period"] <= last


def parse_releases(rows: Iterable[Mapping[str, str]], form: Form) -> list[Release]:
    """Read the rows of released_texts.csv.

    Raises:
        ReferenceTableError: If a row names something that is no free text of the form, or leaves
            out its text, its reason or who released it.
    """
    known = {
        (part.sheet, item.title): (part, item)
        for part in form.answer_sheets
        for item in part.fields
        if item.free_text and not part.counts_only
    }
    releases = []
    for place, row in list_rows(rows, "released_texts"):
        require(row, ("department_code", "text", "released_by", "reason"), place)
        parse_day(row, "released_on", place)
        if (row["sheet"], row["field"]) not in known:
            allowed = "、".join(f"{sheet}の{title}" for sheet, title in known)
            raise ReferenceTableError(
                f"{place}: シート {row['sheet']!r} の項目 {row['field']!r} は、公開を認められる"
                f"自由記入ではありません。認められるのは {allowed} です。"
            )
        part, item = known[row["sheet"], row["field"]]
        first, last = map(str, parse_periods(row, place))
        department, key, text = row["department_code"], row["row"], row["text"]
        releases.append(Release((first, last), department, part, key, item, text))
    return releases


def parse_cleared(rows: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Read from the rows of cleared_texts.csv the texts that hold no personal data.

    Raises:
        ReferenceTableError: If a row leaves out its text, its reason, or who decided it and when.
    """
    cleared = set()
    for place, row in list_rows(rows, "cleared_texts"):
        require(row, ("text", "decided_by", "reason"), place)
        parse_day(row, "decided_on", place)
        cleared.add(row["text"])
    return frozenset(cleared)
