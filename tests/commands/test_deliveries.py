"""Archives, mails and odd names are checked as the run reads them; nothing ends the check."""

import io
import os
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from copy import copy
from email.message import EmailMessage
from pathlib import Path

import pytest

from sumida_data.commands import check as check_module
from sumida_data.commands.check import Checker, DropFolder, NoReturnError, write_result
from tests.commands.test_cli import COMMAND, check
from tests.outlook import write_outlook_mail
from tests.project import PROJECT

Put = Callable[..., Path]


def pack(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_what_an_archive_and_a_mail_hold_is_checked(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    good = put(tmp_path / "in/1203.xlsx", ["T1", "届出"]).read_bytes()
    bad = put(tmp_path / "in/1204.xlsx", ["T2", "届出", "", "", "", "", "", "多数"], code="1204")
    archive = pack(**{"回答/1203.xlsx": good, "送付状.pdf": b"%PDF", "回答/Thumbs.db": b"x"})
    mail = EmailMessage()
    mail.set_content("送ります。")
    kind = {"maintype": "application", "subtype": "octet-stream"}
    mail.add_attachment(archive, filename="回答.zip", **kind)
    mail.add_attachment(bad.read_bytes(), filename="1204.xlsx", **kind)
    folder = tmp_path / "FY2022Q3"
    folder.mkdir()
    (folder / "mail.eml").write_bytes(bytes(mail))
    checked = list((drop := DropFolder(folder, checker)).update())
    assert [(one.name, one.response["department_code"], one.count("error")) for one in checked] == [
        ("mail.eml/回答.zip/回答/1203.xlsx", "1203", 0),
        ("mail.eml/1204.xlsx", "1204", 1),
    ]
    assert drop.verdicts["mail.eml"][1] == 1
    (folder / "mail.msg").write_bytes(write_outlook_mail(("1203.xlsx", good)))
    assert [one.name for one in drop.update()] == ["mail.msg/1203.xlsx"]
    (folder / "確認結果/mail.msg_1203_確認結果.xlsx").unlink()
    assert sorted(path.name for path in (folder / "確認結果").glob("*.xlsx")) == [
        "mail.eml_1204_確認結果.xlsx",
        "mail.eml_回答.zip_回答_1203_確認結果.xlsx",
    ]


def test_names_of_macos_are_shown_as_those_of_windows(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / unicodedata.normalize("NFD", "1203_税務課が.xlsx"), ["T1", "届出"])
    assert [one.name for one in checker.check(path)] == ["1203_税務課が.xlsx"]


@pytest.mark.parametrize("name", ["winmail.dat", "smime.p7m"])
def test_of_mails_that_others_cannot_open_it_is_said_what_to_do(
    tmp_path: Path, checker: Checker, name: str
) -> None:
    (tmp_path / name).write_bytes(b"\x78\x9f\x3e\x22")
    [checked] = DropFolder(tmp_path, checker).update()
    assert [one.rule_id for one in checked.findings] == ["F104"]
    assert "普通のメールで送り直して" in checked.findings[0].how_to_fix


@pytest.mark.parametrize("name", ["送付状.pdf", "desktop.ini", "empty.msg", "empty.zip"])
def test_what_is_no_return_is_said_to_be_none(tmp_path: Path, checker: Checker, name: str) -> None:
    path = tmp_path / name
    empty = {".zip": pack(), ".msg": write_outlook_mail()}
    path.write_bytes(empty.get(path.suffix, b"x"))
    with pytest.raises(NoReturnError, match=r"調査票\(\.xlsx など\)がありません"):
        checker.check(path)
    run = check(path)
    assert (run.code, "Traceback" in run.output) == (1, False)
    drop = DropFolder(tmp_path, checker)
    assert list(drop.update()) == []
    assert len(drop.unreadable) == (path.suffix in {".msg", ".zip"})


@pytest.mark.parametrize("name", ["1203.zip", "回答.zip"])
def test_a_locked_archive_is_told(tmp_path: Path, checker: Checker, name: str) -> None:
    path = tmp_path / name
    content = bytearray(pack(**{"1203.xlsx": b"PK"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)
    [checked] = checker.check(path)
    assert [one.rule_id for one in checked.findings] == ["F102"]
    assert write_result(checked, checker).exists()


@pytest.fixture
def with_last(tmp_path: Path, put: Put, checker: Checker) -> Checker:
    """A checker in whose project last quarter's return of 税務課 lies."""
    folder = tmp_path / "project/data/01_raw/survey/FY2022Q2"
    row = ["T1203-05", "届出", "", "", "済", "2022-04-01", "", "1200"]
    put(folder / "回答(最終).xlsx", row, 調査期="令和4年度第2四半期", 回答日="2022-10-10")
    put(folder / "1204_納税課.xlsx", code="1204")
    project = copy(checker.project)
    project.folder = tmp_path / "project"
    return Checker(project)


def test_a_table_that_was_full_last_quarter_is_asked_about(
    tmp_path: Path, put: Put, with_last: Checker
) -> None:
    [checked] = with_last.check(put(tmp_path / "a.xlsx"))
    [emptied] = [one for one in checked.findings if one.rule_id == "F515"]
    assert "T1203-05" in emptied.message
    [changed] = with_last.check(
        put(tmp_path / "b.xlsx", ["T1203-05", "届出", "", "", "済", "2022-04-01", "", "12000"])
    )
    assert "F512" in {one.rule_id for one in changed.findings}
    [same] = with_last.check(put(tmp_path / "c.xlsx", 前回から変更なし="該当"))
    assert same.response["response_status"] == "no_change"
    assert "F402" not in {one.rule_id for one in same.findings}
    [new] = with_last.check(put(tmp_path / "d.xlsx", code="1106", 前回から変更なし="該当"))
    assert "F402" not in {one.rule_id for one in new.findings}


def test_a_name_as_long_as_a_system_keeps_has_its_result(
    tmp_path: Path, put: Put, checker: Checker
) -> None:
    path = put(tmp_path / f"{'税' * 78}.xlsx", ["T1", "届出"])
    assert len(path.name.encode()) == 239
    [checked] = checker.check(path)
    result = write_result(checked, checker)
    assert result.exists()
    assert len(result.name.encode()) <= 255 - len(".part") - 1


def test_one_fault_does_not_end_the_check_of_others(
    tmp_path: Path, put: Put, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.xlsx")
    put(tmp_path / "b.xlsx")
    write = check_module.write_result

    def fail(checked: check_module.Checked, checker: Checker) -> Path:
        if checked.name == "a.xlsx":
            raise KeyError("x")
        return write(checked, checker)

    monkeypatch.setattr(check_module, "write_result", fail)
    drop = DropFolder(tmp_path, checker)
    assert [one.name for one in drop.update()] == ["b.xlsx"]
    assert (
        "思わぬ誤りのため、やめました(KeyError、test_deliveries.py の" in drop.unreadable["a.xlsx"]
    )


def test_a_fault_is_one_line_and_no_traceback(tmp_path: Path, put: Put) -> None:
    path = put(tmp_path / "a.xlsx")
    script = (
        "import sys\nfrom sumida_data.commands import check, main\n"
        "check.open_deliveries = None\n"
        f"sys.argv = ['sumida-data', 'check', {str(path)!r}]\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("思わぬ誤りのため、やめました(TypeError、check.py の")


def test_output_in_cp932_never_ends_a_check(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "a.xlsx", ["T1", "届出", "", "", "", "", "", "𠮷たくさん—①é"])
    put(tmp_path / "b.xlsx", ["T1", "届出"], code="1204")
    done = subprocess.run(
        [*COMMAND, str(tmp_path)],
        cwd=PROJECT,
        env=os.environ | {"PYTHONIOENCODING": "cp932", "COLUMNS": "200"},
        capture_output=True,
        check=False,
    )
    printed = done.stdout.decode("cp932")
    assert done.returncode == 2
    assert r"\U00020bb7たくさん" in printed
    assert "調査票 2件" in printed
