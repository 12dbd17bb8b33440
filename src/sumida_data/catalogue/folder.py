"""A folder of static files as a public catalogue.

What readers see is a link to a finished release that is never changed afterwards; publishing
builds another release beside it and moves the link, which is one step for a reader::

    record/folder/releases/7/     all that readers see
    record/folder/releases/7.json what it holds: paths and hashes; those of earlier ones stay
    record/folder/releases/shown  7
    public -> record/folder/releases/7

A release is a copy of files that the record keeps by their hash. Both could be one file with two
names; but then a file that somebody edits in ``public`` would be lost, and here it is put right.
"""

import errno
import json
import os
import posixpath
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field as Described

from sumida_data.base.disk import read_folder, remove_folder, replace_file, replace_folder
from sumida_data.base.metadata import Model
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import (
    Catalogue,
    DatasetState,
    TargetChange,
    TargetError,
    TargetState,
    explain_failure,
    hash_content,
)
from sumida_data.present.templates import load_templates

_SPARE_SPACE = 1.1
# What a version shows at its address; it is no file of the dataset.
_ADDRESS_PAGE = "index.html"
# What systems say that know no links: exFAT, SMB, vfat, Windows.
_NO_LINKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_NOT_PRIVILEGED = 1314
_SEARCH = "api/3/action/package_search"


class _Release(Model):
    """What a release holds.

    Attributes:
        content_sha256: Hash of the catalogue that it shows.
        files: Hashes of all files by path.
        datasets: Hashes of the datasets that are public in it.
        titles: Titles of these datasets, and of those withdrawn before.
        latest: The version of each public dataset.
        versions: Hashes of the files of every version, by dataset, version and key.
        notices: Paths of the pages that it adds for datasets that are public no more.
        withdrawn: Versions that were taken down, by dataset; a page at their address says so.
    """

    content_sha256: str = ""
    sample: bool = False
    files: dict[str, str] = Described(default_factory=dict)
    datasets: dict[str, DatasetState] = Described(default_factory=dict)
    titles: dict[str, str] = Described(default_factory=dict)
    latest: dict[str, str] = Described(default_factory=dict)
    versions: dict[str, dict[str, dict[str, str]]] = Described(default_factory=dict)
    notices: tuple[str, ...] = ()
    withdrawn: dict[str, list[str]] = Described(default_factory=dict)


