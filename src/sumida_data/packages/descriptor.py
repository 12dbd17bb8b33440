"""What is said of a package: its Data Package descriptor, and the same in the words of others.

Only promises that a reader can check with frictionless are made: types, ``required``, ``enum``,
``minimum``, ``maximum``, ``pattern``, the primary key, hashes and sizes. Properties that version 2
of the standard does not know begin with ``sumida:``.

All else is made from the descriptor. CSV on the Web (W3C, 2015) describes the CSV files; DCAT-AP 3
is the application profile that European catalogues harvest; by schema.org search engines find data
sets. The contexts stand in the documents, so that they can be read without a network.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from uuid import NAMESPACE_URL, uuid5

from sumida_data.base.metadata import Field, HomeMunicipality, Row
from sumida_data.packages.models import FREQUENCIES, PackageError, Packages
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
_EU = "http://publications.europa.eu/resource/authority"
_LANGUAGE = {"@id": f"{_EU}/language/JPN"}
_FILE_TYPES = {"csv": "CSV", "parquet": "PARQUET", "xlsx": "XLSX"}
_CSVW_TYPES = {"number": "decimal", "yearmonth": "gYearMonth"}
# By these titles CKAN's harvester finds a licence in the register of its site.
_LICENSES = {"CC-BY-4.0": ("クリエイティブ・コモンズ 表示", "Creative Commons Attribution")}
_DCAT_CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every package is described with: its publisher, and where central figures come from.

    Rows of tables are held back where a person seems to be named there.
    """

    packages: Packages
    municipality: HomeMunicipality
    sources: CentralSources
    held_back: Mapping[str, int] = field(default_factory=dict)


def describe_package(
    published: PublishedPackage, surroundings: Surroundings, history: History
) -> Row:
    """Describe a package without its files; a PackageError names a source that is unknown."""
    package, packages = published.package, surroundings.packages
    version = history[0]["version"]
    address = f"{packages.catalogue_url}/dataset/{package.name}"
    as_of = f"、{published.last_day}現在" if published.last_day else ""
    days = {"start": published.first_day, "end": published.last_day}
    citation = f"{packages.publisher}「{published.title}」第{version}版{as_of}"
    tables = [one.table for one in published.tables]
    held_back = {one.title: surroundings.held_back.get(one.name, 0) for one in tables}
    office = surroundings.municipality
    publisher: dict[str, object] = {"title": packages.publisher, "path": packages.homepage}
    publisher |= {"organization": office.name, "roles": ["creator", "publisher", "contact"]}
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
        "contributors": [publisher],
        "sources": _describe_sources(package.sources, surroundings),
        "keywords": list(package.keywords),
        "sumida:titleEn": package.title_en,
        "sumida:descriptionEn": package.description_en,
        "sumida:publisherEn": packages.publisher_en,
        "sumida:updateFrequency": packages.update_frequency,
        "sumida:temporal": {key: str(day or "") for key, day in days.items()},
        "sumida:issued": day_of(history[-1]),
        "sumida:modified": day_of(history[0]),
        "sumida:spatial": office.model_dump(include={"code", "name"}),
        "sumida:address": f"{address}/{version}/",
        "sumida:latest": f"{address}/latest/",
        "sumida:citation": f"{citation}、{address}/{version}/、{packages.licenses[0].name}",
        "sumida:sample": published.sample,
        **({"sumida:rowsHeldBack": held_back} if any(held_back.values()) else {}),
    }


def _describe_sources(names: Iterable[str], surroundings: Surroundings) -> list[Row]:
    """Describe where the figures come from, with the lines that must accompany them."""
    packages = surroundings.packages
    own = packages.survey_title
    known = {
        one.source: (one.title, one.path, one.publisher, one.license, one.attribution)
        for one in surroundings.sources.root
    } | {"survey": (own, "", packages.publisher, packages.licenses[0].name, own)}
    if unknown := set(names) - set(known):
        raise PackageError(
            f"packages.yml: sources に {'、'.join(sorted(unknown))} という出所はありません。"
            f"書けるのは {'、'.join(known)} です。"
        )
    terms = {one.name: one for one in packages.source_licenses}
    described = []
    for title, path, publisher, license_, attribution in map(known.__getitem__, names):
        if license_ not in terms:
            raise PackageError(
                f"sources.yml: {title} の license = {license_!r} — "
                f"使えるのは packages.yml の source_licenses にある {'、'.join(terms)} です。"
            )
        place = f"（{path}）" if path else ""
        words = f"{terms[license_].title}（{terms[license_].path}）"
        source = {
            "title": title,
            "path": path,
            "sumida:publisher": publisher,
            "sumida:license": license_,
            "sumida:attribution": attribution,
            "sumida:licensePath": terms[license_].path,
            "sumida:credit": f"{attribution}{place}、{words}を加工して作成",
        }
        described.append(_drop_empty(source))
    return described


