"""A quarter's values, verdicts and lineage for all 1,741 municipalities at once.

The sample ward's answers of a quarter stand for every municipality, each with a share of the
ward's departments that falls as one by its rank, because a village has few of them. A script that
groups with pandas (`national_by_hand.py`) computes the same values from the same tables, without
verdicts and lineage; both take turns in one run, so that their ratio holds on a busy machine too,
and they must agree in every value.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb
import pandas as pd
import pyarrow as pa
import yaml
from national_by_hand import compute_by_hand
from rich.console import Console
from rich.table import Table

from sumida_data.base.frames import build_frame, to_frame
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.pipelines.wiring import list_tables, note_tables
from sumida_data.plan.models import Plans
from sumida_data.plan.progress import assess_values
from sumida_data.plan.values import Coverage, compute_indicators
from sumida_data.survey.tables import build_typed_tables

PROJECT = Path(__file__).parents[1]
PERIOD, LAST_YEAR = "FY2022Q3", "FY2021Q4"
# Survey tables that the ward asked about in this quarter.
ASKED = ("procedure", "consultation", "training", "security_training", "security_incident")
ROUNDS = 3

# Every municipality has its own row of the ministry's table. Of the document system's months an
# indicator needs those of the year before, whose file came with its last quarter.
_SPREAD = """
    SELECT a.* REPLACE (
        m.municipality_code AS municipality_code,
        a.row_id || '/' || m.municipality_code AS row_id,
        a.record_id || '/' || m.municipality_code AS record_id
    )
    FROM answer AS a, municipality AS m
    WHERE CASE a.table_name
        WHEN 'mynumber_card' THEN a.municipality_code = m.municipality_code
        ELSE a.municipality_code = $home
            AND (a.department_code IS NULL
                OR hash(a.department_code) % 1000 < 100000 / (100 + m.rank))
        END
        AND (a.period = $period OR (a.table_name = 'document_approval' AND a.period = $last_year))
"""


@dataclass(frozen=True)
class Nation:
    """What the nation's values are computed from.

    Attributes:
        plans: The plans.
        dictionary: Descriptions of the tables.
        names: Names of the municipalities by code.
        tables: The typed tables and ``answer``.
    """

    plans: Plans
    dictionary: DataDictionary
    names: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]


def main() -> None:
    """Measure and print."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        nation = spread_sample(collect_sample(Path(folder) / "project"))
    answers = len(nation.tables["answer"])
    console.print(f"{len(nation.names):,} municipalities, {answers:,} answers")
    console.print(compare(nation))


def collect_sample(project: Path) -> Path:
    """Read the sample's returns in a copy of the project, and return the copy."""
    shutil.copytree(PROJECT / "conf", project / "conf")
    shutil.copytree(PROJECT / "data/01_raw/reference", project / "data/01_raw/reference")
    shutil.copy(PROJECT / "pyproject.toml", project)
    (project / "src").mkdir()
    for arguments in (["--pipelines=sample"], ["--tags=ingest"]):
        command = [sys.executable, "-m", "kedro", "run", *arguments]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 2}:
            raise SystemExit(done.stdout + done.stderr)
    return project


def spread_sample(project: Path) -> Nation:
    """Give every municipality the ward's answers of the quarter."""
    parameters = project / "conf/base/parameters"
    municipality = yaml.safe_load((parameters / "municipality.yml").read_text("utf-8"))
    note_tables(
        {
            name: yaml.load((parameters / f"{name}.yml").read_text("utf-8"), yaml.CSafeLoader)[name]
            for name in ("form", "sources", "tables")
        }
    )
    primary = project / "data/03_primary"
    dictionary = DataDictionary.model_validate(
        json.loads((primary / "data_dictionary.json").read_text("utf-8"))
    )
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE municipality AS SELECT municipality_code, municipality_name, "
            "row_number() OVER (ORDER BY municipality_code) - 1 AS rank "
            f"FROM read_csv('{project}/data/01_raw/reference/municipalities.csv', all_varchar=true)"
        )
        connection.read_parquet(f"{primary}/answer.parquet").create_view("answer")
        chosen = {
            "home": municipality["municipality"]["code"],
            "period": PERIOD,
            "last_year": LAST_YEAR,
        }
        answer = to_frame(connection.sql(_SPREAD, params=chosen).to_arrow_table())
        names = connection.sql("SELECT municipality_code, municipality_name FROM municipality")
        codes = dict(names.fetchall())
    typed = build_typed_tables(answer, [dictionary[name] for name in list_tables("typed")])
    plans = yaml.load((parameters / "plans.yml").read_text("utf-8"), yaml.CSafeLoader)
    return Nation(
        Plans.model_validate(plans["plans"]), dictionary, codes, {**typed, "answer": answer}
    )


def compare(nation: Nation) -> Table:
    """Time both in turn, and hold their values against each other."""
    steps: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        started = perf_counter()
        computed, lineage = compute(nation)
        values = build_frame(nation.dictionary["indicator_value"], computed)
        counted = perf_counter()
        progress = list(assess_values(nation.plans, computed))
        judged = perf_counter()
        by_hand = compute_by_hand(nation.tables, PERIOD)
        ended = perf_counter()
        steps.setdefault("values and lineage", []).append(counted - started)
        steps.setdefault("verdicts", []).append(judged - counted)
        steps.setdefault("pandas groupby by hand, values only", []).append(ended - judged)
        refuse_differences(computed, by_hand)
    rows = {
        "values and lineage": len(values) + lineage.num_rows,
        "verdicts": len(progress),
        "pandas groupby by hand, values only": len(by_hand),
    }
    return _lay_out(steps, rows)


def compute(nation: Nation) -> tuple[list[Row], pa.Table]:
    """Compute the quarter's values with their lineage."""
    coverage = [Coverage(code, PERIOD, name, 1, 1) for code in nation.names for name in ASKED]
    response = pd.DataFrame({"period": [PERIOD], "sample": [True]})
    values, lineage, _ = compute_indicators(
        nation.names, nation.plans, nation.tables, coverage, response
    )
    return values, lineage


def refuse_differences(computed: list[Row], by_hand: Mapping[tuple[str, str], float]) -> None:
    """Stop if the two do not give the same values."""
    ours = {
        (row["indicator_id"], row["municipality_code"]): float(row["value"])
        for row in computed
        if row["value"] is not None
    }
    # Where nothing counts the script has no row, and the engine a zero.
    differing = [
        key for key in ours.keys() | by_hand.keys() if ours.get(key, 0) != by_hand.get(key, 0)
    ]
    if differing:
        raise SystemExit(f"{len(differing)} values differ, such as {differing[0]}.")


def _lay_out(steps: Mapping[str, list[float]], rows: Mapping[str, int]) -> Table:
    by_hand = median(steps["pandas groupby by hand, values only"])
    table = Table(title="One quarter of the nation")
    for heading in ("what", "rows", "seconds", "times the script"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for step, seconds in steps.items():
        time = median(seconds)
        table.add_row(step, f"{rows[step]:,}", f"{time:.2f}", f"{time / by_hand:.2f}")
    return table


if __name__ == "__main__":
    main()
