"""Versions: what raises which number, what is refused, and what stays as it is."""

import json
from functools import partial

import pytest

from sumida_data.base.metadata import DataDictionary
from sumida_data.packages.models import PackageError, Packages
from sumida_data.packages.versions import DAY_TO_COME
from tests.packages.conftest import PROCEDURE

NAME = "online-procedures"
SECOND = PROCEDURE | {"procedure_number": "T1203-01", "procedure_name": "住民税の申告"}
NEXT = {"period": "FY2022Q4"}


def read_log(files, name=NAME):
    return json.loads(files[f"{name}/changelog.json"])["versions"]


def read_version(files, name=NAME):
    return read_log(files, name)[0]["version"]


def read_words(files, name=NAME):
    return [change["text"] for change in read_log(files, name)[0]["changes"]]


def change_field(dictionary, table, name, **changes):
    """The dictionary in which one field is different, or left out if no change is given."""
    described = dictionary.model_dump()
    for one in described["tables"]:
        if one["name"] == table:
            fields = [field for field in one["fields"] if field["name"] != name or changes]
            one["fields"] = [f | changes if f["name"] == name else f for f in fields]
    return DataDictionary.model_validate(described)


def add_field(dictionary, table, **field):
    described = dictionary.model_dump()
    for one in described["tables"]:
        if one["name"] == table:
            one["fields"] = [*one["fields"], field]
    return DataDictionary.model_validate(described)


def without_resource(packages, table, **deprecated):
    described = packages.model_dump()
    kept = [r for r in described["packages"][0]["resources"] if r["table"] != table or deprecated]
    described["packages"][0]["resources"] = [
        r | deprecated if r["table"] == table else r for r in kept
    ]
    return Packages.model_validate(described)


@pytest.fixture(scope="module")
def packages(raw_parameters):
    """Only two packages, because each test builds them several times."""
    described = raw_parameters["packages"]
    return Packages.model_validate(described | {"packages": described["packages"][:2]})


@pytest.fixture(scope="module")
def build(build_packages_of, packages):
    return partial(build_packages_of, packages)


@pytest.fixture(scope="module")
def first(build):
    return build()


HERE = f"https://www.city.sumida.lg.jp/kuseijoho/sumida_info/opendata/dx/dataset/{NAME}"


class TestFirst:
    def test_is_1_0_0_at_an_address_of_its_own(self, first):
        descriptor = json.loads(first[f"{NAME}/datapackage.json"])
        assert descriptor["version"] == "1.0.0"
        assert descriptor["sumida:address"] == f"{HERE}/1.0.0/"
        assert descriptor["sumida:latest"] == f"{HERE}/latest/"
        assert read_log(first) == [
            {
                "version": "1.0.0",
                "published_on": DAY_TO_COME,
                "as_of": "2022-12-31",
                "address": f"{HERE}/1.0.0/",
                "changes": [{"level": "minor", "text": "最初の版を公開した。"}],
            }
        ]

    def test_of_real_data_does_not_continue_sample_data(self, build, frames):
        rows = [row | {"sample": True} for row in (PROCEDURE, SECOND)]
        sample = build(procedure=rows)
        with_one = build(before=sample, procedure=[PROCEDURE])
        assert [one["version"] for one in read_log(with_one)] == ["1.0.0"]
        assert with_one == build(procedure=[PROCEDURE])


class TestUnchanged:
    def test_keeps_version_and_bytes(self, build, first):
        # So do targets whose decided_on, a part of their key, is empty.
        assert build(before=first) == first

    def test_stays_so_after_several_versions(self, build, first):
        second = build(before=first, procedure=[PROCEDURE, SECOND, PROCEDURE | NEXT])
        again = build(before=second, procedure=[PROCEDURE, SECOND, PROCEDURE | NEXT])
        assert read_version(second) == "1.1.0"
        assert again == second

    def test_only_the_package_that_differs_gets_a_version(self, build, first):
        second = build(before=first, procedure=[PROCEDURE])
        changed = {path.split("/")[0] for path in second if second[path] != first[path]}
        assert changed == {NAME}


