"""The change log of a package: as JSON, and as an Atom feed that readers can follow.

Nothing here knows the clock: the day of a version is the newest day that its data speak of.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.versions import Version

_ATOM = "http://www.w3.org/2005/Atom"
# Atom wants a moment even for a version whose rows name no day.
_NO_DAY = "1970-01-01"
# Titles of the parts of a correction notice, in the order in which the ward's notices have them.
NOTICE_PARTS = {"scope": "範囲", "cause": "原因", "impact": "影響", "response": "対応"}

Notice = Mapping[str, Any]


def write_log(
    descriptor: Descriptor, history: Sequence[Version], notices: Sequence[Notice]
) -> bytes:
    """Write the change log as JSON.

    Args:
        descriptor: The package, without its resources.
        history: Its versions, newest first.
        notices: Its correction notices, as rows of ``correction_notice``.
    """
    log = {
        "name": descriptor["name"],
        "title": descriptor["title"],
        "versions": [
            {
                "version": one.version,
                "as_of": one.as_of,
                "address": _locate(descriptor, one.version),
                "changes": [{"level": c.level, "text": c.text} for c in one.changes],
            }
            for one in history
        ],
        "corrections": [dict(list_parts(notice)) for notice in notices],
    }
    return f"{json.dumps(log, ensure_ascii=False, indent=2)}\n".encode()


def list_parts(notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield the parts of a correction notice, each with its title."""
    for name, title in NOTICE_PARTS.items():
        yield title, str(notice[name] or "")


def write_feed(descriptor: Descriptor, history: Sequence[Version]) -> bytes:
    """Write the change log as an Atom feed; one entry is one version.

    Args:
        descriptor: The package, without its resources.
        history: Its versions, newest first.
    """
    name = UUID(descriptor["id"])
    return write_atom(
        FeedHead(
            name,
            f"{descriptor['title']}の変更の記録",
            descriptor["contributors"][0]["title"],
            f"{descriptor['sumida:latest']}changelog.atom",
            descriptor["sumida:latest"],
        ),
        [
            FeedEntry(
                uuid5(name, one.version),
                f"第{one.version}版",
                one.as_of,
                _locate(descriptor, one.version),
                "\n".join(change.text for change in one.changes),
            )
            for one in history
        ],
    )


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


def _locate(descriptor: Descriptor, version: str) -> str:
    start: str = descriptor["sumida:latest"].removesuffix("latest/")
    return f"{start}{version}/"


def _write_moment(day: str) -> str:
    return f"{day or _NO_DAY}T00:00:00+09:00"
