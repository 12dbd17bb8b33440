"""Publishing to a real CKAN: what is written, what stands there afterwards, and what is left alone."""

import json
from dataclasses import replace
from datetime import date

import pytest

from sumida_data.catalogue.ckan.entries import MANIFEST
from sumida_data.catalogue.ckan.site import CkanSite
from sumida_data.catalogue.ckan.target import open_target
from sumida_data.catalogue.target import TargetError, compare
from tests.catalogue.ckan.catalogues import ROWS, make_catalogue, make_dataset, make_file, publish
from tests.catalogue.ckan.conftest import make_settings
from tests.catalogue.ckan.proxy import Fault
from tests.catalogue.office import DAY

NEXT_ROWS = [*ROWS, ("FY2022Q4", "普及率", "2023-03-31", "61.0", "", "true")]


def show(ckan, target, name="dx-indicators"):
    return ckan.action("package_show", id=f"{target.settings.name_prefix}{name}")


def addresses(package):
    """Return ids and addresses of the newest files by name."""
    newest = (one for one in package["resources"] if one["format"] != "ZIP")
    return {one["name"]: (one["id"], one["url"]) for one in newest}


@pytest.fixture(scope="module")
def published(ckan, tmp_path_factory):
    """A target to which one dataset has been published; its tests only look."""
    settings = make_settings(ckan, name_prefix="first-").model_dump()
    target = open_target(tmp_path_factory.mktemp("record"), **settings)
    publish(target, make_catalogue())
    return target


class TestFirstPublication:
    def test_every_byte_table_and_word_is_read_back_as_the_public_sees_it(self, published):
        assert published.verify(make_catalogue()) == []

    def test_takes_one_revision_and_nothing_is_public_before(self, target, proxy):
        seen = []
        look = CkanSite(target.settings, anonymous=True)
        arguments = {"id": f"{target.settings.name_prefix}dx-indicators"}
        before = lambda: seen.append(look.find("package_show", arguments))  # noqa: E731
        proxy.faults.append(Fault("package_revise", forward=True, before=before))
        publish(target, make_catalogue())
        assert seen == [None]
        assert proxy.writes.count("package_create") == proxy.writes.count("package_revise") == 1

    def test_description_follows_the_habits_of_the_catalogue_of_tokyo(self, published, ckan):
        package = show(ckan, published)
        assert package["title"] == "墨田区の計画の指標"
        assert package["notes"] == "計画の指標の値。\n2行目。"
        assert package["maintainer"] == "ICT推進担当"
        assert package["license_id"] == "cc-by"
        assert {"key": "更新頻度", "value": "四半期"} in package["extras"]
        assert sorted(tag["name"] for tag in package["tags"]) == ["年齢 男女別", "行政情報化"]
        assert [group["name"] for group in package["groups"]] == ["c029"]
        assert package["organization"]["name"] == ckan.organization
        assert package["private"] is False

    def test_files_have_ascii_names_formats_and_types(self, published, ckan):
        found = {
            one["url"].rpartition("/")[2]: (one["format"], one["mimetype"], one["description"])
            for one in show(ckan, published)["resources"]
        }
        as_of = "（2022年（令和4年）12月31日現在）"
        assert found["indicator_value.csv"] == ("CSV", "text/csv", as_of)
        assert found["indicator_value.parquet"] == (
            "PARQUET",
            "application/vnd.apache.parquet",
            as_of,
        )
        assert found["readme.md"] == ("MD", "text/markdown", as_of)

    def test_table_has_types_titles_notes_and_units(self, published, ckan):
        one = find_csv(show(ckan, published))
        answer = ckan.action("datastore_search", resource_id=one)
        fields = {field["id"]: field for field in answer["fields"]}
        assert [fields[n]["type"] for n in ("period", "as_of", "value", "count", "sample")] == [
            "text",
            "date",
            "numeric",
            "int8",
            "bool",
        ]
        assert fields["value"]["info"] == {"label": "値", "unit": "%"}
        assert fields["period"]["info"]["notes"] == "対象の四半期"
        assert answer["total"] == 2

    def test_missing_is_null_in_the_table(self, published, ckan):
        answer = ckan.action("datastore_search", resource_id=find_csv(show(ckan, published)))
        counts = {row["name"]: row["count"] for row in answer["records"]}
        assert counts == {"普及率": None, "電子決裁率": 154}

    def test_tables_and_json_can_be_looked_at(self, published, ckan):
        views = {
            one["url"].rpartition(".")[2]: [
                view["view_type"] for view in ckan.action("resource_view_list", id=one["id"])
            ]
            for one in show(ckan, published)["resources"]
        }
        assert views["csv"] == ["datatables_view"]
        assert views["json"] == ["text_view"]

    def test_says_who_asks(self, target, proxy):
        target.observe(DAY)
        assert len(proxy.agents) == 1
        assert proxy.agents.pop().startswith("sumida-data/")


