"""What is kept of opened files: used again, never believed when damaged, of no use without the file."""

from pathlib import Path

import pytest

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading import opened
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.workbook import open_workbook


@pytest.fixture
def content(make_workbook):
    return make_workbook({"表紙": [["記入者", "墨田 花子"], ["件数", 12.5]]})


@pytest.fixture
def count(monkeypatch):
    """The names of files that are really opened."""
    names = []

    def note(content, name):
        names.append(name)
        return open_workbook(content, name)

    monkeypatch.setattr(opened, "open_workbook", note)
    return names


def _kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_opened_once_whatever_its_name(tmp_path, content, count):
    files = OpenedFiles(tmp_path)
    books = [files.open(content, name) for name in ("FY2022Q2/a.xlsx", "FY2022Q3/b.xlsx")]
    assert count == ["FY2022Q2/a.xlsx"]
    assert books[0] == books[1] == open_workbook(content, "a.xlsx")


def test_without_a_folder_nothing_is_kept(content, count):
    assert [OpenedFiles().open(content, "a.xlsx") for _ in range(2)]
    assert len(count) == 2


def test_why_a_file_cannot_be_used_is_kept_too(tmp_path, count):
    for _ in range(2):
        with pytest.raises(UnusableFileError) as told:
            OpenedFiles(tmp_path).open(b"<html>", "a.xlsx")
        assert told.value.rule_id == "F103"
    assert len(count) == 1


def test_a_csv_is_known_by_its_ending(tmp_path, count):
    with pytest.raises(UnusableFileError):
        OpenedFiles(tmp_path).open(b"a,b", "a.xlsx")
    assert OpenedFiles(tmp_path).open(b"a,b", "a.CSV").sheets[0].rows == [["a", "b"]]


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:9] + b"0" + b[10:]]
)
def test_what_is_damaged_is_opened_anew(tmp_path, content, count, damage):
    OpenedFiles(tmp_path).open(content, "a.xlsx")
    [path] = _kept(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert OpenedFiles(tmp_path).open(content, "a.xlsx") == open_workbook(content, "a.xlsx")
    assert len(count) == 2
    assert path.read_bytes() == whole


def test_what_is_kept_says_nothing_without_the_file(tmp_path, content):
    OpenedFiles(tmp_path).open(content, "a.xlsx")
    [path] = _kept(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert opened.recall(path.parents[1], path.name, content)
    assert opened.recall(path.parents[1], path.name, content + b"\0") is None


def test_nothing_else_is_made_of_it(tmp_path, content):
    opened.keep(tmp_path, "place", content, print)
    assert opened.recall(tmp_path, "place", content) is None


def test_other_code_opens_anew_and_removes_what_is_old(tmp_path, content, count, monkeypatch):
    OpenedFiles(tmp_path).open(content, "a.xlsx")
    monkeypatch.setattr(opened, "hash_code", lambda *_: "other")
    OpenedFiles(tmp_path).open(content, "a.xlsx")
    assert len(count) == 2
    assert [path.parent.name for path in _kept(tmp_path)] == ["other"]


def test_where_nothing_can_be_written_files_are_opened(tmp_path, content, count):
    (tmp_path / "file").touch()
    for _ in range(2):
        assert OpenedFiles(tmp_path / "file").open(content, "a.xlsx")
    assert len(count) == 2
