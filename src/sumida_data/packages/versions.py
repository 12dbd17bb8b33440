"""Versions of a package, decided by what is different from what was published.

The levels are those of the recipe for versions of data packages: major where a reader's program
may break, minor where there is more to read, patch where what was there has been put right. Only
what was published makes a version: a package that was never published gets 1.0.0, and one in which
nothing is different keeps its version and its bytes.

A history is the list of versions, newest first, as ``changelog.json`` has them: number, the day of
publication, the newest day that the rows speak of (or an empty text), and what is different from
the version before; it is written as JSON, and as an Atom feed that readers can follow. Nothing here
knows the clock: what was never published is published on a day to come, and the publication puts
its own day there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Literal, NamedTuple
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet

from sumida_data.base.database import connect
from sumida_data.base.metadata import Field, Row, Table
from sumida_data.base.periods import Period
from sumida_data.packages.models import CODE_LIST, DATA_DICTIONARY, PackageError, join_unknown
from sumida_data.packages.published import PublishedPackage, PublishedTable

# Stands for the day of publication until that is known; see catalogue.publication.stamp.
DAY_TO_COME = "2999-01-07"
Level = Literal["major", "minor", "patch"]
History = Sequence[Row]


class Difference(NamedTuple):
    """What is different in a version.

    Attributes:
        level: How much of the version it raises.
        text: What it is, in Japanese.
        values: The values of indicators that are other ones: indicator_id, period, old, new.
    """

    level: Level
    text: str
    values: tuple[Row, ...] = ()


_LEVELS: tuple[Level, ...] = ("major", "minor", "patch")
_FIRST = Difference("minor", "最初の版を公開した。")
REWORDED = Difference("patch", "説明やファイルの書き方を改めた。")
_VALUE_KEY = ("municipality_code", "indicator_id", "period", "revision")


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


def day_of(version: Row) -> str:
    """Return the day on which a version was published; versions before 1.1 do not say it."""
    return str(version.get("published_on") or version["as_of"])


def decide_history(
    published: PublishedPackage, before: Edition | None, last_version: str = ""
) -> History:
    """Return the package's versions, newest first; the first is the one that it has now.

    Args:
        published: The package.
        before: The package as it was last published.
        last_version: The last version of one that was withdrawn, whose numbers are not used again.

    Raises:
        PackageError: If something was removed that was not announced in time.
    """
    if before is None:
        major = int(last_version.partition(".")[0] or 0) + 1
        return [_make_version(f"{major}.0.0", published, [_FIRST])]
    _refuse_unannounced(published, before)
    differences = list(_compare_tables(published.tables, before))
    return add_version(published, before.history, differences) if differences else before.history


def add_version(
    published: PublishedPackage, history: History, differences: Sequence[Difference]
) -> History:
    """Return the history with one more version, raised by the largest of the differences."""
    numbers = [int(number) for number in history[0]["version"].split(".")]
    place = min(_LEVELS.index(one.level) for one in differences)
    raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    return [_make_version(".".join(map(str, raised)), published, differences), *history]


def _make_version(
    number: str, published: PublishedPackage, differences: Iterable[Difference]
) -> Row:
    return {
        "version": number,
        "published_on": DAY_TO_COME,
        "as_of": str(published.last_day or ""),
        "changes": [
            {"level": one.level, "text": one.text} | ({"values": one.values} if one.values else {})
            for one in differences
        ],
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
            yield Difference("major", f"表「{resource['title']}」({name})をなくした。")
    for name, table in new.items():
        where = f"表「{table.table.title}」({name})"
        if name not in before.tables:
            yield Difference("minor", f"{where}を加えた。")
            continue
        schema = before.tables[name]["schema"]
        yield from _compare_columns(where, table.table, schema)
        yield from _compare_rows(where, table, schema, before.files[f"{name}.parquet"])


def _compare_columns(where: str, table: Table, before: Row) -> Iterator[Difference]:
    old = {field["name"]: field for field in before["fields"]}
    for name, field in old.items():
        if name not in table.column_names:
            yield Difference("major", f"{where}の列「{field['title']}」({name})をなくした。")
    for field in table.fields:
        column = f"{where}の列「{field.title}」({field.name})"
        if field.name not in old:
            yield Difference("minor", f"{column}を加えた。")
        else:
            yield from _compare_column(column, field, old[field.name])
    if list(table.primary_key) != before["primaryKey"]:
        keys = "、".join(before["primaryKey"]), "、".join(table.primary_key)
        yield Difference("major", f"{where}の行を区別する列を、{keys[0]}から{keys[1]}に改めた。")


def _compare_column(column: str, field: Field, before: Row) -> Iterator[Difference]:
    if field.type != before["type"]:
        yield Difference("major", f"{column}の型を{before['type']}から{field.type}に改めた。")
    if field.unit != before.get("sumida:unit"):
        units = before.get("sumida:unit", "なし"), field.unit or "なし"
        yield Difference("major", f"{column}の単位を{units[0]}から{units[1]}に改めた。")
    yield from _compare_enum(column, field.enum, before.get("constraints", {}).get("enum"))
    if field.deprecated and "sumida:deprecated" not in before:
        yield Difference("patch", f"{column}をなくすことを予告した({field.deprecated})。")


def _compare_enum(
    column: str, new: Sequence[str] | None, old: Sequence[str] | None
) -> Iterator[Difference]:
    if not new or not old:
        if new:
            yield Difference("major", f"{column}の取りうる値を{'、'.join(new)}に限った。")
        if old:
            yield Difference("minor", f"{column}の取りうる値を限らないことにした。")
        return
    if gone := join_unknown(old, new):
        yield Difference("major", f"{column}の取りうる値から{gone}をなくした。")
    if added := join_unknown(new, old):
        yield Difference("minor", f"{column}の取りうる値に{added}を加えた。")


def _compare_rows(
    where: str, published: PublishedTable, before: Row, parquet: bytes
) -> Iterator[Difference]:
    table = published.table
    old = {field["name"]: field["type"] for field in before["fields"]}
    common = [field.name for field in table.fields if old.get(field.name) == field.type]
    if not set(table.primary_key) <= set(common):
        return
    stored = pyarrow.parquet.read_table(BytesIO(parquet), columns=common)
    rows = published.rows.select(common)
    added, changed, removed = _count_rows(rows, stored, table.primary_key)
    is_values = table.primary_key == _VALUE_KEY and "value" in common
    values = list_changed_values(rows, stored) if is_values else ()
    if added:
        yield Difference("minor", f"{where}の{added}行を加えた。", values)
    if changed:
        yield Difference("patch", f"{where}の{changed}行の値を改めた。", () if added else values)
    if removed:
        told = added or changed
        yield Difference("patch", f"{where}の{removed}行を取り消した。", () if told else values)


def list_changed_values(new: pa.Table, old: pa.Table) -> tuple[Row, ...]:
    """Return the newest value of each indicator and period where it is another one than before."""
    newest = """(
        SELECT indicator_id, period, arg_max({{'value': value}}, revision).value AS value
        FROM {} GROUP BY ALL
    ) AS {}"""
    query = f"""
        SELECT indicator_id, period, old.value AS old, new.value AS new
        FROM {newest.format("newly", "new")}
        FULL JOIN {newest.format("stored", "old")} USING (indicator_id, period)
        WHERE old.value IS DISTINCT FROM new.value
        ORDER BY ALL
    """  # noqa: S608  # constants
    with connect() as connection:
        connection.register("newly", new)
        connection.register("stored", old)
        found = connection.sql(query).to_arrow_table().to_pylist()
    return tuple(
        {name: _show(value) if name in ("old", "new") else value for name, value in row.items()}
        for row in found
    )


def _show(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


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


_ATOM = "http://www.w3.org/2005/Atom"
# Atom wants a moment even for a version whose rows name no day.
_NO_DAY = "1970-01-01"
# Titles of the parts of a correction notice, in the order in which the ward's notices have them.
_NOTICE_PARTS = {"scope": "範囲", "cause": "原因", "impact": "影響", "response": "対応"}


def list_notices(published: PublishedPackage) -> list[Row]:
    """Return the package's correction notices, each by the titles of its parts."""
    return [
        {title: str(row[name] or "") for name, title in _NOTICE_PARTS.items()}
        for table in published.tables
        if table.table.name == "correction_notice"
        for row in table.rows.to_pylist()
    ]