class TestRows:
    def test_new_rows_are_minor(self, build, first):
        second = build(before=first, procedure=[PROCEDURE, SECOND, PROCEDURE | NEXT])
        assert read_version(second) == "1.1.0"
        assert read_words(second) == ["表「行政手続」(procedure)の1行を加えた。"]

    def test_a_changed_row_is_a_patch(self, build, first):
        changed = PROCEDURE | {"annual_cases": 1300}
        second = build(before=first, procedure=[changed, SECOND])
        assert read_version(second) == "1.0.1"
        assert read_words(second) == ["表「行政手続」(procedure)の1行の値を改めた。"]

    def test_a_value_that_became_missing_is_a_change(self, build, first):
        gone = PROCEDURE | {"annual_cases": None, "annual_cases_status": "not_answered"}
        assert read_version(build(before=first, procedure=[gone, SECOND])) == "1.0.1"

    def test_a_row_taken_back_is_a_patch(self, build, first):
        second = build(before=first, procedure=[PROCEDURE])
        assert read_version(second) == "1.0.1"
        assert read_words(second) == ["表「行政手続」(procedure)の1行を取り消した。"]

    def test_several_changes_raise_the_largest_number_and_are_all_told(self, build, first):
        rows = [PROCEDURE | {"annual_cases": 1}, PROCEDURE | NEXT]
        second = build(before=first, procedure=rows)
        assert read_version(second) == "1.1.0"
        assert len(read_words(second)) == 3

    def test_history_is_kept_newest_first(self, build, first):
        second = build(before=first, procedure=[PROCEDURE])
        third = build(before=second, procedure=[PROCEDURE, SECOND])
        assert [one["version"] for one in read_log(third)] == ["1.1.0", "1.0.1", "1.0.0"]
        readme = third[f"{NAME}/README.md"].decode()
        assert "### 1.0.1(2022-12-31現在)" in readme
        assert "1行を取り消した" in readme


class TestColumns:
    def test_a_new_column_is_minor_and_no_row_counts_as_changed(self, build, first, dictionary):
        wider = add_field(
            dictionary,
            "procedure",
            name="web_page",
            title="案内ページ",
            title_en="Web page",
            published=True,
        )
        second = build(before=first, tables=wider, procedure=[PROCEDURE, SECOND])
        assert read_version(second) == "1.1.0"
        assert read_words(second) == [
            "表「行政手続」(procedure)の列「案内ページ」(web_page)を加えた。"
        ]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"type": "string"}, "の型をintegerからstringに改めた。"),
            ({"unit": "通"}, "の単位を件から通に改めた。"),
        ],
    )
    def test_another_type_or_unit_is_major(self, build, first, dictionary, change, words):
        other = change_field(dictionary, "procedure", "annual_cases", **change)
        number = 1200 if change.get("type") is None else "1200"
        rows = [one | {"annual_cases": number} for one in (PROCEDURE, SECOND)]
        second = build(before=first, tables=other, procedure=rows)
        assert read_version(second) == "2.0.0"
        assert f"表「行政手続」(procedure)の列「年間件数」(annual_cases){words}" in read_words(
            second
        )

    def test_a_narrower_choice_is_major_and_a_wider_one_minor(self, build, first, dictionary):
        choices = {
            "2.0.0": ("済", "予定", "未定"),
            "1.1.0": ("済", "予定", "未定", "対象外", "調査中"),
        }
        for version, enum in choices.items():
            other = change_field(dictionary, "procedure", "online_status", enum=enum)
            rows = [PROCEDURE, SECOND]
            second = build(before=first, tables=other, procedure=rows)
            assert read_version(second) == version

    def test_limiting_a_text_to_choices_is_major_and_freeing_it_minor(
        self, build, first, dictionary
    ):
        limited = change_field(dictionary, "procedure", "application_system", enum=("窓口",))
        second = build(before=first, tables=limited, procedure=[PROCEDURE, SECOND])
        third = build(before=second)
        assert [read_version(second), read_version(third)] == ["2.0.0", "2.1.0"]

    def test_another_key_is_major(self, build_packages_of, first, packages):
        described = packages.model_dump()
        key = ["municipality_code", "period", "department_code", "procedure_number"]
        described["packages"][1]["resources"][0]["primary_key"] = key
        second = build_packages_of(Packages.model_validate(described), before=first)
        assert read_version(second) == "2.0.0"
        assert "行を区別する列を" in read_words(second)[0]

    def test_another_description_is_a_patch(self, build, first, dictionary):
        other = change_field(dictionary, "procedure", "fee", description="手数料の有無。")
        second = build(before=first, tables=other, procedure=[PROCEDURE, SECOND])
        assert read_version(second) == "1.0.1"
        assert read_words(second) == ["説明やファイルの書き方を改めた。"]


