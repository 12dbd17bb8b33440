"""A folder is old or new, whatever happens while it is replaced."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sumida_data.base.disk import (
    hash_place,
    hold,
    is_unchanged,
    read_folder,
    replace_file,
    replace_folder,
)
from sumida_data.datasets import FolderDataset

KILLED = """
import os, signal, sys
from pathlib import Path
from sumida_data.base.disk import replace_folder
rename = Path.rename
def kill(path, target):
    if path.name == "new":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = kill
replace_folder(Path(sys.argv[1]), {"a.txt": b"new"})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    replace_folder(tmp_path / "folder", {"a.txt": b"old", "b.txt": b"old"})
    return tmp_path / "folder"


def kill_between_the_steps(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()


def test_after_a_kill_the_old_folder_is_there_again(folder: Path) -> None:
    kill_between_the_steps(folder)
    assert read_folder(folder) == {"a.txt": b"old", "b.txt": b"old"}
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_after_a_kill_a_run_sees_the_old_folder_too(folder: Path) -> None:
    kill_between_the_steps(folder)
    assert set(FolderDataset(path=str(folder)).load()) == {"a.txt", "b.txt"}


def test_after_a_kill_it_can_be_replaced(folder: Path) -> None:
    kill_between_the_steps(folder)
    replace_folder(folder, {"c.txt": b"new"})
    assert read_folder(folder) == {"c.txt": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise PermissionError("in use")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        with pytest.raises(PermissionError):
            replace_folder(folder, {"c.txt": b"new"})
    assert read_folder(folder) == {"a.txt": b"old", "b.txt": b"old"}


def test_what_one_process_holds_no_other_can(tmp_path: Path) -> None:
    path = tmp_path / "data/.running"
    script = (
        "import sys; from pathlib import Path; from sumida_data.base.disk import hold\n"
        "with hold(Path(sys.argv[1]), SystemExit(3)): pass"
    )
    command = [sys.executable, "-c", script, str(path)]
    with hold(path, AssertionError()):
        assert subprocess.run(command, check=False).returncode == 3
    assert subprocess.run(command, check=False).returncode == 0


def test_what_holds_the_same_is_not_written(tmp_path):
    folder = tmp_path / "folder"
    replace_folder(folder, {"a/kept": b"1", "changed": b"2"})
    old = {name: (folder / name).stat() for name in ("a/kept", "changed")}
    replace_folder(folder, {"a/kept": b"1", "changed": b"3"})
    assert (folder / "a/kept").stat().st_mtime_ns == old["a/kept"].st_mtime_ns
    assert (folder / "changed").read_bytes() == b"3"
    inode = folder.stat().st_ino
    replace_folder(folder, {"a/kept": b"1", "changed": b"3"})
    assert folder.stat().st_ino == inode
    file = folder / "changed"
    inode = file.stat().st_ino
    replace_file(file, b"3")
    assert file.stat().st_ino == inode


def test_a_hash_of_a_place_changes_with_names_contents_and_asked_for_times(tmp_path):
    folder = tmp_path / "folder"
    assert hash_place(folder) == ""
    folder.mkdir()
    seen = {hash_place(folder)}
    (folder / "a").write_bytes(b"1")
    (folder / ".hidden").write_bytes(b"1")
    seen.add(hash_place(folder))
    (folder / "a").write_bytes(b"2")
    seen.add(hash_place(folder))
    (folder / "a").rename(folder / "b")
    seen.add(hash_place(folder))
    assert len(seen) == 4
    known = hash_place(folder), hash_place(folder, times=True)
    os.utime(folder / "b", (1, 1))
    assert [is_unchanged(folder, one) for one in known] == [True, False]
    assert hash_place(folder / "b") != hash_place(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_hash_of_a_place_changes_with_links_and_pipes_and_with_nothing_hidden(tmp_path):
    seen = {hash_place(tmp_path)}
    (tmp_path / "nowhere").symlink_to("none")
    seen.add(hash_place(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    seen.add(hash_place(tmp_path))
    (tmp_path / "a").write_bytes(b"1")
    seen.add(hash_place(tmp_path))
    (tmp_path / "a").rename(tmp_path / ".a")
    (tmp_path / "a").symlink_to(tmp_path / ".a")
    seen.add(hash_place(tmp_path))
    assert len(seen) == 5
    (tmp_path / ".FY2022Q3-new/b").mkdir(parents=True)
    (tmp_path / ".FY2022Q3-new/b/c").write_bytes(b"1")
    assert hash_place(tmp_path) in seen
