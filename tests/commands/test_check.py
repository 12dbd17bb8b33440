import json
from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest
import yaml
from python_calamine import CalamineWorkbook

from sumida_data.commands import check as folder_module
from sumida_data.commands.check import RESULTS, Checker, DropFolder
from tests.project import PROJECT

Put = Callable[..., Path]


def names(folder: DropFolder) -> list[str]:
    return [checked.file.path.name for checked in folder.update()]


def test_every_file_is_answered_beside_it(tmp_path: Path, put: Put, checker: Checker) -> None:
    put(tmp_path / "1203.xlsx", ["T1", "届出", "", "", "", "", "", "多数"])
    put(tmp_path / "FY2022Q1/1204.xlsm", code="1204")
    (tmp_path / "1205.csv").write_bytes("課コード,1205\n".encode("cp932"))
    put(tmp_path / "~$1203.xlsx")
    (tmp_path / "memo.txt").write_text("-")
    assert names(DropFolder(tmp_path, checker)) == ["1203.xlsx", "1205.csv", "1204.xlsm"]
    results = sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*_確認結果.xlsx")
    )
    assert results == [
        "FY2022Q1/確認結果/1204.xlsm_確認結果.xlsx",
        "確認結果/1203_確認結果.xlsx",
        "確認結果/1205.csv_確認結果.xlsx",
    ]
    book = CalamineWorkbook.from_path(tmp_path / results[1])
    cells = [cell for row in book.get_sheet_by_name("確認結果").to_python() for cell in row]
    assert {"区民部 税務課　御中", "手続!H2", "多数", "要修正"} <= set(cells)


def test_only_what_is_new_or_changed_is_checked_again(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    put(tmp_path / "a.xlsx", ["T1", "届出"])
    b = put(tmp_path / "b.xlsx", code="1204")
    assert names(DropFolder(tmp_path, checker)) == ["a.xlsx", "b.xlsx"]
    assert names(DropFolder(tmp_path, checker)) == []
    put(b, ["T2", "届出", "", "", "", "", "", "多数"], code="1204")
    put(tmp_path / "c.xlsx")
    again = DropFolder(tmp_path, checker)
    assert names(again) == ["b.xlsx", "c.xlsx"]
    assert {name: errors for name, (_, errors) in again.verdicts.items()} == {
        "a.xlsx": 0,
        "b.xlsx": 1,
        "c.xlsx": 0,
    }
    assert names(again) == []


def test_other_descriptions_make_everything_new(tmp_path: Path, put: Put, checker: Checker) -> None:
    put(tmp_path / "a.xlsx")
    assert names(DropFolder(tmp_path, checker)) == ["a.xlsx"]
    changed = Checker(copy(checker.project))
    changed.project.fingerprint = "another"
    assert names(DropFolder(tmp_path, changed)) == ["a.xlsx"]


@pytest.mark.parametrize("state", ["", "[]", '{"a.xlsx": {}}', "\udcff"])
def test_a_broken_memory_is_no_memory(
    tmp_path: Path, put: Put, checker: Checker, state: str
) -> None:
    put(tmp_path / "a.xlsx")
    memory = tmp_path / "確認結果/確認済み.json"
    memory.parent.mkdir()
    memory.write_bytes(state.encode("utf-8", "surrogateescape"))
    assert names(DropFolder(tmp_path, checker)) == ["a.xlsx"]
    assert list(json.loads(memory.read_text("utf-8"))) == ["a.xlsx"]


def test_a_file_that_cannot_be_opened_is_tried_again(
    tmp_path: Path, put: Put, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.xlsx")
    put(tmp_path / "b.xlsx")
    write = folder_module.write_result

    def refuse(checked: object, checker: Checker) -> Path:
        if checked.file.path.name == "a.xlsx":  # type: ignore[attr-defined]
            raise PermissionError(13, "in use", "a.xlsx")
        return write(checked, checker)  # type: ignore[arg-type]

    folder = DropFolder(tmp_path, checker)
    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "write_result", refuse)
        assert names(folder) == ["b.xlsx"]
    assert list(folder.unreadable) == ["a.xlsx"]
    assert names(folder) == ["a.xlsx"]
    assert not folder.unreadable


def test_a_run_takes_no_result_for_a_return() -> None:
    catalogue = yaml.safe_load((PROJECT / "conf/base/catalog_raw.yml").read_text("utf-8"))
    assert catalogue["survey_returns"]["left_out"] == [RESULTS]


@pytest.mark.parametrize(
    ("folder", "stated", "period"),
    [
        ("FY2022Q1", "令和4年度第3四半期", "FY2022Q1"),
        ("drop", "令和４年度 第２四半期", "FY2022Q2"),
        ("drop", "今期", "FY2022Q4"),
        ("FY1999Q1", "令和4年度第3四半期", "FY2022Q3"),
    ],
)
def test_the_quarter_is_that_of_the_folder_then_of_the_cover_then_the_last(
    tmp_path: Path, put: Put, checker: Checker, folder: str, stated: str, period: str
) -> None:
    path = put(tmp_path / folder / "a.xlsx", 調査期=stated)
    [checked] = checker.check(path)
    assert str(checked.period) == period


def test_a_quarter_that_is_asked_for_counts_most(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / "FY2022Q1" / "a.xlsx")
    [checked] = Checker(checker.project, "FY2022Q2").check(path)
    assert str(checked.period) == "FY2022Q2"


def test_it_finds_what_the_run_would_find(tmp_path: Path, put: Put, checker: Checker) -> None:
    path = put(tmp_path / "a.xlsx", ["T1", "届出", "", "", "", "", "", "多数"], code="9999")
    [checked] = checker.check(path)
    assert [
        (one.rule_id, one.place.cell) for one in checked.findings if one.severity == "error"
    ] == [
        ("F301", "H2"),
        ("F203", None),
    ]
    assert checked.count("error") == 2
    assert checked.response["response_status"] == "set_aside"


def test_no_change_is_no_mistake_where_last_quarter_is_not_known(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / "a.xlsx", ["T1", "届出"], 前回から変更なし="該当")
    [checked] = checker.check(path)
    assert checked.response["response_status"] == "no_change"
    assert not checked.count("error")
