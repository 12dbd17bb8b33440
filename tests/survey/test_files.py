"""Files as they come: in archives and mails, put aside, named by their department."""

import io
import random
import tarfile
import unicodedata
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from sumida_data.survey import files
from sumida_data.survey.departments import find_owner
from sumida_data.survey.files import SourceFile, is_copy, is_document, open_deliveries
from sumida_data.survey.findings import Kind
from tests.outlook import write_outlook_mail
from tests.survey.conftest import DEPARTMENTS

BY_CODE = {one.code: one for one in DEPARTMENTS}


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def taped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            part = tarfile.TarInfo(name)
            part.size = len(content)
            archive.addfile(part, io.BytesIO(content))
        link = tarfile.TarInfo("link.xlsx")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def mailed(*attached: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["Subject"] = "調査票"
    message.set_content("送ります。")
    for name, content in attached:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def opened(tmp_path: Path, name: str, content: bytes) -> list[SourceFile]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(open_deliveries([SourceFile(f"FY2022Q3/{name}", path)]))


def test_files_in_an_archive_are_files(tmp_path: Path) -> None:
    files = opened(tmp_path, "返送.zip", zipped(**{"税務課/a.xlsx": b"1", "../b.xlsx": b"2"}))
    assert [(file.name, file.read()) for file in files] == [
        ("FY2022Q3/返送.zip/税務課/a.xlsx", b"1"),
        ("FY2022Q3/返送.zip/b.xlsx", b"2"),
    ]
    assert files[0].arrived_at == (tmp_path / "返送.zip").stat().st_mtime_ns


def test_what_turns_the_direction_of_writing_is_named_in_a_name(tmp_path: Path) -> None:
    path = tmp_path / "税務課\u202exslx.zip"
    path.write_bytes(zipped(**{"窓口\u202exslx.xls": b"1"}))
    [file] = open_deliveries([SourceFile.find("FY2022Q3/税務課\u202exslx.zip", path)])
    named = "〔文字の向きの記号〕"
    assert file.name == f"FY2022Q3/税務課{named}xslx.zip/窓口{named}xslx.xls"
    assert find_owner([file.name], BY_CODE) == find_owner(["税務課"], BY_CODE)


def test_files_on_a_tape_are_files_and_links_are_none(tmp_path: Path) -> None:
    files = opened(tmp_path, "FY2022Q3.tar.gz", taped(**{"税務課/a.xlsx": b"1", "../b.xlsx": b"2"}))
    assert [(file.name, file.read()) for file in files] == [
        ("FY2022Q3/FY2022Q3.tar.gz/税務課/a.xlsx", b"1"),
        ("FY2022Q3/FY2022Q3.tar.gz/b.xlsx", b"2"),
    ]


def test_a_tape_that_is_cut_off_or_holds_too_much_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = taped(**{"a.xlsx": random.Random(0).randbytes(50_000), "b.xlsx": b"2"})
    [cut] = opened(tmp_path, "a.tgz", content[:30_000])
    [broken] = opened(tmp_path, "b.tar", b"x" * 2_000)
    assert (cut.rule_id, broken.rule_id) == (Kind.NOT_READABLE, Kind.NOT_READABLE)
    monkeypatch.setattr(files, "_MOST_BYTES", 50_000)
    [large] = opened(tmp_path, "c.tgz", content)
    assert large.rule_id == Kind.TOO_LARGE


def test_an_archive_from_windows_names_its_files_in_cp932(tmp_path: Path) -> None:
    plain = zipped(**{"zeimu.xlsx": b"1"})
    name = "税務.xlsx".encode("cp932")
    assert len(name) == len(b"zeimu.xlsx") - 1
    content = zipped(**{"zeimu.xls": b"1"}).replace(b"zeimu.xls", name)
    assert plain != content
    [file] = opened(tmp_path, "a.zip", content)
    assert file.name == "FY2022Q3/a.zip/税務.xlsx"


def test_an_archive_from_macos_names_its_files_in_utf_8(tmp_path: Path) -> None:
    name = "税務.xlsx".encode()
    content = zipped(**{"zeimuka.xls": b"1"}).replace(b"zeimuka.xls", name)
    [file] = opened(tmp_path, "a.zip", content)
    assert file.name == "FY2022Q3/a.zip/税務.xlsx"


def test_what_is_attached_to_a_mail_is_a_file_also_in_an_archive(tmp_path: Path) -> None:
    content = mailed(("1203.xlsx", b"1"), ("1203.xlsx", b"2"), ("c.zip", zipped(d=b"3")))
    assert [(file.name, file.read()) for file in opened(tmp_path, "m.eml", content)] == [
        ("FY2022Q3/m.eml/1203.xlsx", b"1"),
        ("FY2022Q3/m.eml/2_1203.xlsx", b"2"),
        ("FY2022Q3/m.eml/c.zip/d", b"3"),
    ]


def test_what_is_attached_to_a_mail_of_outlook_is_a_file(tmp_path: Path) -> None:
    attached = [("税務課.xlsx", b"x" * 9000), ("a.xlsx", b"1"), ("c.zip", zipped(d=b"3" * 9000))]
    content = write_outlook_mail(*attached)
    assert [(file.name, file.read()) for file in opened(tmp_path, "m.msg", content)] == [
        ("FY2022Q3/m.msg/税務課.xlsx", b"x" * 9000),
        ("FY2022Q3/m.msg/a.xlsx", b"1"),
        ("FY2022Q3/m.msg/c.zip/d", b"3" * 9000),
    ]
    nameless = content.replace("__substg1.0_3707001F".encode("utf-16-le"), b"_\0" * 20)
    names = [file.name.split("/")[-1] for file in opened(tmp_path, "m.msg", nameless)]
    assert names == ["添付1", "添付2", "添付3"]


def test_a_damaged_mail_of_outlook_is_told_and_ends_nothing(tmp_path: Path) -> None:
    content = write_outlook_mail(("a.xlsx", b"x" * 9000), ("b.xlsx", b"1"))
    chance = random.Random(1)
    for _ in range(300):
        damaged = bytearray(content[: chance.choice([len(content), 3000])])
        for _ in range(3):
            damaged[chance.randrange(1024)] = chance.randrange(256)
        files = opened(tmp_path, "m.msg", bytes(damaged))
        assert {file.rule_id for file in files} <= {None, "F104"}


def test_archives_in_archives_are_opened_to_a_depth(tmp_path: Path) -> None:
    deepest = zipped(d=b"", **{"d.zip": zipped(e=b"")})
    content = zipped(**{"b.zip": zipped(**{"c.zip": deepest})})
    assert [(file.name, file.rule_id) for file in opened(tmp_path, "a.zip", content)] == [
        ("FY2022Q3/a.zip/b.zip/c.zip/d", None),
        ("FY2022Q3/a.zip/b.zip/c.zip/d.zip", "F104"),
    ]


@pytest.mark.parametrize("part", ["[Content_Types].xml", "content.xml"])
def test_a_workbook_named_as_an_archive_is_a_workbook(tmp_path: Path, part: str) -> None:
    content = zipped(**{part: b"", "xl/workbook.xml": b""})
    [file] = opened(tmp_path, "1203.zip", content)
    assert (file.name, file.read()) == ("FY2022Q3/1203.zip/調査票.xlsx", content)


def test_what_is_attached_to_a_forwarded_mail_is_a_file(tmp_path: Path) -> None:
    inner, outer = EmailMessage(), EmailMessage()
    inner.set_content("送ります。")
    inner.add_alternative("<img src='cid:logo'>", subtype="html")
    page = inner.get_payload()[1]  # type: ignore[index]
    page.add_related(b"logo", "image", "png", disposition="inline", filename="logo.png")  # type: ignore[union-attr]
    page.add_related(b"1", "application", "octet-stream", filename="1203.xlsx")  # type: ignore[union-attr]
    inner.add_attachment("手続番号", subtype="csv", filename="a.csv")
    outer.set_content("転送します。")
    outer.add_attachment(inner)
    outer.add_attachment(b"photo", "image", "png", filename="調査票.png")
    names = [file.name for file in opened(tmp_path, "m.eml", outer.as_bytes())]
    assert [name.split("/")[-1] for name in names] == ["1203.xlsx", "a.csv", "調査票.png"]


def test_a_mail_that_is_a_file_and_no_letter_holds_it(tmp_path: Path) -> None:
    content = b'Content-Type: application/pkcs7-mime; name="smime.p7m"\n\nx'
    [file] = opened(tmp_path, "1203.eml", content)
    assert file.name == "FY2022Q3/1203.eml/smime.p7m"


@pytest.mark.parametrize(
    ("name", "content", "rule_id"),
    [
        ("a.zip", b"PK\x03\x04 broken", "F104"),
        ("a.zip", zipped(), None),
        ("a.msg", b"no mail", "F104"),
        ("a.msg", write_outlook_mail(), None),
        ("a.eml", b"Subject: nothing\n\n-", None),
    ],
)
def test_one_that_holds_nothing_comes_as_it_is(
    tmp_path: Path, name: str, content: bytes, rule_id: str | None
) -> None:
    [file] = opened(tmp_path, name, content)
    assert (file.name, file.rule_id) == (f"FY2022Q3/{name}", rule_id)


def test_a_password_is_said(tmp_path: Path) -> None:
    content = bytearray(zipped(a=b"1"))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    [file] = opened(tmp_path, "a.zip", bytes(content))
    assert file.rule_id == "F102"


def test_one_that_is_gone_meanwhile_comes_as_it_is(tmp_path: Path) -> None:
    [file] = open_deliveries([SourceFile("FY2022Q3/a.zip", tmp_path / "a.zip")])
    assert file.rule_id is None


@pytest.mark.parametrize(("limit", "value"), [("_MOST_FILES", 1), ("_MOST_BYTES", 3)])
def test_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(files, limit, value)
    [file] = opened(tmp_path, "a.zip", zipped(a=b"12", b=b"34"))
    assert file.rule_id == "F105"


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "~$1203.xlsx"])
def test_what_systems_leave_behind_is_nothing(tmp_path: Path, name: str) -> None:
    assert opened(tmp_path, name, b"-") == []


