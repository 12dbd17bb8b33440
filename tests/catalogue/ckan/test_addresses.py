"""Addresses and tokens that cannot be right are told before anything is asked."""

import pytest

from sumida_data.catalogue.ckan.site import CkanSettings
from sumida_data.catalogue.ckan.target import open_target
from sumida_data.catalogue.target import TargetError
from tests.catalogue.office import DAY


@pytest.mark.parametrize("end", ["", "/", "/api", "/api/3", "/api/3/", "/api/3/action"])
def test_what_follows_the_address_of_a_site_is_left_out(end):
    assert CkanSettings(url=f"https://example.org/ckan{end}").url == "https://example.org/ckan"


def test_a_password_in_an_address_is_refused_and_not_printed(tmp_path):
    with pytest.raises(TargetError) as told:
        open_target(tmp_path, url="https://me:geheim@example.org")
    assert "basic_auth に書いてください" in str(told.value)
    assert "geheim" not in str(told.value)


def test_the_placeholder_of_the_guide_is_no_token(tmp_path):
    with pytest.raises(TargetError, match="CKANの画面で作ったものに置き換えて"):
        open_target(tmp_path, token="ここにAPIトークン")


def test_names_begin_with_the_organisation_by_default():
    assert CkanSettings(organization="t131075").name_prefix == "t131075-"
    assert CkanSettings(organization="t131075", name_prefix="").name_prefix == ""


def test_a_name_that_nobody_knows_is_told_at_once(tmp_path):
    target = open_target(tmp_path, url="https://no-such-host.invalid", token="x", backoff=30)
    with pytest.raises(TargetError, match=r"名前が見つかりません|プロキシを通れません"):
        target.observe(DAY)