def describe_csv(published: PublishedTable, path: str, content: bytes) -> Row:
    """Describe a CSV file and the promises that its table makes."""
    table = published.table
    keys = [
        {"fields": [*key.fields], "reference": {"resource": key.table, "fields": [*key.fields]}}
        for key in table.foreign_keys
    ]
    schema = {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [_describe_field(one) for one in table.fields],
        "primaryKey": list(table.primary_key),
        "foreignKeys": keys,
        "missingValues": [""],
    }
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        **_describe_file(path, content),
        **_CSV,
        "schema": _drop_empty(schema),
        "sumida:titleEn": table.title_en,
        "sumida:rows": published.rows.num_rows,
        **_drop_empty({"sumida:deprecated": published.deprecated}),
    }


def _describe_field(one: Field) -> Row:
    described = {
        "name": one.name,
        "type": one.type,
        "title": one.title,
        "description": one.description,
        "constraints": one.model_dump(mode="json", include=_CONSTRAINTS, exclude_defaults=True),
        "categories": [{"value": name, "label": code.title} for name, code in one.codes.items()],
        "sumida:titleEn": one.title_en,
        "sumida:unit": one.unit,
        "sumida:unitField": one.unit_field,
        "sumida:statusField": one.status,
        "sumida:deprecated": one.deprecated,
        "missingValues": [{"value": "", "label": word} for word in one.empty.values()],
    }
    return _drop_empty(described)


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
    described = {"path": path, "format": form, "mediatype": _MEDIA_TYPES[form]}
    return described | {"bytes": len(content), "hash": f"sha256:{sha256(content).hexdigest()}"}


def describe_in_csvw(descriptor: Row) -> Row:
    """Return the table group that describes every CSV file of the package."""
    tables = []
    for resource in descriptor["resources"]:
        if resource.get("type") == "table":
            schema = resource["schema"]
            described = {
                "columns": [_describe_csv_column(column) for column in schema["fields"]],
                "primaryKey": schema["primaryKey"],
                "foreignKeys": [_describe_csv_key(key) for key in schema.get("foreignKeys", ())],
            }
            table = {
                "url": resource["path"],
                "dc:title": _in_both(resource["title"], resource["sumida:titleEn"]),
                "dc:description": _japanese(resource["description"]),
                "tableSchema": _drop_empty(described),
            }
            tables.append(table)
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "ja"}],
        "dc:identifier": descriptor["id"],
        "dc:title": _in_both(descriptor["title"], descriptor["sumida:titleEn"]),
        "dc:description": _japanese(descriptor["description"]),
        "dc:publisher": descriptor["contributors"][0]["title"],
        "dc:license": {"@id": descriptor["licenses"][0]["path"]},
        "dc:source": [source["sumida:credit"] for source in descriptor["sources"]],
        "schema:version": descriptor["version"],
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"'},
        "tables": tables,
    }


def _describe_csv_key(key: Row) -> Row:
    table = f"{key['reference']['resource']}.csv"
    columns = {"columnReference": key["fields"]}
    return columns | {"reference": {"resource": table, **columns}}


def _describe_csv_column(column: Row) -> Row:
    base = _CSVW_TYPES.get(column["type"], column["type"])
    constraints = column.get("constraints", {})
    limits = {key: constraints[key] for key in ("minimum", "maximum") if key in constraints}
    if "pattern" in constraints:
        limits["format"] = constraints["pattern"]
    elif "enum" in constraints:
        limits["format"] = "|".join(map(re.escape, constraints["enum"]))
    described = {
        "name": column["name"],
        # The heading in the file; people's headings are titles in the sense of Dublin Core.
        "titles": column["name"],
        "dc:title": _in_both(column["title"], column["sumida:titleEn"]),
        "datatype": {"base": base} | limits if limits else base,
        "required": constraints.get("required", False),
    }
    if "description" in column:
        described["dc:description"] = _japanese(column["description"])
    return described | _drop_empty({"schema:unitText": column.get("sumida:unit")})


