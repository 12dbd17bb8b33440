"""The offline folder holds what each system needs, and is held against its hashes."""

import zipfile
from pathlib import Path

import pytest

from tests.project import PROJECT

LOCK = """# comment
a-b==1.0 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
    # via c
colorama==0.4.6 ; os_name == 'nt' or sys_platform == 'win32' \\
    --hash=sha256:{0}
uvloop==0.23.0 ; platform_python_implementation != 'PyPy' and sys_platform != 'win32' \\
    --hash=sha256:{1}
x[extra]==2 \\
    --hash=sha256:{0}
""".format("0" * 64, "1" * 64)


def test_a_system_gets_what_its_markers_say(script) -> None:
    read_lock = script("offline").read_lock
    assert read_lock(LOCK, "linux").keys() == {"a-b", "uvloop", "x"}
    windows = read_lock(LOCK, "windows")
    assert windows.keys() == {"a-b", "colorama", "x"}
    assert windows["a-b"].split() == [
        "a-b==1.0",
        f"--hash=sha256:{'0' * 64}",
        f"--hash=sha256:{'1' * 64}",
    ]
    assert windows["x"].startswith("x[extra]==2 --hash")


def test_every_requirement_of_the_lock_is_found(script) -> None:
    text = (PROJECT / "requirements.lock").read_text("utf-8")
    read_lock = script("offline").read_lock
    named = {line.partition("==")[0] for line in text.splitlines() if "==" in line[:60]}
    both = read_lock(text, "linux").keys() | read_lock(text, "windows").keys()
    assert both == {name.partition("[")[0].strip() for name in named if not name.startswith("#")}
    # The editable installation of the project is built with it.
    assert "setuptools" in both


def test_a_damaged_or_missing_file_is_named(script, tmp_path: Path) -> None:
    for name in ("a.whl", "wheels/b.whl", "wheels/日本 語.whl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    script("offline").write_sums(tmp_path)
    find_damaged = script("install").find_damaged
    assert find_damaged(tmp_path) == []
    (tmp_path / "a.whl").write_text("other")
    (tmp_path / "wheels/b.whl").unlink()
    assert find_damaged(tmp_path) == ["a.whl", "wheels/b.whl"]


def test_an_upgrade_leaves_what_the_office_has_changed(script, tmp_path: Path) -> None:
    archive, target = tmp_path / "project.zip", tmp_path / "端末 一"
    files = {
        "src/a.py": "new",
        "conf/base/parameters/waves.yml": "new",
        "conf/base/parameters/site.yml": "same",
        "data/01_raw/reference/departments.csv": "new",
    }
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text("same" if content == "same" else "old")
    changed = script("install").unpack(archive, target)
    assert changed == ["conf/base/parameters/waves.yml", "data/01_raw/reference/departments.csv"]
    assert (target / "src/a.py").read_text() == "new"
    assert (target / changed[0]).read_text() == "old"
    assert (target / f"{changed[0]}.new").read_text() == "new"
    assert not (target / "conf/base/parameters/site.yml.new").exists()


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_without_a_folder_it_says_how(
    script,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["install.py", *arguments])
    assert script("install").main() == 1
    assert "使い方" in capsys.readouterr().out


def test_the_source_is_found_whatever_the_folders_above_are_called(script, tmp_path: Path) -> None:
    target = tmp_path / "端末 一"
    packages = target / ".venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (target / "src").mkdir()
    path = packages / "__editable__.sumida_data-1.0.0.pth"
    path.write_text(f"{target}/src\n", "utf-8")
    script("install").shorten_path(target / ".venv", target)
    said = path.read_bytes().decode("ascii").strip()
    assert (packages / said).resolve() == target / "src"
