"""The quarter as the office runs it, and the laws that hold for all that comes out."""

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from python_calamine import CalamineWorkbook

from sumida_data.plan.values import round_half_up
from sumida_data.survey.reading.layout import cell_address
from sumida_data.survey.reading.text import raw_text_of
from sumida_data.survey.reading.workbook import open_workbook
from tests.project import PROJECT, Project, Quarter, read_products


@pytest.fixture(scope="module")
def database(quarter: Quarter) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(quarter.data / "sumida.duckdb"), read_only=True) as connection:
        yield connection


def test_it_ends_with_what_happened_and_what_to_do(quarter: Quarter) -> None:
    run = quarter.run
    assert run.code == 2, run.output
    for words in (
        "23手続",
        "59.3%",
        "延べ3回",
        "回収率92.0%",
        "順調",
        "未回答",
        "次にすること",
        "data/sumida.duckdb",
        "progress_report.html",
    ):
        assert words in run.output
    assert run.output.rstrip().endswith("調査票1件、指摘2件。")


def test_failed_checks_are_named_in_words_before_approval(quarter: Quarter) -> None:
    proposal = json.loads((quarter.data / "06_catalog/changes.json").read_text("utf-8"))
    [approval_rate] = [one for one in proposal["failed_checks"] if "Q401" in one]
    assert "：指標の進み具合「文書管理システム電子決裁率」、1行のうち1行が合わない" in approval_rate


def test_every_table_of_the_dictionary_is_in_the_database_with_comments(
    quarter: Quarter, database: duckdb.DuckDBPyConnection
) -> None:
    described = json.loads((quarter.data / "03_primary/data_dictionary.json").read_text("utf-8"))
    tables = dict(database.sql("SELECT table_name, comment FROM duckdb_tables()").fetchall())
    columns = database.sql(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    # The ledger of receipts is remembered apart.
    for table in (one for one in described["tables"] if one["name"] != "receipt"):
        key = f"（主キー：{'、'.join(table['primary_key'])}）"
        assert tables[table["name"]] == f"{table['title']}：{table['description']}{key}"
        names = [column for name, column, _ in columns if name == table["name"]]
        assert names == [field["name"] for field in table["fields"]]
    assert all(comment for _, _, comment in columns)
    views = database.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    # Those of the schemas say the same as their tables.
    assert all(
        comment and comment == tables.get(name, comment) for name, comment in views.fetchall()
    )


def test_every_measured_value_leads_back_to_its_cells(
    quarter: Quarter, database: duckdb.DuckDBPyConnection
) -> None:
    cells = database.sql(
        "SELECT DISTINCT source_file, file_sha256, sheet, cell, raw_text FROM lineage"
        " WHERE role <> 'searched'"
    ).fetchall()
    assert len(cells) > 3000
    # A name that a sender gave to a file is not told; its contents are known by their hash.
    received = [path for path in (quarter.data / "01_raw").rglob("*") if path.is_file()]
    paths = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in received}
    files = {}
    for file, sha256, sheet, cell, raw_text in cells:
        if file not in files:
            content = paths[sha256].read_bytes()
            texts = {
                (one.name, cell_address(r, c)): raw_text_of(value)
                for one in open_workbook(content, file).sheets
                for r, row in enumerate(one.rows)
                for c, value in enumerate(row)
            }
            files[file] = (hashlib.sha256(content).hexdigest(), texts)
        assert files[file][0] == sha256
        assert files[file][1][sheet, cell] == raw_text
    without = database.sql(
        "SELECT v.indicator_id, v.period FROM indicator_value v ANTI JOIN lineage l "
        "USING (municipality_code, indicator_id, period, revision) WHERE v.value IS NOT NULL"
    ).fetchall()
    assert without == []


# Fields of a denominator that are taken away from the others.
TAKEN_AWAY = {"exempt"}


def test_every_value_follows_from_the_cells_it_leads_back_to(
    database: duckdb.DuckDBPyConnection,
) -> None:
    cells = database.sql(
        "SELECT indicator_id, period, role, row_id, field, value FROM lineage"
        " WHERE role <> 'searched'"
    ).fetchall()
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    rows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, period, role, row_id, field, value in cells:
        rows[name, period].add(row_id)
        if value.isdecimal():
            sums[name, period, role] += Decimal(value) * (-1 if field in TAKEN_AWAY else 1)
    figures = database.sql(
        "SELECT v.indicator_id, period, value, denominator, decimals FROM indicator_value AS v "
        "JOIN indicator AS i USING (plan_id, indicator_id, definition_version) "
        "WHERE value IS NOT NULL"
    ).fetchall()
    assert len(figures) > 30
    for name, period, value, denominator, decimals in figures:
        again = Decimal(len(rows[name, period]))
        if denominator is not None:
            parts = (sums[name, period, role] for role in ("numerator", "denominator"))
            numerator, divisor = parts
            again = round_half_up(100 * numerator / divisor, decimals)
        assert again == value, (name, period)


