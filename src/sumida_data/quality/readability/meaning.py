"""Rules about what the values mean: units, times, places, codes, and what is said of them."""

import re
from collections.abc import Iterator
from datetime import date

from sumida_data.quality.readability.breaks import Break, at
from sumida_data.quality.readability.cells import is_numeric
from sumida_data.quality.readability.files import Column, DataFile, Grid, str_of

# What can be read as a table without a program of one maker.
_FORMATS = {"xlsx", "csv", "json", "xml", "ods", "parquet"}
_CODE_TABLE = re.compile(r"コード表|コード一覧|選択肢|凡例|code", re.IGNORECASE)
_CODED_HEADER = re.compile(r"区分|種別|コード|フラグ|状況|分類|code|type|status", re.IGNORECASE)
_SHORT_CODE = re.compile(r"[A-Za-z0-9]{1,3}")
_UNIT_IN_HEADER = re.compile(
    r"[(（\[【][^)）\]】]+[)）\]】]|[件人枚回台戸数額率]数?$|割合|金額|件数|人数|単位|年度?$|緯度|経度"
)
_TIME_HEADER = re.compile(
    r"年月日?|日付|日$|時点|年度|期間|四半期|年$|日時|(?:^|_)(?:on|date|day|period|month|year|as_of)$"
    r"|_on$",
    re.IGNORECASE,
)
_TIME_FORMS = (
    re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"),
    re.compile(r"\d{4}-(?:0[1-9]|1[0-2])"),
    re.compile(r"\d{4}(?:\.0)?"),
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?"),
    re.compile(r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d"),
    re.compile(r"[MTSHR]\d\d\.\d\d\.\d\d"),
    re.compile(r"\d{4}年度"),
    re.compile(r"\d{4}年?[(（](?:明治|大正|昭和|平成|令和)(?:\d+|元)年度?[)）]"),
    re.compile(r"\d{10}"),
    re.compile(r"[1-4](?:\.0)?"),
)
# A quarter of a Japanese fiscal year has no form in ISO 8601; where it is described, it is a code.
_DESCRIBED_QUARTER = re.compile(r"FY\d{4}Q[1-4]")
_AREA_CODE_HEADER = re.compile(
    r"(?:全国地方公共団体|団体|市区町村|地域|都道府県)コード|^(?:municipality|area|region)_code$"
)
_AREA_NAME_HEADER = re.compile(
    r"都道府県名|市区町村名|地方公共団体名|自治体名|団体名|^(?:municipality|prefecture|area)_name$"
)
_OFFICIAL_NAME = re.compile(r".+[都道府県市区町村]|全国|全国計")
_PHYSICAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def find_wrong_format(file: DataFile) -> Iterator[Break]:
    """L1-01: what cannot be read as a table."""
    if file.form not in _FORMATS:
        yield Break()


def find_codes_without_table(file: DataFile) -> Iterator[Break]:
    """L3-02: coded answers whose meaning is said nowhere else."""
    has_table = any(_CODE_TABLE.search(grid.name) for grid in file.grids)
    for grid, column in _columns(file):
        if column.note and column.note.enum:
            coded = [code for code in column.note.enum if code.isascii()]
            explained = all(code in column.note.description for code in coded)
        else:
            explained = has_table or column.note is not None or not _is_coded(column)
        if not explained:
            yield at(grid.name, grid.header_row, column.number)


def find_missing_units(file: DataFile) -> Iterator[Break]:
    """L3-04: a column of numbers without a unit."""
    for grid, column in _columns(file):
        if not is_numeric(column):
            continue
        said = column.note and (column.note.unit or column.note.unit_field)
        if not said and not _UNIT_IN_HEADER.search(column.header) and not _has_unit_column(grid):
            yield at(grid.name, grid.header_row, column.number)


def find_unusual_times(file: DataFile) -> Iterator[Break]:
    """L3-05: days and years in no standard form, or in two forms in one column."""
    for grid, column in _columns(file):
        if not _is_time(column):
            continue
        forms = {value: _form_of(value, column) for value in column.distinct}
        first = next(iter(forms.values()), None)
        for value, form in forms.items():
            if form is None or form != first:
                yield at(grid.name, column.distinct[value], column.number)


def find_missing_area(file: DataFile) -> Iterator[Break]:
    """L3-06: no column that says which place the row is about, or a wrong code in it."""
    for grid in _data_grids(file):
        codes = [one for one in grid.columns if _heads(one, _AREA_CODE_HEADER)]
        names = [one for one in grid.columns if _heads(one, _AREA_NAME_HEADER)]
        if not codes and not names:
            yield Break(grid.name)
        for column in codes:
            wrong = (row for code, row in column.distinct.items() if not is_area_code(str_of(code)))
            yield from (at(grid.name, row, column.number) for row in wrong)
        for column in names:
            for name, row in column.distinct.items():
                if not _OFFICIAL_NAME.fullmatch(str_of(name)):
                    yield at(grid.name, row, column.number)


def find_changed_format(file: DataFile) -> Iterator[Break]:
    """L3-07: columns that went, moved or have another name since the last time."""
    for grid in file.grids:
        headers = [column.header for column in grid.columns]
        before = list(file.description.previous.get(grid.name, ()))
        if before and headers[: len(before)] != before:
            kept = [header for header in headers if header in before]
            if kept != before:
                yield at(grid.name, grid.header_row, 0)


def find_missing_definitions(file: DataFile) -> Iterator[Break]:
    """L3-08: a column without definition or plain name, no history, encoding unsaid or unlike."""
    said = file.description
    if not said.history:
        yield Break()
    if file.form == "csv" and not _says_encoding(file):
        yield Break()
    for grid in _data_grids(file):
        for column in grid.columns:
            if not _is_defined(column):
                yield at(grid.name, grid.header_row, column.number)


def is_area_code(code: str) -> bool:
    """Tell whether a text is a code of a municipality or prefecture, with its check digit.

    Source: 総務省「全国地方公共団体コード」仕様, modulus 11 with weights 6 to 2.
    """
    if len(code) != 6 or not code.isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=False))
    return int(code[5]) == (11 - total % 11) % 10


