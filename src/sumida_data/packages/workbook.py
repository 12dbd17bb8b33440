"""A package as one workbook for people: Japanese headings, real numbers and dates."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.metadata import Field
from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.published import PublishedPackage, PublishedTable

SAMPLE_WARNING = "見本データ：架空の回答から作ったもので、実際の数値ではありません。"

_ABOUT_HEADINGS = ("項目", "内容")
_FIELD_HEADINGS = (
    "シート",
    "列の見出し",
    "英数字の列名",
    "型",
    "単位",
    "意味",
    "取りうる値",
    "空欄の理由",
)
_TYPE_WORDS = {
    "string": "文字",
    "integer": "整数",
    "number": "数",
    "date": "日付",
    "yearmonth": "年月",
    "boolean": "真偽",
}
_OPTIONS = {
    "in_memory": True,
    "default_date_format": "yyyy-mm-dd",
    "strings_to_formulas": False,
    "strings_to_urls": False,
}
_FONT = {"font_name": "Yu Gothic", "font_size": 10.5}
# The workbook must have the same bytes whenever it is made.
_CREATED = datetime(2022, 4, 1)


def write_workbook(published: PublishedPackage, descriptor: Descriptor) -> bytes:
    """Write the package as XLSX: two sheets that explain it, then a sheet per table."""
    content = BytesIO()
    # XlsxWriter changes the properties given, and the next workbook would differ.
    options = _OPTIONS | {"default_format_properties": dict(_FONT)}
    with Workbook(content, options) as workbook:
        workbook.set_properties({"title": published.title, "created": _CREATED})
        heading = workbook.add_format(
            {"bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "valign": "vcenter"}
        )
        _write_guide(workbook, heading, published, descriptor)
        for table in (*published.tables, published.codes):
            _write_table(workbook.add_worksheet(table.table.title), heading, table)
        if published.sample:
            for sheet in workbook.worksheets():
                sheet.set_header(f"&C{SAMPLE_WARNING}")
    return content.getvalue()


def _write_guide(
    workbook: Workbook, heading: Format, published: PublishedPackage, descriptor: Descriptor
) -> None:
    """Explain the package in sheets that are plain tables themselves, as the national rules ask."""
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    columns = [field for table in published.tables for field in table.table.fields]
    heights = [
        # LibreOffice does not make a row higher for wrapped text by itself.
        15 * (1 + max(len(field.description) // 30, len("、".join(field.enum or ())) // 20))
        for field in columns
    ]
    about = workbook.add_worksheet("説明")
    _write_lines(about, heading, wrapped, _ABOUT_HEADINGS, _describe(published, descriptor))
    fields = workbook.add_worksheet("列の説明")
    _write_lines(fields, heading, wrapped, _FIELD_HEADINGS, _list_fields(published))
    for number, height in enumerate(heights, start=1):
        fields.set_row(number, height)
    for sheet, widths in ((about, (22, 110)), (fields, (22, 26, 26, 8, 8, 60, 40, 30))):
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)


def _write_lines(
    sheet: Worksheet,
    heading: Format,
    look: Format,
    headings: Sequence[str],
    lines: Iterable[Sequence[str]],
) -> None:
    _fit_to_paper(sheet)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, headings, heading)
    for number, line in enumerate(lines, start=1):
        sheet.write_row(number, 0, line, look)


def _describe(published: PublishedPackage, descriptor: Descriptor) -> Iterator[Sequence[str]]:
    yield "題名", published.title
    if published.sample:
        yield "注意", SAMPLE_WARNING
    yield "内容", descriptor["description"]
    yield "提供者", descriptor["contributors"][0]["title"]
    for terms in descriptor["licenses"]:
        yield "利用条件", f"{terms['title']} {terms['path']}"
    for source in descriptor["sources"]:
        yield "出典", source["sumida:credit"]
    yield "版", f"{descriptor['version']}（{descriptor['sumida:address']}）"
    yield "引用の仕方", descriptor["sumida:citation"]
    if published.first_day:
        yield "対象の時点", "{start} から {end}".format_map(descriptor["sumida:temporal"])
    yield (
        "空欄",
        "値がないことを表す。数と日付の理由は「列の説明」の「空欄の理由」にある列に、それ以外はそこに書いたとおり。",
    )
    for table in (*published.tables, published.codes):
        yield table.table.title, f"{table.table.description}（{table.rows.num_rows}行）"


def _list_fields(published: PublishedPackage) -> Iterator[tuple[str, ...]]:
    for table in published.tables:
        titles = {field.name: field.title for field in table.table.fields}
        for field in table.table.fields:
            yield (
                table.table.title,
                field.title,
                field.name,
                _TYPE_WORDS[field.type],
                field.unit or "",
                field.description,
                "、".join(field.enum or ()),
                "、".join(field.empty.values()) or (titles[field.status] if field.status else ""),
            )


def _write_table(sheet: Worksheet, heading: Format, published: PublishedTable) -> None:
    fields = published.table.fields
    _fit_to_paper(sheet)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    sheet.autofilter(0, 0, published.rows.num_rows, len(fields) - 1)
    for column, field in enumerate(fields):
        sheet.write(0, column, _head(field), heading)
        values = published.rows[field.name].to_pylist()
        sheet.set_column(column, column, _fit(_head(field), values))
        sheet.write_column(1, column, values)


def _fit_to_paper(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def _fit(heading: str, values: Iterable[object]) -> int:
    """Return a width, in digits, that shows the values and the heading in two lines."""
    longest = max((_measure(str(value)) for value in set(values)), default=0)
    return min(40, max(longest, _measure(heading) // 2)) + 3


def _measure(text: str) -> int:
    return sum(1 if one.isascii() else 2 for one in text)


def _head(field: Field) -> str:
    return f"{field.title}({field.unit})" if field.unit else field.title
