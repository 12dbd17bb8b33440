"""An office that publishes to a real CKAN and is killed at each step of its journal."""

import io
import json
import shutil
from dataclasses import dataclass, replace
from zipfile import ZipFile

import pytest
import requests

from sumida_data.catalogue.approval import RefusedError
from sumida_data.catalogue.ckan.target import CkanTarget, open_target
from sumida_data.catalogue.publication import publish
from sumida_data.catalogue.target import Catalogue, TargetError
from tests.catalogue.ckan.catalogues import ROWS, make_catalogue, make_dataset
from tests.catalogue.office import DAY, Office
from tests.catalogue.test_publication import STEPS as FOLDER_STEPS
from tests.catalogue.test_publication import Killed, kill_at, note_steps

_OURS = {"applied": (CkanTarget, "apply"), "verified": (CkanTarget, "verify")}
STEPS = {
    step: _OURS.get(step, place) for step, place in FOLDER_STEPS.items() if "release" not in step
}


@dataclass
class CkanOffice(Office):
    """Publishes to a CKAN.

    Attributes:
        ckan: Where, and under which names.
    """

    ckan: CkanTarget | None = None

    @property
    def target(self) -> CkanTarget:
        assert self.ckan
        return open_target(self.record.folder, **self.ckan.settings.model_dump())


@pytest.fixture
def office(target, tmp_path):
    return CkanOffice(tmp_path, ckan=target)


def make_version(version: str, count: int) -> Catalogue:
    """Return a catalogue of a dataset whose values are not kept for later quarters."""
    dataset = make_dataset(version=version, title=f"版{version}", rows=ROWS[:count])
    files = tuple(file for file in dataset.files if not file.key.endswith(".parquet"))
    return make_catalogue(replace(dataset, files=files))


OFTEN = ("begun", "applied")


@pytest.mark.parametrize(
    "step",
    [pytest.param(one, marks=() if one in OFTEN else pytest.mark.long) for one in STEPS],
)
def test_the_public_sees_old_or_new_and_a_repeat_completes_it(office, monkeypatch, ckan, step):
    """The process dies when the work of a step is done and the journal does not know it yet."""
    old, new = make_version("1.0.0", 1), make_version("1.1.0", 2)
    office.approve_and_publish(old)
    name = f"{office.target.settings.name_prefix}dx-indicators"
    identity = ckan.action("package_show", id=name)["id"]
    office.approve(new)
    with monkeypatch.context() as patched:
        kill_at(patched, step, STEPS)
        with pytest.raises(Killed):
            office.publish(new)
    shown = (old, "P0001") if step in ("content kept", "begun") else (new, "P0002")
    assert office.target.verify(*shown) == []
    office.publish(new)
    assert office.faults() == []
    assert office.record.journal is None
    assert ckan.action("package_show", id=name)["id"] == identity
    lines = office.record.publications
    assert [line.approval_id for line in lines] == ["A0001", "A0002"]


@pytest.mark.long
def test_another_approval_completes_what_was_under_way_first(office, monkeypatch):
    old, new, newest = (make_version(f"1.{n}.0", n % 2 + 1) for n in range(3))
    office.approve_and_publish(old)
    office.approve(new)
    with monkeypatch.context() as patched:
        kill_at(patched, "applied", STEPS)
        with pytest.raises(Killed):
            office.publish(new)
    office.approve(newest)
    decided = office.decide(newest)
    assert decided.resumed
    publish(office.target, office.record, decided)
    assert office.target.verify(new, "P0002") == []
    office.approve_and_publish(newest)
    assert office.target.verify(newest, "P0003") == []
    assert office.undo() == "P0002"
    assert office.target.verify(new, "P0002") == []


def test_the_steps_are_done_in_this_order(office, monkeypatch):
    catalogue = make_version("1.0.0", 1)
    office.approve(catalogue)
    done = note_steps(monkeypatch, STEPS)
    office.publish(catalogue)
    assert done == [*STEPS]


@pytest.mark.long
def test_what_others_made_after_the_approval_is_not_overwritten(office, ckan):
    catalogue = make_version("1.0.0", 1)
    office.approve(catalogue)
    name = f"{office.target.settings.name_prefix}dx-indicators"
    ckan.action("package_create", name=name, owner_org=ckan.organization, title="手で作った")
    with pytest.raises(TargetError, match="ほかの人のデータセットがあります"):
        office.publish(catalogue)
    office.abandon()
    assert ckan.action("package_show", id=name)["title"] == "手で作った"
    office.approve(catalogue, adopts=["dx-indicators"])
    office.publish(catalogue)
    assert office.target.verify(catalogue) == []


