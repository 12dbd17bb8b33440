"""Only datasets that bear our mark are ours, and what was taken down by hand stays down."""

from dataclasses import replace

import pytest

from sumida_data.catalogue.ckan.entries import MANIFEST, read_manifest
from sumida_data.catalogue.target import TargetChange, TargetError, compare
from tests.catalogue.ckan.catalogues import make_catalogue, make_dataset, publish
from tests.catalogue.office import DAY

CATALOGUE = make_catalogue()


def name_of(target):
    return f"{target.settings.name_prefix}dx-indicators"


def show(ckan, target):
    return ckan.action("package_show", id=name_of(target))


@pytest.mark.long
def test_anothers_dataset_is_overwritten_by_a_decision_alone(target, ckan):
    made = ckan.action(
        "package_create", name=name_of(target), owner_org=ckan.organization, title="手で作った"
    )
    state = target.observe(DAY)
    assert state.others == {"dx-indicators"}
    changes = compare(CATALOGUE, state)
    assert changes[0] == TargetChange("adopt", "dx-indicators")
    with pytest.raises(TargetError, match="ほかの人のデータセットがあります"):
        target.apply(CATALOGUE)
    assert show(ckan, target)["title"] == "手で作った"
    target.apply(CATALOGUE, adopts=["dx-indicators"])
    assert target.verify(CATALOGUE) == []
    assert show(ckan, target)["id"] == made["id"]
    assert target.observe(DAY).others == set()


def test_a_name_of_another_organisation_is_told_before_the_approval(target, own_ckan):
    organization = f"{target.settings.name_prefix}x"
    own_ckan.action("organization_create", caller="admin", name=organization)
    own_ckan.action("package_create", caller="admin", name=name_of(target), owner_org=organization)
    (told,) = target.observe(DAY).find_problems(CATALOGUE)
    assert told.startswith(f"データセット {name_of(target)}: ほかの組織が使っている名前です")


@pytest.mark.parametrize(
    "change",
    [{"private": True}, pytest.param({"state": "draft"}, marks=pytest.mark.long)],
)
def test_what_was_taken_down_by_hand_is_told_and_comes_back_at_its_address(target, ckan, change):
    publish(target, CATALOGUE)
    package = show(ckan, target)
    ckan.action("package_patch", id=package["id"], **change)
    state = target.observe(DAY)
    assert (state.hidden, state.datasets) == ({"dx-indicators"}, {})
    publish(target, CATALOGUE)
    assert target.verify(CATALOGUE) == []
    assert show(ckan, target)["id"] == package["id"]


def test_a_renamed_dataset_keeps_its_id(target, ckan):
    publish(target, CATALOGUE)
    package = show(ckan, target)
    ckan.action("package_patch", id=package["id"], name=f"{name_of(target)}-old")
    assert target.verify(CATALOGUE) == ["データセット dx-indicators: 公開されていません。"]
    publish(target, CATALOGUE)
    assert show(ckan, target)["id"] == package["id"]
    assert target.verify(CATALOGUE) == []


def test_a_spoilt_mark_is_put_right(target, ckan):
    publish(target, CATALOGUE)
    package = show(ckan, target)
    extras = [
        extra | ({"value": "{"} if extra["key"] == MANIFEST else {}) for extra in package["extras"]
    ]
    ckan.action("package_patch", id=package["id"], extras=extras)
    publish(target, CATALOGUE)
    assert read_manifest(show(ckan, target))["project"] == "sumida-data"
    assert target.verify(CATALOGUE) == []


def test_what_is_withdrawn_leaves_a_page_without_files(target, ckan):
    other = make_dataset("other")
    publish(target, make_catalogue(*CATALOGUE.datasets, other))
    left = replace(make_catalogue(other), withdrawn={"dx-indicators": ["1.0.0"]})
    publish(target, left)
    package = show(ckan, target)
    assert (package["resources"], package["private"]) == ([], False)
    assert package["notes"].startswith("このデータは取り下げました")
    assert target.verify(left) == []
    assert set(target.observe(DAY).datasets) == {"other"}
    publish(target, make_catalogue(other))
    assert show(ckan, target)["private"] is False


def test_groups_and_views_that_went_are_told_and_put_right(target, ckan):
    publish(target, CATALOGUE)
    package = show(ckan, target)
    csv = next(one["id"] for one in package["resources"] if one["format"] == "CSV")
    for view in ckan.action("resource_view_list", id=csv):
        ckan.action("resource_view_delete", id=view["id"])
    assert target.verify(CATALOGUE) == [
        "データセット dx-indicators: indicator_value.csv の表の画面(ビュー)がありません。"
    ]
    ckan.action("package_patch", id=package["id"], groups=[])
    assert target.verify(CATALOGUE) == [
        "データセット dx-indicators: グループ c029 から外されています。"
    ]
    publish(target, CATALOGUE)
    assert target.verify(CATALOGUE) == []
