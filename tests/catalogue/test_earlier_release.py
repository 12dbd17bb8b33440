"""A record that an earlier release has written is read, verified, continued and taken back.

``earlier_record.zip`` is one as it was written on 29 November 2026: two publications of two datasets, one
of them with a figure that was published. It is never made anew; a release that writes records
otherwise reads this one too.
"""

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sumida_data.catalogue.history import read_histories
from tests.catalogue.office import Office, make_catalogue, make_dataset


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that has just upgraded, on a machine to which only the record was restored."""
    record = tmp_path / "record/folder"
    with zipfile.ZipFile(Path(__file__).with_name("earlier_record.zip")) as archive:
        archive.extractall(record)
    (tmp_path / "public").symlink_to("record/folder/releases/2")
    return Office(tmp_path, day=date(2023, 3, 1))


def test_who_approved_and_published_what_can_be_read(office: Office) -> None:
    state = office.record
    assert [one.approved_by for one in state.approvals] == ["見本 部長", "見本 部長"]
    assert [one.publication_id for one in state.publications] == ["P0001", "P0002"]


def test_what_was_published_is_what_the_record_says(office: Office) -> None:
    kept = office.record.load_catalogue("P0002")
    assert {one.name: one.files[0].content for one in kept.datasets}["a"] == b"1\n2\n"
    assert kept.sha256 == office.record.publications[-1].content_sha256
    assert office.faults() == []


def test_the_same_again_changes_nothing(office: Office) -> None:
    assert office.decide(office.record.load_catalogue("P0002")).changes_nothing


def test_it_goes_on_from_there(office: Office) -> None:
    [figures] = [
        one for one in office.record.load_catalogue("P0002").datasets if one.name == "dx-indicators"
    ]
    third = make_catalogue(make_dataset("a", "1.2.0", data__csv="3\n"), figures)
    office.approve_and_publish(third)
    assert office.faults() == []
    # What was cited stays at its address.
    assert office.show()["dataset/a/1.0.0/data.csv"] == b"1\n"
    assert office.record.publications[-1].publication_id == "P0003"


def test_the_last_publication_can_be_taken_back(office: Office) -> None:
    assert office.undo() == "P0001"
    assert office.show()["dataset/a/latest/data.csv"] == b"1\n"


def test_a_published_figure_is_still_known(office: Office) -> None:
    [history] = read_histories(office.record.folder.parent)
    assert {row["value"] for row in history.values} == {Decimal(23)}
    assert history.lineage is not None
    assert history.lineage.column("cell").to_pylist() == ["F20"]