class TestRemoval:
    def test_without_announcement_is_refused_in_one_line(self, build, first, dictionary):
        narrower = change_field(dictionary, "procedure", "fee")
        with pytest.raises(
            PackageError, match="online-procedures: 表 procedure の列 fee は予告なし"
        ):
            build(before=first, tables=narrower, procedure=[PROCEDURE])

    def test_in_the_quarter_of_its_announcement_is_refused(self, build, first, dictionary):
        announced = change_field(dictionary, "procedure", "fee", deprecated="FY2022Q3")
        second = build(before=first, tables=announced, procedure=[PROCEDURE, SECOND])
        narrower = change_field(dictionary, "procedure", "fee")
        with pytest.raises(PackageError, match="なくせるのは FY2022Q4 から"):
            build(before=second, tables=narrower, procedure=[PROCEDURE, SECOND])

    def test_one_quarter_later_is_a_major_version(self, build, first, dictionary):
        announced = change_field(dictionary, "procedure", "fee", deprecated="FY2022Q3")
        second = build(before=first, tables=announced, procedure=[PROCEDURE, SECOND])
        assert read_version(second) == "1.0.1"
        assert read_words(second) == [
            "表「行政手続」(procedure)の列「手数料」(fee)をなくすことを予告した(FY2022Q3)。"
        ]
        assert "なくなる予定の列です" in second[f"{NAME}/README.md"].decode()
        narrower = change_field(dictionary, "procedure", "fee")
        rows = [PROCEDURE, SECOND, PROCEDURE | NEXT]
        third = build(before=second, tables=narrower, procedure=rows)
        assert read_version(third) == "2.0.0"
        assert "の列「手数料」(fee)をなくした。" in read_words(third)[0]

    def test_only_what_was_published_counts_as_announced(self, build, first, dictionary):
        described = change_field(dictionary, "procedure", "fee", deprecated="FY2022Q1")
        narrower = change_field(described, "procedure", "fee")
        with pytest.raises(PackageError, match="予告なし"):
            build(before=first, tables=narrower, procedure=[PROCEDURE | NEXT])

    def test_announced_for_a_column_holds_for_its_status_too(self, build, first, dictionary):
        announced = change_field(
            dictionary, "indicator_target", "decided_on", deprecated="FY2022Q3"
        )
        second = build(before=first, tables=announced)
        words = read_words(second, "dx-indicators")
        assert [text.partition("の列")[2] for text in words] == [
            "「決定日」(decided_on)をなくすことを予告した(FY2022Q3)。",
            "「決定日の状態」(decided_on_status)をなくすことを予告した(FY2022Q3)。",
        ]

    def test_of_a_table_follows_the_same_rule(self, build_packages_of, first, packages):
        narrower = without_resource(packages, "correction")
        with pytest.raises(PackageError, match="dx-indicators: 表 correction は予告なし"):
            build_packages_of(narrower, before=first)
        announced = without_resource(packages, "correction", deprecated="FY2022Q2")
        second = build_packages_of(announced, before=first)
        third = build_packages_of(narrower, before=second)
        assert read_version(third, "dx-indicators") == "2.0.0"
        assert read_words(third, "dx-indicators") == ["表「訂正」(correction)をなくした。"]

    def test_a_new_table_is_minor(self, build, build_packages_of, packages):
        narrower = without_resource(packages, "correction")
        second = build(before=build_packages_of(narrower))
        assert read_version(second, "dx-indicators") == "1.1.0"
        assert read_words(second, "dx-indicators") == ["表「訂正」(correction)を加えた。"]
