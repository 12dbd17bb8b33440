"""Data packages in the shape in which a CKAN shows datasets."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.base.periods import era_year
from sumida_data.packages.models import Packages

Entry = dict[str, Any]
SAMPLE = "見本データ"
# A catalogue wants a day even of a package that speaks of none.
_NO_DAY = "1970-01-01"

# What people open first comes first.
_ORDER = ("md", "xlsx", "csv", "parquet", "json", "jsonld", "atom")
_OTHER_FILES = {
    "datapackage.json": {"title": "機械が読むための説明", "mediatype": "application/json"},
}


def describe_dataset(
    files: Mapping[str, bytes], packages: Packages, municipality: HomeMunicipality
) -> Entry:
    """Describe a package as CKAN's ``package_show`` would.

    ``metadata_modified`` is no clock time but the newest day that the data speak of, so that the
    same data always give the same catalogue. Ids depend on names only and never change.

    Args:
        files: The package: contents by path.
        packages: Publisher, licences and address of the catalogue.
        municipality: Whose data these are.
    """
    descriptor = json.loads(files["datapackage.json"])
    organization = _describe_organization(packages, municipality)
    terms = descriptor["licenses"][0]
    resources = _describe_resources(descriptor, files, packages.catalogue_url)
    return {
        "id": descriptor["id"],
        "name": descriptor["name"],
        "title": descriptor["title"],
        "notes": descriptor["description"],
        "type": "dataset",
        "state": "active",
        "private": False,
        "version": descriptor["version"],
        "url": descriptor["homepage"],
        "maintainer": packages.publisher,
        "license_id": terms["name"],
        "license_title": terms["title"],
        "license_url": terms["path"],
        "owner_org": organization["id"],
        "organization": organization,
        "groups": [],
        "tags": [{"name": word, "display_name": word} for word in descriptor["keywords"]],
        "num_tags": len(descriptor["keywords"]),
        "extras": _describe_extras(descriptor),
        "metadata_modified": f"{_newest_day(descriptor)}T00:00:00.000000",
        "num_resources": len(resources),
        "resources": resources,
    }


def _describe_organization(packages: Packages, municipality: HomeMunicipality) -> Entry:
    return {
        "id": str(uuid5(NAMESPACE_URL, packages.homepage)),
        # As the catalogue of Tokyo names its municipalities.
        "name": f"t{municipality.code}",
        "title": municipality.name,
        "type": "organization",
        "is_organization": True,
        "state": "active",
    }


def _describe_extras(descriptor: Entry) -> list[dict[str, str]]:
    temporal = descriptor["sumida:temporal"]
    texts = {
        "更新頻度": descriptor["sumida:updateFrequency"],
        "対象の時点": f"{temporal['start']}/{temporal['end']}",
        "出典": "、".join(source["sumida:attribution"] for source in descriptor["sources"]),
        SAMPLE: "該当" if descriptor["sumida:sample"] else "非該当",
    }
    return [{"key": key, "value": value} for key, value in texts.items()]


def _describe_resources(
    descriptor: Entry, files: Mapping[str, bytes], catalogue_url: str
) -> list[Entry]:
    known = _OTHER_FILES | {resource["path"]: resource for resource in descriptor["resources"]}
    as_of = _describe_as_of(descriptor)
    resources = []
    for position, path in enumerate(sorted(known, key=_place)):
        content = files[path]
        resources.append(
            {
                "id": str(uuid5(UUID(descriptor["id"]), path)),
                "package_id": descriptor["id"],
                "position": position,
                "name": known[path]["title"],
                "description": known[path].get("description", "") + as_of,
                "format": _extension(path).upper(),
                "mimetype": known[path]["mediatype"],
                "size": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "url": f"{catalogue_url}/dataset/{descriptor['name']}/latest/{path}",
                "url_type": None,
                "state": "active",
            }
        )
    return resources


def _describe_as_of(descriptor: Entry) -> str:
    """Write the newest day that the data speak of as the catalogue of Tokyo does, or nothing."""
    if not (end := descriptor["sumida:temporal"]["end"]):
        return ""
    day = date.fromisoformat(end)
    era, year = era_year(day)
    return f"（{day.year}年（{era}{year}年）{day.month}月{day.day}日現在）"


def _newest_day(descriptor: Entry) -> str:
    return descriptor["sumida:temporal"]["end"] or _NO_DAY


def _place(path: str) -> int:
    return _ORDER.index(_extension(path))


def _extension(path: str) -> str:
    return path.rpartition(".")[2]
