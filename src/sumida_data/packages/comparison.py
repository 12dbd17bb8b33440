"""What is different between the package last published and the one just built, in words.

The levels are those of the recipe for versions of data packages: major where a reader's program
may break, minor where there is more to read, patch where what was there has been put right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet

from sumida_data.base.database import connect
from sumida_data.base.metadata import Field, Table
from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.dictionary import CODE_LIST, DATA_DICTIONARY
from sumida_data.packages.published import PublishedTable

Level = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        level: How much of the version it raises.
        text: What is different, in Japanese.
    """

    level: Level
    text: str


def compare_tables(
    tables: Iterable[PublishedTable], before: Descriptor, files: Mapping[str, bytes]
) -> list[Change]:
    """Compare the tables just built with those published.

    Args:
        tables: The tables just built.
        before: The published descriptor.
        files: The published files by path.
    """
    old = _find_tables(before)
    new = {table.table.name: table for table in tables}
    changes = [
        Change("major", f"表「{old[name]['title']}」({name})をなくした。")
        for name in old
        if name not in new
    ]
    for name, table in new.items():
        if name not in old:
            changes.append(Change("minor", f"表「{table.table.title}」({name})を加えた。"))
            continue
        changes += _compare_columns(table.table, old[name]["schema"])
        changes += _compare_rows(table, old[name]["schema"], files[f"{name}.parquet"])
    return changes


def list_removed(
    tables: Iterable[PublishedTable], before: Descriptor
) -> Iterator[tuple[str, str | None]]:
    """Yield what a reader would miss: a name in words, and the quarter of its announcement."""
    new = {table.table.name: table.table.column_names for table in tables}
    for name, resource in _find_tables(before).items():
        if name not in new:
            yield f"表 {name}", resource.get("sumida:deprecated")
            continue
        for field in resource["schema"]["fields"]:
            if field["name"] not in new[name]:
                yield f"表 {name} の列 {field['name']}", field.get("sumida:deprecated")


def _find_tables(before: Descriptor) -> dict[str, Descriptor]:
    """Return the published tables by name, without those that only explain them."""
    explaining = (CODE_LIST, DATA_DICTIONARY)
    return {
        one["name"]: one
        for one in before["resources"]
        if one.get("type") == "table" and one["name"] not in explaining
    }


def _compare_columns(table: Table, before: Descriptor) -> Iterator[Change]:
    where = f"表「{table.title}」({table.name})"
    old = {field["name"]: field for field in before["fields"]}
    for name, field in old.items():
        if name not in table.column_names:
            yield Change("major", f"{where}の列「{field['title']}」({name})をなくした。")
    for field in table.fields:
        column = f"{where}の列「{field.title}」({field.name})"
        if field.name not in old:
            yield Change("minor", f"{column}を加えた。")
        else:
            yield from _compare_column(column, field, old[field.name])
    if list(table.primary_key) != before["primaryKey"]:
        keys = "、".join(before["primaryKey"]), "、".join(table.primary_key)
        yield Change("major", f"{where}の行を区別する列を、{keys[0]}から{keys[1]}に改めた。")


def _compare_column(column: str, field: Field, before: Descriptor) -> Iterator[Change]:
    if field.type != before["type"]:
        yield Change("major", f"{column}の型を{before['type']}から{field.type}に改めた。")
    if field.unit != before.get("sumida:unit"):
        units = before.get("sumida:unit", "なし"), field.unit or "なし"
        yield Change("major", f"{column}の単位を{units[0]}から{units[1]}に改めた。")
    yield from _compare_enum(column, field.enum, before.get("constraints", {}).get("enum"))
    if field.deprecated and "sumida:deprecated" not in before:
        yield Change("patch", f"{column}をなくすことを予告した({field.deprecated})。")


def _compare_enum(
    column: str, new: Sequence[str] | None, old: Sequence[str] | None
) -> Iterator[Change]:
    if new and not old:
        yield Change("major", f"{column}の取りうる値を{'、'.join(new)}に限った。")
    elif old and not new:
        yield Change("minor", f"{column}の取りうる値を限らないことにした。")
    elif old and new:
        if gone := [value for value in old if value not in new]:
            yield Change("major", f"{column}の取りうる値から{'、'.join(gone)}をなくした。")
        if added := [value for value in new if value not in old]:
            yield Change("minor", f"{column}の取りうる値に{'、'.join(added)}を加えた。")


def _compare_rows(published: PublishedTable, before: Descriptor, parquet: bytes) -> list[Change]:
    table = published.table
    old = {field["name"]: field["type"] for field in before["fields"]}
    common = [field.name for field in table.fields if old.get(field.name) == field.type]
    if not set(table.primary_key) <= set(common):
        return []
    stored = pa.parquet.read_table(BytesIO(parquet), columns=common)
    counts = _count_rows(published.rows.select(common), stored, table.primary_key)
    where = f"表「{table.title}」({table.name})"
    words: tuple[tuple[Level, str, str], ...] = (
        ("minor", "added", "行を加えた"),
        ("patch", "changed", "行の値を改めた"),
        ("patch", "removed", "行を取り消した"),
    )
    return [
        Change(level, f"{where}の{counts[name]}{text}。")
        for level, name, text in words
        if counts[name]
    ]


def _count_rows(new: pa.Table, old: pa.Table, key: Iterable[str]) -> dict[str, int]:
    same = " AND ".join(f'new."{name}" IS NOT DISTINCT FROM old."{name}"' for name in key)
    values = [", ".join(f'{side}."{name}"' for name in new.column_names) for side in ("new", "old")]
    query = f"""
        SELECT count(*) FILTER (old.there IS NULL) AS added,
            count(*) FILTER (new.there IS NULL) AS removed,
            count(*) FILTER (new.there AND old.there
                AND row({values[0]}) IS DISTINCT FROM row({values[1]})) AS changed
        FROM (SELECT true AS there, * FROM newly) AS new
        FULL JOIN (SELECT true AS there, * FROM stored) AS old ON {same}
    """  # noqa: S608  # names of described columns
    with connect() as connection:
        connection.register("newly", new)
        connection.register("stored", old)
        counts: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return counts[0]
