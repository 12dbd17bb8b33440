"""The preview catalogue: what would go public, as files that open without a server.

Datasets are described in it as a CKAN shows them. What was written is read back from there to be
approved and published.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import era_year
from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.catalogue.approval import ACTIONS, Proposal, count_actions, group_changes
from sumida_data.catalogue.target import Catalogue, Dataset, Entry, File
from sumida_data.packages.descriptor import describe_catalogue
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Plans
from sumida_data.present.templates import load_templates
from sumida_data.site.content import Published, read_published
from sumida_data.site.models import SiteSettings
from sumida_data.site.pages import build_site
from sumida_data.survey.findings import SEVERITY_LABELS
from sumida_data.survey.form import Waves

# Shows in the preview what would change; it is for the office only.
CHANGES_PAGE = "changes.html"

_SEARCH = "api/3/action/package_search"
# What a target gives itself, or what follows from the bytes.
_OWN_KEYS = {"id", "resources", "num_resources"}
_OWN_RESOURCE_KEYS = {"id", "package_id", "position", "size", "hash", "url", "url_type", "state"}
# A catalogue wants a day even of a package that speaks of none.
_NO_DAY = "1970-01-01"
# What people open first comes first.
_ORDER = ("md", "xlsx", "csv", "parquet", "json", "jsonld", "atom", "py")
_OTHER_FILES = {
    "datapackage.json": {"title": "機械が読むための説明", "mediatype": "application/json"},
}


def build_preview(
    files: Mapping[str, bytes],
    packages: Packages,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> dict[str, bytes]:
    """Build the preview catalogue from the files of all packages that may go out, by path.

    Returns:
        Contents by path: the site, ``dataset/<name>/latest/…`` with the files of each package,
        ``api/3/action/…`` with the answers that a harvester asks a CKAN for, and ``catalog.jsonld``
        with the same in DCAT.
    """
    published = read_published(files, [package.name for package in packages.packages])
    datasets = [_describe_dataset(one.files, packages, municipality) for one in published.datasets]
    result = {"count": len(datasets), "facets": {}, "search_facets": {}, "results": datasets}
    names = [dataset["name"] for dataset in datasets]
    return {
        **build_site(published, municipality, plans, waves, site, dictionary),
        "catalog.jsonld": _describe_catalogue(published, packages, site),
        "api/3/action/package_list": _answer("package_list", names, packages),
        "api/3/action/package_search": _answer("package_search", result, packages),
        **{
            f"dataset/{one.name}/latest/{path}": content
            for one in published.datasets
            for path, content in one.files.items()
        },
    }


def _describe_catalogue(published: Published, packages: Packages, site: SiteSettings) -> bytes:
    descriptors = [one.descriptor for one in published.datasets]
    described = describe_catalogue(descriptors, packages, site.title, site.description)
    return f"{json.dumps(described, ensure_ascii=False, indent=1)}\n".encode()


def _answer(action: str, result: Any, packages: Packages) -> bytes:
    address = f"{packages.catalogue_url}/api/3/action/help_show?name={action}"
    answer = {"help": address, "success": True, "result": result}
    return json.dumps(answer, ensure_ascii=False, indent=1).encode()


def _describe_dataset(
    files: Mapping[str, bytes], packages: Packages, municipality: HomeMunicipality
) -> Entry:
    """Describe a package as CKAN's ``package_show`` would.

    ``metadata_modified`` is no clock time but the day of publication. Ids depend on names only and
    never change.
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
        "metadata_created": _write_moment(descriptor["sumida:issued"]),
        "metadata_modified": _write_moment(descriptor["sumida:modified"]),
        "num_resources": len(resources),
        "resources": resources,
    }


def _write_moment(day: str) -> str:
    return f"{day or _NO_DAY}T00:00:00.000000"


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
        SAMPLE_MARK: "該当" if descriptor["sumida:sample"] else "非該当",
    }
    return [{"key": key, "value": value} for key, value in texts.items()]


def _describe_resources(
    descriptor: Entry, files: Mapping[str, bytes], catalogue_url: str
) -> list[Entry]:
    known = _OTHER_FILES | {resource["path"]: resource for resource in descriptor["resources"]}
    as_of = _describe_as_of(descriptor)
    resources = []
    for position, path in enumerate(sorted(known, key=lambda path: _ORDER.index(_extension(path)))):
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


def _extension(path: str) -> str:
    return path.rpartition(".")[2]


def render_changes(proposal: Proposal) -> bytes:
    """Return the page of the preview that shows the office what publishing would change."""
    page = load_templates("catalogue").get_template("changes.html")
    return page.render(
        proposal=proposal,
        datasets=group_changes(proposal),
        counts=count_actions(proposal.changes),
        actions=ACTIONS,
        lists=proposal.remarks,
        severities=SEVERITY_LABELS,
    ).encode()


def gather_catalogue(files: Mapping[str, bytes], configured: tuple[str, ...]) -> Catalogue:
    """Gather what a preview would publish.

    Args:
        files: The preview: contents by path.
        configured: Names of all packages of packages.yml; one that the preview lacks is blocked.

    Raises:
        KeyError: If the preview names a file that it does not hold.
    """
    found = json.loads(files[_SEARCH])["result"]["results"]
    datasets = tuple(_gather_dataset(entry, files) for entry in found)
    names = {dataset.name for dataset in datasets}
    return Catalogue(
        datasets=datasets,
        pages={path: files[path] for path in sorted(files) if _is_page(path, names)},
        sample=any(_holds_sample(dataset) for dataset in datasets),
        blocked=tuple(sorted(set(configured) - names)),
    )


def _gather_dataset(entry: Entry, files: Mapping[str, bytes]) -> Dataset:
    name = entry["name"]
    return Dataset(
        name=name,
        metadata={key: value for key, value in entry.items() if key not in _OWN_KEYS},
        files=tuple(_gather_file(name, resource, files) for resource in entry["resources"]),
    )


def _gather_file(name: str, resource: Entry, files: Mapping[str, bytes]) -> File:
    path = resource["url"].partition(f"/dataset/{name}/latest/")[2]
    described = {key: value for key, value in resource.items() if key not in _OWN_RESOURCE_KEYS}
    return File(path, files[f"dataset/{name}/latest/{path}"], described)


def _is_page(path: str, names: set[str]) -> bool:
    """Tell pages from files of datasets, which stand in a folder for each version."""
    top, *rest = path.split("/")
    return path != CHANGES_PAGE and not (top == "dataset" and len(rest) > 2 and rest[0] in names)


def _holds_sample(dataset: Dataset) -> bool:
    descriptors = (file.content for file in dataset.files if file.key == "datapackage.json")
    return any(json.loads(content)["sumida:sample"] for content in descriptors)
