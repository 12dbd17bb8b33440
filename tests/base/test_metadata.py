from decimal import Decimal

import pytest
from pydantic import ValidationError

from sumida_data.base.metadata import DataDictionary, Field, Gap, Table

CODE = Field(name="code", title="コード", title_en="Code")


def table(**changes: object) -> Table:
    return Table.model_validate(
        {
            "name": "t",
            "title": "表",
            "title_en": "T",
            "description": "1行は…",
            "primary_key": ["code"],
            "fields": [CODE],
        }
        | changes
    )


def test_a_personal_field_cannot_be_published() -> None:
    with pytest.raises(ValidationError, match="公開"):
        Field(name="email", title="メール", title_en="E-mail", personal=True, published=True)


@pytest.mark.parametrize("name", ["課コード", "Code", "1st", "a" * 64, "a-b"])
def test_a_machine_name_is_one_that_every_database_keeps(name: str) -> None:
    with pytest.raises(ValidationError):
        Field(name=name, title="x", title_en="x")


def test_columns_are_unique_and_keys_among_them() -> None:
    with pytest.raises(ValidationError, match="fields の code が2回書かれています"):
        table(fields=[CODE, CODE])
    with pytest.raises(ValidationError, match="主キー"):
        table(primary_key=["other"])


def test_what_is_not_described_is_refused_by_name(dictionary: DataDictionary) -> None:
    assert dictionary["procedure"].field("fee").title == "手数料"
    assert "procedure" in dictionary
    assert "nothing" not in dictionary
    with pytest.raises(KeyError, match="nothing"):
        dictionary["nothing"]
    with pytest.raises(KeyError, match="nothing"):
        dictionary["procedure"].field("nothing")


def test_every_table_says_what_a_row_is_and_every_column_what_it_means(
    dictionary: DataDictionary,
) -> None:
    for one in dictionary.tables:
        assert one.description.startswith("1行は"), one.name
        for field in one.fields:
            assert field.description, f"{one.name}.{field.name}"
            assert field.title_en, f"{one.name}.{field.name}"


def test_a_number_or_day_of_the_survey_says_why_it_is_empty(dictionary: DataDictionary) -> None:
    names = dictionary["procedure"].column_names
    assert names[names.index("annual_cases") + 1] == "annual_cases_status"
    assert names[names.index("online_started_on") + 1] == "online_started_on_status"
    assert "fee_status" not in names


def test_free_text_is_not_published_as_a_whole() -> None:
    with pytest.raises(ValidationError, match="free_text"):
        Field(name="remarks", title="備考", title_en="Remarks", free_text=True, published=True)


def test_every_code_has_a_word_in_both_languages(dictionary: DataDictionary) -> None:
    for table in dictionary.tables:
        for field in table.fields:
            for name, code in field.codes.items():
                assert code.title, f"{table.name}.{field.name}.{name}"
                assert code.title_en, f"{table.name}.{field.name}.{name}"
    column = "indicator_progress.verdict"
    assert dictionary.word(column, "on_track") == "順調"
    assert dictionary.word(column, "on_track", "en") == "On track"
    assert next(iter(dictionary.words(column))) == "achieved"


def test_codes_with_their_meanings_become_choices_and_end_the_description():
    codes = {"up": "上がる", "keep": {"title": "保つ", "description": "下がらないようにする"}}
    field = Field(name="goal", title="向き", title_en="Goal", description="目標。", enum=codes)
    assert field.enum == ("up", "keep")
    assert field.codes["keep"].title == "保つ"
    assert field.description == "目標。up 上がる、keep 下がらないようにする。"
    assert Field.model_validate(field.model_dump(mode="json")) == field


@pytest.mark.parametrize(
    ("missing", "total", "allowed", "exceeds"),
    [
        (0, 80, "0.1", False),
        (8, 80, "0.1", False),
        (9, 80, "0.1", True),
        (80, 80, "0.1", True),
        (5, 100, "0.05", False),
        (6, 100, "0.05", True),
        # Nothing asked is no gap.
        (0, 0, "0.1", False),
    ],
)
def test_a_gap_exceeds_what_is_allowed(
    missing: int, total: int, allowed: str, *, exceeds: bool
) -> None:
    gap = Gap(title="未回答の課", missing=missing, total=total, allowed_share=Decimal(allowed))
    assert gap.exceeds_quota == exceeds
