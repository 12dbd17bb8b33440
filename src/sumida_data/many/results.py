"""What all municipalities made, together: views over Parquet, sums, and a page of peers."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from sumida_data.base.database import connect, write_views
from sumida_data.base.disk import replace_file
from sumida_data.base.frames import build_frame, to_frame
from sumida_data.base.metadata import Row, Table, group_by
from sumida_data.many.units import Work
from sumida_data.plan.values import round_half_up
from sumida_data.present.words import Language, load_templates

# Also written for Spark, by sqlglot: what both engines say must be equal.
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
SELECT v.municipality_code, v.municipality_name, v.plan_id, v.indicator_id, v.period, v.as_of,
    v.definition_version, v.value, v.value_status, p.method, p.progress_ratio, p.verdict
FROM indicator_value AS v
JOIN (
    SELECT indicator_id, max(period) AS period FROM indicator_value GROUP BY indicator_id
) AS n ON v.indicator_id = n.indicator_id AND v.period = n.period
JOIN indicator_progress AS p
    ON v.municipality_code = p.municipality_code AND v.indicator_id = p.indicator_id
    AND v.period = p.period AND v.revision = p.revision
ORDER BY v.indicator_id, v.municipality_code, p.method
"""
SENT_TWICE = """
SELECT file_sha256, string_agg(municipality_code, '、' ORDER BY municipality_code) AS codes
FROM (
    SELECT DISTINCT file_sha256, municipality_code FROM response WHERE file_sha256 IS NOT NULL
) AS sent
GROUP BY file_sha256 HAVING count(*) > 1
ORDER BY codes
"""
LEDGERS_LOST = """
SELECT string_agg(municipality, '、' ORDER BY municipality) AS codes
FROM (SELECT DISTINCT municipality FROM finding WHERE rule_id = 'F117') AS lost
HAVING count(*) > 0
"""
# The paces that are shown; one further on is drawn at the edge.
_NONE, _MOST = Decimal(0), Decimal(2)
# A municipality's code is a text.
_PLACES = ds.partitioning(
    pa.schema({"municipality": pa.string(), "quarter": pa.string()}), flavor="hive"
)


class Results:
    """The tables of all municipalities, read where they are: by DuckDB, or by a session of Spark.

    The queries are one text, which sqlglot also writes for Spark.
    """

    def __init__(self, folder: Path, session: Any = None) -> None:
        self.folder = folder
        self.tables = sorted({path.parent.name for path in folder.glob("*/municipality=*")})
        self.session = session

    def ask(self, query: str) -> list[Row]:
        """Return the rows of a query over the tables; none where there are no tables."""
        if not self.tables:
            return []
        with connect() as connection:
            names = connection.get_table_names(query)
            if self.session:
                return self._ask_spark(query, names)
            for name in names:
                connection.register(name, ds.dataset(self.folder / name, partitioning=_PLACES))
            rows: list[Row] = connection.sql(query).to_arrow_table().to_pylist()
            return rows

    def _ask_spark(self, query: str, names: Iterable[str]) -> list[Row]:
        # Only who has Spark has it.
        from sqlglot import transpile  # noqa: PLC0415

        for name in names:
            self.session.read.parquet(str(self.folder / name)).createOrReplaceTempView(name)
        (statement,) = transpile(query, read="duckdb", write="spark")
        return [row.asDict() for row in self.session.sql(statement).collect()]

    def read(self, table: Table) -> pd.DataFrame:
        """Return the rows of one table of all municipalities, in the order of its key."""
        if table.name not in self.tables:
            return build_frame(table, ())
        found = ds.dataset(self.folder / table.name, partitioning=_PLACES)
        rows = found.to_table(columns=list(table.column_names))
        return to_frame(rows.sort_by([(name, "ascending") for name in table.primary_key]))

    def hash_tables(self) -> dict[str, str]:
        """Return for each table a hash of its rows that does not depend on their order."""
        query = "SELECT count(*)::VARCHAR || ':' || sum(hash(t)::HUGEINT) AS hash FROM {} AS t"
        return {name: self.ask(query.format(name))[0]["hash"] for name in self.tables}

    def write_views(self, database: Path) -> None:
        """Write a database of views over the files, for analysts."""
        folders = {name: self.folder / name for name in self.tables}
        write_views(database, folders, "municipality=", "/quarter=*/part.parquet")

    def list_responses(self, work: Work, failed: Mapping[str, str]) -> list[Row]:
        """Return how far each municipality has answered in each quarter; why, where it failed."""
        rows = [row | {"reason": ""} for row in self.ask(RESPONSES)]
        rows += [
            {"municipality_code": code, "period": "", "asked": 0, "answered": 0, "reason": reason}
            for code, reason in failed.items()
        ]
        # Whoever has rows of its own in the registers is expected to answer.
        silent = {*filter(None, work.registers)} - {row["municipality_code"] for row in rows}
        for code in sorted(silent):
            rows.append({"municipality_code": code, "period": "", "asked": 0, "answered": 0})
            rows[-1]["reason"] = "まだ1つも届いていません。"
        for row in rows:
            known = work.municipalities.get(row["municipality_code"])
            row["name"] = known.name if known else ""
            share = Decimal(100 * row["answered"]) / (row["asked"] or 1)
            row["rate"] = round_half_up(share, 1) if row["asked"] else None
        return sorted(rows, key=itemgetter("municipality_code", "period"))

    def write_page(self, path: Path, work: Work, responses: Sequence[Row]) -> None:
        """Write the page that places each municipality among the others, without ranking them."""
        peers = group_by(self.ask(PEERS), itemgetter("indicator_id", "method"))
        indicators = [
            {"indicator": one, "kinds": group_alike(rows), "rows": rows}
            for plan, one in work.plans.owners.values()
            if (rows := peers[one.indicator_id, plan.methods[0].method])
        ]
        page = load_templates("many").get_template("peers.html")
        words = {"responses": responses, "language": Language("ja", work.dictionary)}
        replace_file(path, page.render(indicators=indicators, **words).encode())


def group_alike(rows: Iterable[Row]) -> list[Row]:
    """Group values that can be held beside each other: of one day, counted by one definition.

    Each row gets the number of its group, and its position from 0 to 100 beside the highest
    value of that, and with its progress, of which 1 is as planned and is shown at 50.
    """
    groups = group_by(rows, itemgetter("as_of", "definition_version"))
    for number, alike in enumerate(groups.values()):
        highest = max([row["value"] for row in alike if row["value"] is not None], default=0) or 1
        for row in alike:
            value, pace = row["value"], row["progress_ratio"]
            row["kind"] = number
            row["at"] = None if value is None else round(100 * max(value, Decimal(0)) / highest, 1)
            row["pace_at"] = None if pace is None else round(50 * min(max(pace, _NONE), _MOST), 1)
    return [{"as_of": as_of, "version": of, "rows": alike} for (as_of, of), alike in groups.items()]
