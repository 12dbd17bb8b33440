"""What Windows lacks is simulated; docs/operation.ja.md lists what could not be tried there."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from kedro.io import DatasetError

from sumida_data import cli
from sumida_data.base.disk import OutsideFolderError, refuse_outside
from tests.project import PROJECT, Quarter

LONGEST_PATH = 260
# Where an office may put the project, and the folder in which new products are built.
_PLACE = len(r"C:\\Users\\someone.somewhere\\Documents\\sumida_data\\") + len(
    ".1234567-12345678\\new\\"
)


def _listed() -> list[str]:
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
    return [name for name in done.stdout.decode().split("\0") if name]


def test_every_name_can_be_one_on_windows() -> None:
    names = _listed()
    refuse_outside(names)
    assert len({name.casefold() for name in names}) == len(names)
    for drive in ("C:/x", "C:x", r"\\server\share", "aux.csv", "a."):
        with pytest.raises(OutsideFolderError):
            refuse_outside([drive])


def test_no_path_is_too_long(quarter: Quarter) -> None:
    products = [path.relative_to(quarter.path) for path in quarter.data.rglob("*")]
    longest = max((str(PureWindowsPath(path)) for path in products), key=len)
    assert len(longest) + _PLACE < LONGEST_PATH, longest


def test_text_that_the_code_page_lacks_stops_nothing(tmp_path: Path) -> None:
    place = tmp_path / "髙𠮟 課"
    place.mkdir()
    environment = os.environ | {"PYTHONIOENCODING": "cp932", "PYTHONUTF8": "0", "LANG": "C"}
    script = "from sumida_data.commands import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "check", str(place / "なし𠮟.xlsx")],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ファイルもフォルダもありません" in done.stderr.decode("cp932")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (
            PermissionError(errno.EACCES, "in use", "a.xlsx"),
            "a.xlsx を開けないか、書けません。Excelなどで開いて",
        ),
        (OSError(errno.ENOSPC, "full", "a.xlsx"), "ディスクの空きが足りません。"),
        (ValueError("別の誤り"), "Failed while saving"),
    ],
)
def test_an_open_file_or_a_full_disk_is_told_in_plain_words(cause: Exception, told: str) -> None:
    error = DatasetError("Failed while saving data to dataset")
    error.__cause__ = cause
    assert told in cli._explain(error)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (FileNotFoundError(errno.ENOENT, "none", "data/a.json"), "data/a.json がまだありません。"),
        (FileNotFoundError("data/見本.parquet"), "data/見本.parquet がまだありません。"),
        # Of a network, which is no file that is missing.
        (OSError("Connection refused"), "Kedroの説明：Failed while loading"),
    ],
)
def test_what_was_never_made_is_told_apart_from_a_network(cause: Exception, told: str) -> None:
    error = DatasetError("Failed while loading data from dataset")
    error.__cause__ = cause
    assert told in cli._explain(error)


def test_the_script_for_powershell_does_what_make_does() -> None:
    content = (PROJECT / "sumida.ps1").read_bytes()
    # Without the mark Windows PowerShell reads it in the code page of the system.
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    for one in ("{}", "()", "[]"):
        assert text.count(one[0]) == text.count(one[1])
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    for recipe in (r"\$\(BIN\)/(ruff|mypy|lint-imports)", r"(requirements(?:-dev)?\.lock)"):
        assert all(word in text for word in set(re.findall(recipe, makefile)))
    assert "'run', '--pipelines=sample'" in text
