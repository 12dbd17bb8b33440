"""Versions of a package, decided by what is different from what was published.

The levels are those of the recipe for versions of data packages: major where a reader's program
may break, minor where there is more to read, patch where what was there has been put right. Only
what was published makes a version: a package that was never published gets 1.0.0, and one in which
nothing is different keeps its version and its bytes.

A history is the list of versions, newest first, as ``changelog.json`` has them: number, the day of
publication, the newest day that the rows speak of, and what is different from the version before.
Nothing here knows the clock: what was never published is published on a day to come, and the
publication puts its own day there.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from io import BytesIO
from typing import NamedTuple
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

import pyarrow.parquet

from sumida_data.base.database import connect
from sumida_data.base.metadata import Field, Row, Table
from sumida_data.base.periods import Period
from sumida_data.packages.models import PackageError, join_unknown
from sumida_data.packages.published import Dataset, PublishedPackage, PublishedTable

# Replaces the day of publication until that is known; see catalogue.publication.stamp.
DAY_TO_COME = "2999-01-07"
History = Sequence[Row]
Differences = Iterator[Row]

_LEVELS = ("major", "minor", "patch")
FIRST: Row = {"level": "minor", "text": "最初の版を公開した。"}
# No row and no column is different, yet a byte is.
REWORDED: Row = {"level": "patch", "text": "説明やファイルの書き方を改めた。"}
_VALUE_KEY = ("municipality_code", "indicator_id", "period", "revision")


def begin_day(day: str) -> str:
    """Return when a day begins in Japan as catalogues write it: a moment of UTC without a zone."""
    return f"{date.fromisoformat(day) - timedelta(days=1)}T15:00:00.000000"


def day_of(version: Row) -> str:
    """Return the day on which a version was published; versions before 1.1 do not say it."""
    return str(version.get("published_on") or version["as_of"])


def add_version(
    published: PublishedPackage, history: History, changes: Sequence[Row], last: str = ""
) -> History:
    """Return a history with one version more, whose number follows from what has changed.

    The first version comes after the last one of a package that was withdrawn, if there was one:
    its numbers are not used again.
    """
    numbers = [int(one) for one in (history[0]["version"] if history else last or "0").split(".")]
    place = min(_LEVELS.index(one["level"]) for one in changes) if history else 0
    numbers = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    version = {"version": ".".join(map(str, numbers)), "published_on": DAY_TO_COME}
    as_of = str(published.last_day or "")
    return [version | {"as_of": as_of, "changes": changes}, *history]


def _make_change(level: str, text: str, values: Sequence[Row] = ()) -> Row:
    return {"level": level, "text": text} | ({"values": values} if values else {})


def compare(published: PublishedPackage, before: Dataset) -> Differences:
    """Yield what is different from what was published, each with its level and a sentence.

    Raises a PackageError if something was removed that was not announced in time.
    """
    new = {one.table.name: one for one in published.tables}
    old = {one["name"]: one for one in before.tables}
    for name in (name for name in old if name not in new):
        words = f"表「{old[name]['title']}」({name})"
        yield _remove(published, f"表 {name}", words, old[name])
    for name, table in new.items():
        where = f"表「{table.table.title}」({name})"
        if name not in old:
            yield _make_change("minor", f"{where}を加えた。")
        else:
            schema = old[name]["schema"]
            yield from _compare_columns(published, where, table.table, schema)
            yield from _compare_rows(where, table, schema, before.files[f"{name}.parquet"])


def _remove(published: PublishedPackage, what: str, words: str, described: Row) -> Row:
    """Readers must have had a quarter's time; only what was published counts as announced."""
    announced = described.get("sumida:deprecated")
    place, last = f"{published.package.name}: {what} は", published.last_period
    if announced is None:
        raise PackageError(
            f"{place}予告なしになくせません。元に戻して deprecated: {last or '期間'} を書き、"
            "公開してから、次の四半期以降になくしてください。"
        )
    earliest = Period.parse(announced).next
    if last and Period.parse(last) < earliest:
        raise PackageError(
            f"{place} {announced} になくすと予告したもので、"
            f"なくせるのは {earliest} からです。それまで元に戻してください。"
        )
    return _make_change("major", f"{words}をなくした。")


