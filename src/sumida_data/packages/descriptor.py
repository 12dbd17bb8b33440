"""What is said of a package: its Data Package descriptor, and the same in the words of others.

Only promises that a reader can check with frictionless are made: types, ``required``, ``enum``,
``minimum``, ``maximum``, ``pattern``, the primary key, hashes and sizes. Properties that version 2
of the standard does not know begin with ``sumida:``.

All else is made from the descriptor. CSV on the Web (W3C, 2015) describes the CSV files; DCAT-AP 3
is the application profile that European catalogues harvest; by schema.org search engines find data
sets. The contexts are in the documents, so that they can be read without a network.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from uuid import NAMESPACE_URL, uuid5

from sumida_data.base.metadata import Field, HomeMunicipality, Row
from sumida_data.packages.models import FREQUENCIES, Packages
from sumida_data.packages.published import PublishedPackage, PublishedTable, describe_file
from sumida_data.packages.versions import History, day_of
from sumida_data.survey.form import CentralSources

_PROFILES = "https://datapackage.org/profiles/2.0"
_CONSTRAINTS = {"required", "enum", "minimum", "maximum", "pattern"}
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
        # Precedes a text that a spreadsheet would take for a formula; see write_csv.
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
    """Describe a package without its files."""
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
        "sources": list(_describe_sources(package.sources, surroundings)),
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


def _describe_sources(names: Iterable[str], surroundings: Surroundings) -> Iterator[Row]:
    """Describe where the figures come from, with the lines that must accompany them."""
    packages = surroundings.packages
    own, terms = packages.survey_title, {one.name: one for one in packages.source_licenses}
    known = {
        one.source: (one.title, one.path, one.publisher, one.license, one.attribution)
        for one in surroundings.sources.root
    } | {"survey": (own, None, packages.publisher, packages.licenses[0].name, own)}
    for title, path, publisher, license_, attribution in map(known.__getitem__, names):
        place, named = f"（{path}）" if path else "", terms[license_]
        described = {
            "title": title,
            "path": path,
            "sumida:publisher": publisher,
            "sumida:license": license_,
            "sumida:attribution": attribution,
            "sumida:licensePath": named.path,
            "sumida:credit": f"{attribution}{place}、{named.title}（{named.path}）を加工して作成",
        }
        yield _drop_empty(described)


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
        **describe_file(path, content),
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
        "missingValues": [{"value": "", "label": code.title} for code in one.empty.values()],
        "sumida:emptyEn": one.say_empty("en"),
    }
    return _drop_empty(described)


def describe_copy(title: str, path: str, content: bytes) -> Row:
    """Describe a file that is not read as a table: a copy in another format, or an explanation.

    Its format is in capitals, as catalogues write it. frictionless then checks size and hash;
    for formats in small letters it reads one table, and reports the guide sheet of a workbook and
    the missing integers of Parquet as errors.
    """
    file = describe_file(path, content)
    form = file["format"]
    return {
        # Readers of version 1 refuse a package with capitals in a name.
        "name": f"{path.removesuffix(f'.{form}')}_{form}".lower(),
        "title": title if form in ("md", "py") else f"{title}({form.upper()})",
        **file,
        "format": form.upper(),
    }


def describe_in_csvw(descriptor: Row) -> Row:
    """Return the table group that describes every CSV file of the package."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "ja"}],
        "dc:identifier": descriptor["id"],
        "dc:title": _titles(descriptor),
        "dc:description": _japanese(descriptor["description"]),
        "dc:publisher": descriptor["contributors"][0]["title"],
        "dc:license": {"@id": descriptor["licenses"][0]["path"]},
        "dc:source": [source["sumida:credit"] for source in descriptor["sources"]],
        "schema:version": descriptor["version"],
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"'},
        "tables": [_describe_in_csvw(one) for one in descriptor["resources"] if "schema" in one],
    }


def _describe_in_csvw(resource: Row) -> Row:
    schema, keys = resource["schema"], []
    for key in schema.get("foreignKeys", ()):
        same, table = {"columnReference": key["fields"]}, key["reference"]["resource"]
        keys.append(same | {"reference": {"resource": f"{table}.csv", **same}})
    columns = list(map(_describe_csv_column, schema["fields"]))
    described = {"columns": columns, "primaryKey": schema["primaryKey"], "foreignKeys": keys}
    return {
        "url": resource["path"],
        "dc:title": _titles(resource),
        "dc:description": _japanese(resource["description"]),
        "tableSchema": _drop_empty(described),
    }


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
        "dc:title": _titles(column),
        "datatype": {"base": base} | limits if limits else base,
        "required": constraints.get("required", False),
    }
    if "description" in column:
        described["dc:description"] = _japanese(column["description"])
    return described | _drop_empty({"schema:unitText": column.get("sumida:unit")})


def describe_catalogue(
    datasets: Iterable[Row], packages: Packages, title: str, description: str
) -> Row:
    """Join what packages say of themselves in DCAT, and those withdrawn, to a ``dcat:Catalog``."""
    start = f"{packages.catalogue_url}/dataset"
    gone = [
        {
            "@id": f"{start}/{one.name}/",
            "@type": "dcat:Dataset",
            "dct:title": _japanese(one.title),
            "dct:description": _japanese(one.reason),
            "dct:modified": _day(str(one.withdrawn_on)),
            "adms:status": {"@id": f"{_EU}/dataset-status/WITHDRAWN"},
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
        "dcat:dataset": [_drop_empty(one | {"@context": None}) for one in (*datasets, *gone)],
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
    frequency = FREQUENCIES[descriptor["sumida:updateFrequency"]].authority
    described = {
        "@context": _DCAT_CONTEXT,
        "@id": descriptor["sumida:latest"].removesuffix("latest/"),
        "@type": "dcat:Dataset",
        "dct:identifier": descriptor["id"],
        "dct:title": _titles(descriptor),
        "dct:description": _in_both(descriptor["description"], descriptor["sumida:descriptionEn"]),
        "dct:publisher": _agent(homepage, publisher, descriptor["sumida:publisherEn"])
        | {"dct:type": {"@id": "http://purl.org/adms/publishertype/LocalAuthority"}},
        "dct:creator": url,
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": name, "vcard:hasURL": url},
        "dcat:keyword": [_japanese(word) for word in descriptor["keywords"]],
        "dcat:theme": {"@id": f"{_EU}/data-theme/GOVE"},
        "dct:language": _LANGUAGE,
        "dct:accrualPeriodicity": {"@id": f"{_EU}/frequency/{frequency}"},
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
    """Return the numbers that the tables hold; columns that say the same are listed once."""
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


def _titles(described: Row) -> list[Row]:
    return _in_both(described["title"], described["sumida:titleEn"])


def _in_both(japanese: str, english: str) -> list[Row]:
    return [_japanese(japanese), {"@value": english, "@language": "en"}]


def _drop_empty(described: Row) -> Row:
    return {key: value for key, value in described.items() if value}
