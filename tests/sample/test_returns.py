"""The totals, counted from the workbooks by a reading that shares nothing with the project's."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from sumida_data.sample.returns import RealFilesError, make_returns, refuse_real_files
from sumida_data.sample.ward import Facts, Sample
from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook

LAST_DAYS = {
    "FY2021Q4": date(2022, 3, 31),
    "FY2022Q1": date(2022, 6, 30),
    "FY2022Q2": date(2022, 9, 30),
    "FY2022Q3": date(2022, 12, 31),
}
DONE = {"済", "済み", "実施済", "実施済み", "完了", "対応済", "実施", "実施中"}
LISTED = {"該当", "対象", "あり", "有"}
RENAMED = {
    "手続番号": {"番号", "手続No"},
    "開始日": {"オンライン化開始日", "オンライン開始日"},
    "実施日": {"開催日"},
    "研修対象者数": {"対象者数"},
    "課コード": {"所属コード"},
    "重大": {"重大性"},
}
Rows = list[list[Any]]
Records = list[dict[str, Any]]


def plain(cell: Any) -> Any:
    return unicodedata.normalize("NFKC", cell).strip() if isinstance(cell, str) else cell


def heading(cell: Any) -> str:
    text = re.split(r"[※\n:(]", plain(cell))[0] if isinstance(cell, str) else ""
    return next((title for title, others in RENAMED.items() if text in others), text)


def day(cell: Any) -> date | None:
    if isinstance(cell, date):
        return cell
    numbers = [int(number) for number in re.findall(r"\d+", plain(cell).replace("元", "1"))]
    if len(numbers) != 3:
        return None
    first_years = {"令": 2018, "R": 2018, "平": 1988, "H": 1988}
    return date(numbers[0] + first_years.get(plain(cell)[0], 0), *numbers[1:])


def number(cell: Any) -> int:
    return int(re.sub(r"[,人件]", "", plain(cell))) if isinstance(cell, str) else int(cell)


@cache
def read_sheets(content: bytes) -> dict[str, Rows]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in book.sheet_names
    }


def beside(rows: Rows, label: str) -> Any:
    for row in rows:
        for column, cell in enumerate(row):
            if heading(cell) == label:
                return row[column + 1]
    raise AssertionError(f"no label {label}")


def records(rows: Rows, last_heading: str) -> Iterator[dict[str, Any]]:
    top = next(i for i, row in enumerate(rows) if last_heading in map(heading, row))
    if "#" not in map(heading, rows[top]):
        top -= 1
    titles = [
        heading(leaf) or heading(group) for group, leaf in zip(*rows[top : top + 2], strict=True)
    ]
    for row in rows[top + 2 :]:
        record = dict(zip(titles, row, strict=True))
        if isinstance(record["#"], float) and any(row[titles.index("#") + 1 :]):
            yield record


def count_records(returns: dict[str, bytes], period: str, sheet: str, last: str) -> Records:
    """The records that count: the corrected return wins, no change repeats the quarter before."""
    found: Records = []
    names = [name for name in returns if name.startswith(period)]
    for name in names:
        cover = read_sheets(returns[name])["表紙"]
        if name.replace(".xlsx", "_修正.xlsx") in names or not beside(cover, "課コード"):
            continue
        unchanged = plain(beside(cover, "前回から変更なし")) == "該当"
        content = returns[name.replace("FY2022Q3", "FY2022Q2") if unchanged else name]
        found += records(read_sheets(content)[sheet], last)
    return found


def texts(sheet: Worksheet) -> Iterator[str]:
    return (str(cell.value) for row in sheet for cell in row if cell.value is not None)


class TestTotals:
    @pytest.mark.parametrize(
        ("period", "dx", "priority", "cashless"),
        [
            ("FY2021Q4", 6, 13, 13),
            ("FY2022Q1", 14, 24, 58),
            ("FY2022Q2", 19, 31, 141),
            ("FY2022Q3", 23, 37, 209),
        ],
    )
    def test_procedures(
        self, returns: dict[str, bytes], period: str, dx: int, priority: int, cashless: int
    ) -> None:
        rows = count_records(returns, period, "手続", "キャッシュレス開始日")
        online = [row for row in rows if self._began(row, "オンライン化", "開始日", period)]
        listed = [plain(row["DX推進計画の対象"]) in LISTED for row in online]
        either = [plain(row["優先手続の対象"]) in LISTED for row in online]
        assert sum(listed) == dx
        assert sum(map(max, listed, either)) == priority
        began = (self._began(row, "キャッシュレス", "キャッシュレス開始日", period) for row in rows)
        assert sum(began) == cashless
        assert len({plain(row["手続番号"]) for row in rows}) == len(rows)

    @pytest.mark.parametrize(("period", "services"), [("FY2021Q4", 20), ("FY2022Q3", 26)])
    def test_consultations(self, returns: dict[str, bytes], period: str, services: int) -> None:
        rows = count_records(returns, period, "オンライン相談", "実施状況")
        assert sum(self._began(row, "実施状況", "開始日", period) for row in rows) == services

    @pytest.mark.parametrize(("period", "trainings"), [("FY2022Q1", 1), ("FY2022Q3", 3)])
    def test_trainings_since_april(
        self, returns: dict[str, bytes], period: str, trainings: int
    ) -> None:
        rows = count_records(returns, period, "研修", "研修名")
        days = [day(row["実施日"]) for row in rows]
        assert len(days) == trainings
        assert all(date(2022, 4, 1) <= held <= LAST_DAYS[period] for held in days if held)

    def test_trainings_of_the_year_before_do_not_count(self, returns: dict[str, bytes]) -> None:
        rows = count_records(returns, "FY2021Q4", "研修", "研修名")
        held = [day(row["実施日"]) for row in rows]
        assert len(held) == 3
        assert all(one is not None and one < date(2022, 4, 1) for one in held)

    @pytest.mark.parametrize(
        ("period", "lowest", "highest"), [("FY2021Q4", 98.5, 99.49), ("FY2022Q3", 100, 100)]
    )
    def test_security_training(
        self, returns: dict[str, bytes], period: str, lowest: float, highest: float
    ) -> None:
        sheets = [
            read_sheets(content)["セキュリティ"]
            for name, content in returns.items()
            if name.startswith(period)
        ]
        expected = sum(number(beside(rows, "研修対象者数")) for rows in sheets)
        trained = sum(number(beside(rows, "受講者数")) for rows in sheets)
        assert lowest <= 100 * trained / expected <= highest
        assert 1_500 < expected < 2_000

    @pytest.mark.parametrize(("period", "incidents"), [("FY2021Q4", 2), ("FY2022Q3", 3)])
    def test_no_incident_is_serious(
        self, returns: dict[str, bytes], period: str, incidents: int
    ) -> None:
        rows = count_records(returns, period, "セキュリティ", "発生日")
        assert len(rows) == incidents
        assert not [row for row in rows if plain(row["重大"]) in {"該当", "重大", "あり"}]

    @staticmethod
    def _began(row: dict[str, Any], status: str, started: str, period: str) -> bool:
        began = day(row[started])
        return plain(row[status]) in DONE and began is not None and began <= LAST_DAYS[period]


class TestFlaws:
    def test_some_departments_do_not_reply(
        self, returns: dict[str, bytes], departments: list[Department]
    ) -> None:
        asked = {one.code for one in departments if one.exists_on(LAST_DAYS["FY2022Q3"])}
        replied = {name.split("/")[1][:4] for name in returns if name.startswith("FY2022Q3")}
        assert len(asked) == 75
        assert asked - replied == {"1003", "1507", "1905", "2101", "2401"}

    def test_one_says_no_change_and_leaves_its_stock_empty(self, returns: dict[str, bytes]) -> None:
        sheets = read_sheets(returns["FY2022Q3/1803_住宅課_調査票.xlsx"])
        assert plain(beside(sheets["表紙"], "前回から変更なし")) == "該当"
        assert not list(records(sheets["手続"], "キャッシュレス開始日"))
        assert number(beside(sheets["セキュリティ"], "受講者数")) > 0

    def test_one_writes_a_word_for_a_number(self, returns: dict[str, bytes]) -> None:
        sheets = read_sheets(returns["FY2022Q3/2001_環境保全課_調査票.xlsx"])
        *_, last = records(sheets["手続"], "キャッシュレス開始日")
        assert plain(last["年間件数"]) == "たくさん"

    def test_one_leaves_its_code_empty(self, returns: dict[str, bytes]) -> None:
        cover = read_sheets(returns["FY2022Q3/1106_財産活用課_調査票.xlsx"])["表紙"]
        assert beside(cover, "課コード") == ""
        assert plain(beside(cover, "課")) == "財産活用課"

    def test_the_later_of_two_returns_has_more(self, returns: dict[str, bytes]) -> None:
        name = "FY2022Q3/1303_スポーツ振興課_調査票"
        earlier, later = (read_sheets(returns[f"{name}{end}.xlsx"]) for end in ("", "_修正"))
        assert day(beside(earlier["表紙"], "回答日")) < day(beside(later["表紙"], "回答日"))
        cashless = [
            sum(
                plain(row["キャッシュレス"]) in DONE
                for row in records(sheets["手続"], "キャッシュレス開始日")
            )
            for sheets in (earlier, later)
        ]
        assert cashless[0] < cashless[1]


class TestFiles:
    def test_every_sheet_says_that_it_is_sample_data(self, returns: dict[str, bytes]) -> None:
        for name, content in returns.items():
            for sheet in open_workbook(content, name).sheets:
                assert "見本データ" in str(sheet.rows[1][0]), (name, sheet.name)

    def test_stamp_is_the_one_that_readers_look_for(self, returns: dict[str, bytes]) -> None:
        name, content = next(iter(returns.items()))
        assert has_sample_stamp(open_workbook(content, name))

    def test_same_seed_gives_the_same_bytes(
        self,
        sample: Sample,
        facts: Facts,
        form: Form,
        waves: Waves,
        departments: list[Department],
        returns: dict[str, bytes],
    ) -> None:
        few = [one for one in departments if one.division in {"区民部", "地域力支援部"}]
        again = make_returns(sample, facts, form, waves, few)
        assert again == make_returns(sample, facts, form, waves, few)
        other = sample.model_copy(update={"seed": sample.seed + 1})
        assert again != make_returns(other, facts, form, waves, few)

    def test_only_the_sheets_asked_for(
        self, sample: Sample, facts: Facts, form: Form, waves: Waves, departments: list[Department]
    ) -> None:
        wave = waves.root["FY2022Q3"].model_copy(
            update={"sheets": {"標準化": "all"}, "departments": ("1203",)}
        )
        returns = make_returns(sample, facts, form, Waves({"FY2022Q3": wave}), departments)
        assert list(returns) == ["FY2022Q3/1203_税務課_調査票.xlsx"]
        (content,) = returns.values()
        assert list(read_sheets(content)) == ["回答マニュアル", "表紙", "標準化", "選択項目"]

    def test_a_field_or_sheet_new_in_the_form_stays_empty(
        self, sample: Sample, facts: Facts, form: Form, waves: Waves, departments: list[Department]
    ) -> None:
        cover = form.cover
        field = cover.fields[0].model_copy(update={"name": "floor", "title": "階"})
        changed = cover.model_copy(update={"fields": (*cover.fields, field)})
        new = cover.model_copy(update={"sheet": "設備", "table": "equipment", "fields": (field,)})
        grown = form.model_copy(update={"sheets": (changed, new)})
        wave = waves.root["FY2022Q3"].model_copy(
            update={"sheets": {"設備": "all"}, "departments": ("1203",)}
        )
        (content,) = make_returns(
            sample, facts, grown, Waves({"FY2022Q3": wave}), departments
        ).values()
        sheets = read_sheets(content)
        assert beside(sheets["表紙"], "階") == ""
        assert beside(sheets["設備"], "階") == ""


class TestLooks:
    """The shape of a return, looked at with openpyxl."""

    @pytest.fixture(scope="module")
    def book(self, returns: dict[str, bytes]) -> openpyxl.Workbook:
        return openpyxl.load_workbook(io.BytesIO(returns["FY2022Q3/1203_税務課_調査票.xlsx"]))

    @pytest.fixture(scope="module")
    def procedures(self, book: openpyxl.Workbook) -> Worksheet:
        return book["手続"]

    def test_sheets_are_those_of_the_form(
        self, book: openpyxl.Workbook, form: Form, waves: Waves
    ) -> None:
        asked = waves.root["FY2022Q3"].sheets_for("1203")
        assert book.sheetnames == ["回答マニュアル", "表紙", *asked, "選択項目"]
        # Asked for once a year, and of the owners of indicators from a later quarter on.
        others = {"標準化", "指標の説明"}
        assert {part.sheet for part in form.sheets} - set(book.sheetnames) == others

    def test_every_field_of_the_form_has_its_heading(
        self, book: openpyxl.Workbook, form: Form
    ) -> None:
        for part in form.sheets:
            if part.sheet in book.sheetnames:
                found = [
                    text.split("※")[0].split("\n")[0].rstrip("：")
                    for text in texts(book[part.sheet])
                ]
                for field in part.asked_in("FY2022Q3").fields:
                    assert set(field.headings) & set(found), (part.sheet, field.title)

    def test_group_headings_are_merged_over_leaf_headings(self, procedures: Worksheet) -> None:
        merged = {
            procedures.cell(area.min_row, area.min_col).value: area
            for area in procedures.merged_cells.ranges
        }
        assert merged["オンライン化の状況"].size == {"columns": 5, "rows": 1}
        assert merged["備考"].size == {"columns": 1, "rows": 2}

    def test_a_heading_breaks_before_its_unit(self, procedures: Worksheet) -> None:
        assert "年間件数\n（件）" in texts(procedures)

    def test_choices_drop_down_from_the_hidden_sheet(
        self, book: openpyxl.Workbook, procedures: Worksheet
    ) -> None:
        assert book["選択項目"].sheet_state == "hidden"
        sources = [one.formula1 for one in procedures.data_validations.dataValidation]
        choices = []
        for source in sources:
            sheet, area = source.split("!")
            choices.append([cell.value for (cell,) in book[sheet][area.replace("$", "")]])
        assert ["済", "予定", "未定", "対象外"] in choices
        assert ["有", "無"] in choices
        assert len(choices) == 5

    def test_an_example_stands_above_the_answers(self, procedures: Worksheet) -> None:
        (example,) = (row for row in procedures if row[0].value == "記入例")
        assert "納税証明書の交付請求" in [cell.value for cell in example]

    def test_rows_are_numbered_by_formulas_with_cached_values(
        self, procedures: Worksheet, returns: dict[str, bytes]
    ) -> None:
        formulas = [row[0] for row in procedures if str(row[0].value).startswith("=ROW()-")]
        numbers = [cell.row - int(cell.value.removeprefix("=ROW()-")) for cell in formulas]
        assert numbers == list(range(1, len(formulas) + 1))
        content = returns["FY2022Q3/1203_税務課_調査票.xlsx"]
        cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["手続"]
        assert [cached.cell(cell.row, 1).value for cell in formulas] == numbers

    def test_empty_rows_and_notes_follow_the_answers(self, procedures: Worksheet) -> None:
        rows = list(procedures.iter_rows(values_only=True))
        notes = [number for number, row in enumerate(rows) if str(row[0]).startswith("※")]
        assert len(notes) == 2
        assert not any(cell for row in rows[notes[0] - 8 : notes[0]] for cell in row[1:])

    def test_label_cells_stand_above_the_incidents(self, book: openpyxl.Workbook) -> None:
        found = list(texts(book["セキュリティ"]))
        assert found.index("研修対象者数：") < found.index("受講者数：") < found.index("発生日※")

    def test_tables_do_not_all_begin_in_the_same_cell(self, returns: dict[str, bytes]) -> None:
        begins = set()
        for name in list(returns)[:40]:
            sheet = openpyxl.load_workbook(io.BytesIO(returns[name]))["手続"]
            begins |= {cell.coordinate for row in sheet for cell in row if cell.value == "#"}
        assert {"A7", "B7"} < begins
        assert len(begins) >= 4

    def test_creation_day_is_fixed(self, book: openpyxl.Workbook) -> None:
        assert book.properties.created == datetime(2022, 4, 1)


class TestGuard:
    @pytest.fixture
    def put(self, tmp_path: Path) -> Callable[[str, bytes], SourceFile]:
        def write(name: str, content: bytes) -> SourceFile:
            path = tmp_path / name
            path.write_bytes(content)
            return SourceFile(f"FY2022Q3/{name}", path)

        return write

    def test_sample_files_may_be_replaced(
        self, put: Callable[[str, bytes], SourceFile], returns: dict[str, bytes]
    ) -> None:
        contents = list(returns.values())[:3]
        refuse_real_files(put(f"{number}.xlsx", one) for number, one in enumerate(contents))

    def test_a_real_return_is_named_and_kept(
        self,
        put: Callable[[str, bytes], SourceFile],
        returns: dict[str, bytes],
        make_workbook: Callable[..., bytes],
    ) -> None:
        sample = put("1202.xlsx", next(iter(returns.values())))
        real = put("1203.xlsx", make_workbook({"表紙": [["課コード", "1203"]]}))
        with pytest.raises(RealFilesError, match=r"FY2022Q3/1203\.xlsx。.*空にしてください"):
            refuse_real_files([sample, real])

    def test_a_file_that_cannot_be_read_is_taken_for_real(
        self,
        put: Callable[[str, bytes], SourceFile],
    ) -> None:
        broken = [put(name, b"no workbook") for name in ("a.xlsx", "b.xlsx")]
        with pytest.raises(RealFilesError, match=r"FY2022Q3/a\.xlsx ほか1件"):
            refuse_real_files(broken)
