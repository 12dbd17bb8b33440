"""The reader sees what the officer sees: struck out, hidden, drawn over, shown in another way."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.looks import judge_shown, shown_number, style_of
from sumida_data.survey.reading.workbook import open_workbook
from tests.survey.conftest import PROCEDURE_HEADINGS, cover
from tests.survey.files import ods, with_parts

Collect = Callable[[dict[str, Any]], Collected]
Change = Callable[[Workbook, Worksheet], None]

ROWS = [
    ["T1203-01", "届出", "非該当", "該当", "済", "2022/10/1", "窓口", 120, 30, "無", "対象外"],
    ["T1203-02", "申請", "非該当", "該当", "済", "2022/10/1", "窓口", 340, 30, "無", "対象外"],
]
EFFECTS = ["事例名", "効果", "値", "単位", "実績/見込み", "概数", "条件", "年間件数"]
COVER = {"表紙": cover(), "取組効果": [EFFECTS]}


def make(change: Change) -> bytes:
    """A return whose sheet 手続, with headings in row 1, was changed so."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        labels = book.add_worksheet("表紙")
        for number, row in enumerate(cover()):
            labels.write_row(number, 0, row)
        sheet = book.add_worksheet("手続")
        for number, row in enumerate([PROCEDURE_HEADINGS, *ROWS]):
            sheet.write_row(number, 0, row)
        change(book, sheet)
    return buffer.getvalue()


@pytest.fixture
def read(collect: Collect) -> Callable[[bytes], tuple[dict[str, str | None], list[Any]]]:
    """Return a function that reads a return: answers of the table by cell, findings."""

    def run(content: bytes) -> tuple[dict[str, str | None], list[Any]]:
        collected = collect({"FY2022Q3/1203.xlsx": content})
        answers = {
            answer.cell: answer.value for answer in collected.answers if answer.sheet == "手続"
        }
        seen = [
            (one.rule_id, one.place.cell)
            for one in collected.findings
            if one.rule_id not in {"F204", "F323"}
        ]
        return answers, seen

    return run


Read = Callable[[bytes], tuple[dict[str, str | None], list[Any]]]


def styled(style: dict[str, Any], cell: str = "H3", value: Any = 340) -> Change:
    return lambda book, sheet: sheet.write(cell, value, book.add_format(style))


def rich(*parts: Any, cell: str = "H3") -> Change:
    def change(book: Workbook, sheet: Worksheet) -> None:
        made = [book.add_format(part) if isinstance(part, dict) else part for part in parts]
        sheet.write_rich_string(cell, *made)

    return change


def under(style: dict[str, Any], cells: str = "H2:H3", **rule: Any) -> Change:
    return lambda book, sheet: sheet.conditional_format(
        cells, rule | {"format": book.add_format(style)}
    )


def formula(criteria: str) -> dict[str, str]:
    return {"type": "formula", "criteria": criteria}


def covered(_: Workbook, sheet: Worksheet) -> None:
    sheet.merge_range("H2:H3", "")
    sheet.write("H2", 120)
    sheet.write("H3", 340)


WHITE = {"font_color": "#FFFFFF"}
STRIKE, RAISED = {"font_strikeout": True}, {"font_script": 1}


