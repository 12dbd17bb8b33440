"""What all municipalities made, together: views over Parquet, sums, and a page of peers."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from sumida_data.base.database import connect, write_views
from sumida_data.base.disk import replace_file
from sumida_data.base.metadata import DataDictionary
from sumida_data.plan.models import Plans
from sumida_data.present.templates import load_templates
from sumida_data.present.words import Language

Rows = list[dict[str, Any]]
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
_PEERS = """
SELECT v.*, p.progress_ratio, p.verdict
FROM indicator_value AS v
LEFT JOIN indicator_progress AS p
    ON v.municipality_code = p.municipality_code AND v.indicator_id = p.indicator_id
    AND v.period = p.period AND v.revision = p.revision AND p.method = $method
WHERE v.indicator_id = $indicator AND v.period = $period
ORDER BY v.municipality_code
"""
_TWICE = """
SELECT file_sha256, string_agg(DISTINCT municipality_code, '、' ORDER BY municipality_code) AS codes
FROM response WHERE file_sha256 IS NOT NULL
GROUP BY file_sha256 HAVING count(DISTINCT municipality_code) > 1
ORDER BY codes
"""


class Results:
    """The tables of all municipalities, read where they lie."""

    def __init__(self, folder: Path) -> None:
        """Find the tables in the folder of results."""
        self.folder = folder
        self.tables = sorted(
            path.name for path in folder.glob("*") if any(path.glob("municipality=*"))
        )

    def ask(self, query: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Return the rows of a query over the tables."""
        with connect() as connection:
            for name in self.tables:
                connection.register(name, ds.dataset(self.folder / name))
            connection.execute(query, parameters or {})
            names = [column[0] for column in connection.description or ()]
            return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]

    def hash_tables(self) -> dict[str, str]:
        """Return for each table a hash of its rows that does not depend on their order."""
        return {name: self._hash(name) for name in self.tables}

    def _hash(self, name: str) -> str:
        (row,) = self.ask(
            f"SELECT count(*) AS rows, sum(CAST(hash(t) AS HUGEINT)) AS sum FROM {name} AS t"  # noqa: S608
        )
        return f"{row['rows']}:{row['sum']}"

    def find_sent_twice(self) -> list[str]:
        """Return the municipalities, joined by 、, under which the very same file lies."""
        return [row["codes"] for row in self.ask(_TWICE)] if "response" in self.tables else []

    def write_views(self, database: Path) -> None:
        """Write a database of views over the files, for analysts."""
        write_views(database, {name: self.folder / name / "*/*/*.parquet" for name in self.tables})

    def write_page(self, path: Path, plans: Plans, dictionary: DataDictionary) -> None:
        """Write the page that places each municipality among the others."""
        template = load_templates("many").get_template("peers.html")
        responses = self.ask(RESPONSES) if "response" in self.tables else []
        page = template.render(
            indicators=list(self._gather(plans)),
            responses=responses,
            language=Language("ja", dictionary),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, page.encode())

    def _gather(self, plans: Plans) -> Iterator[dict[str, Any]]:
        sums = self.ask(SUMS) if "indicator_value" in self.tables else []
        newest = {row["indicator_id"]: row for row in sums}
        for plan in plans.root:
            for indicator in plan.indicators:
                if whole := newest.get(indicator.indicator_id):
                    chosen = {
                        "indicator": indicator.indicator_id,
                        "period": whole["period"],
                        "method": plan.methods[0].method,
                    }
                    rows = self.ask(_PEERS, chosen)
                    yield {
                        "indicator": indicator,
                        "whole": whole,
                        "rows": rows,
                        "longest": max([*(row["value"] or Decimal(0) for row in rows), Decimal(1)]),
                        "comparable": len({(r["as_of"], r["definition_version"]) for r in rows})
                        == 1,
                    }
