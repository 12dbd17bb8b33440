"""The change log of a package: for JSON, and as an Atom feed that readers can follow.

Nothing here knows the clock: the day of a version is the newest day that its data speak of.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from sumida_data.base.metadata import Row
from sumida_data.packages.published import PublishedPackage
from sumida_data.packages.versions import History

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
            one["as_of"],
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
