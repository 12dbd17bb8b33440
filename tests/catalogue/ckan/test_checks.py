"""The preflight says exactly what is missing, in words for an officer."""

import pytest

from sumida_data.catalogue.ckan.entries import clean_tags
from sumida_data.catalogue.ckan.site import CkanSettings
from sumida_data.catalogue.ckan.target import Readiness, choose_license, open_target
from sumida_data.catalogue.target import TargetError
from tests.catalogue.ckan.catalogues import make_catalogue, make_dataset, publish
from tests.catalogue.office import DAY


def ask(**settings):
    with pytest.raises(TargetError) as told:
        open_target("record", **settings).observe(DAY)
    return str(told.value)


class TestWithoutASite:
    def test_address_and_token_missing_are_told_together(self):
        address, token = ask().splitlines()
        assert "CKAN_URL" in address
        assert "conf/ckan/credentials.yml の token" not in address
        assert "CKAN_API_TOKEN" in token

    def test_nobody_answering_is_told(self):
        told = ask(url="http://127.0.0.1:9", token="?", attempts=2, backoff=0)
        assert "2回試しました" in told
        assert "ConnectionError" in told

    @pytest.mark.parametrize("url", ["http://[x", "catalog.example.org", "ftp://example.org"])
    def test_what_is_no_address_is_told(self, url, tmp_path):
        with pytest.raises(TargetError, match="設定 url が正しくありません"):
            open_target(tmp_path, url=url)

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("http://localhost:5000", True),
            ("http://127.0.0.1", True),
            ("http://[::1]:5000/ckan", True),
            ("https://catalog.data.metro.tokyo.lg.jp", False),
            ("http://localhost.example.org", False),
            ("http://10.0.0.1", False),
            ("", False),
        ],
    )
    def test_only_this_machine_takes_sample_data(self, url, expected):
        assert open_target("record", url=url).accepts_sample is expected

    def test_unknown_setting_is_named(self, tmp_path):
        with pytest.raises(TargetError, match="設定 organisation が正しくありません"):
            open_target(tmp_path, organisation="x")

    def test_token_is_not_shown(self):
        assert "secret-token" not in repr(CkanSettings.model_validate({"token": "secret-token"}))

    @pytest.mark.parametrize(
        ("known", "expected"),
        [({"cc-by", "notspecified"}, "cc-by"), ({"cc-by", "CC-BY-4.0"}, "CC-BY-4.0")],
    )
    def test_licence_is_called_as_the_site_calls_it(self, known, expected):
        ready = Readiness("", frozenset(known), frozenset(), datastore=True)
        assert choose_license("CC-BY-4.0", CkanSettings(), ready) == expected

    def test_licence_unknown_to_the_site_is_refused(self):
        ready = Readiness("", frozenset({"notspecified"}), frozenset(), datastore=True)
        with pytest.raises(TargetError, match=r"CC-BY-4\.0 を知りません.*使える名前: notspecified"):
            choose_license("CC-BY-4.0", CkanSettings(), ready)

    def test_tags_lose_what_ckan_refuses(self):
        words = ["年齢・男女別", "国勢調査 2020", "か", "（参考）", "指標", "指標", "a/b,c"]
        assert clean_tags(words) == ["年齢 男女別", "国勢調査 2020", "参考", "指標", "a b c"]


class TestWithASite:
    def test_token_that_is_not_valid(self, ckan):
        assert "APIトークンが無効です" in ask(url=ckan.url, token="no-such-token")

    def test_organisation_in_which_one_may_not_publish(self, ckan):
        told = ask(url=ckan.url, token=ckan.tokens["publisher"], organization="t130001")
        assert "組織 t130001 にデータセットを作れません" in told
        assert f"作れる組織: {ckan.organization}" in told
        assert "編集者(editor)" in told

    def test_administrator_is_refused(self, own_ckan):
        told = ask(url=own_ckan.url, token=own_ckan.tokens["admin"])
        assert "admin は全体の管理者です" in told

    def test_release_that_is_too_old(self, open_ckan, monkeypatch):
        target = open_ckan()
        call = target.site.call
        old = {"ckan_version": "2.9.11", "extensions": []}
        monkeypatch.setattr(
            target.site, "call", lambda name, *a: old if name == "status_show" else call(name, *a)
        )
        with pytest.raises(TargetError, match=r"CKAN 2\.9\.11 には対応していません"):
            target.observe(DAY)

    def test_site_that_fills_the_datastore_itself_is_left_to_it(
        self, open_ckan, proxy, monkeypatch
    ):
        target = open_ckan()
        call = target.site.call

        def answer(name, *arguments):
            told = call(name, *arguments)
            if name == "status_show":
                told["extensions"].append("xloader")
            return told

        monkeypatch.setattr(target.site, "call", answer)
        publish(target, make_catalogue())
        assert not any(call.startswith("datastore") for call in proxy.calls)
        assert target.verify(make_catalogue()) == []

    def test_group_is_left_out_where_it_is_not_ours(self, open_ckan, ckan):
        target = open_ckan(group="c023")
        publish(target, make_catalogue(make_dataset()))
        name = f"{target.settings.name_prefix}dx-indicators"
        assert ckan.action("package_show", id=name)["groups"] == []

    def test_name_that_others_have_taken(self, open_ckan, own_ckan):
        target = open_ckan(attempts=2)
        own_ckan.action(
            "organization_create", caller="admin", name=f"{target.settings.name_prefix}x"
        )
        own_ckan.action(
            "package_create",
            caller="admin",
            name=f"{target.settings.name_prefix}dx-indicators",
            owner_org=f"{target.settings.name_prefix}x",
        )
        with pytest.raises(TargetError, match="ほかの人のデータセットがあります"):
            publish(target, make_catalogue())
