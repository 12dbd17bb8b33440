"""The DuckDB dataset: types, comments, and what a crash leaves behind."""

import json
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from kedro.io import DatasetError

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.datasets import DuckDBDataset
from sumida_data.packages.database import MADE_HERE, Database
from sumida_data.packages.models import Views

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


SERIES = Views.model_validate(
    {
        "views": [
            {
                "name": "value_series",
                "title": "指標の推移",
                "title_en": "Series",
                "description": "1行は、1つの値。",
                "tables": ["indicator_value"],
                "fields": ["indicator_id", "value"],
                "query": "SELECT {columns} FROM indicator_value QUALIFY "
                "row_number() OVER (PARTITION BY indicator_id ORDER BY revision DESC) = 1",
            }
        ],
        "macros": [
            {
                "name": "find_column",
                "title": "列を探す",
                "description": "題に言葉を含む列。",
                "parameters": ["word"],
                "example": "FROM find_column('値')",
                "query": "SELECT column_name FROM data_dictionary "
                "WHERE contains(column_title, word)",
            }
        ],
    }
)


@pytest.fixture
def database(dictionary):
    procedure = {"row_id": "p1", "procedure_name": "'); DROP TABLE indicator_value; --"}
    rows = {"indicator_value": [VALUE], "procedure": [procedure]}
    frames = {name: build_frame(dictionary[name], rows[name]) for name in rows}
    return Database(frames, dictionary, SERIES)


@pytest.fixture
def dataset(tmp_path):
    return DuckDBDataset(
        filepath=str(tmp_path / "data/sumida.duckdb"), state=str(tmp_path / "state.json")
    )


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
    assert set(tables) == {"indicator_value", "procedure"} | set(MADE_HERE)
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
    tables = {"indicator_value": database.tables["indicator_value"]}
    dataset.save(replace(database, tables=tables))
    with dataset.load() as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert {name for (name,) in names} == {"indicator_value"} | set(MADE_HERE)


def test_a_reader_keeps_what_it_sees_while_the_file_is_replaced(dataset, database, dictionary):
    dataset.save(database)
    with dataset.load() as reader:
        dataset.save(Database({}, dictionary, Views(views=(), macros=())))
        assert reader.execute("SELECT count(*) FROM indicator_value").fetchone() == (1,)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(dataset, database, tmp_path):
    dataset.save(database)
    broken = replace(database, tables={"answer": database.tables["procedure"]})
    with pytest.raises(DatasetError):
        dataset.save(broken)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sumida.duckdb"]
    with dataset.load() as connection:
        assert connection.execute("SELECT count(*) FROM procedure").fetchone() == (1,)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_private_database_is_for_its_owner_alone(dataset, database, tmp_path):
    dataset.save(replace(database, private=True))
    assert dataset._filepath.stat().st_mode & 0o777 == 0o600


def test_exists_tells_whether_the_file_is_there(dataset, database):
    assert not dataset.exists()
    dataset.save(database)
    assert dataset.exists()


def test_a_path_with_a_quote_works(tmp_path, database):
    dataset = DuckDBDataset(
        filepath=str(tmp_path / "o'brien.duckdb"), state=str(tmp_path / "state.json")
    )
    dataset.save(database)
    assert dataset.exists()


