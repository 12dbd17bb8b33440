"""A folder of static files as a public catalogue.

What readers see is a link to a finished release that is never changed afterwards; publishing
builds another release beside it and moves the link, which is one step for a reader. Releases and
the versions of datasets lie in the record, so that what is public can be put right or put back::

    record/folder/releases/7/     all that readers see, and manifest beside it: 7.json
    record/folder/versions/<name>/<version>/    every version ever published
    record/folder/pair.json       the two releases between which an undo moves
    public -> record/folder/releases/7
"""

import errno
import os
import shutil
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field as Described

from sumida_data.base.disk import read_folder, remove_folder, replace_file, replace_folder
from sumida_data.base.metadata import Model
from sumida_data.catalogue.links import find_broken_links
from sumida_data.catalogue.pages import render_version, render_withdrawn
from sumida_data.catalogue.record import Record
from sumida_data.catalogue.target import (
    Catalogue,
    Change,
    Dataset,
    DatasetState,
    FileState,
    TargetError,
    explain_failure,
    hash_content,
)

_SPARE_SPACE = 1.1
# What a version shows at its address; it is no file of the dataset.
_ADDRESS_PAGE = "index.html"
_NO_LINKS = (NotImplementedError, PermissionError)


class _Release(Model):
    """What a release holds.

    Attributes:
        content_sha256: Hash of the catalogue that it shows.
        sample: Whether it shows invented data.
        files: Hashes of all files by path.
        datasets: Hashes of the descriptions of the datasets that stand in it.
        resources: Hashes of the descriptions of their resources by dataset and key.
        titles: Titles of these datasets, and of those withdrawn before.
        latest: The version at which each dataset stands.
        versions: Hashes of the files of every version, by dataset, version and key.
        notices: Paths of the pages that it adds for withdrawn datasets.
    """

    content_sha256: str = ""
    sample: bool = False
    files: dict[str, str] = Described(default_factory=dict)
    datasets: dict[str, str] = Described(default_factory=dict)
    resources: dict[str, dict[str, str]] = Described(default_factory=dict)
    titles: dict[str, str] = Described(default_factory=dict)
    latest: dict[str, str] = Described(default_factory=dict)
    versions: dict[str, dict[str, dict[str, str]]] = Described(default_factory=dict)
    notices: tuple[str, ...] = ()


class _Pair(Model):
    """The two releases between which an undo moves.

    Attributes:
        releases: Their numbers; one of them is public.
        current: The public one, where the system knows no links.
    """

    releases: tuple[str, ...] = ()
    current: str = ""


