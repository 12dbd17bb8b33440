import os
import sys
import unicodedata
from pathlib import Path

import pytest
from kedro.io import DatasetError

from sumida_data.datasets import FolderDataset
from sumida_data.survey.findings import Kind


def names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_an_empty_or_missing_folder_is_no_error(tmp_path: Path) -> None:
    assert FolderDataset(path=str(tmp_path)).load() == {}
    missing = FolderDataset(path=str(tmp_path / "missing"))
    assert missing.load() == {}
    assert not missing.exists()


def test_files_are_listed_by_name_and_read_when_asked(tmp_path: Path) -> None:
    for name in ("FY2022Q3/b.xlsx", "FY2022Q3/a.xlsx", "FY2022Q3/~$a.xlsx", ".gitkeep"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    files = FolderDataset(path=str(tmp_path)).load()
    assert list(files) == ["FY2022Q3/a.xlsx", "FY2022Q3/b.xlsx"]
    assert files["FY2022Q3/a.xlsx"].read() == b"FY2022Q3/a.xlsx"
    assert files["FY2022Q3/a.xlsx"].arrived_at > 0


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps names as text")
def test_a_name_from_windows_is_spelled_out(tmp_path: Path) -> None:
    name = os.fsdecode("1106_財産活用課.xlsx".encode("cp932"))
    (tmp_path / name).write_bytes(b"content")
    [(spelled, file)] = FolderDataset(path=str(tmp_path)).load().items()
    assert spelled == file.name == "1106_財産活用課.xlsx"
    assert file.read() == b"content"


def test_one_name_may_lie_there_as_windows_and_as_macos_write_it(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "1204_窓口課が.xlsx")).write_bytes(form.encode())
    files = FolderDataset(path=str(tmp_path)).load()
    assert list(files) == ["1204_窓口課が (2).xlsx", "1204_窓口課が.xlsx"]
    assert sorted(file.read() for file in files.values()) == [b"NFC", b"NFD"]


def test_what_is_left_out_is_not_listed(tmp_path: Path) -> None:
    hidden = (".FY2022Q3-killed/new/a.xlsx", "FY2022Q3/.versions/a.xlsx", "FY2022Q3/~$a.xlsx")
    for name in ("FY2022Q3/a.xlsx", "FY2022Q3/確認結果/a_確認結果.xlsx", "確認結果", *hidden):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    files = FolderDataset(path=str(tmp_path), left_out=["確認結果"]).load()
    assert list(files) == ["FY2022Q3/a.xlsx", "確認結果"]


def test_saving_leaves_exactly_the_files_given(tmp_path: Path) -> None:
    dataset = FolderDataset(path=str(tmp_path / "out"))
    dataset.save({"old/gone.txt": b"1", "kept.txt": b"1"})
    dataset.save({"kept.txt": b"2", "new/here.txt": b"3"})
    assert names(tmp_path) == ["out/kept.txt", "out/new/here.txt"]
    assert (tmp_path / "out/kept.txt").read_bytes() == b"2"


def test_saving_by_subfolder_leaves_the_others(tmp_path: Path) -> None:
    dataset = FolderDataset(path=str(tmp_path), by_subfolder=True)
    dataset.save({"FY2022Q2/a.html": b"1", "FY2022Q2/b.html": b"1"})
    dataset.save({"FY2022Q3/a.html": b"1"})
    dataset.save({"FY2022Q2/a.html": b"2"})
    assert names(tmp_path) == ["FY2022Q2/a.html", "FY2022Q3/a.html"]
    assert "by_subfolder" in repr(dataset)


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "..\\out.txt"])
def test_a_name_cannot_lead_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    with pytest.raises(DatasetError, match="leads out"):
        FolderDataset(path=str(folder)).save({name: b""})
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_link_a_pipe_and_a_huge_file_are_listed_and_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    folder = tmp_path / "raw/FY2022Q3"
    folder.mkdir(parents=True)
    (folder / "a.xlsx").write_bytes(b"a")
    (folder / "link.xlsx").symlink_to(secret)
    (folder / "nowhere.xlsx").symlink_to(tmp_path / "none")
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.xlsx")
    with (folder / "huge.xlsx").open("wb") as file:
        file.truncate(2 << 30)
    found = FolderDataset(path=str(tmp_path / "raw"), opened=True).load()
    rules = {name.removeprefix("FY2022Q3/"): one.rule_id for name, one in found.items()}
    assert rules == {
        "a.xlsx": None,
        "folder": Kind.NOT_READABLE,
        "huge.xlsx": Kind.TOO_LARGE,
        "link.xlsx": Kind.NOT_READABLE,
        "nowhere.xlsx": Kind.NOT_READABLE,
        "pipe.xlsx": Kind.NOT_READABLE,
    }
    assert [one.read() for one in found.values()] == [b"a", b"", b"", b"", b"", b""]
    assert all(one.arrived_at for one in found.values())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_private_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    dataset = FolderDataset(path=str(tmp_path / "returns"), by_subfolder=True, private=True)
    dataset.save({"FY2022Q3/a.txt": b"a"})
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "returns").rglob("*")]
    assert modes == [0o700, 0o600]
    FolderDataset(path=str(tmp_path / "open")).save({"a.txt": b"a"})
    assert (tmp_path / "open/a.txt").stat().st_mode & 0o044
