"""No file name leads out of its folder, on this system or on the one that it is copied to."""

from pathlib import Path

import pytest

from sumida_data.base.disk import OutsideFolderError, refuse_outside, replace_folder

HOSTILE = [
    "", "/etc/passwd", "../out.txt", "a/../../out.txt", "a/..", "..", ".", "./a", "a//b", "a/",
    "..\\out.txt", "C:\\out.txt", "C:/out.txt", "c:out.txt", "\\\\host\\share", "a\0b", "a\nb", "a\x1fb",
    "CON", "nul.txt", "a/AUX", "com1.csv", "LPT9.xlsx", "prn.tar.gz", "COM¹", "conin$",
    "name.", "name ", "a. /b", "a*b", "a?b", "a|b", 'a"b', "<a>", "a.csv:stream",
    "x" * 256, "課" * 86,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    with pytest.raises(OutsideFolderError):
        replace_folder(folder, {"good.txt": b"", name: b"bad"})
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "name",
    [
        "FY2022Q3/1203_税務課_確認結果.xlsx", "dataset/a/latest/a.csv", "api/3/action/package_list",
        "_回収状況.html", ".well-known/a", "console.txt", "nullable.csv", "com10.txt", "課" * 85, "a..b",
        "1903_道路・橋りょう課(再提出) 2.xlsx",
    ],
)  # fmt: skip
def test_an_ordinary_name_is_kept(name: str) -> None:
    refuse_outside([name])