class FolderTarget:
    """The public catalogue as a folder.

    Attributes:
        name: ``folder``.
        accepts_sample: It does: its pages say that the data are invented.
    """

    name = "folder"
    accepts_sample = True

    def __init__(self, path: str | Path, record: str | Path) -> None:
        """Name the folders; neither need exist.

        Args:
            path: What readers see.
            record: The record of the target.
        """
        self._path = Path(path)
        self._record = Path(record)
        self._mark = Record(self._record).journal.mark

    def read(self) -> dict[str, DatasetState]:
        """Return the datasets that stand there, with the hashes of the bytes as they are now."""
        release = self._read_release(self._find_current())
        states: dict[str, DatasetState] = {}
        for folder in sorted(self._path.glob("dataset/*/latest")):
            name = folder.parent.name
            described = release.resources.get(name, {})
            files = {
                key: FileState(hash_content(content), described.get(key, ""), f"{name}/{key}")
                for key, content in read_folder(folder).items()
                if key != _ADDRESS_PAGE
            }
            states[name] = DatasetState(release.datasets.get(name, ""), files)
        return states

    def read_pages(self) -> dict[str, str]:
        """Return the hashes of all other files that the catalogue put there, by path."""
        release = self._read_release(self._find_current())
        return {
            path: hash_content(content)
            for path, content in read_folder(self._path).items()
            if not _belongs_to_version(path) and path not in release.notices
        }

    def apply(self, catalogue: Catalogue, changes: Sequence[Change]) -> None:
        """Publish the catalogue as a release of its own, and show it instead of the last.

        Args:
            catalogue: What is to be public.
            changes: What is to change; the release is built anew whatever it is.

        Raises:
            TargetError: If a version would change that is public already, if a link would lead
                nowhere, or if the disk is full. Readers then still see what they saw.
        """
        del changes
        current = self._find_current()
        before = self._read_release(current)
        # Real data do not continue what invented data began, nor the other way round.
        continued = before if before.sample == catalogue.sample else _Release()
        release, files = self._lay_out(catalogue, continued)
        with explain_failure():
            self._refuse_full_disk(files)
            for dataset in catalogue.datasets:
                self._store_version(dataset)
            self._mark("versions stored")
            number = self._build(release, files, current)
            self._mark("release built")
            repaired = release.content_sha256 == before.content_sha256
            other = self._find_other() if repaired else current
            self._write_pair(_Pair(releases=(number, other), current=current))
            self._mark("release noted")
            self._show(number)
            self._mark("release shown")
        self._forget_releases(number, other)

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read every file back and return what differs from the catalogue, in Japanese."""
        if not self._path.exists():
            return [f"{self._path}: まだ何も公開されていません。"]
        release = self._read_release(self._find_current())
        if release.content_sha256 != catalogue.sha256:
            return [f"{self._path}: 記録と違う内容が公開されています。"]
        found = read_folder(self._path)
        wanted = release.files
        lines = [f"{path}: ファイルがありません。" for path in sorted(wanted.keys() - found.keys())]
        lines += [
            f"{path}: 公開していないファイルです。" for path in sorted(found.keys() - wanted.keys())
        ]
        lines += [
            f"{path}: 中身が公開したものと違います。"
            for path, content in found.items()
            if path in wanted and hash_content(content) != wanted[path]
        ]
        return lines or find_broken_links(found)

    def undo(self) -> None:
        """Show the release that was shown before, or, a second time, the last again.

        Raises:
            TargetError: If there is none, or if it was damaged.
        """
        other = self._find_other()
        if not other:
            raise TargetError("取り消せる公開がありません。前の版がまだないためです。")
        release = self._read_release(other)
        stored = read_folder(self._releases / other)
        if {path: hash_content(content) for path, content in stored.items()} != release.files:
            raise TargetError(
                f"前の版の控え {self._releases / other} が変えられているため、戻せません。"
            )
        with explain_failure():
            self._show(other)

    @property
    def _releases(self) -> Path:
        return self._record / "releases"

    def _find_current(self) -> str:
        """Return the number of the release that readers see, or nothing."""
        if self._path.is_symlink():
            return self._path.readlink().name
        return self._read_pair().current if self._path.exists() else ""

    def _find_other(self) -> str:
        current = self._find_current()
        return next((one for one in self._read_pair().releases if one != current), "")

    def _read_pair(self) -> _Pair:
        path = self._record / "pair.json"
        return _Pair.model_validate_json(path.read_bytes()) if path.exists() else _Pair()

    def _write_pair(self, pair: _Pair) -> None:
        replace_file(self._record / "pair.json", pair.model_dump_json(indent=1).encode())

    def _read_release(self, number: str) -> _Release:
        path = self._releases / f"{number}.json"
        return _Release.model_validate_json(path.read_bytes()) if path.exists() else _Release()

    def _lay_out(self, catalogue: Catalogue, before: _Release) -> tuple[_Release, dict[str, bytes]]:
        """Say what a release will hold, and gather its files."""
        release = _plan_release(catalogue, before)
        files = self._gather_files(release, catalogue)
        if broken := find_broken_links(files):
            raise TargetError(
                "リンク先のないリンクがあるため、公開しません。\n" + "\n".join(broken)
            )
        hashes = {path: hash_content(content) for path, content in files.items()}
        return release.model_copy(update={"files": hashes}), files

    def _gather_files(self, release: _Release, catalogue: Catalogue) -> dict[str, bytes]:
        new = {dataset.name: dataset for dataset in catalogue.datasets}
        files = self._gather_versions(release.versions, new)
        for name, version in release.latest.items():
            start = f"dataset/{name}/{version}/"
            files |= {
                f"dataset/{name}/latest/{key}": files[start + key]
                for key in release.versions[name][version]
            }
        pages = dict(_render_withdrawn(release)) | dict(catalogue.pages)
        return files | pages | dict(_render_versions(release, pages))

    def _gather_versions(
        self, versions: Mapping[str, Mapping[str, Mapping[str, str]]], new: Mapping[str, Dataset]
    ) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        for name, by_version in versions.items():
            for version, hashes in by_version.items():
                start = f"dataset/{name}/{version}/"
                if name in new and version == _version_of(new[name]):
                    files |= {start + file.key: file.content for file in new[name].files}
                else:
                    files |= {start + k: v for k, v in self._load_version(name, version, hashes)}
        return files

    def _load_version(
        self, name: str, version: str, hashes: Mapping[str, str]
    ) -> Iterator[tuple[str, bytes]]:
        for key, sha256 in hashes.items():
            path = self._record / "versions" / name / version / key
            content = path.read_bytes() if path.exists() else b""
            if hash_content(content) != sha256:
                raise TargetError(f"公開した版の控え {path} が変えられているため、公開できません。")
            yield key, content

    def _store_version(self, dataset: Dataset) -> None:
        folder = self._record / "versions" / dataset.name / _version_of(dataset)
        files = {file.key: file.content for file in dataset.files}
        if read_folder(folder) != files:
            replace_folder(folder, files)

    def _build(self, release: _Release, files: Mapping[str, bytes], current: str) -> str:
        numbers = [int(path.name) for path in self._releases.glob("*") if path.name.isdigit()]
        number = str(max([*numbers, int(current or 0)]) + 1)
        replace_file(self._releases / f"{number}.json", release.model_dump_json(indent=1).encode())
        replace_folder(self._releases / number, files)
        return number

    def _show(self, number: str) -> None:
        """Move the link; where the system knows none, swap a copy of the release in."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_name(f".{self._path.name}.new")
        aside.unlink(missing_ok=True)
        try:
            link = os.path.relpath(self._releases / number, self._path.parent)
            aside.symlink_to(link, target_is_directory=True)
        except _NO_LINKS:
            replace_folder(self._path, read_folder(self._releases / number))
            self._write_pair(self._read_pair().model_copy(update={"current": number}))
        else:
            self._remove_real_folder()
            aside.replace(self._path)

    def _remove_real_folder(self) -> None:
        """Make room for the link where a folder was copied or made by hand."""
        if self._path.is_dir() and not self._path.is_symlink():
            remove_folder(self._path)

    def _forget_releases(self, *kept: str) -> None:
        """Remove what no undo needs; what cannot be removed now will be the next time."""
        for path in self._releases.glob("*"):
            if path.name.removesuffix(".json") not in kept:
                with suppress(OSError):
                    remove_folder(path) if path.is_dir() else path.unlink()

    def _refuse_full_disk(self, files: Mapping[str, bytes]) -> None:
        self._record.mkdir(parents=True, exist_ok=True)
        needed = sum(map(len, files.values())) * _SPARE_SPACE
        if shutil.disk_usage(self._record).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _belongs_to_version(path: str) -> bool:
    top, *rest = path.split("/")
    return top == "dataset" and len(rest) > 2


