"""Data packages as files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.packages import dcat, schema_org
from sumida_data.packages.changelog import Notice, list_parts, write_feed, write_log
from sumida_data.packages.columns import PackageError
from sumida_data.packages.csvw import describe_tables
from sumida_data.packages.descriptor import (
    Descriptor,
    describe_copy,
    describe_csv,
    describe_package,
)
from sumida_data.packages.files import write_csv, write_parquet
from sumida_data.packages.models import Packages
from sumida_data.packages.published import PublishedPackage, select_package
from sumida_data.packages.versions import (
    REWORDED,
    Version,
    add_version,
    decide_history,
    read_edition,
)
from sumida_data.packages.workbook import SAMPLE_WARNING, write_workbook
from sumida_data.present.templates import load_templates
from sumida_data.quality.overview import write_statement
from sumida_data.survey.form import CentralSources

_DOCUMENTS = {
    "README.md": "説明(README)",
    "csv-metadata.json": "CSVの説明(CSV on the Web)",
    "dcat.jsonld": "カタログの説明(DCAT-AP 3)",
    "schema_org.jsonld": "検索エンジンのための説明(schema.org)",
    "changelog.json": "変更の記録",
    "changelog.atom": "変更の記録(購読用)",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every package is described with.

    Attributes:
        packages: What all packages have in common.
        municipality: Whose data these are.
        sources: Where figures of central files come from.
    """

    packages: Packages
    municipality: HomeMunicipality
    sources: CentralSources


def build_packages(
    surroundings: Surroundings,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    before: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Build every package.

    Args:
        surroundings: What is published, and how it is described.
        dictionary: Descriptions of the tables.
        frames: The tables by name; those that no package names are left alone.
        before: The packages as they were last published: contents by path.

    Returns:
        Contents by path, such as ``dx-indicators/datapackage.json``.

    Raises:
        PackageError: If packages.yml asks for what cannot be published, or for the removal of
            what was not announced to go.
    """
    _refuse_vanished(surroundings.packages, before)
    results = read_rows(frames["check_result"])
    built: dict[str, bytes] = {}
    for package in surroundings.packages.packages:
        published = select_package(package, dictionary, frames, surroundings.municipality)
        tables = {resource.table for resource in package.resources}
        statement = write_statement(tables, results, dictionary)
        files = _build(published, surroundings, _select(before, package.name), statement)
        built |= {f"{package.name}/{path}": content for path, content in files.items()}
    return built


def _refuse_vanished(packages: Packages, before: Iterable[str]) -> None:
    """A package that was published must not vanish without a word."""
    known = {one.name for one in packages.packages} | {one.name for one in packages.withdrawn}
    if vanished := {path.partition("/")[0] for path in before} - known:
        raise PackageError(
            f"packages.yml: 公開した {'、'.join(sorted(vanished))} がありません。元に戻すか、"
            "withdrawn に name、title、withdrawn_on、reason を書いてください。"
        )


def _find_notices(published: PublishedPackage) -> list[Notice]:
    tables = (table for table in published.tables if table.table.name == "correction_notice")
    return [row for table in tables for row in table.rows.to_pylist()]


def _select(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    start = f"{name}/"
    return {
        path.removeprefix(start): content
        for path, content in files.items()
        if path.startswith(start)
    }


def _build(
    published: PublishedPackage,
    surroundings: Surroundings,
    before: Mapping[str, bytes],
    quality: str,
) -> dict[str, bytes]:
    edition = read_edition(before, sample=published.sample)
    history = decide_history(published, edition)
    files = _write_files(published, surroundings, history, quality)
    if edition and history == edition.history and files != edition.files:
        # No row and no column is different, yet a byte is: a text, or how a file is written.
        history = add_version(published, history, [REWORDED])
        files = _write_files(published, surroundings, history, quality)
    return files


def _write_files(
    published: PublishedPackage,
    surroundings: Surroundings,
    history: Sequence[Version],
    quality: str,
) -> dict[str, bytes]:
    descriptor = describe_package(
        published,
        surroundings.packages,
        surroundings.municipality,
        surroundings.sources,
        history[0].version,
    )
    files, resources = _write_data(published, descriptor)
    whole = descriptor | {"resources": resources}
    notices = _find_notices(published)
    documents = {
        "README.md": _write_readme(published, descriptor, notices, history, quality),
        "csv-metadata.json": _write_json(describe_tables(whole)),
        "dcat.jsonld": _write_json({"@context": dcat.CONTEXT} | dcat.describe_dataset(whole)),
        "schema_org.jsonld": _write_json(schema_org.describe_dataset(whole)),
        "changelog.json": write_log(descriptor, history, notices),
        "changelog.atom": write_feed(descriptor, history),
    }
    resources += [
        describe_copy(_DOCUMENTS[path], path, content) for path, content in documents.items()
    ]
    return {"datapackage.json": _write_json(whole), **documents, **files}


def _write_data(
    published: PublishedPackage, descriptor: Descriptor
) -> tuple[dict[str, bytes], list[Descriptor]]:
    """Return the tables as files by path, and the descriptions of these files."""
    files: dict[str, bytes] = {}
    resources, copies = [], []
    for table in published.all_tables:
        name = table.table.name
        files[f"{name}.csv"] = csv = write_csv(table)
        files[f"{name}.parquet"] = parquet = write_parquet(table)
        resources.append(describe_csv(table, f"{name}.csv", csv))
        copies.append(describe_copy(table.table.title, f"{name}.parquet", parquet))
    book = f"{published.package.name}.xlsx"
    files[book] = write_workbook(published, descriptor)
    copies.append(describe_copy(published.package.title, book, files[book]))
    return files, resources + copies


def _write_json(content: Any) -> bytes:
    return f"{json.dumps(content, ensure_ascii=False, indent=2)}\n".encode()


def _write_readme(
    published: PublishedPackage,
    descriptor: Descriptor,
    notices: Iterable[Notice],
    history: Sequence[Version],
    quality: str,
) -> bytes:
    template = load_templates("packages").get_template("README.md")
    text = template.render(
        package=descriptor,
        tables=published.tables,
        explanations=(published.codes, published.dictionary),
        history=history,
        quality=quality,
        notices=[dict(list_parts(notice)) for notice in notices],
        warning=SAMPLE_WARNING,
    )
    return text.encode()