def test_rows_that_count_add_up_to_the_value(database: duckdb.DuckDBPyConnection) -> None:
    differing = database.sql(
        "SELECT v.indicator_id, v.period FROM indicator_value v JOIN ("
        "  SELECT indicator_id, period, count(DISTINCT row_id) AS rows FROM lineage"
        "  WHERE role <> 'searched' GROUP BY ALL"
        ") USING (indicator_id, period) WHERE v.denominator IS NULL AND v.numerator != rows"
    ).fetchall()
    assert differing == []


class TestLaws:
    def test_personal_fields_never_leave_ingest(self, quarter: Quarter) -> None:
        personal = {"見本 太郎", "見本 花子", "例示 一郎", "例示 京子", "@example.jp"}
        read = 0
        for path in sorted((quarter.data / "01_raw/survey").rglob("*.xlsx"))[:20]:
            book = CalamineWorkbook.from_path(str(path))
            read += any(
                name in str(book.get_sheet_by_name("表紙").to_python()) for name in personal
            )
        assert read == 20
        for name, content in read_products(quarter.data):
            is_table = name.endswith(".parquet")
            text = pd.read_parquet(io.BytesIO(content)).to_csv() if is_table else ""
            for secret in personal:
                assert secret.encode() not in content + text.encode(), name

    def test_the_database_holds_no_personal_field(
        self, database: duckdb.DuckDBPyConnection
    ) -> None:
        names = {
            name for (name,) in database.sql("SELECT column_name FROM duckdb_columns()").fetchall()
        }
        assert names.isdisjoint({"respondent", "extension", "email"})
        assert database.sql(
            "SELECT count(*) FROM answer WHERE raw_text LIKE '%見本 %'"
        ).fetchall() == [(0,)]

    def test_missing_is_not_zero_in_any_form(
        self, quarter: Quarter, database: duckdb.DuckDBPyConnection
    ) -> None:
        question = "indicator_id = 'standardized_systems' AND period = 'FY2022Q3'"
        row = database.sql(
            f"SELECT value, value_status FROM indicator_value WHERE {question}"
        ).fetchall()
        assert row == [(None, "not_measured")]
        zero = database.sql(
            "SELECT value, value_status FROM indicator_value "
            "WHERE indicator_id = 'serious_incidents' AND period = 'FY2022Q3'"
        ).fetchall()
        assert zero == [(0, "measured")]
        published = pd.read_csv(
            quarter.data / "05_package/dx-indicators/indicator_value.csv",
            dtype=str,
            keep_default_na=False,
        )
        values = published[published["period"] == "FY2022Q3"].set_index("indicator_id")["value"]
        assert (
            values["standardized_systems"],
            values["serious_incidents"],
            values["mynumber_card_rate"],
        ) == ("", "0", "59.3")

    @pytest.mark.long
    def test_the_same_input_gives_the_same_bytes(
        self, quarter: Quarter, sample_project: Project, tmp_path: Path
    ) -> None:
        again = sample_project.copy_to(tmp_path / "project")
        assert again.kedro("run").code == 2
        first, second = (dict(read_products(path / "data")) for path in (quarter.path, again.path))
        assert first.keys() == second.keys()
        differing = [name for name in first if first[name] != second[name]]
        assert differing == ["sumida.duckdb"]
        self._compare_databases(quarter.data / "sumida.duckdb", again.path / "data/sumida.duckdb")

    def _compare_databases(self, one: Path, other: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(
                f"ATTACH '{one}' AS one (READ_ONLY); ATTACH '{other}' AS other (READ_ONLY)"
            )
            tables = connection.sql(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'one'"
            ).fetchall()
            for (table,) in tables:
                question = f"SELECT count(*) FROM (FROM one.{table} EXCEPT ALL FROM other.{table})"
                assert connection.sql(question).fetchall() == [(0,)], table

    def test_sample_data_are_stamped_in_every_product(
        self, quarter: Quarter, database: duckdb.DuckDBPyConnection
    ) -> None:
        products = dict(read_products(quarter.data))
        stamps = ("見本データ".encode(), b"<strong>Sample data</strong>")
        stamped = {
            name.partition("!")[0]
            for name, content in products.items()
            if any(stamp in content for stamp in stamps)
        }
        for people in (".html", ".md", ".xlsx", "datapackage.json"):
            names = [name for name in products if name.endswith(people)]
            assert names
            assert [name for name in names if name not in stamped] == []
        for table in ("indicator_value", "indicator_progress", "procedure"):
            for path in (quarter.data / "05_package").rglob(f"{table}.csv"):
                assert pd.read_csv(path)["sample"].all(), table
                assert pd.read_parquet(path.with_suffix(".parquet"))["sample"].all(), table
        assert database.sql("SELECT bool_and(sample) FROM indicator_value").fetchall() == [(True,)]

    def test_telemetry_is_off(self, quarter: Quarter) -> None:
        assert yaml.safe_load((PROJECT / ".telemetry").read_text()) == {"consent": False}
        assert "kedro_telemetry" not in (quarter.path / "pyproject.toml").read_text("utf-8")
        assert "telemetry" not in quarter.run.output.lower()
