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
from collections.abc import Iterator, Mapping, Sequence, Set
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
from sumida_data.present.words import load_templates

_SPARE_SPACE = 1.1
# What a version shows at its address; it is no file of the dataset.
_ADDRESS_PAGE = "index.html"
# What systems say that know no links: exFAT, SMB, vfat, Windows.
_NO_LINKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_NOT_PRIVILEGED = 1314
_SEARCH = "api/3/action/package_search"


class _Release(Model):
    """What a release holds."""

    content_sha256: str = ""  # of the catalogue that it shows
    sample: bool = False
    files: dict[str, str] = Described(default_factory=dict)  # hashes by path
    datasets: dict[str, DatasetState] = Described(default_factory=dict)
    # Those of datasets that are public no more among them.
    titles: dict[str, str] = Described(default_factory=dict)
    latest: dict[str, str] = Described(default_factory=dict)
    # Hashes by dataset, version and key.
    versions: dict[str, dict[str, dict[str, str]]] = Described(default_factory=dict)
    notices: tuple[str, ...] = ()  # pages of datasets that are public no more
    # Versions by dataset; pages at their addresses say so.
    withdrawn: dict[str, list[str]] = Described(default_factory=dict)

    def list_addresses(self, name: str) -> dict[str, str]:
        """Return which version of a dataset is found at each of its addresses."""
        latest = {"latest": self.latest[name]} if name in self.latest else {}
        return {version: version for version in self.versions.get(name, ())} | latest


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
        files: dict[str, dict[str, tuple[str, str]]] = {}
        pages: dict[str, str] = {}
        for path, content in read_folder(self._place).items():
            top, name, address, key = (*path.split("/", 3), "", "", "")[:4]
            if not (top == "dataset" and key):
                if path not in release.notices:
                    pages[path] = hash_content(content)
            elif address == "latest" and key != _ADDRESS_PAGE:
                published = release.datasets.get(name, DatasetState("", {})).files.get(
                    key, ("", "")
                )
                files.setdefault(name, {})[key] = hash_content(content), published[1]
        described = {name: one.metadata_sha256 for name, one in release.datasets.items()}
        held = {name: DatasetState(described.get(name, ""), files[name]) for name in files}
        return TargetState(self.name, self.accepts_sample, day, held, pages)

    def apply(self, catalogue: Catalogue, changes: Sequence[TargetChange]) -> None:
        """Build a release of the catalogue, whatever changes, and show it instead of the last."""
        del changes
        before = self._read_release(self._find_current())
        lines = self._record.read_publications()
        if lines and lines[-1].content_of and not before.content_sha256:
            raise TargetError(
                f"これまでに公開した版の控えが {self._releases} にないため、公開しません。"
                "公開すると、引用された版のアドレスがなくなります。控えから戻してください。"
            )
        # Real data do not continue what invented data began, nor the other way round.
        before = before if before.sample == catalogue.sample else _Release()
        release = _plan_release(catalogue, before)
        files = self._gather_versions(release, catalogue) | dict(catalogue.pages)
        files |= dict(_render_pages(release, catalogue))
        if broken := find_broken_links(files):
            raise TargetError(
                "リンク先のないリンクがあるため、公開しません。\n" + "\n".join(broken)
            )
        self._show(release, files, forget=bool(catalogue.withdrawn))

    def _gather_versions(self, release: _Release, catalogue: Catalogue) -> dict[str, bytes]:
        contents = {one.sha256: one.content for data in catalogue.datasets for one in data.files}
        files = {}
        for name, versions in release.versions.items():
            for address, version in release.list_addresses(name).items():
                for key, sha256 in versions[version].items():
                    content = contents.get(sha256) or self._record.read_content(sha256)
                    files[f"dataset/{name}/{address}/{key}"] = content
        return files

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
        """Show again what was shown when a catalogue was public."""
        number = self._find_release(catalogue.sha256)
        if not number and catalogue.datasets:
            raise TargetError(f"前の版の控えが {self._releases} にないため、戻せません。")
        # Before the first publication there was nothing.
        nothing = _Release(content_sha256=catalogue.sha256)
        release = self._read_release(number) if number else nothing
        read = self._record.read_content
        self._show(release, {path: read(sha256) for path, sha256 in release.files.items()})

    def show_again(self) -> None:
        """Let readers see what they saw last, where only the record is left of it."""
        if number := self._find_current():
            self._move_link(number)

    def _list_releases(self) -> list[int]:
        return [int(path.stem) for path in self._releases.glob("*.json") if path.stem.isdigit()]

    @property
    def _is_own_link(self) -> bool:
        """Whether the folder that readers see is a link to a release, and to nothing else."""
        if not self._path.is_symlink():
            return False
        leads_to = self._path.parent / self._path.readlink()
        return leads_to.parent.resolve() == self._releases.resolve()

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
        for number in map(str, sorted(self._list_releases(), reverse=True)):
            if self._read_release(number).content_sha256 == content_sha256:
                return number
        return ""

    def _read_release(self, number: str) -> _Release:
        path = self._releases / f"{number}.json"
        return _Release.model_validate_json(path.read_bytes()) if path.exists() else _Release()

    @explain_failure()
    def _show(self, release: _Release, files: Mapping[str, bytes], *, forget: bool = False) -> None:
        """Build a release, let readers see it, and remove all but it and the one before."""
        self._record.folder.mkdir(parents=True, exist_ok=True)
        needed = sum(map(len, files.values())) * _SPARE_SPACE
        if shutil.disk_usage(self._record.folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        hashes = {path: self._record.keep_content(content) for path, content in files.items()}
        text = release.model_copy(update={"files": hashes}).model_dump_json(indent=1)
        mark = self._record.mark
        mark("content kept")
        current, number = self._find_current(), str(max([0, *self._list_releases()]) + 1)
        replace_file(self._releases / f"{number}.json", text.encode())
        # Files that stay are the same as in the release before, which nobody is to change.
        replace_folder(self._releases / number, files, like=self._releases / current)
        mark("release built")
        self._move_link(number)
        mark("release shown")
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


def _plan_release(catalogue: Catalogue, before: _Release) -> _Release:
    """Say what a release will hold, but for the hashes of its files."""
    gone = catalogue.withdrawn
    kept = sorted(before.datasets.keys() & set(catalogue.blocked))
    titles = before.titles | {one.name: one.metadata["title"] for one in catalogue.datasets}
    latest = {name: before.latest[name] for name in kept}
    latest |= {one.name: one.version for one in catalogue.datasets}
    pages = [f"dataset/{name}/index.html" for name in sorted(titles.keys() - latest.keys())]
    withdrawn = before.withdrawn | {
        name: sorted({*before.withdrawn.get(name, ()), *gone[name]}) for name in gone
    }
    return _Release(
        content_sha256=catalogue.sha256,
        sample=catalogue.sample,
        datasets={name: before.datasets[name] for name in kept} | catalogue.states,
        titles=titles,
        latest=latest,
        versions=_join_versions(catalogue, before),
        withdrawn=withdrawn,
        notices=tuple(page for page in pages if page not in catalogue.pages),
    )


def _join_versions(catalogue: Catalogue, before: _Release) -> dict[str, dict[str, dict[str, str]]]:
    """Return all versions; a TargetError says that one is public already with other bytes."""
    versions = {
        name: {one: known[one] for one in known if one not in catalogue.withdrawn.get(name, ())}
        for name, known in before.versions.items()
    }
    for dataset in catalogue.datasets:
        hashes = {file.key: file.sha256 for file in dataset.files}
        if versions.setdefault(dataset.name, {}).setdefault(dataset.version, hashes) != hashes:
            raise TargetError(
                f"{dataset.name} の版 {dataset.version} は公開済みで、今度の内容はそれと違います。"
                "公開した版は変えられないので、新しい版にしてください。"
            )
    return versions


def _render_pages(release: _Release, catalogue: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield the page that a withdrawn dataset leaves, and that at the address of a version."""
    templates = load_templates("catalogue")
    for path in release.notices:
        name = path.split("/")[1]
        told = {"title": release.titles[name], "versions": release.versions.get(name, {})}
        yield path, templates.get_template("withdrawn.html").render(name=name, **told).encode()
    for name in {**release.versions, **release.withdrawn}:
        versions, gone = release.versions.get(name, {}), release.withdrawn.get(name, ())
        for address, version in (release.list_addresses(name) | {one: one for one in gone}).items():
            page = templates.get_template("version.html").render(
                title=release.titles[name],
                version=version,
                files=versions.get(version, ()),
                is_latest=address == "latest",
                is_withdrawn=version in gone,
                has_page=f"dataset/{name}/index.html" in {*release.notices, *catalogue.pages},
            )
            yield f"dataset/{name}/{address}/{_ADDRESS_PAGE}", page.encode()


class _Links(HTMLParser):
    """Collects the addresses to which a page refers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        self.feed(page)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value: None for name, value in attrs if name in ("href", "src") and value}


def find_broken_links(files: Mapping[str, bytes]) -> list[str]:
    """Return a line for each link of a page, or address of a resource, that leads to no file.

    Links to other sites are not followed.
    """
    paths = files.keys() | {""}
    broken = [
        f"{path}: リンク先 {link} がありません。"
        for path, content in files.items()
        if path.endswith(".html")
        for link in _Links(content.decode()).found
        if not _leads_to_file(path, link, paths)
    ]
    datasets = json.loads(files[_SEARCH])["result"]["results"] if _SEARCH in files else []
    for dataset in datasets:
        for resource in dataset["resources"]:
            start = f"dataset/{dataset['name']}/"
            path = start + resource["url"].partition(f"/{start}")[2]
            if path not in files:
                why = "のファイルがありません。"
            elif len(files[path]) != resource["size"]:
                why = "の大きさが記載と違います。"
            else:
                continue
            broken.append(f"{_SEARCH}: リソース {resource['url']} {why}")
    return broken


def _leads_to_file(page: str, link: str, paths: Set[str]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return True
    place = posixpath.join(posixpath.dirname(page), unquote(parts.path))
    found = posixpath.normpath(place).removeprefix("/")
    return found in paths or posixpath.join(found.removeprefix("."), "index.html") in paths
