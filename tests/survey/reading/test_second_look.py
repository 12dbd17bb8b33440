import io

import pytest
import xlsxwriter

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.workbook import Sheet, open_workbook
from tests.survey.files import ods, with_parts, xlsx


def read(content: bytes) -> Sheet:
    return open_workbook(content, "a").sheets[0]


@pytest.mark.parametrize(
    ("cell", "oddity"),
    [
        ('<c r="C2" t="e"><v>#DIV/0!</v></c>', Kind.ERROR_CELL),
        ('<c r="C2" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Kind.ERROR_CELL),
        ('<c r="C2"><f>A1+1</f></c>', Kind.NOT_CALCULATED),
        ('<c r="C2"><f>A1+1</f><v></v></c>', Kind.NOT_CALCULATED),
        ('<c r="C2"><f>A1+1</f><v/></c>', Kind.NOT_CALCULATED),
        ('<c r="C2"><f t="shared" si="0"/></c>', Kind.NOT_CALCULATED),
        ('<c/><c/><c t="e"><v>#N/A</v></c>', Kind.ERROR_CELL),
        ('<c r="C2"><f>A1+1</f><v>2</v></c>', None),
        ('<c r="C2" t="str"><f>IF(A1,"","")</f><v></v></c>', None),
        ('<c r="C2" t="str"><f>A1</f><v>#DIV/0!</v></c>', None),
        ('<c r="C2" s="1"/>', None),
    ],
)
def test_what_looks_blank_in_an_xlsx(cell: str, oddity: Kind | None) -> None:
    sheet = read(xlsx(f'<row r="2">{cell}</row><row r="3"><c r="A3"><v>1</v></c></row>'))
    assert sheet.look.oddities == ({(1, 2): oddity} if oddity else {})


def test_prefixed_elements_are_understood() -> None:
    part = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<x:sheetData><x:row r="2"><x:c r="B2"><x:f>1</x:f></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    sheet = read(with_parts(xlsx(), {"xl/worksheets/sheet1.xml": part}))
    assert sheet.look.oddities == {(1, 1): Kind.NOT_CALCULATED}


@pytest.mark.parametrize(
    ("cell", "oddity"),
    [
        (
            '<table:table-cell table:formula="of:=1/0" office:value-type="string"'
            ' calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
            Kind.ERROR_CELL,
        ),
        (
            '<table:table-cell table:formula="of:=1/0" office:value-type="float"'
            ' office:value="0"><text:p>Err:502</text:p></table:table-cell>',
            Kind.ERROR_CELL,
        ),
        ('<table:table-cell table:formula="of:=1+1"/>', Kind.NOT_CALCULATED),
        ('<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>', None),
        (
            '<table:table-cell table:formula="of:=1+1" office:value-type="float"'
            ' office:value="2"><text:p>2</text:p></table:table-cell>',
            None,
        ),
    ],
)
def test_what_looks_blank_in_an_ods(cell: str, oddity: Kind | None) -> None:
    rows = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="3"/>'
        f"{cell}</table:table-row>"
    )
    assert read(ods(rows)).look.oddities == ({(2, 3): oddity} if oddity else {})


def test_hidden_rows_with_content_are_known() -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2" hidden="1"><c r="A2"><v>2</v></c></row>'
        '<row r="3" hidden="0"><c r="A3"><v>3</v></c></row><row r="4" hidden="1"/>'
    )
    assert 1 in read(xlsx(rows)).look.hidden_rows
    assert not {0, 2} & read(xlsx(rows)).look.hidden_rows
    ods_rows = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p>'
        '</table:table-cell></table:table-row><table:table-row table:visibility="collapse"'
        ' table:number-rows-repeated="2"><table:table-cell office:value-type="string">'
        "<text:p>b</text:p></table:table-cell></table:table-row>"
    )
    assert read(ods(ods_rows)).look.hidden_rows == {1, 2}


def test_commented_cells_are_known() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("表紙")
        sheet = book.add_worksheet("手続")
        sheet.write_comment("AB12", "120件です")
    sheets = open_workbook(buffer.getvalue(), "a.xlsx").sheets
    assert [one.look.comments for one in sheets] == [set(), {(11, 27)}]
    annotated = (
        "<table:table-row><table:table-cell><office:annotation><text:p>120件です</text:p>"
        "</office:annotation></table:table-cell></table:table-row>"
    )
    assert read(ods(annotated)).look.comments == {(0, 0)}


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="100000"><c r="Z100000"><v>1</v></c></row>',
        '<row r="1048576"><c><v>1</v></c><c><v>1</v></c></row>',
    ],
)
def test_a_cell_far_out_is_refused_before_memory_is_reserved(rows: str) -> None:
    with pytest.raises(UnusableFileError, match="F105"):
        open_workbook(xlsx(rows), "a.xlsx")


def test_a_far_cell_without_content_does_no_harm() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert read(xlsx(rows)).rows == [[1.0]]


def test_a_long_narrow_sheet_is_read() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="20000"><c r="B20000"><v>2</v></c></row>'
    assert read(xlsx(rows)).rows[-1] == ["", 2.0]


def test_repeated_cells_of_an_ods_are_refused_before_memory_is_reserved() -> None:
    rows = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell'
        ' table:number-columns-repeated="16384" office:value-type="float" office:value="1">'
        "<text:p>1</text:p></table:table-cell></table:table-row>"
    )
    with pytest.raises(UnusableFileError, match="F105"):
        open_workbook(ods(rows), "a.ods")
