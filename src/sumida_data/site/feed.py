"""The update feed (Atom): what was published last comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from jinja2 import Environment

from sumida_data.site.models import Site
from sumida_data.site.published import Published, PublishedDataset

_NO_DAY = "1970-01-01"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry.

    Attributes:
        id: UUID that stays the same for one version of a dataset.
        title: What was updated.
        updated: When, in RFC 3339.
        path: The page to read.
        summary: What changed.
    """

    id: str
    title: str
    updated: str
    path: str
    summary: str


def render_feed(
    environment: Environment, published: Published, site: Site, common: dict[str, Any]
) -> bytes:
    """Return the feed.

    Days are those that the data speak of and not the time of a clock, so that the same data give
    the same feed.
    """
    entries = sorted(
        (
            _describe(dataset, version)
            for dataset in published.datasets
            for version in dataset.versions
        ),
        key=lambda entry: entry.updated,
        reverse=True,
    )
    return (
        environment.get_template("feed.xml")
        .render(
            common,
            feed_id=uuid5(NAMESPACE_URL, f"{site.contact.page}#feed"),
            updated=_newest(entries),
            author=site.contact.office,
            entries=entries,
        )
        .encode()
    )


def _describe(dataset: PublishedDataset, version: Mapping[str, Any]) -> FeedEntry:
    described, number = dataset.descriptor, version["version"]
    return FeedEntry(
        id=str(uuid5(UUID(described["id"]), number)),
        title=f"{described['title']} 第{number}版",
        updated=f"{version['as_of'] or _NO_DAY}T00:00:00+09:00",
        path=dataset.page,
        summary="".join(change["text"] for change in version["changes"]),
    )


def _newest(entries: Sequence[FeedEntry]) -> str:
    return max((entry.updated for entry in entries), default=f"{_NO_DAY}T00:00:00+09:00")
