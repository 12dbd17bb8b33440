import io
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from sumida_data.base.periods import Period
from sumida_data.survey.blank_form import (
    Inquiry,
    LastAnswers,
    contents_of,
    find_last_answers,
    write_blank_form,
)
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.departments import Department
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, FormField, Waves
from sumida_data.survey.reading.text import BLANK, Reading, reader_of
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook

DEPARTMENT = Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "公表資料")
ANSWERS = {
    "procedure_number": "T1",
    "procedure_name": "=届出",
    "online_status": "済",
    "online_started_on": "2022-10-01",
    "annual_cases": "1200",
}
Write = Callable[..., bytes]


def answered(**values: str) -> dict[str, Reading]:
    return {name: Reading(value, "answered") for name, value in values.items()}


@pytest.fixture
def write(form: Form, waves: Waves) -> Write:
    """Return a function that writes the form of FY2022Q4 for records given by table."""

    def write(*, sample: bool = False, **records: list[dict[str, Reading]]) -> bytes:
        inquiry = Inquiry(form, Period.parse("FY2022Q4"), waves.root["FY2022Q4"], sample)
        tables = {
            table: {str(number): row for number, row in enumerate(rows)}
            for table, rows in records.items()
        }
        return write_blank_form(inquiry, DEPARTMENT, LastAnswers("FY2022Q3", tables))

    return write


@pytest.fixture
def book(write: Write) -> Workbook:
    return load(write(procedure=[answered(**ANSWERS)]))


def load(content: bytes, *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def find(sheet: Worksheet, text: str) -> tuple[int, int]:
    """Return row and column of the first cell that begins with the text."""
    return next(
        (cell.row, cell.column)
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.value or "").startswith(text)
    )


def counters(book: Workbook) -> dict[str, tuple[object, object]]:
    """Return what each sheet says of 未回答 and 矛盾."""
    return {
        sheet.title: (sheet["B3"].value, sheet["C3"].value)
        for sheet in book
        if sheet.sheet_state == "visible" and sheet["B3"].value is not None
    }


class TestSheets:
    def test_only_those_asked_for(self, book: Workbook) -> None:
        assert book.sheetnames == [
            "記入のしかた",
            "表紙",
            "手続",
            "オンライン相談",
            "標準化",
            "研修",
            "セキュリティ",
            "取組事例",
            "取組効果",
            "様式情報",
        ]
        assert [s.title for s in book if s.sheet_state == "veryHidden"] == ["様式情報"]

    def test_the_stamp_says_what_the_form_is_for(self, book: Workbook, form: Form) -> None:
        stamp = [cell.value for cell in book["様式情報"]["B"]]
        assert stamp[:3] == [form.version, "FY2022Q4", "1203"]

    def test_the_cover_is_filled_in_and_locked(self, book: Workbook) -> None:
        sheet = book["表紙"]
        row, column = find(sheet, "課コード")
        assert (
            sheet.cell(row, column + 1).value,
            sheet.cell(row, column + 1).protection.locked,
        ) == (
            "1203",
            True,
        )
        row, column = find(sheet, "回答日")
        assert (
            sheet.cell(row, column + 1).value,
            sheet.cell(row, column + 1).protection.locked,
        ) == (
            None,
            False,
        )

    def test_last_answers_are_cells_of_their_type(self, book: Workbook) -> None:
        row = [cell.value for cell in book["手続"][8]]
        assert row[1:9] == ["T1", "=届出", None, None, "済", row[6], None, 1200]
        assert row[6].date() == date(2022, 10, 1)
        assert book["手続"]["C8"].data_type == "s"

    def test_only_keys_of_known_rows_are_locked(self, book: Workbook) -> None:
        sheet = book["手続"]
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert not sheet.protection.insertRows
        locked = {cell.coordinate for cell in sheet[8] if cell.protection.locked}
        assert locked == {"A8", "B8"}
        assert {cell.coordinate for cell in sheet[9] if cell.protection.locked} == {"A9"}

    def test_the_example_stands_above_and_is_locked(self, book: Workbook) -> None:
        sheet = book["手続"]
        assert [cell.value for cell in sheet[7]][:3] == [
            "記入例",
            "T9999-01",
            "納税証明書の交付請求",
        ]
        assert all(cell.protection.locked for cell in sheet[7])

    def test_headings_carry_units(self, book: Workbook) -> None:
        assert "年間件数（件）" in [cell.value for cell in book["手続"][6]]

    def test_cells_offer_choices_and_tell_bounds(self, book: Workbook) -> None:
        rules = {rule.promptTitle: rule for rule in book["手続"].data_validations.dataValidation}
        assert rules["オンライン化"].formula1 == '"済,予定,未定,対象外"'
        assert rules["オンライン化"].errorStyle in {None, "stop"}
        assert (rules["年間件数"].type, rules["年間件数"].formula1) == ("whole", "0")
        assert rules["年間件数"].errorStyle == "warning"
        assert "「不明」" in rules["年間件数"].error
        assert "「オンライン化」が「済」のとき" in rules["開始日"].prompt
        assert str(rules["手続番号"].sqref) == "B8:B23"

    def test_cells_at_fault_are_marked(self, book: Workbook) -> None:
        rules = {
            str(area.sqref): [rule.formula[0] for rule in area.rules]
            for area in book["手続"].conditional_formatting
        }
        first_of_all, *others = rules["G8:G23"]
        assert '(($F8="済"))' in first_of_all
        assert any('($G8="")' in formula for formula in others)

    def test_it_prints_on_a4_with_headings_on_each_page(self, book: Workbook) -> None:
        sheet = book["手続"]
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$6:$6"
        assert sheet.freeze_panes == "D8"
        assert "税務課" in sheet.oddHeader.right.text


