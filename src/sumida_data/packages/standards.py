"""A package in the words of other standards, each made from its descriptor.

CSV on the Web (W3C, 2015) describes its CSV files; DCAT-AP 3 is the application profile that
European catalogues harvest; by schema.org search engines find data sets. The contexts stand in the
documents, so that they can be read without a network.
"""

import re
from collections.abc import Iterable

from sumida_data.base.metadata import Row
from sumida_data.packages.models import FREQUENCIES, Packages, Withdrawn

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


def describe_in_csvw(descriptor: Row) -> Row:
    """Return the table group that describes every CSV file of the package."""
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
        "tables": [
            {
                "url": resource["path"],
                "dc:title": _in_both(resource["title"], resource["sumida:titleEn"]),
                "dc:description": _japanese(resource["description"]),
                "tableSchema": _describe_csv_table(resource["schema"]),
            }
            for resource in descriptor["resources"]
            if resource.get("type") == "table"
        ],
    }


def _describe_csv_table(schema: Row) -> Row:
    references = [
        {
            "columnReference": key["fields"],
            "reference": {
                "resource": f"{key['reference']['resource']}.csv",
                "columnReference": key["reference"]["fields"],
            },
        }
        for key in schema.get("foreignKeys", ())
    ]
    return _drop_empty(
        {
            "columns": [_describe_csv_column(field) for field in schema["fields"]],
            "primaryKey": schema["primaryKey"],
            "foreignKeys": references,
        }
    )


def _describe_csv_column(field: Row) -> Row:
    constraints = field.get("constraints", {})
    column = {
        "name": field["name"],
        # The heading in the file; people's headings are titles in the sense of Dublin Core.
        "titles": field["name"],
        "dc:title": _in_both(field["title"], field["sumida:titleEn"]),
        "datatype": _describe_datatype(field["type"], constraints),
        "required": constraints.get("required", False),
    }
    if "description" in field:
        column["dc:description"] = _japanese(field["description"])
    if "sumida:unit" in field:
        column["schema:unitText"] = field["sumida:unit"]
    return column


def _describe_datatype(name: str, constraints: Row) -> str | Row:
    base = _CSVW_TYPES.get(name, name)
    limits: Row = {key: constraints[key] for key in ("minimum", "maximum") if key in constraints}
    if "pattern" in constraints:
        limits["format"] = constraints["pattern"]
    elif "enum" in constraints:
        limits["format"] = "|".join(map(re.escape, constraints["enum"]))
    return {"base": base} | limits if limits else base


def describe_in_dcat(descriptor: Row) -> Row:
    """Describe a package as a ``dcat:Dataset`` with its distributions: a whole JSON-LD document."""
    return {"@context": _DCAT_CONTEXT} | _describe_dataset(descriptor)


def describe_catalogue(
    descriptors: Iterable[Row], packages: Packages, title: str, description: str
) -> Row:
    """Describe all packages as a ``dcat:Catalog``: a whole JSON-LD document.

    Args:
        descriptors: The packages with their resources.
        packages: Publisher, licences and the withdrawn packages.
        title: Japanese title of the catalogue.
        description: What it holds, in Japanese.
    """
    datasets = [_describe_dataset(descriptor) for descriptor in descriptors]
    gone = [_describe_withdrawn(one, packages) for one in packages.withdrawn]
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
        "dcat:dataset": datasets + gone,
    }


def _describe_dataset(descriptor: Row) -> Row:
    sources = descriptor["sources"]
    described = {
        "@id": descriptor["sumida:latest"].removesuffix("latest/"),
        "@type": "dcat:Dataset",
        "dct:identifier": descriptor["id"],
        "dct:title": _in_both(descriptor["title"], descriptor["sumida:titleEn"]),
        "dct:description": _in_both(descriptor["description"], descriptor["sumida:descriptionEn"]),
        **_describe_office(descriptor),
        "dcat:keyword": [_japanese(word) for word in descriptor["keywords"]],
        "dcat:theme": {"@id": f"{_EU}/data-theme/GOVE"},
        "dct:language": _LANGUAGE,
        **_describe_coverage(descriptor),
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": _japanese("".join(f"{one['sumida:credit']}。" for one in sources)),
        },
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


def _describe_office(descriptor: Row) -> Row:
    name, homepage = descriptor["contributors"][0]["title"], descriptor["homepage"]
    return {
        "dct:publisher": {
            **_agent(homepage, name, descriptor["sumida:publisherEn"]),
            "dct:type": {"@id": "http://purl.org/adms/publishertype/LocalAuthority"},
        },
        "dct:creator": {"@id": homepage},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": _japanese(name),
            "vcard:hasURL": {"@id": homepage},
        },
    }