def test_a_letter_is_a_document() -> None:
    assert is_document("FY2022Q3/送付状.PDF")
    assert not is_document("FY2022Q3/1203.xlsx")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("旧/1203.xlsx", True),
        ("old/1203.xlsx", True),
        ("1203.xlsx.bak", True),
        ("1203 - コピー.xlsx", True),
        ("控え/1203.xlsx", True),
        ("差替前/1203.xlsx", True),
        ("Archive/1203.xlsx", True),
        ("1203_税務課_旧.xlsx", True),
        ("1203(旧).xlsx", True),
        ("1203_old.xlsx", True),
        ("旧1203.xlsx", True),
        ("【旧】1203.xlsx", True),
        ("old_1203.xlsx", True),
        ("1203_修正前.xlsx", True),
        ("1203【差替え前】.xlsx", True),
        ("1203_下書き.xlsx", True),
        ("1203_バックアップ.xlsx", True),
        ("過去分/1203.xlsx", True),
        ("1203_控除.xlsx", False),
        ("1203_修正前後.xlsx", False),
        ("1203_復旧.xlsx", False),
        ("1203_旧姓調査課.xlsx", False),
        ("区民部/1203.xlsx", False),
    ],
)
def test_copies_are_known_by_folder_and_name(name: str, expected: bool) -> None:  # noqa: FBT001
    assert is_copy(f"FY2022Q3/{name}") is expected


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["1203_調査票.xlsx"], "1203"),
        (["窓口 課 調査票.xlsx"], "1204"),
        ([unicodedata.normalize("NFD", "窓口課がぎ.xlsx")], "1204"),
        (["1203_窓口課.xlsx"], None),
        (["税務課と窓口課.xlsx"], None),
        (["1203_税務課と窓口課.xlsx"], "1203"),
        (["FY12030.xlsx"], None),
        (["調査票.xlsx", "道路公園課"], "1903"),
    ],
)
def test_a_file_is_of_the_one_department_that_it_names(texts: list[str], code: str | None) -> None:
    assert find_owner(texts, BY_CODE) == code
