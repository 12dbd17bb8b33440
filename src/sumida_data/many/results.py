"""What all municipalities made, together: views over Parquet, sums, and a page of peers."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from sumida_data.base.database import connect, write_views
from sumida_data.base.disk import replace_file
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.plan.models import Indicator, Plans
from sumida_data.present.words import Language, load_templates

# Also written for Spark, by sqlglot: what both engines say must be equal.
SUMS = """
SELECT indicator_id, period, count(value) AS municipalities,
    sum(numerator) AS numerator, sum(denominator) AS denominator
FROM indicator_value
GROUP BY indicator_id, period
ORDER BY indicator_id, period
"""
RESPONSES = """
SELECT municipality_code, period, count(DISTINCT department_code) AS asked,
    count(DISTINCT department_code) FILTER (
        WHERE response_status IN ('received', 'no_change')
    ) AS answered
FROM response WHERE department_code IS NOT NULL
GROUP BY municipality_code, period
ORDER BY municipality_code, period
"""
PEERS = """
SELECT v.*, p.progress_ratio, p.verdict
FROM indicator_value AS v
LEFT JOIN indicator_progress AS p
    ON v.municipality_code = p.municipality_code AND v.indicator_id = p.indicator_id
    AND v.period = p.period AND v.revision = p.revision AND p.method = $method
WHERE v.indicator_id = $indicator AND v.period = $period
ORDER BY v.municipality_code
"""
SENT_TWICE = """
SELECT file_sha256, string_agg(municipality_code, '、' ORDER BY municipality_code) AS codes
FROM (
    SELECT DISTINCT file_sha256, municipality_code FROM response WHERE file_sha256 IS NOT NULL
) AS sent
GROUP BY file_sha256 HAVING count(*) > 1
ORDER BY codes
"""
# A municipality's code is a text.
_PLACES = ds.partitioning(
    pa.schema({"municipality": pa.string(), "quarter": pa.string()}), flavor="hive"
)


class Results:
    """The tables of all municipalities, read where they lie: by DuckDB, or by a session of Spark.

    The queries are one text, which sqlglot also writes for Spark.
    """

    def __init__(self, folder: Path, session: Any = None) -> None:
        self.folder = folder
        self.tables = sorted({path.parent.name for path in folder.glob("*/municipality=*")})
        self.session = session

    def ask(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a query over the tables; none where there are no tables."""
        if not self.tables:
            return []
        if self.session:
            # Only who has Spark has it.
            from sqlglot import exp, parse_one  # noqa: PLC0415

            parsed = parse_one(query, read="duckdb")
            for name in {table.name for table in parsed.find_all(exp.Table)}.intersection(
                self.tables
            ):
                self.session.read.parquet(str(self.folder / name)).createOrReplaceTempView(name)
            statement = parsed.sql("spark")
            answer = self.session.sql(statement, args=dict(parameters or {}))
            return [row.asDict() for row in answer.collect()]
        with connect() as connection:
            for name in self.tables:
                connection.register(name, ds.dataset(self.folder / name, partitioning=_PLACES))
            found = connection.sql(query, params=dict(parameters or {})).to_arrow_table()
            rows: list[Row] = found.to_pylist()
            return rows

    def hash_tables(self) -> dict[str, str]:
        """Return for each table a hash of its rows that does not depend on their order."""
        query = "SELECT count(*)::VARCHAR || ':' || sum(hash(t)::HUGEINT) AS hash FROM {} AS t"
        return {name: self.ask(query.format(name))[0]["hash"] for name in self.tables}

    def find_sent_twice(self) -> list[str]:
        """Return the municipalities, joined by 、, under which the very same file lies."""
        return [row["codes"] for row in self.ask(SENT_TWICE)]

    def write_views(self, database: Path) -> None:
        """Write a database of views over the files, for analysts."""
        write_views(database, {name: self.folder / name / "*/*/*.parquet" for name in self.tables})

    def write_page(self, path: Path, plans: Plans, dictionary: DataDictionary) -> None:
        """Write the page that places each municipality among the others."""
        newest = {row["indicator_id"]: row for row in self.ask(SUMS)}
        indicators = [
            self._describe(one, newest[one.indicator_id], plan.methods[0].method)
            for plan in plans.root
            for one in plan.indicators
            if one.indicator_id in newest
        ]
        page = load_templates("many").get_template("peers.html")
        words = {"responses": self.ask(RESPONSES), "language": Language("ja", dictionary)}
        replace_file(path, page.render(indicators=indicators, **words).encode())

    def _describe(self, indicator: Indicator, whole: Row, method: str) -> dict[str, Any]:
        names = {"indicator": indicator.indicator_id, "period": whole["period"], "method": method}
        rows = self.ask(PEERS, names)
        return {
            "indicator": indicator,
            "whole": whole,
            "rows": rows,
            "longest": max([*(row["value"] or Decimal(0) for row in rows), Decimal(1)]),
            "comparable": len({(row["as_of"], row["definition_version"]) for row in rows}) == 1,
        }
