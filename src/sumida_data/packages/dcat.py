"""Packages in the words of DCAT-AP 3, the application profile that European catalogues harvest.

The context stands in the document, so that it can be read without a network.
"""

from collections.abc import Iterable
from typing import Any

from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.models import FREQUENCIES, Packages, Withdrawn

_EU = "http://publications.europa.eu/resource/authority"
_LANGUAGE = f"{_EU}/language/JPN"
_FILE_TYPES = {"csv": "CSV", "parquet": "PARQUET", "xlsx": "XLSX"}
# By these titles CKAN's harvester finds a licence in the register of its site.
_LICENSES = {"CC-BY-4.0": ("クリエイティブ・コモンズ 表示", "Creative Commons Attribution")}
CONTEXT = {
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


def describe_dataset(descriptor: Descriptor) -> Descriptor:
    """Describe a package as a ``dcat:Dataset`` with its distributions, without a context.

    Args:
        descriptor: The package with its resources.
    """
    address = descriptor["sumida:latest"].removesuffix("latest/")
    described = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": descriptor["id"],
        "dct:title": _in_both(descriptor["title"], descriptor["sumida:titleEn"]),
        "dct:description": _in_both(descriptor["description"], descriptor["sumida:descriptionEn"]),
        "dct:publisher": _describe_publisher(descriptor),
        "dct:creator": {"@id": descriptor["homepage"]},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": _japanese(descriptor["contributors"][0]["title"]),
            "vcard:hasURL": {"@id": descriptor["homepage"]},
        },
        "dcat:keyword": [_japanese(word) for word in descriptor["keywords"]],
        "dcat:theme": {"@id": f"{_EU}/data-theme/GOVE"},
        "dct:language": {"@id": _LANGUAGE},
        "dct:accrualPeriodicity": _describe_frequency(descriptor["sumida:updateFrequency"]),
        "dct:spatial": _describe_place(descriptor["sumida:spatial"]),
        "dct:temporal": _describe_days(descriptor["sumida:temporal"]),
        "dct:modified": _day(descriptor["sumida:temporal"]["end"]),
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": _japanese(
                "".join(f"{one['sumida:credit']}。" for one in descriptor["sources"])
            ),
        },
        "dct:source": [{"@id": one["path"]} for one in descriptor["sources"] if "path" in one],
        "dcat:landingPage": {"@id": descriptor["sumida:latest"]},
        "dcat:version": descriptor["version"],
        "dcat:hasCurrentVersion": {"@id": descriptor["sumida:address"]},
        "dcat:distribution": [
            _describe_distribution(resource, descriptor)
            for resource in descriptor["resources"]
            if _extension(resource) in _FILE_TYPES
        ],
    }
    return {key: value for key, value in described.items() if value}


def describe_catalogue(
    descriptors: Iterable[Descriptor], packages: Packages, title: str, description: str
) -> Descriptor:
    """Describe all packages as a ``dcat:Catalog``: a whole JSON-LD document.

    Args:
        descriptors: The packages with their resources.
        packages: Publisher, licences and the withdrawn packages.
        title: Japanese title of the catalogue.
        description: What it holds, in Japanese.
    """
    datasets = [describe_dataset(descriptor) for descriptor in descriptors]
    gone = [_describe_withdrawn(one, packages) for one in packages.withdrawn]
    return {
        "@context": CONTEXT,
        "@id": f"{packages.catalogue_url}/",
        "@type": "dcat:Catalog",
        "dct:title": _japanese(title),
        "dct:description": _japanese(description),
        "dct:publisher": {
            "@id": packages.homepage,
            "@type": "foaf:Agent",
            "foaf:name": _in_both(packages.publisher, packages.publisher_en),
        },
        "dct:language": {"@id": _LANGUAGE},
        "dct:license": {"@id": packages.licenses[0].path},
        "foaf:homepage": {"@id": f"{packages.catalogue_url}/"},
        "dcat:dataset": datasets + gone,
    }


def _describe_withdrawn(gone: Withdrawn, packages: Packages) -> Descriptor:
    datasets = f"{packages.catalogue_url}/dataset"
    described = {
        "@id": f"{datasets}/{gone.name}/",
        "@type": "dcat:Dataset",
        "dct:title": _japanese(gone.title),
        "dct:description": _japanese(gone.reason),
        "dct:modified": _day(str(gone.withdrawn_on)),
        "adms:status": {"@id": f"{_EU}/dataset-status/WITHDRAWN"},
        "dct:isReplacedBy": {"@id": f"{datasets}/{gone.replacement}/"}
        if gone.replacement
        else None,
    }
    return {key: value for key, value in described.items() if value}


def _describe_publisher(descriptor: Descriptor) -> Descriptor:
    publisher: str = descriptor["contributors"][0]["title"]
    return {
        "@id": descriptor["homepage"],
        "@type": "foaf:Agent",
        "foaf:name": _in_both(publisher, descriptor["sumida:publisherEn"]),
        "dct:type": {"@id": "http://purl.org/adms/publishertype/LocalAuthority"},
    }


def _describe_frequency(words: str) -> Descriptor | None:
    # What was published before may have a word that is no longer one.
    known = FREQUENCIES.get(words)
    return {"@id": f"{_EU}/frequency/{known.authority}"} if known else None


def _describe_place(place: Descriptor) -> Descriptor:
    return {
        "@type": "dct:Location",
        "dct:identifier": place["code"],
        "skos:prefLabel": _japanese(place["name"]),
    }


def _describe_days(temporal: Descriptor) -> Descriptor | None:
    if not temporal["start"]:
        return None
    return {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": _day(temporal["start"]),
        "dcat:endDate": _day(temporal["end"]),
    }


def _describe_distribution(resource: Descriptor, descriptor: Descriptor) -> Descriptor:
    place = f"{descriptor['sumida:latest']}{resource['path']}"
    form = _extension(resource)
    return {
        "@id": place,
        "@type": "dcat:Distribution",
        "dct:title": _japanese(resource["title"]),
        "dct:description": _japanese(resource.get("description") or resource["title"]),
        "dcat:accessURL": {"@id": place},
        "dcat:downloadURL": {"@id": place},
        "dct:format": {"@id": f"{_EU}/file-type/{_FILE_TYPES[form]}"},
        "dcat:mediaType": {
            "@id": f"https://www.iana.org/assignments/media-types/{resource['mediatype']}"
        },
        "dcat:byteSize": {"@value": str(resource["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:license": _describe_license(descriptor["licenses"][0]),
        "dcatap:availability": {"@id": f"{_EU}/planned-availability/STABLE"},
        "dct:conformsTo": {"@id": "https://datapackage.org/standard/data-package/"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {
                "@value": resource["hash"].removeprefix("sha256:"),
                "@type": "xsd:hexBinary",
            },
        },
    }


def _describe_license(license_: Descriptor) -> Descriptor:
    titles = _LICENSES.get(license_["name"])
    described = {"@id": license_["path"], "@type": "dct:LicenseDocument"}
    return described | ({"dct:title": _in_both(*titles)} if titles else {})


def _extension(resource: Descriptor) -> str:
    path: str = resource["path"]
    return path.rpartition(".")[2]


def _day(text: str) -> Descriptor | None:
    return {"@value": text, "@type": "xsd:date"} if text else None


def _japanese(text: str) -> dict[str, Any]:
    return {"@value": text, "@language": "ja"}


def _in_both(japanese: str, english: str) -> list[dict[str, Any]]:
    return [_japanese(japanese), {"@value": english, "@language": "en"}]
