"""What holds for any text; the table of examples is tested in `test_text_examples`."""

import unicodedata
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sumida_data.base.periods import format_era_date
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text import (
    find_date,
    find_unusual_characters,
    fold,
    raw_text_of,
    read_code,
    read_date,
    read_month,
    read_text,
    reader_of,
)

CASES = FormField(name="cases", title="年間件数", title_en="Cases", type="integer", unit="件")
RATE = FormField(
    name="rate", title="率", title_en="Rate", type="number", unit="%", minimum=0, maximum=100
)
STARTED_ON = FormField(name="started_on", title="開始日", title_en="Started on", type="date")
MONTH = FormField(name="month", title="年月", title_en="Month", type="yearmonth")
CODE = FormField(name="code", title="番号", title_en="Code", unique=True)
NAME = FormField(name="name", title="名前", title_en="Name", required=True)
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
FIELDS = (CASES, RATE, STARTED_ON, MONTH, CODE, NAME, STATUS, NO_CHANGE)

# Any text, and texts made of what officers write, which come much closer to being read.
WORDS = ["約", "延べ", "件", "人", "△", "−", "ー", "〇", "一", "十", "万", "、", ",", ".", "/", "%"]
WORDS += [
    "令和",
    "R",
    "元",
    "年",
    "月",
    "日",
    "末",
    "予定",
    "①",
    "１",
    "2",
    "0",
    "済",
    "○",
    "\n",
    "　",
]
TEXTS = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(WORDS), max_size=8).map("".join))
DAYS = st.dates(min_value=date(1873, 1, 1), max_value=date(2099, 12, 31))


class TestAnyText:
    @given(st.sampled_from(FIELDS), TEXTS)
    def test_it_is_read_or_refused(self, field: FormField, text: str) -> None:
        reading = reader_of(field)(text)
        assert (reading.value is not None) == (reading.status == "answered")

    @given(st.sampled_from(FIELDS), TEXTS)
    def test_a_value_reads_as_itself(self, field: FormField, text: str) -> None:
        read = reader_of(field)
        value = read(text).value
        if value is not None and field is not RATE:
            again = read(value)
            assert (again.value, set(again.rules.split()) - {"month_text"}) == (value, set())

    @given(st.sampled_from(FIELDS), TEXTS)
    def test_a_change_has_a_name(self, field: FormField, text: str) -> None:
        reading = reader_of(field)(text)
        if reading.value not in (None, text):
            assert reading.rules

    @given(TEXTS)
    def test_a_number_has_its_digits_in_the_text(self, text: str) -> None:
        value = reader_of(CASES)(text).value
        if value is not None:
            counting = [c for c in text if unicodedata.numeric(c, None) is not None]
            assert counting or set(text) & set("十百千万億")
            plain = [c for c in unicodedata.normalize("NFKC", text) if c in "123456789"]
            assert plain == [c for c in value if c in "123456789"][: len(plain)]

    @given(TEXTS)
    def test_a_day_has_its_year_in_the_text(self, text: str) -> None:
        value = read_date(text).value
        if value is not None:
            assert any(unicodedata.numeric(c, None) is not None or c == "元" for c in text)


class TestNumbers:
    @given(st.integers(min_value=-(10**12), max_value=10**12))
    def test_every_way_of_writing_a_number_reads_the_same(self, number: int) -> None:
        read = reader_of(CASES)
        full_width = str(number).translate(str.maketrans("0123456789-", "０１２３４５６７８９－"))
        texts = (str(number), f"{number:,}", full_width, f"約{number}件", f"\u200b{number} ")
        assert {read(text).value for text in texts} == {str(number)}
        assert read(float(number)).value == str(number)

    @given(st.integers(min_value=1, max_value=9999))
    def test_kanji_numerals(self, number: int) -> None:
        digits = "〇一二三四五六七八九"
        parts = zip(f"{number:04}", "千百十 ", strict=True)
        text = "".join(digits[int(d)] + power for d, power in parts if d != "0").replace(" ", "")
        assert reader_of(CASES)(f"{text}件").value == str(number)
        assert reader_of(CASES)(f"1万{text}").value in (str(10000 + number), None)

    @given(st.decimals(min_value=0, max_value=100, places=1))
    def test_a_share_with_its_sign_is_never_in_doubt(self, share: object) -> None:
        assert reader_of(RATE)(f"{share}%").value == str(share)

    @pytest.mark.parametrize(
        ("share", "value"), [("0.3", None), ("1", None), ("30", "30"), ("120", "120"), ("-5", "-5")]
    )
    def test_a_share_without_bounds_may_be_a_fraction(self, share: str, value: str | None) -> None:
        effect = RATE.model_copy(update={"minimum": None, "maximum": None})
        reading = reader_of(effect)(share)
        assert (reading.value, reading.rules) == (value, "" if value else "two_readings")

    @pytest.mark.parametrize("cell", [12.5, True, date(2022, 1, 1), 1e20])
    def test_cells_that_hold_no_count(self, cell: object) -> None:
        assert reader_of(CASES)(cell).status == "unreadable"  # type: ignore[arg-type]