class TestBuilds:
    """What the file says of itself, run after run."""

    def test_the_same_content_has_the_same_run_id(self, dataset, database):
        ids = []
        for _ in range(2):
            dataset.save(database)
            with dataset.load() as connection:
                ids += connection.execute("SELECT run_id FROM database_build").fetchall()
        assert ids[0] == ids[1]

    def test_another_content_has_another_run_id(self, dataset, database, dictionary):
        dataset.save(database)
        with dataset.load() as connection:
            [before] = connection.execute("SELECT run_id FROM database_build").fetchall()
        other = build_frame(dictionary["indicator_value"], [VALUE | {"value": Decimal("59.4")}])
        dataset.save(replace(database, tables=database.tables | {"indicator_value": other}))
        with dataset.load() as connection:
            assert connection.execute("SELECT run_id FROM database_build").fetchall() != [before]

    def test_a_column_that_came_or_changed_its_type_is_told_even_when_the_file_is_gone(
        self, dataset, database, tmp_path
    ):
        procedure = database.dictionary["procedure"]
        old = procedure.model_copy(
            update={
                "fields": tuple(
                    field.model_copy(update={"type": "string"})
                    if field.name == "annual_cases"
                    else field
                    for field in procedure.fields
                    if field.name != "fee"
                )
            }
        )
        others = tuple(t for t in database.dictionary.tables if t.name != "procedure")
        frame = build_frame(old, [{"row_id": "p1"}])
        dataset.save(
            replace(
                database,
                dictionary=DataDictionary(tables=(old, *others)),
                tables=database.tables | {"procedure": frame},
            )
        )
        for _ in range(2):  # what was told once stays, and is not told again
            (tmp_path / "data/sumida.duckdb").unlink()
            dataset.save(database)
        with dataset.load() as connection:
            changes = connection.execute(
                "SELECT table_name, column_name, schema_change, type_before, type_after "
                "FROM schema_change"
            ).fetchall()
        assert changes == [
            ("procedure", "annual_cases", "retyped", "string", "integer"),
            ("procedure", "fee", "added", None, "string"),
        ]

    def test_a_file_that_is_no_database_is_replaced(self, dataset, database, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data/sumida.duckdb").write_bytes(b"no database")
        dataset.save(database)
        with dataset.load() as connection:
            assert connection.execute("SELECT * FROM schema_change").fetchall() == []


def test_a_foreign_log_is_set_aside_and_told(dataset, database, tmp_path, caplog):
    dataset.save(database)
    log = tmp_path / "data/sumida.duckdb.wal"
    log.write_bytes(b"what somebody wrote who opened the file for writing")
    dataset.save(database)
    assert "sumida.duckdb.wal.aside に移しました" in caplog.text
    assert not log.exists()
    with dataset.load() as connection:
        assert connection.execute("SELECT count(*) FROM procedure").fetchone() == (1,)


_KILLED_WHILE_SAVING = """
import os, pickle, signal, sys
import sumida_data.datasets as module
import sumida_data.packages.database as database

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def kill_after(function):
    def run(*arguments, **named):
        function(*arguments, **named)
        kill()
    return run

step, filepath, content = sys.argv[1], sys.argv[2], sys.argv[3]
if step == "before the first table":
    module.write_tables = kill
elif step == "after the first table":
    database._create = kill_after(database._create)
elif step == "before the views":
    database._list_statements = kill
elif step == "before the checkpoint":
    module.write_tables = kill_after(module.write_tables)
elif step == "before the swap":
    module.DuckDBDataset._set_foreign_log_aside = kill
elif step == "after the swap":
    module.Path.replace = kill_after(module.Path.replace)
with open(content, "rb") as file:
    data = pickle.load(file)
module.DuckDBDataset(filepath=filepath, state=filepath + ".json").save(data)
"""


@pytest.mark.parametrize(
    ("step", "rows"),
    [
        ("before the first table", 1),
        ("after the first table", 1),
        ("before the views", 1),
        ("before the checkpoint", 1),
        ("before the swap", 1),
        ("after the swap", 2),
    ],
)
def test_a_kill_leaves_the_old_file_or_the_new_one(step, rows, dataset, database, tmp_path):
    dataset.save(database)
    filepath, content = tmp_path / "data/sumida.duckdb", tmp_path / "content.pickle"
    values = [VALUE, VALUE | {"row_id": "another", "revision": 2}]
    frame = build_frame(database.dictionary["indicator_value"], values)
    new = replace(database, tables=database.tables | {"indicator_value": frame})
    content.write_bytes(pickle.dumps(new))
    with dataset.load() as reader:
        command = [sys.executable, "-c", _KILLED_WHILE_SAVING, step, str(filepath), str(content)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert reader.execute("SELECT count(*) FROM indicator_value").fetchall() == [(1,)]
    with dataset.load() as reader:
        assert reader.execute("SELECT count(*) FROM value_series").fetchall() == [(1,)]
        assert reader.execute("SELECT count(*) FROM indicator_value").fetchall() == [(rows,)]
    dataset.save(new)
    with dataset.load() as reader:
        assert reader.execute("SELECT count(*) FROM indicator_value").fetchall() == [(2,)]


def test_records_of_runs_are_a_table_without_names_that_senders_gave(
    database: Database, tmp_path: Path
) -> None:
    record = {
        "started": "2023-01-20T01:00:00+00:00",
        "exit_code": 2,
        "account": "tanaka",
        "inputs": {
            "data/01_raw/survey/FY2022Q3/1203_田中太郎.xlsx": "abcdef0123456789",
            "data/01_raw/reference/departments.csv": "99",
        },
        "findings": {"F301": 3},
        "stages": {"ingest": {"seconds": 1.5, "in": {}, "out": {"answer": 7}}},
    }
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "1.json").write_text(json.dumps(record), "utf-8")
    (runs / "2.json").write_text("{", "utf-8")
    paths = {name: str(tmp_path / name) for name in ("filepath", "state", "runs")}
    dataset = DuckDBDataset(**paths)
    dataset.save(database)
    with dataset.load() as connection:
        rows = connection.sql("SELECT DISTINCT run_started FROM run_record").fetchall()
        assert rows == [(record["started"],)]
        told = connection.sql("SELECT part, name, value FROM run_record").fetchall()
    assert ("input", "data/01_raw/survey/FY2022Q3/abcdef012345.xlsx", "abcdef0123456789") in told
    assert ("input", "data/01_raw/reference/departments.csv", "99") in told
    assert ("run", "exit_code", "2") in told
    assert ("finding", "F301", "3") in told
    assert ("stage", "ingest out", '{"answer": 7}') in told
    assert "tanaka" not in str(told)
