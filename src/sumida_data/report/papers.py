"""The progress report as pages, each of which needs nothing else, as a workbook and as slides."""

import re
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE_DASH_STYLE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Length, Mm, Pt

from sumida_data.base.disk import pack
from sumida_data.base.metadata import HomeMunicipality, Row
from sumida_data.base.xlsx import SAMPLE_MARK, SAMPLE_WARNING, Book
from sumida_data.present.chart import Chart
from sumida_data.present.words import load_templates
from sumida_data.report.content import IndicatorReport, ProgressReport

_FONT = "Yu Gothic"
_PLAIN = {"font_name": _FONT, "font_size": 11, "valign": "vcenter"}
_GRID = _PLAIN | {"border": 1, "border_color": "#8A94A3"}
_LOOKS = {
    "heading": _PLAIN | {"font_size": 16, "bold": True},
    "stamp": _PLAIN | {"bold": True, "font_color": "#9C2B12"},
    "caption": _PLAIN | {"font_size": 10, "font_color": "#526071"},
    "head": _GRID | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EDF9"},
    "title": _GRID | {"indent": 1},
    "cell": _GRID | {"align": "center"},
    "note": _PLAIN | {"font_size": 9, "text_wrap": True, "valign": "top"},
}
_TITLE_WIDTH, _CELL_WIDTH = 42, 15
_HEAD_ROW = 3

_INK, _SOFT, _STAMP, _ACCENT, _HEAD, _PAPER, _LINES = map(
    RGBColor.from_string, ("17202E", "4A5665", "9C2B12", "1D4F91", "E3EDF9", "FFFFFF", "D5DBE3")
)
_WIDTH, _HEIGHT, _MARGIN = Mm(338.7), Mm(190.5), Mm(12)
_WITHIN = _WIDTH - 2 * _MARGIN
_CHARTS_ON_A_SLIDE = 4
_BLANK = 6
# Colour never stands alone: the path is dashed, values are round, the target is a diamond.
_SERIES: tuple[tuple[RGBColor, MSO_LINE_DASH_STYLE | None, Any, int], ...] = (
    (_SOFT, MSO_LINE_DASH_STYLE.DASH, XL_MARKER_STYLE.NONE, 2),
    (_ACCENT, MSO_LINE_DASH_STYLE.SOLID, XL_MARKER_STYLE.CIRCLE, 7),
    (_STAMP, None, XL_MARKER_STYLE.DIAMOND, 10),
)
# A file names the time it was made; a fixed one keeps the bytes the same.
_CREATED = b"2022-04-01T00:00:00Z"
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_Box = tuple[int, int, int, int]
_Look = tuple[int, float]  # the height of a row, and the size of its letters


def render_pages(report: ProgressReport) -> dict[str, bytes]:
    """Return by file name the report, the council's paper, and a sheet for each one behind."""
    pages = {
        name: _fill_in(name, report=report)
        for name in ("progress_report.html", "council_paper.html")
    }
    for one in report.indicators:
        if "behind" in one.verdict:
            name = f"briefing_{one.indicator.indicator_id}.html"
            pages[name] = _fill_in("briefing.html", report=report, one=one)
    return pages


def render_quality_page(
    report: ProgressReport, municipality: HomeMunicipality, overview: Row
) -> bytes:
    """Return the results of the checks, which concern all periods."""
    severities = report.dictionary.words("check_result.severity")
    told = {"municipality": municipality, "overview": overview, "severities": severities}
    return _fill_in("quality.html", report_period=report.period, sample=report.sample, **told)


def _fill_in(template: str, **values: object) -> bytes:
    return load_templates("report").get_template(template).render(values).encode()