class FolderTarget:
    """The public catalogue as a folder; its pages say where the data are invented."""

    name = "folder"
    accepts_sample = True

    def __init__(self, path: str | Path, record: str | Path) -> None:
        """Name the folder that readers see, and the record; neither need exist."""
        self._path = Path(path)
        self._record = TargetRecord(Path(record))
        self._releases = self._record.folder / "releases"

    def observe(self, day: date) -> TargetState:
        """Look at the public datasets and all other files that the catalogue put there."""
        release = self._read_release(self._find_current())
        datasets: dict[str, DatasetState] = {}
        pages: dict[str, str] = {}
        for path, content in read_folder(self._place).items():
            top, name, address, key = (*path.split("/", 3), "", "", "")[:4]
            if not (top == "dataset" and key):
                if path not in release.notices:
                    pages[path] = hash_content(content)
            elif address == "latest" and key != _ADDRESS_PAGE:
                published = release.datasets.get(name, DatasetState("", {}))
                held = datasets.get(name, DatasetState(published.metadata_sha256, {}))
                hashes = (hash_content(content), published.files.get(key, ("", ""))[1])
                datasets[name] = DatasetState(held.metadata_sha256, {**held.files, key: hashes})
        return TargetState(self.name, self.accepts_sample, day, datasets, pages)

    def apply(self, catalogue: Catalogue, changes: Sequence[TargetChange]) -> None:
        """Publish the catalogue as a release of its own, and show it instead of the last.

        Args:
            catalogue: What is to be public.
            changes: What is to change; the release is built anew whatever it is.

        Raises:
            TargetError: If a version would change that is public already, if a link would lead
                nowhere, or if the disk is full. Readers then still see what they saw.
        """
        del changes
        before = self._read_release(self._find_current())
        lines = self._record.read_publications()
        if lines and lines[-1].content_of and not before.content_sha256:
            raise TargetError(
                f"これまでに公開した版の控えが {self._releases} にないため、公開しません。"
                "公開すると、引用された版のアドレスがなくなります。控えから戻してください。"
            )
        # Real data do not continue what invented data began, nor the other way round.
        release = _plan_release(
            catalogue, before if before.sample == catalogue.sample else _Release()
        )
        files = self._gather_files(release, catalogue)
        if broken := find_broken_links(files):
            raise TargetError(
                "リンク先のないリンクがあるため、公開しません。\n" + "\n".join(broken)
            )
        with explain_failure():
            self._refuse_full_disk(files)
            hashes = {path: self._record.content.keep(content) for path, content in files.items()}
            self._record.journal.mark("content kept")
            shown = release.model_copy(update={"files": hashes})
            self._show(shown, files, forget=bool(catalogue.withdrawn))

    def verify(self, catalogue: Catalogue) -> list[str]:
        """Read every file back and return what differs from the catalogue, in Japanese."""
        if not self._path.exists():
            return [f"{self._path}: まだ何も公開されていません。"]
        release = self._read_release(self._find_current())
        if release.content_sha256 != catalogue.sha256:
            return [f"{self._path}: 記録と違う内容が公開されています。"]
        found, wanted = read_folder(self._place), release.files
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

    def undo(self, catalogue: Catalogue) -> None:
        """Show again what was shown when a catalogue was public.

        Raises:
            TargetError: If that is not kept, or was changed.
        """
        number = self._find_release(catalogue.sha256)
        if not number and catalogue.datasets:
            raise TargetError(f"前の版の控えが {self._releases} にないため、戻せません。")
        # Before the first publication there was nothing.
        nothing = _Release(content_sha256=catalogue.sha256)
        release = self._read_release(number) if number else nothing
        read = self._record.content.read
        files = {path: read(sha256) for path, sha256 in release.files.items()}
        with explain_failure():
            self._refuse_full_disk(files)
            self._show(release, files)

    def _list_releases(self) -> list[int]:
        return [int(path.stem) for path in self._releases.glob("*.json") if path.stem.isdigit()]

    @property
    def _is_own_link(self) -> bool:
        """Whether the folder that readers see is a link to a release, and to nothing else."""
        if not self._path.is_symlink():
            return False
        return (self._path.parent / self._path.readlink()).parent.resolve() == (
            self._releases.resolve()
        )

    @property
    def _place(self) -> Path:
        """Where the files lie that readers see: where a link of the office leads, it stays."""
        return self._path if self._is_own_link else self._path.resolve()

    def _find_current(self) -> str:
        """Return the number of the release that readers see, or nothing."""
        if self._is_own_link:
            return self._path.readlink().name
        # The folder was copied, or the system knows no links.
        noted = self._releases / "shown"
        if noted.exists():
            return noted.read_text()
        lines = self._record.read_publications()
        return self._find_release(lines[-1].content_sha256) if lines else ""

    def _find_release(self, content_sha256: str) -> str:
        """Return the number of the newest release of a content, or nothing."""
        numbers = map(str, sorted(self._list_releases(), reverse=True))
        return next((n for n in numbers if self._is_of(n, content_sha256)), "")

    def _is_of(self, number: str, content_sha256: str) -> bool:
        return self._read_release(number).content_sha256 == content_sha256

    def _read_release(self, number: str) -> _Release:
        path = self._releases / f"{number}.json"
        return _Release.model_validate_json(path.read_bytes()) if path.exists() else _Release()

    def _gather_files(self, release: _Release, catalogue: Catalogue) -> dict[str, bytes]:
        contents = {f.sha256: f.content for one in catalogue.datasets for f in one.files}
        files: dict[str, bytes] = {}
        for name, versions in release.versions.items():
            for address, version in _list_addresses(release, name).items():
                for key, sha256 in versions[version].items():
                    if sha256 not in contents:
                        contents[sha256] = self._record.content.read(sha256)
                    files[f"dataset/{name}/{address}/{key}"] = contents[sha256]
        return files | dict(catalogue.pages) | dict(_render_pages(release, catalogue))

    def _show(self, release: _Release, files: Mapping[str, bytes], *, forget: bool = False) -> None:
        """Build a release, let readers see it, and remove all but it and the one before."""
        current = self._find_current()
        number = str(max([0, *self._list_releases()]) + 1)
        replace_file(self._releases / f"{number}.json", release.model_dump_json(indent=1).encode())
        # Files that stay are the same as in the release before, which nobody is to change.
        replace_folder(self._releases / number, files, like=self._releases / current)
        self._record.journal.mark("release built")
        self._move_link(number)
        self._record.journal.mark("release shown")
        for path in self._releases.iterdir():
            if path.is_dir() and path.name not in (number, "" if forget else current):
                # What cannot be removed now will be the next time.
                with suppress(OSError):
                    remove_folder(path)

    def _move_link(self, number: str) -> None:
        """Move the link; where there can be none, swap a copy of the release in."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = self._path.with_name(f".{self._path.name}.new")
        aside.unlink(missing_ok=True)
        if self._place != self._path or not self._make_link(aside, number):
            replace_folder(self._place, read_folder(self._releases / number))
        else:
            if self._path.is_dir() and not self._path.is_symlink():
                # A folder that was copied or made by hand.
                remove_folder(self._path)
            aside.replace(self._path)
        replace_file(self._releases / "shown", number.encode())

    def _make_link(self, link: Path, number: str) -> bool:
        try:
            to = os.path.relpath(self._releases / number, link.parent)
            link.symlink_to(to, target_is_directory=True)
        except (NotImplementedError, ValueError):
            # ValueError: between two drives of Windows.
            return False
        except OSError as error:
            # 1314: Windows lets only administrators and developers make links.
            refused = isinstance(error, PermissionError) or error.errno in _NO_LINKS
            if not refused and getattr(error, "winerror", None) != _NOT_PRIVILEGED:
                raise
            return False
        return True

    def _refuse_full_disk(self, files: Mapping[str, bytes]) -> None:
        self._record.folder.mkdir(parents=True, exist_ok=True)
        needed = sum(map(len, files.values())) * _SPARE_SPACE
        if shutil.disk_usage(self._record.folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _join_versions(
    before: Mapping[str, Iterable[str]], now: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    names = before.keys() | now.keys()
    return {name: sorted({*before.get(name, ()), *now.get(name, ())}) for name in names}


def _plan_release(catalogue: Catalogue, before: _Release) -> _Release:
    """Say what a release will hold, but for the hashes of its files."""
    kept = {name for name in catalogue.blocked if name in before.datasets}
    titles = before.titles | {one.name: one.metadata["title"] for one in catalogue.datasets}
    latest = {name: before.latest[name] for name in kept}
    latest |= {one.name: one.version for one in catalogue.datasets}
    pages = [f"dataset/{name}/index.html" for name in sorted(titles.keys() - latest.keys())]
    return _Release(
        content_sha256=catalogue.sha256,
        sample=catalogue.sample,
        datasets={name: before.datasets[name] for name in kept} | catalogue.states,
        titles=titles,
        latest=latest,
        versions=_add_versions(catalogue, before),
        withdrawn=_join_versions(before.withdrawn, catalogue.withdrawn),
        notices=tuple(page for page in pages if page not in catalogue.pages),
    )


def _add_versions(catalogue: Catalogue, before: _Release) -> dict[str, dict[str, dict[str, str]]]:
    """Return all versions with the hashes of their files.

    Raises:
        TargetError: If a version is public already with other bytes.
    """
    versions = {
        name: {
            version: files
            for version, files in by_version.items()
            if version not in catalogue.withdrawn.get(name, ())
        }
        for name, by_version in before.versions.items()
    }
    for dataset in catalogue.datasets:
        hashes = {file.key: file.sha256 for file in dataset.files}
        if versions.setdefault(dataset.name, {}).setdefault(dataset.version, hashes) != hashes:
            raise TargetError(
                f"{dataset.name} の版 {dataset.version} は公開済みで、今度の内容はそれと違います。"
                "公開した版は変えられないので、新しい版にしてください。"
            )
    return versions


def _list_addresses(release: _Release, name: str) -> dict[str, str]:
    """Return which version of a dataset is found at each of its addresses."""
    addresses = {version: version for version in release.versions[name]}
    return addresses | ({"latest": release.latest[name]} if name in release.latest else {})


def _render_pages(release: _Release, catalogue: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield the page that a withdrawn dataset leaves, and that at the address of a version."""
    for path in release.notices:
        name = path.split("/")[1]
        versions, title = release.versions.get(name, {}), release.titles[name]
        yield path, _render("withdrawn.html", name=name, title=title, versions=versions)
    pages = {*release.notices, *catalogue.pages}
    for name, versions in release.versions.items():
        for address, version in _list_addresses(release, name).items():
            page = _render(
                "version.html",
                title=release.titles[name],
                version=version,
                files=versions[version],
                is_latest=address == "latest",
                is_withdrawn=False,
                has_page=f"dataset/{name}/index.html" in pages,
            )
            yield f"dataset/{name}/{address}/{_ADDRESS_PAGE}", page
    for name, gone in release.withdrawn.items():
        for version in gone:
            page = _render(
                "version.html",
                title=release.titles[name],
                version=version,
                files=(),
                is_latest=False,
                is_withdrawn=True,
                has_page=f"dataset/{name}/index.html" in pages,
            )
            yield f"dataset/{name}/{version}/{_ADDRESS_PAGE}", page


