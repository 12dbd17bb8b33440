"""A catalogue to publish, what a public target holds, and how the two compare.

The folder catalogue and a CKAN are both targets. What would change is found by comparing hashes,
without a target's help, so that the preview, the approval and the publication speak of the same.
"""

import errno
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

Entry = dict[str, Any]
Action = Literal["create", "adopt", "update", "keep", "remove"]
# Some versions of datasets, by name.
Versions = Mapping[str, Sequence[str]]

# What a file is that would have to be made, changed or removed.
_DIFFERS: dict[Action, str] = {
    "create": "ファイルがありません。",
    "update": "中身が公開したものと違います。",
    "remove": "公開していないファイルです。",
}
# Takes the place of a dataset's name where the pages around the datasets are meant.
PAGES = ""


class TargetError(Exception):
    """A public target that cannot be read or changed; the text says what to do, in Japanese."""


@dataclass(frozen=True)
class File:
    """One resource of a dataset."""

    key: str  # its path within the dataset, such as indicator_value.csv; it never changes
    content: bytes
    metadata: Entry  # name, description, format, mimetype

    @cached_property
    def hashes(self) -> tuple[str, str]:
        """Hashes of the bytes and of the description."""
        return hash_content(self.content), hash_entry(self.metadata)

    @property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        return self.hashes[0]


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset by its hashes, as it is to be public or as a target holds it."""

    metadata_sha256: str  # of its description, as it was published
    files: Mapping[str, tuple[str, str]]  # by key, of the bytes and the description as published

    @property
    def file_hashes(self) -> dict[str, str]:
        """Hashes of the bytes by key."""
        return {key: hashes[0] for key, hashes in self.files.items()}

    @property
    def sha256(self) -> str:
        """Hash of its description and of all its bytes."""
        return hash_entry({"": self.metadata_sha256} | dict(self.files))


NO_DATASET = DatasetState("", {})


@dataclass(frozen=True)
class Dataset:
    """One dataset, with its resources in the order in which they are shown."""

    name: str  # in addresses; it never changes
    metadata: Entry  # without resources and ids
    files: tuple[File, ...]

    @cached_property
    def state(self) -> DatasetState:
        """Its hashes."""
        return DatasetState(hash_entry(self.metadata), {one.key: one.hashes for one in self.files})

    @property
    def version(self) -> str:
        """Its version, such as 1.0.0."""
        return str(self.metadata["version"])


@dataclass(frozen=True)
class Catalogue:
    """Everything that is to be public."""

    datasets: tuple[Dataset, ...]
    pages: Mapping[str, bytes]  # what only a folder shows, by path
    sample: bool
    blocked: tuple[str, ...] = ()  # what is public of these datasets stays
    # Versions by dataset of which nothing may stay public, not even at their address.
    withdrawn: Versions = field(default_factory=dict)

    @cached_property
    def states(self) -> dict[str, DatasetState]:
        """The hashes of the datasets by name."""
        return {dataset.name: dataset.state for dataset in self.datasets}

    @cached_property
    def page_hashes(self) -> dict[str, str]:
        """Hashes of the pages by path, in order."""
        return {path: hash_content(self.pages[path]) for path in sorted(self.pages)}

    @cached_property
    def sha256(self) -> str:
        """Hash of all bytes and descriptions: what a person approves."""
        return _hash_all(self.states, self.page_hashes, blocked=sorted(self.blocked))


@dataclass(frozen=True)
class TargetState:
    """What a public target holds on the day on which it was looked at."""

    name: str
    accepts_sample: bool
    observed_on: date
    datasets: Mapping[str, DatasetState]  # ours that are public, by name
    pages: Mapping[str, str] | None  # hashes by path; None where the target makes its own
    hidden: frozenset[str] = frozenset()  # ours that were taken from public view by hand
    others: frozenset[str] = frozenset()  # those of other people that we could overwrite
    # Says what the target would refuse, in Japanese.
    find_problems: Callable[[Catalogue], Sequence[str]] = lambda _: ()

    @cached_property
    def sha256(self) -> str:
        """Hash of all that is public there, whatever the day."""
        return _hash_all(self.datasets, self.pages or {})


@dataclass(frozen=True, slots=True)
class TargetChange:
    """What would happen to a dataset, to one ``file`` of it, or, without a dataset, to a page."""

    action: Action
    dataset: str
    file: str | None = None  # key, or path of a page


class PublicTarget(Protocol):
    """A public catalogue; what cannot be read or changed raises a TargetError."""

    name: str
    accepts_sample: bool

    def observe(self, day: date) -> TargetState:
        """Look at the target."""

    def apply(self, catalogue: Catalogue, content_of: str, adopts: Collection[str] = ()) -> None:
        """Make the target hold the content of a publication, old or new, which the record keeps.

        Only datasets of other people that it ``adopts``, by name, are overwritten. Doing it again
        after a failure completes it. Where it fails, what was public before still is.
        """

    def verify(self, catalogue: Catalogue, content_of: str) -> list[str]:
        """Read everything back and return what differs, in Japanese; nothing if all is well."""


def compare(catalogue: Catalogue, state: TargetState) -> tuple[TargetChange, ...]:
    """Say what would happen to each dataset, each of its resources and each page, by hashes alone.

    A dataset is updated if its description or any resource changes, and adopted if it is not ours.
    """
    changes: list[TargetChange] = []
    for name in sorted(catalogue.states.keys() | state.datasets.keys()):
        wanted, held = (one.get(name, NO_DATASET) for one in (catalogue.states, state.datasets))
        files = compare_files(name, wanted.files, held.files)
        action: Action = "keep" if wanted == held else "update"
        if held is NO_DATASET:
            action = "adopt" if name in state.others else "create"
        elif wanted is NO_DATASET:
            action = "keep" if name in catalogue.blocked else "remove"
            files = [TargetChange(action, name, one.file) for one in files]
        changes += [TargetChange(action, name), *files]
    if state.pages is not None:
        changes += compare_files(PAGES, catalogue.page_hashes, state.pages)
    return tuple(changes)


def compare_files(
    dataset: str, wanted: Mapping[str, Any], held: Mapping[str, Any]
) -> list[TargetChange]:
    """Say what would happen to each file of a dataset, or to each page, by hashes by key."""
    changes = []
    for key in (*wanted, *sorted(held.keys() - wanted.keys())):
        action: Action = "keep" if wanted.get(key) == held.get(key) else "update"
        if (key in wanted) != (key in held):
            action = "create" if key in wanted else "remove"
        changes.append(TargetChange(action, dataset, key))
    return changes


def name_option(target: str) -> str:
    """Return the option with which a command goes to a target, after a blank; '' for the folder."""
    return "" if target == "folder" else f" --env={target}"


def describe_differences(wanted: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    """Return in Japanese what is held otherwise than wanted, by hashes by name of a file."""
    changes = compare_files(PAGES, wanted, held)
    return [f"{one.file}: {_DIFFERS[one.action]}" for one in changes if one.action != "keep"]


def is_on_this_machine(url: str) -> bool:
    """Tell whether an address leads to this machine only; one without a host does."""
    host = urlsplit(url).hostname or "localhost"
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def hash_content(content: bytes) -> str:
    """Return the hash of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def hash_entry(entry: Entry) -> str:
    """Return the hash of a description that does not depend on the order of its keys."""
    return hash_content(json.dumps(entry, ensure_ascii=False, sort_keys=True).encode())


def _hash_all(
    datasets: Mapping[str, DatasetState], pages: Mapping[str, str], **more: list[str]
) -> str:
    hashes = {name: [one.metadata_sha256, dict(one.files)] for name, one in datasets.items()}
    return hash_entry({"datasets": hashes, "pages": dict(pages), **more})


@contextmanager
def explain_failure() -> Iterator[None]:
    """Say of a failure of the disk what it means for the public, in a TargetError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        why = "ディスクの空きが足りません。" if full else f"書き込めません({error})。"
        if error.errno == errno.EBUSY:
            why += "公開するフォルダそのものではなく、その上のフォルダをマウントしてください。"
        raise TargetError(
            f"{why}公開されている内容は前のままです。"
            "空きや書き込みの権限を確かめて、もう一度実行してください。"
        ) from error