def _describe_coverage(descriptor: Row) -> Row:
    place, temporal = descriptor["sumida:spatial"], descriptor["sumida:temporal"]
    # What was published before may have a word that is no longer one.
    frequency = FREQUENCIES.get(descriptor["sumida:updateFrequency"])
    days = {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": _day(temporal["start"]),
        "dcat:endDate": _day(temporal["end"]),
    }
    return {
        "dct:accrualPeriodicity": frequency and {"@id": f"{_EU}/frequency/{frequency.authority}"},
        "dct:spatial": {
            "@type": "dct:Location",
            "dct:identifier": place["code"],
            "skos:prefLabel": _japanese(place["name"]),
        },
        "dct:temporal": temporal["start"] and days,
        "dct:issued": _day(descriptor["sumida:issued"]),
        "dct:modified": _day(descriptor["sumida:modified"]),
    }


def _describe_distribution(resource: Row, form: str, descriptor: Row) -> Row:
    place = f"{descriptor['sumida:latest']}{resource['path']}"
    media_types = "https://www.iana.org/assignments/media-types"
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
        "dct:license": _describe_license(descriptor["licenses"][0]),
        "dcatap:availability": {"@id": f"{_EU}/planned-availability/STABLE"},
        "dct:conformsTo": {"@id": "https://datapackage.org/standard/data-package/"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@value": _hash_of(resource), "@type": "xsd:hexBinary"},
        },
    }


def _describe_license(license_: Row) -> Row:
    titles = _LICENSES.get(license_["name"])
    described = {"@id": license_["path"], "@type": "dct:LicenseDocument"}
    return described | ({"dct:title": _in_both(*titles)} if titles else {})


def _describe_withdrawn(gone: Withdrawn, packages: Packages) -> Row:
    datasets = f"{packages.catalogue_url}/dataset"
    described = {
        "@id": f"{datasets}/{gone.name}/",
        "@type": "dcat:Dataset",
        "dct:title": _japanese(gone.title),
        "dct:description": _japanese(gone.reason),
        "dct:modified": _day(str(gone.withdrawn_on)),
        "adms:status": {"@id": f"{_EU}/dataset-status/WITHDRAWN"},
        "dct:isReplacedBy": gone.replacement and {"@id": f"{datasets}/{gone.replacement}/"},
    }
    return _drop_empty(described)


def describe_in_schema_org(descriptor: Row) -> Row:
    """Describe a package as a ``Dataset``: a whole JSON-LD document with its own context."""
    publisher = {
        "@type": "GovernmentOrganization",
        "name": descriptor["contributors"][0]["title"],
        "alternateName": descriptor["sumida:publisherEn"],
        "url": {"@id": descriptor["homepage"]},
    }
    temporal, place = descriptor["sumida:temporal"], descriptor["sumida:spatial"]
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
        "spatialCoverage": {
            "@type": "AdministrativeArea",
            "name": place["name"],
            "identifier": place["code"],
        },
        "variableMeasured": _list_variables(descriptor),
        "distribution": [_describe_download(one, descriptor) for one in descriptor["resources"]],
    }
    return _drop_empty(described)


def _describe_download(resource: Row, descriptor: Row) -> Row:
    return {
        "@type": "DataDownload",
        "name": resource["title"],
        "contentUrl": {"@id": f"{descriptor['sumida:latest']}{resource['path']}"},
        "encodingFormat": resource["mediatype"],
        "contentSize": f"{resource['bytes']} B",
        "sha256": _hash_of(resource),
    }


def _list_variables(descriptor: Row) -> list[Row]:
    """Return the numbers that the tables hold; columns that say the same stand there once."""
    variables = [
        {
            "@type": "PropertyValue",
            "name": field["title"],
            "alternateName": field["name"],
            "description": field.get("description", ""),
            **({"unitText": field["sumida:unit"]} if "sumida:unit" in field else {}),
        }
        for resource in descriptor["resources"]
        for field in resource.get("schema", {"fields": []})["fields"]
        if field["type"] in ("integer", "number")
    ]
    return [one for number, one in enumerate(variables) if one not in variables[:number]]


def _hash_of(resource: Row) -> str:
    text: str = resource["hash"]
    return text.removeprefix("sha256:")


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
