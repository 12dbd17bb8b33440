"""The preview catalogue: what would go public, as files that open without a server.

Datasets are described in it as a CKAN shows them. What was written is read back from there to be
approved and published.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import era_year
from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.catalogue.approval import ACTIONS, Proposal, count_actions, group_changes
from sumida_data.catalogue.target import Catalogue, Dataset, Entry, File, is_on_this_machine
from sumida_data.packages.descriptor import describe_catalogue
from sumida_data.packages.models import Packages
from sumida_data.packages.published import Dataset as DataPackage
from sumida_data.packages.versions import begin_day
from sumida_data.plan.models import Plans
from sumida_data.present.words import load_templates
from sumida_data.site.content import SiteSettings, read_published
from sumida_data.site.pages import build_site
from sumida_data.survey.findings import SEVERITY_LABELS
from sumida_data.survey.form import Waves

# Shows in the preview what would change; it is for the office only.
CHANGES_PAGE, DECISION_SHEET = "changes.html", "decision_sheet.html"

_SEARCH = "api/3/action/package_search"
# What a target gives itself, or what follows from the bytes.
_OWN_KEYS = {"id", "resources", "num_resources"}
_OWN_RESOURCE_KEYS = {"id", "package_id", "position", "size", "hash", "url", "url_type", "state"}
_SHORTEST_DESCRIPTION = 50
# A catalogue wants a day even of a package that speaks of none.
_NO_DAY = "1970-01-01"
# What people open first comes first.
_ORDER = ("md", "xlsx", "csv", "parquet", "json", "jsonld", "atom", "py")
_IS_SAMPLE = "該当"


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

    Returned are contents by path: the site, ``dataset/<name>/latest/…`` with the files of each
    package, ``api/3/action/…`` with the answers that a harvester asks a CKAN for, and
    ``catalog.jsonld`` with the same in DCAT.
    """
    published = read_published(files, [package.name for package in packages.packages])
    described = [json.loads(one.files["dcat.jsonld"]) for one in published.datasets]
    dcat = describe_catalogue(described, packages, site.title, site.description)
    datasets = [_describe_dataset(one, packages, municipality) for one in published.datasets]
    found = {"count": len(datasets), "facets": {}, "search_facets": {}, "results": datasets}
    answers = {"package_list": [one["name"] for one in datasets], "package_search": found}
    preview = build_site(published, municipality, plans, waves, site, dictionary)
    preview["catalog.jsonld"] = f"{json.dumps(dcat, ensure_ascii=False, indent=1)}\n".encode()
    for action, result in answers.items():
        address = f"{packages.catalogue_url}/api/3/action/help_show?name={action}"
        answer = {"help": address, "success": True, "result": result}
        text = json.dumps(answer, ensure_ascii=False, indent=1)
        preview[f"api/3/action/{action}"] = text.encode()
    for one in published.datasets:
        preview |= {f"dataset/{one.name}/latest/{path}": one.files[path] for path in one.files}
    return preview


def _describe_dataset(
    package: DataPackage, packages: Packages, municipality: HomeMunicipality
) -> Entry:
    """Describe a package as CKAN's ``package_show`` would.

    ``metadata_modified`` is no clock time but the start of the day of publication, so that no
    harvester sees it in the future. Ids depend on names only and never change.
    """
    descriptor = package.descriptor
    organization = {
        "id": str(uuid5(NAMESPACE_URL, packages.homepage)),
        # As the catalogue of Tokyo names its municipalities.
        "name": f"t{municipality.code}",
        "title": municipality.name,
        "type": "organization",
        "is_organization": True,
        "state": "active",
    }
    temporal, terms = descriptor["sumida:temporal"], descriptor["licenses"][0]
    extras = {
        "更新頻度": descriptor["sumida:updateFrequency"],
        "対象の時点": f"{temporal['start']}/{temporal['end']}",
        "出典": "、".join(source["sumida:attribution"] for source in descriptor["sources"]),
        SAMPLE_MARK: _IS_SAMPLE if descriptor["sumida:sample"] else "非該当",
    }
    resources = _describe_resources(package, packages.catalogue_url)
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
        "extras": [{"key": key, "value": value} for key, value in extras.items()],
        "metadata_created": begin_day(descriptor["sumida:issued"] or _NO_DAY),
        "metadata_modified": begin_day(descriptor["sumida:modified"] or _NO_DAY),
        "num_resources": len(resources),
        "resources": resources,
    }


