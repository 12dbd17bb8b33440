"""Published tables as CSV and Parquet, and a package as one workbook for people."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.metadata import Field, Row
from sumida_data.base.xlsx import FOOTER, Book, measure
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
_RUNS = re.compile(r"[\s\ufeff\u200b]*[=+\-@＝＋－−＠]|[\t\r\n]|'")


def write_csv(published: PublishedTable) -> bytes:
    """Write UTF-8 with a byte order mark and lines ending in LF.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, and so does one
    that begins with an apostrophe: the first apostrophe of a text is never its own, and leaving it
    out gives the text itself. Numbers and days have none. Parquet and XLSX need no such guard.
    """
    lines = _Lines()
    # Python 3.11 puts a text with a lone CR in quotes only if lines end in it.
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(published.rows.column_names)
    writer.writerows(zip(*map(_write_cells, published.rows.columns), strict=True))
    text = "".join(line.removesuffix("\r\n") + "\n" for line in lines)
    # Without the mark Excel reads Japanese CSV as Shift_JIS.
    return text.encode("utf-8-sig")


def write_parquet(published: PublishedTable) -> bytes:
    """Write Parquet whose columns carry title, description and unit as field metadata."""
    fields = zip(published.rows.schema, published.table.fields, strict=True)
    schema = pa.schema([column.with_metadata(_list_words(field)) for column, field in fields])
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(published.rows.cast(schema), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def guard_formula(text: str | None) -> str | None:
    """Put an apostrophe before a text that a spreadsheet would run, or that begins with one.

    Spreadsheets overlook white space before a formula, and Japanese ones read ＝ as =.
    """
    return f"'{text}" if text and _RUNS.match(text) else text


class _Lines(list[str]):
    write = list.append


def _write_cells(column: pa.ChunkedArray) -> list[str | None]:
    texts = column.cast(pa.string())
    if pa.types.is_string(column.type):
        return [guard_formula(text) for text in texts.to_pylist()]
    if pa.types.is_decimal(column.type):
        # 59.3000 has zeros that only its storage needs.
        texts = pc.replace_substring_regex(texts, r"\.?0+$", "")
    cells: list[str | None] = texts.to_pylist()
    return cells


def _list_words(field: Field) -> dict[str, str]:
    words = field.model_dump(include={"title", "title_en", "description", "unit"})
    return {key: value for key, value in words.items() if value}


def write_workbook(published: PublishedPackage, descriptor: Row) -> bytes:
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


def _write_guide(book: Book, published: PublishedPackage, descriptor: Row) -> None:
    """Explain the package in sheets that are plain tables themselves, as the national rules ask."""
    about, fields = book.add_sheet("説明"), book.add_sheet("列の説明")
    _write_lines(book, about, _ABOUT, _describe(published, descriptor))
    lines = list(_list_fields(published))
    _write_lines(book, fields, _FIELDS, lines)
    for number, (*_, description, choices, _reasons) in enumerate(lines, start=1):
        # LibreOffice does not make a row higher for wrapped text by itself.
        fields.set_row(number, 15 * (1 + max(len(description) // 30, len(choices) // 20)))


def _write_lines(
    book: Book, sheet: Worksheet, widths: Mapping[str, int], lines: Iterable[Sequence[str]]
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, widths, book.looks["heading"])
    for column, width in enumerate(widths.values()):
        sheet.set_column(column, column, width)
    for number, line in enumerate(lines, start=1):
        sheet.write_row(number, 0, line, book.looks["wrapped"])


def _describe(published: PublishedPackage, descriptor: Row) -> Iterator[Sequence[str]]:
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


def _write_table(sheet: Worksheet, heading: object, published: PublishedTable) -> None:
    fields = published.table.fields
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    sheet.autofilter(0, 0, published.rows.num_rows, len(fields) - 1)
    for column, field in enumerate(fields):
        title = f"{field.title}({field.unit})" if field.unit else field.title
        values = published.rows[field.name].to_pylist()
        sheet.write(0, column, title, heading)
        sheet.set_column(column, column, _fit(title, values))
        sheet.write_column(1, column, values)


def _fit(heading: str, values: Iterable[object]) -> int:
    """Return a width, in digits, that shows the values and the heading in two lines."""
    longest = max((measure(str(value)) for value in set(values)), default=0)
    return min(40, max(longest, measure(heading) // 2)) + 3
