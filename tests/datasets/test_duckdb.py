"""The DuckDB dataset: types, comments, and what a crash leaves behind."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from kedro.io import DatasetError

from sumida_data.datasets.duckdb import DuckDBDataset
from sumida_data.frames import build_frame
from sumida_data.opendata.database import Database

VALUE = {
    "row_id": "131075/mynumber_card_rate/FY2022Q3/1",
    "municipality_code": "131075",
    "indicator_id": "mynumber_card_rate",
    "as_of": date(2023, 1, 31),
    "value": Decimal("59.3"),
    "revision": 1,
    "unit": "%",
    "sample": True,
}


@pytest.fixture
def database(dictionary):
    procedure = {"row_id": "p1", "procedure_name": "'); DROP TABLE indicator_value; --"}
    rows = {"indicator_value": [VALUE], "procedure": [procedure]}
    frames = {name: build_frame(dictionary[name], rows[name]) for name in rows}
    return Database(frames, dictionary)


@pytest.fixture
def dataset(tmp_path):
    return DuckDBDataset(filepath=str(tmp_path / "data" / "sumida.duckdb"))


@pytest.fixture
def connection(dataset, database):
    dataset.save(database)
    with dataset.load() as connection:
        yield connection


def test_columns_have_the_types_of_the_dictionary(connection):
    described = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'indicator_value'"
    ).fetchall()
    types = dict(described)
    assert types["value"] == "DECIMAL(18,4)"
    assert types["as_of"] == "DATE"
    assert types["revision"] == "BIGINT"
    assert types["sample"] == "BOOLEAN"
    assert types["municipality_code"] == "VARCHAR"


def test_values_come_back_as_they_were(connection):
    row = connection.execute(
        "SELECT municipality_code, value, as_of, numerator FROM indicator_value"
    ).fetchall()
    assert row == [("131075", Decimal("59.3000"), date(2023, 1, 31), None)]
    name = connection.execute("SELECT procedure_name FROM procedure").fetchone()
    assert name == ("'); DROP TABLE indicator_value; --",)


def test_every_table_and_column_has_a_japanese_comment(connection):
    tables = dict(connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    assert set(tables) == {"indicator_value", "procedure", "data_dictionary"}
    assert tables["indicator_value"].startswith("指標の値：1行は、1つの指標の1つの期間の値")
    columns = connection.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    comments = {(table, column): comment for table, column, comment in columns}
    assert all(comments.values())
    assert comments["procedure", "annual_cases"] == (
        "年間件数：1年間の申請や届出の件数。（単位：件）"
    )


def test_the_data_dictionary_lists_every_column_of_every_table(connection):
    listed = connection.execute("SELECT table_name, column_name FROM data_dictionary").fetchall()
    stored = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert sorted(listed) == sorted(stored)
    row = connection.execute(
        "SELECT table_title, column_title, column_title_en, type, unit FROM data_dictionary "
        "WHERE table_name = 'procedure' AND column_name = 'annual_cases'"
    ).fetchone()
    assert row == ("行政手続", "年間件数", "Cases a year", "integer", "件")


def test_the_connection_cannot_write(connection):
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("DELETE FROM indicator_value")


def test_the_file_is_one_that_duckdb_1_2_opens(connection):
    (tags,) = connection.execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'sumida'"
    ).fetchone()
    assert tags.startswith("v1.2.0")


def test_saving_again_replaces_everything(dataset, database, dictionary):
    dataset.save(database)
    dataset.save(Database({"indicator_value": database.tables["indicator_value"]}, dictionary))
    with dataset.load() as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert sorted(names) == [("data_dictionary",), ("indicator_value",)]


def test_a_reader_keeps_what_it_sees_while_the_file_is_replaced(dataset, database, dictionary):
    dataset.save(database)
    with dataset.load() as reader:
        dataset.save(Database({}, dictionary))
        assert reader.execute("SELECT count(*) FROM indicator_value").fetchone() == (1,)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(dataset, database, tmp_path):
    dataset.save(database)
    broken = Database({"answer": database.tables["procedure"]}, database.dictionary)
    with pytest.raises(DatasetError):
        dataset.save(broken)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sumida.duckdb"]
    with dataset.load() as connection:
        assert connection.execute("SELECT count(*) FROM procedure").fetchone() == (1,)


def test_exists_tells_whether_the_file_is_there(dataset, database):
    assert not dataset.exists()
    dataset.save(database)
    assert dataset.exists()


def test_a_path_with_a_quote_works(tmp_path, database):
    dataset = DuckDBDataset(filepath=str(tmp_path / "o'brien.duckdb"))
    dataset.save(database)
    assert dataset.exists()
