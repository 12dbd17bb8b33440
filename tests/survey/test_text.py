from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sumida_data.survey.form import FormField
from sumida_data.survey.text import (
    find_date,
    raw_text_of,
    read_code,
    read_date,
    read_month,
    read_text,
    reader_of,
)

CASES = FormField(name="cases", title="年間件数", title_en="Cases", type="integer", unit="件")
RATE = FormField(name="rate", title="率", title_en="Rate", type="number", unit="%")
STATUS = FormField(
    name="status",
    title="状況",
    title_en="Status",
    enum=("済", "予定", "未定"),
    synonyms={"済": ("済み", "実施済"), "未定": ("未",)},
)
NO_CHANGE = FormField(
    name="no_change",
    title="変更なし",
    title_en="No change",
    enum=("該当", "非該当"),
    blank_is="非該当",
)


class TestNumbers:
    @pytest.mark.parametrize(
        ("cell", "value", "rules"),
        [
            (120.0, "120", ""),
            (7, "7", ""),
            ("120", "120", ""),
            ("１２０", "120", "full_width"),
            ("１２０件", "120", "unit"),
            ("120 件", "120", "unit"),
            ("1,200", "1200", "thousands"),
            ("１，２００件", "1200", "unit thousands"),
            ("約60", "60", "about"),
            ("およそ６０件", "60", "about unit"),
            ("延べ3", "3", "total_of"),
            ("40程度", "40", "about"),
            ("12（見込み）", "12", "expected"),
            ("△2", "-2", "triangle_is_minus"),
            ("−3", "-3", "full_width"),
        ],
    )
    def test_a_count_in_many_hands(self, cell: object, value: str, rules: str) -> None:
        reading = reader_of(CASES)(cell)  # type: ignore[arg-type]
        assert reading == (value, "answered", rules)

    @pytest.mark.parametrize(
        "cell",
        [
            "たくさん",
            "①",
            "㉓",
            "12.5",
            12.5,
            "1,20",
            "12人",
            "1 2/3",
            "12-13",
            True,
            date(2022, 1, 1),
            "12\n15",
            "1e5",
            "99999999999999999999",
            1e20,
        ],
    )
    def test_what_is_no_count_is_not_guessed(self, cell: object) -> None:
        assert reader_of(CASES)(cell).status == "unreadable"  # type: ignore[arg-type]

    def test_decimals_where_they_are_allowed(self) -> None:
        assert reader_of(RATE)("99.65%").value == "99.65"
        assert reader_of(RATE)(0.5).value == "0.5"
        assert reader_of(RATE)("２２．３パーセント").value == "22.3"

    @pytest.mark.parametrize("mark", ["－", "-", "ー", "―", "該当なし", "なし", " 該当なし "])
    def test_not_applicable_is_neither_blank_nor_zero(self, mark: str) -> None:
        assert reader_of(CASES)(mark) == (None, "not_applicable", "mark")

    @pytest.mark.parametrize("mark", ["調整中", "不明", "未"])
    def test_undetermined_is_told_apart(self, mark: str) -> None:
        assert reader_of(CASES)(mark).status == "undetermined"

    def test_zero_is_a_number_and_blank_is_none(self) -> None:
        assert reader_of(CASES)("０").value == "0"
        assert reader_of(CASES)(0.0).value == "0"
        assert reader_of(CASES)("　 ").status == "not_answered"

    @given(st.integers(min_value=-(10**12), max_value=10**12))
    def test_every_way_of_writing_a_number_reads_the_same(self, number: int) -> None:
        read = reader_of(CASES)
        full_width = str(number).translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
        assert {read(text).value for text in (str(number), f"{number:,}", full_width)} == {
            str(number)
        }
        assert read(float(number)).value == str(number)

    @given(st.text(max_size=12))
    def test_no_text_breaks_the_reader_or_gives_a_value_without_digits(self, text: str) -> None:
        reading = reader_of(CASES)(text)
        assert (reading.value is not None) == (reading.status == "answered")
        if reading.value is not None:
            assert any(character.isdigit() for character in text)


