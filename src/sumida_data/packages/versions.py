"""Versions of a package, decided by what is different from what was published.

Only what was published makes a version. A package that was never published gets 1.0.0; one
in which nothing is different keeps its version and its bytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sumida_data.base.periods import Period
from sumida_data.packages.columns import PackageError
from sumida_data.packages.comparison import Change, Level, compare_tables, list_removed
from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.published import PublishedPackage

FIRST_VERSION = "1.0.0"
_FIRST = Change("minor", "最初の版を公開した。")
REWORDED = Change("patch", "説明やファイルの書き方を改めた。")
_LEVELS: tuple[Level, ...] = ("major", "minor", "patch")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a package.

    Attributes:
        version: Its number, such as 1.2.0.
        as_of: The newest day that its rows speak of, or an empty text.
        changes: What is different from the version before.
    """

    version: str
    as_of: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """A package as it was last published.

    Attributes:
        files: Its contents by path.
        descriptor: Its descriptor.
        history: Its versions, newest first.
    """

    files: Mapping[str, bytes]
    descriptor: Descriptor
    history: tuple[Version, ...]


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
    log = json.loads(files["changelog.json"])
    return Edition(files, descriptor, tuple(_read_version(one) for one in log["versions"]))


def decide_history(published: PublishedPackage, before: Edition | None) -> tuple[Version, ...]:
    """Return the package's versions, newest first; the first is the one that it has now.

    Raises:
        PackageError: If something was removed that was not announced in time.
    """
    if before is None:
        return (_make_version(FIRST_VERSION, published, [_FIRST]),)
    _refuse_unannounced(published, before)
    changes = compare_tables(published.tables, before.descriptor, before.files)
    return add_version(published, before.history, changes) if changes else before.history


def add_version(
    published: PublishedPackage, history: Sequence[Version], changes: Sequence[Change]
) -> tuple[Version, ...]:
    """Return the history with one more version, raised by the largest of the changes."""
    numbers = [int(number) for number in history[0].version.split(".")]
    place = min(_LEVELS.index(change.level) for change in changes)
    raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    version = ".".join(map(str, raised))
    return (_make_version(version, published, changes), *history)


def _make_version(number: str, published: PublishedPackage, changes: Iterable[Change]) -> Version:
    return Version(number, str(published.last_day or ""), tuple(changes))


def _read_version(entry: Mapping[str, Any]) -> Version:
    changes = tuple(Change(one["level"], one["text"]) for one in entry["changes"])
    return Version(entry["version"], entry["as_of"], changes)


def _refuse_unannounced(published: PublishedPackage, before: Edition) -> None:
    """Readers must have had a quarter's time; only what was published counts as announced."""
    for what, announced in list_removed(published.tables, before.descriptor):
        if announced is None:
            raise PackageError(
                f"{published.package.name}: {what} は予告なしになくせません。元に戻して "
                f"deprecated: {published.last_period or '期間'} を書き、公開してから、"
                "次の四半期以降になくしてください。"
            )
        earliest = Period.parse(announced).next
        if published.last_period and Period.parse(published.last_period) < earliest:
            raise PackageError(
                f"{published.package.name}: {what} は {announced} になくすと予告したもので、"
                f"なくせるのは {earliest} からです。それまで元に戻してください。"
            )
