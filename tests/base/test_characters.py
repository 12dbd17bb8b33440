"""Characters that mislead, and what is done about them."""

import pytest

from sumida_data.base.characters import (
    combine,
    comparable,
    drop_unseen,
    is_within,
    name_unseen,
    show_direction,
    write_plainly,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ガイド", "カ\u3099イド"),
        ("葛\U000e0100西", "葛西"),
        ("住民税\u202c", "住民税"),
        ("研修（第１回）", "研修(第1回)"),
        ("研修【第1回】", "研修[第1回]"),
        ("ｵﾝﾗｲﾝ相談", "オンライン 相談"),
        ("T1203‐01", "t1203-01"),
        ("T1203⸺01", "T1203-01"),
        ("カ゛イド", "ガイド"),
        ("研修〖第1回〗", "研修＜第1回＞"),
        ("税·相談", "税・相談"),
        ("窓口\u2800相談", "窓口相談"),
        ("9時〜5時", "9時～5時"),
    ],
)
def test_what_people_read_alike_is_comparable(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


def test_other_words_stay_other_words() -> None:
    assert comparable("研修(第1回)") != comparable("研修(第2回)")
    assert comparable("はか") != comparable("ばか")


def test_unseen_characters_are_dropped_and_named() -> None:
    text = "\u202a120\u202c\u200b\ufe00\u3164\u180e"
    assert drop_unseen(text) == "120"
    assert name_unseen(text) == (
        "U+202A(文字の向きの記号)、U+202C(文字の向きの記号)、U+FE00(異体字を選ぶ記号)、"
        "U+3164(空白に見える文字)、U+180E(目に見えない文字)"
    )
    assert name_unseen("plain") == name_unseen("\u200bふつう") == ""


def test_letters_and_their_marks_become_one() -> None:
    assert combine("か\u3099い") == "がい"
    assert combine("e\u0301") == "é"
    # A compatibility ideograph stays, so that it can be reported.
    assert combine("\uf9d1\u3099") == "\uf9d1\u3099"


def test_what_turns_the_direction_of_writing_is_never_published() -> None:
    assert write_plainly("請求\u202exslx.\u202c①") == "請求xslx.(1)"
    assert write_plainly("葛\U000e0100西") == "葛\U000e0100西"


def test_what_turns_the_direction_of_writing_is_named_where_it_stands() -> None:
    assert show_direction("請求\u202exslx.exe") == "請求〔文字の向きの記号〕xslx.exe"
    assert show_direction("葛\U000e0100西\u200b.xlsx") == "葛\U000e0100西\u200b.xlsx"


@pytest.mark.parametrize("words", ["①号 の件", "(1)号の件", "（１）号の\n件"])
@pytest.mark.parametrize(
    "text", ["手続①号の件です", "手続(1)号の件です", "手続\u200b(1)号　の件です"]
)
def test_words_are_found_as_they_were_typed_and_as_they_were_published(
    words: str, text: str
) -> None:
    assert is_within(words, text)
    assert not is_within("②号の件", text)


def test_no_words_stand_nowhere() -> None:
    assert not is_within(" \u200b", "手続")