def describe_catalogue(
    descriptors: Iterable[Row], packages: Packages, title: str, description: str
) -> Row:
    """Describe all packages, and those withdrawn, as a ``dcat:Catalog`` of a Japanese title."""
    datasets = [describe_in_dcat(descriptor) | {"@context": None} for descriptor in descriptors]
    start = f"{packages.catalogue_url}/dataset"
    gone = [
        {
            "@id": f"{start}/{one.name}/",
            "@type": "dcat:Dataset",
            "dct:title": _japanese(one.title),
            "dct:description": _japanese(one.reason),
            "dct:modified": _day(str(one.withdrawn_on)),
            "adms:status": {"@id": f"{_EU}/dataset-status/WITHDRAWN"},
            "dct:isReplacedBy": one.replacement and {"@id": f"{start}/{one.replacement}/"},
        }
        for one in packages.withdrawn
    ]
    return {
        "@context": _DCAT_CONTEXT,
        "@id": f"{packages.catalogue_url}/",
        "@type": "dcat:Catalog",
        "dct:title": _japanese(title),
        "dct:description": _japanese(description),
        "dct:publisher": _agent(packages.homepage, packages.publisher, packages.publisher_en),
        "dct:language": _LANGUAGE,
        "dct:license": {"@id": packages.licenses[0].path},
        "foaf:homepage": {"@id": f"{packages.catalogue_url}/"},
        "dcat:dataset": list(map(_drop_empty, datasets + gone)),
    }


def describe_in_dcat(descriptor: Row) -> Row:
    """Describe a package as a ``dcat:Dataset`` with its distributions: a whole JSON-LD document."""
    homepage, publisher = descriptor["homepage"], descriptor["contributors"][0]["title"]
    sources, place = descriptor["sources"], descriptor["sumida:spatial"]
    start, end = (_day(descriptor["sumida:temporal"][key]) for key in ("start", "end"))
    name, url = _japanese(publisher), {"@id": homepage}
    credit = _japanese("".join(f"{one['sumida:credit']}。" for one in sources))
    spatial = {"dct:identifier": place["code"], "skos:prefLabel": _japanese(place["name"])}
    period = {"@type": "dct:PeriodOfTime", "dcat:startDate": start, "dcat:endDate": end}
    # What was published before may have a word that is no longer one.
    frequency = FREQUENCIES.get(descriptor["sumida:updateFrequency"])
    described = {
        "@context": _DCAT_CONTEXT,
        "@id": descriptor["sumida:latest"].removesuffix("latest/"),
        "@type": "dcat:Dataset",
        "dct:identifier": descriptor["id"],
        "dct:title": _in_both(descriptor["title"], descriptor["sumida:titleEn"]),
        "dct:description": _in_both(descriptor["description"], descriptor["sumida:descriptionEn"]),
        "dct:publisher": _agent(homepage, publisher, descriptor["sumida:publisherEn"])
        | {"dct:type": {"@id": "http://purl.org/adms/publishertype/LocalAuthority"}},
        "dct:creator": url,
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": name, "vcard:hasURL": url},
        "dcat:keyword": [_japanese(word) for word in descriptor["keywords"]],
        "dcat:theme": {"@id": f"{_EU}/data-theme/GOVE"},
        "dct:language": _LANGUAGE,
        "dct:accrualPeriodicity": frequency and {"@id": f"{_EU}/frequency/{frequency.authority}"},
        "dct:spatial": {"@type": "dct:Location"} | spatial,
        "dct:temporal": start and period,
        "dct:issued": _day(descriptor["sumida:issued"]),
        "dct:modified": _day(descriptor["sumida:modified"]),
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": credit},
        "dct:source": [{"@id": one["path"]} for one in sources if "path" in one],
        "dcat:landingPage": {"@id": descriptor["sumida:latest"]},
        "dcat:version": descriptor["version"],
        "dcat:hasCurrentVersion": {"@id": descriptor["sumida:address"]},
        "dcat:distribution": [
            _describe_distribution(resource, form, descriptor)
            for resource in descriptor["resources"]
            if (form := _FILE_TYPES.get(resource["path"].rpartition(".")[2]))
        ],
    }
    return _drop_empty(described)


