"""Whatever the hand, what is read is what was meant."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sumida_data.sample.returns import Hand
from sumida_data.sample.ward import Value
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text import reader_of

NUMBER = FormField(name="cases", title="件数", title_en="Cases", type="integer", unit="件")
DECIMAL = FormField(name="value", title="値", title_en="Value", type="number")
DAY = FormField(name="began_on", title="開始日", title_en="Began on", type="date", aliases=("日",))
CODE = FormField(name="code", title="番号", title_en="Code", unique=True)
CHOICE = FormField(
    name="status",
    title="状況",
    title_en="Status",
    enum=("済", "予定"),
    synonyms={"済": ("済み", "実施済"), "予定": ("検討中",)},
)
HANDS = [Hand(1, f"{code:04}", "FY2022Q3") for code in range(200)]


def read_back(hand: Hand, field: FormField, value: Value) -> str | None:
    written = hand.write(field, value)
    cell = float(written) if isinstance(written, int | Decimal) else written
    return reader_of(field)("" if cell is None else cell).value  # type: ignore[arg-type]


@given(hand=st.sampled_from(HANDS), number=st.integers(0, 10_000_000))
def test_numbers(hand: Hand, number: int) -> None:
    assert read_back(hand, NUMBER, number) == str(number)


@given(hand=st.sampled_from(HANDS), number=st.decimals(0, 99_999, places=2))
def test_decimals(hand: Hand, number: Decimal) -> None:
    read = read_back(hand, DECIMAL, number)
    assert read is not None
    assert Decimal(read) == number


@given(hand=st.sampled_from(HANDS), day=st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_days(hand: Hand, day: date) -> None:
    assert read_back(hand, DAY, day) == day.isoformat()


@pytest.mark.parametrize("choice", ["済", "予定"])
def test_choices(choice: str) -> None:
    assert {read_back(hand, CHOICE, choice) for hand in HANDS} == {choice}
    assert len({hand.write(CHOICE, choice) for hand in HANDS}) > 1


def test_codes() -> None:
    assert {read_back(hand, CODE, "T1203-01") for hand in HANDS} == {"T1203-01"}
    assert {hand.write(CODE, "T1203-01") for hand in HANDS} == {"T1203-01", "Ｔ１２０３－０１"}


def test_nothing_is_never_read_as_a_value() -> None:
    assert {read_back(hand, NUMBER, None) for hand in HANDS} == {None}
    assert {hand.write(NUMBER, None) for hand in HANDS} == {"", "－", "該当なし", "なし"}


def test_every_way_of_writing_is_used() -> None:
    numbers = {hand.write(NUMBER, 1200) for hand in HANDS}
    assert numbers == {1200, "1,200", "1200件", "１，２００件"}
    days = {hand.write(DAY, date(2022, 10, 1)) for hand in HANDS}
    assert days == {date(2022, 10, 1), "2022/10/1", "令和４年１０月１日", "R4.10.1"}


def test_habits_outlast_a_quarter() -> None:
    for code in ("1203", "1801"):
        hands = [Hand(1, code, period) for period in ("FY2022Q2", "FY2022Q3")]
        layouts = {(hand.rows_down, hand.columns_right, hand.day_format) for hand in hands}
        assert len(layouts) == 1
        assert len({hand.write(DAY, date(2022, 10, 1)) for hand in hands}) == 1


def test_some_rename_a_heading() -> None:
    assert {hand.head(DAY) for hand in HANDS} == {"開始日", "日"}
