import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook
from tests.survey.files import SHEET_PART, ods, with_parts, xls, xlsx

DAY = date(2022, 10, 1)
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>手続番号</t></is></c></row>'
ODS_HEAD = (
    '<table:table-row><table:table-cell office:value-type="string">'
    "<text:p>手続番号</text:p></table:table-cell></table:table-row>"
)


def written(**options: object) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet("手続")
        sheet.write_datetime(0, 0, DAY, book.add_format({"num_format": "yyyy/m/d"}))
        sheet.merge_range(1, 0, 2, 1, "備考")
        sheet.write(2, 2, 1)
    return buffer.getvalue()


def test_an_xlsx_is_read_whatever_its_name() -> None:
    for name in ("a.xlsx", "a.xlsm", "a.xls", "a.csv", "a"):
        workbook = open_workbook(written(), name)
        assert [sheet.name for sheet in workbook.sheets] == ["手続"]
        assert workbook.sheets[0].rows == [[DAY, "", ""], ["備考", "", ""], ["", "", 1]]
        assert workbook.sheets[0].look.merged == [((1, 0), (2, 1))]
        assert not workbook.remarks


def test_an_ods_is_read_whatever_its_name() -> None:
    merged = (
        '<table:table-row><table:table-cell table:number-columns-spanned="2"'
        ' office:value-type="string"><text:p>備考</text:p></table:table-cell></table:table-row>'
    )
    sheet = open_workbook(ods(ODS_HEAD + merged), "a.xlsx").sheets[0]
    assert [row[0] for row in sheet.rows] == ["手続番号", "備考"]
    assert sheet.look.merged == [((1, 0), (1, 1))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_in_the_usual_encodings_is_one_nameless_sheet(encoding: str) -> None:
    content = '手続番号,手続名\r\nT1,"届出\r\n(はがき)"\r\n\r\nT2,①申請,備考\r\n'.encode(encoding)
    (sheet,) = open_workbook(content, "1203.CSV").sheets
    assert sheet.name == ""
    assert sheet.rows == [
        ["手続番号", "手続名", ""],
        ["T1", "届出\r\n(はがき)", ""],
        ["", "", ""],
        ["T2", "①申請", "備考"],
    ]


def test_a_csv_in_another_encoding_is_refused() -> None:
    with pytest.raises(UnusableFileError, match="F106"):
        open_workbook("手続番号,年間件数".encode("utf-16"), "a.csv")


def test_a_day_of_the_other_epoch_is_right_and_remarked_on() -> None:
    workbook = open_workbook(written(date_1904=True), "a.xlsx")
    assert workbook.sheets[0].rows[0][0] == DAY
    assert list(workbook.remarks) == ["F113"]
    with zipfile.ZipFile(io.BytesIO(written(date_1904=True))) as archive:
        part = archive.read("xl/workbook.xml").decode()
    assert 'date1904="1"' in part
    spelt_out = {"xl/workbook.xml": part.replace('date1904="1"', 'date1904="true"')}
    other = open_workbook(with_parts(written(date_1904=True), spelt_out), "a.xlsx")
    assert list(other.remarks) == ["F113"]


def test_links_to_other_files_are_remarked_on() -> None:
    content = with_parts(written(), {"xl/externalLinks/externalLink1.xml": "<externalLink/>"})
    assert list(open_workbook(content, "a.xlsx").remarks) == ["F112"]


def test_the_stamp_of_sample_data_stands_in_the_first_column() -> None:
    stamped = HEAD.replace("手続番号", "【見本データ】架空の回答です。")
    assert has_sample_stamp(open_workbook(xlsx(stamped), "a.xlsx"))
    assert not has_sample_stamp(open_workbook(xlsx(HEAD), "a.xlsx"))


def test_an_xls_is_read_and_remarked_on_because_errors_look_blank_in_it() -> None:
    workbook = open_workbook(xls(120.0), "a.xlsx")
    assert [(sheet.name, sheet.rows) for sheet in workbook.sheets] == [
        ("手続", [["", ""], ["", 120.0]])
    ]
    assert list(workbook.remarks) == ["F111"]


def test_an_xlsx_whose_sheets_are_kept_elsewhere_is_remarked_on() -> None:
    content = written()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        links = archive.read("xl/_rels/workbook.xml.rels").decode()
        moved = {
            "xl/sheets/sheet1.xml": archive.read(SHEET_PART),
            "xl/_rels/workbook.xml.rels": links.replace("worksheets/sheet", "sheets/sheet"),
            SHEET_PART: "",
        }
    workbook = open_workbook(
        with_parts(content, moved).replace(b"xl/worksheets/", b"xl/elsewheres/"), "a"
    )
    assert workbook.sheets[0].rows[0][0] == DAY
    assert list(workbook.remarks) == ["F111"]


class TestQuotationMarks:
    HEAD = "手続番号,手続名,備考\n"

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ('1,"納付書の予約,\n' + "2,再発行,x\n" * 4000, "2"),
            ('1,"納付書の予約,\n' + f"2,再発行,{'x' * 100}\n" * 3000, "2"),
            ('1,a,b\n2,"納付書の予約,\n3,c,d\n4,"別の手続",e\n', "3"),
            ('1,a,b\n2,c,"最後の行', "3"),
        ],
    )
    def test_an_unclosed_one_names_its_line(self, text: str, line: str) -> None:
        with pytest.raises(UnusableFileError) as refused:
            open_workbook((self.HEAD + text).encode(), "a.csv")
        assert (refused.value.rule_id, refused.value.words) == ("F116", {"line": line})

    @pytest.mark.parametrize(
        "text",
        ['1,"二行の\n備考",x\n', '1,5"モニタ,x\n', '1,"住民票"の写し,x\n', '1,"a ""b"" c",x\n'],
    )
    def test_closed_or_single_ones_hide_nothing(self, text: str) -> None:
        [sheet] = open_workbook((self.HEAD + text + "2,次の行,y\n").encode(), "a.csv").sheets
        assert len(sheet.rows) == 3