def read_versions(ckan, target, key="dx-indicators"):
    """Return what the ZIP of each version holds that anybody can download, and its address."""
    package = ckan.action("package_show", id=f"{target.settings.name_prefix}{key}")
    found = {}
    for one in package["resources"]:
        if one["format"] == "ZIP":
            answer = requests.get(one["url"], timeout=60)
            with ZipFile(io.BytesIO(answer.content)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            found[one["name"].removeprefix("版 ")] = one["url"], files
    return found


def test_every_version_stays_at_its_address(office, ckan):
    old, new = make_version("1.0.0", 1), make_version("1.1.0", 2)
    contents = [{file.key: file.content for file in one.datasets[0].files} for one in (old, new)]
    office.approve_and_publish(old)
    before = read_versions(ckan, office.target)
    assert {version: files for version, (_, files) in before.items()} == {"1.0.0": contents[0]}
    office.approve_and_publish(new)
    after = read_versions(ckan, office.target)
    assert {version: files for version, (_, files) in after.items()} == dict(
        zip(("1.0.0", "1.1.0"), contents, strict=True)
    )
    assert after["1.0.0"] == before["1.0.0"]
    assert office.faults() == []
    # No change of the newest files, so none that somebody would have to approve.
    assert set(office.target.observe(DAY).datasets["dx-indicators"].files) == set(contents[1])
    office.undo()
    assert read_versions(ckan, office.target) == before
    office.undo()
    assert read_versions(ckan, office.target) == after
    assert office.faults() == []


@pytest.mark.long
def test_a_version_damaged_by_hand_is_told_and_put_right(office, own_ckan):
    office.approve_and_publish(make_version("1.0.0", 1))
    office.approve_and_publish(make_version("1.1.0", 2))
    before = read_versions(own_ckan, office.target)
    resource = before["1.0.0"][0].split("/resource/")[1].partition("/")[0]
    own_ckan.action("resource_delete", id=resource)
    missing = "データセット dx-indicators: dx-indicators-1.0.0.zip: ファイルがありません。"
    assert missing in office.faults()
    office.publish(make_version("1.1.0", 2))
    assert read_versions(own_ckan, office.target) == before
    assert office.faults() == []


@pytest.mark.long
def test_a_withdrawn_version_says_so_at_its_address(office, ckan):
    old, new = make_version("1.0.0", 1), make_version("1.1.0", 2)
    office.approve_and_publish(old)
    office.approve_and_publish(new)
    before = read_versions(ckan, office.target)
    office.withdraw(replace(new, withdrawn={"dx-indicators": ["1.0.0"]}))
    after = read_versions(ckan, office.target)
    assert after["1.1.0"] == before["1.1.0"]
    address, files = after["1.0.0"]
    assert address == before["1.0.0"][0]
    assert list(files) == ["README.md"]
    assert files["README.md"].decode().startswith("このデータは取り下げました")
    assert office.faults() == []


def test_a_citation_that_leads_nowhere_on_the_site_is_refused(target):
    dataset = make_dataset()
    address = f"{target.settings.url}/dataset/dx-indicators/1.0.0/"
    text = json.dumps({"sumida:address": address, "resources": []}).encode()
    files = (*dataset.files[:3], replace(dataset.files[3], content=text))
    catalogue = make_catalogue(replace(dataset, files=files))
    (told,) = target.observe(DAY).find_problems(catalogue)
    assert told.startswith("packages.yml: catalogue_url がこのCKANを指しています")


@pytest.mark.long
def test_what_was_taken_down_by_hand_stays_down_without_an_approval(office, ckan):
    name, catalogue = f"{office.target.settings.name_prefix}dx-indicators", make_version("1.0.0", 1)
    office.approve_and_publish(catalogue)
    package = ckan.action("package_show", id=name)
    ckan.action("package_patch", id=package["id"], private=True)
    with pytest.raises(RefusedError, match="公開を止められたデータセット dx-indicators"):
        office.publish(catalogue)
    assert ckan.action("package_show", id=name)["private"]
    assert office.propose(catalogue).hidden == ("dx-indicators",)
    # Without the record, versions would begin again beside it.
    shutil.copytree(office.record.folder, office.path / "copy")
    shutil.rmtree(office.record.folder)
    with pytest.raises(RefusedError, match="dx-indicators がありますが、公開の記録がありません"):
        office.decide(catalogue)
    (office.path / "copy").rename(office.record.folder)
    office.approve_and_publish(catalogue)
    shown = ckan.action("package_show", id=name)
    assert (shown["private"], shown["id"]) == (False, package["id"])
