"""A package as one workbook for people: Japanese headings, real numbers and dates."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.metadata import Field
from sumida_data.base.xlsx import FOOTER, Book, measure
from sumida_data.packages.descriptor import Descriptor
from sumida_data.packages.published import PublishedPackage, PublishedTable

SAMPLE_WARNING = "見本データ：架空の回答から作ったもので、実際の数値ではありません。"

# The headings of the sheets that explain, and how wide their columns are.
_ABOUT = {"項目": 22, "内容": 110}
_FIELDS = {
    "シート": 22,
    "列の見出し": 26,
    "英数字の列名": 26,
    "型": 8,
    "単位": 8,
    "意味": 60,
    "取りうる値": 40,
    "空欄の理由": 30,
}
_TYPE_WORDS = {
    "string": "文字",
    "integer": "整数",
    "number": "数",
    "date": "日付",
    "yearmonth": "年月",
    "boolean": "真偽",
}
_FONT = {"font_name": "Yu Gothic", "font_size": 10.5}
_LOOKS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "valign": "vcenter"},
    "wrapped": {"text_wrap": True, "valign": "top"},
}


def write_workbook(published: PublishedPackage, descriptor: Descriptor) -> bytes:
    """Write the package as XLSX: two sheets that explain it, then a sheet per table."""
    book = Book(
        published.title,
        _LOOKS,
        default_date_format="yyyy-mm-dd",
        # XlsxWriter changes the properties given, and the next workbook would differ.
        default_format_properties=dict(_FONT),
    )
    _write_guide(book, published, descriptor)
    for table in (*published.tables, published.codes):
        _write_table(book.add_sheet(table.table.title), book.looks["heading"], table)
    for sheet in book.book.worksheets():
        sheet.set_footer(FOOTER)
        if published.sample:
            sheet.set_header(f"&C{SAMPLE_WARNING}")
    return book.close()


def _write_guide(book: Book, published: PublishedPackage, descriptor: Descriptor) -> None:
    """Explain the package in sheets that are plain tables themselves, as the national rules ask."""
    about, fields = book.add_sheet("説明"), book.add_sheet("列の説明")
    _write_lines(book, about, _ABOUT, _describe(published, descriptor))
    lines = list(_list_fields(published))
    _write_lines(book, fields, _FIELDS, lines)
    for number, (*_, description, choices, _reasons) in enumerate(lines, start=1):
        # LibreOffice does not make a row higher for wrapped text by itself.
        fields.set_row(number, 15 * (1 + max(len(description) // 30, len(choices) // 20)))


def _write_lines(
    book: Book, sheet: Worksheet, widths: dict[str, int], lines: Iterable[Sequence[str]]
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, widths, book.looks["heading"])
    for column, width in enumerate(widths.values()):
        sheet.set_column(column, column, width)
    for number, line in enumerate(lines, start=1):
        sheet.write_row(number, 0, line, book.looks["wrapped"])


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
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    sheet.autofilter(0, 0, published.rows.num_rows, len(fields) - 1)
    for column, field in enumerate(fields):
        sheet.write(0, column, _head(field), heading)
        values = published.rows[field.name].to_pylist()
        sheet.set_column(column, column, _fit(_head(field), values))
        sheet.write_column(1, column, values)


def _fit(heading: str, values: Iterable[object]) -> int:
    """Return a width, in digits, that shows the values and the heading in two lines."""
    longest = max((measure(str(value)) for value in set(values)), default=0)
    return min(40, max(longest, measure(heading) // 2)) + 3


def _head(field: Field) -> str:
    return f"{field.title}({field.unit})" if field.unit else field.title