def _columns(file: DataFile) -> Iterator[tuple[Grid, Column]]:
    return ((grid, column) for grid in file.grids for column in grid.columns)


def _data_grids(file: DataFile) -> list[Grid]:
    """Return the grids with data; the others of a described workbook explain it."""
    described = [grid for grid in file.grids if any(column.note for column in grid.columns)]
    return described or list(file.grids)


def _is_defined(column: Column) -> bool:
    note = column.note
    return note is not None and bool(note.description and _PHYSICAL_NAME.fullmatch(note.name))


def _heads(column: Column, pattern: re.Pattern[str]) -> bool:
    return pattern.search(column.header) is not None


def _is_coded(column: Column) -> bool:
    values = [str_of(value) for value in column.distinct]
    alike = bool(values) and all(_SHORT_CODE.fullmatch(value) for value in values)
    return alike and len(values) <= 20 and _heads(column, _CODED_HEADER)


def _has_unit_column(grid: Grid) -> bool:
    return any(column.header in {"単位", "unit"} for column in grid.columns)


def _is_time(column: Column) -> bool:
    if column.note and column.note.enum:
        return False
    if column.note and column.note.type != "string":
        by_type = column.note.type in {"date", "yearmonth", "datetime", "year"}
        return by_type or _heads(column, _TIME_HEADER)
    return _heads(column, _TIME_HEADER)


def _form_of(value: object, column: Column) -> str | None:
    text = str_of(value)
    if isinstance(value, date):
        return _TIME_FORMS[0].pattern
    if column.note and column.note.description and _DESCRIBED_QUARTER.fullmatch(text):
        return _DESCRIBED_QUARTER.pattern
    return next((form.pattern for form in _TIME_FORMS if form.fullmatch(text)), None)


def _says_encoding(file: DataFile) -> bool:
    said = file.description
    if said.byte_order_mark is None:
        return False
    same = said.encoding.lower().replace("-", "") == file.encoding.replace("-", "")
    return same and said.byte_order_mark == file.byte_order_mark
