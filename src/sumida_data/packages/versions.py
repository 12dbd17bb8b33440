"""Versions of a package, decided by what is different from what was published.

The levels are those of the recipe for versions of data packages: major where a reader's program
may break, minor where there is more to read, patch where what was there has been put right. Only
what was published makes a version: a package that was never published gets 1.0.0, and one in which
nothing is different keeps its version and its bytes.

A history is the list of versions, newest first, as ``changelog.json`` has them: number, the newest
day that the rows speak of (or an empty text), and what is different from the version before.
Nothing here knows the clock.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import pyarrow as pa
import pyarrow.parquet

from sumida_data.base.database import connect
from sumida_data.base.metadata import Field, Row, Table
from sumida_data.base.periods import Period
from sumida_data.packages.columns import CODE_LIST, DATA_DICTIONARY, join_unknown
from sumida_data.packages.models import PackageError
from sumida_data.packages.published import PublishedPackage, PublishedTable

FIRST_VERSION = "1.0.0"
Level = Literal["major", "minor", "patch"]
# How much of the version it raises, and what is different, in Japanese.
Difference = tuple[Level, str]
History = Sequence[Row]
_LEVELS: tuple[Level, ...] = ("major", "minor", "patch")
_FIRST: Difference = ("minor", "最初の版を公開した。")
REWORDED: Difference = ("patch", "説明やファイルの書き方を改めた。")


@dataclass(frozen=True, slots=True)
class Edition:
    """A package as it was last published.

    Attributes:
        files: Its contents by path.
        descriptor: Its descriptor.
        history: Its versions, newest first.
    """

    files: Mapping[str, bytes]
    descriptor: Row
    history: History

    @property
    def tables(self) -> dict[str, Row]:
        """The descriptions of its tables by name, without those that only explain them."""
        return {
            one["name"]: one
            for one in self.descriptor["resources"]
            if one.get("type") == "table" and one["name"] not in (CODE_LIST, DATA_DICTIONARY)
        }


def read_edition(files: Mapping[str, bytes], *, sample: bool) -> Edition | None:
    """Read the package as it was last published.

    Args:
        files: Its contents by path; empty if it was never published.
        sample: Whether the package just built holds invented data: real data do not continue
            what invented data began, nor the other way round.

    Returns:
        The edition, or None if there is none to continue.
    """
    if not files:
        return None
    descriptor = json.loads(files["datapackage.json"])
    if descriptor["sumida:sample"] is not sample:
        return None
    return Edition(files, descriptor, json.loads(files["changelog.json"])["versions"])


def decide_history(published: PublishedPackage, before: Edition | None) -> History:
    """Return the package's versions, newest first; the first is the one that it has now.

    Raises:
        PackageError: If something was removed that was not announced in time.
    """
    if before is None:
        return [_make_version(FIRST_VERSION, published, [_FIRST])]
    _refuse_unannounced(published, before)
    differences = list(_compare_tables(published.tables, before))
    return add_version(published, before.history, differences) if differences else before.history


def add_version(
    published: PublishedPackage, history: History, differences: Sequence[Difference]
) -> History:
    """Return the history with one more version, raised by the largest of the differences."""
    numbers = [int(number) for number in history[0]["version"].split(".")]
    place = min(_LEVELS.index(level) for level, _ in differences)
    raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    return [_make_version(".".join(map(str, raised)), published, differences), *history]


def _make_version(
    number: str, published: PublishedPackage, differences: Iterable[Difference]
) -> Row:
    return {
        "version": number,
        "as_of": str(published.last_day or ""),
        "changes": [{"level": level, "text": text} for level, text in differences],
    }


def _refuse_unannounced(published: PublishedPackage, before: Edition) -> None:
    """Readers must have had a quarter's time; only what was published counts as announced."""
    for what, announced in _list_removed(published.tables, before):
        place = f"{published.package.name}: {what} は"
        if announced is None:
            raise PackageError(
                f"{place}予告なしになくせません。元に戻して "
                f"deprecated: {published.last_period or '期間'} を書き、公開してから、"
                "次の四半期以降になくしてください。"
            )
        earliest = Period.parse(announced).next
        if published.last_period and Period.parse(published.last_period) < earliest:
            raise PackageError(
                f"{place} {announced} になくすと予告したもので、"
                f"なくせるのは {earliest} からです。それまで元に戻してください。"
            )


