"""An office that publishes to a real CKAN and is killed at each step of its journal."""

from dataclasses import dataclass, replace

import pytest

from sumida_data.catalogue.ckan.target import CkanTarget, open_target
from sumida_data.catalogue.publication import publish
from sumida_data.catalogue.target import Catalogue, TargetError
from tests.catalogue.ckan.catalogues import ROWS, make_catalogue, make_dataset
from tests.catalogue.office import Office
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


@pytest.mark.parametrize("step", STEPS)
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
    assert office.target.verify(old if step in ("content kept", "begun") else new) == []
    office.publish(new)
    assert office.target.verify(new) == []
    assert office.record.journal is None
    assert ckan.action("package_show", id=name)["id"] == identity
    lines = office.record.publications
    assert [line.approval_id for line in lines] == ["A0001", "A0002"]


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
    assert office.target.verify(new) == []
    office.approve_and_publish(newest)
    assert office.target.verify(newest) == []
    assert office.undo() == "P0002"
    assert office.target.verify(new) == []


def test_the_steps_are_done_in_this_order(office, monkeypatch):
    catalogue = make_version("1.0.0", 1)
    office.approve(catalogue)
    done = note_steps(monkeypatch, STEPS)
    office.publish(catalogue)
    assert done == [*STEPS]


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
