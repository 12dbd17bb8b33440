"""Data packages as files, and the gate before they are written."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.packages.descriptor import (
    Surroundings,
    describe_copy,
    describe_csv,
    describe_package,
)
from sumida_data.packages.files import SAMPLE_WARNING, write_csv, write_parquet, write_workbook
from sumida_data.packages.models import PackageError, Packages
from sumida_data.packages.published import PublishedPackage, select_package
from sumida_data.packages.standards import (
    describe_in_csvw,
    describe_in_dcat,
    describe_in_schema_org,
)
from sumida_data.packages.versions import (
    REWORDED,
    Edition,
    History,
    add_version,
    decide_history,
    describe_log,
    list_notices,
    read_edition,
    write_feed,
)
from sumida_data.present.templates import load_templates
from sumida_data.quality.data_package import find_errors, split_packages
from sumida_data.quality.overview import write_statement
from sumida_data.quality.readability import Examiner, list_data_files, say_scores

_DOCUMENTS = {
    "README.md": "説明(README)",
    "csv-metadata.json": "CSVの説明(CSV on the Web)",
    "dcat.jsonld": "カタログの説明(DCAT-AP 3)",
    "schema_org.jsonld": "検索エンジンのための説明(schema.org)",
    "changelog.json": "変更の記録",
    "changelog.atom": "変更の記録(購読用)",
    "recompute.py": "公表した値と判定を計算し直すプログラム(Python)",
}

Files = Mapping[str, bytes]


class InvalidPackageError(ValueError):
    """A package breaks its own promises; the message names each file and row."""


class PackagesValidator:
    """Refuses packages that break their promises; for the ``validator:`` of a Kedro catalogue."""

    def validate(self, data: dict[str, bytes]) -> dict[str, bytes]:
        """Return the packages as they are.

        Raises:
            InvalidPackageError: If what the descriptor of one promises is not true.
        """
        errors = [
            f"{name}/{error}"
            for name, files in split_packages(data).items()
            for error in find_errors(files)
        ]
        if errors:
            raise InvalidPackageError("公開できないパッケージがあります。\n" + "\n".join(errors))
        return data


def build_packages(
    surroundings: Surroundings,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    before: Files,
    examiner: Examiner | None = None,
    versions: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """Build every package.

    Args:
        surroundings: What is published, and how it is described.
        dictionary: Descriptions of the tables.
        frames: The tables by name; those that no package names are left alone.
        before: The packages as they were last published: contents by path.
        examiner: Says how readable the files are; it knows those of earlier runs.
        versions: The last version of every package that was ever published.

    Returns:
        Contents by path, such as ``dx-indicators/datapackage.json``.

    Raises:
        PackageError: If packages.yml asks for what cannot be published, or for the removal of
            what was not announced to go.
    """
    last = split_packages(before)
    _refuse_vanished(surroundings.packages, last)
    results = read_rows(frames["check_result"])
    built: dict[str, bytes] = {}
    for package in surroundings.packages.packages:
        published = select_package(package, dictionary, frames, surroundings.municipality)
        tables = {resource.table for resource in package.resources}
        quality = _Quality(
            write_statement(tables, results, dictionary),
            examiner or Examiner(),
            dictionary.words("readability_score.level"),
            last[package.name],
        )
        edition = read_edition(last[package.name], sample=published.sample)
        history = decide_history(published, edition, (versions or {}).get(package.name, ""))
        made = _build(published, surroundings, edition, history, quality)
        built |= {f"{package.name}/{path}": content for path, content in made.items()}
    return built


class _Quality(NamedTuple):
    """What is said of the quality of a package: the statement, and how readable its files are."""

    statement: str
    examiner: Examiner
    words: Mapping[str, str]
    before: Files

    def score(self, descriptor: Row, files: Files) -> dict[str, float]:
        """Return the points of the files by level of the national rules for readability."""
        documents = [{"path": path, "format": ""} for path in _DOCUMENTS]
        planned = descriptor | {"resources": descriptor["resources"] + documents}
        scores = self.examiner.score(list(list_data_files(planned, files, self.before)))
        return {level: float(score) for level, score in scores.items()}

    def describe(self, scores: Mapping[str, float]) -> str:
        """Return the statement with the points."""
        return (
            f"{self.statement}\n国の「行政データにおける機械可読性に関するルール」による点数は、"
            f"{say_scores(scores, self.words)}です(それぞれ100点満点)。\n"
        )


def _refuse_vanished(packages: Packages, before: Iterable[str]) -> None:
    """A package that was published must not vanish without a word."""
    known = {one.name for one in packages.packages} | {one.name for one in packages.withdrawn}
    if vanished := set(before) - known:
        raise PackageError(
            f"packages.yml: 公開した {'、'.join(sorted(vanished))} がありません。元に戻すか、"
            "withdrawn に name、title、withdrawn_on、reason を書いてください。"
        )


def _build(
    published: PublishedPackage,
    surroundings: Surroundings,
    edition: Edition | None,
    history: History,
    quality: _Quality,
) -> dict[str, bytes]:
    made = _write_files(published, surroundings, history, quality)
    if edition and history == edition.history and made != edition.files:
        # No row and no column is different, yet a byte is: a text, or how a file is written.
        history = add_version(published, history, [REWORDED])
        made = _write_files(published, surroundings, history, quality)
    return made


def _write_files(
    published: PublishedPackage, surroundings: Surroundings, history: History, quality: _Quality
) -> dict[str, bytes]:
    descriptor = describe_package(published, surroundings, history)
    data, resources = _write_data(published, descriptor)
    scores = quality.score(descriptor | {"resources": resources}, data)
    whole = descriptor | {"sumida:readability": scores, "resources": resources}
    notices = list_notices(published)
    readme = load_templates("packages").get_template("README.md")
    text = readme.render(
        package=descriptor,
        tables=published.tables,
        explanations=(published.codes, published.dictionary),
        history=history,
        quality=quality.describe(scores),
        notices=notices,
        warning=SAMPLE_WARNING,
    )
    documents = {
        "README.md": text.encode(),
        "csv-metadata.json": _write_json(describe_in_csvw(whole)),
        "dcat.jsonld": _write_json(describe_in_dcat(whole)),
        "schema_org.jsonld": _write_json(describe_in_schema_org(whole)),
        "changelog.json": _write_json(describe_log(descriptor, history, notices)),
        "changelog.atom": write_feed(descriptor, history),
        "recompute.py": (files("sumida_data.packages") / "recompute.py").read_bytes(),
    }
    resources += [
        describe_copy(_DOCUMENTS[path], path, content) for path, content in documents.items()
    ]
    return {"datapackage.json": _write_json(whole), **documents, **data}


def _write_data(published: PublishedPackage, descriptor: Row) -> tuple[dict[str, bytes], list[Row]]:
    """Return the tables as files by path, and the descriptions of these files."""
    files: dict[str, bytes] = {}
    resources, copies = [], []
    for table in (*published.tables, published.codes, published.dictionary):
        name = table.table.name
        files[f"{name}.csv"] = csv = write_csv(table)
        files[f"{name}.parquet"] = parquet = write_parquet(table)
        resources.append(describe_csv(table, f"{name}.csv", csv))
        copies.append(describe_copy(table.table.title, f"{name}.parquet", parquet))
    book = f"{published.package.name}.xlsx"
    files[book] = write_workbook(published, descriptor)
    copies.append(describe_copy(published.package.title, book, files[book]))
    return files, resources + copies


def _write_json(content: Row) -> bytes:
    return f"{json.dumps(content, ensure_ascii=False, indent=2)}\n".encode()
