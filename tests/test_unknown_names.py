"""Names that another file does not know are told before anything runs."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sumida_data.parameters import find_mistakes
from tests.project import PROJECT

FOLDER = PROJECT / "conf/base/parameters"
Tell = Callable[[Callable[[dict[str, Any]], object]], list[str]]


@pytest.fixture
def tell(raw_parameters: dict[str, Any]) -> Tell:
    """Return a function that changes the parameters and returns what is told of that."""

    def tell_of(change: Callable[[dict[str, Any]], object]) -> list[str]:
        changed = deepcopy(raw_parameters)
        change(changed)
        return [line.removeprefix(f"{FOLDER}/") for line in find_mistakes(changed, FOLDER)]

    return tell_of


def find(rows: list[Any], **named: str) -> dict[str, Any]:
    """The one row that is so named."""
    [row] = [row for row in rows if isinstance(row, dict) and named.items() <= row.items()]
    return row


def source(raw: dict[str, Any]) -> dict[str, Any]:
    return find(raw["sources"], source="document_approval")


def table(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return find(raw["tables"]["tables"], name=name)


def package(raw: dict[str, Any], name: str = "dx-indicators") -> dict[str, Any]:
    return find(raw["packages"]["packages"], name=name)


class TestSources:
    def test_each_field_is_a_column_and_each_column_is_filled(self, tell: Tell) -> None:
        def rename(raw: dict[str, Any]) -> None:
            find(find(raw["sources"], source="open_dataset")["fields"], name="file_format").update(
                name="format"
            )

        unknown, unfilled = tell(rename)
        assert unknown.startswith("sources.yml: open_dataset の項目 'format' — 使えるのは row_id、")
        assert unfilled.startswith(
            "sources.yml: open_dataset に、表 open_dataset の列 'file_format' に入る項目がありません"
        )

    def test_a_table_is_described(self, tell: Tell) -> None:
        lines = tell(lambda raw: source(raw).update(table="library_loans"))
        assert (
            "sources.yml: document_approval の table = 'library_loans' — "
            "この名前の表を tables.yml に書いてください。"
        ) in lines

    def test_no_field_has_two_descriptions(self, tell: Tell) -> None:
        [line] = tell(lambda raw: source(raw)["fields"].append(source(raw)["fields"][0]))
        assert line.startswith("sources.yml: sources[1] = ")
        assert line.endswith(" の fields の month が2回書かれています。1つにしてください。")


class TestForm:
    def test_no_field_stands_twice_on_a_sheet(self, tell: Tell) -> None:
        def repeat(raw: dict[str, Any]) -> None:
            fields = raw["form"]["sheets"][1]["fields"]
            fields.append(find(fields, name="fee"))

        [line] = tell(repeat)
        assert line.startswith("form.yml: form.sheets[1] = ")
        assert line.endswith(" の fields の fee が2回書かれています。1つにしてください。")

    def test_a_name_leaves_room_for_its_status(self, tell: Tell) -> None:
        def rename(raw: dict[str, Any]) -> None:
            [sheet] = [one for one in raw["form"]["sheets"] if one["table"] == "training"]
            find(sheet["fields"], name="attendees")["name"] = "a" * 60

        assert any(line.startswith("tables.yml: status — ") for line in tell(rename))

    def test_no_field_has_the_name_of_a_column_that_every_table_has(self, tell: Tell) -> None:
        def rename(raw: dict[str, Any]) -> None:
            find(raw["form"]["sheets"][1]["fields"], name="remarks")["name"] = "period"

        [line] = tell(rename)
        assert line.startswith("form.yml: procedure の fields の period が2回書かれています")


class TestTables:
    def test_a_column_given_by_name_is_described(self, tell: Tell) -> None:
        [line] = tell(lambda raw: table(raw, "correction")["fields"].append("perriod"))
        assert line.startswith("tables.yml: tables = ")
        assert line.endswith(" — correction の列 perriod が fields にありません。")

    def test_a_key_is_a_column(self, tell: Tell) -> None:
        [line] = tell(lambda raw: table(raw, "correction").update(primary_key=["correction"]))
        assert line == "tables.yml: 表 correction の主キー correction が列にありません。"

    @pytest.mark.parametrize("name", ["published_on", "file_title"])
    def test_a_published_column_says_why_it_is_empty(self, tell: Tell, name: str) -> None:
        def forget(raw: dict[str, Any]) -> None:
            find(table(raw, "open_dataset")["fields"], name=name).pop("empty")
            package(raw)["resources"].append({"table": "open_dataset", "primary_key": ["file_id"]})

        [line] = tell(forget)
        assert line.startswith(f"tables.yml: 表 open_dataset の列 {name} — 公開する列です。")
        assert "empty: {code: 理由}" in line


class TestQualityRules:
    def test_a_table_is_known(self, tell: Tell) -> None:
        [line] = tell(lambda raw: raw["quality_rules"]["rules"][0].update(table="procedures"))
        assert line.startswith("quality_rules.yml: Q201 の table = 'procedures' — 使えるのは pro")

    def test_a_field_is_known(self, tell: Tell) -> None:
        [line] = tell(lambda raw: raw["quality_rules"]["rules"][0]["check"].update(field="fees"))
        assert line.startswith("quality_rules.yml: Q201 の項目 'fees' — 使えるのは row_id、")


class TestViews:
    def test_a_column_is_known_to_one_of_the_tables(self, tell: Tell) -> None:
        [line] = tell(
            lambda raw: find(raw["views"]["views"], name="procedure_not_online")["fields"].append(
                "branch"
            )
        )
        assert line.startswith(
            "views.yml: procedure_not_online の fields の 'branch' — 使えるのは row_id、"
        )

    def test_a_table_is_known(self, tell: Tell) -> None:
        [line] = tell(
            lambda raw: find(raw["views"]["views"], name="current_value")["tables"].append("fees")
        )
        assert line.startswith("views.yml: current_value の tables の 'fees' — 使えるのは pro")


class TestPackages:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (
                {"resources": [{"table": "indicater"}]},
                "dx-indicators — resources の table 'indicater' という表はありません。",
            ),
            (
                {"resources": [{"table": "correction"}]},
                "dx-indicators — 表 correction の primary_key に、公開しない列 row_id が",
            ),
            (
                {"resources": [{"table": "indicator", "only": {"knid": ["stock"]}}]},
                "dx-indicators — 表 indicator の only に、列 'knid' はありません。",
            ),
        ],
    )
    def test_tables_and_keys_can_be_published(
        self, tell: Tell, change: dict[str, Any], told: str
    ) -> None:
        [line] = tell(lambda raw: package(raw).update(change))
        assert line.startswith(f"packages.yml: {told}")

    def test_a_source_is_known(self, tell: Tell) -> None:
        [line] = tell(lambda raw: package(raw, "online-procedures").update(sources=["census"]))
        assert line.startswith(
            "packages.yml: online-procedures の sources の 'census' — 使えるのは survey、mynumber"
        )

    def test_the_licence_of_a_source_is_known(self, tell: Tell) -> None:
        def forget(raw: dict[str, Any]) -> None:
            del raw["packages"]["source_licenses"][1]
            raw["packages"]["packages"] = [package(raw, "mynumber-card")]

        [line] = tell(forget)
        assert line == (
            "packages.yml: mynumber-card の sources の mynumber_card の license = 'PDL-1.0' — "
            "使えるのは CC-BY-4.0 です。"
        )

    def test_the_sources_of_all_indicators_are_credited(self, tell: Tell) -> None:
        assert tell(lambda raw: package(raw)["sources"].remove("document_approval")) == [
            "packages.yml: dx-indicators の sources に 'document_approval' がありません。"
            "指標 electronic_approval_rate の出所なので、加えてください。"
        ]

    def test_a_package_of_some_indicators_credits_their_sources_only(self, tell: Tell) -> None:
        def restrict(raw: dict[str, Any]) -> None:
            ours = package(raw)
            ours["sources"] = ["mynumber_card"]
            find(ours["resources"], table="indicator_value")["only"] = {
                "indicator_id": ["mynumber_card_rate"]
            }

        assert tell(restrict) == []
