"""A folder of static files as a public catalogue.

What readers see is a link to a finished release that is never changed afterwards; publishing
builds another release beside it and moves the link, which is one step for a reader::

    record/folder/releases/7/     all that readers see
    record/folder/releases/7.json what it holds: paths and hashes; those of earlier ones stay
    record/folder/releases/shown  7
    public -> record/folder/releases/7

A release is a copy of files that the record keeps by their hash. Both could be one file with two
names; but then a file that is edited in ``public`` would be lost, and here it is put right.
"""

import errno
import json
import os
import posixpath
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html
from pydantic import BaseModel

from sumida_data.base.characters import name_some
from sumida_data.base.disk import read_folder, remove_folder, replace_file, replace_folder
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import (
    NO_DATASET,
    Catalogue,
    DatasetState,
    Entry,
    TargetError,
    TargetState,
    describe_differences,
    explain_failure,
    hash_content,
    hash_entry,
)
from sumida_data.present.words import load_templates

_SPARE_SPACE = 1.1
# What a version shows at its address; it is no file of the dataset.
_ADDRESS_PAGE = "index.html"
# What systems say that know no links: exFAT, SMB, vfat, Windows.
_NO_LINKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_NOT_PRIVILEGED = 1314
_SEARCH = "api/3/action/package_search"


