"""The preview catalogue: files, answers in CKAN's shape, and the page."""

import hashlib
import json
import re
from html.parser import HTMLParser
from uuid import UUID

import pytest

from sumida_data.portal.preview import build_preview


class Links(HTMLParser):
    """Collects the addresses to which a page refers."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("href", "src")]


@pytest.fixture(scope="module")
def preview(built, packages, municipality):
    return build_preview(built, packages, municipality)


@pytest.fixture(scope="module")
def datasets(preview):
    answer = json.loads(preview["api/3/action/package_search"])
    return {dataset["name"]: dataset for dataset in answer["result"]["results"]}


@pytest.fixture(scope="module")
def page(preview):
    return preview["index.html"].decode()


def test_every_file_of_every_package_is_there_unchanged(preview, built):
    files = {path: content for path, content in preview.items() if path.startswith("dataset/")}
    assert files == {
        f"dataset/{path.replace('/', '/latest/')}": content for path, content in built.items()
    }


def test_the_same_packages_give_the_same_bytes(preview, built, packages, municipality):
    assert build_preview(dict(built), packages, municipality) == preview


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

    def test_ids_are_uuids_and_the_same_whatever_the_data_say(
        self, datasets, build, packages, municipality
    ):
        other = build_preview(build(procedure=[]), packages, municipality)
        again = json.loads(other["api/3/action/package_search"])["result"]["results"]
        assert [ids(dataset) for dataset in again] == [ids(one) for one in datasets.values()]
        everything = [one for dataset in datasets.values() for one in ids(dataset)]
        assert len(set(everything)) == len(everything)
        assert {UUID(one).version for one in everything} == {5}

    def test_modified_is_the_newest_day_of_the_data(self, datasets):
        assert datasets["dx-indicators"]["metadata_modified"] == "2023-01-31T00:00:00.000000"
        assert datasets["online-procedures"]["metadata_modified"] == "2022-12-31T00:00:00.000000"

    def test_a_package_without_days_names_no_day(self, build, packages, municipality):
        preview = build_preview(build(procedure=[]), packages, municipality)
        datasets = json.loads(preview["api/3/action/package_search"])["result"]["results"]
        assert datasets[1]["metadata_modified"] == "1970-01-01T00:00:00.000000"

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
                content = preview[resource["url"].removeprefix("http://localhost:8000/")]
                assert resource["size"] == len(content)
                assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"

    def test_every_file_of_a_package_is_a_resource(self, datasets, built):
        listed = {
            resource["url"].removeprefix("http://localhost:8000/dataset/").replace("/latest/", "/")
            for dataset in datasets.values()
            for resource in dataset["resources"]
        }
        assert listed == set(built)

    def test_tags_are_such_as_a_ckan_accepts(self, datasets):
        tags = [tag["name"] for dataset in datasets.values() for tag in dataset["tags"]]
        assert len(tags) >= 2 * len(datasets)
        assert all(re.fullmatch(r"[\w .\-]{2,100}", tag) for tag in tags)


class TestPage:
    def test_every_link_leads_to_a_file_beside_it(self, page, preview):
        local = [link for link in Links(page).found if "://" not in link and link != "data:,"]
        assert len(local) == len(preview) - 1  # all but the page itself
        assert set(local) <= set(preview)

    def test_nothing_is_loaded_from_elsewhere(self, page):
        assert "<script" not in page
        assert "@import" not in page
        assert "url(" not in page
        assert "default-src 'none'" in page

    def test_shows_size_and_hash_of_each_file(self, page, built):
        for content in built.values():
            assert f"{len(content):,} バイト" in page
            assert hashlib.sha256(content).hexdigest() in page

    def test_says_that_nothing_is_public_yet(self, page):
        assert "まだ公開されていません" in page
        assert "架空の調査票" not in page

    def test_sample_data_are_stamped(self, build, built, packages, municipality, frames):
        rows = frames["procedure"].astype(object)
        rows = rows.where(rows.notna(), None).to_dict("records")
        sample = build(procedure=[row | {"sample": True} for row in rows])
        page = build_preview(sample, packages, municipality)["index.html"].decode()
        assert "架空の調査票から作ったもので、実際の数ではありません" in page
        assert "<title>【見本データ】" in page
        assert page.count("【見本データ】") == 2  # the page, and the one package with sample rows

    def test_text_is_not_taken_for_markup(self, build, packages, municipality):
        hostile = "<script>alert(1)</script>"
        described = packages.model_copy(update={"publisher": hostile})
        page = build_preview(build(described), described, municipality)["index.html"].decode()
        assert hostile not in page
        assert "&lt;script&gt;" in page


def ids(dataset):
    return [dataset["id"], *(resource["id"] for resource in dataset["resources"])]