@pytest.mark.parametrize(("is_shared", "told"), [(True, "内容を消してください"), (False, "")])
def test_inherited_answers_may_be_cleared_with_their_names(
    form: Form,
    waves: Waves,
    is_shared: bool,  # noqa: FBT001
    told: str,
) -> None:
    inquiry = Inquiry(form, Period.parse("FY2022Q4"), waves.root["FY2022Q4"], sample=False)
    own, inherited = answered(**ANSWERS), answered(**ANSWERS | {"procedure_number": "T2"})
    tables = ({"procedure": {"1": own}}, {"procedure": {"2": inherited}})
    last = LastAnswers("FY2022Q3", *tables, ("1903",), is_shared=is_shared)
    book = load(write_blank_form(inquiry, DEPARTMENT, last))
    sheet = book["手続"]
    for number, is_locked in (("T1", True), ("T2", False)):
        assert sheet.cell(*find(sheet, number)).protection.locked is is_locked
    row, column = find(sheet, "引き継いだ課（1903）の前回の回答")
    assert str(sheet.cell(row, column).value).endswith(f"{told}。" if told else "入っています。")
    assert "引き継いだ課" not in str([cell.value for row in book["研修"] for cell in row])


def test_sample_answers_are_stamped(write: Write) -> None:
    assert has_sample_stamp(open_workbook(write(sample=True), "a.xlsx"))
    assert not has_sample_stamp(open_workbook(write(sample=False), "a.xlsx"))


def test_the_same_input_gives_the_same_bytes(write: Write) -> None:
    assert write(procedure=[answered(**ANSWERS)]) == write(procedure=[answered(**ANSWERS)])


class TestContents:
    @pytest.mark.parametrize("text", ["約60", "延べ1,234人", "12見込み", "該当なし", "不明", "0"])
    def test_a_number_keeps_what_was_said_of_it(self, text: str) -> None:
        field = FormField(name="n", title="数", title_en="Column", type="integer", unit="人")
        self.check(field, text)

    @pytest.mark.parametrize("text", ["R4.10.1", "令和4年10月1日頃", "2023/4/1予定", "－"])
    def test_a_day_keeps_what_was_said_of_it(self, text: str) -> None:
        self.check(FormField(name="d", title="日", title_en="Column", type="date"), text)

    def check(self, field: FormField, text: str) -> None:
        read = reader_of(field)
        qualities = {"about", "total_of", "expected"}
        before, after = read(text), read(contents_of(field, read(text)))
        assert before.status in {"answered", "not_applicable", "undetermined"}
        assert after[:2] == before[:2]
        assert set(after.rules.split()) & qualities == set(before.rules.split()) & qualities


class TestLastAnswers:
    @staticmethod
    def row(period: str, value: str | None, status: str = "answered") -> dict[str, str | None]:
        return {
            "period": period,
            "department_code": "1203",
            "table_name": "procedure",
            "record_id": f"{period}-1",
            "field": "annual_cases",
            "value": value,
            "answer_status": status,
            "text_rules": "",
        }

    def test_are_those_of_the_latest_quarter_before(self) -> None:
        rows = [self.row("FY2022Q1", "1"), self.row("FY2022Q3", "3"), self.row("FY2022Q2", "2")]
        assert find_last_answers(rows, "FY2022Q3")["1203"].period == "FY2022Q2"
        last = find_last_answers(rows, "FY2022Q4")["1203"]
        assert last.tables == {
            "procedure": {"FY2022Q3-1": {"annual_cases": Reading("3", "answered")}}
        }

    def test_what_was_unreadable_is_asked_for_anew(self) -> None:
        last = find_last_answers([self.row("FY2022Q3", None, "unreadable")], "FY2022Q4")["1203"]
        assert last.tables["procedure"]["FY2022Q3-1"]["annual_cases"] == BLANK


