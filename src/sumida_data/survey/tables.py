"""The data dictionary, made from the form and the other tables' descriptions, and typed tables.

A typed table is made from answers: one column per field, one row per record. Its SQL is written
from the dictionary, so that a field added to the form is a column here without any change.
"""

from collections.abc import Iterable
from typing import Self

import duckdb
import pandas as pd
import pyarrow as pa
from pydantic import model_validator

from sumida_data.base.database import connect, select
from sumida_data.base.frames import arrow_schema, to_arrow, to_frame
from sumida_data.base.metadata import (
    Code,
    DataDictionary,
    Field,
    ForeignKey,
    Model,
    Name,
    Table,
    Title,
)
from sumida_data.base.periods import Period
from sumida_data.survey.form import Form, FormField, SurveySheet

SQL_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "yearmonth": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(18, 4)",
    "date": "DATE",
    "boolean": "BOOLEAN",
}
# An empty number or date must say why it is empty, in a column beside it; a text or a choice says
# so itself.
_STATUS_SUFFIX = "_status"
_TYPES_WITH_STATUS = {"integer", "number", "date"}
_NOT_ANSWERED = Code(
    title="回答がない、または当てはまらない", title_en="Not answered, or does not apply"
)
_NOT_GIVEN = {"not_given": _NOT_ANSWERED}
# How people part the methods in one cell; a middle dot may belong to a name, as in au PAY a blank.
_PARTS = {
    "between": r"[、，,／/]+",
    "after": r"([^\x00-\x7f])[\s　]+",
    "before": r"[\s　]+([^\x00-\x7f])",
}
_SPLIT_METHODS = """
    SELECT DISTINCT ON (procedure_row_id, payment_method)
        left(sha256(procedure_row_id || '/' || payment_method), 16) AS row_id, *
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
    ORDER BY procedure_row_id, payment_method
"""
_COLUMNS_OF_ANSWER = ("municipality_code", "period", "department_code", "carried_from", "sample")


class AnswerStatus(Model):
    """The description of the status columns beside numbers and dates; titles are endings."""

    title: str
    title_en: str
    enum: dict[str, Code]


class TableDescription(Model):
    """A table whose columns are given in full, or by name where several tables share them.

    Attributes:
        made_of: Tables of survey sheets without which there is no such table.
    """

    name: Name
    title: Title
    title_en: Title
    description: str
    listed: bool = False
    made_of: tuple[Name, ...] = ()
    primary_key: tuple[Name, ...] = ("row_id",)
    foreign_keys: tuple[ForeignKey, ...] = ()
    fields: tuple[Field | Name, ...]


class TableDescriptions(Model):
    """The contents of tables.yml: shared fields, and the tables that come from no survey sheet.

    Tables of survey sheets begin with the survey columns.
    """

    fields: tuple[Field, ...]
    survey_columns: tuple[Name, ...]
    answer_status: AnswerStatus
    tables: tuple[TableDescription, ...]

    @model_validator(mode="after")
    def _refuse_unknown_names(self) -> Self:
        shared = {field.name for field in self.fields}
        tables = {table.name: table.fields for table in self.tables}
        for name, fields in {"survey_columns": self.survey_columns, **tables}.items():
            if unknown := [one for one in fields if isinstance(one, str) and one not in shared]:
                raise ValueError(f"{name} の列 {'、'.join(unknown)} が fields にありません")
        return self


def build_dictionary(descriptions: TableDescriptions, form: Form) -> DataDictionary:
    """Describe every table: those of the survey sheets first, then the others."""
    shared = {field.name: field for field in descriptions.fields}
    tables = [_describe_sheet(sheet, descriptions, shared) for sheet in form.answer_sheets]
    for table in descriptions.tables:
        if all(map(form.sheet_of, table.made_of)):
            given = table.model_dump(exclude={"fields", "made_of"})
            fields = [shared[one] if isinstance(one, str) else one for one in table.fields]
            tables.append(Table(**given, fields=tuple(fields)))
    return DataDictionary(tables=tuple(tables))


def _describe_sheet(
    sheet: SurveySheet, descriptions: TableDescriptions, shared: dict[str, Field]
) -> Table:
    fields = [shared[name] for name in descriptions.survey_columns]
    for item in (item for item in sheet.fields if not item.personal):
        fields.append(_describe_answer(item))
        if item.type in _TYPES_WITH_STATUS:
            status = descriptions.answer_status
            described = {
                "name": item.name + _STATUS_SUFFIX,
                "title": item.title + status.title,
                "title_en": item.title_en + status.title_en,
                "enum": status.enum,
                "required": True,
            }
            same = item.model_dump(include={"published", "deprecated", "asked_from"})
            fields.append(Field.model_validate(described | same))
    given = sheet.model_dump(include={"title", "title_en", "description", "counts_only"})
    return Table(name=sheet.table, fields=tuple(fields), **given)


def _describe_answer(item: FormField) -> Field:
    shown = item.model_dump(include=set(Field.model_fields))
    # Only the key is certain to be there: an officer may leave any other cell empty.
    shown["required"] = item.key
    if item.asked_from:
        shown["description"] += f"{Period.parse(item.asked_from).title}から照会している。"
    if item.type in _TYPES_WITH_STATUS:
        shown["status"] = item.name + _STATUS_SUFFIX
    elif not item.key:
        shown["empty"] = _NOT_GIVEN
    return Field(**shown)


def build_typed_tables(answer: pd.DataFrame, tables: Iterable[Table]) -> dict[str, pd.DataFrame]:
    """Make typed tables of ``answer`` by name, ordered by quarter, department and row id."""
    periods = sorted(answer["period"].unique())
    days = [Period.parse(period).last_day for period in periods]
    ends = {"period": pa.array(periods, pa.string()), "last_day": pa.array(days, pa.date32())}
    with connect() as connection:
        connection.register("answer", to_arrow(answer))
        connection.register("period_end", pa.table(ends))
        return {table.name: _build_table(connection, table) for table in tables}


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
    if field.name.endswith(_STATUS_SUFFIX) and field.enum and "not_answered" in field.enum:
        of = field.name.removesuffix(_STATUS_SUFFIX)
        missing = "'not_answered'"
        if field.asked_from:
            missing = f"if(any_value(period) < '{field.asked_from}', 'not_asked', {missing})"
        return f"coalesce(max(answer_status) FILTER (WHERE field = '{of}'), {missing})"
    value = f"CAST(max(value) FILTER (WHERE field = '{field.name}') AS {SQL_TYPES[field.type]})"
    return f"coalesce({value}, any_value(last_day))" if field.name == "as_of" else value


def split_payment_methods(procedures: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a row of each procedure and each of its payment methods, in order; no id tells one."""
    data = select(_SPLIT_METHODS, _PARTS, procedure=to_arrow(procedures))
    return to_frame(data.select(table.column_names).cast(arrow_schema(table)))