class TestRepeat:
    def test_unchanged_writes_nothing(self, target, open_ckan, proxy):
        catalogue = make_catalogue()
        publish(target, catalogue)
        proxy.forget()
        publish(open_ckan(), catalogue)
        assert proxy.writes == []
        assert all(change.action == "keep" for change in compare(catalogue, state(target)))

    def test_one_changed_dataset_is_one_write_with_the_bytes_of_changed_files_alone(
        self, target, open_ckan, proxy
    ):
        large = make_file("notes.txt", b"x" * 300_000, "TXT", "text/plain")
        one, other = make_dataset(), make_dataset("online-procedures")
        one = replace(one, files=(*one.files, large))
        publish(target, make_catalogue(one, other))
        changed = replace(
            one, files=(make_file("README.md", b"new", "MD", "text/markdown"), *one.files[1:])
        )
        proxy.forget()
        publish(open_ckan(), make_catalogue(changed, other))
        assert proxy.writes == ["package_revise"]
        assert max(proxy.sent) < 10_000
        assert target.verify(make_catalogue(changed, other)) == []

    @pytest.mark.long
    def test_changed_rows_alone_go_into_the_table(self, target, open_ckan, proxy):
        publish(target, make_catalogue(make_dataset(rows=NEXT_ROWS)))
        proxy.forget()
        rows = [ROWS[0], (*ROWS[1][:3], "64.5", "", "true")]
        catalogue = make_catalogue(make_dataset(rows=rows))
        publish(open_ckan(), catalogue)
        assert proxy.writes == ["package_revise", "datastore_delete", "datastore_upsert"]
        assert target.verify(catalogue) == []

    @pytest.mark.long
    def test_ids_and_addresses_stay_over_ten_quarters(self, target, open_ckan, ckan):
        seen = []
        for quarter in range(10):
            rows = [(f"Q{n}", "普及率", "2023-01-31", str(n), "", "") for n in range(quarter + 1)]
            catalogue = make_catalogue(make_dataset(rows=rows, version=f"1.{quarter}.0"))
            publish(open_ckan(), catalogue)
            package = show(ckan, target)
            seen.append((package["id"], addresses(package)))
            assert target.verify(catalogue) == []
        assert seen == seen[:1] * 10

    def test_new_file_joins_and_an_old_one_goes(self, target, ckan):
        publish(target, make_catalogue())
        before = addresses(show(ckan, target))
        dataset = make_dataset()
        new = make_file("table.xlsx", b"PK", "XLSX", "application/vnd.ms-excel")
        catalogue = make_catalogue(replace(dataset, files=(*dataset.files[1:], new)))
        publish(target, catalogue)
        after = addresses(show(ckan, target))
        assert target.verify(catalogue) == []
        assert before.keys() - after.keys() == {"表 MD"}
        assert after.keys() - before.keys() == {"表 XLSX"}
        assert all(before[name] == after[name] for name in before.keys() & after.keys())

    def test_tags_and_extras_can_become_fewer(self, target, ckan):
        publish(target, make_catalogue())
        catalogue = make_catalogue(make_dataset(tags=[{"name": "指標"}], extras=[]))
        publish(target, catalogue)
        package = show(ckan, target)
        assert [tag["name"] for tag in package["tags"]] == ["指標"]
        assert [extra["key"] for extra in package["extras"]] == [MANIFEST]
        assert target.verify(catalogue) == []

    @pytest.mark.long
    def test_table_whose_columns_change_is_built_anew(self, target):
        publish(target, make_catalogue())
        dataset = make_dataset()
        files = {file.key: file for file in dataset.files}
        descriptor = json.loads(files["datapackage.json"].content)
        descriptor["resources"][0]["schema"]["fields"][4]["type"] = "string"
        text = json.dumps(descriptor, ensure_ascii=False).encode()
        changed = replace(files["datapackage.json"], content=text)
        catalogue = make_catalogue(replace(dataset, files=(*dataset.files[:3], changed)))
        publish(target, catalogue)
        assert target.verify(catalogue) == []