class _Release(BaseModel):
    """What a release holds; those that were built by earlier releases say more."""

    content_sha256: str = ""  # of the catalogue that it shows
    files: dict[str, str] = {}  # hashes by path
    datasets: dict[str, DatasetState] = {}


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
        known = self._read_release(self._find_current()).datasets
        files: dict[str, dict[str, tuple[str, str]]] = {}
        pages: dict[str, str] = {}
        for path, content in read_folder(self._place).items():
            top, name, address, key = (*path.split("/", 3), "", "", "")[:4]
            if not (top == "dataset" and key):
                # A dataset that is no longer public leaves a page that the catalogue does not have.
                if not (top == "dataset" and address == _ADDRESS_PAGE and name not in known):
                    pages[path] = hash_content(content)
            elif address == "latest" and key != _ADDRESS_PAGE:
                published = known.get(name, NO_DATASET).files.get(key, ("", ""))
                files.setdefault(name, {})[key] = hash_content(content), published[1]
        held = {
            name: DatasetState(known.get(name, NO_DATASET).metadata_sha256, files[name])
            for name in files
        }
        refused = self._refuse_others(held, pages)
        return TargetState(
            self.name, self.accepts_sample, day, held, pages, find_problems=lambda _: refused
        )

    def _refuse_others(self, held: Collection[str], pages: Collection[str]) -> list[str]:
        """Refuse to begin where there is something not published: it would be removed."""
        others = [self._path.name] if self._path.is_file() else sorted(pages)
        # Where there are datasets, it is the record that is lost.
        if held or self._find_current() or not others:
            return []
        return [
            f"{self._place} に、ここから公開したものではない {name_some(others)} があります。"
            "公開すると消えるので、空のフォルダにしてください。"
        ]

    def apply(self, catalogue: Catalogue, content_of: str, adopts: Collection[str] = ()) -> None:
        """Build a release of a publication and show it instead of the last."""
        del adopts
        kept = self._record.list_content(content_of)
        self._refuse_other_bytes(catalogue, kept[:-1])
        states = _read_states(kept)
        files = {**catalogue.pages, **dict(self._build_versions(catalogue, kept, states))}
        if broken := find_broken_links(files):
            raise TargetError(
                "リンク先のないリンクがあるため、公開しません。\n" + "\n".join(broken)
            )
        release = _Release(content_sha256=catalogue.sha256, datasets=states)
        self._show(release, files, forget=bool(catalogue.withdrawn))

    def _refuse_other_bytes(self, catalogue: Catalogue, kept: Sequence[Entry]) -> None:
        public = self._record.list_versions(kept)
        for one in catalogue.datasets:
            hashes = one.state.file_hashes
            if public.get(one.name, {}).get(one.version, hashes) != hashes:
                raise TargetError(
                    f"{one.name} の版 {one.version} は公開済みで、今度の内容はそれと違います。"
                    "公開した版は変えられないので、新しい版にしてください。"
                )

    def _build_versions(
        self, catalogue: Catalogue, kept: Sequence[Entry], public: Mapping[str, DatasetState]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the files at the addresses of all versions, and the pages about them."""
        templates = load_templates("catalogue")
        versions = self._record.list_versions(kept, catalogue.withdrawn)
        withdrawn = self._record.list_withdrawn(catalogue.withdrawn)
        for name, dataset in _list_last(kept).items():
            title, last = dataset["metadata"]["title"], str(dataset["metadata"]["version"])
            known, gone = versions.get(name, {}), set(withdrawn.get(name, ()))
            latest: dict[str, str] = {}
            if name in public:
                known[last], latest = public[name].file_hashes, {"latest": last}
                gone.discard(last)
            page = f"dataset/{name}/{_ADDRESS_PAGE}"
            if name not in public and page not in catalogue.pages:
                context = {"name": name, "title": title, "versions": known}
                yield page, templates.get_template("withdrawn.html").render(context).encode()
            for address, version in ({one: one for one in (*known, *gone)} | latest).items():
                place = f"dataset/{name}/{address}/"
                for key, sha256 in known.get(version, {}).items():
                    yield f"{place}{key}", self._record.read_content(sha256)
                context = {
                    "title": title,
                    "version": version,
                    "files": known.get(version, ()),
                    "is_latest": address == "latest",
                    "is_withdrawn": version in gone,
                    "has_page": name not in public or page in catalogue.pages,
                }
                text = templates.get_template("version.html").render(context)
                yield f"{place}{_ADDRESS_PAGE}", text.encode()

    def verify(self, catalogue: Catalogue, content_of: str = "") -> list[str]:
        """Read every file back and return what differs from the catalogue, in Japanese."""
        del content_of
        if not self._path.exists():
            return [f"{self._path}: まだ何も公開されていません。"]
        release = self._read_release(self._find_current())
        if release.content_sha256 != catalogue.sha256:
            return [f"{self._path}: 記録と違う内容が公開されています。"]
        found = read_folder(self._place)
        hashes = {path: hash_content(found[path]) for path in found}
        return describe_differences(release.files, hashes) or find_broken_links(found)

    def show_again(self) -> None:
        """Let readers see what they saw last, where only the record is left of it."""
        if number := self._find_current():
            self._move_link(number)

    @property
    def _newest(self) -> int:
        numbers = (path.stem for path in self._releases.glob("*.json"))
        return max([0, *(int(one) for one in numbers if one.isdigit())])

    @property
    def _is_own_link(self) -> bool:
        """Whether the folder that readers see is a link to a release, and to nothing else."""
        if not self._path.is_symlink():
            return False
        leads_to = self._path.parent / self._path.readlink()
        return leads_to.parent.resolve() == self._releases.resolve()

    @property
    def _place(self) -> Path:
        """Where the files are that readers see: where a link of the office leads, it stays."""
        return self._path if self._is_own_link else self._path.resolve()

    def _find_current(self) -> str:
        """Return the number of the release that readers see, or nothing."""
        if self._is_own_link:
            return self._path.readlink().name
        # The folder was copied, or the system knows no links; else the newest was shown last.
        noted = self._releases / "shown"
        return noted.read_text() if noted.exists() else str(self._newest or "")

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
        hashes = {path: hash_content(content) for path, content in files.items()}
        text = release.model_copy(update={"files": hashes}).model_dump_json(indent=1)
        current, number = self._find_current(), str(self._newest + 1)
        replace_file(self._releases / f"{number}.json", text.encode())
        # Files that stay are the same as in the release before, which is never changed.
        replace_folder(self._releases / number, files, like=self._releases / current)
        self._move_link(number)
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


def _list_last(kept: Sequence[Entry]) -> dict[str, Entry]:
    """Return each dataset by name as the last of some publications that had it describes it."""
    return {one["name"]: one for past in kept for one in past["datasets"]}


def _read_states(kept: Sequence[Entry]) -> dict[str, DatasetState]:
    """Return the hashes of what is public with the last of some publications, by name."""
    states = {}
    hashes: dict[str, str] = kept[-1]["packages"] if kept else {}
    for name, dataset in _list_last(kept).items():
        files = {
            key: (hashes[f"{name}/{key}"], hash_entry(metadata))
            for key, metadata in dataset["files"]
            if f"{name}/{key}" in hashes
        }
        if files:
            states[name] = DatasetState(hash_entry(dataset["metadata"]), files)
    return states


def _find_links(page: str) -> list[str]:
    # lxml takes no page without anything in it.
    found = html.document_fromstring(page or "<p>").iterlinks()
    return sorted({link for _, attribute, link, _ in found if attribute in ("href", "src")})


def find_broken_links(files: Mapping[str, bytes]) -> list[str]:
    """Return a line for each link of a page, or address of a resource, that leads to no file.

    Links to other sites are not followed.
    """
    paths = files.keys() | {""}
    broken = [
        f"{path}: リンク先 {link} がありません。"
        for path, content in files.items()
        if path.endswith(".html")
        for link in _find_links(content.decode())
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