class TestDates:
    @given(DAYS)
    def test_eras_and_western_years_agree(self, day: date) -> None:
        texts = (day.isoformat(), format_era_date(day), f"{day:%Y/%m/%d}")
        assert {read_date(text).value for text in texts} == {day.isoformat()}
        assert "outside_era" not in read_date(format_era_date(day)).rules

    @given(st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)))
    def test_serials_and_texts_agree(self, day: date) -> None:
        serial = (day - date(1899, 12, 30)).days
        assert read_date(serial).value == read_date(float(serial)).value == day.isoformat()

    def test_cells_that_hold_a_day(self) -> None:
        assert read_date(date(2022, 10, 1)) == ("2022-10-01", "answered", "")
        assert read_date(datetime(2022, 10, 1, 9, 30)).value == "2022-10-01"
        assert read_date(time(9, 0)).status == "unreadable"
        assert read_date(bool(1)).status == "unreadable"

    def test_months_that_are_none(self) -> None:
        assert read_month("4月").status == "unreadable"
        assert read_month("202213").status == "unreadable"
        assert read_month("").status == "not_answered"
        # The number 2022.10 arrives as 2022.1.
        assert read_month(2022.1).rules == "two_readings"
        assert read_month(2022.11).value == "2022-11"

    def test_a_day_inside_a_heading(self) -> None:
        assert find_date("交付枚数\n【R5.1末時点】") == date(2023, 1, 31)
        assert find_date("総数（人口）【Ｈ２８．１．１時点】") == date(2016, 1, 1)
        assert find_date("昭和元年12月25日") == date(1926, 12, 25)
        assert find_date("交付枚数") is None
        assert find_date("2022.12.1 15時現在") == date(2022, 12, 1)
        assert find_date("R4.12.1　15時時点") == date(2022, 12, 1)
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

    def test_a_blank_may_stand_for_a_choice(self) -> None:
        assert reader_of(NO_CHANGE)("") == ("非該当", "answered", "blank_is")


class TestTexts:
    def test_only_white_space_is_changed(self) -> None:
        assert read_text(" おくやみコーナー\n（窓口） ").value == "おくやみコーナー （窓口）"

    def test_a_name_is_never_changed_for_its_characters(self) -> None:
        assert read_text("⿊田區髙橋") == ("⿊田區髙橋", "answered", "")

    @pytest.mark.parametrize(
        ("name", "unusual"),
        [
            ("⻄区", {"⻄": "西"}),
            ("⿊田", {"⿊": "黒"}),
            ("\uf9d1本木", {"\uf9d1": "六"}),
            ("墨田區髙橋", {"區": "区", "髙": "高"}),
            ("⺐", {"⺐": "外字"}),
            ("\ue000橋", {"\ue000": "外字"}),
            ("転出届・ＲＰＡ①", {}),
            ("RPA", {}),
        ],
    )
    def test_unusual_characters_are_named(self, name: str, unusual: dict[str, str]) -> None:
        assert find_unusual_characters(name) == unusual

    def test_codes_lose_width_and_white_space(self) -> None:
        assert read_code("Ｔ１２０３－０１").value == "T1203-01"
        assert [read_code(text).status for text in ("該当なし", "－", "未定")] == [
            "not_applicable",
            "not_applicable",
            "undetermined",
        ]
        assert read_code(1203.0).value == "1203"
        assert read_code("").status == "not_answered"

    def test_what_is_compared_has_no_width_and_nothing_unseen(self) -> None:
        assert fold("ｷｬｯｼｭﾚｽ\u200b Ａ") == fold("キャッシュレスa")

    def test_raw_text_is_what_stands_there(self) -> None:
        assert raw_text_of(23.0) == "23"
        assert raw_text_of(0.593) == "0.593"
        assert raw_text_of(datetime(2022, 1, 2, 3, 4)) == "2022-01-02 03:04:00"