def _compare_columns(
    published: PublishedPackage, where: str, table: Table, before: Row
) -> Differences:
    old = {field["name"]: field for field in before["fields"]}
    for name in (name for name in old if name not in table.column_names):
        words = f"{where}の列「{old[name]['title']}」({name})"
        yield _remove(published, f"表 {table.name} の列 {name}", words, old[name])
    for field in table.fields:
        column = f"{where}の列「{field.title}」({field.name})"
        if field.name not in old:
            yield _make_change("minor", f"{column}を加えた。")
        else:
            yield from _compare_column(column, field, old[field.name])
    if list(table.primary_key) != before["primaryKey"]:
        keys = "、".join(before["primaryKey"]), "、".join(table.primary_key)
        yield _make_change("major", f"{where}の行を区別する列を、{keys[0]}から{keys[1]}に改めた。")


def _compare_column(column: str, field: Field, before: Row) -> Differences:
    new, old = field.enum or (), before.get("constraints", {}).get("enum", ())
    gone, added = join_unknown(old, new), join_unknown(new, old)
    units = before.get("sumida:unit", "なし"), field.unit or "なし"
    announced = field.deprecated if "sumida:deprecated" not in before else None
    found = {
        f"の型を{before['type']}から{field.type}に改めた": ("major", field.type != before["type"]),
        f"の単位を{units[0]}から{units[1]}に改めた": ("major", units[0] != units[1]),
        f"の取りうる値から{gone}をなくした": ("major", gone and new),
        "の取りうる値を限らないことにした": ("minor", gone and not new),
        f"の取りうる値に{added}を加えた": ("minor", added and old),
        f"の取りうる値を{added}に限った": ("major", added and not old),
        f"をなくすことを予告した({announced})": ("patch", announced),
    }
    for words, (level, is_so) in found.items():
        if is_so:
            yield _make_change(level, f"{column}{words}。")


# The newest value of each indicator and period where it is another one than before.
_NEWEST = "(SELECT DISTINCT ON (indicator_id, period) * FROM {} ORDER BY revision DESC)"
_SHOWN = r"regexp_replace({}.value::VARCHAR, '\.?0+$', '')"
_CHANGED_VALUES = f"""
    SELECT indicator_id, period, {_SHOWN.format("old")} AS old, {_SHOWN.format("new")} AS new
    FROM {_NEWEST.format("newly")} AS new
    FULL JOIN {_NEWEST.format("stored")} AS old USING (indicator_id, period)
    WHERE old.value IS DISTINCT FROM new.value
    ORDER BY ALL
"""  # noqa: S608  # constants
# How many rows were added, changed and removed.
_COUNTS = """
    SELECT count(*) FILTER (old.there IS NULL),
        count(*) FILTER (new.there AND old.there AND row({new}) IS DISTINCT FROM row({old})),
        count(*) FILTER (new.there IS NULL)
    FROM (SELECT true AS there, * FROM newly) AS new
    FULL JOIN (SELECT true AS there, * FROM stored) AS old ON {same}
"""
_ROWS = (("minor", "を加えた"), ("patch", "の値を改めた"), ("patch", "を取り消した"))


def _compare_rows(
    where: str, published: PublishedTable, before: Row, parquet: bytes
) -> Differences:
    """Yield how many rows are different; the first of these has the values that are."""
    key, types = published.table.primary_key, {one["name"]: one["type"] for one in before["fields"]}
    common = [one.name for one in published.table.fields if types.get(one.name) == one.type]
    if not set(key) <= set(common):
        return
    values: list[Row] = []
    with connect() as connection:
        connection.register("newly", published.rows.select(common))
        stored = pyarrow.parquet.read_table(BytesIO(parquet), columns=common)
        connection.register("stored", stored)
        [counts] = connection.sql(_count_rows(key, common)).fetchall()
        if key == _VALUE_KEY and "value" in common:
            values = connection.sql(_CHANGED_VALUES).to_arrow_table().to_pylist()
    for count, (level, words) in zip(counts, _ROWS, strict=True):
        if count:
            yield _make_change(level, f"{where}の{count}行{words}。", values)
            values = []


