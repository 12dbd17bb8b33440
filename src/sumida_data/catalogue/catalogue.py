"""The catalogue that is approved and published, read from the preview as it was written."""

import json
from collections.abc import Mapping

from sumida_data.catalogue.target import Catalogue, Dataset, Entry, File

# Shows in the preview what would change; it is for the office only.
CHANGES_PAGE = "changes.html"

_SEARCH = "api/3/action/package_search"
# What a target gives itself, or what follows from the bytes.
_OWN_KEYS = {"id", "resources", "num_resources"}
_OWN_RESOURCE_KEYS = {"id", "package_id", "position", "size", "hash", "url", "url_type", "state"}


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
