"""Which columns of a table go out, told from the descriptions alone."""

from collections.abc import Collection, Iterator, Mapping

from sumida_data.base.metadata import Code, DataDictionary, Field, ForeignKey, Table
from sumida_data.packages.models import Package, Resource

# Every standard data set of Japanese municipalities begins by saying whose it is.
MUNICIPALITY = ("municipality_code", "municipality_name")
GIVEN = {"given": Code(title="値あり", title_en="Value given")}
# What an empty text stands for is told once; anything else that is missing says itself why.
_TYPES_WITHOUT_STATUS = {"string", "yearmonth"}


class PackageError(ValueError):
    """packages.yml asks for what cannot be published."""


def describe_package_tables(
    package: Package, dictionary: DataDictionary, tables: Collection[str]
) -> dict[str, Table]:
    """Describe the tables of a package as they go out, by name.

    Args:
        package: The package.
        dictionary: Descriptions of the tables.
        tables: Names of those that a package may hold.

    Raises:
        PackageError: If the package names a table, a column or a key that cannot be published.
    """
    described: dict[str, Table] = {}
    for resource in package.resources:
        if resource.table not in tables or resource.table not in dictionary:
            raise PackageError(
                f"packages.yml: resources の table {resource.table!r} という表はありません。"
                f"書けるのは {'、'.join(sorted(tables))} です。"
            )
        _refuse_unknown_column(resource, dictionary[resource.table])
        table = describe_table(resource, dictionary)
        described[table.name] = _refer(resource.rows_of, table, described)
    return described


def describe_table(resource: Resource, dictionary: DataDictionary) -> Table:
    """Describe a table as it goes out: published columns only, municipality first.

    Raises:
        PackageError: If its rows or a part of its key cannot be published.
    """
    table = dictionary[resource.table]
    if table.counts_only:
        raise PackageError(
            f"packages.yml: resources の table {table.name!r} は件数だけを公開する表です。"
            "行は公開できません。"
        )
    own = {field.name: field for field in table.fields if field.published}
    first = {name: own.get(name) or _find(dictionary, name) for name in MUNICIPALITY}
    fields = first | own
    fields = {one.name: one for field in fields.values() for one in _with_status(field)}
    key = resource.primary_key or table.primary_key
    if unpublished := [name for name in key if name not in fields]:
        raise PackageError(
            f"packages.yml: 表 {table.name} の primary_key に、公開しない列 "
            f"{'、'.join(unpublished)} があります。公開する列だけで primary_key を書いてください。"
        )
    changes = {"fields": tuple(fields.values()), "primary_key": key, "foreign_keys": ()}
    return table.model_copy(update=changes)


def _refuse_unknown_column(resource: Resource, table: Table) -> None:
    for name in resource.only:
        if name not in table.column_names:
            raise PackageError(
                f"packages.yml: 表 {resource.table} の only に、列 {name!r} はありません。"
                f"書けるのは {'、'.join(table.column_names)} です。"
            )


def _refer(name: str | None, table: Table, described: Mapping[str, Table]) -> Table:
    """Return the table with its reference to the one whose rows it belongs to, if any."""
    if name is None:
        return table
    place = f"packages.yml: 表 {table.name} の rows_of = {name!r} — "
    if name not in described:
        allowed = "、".join(described) or "ありません"
        raise PackageError(f"{place}同じパッケージで先に書いた表だけを書けます({allowed})。")
    key = described[name].primary_key
    if lacking := [column for column in key if column not in table.column_names]:
        raise PackageError(
            f"{place}{table.name} に列 {'、'.join(lacking)} がないため、たどれません。"
        )
    reference = ForeignKey(fields=key, table=name, reference_fields=key)
    return table.model_copy(update={"foreign_keys": (reference,)})


def _with_status(field: Field) -> Iterator[Field]:
    """Yield the field, and a status beside it if it may be missing for one known reason."""
    if not field.empty or field.type in _TYPES_WITHOUT_STATUS:
        yield field
        return
    status = f"{field.name}_status"
    yield field.model_copy(update={"status": status, "empty": {}})
    yield Field.model_validate(
        {
            "name": status,
            "title": f"{field.title}の状態",
            "title_en": f"{field.title_en}, status",
            "enum": GIVEN | field.empty,
            "required": True,
            "published": True,
            "deprecated": field.deprecated,
        }
    )


def _find(dictionary: DataDictionary, name: str) -> Field:
    fields = (field for table in dictionary.tables for field in table.fields)
    return next(field for field in fields if field.name == name and field.published)