def _describe_distribution(resource: Row, form: str, descriptor: Row) -> Row:
    place, terms = f"{descriptor['sumida:latest']}{resource['path']}", descriptor["licenses"][0]
    media_types = "https://www.iana.org/assignments/media-types"
    titles = _LICENSES.get(terms["name"])
    license_title = {"dct:title": _in_both(*titles)} if titles else {}
    checksum = {"@value": resource["hash"].removeprefix("sha256:"), "@type": "xsd:hexBinary"}
    return {
        "@id": place,
        "@type": "dcat:Distribution",
        "dct:title": _japanese(resource["title"]),
        "dct:description": _japanese(resource.get("description") or resource["title"]),
        "dcat:accessURL": {"@id": place},
        "dcat:downloadURL": {"@id": place},
        "dct:format": {"@id": f"{_EU}/file-type/{form}"},
        "dcat:mediaType": {"@id": f"{media_types}/{resource['mediatype']}"},
        "dcat:byteSize": {"@value": str(resource["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:license": {"@id": terms["path"], "@type": "dct:LicenseDocument"} | license_title,
        "dcatap:availability": {"@id": f"{_EU}/planned-availability/STABLE"},
        "dct:conformsTo": {"@id": "https://datapackage.org/standard/data-package/"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": checksum,
        },
    }


def describe_in_schema_org(descriptor: Row) -> Row:
    """Describe a package as a ``Dataset``: a whole JSON-LD document with its own context."""
    publisher = {
        "@type": "GovernmentOrganization",
        "name": descriptor["contributors"][0]["title"],
        "alternateName": descriptor["sumida:publisherEn"],
        "url": {"@id": descriptor["homepage"]},
    }
    temporal, place = descriptor["sumida:temporal"], descriptor["sumida:spatial"]
    place = {"name": place["name"], "identifier": place["code"]}
    downloads = [
        {
            "@type": "DataDownload",
            "name": one["title"],
            "contentUrl": {"@id": f"{descriptor['sumida:latest']}{one['path']}"},
            "encodingFormat": one["mediatype"],
            "contentSize": f"{one['bytes']} B",
            "sha256": one["hash"].removeprefix("sha256:"),
        }
        for one in descriptor["resources"]
    ]
    described = {
        # Not the address of schema.org's own context, which readers would have to fetch.
        "@context": {"@vocab": "https://schema.org/"},
        "@id": descriptor["sumida:latest"].removesuffix("latest/"),
        "@type": "Dataset",
        "identifier": descriptor["id"],
        "name": descriptor["title"],
        "alternateName": descriptor["sumida:titleEn"],
        "description": descriptor["description"],
        "url": {"@id": descriptor["sumida:latest"]},
        "version": descriptor["version"],
        "keywords": descriptor["keywords"],
        "license": {"@id": descriptor["licenses"][0]["path"]},
        "creator": publisher,
        "publisher": publisher,
        "inLanguage": "ja",
        "isAccessibleForFree": True,
        "creditText": descriptor["sumida:citation"],
        "isBasedOn": [source["path"] for source in descriptor["sources"] if "path" in source],
        "temporalCoverage": temporal["start"] and f"{temporal['start']}/{temporal['end']}",
        "datePublished": descriptor["sumida:issued"],
        "dateModified": descriptor["sumida:modified"],
        "spatialCoverage": {"@type": "AdministrativeArea"} | place,
        "variableMeasured": _list_variables(descriptor),
        "distribution": downloads,
    }
    return _drop_empty(described)


def _list_variables(descriptor: Row) -> list[Row]:
    """Return the numbers that the tables hold; columns that say the same stand there once."""
    variables: list[Row] = []
    schemas = (one["schema"] for one in descriptor["resources"] if "schema" in one)
    for one in chain.from_iterable(schema["fields"] for schema in schemas):
        variable = {
            "@type": "PropertyValue",
            "name": one["title"],
            "alternateName": one["name"],
            "description": one.get("description", ""),
            **_drop_empty({"unitText": one.get("sumida:unit")}),
        }
        if one["type"] in ("integer", "number") and variable not in variables:
            variables.append(variable)
    return variables


def _agent(homepage: str, name: str, name_en: str) -> Row:
    return {"@id": homepage, "@type": "foaf:Agent", "foaf:name": _in_both(name, name_en)}


def _day(text: str) -> Row | None:
    return {"@value": text, "@type": "xsd:date"} if text else None


def _japanese(text: str) -> Row:
    return {"@value": text, "@language": "ja"}


def _in_both(japanese: str, english: str) -> list[Row]:
    return [_japanese(japanese), {"@value": english, "@language": "en"}]


def _drop_empty(described: Row) -> Row:
    return {key: value for key, value in described.items() if value}
