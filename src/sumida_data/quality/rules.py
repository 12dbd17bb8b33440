"""The rule table: what must hold, why, who answers for it, and the check itself.

What a field's description already says (required, allowed values, bounds, pattern, keys) is not
said again: the rule table gives such a family of rules its words, and each description makes a rule
of its own. Row checks are data, which each engine says in its words; checks over several tables
are SQL.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field as Described

from sumida_data.base.database import Select
from sumida_data.base.metadata import (
    DataDictionary,
    Field,
    ForeignKey,
    Mistakes,
    Model,
    Name,
    Table,
    Title,
    find_repeated,
)

Severity = Literal["error", "warning"]
FamilyName = Literal["primary_key", "required", "one_of", "range", "pattern", "foreign_key"]
# The fifteen characteristics of data quality of JIS X 25012.
Characteristic = Literal[
    "accuracy", "completeness", "consistency", "credibility", "currentness", "accessibility",
    "compliance", "confidentiality", "efficiency", "precision", "traceability",
    "understandability", "availability", "portability", "recoverability",
]  # fmt: skip
When = dict[Name, tuple[str, ...]]
RuleKey = tuple[str, str, str]
YEARMONTH = "[0-9]{4}-(?:0[1-9]|1[0-2])"


class Required(Model):
    """A value is there; ``when`` names columns and the values for which it is asked for."""

    kind: Literal["required"] = "required"
    field: Name
    when: When = Described(default_factory=dict)


class Unique(Model):
    """No two rows have the same values; rows in which one of them is missing are not compared."""

    kind: Literal["unique"] = "unique"
    fields: tuple[Name, ...] = Described(min_length=1)


class OneOf(Model):
    """A value, if there is one, is one of these."""

    kind: Literal["one_of"] = "one_of"
    field: Name
    values: tuple[str, ...] = Described(min_length=1)


class Range(Model):
    """A number, if there is one, is within these bounds, which belong to it."""

    kind: Literal["range"] = "range"
    field: Name
    minimum: int | None = None
    maximum: int | None = None

    def _mistakes(self) -> Mistakes:
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        return {
            "minimum か maximum を書いてください": not bounds,
            "minimum は maximum 以下にしてください": bounds != sorted(bounds),
        }


class Pattern(Model):
    """The whole of a text, if there is one, matches."""

    kind: Literal["pattern"] = "pattern"
    field: Name
    pattern: str


class FieldComparison(Model):
    """Two values of a row, if both are there, compare like this; ``when`` as in ``Required``."""

    kind: Literal["comparison"] = "comparison"
    field: Name
    operator: Literal["<", "<=", "="]
    other: Name
    when: When = Described(default_factory=dict)


class Query(Model):
    """What a query finds over any tables.

    Attributes:
        kind: ``query``.
        query: DuckDB SQL that returns the rows that the rule concerns: ``row_id``, ``passed`` (a
            row for which that is missing is not judged), and, where each has a result of its own,
            ``subject``.
        fields: Fields of the rule's table that a failing row is led back by.
    """

    kind: Literal["query"] = "query"
    query: Select
    fields: tuple[Name, ...] = ()


RowCheck = Required | Unique | OneOf | Range | Pattern | FieldComparison
Check = Annotated[RowCheck | Query, Described(discriminator="kind")]
Rows = tuple[dict[Name, Any], ...]


class Example(Model):
    """Rows by table that keep a rule, and rows that break it; columns not named are empty."""

    passing: dict[Name, Rows]
    failing: dict[Name, Rows]


class RuleWords(Model):
    """What people need to know of a rule.

    Attributes:
        rule_id: Its id. The hundreds order the kinds: 1 descriptions of fields, 2 one row of one
            table, 3 several tables, 4 targets, 5 the last publication.
        title: What must hold, in a few words.
        reason: What is checked and why.
        owner: Who answers for it.
        severity: ``error`` where a figure cannot be relied on, ``warning`` where it needs a look.
        may_fail: Share of the rows that may fail, from 0 to 1.
        characteristic: The characteristic of JIS X 25012 that it serves.
        how_to_fix: What to do about a failing row.
    """

    named_by: ClassVar[str] = "rule_id"

    rule_id: str = Described(pattern="^Q[1-5][0-9]{2}$")
    title: Title
    reason: str
    owner: str
    severity: Severity
    may_fail: Decimal = Described(Decimal(0), ge=0, lt=1)
    characteristic: Characteristic
    how_to_fix: str


class RuleFamily(RuleWords):
    """The words of all rules that come from one kind of description.

    Attributes:
        family: The kind.
        example: How a failing value looks, in words.
    """

    family: FamilyName
    example: str


class TableRule(RuleWords):
    """One rule on one table.

    Attributes:
        table: The table.
        subject: What of the table it is about where the id alone does not say it.
        check: The check.
        example: Rows that keep it and rows that break it; None for derived rules, whose examples
            follow from the description.
    """

    table: Name
    subject: str = ""
    check: Check
    example: Example | None = None

    @property
    def key(self) -> RuleKey:
        """What tells rules apart: id, table and subject."""
        return self.rule_id, self.table, self.subject

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the table that the rule looks at."""
        if isinstance(self.check, Query | Unique):
            return self.check.fields
        other = [self.check.other] if isinstance(self.check, FieldComparison) else []
        return (self.check.field, *other, *self.when)

    @property
    def when(self) -> When:
        """The columns and their values for which it holds; none where it holds for all rows."""
        return getattr(self.check, "when", {})


