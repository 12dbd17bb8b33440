"""What goes back after the sample's quarter."""

import re
from email import message_from_bytes, policy

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from tests.project import Quarter

FOLDER = "08_reporting/returns/FY2022Q3"


def first_sheet(quarter: Quarter, name: str) -> Worksheet:
    return openpyxl.load_workbook(quarter.data / FOLDER / name).worksheets[0]


def test_every_department_asked_and_the_office_get_their_files(quarter: Quarter) -> None:
    names = {path.name for path in (quarter.data / FOLDER).iterdir() if path.is_file()}
    office = {name for name in names if name.startswith("_")}
    assert office == {"_回収状況.html", "_回収状況.xlsx"}
    pages = {name for name in names - office if name.endswith("_公開前の確認.html")}
    assert (len(names - office - pages), len(pages)) == (75, 69)


def test_a_reminder_is_a_draft_with_its_return_sheet(quarter: Quarter) -> None:
    path = quarter.data / FOLDER / "メール/1507_保護課.eml"
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert str(mail["Subject"]).startswith("【依頼】")
    body = mail.get_body()
    assert body is not None
    assert "調査票がまだ届いていません" in body.get_content()
    attached = [part.get_filename() for part in mail.iter_attachments()]
    assert attached == ["1507_保護課_確認結果.xlsx"]


def test_each_department_gets_a_mail_with_a_receipt_of_each_file(quarter: Quarter) -> None:
    paths = sorted((quarter.data / FOLDER / "メール").iterdir())
    assert len(paths) == 75
    [path] = [path for path in paths if path.name == "1303_スポーツ振興課.eml"]
    body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body()
    assert body is not None
    found = re.findall(
        r"・(\S+\.xlsx)\(.+、(.+)\)\s+内容の照合番号 ([0-9a-f]{16})\s", body.get_content()
    )
    assert [(name, state) for name, state, _ in found] == [
        ("1303_スポーツ振興課_調査票.xlsx", "より新しい調査票があるため使わない"),
        ("1303_スポーツ振興課_調査票_修正.xlsx", "受領"),
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2001_環境保全課_確認結果.xlsx", "たくさん"),
        ("1301_地域活動推進課_確認結果.xlsx", "指摘はありません。"),
        ("1303_スポーツ振興課_確認結果.xlsx", "この調査票を使いました。あとに届いたほうを使い"),
        ("1507_保護課_確認結果.xlsx", "調査票がまだ届いていません。"),
        ("1106_財産活用課_確認結果.xlsx", "調査票は届きましたが、使えませんでした。"),
        ("1106_財産活用課_確認結果.xlsx", "1106(財産活用課)と思われます。"),
    ],
)
def test_each_is_told_what_concerns_it(quarter: Quarter, name: str, words: str) -> None:
    rows = first_sheet(quarter, name).iter_rows(values_only=True)
    assert words in "".join(str(value) for row in rows for value in row if value)


def test_received_files_are_never_written_to(quarter: Quarter) -> None:
    newest = max(path.stat().st_mtime for path in (quarter.data / "01_raw").rglob("*.xlsx"))
    assert newest < min(path.stat().st_mtime for path in (quarter.data / FOLDER).iterdir())
