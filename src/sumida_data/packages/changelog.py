"""The change log of a package: as JSON, and as an Atom feed that readers can follow.

Nothing here knows the clock: the day of a version is the newest day that its data speak of.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
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
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "ja"})
    _add(feed, "id", f"urn:uuid:{descriptor['id']}")
    _add(feed, "title", f"{descriptor['title']}の変更の記録")
    _add(feed, "updated", _write_moment(history[0].as_of))
    _add(_add(feed, "author"), "name", descriptor["contributors"][0]["title"])
    _add(feed, "link", rel="self", href=f"{descriptor['sumida:latest']}changelog.atom")
    _add(feed, "link", rel="alternate", href=descriptor["sumida:latest"])
    for one in history:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:uuid:{uuid5(UUID(descriptor['id']), one.version)}")
        _add(entry, "title", f"第{one.version}版")
        _add(entry, "updated", _write_moment(one.as_of))
        _add(entry, "link", rel="alternate", href=_locate(descriptor, one.version))
        _add(entry, "content", "\n".join(change.text for change in one.changes), type="text")
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
