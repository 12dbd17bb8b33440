"""The progress table and the indicators' charts as slides that stay editable."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE_DASH_STYLE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Length, Mm, Pt

from sumida_data.base.xlsx import SAMPLE_WARNING
from sumida_data.present.chart import Chart
from sumida_data.report.content import IndicatorReport, ProgressReport

_FONT = "Yu Gothic"
_INK, _SOFT, _STAMP, _ACCENT, _HEAD, _PAPER, _GRID = map(
    RGBColor.from_string, ("17202E", "4A5665", "9C2B12", "1D4F91", "E3EDF9", "FFFFFF", "D5DBE3")
)
_WIDTH, _HEIGHT, _MARGIN = Mm(338.7), Mm(190.5), Mm(12)
_CHARTS_ON_A_SLIDE = 4
_BLANK = 6
# A file names the time it was made; a fixed one keeps the bytes the same.
_CREATED = "2022-04-01T00:00:00Z"
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def render_slides(report: ProgressReport) -> bytes:
    """Return a PPTX: the progress table, then the charts of all indicators."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = _WIDTH, _HEIGHT
    presentation.core_properties.title = f"{report.plan.title} 取組状況（{report.period.title}）"
    _add_table_slide(presentation, report)
    _add_points_slide(presentation, report)
    for first in range(0, len(report.indicators), _CHARTS_ON_A_SLIDE):
        _add_chart_slide(
            presentation, report, report.indicators[first : first + _CHARTS_ON_A_SLIDE]
        )
    if report.initiatives:
        _add_initiatives_slide(presentation, report)
    content = BytesIO()
    presentation.save(content)
    return _fix_clocks(content.getvalue())


def _add_slide(presentation: Any, report: ProgressReport, title: str) -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[_BLANK])
    width = _WIDTH - 2 * _MARGIN
    _add_text(slide, title, (_MARGIN, Mm(7), width, Mm(12)), size=22, bold=True)
    _add_text(slide, report.caption, (_MARGIN, Mm(18), width, Mm(7)), size=11, color=_SOFT)
    if report.sample:
        box = (_WIDTH // 2, Mm(18), _WIDTH // 2 - _MARGIN, Mm(7))
        _add_text(
            slide, SAMPLE_WARNING, box, size=11, bold=True, color=_STAMP, align=PP_ALIGN.RIGHT
        )
    return slide


def _add_text(slide: Any, text: str, box: tuple[int, int, int, int], **look: Any) -> None:
    frame = slide.shapes.add_textbox(*map(Length, box)).text_frame
    frame.word_wrap = True
    _write(frame, text, **look)


def _write(
    frame: Any,
    text: str,
    *,
    size: float,
    bold: bool = False,
    color: RGBColor = _INK,
    align: Any = PP_ALIGN.LEFT,
) -> None:
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = align
        for run in paragraph.runs:
            run.font.name, run.font.size, run.font.bold = _FONT, Pt(size), bold
            run.font.color.rgb = color


def _add_table_slide(presentation: Any, report: ProgressReport) -> None:
    slide = _add_slide(presentation, report, report.points[0])
    rows = _list_cells(report)
    about = f"指標ごとの基準値、年度ごとの値、目標値、判定の表。{report.caption}"
    widths = (90, *[30] * (len(rows[0]) - 3), 44)
    _add_table(slide, rows, about, widths, Mm(9))
    top = Mm(29) + Mm(9) * len(rows)
    box = (_MARGIN, top, _WIDTH - 2 * _MARGIN, _HEIGHT - top - Mm(3))
    _add_text(slide, "\n".join(report.notes), box, size=8, color=_SOFT)


def _add_table(
    slide: Any, rows: Sequence[Sequence[str]], about: str, widths: Sequence[int], height: int
) -> None:
    """Add a table below the title; widths are those of all columns but the last, in mm."""
    size = (len(rows), len(rows[0]), _MARGIN, Mm(27), _WIDTH - 2 * _MARGIN, height * len(rows))
    shape = slide.shapes.add_table(*map(Length, size))
    _describe(shape, about)
    table = shape.table
    for column, width in zip(table.columns, widths, strict=False):
        column.width = Mm(width)
    table.columns[len(widths)].width = Length(_WIDTH - 2 * _MARGIN - Mm(sum(widths)))
    for number, (line, texts) in enumerate(zip(table.rows, rows, strict=True)):
        line.height = Length(height)
        for place, (cell, text) in enumerate(zip(line.cells, texts, strict=True)):
            _fill_cell(cell, text, head=number == 0, left=place == 0)


def _add_points_slide(presentation: Any, report: ProgressReport) -> None:
    slide = _add_slide(presentation, report, "主な点")
    box = (_MARGIN, Mm(29), _WIDTH - 2 * _MARGIN, _HEIGHT - Mm(35))
    _add_text(slide, "\n".join(f"・{text}" for text in report.points[1:]), box, size=15)


def _add_initiatives_slide(presentation: Any, report: ProgressReport) -> None:
    counts = Counter(one["category"] for one in report.initiatives)
    told = "、".join(f"{category}{count}" for category, count in counts.items())
    slide = _add_slide(presentation, report, f"取組事例{len(report.initiatives)}：{told}")
    rows = [["区分", "取組事例", "課", "効果"]] + [
        [one["category"] or "", one["initiative_name"], one["section"], "、".join(one["effects"])]
        for one in report.initiatives
    ]
    _add_table(
        slide, rows, "公開してよい取組事例の区分、名前、課、効果の表。", (45, 80, 45), Mm(9.5)
    )


def _list_cells(report: ProgressReport) -> list[list[str]]:
    rows = [[*report.table.list_headings(" "), "判定"]]
    return rows + [[*one.line.texts, one.verdict] for one in report.indicators]


def _fill_cell(cell: Any, text: str, *, head: bool, left: bool) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = _HEAD if head else _PAPER
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.margin_top = cell.margin_bottom = Mm(0.5)
    align = PP_ALIGN.LEFT if left and not head else PP_ALIGN.CENTER
    _write(cell.text_frame, text, size=12, bold=head, align=align)


def _add_chart_slide(
    presentation: Any, report: ProgressReport, indicators: Sequence[IndicatorReport]
) -> None:
    slide = _add_slide(presentation, report, report.sum_up(indicators)[0])
    width, height = (_WIDTH - 3 * _MARGIN) // 2, (_HEIGHT - Mm(27) - 2 * Mm(5)) // 2
    for place, one in enumerate(indicators):
        left = _MARGIN + (place % 2) * (width + _MARGIN)
        top = Mm(27) + (place // 2) * (height + Mm(5))
        title = (
            f"{one.line.indicator.title}　{one.line.current.text}"
            f"（目標 {one.line.target.text}）　{one.verdict}"
        )
        _add_text(slide, title, (left, top, width, Mm(8)), size=12, bold=True)
        _add_chart(slide, one, title, (left, top + Mm(8), width, height - Mm(8)))


def _add_chart(
    slide: Any, one: IndicatorReport, title: str, box: tuple[int, int, int, int]
) -> None:
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.LINE_MARKERS, *map(Length, box), _list_series(one.chart)
    )
    _describe(frame, f"{title}。図は計画線、値、目標値の推移。")
    chart = frame.chart
    chart.has_title, chart.has_legend = False, True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size, chart.font.name = Pt(9), _FONT
    _set_up_days(chart.category_axis)
    # The heights begin at zero, so that they always mean an amount.
    chart.value_axis.minimum_scale = 0
    chart.value_axis.maximum_scale = float(one.chart.amounts[-1][0])
    chart.value_axis.major_gridlines.format.line.color.rgb = _GRID
    for series, look in zip(chart.plots[0].series, _LOOKS, strict=True):
        _draw(series, *look)


def _describe(shape: Any, text: str) -> None:
    """Give a table or chart the text that a screen reader says in its place."""
    shape._element.nvGraphicFramePr.cNvPr.set("descr", text)


def _set_up_days(axis: Any) -> None:
    """Label a date axis once a year; python-pptx has no words for its units."""
    axis.tick_labels.number_format = "yyyy/m"
    axis.tick_labels.number_format_is_linked = False
    axis.major_tick_mark, axis.minor_tick_mark = XL_TICK_MARK.OUTSIDE, XL_TICK_MARK.NONE
    units = {"baseTimeUnit": "days", "majorUnit": "1", "majorTimeUnit": "years"}
    for name, value in units.items():
        for old in axis._element.findall(qn(f"c:{name}")):
            axis._element.remove(old)
        unit = OxmlElement(f"c:{name}")
        unit.set("val", value)
        axis._element.append(unit)


def _list_series(chart: Chart) -> Any:
    """Return the path, the values and the target over the days on which one of them stands.

    The days are the categories of a date axis: LibreOffice does not draw scatter charts whose
    series have days of their own.
    """
    values = {place.day: float(place.amount) for place in chart.values}
    path = [place for place in (chart.start, chart.target) if place]
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]  # untyped there
    data.categories = sorted({*values, *(place.day for place in path)})
    days = [category.label for category in data.categories]
    data.add_series("計画線", [_find_amount(chart, day) for day in days])
    data.add_series("値", [values.get(day) for day in days])
    target = chart.target
    data.add_series("目標値", [float(target.amount) if day == target.day else None for day in days])
    return data


