"""Which columns a table has where it is read, told from the descriptions alone.

Of a table that goes out these are the published ones; views take theirs from the tables behind
them. What columns and codes mean is said once more in tables of their own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sumida_data.base.metadata import Code, DataDictionary, Field, ForeignKey, Row, Table
from sumida_data.packages.models import Package, PackageError, Resource, Views

# Every standard data set of Japanese municipalities begins by saying whose it is.
MUNICIPALITY = ("municipality_code", "municipality_name")
DATA_DICTIONARY = "data_dictionary"
CODE_LIST = "code_list"
GIVEN = {"given": Code(title="値あり", title_en="Value given")}
# What an empty text stands for is told once; anything else that is missing says itself why.
_TYPES_WITHOUT_STATUS = {"string", "yearmonth"}


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
        table = describe_table(resource, dictionary)
        if parent := resource.rows_of:
            reference = _refer(parent, table, described)
            table = table.model_copy(update={"foreign_keys": (reference,)})
        described[table.name] = table
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
    fields = [one for field in _list_published(table, dictionary) for one in _with_status(field)]
    key = resource.primary_key or table.primary_key
    if unknown := join_unknown(resource.only, table.column_names):
        raise PackageError(
            f"packages.yml: 表 {table.name} の only に、列 {unknown!r} はありません。"
            f"書けるのは {'、'.join(table.column_names)} です。"
        )
    if unpublished := join_unknown(key, [field.name for field in fields]):
        raise PackageError(
            f"packages.yml: 表 {table.name} の primary_key に、公開しない列 {unpublished} が"
            "あります。公開する列だけで primary_key を書いてください。"
        )
    changes = {"fields": tuple(fields), "primary_key": key, "foreign_keys": ()}
    return table.model_copy(update=changes)


def _refer(parent: str, table: Table, described: Mapping[str, Table]) -> ForeignKey:
    """Return the reference to the table whose rows its rows belong to."""
    place = f"packages.yml: 表 {table.name} の rows_of = {parent!r} — "
    if parent not in described:
        allowed = "、".join(described) or "ありません"
        raise PackageError(f"{place}同じパッケージで先に書いた表だけを書けます({allowed})。")
    key = described[parent].primary_key
    if lacking := join_unknown(key, table.column_names):
        raise PackageError(f"{place}{table.name} に列 {lacking} がないため、たどれません。")
    return ForeignKey(fields=key, table=parent, reference_fields=key)


def join_unknown(names: Iterable[str], known: Collection[str]) -> str:
    """Return those of the names that are not known, in one text."""
    return "、".join(name for name in names if name not in known)


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


def _list_published(table: Table, dictionary: DataDictionary) -> Iterable[Field]:
    """Return the published fields; a table without the municipality's gets them from another."""
    others = (field for other in reversed(dictionary.tables) for field in other.fields)
    known = {field.name: field for field in (*others, *table.fields) if field.published}
    own = {field.name: field for field in table.fields if field.published}
    return ({name: known[name] for name in MUNICIPALITY} | own).values()


def describe_views(views: Views, dictionary: DataDictionary) -> Iterator[Table]:
    """Describe each view as a table.

    Raises:
        KeyError: If a column is given by a name that none of the view's tables describes.
    """
    for view in views.views:
        known = {
            field.name: field for name in reversed(view.tables) for field in dictionary[name].fields
        }
        yield Table(
            name=view.name,
            title=view.title,
            title_en=view.title_en,
            description=view.description,
            primary_key=(),
            fields=tuple(known[item] if isinstance(item, str) else item for item in view.fields),
        )


def list_columns(tables: Iterable[Table]) -> Iterator[Row]:
    """Yield the rows of ``data_dictionary``; one row is one column."""
    for table in tables:
        for field in table.fields:
            yield {
                "table_name": table.name,
                "table_title": table.title,
                "column_name": field.name,
                "column_title": field.title,
                "column_title_en": field.title_en,
                "type": field.type,
                "unit": field.unit,
                "description": field.description,
                "status_column": field.status,
                "empty_means": "、".join(field.empty.values()) or None,
                "deprecated": field.deprecated,
            }


def list_codes(tables: Iterable[Table]) -> Iterator[Row]:
    """Yield the rows of ``code_list``; one row is one code of one column."""
    for table in tables:
        for field in table.fields:
            for code in field.enum or ():
                meaning = field.codes.get(code) or Code(title=code)
                yield {
                    "table_name": table.name,
                    "column_name": field.name,
                    "code": code,
                    "title": meaning.title,
                    "description": meaning.description or meaning.title,
                }