class TestDates:
    @pytest.mark.parametrize(
        "cell",
        [
            date(2022, 10, 1),
            datetime(2022, 10, 1, 9, 30),
            44835,
            44835.0,
            "2022-10-01",
            "2022/10/1",
            "2022.10.1",
            "2022年10月1日",
            "令和4年10月1日",
            "令和４年１０月１日",
            "令和 4 年 10 月 1 日",
            "R4.10.1",
            "Ｒ４．１０．１",
            "R4/10/1",
            "R4年10月1日現在",
        ],
    )
    def test_one_day_in_many_hands(self, cell: object) -> None:
        assert read_date(cell).value == "2022-10-01"  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("R4.12末", "2022-12-31"),
            ("令和４年１２月末", "2022-12-31"),
            ("2024年2月末日", "2024-02-29"),
            ("令和元年5月1日", "2019-05-01"),
            ("平成31年6月1日", "2019-06-01"),
            ("昭和64年1月7日", "1989-01-07"),
            ("H30.4.1", "2018-04-01"),
            ("大正15年1月1日", "1926-01-01"),
        ],
    )
    def test_eras_and_month_ends(self, text: str, day: str) -> None:
        assert read_date(text).value == day

    @pytest.mark.parametrize(
        "cell",
        [
            "2022年10月",
            "4月頃",
            "H31.41",
            "2022-13-01",
            "2022-02-30",
            "令和4年",
            "20221001",
            3,
            12.5,
            "平成10年代",
            "R1.1.1x",
            True,
            time(9, 0),
        ],
    )
    def test_what_is_no_day_is_not_guessed(self, cell: object) -> None:
        assert read_date(cell).status == "unreadable"  # type: ignore[arg-type]

    def test_an_era_does_not_reach_back_before_its_first_year(self) -> None:
        assert read_date("令和元年1月1日").value == "2019-01-01"
        assert find_date("昭和元年12月25日") == date(1926, 12, 25)

    def test_marks_and_blanks(self) -> None:
        assert read_date("未定").status == "undetermined"
        assert read_date("－").status == "not_applicable"
        assert read_date("").status == "not_answered"

    @given(st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)))
    def test_serials_and_texts_agree(self, day: date) -> None:
        serial = (day - date(1899, 12, 30)).days
        assert read_date(serial).value == read_date(day.isoformat()).value == day.isoformat()

    @pytest.mark.parametrize(
        ("text", "month"),
        [
            ("2022年4月", "2022-04"),
            ("202204", "2022-04"),
            ("R4.4", "2022-04"),
            ("2022/04", "2022-04"),
        ],
    )
    def test_months(self, text: str, month: str) -> None:
        assert read_month(text).value == month
        assert read_month(date(2022, 4, 1)).value == "2022-04"

    def test_months_that_are_none(self) -> None:
        assert read_month("4月").status == "unreadable"
        assert read_month("202213").status == "unreadable"
        assert read_month("").status == "not_answered"

    def test_a_day_inside_a_heading(self) -> None:
        assert find_date("交付枚数\n【R5.1末時点】") == date(2023, 1, 31)
        assert find_date("総数（人口）【Ｈ２８．１．１時点】") == date(2016, 1, 1)
        assert find_date("交付枚数") is None
        with pytest.raises(ValueError, match="H31"):
            find_date("交付枚数【H31.41時点】")


class TestChoices:
    @pytest.mark.parametrize(
        ("cell", "value"),
        [("済", "済"), ("済み", "済"), (" 実施 済 ", "済"), ("未", "未定"), ("予定\n", "予定")],
    )
    def test_synonyms_lead_to_the_choice(self, cell: str, value: str) -> None:
        assert reader_of(STATUS)(cell).value == value

    def test_a_choice_comes_before_a_mark(self) -> None:
        assert reader_of(STATUS)("未定") == ("未定", "answered", "")

    def test_other_words_are_not_guessed(self) -> None:
        assert reader_of(STATUS)("だいたい済").status == "unreadable"
        assert reader_of(STATUS)("－").status == "not_applicable"
        assert reader_of(STATUS)("").status == "not_answered"

    def test_a_blank_may_stand_for_a_choice(self) -> None:
        assert reader_of(NO_CHANGE)("") == ("非該当", "answered", "blank_is")


class TestTexts:
    def test_only_white_space_is_changed(self) -> None:
        assert read_text(" おくやみコーナー\n（窓口） ") == (
            "おくやみコーナー （窓口）",
            "answered",
            "white_space",
        )
        assert read_text("①") == ("①", "answered", "")

    def test_ditto_is_not_an_answer(self) -> None:
        assert read_text("同上").status == "unreadable"

    def test_codes_lose_width_and_white_space(self) -> None:
        assert read_code("Ｔ１２０３－０１").value == "T1203-01"
        assert read_code(1203.0).value == "1203"
        assert read_code("").status == "not_answered"

    def test_raw_text_is_what_stands_there(self) -> None:
        assert raw_text_of(23.0) == "23"
        assert raw_text_of(0.593) == "0.593"
        assert raw_text_of(datetime(2022, 1, 2, 3, 4)) == "2022-01-02 03:04:00"