def _count_rows(key: Sequence[str], columns: Sequence[str]) -> str:
    sides = {side: ", ".join(f'{side}."{name}"' for name in columns) for side in ("new", "old")}
    same = " AND ".join(f'new."{name}" IS NOT DISTINCT FROM old."{name}"' for name in key)
    return _COUNTS.format(**sides, same=same)


# Titles of the parts of a correction notice, in the order in which the ward's notices have them.
_NOTICE_PARTS = {"scope": "範囲", "cause": "原因", "impact": "影響", "response": "対応"}


def describe_log(published: PublishedPackage, descriptor: Row, history: History) -> Row:
    """Return the change log with the correction notices, each by the titles of its parts."""
    notices = [
        {title: str(row[name] or "") for name, title in _NOTICE_PARTS.items()}
        for table in published.tables
        if table.table.name == "correction_notice"
        for row in table.rows.to_pylist()
    ]
    start = descriptor["sumida:latest"].removesuffix("latest/")
    versions = [
        {"version": one["version"], "published_on": day_of(one), "as_of": one["as_of"]}
        | {"address": f"{start}{one['version']}/", "changes": one["changes"]}
        for one in history
    ]
    names = {name: descriptor[name] for name in ("name", "title")}
    return names | {"versions": versions, "corrections": notices}


class FeedEntry(NamedTuple):
    """An entry of a feed; the day is empty where none is known."""

    id: UUID
    title: str
    day: str
    page: str
    text: str


def write_feed(descriptor: Row, versions: Sequence[Row]) -> bytes:
    """Write the versions of a change log as an Atom feed; one entry is one version."""
    latest, title = descriptor["sumida:latest"], f"{descriptor['title']}の変更の記録"
    places = (f"{latest}changelog.atom", latest)
    author, entries = descriptor["contributors"][0]["title"], list_entries(descriptor, versions)
    return write_atom(UUID(descriptor["id"]), title, author, places, entries)


def list_entries(
    descriptor: Row, versions: Sequence[Row], title: str = "", page: str = ""
) -> list[FeedEntry]:
    """Make an entry of each version of a change log, with its own page where none is given."""
    name = UUID(descriptor["id"])
    return [
        FeedEntry(
            uuid5(name, one["version"]),
            f"{title}第{one['version']}版",
            one["published_on"],
            page or one["address"],
            "\n".join(change["text"] for change in one["changes"]),
        )
        for one in versions
    ]


def write_atom(
    feed_id: UUID, title: str, author: str, places: tuple[str, str], entries: Sequence[FeedEntry]
) -> bytes:
    """Write an Atom feed; the newest entry comes first and dates it.

    The places are the addresses of the feed itself, and of the page that says the same.
    """
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "ja"})
    _add_head(feed, feed_id, title, entries[0].day if entries else "")
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = author
    ET.SubElement(feed, "link", rel="self", href=places[0])
    ET.SubElement(feed, "link", rel="alternate", href=places[1])
    for one in entries:
        entry = ET.SubElement(feed, "entry")
        _add_head(entry, one.id, one.title, one.day)
        ET.SubElement(entry, "link", rel="alternate", href=one.page)
        ET.SubElement(entry, "content", type="text").text = one.text
    ET.indent(feed)
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add_head(parent: ET.Element, name: UUID, title: str, day: str) -> None:
    # Atom wants a moment even for a version whose rows name no day.
    moment = f"{day or '1970-01-01'}T00:00:00+09:00"
    for tag, text in {"id": f"urn:uuid:{name}", "title": title, "updated": moment}.items():
        ET.SubElement(parent, tag).text = text
