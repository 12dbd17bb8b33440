"""What the rules' queries may name beside the tables."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.frames import DECIMAL
from sumida_data.base.periods import Period
from sumida_data.survey.form import Waves

SCHEMAS = {
    "asked_department": pa.schema([("period", pa.string()), ("department_code", pa.string())]),
    "indicator_limit": pa.schema(
        [("indicator_id", pa.string()), ("list_size", DECIMAL), ("whole_id", pa.string())]
    ),
    "published_value": pa.schema(
        [
            ("indicator_id", pa.string()),
            ("period", pa.string()),
            ("revision", pa.int64()),
            ("value", DECIMAL),
        ]
    ),
}


class LimitedIndicator(Protocol):
    """An indicator that is a part of another, or of a list."""

    @property
    def indicator_id(self) -> str:
        """Its id."""

    @property
    def limit(self) -> Decimal | None:
        """Length of the list."""

    @property
    def part_of(self) -> str | None:
        """Id of the indicator that includes it."""


def list_asked_departments(waves: Waves, departments: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return who is asked: one row per quarter and department.

    Args:
        waves: The inquiries by period.
        departments: Rows of table ``department``.
    """
    known = list(departments)
    rows = [
        {"period": period, "department_code": code}
        for period, wave in waves.root.items()
        for code in sorted(set(_existing(known, Period.parse(period).last_day)))
        if wave.asks(code)
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["asked_department"])


def list_limits(indicators: Iterable[LimitedIndicator]) -> pa.Table:
    """Return what indicators cannot exceed: one row per indicator."""
    rows = [
        {"indicator_id": one.indicator_id, "list_size": one.limit, "whole_id": one.part_of}
        for one in indicators
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["indicator_limit"])


def read_published_values(content: bytes | None) -> pa.Table:
    """Return the last publication: one row per indicator, period and revision.

    Args:
        content: The published indicator_value.csv, or None before the first publication.
    """
    schema = SCHEMAS["published_value"]
    if content is None:
        return schema.empty_table()
    options = pacsv.ConvertOptions(
        column_types=schema, include_columns=schema.names, strings_can_be_null=True
    )
    return pacsv.read_csv(pa.BufferReader(content), convert_options=options)


def _existing(departments: Iterable[Mapping[str, Any]], day: date) -> Iterator[str]:
    for one in departments:
        if one["valid_from"] <= day and (one["valid_to"] is None or day <= one["valid_to"]):
            yield one["department_code"]
