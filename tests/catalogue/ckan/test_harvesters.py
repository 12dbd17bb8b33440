"""The real harvesters of other catalogues read the folder catalogue from any web server."""

import functools
import http.server
import json
import threading

import pytest

from sumida_data.base.disk import read_folder, replace_folder
from sumida_data.catalogue.preview import gather_catalogue
from sumida_data.catalogue.publication import stamp
from tests.catalogue.ckan.stack.start import Ckan

pytestmark = pytest.mark.long


DATA_FORMATS = {"CSV", "PARQUET", "XLSX"}
TYPES = "https://www.iana.org/assignments/media-types/"


class _Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def published(quarter):
    """The catalogue of the sample quarter, all packages, as it is published on a day.

    That of a preview is yet to come, and to a harvester a dataset that is newer than today has
    always changed.
    """
    preview = read_folder(quarter.data / "06_catalog/preview")
    catalogue = stamp(gather_catalogue(preview, ()), "2023-02-14")
    files = dict(catalogue.pages)
    for one in catalogue.datasets:
        files |= {f"dataset/{one.name}/latest/{file.key}": file.content for file in one.files}
    return files


@pytest.fixture(scope="module")
def address(published, tmp_path_factory):
    """A web server that knows nothing of catalogues."""
    folder = tmp_path_factory.mktemp("public") / "public"
    replace_folder(folder, published)
    handler = functools.partial(_Server, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def harvesting():
    """A CKAN that harvests; the harvesters' newest releases are for 2.11."""
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


def test_ckan_harvester_takes_everything_and_then_finds_nothing_new(harvesting, address, published):
    datasets = json.loads(published["api/3/action/package_search"])["result"]["results"]
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


def test_dcat_harvester_takes_everything_and_then_changes_nothing(harvesting, address, published):
    """It calls every dataset that it finds again updated, so they are compared."""
    url = f"{address}/catalog.jsonld"
    datasets = json.loads(published["api/3/action/package_search"])["result"]["results"]
    first = harvest(harvesting, "dcat_rdf", url)
    assert (first["added"], first["errored"]) == (len(datasets), 0)
    taken = show_harvested(harvesting, url)
    for dataset in datasets:
        one = taken[dataset["id"]]
        for key in ("title", "notes", "version"):
            assert one[key] == dataset[key], key
        assert one["license_id"] == "cc-by"
        assert {tag["name"] for tag in one["tags"]} == {tag["name"] for tag in dataset["tags"]}
        package = json.loads(published[f"dataset/{dataset['name']}/latest/datapackage.json"])
        sources = "".join(f"{source['sumida:credit']}。" for source in package["sources"])
        assert one["provenance"] == sources
        assert one["publisher_name"] == dataset["maintainer"]
        data = [file for file in dataset["resources"] if file["format"] in DATA_FORMATS]
        assert len(data) >= 3
        # RDF has no order.
        assert {describe_file(file) for file in one["resources"]} == set(map(describe_file, data))
    second = harvest(harvesting, "dcat_rdf", url)
    assert (second["added"], second["errored"]) == (0, 0)
    again = show_harvested(harvesting, url)
    for one in (*taken.values(), *again.values()):
        del one["metadata_modified"], one["harvest_object_id"]
    assert again == taken


def describe_file(file):
    sha256 = file["hash"].removeprefix("sha256:")
    return file["url"], file["size"], sha256, file["mimetype"].removeprefix(TYPES)


def show_harvested(ckan, url):
    """Return the datasets harvested from an address by the ids that we gave them."""
    (source,) = [
        one for one in ckan.action("harvest_source_list", caller="admin") if one["url"] == url
    ]
    found = ckan.action("package_search", fq=f"harvest_source_id:{source['id']}", rows=100)
    datasets = [
        one | {extra["key"]: extra["value"] for extra in one.pop("extras")}
        for one in found["results"]
    ]
    return {one["identifier"]: one for one in datasets}
