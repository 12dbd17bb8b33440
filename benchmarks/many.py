"""Many municipalities in one project, beside bare calamine reading the same workbooks.

Workbooks are made from distinct samples. All take turns in one run on the same machine: calamine on
two processes, the units on two processes, on Spark with two local workers where it is there, and a
repeat with one municipality changed. Usage: python benchmarks/many.py [MUNICIPALITIES]
"""

import os
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml
from python_calamine import CalamineWorkbook

from sumida_data.many import Many
from sumida_data.many.results import Results
from sumida_data.many.units import Registers, Work, run_units
from sumida_data.plan.models import Plans
from sumida_data.sample.returns import make_returns
from sumida_data.sample.ward import Sample, parse_facts
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.departments import parse_departments
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.registers import read_register
from sumida_data.survey.tables import TableDescriptions, build_dictionary

PROJECT = Path(__file__).parents[1]
REGISTERS = PROJECT / "data/01_raw/reference"
PERIOD = "FY2022Q3"
DEPARTMENTS = 20


def read_parameters() -> dict[str, Any]:
    """Return the parameters of the project, as plain data."""
    parameters: dict[str, Any] = {}
    for path in sorted((PROJECT / "conf/base/parameters").glob("*.yml")):
        parameters |= yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return parameters


def make_work(folder: Path, count: int) -> Work:
    """Put the returns of so many municipalities into a folder."""
    raw = read_parameters()
    form, waves = Form.model_validate(raw["form"]), Waves.model_validate(raw["waves"])
    sample = Sample.model_validate(raw["sample"])
    facts = parse_facts({path.name: path.read_bytes() for path in REGISTERS.glob("sample/*.csv")})
    departments = parse_departments(read_register(REGISTERS / "departments.csv"))
    few = [one for one in departments if one.valid_to is None][:DEPARTMENTS]
    rows = read_register(REGISTERS / "municipalities.csv")[:count]
    municipalities = {one.code: one for one in parse_municipalities(rows)}
    periods = {PERIOD: sample.periods[PERIOD]}
    for code in municipalities:
        own = sample.model_copy(update={"seed": int(code), "periods": periods})
        for name, content in make_returns(own, facts, form, waves, few).items():
            path = folder / "survey" / code / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return Work(
        form,
        waves,
        FindingRules.model_validate(raw["finding_rules"]),
        Plans.model_validate(raw["plans"]),
        build_dictionary(TableDescriptions.model_validate(raw["tables"]), form),
        CentralSources.model_validate(raw["sources"]).root,
        municipalities,
        {"": Registers(few)},
        folder / "survey",
        folder / "external",
        folder / "tables",
        folder / "receipts",
        "benchmark",
    )


def read_bare(path: Path) -> int:
    """Read all cells of a workbook."""
    book = CalamineWorkbook.from_path(str(path))
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def take_time(name: str, work: Callable[[], object]) -> float:
    """Do something, and print how long it took."""
    start = perf_counter()
    work()
    seconds = perf_counter() - start
    print(f"{name}: {seconds:.1f} s", flush=True)
    return seconds


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        work = make_work(Path(folder), count)
        books = sorted(work.survey.rglob("*.xlsx"))
        codes = sorted(path.name for path in work.survey.iterdir())
        print(f"{len(books)} workbooks of {len(codes)} municipalities, {os.cpu_count()} processors")

        def read_all() -> None:
            with ProcessPoolExecutor(2) as pool:
                list(pool.map(read_bare, books, chunksize=20))

        bare = take_time("bare calamine on two processes", read_all)
        settings = Many(engine="processes", workers=2)
        full = take_time("units on two processes", lambda: run_units(work, settings))
        print(f"  {full / bare:.2f} x calamine, {1000 * full / len(books):.1f} ms a workbook")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"  largest process: {peak:.0f} MiB")
        next((work.survey / codes[0]).rglob("*.xlsx")).unlink()
        again = take_time("repeat with one changed", lambda: run_units(work, settings))
        print(f"  {100 * again / full:.1f} % of the first run")
        expected = Results(work.results).hash_tables()
        if find_spec("pyspark"):
            on_spark = Work(**{**vars(work), "results": Path(folder) / "spark"})
            spark = Many(engine="spark", master="local[2]")
            take_time("Spark, local[2], with its start", lambda: run_units(on_spark, spark))
            print("  equal hashes:", Results(on_spark.results).hash_tables() == expected)
        query = "SELECT cell FROM lineage WHERE municipality_code = $code AND indicator_id = $name"
        asked = {"code": codes[-1], "name": "cashless_procedures"}
        take_time("one figure's cells", lambda: Results(work.results).ask(query, asked))


if __name__ == "__main__":
    main()
