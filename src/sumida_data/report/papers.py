"""The progress report as pages, each of which needs nothing else, as a workbook and as slides."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from itertools import accumulate
from math import ceil
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
from sumida_data.base.xlsx import SAMPLE_MARK, SAMPLE_WARNING, Book, measure
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
_TOP, _ROOM = Mm(27), _HEIGHT - Mm(30)
_CHARTS_ON_A_SLIDE = 4
_BLANK = 6
# Not only colours differ: the path is dashed, values are round, the target is a diamond.
_SERIES: tuple[tuple[RGBColor, MSO_LINE_DASH_STYLE | None, Any, int], ...] = (
    (_SOFT, MSO_LINE_DASH_STYLE.DASH, XL_MARKER_STYLE.NONE, 2),
    (_ACCENT, MSO_LINE_DASH_STYLE.SOLID, XL_MARKER_STYLE.CIRCLE, 7),
    (_STAMP, None, XL_MARKER_STYLE.DIAMOND, 10),
)
_AMOUNT = re.compile(r'([^\d"-]*)(-?[\d,]+)(?:\.(\d+))?([^"]*)')
# A file names the time it was made; a fixed one keeps the bytes the same.
_CREATED = b"2022-04-01T00:00:00Z"
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_Box = tuple[int, int, int, int]
# The least height of a row, the size of its letters, and how cells but the first are aligned.
_Look = tuple[int, float, Any]
_Add = Callable[[], Any]  # adds a slide


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
    context = {"municipality": municipality, "overview": overview, "severities": severities}
    return _fill_in("quality.html", report_period=report.period, sample=report.sample, **context)


def _fill_in(template: str, **values: object) -> bytes:
    return load_templates("report").get_template(template).render(values).encode()


def render_spreadsheet(report: ProgressReport) -> bytes:
    """Return the progress table in the ward's layout; numbers are numbers that look as printed."""
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
        for column, text in enumerate(cells, 1):
            sheet.write(row, column, *_read_amount(book, text))
    # Widths count digits of the standard font; notes are smaller, a Japanese character is double.
    characters = (_TITLE_WIDTH + _CELL_WIDTH * last_column) * 2 // 3
    for row, text in enumerate(report.notes, _HEAD_ROW + 2 + len(report.indicators)):
        sheet.merge_range(row, 0, row, last_column, text, looks["note"])
        # A merged cell does not grow with its text.
        sheet.set_row(row, 14 * (1 + len(text) // characters))
    return book.close()


def _read_amount(book: Book, text: str) -> tuple[float | str, Any]:
    """Return what a cell holds, and the look in which that is as printed, such as 延べ3回 ※4."""
    if not (found := _AMOUNT.fullmatch(text)):
        return text, book.looks["cell"]
    before, whole, part, after = found.groups(default="")
    quoted = [text and f'"{text}"' for text in (before, after)]
    shown = f"#,##0.{'0' * len(part)}".removesuffix(".").join(quoted)
    look = book.book.add_format(_LOOKS["cell"] | {"num_format": shown})
    return float(f"{whole.replace(',', '')}.{part}"), look


def render_slides(report: ProgressReport) -> bytes:
    """Return a PPTX that stays editable: the progress table, then the charts of all indicators."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = _WIDTH, _HEIGHT
    presentation.core_properties.title = f"{report.plan.title} 取組状況（{report.period.title}）"
    headings = [*report.list_headings(" "), "判定"]
    rows = [headings, *([*one.texts, one.printed_verdict] for one in report.indicators)]
    add = partial(_add_slide, presentation, report)
    about = f"指標ごとの基準値、年度ごとの値、目標値、判定の表。{report.caption}"
    widths, look = (90, *[30] * (len(headings) - 3), 44), (Mm(8), 12, PP_ALIGN.CENTER)
    slide, below = _add_table(partial(add, report.points[0]), rows, about, widths, look)
    notes = "\n".join(report.notes)
    if below + _measure(10, notes, _WITHIN) > _TOP + _ROOM:
        slide, below = add("注と判定のしかた"), _TOP
    _add_text(slide, notes, (_MARGIN, below, _WITHIN, _TOP + _ROOM - below), 10, color=_SOFT)
    points = "\n".join(f"・{text}" for text in report.points[1:])
    _add_text(add("主な点"), points, (_MARGIN, _TOP, _WITHIN, _ROOM), 15)
    for first in range(0, len(report.indicators), _CHARTS_ON_A_SLIDE):
        indicators = report.indicators[first : first + _CHARTS_ON_A_SLIDE]
        _add_charts(add(report.sum_up(indicators)[0]), indicators)
    if report.initiatives:
        _add_initiatives(add, report.initiatives)
    content = BytesIO()
    presentation.save(content)
    return fix_clocks(content.getvalue())


def _add_initiatives(add: Callable[[str], Any], cases: Sequence[Row]) -> None:
    counts = Counter(one["category"] for one in cases)
    words = "、".join(f"{category}{count}" for category, count in counts.items())
    rows = [
        [
            "、".join(one["categories"]),
            one["initiative_name"] or "",
            one["section"],
            "、".join(one["effects"]),
        ]
        for one in cases
    ]
    title, about = (
        f"取組事例{len(cases)}：{words}",
        "公開してよい取組事例の区分、名前、課、効果の表。",
    )
    rows = [["区分", "取組事例", "課", "効果"], *rows]
    _add_table(partial(add, title), rows, about, (42, 66, 38), (Mm(9), 11, PP_ALIGN.LEFT))


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
        # An empty cell would be as high as letters of 18 points.
        paragraph._p.get_or_add_endParaRPr().set("sz", str(100 * int(size)))
        for run in paragraph.runs:
            run.font.name, run.font.size, run.font.bold = _FONT, Pt(size), look.get("bold", False)
            run.font.color.rgb = look.get("color", _INK)


def _measure(size: float, text: str, width: int) -> int:
    """Return how high a text will be: programs make rows higher for it, but not slides."""
    within, digit = width - 2 * Mm(2.54), Pt(0.55 * size)
    lines = (max(1, ceil(measure(line) * digit / within)) for line in text.split("\n"))
    return sum(lines) * Pt(1.45 * size) + Mm(1)


def _add_table(
    add: _Add, rows: Sequence[Sequence[str]], about: str, widths: Sequence[int], look: _Look
) -> tuple[Any, int]:
    """Add a table below the title, on as many slides as it needs, each with its headings.

    Widths are those of all columns but the last, in mm. Returns the last slide, and where the
    table ends on it.
    """
    every = [*map(Mm, widths), _WITHIN - Mm(sum(widths))]
    heights = [max(look[0], *map(partial(_measure, look[1]), row, every)) for row in rows]
    ends = [*accumulate(heights)]
    fitting = max(2, sum(end <= _ROOM for end in ends))
    slide, box = add(), (_MARGIN, _TOP, _WITHIN, ends[:fitting][-1])
    shape = slide.shapes.add_table(len(ends[:fitting]), len(every), *map(Length, box))
    _describe(shape, about)
    for column, width in zip(shape.table.columns, every, strict=True):
        column.width = Length(width)
    for number, line in enumerate(shape.table.rows):
        line.height = Length(heights[number])
        _fill_line(line, rows[number], look, is_head=number == 0)
    if rows[fitting:]:
        return _add_table(add, [rows[0], *rows[fitting:]], about, widths, look)
    return slide, _TOP + ends[-1]


def _fill_line(line: Any, texts: Sequence[str], look: _Look, *, is_head: bool) -> None:
    for place, (cell, text) in enumerate(zip(line.cells, texts, strict=True)):
        cell.fill.solid()
        cell.fill.fore_color.rgb = _HEAD if is_head else _PAPER
        cell.vertical_anchor = MSO_ANCHOR.MIDDLE
        cell.margin_top = cell.margin_bottom = Mm(0.5)
        align = PP_ALIGN.CENTER if is_head else look[2] if place else PP_ALIGN.LEFT
        _write(cell.text_frame, text, look[1], bold=is_head, align=align)


def _describe(shape: Any, text: str) -> None:
    """Give a table or chart the text that a screen reader says in its place."""
    shape._element.nvGraphicFramePr.cNvPr.set("descr", text)


def _add_charts(slide: Any, indicators: Sequence[IndicatorReport]) -> None:
    width, height = (_WIDTH - 3 * _MARGIN) // 2, (_ROOM - Mm(5)) // 2
    for place, one in enumerate(indicators):
        left = _MARGIN + (place % 2) * (width + _MARGIN)
        top = _TOP + (place // 2) * (height + Mm(5))
        amounts = f"{one.current.text}（目標 {one.target.text}）　{one.printed_verdict}"
        title, above = f"{one.indicator.title}\n{amounts}", Mm(13)
        _add_text(slide, title, (left, top, width, above), 12, bold=True)
        frame = draw_chart(slide, one.chart, (left, top + above, width, height - above))
        _describe(frame, f"{one.indicator.title}　{amounts}。図は計画線、値、目標値の推移。")


def draw_chart(slide: Any, content: Chart, box: _Box) -> Any:
    """Draw a chart that stays editable on a slide; return its frame."""
    kind, series = XL_CHART_TYPE.LINE_MARKERS, _list_series(content)
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
    chart.value_axis.maximum_scale = float(content.amounts[-1][0])
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
    """Return the path, the values and the target over the days on which there is one of them.

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
