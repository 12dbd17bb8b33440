"""The council's papers as PDF and as DOCX, made from their pages, so that none says something else.

A PDF names a Japanese font that every reader of PDF brings along, and holds none: the file is
small, and the same wherever it is made. In a DOCX a chart is one of Word, which stays editable.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from lxml import html
from markupsafe import escape
from pptx import Presentation
from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from sumida_data.base.xlsx import measure
from sumida_data.present.chart import Chart
from sumida_data.report.papers import draw_chart, fix_clocks

# Gothic of the Japanese font pack of PDF; a reader puts its own in the place of it.
_GOTHIC, _FONT = "HeiseiKakuGo-W5", "Yu Gothic"
_MARGIN = 34
_BLOCKS = ("p", "h1", "h2", "li", "table", "svg", "figcaption")
# In points, by class or tag; in a landscape paper all are smaller by so much.
_SIZES = {"h1": 16.0, "h2": 11.5, "owner": 9.0, "caption": 9.0, "notes": 8.5, "figcaption": 8.5}
_PLAIN, _SMALLER = 10.0, 0.9
_SOFT, _STAMP, _ACCENT, _HEAD, _LINES = map(
    HexColor, ("#4a5665", "#9c2b12", "#1d4f91", "#e3edf9", "#b9c2cd")
)
_COLORS = {"owner": _SOFT, "caption": _SOFT, "figcaption": _SOFT, "sample": _STAMP}
# Marks of a chart by their class; all others are of its axes.
_AXIS = {"strokeColor": _SOFT}
_MARKS: dict[str | None, dict[str, Any]] = {
    "grid": {"strokeColor": _LINES},
    "joined": {"strokeColor": _ACCENT, "strokeWidth": 1.5},
    "path": {"strokeColor": _SOFT, "strokeWidth": 1.5, "strokeDashArray": [5, 4]},
    "broken": {"strokeColor": _STAMP, "strokeWidth": 1.5, "strokeDashArray": [2, 3]},
    "start": {"strokeColor": _SOFT, "strokeWidth": 1.5, "fillColor": white},
    "target": {"strokeColor": _STAMP, "strokeWidth": 2, "fillColor": white},
    "value": {"strokeColor": white, "strokeWidth": 1.5, "fillColor": _ACCENT},
}
_CHART_SCALE = 0.7
_CHART_BOX = (0, 0, Mm(150), Mm(72))
_DRAWING = (
    f'<w:drawing {nsdecls("w", "wp", "a", "r")}><wp:inline><wp:extent cx="{_CHART_BOX[2]}" '
    f'cy="{_CHART_BOX[3]}"/><wp:docPr id="1" name="図" descr="{{}}"/><a:graphic>'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="{}"/>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing>"
)
_ALIGNMENTS = (WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER)
_STYLES = {"h1": "Heading 1", "h2": "Heading 2", "points": "List Bullet"}
# Of a cell and of a page, on both sides.
_PADDING = 14
_DRAWN = ("line", "rect", "circle", "polyline", "path", "text")


def print_papers(pages: Mapping[str, bytes], charts: Mapping[str, Chart]) -> dict[str, bytes]:
    """Return each page that is a paper as PDF and as DOCX, by file name; charts by indicator."""
    printed: dict[str, bytes] = {}
    for name, page in pages.items():
        body = html.document_fromstring(page).body
        if body.get("class") in ("portrait", "landscape"):
            start = name.removesuffix(".html")
            printed |= {
                f"{start}.pdf": _write_pdf(body),
                f"{start}.docx": _write_docx(body, charts),
            }
    return printed


def _write_pdf(body: Any) -> bytes:
    registerFont(UnicodeCIDFont(_GOTHIC))
    content = BytesIO()
    document = SimpleDocTemplate(
        content,
        pagesize=landscape(A4) if body.get("class") == "landscape" else A4,
        **dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN),
        title=body.getparent().findtext("head/title"),
        lang="ja",
        invariant=1,
    )
    document.build([_set(document.width, *block) for block in _list_blocks(body)])
    return content.getvalue()


def _list_blocks(body: Any) -> Iterator[tuple[str, Any, float]]:
    """Yield what a page consists of: the class of it or its list or its tag, itself, its size."""
    is_landscape = body.get("class") == "landscape"
    for one in body.iter(*_BLOCKS):
        name = (one.getparent() if one.tag == "li" else one).get("class") or one.tag
        yield name, one, _SIZES.get(name, _PLAIN) * (_SMALLER if is_landscape else 1)


def _list_runs(element: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts of an element, each with the tag that it is in, or nothing."""
    yield element.text or "", ""
    # What is set apart on the page is so here too; in a cell, in a line of its own.
    apart = "　" if element.tag in ("p", "h1") else "\n"
    for number, child in enumerate(element):
        before = {"br": "\n", "small": apart, "span": apart if number else ""}.get(child.tag, "")
        yield f"{before}{child.text or ''}", child.tag
        yield child.tail or "", ""


