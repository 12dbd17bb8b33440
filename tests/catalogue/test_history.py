"""What was ever published, and what stood there on a day, asked in SQL."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from sumida_data.base.frames import build_frame, to_arrow
from sumida_data.catalogue.history import (
    describe_figures,
    list_publications,
    merge_histories,
    read_histories,
)
from sumida_data.packages.models import Views
from tests.catalogue.office import Office, make_catalogue, make_cells, make_dataset, make_values

ONE = ("x", "FY2022Q3", 1, "23")
TWO = ("x", "FY2022Q3", 2, "24")
FIRST = make_catalogue(make_dataset("a", "1.0.0", indicator_value__parquet=make_values(ONE)))
SECOND = make_catalogue(make_dataset("a", "1.1.0", indicator_value__parquet=make_values(ONE, TWO)))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that published on 1 February, corrected on 1 March and took it back on the 9th."""
    office = Office(tmp_path, day=date(2023, 2, 1), lineage=make_cells(ONE, "F19"))
    office.approve_and_publish(FIRST)
    office.day, office.lineage = date(2023, 3, 1), make_cells(TWO, "F20")
    office.approve_and_publish(SECOND)
    office.day = date(2023, 3, 9)
    office.undo()
    return office


@pytest.fixture
def histories(office):
    return read_histories(office.path / "record")


class TestAsPublished:
    @pytest.fixture
    def connection(self, histories, dictionary, raw_parameters):
        views = Views.model_validate(raw_parameters["views"])
        [macro] = [one for one in views.macros if one.name == "indicator_value_as_published"]
        tables = list_publications(histories)
        del tables["publication_dataset"]
        with duckdb.connect() as connection:
            for name, rows in tables.items():
                # The published table of a whole run has every column.
                complete = [
                    {"value_status": "measured", "definition_version": "1"} | r for r in rows
                ]
                connection.from_arrow(to_arrow(build_frame(dictionary[name], complete))).create(
                    name
                )
            parameters = ", ".join(macro.parameters)
            connection.execute(f"CREATE MACRO {macro.name}({parameters}) AS TABLE {macro.query}")
            yield connection

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("2023-01-31", []),
            ("2023-02-01", [(1, 23)]),
            ("2023-02-28", [(1, 23)]),
            ("2023-03-01", [(1, 23), (2, 24)]),
            ("2023-03-08", [(1, 23), (2, 24)]),
            ("2023-03-09", [(1, 23)]),
            ("2030-01-01", [(1, 23)]),
        ],
    )
    def test_a_day_shows_what_readers_saw_then(self, connection, day, expected):
        question = (
            f"SELECT revision, value FROM indicator_value_as_published('folder', DATE '{day}')"
        )
        assert connection.sql(question).fetchall() == expected

    def test_another_target_has_a_history_of_its_own(self, connection):
        question = "FROM indicator_value_as_published('ckan', DATE '2030-01-01')"
        assert connection.sql(question).fetchall() == []


class TestHistory:
    def test_names_every_publication_and_undo(self, histories):
        rows = [
            (row["publication_id"], row["kind"], row["published_on"], row["content_of"])
            for row in list_publications(histories)["publication"]
        ]
        assert rows == [
            ("P0001", "publish", date(2023, 2, 1), "P0001"),
            ("P0002", "publish", date(2023, 3, 1), "P0002"),
            ("P0003", "undo", date(2023, 3, 9), "P0001"),
        ]
        versions = [row["version"] for row in list_publications(histories)["publication_dataset"]]
        assert versions == ["1.0.0", "1.1.0", "1.0.0"]

    def test_no_person_is_named_in_the_tables(self, histories):
        assert "見本 部長" not in str(list_publications(histories))

    def test_what_was_taken_back_was_public_once_but_stands_no_more(self, histories):
        published = merge_histories(histories)
        assert [row["revision"] for row in published.public] == [1]
        assert [row["revision"] for row in published.ever] == [1, 2]

    def test_the_cells_of_every_revision_stay(self, histories):
        cells = merge_histories(histories).lineage.sort_by("revision").to_pylist()
        assert [(row["revision"], row["cell"]) for row in cells] == [(1, "F19"), (2, "F20")]

    def test_nothing_published_is_no_history(self, tmp_path):
        assert read_histories(tmp_path / "record") == []
        nothing = merge_histories([])
        assert (nothing.public, nothing.ever, nothing.lineage) == ([], [], None)

    def test_two_targets_are_one_past(self, office):
        Path(office.path / "record/ckan").mkdir()
        for name in ("publications.jsonl", "values.parquet", "lineage.parquet"):
            content = (office.path / "record/folder" / name).read_bytes()
            changed = content.replace(b'"folder"', b'"ckan"')
            (office.path / "record/ckan" / name).write_bytes(changed)
        histories = read_histories(office.path / "record")
        assert [history.target for history in histories] == ["ckan", "folder"]
        published = merge_histories(histories)
        assert [row["revision"] for row in published.ever] == [1, 2]
        assert published.lineage.num_rows == 2

    def test_a_publication_without_values_keeps_none(self, tmp_path):
        office = Office(tmp_path)
        office.approve_and_publish(make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n")))
        [history] = read_histories(tmp_path / "record")
        assert history.values == []
        assert history.lineage is None


def test_who_approves_sees_the_figures_that_change_and_the_revisions_decided(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, lineage=make_cells(ONE, "F19"))
    office.approve_and_publish(FIRST)
    histories = read_histories(office.path / "record")
    title = "題 x"
    shared = {"indicator_id": "x", "indicator_title": title, "unit": "手続"}
    values = [
        shared | {"period": "FY2022Q3", "revision": 1, "value": Decimal(23)},
        shared | {"period": "FY2022Q3", "revision": 2, "value": Decimal("24.50")},
        shared | {"period": "FY2022Q4", "revision": 1, "value": None},
    ]
    notice = {"reason": "桁の誤り", "decided_by": "課長", "decided_on": date(2023, 3, 1)}
    notices = [shared | notice | {"period": "FY2022Q3", "revision": 2}]
    figures, revised = describe_figures(histories, "folder", values, notices)
    assert [(one.title, one.period, one.before, one.after) for one in figures] == [
        (title, "FY2022Q3", "23", "24.5手続"),
        (title, "FY2022Q4", "まだない", "なし"),
    ]
    assert revised == ("題 x FY2022Q3 改訂2：桁の誤り(課長、2023-03-01)",)
    # Where nothing is public yet, all figures are new, and none is revised.
    figures, revised = describe_figures(histories, "ckan", values, notices)
    assert [(one.before, one.after) for one in figures] == [
        *(("まだない", "24.5手続"), ("まだない", "なし"))
    ]
    assert revised == ()
    # What is public already is no news.
    assert describe_figures(histories, "folder", [values[0] | {"unit": None}], []) == ((), ())
