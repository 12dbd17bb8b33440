from pathlib import Path

import pytest

from sumida_data.base.disk import list_settings
from sumida_data.base.settings_files import SettingsError, read_settings


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 税務課".encode("cp932"), "の文字コード|文字コードがUTF-8ではありません"),
        ("a: 税務課".encode("utf-16"), "文字コードがUTF-8ではありません"),
        ("a: 1".encode("utf-16-le"), "文字コードがUTF-8ではありません"),
        (b"a: {b: 1}\nc:\n  d: 1\n  d: 2\n", "a.yml の4行目: d が同じところに2回あります"),
        (b"a: 1\na: 2\n", "a.yml の2行目: a が同じところに2回あります"),
        (b"a: [{b: '${c}'}]\n", r"1行目: '\$\{c\}' — 「\$\{…\}」は使えません"),
        ("a: {b: 税務\u202e課}".encode(), r"1行目: 目に見えない文字 U\+202E\(文字の向きの記号\)"),
        ("a: {税\u3164務: 1}".encode(), r"U\+3164\(空白に見える文字\)"),
        (b"- a\n- b\n", "いちばん外は「名前: 値」の形で"),
        (b"a:\n\tb: 1\n", "2行目のあたりをYAMLとして読めません"),
        (b"a: [1\n", "YAMLとして読めません"),
        (b"a: !!int x\n", "中身をYAMLとして読めません"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_line(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=told) as raised:
        read_settings([path])
    [line] = str(raised.value).splitlines()
    assert line.startswith(path.as_posix())


def test_what_is_merged_may_be_said_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("a: {x: {y: &one {<<: &two {k: 1, l: 2}, k: 3}}}\nb: {<<: *one, l: 4}\n")
    merged = {"k": 3, "l": 2}
    assert read_settings([path]) == {"a": {"x": {"y": merged}}, "b": merged | {"l": 4}}


def test_a_copy_and_a_file_that_is_gone_are_told_together(tmp_path: Path) -> None:
    for name in ("waves.yml", "waves (1).yml"):
        (tmp_path / name).write_text("waves: {}")
    with pytest.raises(SettingsError) as raised:
        read_settings([*tmp_path.iterdir(), tmp_path / "gone.yml"])
    first, second = str(raised.value).splitlines()
    assert "gone.yml を開けません" in first
    assert "waves.yml: waves は waves (1).yml にもあります" in second


def test_only_what_is_wanted_is_read_and_days_stay_text(tmp_path: Path) -> None:
    (tmp_path / "parameters/more").mkdir(parents=True)
    (tmp_path / "parameters/a.yml").write_bytes(
        b"\xef\xbb\xbfa: &x {day: 2022-04-01}\nb: [*x, *x]\n"
    )
    (tmp_path / "parameters/more/c.yml").write_text("c: [")
    (tmp_path / "parameters_d.yml").write_text("")
    # macOS leaves such beside files on other disks, and editors beside what is open.
    (tmp_path / "parameters/._a.yml").write_bytes(b"\x00\x05\x16\x07\xff")
    (tmp_path / "parameters/.#a.yml").symlink_to("somebody@somewhere")
    paths = list_settings(tmp_path, "parameters")
    assert sorted(path.name for path in paths) == ["a.yml", "c.yml", "parameters_d.yml"]
    day = {"day": "2022-04-01"}
    assert read_settings(paths, {"a"}) == {"a": day, "b": [day, day]}