def _join(element: Any) -> str:
    return "".join(text for text, _ in _list_runs(element))


def _set(width: float, name: str, one: Any, size: float) -> Any:
    """Return a block as it is set in a PDF."""
    if one.tag == "svg":
        return _draw(one)
    if one.tag == "table":
        return _set_table(one, width, size)
    return _set_text(one, size, color=_COLORS.get(name), mark="・" if name == "points" else None)


def _set_text(
    one: Any, size: float, *, color: Any = None, align: int = 0, mark: str | None = None
) -> Any:
    style = ParagraphStyle(
        one.tag,
        fontName=_GOTHIC,
        fontSize=size,
        leading=1.4 * size,
        spaceBefore=0.8 * size if one.tag == "h2" else 0,
        spaceAfter=0.4 * size if one.tag in ("p", "h1") else 0,
        leftIndent=size if mark else 0,
        bulletFontName=_GOTHIC,
        bulletFontSize=size,
        textColor=color or "black",
        alignment=align,
        wordWrap="CJK",
    )
    text = "<br/>".join(map(escape, _join(one).strip().split("\n")))
    return Paragraph(text, style, bulletText=mark)


def _read_table(table: Any) -> tuple[list[list[Any]], int]:
    """Return the cells by row, and how many of the rows are headings."""
    return [[*row.iter("th", "td")] for row in table.iter("tr")], len(table.findall("thead/tr"))


def _align(cell: Any) -> int:
    """Return how a cell is aligned: 0 for left, 1 for centred."""
    return 0 if cell.get("scope") == "row" or cell.get("class") == "text" else 1


