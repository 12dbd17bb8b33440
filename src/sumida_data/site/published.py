"""What is published, read back from the files of the packages.

The site knows no other figures: what a package leaves out cannot appear on a page.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet

from sumida_data.base.metadata import Row
from sumida_data.packages.models import CODE_LIST, DATA_DICTIONARY

_OTHER_FILES = {
    "README.md": ("説明(README)", "Description (README)"),
    "datapackage.json": ("機械が読むための説明", "Description for machines"),
}
# What people open first comes first.
_ORDER = ["XLSX", "CSV", "PARQUET", "MD", "JSON"]


class Download(NamedTuple):
    """A file that can be downloaded, with its path within the dataset and its size in bytes."""

    path: str
    title: str
    title_en: str
    format: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A data package as it is published.

    Attributes:
        name: Its name in addresses.
        descriptor: Its ``datapackage.json``.
        files: Its files by path.
    """

    name: str
    descriptor: dict[str, Any]
    files: Mapping[str, bytes]

    @property
    def titles(self) -> tuple[str, str]:
        """Its Japanese and its English title."""
        return self.descriptor["title"], self.descriptor["sumida:titleEn"]

    @property
    def page(self) -> str:
        """Path of its page."""
        return f"dataset/{self.name}/index.html"

    @property
    def linked_data(self) -> Any:
        """The dataset in the words of schema.org, as JSON-LD."""
        return json.loads(self.files["schema_org.jsonld"])

    @property
    def versions(self) -> list[dict[str, Any]]:
        """Its versions, newest first, each with what changed and where it stands."""
        versions: list[dict[str, Any]] = json.loads(self.files["changelog.json"])["versions"]
        start: str = self.descriptor["sumida:latest"].removesuffix("latest/")
        return [one | {"address": f"{start}{one['version']}/"} for one in versions]

    @property
    def sample(self) -> bool:
        """Whether invented data went into it."""
        return bool(self.descriptor["sumida:sample"])

    @property
    def tables(self) -> list[dict[str, Any]]:
        """The descriptions of its tables.

        Those that explain the others, as every page does, are left to be downloaded.
        """
        explaining = (CODE_LIST, DATA_DICTIONARY)
        return [
            one
            for one in self.descriptor["resources"]
            if "schema" in one and one["name"] not in explaining
        ]

    @cached_property
    def downloads(self) -> tuple[Download, ...]:
        """Every file, workbooks first."""
        files = self._describe_files()
        return tuple(sorted(files, key=lambda one: (_place(one.format), one.path)))

    @property
    def formats(self) -> list[str]:
        """The formats of its files, those that people open first."""
        return list(dict.fromkeys(one.format for one in self.downloads))

    def _describe_files(self) -> Iterator[Download]:
        described = {one["path"]: one for one in self.descriptor["resources"]}
        for path, content in self.files.items():
            resource = described.get(path, {})
            title, title_en = _OTHER_FILES.get(path, (path, path))
            yield Download(
                path=path,
                title=resource.get("title", title),
                title_en=resource.get("sumida:titleEn", path if resource else title_en),
                format=path.rpartition(".")[2].upper(),
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )

    def read(self, table: str) -> pa.Table:
        """Return the rows of one of its tables.

        Raises:
            KeyError: If the dataset does not publish the table.
        """
        # Parquet and not CSV: 59.3 stays 59.3 and a day a day, without a second reading of types.
        return pyarrow.parquet.read_table(pa.BufferReader(self.files[f"{table}.parquet"]))


@dataclass(frozen=True)
class Published:
    """Everything that is published.

    Attributes:
        datasets: The datasets, in the order of packages.yml.
    """

    datasets: tuple[Dataset, ...]

    @property
    def sample(self) -> bool:
        """Whether invented data went into any of it."""
        return any(dataset.sample for dataset in self.datasets)

    @property
    def address(self) -> str:
        """Where the site stands, with a slash at the end; empty while nothing is published."""
        latest = [str(one.descriptor["sumida:latest"]) for one in self.datasets]
        return f"{latest[0].partition('/dataset/')[0]}/" if latest else ""

    def find(self, table: str) -> Dataset | None:
        """Return the first dataset that publishes the table, or None."""
        holders = (one for one in self.datasets if f"{table}.parquet" in one.files)
        return next(holders, None)

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table; none where no dataset publishes it."""
        dataset = self.find(table)
        return dataset.read(table).to_pylist() if dataset else []


def read_published(files: Mapping[str, bytes], names: Iterable[str]) -> Published:
    """Read the named packages back from their files, such as ``dx-indicators/datapackage.json``.

    A package without files is left out.
    """
    by_name: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, _, rest = path.partition("/")
        by_name.setdefault(name, {})[rest] = content
    return Published(
        tuple(
            Dataset(name, json.loads(by_name[name]["datapackage.json"]), by_name[name])
            for name in names
            if name in by_name
        )
    )


def _place(form: str) -> int:
    return _ORDER.index(form) if form in _ORDER else len(_ORDER)
