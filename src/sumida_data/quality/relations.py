"""What the rules' queries may name beside the tables."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.frames import DECIMAL
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Waves

_INDICATOR, _PERIOD = pa.field("indicator_id", pa.string()), pa.field("period", pa.string())
SCHEMAS = {
    "asked_department": pa.schema([_PERIOD, ("department_code", pa.string())]),
    "indicator_limit": pa.schema([_INDICATOR, ("list_size", DECIMAL), ("whole_id", pa.string())]),
    "published_value": pa.schema(
        [_INDICATOR, _PERIOD, ("revision", pa.int64()), ("value", DECIMAL)]
    ),
}


def list_asked_departments(waves: Waves, departments: Iterable[Row]) -> pa.Table:
    """Return who is asked: one row per quarter and department.

    Args:
        waves: The inquiries by period.
        departments: Rows of table ``department``.
    """
    known = [
        Department(one["department_code"], "", "", one["valid_from"], one["valid_to"], "")
        for one in departments
    ]
    rows = []
    for period, wave in waves.root.items():
        day = Period.parse(period).last_day
        codes = sorted({one.code for one in known if one.exists_on(day) and wave.asks(one.code)})
        rows += [{"period": period, "department_code": code} for code in codes]
    return pa.Table.from_pylist(rows, SCHEMAS["asked_department"])


def list_limits(indicators: Iterable[Indicator]) -> pa.Table:
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