def _find_amount(chart: Chart, day: date) -> float | None:
    """Return what the path to the target expects on a day; None off the path."""
    start, target = chart.start, chart.target
    if start is None or not start.day <= day <= target.day:
        return None
    share = (day - start.day) / (target.day - start.day)
    return float(start.amount) + float(target.amount - start.amount) * share


_Look = tuple[RGBColor, MSO_LINE_DASH_STYLE | None, Any, int]
# Colour never stands alone: the path is dashed, values are round, the target is a diamond.
_LOOKS: tuple[_Look, ...] = (
    (_SOFT, MSO_LINE_DASH_STYLE.DASH, None, 2),
    (_ACCENT, MSO_LINE_DASH_STYLE.SOLID, XL_MARKER_STYLE.CIRCLE, 7),
    (_STAMP, None, XL_MARKER_STYLE.DIAMOND, 10),
)


def _draw(
    series: Any, color: RGBColor, dash: MSO_LINE_DASH_STYLE | None, marker: Any, size: int
) -> None:
    series.smooth = False
    if dash is None:
        series.format.line.fill.background()
    else:
        series.format.line.color.rgb, series.format.line.width = color, Pt(1.75)
        series.format.line.dash_style = dash
    series.marker.style, series.marker.size = marker or XL_MARKER_STYLE.NONE, size
    series.marker.format.fill.solid()
    series.marker.format.fill.fore_color.rgb = color


def _fix_clocks(content: bytes) -> bytes:
    """Return the same archive with fixed times, in the workbooks behind its charts too."""
    fixed = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(fixed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".xlsx"):
                part = _fix_clocks(part)
            elif name == "docProps/core.xml":
                part = _CLOCK.sub(rb"\g<1>" + _CREATED.encode(), part)
            new.writestr(ZipInfo(name), part, ZIP_DEFLATED)
    return fixed.getvalue()
