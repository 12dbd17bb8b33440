"""Data Package descriptors, version 2 of the standard.

Only promises that a reader can check with frictionless are made: types, ``required``, ``enum``,
``minimum``, ``maximum``, ``pattern``, the primary key, hashes and sizes. Properties that the
standard does not know begin with ``sumida:``.
"""

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sumida_data.metadata import Field, Table
from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata.models import Packages
from sumida_data.opendata.published import PackageError, PublishedPackage, PublishedTable
from sumida_data.survey.form import CentralSources

_PROFILES = "https://datapackage.org/profiles/2.0"
_CONSTRAINTS = ("required", "enum", "minimum", "maximum", "pattern")
_MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CSV = {
    "encoding": "utf-8",
    "dialect": {
        "$schema": f"{_PROFILES}/tabledialect.json",
        "header": True,
        "delimiter": ",",
        "lineTerminator": "\n",
        "quoteChar": '"',
        "doubleQuote": True,
        "sumida:byteOrderMark": True,
    },
}

Descriptor = dict[str, Any]


def describe_package(
    published: PublishedPackage,
    packages: Packages,
    municipality: HomeMunicipality,
    sources: CentralSources,
) -> Descriptor:
    """Describe a package without its files.

    Raises:
        PackageError: If the package names a source that is not described.
    """
    package = published.package
    return {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": package.name,
        "id": str(uuid5(NAMESPACE_URL, f"{packages.homepage}#{package.name}")),
        "title": published.title,
        "description": package.description,
        "homepage": packages.homepage,
        "version": "1.0.0",
        "licenses": [item.model_dump() for item in packages.licenses],
        "contributors": [
            {
                "title": packages.publisher,
                "organization": municipality.name,
                "roles": ["creator", "publisher"],
            }
        ],
        "sources": describe_sources(package.sources, packages, sources),
        "keywords": list(package.keywords),
        "sumida:titleEn": package.title_en,
        "sumida:descriptionEn": package.description_en,
        "sumida:updateFrequency": packages.update_frequency,
        "sumida:temporal": {
            "start": str(published.first_day or ""),
            "end": str(published.last_day or ""),
        },
        "sumida:sample": published.sample,
    }


def describe_sources(
    names: Iterable[str], packages: Packages, sources: CentralSources
) -> list[Descriptor]:
    """Describe where the figures come from, with the lines that must accompany them.

    Raises:
        PackageError: If a source is not described.
    """
    known: dict[str, Descriptor] = {
        source.source: {
            "title": source.title,
            "sumida:publisher": source.publisher,
            "sumida:license": source.license,
            "sumida:attribution": source.attribution,
        }
        for source in sources.root
    }
    known["survey"] = {
        "title": packages.survey_title,
        "sumida:publisher": packages.publisher,
        "sumida:license": packages.licenses[0].name,
        "sumida:attribution": packages.survey_title,
    }
    if unknown := set(names) - set(known):
        raise PackageError(
            f"packages.yml: sources に {'、'.join(sorted(unknown))} という出所はありません。"
            f"書けるのは {'、'.join(known)} です。"
        )
    return [known[name] for name in names]


def describe_csv(published: PublishedTable, path: str, content: bytes) -> Descriptor:
    """Describe a CSV file and the promises that its table makes."""
    table = published.table
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        **_describe_file(path, content),
        **_CSV,
        "schema": describe_schema(table),
        "sumida:titleEn": table.title_en,
        "sumida:rows": published.rows.num_rows,
    }


def describe_copy(title: str, path: str, content: bytes) -> Descriptor:
    """Describe a file that holds in another format what the CSV files hold.

    Its format stands in capitals, as catalogues write it. frictionless then checks size and hash;
    for formats in small letters it reads one table, and reports the guide sheet of a workbook and
    the missing integers of Parquet as errors.
    """
    file = _describe_file(path, content)
    form = file["format"]
    return {
        "name": f"{path.removesuffix(f'.{form}')}_{form}",
        "title": f"{title}({form.upper()})",
        **file,
        "format": form.upper(),
    }


def describe_schema(table: Table) -> Descriptor:
    """Describe a table's columns as a Table Schema."""
    return {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [_describe_field(field) for field in table.fields],
        "primaryKey": list(table.primary_key),
        "missingValues": [""],
    }


def _describe_file(path: str, content: bytes) -> Descriptor:
    form = path.rpartition(".")[2]
    return {
        "path": path,
        "format": form,
        "mediatype": _MEDIA_TYPES[form],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _describe_field(field: Field) -> Descriptor:
    described = {
        "name": field.name,
        "type": field.type,
        "title": field.title,
        "description": field.description,
        "constraints": field.model_dump(
            mode="json", include=set(_CONSTRAINTS), exclude_defaults=True
        ),
        "sumida:titleEn": field.title_en,
        "sumida:unit": field.unit,
    }
    return {key: value for key, value in described.items() if value}