def _describe_resources(package: DataPackage, catalogue_url: str) -> list[Entry]:
    descriptor, as_of = package.descriptor, ""
    if end := descriptor["sumida:temporal"]["end"]:
        # The newest day that the data speak of, as the catalogue of Tokyo writes it.
        day = date.fromisoformat(end)
        era, year = era_year(day)
        as_of = f"（{day.year}年（{era}{year}年）{day.month}月{day.day}日現在）"
    ordered = sorted(package.described, key=lambda one: _ORDER.index(one["format"].lower()))
    return [
        {
            "id": str(uuid5(UUID(descriptor["id"]), one["path"])),
            "package_id": descriptor["id"],
            "position": position,
            "name": one["title"],
            "description": one.get("description", "") + as_of,
            "format": one["format"].upper(),
            "mimetype": one["mediatype"],
            "size": one["bytes"],
            "hash": one["hash"],
            "url": f"{catalogue_url}/dataset/{descriptor['name']}/latest/{one['path']}",
            "url_type": None,
            "state": "active",
        }
        for position, one in enumerate(ordered)
    ]


def find_unfit(packages: Packages, site: SiteSettings) -> Iterator[str]:
    """Yield what readers must know and is not said yet; the preview needs none of it."""
    if is_on_this_machine(packages.catalogue_url):
        yield (
            f"packages.yml: catalogue_url = {packages.catalogue_url!r} — "
            "公開する場所の住所を書いてください。引用や説明の住所になります。"
        )
    license_, contact = packages.licenses[0], site.contact
    required = {
        "packages.yml: publisher": packages.publisher,
        "packages.yml: homepage": packages.homepage,
        "packages.yml: licenses の title と path": license_.title and license_.path,
        "site.yml: contact の office、address、page": contact.office and contact.address,
        "site.yml: contact の telephone か email": contact.telephone or contact.email,
    }
    yield from (
        f"{place} が空です。必ず書いてください。" for place, text in required.items() if not text
    )
    for package in packages.packages:
        if (length := len(package.description.strip())) < _SHORTEST_DESCRIPTION:
            yield (
                f"packages.yml: {package.name} の description は{length}文字です。"
                f"探す人に伝わるよう、{_SHORTEST_DESCRIPTION}文字以上で書いてください。"
            )


def render_changes(proposal: Proposal) -> dict[str, bytes]:
    """Return what publishing would change, for the office: a page, and a sheet to sign."""
    context = {
        "proposal": proposal,
        "datasets": group_changes(proposal),
        "counts": count_actions(proposal.changes),
        "actions": ACTIONS,
        "lists": proposal.remarks,
        "severities": SEVERITY_LABELS,
    }
    templates, names = load_templates("catalogue"), (CHANGES_PAGE, DECISION_SHEET)
    return {name: templates.get_template(name).render(context).encode() for name in names}


def gather_catalogue(files: Mapping[str, bytes], configured: tuple[str, ...]) -> Catalogue:
    """Gather what a preview, contents by path, would publish.

    Of the packages ``configured`` in packages.yml, one that the preview lacks is blocked. A
    KeyError says that the preview names a file that it does not hold.
    """
    found = json.loads(files[_SEARCH])["result"]["results"]
    datasets = tuple(_gather_dataset(entry, files) for entry in found)
    # Files of datasets are in a folder for each version, deeper than their pages.
    starts = tuple(f"dataset/{one.name}/" for one in datasets)
    pages = {
        path: files[path]
        for path in sorted(files.keys() - {CHANGES_PAGE, DECISION_SHEET})
        if not (path.startswith(starts) and path.count("/") > 2)
    }
    sample = any({"key": SAMPLE_MARK, "value": _IS_SAMPLE} in one["extras"] for one in found)
    blocked = sorted(set(configured) - {one.name for one in datasets})
    return Catalogue(datasets, pages, sample, tuple(blocked))


def _gather_dataset(entry: Entry, files: Mapping[str, bytes]) -> Dataset:
    start = f"dataset/{entry['name']}/latest/"
    held = []
    for resource in entry["resources"]:
        key = resource["url"].partition(f"/{start}")[2]
        described = {k: v for k, v in resource.items() if k not in _OWN_RESOURCE_KEYS}
        held.append(File(key, files[f"{start}{key}"], described))
    metadata = {key: value for key, value in entry.items() if key not in _OWN_KEYS}
    return Dataset(entry["name"], metadata, tuple(held))