class WrittenRule(TableRule):
    """A rule of the rule table, which must bring its example."""

    example: Example


class QualityRules(Model):
    """The rule table.

    Attributes:
        families: The words of derived rules.
        rules: All others.
    """

    families: tuple[RuleFamily, ...]
    rules: tuple[WrittenRule, ...]

    def _mistakes(self) -> Mistakes:
        ids = [words.rule_id for words in (*self.families, *self.rules)]
        repeated = find_repeated(ids)
        missing = sorted({*get_args(FamilyName)} - {one.family for one in self.families})
        return {
            f"rule_id {'、'.join(repeated)} が2回書かれています": repeated,
            f"families に {'、'.join(missing)} がありません": missing,
        }

    @cached_property
    def words(self) -> dict[str, RuleWords]:
        """The words of every rule by id."""
        return {words.rule_id: words for words in (*self.families, *self.rules)}


class SecondOpinion(Model):
    """What the other engines looked at, and what speaks against a publication.

    Attributes:
        rules: Row rules that each engine applied, counted once for each table or file.
        objections: What must be mended first, a line each; empty where nothing speaks against it.
    """

    tables: int
    files: int
    rules: int
    rows: int
    objections: tuple[str, ...] = ()


def list_constraints(check: Check) -> Iterator[tuple[str, str, Any]]:
    """Yield what a Table Schema says of a check: field, constraint, and its limit.

    It has no words for conditions, comparisons and queries, and says of keys what no field does.
    """
    match check:
        case Required(field=field):
            yield field, "required", True
        case OneOf(field=field, values=values):
            yield field, "enum", list(values)
        case Range(field=field, minimum=minimum, maximum=maximum):
            limits = {"minimum": minimum, "maximum": maximum}.items()
            yield from ((field, name, limit) for name, limit in limits if limit is not None)
        case Pattern(field=field, pattern=pattern):
            yield field, "pattern", pattern


def list_rules(rules: QualityRules, dictionary: DataDictionary) -> list[TableRule]:
    """Return every rule: those derived from the descriptions, then those written down.

    Tables whose rows have no id are left out: they are made from the descriptions themselves, or
    are remembered.

    Raises a KeyError if a written rule names a table or a field that is not described.
    """
    for rule in rules.rules:
        table = dictionary[rule.table]
        for name in rule.fields:
            table.field(name)
    words = {one.family: one.model_dump(exclude={"family", "example"}) for one in rules.families}
    derived = [
        TableRule(**words[family], table=table.name, subject=subject, check=check)
        for table in dictionary.tables
        if "row_id" in table.column_names
        for family, subject, check in _list_checks(table)
    ]
    return [*derived, *rules.rules]


def _list_checks(table: Table) -> Iterator[tuple[FamilyName, str, Check]]:
    # One name is given to a key of several fields: a cell of the result holds one thing.
    subject = table.primary_key[0] if len(table.primary_key) == 1 else "primary_key"
    yield "primary_key", subject, Unique(fields=table.primary_key)
    for field in table.fields:
        # A part of the primary key is there for every row.
        if field.required or field.name in table.primary_key:
            yield "required", field.name, Required(field=field.name)
        yield from ((family, field.name, check) for family, check in _list_checks_of(field))
    for key in table.foreign_keys:
        subject = key.fields[0] if len(key.fields) == 1 else key.table
        yield "foreign_key", subject, _find_in_other_table(table, key)


def _list_checks_of(field: Field) -> Iterator[tuple[FamilyName, Check]]:
    if field.enum:
        yield "one_of", OneOf(field=field.name, values=field.enum)
    if (field.minimum, field.maximum) != (None, None):
        yield "range", Range(field=field.name, minimum=field.minimum, maximum=field.maximum)
    if pattern := field.pattern or (YEARMONTH if field.type == "yearmonth" else None):
        yield "pattern", Pattern(field=field.name, pattern=pattern)


def _find_in_other_table(table: Table, key: ForeignKey) -> Query:
    pairs = zip(key.fields, key.reference_fields, strict=True)
    same = " AND ".join(f"o.{other} = t.{own}" for own, other in pairs)
    given = " AND ".join(f"t.{own} IS NOT NULL" for own in key.fields)
    found = f"EXISTS (FROM {key.table} AS o WHERE {same}) AS passed"
    query = f"SELECT t.row_id, {found} FROM {table.name} AS t WHERE {given}"  # noqa: S608  # names come from the checked data dictionary
    return Query(query=query, fields=key.fields)