def _version_of(dataset: Dataset) -> str:
    return str(dataset.metadata["version"])


def _add_versions(catalogue: Catalogue, before: _Release) -> dict[str, dict[str, dict[str, str]]]:
    """Return all versions with the hashes of their files.

    Raises:
        TargetError: If a version is public already with other bytes.
    """
    versions = {name: dict(by_version) for name, by_version in before.versions.items()}
    for dataset in catalogue.datasets:
        version = _version_of(dataset)
        hashes = {file.key: file.sha256 for file in dataset.files}
        if versions.setdefault(dataset.name, {}).setdefault(version, hashes) != hashes:
            raise TargetError(
                f"{dataset.name} の版 {version} は公開済みで、今度の内容はそれと違います。"
                "公開した版は変えられないので、新しい版にしてください。"
            )
    return versions


def _plan_release(catalogue: Catalogue, before: _Release) -> _Release:
    """Say what a release will hold, but for the hashes of its files."""
    new = {dataset.name: dataset for dataset in catalogue.datasets}
    kept = {name for name in catalogue.blocked if name in before.datasets}
    titles = before.titles | {name: one.metadata["title"] for name, one in new.items()}
    latest = {name: before.latest[name] for name in kept}
    latest |= {name: _version_of(dataset) for name, dataset in new.items()}
    resources = {name: before.resources[name] for name in kept}
    for name, dataset in new.items():
        resources[name] = {file.key: file.metadata_sha256 for file in dataset.files}
    pages = [f"dataset/{name}/index.html" for name in sorted(titles.keys() - latest.keys())]
    return _Release(
        content_sha256=catalogue.sha256,
        sample=catalogue.sample,
        datasets={name: before.datasets[name] for name in kept}
        | {name: one.metadata_sha256 for name, one in new.items()},
        resources=resources,
        titles=titles,
        latest=latest,
        versions=_add_versions(catalogue, before),
        notices=tuple(page for page in pages if page not in catalogue.pages),
    )


def _render_withdrawn(release: _Release) -> Iterator[tuple[str, bytes]]:
    """Yield the page that each withdrawn dataset leaves."""
    for path in release.notices:
        name = path.split("/")[1]
        yield path, render_withdrawn(name, release.titles[name], release.versions.get(name, {}))


def _render_versions(release: _Release, pages: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Yield a page for the address of each version, and of the latest, of each dataset."""
    for name, versions in release.versions.items():
        addresses = {version: version for version in versions}
        if name in release.latest:
            addresses["latest"] = release.latest[name]
        for address, version in addresses.items():
            page = render_version(
                release.titles[name],
                version,
                versions[version],
                is_latest=address == "latest",
                has_page=f"dataset/{name}/index.html" in pages,
            )
            yield f"dataset/{name}/{address}/{_ADDRESS_PAGE}", page
