"""The real harvesters of other catalogues read the folder catalogue from any web server."""

import functools
import http.server
import json
import os
import threading

import pytest

from sumida_data.portal.preview import build_preview
from tests.portal.ckan.stack.start import Ckan

pytestmark = pytest.mark.skipif(
    "2.11" not in os.environ.get("CKAN_TEST_VERSIONS", ""),
    reason="make test-ckan harvests; the harvesters' newest releases are for CKAN 2.11",
)


class _Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def preview(built, packages, municipality):
    return build_preview(built, packages, municipality)


@pytest.fixture(scope="module")
def address(preview, tmp_path_factory):
    """A web server that knows nothing of catalogues."""
    folder = tmp_path_factory.mktemp("catalogue")
    for path, content in preview.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    handler = functools.partial(_Server, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def harvesting():
    plugins = ("harvest", "ckan_harvester", "dcat", "dcat_rdf_harvester")
    with Ckan("2.11", plugins=plugins, migrations=("harvest",)) as ckan:
        yield ckan


def harvest(ckan, source_type, url):
    """Harvest once and return the numbers of datasets added, updated and in error."""
    name = source_type.replace("_", "-")
    found = ckan.action("harvest_source_list", caller="admin")
    if not any(one["url"] == url for one in found):
        ckan.action(
            "harvest_source_create",
            caller="admin",
            name=name,
            title=name,
            url=url,
            source_type=source_type,
            owner_org=ckan.organization,
        )
    ckan.command("harvester", "run-test", name)
    (source,) = [
        one for one in ckan.action("harvest_source_list", caller="admin") if one["url"] == url
    ]
    status = ckan.action("harvest_source_show_status", caller="admin", id=source["id"])
    return status["last_job"]["stats"]


def test_ckan_harvester_takes_everything_and_then_finds_nothing_new(harvesting, address, preview):
    datasets = json.loads(preview["api/3/action/package_search"])["result"]["results"]
    first = harvest(harvesting, "ckan", address)
    assert (first["added"], first["errored"]) == (len(datasets), 0)
    for dataset in datasets:
        taken = harvesting.action("package_show", id=dataset["id"])
        for key in ("name", "title", "notes", "license_id", "version", "maintainer"):
            assert taken[key] == dataset[key], key
        assert {tag["name"] for tag in taken["tags"]} == {tag["name"] for tag in dataset["tags"]}
        kept = ("id", "name", "description", "url", "format", "mimetype", "hash", "size")
        assert [{k: one[k] for k in kept} for one in taken["resources"]] == [
            {k: one[k] for k in kept} for one in dataset["resources"]
        ]
    second = harvest(harvesting, "ckan", address)
    assert (second["added"], second["updated"], second["errored"]) == (0, 0, 0)


def test_dcat_harvester_takes_everything_and_then_finds_nothing_new(harvesting, address, preview):
    if "catalog.jsonld" not in preview:
        pytest.skip("the preview has no catalog.jsonld yet")
    datasets = json.loads(preview["api/3/action/package_search"])["result"]["results"]
    first = harvest(harvesting, "dcat_rdf", f"{address}/catalog.jsonld")
    assert (first["added"], first["errored"]) == (len(datasets), 0)
    second = harvest(harvesting, "dcat_rdf", f"{address}/catalog.jsonld")
    assert (second["added"], second["updated"], second["errored"]) == (0, 0, 0)