@pytest.fixture(scope="module")
def recalculate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Workbook]:
    """Return a function that lets LibreOffice calculate a workbook anew."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("recalculated")

    def recalculate(content: bytes) -> Workbook:
        # Saved without results, so that nothing but LibreOffice can have calculated them.
        source, target = folder / "form.xlsx", folder / "out"
        load(content).save(source)
        command = [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
        command += ["--convert-to", "xlsx", "--outdir", str(target), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        return load((target / source.name).read_bytes(), values=True)

    return recalculate


def invent_procedures(form: Form, number: int) -> list[dict[str, Reading]]:
    """Records that answer, leave out and contradict in many ways."""
    dice = random.Random(131075)
    part = form.sheet_of("procedure")
    assert part is not None
    texts = {"date": ["2022-10-01"], "integer": ["10", "20", "30"], "string": ["文"]}
    records = []
    for row in range(number):
        record = {}
        for field in part.fields:
            readings = [Reading(text, "answered") for text in field.enum or texts[field.type]]
            readings += [BLANK]
            if field.type != "string":
                readings += [Reading(None, "not_applicable"), Reading(None, "undetermined")]
            record[field.name] = dice.choice(readings)
        records.append(record | answered(procedure_number=f"T{row}"))
    return records


class TestSelfChecks:
    def test_libreoffice_counts_what_the_form_was_written_with(
        self, form: Form, write: Write, recalculate: Callable[[bytes], Workbook]
    ) -> None:
        content = write(procedure=invent_procedures(form, 80))
        written, calculated = load(content, values=True), recalculate(content)
        assert counters(calculated) == counters(written)
        unanswered, contradictions = counters(written)["手続"]
        assert unanswered > 100
        assert contradictions > 20
        verdicts = [[cell.value or "" for cell in b["手続"]["A"]] for b in (written, calculated)]
        assert verdicts[0] == verdicts[1]
        assert {"矛盾", "未回答", ""} <= set(verdicts[0])
        guidance = [row[1:3] for row in calculated["記入のしかた"].iter_rows(values_only=True)]
        assert (unanswered, contradictions) in guidance

    def test_libreoffice_and_the_reader_agree_on_what_was_typed(
        self,
        write: Write,
        form: Form,
        waves: Waves,
        rules: FindingRules,
        recalculate: Callable[[bytes], Workbook],
    ) -> None:
        book = load(write(procedure=[answered(**ANSWERS)]))
        before = counters(recalculate(save(book)))
        book["セキュリティ"]["C6"], book["セキュリティ"]["C7"] = 24, 25
        # A row without its key, below the known one, and an online procedure without a day.
        book["手続"]["C10"] = "届出"
        book["手続"]["G8"] = None
        book["手続"]["J8"] = 1201
        content = save(book)
        after = counters(recalculate(content))
        assert before["セキュリティ"] == (2, 0)
        assert after["セキュリティ"] == (0, 1)
        assert before["手続"] == (6, 0)
        assert after["手続"] == (7, 2)
        returned = Return("a.xlsx", "0", 0, "FY2022Q4")
        FormReader(form, rules).read(content, returned, waves.root["FY2022Q4"])
        found = [(f.place.sheet, f.place.cell) for f in returned.findings if f.rule_id == "F404"]
        assert sorted(found) == [("セキュリティ", "C7"), ("手続", "G8"), ("手続", "J8")]

    def test_results_stand_beside_the_formulas(self, write: Write) -> None:
        content = write(procedure=[answered(**ANSWERS)])
        assert counters(load(content, values=True)) == {
            "表紙": (4, 0),
            "手続": (6, 0),
            "オンライン相談": (0, 0),
            "標準化": (0, 0),
            "研修": (0, 0),
            "セキュリティ": (2, 0),
            "取組事例": (0, 0),
            "取組効果": (0, 0),
        }
        assert load(content)["手続"]["B3"].value.startswith("=SUMPRODUCT(")


def save(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("number", ["5075.50", "0.10", "3.00", "33.33333333333333", "1200"])
def test_its_stamp_knows_its_contents_as_a_spreadsheet_keeps_them(
    write: Write, form: Form, waves: Waves, rules: FindingRules, number: str
) -> None:
    effect = answered(initiative_name="RPA", effect="時間削減", effect_value=number)
    returned = Return("FY2022Q4/a.xlsx", "", 0, "FY2022Q4")
    content = write(initiative_effect=[effect], procedure=[answered(**ANSWERS)])
    FormReader(form, rules).read(content, returned, waves.root["FY2022Q4"])
    assert returned.untouched