def _set_table(table: Any, width: float, size: float) -> Any:
    rows, heads = _read_table(table)
    looks = [("GRID", (0, 0), (-1, -1), 0.5, _LINES), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
    looks += [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    looks += [("BACKGROUND", (0, 0), (-1, heads - 1), _HEAD)] if heads else []
    set_rows = [[_set_text(cell, size, align=_align(cell)) for cell in row] for row in rows]
    widths = _share_width(rows, size, width - _PADDING)
    return Table(set_rows, widths, repeatRows=heads, style=looks, spaceAfter=size / 2)


def _share_width(rows: Sequence[Sequence[Any]], size: float, width: float) -> list[float]:
    """Return the widths of columns: what wants most gives way, and what is left goes to all."""
    columns = ["\n".join(map(_join, column)).split("\n") for column in zip(*rows, strict=True)]
    wanted = [0.6 * size * (max(map(measure, lines)) + 2) + _PADDING for lines in columns]
    most = max(wanted)
    while sum(min(one, most) for one in wanted) > width:
        most -= 1
    narrowed = [min(one, most) for one in wanted]
    return [one * width / sum(narrowed) for one in narrowed]


def _draw(svg: Any) -> Any:
    width, height = map(float, svg.get("viewbox").split()[2:])
    marks = [_draw_mark(one, height) for one in svg.iter(*_DRAWN)]
    drawing = shapes.Drawing(width * _CHART_SCALE, height * _CHART_SCALE, *marks)
    drawing.scale(_CHART_SCALE, _CHART_SCALE)
    drawing.hAlign = "CENTER"
    return drawing


def _draw_mark(one: Any, height: float) -> Any:
    """Return a mark of a chart as reportlab draws it, with the amounts upwards."""
    at = {name: float(text) for name, text in one.items() if re.fullmatch(r"[\d.]+", text)}
    look = _MARKS.get(one.get("class"), _AXIS)
    if one.tag == "text":
        words = {"fontName": _GOTHIC, "fontSize": 13, "textAnchor": one.get("text-anchor")}
        color = "black" if one.get("class") == "label" else _SOFT
        return shapes.String(at["x"], height - at["y"], one.text, fillColor=color, **words)
    if one.tag == "circle":
        return shapes.Circle(at["cx"], height - at["cy"], at["r"], **look)
    points = [number for x, y in _find_corners(one, at) for number in (x, height - y)]
    return (shapes.PolyLine if "line" in one.tag else shapes.Polygon)(points, **look)


def _find_corners(one: Any, at: Mapping[str, float]) -> list[tuple[float, float]]:
    if one.tag == "line":
        return [(at["x1"], at["y1"]), (at["x2"], at["y2"])]
    if one.tag == "rect":
        x, y, side = at["x"], at["y"], at["width"]
        return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    numbers = list(map(float, re.findall(r"-?[\d.]+", one.get("points") or one.get("d"))))
    if one.tag == "polyline":
        return [*zip(numbers[::2], numbers[1::2], strict=True)]
    # The only path is a diamond: its upper corner, and the steps from there to the others.
    x, y, step, *_ = numbers
    return [(x, y), (x + step, y + step), (x, y + 2 * step), (x - step, y + step)]


def _write_docx(body: Any, charts: Mapping[str, Chart]) -> bytes:
    document, content = docx.Document(), BytesIO()
    document.core_properties.title = body.getparent().findtext("head/title")
    document.core_properties.author = ""
    _set_up(document, is_landscape=body.get("class") == "landscape")
    for name, one, size in _list_blocks(body):
        if one.tag == "table":
            _add_table(document, one, size)
        elif one.tag == "svg":
            chart = charts[one.get("aria-labelledby").partition("-chart")[0]]
            _add_chart(document, chart, one.findtext("desc"))
        elif one.tag != "figcaption":
            paragraph = document.add_paragraph(style=_STYLES.get(name))
            _write(paragraph, _list_runs(one), size, _COLORS.get(name))
    document.save(content)
    return fix_clocks(content.getvalue())


def _add_chart(document: Any, chart: Chart, words: str) -> None:
    """Draw a chart as on a slide, and take it over with the workbook behind it."""
    slide, package = Presentation(), document.part.package
    drawn = draw_chart(slide.slides.add_slide(slide.slide_layouts[6]), chart, _CHART_BOX).chart.part
    name, xml = PackURI("/word/charts/chart.xml"), CONTENT_TYPE.DML_CHART
    part = Part(name, xml, drawn.blob, package)
    name, book = PackURI("/word/embeddings/chart.xlsx"), drawn.chart_workbook.xlsx_part
    part.relate_to(Part(name, book.content_type, book.blob, package), RELATIONSHIP_TYPE.PACKAGE)
    where = document.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run()._r.append(parse_xml(_DRAWING.format(escape(words), where)))


def _set_up(document: Any, *, is_landscape: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(297), Mm(210))[:: 1 if is_landscape else -1]
    section.orientation = WD_ORIENT.LANDSCAPE if is_landscape else WD_ORIENT.PORTRAIT
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Pt(_MARGIN))
    for name in ("Normal", *_STYLES.values()):
        style = document.styles[name]
        style.font.name, style.font.color.rgb = _FONT, RGBColor(0, 0, 0)
        style.paragraph_format.space_after = Pt(1)
        style.paragraph_format.space_before = Pt(6 if name.startswith("Heading") else 0)
        # Without the fonts of the theme, which are Western ones.
        fonts = style.element.rPr.rFonts
        fonts.attrib.clear()
        for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{kind}"), _FONT)
    for language in document.styles.element.iter(qn("w:lang")):
        language.attrib.update(dict.fromkeys((qn("w:val"), qn("w:eastAsia")), "ja-JP"))


def _write(paragraph: Any, runs: Iterable[tuple[str, str]], size: float, color: Any = None) -> None:
    paragraph.paragraph_format.line_spacing = Pt(1.35 * size)
    for text, tag in runs:
        if text.strip(" "):
            run = paragraph.add_run(text)
            run.font.size, run.bold = Pt(size), True if tag == "b" else None
            run.font.color.rgb = color and RGBColor(*color.bitmap_rgb())


def _add_table(document: Any, element: Any, size: float) -> None:
    (rows, heads), section = _read_table(element), document.sections[0]
    table = document.add_table(len(rows), len(rows[0]), "Table Grid")
    table.autofit = False
    within = (section.page_width - section.left_margin - section.right_margin) / Pt(1)
    widths = _share_width(rows, size, within)
    for column, width in zip(table.columns, widths, strict=True):
        # Word goes by the cells, LibreOffice by the column.
        for one in (column, *column.cells):
            one.width = Pt(width)
    for line, cells in zip(table.rows, rows, strict=True):
        for cell, content in zip(line.cells, cells, strict=True):
            paragraph = cell.paragraphs[0]
            _write(paragraph, _list_runs(content), size)
            paragraph.alignment = _ALIGNMENTS[_align(content)]
    for line in [*table.rows][:heads]:
        # Word repeats it on the next page, and a screen reader says it with each cell.
        line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell in line.cells:
            filled = {qn("w:val"): "clear", qn("w:fill"): _HEAD.hexval()[2:]}
            cell._tc.get_or_add_tcPr().append(OxmlElement("w:shd", attrs=filled))
