"""SQL is data, not power: it reads tables, and nothing else of this machine."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from sumida_data.base import database
from sumida_data.base.database import SqlError, check_select, connect, run_query
from sumida_data.packages.models import Views
from sumida_data.plan.models import Plans
from sumida_data.quality.rules import QualityRules, Query

SECRET = "山田太郎のパスワード"  # noqa: S105


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text(f"{SECRET}\n")
    return path


class TestConnection:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM read_csv('{path}')",
            "SELECT * FROM read_text('{path}')",
            "SELECT * FROM sniff_csv('{path}')",
            "SELECT * FROM glob('{path}*')",
            "SELECT * FROM '{path}'",
            "COPY (SELECT 1) TO '{path}'",
            "ATTACH '{path}' AS other",
            "EXPORT DATABASE '{path}'",
            "IMPORT DATABASE '{path}'",
            "INSTALL httpfs",
            "LOAD '{path}'",
            "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "RESET memory_limit",
            "SELECT * FROM local_frame",
        ],
    )
    def test_reaches_no_file_no_network_no_setting_no_variable(self, secret_file, statement):
        local_frame = pa.table({"a": [1]})
        with connect() as connection, pytest.raises(duckdb.Error) as caught:
            connection.execute(statement.format(path=secret_file))
        assert SECRET not in str(caught.value)
        assert secret_file.read_text() == f"{SECRET}\n"
        assert local_frame.num_rows == 1

    def test_has_a_memory_limit_and_reads_what_is_registered(self):
        with connect() as connection:
            connection.register("t", pa.table({"a": [1, 2]}))
            assert run_query(connection, "SELECT sum(a) FROM t") == [(3,)]
            ((limit,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
            assert limit

    def test_a_query_ends_in_time(self, monkeypatch):
        monkeypatch.setattr(database, "_SECONDS_ALLOWED", 0.2)
        endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"
        with connect() as connection, pytest.raises(SqlError, match="終わりません"):
            run_query(connection, endless)

    def test_an_error_quotes_the_sql_and_not_the_data(self):
        with connect() as connection:
            connection.register("t", pa.table({"a": [SECRET]}))
            with pytest.raises(SqlError, match="データに使えない計算") as caught:
                run_query(connection, "SELECT a::INTEGER FROM t")
            assert SECRET not in str(caught.value)
            assert caught.value.__cause__ is None
            words = "SQLの missing_column のあたりが誤っています。近い名前は a です"
            with pytest.raises(SqlError, match=f"^{words}$"):
                run_query(connection, "SELECT missing_column FROM t")


class TestSelect:
    @pytest.mark.parametrize(
        ("sql", "words"),
        [
            ("DROP TABLE procedure", "1つのSELECT文だけ"),
            ("SELECT 1; SELECT 2", "1つのSELECT文だけ"),
            ("", "1つのSELECT文だけ"),
            ("SELECT 1 FROM t WHERE", r"\(SQLの WHERE のあたりが誤っています\)"),
            ('SELECT "a', r"\(SQLの 引用符や括弧 のあたりが誤っています\)"),
            ("SELECT 1) AS q; COPY t TO 'x'; SELECT (1", "1つのSELECT文だけ"),
            ("COPY procedure TO '/tmp/x'", "1つのSELECT文だけ"),
            ("ATTACH 'x.db'", "1つのSELECT文だけ"),
            ("PRAGMA database_list", "1つのSELECT文だけ"),
            ("SET memory_limit = '1GB'", "1つのSELECT文だけ"),
            ("CALL pragma_version()", "1つのSELECT文だけ"),
            ("SELECT * FROM read_csv('/etc/passwd')", "read_csv は使えません"),
            ("SELECT (SELECT count(*) FROM glob('/*')) AS n FROM procedure", "glob"),
            ("WITH q AS (FROM read_text('x')) SELECT * FROM q", "read_text"),
            ("SELECT * FROM query('SELECT 1')", "query"),
            ("SELECT * FROM duckdb_settings()", "duckdb_settings"),
            ("SELECT * FROM duckdb_tables", "duckdb_tables"),
            ("SELECT * FROM information_schema.tables", "tables"),
            ("SELECT * FROM pg_catalog.pg_class", "pg_class"),
            ("SELECT * FROM sqlite_master", "sqlite_master"),
            ("SELECT * FROM other.main.procedure", "procedure"),
            ("SELECT * FROM '/etc/passwd'", "/etc/passwd"),
            ('SELECT * FROM "data.parquet"', "data.parquet"),
            ("SHOW TABLES", "SHOW"),
            ("SUMMARIZE procedure", "SHOW"),
            ("SELECT current_setting('temp_directory')", "current_setting"),
            ("SELECT * FROM Information_Schema.tables", "tables"),
            ("SELECT * FROM DuckDB_Tables", "DuckDB_Tables"),
            ("SELECT random() FROM procedure", "random"),
            ("SELECT row_id FROM procedure WHERE as_of < Current_Date", "Current_Date"),
            ("SELECT Now()", "now"),
            ("SELECT current_user", "current_user"),
            ("SELECT write_log('x')", "write_log"),
            ("SELECT * FROM procedure TABLESAMPLE 10%", "SAMPLE"),
            ("SELECT * FROM procedure USING SAMPLE 10 ROWS", "SAMPLE"),
        ],
    )
    def test_refuses_anything_else(self, sql, words):
        with pytest.raises(ValueError, match=words) as caught:
            check_select(sql)
        assert "\n" not in str(caught.value).replace(sql, "")

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT {columns} FROM indicator_value",
            "FROM procedure",
            "WITH q AS (SELECT 1 AS a) SELECT a FROM q UNION ALL SELECT $period",
            "SELECT unnest([1, 2])",
            "SELECT * FROM unnest([1, 2]) CROSS JOIN range(3)",
        ],
    )
    def test_takes_what_reads_tables(self, sql):
        assert check_select(sql) == sql

    @pytest.mark.parametrize(
        ("model", "key"),
        [(Views, "views"), (QualityRules, "quality_rules"), (Plans, "plans")],
    )
    def test_is_asked_of_all_sql_in_parameters(self, raw_parameters: dict[str, Any], model, key):
        evil = "SELECT * FROM read_csv('/etc/passwd')"

        def spoil(node: Any, done: list[bool]) -> Any:
            if isinstance(node, dict):
                return {
                    name: evil
                    if name == "query" and done.append(True) is None
                    else spoil(one, done)
                    for name, one in node.items()
                }
            return [spoil(one, done) for one in node] if isinstance(node, list) else node

        done: list[bool] = []
        spoiled = spoil(raw_parameters[key], done)
        assert done
        with pytest.raises(ValueError, match="read_csv は使えません"):
            model.model_validate(spoiled)


def test_a_rule_that_is_data_needs_no_sql():
    with pytest.raises(ValueError, match="SELECT"):
        Query(query="DELETE FROM answer")