class TestOthersWork:
    def test_dataset_edited_by_hand_is_put_right(self, target, ckan):
        publish(target, make_catalogue())
        package = show(ckan, target)
        ckan.action("package_patch", id=package["id"], title="手で直した題名")
        assert target.verify(make_catalogue()) == [
            "データセット dx-indicators: 説明が公開したものと違います。"
        ]
        publish(target, make_catalogue())
        assert show(ckan, target)["title"] == "墨田区の計画の指標"
        assert target.verify(make_catalogue()) == []

    def test_resource_deleted_by_hand_comes_back_at_its_address(self, target, ckan):
        publish(target, make_catalogue())
        before = addresses(show(ckan, target))
        one = find_csv(show(ckan, target))
        ckan.action("resource_delete", id=one)
        assert (
            "データセット dx-indicators: indicator_value.csv: ファイルがありません。"
            in target.verify(make_catalogue())
        )
        publish(target, make_catalogue())
        assert addresses(show(ckan, target)) == before
        assert target.verify(make_catalogue()) == []

    def test_resource_added_by_hand_goes(self, target, ckan):
        publish(target, make_catalogue())
        package = show(ckan, target)
        arguments = {"package_id": package["id"], "url": "https://example.org/x", "name": "よその"}
        added = ckan.action("resource_create", **arguments)
        assert f"データセット dx-indicators: {added['id']}: 公開していないファイルです。" in (
            target.verify(make_catalogue())
        )
        publish(target, make_catalogue())
        assert target.verify(make_catalogue()) == []

    @pytest.mark.long
    def test_bytes_replaced_by_hand_are_found_though_nothing_else_tells(self, target, own_ckan):
        publish(target, make_catalogue())
        one = find_csv(show(own_ckan, target))
        path = next(own_ckan.files.glob(f"resources/{one[:3]}/{one[3:6]}/{one[6:]}"))
        path.write_bytes(path.read_bytes().replace(b"59.3", b"95.3"))
        assert target.verify(make_catalogue()) == [
            "データセット dx-indicators: indicator_value.csv: 中身が公開したものと違います。"
        ]
        publish(target, make_catalogue())
        assert target.verify(make_catalogue()) == []

    def test_rows_changed_by_hand_are_found(self, target, ckan):
        publish(target, make_catalogue())
        one = find_csv(show(ckan, target))
        ckan.action(
            "datastore_delete",
            resource_id=one,
            force=True,
            filters={"name": "普及率"},
        )
        (told,) = target.verify(make_catalogue())
        assert "DataStoreは1行で、ファイルの2行と同じなのは1行です。" in told
        publish(target, make_catalogue())
        assert target.verify(make_catalogue()) == []

    @pytest.mark.long
    def test_groups_that_others_chose_stay(self, target, own_ckan):
        publish(target, make_catalogue())
        name = f"{target.settings.name_prefix}group"
        own_ckan.action("group_create", caller="admin", name=name)
        package = show(own_ckan, target)
        own_ckan.action(
            "member_create",
            caller="admin",
            id=name,
            object=package["id"],
            object_type="package",
            capacity="public",
        )
        publish(target, make_catalogue(make_dataset(version="1.1.0")))
        groups = {group["name"] for group in show(own_ckan, target)["groups"]}
        assert groups == {"c029", name}

    def test_datasets_of_others_are_left_alone(self, target, ckan):
        name = f"{target.settings.name_prefix}other"
        ckan.action("package_create", name=name, owner_org=ckan.organization)
        publish(target, make_catalogue())
        assert set(target.observe(DAY).datasets) == {"dx-indicators"}
        assert ckan.action("package_show", id=name)["private"] is False


