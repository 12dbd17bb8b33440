"""A catalogue to publish, what stands in a public one, and what a public target must be able to do.

The folder catalogue and a CKAN are both targets. What would change is found by comparing hashes,
without a target's help, so that the preview, the approval and the publication speak of the same.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

Entry = dict[str, Any]
Action = Literal["create", "update", "keep", "remove"]


@dataclass(frozen=True)
class File:
    """One resource of a dataset.

    Attributes:
        key: Its path within the dataset, such as ``indicator_value.csv``; it never changes.
        content: Its bytes.
        metadata: How a catalogue describes it: name, description, format, mimetype.
    """

    key: str
    content: bytes
    metadata: Entry

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def metadata_sha256(self) -> str:
        """Hash of the description."""
        return hash_entry(self.metadata)


@dataclass(frozen=True)
class Dataset:
    """One dataset.

    Attributes:
        name: Its name in addresses; it never changes.
        metadata: How a catalogue describes it, without its resources and without ids.
        files: Its resources, in the order in which they are shown.
    """

    name: str
    metadata: Entry
    files: tuple[File, ...]

    @cached_property
    def metadata_sha256(self) -> str:
        """Hash of the description."""
        return hash_entry(self.metadata)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is to be public.

    Attributes:
        datasets: The datasets.
        pages: What only a folder shows: the site and the answers for harvesters, by path.
        sample: Whether invented data went into it.
    """

    datasets: tuple[Dataset, ...]
    pages: Mapping[str, bytes]
    sample: bool


@dataclass(frozen=True, slots=True)
class FileState:
    """A resource as it stands in a public target.

    Attributes:
        sha256: Hash of its bytes.
        metadata_sha256: Hash of its description, as it was published.
        resource_id: Its id there.
    """

    sha256: str
    metadata_sha256: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset as it stands in a public target.

    Attributes:
        metadata_sha256: Hash of its description, as it was published.
        files: Its resources by key.
    """

    metadata_sha256: str
    files: Mapping[str, FileState]


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one dataset, or to one resource of it.

    Attributes:
        action: What would happen.
        dataset: Name of the dataset.
        file: Key of the resource, or None where the dataset itself is meant.
    """

    action: Action
    dataset: str
    file: str | None = None


class Target(Protocol):
    """A public catalogue that can be read and changed."""

    name: str
    accepts_sample: bool

    def read(self) -> dict[str, DatasetState]:
        """Return the datasets that stand there, by name."""

    def apply(self, catalogue: Catalogue, changes: Sequence[Change]) -> None:
        """Make the target hold the catalogue; doing it again after a failure completes it."""

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read everything back and return what differs, in Japanese; nothing if all is well."""

    def undo(self) -> None:
        """Put the version before the last publication back."""


def hash_entry(entry: Entry) -> str:
    """Return the hash of a description that does not depend on the order of its keys."""
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
