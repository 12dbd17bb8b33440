"""A catalogue to publish, what stands in a public one, and what a public target must be able to do.

The folder catalogue and a CKAN are both targets. What would change is found by comparing hashes,
without a target's help, so that the preview, the approval and the publication speak of the same.
"""

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, Protocol

Entry = dict[str, Any]
Action = Literal["create", "update", "keep", "remove"]

# Stands for a dataset's name where the pages around the datasets are meant.
PAGES = ""


class TargetError(Exception):
    """A public target that cannot be read or changed; the text says what to do, in Japanese."""


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
        return hash_content(self.content)

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
        blocked: Names of datasets that may not go out now; what stands of them stays.
    """

    datasets: tuple[Dataset, ...]
    pages: Mapping[str, bytes]
    sample: bool
    blocked: tuple[str, ...] = ()

    @cached_property
    def page_hashes(self) -> dict[str, str]:
        """Hashes of the pages by path."""
        return {path: hash_content(content) for path, content in self.pages.items()}

    @cached_property
    def sha256(self) -> str:
        """Hash of all bytes and descriptions: what a person approves."""
        datasets = {
            one.name: [
                one.metadata_sha256,
                {file.key: [file.sha256, file.metadata_sha256] for file in one.files},
            ]
            for one in self.datasets
        }
        blocked = sorted(self.blocked)
        return hash_entry({"datasets": datasets, "pages": self.page_hashes, "blocked": blocked})


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


@dataclass(frozen=True)
class TargetState:
    """What stands in a public target.

    Attributes:
        name: Name of the target.
        accepts_sample: Whether it takes invented data.
        observed_on: The day on which it was looked at.
        datasets: The datasets that stand there, by name.
        pages: Hashes of its pages by path, or None where the target makes its own.
    """

    name: str
    accepts_sample: bool
    observed_on: date
    datasets: Mapping[str, DatasetState]
    pages: Mapping[str, str] | None

    @cached_property
    def sha256(self) -> str:
        """Hash of all that stands there, whatever the day and the ids."""
        datasets = {
            name: [
                one.metadata_sha256,
                {key: [file.sha256, file.metadata_sha256] for key, file in one.files.items()},
            ]
            for name, one in self.datasets.items()
        }
        return hash_entry({"datasets": datasets, "pages": dict(self.pages or {})})


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one dataset, to one resource of it, or to a page.

    Attributes:
        action: What would happen.
        dataset: Name of the dataset; empty for a page.
        file: Key of the resource or path of the page; None where the dataset itself is meant.
    """

    action: Action
    dataset: str
    file: str | None = None


class Target(Protocol):
    """A public catalogue that can be read and changed."""

    name: str
    accepts_sample: bool

    def read(self) -> dict[str, DatasetState]:
        """Return the datasets that stand there, by name.

        Raises:
            TargetError: If it cannot be read.
        """

    def read_pages(self) -> dict[str, str] | None:
        """Return the hashes of its pages by path, or None where it makes its own, as a CKAN."""

    def apply(self, catalogue: Catalogue, changes: Sequence[Change]) -> None:
        """Make the target hold the catalogue; doing it again after a failure completes it.

        Raises:
            TargetError: If it cannot be done; what was public before then still is.
        """

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read everything back and return what differs, in Japanese; nothing if all is well."""

    def undo(self) -> None:
        """Put the version before the last publication back; a second time, the last again.

        Raises:
            TargetError: If there is none.
        """


def observe(target: Target, day: date) -> TargetState:
    """Look at a target."""
    return TargetState(target.name, target.accepts_sample, day, target.read(), target.read_pages())


def hash_content(content: bytes) -> str:
    """Return the hash of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def hash_entry(entry: Entry) -> str:
    """Return the hash of a description that does not depend on the order of its keys."""
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True)
    return hash_content(text.encode())


@contextmanager
def explain_failure() -> Iterator[None]:
    """Tell a failure of the disk as what it means for the public.

    Raises:
        TargetError: If the disk is full, or something cannot be written.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = "ディスクの空きが足りません。" if full else f"書き込めません({error})。"
        raise TargetError(
            f"{why}公開されている内容は前のままです。"
            "空きや書き込みの権限を確かめて、もう一度実行してください。"
        ) from error