def _list_removed(
    tables: Iterable[PublishedTable], before: Edition
) -> Iterator[tuple[str, str | None]]:
    """Yield what a reader would miss: a name in words, and the quarter of its announcement."""
    new = {table.table.name: table.table.column_names for table in tables}
    for name, resource in before.tables.items():
        if name not in new:
            yield f"表 {name}", resource.get("sumida:deprecated")
            continue
        for field in resource["schema"]["fields"]:
            if field["name"] not in new[name]:
                yield f"表 {name} の列 {field['name']}", field.get("sumida:deprecated")


def _compare_tables(tables: Iterable[PublishedTable], before: Edition) -> Iterator[Difference]:
    new = {table.table.name: table for table in tables}
    for name, resource in before.tables.items():
        if name not in new:
            yield "major", f"表「{resource['title']}」({name})をなくした。"
    for name, table in new.items():
        where = f"表「{table.table.title}」({name})"
        if name not in before.tables:
            yield "minor", f"{where}を加えた。"
            continue
        schema = before.tables[name]["schema"]
        yield from _compare_columns(where, table.table, schema)
        yield from _compare_rows(where, table, schema, before.files[f"{name}.parquet"])


def _compare_columns(where: str, table: Table, before: Row) -> Iterator[Difference]:
    old = {field["name"]: field for field in before["fields"]}
    for name, field in old.items():
        if name not in table.column_names:
            yield "major", f"{where}の列「{field['title']}」({name})をなくした。"
    for field in table.fields:
        column = f"{where}の列「{field.title}」({field.name})"
        if field.name not in old:
            yield "minor", f"{column}を加えた。"
        else:
            yield from _compare_column(column, field, old[field.name])
    if list(table.primary_key) != before["primaryKey"]:
        keys = "、".join(before["primaryKey"]), "、".join(table.primary_key)
        yield "major", f"{where}の行を区別する列を、{keys[0]}から{keys[1]}に改めた。"


def _compare_column(column: str, field: Field, before: Row) -> Iterator[Difference]:
    if field.type != before["type"]:
        yield "major", f"{column}の型を{before['type']}から{field.type}に改めた。"
    if field.unit != before.get("sumida:unit"):
        units = before.get("sumida:unit", "なし"), field.unit or "なし"
        yield "major", f"{column}の単位を{units[0]}から{units[1]}に改めた。"
    yield from _compare_enum(column, field.enum, before.get("constraints", {}).get("enum"))
    if field.deprecated and "sumida:deprecated" not in before:
        yield "patch", f"{column}をなくすことを予告した({field.deprecated})。"


def _compare_enum(
    column: str, new: Sequence[str] | None, old: Sequence[str] | None
) -> Iterator[Difference]:
    if not new or not old:
        if new:
            yield "major", f"{column}の取りうる値を{'、'.join(new)}に限った。"
        if old:
            yield "minor", f"{column}の取りうる値を限らないことにした。"
        return
    if gone := join_unknown(old, new):
        yield "major", f"{column}の取りうる値から{gone}をなくした。"
    if added := join_unknown(new, old):
        yield "minor", f"{column}の取りうる値に{added}を加えた。"


def _compare_rows(
    where: str, published: PublishedTable, before: Row, parquet: bytes
) -> Iterator[Difference]:
    table = published.table
    old = {field["name"]: field["type"] for field in before["fields"]}
    common = [field.name for field in table.fields if old.get(field.name) == field.type]
    if not set(table.primary_key) <= set(common):
        return
    stored = pyarrow.parquet.read_table(BytesIO(parquet), columns=common)
    added, changed, removed = _count_rows(published.rows.select(common), stored, table.primary_key)
    if added:
        yield "minor", f"{where}の{added}行を加えた。"
    if changed:
        yield "patch", f"{where}の{changed}行の値を改めた。"
    if removed:
        yield "patch", f"{where}の{removed}行を取り消した。"


def _count_rows(new: pa.Table, old: pa.Table, key: Iterable[str]) -> tuple[int, int, int]:
    """Return how many rows were added, changed and removed."""
    same = " AND ".join(f'new."{name}" IS NOT DISTINCT FROM old."{name}"' for name in key)
    values = [", ".join(f'{side}."{name}"' for name in new.column_names) for side in ("new", "old")]
    query = f"""
        SELECT count(*) FILTER (old.there IS NULL),
            count(*) FILTER (new.there AND old.there
                AND row({values[0]}) IS DISTINCT FROM row({values[1]})),
            count(*) FILTER (new.there IS NULL)
        FROM (SELECT true AS there, * FROM newly) AS new
        FULL JOIN (SELECT true AS there, * FROM stored) AS old ON {same}
    """  # noqa: S608  # names of described columns
    with connect() as connection:
        connection.register("newly", new)
        connection.register("stored", old)
        [(added, changed, removed)] = connection.sql(query).fetchall()
    return added, changed, removed