@pytest.mark.parametrize(
    ("change", "value", "finding"),
    [
        (styled(STRIKE), None, ("F324", "H3")),
        (rich(STRIKE, "120", {"bold": True}, "150"), "150", ("F326", "H3")),
        (rich({"bold": True}, "34", STRIKE, "12"), "34", ("F326", "H3")),
        (rich({"bold": True}, "45", RAISED, "1"), "45", ("F327", "H3")),
        (rich({"bold": True}, "45", {"font_script": 2}, "1"), "45", ("F327", "H3")),
        (rich({"font_color": "#FFFFFF"}, "1", {"bold": True}, "17"), "117", ("F328", "H3")),
        (rich({"bold": True}, "17", {"font_size": 1}, "9"), "179", ("F328", "H3")),
        (rich({"bold": True}, "17", {"font_color": "#FF0000"}, "9"), "179", None),
        (styled({"font_color": "#FFFFFF"}), "340", ("F328", "H3")),
        (styled({"font_color": "#FFFF00", "bg_color": "#FFFF00"}), "340", ("F328", "H3")),
        (styled({"num_format": ";;;"}), "340", ("F328", "H3")),
        (styled({"font_color": "#FDFDFD"}), "340", ("F328", "H3")),
        (styled({"font_size": 1}), "340", ("F328", "H3")),
        (under(WHITE, **formula("=TRUE")), "340", ("F328", "H3")),
        (under(WHITE, **formula("=$B2=\"申請\"")), "340", ("F328", "H3")),
        (under(WHITE, **formula("=$B2=\"廃止\"")), "340", None),
        (under(WHITE, **formula("=ISERROR(H2)")), "340", None),
        (under(WHITE, type="cell", criteria=">", value=300), "340", ("F328", "H3")),
        (under(WHITE, type="cell", criteria="==", value=0), "340", None),
        (under({"num_format": ";;;"}, "A1:Z99", **formula("=$H1>300")), "340", ("F328", "H3")),
        (under({"font_color": "#00FF00", "bg_color": "#00FF00"}, type="duplicate"), "340",
         ("F328", "H3")),
        (under({"font_color": "#FFFFFF", "bg_color": "#000000"}, type="duplicate"), "340", None),
        (under({"bg_color": "#000000"}, type="duplicate"), "340", ("F328", "H3")),
        (under({"bg_color": "#FFC7CE"}, type="duplicate"), "340", None),
        (lambda _, sheet: sheet.conditional_format(
            "H3", {"type": "icon_set", "icon_style": "3_arrows", "icons_only": True}),
         "340", ("F328", "H3")),
        (under(STRIKE, **formula("=$C2<>\"済\"")), None, ("F324", "H3")),
        (styled({"num_format": "0%"}, value=0.3), None, ("F313", "H3")),
        (styled({"num_format": '0.0"千件"'}, value=3.4), None, ("F301", "H3")),
        (styled({"num_format": "#,##0,"}, value=12345), "12345", ("F329", "H3")),
        (styled({"num_format": '"約"0'}, value=300), "300", None),
        (styled({"num_format": '0"0"'}), "340", ("F329", "H3")),
        (styled({"num_format": '"済";"未"'}, value=1), None, ("F301", "H3")),
        (styled({"num_format": '0"件（R4.4.1時点）"'}), None, ("F301", "H3")),
        (styled({"num_format": "0.0.0"}), "340", ("F329", "H3")),
        (styled({"num_format": "000-0"}), None, ("F312", "H3")),
        (styled({"num_format": '[=340]"○";0'}), None, ("F301", "H3")),
        (styled({"num_format": '"該当なし"'}), None, ("F329", "H3")),
        (styled({"num_format": '#,##0;-#,##0;"-"'}, value=0), None, ("F329", "H3")),
        (styled({"num_format": "#,###"}, value=0), "0", ("F328", "H3")),
        (styled({"num_format": "#,##0;-#,##0;"}, value=0), "0", ("F328", "H3")),
        (styled({"num_format": "#,##0;-#,##0;"}), "340", None),
        (styled({"num_format": "[>999]0.0,;0"}), "340", None),
        (lambda _, sheet: (sheet.hide_zero(), sheet.write("I3", 0)), "340", ("F328", "I3")),
        (lambda _, sheet: sheet.set_row(2, 0.75), "340", ("F320", "A3")),
        (covered, "340", ("F328", "H3")),
        (styled({"num_format": "0"}, value=12.6), None, ("F329", "H3")),
        (styled({"num_format": "#,##0"}), "340", None),
        (styled({"font_color": "#FFFFFF", "bg_color": "#000000"}), "340", None),
        (lambda _, sheet: sheet.set_column(7, 7, None, None, {"hidden": True}), "340", ("F332", "H1")),
        (lambda _, sheet: sheet.set_column(7, 7, 0), "340", ("F332", "H1")),
        (lambda _, sheet: sheet.set_row(2, None, None, {"hidden": True}), "340", ("F320", "A3")),
        (lambda _, sheet: sheet.set_row(2, 0), "340", ("F320", "A3")),
        (lambda _, sheet: sheet.hide(), "340", ("F333", None)),
        (lambda _, sheet: sheet.very_hidden(), "340", ("F333", None)),
        (lambda _, sheet: sheet.write_comment("H3", "350では？"), "340", ("F331", "H3")),
        (lambda _, sheet: sheet.insert_textbox("F2", "廃止しました"), "340", ("F334", "F2")),
        (lambda _, sheet: sheet.insert_textbox("B20", "押印欄"), "340", None),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_is_seen(
    read: Read, change: Change, value: str | None, finding: tuple[str, str | None] | None
) -> None:
    answers, findings = read(make(change))
    assert answers["H3"] == value
    assert finding in findings if finding else findings == []


@pytest.mark.parametrize(
    "anchor",
    [
        "<xdr:oneCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:row>0</xdr:row></xdr:from>"
        '<xdr:ext cx="9000000" cy="900000"/></xdr:oneCellAnchor>',
        '<xdr:absoluteAnchor><xdr:pos x="700000" y="200000"/><xdr:ext cx="9000000" cy="900000"/>'
        "</xdr:absoluteAnchor>",
    ],
    ids=["one cell", "no cell"],
)
def test_a_drawing_of_any_anchor_covers_what_it_lies_over(read: Read, anchor: str) -> None:
    content = make(lambda _, sheet: sheet.insert_textbox("B20", "印"))
    space = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    drawing = f'<xdr:wsDr xmlns:xdr="{space}">{anchor}</xdr:wsDr>'
    found = read(with_parts(content, {"xl/drawings/drawing1.xml": drawing}))[1]
    assert [rule for rule, _ in found] == ["F334"]


@pytest.mark.parametrize("style", [STRIKE, {"font_color": "white"}])
def test_a_heading_struck_out_or_unseen_is_asked_about(read: Read, style: dict[str, Any]) -> None:
    answers, found = read(make(styled(style, "H1", PROCEDURE_HEADINGS[7])))
    assert ("F218", "H1") in found
    assert answers["H3"] is not None


def test_a_row_struck_out_is_no_answer(read: Read) -> None:
    def strike(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_row("A3", ROWS[1], book.add_format(STRIKE))

    answers, findings = read(make(strike))
    assert "A2" in answers
    assert "A3" not in answers
    assert findings == [("F325", "A3")]


def test_a_formula_of_a_workbook_that_is_calculated_by_hand_is_asked_about(read: Read) -> None:
    def change(book: Workbook, sheet: Worksheet) -> None:
        book.set_calc_mode("manual")
        sheet.write_formula("H3", "=H2*2", None, 5)

    assert read(make(change))[1] == [("F330", "H3"), ("F404", "I3")]


@pytest.mark.parametrize(
    ("part", "replace"),
    [
        ("xl/worksheets/sheet2.xml", lambda xml: xml.replace('"', "'").replace("''", "''")),
        (
            "xl/worksheets/sheet2.xml",
            lambda xml: xml.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")
            .replace("xmlns=", "xmlns:x="),
        ),
        (
            "xl/workbook.xml",
            lambda xml: xml.replace(
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                "http://purl.oclc.org/ooxml/officeDocument/relationships",
            ),
        ),
    ],
    ids=["single quotes", "prefixes", "strict"],
)  # fmt: skip
def test_other_spellings_of_the_same_file_are_understood(
    read: Read, part: str, replace: Callable[[str], str]
) -> None:
    def change(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_formula("H3", "=1/0", None, "#DIV/0!")
        sheet.set_row(1, None, None, {"hidden": True})

    content = make(change)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(part).decode()
    assert read(with_parts(content, {part: replace(xml)}))[1] == [("F320", "A2"), ("F308", "H3")]


def test_hidden_answers_beside_labels_are_told(collect: Collect) -> None:
    def hide(book: Workbook, _: Worksheet) -> None:
        labels = book.get_worksheet_by_name("表紙")
        labels.set_row(9, None, None, {"hidden": True})

    findings = collect({"FY2022Q3/1203.xlsx": make(hide)}).findings
    assert ("F320", "表紙", "B10") in {
        (one.rule_id, one.place.sheet, one.place.cell) for one in findings
    }

    def hide_column(book: Workbook, _: Worksheet) -> None:
        book.get_worksheet_by_name("表紙").set_column(1, 1, None, None, {"hidden": True})

    findings = collect({"FY2022Q3/1203.xlsx": make(hide_column)}).findings
    hidden = [one for one in findings if one.rule_id == "F332"]
    assert ("表紙", "B4", "課コード") in {
        (one.place.sheet, one.place.cell, one.value_found) for one in hidden
    }


def test_macro_sheets_are_no_damage() -> None:
    content = make(lambda *_: None)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = archive.read("xl/workbook.xml").decode()
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    added = '<sheet name="Macro1" sheetId="9" state="veryHidden" r:id="rId99"/></sheets>'
    kind = "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="macrosheets/sheet1.xml"/>'
    parts = {
        "xl/workbook.xml": book.replace("</sheets>", added),
        "xl/_rels/workbook.xml.rels": relations.replace(
            "</Relationships>", relation + "</Relationships>"
        ),
        "xl/macrosheets/sheet1.xml": "<xm:macrosheet xmlns:xm='a'/>",
    }
    found = open_workbook(with_parts(content, parts), "a.xlsm")
    assert [sheet.name for sheet in found.sheets] == ["表紙", "手続"]


def test_a_fill_that_says_nothing_is_none() -> None:
    content = make(styled({"font_color": "#FFFFFF"}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = archive.read("xl/styles.xml").decode()
    plain = styles.replace('<patternFill patternType="none"/>', "<patternFill/>")
    assert plain != styles
    found = open_workbook(with_parts(content, {"xl/styles.xml": plain}), "a.xlsx").sheets[1]
    assert found.look.oddities == {(2, 7): Kind.UNSEEN_VALUE}


CELL = '<table:table-cell table:style-name="s" office:value-type="{}" office:value="{}">{}</table:table-cell>'
STYLE = (
    '<style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" style:name="s">'
    "<style:text-properties {}/></style:style>"
)


def looks_of_ods() -> Iterator[tuple[str, str, str | None, str | None]]:
    strike = 'style:text-line-through-style="solid"'
    span = '<text:p>12<text:span text:style-name="s">34</text:span></text:p>'
    yield strike, CELL.format("float", 5, "<text:p>5</text:p>"), Kind.STRUCK_CELL, None
    yield (
        'fo:color="#ffffff"',
        CELL.format("float", 5, "<text:p>5</text:p>"),
        Kind.UNSEEN_VALUE,
        None,
    )
    yield "", CELL.format("float", 5, "<text:p/>"), Kind.UNSEEN_VALUE, None
    yield "", CELL.format("percentage", 0.3, "<text:p>30%</text:p>"), None, "30%"
    yield "", CELL.format("float", 12.6, "<text:p>13</text:p>"), Kind.SHOWN_ROUNDED, None
    yield "", CELL.format("float", 1200, "<text:p>1,200</text:p>"), None, None
    plain = span.replace('table:style-name="s"', "")
    cell = f'<table:table-cell office:value-type="string">{plain}</table:table-cell>'
    yield strike, cell, Kind.PARTLY_STRUCK, "12"
    yield 'style:text-line-through-type="single"', cell, Kind.PARTLY_STRUCK, "12"
    yield 'style:text-position="super 58%"', cell, Kind.RAISED_CHARACTERS, "12"
    unseen = '<table:table-cell office:value-type="string" office:string-value="5"><text:p/>'
    yield "", f"{unseen}</table:table-cell>", Kind.UNSEEN_VALUE, None
    draw = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
    picture = f'<draw:frame xmlns:draw="{draw}"><draw:image><text:p/></draw:image>'
    picture += '<svg:desc xmlns:svg="s">写真</svg:desc></draw:frame></table:table-cell>'
    yield "", cell.replace("</table:table-cell>", picture), None, "1234"


@pytest.mark.parametrize(("style", "cell", "oddity", "shown"), list(looks_of_ods()))
def test_an_ods_tells_as_much(style: str, cell: str, oddity: str | None, shown: str | None) -> None:
    content = ods(f"<table:table-row>{cell}</table:table-row>", styles=STYLE.format(style))
    sheet = open_workbook(content, "a.ods").sheets[0]
    assert sheet.look.oddities == ({(0, 0): oddity} if oddity else {})
    if shown:
        assert sheet.rows[0][0] == shown


@pytest.mark.parametrize(
    ("place", "value", "oddity"),
    [("Sheet.A1:Sheet.B9", "=5", Kind.UNSEEN_VALUE), ("$'Sheet'.A1", "formula-is([.$A1]>4)", Kind.UNSEEN_VALUE),
     ("Sheet.B1:Sheet.B9", "=5", None), ("Sheet.A1", ">5", None)],
)  # fmt: skip
def test_conditions_and_named_styles_of_an_ods_are_known(
    place: str, value: str, oddity: str | None
) -> None:
    cell = CELL.replace("style-name", "none").format("float", 5, "<text:p>5</text:p>")
    calc = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    conditions = (
        f'<calcext:conditional-formats xmlns:calcext="{calc}">'
        f'<calcext:conditional-format calcext:target-range-address="{place}">'
        f'<calcext:condition calcext:apply-style-name="t" calcext:value="{value.replace(">", "&gt;")}"/>'
        "</calcext:conditional-format></calcext:conditional-formats>"
    )
    content = ods(f"<table:table-row>{cell}</table:table-row>{conditions}")
    styles = STYLE.format('fo:color="#ffffff"')
    child = styles.replace('style:name="s"', 'style:name="t" style:parent-style-name="s"').replace(
        'fo:color="#ffffff"', ""
    )
    content = with_parts(content, {"styles.xml": f"<styles>{styles}{child}</styles>"})
    assert open_workbook(content, "a.ods").sheets[0].look.oddities == (
        {(0, 0): oddity} if oddity else {}
    )


def test_cells_of_an_ods_look_like_their_row_or_column() -> None:
    styles = STYLE.format('style:text-line-through-style="solid"')
    cell = '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
    rows = (
        '<table:table-column/><table:table-column table:default-cell-style-name="s"/>'
        f"<table:table-row>{cell}{cell}</table:table-row>"
        f'<table:table-row table:default-cell-style-name="s">{cell}</table:table-row>'
    )
    found = open_workbook(ods(rows, styles=styles), "a.ods").sheets[0]
    assert found.look.oddities == {(0, 1): Kind.STRUCK_CELL, (1, 0): Kind.STRUCK_CELL}


def test_rows_of_no_height_and_ends_of_drawings_in_an_ods_are_known() -> None:
    styles = STYLE.replace("text-properties {}", 'table-row-properties style:row-height="0cm"')
    rows = (
        '<table:table-row table:style-name="s"><table:table-cell office:value-type="string">'
        "<text:p>a</text:p>"
        '<draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
        ' table:end-cell-address="手続.C4"/></table:table-cell></table:table-row>'
    )
    look = open_workbook(ods(rows, styles=styles), "a.ods").sheets[0].look
    assert look.hidden_rows == {0}
    assert look.drawings == [((0, 0), (3, 2))]
    for height in ("0.2083in", "0.45cm"):
        seen = ods(rows, styles=styles.replace("0cm", height))
        assert open_workbook(seen, "a.ods").sheets[0].look.hidden_rows == set()


def test_hidden_columns_and_drawings_of_an_ods_are_known() -> None:
    rows = (
        '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-row>'
        '<table:table-cell/><table:table-cell office:value-type="string"><text:p>a</text:p>'
        '<draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"/>'
        "</table:table-cell></table:table-row>"
    )
    look = open_workbook(ods(rows), "a.ods").sheets[0].look
    assert look.hidden_columns == {1}
    assert look.drawings == [((0, 1), (0, 1))]


def test_a_shape_tied_to_the_page_of_an_ods_covers_what_it_lies_over() -> None:
    shape = (
        '<table:shapes><draw:frame xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
        ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
        ' svg:x="23mm" svg:y="0.6cm" svg:width="1in" svg:height="20pt"/></table:shapes>'
    )
    row = (
        "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>"
    )
    look = open_workbook(ods(shape + row), "a.ods").sheets[0].look
    assert look.drawings == [((1, 1), (2, 2))]


def test_buttons_and_check_boxes_of_the_old_kind_cover_what_they_lie_over(read: Read) -> None:
    def cover_answer(_: Workbook, sheet: Worksheet) -> None:
        sheet.insert_button("H2", {"width": 60, "height": 15})

    _, findings = read(make(cover_answer))
    assert [one[0] for one in findings] == ["F334"]

    def comment(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_comment("P9", "この欄は空です")

    assert read(make(comment))[1] == []


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.3, "0%", "30%"),
        (0.2239, "0.0%", "22.4%"),
        (5.1, '0.0"千時間"', "5.1千時間"),
        (5075.0, '#,##0,"千"', "5千"),
        (-3.0, '0"台";"△"0"台"', "△3台"),
        (7.0, "[Red]0_ ", "7"),
        (7.0, 'General"件"', "7件"),
        (7.5, "0.0#", "7.5"),
        (1200.0, "[$¥-411]#,##0", "¥1200"),
        (12.0, '"";""', ""),
        (120.0, r"0\.0", "12.0"),
        (12.0, '0"-"0', "1-2"),
        (1200.0, r"0\,000", "1,200"),
        (7.0, '"（旧）"@', "7"),
    ],
)
def test_numbers_are_shown_as_a_spreadsheet_does(value: float, code: str, text: str) -> None:
    assert shown_number(value, code).strip() == text


@pytest.mark.parametrize(
    ("code", "rule_id", "shown"),
    [
        ("¥#,##0", None, "¥7"),
        ('0"kg"', None, "7kg"),
        ('"未回答 "0" 件"', None, "未回答 7 件"),
        ('"△"0', Kind.SHOWN_ROUNDED, None),
        ("(0)", Kind.SHOWN_ROUNDED, None),
    ],
)
def test_words_and_signs_beside_a_number_tell(
    code: str, rule_id: str | None, shown: str | None
) -> None:
    assert judge_shown(7, shown_number(7, code)) == (rule_id, shown)
    style = style_of(code, is_struck=False, is_unseen=False)
    assert re.search(style.suspect, b"><v>7</v>")


@pytest.mark.parametrize(
    ("code", "rule_id"),
    [
        ("0;0;0;", Kind.UNSEEN_VALUE),
        ("yyyy/m/d;;;", Kind.UNSEEN_VALUE),
        ('0;0;0;"-"', Kind.UNSEEN_VALUE),
        ('"（旧）"@', Kind.SHOWN_ROUNDED),
        ('0;0;0;@"様"', Kind.SHOWN_ROUNDED),
        ("0;0;0;@", None),
        ("0;0;0;General", None),
        (r"0_);\(0\);0;@\ ", None),
        ('"済";"未"', None),
    ],
)
def test_a_format_may_have_a_part_for_texts(
    read: Callable[[bytes], tuple[dict[str, str | None], list[Any]]], code: str, rule_id: str | None
) -> None:
    answers, findings = read(make(styled({"num_format": code}, "G3", "窓口")))
    assert (answers["G3"], findings) == ("窓口", [(rule_id, "G3")] if rule_id else [])


@pytest.mark.parametrize(
    ("code", "rule_id"),
    [
        ('yyyy/m/d"予定"', Kind.SHOWN_ROUNDED),
        ('"廃止"yyyy/m/d', Kind.SHOWN_ROUNDED),
        ('"R3."m"."d', Kind.SHOWN_ROUNDED),
        ("[White]yyyy/m/d", Kind.UNSEEN_VALUE),
        ('[$-411]ggge"年"m"月"d"日"', None),
        ('"令和"e"年"m"月"d"日("aaa")"', None),
    ],
)
def test_a_format_of_days_may_say_more(
    read: Callable[[bytes], tuple[dict[str, str | None], list[Any]]], code: str, rule_id: str | None
) -> None:
    answers, findings = read(make(styled({"num_format": code}, "F3", 44835)))
    assert (answers["F3"], findings) == ("2022-10-01", [(rule_id, "F3")] if rule_id else [])


@pytest.mark.parametrize(
    ("style", "rule_id"),
    [
        ({"num_format": "#,##0,"}, "F329"),
        ({"num_format": '"調整中"'}, "F329"),
        ({"num_format": "#,##0"}, None),
    ],
)
def test_a_condition_may_give_another_format(
    read: Callable[[bytes], tuple[dict[str, str | None], list[Any]]],
    style: dict[str, Any],
    rule_id: str | None,
) -> None:
    found = read(make(under(style, "H3", type="formula", criteria="=TRUE")))[1]
    assert found == ([(rule_id, "H3")] if rule_id else [])


def test_a_row_of_hardly_any_height_is_hidden(
    read: Callable[[bytes], tuple[dict[str, str | None], list[Any]]],
) -> None:
    assert read(make(lambda _, sheet: sheet.set_row(2, 3)))[1] == [("F320", "A3")]


@pytest.mark.parametrize(
    ("text", "rule_id"), [("（単位：千件）", "F220"), ("前回の回答", "F229"), ("削除", None)]
)
def test_a_text_box_beside_the_table_is_read(
    read: Callable[[bytes], tuple[dict[str, str | None], list[Any]]], text: str, rule_id: str | None
) -> None:
    found = read(make(lambda _, sheet: sheet.insert_textbox(40, 20, text)))[1]
    assert found == ([(rule_id, None)] if rule_id else [])


def test_a_format_of_an_ods_may_change_a_text() -> None:
    cell = (
        '<table:table-cell office:value-type="string" office:string-value="窓口">'
        "<text:p>（旧）窓口</text:p></table:table-cell>"
    )
    [sheet] = open_workbook(ods(f"<table:table-row>{cell}</table:table-row>"), "a.ods").sheets
    assert sheet.look.oddities == {(0, 0): Kind.SHOWN_ROUNDED}


@pytest.mark.parametrize("code", ["yyyy/m/d", "@", "General", "", "h:mm", "+#,##0_ "])
def test_plain_formats_tell_nothing_of_whole_numbers(code: str) -> None:
    style = style_of(code, is_struck=False, is_unseen=False)
    assert style.oddity is None
    assert not (style.suspect and re.search(style.suspect, b"><v>7</v>"))