class TestWithdrawal:
    def test_dataset_that_is_published_no_more_is_hidden_and_keeps_its_address(self, target, ckan):
        both = make_catalogue(make_dataset(), make_dataset("online-procedures"))
        publish(target, both)
        before = show(ckan, target, "online-procedures")
        publish(target, make_catalogue())
        assert show(ckan, target, "online-procedures")["private"] is True
        assert target.verify(make_catalogue()) == []
        publish(target, both)
        after = show(ckan, target, "online-procedures")
        assert (after["id"], addresses(after)) == (before["id"], addresses(before))
        assert target.verify(both) == []

    def test_blocked_dataset_stays_as_it_is(self, target):
        both = make_catalogue(make_dataset(), make_dataset("online-procedures"))
        publish(target, both)
        only = make_catalogue(make_dataset(version="2.0.0"), blocked=("online-procedures",))
        publish(target, only)
        assert set(target.observe(DAY).datasets) == {"dx-indicators", "online-procedures"}
        assert target.verify(only) == []

    def test_one_that_stands_there_still_is_told(self, target):
        both = make_catalogue(make_dataset(), make_dataset("online-procedures"))
        publish(target, both)
        (told,) = target.verify(make_catalogue())
        assert told.endswith("online-procedures: 公開をやめたはずですが、公開されています。")


class TestUndo:
    def test_puts_back_files_words_and_rows(self, open_ckan, ckan):
        before = make_catalogue()
        target = open_ckan()
        publish(target, before)
        ids = addresses(show(ckan, target))
        after = make_catalogue(make_dataset(rows=NEXT_ROWS, title="次の版"), make_dataset("other"))
        publish(target, after)
        assert target.verify(after) == []
        target.apply(before)
        assert target.verify(before) == []
        assert addresses(show(ckan, target)) == ids
        assert show(ckan, target, "other")["private"] is True


class TestRefusals:
    def test_sample_data_goes_nowhere_but_to_this_machine(self, open_ckan, proxy):
        target = open_ckan(url="https://catalog.example.org")
        assert target.accepts_sample is False
        assert open_ckan().accepts_sample is True
        with pytest.raises(TargetError, match="見本データは公開のCKANへ送れません"):
            target.apply(make_catalogue(sample=True))
        assert proxy.calls == []

    def test_everything_wrong_with_the_content_is_told_before_any_call(self, target, proxy):
        dataset = make_dataset(
            "Bad Name", rows=[ROWS[0], ROWS[0]], extras=[{"key": "更新頻度", "value": "1年ごと"}]
        )
        file = make_file("人口.csv", b"x", "CSV", "text/csv")
        catalogue = make_catalogue(replace(dataset, files=(*dataset.files, file)))
        with pytest.raises(TargetError) as told:
            target.apply(catalogue)
        for part in (
            "名前は英小文字",
            "更新頻度 1年ごと",
            "ファイル名 人口.csv",
            "主キー period、name",
        ):
            assert part in str(told.value)
        assert proxy.calls == []

    def test_too_large_a_file_and_too_long_a_column_are_told(self, open_ckan, proxy):
        target = open_ckan(max_file_bytes=100)
        dataset = make_dataset()
        text = dataset.files[3].content.decode().replace('"sample"', f'"{"列" * 22}"')
        csv = dataset.files[1].content.decode().replace("sample", "列" * 22)
        files = (
            replace(dataset.files[1], content=csv.encode()),
            replace(dataset.files[3], content=text.encode()),
        )
        with pytest.raises(TargetError) as told:
            target.apply(make_catalogue(replace(dataset, files=files)))
        assert "上限 100 バイト(max_file_bytes)を超えます" in str(told.value)
        assert "63バイトまでの名前" in str(told.value)
        assert proxy.calls == []


def find_csv(package):
    return next(one["id"] for one in package["resources"] if one["format"] == "CSV")


def state(target):
    return target.observe(date(2023, 2, 1))
