"""Headings of forms that the office did not make, beside the fields that they mean."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from sumida_data.survey.form import Form, SurveySheet
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_period,
    require,
)

_COLUMNS = ("period", "file", "table", "field", "heading")


@dataclass(frozen=True, slots=True)
class MappedHeading:
    """A heading of other forms.

    Attributes:
        period: The quarter whose returns have it.
        file: A pattern of the names of the files that have it, such as ``1203_*``.
        table: The typed table that its answers become.
        field: The field that it means.
        heading: The heading.
    """

    period: str
    file: str
    table: str
    field: str
    heading: str

    def concerns(self, period: str, source_file: str) -> bool:
        """Tell whether the file is one of those that have the heading."""
        return self.period == period and fnmatch(PurePosixPath(source_file).name, self.file)


def parse_layout_map(rows: Iterable[Mapping[str, str]], form: Form) -> list[MappedHeading]:
    """Read the rows of layout_map.csv.

    Args:
        rows: The rows, all values as text.
        form: The form, whose fields they must name.

    Raises:
        ReferenceTableError: If a value is missing, the period is none, or the form has no such
            field.
    """
    mapped = []
    for place, row in list_rows(rows, "layout_map"):
        require(row, _COLUMNS, place)
        period = str(parse_period(row, "period", place))
        part = form.sheet_of(row["table"])
        if part is None or row["field"] not in {field.name for field in part.fields}:
            raise ReferenceTableError(
                f"{place}: 調査票に {row['table']}.{row['field']} はありません。"
                "form.yml の table と name を書いてください。"
            )
        mapped.append(MappedHeading(period, *(row[column] for column in _COLUMNS[1:])))
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
