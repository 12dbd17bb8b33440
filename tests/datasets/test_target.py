"""The public target, its record and all records, as datasets."""

from pathlib import Path

import pytest
from kedro.io import DatasetError

from sumida_data.catalogue.folder import FolderTarget
from sumida_data.catalogue.target import TargetError
from sumida_data.datasets import RecordDataset, TargetDataset
from tests.catalogue.office import Office, make_catalogue, make_dataset

CATALOGUE = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def dataset(office: Office) -> TargetDataset:
    return TargetDataset(
        target={
            "class": "sumida_data.catalogue.folder.FolderTarget",
            "path": str(office.public),
            "record": str(office.record.folder),
        }
    )


def test_loading_shows_what_stands_there(dataset: TargetDataset, office: Office) -> None:
    state = dataset.load()
    assert (state.name, state.accepts_sample, state.datasets) == ("folder", True, {})
    office.approve_and_publish(CATALOGUE)
    assert list(dataset.load().datasets) == ["a"]


def test_saving_publishes_and_writes_it_down(dataset: TargetDataset, office: Office) -> None:
    office.approve(CATALOGUE)
    packages = RecordDataset(path=str(office.record.folder), read="packages")
    assert packages.load() == {}
    dataset.save(office.decide(CATALOGUE))
    assert office.faults() == []
    assert {name: file.read() for name, file in packages.load().items()} == {"a/data.csv": b"1\n"}
    records = RecordDataset(path=str(office.record.folder), read="state").load()
    assert [line.publication_id for line in records.publications] == ["P0001"]
    assert [one.approval_id for one in records.approvals] == ["A0001"]
    assert records.journal is None
    [history] = RecordDataset(path=str(office.path / "record"), read="histories").load()
    assert history.target == "folder"


def test_what_goes_wrong_is_told_in_plain_words_alone(
    dataset: TargetDataset, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.approve(CATALOGUE)
    decided = office.decide(CATALOGUE)
    with office.record.lock(), pytest.raises(DatasetError) as caught:
        dataset.save(decided)
    assert str(caught.value).startswith("ほかの人が公開の作業をしています")

    def fail(_: FolderTarget, __: object) -> None:
        raise TargetError("公開先を読めません。")

    monkeypatch.setattr(FolderTarget, "observe", fail)
    with pytest.raises(DatasetError) as caught:
        dataset.load()
    assert str(caught.value) == "公開先を読めません。"


def test_credentials_are_arguments_of_the_target_and_are_not_shown(tmp_path: Path) -> None:
    dataset = TargetDataset(
        target={"class": "sumida_data.catalogue.folder.FolderTarget", "path": str(tmp_path)},
        credentials={"record": "secret"},
    )
    assert isinstance(dataset.target, FolderTarget)
    assert "secret" not in str(dataset)


def test_a_record_is_written_by_publishing_only(tmp_path: Path) -> None:
    dataset = RecordDataset(path=str(tmp_path), read="state")
    with pytest.raises(DatasetError, match="written only by publishing"):
        dataset.save([])  # type: ignore[arg-type]
    assert str(tmp_path) in str(dataset)


def test_a_publication_that_is_not_kept_is_told(office: Office) -> None:
    office.approve_and_publish(CATALOGUE)
    (office.record.folder / "publications/P0001.json").unlink()
    with pytest.raises(DatasetError, match="公開 P0001 の控え"):
        RecordDataset(path=str(office.record.folder), read="packages").load()
