"""Typed tables from answers: one column per field, one row per record.

The SQL is written from the data dictionary, so that a field added to the form is a column here
without any change.
"""

from collections.abc import Iterable

import duckdb
import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import arrow_schema, to_arrow, to_frame
from sumida_data.base.metadata import Field, Table
from sumida_data.base.periods import Period
from sumida_data.survey.tables import STATUS_SUFFIX

SQL_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "yearmonth": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(18, 4)",
    "date": "DATE",
    "boolean": "BOOLEAN",
}
# How people part the methods in one cell; a middle dot may belong to a name, as in au PAY a blank.
_BETWEEN_METHODS = r"[、，,／/]+"
_BLANK_AFTER_JAPANESE = r"([^\x00-\x7f])[\s　]+"
_BLANK_BEFORE_JAPANESE = r"[\s　]+([^\x00-\x7f])"
_SPLIT_METHODS = """
    SELECT DISTINCT ON (row_id) procedure_row_id || '/' || payment_method AS row_id, *
    FROM (
        SELECT row_id AS procedure_row_id, * EXCLUDE (row_id),
            trim(unnest(string_split_regex(
                regexp_replace(
                    regexp_replace(payment_methods, $after, '\\1、', 'g'), $before, '、\\1', 'g'
                ),
                $between
            ))) AS payment_method
        FROM procedure
    )
    WHERE payment_method <> ''
    ORDER BY row_id
"""
_COLUMNS_OF_ANSWER = ("municipality_code", "period", "department_code", "carried_from", "sample")


def build_typed_tables(answer: pd.DataFrame, tables: Iterable[Table]) -> dict[str, pd.DataFrame]:
    """Make the typed tables of table ``answer``, of which one row is one cell.

    Returns:
        The tables by name; one row is one record, ordered by quarter, department and row id.
    """
    with connect() as connection:
        connection.register("answer", to_arrow(answer))
        connection.register("period_end", _period_ends(answer))
        return {table.name: _build_table(connection, table) for table in tables}


def split_payment_methods(procedures: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Make a row of each procedure and payment method; a cell of the form may hold several.

    The rows are ordered by row id.
    """
    with connect() as connection:
        connection.register("procedure", to_arrow(procedures))
        patterns = {
            "between": _BETWEEN_METHODS,
            "after": _BLANK_AFTER_JAPANESE,
            "before": _BLANK_BEFORE_JAPANESE,
        }
        data = connection.sql(_SPLIT_METHODS, params=patterns).to_arrow_table()
    return to_frame(data.select(table.column_names).cast(arrow_schema(table)))


def _period_ends(answer: pd.DataFrame) -> pa.Table:
    periods = sorted(answer["period"].unique())
    last_days = [Period.parse(period).last_day for period in periods]
    return pa.table(
        {"period": pa.array(periods, pa.string()), "last_day": pa.array(last_days, pa.date32())}
    )


def _build_table(connection: duckdb.DuckDBPyConnection, table: Table) -> pd.DataFrame:
    columns = ",\n".join(f"{_column_sql(field)} AS {field.name}" for field in table.fields)
    data = connection.sql(
        f"SELECT {columns} "  # noqa: S608  # names come from the checked data dictionary
        "FROM answer JOIN period_end USING (period) WHERE table_name = $table "
        "GROUP BY record_id ORDER BY min(answer.period), min(answer.department_code), row_id",
        params={"table": table.name},
    ).to_arrow_table()
    return to_frame(data.cast(arrow_schema(table)))


def _column_sql(field: Field) -> str:
    if field.name == "row_id":
        return "record_id"
    if field.name in _COLUMNS_OF_ANSWER:
        return f"any_value({field.name})"
    if field.name.endswith(STATUS_SUFFIX) and field.enum and "not_answered" in field.enum:
        of = field.name.removesuffix(STATUS_SUFFIX)
        missing = "'not_answered'"
        if field.asked_from:
            missing = f"if(any_value(period) < '{field.asked_from}', 'not_asked', {missing})"
        return f"coalesce(max(answer_status) FILTER (WHERE field = '{of}'), {missing})"
    value = f"CAST(max(value) FILTER (WHERE field = '{field.name}') AS {SQL_TYPES[field.type]})"
    return f"coalesce({value}, any_value(last_day))" if field.name == "as_of" else value