def describe_log(descriptor: Row, history: History, notices: Iterable[Row]) -> Row:
    """Return the change log with the correction notices.

    Args:
        descriptor: The package, without its resources.
        history: Its versions, newest first.
        notices: Its correction notices.
    """
    return {
        "name": descriptor["name"],
        "title": descriptor["title"],
        "versions": [
            {
                "version": one["version"],
                "published_on": day_of(one),
                "as_of": one["as_of"],
                "address": _locate(descriptor, one),
                "changes": one["changes"],
            }
            for one in history
        ],
        "corrections": list(notices),
    }


def write_feed(descriptor: Row, history: History) -> bytes:
    """Write the change log as an Atom feed; one entry is one version."""
    name = UUID(descriptor["id"])
    head = FeedHead(
        name,
        f"{descriptor['title']}の変更の記録",
        descriptor["contributors"][0]["title"],
        f"{descriptor['sumida:latest']}changelog.atom",
        descriptor["sumida:latest"],
    )
    entries = [
        FeedEntry(
            uuid5(name, one["version"]),
            f"第{one['version']}版",
            day_of(one),
            _locate(descriptor, one),
            "\n".join(change["text"] for change in one["changes"]),
        )
        for one in history
    ]
    return write_atom(head, entries)


def _locate(descriptor: Row, version: Row) -> str:
    return f"{descriptor['sumida:latest'].removesuffix('latest/')}{version['version']}/"


class FeedHead(NamedTuple):
    """What a feed says about itself: whose it is, its own address, and that of the page."""

    id: UUID
    title: str
    author: str
    address: str
    page: str


class FeedEntry(NamedTuple):
    """An entry of a feed; the day is empty where none is known."""

    id: UUID
    title: str
    day: str
    page: str
    text: str


def write_atom(head: FeedHead, entries: Sequence[FeedEntry]) -> bytes:
    """Write an Atom feed; the newest entry comes first and dates it."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "ja"})
    _add(feed, "id", f"urn:uuid:{head.id}")
    _add(feed, "title", head.title)
    _add(feed, "updated", _write_moment(entries[0].day if entries else ""))
    _add(_add(feed, "author"), "name", head.author)
    _add(feed, "link", rel="self", href=head.address)
    _add(feed, "link", rel="alternate", href=head.page)
    for one in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:uuid:{one.id}")
        _add(entry, "title", one.title)
        _add(entry, "updated", _write_moment(one.day))
        _add(entry, "link", rel="alternate", href=one.page)
        _add(entry, "content", one.text, type="text")
    ET.indent(feed)
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = text
    return element


def _write_moment(day: str) -> str:
    return f"{day or _NO_DAY}T00:00:00+09:00"
