"""Many municipalities in one project, beside bare calamine reading the same workbooks.

A municipality has 80 workbooks. They are made from 2,080 distinct ones, those of 26 municipalities,
which the others hold under their own codes. On the same machine, one after the other: calamine on
two processes, the units on two processes from 8,000 workbooks on, a repeat with one municipality
in a hundred changed, one figure's cells, and Spark with a master and two workers of its own, once
undisturbed and once with a worker killed at half time. What was measured so far stands in
docs/scale.md after each part, so that who stops it loses nothing.

Usage: python benchmarks/many.py MUNICIPALITIES [WITH_SPARK [WITH_A_KILL]]
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any, NamedTuple

import duckdb
import yaml
from python_calamine import CalamineWorkbook

from sumida_data.many import Many
from sumida_data.many.results import Results
from sumida_data.many.units import Registers, Work, run_units, start_spark
from sumida_data.plan.models import Plans
from sumida_data.sample.returns import make_returns
from sumida_data.sample.ward import Sample, parse_facts
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.departments import Department, parse_departments
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.registers import read_register
from sumida_data.survey.tables import TableDescriptions, build_dictionary

PROJECT = Path(__file__).parents[1]
REGISTERS = PROJECT / "data/01_raw/reference"
PAGE = PROJECT / "docs/scale.md"
PERIOD = "FY2022Q3"
# Some departments do not answer.
DISTINCT, WORKBOOKS, DEPARTMENTS = 26, 80, 100
SIZES = (100, 400)
PROCESSES = Many(engine="processes", workers=2)
MASTER = "spark://127.0.0.1:17077"


class Measured(NamedTuple):
    """What was measured, how long it took or what else it gave, and what is aimed at."""

    name: str
    result: str
    ratio: str = ""
    aim: str = ""


class Report:
    """What was measured so far, on the screen and in docs/scale.md."""

    def __init__(self) -> None:
        self.rows: list[Measured] = []

    def add(self, *measured: str) -> None:
        """Add a line."""
        self.rows.append(Measured(*measured))
        print(" | ".join(measured), flush=True)
        lines = [f"| {' | '.join(row)} |" for row in self.rows]
        table = ["| What | Measured | Ratio | Aim |", "|---|---:|---:|---:|", *lines]
        before, _, rest = PAGE.read_text("utf-8").partition("<!-- measured -->\n")
        after = rest.partition("<!-- end -->")[2]
        table.insert(0, f"Measured on {date.today()}, {os.cpu_count()} processors.\n")
        text = "\n".join(table)
        PAGE.write_text(f"{before}<!-- measured -->\n{text}\n<!-- end -->{after}", "utf-8")


def read_parameters() -> dict[str, Any]:
    """Return the parameters of the project, as plain data."""
    parameters: dict[str, Any] = {}
    for path in sorted((PROJECT / "conf/base/parameters").glob("*.yml")):
        parameters |= yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    return parameters


def list_departments() -> list[Department]:
    """Return the departments of the project, some of them under further codes."""
    listed = parse_departments(read_register(REGISTERS / "departments.csv"))
    there = [one for one in listed if one.valid_to is None]
    further = [
        one._replace(code=f"9{number:03}", section=f"第二{one.section}")
        for number, one in enumerate(there)
    ]
    return [*there, *further][:DEPARTMENTS]


def make_workbooks(seed: int) -> list[tuple[str, bytes]]:
    """Return the workbooks of a municipality by their paths."""
    raw = read_parameters()
    form, waves = Form.model_validate(raw["form"]), Waves.model_validate(raw["waves"])
    sample = Sample.model_validate(raw["sample"])
    own = sample.model_copy(update={"seed": seed, "periods": {PERIOD: sample.periods[PERIOD]}})
    facts = parse_facts({path.name: path.read_bytes() for path in REGISTERS.glob("sample/*.csv")})
    returns = make_returns(own, facts, form, waves, list_departments())
    return [one for one in returns.items() if one[0].endswith(".xlsx")][:WORKBOOKS]


def make_work(folder: Path, count: int) -> Work:
    """Put the returns of so many municipalities into a folder."""
    raw = read_parameters()
    form = Form.model_validate(raw["form"])
    rows = read_register(REGISTERS / "municipalities.csv")[:count]
    municipalities = {one.code: one for one in parse_municipalities(rows)}
    with ProcessPoolExecutor(2) as pool:
        made = [*pool.map(make_workbooks, range(min(DISTINCT, count)))]
    for code, (number, workbooks) in zip(municipalities, cycle(enumerate(made)), strict=False):
        for name, content in workbooks:
            path, first = folder / "survey" / code / name, folder / "distinct" / f"{number}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not first.exists():
                first.parent.mkdir(parents=True, exist_ok=True)
                first.write_bytes(content)
            path.hardlink_to(first)
    return Work(
        form,
        Waves.model_validate(raw["waves"]),
        FindingRules.model_validate(raw["finding_rules"]),
        Plans.model_validate(raw["plans"]),
        build_dictionary(TableDescriptions.model_validate(raw["tables"]), form),
        CentralSources.model_validate(raw["sources"]).root,
        municipalities,
        {"": Registers(list_departments())},
        folder / "survey",
        folder / "external",
        folder / "tables",
        folder / "receipts",
        "benchmark",
    )


def take_some(work: Work, folder: Path, count: int) -> Work:
    """Return the work on so many of the municipalities, with results of its own."""
    places = {name: folder / name for name in ("survey", "tables", "receipts")}
    places["survey"].mkdir(parents=True)
    for path in islice(sorted(work.survey.iterdir()), count):
        (places["survey"] / path.name).symlink_to(path)
    results, receipts = places["tables"], places["receipts"]
    return replace(work, survey=places["survey"], results=results, receipts=receipts)


def read_bare(path: Path) -> int:
    """Read all cells of a workbook."""
    book = CalamineWorkbook.from_path(str(path))
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def read_all(books: Sequence[Path]) -> None:
    """Read all workbooks on two processes."""
    with ProcessPoolExecutor(2) as pool:
        for _ in pool.map(read_bare, books, chunksize=20):
            pass


def do_all(work: Work, settings: Many) -> int:
    """Do the units, none of which may fail; return how many were not kept as they were."""
    outcomes = run_units(work, settings)
    failed = [one for one in outcomes if one.state == "failed"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(outcomes)} failed: {failed[0]}")
    return sum(one.state == "done" for one in outcomes)


def take_time(work: Callable[[], object]) -> tuple[float, float]:
    """Do something; return its seconds and those of processors, of this and its processes."""
    spent, start = _spend(), perf_counter()
    work()
    return perf_counter() - start, _spend() - spent


def _spend() -> float:
    times = os.times()
    return process_time() + times.children_user + times.children_system


@contextmanager
def watch_memory() -> Iterator[list[float]]:
    """Look every half second at the memory of this process and those below it, in MiB."""
    seen, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            seen[0] = max(seen[0], sum(map(_measure_memory, _list_family(os.getpid()))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _list_family(parent: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    family = [parent]
    for one in family:
        family += children.get(one, [])
    return family


def _measure_memory(process: int) -> float:
    """Return the proportional share: what two processes share counts once."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0


