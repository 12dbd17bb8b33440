"""Data Package descriptors, version 2 of the standard.

Only promises that a reader can check with frictionless are made: types, ``required``, ``enum``,
``minimum``, ``maximum``, ``pattern``, the primary key, hashes and sizes. Properties that the
standard does not know begin with ``sumida:``.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from sumida_data.base.metadata import Field, HomeMunicipality, Row, Table
from sumida_data.packages.models import PackageError, Packages
from sumida_data.packages.published import PublishedPackage, PublishedTable
from sumida_data.packages.versions import History, day_of
from sumida_data.survey.form import CentralSources

_PROFILES = "https://datapackage.org/profiles/2.0"
_CONSTRAINTS = {"required", "enum", "minimum", "maximum", "pattern"}
_MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "atom": "application/atom+xml",
    "md": "text/markdown",
    "py": "text/x-python",
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
        # Stands before a text that a spreadsheet would take for a formula; see write_csv.
        "sumida:formulaGuard": "'",
    },
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every package is described with.

    Attributes:
        sources: Where figures of central files come from.
        held_back: How many rows of tables do not go out because a person seems to be named there.
    """

    packages: Packages
    municipality: HomeMunicipality
    sources: CentralSources
    held_back: Mapping[str, int] = field(default_factory=dict)


def describe_package(
    published: PublishedPackage, surroundings: Surroundings, history: History
) -> Row:
    """Describe a package, the newest version of its history, without its files.

    Raises:
        PackageError: If the package names a source that is not described.
    """
    package, packages = published.package, surroundings.packages
    version = history[0]["version"]
    address = f"{packages.catalogue_url}/dataset/{package.name}"
    as_of = f"、{published.last_day}現在" if published.last_day else ""
    citation = f"{packages.publisher}「{published.title}」第{version}版{as_of}"
    tables = [one.table for one in published.tables]
    held_back = {one.title: surroundings.held_back.get(one.name, 0) for one in tables}
    return {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": package.name,
        # It depends on the name only and never changes.
        "id": str(uuid5(NAMESPACE_URL, f"{packages.homepage}#{package.name}")),
        "title": published.title,
        "description": package.description,
        "homepage": packages.homepage,
        "version": version,
        "licenses": [item.model_dump() for item in packages.licenses],
        "contributors": [
            {
                "title": packages.publisher,
                "path": packages.homepage,
                "organization": surroundings.municipality.name,
                "roles": ["creator", "publisher", "contact"],
            }
        ],
        "sources": _describe_sources(package.sources, surroundings),
        "keywords": list(package.keywords),
        "sumida:titleEn": package.title_en,
        "sumida:descriptionEn": package.description_en,
        "sumida:publisherEn": packages.publisher_en,
        "sumida:updateFrequency": packages.update_frequency,
        "sumida:temporal": {
            "start": str(published.first_day or ""),
            "end": str(published.last_day or ""),
        },
        "sumida:issued": day_of(history[-1]),
        "sumida:modified": day_of(history[0]),
        "sumida:spatial": surroundings.municipality.model_dump(include={"code", "name"}),
        "sumida:address": f"{address}/{version}/",
        "sumida:latest": f"{address}/latest/",
        "sumida:citation": f"{citation}、{address}/{version}/、{packages.licenses[0].name}",
        "sumida:sample": published.sample,
        **({"sumida:rowsHeldBack": held_back} if any(held_back.values()) else {}),
    }


def _describe_sources(names: Iterable[str], surroundings: Surroundings) -> list[Row]:
    """Describe where the figures come from, with the lines that must accompany them."""
    packages = surroundings.packages
    known: dict[str, Row] = {
        source.source: {
            "title": source.title,
            "path": source.path,
            "sumida:publisher": source.publisher,
            "sumida:license": source.license,
            "sumida:attribution": source.attribution,
        }
        for source in surroundings.sources.root
    }
    known["survey"] = {
        "title": packages.survey_title,
        "path": None,
        "sumida:publisher": packages.publisher,
        "sumida:license": packages.licenses[0].name,
        "sumida:attribution": packages.survey_title,
    }
    if unknown := set(names) - set(known):
        raise PackageError(
            f"packages.yml: sources に {'、'.join(sorted(unknown))} という出所はありません。"
            f"書けるのは {'、'.join(known)} です。"
        )
    return [_add_terms(known[name], packages) for name in names]


def _add_terms(source: Row, packages: Packages) -> Row:
    terms = {one.name: one for one in packages.source_licenses}
    name = source["sumida:license"]
    if name not in terms:
        raise PackageError(
            f"sources.yml: {source['title']} の license = {name!r} — "
            f"使えるのは packages.yml の source_licenses にある {'、'.join(terms)} です。"
        )
    place = f"（{source['path']}）" if source["path"] else ""
    license_words = f"{terms[name].title}（{terms[name].path}）"
    credit = f"{source['sumida:attribution']}{place}、{license_words}を加工して作成"
    described = source | {"sumida:licensePath": terms[name].path, "sumida:credit": credit}
    return {key: value for key, value in described.items() if value}


def describe_csv(published: PublishedTable, path: str, content: bytes) -> Row:
    """Describe a CSV file and the promises that its table makes."""
    table = published.table
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        **_describe_file(path, content),
        **_CSV,
        "schema": _describe_schema(table),
        "sumida:titleEn": table.title_en,
        "sumida:rows": published.rows.num_rows,
        **({"sumida:deprecated": published.deprecated} if published.deprecated else {}),
    }


def describe_copy(title: str, path: str, content: bytes) -> Row:
    """Describe a file that is not read as a table: a copy in another format, or an explanation.

    Its format stands in capitals, as catalogues write it. frictionless then checks size and hash;
    for formats in small letters it reads one table, and reports the guide sheet of a workbook and
    the missing integers of Parquet as errors.
    """
    file = _describe_file(path, content)
    form = file["format"]
    return {
        "name": f"{path.removesuffix(f'.{form}')}_{form}",
        "title": title if form in ("md", "py") else f"{title}({form.upper()})",
        **file,
        "format": form.upper(),
    }


def _describe_file(path: str, content: bytes) -> Row:
    form = path.rpartition(".")[2]
    return {
        "path": path,
        "format": form,
        "mediatype": _MEDIA_TYPES[form],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def _describe_schema(table: Table) -> Row:
    keys = [
        {
            "fields": list(key.fields),
            "reference": {"resource": key.table, "fields": list(key.reference_fields)},
        }
        for key in table.foreign_keys
    ]
    return {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [_describe_field(field) for field in table.fields],
        "primaryKey": list(table.primary_key),
        **({"foreignKeys": keys} if keys else {}),
        "missingValues": [""],
    }


def _describe_field(field: Field) -> Row:
    described = {
        "name": field.name,
        "type": field.type,
        "title": field.title,
        "description": field.description,
        "constraints": field.model_dump(mode="json", include=_CONSTRAINTS, exclude_defaults=True),
        "categories": [
            {"value": value, "label": code.title} for value, code in field.codes.items()
        ],
        "sumida:titleEn": field.title_en,
        "sumida:unit": field.unit,
        "sumida:unitField": field.unit_field,
        "sumida:statusField": field.status,
        "sumida:deprecated": field.deprecated,
        "missingValues": [{"value": "", "label": word} for word in field.empty.values()],
    }
    return {key: value for key, value in described.items() if value}