def render_spreadsheet(report: ProgressReport) -> bytes:
    """Return the progress table in the ward's layout; every cell holds a text as printed."""
    title = f"{report.plan.title} 取組状況（{report.period.title}）"
    book = Book(title, _LOOKS)
    sheet, looks = book.add_sheet("進捗表"), book.looks
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer(f"&L{report.plan.owner}&R{SAMPLE_MARK if report.sample else ''}")
    sheet.hide_gridlines(2)
    sheet.set_row(0, 28)
    sheet.write("A1", title, looks["heading"])
    sheet.write("A2", SAMPLE_WARNING if report.sample else "", looks["stamp"])
    sheet.write("A3", report.caption, looks["caption"])
    headings = report.list_headings("\n")
    last_column = len(headings) - 1
    sheet.set_column(0, 0, _TITLE_WIDTH)
    sheet.set_column(1, last_column, _CELL_WIDTH)
    sheet.set_row(_HEAD_ROW, 34)
    sheet.write_row(_HEAD_ROW, 0, headings, looks["head"])
    for row, line in enumerate(report.indicators, _HEAD_ROW + 1):
        sheet.set_row(row, 23)
        name, *cells = line.texts
        sheet.write(row, 0, name, looks["title"])
        sheet.write_row(row, 1, cells, looks["cell"])
    # Widths count digits of the standard font; notes are smaller, a Japanese character is double.
    characters = (_TITLE_WIDTH + _CELL_WIDTH * last_column) * 2 // 3
    for row, text in enumerate(report.notes, _HEAD_ROW + 2 + len(report.indicators)):
        sheet.merge_range(row, 0, row, last_column, text, looks["note"])
        # A merged cell does not grow with its text.
        sheet.set_row(row, 14 * (1 + len(text) // characters))
    return book.close()


def render_slides(report: ProgressReport) -> bytes:
    """Return a PPTX that stays editable: the progress table, then the charts of all indicators."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = _WIDTH, _HEIGHT
    presentation.core_properties.title = f"{report.plan.title} 取組状況（{report.period.title}）"
    headings = [*report.list_headings(" "), "判定"]
    rows = [headings, *([*one.texts, one.printed_verdict] for one in report.indicators)]
    slide = _add_slide(presentation, report, report.points[0])
    about = f"指標ごとの基準値、年度ごとの値、目標値、判定の表。{report.caption}"
    _add_table(slide, rows, about, (90, *[30] * (len(headings) - 3), 44), (Mm(9), 12))
    top = Mm(29) + Mm(9) * len(rows)
    box = (_MARGIN, top, _WITHIN, _HEIGHT - top - Mm(3))
    _add_text(slide, "\n".join(report.notes), box, 8, color=_SOFT)
    slide = _add_slide(presentation, report, "主な点")
    box = (_MARGIN, Mm(29), _WITHIN, _HEIGHT - Mm(35))
    _add_text(slide, "\n".join(f"・{text}" for text in report.points[1:]), box, 15)
    for first in range(0, len(report.indicators), _CHARTS_ON_A_SLIDE):
        indicators = report.indicators[first : first + _CHARTS_ON_A_SLIDE]
        _add_charts(_add_slide(presentation, report, report.sum_up(indicators)[0]), indicators)
    if told := report.initiatives:
        counts = Counter(one["category"] for one in told)
        words = "、".join(f"{category}{count}" for category, count in counts.items())
        slide = _add_slide(presentation, report, f"取組事例{len(told)}：{words}")
        names = ("category", "initiative_name", "section")
        rows = [[*(one[name] or "" for name in names), "、".join(one["effects"])] for one in told]
        about = "公開してよい取組事例の区分、名前、課、効果の表。"
        rows = [["区分", "取組事例", "課", "効果"], *rows]
        _add_table(slide, rows, about, (42, 66, 38), (Mm(9.5), 10))
    content = BytesIO()
    presentation.save(content)
    return fix_clocks(content.getvalue())


def _add_slide(presentation: Any, report: ProgressReport, title: str) -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[_BLANK])
    _add_text(slide, title, (_MARGIN, Mm(7), _WITHIN, Mm(12)), 22, bold=True)
    _add_text(slide, report.caption, (_MARGIN, Mm(18), _WITHIN, Mm(7)), 11, color=_SOFT)
    if report.sample:
        box = (_WIDTH // 2, Mm(18), _WIDTH // 2 - _MARGIN, Mm(7))
        look = {"bold": True, "color": _STAMP, "align": PP_ALIGN.RIGHT}
        _add_text(slide, SAMPLE_WARNING, box, 11, **look)
    return slide


def _add_text(slide: Any, text: str, box: _Box, size: float, **look: Any) -> None:
    frame = slide.shapes.add_textbox(*map(Length, box)).text_frame
    frame.word_wrap = True
    _write(frame, text, size, **look)


def _write(frame: Any, text: str, size: float, **look: Any) -> None:
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = look.get("align", PP_ALIGN.LEFT)
        for run in paragraph.runs:
            run.font.name, run.font.size, run.font.bold = _FONT, Pt(size), look.get("bold", False)
            run.font.color.rgb = look.get("color", _INK)


def _add_table(
    slide: Any, rows: Sequence[Sequence[str]], about: str, widths: Sequence[int], look: _Look
) -> None:
    """Add a table below the title; widths are those of all columns but the last, in mm."""
    height, size = look
    box = (_MARGIN, Mm(27), _WITHIN, height * len(rows))
    shape = slide.shapes.add_table(len(rows), len(rows[0]), *map(Length, box))
    _describe(shape, about)
    rest = Length(_WITHIN - Mm(sum(widths)))
    for column, width in zip(shape.table.columns, (*map(Mm, widths), rest), strict=True):
        column.width = width
    for number, (line, texts) in enumerate(zip(shape.table.rows, rows, strict=True)):
        line.height = Length(height)
        for place, (cell, text) in enumerate(zip(line.cells, texts, strict=True)):
            cell.fill.solid()
            cell.fill.fore_color.rgb = _PAPER if number else _HEAD
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.margin_top = cell.margin_bottom = Mm(0.5)
            align = PP_ALIGN.LEFT if number and not place else PP_ALIGN.CENTER
            _write(cell.text_frame, text, size, bold=not number, align=align)


def _describe(shape: Any, text: str) -> None:
    """Give a table or chart the text that a screen reader says in its place."""
    shape._element.nvGraphicFramePr.cNvPr.set("descr", text)


def _add_charts(slide: Any, indicators: Sequence[IndicatorReport]) -> None:
    width, height = (_WIDTH - 3 * _MARGIN) // 2, (_HEIGHT - Mm(27) - 2 * Mm(5)) // 2
    for place, one in enumerate(indicators):
        left = _MARGIN + (place % 2) * (width + _MARGIN)
        top = Mm(27) + (place // 2) * (height + Mm(5))
        amounts = f"{one.current.text}（目標 {one.target.text}）"
        title = f"{one.indicator.title}　{amounts}　{one.printed_verdict}"
        _add_text(slide, title, (left, top, width, Mm(8)), 12, bold=True)
        frame = draw_chart(slide, one.chart, (left, top + Mm(8), width, height - Mm(8)))
        _describe(frame, f"{title}。図は計画線、値、目標値の推移。")


def draw_chart(slide: Any, told: Chart, box: _Box) -> Any:
    """Draw a chart that stays editable on a slide; return its frame."""
    kind, series = XL_CHART_TYPE.LINE_MARKERS, _list_series(told)
    frame = slide.shapes.add_chart(kind, *map(Length, box), series)
    chart = frame.chart
    chart.has_title, chart.has_legend = False, True
    chart.legend.position = XL_LEGEND_POSITION.BOTTOM
    chart.font.size, chart.font.name = Pt(9), _FONT
    # The days are labelled once a year; python-pptx has no words for a date axis' units.
    axis = chart.category_axis
    axis.tick_labels.number_format = "yyyy/m"
    axis.tick_labels.number_format_is_linked = False
    for name, value in {"majorUnit": "1", "majorTimeUnit": "years"}.items():
        unit = OxmlElement(f"c:{name}")
        unit.set("val", value)
        axis._element.append(unit)
    # The heights begin at zero, so that they always mean an amount.
    chart.value_axis.minimum_scale = 0
    chart.value_axis.maximum_scale = float(told.amounts[-1][0])
    chart.value_axis.major_gridlines.format.line.color.rgb = _LINES
    for series, (color, dash, marker, size) in zip(chart.plots[0].series, _SERIES, strict=True):
        line = series.format.line
        if dash is None:
            line.fill.background()
        else:
            line.color.rgb, line.width, line.dash_style = color, Pt(1.75), dash
        series.marker.style, series.marker.size = marker, size
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = color
    return frame


def _list_series(chart: Chart) -> Any:
    """Return the path, the values and the target over the days on which one of them stands.

    The days are the categories of a date axis: LibreOffice does not draw scatter charts whose
    series have days of their own.
    """
    start, target = chart.start, chart.target
    values = {place.day: float(place.amount) for place in chart.values}
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # untyped there
    data.categories = days = sorted({*values, target.day, start.day if start else target.day})
    path: list[float | None] = [None] * len(days)
    for place, day in enumerate(days):
        if start and start.day <= day <= target.day:
            share = (day - start.day) / (target.day - start.day)
            path[place] = float(start.amount) + float(target.amount - start.amount) * share
    data.add_series("計画線", path)
    data.add_series("値", [values.get(day) for day in days])
    data.add_series("目標値", [float(target.amount) if day == target.day else None for day in days])
    return data


def fix_clocks(content: bytes) -> bytes:
    """Return the same Office file with fixed times, in the workbooks behind its charts too."""
    with ZipFile(BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    books = {name: fix_clocks(part) for name, part in parts.items() if name.endswith(".xlsx")}
    core = "docProps/core.xml"
    return pack(parts | books | {core: _CLOCK.sub(rb"\g<1>" + _CREATED, parts[core])})
