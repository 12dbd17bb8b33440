"""Data packages as files."""

import json
from collections.abc import Mapping

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sumida_data.metadata import DataDictionary
from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata.descriptor import (
    Descriptor,
    describe_copy,
    describe_csv,
    describe_package,
)
from sumida_data.opendata.files import write_csv, write_parquet
from sumida_data.opendata.models import Packages
from sumida_data.opendata.published import PublishedPackage, select_package
from sumida_data.opendata.workbook import SAMPLE_WARNING, write_workbook
from sumida_data.survey.form import CentralSources


def build_packages(
    packages: Packages,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    municipality: HomeMunicipality,
    sources: CentralSources,
) -> dict[str, bytes]:
    """Build every package.

    Args:
        packages: What is published.
        dictionary: Descriptions of the tables.
        frames: The tables by name; those that no package names are left alone.
        municipality: Whose data these are.
        sources: Where figures of central files come from.

    Returns:
        Contents by path, such as ``dx-indicators/datapackage.json``.

    Raises:
        PackageError: If packages.yml asks for what cannot be published.
    """
    built: dict[str, bytes] = {}
    for package in packages.packages:
        published = select_package(package, dictionary, frames, municipality)
        descriptor = describe_package(published, packages, municipality, sources)
        files = _write_files(published, descriptor, packages.publisher_en)
        built |= {f"{package.name}/{path}": content for path, content in files.items()}
    return built


def _write_files(
    published: PublishedPackage, descriptor: Descriptor, publisher_en: str
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    resources, copies = [], []
    for table in published.tables:
        name = table.table.name
        files[f"{name}.csv"] = csv = write_csv(table)
        files[f"{name}.parquet"] = parquet = write_parquet(table)
        resources.append(describe_csv(table, f"{name}.csv", csv))
        copies.append(describe_copy(table.table.title, f"{name}.parquet", parquet))
    book = f"{published.package.name}.xlsx"
    files[book] = write_workbook(published, descriptor)
    copies.append(describe_copy(published.package.title, book, files[book]))
    text = json.dumps(descriptor | {"resources": resources + copies}, ensure_ascii=False, indent=2)
    readme = _write_readme(published, descriptor, publisher_en)
    return {"datapackage.json": f"{text}\n".encode(), "README.md": readme, **files}


def _write_readme(published: PublishedPackage, descriptor: Descriptor, publisher_en: str) -> bytes:
    environment = Environment(
        loader=PackageLoader("sumida_data.opendata"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("README.md").render(
        package=descriptor,
        tables=published.tables,
        publisher_en=publisher_en,
        warning=SAMPLE_WARNING,
    )
    return text.encode()
