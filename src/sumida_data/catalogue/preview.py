"""The preview catalogue: what would go public, as files that open without a server."""

import json
from collections.abc import Mapping
from typing import Any

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.catalogue.datasets import describe_dataset
from sumida_data.packages.models import Packages
from sumida_data.packages.standards import describe_catalogue
from sumida_data.plan.models import Plans
from sumida_data.site.models import SiteSettings
from sumida_data.site.pages import build_site
from sumida_data.site.published import Published, read_published
from sumida_data.survey.form import Waves


def build_preview(
    files: Mapping[str, bytes],
    packages: Packages,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> dict[str, bytes]:
    """Build the preview catalogue.

    Args:
        files: All packages: contents by path, such as ``dx-indicators/README.md``. A package that
            may not go out now is not among them.
        packages: What is published.
        municipality: Whose data these are.
        plans: The plans.
        waves: The quarters that are asked for.
        site: What the site says about itself.
        dictionary: The descriptions of all fields.

    Returns:
        Contents by path: the site, ``dataset/<name>/latest/…`` with the files of each package,
        ``api/3/action/…`` with the answers that a harvester asks a CKAN for, and ``catalog.jsonld``
        with the same in DCAT.
    """
    published = read_published(files, [package.name for package in packages.packages])
    datasets = [describe_dataset(one.files, packages, municipality) for one in published.datasets]
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