@contextmanager
def run_cluster() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start a master and two workers of Spark on loopback; yield the workers."""
    import pyspark  # noqa: PLC0415

    home = Path(pyspark.__file__).parent
    host, port = MASTER.removeprefix("spark://").split(":")
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": host,
        "PYSPARK_PYTHON": sys.executable,
    }
    os.environ |= environment

    def start(role: str, *options: str) -> subprocess.Popen[bytes]:
        program = f"org.apache.spark.deploy.{role.lower()}.{role}"
        command = [str(home / "bin/spark-class"), program, *options, "--host", host]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=environment, start_new_session=True, **quiet)

    with tempfile.TemporaryDirectory() as folder:
        started = [start("Master", "--port", port, "--webui-port", "0")]
        sleep(5)
        given = ("--cores", "1", "--memory", "2g", "--webui-port", "0", "--work-dir", folder)
        started += [start("Worker", *given, MASTER) for _ in range(2)]
        sleep(8)
        try:
            yield started[1:]
        finally:
            for one in started:
                _kill(one)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def measure_spark(work: Work, kill_after: float | None = None) -> tuple[float, float]:
    """Do all on a cluster; return the seconds that the session took to start, and the rest."""
    with run_cluster() as workers:
        start = perf_counter()
        session = start_spark(MASTER)
        began = perf_counter() - start
        timer = threading.Timer(kill_after or 0, _kill, [workers[0]])
        if kill_after:
            timer.start()
        try:
            seconds, _ = take_time(lambda: do_all(work, Many(engine="spark", master=MASTER)))
        finally:
            timer.cancel()
            session.stop()
    return began, seconds


class Done(NamedTuple):
    """Work that processes have done, and the seconds that it took."""

    work: Work
    seconds: float


def measure_processes(report: Report, work: Work, folder: Path) -> dict[int, Done]:
    """Measure bare calamine and the units on two processes; return what was done by size."""
    books = sorted(work.survey.rglob("*.xlsx"))
    bare, bare_spent = take_time(lambda: read_all(books))
    report.add(f"bare calamine, {len(books):,} workbooks, two processes", f"{bare:.1f} s")
    count, done, costs = len(books) // WORKBOOKS, {}, {}
    for size in (*(size for size in SIZES if size < count), count):
        some = work if size == count else take_some(work, folder / f"{size}", size)
        with watch_memory() as peak:
            seconds, spent = take_time(lambda some=some: do_all(some, PROCESSES))
        done[size] = Done(some, seconds)
        costs[size] = 1000 * seconds / size / WORKBOOKS
        name = f"`processes`, {size * WORKBOOKS:,} workbooks, to values, lineage and Parquet"
        ratio = seconds / bare * count / size
        report.add(name, f"{seconds:.1f} s", f"{ratio:.2f} x calamine", "2.2")
        cost = f"{costs[size]:.2f} ms a workbook"
        change = f"{100 * (costs[size] / costs[min(costs)] - 1):+.0f} %"
        report.add("— cost of a workbook, against the first size", cost, change, "10 %")
        share = f"{spent / bare_spent * count / size:.2f} x calamine"
        report.add("— processor time", f"{spent:.0f} s", share)
        report.add("— peak memory of all processes", f"{peak[0]:.0f} MiB", "", "1,536 MiB")
    return done


def measure_repeat(report: Report, work: Work, first: float) -> None:
    """Measure a repeat with nothing changed, and with one municipality in a hundred changed."""
    start, _ = take_time(lambda: do_all(work, PROCESSES))
    codes = sorted(path.name for path in work.survey.iterdir())
    changed = codes[:: min(100, len(codes))]
    for code in changed:
        next((work.survey / code).rglob("*.xlsx")).unlink()
    seconds, _ = take_time(lambda: do_all(work, PROCESSES))
    report.add("repeat, nothing changed", f"{start:.1f} s", f"{100 * start / first:.1f} %")
    share = f"{100 * seconds / first:.1f} %"
    report.add(f"repeat, {len(changed)} changed", f"{seconds:.1f} s", share, "3 % + start")


def measure_query(report: Report, work: Work, folder: Path) -> None:
    """Measure how long the cells of one figure take, over the lineage of all."""
    Results(work.results).write_views(folder / "many.duckdb")
    code = sorted(path.name for path in work.survey.iterdir())[-1]
    query = "SELECT cell FROM lineage_of(?) WHERE indicator_id = ?"
    with duckdb.connect(folder / "many.duckdb", read_only=True) as database:

        def ask() -> None:
            if not database.execute(query, [code, "cashless_procedures"]).fetchall():
                raise RuntimeError(f"no cells of {code}")

        seconds = median(take_time(ask)[0] for _ in range(7))
    report.add("one figure's cells, over all lineage", f"{1000 * seconds:.0f} ms", "", "20 ms")


def measure_on_spark(
    report: Report, work: Work, folder: Path, done: dict[int, Done], sizes: Sequence[int]
) -> None:
    """Measure Spark undisturbed and with a worker killed, beside the same on processes."""
    undisturbed: dict[int, float] = {}
    for size, kills in zip(sizes, (False, True), strict=False):
        if size not in done:
            beside = take_some(work, folder / f"beside{size}", size)
            seconds, _ = take_time(lambda beside=beside: do_all(beside, PROCESSES))
            done[size] = Done(beside, seconds)
        some, expected = take_some(work, folder / f"spark{kills}", size), done[size]
        half = undisturbed.get(size, expected.seconds * 1.4) / 2 if kills else None
        began, seconds = measure_spark(some, half)
        undisturbed[size] = seconds
        how = "one of two workers killed at half time" if kills else "two workers"
        name = f"Spark, {how}, {size * WORKBOOKS:,} workbooks"
        ratio, aim = f"{seconds / expected.seconds:.2f} x processes", "2" if kills else "1.4"
        report.add(name, f"{seconds:.1f} s + {began:.1f} s start", ratio, aim)
        hashes = [Results(one.results).hash_tables() for one in (expected.work, some)]
        same = "equal" if hashes[0] == hashes[1] else "DIFFERENT"
        report.add("— hashes of all tables", same, "", "equal")


def main() -> None:
    """Measure, print, and write into docs/scale.md."""
    count, *spark = map(int, sys.argv[1:] or ["60"])
    report = Report()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        work = make_work(folder, count)
        done = measure_processes(report, work, folder)
        measure_query(report, work, folder)
        if find_spec("pyspark"):
            measure_on_spark(report, work, folder, done, spark or [count, count])
        measure_repeat(report, work, done[count].seconds)


if __name__ == "__main__":
    main()
