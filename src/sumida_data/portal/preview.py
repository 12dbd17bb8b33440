"""The preview catalogue: what would go public, as files that open without a server."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata.models import Packages
from sumida_data.portal.datasets import SAMPLE, Entry, describe_dataset


def build_preview(
    files: Mapping[str, bytes], packages: Packages, municipality: HomeMunicipality
) -> dict[str, bytes]:
    """Build the preview catalogue.

    Args:
        files: All packages: contents by path, such as ``dx-indicators/README.md``.
        packages: What is published.
        municipality: Whose data these are.

    Returns:
        Contents by path: ``index.html`` for people, ``dataset/<name>/latest/…`` with the files of
        each package, and ``api/3/action/…`` with the answers that a harvester asks a CKAN for.
    """
    datasets = [
        describe_dataset(_select(files, package.name), packages, municipality)
        for package in packages.packages
    ]
    result = {"count": len(datasets), "facets": {}, "search_facets": {}, "results": datasets}
    return {
        "index.html": _render_index(datasets, packages, municipality),
        "api/3/action/package_list": _answer(
            "package_list", [d["name"] for d in datasets], packages
        ),
        "api/3/action/package_search": _answer("package_search", result, packages),
        **{_place(path): content for path, content in files.items()},
    }


def _place(path: str) -> str:
    name, _, file = path.partition("/")
    return f"dataset/{name}/latest/{file}"


def _select(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    start = f"{name}/"
    return {
        path.removeprefix(start): content
        for path, content in files.items()
        if path.startswith(start)
    }


def _answer(action: str, result: Any, packages: Packages) -> bytes:
    address = f"{packages.catalogue_url}/api/3/action/help_show?name={action}"
    answer = {"help": address, "success": True, "result": result}
    return json.dumps(answer, ensure_ascii=False, indent=1).encode()


def _render_index(
    datasets: Sequence[Entry], packages: Packages, municipality: HomeMunicipality
) -> bytes:
    environment = Environment(
        loader=PackageLoader("sumida_data.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sample = any({"key": SAMPLE, "value": "該当"} in dataset["extras"] for dataset in datasets)
    page = environment.get_template("index.html").render(
        datasets=datasets,
        sample=sample,
        # Relative, so that the page works from disk.
        prefix=f"{packages.catalogue_url}/",
        municipality=municipality,
    )
    return page.encode()
