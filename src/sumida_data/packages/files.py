"""Published tables as CSV and Parquet."""

import csv
import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from sumida_data.base.metadata import Field
from sumida_data.packages.published import PublishedTable

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
    schema = pa.schema([column.with_metadata(_describe(field)) for column, field in fields])
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(published.rows.cast(schema), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def guard_formula(text: str | None) -> str | None:
    """Put an apostrophe before a text that a spreadsheet would run, or that begins with one.

    Spreadsheets overlook white space before a formula, and Japanese ones read ＝ as =.
    """
    if not text or not _RUNS.match(text):
        return text
    return f"'{text}"


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


def _describe(field: Field) -> dict[str, str]:
    words = {
        "title": field.title,
        "title_en": field.title_en,
        "description": field.description,
        "unit": field.unit,
    }
    return {key: value for key, value in words.items() if value}
