"""Rules that follow from the descriptions of fields and tables."""

from collections.abc import Iterator

from sumida_data.base.metadata import DataDictionary, Field, ForeignKey, Table
from sumida_data.quality.rules import (
    Check,
    FamilyName,
    OneOf,
    Pattern,
    QualityRules,
    Query,
    Range,
    Required,
    Rule,
    Unique,
)

YEARMONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"


def list_rules(rules: QualityRules, dictionary: DataDictionary) -> list[Rule]:
    """Return every rule: those derived from the descriptions, then those written down.

    Tables whose rows have no id are left out: they are made from the descriptions themselves.

    Raises:
        KeyError: If a written rule names a table or a field that is not described.
    """
    tables = [table for table in dictionary.tables if "row_id" in table.column_names]
    derived = [rule for table in tables for rule in derive_rules(table, rules)]
    for rule in rules.rules:
        table = dictionary[rule.table]
        for name in rule.fields:
            table.field(name)
    return [*derived, *rules.rules]


def derive_rules(table: Table, rules: QualityRules) -> Iterator[Rule]:
    """Yield the rules that follow from the description of one table."""
    for family, subject, check in _list_checks(table):
        words = rules.family[family].model_dump(exclude={"family", "example"})
        yield Rule(**words, table=table.name, subject=subject, check=check)


def _list_checks(table: Table) -> Iterator[tuple[FamilyName, str, Check]]:
    # One name stands for a key of several fields: a cell of the result holds one thing.
    subject = table.primary_key[0] if len(table.primary_key) == 1 else "primary_key"
    yield "primary_key", subject, Unique(fields=table.primary_key)
    for field in table.fields:
        # A part of the primary key is there for every row.
        if field.required or field.name in table.primary_key:
            yield "required", field.name, Required(field=field.name)
        for family, check in _list_value_checks(field):
            yield family, field.name, check
    for key in table.foreign_keys:
        subject = key.fields[0] if len(key.fields) == 1 else key.table
        yield "foreign_key", subject, _find_in_other_table(table, key)


def _list_value_checks(field: Field) -> Iterator[tuple[FamilyName, Check]]:
    if field.enum:
        yield "one_of", OneOf(field=field.name, values=field.enum)
    if field.minimum is not None or field.maximum is not None:
        check = Range(field=field.name, minimum=field.minimum, maximum=field.maximum)
        yield "range", check
    if pattern := field.pattern or (YEARMONTH if field.type == "yearmonth" else None):
        yield "pattern", Pattern(field=field.name, pattern=pattern)


def _find_in_other_table(table: Table, key: ForeignKey) -> Query:
    pairs = zip(key.fields, key.reference_fields, strict=True)
    same = " AND ".join(f"o.{other} = t.{own}" for own, other in pairs)
    given = " AND ".join(f"t.{own} IS NOT NULL" for own in key.fields)
    return Query(
        query=f"SELECT t.row_id, EXISTS (FROM {key.table} AS o WHERE {same}) AS passed "  # noqa: S608  # names come from the checked data dictionary
        f"FROM {table.name} AS t WHERE {given}",
        fields=key.fields,
    )