def _render(template: str, **values: object) -> bytes:
    return load_templates("catalogue").get_template(template).render(values).encode()


class _Links(HTMLParser):
    """Collects the addresses to which a page refers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def find_broken_links(files: Mapping[str, bytes]) -> list[str]:
    """Return a line for each link of a page, or address of a resource, that leads to no file.

    Args:
        files: The catalogue: contents by path. Links to other sites are not followed.
    """
    paths = files.keys() | {""}
    broken = [
        f"{path}: リンク先 {link} がありません。"
        for path, content in files.items()
        if path.endswith(".html")
        for link in dict.fromkeys(_Links(content.decode()).found)
        if not _leads_to_file(path, link, paths)
    ]
    return [*broken, *_find_missing_resources(files)]


def _leads_to_file(page: str, link: str, paths: Set[str]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return True
    place = posixpath.join(posixpath.dirname(page), unquote(parts.path))
    found = posixpath.normpath(place).removeprefix("/")
    return found in paths or posixpath.join(found.removeprefix("."), "index.html") in paths


def _find_missing_resources(files: Mapping[str, bytes]) -> Iterator[str]:
    datasets = json.loads(files[_SEARCH])["result"]["results"] if _SEARCH in files else []
    for dataset in datasets:
        for resource in dataset["resources"]:
            start = f"dataset/{dataset['name']}/"
            path = start + resource["url"].partition(f"/{start}")[2]
            if path not in files:
                yield f"{_SEARCH}: リソース {resource['url']} のファイルがありません。"
            elif len(files[path]) != resource["size"]:
                yield f"{_SEARCH}: リソース {resource['url']} の大きさが記載と違います。"
