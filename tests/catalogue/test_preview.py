"""The preview catalogue: files, the site, and answers in CKAN's shape."""

import hashlib
import json
import re
from uuid import UUID

import pytest

from sumida_data.catalogue.preview import find_unfit, gather_catalogue
from sumida_data.catalogue.publication import stamp
from sumida_data.packages.versions import DAY_TO_COME, begin_day
from sumida_data.site.content import SiteSettings


@pytest.fixture(scope="module")
def preview(show, built):
    return show(built)


@pytest.fixture(scope="module")
def datasets(preview):
    answer = json.loads(preview["api/3/action/package_search"])
    return {dataset["name"]: dataset for dataset in answer["result"]["results"]}


def test_every_file_of_every_package_is_there_unchanged(preview, built):
    files = {path: content for path, content in preview.items() if "/latest/" in path}
    assert files == {
        f"dataset/{path.replace('/', '/latest/')}": content for path, content in built.items()
    }


def test_the_same_packages_give_the_same_bytes(preview, show, built):
    assert show(dict(built)) == preview


class TestApi:
    def test_package_list_names_the_datasets(self, preview):
        answer = json.loads(preview["api/3/action/package_list"])
        assert answer["success"] is True
        assert len(answer["result"]) == 9
        assert answer["result"][:2] == ["dx-indicators", "online-procedures"]
        assert answer["help"].endswith("help_show?name=package_list")

    def test_package_search_holds_all_datasets(self, preview):
        result = json.loads(preview["api/3/action/package_search"])["result"]
        assert result["count"] == len(result["results"]) == 9

    def test_ids_are_uuids_and_the_same_whatever_the_data_say(self, datasets, build, show):
        other = show(build(procedure=[]))
        again = json.loads(other["api/3/action/package_search"])["result"]["results"]
        assert [ids(dataset) for dataset in again] == [ids(one) for one in datasets.values()]
        everything = [one for dataset in datasets.values() for one in ids(dataset)]
        assert len(set(everything)) == len(everything)
        assert {UUID(one).version for one in everything} == {5}

    def test_modified_is_when_the_day_of_publication_begins_in_japan(self, preview, datasets):
        dataset = datasets["dx-indicators"]
        assert dataset["metadata_modified"] == begin_day(DAY_TO_COME)
        catalogue = stamp(gather_catalogue(preview, ()), "2023-03-01")
        assert catalogue.datasets[0].metadata["metadata_modified"] == "2023-02-28T15:00:00.000000"
        pages = b"".join(catalogue.pages.values())
        assert b"2023-02-28T15:00:00.000000" in pages
        assert begin_day(DAY_TO_COME).encode() not in pages

    def test_a_resource_says_of_which_day_it_is(self, datasets):
        words = {one["description"][-22:] for one in datasets["dx-indicators"]["resources"]}
        assert all(text.endswith("（2023年（令和5年）1月31日現在）") for text in words)

    def test_a_package_without_days_names_no_day(self, build, show):
        preview = show(build(procedure=[]))
        datasets = json.loads(preview["api/3/action/package_search"])["result"]["results"]
        assert "現在）" not in str(datasets[1]["resources"])

    def test_a_dataset_names_ward_licence_sources_and_update_frequency(self, datasets):
        dataset = datasets["dx-indicators"]
        extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
        assert dataset["organization"]["name"] == "t131075"
        assert dataset["owner_org"] == dataset["organization"]["id"]
        assert dataset["license_id"] == "CC-BY-4.0"
        assert extras["更新頻度"] == "四半期"
        assert "出典：総務省「マイナンバーカード交付状況」" in extras["出典"]
        assert extras["見本データ"] == "非該当"

    def test_a_resource_states_size_and_hash_of_the_file_at_its_address(self, datasets, preview):
        for dataset in datasets.values():
            assert dataset["num_resources"] == len(dataset["resources"])
            for resource in dataset["resources"]:
                content = preview[
                    resource["url"].removeprefix(
                        "https://www.city.sumida.lg.jp/kuseijoho/sumida_info/opendata/dx/"
                    )
                ]
                assert resource["size"] == len(content)
                assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"

    def test_every_file_of_a_package_is_a_resource(self, datasets, built):
        listed = {
            resource["url"]
            .removeprefix(
                "https://www.city.sumida.lg.jp/kuseijoho/sumida_info/opendata/dx/dataset/"
            )
            .replace("/latest/", "/")
            for dataset in datasets.values()
            for resource in dataset["resources"]
        }
        assert listed == set(built)

    def test_tags_are_such_as_a_ckan_accepts(self, datasets):
        tags = [tag["name"] for dataset in datasets.values() for tag in dataset["tags"]]
        assert len(tags) >= 2 * len(datasets)
        assert all(re.fullmatch(r"[\w .\-]{2,100}", tag) for tag in tags)


def test_the_site_lies_beside_the_data(preview, datasets):
    assert {"index.html", "en/index.html", "assets/site.css", "feed.xml"} <= set(preview)
    assert {f"dataset/{name}/index.html" for name in datasets} <= set(preview)


def test_the_catalogue_stands_in_dcat_too(preview, datasets):
    catalogue = json.loads(preview["catalog.jsonld"])
    assert catalogue["@type"] == "dcat:Catalog"
    assert [one["dct:identifier"] for one in catalogue["dcat:dataset"]] == [
        dataset["id"] for dataset in datasets.values()
    ]


def test_a_package_that_may_not_go_out_is_nowhere(show, built):
    rest = {path: content for path, content in built.items() if "staff-training" not in path}
    preview = show(rest)
    assert [path for path in preview if "staff-training" in path] == []
    assert "staff-training" not in preview["api/3/action/package_list"].decode()
    assert "staff-training" not in preview["dataset/index.html"].decode()


def ids(dataset):
    return [dataset["id"], *(resource["id"] for resource in dataset["resources"])]


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ({}, []),
        ({"telephone": None, "email": "x@example.jp"}, []),
        (
            {"telephone": None},
            ["site.yml: contact の telephone か email が空です。必ず書いてください。"],
        ),
        (
            {"address": ""},
            ["site.yml: contact の office、address、page が空です。必ず書いてください。"],
        ),
    ],
)
def test_nothing_is_published_without_a_contact_that_a_resident_can_use(
    packages, raw_parameters, contact, told
):
    site = SiteSettings.model_validate(raw_parameters["site"])
    changed = site.model_copy(update={"contact": site.contact.model_copy(update=contact)})
    assert list(find_unfit(packages, changed)) == told
